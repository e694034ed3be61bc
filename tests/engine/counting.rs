//! Counts of a store at any moment, against counting it naively.

use std::collections::BTreeMap;

use foldline::engine::{CountIndex, CountStore, CountWanted, Engine, EngineError, Question, Ticket};
use foldline::event::{Metadata, NewEvent, Position, RecordedEvent, StreamId, Timestamp};
use foldline::index::{Budget, CountOf, Counting, Histogram, MOST_VALUES, Memory, StoreMoment, Tally};
use foldline::projection::path_value;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Query, Store, StoreError, StreamQuery, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::as_of::{Sketch, cqrs_es, emmett, naively, native, sketches, sql_stream_store};
use super::workshop::{cases, event, own_store, read, second};

fn wanted(of: CountOf) -> CountWanted {
    CountWanted { of, projection: None, category: None }
}

fn field(path: &str) -> CountOf {
    CountOf::Field(path.to_owned())
}

fn followed(index: &CountIndex, store: &dyn Store, wanted: &CountWanted) {
    index.follow(store, wanted, &Ticket::new("counting")).expect("read").expect("there is no category to miss");
}

fn counts(counting: &Counting, at: StoreMoment) -> BTreeMap<String, u32> {
    let tally = counting.tally();
    let counts = tally.values().map(str::to_owned).zip(tally.counts(at));
    counts.filter(|(_, count)| *count > 0).collect()
}

fn category_of(store: &dyn Store, stream: &StreamId) -> String {
    let mut category = String::new();
    let all = StreamQuery::default();
    store
        .visit_streams(&all, &mut |row| {
            if row.stream == *stream {
                category = row.category;
            }
            foldline::store::Flow::Continue(())
        })
        .expect("read");
    category
}

fn naive_counts(store: &dyn Store, events: &[RecordedEvent], of: &CountOf, at: StoreMoment) -> BTreeMap<String, u32> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    if let CountOf::Field(path) = of {
        for (_, _, state) in naively(store, events, None, at).into_values() {
            let value = path_value(&state, path).cloned().unwrap_or(Value::Null);
            *counts.entry(value.to_string()).or_default() += 1;
        }
        return counts;
    }
    let mut of_stream: BTreeMap<&StreamId, Vec<&RecordedEvent>> = BTreeMap::new();
    for event in events {
        of_stream.entry(&event.stream).or_default().push(event);
    }
    for (stream, events) in of_stream {
        let last = events.iter().rposition(|event| match at {
            StoreMoment::Latest => true,
            StoreMoment::Position(position) => event.position.is_some_and(|own| own <= position),
            StoreMoment::Time(at) => event.recorded_at.is_some_and(|own| own <= at),
        });
        let category = category_of(store, stream);
        for event in &events[..last.map_or(0, |last| last + 1)] {
            let value = match of {
                CountOf::Actor => Metadata::parse(&event.metadata).actor.unwrap_or_default(),
                CountOf::Category => category.clone(),
                _ => event.event_type.to_string(),
            };
            *counts.entry(value).or_default() += 1;
        }
    }
    counts
}

fn moments(store: &dyn Store, events: &[RecordedEvent]) -> Vec<StoreMoment> {
    let mut moments = vec![StoreMoment::Latest];
    moments.extend((-1..41).step_by(3).chain([100]).map(|at| StoreMoment::Time(second(at))));
    if store.capabilities().has_feed {
        let last = events.iter().filter_map(|event| event.position).max().unwrap_or_default();
        moments.extend((0..last.0 + 3).step_by(2).map(|position| StoreMoment::Position(Position(position))));
    }
    moments
}

fn holds_for(store: &dyn Store, index: &CountIndex, of: &CountOf) -> Result<(), TestCaseError> {
    let events = read(store, &Query::store());
    for at in moments(store, &events) {
        let told = index.look(|counting| counts(counting, at)).unwrap_or_default();
        let expected = naive_counts(store, &events, of, at);
        prop_assert_eq!(told, expected, "{} of {:?} at {:?}", store.framework(), of, at);
    }
    let read_to = index.look(|counting| counting.read_to().position()).flatten();
    prop_assert_eq!(
        read_to,
        events.iter().filter_map(|event| event.position).max().filter(|_| store.capabilities().has_feed)
    );
    Ok(())
}

fn kinds() -> [CountOf; 5] {
    [field("status"), field("total"), CountOf::Type, CountOf::Actor, CountOf::Category]
}

/// Makes a store that holds these events.
type Made = fn(&[Sketch]) -> (tempfile::TempDir, Box<dyn Store>);

