//! Which fields of its stream's state each of some events changed: all of them, by the rule of `changed` and `replaced`.

use super::load::{begin_fold, each_batch, each_event};
use super::told::{is_told_one_by_one, stream_by_stream};
use super::{EngineError, describe};
use crate::event::{StreamId, Version};
use crate::replay::MovedField;
use crate::store::{Flow, Query, Store};

/// The fields that these events changed, in the order in which they are asked for, under the projection that each stream is
/// shown under first. What is not there any more is left out. `progress` is told how many events were read, and may stop.
pub fn moved_fields(
    reader: &dyn Store,
    wanted: &[(StreamId, Version)],
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Vec<Vec<MovedField>>, EngineError> {
    stream_by_stream(wanted, progress, &mut |stream, versions, progress| {
        moved_in_stream(reader, stream, versions, progress)
    })
}

type OfEvents = Vec<(Version, Vec<MovedField>)>;

/// Those of some events of one stream, ascending.
fn moved_in_stream(
    reader: &dyn Store,
    stream: &StreamId,
    versions: &[Version],
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<OfEvents, EngineError> {
    let Some(last) = versions.last() else { return Ok(Vec::new()) };
    let described = describe(reader, stream)?;
    let projection = described.projection(None)?;
    if is_told_one_by_one(&described.row, versions) {
        let mut moved = Vec::new();
        for version in versions {
            let before = version.0.checked_sub(1).map_or(*version, Version);
            let (mut fold, from) = begin_fold(reader, &described.row, &projection, before)?;
            let query = Query::stream(stream.clone()).between(from, Some(*version));
            each_event(reader, &query, progress, &mut |event| {
                if event.version != *version {
                    return fold.push(event);
                }
                let preview = fold.preview(event);
                let had_value = |name: &str| preview.before.get(name).is_some_and(|value| !value.is_null());
                let paths = preview.changes.iter().map(|change| change.field.as_str());
                moved.push((*version, MovedField::of_paths(paths, had_value)));
            })?;
        }
        return Ok(moved);
    }
    let mut timeline = projection.timeline(0);
    let query = Query::stream(stream.clone()).between(None, Some(*last));
    each_batch(reader, &query, progress, &mut |batch| {
        batch.rows().for_each(|row| timeline.push_row(&row));
        Flow::Continue(())
    })?;
    let places = versions.iter().filter_map(|version| Some((*version, timeline.index_of(*version)?)));
    Ok(places.map(|(version, index)| (version, timeline.moved_fields(index))).collect())
}
