//! Processes that append to one stream of another framework's file at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use foldline::event::{RecordedEvent, Version};
use foldline::store::{self, AppendError, Expected, Query};

use super::tables::{self, file_of};
use crate::workshop::{Talking, child, noted, read, say, stream, verified, wait_to_begin};

const RACES: &str = "FOLDLINE_TEST_FOREIGN_RACES";
const STREAM: &str = "lead:9";
const WRITERS: usize = 3;
const WINS: usize = 8;

/// Who recorded it. A framework may have the event's type around what it says.
fn note(event: &RecordedEvent) -> String {
    let payload: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
    let said = if payload["note"].is_null() { &payload[event.event_type.as_str()] } else { &payload };
    said["note"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned()
}

/// As a process of its own: appends behind the version it knows of until it has won often enough.
#[test]
fn child_that_races() {
    let Some(path) = std::env::var_os(RACES) else { return };
    let mut store = store::open_for_writing(&PathBuf::from(path).into()).expect("opens for writing");
    let me = std::process::id();
    say("ready");
    assert!(wait_to_begin(), "the parent has gone");
    let (mut known, mut won): (Option<Version>, usize) = (None, 0);
    while won < WINS {
        let id = format!("{won} of {me}");
        let expected = known.map_or(Expected::NoStream, Expected::Exact);
        match store.append(&stream(STREAM), expected, &[noted(&id)]) {
            Ok(appended) => {
                assert!(!appended.already_there, "{id}");
                say(&format!("won\t{}\t{id}", appended.last));
                (known, won) = (Some(appended.last), won + 1);
            }
            Err(AppendError::Conflict(conflict)) => {
                assert!(!conflict.since.is_empty() && conflict.actual > known, "{conflict:?}");
                for event in &conflict.since {
                    say(&format!("lost\t{}\t{}", event.version, note(event)));
                }
                known = conflict.actual;
            }
            Err(other) => panic!("neither won nor lost: {other}"),
        }
    }
}

fn races(path: &Path) -> Vec<Vec<String>> {
    let spawned = |_| Talking::spawn(child("foreign::racing::child_that_races", RACES, path));
    let mut racers: Vec<_> = (0..WRITERS).map(spawned).collect();
    for racer in &mut racers {
        racer.wait_for("ready");
    }
    for racer in &mut racers {
        racer.begin();
    }
    racers.into_iter().map(Talking::finish).collect()
}

#[test]
fn of_processes_at_one_stream_of_another_framework_each_version_goes_to_one_and_the_others_are_told_of_it() {
    for statements in [tables::EMMETT, tables::CQRS_ES] {
        let (_folder, path) = file_of(statements);
        let found = |path: &Path| verified(&*store::open(&path.to_owned().into()).expect("opens")).len();
        let before = found(&path);
        let said = races(&path);
        let lines = |kind: &str| -> Vec<(u64, String)> {
            said.iter()
                .flatten()
                .filter_map(|line| line.strip_prefix(kind)?.strip_prefix('\t')?.split_once('\t'))
                .map(|(version, id)| (version.parse().expect("a version"), id.to_owned()))
                .collect()
        };
        let won: BTreeMap<u64, String> = lines("won").into_iter().collect();
        assert_eq!(won.len(), WINS * WRITERS, "a version was acknowledged twice: {said:?}");
        // Each begins with no stream in mind, so all but one are told at least once.
        assert!(lines("lost").len() >= WRITERS - 1, "nobody was in the others' way");
        for (version, id) in lines("lost") {
            assert_eq!(won.get(&version), Some(&id), "a loser was told of an event that did not win version {version}");
        }
        assert_eq!(found(&path), before, "something is wrong with what they recorded");
        let reader = store::open(&path.into()).expect("opens");
        let stored: BTreeMap<u64, String> =
            read(&*reader, &Query::stream(stream(STREAM))).iter().map(|event| (event.version.0, note(event))).collect();
        assert_eq!(stored, won, "what is stored is not what was acknowledged");
    }
}
