//! What another tool may have done to a native store's schema, its cache and its numbers: found, never believed, and
//! never the end of the program.

use std::path::{Path, PathBuf};
use std::process::Command;

use foldline::compensate::{Authorship, FreeEvent, append_plan, plan_event};
use foldline::engine::{describe, load_story};
use foldline::event::{EventId, NewEvent, StreamId, Timestamp, Version};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Query, Snapshot, Store, StoreError, StreamQuery, Writer};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::native_store::{store_at_rest, with_another_tool};
use crate::workshop::{
    Talking, assert_verifies_clean, child, event, native_store, noted, read_stream, say, second, stream, verified,
};

fn tool(path: &Path, changes: &str) {
    Connection::open(path).and_then(|tool| tool.execute_batch(changes)).expect("the change goes in");
}

fn kinds(path: &Path) -> Vec<&'static str> {
    verified(&NativeStore::open(path).expect("still a store")).iter().map(|finding| finding.kind().name()).collect()
}

// The schema

#[test]
fn each_change_of_the_schema_is_found() {
    let no_op =
        "DROP TRIGGER events_never_go; CREATE TRIGGER events_never_go BEFORE DELETE ON events BEGIN SELECT 1; END";
    for (change, expected) in [
        (no_op, "unprotected"),
        ("CREATE TRIGGER mine AFTER INSERT ON events BEGIN DELETE FROM snapshots; END", "altered-schema"),
        ("CREATE VIEW mine AS SELECT * FROM events", "altered-schema"),
        ("CREATE TABLE mine (a)", "altered-schema"),
        ("CREATE INDEX mine ON events (type)", "altered-schema"),
        ("DROP INDEX events_id", "altered-schema"),
        ("DROP INDEX events_stream_version", "altered-schema"),
        ("DROP INDEX events_id; CREATE INDEX events_id ON events (id)", "altered-schema"),
        ("DROP INDEX streams_recent", "altered-schema"),
        ("ALTER TABLE events ADD COLUMN mine TEXT", "altered-schema"),
        ("PRAGMA user_version = 0", "altered-schema"),
    ] {
        let (_folder, path) = store_at_rest();
        tool(&path, change);
        assert_eq!(kinds(&path), [expected], "{change}");
    }
    let (_folder, path) = store_at_rest();
    tool(&path, "ANALYZE");
    assert_eq!(kinds(&path), [""; 0], "what a database counts for itself is no change");
}

#[test]
fn a_stream_kept_in_another_category_is_found() {
    let (_folder, path) = store_at_rest();
    with_another_tool(&path, "UPDATE streams SET category = 'ticket' WHERE name = 'lead-2'");
    let findings = verified(&NativeStore::open(&path).expect("still a store"));
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].kind().name(), "wrong-category");
    assert!(findings[0].what.to_string().contains("ticket"), "{}", findings[0].what.to_string());
}

