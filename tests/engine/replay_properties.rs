//! Whatever a history holds, what is shown at a version is the naive fold up to it, and what is said to have changed
//! is what changed.

use std::collections::BTreeSet;
use std::fmt::Debug;

use foldline::domain::{Aggregate, EventKind};
use foldline::event::{EventId, EventType, RecordedEvent, StreamId, Timestamp, Version};
use foldline::projection::{
    FieldsProjection, LeadAnalysis, LeadSearch, LeadState, Problem, Projection, TicketSearch, TicketService,
    TicketState, diff_values, leaves, path_value,
};
use foldline::replay::{ProjectionRef, Replay, Timeline};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::workshop::{cases, second};

const CASES: u32 = 48;
const SPACINGS: [usize; 5] = [1, 2, 3, 7, 256];

// Histories

/// An event to be: its type, payload and the rest, with `of` as a choice among the events before it.
#[derive(Clone, Debug)]
struct Sketch {
    event_type: String,
    schema: u32,
    payload: Payload,
    of: Option<prop::sample::Index>,
    of_stands_in_payload: bool,
    seconds_later: Option<i64>,
    versions_skipped: u64,
}

#[derive(Clone, Debug)]
enum Payload {
    Object(Vec<(String, Value)>),
    Stored(Vec<u8>),
}

fn history(prefix: &str, sketches: Vec<Sketch>) -> Vec<RecordedEvent> {
    let stream = StreamId::new(format!("{prefix}-1"));
    let (mut version, mut at) = (0, 0);
    let mut events: Vec<RecordedEvent> = Vec::new();
    for (index, sketch) in sketches.into_iter().enumerate() {
        let Sketch { event_type, schema, payload, of, of_stands_in_payload, seconds_later, versions_skipped } = sketch;
        version += versions_skipped;
        at += seconds_later.unwrap_or(0);
        let of = of.filter(|_| index > 0).map(|of| format!("id-{}", of.index(index)));
        let mut metadata = String::new();
        let payload = match payload {
            Payload::Object(mut fields) => {
                match of {
                    Some(of) if of_stands_in_payload => fields.push(("compensates".to_owned(), of.into())),
                    Some(of) => metadata = json!({ "actor": "kim", "compensates": of }).to_string(),
                    None => {}
                }
                Value::Object(fields.into_iter().collect()).to_string().into_bytes()
            }
            Payload::Stored(bytes) => bytes,
        };
        events.push(RecordedEvent {
            position: None,
            stream: stream.clone(),
            version: Version(version),
            event_type: EventType::new(event_type),
            schema,
            recorded_at: seconds_later.map(|_| second(at)),
            id: EventId::new(&format!("id-{index}")),
            payload,
            metadata: metadata.into_bytes(),
        });
        version += 1;
    }
    events
}

/// Few values, so that often nothing changes, something is given back, or one text means two things.
fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(1)),
        Just(json!("1")),
        Just(json!(1.50)),
        Just(json!(true)),
        Just(json!("")),
        Just(json!("김철수")),
        Just(json!("agent")),
        Just(json!("customer")),
        Just(json!("system")),
        Just(json!("manager")),
        Just(json!("urgent")),
        Just(json!("low")),
        Just(json!("Kim \"the\" Younger\n")),
        Just(json!("2025-01-01T00:00:30Z")),
        Just(json!("2025-01-09")),
        Just(json!("never")),
    ]
}

fn nested() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(vec!["a", "b", "a.b", "0", "", "[0]", "가"]), inner), 0..3)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

fn stored_oddly() -> impl Strategy<Value = Payload> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            "{",
            "null",
            "[]",
            "7",
            "\"text\"",
            "{} {}",
            "{\"name\":",
            "{\"a\":1,\"a\":{\"b\":2}}"
        ])
        .prop_map(|text| Payload::Stored(text.as_bytes().to_vec())),
        prop::collection::vec(any::<u8>(), 0..12).prop_map(Payload::Stored),
    ]
}

fn sketches(types: Vec<String>, fields: Vec<&'static str>) -> impl Strategy<Value = Vec<Sketch>> {
    let object = prop::collection::vec((prop::sample::select(fields), nested()), 0..5)
        .prop_map(|fields| Payload::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()));
    let sketch = (
        prop::sample::select(types),
        prop_oneof![4 => Just(1_u32), 1 => 0..4_u32],
        prop_oneof![6 => object, 1 => stored_oddly()],
        prop::option::weighted(0.7, any::<prop::sample::Index>()),
        prop::bool::weighted(0.2),
        // From a clock that ran back to more than the seven days of a ticket.
        prop::option::weighted(0.9, prop_oneof![6 => 0..40_i64, 2 => 3_000..900_000_i64, 1 => -60..0_i64]),
        prop_oneof![9 => Just(0_u64), 1 => 1..5_u64],
    )
        .prop_map(|(event_type, schema, payload, of, of_stands_in_payload, seconds_later, versions_skipped)| Sketch {
            event_type,
            schema,
            payload,
            of,
            of_stands_in_payload,
            seconds_later,
            versions_skipped,
        });
    prop::collection::vec(sketch, 1..40)
}

