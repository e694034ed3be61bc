use std::borrow::Cow;

use serde::Serialize;
use serde::ser::SerializeStruct;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{EventId, EventType, Metadata, Position, StreamId, StreamKey, Timestamp, Version, body_of, json_value};

/// One event while a store is being read: it borrows the row, so visiting millions allocates nothing for them.
#[derive(Clone, Debug)]
pub struct EventRow<'a> {
    /// `None` where the store keeps no order across streams.
    pub position: Option<Position>,
    pub stream_key: StreamKey,
    pub stream: &'a StreamId,
    pub version: Version,
    pub event_type: &'a EventType,
    pub schema: u32,
    /// `None` where the store recorded no time.
    pub recorded_at: Option<Timestamp>,
    pub id: EventId,
    /// As stored. Usually JSON text; nothing guarantees it.
    pub payload: &'a [u8],
    /// As stored; empty where there is none, or where the query did not ask for it.
    pub metadata: &'a [u8],
}

impl EventRow<'_> {
    pub fn head(&self) -> Head {
        Head {
            version: self.version,
            position: self.position,
            recorded_at: self.recorded_at,
            id: self.id.clone(),
            event_type: self.event_type.clone(),
        }
    }

    /// The payload without its serialiser's wrapping.
    pub fn body(&self) -> Cow<'_, [u8]> {
        body_of(self.event_type.as_str(), self.payload)
    }

    pub fn to_recorded(&self) -> RecordedEvent {
        RecordedEvent {
            position: self.position,
            stream: self.stream.clone(),
            version: self.version,
            event_type: self.event_type.clone(),
            schema: self.schema,
            recorded_at: self.recorded_at,
            id: self.id.clone(),
            payload: self.payload.to_vec(),
            metadata: self.metadata.to_vec(),
        }
    }
}

/// What a fold needs to know of an event besides its content, and what a timeline keeps for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub version: Version,
    pub position: Option<Position>,
    pub recorded_at: Option<Timestamp>,
    pub id: EventId,
    pub event_type: EventType,
}

/// An event that a store holds, kept beyond the reading of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    pub position: Option<Position>,
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
    pub schema: u32,
    pub recorded_at: Option<Timestamp>,
    pub id: EventId,
    pub payload: Vec<u8>,
    pub metadata: Vec<u8>,
}

impl RecordedEvent {
    pub fn metadata(&self) -> Metadata {
        Metadata::parse(&self.metadata)
    }

    pub fn as_row(&self) -> EventRow<'_> {
        EventRow {
            position: self.position,
            stream_key: StreamKey(0),
            stream: &self.stream,
            version: self.version,
            event_type: &self.event_type,
            schema: self.schema,
            recorded_at: self.recorded_at,
            id: self.id.clone(),
            payload: &self.payload,
            metadata: &self.metadata,
        }
    }
}

impl Serialize for RecordedEvent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_row().serialize(serializer)
    }
}

/// The JSON of the command line. A payload or metadata that is JSON stands there digit for digit; any other text
/// stands as a string.
impl Serialize for EventRow<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { position, stream_key: _, stream, version, event_type, schema, recorded_at, id, payload, metadata } =
            self;
        let mut out = serializer.serialize_struct("event", 9)?;
        out.serialize_field("position", position)?;
        out.serialize_field("stream", stream)?;
        out.serialize_field("version", version)?;
        out.serialize_field("id", id)?;
        out.serialize_field("type", event_type)?;
        out.serialize_field("schema", schema)?;
        out.serialize_field("recorded_at", recorded_at)?;
        out.serialize_field("payload", &AsStored(payload))?;
        out.serialize_field("metadata", &AsStored(metadata))?;
        out.end()
    }
}

/// Stored bytes inside JSON.
struct AsStored<'a>(&'a [u8]);

impl Serialize for AsStored<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return serializer.serialize_none();
        }
        match serde_json::from_slice::<&RawValue>(self.0) {
            // A line break between tokens would split a line of JSON Lines; re-reading drops it and nothing else.
            Ok(raw) if !raw.get().contains(['\n', '\r']) => raw.serialize(serializer),
            Ok(_) => payload_value(self.0).serialize(serializer),
            Err(_) => serializer.serialize_str(&String::from_utf8_lossy(self.0)),
        }
    }
}

/// A payload as a JSON value; text that is no JSON becomes a string, so that something can always be shown.
pub fn payload_value(stored: &[u8]) -> Value {
    json_value(stored).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(stored).into_owned()))
}

/// An event that is to be appended. Its stream and version are the append's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub id: EventId,
    pub event_type: EventType,
    pub schema: u32,
    /// `None` only for imported events whose source recorded no time.
    pub recorded_at: Option<Timestamp>,
    pub payload: String,
    /// A JSON object as text, or empty.
    pub metadata: String,
}
