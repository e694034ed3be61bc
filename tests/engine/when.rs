//! When a condition held: along one stream, and in all streams of a store.

use std::collections::BTreeMap;

use foldline::engine::{FoundWhen, WhenInStore, describe, when_in_store, when_stream};
use foldline::event::{EventId, RecordedEvent, StreamId, Version};
use foldline::expr::{Expression, FlawKind, Reading, Stop};
use foldline::projection::{FieldsProjection, LeadState, Projection, TicketState};
use foldline::replay::{Index, Replay, Spoken, SpokenOf, Timeline, Turns, Watched};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Store, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::workshop::{cases, event, second};

/// Payloads and metadata as they were recorded.
struct AsRecorded<'e>(&'e [RecordedEvent], Vec<(Option<String>, Option<String>)>);

impl<'e> AsRecorded<'e> {
    fn new(events: &'e [RecordedEvent]) -> Self {
        let author = |event: &RecordedEvent| (event.metadata().actor, event.metadata().reason);
        Self(events, events.iter().map(author).collect())
    }
}

impl SpokenOf for AsRecorded<'_> {
    fn spoken(&self, index: Index) -> Spoken<'_> {
        let author = self.1.get(index);
        Spoken {
            actor: author.and_then(|(actor, _)| actor.as_deref()),
            reason: author.and_then(|(_, reason)| reason.as_deref()),
            payload: self.0.get(index).map(|event| event.payload.as_slice()),
        }
    }
}

fn replayed<P: Projection>(projection: P, events: &[RecordedEvent], spacing: usize) -> Replay<P> {
    let mut replay = Replay::with_spacing(projection, spacing);
    for event in events {
        replay.push(&event.as_row());
    }
    replay
}

/// What the expression is at each event, read in so many parts.
fn along(timeline: &dyn Timeline, expression: &Expression, spoken: &dyn SpokenOf, part: usize) -> Vec<String> {
    let count = timeline.heads().len();
    let mut values: Vec<String> = Vec::new();
    for from in (0..count).step_by(part) {
        let to = (from + part).min(count);
        let mut told = BTreeMap::new();
        let read = timeline.read_along(expression, from..to, spoken, &|| false, &mut |index, value| {
            told.insert(index, format!("{:?}", value.map(|value| value.to_json()).map_err(|doubt| doubt.kind)));
        });
        assert_eq!(read, Ok(()));
        assert_eq!(told.keys().next(), Some(&from), "the first of a part is told");
        for index in from..to {
            let value = told.get(&index).cloned().unwrap_or_else(|| values.last().cloned().unwrap_or_default());
            values.push(value);
        }
    }
    values
}

/// The same with every event asked for by itself.
fn one_by_one(timeline: &dyn Timeline, expression: &Expression, spoken: &dyn SpokenOf) -> Vec<String> {
    along(timeline, expression, spoken, 1)
}

const LEAD: &[&str] = &[
    r#"status == "FOLLOWUP_SET""#,
    r#"status == "CONVERTED" || contacts > 1"#,
    "phone == null",
    r#"state["payment-deadline"] < timestamp("2025-01-01T01:00:00Z")"#,
    "contacts > followups && name != null",
    "contacts",
    "status",
    "version > 3",
    "old.status != status",
    r#"changed("name") || changed("phone")"#,
    r#"count("contacted") > 2"#,
    r#"age(state["created-on"]) > duration("1m")"#,
    "event.actor == 'kim'",
    "event.payload.name == name",
    "size(state) == 11",
    "contacts / (followups - 1) > 0",
];

const FREE: &[&str] = &[
    "a == 1",
    "a == b",
    "items.size() > 1",
    "has(a.b) || 'a' in b",
    r#"state["가 나"] == "agent" && state["a.b"] != null"#,
    r#"changed("a") && !changed("b")"#,
    "a.b.a == null",
    "items",
    r#"state["[0]"] == "1" || old.a == a"#,
    "items.exists(i, i == 'agent' || i > 1)",
    "size(a)",
    "size(state)",
    "event.payload == state",
];

fn holds_for<P: Projection>(projection: &P, texts: &[&str], events: &[RecordedEvent]) -> Result<(), TestCaseError> {
    let spoken = AsRecorded::new(events);
    for spacing in [1, 3, 32] {
        let replay = replayed(projection.clone(), events, spacing);
        let mut names = Timeline::names(&replay);
        names.is_open = true;
        for text in texts {
            let expression = Expression::new(text, &names).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
            let expected = one_by_one(&replay, &expression, &spoken);
            for part in [2, 7, usize::MAX / 2] {
                prop_assert_eq!(&along(&replay, &expression, &spoken, part), &expected, "{}", text);
            }
        }
    }
    Ok(())
}

