//! Where events are kept: reading them without touching anything, and appending without losing anything.
//!
//! A store knows nothing of any domain. Reading and appending are two halves, so that what only looks cannot
//! write; every implementation meets the same contract tests.

mod access;
mod check;
mod contract;
mod data_folder;
mod error;
mod explain;
mod fault;
mod fault_words;
mod file_kind;
pub mod files;
mod finding;
pub mod frameworks;
mod link;
mod linked;
mod locking;
mod mirror;
pub mod native;
mod nats;
mod notice;
mod opening;
pub mod postgres;
mod private;
mod query;
mod read_model;
mod shared;
mod source;
pub mod sqlite;
mod system_words;
mod whole_text;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;

pub use check::{HistoryCheck, HistoryRules};
pub use contract::{
    Alarm, BatchSize, Capabilities, Changes, Closed, Interrupter, KeptState, Opener, Ring, Scan, Steady, Store, Writer,
};
pub(crate) use data_folder::sqlite_temporary_folder;
pub use data_folder::{cache_folder, data_folder};
pub use error::{AppendError, Conflict, Damage, StoreError, Unfit};
pub use fault::{Fault, SchemaChange, SchemaObject};
pub use file_kind::FileKind;
pub use finding::{Finding, FindingKind, FoundAt};
pub use link::{Link, leads_to_other_machine, place_in_store};
pub use linked::linked_scan;
pub use mirror::{Begun, Mirrored, Mirroring, OriginFault};
pub use nats::{BroughtIn, MessageFlaw, NatsError, ServerTarget};
pub use notice::{Notice, ReadOnlyReason};
pub use postgres::{Address, AddressFlaw, ServerDetail, ServerError, SqlClass};
pub use private::sweep_leftovers;
pub use query::{
    Columns, Direction, Framework, InfoAtOnce, LINKS_AT_ONCE, Query, Scope, StoreInfo, StreamOrder, StreamQuery,
    StreamRow,
};
pub use read_model::{
    ColumnKind, KeptRow, ModelColumn, ModelError, ModelHead, ModelPart, ModelPlace, ModelRow, ReadModel, model_head,
    read_table, same_as_kept, write_model,
};
pub use shared::{SharedChange, SharedValue, SharedValues};
pub use source::{Source, unescaped};
pub use system_words::system_words;
pub use whole_text::{LONGEST_OPTION, read_text, text_of};

use opening::ReadOnlyFile;

use serde_json::value::RawValue;

use crate::event::{EventId, EventRow, EventType, NewEvent, Position, RecordedEvent, StreamId, Version};

/// What a visitor answers after each row.
pub type Flow = ControlFlow<()>;

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

impl Appended {
    /// What an append of these events comes to where those of them that are recorded stand there, in their order.
    pub(in crate::store) fn before(events: &[NewEvent], there: &[RecordedEvent]) -> Result<Option<Self>, AppendError> {
        match (there.first(), there.last()) {
            (Some(first), Some(last)) if there.len() == events.len() => Ok(Some(Self {
                first: first.version,
                last: last.version,
                position: last.position,
                already_there: true,
            })),
            // Half of a call that was recorded whole or not at all: these are not the same events.
            (Some(first), _) => Err(AppendError::IdTaken(first.id.clone())),
            _ => Ok(None),
        }
    }
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
    pub mapping: Option<frameworks::Mapping>,
    /// For encrypted payloads.
    pub key: Option<frameworks::CipherKey>,
}

impl OpenOptions {
    /// With the key that the environment holds.
    pub fn from_environment() -> Self {
        Self { mapping: None, key: frameworks::CipherKey::from_environment() }
    }

    /// With the key that the environment holds, and the mapping that was kept for this store.
    pub fn kept_for(source: &Source) -> Self {
        Self { mapping: frameworks::saved_mapping(source), ..Self::from_environment() }
    }
}

/// Opens a store to look at it. The file and its folder stay byte for byte as they are.
pub fn open(source: &Source) -> Result<Box<dyn Store>, StoreError> {
    open_with(source, &OpenOptions::kept_for(source))
}

