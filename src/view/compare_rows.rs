use std::collections::{BTreeSet, HashMap};

use super::rows::text;
use crate::event::Version;
use crate::replay::{Index, Timeline};

/// One field on every side.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareRow {
    pub field: String,
    /// `None` where a side has no such field.
    pub cells: Vec<Option<CompareCell>>,
    pub differs: bool,
    /// Every side has it, with the same value.
    pub is_equal: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CompareCell {
    pub value: String,
    pub set_by: Option<Version>,
}

/// A step over more events or changes than these costs as much as looking at everything.
const FEW_EVENTS: usize = 64;
const FEW_CHANGES: usize = 256;

/// Every field that any side has, in the order in which the sides show them. A step of a side costs what it changed.
#[derive(Debug, Default)]
pub struct CompareRows {
    rows: Vec<CompareRow>,
    places: HashMap<String, usize>,
    /// Every event moves these, which says nothing of what differs.
    bookkeeping: BTreeSet<String>,
    absence_differs: bool,
    /// The places of those that are not equal.
    unequal: Vec<usize>,
    differing: usize,
}

impl CompareRows {
    pub(super) fn new(sides: &[Option<(&dyn Timeline, Index)>], absence_differs: bool) -> Self {
        let mut made = Self { absence_differs, ..Self::default() };
        for (column, side) in sides.iter().enumerate() {
            let Some((timeline, index)) = side else { continue };
            for (field, value, set_by) in timeline.blame(*index) {
                if timeline.bookkeeping().contains(&field.as_str()) {
                    made.bookkeeping.insert(field.clone());
                }
                let rows = &mut made.rows;
                let place = *made.places.entry(field).or_insert_with_key(|field| {
                    let cells = vec![None; sides.len()];
                    rows.push(CompareRow { field: field.clone(), cells, differs: false, is_equal: false });
                    rows.len() - 1
                });
                if let Some(cell) = rows.get_mut(place).and_then(|row: &mut CompareRow| row.cells.get_mut(column)) {
                    *cell = Some(CompareCell { value: text(&value), set_by: version_of(*timeline, set_by) });
                }
            }
        }
        (0..made.rows.len()).for_each(|place| made.judge(place));
        made.count();
        made
    }

    /// Moves a side to another moment. `false` where that took or gave it fields: then all is to be made anew.
    pub(super) fn follow(&mut self, column: usize, timeline: &dyn Timeline, from: Index, to: Index) -> bool {
        let passed = from.min(to) + 1..from.max(to) + 1;
        if passed.len() > FEW_EVENTS
            || passed.clone().map(|index| timeline.changed_count(index)).sum::<usize>() > FEW_CHANGES
        {
            return false;
        }
        let bookkeeping = timeline.bookkeeping();
        let moved: BTreeSet<&str> =
            passed.flat_map(|index| timeline.changed_fields(index)).chain(bookkeeping.iter().copied()).collect();
        for field in moved {
            let value = timeline.value_at(to, field);
            let Some(place) = self.places.get(field).copied() else {
                if value.is_null() && bookkeeping.contains(&field) {
                    continue;
                }
                return false;
            };
            let cell = self.rows.get_mut(place).and_then(|row| row.cells.get_mut(column)?.as_mut());
            let (Some(cell), false) = (cell, value.is_null() || value.is_object() || value.is_array()) else {
                return false;
            };
            let set_by = if bookkeeping.contains(&field) { Some(to) } else { timeline.set_by(to, field) };
            *cell = CompareCell { value: text(&value), set_by: version_of(timeline, set_by) };
            self.judge(place);
        }
        self.count();
        true
    }

    fn judge(&mut self, place: usize) {
        let Some(row) = self.rows.get_mut(place) else { return };
        let mut values = row.cells.iter().flatten().map(|cell| &cell.value);
        let first = values.next();
        let is_missing = row.cells.iter().any(Option::is_none);
        let has_others = values.any(|value| Some(value) != first);
        let is_bookkeeping = self.bookkeeping.contains(&row.field);
        row.differs = !is_bookkeeping && (has_others || (is_missing && self.absence_differs));
        row.is_equal = is_bookkeeping || !(has_others || is_missing);
    }

