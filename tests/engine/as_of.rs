//! A whole store as it stood, against each of its streams folded by itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use foldline::engine::{AsOfCondition, EngineError, Ticket, Untold, as_of, as_of_since, choose, describe};
use foldline::event::{EventId, NewEvent, Position, RecordedEvent, StreamId, Timestamp, Version};
use foldline::index::{AsOf, Budget, Choice, Place, Sorting, StoreMoment};
use foldline::projection::{FieldsProjection, LeadState};
use foldline::replay::ProjectionRef;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Query, Store, StoreError, Writer};
use proptest::prelude::*;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::foreign::tables::{CQRS_ES, EMMETT, SQL_STREAM_STORE, file_of};
use super::own_projections::NOTEBOOK;
use super::workshop::{cases, event, own_store, read, second};

/// What is to be recorded: of which stream, what, and when.
pub(super) type Sketch = (usize, usize, Option<i64>);

pub(super) const STREAMS: [&str; 6] = ["lead-1", "ticket-1", "lead-2", "order-1", "settings", "order-2"];

const LEAD: [(&str, &str); 4] = [
    ("lead-initialized", r#"{"name": "aab", "phone": "1"}"#),
    ("contacted", "{}"),
    ("contact-details-updated", r#"{"phone": "2"}"#),
    ("followup-set", r#"{"followup-on": "2025-02-01T00:00:00Z"}"#),
];
const TICKET: [(&str, &str); 4] = [
    ("ticket-initialized", r#"{"subject": "x"}"#),
    ("message-posted", r#"{"body": "hello"}"#),
    ("ticket-closed", "{}"),
    ("message-posted", r#"{"body": "again"}"#),
];
const FREE: [(&str, &str); 4] = [
    ("placed", r#"{"total": 5}"#),
    ("paid", r#"{"by": "card", "total": 7}"#),
    ("noted", r#"{"a": [1]}"#),
    ("odd", "["),
];

pub(super) fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    // Clocks run forward, stand still, run backward, or are not there.
    let time = prop_oneof![9 => (0..40_i64).prop_map(Some), 1 => Just(None)];
    prop::collection::vec((0..STREAMS.len(), 0..4_usize, time), 0..40)
}

pub(super) fn what(stream: usize, kind: usize) -> (&'static str, &'static str) {
    let kinds = match STREAMS[stream].split('-').next() {
        Some("lead") => LEAD,
        Some("ticket") => TICKET,
        _ => FREE,
    };
    kinds[kind]
}

pub(super) fn native(sketches: &[Sketch]) -> (tempfile::TempDir, Box<dyn Store>) {
    let (folder, mut store) = own_store();
    for (number, (stream, kind, at)) in sketches.iter().enumerate() {
        let (event_type, payload) = what(*stream, *kind);
        let payload = if payload == "[" { "[]" } else { payload };
        let new = NewEvent { recorded_at: at.map(second), ..event(&format!("e{number}"), event_type, payload) };
        store.append(&StreamId::from(STREAMS[*stream]), Expected::Any, &[new]).expect("recorded");
    }
    (folder, Box::new(store))
}

fn foreign(
    tables: &str,
    sketches: &[Sketch],
    insert: impl Fn(&Connection, i64, &Sketch, i64),
) -> (tempfile::TempDir, Box<dyn Store>) {
    let (folder, path) = file_of(tables);
    let connection = Connection::open(&path).expect("a database");
    connection.execute_batch("BEGIN").expect("begun");
    let mut versions = [0; STREAMS.len()];
    for (number, sketch) in (0..).zip(sketches) {
        versions[sketch.0] += 1;
        insert(&connection, number, sketch, versions[sketch.0]);
    }
    connection.execute_batch("COMMIT").expect("written");
    connection.close().expect("closed");
    let store = foldline::store::open(&path.into()).expect("it is recognised");
    (folder, store)
}

fn clock(at: Option<i64>) -> String {
    format!("2025-01-01 00:00:{:02}", at.unwrap_or(59))
}

pub(super) fn emmett(sketches: &[Sketch]) -> (tempfile::TempDir, Box<dyn Store>) {
    let tables = format!("{EMMETT} DELETE FROM emt_messages; DELETE FROM emt_streams;");
    foreign(&tables, sketches, |connection, number, (stream, kind, at), version| {
        let (event_type, payload) = what(*stream, *kind);
        let name = STREAMS[*stream];
        let category = name.split('-').next().unwrap_or_default();
        let known = "INSERT INTO emt_streams VALUES (?1, ?2, 'emt:default', ?3, '{}', FALSE) ON CONFLICT DO UPDATE SET stream_position = ?2";
        connection.execute(known, params![name, version, category]).expect("written");
        let message =
            "INSERT INTO emt_messages VALUES (?1, ?2, 'emt:default', 'E', ?3, '{}', '0', ?4, ?5, FALSE, ?6, ?7)";
        let id = format!("m{number}");
        connection
            .execute(message, params![name, version, payload, event_type, id, number * 3 + 1, clock(*at)])
            .expect("written");
    })
}

pub(super) fn sql_stream_store(sketches: &[Sketch]) -> (tempfile::TempDir, Box<dyn Store>) {
    let tables = format!("{SQL_STREAM_STORE} DELETE FROM messages; DELETE FROM streams;");
    foreign(&tables, sketches, |connection, number, (stream, kind, at), version| {
        let (event_type, payload) = what(*stream, *kind);
        let name = STREAMS[*stream];
        let known = "INSERT INTO streams VALUES (?1, ?1, ?2, ?3, ?4, NULL, NULL) ON CONFLICT DO UPDATE SET version = ?3, position = ?4";
        connection.execute(known, params![name, *stream as i64 + 1, version - 1, number * 2 + 5]).expect("written");
        let message = "INSERT INTO messages VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)";
        let id = format!("0190b1de-5a4f-7c8e-9a3b-{number:012}");
        let place = number * 2 + 5;
        let row = params![id, *stream as i64 + 1, version - 1, place, clock(*at), event_type, payload];
        connection.execute(message, row).expect("written");
    })
}

/// Records no times, and streams are named by type and number.
pub(super) fn cqrs_es(sketches: &[Sketch]) -> (tempfile::TempDir, Box<dyn Store>) {
    let tables = format!("{CQRS_ES} DELETE FROM ledger; DELETE FROM kept;");
    foreign(&tables, sketches, |connection, _, (stream, kind, _), version| {
        let (event_type, payload) = what(*stream, *kind);
        let (category, key) = STREAMS[*stream].split_once('-').unwrap_or((STREAMS[*stream], "1"));
        let row = params![category, key, version, event_type, payload];
        connection.execute("INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, '1.0', ?5, '{}')", row).expect("written");
    })
}

/// How each stream stands behind the last event that counts, folded by itself.
pub(super) fn naively(
    store: &dyn Store,
    events: &[RecordedEvent],
    name: Option<&str>,
    at: StoreMoment,
) -> BTreeMap<StreamId, (Version, Option<Timestamp>, Value)> {
    let mut of_stream: BTreeMap<&StreamId, Vec<&RecordedEvent>> = BTreeMap::new();
    for event in events {
        of_stream.entry(&event.stream).or_default().push(event);
    }
    let mut rows = BTreeMap::new();
    for (stream, events) in of_stream {
        let counts = |event: &&RecordedEvent| match at {
            StoreMoment::Latest => true,
            StoreMoment::Position(position) => event.position.is_some_and(|own| own <= position),
            StoreMoment::Time(at) => event.recorded_at.is_some_and(|own| own <= at),
        };
        let Some(last) = events.iter().rposition(counts) else { continue };
        let projection = describe(store, stream).expect("it is there").projection(name);
        let Ok(projection) = projection else { continue };
        let mut fold = projection.fold();
        events[..=last].iter().for_each(|event| fold.push(&event.as_row()));
        rows.insert(stream.clone(), (events[last].version, events[last].recorded_at, fold.show()));
    }
    rows
}

pub(super) fn told(as_of: &AsOf) -> BTreeMap<StreamId, (Version, Option<Timestamp>, Value)> {
    let row = |place: &Place| {
        let row = as_of.row(*place).expect("a place of its own");
        (row.stream.into(), (row.version, row.recorded_at, as_of.state(*place).expect("a state")))
    };
    let rows: BTreeMap<_, _> = as_of.places().iter().map(row).collect();
    assert_eq!(rows.len(), as_of.len(), "each stream once");
    rows
}

fn on(_: u64) -> Flow {
    Flow::Continue(())
}

fn asked(store: &dyn Store, name: Option<&str>, at: StoreMoment) -> Result<AsOf, EngineError> {
    let chosen = choose(store, name, None)?.expect("no category was named");
    as_of(store, &chosen.choice, None, at, Budget::default(), &mut on)
}

fn holds_for(store: &dyn Store, name: Option<&str>) -> Result<(), TestCaseError> {
    let events = read(store, &Query::store());
    let has_order = store.capabilities().has_feed;
    let mut moments = vec![StoreMoment::Latest];
    moments.extend([-1, 0, 7, 20, 39, 100].map(|at| StoreMoment::Time(second(at))));
    if has_order {
        let last = events.iter().filter_map(|event| event.position).max().unwrap_or_default();
        moments.extend((0..last.0 + 3).step_by(5).map(|position| StoreMoment::Position(Position(position))));
    } else {
        prop_assert!(matches!(asked(store, name, StoreMoment::Position(Position(1))), Err(EngineError::NoPositions)));
    }
    for at in moments {
        let expected = naively(store, &events, name, at);
        let as_of = match asked(store, name, at) {
            Ok(as_of) => as_of,
            Err(EngineError::NoSuchProjection { .. }) if expected.is_empty() => continue,
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert_eq!(&told(&as_of), &expected, "{} at {:?}", store.framework(), at);
        let newest = |to: Position| events.iter().filter_map(|event| event.position).filter(|own| *own <= to).max();
        let read_to = match at {
            StoreMoment::Position(position) => newest(position),
            StoreMoment::Latest | StoreMoment::Time(_) => newest(Position(u64::MAX)),
        };
        prop_assert_eq!(as_of.read_to().position(), read_to.filter(|_| has_order));
    }
    Ok(())
}

/// A table that goes on from an earlier one, over a connection of its own, is the one that is folded from the first event on.
fn goes_on_for(store: &dyn Store, name: Option<&str>) -> Result<(), TestCaseError> {
    let last = read(store, &Query::store()).iter().filter_map(|event| event.position).max().unwrap_or_default();
    let moments = (1..last.0).step_by(7).map(|position| StoreMoment::Position(Position(position)));
    let moments: Vec<StoreMoment> = moments.chain([StoreMoment::Latest]).collect();
    let Some(first) = moments.first().and_then(|at| asked(store, name, *at).ok()) else { return Ok(()) };
    let reader = store.opener()().expect("another connection");
    let mut known = vec![first];
    for at in moments.iter().skip(1) {
        let Ok(chosen) = choose(store, name, None) else { continue };
        let fresh = asked(store, name, *at).expect("read");
        for early in known.iter().filter(|early| chosen.as_ref().is_some_and(|new| early.choice().is_same(&new.choice)))
        {
            let later = as_of_since(&*reader, early, None, *at, &mut on).expect("read");
            let Some(later) = later else {
                prop_assert!(!store.capabilities().has_feed || early.read_to().position().is_none());
                continue;
            };
            prop_assert_eq!(&told(&later), &told(&fresh), "{} from {:?} to {:?}", store.framework(), early.at(), at);
            let rows = |as_of: &AsOf| names(as_of, as_of.places());
            prop_assert_eq!(rows(&later), rows(&fresh), "in the order in which they began");
            prop_assert_eq!((later.read_to(), later.events()), (fresh.read_to(), fresh.events()));
            let touched = later.touched_since(early).expect("it went on from that one");
            let differs = later.places().iter().filter(|place| {
                let head = |as_of: &AsOf| as_of.row(**place).map(|row| row.version);
                head(&later) != head(early)
            });
            prop_assert!(differs.clone().all(|place| touched.contains(place)), "what changed was noticed");
            prop_assert_eq!(differs.count(), touched.len(), "and nothing else");
        }
        known.push(fresh);
        known.truncate(3);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(2))]

    #[test]
    fn what_goes_on_from_an_earlier_moment_is_what_is_folded_anew(sketches in sketches()) {
        for make in [native, emmett, sql_stream_store, cqrs_es] {
            let (_folder, store) = make(&sketches);
            for name in [None, Some("fields")] {
                goes_on_for(&*store, name)?;
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn a_store_as_of_any_moment_is_each_stream_folded_up_to_it(sketches in sketches()) {
        for make in [native, emmett, sql_stream_store, cqrs_es] {
            let (_folder, store) = make(&sketches);
            for name in [None, Some("fields"), Some("state"), Some("analysis")] {
                holds_for(&*store, name)?;
            }
        }
    }
}

fn of_leads(count: u64) -> (tempfile::TempDir, NativeStore) {
    let (folder, mut store) = own_store();
    for number in 0..count {
        let stream = StreamId::from(format!("lead-{number}").as_str());
        let mut events = vec![event(
            &format!("{number}-0"),
            "lead-initialized",
            &json!({"lead-id": number, "name": format!("n{number}")}).to_string(),
        )];
        for step in 0..number % 3 {
            events.push(event(&format!("{number}-{}", step + 1), "contacted", "{}"));
        }
        store.append(&stream, Expected::NoStream, &events).expect("recorded");
    }
    (folder, store)
}

fn names(as_of: &AsOf, places: &[Place]) -> Vec<String> {
    places.iter().filter_map(|place| Some(as_of.row(*place)?.stream.to_string())).collect()
}

#[test]
fn a_projection_that_fails_on_one_stream_says_so_in_its_row_and_the_rest_go_on() {
    let (_folder, mut store) = own_store();
    for (stream, kinds) in [("a-1", ["noted", "noted"]), ("a-2", ["noted", "broken"]), ("a-3", ["noted", "noted"])] {
        let events: Vec<NewEvent> =
            (0..2).map(|at| event(&format!("{stream}{at}"), kinds[at], &json!({"note": at}).to_string())).collect();
        store.append(&StreamId::from(stream), Expected::NoStream, &events).expect("recorded");
    }
    let choice = Arc::new(Choice::one(ProjectionRef::new(NOTEBOOK)));
    let as_of = as_of(&store, &choice, None, StoreMoment::Latest, Budget::default(), &mut on).expect("read");
    let rows: Vec<_> =
        as_of.places().iter().map(|place| (as_of.row(*place).expect("a row"), as_of.state(*place))).collect();
    let failed = rows.iter().map(|(row, _)| row.failed.map(|failed| (failed.version.0, failed.message())));
    let said = "the projection failed: there is no such thing".to_owned();
    assert_eq!(failed.collect::<Vec<_>>(), [None, Some((1, said)), None]);
    let states: Vec<_> = rows.into_iter().filter_map(|(_, state)| state).collect();
    assert_eq!(states, [json!({"note": 1}), json!({"note": 0}), json!({"note": 1})], "the state before it stays");
}

#[test]
fn rows_are_found_by_a_condition_sorted_and_counted() {
    let (_folder, store) = of_leads(12);
    let as_of = asked(&store, None, StoreMoment::Latest).expect("read");
    let ticket = Ticket::new("reading states");
    let condition = |text: &str| AsOfCondition::new(text, as_of.choice());
    let among = |text: &str| condition(text).expect("sound").among(&as_of, as_of.places(), &ticket).expect("read");
    let (mut found, untold) = among("contacts > 0 && event.type == 'contacted'");
    assert_eq!((found.len(), untold), (8, Untold::default()));
    as_of.sort(&mut found, &Sorting::Field("contacts".to_owned()), true);
    assert_eq!(
        names(&as_of, &found),
        ["lead-2", "lead-5", "lead-8", "lead-11", "lead-1", "lead-4", "lead-7", "lead-10"]
    );
    as_of.sort(&mut found, &Sorting::Stream, false);
    assert_eq!(names(&as_of, &found[..3]), ["lead-1", "lead-10", "lead-11"]);
    assert_eq!(among("phone > 1").1, Untold { unknown: 12, not_run: 0 }, "what cannot be told is counted");
    let counts = as_of.counts(as_of.places(), "contacts", 10);
    assert_eq!(counts, Some(vec![(json!(0), 4), (json!(1), 4), (json!(2), 4)]));
    assert_eq!(as_of.counts(as_of.places(), "name", 11), None, "too many values");
    assert!(matches!(condition("old.status != status"), Err(EngineError::NotOfStates)));
    assert!(matches!(condition("changed('name')"), Err(EngineError::NotOfStates)));
    assert!(matches!(condition("statsu == 'x'"), Err(EngineError::Condition(_))));
}

#[test]
fn a_name_that_no_stream_has_is_a_wrong_word_where_any_may_be_a_field() {
    let (_folder, store) = of_leads(3);
    let choice = Arc::new(Choice::one(FieldsProjection.into()));
    let as_of = as_of(&store, &choice, None, StoreMoment::Latest, Budget::default(), &mut on).expect("read");
    let ticket = Ticket::new("reading states");
    let ask = |text: &str| {
        AsOfCondition::new(text, &choice).and_then(|condition| condition.among(&as_of, as_of.places(), &ticket))
    };
    assert_eq!(ask("name == 'n1'").expect("read").0.len(), 1);
    let error = ask("nam == 'n1'").expect_err("there is no such field");
    assert_eq!(error.to_string(), "No field nam. Did you mean name?");
}

#[test]
fn what_takes_more_memory_than_it_may_is_given_up_and_what_nobody_waits_for_ends() {
    let (_folder, store) = of_leads(300);
    let choice = Arc::new(Choice::one(LeadState.into()));
    let small = Budget { bytes: 20_000 };
    let refused = as_of(&store, &choice, None, StoreMoment::Latest, small, &mut on);
    assert!(matches!(refused, Err(EngineError::OverBudget(over)) if over.bytes > small.bytes), "{refused:?}");
    let stopped = as_of(&store, &choice, None, StoreMoment::Latest, Budget::default(), &mut |_| Flow::Break(()));
    assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stopped:?}");
}

#[test]
fn a_category_alone_is_read_and_one_that_is_not_there_is_none() {
    let (_folder, mut store) = own_store();
    for stream in ["lead-1", "order-1"] {
        let id = EventId::new(stream).to_string();
        store.append(&StreamId::from(stream), Expected::Any, &[event(&id, "contacted", "{}")]).expect("recorded");
    }
    let chosen = choose(&store, None, Some("lead")).expect("read").expect("it is there");
    let as_of =
        as_of(&store, &chosen.choice, Some("lead"), StoreMoment::Latest, Budget::default(), &mut on).expect("read");
    assert_eq!(names(&as_of, as_of.places()), ["lead-1"]);
    assert!(choose(&store, None, Some("leed")).expect("read").is_none());
    let left_out = choose(&store, Some("analysis"), None).expect("read").expect("some").left_out;
    assert_eq!(left_out, ["order"]);
    let error = choose(&store, Some("sate"), None).expect_err("there is none");
    assert!(error.to_string().contains("there are state, search, analysis, fields"), "{error}");
}

#[test]
fn a_file_of_events_is_read_as_of_a_time_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path: &Path = &folder.path().join("lead-1.json");
    let lines = r#"[{"lead-id": 1, "event-id": 0, "event-type": "lead-initialized", "name": "aab", "timestamp": "2025-01-01T01:00:01Z"},
        {"lead-id": 1, "event-id": 1, "event-type": "contacted", "timestamp": "2025-01-01T01:00:02Z"}]"#;
    std::fs::write(path, lines).expect("written");
    let store = foldline::store::open(&path.to_owned().into()).expect("a file of events");
    let at = Timestamp::parse_rfc3339("2025-01-01T01:00:01Z").expect("a time");
    let as_of = asked(&*store, None, StoreMoment::Time(at)).expect("read");
    let place = as_of.places()[0];
    assert_eq!((as_of.len(), as_of.value(place, "contacts")), (1, json!(0)));
}

#[test]
fn an_early_time_is_told_where_clocks_were_behind_here_and_there() {
    let (_folder, mut store) = own_store();
    let hours = 20_000_i64;
    // An event an hour, each stream for some days; now and then a clock was behind.
    for (number, first) in (0..hours).step_by(100).enumerate() {
        let of_hour = |hour: i64| NewEvent {
            recorded_at: Some(second(
                (if hour % 4_999 == 17 {
                    40
                } else if hour % 31 == 7 {
                    hour - 15
                } else {
                    hour
                }) * 3_600,
            )),
            ..event(&format!("e{hour}"), "noted", r#"{"a": 1}"#)
        };
        let events: Vec<NewEvent> = (first..first + 100).map(of_hour).collect();
        store
            .append(&StreamId::from(format!("note-{number}").as_str()), Expected::NoStream, &events)
            .expect("appended");
    }
    let chosen = choose(&store, None, None).expect("readable").expect("there are streams");
    for hour in [-30, 0, 1_000, 1_007, 1_038, 19_990, 30_000] {
        let (at, tell) = (second(hour * 3_600), &mut |_| Flow::Continue(()));
        let early = as_of(&store, &chosen.choice, None, StoreMoment::Time(at), Budget::default(), tell).expect("read");
        let mut expected: BTreeMap<StreamId, Version> = BTreeMap::new();
        for event in read(&store, &Query::store()) {
            // In a stream the order counts: what stands before an event that had been recorded had been too.
            if event.recorded_at.is_some_and(|recorded| recorded <= at) {
                expected.insert(event.stream, event.version);
            }
        }
        let stood: BTreeMap<StreamId, Version> =
            told(&early).into_iter().map(|(stream, (version, _, _))| (stream, version)).collect();
        assert_eq!(stood, expected, "{hour}");
    }
}
