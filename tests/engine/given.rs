//! What was recorded, what is asked, what follows: `given(events).when(command).then(drafts)`.

#![expect(clippy::needless_pass_by_value, reason = "a history in a test reads better without borrows")]

use foldline::domain::lead::{self, LeadCommand, LeadTarget};
use foldline::domain::ticket::{self, TicketCommand, TicketTarget};
use foldline::domain::{Aggregate, Breach, Draft, kind_of};
use foldline::event::{EventId, EventType, MetadataBuilder, Position, RecordedEvent, StreamId, Timestamp, Version};
use foldline::projection::{LeadState, Projection, TicketState};
use foldline::replay::{ProjectionRef, Replay, Story, Timeline};
use serde_json::Value;

/// 2025-01-01T00:00:00Z, where every history here begins.
const START: Timestamp = Timestamp::from_micros(1_735_689_600_000_000);
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// So many minutes after the history's beginning.
pub(crate) fn minute(count: i64) -> Timestamp {
    START.plus_micros(count * MINUTE)
}

/// So many hours after the history's beginning.
pub(crate) fn hour(count: i64) -> Timestamp {
    START.plus_micros(count * HOUR)
}

pub(crate) fn day(count: i64) -> Timestamp {
    hour(24 * count)
}

/// The smallest step of time.
pub(crate) fn just_after(at: Timestamp) -> Timestamp {
    at.plus_micros(1)
}

pub(crate) fn just_before(at: Timestamp) -> Timestamp {
    at.plus_micros(-1)
}

/// The identity that [`given`] gives to the event of this version.
pub(crate) fn id_of(version: u64) -> EventId {
    EventId::new(&format!("event-{version}"))
}

/// An event to be recorded.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    event_type: String,
    payload: Vec<u8>,
    schema: u32,
    when: When,
    actor: Option<&'static str>,
    compensates: Option<EventId>,
}

#[derive(Clone, Copy, Debug)]
enum When {
    AMinuteLater,
    At(Timestamp),
    Untimed,
}

/// An event of the first schema, a minute after the one before it.
pub(crate) fn event(event_type: &str, payload: Value) -> Past {
    stored_event(event_type, payload.to_string().as_bytes())
}

/// An event whose payload is these bytes, whatever they are.
pub(crate) fn stored_event(event_type: &str, payload: &[u8]) -> Past {
    Past {
        event_type: event_type.to_owned(),
        payload: payload.to_vec(),
        schema: 1,
        when: When::AMinuteLater,
        actor: Some("kim"),
        compensates: None,
    }
}

impl Past {
    pub(crate) fn at(self, at: Timestamp) -> Self {
        Self { when: When::At(at), ..self }
    }

    pub(crate) fn untimed(self) -> Self {
        Self { when: When::Untimed, ..self }
    }

    /// Recorded without any metadata.
    pub(crate) fn by_nobody(self) -> Self {
        Self { actor: None, ..self }
    }

    /// Says that it compensates the event of this version.
    pub(crate) fn undoing(self, version: u64) -> Self {
        Self { compensates: Some(id_of(version)), ..self }
    }
}

/// A draft as `decide` should answer it, of the first schema.
pub(crate) fn draft(event_type: &'static str, payload: Value) -> Draft {
    Draft { event_type, schema: 1, payload, compensates: None }
}

/// A draft that compensates the event of this version.
pub(crate) fn undoing(version: u64, event_type: &'static str, payload: Value) -> Draft {
    Draft { compensates: Some(id_of(version)), ..draft(event_type, payload) }
}

/// Something asked of an aggregate after its history.
pub(crate) trait Ask {
    type Fold: Projection;
    const FOLD: Self::Fold;

    fn answer(&self, history: &Replay<Self::Fold>, now: Timestamp) -> Result<Vec<Draft>, Breach>;
}

impl Ask for LeadCommand {
    type Fold = LeadState;
    const FOLD: LeadState = LeadState;

