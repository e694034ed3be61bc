//! What is said to a user, before it is a sentence: the languages are known only where it is shown.

/// The name of a sentence and the values that stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: &'static str,
    pub values: Vec<(&'static str, Said)>,
}

/// A value in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A name, a path, or another program's own words.
    Text(String),
    Number(u64),
    /// A sentence inside another.
    Message(Message),
}

impl Message {
    pub fn new(id: &'static str) -> Self {
        Self { id, values: Vec::new() }
    }

    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "a path's display is made on the spot")]
    pub fn text(self, name: &'static str, text: impl ToString) -> Self {
        self.value(name, Said::Text(text.to_string()))
    }

    #[must_use]
    pub fn number(self, name: &'static str, number: u64) -> Self {
        self.value(name, Said::Number(number))
    }

    #[must_use]
    pub fn inner(self, name: &'static str, message: Message) -> Self {
        self.value(name, Said::Message(message))
    }

    /// The same with every text in it changed, also inside of what it holds.
    #[must_use]
    pub fn with_texts(mut self, change: fn(String) -> String) -> Self {
        for (_, value) in &mut self.values {
            *value = match std::mem::replace(value, Said::Number(0)) {
                Said::Text(text) => Said::Text(change(text)),
                Said::Message(inner) => Said::Message(inner.with_texts(change)),
                number @ Said::Number(_) => number,
            };
        }
        self
    }

    fn value(mut self, name: &'static str, value: Said) -> Self {
        self.values.push((name, value));
        self
    }
}

/// What can be said in the language of whoever reads it. The command line prints the English of `Display` instead.
pub trait Explain {
    fn message(&self) -> Message;
}
