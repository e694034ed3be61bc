//! Two projections over a whole store: which partitions they show otherwise, in which fields, and since which event. Both are
//! folded in one pass; then the partitions that differ are read once more, to name the event.

mod explain;
mod side;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::as_of::{end_at, unless_replaced};
use super::load::each_batch;
use super::partitions::Counting;
use super::{EngineError, Ticket};
use crate::event::{Cursor, EventBatch, EventType, StreamId, Version};
use crate::index::{Budget, StoreMoment};
use crate::projection::{Fault, diff_values, path_value};
use crate::script::{Emitted, Script};
use crate::store::{Flow, Query, Store};
use explain::explain;
use side::{EmittedAt, Side};

/// One of the two.
#[derive(Clone, Debug)]
pub enum CompareSide {
    /// One of Foldline's, by its name. It stands for the streams that the other one takes.
    BuiltIn(String),
    Own(Script),
}

/// What is to be compared, and when.
#[derive(Clone, Debug)]
pub struct CompareWish {
    pub old: CompareSide,
    pub new: CompareSide,
    pub at: StoreMoment,
    pub budget: Budget,
}

/// What was found.
#[derive(Debug, Default)]
pub struct ProjectionsCompared {
    /// That either of them makes.
    pub partitions: u64,
    pub differing: u64,
    /// In the order in which the partitions began.
    pub differences: Vec<PartitionDifference>,
    pub events: u64,
    pub read_to: Cursor,
    /// So many partitions differ for whose fields no event was looked for.
    pub unexplained: u64,
}

/// A field that the two give other values.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionDifference {
    pub partition: Box<str>,
    /// Empty for the whole: a partition that only one makes, a state that is no object, a fault.
    pub field: String,
    pub old: Value,
    pub new: Value,
    pub what: Differs,
    /// The event behind which the two differ here and stay so.
    pub from: Option<ExplainingEvent>,
}

/// Of what a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Differs {
    State,
    /// The states are alike, and what is made of them is not.
    Result,
    /// One fails where the other does not.
    Fault,
    /// What they emit and link at an event; the first in each partition.
    Emitted,
}

/// An event, where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainingEvent {
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
}

/// How a partition stands under one of them.
#[derive(Clone, Debug, Default)]
struct Standing {
    state: Value,
    result: Value,
    failed: Option<(Fault, ExplainingEvent)>,
}

/// Folds both and holds their partitions against each other.
pub fn compare_projections(
    reader: &dyn Store,
    wish: &CompareWish,
    ticket: &Ticket,
) -> Result<ProjectionsCompared, EngineError> {
    let CompareWish { old, new, at, budget } = wish;
    let end = end_at(reader, *at)?;
    let hold = || ticket.hold_within(*budget);
    let mut old = Side::new(reader, old, new, *at, hold())?;
    let mut new = Side::new(reader, new, &wish.old, *at, hold())?;
    let mut events = 0;
    let mut emitting = Emitting::default();
    let is_empty = reader.capabilities().has_feed && end.place().is_none();
    if !is_empty {
        let counting = at.until().map(|until| Counting::by(reader, until, &end)).transpose()?;
        let (mut a, mut b) = (old.begin()?, new.begin()?);
        let mut outcome = Ok(());
        let query = Query::positions(None, end.position());
        each_batch(reader, &query, &mut |count| ticket.reached(count), &mut |batch| {
            events += batch.len() as u64;
            let counts =
                |row: &crate::event::EventRow<'_>| counting.as_ref().is_none_or(|counting| counting.counts(row));
            outcome = a.take(batch, &counts, *budget, ticket).and_then(|()| b.take(batch, &counts, *budget, ticket));
            if let (Some(old), Some(new)) = (a.take_emitted(), b.take_emitted()) {
                emitting.compare(batch, old, new);
            }
            if outcome.is_err() { Flow::Break(()) } else { Flow::Continue(()) }
        })?;
        outcome?;
        unless_replaced(reader, &end)?;
        a.finish(&end, ticket)?;
        b.finish(&end, ticket)?;
    }
    let mut found = ProjectionsCompared { events, read_to: end, ..ProjectionsCompared::default() };
    compare(&old, &new, &mut found);
    old.unless_torn().and_then(|()| new.unless_torn())?;
    emitting.finish(&mut found);
    explain(reader, (&old, &new), wish, &mut found, ticket)?;
    Ok(found)
}

/// Where the two emit something else, the first time in each partition.
#[derive(Default)]
struct Emitting {
    known: HashSet<Box<str>>,
    found: Vec<PartitionDifference>,
}

