//! Several writers at one stream.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use foldline::event::{NewEvent, RecordedEvent, Version};
use foldline::store::native::NativeStore;
use foldline::store::{AppendError, Expected, Store, Writer};
use proptest::prelude::*;

use crate::workshop::{
    Talking, assert_verifies_clean, cases, child, native_store, noted, read_stream, say, stream, wait_to_begin,
};

const STREAM: &str = "lead-1";
const WRITERS: usize = 4;

/// What became of one attempt.
#[derive(Debug)]
enum Outcome {
    Won,
    Lost { since: Vec<RecordedEvent>, actual: Option<Version> },
}

fn attempt(store: &mut NativeStore, expected: Expected, events: &[NewEvent]) -> Outcome {
    match store.append(&stream(STREAM), expected, events) {
        Ok(answer) => {
            assert!(!answer.already_there);
            Outcome::Won
        }
        Err(AppendError::Conflict(conflict)) => {
            assert_eq!(conflict.expected, expected);
            Outcome::Lost { since: conflict.since, actual: conflict.actual }
        }
        Err(other) => panic!("neither won nor lost: {other}"),
    }
}

fn expected_behind(round: u64) -> Expected {
    round.checked_sub(1).map_or(Expected::NoStream, |last| Expected::Exact(Version(last)))
}

#[test]
fn of_threads_that_want_the_same_version_exactly_one_gets_it_and_the_others_its_event() {
    const ROUNDS: u64 = 40;
    let (_folder, path, store) = native_store();
    drop(store);
    let barrier = Barrier::new(WRITERS);
    let race = |writer: usize| -> Vec<(String, Outcome)> {
        let mut store = NativeStore::open_for_writing(&path).expect("opens");
        (0..ROUNDS)
            .map(|round| {
                let id = format!("{round} by {writer}");
                barrier.wait();
                let outcome = attempt(&mut store, expected_behind(round), &[noted(&id)]);
                barrier.wait();
                (id, outcome)
            })
            .collect()
    };
    let outcomes: Vec<Vec<(String, Outcome)>> = thread::scope(|scope| {
        let race = &race;
        let threads: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let named = thread::Builder::new().name(format!("writer {writer}"));
                named.spawn_scoped(scope, move || race(writer)).expect("a thread")
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no writer panics")).collect()
    });
    let store = NativeStore::open(&path).expect("opens");
    let events = read_stream(&store, STREAM);
    assert_eq!(events.len() as u64, ROUNDS, "a version was given away twice or never");
    for (round, event) in events.iter().enumerate() {
        let (winners, losers): (Vec<_>, Vec<_>) = outcomes
            .iter()
            .map(|of_writer| &of_writer[round])
            .partition(|(_, outcome)| matches!(outcome, Outcome::Won));
        assert_eq!(winners.len(), 1, "round {round} has {} winners", winners.len());
        assert_eq!(winners[0].0, event.id.to_string());
        for (_, outcome) in losers {
            let Outcome::Lost { since, actual } = outcome else { unreachable!("only losers are left") };
            assert_eq!(*actual, Some(Version(round as u64)));
            assert_eq!(since, std::slice::from_ref(event), "a loser of round {round} was told something else");
        }
    }
    assert_verifies_clean(&store);
}

const RACES: &str = "FOLDLINE_TEST_RACES";
const WINS: u64 = 25;

/// As a process of its own: appends behind the version it knows of until it has won often enough.
#[test]
fn child_that_races() {
    let Some(path) = std::env::var_os(RACES) else { return };
    let mut store = NativeStore::open_for_writing(Path::new(&path)).expect("opens");
    let me = std::process::id();
    say("ready");
    assert!(wait_to_begin(), "the parent has gone");
    let mut known: Option<Version> = None;
    let mut won = 0;
    while won < WINS {
        let id = format!("{won} of {me}");
        let expected = known.map_or(Expected::NoStream, Expected::Exact);
        let next = Version(known.map_or(0, |known| known.0 + 1));
        match attempt(&mut store, expected, &[noted(&id)]) {
            Outcome::Won => {
                say(&format!("won\t{next}\t{id}"));
                known = Some(next);
                won += 1;
            }
            Outcome::Lost { since, actual } => {
                for event in &since {
                    say(&format!("lost\t{}\t{}", event.version, event.id));
                }
                // Each event since the version it knew of, no more and no less.
                let told: Vec<u64> = since.iter().map(|event| event.version.0).collect();
                assert_eq!(told, (next.0..=actual.expect("somebody was first").0).collect::<Vec<_>>());
                known = actual;
            }
        }
    }
}

