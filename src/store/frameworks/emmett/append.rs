use rusqlite::{OptionalExtension, params};

use super::super::rules::Append;
use super::super::writing::Shaped;
use crate::store::postgres::Client;

/// The part of the tables that a stream is in unless it was put in another.
const PARTITION: &str = "emt:default";

/// What a stream is about, as the framework reads it from its name.
fn kind_of(stream: &str) -> &str {
    stream.split_once('-').map_or(super::NO_KIND, |(kind, _)| kind)
}

/// The stream's own row is moved on first: it is there that the framework compares the version.
pub(super) fn to_sqlite(append: &Append<'_>, to: &rusqlite::Connection, events: &[Shaped]) -> rusqlite::Result<bool> {
    let (stream, table) = (append.stream.as_str(), append.table.quoted());
    let before = append.last.map_or(0, |last| last.0 as i64);
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
    let of_stream = format!("SELECT partition FROM {table} WHERE stream_id = ?1 LIMIT 1");
    let partition: Option<String> = to.query_row(&of_stream, [stream], |row| row.get(0)).optional()?;
    let partition = partition.unwrap_or_else(|| PARTITION.to_owned());
    if moved == 0 {
        to.execute(
            "INSERT INTO emt_streams
             (stream_id, stream_position, partition, stream_type, stream_metadata, is_archived)
             VALUES (?1, ?2, ?3, ?4, '{}', FALSE)",
            params![stream, after, partition, kind_of(stream)],
        )?;
    }
    let mut insert = to.prepare(&format!(
        "INSERT INTO {table} (stream_id, stream_position, partition, message_kind, message_data, message_metadata,
         message_schema_version, message_type, message_id, is_archived)
         VALUES (?1, ?2, ?3, 'E', ?4, ?5, ?6, ?7, ?8, FALSE)"
    ))?;
    // Its SQLite store writes the version that the append expected where its other store writes a schema.
    let schema = before.to_string();
    for (event, version) in append.numbered(events) {
        let Shaped { id, event_type, payload, metadata, schema: _ } = event;
        let payload = String::from_utf8_lossy(payload);
        let id = id.to_string();
        insert.execute(params![stream, version, partition, payload, metadata, schema, event_type, id])?;
    }
    Ok(true)
}

/// Its own function, which moves the stream's row on and gives every message its transaction.
pub(super) fn to_postgres(
    append: &Append<'_>,
    to: &mut Client,
    events: &[Shaped],
) -> Result<bool, tokio_postgres::Error> {
    append.look_into_schema(to)?;
    let ids: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
    let payloads: Vec<_> = events.iter().map(|event| String::from_utf8_lossy(&event.payload).into_owned()).collect();
    let metadata: Vec<&str> = events.iter().map(|event| event.metadata.as_str()).collect();
    let schemas: Vec<&str> = events.iter().map(|event| event.schema.as_str()).collect();
    let types: Vec<&str> = events.iter().map(|event| event.event_type.as_str()).collect();
    let kinds = vec!["E"; events.len()];
    let stream = append.stream.as_str();
    let kind = kind_of(stream);
    let last = append.last.map_or(0, |last| last.0 as i64);
    let found = format!("SELECT partition FROM {} WHERE stream_id = $1 LIMIT 1", append.table.quoted());
    let partition: Option<String> = to.query_opt(&found, &[&stream])?.map(|row| row.try_get(0)).transpose()?;
    let partition = partition.unwrap_or_else(|| PARTITION.to_owned());
    let row = to.query_one(
        "SELECT success FROM emt_append_to_stream($1::text[], $2::text[]::jsonb[], $3::text[]::jsonb[], $4::text[], \
         $5::text[], $6::text[], $7::text, $8::text, $9::bigint, $10::text)",
        &[&ids, &payloads, &metadata, &schemas, &types, &kinds, &stream, &kind, &last, &partition],
    )?;
    row.try_get(0)
}
