//! A user's own projection over a whole store: every partition that it makes, in the store's order. What was read once is
//! gone on from: what is recorded since is folded into the states that there are.

mod run;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use super::EngineError;
use super::as_of::{end_at, unless_replaced};
use super::ticket::lock;
use crate::event::{Cursor, EventBatch, EventRow, EventType, Position, StreamId, StreamKey, Timestamp, Version};
use crate::index::{Held, Memory, OverBudget, StoreMoment};
use crate::projection::Fault;
use crate::script::{Output, Script};
use crate::store::{Changes, Columns, Flow, Query, Store, StoreError};
pub(in crate::engine) use run::{Run, partition_of};

/// What a projection made of a store. It may be kept between questions, and handed to another thread: no runtime is in it.
#[derive(Clone, Debug)]
pub struct Partitions {
    script: Script,
    /// In the order in which they began.
    pub rows: Vec<PartitionRow>,
    places: HashMap<Box<str>, usize>,
    shared: Option<Shared>,
    /// Events of which it could not be told to which partition they belong, the first few.
    pub strays: Vec<FaultAt>,
    /// What it asked for that is no part of the events.
    pub impure: Option<String>,
    pub events: u64,
    pub read_to: Cursor,
    /// What names, states and results take.
    bytes: u64,
    /// What it takes of the memory that there is, where it asks for it.
    held: Option<Arc<Mutex<Held>>>,
}

/// One state of a projection.
#[derive(Clone, Debug)]
pub struct PartitionRow {
    pub partition: Box<str>,
    /// JSON; `None` is a state that is nothing.
    pub state: Option<Box<str>>,
    /// What its transforms and filters make of the state.
    pub result: Option<Box<str>>,
    /// The first event that it failed on. The fold went on behind it, with the state as it was.
    pub failed: Option<FaultAt>,
    pub events: u64,
    has_begun: bool,
}

/// The state that all partitions have between them, as text; `None` is a state that is nothing.
#[derive(Clone, Debug)]
struct Shared(Option<Box<str>>);

/// A fault, and the event at which it arose.
#[derive(Clone, Debug)]
pub struct FaultAt {
    pub fault: Fault,
    pub stream: StreamId,
    pub version: Version,
    pub position: Option<Position>,
    pub event_type: EventType,
}

/// What became of the partitions when the store was looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoneOn {
    /// So many events were new to the projection, and these rows are others than they were.
    Grew { events: u64, changed: Vec<usize> },
    /// All was read anew: the store was cut, restored or replaced, or keeps no order by which what is new could be told.
    Anew,
}

/// Is given what is emitted and logged, with its event.
pub type TakeOutput<'o> = dyn FnMut(&EventRow<'_>, Output) -> Flow + 'o;

/// Folds the whole store. What is emitted and logged is handed to `output` with its event, and kept nowhere.
pub fn partitions(
    reader: &dyn Store,
    script: &Script,
    at: StoreMoment,
    output: &mut TakeOutput<'_>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Partitions, EngineError> {
    let mut made = Partitions::new(script);
    made.read_until(reader, at, output, progress)?;
    Ok(made)
}

/// The same up to the end, in no more memory than there is.
pub(super) fn partitions_within(
    reader: &dyn Store,
    script: &Script,
    memory: &Memory,
    output: &mut TakeOutput<'_>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Partitions, EngineError> {
    let mut made = Partitions::holding(script, memory.hold());
    made.read_until(reader, StoreMoment::Latest, output, progress)?;
    Ok(made)
}

/// It is asked for more memory after so many events.
const BETWEEN_WEIGHINGS: u64 = 1_024;

impl Partitions {
    /// Of nothing yet; [`Self::go_on`] reads.
    pub fn new(script: &Script) -> Self {
        Self {
            script: script.clone(),
            rows: Vec::new(),
            places: HashMap::new(),
            shared: None,
            strays: Vec::new(),
            impure: None,
            events: 0,
            read_to: Cursor::beginning(),
            bytes: 0,
            held: None,
        }
    }

    /// The same, asking for its memory as it grows.
    pub(in crate::engine) fn holding(script: &Script, held: Held) -> Self {
        Self { held: Some(Arc::new(Mutex::new(held))), ..Self::new(script) }
    }

    /// Asks for what it takes by now.
    fn weigh(&self) -> Result<(), OverBudget> {
        self.held.as_ref().map_or(Ok(()), |held| lock(held).resize(self.bytes))
    }

    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Where the partition of this name stands among the rows.
    pub fn place_of(&self, partition: &str) -> Option<usize> {
        self.places.get(partition).copied()
    }

