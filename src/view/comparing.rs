use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::loaded::{ContinueStream, LoadStream, Loaded};
use super::stream_choice::StreamChoice;
use super::stream_view::StreamView;
use super::user_error::UserError;
use super::{CompareRows, Labels};
use crate::engine::{Asked, Cause, Continued, Engine, Question, StoreChange, Ticket, Tool};
use crate::event::{EventType, StreamId, Timestamp, Version};
use crate::replay::{Index, ProjectionRef, Timeline};
use crate::store::Store;

/// A place in a store that is kept in mind: an event of a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    pub stream: StreamId,
    pub version: Version,
}

/// What is set side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompareMode {
    /// The two pins, in one stream or in two.
    #[default]
    Moments,
    /// Several projections of the stream at the cursor.
    Projections,
    /// The stream at the cursor, and another one as it was at the same time.
    Streams,
}

/// What is compared with what, and the answer for as long as nothing of it moves.
pub struct Comparing {
    pub mode: CompareMode,
    pub hides_equal: bool,
    /// The other stream, while it is being chosen.
    pub choice: StreamChoice,
    other: Option<StreamId>,
    /// Which projections are set side by side, by number; empty means all.
    left_out: BTreeSet<usize>,
    /// Streams that are not on screen.
    beside: BTreeMap<(StreamId, usize), Beside>,
    standing: Standing,
    made: Option<Made>,
    /// The event whose reason is wanted, and what is known of it.
    pointed: Option<Pin>,
    why: Asked<ReadWhy>,
}

/// How far the comparison is that was asked for last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Standing {
    #[default]
    NeedsChoice,
    Loading,
    Made,
}

/// A stream that is read for the sake of the comparison alone.
#[derive(Debug, Default)]
struct Beside {
    loaded: Asked<LoadStream>,
    news: Asked<ContinueStream>,
    /// Something came while it was being read, which that reading need not have seen.
    is_behind: bool,
}

impl Beside {
    fn ask_for_news(&mut self, engine: &Engine, stream: &StreamId) {
        if let Some(loaded) = self.loaded.value() {
            let question = ContinueStream { stream: stream.clone(), after: loaded.end() };
            self.news.ask_because(engine, question, Cause::Store);
        }
    }
}

#[derive(Debug)]
struct Made {
    mode: CompareMode,
    sides: Vec<Side>,
    /// Of the stream on screen.
    revision: u64,
    rows: CompareRows,
}

impl Made {
    /// The same sides at other moments.
    fn is_like(&self, mode: CompareMode, revision: u64, sides: &[Side]) -> bool {
        let is_same = |(one, other): (&Side, &Side)| one.is_of(other);
        (self.mode, self.revision, self.sides.len()) == (mode, revision, sides.len())
            && self.sides.iter().zip(sides).all(is_same)
    }
}

/// One column: a stream under a projection at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    pub stream: StreamId,
    pub number: usize,
    /// `None` where the stream had not begun.
    pub index: Option<Index>,
    pub version: Option<Version>,
    /// The projection had been given up by then: the state is an older one.
    pub is_not_run: bool,
    pub projection: ProjectionRef,
}

impl Side {
    fn is_of(&self, other: &Self) -> bool {
        (&self.stream, self.number, &self.projection) == (&other.stream, other.number, &other.projection)
    }
}

/// The event that gave a value, as far as the history in memory tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetBy {
    pub version: Version,
    pub event_type: EventType,
    pub recorded_at: Option<Timestamp>,
    pub actor: String,
}

/// What there is to draw.
#[derive(Debug)]
pub enum Compared<'a> {
    /// Something has to be chosen first.
    NeedsChoice,
    Loading,
    Table(&'a [Side], &'a CompareRows),
}

impl std::fmt::Debug for Comparing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparing").field("mode", &self.mode).field("other", &self.other).finish_non_exhaustive()
    }
}

/// What one side is to be, before its stream has come.
struct Wanted {
    stream: StreamId,
    number: usize,
    at: At,
}

enum At {
    Version(Version),
    Time(Timestamp),
    End,
}

impl Comparing {
    pub(super) fn new() -> Self {
        Self {
            mode: CompareMode::default(),
            hides_equal: true,
            choice: StreamChoice::default(),
            other: None,
            left_out: BTreeSet::new(),
            beside: BTreeMap::new(),
            standing: Standing::default(),
            made: None,
            pointed: None,
            why: Asked::default(),
        }
    }

    /// Takes the stream that is marked or typed as the other one.
    pub fn take_choice(&mut self) {
        self.other = self.choice.take().or(self.other.take());
    }

    pub fn choose(&mut self, stream: StreamId) {
        self.other = Some(self.choice.choose(stream));
    }

    /// The streams that a comparison names.
    pub(super) fn streams(&self, pins: &[Option<Pin>; 2]) -> Vec<StreamId> {
        let pinned = pins.iter().flatten().map(|pin| &pin.stream);
        pinned.chain(&self.other).chain(self.choice.offered()).cloned().collect()
    }

