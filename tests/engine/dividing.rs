//! Which event belongs to which partition lies in a file where there is no room for it, and nobody who asks can tell but by
//! the time it takes.

use std::thread;
use std::time::{Duration, Instant};

use foldline::engine::{Away, Division, EngineError, GoneOn};
use foldline::event::{Position, StreamId, Version};
use foldline::index::{Budget, Memory};
use foldline::script::Script;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Query, Store, StoreError, StreamOrder, StreamQuery, Writer};
use proptest::prelude::*;

use super::workshop::{cases, event, native_store, read};

const EVENTS: u64 = 4_000;

/// Too little for the columns of so many events, and enough for a file's pages.
const LITTLE: std::ops::Range<u64> = 262_144..300_000;

const BY: [&str; 4] =
    ["e => e.streamId + '!'", "e => e.category", "e => e.eventType", "e => e.sequenceNumber % 3 ? e.eventId : null"];

fn script(by: &str) -> Script {
    let source = format!("fromAll().partitionBy({by}).when({{ $init: () => ({{ n: 0 }}), $any(s) {{ s.n++ }} }})");
    Script::read("parts.js", &source).expect("a projection")
}

fn sample(events: u64, seed: u64) -> (tempfile::TempDir, NativeStore) {
    let (folder, _, mut store) = native_store();
    add(&mut store, events, seed);
    (folder, store)
}

/// Streams of two kinds that take turns.
fn add(store: &mut NativeStore, events: u64, seed: u64) {
    let mut bulk = store.bulk().expect("a transaction");
    for number in 0..events {
        let kind = if number % 3 == 0 { "Account" } else { "lead" };
        let stream = StreamId::from(format!("{kind}-{}", number * 7 % 900).as_str());
        let event_type = ["opened", "changed", "closed"][(number % 11 % 3) as usize];
        let new = event(&format!("{seed}-{number}"), event_type, "{}");
        bulk.record(&stream, None, &new).expect("recorded");
    }
    bulk.commit().expect("committed");
}

fn divided(store: &dyn Store, script: &Script, bytes: u64) -> Division {
    Division::new(store, script, Budget { bytes }, &mut |_| Flow::Continue(())).expect("divided")
}

/// All that may be asked of it.
fn assert_same(store: &dyn Store, one: &Division, other: &Division) {
    let (a, b) = (one.over(store).expect("opened"), other.over(store).expect("opened"));
    let info = |store: &dyn Store| format!("{:?}", store.info().expect("told"));
    assert_eq!(info(&a), info(&b));
    let all = read(&a, &Query::store());
    assert_eq!(all, read(&b, &Query::store()));
    assert_eq!(read(&a, &Query::store().backward().limit(40)), read(&b, &Query::store().backward().limit(40)));
    let listed = |store: &dyn Store, query: &StreamQuery| {
        let mut rows = Vec::new();
        let visit = &mut |row| {
            rows.push(row);
            Flow::Continue(())
        };
        store.visit_streams(query, visit).expect("listed");
        rows
    };
    for order in [StreamOrder::Began, StreamOrder::Recent, StreamOrder::Name, StreamOrder::Longest] {
        for (limit, filter) in [(None, None), (Some(7), None), (Some(3), Some("A".to_owned()))] {
            let query = StreamQuery { order, limit, filter, ..StreamQuery::default() };
            assert_eq!(listed(&a, &query), listed(&b, &query), "{query:?}");
        }
    }
    let streams = listed(&a, &StreamQuery::default());
    for row in streams.iter().step_by(streams.len() / 8 + 1) {
        let stream = &row.stream;
        assert_eq!(a.stream(stream).expect("told"), b.stream(stream).expect("told"));
        assert_eq!((one.span_of(stream), one.len(), one.first()), (other.span_of(stream), other.len(), other.first()));
        let whole = Query::stream(stream.clone());
        let (last, middle) = (Version(row.events), Version(row.events / 2));
        let (behind, before) = (whole.clone().between(Some(middle), None), whole.clone().between(None, Some(middle)));
        for query in [whole.clone(), whole.backward(), behind.limit(5), before] {
            assert_eq!(read(&a, &query), read(&b, &query), "{query:?}");
        }
        for version in [Version(0), middle, last] {
            assert_eq!(one.own_event(stream, version), other.own_event(stream, version));
        }
    }
    for position in [0, 1, 2, 500, all.len() as u64, u64::MAX >> 1].map(Position) {
        assert_eq!(one.place_of(position), other.place_of(position));
    }
    assert_eq!(one.own_event(&StreamId::from("nobody"), Version(0)), None);
}

