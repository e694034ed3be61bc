//! A user's own projection over a whole store: every partition that it makes, in the store's order. What was read once is
//! gone on from: what is recorded since is folded into the states that there are.

mod run;
mod text;
mod touched;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::EngineError;
use super::as_of::{end_at, unless_replaced};
use super::names::Names;
use super::spill::{LEAST_LEFT, fault_of, new_shelf};
use super::ticket::lock;
use crate::event::{Cursor, EventBatch, EventRow, EventType, Position, StreamId, StreamKey, Timestamp, Version};
use crate::index::{Held, Memory, StoreMoment};
use crate::projection::{EndedAt, Fault};
use crate::replay::{OnShelf, ShelfSpace};
use crate::script::{Ends, Output, Script};
use crate::store::{Changes, Columns, Flow, Query, Store, StoreError};
pub(in crate::engine) use run::{Run, partition_of};
pub use text::StateText;
use text::Text;

/// What a projection made of a store. It may be kept between questions, and handed to another thread: no runtime is in it.
#[derive(Clone, Debug)]
pub struct Partitions {
    script: Script,
    /// How often functions had to be ended, of this run and those that go on from it.
    ends: Arc<Ends>,
    /// In the order in which they began.
    pub rows: Vec<PartitionRow>,
    /// What they are called.
    names: Names,
    shared: Option<Shared>,
    /// Events of which it could not be told to which partition they belong, the first few.
    pub strays: Vec<FaultAt>,
    /// What it asked for that is no part of the events.
    pub impure: Option<String>,
    pub events: u64,
    pub read_to: Cursor,
    /// What rows, states and results take in memory.
    bytes: u64,
    /// It is asked for more memory when it takes so much.
    weighed_at: u64,
    /// Where names, states and results lie that there was no room for, and the places of those that are in memory since, each once.
    shelf: Option<ShelfSpace>,
    loose: Vec<usize>,
    /// What it takes of the memory that there is, where it asks for it.
    held: Option<Arc<Mutex<Held>>>,
}

/// One state of a projection.
#[derive(Clone, Debug)]
pub struct PartitionRow {
    state: Text,
    /// What its transforms and filters make of the state, where there are any.
    result: Option<Box<Text>>,
    /// The first event that it failed on. The fold went on behind it, with the state as it was.
    pub failed: Option<Box<FaultAt>>,
    /// That came of what is made of the state, which another event may mend.
    is_of_result: bool,
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

/// The same in no more memory than that: states that have no room there lie in a file for as long as the answer is used.
pub fn partitions_within(
    reader: &dyn Store,
    script: &Script,
    at: StoreMoment,
    room: impl Into<Held>,
    output: &mut TakeOutput<'_>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Partitions, EngineError> {
    let mut made = Partitions::holding(script, room.into());
    made.read_until(reader, at, output, progress)?;
    Ok(made)
}

/// It asks for more memory when it takes so much more, and looks whether to go on between so many rows.
const BETWEEN_WEIGHINGS: u64 = 1 << 14;
const BETWEEN_LOOKS: usize = 1_024;

/// What a partition takes beside its texts: the list of them grows by a part of itself.
const PARTITION: usize = size_of::<PartitionRow>() + size_of::<PartitionRow>() / PART_TO_GROW;

const PART_TO_GROW: usize = 8;

/// Where no result was made.
static NO_RESULT: Text = Text::Nothing;

impl PartitionRow {
    /// Something of it lies in memory that could lie in a file.
    fn is_loose(&self) -> bool {
        self.state.is_here() || self.result.as_ref().is_some_and(|result| result.is_here())
    }

    /// Where what of it has no room in memory lies.
    fn slots(&self) -> [Option<OnShelf>; 2] {
        [self.state.slot(), self.result.as_ref().and_then(|result| result.slot())]
    }

