use std::mem::ManuallyDrop;

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::NativeStore;
use super::names::Names;
use super::read::{bound, with_event};
use crate::event::{EventBatch, EventId};
use crate::store::{BatchSize, Damage, Direction, Query, Scan, Scope, StoreError};

/// Events on their way out of the tables.
pub(super) struct NativeScan<'s> {
    store: &'s NativeStore,
    /// `None` when there is nothing more to read.
    statement: Option<CachedStatement<'s>>,
    size: BatchSize,
    /// What ended the reading behind the last batch.
    failed: Option<StoreError>,
}

impl<'s> NativeScan<'s> {
    pub(super) fn begin(store: &'s NativeStore, query: &Query) -> Result<Self, StoreError> {
        let connection = store.connection();
        let begin = || -> rusqlite::Result<_> {
            let Some((sql, values)) = events_sql(connection, query)? else { return Ok(None) };
            let mut statement = connection.prepare_cached(&sql)?;
            for (place, value) in values.into_iter().enumerate() {
                statement.raw_bind_parameter(place + 1, value)?;
            }
            Ok(Some(statement))
        };
        let statement = store.held_still(begin())?;
        Ok(Self { store, statement, size: BatchSize::first_of(query), failed: None })
    }
}

impl Scan for NativeScan<'_> {
    fn next_batch(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let Self { store, statement, size, failed } = self;
        let Some(stepped) = statement else { return Ok(()) };
        let read = store.reading(|connection| {
            // The rows of a statement reset it when they are dropped. Kept from that, it goes on with the next batch
            // where this one ends.
            let mut rows = ManuallyDrop::new(stepped.raw_query());
            while !size.is_reached(batch) {
                let Some(row) = rows.next()? else { return Ok(true) };
                with_event(connection, &store.names, row, |event| batch.push(event))?;
            }
            Ok(false)
        });
        size.grow();
        let is_over = match read {
            // What was read meanwhile may be half of somebody's write.
            Err(error @ StoreError::Changed(_)) => {
                batch.clear();
                *failed = Some(error);
                true
            }
            Err(error) => {
                *failed = Some(error);
                true
            }
            Ok(is_over) => is_over,
        };
        if is_over {
            end(statement);
            if failed.is_none() && store.names.met_damage() {
                *failed = Some(StoreError::Damaged { path: store.path.clone(), detail: Damage::NamesUnreadable });
            }
        }
        match failed.take_if(|_| batch.is_empty()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Resets the statement before it is kept for the next time: it would hold its moment of the store open, and an
/// interruption of this reading would go on to all that follow.
fn end(statement: &mut Option<CachedStatement<'_>>) {
    if let Some(mut statement) = statement.take() {
        drop(statement.raw_query());
    }
}

impl Drop for NativeScan<'_> {
    fn drop(&mut self) {
        end(&mut self.statement);
    }
}

/// The statement for a query; `None` where it names a stream or type that is not in the store.
fn events_sql(connection: &Connection, query: &Query) -> rusqlite::Result<Option<(String, Vec<Value>)>> {
    let Query { scope, direction, event_type, limit, columns } = query;
    let mut conditions: Vec<&str> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let linked;
    // CROSS JOIN keeps the events outside, in store order, so that a visit can stop early.
    let (source, order, low, high, low_sql, high_sql) = match scope {
        Scope::Store { from, to } => {
            ("events e", "e.position", from.map(|p| p.0), to.map(|p| p.0), "e.position >= ?", "e.position <= ?")
        }
        Scope::Category { name, from, to } => {
            conditions.push("s.category = ?");
            values.push(name.clone().into());
            let source = "events e CROSS JOIN streams s ON s.id = e.stream";
            (source, "e.position", from.map(|p| p.0), to.map(|p| p.0), "e.position >= ?", "e.position <= ?")
        }
        Scope::Stream { id, from, to } => {
            let Some(key) = Names::stream_key(connection, id)? else { return Ok(None) };
            conditions.push("e.stream = ?");
            values.push(i64::from(key.0).into());
            ("events e", "e.version", from.map(|v| v.0), to.map(|v| v.0), "e.version >= ?", "e.version <= ?")
        }
        Scope::Linked { by, ids } => {
            values.push(super::links::number(*by).into());
            values.extend(ids.iter().map(|id| match id {
                EventId::Uuid(bytes) => Value::Blob(bytes.to_vec()),
                EventId::Text(text) => Value::Text(text.to_string()),
            }));
            let places = vec!["?"; ids.len()].join(", ");
            linked = format!("e.position IN (SELECT position FROM links WHERE kind = ? AND id IN ({places}))");
            conditions.push(&linked);
            ("events e", "e.position", None, None, "", "")
        }
    };
    for (at, condition) in [(low, low_sql), (high, high_sql)] {
        if let Some(at) = at {
            conditions.push(condition);
            values.push(bound(at).into());
        }
    }
    if let Some(name) = event_type {
        let mut find = connection.prepare_cached("SELECT id FROM types WHERE name = ?1")?;
        let Some(key) = find.query_row([name.as_str()], |row| row.get::<_, i64>(0)).optional()? else {
            return Ok(None);
        };
        conditions.push("e.type = ?");
        values.push(key.into());
    }
    let payload = if columns.payload { "e.payload" } else { "NULL" };
    let metadata = if columns.metadata { "e.metadata" } else { "NULL" };
    let conditions = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let direction = match direction {
        Direction::Forward => "",
        Direction::Backward => " DESC",
    };
    let limit = limit.map_or(String::new(), |limit| format!(" LIMIT {}", bound(limit)));
    let sql = format!(
        "SELECT e.position, e.stream, e.version, e.type, e.schema, e.recorded_at, e.id, {payload}, {metadata} \
         FROM {source}{conditions} ORDER BY {order}{direction}{limit}"
    );
    Ok(Some((sql, values)))
}
