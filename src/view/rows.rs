use serde_json::Value;

use super::loaded::Loaded;
use crate::event::Version;
use crate::projection::parents;
use crate::replay::{Index, StateLook, Timeline};

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

/// The state after one event. It may have a hundred thousand values: a row is made when it is drawn, and moving the
/// cursor costs what the event changed.
#[derive(Debug, Default)]
pub(super) struct StateRows {
    index: Index,
    look: Option<Box<dyn StateLook>>,
    /// Rows that are lit, without the removed ones.
    lit: usize,
    /// Fields that the event took away, after all the others.
    removed: Vec<String>,
}

impl StateRows {
    pub(super) fn new(timeline: &dyn Timeline, index: Index) -> Self {
        let Some(look) = timeline.look(index) else { return Self::default() };
        let (mut lit, mut removed) = (0, Vec::new());
        for field in timeline.changed_fields(index) {
            match look.leaves_at(field) {
                Some(leaves) => lit += leaves,
                None => removed.push(field.to_owned()),
            }
        }
        removed.sort_unstable();
        Self { index, look: Some(look), lit, removed }
    }

    fn leaf_count(&self) -> usize {
        self.look.as_ref().map_or(0, |look| look.leaf_count())
    }

    pub(super) fn len(&self) -> usize {
        self.leaf_count() + self.removed.len()
    }

    /// How many of the rows are lit.
    pub(super) fn changed(&self) -> usize {
        self.lit + self.removed.len()
    }

    pub(super) fn row(&self, loaded: &Loaded, place: usize) -> Option<StateRow> {
        let timeline = loaded.timeline.as_ref();
        let look = self.look.as_ref()?;
        let version = |index: Index| timeline.heads().get(index).map(|head| head.version);
        let actor = |index: Index| loaded.actor(index).to_owned();
        let Some((field, value)) = look.leaf(place) else {
            let field = self.removed.get(place.checked_sub(self.leaf_count())?)?;
            return Some(StateRow {
                field: field.clone(),
                value: String::new(),
                was: Some(text(&look.value_before(field))),
                is_removed: true,
                set_by: version(self.index),
                actor: actor(self.index),
            });
        };
        // A value is lit where it changed itself, or came with what contains it.
        let changed = parents(&field).into_iter().chain([""]).find(|path| timeline.is_changed(self.index, path));
        let is_itself = changed == Some(field.as_str());
        let was = changed.map(|_| if is_itself { text(&look.value_before(&field)) } else { String::new() });
        let is_bookkeeping = timeline.bookkeeping().contains(&field.as_str());
        let set_by = if is_bookkeeping { Some(self.index) } else { timeline.set_by(self.index, &field) };
        Some(StateRow {
            value: text(&value),
            is_removed: is_itself && value.is_null(),
            set_by: set_by.and_then(version),
            actor: set_by.map(actor).unwrap_or_default(),
            was,
            field,
        })
    }
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