    fn answer(&self, history: &Replay<LeadState>, now: Timestamp) -> Result<Vec<Draft>, Breach> {
        lead::decide(history.latest(), self, now)
    }
}

impl Ask for TicketCommand {
    type Fold = TicketState;
    const FOLD: TicketState = TicketState;

    fn answer(&self, history: &Replay<TicketState>, now: Timestamp) -> Result<Vec<Draft>, Breach> {
        ticket::decide(history.latest(), self, now)
    }
}

/// The cause that every compensation here gives.
pub(crate) const REASON: &str = "entered by mistake";

/// Asks for the natural compensation of a lead's event of this version.
pub(crate) struct UndoLead(pub(crate) u64);

impl Ask for UndoLead {
    type Fold = LeadState;
    const FOLD: LeadState = LeadState;

    fn answer(&self, history: &Replay<LeadState>, now: Timestamp) -> Result<Vec<Draft>, Breach> {
        let index = history.index_of(Version(self.0)).expect("the version to undo is recorded");
        let target = LeadTarget {
            id: history.heads()[index].id.clone(),
            event: history.event(index).expect("the event at its index").event.clone(),
            before: history.state_before(index).expect("the state before it"),
        };
        let command = LeadCommand::Compensate { target: Box::new(target), reason: REASON.to_owned() };
        command.answer(history, now)
    }
}

/// Asks for the natural compensation of a ticket's event of this version.
pub(crate) struct UndoTicket(pub(crate) u64);

impl Ask for UndoTicket {
    type Fold = TicketState;
    const FOLD: TicketState = TicketState;

    fn answer(&self, history: &Replay<TicketState>, now: Timestamp) -> Result<Vec<Draft>, Breach> {
        let index = history.index_of(Version(self.0)).expect("the version to undo is recorded");
        let target = TicketTarget {
            id: history.heads()[index].id.clone(),
            event: history.event(index).expect("the event at its index").event.clone(),
            before: history.state_before(index).expect("the state before it"),
        };
        let command = TicketCommand::Compensate { target: Box::new(target), reason: REASON.to_owned() };
        command.answer(history, now)
    }
}

/// A recorded history of one stream.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    recorded: Vec<RecordedEvent>,
}

/// Records the events as versions 0, 1, 2 and so on of one stream.
pub(crate) fn given(events: impl IntoIterator<Item = Past>) -> Given {
    events.into_iter().fold(Given { recorded: Vec::new() }, Given::and)
}

impl Given {
    /// The same history with one more event.
    pub(crate) fn and(mut self, past: Past) -> Self {
        let version = self.recorded.len() as u64;
        let recorded_at = match past.when {
            When::AMinuteLater => Some(self.a_minute_later()),
            When::At(at) => Some(at),
            When::Untimed => None,
        };
        let metadata =
            MetadataBuilder::default().with("actor", past.actor).compensates(past.compensates.as_ref()).build();
        self.recorded.push(RecordedEvent {
            position: Some(Position(version + 1)),
            stream: StreamId::from("case-1"),
            version: Version(version),
            event_type: EventType::from(past.event_type.as_str()),
            schema: past.schema,
            recorded_at,
            id: id_of(version),
            payload: past.payload,
            metadata: metadata.into_bytes(),
        });
        self
    }

    fn a_minute_later(&self) -> Timestamp {
        let last = self.recorded.iter().rev().find_map(|event| event.recorded_at);
        last.map_or(START, |at| at.plus_micros(MINUTE))
    }

    /// Asks a minute after the last event.
    pub(crate) fn when<A: Ask>(self, ask: A) -> Asked {
        let now = self.a_minute_later();
        self.when_at(now, ask)
    }

    pub(crate) fn when_at<A: Ask>(self, now: Timestamp, ask: A) -> Asked {
        let mut history = Replay::new(A::FOLD);
        for event in &self.recorded {
            history.push(&event.as_row());
        }
        let answer = ask.answer(&history, now);
        Asked { given: self, now, answer }
    }

