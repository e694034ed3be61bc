//! What is asked of the native store alone: its file, its guards, and what other programs may do to both.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use foldline::event::{EventId, Version};
use foldline::store::native::{APPLICATION_ID, NativeStore, Recorded};
use foldline::store::{
    self, AppendError, Expected, Finding, FindingKind, Flow, Query, Snapshot, Store, StoreError, StreamQuery, Writer,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::workshop::{
    Talking, assert_verifies_clean, child, event, fingerprint, native_store, noted, read, read_stream, say, second,
    stream, verified, wait_to_begin,
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

// Files that are no store

#[test]
fn a_newer_format_is_refused_with_a_sentence() {
    let (_folder, path) = store_at_rest();
    Connection::open(&path).and_then(|tool| tool.pragma_update(None, "user_version", 4)).expect("set");
    let error = refused(&path);
    assert!(matches!(error, StoreError::Newer { found: 4, supported: 3, .. }), "{error}");
    assert!(error.to_string().contains("update Foldline"), "{error}");
}

#[test]
fn what_is_no_store_is_refused_by_its_own_name() {
    let folder = TempDir::new().expect("a folder");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("written");
        path
    };
    assert!(matches!(refused(&folder.path().join("missing.db")), StoreError::Missing(_)));
    assert!(matches!(refused(&file("empty.db", b"")), StoreError::EmptyFile(_)));
    let inner = folder.path().join("a folder");
    fs::create_dir(&inner).expect("made");
    assert!(matches!(refused(&inner), StoreError::IsFolder(_)));
    for (name, content) in
        [("letter", &b"x"[..]), ("long.txt", &b"no database at all, ".repeat(1_000)), ("zeros", &[0; 8192])]
    {
        let error = refused(&file(name, content));
        assert!(matches!(error, StoreError::NotADatabase(_)), "{name}: {error}");
    }
}

#[test]
fn a_foreign_database_is_refused_and_its_tables_are_named() {
    let folder = TempDir::new().expect("a folder");
    for (name, journal) in [("rolled.db", "delete"), ("logged.db", "wal")] {
        let path = folder.path().join(name);
        let other = Connection::open(&path).expect("a database");
        other.pragma_update(None, "journal_mode", journal).expect("set");
        other.execute_batch("CREATE TABLE songs (name TEXT); CREATE TABLE events (id INTEGER)").expect("made");
        drop(other);
        match refused(&path) {
            StoreError::Unrecognised { tables, .. } => assert_eq!(tables, "events, songs"),
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn making_a_store_where_a_file_is_leaves_that_file_alone() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("mine.txt");
    fs::write(&path, "mine").expect("written");
    let error = NativeStore::create(&path).expect_err("there is a file");
    assert!(matches!(error, StoreError::AlreadyThere(_)), "{error}");
    assert_says_so(&error, &path);
    assert_eq!(fs::read(&path).expect("readable"), b"mine");
}

#[test]
fn a_store_that_lacks_a_page_is_refused_or_opened_with_a_notice() {
    let (folder, path) = store_at_rest();
    let whole = fs::read(&path).expect("readable");
    let cut = folder.path().join("cut.db");
    for length in [1, 50, 99, 100, 511, 512, 4_095, 4_096, 4_097, whole.len() / 2, whole.len() - 4_096] {
        fs::write(&cut, &whole[..length]).expect("written");
        let fits = match NativeStore::open(&cut) {
            Err(StoreError::Damaged { .. }) => (100..=4_097).contains(&length),
            Err(StoreError::NotADatabase(_)) => length < 4_096,
            Err(_) => false,
            Ok(store) => {
                let kinds: Vec<FindingKind> = verified(&store).into_iter().map(|finding| finding.kind()).collect();
                assert!(kinds.contains(&FindingKind::Damaged), "cut to {length} bytes: {kinds:?}");
                let notice = store.notice().map_or_else(String::new, |notice| notice.to_string());
                length > 512 && notice.contains("cut.db") && !notice.contains('\n')
            }
        };
        assert!(fits, "cut to {length} bytes");
    }
}

#[test]
fn a_store_cut_inside_its_last_page_is_found_out() {
    let (folder, path) = store_at_rest();
    let mut store = NativeStore::open_for_writing(&path).expect("opens");
    for n in 0..40 {
        let long = event(&format!("long-{n}"), "noted", &format!("\"{}\"", "x".repeat(300 * n)));
        store.append(&stream("long-1"), Expected::Any, &[long]).expect("appended");
    }
    drop(store);
    let whole = fs::read(&path).expect("readable");
    let cut = folder.path().join("cut.db");
    let mut lossy_cuts = 0;
    for missing in [1, 8, 64, 512, 2_048, 4_000] {
        let (kept, lost) = whole.split_at(whole.len() - missing);
        if lost.iter().all(|byte| *byte == 0) {
            // SQLite reads what is missing there as zeros, so nothing was lost.
            continue;
        }
        lossy_cuts += 1;
        fs::write(&cut, kept).expect("written");
        look_at_all_of_it(&cut, whole.len() / 4_096 - 1);
    }
    assert!(lossy_cuts >= 3, "only {lossy_cuts} cuts lost anything");
}

#[test]
fn a_page_of_garbage_is_reported_and_nothing_panics() {
    let (folder, path) = store_at_rest();
    let whole = fs::read(&path).expect("readable");
    let garbage: Vec<u8> = (0..4_096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let broken = folder.path().join("broken.db");
    let pages = whole.len() / 4_096;
    assert!(pages >= 10, "only {pages} pages");
    for page in 0..pages {
        for filling in [&garbage, &vec![0; 4_096], &vec![0xff; 4_096]] {
            let mut content = whole.clone();
            content[page * 4_096..(page + 1) * 4_096].copy_from_slice(filling);
            fs::write(&broken, &content).expect("written");
            let before = fingerprint(folder.path());
            look_at_all_of_it(&broken, page);
            assert_eq!(fingerprint(folder.path()), before, "page {page}");
        }
    }
}

/// Every kind of reading answers, or says that the database is damaged; and verifying does find something.
fn look_at_all_of_it(path: &Path, page: usize) {
    let check = |what: &str, answer: Result<(), StoreError>| {
        if let Err(error) = answer {
            let is_right = matches!(error, StoreError::Damaged { .. } | StoreError::NotADatabase(_));
            assert!(is_right, "page {page}, {what}: {error:?}");
            assert_says_so(&error, path);
        }
    };
    let store = match NativeStore::open(path) {
        Ok(store) => store,
        Err(error) => return check("opening", Err(error)),
    };
    check("info", store.info().map(drop));
    check("streams", store.visit_streams(&StreamQuery::default(), &mut |_| Flow::Continue(())));
    for query in [Query::store(), Query::store().backward(), Query::category("lead"), Query::stream(stream("lead-1"))] {
        check("events", store.visit_events(&query, &mut |_| Flow::Continue(())));
    }
    check("a stream", store.stream(&stream("lead-2")).map(drop));
    check("an id", store.event_by_id(&EventId::new("lead-2#1")).map(drop));
    check("snapshots", store.visit_snapshots(&mut |_, _| Flow::Continue(())));
    let mut findings = 0;
    let went = store.verify(&mut |_| findings += 1, &mut |_| Flow::Continue(()));
    assert!(went.is_ok(), "page {page}: verifying gave up: {went:?}");
    assert!(findings > 0, "page {page}: verifying found nothing");
}

// Looking leaves no trace

/// Looks at everything that a reader can ask for, and answers the events.
pub(crate) fn look(store: &dyn Store) -> Vec<String> {
    store.info().expect("readable");
    store.visit_streams(&StreamQuery::default(), &mut |_| Flow::Continue(())).expect("readable");
    store.visit_snapshots(&mut |_, _| Flow::Continue(())).expect("readable");
    assert_verifies_clean(store);
    read(store, &Query::store()).into_iter().map(|event| event.id.to_string()).collect()
}

/// Opens a store to look, and answers its events; the folder must be as it was while and after it is open.
pub(crate) fn look_without_trace(path: &Path) -> Vec<String> {
    let folder = path.parent().expect("a folder");
    let before = fingerprint(folder);
    let store = NativeStore::open(path).expect("it can be looked at");
    let seen = look(&store);
    assert_eq!(fingerprint(folder), before, "the folder has changed while the store was open");
    drop(store);
    assert_eq!(fingerprint(folder), before, "the folder has changed after the store was closed");
    seen
}

const HOLDS: &str = "FOLDLINE_TEST_HOLDS";

/// As a process of its own: appends to a store each time it is asked to, and keeps it open until its input ends.
#[test]
fn child_that_holds_a_store_open() {
    let Some(path) = std::env::var_os(HOLDS) else { return };
    let mut store = NativeStore::open_for_writing(Path::new(&path)).expect("opens for writing");
    for number in 0.. {
        let id = format!("held-{}-{number}", std::process::id());
        store.append(&stream("held-1"), Expected::Any, &[noted(&id)]).expect("appended");
        say(&id);
        if !wait_to_begin() {
            break;
        }
    }
}

/// A process that has the store open for writing, and the event that it has just committed.
pub(crate) fn holder(path: &Path) -> (Talking, String) {
    let mut holder = Talking::spawn(child("native_store::child_that_holds_a_store_open", HOLDS, path));
    let id = holder.next_word().expect("the holder has appended");
    (holder, id)
}

pub(crate) fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A store whose writer was killed, with the event that it had committed but not yet moved into the main file.
pub(crate) fn store_of_a_killed_writer() -> (TempDir, PathBuf, String) {
    let (folder, path) = store_at_rest();
    let (holder, id) = holder(&path);
    holder.kill();
    let log = fs::metadata(side_file(&path, "-wal")).expect("the killed writer leaves its log");
    assert!(log.len() > 0, "the log holds the event");
    assert!(!fs::read(&path).expect("readable").windows(5).any(|part| part == b"held-"), "not in the main file yet");
    (folder, path, id)
}

#[test]
fn looking_at_a_store_at_rest_leaves_its_folder_byte_for_byte() {
    let (_folder, path) = store_at_rest();
    assert_eq!(look_without_trace(&path).len(), 9);
}

#[test]
fn looking_while_another_program_writes_leaves_its_files_and_sees_what_is_committed() {
    let (_folder, path) = store_at_rest();
    let (mut holder, first) = holder(&path);
    let before = stored_files(&path);
    let store = NativeStore::open(&path).expect("it can be looked at");
    assert_eq!((look(&store).len(), look(&store).last()), (10, Some(&first)));
    assert_eq!(stored_files(&path), before, "the folder has changed while the store was open");
    drop(store);
    assert_eq!(stored_files(&path), before, "the folder has changed after the store was closed");
    // One that stays open sees what is committed later.
    let store = NativeStore::open(&path).expect("it can be looked at");
    assert_eq!(look(&store).len(), 10);
    holder.begin();
    let second = holder.next_word().expect("the holder has appended again");
    assert_eq!(look(&store).last(), Some(&second));
    drop(store);
    holder.finish();
    assert_eq!(look_without_trace(&path).len(), 11);
    assert_eq!(stored_files(&path).len(), 1, "a side file was left behind");
}

/// The folder's files and their hashes, except for what is in the `-shm` file: that is memory which the programs
/// that have a store open share, and each notes there how far it reads. It goes with the last of them.
pub(crate) fn stored_files(path: &Path) -> std::collections::BTreeMap<String, String> {
    let mut files = fingerprint(path.parent().expect("a folder"));
    if let Some(shared) = files.get_mut(&side_file(path, "-shm").display().to_string()) {
        "shared memory".clone_into(shared);
    }
    files
}

#[test]
fn a_reader_that_outlives_the_writer_costs_no_event_and_no_later_append() {
    let (_folder, path) = store_at_rest();
    let (holder, id) = holder(&path);
    let store = NativeStore::open(&path).expect("it can be looked at");
    assert_eq!(look(&store).last(), Some(&id));
    holder.finish();
    assert_eq!(look(&store).last(), Some(&id));
    let log = fs::read(side_file(&path, "-wal")).expect("the log that the other program leaves to this one");
    drop(store);
    // SQLite's last connection takes the log up, but for one that may only read. It stays, as it was.
    let beside: Vec<PathBuf> = stored_files(&path).into_keys().map(PathBuf::from).collect();
    assert_eq!(beside, [path.clone(), side_file(&path, "-shm"), side_file(&path, "-wal")]);
    assert_eq!(fs::read(side_file(&path, "-wal")).expect("readable"), log);
    assert_eq!(look_without_trace(&path).last(), Some(&id));
    let mut store = NativeStore::open_for_writing(&path).expect("opens");
    store.append(&stream("held-1"), Expected::Exact(Version(0)), &[noted("next")]).expect("appended");
    drop(store);
    assert_eq!(look_without_trace(&path).last().map(String::as_str), Some("next"));
    assert_eq!(stored_files(&path).len(), 1, "a side file was left behind");
}

#[test]
fn the_log_of_a_killed_writer_is_read_and_left_as_it_is() {
    let (_folder, path, id) = store_of_a_killed_writer();
    assert_eq!(look_without_trace(&path).last(), Some(&id));
    // As after a restart of the machine, or after the files were copied.
    fs::remove_file(side_file(&path, "-shm")).expect("removed");
    assert_eq!(look_without_trace(&path).last(), Some(&id));
    // A commit that was cut off has not happened; the one before it has.
    let log = side_file(&path, "-wal");
    let mut content = fs::read(&log).expect("readable");
    let half_a_frame = content[32..2_000].to_vec();
    content.extend(half_a_frame);
    fs::write(&log, content).expect("written");
    assert_eq!(look_without_trace(&path).last(), Some(&id));
}

#[test]
fn opening_for_writing_takes_up_the_log_of_a_killed_writer() {
    let (_folder, path, id) = store_of_a_killed_writer();
    let mut store = NativeStore::open_for_writing(&path).expect("opens");
    assert_eq!(look(&store).last(), Some(&id));
    store.append(&stream("held-1"), Expected::Exact(Version(0)), &[noted("next")]).expect("appending goes on");
    drop(store);
    assert!(!side_file(&path, "-wal").exists(), "the log was not taken up");
    assert_eq!(look_without_trace(&path).last().map(String::as_str), Some("next"));
}

#[test]
fn a_reader_of_a_store_at_rest_says_when_somebody_wrote_meanwhile() {
    let (_folder, path) = store_at_rest();
    let store = NativeStore::open(&path).expect("opens");
    look(&store);
    let (holder, _) = holder(&path);
    holder.finish();
    let error = store.visit_events(&Query::store(), &mut |_| Flow::Continue(())).expect_err("it has changed");
    assert!(matches!(error, StoreError::Changed(_)), "{error}");
    assert_says_so(&error, &path);
    assert_eq!(look_without_trace(&path).len(), 10);
}

#[test]
fn a_store_opened_to_look_refuses_every_write() {
    let (_folder, path) = store_at_rest();
    let before = fingerprint(path.parent().expect("a folder"));
    let mut store = NativeStore::open(&path).expect("opens");
    assert!(!store.is_open_for_writing());
    let refusal = store.append(&stream("lead-1"), Expected::Any, &[noted("x")]).expect_err("it only looks");
    assert!(matches!(refusal, AppendError::Store(StoreError::ReadOnly(_))), "{refusal}");
    assert!(matches!(store.bulk().map(drop), Err(StoreError::ReadOnly(_))));
    let snapshot = Snapshot {
        projection: "state".to_owned(),
        revision: 1,
        version: Version(0),
        event_id: EventId::new("lead-1#0"),
        state: "{}".to_owned(),
    };
    let refusal = store.keep_snapshot(&stream("lead-1"), &snapshot).expect_err("it only looks");
    assert!(matches!(refusal, StoreError::ReadOnly(_)), "{refusal}");
    drop(store);
    assert_eq!(fingerprint(path.parent().expect("a folder")), before);
}

// Folders that cannot be written to, and disks that are full

/// Runs one test of this program where it may mount file systems of its own. `mounting` is a line of shell that
/// finds the folder in `$FOLDER`.
fn with_own_mounts(mounting: &str, folder: &Path, test: &str, variable: &str, value: &Path) -> Output {
    let program = child(test, variable, value);
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &format!("{mounting} && exec \"$@\""), "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .env(variable, value)
        .env("FOLDER", folder)
        .output()
        .expect("this test needs the program `unshare` (util-linux)");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("running 1 test"),
        "this test needs `unshare --map-root-user --mount` and `mount` inside it, which a kernel without user \
         namespaces or a container may forbid: {errors}"
    );
    assert!(output.status.success(), "{said}\n{errors}");
    output
}

const LOOKS: &str = "FOLDLINE_TEST_LOOKS";

#[test]
fn child_that_looks_in_a_folder_it_cannot_write_to() {
    let Some(path) = std::env::var_os(LOOKS) else { return };
    let path = Path::new(&path);
    let trace = path.with_file_name("trace");
    fs::File::create(&trace).expect_err("this folder should not be writable");
    for id in look_without_trace(path) {
        say(&id);
    }
    let refusal = NativeStore::create(&trace).expect_err("nothing can be made here");
    assert!(matches!(refusal, StoreError::ReadOnly(_)), "{refusal}");
    let refusal = NativeStore::open_for_writing(path)
        .map_err(AppendError::from)
        .and_then(|mut store| store.append(&stream("lead-1"), Expected::Any, &[noted("x")]))
        .expect_err("nothing can be written here");
    assert!(matches!(refusal, AppendError::Store(StoreError::ReadOnly(_))), "{refusal}");
    assert!(refusal.to_string().contains(&path.display().to_string()), "{refusal}");
}

/// The events that a look in a folder mounted read-only shows; nothing in it may change.
fn look_at_read_only_folder(path: &Path) -> Vec<String> {
    let folder = path.parent().expect("a folder");
    let before = fingerprint(folder);
    let output = with_own_mounts(
        "mount --bind \"$FOLDER\" \"$FOLDER\" && mount -o remount,bind,ro \"$FOLDER\"",
        folder,
        "native_store::child_that_looks_in_a_folder_it_cannot_write_to",
        LOOKS,
        path,
    );
    assert_eq!(fingerprint(folder), before);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines().filter_map(|line| Some(line.split_once("said: ")?.1.trim_end_matches('.').to_owned())).collect()
}

#[test]
fn a_store_at_rest_in_a_read_only_folder_is_read() {
    let (_folder, path) = store_at_rest();
    assert_eq!(look_at_read_only_folder(&path).len(), 9);
}

#[test]
fn the_log_of_a_killed_writer_in_a_read_only_folder_is_read() {
    let (_folder, path, id) = store_of_a_killed_writer();
    assert_eq!(look_at_read_only_folder(&path).last(), Some(&id));
}

#[test]
fn a_store_in_use_elsewhere_is_read_through_a_read_only_folder() {
    let (_folder, path) = store_at_rest();
    let (holder, id) = holder(&path);
    assert_eq!(look_at_read_only_folder(&path).last(), Some(&id));
    holder.finish();
}

const FILLS: &str = "FOLDLINE_TEST_FILLS";

#[test]
fn child_that_fills_a_disk() {
    let Some(folder) = std::env::var_os(FILLS) else { return };
    let folder = Path::new(&folder);
    for (name, batch_size) in [("single.db", 1), ("batches.db", 7)] {
        fill_a_disk(folder, &folder.join(name), batch_size);
        say(name);
    }
}

/// Appends until the disk is full, looks at what there is, makes room and goes on.
fn fill_a_disk(folder: &Path, path: &Path, batch_size: usize) {
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![0; 300_000]).expect("there is room yet");
    let mut store = NativeStore::create(path).expect("there is room yet");
    let batch = |number: usize| -> Vec<_> {
        (0..batch_size)
            .map(|n| event(&format!("{number}/{n}"), "noted", &format!("\"{}\"", "가".repeat(300 + 40 * number))))
            .collect()
    };
    let all = |batches: usize| (0..batches).flat_map(&batch).map(|event| event.id.to_string()).collect::<Vec<_>>();
    let mut acknowledged = 0;
    let error = loop {
        match store.append(&stream("lead-1"), Expected::Any, &batch(acknowledged)) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 10_000, "this disk is never full");
    };
    assert!(matches!(error, AppendError::Store(StoreError::Full(_))), "{error:?}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert!(acknowledged > 3, "full after {acknowledged}");
    // It stays so, and what was acknowledged stays with it: seen from here, by another, and after closing.
    let again = store.append(&stream("lead-2"), Expected::Any, &batch(acknowledged)).expect_err("still full");
    assert!(matches!(again, AppendError::Store(StoreError::Full(_))), "{again:?}");
    assert_eq!(look(&store), all(acknowledged));
    assert_eq!(look(&NativeStore::open(path).expect("it can be looked at")), all(acknowledged));
    drop(store);
    assert_eq!(look_without_trace(path), all(acknowledged));
    // Room is made: the same append goes in.
    fs::remove_file(&ballast).expect("removed");
    let mut store = NativeStore::open_for_writing(path).expect("opens");
    let expected = Expected::Exact(Version((acknowledged * batch_size - 1) as u64));
    let answer = store.append(&stream("lead-1"), expected, &batch(acknowledged)).expect("there is room again");
    assert!(!answer.already_there);
    assert_eq!(look(&store), all(acknowledged + 1));
    drop(store);
    fs::remove_file(path).expect("removed");
}

const FULL: &str = "FOLDLINE_TEST_FULL";

#[test]
fn child_that_finds_a_full_disk() {
    let Some(folder) = std::env::var_os(FULL) else { return };
    let folder = Path::new(&folder);
    let filled = fs::write(folder.join("ballast"), vec![0; 2_000_000]).expect_err("larger than the disk");
    assert_eq!(filled.kind(), std::io::ErrorKind::StorageFull);
    let path = folder.join("new.db");
    for _ in 0..2 {
        let error = NativeStore::create(&path).expect_err("there is no room");
        assert!(matches!(error, StoreError::Full(_)), "{error:?}");
        assert_says_so(&error, &path);
    }
    assert!(!path.exists(), "a store that could not be made leaves no file");
}

const SMALL_DISK: &str = "mount -t tmpfs -o size=1m tmpfs \"$FOLDER\"";

#[test]
fn a_full_disk_is_said_and_every_acknowledged_event_is_still_there() {
    let folder = TempDir::new().expect("a folder");
    let test = "native_store::child_that_fills_a_disk";
    let output = with_own_mounts(SMALL_DISK, folder.path(), test, FILLS, folder.path());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("said: single.db.") && said.contains("said: batches.db."), "{said}");
}

#[test]
fn making_a_store_on_a_full_disk_says_so_and_leaves_no_file() {
    let folder = TempDir::new().expect("a folder");
    with_own_mounts(SMALL_DISK, folder.path(), "native_store::child_that_finds_a_full_disk", FULL, folder.path());
}

// Names of files

/// Makes, closes, reads and extends a store of this name, and sees that the file of that name is the one.
fn live_at(path: &Path) {
    let mut store = NativeStore::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    store.append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).expect("appended");
    drop(store);
    assert!(fs::metadata(path).expect("the file is there").len() > 4_096, "{}: it is elsewhere", path.display());
    let mut store = NativeStore::open_for_writing(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    store.append(&stream("lead-1"), Expected::Exact(Version(0)), &[noted("b")]).expect("appended");
    // In use by this process, then at rest.
    assert_eq!(look(&NativeStore::open(path).expect("it can be looked at")), ["a", "b"]);
    drop(store);
    assert_eq!(look(&NativeStore::open(path).expect("it can be looked at")), ["a", "b"], "{}", path.display());
    assert!(!side_file(path, "-wal").exists(), "{}", path.display());
}

#[test]
fn files_may_have_any_name() {
    let folder = TempDir::new().expect("a folder");
    let names = [
        "a#b.db",
        "100%.db",
        "%23%3f.db",
        "what?.db",
        "a?mode=rwc&cache=shared.db",
        "with  spaces .db",
        "이벤트 저장소.db",
        "👩‍👩‍👧.db",
        "a&b=c;d'e\"f\\g.db",
        "no ending",
        ".hidden",
        ":memory:",
        "file:x.db",
    ];
    for name in names {
        live_at(&folder.path().join(name));
        let inner = folder.path().join(format!("folder {name}"));
        fs::create_dir(&inner).expect("made");
        live_at(&inner.join(name));
    }
    let made = fs::read_dir(folder.path()).expect("readable").count();
    assert_eq!(made, names.len() * 2, "some file went elsewhere or left something behind");
}

#[cfg(unix)]
#[test]
fn a_file_name_that_is_no_text_is_a_name_too() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = TempDir::new().expect("a folder");
    live_at(&folder.path().join(OsStr::from_bytes(b"\xb0\xa1 euc-kr.db")));
}

#[cfg(unix)]
#[test]
fn a_path_may_begin_with_two_slashes() {
    let folder = TempDir::new().expect("a folder");
    let path = PathBuf::from(format!("/{}", folder.path().join("events.db").display()));
    assert!(path.as_os_str().to_string_lossy().starts_with("//"));
    live_at(&path);
}

const RELATIVE: &str = "FOLDLINE_TEST_RELATIVE";

#[test]
fn child_that_uses_names_without_a_folder() {
    if std::env::var_os(RELATIVE).is_none() {
        return;
    }
    for name in ["plain.db", "-dash.db", ":memory:", "file:x.db", "file::memory:", "a b#c?.db", "./dot.db"] {
        live_at(Path::new(name));
        say(name);
    }
}

#[test]
fn a_name_without_a_folder_is_a_file_whatever_it_looks_like() {
    let folder = TempDir::new().expect("a folder");
    let mut command = child("native_store::child_that_uses_names_without_a_folder", RELATIVE, Path::new("yes"));
    command.current_dir(folder.path());
    assert_eq!(Talking::spawn(command).finish().len(), 7);
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 7);
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