/// A store with the first of the events is counted, and then one that holds them all.
fn grown(make: Made, sketches: &[Sketch], cut: usize) -> Result<(), TestCaseError> {
    let (first_folder, first) = make(&sketches[..cut]);
    let (_whole_folder, whole) = make(sketches);
    for of in kinds() {
        let index = CountIndex::default();
        followed(&index, &*first, &wanted(of.clone()));
        let before = index.look(Counting::events).unwrap_or_default();
        prop_assert_eq!(before, cut as u64);
        followed(&index, &*whole, &wanted(of.clone()));
        holds_for(&*whole, &index, &of)?;
    }
    drop(first_folder);
    Ok(())
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn counts_at_any_moment_are_those_of_the_streams_and_events_that_count_then(sketches in sketches()) {
        for make in [native, emmett, sql_stream_store, cqrs_es] {
            let (_folder, store) = make(&sketches);
            for of in kinds() {
                let index = CountIndex::default();
                followed(&index, &*store, &wanted(of.clone()));
                holds_for(&*store, &index, &of)?;
            }
        }
    }

    /// The same events with more behind them are a store that grew, whatever numbers its streams have now.
    #[test]
    fn what_is_recorded_moves_the_counts_on_to_what_counting_anew_gives(sketches in sketches(), share in 0.0..1.0_f64) {
        let cut = (sketches.len() as f64 * share) as usize;
        for make in [native, emmett, sql_stream_store] {
            grown(make, &sketches, cut)?;
        }
    }

    #[test]
    fn a_tally_is_what_its_changes_say_behind_thousands_of_them(
        changes in prop::collection::vec((0..40_u32, 0..5_u8, 0..3_000_i64), 9_000..10_000),
        settles in 1..5_000_usize,
    ) {
        let mut tally = Tally::default();
        let told: Vec<(u32, String, i64)> = (0..).zip(&changes)
            .map(|(at, (key, value, jitter))| (*key, value.to_string(), at * 1_000 + jitter))
            .collect();
        for (place, (key, value, at)) in told.iter().enumerate() {
            let position = Some(Position(place as u64 * 2 + 2));
            tally.take(foldline::event::StreamKey(*key), position, Some(Timestamp::from_micros(*at)), value);
            if place % settles == 0 {
                tally.settle();
            }
        }
        tally.settle();
        for place in [0, 1, 4_095, 4_096, 4_097, 8_191, 8_192, told.len() - 1] {
            for at in [StoreMoment::Position(Position(place as u64 * 2 + 3)), StoreMoment::Time(Timestamp::from_micros(place as i64 * 1_000))] {
                let counts_then = |index: usize, time: i64| match at {
                    StoreMoment::Time(at) => time <= at.micros(),
                    _ => index <= place,
                };
                let mut of_key: BTreeMap<u32, (Option<&str>, Option<&str>)> = BTreeMap::new();
                for (index, (key, value, time)) in told.iter().enumerate() {
                    let (latest, then) = of_key.entry(*key).or_default();
                    *latest = Some(value);
                    if counts_then(index, *time) {
                        *then = *latest;
                    }
                }
                let mut expected: BTreeMap<&str, u32> = BTreeMap::new();
                of_key.values().filter_map(|(_, then)| *then).for_each(|value| *expected.entry(value).or_default() += 1);
                let counted: BTreeMap<&str, u32> =
                    tally.values().zip(tally.counts(at)).filter(|(_, count)| *count > 0).collect();
                prop_assert_eq!(counted, expected, "at {:?}", at);
            }
        }
    }

    #[test]
    fn buckets_of_time_hold_every_event_between_their_ends_once(
        times in prop::collection::vec(prop_oneof![20 => 0..400_000_i64, 1 => -9_000_000_000..9_000_000_000_i64], 1..6_000),
        most in 1..300_usize,
    ) {
        let mut histogram = Histogram::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        for (place, seconds) in times.iter().enumerate() {
            histogram.take(Some(at(*seconds)), ["a", "b", "c"][place % 3]);
        }
        histogram.take(None, "a");
        histogram.settle();
        let (earliest, latest) = histogram.extent().expect("there are events");
        prop_assert_eq!(Some(earliest), times.iter().map(|seconds| at(*seconds)).min(), "to the second, however wide a span is");
        prop_assert_eq!(Some(latest), times.iter().map(|seconds| at(*seconds)).max());
        let buckets = histogram.buckets(earliest, latest.plus_micros(1), most);
        prop_assert!(buckets.len() <= most, "{} buckets", buckets.len());
        prop_assert_eq!(buckets.iter().map(|bucket| bucket.events).sum::<u64>(), times.len() as u64);
        prop_assert_eq!(histogram.timeless(), 1);
        for bucket in &buckets {
            let of = |kind: usize| {
                let inside = |(place, seconds): (usize, &i64)| place % 3 == kind && (bucket.from..bucket.to).contains(&at(*seconds));
                times.iter().enumerate().filter(|event| inside(*event)).count() as u32
            };
            let expected: Vec<u32> = (0..histogram.values().count()).map(of).collect();
            prop_assert_eq!(&bucket.counts, &expected);
        }
    }
}

