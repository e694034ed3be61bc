//! The handler of the event at the cursor, line by line, and on which of its lines one stands.

use std::sync::Arc;

use serde_json::Value;

use super::OwnFile;
use crate::engine::{Asked, Division, Engine, Question, StoreChange, Ticket, Tool, TraceWanted, TracedEvent};
use crate::event::{StreamId, Version, json_value};
use crate::script::{Change, Script, ScriptProjection, Step, Trace};
use crate::store::Store;
use crate::view::{OpenStore, StateRow, StreamView, UserError};

/// Asks it of one event.
#[derive(Clone, Debug)]
pub struct TraceHere(TraceWanted);

impl Question for TraceHere {
    type Answer = TracedHandler;
    type Error = UserError;

    const WHAT: &'static str = TraceWanted::WHAT;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<TracedHandler, UserError> {
        let source = self.0.projection.script().source().to_owned();
        let traced = self.0.answer(reader, ticket)?;
        Ok(TracedHandler::new(traced, &source))
    }
}

/// An event, and what its handler did, by the lines of the source.
#[derive(Debug)]
pub struct TracedHandler {
    pub event: TracedEvent,
    /// In the order in which they ran: one after the other on one line are one.
    lines: Vec<RanLine>,
    rows: Vec<HandlerRow>,
    /// How many numbers of lines they have.
    different_lines: usize,
}

/// A line that ran, each time that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RanLine {
    line: u32,
    /// Where its first row stands.
    row: usize,
}

/// One thing that a line did.
#[derive(Clone, Debug, PartialEq)]
pub struct HandlerRow {
    /// Which of the lines that ran, in their order.
    pub nth: usize,
    /// Counted from one; nought where it is not known.
    pub line: u32,
    pub did: Did,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    /// It ran, and set nothing: its text.
    Ran(Box<str>),
    /// It set a field; an empty name is the state itself.
    Set {
        field: Box<str>,
        from: ToldValue,
        to: ToldValue,
        is_same: bool,
    },
    /// It set so many fields more.
    More(u32),
    Logged(Box<str>),
    /// What it would have recorded in which stream: nothing of it is written.
    Emitted {
        stream: Box<str>,
        event_type: Box<str>,
    },
}

/// A value as a trace tells it.
#[derive(Clone, Debug, PartialEq)]
pub enum ToldValue {
    /// The field was not there.
    Absent,
    Value(Value),
    /// What JSON cannot hold, or what is too long to be told whole.
    Text(Box<str>),
}

impl ToldValue {
    fn of(told: Option<&str>) -> Self {
        match told {
            None => Self::Absent,
            Some(text) => json_value(text.as_bytes()).map_or_else(|_| Self::Text(text.into()), Self::Value),
        }
    }

    fn as_value(&self) -> Value {
        match self {
            Self::Absent => Value::Null,
            Self::Value(value) => value.clone(),
            Self::Text(text) => Value::String(text.to_string()),
        }
    }
}

impl TracedHandler {
    fn new(event: TracedEvent, source: &str) -> Self {
        let mut made = Self { event, lines: Vec::new(), rows: Vec::new(), different_lines: 0 };
        let texts: Vec<&str> = source.lines().collect();
        let steps = made.event.trace.as_mut().map(|trace| std::mem::take(&mut trace.steps)).unwrap_or_default();
        for of_line in steps.chunk_by(|one, next| one.place.line == next.place.line) {
            made.take_line(of_line, &texts);
        }
        made.take_output();
        made.different_lines = made.numbers(usize::MAX).len();
        made
    }

    /// What it logged, where no line is known that did, and what it emitted.
    fn take_output(&mut self) {
        let Some(trace) = &self.event.trace else { return };
        let nth = self.lines.len().saturating_sub(1);
        let logs = if self.lines.is_empty() { trace.output.logs.as_slice() } else { &[] };
        let logs = logs.iter().map(|text| Did::Logged(text.as_str().into()));
        let emitted = trace.output.emitted.iter().take(MOST_EMITTED);
        let emitted = emitted.map(|emitted| Did::Emitted {
            stream: emitted.stream.as_str().into(),
            event_type: emitted.event_type.as_str().into(),
        });
        self.rows.extend(logs.chain(emitted).map(|did| HandlerRow { nth, line: 0, did }));
    }

