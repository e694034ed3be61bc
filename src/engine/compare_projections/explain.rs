//! The event behind which two projections differ.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::side::Side;
use super::{CompareSide, CompareWish, Differs, ExplainingEvent, PartitionDifference, ProjectionsCompared};
use crate::engine::partitions::{Counting, Partitions, Run};
use crate::engine::{Division, EngineError, Partitioned, Ticket};
use crate::event::{EventRow, Head, Position, StreamId, Version, json_value};
use crate::index::StoreMoment;
use crate::projection::path_value;
use crate::replay::{Index, Timeline};
use crate::script::{Running, Script};
use crate::store::{Flow, Query, Store, StoreError};

/// More partitions than these are not read again.
const MOST_EXPLAINED: usize = 1_000;

/// Of a partition's events, so many of the last are tried where all of a state is compared.
const MOST_TRIED: usize = 2_000;

pub(super) fn explain(
    reader: &dyn Store,
    (old, new): (&Side, &Side),
    wish: &CompareWish,
    found: &mut ProjectionsCompared,
    ticket: &Ticket,
) -> Result<(), EngineError> {
    if found.differing == 0 {
        return Ok(());
    }
    let (old_view, new_view) = (old.view(reader)?, new.view(reader)?);
    let running = |side: &Side| side.transforming().map(Script::run).transpose();
    let (old_running, new_running) = (running(old)?, running(new)?);
    if !old.has_timelines() || !new.has_timelines() {
        return walk(reader, wish, found, ticket);
    }
    let mut explained = 0;
    for rows in found.differences.chunk_by_mut(|one, other| one.partition == other.partition) {
        if rows.iter().all(|row| row.from.is_some()) {
            continue;
        }
        explained += 1;
        if explained > MOST_EXPLAINED {
            found.unexplained += 1;
            continue;
        }
        if ticket.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let Some(partition) = rows.first().map(|row| row.partition.clone()) else { continue };
        let (before, after) = (
            old.timeline(reader, old_view.as_ref(), &partition, ticket)?,
            new.timeline(reader, new_view.as_ref(), &partition, ticket)?,
        );
        let both = Both {
            old: Along::new(before.as_deref(), old_view.as_ref(), old_running.as_ref(), wish.at),
            new: Along::new(after.as_deref(), new_view.as_ref(), new_running.as_ref(), wish.at),
            partition: StreamId::from(&*partition),
        };
        for row in rows.iter_mut().filter(|row| row.from.is_none()) {
            row.from = both.since(row);
        }
    }
    Ok(())
}

/// Partitions that cannot be told by their own events, in one more pass over the store.
fn walk(
    reader: &dyn Store,
    wish: &CompareWish,
    found: &mut ProjectionsCompared,
    ticket: &Ticket,
) -> Result<(), EngineError> {
    let (CompareSide::Own(old), CompareSide::Own(new)) = (&wish.old, &wish.new) else { return Ok(()) };
    let mut tracked: HashMap<Box<str>, Vec<usize>> = HashMap::new();
    for (place, row) in found.differences.iter().enumerate() {
        let is_known = tracked.contains_key(&row.partition) || tracked.len() < MOST_EXPLAINED;
        if row.from.is_none() && row.what == Differs::State && is_known {
            tracked.entry(row.partition.clone()).or_default().push(place);
        }
    }
    let counting = wish.at.until().map(|until| Counting::by(reader, until, &found.read_to)).transpose()?;
    let hold = || ticket.hold_within(wish.budget);
    let (mut old, mut new) = (Partitions::holding(old, hold()), Partitions::holding(new, hold()));
    let (mut old, mut new) = (Run::begin(&mut old)?, Run::begin(&mut new)?);
    let differences = &mut found.differences;
    let mut note = |row: &EventRow<'_>| -> Result<(), EngineError> {
        let mut names: Vec<Box<str>> = Vec::new();
        for run in [&mut old, &mut new] {
            let place = run.take(row, &mut |_, _| Flow::Continue(()))?;
            run.weigh(&mut || ticket.flow())?;
            let name = place.map(|place| run.name(place)).transpose()?;
            names.extend(name.filter(|name| tracked.contains_key(&**name)).map(Into::into));
        }
        names.dedup();
        for name in names {
            let value = |text: Option<Cow<'_, str>>| -> Value {
                text.and_then(|text| json_value(text.as_bytes()).ok()).unwrap_or_default()
            };
            let (old, new) = (value(old.state_of(&name)?), value(new.state_of(&name)?));
            for place in tracked.get(&name).into_iter().flatten() {
                let Some(difference) = differences.get_mut(*place) else { continue };
                let is_set = |value: &&Value| !value.is_null();
                let (before, after) = (
                    path_value(&old, &difference.field).filter(is_set),
                    path_value(&new, &difference.field).filter(is_set),
                );
                if before == after {
                    difference.from = None;
                } else {
                    difference.from.get_or_insert_with(|| ExplainingEvent {
                        stream: row.stream.clone(),
                        version: row.version,
                        event_type: row.event_type.clone(),
                    });
                }
            }
        }
        Ok(())
    };
    let mut outcome = Ok(());
    let query = Query::positions(None, found.read_to.position());
    reader.visit_events(&query, &mut |row| {
        if counting.as_ref().is_none_or(|counting| counting.counts(row)) {
            outcome = note(row);
        }
        if outcome.is_err() { Flow::Break(()) } else { ticket.flow() }
    })?;
    outcome?;
    if ticket.is_cancelled() { Err(StoreError::Cancelled.into()) } else { Ok(()) }
}

