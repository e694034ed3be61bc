use super::EventKind;
use crate::event::{Explain, Message};

/// A rule that an event breaks. The same words refuse a command and mark recorded history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    #[error("{} while {status}", kind.name())]
    While { kind: EventKind, status: &'static str },
    #[error("{} before {}", kind.name(), first.name())]
    NotBegun { kind: EventKind, first: EventKind },
    #[error("{} a second time", .0.name())]
    BegunTwice(EventKind),
    #[error("followup-set to a time before the event itself")]
    FollowupInThePast,
    #[error("{} changes nothing", .0.name())]
    ChangesNothing(EventKind),
    #[error("{} names no event that it compensates", .0.name())]
    NamesNothing(EventKind),
    #[error("{} compensates an event that is compensated already", .0.name())]
    AlreadyCompensated(EventKind),
    #[error("this {} is compensated already", .0.name())]
    CompensatedBefore(EventKind),
    #[error("{} finds nothing to undo", .0.name())]
    NothingToUndo(EventKind),
    #[error("{} has no natural compensation; append an event of your own that corrects it", .0)]
    NoCompensation(String),
    #[error("{} of this event was changed again later; compensate the later event instead", .0)]
    ChangedLater(String),
    #[error("there was no {} before this event that could be restored", .0)]
    NothingBefore(&'static str),
    #[error("escalated before the agent's response time was over")]
    EscalatedEarly,
    #[error("escalated while no customer's message waits for an answer")]
    EscalatedWithoutWait,
    #[error("escalated a second time")]
    EscalatedTwice,
    #[error("an escalated ticket closed by the {0}; only the customer or a manager closes it")]
    EscalatedClosedBy(&'static str),
    #[error("closed by the system before the customer owed an answer for seven days")]
    ClosedEarly,
    #[error("reopened by the {0}; only the customer reopens a ticket")]
    ReopenedBy(&'static str),
    #[error("reopened more than seven days after it was closed")]
    ReopenedLate,
    #[error("moved to another agent though the ticket is not escalated")]
    MovedUnescalated,
    #[error("moved to another agent before half of the response time was over, or after the agent had opened it")]
    MovedEarly,
    #[error("{0}")]
    Unreadable(String),
    #[error("{0} is no event of this kind of stream")]
    Foreign(String),
}

impl Explain for Breach {
    fn message(&self) -> Message {
        let of = |id, kind: &EventKind| Message::new(id).text("event", kind.name());
        let with = |id, text: &str| Message::new(id).text("text", text);
        match self {
            Self::While { kind, status } => of("breach-while", kind).text("status", status),
            Self::NotBegun { kind, first } => of("breach-not-begun", kind).text("first", first.name()),
            Self::BegunTwice(kind) => of("breach-begun-twice", kind),
            Self::FollowupInThePast => Message::new("breach-followup-in-the-past"),
            Self::ChangesNothing(kind) => of("breach-changes-nothing", kind),
            Self::NamesNothing(kind) => of("breach-names-nothing", kind),
            Self::AlreadyCompensated(kind) => of("breach-already-compensated", kind),
            Self::CompensatedBefore(kind) => of("breach-compensated-before", kind),
            Self::NothingToUndo(kind) => of("breach-nothing-to-undo", kind),
            Self::NoCompensation(name) => with("breach-no-compensation", name),
            Self::ChangedLater(field) => with("breach-changed-later", field),
            Self::NothingBefore(field) => with("breach-nothing-before", field),
            Self::EscalatedEarly => Message::new("breach-escalated-early"),
            Self::EscalatedWithoutWait => Message::new("breach-escalated-without-wait"),
            Self::EscalatedTwice => Message::new("breach-escalated-twice"),
            Self::EscalatedClosedBy(who) => with("breach-escalated-closed-by", who),
            Self::ClosedEarly => Message::new("breach-closed-early"),
            Self::ReopenedBy(who) => with("breach-reopened-by", who),
            Self::ReopenedLate => Message::new("breach-reopened-late"),
            Self::MovedUnescalated => Message::new("breach-moved-unescalated"),
            Self::MovedEarly => Message::new("breach-moved-early"),
            Self::Unreadable(detail) => with("breach-unreadable", detail),
            Self::Foreign(name) => with("breach-foreign", name),
        }
    }
}
