use serde_json::{Map, Value};

use super::{Decoded, EventKind, upcast};
use crate::event::{EventId, EventRow, EventType, MetadataBuilder, StreamId, StreamKey, Timestamp, Version};

/// What `decide` answers: a fact to record, without the identity, author and time that its caller gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub event_type: &'static str,
    pub schema: u32,
    pub payload: Value,
    pub compensates: Option<EventId>,
}

impl Draft {
    pub(super) fn new(kind: EventKind, payload: Value) -> Self {
        Self { event_type: kind.name(), schema: upcast::newest_schema(kind), payload, compensates: None }
    }

    pub(super) fn compensating(kind: EventKind, payload: Value, target: &EventId) -> Self {
        Self { compensates: Some(target.clone()), ..Self::new(kind, payload) }
    }

    /// The draft as history would read it, so that one set of rules judges both.
    pub(super) fn read_back<E>(&self, decode: fn(&EventRow<'_>) -> Decoded<E>) -> Decoded<E> {
        self.as_recorded(Version(0), None, decode)
    }

    /// The draft as it would stand in a history.
    pub fn as_recorded<T>(
        &self,
        version: Version,
        recorded_at: Option<Timestamp>,
        read: impl FnOnce(&EventRow<'_>) -> T,
    ) -> T {
        let payload = self.payload.to_string();
        let metadata = MetadataBuilder::default().compensates(self.compensates.as_ref()).build();
        read(&EventRow {
            position: None,
            stream_key: StreamKey(0),
            stream: &StreamId::from(""),
            version,
            event_type: &EventType::from(self.event_type),
            schema: self.schema,
            recorded_at,
            id: EventId::new(""),
            payload: payload.as_bytes(),
            metadata: metadata.as_bytes(),
        })
    }
}

/// An object of the fields that have a value.
pub(super) fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>())
}

/// An aggregate's own id as a payload writes it: a plain number is a number.
pub fn plain_id(id: &str) -> Value {
    match id.parse::<u64>() {
        Ok(number) if number.to_string() == id => Value::from(number),
        _ => Value::from(id),
    }
}
