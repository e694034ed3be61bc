//! Which event belongs to which partition: in memory, or in a file where there is no room for it.

use std::collections::HashMap;

use super::columns::InMemory;
use super::disk::{Listed, OnDisk};
use crate::engine::FaultAt;
use crate::event::{Cursor, EventRow, EventType, Position, StreamId, StreamKey, Timestamp, Version};
use crate::projection::Fault;
use crate::store::{Flow, StoreError, StreamOrder, StreamRow};

#[derive(Default)]
pub(super) struct Index {
    kept: Kept,
    last: Option<Position>,
    events: u64,
    types: HashMap<EventType, u64>,
    strays: Vec<FaultAt>,
    pub(super) read_to: Cursor,
}

enum Kept {
    Here(InMemory),
    Away(OnDisk),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Here(InMemory::default())
    }
}

/// What is noted of an event.
pub(super) struct Numbered<'r> {
    pub(super) position: Position,
    pub(super) stream: &'r StreamId,
    pub(super) stream_key: StreamKey,
    pub(super) version: Version,
    pub(super) recorded_at: Option<Timestamp>,
}

/// A partition, as it is listed.
#[derive(Clone, Debug)]
pub(super) struct StreamPart {
    pub(super) number: u32,
    pub(super) name: StreamId,
    pub(super) events: u64,
    pub(super) first_at: Option<Timestamp>,
    pub(super) last_at: Option<Timestamp>,
}

impl StreamPart {
    pub(super) fn into_row(self, category: &str) -> StreamRow {
        let Self { number, name, events, first_at, last_at } = self;
        let last_version = Version(events.saturating_sub(1));
        let (key, category) = (StreamKey(number), category.to_owned());
        StreamRow { key, stream: name, category, events, first_version: Version(0), last_version, first_at, last_at }
    }
}

/// All partitions in an order, as they were when it was asked for.
pub(super) enum InOrder {
    Here(Vec<u32>),
    Away(Listed),
}

/// So many bytes a type of events takes beside its name.
const TYPE: usize = 64;

impl Index {
    /// Notes an event that stands behind all others, and answers with its partition.
    pub(super) fn push(&mut self, partition: &str, position: Position, row: &EventRow<'_>) -> u32 {
        let EventRow { stream, stream_key, version, recorded_at, .. } = *row;
        let event = Numbered { position, stream, stream_key, version, recorded_at };
        let part = match &mut self.kept {
            Kept::Here(columns) => columns.push(partition, &event),
            // Whoever reads looks whether all could be noted.
            Kept::Away(disk) => disk.push(partition, &event).unwrap_or_default(),
        };
        (self.last, self.events) = (Some(position), self.events + 1);
        match self.types.get_mut(row.event_type) {
            Some(count) => *count += 1,
            None => {
                self.types.insert(row.event_type.clone(), 1);
            }
        }
        part
    }

