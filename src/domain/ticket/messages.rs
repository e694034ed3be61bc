use std::ops::Deref;
use std::sync::Arc;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::Message;

/// A ticket's messages, the retracted ones in their places. Cloning shares them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vector<Arc<Message>>", into = "Vector<Arc<Message>>")]
pub struct Messages {
    all: Vector<Arc<Message>>,
    /// The places of those that are retracted, ascending.
    retracted: Vector<usize>,
}

impl Messages {
    /// How many of the first so many messages are retracted. Found without a look at any of them.
    pub fn retracted_before(&self, index: usize) -> usize {
        match self.retracted.binary_search(&index) {
            Ok(count) | Err(count) => count,
        }
    }

    pub(super) fn push_back(&mut self, message: Arc<Message>) {
        if message.is_retracted {
            self.retracted.push_back(self.all.len());
        }
        self.all.push_back(message);
    }

    pub(super) fn set(&mut self, index: usize, message: Arc<Message>) {
        if let Err(place) = self.retracted.binary_search(&index)
            && message.is_retracted
        {
            self.retracted.insert(place, index);
        }
        self.all.set(index, message);
    }
}

impl Deref for Messages {
    type Target = Vector<Arc<Message>>;

    fn deref(&self) -> &Vector<Arc<Message>> {
        &self.all
    }
}

impl From<Vector<Arc<Message>>> for Messages {
    fn from(all: Vector<Arc<Message>>) -> Self {
        let retracted = all.iter().enumerate().filter(|(_, message)| message.is_retracted).map(|(index, _)| index);
        Self { retracted: retracted.collect(), all }
    }
}

impl From<Messages> for Vector<Arc<Message>> {
    fn from(messages: Messages) -> Self {
        messages.all
    }
}
