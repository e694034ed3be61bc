use std::any::Any;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::order::SortKey;
use super::runs::Runs;
use super::{Choice, Held, Memory, MixedRows, OverBudget, StoreMoment, compare};
use crate::event::{Cursor, Position, StreamId, StreamKey, Timestamp, Version};
use crate::expr::{Expression, Reading, Stop};
use crate::replay::{DecodedRows, Finding, LayDown, Shelf, Standing, Stood};

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
    /// What it takes while it is folded.
    growing: Held,
    /// What it takes when it is: its own, and that of those with which it has states in common.
    held: Vec<Arc<Held>>,
    /// Where states lie that there was no room for.
    shelf: Option<Arc<dyn Shelf>>,
    /// Tells it from all others, and which one it went on from.
    mark: Arc<()>,
    from: Option<Arc<()>>,
}

/// Where a stream's state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    part: u32,
    within: u32,
}

/// One stream, as it stood.
#[derive(Clone, Debug)]
pub struct AsOfRow<'a> {
    pub stream: Cow<'a, str>,
    pub version: Version,
    /// When the last event that counts was recorded.
    pub recorded_at: Option<Timestamp>,
    /// The first event on which the projection failed.
    pub failed: Option<&'a Finding>,
}

/// A row whose state is small and lies in memory.
#[derive(Clone, Copy, Debug)]
pub struct AtHand<'a> {
    part: &'a dyn Standing,
    within: usize,
}

impl AtHand<'_> {
    /// What stands at a path; null where nothing does.
    pub fn value(&self, path: &str) -> Value {
        self.part.value(self.within, path)
    }
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

/// Weighed at the latest after so many events: what they bring is taken before it was asked for.
const WEIGHED_AFTER: u64 = 1 << 17;

/// And as soon as, after all that was weighed so far, this part of what is left may be taken.
const PART_OF_LEFT: u64 = 4;

/// So many may have states in common before their memory is weighed anew.
const MOST_IN_COMMON: usize = 32;

impl AsOf {
    pub fn new(choice: &Arc<Choice>, at: StoreMoment, room: impl Into<Held>) -> Self {
        let parts = choice.projections().iter().map(|projection| projection.standing(at.until()));
        Self {
            parts: parts.collect(),
            choice: Arc::clone(choice),
            at,
            read_to: Cursor::beginning(),
            places: Vec::new(),
            weighed_at: 0,
            growing: room.into(),
            held: Vec::new(),
            shelf: None,
            mark: Arc::default(),
            from: None,
        }
    }

    /// The same for a later moment, into which the events since are still to be folded. What does not change, both have in
    /// common.
    #[must_use]
    pub fn another(&self, at: StoreMoment) -> Self {
        Self {
            choice: Arc::clone(&self.choice),
            parts: self.parts.iter().map(|part| part.another()).collect(),
            at,
            read_to: self.read_to.clone(),
            places: self.places.clone(),
            weighed_at: self.events(),
            growing: self.growing.memory().hold(),
            held: self.held.clone(),
            shelf: self.shelf.clone(),
            mark: Arc::default(),
            from: Some(Arc::clone(&self.mark)),
        }
    }

    /// Which rows changed or began since, where it went on from that one.
    pub fn touched_since(&self, before: &Self) -> Option<Vec<Place>> {
        self.from.as_ref().filter(|from| Arc::ptr_eq(from, &before.mark))?;
        let mut touched = Vec::new();
        for (part, number) in self.parts.iter().zip(0_u32..) {
            let places = part.touched().into_iter();
            touched.extend(places.map(|within| Place { part: number, within: within as u32 }));
        }
        Some(touched)
    }

