//! What has no room in memory is laid into a file, and nobody who asks can tell but by the time it takes.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use foldline::engine::{
    ArrangeWanted, ArrangedFor, AsOfCondition, AsOfWanted, CompareSide, CompareWish, EngineError, FoldedStores, GoneOn,
    Partitions, RowFilter, StateText, Ticket, arrange, as_of, as_of_since, choose, compare_projections,
    partitions_within, read_rows, run_own, shown_state,
};
use foldline::event::{EventRow, Position, StreamId};
use foldline::index::{AsOf, Budget, Memory, Place, Sorting, StoreMoment};
use foldline::replay::OnShelf;
use foldline::sample::{SampleOptions, generate};
use foldline::script::{Output, Script};
use foldline::store::{Flow, Store, StoreError};
use proptest::prelude::*;
use serde_json::Value;

use super::as_of::{cqrs_es, emmett, native, sketches, told};
use super::workshop::{cases, native_store, second};

const EVENTS: u64 = 6_000;

/// Too little for the states of it, and enough for what is kept of each stream.
const LITTLE: std::ops::Range<u64> = 360_000..600_000;

/// The same of its leads alone.
const LITTLE_FOR_LEADS: u64 = 300_000;

/// Streams that take turns.
fn sample() -> Box<dyn Store> {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = MADE.get_or_init(|| {
        let (folder, path, mut store) = native_store();
        let options = SampleOptions { streams: Some(1_500), events: Some(EVENTS), seed: 3, ..SampleOptions::default() };
        generate(&mut store, &options, &mut |_| Flow::Continue(())).expect("a sample");
        (folder, path)
    });
    foldline::store::open(&path.clone().into()).expect("opened")
}

pub(super) fn asked(store: &dyn Store, name: Option<&str>, at: StoreMoment, bytes: u64) -> Result<AsOf, EngineError> {
    let chosen = choose(store, name, None)?.expect("no category was named");
    as_of(store, &chosen.choice, None, at, Budget { bytes }, &mut |_| Flow::Continue(()))
}

pub(super) fn names(as_of: &AsOf, places: &[Place]) -> Vec<StreamId> {
    places.iter().filter_map(|place| Some(as_of.row(*place)?.stream.into())).collect()
}

/// All that lists and tables ask for.
pub(super) fn assert_alike(one: &AsOf, other: &AsOf) {
    assert_eq!(names(one, one.places()), names(other, other.places()), "in the order in which they began");
    assert_eq!(told(one), told(other));
    assert_eq!((one.events(), one.read_to()), (other.events(), other.read_to()));
    for (a, b) in one.places().iter().zip(other.places()) {
        let failed = |of: &AsOf, place: &Place| of.row(*place).and_then(|row| row.failed.cloned());
        assert_eq!(failed(one, a), failed(other, b));
        assert_eq!((one.fields(*a), one.snapshot(*a)), (other.fields(*b), other.snapshot(*b)));
    }
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn little_memory_gives_the_same_answer_as_much(
        bytes in LITTLE,
        at in 1..EVENTS + 200,
        name in prop::sample::select(vec![None, Some("fields"), Some("state")]),
    ) {
        let store = &*sample();
        let at = StoreMoment::Position(Position(at));
        let (little, much) = (asked(store, name, at, bytes).expect("laid down"), asked(store, name, at, 1 << 30));
        assert_alike(&little, &much.expect("there is room"));
        prop_assert!(little.bytes() <= bytes, "{} of {bytes}", little.bytes());
    }

    #[test]
    fn it_does_for_any_store_at_any_time_and_when_it_goes_on(
        sketches in sketches(),
        bytes in 66_000..69_000_u64,
        time in -1..45_i64,
    ) {
        for make in [native, emmett, cqrs_es] {
            let (_folder, store) = make(&sketches);
            let at = StoreMoment::Time(second(time));
            let much = asked(&*store, Some("fields"), at, 1 << 30);
            match asked(&*store, Some("fields"), at, bytes) {
                Ok(little) => assert_alike(&little, &much.expect("there is room")),
                Err(EngineError::OverBudget(_)) => {}
                Err(error) => prop_assert!(much.is_err(), "{error}"),
            }
            if !store.capabilities().has_feed {
                continue;
            }
            let (early, late) = (StoreMoment::Position(Position(sketches.len() as u64 / 2)), StoreMoment::Latest);
            let Ok(begun) = asked(&*store, Some("fields"), early, bytes) else { continue };
            // There is more room now: what lies there is taken up where events came to it.
            begun.memory().allow(Budget { bytes: 1 << 30 });
            let reader = store.opener()().expect("another connection");
            let on = &mut |_| Flow::Continue(());
            if let Ok(Some(later)) = as_of_since(&*reader, &begun, None, late, on) {
                assert_alike(&later, &asked(&*store, Some("fields"), late, 1 << 30).expect("there is room"));
            }
        }
    }
}

