//! How every stream of a store stood at a moment, under one projection.

use std::any::Any;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::bound::{At, Spoken};
use super::kept::{Beyond, Failed, Kept, TypeNumbers};
use super::laid::{KeptRef, LaidDown};
use super::shelf::Shelf;
use super::stream_names::StreamNames;
use super::streams::ByStream;
use super::watch::WatchRows;
use super::{DecodedRows, Finding};
use crate::event::{Head, Position, StreamId, StreamKey, Timestamp, Version};
use crate::expr::{Doubt, Expression, Reading, Stop};
use crate::projection::{Problem, Projection, cell_value};

/// One stream, as it stood, without its name.
#[derive(Clone, Copy, Debug)]
pub struct Stood<'s> {
    /// Where its first event stands.
    pub began: Option<Position>,
    /// Of the last event that counts.
    pub version: Version,
    pub recorded_at: Option<Timestamp>,
    /// The first event on which the projection failed; the state is that of the others.
    pub failed: Option<&'s Finding>,
}

/// Which states are laid outside of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayDown {
    /// Half of them: of the streams that began first, or were taken up again first. Fewer events come to those.
    Older,
    All,
    /// And the streams' names.
    Names,
}

/// The states of all streams as they stood, by the place of each in the order in which the streams began.
pub trait Standing: Send + Sync + fmt::Debug {
    /// Folds in what [`super::ProjectionRef::rows_to_watch`] decoded, the rows of each stream in order.
    fn fold(&mut self, rows: Box<dyn DecodedRows>);

    /// The events that count.
    fn events(&self) -> u64;

    /// The streams that had begun.
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn stood(&self, place: usize) -> Option<Stood<'_>>;

    /// The stream's name.
    fn stream(&self, place: usize) -> Option<Cow<'_, str>>;

    /// Whether the name lies in memory.
    fn is_named(&self, place: usize) -> bool;

    fn show(&self, place: usize) -> Option<Value>;

    /// Whether the state lies in memory, and is so small that any value of it may be made while a frame is drawn.
    fn is_at_hand(&self, place: usize) -> bool;

    /// The state as [`super::ProjectionRef::resume`] takes it; `None` also where the projection was not run to the end.
    fn snapshot(&self, place: usize) -> Option<String>;

    /// What stands at a path of the state; null where nothing does.
    fn value(&self, place: usize, path: &str) -> Value;

    /// The names of the state's fields.
    fn fields(&self, place: usize) -> Vec<String>;

    fn has_field(&self, place: usize, name: &str) -> bool;

    /// Whether all of them have the same fields.
    fn has_fixed_fields(&self) -> bool;

    /// What a condition is, asked of the state and of the last event's head. It must ask for nothing else.
    fn reading(&self, place: usize, expression: &Expression, stop: &dyn Fn() -> bool) -> Result<Reading, Stop>;

    /// The bytes that all of it takes, as far as some of the states tell.
    fn bytes(&self) -> u64;

    /// The same without what it has in common with the one that it went on from.
    fn own_bytes(&self) -> u64;

    /// Lays states on a shelf, or on the one where some lie already: some numbers a stream stay, and mostly its name. Folding
    /// goes on as before. False where that was stopped, or there is no room there either.
    fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, part: LayDown, go_on: &mut dyn FnMut() -> bool) -> bool;

    /// No more is folded into it: others may go on from it.
    fn share(&mut self);

    /// One that goes on from here. Costs some bytes a stream, however large the states are.
    fn another(&self) -> Box<dyn Standing>;

    /// The places of those that changed or began since it went on from another one, in order.
    fn touched(&self) -> Vec<usize>;

    /// The stream's number in the store.
    fn key(&self, place: usize) -> Option<StreamKey>;
}

/// States that are looked at to tell how large all of them are.
pub(super) const WEIGHED: usize = 256;

#[derive(Clone)]
pub(super) struct AllStood<P: Projection> {
    projection: P,
    /// Events behind this do not count; where clocks ran backward, the order of the stream does.
    until: Option<Timestamp>,
    of_stream: ByStream<Kept<P::State>>,
    /// Where there was no room for all: those that no event came to since, and how the others were then.
    laid: Option<LaidDown<P::State>>,
    /// Those that had begun, in that order.
    began: Vec<StreamKey>,
    /// In the same order.
    names: StreamNames,
    types: TypeNumbers,
    events: u64,
    problems: Vec<Problem>,
    /// Where it went on from another one: whose events came since.
    touched: Option<HashSet<StreamKey>>,
}

