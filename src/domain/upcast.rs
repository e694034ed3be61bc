//! Old shapes of events, brought to today's one step at a time.
//!
//! To change an event's shape: raise `newest_schema` for it and add a step that turns the schema before into the
//! new one. Steps are small and pure, and never change again once they have shipped.

use serde_json::Value;

use super::{Aggregate, EventKind, Reading, kind_of, reading_of};
use crate::event::{body_of, payload_value};

/// One step: from this schema of this event to the next.
struct Step {
    kind: EventKind,
    from: u32,
    apply: fn(&mut Value),
}

const STEPS: &[Step] = &[Step { kind: EventKind::PaymentConfirmed, from: 1, apply: correct_stauts }];

/// The first confirmations were written with the field `stauts`.
fn correct_stauts(payload: &mut Value) {
    if let Value::Object(fields) = payload {
        // Rebuilt to keep the field's place: the inspector shows both shapes side by side.
        *fields = std::mem::take(fields)
            .into_iter()
            .map(|(name, value)| if name == "stauts" { ("status".to_owned(), value) } else { (name, value) })
            .collect();
    }
}

/// The schema that new events of this kind are written with.
pub(super) fn newest_schema(kind: EventKind) -> u32 {
    STEPS.iter().filter(|step| step.kind == kind).map(|step| step.from + 1).max().unwrap_or(1)
}

/// Brings a payload from its stored schema to the newest; answers which that is. A schema from the future is
/// left as it is.
pub(super) fn upcast(kind: EventKind, schema: u32, payload: &mut Value) -> u32 {
    let mut schema = schema;
    while let Some(step) = STEPS.iter().find(|step| step.kind == kind && step.from == schema) {
        (step.apply)(payload);
        schema += 1;
    }
    schema
}

/// An event as today's code reads it, to be shown beside what is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct AsRead {
    pub event_type: String,
    pub schema: u32,
    pub payload: Value,
    /// The stored name only resembles the one that it is read as.
    pub is_guess: bool,
}

/// Today's name and shape of a stored event. Events of no known aggregate are read as they are stored.
pub fn as_read(aggregate: Option<Aggregate>, stored_type: &str, schema: u32, payload: &[u8]) -> AsRead {
    let mut payload = payload_value(&body_of(stored_type, payload));
    match aggregate.and_then(|aggregate| reading_of(aggregate, stored_type)) {
        Some(Reading { kind, is_guess }) => {
            let schema = upcast(kind, schema, &mut payload);
            AsRead { event_type: kind.name().to_owned(), schema, payload, is_guess }
        }
        None => AsRead { event_type: stored_type.to_owned(), schema, payload, is_guess: false },
    }
}

/// The schema a new event of this type should be written with; 1 for what the domain does not know.
pub fn schema_for(aggregate: Option<Aggregate>, event_type: &str) -> u32 {
    aggregate.and_then(|aggregate| kind_of(aggregate, event_type)).map_or(1, newest_schema)
}

/// Whether reading this event as stored would differ from reading it upcast.
pub(super) fn needs_upcast(kind: EventKind, schema: u32) -> bool {
    STEPS.iter().any(|step| step.kind == kind && step.from == schema)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_misspelt_stauts_is_read_as_status() {
        let read = as_read(Some(Aggregate::Lead), "payment-confirmed", 1, br#"{"by":"x","stauts":"converted","z":1}"#);
        assert_eq!(read.payload, json!({"by": "x", "status": "converted", "z": 1}));
        assert_eq!(read.schema, 2);
        let names: Vec<_> = read.payload.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, ["by", "status", "z"]);
    }

    #[test]
    fn todays_shape_is_left_alone() {
        let read = as_read(Some(Aggregate::Lead), "payment-confirmed", 2, br#"{"stauts":1}"#);
        assert_eq!((read.schema, read.payload), (2, json!({"stauts": 1})));
    }

    #[test]
    fn the_other_name_of_a_details_update_is_read_as_the_one() {
        let read = as_read(Some(Aggregate::Lead), "ContactDetailsChange", 1, b"{}");
        assert_eq!(read.event_type, "contact-details-updated");
        assert_eq!(as_read(None, "ContactDetailsChange", 1, b"{}").event_type, "ContactDetailsChange");
    }

    #[test]
    fn steps_lead_to_the_newest_schema_without_a_gap() {
        for kind in EventKind::ALL {
            assert_eq!(upcast(*kind, 1, &mut json!({})), newest_schema(*kind), "{}", kind.name());
        }
    }

    #[test]
    fn a_payload_that_is_no_object_survives_its_upcast() {
        assert_eq!(as_read(Some(Aggregate::Lead), "payment-confirmed", 1, b"{oops").payload, json!("{oops"));
    }
}
