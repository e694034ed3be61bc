//! What the chosen projection makes of the whole store, partition by partition.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::{
    Asked, Cause, Engine, OwnRun, PartitionRow, Question, StoreChange, Ticket, Tool, partitions_like, run_own,
};
use crate::script::Script;
use crate::store::Store;
use crate::view::UserError;

/// A state that is longer is not taken apart for a row.
const LONGEST_STATE: usize = 64 << 10;

/// So many rows are remembered as they are drawn.
const MOST_BRIEF: usize = 4_096;

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
    /// The field that stands in a row.
    field: Option<String>,
    brief: RefCell<HashMap<usize, Brief>>,
}

/// A partition as a row says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brief {
    /// What its field is, or its whole state.
    pub value: Value,
    /// The state is not taken apart for a row.
    pub is_large: bool,
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
            self.shown = Some((asked.script.clone(), Arc::new(run)));
            self.brief.borrow_mut().clear();
            self.field = self.run().and_then(field_of);
            self.narrow(engine);
            if std::mem::take(&mut self.is_behind) {
                self.go_on(engine, true);
            }
        }
        is_new |= self.filtering.poll(engine);
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

    pub(super) fn tools(&self) -> [&dyn Tool<Error = UserError>; 2] {
        [&self.running, &self.filtering]
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

    /// Which of the rows is this partition. Looks through those that are shown.
    pub fn position(&self, partition: &str) -> Option<usize> {
        (0..self.len().min(MOST_LOOKED_THROUGH))
            .find(|nth| self.row(*nth).is_some_and(|row| &*row.partition == partition))
    }

    /// The field that stands in the rows.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// What the n-th row says of its state.
    pub fn brief(&self, nth: usize) -> Brief {
        let Some(place) = self.place(nth) else { return Brief::default() };
        if let Some(known) = self.brief.borrow().get(&place) {
            return known.clone();
        }
        let made = self.row(nth).map(|row| brief_of(row, self.field.as_deref())).unwrap_or_default();
        let mut brief = self.brief.borrow_mut();
        if brief.len() >= MOST_BRIEF {
            brief.clear();
        }
        brief.insert(place, made.clone());
        made
    }
}

/// More rows than these are not looked through for the one that is chosen.
const MOST_LOOKED_THROUGH: usize = 20_000;

fn state_of(row: &PartitionRow) -> Option<Value> {
    let text = row.result.as_deref().or(row.state.as_deref())?;
    if text.len() > LONGEST_STATE { None } else { serde_json::from_str(text).ok() }
}

/// The first number of the states, or else their first field.
fn field_of(run: &OwnRun) -> Option<String> {
    const LOOKED_AT: usize = 20;
    let states = run.partitions.rows.iter().take(LOOKED_AT).filter_map(state_of);
    let states: Vec<serde_json::Map<String, Value>> = states
        .filter_map(|state| match state {
            Value::Object(fields) => Some(fields),
            _ => None,
        })
        .collect();
    let numbers = states.iter().flatten().find(|(_, value)| value.is_number());
    let any = states.iter().flatten().find(|(_, value)| !value.is_object() && !value.is_array() && !value.is_null());
    numbers.or(any).map(|(name, _)| name.clone())
}

fn brief_of(row: &PartitionRow, field: Option<&str>) -> Brief {
    let text = row.result.as_deref().or(row.state.as_deref());
    let is_large = text.is_some_and(|text| text.len() > LONGEST_STATE);
    let value = match (state_of(row), field) {
        (Some(Value::Object(mut fields)), Some(field)) => fields.remove(field).unwrap_or_default(),
        (state, _) => state.unwrap_or_default(),
    };
    Brief { value, is_large }
}

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

    fn answer(self, _: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let Self { run, text, only_failed } = self;
        let places = partitions_like(&run, &text, only_failed, ticket);
        Ok((run, places))
    }
}
