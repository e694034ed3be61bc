use std::sync::Arc;

use super::definition::Definition;
use super::remembers::{Remembered, remembered};
use super::running::{Ends, Running};
use super::wants::Wants;
use crate::event::{EventRow, EventType, Head, StreamId, Timestamp, Version};
use crate::projection::{EndedAt, Fault};

/// A source that was read.
#[derive(Clone, Debug)]
pub struct Script(Arc<Read>);

#[derive(Debug)]
struct Read {
    name: Box<str>,
    source: Box<str>,
    definition: Definition,
    /// What of an event any of its functions asks for.
    wants: Wants,
    revision: u32,
    remembers: Option<Remembered>,
}

impl Script {
    /// Reads a source; what is wrong with it is told with its place.
    pub fn read(name: &str, source: &str) -> Result<Self, Fault> {
        let (running, definition) = Running::begin(name, source)?;
        let revision = blake3::hash(source.as_bytes());
        let revision = revision.as_bytes().first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        Ok(Self(Arc::new(Read {
            name: name.into(),
            source: source.into(),
            definition,
            wants: running.wants(),
            revision,
            remembers: remembered(source),
        })))
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn source(&self) -> &str {
        &self.0.source
    }

    pub fn definition(&self) -> &Definition {
        &self.0.definition
    }

    /// The very same source. What is asked of two that are one costs nothing.
    pub fn has_source_of(&self, other: &Self) -> bool {
        self.is(other) || (self.revision() == other.revision() && self.source() == other.source())
    }

    /// Another source, another number.
    pub fn revision(&self) -> u32 {
        self.0.revision
    }

    /// What its handlers change and is no part of the state, so that what it shows depends on what ran before.
    pub fn remembers(&self) -> Option<&Remembered> {
        self.0.remembers.as_ref()
    }

    /// Sets it to work on this thread, for a fold of its own.
    pub fn run(&self) -> Result<Running, Fault> {
        Ok(Running::begin(self.name(), self.source())?.0)
    }

    /// The same for a fold that may have begun elsewhere.
    pub fn run_for(&self, ends: &Arc<Ends>) -> Result<Running, Fault> {
        let running = self.run()?;
        running.counts_for(ends);
        Ok(running)
    }

    /// Whether its handlers are given this event.
    pub fn is_given(&self, row: &EventRow<'_>) -> bool {
        let (Read { definition, .. }, event_type) = (&*self.0, row.event_type.as_str());
        let is_deletion = definition.handles_deleted && event_type == STREAM_DELETED;
        let takes = || definition.takes(row.stream.as_str(), row.stream.category(), event_type);
        let has_body = || std::str::from_utf8(&row.body()).is_ok_and(|body| !body.trim().is_empty());
        is_deletion || (takes() && has_body())
    }

    /// An event as its handlers take it; `None` where it is not given to them.
    pub fn kept(&self, row: &EventRow<'_>) -> Option<Kept> {
        let event_type = row.event_type.as_str();
        let is_deletion = self.0.definition.handles_deleted && event_type == STREAM_DELETED;
        let takes = is_deletion || self.0.definition.takes(row.stream.as_str(), row.stream.category(), event_type);
        if takes { Kept::of(row, row.stream.clone(), None, is_deletion, self.0.wants) } else { None }
    }

    /// An event's id as its handlers are given it: nothing where none asks for it.
    pub fn id_of(&self, head: &Head) -> String {
        if self.0.wants.rest { head.id.to_string() } else { String::new() }
    }

    /// The same of an event that is seen among those of a partition, where its own stream is known; one that is only
    /// imagined has none.
    pub(super) fn kept_of_partition(&self, row: &EventRow<'_>, home: Option<(StreamId, Version)>) -> Option<Kept> {
        let event_type = row.event_type.as_str();
        let is_deletion = self.0.definition.handles_deleted && event_type == STREAM_DELETED;
        let takes = is_deletion || self.0.definition.takes_type(event_type);
        let (stream, version) = match home {
            Some((stream, version)) => (stream, Some(version)),
            None => (row.stream.clone(), None),
        };
        if takes { Kept::of(row, stream, version, is_deletion, self.0.wants) } else { None }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// An event as a handler is given it.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    pub stream: &'a str,
    pub category: &'a str,
    pub version: u64,
    pub event_type: &'a str,
    pub id: &'a str,
    pub recorded_at: Option<Timestamp>,
    /// Without its serialiser's wrapping; `None` where it is no text.
    pub body: Option<&'a str>,
    pub metadata: Option<&'a str>,
}

impl Given<'_> {
    pub fn ended_at(&self) -> EndedAt {
        let (stream, event_type) = (StreamId::from(self.stream), EventType::from(self.event_type));
        EndedAt { stream, version: Version(self.version), event_type }
    }

    /// Whether its body is meant to be JSON. Whether it is, its reader finds out.
    pub(super) fn is_json(&self) -> bool {
        let first = self.body.and_then(|body| body.trim_start().bytes().next());
        first.is_none_or(|first| b"{[\"tfn-0123456789".contains(&first))
    }
}

/// An event as handlers take it, kept so that it can be given to them again: with as much of it as they ask for.
#[derive(Debug)]
pub struct Kept {
    stream: StreamId,
    /// Its number in its own stream, where it is seen in another.
    own_version: Option<Version>,
    /// Of the stream itself: it was deleted.
    is_deletion: bool,
    body: Option<Box<str>>,
    metadata: Option<Box<str>>,
}

/// A stream that was deleted says so by an event of this type.
const STREAM_DELETED: &str = "$streamDeleted";

impl Kept {
    /// `None` for an event whose body is nothing, which is passed over.
    fn of(
        row: &EventRow<'_>,
        stream: StreamId,
        own_version: Option<Version>,
        is_deletion: bool,
        wants: Wants,
    ) -> Option<Self> {
        let body = row.body();
        let body = std::str::from_utf8(&body).ok();
        if !is_deletion && body.is_none_or(|body| body.trim().is_empty()) {
            return None;
        }
        let body = body.filter(|_| wants.body).map(Into::into);
        let metadata = wants.rest.then(|| std::str::from_utf8(row.metadata).ok()).flatten();
        let metadata = metadata.filter(|text| !text.is_empty()).map(Into::into);
        Some(Self { stream, own_version, is_deletion, body, metadata })
    }

    /// The bytes that it takes beside its own size.
    pub(super) fn weight(&self) -> usize {
        let length = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        length(&self.body) + length(&self.metadata)
    }

    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    pub fn is_deletion(&self) -> bool {
        self.is_deletion
    }

    /// `id` is that of the head, as [`Script::id_of`] has it.
    pub fn given<'e>(&'e self, head: &'e Head, id: &'e str) -> Given<'e> {
        Given {
            stream: self.stream.as_str(),
            category: self.stream.category(),
            version: self.own_version.unwrap_or(head.version).0,
            event_type: head.event_type.as_str(),
            id,
            recorded_at: head.recorded_at,
            body: self.body.as_deref(),
            metadata: self.metadata.as_deref(),
        }
    }
}
