//! Appending by the frameworks' own rules: their functions, locks and keys refuse what would conflict.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::client::Client;
use super::{ForeignPostgres, PgDatabase, ServerDetail, ServerError};
use crate::event::{NewEvent, StreamId, Version};
use crate::store::frameworks::{Append, Example, Layout, PostgresRules, Shaped, shaped, stream_parts};
use crate::store::{
    AppendError, Appended, Expected, ReadOnlyReason, Store, StoreError, Writer, check_call, check_version,
};

const READ_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// How often an append at any version is tried anew after another came first.
const TRIES: usize = 5;

impl Writer for ForeignPostgres {
    fn append(&mut self, stream: &StreamId, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError> {
        check_call(stream, events)?;
        let events: Vec<NewEvent> =
            events.iter().map(|event| self.respelled(stream, event)).collect::<Result<_, _>>()?;
        let events = events.as_slice();
        if let Some(there) = self.already_there(stream, events)? {
            return Ok(there);
        }
        for _ in 0..TRIES {
            let last = self.stream(stream)?.map(|row| row.last_version);
            if !expected.holds(last) {
                break;
            }
            let base = self.layout().version_base;
            let first = last.map_or(Version(base), |last| Version(last.0.saturating_add(1)));
            if events.is_empty() {
                return Ok(Appended { first, last: last.unwrap_or_default(), position: None, already_there: false });
            }
            check_version(stream, Version(first.0.saturating_add(events.len() as u64 - 1)))?;
            if self.insert(stream, last, first, events)? {
                let last = Version(first.0 + events.len() as u64 - 1);
                // What was recorded stays so, whether its position can be asked for or not.
                let position = self.event_at(stream, last).ok().flatten().and_then(|event| event.position);
                return Ok(Appended { first, last, position, already_there: false });
            }
            if expected != Expected::Any {
                break;
            }
        }
        self.conflict(stream, expected, events)
    }
}

impl ForeignPostgres {
    /// Says `false` where another came first.
    fn insert(
        &self,
        stream: &StreamId,
        last: Option<Version>,
        first: Version,
        events: &[NewEvent],
    ) -> Result<bool, AppendError> {
        if let Some(closed) = self.closed(stream)? {
            return Err(AppendError::of_closed(closed, stream));
        }
        let catalogue = self.database.known_catalogue()?;
        let gone = || self.database.failed(ServerError::Changed(ServerDetail::Said(self.layout().table.clone())));
        let table = catalogue.table(&self.layout().table).ok_or_else(gone)?;
        let rules = self.layout().append_rules();
        let Some((rules, postgres)) = rules.and_then(|rules| Some((rules, rules.postgres.as_ref()?))) else {
            let place = self.database.address.to_string();
            let reason = self.layout().why_read_only().unwrap_or(ReadOnlyReason::RulesOutside);
            return Err(StoreError::OnlyReads { place, reason }.into());
        };
        let append = Append { table, stream, last, first };
        let example = self.database.example(self.layout(), postgres, &append)?;
        let shaped: Vec<Shaped> =
            events.iter().map(|event| shaped(rules, example.as_ref(), event)).collect::<Result<_, _>>()?;
        Ok(self.database.write(postgres, &append, &shaped)?)
    }
}

impl PgDatabase {
    /// The stream's newest event, untouched.
    fn example(
        &self,
        layout: &Layout,
        rules: &PostgresRules,
        append: &Append<'_>,
    ) -> Result<Option<Example>, StoreError> {
        let Some(sql) = rules.example else { return Ok(None) };
        let sql = sql(append.table);
        let parts = stream_parts(append.stream.as_str(), layout.stream.len()).unwrap_or_default();
        let read = &mut |client: &mut Client| {
            let values: Vec<&(dyn ToSql + Sync)> = parts.iter().map(|part| part as _).collect();
            let Some(row) = client.query_opt(&sql, &values)? else { return Ok(None) };
            Ok(Some(Example { event_type: row.try_get(0)?, payload: row.try_get(1)?, schema: row.try_get(2)? }))
        };
        self.server.repeating(read, &|| true).map_err(|error| self.failed(error))
    }

    /// Says `false` where another came first. All is written, or nothing.
    fn write(&self, rules: &PostgresRules, append: &Append<'_>, events: &[Shaped]) -> Result<bool, StoreError> {
        let outcome = self.server.with(|client| {
            client.in_transaction(READ_WRITE, |client| (rules.write)(append, client, events), |is_written| *is_written)
        });
        let answer = outcome.map_err(|error| self.failed(error))?;
        match answer {
            Err(error) if is_conflict(&error) => Ok(false),
            Err(error) => {
                let error = self.server.server_error(&error);
                let needed = |table: &str| if table == append.table.name { rules.rights } else { TO_MOVE_ON };
                Err(super::failed(&self.address, self.server.with_missing_rights(error, &needed)))
            }
            Ok(is_written) => Ok(is_written),
        }
    }
}

/// What an append needs of a table that goes with the events, and says how far each stream has come.
const TO_MOVE_ON: &[&str] = &["SELECT", "INSERT", "UPDATE"];

/// A key that is taken, or what Message DB says.
fn is_conflict(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|said| {
        [SqlState::UNIQUE_VIOLATION, SqlState::T_R_SERIALIZATION_FAILURE].contains(said.code())
            || said.message().starts_with("Wrong expected version")
    })
}
