use super::chain::Chained;
use crate::event::plain_json::plain_members;
use crate::event::{EventId, EventRow, EventType, Links, NewEvent, StreamId, Timestamp, Version};
use crate::store::{AppendError, check_texts};

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

    /// What its metadata says of its links; an error where it is nothing that can be recorded. Nearly all JSON is plain,
    /// and judged in the pass that finds what it says.
    pub(super) fn sound_links(&self, stream: &StreamId) -> Result<Links, AppendError> {
        let links = match self.metadata {
            "" => Some(Links::default()),
            said => Links::of_sound(said),
        };
        let has_names = !stream.as_str().is_empty() && !self.event_type.as_str().is_empty();
        if let Some(links) = links.filter(|_| has_names && plain_members(self.payload, |_| Some(())).is_some()) {
            return Ok(links);
        }
        check_texts(stream, self.event_type, self.payload, self.metadata)?;
        Ok(Links::of(self.metadata.as_bytes()))
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
