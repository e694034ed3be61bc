//! Opening a SQLite file to look: behind links, beside what a killed writer left, and without leaving anything.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use foldline::event::Version;
use foldline::store::native::NativeStore;
use foldline::store::{self, AppendError, Expected, Query, Store, StoreError, Writer};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::foreign::tables::{self, file_of};
use crate::native_store::looking::{
    holder, look, look_without_trace, side_file, store_of_a_killed_writer, stored_files,
};
use crate::native_store::store_at_rest;
use crate::workshop::{child, fingerprint, noted, read, say, stream};

fn ids(store: &dyn Store) -> Vec<String> {
    read(store, &Query::store()).into_iter().map(|event| event.id.to_string()).collect()
}

/// What a look must leave as it was besides the files' content.
fn times(folder: &Path) -> Vec<(PathBuf, SystemTime, u32)> {
    let mut times: Vec<_> = fs::read_dir(folder)
        .expect("readable")
        .map(|entry| {
            let entry = entry.expect("readable");
            let file = entry.metadata().expect("there");
            (entry.path(), file.modified().expect("has a time"), file.mode())
        })
        .collect();
    times.sort();
    times
}

// Links

/// Links to a store, in a folder of their own: one to the file, one relative and to the first.
fn links_to(path: &Path) -> (TempDir, [PathBuf; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let links = ["link.db", "link to the link.db"].map(|name| folder.path().join(name));
    symlink(path, &links[0]).expect("linked");
    symlink("link.db", &links[1]).expect("linked");
    (folder, links)
}

#[test]
fn the_log_beside_the_file_that_a_link_points_to_is_read() {
    let (folder, path, id) = store_of_a_killed_writer();
    let (elsewhere, links) = links_to(&path);
    for link in &links {
        let before = (fingerprint(folder.path()), times(folder.path()), times(elsewhere.path()));
        assert_eq!(ids(&NativeStore::open(link).expect("opens")).last(), Some(&id));
        assert_eq!(ids(&*store::open(&link.clone().into()).expect("opens")).last(), Some(&id));
        assert_eq!((fingerprint(folder.path()), times(folder.path()), times(elsewhere.path())), before);
    }
}

#[test]
fn a_store_in_use_is_joined_through_a_link_and_written_through_one() {
    let (folder, path) = store_at_rest();
    let (elsewhere, links) = links_to(&path);
    let (mut holder, first) = holder(&path);
    for link in &links {
        assert_eq!(ids(&NativeStore::open(link).expect("opens")).last(), Some(&first));
    }
    let joined = NativeStore::open(&links[0]).expect("opens");
    holder.begin();
    let second = holder.next_word().expect("the holder has appended again");
    assert_eq!(ids(&joined).last(), Some(&second));
    drop(joined);
    let mut writer = NativeStore::open_for_writing(&links[1]).expect("opens");
    writer.append(&stream("held-1"), Expected::Exact(Version(1)), &[noted("by a link")]).expect("appended");
    drop(writer);
    holder.finish();
    assert_eq!(look_without_trace(&path).last().map(String::as_str), Some("by a link"));
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "a side file was left behind");
    assert_eq!(fs::read_dir(elsewhere.path()).expect("readable").count(), 2, "something stands beside the links");
}

#[test]
fn a_hot_journal_is_seen_through_a_link() {
    let (folder, path) = with_hot_journal();
    let (_elsewhere, links) = links_to(&path);
    for link in &links {
        let before = (fingerprint(folder.path()), times(folder.path()));
        let events = read(&*store::open(&link.clone().into()).expect("opens"), &Query::store());
        let undone = events.iter().filter(|event| event.event_type.as_str() != "Never").count();
        assert_eq!((events.len(), undone), (COMMITTED, COMMITTED));
        assert_eq!((fingerprint(folder.path()), times(folder.path())), before);
    }
}

