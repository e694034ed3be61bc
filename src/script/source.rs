use std::sync::Arc;

use super::definition::Definition;
use super::running::Running;
use crate::event::{EventRow, Timestamp};
use crate::projection::Fault;

/// A source that was read.
#[derive(Clone, Debug)]
pub struct Script(Arc<Read>);

#[derive(Debug)]
struct Read {
    name: Box<str>,
    source: Box<str>,
    definition: Definition,
    revision: u32,
}

impl Script {
    /// Reads a source; what is wrong with it is told with its place.
    pub fn read(name: &str, source: &str) -> Result<Self, Fault> {
        let (_, definition) = Running::begin(name, source)?;
        let revision = blake3::hash(source.as_bytes());
        let revision = revision.as_bytes().first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        Ok(Self(Arc::new(Read { name: name.into(), source: source.into(), definition, revision })))
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

    /// Another source, another number.
    pub fn revision(&self) -> u32 {
        self.0.revision
    }

    /// Sets it to work on this thread.
    pub fn run(&self) -> Result<Running, Fault> {
        Ok(Running::begin(self.name(), self.source())?.0)
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
    /// Whether its body is meant to be JSON. Whether it is, its reader finds out.
    pub(super) fn is_json(&self) -> bool {
        let first = self.body.and_then(|body| body.trim_start().bytes().next());
        first.is_none_or(|first| b"{[\"tfn-0123456789".contains(&first))
    }
}

/// What of an event is kept so that a handler can be given it again.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) stream: Box<str>,
    pub(super) body: Option<Box<str>>,
    pub(super) metadata: Option<Box<str>>,
}

impl Kept {
    /// An event whose body is nothing is passed over.
    pub(super) fn is_empty(&self) -> bool {
        self.body.as_deref().is_none_or(|body| body.trim().is_empty())
    }

    pub(super) fn of(row: &EventRow<'_>) -> Self {
        let body = String::from_utf8(row.body().into_owned()).ok();
        let metadata = std::str::from_utf8(row.metadata).ok().filter(|text| !text.is_empty());
        Self { stream: row.stream.as_str().into(), body: body.map(Into::into), metadata: metadata.map(Into::into) }
    }
}
