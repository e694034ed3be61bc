//! Which event belongs to which partition, in columns: some thirty bytes an event, in the store's order.

use std::collections::HashMap;
use std::mem::size_of;

use crate::engine::FaultAt;
use crate::event::{Cursor, EventRow, EventType, Position, StreamId, StreamKey, Timestamp, Version};
use crate::projection::Fault;
use crate::store::StreamRow;

#[derive(Default)]
pub(super) struct Index {
    /// Of each event, ascending.
    positions: Vec<Position>,
    partitions: Vec<u32>,
    /// In which stream it stands, and with which version.
    homes: Vec<u32>,
    versions: Vec<Version>,
    parts: Vec<Part>,
    by_name: HashMap<StreamId, u32>,
    streams: Vec<StreamId>,
    by_key: HashMap<StreamKey, u32>,
    types: HashMap<EventType, u64>,
    strays: Vec<FaultAt>,
    names_len: usize,
    pub(super) read_to: Cursor,
}

struct Part {
    name: StreamId,
    /// Places in the columns, ascending.
    events: Vec<u32>,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
}

impl Index {
    /// Notes an event that stands behind all others, and answers with its partition.
    pub(super) fn push(&mut self, partition: &str, position: Position, row: &EventRow<'_>) -> u32 {
        let part = match self.by_name.get(partition) {
            Some(part) => *part,
            None => self.begin(partition, row.recorded_at),
        };
        let home = match self.by_key.get(&row.stream_key) {
            Some(home) if self.streams.get(*home as usize) == Some(row.stream) => *home,
            _ => {
                self.streams.push(row.stream.clone());
                let home = self.streams.len() as u32 - 1;
                self.by_key.insert(row.stream_key, home);
                self.names_len += row.stream.as_str().len();
                home
            }
        };
        let place = self.positions.len() as u32;
        self.positions.push(position);
        self.partitions.push(part);
        self.homes.push(home);
        self.versions.push(row.version);
        if let Some(part) = self.parts.get_mut(part as usize) {
            part.events.push(place);
            part.last_at = row.recorded_at.or(part.last_at);
        }
        match self.types.get_mut(row.event_type) {
            Some(count) => *count += 1,
            None => {
                self.types.insert(row.event_type.clone(), 1);
            }
        }
        part
    }

    fn begin(&mut self, partition: &str, first_at: Option<Timestamp>) -> u32 {
        let name = StreamId::from(partition);
        let part = self.parts.len() as u32;
        self.names_len += partition.len();
        self.by_name.insert(name.clone(), part);
        self.parts.push(Part { name, events: Vec::new(), first_at, last_at: first_at });
        part
    }

    pub(super) fn stray(&mut self, fault: Fault, row: &EventRow<'_>, most: usize) {
        if self.strays.len() < most {
            self.strays.push((fault, row).into());
        }
    }

    pub(super) fn strays(&self) -> &[FaultAt] {
        &self.strays
    }

    /// Where the last event stands.
    pub(super) fn last(&self) -> Option<Position> {
        self.positions.last().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    pub(super) fn events(&self) -> u64 {
        self.positions.len() as u64
    }

    pub(super) fn types(&self) -> &HashMap<EventType, u64> {
        &self.types
    }

    pub(super) fn name(&self, part: u32) -> Option<&StreamId> {
        self.parts.get(part as usize).map(|part| &part.name)
    }

    pub(super) fn number(&self, name: &StreamId) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    fn place(&self, position: Position) -> Option<usize> {
        self.positions.binary_search(&position).ok()
    }

    pub(super) fn home(&self, position: Position) -> Option<(StreamId, Version)> {
        let place = self.place(position)?;
        let stream = self.streams.get(*self.homes.get(place)? as usize)?;
        Some((stream.clone(), *self.versions.get(place)?))
    }

    /// The partition of the event at a position, and which of its events it is.
    pub(super) fn place_of(&self, position: Position) -> Option<(u32, u64)> {
        let place = self.place(position)?;
        let part = *self.partitions.get(place)?;
        let events = &self.parts.get(part as usize)?.events;
        let ordinal = events.binary_search(&(place as u32)).ok()?;
        Some((part, ordinal as u64))
    }

    /// How many events a partition has.
    pub(super) fn events_of(&self, part: u32) -> u64 {
        self.parts.get(part as usize).map_or(0, |part| part.events.len() as u64)
    }

    /// Where the n-th event of a partition stands in the store.
    pub(super) fn position(&self, part: u32, ordinal: u64) -> Option<Position> {
        let place = *self.parts.get(part as usize)?.events.get(usize::try_from(ordinal).ok()?)?;
        self.positions.get(place as usize).copied()
    }

    pub(super) fn row(&self, part: u32, category: &str) -> Option<StreamRow> {
        let Part { name, events, first_at, last_at } = self.parts.get(part as usize)?;
        Some(StreamRow {
            key: StreamKey(part),
            stream: name.clone(),
            category: category.to_owned(),
            events: events.len() as u64,
            first_version: Version(0),
            last_version: Version((events.len() as u64).saturating_sub(1)),
            first_at: *first_at,
            last_at: *last_at,
        })
    }

    /// From the first to the last time.
    pub(super) fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let first = self.parts.iter().filter_map(|part| part.first_at).min();
        (first, self.parts.iter().filter_map(|part| part.last_at).max())
    }

    pub(super) fn bytes(&self) -> u64 {
        let event = size_of::<Position>() + size_of::<Version>() + 3 * size_of::<u32>();
        let part = size_of::<Part>() + 2 * size_of::<(StreamId, u32)>();
        let stream = 2 * size_of::<(StreamId, u32)>();
        (self.positions.len() * event + self.parts.len() * part + self.streams.len() * stream + self.names_len) as u64
    }
}
