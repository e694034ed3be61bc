//! Where events are kept: reading them without touching anything, and appending without losing anything.
//!
//! A store knows nothing of any domain. Reading and appending are two halves, so that what only looks cannot
//! write; every implementation meets the same contract tests.

mod check;
mod error;
pub mod files;
pub mod foreign;
pub mod memory;
pub mod native;
mod opening;
pub mod postgres;
mod query;
mod source;
pub mod sqlite;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;

pub use check::{Finding, FindingKind, HistoryCheck, HistoryRules};
pub use error::{AppendError, Conflict, StoreError};
pub use postgres::{Address, ServerTrouble};
pub use query::{Columns, Direction, Framework, Query, Scope, StoreInfo, StreamOrder, StreamQuery, StreamRow};
pub use source::Source;

use opening::ReadOnlyFile;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::event::{EventId, EventRow, NewEvent, Position, RecordedEvent, StreamId, Version};

/// What a visitor answers after each row.
pub type Flow = ControlFlow<()>;

/// The reading half. Rows are visited in order, borrowed, until the visitor breaks; nothing is loaded whole.
pub trait Reader {
    fn framework(&self) -> Framework;

    /// Whether Foldline can append here at all.
    fn is_writable(&self) -> bool;

    /// Why Foldline never appends here; `None` where it can, or where only the file's permissions stand in the way.
    fn read_only_reason(&self) -> Option<String> {
        None
    }

    /// Something about the whole store that whoever looks at it should know first.
    fn notice(&self) -> Option<String> {
        None
    }

    /// A text that changes when events are recorded, at next to no cost; `None` where there is no such thing and one
    /// looks at the file instead.
    fn fingerprint(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    fn info(&self) -> Result<StoreInfo, StoreError>;

    fn visit_events(&self, query: &Query, visit: &mut dyn FnMut(&EventRow<'_>) -> Flow) -> Result<(), StoreError>;

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError>;

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError>;

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError>;

    /// Looks at every event and reports what does not fit. `progress` is told how many were seen and may stop.
    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError>;

    /// The newest kept snapshot at or before `at_most`, if one was ever made.
    fn snapshot(
        &self,
        _stream: &StreamId,
        _projection: &str,
        _revision: u32,
        _at_most: Version,
    ) -> Result<Option<Snapshot>, StoreError> {
        Ok(None)
    }

    /// Every kept snapshot, for checking them.
    fn visit_snapshots(&self, _visit: &mut dyn FnMut(&StreamId, &Snapshot) -> Flow) -> Result<(), StoreError> {
        Ok(())
    }

    /// Every state that a framework keeps of its aggregates as JSON, and the version that it is said to be of.
    fn visit_kept_states(&self, _visit: &mut dyn FnMut(KeptState) -> Flow) -> Result<(), StoreError> {
        Ok(())
    }

    fn event_at(&self, stream: &StreamId, version: Version) -> Result<Option<RecordedEvent>, StoreError> {
        let mut found = None;
        self.visit_events(&Query::stream(stream.clone()).between(Some(version), Some(version)), &mut |row| {
            found = Some(row.to_recorded());
            Flow::Break(())
        })?;
        Ok(found)
    }
}

/// The appending half.
pub trait Writer: Reader {
    /// All events of one call are recorded, or none. Events that are already there, with the same content, answer
    /// with where they stand, so a repeated call is safe.
    fn append(&mut self, stream: &StreamId, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError>;

    /// Keeps a snapshot and drops the older ones of that stream and projection. A store may forget it.
    fn keep_snapshot(&mut self, _stream: &StreamId, _snapshot: &Snapshot) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What the caller believes of a stream when it appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The stream's last event has exactly this version.
    Exact(Version),
    /// The stream does not exist yet.
    NoStream,
    /// Whatever stands there.
    Any,
}

impl Expected {
    /// Whether a stream that ends at `last` is what the caller believes.
    pub fn holds(self, last: Option<Version>) -> bool {
        match self {
            Self::Exact(version) => last == Some(version),
            Self::NoStream => last.is_none(),
            Self::Any => true,
        }
    }
}

/// Where appended events stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    pub first: Version,
    pub last: Version,
    /// Of the last event.
    pub position: Option<Position>,
    /// The events had been there before this call.
    pub already_there: bool,
}

/// A projection's state at one version, kept so that a long stream opens quickly. A cache: never trusted over
/// the events, ignored when the projection's revision has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub projection: String,
    pub revision: u32,
    pub version: Version,
    /// The event at `version`; a snapshot whose event is not the one in the stream is ignored.
    pub event_id: EventId,
    pub state: String,
}

/// What opening a store may need besides its place.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// What the columns mean, where no framework is recognised or another table is meant.
    pub mapping: Option<foreign::Mapping>,
    /// For encrypted payloads.
    pub key: Option<foreign::CipherKey>,
}

impl OpenOptions {
    /// With the key that the environment holds.
    pub fn from_environment() -> Self {
        Self { mapping: None, key: foreign::CipherKey::from_environment() }
    }

