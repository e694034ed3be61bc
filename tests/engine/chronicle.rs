//! What happened in a store and when, against a look at all its events.

use std::collections::{BTreeMap, BTreeSet};

use foldline::engine::{StoreChronicle, Ticket};
use foldline::event::{Metadata, Position, RecordedEvent, StreamId, Timestamp};
use foldline::index::{Budget, Chronicle, Edges, Entry, Facet, Lanes, Memory, NumberSet, Sieve, StoreMoment};
use foldline::store::{Query, Store, StreamQuery};
use proptest::prelude::*;

use super::as_of::{Sketch, cqrs_es, emmett, native, sketches, sql_stream_store};
use super::workshop::{cases, read, second};

fn followed(chronicle: &StoreChronicle, store: &dyn Store) {
    chronicle.follow(store, &Ticket::new("reading")).expect("read");
}

fn of(store: &dyn Store) -> StoreChronicle {
    let chronicle = StoreChronicle::new(&Memory::default());
    followed(&chronicle, store);
    chronicle
}

/// The events in the order of the chronicle, each with the time from which it counts.
fn naively(store: &dyn Store) -> Vec<(RecordedEvent, i64)> {
    let events = read(store, &Query::store());
    let own = |event: &RecordedEvent| event.recorded_at.map_or(i64::MAX, Timestamp::micros);
    let from = |place: usize, event: &RecordedEvent| {
        events[place..].iter().filter(|other| other.stream == event.stream).map(own).min().unwrap_or(i64::MAX)
    };
    let mut ordered: Vec<(RecordedEvent, i64)> =
        events.iter().enumerate().map(|(place, event)| (event.clone(), from(place, event))).collect();
    if !store.capabilities().has_feed {
        ordered.sort_by_key(|(_, from)| *from);
    }
    ordered
}

fn categories(store: &dyn Store) -> BTreeMap<StreamId, String> {
    let mut categories = BTreeMap::new();
    let each = &mut |row: foldline::store::StreamRow| {
        categories.insert(row.stream, row.category);
        foldline::store::Flow::Continue(())
    };
    store.visit_streams(&StreamQuery::default(), each).expect("read");
    categories
}

fn actor(event: &RecordedEvent) -> String {
    Metadata::parse(&event.metadata).actor.unwrap_or_default()
}

fn kind(facet: Facet, event: &RecordedEvent, categories: &BTreeMap<StreamId, String>) -> String {
    match facet {
        Facet::Type => event.event_type.to_string(),
        Facet::Category => categories[&event.stream].clone(),
        Facet::Actor => actor(event),
    }
}

/// What an entry says, in names.
type Told = (String, u64, Option<Timestamp>, Option<Position>, String, String);

fn told(chronicle: &Chronicle, entry: Entry) -> Told {
    let Entry { stream, version, recorded_at, position, event_type, actor, .. } = entry;
    let kind = |facet, number| chronicle.kind(facet, number).to_owned();
    (
        chronicle.stream(stream).to_owned(),
        version.0,
        recorded_at,
        position,
        kind(Facet::Type, event_type),
        kind(Facet::Actor, actor),
    )
}

fn said(event: &RecordedEvent) -> Told {
    (
        event.stream.to_string(),
        event.version.0,
        event.recorded_at,
        event.position,
        event.event_type.to_string(),
        actor(event),
    )
}

fn holds_for(chronicle: &Chronicle, store: &dyn Store) -> Result<(), TestCaseError> {
    let events = naively(store);
    let categories = categories(store);
    let has_order = store.capabilities().has_feed;
    prop_assert_eq!(chronicle.len(), events.len());
    let all: Vec<Told> =
        (0..chronicle.len()).filter_map(|place| chronicle.entry(place)).map(|entry| told(chronicle, entry)).collect();
    prop_assert_eq!(all, events.iter().map(|(event, _)| said(event)).collect::<Vec<_>>(), "{}", store.framework());
    for (place, (event, from)) in events.iter().enumerate() {
        if has_order {
            let at = StoreMoment::Position(event.position.expect("it has one"));
            prop_assert_eq!(chronicle.count_at(at), place + 1);
            prop_assert_eq!(chronicle.moment_of(place + 1), at);
        } else if *from < i64::MAX {
            let at = StoreMoment::Time(Timestamp::from_micros(*from));
            prop_assert_eq!(chronicle.count_at(at), events.iter().filter(|(_, other)| other <= from).count());
            prop_assert_eq!(chronicle.moment_of(place + 1), at);
        }
    }
    prop_assert_eq!(chronicle.count_at(StoreMoment::Latest), events.len());
    for seconds in (-1..41).step_by(5) {
        let at = second(seconds);
        let by_then = |(event, from): &&(RecordedEvent, i64)| {
            if has_order { event.recorded_at.is_some_and(|own| own <= at) } else { *from <= at.micros() }
        };
        let expected = events.iter().filter(by_then).count();
        prop_assert_eq!(chronicle.count_at(StoreMoment::Time(at)), expected, "{} at {}", store.framework(), seconds);
    }
    for count in (0..=events.len()).step_by(3) {
        streams_are_those(chronicle, &events[..count], &categories)?;
    }
    counts_are_those(chronicle, &events, &categories)?;
    found_are_those(chronicle, &events)
}

