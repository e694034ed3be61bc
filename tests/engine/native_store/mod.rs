//! What is asked of the native store alone: its file, its guards, and what other programs may do to both.

mod disks;
pub(crate) mod looking;
mod names;
mod no_store;

use std::fs;
use std::path::{Path, PathBuf};

use std::time::Duration;

use foldline::event::Version;
use foldline::store::native::{APPLICATION_ID, NativeStore, Recorded};
use foldline::store::{
    self, AppendError, Expected, Finding, FindingKind, Flow, InfoAtOnce, Query, Store, StoreError, Writer,
};
use rusqlite::Connection;
use tempfile::TempDir;

use self::looking::look;
use crate::workshop::{
    assert_verifies_clean, event, fingerprint, native_store, noted, read, read_stream, second, stream, verified,
};

/// A store at rest with three streams of three events each, interleaved, at positions 1 to 9.
pub(crate) fn store_at_rest() -> (TempDir, PathBuf) {
    let (folder, path, mut store) = native_store();
    for turn in 0..3_i64 {
        for name in ["lead-1", "lead-2", "ticket-1"] {
            let event = foldline::event::NewEvent {
                recorded_at: Some(second(turn)),
                metadata: "{\"actor\":\"kim\"}".to_owned(),
                ..noted(&format!("{name}#{turn}"))
            };
            store.append(&stream(name), Expected::Any, &[event]).expect("appended");
        }
    }
    (folder, path)
}

/// Another program's way to the file: with no guards, which stand again afterwards.
pub(crate) fn with_another_tool(path: &Path, changes: &str) {
    let tool = Connection::open(path).expect("any tool can open it");
    let guards: Vec<(String, String)> = tool
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        .expect("the list of triggers")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("the list of triggers")
        .collect::<Result<_, _>>()
        .expect("the list of triggers");
    for (name, _) in &guards {
        tool.execute_batch(&format!("DROP TRIGGER {name}")).expect("the guard is dropped");
    }
    tool.execute_batch(changes).expect("the change goes in");
    for (_, sql) in &guards {
        tool.execute_batch(sql).expect("the guard stands again");
    }
}

fn findings_after(changes: &str) -> Vec<Finding> {
    let (_folder, path) = store_at_rest();
    with_another_tool(&path, changes);
    verified(&NativeStore::open(&path).expect("still a store"))
}

pub(crate) fn place(finding: &Finding) -> (FindingKind, Option<&str>, Option<u64>) {
    (
        finding.kind(),
        finding.place.stream.as_ref().map(foldline::event::StreamId::as_str),
        finding.place.version.map(|version| version.0),
    )
}

/// Each must be an error of one line that names the file.
#[track_caller]
fn assert_says_so(error: &StoreError, path: &Path) {
    let message = error.to_string();
    assert!(message.contains(&path.display().to_string()), "the message does not name the file: {message}");
    assert!(!message.contains('\n'), "the message has more than one line: {message}");
}

/// Opening in every way must fail, leave the folder alone, and say why; the answer is for matching.
#[track_caller]
fn refused(path: &Path) -> StoreError {
    let folder = path.parent().expect("a file in a folder");
    let before = fingerprint(folder);
    let for_writing = NativeStore::open_for_writing(path).map(drop).expect_err("it must not open for writing");
    let boxed = store::open(&path.to_owned().into()).err().expect("it must not open");
    let error = NativeStore::open(path).expect_err("it must not open");
    for other in [&for_writing, &boxed] {
        assert_eq!(std::mem::discriminant(other), std::mem::discriminant(&error), "{other} / {error}");
    }
    assert_eq!(fingerprint(folder), before, "a refused file or its folder was changed");
    assert_says_so(&error, path);
    error
}

// Guards