    /// Wants to know why this event was recorded.
    pub fn point_at(&mut self, pin: Pin) {
        if self.pointed.as_ref() != Some(&pin) {
            self.pointed = Some(pin);
        }
    }

    /// Why the event was recorded that was pointed at; `None` where that is not known, or not yet.
    pub fn why(&self) -> Option<&str> {
        let (pin, reason) = self.why.value()?;
        (Some(pin) == self.pointed.as_ref()).then_some(reason.as_deref()).flatten()
    }

    pub fn other(&self) -> Option<&StreamId> {
        self.other.as_ref()
    }

    pub fn shows_projection(&self, number: usize) -> bool {
        !self.left_out.contains(&number)
    }

    pub fn toggle_projection(&mut self, number: usize) {
        if !self.left_out.remove(&number) {
            self.left_out.insert(number);
        }
    }

    /// Every question that is asked for the comparison.
    pub(super) fn tools(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        let beside =
            self.beside.values().flat_map(|beside| [&beside.loaded as &dyn Tool<Error = UserError>, &beside.news]);
        beside.chain([self.choice.tool()])
    }

    pub(super) fn cancel(&mut self) {
        self.beside.values_mut().for_each(|beside| {
            beside.loaded.cancel();
            beside.news.cancel();
        });
    }

    /// Reads what came behind in the streams that changed.
    pub(super) fn follow(&mut self, engine: &Engine, change: &StoreChange) {
        for ((stream, number), beside) in &mut self.beside {
            match change {
                StoreChange::Replaced => {
                    let question = LoadStream { stream: stream.clone(), number: *number };
                    beside.loaded.ask_because(engine, question, Cause::Store);
                }
                change if change.touches(stream) => {
                    beside.is_behind |= beside.loaded.is_loading();
                    beside.ask_for_news(engine, stream);
                }
                _ => {}
            }
        }
    }

    /// What was read for the sake of the comparison, under which of the projections.
    pub(super) fn read_beside(&self) -> impl Iterator<Item = (&StreamId, usize, &Loaded)> {
        self.beside.iter().filter_map(|((stream, number), beside)| Some((stream, *number, beside.loaded.value()?)))
    }

    pub(super) fn read_again(&mut self, engine: &Engine, stream: &StreamId, number: usize) {
        if let Some(beside) = self.beside.get_mut(&(stream.clone(), number)) {
            let question = LoadStream { stream: stream.clone(), number };
            beside.loaded.ask_because(engine, question, Cause::User);
        }
    }

    /// Forgets what failed, so that it is asked for again.
    pub(super) fn retry(&mut self) {
        self.beside.retain(|_, beside| beside.loaded.error().is_none());
    }

    pub(super) fn poll(&mut self, engine: &Engine, labels: &Labels) -> bool {
        let mut is_new = false;
        if let Some(chosen) = self.choice.poll(engine, labels) {
            self.other = Some(chosen);
            is_new = true;
        }
        for ((stream, number), beside) in &mut self.beside {
            if beside.loaded.poll(engine) {
                is_new = true;
                if std::mem::take(&mut beside.is_behind) {
                    beside.ask_for_news(engine, stream);
                }
            }
            if beside.news.poll(engine) {
                is_new = true;
                match beside.news.take() {
                    Some(Continued::Grew(batches)) => {
                        if let Some(loaded) = beside.loaded.value_mut() {
                            loaded.grow(&batches);
                        }
                    }
                    Some(Continued::Replaced) => {
                        beside.loaded.ask(engine, LoadStream { stream: stream.clone(), number: *number });
                    }
                    None => {}
                }
            }
        }
        if is_new {
            self.made = None;
        }
        is_new
    }

    /// Asks for what the comparison lacks, and makes its table anew when one of its sides has moved.
    pub(super) fn prepare(&mut self, engine: &Engine, view: &mut StreamView, pins: &[Option<Pin>; 2]) {
        self.ask_why(engine);
        let Some(wanted) = self.wanted(view, pins) else {
            self.standing = Standing::NeedsChoice;
            return;
        };
        for Wanted { stream, number, .. } in &wanted {
            self.ask_for(engine, view, stream, *number);
        }
        let sides: Option<Vec<Side>> = wanted.iter().map(|wanted| self.side(view, wanted)).collect();
        let Some(sides) = sides else {
            self.standing = Standing::Loading;
            return;
        };
        let (revision, mode) = (view.revision, self.mode);
        let is_made = |made: &Made| made.revision == revision && made.mode == mode && made.sides == sides;
        if !self.made.as_ref().is_some_and(is_made) {
            let before = self.made.take().filter(|made| made.is_like(mode, revision, &sides));
            let followed = before.and_then(|made| self.followed(view, made, &sides));
            let rows = followed.unwrap_or_else(|| self.rows(view, &sides));
            self.made = Some(Made { mode, sides, revision, rows });
        }
        self.standing = Standing::Made;
    }

    fn ask_why(&mut self, engine: &Engine) {
        self.why.poll(engine);
        let Some(pin) = self.pointed.as_ref().filter(|pin| self.why.question().is_none_or(|asked| asked.0 != **pin))
        else {
            return;
        };
        self.why.ask(engine, ReadWhy(pin.clone()));
    }

