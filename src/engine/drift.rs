//! A table held against a fresh fold: which rows differ in what, and which event says so.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::as_of::{as_of, choose};
use super::by_name::ByName;
use super::failures::failures;
use super::load::{describe, load_timeline};
use super::model_columns::values_of;
use super::spill::unless_torn;
use super::{EngineError, MaterialiseError, Ticket};
use crate::event::{Cursor, EventType, Explain, Message, Metadata, Position, StreamId, Timestamp, Version};
use crate::index::{AsOf, Budget, Held, OverBudget, Place, StoreMoment};
use crate::replay::Failures;
use crate::store::{
    Changes, ColumnKind, Columns, Flow, ModelColumn, ModelPlace, Query, Store, StoreError, model_head, read_table,
};

/// Which table is held against which projection.
#[derive(Clone, Debug)]
pub struct DriftWish {
    pub projection: String,
    pub category: Option<String>,
    pub against: ModelPlace,
    /// Of a table that Foldline did not make.
    pub map: Option<TableMap>,
    pub budget: Budget,
}

/// What the columns of somebody's table mean.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableMap {
    /// The column that tells whose row it is.
    pub key: String,
    /// The stream's name, with the key for `{}`.
    #[serde(default = "the_key")]
    pub stream: String,
    /// Fields of the state, and the columns in which they stand.
    pub fields: BTreeMap<String, String>,
}

fn the_key() -> String {
    "{}".to_owned()
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// Of the table.
    pub rows: u64,
    /// Up to where the store was folded for it.
    pub position: Option<Position>,
    /// The store is not the one that the table was made of any more, and is compared as it is.
    pub is_replaced: bool,
    pub differences: Vec<Difference>,
    /// Streams that the table has no row of.
    pub missing: Vec<StreamId>,
    /// Rows of no stream, by their key.
    pub extra: Vec<String>,
    /// Of a user's own projection: the streams that were compared without an event on which it failed.
    pub failed: Failures,
}

impl Drift {
    pub fn is_none(&self) -> bool {
        self.differences.is_empty() && self.missing.is_empty() && self.extra.is_empty()
    }
}

/// A value that is another one in the table than the events say.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub stream: StreamId,
    pub field: String,
    pub table: Value,
    pub fold: Value,
    /// The event that the fold's value comes from; nothing where no event ever set it.
    pub set_by: Option<SettingEvent>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingEvent {
    pub version: Version,
    pub event_type: EventType,
    pub recorded_at: Option<Timestamp>,
    pub actor: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    #[error(
        "{0}: Foldline made no such table; name one that it made behind #, or say with --map FILE what the columns of another mean, where FILE says {{\"key\": \"id\", \"stream\": \"lead-{{}}\", \"fields\": {{\"status\": \"status\"}}}}"
    )]
    NeedsMap(String),
    #[error(transparent)]
    Other(#[from] MaterialiseError),
}

impl Explain for DriftError {
    fn message(&self) -> Message {
        match self {
            Self::NeedsMap(place) => Message::new("drift-needs-map").text("place", place),
            Self::Other(error) => error.message(),
        }
    }
}

/// More streams than these are not loaded to find the event behind a difference.
const MOST_EXPLAINED: usize = 1_000;

