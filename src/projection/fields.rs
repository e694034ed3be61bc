use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cells::{Cell, report_value_changes};
use super::{Folded, Problem, Projection, Registrar, key_path};
use crate::event::{EventRow, Head};

pub(super) fn register(registrar: &mut impl Registrar) {
    registrar.add(FieldsProjection);
}

/// `fields`: for any domain. Each payload's top-level fields replace those of the same name.
#[derive(Clone, Copy, Debug)]
pub struct FieldsProjection;

/// The fields by name, with the place in which each first appeared. Persistent, so that a state of thousands of
/// fields costs a checkpoint nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FieldsState {
    values: OrdMap<Arc<str>, Field>,
    order: OrdMap<u32, Arc<str>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Field {
    place: u32,
    value: Arc<Value>,
}

/// What one payload sets.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldsEvent {
    Set(Vec<(Arc<str>, Arc<Value>)>),
    Unreadable(Box<str>),
}

impl Projection for FieldsProjection {
    type Event = FieldsEvent;
    type State = FieldsState;

    fn name(&self) -> &'static str {
        "fields"
    }

    fn revision(&self) -> u32 {
        1
    }

    fn decode(&self, row: &EventRow<'_>) -> FieldsEvent {
        match serde_json::from_slice(&row.body()) {
            Ok(Value::Object(fields)) => {
                FieldsEvent::Set(fields.into_iter().map(|(name, value)| (name.into(), Arc::new(value))).collect())
            }
            Ok(Value::Null) => FieldsEvent::Set(Vec::new()),
            Ok(_) => FieldsEvent::Unreadable("the payload is not an object".into()),
            Err(error) => FieldsEvent::Unreadable(format!("the payload is not JSON: {error}").into()),
        }
    }

    fn apply(&self, state: &mut FieldsState, event: &FieldsEvent, head: &Head, problems: &mut Vec<Problem>) -> Folded {
        match event {
            FieldsEvent::Set(fields) => {
                for (name, value) in fields {
                    let known = state.values.get(name).map(|field| field.place);
                    let place = known.unwrap_or_else(|| {
                        let next = state.order.get_max().map_or(0, |(last, _)| last + 1);
                        state.order.insert(next, name.clone());
                        next
                    });
                    state.values.insert(name.clone(), Field { place, value: value.clone() });
                }
            }
            FieldsEvent::Unreadable(flaw) => {
                problems.push(Problem::Payload { event_type: head.event_type.clone(), flaw: flaw.clone() });
            }
        }
        Ok(())
    }

    fn cells<'s>(&self, state: &'s FieldsState, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
        for name in state.order.values() {
            if let Some(field) = state.values.get(name) {
                visit(name, Cell::Json(&field.value));
            }
        }
    }

    /// Only what the payload names can have changed.
    fn changes(&self, before: &FieldsState, event: &FieldsEvent, after: &FieldsState, report: &mut dyn FnMut(&str)) {
        let FieldsEvent::Set(fields) = event else { return };
        let value = |state: &FieldsState, name: &str| state.values.get(name).map(|field| field.value.clone());
        for (name, _) in fields {
            let (was, is) = (value(before, name), value(after, name));
            let (was, is) = (was.as_deref().unwrap_or(&Value::Null), is.as_deref().unwrap_or(&Value::Null));
            report_value_changes(&key_path("", name), was, is, report);
        }
    }
}
