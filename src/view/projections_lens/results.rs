//! What the chosen projection makes of the whole store, partition by partition.

use std::sync::Arc;

use super::read_states::{Brief, ReadStates, WholeState};
use crate::engine::{
    Asked, Cause, Engine, OwnRun, PartitionRow, Question, StoreChange, Ticket, Tool, partitions_like, run_own,
};
use crate::script::Script;
use crate::store::Store;
use crate::view::UserError;

/// The partitions of a projection, and what narrows them.
#[derive(Debug, Default)]
pub struct OwnResults {
    running: Asked<RunProjection>,
    /// Something was recorded while it was on its way.
    is_behind: bool,
    /// The last that came, with the script that gave it.
    shown: Option<(Script, Arc<OwnRun>)>,
    filtering: Asked<FilterPartitions>,
    /// The places of those that are let through, of which answer; `None` is all of them.
    let_through: Option<(Arc<OwnRun>, Vec<usize>)>,
    pub filter: String,
    pub only_failed: bool,
    read: ReadStates,
    /// The partition that was chosen last, and its place: its name need not stay at hand.
    chosen: Option<(String, usize)>,
}

impl OwnResults {
    /// Runs this one, unless it does or has.
    pub(super) fn want(&mut self, engine: &Engine, script: &Script) {
        let is_asked = self.running.question().is_some_and(|asked| asked.script.has_source_of(script));
        if !is_asked {
            self.is_behind = false;
            self.running.ask(engine, RunProjection { script: script.clone(), known: None });
        }
    }

    /// Another projection: nothing is shown of the one before it.
    pub(super) fn clear(&mut self) {
        *self = Self { filter: std::mem::take(&mut self.filter), ..Self::default() };
    }

    pub(super) fn follow(&mut self, engine: &Engine, change: &StoreChange) {
        match change {
            StoreChange::Rewritten => self.running.again_if_failed(engine),
            // What runs need not have seen it; it is gone on from as soon as it has come.
            _ if self.running.is_loading() => self.is_behind = true,
            StoreChange::Replaced => self.go_on(engine, false),
            StoreChange::Grew(_) | StoreChange::Somewhere => self.go_on(engine, true),
        }
    }

    /// By the new events alone, from where the last answer stands.
    fn go_on(&mut self, engine: &Engine, from_known: bool) {
        if self.is_stopped() {
            return;
        }
        let Some(script) = self.running.question().map(|asked| asked.script.clone()) else { return };
        let shown = self.shown.as_ref().filter(|(of, _)| from_known && of.has_source_of(&script));
        let known = shown.map(|(_, run)| run.clone());
        self.running.ask_because(engine, RunProjection { script, known }, Cause::Store);
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let mut is_new = self.running.poll(engine);
        if is_new && let (Some(run), Some(asked)) = (self.running.take(), self.running.question()) {
            let goes_on = !run.is_anew && self.run().is_some_and(|before| before.field == run.field);
            self.chosen.take_if(|_| run.is_anew);
            self.shown = Some((asked.script.clone(), Arc::new(run)));
            self.read.begin_anew(!goes_on);
            self.narrow(engine);
            if std::mem::take(&mut self.is_behind) {
                self.go_on(engine, true);
            }
        }
        is_new |= self.filtering.poll(engine) | self.read.poll(engine);
        if let Some(narrowed) = self.filtering.take() {
            self.let_through = Some(narrowed);
        }
        is_new
    }

    /// Looks for the partitions that the filter wants.
    pub(super) fn narrow(&mut self, engine: &Engine) {
        let Some((_, run)) = &self.shown else { return };
        if self.filter.trim().is_empty() && !self.only_failed {
            self.filtering = Asked::default();
            self.let_through = None;
            return;
        }
        let (run, text) = (run.clone(), self.filter.clone());
        self.filtering.ask(engine, FilterPartitions { run, text, only_failed: self.only_failed });
    }

    pub(super) fn cancel(&mut self) {
        self.running.cancel();
    }

    pub(super) fn retry(&mut self, engine: &Engine) {
        if let Some(script) = self.running.question().map(|asked| asked.script.clone()) {
            self.running.ask(engine, RunProjection { script, known: None });
        }
    }

    /// From the start, whatever came of it before.
    pub(super) fn run_again(&mut self, engine: &Engine, script: &Script) {
        self.is_behind = false;
        self.running.ask(engine, RunProjection { script: script.clone(), known: None });
    }

    pub(super) fn tools(&self) -> [&dyn Tool<Error = UserError>; 4] {
        let [briefs, whole] = self.read.tools();
        [&self.running, &self.filtering, briefs, whole]
    }

