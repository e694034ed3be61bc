//! Named folds over events. Each folds over its own typed state and shows it as cells, from which JSON, differences
//! and tables are made; so what is displayed and what is compared cannot drift apart.
//!
//! To add one: implement [`Projection`] in a file of its own with a `register` function, and call that from
//! [`register_builtin`].

mod cells;
mod fault;
mod fields;
mod lead;
mod look;
mod path;
mod problem;
mod ticket;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use cells::{
    Cell, CellValues, Items, RawJson, are_shown_alike, cell_value, diff_values, has_value, report_cells,
    report_text_changes, report_value_changes, show_cells,
};
pub use fault::{EndedAt, Fault, FaultKind, SourcePlace};
pub use fields::{FieldsProjection, FieldsState};
pub use lead::{LeadAnalysis, LeadSearch, LeadState};
pub use look::Look;
pub(crate) use path::beginning_of_leaf;
pub use path::{
    LONGEST_LEAF, field_name, is_path, item_path, key_path, leaves, parents, path_value, root_field, set_path_value,
    size_path, sized, spelled_path,
};
pub use problem::{Folded, Limits, Problem, ProjectionError};
pub use ticket::{TicketSearch, TicketService, TicketState};

use crate::domain::Aggregate;
use crate::event::{EventRow, Head};

/// A state of no more bytes is small.
pub const SMALL_STATE: usize = 64 << 10;

