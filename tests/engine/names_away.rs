//! Names that have no room in memory lie in a file, too, and a table of them is put in order and searched all the same.

use foldline::engine::{
    ArrangeWanted, AsOfWanted, EngineError, FoldedStores, GoneOn, RowFilter, Ticket, arrange, partitions_like,
    read_rows, run_own,
};
use foldline::event::{Position, StreamId};
use foldline::index::{Budget, Memory, Place, Sorting, StoreMoment};
use foldline::sample::{SampleOptions, generate};
use foldline::store::Flow;

use super::spilling::{asked, assert_alike, folded, names, own, told_rows};
use super::workshop::{event, native_store};

/// So much memory a stream has a million of them within 64 MiB, and what as few as here take beside it.
const OF_A_MILLION: u64 = (64 << 20) / 1_000_000;
const BESIDE: u64 = 100_000;

#[test]
fn so_little_memory_that_the_names_lie_in_a_file_too_is_enough_for_a_table_of_very_many_streams() {
    const STREAMS: u64 = 16_000;
    let (_folder, path, mut store) = native_store();
    let options =
        SampleOptions { streams: Some(STREAMS), events: Some(2 * STREAMS), seed: 5, ..SampleOptions::default() };
    generate(&mut store, &options, &mut |_| Flow::Continue(())).expect("a sample");
    drop(store);
    let store = &*foldline::store::open(&path.into()).expect("opened");
    let wanted = |sorting: Sorting, filter: RowFilter, at: u64| ArrangeWanted {
        of: AsOfWanted { at: StoreMoment::Position(Position(at)), projection: None, category: Some("lead".to_owned()) },
        filter,
        sorting,
        is_descending: false,
        numbers_of: None,
        counted: None,
    };
    let categories = store.categories().expect("read");
    let leads = categories.iter().find(|(name, _)| name == "lead").map(|(_, leads)| *leads).expect("there are leads");
    let memory = Memory::new(Budget { bytes: leads * OF_A_MILLION + BESIDE });
    let (little, much) = (FoldedStores::new(&memory), FoldedStores::default());
    for at in [2 * STREAMS - 500, 2 * STREAMS] {
        for by in [Sorting::Stream, Sorting::Version, Sorting::Field("name".to_owned())] {
            let shown = |folded: &FoldedStores, memory: &Memory, filter: RowFilter| {
                let ticket = Ticket::within("folding", memory);
                arrange(store, &wanted(by.clone(), filter, at), folded, &ticket)
                    .expect("there is room")
                    .expect("there are leads")
            };
            let both = |filter: &RowFilter| {
                let (little, roomy) = (shown(&little, &memory, filter.clone()), Memory::default());
                (little, shown(&much, &roomy, filter.clone()))
            };
            let (a, b) = both(&RowFilter::default());
            let (one, other) = (a.1.as_of(store), b.1.as_of(store));
            assert!(memory.taken() <= memory.allowed().bytes, "{}", memory.taken());
            assert!(a.1.row(0).is_none() && b.1.row(0).is_some(), "the name lies in a file");
            assert_eq!(names(one, &a.1.places), names(other, &b.1.places), "{by:?} at {at}");
            if by == Sorting::Version {
                assert_alike(one, other);
            }
            let read_name = names(other, &b.1.places[7..8]).remove(0).to_string();
            let rows = [0, 7, leads as usize / 2, leads as usize - 600];
            let read = |arranged| read_rows(store, arranged, &rows, &[], &Ticket::new("reading")).expect("read");
            assert_eq!(read(&a.1), read(&b.1));
            drop((a, b));
            // Looked for by a part of a name, and by what the states are.
            let part = read_name.get(read_name.len() - 3..).expect("letters").to_owned();
            let named = RowFilter { texts: vec![part], ..RowFilter::default() };
            let called = RowFilter { conditions: vec!["contacts > 0".to_owned()], ..RowFilter::default() };
            for filter in [named, called] {
                let (a, b) = both(&filter);
                assert!(!b.1.places.is_empty() && (b.1.places.len() as u64) < leads, "{}", b.1.places.len());
                assert_eq!(names(a.1.as_of(store), &a.1.places), names(b.1.as_of(store), &b.1.places), "{filter:?}");
                assert!(memory.taken() <= memory.allowed().bytes, "{}", memory.taken());
            }
        }
    }
}

