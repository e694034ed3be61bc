use std::io;

use serde::Serialize;

use super::Fault;
use crate::domain::{Breach, EventKind, Flaw};
use crate::event::{EventType, Explain, Message};

/// What is wrong with an event, or with what a projection makes of it. The fold goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Breach(Breach),
    /// The event's payload could not be read as it should.
    #[error("{event_type}: {flaw}")]
    Payload { event_type: EventType, flaw: Flaw },
    /// The event's type only resembles the kind that it was taken for.
    #[error("{event_type} is taken for {}, which is a guess", kind.name())]
    Guess { event_type: EventType, kind: EventKind },
    #[error(transparent)]
    Failed(ProjectionError),
    /// One that a snapshot kept in words.
    #[error("{0}")]
    Kept(Box<str>),
}

/// Why a projection could not fold an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectionError {
    /// In the projection's own words.
    #[error("the projection failed: {0}")]
    Event(Box<str>),
    /// One of a user's own.
    #[error("{}{}", if .0.is_not_run() { "" } else { "the projection failed: " }, .0)]
    Fault(Fault),
    #[error("the projection failed: its state would take {bytes} bytes, and {limit} is the limit")]
    StateTooLarge { bytes: usize, limit: usize },
}

impl Problem {
    /// A user's own projection, which had been given up by then, was not given the event.
    pub fn is_not_run(&self) -> bool {
        matches!(self, Self::Failed(ProjectionError::Fault(fault)) if fault.is_not_run())
    }

    /// The state is without what the event said: it could not be read, or the projection failed on it.
    pub fn leaves_event_out(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Payload { flaw: Flaw::NotJson(_), .. })
    }
}

impl Explain for Problem {
    fn message(&self) -> Message {
        match self {
            Self::Breach(breach) => breach.message(),
            Self::Payload { event_type, flaw } => {
                Message::new("problem-payload").text("event", event_type).inner("flaw", flaw.message())
            }
            Self::Guess { event_type, kind } => {
                Message::new("problem-guess").text("event", event_type).text("kind", kind.name())
            }
            Self::Failed(error) => error.message(),
            Self::Kept(words) => Message::new("problem-kept").text("words", words),
        }
    }
}

impl Explain for ProjectionError {
    fn message(&self) -> Message {
        match self {
            Self::Event(detail) => Message::new("problem-failed").text("detail", detail),
            Self::Fault(fault) if fault.is_not_run() => fault.message(),
            Self::Fault(fault) => Message::new("problem-fault").inner("fault", fault.message()),
            Self::StateTooLarge { bytes, limit } => {
                Message::new("problem-too-large").text("bytes", bytes).text("limit", limit)
            }
        }
    }
}

/// What came of folding one event.
pub type Folded = Result<(), ProjectionError>;

/// What a projection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest state, in bytes.
    pub state_bytes: usize,
}

impl Limits {
    pub(super) fn check_state(self, bytes: usize) -> Folded {
        let limit = self.state_bytes;
        if bytes <= limit { Ok(()) } else { Err(ProjectionError::StateTooLarge { bytes, limit }) }
    }
}

/// The length of a value as JSON, without writing it anywhere.
pub(super) fn json_length(value: &impl Serialize) -> usize {
    struct Count(usize);

    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    // Only a map whose keys are no text cannot be written; such a state cannot be kept either.
    serde_json::to_writer(&mut count, value).map_or(usize::MAX, |()| count.0)
}
