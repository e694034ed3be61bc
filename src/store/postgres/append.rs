//! Appending by the frameworks' own rules: their functions, locks and keys refuse what would conflict.

use postgres::error::SqlState;
use postgres::{IsolationLevel, Transaction};

use super::connection::quoted;
use super::{ForeignPostgres, PgDatabase, ServerTrouble};
use crate::event::{NewEvent, StreamId, Version};
use crate::store::foreign::{Example, Layout, Shaped, Table, shaped, stream_parts};
use crate::store::{AppendError, Appended, Expected, Framework, Reader, StoreError, Writer, check_call};

/// How often an append at any version is tried anew after another came first.
const TRIES: usize = 5;

/// Why nothing can be appended; `None` where it can.
pub(super) fn read_only_reason(framework: Framework) -> Option<&'static str> {
    match framework {
        Framework::Eventsourcing | Framework::Emmett | Framework::CqrsEs | Framework::MessageDb => None,
        _ => Some("the framework's own rules for appending cannot be kept from outside; append with the application"),
    }
}

/// One append, as the table it goes to needs it.
struct Append<'a> {
    framework: Framework,
    table: &'a Table,
    stream: &'a StreamId,
    /// Before this append.
    last: Option<Version>,
    first: Version,
}

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
            let first = last.map_or(Version(base), |last| Version(last.0 + 1));
            if events.is_empty() {
                return Ok(Appended { first, last: last.unwrap_or_default(), position: None, already_there: false });
            }
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
        let framework = self.layout().framework;
        if let (Some(_), Some(last)) = (&self.layout().archived, last)
            && self.event_at(stream, last)?.is_some_and(|event| event.metadata().all.contains_key("archived"))
        {
            return Err(AppendError::Unfit { framework, detail: format!("{stream} is archived") });
        }
        let catalogue = self.database.known_catalogue()?;
        let gone = || self.database.failed(ServerTrouble::Changed(self.layout().table.clone()));
        let table = catalogue.table(&self.layout().table).ok_or_else(gone)?;
        let append = Append { framework, table, stream, last, first };
        let example = self.database.example(self.layout(), &append)?;
        let shaped: Vec<Shaped> =
            events.iter().map(|event| shaped(framework, example.as_ref(), event)).collect::<Result<_, _>>()?;
        Ok(self.database.write(&append, &shaped)?)
    }
}

impl PgDatabase {
    /// The stream's newest event, untouched.
    fn example(&self, layout: &Layout, append: &Append<'_>) -> Result<Option<Example>, StoreError> {
        let table = append.table.quoted();
        let sql = match append.framework {
            Framework::Eventsourcing => format!(
                "SELECT topic::text, state, NULL::text FROM {table} WHERE originator_id::text = $1 \
                 ORDER BY originator_version DESC LIMIT 1"
            ),
            Framework::CqrsEs => format!(
                "SELECT event_type::text, convert_to(payload::text, 'UTF8'), event_version::text FROM {table} \
                 WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY sequence DESC LIMIT 1"
            ),
            _ => return Ok(None),
        };
        let parts = stream_parts(append.stream.as_str(), layout.stream.len()).unwrap_or_default();
        let read = &mut |client: &mut postgres::Client| {
            let values: Vec<&(dyn postgres::types::ToSql + Sync)> = parts.iter().map(|part| part as _).collect();
            let Some(row) = client.query_opt(&sql, &values)? else { return Ok(None) };
            Ok(Some(Example { event_type: row.try_get(0)?, payload: row.try_get(1)?, schema: row.try_get(2)? }))
        };
        self.server.repeating(read, &|| true).map_err(|trouble| self.failed(trouble))
    }

    /// Says `false` where another came first. All is written, or nothing.
    fn write(&self, append: &Append<'_>, events: &[Shaped]) -> Result<bool, StoreError> {
        let outcome = self.server.with(|client| -> Result<bool, postgres::Error> {
            let builder = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).read_only(false);
            let mut transaction = builder.start()?;
            let is_written = append.run(&mut transaction, events)?;
            if is_written {
                transaction.commit()?;
            } else {
                transaction.rollback()?;
            }
            Ok(is_written)
        });
        let answer = outcome.map_err(|trouble| self.failed(trouble))?;
        match answer {
            Err(error) if is_conflict(&error) => Ok(false),
            Err(error) => {
                let trouble = self.server.trouble(&error);
                let needed = |table: &str| needed(append.framework, table == append.table.name);
                Err(super::failed(&self.address, self.server.with_missing_rights(trouble, &needed)))
            }
            Ok(is_written) => Ok(is_written),
        }
    }
}

/// What an append needs of the table of events, or of another that goes with it.
fn needed(framework: Framework, is_of_events: bool) -> &'static [&'static str] {
    match (framework, is_of_events) {
        // The lock that keeps others from appending is given to who may change rows.
        (Framework::Eventsourcing, true) => &["SELECT", "INSERT", "UPDATE"],
        (_, true) => &["SELECT", "INSERT"],
        (_, false) => &["SELECT", "INSERT", "UPDATE"],
    }
}

/// A key that is taken, or what Message DB says.
fn is_conflict(error: &postgres::Error) -> bool {
    error.as_db_error().is_some_and(|said| {
        [SqlState::UNIQUE_VIOLATION, SqlState::T_R_SERIALIZATION_FAILURE].contains(said.code())
            || said.message().starts_with("Wrong expected version")
    })
}

