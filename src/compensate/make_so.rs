//! From what might have been to what can still be done: events to append that take the state a stream has to the state
//! that its branch ends with, as far as the domain allows.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::plan::{Authorship, PlanError, check_authorship};
use crate::domain::lead::{self, LeadCommand, LeadStatus, LeadTarget};
use crate::domain::ticket::{self, TicketCommand, TicketStatus, TicketTarget};
use crate::domain::{Breach, Draft, EventKind, schema_for};
use crate::event::{
    EventId, EventRow, EventType, MetadataBuilder, NewEvent, StreamId, StreamKey, Timestamp, Version, json_value,
};
use crate::projection::{
    FieldsProjection, LeadState, Problem, Projection, TicketState, cell_value, diff_values, parents, path_value, sized,
};
use crate::replay::{Alteration, Branch, Change, How, Index, Label, Replay, SlotEvent, Story, Timeline, WhatIf};
use crate::store::Expected;

/// At most so many events are proposed: who needs more had better write them.
const MOST_EVENTS: usize = 24;

/// Of the events that no edit concerns, so many of the last are tried to be compensated.
const LAST_TRIED: usize = 8;

/// Events that would make a branch so. Nothing is written before they are appended.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub stream: StreamId,
    pub expected: Expected,
    /// To be appended all at once.
    pub events: Vec<NewEvent>,
    /// The version that the first of them will have if nobody is quicker.
    pub first: Version,
    /// What they change of the state as it is.
    pub changes: Vec<Change>,
    /// What cannot be reached: the value after these events, and the branch's.
    pub remaining: Vec<Change>,
    /// Why events that the branch leaves out or changes have no natural compensation.
    pub refused: Vec<(Label, Breach)>,
}

/// An event that might help.
#[derive(Clone, Debug)]
struct Candidate {
    event_type: String,
    payload: Value,
    compensates: Option<EventId>,
    /// It takes back what the branch leaves out. Welcome also where it cannot make all equal.
    is_of_skip: bool,
}

/// What a domain offers to reach a state.
trait Reach: Projection {
    /// The natural compensation of a recorded event, in the state that has been reached.
    fn natural(
        &self,
        history: &Replay<Self>,
        index: Index,
        state: &Self::State,
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Breach>
    where
        Self: Sized;

    /// Events that set something to the value wanted. Which of them help is tried out.
    fn setting(&self, _wanted: &Self::State) -> Vec<(String, Value)> {
        Vec::new()
    }

    /// An event of this type that sets these fields of any state.
    fn setting_fields(&self, _event_type: &EventType, _fields: &[&str], _wanted: &Self::State) -> Option<Value> {
        None
    }
}

/// Proposes events. `what_if` is the branch under the story's own projection.
pub fn propose(
    story: &Story,
    what_if: &WhatIf,
    branch: &Branch,
    stream: &StreamId,
    authorship: &Authorship,
) -> Result<Proposal, PlanError> {
    check_authorship(authorship)?;
    let found = match story {
        Story::Lead(replay) => Search::run(replay, what_if, branch, stream, authorship),
        Story::Ticket(replay) => Search::run(replay, what_if, branch, stream, authorship),
        Story::Other(replay) => Search::run(replay, what_if, branch, stream, authorship),
    };
    found.ok_or_else(|| PlanError::NothingLoaded(stream.clone()))
}

struct Search<'a, P: Projection> {
    history: &'a Replay<P>,
    goal: P::State,
    stream: &'a StreamId,
    authorship: &'a Authorship,
    state: P::State,
    /// Where the state differs from the goal; of what lies inside of one another, the outer.
    differing: BTreeSet<String>,
    chosen: Vec<NewEvent>,
}

/// A state that would be reached.
#[derive(Clone)]
struct Tried<S> {
    is_of_skip: bool,
    state: S,
    differing: BTreeSet<String>,
    event: NewEvent,
    touches: bool,
}

