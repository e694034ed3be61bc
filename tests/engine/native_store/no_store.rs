//! Files that are no store, or are damaged so that they hardly are one.

use std::fs;
use std::path::Path;

use foldline::event::EventId;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, FindingKind, Flow, Query, Store, StoreError, StreamQuery, Writer};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{assert_says_so, refused, store_at_rest};
use crate::workshop::{event, fingerprint, stream, verified};

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
