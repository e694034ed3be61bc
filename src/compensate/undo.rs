use serde_json::{Map, Value};

use super::FreeEvent;
use crate::domain::{Aggregate, as_read};
use crate::event::{RecordedEvent, body_of, json_value, kebab_words, same_name};
use crate::replay::Story;

/// An event to begin with where none is the natural compensation: of the event's own type, with the values that the
/// state had before it. It is for a person to correct.
pub fn undoing(story: &Story, target: &RecordedEvent) -> FreeEvent {
    let timeline = story.timeline();
    let index = timeline.index_of(target.version);
    let before = index.and_then(|index| index.checked_sub(1)).map_or(Value::Null, |before| timeline.show(Some(before)));
    let after = index.map_or(Value::Null, |index| timeline.show(Some(index)));
    let payload = match as_written_today(story, target) {
        Some(Value::Object(mut fields)) => {
            undo_fields(&mut fields, &before, &after);
            Value::Object(fields)
        }
        Some(other) => other,
        None => Value::Object(Map::new()),
    };
    FreeEvent {
        event_type: target.event_type.to_string(),
        payload: serde_json::to_string_pretty(&payload).unwrap_or_default(),
        compensates: Some(target.id.clone()),
    }
}

/// Its payload by today's names, since a new event is written in today's shape; as it is stored where the domain does not
/// know for certain what the event is.
fn as_written_today(story: &Story, target: &RecordedEvent) -> Option<Value> {
    let stored = target.event_type.as_str();
    let payload = json_value(&body_of(stored, &target.payload)).ok()?;
    let aggregate = match story {
        Story::Lead(_) => Some(Aggregate::Lead),
        Story::Ticket(_) => Some(Aggregate::Ticket),
        Story::Other(_) => None,
    };
    let read = as_read(aggregate, stored, target.schema, &target.payload);
    Some(if read.is_guess { payload } else { read.payload })
}

/// What the state knows of a field is put back; what it does not know stays as the event said it.
fn undo_fields(fields: &mut Map<String, Value>, before: &Value, after: &Value) {
    for (name, value) in fields {
        match (member(before, name), member(after, name)) {
            (Some(was @ Value::Object(_)), Some(is)) if value.is_object() => {
                if let Value::Object(inner) = value {
                    undo_fields(inner, was, is);
                }
            }
            (Some(was), _) => value.clone_from(was),
            (None, Some(_)) => *value = Value::Null,
            (None, None) => {}
        }
    }
}

fn member<'v>(state: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = state.as_object()?;
    fields.get(name).or_else(|| {
        let words = kebab_words(name);
        fields.iter().find(|(key, _)| same_name(key, &words)).map(|(_, value)| value)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_state_held_before_is_put_back() {
        let mut payload = json!({"name": "b", "Phone": "2", "to": {"city": "X", "zip": 1}, "note": "why", "added": 1});
        let before = json!({"name": "a", "phone": "1", "to": {"city": "Y", "zip": 1}});
        let after = json!({"name": "b", "phone": "2", "to": {"city": "X", "zip": 1}, "added": 1});
        if let Value::Object(fields) = &mut payload {
            undo_fields(fields, &before, &after);
        }
        let undone = json!({"name": "a", "Phone": "1", "to": {"city": "Y", "zip": 1}, "note": "why", "added": null});
        assert_eq!(payload, undone);
    }
}
