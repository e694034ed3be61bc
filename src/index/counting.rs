use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Choice, Held, Histogram, Memory, MixedRows, OverBudget, Tally};
use crate::event::{Cursor, EventRow, EventType, Position, StreamId, StreamKey, Timestamp, actor_in};
use crate::replay::{DecodedRows, Following, LayDown, Shelf, Told};

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountOf {
    /// Streams, by what a field of their state is.
    Field(String),
    /// Events, by their type.
    Type,
    /// Events, by who recorded them.
    Actor,
    /// Events, by the category of their stream.
    Category,
}

/// What a category is, where a store knows better than the names of its streams say.
pub type Categories = Arc<HashMap<StreamId, Arc<str>>>;

/// How a store is counted.
#[derive(Clone, Debug)]
pub struct CountWish {
    pub of: CountOf,
    /// For a field.
    pub choice: Arc<Choice>,
    pub categories: Categories,
    /// The categories that the choice was made for; `None` where it holds for any.
    pub chosen_for: Option<Arc<HashSet<String>>>,
}

/// Counts of a store at any moment of it, and its events over time. New events move it on.
#[derive(Debug)]
pub struct Counting {
    wish: CountWish,
    tally: Tally,
    /// Of a field, by type; otherwise by what is counted.
    histogram: Histogram,
    /// For a field: the states, which only new events ask for.
    parts: Vec<Box<dyn Following>>,
    /// Where states lie that there was no room for.
    shelf: Option<Arc<dyn Shelf>>,
    /// The states have given way, and whether any of them had the field.
    at_rest: Option<bool>,
    read_to: Cursor,
    events: u64,
    weighed_at: u64,
    held: Held,
    /// Where each connection numbers streams by itself: the numbers that they have here.
    keys: Option<Keys>,
}

/// The numbers that streams have here, and the next.
#[derive(Debug, Default)]
struct Keys {
    of_stream: HashMap<StreamId, StreamKey>,
    /// Which numbers are among them: asked for every event, where to ask for the name would take longer than to fold it.
    is_known: Vec<bool>,
}

/// An event that is counted, out of several projections' rows.
struct Noted {
    position: Option<Position>,
    key: StreamKey,
    at: Option<Timestamp>,
    event_type: EventType,
    value: Box<str>,
}

/// Rows decoded for counting.
#[derive(Debug)]
pub struct CountRows {
    wish: CountWish,
    mixed: Option<MixedRows>,
    /// Where somebody numbers them: the streams, each once in a run of its events.
    met: Option<Vec<(StreamKey, StreamId)>>,
    names: Vec<Box<str>>,
    known: HashMap<Box<str>, u32>,
    rows: Vec<CountRow>,
}

#[derive(Debug)]
struct CountRow {
    key: StreamKey,
    position: Option<Position>,
    at: Option<Timestamp>,
    /// Among the names of its batch.
    name: u32,
}

impl CountRows {
    /// `numbers_anew` where each connection numbers the streams by itself.
    pub fn new(wish: &CountWish, numbers_anew: bool) -> Self {
        let mixed = matches!(wish.of, CountOf::Field(_)).then(|| MixedRows::without_names(&wish.choice));
        let met = numbers_anew.then(Vec::new);
        Self { wish: wish.clone(), mixed, met, names: Vec::new(), known: HashMap::new(), rows: Vec::new() }
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.known.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.known.insert(name.into(), number);
        number
    }
}

impl DecodedRows for CountRows {
    fn push(&mut self, row: &EventRow<'_>) {
        if let Some(met) = &mut self.met
            && met.last().is_none_or(|(key, _)| *key != row.stream_key)
        {
            met.push((row.stream_key, row.stream.clone()));
        }
        if let Some(mixed) = &mut self.mixed {
            return mixed.push(row);
        }
        let number = match self.wish.of {
            CountOf::Actor => {
                let actor = actor_in(row.metadata).map(std::borrow::Cow::into_owned);
                self.number(&actor.unwrap_or_default())
            }
            CountOf::Category => {
                let known = self.wish.categories.get(row.stream).cloned();
                self.number(known.as_deref().unwrap_or_else(|| row.stream.category()))
            }
            CountOf::Type | CountOf::Field(_) => self.number(row.event_type.as_str()),
        };
        self.rows.push(CountRow { key: row.stream_key, position: row.position, at: row.recorded_at, name: number });
    }

