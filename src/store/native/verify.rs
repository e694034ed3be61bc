use rusqlite::Connection;

use super::chain::{Chained, Link, ROOT};
use super::keep_going;
use super::links::{self, Sum};
use super::names::{Names, lossy};
use super::read::{bytes, moment, unsigned, visit_kept, with_event};
use super::schema::{Format, strayed};
use crate::event::{ByNumber, Links, Position, StreamId, StreamKey, Timestamp, Version};
use crate::store::{Fault, Finding, Flow, HistoryCheck, Snapshot};

/// What the kept row of a stream says besides what every history is checked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends {
    first: Version,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    last_position: Position,
}

/// How often progress is told.
const STEP: u64 = 4096;

/// Goes through everything once. Answers false where it was asked to stop.
pub(super) fn run(
    connection: &Connection,
    names: &Names,
    format: Format,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> rusqlite::Result<bool> {
    check_pages(connection, report)?;
    check_schema(connection, format, report)?;

    let mut history = HistoryCheck::default();
    let mut before: Link = ROOT;
    let mut count = 0;
    let mut next_position = 1;
    let mut ends: ByNumber<StreamKey, Ends> = ByNumber::default();
    let mut types: ByNumber<i64, u64> = ByNumber::default();
    let mut linked = Sum::default();
    let mut statement = connection.prepare(
        "SELECT position, stream, version, type, schema, recorded_at, id, payload, metadata, chain
         FROM events ORDER BY position",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let stored = row.get_ref(9)?.as_blob().ok().and_then(|blob| Link::try_from(blob).ok());
        let number: i64 = row.get(0)?;
        let read = with_event(connection, names, row, |event| {
            let sound = if event.metadata.is_empty() {
                Some(Links::default())
            } else {
                std::str::from_utf8(event.metadata).ok().and_then(Links::of_sound)
            };
            let events_before = history.row_judged(event, sound.is_some(), report);
            linked.add(&sound.unwrap_or_else(|| Links::of(event.metadata)), number);
            let link = Chained {
                stream: event.stream.as_str(),
                version: event.version,
                event_type: event.event_type.as_str(),
                schema: event.schema,
                recorded_at: event.recorded_at,
                id: &event.id,
                payload: event.payload,
                metadata: event.metadata,
            }
            .after(&before);
            if stored != Some(link) {
                report(Finding::of_event(event, Fault::HashBroken));
            }
            // Going on from what is stored, so that one edited event is named and not all that follow.
            before = stored.unwrap_or(link);
            let ends = ends.entry(event.stream_key).or_default();
            if events_before == 0 {
                (ends.first, ends.first_at) = (event.version, event.recorded_at);
            }
            ends.last_at = event.recorded_at;
            ends.last_position = event.position.unwrap_or_default();
        });
        let position = u64::try_from(number).unwrap_or(0);
        match read {
            Ok(()) => *types.entry(row.get(3)?).or_default() += 1,
            Err(error) if is_odd_number(&error) => {
                linked.add(&Links::of(bytes(row.get_ref(8)?)), number);
                before = stored.unwrap_or(before);
                report(Finding::of_store(Fault::EventNumbers { position }));
            }
            Err(error) => return Err(error),
        }
        if position != next_position {
            let (from, to) = (next_position, position.saturating_sub(1));
            report(Finding::of_store(Fault::PositionsMissing { from, to }));
        }
        next_position = position + 1;
        count += 1;
        if count % STEP == 0 && !keep_going(progress(count)) {
            return Ok(false);
        }
    }

    check_kept_streams(connection, &history, &ends, report)?;
    check_kept_types(connection, &types, report)?;
    // Where the table itself is gone, the schema says so.
    if format >= Format::LINKED && links::are_kept(connection)? && !linked.is_kept(connection)? {
        report(Finding::of_store(Fault::LinksDiffer));
    }
    if format >= Format::SEALED {
        visit_kept(connection, &mut |kept| {
            if !kept.fits {
                let Snapshot { projection, version, .. } = kept.snapshot;
                report(Finding::of_stream(kept.stream, Some(version), Fault::SnapshotSealBroken { projection }));
            }
            Flow::Continue(())
        })?;
    }
    Ok(true)
}

/// Only another tool writes a row whose numbers do not fit the tables.
fn is_odd_number(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{IntegralValueOutOfRange, InvalidColumnType, QueryReturnedNoRows};
    matches!(error, QueryReturnedNoRows | IntegralValueOutOfRange(..) | InvalidColumnType(..))
}

fn check_schema(connection: &Connection, format: Format, report: &mut dyn FnMut(Finding)) -> rusqlite::Result<()> {
    if format == Format::NONE {
        report(Finding::of_store(Fault::FormatGone));
    }
    for what in strayed(connection, format)? {
        report(Finding::of_store(what));
    }
    Ok(())
}

fn check_kept_streams(
    connection: &Connection,
    history: &HistoryCheck,
    ends: &ByNumber<StreamKey, Ends>,
    report: &mut dyn FnMut(Finding),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT id, name, events, last_version, first_version, first_at, last_at, last_position, category FROM streams",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name = lossy(row.get_ref(1)?);
        let number: i64 = row.get(0)?;
        let Ok(key) = u32::try_from(number).map(StreamKey) else {
            report(Finding::of_stream(StreamId::new(name), None, Fault::StreamNumber { number }));
            continue;
        };
        let stream = StreamId::new(name);
        let category = lossy(row.get_ref(8)?);
        if category != stream.category() {
            let what = Fault::CategoryDiffers { kept: category, own: stream.category().to_owned() };
            report(Finding::of_stream(stream.clone(), None, what));
        }
        let seen = history.seen(key);
        let (kept, last) = (unsigned(row, 2)?, Version(unsigned(row, 3)?));
        let kept_ends = Ends {
            first: Version(unsigned(row, 4)?),
            first_at: moment(row, 5)?,
            last_at: moment(row, 6)?,
            last_position: Position(unsigned(row, 7)?),
        };
        let what = if kept != seen.events || (kept > 0 && last != seen.highest) {
            Fault::CountsDiffer { kept, kept_last: last, events: seen.events, last: seen.highest }
        } else if kept_ends != ends.get(&key).copied().unwrap_or_default() {
            Fault::EndsDiffer
        } else {
            continue;
        };
        report(Finding::of_stream(stream, None, what));
    }
    Ok(())
}

fn check_kept_types(
    connection: &Connection,
    seen: &ByNumber<i64, u64>,
    report: &mut dyn FnMut(Finding),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT id, name, events FROM types")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (kept, there) = (unsigned(row, 2)?, seen.get(&row.get(0)?).copied().unwrap_or(0));
        if kept != there {
            let what = Fault::TypeCountDiffers { event_type: lossy(row.get_ref(1)?), kept, events: there };
            report(Finding::of_store(what));
        }
    }
    Ok(())
}

/// SQLite's own look at its pages and indexes. What it finds is reported and the rest is still read.
fn check_pages(connection: &Connection, report: &mut dyn FnMut(Finding)) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let detail: String = row.get(0)?;
        if detail != "ok" {
            report(Finding::of_store(Fault::Pages { detail }));
        }
    }
    Ok(())
}
