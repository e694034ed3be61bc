//! StreamLanes of the timeline: what a field or a condition was along a stream, on the same scale as its events.

mod choices;
mod shape;
mod typing;

pub use choices::{Choice, ChoiceGroup};
pub use shape::{Piece, pieces, run_ticks};
pub use typing::LaneTyping;

use std::collections::{BTreeMap, HashMap};

use super::{StreamView, UserError};
use crate::engine::{Asked, Cause, Engine, Question, SpokenWords, Ticket, Tool, describe, load_timeline};
use crate::event::StreamId;
use crate::expr::{Doubt, Expression, Flaw, FlawKind, Names, Stop, Value};
use crate::replay::{Index, Timeline, Turns, registry};
use crate::store::{Flow, Store, StoreError};

/// More lanes than these nobody reads at once.
pub const MOST_LANES: usize = 24;

/// So many letters of a value are kept to be shown.
const LONGEST_LABEL: usize = 80;

/// What an expression was along a stream.
#[derive(Clone, Debug, Default)]
pub struct LaneData {
    /// What of it cannot be read here.
    pub flaw: Option<Flaw>,
    pub kind: LaneKind,
    pub turns: Turns,
    /// Where it became another value, and which.
    pub steps: Vec<(Index, Told)>,
    /// The texts that it was, in the order in which each first was.
    pub labels: Vec<String>,
    /// The least and the greatest number that it was.
    pub low: f64,
    pub high: f64,
    was_number: bool,
}

/// How a lane is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LaneKind {
    /// It was never anything.
    #[default]
    Nothing,
    Condition,
    /// A condition that is true at single events.
    Moments,
    Number,
    Text,
}

/// A value as a lane keeps it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    Nothing,
    Unknown,
    Truth(bool),
    Number(f64),
    /// By its place among the labels.
    Label(u32),
}

/// A stretch of a lane on the screen, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gist {
    pub piece: Piece,
    /// The first of its steps that is true.
    pub first_true: Option<usize>,
    /// The least and the greatest number; the other way round where there is none.
    pub low: f64,
    pub high: f64,
}

impl LaneData {
    /// Reads an expression along a stream that is loaded.
    fn read(timeline: &dyn Timeline, text: &str, spoken: &SpokenWords, stop: &dyn Fn() -> bool) -> Result<Self, Stop> {
        let expression = match Expression::new(text, &timeline.names()) {
            Ok(expression) => expression,
            Err(flaw) => return Ok(Self { flaw: Some(flaw), ..Self::default() }),
        };
        let (mut data, mut known) = (Self::default(), HashMap::new());
        let all = 0..timeline.heads().len();
        let read = timeline.read_along(&expression, all.clone(), spoken, stop, &mut |index, value| {
            data.note(index, &expression, value, &mut known);
        });
        data.turns.look_to(all.end);
        match read {
            Err(Stop::TooManySteps | Stop::TooManyStepsInAll) => {
                let span = 0..text.len();
                Ok(Self { flaw: Some(Flaw { kind: FlawKind::TooManySteps, span, instead: None }), ..Self::default() })
            }
            other => other.map(|()| data),
        }
    }

    fn note(
        &mut self,
        index: Index,
        expression: &Expression,
        value: Result<Value<'_>, Doubt>,
        known: &mut HashMap<String, u32>,
    ) {
        let told = match &value {
            Err(_) => Told::Unknown,
            Ok(Value::Null) => Told::Nothing,
            Ok(Value::Bool(is)) => Told::Truth(*is),
            Ok(value) => match value.as_f64() {
                Some(number) => Told::Number(number),
                None => self.label(value, known),
            },
        };
        let kind = match told {
            Told::Nothing | Told::Unknown => self.kind,
            Told::Truth(_) if expression.is_of_moments() => LaneKind::Moments,
            Told::Truth(_) => LaneKind::Condition,
            Told::Number(_) => LaneKind::Number,
            Told::Label(_) => LaneKind::Text,
        };
        // What is sometimes one and sometimes another is said in words.
        let is_first = self.kind == LaneKind::Nothing;
        if is_first || self.kind == kind {
            self.kind = kind;
        } else {
            self.kind = LaneKind::Text;
        }
        if let Told::Number(number) = told {
            let was_number = std::mem::replace(&mut self.was_number, true);
            self.low = if was_number { self.low.min(number) } else { number };
            self.high = if was_number { self.high.max(number) } else { number };
        }
        self.turns.note_value(index, expression, value);
        if self.steps.last().is_none_or(|(_, last)| *last != told) {
            self.steps.push((index, told));
        }
    }

