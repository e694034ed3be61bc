//! What a new event looks like in the shape that its framework would have given it. Nothing here touches a database.

use std::io::Write;

use serde_json::{Map, Value};

use crate::event::{EventId, NewEvent};
use crate::store::{AppendError, Framework};

/// The newest event of the stream that is appended to, as it is stored: what its writer made of such things.
#[derive(Clone, Debug, Default)]
pub struct Example {
    pub event_type: String,
    pub payload: Vec<u8>,
    /// The column that says in which shape the event is, where there is one.
    pub schema: Option<String>,
}

/// An event as its framework stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shaped {
    pub id: uuid::Uuid,
    pub event_type: String,
    pub payload: Vec<u8>,
    /// JSON; an object.
    pub metadata: String,
    pub schema: String,
}

/// The event as `framework` would have stored it, or why it could not be.
pub fn shaped(framework: Framework, example: Option<&Example>, event: &NewEvent) -> Result<Shaped, AppendError> {
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
    match framework {
        Framework::Eventsourcing => for_eventsourcing(plain, example, event),
        Framework::CqrsEs => for_cqrs_es(plain, example),
        _ => Ok(plain),
    }
}

fn unfit(framework: Framework, detail: &str) -> AppendError {
    AppendError::Unfit { framework, detail: detail.to_owned() }
}

/// The state is an object with the time inside. It has no place for metadata, so who corrected it and why stand
/// beside its own fields, which the framework hands through.
fn for_eventsourcing(plain: Shaped, example: Option<&Example>, event: &NewEvent) -> Result<Shaped, AppendError> {
    let framework = Framework::Eventsourcing;
    let event_type = if plain.event_type.contains(':') {
        plain.event_type
    } else {
        // The class of the aggregate is that of its other events.
        let class = example.and_then(|example| example.event_type.rsplit_once('.')).map(|(class, _)| class);
        let class = class.filter(|class| class.contains(':')).ok_or_else(|| {
            unfit(framework, "an event type is written module:Class.Event, and this stream has none to follow")
        })?;
        format!("{class}.{}", plain.event_type)
    };
    let mut state = object(&plain.payload)
        .ok_or_else(|| unfit(framework, "the payload must be a JSON object of the event's attributes"))?;
    for own in ["originator_id", "originator_version"] {
        state.shift_remove(own);
    }
    if !state.contains_key("timestamp") {
        let at = event.recorded_at.ok_or_else(|| unfit(framework, "every event needs a time"))?;
        let text = at.to_string().replace('Z', "+00:00");
        state.insert("timestamp".to_owned(), serde_json::json!({ "_type_": "datetime_iso", "_data_": text }));
    }
    for (name, value) in object(plain.metadata.as_bytes()).unwrap_or_default() {
        state.entry(name).or_insert(value);
    }
    let text = Value::Object(state).to_string().into_bytes();
    let payload = match example.map(|example| example.payload.as_slice()) {
        Some([0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]) => {
            packed(&text).map_err(|error| unfit(framework, &error.to_string()))?
        }
        Some(bytes) if std::str::from_utf8(bytes).is_err() => {
            return Err(unfit(framework, "this stream is encrypted, and only the application writes into it"));
        }
        _ => text,
    };
    Ok(Shaped { event_type, payload, ..plain })
}

fn packed(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}

/// By serde's custom an event's fields stand under its name: `{"Captured": {…}}`. Metadata is an object of texts.
fn for_cqrs_es(plain: Shaped, example: Option<&Example>) -> Result<Shaped, AppendError> {
    let is_tagged = |payload: &[u8], event_type: &str| {
        object(payload).is_some_and(|fields| fields.len() == 1 && fields.contains_key(event_type))
    };
    let follows_tags = example.is_none_or(|example| is_tagged(&example.payload, &example.event_type));
    let payload = if follows_tags && !is_tagged(&plain.payload, &plain.event_type) {
        let fields: Value =
            serde_json::from_slice(&plain.payload).map_err(|_| unfit(Framework::CqrsEs, "the payload must be JSON"))?;
        Value::Object(Map::from_iter([(plain.event_type.clone(), fields)])).to_string().into_bytes()
    } else {
        plain.payload
    };
    let texts = object(plain.metadata.as_bytes()).unwrap_or_default().into_iter().map(|(name, value)| match value {
        Value::String(text) => (name, Value::String(text)),
        other => (name, Value::String(other.to_string())),
    });
    let metadata = Value::Object(texts.collect()).to_string();
    let schema = example.and_then(|example| example.schema.clone()).unwrap_or_else(|| "1.0".to_owned());
    Ok(Shaped { payload, metadata, schema, ..plain })
}