impl<'a, P: Reach> Search<'a, P> {
    fn run(
        history: &'a Replay<P>,
        what_if: &WhatIf,
        branch: &Branch,
        stream: &'a StreamId,
        authorship: &'a Authorship,
    ) -> Option<Proposal> {
        let projection = history.projection();
        let goal = what_if.timeline.as_any().downcast_ref::<Replay<P>>()?.latest().clone();
        let state = history.latest().clone();
        let (before, wanted) = (projection.show(&state), projection.show(&goal));
        let differing = outermost(&diff_values(&before, &wanted, projection.bookkeeping()).into_iter().collect());
        let mut search = Self { history, goal, stream, authorship, state, differing, chosen: Vec::new() };
        let first = search.next_version(0);
        let edits = Edits::of(what_if, branch);
        while !search.differing.is_empty() && search.chosen.len() < MOST_EVENTS && search.step(&edits) {}
        let after = projection.show(&search.state);
        Some(Proposal {
            stream: stream.clone(),
            expected: history.highest_version().map_or(Expected::NoStream, Expected::Exact),
            first,
            changes: changes(&before, &after, projection.bookkeeping()),
            remaining: changes(&after, &wanted, projection.bookkeeping()),
            refused: search.refused(&edits),
            events: search.chosen,
        })
    }

    /// Takes the event that brings the state nearest to the goal; where none alone does, two; and else one that takes
    /// back what the branch leaves out. Says whether there was any.
    fn step(&mut self, edits: &Edits) -> bool {
        let here = self.differing.len();
        let tries = self.tries(&self.state, &self.differing, 0, edits);
        let nearest = |tries: &[Tried<P::State>]| {
            let distances = tries.iter().map(|tried| tried.differing.len()).enumerate();
            distances.min_by_key(|(_, distance)| *distance).filter(|(_, distance)| *distance < here)
        };
        if let Some((place, _)) = nearest(&tries) {
            tries.into_iter().nth(place).into_iter().for_each(|tried| self.take(tried));
            return true;
        }
        let mut best: Option<(usize, [Tried<P::State>; 2])> = None;
        for first in tries.iter().filter(|_| self.chosen.len() + 2 <= MOST_EVENTS) {
            let seconds = self.tries(&first.state, &first.differing, 1, edits);
            if let Some((place, distance)) = nearest(&seconds)
                && best.as_ref().is_none_or(|(known, _)| distance < *known)
                && let Some(second) = seconds.into_iter().nth(place)
            {
                best = Some((distance, [first.clone(), second]));
            }
        }
        if let Some((_, [first, second])) = best {
            self.take(first);
            self.take(second);
            return true;
        }
        let is_welcome = |tried: &Tried<P::State>| tried.is_of_skip && tried.touches && tried.differing.len() == here;
        match tries.into_iter().find(is_welcome) {
            Some(tried) => {
                self.take(tried);
                true
            }
            None => false,
        }
    }

    fn take(&mut self, tried: Tried<P::State>) {
        let Tried { state, differing, event, .. } = tried;
        (self.state, self.differing) = (state, differing);
        self.chosen.push(event);
    }

    /// Every event that could come next without breaking a rule, and where it would lead. So many came already that were
    /// not chosen yet.
    fn tries(
        &self,
        state: &P::State,
        differing: &BTreeSet<String>,
        ahead: usize,
        edits: &Edits,
    ) -> Vec<Tried<P::State>> {
        let candidates = self.candidates(state, edits);
        candidates.iter().filter_map(|candidate| self.tried(state, differing, ahead, candidate)).collect()
    }

