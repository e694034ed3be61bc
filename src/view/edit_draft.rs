use serde_json::Value;

use super::payload_draft::{PayloadDraft, PayloadFault};
use crate::domain::{Aggregate, EventKind, as_read, kind_of};
use crate::event::{EventId, EventType, Message, RecordedEvent, Version, nearest};
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
    /// The types that are known where one is inserted.
    pub types: Vec<String>,
    /// Those are offered that the letters may mean, and which of them is marked.
    pub offers_types: bool,
    pub marked_type: Option<usize>,
    pub payload: PayloadDraft,
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
    Payload(PayloadFault),
    After(Message),
}

impl EditDraft {
    pub fn insert(after: Option<EventRef>, types: Vec<String>, id: EventId) -> Self {
        let at = after.as_ref().map_or_else(|| START.to_owned(), |event| event.version.to_string());
        let payload = Value::Object(serde_json::Map::new());
        Self { types, ..Self::new(EditKind::Insert, after, String::new(), &payload, at, id) }
    }

    pub fn of_move(event: EventRef, event_type: String, id: EventId) -> Self {
        Self::new(EditKind::Move, Some(event), event_type, &Value::Null, String::new(), id)
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
        let mut draft =
            Self::new(EditKind::Change, Some(event), recorded.event_type.to_string(), &is, String::new(), id);
        draft.recorded = Some(was);
        draft
    }

    fn new(
        kind: EditKind,
        event: Option<EventRef>,
        event_type: String,
        payload: &Value,
        after: String,
        id: EventId,
    ) -> Self {
        let (payload, types) = (PayloadDraft::of(payload), Vec::new());
        Self {
            kind,
            replaces: None,
            event,
            event_type,
            types,
            offers_types: false,
            marked_type: None,
            payload,
            after,
            recorded: None,
            id,
            is_tried: false,
            leads_to_fault: false,
        }
    }

    /// One of the known types is meant.
    pub fn take_type(&mut self, name: String) {
        (self.event_type, self.offers_types, self.marked_type) = (name, false, None);
    }

    /// The known types that what was typed may become: those that have it in their name, or all.
    pub fn completions(&self) -> Vec<&str> {
        let typed = self.event_type.trim().to_lowercase();
        let begins = |name: &str| name.to_lowercase().starts_with(&typed);
        let mut found: Vec<&str> = self.types.iter().map(String::as_str).collect();
        found.retain(|name| name.to_lowercase().contains(&typed) && *name != self.event_type);
        found.sort_by_key(|name| !begins(name));
        found
    }

    /// The known types that look like the one that was typed, where that is none; `None` where it is one, or none is known.
    pub fn near_types(&self) -> Option<Vec<&str>> {
        let typed = self.event_type.trim();
        let known: Vec<&str> = self.types.iter().map(String::as_str).collect();
        let is_unknown = !typed.is_empty() && !known.is_empty() && !known.contains(&typed);
        is_unknown.then(|| nearest(typed, &known))
    }

    /// What is wrong with what was typed, in the time that a frame has: what only stays as it is, is not gone through.
    pub fn fault(&self, find: impl Fn(Version) -> Option<EventRef>) -> Option<EditFault> {
        let payload = || self.payload.fault().map(EditFault::Payload);
        match self.kind {
            EditKind::Change => payload(),
            EditKind::Insert if self.event_type.trim().is_empty() => {
                Some(EditFault::Type(Message::new("plan-no-type")))
            }
            EditKind::Insert => payload().or_else(|| self.anchor(find).err()),
            EditKind::Move => self.edit(find).err(),
        }
    }

