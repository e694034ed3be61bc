//! The partitions of a user's own projection as streams: the events that its handlers are given, in the store's order,
//! numbered from nought in each partition.
//!
//! A [`Division`] knows which event belongs where, in columns, or in a file where there is no room for them. Over a store it is a [`Partitioned`] one, whose streams are
//! the partitions: whatever reads streams reads these.

mod columns;
mod disk;
mod index;
mod looking;
mod rows;
mod store;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::partitions::partition_of;
use super::ticket::lock;
use super::{EngineError, FaultAt, GoneOn};
use crate::event::{EventBatch, EventRow, Position, StreamId, Version};
use crate::index::Held;
use crate::replay::ProjectionRef;
use crate::script::{Ends, Homes, Partition, Running, Script, ScriptProjection};
use crate::store::{Changes, Columns, Flow, Query, Store, StoreError};
use index::Index;
use looking::Looked;
pub use looking::{Away, Spot};
pub use store::Partitioned;

/// Which events each partition of a projection is given. Clones are of the same.
#[derive(Clone)]
pub struct Division(Arc<Shared>);

struct Shared {
    script: Script,
    /// Of all that is read for it.
    ends: Arc<Ends>,
    index: RwLock<Index>,
    /// What it takes of the memory that there is, where it asks for it.
    held: Option<Mutex<Held>>,
    /// What who draws asked about last and lies in a file.
    looked: Mutex<Looked>,
    is_superseded: AtomicBool,
}

impl std::fmt::Debug for Division {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Division").field("script", &self.0.script.name()).finish_non_exhaustive()
    }
}

/// What lies in a file keeps no more than this of it in memory, and half of what is left where that is less.
const MOST_CACHE: u64 = 16 << 20;

/// With less memory than this nothing is worth a file.
const LEAST_ROOM: u64 = 256 << 10;

/// So many events of unknown partition are named.
const MOST_STRAYS: usize = 20;

impl Division {
    /// Goes through the store once and notes where each event belongs. `room` is what it takes its memory of; where that is
    /// too little, it lies in a file for as long as it is used.
    pub fn new(
        reader: &dyn Store,
        script: &Script,
        room: impl Into<Held>,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<Self, EngineError> {
        if !reader.capabilities().has_feed {
            return Err(EngineError::NoOrderToDivide);
        }
        if script.definition().is_bi_state {
            return Err(EngineError::SharedState(script.name().to_owned()));
        }
        let division = Self::of_nothing(script, Some(room.into()));
        division.note_all(reader, progress, None)?;
        Ok(division)
    }

    /// Of nothing yet, to be filled by whoever folds the store anyway and sees to its memory.
    pub(super) fn empty(script: &Script) -> Self {
        Self::of_nothing(script, None)
    }

    fn of_nothing(script: &Script, held: Option<Held>) -> Self {
        let (is_superseded, held) = (AtomicBool::new(false), held.map(Mutex::new));
        let (index, looked) = (RwLock::default(), Mutex::default());
        let (script, ends) = (script.clone(), Arc::default());
        Self(Arc::new(Shared { script, ends, index, held, looked, is_superseded }))
    }

    /// Notes that the next event belongs to this partition.
    pub(super) fn note_as(&self, partition: &str, row: &EventRow<'_>) {
        if let Some(position) = row.position {
            self.write().push(partition, position, row);
        }
    }

    /// Notes what was recorded since. Given up half way, it goes on from there the next time.
    pub fn go_on(&self, reader: &dyn Store, progress: &mut dyn FnMut(u64) -> Flow) -> Result<GoneOn, EngineError> {
        let mut changed = HashSet::new();
        Ok(match self.note_all(reader, progress, Some(&mut changed))? {
            None => GoneOn::Anew,
            Some(events) => {
                let mut changed: Vec<usize> = changed.into_iter().map(|part| part as usize).collect();
                changed.sort_unstable();
                GoneOn::Grew { events, changed }
            }
        })
    }

    /// Answers how many events were new; `None` where all was read anew.
    fn note_all(
        &self,
        reader: &dyn Store,
        progress: &mut dyn FnMut(u64) -> Flow,
        mut changed: Option<&mut HashSet<u32>>,
    ) -> Result<Option<u64>, EngineError> {
        let (read_to, is_torn) = {
            let index = self.read();
            (index.read_to.clone(), index.unless_torn().is_err())
        };
        let (mut scan, is_anew) = match reader.changes(&read_to, Columns::ALL)? {
            Changes::Grew(scan) if !is_torn => (scan, false),
            Changes::Grew(_) | Changes::Replaced => {
                *self.write() = Index::default();
                lock(&self.0.looked).forget();
                (reader.scan(&Query::store().columns(Columns::ALL))?, true)
            }
            Changes::Unknown => return Err(EngineError::NoOrderToDivide),
        };
        let running = self.0.script.run_for(&self.0.ends)?;
        let (mut seen, mut new) = (0, 0);
        let mut batch = EventBatch::default();
        loop {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                break;
            }
            // A function may take its time, for which nobody waits who looks at what is known.
            let belongs: Vec<Belongs> = batch.rows().map(|row| self.belongs(&running, &row)).collect();
            let mut index = self.write();
            for (row, belongs) in batch.rows().zip(belongs) {
                // Somebody else may have noted it meanwhile.
                let Some(position) = row.position.filter(|position| Some(*position) > index.last()) else { continue };
                match belongs {
                    Belongs::To(partition) => {
                        let part = index.push(&partition, position, &row);
                        new += 1;
                        if let Some(changed) = &mut changed {
                            changed.insert(part);
                        }
                    }
                    Belongs::Nowhere => {}
                    Belongs::Astray(fault) => index.stray(*fault, MOST_STRAYS),
                }
            }
            index.settle()?;
            index.read_to.advance(&batch);
            drop(index);
            seen += batch.len() as u64;
            self.weigh(&mut || progress(seen))?;
            if progress(seen).is_break() {
                return Err(StoreError::Cancelled.into());
            }
        }
        self.weigh(&mut || progress(seen))?;
        lock(&self.0.looked).forget_missing();
        Ok((!is_anew).then_some(new))
    }