#[test]
fn a_link_that_was_turned_to_another_store_has_changed() {
    let (_first, path) = store_at_rest();
    let (_second, other) = store_at_rest();
    let (elsewhere, [link, _]) = links_to(&path);
    let store = NativeStore::open(&link).expect("opens");
    look(&store);
    symlink(&other, elsewhere.path().join("new")).expect("linked");
    fs::rename(elsewhere.path().join("new"), &link).expect("turned");
    let error = store.info().expect_err("it is another store");
    assert!(matches!(error, StoreError::Changed(_)), "{error}");
}

#[test]
fn a_store_that_was_replaced_by_one_of_the_same_length_and_time_has_changed() {
    let (folder, path) = store_at_rest();
    let (_other_folder, other) = store_at_rest();
    let time = fs::metadata(&path).expect("there").modified().expect("a time");
    let copy = folder.path().join("copy");
    fs::copy(&other, &copy).expect("copied");
    fs::File::options().append(true).open(&copy).expect("opens").set_modified(time).expect("set");
    let store = NativeStore::open(&path).expect("opens");
    fs::rename(&copy, &path).expect("replaced");
    assert!(matches!(store.info(), Err(StoreError::Changed(_))));
}

// Logs

const NO_ROOM: &str = "FOLDLINE_TEST_NO_ROOM";

#[test]
fn child_that_has_no_temporary_folder() {
    let Some(path) = std::env::var_os(NO_ROOM) else { return };
    let path = Path::new(&path);
    let folder = path.parent().expect("a folder");
    let before = times(folder);
    for _ in 0..3 {
        say(look_without_trace(path).last().expect("there are events"));
    }
    assert_eq!(times(folder), before);
}

#[test]
fn a_log_left_over_is_read_without_a_copy() {
    let (_folder, path, id) = store_of_a_killed_writer();
    for has_index in [true, false] {
        if !has_index {
            fs::remove_file(side_file(&path, "-shm")).expect("removed");
        }
        let mut command = child("opening::child_that_has_no_temporary_folder", NO_ROOM, &path);
        command.env("TMPDIR", "/nonexistent");
        assert_eq!(crate::workshop::Talking::spawn(command).finish(), vec![id.clone(); 3]);
    }
}

/// What SQLite itself makes of the files, on a copy that it may recover.
fn recovered(path: &Path) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    for suffix in ["", "-wal"] {
        fs::copy(side_file(path, suffix), side_file(&copy, suffix)).expect("copied");
    }
    let connection = Connection::open(&copy).expect("opens");
    let mut list = connection.prepare("SELECT id FROM events ORDER BY position").expect("prepared");
    list.query_map([], |row| row.get(0)).expect("read").collect::<Result<_, _>>().expect("read")
}

#[test]
fn any_damaged_log_reads_as_sqlite_recovers_it() {
    let (_folder, path) = store_at_rest();
    let (mut writer, _) = holder(&path);
    for _ in 0..20 {
        writer.begin();
        writer.next_word().expect("appended");
    }
    writer.kill();
    let log = side_file(&path, "-wal");
    let whole = fs::read(&log).expect("readable");
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut lengths = std::collections::BTreeSet::new();
    for case in 0..60 {
        let mut content = whole.clone();
        let at = random.next_u32() as usize % content.len();
        match case % 3 {
            0 => content.truncate(at),
            1 => content[at] ^= 0x55,
            _ => content.rotate_left(at),
        }
        if content.is_empty() {
            continue;
        }
        fs::write(&log, &content).expect("written");
        let seen = ids(&NativeStore::open(&path).expect("opens"));
        assert_eq!(seen, recovered(&path), "case {case} at {at}");
        assert_eq!(fs::read(&log).expect("there"), content, "the log was changed");
        lengths.insert(seen.len());
    }
    assert!(lengths.len() > 5, "hardly any log was read in part: {lengths:?}");
}