#[test]
fn of_processes_that_want_the_same_version_exactly_one_gets_it_and_no_acknowledged_event_is_lost() {
    let (_folder, path, store) = native_store();
    drop(store);
    let mut racers: Vec<_> =
        (0..WRITERS).map(|_| Talking::spawn(child("race::child_that_races", RACES, &path))).collect();
    for racer in &mut racers {
        racer.wait_for("ready");
    }
    for racer in &mut racers {
        racer.begin();
    }
    let said: Vec<Vec<String>> = racers.into_iter().map(Talking::finish).collect();
    let lines = |kind: &str| -> Vec<(u64, String)> {
        said.iter()
            .flatten()
            .filter_map(|line| line.strip_prefix(kind)?.strip_prefix('\t')?.split_once('\t'))
            .map(|(version, id)| (version.parse().expect("a version"), id.to_owned()))
            .collect()
    };
    let won: BTreeMap<u64, String> = lines("won").into_iter().collect();
    assert_eq!(lines("won").len() as u64, WINS * WRITERS as u64);
    assert_eq!(won.len() as u64, WINS * WRITERS as u64, "a version was acknowledged twice");
    // Each begins with no stream in mind, so all but one are told at least once.
    assert!(lines("lost").len() >= WRITERS - 1, "nobody was in the others' way");
    for (version, id) in lines("lost") {
        assert_eq!(won.get(&version), Some(&id), "a loser was told of an event that did not win version {version}");
    }
    let store = NativeStore::open(&path).expect("opens");
    let stored: BTreeMap<u64, String> =
        read_stream(&store, STREAM).into_iter().map(|event| (event.version.0, event.id.to_string())).collect();
    assert_eq!(stored, won, "what is stored is not what was acknowledged");
    assert_verifies_clean(&store);
}

/// What one of two writers does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Learns where the stream stands.
    Look,
    /// Appends so many events behind the version it knows of.
    Append(usize),
    /// Sends its last successful batch again, as if the answer had been lost.
    Repeat,
}

fn steps() -> impl Strategy<Value = Vec<(bool, Step)>> {
    let step = prop_oneof![Just(Step::Look), (1..4_usize).prop_map(Step::Append), Just(Step::Repeat)];
    proptest::collection::vec((any::<bool>(), step), 1..30)
}

#[test]
fn any_interleaving_of_two_writers_keeps_every_acknowledged_event_in_order() {
    let (_folder, path, mut left) = native_store();
    let right = NativeStore::open_for_writing(&path).expect("opens");
    left.append(&stream("another-1"), Expected::NoStream, &[noted("unrelated")]).expect("appended");
    // One pair of stores serves all cases, each with a stream of its own.
    let stores = RefCell::new(([left, right], 0));
    proptest!(cases(64), |(steps in steps())| {
        let (stores, case) = &mut *stores.borrow_mut();
        *case += 1;
        interleave(stores, *case, steps)?;
    });
    assert_verifies_clean(&stores.into_inner().0[0]);
}

/// What one writer knows.
#[derive(Debug, Default)]
struct Belief {
    last: Option<Version>,
    last_batch: Option<(Expected, Vec<NewEvent>, Version)>,
}

fn interleave(stores: &mut [NativeStore; 2], case: u32, steps: Vec<(bool, Step)>) -> Result<(), TestCaseError> {
    let name = stream(&format!("lead-{case}"));
    let mut beliefs = [Belief::default(), Belief::default()];
    // What the stream must hold: the ids in the order of their acknowledgement.
    let mut model: Vec<String> = Vec::new();
    for (number, (is_right, step)) in steps.into_iter().enumerate() {
        let writer = usize::from(is_right);
        let (store, Belief { last, last_batch }) = (&mut stores[writer], &mut beliefs[writer]);
        match step {
            Step::Look => {
                *last = store.stream(&name).expect("readable").map(|row| row.last_version);
                prop_assert_eq!(last.map_or(0, |last| last.0 + 1), model.len() as u64);
            }
            Step::Append(count) => {
                let batch: Vec<_> = (0..count).map(|n| noted(&format!("{case}/{number}/{n}"))).collect();
                let expected = last.map_or(Expected::NoStream, Expected::Exact);
                let next = last.map_or(0, |last| last.0 as usize + 1);
                match store.append(&name, expected, &batch) {
                    Ok(answer) => {
                        prop_assert_eq!(next, model.len(), "an append behind an old version went in");
                        model.extend(batch.iter().map(|event| event.id.to_string()));
                        prop_assert_eq!((answer.first.0 as usize, answer.last.0 as usize), (next, model.len() - 1));
                        *last = Some(answer.last);
                        *last_batch = Some((expected, batch, answer.first));
                    }
                    Err(AppendError::Conflict(conflict)) => {
                        prop_assert!(next < model.len(), "an append behind the last version was refused");
                        let since: Vec<_> = conflict.since.iter().map(|event| event.id.to_string()).collect();
                        prop_assert_eq!(&since[..], &model[next..]);
                        prop_assert_eq!(conflict.actual.map(|actual| actual.0 as usize + 1), Some(model.len()));
                    }
                    Err(other) => prop_assert!(false, "{}", other),
                }
            }
            Step::Repeat => {
                let Some((expected, batch, first)) = last_batch else { continue };
                match store.append(&name, *expected, batch) {
                    Ok(answer) => prop_assert_eq!((answer.already_there, answer.first), (true, *first)),
                    Err(other) => prop_assert!(false, "{}", other),
                }
            }
        }
    }
    for store in stores {
        let ids: Vec<_> = read_stream(store, name.as_str()).iter().map(|event| event.id.to_string()).collect();
        prop_assert_eq!(&ids, &model);
    }
    Ok(())
}
