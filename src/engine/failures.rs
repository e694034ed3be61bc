//! The streams of which a user's own projection could not take every event.

use crate::event::StreamId;
use crate::index::AsOf;
pub use crate::replay::Failures;
use crate::replay::ProjectionRef;

/// Those among all streams as they stood.
pub(super) fn failures(as_of: &AsOf) -> Failures {
    let mut found = Failures::default();
    for place in as_of.places() {
        let Some(failed) = as_of.stood(*place).and_then(|stood| stood.failed) else { continue };
        let Some(row) = as_of.row(*place) else { continue };
        let stream = StreamId::from(&*row.stream);
        if as_of.choice().projection_of(&stream).is_some_and(ProjectionRef::is_own) {
            found.add(&stream, failed);
        }
    }
    found
}