struct Both<'t> {
    old: Along<'t>,
    new: Along<'t>,
    partition: StreamId,
}

/// A partition under one of the two.
struct Along<'t> {
    timeline: Option<&'t dyn Timeline>,
    division: Option<&'t Division>,
    running: Option<&'t Running>,
    /// So many of its events count.
    len: usize,
}

/// By what events of both are put in one order: two that are the same stand at the same place. Versions are each one's
/// own, and count where the store has no order.
type Key = (Option<Position>, Version);

fn key_of(head: &Head) -> Key {
    (head.position, if head.position.is_some() { Version(0) } else { head.version })
}

impl<'t> Along<'t> {
    fn new(
        timeline: Option<&'t dyn Timeline>,
        view: Option<&'t Partitioned>,
        running: Option<&'t Running>,
        at: StoreMoment,
    ) -> Self {
        let division = view.map(Partitioned::division);
        let len = timeline.map_or(0, |timeline| match at {
            StoreMoment::Position(to) if division.is_none() => {
                timeline.heads().partition_point(|head| head.position.is_none_or(|position| position <= to))
            }
            StoreMoment::Time(at) if division.is_none() => timeline.index_at(at).map_or(0, |last| last + 1),
            _ => timeline.heads().len(),
        });
        Self { timeline, division, running, len }
    }

    fn key(&self, index: Index) -> Option<Key> {
        self.timeline?.heads().get(index).map(key_of)
    }

    /// Where a value may have become another one.
    fn turns(&self, row: &PartitionDifference) -> Vec<(Key, Index)> {
        let Some(timeline) = self.timeline else { return Vec::new() };
        let indexes = if row.what == Differs::State && !row.field.is_empty() {
            timeline.changes_at(&row.field)
        } else {
            let mut all: Vec<Index> = (0..self.len).filter(|index| timeline.changed_count(*index) > 0).collect();
            all.drain(..all.len().saturating_sub(MOST_TRIED));
            all
        };
        // Where a state begins, also what no event ever changes gets its value.
        let first = (indexes.first() != Some(&0)).then_some(0);
        let counted = first.into_iter().chain(indexes).filter(|index| *index < self.len);
        counted.filter_map(|index| Some((self.key(index)?, index))).collect()
    }

    fn value(&self, index: Index, row: &PartitionDifference) -> Value {
        let Some(timeline) = self.timeline else { return Value::Null };
        if row.what == Differs::State && !row.field.is_empty() {
            return timeline.value_at(index, &row.field);
        }
        let state = timeline.show(Some(index));
        let whole = match (row.what, self.running) {
            (Differs::Result, Some(running)) => {
                let text = (!state.is_null()).then(|| state.to_string());
                let result = running.load(text.as_deref()).and_then(|()| running.result());
                let result = result.ok().flatten();
                result.and_then(|text| json_value(text.as_bytes()).ok()).unwrap_or_default()
            }
            _ => state,
        };
        path_value(&whole, &row.field).cloned().unwrap_or_default()
    }

    fn head(&self, key: Key) -> Option<&Head> {
        let heads = self.timeline?.heads();
        let place = heads.binary_search_by_key(&key, key_of).ok()?;
        heads.get(place)
    }
}

impl Both<'_> {
    /// The event that began the stretch in which they differ up to the end.
    fn since(&self, row: &PartitionDifference) -> Option<ExplainingEvent> {
        let (of_old, of_new) = (self.old.turns(row), self.new.turns(row));
        let mut keys: Vec<Key> = of_old.iter().chain(&of_new).map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let (mut of_old, mut of_new) = (of_old.into_iter().peekable(), of_new.into_iter().peekable());
        let (mut old, mut new) = (Value::Null, Value::Null);
        let mut since = None;
        for key in keys {
            if let Some((_, index)) = of_old.next_if(|(turn, _)| *turn == key) {
                old = self.old.value(index, row);
            }
            if let Some((_, index)) = of_new.next_if(|(turn, _)| *turn == key) {
                new = self.new.value(index, row);
            }
            since = if old == new { None } else { since.or(Some(key)) };
        }
        self.event(since?)
    }

    fn event(&self, key: Key) -> Option<ExplainingEvent> {
        [&self.old, &self.new].into_iter().find_map(|along| {
            let head = along.head(key)?;
            let own = along.division.map(|division| division.own_event(&self.partition, head.version));
            let (stream, version) = match own {
                Some(own) => own?,
                None => (self.partition.clone(), head.version),
            };
            Some(ExplainingEvent { stream, version, event_type: head.event_type.clone() })
        })
    }
}
