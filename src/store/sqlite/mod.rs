//! Other frameworks' tables in a SQLite file.

mod append;
mod catalogue;
mod read_model;

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row};

pub(crate) use catalogue::read_catalogue;
pub(super) use read_model::{read_table, write_model};

use super::access::Access;
use super::frameworks::{Cell, Cells, Database, ForeignStore, Rows, Sql, Value, chosen};
use super::opening::{ReadOnlyFile, open_to_write};
use super::{Fault, Finding, Flow, Interrupter, Notice, OpenOptions, Steady, StoreError};

/// A SQLite file whose tables are read by a declaration.
pub type ForeignSqlite = ForeignStore<SqliteTables>;

#[derive(Debug)]
pub struct SqliteTables {
    path: PathBuf,
    access: Access,
}

impl SqliteTables {
    pub(crate) fn new(path: &Path, file: ReadOnlyFile) -> Self {
        Self { path: path.to_owned(), access: Access::Looking(file) }
    }

    fn held_still<T>(&self, answer: rusqlite::Result<T>) -> Result<T, StoreError> {
        self.access.held_still(&self.path, answer)
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.access.connection()
    }
}

/// Reads by the mapping, or by what the tables themselves say.
pub(super) fn open(path: &Path, file: ReadOnlyFile, options: &OpenOptions) -> Result<ForeignSqlite, StoreError> {
    let catalogue = read_catalogue(file.connection()).map_err(|source| StoreError::from_sqlite(path, source))?;
    let place = path.display().to_string();
    let mut layout = chosen(&place, &catalogue, options.mapping.as_ref())?
        .ok_or_else(|| StoreError::Unrecognised { path: path.to_owned(), tables: catalogue.names() })?;
    layout.read_only = append::read_only_reason(path, &layout);
    ForeignStore::new(SqliteTables::new(path, file), layout, options.key.clone(), &place)
}

/// Opens to append, where the framework's own rules can be kept. Only looked at before that is sure.
pub(super) fn open_for_writing(path: &Path, options: &OpenOptions) -> Result<ForeignSqlite, StoreError> {
    let mut store = open(path, ReadOnlyFile::open(path)?, options)?;
    if let Some(reason) = store.layout().read_only {
        return Err(StoreError::OnlyReads { place: path.display().to_string(), reason });
    }
    let connection = open_to_write(path)?;
    connection.busy_timeout(append::PATIENCE).map_err(|source| StoreError::from_sqlite(path, source))?;
    store.database.access = Access::Writing(connection);
    Ok(store)
}

struct SqliteRow<'r, 's>(&'r Row<'s>);

impl Cells for SqliteRow<'_, '_> {
    fn cell(&self, index: usize) -> Cell<'_> {
        match self.0.get_ref(index) {
            Ok(ValueRef::Integer(number)) => Cell::Int(number),
            Ok(ValueRef::Real(number)) => Cell::Real(number),
            Ok(ValueRef::Text(bytes)) => Cell::Text(bytes),
            Ok(ValueRef::Blob(bytes)) => Cell::Bytes(bytes),
            Ok(ValueRef::Null) | Err(_) => Cell::Null,
        }
    }
}

struct SqliteRows<'d> {
    tables: &'d SqliteTables,
    statement: CachedStatement<'d>,
    is_over: bool,
}

impl Rows for SqliteRows<'_> {
    fn some(&mut self, visit: &mut dyn FnMut(&dyn Cells) -> Flow) -> Result<bool, StoreError> {
        if self.is_over {
            return Ok(false);
        }
        let mut run = || -> rusqlite::Result<bool> {
            // The rows of a statement reset it when they are dropped. Kept from that, it goes on where it was left.
            let mut rows = ManuallyDrop::new(self.statement.raw_query());
            while let Some(row) = rows.next()? {
                if visit(&SqliteRow(row)).is_break() {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let answer = run();
        self.is_over = !matches!(answer, Ok(true));
        self.tables.held_still(answer)
    }
}

impl Drop for SqliteRows<'_> {
    fn drop(&mut self) {
        // Resets the statement, which would else hold its moment of the store open.
        drop(self.statement.raw_query());
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Int(number) => (*number).into(),
            Self::Real(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Bytes(bytes) => bytes.as_slice().into(),
        })
    }
}