    fn take_line(&mut self, steps: &[Step], texts: &[&str]) {
        let Some(line) = steps.first().map(|step| step.place.line) else { return };
        let (nth, from) = (self.lines.len(), self.rows.len());
        for step in steps {
            let set = step.changes.iter().map(|change| {
                let Change { field, before, after } = change;
                let (from, to) = (ToldValue::of(before.as_deref()), ToldValue::of(after.as_deref()));
                Did::Set { field: field.as_str().into(), from, to, is_same: change.is_same() }
            });
            let more = (step.more > 0).then_some(Did::More(step.more));
            let logged = step.logged.iter().map(|text| Did::Logged(text.clone()));
            self.rows.extend(set.chain(more).chain(logged).map(|did| HandlerRow { nth, line, did }));
        }
        if self.rows.len() == from {
            let text = (line as usize).checked_sub(1).and_then(|line| texts.get(line)).copied().unwrap_or_default();
            self.rows.push(HandlerRow { nth, line, did: Did::Ran(text.trim().into()) });
        }
        self.lines.push(RanLine { line, row: from });
    }

    pub fn trace(&self) -> Option<&Trace> {
        self.event.trace.as_ref()
    }

    /// What its lines did, in order.
    pub fn rows(&self) -> &[HandlerRow] {
        &self.rows
    }

    /// How many different lines ran.
    pub fn different_lines(&self) -> usize {
        self.different_lines
    }

    /// The first row of one of the lines that ran.
    pub fn row_of(&self, nth: usize) -> Option<usize> {
        Some(self.lines.get(nth)?.row)
    }

    /// The numbers of the first so many lines that ran, ascending, each once.
    fn numbers(&self, run: usize) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.lines.iter().take(run).map(|line| line.line).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// What a field was when no more than so many lines had run: what the first line behind them found there.
    fn field_after(&self, run: usize, field: &str) -> Option<&ToldValue> {
        let from = self.lines.get(run)?.row;
        self.rows.get(from..)?.iter().find_map(|row| match &row.did {
            Did::Set { field: set, from, .. } if **set == *field => Some(from),
            _ => None,
        })
    }
}

/// So much of what one event emits is told.
const MOST_EMITTED: usize = 100;

/// The event that is traced, and by which source.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Traced {
    source: u32,
    stream: StreamId,
    version: Version,
}

/// What is known of the handler at the cursor.
#[derive(Debug, Default)]
pub struct HandlerTrace {
    asked: Asked<TraceHere>,
    of: Option<Traced>,
    at: Standing,
    /// A step through the lines led to the event that the cursor is at next.
    is_led: bool,
}

/// Where one stands inside of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Standing {
    /// Behind it: all its lines ran.
    #[default]
    Whole,
    /// So many lines ran before the one on which one stands, which has run, too.
    Line(usize),
    /// On its last line, as soon as that is known.
    Last,
}

impl HandlerTrace {
    /// Asks for the event at the cursor, unless that was asked.
    /// With a division, the streams are its partitions.
    pub(super) fn want(
        &mut self,
        engine: &Engine,
        division: Option<&Division>,
        file: Option<&OwnFile>,
        view: Option<&StreamView>,
    ) {
        let Some((file, view)) = file.zip(view) else {
            self.of = None;
            return;
        };
        let Some((script, traced)) = traced_here(file, view) else { return };
        if self.of.as_ref() == Some(&traced) {
            return;
        }
        if !std::mem::take(&mut self.is_led) {
            self.at = Standing::Whole;
        }
        let before = view.shown_loaded().zip(view.cursor());
        let before = before.and_then(|(loaded, index)| loaded.timeline.snapshot_before(index));
        let projection = match division {
            Some(division) => ScriptProjection::of_partitions(script, Arc::new(division.clone())),
            None => ScriptProjection::of(script),
        };
        let Some(projection) = projection else { return };
        let Traced { stream, version, .. } = traced.clone();
        self.of = Some(traced);
        self.asked.ask(engine, TraceHere(TraceWanted { projection, stream, at: version, before }));
    }

    pub(super) fn follow(&mut self, change: &StoreChange) {
        if *change == StoreChange::Replaced {
            self.of = None;
        }
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        self.asked.poll(engine)
    }