/// Holds a table against the store as it was when the table was written, or as it is where that is not known.
pub fn drift(reader: &dyn Store, wish: &DriftWish, ticket: &Ticket) -> Result<Drift, DriftError> {
    let category = wish.category.as_deref();
    let chosen = choose(reader, Some(&wish.projection), category).map_err(MaterialiseError::from)?;
    let Some(chosen) = chosen else {
        return Err(MaterialiseError::NoCategory(wish.category.clone().unwrap_or_default()).into());
    };
    let mut answer = Drift::default();
    let (columns, key, at) = match &wish.map {
        Some(map) => {
            let column = |(field, name): (&String, &String)| ModelColumn {
                name: name.clone(),
                path: field.clone(),
                kind: ColumnKind::Empty,
            };
            (map.fields.iter().map(column).collect(), map.key.clone(), StoreMoment::Latest)
        }
        None => {
            let head = model_head(&wish.against).map_err(MaterialiseError::from)?;
            let Some(head) = head else { return Err(DriftError::NeedsMap(wish.against.to_string())) };
            let mut columns = head.columns;
            let own = [("version", VERSION, ColumnKind::Integer), ("recorded_at", RECORDED_AT, ColumnKind::Text)];
            columns.extend(own.map(|(name, path, kind)| ModelColumn {
                name: name.to_owned(),
                path: path.to_owned(),
                kind,
            }));
            let at = moment_of(reader, head.place.as_ref(), &mut answer).map_err(MaterialiseError::from)?;
            (columns, "stream".to_owned(), at)
        }
    };
    let tell = &mut |count| ticket.reached(count);
    let held = ticket.hold_within(wish.budget);
    let as_of = as_of(reader, &chosen.choice, category, at, held, tell).map_err(MaterialiseError::from)?;
    answer.position = as_of.read_to().position();
    answer.failed = failures(&as_of);
    let found = compare(&as_of, wish, &columns, &key, &mut answer, ticket)?;
    unless_torn(&as_of).map_err(MaterialiseError::from)?;
    explain(reader, &as_of, &columns, &found, &mut answer, ticket).map_err(MaterialiseError::from)?;
    Ok(answer)
}

/// These stand for the version and the time of the last event, which are no fields.
const VERSION: &str = "\0version";
const RECORDED_AT: &str = "\0recorded_at";

fn is_of_event(path: &str) -> bool {
    path == VERSION || path == RECORDED_AT
}

/// When the table was written, if the store still is the one it was then.
fn moment_of(
    reader: &dyn Store,
    place: Option<&(Position, crate::event::EventId)>,
    answer: &mut Drift,
) -> Result<StoreMoment, StoreError> {
    if !reader.capabilities().has_feed {
        return Ok(StoreMoment::Latest);
    }
    let Some((position, event)) = place else { return Ok(StoreMoment::Position(Position(0))) };
    if matches!(reader.changes(&Cursor::after(*position, event.clone()), Columns::HEADS)?, Changes::Replaced) {
        answer.is_replaced = true;
        return Ok(StoreMoment::Latest);
    }
    Ok(StoreMoment::Position(*position))
}

/// The difference at this place in the answer is of this stream, in this column.
struct Found {
    place: Place,
    column: usize,
}

/// What differs, while it is gathered: there may be as much of it as the store has streams, and more.
struct Gathering {
    found: Vec<Found>,
    /// What texts and allocations beside the lists take.
    beside: usize,
    /// It is asked for more memory when it takes so much.
    weighed_at: usize,
    held: Held,
}

/// So many bytes are gathered before memory is asked for.
const BETWEEN_WEIGHTS: usize = 1 << 14;

/// An allocation takes so much more than what lies in it.
const OF_AN_ALLOCATION: usize = 2 * size_of::<usize>();

impl Gathering {
    /// Text that is gathered once more.
    fn note(&mut self, text: usize) {
        self.beside += text + OF_AN_ALLOCATION;
    }

    /// Asks for what it takes with the lists of the answer.
    fn weigh(&mut self, answer: &Drift) -> Result<(), OverBudget> {
        let Drift { differences, missing, extra, .. } = answer;
        let taken = self.beside
            + self.found.capacity() * size_of::<Found>()
            + differences.capacity() * size_of::<Difference>()
            + missing.capacity() * size_of::<StreamId>()
            + extra.capacity() * size_of::<String>();
        if taken < self.weighed_at {
            return Ok(());
        }
        self.weighed_at = taken + BETWEEN_WEIGHTS;
        self.held.resize(taken as u64)
    }
}

/// About what a value takes beside itself.
fn weight_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 0,
        Value::Number(number) => number.to_string().len() + OF_AN_ALLOCATION,
        Value::String(text) => text.len() + OF_AN_ALLOCATION,
        nested => 2 * nested.to_string().len() + OF_AN_ALLOCATION,
    }
}