#[test]
fn states_that_lie_in_a_file_are_found_sorted_and_counted_as_others() {
    let store = &*sample();
    let much = asked(store, Some("state"), StoreMoment::Latest, 1 << 30).expect("there is room");
    let little = asked(store, Some("state"), StoreMoment::Latest, LITTLE.start).expect("laid down");
    assert!(much.shelf().is_none() && little.shelf().is_some());
    assert!(little.bytes() < LITTLE.start && much.bytes() > LITTLE.start, "{} of {}", little.bytes(), much.bytes());
    let ticket = Ticket::new("testing");
    let among = |as_of: &AsOf, text: &str| {
        let condition = AsOfCondition::new(text, as_of.choice()).expect("sound");
        let (found, untold) = condition.among(as_of, as_of.places(), &ticket).expect("told");
        (names(as_of, &found), untold)
    };
    for text in ["contacts > 1", "event.type == 'contacted'", "event.id.size() > 30 && name.contains('a')"] {
        assert_eq!(among(&little, text), among(&much, text), "{text}");
    }
    assert_eq!(little.counts(little.places(), "status", 50), much.counts(much.places(), "status", 50));
    for by in [Sorting::Field("name".to_owned()), Sorting::Time, Sorting::Stream] {
        for is_descending in [true, false] {
            let mut sorted = much.places().to_vec();
            much.sort(&mut sorted, &by, is_descending);
            for at_once in [1, 7, 128, 100_000] {
                let mut in_runs = little.places().to_vec();
                assert!(little.sort_in_runs(&mut in_runs, &by, is_descending, at_once, &mut || true));
                assert_eq!(names(&little, &in_runs), names(&much, &sorted), "{by:?} {at_once}");
            }
        }
    }
    assert!(!little.sort_in_runs(&mut little.places().to_vec(), &Sorting::Stream, false, 7, &mut || false), "stopped");
}

#[test]
fn a_table_comes_with_little_memory_too_goes_on_and_says_where_nothing_helps() {
    let store = &*sample();
    let wanted = |at: u64| ArrangeWanted {
        of: AsOfWanted { at: StoreMoment::Position(Position(at)), projection: None, category: Some("lead".to_owned()) },
        filter: RowFilter { texts: vec!["a".to_owned()], columns: vec!["name".to_owned()], ..RowFilter::default() },
        sorting: Sorting::Field("name".to_owned()),
        is_descending: false,
        numbers_of: Some("contacts".to_owned()),
        counted: None,
    };
    let shown = |folded: &FoldedStores, memory: &Memory, at: u64| {
        let arranged = arrange(store, &wanted(at), folded, &Ticket::within("folding", memory))?.expect("there");
        let row = |place: &Place| {
            let as_of = arranged.1.as_of(store);
            (as_of.row(*place).map(|row| row.stream.into()), as_of.value(*place, "name"))
        };
        let rows: Vec<(Option<StreamId>, Value)> = arranged.1.places.iter().map(row).collect();
        Ok::<_, EngineError>((rows, arranged.1.numbers, arranged.1.as_of(store).shelf().is_some()))
    };
    let memory = Memory::new(Budget { bytes: LITTLE_FOR_LEADS });
    let (little, much) = (FoldedStores::new(&memory), FoldedStores::default());
    let mut laid = 0;
    for at in [EVENTS - 900, EVENTS - 600, EVENTS] {
        let (rows, numbers, is_laid) = shown(&little, &memory, at).expect("laid down");
        let (expected, of_all, _) = shown(&much, &Memory::default(), at).expect("there is room");
        assert!(!rows.is_empty() && rows == expected && numbers == of_all, "{at}");
        assert!(memory.taken() <= LITTLE_FOR_LEADS, "{}", memory.taken());
        laid += u32::from(is_laid);
    }
    assert_eq!(laid, 3);
    let tiny = Memory::new(Budget { bytes: 20_000 });
    let refused = shown(&FoldedStores::new(&tiny), &tiny, EVENTS);
    assert!(matches!(refused, Err(EngineError::OverBudget(_))), "{refused:?}");
    assert_eq!(tiny.taken(), 0);
}

