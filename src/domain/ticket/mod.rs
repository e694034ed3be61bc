//! A support ticket: a customer asks, an agent answers in time or the ticket escalates.

mod decide;
mod event;
mod messages;
mod rules;
mod towards;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use decide::{TicketCommand, TicketTarget, decide, weigh};
pub use event::{TicketEvent, decode};
pub use messages::Messages;
pub use rules::breach;
pub use towards::commands_towards;

use crate::domain::compensated::Compensated;
use crate::event::{EventId, Head, Timestamp, Version, allocated_shared};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// A ticket on which the customer owes an answer this long closes by itself; so long, too, may a closed one be
/// reopened.
pub const QUIET_PERIOD_MICROS: i64 = 7 * DAY;

/// Escalation leaves this much, in per cent, of the time an agent has.
const ESCALATED_TIME_PERCENT: i64 = 67;

macro_rules! wire_names {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $wire:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($variant),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $wire),* }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name().eq_ignore_ascii_case(name))
            }
        }
    };
}

wire_names! {
    TicketStatus { Open = "OPEN", Closed = "CLOSED" }
}

wire_names! {
    Priority { Low = "low", Medium = "medium", High = "high", Urgent = "urgent" }
}

wire_names! {
    /// Who wrote a message.
    Role { Customer = "customer", Agent = "agent" }
}

wire_names! {
    /// Who closed or reopened a ticket.
    Party { Customer = "customer", Agent = "agent", Manager = "manager", System = "system" }
}

impl Priority {
    /// How long an agent has to answer.
    pub const fn response_micros(self) -> i64 {
        match self {
            Self::Low => 72 * HOUR,
            Self::Medium => 24 * HOUR,
            Self::High => 8 * HOUR,
            Self::Urgent => HOUR,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub role: Option<Role>,
    pub author: Option<Arc<str>>,
    /// Gone once the message is retracted.
    pub body: Option<Arc<str>>,
    pub posted_on: Option<Timestamp>,
    pub is_retracted: bool,
    /// Whether it answered a waiting question before its deadline.
    is_answer_in_time: bool,
    id: EventId,
    wait_before: Wait,
}

/// Who owes an answer, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The first customer's message that no agent has answered.
    pub for_agent_since: Option<Timestamp>,
    /// Until when an agent must have answered.
    pub deadline: Option<Timestamp>,
    pub for_customer_since: Option<Timestamp>,
}

/// How the agents' answers stood against their deadlines, the worse after the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Answered {
    InTime,
    Breached,
}

impl Answered {
    pub fn name(self) -> &'static str {
        match self {
            Self::InTime => "in-time",
            Self::Breached => "breached",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::domain) struct Escalation {
    id: EventId,
    /// Since when the ticket lies unopened before its present agent.
    unopened_since: Option<Timestamp>,
    was_viewed: bool,
}

/// What is true of a ticket after its events so far. Cloning shares everything that may be long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    pub ticket_id: Option<Arc<str>>,
    pub customer: Option<Arc<str>>,
    pub subject: Option<Arc<str>>,
    pub priority: Option<Priority>,
    /// `None` before the ticket begins.
    pub status: Option<TicketStatus>,
    /// The event that gave the status.
    status_set_by: Option<EventId>,
    pub agent: Option<Arc<str>>,
    pub messages: Messages,
    pub created_on: Option<Timestamp>,
    pub closed_on: Option<Timestamp>,
    pub updated_on: Option<Timestamp>,
    pub version: Option<Version>,
    pub wait: Wait,
    pub first_answer_on: Option<Timestamp>,
    /// The worst so far: one late answer stays a breach.
    pub answered: Option<Answered>,
    pub escalations: u32,
    pub reassignments: u32,
    escalation: Option<Arc<Escalation>>,
    compensated: Compensated,
}

