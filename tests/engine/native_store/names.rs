//! Names of files.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use foldline::event::Version;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};
use tempfile::TempDir;

use super::looking::{look, side_file};
use crate::workshop::{Talking, child, noted, say, stream};

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
    let mut command = child("native_store::names::child_that_uses_names_without_a_folder", RELATIVE, Path::new("yes"));
    command.current_dir(folder.path());
    assert_eq!(Talking::spawn(command).finish().len(), 7);
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 7);
}
