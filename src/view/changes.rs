//! What events changed, as rows show it: with the values, made only for the rows in view.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::loaded::Loaded;
use crate::replay::{Change, Index, Timeline};

/// Of the fields that an event changed; more do not fit in a row.
const FIELDS_SHOWN: usize = 8;

/// More rows than any window has; then the kept ones are made anew.
const ROWS_KEPT: usize = 1_024;

/// What one event changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowChanges {
    /// The projection under which it did.
    pub number: usize,
    /// The first few, with their values.
    pub shown: Vec<Change>,
    /// How many more there are.
    pub more: usize,
}

/// Those of the rows that were in view lately.
#[derive(Debug, Default)]
pub(super) struct KeptChanges(RefCell<HashMap<Index, Rc<RowChanges>>>);

impl KeptChanges {
    /// Under the projection of this number.
    pub(super) fn at(&self, number: usize, loaded: &Loaded, index: Index) -> Rc<RowChanges> {
        let mut kept = self.0.borrow_mut();
        if let Some(known) = kept.get(&index).filter(|known| known.number == number) {
            return Rc::clone(known);
        }
        if kept.len() >= ROWS_KEPT {
            kept.clear();
        }
        let shown = if loaded.has_large_states() {
            let fields = loaded.timeline.changed_fields(index).into_iter().take(FIELDS_SHOWN);
            let named = |field: &str| Change { field: field.to_owned(), before: Value::Null, after: Value::Null };
            fields.map(named).collect()
        } else {
            loaded.timeline.first_changes(index, FIELDS_SHOWN)
        };
        let more = loaded.timeline.changed_count(index).saturating_sub(shown.len());
        let made = Rc::new(RowChanges { number, shown, more });
        kept.insert(index, Rc::clone(&made));
        made
    }

    pub(super) fn clear(&mut self) {
        self.0.get_mut().clear();
    }
}

/// One field through the whole stream: each value that it had.
#[derive(Clone, Debug)]
pub struct FieldHistory {
    pub path: String,
    /// The projection that has the field.
    pub number: usize,
    /// Every event that gave it a value, ascending.
    changes: Vec<Index>,
    /// What of the stream was known when this was made.
    revision: u64,
}

/// A value of the field, and the events that gave it and took it away.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValue {
    pub value: Value,
    pub from: Index,
    /// `None` for the value that it has to this day.
    pub until: Option<Index>,
}

impl FieldHistory {
    pub(super) fn new(path: String, number: usize, timeline: &dyn Timeline, revision: u64) -> Self {
        // Every event moves what only keeps the books.
        let is_bookkeeping = timeline.bookkeeping().contains(&path.as_str());
        let changes = if is_bookkeeping { (0..timeline.heads().len()).collect() } else { timeline.changes_at(&path) };
        Self { path, number, changes, revision }
    }

    pub(super) fn is_of(&self, revision: u64) -> bool {
        self.revision == revision
    }

    pub fn len(&self) -> usize {
        self.changes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The value that the field has after the event at `index`; `None` before the first.
    pub fn place_at(&self, index: Index) -> Option<usize> {
        self.changes.partition_point(|change| *change <= index).checked_sub(1)
    }

    pub(super) fn value(&self, timeline: &dyn Timeline, place: usize) -> Option<FieldValue> {
        let from = *self.changes.get(place)?;
        let until = self.changes.get(place + 1).copied();
        Some(FieldValue { value: timeline.value_at(from, &self.path), from, until })
    }
}
