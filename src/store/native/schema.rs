//! The tables, how they came to be, and how a file is known as ours.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::APPLICATION_ID;
use crate::store::StoreError;

/// Each step brings a store from one format to the next; `user_version` counts the steps taken.
const MIGRATIONS: &[&str] = &[FORMAT_1];

/// Small integers stand first and the long texts last, so that a scan that wants no metadata never walks past it.
const FORMAT_1: &str = "
CREATE TABLE streams (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    category      TEXT NOT NULL,
    -- Kept counts: they make a million streams list at once. `verify` holds them against the events.
    events        INTEGER NOT NULL DEFAULT 0,
    first_version INTEGER NOT NULL DEFAULT 0,
    last_version  INTEGER NOT NULL DEFAULT -1,
    first_at      INTEGER,
    last_at       INTEGER,
    last_position INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX streams_recent ON streams (category, last_position);

CREATE TABLE types (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    events INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE events (
    position    INTEGER PRIMARY KEY,
    stream      INTEGER NOT NULL REFERENCES streams,
    version     INTEGER NOT NULL,
    type        INTEGER NOT NULL REFERENCES types,
    schema      INTEGER NOT NULL,
    recorded_at INTEGER,
    id          ANY NOT NULL,
    payload     TEXT NOT NULL,
    metadata    TEXT,
    chain       BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_stream_version ON events (stream, version);
CREATE UNIQUE INDEX events_id ON events (id);

CREATE TABLE snapshots (
    stream     INTEGER NOT NULL REFERENCES streams,
    projection TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    event_id   ANY NOT NULL,
    state      TEXT NOT NULL,
    PRIMARY KEY (stream, projection)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed: append a compensating event'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted: append a compensating event'); END;
CREATE TRIGGER stream_names_stay BEFORE UPDATE OF id, name, category ON streams
BEGIN SELECT RAISE(ABORT, 'a stream keeps its name: its events are hashed with it'); END;
CREATE TRIGGER streams_never_go BEFORE DELETE ON streams
BEGIN SELECT RAISE(ABORT, 'streams are never deleted'); END;
CREATE TRIGGER type_names_stay BEFORE UPDATE OF id, name ON types
BEGIN SELECT RAISE(ABORT, 'an event type keeps its name: events are hashed with it'); END;
CREATE TRIGGER types_never_go BEFORE DELETE ON types
BEGIN SELECT RAISE(ABORT, 'event types are never deleted'); END;
";

/// The triggers whose absence `verify` reports.
pub(super) const GUARDS: &[&str] = &[
    "events_never_change",
    "events_never_go",
    "stream_names_stay",
    "streams_never_go",
    "type_names_stay",
    "types_never_go",
];

/// Says whose file this is, without changing it.
pub(super) fn recognise(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let read = || -> rusqlite::Result<(i32, i64, i64)> {
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let ours = "SELECT count(*) FROM sqlite_master WHERE name IN ('streams', 'types', 'events', 'snapshots')";
        let tables = connection.query_row(ours, [], |row| row.get(0))?;
        Ok((number("application_id")? as i32, number("user_version")?, tables))
    };
    let (application, format, tables) = read().map_err(|source| StoreError::from_sqlite(path, source))?;
    if application != APPLICATION_ID {
        return Err(StoreError::Unrecognised { path: path.to_owned(), tables: table_names(connection) });
    }
    let supported = MIGRATIONS.len() as i64;
    if format > supported {
        return Err(StoreError::Newer { path: path.to_owned(), found: format, supported });
    }
    if tables < 4 {
        return Err(StoreError::Damaged { path: path.to_owned(), detail: "tables are missing".to_owned() });
    }
    Ok(())
}

fn table_names(connection: &Connection) -> String {
    let list = || -> rusqlite::Result<Vec<String>> {
        connection
            .prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name LIMIT 12")?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    match list() {
        Ok(names) if names.is_empty() => "no tables".to_owned(),
        Ok(names) => names.join(", "),
        Err(_) => "tables that could not be listed".to_owned(),
    }
}

/// Makes or updates the tables. Only called on a new file or on one already known as ours.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    // An acknowledged event must outlive a power cut.
    connection.pragma_update(None, "synchronous", "full")?;
    let format =
        |connection: &Connection| connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    if format(connection)? as usize >= MIGRATIONS.len() {
        return Ok(());
    }
    let tx = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Asked again under the lock: another program may have migrated meanwhile.
    for step in &MIGRATIONS[format(&tx)? as usize..] {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    tx.commit()
}

pub(super) fn missing_guards(connection: &Connection) -> rusqlite::Result<Vec<&'static str>> {
    let mut look = connection.prepare("SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = ?1")?;
    let mut missing = Vec::new();
    for guard in GUARDS {
        if look.query_row([guard], |_| Ok(())).optional()?.is_none() {
            missing.push(*guard);
        }
    }
    Ok(missing)
}
