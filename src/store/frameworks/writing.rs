//! What a new event looks like in the shape that its framework would have given it. Nothing here touches a database.

use serde_json::{Map, Value};

use super::rules::AppendRules;
use crate::event::{EventId, NewEvent, json_value};
use crate::store::AppendError;

/// The newest event of the stream that is appended to, as it is stored: what its writer made of such things.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Example {
    pub(in crate::store) event_type: String,
    pub(in crate::store) payload: Vec<u8>,
    /// The column that says in which shape the event is, where there is one.
    pub(in crate::store) schema: Option<String>,
}

/// An event as its framework stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Shaped {
    pub(in crate::store) id: uuid::Uuid,
    pub(in crate::store) event_type: String,
    pub(in crate::store) payload: Vec<u8>,
    /// JSON; an object.
    pub(in crate::store) metadata: String,
    pub(in crate::store) schema: String,
}

/// The event as the framework would have stored it, or why it could not be.
pub(in crate::store) fn shaped(
    rules: &AppendRules,
    example: Option<&Example>,
    event: &NewEvent,
) -> Result<Shaped, AppendError> {
    let id = match &event.id {
        EventId::Uuid(bytes) => uuid::Uuid::from_bytes(*bytes),
        // A column of UUIDs takes no other text; the same text gives the same UUID.
        EventId::Text(text) => match EventId::from_content(&[text.as_bytes()]) {
            EventId::Uuid(bytes) => uuid::Uuid::from_bytes(bytes),
            EventId::Text(_) => uuid::Uuid::nil(),
        },
    };
    let event_type = event.event_type.to_string();
    let metadata = if event.metadata.is_empty() { "{}".to_owned() } else { event.metadata.clone() };
    let plain =
        Shaped { id, event_type, payload: event.payload.clone().into_bytes(), metadata, schema: "1".to_owned() };
    match rules.shape {
        Some(shape) => shape(plain, example, event),
        None => Ok(plain),
    }
}

pub(super) fn object(text: &[u8]) -> Option<Map<String, Value>> {
    match json_value(text) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

#[cfg(test)]
pub(super) fn payload_text(shaped: &Shaped) -> &str {
    std::str::from_utf8(&shaped.payload).unwrap()
}

#[cfg(test)]
pub(super) fn an_event(event_type: &str, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new("0190b1de-5a4f-7c8e-9a3b-0123456789ab"),
        event_type: crate::event::EventType::from(event_type),
        schema: 1,
        recorded_at: crate::event::Timestamp::parse_rfc3339("2025-01-01T01:00:00.5Z"),
        payload: payload.to_owned(),
        metadata: r#"{"actor":"kim","n":1}"#.to_owned(),
    }
}
