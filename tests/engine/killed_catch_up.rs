//! Catching up that is killed in the midst of it.

use std::fs;
use std::path::{Path, PathBuf};

use foldline::event::{Position, StreamId};
use foldline::index::StoreMoment;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer, model_head};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::Connection;

use super::materialise::{bring_up, held_against, holds, leads, place, wish};
use super::workshop::{Talking, event, fingerprint, native_store, say};

const CATCHES_UP: &str = "FOLDLINE_TEST_CATCHES_UP";
const ROUNDS: u32 = 12;

/// As a process of its own: appends and catches up without end.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CATCHES_UP) else { return };
    let path = PathBuf::from(path);
    let mut store = NativeStore::open_for_writing(&path).expect("opens");
    for number in 0_u64.. {
        let name = format!("{}-{number}", std::process::id());
        let batch: Vec<_> = (0..=number % 40).map(|n| event(&format!("{name}-{n}"), "contacted", "{}")).collect();
        store
            .append(&StreamId::from(format!("lead-{}", number % 7).as_str()), Expected::Any, &batch)
            .expect("appended");
        bring_up(&store, &wish(&path, &path.with_file_name("model.db"), "state", None)).expect("caught up");
        say(&number.to_string());
    }
}

#[test]
fn a_catch_up_that_is_killed_loses_and_doubles_nothing() {
    let (folder, path, store) = native_store();
    drop(store);
    let into = folder.path().join("model.db");
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    for round in 0..ROUNDS {
        let mut child = Talking::spawn(super::workshop::child("killed_catch_up::child", CATCHES_UP, &path));
        for _ in 0..=random.next_u32() % 12 {
            child.next_word().expect("it goes on without end");
        }
        child.kill();
        let reader = foldline::store::open(&path.clone().into()).expect("opened");
        let stands = model_head(&place(&into, "model")).expect("read").expect("made").place.expect("a place").0;
        holds(&*reader, &into, "state", None, StoreMoment::Position(stands))
            .unwrap_or_else(|why| panic!("round {round}: {why}"));
        let made = bring_up(&*reader, &wish(&path, &into, "state", None)).expect("caught up");
        assert_eq!(made.made, None, "round {round}: it goes on from where it was");
        holds(&*reader, &into, "state", None, StoreMoment::Latest).unwrap_or_else(|why| panic!("round {round}: {why}"));
    }
}

/// As the one above leaves it where it is killed amid its commit, which is seldom: pages of the table are written, and its
/// journal is there.
#[test]
fn a_table_that_is_half_written_is_read_as_it_was_and_caught_up() {
    let ((_folder, path, mut store), own) = (leads(2_000), tempfile::tempdir().expect("a folder"));
    let whole = own.path().join("whole.db");
    bring_up(&store, &wish(&path, &whole, "state", None)).expect("made");
    let writer = Connection::open(&whole).expect("a database");
    let half = "PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE model SET name = 'half'";
    writer.execute_batch(half).expect("written");
    let into = own.path().join("half.db");
    for side in ["", "-journal"] {
        let named = |path: &Path| PathBuf::from(format!("{}{side}", path.display()));
        fs::copy(named(&whole), named(&into)).expect("copied");
    }
    drop(writer);
    let journal = own.path().join("half.db-journal");
    assert_eq!(fs::read(&journal).expect("there").first(), Some(&0xd9), "it tells of pages that are written");
    assert!(fs::read(&into).expect("there").windows(4).any(|found| found == b"half"));
    let before = fingerprint(own.path());
    assert!(held_against(&store, &into, "state", None).is_none());
    let stands = model_head(&place(&into, "model")).expect("read").expect("made").place.expect("a place").0;
    assert_eq!(fingerprint(own.path()), before, "looking changes nothing");
    assert_eq!(stands, Position(4_000));
    store.append(&StreamId::from("lead-7"), Expected::Any, &[event("new", "contacted", "{}")]).expect("recorded");
    let made = bring_up(&store, &wish(&path, &into, "state", None)).expect("caught up");
    assert_eq!((made.made, made.events), (None, 1));
    holds(&store, &into, "state", None, StoreMoment::Latest).expect("as a fold gives it");
}
