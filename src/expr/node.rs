use std::ops::Range;

use super::functions::Function;
use super::tree::Sign;
use super::value::{Kind, Value};
use crate::event::Timestamp;

/// Which of the two states a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// After the event.
    Now,
    /// Before it.
    Old,
}

/// What can be asked of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPart {
    Type,
    Version,
    RecordedAt,
    Actor,
    Reason,
    Id,
    Payload,
}

impl EventPart {
    pub const ALL: [(&'static str, Self); 7] = [
        ("type", Self::Type),
        ("version", Self::Version),
        ("recorded_at", Self::RecordedAt),
        ("actor", Self::Actor),
        ("reason", Self::Reason),
        ("id", Self::Id),
        ("payload", Self::Payload),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, part)| *part == self).map_or("", |(name, _)| name)
    }
}

/// An expression whose names are known, ready to be read at any moment.
#[derive(Debug)]
pub(super) enum Node {
    Literal(Literal),
    /// What stands for an item, counted from the outermost.
    Variable(usize),
    Field(Which, Box<str>),
    /// A whole state.
    State(Which),
    Event(EventPart),
    Member(Box<Node>, Box<str>),
    Index(Box<Node>, Box<Node>, Range<usize>),
    /// Whether the member is there.
    Has(Box<Node>, Box<str>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Not(Box<Node>, Range<usize>),
    Negate(Box<Node>, Range<usize>),
    Two(Sign, Box<[Node; 2]>, Range<usize>),
    All(Vec<(Node, Range<usize>)>),
    Any(Vec<(Node, Range<usize>)>),
    Choice(Box<[Node; 3]>, Range<usize>),
    Call(Function, Called),
    /// A pattern that is known was made ready.
    Matches(Box<Node>, regex_lite::Regex, Range<usize>),
    Each(Box<Each>),
}

#[derive(Debug)]
pub(super) struct Called {
    pub(super) given: Vec<Node>,
    pub(super) span: Range<usize>,
}

/// What is done with each item of a list, or each key of an object.
#[derive(Debug)]
pub(super) struct Each {
    pub(super) what: EachWhat,
    pub(super) of: Node,
    /// For `map` with a condition.
    pub(super) only: Option<Node>,
    pub(super) body: Node,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EachWhat {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

/// What an expression says itself.
#[derive(Clone, Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Box<str>),
    Time(Timestamp),
    Length(i64),
    Kind(Kind),
}

impl Literal {
    pub(super) fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Bool(is) => Self::Bool(*is),
            Value::Int(number) => Self::Int(*number),
            Value::Uint(number) => Self::Uint(*number),
            Value::Double(number) => Self::Double(*number),
            Value::Text(text) => Self::Text(text.as_ref().into()),
            _ => Self::Null,
        }
    }

    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(is) => Value::Bool(*is),
            Self::Int(number) => Value::Int(*number),
            Self::Uint(number) => Value::Uint(*number),
            Self::Double(number) => Value::Double(*number),
            Self::Text(text) => Value::text(text),
            Self::Time(at) => Value::Time(*at),
            Self::Length(micros) => Value::Length(*micros),
            Self::Kind(kind) => Value::Kind(*kind),
        }
    }
}
