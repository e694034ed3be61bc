//! Other frameworks' tables in a SQLite file.

mod catalogue;

use std::path::{Path, PathBuf};

use rusqlite::Row;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

pub(crate) use catalogue::read_catalogue;

use super::foreign::{Cell, Cells, Database, ForeignStore, Sql, Value, chosen};
use super::opening::ReadOnlyFile;
use super::{Finding, FindingKind, Flow, OpenOptions, StoreError};

/// A SQLite file whose tables are read by a declaration.
pub type ForeignSqlite = ForeignStore<SqliteTables>;

#[derive(Debug)]
pub struct SqliteTables {
    path: PathBuf,
    file: ReadOnlyFile,
}

impl SqliteTables {
    pub(crate) fn new(path: &Path, file: ReadOnlyFile) -> Self {
        Self { path: path.to_owned(), file }
    }

    pub(crate) fn connection(&self) -> &rusqlite::Connection {
        &self.file.connection
    }
}

/// Reads by the mapping, or by what the tables themselves say.
pub(super) fn open(path: &Path, file: ReadOnlyFile, options: &OpenOptions) -> Result<ForeignSqlite, StoreError> {
    let catalogue = read_catalogue(&file.connection).map_err(|source| StoreError::from_sqlite(path, source))?;
    let layout = chosen(&path.display().to_string(), &catalogue, options.mapping.as_ref())?
        .ok_or_else(|| StoreError::Unrecognised { path: path.to_owned(), tables: catalogue.names() })?;
    ForeignStore::new(SqliteTables::new(path, file), layout, options.key.clone())
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
    fn rows(&self, sql: &Sql, visit: &mut dyn FnMut(&dyn Cells) -> Flow) -> Result<(), StoreError> {
        let mut run = || -> rusqlite::Result<()> {
            let mut statement = self.file.connection.prepare_cached(&sql.text)?;
            let mut rows = statement.query(rusqlite::params_from_iter(&sql.values))?;
            while let Some(row) = rows.next()? {
                if visit(&SqliteRow(row)).is_break() {
                    break;
                }
            }
            Ok(())
        };
        let answer = run();
        // A half-seen write can look like damage; that somebody wrote is then the truer answer.
        self.file.still_the_same()?;
        answer.map_err(|source| StoreError::from_sqlite(&self.path, source))
    }

    fn notice(&self) -> Option<String> {
        self.file.is_damaged.then(|| {
            format!(
                "{}: the file is damaged or cut short; what can still be read is shown: restore it from a copy",
                self.path.display()
            )
        })
    }

    fn verify(&self, report: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        let mut say = |message| report(Finding { kind: FindingKind::Damaged, stream: None, version: None, message });
        if let Some(message) = self.notice() {
            say(message);
        }
        let check = Sql { text: "PRAGMA integrity_check(20)".to_owned(), values: Vec::new() };
        self.rows(&check, &mut |cells| {
            let message = cells.cell(0).name().into_owned();
            if message != "ok" {
                say(message);
            }
            Flow::Continue(())
        })
    }
}
