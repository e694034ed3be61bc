use std::error::Error;

use crate::engine::{Lost, Passing};
use crate::event::{Explain, Message, StreamId, Version};

/// A failure as it is said to whoever looks at the window, and what a developer would want to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    pub message: Message,
    /// Empty where the sentence says all.
    pub details: String,
}

impl UserError {
    pub fn new(message: Message) -> Self {
        Self { message, details: String::new() }
    }

    /// Something is wrong with a condition as it was typed: trying it again changes nothing.
    pub fn is_of_condition(&self) -> bool {
        self.message.id.starts_with("condition-") || self.asks_for_events()
    }

    /// A condition on streams asks for what their events say, changed, or how many there were.
    pub fn asks_for_events(&self) -> bool {
        self.message.id == "ask-not-of-states"
    }

    /// An event that was there, in a store that has been replaced since.
    pub(super) fn gone(stream: &StreamId, version: Version) -> Self {
        Self::new(Message::new("error-gone").text("stream", stream).number("version", version.0))
    }
}

impl From<Lost> for UserError {
    fn from(_: Lost) -> Self {
        Self::new(Message::new("error-lost"))
    }
}

impl Passing for UserError {
    fn is_passing(&self) -> bool {
        self.message.is_passing()
    }

    fn is_of_room(&self) -> bool {
        self.message.is_of_room()
    }
}

/// The one place where an error becomes a sentence of the window: what cannot be said in each language does not get here.
impl<E: Error + Explain> From<E> for UserError {
    fn from(error: E) -> Self {
        let mut details = format!("{error:?}");
        let mut cause = error.source();
        while let Some(deeper) = cause {
            details = format!("{details}\n{deeper}");
            cause = deeper.source();
        }
        Self { message: error.message(), details }
    }
}