#[test]
fn a_writer_that_comes_while_a_log_is_looked_at_is_noticed_and_loses_nothing() {
    let (_folder, path, id) = store_of_a_killed_writer();
    let store = NativeStore::open(&path).expect("opens");
    assert_eq!(ids(&store).last(), Some(&id));
    let (holder, second) = holder(&path);
    let error = store.info().expect_err("somebody wrote");
    assert!(matches!(error, StoreError::Changed(_)), "{error}");
    let mut writer = NativeStore::open_for_writing(&path).expect("opens");
    let held = locks_on(&path);
    // This process now has locks on the file, which the end of the first look must not take.
    drop(store);
    assert!(held > 0 && locks_on(&path) == held);
    holder.finish();
    assert!(side_file(&path, "-wal").exists(), "the other program took the log away from this one");
    writer.append(&stream("held-1"), Expected::Any, &[noted("third")]).expect("appended");
    drop(writer);
    let events = look_without_trace(&path);
    assert_eq!(events[events.len() - 3..], [id, second, "third".to_owned()]);
    assert_eq!(stored_files(&path).len(), 1, "a side file was left behind");
}

/// How many locks this process has on a file.
fn locks_on(path: &Path) -> usize {
    let inode = fs::metadata(path).expect("there").ino().to_string();
    let me = std::process::id().to_string();
    let locks = fs::read_to_string("/proc/locks").expect("Linux lists locks");
    let mine = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(4) == Some(&me.as_str()) && words.get(5).is_some_and(|place| place.rsplit(':').next() == Some(&inode))
    };
    locks.lines().filter(mine).count()
}

#[test]
fn telling_what_a_file_is_takes_no_lock_from_a_writer_of_this_process() {
    let (_folder, path) = store_at_rest();
    let mut writer = NativeStore::open_for_writing(&path).expect("opens");
    writer.append(&stream("held-1"), Expected::NoStream, &[noted("a")]).expect("appended");
    let held = locks_on(&path);
    assert!(held > 0, "whoever has a log open holds a lock on the file");
    drop(store::open(&path.clone().into()).expect("opens"));
    assert_eq!(locks_on(&path), held);
    // Another program that comes and goes would take the log with it if it believed to be the last.
    let (other, _) = holder(&path);
    other.finish();
    assert!(side_file(&path, "-wal").exists(), "the other program took the log away from this one");
    writer.append(&stream("held-1"), Expected::Any, &[noted("b")]).expect("appended");
    drop(writer);
    assert_eq!(look_without_trace(&path).last().map(String::as_str), Some("b"));
}

// Copies

/// How many events [`with_hot_journal`] holds.
const COMMITTED: usize = 603;

/// A file in the middle of a transaction whose program is no more: every event was to be called `Never`.
fn with_hot_journal() -> (TempDir, PathBuf) {
    let (home, path) = file_of(tables::EMMETT);
    let writer = Connection::open(&path).expect("opens");
    writer.execute_batch("BEGIN").expect("begun");
    for n in 0..600 {
        let insert = "INSERT INTO emt_messages SELECT 'x-' || ?1, 1, 'p', 'E', '{}', '{}', '0', 'Noted', 'id-' || ?1, 0, NULL, NULL";
        writer.execute(insert, [n]).expect("inserted");
    }
    writer.execute_batch("COMMIT; PRAGMA cache_size = 1; BEGIN").expect("begun");
    writer.execute_batch("UPDATE emt_messages SET message_type = 'Never'").expect("updated");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("app.db");
    for suffix in ["", "-journal"] {
        fs::copy(side_file(&path, suffix), side_file(&copy, suffix)).expect("copied");
    }
    drop(home);
    (folder, copy)
}

const COPIES: &str = "FOLDLINE_TEST_COPIES";

