//! From a branch to events that make it so: what is proposed is appended at once, and the state is then the branch's.

use foldline::compensate::{Authorship, PlanError, append_proposal};
use foldline::domain::Aggregate;
use foldline::engine::{EngineError, Proposed, describe, propose_branch};
use foldline::event::{EventId, Metadata, NewEvent, RecordedEvent, StreamId, Timestamp, Version};
use foldline::projection::Problem;
use foldline::replay::{
    Alteration, Branch, EventRef, InsertedEvent, Layout, NewEvents, NewPayload, Timeline, WhatIf, registry,
};
use foldline::store::{Expected, Flow, Store, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::branches::{drawn, edits};
use crate::memory_store::MemoryStore;
use crate::replay_properties::{free_form, histories};
use crate::workshop::{cases, read_stream, second};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

#[derive(Debug)]
enum Failed {
    Engine(#[allow(dead_code, reason = "printed")] EngineError),
    Plan(#[allow(dead_code, reason = "printed")] PlanError),
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<PlanError> for Failed {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

/// A store with one stream of these events, their ids `e0`, `e1`, ….
fn store(stream: &str, events: &[(&str, Value)]) -> (MemoryStore, StreamId) {
    let mut store = MemoryStore::default();
    let stream = StreamId::from(stream);
    let recorded: Vec<NewEvent> = events
        .iter()
        .enumerate()
        .map(|(number, (event_type, payload))| NewEvent {
            id: EventId::new(&format!("e{number}")),
            event_type: (*event_type).into(),
            schema: 1,
            recorded_at: Some(second(number as i64)),
            payload: payload.to_string(),
            metadata: String::new(),
        })
        .collect();
    store.append(&stream, Expected::NoStream, &recorded).expect("recorded");
    (store, stream)
}

fn at(version: u64) -> EventRef {
    EventRef { version: Version(version), id: EventId::new(&format!("e{version}")) }
}

fn branch(edits: impl IntoIterator<Item = Alteration>) -> Branch {
    let mut branch = Branch::default();
    for edit in edits {
        branch.push(edit);
    }
    branch
}

fn change(version: u64, field: &str, value: Value) -> Alteration {
    Alteration::Change { event: at(version), to: NewPayload::Fields(vec![(field.to_owned(), value)]) }
}

fn insert(after: u64, event_type: &str, payload: Value) -> Alteration {
    let id = EventId::new("inserted");
    let event = InsertedEvent { id, event_type: event_type.to_owned(), payload, recorded_at: None, compensates: None };
    Alteration::Insert { after: Some(at(after)), event }
}

fn kim() -> Authorship {
    Authorship { actor: "kim".into(), reason: "as it should be".into(), id: EventId::new("c"), now: NOW }
}

fn proposed(store: &dyn Store, stream: &StreamId, branch: &Branch) -> Proposed {
    let described = describe(store, stream).expect("there");
    let go_on = &mut |_| Flow::Continue(());
    propose_branch::<Failed>(store, &described, branch, &kim(), go_on).expect("proposed")
}

fn types(proposed: &Proposed) -> Vec<&str> {
    proposed.proposal.events.iter().map(|event| event.event_type.as_str()).collect()
}

fn timeline(aggregate: Option<Aggregate>, events: &[RecordedEvent]) -> Box<dyn Timeline> {
    let mut timeline = registry().judge(aggregate).timeline(events.len());
    for event in events {
        timeline.push_row(&event.as_row());
    }
    timeline
}

/// What the branch ends with.
fn goal(aggregate: Option<Aggregate>, events: &[RecordedEvent], branch: &Branch) -> (Value, Vec<String>) {
    let history = timeline(aggregate, events);
    let mut layout = Layout::new(history.heads(), branch);
    let stream = events[0].stream.clone();
    let made = NewEvents::make(&mut layout, branch, &stream, aggregate, |index| {
        Ok::<_, std::convert::Infallible>(events[index].clone())
    });
    let Ok(made) = made;
    let what_if = WhatIf::new(history.as_ref(), None, layout, made);
    let state = what_if.timeline.show(what_if.timeline.heads().len().checked_sub(1));
    (state, history.bookkeeping().iter().map(|field| (*field).to_owned()).collect())
}

/// Appends what is proposed and answers what then still differs from the branch.
fn carried_out(store: &mut MemoryStore, stream: &StreamId, branch: &Branch) -> (Proposed, Vec<String>) {
    let aggregate = describe(store, stream).expect("there").aggregate;
    let (wanted, bookkeeping) = goal(aggregate, &read_stream(store, stream.as_str()), branch);
    let proposed = proposed(store, stream, branch);
    if !proposed.proposal.events.is_empty() {
        append_proposal(&proposed.proposal, store).expect("appended");
    }
    let now = timeline(aggregate, &read_stream(store, stream.as_str()));
    let state = now.show(now.heads().len().checked_sub(1));
    let bookkeeping: Vec<&str> = bookkeeping.iter().map(String::as_str).collect();
    (proposed, foldline::projection::diff_values(&state, &wanted, &bookkeeping))
}

fn lead() -> (MemoryStore, StreamId) {
    store(
        "lead-1",
        &[
            ("lead-initialized", json!({"name": "송지우", "phone": "010-2231-9078"})),
            ("contacted", json!({})),
            ("contact-details-updated", json!({"phone": "010-2231-9087"})),
            ("followup-set", json!({"followup-on": "2025-02-01T00:00:00Z"})),
            ("order-submitted", json!({"payment-deadline": "2025-03-10T09:00:00Z"})),
        ],
    )
}

#[track_caller]
fn assert_restored(edits: impl IntoIterator<Item = Alteration>, expected: &[&str]) -> Proposed {
    let (mut store, stream) = lead();
    let (proposed, left) = carried_out(&mut store, &stream, &branch(edits));
    assert_eq!(types(&proposed), expected);
    assert!(left.is_empty(), "{left:?} still differ after {:?}", proposed.proposal.events);
    assert_eq!((&proposed.proposal.remaining[..], &proposed.proposal.refused[..]), (&[][..], &[][..]));
    proposed
}

#[test]
fn what_a_skipped_event_did_is_taken_back_in_the_natural_way() {
    let proposed = assert_restored([Alteration::Skip(at(2))], &["contact-details-updated"]);
    let event = &proposed.proposal.events[0];
    assert_eq!(serde_json::from_str::<Value>(&event.payload).expect("JSON"), json!({"phone": "010-2231-9078"}));
    assert_eq!(Metadata::parse(event.metadata.as_bytes()).compensates, Some(EventId::new("e2")));
    assert_restored([Alteration::Skip(at(1))], &["contact-retracted"]);
    assert_restored([Alteration::Skip(at(4))], &["order-cancelled"]);
    assert_restored([Alteration::Skip(at(3)), Alteration::Skip(at(4))], &["followup-cancelled", "order-cancelled"]);
}

#[test]
fn what_a_changed_event_would_have_said_is_said_by_new_ones() {
    assert_restored([change(2, "phone", json!("1"))], &["contact-details-updated"]);
    assert_restored(
        [change(4, "payment-deadline", json!("2025-03-17T09:00:00Z"))],
        &["order-cancelled", "order-submitted"],
    );
    assert_restored([change(0, "name", json!("김")), change(2, "phone", json!("1"))], &["contact-details-updated"]);
}

#[test]
fn what_is_inserted_is_appended() {
    let proposed = assert_restored([insert(4, "payment-confirmed", json!({}))], &["payment-confirmed"]);
    assert_eq!(proposed.proposal.first, Version(5));
    let analysis = proposed.previews.iter().find(|preview| preview.projection == "analysis").expect("of a lead");
    assert!(!analysis.changes.is_empty(), "each projection says what it would show");
}

#[test]
fn what_agrees_again_needs_no_event() {
    let (mut store, stream) = lead();
    let later = NewEvent {
        id: EventId::new("e5"),
        event_type: "contact-details-updated".into(),
        schema: 1,
        recorded_at: Some(second(9)),
        payload: json!({"phone": "3"}).to_string(),
        metadata: String::new(),
    };
    store.append(&stream, Expected::Any, &[later]).expect("recorded");
    let (proposed, left) = carried_out(&mut store, &stream, &branch([Alteration::Skip(at(2))]));
    assert_eq!((types(&proposed), left), (vec![], vec![]));
    let (proposed, _) = carried_out(&mut store, &stream, &Branch::default());
    assert!(proposed.proposal.events.is_empty() && proposed.proposal.changes.is_empty());
}

#[test]
fn all_that_is_appended_belongs_together_and_says_who_and_why() {
    let edits = [Alteration::Skip(at(1)), Alteration::Skip(at(2)), Alteration::Skip(at(4))];
    let (mut store, stream) = lead();
    let (proposed, _) = carried_out(&mut store, &stream, &branch(edits));
    let recorded = read_stream(&store, "lead-1");
    assert_eq!(recorded.len(), 5 + proposed.proposal.events.len());
    for event in &recorded[5..] {
        let Metadata { actor, reason, correlation_id, compensates, causation_id, .. } = event.metadata();
        assert_eq!((actor.as_deref(), reason.as_deref()), (Some("kim"), Some("as it should be")));
        assert_eq!(correlation_id.as_deref(), Some("c"));
        assert_eq!(compensates.map(|id| id.to_string()), causation_id);
    }
    let again = append_proposal(&proposed.proposal, &mut store).expect("known");
    assert!(again.already_there, "a repeated append is recognised");
    let names: Vec<&str> = proposed.previews.iter().map(|preview| preview.projection.as_str()).collect();
    assert_eq!(names, ["state", "search", "analysis", "fields"]);
    assert!(proposed.previews.iter().all(|preview| preview.problems.is_empty()));
    assert_eq!(proposed.previews[0].changes, proposed.proposal.changes);
}

#[test]
fn what_cannot_be_undone_is_said() {
    let (mut store, stream) = store(
        "ticket-1",
        &[
            ("ticket-initialized", json!({"customer": "kim", "subject": "s", "priority": "low"})),
            ("agent-assigned", json!({"agent": "lee"})),
            ("message-posted", json!({"role": "customer", "author": "kim", "body": "a secret"})),
            ("priority-changed", json!({"priority": "high"})),
        ],
    );
    let edits = branch([Alteration::Skip(at(1)), Alteration::Skip(at(2)), Alteration::Skip(at(3))]);
    let (proposed, left) = carried_out(&mut store, &stream, &edits);
    assert_eq!(types(&proposed), ["priority-changed", "message-retracted"]);
    // A message once posted stays as a retracted one, and nobody can be unassigned.
    assert!(left.iter().all(|field| field.starts_with("messages") || field == "agent"), "{left:?}");
    let remaining: Vec<&String> = proposed.proposal.remaining.iter().map(|change| &change.field).collect();
    assert_eq!(remaining, left.iter().collect::<Vec<_>>());
    let refused: Vec<String> =
        proposed.proposal.refused.iter().map(|(label, breach)| format!("{label}: {breach}")).collect();
    assert_eq!(refused, ["1: there was no agent before this event that could be restored"]);
}

#[test]
fn of_another_domain_the_values_are_set_by_events_of_the_same_type() {
    let (mut store, stream) = store(
        "order-1",
        &[
            ("created", json!({"item": "book", "to": {"city": "Seoul"}})),
            ("moved", json!({"to": {"city": "Busan"}})),
            ("noted", json!({"note": "fragile"})),
        ],
    );
    let edits = branch([Alteration::Skip(at(1)), Alteration::Skip(at(2))]);
    let (proposed, left) = carried_out(&mut store, &stream, &edits);
    assert!(left.is_empty(), "{left:?}: {:?}", proposed.proposal.events);
    let read = read_stream(&store, "order-1");
    assert_eq!(read.len(), 4, "{read:?}");
}

#[test]
fn who_and_why_must_be_said() {
    let (store, stream) = lead();
    let described = describe(&store, &stream).expect("there");
    for (actor, reason) in [("", "r"), ("kim", " ")] {
        let authorship = Authorship { actor: actor.into(), reason: reason.into(), ..kim() };
        let branch = branch([Alteration::Skip(at(1))]);
        let refused = propose_branch::<Failed>(&store, &described, &branch, &authorship, &mut |_| Flow::Continue(()));
        assert!(matches!(refused, Err(Failed::Plan(PlanError::NoActor | PlanError::NoReason))), "{refused:?}");
    }
}

fn check(events: &[RecordedEvent], branch: &Branch) -> Result<(), TestCaseError> {
    let mut store = MemoryStore::default();
    let stream = events[0].stream.clone();
    for event in events {
        let new = NewEvent {
            id: event.id.clone(),
            event_type: event.event_type.clone(),
            schema: event.schema,
            recorded_at: event.recorded_at,
            payload: serde_json::from_slice::<Value>(&event.payload).unwrap_or_default().to_string(),
            metadata: String::from_utf8_lossy(&event.metadata).into_owned(),
        };
        store.append(&stream, Expected::Any, &[new]).expect("recorded");
    }
    let aggregate = describe(&store, &stream).expect("there").aggregate;
    let before = timeline(aggregate, &read_stream(&store, stream.as_str())).all_findings().len();
    let recorded = read_stream(&store, stream.as_str());
    let branch = Branch {
        edits: branch
            .edits
            .iter()
            .filter(|edit| {
                edit.what.event().is_none_or(|event| {
                    recorded.iter().any(|known| known.version == event.version && known.id == event.id)
                })
            })
            .cloned()
            .collect(),
        ..Branch::default()
    };
    let (proposed, left) = carried_out(&mut store, &stream, &branch);
    let remaining: Vec<&String> = proposed.proposal.remaining.iter().map(|change| &change.field).collect();
    prop_assert_eq!(remaining, left.iter().collect::<Vec<_>>(), "what is foretold is what is");
    let after = timeline(aggregate, &read_stream(&store, stream.as_str()));
    let new = after.all_findings().get(before..).unwrap_or_default();
    prop_assert!(!new.iter().any(|(_, finding)| matches!(finding.problem, Problem::Breach(_))), "{:?}", new);
    Ok(())
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn what_is_proposed_breaks_no_rule_and_leads_where_it_says(
        (events, edits) in (prop_oneof![histories(Aggregate::Lead), histories(Aggregate::Ticket), free_form()], edits()),
    ) {
        check(&events, &drawn(edits, &events))?;
    }
}
