use std::fmt;
use std::ops::Range;

use super::value::Kind;
use crate::event::{Explain, Message};

/// What a condition is at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    True,
    False,
    /// It cannot be told there, and so is not true.
    Unknown(Doubt),
}

impl Reading {
    pub fn is_true(&self) -> bool {
        *self == Self::True
    }
}

/// Why an expression has no value at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Here it cannot be told; elsewhere it may be.
    Unknown(Doubt),
    TooManySteps,
    /// It takes too long over all events together.
    TooManyStepsInAll,
    /// Nobody waits for it any more.
    Cancelled,
}

/// What cannot be told at a moment, and which words ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    pub kind: DoubtKind,
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoubtKind {
    /// Values that have no order between them.
    Compare(Kind, Kind),
    /// Values that cannot be reckoned with.
    Reckon(Kind, Kind),
    /// Yes or no was needed.
    NoCondition(Kind),
    /// The function takes no such value.
    Takes(&'static str, Kind),
    NoItem,
    ByNought,
    TooLarge,
    /// A clock that is named by a place.
    Zone(String),
    /// The projection had been given up, so that its state is not known.
    NotRun,
}

impl Doubt {
    pub const NOT_RUN: Self = Self { kind: DoubtKind::NotRun, span: 0..0 };
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DoubtKind::Compare(one, two) => {
                write!(f, "{} and {} cannot be compared", one.plain_name(), two.plain_name())
            }
            DoubtKind::Reckon(one, two) => {
                write!(f, "{} and {} cannot be reckoned with", one.plain_name(), two.plain_name())
            }
            DoubtKind::NoCondition(kind) => write!(f, "{} is neither true nor false", kind.plain_name()),
            DoubtKind::Takes(function, kind) => write!(f, "{function} cannot take {}", kind.plain_name()),
            DoubtKind::NoItem => f.write_str("the list has no such item"),
            DoubtKind::ByNought => f.write_str("nothing can be divided by 0"),
            DoubtKind::TooLarge => f.write_str("the number is out of range"),
            DoubtKind::NotRun => f.write_str("the projection was not run there"),
            DoubtKind::Zone(name) => {
                write!(f, "“{name}” is no clock that is known; write how far it is ahead of UTC, like +09:00")
            }
        }
    }
}

impl Explain for Doubt {
    fn message(&self) -> Message {
        match &self.kind {
            DoubtKind::Compare(one, two) => {
                Message::new("doubt-compare").inner("one", one.message()).inner("two", two.message())
            }
            DoubtKind::Reckon(one, two) => {
                Message::new("doubt-reckon").inner("one", one.message()).inner("two", two.message())
            }
            DoubtKind::NoCondition(kind) => Message::new("doubt-no-condition").inner("kind", kind.message()),
            DoubtKind::Takes(function, kind) => {
                Message::new("doubt-takes").text("function", function).inner("kind", kind.message())
            }
            DoubtKind::NoItem => Message::new("doubt-no-item"),
            DoubtKind::ByNought => Message::new("doubt-by-nought"),
            DoubtKind::TooLarge => Message::new("doubt-too-large"),
            DoubtKind::NotRun => Message::new("doubt-not-run"),
            DoubtKind::Zone(name) => Message::new("doubt-zone").text("name", name),
        }
    }
}
