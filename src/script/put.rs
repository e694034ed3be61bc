//! What is told of a large state's changes.

use serde_json::Value;

use crate::event::json_value;

/// What was changed of a state: the way to it, and what stands there now; nothing where it is gone.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) path: Vec<String>,
    pub(super) value: Option<Value>,
}

impl Put {
    /// About what it takes in a tree.
    pub(super) fn weight(&self) -> usize {
        self.value.as_ref().map_or(0, weight)
    }

    /// As the prelude tells them: `[[path, value], [path], …]`.
    pub(super) fn read(told: &str) -> Option<Vec<Self>> {
        let Value::Array(told) = json_value(told.as_bytes()).ok()? else { return None };
        let read = |put: Value| {
            let Value::Array(parts) = put else { return None };
            let mut parts = parts.into_iter();
            let path = serde_json::from_value(parts.next()?).ok()?;
            Some(Self { path, value: parts.next() })
        };
        told.into_iter().map(read).collect()
    }
}

/// Of each value: its place in what it lies in, and what it is kept with.
const OF_A_VALUE: usize = 160;

fn weight(value: &Value) -> usize {
    let inside = match value {
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() * 2 + weight(value)).sum(),
        Value::String(text) => text.len(),
        _ => 0,
    };
    OF_A_VALUE + inside
}
