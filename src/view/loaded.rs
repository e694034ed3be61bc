use std::collections::HashMap;

use super::time_order::TimeOrder;
use super::{EventTypes, TimeScale, UserError};
use crate::engine::{Continued, Described, Question, Ticket, continue_stream, describe, load_timeline_within};
use crate::event::{EventBatch, EventId, EventRow, Metadata, StreamId, Version};
use crate::index::Held;
use crate::replay::{Index, ProjectionRef, Timeline, registry};
use crate::store::Store;

/// A stream in memory under one projection, with who recorded each of its events and why.
#[derive(Debug)]
pub struct Loaded {
    pub described: Described,
    pub projection: ProjectionRef,
    /// What there was to choose from.
    pub offered: Box<[ProjectionRef]>,
    pub timeline: Box<dyn Timeline>,
    pub time_scale: TimeScale,
    pub types: EventTypes,
    pub(super) time_order: Option<TimeOrder>,
    people: People,
    /// What it takes of the memory that there is.
    held: Held,
}

/// A short text of each event, kept once however often it comes.
#[derive(Debug, Default)]
struct Words {
    of_events: Vec<u32>,
    known: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Words {
    fn push(&mut self, word: Option<String>) {
        let word = word.unwrap_or_default();
        let number = match self.numbers.get(&word) {
            Some(number) => *number,
            None => {
                let number = self.known.len() as u32;
                self.known.push(word.clone());
                self.numbers.insert(word, number);
                number
            }
        };
        self.of_events.push(number);
    }

    fn of(&self, index: Index) -> &str {
        let word = self.of_events.get(index).and_then(|number| self.known.get(*number as usize));
        word.map_or("", String::as_str)
    }
}

/// Who recorded each event, and why.
#[derive(Debug, Default)]
struct People {
    actors: Words,
    reasons: Words,
}

impl People {
    fn push(&mut self, row: &EventRow<'_>) {
        let metadata = Metadata::parse(row.metadata);
        self.actors.push(metadata.actor);
        self.reasons.push(metadata.reason);
    }
}

impl Loaded {
    pub fn actor(&self, index: Index) -> &str {
        self.people.actors.of(index)
    }

    /// Why the event was recorded; empty where nobody said.
    pub fn reason(&self, index: Index) -> &str {
        self.people.reasons.of(index)
    }

    /// To make a state of one takes longer than a row may.
    pub(super) fn has_large_states(&self) -> bool {
        const LARGE: u64 = 256 << 10;
        self.timeline.longest_unshared() > LARGE
    }

    /// The last event that is in memory.
    pub(super) fn end(&self) -> Option<(Version, EventId)> {
        self.timeline.heads().last().map(|head| (head.version, head.id.clone()))
    }

    /// Takes in what came behind. Costs what the new events cost, however long the stream is. Says whether there was
    /// anything new.
    pub(super) fn grow(&mut self, batches: &[EventBatch]) -> bool {
        let last = self.timeline.highest_version();
        let before = self.timeline.heads().len();
        for row in batches.iter().flat_map(EventBatch::rows).filter(|row| last.is_none_or(|last| row.version > last)) {
            self.timeline.push_row(&row);
            self.people.push(&row);
            self.time_scale.grow(row.recorded_at);
            self.types.push(row.event_type);
        }
        // What is shown stays, and grows, even where it should take no more.
        let _ = self.held.resize(self.timeline.bytes());
        let grown = self.timeline.heads().len() - before;
        let tail = self.timeline.heads().get(before.saturating_sub(1)..).unwrap_or_default();
        if grown > 0 && (self.time_order.is_some() || !TimeOrder::is_kept_by(tail)) {
            self.time_order = TimeOrder::new(self.timeline.heads(), &self.types);
        }
        self.described.row.events += grown as u64;
        if let Some(head) = self.timeline.heads().last() {
            self.described.row.last_version = self.described.row.last_version.max(head.version);
            self.described.row.last_at = head.recorded_at;
        }
        grown > 0
    }
}

/// Reads a stream under its n-th projection; under its last one, where it has not so many.
#[derive(Clone, Debug)]
pub(super) struct LoadStream {
    pub(super) stream: StreamId,
    pub(super) number: usize,
}

impl Question for LoadStream {
    type Answer = Loaded;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Loaded, UserError> {
        let described = describe(reader, &self.stream)?;
        let registry = registry();
        let projection = registry.nth(described.aggregate, self.number);
        let offered = registry.of_aggregate(described.aggregate).into();
        ticket.set_total(described.row.events);
        let mut people = People::default();
        let mut held = ticket.memory().hold();
        let also = &mut |row: &EventRow<'_>| people.push(row);
        let reached = &mut |count| ticket.reached(count);
        let timeline = load_timeline_within(reader, &described, &projection, &mut held, also, reached)?;
        let time_scale = TimeScale::new(timeline.heads());
        let types = EventTypes::new(timeline.heads());
        let time_order = TimeOrder::new(timeline.heads(), &types);
        Ok(Loaded { described, projection, offered, timeline, time_scale, types, time_order, people, held })
    }
}

/// Reads what came behind the last event that is in memory.
#[derive(Clone, Debug)]
pub(super) struct ContinueStream {
    pub(super) stream: StreamId,
    pub(super) after: Option<(Version, EventId)>,
}

impl Question for ContinueStream {
    type Answer = Continued;
    type Error = UserError;
    const WHAT: &'static str = "reading what is new";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Continued, UserError> {
        let count = &mut |count| ticket.reached(count);
        Ok(continue_stream(reader, &self.stream, self.after.as_ref(), count)?)
    }
}
