//! Which shapes the payloads of each type of event have: their fields, of which JSON type, how often, since and until when.

use std::collections::HashMap;

use serde_json::Value;

use super::StoreMoment;
use crate::event::{EventRow, EventType, Timestamp, json_value, key_path};

/// More fields than these of one type are not told apart: their names are data rather than a shape.
pub const MOST_FIELDS: usize = 1_000;
const DEEPEST: usize = 12;
const EXAMPLES: usize = 3;
/// So many letters of an example are kept.
const EXAMPLE_LETTERS: usize = 60;

/// What a field takes beside its name: its numbers, some examples, and where it is found.
const FIELD_BYTES: usize = size_of::<FieldShape>() + 192;

#[derive(Debug, Default)]
pub struct Census {
    types: Vec<TypeShape>,
    by_type: HashMap<EventType, usize>,
}

/// The payloads of one type of event.
#[derive(Debug)]
pub struct TypeShape {
    pub event_type: EventType,
    pub events: u64,
    /// Payloads that are no JSON.
    pub unreadable: u64,
    pub span: Span,
    /// In the order in which they were first seen.
    pub fields: Vec<FieldShape>,
    /// There are more fields than [`MOST_FIELDS`].
    pub has_more_fields: bool,
    by_path: HashMap<Box<str>, usize>,
}

/// A place in a payload. The items of a list are one place, `list[]`.
#[derive(Debug)]
pub struct FieldShape {
    pub path: Box<str>,
    /// In how many events it is there, `null` included.
    pub present: u64,
    /// How often it is of which type, in the order of [`JsonType::ALL`]; items of a list are counted each.
    counts: [u64; JsonType::ALL.len()],
    pub span: Span,
    /// Some of its values, as JSON, each another one.
    pub examples: Vec<String>,
    /// The first and the last event of its type that it was counted in, by their numbers among these.
    pub(super) first_event: u64,
    pub(super) last_event: u64,
    pub(super) first_seen: Seen,
    /// When it was first of each type but null.
    pub(super) turns: Vec<(JsonType, u64, Seen)>,
    /// Since which event of its type it is not there any more.
    pub(super) gone_since: Option<Seen>,
    /// What holds it, among the fields of its type.
    pub(super) holder: Option<usize>,
}

/// When something was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub moment: StoreMoment,
    pub at: Option<Timestamp>,
}

impl Seen {
    fn of(row: &EventRow<'_>) -> Self {
        let by_time = || row.recorded_at.map_or(StoreMoment::Latest, StoreMoment::Time);
        Self { moment: row.position.map_or_else(by_time, StoreMoment::Position), at: row.recorded_at }
    }
}

/// Of types with more fields it is not told which are gone: mostly names that are data come and go there.
const MOST_WATCHED: usize = 64;

/// From the first to the last time that something was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

impl Span {
    fn take(&mut self, at: Option<Timestamp>) {
        let Some(at) = at else { return };
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    Text,
    Number,
    Boolean,
    Null,
    List,
    Object,
}

impl JsonType {
    pub const ALL: [Self; 6] = [Self::Text, Self::Number, Self::Boolean, Self::Null, Self::List, Self::Object];

    /// As JSON itself calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
            Self::List => "array",
            Self::Object => "object",
        }
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::String(_) => Self::Text,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Boolean,
            Value::Null => Self::Null,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }
}

impl FieldShape {
    /// Its types, each with how often it was of it; the others are left out.
    pub fn types(&self) -> impl Iterator<Item = (JsonType, u64)> {
        JsonType::ALL.into_iter().zip(self.counts).filter(|(_, count)| *count > 0)
    }
}

impl Census {
    pub fn take(&mut self, row: &EventRow<'_>) {
        let at = match self.by_type.get(row.event_type) {
            Some(at) => *at,
            None => {
                self.by_type.insert(row.event_type.clone(), self.types.len());
                self.types.push(TypeShape::new(row.event_type.clone()));
                self.types.len() - 1
            }
        };
        if let Some(shape) = self.types.get_mut(at) {
            shape.take(row);
        }
    }

