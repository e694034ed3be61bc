//! How SQLite's columns hold the name of a stream. A column may hold any type, and several read as the same text; asked
//! for all of them at once, the database has to sort what an index would give in order.

use super::catalogue::Dialect;
use super::cell::{Cell, Value};
use super::layout::{Layout, NAMELESS};
use super::naming::{parts_of, values_shown_as};
use super::store::Database;
use crate::event::StreamId;
use crate::store::{Flow, StoreError};

/// Each column may hold its part of the name in a few ways; more ways than these in all are not tried one by one.
const MOST_TRIED: usize = 16;

/// The one way in which this stream's rows hold its name; `None` where there are several or it can't be told at little
/// cost.
pub(super) fn held_as(
    database: &dyn Database,
    layout: &Layout,
    stream: &StreamId,
) -> Result<Option<Vec<Value>>, StoreError> {
    if layout.dialect != Dialect::Sqlite || !layout.is_stream_indexed {
        return Ok(None);
    }
    let Some(parts) = parts_of(stream.as_str(), layout.stream.len()) else { return Ok(None) };
    if parts.iter().any(|part| part == NAMELESS) {
        return Ok(None);
    }
    let mut ways: Vec<Vec<Value>> = vec![Vec::new()];
    for part in &parts {
        let shown = values_shown_as(part);
        ways = ways
            .iter()
            .flat_map(|way| shown.iter().map(|value| [&way[..], std::slice::from_ref(value)].concat()))
            .collect();
    }
    if ways.len() > MOST_TRIED {
        return Ok(None);
    }
    let mut found: Option<(Vec<Value>, Vec<Value>)> = None;
    for way in ways {
        let mut row = None;
        database.rows(&layout.held_sql(&way), &mut |cells| {
            row = Some((0..parts.len()).map(|at| owned(cells.cell(at))).collect::<Vec<_>>());
            Flow::Break(())
        })?;
        // A column of numbers finds the number by its text too: that is one way, found twice.
        match (row, &found) {
            (None, _) => {}
            (Some(row), Some((_, known))) if row == *known => {}
            (Some(_), Some(_)) => return Ok(None),
            (Some(row), None) => found = Some((way, row)),
        }
    }
    Ok(found.map(|(way, _)| way))
}

fn owned(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Int(number) => Value::Int(number),
        Cell::Real(number) => Value::Real(number),
        Cell::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        Cell::Text(_) | Cell::Null => Value::Text(cell.name().into_owned()),
    }
}
