//! A file's events in the order in which they happened: by version within each stream, and across streams by time.
//! They wait in a database of their own without a name, which SQLite keeps on disk where it grows large and which is
//! gone when the program is, so that a file of any size takes little memory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row};

use super::Incoming;
use crate::event::{EventId, EventType, NewEvent, StreamId, Timestamp, Version};
use crate::store::{Flow, StoreError};

const TABLE: &str = "
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
CREATE TABLE spool (
    seq INTEGER PRIMARY KEY, stream_no INTEGER, version INTEGER, recorded_at INTEGER, line INTEGER, schema INTEGER,
    stream TEXT, type TEXT, id TEXT, payload TEXT, metadata TEXT
);
BEGIN;
";

/// Each event's time is the latest of its stream so far, so that a clock that stumbled moves nothing behind its
/// successor. Events without a version follow in the file's direction.
const ORDER: &str = "
CREATE TABLE ranked AS
SELECT seq FROM (
    SELECT seq, stream_no, row_number() OVER way AS place,
           max(coalesce(recorded_at, -9223372036854775808)) OVER way AS since
    FROM spool
    WINDOW way AS (PARTITION BY stream_no ORDER BY version IS NULL, version, DIRECTION ROWS UNBOUNDED PRECEDING)
) ORDER BY since, stream_no, place;
";

pub(super) struct Spool {
    /// The file that is read, for errors.
    path: PathBuf,
    connection: Connection,
    streams: HashMap<StreamId, i64>,
    count: i64,
}

impl Spool {
    pub(super) fn new(path: &Path) -> Result<Self, StoreError> {
        // An empty name makes a database of its own that has no path.
        let made = Connection::open("").and_then(|connection| connection.execute_batch(TABLE).map(|()| connection));
        let connection = made.map_err(|source| StoreError::from_temporary(path, source))?;
        Ok(Self { path: path.to_owned(), connection, streams: HashMap::new(), count: 0 })
    }

    pub(super) fn put(&mut self, incoming: &Incoming) -> Result<(), StoreError> {
        let Incoming { line, stream, version, event, needs_id } = incoming;
        let NewEvent { id, event_type, schema, recorded_at, payload, metadata } = event;
        let next = self.streams.len() as i64;
        let stream_no = match self.streams.get(stream) {
            Some(known) => *known,
            None => *self.streams.entry(stream.clone()).or_insert(next),
        };
        self.count += 1;
        let insert = || -> rusqlite::Result<usize> {
            self.connection
                .prepare_cached("INSERT INTO spool VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?
                .execute((
                    self.count,
                    stream_no,
                    version.map(|version| version.0 as i64),
                    recorded_at.map(Timestamp::micros),
                    *line as i64,
                    schema,
                    stream.as_str(),
                    event_type.as_str(),
                    (!needs_id).then(|| id.to_string()),
                    payload,
                    metadata,
                ))
        };
        insert().map(drop).map_err(|source| StoreError::from_temporary(&self.path, source))
    }

    /// Hands the events over in order. `newest_first` tells the direction of a file whose events have no versions.
    pub(super) fn visit(
        &self,
        newest_first: bool,
        visit: &mut dyn FnMut(Incoming) -> Result<Flow, StoreError>,
    ) -> Result<(), StoreError> {
        let failed = |source| StoreError::from_temporary(&self.path, source);
        let direction = if newest_first { "seq DESC" } else { "seq" };
        self.connection.execute_batch(&ORDER.replace("DIRECTION", direction)).map_err(failed)?;
        let mut find = self.connection.prepare("SELECT * FROM spool WHERE seq = ?1").map_err(failed)?;
        let mut ranked = self.connection.prepare("SELECT seq FROM ranked ORDER BY rowid").map_err(failed)?;
        let mut rows = ranked.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let seq: i64 = row.get(0).map_err(failed)?;
            let Some(incoming) = find.query_row([seq], incoming).optional().map_err(failed)? else { continue };
            if visit(incoming)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn incoming(row: &Row<'_>) -> rusqlite::Result<Incoming> {
    let id: Option<String> = row.get("id")?;
    Ok(Incoming {
        line: row.get::<_, i64>("line")? as u64,
        stream: StreamId::new(row.get::<_, String>("stream")?),
        version: row.get::<_, Option<i64>>("version")?.map(|version| Version(version as u64)),
        needs_id: id.is_none(),
        event: NewEvent {
            id: EventId::new(id.as_deref().unwrap_or_default()),
            event_type: EventType::new(row.get::<_, String>("type")?),
            schema: row.get("schema")?,
            recorded_at: row.get::<_, Option<i64>>("recorded_at")?.map(Timestamp::from_micros),
            payload: row.get("payload")?,
            metadata: row.get("metadata")?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_the_one_of_temporary_files_and_not_that_of_the_file_that_is_read() {
        let mut spool = Spool::new(Path::new("events.jsonl")).expect("a file");
        spool.connection.execute_batch("PRAGMA max_page_count = 1").expect("no more pages");
        let mut refused = None;
        for line in 1..10_000 {
            let event = NewEvent {
                id: EventId::new(""),
                event_type: EventType::new("noted"),
                schema: 1,
                recorded_at: None,
                payload: "{}".into(),
                metadata: "{}".into(),
            };
            let incoming = Incoming { line, stream: StreamId::new("n-1"), version: None, event, needs_id: true };
            if let Err(error) = spool.put(&incoming) {
                refused = Some(error);
                break;
            }
        }
        assert!(matches!(refused, Some(StoreError::TemporaryFull(_))), "{refused:?}");
    }
}
