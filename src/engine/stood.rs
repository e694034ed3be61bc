//! A few streams as they stood, each read by itself: for the rows of a store that are on screen.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::load::begin_fold;
use super::{EngineError, Ticket, describe};
use crate::event::{StreamId, Timestamp, Version, key_path};
use crate::projection::path_value;
use crate::replay::{Finding, registry};
use crate::store::{Query, Store, StoreError};

/// Which streams are to be read, each up to the version that it had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoodWanted {
    pub streams: Vec<(StreamId, Version)>,
    /// By its name; what each stream is shown under first where none is named.
    pub projection: Option<String>,
    /// Paths inside of the fields, besides the fields themselves.
    pub paths: Vec<String>,
}

/// A stream as it stood behind a version.
#[derive(Clone, Debug, PartialEq)]
pub struct StoodRow {
    pub stream: StreamId,
    pub version: Version,
    pub recorded_at: Option<Timestamp>,
    /// The fields of its state by their paths, and the paths that were asked for besides. What is long is cut.
    pub cells: Vec<(String, Value)>,
    /// Fields that every event moves.
    pub bookkeeping: Vec<String>,
    /// What the stream can be shown under, the first first.
    pub projections: Vec<String>,
    /// The first event on which the projection failed; the state is that of the others.
    pub failed: Option<Finding>,
    /// It has no projection of the wanted name.
    pub is_left_out: bool,
}

impl StoodRow {
    /// What stands at a path; null where nothing does.
    pub fn value(&self, path: &str) -> &Value {
        self.cells.iter().find(|(known, _)| known == path).map_or(&Value::Null, |(_, value)| value)
    }
}

/// The rows that were asked for, without those that are gone.
#[derive(Clone, Debug, Default)]
pub struct StoodRows {
    pub rows: Vec<StoodRow>,
    pub took: Duration,
}

/// More fields than these no row of a table shows.
const MOST_CELLS: usize = 200;

/// No cell is wider than so many letters.
const LONGEST_CELL: usize = 400;

/// Reads each of the streams up to its version. Costs what these streams are long, whatever else the store holds.
pub fn stood(reader: &dyn Store, wanted: &StoodWanted, ticket: &Ticket) -> Result<StoodRows, EngineError> {
    let began = Instant::now();
    let mut rows = Vec::with_capacity(wanted.streams.len());
    for (stream, version) in &wanted.streams {
        match stood_one(reader, wanted, stream, *version, ticket) {
            Ok(row) => rows.push(row),
            // It was replaced since the list was made, which is about to be told.
            Err(EngineError::NoStream { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(StoodRows { rows, took: began.elapsed() })
}

fn stood_one(
    reader: &dyn Store,
    wanted: &StoodWanted,
    stream: &StreamId,
    version: Version,
    ticket: &Ticket,
) -> Result<StoodRow, EngineError> {
    let described = describe(reader, stream)?;
    let registry = registry();
    let offered = registry.of_aggregate(described.aggregate);
    let projections = offered.iter().map(|offered| offered.name().to_owned()).collect();
    let mut row = StoodRow {
        stream: stream.clone(),
        version,
        recorded_at: None,
        cells: Vec::new(),
        bookkeeping: Vec::new(),
        projections,
        failed: None,
        is_left_out: false,
    };
    let Ok(projection) = described.projection(wanted.projection.as_deref()) else {
        row.is_left_out = true;
        return Ok(row);
    };
    let (mut fold, from) = begin_fold(reader, &described.row, &projection, version)?;
    let query = Query::stream(stream.clone()).between(from, Some(version));
    reader.visit_events(&query, &mut |event| {
        fold.push(event);
        row.recorded_at = event.recorded_at;
        ticket.flow()
    })?;
    if ticket.is_cancelled() {
        return Err(StoreError::Cancelled.into());
    }
    if row.recorded_at.is_none() && from.is_some_and(|from| from > version) {
        row.recorded_at = reader.event_at(stream, version)?.and_then(|event| event.recorded_at);
    }
    let state = fold.show();
    row.cells = cells_of(&state, &wanted.paths);
    row.bookkeeping = projection.timeline(0).bookkeeping().iter().map(|name| (*name).to_owned()).collect();
    row.failed = fold.findings().iter().find(|finding| finding.problem.leaves_event_out()).cloned();
    Ok(row)
}

pub(super) fn cells_of(state: &Value, paths: &[String]) -> Vec<(String, Value)> {
    let Value::Object(fields) = state else {
        return if state.is_null() { Vec::new() } else { vec![(String::new(), brief(state))] };
    };
    let mut cells: Vec<(String, Value)> =
        fields.iter().take(MOST_CELLS).map(|(name, value)| (key_path("", name), brief(value))).collect();
    for path in paths {
        if !cells.iter().any(|(known, _)| known == path) {
            cells.push((path.clone(), path_value(state, path).map_or(Value::Null, brief)));
        }
    }
    cells
}

/// The value as far as a cell shows it.
pub(super) fn brief(value: &Value) -> Value {
    let cut = |text: &str| match text.get(..text.floor_char_boundary(LONGEST_CELL)) {
        Some(begin) if begin.len() < text.len() => Value::from(format!("{begin}…")),
        _ => Value::from(text),
    };
    match value {
        Value::String(text) => cut(text),
        Value::Array(items) if items.len() > LONGEST_CELL => {
            // Most of it would be written to be thrown away.
            let text = Value::Array(items.iter().take(LONGEST_CELL).cloned().collect()).to_string();
            cut(&text)
        }
        Value::Array(_) | Value::Object(_) => {
            let text = value.to_string();
            if text.len() > LONGEST_CELL { cut(&text) } else { value.clone() }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
