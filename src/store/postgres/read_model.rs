//! Read models in tables of a PostgreSQL database.

use std::collections::HashMap;

use serde_json::Value;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::client::Client;
use super::connection::quoted;
use super::pool::Server;
use super::{Address, PgDatabase, ServerDetail, ServerError, failed};
use crate::event::{EventId, Position, StreamId, Version, json_value};
use crate::store::Flow;
use crate::store::frameworks::{Database, Sql};
use crate::store::read_model::{
    ColumnKind, FORMAT, HEADS, KEPT, KeptRow, ModelColumn, ModelError, ModelHead, ModelPart, ModelPlace, ModelRow,
    PARTS, ReadModel, address_and_table, beside,
};

/// Rows that are written in one statement.
const AT_ONCE: usize = 1_000;

pub(in crate::store) fn write_model<T, E: From<ModelError>>(
    address: &Address,
    place: &ModelPlace,
    work: &mut dyn FnMut(&mut dyn ReadModel) -> Result<T, E>,
) -> Result<T, E> {
    let server = Server::at(address).map_err(|error| ModelError::Store(failed(address, error)))?;
    let said = |error: ServerError| ModelError::Store(failed(address, error));
    let mut lent = server.lend().map_err(said)?;
    let client = lent.client().ok_or_else(|| said(ServerError::Lost(ServerDetail::HungUp)))?;
    let mut model = PgModel { client, server: &server, address, table: place.table().to_owned() };
    let answer = model.begin().map_err(E::from).and_then(|()| work(&mut model));
    let ended = model.run(if answer.is_ok() { "COMMIT" } else { "ROLLBACK" });
    if ended.is_err() {
        // Nobody else is to get it in the middle of a transaction.
        lent.close();
    }
    let answer = answer?;
    ended?;
    Ok(answer)
}

struct PgModel<'c> {
    client: &'c mut Client,
    server: &'c Server,
    address: &'c Address,
    /// Perhaps with its schema.
    table: String,
}

/// A name with its schema, as PostgreSQL takes it literally.
fn full(table: &str) -> String {
    table.split('.').map(quoted).collect::<Vec<_>>().join(".")
}

impl PgModel<'_> {
    fn failed(&self, error: &Error) -> ModelError {
        ModelError::Store(failed(self.address, self.server.server_error(error)))
    }

    fn run(&mut self, sql: &str) -> Result<(), ModelError> {
        let answer = self.client.batch_execute(sql);
        answer.map_err(|error| self.failed(&error))
    }

    fn execute(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<(), ModelError> {
        let answer = self.client.execute(sql, values);
        answer.map(drop).map_err(|error| self.failed(&error))
    }

    /// The name without its schema, as the tables beside it have it.
    fn name(&self) -> &str {
        self.table.rsplit('.').next().unwrap_or_default()
    }

    fn is_there(&mut self, table: &str) -> Result<bool, ModelError> {
        let there = self.client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]);
        there.and_then(|row| row.try_get(0)).map_err(|error| self.failed(&error))
    }

    fn own(&self, name: &str) -> String {
        full(&beside(&self.table, name))
    }

    fn begin(&mut self) -> Result<(), ModelError> {
        self.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")?;
        // Whoever comes second waits here, and then finds what the first has written. It takes as long as the first does.
        self.run("SET LOCAL lock_timeout = '60s'")?;
        self.execute("SELECT pg_advisory_xact_lock(hashtext($1))", &[&"foldline read models"])?;
        let (heads, kept) = (self.own(HEADS), self.own(KEPT));
        // Only where they are missing: whoever may write to the tables need not be one who may make any.
        if !self.is_there(&heads)? {
            self.run(&format!(
                "CREATE TABLE {heads} (model text PRIMARY KEY, format bigint NOT NULL, definition text NOT NULL,
                     columns text NOT NULL, source text NOT NULL, position bigint, event text);
                 CREATE TABLE {kept} (model text NOT NULL, stream text NOT NULL, version bigint NOT NULL,
                     state text NOT NULL, PRIMARY KEY (model, stream))"
            ))?;
        }
        Ok(())
    }
}

/// As PostgreSQL reads it from text. It has no place for the letter nought.
fn pg_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(storable(text)),
        other => Some(other.to_string()),
    }
}

