use std::collections::HashMap;

use serde_json::Value;

use super::loaded::Loaded;
use crate::event::Version;
use crate::projection::{leaves, parents, path_value};
use crate::replay::{Change, Index, Timeline};

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
    /// Who recorded that event.
    pub actor: String,
}

/// The state after one event. A state may have ten thousand fields: what a row shows is looked up when it is drawn.
#[derive(Debug, Default)]
pub(super) struct StateRows {
    index: Index,
    state: Value,
    fields: Vec<String>,
    changes: HashMap<String, Change>,
    /// Fields that the event took away, after all the others.
    removed: Vec<String>,
}

impl StateRows {
    pub(super) fn new(timeline: &dyn Timeline, index: Index) -> Self {
        let state = timeline.show(Some(index));
        let mut fields = Vec::new();
        leaves(&state, &mut |path, _| fields.push(path.to_owned()));
        let changes: HashMap<String, Change> =
            timeline.changes(index).into_iter().map(|change| (change.field.clone(), change)).collect();
        let is_gone = |change: &&Change| change.after.is_null() && path_value(&state, &change.field).is_none();
        let mut removed: Vec<String> = changes.values().filter(is_gone).map(|change| change.field.clone()).collect();
        removed.sort_unstable();
        Self { index, state, fields, changes, removed }
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len() + self.removed.len()
    }

    /// How many of the rows are lit.
    pub(super) fn changed(&self) -> usize {
        if self.changes.is_empty() {
            return 0;
        }
        self.removed.len() + self.fields.iter().filter(|field| self.change(field).is_some()).count()
    }

    pub(super) fn row(&self, loaded: &Loaded, place: usize) -> Option<StateRow> {
        let timeline = loaded.timeline.as_ref();
        let version = |index: Index| timeline.heads().get(index).map(|head| head.version);
        let Some(field) = self.fields.get(place) else {
            let field = self.removed.get(place - self.fields.len())?;
            let was = self.changes.get(field).map(|change| text(&change.before));
            let (set_by, actor) = (version(self.index), loaded.actor(self.index).to_owned());
            return Some(StateRow { field: field.clone(), value: String::new(), was, is_removed: true, set_by, actor });
        };
        let change = self.change(field);
        let was = change.map(|change| if change.field == *field { text(&change.before) } else { String::new() });
        let is_bookkeeping = timeline.bookkeeping().contains(&field.as_str());
        let set_by = if is_bookkeeping { Some(self.index) } else { timeline.set_by(self.index, field) };
        Some(StateRow {
            value: path_value(&self.state, field).map_or_else(String::new, text),
            is_removed: change.is_some_and(|change| change.field == *field && change.after.is_null()),
            set_by: set_by.and_then(version),
            actor: set_by.map(|index| loaded.actor(index).to_owned()).unwrap_or_default(),
            field: field.clone(),
            was,
        })
    }

    /// A value is lit where it changed itself, or came with what contains it.
    fn change(&self, field: &str) -> Option<&Change> {
        parents(field).into_iter().find_map(|path| self.changes.get(path))
    }
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