/// Every kind of this aggregate, those that undo something twice as often, in this and that spelling, and some of
/// no kind that it knows.
pub(crate) fn histories(aggregate: Aggregate) -> impl Strategy<Value = Vec<RecordedEvent>> {
    let (prefix, begins, fields) = match aggregate {
        Aggregate::Lead => (
            "lead",
            "lead-initialized",
            vec!["lead-id", "name", "phone", "followup-on", "followupOn", "payment-deadline", "status", "stauts", "x"],
        ),
        Aggregate::Ticket => (
            "ticket",
            "ticket-initialized",
            vec![
                "ticket-id",
                "customer",
                "subject",
                "priority",
                "agent",
                "role",
                "author",
                "body",
                "by",
                "reason",
                "x",
            ],
        ),
    };
    let mut types: Vec<String> = Vec::new();
    for kind in EventKind::ALL.iter().filter(|kind| kind.aggregate() == aggregate) {
        let name = kind.name();
        types.push(name.to_owned());
        if name.ends_with("ed") || name.ends_with("withdrawn") {
            types.push(format!("crm.{}", name.replace('-', "_")));
        }
    }
    types.extend(["shipped", "주문됨", "Lead.Closed", "contacted"].map(ToOwned::to_owned));
    let begins = begins.to_owned();
    sketches(types, fields).prop_map(move |mut sketches| {
        // Nearly all begin as they should; the rules are told elsewhere.
        if sketches.len() % 8 != 0 {
            sketches[0].event_type.clone_from(&begins);
        }
        history(prefix, sketches)
    })
}

/// Those of leads.
pub(crate) fn lead_histories() -> impl Strategy<Value = Vec<RecordedEvent>> {
    histories(Aggregate::Lead)
}

/// A lead that was contacted so often.
pub(crate) fn some_lead(contacted: usize) -> Vec<RecordedEvent> {
    let sketch = |event_type: &str, fields: Vec<(String, Value)>| Sketch {
        event_type: event_type.to_owned(),
        schema: 1,
        payload: Payload::Object(fields),
        of: None,
        of_stands_in_payload: false,
        seconds_later: Some(1),
        versions_skipped: 0,
    };
    let begun = sketch("lead-initialized", vec![("phone".to_owned(), json!("1"))]);
    let contacts = (0..contacted).map(|_| sketch("contacted", Vec::new()));
    history("lead", std::iter::once(begun).chain(contacts).collect())
}

pub(crate) fn free_form() -> impl Strategy<Value = Vec<RecordedEvent>> {
    let types = ["created", "changed", "changed", "closed"].map(ToOwned::to_owned).to_vec();
    sketches(types, vec!["a", "b", "a.b", "", "가 나", "[0]", "items", "x\"y", "0"])
        .prop_map(|sketches| history("order", sketches))
}

// What must hold of each of them

fn replayed<P: Projection>(projection: P, spacing: usize, events: &[RecordedEvent]) -> Replay<P> {
    let mut replay = Replay::with_spacing(projection, spacing);
    for event in events {
        replay.push(&event.as_row());
    }
    replay
}

/// The state after the first so many events, from scratch, with nothing of what a replay keeps.
fn folded<P: Projection>(projection: &P, events: &[RecordedEvent]) -> (P::State, Vec<Problem>) {
    let mut state = P::State::default();
    let mut findings = Vec::new();
    for event in events {
        let row = event.as_row();
        projection.fold(&mut state, &projection.decode(&row), &row.head(), &mut findings);
    }
    (state, findings)
}

fn text<S: serde::Serialize>(state: &S) -> String {
    serde_json::to_string(state).expect("a state can be written")
}

/// Without what is `null`, which is the same as what is absent.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .filter(|(_, value)| !value.is_null())
            .collect(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(without_nulls).collect();
            while items.last().is_some_and(Value::is_null) {
                items.pop();
            }
            items.into()
        }
        scalar => scalar.clone(),
    }
}

/// What stands at a path, `null` where nothing does.
fn at(state: &Value, path: &str) -> Value {
    path_value(state, path).map_or(Value::Null, without_nulls)
}