    /// What was noted may be asked for now.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        if let Kept::Away(disk) = &mut self.kept {
            disk.settle();
        }
        self.unless_torn()
    }

    /// The same in a file, for as long as somebody asks. Takes no memory beside `cache`. `None` where it lies there already.
    pub(super) fn laid_down(&self, cache: u64, go_on: &mut dyn FnMut() -> Flow) -> Result<Option<OnDisk>, StoreError> {
        match &self.kept {
            Kept::Here(columns) => OnDisk::of(columns, cache, go_on).map(Some),
            Kept::Away(_) => Ok(None),
        }
    }

    pub(super) fn lies_in(&mut self, disk: OnDisk) {
        self.kept = Kept::Away(disk);
    }

    pub(super) fn is_laid_down(&self) -> bool {
        matches!(self.kept, Kept::Away(_))
    }

    /// What lies in a file could be written and read back.
    pub(super) fn unless_torn(&self) -> Result<(), StoreError> {
        match &self.kept {
            Kept::Here(_) => Ok(()),
            Kept::Away(disk) => disk.unless_torn(),
        }
    }

    pub(super) fn stray(&mut self, fault: FaultAt, most: usize) {
        if self.strays.len() < most {
            self.strays.push(fault);
        }
    }

    pub(super) fn strays(&self) -> &[FaultAt] {
        &self.strays
    }

    /// Where the last event stands.
    pub(super) fn last(&self) -> Option<Position> {
        self.last
    }

    pub(super) fn len(&self) -> usize {
        match &self.kept {
            Kept::Here(columns) => columns.len(),
            Kept::Away(disk) => disk.len(),
        }
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn types(&self) -> &HashMap<EventType, u64> {
        &self.types
    }

    pub(super) fn name(&self, part: u32) -> Option<StreamId> {
        match &self.kept {
            Kept::Here(columns) => columns.name(part).cloned(),
            Kept::Away(disk) => disk.part(part).map(|part| part.name),
        }
    }

    pub(super) fn number(&self, name: &StreamId) -> Option<u32> {
        match &self.kept {
            Kept::Here(columns) => columns.number(name.as_str()),
            Kept::Away(disk) => disk.number(name.as_str()),
        }
    }

    pub(super) fn home(&self, position: Position) -> Option<(StreamId, Version)> {
        match &self.kept {
            Kept::Here(columns) => columns.home(position),
            Kept::Away(disk) => disk.home(position),
        }
    }

    /// The partition of the event at a position, and which of its events it is.
    pub(super) fn place_of(&self, position: Position) -> Option<(u32, u64)> {
        match &self.kept {
            Kept::Here(columns) => columns.place_of(position),
            Kept::Away(disk) => disk.place_of(position),
        }
    }

    /// Where the n-th event of a partition stands in the store.
    pub(super) fn position(&self, part: u32, ordinal: u64) -> Option<Position> {
        match &self.kept {
            Kept::Here(columns) => columns.position(part, ordinal),
            Kept::Away(disk) => disk.position(part, ordinal),
        }
    }

    pub(super) fn part(&self, part: u32) -> Option<StreamPart> {
        match &self.kept {
            Kept::Here(columns) => columns.part(part),
            Kept::Away(disk) => disk.part(part),
        }
    }

    /// The partition of most events, the first of several.
    pub(super) fn longest(&self) -> Option<StreamPart> {
        match &self.kept {
            Kept::Here(columns) => columns.part(columns.longest()?),
            Kept::Away(disk) => disk.longest(),
        }
    }

    /// All partitions, or the first of them.
    pub(super) fn in_order(&self, order: StreamOrder, most: Option<u64>) -> Option<InOrder> {
        Some(match &self.kept {
            Kept::Here(columns) => InOrder::Here(columns.in_order(order)),
            Kept::Away(disk) => InOrder::Away(disk.in_order(order, most)?),
        })
    }

    /// Some of them, behind so many.
    pub(super) fn page(&self, listed: &InOrder, behind: usize, most: usize) -> Vec<StreamPart> {
        match (&self.kept, listed) {
            (_, InOrder::Here(numbers)) => {
                let page = numbers.iter().skip(behind).take(most);
                page.filter_map(|number| self.part(*number)).collect()
            }
            (Kept::Away(disk), InOrder::Away(listed)) => disk.page(listed, behind, most).unwrap_or_default(),
            // All was begun anew meanwhile.
            (Kept::Here(_), InOrder::Away(_)) => Vec::new(),
        }
    }

    /// They are listed no more.
    pub(super) fn is_over(&self, listed: InOrder) {
        if let (Kept::Away(disk), InOrder::Away(listed)) = (&self.kept, listed) {
            disk.forget(&listed);
        }
    }

    /// From the first to the last time.
    pub(super) fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match &self.kept {
            Kept::Here(columns) => columns.span(),
            Kept::Away(disk) => disk.span().unwrap_or_default(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        let kept = match &self.kept {
            Kept::Here(columns) => columns.bytes(),
            Kept::Away(disk) => disk.bytes(),
        };
        kept + self.types.keys().map(|name| (name.as_str().len() + TYPE) as u64).sum::<u64>()
    }
}

impl From<(Fault, &EventRow<'_>)> for FaultAt {
    fn from((fault, row): (Fault, &EventRow<'_>)) -> Self {
        let (stream, event_type) = (row.stream.clone(), row.event_type.clone());
        Self { fault, stream, version: row.version, position: row.position, event_type }
    }
}
