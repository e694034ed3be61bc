use crate::event::{Explain, Message};

/// What of a payload could not be read as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// With the parser's words.
    #[error("the payload is not JSON: {0}")]
    NotJson(Box<str>),
    #[error("the payload is not an object")]
    NotAnObject,
    #[error("{field} is not a time: {text}")]
    NotATime { field: &'static str, text: Box<str> },
    /// A word that is none of those that the field takes.
    #[error("{field} is unknown: {text}")]
    Unknown { field: &'static str, text: Box<str> },
}

impl Flaw {
    pub fn not_json(error: &impl ToString) -> Self {
        Self::NotJson(error.to_string().into())
    }
}

impl Explain for Flaw {
    fn message(&self) -> Message {
        match self {
            Self::NotJson(detail) => Message::new("flaw-not-json").text("detail", detail),
            Self::NotAnObject => Message::new("flaw-not-an-object"),
            Self::NotATime { field, text } => Message::new("flaw-not-a-time").text("field", field).text("text", text),
            Self::Unknown { field, text } => Message::new("flaw-unknown").text("field", field).text("text", text),
        }
    }
}