    fn label(&mut self, value: &Value<'_>, known: &mut HashMap<String, u32>) -> Told {
        let mut text = value.shown();
        if text.len() > LONGEST_LABEL {
            text.truncate(text.floor_char_boundary(LONGEST_LABEL));
            text.push('…');
        }
        if let Some(place) = known.get(&text) {
            return Told::Label(*place);
        }
        let place = self.labels.len() as u32;
        self.labels.push(text.clone());
        known.insert(text, place);
        Told::Label(place)
    }

    /// Which of the steps an event lies on.
    pub fn step_at(&self, index: Index) -> Option<usize> {
        self.steps.partition_point(|(begin, _)| *begin <= index).checked_sub(1)
    }

    pub fn told_at(&self, index: Index) -> Told {
        self.step_at(index).and_then(|step| self.steps.get(step)).map_or(Told::Nothing, |(_, told)| *told)
    }

    /// What is to be drawn of a stretch, made once for it.
    pub fn gist(&self, piece: Piece) -> Gist {
        let steps = self.steps.get(piece.first..piece.end).unwrap_or_default();
        let mut gist = Gist { piece, first_true: None, low: f64::INFINITY, high: f64::NEG_INFINITY };
        for (place, (_, told)) in (piece.first..).zip(steps) {
            match told {
                Told::Truth(true) => drop(gist.first_true.get_or_insert(place)),
                Told::Number(number) => {
                    gist.low = gist.low.min(*number);
                    gist.high = gist.high.max(*number);
                }
                _ => {}
            }
        }
        gist
    }

    /// How many texts and numbers it was.
    pub fn values(&self) -> usize {
        self.labels.len()
    }

    pub fn label_of(&self, place: u32) -> &str {
        self.labels.get(place as usize).map_or("", String::as_str)
    }

    fn is_of_turns(&self) -> bool {
        matches!(self.kind, LaneKind::Condition | LaneKind::Moments)
    }

    /// Where it turned last before an event, or became another value.
    pub fn turn_before(&self, index: Index) -> Option<Index> {
        if self.kind == LaneKind::Moments {
            return self.moment_before(index);
        }
        if self.is_of_turns() {
            return self.turns.turn_before(index);
        }
        let before = self.steps.partition_point(|(begin, _)| *begin < index).checked_sub(1)?;
        self.steps.get(before).map(|(begin, _)| *begin).filter(|_| before > 0)
    }

    pub fn turn_after(&self, index: Index) -> Option<Index> {
        if self.kind == LaneKind::Moments {
            return self.moment_after(index);
        }
        if self.is_of_turns() {
            return self.turns.turn_after(index);
        }
        let after = self.steps.partition_point(|(begin, _)| *begin <= index);
        self.steps.get(after).map(|(begin, _)| *begin)
    }

    /// The last event before this one at which it was true.
    fn moment_before(&self, index: Index) -> Option<Index> {
        let ranges = self.turns.ranges();
        let range = ranges.get(ranges.partition_point(|range| range.start < index).checked_sub(1)?)?;
        Some(range.end.min(index).saturating_sub(1))
    }

    fn moment_after(&self, index: Index) -> Option<Index> {
        let ranges = self.turns.ranges();
        let range = ranges.get(ranges.partition_point(|range| range.end <= index + 1))?;
        Some(range.start.max(index + 1))
    }

    /// How many events it was true at, up to this one.
    pub fn moments_up_to(&self, index: Index) -> usize {
        self.turns.true_up_to(index)
    }
}

/// The lanes of a store: of each category of streams its own, and those that were saved by a name.
#[derive(Debug, Default)]
pub struct StreamLanes {
    kept: BTreeMap<String, Vec<String>>,
    /// Sets of lanes by the names under which they were saved.
    pub saved: Vec<(String, Vec<String>)>,
    asked: Asked<ReadStreamLanes>,
    pub typing: LaneTyping,
    /// The one that the keys go along, by what was typed; where it is not shown, the first is meant.
    pub chosen: String,
    /// Raised whenever there is something else to keep.
    edits: u64,
}

/// What was read of a stream, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanesOf {
    stream: StreamId,
    projection: usize,
    revision: u64,
    texts: Vec<String>,
}

impl StreamLanes {
    /// As they were kept.
    pub fn restore(&mut self, kept: BTreeMap<String, Vec<String>>) {
        self.kept = kept;
    }

    pub fn kept(&self) -> &BTreeMap<String, Vec<String>> {
        &self.kept
    }

