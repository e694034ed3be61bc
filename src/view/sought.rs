use crate::engine::Search;
use crate::event::Timestamp;

/// A day on a clock on the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallDay {
    pub name: String,
    pub from: Timestamp,
    /// When the next one begins.
    pub to: Timestamp,
}

/// A search whose events are wanted elsewhere: in a file, or as evidence.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// As it was typed.
    pub text: String,
    pub search: Search,
}

impl PartialEq for Sought {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.search.terms == other.search.terms
    }
}