    /// The edit as it was typed, or what is wrong with it. `find` looks an event up by its version.
    pub fn edit(&self, find: impl Fn(Version) -> Option<EventRef>) -> Result<Alteration, EditFault> {
        match self.kind {
            EditKind::Change => {
                let payload = self.payload.value().map_err(EditFault::Payload)?;
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
                    payload: self.payload.value().map_err(EditFault::Payload)?,
                    recorded_at: None,
                    compensates: None,
                };
                Ok(Alteration::Insert { after: self.anchor(find)?, event })
            }
            EditKind::Move => {
                let Some(event) = self.event.clone() else { return Err(EditFault::After(Message::new("edit-gone"))) };
                let after = self.anchor(find)?;
                let stands =
                    |after: &EventRef| after.version.0 == event.version.0 || after.version.0 + 1 == event.version.0;
                if after.as_ref().is_some_and(stands) {
                    let message = Message::new("edit-stands-there").number("version", event.version.0);
                    return Err(EditFault::After(message));
                }
                Ok(Alteration::Move { event, after })
            }
        }
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

/// The types of events that may be inserted: those that the stream has, as it writes them, those that other streams of its
/// category have, and the others of its domain.
pub(super) fn types_for(
    aggregate: Option<Aggregate>,
    of_stream: &[EventType],
    of_category: &[EventType],
) -> Vec<String> {
    let elsewhere: Vec<EventType> = of_category.iter().filter(|name| !of_stream.contains(name)).cloned().collect();
    let of_stream = &[of_stream, &elsewhere].concat();
    let known = |kind: &EventKind| {
        aggregate.is_some_and(|aggregate| of_stream.iter().any(|name| kind_of(aggregate, name.as_str()) == Some(*kind)))
    };
    let of_domain = EventKind::ALL.iter().filter(|kind| Some(kind.aggregate()) == aggregate && !known(kind));
    let of_domain = of_domain.map(|kind| kind.name().to_owned());
    of_stream.iter().map(ToString::to_string).chain(of_domain).collect()
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
        let type_over = |draft: &mut EditDraft, value: Value| draft.payload = PayloadDraft::of(&value);
        type_over(&mut draft, json!({"a": 1, "b.c": 3, "d": null}));
        let to = match draft.edit(found) {
            Ok(Alteration::Change { to, .. }) => to,
            other => panic!("{other:?}"),
        };
        let fields = vec![(r#"["b.c"]"#.to_owned(), json!(3)), ("d".to_owned(), Value::Null)];
        assert_eq!(to, NewPayload::Fields(fields));
        type_over(&mut draft, json!({"b.c": 2}));
        let whole = draft.edit(found).expect("sound");
        assert!(matches!(whole, Alteration::Change { to: NewPayload::Whole(_), .. }), "{whole:?}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let event = recorded(&json!({"a": 1}));
        let mut draft = EditDraft::change(&event, None, None, EventId::new("new"));
        assert!(draft.payload.show_as_json(true));
        draft.payload.json = "{\n  \"a\": oops\n}".to_owned();
        let Err(EditFault::Payload(PayloadFault { field: None, message })) = draft.edit(found) else { panic!("taken") };
        let expected = Message::new("edit-not-json").inner("detail", Message::new("json-value"));
        assert_eq!(message, expected.number("line", 2).number("column", 8));
        let mut draft = EditDraft::insert(None, Vec::new(), EventId::new("new"));
        assert_eq!(draft.edit(found), Err(EditFault::Type(Message::new("plan-no-type"))));
        draft.event_type = "contacted".to_owned();
        assert!(matches!(draft.edit(found), Ok(Alteration::Insert { after: None, .. })));
        draft.after = "12".to_owned();
        assert_eq!(draft.edit(found), Err(EditFault::After(Message::new("edit-no-event").number("version", 12))));
        draft.after = "soon".to_owned();
        assert_eq!(draft.edit(found), Err(EditFault::After(Message::new("edit-no-version"))));
    }

    #[test]
    fn an_event_is_not_moved_to_where_it_stands() {
        let event = EventRef { version: Version(3), id: EventId::new("e3") };
        let mut draft = EditDraft::of_move(event, "changed".to_owned(), EventId::new("new"));
        for (after, is_taken) in [("3", false), ("2", false), ("4", true), ("start", true)] {
            after.clone_into(&mut draft.after);
            assert_eq!(draft.edit(found).is_ok(), is_taken, "{after}");
        }
    }

    #[test]
    fn types_of_the_stream_and_of_its_domain_are_offered_and_a_wrong_one_is_told_from_near_ones() {
        let of_stream = [EventType::from("LeadInitialized"), EventType::from("special")];
        let of_category = ["noted", "special"].map(EventType::from);
        let types = types_for(Some(Aggregate::Lead), &of_stream, &of_category);
        assert!(
            types.starts_with(&["LeadInitialized", "special", "noted", "contacted"].map(str::to_owned)),
            "{types:?}"
        );
        assert!(!types.iter().any(|name| name == "lead-initialized" || name == "ticket-closed"), "{types:?}");
        let mut draft = EditDraft::insert(None, types, EventId::new("new"));
        assert_eq!(draft.completions().len(), draft.types.len());
        draft.event_type = "paymnt-failed".to_owned();
        assert_eq!(draft.completions(), Vec::<&str>::new());
        assert_eq!(draft.near_types().expect("unknown").first(), Some(&"payment-failed"));
        draft.event_type = "fail".to_owned();
        assert_eq!(draft.completions(), ["payment-failed", "payment-failure-withdrawn"]);
        draft.event_type = "payment-failed".to_owned();
        assert_eq!(draft.near_types(), None);
        assert_eq!(types_for(None, &[], &[]), Vec::<String>::new());
    }
}
