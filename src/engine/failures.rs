//! The streams of which a user's own projection could not take every event.

use crate::event::StreamId;
use crate::index::AsOf;
pub use crate::replay::Failures;
use crate::replay::ProjectionRef;

/// Those among all streams as they stood.
pub(super) fn failures(as_of: &AsOf) -> Failures {
    let mut found = Failures::default();
    for row in as_of.places().iter().filter_map(|place| as_of.row(*place)) {
        let Some(failed) = row.failed else { continue };
        let stream = StreamId::from(row.stream);
        if as_of.choice().projection_of(&stream).is_some_and(ProjectionRef::is_own) {
            found.add(&stream, failed);
        }
    }
    found
}
