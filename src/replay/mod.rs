//! One stream in memory: its events decoded once, the state at any version from the nearest checkpoint, and for
//! every field the events that changed it. Pure: somebody else hands in the rows.

mod blame;
mod bound;
mod branch;
mod erased;
mod finding;
mod fold;
mod follow;
mod kept;
mod laid;
mod look;
mod reduce;
mod refold;
mod registry;
mod shelf;
mod standing;
mod story;
mod stream_names;
mod streams;
mod timeline;
mod watch;
mod when;
mod why;
mod why_not;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde_json::Value;

use blame::ChangeIndex;
pub use bound::Spoken;
pub use branch::{
    Alteration, Branch, Broken, Edit, EditError, EventRef, How, InsertedEvent, Label, Layout, MadeSo, NewEvents,
    NewPayload, START, Slot, SlotEvent, WhatIf, event_ref,
};
pub use erased::{AnyFold, ProjectionRef};
pub use finding::{Failures, Finding};
pub use fold::{Fold, Preview};
pub use follow::{Following, Told};
pub use look::{Group, StateLook};
pub use reduce::{ByTheRules, EndsWith, GoesWrong, Holds, MOST_FOLDED, Reduced, Stopped, Symptom, Work, reduce};
pub use refold::Refold;
pub use registry::{Offers, Registry, offer, registry};
pub use shelf::{OnShelf, Shelf, ShelfSpace};
pub use standing::{LayDown, Standing, Stood};
pub use story::Story;
pub use stream_names::StreamNames;
pub use streams::{DecodedRows, StreamStates};
pub use timeline::Timeline;
pub use watch::{Counted, NotRun, Watched, Watching};
pub use when::{SpokenOf, Stretch, Turns, VisitValue};
pub use why::{Why, why};
pub use why_not::{Attempt, WhyNot, why_not};

use crate::event::{EventRow, Head, Version};
use crate::projection::{Problem, Projection, root_field, sized};

/// How many events lie between two checkpoints. States share what is long, so a checkpoint costs some hundred bytes;
/// at 32 the dearest seek takes a microsecond or two (`cargo bench` prints other spacings).
pub const CHECKPOINT_SPACING: usize = 32;

/// More events than these are not made room for before they have come.
const MOST_RESERVED: usize = 1 << 20;

/// What states may take together that are kept besides those at checkpoints.
const MOST_KEPT: usize = 32 << 20;

/// Up to so many changed fields are looked up one by one, without showing the whole state.
const FEW_CHANGES: usize = 16;

/// The place of an event in a loaded stream, counted from nought whatever its store counts from.
pub type Index = usize;

/// One field that differs between two states.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

/// A field of the state of which an event changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedField {
    pub name: String,
    /// It had a value before.
    pub had_value: bool,
}

impl MovedField {
    /// The fields that these paths lie in, each once.
    pub fn of_paths<'p>(paths: impl Iterator<Item = &'p str>, had_value: impl Fn(&str) -> bool) -> Vec<Self> {
        let mut names = BTreeSet::new();
        names.extend(paths.filter_map(root_field));
        names.into_iter().map(|name| Self { had_value: had_value(&name), name }).collect()
    }
}

/// A stream under one projection.
#[derive(Debug)]
pub struct Replay<P: Projection> {
    projection: P,
    spacing: usize,
    heads: Vec<Head>,
    highest: Option<Version>,
    events: Vec<P::Event>,
    /// The state before event `n * spacing`.
    checkpoints: Vec<P::State>,
    /// States behind events that are worth keeping, ascending, and what they take.
    kept: Vec<(Index, P::State)>,
    kept_bytes: usize,
    latest: P::State,
    changes: ChangeIndex,
    findings: Vec<(Index, Finding)>,
    /// The events on which the projection failed, ascending.
    failed: Vec<Index>,
    /// From this one on it was not run.
    not_run_from: Option<Index>,
    /// What checkpoints and events take that nothing else shares.
    unshared: usize,
    /// The most that one state takes so.
    longest_unshared: usize,
}

/// Events of history folded as they were when they came: one on which the projection failed then, which may take it long, is
/// passed over, and one that it took then is taken, whatever came of those behind it.
struct Again<'r, P: Projection> {
    replay: &'r Replay<P>,
    projection: P,
    /// They were reported when the events came.
    problems: Vec<Problem>,
}

