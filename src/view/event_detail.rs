use serde_json::Value;

use super::UserError;
use crate::domain::{Aggregate, as_read};
use crate::engine::{Question, Ticket};
use crate::event::{EventId, EventRow, EventType, LinkKind, Links, Metadata, RecordedEvent, StreamId, Version};
use crate::store::{Columns, Query, Store};

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
    /// The events before and after it in the chain of causes, in any stream.
    pub caused_by: Option<LinkedTo>,
    pub led_to: Vec<LinkedTo>,
    /// What it names as its cause, where that is not in the store.
    pub missing_cause: Option<EventId>,
    /// What it led to may lie farther away than was looked.
    pub may_have_led_to_more: bool,
    /// The store finds causes and effects without reading all of it.
    pub finds_by_link: bool,
    /// The event that this one corrects.
    pub corrects: Option<LinkedTo>,
}

/// Another event, as far as a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedTo {
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
}

impl LinkedTo {
    fn of(row: &EventRow<'_>) -> Self {
        Self { stream: row.stream.clone(), version: row.version, event_type: row.event_type.clone() }
    }
}

/// Without an index to lead there, the next few events are looked at: effects often lie close behind their cause.
const LOOKED_AT: u64 = 200;

/// More effects than these are seen among all causes and effects.
const EFFECTS_SHOWN: usize = 12;

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
        let linked = |id: Option<&EventId>| -> Result<Option<LinkedTo>, UserError> {
            let found = id.map(|id| reader.event_by_id(id)).transpose()?.flatten();
            Ok(found.map(|found| LinkedTo::of(&found.as_row())))
        };
        let cause = Links::of(&event.metadata).causation;
        let caused_by = linked(cause.as_ref())?;
        let corrects = linked(metadata.compensates.as_ref())?;
        let own_id = event.id.as_meant();
        let is_indexed = reader.capabilities().finds_by_link;
        let query = if is_indexed {
            Query::linked(LinkKind::Causation, vec![own_id.clone()]).limit(EFFECTS_SHOWN as u64 + 1)
        } else {
            let next = Version(version.0.saturating_add(1));
            Query::stream(stream.clone()).between(Some(next), None).limit(LOOKED_AT)
        };
        let mut led_to = Vec::new();
        reader.visit_events(&query.columns(Columns { payload: false, metadata: true }), &mut |row| {
            if row.id != event.id && Links::of(row.metadata).causation.as_ref() == Some(&own_id) {
                led_to.push(LinkedTo::of(row));
            }
            ticket.flow()
        })?;
        let may_have_led_to_more = !is_indexed || led_to.len() > EFFECTS_SHOWN;
        led_to.truncate(EFFECTS_SHOWN);
        let missing_cause = cause.filter(|cause| caused_by.is_none() && *cause != own_id);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(EventDetail {
            read_type: read.event_type,
            read_schema: read.schema,
            is_guess: read.is_guess,
            read_payload: read.payload,
            stored_payload: text(&event.payload),
            stored_metadata: text(&event.metadata),
            metadata,
            caused_by: caused_by.filter(|cause| cause.stream != stream || cause.version != version),
            led_to,
            missing_cause,
            may_have_led_to_more,
            finds_by_link: is_indexed,
            corrects,
            event,
        })
    }
}
