use std::fmt;
use std::ops::Range;

use super::LONGEST;
use crate::event::{Explain, Message};

/// What is wrong with an expression, and under which of its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub kind: FlawKind,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What was probably meant in its place.
    pub instead: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlawKind {
    Empty,
    TooLong,
    TooDeep,
    /// A letter that begins no word.
    Letter(char),
    /// A text without its closing quote.
    OpenText,
    /// A `\` that stands for nothing.
    Escape,
    Number(String),
    LargeNumber(String),
    /// A word that cannot stand here.
    Unexpected(String),
    /// More should follow.
    Unfinished,
    Field(String),
    /// What is asked of the event, but none of its parts.
    EventPart(String),
    Function(String),
    Arguments {
        function: &'static str,
        takes: &'static str,
        given: usize,
    },
    /// `all`, `exists` and their kind need a name first.
    Variable(String),
    Pattern(String),
    Time(String),
    Length(String),
    /// A clock that is named by a place.
    Zone(String),
    /// What CEL has and conditions do not.
    Bytes,
    /// It takes more steps than one look may.
    TooManySteps,
    /// It takes too many for all events together.
    TooManyStepsInAll,
}

impl Flaw {
    pub(super) fn new(kind: FlawKind, span: Range<usize>) -> Self {
        Self { kind, span, instead: None }
    }

    pub(super) fn instead(self, instead: Option<String>) -> Self {
        Self { instead, ..self }
    }

    /// The text with what was probably meant.
    pub fn replaced(&self, text: &str) -> Option<String> {
        let instead = self.instead.as_ref()?;
        Some([text.get(..self.span.start)?, instead, text.get(self.span.end..)?].concat())
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FlawKind::Empty => f.write_str("Nothing is asked; write a condition, like status == \"CLOSED\".")?,
            FlawKind::TooLong => write!(f, "The condition is longer than {LONGEST} letters; shorten it.")?,
            FlawKind::TooDeep => f.write_str("The condition is nested too deep; write it in fewer brackets.")?,
            FlawKind::Letter(letter) => write!(f, "“{letter}” means nothing here.")?,
            FlawKind::OpenText => f.write_str("This text has no closing quote.")?,
            FlawKind::Escape => f.write_str("This \\ stands for nothing; write \\\\ for the letter itself.")?,
            FlawKind::Number(text) => write!(f, "{text} is not a number that can be compared.")?,
            FlawKind::LargeNumber(text) => write!(
                f,
                "{text} is too large: whole numbers go up to 9223372036854775807, those with a u behind them to \
                 18446744073709551615, and others to 1.7e308."
            )?,
            FlawKind::Unexpected(word) => write!(f, "“{word}” cannot stand here.")?,
            FlawKind::Unfinished => f.write_str("The condition breaks off here; something must follow.")?,
            FlawKind::Field(name) => write!(f, "No field {name}.")?,
            FlawKind::EventPart(name) => {
                write!(f, "An event has no {name}; it has type, version, recorded_at, actor, reason, id and payload.")?;
            }
            FlawKind::Function(name) => write!(f, "There is no function {name}.")?,
            FlawKind::Arguments { function, takes, given } => {
                write!(f, "{function} is written {takes}; here it has {given} between its brackets.")?;
            }
            FlawKind::Variable(function) => {
                write!(f, "{function} begins with a name for each item: {function}(item, item == 1).")?;
            }
            FlawKind::Pattern(text) => write!(f, "“{text}” is not a pattern.")?,
            FlawKind::Time(text) => write!(f, "“{text}” is not a time; write it like 2025-01-01T01:00:05Z.")?,
            FlawKind::Length(text) => write!(f, "“{text}” is not a length of time; write it like 36h or 1h30m.")?,
            FlawKind::Zone(name) => write!(
                f,
                "“{name}” is no clock that conditions know: they hold no table of places; write how far it is ahead of \
                 UTC, like +09:00."
            )?,
            FlawKind::Bytes => f.write_str("Conditions have no bytes.")?,
            FlawKind::TooManySteps => {
                f.write_str("The condition takes too many steps for one event; look at fewer items at once.")?;
            }
            FlawKind::TooManyStepsInAll => f.write_str(
                "The condition takes too many steps over all these events; look at fewer items of each, or at one stream.",
            )?,
        }
        match &self.instead {
            Some(instead) => write!(f, " Did you mean {instead}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Flaw {}

impl Explain for Flaw {
    fn message(&self) -> Message {
        let said = match &self.kind {
            FlawKind::Empty => Message::new("condition-empty"),
            FlawKind::TooLong => Message::new("condition-too-long").number("most", LONGEST as u64),
            FlawKind::TooDeep => Message::new("condition-too-deep"),
            FlawKind::Letter(letter) => Message::new("condition-letter").text("letter", letter),
            FlawKind::OpenText => Message::new("condition-open-text"),
            FlawKind::Escape => Message::new("condition-escape"),
            FlawKind::Number(text) => Message::new("condition-number").text("text", text),
            FlawKind::LargeNumber(text) => Message::new("condition-large-number").text("text", text),
            FlawKind::Unexpected(word) => Message::new("condition-unexpected").text("word", word),
            FlawKind::Unfinished => Message::new("condition-unfinished"),
            FlawKind::Field(name) => Message::new("condition-no-field").text("name", name),
            FlawKind::EventPart(name) => Message::new("condition-no-part").text("name", name),
            FlawKind::Function(name) => Message::new("condition-no-function").text("name", name),
            FlawKind::Arguments { function, takes, given } => Message::new("condition-arguments")
                .text("function", function)
                .text("takes", takes)
                .number("given", *given as u64),
            FlawKind::Variable(function) => Message::new("condition-variable").text("function", function),
            FlawKind::Pattern(text) => Message::new("condition-pattern").text("text", text),
            FlawKind::Time(text) => Message::new("condition-time").text("text", text),
            FlawKind::Length(text) => Message::new("condition-length").text("text", text),
            FlawKind::Zone(name) => Message::new("condition-zone").text("name", name),
            FlawKind::Bytes => Message::new("condition-bytes"),
            FlawKind::TooManySteps => Message::new("condition-too-many-steps"),
            FlawKind::TooManyStepsInAll => Message::new("condition-too-many-steps-in-all"),
        };
        match &self.instead {
            Some(instead) => Message::new("condition-instead").inner("what", said).text("instead", instead),
            None => said,
        }
    }
}
