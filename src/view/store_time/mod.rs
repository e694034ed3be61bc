//! The one cursor over a whole store, and what of its time is shown.

mod bars;
mod shapes;
mod span;

pub use bars::{BarLane, Bars};
pub use shapes::{ReadShapes, ShapeMark, ShapeMarks};
pub use span::{StoreAxis, StoreSpan, place_ticks, span_ticks};

use std::time::Duration;

use super::signs::SignBook;
use super::{Clock, UserError};
use crate::engine::{Asked, ChronicleSo, Engine, Question, StoreChange, StoreChronicle, Ticket, Tool};
use crate::event::{Message, Position, Timestamp};
use crate::index::{Chronicle, Edition, Facet, StoreMoment};
use crate::store::Store;

/// A moment of a store, as far as the store was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCursor {
    /// What whoever reads the store is asked for.
    pub moment: StoreMoment,
    /// How many events count then, and how many there are.
    pub count: usize,
    pub total: usize,
    /// Of the last event that counts.
    pub recorded_at: Option<Timestamp>,
    pub position: Option<Position>,
}

/// What is typed to go to a moment, and what is wrong with it.
#[derive(Debug, Default)]
pub struct TypedStoreMoment {
    pub text: String,
    pub fault: Option<UserError>,
    pub wants_focus: bool,
}

/// The store's time: its events, the cursor, and which of it is shown.
#[derive(Debug)]
pub struct StoreTime {
    pub chronicle: StoreChronicle,
    reading: Asked<ReadChronicle>,
    /// Somebody looks at it: it is read, and kept up with the store.
    is_wanted: bool,
    /// For as long as the list of streams is waited for, which it would take the machine from.
    waits: bool,
    moment: StoreMoment,
    cursor: StoreCursor,
    /// What the cursor was made from.
    seen: Option<(StoreMoment, Edition, bool)>,
    pub facet: Facet,
    pub axis: StoreAxis,
    shown: Option<StoreSpan>,
    brush: Option<StoreSpan>,
    /// How many events lie in it, of so many in all.
    brushed: Option<(StoreSpan, usize, u64)>,
    bars: Option<Bars>,
    pub shapes: ShapeMarks,
    pub pins: [Option<StoreMoment>; 2],
    pub typed: TypedStoreMoment,
}

/// Reads what happened, when and by whom.
#[derive(Clone, Debug)]
pub struct ReadChronicle(StoreChronicle);

impl Question for ReadChronicle {
    type Answer = ChronicleSo;
    type Error = UserError;
    const WHAT: &'static str = "reading what happened when";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<ChronicleSo, UserError> {
        Ok(self.0.follow(reader, ticket)?)
    }
}

impl StoreTime {
    pub(super) fn new(engine: &Engine) -> Self {
        Self {
            chronicle: StoreChronicle::new(engine.memory()),
            reading: Asked::default(),
            is_wanted: false,
            waits: false,
            moment: StoreMoment::Latest,
            cursor: StoreCursor::default(),
            seen: None,
            facet: Facet::default(),
            axis: StoreAxis::default(),
            shown: None,
            brush: None,
            brushed: None,
            bars: None,
            shapes: ShapeMarks::new(engine),
            pins: [None, None],
            typed: TypedStoreMoment::default(),
        }
    }

    /// Somebody looks: what is not read yet is read now.
    pub(super) fn want(&mut self) {
        self.waits |= !self.is_wanted;
        self.is_wanted = true;
    }

    /// The machine is free for it: what is wanted is read.
    pub(super) fn begin(&mut self, engine: &Engine) {
        if std::mem::take(&mut self.waits) {
            self.reading.ask(engine, ReadChronicle(self.chronicle.clone()));
        }
    }

    pub(super) fn follow(&mut self, engine: &Engine, change: &StoreChange) {
        if self.is_wanted && !self.waits && *change != StoreChange::Rewritten {
            self.reading.reload(engine);
            self.shapes.follow(engine);
        }
    }

    pub(super) fn retry(&mut self, engine: &Engine) {
        if self.is_wanted && !self.waits {
            Tool::retry(&mut self.reading, engine);
        }
    }

    pub(super) fn retry_if_failed(&mut self, engine: &Engine) {
        self.reading.again_if_failed(engine);
    }

    pub(super) fn cancel(&mut self) {
        self.reading.cancel();
        self.shapes.cancel();
    }

