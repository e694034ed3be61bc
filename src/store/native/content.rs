use super::chain::Chained;
use crate::event::{EventId, EventRow, EventType, NewEvent, StreamId, Timestamp, Version};
use crate::store::AppendError;

/// What is recorded of an event, wherever it is kept until then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content<'a> {
    pub(super) id: &'a EventId,
    pub(super) event_type: &'a EventType,
    pub(super) schema: u32,
    pub(super) recorded_at: Option<Timestamp>,
    pub(super) payload: &'a str,
    pub(super) metadata: &'a str,
}

impl<'a> From<&'a NewEvent> for Content<'a> {
    fn from(event: &'a NewEvent) -> Self {
        let NewEvent { id, event_type, schema, recorded_at, payload, metadata } = event;
        Self { id, event_type, schema: *schema, recorded_at: *recorded_at, payload, metadata }
    }
}

impl<'a> Content<'a> {
    /// An error where it is no text.
    pub(super) fn of_row(row: &'a EventRow<'_>) -> Result<Self, AppendError> {
        let EventRow { id, event_type, schema, recorded_at, .. } = row;
        let payload = std::str::from_utf8(row.payload).map_err(|error| AppendError::PayloadNotJson {
            event_type: event_type.to_string(),
            detail: error.to_string(),
        })?;
        let metadata = std::str::from_utf8(row.metadata)
            .map_err(|_| AppendError::MetadataNotObject { event_type: event_type.to_string() })?;
        Ok(Self { id, event_type, schema: *schema, recorded_at: *recorded_at, payload, metadata })
    }

    pub(super) fn chained(&self, stream: &'a StreamId, version: Version) -> Chained<'a> {
        let Self { id, event_type, schema, recorded_at, payload, metadata } = *self;
        Chained {
            stream: stream.as_str(),
            version,
            event_type: event_type.as_str(),
            schema,
            recorded_at,
            id,
            payload: payload.as_bytes(),
            metadata: metadata.as_bytes(),
        }
    }
}
