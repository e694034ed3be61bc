use serde_json::Value;

use crate::domain::lead::{self, LeadCommand, LeadTarget};
use crate::domain::ticket::{self, TicketCommand, TicketTarget};
use crate::domain::{Breach, Draft, schema_for};
use crate::event::{
    EventId, EventRow, EventType, Explain, JsonFault, Message, MetadataBuilder, NewEvent, RecordedEvent, StreamId,
    StreamKey, Timestamp, Version, name_twice,
};
use crate::projection::{Problem, Projection};
use crate::replay::{AnyFold, Change, Preview, Replay, Story};
use crate::store::{AppendError, Appended, Closed, Expected, Writer};

use super::Proposal;

/// Who appends, why, and under which identity. The clock and the id come from outside: planning is pure.
#[derive(Clone, Debug)]
pub struct Authorship {
    pub actor: String,
    pub reason: String,
    pub id: EventId,
    pub now: Timestamp,
}

/// An event of the user's own making.
#[derive(Clone, Debug)]
pub struct FreeEvent {
    pub event_type: String,
    pub payload: String,
    pub compensates: Option<EventId>,
}

/// An append that has not happened yet, with all that one wants to see before it does.
#[derive(Clone, Debug)]
pub struct Plan {
    pub stream: StreamId,
    pub expected: Expected,
    pub event: NewEvent,
    /// The version it will have if nobody is quicker.
    pub version: Version,
    pub before: Value,
    pub after: Value,
    pub changes: Vec<Change>,
    /// Rules that the event breaks. The user may still want it.
    pub breaches: Vec<Problem>,
    /// What the plan was made from, so that it can be made anew.
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) enum Origin {
    Natural { target: RecordedEvent },
    Free(FreeEvent),
}

#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("{0}")]
    Refused(#[from] Breach),
    #[error("version {version} of {stream} is not in the stream")]
    NoSuchEvent { stream: StreamId, version: Version },
    #[error("{0} is an event of a domain that Foldline has no rules for; append an event of your own that corrects it")]
    NoRules(EventType),
    #[error("the author is missing; say who appends with --actor")]
    NoActor,
    #[error("the reason is missing; say why with --reason")]
    NoReason,
    #[error("the payload is not JSON. {0}")]
    PayloadNotJson(JsonFault),
    #[error("the field “{0}” stands in the payload twice; leave one of the two out")]
    FieldTwice(String),
    #[error("the event type is empty")]
    NoType,
    #[error("{0} is not loaded whole; try again when it is")]
    NothingLoaded(StreamId),
    #[error("{0} is archived, and nothing is appended to it; take it out of the archive with its application first")]
    Archived(StreamId),
    #[error("this stream is encrypted, and only its application can write into it; record the correction there")]
    Encrypted,
}

impl PlanError {
    /// What cannot be appended is not planned and shown as if it could be.
    pub fn of_closed(closed: Closed, stream: &StreamId) -> Self {
        match closed {
            Closed::Archived => Self::Archived(stream.clone()),
            Closed::Encrypted => Self::Encrypted,
        }
    }
}

impl Explain for PlanError {
    fn message(&self) -> Message {
        match self {
            Self::Refused(breach) => breach.message(),
            Self::NoSuchEvent { stream, version } => {
                Message::new("plan-no-such-event").text("stream", stream).number("version", version.0)
            }
            Self::NoRules(event_type) => Message::new("plan-no-rules").text("type", event_type),
            Self::NoActor => Message::new("plan-no-actor"),
            Self::NoReason => Message::new("plan-no-reason"),
            Self::PayloadNotJson(fault) => Message::new("plan-payload-not-json").inner("detail", fault.message()),
            Self::FieldTwice(name) => Message::new("plan-payload-twice").text("name", name),
            Self::NoType => Message::new("plan-no-type"),
            Self::NothingLoaded(stream) => Message::new("plan-nothing-loaded").text("stream", stream),
            Self::Archived(stream) => Message::new("append-archived").text("stream", stream),
            Self::Encrypted => Message::new("append-encrypted"),
        }
    }
}

/// Plans the natural compensation of a recorded event. The story must be loaded to its end.
pub fn natural(story: &Story, target: &RecordedEvent, authorship: &Authorship) -> Result<Plan, PlanError> {
    check_authorship(authorship)?;
    let timeline = story.timeline();
    let missing = || PlanError::NoSuchEvent { stream: target.stream.clone(), version: target.version };
    let index = timeline.index_of(target.version).ok_or_else(missing)?;
    let Authorship { reason, now, .. } = authorship;
    let drafts = match story {
        Story::Lead(replay) => {
            let event = replay.event(index).ok_or_else(missing)?.event.clone();
            let before = replay.state_before(index).ok_or_else(missing)?;
            let target = Box::new(LeadTarget { id: target.id.clone(), event, before });
            lead::decide(replay.latest(), &LeadCommand::Compensate { target, reason: reason.clone() }, *now)?
        }
        Story::Ticket(replay) => {
            let event = replay.event(index).ok_or_else(missing)?.event.clone();
            let before = replay.state_before(index).ok_or_else(missing)?;
            let target = Box::new(TicketTarget { id: target.id.clone(), event, before });
            ticket::decide(replay.latest(), &TicketCommand::Compensate { target, reason: reason.clone() }, *now)?
        }
        Story::Other(_) => return Err(PlanError::NoRules(target.event_type.clone())),
    };
    let Some(Draft { event_type, schema, payload, compensates }) = drafts.into_iter().next() else {
        return Err(PlanError::NoRules(target.event_type.clone()));
    };
    let event = NewEvent {
        id: authorship.id.clone(),
        event_type: EventType::from(event_type),
        schema,
        recorded_at: Some(*now),
        payload: payload.to_string(),
        metadata: metadata(authorship, compensates.as_ref(), Some(target)),
    };
    let expected = timeline.highest_version().map_or(Expected::NoStream, Expected::Exact);
    Ok(preview(story, &target.stream, expected, event, Origin::Natural { target: target.clone() }))
}