    fn read_until(
        &mut self,
        reader: &dyn Store,
        at: StoreMoment,
        output: &mut TakeOutput<'_>,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<(), EngineError> {
        let end = end_at(reader, at)?;
        let is_empty = reader.capabilities().has_feed && end.place().is_none();
        if is_empty {
            return Ok(());
        }
        let counting = at.until().map(|until| Counting::by(reader, until, &end)).transpose()?;
        let mut run = Run::begin(self)?;
        let (mut outcome, mut seen) = (Ok(()), 0_u64);
        reader.visit_events(&Query::positions(None, end.position()), &mut |row| {
            seen += 1;
            if counting.as_ref().is_none_or(|counting| counting.counts(row)) {
                outcome = run.take(row, output).map(drop);
            }
            if seen.is_multiple_of(BETWEEN_WEIGHINGS) && outcome.is_ok() {
                outcome = run.weigh().map_err(EngineError::from);
            }
            let is_over = outcome.is_err() || progress(seen).is_break();
            if is_over {
                outcome = std::mem::replace(&mut outcome, Ok(())).and(Err(StoreError::Cancelled.into()));
                return Flow::Break(());
            }
            Flow::Continue(())
        })?;
        outcome?;
        unless_replaced(reader, &end)?;
        run.finish()?;
        self.read_to = end;
        // What its transforms and filters make of the states came last.
        let results = self.rows.iter().filter_map(|row| row.result.as_ref()).map(|result| result.len() as u64);
        self.bytes += results.sum::<u64>();
        Ok(self.weigh()?)
    }

    /// Folds in what was recorded since, and nothing else, where the store tells what that is. Given up half way, it stands
    /// where it came to and goes on from there the next time.
    pub fn go_on(
        &mut self,
        reader: &dyn Store,
        output: &mut TakeOutput<'_>,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<GoneOn, EngineError> {
        let Changes::Grew(mut scan) = reader.changes(&self.read_to, Columns::ALL)? else {
            let held = self.held.clone();
            *self = Self { held: held.clone(), ..Self::new(&self.script) };
            let read = self.read_until(reader, StoreMoment::Latest, output, progress);
            if read.is_err() {
                *self = Self { held, ..Self::new(&self.script) };
            }
            return read.map(|()| GoneOn::Anew);
        };
        let (mut seen, before, mut read_to) = (0, self.events, self.read_to.clone());
        let mut run = Run::begin(self)?;
        let mut batch = EventBatch::default();
        let mut read = || -> Result<(), EngineError> {
            loop {
                scan.next_batch(&mut batch)?;
                if batch.is_empty() {
                    return Ok(());
                }
                for row in batch.rows() {
                    let taken = run.take(&row, output);
                    if let (Some(position), Ok(_) | Err(EngineError::Store(_))) = (row.position, &taken) {
                        read_to = Cursor::after(position, row.id.clone());
                    }
                    taken?;
                    seen += 1;
                    if progress(seen).is_break() {
                        return Err(StoreError::Cancelled.into());
                    }
                }
            }
        };
        let outcome = read();
        let changed = run.finish()?;
        self.read_to = read_to;
        outcome?;
        self.weigh()?;
        Ok(GoneOn::Grew { events: self.events - before, changed })
    }
}

/// Which events count until a time: in each stream, the last one that was recorded by then and all before it. Where clocks
/// ran backward, the order of the stream decides.
pub(in crate::engine) struct Counting(HashMap<StreamKey, Version>);

impl Counting {
    pub(in crate::engine) fn by(reader: &dyn Store, until: Timestamp, end: &Cursor) -> Result<Self, StoreError> {
        let mut last = HashMap::new();
        reader.visit_events(&Query::positions(None, end.position()).columns(Columns::HEADS), &mut |row| {
            if row.recorded_at.is_some_and(|at| at <= until) {
                last.insert(row.stream_key, row.version);
            }
            Flow::Continue(())
        })?;
        Ok(Self(last))
    }

    pub(in crate::engine) fn counts(&self, row: &EventRow<'_>) -> bool {
        self.0.get(&row.stream_key).is_some_and(|last| row.version <= *last)
    }
}

/// Rows that are others than they were, each once, in their order.
#[derive(Default)]
struct Touched {
    places: HashSet<usize>,
    last: Option<usize>,
}

impl Touched {
    fn note(&mut self, place: usize) {
        if self.last != Some(place) {
            self.last = Some(place);
            self.places.insert(place);
        }
    }

    fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn in_order(self) -> Vec<usize> {
        let mut places: Vec<usize> = self.places.into_iter().collect();
        places.sort_unstable();
        places
    }
}
