use std::fmt;
use std::time::Duration;

use crate::event::{EventType, Explain, Message, StreamId, Version};

/// Why a projection of a user's own could not be read, or not take an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    pub kind: FaultKind,
    /// Where in its source, where that is known.
    pub place: Option<SourcePlace>,
}

/// A place in a source, both counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourcePlace {
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The source is no JavaScript; in the engine's words.
    Syntax(Box<str>),
    /// It ends before this bracket is closed.
    Unclosed(char),
    /// In the projection's own words, or the engine's.
    Thrown(Box<str>),
    /// It ran longer than it may.
    TooLong(Duration),
    /// It was not run: so often its functions had been ended by then, each for running longer than this or taking more
    /// than so many bytes, the last time at this event.
    GivenUp {
        times: u32,
        limit: Duration,
        memory: usize,
        at: Option<Box<EndedAt>>,
    },
    /// It took more than so many bytes.
    TooMuchMemory(usize),
    TooDeep,
    /// It answered a promise, or left something to be done behind it, where nothing runs.
    Promise,
    StateTooLarge {
        bytes: usize,
        limit: usize,
    },
}

/// The last event that a projection was given before it was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedAt {
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
}

impl fmt::Display for EndedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{} ({})", self.stream, self.version, self.event_type)
    }
}

impl Fault {
    /// It says that the projection had been given up by then.
    pub fn is_not_run(&self) -> bool {
        matches!(self.kind, FaultKind::GivenUp { .. })
    }

    pub fn without_place(kind: FaultKind) -> Self {
        Self { kind, place: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(SourcePlace { line, column }) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        match &self.kind {
            FaultKind::Syntax(words) => write!(f, "this is no JavaScript: {words}"),
            FaultKind::Unclosed(bracket) => write!(f, "the file ends before this {bracket} is closed"),
            FaultKind::Thrown(words) => f.write_str(words),
            FaultKind::TooLong(most) => write!(f, "it ran longer than {} ms", most.as_millis()),
            FaultKind::GivenUp { times, limit, memory, at } => {
                let (limit, memory) = (limit.as_millis(), memory >> 20);
                f.write_str("not run: the projection was given up")?;
                if let Some(at) = at {
                    write!(f, " at {at}")?;
                }
                write!(f, "; functions ended by then for more than {limit} ms or {memory} MiB: {times}")
            }
            FaultKind::TooMuchMemory(most) => write!(f, "it took more than {} MiB of memory", most >> 20),
            FaultKind::TooDeep => f.write_str("its functions call each other without end"),
            FaultKind::Promise => f.write_str(
                "it leaves a promise, and nothing runs after it: a handler cannot be async, await or use then()",
            ),
            FaultKind::StateTooLarge { bytes, limit } => {
                write!(f, "its state would take {bytes} bytes, and {limit} is the limit")
            }
        }
    }
}

impl Explain for Fault {
    fn message(&self) -> Message {
        let said = match &self.kind {
            FaultKind::Syntax(words) => Message::new("fault-syntax").text("words", words),
            FaultKind::Unclosed(bracket) => Message::new("fault-unclosed").text("bracket", bracket),
            FaultKind::Thrown(words) => Message::new("fault-thrown").text("words", words),
            FaultKind::TooLong(most) => Message::new("fault-too-long").text("milliseconds", most.as_millis()),
            FaultKind::GivenUp { times, limit, memory, at } => {
                let said = Message::new(if at.is_some() { "fault-given-up-at" } else { "fault-given-up" });
                let said = at.iter().fold(said, |said, at| said.text("event", at));
                said.number("times", u64::from(*times))
                    .text("milliseconds", limit.as_millis())
                    .text("mebibytes", memory >> 20)
            }
            FaultKind::TooMuchMemory(most) => Message::new("fault-too-much-memory").text("mebibytes", most >> 20),
            FaultKind::TooDeep => Message::new("fault-too-deep"),
            FaultKind::Promise => Message::new("fault-promise"),
            FaultKind::StateTooLarge { bytes, limit } => {
                Message::new("fault-state-too-large").text("bytes", bytes).text("limit", limit)
            }
        };
        match self.place {
            Some(SourcePlace { line, column }) => {
                Message::new("fault-at").text("line", line).text("column", column).inner("fault", said)
            }
            None => said,
        }
    }
}