    /// The number under which the events of each stream were folded.
    pub fn keys(&self) -> HashMap<StreamId, StreamKey> {
        let key = |place: &Place| {
            let part = self.part(*place)?;
            let within = place.within as usize;
            Some((StreamId::from(&*part.stream(within)?), part.key(within)?))
        };
        self.places.iter().filter_map(key).collect()
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
    pub fn check(&mut self, seen: u64) -> Result<(), OverBudget> {
        let since = seen.saturating_sub(self.weighed_at);
        let (bytes, left) = (self.growing.bytes(), self.growing.memory().left().bytes);
        let until = match bytes.div_ceil(self.weighed_at.max(1)) {
            // It was not weighed yet.
            0 => 0,
            an_event => left / PART_OF_LEFT / an_event,
        };
        if since < until.min(WEIGHED_AFTER) {
            return Ok(());
        }
        self.weighed_at = seen;
        self.weigh()
    }

    /// Lays states on a shelf, and names where that is asked for. What is asked of streams is answered as before, and slower;
    /// of each some numbers stay in memory. False where that was stopped, or there is no room there either.
    pub fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, which: LayDown, go_on: &mut dyn FnMut() -> bool) -> bool {
        self.shelf = Some(Arc::clone(shelf));
        self.parts.iter_mut().all(|part| part.lay_down(shelf, which, go_on))
    }

    /// Where states lie that there was no room for.
    pub fn shelf(&self) -> Option<&Arc<dyn Shelf>> {
        self.shelf.as_ref()
    }

    /// Asks for the memory that it takes.
    pub fn weigh(&mut self) -> Result<(), OverBudget> {
        let own: u64 = self.parts.iter().map(|part| part.own_bytes()).sum();
        self.growing.resize(own + (self.places.capacity() * size_of::<Place>()) as u64)
    }

    /// So much more the order of its streams will take, and that of a table of them.
    pub fn to_come(&self) -> u64 {
        let streams: usize = self.parts.iter().map(|part| part.len()).sum();
        ((2 * streams).saturating_sub(self.places.capacity()) * size_of::<Place>()) as u64
    }

    /// All is folded, up to this place. Others may go on from here.
    pub fn finish(&mut self, read_to: Cursor) -> Result<(), OverBudget> {
        self.read_to = read_to;
        self.put_in_order();
        self.weigh()?;
        self.parts.iter_mut().for_each(|part| part.share());
        let next = self.growing.memory().hold();
        self.held.push(Arc::new(std::mem::replace(&mut self.growing, next)));
        if self.held.len() > MOST_IN_COMMON {
            self.weigh_anew();
        }
        Ok(())
    }

    /// Much of what it once had in common with others has changed since, and is counted with them.
    fn weigh_anew(&mut self) {
        let all: u64 = self.parts.iter().map(|part| part.bytes()).sum();
        let mut held = self.growing.memory().hold();
        if held.resize(all + (self.places.capacity() * size_of::<Place>()) as u64).is_ok() {
            self.held = vec![Arc::new(held)];
        }
    }

    fn put_in_order(&mut self) {
        let counts = |places: &[Place]| -> Vec<u32> {
            let count = |part: u32| places.iter().filter(|place| place.part == part).count() as u32;
            (0..self.parts.len() as u32).map(count).collect()
        };
        // Up to a time, a stream may begin to count that began long before.
        let known = if self.from.is_some() && self.at.until().is_none() { self.places.len() } else { 0 };
        let begun = counts(self.places.get(..known).unwrap_or_default());
        let mut places = std::mem::take(&mut self.places);
        places.truncate(known);
        places.reserve_exact(self.parts.iter().map(|part| part.len()).sum::<usize>().saturating_sub(known));
        for ((part, number), begun) in self.parts.iter().zip(0_u32..).zip(begun) {
            places.extend((begun..part.len() as u32).map(|within| Place { part: number, within }));
        }
        if self.parts.len() > 1 {
            // Each part has its own in order, so that they are only merged; between them the first events tell.
            places.get_mut(known..).unwrap_or_default().sort_by_key(|place| self.rank(*place));
        }
        self.places = places;
    }

    /// What tells the order in which streams began.
    pub fn rank(&self, place: Place) -> (Option<Position>, Place) {
        (self.stood(place).and_then(|stood| stood.began), place)
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
        self.growing.bytes() + self.held.iter().map(|held| held.bytes()).sum::<u64>()
    }

    /// Of what it takes its memory.
    pub fn memory(&self) -> &Memory {
        self.growing.memory()
    }