    fn candidates(&self, state: &P::State, edits: &Edits) -> Vec<Candidate> {
        let projection = self.history.projection();
        let mut candidates = Vec::new();
        let free = |event_type: &str, payload: &Value, compensates: Option<EventId>| Candidate {
            event_type: event_type.to_owned(),
            payload: payload.clone(),
            compensates,
            is_of_skip: false,
        };
        let count = self.history.heads().len();
        let last = (count.saturating_sub(LAST_TRIED)..count).rev();
        for (index, is_of_skip) in edits
            .skipped
            .iter()
            .map(|index| (*index, true))
            .chain(edits.changed.iter().map(|(index, _)| *index).chain(last).map(|index| (index, false)))
        {
            let drafts = projection.natural(self.history, index, state, &self.authorship.reason, self.authorship.now);
            candidates.extend(drafts.unwrap_or_default().into_iter().map(|draft| Candidate {
                event_type: draft.event_type.to_owned(),
                payload: draft.payload,
                compensates: draft.compensates,
                is_of_skip,
            }));
        }
        for (index, payload) in &edits.changed {
            if let Some(head) = self.history.heads().get(*index) {
                candidates.push(free(head.event_type.as_str(), payload, Some(head.id.clone())));
                candidates.push(free(head.event_type.as_str(), payload, None));
            }
        }
        candidates.extend(edits.inserted.iter().map(|(event_type, payload, of)| free(event_type, payload, of.clone())));
        candidates
            .extend(projection.setting(&self.goal).into_iter().map(|(name, payload)| free(&name, &payload, None)));
        let concerned = edits.skipped.iter().chain(edits.changed.iter().map(|(index, _)| index));
        for head in concerned.filter_map(|index| self.history.heads().get(*index)) {
            let fields: Vec<&str> = self.differing.iter().map(String::as_str).collect();
            if let Some(payload) = projection.setting_fields(&head.event_type, &fields, &self.goal) {
                candidates.push(free(head.event_type.as_str(), &payload, Some(head.id.clone())));
            }
        }
        candidates
    }

    fn next_version(&self, ahead: usize) -> Version {
        let last = self.history.highest_version().map(|version| version.0 + 1).unwrap_or_default();
        Version(last + (self.chosen.len() + ahead) as u64)
    }

    /// Where an event leads; `None` where it breaks a rule.
    fn tried(
        &self,
        state: &P::State,
        differing: &BTreeSet<String>,
        ahead: usize,
        candidate: &Candidate,
    ) -> Option<Tried<P::State>> {
        let event = self.event(candidate, self.chosen.len() + ahead);
        let row = EventRow {
            position: None,
            stream_key: StreamKey(0),
            stream: self.stream,
            version: self.next_version(ahead),
            event_type: &event.event_type,
            schema: event.schema,
            recorded_at: event.recorded_at,
            id: event.id.clone(),
            payload: event.payload.as_bytes(),
            metadata: event.metadata.as_bytes(),
        };
        let projection = self.history.projection();
        let (mut next, mut problems, mut moved) = (state.clone(), Vec::new(), Vec::new());
        let decoded = projection.decode(&row);
        projection.fold_and_report(&mut next, &decoded, &row.head(), &mut problems, &mut |path| {
            moved.push(path.to_owned());
        });
        let is_allowed = |problem: &Problem| !matches!(problem, Problem::Breach(_) | Problem::Failed(_));
        if !problems.iter().all(is_allowed) {
            return None;
        }
        moved.retain(|path| sized(path).is_none() && !projection.bookkeeping().contains(&path.as_str()));
        let touches =
            moved.iter().any(|path| differing.iter().any(|known| is_within(path, known) || is_within(known, path)));
        let differs = |path: &String| {
            let (is, wanted) = (cell_value(projection, &next, path), cell_value(projection, &self.goal, path));
            !is_same(&is, &wanted)
        };
        let all: BTreeSet<String> = differing.iter().cloned().chain(moved).collect();
        Some(Tried {
            is_of_skip: candidate.is_of_skip,
            differing: outermost(&all.into_iter().filter(differs).collect()),
            touches,
            event,
            state: next,
        })
    }

