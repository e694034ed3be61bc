//! Looking leaves no trace.

use std::fs;
use std::path::{Path, PathBuf};

use foldline::event::{EventId, Version};
use foldline::store::native::NativeStore;
use foldline::store::{AppendError, Expected, Flow, Query, Snapshot, Store, StoreError, StreamQuery, Writer};
use tempfile::TempDir;

use super::{assert_says_so, store_at_rest};
use crate::workshop::{Talking, assert_verifies_clean, child, fingerprint, noted, read, say, stream, wait_to_begin};

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
    let mut holder = Talking::spawn(child("native_store::looking::child_that_holds_a_store_open", HOLDS, path));
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
