//! Appends that are planned, looked at, carried out, and planned anew after somebody was quicker.

use crate::foreign::tables::{self, file_of};
use crate::memory_store::MemoryStore;
use crate::native_store::{store_at_rest, with_another_tool};
use foldline::compensate::{Authorship, FreeEvent, PlanError, append_plan, natural, plan_event, rebase};
use foldline::domain::{Breach, EventKind};
use foldline::engine::{describe, load_story};
use foldline::event::{EventId, EventType, Explain, NewEvent, StreamId, Timestamp, Version};
use foldline::projection::Problem;
use foldline::replay::{Change, Story};
use foldline::store::{AppendError, Conflict, Expected, Flow, Store, Writer};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_micros(1_735_700_000_000_000);

fn lead() -> StreamId {
    StreamId::from("lead-1")
}

fn event(id: &str, event_type: &str, payload: &Value) -> NewEvent {
    NewEvent {
        id: EventId::new(id),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(1_735_693_200_000_000)),
        payload: payload.to_string(),
        metadata: r#"{"actor":"lee","correlation-id":"talk-1"}"#.to_owned(),
    }
}

/// Begun as `aab`, then corrected to `aaa`.
fn store() -> MemoryStore {
    let mut store = MemoryStore::default();
    let history = [
        event("e0", "lead-initialized", &json!({"name": "aab", "phone": "1111"})),
        event("e1", "contact-details-updated", &json!({"name": "aaa"})),
    ];
    store.append(&lead(), Expected::NoStream, &history).expect("recorded");
    store
}

fn story(store: &MemoryStore) -> Story {
    let described = describe(store, &lead()).expect("there");
    load_story(store, &described, &mut |_| Flow::Continue(())).expect("loaded")
}

fn kim(id: &str) -> Authorship {
    Authorship { actor: "kim".into(), reason: "the first was right".into(), id: EventId::new(id), now: NOW }
}

fn correction(store: &MemoryStore) -> (Story, foldline::compensate::Plan) {
    let story = story(store);
    let target = store.event_at(&lead(), Version(1)).expect("read").expect("there");
    let plan = natural(&story, &target, &kim("c")).expect("planned");
    (story, plan)
}

