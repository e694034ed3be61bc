//! Stories that are told at once, the one whose event comes next first.

use std::cmp::Ordering;

use crate::event::Timestamp;

/// A story that is going on, ordered so that the heap's top is the one whose event comes next.
#[derive(Debug)]
pub(super) struct Going<S: ?Sized> {
    pub at: Timestamp,
    /// Decides between stories whose events fall into one moment.
    pub order: u64,
    pub story: Box<S>,
}

impl<S: ?Sized> Ord for Going<S> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl<S: ?Sized> PartialOrd for Going<S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<S: ?Sized> PartialEq for Going<S> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<S: ?Sized> Eq for Going<S> {}