#[test]
fn update_and_delete_are_refused_by_the_file_itself() {
    let (_folder, path) = store_at_rest();
    let tool = Connection::open(&path).expect("any tool can open it");
    let columns =
        ["position", "stream", "version", "type", "schema", "recorded_at", "id", "payload", "metadata", "chain"];
    let mut attempts: Vec<String> = columns.iter().map(|name| format!("UPDATE events SET {name} = {name}")).collect();
    attempts.extend(
        [
            "DELETE FROM events",
            "DELETE FROM events WHERE position = 9",
            "UPDATE streams SET name = 'lead-3' WHERE name = 'lead-1'",
            "UPDATE streams SET category = 'x'",
            "UPDATE streams SET id = id + 10",
            "DELETE FROM streams",
            "UPDATE types SET name = 'other'",
            "UPDATE types SET id = id + 10",
            "DELETE FROM types",
        ]
        .map(ToOwned::to_owned),
    );
    for attempt in attempts {
        let refusal = tool.execute_batch(&attempt).expect_err(&attempt).to_string();
        assert!(refusal.contains("never") || refusal.contains("keeps its name"), "{attempt}: {refusal}");
    }
    drop(tool);
    let store = NativeStore::open(&path).expect("a store");
    assert_eq!(read(&store, &Query::store()).len(), 9);
    assert_verifies_clean(&store);
}

#[test]
fn the_file_says_whose_it_is_and_which_format_it_has() {
    let (_folder, path) = store_at_rest();
    let header = fs::read(&path).expect("readable");
    assert_eq!(&header[68..72], b"FOLD", "application_id, where file(1) looks for it");
    assert_eq!(APPLICATION_ID, i32::from_be_bytes(*b"FOLD"));
    assert_eq!(header[60..64], [0, 0, 0, 3], "user_version");
    assert_eq!(header[18..20], [2, 2], "write-ahead logging");
    let files: Vec<_> = fingerprint(path.parent().expect("a folder")).into_keys().collect();
    assert_eq!(files, [path.display().to_string()], "a closed store is one file");
}

#[test]
fn a_view_in_place_of_a_table_is_no_table() {
    for name in ["streams", "types", "events", "snapshots"] {
        let (_folder, path) = store_at_rest();
        let tool = Connection::open(&path).expect("any tool can open it");
        let endless = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
        tool.execute_batch(&format!("PRAGMA foreign_keys = OFF; DROP TABLE {name}; CREATE VIEW {name} AS {endless}"))
            .expect("replaced");
        drop(tool);
        let refused = NativeStore::open(&path).map(drop);
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{name}: {refused:?}");
    }
}

#[test]
fn each_missing_guard_is_reported_by_name() {
    for guard in [
        "events_never_change",
        "events_never_go",
        "stream_names_stay",
        "streams_never_go",
        "type_names_stay",
        "types_never_go",
    ] {
        let (_folder, path) = store_at_rest();
        Connection::open(&path)
            .and_then(|tool| tool.execute_batch(&format!("DROP TRIGGER {guard}")))
            .expect("the guard is dropped");
        let findings = verified(&NativeStore::open(&path).expect("still a store"));
        assert_eq!(findings.iter().map(place).collect::<Vec<_>>(), [(FindingKind::Unprotected, None, None)]);
        assert!(findings[0].what.to_string().contains(guard), "{}", findings[0].what.to_string());
    }
}

// What another program did to the events

#[test]
fn an_event_edited_in_any_column_is_named_and_no_other() {
    let edits = [
        "payload = '{\"note\":\"forged\"}'",
        "payload = payload || ' '",
        "metadata = '{\"actor\":\"lee\"}'",
        "metadata = NULL",
        "recorded_at = recorded_at + 1",
        "schema = 2",
        "id = 'another'",
        "chain = zeroblob(32)",
    ];
    for edit in edits {
        // Position 5 is the second event of the second stream.
        let findings = findings_after(&format!("UPDATE events SET {edit} WHERE position = 5"));
        let places: Vec<_> = findings.iter().map(place).collect();
        let expected = if edit.starts_with("chain") {
            // What the next event was chained to is gone with it.
            vec![
                (FindingKind::BrokenChain, Some("lead-2"), Some(1)),
                (FindingKind::BrokenChain, Some("ticket-1"), Some(1)),
            ]
        } else {
            vec![(FindingKind::BrokenChain, Some("lead-2"), Some(1))]
        };
        assert_eq!(places, expected, "{edit}");
    }
}

