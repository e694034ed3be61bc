use std::collections::BTreeSet;

use serde_json::Value;

use super::Folded;
use crate::projection::report_value_changes;
use crate::replay::{Index, StateLook, Timeline};

/// How many paths are compared in one go, so that a frame stays a frame however much the two differ.
const COMPARED: usize = 512;

/// The state of a branch beside that of history, after one slot. Values are made for the rows in view; which fields differ
/// is found out step by step.
#[derive(Debug)]
pub struct Beside {
    slot: usize,
    revision: u64,
    old: Option<Box<dyn StateLook>>,
    new: Option<Box<dyn StateLook>>,
    candidates: Vec<String>,
    compared: usize,
    differing: BTreeSet<String>,
    /// The differing ones in the order in which the state shows them.
    in_order: Vec<String>,
    /// Those that only the branch has.
    only_new: Vec<String>,
}

/// One field in both states.
#[derive(Clone, Debug, PartialEq)]
pub struct BesideRow {
    pub field: String,
    pub old: Value,
    pub new: Value,
    pub differs: bool,
    /// The event of history that gave it the old value.
    pub old_set_by: Option<Index>,
    /// The slot of the event that gave it the new value, and its label.
    pub new_set_by: Option<(usize, String)>,
}

impl Beside {
    pub(super) fn new(folded: &Folded, slot: usize, revision: u64) -> Self {
        let place = folded.slots().get(slot);
        let old = place.and_then(|slot| folded.history().look(slot.history()?));
        let new = place.and_then(|slot| folded.what_if.timeline.look(slot.branch()?));
        Self {
            slot,
            revision,
            old,
            new,
            candidates: folded.what_if.candidates(folded.history(), slot),
            compared: 0,
            differing: BTreeSet::new(),
            in_order: Vec::new(),
            only_new: Vec::new(),
        }
    }

    pub(super) fn is_of(&self, slot: usize, revision: u64) -> bool {
        self.slot == slot && self.revision == revision
    }

    pub(super) fn advance(&mut self, folded: &Folded) {
        if !self.is_searching() {
            return;
        }
        let value =
            |look: &Option<Box<dyn StateLook>>, path: &str| look.as_ref().map_or(Value::Null, |look| look.value(path));
        let end = (self.compared + COMPARED).min(self.candidates.len());
        for path in self.candidates.get(self.compared..end).unwrap_or_default() {
            let (old, new) = (value(&self.old, path), value(&self.new, path));
            let bookkeeping = folded.history().bookkeeping();
            report_value_changes(path, &old, &new, &mut |path| {
                if !bookkeeping.contains(&path) {
                    self.differing.insert(path.to_owned());
                }
            });
        }
        self.compared = end;
        if !self.is_searching() {
            self.put_in_order();
        }
    }

    fn put_in_order(&mut self) {
        let place = |look: &Option<Box<dyn StateLook>>, path: &str| look.as_ref().and_then(|look| look.place_of(path));
        let mut places: Vec<(bool, usize, String)> = Vec::new();
        for path in &self.differing {
            match place(&self.old, path) {
                Some(at) => places.push((false, at, path.clone())),
                None => places.push((true, place(&self.new, path).unwrap_or(usize::MAX), path.clone())),
            }
        }
        places.sort_unstable();
        self.only_new = places.iter().filter(|(is_new, ..)| *is_new).map(|(.., path)| path.clone()).collect();
        self.in_order = places.into_iter().map(|(.., path)| path).collect();
    }

    pub fn is_searching(&self) -> bool {
        self.compared < self.candidates.len()
    }

    /// How many fields differ, as far as is known.
    pub fn differing(&self) -> usize {
        self.differing.len()
    }

    /// How many rows there are.
    pub fn len(&self, hides_equal: bool) -> usize {
        if hides_equal { self.in_order.len() } else { self.old_count() + self.only_new.len() }
    }

    fn old_count(&self) -> usize {
        self.old.as_ref().map_or(0, |look| look.leaf_count())
    }

    /// One row. Costs a look at each of the two states.
    pub fn row(&self, folded: &Folded, row: usize, hides_equal: bool) -> Option<BesideRow> {
        let field = if hides_equal {
            self.in_order.get(row)?.clone()
        } else if row < self.old_count() {
            self.old.as_ref()?.leaf(row)?.0
        } else {
            self.only_new.get(row - self.old_count())?.clone()
        };
        let value = |look: &Option<Box<dyn StateLook>>| look.as_ref().map_or(Value::Null, |look| look.value(&field));
        let (old, new) = (value(&self.old), value(&self.new));
        let mut differs = false;
        let is_bookkeeping = folded.history().bookkeeping().contains(&field.as_str());
        report_value_changes(&field, &old, &new, &mut |_| differs = !is_bookkeeping);
        let slot = folded.slots().get(self.slot)?;
        let set_by = |timeline: &dyn Timeline, at: Option<Index>| timeline.set_by(at?, &field);
        let old_set_by = set_by(folded.history(), slot.history());
        let new_set_by = set_by(folded.what_if.timeline.as_ref(), slot.branch());
        let new_set_by = new_set_by.and_then(|index| folded.what_if.layout.slot_of_branch(index));
        let new_set_by = new_set_by.map(|slot| (slot, folded.label(slot)));
        Some(BesideRow { field, old, new, differs, old_set_by, new_set_by })
    }
}
