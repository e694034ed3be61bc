//! Where payloads changed their shape, along the time of a store.

use std::sync::Arc;

use super::span::{self, StoreAxis, StoreSpan};
use crate::engine::{Asked, Engine, Progress, Question, ShapesSo, StoreChronicle, StoreShapes, Ticket, Tool};
use crate::index::{Chronicle, Edition, ShapeChange};
use crate::store::Store;
use crate::view::UserError;

/// The payloads of so many events are read without being asked for; of more it takes a while.
const BY_ITSELF: usize = 1_000_000;

/// Marks that are nearer to each other than this are one.
const BETWEEN: f32 = 12.0;

/// One mark, of what changed there and about there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeMark {
    /// Where it lies on the axis.
    pub value: i64,
    /// Which of all changes.
    changes: Vec<usize>,
}

/// Whether payloads are read for it, and what of it is shown.
#[derive(Debug)]
pub struct ShapeMarks {
    shapes: StoreShapes,
    reading: Asked<ReadShapes>,
    /// What somebody chose.
    choice: Option<bool>,
    /// It was asked for; who stopped it wants it no more.
    is_begun: bool,
    placed: Option<Placed>,
}

/// The changes along an axis, and the marks of what is shown of it.
#[derive(Debug)]
struct Placed {
    axis: StoreAxis,
    edition: Edition,
    of: Arc<[ShapeChange]>,
    values: Vec<(i64, usize)>,
    shown: Option<(StoreSpan, u32)>,
    marks: Vec<ShapeMark>,
}

/// Reads when payloads changed their shape.
#[derive(Clone, Debug)]
pub struct ReadShapes(StoreShapes);

impl Question for ReadShapes {
    type Answer = ShapesSo;
    type Error = UserError;
    const WHAT: &'static str = "reading payloads";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<ShapesSo, UserError> {
        Ok(self.0.follow(reader, ticket)?)
    }
}

impl ShapeMarks {
    pub(super) fn new(engine: &Engine) -> Self {
        let shapes = StoreShapes::new(engine.memory());
        Self { shapes, reading: Asked::default(), choice: None, is_begun: false, placed: None }
    }

    /// Of a store of so many events.
    pub fn is_on(&self, total: usize) -> bool {
        self.choice.unwrap_or(total <= BY_ITSELF)
    }

    pub fn set_on(&mut self, is_on: bool) {
        self.choice = Some(is_on);
        if is_on {
            self.is_begun = self.reading.value().is_some();
        } else {
            self.reading.cancel();
        }
    }

    /// Payloads are read once all that happened is known.
    pub(super) fn begin(&mut self, engine: &Engine, total: usize) {
        if self.is_on(total) && !self.is_begun {
            self.is_begun = true;
            self.reading.ask(engine, ReadShapes(self.shapes.clone()));
        }
    }

    pub(super) fn follow(&mut self, engine: &Engine) {
        if self.reading.value().is_some() || self.reading.error().is_some() {
            self.reading.reload(engine);
        }
    }

    pub(in crate::view) fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.reading
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        self.reading.poll(engine)
    }

    pub(super) fn cancel(&mut self) {
        self.reading.cancel();
    }

    pub fn error(&self) -> Option<&UserError> {
        self.reading.error()
    }

    /// While nothing is known yet.
    pub fn progress(&self) -> Option<Progress> {
        self.reading.progress().filter(|_| self.reading.value().is_none())
    }

    /// What is known of the whole store.
    pub fn known(&self) -> Option<&ShapesSo> {
        self.reading.value()
    }

    /// The marks of what is shown on a line so wide, made ready. Where nothing changed since the last time, nothing is done.
    pub(super) fn prepare(&mut self, chronicle: &StoreChronicle, axis: StoreAxis, span: StoreSpan, width: f32) {
        let total = chronicle.look_now(Chronicle::len);
        let Some(known) = self.reading.value().filter(|_| total.is_none_or(|total| self.is_on(total))) else {
            self.placed = None;
            return;
        };
        let is_placed = |placed: &Placed, edition: Edition| {
            placed.axis == axis && placed.edition == edition && Arc::ptr_eq(&placed.of, &known.changes)
        };
        let anew = chronicle.look_now(|chronicle| {
            let edition = chronicle.edition();
            if self.placed.as_ref().is_some_and(|placed| is_placed(placed, edition)) {
                return None;
            }
            Some(Placed::new(chronicle, axis, &known.changes))
        });
        if let Some(Some(anew)) = anew {
            self.placed = Some(anew);
        }
        if let Some(placed) = &mut self.placed {
            placed.show(span, width);
        }
    }

    /// As they were made ready last.
    pub fn marks(&self) -> &[ShapeMark] {
        self.placed.as_ref().map_or(&[], |placed| &placed.marks)
    }

    /// What changed at a mark, the earliest first.
    pub fn changes<'m>(&'m self, mark: &'m ShapeMark) -> impl ExactSizeIterator<Item = &'m ShapeChange> {
        let of = self.placed.as_ref().map_or(&[][..], |placed| &placed.of);
        let changes: Vec<&ShapeChange> = mark.changes.iter().filter_map(|number| of.get(*number)).collect();
        changes.into_iter()
    }
}

impl Placed {
    fn new(chronicle: &Chronicle, axis: StoreAxis, of: &Arc<[ShapeChange]>) -> Self {
        let value = |(number, change): (usize, &ShapeChange)| {
            let value = span::value_of(chronicle, axis, change.seen.moment)?;
            let by_time = change.seen.at.filter(|_| axis == StoreAxis::Time);
            Some((by_time.map_or(value, |at| at.micros()), number))
        };
        let mut values: Vec<(i64, usize)> = of.iter().enumerate().filter_map(value).collect();
        values.sort_unstable();
        Self { axis, edition: chronicle.edition(), of: Arc::clone(of), values, shown: None, marks: Vec::new() }
    }

    fn show(&mut self, span: StoreSpan, width: f32) {
        let shown = Some((span, width.round() as u32));
        if self.shown == shown {
            return;
        }
        self.shown = shown;
        self.marks.clear();
        let first = self.values.partition_point(|(value, _)| *value < span.from);
        let within = self.values.iter().skip(first).take_while(|(value, _)| *value <= span.to);
        let near = f64::from(BETWEEN / width.max(1.0));
        for (value, number) in within {
            match self.marks.last_mut().filter(|mark| span.share(*value) - span.share(mark.value) < near) {
                Some(mark) => mark.changes.push(*number),
                None => self.marks.push(ShapeMark { value: *value, changes: vec![*number] }),
            }
        }
    }
}
