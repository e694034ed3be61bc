use std::any::Any;
use std::ops::Range;

use serde_json::Value;

use super::look::BeforeAndAfter;
use super::{
    Change, FEW_CHANGES, Finding, Index, Layout, MovedField, NewEvents, Refold, Replay, SpokenOf, StateLook, VisitValue,
};
use crate::event::{EventRow, Head, Timestamp, Version};
use crate::expr::{Expression, Names, Stop};
use crate::projection::{
    CellValues, Look, Problem, Projection, cell_value, diff_values, has_value, leaves, path_value, report_cells,
};

/// A [`Replay`] without the type of its projection: what a table, a slider and a command line ask of it.
pub trait Timeline: Send + Sync + std::fmt::Debug {
    fn projection_name(&self) -> &str;
    fn projection_revision(&self) -> u32;
    fn bookkeeping(&self) -> &[&str];
    fn heads(&self) -> &[Head];

    /// The highest version, behind which another event comes. Nearly always the last event's; another program may have
    /// left one behind it that says to be an earlier one.
    fn highest_version(&self) -> Option<Version>;

    /// The memory that it takes, as far as its events tell: states share what is long.
    fn bytes(&self) -> u64;

    /// What of that no two of its states and events share; told at once, while it grows.
    fn unshared(&self) -> u64;

    /// The most that one state takes so.
    fn longest_unshared(&self) -> u64;

    fn push_row(&mut self, row: &EventRow<'_>);

    /// The shown state after the event at `index`; before the first event, all is empty.
    fn show(&self, index: Option<Index>) -> Value;

    /// The state before the event at `index`, as a fold keeps it.
    fn snapshot_before(&self, index: Index) -> Option<String>;

    /// The state after the event at `index` and the one before it, to be looked at leaf by leaf. For a cursor that
    /// moves: costs a seek and a look at each cell, not at what is long inside of one.
    fn look(&self, index: Index) -> Option<Box<dyn StateLook>>;

    /// Whether the event at `index` changed the value at this path as such, and not one around it or inside of it.
    fn is_changed(&self, index: Index, path: &str) -> bool;

    /// The paths of the fields that the event at `index` changed.
    fn changed_fields(&self, index: Index) -> Vec<&str>;

    /// The fields of the state in which the event at `index` changed something, each once.
    fn moved_fields(&self, index: Index) -> Vec<MovedField>;

    /// The paths of the fields that any event of a range changed, each once.
    fn changed_between(&self, range: Range<Index>) -> Vec<&str>;

    /// How many fields the event at `index` changed.
    fn changed_count(&self, index: Index) -> usize;

    /// The same with the values from before and after.
    fn changes(&self, index: Index) -> Vec<Change>;

    /// The first so many of them: what is long is not made for a row that has no room for it.
    fn first_changes(&self, index: Index, most: usize) -> Vec<Change>;

    /// The state after the event at `after`, or before the first one, to be folded on otherwise than history did.
    fn refold(&self, after: Option<Index>) -> Option<Box<dyn Refold<'_> + '_>>;

    /// Each value that the events of a range gave to the fields they changed, event by event. Costs one fold over them.
    fn visit_values(&self, range: Range<Index>, visit: &mut dyn FnMut(Index, &Value));

    /// Every event that changed what stands at this path, ascending.
    fn changes_at(&self, path: &str) -> Vec<Index>;

    /// The value at a path after the event at `index`, `null` where there is none.
    fn value_at(&self, index: Index, path: &str) -> Value;

    /// The event that gave the field the value it has after the event at `index`. `None` where none did.
    fn set_by(&self, index: Index, path: &str) -> Option<Index>;

    /// What broke a rule or could not be read, up to and including the event at `index`.
    fn findings(&self, index: Index) -> Vec<&Finding>;

    /// What is wrong with this event, or the rule that it broke.
    fn finding_at(&self, index: Index) -> Option<&Finding>;

    /// All that is wrong with it.
    fn findings_at(&self, index: Index) -> Vec<&Finding>;

    /// The first event from which on a user's own projection was not run, because it was given up: the states behind it are
    /// that from before.
    fn not_run_from(&self) -> Option<Index>;

    /// What an expression may name here.
    fn names(&self) -> Names;

    /// Reads an expression along a range of events: at the first of them, and wherever it may have become another value.
    /// `spoken` is asked for what the projection keeps nothing of.
    fn read_along(
        &self,
        expression: &Expression,
        range: Range<Index>,
        spoken: &dyn SpokenOf,
        stop: &dyn Fn() -> bool,
        visit: &mut VisitValue<'_>,
    ) -> Result<(), Stop>;

    /// All of them, in the order of their events.
    fn all_findings(&self) -> &[(Index, Finding)];

    /// The same stream as a branch has it, under the same projection.
    fn branched(&self, layout: &Layout, events: &NewEvents) -> Box<dyn Timeline>;

    /// What is wrong with the events of a branch and is not so in history, by slot: one fold, in which nothing is kept.
    fn wrong_in_branch(&self, layout: &Layout, events: &NewEvents) -> Vec<(usize, Problem)>;

    /// The first slot after which this stream and a branch of it differ. `None` where they never do.
    fn first_difference(&self, branch: &dyn Timeline, layout: &Layout) -> Option<usize>;

    fn as_any(&self) -> &dyn Any;

    fn is_empty(&self) -> bool {
        self.heads().is_empty()
    }

    fn index_of(&self, version: Version) -> Option<Index> {
        let heads = self.heads();
        let guess = version.0.checked_sub(heads.first()?.version.0)? as usize;
        if heads.get(guess).is_some_and(|head| head.version == version) {
            return Some(guess);
        }
        // A stream with gaps, or one whose versions are in disorder.
        let found = heads.binary_search_by_key(&version, |head| head.version).ok();
        found.or_else(|| heads.iter().position(|head| head.version == version))
    }

    /// The last event recorded at or before this time. Where clocks ran backward, the order of the stream counts.
    fn index_at(&self, at: Timestamp) -> Option<Index> {
        self.heads().iter().rposition(|head| head.recorded_at.is_some_and(|recorded| recorded <= at))
    }

    /// Every field that differs between two moments, and the event that last changed it up to the later one.
    fn diff(&self, from: Option<Index>, to: Option<Index>) -> Vec<(Change, Option<Index>)>;

    /// Every field of the state after the event at `index`, with the event that set it.
    fn blame(&self, index: Index) -> Vec<(String, Value, Option<Index>)> {
        let mut rows = Vec::new();
        leaves(&self.show(Some(index)), &mut |path, value| {
            // Every event moves these; the last one did.
            let is_bookkeeping = self.bookkeeping().contains(&path);
            let set_by = if is_bookkeeping { Some(index) } else { self.set_by(index, path) };
            rows.push((path.to_owned(), value.clone(), set_by));
        });
        rows
    }
}

impl<P: Projection> Timeline for Replay<P> {
    fn projection_name(&self) -> &str {
        self.projection.name()
    }