fn conflict(result: Result<foldline::store::Appended, AppendError>) -> Conflict {
    match result {
        Err(AppendError::Conflict(conflict)) => *conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

#[test]
fn a_plan_shows_the_state_before_and_after_and_writes_nothing() {
    let store = store();
    let (_, plan) = correction(&store);
    assert_eq!((&plan.before["name"], &plan.after["name"]), (&json!("aaa"), &json!("aab")));
    assert_eq!(plan.changes, [Change { field: "name".into(), before: json!("aaa"), after: json!("aab") }]);
    assert_eq!((plan.expected, plan.version), (Expected::Exact(Version(1)), Version(2)));
    assert_eq!(store.info().expect("read").events, 2);
}

#[test]
fn a_correction_names_its_event_its_author_and_its_reason_and_joins_the_conversation() {
    let store = store();
    let (_, plan) = correction(&store);
    let metadata: Value = serde_json::from_str(&plan.event.metadata).expect("an object");
    assert_eq!(
        metadata,
        json!({
            "actor": "kim", "reason": "the first was right", "compensates": "e1", "correlation-id": "talk-1",
            "causation-id": "e1"
        })
    );
}

#[test]
fn what_was_planned_is_what_is_recorded() {
    let mut store = store();
    let (_, plan) = correction(&store);
    let appended = append_plan(&plan, &mut store).expect("recorded");
    assert_eq!(appended.last, plan.version);
    let story = story(&store);
    assert_eq!(story.timeline().show(Some(2)), plan.after);
    assert!(append_plan(&plan, &mut store).expect("the same call again").already_there);
}

#[test]
fn a_kept_head_that_is_not_the_last_event_is_told_and_not_tried_for_ever() {
    let (_native, native) = store_at_rest();
    with_another_tool(&native, "UPDATE streams SET last_version = -1 WHERE name = 'lead-1'");
    let ahead = file_of(tables::EMMETT);
    let behind = file_of(tables::EMMETT);
    for (path, head) in [(&ahead.1, 7), (&behind.1, 1)] {
        with_another_tool(path, &format!("UPDATE emt_streams SET stream_position = {head} WHERE stream_id = 'lead-1'"));
    }
    for (path, stands) in [(&native, None), (&ahead.1, Some(2)), (&behind.1, Some(2))] {
        let mut expectations = vec![Expected::Any];
        expectations.extend(stands.map(|version| Expected::Exact(Version(version))));
        for expected in expectations {
            let (_, mut plan) = correction(&store());
            plan.expected = expected;
            let path = path.clone();
            let (sender, answer) = std::sync::mpsc::sync_channel(1);
            let append = move || {
                let mut store = foldline::store::open_for_writing(&path.into()).expect("opens");
                let _ = sender.send(append_plan(&plan, store.as_mut()));
            };
            std::thread::Builder::new().name("append".to_owned()).spawn(append).expect("started");
            let answer = answer.recv_timeout(std::time::Duration::from_secs(30)).expect("an answer");
            assert!(matches!(answer, Err(AppendError::HeadDisagrees { .. })), "{expected:?}: {answer:?}");
        }
    }
}

#[test]
fn after_a_conflict_the_plan_is_made_anew_on_what_came_first() {
    let mut store = store();
    let (mut story, plan) = correction(&store);
    let theirs =
        [event("t1", "contacted", &json!({})), event("t2", "contact-details-updated", &json!({"phone": "2222"}))];
    store.append(&lead(), Expected::Any, &theirs).expect("recorded");
    let conflict = conflict(append_plan(&plan, &mut store));
    let rebased = rebase(&mut story, &plan, &conflict, &kim("c"));
    let anew = rebased.plan.expect("planned anew");
    assert_eq!(anew.expected, Expected::Exact(Version(3)));
    assert_eq!(anew.after["phone"], "2222", "theirs is kept");
    assert_eq!(anew.after["name"], "aab");
    let marked: Vec<(u64, bool)> =
        rebased.since.iter().map(|since| (since.event.version.0, since.shared.is_empty())).collect();
    assert_eq!(marked, [(2, true), (3, true)], "neither touches the name");
    assert!(rebased.since.iter().all(|since| since.against.is_empty()));
    let phone = Change { field: "phone".into(), before: json!("1111"), after: json!("2222") };
    assert_eq!(rebased.since[1].changes, [phone], "with what it changed");
    append_plan(&anew, &mut store).expect("recorded");
}

#[test]
fn events_that_touch_the_same_fields_are_marked_and_may_make_the_correction_moot() {
    let mut store = store();
    let (mut story, plan) = correction(&store);
    store
        .append(&lead(), Expected::Any, &[event("t1", "contact-details-updated", &json!({"name": "ccc"}))])
        .expect("recorded");
    let conflict = conflict(append_plan(&plan, &mut store));
    let rebased = rebase(&mut story, &plan, &conflict, &kim("c"));
    assert_eq!(rebased.since[0].shared, ["name"]);
    assert_eq!(rebased.since[0].against, [Breach::ChangedLater("name".into()).message()]);
    assert!(matches!(rebased.plan, Err(PlanError::Refused(Breach::ChangedLater(field))) if field == "name"));

    let free = FreeEvent {
        event_type: "contact-details-updated".into(),
        payload: r#"{"name":"ddd"}"#.into(),
        compensates: None,
    };
    let mut story = self::story(&store);
    let plan = plan_event(&story, &lead(), Expected::Exact(Version(2)), free, &kim("f")).expect("planned");
    store
        .append(&lead(), Expected::Any, &[event("t2", "contact-details-updated", &json!({"name": "eee"}))])
        .expect("recorded");
    let conflict = self::conflict(append_plan(&plan, &mut store));
    let rebased = rebase(&mut story, &plan, &conflict, &kim("f"));
    let changed = Change { field: "name".into(), before: json!("ccc"), after: json!("eee") };
    assert_eq!(rebased.since.iter().map(|since| &since.changes[..]).collect::<Vec<_>>(), [&[changed][..]]);
    assert_eq!(rebased.since[0].shared, ["name"]);
    let anew = rebased.plan.expect("planned anew");
    assert_eq!((&anew.before["name"], &anew.after["name"]), (&json!("eee"), &json!("ddd")));
}

#[test]
fn the_event_that_sets_a_rule_against_the_plan_is_told_among_those_that_came_first() {
    let mut store = store();
    let mut story = story(&store);
    let free = FreeEvent {
        event_type: "followup-set".into(),
        payload: r#"{"followup-on":"2026-01-01T00:00:00Z"}"#.into(),
        compensates: None,
    };
    let plan = plan_event(&story, &lead(), Expected::Exact(Version(1)), free, &kim("f")).expect("planned");
    assert_eq!(plan.breaches, []);
    let theirs = [
        event("t1", "contacted", &json!({})),
        event("t2", "lead-closed", &json!({})),
        event("t3", "contact-details-updated", &json!({"phone": "3"})),
    ];
    store.append(&lead(), Expected::Any, &theirs).expect("recorded");
    let conflict = conflict(append_plan(&plan, &mut store));
    let rebased = rebase(&mut story, &plan, &conflict, &kim("f"));
    let breach = Breach::While { kind: EventKind::FollowupSet, status: "CLOSED" };
    let against: Vec<Vec<_>> = rebased.since.iter().map(|since| since.against.clone()).collect();
    assert_eq!(against, [vec![], vec![breach.message()], vec![]], "by the event that closed it, and no other");
    assert_eq!(rebased.since.iter().map(|since| since.shared.is_empty()).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(rebased.plan.expect("planned all the same").breaches, [Problem::Breach(breach)]);
}

#[test]
fn a_free_event_that_breaks_a_rule_is_planned_with_the_rule_named() {
    let store = store();
    let free = FreeEvent { event_type: "payment-confirmed".into(), payload: "{}".into(), compensates: None };
    let plan = plan_event(&story(&store), &lead(), Expected::Any, free, &kim("f")).expect("planned");
    let breach = Breach::While { kind: EventKind::PaymentConfirmed, status: "NEW_LEAD" };
    assert_eq!(plan.breaches, [Problem::Breach(breach)]);
    assert_eq!(plan.after["status"], "CONVERTED");
    assert_eq!(plan.event.schema, 2, "written in today's shape");
}

#[test]
fn a_plan_needs_an_author_a_reason_a_type_and_json() {
    let store = store();
    let free = |event_type: &str, payload: &str| FreeEvent {
        event_type: event_type.into(),
        payload: payload.into(),
        compensates: None,
    };
    let plan =
        |free: FreeEvent, authorship: &Authorship| plan_event(&story(&store), &lead(), Expected::Any, free, authorship);
    assert!(matches!(plan(free("t", "{}"), &Authorship { actor: " ".into(), ..kim("f") }), Err(PlanError::NoActor)));
    assert!(matches!(
        plan(free("t", "{}"), &Authorship { reason: String::new(), ..kim("f") }),
        Err(PlanError::NoReason)
    ));
    assert!(matches!(plan(free("", "{}"), &kim("f")), Err(PlanError::NoType)));
    assert!(matches!(plan(free("t", "{"), &kim("f")), Err(PlanError::PayloadNotJson(_))));
}

#[test]
fn a_stream_of_another_domain_has_no_natural_compensations() {
    let mut store = MemoryStore::default();
    let order = StreamId::from("order-1");
    store.append(&order, Expected::NoStream, &[event("o", "placed", &json!({"total": 1}))]).expect("recorded");
    let described = describe(&store, &order).expect("there");
    let story = load_story(&store, &described, &mut |_| Flow::Continue(())).expect("loaded");
    let target = store.event_at(&order, Version(0)).expect("read").expect("there");
    assert!(matches!(natural(&story, &target, &kim("c")), Err(PlanError::NoRules(_))));
}