#[test]
fn the_first_and_the_last_event_are_guarded_by_the_chain_too() {
    for (position, stream, version) in [(1, "lead-1", 0), (9, "ticket-1", 2)] {
        let findings = findings_after(&format!("UPDATE events SET payload = '{{}}' WHERE position = {position}"));
        let places: Vec<_> = findings.iter().map(place).collect();
        assert_eq!(places, [(FindingKind::BrokenChain, Some(stream), Some(version))]);
    }
}

#[test]
fn a_renamed_stream_or_type_breaks_the_chain_at_each_of_its_events() {
    let findings = findings_after("UPDATE streams SET name = 'lead-3' WHERE name = 'lead-2'");
    let places: Vec<_> = findings.iter().map(place).collect();
    assert_eq!(places, [0, 1, 2].map(|version| (FindingKind::BrokenChain, Some("lead-3"), Some(version))));
    let findings = findings_after("UPDATE types SET name = 'noticed'");
    assert_eq!(findings.iter().filter(|finding| finding.kind() == FindingKind::BrokenChain).count(), 9);
}

#[test]
fn a_removed_event_is_found_by_the_gap_the_chain_and_the_counts() {
    let findings = findings_after("DELETE FROM events WHERE position = 5");
    let places: Vec<_> = findings.iter().map(place).collect();
    for expected in [
        (FindingKind::Gap, None, None),
        // The event that followed it in the store no longer fits, and neither does the next of its stream.
        (FindingKind::BrokenChain, Some("ticket-1"), Some(1)),
        (FindingKind::Gap, Some("lead-2"), Some(2)),
        (FindingKind::WrongCount, Some("lead-2"), None),
    ] {
        assert!(places.contains(&expected), "{expected:?} is missing from {findings:?}");
    }
}

#[test]
fn a_removed_last_event_is_found_by_the_counts() {
    let findings = findings_after("DELETE FROM events WHERE position = 9");
    assert!(
        findings.iter().map(place).any(|found| found == (FindingKind::WrongCount, Some("ticket-1"), None)),
        "{findings:?}"
    );
}

#[test]
fn two_swapped_events_are_found() {
    for swap in [
        // In the order of the store.
        "UPDATE events SET position = -1 WHERE position = 4; UPDATE events SET position = 4 WHERE position = 5;
         UPDATE events SET position = 5 WHERE position = -1;",
        // In the order of their stream.
        "UPDATE events SET version = 9 WHERE position = 1; UPDATE events SET version = 0 WHERE position = 4;
         UPDATE events SET version = 1 WHERE position = 1;",
        // Only what they say.
        "CREATE TEMP TABLE was AS SELECT position, payload FROM events;
         UPDATE events SET payload = (SELECT payload FROM was WHERE was.position = 9 - events.position)
         WHERE position IN (4, 5)",
    ] {
        let findings = findings_after(swap);
        let broken = findings.iter().filter(|finding| finding.kind() == FindingKind::BrokenChain).count();
        assert!(broken >= 2, "{swap}: {findings:?}");
    }
}

#[test]
fn an_event_replaced_by_another_of_the_same_place_is_found() {
    let findings = findings_after(
        "INSERT OR REPLACE INTO events SELECT position, stream, version, type, schema, recorded_at, id, '{}', metadata,
         chain FROM events WHERE position = 5",
    );
    let places: Vec<_> = findings.iter().map(place).collect();
    assert_eq!(places, [(FindingKind::BrokenChain, Some("lead-2"), Some(1))]);
}

