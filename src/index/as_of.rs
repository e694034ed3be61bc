use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Budget, Choice, MixedRows, OverBudget, StoreMoment, compare};
use crate::event::{Cursor, Position, StreamId, Timestamp, Version};
use crate::expr::{Expression, Reading, Stop};
use crate::replay::{DecodedRows, Finding, Standing, Stood};

/// Every stream of a store as it stood at a moment. States are kept as they are folded, and shown when they are looked at.
#[derive(Debug)]
pub struct AsOf {
    choice: Arc<Choice>,
    parts: Vec<Box<dyn Standing>>,
    at: StoreMoment,
    read_to: Cursor,
    /// Every stream, in the order in which they began; made when all is folded.
    places: Vec<Place>,
    /// The events that had been folded when the memory was weighed last.
    weighed_at: u64,
    bytes: u64,
}

/// Where a stream's state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    part: u32,
    within: u32,
}

/// One stream, as it stood.
#[derive(Clone, Copy, Debug)]
pub struct AsOfRow<'a> {
    pub stream: &'a StreamId,
    pub version: Version,
    /// When the last event that counts was recorded.
    pub recorded_at: Option<Timestamp>,
    /// The first event on which the projection failed.
    pub failed: Option<&'a Finding>,
}

/// What rows are put in the order of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sorting {
    Stream,
    Version,
    /// The time of the last event.
    Time,
    /// A path of the state.
    Field(String),
}

/// Weighed after so many events at first, and then whenever as many came again as there were.
const WEIGHED_FIRST: u64 = 1 << 15;

/// And at the latest after so many.
const WEIGHED_AFTER: u64 = 1 << 20;

impl AsOf {
    pub fn new(choice: &Arc<Choice>, at: StoreMoment) -> Self {
        let parts = choice.projections().iter().map(|projection| projection.standing(at.until()));
        Self {
            parts: parts.collect(),
            choice: Arc::clone(choice),
            at,
            read_to: Cursor::beginning(),
            places: Vec::new(),
            weighed_at: 0,
            bytes: 0,
        }
    }

    /// Folds in what [`MixedRows`] of the same choice decoded.
    pub fn fold(&mut self, rows: Box<dyn DecodedRows>) {
        let rows: Box<dyn Any> = rows;
        let Ok(rows) = rows.downcast::<MixedRows>() else {
            debug_assert!(false, "rows that were decoded for something else");
            return;
        };
        for (part, rows) in self.parts.iter_mut().zip(rows.parts) {
            part.fold(rows);
        }
    }

    /// Looks now and then whether there is room for more; `seen` is how many events were folded.
    pub fn check(&mut self, seen: u64, budget: Budget) -> Result<(), OverBudget> {
        let since = seen.saturating_sub(self.weighed_at);
        if since < self.weighed_at.clamp(WEIGHED_FIRST, WEIGHED_AFTER) {
            return Ok(());
        }
        self.weighed_at = seen;
        self.weigh(budget)
    }

    fn weigh(&mut self, budget: Budget) -> Result<(), OverBudget> {
        self.bytes = self.parts.iter().map(|part| part.bytes()).sum();
        budget.check(self.bytes)
    }

    /// All is folded, up to this place.
    pub fn finish(&mut self, read_to: Cursor, budget: Budget) -> Result<(), OverBudget> {
        self.read_to = read_to;
        self.put_in_order();
        self.weigh(budget)
    }

    fn put_in_order(&mut self) {
        let parts = self.parts.iter().zip(0_u32..);
        let all =
            parts.flat_map(|(part, number)| (0..part.len() as u32).map(move |within| Place { part: number, within }));
        self.places = all.collect();
        if self.parts.len() > 1 {
            // Each part has its own in order; between them the first events tell.
            let mut keyed: Vec<(Option<Position>, Place)> =
                self.places.iter().map(|place| (self.stood(*place).and_then(|stood| stood.began), *place)).collect();
            keyed.sort();
            self.places = keyed.into_iter().map(|(_, place)| place).collect();
        }
    }

    pub fn at(&self) -> StoreMoment {
        self.at
    }

    /// Up to where the store was read. Without a place where it keeps no order.
    pub fn read_to(&self) -> &Cursor {
        &self.read_to
    }