fn object(text: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventType, Timestamp};

    fn event(event_type: &str, payload: &str) -> NewEvent {
        NewEvent {
            id: EventId::new("0190b1de-5a4f-7c8e-9a3b-0123456789ab"),
            event_type: EventType::from(event_type),
            schema: 1,
            recorded_at: Timestamp::parse_rfc3339("2025-01-01T01:00:00.5Z"),
            payload: payload.to_owned(),
            metadata: r#"{"actor":"kim","n":1}"#.to_owned(),
        }
    }

    fn text(shaped: &Shaped) -> &str {
        std::str::from_utf8(&shaped.payload).unwrap()
    }

    #[test]
    fn an_event_of_eventsourcing_has_its_class_and_its_time() {
        let example =
            Example { event_type: "crm.domain:Lead.Captured".to_owned(), payload: b"{}".to_vec(), schema: None };
        let made = shaped(Framework::Eventsourcing, Some(&example), &event("Renamed", r#"{"name":"a"}"#)).unwrap();
        assert_eq!(made.event_type, "crm.domain:Lead.Renamed");
        let timestamp = r#"{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:00.500+00:00"}"#;
        assert_eq!(text(&made), format!(r#"{{"name":"a","timestamp":{timestamp},"actor":"kim","n":1}}"#));
        assert!(shaped(Framework::Eventsourcing, None, &event("Renamed", "{}")).is_err());
        assert!(shaped(Framework::Eventsourcing, Some(&example), &event("Renamed", "[]")).is_err());
    }

    #[test]
    fn a_packed_stream_gets_a_packed_event_and_an_encrypted_one_none() {
        let example = |payload: Vec<u8>| Example { event_type: "m:C.E".to_owned(), payload, schema: None };
        let made = shaped(Framework::Eventsourcing, Some(&example(packed(b"{}").unwrap())), &event("E", "{}")).unwrap();
        let mut unpacked = String::new();
        std::io::Read::read_to_string(&mut flate2::read::ZlibDecoder::new(&made.payload[..]), &mut unpacked).unwrap();
        assert!(unpacked.contains("timestamp"), "{unpacked}");
        let encrypted = shaped(Framework::Eventsourcing, Some(&example(vec![0xff, 0, 0x9c])), &event("E", "{}"));
        assert!(encrypted.unwrap_err().to_string().contains("encrypted"));
    }

    #[test]
    fn cqrs_es_names_the_event_around_its_fields_as_its_stream_does() {
        let tagged =
            Example { event_type: "A".to_owned(), payload: br#"{"A":{}}"#.to_vec(), schema: Some("2".to_owned()) };
        let made = shaped(Framework::CqrsEs, Some(&tagged), &event("Renamed", r#"{"name":"a"}"#)).unwrap();
        assert_eq!((text(&made), made.schema.as_str()), (r#"{"Renamed":{"name":"a"}}"#, "2"));
        assert_eq!(made.metadata, r#"{"actor":"kim","n":"1"}"#);
        let made = shaped(Framework::CqrsEs, Some(&tagged), &event("Renamed", r#"{"Renamed":{}}"#)).unwrap();
        assert_eq!(text(&made), r#"{"Renamed":{}}"#);
        let plain = Example { payload: br#"{"name":"b"}"#.to_vec(), ..tagged };
        let made = shaped(Framework::CqrsEs, Some(&plain), &event("Renamed", r#"{"name":"a"}"#)).unwrap();
        assert_eq!(text(&made), r#"{"name":"a"}"#);
    }
}
