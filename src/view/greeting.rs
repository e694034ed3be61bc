use std::time::Duration;

use super::{UserError, term_text};
use crate::engine::{Asked, DayOfStore, Digest, Engine, Question, StoreChange, Survey, Ticket, Tool, name_of_stream};
use crate::event::{StreamId, Timestamp, Version};
use crate::store::{Columns, Flow, Query, Store};

/// Of each kind, no more than these are named.
pub const GREETED: usize = 8;

/// Events at the end of the store among which the newest streams are looked for.
const NEWEST_AMONG: u64 = 400;

/// A clock on a wall: by it, days are told.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// What tells it from others.
    pub name: &'static str,
    /// How many seconds it is ahead of UTC.
    pub offset: fn(Timestamp) -> i64,
}

/// Where a part of the greeting leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To a stream as it was after this event.
    Event(StreamId, Version),
    /// To the events that a search for this finds.
    Events(String),
}

/// A line that leads somewhere, with how much is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreetingRow {
    pub title: String,
    /// What stands small beside it.
    pub aside: String,
    pub count: Option<u64>,
    pub leads: Destination,
}

/// What an open store shows before a stream is chosen: what it holds. Parts appear as they are known, and stay while newer
/// ones are on their way.
#[derive(Debug, Default)]
pub struct Greeting {
    glance: Asked<Glance>,
    digest: Asked<ReadDigest>,
    /// How much was known when the digest was last asked for, and by which clock.
    digested: Option<(u64, &'static str)>,
    /// The day that was picked in the calendar.
    pub day: Option<i32>,
    /// How many weeks back the calendar is turned.
    pub weeks_back: i32,
    /// When what one came from was recorded: its day is the one that is picked, once the days are there.
    pub came_from: Option<Timestamp>,
    /// The picked day that was brought into view, and how many weeks there was room for.
    pub in_view: Option<(i32, i32)>,
}

impl Greeting {
    /// The store was opened: its newest streams are asked for beside its list, and before anything reads all of it.
    pub(super) fn glance(&mut self, engine: &Engine) {
        self.glance.ask(engine, Glance);
    }

    /// For how long what is shown first has been on its way.
    pub(super) fn glancing_since(&self) -> Option<Duration> {
        self.glance.progress().map(|progress| progress.running)
    }

    /// It is on screen. `known` changes with what the survey knows.
    pub(super) fn want(&mut self, engine: &Engine, survey: &Survey, known: u64, clock: Clock) {
        let known = (known, clock.name);
        if self.digested == Some(known) {
            return;
        }
        if self.digested.is_some_and(|(_, clock)| clock != known.1) {
            // Its days have other numbers.
            self.day = None;
        }
        if self.digested.is_none() && self.glance.question().is_none() {
            self.glance(engine);
        }
        self.digested = Some(known);
        self.digest.ask_because(engine, ReadDigest(survey.clone(), clock), crate::engine::Cause::Store);
    }

    pub(super) fn change(&mut self, engine: &Engine, change: &StoreChange) {
        if *change != StoreChange::Rewritten {
            self.glance.again(engine, crate::engine::Cause::Store);
        }
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let is_new = self.glance.poll(engine);
        self.digest.poll(engine) || is_new
    }

    pub(super) fn tools(&self) -> [&dyn Tool<Error = UserError>; 2] {
        [&self.glance, &self.digest]
    }

    pub fn digest(&self) -> Option<&Digest> {
        self.digest.value()
    }

    /// The streams that changed last.
    pub fn newest(&self) -> Vec<GreetingRow> {
        match self.digest().filter(|digest| !digest.newest.is_empty()) {
            Some(digest) => digest.newest.iter().map(|row| stream_row(row, false)).collect(),
            None => self.glance.value().cloned().unwrap_or_default(),
        }
    }

    pub fn longest(&self) -> Vec<GreetingRow> {
        self.digest().iter().flat_map(|digest| &digest.longest).map(|row| stream_row(row, true)).collect()
    }

    pub fn people(&self) -> Vec<GreetingRow> {
        self.digest()
            .iter()
            .flat_map(|digest| &digest.people)
            .map(|(name, count)| counted("actor", name, *count))
            .collect()
    }

    pub fn days(&self) -> &[DayOfStore] {
        self.digest().map_or(&[], |digest| &digest.days)
    }
}

fn stream_row(row: &crate::engine::ListedStream, is_counted: bool) -> GreetingRow {
    let id = row.stream.to_string();
    let (title, aside) = match &row.name {
        Some(name) => (name.clone(), id),
        None => (id, String::new()),
    };
    let leads = Destination::Event(row.stream.clone(), row.last_version);
    GreetingRow { title, aside, count: is_counted.then_some(row.events), leads }
}

/// A person or a type of event, with how many events there are. `key` says in a search which of them it is.
pub fn counted(key: &str, name: &str, count: u64) -> GreetingRow {
    GreetingRow {
        title: name.to_owned(),
        aside: String::new(),
        count: Some(count),
        leads: Destination::Events(term_text(key, name)),
    }
}

/// The last events of the store tell which streams are the newest, at no cost.
#[derive(Clone, Copy, Debug)]
struct Glance;

impl Question for Glance {
    type Answer = Vec<GreetingRow>;
    type Error = UserError;
    const WHAT: &'static str = "looking at the store";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Vec<GreetingRow>, UserError> {
        if !reader.capabilities().has_feed {
            return Ok(Vec::new());
        }
        let mut newest: Vec<(StreamId, Version)> = Vec::new();
        let query = Query::store().backward().limit(NEWEST_AMONG).columns(Columns::HEADS);
        reader.visit_events(&query, &mut |row| {
            if newest.iter().all(|(stream, _)| stream != row.stream) {
                newest.push((row.stream.clone(), row.version));
            }
            if newest.len() == GREETED { Flow::Break(()) } else { ticket.flow() }
        })?;
        let row = |(stream, version): (StreamId, Version)| {
            let is_short = version.0 < super::labels::SHORT;
            let name = if is_short { name_of_stream(reader, &stream, ticket).unwrap_or_default() } else { None };
            let (title, aside) = match name {
                Some(name) => (name, stream.to_string()),
                None => (stream.to_string(), String::new()),
            };
            GreetingRow { title, aside, count: None, leads: Destination::Event(stream, version) }
        };
        Ok(newest.into_iter().map(row).collect())
    }
}

/// What the survey knows by now, put together.
#[derive(Clone, Debug)]
struct ReadDigest(Survey, Clock);

impl Question for ReadDigest {
    type Answer = Digest;
    type Error = UserError;
    const WHAT: &'static str = "looking at the store";

    fn answer(self, _: &dyn Store, _: &Ticket) -> Result<Digest, UserError> {
        let Self(survey, clock) = self;
        Ok(survey.digest(GREETED, clock.offset))
    }
}
