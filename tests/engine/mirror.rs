//! A mirror holds what its origin holds, whatever happens to either of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use foldline::engine::{MirrorState, MirrorWork, Wake, check_snapshots};
use foldline::event::{RecordedEvent, Version};
use foldline::sample::SampleOptions;
use foldline::store::native::NativeStore;
use foldline::store::{
    self, AppendError, Begun, Expected, Flow, Mirrored, Mirroring, Notice, OriginFault, Query, Source, Store,
    StoreError, Writer as _,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::foreign::tables::{self, file_of};
use crate::workshop::{Talking, assert_verifies_clean, noted, read, say, stream};

const MIRRORS: &str = "FOLDLINE_TEST_MIRRORS";

fn on(_: u64) -> Flow {
    Flow::Continue(())
}

/// One call of `foldline mirror`.
pub(crate) fn mirrored(origin: &Path, mirror: &Path) -> Result<Mirrored, StoreError> {
    let source = Source::from(origin.to_owned());
    let reader = store::open(&source)?;
    let (mut mirroring, _) = Mirroring::begin(&source, reader.as_ref(), mirror)?;
    mirroring.catch_up(reader.as_ref(), &mut on)
}

fn opened(path: &Path) -> Box<dyn Store> {
    store::open(&path.to_owned().into()).unwrap_or_else(|error| panic!("{error}"))
}

/// Its events; a mirror counts places anew.
fn without_places(path: &Path) -> Vec<RecordedEvent> {
    let mut events = read(opened(path).as_ref(), &Query::store());
    for event in &mut events {
        event.position = None;
    }
    events
}

#[track_caller]
fn assert_mirrors(origin: &Path, mirror: &Path) {
    let (theirs, held) = (without_places(origin), without_places(mirror));
    assert_eq!(held.len(), theirs.len());
    assert!(held == theirs, "the first that differs: {:?}", held.iter().zip(&theirs).find(|(a, b)| a != b));
    let reader = opened(mirror);
    assert_verifies_clean(reader.as_ref());
    let mut findings = Vec::new();
    check_snapshots(reader.as_ref(), &mut |finding| findings.push(finding)).expect("checked");
    assert_eq!(findings, []);
}

/// A native origin of some streams, and where its mirror is to stand.
fn origin_of(events: u64) -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let [origin, mirror] = ["origin.db", "mirror.db"].map(|name| folder.path().join(name));
    let options = SampleOptions { events: Some(events), ..SampleOptions::default() };
    foldline::engine::write_sample(&origin, &options, &mut on).expect("a sample");
    (folder, origin, mirror)
}

fn append(path: &Path, name: &str, ids: &[&str]) {
    let mut store = NativeStore::open_for_writing(path).expect("opens");
    let events: Vec<_> = ids.iter().map(|id| noted(id)).collect();
    store.append(&stream(name), Expected::Any, &events).expect("appended");
}

#[test]
fn a_mirror_of_a_native_store_holds_its_events_and_goes_on_with_what_is_new() {
    let (_folder, origin, mirror) = origin_of(3_000);
    let first = mirrored(&origin, &mirror).expect("mirrored");
    assert_mirrors(&origin, &mirror);
    assert_eq!((first.new, first.standing.behind), (first.events, 0));
    assert_eq!(first.standing.position, opened(&origin).end().expect("an end").position().map(|end| end.0));

    append(&origin, "noted-1", &["a", "b"]);
    append(&origin, "noted-2", &["c"]);
    let second = mirrored(&origin, &mirror).expect("mirrored again");
    assert_eq!((second.new, second.events), (3, first.events + 3));
    assert_mirrors(&origin, &mirror);
    assert_eq!(mirrored(&origin, &mirror).expect("nothing new").new, 0);
    let Some(Notice::Mirror(said)) = opened(&mirror).notice() else { panic!("it says of what it is a mirror") };
    assert_eq!(said.origin, origin.display().to_string());
    assert!(said.standing.is_some_and(|standing| standing.behind == 0 && standing.appends));
}

