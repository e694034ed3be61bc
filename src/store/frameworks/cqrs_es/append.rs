use rusqlite::params;

use super::super::catalogue::Table;
use super::super::rules::Append;
use super::super::writing::Shaped;
use crate::store::postgres::Client;

pub(super) fn sqlite_example(table: &Table) -> String {
    format!(
        "SELECT event_type, CAST(payload AS BLOB), event_version FROM {} \
         WHERE aggregate_type = ?1 AND aggregate_id = ?2 ORDER BY sequence DESC LIMIT 1",
        table.quoted()
    )
}

/// A kept snapshot stays true: the framework replays what comes after it.
pub(super) fn to_sqlite(append: &Append<'_>, to: &rusqlite::Connection, events: &[Shaped]) -> rusqlite::Result<bool> {
    let Some([kind, id]) = append.key() else { return Ok(false) };
    let mut insert = to.prepare(&format!(
        "INSERT INTO {} (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        append.table.quoted()
    ))?;
    for (event, version) in append.numbered(events) {
        let Shaped { id: _, event_type, payload, metadata, schema } = event;
        let payload = String::from_utf8_lossy(payload);
        insert.execute(params![kind, id, version, event_type, schema, payload, metadata])?;
    }
    Ok(true)
}

pub(super) fn postgres_example(table: &Table) -> String {
    format!(
        "SELECT event_type::text, convert_to(payload::text, 'UTF8'), event_version::text FROM {} \
         WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY sequence DESC LIMIT 1",
        table.quoted()
    )
}

pub(super) fn to_postgres(
    append: &Append<'_>,
    to: &mut Client,
    events: &[Shaped],
) -> Result<bool, tokio_postgres::Error> {
    let Some([kind, id]) = append.key() else { return Ok(false) };
    let json = |name| append.table.column(name).map_or("json", |column| column.declared.as_str());
    let sql = format!(
        "INSERT INTO {} (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
         VALUES ($1, $2, $3, $4, $5, $6::text::{}, $7::text::{})",
        append.table.quoted(),
        json("payload"),
        json("metadata"),
    );
    for (event, version) in append.numbered(events) {
        let Shaped { id: _, event_type, payload, metadata, schema } = event;
        let payload = String::from_utf8_lossy(payload);
        to.execute(&sql, &[&kind, &id, &version, event_type, schema, &payload.as_ref(), metadata])?;
    }
    Ok(true)
}
