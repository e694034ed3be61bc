use rusqlite::Connection;

use super::chain::{Chained, Link, ROOT};
use super::keep_going;
use super::names::Names;
use super::read::{unsigned, with_event};
use super::schema::missing_guards;
use crate::event::{StreamId, StreamKey, Version};
use crate::store::{Finding, FindingKind, Flow, HistoryCheck};

/// How often progress is told.
const STEP: u64 = 4096;

/// Goes through everything once. Answers false where it was asked to stop.
pub(super) fn run(
    connection: &Connection,
    names: &Names,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> rusqlite::Result<bool> {
    let whole = |kind, message| Finding { kind, stream: None, version: None, message };
    check_pages(connection, report)?;
    for guard in missing_guards(connection)? {
        report(whole(
            FindingKind::Unprotected,
            format!("the trigger {guard}, which keeps history from being changed, is gone"),
        ));
    }

    let mut history = HistoryCheck::default();
    let mut before: Link = ROOT;
    let mut count = 0;
    let mut next_position = 1;
    let mut statement = connection.prepare(
        "SELECT position, stream, version, type, schema, recorded_at, id, payload, metadata, chain
         FROM events ORDER BY position",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let stored = row.get_ref(9)?.as_blob().ok().and_then(|blob| Link::try_from(blob).ok());
        let position = with_event(connection, names, row, |event| {
            history.row(event, report);
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
                report(Finding {
                    kind: FindingKind::BrokenChain,
                    stream: Some(event.stream.clone()),
                    version: Some(event.version),
                    message:
                        "the event, or the one recorded before it, is not what was recorded: its hash does not fit"
                            .to_owned(),
                });
            }
            // Going on from what is stored, so that one edited event is named and not all that follow.
            before = stored.unwrap_or(link);
            event.position.map_or(0, |position| position.0)
        })?;
        if position != next_position {
            report(whole(
                FindingKind::Gap,
                format!("positions {next_position} to {} of the store are missing", position.saturating_sub(1)),
            ));
        }
        next_position = position + 1;
        count += 1;
        if count % STEP == 0 && !keep_going(progress(count)) {
            return Ok(false);
        }
    }

    let mut statement = connection.prepare("SELECT id, name, events, last_version FROM streams")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seen = history.seen(StreamKey(row.get(0)?));
        let (kept, last) = (unsigned(row, 2)?, Version(unsigned(row, 3)?));
        if kept != seen.events || (kept > 0 && last != seen.highest) {
            report(Finding {
                kind: FindingKind::WrongCount,
                stream: Some(StreamId::new(super::names::lossy(row.get_ref(1)?))),
                version: None,
                message: format!(
                    "kept as {kept} events up to version {last}; there are {} up to version {}",
                    seen.events, seen.highest
                ),
            });
        }
    }
    Ok(true)
}

/// SQLite's own look at its pages and indexes. What it finds is reported and the rest is still read.
fn check_pages(connection: &Connection, report: &mut dyn FnMut(Finding)) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let message: String = row.get(0)?;
        if message != "ok" {
            report(Finding { kind: FindingKind::Damaged, stream: None, version: None, message });
        }
    }
    Ok(())
}