#[test]
fn a_store_whose_format_is_gone_is_read_and_not_written() {
    let (_folder, path) = store_at_rest();
    tool(&path, "PRAGMA user_version = 0");
    assert_eq!(read_stream(&NativeStore::open(&path).expect("still a store"), "lead-1").len(), 3);
    let error = NativeStore::open_for_writing(&path).map(drop).expect_err("it could only be guessed how");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn what_is_replaced_past_the_triggers_is_refused_or_found() {
    for name in ["streams", "types"] {
        let (_folder, path) = store_at_rest();
        let replace = format!("INSERT OR REPLACE INTO {name} SELECT * FROM {name} WHERE id = 1");
        Connection::open(&path).expect("opens").execute_batch(&replace).expect_err(name);
        assert_verifies_clean(&NativeStore::open(&path).expect("still a store"));
    }
    for (replace, found) in [
        // In its place, with another payload.
        (
            "SELECT position, stream, version, type, schema, recorded_at, id, '{}', metadata, chain FROM events WHERE position = 9",
            "broken-chain",
        ),
        // By its id, at the end.
        (
            "SELECT 10, stream, 3, type, schema, recorded_at, id, payload, metadata, chain FROM events WHERE position = 5",
            "gap",
        ),
        // By its place in its stream, at the end.
        (
            "SELECT 10, stream, version, type, schema, recorded_at, 'x', payload, metadata, chain FROM events WHERE position = 5",
            "gap",
        ),
    ] {
        let (_folder, path) = store_at_rest();
        tool(&path, &format!("INSERT OR REPLACE INTO events {replace}"));
        assert!(kinds(&path).contains(&found), "{replace}: {:?}", kinds(&path));
    }
}

/// The file as an older Foldline left it.
fn store_of_the_first_format() -> (TempDir, PathBuf) {
    let (folder, path) = store_at_rest();
    let changes = "DROP TRIGGER IF EXISTS streams_stay; DROP TRIGGER IF EXISTS types_stay; DROP TABLE snapshots;
        DROP TABLE links;
        CREATE TABLE snapshots (
    stream     INTEGER NOT NULL REFERENCES streams,
    projection TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    event_id   ANY NOT NULL,
    state      TEXT NOT NULL,
    PRIMARY KEY (stream, projection)
) STRICT, WITHOUT ROWID;
        INSERT INTO snapshots VALUES (1, 'state', 1, 2, 'lead-1#2', '{}'); PRAGMA user_version = 1";
    tool(&path, changes);
    (folder, path)
}

#[test]
fn a_store_of_the_first_format_is_read_as_it_is_and_brought_up_to_date_by_its_next_writer() {
    let (_folder, path) = store_of_the_first_format();
    let snapshot = |store: &NativeStore| store.snapshot(&stream("lead-1"), "state", 1, Version(2)).expect("readable");
    let store = NativeStore::open(&path).expect("opens");
    assert_eq!(snapshot(&store), None, "nothing tells that it is true");
    assert_verifies_clean(&store);
    drop(store);
    let mut store = NativeStore::open_for_writing(&path).expect("opens");
    let next = NewEvent { recorded_at: Some(second(9)), ..noted("next") };
    store.append(&stream("lead-1"), Expected::Exact(Version(2)), &[next]).expect("appended");
    store.keep_snapshot(&stream("lead-1"), &kept_at_2()).expect("kept");
    drop(store);
    let store = NativeStore::open(&path).expect("opens");
    assert_eq!(snapshot(&store), Some(kept_at_2()));
    assert_eq!(read_stream(&store, "lead-1").len(), 4);
    assert_verifies_clean(&store);
}

// The cache

fn kept_at_2() -> Snapshot {
    Snapshot {
        projection: "state".to_owned(),
        revision: 1,
        version: Version(2),
        event_id: EventId::new("lead-1#2"),
        state: "{\"true\":1}".to_owned(),
    }
}

#[test]
fn a_forged_snapshot_is_never_used_and_always_found() {
    for forgery in [
        "state = '{\"forged\":1}'",
        "state = state || ' '",
        "version = 1, event_id = 'lead-1#1'",
        "projection = 'fields'",
        "stream = 2, event_id = 'lead-2#2'",
        "event_id = 'lead-1#1'",
        "state = CAST(x'ff' AS TEXT)",
    ] {
        let (_folder, path) = store_at_rest();
        let mut store = NativeStore::open_for_writing(&path).expect("opens");
        store.keep_snapshot(&stream("lead-1"), &kept_at_2()).expect("kept");
        drop(store);
        tool(&path, &format!("UPDATE snapshots SET {forgery}"));
        let store = NativeStore::open(&path).expect("opens");
        for (of, projection) in [("lead-1", "state"), ("lead-1", "fields"), ("lead-2", "state")] {
            assert_eq!(store.snapshot(&stream(of), projection, 1, Version(2)).expect("readable"), None, "{forgery}");
        }
        drop(store);
        assert_eq!(kinds(&path), ["stale-snapshot"], "{forgery}");
    }
}

#[test]
fn a_snapshot_of_events_that_were_edited_is_not_used() {
    let (_folder, path) = store_at_rest();
    let mut store = NativeStore::open_for_writing(&path).expect("opens");
    store.keep_snapshot(&stream("lead-1"), &kept_at_2()).expect("kept");
    drop(store);
    // Edited, and everything behind it hashed anew: only the snapshot still knows.
    with_another_tool(&path, "UPDATE events SET chain = zeroblob(32) WHERE position = 7");
    let store = NativeStore::open(&path).expect("opens");
    assert_eq!(store.snapshot(&stream("lead-1"), "state", 1, Version(2)).expect("readable"), None);
}

// Numbers

const NUMBERS: &str = "FOLDLINE_TEST_NUMBERS";

#[test]
fn child_that_reads_damaged_numbers() {
    let Some(path) = std::env::var_os(NUMBERS) else { return };
    let store = NativeStore::open(Path::new(&path)).expect("opens");
    let tell = |what: &str, answer: Result<(), StoreError>| {
        let is_right = matches!(answer, Ok(()) | Err(StoreError::Damaged { .. }));
        assert!(is_right, "{what}: {answer:?}");
    };
    tell("events", store.visit_events(&Query::store(), &mut |_| Flow::Continue(())));
    tell("streams", store.visit_streams(&StreamQuery::default(), &mut |_| Flow::Continue(())));
    tell("info", store.info().map(drop));
    say(&verified(&store).len().to_string());
}

#[test]
fn a_huge_number_of_a_stream_or_a_type_takes_no_memory() {
    for number in ["4294967295", "3000000000", "100000000", "4294967296", "9223372036854775807", "-1"] {
        for table in ["streams", "types"] {
            let (_folder, path) = store_at_rest();
            let (columns, values) =
                if table == "streams" { ("id, name, category", "'huge-1', 'huge'") } else { ("id, name", "'huge'") };
            let column = table.trim_end_matches('s');
            with_another_tool(
                &path,
                &format!(
                    "PRAGMA foreign_keys = OFF; INSERT INTO {table} ({columns}) VALUES ({number}, {values});
                     UPDATE events SET {column} = {number} WHERE position = 5"
                ),
            );
            let program = child("tampering::child_that_reads_damaged_numbers", NUMBERS, &path);
            let mut bounded = Command::new("sh");
            bounded.args(["-c", "ulimit -v 2000000 && exec \"$@\"", "sh"]).arg(program.get_program());
            bounded.args(program.get_args()).env(NUMBERS, &path);
            let said = Talking::spawn(bounded).finish();
            let findings: usize = said[0].parse().expect("a number");
            assert!(findings > 0, "{table} {number}: nothing was found");
        }
    }
}

#[test]
fn a_damaged_event_in_the_middle_does_not_hide_the_next() {
    let (_folder, path) = store_at_rest();
    let changes = "PRAGMA foreign_keys = OFF; UPDATE events SET stream = 77 WHERE position = 3;
        UPDATE events SET payload = '{}' WHERE position = 8";
    with_another_tool(&path, changes);
    let found = kinds(&path);
    assert!(found.contains(&"damaged") && found.contains(&"broken-chain"), "{found:?}");
}

#[test]
fn no_stream_is_begun_under_another_streams_number() {
    let (_folder, path) = store_at_rest();
    tool(&path, "INSERT INTO streams (id, name, category) VALUES (4294967295, 'huge-1', 'huge')");
    let mut store = NativeStore::open_for_writing(&path).expect("opens");
    let error = store.append(&stream("new-1"), Expected::NoStream, &[noted("x")]).expect_err("there is no number left");
    assert!(error.to_string().contains("damaged"), "{error}");
    drop(store);
    assert_eq!(NativeStore::open(&path).expect("opens").info().expect("readable").events, 9);
}

// Payloads

#[test]
fn what_cannot_be_shown_is_found_unreadable() {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    for (payload, is_bad) in [
        (r#"{"name":"\ud800"}"#.to_owned(), true),
        (r#"{"name":"\udc00\ud800"}"#.to_owned(), true),
        (r#"{"\ud800":1}"#.to_owned(), true),
        (r#"{"name":"\ud83d\udc69"}"#.to_owned(), false),
        (r#"{"name":"\\ud800"}"#.to_owned(), false),
        (deep(127), false),
        (deep(128), true),
        (format!("[{}]", vec!["[]"; 500].join(",")), false),
    ] {
        let (_folder, path, mut store) = native_store();
        store.append(&stream("a-1"), Expected::NoStream, &[event("x", "noted", "{}")]).expect("appended");
        drop(store);
        with_another_tool(&path, &format!("UPDATE events SET payload = '{payload}'"));
        assert_eq!(kinds(&path).contains(&"unreadable-payload"), is_bad, "{payload}");
        let shown = serde_json::from_str::<serde_json::Value>(&payload);
        assert_eq!(shown.is_err(), is_bad, "{payload}");
    }
}

// Times

#[test]
fn an_event_is_never_recorded_as_earlier_than_the_one_it_follows() {
    for expected in [Expected::Any, Expected::NoStream, Expected::Exact(Version(0))] {
        let (_folder, path, mut store) = native_store();
        let name = StreamId::from("lead-1");
        let payload = serde_json::json!({"name": "a", "phone": "1"}).to_string();
        let at =
            |id: &str, n: i64| NewEvent { recorded_at: Some(second(n)), ..event(id, "lead-initialized", &payload) };
        store.append(&name, Expected::NoStream, &[at("first", 5)]).expect("appended");
        let described = describe(&store, &name).expect("there");
        let story = load_story(&store, &described, &mut |_| Flow::Continue(())).expect("loaded");
        let plan = |id: &str, now: Timestamp| {
            let by = Authorship { actor: "kim".into(), reason: "r".into(), id: EventId::new(id), now };
            let free = FreeEvent { event_type: "contacted".into(), payload: "{}".into(), compensates: None };
            plan_event(&story, &name, expected, free, &by).expect("planned")
        };
        // Both read their clocks; the later one comes first, by a clock that is ahead.
        let (early, late) = (plan("early", second(3)), plan("late", second(9)));
        let mut other = NativeStore::open_for_writing(&path).expect("opens");
        let _ = append_plan(&late, &mut other);
        let _ = append_plan(&early, &mut store);
        assert_verifies_clean(&store);
        if expected == Expected::Any {
            let times: Vec<_> = read_stream(&store, "lead-1").into_iter().map(|event| event.recorded_at).collect();
            assert_eq!(times, [5, 9, 9].map(|n| Some(second(n))));
            let again = append_plan(&early, &mut store).expect("it is there");
            assert!(again.already_there);
        }
    }
}