fn compare(
    as_of: &AsOf,
    wish: &DriftWish,
    columns: &[ModelColumn],
    key: &str,
    answer: &mut Drift,
    ticket: &Ticket,
) -> Result<Gathering, DriftError> {
    let by_name = ByName::new(as_of, Some(&wish.against), &mut || ticket.flow());
    let mut by_name = by_name.map_err(MaterialiseError::from)?;
    let names: Vec<String> = std::iter::once(key.to_owned()).chain(columns.iter().map(|c| c.name.clone())).collect();
    let mut gathered = Gathering { found: Vec::new(), beside: 0, weighed_at: 0, held: as_of.memory().hold() };
    let mut refused = Ok(());
    let mut visit = |values: &[Value]| {
        if let [key, values @ ..] = values {
            answer.rows += 1;
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            let stream = wish.map.as_ref().map_or_else(|| key.clone(), |map| map.stream.replace("{}", &key));
            match by_name.take(as_of, &stream) {
                Some(place) => compare_row(as_of, columns, place, values, answer, &mut gathered),
                None => {
                    gathered.note(key.len());
                    answer.extra.push(key);
                }
            }
        }
        refused = gathered.weigh(answer);
        if refused.is_err() { Flow::Break(()) } else { ticket.flow() }
    };
    let read = read_table(&wish.against, &names, &mut visit);
    refused.map_err(EngineError::from).map_err(MaterialiseError::from)?;
    if ticket.is_cancelled() {
        return Err(MaterialiseError::from(StoreError::Cancelled).into());
    }
    read.map_err(MaterialiseError::from)?;
    for at in by_name.left() {
        let Some(row) = as_of.places().get(at).and_then(|place| as_of.row(*place)) else { continue };
        gathered.note(row.stream.len());
        answer.missing.push(StreamId::from(&*row.stream));
        gathered.weigh(answer).map_err(EngineError::from).map_err(MaterialiseError::from)?;
    }
    Ok(gathered)
}

/// A row of the table against its stream.
fn compare_row(
    as_of: &AsOf,
    columns: &[ModelColumn],
    place: Place,
    values: &[Value],
    answer: &mut Drift,
    gathered: &mut Gathering,
) {
    let Some(row) = as_of.row(place) else { return };
    let value = |path: &str| {
        Some(match path {
            VERSION => row.version.0.into(),
            RECORDED_AT => row.recorded_at.map_or(Value::Null, |at| at.to_string().into()),
            path => as_of.value(place, path),
        })
    };
    let folded = values_of(columns, value, || as_of.state(place).unwrap_or_default());
    for (number, ((column, fold), table)) in columns.iter().zip(folded).zip(values).enumerate() {
        if !is_same(&fold, table) {
            let is_named = column.path.is_empty() || is_of_event(&column.path);
            let field = if is_named { column.name.clone() } else { column.path.clone() };
            gathered.found.push(Found { place, column: number });
            gathered.note(row.stream.len());
            gathered.note(field.len() + weight_of(table) + weight_of(&fold));
            let stream = StreamId::from(&*row.stream);
            answer.differences.push(Difference { stream, field, table: table.clone(), fold, set_by: None });
        }
    }
}

/// Names the event behind each difference.
fn explain(
    reader: &dyn Store,
    as_of: &AsOf,
    columns: &[ModelColumn],
    Gathering { found, .. }: &Gathering,
    answer: &mut Drift,
    ticket: &Ticket,
) -> Result<(), EngineError> {
    let mut at = 0;
    let mut explained = 0;
    while let Some(first) = found.get(at) {
        let end =
            found.iter().skip(at).position(|other| other.place != first.place).map_or(found.len(), |more| at + more);
        explained += 1;
        if explained > MOST_EXPLAINED {
            break;
        }
        let (Some(row), Some(rows)) = (as_of.row(first.place), answer.differences.get_mut(at..end)) else { break };
        let stream = StreamId::from(&*row.stream);
        let Some(projection) = as_of.choice().projection_of(&stream).cloned() else { break };
        let described = describe(reader, &stream)?;
        let timeline = load_timeline(reader, &described, &projection, &mut |_| {}, &mut |_| ticket.flow())?;
        let index = timeline.index_of(row.version);
        for (difference, found) in rows.iter_mut().zip(found.get(at..end).unwrap_or_default()) {
            let path = columns.get(found.column).map(|column| column.path.as_str());
            let set_by = index
                .zip(path)
                .and_then(|(index, path)| if is_of_event(path) { Some(index) } else { timeline.set_by(index, path) });
            let Some(head) = set_by.and_then(|index| timeline.heads().get(index)) else { continue };
            let mut actor = None;
            let one = Query::stream(stream.clone()).between(Some(head.version), Some(head.version));
            reader.visit_events(&one.columns(Columns { payload: false, metadata: true }), &mut |event| {
                actor = Metadata::parse(event.metadata).actor;
                Flow::Break(())
            })?;
            difference.set_by = Some(SettingEvent {
                version: head.version,
                event_type: head.event_type.clone(),
                recorded_at: head.recorded_at,
                actor,
            });
        }
        at = end;
    }
    Ok(())
}