#[test]
fn files_and_stores_of_frameworks_are_mirrored_like_native_ones() {
    for (name, tables) in [
        ("eventsourcing", tables::EVENTSOURCING),
        ("emmett", tables::EMMETT),
        ("cqrs-es", tables::CQRS_ES),
        ("sqlstreamstore", tables::SQL_STREAM_STORE),
        ("spatie", tables::SPATIE),
        ("ocel", tables::OCEL),
        ("rails-event-store", tables::RAILS_EVENT_STORE),
    ] {
        let (folder, origin) = file_of(tables);
        let mirror = folder.path().join("mirror.db");
        let done = mirrored(&origin, &mirror).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(done.events > 0, "{name}");
        let (theirs, held) = (without_places(&origin), without_places(&mirror));
        assert_eq!(held.len(), theirs.len(), "{name}");
        if done.as_text == 0 {
            assert_eq!(held, theirs, "{name}");
        }
        assert_verifies_clean(opened(&mirror).as_ref());
        assert_eq!(mirrored(&origin, &mirror).map(|done| done.new).expect(name), 0, "{name}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let [origin, mirror] = ["events.jsonl", "mirror.db"].map(|name| folder.path().join(name));
    let line = |version: u64| {
        format!(
            "{{\"stream\":\"lead-1\",\"version\":{version},\"id\":\"e{version}\",\"type\":\"contacted\",\"payload\":{{}}}}\n"
        )
    };
    std::fs::write(&origin, line(0) + &line(1)).expect("written");
    assert_eq!(mirrored(&origin, &mirror).expect("mirrored").new, 2);
    std::fs::write(&origin, line(0) + &line(1) + &line(2)).expect("written");
    assert_eq!(mirrored(&origin, &mirror).expect("mirrored").new, 1);
    assert_mirrors(&origin, &mirror);
    // What stands on a file of text is corrected there.
    assert!(!opened(&mirror).is_writable());
    let refused = store::open_for_writing(&mirror.into()).map(drop).expect_err("the origin is only read");
    assert!(matches!(refused, StoreError::OnlyReads { .. }), "{refused}");
}

/// As a process of its own: follows the origin without end, from however far the mirror is.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(MIRRORS).map(PathBuf::from) else { return };
    let source = Source::from(folder.join("origin.db"));
    say("begun");
    loop {
        let reader = store::open(&source).expect("opens");
        let (mut mirroring, _) =
            Mirroring::begin(&source, reader.as_ref(), &folder.join("mirror.db")).expect("it goes on");
        match mirroring.catch_up(reader.as_ref(), &mut on) {
            Ok(done) => say(&done.events.to_string()),
            // Somebody appends to the origin.
            Err(StoreError::Changed(_) | StoreError::Locked(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_mirror_that_is_killed_at_any_moment_goes_on_without_loss_or_doubles() {
    let (folder, origin, mirror) = origin_of(25_000);
    for round in 0..6_u64 {
        let mut follower = Talking::spawn(crate::workshop::child("mirror::child", MIRRORS, folder.path()));
        follower.wait_for("begun");
        append(&origin, &format!("noted-{round}"), &[&format!("r{round}a"), &format!("r{round}b")]);
        let until = Instant::now() + Duration::from_millis(round * 31);
        while Instant::now() < until {
            std::thread::yield_now();
        }
        follower.kill();
        if mirror.exists() {
            assert_verifies_clean(opened(&mirror).as_ref());
        }
    }
    mirrored(&origin, &mirror).expect("it goes on");
    assert_mirrors(&origin, &mirror);
}

#[test]
fn what_was_recorded_before_a_mirror_is_stopped_stays_and_the_rest_comes_later() {
    let (_folder, origin, mirror) = origin_of(25_000);
    let source = Source::from(origin.clone());
    let reader = opened(&origin);
    let (mut mirroring, _) = Mirroring::begin(&source, reader.as_ref(), &mirror).expect("begun");
    let mut stop = |new: u64| if new > 20_000 { Flow::Break(()) } else { Flow::Continue(()) };
    let stopped = mirroring.catch_up(reader.as_ref(), &mut stop);
    assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
    drop(mirroring);
    let held = without_places(&mirror);
    assert!((2_000..20_000).contains(&held.len()), "{}", held.len());
    assert!(without_places(&origin).starts_with(&held), "it is the beginning");
    assert_verifies_clean(opened(&mirror).as_ref());
    let Some(Notice::Mirror(said)) = opened(&mirror).notice() else { panic!("it says of what it is a mirror") };
    let left = without_places(&origin).len() - held.len();
    // As of when the last transaction began.
    assert_eq!(said.standing.map(|standing| standing.behind), Some(left as u64));
    assert_eq!(mirrored(&origin, &mirror).expect("the rest").new, left as u64);
    assert_mirrors(&origin, &mirror);
}

#[test]
fn two_that_follow_at_once_bring_each_event_once() {
    let (_folder, origin, mirror) = origin_of(2_000);
    mirrored(&origin, &mirror).expect("mirrored");
    std::thread::scope(|scope| {
        let following: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..15 {
                        match mirrored(&origin, &mirror) {
                            Ok(_) | Err(StoreError::Changed(_) | StoreError::Locked(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                })
            })
            .collect();
        for number in 0..15 {
            append(&origin, "noted-1", &[&format!("n{number}")]);
        }
        for thread in following {
            thread.join().expect("it follows");
        }
    });
    mirrored(&origin, &mirror).expect("caught up");
    assert_mirrors(&origin, &mirror);
}

/// What another tool does to a store.
fn tampered(path: &Path, statements: &str) {
    let connection = Connection::open(path).expect("a database");
    let guards = "DROP TRIGGER events_never_change; DROP TRIGGER events_never_go; DROP TRIGGER streams_never_go;
                  DROP TRIGGER type_names_stay;";
    connection.execute_batch(guards).expect("the guards are gone");
    connection.execute_batch(statements).expect("changed");
}

#[track_caller]
fn fault(answer: Result<impl std::fmt::Debug, StoreError>) -> OriginFault {
    match answer {
        Err(StoreError::OriginDiffers { fault, .. }) => *fault,
        other => panic!("it is not noticed: {other:?}"),
    }
}

#[test]
fn an_origin_that_was_replaced_cut_emptied_or_edited_is_told_and_nothing_is_overwritten() {
    let cases = [
        ("Cut", "PRAGMA foreign_keys = off; DELETE FROM events WHERE position > 700"),
        ("Emptied", "PRAGMA foreign_keys = off; DELETE FROM events"),
        ("Edited", "UPDATE events SET payload = '{}' WHERE position = (SELECT max(position) FROM events)"),
        (
            "Edited",
            "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = (SELECT max(position) FROM events) - 9",
        ),
    ];
    for (is_said, statements) in cases {
        let (_folder, origin, mirror) = origin_of(900);
        mirrored(&origin, &mirror).expect("mirrored");
        let before = without_places(&mirror);
        tampered(&origin, statements);
        let said = fault(mirrored(&origin, &mirror));
        assert!(format!("{said:?}").starts_with(is_said), "{is_said}: {said:?}");
        if let OriginFault::Cut { stream, version } = said {
            assert_eq!((&before[700].stream, before[700].version), (&stream, version), "the first that went is named");
        }
        assert_eq!(without_places(&mirror), before, "{is_said}");
    }
    let (_folder, origin, mirror) = origin_of(900);
    mirrored(&origin, &mirror).expect("mirrored");
    let before = without_places(&mirror);
    std::fs::remove_file(&origin).expect("removed");
    drop(NativeStore::create(&origin).expect("another store"));
    append(&origin, "other-1", &["x"]);
    assert_eq!(fault(mirrored(&origin, &mirror)), OriginFault::Replaced);
    let refused = store::open_for_writing(&mirror.clone().into()).map(drop);
    assert_eq!(fault(refused), OriginFault::Replaced, "a correction must not go to the wrong store");
    assert_eq!(without_places(&mirror), before);
}

#[test]
fn an_event_that_was_edited_in_the_mirror_is_no_fault_of_its_origin() {
    for statements in [
        "UPDATE events SET payload = '{}' WHERE position = (SELECT max(position) FROM events) - 5",
        "UPDATE events SET metadata = NULL WHERE position = (SELECT max(position) FROM events)",
    ] {
        let (_folder, origin, mirror) = origin_of(900);
        mirrored(&origin, &mirror).expect("mirrored");
        tampered(&mirror, statements);
        let answer = mirrored(&origin, &mirror);
        assert!(matches!(answer, Err(StoreError::MirrorEdited { .. })), "{statements}: {answer:?}");
    }
}

#[test]
fn what_was_changed_long_ago_is_found_by_comparing_everything() {
    for (statements, expected) in [
        ("UPDATE events SET payload = '{}' WHERE position = 3", "Edited"),
        ("PRAGMA foreign_keys = off; DELETE FROM events WHERE position = 3", "Gone"),
    ] {
        let (_folder, origin, mirror) = origin_of(900);
        mirrored(&origin, &mirror).expect("mirrored");
        let source = Source::from(origin.clone());
        let compared = |origin: &dyn Store| {
            let (mirroring, _) = Mirroring::begin(&source, origin, &mirror)?;
            mirroring.compare(origin, &mut on)
        };
        assert_eq!(compared(opened(&origin).as_ref()).expect("the same"), without_places(&origin).len() as u64);
        tampered(&origin, statements);
        let said = fault(compared(opened(&origin).as_ref()));
        assert!(format!("{said:?}").starts_with(expected), "{said:?}");
    }
}

#[test]
fn what_is_appended_to_a_mirror_goes_to_its_origin_and_comes_back() {
    let (_folder, origin, mirror) = origin_of(300);
    mirrored(&origin, &mirror).expect("mirrored");
    append(&origin, "noted-1", &["first"]);
    let mut writer = store::open_for_writing(&mirror.clone().into()).unwrap_or_else(|error| panic!("{error}"));
    // It was brought up to its origin before anything was planned on it.
    assert_eq!(writer.stream(&stream("noted-1")).expect("read").map(|row| row.events), Some(1));
    let conflict = writer.append(&stream("noted-1"), Expected::NoStream, &[noted("second")]);
    assert!(matches!(conflict, Err(AppendError::Conflict(_))), "{conflict:?}");
    let done = writer.append(&stream("noted-1"), Expected::Exact(Version(0)), &[noted("second")]).expect("appended");
    assert_eq!(
        writer.event_at(&stream("noted-1"), Version(1)).expect("read").and_then(|event| event.position),
        done.position
    );
    let again = writer.append(&stream("noted-1"), Expected::Exact(Version(0)), &[noted("second")]).expect("known");
    assert!(again.already_there);
    drop(writer);
    assert_mirrors(&origin, &mirror);
    let refused = NativeStore::open_for_writing(&mirror).map(drop).expect_err("nothing is written past the origin");
    assert!(matches!(refused, StoreError::Mirror { .. }), "{refused}");
    // An origin that is away takes no corrections, and the mirror is still looked at.
    std::fs::remove_file(&origin).expect("removed");
    assert!(store::open_for_writing(&mirror.clone().into()).is_err());
    assert_eq!(without_places(&mirror).len(), 302);
}

#[test]
fn one_that_is_kept_up_waits_for_an_origin_that_is_not_there_and_goes_on_when_it_is() {
    let (folder, origin, mirror) = origin_of(300);
    mirrored(&origin, &mirror).expect("mirrored");
    append(&origin, "late-1", &["late"]);
    let away = folder.path().join("away.db");
    std::fs::rename(&origin, &away).expect("moved");
    let work = MirrorWork::begin(origin.clone().into(), mirror.clone(), &(Arc::new(|| ()) as Wake));
    let wait_for = |what: &str, is_so: &dyn Fn(&MirrorState) -> bool| {
        let began = Instant::now();
        loop {
            match work.state() {
                state if is_so(&state) => return,
                MirrorState::Ended(message) => panic!("{what}: {message:?}"),
                state => assert!(began.elapsed() < Duration::from_mins(1), "never {what}: {state:?}"),
            }
            std::thread::yield_now();
        }
    };
    wait_for("waits", &|state| matches!(state, MirrorState::Waiting(None, _)));
    std::fs::rename(&away, &origin).expect("moved back");
    wait_for("follows", &|state| matches!(state, MirrorState::Following(_)));
    drop(work);
    // Its thread closes the file behind the drop, and what lies beside it goes with the last who has it open.
    let (beside, began) = (folder.path().join("mirror.db-wal"), Instant::now());
    while beside.exists() {
        assert!(began.elapsed() < Duration::from_mins(1), "its file is never closed");
        std::thread::yield_now();
    }
    assert_mirrors(&origin, &mirror);
}

/// What a window keeps up to its origin.
fn kept_up(origin: &Path, mirror: &Path) -> MirrorWork {
    MirrorWork::begin(origin.to_owned().into(), mirror.to_owned(), &(Arc::new(|| ()) as Wake))
}

#[track_caller]
fn wait_until_it_follows(work: &MirrorWork) {
    let began = Instant::now();
    loop {
        match work.state() {
            MirrorState::Following(_) => return,
            MirrorState::Ended(message) => panic!("{}: {message:?}", work.path.display()),
            state => assert!(began.elapsed() < Duration::from_mins(1), "{}: {state:?}", work.path.display()),
        }
        std::thread::yield_now();
    }
}

/// Neither finds anything there, and only one of them makes it.
#[test]
fn two_that_begin_the_same_mirror_at_once_both_follow() {
    let (folder, origin, _) = origin_of(300);
    for round in 0..25 {
        let mirror = folder.path().join(format!("mirror-{round}.db"));
        let both = [(), ()].map(|()| kept_up(&origin, &mirror));
        both.iter().for_each(wait_until_it_follows);
    }
    assert_mirrors(&origin, &folder.path().join("mirror-0.db"));
}

/// Appends to a store as commands do, each of which opens and closes it: between two of them, the file lies at rest.
fn while_appended_to(origin: &Path, run: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let appending = || {
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                append(origin, "busy-1", &[&format!("busy-{number}")]);
                // Somebody who never paused would leave no moment at rest.
                std::thread::sleep(Duration::from_millis(15));
            }
        };
        std::thread::Builder::new().name("appending".to_owned()).spawn_scoped(scope, appending).expect("a thread");
        // Also where what runs fails.
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        is_over.store(true, Ordering::Relaxed);
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

#[test]
fn a_mirror_is_made_of_a_file_that_others_write_to_now_and_then() {
    let (folder, origin, _) = origin_of(300);
    while_appended_to(&origin, || {
        for round in 0..10 {
            let mirror = folder.path().join(format!("mirror-{round}.db"));
            wait_until_it_follows(&kept_up(&origin, &mirror));
        }
    });
}

#[test]
fn a_mirror_that_was_written_past_its_origin_is_told() {
    let (_folder, origin, mirror) = origin_of(300);
    mirrored(&origin, &mirror).expect("mirrored");
    tampered(&mirror, "UPDATE types SET name = 'x' || name WHERE events = 0");
    append(&mirror, "noted-1", &["mine"]);
    Connection::open(&mirror)
        .and_then(|file| file.execute("UPDATE types SET name = substr(name, 2) WHERE events = 0", []))
        .expect("renamed");
    let said = fault(mirrored(&origin, &mirror));
    assert_eq!(said, OriginFault::Cut { stream: stream("noted-1"), version: Version(0) });
}

#[test]
fn only_a_new_file_or_a_mirror_of_the_same_events_is_followed_into() {
    let (folder, origin, mirror) = origin_of(300);
    let place = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink(&origin, place("link.db")).expect("a link");
    std::fs::hard_link(&origin, place("hard.db")).expect("a second name");
    std::os::unix::fs::symlink(place("nowhere.db"), place("dangling.db")).expect("a link");
    drop(NativeStore::create(&place("other.db")).expect("a store"));
    std::fs::write(place("notes.txt"), "notes").expect("written");
    let (_tables, app) = file_of(tables::CQRS_ES);
    let hash = crate::workshop::fingerprint(folder.path());
    for (to, is_said) in [
        (origin.clone(), "the store itself"),
        (place("link.db"), "the store itself"),
        (place("hard.db"), "the store itself"),
        (place("other.db"), "no mirror"),
        (place("notes.txt"), "no mirror"),
        (app, "no mirror"),
        (folder.path().to_owned(), "folder"),
        (place("dangling.db"), "no such file"),
        (place("no/folder/mirror.db"), "no such folder"),
    ] {
        let refused = mirrored(&origin, &to).expect_err("refused").to_string();
        assert!(refused.contains(is_said), "{}: {refused}", to.display());
    }
    assert_eq!(crate::workshop::fingerprint(folder.path()), hash, "nothing was touched");

    mirrored(&origin, &mirror).expect("mirrored");
    let moved = place("moved.db");
    std::fs::rename(&origin, &moved).expect("moved");
    let reader = opened(&moved);
    let (_, begun) = Mirroring::begin(&moved.clone().into(), reader.as_ref(), &mirror).expect("the same events");
    assert_eq!(begun, Begun::Moved { from: origin.display().to_string() });
    append(&moved, "noted-1", &["later"]);
    assert_eq!(mirrored(&moved, &mirror).expect("it goes on").new, 1);
    assert_mirrors(&moved, &mirror);
}