    fn len(&self) -> usize {
        self.mixed.as_ref().map_or(self.rows.len(), DecodedRows::len)
    }
}

impl Counting {
    /// `numbers_anew` where each connection numbers the streams by itself.
    pub fn new(wish: &CountWish, numbers_anew: bool, room: impl Into<Held>) -> Self {
        let parts: Vec<Box<dyn Following>> = match &wish.of {
            CountOf::Field(path) => wish.choice.projections().iter().map(|one| one.follow(path)).collect(),
            CountOf::Type | CountOf::Actor | CountOf::Category => Vec::new(),
        };
        let tally = if matches!(wish.of, CountOf::Field(_)) { Tally::default() } else { Tally::of_events() };
        Self {
            wish: wish.clone(),
            tally,
            histogram: Histogram::default(),
            parts,
            shelf: None,
            at_rest: None,
            read_to: Cursor::beginning(),
            events: 0,
            weighed_at: 0,
            held: room.into(),
            keys: numbers_anew.then(Keys::default),
        }
    }

    pub fn wish(&self) -> &CountWish {
        &self.wish
    }

    /// Folds in what [`CountRows`] of the same wish decoded.
    pub fn fold(&mut self, rows: Box<dyn DecodedRows>) {
        let rows: Box<dyn Any> = rows;
        let Ok(rows) = rows.downcast::<CountRows>() else {
            debug_assert!(false, "rows that were decoded for something else");
            return;
        };
        let CountRows { mixed, met, names, rows, .. } = *rows;
        if let Some(keys) = &mut self.keys {
            met.into_iter().flatten().for_each(|(key, stream)| keys.note(key, stream));
        }
        match mixed {
            Some(mixed) => self.fold_states(mixed),
            None => {
                for CountRow { key, position, at, name } in rows {
                    let name = names.get(name as usize).map_or("", AsRef::as_ref);
                    self.events += 1;
                    self.tally.take(key, position, at, name);
                    self.histogram.take(at, name);
                }
            }
        }
    }

