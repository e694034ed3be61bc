use std::collections::{BTreeMap, HashMap};

use super::lanes::{Lane, Lanes};
use super::signs::SignBook;
use super::{Labels, Pin, Shown, StreamChoice, StreamView, UserError};
use crate::engine::{Around, Asked, Cause, Causes, Engine, Question, StoreChange, Ticket, Tool, causes, light};
use crate::event::{Head, StreamId, Version};
use crate::store::{Columns, Flow, Query, Store};

/// More events of a stream that is only laid beside are not read.
pub const LANE_EVENTS: usize = 200_000;

/// What led to the event at the cursor and what it led to, each stream in a lane of its own; and any other streams beside
/// them.
pub struct CausesView {
    /// Also what is not on the chain is lit and listed.
    pub shows_all: bool,
    /// A stream more, as it is typed.
    pub choice: StreamChoice,
    /// The part of the time that is shown.
    pub shown: Shown,
    pub asked: Asked<FindCauses>,
    /// Where the events of the answer are.
    places: HashMap<(StreamId, Version), usize>,
    /// The stream on screen.
    here: Option<StreamId>,
    /// Streams that were laid beside, whole.
    beside: BTreeMap<StreamId, Asked<ReadLane>>,
    made: Option<Made>,
    /// Raised with whatever has come.
    revision: u64,
    /// Something was recorded since it was looked at.
    is_stale: bool,
}

/// What is drawn, and what it was made of.
#[derive(Debug)]
struct Made {
    revision: u64,
    shows_all: bool,
    lanes: Lanes,
}

impl std::fmt::Debug for CausesView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CausesView").field("revision", &self.revision).finish_non_exhaustive()
    }
}

impl CausesView {
    pub(super) fn new() -> Self {
        Self {
            shows_all: false,
            choice: StreamChoice::default(),
            shown: Shown::WHOLE,
            asked: Asked::default(),
            places: HashMap::new(),
            here: None,
            beside: BTreeMap::new(),
            made: None,
            revision: 0,
            is_stale: false,
        }
    }

    /// What was found, once it has come.
    pub fn causes(&self) -> Option<&Causes> {
        self.asked.value()
    }

    /// What was found, if this event is part of it.
    pub fn around(&self, stream: &StreamId, version: Version) -> Option<&Causes> {
        let is_part = self.places.contains_key(&(stream.clone(), version));
        self.causes().filter(|_| is_part && !self.is_stale)
    }

    pub fn lanes(&self) -> Option<&Lanes> {
        self.made.as_ref().map(|made| &made.lanes)
    }

    /// Lays a stream beside the others, and the one on screen whole too: so any two can be seen together.
    pub(super) fn lay_beside(&mut self, engine: &Engine, stream: StreamId) {
        self.choice = StreamChoice::default();
        for stream in self.here.clone().into_iter().chain([stream]) {
            self.beside.entry(stream).or_insert_with_key(|stream| {
                let mut lane = Asked::default();
                lane.ask(engine, ReadLane(stream.clone()));
                lane
            });
        }
        self.revision += 1;
    }

    pub fn remove(&mut self, stream: &StreamId) {
        self.beside.remove(stream);
        self.revision += 1;
    }

    pub fn is_beside(&self, stream: &StreamId) -> bool {
        self.beside.contains_key(stream)
    }

    /// Asks once more for what failed or was stopped.
    pub(super) fn retry(&mut self, engine: &Engine) {
        Tool::retry(&mut self.asked, engine);
        self.beside.values_mut().for_each(|lane| Tool::retry(lane, engine));
    }

    pub(super) fn tools(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        let beside = self.beside.values().map(|lane| lane as &dyn Tool<Error = UserError>);
        beside.chain([&self.asked as &dyn Tool<Error = UserError>, self.choice.tool()])
    }

    /// What was found may be out of date; it is looked for again when it is on screen.
    pub(super) fn follow(&mut self, engine: &Engine, change: &StoreChange) {
        if *change == StoreChange::Rewritten {
            return;
        }
        self.is_stale = true;
        for (stream, lane) in &mut self.beside {
            if change.touches(stream) {
                lane.ask_because(engine, ReadLane(stream.clone()), Cause::Store);
            }
        }
    }