    fn projection_revision(&self) -> u32 {
        self.projection.revision()
    }

    fn bookkeeping(&self) -> &[&str] {
        self.projection.bookkeeping()
    }

    fn heads(&self) -> &[Head] {
        &self.heads
    }

    fn highest_version(&self) -> Option<Version> {
        self.highest
    }

    fn bytes(&self) -> u64 {
        let heads = self.heads.capacity() * size_of::<Head>();
        let events = self.events.capacity() * size_of::<P::Event>();
        let states = self.checkpoints.capacity() * size_of::<P::State>();
        let longest = self.projection.weight(&self.latest);
        (heads + events + states + longest + self.unshared) as u64
    }

    fn unshared(&self) -> u64 {
        self.unshared as u64
    }

    fn longest_unshared(&self) -> u64 {
        self.longest_unshared as u64
    }

    fn push_row(&mut self, row: &EventRow<'_>) {
        self.push(row);
    }

    fn show(&self, index: Option<Index>) -> Value {
        let state = index.map_or_else(|| Some(P::State::default()), |index| self.state_after(index));
        state.map_or(Value::Null, |state| self.projection.show(&state))
    }

    fn snapshot_before(&self, index: Index) -> Option<String> {
        serde_json::to_string(&self.state_before(index)?).ok()
    }

    fn look(&self, index: Index) -> Option<Box<dyn StateLook>> {
        let (before, after) = self.states_around(index)?;
        let after = Look::new(self.projection.clone(), after);
        Some(Box::new(BeforeAndAfter { projection: self.projection.clone(), before, after }))
    }

    fn is_changed(&self, index: Index, path: &str) -> bool {
        self.changes.is_changed(index, path)
    }

    fn changed_fields(&self, index: Index) -> Vec<&str> {
        self.changes.of_event(index)
    }

    fn moved_fields(&self, index: Index) -> Vec<MovedField> {
        let before = self.state_before(index).unwrap_or_default();
        let had_value = |name: &str| has_value(&self.projection, &before, name);
        MovedField::of_paths(self.changes.of_event(index).into_iter(), had_value)
    }

    fn changed_between(&self, range: Range<Index>) -> Vec<&str> {
        self.changes.of_events(range)
    }

    fn changed_count(&self, index: Index) -> usize {
        self.changes.count_of_event(index)
    }

    fn changes(&self, index: Index) -> Vec<Change> {
        self.first_changes(index, usize::MAX)
    }