/// A field that only gains or loses a null has another size, which is a change of that field.
#[test]
fn a_null_that_comes_or_goes_in_a_field_is_read_anew() {
    let payloads = [
        r#"{"items": [1], "a": {"b": {}}}"#,
        r#"{"items": [1, null]}"#,
        r#"{"a": {"b": {"가": null}}}"#,
        r#"{"items": [], "c": null}"#,
        r#"{"items": [null, null], "a": {"b": {}}}"#,
    ];
    let events: Vec<RecordedEvent> = (0..)
        .zip(payloads)
        .map(|(at, payload)| RecordedEvent {
            position: None,
            stream: StreamId::new("order-1"),
            version: Version(at),
            event_type: "created".into(),
            schema: 1,
            recorded_at: Some(second(1)),
            id: EventId::new(&format!("id-{at}")),
            payload: payload.into(),
            metadata: Vec::new(),
        })
        .collect();
    holds_for(&FieldsProjection, &["size(items)", "items", "size(a.b)", "a", "size(state)"], &events).unwrap();
}

proptest! {
    #![proptest_config(cases(32))]

    /// Only where a named field moved is read anew, from whatever checkpoint; it is what reading everywhere gives.
    #[test]
    fn what_is_read_where_something_moved_is_what_is_read_everywhere(
        leads in super::replay_properties::lead_histories(),
        free in super::replay_properties::free_form(),
    ) {
        holds_for(&LeadState, LEAD, &leads)?;
        holds_for(&FieldsProjection, FREE, &free)?;
        holds_for(&FieldsProjection, &["name == null", "phone", "status != 'x'"], &leads)?;
    }
}