impl<P: Projection> Again<'_, P> {
    fn fold(&mut self, state: &mut P::State, index: Index) {
        let Self { replay: Replay { events, heads, failed, .. }, projection, problems } = self;
        let (Some(event), Some(head)) = (events.get(index), heads.get(index)) else { return };
        if !failed.is_empty() && failed.binary_search(&index).is_ok() {
            return projection.pass_over(state, event);
        }
        projection.fold(state, event, head, problems);
        problems.clear();
    }
}

impl<P: Projection> Replay<P> {
    pub fn new(projection: P) -> Self {
        Self::with_spacing(projection, CHECKPOINT_SPACING)
    }

    pub fn with_spacing(projection: P, spacing: usize) -> Self {
        Self {
            projection,
            spacing: spacing.max(1),
            heads: Vec::new(),
            highest: None,
            events: Vec::new(),
            checkpoints: Vec::new(),
            kept: Vec::new(),
            kept_bytes: 0,
            latest: P::State::default(),
            changes: ChangeIndex::default(),
            findings: Vec::new(),
            failed: Vec::new(),
            not_run_from: None,
            unshared: 0,
            longest_unshared: 0,
        }
    }

    /// Makes room for this many events more. A store may say any number of itself; of a very large one only the
    /// beginning is taken at its word.
    pub fn reserve(&mut self, events: usize) {
        let events = events.min(MOST_RESERVED);
        self.heads.reserve(events);
        self.events.reserve(events);
        self.checkpoints.reserve(events / self.spacing + 1);
    }

    /// Folds one more event in. Rows must come in stream order.
    pub fn push(&mut self, row: &EventRow<'_>) {
        let event = self.projection.decode(row);
        self.push_decoded(row.head(), event);
    }

    fn push_decoded(&mut self, head: Head, event: P::Event) {
        let index = self.events.len();
        if index.is_multiple_of(self.spacing) {
            self.checkpoints.push(self.latest.clone());
            self.unshared += self.projection.unshared(&self.latest);
        }
        self.unshared += self.projection.event_weight(&event);
        let mut problems = Vec::new();
        let bookkeeping = self.projection.bookkeeping();
        let changes = &mut self.changes;
        self.projection.fold_and_report(
            &mut self.latest,
            &event,
            &head,
            &mut problems,
            &mut |path| match sized(path) {
                Some(field) => changes.note_size(field, index),
                None if bookkeeping.contains(&path) => {}
                None => changes.note(path, index),
            },
        );
        self.changes.end_event();
        self.longest_unshared = self.longest_unshared.max(self.projection.longest(&self.latest));
        if self.projection.is_kept(&self.latest) {
            let bytes = self.projection.unshared(&self.latest);
            if self.kept_bytes + bytes <= MOST_KEPT {
                self.kept.push((index, self.latest.clone()));
                self.kept_bytes += bytes;
                self.unshared += bytes;
            }
        }
        if problems.iter().any(|problem| matches!(problem, Problem::Failed(_))) {
            self.failed.push(index);
            if self.not_run_from.is_none() && problems.iter().any(Problem::is_not_run) {
                self.not_run_from = Some(index);
            }
        }
        let findings = problems.into_iter().map(|problem| (index, Finding { version: head.version, problem }));
        self.findings.extend(findings);
        self.highest = self.highest.max(Some(head.version));
        self.heads.push(head);
        self.events.push(event);
    }

