use serde_json::Value;

use super::UserError;
use crate::domain::{Aggregate, as_read};
use crate::engine::{Question, Ticket};
use crate::event::{EventId, Metadata, RecordedEvent, StreamId, Version};
use crate::store::{Columns, Flow, Query, Store};

/// An event with all that is shown of it.
#[derive(Clone, Debug)]
pub struct EventDetail {
    pub event: RecordedEvent,
    pub metadata: Metadata,
    /// Today's name and shape.
    pub read_type: String,
    pub read_schema: u32,
    /// The stored type only resembles the one that it is read as.
    pub is_guess: bool,
    pub read_payload: Value,
    pub stored_payload: String,
    pub stored_metadata: String,
    /// The events before and after it in the chain of causes, where they lie in this stream.
    pub caused_by: Option<Version>,
    pub led_to: Vec<Version>,
    /// The event that this one corrects, where it lies in this stream.
    pub corrects: Option<Version>,
}

/// Effects lie close behind their cause: a look at the next few events finds what a person would follow.
const LOOKED_AT: u64 = 200;

/// Reads an event with all that is shown of it.
#[derive(Clone, Debug)]
pub struct ReadEvent {
    pub(super) stream: StreamId,
    pub(super) version: Version,
    pub(super) aggregate: Option<Aggregate>,
}

impl Question for ReadEvent {
    type Answer = EventDetail;
    type Error = UserError;
    const WHAT: &'static str = "reading the event";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<EventDetail, UserError> {
        let Self { stream, version, aggregate } = self;
        let gone = || UserError::gone(&stream, version);
        let event = reader.event_at(&stream, version)?.ok_or_else(gone)?;
        let metadata = event.metadata();
        let read = as_read(aggregate, event.event_type.as_str(), event.schema, &event.payload);
        let version_of = |id: Option<EventId>| -> Result<Option<Version>, UserError> {
            let found = id.map(|id| reader.event_by_id(&id)).transpose()?.flatten();
            Ok(found.filter(|found| found.stream == stream).map(|found| found.version))
        };
        let caused_by = version_of(metadata.causation_id.as_deref().map(EventId::new))?;
        let corrects = version_of(metadata.compensates.clone())?;
        let mut led_to = Vec::new();
        let own_id = event.id.to_string();
        let next = Version(version.0.saturating_add(1));
        let behind = Query::stream(stream.clone()).between(Some(next), None).limit(LOOKED_AT);
        reader.visit_events(&behind.columns(Columns { payload: false, metadata: true }), &mut |row| {
            if Metadata::parse(row.metadata).causation_id.as_deref() == Some(&own_id) {
                led_to.push(row.version);
            }
            if ticket.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) }
        })?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(EventDetail {
            read_type: read.event_type,
            read_schema: read.schema,
            is_guess: read.is_guess,
            read_payload: read.payload,
            stored_payload: text(&event.payload),
            stored_metadata: text(&event.metadata),
            metadata,
            caused_by,
            led_to,
            corrects,
            event,
        })
    }
}