#[test]
fn child_that_reads_over_a_hot_journal() {
    let Some(path) = std::env::var_os(COPIES) else { return };
    let reader = store::open(&PathBuf::from(path).into()).expect("opens");
    for _ in 0..2 {
        say(&ids(&*reader).len().to_string());
        let left = fs::read_dir(std::env::temp_dir()).expect("readable").count();
        assert_eq!(left, 0, "while it is read, something stands in the temporary folder");
    }
}

#[test]
fn a_recovered_copy_has_no_name_while_it_is_read() {
    let (folder, path) = with_hot_journal();
    let temporary = tempfile::tempdir().expect("a folder");
    let before = (fingerprint(folder.path()), times(folder.path()));
    let mut command = child("opening::child_that_reads_over_a_hot_journal", COPIES, &path);
    command.env("TMPDIR", temporary.path());
    assert_eq!(crate::workshop::Talking::spawn(command).finish(), [COMMITTED.to_string(), COMMITTED.to_string()]);
    assert_eq!((fingerprint(folder.path()), times(folder.path())), before);
}

#[test]
fn a_journal_that_is_kept_for_the_next_transaction_needs_no_copy() {
    let (_folder, path) = file_of(tables::EMMETT);
    fs::write(side_file(&path, "-journal"), [0; 4_616]).expect("written");
    let mut command = child("opening::child_that_opens_a_foreign_file", FOREIGN, &path);
    command.env("TMPDIR", "/nonexistent");
    assert_eq!(crate::workshop::Talking::spawn(command).finish(), ["3"]);
}

const FOREIGN: &str = "FOLDLINE_TEST_FOREIGN";

#[test]
fn child_that_opens_a_foreign_file() {
    let Some(path) = std::env::var_os(FOREIGN) else { return };
    say(&ids(&*store::open(&PathBuf::from(path).into()).expect("opens")).len().to_string());
}

#[test]
fn a_transaction_under_way_elsewhere_is_not_taken_for_a_killed_one() {
    let (_folder, path) = file_of(tables::EMMETT);
    let writer = Connection::open(&path).expect("opens");
    writer.execute_batch("BEGIN IMMEDIATE; UPDATE emt_messages SET message_type = 'Never'").expect("begun");
    assert!(side_file(&path, "-journal").exists());
    let mut command = child("opening::child_that_opens_a_foreign_file", FOREIGN, &path);
    command.env("TMPDIR", "/nonexistent");
    assert_eq!(crate::workshop::Talking::spawn(command).finish(), ["3"]);
    writer.execute_batch("COMMIT").expect("nobody is in its way");
}

/// Locks one of the bytes that SQLite locks to read, until its input ends.
const LOCKS: &str = "import fcntl, sys
file = open(sys.argv[1], 'rb')
fcntl.lockf(file, fcntl.LOCK_SH, 1, 0x40000002)
sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()";

#[test]
fn a_file_with_a_log_that_is_locked_by_itself_is_read_without_making_its_side_files() {
    let (folder, path) = wal_of(tables::EMMETT);
    let mut command = Command::new("python3");
    command.args(["-c", LOCKS]).arg(&path).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut holder = command.spawn().expect("python3 runs");
    let mut said = [0];
    std::io::Read::read_exact(holder.stdout.as_mut().expect("piped"), &mut said).expect("locked");
    let before = (fingerprint(folder.path()), times(folder.path()));
    let reader = store::open(&path.clone().into()).expect("opens");
    assert_eq!(ids(&*reader).len(), 3);
    assert_eq!((fingerprint(folder.path()), times(folder.path())), before);
    drop(reader);
    assert_eq!((fingerprint(folder.path()), times(folder.path())), before);
    drop(holder.stdin.take());
    holder.wait().expect("ended");
}

const READS_AT_REST: &str = "FOLDLINE_TEST_READS_AT_REST";