    fn first_changes(&self, index: Index, most: usize) -> Vec<Change> {
        let Some((before, after)) = self.states_around(index) else { return Vec::new() };
        let mut fields = self.changed_fields(index);
        fields.truncate(most);
        if fields.len() <= FEW_CHANGES {
            let value = |state: &P::State, path: &str| cell_value(&self.projection, state, path);
            let change = |path: &str| Change {
                field: path.to_owned(),
                before: value(&before, path),
                after: value(&after, path),
            };
            return fields.into_iter().map(change).collect();
        }
        // To look each of ten thousand fields up in the state would walk it ten thousand times.
        let (before, after) = (self.projection.show(&before), self.projection.show(&after));
        let value = |state: &Value, path: &str| path_value(state, path).cloned().unwrap_or(Value::Null);
        let change =
            |path: &str| Change { field: path.to_owned(), before: value(&before, path), after: value(&after, path) };
        fields.into_iter().map(change).collect()
    }

    fn refold(&self, after: Option<Index>) -> Option<Box<dyn Refold<'_> + '_>> {
        self.refolded(after)
    }

    fn visit_values(&self, range: Range<Index>, visit: &mut dyn FnMut(Index, &Value)) {
        let end = range.end.min(self.events.len());
        let Some(mut state) = self.state_before(range.start) else { return };
        let mut again = self.again();
        for index in range.start..end {
            again.fold(&mut state, index);
            let fields = self.changed_fields(index);
            if fields.len() <= FEW_CHANGES {
                for path in fields {
                    visit(index, &cell_value(&self.projection, &state, path));
                }
            } else {
                let shown = self.projection.show(&state);
                for value in fields.into_iter().filter_map(|path| path_value(&shown, path)) {
                    visit(index, value);
                }
            }
        }
    }

    fn changes_at(&self, path: &str) -> Vec<Index> {
        self.changes.every_change(path)
    }

    fn value_at(&self, index: Index, path: &str) -> Value {
        let state = self.state_after(index);
        state.map_or(Value::Null, |state| cell_value(&self.projection, &state, path))
    }

    fn diff(&self, from: Option<Index>, to: Option<Index>) -> Vec<(Change, Option<Index>)> {
        let later = from.max(to);
        let set_by = |field: &str| later.and_then(|later| self.set_by(later, field));
        let state = |index: Option<Index>| index.map_or_else(|| Some(P::State::default()), |at| self.state_after(at));
        let mut rows = Vec::new();
        match (state(from), state(to)) {
            // Compared and shown field by field: two shown states of many fields would take more than all else.
            (Some(old), Some(new)) if self.projection.as_json(&old).is_none() => {
                let (mut before, mut after) =
                    (CellValues::of(&self.projection, &old), CellValues::of(&self.projection, &new));
                report_cells(&self.projection, &old, &new, &mut |field| {
                    if !self.projection.bookkeeping().contains(&field) {
                        let (before, after) = (before.value(field), after.value(field));
                        rows.push((Change { field: field.to_owned(), before, after }, set_by(field)));
                    }
                });
            }
            _ => {
                let (before, after) = (self.show(from), self.show(to));
                let value = |state: &Value, path: &str| path_value(state, path).cloned().unwrap_or(Value::Null);
                for field in diff_values(&before, &after, self.projection.bookkeeping()) {
                    let set_by = set_by(&field);
                    let (before, after) = (value(&before, &field), value(&after, &field));
                    rows.push((Change { field, before, after }, set_by));
                }
            }
        }
        rows
    }

    fn set_by(&self, index: Index, path: &str) -> Option<Index> {
        self.changes.last_change(index, path)
    }

    fn names(&self) -> Names {
        Self::names(self)
    }

    fn read_along(
        &self,
        expression: &Expression,
        range: Range<Index>,
        spoken: &dyn SpokenOf,
        stop: &dyn Fn() -> bool,
        visit: &mut VisitValue<'_>,
    ) -> Result<(), Stop> {
        Self::read_along(self, expression, range, spoken, stop, visit)
    }

    fn finding_at(&self, index: Index) -> Option<&Finding> {
        self.findings_of(index).next()
    }

    fn findings_at(&self, index: Index) -> Vec<&Finding> {
        self.findings_of(index).collect()
    }

    fn not_run_from(&self) -> Option<Index> {
        Self::not_run_from(self)
    }

    fn findings(&self, index: Index) -> Vec<&Finding> {
        self.findings.iter().take_while(|(at, _)| *at <= index).map(|(_, finding)| finding).collect()
    }

    fn all_findings(&self) -> &[(Index, Finding)] {
        &self.findings
    }

    fn branched(&self, layout: &Layout, events: &NewEvents) -> Box<dyn Timeline> {
        Box::new(self.branched_replay(layout, events))
    }

    fn wrong_in_branch(&self, layout: &Layout, events: &NewEvents) -> Vec<(usize, Problem)> {
        self.wrong_slots(layout, events)
    }

    fn first_difference(&self, branch: &dyn Timeline, layout: &Layout) -> Option<usize> {
        self.first_different_slot(branch.as_any().downcast_ref()?, layout)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