impl Emitting {
    fn compare(&mut self, batch: &EventBatch, old: Vec<EmittedAt>, new: Vec<EmittedAt>) {
        let mut new = new.into_iter().peekable();
        for one in old {
            while let Some(alone) = new.next_if(|other| other.row < one.row) {
                self.note(batch, alone.row, (alone.partition, &[], &alone.emitted));
            }
            let other = new.next_if(|other| other.row == one.row);
            let emitted = other.as_ref().map_or(&[][..], |other| &other.emitted);
            if one.emitted != emitted {
                self.note(batch, one.row, (one.partition, &one.emitted, emitted));
            }
        }
        for alone in new {
            self.note(batch, alone.row, (alone.partition, &[], &alone.emitted));
        }
    }

    fn note(&mut self, batch: &EventBatch, row: usize, (partition, old, new): (Box<str>, &[Emitted], &[Emitted])) {
        if !self.known.insert(partition.clone()) {
            return;
        }
        let from = batch.rows().nth(row).map(|row| {
            let (stream, event_type) = (row.stream.clone(), row.event_type.clone());
            ExplainingEvent { stream, version: row.version, event_type }
        });
        let told = |emitted: &[Emitted]| {
            if emitted.is_empty() { Value::Null } else { serde_json::to_value(emitted).unwrap_or_default() }
        };
        let (old, new) = (told(old), told(new));
        let field = String::new();
        self.found.push(PartitionDifference { partition, field, old, new, what: Differs::Emitted, from });
    }

    /// Behind what differs in the states.
    fn finish(self, found: &mut ProjectionsCompared) {
        let differing: HashSet<&str> = found.differences.iter().map(|difference| &*difference.partition).collect();
        let more = self.found.iter().filter(|difference| !differing.contains(&*difference.partition)).count();
        found.differing += more as u64;
        found.differences.extend(self.found);
    }
}

fn compare(old: &Side, new: &Side, found: &mut ProjectionsCompared) {
    let ignored: Vec<&str> = old.bookkeeping().iter().chain(new.bookkeeping()).map(String::as_str).collect();
    let names = new.names();
    let mut places: HashMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (&**name, place)).collect();
    let transforms = old.transforms() || new.transforms();
    let mut hold = |name: &str, a: Option<usize>, b: Option<usize>| {
        found.partitions += 1;
        if let (Some(a), Some(b)) = (a, b)
            && old.is_surely_alike(a, new, b)
        {
            return;
        }
        let before = a.map(|place| old.standing(place)).unwrap_or_default();
        let after = b.map(|place| new.standing(place)).unwrap_or_default();
        let count = found.differences.len();
        differences(name, &before, &after, &ignored, transforms, &mut found.differences);
        found.differing += u64::from(found.differences.len() > count);
    };
    for (place, name) in old.names().iter().enumerate() {
        hold(name, Some(place), places.remove(&**name));
    }
    for (place, name) in names.iter().enumerate() {
        if places.contains_key(&**name) {
            hold(name, None, Some(place));
        }
    }
}

fn differences(
    partition: &str,
    old: &Standing,
    new: &Standing,
    ignored: &[&str],
    transforms: bool,
    found: &mut Vec<PartitionDifference>,
) {
    let count = found.len();
    differing_fields(partition, (&old.state, &new.state), ignored, Differs::State, found);
    let failed = |standing: &Standing| standing.failed.as_ref().map(|(fault, at)| (fault.to_string(), at.clone()));
    let (before, after) = (failed(old), failed(new));
    if before != after {
        let from = after.as_ref().or(before.as_ref()).map(|(_, at)| at.clone());
        found.push(PartitionDifference {
            partition: partition.into(),
            field: String::new(),
            old: before.map(|(words, _)| words).into(),
            new: after.map(|(words, _)| words).into(),
            what: Differs::Fault,
            from,
        });
    }
    if transforms && found.len() == count {
        differing_fields(partition, (&old.result, &new.result), ignored, Differs::Result, found);
    }
}

fn differing_fields(
    partition: &str,
    (old, new): (&Value, &Value),
    ignored: &[&str],
    what: Differs,
    found: &mut Vec<PartitionDifference>,
) {
    let value = |state: &Value, path: &str| path_value(state, path).cloned().unwrap_or_default();
    for field in diff_values(old, new, ignored) {
        let (old, new) = (value(old, &field), value(new, &field));
        // What is not there and what is nothing look alike.
        if old != new {
            found.push(PartitionDifference { partition: partition.into(), field, old, new, what, from: None });
        }
    }
}
