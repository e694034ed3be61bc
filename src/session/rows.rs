use serde_json::Value;

use crate::event::Version;
use crate::projection::leaves;
use crate::replay::{Index, Timeline};

/// One field of the state at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct StateRow {
    pub field: String,
    /// Empty where there is none.
    pub value: String,
    /// The value before the event at the cursor, if that event changed it.
    pub was: Option<String>,
    /// The event removed the field; it is shown for this one step.
    pub is_removed: bool,
    /// The version of the event that gave the field this value.
    pub set_by: Option<Version>,
}

pub(super) fn state_rows(timeline: &dyn Timeline, index: Index) -> Vec<StateRow> {
    let changes = timeline.changes(index);
    let mut rows = Vec::new();
    leaves(&timeline.show(Some(index)), &mut |path, value| {
        // A value is lit where it changed itself, or came with what contains it.
        let change = changes.iter().find(|change| is_within(path, &change.field));
        let was = change.map(|change| if change.field == path { text(&change.before) } else { String::new() });
        let is_bookkeeping = timeline.bookkeeping().contains(&path);
        let set_by = if is_bookkeeping { Some(index) } else { timeline.set_by(index, path) };
        let set_by = set_by.map(|index| timeline.heads()[index].version);
        rows.push(StateRow { field: path.to_owned(), value: text(value), was, is_removed: false, set_by });
    });
    for change in changes.iter().filter(|change| change.after.is_null()) {
        match rows.iter_mut().find(|row| row.field == change.field) {
            Some(row) => row.is_removed = true,
            None => rows.push(StateRow {
                field: change.field.clone(),
                value: String::new(),
                was: Some(text(&change.before)),
                is_removed: true,
                set_by: Some(timeline.heads()[index].version),
            }),
        }
    }
    rows
}

fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
