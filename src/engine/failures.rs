//! The streams of which a user's own projection could not take every event.

use crate::event::StreamId;
use crate::index::AsOf;
use crate::replay::{Finding, ProjectionRef};

/// How many there are, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    pub streams: u64,
    /// With the first event on which it failed.
    pub first: Option<(StreamId, Finding)>,
}

impl Failures {
    pub fn is_none(&self) -> bool {
        self.streams == 0
    }

    pub(super) fn add(&mut self, stream: &StreamId, finding: &Finding) {
        self.streams += 1;
        self.first.get_or_insert_with(|| (stream.clone(), finding.clone()));
    }
}

/// Those among all streams as they stood.
pub(super) fn failures(as_of: &AsOf) -> Failures {
    let mut found = Failures::default();
    for row in as_of.places().iter().filter_map(|place| as_of.row(*place)) {
        if let Some(failed) = row.failed
            && as_of.choice().projection_of(row.stream).is_some_and(ProjectionRef::is_own)
        {
            found.add(row.stream, failed);
        }
    }
    found
}