fn of_names(count: usize) -> (tempfile::TempDir, NativeStore) {
    let (folder, mut store) = own_store();
    for number in 0..count {
        let stream = StreamId::from(format!("lead-{number}").as_str());
        let payload = json!({"name": format!("n{number}")}).to_string();
        let metadata = json!({"actor": if number % 2 == 0 { "kim" } else { "lee" }}).to_string();
        let new = NewEvent { metadata, ..event(&number.to_string(), "lead-initialized", &payload) };
        store.append(&stream, Expected::NoStream, &[new]).expect("recorded");
    }
    (folder, store)
}

#[test]
fn names_are_too_many_values_and_say_so_instead_of_growing() {
    let (_folder, store) = of_names(MOST_VALUES + 1);
    let index = CountIndex::default();
    let ticket = Ticket::new("counting");
    let so_far = index.follow(&store, &wanted(field("name")), &ticket).expect("read").expect("counted");
    assert!(so_far.has_too_many_values && so_far.has_field);
    assert_eq!(so_far.events, MOST_VALUES as u64 + 1);
    assert_eq!(index.look(|counting| counting.tally().changes()), Some(0), "nothing is kept of them");
    let actors = CountIndex::default();
    followed(&actors, &store, &wanted(CountOf::Actor));
    let told = actors.look(|counting| counts(counting, StoreMoment::Latest)).expect("counted");
    assert_eq!(told, BTreeMap::from([("kim".to_owned(), 257), ("lee".to_owned(), 256)]));
    let none = CountIndex::default();
    let so_far = none.follow(&store, &wanted(field("nam")), &ticket).expect("read").expect("counted");
    assert!(!so_far.has_field, "no stream has it");
}

#[test]
fn a_budget_that_is_too_small_a_wrong_category_and_a_cancel_each_end_it() {
    let (_folder, store) = of_names(300);
    let ticket = Ticket::new("counting");
    let index = CountIndex::default();
    let memory = Memory::new(Budget { bytes: 5_000 });
    let refused = index.follow(&store, &wanted(field("status")), &Ticket::within("counting", &memory));
    assert!(matches!(refused, Err(EngineError::OverBudget(_))), "{refused:?}");
    assert_eq!(memory.taken(), 0, "what was given up takes nothing");
    let elsewhere = CountWanted { category: Some("leed".to_owned()), ..wanted(CountOf::Type) };
    assert!(index.follow(&store, &elsewhere, &ticket).expect("read").is_none());
    ticket.cancel();
    let stopped = index.follow(&store, &wanted(CountOf::Type), &ticket);
    assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stopped:?}");
    assert!(index.look(Counting::events).is_none(), "nothing half-counted is shown");
}

#[test]
fn a_store_that_was_replaced_is_counted_anew() {
    let (_folder, store) = of_names(10);
    let (_other_folder, other) = own_store();
    let index = CountIndex::default();
    followed(&index, &store, &wanted(CountOf::Type));
    followed(&index, &other, &wanted(CountOf::Type));
    assert_eq!(index.look(Counting::events), Some(0));
}

