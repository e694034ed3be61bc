use std::cell::OnceCell;
use std::fmt::Debug;
use std::ops::Range;

use serde_json::Value;

use super::bound::{At, Spoken};
use super::branch::BranchEvent;
use super::{Index, Replay, SpokenOf};
use crate::event::{EventRow, Head};
use crate::expr::{Expression, Reading, Stop};
use crate::projection::{Problem, Projection, cell_value};

/// A stream's events folded anew, in another choice than history's, and without decoding them again. Each keeps the
/// version, the time and the identity that it was recorded with.
pub trait Refold<'r>: Debug {
    /// The same as it stands, to go on in another way.
    fn fork(&self) -> Box<dyn Refold<'r> + 'r>;

    /// Folds these events in behind what is there.
    fn fold_range(&mut self, events: Range<Index>);

    /// The same with these, whatever lies between them.
    fn fold_these(&mut self, events: &[Index]);

    /// The same, and hears what is wrong with each of them where it now stands.
    fn fold_judged(&mut self, events: &[Index], wrong: &mut dyn FnMut(Index, Problem));

    /// Folds in the last of these events, where all before it are folded, and reads a condition there.
    fn fold_and_read(
        &mut self,
        events: &[Index],
        expression: &Expression,
        spoken: &dyn SpokenOf,
    ) -> Result<Reading, Stop>;

    /// Folds in an event that was never recorded, and answers what is wrong with it.
    fn fold_row(&mut self, row: &EventRow<'_>) -> Vec<Problem>;

    /// The value at a path as it stands, `null` where there is none.
    fn value(&self, path: &str) -> Value;
}

/// The one way in which events are folded anew, of history and of a branch.
#[derive(Debug)]
pub(super) struct Refolded<'r, P: Projection> {
    replay: &'r Replay<P>,
    /// Counts for this fold, and for those that go on from it in other ways.
    projection: P,
    state: P::State,
    /// Its room serves again.
    problems: Vec<Problem>,
}

impl<P: Projection> Replay<P> {
    /// The state after the event at `after`, or the empty one, to be folded on.
    pub(super) fn refolded<'r>(&'r self, after: Option<Index>) -> Option<Box<dyn Refold<'r> + 'r>> {
        Some(Box::new(Refolded::behind(self, after)?))
    }
}

impl<'r, P: Projection> Refolded<'r, P> {
    /// At the state after the event at `after`, or at the empty one.
    pub(super) fn behind(replay: &'r Replay<P>, after: Option<Index>) -> Option<Self> {
        let state = after.map_or_else(|| Some(P::State::default()), |after| replay.state_after(after))?;
        let projection = replay.fold_behind(after.map_or(0, |after| after + 1));
        Some(Self { replay, projection, state, problems: Vec::new() })
    }

    fn fold(&mut self, event: &P::Event, head: &Head) {
        self.problems.clear();
        self.projection.fold(&mut self.state, event, head, &mut self.problems);
    }

    /// Folds an event in as a branch has it.
    pub(super) fn fold_event(&mut self, event: BranchEvent<'_>) {
        let replay = self.replay;
        match event {
            BranchEvent::New(new) => {
                let row = new.as_row();
                self.fold(&replay.projection.decode(&row), &row.head());
            }
            BranchEvent::Recorded(index) => {
                if let Some((event, head)) = replay.events.get(index).zip(replay.heads.get(index)) {
                    self.fold(event, head);
                }
            }
        }
    }

    /// What is wrong with the event that was folded last.
    pub(super) fn take_problems(&mut self) -> impl Iterator<Item = Problem> + '_ {
        self.problems.drain(..)
    }

    pub(super) fn state(&self) -> &P::State {
        &self.state
    }

    /// Whether it stands at this state, also in what is not shown.
    pub(super) fn has_state(&self, other: &P::State) -> bool {
        let written = |state: &P::State| serde_json::to_string(state).ok();
        written(&self.state).is_some_and(|state| Some(state) == written(other))
    }

    /// The value at a path as it stands, `null` where there is none.
    pub(super) fn cell(&self, path: &str) -> Value {
        cell_value(&self.replay.projection, &self.state, path)
    }
}

impl<'r, P: Projection> Refold<'r> for Refolded<'r, P> {
    fn fork(&self) -> Box<dyn Refold<'r> + 'r> {
        let (projection, state) = (self.projection.clone(), self.state.clone());
        Box::new(Self { replay: self.replay, projection, state, problems: Vec::new() })
    }

    fn fold_range(&mut self, events: Range<Index>) {
        let replay = self.replay;
        let end = events.end.min(replay.events.len());
        for (event, head) in replay.events.iter().zip(&replay.heads).take(end).skip(events.start) {
            self.fold(event, head);
        }
    }

    fn fold_these(&mut self, events: &[Index]) {
        for at in events {
            self.fold_event(BranchEvent::Recorded(*at));
        }
    }

    fn fold_judged(&mut self, events: &[Index], wrong: &mut dyn FnMut(Index, Problem)) {
        for at in events {
            self.fold_these(std::slice::from_ref(at));
            self.problems.drain(..).for_each(|problem| wrong(*at, problem));
        }
    }

    fn fold_and_read(
        &mut self,
        events: &[Index],
        expression: &Expression,
        spoken: &dyn SpokenOf,
    ) -> Result<Reading, Stop> {
        let replay = self.replay;
        let Some((last, head)) = events.last().and_then(|last| Some((*last, replay.heads.get(*last)?))) else {
            return Ok(Reading::False);
        };
        let uses = expression.uses();
        let old = (uses.old || uses.changes).then(|| self.state.clone());
        self.fold_these(&[last]);
        let projection = &replay.projection;
        let value = |state: Option<&P::State>, path: &str| {
            state.map_or(Value::Null, |state| cell_value(projection, state, path))
        };
        let at = At {
            projection,
            state: &self.state,
            old: old.as_ref(),
            head,
            spoken: if uses.author || uses.payload { spoken.spoken(last) } else { Spoken::default() },
            changed: &|path| {
                projection.bookkeeping().contains(&path) || value(old.as_ref(), path) != value(Some(&self.state), path)
            },
            count: &|event_type| {
                let types = events.iter().filter_map(|index| replay.heads.get(*index));
                types.filter(|head| head.event_type.as_str() == event_type).count() as u64
            },
            payload: OnceCell::new(),
        };
        expression.holds(&at, &|| false)
    }

    fn fold_row(&mut self, row: &EventRow<'_>) -> Vec<Problem> {
        self.fold(&self.replay.projection.decode(row), &row.head());
        std::mem::take(&mut self.problems)
    }

    fn value(&self, path: &str) -> Value {
        self.cell(path)
    }
}