/// Opens the file while nobody writes, then reads it over and over until its input ends; one scan stays half read.
#[test]
fn child_that_reads_what_it_opened_at_rest() {
    let Some(path) = std::env::var_os(READS_AT_REST) else { return };
    let store = store::open(&PathBuf::from(path).into()).expect("opens");
    let mut half_read = store.scan(&Query::store()).expect("begun");
    half_read.next_batch(&mut foldline::event::EventBatch::default()).expect("read");
    say("reading");
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crate::workshop::wait_to_begin();
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
            // That somebody wrote is the right answer; it is not what this is about.
            let _ = store.info();
        }
    });
    drop(half_read);
}

/// A writer that has no patience for readers, as many have none.
#[test]
fn reading_at_rest_never_makes_the_commit_of_another_program_fail() {
    let (_folder, path) = file_of(tables::EMMETT);
    let mut reader = crate::workshop::Talking::spawn(child(
        "opening::child_that_reads_what_it_opened_at_rest",
        READS_AT_REST,
        &path,
    ));
    reader.wait_for("reading");
    let writer = Connection::open(&path).expect("opens");
    writer.busy_timeout(std::time::Duration::ZERO).expect("set");
    for n in 0..300 {
        let insert = "INSERT INTO emt_messages SELECT 'x-' || ?1, 1, 'p', 'E', '{}', '{}', '0', 'Noted', 'id-' || ?1, 0, NULL, NULL";
        writer.execute(insert, [n]).expect("nobody is in its way");
    }
    assert_eq!(reader.finish(), [""; 0]);
}

// Rights

const MAY_NOT: &str = "FOLDLINE_TEST_MAY_NOT";

#[test]
fn child_that_may_not_write_the_file() {
    let Some(path) = std::env::var_os(MAY_NOT) else { return };
    let path = Path::new(&path);
    fs::File::options().append(true).open(path).expect_err("this user should not be able to write it");
    let source = path.to_owned().into();
    let refused = store::open_for_writing(&source)
        .map_err(AppendError::from)
        .and_then(|mut store| store.append(&stream("lead-1"), Expected::Any, &[noted("x")]));
    let error = refused.expect_err("it may not be written").to_string();
    assert!(error.contains(&path.display().to_string()) && error.contains("permissions"), "{error}");
    say("refused");
}

/// Runs a child as a user who may read what is read-only, and not write it: root may do everything otherwise.
fn without_privileges(command: Command) -> Command {
    if fs::metadata("/proc/self").expect("a process").uid() != 0 {
        return command;
    }
    let mut bounded = Command::new("setpriv");
    bounded.args(["--bounding-set", "-dac_override,-dac_read_search"]);
    bounded.arg(command.get_program()).args(command.get_args());
    bounded.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    bounded
}

#[test]
fn an_append_by_a_user_who_may_not_write_the_file_leaves_nothing_beside_it() {
    for (folder, path) in [store_at_rest(), file_of(tables::EMMETT), wal_of(tables::EMMETT)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).expect("set");
        let before = (fingerprint(folder.path()), times(folder.path()));
        let command = child("opening::child_that_may_not_write_the_file", MAY_NOT, &path);
        assert_eq!(crate::workshop::Talking::spawn(without_privileges(command)).finish(), ["refused"]);
        assert_eq!((fingerprint(folder.path()), times(folder.path())), before);
    }
}

fn wal_of(statements: &str) -> (TempDir, PathBuf) {
    let (folder, path) = file_of(statements);
    Connection::open(&path).expect("opens").pragma_update(None, "journal_mode", "wal").expect("set");
    (folder, path)
}

#[test]
fn a_file_of_events_that_its_writer_has_locked_is_still_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.jsonl");
    fs::write(&path, r#"{"stream":"lead-1","version":0,"type":"noted","payload":{}}"#).expect("written");
    let writer = fs::File::options().append(true).open(&path).expect("opens");
    writer.lock().expect("locked");
    let reader = store::open(&path.into()).expect("opens");
    assert_eq!(ids(&*reader).len(), 1);
}