/// Whether a table holds what a fold gives, as far as a table can: it may keep truth as a number, a time in its own
/// spelling, and what is nested as text.
fn is_same(fold: &Value, table: &Value) -> bool {
    match (fold, table) {
        (Value::Bool(is), Value::Number(number)) => number.as_i64() == Some(i64::from(*is)),
        (Value::Bool(is), Value::String(text)) => {
            let said = if *is { ["true", "t", "1"] } else { ["false", "f", "0"] };
            said.iter().any(|word| text.eq_ignore_ascii_case(word))
        }
        (Value::Number(one), Value::Number(other)) => same_number(&one.to_string(), &other.to_string()),
        (Value::Number(number), Value::String(text)) => same_number(&number.to_string(), text.trim()),
        (Value::String(text), Value::Number(number)) => *text == number.to_string(),
        (Value::String(one), Value::String(other)) => {
            one == other || one.replace('\0', "\u{fffd}") == *other || same_time(one, other)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| is_same(one, other)))
        }
        (Value::Array(_) | Value::Object(_), Value::String(text)) => crate::event::json_value(text.as_bytes())
            .is_ok_and(|value| !matches!(value, Value::String(_)) && is_same(fold, &value)),
        (one, other) => one == other,
    }
}

/// Digit by digit where both are whole, else as near as a table keeps it.
fn same_number(one: &str, other: &str) -> bool {
    if let (Ok(one), Ok(other)) = (one.parse::<i128>(), other.parse::<i128>()) {
        return one == other;
    }
    matches!((one.parse::<f64>(), other.parse::<f64>()), (Ok(one), Ok(other)) if one.total_cmp(&other).is_eq())
}

fn same_time(one: &str, other: &str) -> bool {
    let time = |text: &str| {
        let plain = text.replacen(' ', "T", 1);
        // As a server writes it: 2025-01-01 00:00:00.5+00.
        let zoned = || Timestamp::parse_rfc3339(&format!("{plain}:00"));
        Timestamp::parse_rfc3339(&plain).or_else(|| Timestamp::parse_rfc3339(&format!("{plain}Z"))).or_else(zoned)
    };
    time(one).is_some_and(|one| time(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_table_can_hold_no_other_way_is_the_same() {
        for (fold, table, expected) in [
            (json!(true), json!(1), true),
            (json!(true), json!("f"), false),
            (json!(1), json!(1.0), true),
            (json!(18_446_744_073_709_551_615_u64), json!("18446744073709551615"), true),
            (json!(18_446_744_073_709_551_615_u64), json!("18446744073709551614"), false),
            (json!("010"), json!(10), false),
            (json!("1111"), json!(1111), true),
            (json!("2025-01-01T00:00:00.500Z"), json!("2025-01-01T00:00:00.5+00:00"), true),
            (json!("2025-01-01T00:00:00Z"), json!("2025-01-01 00:00:00"), true),
            (json!("2025-01-01T00:00:00.500Z"), json!("2025-01-01 00:00:00.5+00"), true),
            (json!("2025-01-01T00:00:00.500Z"), json!("2025-01-01 02:00:00.5+02:00"), true),
            (json!("2025-01-01T00:00:00.500Z"), json!("2025-01-01 00:00:00.6+00"), false),
            (json!("2025-01-01T00:00:00Z"), json!("2025-01-01 00:00:01"), false),
            (json!([{"a": 1}]), json!("[{\"a\":1}]"), true),
            (json!([{"a": 1}]), json!([{"a": 2}]), false),
            (json!(null), json!(""), false),
            (json!(0), json!(null), false),
        ] {
            assert_eq!(is_same(&fold, &table), expected, "{fold} and {table}");
        }
    }
}
