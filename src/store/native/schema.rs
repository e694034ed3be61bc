//! The tables, how they came to be, and how a file is known as ours.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::names::lossy;
use super::{APPLICATION_ID, links};
use crate::store::{Damage, Fault, SchemaChange, SchemaObject, StoreError};

/// Each step brings a store from one format to the next; `user_version` counts the steps taken.
const MIGRATIONS: &[&str] = &[FORMAT_1, FORMAT_2, FORMAT_3];

/// How many of the steps a file has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Format(i64);

impl Format {
    /// What another tool leaves that resets the number.
    pub(super) const NONE: Self = Self(0);
    /// The first in which a snapshot is bound to the events it was made of.
    pub(super) const SEALED: Self = Self(2);
    /// The first in which events are found by what they name as their correlation or their cause.
    pub(super) const LINKED: Self = Self(3);
    pub(super) const NEWEST: Self = Self(MIGRATIONS.len() as i64);
}

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

/// A snapshot is sealed by a hash of its state and of the chain at its version. What was kept before was a cache and
/// is made anew. `REPLACE` removes a row without asking a trigger whether it may go: of streams and types it is refused
/// here; of events, where the question would cost half an import's time, the chain tells it.
const FORMAT_2: &str = "
DROP TABLE snapshots;
CREATE TABLE snapshots (
    stream     INTEGER NOT NULL REFERENCES streams,
    projection TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    event_id   ANY NOT NULL,
    seal       BLOB NOT NULL,
    state      TEXT NOT NULL,
    PRIMARY KEY (stream, projection)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER streams_stay BEFORE INSERT ON streams
WHEN EXISTS (SELECT 1 FROM streams WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM streams WHERE name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'streams are never replaced'); END;
CREATE TRIGGER types_stay BEFORE INSERT ON types
WHEN EXISTS (SELECT 1 FROM types WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM types WHERE name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'event types are never replaced'); END;
";

/// Which events name an id as their correlation (0) or their cause (1). It repeats what their metadata says, as an index
/// would that knew every spelling of it; `verify` holds it against the events.
const FORMAT_3: &str = "
CREATE TABLE links (
    kind     INTEGER NOT NULL,
    id       ANY NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (kind, id, position)
) STRICT, WITHOUT ROWID;
";

/// Says whose file this is and in which format, without changing it.
pub(super) fn recognise(path: &Path, connection: &Connection) -> Result<Format, StoreError> {
    let read = || -> rusqlite::Result<(i32, i64, i64)> {
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        // A view in the place of one could be asked for ever.
        let ours = "SELECT count(*) FROM sqlite_master
                    WHERE type = 'table' AND name IN ('streams', 'types', 'events', 'snapshots')";
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
        return Err(StoreError::Damaged { path: path.to_owned(), detail: Damage::TablesMissing });
    }
    Ok(Format(format))
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
    // An acknowledged event must outlive a power cut.
    connection.pragma_update(None, "synchronous", "full")?;
    let format =
        |connection: &Connection| connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    if (format(connection)? as usize) < MIGRATIONS.len() {
        let tx = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        // Asked again under the lock: another program may have migrated meanwhile.
        let before = format(&tx)?;
        for step in &MIGRATIONS[before as usize..] {
            tx.execute_batch(step)?;
        }
        if i64::from(before) < Format::LINKED.0 {
            links::keep_all(&tx)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
        tx.commit()?;
    }
    // Only now: whoever is killed while making a store leaves nothing, or all of it.
    connection.pragma_update(None, "journal_mode", "wal")
}

type Schema = BTreeMap<(String, String), Option<String>>;

/// What of the schema is not as the steps to the file's format make it.
pub(super) fn strayed(connection: &Connection, format: Format) -> rusqlite::Result<Vec<Fault>> {
    let fresh = Connection::open_in_memory()?;
    let steps = if format == Format::NONE { Format::NEWEST } else { format };
    for step in MIGRATIONS.iter().take(usize::try_from(steps.0).unwrap_or(usize::MAX)) {
        fresh.execute_batch(step)?;
    }
    let (must, mut is) = (read_schema(&fresh)?, read_schema(connection)?);
    let mut strayed = Vec::new();
    for ((kind, name), sql) in must {
        let how = match is.remove(&(kind.clone(), name.clone())) {
            None => SchemaChange::Gone,
            Some(found) if found != sql => SchemaChange::Changed,
            Some(_) => continue,
        };
        let object = if kind == "trigger" { SchemaObject::Guard } else { object(&kind) };
        strayed.push(Fault::SchemaDiffers { object, name, how });
    }
    strayed.extend(is.into_keys().map(|(kind, name)| Fault::SchemaDiffers {
        object: object(&kind),
        name,
        how: SchemaChange::Added,
    }));
    Ok(strayed)
}

fn object(kind: &str) -> SchemaObject {
    match kind {
        "trigger" => SchemaObject::Trigger,
        "index" => SchemaObject::Index,
        "view" => SchemaObject::View,
        _ => SchemaObject::Table,
    }
}

fn read_schema(connection: &Connection) -> rusqlite::Result<Schema> {
    // What `ANALYZE` counts is no part of it.
    let mut list = connection
        .prepare("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'")?;
    let mut schema = Schema::new();
    let mut rows = list.query([])?;
    while let Some(row) = rows.next()? {
        schema.insert((lossy(row.get_ref(0)?), lossy(row.get_ref(1)?)), row.get(2)?);
    }
    Ok(schema)
}
