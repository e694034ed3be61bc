//! What a walk over all messages tells of the streams: JetStream itself knows only how many messages are under a
//! subject. Walked once for an open store, without the messages' bodies where that does, and then only over what is new.

use std::collections::HashMap;

use super::ids::Ids;
use super::layout::{Decoded, Layout};
use super::names::Names;
use super::seen::Seen;
use crate::event::{EventType, StreamId, StreamKey, Timestamp, Version};
use crate::store::StreamRow;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Up to this message it is known.
    pub(super) to: u64,
    pub(super) events: u64,
    streams: Vec<Entry>,
    /// Where a stream's number is its place above.
    places: HashMap<u32, usize>,
    pub(super) types: HashMap<EventType, u64>,
    pub(super) first_at: Option<Timestamp>,
    pub(super) last_at: Option<Timestamp>,
    /// Of streams whose events are counted: which event each message is, from the first on that was met.
    counted: Counted,
    pub(super) ids: Ids,
}

#[derive(Debug)]
struct Entry {
    stream: StreamId,
    key: StreamKey,
    category: String,
    events: u64,
    first_version: Version,
    last_version: Version,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    /// The message with its last event.
    last: u64,
}

#[derive(Debug, Default)]
struct Counted {
    first: u64,
    versions: Vec<u32>,
}

impl Ledger {
    /// The next message.
    pub(super) fn take(&mut self, layout: &Layout, names: &mut Names, seen: &Seen) {
        layout.events(seen, &mut |event| self.event(layout, names, seen.sequence, &event));
        self.walked(seen.sequence);
    }

    /// Nothing more is up to this message.
    pub(super) fn walked(&mut self, to: u64) {
        self.to = self.to.max(to);
        self.ids.walked(to);
    }

    fn event(&mut self, layout: &Layout, names: &mut Names, sequence: u64, event: &Decoded<'_>) {
        let (stream, key) = names.stream(&event.stream);
        *self.types.entry(names.event_type(&event.event_type)).or_default() += 1;
        self.events += 1;
        self.ids.note(sequence, &event.id);
        let at = event.recorded_at;
        self.first_at = [self.first_at, at].into_iter().flatten().min();
        self.last_at = self.last_at.max(at);
        let place = *self.places.entry(key.0).or_insert_with(|| {
            let category = event.category.as_deref().unwrap_or_else(|| stream.category()).to_owned();
            let none = Version(0);
            self.streams.push(Entry {
                stream,
                key,
                category,
                events: 0,
                first_version: none,
                last_version: none,
                first_at: at,
                last_at: at,
                last: sequence,
            });
            self.streams.len() - 1
        });
        let Some(entry) = self.streams.get_mut(place) else { return };
        let behind = if entry.events == 0 { Version(0) } else { Version(entry.last_version.0.saturating_add(1)) };
        entry.events += 1;
        let counted = if layout.says_versions() { behind } else { Version(entry.events) };
        let version = event.version.unwrap_or(counted);
        if entry.events == 1 {
            entry.first_version = version;
        }
        entry.last_version = entry.last_version.max(version);
        entry.last_at = at.or(entry.last_at);
        entry.last = sequence;
        if !layout.says_versions() {
            self.counted.set(sequence, version);
        }
    }

    /// Which event of its stream a message is, where they are counted.
    pub(super) fn version(&self, sequence: u64) -> Option<Version> {
        self.counted.get(sequence)
    }

    /// In the order in which they began.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = (u64, StreamRow)> + '_ {
        self.streams.iter().map(|entry| (entry.last, entry.row()))
    }

    /// A stream's last message, and what is known of the stream.
    pub(super) fn last_of(&self, key: StreamKey) -> Option<(u64, StreamRow)> {
        let entry = self.streams.get(*self.places.get(&key.0)?)?;
        Some((entry.last, entry.row()))
    }

    pub(super) fn row(&self, key: StreamKey) -> Option<StreamRow> {
        Some(self.streams.get(*self.places.get(&key.0)?)?.row())
    }

    pub(super) fn streams(&self) -> u64 {
        self.streams.len() as u64
    }

    /// Streams by category, the largest first.
    pub(super) fn categories(&self) -> Vec<(String, u64)> {
        let mut categories: HashMap<&str, u64> = HashMap::new();
        for entry in &self.streams {
            *categories.entry(&entry.category).or_default() += 1;
        }
        largest_first(categories.into_iter().map(|(name, count)| (name.to_owned(), count)).collect())
    }
}

pub(super) fn largest_first(mut counts: Vec<(String, u64)>) -> Vec<(String, u64)> {
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

impl Entry {
    fn row(&self) -> StreamRow {
        let Self { stream, key, category, events, first_version, last_version, first_at, last_at, last: _ } = self;
        StreamRow {
            key: *key,
            stream: stream.clone(),
            category: category.clone(),
            events: *events,
            first_version: *first_version,
            last_version: *last_version,
            first_at: *first_at,
            last_at: *last_at,
        }
    }
}

impl Counted {
    fn set(&mut self, sequence: u64, version: Version) {
        if self.versions.is_empty() {
            self.first = sequence;
        }
        let place = sequence.saturating_sub(self.first) as usize;
        if place >= self.versions.len() {
            self.versions.resize(place + 1, 0);
        }
        if let Some(known) = self.versions.get_mut(place) {
            *known = u32::try_from(version.0).unwrap_or(u32::MAX);
        }
    }

    fn get(&self, sequence: u64) -> Option<Version> {
        let place = sequence.checked_sub(self.first)? as usize;
        self.versions.get(place).filter(|version| **version > 0).map(|version| Version(u64::from(*version)))
    }
}