    pub(super) fn tool(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    pub fn is_loading(&self) -> bool {
        self.asked.is_loading()
    }

    pub fn error(&self) -> Option<&UserError> {
        self.asked.error()
    }

    /// What was traced last; the one before stays until the next has come.
    pub fn shown(&self) -> Option<&TracedHandler> {
        self.of.as_ref()?;
        self.asked.value()
    }

    /// The same, where it is of the event at the cursor.
    fn here(&self) -> Option<&TracedHandler> {
        self.shown().filter(|_| !self.asked.is_loading())
    }

    /// How many lines ran one after the other, of the event at the cursor.
    pub fn line_count(&self) -> usize {
        self.here().map_or(0, |traced| traced.lines.len())
    }

    /// On which of the lines that ran one stands; `None` where all have run.
    pub fn nth(&self) -> Option<usize> {
        let last = self.line_count().checked_sub(1)?;
        match self.at {
            Standing::Whole => None,
            Standing::Line(nth) => Some(nth.min(last)),
            Standing::Last => Some(last),
        }
    }

    /// Stands on a line that ran, or behind all of them.
    pub(super) fn stand(&mut self, nth: Option<usize>) {
        self.at = nth.map_or(Standing::Whole, Standing::Line);
    }

    /// Goes one line on or back. Answers by how many events the cursor is to be moved for it.
    fn step(&mut self, is_on: bool) -> isize {
        if self.asked.is_loading() {
            return 0;
        }
        let count = self.line_count();
        // Where all have run, one is behind the last.
        let nth = self.nth().or(count.checked_sub(1));
        let (at, events) = match (nth, is_on) {
            (Some(nth), true) if nth + 1 < count => (Standing::Line(nth + 1), 0),
            (Some(nth), false) if nth > 0 => (Standing::Line(nth - 1), 0),
            (_, true) => (Standing::Line(0), 1),
            (_, false) => (Standing::Last, -1),
        };
        self.at = at;
        self.is_led = events != 0;
        events
    }

    /// There is no event further on in this direction.
    fn stay(&mut self, is_on: bool) {
        self.is_led = false;
        self.at = if is_on { Standing::Last } else { Standing::Line(0) };
    }

    /// The numbers of the lines that have run by where one stands, where they are lines of this source.
    pub fn ran_lines(&self, file: &OwnFile) -> Vec<u32> {
        let Some(traced) = self.shown().filter(|_| self.is_of(file)) else { return Vec::new() };
        traced.numbers(self.nth().map_or(usize::MAX, |nth| nth + 1))
    }

    /// The line on which one stands.
    pub fn line(&self, file: &OwnFile) -> Option<u32> {
        let traced = self.here().filter(|_| self.is_of(file))?;
        Some(traced.lines.get(self.nth()?)?.line)
    }

    fn is_of(&self, file: &OwnFile) -> bool {
        let revision = file.script().filter(|_| file.runs_as_typed()).map(Script::revision);
        revision.is_some() && self.of.as_ref().map(|of| of.source) == revision
    }

    /// A field of the state as it was when the line on which one stands had run.
    pub fn as_of_line(&self, row: &mut StateRow) {
        let Some((traced, nth)) = self.here().zip(self.nth()) else { return };
        let Some(then) = traced.field_after(nth + 1, &row.field) else { return };
        let then = then.as_value();
        row.was.take_if(|was| *was == then);
        if row.is_removed {
            (row.is_removed, row.was) = (false, None);
        }
        row.value = then;
    }
}

/// The event at the cursor, where the stream is shown under this very source.
fn traced_here<'f>(file: &'f OwnFile, view: &StreamView) -> Option<(&'f Script, Traced)> {
    // While what is typed cannot run, it is what ran before.
    let script = file.script()?;
    let loaded = view.shown_loaded()?;
    let is_it = loaded.projection.name() == file.name() && loaded.projection.revision() == script.revision();
    let index = view.cursor().filter(|_| is_it)?;
    let version = loaded.timeline.heads().get(index)?.version;
    Some((script, Traced { source: script.revision(), stream: view.stream.clone(), version }))
}

impl OpenStore {
    /// The handler at the cursor is traced while the lens is looked through.
    pub(super) fn want_trace(&mut self) {
        let mut trace = std::mem::take(&mut self.own.trace);
        trace.want(&self.engine, self.division(), self.own.chosen(), self.view.as_ref());
        self.own.trace = trace;
    }

    /// To the next line of the handler or back to the one before it, and past its ends to the next event.
    pub fn step_line(&mut self, is_on: bool) {
        let events = self.own.trace.step(is_on);
        let Some(view) = self.view.as_mut().filter(|_| events != 0) else { return };
        let before = view.cursor();
        view.step(events);
        if view.cursor() == before {
            self.own.trace.stay(is_on);
        }
    }

    /// On one of the lines that ran, or behind all of them.
    pub fn stand_on_line(&mut self, nth: Option<usize>) {
        self.own.trace.stand(nth);
    }
}