    /// Every stream, in the order in which they began.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    fn part(&self, place: Place) -> Option<&dyn Standing> {
        self.parts.get(place.part as usize).map(AsRef::as_ref)
    }

    /// All of a row but its name, which may lie on a shelf.
    pub fn stood(&self, place: Place) -> Option<Stood<'_>> {
        self.part(place)?.stood(place.within as usize)
    }

    fn stream(&self, place: Place) -> Option<Cow<'_, str>> {
        self.part(place)?.stream(place.within as usize)
    }

    pub fn row(&self, place: Place) -> Option<AsOfRow<'_>> {
        let Stood { version, recorded_at, failed, began: _ } = self.stood(place)?;
        Some(AsOfRow { stream: self.stream(place)?, version, recorded_at, failed })
    }

    /// The same for whoever draws. `None` where its name lies on a shelf, too.
    pub fn row_at_hand(&self, place: Place) -> Option<AsOfRow<'_>> {
        if self.part(place)?.is_named(place.within as usize) { self.row(place) } else { None }
    }

    /// For whoever draws a row. `None` where its state is not to be looked at for that: it lies on a shelf, or is large.
    pub fn at_hand(&self, place: Place) -> Option<AtHand<'_>> {
        let (part, within) = (self.part(place)?, place.within as usize);
        part.is_at_hand(within).then_some(AtHand { part, within })
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
        let mut is_told = vec![false; self.parts.len()];
        for place in places {
            let is_fixed = self.part(*place).is_some_and(|part| part.has_fixed_fields());
            if let Some(is_told) = is_told.get_mut(place.part as usize).filter(|_| is_fixed)
                && std::mem::replace(is_told, true)
            {
                continue;
            }
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

    /// What a row is put in order by.
    fn sorted_by(&self, place: Place, by: &Sorting) -> Value {
        let stood = || self.stood(place);
        match by {
            Sorting::Stream => self.stream(place).map_or(Value::Null, |stream| stream.into_owned().into()),
            Sorting::Version => stood().map_or(Value::Null, |stood| stood.version.0.into()),
            Sorting::Time => stood().and_then(|stood| stood.recorded_at).map_or(Value::Null, |at| at.micros().into()),
            Sorting::Field(path) => self.value(place, path),
        }
    }

    /// The same rows in another order. Rows that are alike in it stay as they stood.
    pub fn sort(&self, places: &mut Vec<Place>, by: &Sorting, is_descending: bool) {
        self.sort_in_runs(places, by, is_descending, usize::MAX, &mut || true);
    }

    /// The same where there is room for what so many rows are sorted by, and no more. False where it was stopped.
    pub fn sort_in_runs(
        &self,
        places: &mut Vec<Place>,
        by: &Sorting,
        is_descending: bool,
        at_once: usize,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        let runs = Runs { is_descending, at_once, go_on };
        match by {
            Sorting::Stream => runs.sort(places, |place| self.stream(place)),
            Sorting::Version => runs.sort(places, |place| Some(self.stood(place)?.version)),
            Sorting::Time => runs.sort(places, |place| self.stood(place)?.recorded_at),
            Sorting::Field(path) => runs.sort(places, |place| SortKey::of(self.value(place, path))),
        }
    }

    /// Puts rows among others that are in this order already, as if all had been sorted together.
    pub fn put_among(&self, sorted: &mut Vec<Place>, more: &[Place], by: &Sorting, is_descending: bool) {
        type Key = (Value, (Option<Position>, Place));
        let key = |place: Place| -> Key { (self.sorted_by(place, by), self.rank(place)) };
        let compared = |(a, x): &Key, (b, y): &Key| in_order(a, b, is_descending).then(x.cmp(y));
        let mut more: Vec<_> = more.iter().map(|place| (key(*place), *place)).collect();
        more.sort_by(|(a, _), (b, _)| compared(a, b));
        let mut merged = Vec::with_capacity(sorted.len() + more.len());
        let mut rest = sorted.as_slice();
        for (new, place) in more {
            let before = rest.partition_point(|known| compared(&key(*known), &new).is_lt());
            let (ahead, behind) = rest.split_at(before);
            merged.extend_from_slice(ahead);
            merged.push(place);
            rest = behind;
        }
        merged.extend_from_slice(rest);
        *sorted = merged;
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

/// What is not there stands last either way.
fn in_order(a: &Value, b: &Value, is_descending: bool) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (false, false) if is_descending => compare(b, a),
        _ => compare(a, b),
    }
}