proptest! {
    #![proptest_config(cases(2))]

    #[test]
    fn little_memory_divides_a_store_as_much_does_and_goes_on_from_there(
        bytes in LITTLE,
        by in prop::sample::select(BY.to_vec()),
        first in prop::sample::select(vec![200_u64, 3 * EVENTS]),
    ) {
        let script = script(by);
        let (_folder, mut store) = sample(first, 3);
        let memory = Memory::new(Budget { bytes });
        let little = Division::new(&store, &script, &memory, &mut |_| Flow::Continue(())).expect("divided");
        let much = divided(&store, &script, 1 << 30);
        prop_assert_eq!(little.is_laid_down(), first > EVENTS);
        prop_assert!(!much.is_laid_down() && memory.taken() <= bytes, "{} of {}", memory.taken(), bytes);
        assert_same(&store, &little, &much);
        // Laid down while it goes on, or gone on with where it lies; twice, so that both ways are met.
        for seed in [4, 5] {
            add(&mut store, 2 * EVENTS, seed);
            let grew = |division: &Division| division.go_on(&store, &mut |_| Flow::Continue(())).expect("gone on");
            prop_assert_eq!(grew(&little), grew(&much));
            prop_assert!(memory.taken() <= bytes, "{} of {}", memory.taken(), bytes);
            assert_same(&store, &little, &much);
        }
        prop_assert!(little.is_laid_down());
        drop(little);
        prop_assert_eq!(memory.taken(), 0);
    }
}

#[test]
fn whoever_stops_it_while_it_is_laid_down_goes_on_from_there_and_has_the_same() {
    let script = script(BY[0]);
    let (_folder, mut store) = sample(100, 3);
    let little = divided(&store, &script, LITTLE.start);
    add(&mut store, 2 * EVENTS, 4);
    let mut stopped = 0;
    for most in 1.. {
        let mut looks = 0;
        let progress = &mut |_| {
            looks += 1;
            if looks >= most { Flow::Break(()) } else { Flow::Continue(()) }
        };
        match little.go_on(&store, progress) {
            Err(EngineError::Store(StoreError::Cancelled)) => stopped += 1,
            Ok(GoneOn::Grew { .. }) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(stopped > 2 && little.is_laid_down(), "{stopped}");
    assert_same(&store, &little, &divided(&store, &script, 1 << 30));
}

#[test]
fn who_draws_is_told_what_is_at_hand_and_what_lies_in_a_file_once_it_was_looked_up() {
    let script = script(BY[0]);
    let (_folder, mut store) = sample(3 * EVENTS, 3);
    let (little, much) = (divided(&store, &script, LITTLE.start), divided(&store, &script, 1 << 30));
    assert!(!little.is_at_hand() && much.is_at_hand());
    let (partition, nowhere) = (StreamId::from("lead-7!"), Position(u64::MAX >> 1));
    for (position, version) in [(Position(1), Version(0)), (Position(700), Version(3)), (nowhere, Version(99_999))] {
        let (place, home) = (much.place_of(position), much.own_event(&partition, version));
        let at_hand =
            |division: &Division| (division.place_at_hand(position), division.home_at_hand(&partition, version));
        assert_eq!(at_hand(&much), (Ok(place.clone()), Ok(home.clone())));
        assert_eq!((at_hand(&little), little.wants_look()), ((Err(Away), Err(Away)), true), "nobody waits for a file");
        little.look_up();
        assert_eq!((at_hand(&little), little.wants_look()), ((Ok(place), Ok(home)), false));
    }
    assert_eq!(much.own_event(&partition, Version(0)).map(|(stream, _)| stream), Some(StreamId::from("lead-7")));
    // What was nowhere may be recorded since.
    add(&mut store, 10, 4);
    little.go_on(&store, &mut |_| Flow::Continue(())).expect("gone on");
    assert_eq!((little.place_at_hand(nowhere), little.place_at_hand(Position(1)).is_ok()), (Err(Away), true));
    assert!(little.wants_look() && !much.wants_look());
}

#[test]
fn nobody_waits_for_a_function_that_takes_its_time() {
    let (_folder, mut store) = sample(40, 3);
    let never = script("e => { if (e.eventType == 'late') for (;;); return e.streamId }");
    let division = divided(&store, &never, 1 << 30);
    let known = division.len();
    let late: Vec<_> = (0..7).map(|number| event(&format!("late-{number}"), "late", "{}")).collect();
    store.append(&StreamId::from("late-1"), Expected::Any, &late).expect("appended");
    let (reader, theirs) = (store.again().expect("opened"), division.clone());
    let began = Instant::now();
    let (mut longest, mut looks) = (Duration::ZERO, 0_u64);
    thread::scope(|scope| {
        let going_on = scope.spawn(move || theirs.go_on(reader.as_ref(), &mut |_| Flow::Continue(())));
        while !going_on.is_finished() {
            let asked = Instant::now();
            assert!(division.len() >= known);
            longest = longest.max(asked.elapsed());
            looks += 1;
            thread::yield_now();
        }
    });
    // Seven times 250 ms, in any of which another look would have waited for all of them.
    assert!(looks > 0 && longest * 2 < began.elapsed(), "{longest:?} of {:?}", began.elapsed());
    assert_eq!(division.strays().len(), 7);
}