fn shown<P: Projection>(projection: &P, events: &[RecordedEvent]) -> Vec<Value> {
    (0..=events.len()).map(|count| projection.show(&folded(projection, &events[..count]).0)).collect()
}

fn check<P>(projection: P, events: &[RecordedEvent]) -> Result<(), TestCaseError>
where
    P: Projection + Copy + Debug,
    P::Event: Debug,
    P::State: Debug,
{
    // `states[i]` is what is shown before event `i`.
    let states = shown(&projection, events);
    for spacing in SPACINGS {
        same_state_as_the_naive_fold(&replayed(projection, spacing, events), spacing, events)?;
    }
    let replay = replayed(projection, 4, events);
    changed_fields_are_the_differences(&replay, &states)?;
    set_by_is_the_last_real_change(&replay, &states)?;
    a_look_shows_the_leaves_and_what_changed(&replay, &states)?;
    rows_pushed_later_change_nothing(&projection.into(), events, &replay)?;
    a_restored_snapshot_folds_on_alike(projection, events)?;
    diff_names_exactly_what_differs(&replay, &states)
}

fn same_state_as_the_naive_fold<P>(
    replay: &Replay<P>,
    spacing: usize,
    events: &[RecordedEvent],
) -> Result<(), TestCaseError>
where
    P: Projection + Debug,
    P::Event: Debug,
    P::State: Debug,
{
    for index in 0..events.len() {
        let (naive, findings) = folded(replay.projection(), &events[..=index]);
        let state = replay.state_after(index);
        prop_assert_eq!(state.as_ref().map(text), Some(text(&naive)), "after {}, spacing {}", index, spacing);
        prop_assert_eq!(replay.show(Some(index)), replay.projection().show(&naive));
        let before = folded(replay.projection(), &events[..index]).0;
        prop_assert_eq!(replay.state_before(index).as_ref().map(text), Some(text(&before)));
        let told: Vec<_> = replay.findings(index).into_iter().map(|finding| finding.problem.clone()).collect();
        prop_assert_eq!(told, findings);
        prop_assert_eq!(replay.index_of(events[index].version), Some(index));
    }
    prop_assert_eq!(text(replay.latest()), text(&folded(replay.projection(), events).0));
    prop_assert_eq!(replay.show(None), replay.projection().show(&P::State::default()));
    for beyond in [events.len(), events.len() + 7, usize::MAX] {
        prop_assert!(replay.state_after(beyond).is_none());
        prop_assert_eq!(replay.show(Some(beyond)), Value::Null);
        prop_assert!(replay.changed_fields(beyond).is_empty() && replay.changes(beyond).is_empty());
    }
    Ok(())
}

fn changed_fields_are_the_differences(replay: &dyn Timeline, states: &[Value]) -> Result<(), TestCaseError> {
    for index in 0..states.len() - 1 {
        let (before, after) = (&states[index], &states[index + 1]);
        let said = replay.changed_fields(index);
        let set: BTreeSet<String> = said.iter().map(|path| (*path).to_owned()).collect();
        prop_assert_eq!(set.len(), said.len(), "a field is named twice: {:?}", said);
        let differs = diff_values(before, after, replay.bookkeeping());
        prop_assert_eq!(&set, &differs.into_iter().collect::<BTreeSet<_>>(), "event {}", index);
        for change in replay.changes(index) {
            prop_assert!(set.contains(&change.field));
            prop_assert_eq!(without_nulls(&change.before), at(before, &change.field), "before, {}", &change.field);
            prop_assert_eq!(without_nulls(&change.after), at(after, &change.field), "after, {}", &change.field);
            prop_assert_ne!(without_nulls(&change.before), without_nulls(&change.after), "{}", &change.field);
        }
        prop_assert_eq!(replay.changes(index).len(), said.len());
    }
    Ok(())
}