#[test]
fn whoever_stops_waiting_ends_it_while_it_is_laid_down_too() {
    let store = &*sample();
    let chosen = choose(store, None, None).expect("read").expect("there are streams");
    // Looked at after every batch, and again where states are laid down.
    for stop_at in [1, 2, 3, 4] {
        let mut looks = 0;
        let progress = &mut |_| {
            looks += 1;
            if looks >= stop_at { Flow::Break(()) } else { Flow::Continue(()) }
        };
        let room = Budget { bytes: LITTLE.start };
        let stopped = as_of(store, &Arc::clone(&chosen.choice), None, StoreMoment::Latest, room, progress);
        assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stop_at}: {stopped:?}");
    }
}

#[test]
fn rows_whose_states_lie_in_a_file_are_read_as_they_stand() {
    let store = &*sample();
    let wanted = ArrangeWanted {
        of: AsOfWanted { at: StoreMoment::Latest, projection: None, category: Some("lead".to_owned()) },
        filter: RowFilter::default(),
        sorting: Sorting::Field("name".to_owned()),
        is_descending: true,
        numbers_of: None,
        counted: None,
    };
    let shown = |bytes: u64| {
        let memory = Memory::new(Budget { bytes });
        let ticket = Ticket::within("folding", &memory);
        arrange(store, &wanted, &FoldedStores::new(&memory), &ticket).expect("folded").expect("there are leads")
    };
    let (little, much) = (shown(LITTLE_FOR_LEADS), shown(1 << 30));
    let (little, much) = (&little.1, &much.1);
    let all: Vec<usize> = (0..much.places.len()).collect();
    assert!(all.iter().all(|nth| little.at_hand(*nth).is_none() && much.at_hand(*nth).is_some()));
    let paths = ["name", "contacts", "nothing.there"].map(str::to_owned);
    let read = read_rows(store, little, &all, &paths, &Ticket::new("reading")).expect("read");
    assert_eq!(read, read_rows(store, much, &all, &paths, &Ticket::new("reading")).expect("read"));
    assert_eq!(read.len(), all.len());
    for (nth, row) in read.iter().enumerate() {
        assert_eq!(Some((row.stream.clone(), row.version)), much.row(nth).map(|row| (row.stream.into(), row.version)));
        let at_hand = much.at_hand(nth).expect("it is in memory");
        assert!(paths.iter().all(|path| *row.value(path) == at_hand.value(path)), "{row:?}");
    }
    let ticket = Ticket::new("reading");
    ticket.cancel();
    let stopped = read_rows(store, little, &all, &paths, &ticket);
    assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stopped:?}");
}

#[test]
fn what_cannot_be_read_back_any_more_is_said_and_folded_anew_for_who_asks_again() {
    let store = &*sample();
    let memory = Memory::new(Budget { bytes: LITTLE_FOR_LEADS });
    let folded = FoldedStores::new(&memory);
    for at in [StoreMoment::Latest, StoreMoment::Position(Position(EVENTS))] {
        let wanted = ArrangeWanted {
            of: AsOfWanted { at, projection: None, category: Some("lead".to_owned()) },
            filter: RowFilter::default(),
            sorting: Sorting::Stream,
            is_descending: false,
            numbers_of: None,
            counted: None,
        };
        let shown = || arrange(store, &wanted, &folded, &Ticket::within("folding", &memory)).expect("there is room");
        let torn = shown().expect("there are leads");
        let shelf = torn.1.as_of(store).shelf().expect("laid down");
        assert!(shelf.fetch(OnShelf { at: 1 << 40, length: 1, owner: 0 }).is_none(), "nothing lies there");
        let read = |of: &ArrangedFor| read_rows(store, &of.1, &[0, 1], &[], &Ticket::new("reading"));
        assert!(read(&torn).is_err());
        // Nobody shows it any more: there is no room for two.
        drop(torn);
        let anew = shown().expect("there are leads");
        assert_eq!(read(&anew).expect("read").len(), 2);
    }
}

