use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;

use super::loaded::Loaded;
use crate::event::Version;
use crate::projection::parents;
use crate::replay::{Group, Index, StateLook, Timeline};

/// A list or an object with more values than this is folded to a line, until it is opened.
pub(super) const LONG: usize = 24;

/// Of more changed fields than these no places are looked up: who wants only those goes over the whole state.
const MANY_CHANGES: usize = 512;

/// How many values one look for a name goes over, so that a frame stays a frame however large the state is.
const LOOKED_AT: usize = 2_048;

/// One line of the state at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub enum StateLine {
    Field(Box<StateRow>),
    /// What holds so many values that they are folded.
    Group {
        path: String,
        values: usize,
        changed: usize,
        is_open: bool,
    },
}

/// One field of the state at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct StateRow {
    pub field: String,
    /// `null` where there is none.
    pub value: Value,
    /// The value before the event at the cursor, if that event changed it.
    pub was: Option<Value>,
    /// The event removed the field; it is shown for this one step.
    pub is_removed: bool,
    /// The version of the event that gave the field this value.
    pub set_by: Option<Version>,
    /// Who recorded that event.
    pub actor: String,
}

/// What of the state is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateFilter {
    /// A part of a field's name.
    pub text: String,
    pub only_changed: bool,
}

impl StateFilter {
    fn wanted(&self) -> String {
        self.text.trim().to_lowercase()
    }
}

/// How much there is of the state, and how much of it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StateCounts {
    pub lines: usize,
    pub values: usize,
    pub changed: usize,
    /// Not everything has been looked at yet.
    pub is_searching: bool,
}

/// The state after one event. It may have a hundred thousand values: a row is made when it is drawn, and moving the
/// cursor costs what the event changed.
#[derive(Debug, Default)]
pub(super) struct StateRows {
    index: Index,
    look: Option<Box<dyn StateLook>>,
    /// Rows that are lit, without the removed ones.
    lit: usize,
    /// The places of the lit rows, ascending; `None` where there are too many to know them all.
    lit_places: Option<Vec<Range<usize>>>,
    /// Fields that the event took away, after all the others.
    removed: Vec<String>,
    groups: Vec<Group>,
    lines: Lines,
    filter: StateFilter,
    open: BTreeSet<String>,
    /// What a filter has found so far, and how far it has come.
    found: Vec<usize>,
    looked_at: usize,
}

/// What follows what: each part with the line that it begins at.
#[derive(Debug, Default)]
struct Lines {
    parts: Vec<(usize, Part)>,
    count: usize,
}

#[derive(Clone, Debug)]
enum Part {
    Leaves(Range<usize>),
    Group(usize),
    Found(Range<usize>),
    Removed(Range<usize>),
}

impl Lines {
    fn push(&mut self, part: Part) {
        let length = match &part {
            Part::Leaves(range) | Part::Found(range) | Part::Removed(range) => range.len(),
            Part::Group(_) => 1,
        };
        if length > 0 {
            self.parts.push((self.count, part));
            self.count += length;
        }
    }

    fn at(&self, line: usize) -> Option<(usize, &Part)> {
        let part = self.parts.partition_point(|(begin, _)| *begin <= line).checked_sub(1)?;
        let (begin, part) = self.parts.get(part)?;
        (line < self.count).then_some((line - begin, part))
    }
}

impl StateRows {
    pub(super) fn new(timeline: &dyn Timeline, index: Index, filter: StateFilter, open: BTreeSet<String>) -> Self {
        let Some(look) = timeline.look(index) else { return Self::default() };
        let (mut lit, mut removed, mut places) = (0, Vec::new(), Vec::new());
        let is_few = timeline.changed_count(index) <= MANY_CHANGES;
        for field in timeline.changed_fields(index) {
            match look.leaves_at(field) {
                Some(leaves) => {
                    lit += leaves;
                    let place = is_few.then(|| look.place_of(field)).flatten();
                    places.extend(place.map(|place| place..place + leaves));
                }
                None => removed.push(field.to_owned()),
            }
        }
        removed.sort_unstable();
        places.sort_unstable_by_key(|range| range.start);
        let groups = look.long_groups(LONG);
        let lit_places = is_few.then_some(places);
        let mut rows =
            Self { index, look: Some(look), lit, lit_places, removed, groups, filter, open, ..Self::default() };
        rows.lay_out(timeline);
        rows
    }

    /// The same state through another filter, or with other groups open.
    pub(super) fn set(&mut self, timeline: &dyn Timeline, filter: &StateFilter, open: &BTreeSet<String>) {
        if self.filter != *filter || self.open != *open {
            self.filter = filter.clone();
            self.open.clone_from(open);
            (self.found, self.looked_at) = (Vec::new(), 0);
            self.lay_out(timeline);
        }
    }

    /// Looks on for what the filter wants.
    pub(super) fn advance(&mut self, timeline: &dyn Timeline) {
        if self.is_searched() && self.looked_at < self.leaf_count() {
            self.search(timeline);
            self.lay_out_found();
        }
    }

    /// Whether every value has to be looked at to know which are shown.
    fn is_searched(&self) -> bool {
        !self.filter.wanted().is_empty() || (self.filter.only_changed && self.lit_places.is_none())
    }