impl Database for SqliteTables {
    fn query<'d>(&'d self, sql: &Sql) -> Result<Box<dyn Rows + 'd>, StoreError> {
        let begin = || -> rusqlite::Result<_> {
            let mut statement = self.connection().prepare_cached(&sql.text)?;
            for (place, value) in sql.values.iter().enumerate() {
                statement.raw_bind_parameter(place + 1, value)?;
            }
            Ok(statement)
        };
        let statement = self.held_still(begin())?;
        Ok(Box::new(SqliteRows { tables: self, statement, is_over: false }))
    }

    fn opener(&self) -> Arc<dyn Fn() -> Result<Self, StoreError> + Send + Sync> {
        let path = self.path.clone();
        let file = ReadOnlyFile::opener_at(&path);
        Arc::new(move || Ok(Self::new(&path, file()?)))
    }

    fn is_current(&self) -> bool {
        self.access.is_current()
    }

    fn interrupter(&self) -> Option<Interrupter> {
        Some(self.access.interrupter())
    }

    fn steady(&self) -> Result<Steady<'_>, StoreError> {
        self.access.steady(&self.path)
    }

    fn may_be_kept(&self) -> bool {
        self.access.may_be_kept()
    }

    fn changed(&self) -> StoreError {
        StoreError::Changed(self.path.clone())
    }

    fn notice(&self) -> Option<Notice> {
        self.access.notice(&self.path)
    }

    fn verify(&self, report: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        if self.access.is_damaged() {
            report(Finding::of_store(Fault::FileDamaged { path: self.path.display().to_string() }));
        }
        let check = Sql { text: "PRAGMA integrity_check(20)".to_owned(), values: Vec::new() };
        self.rows(&check, &mut |cells| {
            let detail = cells.cell(0).name().into_owned();
            if detail != "ok" {
                report(Finding::of_store(Fault::Pages { detail }));
            }
            Flow::Continue(())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::StreamId;
    use crate::store::Query;
    use crate::store::frameworks::Mapping;

    /// One event `cart-1` of each framework's own, and the name of its stream.
    const TABLES: [(&str, &str); 4] = [
        (
            "cart-1",
            "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
                 PRIMARY KEY (originator_id, originator_version));
             INSERT INTO stored_events VALUES ('cart-1', 1, 'shop:Cart.Begun', '{}')",
        ),
        (
            "cart-1",
            "CREATE TABLE emt_messages (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL,
                 partition TEXT NOT NULL, message_kind CHAR(1) NOT NULL, message_data JSONB NOT NULL,
                 message_metadata JSONB NOT NULL, message_schema_version TEXT NOT NULL, message_type TEXT NOT NULL,
                 message_id TEXT NOT NULL, is_archived BOOLEAN NOT NULL, global_position INTEGER PRIMARY KEY,
                 created DATETIME, UNIQUE (stream_id, stream_position, partition, is_archived));
             INSERT INTO emt_messages VALUES ('cart-1', 1, 'p', 'E', '{}', '{}', '1', 'Begun', 'a', FALSE, 1, NULL)",
        ),
        (
            "cart:1",
            "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence integer NOT NULL,
                 event_type text NOT NULL, event_version text NOT NULL, payload text NOT NULL, metadata text NOT NULL,
                 PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;
             INSERT INTO events VALUES ('cart', '1', 1, 'Begun', '1.0', '{}', '{}')",
        ),
        (
            "cart-1",
            "CREATE TABLE messages (global_position INTEGER PRIMARY KEY, position BIGINT NOT NULL, time TEXT NOT NULL,
                 stream_name TEXT NOT NULL, type TEXT NOT NULL, data TEXT, metadata TEXT, id TEXT NOT NULL UNIQUE,
                 UNIQUE (stream_name, position));
             INSERT INTO messages VALUES (1, 0, '2025-01-01 01:00:00', 'cart-1', 'Begun', '{}', NULL, 'a')",
        ),
    ];

    #[test]
    fn a_mapped_view_whose_first_event_never_comes_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let views = "CREATE VIEW endless AS WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
                SELECT 'cart-' || (n % 3) AS stream, n AS version, 'Grew' AS type, '{}' AS payload FROM numbers;
             CREATE VIEW short AS SELECT 'cart-1' AS stream, 1 AS version, 'Grew' AS type, '{}' AS payload;";
        Connection::open(&path).and_then(|made| made.execute_batch(views)).expect("views");
        let open = |table: &str, version: &str| {
            let mapping =
                format!(r#"{{"table":"{table}","stream":"stream",{version}"type":"type","payload":"payload"}}"#);
            let file = ReadOnlyFile::open(&path).expect("a file");
            let catalogue = read_catalogue(file.connection()).expect("a catalogue");
            let layout = chosen("here", &catalogue, Some(&Mapping::parse(&mapping).expect("a mapping")));
            let layout = layout.expect("mapped").expect("a layout");
            ForeignStore::within(Duration::from_secs(1), SqliteTables::new(&path, file), layout, None, "here")
        };
        for version in ["", r#""version":"version","#] {
            let error = open("endless", version).map(drop).expect_err("it never ends").to_string();
            assert!(error.contains("endless were not there within 1 s"), "{error}");
            let opened = open("short", version).map(drop);
            assert!(opened.is_ok(), "{version}: {opened:?}");
        }
    }

    #[test]
    fn the_events_of_a_stream_come_in_the_order_of_an_index() {
        for (stream, tables) in TABLES {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("store.db");
            Connection::open(&path).and_then(|made| made.execute_batch(tables)).expect("tables");
            let file = ReadOnlyFile::open(&path).expect("a file");
            let store = open(&path, file, &OpenOptions::default()).expect("recognised");
            for query in [Query::stream(StreamId::from(stream)), Query::stream(StreamId::from(stream)).backward()] {
                let sql = store.events_sql(&query).expect("asked").expect("a statement");
                let explained = Sql { text: format!("EXPLAIN QUERY PLAN {}", sql.text), values: sql.values };
                let mut plan = Vec::new();
                let visit = &mut |cells: &dyn Cells| {
                    plan.push(cells.cell(3).name().into_owned());
                    Flow::Continue(())
                };
                store.database.rows(&explained, visit).expect("explained");
                assert!(plan.iter().any(|step| step.contains("USING INDEX")), "{plan:?}: {}", sql.text);
                assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}: {}", sql.text);
            }
        }
    }
}
