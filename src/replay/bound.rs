use std::cell::OnceCell;
use std::rc::Rc;

use serde_json::Value as Json;

use crate::event::{Head, body_of, json_value};
use crate::expr::{EventPart, Many, Moment, Value, Which};
use crate::projection::{Cell, Items, Projection, cell_value, has_value, key_path, spelled_path};

/// What an event says besides its head, as far as somebody reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spoken<'e> {
    pub actor: Option<&'e str>,
    pub reason: Option<&'e str>,
    /// As stored.
    pub payload: Option<&'e [u8]>,
}

/// An event with its states, as an expression sees them: straight from the cells, and nothing before it is asked for.
pub(super) struct At<'m, P: Projection> {
    pub(super) projection: &'m P,
    pub(super) state: &'m P::State,
    pub(super) old: Option<&'m P::State>,
    pub(super) head: &'m Head,
    pub(super) spoken: Spoken<'m>,
    pub(super) changed: &'m dyn Fn(&str) -> bool,
    pub(super) count: &'m dyn Fn(&str) -> u64,
    /// The payload, once it was asked for.
    pub(super) payload: OnceCell<Rc<Json>>,
}

impl<P: Projection> At<'_, P> {
    fn state_of(&self, which: Which) -> Option<&P::State> {
        match which {
            Which::Now => Some(self.state),
            Which::Old => self.old,
        }
    }

    fn read_payload(&self) -> Rc<Json> {
        let body = self.spoken.payload.map(|payload| body_of(self.head.event_type.as_str(), payload));
        Rc::new(body.and_then(|body| json_value(&body).ok()).unwrap_or_default())
    }
}

impl<P: Projection> Moment for At<'_, P> {
    fn field(&self, which: Which, name: &str) -> Value<'_> {
        let Some(state) = self.state_of(which) else { return Value::Null };
        match self.projection.as_json(state) {
            Some(whole) => whole.get(name).map_or(Value::Null, Value::json),
            None => self.projection.cell(state, name).map_or(Value::Null, value_of),
        }
    }

    fn fields(&self, which: Which) -> Vec<(&str, Value<'_>)> {
        let Some(state) = self.state_of(which) else { return Vec::new() };
        let mut fields = Vec::new();
        match self.projection.as_json(state) {
            Some(whole) => {
                let members = whole.as_object().into_iter().flatten();
                fields.extend(members.map(|(name, value)| (name.as_str(), Value::json(value))));
            }
            None => self.projection.cells(state, &mut |name, cell| fields.push((name, value_of(cell)))),
        }
        fields
    }

    fn event(&self, part: EventPart) -> Value<'_> {
        let text = |text: Option<&'_ str>| {
            text.filter(|text| !text.is_empty()).map_or(Value::Null, |text| Value::Text(text.to_owned().into()))
        };
        match part {
            EventPart::Type => Value::text(self.head.event_type.as_str()),
            EventPart::Version => Value::Int(i64::try_from(self.head.version.0).unwrap_or(i64::MAX)),
            EventPart::RecordedAt => self.head.recorded_at.map_or(Value::Null, Value::Time),
            EventPart::Id => Value::Text(self.head.id.to_string().into()),
            EventPart::Actor => text(self.spoken.actor),
            EventPart::Reason => text(self.spoken.reason),
            EventPart::Payload => Value::shared(self.payload.get_or_init(|| self.read_payload())),
        }
    }

    /// A path that leads into a field, or a field that is called so itself.
    fn changed(&self, path: &str) -> bool {
        if !path.contains(['.', '[', ']', '"']) {
            return (self.changed)(path);
        }
        let leads_in = spelled_path(path).is_some_and(|path| (self.changed)(&path));
        leads_in || (self.changed)(&key_path("", path))
    }

    fn had(&self, path: &str) -> bool {
        let Some(old) = self.old else { return false };
        if !path.contains(['.', '[', ']', '"']) {
            return has_value(self.projection, old, path);
        }
        let stands = |path: &str| !cell_value(self.projection, old, path).is_null();
        stands(path) || stands(&key_path("", path))
    }

    fn count(&self, event_type: &str) -> u64 {
        (self.count)(event_type)
    }
}

#[derive(Debug)]
struct Listed<'s>(&'s dyn Items);

impl Many for Listed<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn item(&self, index: usize) -> Json {
        self.0.item(index)
    }
}

fn value_of(cell: Cell<'_>) -> Value<'_> {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(is) => Value::Bool(is),
        Cell::Number(number) => Value::Int(number),
        Cell::Text(text) => Value::text(text),
        Cell::Time(at) => Value::Time(at),
        Cell::Json(value) => Value::json(value),
        Cell::Raw(raw) => Value::raw(raw.text),
        Cell::List(items) => Value::Many(Rc::new(Listed(items))),
    }
}
