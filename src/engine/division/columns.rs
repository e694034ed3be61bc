//! Which event belongs to which partition, in columns: some thirty bytes an event, in the store's order.

use std::collections::HashMap;
use std::mem::size_of;

use super::index::{Numbered, StreamPart};
use crate::event::{Position, StreamId, StreamKey, Timestamp, Version};
use crate::store::StreamOrder;

#[derive(Default)]
pub(super) struct InMemory {
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
    names_len: usize,
}

struct Part {
    name: StreamId,
    /// Places in the columns, ascending.
    events: Vec<u32>,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
}

impl InMemory {
    pub(super) fn push(&mut self, partition: &str, event: &Numbered<'_>) -> u32 {
        let part = match self.by_name.get(partition) {
            Some(part) => *part,
            None => self.begin(partition, event.recorded_at),
        };
        let home = match self.by_key.get(&event.stream_key) {
            Some(home) if self.streams.get(*home as usize) == Some(event.stream) => *home,
            _ => {
                self.streams.push(event.stream.clone());
                let home = self.streams.len() as u32 - 1;
                self.by_key.insert(event.stream_key, home);
                self.names_len += event.stream.as_str().len();
                home
            }
        };
        let place = self.positions.len() as u32;
        self.positions.push(event.position);
        self.partitions.push(part);
        self.homes.push(home);
        self.versions.push(event.version);
        if let Some(part) = self.parts.get_mut(part as usize) {
            part.events.push(place);
            part.last_at = event.recorded_at.or(part.last_at);
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

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    pub(super) fn name(&self, part: u32) -> Option<&StreamId> {
        self.parts.get(part as usize).map(|part| &part.name)
    }

    pub(super) fn number(&self, name: &str) -> Option<u32> {
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

    pub(super) fn place_of(&self, position: Position) -> Option<(u32, u64)> {
        let place = self.place(position)?;
        let part = *self.partitions.get(place)?;
        let events = &self.parts.get(part as usize)?.events;
        let ordinal = events.binary_search(&(place as u32)).ok()?;
        Some((part, ordinal as u64))
    }

    pub(super) fn position(&self, part: u32, ordinal: u64) -> Option<Position> {
        let place = *self.parts.get(part as usize)?.events.get(usize::try_from(ordinal).ok()?)?;
        self.positions.get(place as usize).copied()
    }

    fn events_of(&self, part: u32) -> u64 {
        self.parts.get(part as usize).map_or(0, |part| part.events.len() as u64)
    }

    pub(super) fn part(&self, part: u32) -> Option<StreamPart> {
        let Part { name, events, first_at, last_at } = self.parts.get(part as usize)?;
        let (first_at, last_at) = (*first_at, *last_at);
        Some(StreamPart { number: part, name: name.clone(), events: events.len() as u64, first_at, last_at })
    }

    /// The partition of most events, the first of several.
    pub(super) fn longest(&self) -> Option<u32> {
        let numbers = 0..self.parts.len() as u32;
        numbers.max_by_key(|part| (self.events_of(*part), std::cmp::Reverse(*part)))
    }

    pub(super) fn in_order(&self, order: StreamOrder) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..self.parts.len() as u32).collect();
        match order {
            StreamOrder::Began => {}
            StreamOrder::Recent => numbers.sort_by_key(|part| {
                let last = self.events_of(*part).checked_sub(1);
                std::cmp::Reverse(last.and_then(|last| self.position(*part, last)))
            }),
            StreamOrder::Name => numbers.sort_by(|a, b| self.name(*a).cmp(&self.name(*b))),
            StreamOrder::Longest => numbers.sort_by_key(|part| std::cmp::Reverse(self.events_of(*part))),
        }
        numbers
    }

    /// From the first to the last time.
    pub(super) fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let first = self.parts.iter().filter_map(|part| part.first_at).min();
        (first, self.parts.iter().filter_map(|part| part.last_at).max())
    }

    /// Every event in the store's order: where it stands there, its partition, and in which stream with which version.
    pub(super) fn events(&self) -> impl Iterator<Item = (Position, u32, u32, Version)> {
        let places = self.positions.iter().zip(&self.partitions).zip(&self.homes).zip(&self.versions);
        places.map(|(((position, part), home), version)| (*position, *part, *home, *version))
    }

    /// Where the events of a partition stand.
    pub(super) fn positions_of(&self, part: u32) -> impl Iterator<Item = Position> {
        let events = self.parts.get(part as usize).map_or(&[][..], |part| part.events.as_slice());
        events.iter().filter_map(|place| self.positions.get(*place as usize).copied())
    }

    pub(super) fn streams(&self) -> &[StreamId] {
        &self.streams
    }

    pub(super) fn bytes(&self) -> u64 {
        let event = size_of::<Position>() + size_of::<Version>() + 3 * size_of::<u32>();
        let part = size_of::<Part>() + 2 * size_of::<(StreamId, u32)>();
        let stream = 2 * size_of::<(StreamId, u32)>();
        (self.positions.len() * event + self.parts.len() * part + self.streams.len() * stream + self.names_len) as u64
    }
}
