//! Appending by the frameworks' own rules: their keys refuse what would conflict, and their counts move on.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};

use super::{ForeignSqlite, SqliteTables};
use crate::event::{NewEvent, StreamId, Version};
use crate::store::frameworks::{
    Append, AppendRules, Example, Layout, Shaped, SqliteRules, Table, shaped, stream_parts,
};
use crate::store::{
    AppendError, Appended, Expected, ReadOnlyReason, Store, StoreError, Unfit, Writer, check_call, check_version,
};

/// How long an append waits for another writer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Why nothing can be appended; `None` where it can.
pub(super) fn read_only_reason(path: &Path, layout: &Layout) -> Option<ReadOnlyReason> {
    let is_locked = || std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly());
    let of_file = || is_locked().then_some(ReadOnlyReason::Permissions);
    layout.why_read_only().or_else(of_file)
}

impl Writer for ForeignSqlite {
    fn append(&mut self, stream: &StreamId, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError> {
        check_call(stream, events)?;
        let events: Vec<NewEvent> =
            events.iter().map(|event| self.respelled(stream, event)).collect::<Result<_, _>>()?;
        let events = events.as_slice();
        let transaction = self.database.begin()?;
        // The lock is held from here on, so that what is read stays true until what is written is.
        if let Some(there) = self.already_there(stream, events)? {
            return Ok(there);
        }
        let last = self.stream(stream)?.map(|row| row.last_version);
        if !expected.holds(last) {
            return self.conflict(stream, expected, events);
        }
        let first = last.map_or(Version(self.layout().version_base), |last| Version(last.0.saturating_add(1)));
        if events.is_empty() {
            return Ok(Appended { first, last: last.unwrap_or_default(), position: None, already_there: false });
        }
        check_version(stream, Version(first.0.saturating_add(events.len() as u64 - 1)))?;
        let framework = self.layout().framework;
        if let Some(closed) = self.closed(stream)? {
            return Err(AppendError::of_closed(closed, stream));
        }
        let (rules, sqlite) = self.rules()?;
        let table = Table { name: self.layout().table.clone(), ..Table::default() };
        let append = Append { table: &table, stream, last, first };
        let failed = |source| self.database.failed(source);
        let example = self.example(sqlite, &append, &transaction).map_err(failed)?;
        let shaped: Vec<Shaped> =
            events.iter().map(|event| shaped(rules, example.as_ref(), event)).collect::<Result<_, _>>()?;
        match (sqlite.write)(&append, &transaction, &shaped) {
            Ok(true) => {}
            Ok(false) => return self.conflict(stream, expected, events),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return Err(AppendError::Unfit { framework, why: Unfit::Refused(error.to_string()) });
            }
            Err(error) => return Err(failed(error).into()),
        }
        transaction.commit().map_err(failed)?;
        let last = Version(first.0 + events.len() as u64 - 1);
        // What was recorded stays so, whether its position can be asked for or not.
        let position = self.event_at(stream, last).ok().flatten().and_then(|event| event.position);
        Ok(Appended { first, last, position, already_there: false })
    }
}

impl SqliteTables {
    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(&self.path, source)
    }

    fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        let super::Access::Writing(connection) = &self.access else {
            return Err(StoreError::ReadOnly(self.path.clone()));
        };
        Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(|source| self.failed(source))
    }
}

impl ForeignSqlite {
    fn rules(&self) -> Result<(&'static AppendRules, &'static SqliteRules), StoreError> {
        let rules = self.layout().append_rules();
        let both = rules.and_then(|rules| Some((rules, rules.sqlite.as_ref()?)));
        both.ok_or_else(|| StoreError::ReadOnly(self.database.path.clone()))
    }

    /// The stream's newest event, untouched.
    fn example(
        &self,
        rules: &SqliteRules,
        append: &Append<'_>,
        connection: &Connection,
    ) -> rusqlite::Result<Option<Example>> {
        let Some(sql) = rules.example else { return Ok(None) };
        let parts = stream_parts(append.stream.as_str(), self.layout().stream.len()).unwrap_or_default();
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Example { event_type: row.get(0)?, payload: row.get(1)?, schema: row.get(2)? })
        };
        connection.query_row(&sql(append.table), rusqlite::params_from_iter(parts), read).optional()
    }
}
