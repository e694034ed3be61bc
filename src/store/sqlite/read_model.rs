//! Read models in a SQLite file of their own.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use serde_json::{Number, Value};
use tempfile::TempPath;

use crate::event::{EventId, Position, StreamId, Version};
use crate::store::locking::{Locked, open_beside_locks};
use crate::store::opening::{ReadOnlyFile, open_to_write};
use crate::store::private::prefix_beside;
use crate::store::read_model::{
    FORMAT, HEADS, KEPT, ModelColumn, ModelError, ModelHead, ModelPart, ModelPlace, ModelRow, PARTS, ReadModel,
};
use crate::store::{Flow, Source, StoreError};

/// By which a file of read models is known.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"FLrm");

/// How long another that catches up is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS foldline_models (
    model      TEXT PRIMARY KEY,
    format     INTEGER NOT NULL,
    definition TEXT NOT NULL,
    columns    TEXT NOT NULL,
    source     TEXT NOT NULL,
    -- The last event that is in the rows. Written with them.
    position   INTEGER,
    event      TEXT
);
CREATE TABLE IF NOT EXISTS foldline_kept (
    model   TEXT NOT NULL,
    stream  TEXT NOT NULL,
    version INTEGER NOT NULL,
    state   TEXT NOT NULL,
    PRIMARY KEY (model, stream)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS foldline_parts (
    model    TEXT NOT NULL,
    part     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    event    TEXT NOT NULL,
    PRIMARY KEY (model, part)
) WITHOUT ROWID;
";

pub(in crate::store) fn write_model<T, E: From<ModelError>>(
    path: &Path,
    place: &ModelPlace,
    source: &Source,
    work: &mut dyn FnMut(&mut dyn ReadModel) -> Result<T, E>,
) -> Result<T, E> {
    while !is_there(path, place, source)? {
        if let Some(answer) = make(path, place, work)? {
            return Ok(answer);
        }
    }
    let failed = |source| ModelError::Store(StoreError::from_sqlite(path, source));
    let connection = open_to_write(path).map_err(ModelError::Store)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    write(connection, path, place, work)
}

/// All of it or nothing.
fn write<T, E: From<ModelError>>(
    connection: Locked,
    path: &Path,
    place: &ModelPlace,
    work: &mut dyn FnMut(&mut dyn ReadModel) -> Result<T, E>,
) -> Result<T, E> {
    let failed = |source| ModelError::Store(StoreError::from_sqlite(path, source));
    // Whoever comes second waits here, and then finds what the first has written.
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    connection.execute_batch(TABLES).map_err(failed)?;
    let mut model = SqliteModel { connection, path, place, table: place.table().to_owned() };
    let answer = work(&mut model);
    let SqliteModel { connection, .. } = model;
    let ended = connection.execute_batch(if answer.is_ok() { "COMMIT" } else { "ROLLBACK" }).map_err(failed);
    let closed = connection.close().map_err(failed);
    let answer = answer?;
    ended.and(closed)?;
    Ok(answer)
}

/// Whether there is a file of read models. Any other is refused before anything of it is opened to be written.
fn is_there(path: &Path, place: &ModelPlace, source: &Source) -> Result<bool, ModelError> {
    StoreError::unless_file(path)?;
    let not_ours = || ModelError::NotOurs(place.source.to_string());
    if let Source::File(store) = source
        && is_same_file(store, path)
    {
        return Err(ModelError::IsStore(place.source.to_string()));
    }
    match fs::metadata(path) {
        Err(_) if fs::symlink_metadata(path).is_err() => Ok(false),
        Err(error) => Err(StoreError::from_io(path, error).into()),
        Ok(found) if found.is_dir() => Err(StoreError::IsFolder(path.to_owned()).into()),
        Ok(_) => {
            let mut header = [0; 72];
            let file = open_beside_locks(path).map_err(|error| StoreError::from_io(path, error))?;
            let is_ours = (&*file).read_exact(&mut header).is_ok()
                && header.starts_with(b"SQLite format 3\0")
                && header[68..] == APPLICATION_ID.to_be_bytes();
            if is_ours { Ok(true) } else { Err(not_ours()) }
        }
    }
}

/// Made aside and put in its place when it is whole, so that nobody finds half of it, and nothing where its making is
/// refused or fails. `None` where another one was quicker.
fn make<T, E: From<ModelError>>(
    path: &Path,
    place: &ModelPlace,
    work: &mut dyn FnMut(&mut dyn ReadModel) -> Result<T, E>,
) -> Result<Option<T>, E> {
    let io = |error| ModelError::Store(StoreError::from_io(path, error));
    let (aside, connection) = begin_aside(path)?;
    let answer = write(connection, path, place, work)?;
    match aside.persist_noclobber(path) {
        Ok(()) => Ok(Some(answer)),
        // Whether it is of our kind is looked at next.
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(io(error.error).into()),
    }
}

fn begin_aside(path: &Path) -> Result<(TempPath, Locked), ModelError> {
    StoreError::unless_part_of_another(path, &["-wal", "-journal", "-shm"])?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(StoreError::NoFolder(folder.to_owned()).into());
    }
    let failed = |source| StoreError::from_sqlite(path, source);
    let mut builder = tempfile::Builder::new();
    let prefix = prefix_beside(folder);
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let aside = builder.tempfile_in(folder).map_err(|error| StoreError::from_io(path, error))?.into_temp_path();
    let connection = Locked::open(|| Connection::open(&aside)).map_err(failed)?;
    // What is killed before it has its name is thrown away as a whole.
    connection.pragma_update(None, "journal_mode", "memory").map_err(failed)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    Ok((aside, connection))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let (Ok(one), Ok(other)) = (fs::metadata(one), fs::metadata(other)) {
            return (one.dev(), one.ino()) == (other.dev(), other.ino());
        }
    }
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\"").replace('\0', ""))
}