    fn count(&mut self) {
        self.differing = self.rows.iter().filter(|row| row.differs).count();
        self.unequal = (0..).zip(&self.rows).filter(|(_, row)| !row.is_equal).map(|(place, _)| place).collect();
    }

    /// On how many the sides differ.
    pub fn differing(&self) -> usize {
        self.differing
    }

    /// How many are shown.
    pub fn len(&self, hides_equal: bool) -> usize {
        if hides_equal { self.unequal.len() } else { self.rows.len() }
    }

    /// The n-th that is shown.
    pub fn get(&self, nth: usize, hides_equal: bool) -> Option<&CompareRow> {
        let place = if hides_equal { *self.unequal.get(nth)? } else { nth };
        self.rows.get(place)
    }
}

fn version_of(timeline: &dyn Timeline, index: Option<Index>) -> Option<Version> {
    index.and_then(|index| timeline.heads().get(index)).map(|head| head.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Aggregate;
    use crate::event::{EventId, EventRow, EventType, StreamId, StreamKey, Timestamp};
    use crate::replay::registry;

    const EVENTS: [(&str, &str); 11] = [
        ("lead-initialized", r#"{"lead-id":1,"name":"Bo","phone":"1"}"#),
        ("contact-details-updated", r#"{"name":"Zoë"}"#),
        ("contact-details-updated", r#"{"name":"Zoë Čapek","phone":"2"}"#),
        ("noted", r#"{"deep":{"a":1,"b":[1,2]}}"#),
        ("noted", r#"{"deep":{"a":2,"b":[1,3]}}"#),
        ("noted", r#"{"deep":{"a":3,"b":[4,3]}}"#),
        ("noted", r#"{"deep":{"a":3,"b":[4,4]}}"#),
        ("noted", r#"{"deep":7}"#),
        ("noted", r#"{"deep":null}"#),
        ("followup-scheduled", r#"{"at":"2025-03-01T00:00:00Z"}"#),
        ("lead-closed", r#"{"reason":"gone"}"#),
    ];

    #[test]
    fn rows_that_follow_a_step_are_those_that_are_made_anew() {
        let registry = registry();
        let projections = registry.of_aggregate(Some(Aggregate::Lead));
        let mut timelines: Vec<Box<dyn Timeline>> = projections.iter().map(|one| one.timeline(EVENTS.len())).collect();
        for (version, (event_type, payload)) in (0..).zip(EVENTS) {
            let row = EventRow {
                position: None,
                stream_key: StreamKey(0),
                stream: &StreamId::from("lead-1"),
                version: Version(version),
                event_type: &EventType::from(event_type),
                schema: 1,
                recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + i64::try_from(version).unwrap_or(0))),
                id: EventId::new(&format!("e{version}")),
                payload: payload.as_bytes(),
                metadata: b"{}",
            };
            for timeline in &mut timelines {
                timeline.push_row(&row);
            }
        }
        let made = |index: Index| {
            let sides: Vec<Option<(&dyn Timeline, Index)>> =
                timelines.iter().map(|timeline| Some((timeline.as_ref(), index))).collect();
            CompareRows::new(&sides, false)
        };
        let mut followed = 0;
        for (from, to) in (0..EVENTS.len()).flat_map(|from| (0..EVENTS.len()).map(move |to| (from, to))) {
            let mut rows = made(from);
            let has_followed =
                timelines.iter().enumerate().all(|(column, timeline)| rows.follow(column, timeline.as_ref(), from, to));
            if has_followed {
                followed += usize::from(from != to);
                let anew = made(to);
                assert_eq!(rows.rows, anew.rows, "from {from} to {to}");
                assert_eq!((rows.differing, rows.unequal), (anew.differing, anew.unequal), "from {from} to {to}");
            }
        }
        assert!(followed > 4, "only {followed} steps were followed");
    }
}