/// Leaf by leaf, a look at a state is what showing all of it gives.
fn a_look_shows_the_leaves_and_what_changed(replay: &dyn Timeline, states: &[Value]) -> Result<(), TestCaseError> {
    for index in 0..states.len() - 1 {
        let (before, after) = (&states[index], &states[index + 1]);
        let mut expected = Vec::new();
        leaves(after, &mut |path, value| expected.push((path.to_owned(), value.clone())));
        let look = replay.look(index).expect("there is such an event");
        let found: Vec<_> = (0..look.leaf_count()).map(|place| look.leaf(place)).collect();
        prop_assert_eq!(found, expected.iter().cloned().map(Some).collect::<Vec<_>>(), "event {}", index);
        prop_assert_eq!(look.leaf(expected.len()), None);
        prop_assert_eq!(look.leaf(usize::MAX), None);
        let changed = replay.changed_fields(index);
        for path in &changed {
            prop_assert!(replay.is_changed(index, path));
            let under = expected.iter().filter(|(leaf, _)| is_within(leaf, path)).count();
            let there = path_value(after, path).map(|_| under);
            prop_assert_eq!(look.leaves_at(path), there, "{} after event {}", path, index);
            prop_assert_eq!(without_nulls(&look.value_before(path)), at(before, path), "{}", path);
        }
        for (path, _) in &expected {
            prop_assert_eq!(replay.is_changed(index, path), changed.contains(&path.as_str()), "{}", path);
        }
    }
    prop_assert!(replay.look(states.len() - 1).is_none());
    Ok(())
}

/// Some rows, a look anywhere, the next rows, and so on: as if all had been there at once.
fn rows_pushed_later_change_nothing(
    projection: &ProjectionRef,
    events: &[RecordedEvent],
    whole: &dyn Timeline,
) -> Result<(), TestCaseError> {
    let mut grown = projection.timeline(0);
    for (count, event) in events.iter().enumerate() {
        // A look may leave nothing behind that the next rows would not change.
        if count % 3 == 0 {
            let anywhere = (count * 7 + 3) % (count + 1);
            prop_assert_eq!(grown.show(anywhere.checked_sub(1)), whole.show(anywhere.checked_sub(1)));
            grown.diff(None, count.checked_sub(1));
            grown.look(anywhere).map(|look| look.leaf(0));
        }
        grown.push_row(&event.as_row());
    }
    for index in 0..events.len() {
        prop_assert_eq!(grown.show(Some(index)), whole.show(Some(index)), "{}", index);
        prop_assert_eq!(grown.changed_fields(index), whole.changed_fields(index));
        prop_assert_eq!(grown.findings(index), whole.findings(index));
        prop_assert_eq!(grown.blame(index), whole.blame(index));
    }
    prop_assert_eq!(grown.heads(), whole.heads());
    Ok(())
}

/// The last of the first so many events after which another value stood at the path than before it.
fn last_change(states: &[Value], events: usize, path: &str) -> Option<usize> {
    (0..events).rfind(|index| at(&states[*index], path) != at(&states[index + 1], path))
}

fn set_by_is_the_last_real_change(replay: &dyn Timeline, states: &[Value]) -> Result<(), TestCaseError> {
    for index in 0..states.len() - 1 {
        let mut leaf_values = Vec::new();
        leaves(&states[index + 1], &mut |path, value| leaf_values.push((path.to_owned(), value.clone())));
        let blame = replay.blame(index);
        prop_assert_eq!(blame.len(), leaf_values.len());
        for ((path, value), (blamed, blamed_value, blamed_on)) in leaf_values.into_iter().zip(blame) {
            prop_assert_eq!((&path, &value), (&blamed, &blamed_value));
            if replay.bookkeeping().contains(&&*path) {
                prop_assert_eq!(blamed_on, Some(index));
                continue;
            }
            if value.is_null() {
                continue;
            }
            let last = last_change(states, index + 1, &path);
            prop_assert_eq!(replay.set_by(index, &path), last, "{} after event {}", &path, index);
            prop_assert_eq!(blamed_on, last);
        }
    }
    Ok(())
}

fn a_restored_snapshot_folds_on_alike<P>(projection: P, events: &[RecordedEvent]) -> Result<(), TestCaseError>
where
    P: Projection + Copy + Debug,
    P::Event: Debug,
    P::State: Debug,
{
    let whole = folded(&projection, events).0;
    for cut in 0..=events.len() {
        let kept = serde_json::to_string(replayed(projection, 3, &events[..cut]).latest());
        let kept = kept.expect("a state can be written");
        let restored: Result<P::State, _> = serde_json::from_str(&kept);
        prop_assert!(restored.is_ok(), "{:?} from {}", restored.err(), kept);
        let mut state = restored.expect("just looked");
        prop_assert_eq!(text(&state), kept);
        prop_assert_eq!(projection.show(&state), projection.show(&folded(&projection, &events[..cut]).0));
        let mut findings = folded(&projection, &events[..cut]).1;
        for event in &events[cut..] {
            let row = event.as_row();
            projection.fold(&mut state, &projection.decode(&row), &row.head(), &mut findings);
        }
        prop_assert_eq!(text(&state), text(&whole), "restored after {} events", cut);
        prop_assert_eq!(findings, folded(&projection, events).1);
    }
    Ok(())
}

