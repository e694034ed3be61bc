use rusqlite::params;

use super::super::catalogue::{Table, quote};
use super::super::rules::Append;
use super::super::writing::Shaped;
use crate::store::postgres::Client;

pub(super) fn sqlite_example(table: &Table) -> String {
    format!(
        "SELECT topic, CAST(state AS BLOB), NULL FROM {} WHERE originator_id = ?1 \
         ORDER BY originator_version DESC LIMIT 1",
        table.quoted()
    )
}

pub(super) fn to_sqlite(append: &Append<'_>, to: &rusqlite::Connection, events: &[Shaped]) -> rusqlite::Result<bool> {
    let mut insert = to.prepare(&format!(
        "INSERT INTO {} (originator_id, originator_version, topic, state) VALUES (?1, ?2, ?3, ?4)",
        append.table.quoted()
    ))?;
    for (event, version) in append.numbered(events) {
        insert.execute(params![append.stream.as_str(), version, event.event_type, event.payload])?;
    }
    Ok(true)
}

pub(super) fn postgres_example(table: &Table) -> String {
    format!(
        "SELECT topic::text, state, NULL::text FROM {} WHERE originator_id::text = $1 \
         ORDER BY originator_version DESC LIMIT 1",
        table.quoted()
    )
}

/// The lock makes notification ids appear in order, and whoever follows the application is woken, as by its own
/// recorder.
pub(super) fn to_postgres(
    append: &Append<'_>,
    to: &mut Client,
    events: &[Shaped],
) -> Result<bool, tokio_postgres::Error> {
    let table = append.table.quoted();
    let channel = quote(&append.table.name.replace('.', "_"));
    to.batch_execute(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE; NOTIFY {channel}"))?;
    let id_type = append.table.column("originator_id").map_or("text", |column| column.declared.as_str());
    let sql = format!(
        "INSERT INTO {table} (originator_id, originator_version, topic, state) VALUES ($1::text::{id_type}, $2, $3, $4)"
    );
    for (event, version) in append.numbered(events) {
        to.execute(&sql, &[&append.stream.as_str(), &version, &event.event_type, &event.payload])?;
    }
    Ok(true)
}
