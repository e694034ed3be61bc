//! A table for each projection of each category: one row a stream, as it stood.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rusqlite::types::Null;
use rusqlite::vtab::Context;
use rusqlite::{Error, Result};
use serde_json::Value;

use super::super::EngineError;
use super::super::as_of::{aggregate_of, as_of, choose};
use super::super::by_name::ByName;
use super::super::columns::{FieldColumn, columns_for, fields_of, file_stem, met_in, sql_name, unique};
use super::super::failures::failures;
use super::super::load::each_batch;
use super::super::spill::unless_torn;
use super::super::ticket::lock;
use super::room::Room;
use super::vtab::{Bound, Column, Reading, Table, Wish};
use crate::event::{StreamId, Timestamp, Version};
use crate::index::{AsOf, Choice, Place};
use crate::projection::path_value;
use crate::replay::{ProjectionRef, registry};
use crate::store::{Flow, Query, Store, StoreError};

/// More categories than these are not told apart here; `states` has their streams too.
const MOST_CATEGORIES: usize = 64;

/// The fields that are met first have columns; SQLite takes no more than twice as many.
const MOST_FIELDS: usize = 1_000;

/// So many streams are folded one by one; whoever asks for more gets all of them folded at once.
const ONE_BY_ONE: usize = 24;

const STREAM: usize = 0;
const VERSION: usize = 1;
const RECORDED_AT: usize = 2;
const FAILED: usize = 3;
const STATE: usize = 4;
const FIRST_FIELD: usize = 5;

/// What stands before the fields. What the projection failed on, and the state as one JSON value, are not among `*`.
fn head_columns() -> Vec<Column> {
    vec![
        Column::new("stream", "TEXT"),
        Column::new("version", "INTEGER"),
        Column::new("recorded_at", "TEXT"),
        Column::hidden("failed", "TEXT"),
        Column::hidden("state", "TEXT"),
    ]
}

pub(super) struct States {
    room: Arc<Room>,
    category: Option<String>,
    choice: Arc<Choice>,
    fields: OnceLock<Vec<FieldColumn>>,
    folded: Mutex<Option<Arc<Folded>>>,
    /// Streams that were folded by themselves.
    alone: AtomicUsize,
    reader: Mutex<Option<Box<dyn Store>>>,
}

struct Folded {
    as_of: AsOf,
    by_name: Mutex<Option<ByName>>,
}

impl Folded {
    fn place(&self, stream: &str, room: &Room) -> std::result::Result<Option<Place>, EngineError> {
        let mut by_name = lock(&self.by_name);
        let known = match &mut *by_name {
            Some(known) => known,
            none => none.insert(ByName::new(&self.as_of, None, &mut || room.flow())?),
        };
        Ok(known.find(&self.as_of, stream))
    }
}

/// A table for each projection of each category, and one of all streams.
pub(super) fn tables(
    room: &Arc<Room>,
    reader: &dyn Store,
) -> std::result::Result<Vec<(String, Arc<States>)>, EngineError> {
    let mut tables = Vec::new();
    let mut taken: HashSet<String> = ["events", "streams"].map(str::to_owned).into();
    let mut add = |name: &str, category: Option<String>, choice: Arc<Choice>| {
        let name = unique(&sql_name(name), &mut taken);
        tables.push((name, Arc::new(States::new(room, category, &choice))));
    };
    if let Some(chosen) = choose(reader, None, None)? {
        add("states", None, chosen.choice);
    }
    for (category, _) in reader.categories()?.into_iter().take(MOST_CATEGORIES) {
        let Some(aggregate) = aggregate_of(reader, &category)? else { continue };
        for projection in registry().of_aggregate(aggregate) {
            let choice = Arc::new(Choice::one(projection.clone()));
            add(&table_of(&category, projection), Some(category.clone()), choice);
        }
    }
    Ok(tables)
}

/// A user's own projection is called as its file is, and its partitions are of a kind that is called so too.
fn table_of(category: &str, projection: &ProjectionRef) -> String {
    let name = if projection.is_own() { file_stem(projection.name()) } else { projection.name() };
    if name == category { name.to_owned() } else { format!("{category}_{name}") }
}

impl States {
    fn new(room: &Arc<Room>, category: Option<String>, choice: &Choice) -> Self {
        Self {
            room: Arc::clone(room),
            category,
            choice: Arc::new(choice.for_run()),
            fields: OnceLock::new(),
            folded: Mutex::default(),
            alone: AtomicUsize::new(0),
            reader: Mutex::default(),
        }
    }