    fn search(&mut self, timeline: &dyn Timeline) {
        let Some(look) = &self.look else { return };
        let wanted = self.filter.wanted();
        let end = (self.looked_at + LOOKED_AT).min(look.leaf_count());
        for place in self.looked_at..end {
            let Some((field, _)) = look.leaf(place) else { continue };
            let is_wanted = field.to_lowercase().contains(&wanted);
            if is_wanted && (!self.filter.only_changed || changed_path(timeline, self.index, &field).is_some()) {
                self.found.push(place);
            }
        }
        self.looked_at = end;
    }

    fn lay_out(&mut self, timeline: &dyn Timeline) {
        if self.is_searched() {
            self.search(timeline);
            return self.lay_out_found();
        }
        let mut lines = Lines::default();
        let lit = self.lit_places.as_deref().unwrap_or_default();
        if self.filter.only_changed {
            lit.iter().cloned().for_each(|range| lines.push(Part::Leaves(range)));
        } else {
            let mut at = 0;
            for (number, group) in self.groups.iter().enumerate() {
                let Range { start, end } = group.leaves;
                lines.push(Part::Leaves(at..start));
                lines.push(Part::Group(number));
                if self.open.contains(&group.path) {
                    lines.push(Part::Leaves(start..end));
                } else {
                    // What the event did in there is not folded away.
                    let inside = lit.iter().map(|lit| lit.start.max(start)..lit.end.min(end));
                    inside.filter(|range| !range.is_empty() && range.len() <= LONG).for_each(|range| {
                        lines.push(Part::Leaves(range));
                    });
                }
                at = end;
            }
            lines.push(Part::Leaves(at..self.leaf_count()));
        }
        lines.push(Part::Removed(0..self.removed.len()));
        self.lines = lines;
    }

    fn lay_out_found(&mut self) {
        let wanted = self.filter.wanted();
        let mut lines = Lines::default();
        lines.push(Part::Found(0..self.found.len()));
        for (number, field) in self.removed.iter().enumerate() {
            if field.to_lowercase().contains(&wanted) {
                lines.push(Part::Removed(number..number + 1));
            }
        }
        self.lines = lines;
    }

    fn leaf_count(&self) -> usize {
        self.look.as_ref().map_or(0, |look| look.leaf_count())
    }

    pub(super) fn counts(&self) -> StateCounts {
        StateCounts {
            lines: self.lines.count,
            values: self.leaf_count() + self.removed.len(),
            changed: self.lit + self.removed.len(),
            is_searching: self.is_searched() && self.looked_at < self.leaf_count(),
        }
    }

    pub(super) fn line(&self, loaded: &Loaded, line: usize) -> Option<StateLine> {
        let (inside, part) = self.lines.at(line)?;
        let row = match part {
            Part::Leaves(range) => self.leaf(loaded, range.start + inside)?,
            Part::Found(range) => self.leaf(loaded, *self.found.get(range.start + inside)?)?,
            Part::Removed(range) => self.removed_row(loaded, range.start + inside)?,
            Part::Group(number) => return self.group(*number),
        };
        Some(StateLine::Field(Box::new(row)))
    }

    fn group(&self, number: usize) -> Option<StateLine> {
        let Group { path, leaves } = self.groups.get(number)?;
        let overlap = |lit: &Range<usize>| lit.end.min(leaves.end).saturating_sub(lit.start.max(leaves.start));
        let changed = self.lit_places.iter().flatten().map(overlap).sum();
        Some(StateLine::Group { path: path.clone(), values: leaves.len(), changed, is_open: self.open.contains(path) })
    }

    fn removed_row(&self, loaded: &Loaded, number: usize) -> Option<StateRow> {
        let field = self.removed.get(number)?;
        let head = loaded.timeline.heads().get(self.index);
        Some(StateRow {
            value: Value::Null,
            was: Some(self.look.as_ref()?.value_before(field)),
            is_removed: true,
            set_by: head.map(|head| head.version),
            actor: loaded.actor(self.index).to_owned(),
            field: field.clone(),
        })
    }

    fn leaf(&self, loaded: &Loaded, place: usize) -> Option<StateRow> {
        let timeline = loaded.timeline.as_ref();
        let look = self.look.as_ref()?;
        let (field, value) = look.leaf(place)?;
        // A value is lit where it changed itself, or came with what contains it.
        let changed = changed_path(timeline, self.index, &field);
        let is_itself = changed == Some(field.as_str());
        let was = changed.map(|_| if is_itself { look.value_before(&field) } else { Value::Null });
        let is_bookkeeping = timeline.bookkeeping().contains(&field.as_str());
        let set_by = if is_bookkeeping { Some(self.index) } else { timeline.set_by(self.index, &field) };
        let version = set_by.and_then(|index| timeline.heads().get(index)).map(|head| head.version);
        Some(StateRow {
            is_removed: is_itself && value.is_null(),
            set_by: version,
            actor: set_by.map(|index| loaded.actor(index).to_owned()).unwrap_or_default(),
            value,
            was,
            field,
        })
    }
}

/// The path whose change at `index` lights this field.
fn changed_path<'f>(timeline: &dyn Timeline, index: Index, field: &'f str) -> Option<&'f str> {
    parents(field).into_iter().chain([""]).find(|path| timeline.is_changed(index, path))
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
