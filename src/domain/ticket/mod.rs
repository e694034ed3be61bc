//! A support ticket: a customer asks, an agent answers in time or the ticket escalates.

mod decide;
mod event;
mod rules;

use std::sync::Arc;

use imbl::{OrdSet, Vector};
use serde::{Deserialize, Serialize};

pub use decide::{TicketCommand, TicketTarget, decide};
pub use event::{TicketEvent, decode};
pub use rules::breach;

use crate::event::{EventId, Head, Timestamp, Version};

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

/// How the agents' answers stood against their deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    at: Option<Timestamp>,
    deadline_before: Option<Timestamp>,
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
    pub agent: Option<Arc<str>>,
    pub messages: Vector<Arc<Message>>,
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
    compensated: OrdSet<EventId>,
}

impl Ticket {
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
            self.compensated.insert(id.clone());
        }
        let at = head.recorded_at;
        match event {
            TicketEvent::Initialized { ticket_id, customer, subject, priority } => {
                self.status = Some(TicketStatus::Open);
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
            TicketEvent::AgentAssigned { agent, .. } => {
                if self.agent.is_some() && self.agent != *agent {
                    self.reassignments += 1;
                    self.mark_viewed(false);
                }
                self.agent.clone_from(agent);
            }
            TicketEvent::Viewed { agent } => {
                if agent.is_none() || *agent == self.agent {
                    self.mark_viewed(true);
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
                    Some(Arc::new(Escalation { id: head.id.clone(), at, deadline_before, was_viewed: false }));
            }
            TicketEvent::Closed { .. } => {
                self.status = Some(TicketStatus::Closed);
                self.closed_on = at;
            }
            TicketEvent::Reopened { .. } => {
                self.status = Some(TicketStatus::Open);
                self.closed_on = None;
            }
            TicketEvent::MessageRetracted { of } => self.retract(of.as_ref()),
            TicketEvent::EscalationWithdrawn { of } => self.withdraw_escalation(of.as_ref()),
            TicketEvent::Other { .. } => {}
        }
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
        let limit = if self.is_escalated() { limit / 100 * ESCALATED_TIME_PERCENT } else { limit };
        Some(since?.plus_micros(limit))
    }

    fn post(&mut self, role: Option<Role>, author: Option<Arc<str>>, body: Option<Arc<str>>, head: &Head) {
        let at = head.recorded_at;
        let message = Message {
            role,
            author,
            body,
            posted_on: at,
            is_retracted: false,
            id: head.id.clone(),
            wait_before: self.wait,
        };
        self.messages.push_back(Arc::new(message));
        match role {
            Some(Role::Agent) => {
                self.first_answer_on = self.first_answer_on.or(at);
                if let (Some(deadline), Some(at)) = (self.wait.deadline, at) {
                    let this = if at > deadline { Answered::Breached } else { Answered::InTime };
                    self.answered = if self.answered == Some(Answered::Breached) { self.answered } else { Some(this) };
                }
                self.wait = Wait { for_agent_since: None, deadline: None, for_customer_since: at };
            }
            Some(Role::Customer) => self.begin_wait(at),
            None => {}
        }
    }

    /// Takes a message back. It keeps its place in the list, so that no other message changes its own; who waits
    /// for whom goes back only where nobody wrote after it.
    fn retract(&mut self, of: Option<&EventId>) {
        let Some(index) = of.and_then(|id| self.message_index(id)) else { return };
        let message = &self.messages[index];
        let retracted = Message { body: None, is_retracted: true, ..Message::clone(message) };
        if self.messages.iter().skip(index + 1).all(|later| later.is_retracted) {
            self.wait = retracted.wait_before;
        }
        self.messages.set(index, Arc::new(retracted));
        let first_answer = self.messages.iter().find(|m| m.role == Some(Role::Agent) && !m.is_retracted);
        self.first_answer_on = first_answer.and_then(|message| message.posted_on);
    }

    fn withdraw_escalation(&mut self, of: Option<&EventId>) {
        let Some(escalation) = self.escalation.take_if(|held| of.is_none_or(|id| held.id == *id)) else { return };
        self.escalations = self.escalations.saturating_sub(1);
        // A deadline that a later answer or message set anew is that one's, not the escalation's.
        if self.wait.deadline == shortened(escalation.deadline_before, escalation.at) {
            self.wait.deadline = escalation.deadline_before;
        }
    }

    fn mark_viewed(&mut self, was_viewed: bool) {
        if let Some(escalation) = &mut self.escalation {
            Arc::make_mut(escalation).was_viewed = was_viewed;
        }
    }
}

/// A deadline after escalation: a third of what remained is gone; of one that has passed nothing remains.
fn shortened(deadline: Option<Timestamp>, at: Option<Timestamp>) -> Option<Timestamp> {
    let (Some(deadline), Some(at)) = (deadline, at) else { return deadline };
    let remaining = deadline.micros_since(at);
    if remaining <= 0 { Some(deadline) } else { Some(at.plus_micros(remaining / 100 * ESCALATED_TIME_PERCENT)) }
}