fn diff_names_exactly_what_differs(replay: &dyn Timeline, states: &[Value]) -> Result<(), TestCaseError> {
    let moments = [0, 1, states.len() / 2, states.len() - 1].map(|count: usize| count.min(states.len() - 1));
    for from in moments {
        for to in moments {
            let (before, after) = (&states[from], &states[to]);
            let rows = replay.diff(from.checked_sub(1), to.checked_sub(1));
            for (change, set_by) in &rows {
                prop_assert_eq!(without_nulls(&change.before), at(before, &change.field));
                prop_assert_eq!(without_nulls(&change.after), at(after, &change.field));
                prop_assert_ne!(without_nulls(&change.before), without_nulls(&change.after), "{}", &change.field);
                let later = from.max(to);
                let last = last_change(states, later, &change.field);
                if at(&states[later], &change.field).is_null() {
                    // Who took it away; or who later changed a value around it, in which it is still absent.
                    prop_assert!(*set_by >= last && set_by.is_some_and(|index| index < later), "{}", &change.field);
                } else {
                    prop_assert_eq!(*set_by, last, "{}", &change.field);
                }
            }
            // Every leaf that differs lies at, in or around a named field; none that is named is bookkeeping.
            let named: Vec<&str> = rows.iter().map(|(change, _)| &*change.field).collect();
            prop_assert!(named.iter().all(|path| !replay.bookkeeping().contains(path)), "{:?}", named);
            for state in [before, after] {
                leaves(state, &mut |path, value| {
                    let differs = at(before, path) != at(after, path) && !replay.bookkeeping().contains(&path);
                    let is_named = named.iter().any(|named| is_within(path, named) || is_within(named, path));
                    // What is null inside a named value was as absent before.
                    let is_right = if value.is_null() { is_named || !differs } else { is_named == differs };
                    assert!(is_right, "{path} between {before} and {after}: {named:?}");
                });
            }
        }
    }
    Ok(())
}

fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

proptest! {
    #![proptest_config(cases(CASES))]

    #[test]
    fn the_state_of_a_lead_is_the_naive_fold_at_every_version(events in histories(Aggregate::Lead)) {
        check(LeadState, &events)?;
    }

    #[test]
    fn the_search_and_analysis_of_a_lead_are_the_naive_fold_at_every_version(events in histories(Aggregate::Lead)) {
        check(LeadSearch, &events)?;
        check(LeadAnalysis, &events)?;
    }

    #[test]
    fn the_state_of_a_ticket_is_the_naive_fold_at_every_version(events in histories(Aggregate::Ticket)) {
        check(TicketState, &events)?;
    }

    #[test]
    fn the_search_and_service_of_a_ticket_are_the_naive_fold_at_every_version(
        events in histories(Aggregate::Ticket),
    ) {
        check(TicketSearch, &events)?;
        check(TicketService, &events)?;
    }

    #[test]
    fn the_fields_of_free_form_events_are_the_naive_fold_at_every_version(events in free_form()) {
        check(FieldsProjection, &events)?;
    }

    #[test]
    fn a_moment_leads_to_the_last_event_recorded_by_then(events in free_form(), n in -100..1_000_i64) {
        let replay = replayed(FieldsProjection, 8, &events);
        let moment = second(n);
        let last = (0..events.len()).rev().find(|i| events[*i].recorded_at.is_some_and(|at| at <= moment));
        prop_assert_eq!(replay.index_at(moment), last);
        prop_assert_eq!(replay.index_at(Timestamp::from_micros(i64::MIN)), None);
    }
}

fn sketch(event_type: &str, payload: &Value) -> Sketch {
    Sketch {
        event_type: event_type.to_owned(),
        schema: 1,
        payload: Payload::Stored(payload.to_string().into_bytes()),
        of: None,
        of_stands_in_payload: false,
        seconds_later: Some(1),
        versions_skipped: 0,
    }
}

#[test]
fn a_version_that_is_not_there_has_no_index() {
    let mut events = history("order", vec![sketch("changed", &json!({ "a": 1 })); 4]);
    let mut replay = Replay::new(FieldsProjection);
    for (event, version) in events.iter_mut().zip([3, 4, 9, 12]) {
        event.version = Version(version);
        replay.push(&event.as_row());
    }
    let found: Vec<_> = (0..14).map(|version| replay.index_of(Version(version))).collect();
    let mut expected = vec![None; 14];
    for (index, version) in [3, 4, 9, 12].into_iter().enumerate() {
        expected[version] = Some(index);
    }
    assert_eq!(found, expected);
    assert_eq!(replay.index_of(Version(u64::MAX)), None);
}