    fn folded(&self) -> std::result::Result<Arc<Folded>, EngineError> {
        let mut folded = lock(&self.folded);
        if let Some(folded) = &*folded {
            return Ok(Arc::clone(folded));
        }
        let reader = (self.room.opener)()?;
        let room = &self.room;
        let go_on = &mut |_| room.flow();
        let as_of = as_of(reader.as_ref(), &self.choice, self.category.as_deref(), room.at, &room.memory, go_on)?;
        room.note_failures(failures(&as_of));
        let made = Arc::new(Folded { as_of, by_name: Mutex::default() });
        *folded = Some(Arc::clone(&made));
        Ok(made)
    }

    /// What a state has is known before any is read, but for projections that take any field.
    fn fields(&self) -> std::result::Result<&[FieldColumn], EngineError> {
        if let Some(fields) = self.fields.get() {
            return Ok(fields);
        }
        let met = || self.folded().map(|folded| met_in(&folded.as_of));
        let fields = fields_of(&self.choice, MOST_FIELDS, met)?;
        let mut taken: HashSet<String> = head_columns().into_iter().map(|column| column.name).collect();
        Ok(self.fields.get_or_init(|| columns_for(&fields, &mut taken)))
    }

    /// A stream by itself, without the others; `None` where it had not begun, or is another table's.
    fn alone(&self, projection: &ProjectionRef, stream: &str) -> std::result::Result<Option<Alone>, EngineError> {
        let room = &self.room;
        let mut kept = lock(&self.reader);
        let reader = match kept.take() {
            Some(reader) => kept.insert(reader),
            None => kept.insert((room.opener)()?),
        };
        let stream = StreamId::from(stream);
        let Some(row) = reader.stream(&stream)? else { return Ok(None) };
        if self.category.as_ref().is_some_and(|category| *category != row.category) {
            return Ok(None);
        }
        let Some(last) = room.last_version(reader.as_ref(), &stream)? else { return Ok(None) };
        let mut fold = projection.fold();
        let mut recorded_at = None;
        let query = Query::stream(stream.clone()).between(None, Some(last));
        each_batch(reader.as_ref(), &query, &mut |_| room.flow(), &mut |batch| {
            for row in batch.rows() {
                fold.push(&row);
                recorded_at = row.recorded_at;
            }
            Flow::Continue(())
        })?;
        let failed = fold.findings().iter().find(|finding| finding.problem.leaves_event_out());
        if let Some(failed) = failed.filter(|_| projection.is_own()) {
            room.note_failure(&stream, failed);
        }
        let failed = failed.map(|failed| format!("version {}: {}", failed.version, failed.message()));
        Ok(Some(Alone { stream, version: last, recorded_at, failed, state: fold.show() }))
    }

    pub(super) fn columns(&self) -> std::result::Result<Vec<Column>, EngineError> {
        let mut columns = head_columns();
        columns.extend(self.fields()?.iter().map(|field| Column::new(&field.name, "")));
        Ok(columns)
    }
}

impl Table for Arc<States> {
    fn columns(&self) -> Result<Vec<Column>> {
        let columns = States::columns(self).map_err(|error| self.room.fail(error))?;
        self.room.note_columns(columns.iter().map(|column| column.name.as_str()));
        Ok(columns)
    }

    fn size(&self) -> f64 {
        let folded = lock(&self.folded);
        folded.as_ref().map_or(self.room.events / 30.0, |folded| folded.as_of.len() as f64).max(1.0)
    }

    fn share(&self, column: usize, bound: Bound) -> Option<f64> {
        (column == STREAM && bound == Bound::Equal).then(|| 1.0 / self.size())
    }

    fn open(&self) -> Box<dyn Reading> {
        Box::new(StateReading { table: Arc::clone(self), rows: Rows::None })
    }
}

struct Alone {
    stream: StreamId,
    version: Version,
    recorded_at: Option<Timestamp>,
    failed: Option<String>,
    state: Value,
}

enum Rows {
    None,
    Alone(Box<Alone>),
    One { folded: Arc<Folded>, place: Place },
    All { folded: Arc<Folded>, at: usize },
}

struct StateReading {
    table: Arc<States>,
    rows: Rows,
}