#[test]
fn an_event_slipped_in_behind_the_last_is_found() {
    let findings = findings_after(
        "INSERT INTO events SELECT 10, stream, 3, type, schema, recorded_at, 'slipped in', payload, metadata, chain
         FROM events WHERE position = 9",
    );
    let places: Vec<_> = findings.iter().map(place).collect();
    assert!(places.contains(&(FindingKind::BrokenChain, Some("ticket-1"), Some(3))), "{findings:?}");
    assert!(places.contains(&(FindingKind::WrongCount, Some("ticket-1"), None)), "{findings:?}");
}

#[test]
fn an_event_of_no_stream_or_no_type_is_found_and_nothing_panics() {
    for change in ["stream = 77", "stream = 4294967295", "stream = 3000000000", "stream = -1", "type = 77", "type = -1"]
    {
        let (_folder, path) = store_at_rest();
        with_another_tool(&path, &format!("PRAGMA foreign_keys = OFF; UPDATE events SET {change} WHERE position = 5"));
        let store = NativeStore::open(&path).expect("still a store");
        let mut findings = Vec::new();
        let went = store.verify(&mut |finding| findings.push(finding), &mut |_| Flow::Continue(()));
        assert!(went.is_ok(), "{change}: {went:?} after {findings:?}");
        assert!(!findings.is_empty(), "{change}: nothing was found");
    }
}

#[test]
fn each_wrong_kept_count_is_reported() {
    for (change, of_stream) in [
        ("UPDATE streams SET events = 4 WHERE name = 'lead-2'", Some("lead-2")),
        ("UPDATE streams SET last_version = 3 WHERE name = 'lead-2'", Some("lead-2")),
        ("UPDATE streams SET first_version = 1 WHERE name = 'lead-2'", Some("lead-2")),
        ("UPDATE streams SET first_at = first_at + 1 WHERE name = 'lead-2'", Some("lead-2")),
        ("UPDATE streams SET last_at = NULL WHERE name = 'lead-2'", Some("lead-2")),
        ("UPDATE streams SET last_position = 9 WHERE name = 'lead-2'", Some("lead-2")),
        ("UPDATE types SET events = 8", None),
    ] {
        let findings = findings_after(change);
        let places: Vec<_> = findings.iter().map(place).collect();
        assert_eq!(places, [(FindingKind::WrongCount, of_stream, None)], "{change}");
    }
}

// Others at the same time

#[test]
fn a_store_locked_by_another_says_so_and_takes_the_append_later() {
    let (_folder, path, mut store) = native_store();
    store.append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).expect("appended");
    store.set_patience(Duration::from_millis(5)).expect("set");
    let other = Connection::open(&path).expect("any tool can open it");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let expected = Expected::Exact(Version(0));
    let error = store.append(&stream("lead-1"), expected, &[noted("b")]).expect_err("it is locked");
    match error {
        AppendError::Store(error @ StoreError::Locked(_)) => assert_says_so(&error, &path),
        other => panic!("{other}"),
    }
    // Reading goes on meanwhile.
    assert_eq!(look(&store), ["a"]);
    other.execute_batch("ROLLBACK").expect("unlocked");
    store.append(&stream("lead-1"), expected, &[noted("b")]).expect("appended");
    assert_eq!(look(&store), ["a", "b"]);
}

// Many events in one transaction

#[test]
fn a_bulk_dropped_before_its_commit_leaves_nothing() {
    let (_folder, _path, mut store) = native_store();
    store.append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).expect("appended");
    let mut bulk = store.bulk().expect("begun");
    assert_eq!(bulk.record(&stream("lead-2"), None, &noted("b")).expect("recorded"), Recorded::New(Version(0)));
    assert_eq!(bulk.last_version(&stream("lead-2")).expect("readable"), Some(Version(0)));
    drop(bulk);
    assert_eq!(look(&store), ["a"]);
    assert_eq!(store.stream(&stream("lead-2")).expect("readable"), None);
}