pub fn open_with(source: &Source, options: &OpenOptions) -> Result<Box<dyn Store>, StoreError> {
    match source {
        Source::File(path) => open_file(path, options),
        Source::Server(address) if address.is_nats() => Ok(Box::new(nats::open(address, options)?)),
        Source::Server(address) => Ok(Box::new(postgres::open(address, options)?)),
    }
}

fn open_file(path: &Path, options: &OpenOptions) -> Result<Box<dyn Store>, StoreError> {
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
pub fn open_for_writing(source: &Source) -> Result<Box<dyn Writer>, StoreError> {
    match source {
        Source::File(path) => match native::NativeStore::open_for_writing(path) {
            Ok(store) => Ok(Box::new(store)),
            Err(error @ StoreError::Mirror { .. }) => mirror::open_for_writing(path)?.ok_or(error),
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
        Source::Server(address) if address.is_nats() => nats::open_for_writing(address),
        Source::Server(address) => postgres::open_for_writing(address),
    }
}

/// The store on a server that an address names, for whole stores to be brought into; made where there is none, and then
/// kept so many times.
pub fn server_target(
    address: &Address,
    replicas: Option<usize>,
    must_be_new: bool,
) -> Result<ServerTarget, StoreError> {
    nats::target(address, replicas, must_be_new)
}

/// Records every event of a store in one on a server, in their order and as they are. What is there already is left
/// alone, so that the same call goes on where one was cut short.
pub fn bring_in(
    into: &ServerTarget,
    from: &dyn Store,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<BroughtIn, AppendError> {
    nats::bring_in(into, from, progress)
}

/// What every store asks of one append before it looks at the stream.
pub fn check_call(stream: &StreamId, events: &[NewEvent]) -> Result<(), AppendError> {
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
    check_texts(stream, &event.event_type, &event.payload, &event.metadata)
}

fn check_texts(stream: &StreamId, event_type: &EventType, payload: &str, metadata: &str) -> Result<(), AppendError> {
    if stream.as_str().is_empty() || event_type.as_str().is_empty() {
        return Err(AppendError::NoName);
    }
    if let Err(error) = serde_json::from_str::<&RawValue>(payload) {
        return Err(AppendError::PayloadNotJson { event_type: event_type.to_string(), detail: error.to_string() });
    }
    let is_object = |text: &str| text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok();
    if !metadata.is_empty() && !is_object(metadata) {
        return Err(AppendError::MetadataNotObject { event_type: event_type.to_string() });
    }
    Ok(())
}

/// A version that a database has no number for is refused; kept as the nearest number, it would be another one.
fn check_version(stream: &StreamId, version: Version) -> Result<(), AppendError> {
    match i64::try_from(version.0) {
        Ok(_) => Ok(()),
        Err(_) => Err(AppendError::VersionTooLarge { stream: stream.clone(), version, most: i64::MAX as u64 }),
    }
}

/// What was recorded there, to be recorded here.
pub fn as_new(row: &EventRow<'_>) -> Result<NewEvent, AppendError> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
    let not_json = |error: std::string::FromUtf8Error| AppendError::PayloadNotJson {
        event_type: row.event_type.to_string(),
        detail: error.utf8_error().to_string(),
    };
    Ok(NewEvent {
        id: row.id.clone(),
        event_type: row.event_type.clone(),
        schema: row.schema,
        recorded_at: row.recorded_at,
        payload: text(row.payload).map_err(not_json)?,
        metadata: text(row.metadata)
            .map_err(|_| AppendError::MetadataNotObject { event_type: row.event_type.to_string() })?,
    })
}

/// A repeated call may carry a later clock; what was recorded first stands, so the time does not count.
pub fn same_content(stream: &StreamId, event: &NewEvent, recorded: &RecordedEvent) -> bool {
    let NewEvent { id: _, event_type, schema, recorded_at: _, payload, metadata } = event;
    recorded.stream == *stream
        && recorded.event_type == *event_type
        && recorded.schema == *schema
        && recorded.payload == payload.as_bytes()
        && recorded.metadata == metadata.as_bytes()
}