struct SqliteModel<'p> {
    connection: Locked,
    path: &'p Path,
    place: &'p ModelPlace,
    table: String,
}

impl SqliteModel<'_> {
    fn failed(&self, source: rusqlite::Error) -> ModelError {
        StoreError::from_sqlite(self.path, source).into()
    }

    fn run(&self, sql: &str) -> Result<(), ModelError> {
        self.connection.execute_batch(sql).map_err(|error| self.failed(error))
    }
}

fn sql_value(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(is) => SqlValue::Integer((*is).into()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => SqlValue::Integer(number),
            (None, Some(real)) if !number.is_u64() => SqlValue::Real(real),
            _ => SqlValue::Text(number.to_string()),
        },
        Value::String(text) => SqlValue::Text(text.clone()),
        nested => SqlValue::Text(nested.to_string()),
    }
}

impl ReadModel for SqliteModel<'_> {
    fn head(&mut self) -> Result<Option<ModelHead>, ModelError> {
        let sql = "SELECT format, definition, columns, source, position, event FROM foldline_models WHERE model = ?1";
        let read = self.connection.query_row(sql, [&self.table], |row| {
            let place = row.get::<_, Option<i64>>(4)?.zip(row.get::<_, Option<String>>(5)?);
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?, place))
        });
        let Some((format, definition, columns, source, place)) = read.optional().map_err(|error| self.failed(error))?
        else {
            let sql = "SELECT name, name IN (SELECT model FROM foldline_models) FROM sqlite_master WHERE lower(name) = lower(?1)";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?));
            let taken = self.connection.query_row(sql, [&self.table], row).optional();
            let (place, table) = (self.place.source.to_string(), self.table.clone());
            return match taken.map_err(|error| self.failed(error))? {
                Some((there, true)) => Err(ModelError::SameButCase { place, table, there }),
                Some((_, false)) => Err(ModelError::TableTaken { place, table }),
                None => Ok(None),
            };
        };
        if format > FORMAT {
            return Err(ModelError::Newer(self.place.to_string()));
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?1)";
        let is_there = self.connection.query_row(sql, [&self.table], |row| row.get(0));
        // Somebody dropped it to have it made anew.
        if !is_there.map_err(|error| self.failed(error))? {
            return Ok(None);
        }
        let place = place.map(|(position, event)| (Position(position as u64), EventId::new(&event)));
        // Columns that cannot be read make it another table than it should be, and so it is made anew.
        let columns = serde_json::from_str(&columns).unwrap_or_default();
        Ok(Some(ModelHead { definition, columns, source, place }))
    }

    fn make(&mut self, columns: &[ModelColumn]) -> Result<(), ModelError> {
        let table = quoted(&self.table);
        let own = ["stream TEXT PRIMARY KEY", "version INTEGER NOT NULL", "recorded_at TEXT"].map(str::to_owned);
        let columns: Vec<String> = own.into_iter().chain(columns.iter().map(|column| quoted(&column.name))).collect();
        self.run(&format!(
            "DROP TABLE IF EXISTS {table};
             CREATE TABLE {table} ({})",
            columns.join(", ")
        ))?;
        for beside in [KEPT, PARTS] {
            let sql = format!("DELETE FROM {beside} WHERE model = ?1");
            self.connection.execute(&sql, [&self.table]).map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    fn add_column(&mut self, column: &ModelColumn) -> Result<(), ModelError> {
        let default = column.default();
        self.run(&format!("ALTER TABLE {} ADD COLUMN {}{default}", quoted(&self.table), quoted(&column.name)))
    }

    /// Any column takes anything.
    fn widen_column(&mut self, _: &ModelColumn) -> Result<(), ModelError> {
        Ok(())
    }

    fn put(&mut self, columns: &[ModelColumn], rows: &[ModelRow]) -> Result<(), ModelError> {
        let own = ["stream", "version", "recorded_at"].map(str::to_owned);
        let names: Vec<String> = own.into_iter().chain(columns.iter().map(|column| quoted(&column.name))).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let sets: Vec<String> = names.iter().skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({marks}) ON CONFLICT (stream) DO UPDATE SET {} WHERE version <= excluded.version",
            quoted(&self.table),
            names.join(", "),
            sets.join(", ")
        );
        let kept = "INSERT INTO foldline_kept (model, stream, version, state) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (model, stream) DO UPDATE SET version = excluded.version, state = excluded.state
             WHERE version <= excluded.version";
        let write = || -> rusqlite::Result<()> {
            let mut put = self.connection.prepare_cached(&sql)?;
            let mut keep = self.connection.prepare_cached(kept)?;
            for row in rows {
                let head = [
                    SqlValue::Text(row.stream.to_string()),
                    SqlValue::Integer(row.version.0 as i64),
                    row.recorded_at.clone().map_or(SqlValue::Null, SqlValue::Text),
                ];
                put.execute(params_from_iter(head.into_iter().chain(row.values.iter().map(sql_value))))?;
                if let Some(state) = &row.kept {
                    keep.execute(params![self.table, row.stream.as_str(), row.version.0 as i64, state])?;
                }
            }
            Ok(())
        };
        write().map_err(|error| self.failed(error))
    }

    fn version(&mut self, stream: &StreamId) -> Result<Option<Version>, ModelError> {
        let sql = format!("SELECT version FROM {} WHERE stream = ?1", quoted(&self.table));
        let found = self.connection.query_row(&sql, [stream.as_str()], |row| row.get::<_, i64>(0)).optional();
        found.map(|found| found.map(|version| Version(version as u64))).map_err(|error| self.failed(error))
    }

    fn kept(&mut self, stream: &StreamId) -> Result<Option<(Version, String)>, ModelError> {
        let sql = "SELECT version, state FROM foldline_kept WHERE model = ?1 AND stream = ?2";
        let read = self.connection.prepare_cached(sql).and_then(|mut found| {
            let row = |row: &rusqlite::Row<'_>| Ok((Version(row.get::<_, i64>(0)? as u64), row.get(1)?));
            found.query_row(params![self.table, stream.as_str()], row).optional()
        });
        read.map_err(|error| self.failed(error))
    }

    fn parts(&mut self) -> Result<Vec<ModelPart>, ModelError> {
        let sql = format!("SELECT part, position, event FROM {PARTS} WHERE model = ?1 ORDER BY part");
        let read = self.connection.prepare_cached(&sql).and_then(|mut found| {
            let row = |row: &rusqlite::Row<'_>| {
                let place = (Position(row.get::<_, i64>(1)? as u64), EventId::new(&row.get::<_, String>(2)?));
                Ok(ModelPart { number: row.get(0)?, place })
            };
            found.query_map([&self.table], row)?.collect()
        });
        read.map_err(|error| self.failed(error))
    }

    fn set_parts(&mut self, parts: &[ModelPart]) -> Result<(), ModelError> {
        let sql = format!("INSERT OR REPLACE INTO {PARTS} (model, part, position, event) VALUES (?1, ?2, ?3, ?4)");
        for ModelPart { number, place: (position, event) } in parts {
            let row = params![self.table, number, position.0 as i64, event.to_string()];
            self.connection.execute(&sql, row).map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    fn rows(&mut self) -> Result<u64, ModelError> {
        let sql = format!("SELECT count(*) FROM {}", quoted(&self.table));
        let count = self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
        count.map(|count| count as u64).map_err(|error| self.failed(error))
    }

    fn set_head(&mut self, head: &ModelHead) -> Result<(), ModelError> {
        let ModelHead { definition, columns, source, place } = head;
        let columns = serde_json::to_string(columns).unwrap_or_default();
        let (position, event) = place.as_ref().map(|(position, event)| (position.0 as i64, event.to_string())).unzip();
        let sql = format!("INSERT OR REPLACE INTO {HEADS} VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        let row = params![self.table, FORMAT, definition, columns, source, position, event];
        self.connection.execute(&sql, row).map(drop).map_err(|error| self.failed(error))
    }
}

pub(in crate::store) fn read_table(
    path: &Path,
    place: &ModelPlace,
    columns: &[String],
    visit: &mut dyn FnMut(&[Value]) -> Flow,
) -> Result<(), ModelError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()).into());
    }
    let file = ReadOnlyFile::open(path)?;
    let failed = |source| StoreError::from_sqlite(path, source);
    let table = place.table();
    let known = {
        let mut listed = file.connection().prepare("SELECT name FROM pragma_table_xinfo(?1)").map_err(failed)?;
        let names = listed.query_map([table], |row| row.get::<_, String>(0)).and_then(Iterator::collect);
        names.map_err(failed).map(|names: Vec<String>| names)?
    };
    if known.is_empty() {
        let catalogue = super::read_catalogue(file.connection()).map_err(failed)?;
        let (place, table) = (place.source.to_string(), table.to_owned());
        return Err(ModelError::NoTable { place, table, near: catalogue.names() });
    }
    for column in columns {
        if !known.iter().any(|known| known.eq_ignore_ascii_case(column)) {
            let (place, table) = (place.source.to_string(), table.to_owned());
            return Err(ModelError::NoColumn { place, table, column: column.clone(), known: known.join(", ") });
        }
    }
    let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let sql = format!("SELECT {} FROM {}", names.join(", "), quoted(table));
    let mut read = || -> rusqlite::Result<()> {
        let mut statement = file.connection().prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let values: Vec<Value> =
                (0..columns.len()).map(|at| row.get_ref(at).map_or(Value::Null, json_of)).collect();
            if visit(&values).is_break() {
                break;
            }
        }
        Ok(())
    };
    let answer = read();
    file.still_the_same()?;
    Ok(answer.map_err(failed)?)
}

fn json_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned().into(),
    }
}
