//! An event of any store as a native store holds it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::event::{EventId, EventRow, NewEvent, RecordedEvent};

/// An event on its way into a mirror.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) event: NewEvent,
    /// What was no JSON is a text now.
    pub(super) is_text: bool,
}

/// Whatever a native store can hold stays letter for letter. A payload that is no JSON becomes a text of JSON, as in an
/// export, and metadata that is no object stands in one under `metadata`.
pub(super) fn taken(row: &EventRow<'_>) -> Taken {
    let payload = match row.payload {
        [] => Some(Cow::Borrowed("null")),
        bytes => as_json(bytes).map(Cow::Borrowed),
    };
    let metadata = match row.metadata {
        [] => Some(Cow::Borrowed("")),
        bytes => as_json(bytes).filter(|text| text.trim_start().starts_with('{')).map(Cow::Borrowed),
    };
    let is_text = payload.is_none() || metadata.is_none();
    let payload = payload.unwrap_or_else(|| Cow::Owned(quoted(row.payload)));
    let metadata = metadata.unwrap_or_else(|| {
        let inner = as_json(row.metadata).map_or_else(|| quoted(row.metadata), str::to_owned);
        Cow::Owned(format!("{{\"metadata\":{inner}}}"))
    });
    let event = NewEvent {
        id: row.id.clone(),
        event_type: row.event_type.clone(),
        schema: row.schema,
        recorded_at: row.recorded_at,
        payload: payload.into_owned(),
        metadata: metadata.into_owned(),
    };
    Taken { event, is_text }
}

/// The id of an event whose own is taken by another: a native store has each id once.
pub(super) fn second_id(row: &EventRow<'_>) -> EventId {
    let (stream, version) = (row.stream.as_str().as_bytes(), row.version.0.to_le_bytes());
    EventId::from_content(&[b"mirror", stream, &version, row.id.to_string().as_bytes()])
}

/// Whether what a mirror holds is this event of its origin.
pub(super) fn is_same(held: &RecordedEvent, row: &EventRow<'_>) -> bool {
    let NewEvent { id, event_type, schema, recorded_at, payload, metadata } = taken(row).event;
    held.stream == *row.stream
        && held.version == row.version
        && held.event_type == event_type
        && held.schema == schema
        && held.recorded_at == recorded_at
        && held.payload == payload.as_bytes()
        && held.metadata == metadata.as_bytes()
        && (held.id == id || held.id == second_id(row))
}

fn as_json(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    serde_json::from_str::<&RawValue>(text).is_ok().then_some(text)
}

fn quoted(bytes: &[u8]) -> String {
    serde_json::Value::String(String::from_utf8_lossy(bytes).into_owned()).to_string()
}
