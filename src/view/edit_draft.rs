use serde_json::Value;

use crate::domain::{Aggregate, as_read};
use crate::event::{EventId, Message, RecordedEvent, Version};
use crate::replay::{Alteration, EventRef, InsertedEvent, NewPayload, START};

/// An edit of a branch while it is being typed.
#[derive(Clone, Debug)]
pub struct EditDraft {
    pub kind: EditKind,
    /// The edit that it takes the place of.
    pub replaces: Option<usize>,
    /// The event that is changed or moved, or behind which one is inserted; `None` is before the first.
    pub event: Option<EventRef>,
    pub event_type: String,
    pub payload: String,
    /// Where a moved or inserted event is to stand behind: a version, or `start`.
    pub after: String,
    /// The payload as it was recorded, in today's shape.
    recorded: Option<Value>,
    /// Of an inserted event.
    id: EventId,
    /// Done was asked for: what is wrong is marked.
    pub is_tried: bool,
    /// The focus is to go to the field that is wrong.
    pub leads_to_fault: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditKind {
    Change,
    Insert,
    Move,
}

/// What is wrong with what was typed, at its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditFault {
    Type(Message),
    Payload(Message),
    After(Message),
}

impl EditDraft {
    pub fn insert(after: Option<EventRef>, id: EventId) -> Self {
        let at = after.as_ref().map_or_else(|| START.to_owned(), |event| event.version.to_string());
        Self::new(EditKind::Insert, after, String::new(), "{}".to_owned(), at, id)
    }

    pub fn of_move(event: EventRef, event_type: String, id: EventId) -> Self {
        Self::new(EditKind::Move, Some(event), event_type, String::new(), String::new(), id)
    }

    /// Of a recorded event, as it stands in the branch so far.
    pub fn change(
        recorded: &RecordedEvent,
        aggregate: Option<Aggregate>,
        now: Option<&RecordedEvent>,
        id: EventId,
    ) -> Self {
        let event = EventRef { version: recorded.version, id: recorded.id.clone() };
        let read =
            |event: &RecordedEvent| as_read(aggregate, event.event_type.as_str(), event.schema, &event.payload).payload;
        let was = read(recorded);
        let is = now.map_or_else(|| was.clone(), read);
        let text = serde_json::to_string_pretty(&is).unwrap_or_default();
        let mut draft =
            Self::new(EditKind::Change, Some(event), recorded.event_type.to_string(), text, String::new(), id);
        draft.recorded = Some(was);
        draft
    }

    fn new(
        kind: EditKind,
        event: Option<EventRef>,
        event_type: String,
        payload: String,
        after: String,
        id: EventId,
    ) -> Self {
        Self {
            kind,
            replaces: None,
            event,
            event_type,
            payload,
            after,
            recorded: None,
            id,
            is_tried: false,
            leads_to_fault: false,
        }
    }

    /// The edit as it was typed, or what is wrong with it. `find` looks an event up by its version.
    pub fn edit(&self, find: impl Fn(Version) -> Option<EventRef>) -> Result<Alteration, EditFault> {
        match self.kind {
            EditKind::Change => {
                let payload = self.payload_value()?;
                let Some(event) = self.event.clone() else { return Err(EditFault::After(Message::new("edit-gone"))) };
                Ok(Alteration::Change { event, to: self.as_fields(payload) })
            }
            EditKind::Insert => {
                if self.event_type.trim().is_empty() {
                    return Err(EditFault::Type(Message::new("plan-no-type")));
                }
                let event = InsertedEvent {
                    id: self.id.clone(),
                    event_type: self.event_type.trim().to_owned(),
                    payload: self.payload_value()?,
                    recorded_at: None,
                    compensates: None,
                };
                Ok(Alteration::Insert { after: self.anchor(find)?, event })
            }
            EditKind::Move => {
                let Some(event) = self.event.clone() else { return Err(EditFault::After(Message::new("edit-gone"))) };
                Ok(Alteration::Move { event, after: self.anchor(find)? })
            }
        }
    }