/// A state a stream, one that fails now and then, with results of their own; and one that all have between them.
const OWN: [&str; 3] = [
    "fromAll().foreachStream().when({ $init: () => ({ n: 0 }), $any(s, e) { s.n++; s.last = e.bodyRaw } })",
    "fromAll().partitionBy(e => e.streamId + '!').when({ $init: () => ({ n: 0, seen: [] }),
       $any(s, e) { s.n++; s.seen.push(e.eventType); if (s.n == 20) e.none.there; s.last = e.bodyRaw },
     }).transformBy(s => ({ n: s.n, twice: [s.last, s.last] })).outputState()",
    "options({ biState: true }); fromAll().foreachStream().when({ $init: () => ({ n: 0 }), $initShared: () => ({ all: 0 }),
       $any(s, e) { s[0].n++; s[0].last = e.bodyRaw; s[1].all++; return s },
     }).outputState()",
];

pub(super) fn own(text: &str) -> Script {
    Script::read("own.js", text).expect("a projection")
}

pub(super) fn folded(
    store: &dyn Store,
    script: &Script,
    at: StoreMoment,
    bytes: u64,
) -> Result<Partitions, EngineError> {
    let on = &mut |_| Flow::Continue(());
    partitions_within(store, script, at, Budget { bytes }, &mut |_, _| Flow::Continue(()), on)
}

/// Enough for the names of its partitions, and for so many hundredths of its states and results.
fn room_for(store: &dyn Store, script: &Script, hundredths: u64) -> u64 {
    let (memory, on) = (Memory::default(), &mut |_| Flow::Continue(()));
    let output = &mut |_: &EventRow<'_>, _: Output| Flow::Continue(());
    let made = partitions_within(store, script, StoreMoment::Latest, &memory, output, on).expect("there is room");
    let length = |text: &Option<String>| text.as_ref().map_or(0, |text| text.len() as u64);
    let has_results = script.definition().transforms;
    let texts = told_rows(store, &made);
    let texts: u64 =
        texts.iter().map(|(_, state, result, ..)| length(state) + if has_results { length(result) } else { 0 }).sum();
    assert!(memory.taken() > texts && texts > 50_000, "{texts} of {}", memory.taken());
    memory.taken() - texts * (100 - hundredths) / 100
}

pub(super) type Row = (String, Option<String>, Option<String>, Option<String>, u64);

pub(super) fn told_rows(store: &dyn Store, made: &Partitions) -> Vec<Row> {
    let text =
        |read: Result<Option<std::borrow::Cow<'_, str>>, _>| read.expect("readable").map(|text| text.into_owned());
    let row = |place: usize| {
        let row = &made.rows[place];
        let failed = row.failed.as_ref().map(|failed| format!("{} at {:?}", failed.fault, failed.position));
        let (state, result) = (text(made.state(store, place)), text(made.result(store, place)));
        (made.name(store, place).expect("readable").expect("there").into_owned(), state, result, failed, row.events)
    };
    (0..made.rows.len()).map(row).collect()
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn partitions_of_ones_own_are_the_same_with_little_memory(
        hundredths in 20..50_u64,
        text in prop::sample::select(OWN.to_vec()),
        at in EVENTS * 9 / 10..EVENTS - 200,
    ) {
        let (store, script) = (&*sample(), own(text));
        let bytes = room_for(store, &script, hundredths);
        let at = StoreMoment::Position(Position(at));
        let much = folded(store, &script, at, 1 << 30).expect("there is room");
        let mut little = folded(store, &script, at, bytes).expect("laid down");
        prop_assert!(little.is_laid_down() && !much.is_laid_down());
        prop_assert_eq!(told_rows(store, &little), told_rows(store, &much));
        // It goes on in as little, and stopped at any place from there.
        let stop = &mut |seen| if seen >= 100 { Flow::Break(()) } else { Flow::Continue(()) };
        let stopped = little.go_on(store, &mut |_, _| Flow::Continue(()), stop);
        prop_assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{:?}", stopped);
        let on = little.go_on(store, &mut |_, _| Flow::Continue(()), &mut |_| Flow::Continue(()));
        prop_assert!(matches!(on, Ok(GoneOn::Grew { .. })), "{:?}", on);
        let all = folded(store, &script, StoreMoment::Latest, 1 << 30).expect("there is room");
        prop_assert_eq!(told_rows(store, &little), told_rows(store, &all));
    }
}