/// The last event of each stream, the latest first.
fn streams_are_those(
    chronicle: &Chronicle,
    events: &[(RecordedEvent, i64)],
    categories: &BTreeMap<StreamId, String>,
) -> Result<(), TestCaseError> {
    let named: BTreeSet<&String> = categories.values().collect();
    for category in std::iter::once(None).chain(named.into_iter().map(Some)) {
        let mut met = BTreeSet::new();
        let is_of = |event: &RecordedEvent| category.is_none_or(|category| categories[&event.stream] == *category);
        let expected: Vec<Told> = events
            .iter()
            .rev()
            .map(|(event, _)| event)
            .filter(|event| is_of(event) && met.insert(event.stream.clone()))
            .map(said)
            .collect();
        let number = category.map(|category| chronicle.find_kind(Facet::Category, category).unwrap_or(u32::MAX));
        prop_assert_eq!(chronicle.streams_begun(events.len(), number), expected.len());
        for (skip, most) in [(0, 1_000), (0, 3), (2, 4), (5, 1_000)] {
            let recent: Vec<Told> = chronicle
                .recent(events.len(), number, skip, most)
                .into_iter()
                .map(|entry| told(chronicle, entry))
                .collect();
            let wanted: Vec<Told> = expected.iter().skip(skip).take(most).cloned().collect();
            prop_assert_eq!(recent, wanted, "of {:?}, {} from {}", category, most, skip);
        }
        for one in &expected {
            let stream = chronicle.find_stream(&one.0).expect("it was met");
            let last = chronicle.last_of(stream, events.len()).expect("it has begun");
            prop_assert_eq!(&told(chronicle, last), one);
        }
    }
    Ok(())
}

fn counts_are_those(
    chronicle: &Chronicle,
    events: &[(RecordedEvent, i64)],
    categories: &BTreeMap<StreamId, String>,
) -> Result<(), TestCaseError> {
    let Some((first, last)) = chronicle.extent() else { return Ok(()) };
    let end = Timestamp::from_micros(last.micros() + 1);
    let timeless = events.iter().filter(|(event, _)| event.recorded_at.is_none()).count() as u64;
    prop_assert_eq!(chronicle.timeless(), timeless);
    for facet in Facet::ALL {
        for lanes in [0, 2, 40] {
            let lanes = Lanes::largest(chronicle, facet, lanes);
            for buckets in [1, 7, 50] {
                let times = Edges::even_times(first, end, buckets);
                let places = Edges::even_places(0..events.len(), buckets);
                for edges in [times, places] {
                    let counted = chronicle.count_between(&edges, &lanes);
                    let sum: u64 = counted.sums().iter().sum();
                    let all = events.len() as u64 - if matches!(edges, Edges::Times(_)) { timeless } else { 0 };
                    prop_assert_eq!(sum, all, "buckets hold every event of the span once");
                    for (number, counts) in counted.buckets().enumerate() {
                        let inside = |place: usize, event: &RecordedEvent| match &edges {
                            Edges::Times(edges) => {
                                let own = event.recorded_at.map(Timestamp::micros);
                                own.is_some_and(|own| (edges[number]..edges[number + 1]).contains(&own))
                            }
                            Edges::Places(edges) => (edges[number]..edges[number + 1]).contains(&place),
                        };
                        let mut expected = vec![0; lanes.numbers.len() + 1];
                        for (place, (event, _)) in
                            events.iter().enumerate().filter(|(place, (event, _))| inside(*place, event))
                        {
                            let _ = place;
                            let kind = kind(facet, event, categories);
                            let lane = lanes.numbers.iter().position(|number| chronicle.kind(facet, *number) == kind);
                            expected[lane.unwrap_or(lanes.numbers.len())] += 1;
                        }
                        prop_assert_eq!(counts, expected);
                    }
                }
            }
        }
    }
    Ok(())
}

fn found_are_those(chronicle: &Chronicle, events: &[(RecordedEvent, i64)]) -> Result<(), TestCaseError> {
    let Some((event, _)) = events.get(events.len() / 2) else { return Ok(()) };
    let numbers = |facet: Facet, name: &str| {
        Some(NumberSet::of(chronicle.kinds(facet), |number| chronicle.kind(facet, number) == name))
    };
    let types = numbers(Facet::Type, event.event_type.as_str());
    let actors = numbers(Facet::Actor, &actor(event));
    let streams = Some(NumberSet::of(chronicle.streams(), |number| chronicle.stream(number) == event.stream.as_str()));
    let from = event.recorded_at.or(Some(second(10)));
    let sieves = [
        Sieve { types: types.clone(), ..Sieve::default() },
        Sieve { types, actors, ..Sieve::default() },
        Sieve { streams, end: from, ..Sieve::default() },
        Sieve { from, ..Sieve::default() },
    ];
    for (number, sieve) in sieves.iter().enumerate() {
        let is_wanted = |other: &RecordedEvent| match number {
            0 => other.event_type == event.event_type,
            1 => other.event_type == event.event_type && actor(other) == actor(event),
            2 => other.stream == event.stream && other.recorded_at.is_some_and(|at| Some(at) < from),
            _ => other.recorded_at.is_some_and(|at| Some(at) >= from),
        };
        let expected: Vec<usize> = (0..events.len()).rev().filter(|place| is_wanted(&events[*place].0)).collect();
        let mut found = Vec::new();
        let mut rest = events.len();
        while rest > 0 {
            let next = chronicle.newest(sieve, 0..rest, 2, 1);
            prop_assert!(next.rest < rest, "it goes on");
            found.extend(next.places);
            rest = next.rest;
        }
        prop_assert_eq!(found, expected, "sieve {}", number);
    }
    Ok(())
}