    /// The first so many events, which must end before a checkpoint. Shares with this one what can be shared.
    fn up_to(&self, events: usize) -> Self {
        let checkpoint = events / self.spacing;
        let of_states = self.checkpoints[..checkpoint].iter().map(|state| self.projection.unshared(state));
        let of_events = self.events[..events].iter().map(|event| self.projection.event_weight(event));
        let kept = self.kept[..self.kept.partition_point(|(at, _)| *at < events)].to_vec();
        let kept_bytes = kept.iter().map(|(_, state)| self.projection.unshared(state)).sum();
        Self {
            projection: self.fold_behind(events),
            spacing: self.spacing,
            heads: self.heads[..events].to_vec(),
            highest: self.heads[..events].iter().map(|head| head.version).max(),
            events: self.events[..events].to_vec(),
            checkpoints: self.checkpoints[..checkpoint].to_vec(),
            latest: self.checkpoints.get(checkpoint).unwrap_or(&self.latest).clone(),
            changes: self.changes.up_to(events),
            findings: self.findings[..self.findings.partition_point(|(at, _)| *at < events)].to_vec(),
            failed: self.failed[..self.failed.partition_point(|at| *at < events)].to_vec(),
            not_run_from: self.not_run_from.filter(|at| *at < events),
            unshared: of_states.chain(of_events).sum::<usize>() + kept_bytes,
            kept,
            kept_bytes,
            longest_unshared: self.longest_unshared,
        }
    }

    pub fn projection(&self) -> &P {
        &self.projection
    }

    pub fn event(&self, index: Index) -> Option<&P::Event> {
        self.events.get(index)
    }

    /// The state after the event at `index`: at most one checkpoint's spacing of events is refolded.
    pub fn state_after(&self, index: Index) -> Option<P::State> {
        let last = self.events.len().checked_sub(1)?;
        if index == last {
            return Some(self.latest.clone());
        }
        if index > last {
            return None;
        }
        if let Some(kept) = self.kept_after(index) {
            return Some(kept);
        }
        let nearest = index / self.spacing;
        Some(self.folded(self.checkpoints[nearest].clone(), nearest * self.spacing..=index))
    }

    fn kept_after(&self, index: Index) -> Option<P::State> {
        let place = self.kept.binary_search_by_key(&index, |(at, _)| *at).ok()?;
        Some(self.kept.get(place)?.1.clone())
    }

    /// A state with these events folded in, as they were when they came.
    fn folded(&self, mut state: P::State, range: RangeInclusive<Index>) -> P::State {
        let (events, heads) = (&self.events[range.clone()], &self.heads[range.clone()]);
        let mut again = self.again();
        if !self.has_failed_in(&range)
            && let Some(state) = again.projection.fold_at_once(&state, events, heads)
        {
            return state;
        }
        range.for_each(|index| again.fold(&mut state, index));
        state
    }

    fn has_failed_in(&self, range: &RangeInclusive<Index>) -> bool {
        let place = self.failed.partition_point(|at| at < range.start());
        self.failed.get(place).is_some_and(|at| at <= range.end())
    }

    /// The projection for a fold that goes on in another way behind the first so many events.
    fn fold_behind(&self, events: usize) -> P {
        let known = self.findings.iter().take_while(|(at, _)| *at < events);
        self.projection.for_fold(&mut known.map(|(_, finding)| &finding.problem))
    }

    /// Folds events of history once more.
    fn again(&self) -> Again<'_, P> {
        Again { replay: self, projection: self.projection.for_fold(&mut std::iter::empty()), problems: Vec::new() }
    }

    /// The first event from which on a user's own projection was not run: it was given up before.
    pub fn not_run_from(&self) -> Option<Index> {
        self.not_run_from
    }

    /// The states before and after an event. The second is folded on from the first, where that is the shorter way.
    fn states_around(&self, index: Index) -> Option<(P::State, P::State)> {
        let before = self.state_before(index)?;
        let is_within = index + 1 < self.events.len();
        let after = if let Some(kept) = self.kept_after(index) {
            kept
        } else if is_within && !index.is_multiple_of(self.spacing) {
            self.folded(before.clone(), index..=index)
        } else {
            self.state_after(index)?
        };
        Some((before, after))
    }

    /// The state before the event at `index`; before the first, the empty state.
    pub fn state_before(&self, index: Index) -> Option<P::State> {
        match index {
            0 => Some(P::State::default()),
            after => self.state_after(after - 1),
        }
    }

    pub fn latest(&self) -> &P::State {
        &self.latest
    }

    /// What is wrong with an event.
    fn findings_of(&self, index: Index) -> impl Iterator<Item = &Finding> {
        let place = self.findings.partition_point(|(at, _)| *at < index);
        let of_event = self.findings.iter().skip(place).take_while(move |(at, _)| *at == index);
        of_event.map(|(_, finding)| finding)
    }
}