/// Plans an event of the user's own, whatever the rules say; what they say stands in the plan.
pub fn plan_event(
    story: &Story,
    stream: &StreamId,
    expected: Expected,
    free: FreeEvent,
    authorship: &Authorship,
) -> Result<Plan, PlanError> {
    check_authorship(authorship)?;
    let FreeEvent { event_type, payload, compensates } = &free;
    if event_type.is_empty() {
        return Err(PlanError::NoType);
    }
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(payload) {
        return Err(PlanError::PayloadNotJson((&error).into()));
    }
    if let Some(name) = name_twice(payload) {
        return Err(PlanError::FieldTwice(name));
    }
    let event = NewEvent {
        id: authorship.id.clone(),
        event_type: EventType::from(event_type.as_str()),
        schema: schema_for(story.aggregate(), event_type),
        recorded_at: Some(authorship.now),
        payload: payload.clone(),
        metadata: metadata(authorship, compensates.as_ref(), None),
    };
    Ok(preview(story, stream, expected, event, Origin::Free(free)))
}

pub(super) fn check_authorship(authorship: &Authorship) -> Result<(), PlanError> {
    if authorship.actor.trim().is_empty() {
        return Err(PlanError::NoActor);
    }
    if authorship.reason.trim().is_empty() {
        return Err(PlanError::NoReason);
    }
    Ok(())
}

/// A correction belongs to the conversation of the event that it corrects, and was caused by it.
fn metadata(authorship: &Authorship, compensates: Option<&EventId>, target: Option<&RecordedEvent>) -> String {
    let builder =
        MetadataBuilder::default().actor(&authorship.actor).reason(&authorship.reason).compensates(compensates);
    let builder = match target {
        Some(target) => builder
            .with("correlation-id", target.metadata().correlation_id)
            .with("causation-id", Some(target.id.to_string())),
        None => builder,
    };
    builder.build()
}

fn preview(story: &Story, stream: &StreamId, expected: Expected, event: NewEvent, origin: Origin) -> Plan {
    let version = story.timeline().highest_version().map_or(Version(0), |last| Version(last.0 + 1));
    let row = row_of(&event, stream, version);
    let Preview { before, after, changes, problems: breaches } = match story {
        Story::Lead(replay) => after_event(replay, &row),
        Story::Ticket(replay) => after_event(replay, &row),
        Story::Other(replay) => after_event(replay, &row),
    };
    Plan { stream: stream.clone(), expected, version, before, after, changes, breaches, origin, event }
}

/// The event as it will be read.
fn row_of<'e>(event: &'e NewEvent, stream: &'e StreamId, version: Version) -> EventRow<'e> {
    EventRow {
        position: None,
        stream_key: StreamKey(0),
        stream,
        version,
        event_type: &event.event_type,
        schema: event.schema,
        recorded_at: event.recorded_at,
        id: event.id.clone(),
        payload: event.payload.as_bytes(),
        metadata: event.metadata.as_bytes(),
    }
}

impl Plan {
    /// What it would change in the stream under another projection, that stands as far as the plan does.
    pub fn effect_on(&self, fold: &dyn AnyFold) -> Preview {
        fold.preview(&row_of(&self.event, &self.stream, self.version))
    }
}

fn after_event<P: Projection>(replay: &Replay<P>, row: &EventRow<'_>) -> Preview {
    Preview::of(replay.projection(), replay.latest(), row)
}

/// Records what was planned, or answers with the conflict.
pub fn append_plan(plan: &Plan, store: &mut dyn Writer) -> Result<Appended, AppendError> {
    append_all(&plan.stream, plan.expected, std::slice::from_ref(&plan.event), store)
}

/// Records all that is proposed at once, or answers with the conflict.
pub fn append_proposal(proposal: &Proposal, store: &mut dyn Writer) -> Result<Appended, AppendError> {
    append_all(&proposal.stream, proposal.expected, &proposal.events, store)
}

/// The clock of a plan was read before its turn came: an event is never recorded as earlier than the one that it follows.
fn append_all(
    stream: &StreamId,
    planned: Expected,
    events: &[NewEvent],
    store: &mut dyn Writer,
) -> Result<Appended, AppendError> {
    let mut before = None;
    loop {
        let row = store.stream(stream)?;
        let last_at = row.as_ref().and_then(|row| row.last_at);
        let not_earlier = |at: Timestamp| last_at.map_or(at, |last_at| at.max(last_at));
        let events: Vec<NewEvent> = events
            .iter()
            .map(|event| NewEvent { recorded_at: event.recorded_at.map(not_earlier), ..event.clone() })
            .collect();
        // Behind the very event whose time is known, so that none can come between.
        let expected = match planned {
            Expected::Any => row.map_or(Expected::NoStream, |row| Expected::Exact(row.last_version)),
            expected => expected,
        };
        match store.append(stream, expected, &events) {
            Err(AppendError::Conflict(conflict))
                if planned == Expected::Any || conflict.expected.holds(conflict.actual) =>
            {
                // Nobody was quicker: what the store says of its stream is not what it appends behind.
                if before.as_ref() == Some(&conflict) {
                    return Err(AppendError::HeadDisagrees { stream: stream.clone() });
                }
                before = Some(conflict);
            }
            answer => return answer,
        }
    }
}