#[test]
fn names_of_a_dropped_bulk_are_forgotten() {
    let (_folder, _path, mut store) = native_store();
    let mut bulk = store.bulk().expect("begun");
    let unreal = event("a", "unreal-type", "{}");
    bulk.record(&stream("unreal-1"), None, &unreal).expect("recorded");
    // Met again, the event is read back, with its names.
    let again = bulk.record(&stream("unreal-1"), None, &unreal).expect("known");
    assert_eq!(again, Recorded::AlreadyThere(Version(0)));
    drop(bulk);
    store.append(&stream("real-1"), Expected::NoStream, &[event("b", "real-type", "{}")]).expect("appended");
    let events = read(&store, &Query::store());
    let names: Vec<_> = events.iter().map(|event| (event.stream.as_str(), event.event_type.as_str())).collect();
    assert_eq!(names, [("real-1", "real-type")]);
    assert_verifies_clean(&store);
}

#[test]
fn a_bulk_records_many_streams_keeps_gaps_and_knows_what_is_there() {
    let (_folder, path, mut store) = native_store();
    store.append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).expect("appended");
    let mut bulk = store.bulk().expect("begun");
    assert_eq!(bulk.record(&stream("lead-1"), None, &noted("b")).expect("recorded"), Recorded::New(Version(1)));
    let there = bulk.record(&stream("lead-1"), None, &noted("a")).expect("known");
    assert_eq!(there, Recorded::AlreadyThere(Version(0)));
    let seventh = Some(Version(7));
    assert_eq!(bulk.record(&stream("lead-2"), seventh, &noted("c")).expect("recorded"), Recorded::New(Version(7)));
    assert_eq!(bulk.record(&stream("lead-2"), None, &noted("d")).expect("recorded"), Recorded::New(Version(8)));
    match bulk.record(&stream("lead-2"), seventh, &noted("e")).expect_err("the version is taken") {
        AppendError::VersionTaken { version, last, .. } => assert_eq!((version, last), (Version(7), Version(8))),
        other => panic!("{other}"),
    }
    assert!(matches!(bulk.record(&stream("lead-3"), None, &noted("a")), Err(AppendError::IdTaken(_))));
    bulk.commit().expect("committed");
    drop(store);
    let store = NativeStore::open(&path).expect("opens");
    let events = read(&store, &Query::store());
    let places: Vec<_> = events.iter().map(|event| (event.stream.as_str(), event.version.0)).collect();
    assert_eq!(places, [("lead-1", 0), ("lead-1", 1), ("lead-2", 7), ("lead-2", 8)]);
    assert_eq!(read_stream(&store, "lead-2").len(), 2);
    let row = store.stream(&stream("lead-2")).expect("readable").expect("it stands there");
    assert_eq!((row.first_version, row.last_version, row.events), (Version(7), Version(8), 2));
    // The gap is known to have been there, so it is told, and nothing else is.
    let findings = verified(&store);
    assert_eq!(findings.iter().map(place).collect::<Vec<_>>(), [(FindingKind::Gap, Some("lead-2"), Some(7))]);
}

#[test]
fn a_version_that_the_store_has_no_number_for_is_refused_and_never_kept_as_another() {
    let (_folder, _path, mut store) = native_store();
    let largest = Version(i64::MAX as u64);
    let mut bulk = store.bulk().expect("begun");
    for version in [largest.0 + 1, u64::MAX] {
        let refused = bulk.record(&stream("note-1"), Some(Version(version)), &noted("a"));
        assert!(matches!(refused, Err(AppendError::VersionTooLarge { .. })), "{version}: {refused:?}");
        let refused = bulk.record_new(&stream("note-1"), Version(version), &noted("a"));
        assert!(matches!(refused, Err(AppendError::VersionTooLarge { .. })), "{version}: {refused:?}");
    }
    assert_eq!(bulk.record(&stream("note-1"), Some(largest), &noted("b")).expect("recorded"), Recorded::New(largest));
    let refused = bulk.record(&stream("note-1"), None, &noted("c"));
    assert!(matches!(refused, Err(AppendError::VersionTooLarge { .. })), "{refused:?}");
    bulk.commit().expect("committed");
    let refused = store.append(&stream("note-1"), Expected::Exact(largest), &[noted("d")]);
    assert!(matches!(refused, Err(AppendError::VersionTooLarge { .. })), "{refused:?}");
    let findings = verified(&store);
    assert_eq!(findings.iter().map(place).collect::<Vec<_>>(), [(FindingKind::Gap, Some("note-1"), Some(largest.0))]);
}