    /// The table as it was made last. One of the same kind stays until the next has come.
    pub fn compared(&self) -> Compared<'_> {
        match (&self.standing, &self.made) {
            (Standing::NeedsChoice, _) => Compared::NeedsChoice,
            (_, Some(made)) if made.mode == self.mode => Compared::Table(&made.sides, &made.rows),
            _ => Compared::Loading,
        }
    }

    /// The event of this version on a side.
    pub fn set_by(&self, view: &StreamView, side: &Side, version: Version) -> Option<SetBy> {
        let loaded = self.loaded(view, &side.stream, side.number)?;
        let index = loaded.timeline.index_of(version)?;
        let head = loaded.timeline.heads().get(index)?;
        Some(SetBy {
            version,
            event_type: head.event_type.clone(),
            recorded_at: head.recorded_at,
            actor: loaded.actor(index).to_owned(),
        })
    }

    fn wanted(&self, view: &StreamView, pins: &[Option<Pin>; 2]) -> Option<Vec<Wanted>> {
        let number = view.projection_number();
        let here = || Some(Wanted { stream: view.stream.clone(), number, at: At::Version(view.version()?) });
        match self.mode {
            CompareMode::Moments => {
                let of = |pin: &Pin| Wanted { stream: pin.stream.clone(), number, at: At::Version(pin.version) };
                let [Some(a), Some(b)] = pins else { return None };
                Some(vec![of(a), of(b)])
            }
            CompareMode::Projections => {
                let shown: Vec<usize> =
                    (0..view.projections().len()).filter(|number| self.shows_projection(*number)).collect();
                if shown.len() < 2 {
                    return None;
                }
                shown.into_iter().map(|number| Some(Wanted { number, ..here()? })).collect()
            }
            CompareMode::Streams => {
                let at = view.time().map_or(At::End, At::Time);
                Some(vec![here()?, Wanted { stream: self.other.clone()?, number, at }])
            }
        }
    }

    fn ask_for(&mut self, engine: &Engine, view: &mut StreamView, stream: &StreamId, number: usize) {
        if *stream == view.stream {
            view.load(engine, number);
        } else if let Entry::Vacant(place) = self.beside.entry((stream.clone(), number)) {
            let question = LoadStream { stream: stream.clone(), number };
            place.insert(Beside::default()).loaded.ask(engine, question);
        }
    }

    fn loaded<'a>(&'a self, view: &'a StreamView, stream: &StreamId, number: usize) -> Option<&'a Loaded> {
        if *stream == view.stream {
            view.loaded(number)
        } else {
            self.beside.get(&(stream.clone(), number))?.loaded.value()
        }
    }

    fn side(&self, view: &StreamView, wanted: &Wanted) -> Option<Side> {
        let Wanted { stream, number, at } = wanted;
        let loaded = self.loaded(view, stream, *number)?;
        let timeline = loaded.timeline.as_ref();
        let index = match at {
            At::Version(version) => timeline.index_of(*version),
            At::Time(at) => timeline.index_at(*at),
            At::End => timeline.heads().len().checked_sub(1),
        };
        let version = index.and_then(|index| timeline.heads().get(index)).map(|head| head.version);
        let is_not_run = timeline.not_run_from().is_some_and(|from| index.is_some_and(|index| from <= index));
        let (stream, projection) = (stream.clone(), loaded.projection.clone());
        Some(Side { stream, number: *number, index, version, is_not_run, projection })
    }

    /// The rows as they are after a step, where it moved no more than some values.
    fn followed(&self, view: &StreamView, before: Made, sides: &[Side]) -> Option<CompareRows> {
        let Made { sides: from, mut rows, .. } = before;
        for (column, (from, to)) in from.iter().zip(sides).enumerate() {
            let timeline = self.loaded(view, &to.stream, to.number)?.timeline.as_ref();
            if from.index != to.index && !rows.follow(column, timeline, from.index?, to.index?) {
                return None;
            }
        }
        Some(rows)
    }

    fn rows(&self, view: &StreamView, sides: &[Side]) -> CompareRows {
        let timelines: Vec<Option<(&dyn Timeline, Index)>> = sides
            .iter()
            .map(|side| Some((self.loaded(view, &side.stream, side.number)?.timeline.as_ref(), side.index?)))
            .collect();
        // Projections are made to hold different fields: what only one of them has is no disagreement.
        CompareRows::new(&timelines, self.mode != CompareMode::Projections)
    }
}

/// Reads why an event was recorded.
#[derive(Clone, Debug)]
struct ReadWhy(Pin);

impl Question for ReadWhy {
    type Answer = (Pin, Option<String>);
    type Error = UserError;
    const WHAT: &'static str = "reading the event";

    fn answer(self, reader: &dyn Store, _: &Ticket) -> Result<Self::Answer, UserError> {
        let Self(pin) = self;
        let event = reader.event_at(&pin.stream, pin.version)?;
        Ok((pin, event.and_then(|event| event.metadata().reason)))
    }
}