    fn fold_states(&mut self, mixed: MixedRows) {
        let Self { tally, histogram, parts, events, .. } = self;
        let is_one = parts.len() == 1;
        let mut noted: Vec<Noted> = Vec::new();
        for (part, rows) in parts.iter_mut().zip(mixed.parts) {
            part.fold(rows, &mut |told: Told<'_>| {
                let Told { key, head, value } = told;
                *events += 1;
                if is_one {
                    tally.take(key, head.position, head.recorded_at, value);
                    histogram.take(head.recorded_at, head.event_type.as_str());
                } else {
                    let (position, at, event_type) = (head.position, head.recorded_at, head.event_type.clone());
                    noted.push(Noted { position, key, at, event_type, value: value.into() });
                }
            });
        }
        // Each part has its own events in order.
        noted.sort_by_key(|noted| noted.position);
        for Noted { position, key, at, event_type, value } in noted {
            tally.take(key, position, at, &value);
            histogram.take(at, event_type.as_str());
        }
    }

    /// Whether a stream was met before, where that is known.
    pub fn has_met(&self, stream: &StreamId) -> Option<bool> {
        self.keys.as_ref().map(|keys| keys.of_stream.contains_key(stream))
    }

    /// The row with the number that its stream has here, whatever connection read it.
    pub fn renumbered<'r>(&mut self, row: EventRow<'r>) -> EventRow<'r> {
        let Some(keys) = &mut self.keys else { return row };
        EventRow { stream_key: keys.key_of(row.stream), ..row }
    }

    /// Looks now and then whether there is room for more. States may lie in a file, and leave some of the memory for what
    /// is read at the same time and cannot.
    pub fn check(&mut self) -> Result<(), OverBudget> {
        const BETWEEN: u64 = 1 << 17;
        const PART_FOR_OTHERS: u64 = 4;
        if self.events < self.weighed_at + BETWEEN {
            return Ok(());
        }
        self.weigh()?;
        let memory = self.memory();
        let (taken, allowed) = (memory.taken(), memory.allowed().bytes);
        let is_enough = taken <= allowed - allowed / PART_FOR_OTHERS || self.parts.is_empty();
        if is_enough { Ok(()) } else { Err(OverBudget { bytes: taken, budget: memory.allowed() }) }
    }

    /// Asks for the memory that it takes.
    pub fn weigh(&mut self) -> Result<(), OverBudget> {
        self.weighed_at = self.events;
        self.held.resize(self.bytes())
    }

    /// Of what it takes its memory.
    pub fn memory(&self) -> &Memory {
        self.held.memory()
    }

    /// Lays states on a shelf; what comes to one is folded into it as before. False where that was stopped, or there is no
    /// room there either.
    pub fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, which: LayDown, go_on: &mut dyn FnMut() -> bool) -> bool {
        self.shelf = Some(Arc::clone(shelf));
        self.parts.iter_mut().all(|part| part.lay_down(shelf, which, go_on))
    }

    /// Where states lie that there was no room for.
    pub fn shelf(&self) -> Option<&Arc<dyn Shelf>> {
        self.shelf.as_ref()
    }

    /// Nothing is asked for beside it.
    pub fn to_come(&self) -> u64 {
        0
    }

    /// All up to this place is folded: any moment can be asked.
    pub fn finish(&mut self, read_to: Cursor) -> Result<(), OverBudget> {
        self.tally.settle();
        self.histogram.settle();
        self.read_to = read_to;
        self.held.resize(self.bytes())
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// Up to where the store was read.
    pub fn read_to(&self) -> &Cursor {
        &self.read_to
    }

    /// How many events were counted.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Its states could give way.
    pub fn can_rest(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Its states give way, for whoever calls to drop: any moment up to here can be asked as before, and what is recorded
    /// later wants a new count.
    pub fn rest(&mut self) -> Vec<Box<dyn Following>> {
        self.at_rest = Some(self.has_field());
        let parts = std::mem::take(&mut self.parts);
        self.shelf = None;
        // Less is always possible.
        let _ = self.held.resize(self.bytes());
        parts
    }

    /// New events can be folded behind those that it knows.
    pub fn can_go_on(&self) -> bool {
        self.at_rest.is_none()
    }

    /// Of a field: whether any stream has it.
    pub fn has_field(&self) -> bool {
        if let Some(had) = self.at_rest {
            return had;
        }
        self.parts.is_empty() || self.parts.iter().any(|part| part.has_field())
    }

    /// The memory that its states take, which may give way.
    pub fn states_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes()).sum()
    }

    /// The memory that it takes.
    pub fn bytes(&self) -> u64 {
        let keys = self.keys.as_ref().map_or(0, Keys::bytes);
        self.states_bytes() + self.tally.bytes() + self.histogram.bytes() + keys as u64
    }
}

impl Keys {
    /// A stream has the number that the connection gave it which read it.
    fn note(&mut self, key: StreamKey, stream: StreamId) {
        let place = key.0 as usize;
        if self.is_known.len() <= place {
            self.is_known.resize(place + 1, false);
        }
        if !std::mem::replace(&mut self.is_known[place], true) {
            self.of_stream.insert(stream, key);
        }
    }

    /// The number that a stream has here, whatever connection reads it.
    fn key_of(&mut self, stream: &StreamId) -> StreamKey {
        if let Some(key) = self.of_stream.get(stream) {
            return *key;
        }
        let key = StreamKey(self.is_known.len() as u32);
        self.note(key, stream.clone());
        key
    }

    fn bytes(&self) -> usize {
        2 * self.of_stream.len() * (size_of::<(StreamId, StreamKey)>() + 1) + self.is_known.capacity()
    }
}