    /// What it takes in memory, about.
    pub fn bytes(&self) -> u64 {
        let of_field = |field: &FieldShape| 2 * field.path.len() + FIELD_BYTES;
        let of_type = |shape: &TypeShape| FIELD_BYTES + shape.fields.iter().map(of_field).sum::<usize>();
        self.types.iter().map(of_type).sum::<usize>() as u64
    }

    /// The most frequent first.
    pub fn types(&self) -> Vec<&TypeShape> {
        let mut types: Vec<&TypeShape> = self.types.iter().collect();
        types.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.event_type.cmp(&b.event_type)));
        types
    }
}

impl TypeShape {
    fn new(event_type: EventType) -> Self {
        Self {
            event_type,
            events: 0,
            unreadable: 0,
            span: Span::default(),
            fields: Vec::new(),
            has_more_fields: false,
            by_path: HashMap::new(),
        }
    }

    fn take(&mut self, row: &EventRow<'_>) {
        self.events += 1;
        self.span.take(row.recorded_at);
        let seen = Seen::of(row);
        match json_value(row.payload) {
            Ok(Value::Object(fields)) => {
                for (key, value) in &fields {
                    self.note(&key_path("", key), value, seen, (None, 1));
                }
            }
            // What is no object has one place, which has no name.
            Ok(other) => self.note("", &other, seen, (None, 1)),
            Err(_) if row.payload.is_empty() => {}
            Err(_) => self.unreadable += 1,
        }
        if self.fields.len() <= MOST_WATCHED {
            for field in self.fields.iter_mut().filter(|field| field.last_event + 1 == self.events) {
                field.gone_since = Some(seen);
            }
        }
    }

    fn note(&mut self, path: &str, value: &Value, seen: Seen, (holder, depth): (Option<usize>, usize)) {
        let place = match self.by_path.get(path) {
            Some(place) => *place,
            None if self.fields.len() >= MOST_FIELDS => {
                self.has_more_fields = true;
                return;
            }
            None => {
                self.by_path.insert(path.into(), self.fields.len());
                self.fields.push(FieldShape {
                    path: path.into(),
                    present: 0,
                    counts: Default::default(),
                    span: Span::default(),
                    examples: Vec::new(),
                    first_event: self.events,
                    first_seen: seen,
                    last_event: 0,
                    turns: Vec::new(),
                    gone_since: None,
                    holder,
                });
                self.fields.len() - 1
            }
        };
        let Some(field) = self.fields.get_mut(place) else { return };
        field.present += u64::from(field.last_event != self.events);
        field.last_event = self.events;
        field.gone_since = None;
        field.span.take(seen.at);
        let json_type = JsonType::of(value);
        if json_type != JsonType::Null && field.turns.iter().all(|(known, ..)| *known != json_type) {
            field.turns.push((json_type, self.events, seen));
        }
        for (known, count) in JsonType::ALL.into_iter().zip(&mut field.counts) {
            *count += u64::from(known == json_type);
        }
        match value {
            Value::Object(fields) if depth < DEEPEST => {
                for (key, value) in fields {
                    self.note(&key_path(path, key), value, seen, (Some(place), depth + 1));
                }
            }
            Value::Array(items) if depth < DEEPEST => {
                let inner = format!("{path}[]");
                for item in items {
                    self.note(&inner, item, seen, (Some(place), depth + 1));
                }
            }
            Value::Object(_) | Value::Array(_) | Value::Null => {}
            scalar if field.examples.len() < EXAMPLES => {
                let example: String = scalar.to_string().chars().take(EXAMPLE_LETTERS).collect();
                if !field.examples.contains(&example) {
                    field.examples.push(example);
                }
            }
            _ => {}
        }
    }
}