impl<P: Projection> AllStood<P> {
    pub(super) fn new(projection: P, until: Option<Timestamp>) -> Self {
        Self {
            projection,
            until,
            of_stream: ByStream::new(),
            laid: None,
            began: Vec::new(),
            names: StreamNames::default(),
            types: TypeNumbers::default(),
            events: 0,
            problems: Vec::new(),
            touched: None,
        }
    }

    fn take(&mut self, key: StreamKey, stream: StreamId, head: Head, event: &P::Event) {
        let Self { projection, until, of_stream, laid, began, names, types, events, problems, touched } = self;
        let is_away = laid.is_some() && of_stream.get(key).is_none();
        let taken_up = laid.as_ref().filter(|_| is_away).and_then(|laid| laid.take_up(key));
        let kept = of_stream.get_or_begin(key);
        if let Some(taken_up) = taken_up {
            *kept = taken_up;
        }
        if let Some(touched) = touched {
            touched.insert(key);
        }
        if kept.is_new() {
            kept.begin(key, head.position);
        }
        let counts = until.is_none_or(|until| head.recorded_at.is_some_and(|at| at <= until));
        if counts && let Some(Beyond { state, failed, events: before }) = kept.take_beyond() {
            kept.state = state;
            kept.set_failed(failed);
            *events += before;
        }
        let state = if counts {
            &mut kept.state
        } else {
            let beyond = kept.beyond_or_begin();
            beyond.events += 1;
            &mut beyond.state
        };
        projection.fold(state, event, &head, problems);
        if let Some(problem) = problems.drain(..).find(Problem::leaves_event_out) {
            let failed = if counts { kept.failing() } else { &mut kept.beyond_or_begin().failed };
            Failed::note(failed, head.version, problem);
        }
        if counts {
            *events += 1;
            if !kept.has_last() {
                began.push(key);
                names.push(stream);
            }
            kept.set_last(head, types);
        }
    }

    fn kept(&self, place: usize) -> Option<KeptRef<'_, P::State>> {
        let key = *self.began.get(place)?;
        match self.of_stream.get(key) {
            Some(kept) => Some(KeptRef::Here(kept)),
            None => self.laid.as_ref()?.look(key),
        }
    }
}