impl StateReading {
    fn find(&self, wish: &Wish) -> std::result::Result<Rows, EngineError> {
        let table = &self.table;
        if table.room.is_before_all() {
            return Ok(Rows::None);
        }
        let Some(stream) = wish.text(STREAM) else { return Ok(Rows::All { folded: table.folded()?, at: 0 }) };
        let is_folded = lock(&table.folded).is_some();
        if let ([projection], true) = (table.choice.projections(), !is_folded && table.choice.is_one())
            && table.alone.fetch_add(1, Ordering::Relaxed) < ONE_BY_ONE
        {
            let alone = table.alone(projection, stream)?;
            return Ok(alone.map_or(Rows::None, |alone| Rows::Alone(Box::new(alone))));
        }
        let folded = table.folded()?;
        let place = folded.place(stream, &table.room)?;
        unless_torn(&folded.as_of)?;
        Ok(place.map_or(Rows::None, |place| Rows::One { folded, place }))
    }

    fn folded_row(&self) -> Option<(&AsOf, Place)> {
        match &self.rows {
            Rows::One { folded, place } => Some((&folded.as_of, *place)),
            Rows::All { folded, at } => Some((&folded.as_of, *folded.as_of.places().get(*at)?)),
            Rows::None | Rows::Alone(_) => None,
        }
    }
}

impl Reading for StateReading {
    fn begin(&mut self, wish: Wish) -> Result<()> {
        self.rows = self.find(&wish).map_err(|error| self.table.room.fail(error))?;
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        // What was given of the row before could be read.
        if let Rows::All { folded, .. } | Rows::One { folded, .. } = &self.rows {
            unless_torn(&folded.as_of).map_err(|error| self.table.room.fail(error))?;
        }
        if let Rows::All { at, .. } = &mut self.rows {
            *at += 1;
        } else {
            self.rows = Rows::None;
        }
        if self.table.room.is_stopped() {
            return Err(self.table.room.fail(StoreError::Cancelled));
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        match &self.rows {
            Rows::None => true,
            Rows::Alone(_) | Rows::One { .. } => false,
            Rows::All { folded, at } => *at >= folded.as_of.len(),
        }
    }

    fn give(&self, column: usize, to: &mut Context) -> Result<()> {
        let path = || {
            let field = column.checked_sub(FIRST_FIELD).and_then(|place| self.table.fields.get()?.get(place));
            field.map(|field| field.path.as_str()).ok_or_else(|| Error::ModuleError("no such column".to_owned()))
        };
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        if let Rows::Alone(alone) = &self.rows {
            return match column {
                STREAM => to.set_result(alone.stream.as_str()),
                VERSION => to.set_result(alone.version.0 as i64),
                RECORDED_AT => to.set_result(time(alone.recorded_at)),
                FAILED => to.set_result(alone.failed.as_deref()),
                STATE => to.set_result(alone.state.to_string()),
                _ => give_value(path_value(&alone.state, path()?).unwrap_or(&Value::Null), to),
            };
        }
        let Some((as_of, place)) = self.folded_row() else { return to.set_result(Null) };
        match column {
            STATE => to.set_result(as_of.state(place).map(|state| state.to_string())),
            FIRST_FIELD.. => give_value(&as_of.value(place, path()?), to),
            _ => {
                let Some(row) = as_of.row(place) else { return to.set_result(Null) };
                match column {
                    STREAM => to.set_result(&*row.stream),
                    VERSION => to.set_result(row.version.0 as i64),
                    RECORDED_AT => to.set_result(time(row.recorded_at)),
                    _ => {
                        let failed =
                            row.failed.map(|failed| format!("version {}: {}", failed.version, failed.message()));
                        to.set_result(failed)
                    }
                }
            }
        }
    }
}

/// What is nested is handed on as JSON, for SQLite's own functions.
fn give_value(value: &Value, to: &mut Context) -> Result<()> {
    match value {
        Value::Null => to.set_result(Null),
        Value::Bool(is) => to.set_result(*is),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => to.set_result(number),
            // Digits that no number of SQLite's holds stay as they are written.
            (None, Some(real)) if !number.is_u64() && is_written_as_real(&number.to_string()) => to.set_result(real),
            _ => to.set_result(number.to_string()),
        },
        Value::String(text) => to.set_result(text.as_str()),
        nested => to.set_result(nested.to_string()),
    }
}

fn is_written_as_real(digits: &str) -> bool {
    digits.contains(['.', 'e', 'E'])
}