pub(in crate::store) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn pg_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Bool => "boolean",
        ColumnKind::Integer => "bigint",
        ColumnKind::Number => "numeric",
        ColumnKind::Json => "jsonb",
        ColumnKind::Text | ColumnKind::Empty => "text",
    }
}

impl ReadModel for PgModel<'_> {
    fn head(&mut self) -> Result<Option<ModelHead>, ModelError> {
        let heads = self.own(HEADS);
        let sql = format!("SELECT format, definition, columns, source, position, event FROM {heads} WHERE model = $1");
        let name = self.name().to_owned();
        let found = self.client.query_opt(&sql, &[&name]).map_err(|error| self.failed(&error))?;
        let Some(row) = found else {
            return if self.is_there(&full(&self.table))? {
                Err(ModelError::TableTaken { place: self.address.to_string(), table: self.table.clone() })
            } else {
                Ok(None)
            };
        };
        let read = || -> Result<_, Error> {
            let place = row.try_get::<_, Option<i64>>(4)?.zip(row.try_get::<_, Option<String>>(5)?);
            Ok((row.try_get::<_, i64>(0)?, row.try_get(1)?, row.try_get::<_, String>(2)?, row.try_get(3)?, place))
        };
        let (format, definition, columns, source, place) = read().map_err(|error| self.failed(&error))?;
        if format > FORMAT {
            return Err(ModelError::Newer(address_and_table(self.address, &self.table)));
        }
        // Somebody dropped it to have it made anew.
        if !self.is_there(&full(&self.table))? {
            return Ok(None);
        }
        let place = place.map(|(position, event)| (Position(position as u64), EventId::new(&event)));
        let columns = serde_json::from_str(&columns).unwrap_or_default();
        Ok(Some(ModelHead { definition, columns, source, place }))
    }

    fn make(&mut self, columns: &[ModelColumn]) -> Result<(), ModelError> {
        let table = full(&self.table);
        let declared = |column: &ModelColumn| format!("{} {}", quoted(&column.name), pg_type(column.kind));
        let own = ["stream text PRIMARY KEY", "version bigint NOT NULL", "recorded_at timestamptz"].map(str::to_owned);
        let columns: Vec<String> = own.into_iter().chain(columns.iter().map(declared)).collect();
        // What others made on top of it, such as a view, is not taken away silently.
        self.run(&format!(
            "DROP TABLE IF EXISTS {table};
             CREATE TABLE {table} ({})",
            columns.join(", ")
        ))?;
        let name = self.name().to_owned();
        for beside in [self.own(KEPT), self.own(PARTS)] {
            if self.is_there(&beside)? {
                self.execute(&format!("DELETE FROM {beside} WHERE model = $1"), &[&name])?;
            }
        }
        Ok(())
    }

    fn add_column(&mut self, column: &ModelColumn) -> Result<(), ModelError> {
        let (name, kind, default) = (quoted(&column.name), pg_type(column.kind), column.default());
        self.run(&format!("ALTER TABLE {} ADD COLUMN {name} {kind}{default}", full(&self.table)))
    }

    fn widen_column(&mut self, column: &ModelColumn) -> Result<(), ModelError> {
        let (name, kind) = (quoted(&column.name), pg_type(column.kind));
        let table = full(&self.table);
        self.run(&format!("ALTER TABLE {table} ALTER COLUMN {name} TYPE {kind} USING {name}::text::{kind}"))
    }

    fn put(&mut self, columns: &[ModelColumn], rows: &[ModelRow]) -> Result<(), ModelError> {
        let names: Vec<String> = ["stream", "version", "recorded_at"]
            .into_iter()
            .map(str::to_owned)
            .chain(columns.iter().map(|column| quoted(&column.name)))
            .collect();
        let kinds =
            ["text", "bigint", "timestamptz"].into_iter().chain(columns.iter().map(|column| pg_type(column.kind)));
        let casts: Vec<String> = kinds.enumerate().map(|(at, kind)| format!("c{at}::{kind}")).collect();
        let places: Vec<String> = (1..=names.len()).map(|at| format!("${at}::text[]")).collect();
        let aliases: Vec<String> = (0..names.len()).map(|at| format!("c{at}")).collect();
        let sets: Vec<String> = names.iter().skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
        let sql = format!(
            "INSERT INTO {} AS held ({}) SELECT {} FROM unnest({}) AS rows ({})
             ON CONFLICT (stream) DO UPDATE SET {} WHERE held.version <= excluded.version",
            full(&self.table),
            names.join(", "),
            casts.join(", "),
            places.join(", "),
            aliases.join(", "),
            sets.join(", ")
        );
        let keep = format!(
            "INSERT INTO {} AS held (model, stream, version, state)
             SELECT $1, s, v::bigint, t FROM unnest($2::text[], $3::text[], $4::text[]) AS rows (s, v, t)
             ON CONFLICT (model, stream) DO UPDATE SET version = excluded.version, state = excluded.state
             WHERE held.version <= excluded.version",
            self.own(KEPT)
        );
        for rows in rows.chunks(AT_ONCE) {
            let mut texts: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(rows.len()); names.len()];
            for row in rows {
                let head =
                    [Some(storable(row.stream.as_str())), Some(row.version.to_string()), row.recorded_at.clone()];
                for (text, value) in texts.iter_mut().zip(head.into_iter().chain(row.values.iter().map(pg_text))) {
                    text.push(value);
                }
            }
            let values: Vec<&(dyn ToSql + Sync)> = texts.iter().map(|text| text as _).collect();
            self.execute(&sql, &values)?;
            // A state with a letter that has no place here is folded from its events again.
            let kept = rows.iter().filter_map(|row| Some((row, row.kept.as_ref()?)));
            let kept: Vec<(String, String, &String)> = kept
                .filter(|(_, state)| !state.contains('\0'))
                .map(|(row, state)| (storable(row.stream.as_str()), row.version.to_string(), state))
                .collect();
            if !kept.is_empty() {
                let name = self.name().to_owned();
                let streams: Vec<&str> = kept.iter().map(|(stream, ..)| stream.as_str()).collect();
                let versions: Vec<&str> = kept.iter().map(|(_, version, _)| version.as_str()).collect();
                let states: Vec<&str> = kept.iter().map(|(.., state)| state.as_str()).collect();
                self.execute(&keep, &[&name, &streams, &versions, &states])?;
            }
        }
        Ok(())
    }

    fn version(&mut self, stream: &StreamId) -> Result<Option<Version>, ModelError> {
        let sql = format!("SELECT version FROM {} WHERE stream = $1", full(&self.table));
        let found = self.client.query_opt(&sql, &[&storable(stream.as_str())]);
        let found = found.and_then(|row| row.map(|row| row.try_get::<_, i64>(0)).transpose());
        found.map(|found| found.map(|version| Version(version as u64))).map_err(|error| self.failed(&error))
    }

    fn kept(&mut self, stream: &StreamId) -> Result<Option<(Version, String)>, ModelError> {
        let sql = format!("SELECT version, state FROM {} WHERE model = $1 AND stream = $2", self.own(KEPT));
        let name = self.name().to_owned();
        let found = self.client.query_opt(&sql, &[&name, &storable(stream.as_str())]);
        let found = found.and_then(|row| {
            row.map(|row| Ok((Version(row.try_get::<_, i64>(0)? as u64), row.try_get(1)?))).transpose()
        });
        found.map_err(|error| self.failed(&error))
    }

    fn held(&mut self, streams: &[StreamId]) -> Result<Vec<(StreamId, KeptRow)>, ModelError> {
        let sql = format!(
            "SELECT held.stream, held.version, kept.version, kept.state FROM {} held
             LEFT JOIN {} kept ON kept.model = $1 AND kept.stream = held.stream WHERE held.stream = ANY($2)",
            full(&self.table),
            self.own(KEPT)
        );
        let name = self.name().to_owned();
        let mut known: HashMap<String, &StreamId> =
            streams.iter().map(|stream| (storable(stream.as_str()), stream)).collect();
        let names: Vec<String> = known.keys().cloned().collect();
        let rows = self.client.query(&sql, &[&name, &names]).map_err(|error| self.failed(&error))?;
        let read = |row: &Row| -> Result<_, Error> {
            let kept = row.try_get::<_, Option<i64>>(2)?.zip(row.try_get::<_, Option<String>>(3)?);
            let kept = kept.map(|(version, state)| (Version(version as u64), state));
            Ok((row.try_get::<_, String>(0)?, (Version(row.try_get::<_, i64>(1)? as u64), kept)))
        };
        let mut held = Vec::with_capacity(rows.len());
        for row in &rows {
            let (stream, row) = read(row).map_err(|error| self.failed(&error))?;
            held.extend(known.remove(&stream).map(|stream| (stream.clone(), row)));
        }
        Ok(held)
    }

    fn parts(&mut self) -> Result<Vec<ModelPart>, ModelError> {
        let parts = self.own(PARTS);
        if !self.is_there(&parts)? {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT part, position, event FROM {parts} WHERE model = $1 ORDER BY part");
        let name = self.name().to_owned();
        let rows = self.client.query(&sql, &[&name]).map_err(|error| self.failed(&error))?;
        let read = |row: &Row| -> Result<_, Error> {
            let place = (Position(row.try_get::<_, i64>(1)? as u64), EventId::new(row.try_get::<_, &str>(2)?));
            Ok(ModelPart { number: row.try_get::<_, i64>(0)? as u32, place })
        };
        rows.iter().map(|row| read(row).map_err(|error| self.failed(&error))).collect()
    }

    fn set_parts(&mut self, parts: &[ModelPart]) -> Result<(), ModelError> {
        let table = self.own(PARTS);
        if !self.is_there(&table)? {
            self.run(&format!(
                "CREATE TABLE {table} (model text NOT NULL, part bigint NOT NULL, position bigint NOT NULL,
                     event text NOT NULL, PRIMARY KEY (model, part))"
            ))?;
        }
        let name = self.name().to_owned();
        let numbers: Vec<i64> = parts.iter().map(|part| i64::from(part.number)).collect();
        let positions: Vec<i64> = parts.iter().map(|part| part.place.0.0 as i64).collect();
        let events: Vec<String> = parts.iter().map(|part| part.place.1.to_string()).collect();
        let sql = format!(
            "INSERT INTO {table} (model, part, position, event)
             SELECT $1, part, position, event FROM unnest($2::bigint[], $3::bigint[], $4::text[]) AS rows (part, position, event)
             ON CONFLICT (model, part) DO UPDATE SET position = excluded.position, event = excluded.event"
        );
        self.execute(&sql, &[&name, &numbers, &positions, &events])
    }

    fn rows(&mut self) -> Result<u64, ModelError> {
        let sql = format!("SELECT count(*) FROM {}", full(&self.table));
        let count = self.client.query_one(&sql, &[]).and_then(|row| row.try_get::<_, i64>(0));
        count.map(|count| count as u64).map_err(|error| self.failed(&error))
    }

    fn set_head(&mut self, head: &ModelHead) -> Result<(), ModelError> {
        let ModelHead { definition, columns, source, place } = head;
        let columns = serde_json::to_string(columns).unwrap_or_default();
        let (position, event) = place.as_ref().map(|(position, event)| (position.0 as i64, event.to_string())).unzip();
        let sql = format!(
            "INSERT INTO {} VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (model) DO UPDATE SET format = excluded.format,
             definition = excluded.definition, columns = excluded.columns, source = excluded.source,
             position = excluded.position, event = excluded.event",
            self.own(HEADS)
        );
        let name = self.name().to_owned();
        self.execute(&sql, &[&name, &FORMAT, definition, &columns, &storable(source), &position, &event])
    }
}