    /// What it takes beside its place.
    fn bytes(&self) -> u64 {
        let result = self.result.as_ref().map_or(0, |result| size_of::<Text>() as u64 + result.bytes());
        self.state.bytes() + result + self.failed.as_ref().map_or(0, |_| size_of::<FaultAt>() as u64)
    }
}

impl Partitions {
    /// Of nothing yet; [`Self::go_on`] reads.
    pub fn new(script: &Script) -> Self {
        Self {
            script: script.clone(),
            ends: Arc::default(),
            rows: Vec::new(),
            names: Names::default(),
            shared: None,
            strays: Vec::new(),
            impure: None,
            events: 0,
            read_to: Cursor::beginning(),
            bytes: 0,
            weighed_at: 0,
            shelf: None,
            loose: Vec::new(),
            held: None,
        }
    }

    /// The same, asking for its memory as it grows.
    pub(in crate::engine) fn holding(script: &Script, held: Held) -> Self {
        Self { held: Some(Arc::new(Mutex::new(held))), ..Self::new(script) }
    }

    /// The same, to be gone on with beside this one: it asks for memory of its own.
    pub(in crate::engine) fn another(&self, memory: &Memory) -> Self {
        Self { held: Some(Arc::new(Mutex::new(memory.hold()))), weighed_at: 0, ..self.clone() }
    }

    /// Asks for what it takes by now, if that is more than it was for some time. Where there is no room for it, its states
    /// lie in a file from now on, and its names if they must; where that does not help either, the budget is too small.
    fn weigh(&mut self, go_on: &mut dyn FnMut() -> Flow) -> Result<(), EngineError> {
        let Some(held) = self.held.clone().filter(|_| self.bytes >= self.weighed_at) else { return Ok(()) };
        let asked = lock(&held).resize(self.all_bytes());
        if let Err(over) = asked {
            let shelf = match &self.shelf {
                Some(space) => Arc::clone(space.shelf()),
                None => {
                    let shelf = new_shelf().ok_or(over)?;
                    self.shelf = Some(ShelfSpace::on(&shelf));
                    let rows = self.rows.iter().enumerate();
                    self.loose = rows.filter(|(_, row)| row.is_loose()).map(|(place, _)| place).collect();
                    shelf
                }
            };
            self.lay_down(go_on)?;
            if !self.has_room(&held) && !self.names.lay_down(&shelf, &mut || go_on().is_continue())? {
                return Err(StoreError::Cancelled.into());
            }
            lock(&held).resize(self.all_bytes())?;
        }
        self.weighed_at = self.bytes + BETWEEN_WEIGHINGS;
        Ok(())
    }

    fn all_bytes(&self) -> u64 {
        self.bytes + self.names.bytes()
    }

    /// For this, and for what comes next.
    fn has_room(&self, held: &Mutex<Held>) -> bool {
        let mut held = lock(held);
        let is_held = held.resize(self.all_bytes()).is_ok();
        is_held && held.memory().left().bytes >= held.memory().allowed().bytes / LEAST_LEFT
    }

    /// Lays what is in memory of states and results on a shelf. Stopped half way, it goes on from there the next time.
    fn lay_down(&mut self, go_on: &mut dyn FnMut() -> Flow) -> Result<(), EngineError> {
        let Self { rows, loose, bytes, shelf: Some(shelf), .. } = self else { return Ok(()) };
        while let Some(place) = loose.last().copied() {
            if loose.len().is_multiple_of(BETWEEN_LOOKS) && go_on().is_break() {
                return Err(StoreError::Cancelled.into());
            }
            if let Some(row) = rows.get_mut(place) {
                let before = row.bytes();
                row.state.lay(shelf)?;
                row.result.as_mut().map_or(Ok(()), |result| result.lay(shelf))?;
                *bytes -= before - row.bytes();
            }
            loose.pop();
        }
        Ok(())
    }

    /// Something of a row is another from now on.
    fn change(&mut self, place: usize, change: impl FnOnce(&mut PartitionRow)) {
        let Some(row) = self.rows.get_mut(place) else { return };
        let before = row.bytes();
        let (lay, was_loose) = (row.slots(), row.is_loose());
        change(row);
        self.bytes = (self.bytes + row.bytes()).saturating_sub(before);
        let Some(shelf) = &self.shelf else { return };
        let lies = row.slots();
        lay.into_iter().flatten().filter(|slot| !lies.contains(&Some(*slot))).for_each(|slot| shelf.leave(slot));
        if row.is_loose() && !was_loose {
            self.loose.push(place);
        }
    }

