//! The partitions of a user's own projection as streams: the events that its handlers are given, in the store's order,
//! numbered from nought in each partition.
//!
//! A [`Division`] knows which event belongs where, in columns. Over a store it is a [`Partitioned`] one, whose streams are
//! the partitions: whatever reads streams reads these.

mod index;
mod rows;
mod store;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::partitions::partition_of;
use super::{EngineError, FaultAt, GoneOn};
use crate::event::{EventBatch, EventRow, Position, StreamId, Version};
use crate::index::Budget;
use crate::projection::Fault;
use crate::replay::ProjectionRef;
use crate::script::{Homes, Partition, Running, Script, ScriptProjection};
use crate::store::{Changes, Columns, Flow, Query, Store, StoreError};
use index::Index;
pub use store::Partitioned;

/// Which events each partition of a projection is given. Clones are of the same.
#[derive(Clone)]
pub struct Division(Arc<Shared>);

struct Shared {
    script: Script,
    index: RwLock<Index>,
    is_superseded: AtomicBool,
}

impl std::fmt::Debug for Division {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Division").field("script", &self.0.script.name()).finish_non_exhaustive()
    }
}

/// The memory is weighed after so many events.
const BETWEEN_WEIGHINGS: u64 = 1 << 15;

/// So many events of unknown partition are named.
const MOST_STRAYS: usize = 20;

impl Division {
    /// Goes through the store once and notes where each event belongs.
    pub fn new(
        reader: &dyn Store,
        script: &Script,
        budget: Budget,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<Self, EngineError> {
        if !reader.capabilities().has_feed {
            return Err(EngineError::NoOrderToDivide);
        }
        if script.definition().is_bi_state {
            return Err(EngineError::SharedState(script.name().to_owned()));
        }
        let division = Self::empty(script);
        division.go_on(reader, budget, progress)?;
        Ok(division)
    }

    /// Of nothing yet, to be filled by whoever folds the store anyway.
    pub(super) fn empty(script: &Script) -> Self {
        let is_superseded = AtomicBool::new(false);
        Self(Arc::new(Shared { script: script.clone(), index: RwLock::default(), is_superseded }))
    }

    /// Notes that the next event belongs to this partition.
    pub(super) fn note_as(&self, partition: &str, row: &EventRow<'_>) {
        if let Some(position) = row.position {
            self.write().push(partition, position, row);
        }
    }

    /// Notes what was recorded since. Given up half way, it goes on from there the next time.
    pub fn go_on(
        &self,
        reader: &dyn Store,
        budget: Budget,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<GoneOn, EngineError> {
        let read_to = self.read().read_to.clone();
        let (mut scan, is_anew) = match reader.changes(&read_to, Columns::ALL)? {
            Changes::Grew(scan) => (scan, false),
            Changes::Replaced => {
                *self.write() = Index::default();
                (reader.scan(&Query::store().columns(Columns::ALL))?, true)
            }
            Changes::Unknown => return Err(EngineError::NoOrderToDivide),
        };
        let running = self.0.script.run()?;
        let (mut seen, mut new) = (0, 0);
        let mut changed = Vec::new();
        let mut batch = EventBatch::default();
        loop {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                break;
            }
            let mut index = self.write();
            for row in batch.rows() {
                if let Some(partition) = self.note(&mut index, &running, &row) {
                    new += 1;
                    changed.push(partition as usize);
                }
            }
            index.read_to.advance(&batch);
            seen += batch.len() as u64;
            if seen % BETWEEN_WEIGHINGS < batch.len() as u64 {
                budget.check(index.bytes())?;
                changed.sort_unstable();
                changed.dedup();
            }
            drop(index);
            if progress(seen).is_break() {
                return Err(StoreError::Cancelled.into());
            }
        }
        budget.check(self.read().bytes())?;
        changed.sort_unstable();
        changed.dedup();
        Ok(if is_anew { GoneOn::Anew } else { GoneOn::Grew { events: new, changed } })
    }

    fn note(&self, index: &mut Index, running: &Running, row: &EventRow<'_>) -> Option<u32> {
        // Somebody else may have noted it meanwhile.
        let position = row.position.filter(|position| Some(*position) > index.last())?;
        if self.0.script.definition().partition == Partition::One {
            return self.0.script.is_given(row).then(|| index.push("", position, row));
        }
        let event = self.0.script.kept(row)?;
        let head = row.head();
        let id = self.0.script.id_of(&head);
        let given = event.given(&head, &id);
        match partition_of(&self.0.script, running, &given) {
            Ok(Some(partition)) => Some(index.push(&partition, position, row)),
            Ok(None) => None,
            Err(fault) => {
                index.stray(fault, row, MOST_STRAYS);
                None
            }
        }
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
    pub fn place_of(&self, position: Position) -> Option<(StreamId, Version)> {
        let index = self.read();
        let (partition, ordinal) = index.place_of(position)?;
        Some((index.name(partition)?.clone(), Version(ordinal)))
    }

    /// In which stream an event of a partition stands, and with which version.
    pub fn own_event(&self, partition: &StreamId, version: Version) -> Option<(StreamId, Version)> {
        let index = self.read();
        let position = index.position(index.number(partition)?, version.0)?;
        index.home(position)
    }

    /// Where the first and the last event of a partition stand.
    pub fn span_of(&self, partition: &StreamId) -> Option<(Position, Position)> {
        let index = self.read();
        let part = index.number(partition)?;
        let last = index.events_of(part).checked_sub(1)?;
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
        self.read().name(0).cloned()
    }

    /// The partitions at these places.
    pub fn names(&self, places: &[usize]) -> HashSet<StreamId> {
        let index = self.read();
        places.iter().filter_map(|place| index.name(u32::try_from(*place).ok()?).cloned()).collect()
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

impl From<(Fault, &EventRow<'_>)> for FaultAt {
    fn from((fault, row): (Fault, &EventRow<'_>)) -> Self {
        let (stream, event_type) = (row.stream.clone(), row.event_type.clone());
        Self { fault, stream, version: row.version, position: row.position, event_type }
    }
}