fn lead_store(streams: u64, changes: impl Fn(u64) -> Vec<(&'static str, Value)>) -> (tempfile::TempDir, NativeStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = NativeStore::create(&folder.path().join("a.db")).expect("a store");
    for number in 0..streams {
        let stream = StreamId::from(format!("lead-{number}").as_str());
        let events: Vec<_> = changes(number)
            .into_iter()
            .enumerate()
            .map(|(at, (event_type, payload))| {
                let mut event = event(&format!("{number}-{at}"), event_type, &payload.to_string());
                event.recorded_at = Some(second((number * 100 + at as u64) as i64));
                event.metadata = json!({"actor": if at % 2 == 0 { "kim" } else { "lee" }}).to_string();
                event
            })
            .collect();
        store.append(&stream, Expected::NoStream, &events).expect("recorded");
    }
    (folder, store)
}

fn course(number: u64) -> Vec<(&'static str, Value)> {
    let mut events = vec![("lead-initialized", json!({"lead-id": number, "name": format!("n{number}"), "phone": "1"}))];
    for step in 0..number % 7 {
        events.push(match step % 3 {
            0 => ("contacted", json!({})),
            1 => ("followup-set", json!({"followup-on": "2025-02-01T00:00:00Z"})),
            _ => ("contact-details-updated", json!({"phone": format!("{step}")})),
        });
    }
    events
}

fn in_store(store: &dyn Store, text: &str, then: Option<i64>) -> Vec<Watched> {
    let wanted =
        WhenInStore { text: text.to_owned(), category: "lead".to_owned(), projection: None, then: then.map(second) };
    let found = FoundWhen::default();
    let watching = when_in_store(store, &wanted, &found, &|| false, &mut |_| Flow::Continue(()));
    let watching = watching.expect("it can be read").expect("there is such a category");
    let rows = watching.found(0, usize::MAX);
    let so_far = found.so_far();
    assert_eq!(so_far.counted, watching.counts());
    assert_eq!(so_far.rows.len(), rows.len().min(200), "the first are shown as they are found");
    assert_eq!(watching.counts().ever, rows.len() as u64);
    assert_eq!(watching.counts().now, rows.iter().filter(|row| row.is_true_now).count() as u64);
    assert_eq!(watching.counts().then, rows.iter().filter(|row| row.was_true_then).count() as u64);
    rows
}

#[test]
fn over_a_store_each_stream_is_what_it_is_alone() {
    let (_folder, store) = lead_store(60, course);
    for text in [
        r#"status == "FOLLOWUP_SET""#,
        "contacts > 1",
        r#"changed("phone")"#,
        r#"count("contacted") == 1"#,
        "old.contacts < contacts",
        "event.actor == 'lee' && contacts > 0",
        "event.payload.phone == phone",
        r#"age(state["created-on"]) >= duration("3s")"#,
        "true",
        "phone > 1",
    ] {
        let rows = in_store(&store, text, Some(3_003));
        let mut expected = Vec::new();
        for number in 0..60 {
            let stream = StreamId::from(format!("lead-{number}").as_str());
            let described = describe(&store, &stream).expect("it is there");
            let projection = described.projection(None).expect("its own");
            let (timeline, turns) =
                when_stream(&store, &described, &projection, text, &mut |_| Flow::Continue(())).expect("read");
            let Some(first) = turns.ranges().first() else { continue };
            let version = |index: Index| timeline.heads()[index].version;
            let last = timeline.heads().len() - 1;
            let then = timeline.index_at(second(3_003));
            expected.push(Watched {
                stream,
                turns: turns.turns().count() as u64,
                events_true: turns.events_true(),
                is_true_now: turns.at(last).is_true,
                was_true_then: then.is_some_and(|then| turns.at(then).is_true),
                first: version(first.start),
                latest: version(turns.ranges().last().expect("one at least").start),
                not_run: None,
            });
        }
        let mut sorted = rows;
        sorted.sort_by(|a, b| a.stream.cmp(&b.stream));
        expected.sort_by(|a, b| a.stream.cmp(&b.stream));
        assert_eq!(sorted, expected, "{text}");
    }
}

#[test]
fn a_name_that_no_stream_has_is_a_wrong_word_where_any_name_may_be_a_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = NativeStore::create(&folder.path().join("a.db")).expect("a store");
    let events = [event("1", "placed", r#"{"total": 5}"#), event("2", "paid", r#"{"by": "card"}"#)];
    store.append(&StreamId::from("order-1"), Expected::NoStream, &events).expect("recorded");
    let ask = |text: &str| {
        let wanted = WhenInStore { text: text.to_owned(), category: "order".to_owned(), projection: None, then: None };
        when_in_store(&store, &wanted, &FoundWhen::default(), &|| false, &mut |_| Flow::Continue(()))
    };
    let rows = ask("total > 3 && by == 'card'").expect("read").expect("a category").found(0, 9);
    assert_eq!(rows.iter().map(|row| (row.first, row.turns)).collect::<Vec<_>>(), [(Version(1), 1)]);
    let error = ask("totl > 3").expect_err("there is no such field");
    assert_eq!(error.to_string(), "No field totl. Did you mean total?");
    assert!(ask("true").expect("read").is_some());
}

#[test]
fn what_nobody_waits_for_ends_at_once_and_what_never_ends_is_told() {
    let (_folder, store) = lead_store(20, course);
    let wanted =
        |text: &str| WhenInStore { text: text.to_owned(), category: "lead".to_owned(), projection: None, then: None };
    let stopped = when_in_store(&store, &wanted("true"), &FoundWhen::default(), &|| false, &mut |_| Flow::Break(()));
    assert!(stopped.is_err());
    let endless = format!("[[1]]{}.size() > 0", ".map(x, x + x)".repeat(40));
    let error = when_in_store(&store, &wanted(&endless), &FoundWhen::default(), &|| false, &mut |_| Flow::Continue(()))
        .expect_err("it never ends");
    assert!(error.to_string().starts_with("The condition takes too many steps"), "{error}");
}

#[test]
fn reading_along_ends_within_a_step_of_being_told_to() {
    let events: Vec<RecordedEvent> = super::replay_properties::some_lead(5_000);
    let replay = replayed(LeadState, &events, 32);
    let expression = Expression::new("event.version >= 0", &Timeline::names(&replay)).expect("sound");
    let mut told = 0;
    let looks = std::cell::Cell::new(0);
    let stop = || {
        looks.set(looks.get() + 1);
        looks.get() > 2
    };
    let read = replay_along(&replay, &expression, &stop, &mut || told += 1);
    assert_eq!(read, Err(Stop::Cancelled));
    assert!((1..3_000).contains(&told), "{told}");
}

fn replay_along(
    timeline: &dyn Timeline,
    expression: &Expression,
    stop: &dyn Fn() -> bool,
    told: &mut dyn FnMut(),
) -> Result<(), Stop> {
    timeline.read_along(expression, 0..timeline.heads().len(), &(), stop, &mut |_, _| told())
}

#[test]
fn what_is_unknown_is_counted_and_said() {
    let (_folder, store) = lead_store(7, course);
    let stream = StreamId::from("lead-6");
    let described = describe(&store, &stream).expect("it is there");
    let projection = described.projection(None).expect("its own");
    let (timeline, turns) =
        when_stream(&store, &described, &projection, r#"state["followup-on"] > timestamp("2025-01-01")"#, &mut |_| {
            Flow::Continue(())
        })
        .expect("read");
    assert_eq!(timeline.heads().len(), 7);
    assert_eq!((turns.unknown(), turns.events_true()), (2, 5), "{turns:?}");
    let (first, doubt) = turns.doubt().expect("one is kept");
    assert_eq!((*first, doubt.to_string().as_str()), (0, "null and a time cannot be compared"));
}

#[test]
fn names_are_those_of_the_projection_or_of_what_was_recorded() {
    let events = super::replay_properties::some_lead(5);
    let lead = Timeline::names(&replayed(LeadState, &events, 32));
    assert!(lead.fields.iter().any(|name| name == "payment-deadline") && !lead.is_open);
    let ticket = Timeline::names(&replayed(TicketState, &[], 32));
    assert!(ticket.fields.iter().any(|name| name == "status"));
    let fields = Timeline::names(&replayed(FieldsProjection, &events, 32));
    assert!(fields.fields.iter().any(|name| name == "phone") && !fields.fields.iter().any(|name| name == "contacts"));
    let flaw = Expression::new("contacts > 1", &fields).expect_err("no payload has it");
    assert_eq!(flaw.kind, FlawKind::Field("contacts".to_owned()));
    let mut turns = Turns::default();
    turns.note(0, &Reading::True);
    turns.look_to(1);
    assert_eq!(turns.events_true(), 1);
}