impl<P: Projection> fmt::Debug for AllStood<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllStood")
            .field("projection", &self.projection)
            .field("until", &self.until)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl<P: Projection> Standing for AllStood<P> {
    fn fold(&mut self, rows: Box<dyn DecodedRows>) {
        let rows: Box<dyn Any> = rows;
        let Ok(rows) = rows.downcast::<WatchRows<P>>() else {
            debug_assert!(false, "rows that another projection decoded");
            return;
        };
        for (key, stream, head, event) in rows.into_events() {
            self.take(key, stream, head, &event);
        }
    }

    fn events(&self) -> u64 {
        self.events
    }

    fn len(&self) -> usize {
        self.began.len()
    }

    fn stood(&self, place: usize) -> Option<Stood<'_>> {
        let key = *self.began.get(place)?;
        let Some(kept) = self.of_stream.get(key) else { return self.laid.as_ref()?.stood(key) };
        let (began, version, recorded_at) = (kept.began(), kept.version(), kept.recorded_at());
        Some(Stood { began, version, recorded_at, failed: kept.failed().map(|failed| &failed.first) })
    }

    fn stream(&self, place: usize) -> Option<Cow<'_, str>> {
        self.names.get(place)
    }

    fn is_named(&self, place: usize) -> bool {
        self.names.is_at_hand(place)
    }

    fn show(&self, place: usize) -> Option<Value> {
        self.kept(place).map(|kept| self.projection.show(&kept.state))
    }

    fn is_at_hand(&self, place: usize) -> bool {
        let kept = self.began.get(place).and_then(|key| self.of_stream.get(*key));
        kept.is_some_and(|kept| self.projection.is_small(&kept.state))
    }

    fn snapshot(&self, place: usize) -> Option<String> {
        let kept = self.kept(place)?;
        let failed = kept.failed();
        if failed.is_some_and(|failed| failed.is_not_run) {
            return None;
        }
        super::fold::snapshot_of(&kept.state, failed.map(|failed| &failed.first))
    }

    fn value(&self, place: usize, path: &str) -> Value {
        self.kept(place).map_or(Value::Null, |kept| cell_value(&self.projection, &kept.state, path))
    }

    fn fields(&self, place: usize) -> Vec<String> {
        if self.projection.has_fixed_fields() {
            return super::when::fields_of(&self.projection, &P::State::default());
        }
        self.kept(place).map(|kept| super::when::fields_of(&self.projection, &kept.state)).unwrap_or_default()
    }

    fn has_fixed_fields(&self) -> bool {
        self.projection.has_fixed_fields()
    }

    fn has_field(&self, place: usize, name: &str) -> bool {
        if self.projection.has_fixed_fields() {
            return self.projection.cell(&P::State::default(), name).is_some();
        }
        self.kept(place).is_some_and(|kept| match self.projection.as_json(&kept.state) {
            Some(whole) => whole.get(name).is_some(),
            None => self.projection.cell(&kept.state, name).is_some(),
        })
    }

    fn reading(&self, place: usize, expression: &Expression, stop: &dyn Fn() -> bool) -> Result<Reading, Stop> {
        let Some(kept) = self.kept(place) else { return Ok(Reading::False) };
        let Some(head) = kept.head(&self.types) else { return Ok(Reading::False) };
        if kept.failed().is_some_and(|failed| failed.is_not_run) && expression.uses().are_of_states() {
            return Ok(Reading::Unknown(Doubt::NOT_RUN));
        }
        let at = At {
            projection: &self.projection,
            state: &kept.state,
            old: None,
            head: &head,
            spoken: Spoken::default(),
            changed: &|_| false,
            count: &|_| 0,
            payload: OnceCell::new(),
        };
        expression.holds(&at, stop)
    }

    fn bytes(&self) -> u64 {
        let laid = self.laid.as_ref().map_or(0, LaidDown::bytes);
        self.weight_of(self.of_stream.len()) + self.names.bytes() + laid
    }

    fn own_bytes(&self) -> u64 {
        let laid = self.laid.as_ref().map_or(0, LaidDown::own_bytes);
        self.weight_of(self.of_stream.own_len()) + self.names.own_bytes() + laid
    }

    fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, part: LayDown, go_on: &mut dyn FnMut() -> bool) -> bool {
        if part == LayDown::Names && !self.names.lay_down(shelf, go_on) {
            return false;
        }
        let laid = self.laid.get_or_insert_with(|| LaidDown::on(shelf));
        self.of_stream.lay_down(part, &mut |_, kept| laid.lay(kept), go_on)
    }

    fn share(&mut self) {
        self.laid.iter_mut().for_each(LaidDown::share);
        self.of_stream.share();
        self.began.shrink_to_fit();
    }

    fn another(&self) -> Box<dyn Standing> {
        Box::new(Self { touched: Some(HashSet::new()), names: self.names.another(), ..self.clone() })
    }

    fn touched(&self) -> Vec<usize> {
        let Some(touched) = self.touched.as_ref().filter(|touched| !touched.is_empty()) else { return Vec::new() };
        let places = self.began.iter().enumerate().filter(|(_, key)| touched.contains(key));
        places.map(|(place, _)| place).collect()
    }

    fn key(&self, place: usize) -> Option<StreamKey> {
        self.began.get(place).copied()
    }
}

impl<P: Projection> AllStood<P> {
    /// What so many of the streams take, as far as some of all tell.
    fn weight_of(&self, streams: usize) -> u64 {
        let step = (self.of_stream.len() / WEIGHED).max(1);
        let (mut weighed, mut bytes) = (0_u64, 0_u64);
        for kept in self.of_stream.values().step_by(step) {
            let of_beyond =
                kept.beyond().map_or(0, |beyond| size_of::<Beyond<P::State>>() + self.projection.weight(&beyond.state));
            let own = size_of::<Kept<P::State>>() + self.projection.weight(&kept.state);
            bytes += (own + of_beyond) as u64;
            weighed += 1;
        }
        let places = self.of_stream.places_bytes() + self.began.capacity() * size_of::<StreamKey>();
        let of_all = u128::from(bytes) * streams as u128 / u128::from(weighed.max(1));
        of_all as u64 + places as u64 + self.types.bytes()
    }
}
