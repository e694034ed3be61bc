use crate::engine::Lost;

/// A failure as a sentence for whoever looks at the window, and what a developer would want to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub sentence: String,
    /// Empty where the sentence says all.
    pub details: String,
}

impl Trouble {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), details: String::new() }
    }
}

impl From<Lost> for Trouble {
    fn from(_: Lost) -> Self {
        Self::new("the work ended without an answer; try again")
    }
}

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        let mut details = format!("{error:?}");
        let mut cause = error.source();
        while let Some(deeper) = cause {
            details = format!("{details}\n{deeper}");
            cause = deeper.source();
        }
        Self { sentence: error.to_string(), details }
    }
}