    fn belongs(&self, running: &Running, row: &EventRow<'_>) -> Belongs {
        let script = &self.0.script;
        if script.definition().partition == Partition::One {
            return if script.is_given(row) { Belongs::To("".into()) } else { Belongs::Nowhere };
        }
        let Some(event) = script.kept(row) else { return Belongs::Nowhere };
        let head = row.head();
        let id = script.id_of(&head);
        let given = event.given(&head, &id);
        match partition_of(script, running, &given) {
            Ok(Some(partition)) => Belongs::To(partition.into()),
            Ok(None) => Belongs::Nowhere,
            Err(fault) => {
                self.0.ends.gave_up_at(|| given.ended_at());
                Belongs::Astray(Box::new((fault, row).into()))
            }
        }
    }

    /// Asks for the memory that it takes by now. Where there is no room for it, it lies in a file from now on.
    fn weigh(&self, go_on: &mut dyn FnMut() -> Flow) -> Result<(), EngineError> {
        let Some(held) = &self.0.held else { return Ok(()) };
        let bytes = self.bytes();
        let (asked, room) = {
            let mut held = lock(held);
            let asked = held.resize(bytes);
            (asked, held.memory().left().bytes.saturating_add(held.bytes()))
        };
        let Err(over) = asked else { return Ok(()) };
        if room < LEAST_ROOM {
            return Err(over.into());
        }
        // Others may look meanwhile.
        let index = self.read();
        let (last, cache) = (index.last(), (room / 2).min(MOST_CACHE));
        let laid = index.laid_down(cache, go_on)?;
        drop(index);
        let mut index = self.write();
        if let Some(disk) = laid.filter(|_| index.last() == last) {
            index.lies_in(disk);
        }
        let bytes = index.bytes();
        drop(index);
        Ok(lock(held).resize(bytes)?)
    }

    /// It has no room in memory, and lies in a file.
    pub fn is_laid_down(&self) -> bool {
        self.read().is_laid_down()
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.0.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.0.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn script(&self) -> &Script {
        &self.0.script
    }

    /// The projection over one of these partitions. `None` where all of them share a state.
    pub fn projection(&self) -> Option<ProjectionRef> {
        let projection = ScriptProjection::of_partitions(&self.0.script, Arc::new(self.clone()))?;
        Some(ProjectionRef::new(projection))
    }

    /// A store whose streams are the partitions, over a connection of its own.
    pub fn over(&self, reader: &dyn Store) -> Result<Partitioned, StoreError> {
        Ok(Partitioned::new(reader.again()?, self.clone()))
    }

    /// The same over this connection.
    pub fn of(&self, reader: Box<dyn Store>) -> Partitioned {
        Partitioned::new(reader, self.clone())
    }

    /// Which partition was given the event at this position, and as which of its events.
    pub fn place_of(&self, position: Position) -> Option<Spot> {
        let index = self.read();
        let (partition, ordinal) = index.place_of(position)?;
        Some((index.name(partition)?, Version(ordinal)))
    }

    /// In which stream an event of a partition stands, and with which version.
    pub fn own_event(&self, partition: &StreamId, version: Version) -> Option<Spot> {
        let index = self.read();
        let position = index.position(index.number(partition)?, version.0)?;
        index.home(position)
    }

    /// Where the first and the last event of a partition stand.
    pub fn span_of(&self, partition: &StreamId) -> Option<(Position, Position)> {
        let index = self.read();
        let part = index.number(partition)?;
        let last = index.part(part)?.events.checked_sub(1)?;
        Some((index.position(part, 0)?, index.position(part, last)?))
    }

    /// How many partitions there are.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Another one stands in its place: connections that see this one are of no use any more.
    pub fn supersede(&self) {
        self.0.is_superseded.store(true, Ordering::Release);
    }

    pub(super) fn is_superseded(&self) -> bool {
        self.0.is_superseded.load(Ordering::Acquire)
    }

    /// The partition that began first.
    pub fn first(&self) -> Option<StreamId> {
        self.read().name(0)
    }

    /// The partitions at these places.
    pub fn names(&self, places: &[usize]) -> HashSet<StreamId> {
        let index = self.read();
        places.iter().filter_map(|place| index.name(u32::try_from(*place).ok()?)).collect()
    }

    /// Events of which it could not be told where they belong, the first few.
    pub fn strays(&self) -> Vec<FaultAt> {
        self.read().strays().to_vec()
    }

    /// The memory that it takes.
    pub fn bytes(&self) -> u64 {
        self.read().bytes()
    }
}

impl Homes for Division {
    fn home(&self, position: Position) -> Option<(StreamId, Version)> {
        self.read().home(position)
    }
}

/// To which partition an event belongs.
enum Belongs {
    To(Box<str>),
    Nowhere,
    Astray(Box<FaultAt>),
}
