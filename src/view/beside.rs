use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;

use super::Folded;
use super::rows::LONG;
use crate::projection::report_value_changes;
use crate::replay::{Group, Index, StateLook, Timeline};

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
    /// The places of the differing ones that history has, ascending.
    lit: Vec<usize>,
    groups: Vec<Group>,
    /// What follows what, each part with the line that it begins at, and how many lines there are.
    parts: Vec<(usize, Part)>,
    count: usize,
    /// What the lines were laid out for.
    laid_out: Option<(BTreeSet<String>, usize)>,
}

#[derive(Clone, Debug)]
enum Part {
    Leaves(Range<usize>),
    Group(usize),
    /// Of those that only the branch has.
    New(Range<usize>),
}

/// One line of the two states.
#[derive(Clone, Debug, PartialEq)]
pub enum BesideLine {
    Field(Box<BesideRow>),
    /// What holds so many values that they are folded.
    Group {
        path: String,
        values: usize,
        differing: usize,
        is_open: bool,
    },
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
        let groups = old.as_ref().map(|look| look.long_groups(LONG)).unwrap_or_default();
        Self {
            lit: Vec::new(),
            groups,
            parts: Vec::new(),
            count: 0,
            laid_out: None,
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
        self.lit = places.iter().filter(|(is_new, ..)| !is_new).map(|(_, at, _)| *at).collect();
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

    /// Lays the lines out anew, where something else is folded or more is known.
    pub(super) fn lay_out(&mut self, open: &BTreeSet<String>) {
        let known = self.lit.len() + self.only_new.len();
        if self.laid_out.as_ref().is_some_and(|(laid, count)| laid == open && *count == known) {
            return;
        }
        (self.parts, self.count) = (Vec::new(), 0);
        let mut at = 0;
        for number in 0..self.groups.len() {
            let Some(Group { path, leaves }) = self.groups.get(number).cloned() else { continue };
            self.push(Part::Leaves(at..leaves.start));
            self.push(Part::Group(number));
            if open.contains(&path) {
                self.push(Part::Leaves(leaves.clone()));
            } else {
                let is_few = self.lit_in(&leaves).len() <= LONG;
                // What differs in there is not folded away, unless that is itself long.
                let lit: Vec<usize> = self.lit_in(&leaves).iter().copied().take(LONG + 1).collect();
                for place in lit.into_iter().filter(|_| is_few) {
                    self.push(Part::Leaves(place..place + 1));
                }
            }
            at = leaves.end;
        }
        self.push(Part::Leaves(at..self.old_count()));
        self.push(Part::New(0..self.only_new.len()));
        self.laid_out = Some((open.clone(), known));
    }

    fn push(&mut self, part: Part) {
        let length = match &part {
            Part::Leaves(range) | Part::New(range) => range.len(),
            Part::Group(_) => 1,
        };
        if length > 0 {
            self.parts.push((self.count, part));
            self.count += length;
        }
    }

    /// The places that differ among these.
    fn lit_in(&self, leaves: &Range<usize>) -> &[usize] {
        let place = |at: usize| self.lit.partition_point(|lit| *lit < at);
        self.lit.get(place(leaves.start)..place(leaves.end)).unwrap_or_default()
    }

    /// How many lines there are.
    pub fn len(&self, hides_equal: bool) -> usize {
        if hides_equal { self.in_order.len() } else { self.count }
    }

    fn old_count(&self) -> usize {
        self.old.as_ref().map_or(0, |look| look.leaf_count())
    }

    /// One line. Costs a look at each of the two states.
    pub fn line(&self, folded: &Folded, line: usize, hides_equal: bool) -> Option<BesideLine> {
        if hides_equal {
            return self.row(folded, self.in_order.get(line)?.clone());
        }
        let (begin, part) = self.parts.get(self.parts.partition_point(|(begin, _)| *begin <= line).checked_sub(1)?)?;
        let inside = line - begin;
        match part {
            Part::Leaves(range) if inside < range.len() => {
                self.row(folded, self.old.as_ref()?.leaf(range.start + inside)?.0)
            }
            Part::New(range) if inside < range.len() => self.row(folded, self.only_new.get(inside)?.clone()),
            Part::Group(number) if inside == 0 => {
                let Group { path, leaves } = self.groups.get(*number)?;
                let is_open = self.laid_out.as_ref().is_some_and(|(open, _)| open.contains(path));
                let differing = self.lit_in(leaves).len();
                Some(BesideLine::Group { path: path.clone(), values: leaves.len(), differing, is_open })
            }
            _ => None,
        }
    }

    fn row(&self, folded: &Folded, field: String) -> Option<BesideLine> {
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
        Some(BesideLine::Field(Box::new(BesideRow { field, old, new, differs, old_set_by, new_set_by })))
    }
}