/// Any table, over a connection that only reads. Each value comes as JSON, so that it says of what kind it is.
pub(in crate::store) fn read_table(
    address: &Address,
    place: &ModelPlace,
    columns: &[String],
    visit: &mut dyn FnMut(&[Value]) -> Flow,
) -> Result<(), ModelError> {
    let database = PgDatabase::at(address)?;
    let catalogue = database.catalogue()?;
    let table = place.table();
    let found = catalogue.table(table).ok_or_else(|| ModelError::NoTable {
        place: address.to_string(),
        table: table.to_owned(),
        near: catalogue.names(),
    })?;
    let known: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
    for column in columns {
        if !known.contains(&column.as_str()) {
            return Err(ModelError::NoColumn {
                place: address.to_string(),
                table: table.to_owned(),
                column: column.clone(),
                known: known.join(", "),
            });
        }
    }
    let values: Vec<String> = columns.iter().map(|column| format!("to_json({})::text", quoted(column))).collect();
    let text = format!("SELECT {} FROM {}", values.join(", "), found.quoted());
    database.rows(&Sql { text, values: Vec::new() }, &mut |cells| {
        let values: Vec<Value> =
            (0..columns.len()).map(|at| json_value(cells.cell(at).bytes()).unwrap_or(Value::Null)).collect();
        visit(&values)
    })?;
    Ok(())
}
