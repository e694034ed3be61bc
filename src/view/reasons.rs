use serde_json::Value;

use super::{StreamView, UserError, WindowTool};
use crate::domain::Wish;
use crate::engine::{Asked, Engine, Question, Ticket, Tool, ask_why_not, check_field, describe, load_timeline};
use crate::event::{EventType, Explain, Head, Message, StreamId, Timestamp, Version};
use crate::replay::{Attempt, Index, MOST_FOLDED, Timeline, Why, WhyNot, Work, why};
use crate::store::{Store, StoreError};

/// Why a field has its value, or not another one.
#[derive(Debug, Default)]
pub struct Reasons {
    /// The field, as it was chosen or typed.
    pub field: String,
    /// The value that it should have had; empty asks why it has its own.
    pub wish: String,
    /// Where it is asked.
    pub place: Option<ReasonPlace>,
    pub asked: Asked<AskReasons>,
}

/// A state: of a stream, at a version, under a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonPlace {
    pub stream: StreamId,
    pub version: Version,
    pub projection: String,
}

impl ReasonPlace {
    /// The state at the cursor, under the n-th projection.
    pub fn of(view: &StreamView, number: usize) -> Option<Self> {
        let projection = view.projections().get(number)?.name().to_owned();
        Some(Self { stream: view.stream.clone(), version: view.version()?, projection })
    }
}

/// Fewer than the command line takes its time for: somebody waits here.
const MOST_FOLDED_HERE: u64 = MOST_FOLDED / 5;

impl Reasons {
    /// Asks about another field, and first why it has its own value.
    pub fn choose(&mut self, place: ReasonPlace, field: String) {
        self.wish.clear();
        self.field = field;
        self.place = Some(place);
    }

    /// The answer to what was asked last.
    pub fn given(&self) -> Option<&GivenReasons> {
        self.asked.value().filter(|_| !self.asked.is_loading())
    }
}

impl WindowTool for Reasons {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        let Some(place) = self.place.clone() else { return };
        let (field, wish) = (self.field.trim().to_owned(), self.wish.trim());
        if !field.is_empty() {
            let wish = (!wish.is_empty()).then(|| Wish::new(wish));
            self.asked.ask(engine, AskReasons { place, field, wish });
        }
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct AskReasons {
    place: ReasonPlace,
    field: String,
    wish: Option<Wish>,
}

/// An answer, and what was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenReasons {
    pub place: ReasonPlace,
    pub field: String,
    pub value: Value,
    /// The event that gave it.
    pub set_by: Option<ReasonEvent>,
    pub because: Because,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    /// Of these events, and for so many it was not tried.
    Of { events: Vec<ReasonEvent>, untried: usize, is_minimal: bool },
    /// It has the wished value.
    Already(Value),
    /// What stands against another value and what would give it, each with the event that it speaks of.
    Not { wish: Value, lines: Vec<(Message, Option<Version>)> },
}

/// An event that a value stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct ReasonEvent {
    pub version: Version,
    pub event_type: EventType,
    pub recorded_at: Option<Timestamp>,
    /// Without it the value differs.
    pub is_needed: bool,
    /// It is one of those that alone give the value.
    pub is_enough: bool,
}

impl Question for AskReasons {
    type Answer = GivenReasons;
    type Error = UserError;
    const WHAT: &'static str = "replaying without each event";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<GivenReasons, UserError> {
        let Self { place, field, wish } = self;
        let described = describe(reader, &place.stream)?;
        let projection = described.projection(Some(&place.projection))?;
        ticket.set_total(described.row.events);
        let timeline = load_timeline(reader, &described, &projection, &mut |_| {}, &mut |count| ticket.reached(count))?;
        let timeline = timeline.as_ref();
        let at = timeline.index_of(place.version).ok_or_else(|| UserError::gone(&place.stream, place.version))?;
        check_field(timeline, at, &place.stream, &field)?;
        let mut told = |done, total| {
            ticket.set_total(total);
            ticket.reached(done)
        };
        let mut work = Work::new(MOST_FOLDED_HERE, &mut told);
        let value = timeline.value_at(at, &field);
        let (set_by, because) = match wish {
            Some(wish) if wish.is(&value) => (None, Because::Already(value.clone())),
            Some(wish) => {
                let found = ask_why_not(reader, &described, timeline, at, (&field, &wish), &mut work)?;
                let lines = lines(timeline, &found);
                (found.set_by, Because::Not { wish: wish.value().clone(), lines })
            }
            None => {
                let found = why(timeline, at, &field, &mut work).map_err(|_| StoreError::Cancelled)?;
                (found.set_by, because(timeline, &found))
            }
        };
        let set_by = set_by.and_then(|index| event(timeline.heads(), index));
        Ok(GivenReasons { place, field, value, set_by, because })
    }
}