    pub(crate) fn recorded(&self) -> &[RecordedEvent] {
        &self.recorded
    }

    /// The history under a projection.
    pub(crate) fn timeline(&self, projection: impl Into<ProjectionRef>) -> Box<dyn Timeline> {
        let mut timeline = projection.into().timeline(self.recorded.len());
        for event in &self.recorded {
            timeline.push_row(&event.as_row());
        }
        timeline
    }

    /// What the projection shows after the last event.
    pub(crate) fn shown(&self, projection: impl Into<ProjectionRef>) -> Value {
        self.timeline(projection).show(self.recorded.len().checked_sub(1))
    }

    /// Asserts the named fields of what the projection shows at last; other fields do not count.
    #[track_caller]
    pub(crate) fn shows(self, projection: impl Into<ProjectionRef>, expected: Value) -> Self {
        let projection = projection.into();
        let shown = self.shown(projection.clone());
        for (field, value) in expected.as_object().expect("expected fields are an object") {
            let Some(found) = shown.get(field) else { panic!("{projection:?} shows no field “{field}”: {shown}") };
            assert_eq!(found, value, "{field} under {projection:?} after {self}");
        }
        self
    }

    /// Asserts everything that replaying the history reports, as version and words.
    #[track_caller]
    pub(crate) fn finds(self, expected: &[(u64, &str)]) -> Self {
        let findings = self.findings();
        let found: Vec<_> = findings.iter().map(|(version, words)| (*version, words.as_str())).collect();
        assert_eq!(found, expected, "findings of {self}");
        self
    }

    pub(crate) fn findings(&self) -> Vec<(u64, String)> {
        let of = |aggregate| self.recorded.iter().any(|event| kind_of(aggregate, event.event_type.as_str()).is_some());
        let mut story = Story::new([Aggregate::Lead, Aggregate::Ticket].into_iter().find(|aggregate| of(*aggregate)));
        for event in &self.recorded {
            story.push(&event.as_row());
        }
        let findings = story.timeline().findings(self.recorded.len());
        findings.into_iter().map(|finding| (finding.version.0, finding.message())).collect()
    }
}

impl std::fmt::Display for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let types: Vec<_> = self.recorded.iter().map(|event| event.event_type.as_str()).collect();
        write!(f, "[{}]", types.join(", "))
    }
}

/// A history, and how it answered.
#[must_use = "an answer proves nothing until it is looked at"]
pub(crate) struct Asked {
    given: Given,
    now: Timestamp,
    answer: Result<Vec<Draft>, Breach>,
}

impl Asked {
    /// Asserts that the answer is these drafts, and that replaying finds no fault with them once they are recorded.
    /// Answers the history with them.
    #[track_caller]
    pub(crate) fn then<const N: usize>(self, expected: [Draft; N]) -> Given {
        let Self { given, now, answer } = self;
        assert_eq!(answer, Ok(expected.to_vec()), "after {given}");
        let findings_before = given.findings();
        let after = expected.into_iter().fold(given, |given, draft| {
            given.and(Past {
                event_type: draft.event_type.to_owned(),
                payload: draft.payload.to_string().into_bytes(),
                schema: draft.schema,
                when: When::At(now),
                actor: Some("kim"),
                compensates: draft.compensates,
            })
        });
        assert_eq!(after.findings(), findings_before, "what was decided is no finding: {after}");
        after
    }

    /// The one draft of the answer.
    #[track_caller]
    pub(crate) fn only_draft(&self) -> Draft {
        match self.answer.as_deref() {
            Ok([draft]) => draft.clone(),
            other => panic!("one draft was expected after {}, not {other:?}", self.given),
        }
    }

    #[track_caller]
    pub(crate) fn then_refused(self, expected: Breach) {
        assert_eq!(self.answer, Err(expected), "after {}", self.given);
    }
}