    /// Another number whenever there is something else to keep.
    pub fn edits(&self) -> u64 {
        self.edits
    }

    pub fn asked(&self) -> &Asked<ReadStreamLanes> {
        &self.asked
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        self.asked.poll(engine)
    }

    pub(super) fn cancel(&mut self) {
        self.asked.cancel();
    }

    pub(super) fn retry(&mut self, engine: &Engine) {
        Tool::retry(&mut self.asked, engine);
    }

    /// What was typed, of the streams of a category.
    pub fn texts(&self, category: &str) -> &[String] {
        self.kept.get(category).map_or(&[], Vec::as_slice)
    }

    pub fn add(&mut self, category: &str, text: &str) {
        let lanes = self.kept.entry(category.to_owned()).or_default();
        if lanes.len() < MOST_LANES && lanes.iter().all(|known| known != text) {
            lanes.push(text.to_owned());
            text.clone_into(&mut self.chosen);
            self.edits += 1;
        }
    }

    pub fn remove(&mut self, category: &str, text: &str) {
        if let Some(lanes) = self.kept.get_mut(category) {
            lanes.retain(|known| known != text);
            self.edits += 1;
        }
    }

    /// Shows these and no others.
    pub fn set(&mut self, category: &str, texts: Vec<String>) {
        self.kept.insert(category.to_owned(), texts);
        self.edits += 1;
    }

    /// Keeps the lanes of a category under a name, in the place of what has it.
    pub fn save(&mut self, name: &str, category: &str) {
        let texts = self.texts(category).to_vec();
        self.saved.retain(|(known, _)| known != name);
        self.saved.push((name.to_owned(), texts));
        self.edits += 1;
    }

    pub fn forget(&mut self, name: &str) {
        self.saved.retain(|(known, _)| known != name);
        self.edits += 1;
    }

    /// Has the lanes read of the stream on screen, if they were not yet.
    pub(super) fn follow(&mut self, engine: &Engine, view: &StreamView) {
        let Some(loaded) = view.base() else { return };
        let texts = self.texts(&loaded.described.row.category).to_vec();
        if texts.is_empty() {
            return;
        }
        let (projection, revision) = (view.shown_number(), view.revision());
        let wanted = LanesOf { stream: view.stream.clone(), projection, revision, texts };
        let is_asked = self.asked.question().is_some_and(|asked| asked.of == wanted);
        if !is_asked {
            let has_grown = self.asked.question().is_some_and(|asked| {
                asked.of.stream == wanted.stream && asked.of.texts == wanted.texts && asked.of.projection == projection
            });
            let cause = if has_grown { Cause::Store } else { Cause::User };
            self.asked.ask_because(engine, ReadStreamLanes { of: wanted }, cause);
        }
    }

    /// What a lane was along the stream on screen, once it was read there.
    pub fn data(&self, view: &StreamView, text: &str) -> Option<&LaneData> {
        let (of, data) = self.asked.value()?;
        let is_here = of.stream == view.stream && of.projection == view.shown_number();
        let place = of.texts.iter().position(|known| known == text).filter(|_| is_here)?;
        data.get(place)
    }
}

/// Reads lanes along a stream.
#[derive(Clone, Debug)]
pub struct ReadStreamLanes {
    of: LanesOf,
}

impl Question for ReadStreamLanes {
    type Answer = (LanesOf, Vec<LaneData>);
    type Error = UserError;
    const WHAT: &'static str = "reading lanes";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let described = describe(reader, &self.of.stream)?;
        let projection = registry().nth(described.aggregate, self.of.projection);
        ticket.set_total(described.row.events);
        let (mut author, mut payload) = (false, false);
        for text in &self.of.texts {
            // Its names are known only once the stream is.
            let open = Names { is_open: true, ..projection.names() };
            if let Ok(sketch) = Expression::new(text, &open) {
                author |= sketch.uses().author;
                payload |= sketch.uses().payload;
            }
        }
        let mut spoken = SpokenWords::wanting(author, payload);
        let timeline = load_timeline(reader, &described, &projection, &mut |row| spoken.push(row), &mut |count| {
            ticket.reached(count)
        })?;
        let mut data = Vec::with_capacity(self.of.texts.len());
        for text in &self.of.texts {
            let lane = LaneData::read(timeline.as_ref(), text, &spoken, &|| ticket.is_cancelled());
            data.push(lane.map_err(|_| StoreError::Cancelled)?);
            if let Flow::Break(()) = ticket.flow() {
                return Err(StoreError::Cancelled.into());
            }
        }
        Ok((self.of, data))
    }
}