#[test]
fn streams_are_counted_right_by_category_however_many_of_these_there_are() {
    for categories in [0_u64, 1, 2, 7, 100, 101, 150] {
        let (_folder, _path, mut store) = native_store();
        let mut expected: Vec<(String, u64)> = Vec::new();
        let mut bulk = store.bulk().expect("begun");
        for number in 0..categories {
            let streams = 1 + number * 7 % 5;
            let name = format!("kind{number}");
            for nth in 0..streams {
                let event = event(&format!("{number} {nth}"), "noted", "{}");
                bulk.record(&stream(&format!("{name}-{nth}")), None, &event).expect("recorded");
            }
            expected.push((name, streams));
        }
        bulk.commit().expect("committed");
        expected.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        assert_eq!(store.categories().expect("counted"), expected);
    }
}

/// Streams without events, as many as are named of each category, one after the other of all in turn.
fn fill_with_streams(path: &Path, streams: u32, categories: u32) {
    let sql = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
               INSERT INTO streams (id, name, category)
               SELECT n, 'kind' || k || '-' || n, 'kind' || k FROM
                 (SELECT n, CASE WHEN n % 16 < ?2 THEN n % ?2 ELSE 1 END AS k FROM numbers)";
    let filled = Connection::open(path).and_then(|file| file.execute(sql, (streams, categories)));
    filled.expect("filled");
}

#[test]
fn only_of_very_many_streams_is_not_said_at_once_how_many_there_are() {
    let named = |store: &NativeStore| {
        let InfoAtOnce { streams, categories, .. } =
            store.info_at_once().expect("readable").expect("something is known");
        (streams, categories)
    };
    let counted = |store: &NativeStore| {
        let categories = store.categories().expect("counted");
        (Some(100_000), categories.into_iter().map(|(name, count)| (name, Some(count))).collect::<Vec<_>>())
    };
    let (_folder, path, store) = native_store();
    fill_with_streams(&path, 100_000, 3);
    assert_eq!(named(&store), counted(&store));
    let (_folder, path, store) = native_store();
    fill_with_streams(&path, 100_001, 3);
    let kinds: Vec<(String, Option<u64>)> = ["kind1", "kind0", "kind2"].map(|name| (name.to_owned(), None)).to_vec();
    let (streams, mut categories) = named(&store);
    assert_eq!(streams, None);
    assert_eq!(categories.first(), kinds.first(), "by far the largest comes first");
    categories.sort();
    assert_eq!(categories, [kinds[1].clone(), kinds[0].clone(), kinds[2].clone()]);
    assert_eq!(store.info().expect("counted").streams, 100_001);
    // Where there are many categories, one walk counts them.
    let (_folder, path, store) = native_store();
    fill_with_streams(&path, 100_001, 16);
    let more = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100)
                INSERT INTO streams (name, category) SELECT 'more' || n || '-1', 'more' || n FROM numbers";
    Connection::open(&path).and_then(|file| file.execute_batch(more)).expect("filled");
    let (streams, categories) = named(&store);
    assert_eq!((streams, categories.len()), (Some(100_101), 116));
    assert!(categories.iter().all(|(_, count)| count.is_some()), "{categories:?}");
}