/// Makes a store that holds these events.
type Made = fn(&[Sketch]) -> (tempfile::TempDir, Box<dyn Store>);

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn a_chronicle_tells_what_a_look_at_every_event_tells(sketches in sketches()) {
        for make in [native as Made, emmett, sql_stream_store, cqrs_es] {
            let (_folder, store) = make(&sketches);
            of(&*store).look(|chronicle| holds_for(chronicle, &*store))?;
        }
    }

    /// The same events with more behind them are a store that grew; without an order across streams it is read anew.
    #[test]
    fn a_chronicle_that_follows_is_one_that_is_read_anew(sketches in sketches(), share in 0.0..1.0_f64) {
        let cut = (sketches.len() as f64 * share) as usize;
        for make in [native as Made, emmett, sql_stream_store, cqrs_es] {
            let (_first_folder, first) = make(&sketches[..cut]);
            let (_whole_folder, whole) = make(&sketches);
            let chronicle = of(&*first);
            followed(&chronicle, &*whole);
            chronicle.look(|chronicle| holds_for(chronicle, &*whole))?;
        }
    }

    #[test]
    fn a_store_that_was_replaced_is_told_anew(one in sketches(), other in sketches()) {
        let (_first_folder, first) = native(&one);
        let (_other_folder, second) = sql_stream_store(&other);
        let chronicle = of(&*first);
        followed(&chronicle, &*second);
        chronicle.look(|chronicle| holds_for(chronicle, &*second))?;
    }
}

#[test]
fn another_store_of_as_many_events_makes_another_edition() {
    let (_first_folder, first) = native(&[(0, 0, Some(1)), (3, 1, Some(2))]);
    let (_other_folder, second) = sql_stream_store(&[(1, 0, Some(1)), (2, 1, Some(2))]);
    let chronicle = of(&*first);
    let edition = || chronicle.look(Chronicle::edition);
    let before = edition();
    followed(&chronicle, &*first);
    assert_eq!((edition(), edition().lacks(before)), (before, Some(0)), "nothing is new");
    followed(&chronicle, &*second);
    assert_eq!(chronicle.look(Chronicle::len), 2);
    assert_ne!(edition(), before, "as long, and another one");
    assert_eq!(edition().lacks(before), None);
    chronicle.look(|chronicle| holds_for(chronicle, &*second)).expect("the second store's events alone");
}

#[test]
fn what_was_read_before_a_stop_stays_and_is_gone_on_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.db");
    let options = foldline::sample::SampleOptions { streams: Some(400), ..foldline::sample::SampleOptions::default() };
    foldline::engine::write_sample(&path, &options, &mut |_| foldline::store::Flow::Continue(())).expect("a sample");
    let store = foldline::store::open(&path.into()).expect("a store");
    let chronicle = StoreChronicle::new(&Memory::default());
    let ticket = Ticket::new("reading");
    ticket.cancel();
    assert!(chronicle.follow(&*store, &ticket).is_err(), "it was told to stop");
    let read = chronicle.look(Chronicle::len);
    let all = store.info().expect("read").events as usize;
    assert!((1..all).contains(&read), "{read} of {all} were read by then");
    assert!(chronicle.look(|chronicle| !chronicle.is_whole()));
    followed(&chronicle, &*store);
    assert_eq!(chronicle.look(Chronicle::len), all);
    chronicle.look(|chronicle| {
        assert!(chronicle.is_whole());
        assert!(chronicle.bytes() < 40 * all as u64 + 200_000, "{} bytes for {all} events", chronicle.bytes());
    });
    chronicle.look(|chronicle| holds_for(chronicle, &*store)).expect("the same as read at once");
}

#[test]
fn a_chronicle_asks_for_its_memory_and_gives_it_back() {
    let (_folder, store) = native(&[(0, 0, Some(1)), (3, 1, None)]);
    let memory = Memory::default();
    let chronicle = StoreChronicle::new(&memory);
    followed(&chronicle, &*store);
    assert!(memory.taken() > 0);
    drop(chronicle);
    assert_eq!(memory.taken(), 0);
    let small = Memory::new(Budget { bytes: 16 });
    let refused = StoreChronicle::new(&small).follow(&*store, &Ticket::new("reading"));
    assert!(matches!(refused, Err(foldline::engine::EngineError::OverBudget(_))), "{refused:?}");
}