    /// With the key that the environment holds, and the mapping that was kept for this store.
    pub fn kept_for(source: &Source) -> Self {
        Self { mapping: foreign::saved_mapping(source), ..Self::from_environment() }
    }
}

/// A state that a framework keeps of an aggregate, by its own application's fold.
#[derive(Clone, Debug)]
pub struct KeptState {
    pub stream: StreamId,
    pub version: Version,
    pub state: Map<String, Value>,
}

/// Opens a store to look at it. The file and its folder stay byte for byte as they are.
pub fn open(source: &Source) -> Result<Box<dyn Reader + Send>, StoreError> {
    open_with(source, &OpenOptions::kept_for(source))
}

pub fn open_with(source: &Source, options: &OpenOptions) -> Result<Box<dyn Reader + Send>, StoreError> {
    match source {
        Source::File(path) => open_file(path, options),
        Source::Server(address) => Ok(Box::new(postgres::open(address, options)?)),
    }
}

fn open_file(path: &Path, options: &OpenOptions) -> Result<Box<dyn Reader + Send>, StoreError> {
    if options.mapping.is_none()
        && let Some(kind) = files::file_kind(path)?
    {
        return Ok(Box::new(files::FileStore::open(path, kind)?));
    }
    let file = ReadOnlyFile::open(path)?;
    if options.mapping.is_none() {
        match native::NativeStore::recognised(path, file)? {
            Ok(store) => return Ok(Box::new(store)),
            Err(file) => return Ok(Box::new(sqlite::open(path, file, options)?)),
        }
    }
    Ok(Box::new(sqlite::open(path, file, options)?))
}

/// Opens a store to append to it.
pub fn open_for_writing(source: &Source) -> Result<Box<dyn Writer + Send>, StoreError> {
    match source {
        Source::File(path) => match native::NativeStore::open_for_writing(path) {
            Ok(store) => Ok(Box::new(store)),
            Err(StoreError::Unrecognised { .. }) => {
                Ok(Box::new(sqlite::open_for_writing(path, &OpenOptions::kept_for(source))?))
            }
            Err(error @ StoreError::NotADatabase(_)) => {
                // A file of events says why it is only read; what is no store at all is said as before.
                let reason = open(source).ok().and_then(|store| store.read_only_reason());
                let place = source.to_string();
                Err(reason.map_or(error, |reason| StoreError::OnlyReads { place, reason }))
            }
            Err(error) => Err(error),
        },
        Source::Server(address) => postgres::open_for_writing(address),
    }
}

/// What every store asks of one append before it looks at the stream.
fn check_call(stream: &StreamId, events: &[NewEvent]) -> Result<(), AppendError> {
    let mut ids = HashSet::new();
    for event in events {
        check_content(stream, event)?;
        if !ids.insert(&event.id) {
            return Err(AppendError::IdTaken(event.id.clone()));
        }
    }
    Ok(())
}

/// What every store asks of an event before it records it.
fn check_content(stream: &StreamId, event: &NewEvent) -> Result<(), AppendError> {
    if stream.as_str().is_empty() || event.event_type.as_str().is_empty() {
        return Err(AppendError::NoName);
    }
    if let Err(error) = serde_json::from_str::<&RawValue>(&event.payload) {
        let event_type = event.event_type.to_string();
        return Err(AppendError::PayloadNotJson { event_type, detail: error.to_string() });
    }
    let is_object = |text: &str| text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok();
    if !event.metadata.is_empty() && !is_object(&event.metadata) {
        return Err(AppendError::MetadataNotObject { event_type: event.event_type.to_string() });
    }
    Ok(())
}

/// A repeated call may carry a later clock; what was recorded first stands, so the time does not count.
fn same_content(stream: &StreamId, event: &NewEvent, recorded: &RecordedEvent) -> bool {
    let NewEvent { id: _, event_type, schema, recorded_at: _, payload, metadata } = event;
    recorded.stream == *stream
        && recorded.event_type == *event_type
        && recorded.schema == *schema
        && recorded.payload == payload.as_bytes()
        && recorded.metadata == metadata.as_bytes()
}