    pub(super) fn poll(&mut self, engine: &Engine, labels: &Labels) -> bool {
        let mut is_new = self.asked.poll(engine);
        if is_new {
            let events = self.asked.value().map(|causes| causes.events.as_slice()).unwrap_or_default();
            let place = |(place, event): (usize, &crate::engine::LinkedEvent)| {
                ((event.stream.clone(), event.head.version), place)
            };
            self.places = events.iter().enumerate().map(place).collect();
            self.shown = Shown::WHOLE;
        }
        for lane in self.beside.values_mut() {
            is_new |= lane.poll(engine);
        }
        if let Some(stream) = self.choice.poll(engine, labels) {
            self.lay_beside(engine, stream);
            is_new = true;
        }
        self.revision += u64::from(is_new);
        is_new
    }

    /// Makes ready what is drawn for the event at the cursor, and asks for what it lacks.
    pub(super) fn prepare(&mut self, engine: &Engine, view: &StreamView, signs: &mut SignBook) {
        self.here = Some(view.stream.clone());
        if let Some(version) = view.version() {
            self.look_at(engine, Pin { stream: view.stream.clone(), version });
        }
        let is_made = |made: &Made| made.revision == self.revision && made.shows_all == self.shows_all;
        if self.made.as_ref().is_some_and(is_made) {
            return;
        }
        let Some(causes) = self.asked.value() else { return };
        let lane = |(stream, lane): (&StreamId, &Asked<ReadLane>)| {
            let (heads, is_cut) = lane.value().map_or((&[][..], false), |(heads, is_cut)| (heads, *is_cut));
            Lane::beside(stream.clone(), heads, is_cut)
        };
        let beside = self.beside.iter().map(lane).collect();
        let lanes = Lanes::new(causes, self.shows_all, beside, signs);
        self.made = Some(Made { revision: self.revision, shows_all: self.shows_all, lanes });
    }

    /// An event that was found already only moves the light; any other is asked for.
    fn look_at(&mut self, engine: &Engine, here: Pin) {
        let place = self.places.get(&(here.stream.clone(), here.version)).copied().filter(|_| !self.is_stale);
        if let (Some(place), Some(causes)) = (place, self.asked.value_mut())
            && !causes.is_cut
        {
            if causes.asked != place {
                causes.asked = place;
                causes.root = first_cause(causes, place);
                light(&mut causes.events, place);
                self.revision += 1;
            }
            return;
        }
        let is_asked = self.asked.question().is_some_and(|asked| asked.0 == here);
        if !is_asked {
            self.is_stale = false;
            self.asked.ask(engine, FindCauses(here));
        } else if std::mem::take(&mut self.is_stale) {
            self.asked.again(engine, Cause::Store);
        }
    }
}

/// Where the way back from an event ends.
fn first_cause(causes: &Causes, from: usize) -> usize {
    let mut place = from;
    for _ in 0..causes.events.len() {
        match causes.events.get(place).and_then(|event| event.caused_by) {
            Some(cause) if cause != from => place = cause,
            _ => break,
        }
    }
    place
}

/// Looks for the causes and effects of an event.
#[derive(Clone, Debug)]
pub struct FindCauses(Pin);

impl FindCauses {
    pub(super) fn of(event: Pin) -> Self {
        Self(event)
    }
}

impl Question for FindCauses {
    type Answer = Causes;
    type Error = UserError;
    const WHAT: &'static str = "looking for causes and effects";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Causes, UserError> {
        let Self(Pin { stream, version }) = self;
        let event = reader.event_at(&stream, version)?.ok_or_else(|| UserError::gone(&stream, version))?;
        if !reader.capabilities().finds_by_link
            && let Some(events) = reader.kept_events()?
        {
            ticket.set_total(events);
        }
        Ok(causes(reader, &event, Around::Everything, &mut |count| ticket.reached(count))?)
    }
}

/// Reads when the events of a stream were, and what they are.
#[derive(Clone, Debug)]
pub struct ReadLane(StreamId);

impl Question for ReadLane {
    type Answer = (Vec<Head>, bool);
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let mut heads = Vec::new();
        let query = Query::stream(self.0).columns(Columns::HEADS).limit(LANE_EVENTS as u64 + 1);
        reader.visit_events(&query, &mut |row| {
            heads.push(row.head());
            if heads.len().is_multiple_of(1024) { ticket.reached(heads.len() as u64) } else { Flow::Continue(()) }
        })?;
        let is_cut = heads.len() > LANE_EVENTS;
        heads.truncate(LANE_EVENTS);
        Ok((heads, is_cut))
    }
}