    pub fn running(&self) -> &Asked<RunProjection> {
        &self.running
    }

    /// What came of it last.
    pub fn run(&self) -> Option<&OwnRun> {
        self.shown.as_ref().map(|(_, run)| run.as_ref())
    }

    /// It was stopped before it had an answer for what runs now.
    pub fn is_stopped(&self) -> bool {
        let Some(asked) = self.running.question() else { return false };
        let is_shown = self.shown.as_ref().is_some_and(|(script, _)| script.has_source_of(&asked.script));
        !self.running.is_on_its_way() && self.running.error().is_none() && !is_shown
    }

    /// What came of it, if it came of this source.
    pub fn run_of(&self, source: &str) -> Option<&OwnRun> {
        let (script, run) = self.shown.as_ref()?;
        (script.source() == source).then_some(run)
    }

    fn let_through(&self) -> Option<&[usize]> {
        let (_, run) = self.shown.as_ref()?;
        // Places are those of one answer.
        let (of, places) = self.let_through.as_ref()?;
        Arc::ptr_eq(of, run).then_some(places)
    }

    /// How many rows there are to show.
    pub fn len(&self) -> usize {
        self.let_through().map_or_else(|| self.run().map_or(0, |run| run.partitions.rows.len()), <[usize]>::len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn place(&self, nth: usize) -> Option<usize> {
        match self.let_through() {
            Some(places) => places.get(nth).copied(),
            None => Some(nth),
        }
    }

    /// The n-th row of those that are let through.
    pub fn row(&self, nth: usize) -> Option<&PartitionRow> {
        self.run()?.partitions.rows.get(self.place(nth)?)
    }

    /// This one was chosen among those that are shown.
    pub(super) fn choose(&mut self, partition: &str) {
        let place = self.position(partition).and_then(|nth| self.place(nth));
        self.chosen = place.map(|place| (partition.to_owned(), place));
    }

    /// Which of the rows is this partition. Looks through those that are shown.
    pub fn position(&self, partition: &str) -> Option<usize> {
        if let Some((_, chosen)) = self.chosen.as_ref().filter(|(name, _)| name == partition) {
            return match self.let_through() {
                Some(places) => places.binary_search(chosen).ok(),
                None => Some(*chosen),
            };
        }
        let run = self.run()?;
        let is_it = |nth: &usize| self.place(*nth).is_some_and(|place| self.read.is_called(run, place, partition));
        (0..self.len().min(MOST_LOOKED_THROUGH)).find(is_it)
    }

    /// The field that stands in the rows.
    pub fn field(&self) -> Option<&str> {
        self.run()?.field.as_deref()
    }

    /// What the n-th row says of its state, as far as that is known.
    pub fn brief(&self, nth: usize) -> Brief {
        let (Some(place), Some((_, run))) = (self.place(nth), &self.shown) else { return Brief::default() };
        self.read.brief(run, place)
    }

    /// Asks for what the rows that were drawn lack.
    pub(super) fn read_lacking(&mut self, engine: &Engine) {
        if let Some((_, run)) = &self.shown {
            self.read.read_lacking(engine, run);
        }
    }

    /// The n-th row is shown with its whole state.
    pub(super) fn want_whole(&mut self, engine: &Engine, nth: usize) {
        if let (Some(place), Some((_, run))) = (self.place(nth), &self.shown) {
            self.read.want_whole(engine, run, place);
        }
    }

    /// The whole state of the n-th row; `None` while it is on its way.
    pub fn whole(&self, nth: usize) -> Option<&WholeState> {
        self.read.whole(self.place(nth)?)
    }
}

/// More rows than these are not looked through for the one that is chosen.
const MOST_LOOKED_THROUGH: usize = 20_000;

/// Runs a projection over the whole store.
#[derive(Clone, Debug)]
pub struct RunProjection {
    script: Script,
    /// What came of it before.
    known: Option<Arc<OwnRun>>,
}

impl Question for RunProjection {
    type Answer = OwnRun;
    type Error = UserError;
    const WHAT: &'static str = "running the projection";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<OwnRun, UserError> {
        Ok(run_own(reader, &self.script, self.known.as_deref(), ticket)?)
    }
}

/// Looks for partitions by a part of their names.
#[derive(Clone, Debug)]
pub struct FilterPartitions {
    run: Arc<OwnRun>,
    text: String,
    only_failed: bool,
}

impl Question for FilterPartitions {
    type Answer = (Arc<OwnRun>, Vec<usize>);
    type Error = UserError;
    const WHAT: &'static str = "looking for partitions";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let Self { run, text, only_failed } = self;
        let places = partitions_like(reader, &run, &text, only_failed, ticket)?;
        Ok((run, places))
    }
}
