//! Folders that cannot be written to, and disks that are full.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use foldline::event::Version;
use foldline::store::native::NativeStore;
use foldline::store::{AppendError, Expected, StoreError, Writer};
use tempfile::TempDir;

use super::looking::{holder, look, look_without_trace, store_of_a_killed_writer};
use super::{assert_says_so, store_at_rest};
use crate::workshop::{child, event, fingerprint, noted, say, stream};

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
        "native_store::disks::child_that_looks_in_a_folder_it_cannot_write_to",
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
    let test = "native_store::disks::child_that_fills_a_disk";
    let output = with_own_mounts(SMALL_DISK, folder.path(), test, FILLS, folder.path());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("said: single.db.") && said.contains("said: batches.db."), "{said}");
}

#[test]
fn making_a_store_on_a_full_disk_says_so_and_leaves_no_file() {
    let folder = TempDir::new().expect("a folder");
    with_own_mounts(
        SMALL_DISK,
        folder.path(),
        "native_store::disks::child_that_finds_a_full_disk",
        FULL,
        folder.path(),
    );
}