    pub(super) fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.reading
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let is_new = self.reading.poll(engine) | self.shapes.poll(engine);
        if self.is_whole() && !self.reading.is_loading() {
            self.shapes.begin(engine, self.cursor.total);
        }
        self.refresh() || is_new
    }

    /// How soon there is more to see, while it is being read.
    pub fn grows_in(&self) -> Option<Duration> {
        const STEP: Duration = Duration::from_millis(150);
        self.reading.is_loading().then_some(STEP)
    }

    /// All is read that there was when it was asked for last.
    pub fn is_whole(&self) -> bool {
        self.seen.is_some_and(|(_, _, is_whole)| is_whole)
    }

    /// The store has an order across its streams.
    pub fn has_order(&self) -> bool {
        self.chronicle.look_now(Chronicle::has_order).unwrap_or(true)
    }

    /// What whoever reads the store is asked for.
    pub fn moment(&self) -> StoreMoment {
        self.moment
    }

    pub fn cursor(&self) -> StoreCursor {
        self.cursor
    }

    /// To a moment, or where the events up to it are read, to the last of them.
    pub fn go_to(&mut self, moment: StoreMoment) {
        self.moment = moment;
        self.refresh();
    }

    /// Behind so many events.
    fn go_behind(&mut self, count: usize) {
        let moment = self.chronicle.look(|chronicle| {
            if count >= chronicle.len() && chronicle.is_whole() {
                StoreMoment::Latest
            } else {
                chronicle.moment_of(count)
            }
        });
        self.go_to(moment);
    }

    pub fn first(&mut self) {
        self.go_behind(1);
    }

    pub fn last(&mut self) {
        self.go_to(StoreMoment::Latest);
    }

    /// So many events on. Of a store without an order, those of one moment are one.
    pub fn step(&mut self, by: isize) {
        let before = self.cursor.count;
        let count = before.saturating_add_signed(by).clamp(1.min(self.cursor.total), self.cursor.total);
        self.go_behind(count);
        if by < 0 && self.cursor.count >= before {
            let earlier = self.chronicle.look(|chronicle| {
                let at = chronicle.counts_from(count.checked_sub(1)?)?;
                let earlier = chronicle.count_at(StoreMoment::Time(at.plus_micros(-1)));
                (earlier > 0).then_some(earlier)
            });
            if let Some(earlier) = earlier {
                self.go_behind(earlier);
            }
        }
    }

    /// To the end of the bar that lies so many on from the cursor's.
    pub fn step_bars(&mut self, by: isize) {
        let (Some(bars), Some(here)) = (&self.bars, self.cursor_value()) else { return };
        let last = |edge: &i64| match bars.axis() {
            // A bar's end is not of it.
            StoreAxis::Time => edge.saturating_sub(1),
            StoreAxis::Place => *edge,
        };
        let ends: Vec<i64> = bars.edges.iter().skip(1).map(last).collect();
        let number =
            if by < 0 { ends.partition_point(|end| *end < here) } else { ends.partition_point(|end| *end <= here) };
        let number = number.saturating_add_signed(if by < 0 { by } else { by - 1 }).min(ends.len().saturating_sub(1));
        let to = ends.get(number).copied();
        let before = self.cursor.count;
        if let Some(to) = to {
            self.go_to_value(to);
        }
        if self.cursor.count == before && by > 0 {
            // Nothing happened for longer than that.
            self.step(1);
        }
    }

    /// To where something lies on the axis that is shown.
    pub fn go_to_value(&mut self, value: i64) {
        let count = match self.axis {
            StoreAxis::Place => usize::try_from(value).unwrap_or(0),
            StoreAxis::Time => {
                let at = StoreMoment::Time(Timestamp::from_micros(value));
                self.chronicle.look(|chronicle| chronicle.count_at(at))
            }
        };
        self.go_behind(count.max(1));
    }

    /// To what was typed; or says why not. Answers whether it went.
    pub fn go_to_typed(&mut self) -> bool {
        match self.typed_moment() {
            Ok(moment) => {
                self.go_to(moment);
                self.typed = TypedStoreMoment::default();
                true
            }
            Err(fault) => {
                self.typed.fault = Some(fault);
                self.typed.wants_focus = true;
                false
            }
        }
    }

    fn typed_moment(&self) -> Result<StoreMoment, UserError> {
        let text = self.typed.text.replace([',', '\u{202f}', '\u{a0}'], "");
        let moment = text.trim().parse::<StoreMoment>()?;
        let has_begun = self
            .chronicle
            .look(|chronicle| !chronicle.is_whole() || chronicle.is_empty() || chronicle.count_at(moment) > 0);
        if matches!(moment, StoreMoment::Position(_)) && !self.has_order() {
            return Err(UserError::new(Message::new("ask-no-positions")));
        }
        if has_begun {
            Ok(moment)
        } else {
            Err(UserError::new(Message::new("error-before-store").text("moment", moment)))
        }
    }

    /// Sets a pin at the cursor, or takes it away where it stands there already.
    pub fn pin(&mut self, pin: usize) {
        let here = self.chronicle.look(|chronicle| chronicle.moment_of(self.cursor.count));
        if let Some(pin) = self.pins.get_mut(pin) {
            *pin = Some(here).filter(|_| *pin != Some(here));
        }
    }

    /// Looks at what was read anew, where that or the moment changed. Says whether there is something new to show.
    fn refresh(&mut self) -> bool {
        let moment = self.moment;
        let seen = self.seen;
        let found = self.chronicle.look_now(|chronicle| {
            let state = (moment, chronicle.edition(), chronicle.is_whole());
            (seen != Some(state)).then(|| (state, resolved(chronicle, moment)))
        });
        let Some(Some(((_, edition, is_whole), cursor))) = found else { return false };
        self.moment = cursor.moment;
        self.seen = Some((cursor.moment, edition, is_whole));
        self.cursor = cursor;
        true
    }

    /// What of the time is shown, made ready for a line so wide. `clock` tells days.
    pub(super) fn prepare_bars(
        &mut self,
        signs: &mut SignBook,
        (width, is_low): (f32, bool),
        clock: Clock,
    ) -> Option<&Bars> {
        let Self { facet, axis, shown, .. } = *self;
        let wish = bars::Wish { facet, axis, shown, width: width.round() as u32, clock, is_low };
        let is_loading = self.reading.is_loading();
        let known = self.bars.as_ref();
        let made = self.chronicle.look_now(|chronicle| {
            let is_current = known.is_some_and(|bars| bars.is_current(chronicle, &wish, is_loading));
            if is_current { None } else { Bars::new(chronicle, wish, signs) }
        });
        if let Some(Some(made)) = made {
            self.bars = Some(made);
        }
        if let Some(bars) = &self.bars {
            self.shapes.prepare(&self.chronicle, bars.axis(), bars.span, width);
        }
        self.bars.as_ref()
    }

    /// The bars as they were made ready last.
    pub fn bars(&self) -> Option<&Bars> {
        self.bars.as_ref()
    }

    /// The span that is shown; `None` where that is all.
    pub fn shown(&self) -> Option<StoreSpan> {
        self.shown
    }

    /// All that there is on the axis.
    pub fn whole(&self) -> Option<StoreSpan> {
        self.chronicle.look(|chronicle| span::whole(chronicle, self.axis))
    }

    /// Shows this span, or all.
    pub fn show(&mut self, span: Option<StoreSpan>) {
        let whole = self.whole();
        self.shown = match (span, whole) {
            (Some(span), Some(whole)) => Some(span.within(whole, self.axis)).filter(|span| *span != whole),
            _ => None,
        };
    }

    /// So much nearer to the cursor, or what lies in the middle where that is not in sight.
    pub fn zoom(&mut self, factor: f64) {
        let Some(whole) = self.whole() else { return };
        let shown = self.shown.unwrap_or(whole);
        let here = self.cursor_value().unwrap_or(shown.middle());
        let around = if shown.holds(here) { here } else { shown.middle() };
        self.show(Some(shown.zoomed(around, factor)));
    }

    /// Where the cursor lies on the axis.
    pub fn cursor_value(&self) -> Option<i64> {
        self.value_of(self.cursor.moment)
    }

    /// Where a moment lies on the axis.
    pub fn value_of(&self, moment: StoreMoment) -> Option<i64> {
        self.chronicle.look(|chronicle| span::value_of(chronicle, self.axis, moment))
    }

    /// When the last event was recorded that is of a moment.
    pub fn time_of(&self, moment: StoreMoment) -> Option<Timestamp> {
        self.chronicle.look(|chronicle| resolved(chronicle, moment).recorded_at)
    }

    pub fn brush(&self) -> Option<StoreSpan> {
        self.brush
    }

    /// Marks a span, or none.
    pub fn set_brush(&mut self, brush: Option<StoreSpan>) {
        self.brush = brush.filter(|brush| brush.to > brush.from);
    }

    /// How many events lie in the marked span.
    pub fn brushed_events(&mut self) -> u64 {
        let Some(brush) = self.brush else { return 0 };
        let total = self.cursor.total;
        match self.brushed {
            Some((span, of, events)) if span == brush && of == total => events,
            _ => {
                let events = self.chronicle.look(|chronicle| span::events_in(chronicle, self.axis, brush));
                self.brushed = Some((brush, total, events));
                events
            }
        }
    }

    /// The marked span as times, whatever the axis is: from, and behind the last.
    pub fn brushed_times(&self) -> Option<(Timestamp, Timestamp)> {
        let brush = self.brush?;
        self.chronicle.look(|chronicle| span::times_of(chronicle, self.axis, brush))
    }

    /// By time or by position; what is shown and marked is the same.
    pub fn set_axis(&mut self, axis: StoreAxis) {
        if axis == self.axis {
            return;
        }
        let before = self.axis;
        let [shown, brush] = self.chronicle.look(|chronicle| {
            [self.shown, self.brush].map(|span| span.and_then(|span| span::on_other(chronicle, before, axis, span)))
        });
        self.axis = axis;
        self.brush = brush;
        self.brushed = None;
        self.show(shown);
    }
}

fn resolved(chronicle: &Chronicle, moment: StoreMoment) -> StoreCursor {
    let count = chronicle.count_at(moment);
    let moment = match moment {
        // By then all is known that was recorded up to it, and so up to which event that is.
        StoreMoment::Time(_) if chronicle.has_order() && chronicle.is_whole() => chronicle.moment_of(count),
        moment => moment,
    };
    let last = count.checked_sub(1).and_then(|place| chronicle.entry(place));
    StoreCursor {
        moment,
        count,
        total: chronicle.len(),
        recorded_at: last.and_then(|last| last.recorded_at),
        position: last.and_then(|last| last.position),
    }
}