impl Ticket {
    /// The bytes that it takes beside its own size.
    pub fn weight(&self) -> usize {
        let of = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| allocated_shared(text.len()));
        let texts: usize = [&self.ticket_id, &self.customer, &self.subject, &self.agent].into_iter().map(of).sum();
        let message = |message: &Arc<Message>| of(&message.author) + of(&message.body);
        // The list's nodes are half full at worst.
        let messages: usize = self.messages.iter().map(message).sum::<usize>()
            + self.messages.iter().count() * (allocated_shared(size_of::<Message>()) + 2 * size_of::<usize>());
        let escalation = allocated_shared(size_of::<Escalation>()) * usize::from(self.is_escalated());
        texts + messages + escalation + self.compensated.weight()
    }

    pub fn is_escalated(&self) -> bool {
        self.escalation.is_some()
    }

    pub fn is_compensated(&self, event: &EventId) -> bool {
        self.compensated.contains(event)
    }

    /// Where in the list the message stands that this event posted.
    pub fn message_index(&self, event: &EventId) -> Option<usize> {
        self.messages.iter().rposition(|message| message.id == *event)
    }

    /// Takes the event as a fact. Total: also what breaks a rule is applied.
    pub fn apply(&mut self, event: &TicketEvent, head: &Head) {
        self.version = Some(head.version);
        self.updated_on = head.recorded_at.or(self.updated_on);
        if let Some(id) = event.of() {
            self.compensated.insert(id);
        }
        let at = head.recorded_at;
        match event {
            TicketEvent::Initialized { ticket_id, customer, subject, priority } => {
                self.set_status(TicketStatus::Open, head);
                self.created_on = self.created_on.or(at);
                for (held, given) in
                    [(&mut self.ticket_id, ticket_id), (&mut self.customer, customer), (&mut self.subject, subject)]
                {
                    if given.is_some() {
                        held.clone_from(given);
                    }
                }
                self.priority = priority.or(self.priority);
                self.begin_wait(at);
            }
            TicketEvent::AgentAssigned { agent, of } => {
                if self.agent != *agent {
                    // Taking a reassignment back is not another one.
                    self.reassignments = match of {
                        Some(_) => self.reassignments.saturating_sub(1),
                        None => self.reassignments + u32::from(self.agent.is_some()),
                    };
                    self.hand_over(at);
                }
                self.agent.clone_from(agent);
            }
            TicketEvent::Viewed { agent } => {
                if agent.is_none() || *agent == self.agent {
                    self.mark_viewed();
                }
            }
            TicketEvent::Posted { role, author, body } => self.post(*role, author.clone(), body.clone(), head),
            TicketEvent::PriorityChanged { priority, .. } => {
                self.priority = priority.or(self.priority);
                // The limit counts from the customer's message, whenever the priority was corrected.
                if self.wait.for_agent_since.is_some() {
                    self.wait.deadline = self.deadline_from(self.wait.for_agent_since);
                }
            }
            TicketEvent::Escalated => {
                let deadline_before = self.wait.deadline;
                self.wait.deadline = shortened(deadline_before, at);
                if let (Some(deadline), Some(at)) = (deadline_before, at)
                    && at > deadline
                {
                    self.answered = Some(Answered::Breached);
                }
                self.escalations += 1;
                self.escalation =
                    Some(Arc::new(Escalation { id: head.id.clone(), unopened_since: at, was_viewed: false }));
            }
            TicketEvent::Closed { .. } => {
                self.set_status(TicketStatus::Closed, head);
                self.closed_on = at;
            }
            TicketEvent::Reopened { of, .. } => {
                self.set_status(TicketStatus::Open, head);
                self.closed_on = None;
                // Whoever reopens asks again, and a new answer is due; a closing taken back leaves all as it was.
                if of.is_none() {
                    self.wait.for_agent_since = None;
                    self.begin_wait(at);
                }
            }
            TicketEvent::MessageRetracted { of } => self.retract(of.as_ref()),
            TicketEvent::EscalationWithdrawn { of } => self.withdraw_escalation(of.as_ref()),
            TicketEvent::Other { .. } => {}
        }
    }

    fn set_status(&mut self, status: TicketStatus, head: &Head) {
        self.status = Some(status);
        self.status_set_by = Some(head.id.clone());
    }

    /// The customer's question begins to wait, unless an earlier one does already.
    fn begin_wait(&mut self, at: Option<Timestamp>) {
        self.wait.for_customer_since = None;
        if self.wait.for_agent_since.is_none() {
            self.wait.for_agent_since = at;
            self.wait.deadline = self.deadline_from(at);
        }
    }

    /// While a ticket is escalated, every answer is due sooner.
    fn deadline_from(&self, since: Option<Timestamp>) -> Option<Timestamp> {
        let limit = self.priority?.response_micros();
        let limit = if self.is_escalated() { limit * ESCALATED_TIME_PERCENT / 100 } else { limit };
        Some(since?.plus_micros(limit))
    }

    fn post(&mut self, role: Option<Role>, author: Option<Arc<str>>, body: Option<Arc<str>>, head: &Head) {
        let at = head.recorded_at;
        let answered = match (role, self.wait.deadline, at) {
            (Some(Role::Agent), Some(deadline), Some(at)) if at > deadline => Some(Answered::Breached),
            (Some(Role::Agent), Some(_), Some(_)) => Some(Answered::InTime),
            _ => None,
        };
        let message = Message {
            role,
            author,
            body,
            posted_on: at,
            is_retracted: false,
            is_answer_in_time: answered == Some(Answered::InTime),
            id: head.id.clone(),
            wait_before: self.wait,
        };
        self.messages.push_back(Arc::new(message));
        match role {
            Some(Role::Agent) => {
                self.first_answer_on = self.first_answer_on.or(at);
                self.answered = self.answered.max(answered);
                self.wait = Wait { for_agent_since: None, deadline: None, for_customer_since: at };
            }
            Some(Role::Customer) => self.begin_wait(at),
            None => {}
        }
    }

    /// Takes a message back. It keeps its place in the list, so that no other message changes its own; who waits
    /// for whom goes back only where nobody wrote after it. A limit that was missed stays missed.
    fn retract(&mut self, of: Option<&EventId>) {
        let Some(index) = of.and_then(|id| self.message_index(id)) else { return };
        let message = &self.messages[index];
        if message.is_retracted {
            return;
        }
        let wait_before = message.wait_before;
        let retracted = Message { body: None, is_retracted: true, ..Message::clone(message) };
        self.messages.set(index, Arc::new(retracted));
        match (index + 1..self.messages.len()).find(|later| !self.messages[*later].is_retracted) {
            None => self.wait_again(wait_before),
            // The next message then stands on what this one stood on: retracting it, too, brings nothing back.
            Some(next) => {
                let next_message = Message { wait_before, ..Message::clone(&self.messages[next]) };
                self.messages.set(next, Arc::new(next_message));
            }
        }
        let standing = || self.messages.iter().filter(|message| !message.is_retracted);
        let first_answer = standing().find(|message| message.role == Some(Role::Agent));
        let first_answer_on = first_answer.and_then(|message| message.posted_on);
        if self.answered == Some(Answered::InTime) && !standing().any(|message| message.is_answer_in_time) {
            self.answered = None;
        }
        self.first_answer_on = first_answer_on;
    }

    /// Goes back to an earlier wait. What moved its deadline since, a priority or an escalation, still counts.
    fn wait_again(&mut self, before: Wait) {
        let deadline = if before.for_agent_since == self.wait.for_agent_since {
            self.wait.deadline
        } else if self.is_escalated() {
            before.deadline
        } else {
            self.deadline_from(before.for_agent_since)
        };
        self.wait = Wait { deadline, ..before };
    }

    /// Gives back the time that the escalation cut, also of a question that was asked while it held.
    fn withdraw_escalation(&mut self, of: Option<&EventId>) {
        if self.escalation.take_if(|held| of.is_none_or(|id| held.id == *id)).is_some() {
            self.escalations = self.escalations.saturating_sub(1);
            self.wait.deadline = self.deadline_from(self.wait.for_agent_since);
        }
    }

    fn mark_viewed(&mut self) {
        if let Some(escalation) = &mut self.escalation {
            Arc::make_mut(escalation).was_viewed = true;
        }
    }

    /// Another agent has the ticket, and as much time to open it as the one before had.
    fn hand_over(&mut self, at: Option<Timestamp>) {
        if let Some(escalation) = &mut self.escalation {
            let escalation = Arc::make_mut(escalation);
            escalation.was_viewed = false;
            escalation.unopened_since = at.or(escalation.unopened_since);
        }
    }
}

/// A deadline after escalation: a third of what remained is gone; of one that has passed nothing remains.
fn shortened(deadline: Option<Timestamp>, at: Option<Timestamp>) -> Option<Timestamp> {
    let (Some(deadline), Some(at)) = (deadline, at) else { return deadline };
    let remaining = deadline.micros_since(at);
    if remaining <= 0 {
        Some(deadline)
    } else {
        Some(at.plus_micros(remaining.saturating_mul(ESCALATED_TIME_PERCENT) / 100))
    }
}