#[test]
fn a_run_in_little_memory_keeps_to_it_and_what_is_drawn_of_it_is_asked_for() {
    let (store, script) = (&*sample(), own(OWN[1]));
    let little = room_for(store, &script, 30);
    let memory = Memory::new(Budget { bytes: little });
    let run = run_own(store, &script, None, &Ticket::within("running", &memory)).expect("laid down");
    assert!(memory.taken() <= little, "{} of {little}", memory.taken());
    let much = run_own(store, &script, None, &Ticket::new("running")).expect("there is room");
    assert_eq!((run.field.as_deref(), run.bytes, run.failed.len()), (Some("n"), much.bytes, much.failed.len()));
    let away = |place: &usize| run.partitions.shown(*place) == StateText::Away;
    let away: Vec<usize> = (0..run.partitions.rows.len()).filter(away).collect();
    assert!(away.len() * 3 > run.partitions.rows.len(), "{} of {}", away.len(), run.partitions.rows.len());
    for place in away {
        let StateText::AtHand(text) = much.partitions.shown(place) else { panic!("it is in memory") };
        let state: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(shown_state(store, &run, place, 1 << 20).expect("read"), Some(state));
    }
    // What goes on from it has memory of its own, while the one before is shown.
    let next = run_own(store, &script, Some(&run), &Ticket::within("running", &Memory::default())).expect("gone on");
    assert_eq!(told_rows(store, &next.partitions), told_rows(store, &much.partitions));
    drop((run, next));
    assert_eq!(memory.taken(), 0);

    for stop_at in [1, 700, 2_000, 5_500, EVENTS] {
        let stop = &mut |seen| if seen >= stop_at { Flow::Break(()) } else { Flow::Continue(()) };
        let room = Budget { bytes: little };
        let output = &mut |_: &EventRow<'_>, _: Output| Flow::Continue(());
        let stopped = partitions_within(store, &script, StoreMoment::Latest, room, output, stop);
        assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stop_at}: {stopped:?}");
    }
    let refused = folded(store, &script, StoreMoment::Latest, 20_000);
    assert!(matches!(refused, Err(EngineError::OverBudget(_))), "not even what stays of each has room: {refused:?}");
}

#[test]
fn two_projections_are_compared_in_little_memory_as_in_much() {
    let store = &*sample();
    let differs = |text: &str| text.replace("s.n++", "s.n += e.eventType == 'contacted' ? 2 : 1");
    for text in &OWN[..2] {
        let found = |bytes: u64| {
            let (old, new) = (CompareSide::Own(own(text)), CompareSide::Own(own(&differs(text))));
            let wish = CompareWish { old, new, at: StoreMoment::Latest, budget: Budget { bytes } };
            compare_projections(store, &wish, &Ticket::new("comparing")).expect("compared")
        };
        let little = room_for(store, &own(text), 40).max(room_for(store, &own(&differs(text)), 40));
        let (little, much) = (found(little), found(1 << 30));
        assert!(much.differing > 100, "{}", much.differing);
        assert_eq!(
            (little.partitions, little.differing, little.events),
            (much.partitions, much.differing, much.events)
        );
        assert_eq!(little.differences.len(), much.differences.len());
        for (one, other) in little.differences.iter().zip(&much.differences) {
            let told = |row: &foldline::engine::PartitionDifference| {
                (row.partition.clone(), row.field.clone(), row.old.clone(), row.new.clone(), row.what)
            };
            assert_eq!(told(one), told(other));
        }
    }
}