#[test]
fn an_open_store_is_asked_for_counts_and_for_how_it_stood_and_the_counts_move_on() {
    let (_folder, path, mut writer) = super::workshop::native_store();
    let add = |writer: &mut NativeStore, number: u64| {
        let stream = StreamId::from(format!("lead-{number}").as_str());
        let new = event(&number.to_string(), "lead-initialized", r#"{"name": "a"}"#);
        writer.append(&stream, Expected::NoStream, &[new]).expect("recorded");
    };
    add(&mut writer, 1);
    let source = foldline::store::Source::from(path);
    let first = foldline::store::open(&source).expect("a store");
    let engine = Engine::new(source, first, std::sync::Arc::new(|| {}));
    let index = CountIndex::default();
    let question = CountStore { index: index.clone(), wanted: wanted(field("status")) };
    for number in 2..5 {
        let asked = question.clone();
        let answer = engine.ask_long(CountStore::WHAT, move |reader, ticket| asked.answer(reader, ticket));
        let so_far = answer.wait().expect("answered").expect("read").expect("counted");
        assert_eq!(so_far.events, number - 1);
        let told = index.look(|counting| counts(counting, StoreMoment::Latest)).expect("counted");
        assert_eq!(told, BTreeMap::from([(r#""NEW_LEAD""#.to_owned(), number as u32 - 1)]));
        add(&mut writer, number);
    }
    let mut asked = foldline::engine::Asked::default();
    asked.ask(&engine, foldline::engine::AsOfWanted::default());
    while !asked.poll(&engine) {
        std::thread::yield_now();
    }
    assert_eq!(asked.value().and_then(Option::as_ref).map(|answer| answer.as_of.len()), Some(4));
}

#[test]
fn states_that_counts_keep_for_later_give_way_and_what_is_recorded_then_is_counted_with_all_the_rest() {
    let (_folder, mut store) = of_names(300);
    let memory = Memory::new(Budget { bytes: 1 << 30 });
    let index = CountIndex::default();
    let status = wanted(field("status"));
    let follow = |store: &dyn Store| {
        index.follow(store, &status, &Ticket::within("counting", &memory)).expect("read").expect("counted")
    };
    follow(&store);
    let (all, before) = (memory.taken(), index.look(|counting| counts(counting, StoreMoment::Latest)));
    memory.allow(Budget { bytes: all });
    let mut table = memory.hold();
    table.resize(all / 4).expect("the states give way");
    assert!(memory.taken() <= all, "{} of {all}", memory.taken());
    assert_eq!(index.look(|counting| counts(counting, StoreMoment::Latest)), before, "any moment is told as before");
    assert_eq!(index.look(Counting::has_field), Some(true));
    follow(&store);
    assert_eq!(index.look(Counting::can_go_on), Some(false), "where nothing is new, nothing is read");
    let payload = json!({"name": "later"}).to_string();
    let later = [event("later", "lead-initialized", &payload)];
    store.append(&StreamId::from("lead-later"), Expected::NoStream, &later).expect("recorded");
    drop(table);
    memory.allow(Budget { bytes: 1 << 30 });
    follow(&store);
    let anew = CountIndex::default();
    followed(&anew, &store, &status);
    let of = |index: &CountIndex| index.look(|counting| counts(counting, StoreMoment::Latest));
    assert_eq!(of(&index), of(&anew));
    assert_ne!(of(&index), before);
}

#[test]
fn states_that_there_is_no_room_for_lie_in_a_file_and_are_counted_as_others_and_gone_on_from() {
    let (_folder, mut store) = own_store();
    let mut bulk = store.bulk().expect("a transaction");
    for number in 0..6_000_u64 {
        let stream = StreamId::from(format!("lead-{}", number % 2_000).as_str());
        let (event_type, payload) = match number / 2_000 {
            0 => ("lead-initialized", json!({"lead-id": number, "name": "n", "phone": "1".repeat(90)})),
            1 => ("contacted", json!({})),
            _ => ("lead-closed", json!({"reason": "no"})),
        };
        bulk.record(&stream, None, &event(&number.to_string(), event_type, &payload.to_string())).expect("recorded");
    }
    bulk.commit().expect("committed");
    let status = wanted(field("status"));
    let follow = |index: &CountIndex, store: &dyn Store, memory: &Memory| {
        index.follow(store, &status, &Ticket::within("counting", memory)).map(|so_far| so_far.expect("counted").events)
    };
    let (much, plenty) = (CountIndex::default(), Memory::default());
    follow(&much, &store, &plenty).expect("read");
    let memory = Memory::new(Budget { bytes: plenty.taken() * 6 / 10 });
    let little = CountIndex::default();
    follow(&little, &store, &memory).expect("laid down");
    let is_laid = |index: &CountIndex| index.look(|counting| counting.shelf().is_some());
    assert_eq!((is_laid(&little), is_laid(&much)), (Some(true), Some(false)));
    assert!(memory.taken() <= memory.allowed().bytes, "{} of {:?}", memory.taken(), memory.allowed());
    let assert_alike = |one: &CountIndex, other: &CountIndex| {
        for at in [1, 700, 2_000, 4_001, 6_000, 9_000].map(|at| StoreMoment::Position(Position(at))) {
            let of = |index: &CountIndex| index.look(|counting| counts(counting, at));
            assert_eq!(of(one), of(other), "{at:?}");
        }
    };
    assert_alike(&little, &much);
    // What is recorded of a stream whose state lies there is folded into that.
    for number in 0..20 {
        let stream = StreamId::from(format!("lead-{}", number * 90).as_str());
        let opened = event(&format!("later-{number}"), "lead-converted", "{}");
        store.append(&stream, Expected::Any, &[opened]).expect("recorded");
    }
    let anew = CountIndex::default();
    follow(&little, &store, &memory).expect("gone on");
    follow(&anew, &store, &Memory::default()).expect("read");
    assert_alike(&little, &anew);
    drop((little, much, anew));
    assert_eq!((memory.taken(), plenty.taken()), (0, 0));
}