    fn payload_value(&self) -> Result<Value, EditFault> {
        serde_json::from_str(&self.payload).map_err(|error| {
            let detail = error.to_string();
            // serde_json says the place behind its sentence; it is said here in the language of the window.
            let what = detail.split(" at line ").next().unwrap_or_default().to_owned();
            let place = Message::new("edit-not-json").text("detail", what);
            EditFault::Payload(place.number("line", error.line() as u64).number("column", error.column() as u64))
        })
    }

    fn anchor(&self, find: impl Fn(Version) -> Option<EventRef>) -> Result<Option<EventRef>, EditFault> {
        let text = self.after.trim().trim_start_matches('v');
        if text.eq_ignore_ascii_case(START) {
            return Ok(None);
        }
        let version = text.parse().map(Version).map_err(|_| EditFault::After(Message::new("edit-no-version")))?;
        let missing = || EditFault::After(Message::new("edit-no-event").number("version", version.0));
        find(version).map(Some).ok_or_else(missing)
    }

    /// Where only values of an object differ, the edit says which: it then reads as what it is.
    fn as_fields(&self, payload: Value) -> NewPayload {
        let (Some(Value::Object(was)), Value::Object(is)) = (&self.recorded, &payload) else {
            return NewPayload::Whole(payload);
        };
        let is_gone = was.keys().any(|name| !is.contains_key(name));
        if is_gone {
            return NewPayload::Whole(payload);
        }
        let differs = is.iter().filter(|(name, value)| was.get(*name) != Some(value));
        let fields: Vec<(String, Value)> =
            differs.map(|(name, value)| (crate::event::key_path("", name), value.clone())).collect();
        NewPayload::Fields(fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{EventType, StreamId};

    fn recorded(payload: &Value) -> RecordedEvent {
        RecordedEvent {
            position: None,
            stream: StreamId::from("order-1"),
            version: Version(3),
            event_type: EventType::from("changed"),
            schema: 1,
            recorded_at: None,
            id: EventId::new("e3"),
            payload: payload.to_string().into_bytes(),
            metadata: Vec::new(),
        }
    }

    fn found(version: Version) -> Option<EventRef> {
        (version.0 < 9).then(|| EventRef { version, id: EventId::new("found") })
    }

    #[test]
    fn what_was_typed_over_is_told_by_its_fields() {
        let event = recorded(&json!({"a": 1, "b.c": 2}));
        let mut draft = EditDraft::change(&event, None, None, EventId::new("new"));
        draft.payload = json!({"a": 1, "b.c": 3, "d": null}).to_string();
        let to = match draft.edit(found) {
            Ok(Alteration::Change { to, .. }) => to,
            other => panic!("{other:?}"),
        };
        let fields = vec![(r#"["b.c"]"#.to_owned(), json!(3)), ("d".to_owned(), Value::Null)];
        assert_eq!(to, NewPayload::Fields(fields));
        draft.payload = json!({"b.c": 2}).to_string();
        let whole = draft.edit(found).expect("sound");
        assert!(matches!(whole, Alteration::Change { to: NewPayload::Whole(_), .. }), "{whole:?}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let event = recorded(&json!({"a": 1}));
        let mut draft = EditDraft::change(&event, None, None, EventId::new("new"));
        draft.payload = "{\n  \"a\": oops\n}".to_owned();
        let Err(EditFault::Payload(fault)) = draft.edit(found) else { panic!("taken") };
        let expected = Message::new("edit-not-json").text("detail", "expected value").number("line", 2);
        assert_eq!(fault, expected.number("column", 8));
        let mut draft = EditDraft::insert(None, EventId::new("new"));
        assert_eq!(draft.edit(found), Err(EditFault::Type(Message::new("plan-no-type"))));
        draft.event_type = "contacted".to_owned();
        assert!(matches!(draft.edit(found), Ok(Alteration::Insert { after: None, .. })));
        draft.after = "12".to_owned();
        assert_eq!(draft.edit(found), Err(EditFault::After(Message::new("edit-no-event").number("version", 12))));
        draft.after = "soon".to_owned();
        assert_eq!(draft.edit(found), Err(EditFault::After(Message::new("edit-no-version"))));
    }
}