#[test]
fn names_that_are_longer_than_all_else_are_in_memory_once() {
    const STREAMS: u64 = 3_000;
    let (_folder, path, mut writer) = native_store();
    let mut bulk = writer.bulk().expect("a transaction");
    for number in 0..2 * STREAMS {
        let stream = StreamId::from(format!("lead-{}-{}", number % STREAMS, "x".repeat(600)).as_str());
        let new = event(&number.to_string(), "noted", &format!(r#"{{"n": {number}}}"#));
        bulk.record(&stream, None, &new).expect("recorded");
    }
    bulk.commit().expect("committed");
    let open = || foldline::store::open(&path.clone().into()).expect("opened");
    let much = asked(&*open(), Some("fields"), StoreMoment::Latest, 1 << 30).expect("there is room");
    // Less than two copies, beside what else is known of each.
    let little = open();
    let answer = asked(&*little, Some("fields"), StoreMoment::Latest, STREAMS * 600 * 2).expect("read again");
    assert_alike(&answer, &much);
    assert!(little.names_bytes() < STREAMS * 600 / 2, "{}", little.names_bytes());
    let at_hand = |place: &Place| answer.row_at_hand(*place).is_some();
    assert!(answer.places().iter().all(at_hand), "those that the store can read again went first");
}

#[test]
fn names_of_partitions_lie_in_a_file_too_where_there_is_no_room_for_them() {
    const STREAMS: u64 = 3_000;
    let (_folder, path, mut writer) = native_store();
    let mut bulk = writer.bulk().expect("a transaction");
    for number in 0..2 * STREAMS {
        let stream = StreamId::from(format!("lead-{}-{}", number * 7 % STREAMS, "x".repeat(100)).as_str());
        let new = event(&number.to_string(), "noted", "{}");
        bulk.record(&stream, None, &new).expect("recorded");
    }
    bulk.commit().expect("committed");
    let store = &*foldline::store::open(&path.into()).expect("opened");
    let script =
        own("fromAll().foreachStream().when({ $init: () => ({ n: 0 }), $any(s, e) { s.n++; s.of = e.partition } })");
    let memory = Memory::default();
    let much = run_own(store, &script, None, &Ticket::within("running", &memory)).expect("there is room");
    let rows = told_rows(store, &much.partitions);
    let letters: usize = rows.iter().map(|(name, ..)| name.len()).sum();
    let states: usize = rows.iter().filter_map(|(_, state, ..)| state.as_ref()).map(String::len).sum();
    // Were all states in a file, there would be room for half of the names.
    let bytes = memory.taken() - (states + letters / 2) as u64;
    let little = folded(store, &script, StoreMoment::Position(Position(STREAMS * 3 / 2)), bytes);
    let mut little = little.expect("laid down");
    assert!(much.partitions.name_at_hand(0).is_some() && little.name_at_hand(0).is_none());
    let on = little.go_on(store, &mut |_, _| Flow::Continue(()), &mut |_| Flow::Continue(()));
    assert!(matches!(on, Ok(GoneOn::Grew { .. })), "{on:?}");
    assert_eq!(told_rows(store, &little), told_rows(store, &much.partitions));
    drop(little);

    let memory = Memory::new(Budget { bytes });
    let ticket = Ticket::within("running", &memory);
    let little = run_own(store, &script, None, &ticket).expect("laid down");
    assert!(memory.taken() <= bytes, "{} of {bytes}", memory.taken());
    assert_eq!((little.bytes, little.partitions.name_at_hand(0)), (much.bytes, None));
    for text in ["-12", "LEAD-2999-", "", "nowhere"] {
        let like = |run| partitions_like(store, run, text, false, &ticket).expect("read");
        assert_eq!(like(&little), like(&much), "{text}");
    }
    // With less than what stays of each, it says so.
    let refused = folded(store, &script, StoreMoment::Latest, STREAMS * 60);
    assert!(matches!(refused, Err(EngineError::OverBudget(_))), "{:?}", refused.map(|made| made.events));
}
