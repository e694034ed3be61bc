//! One ticket's story: a conversation, decided by the domain's own rules in the state that it has reached.

mod acts;
mod course;

use super::business::Customer;
use super::people::{self, Language, Person};
use super::plan::Outline;
use super::random::Random;
use super::support_words::{TOPICS, Topic};
use super::thread::{Era, Thread, Told};
use crate::domain::Breach;
use crate::domain::ticket::{Party, Priority, Ticket, TicketTarget, decode};
use crate::event::{EventId, StreamId, Timestamp};

/// What comes next in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Begin,
    Assign,
    View,
    Ask,
    /// The customer asks again before there was an answer.
    Chase,
    Thank,
    Answer,
    /// The agent adds something.
    Add,
    ChangePriority,
    /// To a colleague, at the end of a shift.
    HandOver,
    Escalate,
    /// To another agent, because this one did not open it in time.
    Move,
    Close(Party),
    Reopen,
    /// Compensates the event before.
    Undo,
    Odd(Odd),
}

/// How a conversation ends, where its length allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Solved,
    /// The customer writes no more, and the ticket closes by itself.
    Silent,
    Open,
}

/// An event that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    WordAfterClosing,
    EarlyEscalation,
    TidiedTooSoon,
}

impl Odd {
    const ALL: [Self; 3] = [Self::WordAfterClosing, Self::EarlyEscalation, Self::TidiedTooSoon];

    fn is_last(self) -> bool {
        matches!(self, Self::WordAfterClosing | Self::TidiedTooSoon)
    }
}

#[derive(Debug)]
pub(super) struct TicketStory {
    thread: Thread,
    number: u64,
    customer: Person,
    topic: usize,
    priority: Priority,
    ticket: Ticket,
    ending: Ending,
    odd: Option<Odd>,
    /// Whether an agent will be late, so that the customer escalates.
    will_escalate: bool,
    /// Whether the agent will then not even open it.
    will_move: bool,
    escalated_on: Option<Timestamp>,
    is_viewed: bool,
    asked: u64,
    answered: u64,
    /// The event that waits for its answer, and the one answered last.
    question: Option<String>,
    mistake: Option<Box<TicketTarget>>,
    done: Step,
    step: Step,
}

const KOREAN_SPEAKERS: &[&str] = &["kim", "lee", "park", "yoon"];
const ENGLISH_SPEAKERS: &[&str] = &["ortiz", "chen", "haas", "lee"];
const MANAGER: &str = "choi";
const SYSTEM: &str = "system";
const HELP_PAGE: &str = "help page";

impl TicketStory {
    /// A ticket of somebody whom the business knows, or of anybody.
    pub(super) fn new(outline: &Outline, from: Option<Customer>, era: Era, mut random: Random) -> Self {
        let Outline { kind: _, number, length, is_recent, marred } = *outline;
        let (customer, continues) = match from {
            Some(Customer { person, correlation, conversion }) => (person, Some((correlation, conversion))),
            None => (people::customer(None, &mut random), None),
        };
        let odd = marred.map(|n| Odd::ALL[(n % Odd::ALL.len() as u64) as usize]);
        let ending = match (odd, random.below(100)) {
            (Some(Odd::WordAfterClosing), _) => Ending::Solved,
            (Some(Odd::TidiedTooSoon), _) => Ending::Open,
            (_, roll) if is_recent && roll < 70 => Ending::Open,
            (_, ..58) => Ending::Solved,
            (_, 58..86) => Ending::Silent,
            _ => Ending::Open,
        };
        let topic = random.below(TOPICS.len() as u64) as usize;
        let priority = match random.below(100) {
            ..24 => Priority::Low,
            24..68 => Priority::Medium,
            68..91 => Priority::High,
            _ => Priority::Urgent,
        };
        let will_escalate = odd.is_none() && length >= 7 && random.chance(24);
        let will_move = will_escalate && random.chance(45);
        let mut thread = Thread::new(StreamId::new(format!("ticket-{number}")), length, era, random);
        if let Some((correlation, conversion)) = continues {
            thread.continue_from(correlation, conversion);
        }
        Self {
            thread,
            number,
            customer,
            topic,
            priority,
            ticket: Ticket::default(),
            ending,
            odd,
            will_escalate,
            will_move,
            escalated_on: None,
            is_viewed: false,
            asked: 0,
            answered: 0,
            question: None,
            mistake: None,
            done: Step::Begin,
            step: Step::Begin,
        }
    }

    /// Tells the event that was next, and when the one after it happens, if there is one.
    pub(super) fn tell(&mut self, at: Timestamp, id: EventId) -> Result<(Told, Option<Timestamp>), Breach> {
        let is_mistake = self.is_mistake();
        let (draft, said) = self.act(at, is_mistake)?;
        let told = self.thread.tell(&draft, said, at, id);
        let row = told.as_row();
        let event = decode(&row).event;
        if is_mistake {
            let before = self.ticket.clone();
            self.mistake = Some(Box::new(TicketTarget { id: row.id.clone(), event: event.clone(), before }));
        }
        self.ticket.apply(&event, &row.head());
        match self.step {
            Step::Ask | Step::Chase | Step::Begin => self.question = self.thread.last().map(str::to_owned),
            Step::Escalate | Step::Odd(Odd::EarlyEscalation) => self.escalated_on = Some(at),
            _ => {}
        }
        let next = self.go_on(at);
        Ok((told, next))
    }

    fn speakers(&self) -> &'static [&'static str] {
        match self.customer.language {
            Language::Korean => KOREAN_SPEAKERS,
            Language::English => ENGLISH_SPEAKERS,
        }
    }

    fn topic(&self) -> &'static Topic {
        &TOPICS[self.topic]
    }
}