/// A named fold. Everything in it is pure: the same events always give the same state.
pub trait Projection: Clone + Debug + Send + Sync + 'static {
    /// An event as this fold needs it: compact, since a long stream keeps all of them, and a branch of it once more.
    type Event: Clone + Debug + Send + Sync;
    /// Cloned at every checkpoint, so what may grow long should be shared by its clones.
    type State: Clone + Debug + Default + Serialize + DeserializeOwned + Send + Sync;

    /// Short, because the stream already says of what.
    fn name(&self) -> &str;

    /// The aggregate whose streams it folds; `None` if it folds any.
    fn aggregate(&self) -> Option<Aggregate> {
        None
    }

    /// Whether the problems it reports are those of its aggregate's rules.
    fn knows_rules(&self) -> bool {
        false
    }

    /// Raised whenever the same events would give another state; snapshots of an older revision are ignored.
    fn revision(&self) -> u32;

    /// Whether it is a user's own, of which no store keeps anything.
    fn is_own(&self) -> bool {
        false
    }

    /// Whether it is meant for the streams of this category, as their names have it.
    fn takes_category(&self, _category: &str) -> bool {
        true
    }

    /// For a fold that may fail on an event or grow without bound, as a user's own may. `None` promises that
    /// [`Self::apply`] takes any recorded event.
    fn limits(&self) -> Option<Limits> {
        None
    }

    /// The same for a fold of its own, behind events at which this is known to have gone wrong. What one fold counts, as how
    /// often it had to end a function, is nothing to another.
    #[must_use]
    fn for_fold(&self, _known: &mut dyn Iterator<Item = &Problem>) -> Self {
        self.clone()
    }

    /// The same for many folds that are one run, over a whole store, and count together.
    #[must_use]
    fn for_run(&self) -> Self {
        self.clone()
    }

    fn decode(&self, row: &EventRow<'_>) -> Self::Event;

    /// Stands behind an event on which it failed when that was folded: as [`Self::fold`] left the state then, without trying
    /// again.
    fn pass_over(&self, _state: &mut Self::State, _event: &Self::Event) {}

    /// Folds one event in, and reports what of it is wrong. Called through [`Self::fold`], which takes back what a
    /// failed call has done to the state.
    fn apply(&self, state: &mut Self::State, event: &Self::Event, head: &Head, problems: &mut Vec<Problem>) -> Folded;

    /// Folds one event in, within the limits. An event on which the projection fails leaves the state as it was and
    /// is reported; the fold goes on behind it.
    fn fold(&self, state: &mut Self::State, event: &Self::Event, head: &Head, problems: &mut Vec<Problem>) {
        let Some(limits) = self.limits() else {
            if let Err(error) = self.apply(state, event, head, problems) {
                problems.push(Problem::Failed(error));
            }
            return;
        };
        let before = state.clone();
        let outcome = self.apply(state, event, head, problems).and_then(|()| limits.check_state(self.size(state)));
        if let Err(error) = outcome {
            *state = before;
            problems.push(Problem::Failed(error));
        }
    }

    /// The bytes that a state takes, for its limit: its length as JSON, unless the projection knows it sooner.
    fn size(&self, state: &Self::State) -> usize {
        problem::json_length(state)
    }

    /// The bytes that a state takes in memory beside its own size, as near as that is told at once.
    fn weight(&self, state: &Self::State) -> usize {
        self.size(state).saturating_mul(2)
    }

    /// Whether the state is so small that any value of it may be made while a frame is drawn. Told within bounds, however
    /// large it is.
    fn is_small(&self, state: &Self::State) -> bool {
        self.weight(state) <= SMALL_STATE
    }

    /// What of that no other state shares, and what an event takes beside its own size: what is kept of a long stream is
    /// as many of these.
    fn unshared(&self, _: &Self::State) -> usize {
        0
    }

    /// The most that it takes where it stands alone.
    fn longest(&self, state: &Self::State) -> usize {
        self.unshared(state)
    }

    /// Whether the states behind every event are worth keeping, as far as there is room: they share nearly all that they
    /// have, and to fold up to one costs far more.
    fn is_kept(&self, _: &Self::State) -> bool {
        false
    }

    fn event_weight(&self, _: &Self::Event) -> usize {
        0
    }

    /// Folds several events in, of which none is known to fail, where that costs less than to make the state behind each.
    /// `None` where it does not, or one failed.
    fn fold_at_once(&self, _: &Self::State, _: &[Self::Event], _: &[Head]) -> Option<Self::State> {
        None
    }

    /// The state's fields, in the order in which they are shown. The same fields at every state, or more as the
    /// state grows.
    fn cells<'s>(&self, state: &'s Self::State, visit: &mut dyn FnMut(&'s str, Cell<'s>));

    /// Whether every state has the same fields: then none need be looked at for their names.
    fn has_fixed_fields(&self) -> bool {
        false
    }

    /// The cell at a place among them.
    fn cell_at<'s>(&self, state: &'s Self::State, place: usize) -> Option<(&'s str, Cell<'s>)> {
        let (mut at, mut found) = (0, None);
        self.cells(state, &mut |name, cell| {
            if at == place {
                found = Some((name, cell));
            }
            at += 1;
        });
        found
    }

    /// The cell of this name.
    fn cell<'s>(&self, state: &'s Self::State, name: &str) -> Option<Cell<'s>> {
        let mut found = None;
        self.cells(state, &mut |known, cell| {
            if known == name {
                found = Some(cell);
            }
        });
        found
    }

    /// The state as one JSON value, if it is kept as such; it may then be of any shape, and its cells are not asked
    /// for.
    fn as_json<'s>(&self, _state: &'s Self::State) -> Option<&'s Value> {
        None
    }

    /// Fields that every event moves; they are shown, but a list of changes leaves them out.
    fn bookkeeping(&self) -> &[&str] {
        &[]
    }

    /// Reports the path of every field that this event changed; bookkeeping fields need not be among them. The default
    /// compares all cells; a state with long lists knows better which item it touched. Must agree with [`diff_values`]
    /// of the two shown states, besides [`size_path`]s.
    fn changes(&self, before: &Self::State, _event: &Self::Event, after: &Self::State, report: &mut dyn FnMut(&str)) {
        report_cells(self, before, after, report);
    }

    /// Folds one event in, as [`Self::fold`] does, and reports what it changed. Runs for every event of a stream that is
    /// loaded: a projection that can tell without the state from before does so.
    fn fold_and_report(
        &self,
        state: &mut Self::State,
        event: &Self::Event,
        head: &Head,
        problems: &mut Vec<Problem>,
        report: &mut dyn FnMut(&str),
    ) {
        let before = state.clone();
        self.fold(state, event, head, problems);
        self.changes(&before, event, state, report);
    }

    fn show(&self, state: &Self::State) -> Value {
        show_cells(self, state)
    }
}

/// Takes projections of any type.
pub trait Registrar {
    fn add<P: Projection>(&mut self, projection: P);
}

/// Every projection that Foldline brings. A stream is shown under the first of its aggregate.
pub fn register_builtin(registrar: &mut impl Registrar) {
    lead::register(registrar);
    ticket::register(registrar);
    fields::register(registrar);
}