    fn event(&self, candidate: &Candidate, number: usize) -> NewEvent {
        let Authorship { actor, reason, id, now } = self.authorship;
        let aggregate = self.history.projection().aggregate();
        let Candidate { event_type, payload, compensates, .. } = candidate;
        let metadata = MetadataBuilder::default().actor(actor).reason(reason).compensates(compensates.as_ref());
        let metadata = metadata.with("correlation-id", Some(id.to_string()));
        NewEvent {
            id: EventId::from_content(&[b"make so", id.to_string().as_bytes(), &number.to_le_bytes()]),
            event_type: EventType::from(event_type.as_str()),
            schema: schema_for(aggregate, event_type),
            recorded_at: Some(*now),
            payload: payload.to_string(),
            metadata: metadata.with("causation-id", compensates.as_ref().map(ToString::to_string)).build(),
        }
    }

    /// Why what still differs could not be taken back in the natural way.
    fn refused(&self, edits: &Edits) -> Vec<(Label, Breach)> {
        if self.differing.is_empty() {
            return Vec::new();
        }
        let Authorship { reason, now, .. } = self.authorship;
        let concerned = edits.skipped.iter().chain(edits.changed.iter().map(|(index, _)| index));
        let is_open = |index: &&Index| {
            let touched = self.history.changed_fields(**index);
            let touches =
                |path: &&str| self.differing.iter().any(|known| is_within(path, known) || is_within(known, path));
            touched.iter().any(touches)
        };
        let refused = |index: &Index| {
            let head = self.history.heads().get(*index)?;
            let natural = self.history.projection().natural(self.history, *index, &self.state, reason, *now);
            let was_taken = self.chosen.iter().any(|event| event.metadata.contains(&head.id.to_string()));
            natural.err().filter(|_| !was_taken).map(|breach| (Label::Recorded(head.version), breach))
        };
        concerned.filter(is_open).filter_map(refused).collect()
    }
}

/// What a branch does, the latest first.
struct Edits {
    skipped: Vec<Index>,
    /// With the payload that it has in the branch.
    changed: Vec<(Index, Value)>,
    inserted: Vec<(String, Value, Option<EventId>)>,
}

impl Edits {
    fn of(what_if: &WhatIf, branch: &Branch) -> Self {
        let mut edits = Self { skipped: Vec::new(), changed: Vec::new(), inserted: Vec::new() };
        for slot in what_if.layout.slots().iter().rev() {
            match (slot.how, slot.event) {
                (How::Skipped, SlotEvent::Recorded(index)) => edits.skipped.push(index),
                (How::Changed, SlotEvent::Recorded(index)) => {
                    let payload = what_if.events.changed(index).and_then(|event| json_value(&event.payload).ok());
                    edits.changed.extend(payload.map(|payload| (index, payload)));
                }
                (How::Inserted, SlotEvent::Inserted(edit)) => {
                    if let Some(Alteration::Insert { event, .. }) = branch.edits.get(edit).map(|edit| &edit.what) {
                        let of = event.compensates.clone();
                        edits.inserted.push((event.event_type.clone(), event.payload.clone(), of));
                    }
                }
                _ => {}
            }
        }
        edits
    }
}

fn changes(before: &Value, after: &Value, bookkeeping: &[&str]) -> Vec<Change> {
    let value = |shown: &Value, path: &str| path_value(shown, path).cloned().unwrap_or(Value::Null);
    let change = |field: String| Change { before: value(before, &field), after: value(after, &field), field };
    diff_values(before, after, bookkeeping).into_iter().map(change).collect()
}

/// What is absent and what is `null` are the same, also inside of a value.
fn is_same(a: &Value, b: &Value) -> bool {
    diff_values(a, b, &[]).is_empty()
}

fn is_within(path: &str, outer: &str) -> bool {
    parents(path).contains(&outer)
}

/// Without those that lie inside of others.
fn outermost(paths: &BTreeSet<String>) -> BTreeSet<String> {
    let is_inside = |path: &String| parents(path).iter().skip(1).any(|outer| paths.contains(*outer));
    paths.iter().filter(|path| !is_inside(path)).cloned().collect()
}

