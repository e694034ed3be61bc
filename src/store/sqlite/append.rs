//! Appending by the frameworks' own rules: their keys refuse what would conflict, and their counts move on.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{ForeignSqlite, SqliteTables};
use crate::event::{NewEvent, StreamId, Version};
use crate::store::foreign::{Example, Shaped, quote, shaped, stream_parts};
use crate::store::{AppendError, Appended, Expected, Framework, Reader, StoreError, Writer, check_call};

/// How long an append waits for another writer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Why nothing can be appended; `None` where it can.
pub(super) fn read_only_reason(path: &Path, framework: Framework) -> Option<&'static str> {
    match framework {
        Framework::Eventsourcing | Framework::Emmett | Framework::CqrsEs => {
            let is_locked = std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly());
            is_locked.then_some("the file may only be read; check its permissions")
        }
        Framework::Ocel => Some("a log of events is a record made from other systems; correct it there"),
        Framework::Mapped => Some("a mapping says how to read a table, not by which rules to write it"),
        _ => Some("the framework's own rules for appending cannot be kept from outside; append with the application"),
    }
}

/// One append, as the table it goes to needs it.
struct Append<'a> {
    framework: Framework,
    table: &'a str,
    stream: &'a StreamId,
    /// Before this append.
    last: Option<Version>,
    first: Version,
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
        let first = last.map_or(Version(self.layout().version_base), |last| Version(last.0 + 1));
        if events.is_empty() {
            return Ok(Appended { first, last: last.unwrap_or_default(), position: None, already_there: false });
        }
        let framework = self.layout().framework;
        if let Some(last) = last
            && self.event_at(stream, last)?.is_some_and(|event| event.metadata().all.contains_key("archived"))
        {
            return Err(AppendError::Unfit { framework, detail: format!("{stream} is archived") });
        }
        let append = Append { framework, table: &quote(&self.layout().table), stream, last, first };
        let failed = |source| self.database.failed(source);
        let example = append.example(&transaction).map_err(failed)?;
        let shaped: Vec<Shaped> =
            events.iter().map(|event| shaped(framework, example.as_ref(), event)).collect::<Result<_, _>>()?;
        match append.run(&transaction, &shaped) {
            Ok(true) => {}
            Ok(false) => return self.conflict(stream, expected, events),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return Err(AppendError::Unfit { framework, detail: format!("its table refused it ({error})") });
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
        let super::Access::Writing(connection, _) = &self.access else {
            return Err(StoreError::ReadOnly(self.path.clone()));
        };
        Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(|source| self.failed(source))
    }
}

impl Append<'_> {
    /// The stream's newest event, untouched.
    fn example(&self, connection: &Connection) -> rusqlite::Result<Option<Example>> {
        let table = self.table;
        let (sql, count) = match self.framework {
            Framework::Eventsourcing => (
                format!(
                    "SELECT topic, CAST(state AS BLOB), NULL FROM {table} WHERE originator_id = ?1
                     ORDER BY originator_version DESC LIMIT 1"
                ),
                1,
            ),
            Framework::CqrsEs => (
                format!(
                    "SELECT event_type, CAST(payload AS BLOB), event_version FROM {table}
                     WHERE aggregate_type = ?1 AND aggregate_id = ?2 ORDER BY sequence DESC LIMIT 1"
                ),
                2,
            ),
            _ => return Ok(None),
        };
        let parts = stream_parts(self.stream.as_str(), count).unwrap_or_default();
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Example { event_type: row.get(0)?, payload: row.get(1)?, schema: row.get(2)? })
        };
        connection.query_row(&sql, rusqlite::params_from_iter(parts), read).optional()
    }

    /// Says `false` where another came first.
    fn run(&self, to: &Connection, events: &[Shaped]) -> rusqlite::Result<bool> {
        match self.framework {
            Framework::Eventsourcing => self.to_eventsourcing(to, events),
            Framework::CqrsEs => self.to_cqrs_es(to, events),
            _ => self.to_emmett(to, events),
        }
    }

    fn to_eventsourcing(&self, to: &Connection, events: &[Shaped]) -> rusqlite::Result<bool> {
        let mut insert = to.prepare(&format!(
            "INSERT INTO {} (originator_id, originator_version, topic, state) VALUES (?1, ?2, ?3, ?4)",
            self.table
        ))?;
        for (event, version) in events.iter().zip(self.first.0 as i64..) {
            insert.execute(params![self.stream.as_str(), version, event.event_type, event.payload])?;
        }
        Ok(true)
    }

    /// A kept snapshot stays true: the framework replays what comes after it.
    fn to_cqrs_es(&self, to: &Connection, events: &[Shaped]) -> rusqlite::Result<bool> {
        let parts = stream_parts(self.stream.as_str(), 2).unwrap_or_default();
        let [kind, id] = parts.as_slice() else { return Ok(false) };
        let mut insert = to.prepare(&format!(
            "INSERT INTO {} (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            self.table
        ))?;
        for (event, version) in events.iter().zip(self.first.0 as i64..) {
            let Shaped { id: _, event_type, payload, metadata, schema } = event;
            let payload = String::from_utf8_lossy(payload);
            insert.execute(params![kind, id, version, event_type, schema, payload, metadata])?;
        }
        Ok(true)
    }

    /// The stream's own row is moved on first: it is there that the framework compares the version.
    fn to_emmett(&self, to: &Connection, events: &[Shaped]) -> rusqlite::Result<bool> {
        let stream = self.stream.as_str();
        let before = self.last.map_or(0, |last| last.0 as i64);
        let after = before + events.len() as i64;
        let moved = to.execute(
            "UPDATE emt_streams SET stream_position = ?3
             WHERE stream_id = ?1 AND stream_position = ?2 AND NOT is_archived",
            params![stream, before, after],
        )?;
        let known: bool =
            to.query_row("SELECT EXISTS (SELECT 1 FROM emt_streams WHERE stream_id = ?1)", [stream], |row| row.get(0))?;
        if moved == 0 && known {
            return Ok(false);
        }
        let of_stream = format!("SELECT partition FROM {} WHERE stream_id = ?1 LIMIT 1", self.table);
        let partition: Option<String> = to.query_row(&of_stream, [stream], |row| row.get(0)).optional()?;
        let partition = partition.unwrap_or_else(|| "emt:default".to_owned());
        if moved == 0 {
            let kind = stream.split_once('-').map_or("emt:unknown", |(kind, _)| kind);
            to.execute(
                "INSERT INTO emt_streams
                 (stream_id, stream_position, partition, stream_type, stream_metadata, is_archived)
                 VALUES (?1, ?2, ?3, ?4, '{}', FALSE)",
                params![stream, after, partition, kind],
            )?;
        }
        let mut insert = to.prepare(&format!(
            "INSERT INTO {} (stream_id, stream_position, partition, message_kind, message_data, message_metadata,
             message_schema_version, message_type, message_id, is_archived)
             VALUES (?1, ?2, ?3, 'E', ?4, ?5, ?6, ?7, ?8, FALSE)",
            self.table
        ))?;
        for (event, version) in events.iter().zip(self.first.0 as i64..) {
            let Shaped { id, event_type, payload, metadata, schema: _ } = event;
            let payload = String::from_utf8_lossy(payload);
            // Its SQLite store writes the version that the append expected where its other store writes a schema.
            let schema = before.to_string();
            insert.execute(params![
                stream,
                version,
                partition,
                payload,
                metadata,
                schema,
                event_type,
                id.to_string()
            ])?;
        }
        Ok(true)
    }
}
