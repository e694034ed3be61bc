use serde_json::{Map, Value};

use super::super::writing::{Example, Shaped, object};
use crate::event::{NewEvent, json_value};
use crate::store::{AppendError, Framework, Unfit};

/// By serde's custom an event's fields stand under its name: `{"Captured": {…}}`. Metadata is an object of texts.
pub(super) fn shape(plain: Shaped, example: Option<&Example>, _: &NewEvent) -> Result<Shaped, AppendError> {
    let is_tagged = |payload: &[u8], event_type: &str| {
        object(payload).is_some_and(|fields| fields.len() == 1 && fields.contains_key(event_type))
    };
    let follows_tags = example.is_none_or(|example| is_tagged(&example.payload, &example.event_type));
    let payload = if follows_tags && !is_tagged(&plain.payload, &plain.event_type) {
        let fields = json_value(&plain.payload)
            .map_err(|_| AppendError::Unfit { framework: Framework::CQRS_ES, why: Unfit::NotJson })?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::frameworks::writing::{an_event as event, payload_text as text};

    fn shaped(example: Option<&Example>, event: &NewEvent) -> Result<Shaped, AppendError> {
        crate::store::frameworks::writing::shaped(&super::super::APPEND, example, event)
    }

    #[test]
    fn cqrs_es_names_the_event_around_its_fields_as_its_stream_does() {
        let tagged =
            Example { event_type: "A".to_owned(), payload: br#"{"A":{}}"#.to_vec(), schema: Some("2".to_owned()) };
        let made = shaped(Some(&tagged), &event("Renamed", r#"{"name":"a"}"#)).unwrap();
        assert_eq!((text(&made), made.schema.as_str()), (r#"{"Renamed":{"name":"a"}}"#, "2"));
        assert_eq!(made.metadata, r#"{"actor":"kim","n":"1"}"#);
        let made = shaped(Some(&tagged), &event("Renamed", r#"{"Renamed":{}}"#)).unwrap();
        assert_eq!(text(&made), r#"{"Renamed":{}}"#);
        let plain = Example { payload: br#"{"name":"b"}"#.to_vec(), ..tagged };
        let made = shaped(Some(&plain), &event("Renamed", r#"{"name":"a"}"#)).unwrap();
        assert_eq!(text(&made), r#"{"name":"a"}"#);
    }
}