fn named(kind: EventKind, payload: Value) -> (String, Value) {
    (kind.name().to_owned(), payload)
}

impl Reach for LeadState {
    fn natural(
        &self,
        history: &Replay<Self>,
        index: Index,
        state: &lead::Lead,
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Breach> {
        let (Some(event), Some(before), Some(head)) =
            (history.event(index), history.state_before(index), history.heads().get(index))
        else {
            return Ok(Vec::new());
        };
        let target = Box::new(LeadTarget { id: head.id.clone(), event: event.event.clone(), before });
        lead::decide(state, &LeadCommand::Compensate { target, reason: reason.to_owned() }, now)
    }

    fn setting(&self, wanted: &lead::Lead) -> Vec<(String, Value)> {
        let mut settings = Vec::new();
        let text = |text: &Option<crate::event::ShortText>| text.as_ref().map(|text| Value::from(&**text));
        let fields: Map<String, Value> = [("name", text(&wanted.name)), ("phone", text(&wanted.phone))]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        for only in fields.keys() {
            settings.push(named(EventKind::ContactDetailsUpdated, json!({ only.as_str(): fields[only] })));
        }
        settings.push(named(EventKind::ContactDetailsUpdated, Value::Object(fields)));
        if let Some(on) = wanted.followup_on {
            settings.push(named(EventKind::FollowupSet, json!({ "followup-on": on.to_string() })));
        }
        if let Some(deadline) = wanted.payment_deadline {
            settings.push(named(EventKind::OrderSubmitted, json!({ "payment-deadline": deadline.to_string() })));
        }
        settings.extend(match wanted.status {
            Some(LeadStatus::Converted) => Some(named(EventKind::PaymentConfirmed, json!({}))),
            Some(LeadStatus::PaymentFailed) => Some(named(EventKind::PaymentFailed, json!({}))),
            Some(LeadStatus::Closed) => Some(named(EventKind::LeadClosed, json!({}))),
            _ => None,
        });
        settings
    }
}

impl Reach for TicketState {
    fn natural(
        &self,
        history: &Replay<Self>,
        index: Index,
        state: &ticket::Ticket,
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Breach> {
        let (Some(event), Some(before), Some(head)) =
            (history.event(index), history.state_before(index), history.heads().get(index))
        else {
            return Ok(Vec::new());
        };
        let target = Box::new(TicketTarget { id: head.id.clone(), event: event.event.clone(), before });
        ticket::decide(state, &TicketCommand::Compensate { target, reason: reason.to_owned() }, now)
    }

    fn setting(&self, wanted: &ticket::Ticket) -> Vec<(String, Value)> {
        let mut settings = Vec::new();
        if let Some(agent) = &wanted.agent {
            settings.push(named(EventKind::AgentAssigned, json!({ "agent": &**agent })));
        }
        if let Some(priority) = wanted.priority {
            settings.push(named(EventKind::PriorityChanged, json!({ "priority": priority.name() })));
        }
        if wanted.status == Some(TicketStatus::Closed) {
            settings.push(named(EventKind::TicketClosed, json!({ "by": "manager" })));
        }
        settings
    }
}

/// Of a domain without known rules: an event of the same type gives the fields that differ the values they have in the
/// branch.
impl Reach for FieldsProjection {
    fn natural(
        &self,
        _: &Replay<Self>,
        _: Index,
        _: &Self::State,
        _: &str,
        _: Timestamp,
    ) -> Result<Vec<Draft>, Breach> {
        Ok(Vec::new())
    }

    fn setting_fields(&self, _: &EventType, fields: &[&str], wanted: &Self::State) -> Option<Value> {
        let mut payload = Map::new();
        let shown = self.show(wanted);
        for path in fields {
            let outer = parents(path).last().copied().unwrap_or(path);
            let name = crate::projection::field_name(outer)?;
            payload.insert(name.clone(), shown.get(&name).cloned().unwrap_or(Value::Null));
        }
        (!payload.is_empty()).then_some(Value::Object(payload))
    }
}