    /// The state of a partition, JSON; `None` is a state that is nothing. It may lie in a file, which who reads the store may
    /// look into, and nobody who draws a window.
    pub fn state(&self, _: &dyn Store, place: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        self.state_text(place)
    }

    /// What its transforms and filters make of the state of a partition; the state where there are none.
    pub fn result(&self, _: &dyn Store, place: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        self.result_text(place)
    }

    pub(in crate::engine) fn state_text(&self, place: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        self.rows.get(place).map_or(Ok(None), |row| row.state.read(self.shelf.as_ref()))
    }

    pub(in crate::engine) fn result_text(&self, place: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        self.rows.get(place).map_or(Ok(None), |row| self.result_of(row).read(self.shelf.as_ref()))
    }

    fn result_of<'r>(&self, row: &'r PartitionRow) -> &'r Text {
        if !self.script.definition().transforms {
            return &row.state;
        }
        row.result.as_deref().unwrap_or(&NO_RESULT)
    }

    /// What is shown of a partition: its result, or else its state.
    pub fn shown(&self, place: usize) -> StateText<'_> {
        let Some(row) = self.rows.get(place) else { return StateText::Nothing };
        match self.result_of(row).look() {
            StateText::Nothing => row.state.look(),
            text => text,
        }
    }

    /// Whether some states lie in a file.
    pub fn is_laid_down(&self) -> bool {
        self.shelf.is_some()
    }

    /// What lies in a file could be read back.
    pub(in crate::engine) fn unless_torn(&self) -> Result<(), StoreError> {
        self.shelf.as_ref().and_then(|space| fault_of(space.shelf())).map_or(Ok(()), Err)
    }

    /// What the states and results are long as text.
    pub(in crate::engine) fn length(&self) -> u64 {
        self.rows.iter().map(|row| row.state.length() + self.result_of(row).length()).sum()
    }

    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Whether its functions had to be ended so often that they were given no more events.
    pub fn is_given_up(&self) -> bool {
        self.ends.is_given_up()
    }

    /// Where the partition of this name stands among the rows.
    pub(in crate::engine) fn place_of(&self, partition: &str) -> Result<Option<usize>, StoreError> {
        self.names.find(partition)
    }

    /// What a partition is called. That may lie in a file, as its state may.
    pub fn name(&self, _: &dyn Store, place: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        self.names.read(place)
    }

    pub(in crate::engine) fn name_text(&self, place: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        self.names.read(place)
    }

    /// The same for who draws a window; `None` where it lies in a file.
    pub fn name_at_hand(&self, place: usize) -> Option<&str> {
        self.names.at_hand(place)
    }

    /// What the names are long together.
    pub(in crate::engine) fn name_letters(&self) -> u64 {
        self.names.letters()
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
            if outcome.is_ok() {
                outcome = run.weigh(&mut || progress(seen));
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
        run.finish(&mut || progress(seen))?;
        self.read_to = end;
        Ok(())
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
                    run.weigh(&mut || progress(seen))?;
                    seen += 1;
                    if progress(seen).is_break() {
                        return Err(StoreError::Cancelled.into());
                    }
                }
            }
        };
        let outcome = read();
        // What it came to is whole, whoever has stopped it.
        let changed = run.finish(&mut || Flow::Continue(()))?;
        self.read_to = read_to;
        outcome?;
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

impl FaultAt {
    /// Of an event that was not given to the projection: that had been given up by then.
    pub fn is_not_run(&self) -> bool {
        self.fault.is_not_run()
    }

    pub(in crate::engine) fn ended_at(&self) -> EndedAt {
        let (stream, event_type) = (self.stream.clone(), self.event_type.clone());
        EndedAt { stream, version: self.version, event_type }
    }
}