    pub fn choice(&self) -> &Arc<Choice> {
        &self.choice
    }

    /// The events that count.
    pub fn events(&self) -> u64 {
        self.parts.iter().map(|part| part.events()).sum()
    }

    /// How many streams had begun.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The memory that it takes, as it was weighed last.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Every stream, in the order in which they began.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    fn part(&self, place: Place) -> Option<&dyn Standing> {
        self.parts.get(place.part as usize).map(AsRef::as_ref)
    }

    fn stood(&self, place: Place) -> Option<Stood<'_>> {
        self.part(place)?.stood(place.within as usize)
    }

    pub fn row(&self, place: Place) -> Option<AsOfRow<'_>> {
        let Stood { stream, last, failed, began: _ } = self.stood(place)?;
        Some(AsOfRow { stream, version: last.version, recorded_at: last.recorded_at, failed })
    }

    pub fn state(&self, place: Place) -> Option<Value> {
        self.part(place)?.show(place.within as usize)
    }

    /// A state as a fold goes on from it.
    pub fn snapshot(&self, place: Place) -> Option<String> {
        self.part(place)?.snapshot(place.within as usize)
    }

    /// What stands at a path of a state; null where nothing does.
    pub fn value(&self, place: Place, path: &str) -> Value {
        self.part(place).map_or(Value::Null, |part| part.value(place.within as usize, path))
    }

    pub fn fields(&self, place: Place) -> Vec<String> {
        self.part(place).map(|part| part.fields(place.within as usize)).unwrap_or_default()
    }

    pub fn has_field(&self, place: Place, name: &str) -> bool {
        self.part(place).is_some_and(|part| part.has_field(place.within as usize, name))
    }

    /// The names of all fields of these rows, in the order in which they are met.
    pub fn all_fields(&self, places: &[Place]) -> Vec<String> {
        let mut known: HashMap<String, usize> = HashMap::new();
        for place in places {
            for name in self.fields(*place) {
                let next = known.len();
                known.entry(name).or_insert(next);
            }
        }
        let mut fields: Vec<(String, usize)> = known.into_iter().collect();
        fields.sort_unstable_by_key(|(_, place)| *place);
        fields.into_iter().map(|(name, _)| name).collect()
    }

    /// What a condition is of this row. It may ask for the state and the head of the last event.
    pub fn reading(&self, place: Place, expression: &Expression, stop: &dyn Fn() -> bool) -> Result<Reading, Stop> {
        self.part(place).map_or(Ok(Reading::False), |part| part.reading(place.within as usize, expression, stop))
    }

    /// The same rows in another order. Rows that are alike in it stay as they stood.
    pub fn sort(&self, places: &mut Vec<Place>, by: &Sorting, is_descending: bool) {
        let key = |place: Place| -> Value {
            let row = self.row(place);
            match by {
                Sorting::Stream => row.map_or(Value::Null, |row| row.stream.as_str().into()),
                Sorting::Version => row.map_or(Value::Null, |row| row.version.0.into()),
                Sorting::Time => row.and_then(|row| row.recorded_at).map_or(Value::Null, |at| at.micros().into()),
                Sorting::Field(path) => self.value(place, path),
            }
        };
        let mut keyed: Vec<(Value, Place)> = places.drain(..).map(|place| (key(place), place)).collect();
        keyed.sort_by(|(a, _), (b, _)| match (a.is_null(), b.is_null()) {
            // What is not there stands last either way.
            (false, false) if is_descending => compare(b, a),
            _ => compare(a, b),
        });
        places.extend(keyed.into_iter().map(|(_, place)| place));
    }

    /// How many of these rows have each value at a path, the most frequent first. `None` where there are more values than
    /// so many.
    pub fn counts(&self, places: &[Place], path: &str, most: usize) -> Option<Vec<(Value, u64)>> {
        let mut counts: HashMap<String, (Value, u64)> = HashMap::new();
        for place in places {
            let value = self.value(*place, path);
            let text = value.to_string();
            if let Some((_, count)) = counts.get_mut(&text) {
                *count += 1;
            } else if counts.len() == most {
                return None;
            } else {
                counts.insert(text, (value, 1));
            }
        }
        let mut counts: Vec<(Value, u64)> = counts.into_values().collect();
        counts.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| compare(a, b)));
        Some(counts)
    }
}