fn because(timeline: &dyn Timeline, found: &Why) -> Because {
    let mut indexes: Vec<Index> = found.needed.iter().chain(&found.enough.kept).copied().collect();
    indexes.sort_unstable();
    indexes.dedup();
    let events = indexes.into_iter().filter_map(|index| {
        let is_in = |events: &[Index]| events.binary_search(&index).is_ok();
        let (is_needed, is_enough) = (is_in(&found.needed), is_in(&found.enough.kept));
        Some(ReasonEvent { is_needed, is_enough, ..event(timeline.heads(), index)? })
    });
    Because::Of { events: events.collect(), untried: found.untried, is_minimal: found.enough.is_minimal }
}

fn event(heads: &[Head], index: Index) -> Option<ReasonEvent> {
    let Head { version, event_type, recorded_at, .. } = heads.get(index)?;
    let (version, event_type, recorded_at) = (*version, event_type.clone(), *recorded_at);
    Some(ReasonEvent { version, event_type, recorded_at, is_needed: false, is_enough: false })
}

/// What is to be said of a value that is not there, the nearest first.
fn lines(timeline: &dyn Timeline, found: &WhyNot) -> Vec<(Message, Option<Version>)> {
    let version = |index: Index| timeline.heads().get(index).map(|head| head.version);
    let number = |index: Index| version(index).unwrap_or_default().0;
    let mut lines = Vec::new();
    if !found.has_rules {
        lines.push((Message::new("reason-no-rules"), None));
    } else if found.ways.is_empty() && found.forbidden.is_empty() {
        lines.push((Message::new("reason-out-of-reach"), None));
    }
    for way in &found.ways {
        let said = match way.as_slice() {
            [only] => Message::new("reason-way").text("event", step(only)),
            steps => {
                let mut steps = steps.iter().map(step);
                let mut next = || steps.next().unwrap_or_default();
                Message::new("reason-two-ways").text("first", next()).text("second", next())
            }
        };
        lines.push((said, way.first().and_then(|first| first.compensates)));
    }
    for (attempt, breach) in &found.forbidden {
        let said = Message::new("reason-forbidden").text("event", step(attempt)).inner("rule", breach.message());
        lines.push((said, None));
    }
    for (attempt, range) in &found.missed {
        let name = if range.start() == range.end() { "reason-missed-at" } else { "reason-missed" };
        let said = Message::new(name).text("event", step(attempt));
        let said = said.number("from", number(*range.start())).number("to", number(*range.end()));
        lines.push((said, version(*range.end())));
    }
    if let Some(was) = &found.was {
        let name = if was.start() == was.end() { "reason-was-at" } else { "reason-was" };
        let said = Message::new(name).number("from", number(*was.start())).number("to", number(*was.end()));
        let ended = timeline.heads().get(was.end() + 1);
        lines.push((
            said.text("event", ended.map_or("", |head| head.event_type.as_str())),
            ended.map(|head| head.version),
        ));
    }
    if !found.has_rules {
        for (name, count) in &found.changed_by {
            let said = Message::new("reason-changed-by").text("event", name).number("count", *count as u64);
            lines.push((said, None));
        }
    }
    lines
}

fn step(attempt: &Attempt) -> String {
    let Attempt { event_type, payload, compensates: _ } = attempt;
    if payload.is_empty() { (*event_type).to_owned() } else { format!("{event_type} {}", Value::from(payload.clone())) }
}
