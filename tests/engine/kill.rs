//! A writer that is killed at any moment loses nothing that it was told is recorded.

use std::collections::BTreeMap;
use std::path::Path;

use foldline::event::{RecordedEvent, Version};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Query, Writer};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::workshop::{Talking, assert_verifies_clean, event, native_store, read, say, stream};

const APPENDS: &str = "FOLDLINE_TEST_APPENDS";
const ROUNDS: u32 = 40;
const STREAMS: u64 = 3;

/// As a process of its own: appends without end, single events and batches, and tells of each acknowledgement.
#[test]
fn child() {
    let Some(path) = std::env::var_os(APPENDS) else { return };
    let mut store = NativeStore::open_for_writing(Path::new(&path)).expect("opens");
    for number in 0_u64.. {
        let size = if number % 2 == 0 { 1 } else { 2 + number % 7 };
        let batch_name = format!("{}-{number}", std::process::id());
        let batch: Vec<_> = (0..size)
            .map(|n| {
                // Now and then long enough for several pages.
                let filling = "가".repeat(if number % 5 == 0 { 3_000 } else { 10 });
                let payload = format!("{{\"batch\":\"{batch_name}\",\"of\":{size},\"filling\":\"{filling}\"}}");
                event(&format!("{batch_name}-{n}"), "noted", &payload)
            })
            .collect();
        let name = format!("kill-{}", number % STREAMS);
        let answer = store.append(&stream(&name), Expected::Any, &batch).expect("appended");
        say(&format!("{name}\t{}\t{}\t{batch_name}", answer.first, answer.last));
    }
}

/// One acknowledged append.
#[derive(Debug)]
struct Acknowledged {
    stream: String,
    first: u64,
    last: u64,
    batch: String,
}

fn acknowledged(line: &str) -> Acknowledged {
    let mut words = line.split('\t');
    let mut next = || words.next().expect("four words");
    let stream = next().to_owned();
    let (first, last) = (next().parse().expect("a version"), next().parse().expect("a version"));
    Acknowledged { stream, first, last, batch: next().to_owned() }
}

#[test]
fn every_acknowledged_event_outlives_the_kill_and_no_batch_is_half_there() {
    let (_folder, path, store) = native_store();
    drop(store);
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut all: Vec<Acknowledged> = Vec::new();
    let mut rounds_with_a_log = 0;
    for round in 0..ROUNDS {
        let mut writer = Talking::spawn(crate::workshop::child("kill::child", APPENDS, &path));
        for _ in 0..=random.next_u32() % 30 {
            all.push(acknowledged(&writer.next_word().expect("it appends without end")));
        }
        // Nobody waits for a quiet moment: it is somewhere inside its next append.
        all.extend(writer.kill().iter().map(|line| acknowledged(line)));

        rounds_with_a_log += u32::from(path.with_file_name("events.db-wal").exists());
        let store = NativeStore::open(&path).expect("it can be looked at");
        let events = read(&store, &Query::store());
        assert_all_there(&all, &events, round);
        assert_whole_batches(&events, round);
        assert_verifies_clean(&store);
        drop(store);

        let mut store = NativeStore::open_for_writing(&path).expect("appending goes on");
        let last = events.iter().rfind(|event| event.stream.as_str() == "kill-0").map(|event| event.version);
        let expected = last.map_or(Expected::NoStream, Expected::Exact);
        let mine = event(&format!("after {round}"), "noted", "{\"batch\":\"mine\",\"of\":1}");
        let answer = store.append(&stream("kill-0"), expected, &[mine]).expect("appending goes on");
        assert_eq!(answer.first, last.map_or(Version(0), |last| Version(last.0 + 1)));
    }
    assert!(rounds_with_a_log > ROUNDS / 2, "hardly any writer was killed with its log open: {rounds_with_a_log}");
}

fn assert_all_there(all: &[Acknowledged], events: &[RecordedEvent], round: u32) {
    let by_place: BTreeMap<(&str, u64), String> =
        events.iter().map(|event| ((event.stream.as_str(), event.version.0), event.id.to_string())).collect();
    for Acknowledged { stream, first, last, batch } in all {
        for (n, version) in (*first..=*last).enumerate() {
            let there = by_place.get(&(stream.as_str(), version));
            assert_eq!(there, Some(&format!("{batch}-{n}")), "round {round}: {stream} {version} was acknowledged");
        }
    }
}

/// Each event tells how many its batch has; they stand behind one another.
fn assert_whole_batches(events: &[RecordedEvent], round: u32) {
    let mut rest = events;
    while let [first, ..] = rest {
        let payload = foldline::event::payload_value(&first.payload);
        let size = payload["of"].as_u64().expect("every event tells") as usize;
        assert!(size <= rest.len(), "round {round}: of {} only the first {} are there", payload["batch"], rest.len());
        let (batch, behind) = rest.split_at(size);
        for event in batch {
            let other = foldline::event::payload_value(&event.payload);
            assert_eq!(other["batch"], payload["batch"], "round {round}: a batch is half there");
        }
        rest = behind;
    }
}