impl Append<'_> {
    fn run(&self, transaction: &mut Transaction<'_>, events: &[Shaped]) -> Result<bool, postgres::Error> {
        match self.framework {
            Framework::Eventsourcing => self.to_eventsourcing(transaction, events),
            Framework::CqrsEs => self.to_cqrs_es(transaction, events),
            Framework::MessageDb => self.to_message_db(transaction, events),
            _ => self.to_emmett(transaction, events),
        }
    }

    /// The lock makes notification ids appear in order, and whoever follows the application is woken, as by its own
    /// recorder.
    fn to_eventsourcing(&self, to: &mut Transaction<'_>, events: &[Shaped]) -> Result<bool, postgres::Error> {
        let table = self.table.quoted();
        let channel = quoted(&self.table.name.replace('.', "_"));
        to.batch_execute(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE; NOTIFY {channel}"))?;
        let id_type = self.table.column("originator_id").map_or("text", |column| column.declared.as_str());
        let sql = format!(
            "INSERT INTO {table} (originator_id, originator_version, topic, state) VALUES ($1::text::{id_type}, $2, $3, $4)"
        );
        for (event, version) in events.iter().zip(self.first.0 as i64..) {
            to.execute(&sql, &[&self.stream.as_str(), &version, &event.event_type, &event.payload])?;
        }
        Ok(true)
    }

    fn to_cqrs_es(&self, to: &mut Transaction<'_>, events: &[Shaped]) -> Result<bool, postgres::Error> {
        let Some([kind, id]) =
            stream_parts(self.stream.as_str(), 2).and_then(|parts| <[String; 2]>::try_from(parts).ok())
        else {
            return Ok(false);
        };
        let json = |name| self.table.column(name).map_or("json", |column| column.declared.as_str());
        let sql = format!(
            "INSERT INTO {} (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
             VALUES ($1, $2, $3, $4, $5, $6::text::{}, $7::text::{})",
            self.table.quoted(),
            json("payload"),
            json("metadata"),
        );
        for (event, version) in events.iter().zip(self.first.0 as i64..) {
            let Shaped { id: _, event_type, payload, metadata, schema } = event;
            let payload = String::from_utf8_lossy(payload);
            to.execute(&sql, &[&kind, &id, &version, event_type, schema, &payload.as_ref(), metadata])?;
        }
        Ok(true)
    }

    /// Its own function, which locks the category and compares the version.
    fn to_message_db(&self, to: &mut Transaction<'_>, events: &[Shaped]) -> Result<bool, postgres::Error> {
        self.look_into_schema(to)?;
        let sql = "SELECT write_message($1::text, $2::text, $3::text, $4::text::jsonb, $5::text::jsonb, $6::bigint)";
        for (event, place) in events.iter().zip(0_i64..) {
            let before = self.last.map_or(-1, |last| last.0 as i64) + place;
            let Shaped { id, event_type, payload, metadata, schema: _ } = event;
            let payload = String::from_utf8_lossy(payload);
            let stream = self.stream.as_str();
            to.execute(sql, &[&id.to_string(), &stream, event_type, &payload.as_ref(), metadata, &before])?;
        }
        Ok(true)
    }

    /// Its own function, which moves the stream's row on and gives every message its transaction.
    fn to_emmett(&self, to: &mut Transaction<'_>, events: &[Shaped]) -> Result<bool, postgres::Error> {
        self.look_into_schema(to)?;
        let ids: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
        let payloads: Vec<_> =
            events.iter().map(|event| String::from_utf8_lossy(&event.payload).into_owned()).collect();
        let metadata: Vec<&str> = events.iter().map(|event| event.metadata.as_str()).collect();
        let schemas: Vec<&str> = events.iter().map(|event| event.schema.as_str()).collect();
        let types: Vec<&str> = events.iter().map(|event| event.event_type.as_str()).collect();
        let kinds = vec!["E"; events.len()];
        let stream = self.stream.as_str();
        let kind = stream.split_once('-').map_or("emt:unknown", |(kind, _)| kind);
        let last = self.last.map_or(0, |last| last.0 as i64);
        let found = format!("SELECT partition FROM {} WHERE stream_id = $1 LIMIT 1", self.table.quoted());
        let partition: Option<String> = to.query_opt(&found, &[&stream])?.map(|row| row.try_get(0)).transpose()?;
        let partition = partition.unwrap_or_else(|| "emt:default".to_owned());
        let row = to.query_one(
            "SELECT success FROM emt_append_to_stream($1::text[], $2::text[]::jsonb[], $3::text[]::jsonb[], $4::text[], \
             $5::text[], $6::text[], $7::text, $8::text, $9::bigint, $10::text)",
            &[&ids, &payloads, &metadata, &schemas, &types, &kinds, &stream, &kind, &last, &partition],
        )?;
        row.try_get(0)
    }

    /// The functions name their tables without a schema.
    fn look_into_schema(&self, to: &mut Transaction<'_>) -> Result<(), postgres::Error> {
        match &self.table.schema {
            Some(schema) => to.batch_execute(&format!("SET LOCAL search_path = {}, public", quoted(schema))),
            None => Ok(()),
        }
    }
}
