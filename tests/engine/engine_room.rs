//! An open store at work: what is answered while somebody writes, what is read again and what is not, and how soon a
//! question ends that nobody wants any more.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use foldline::engine::{Asked, Cause, Engine, Moment, Question, Ticket};
use foldline::event::{StreamId, Version};
use foldline::store::native::NativeStore;
use foldline::store::{self, Expected, Flow, Query, StoreError, Writer};
use foldline::view::{OpenStore, SurveyAge, UserError};
use tempfile::TempDir;

use crate::workshop::{Talking, child, noted, say, stream};

fn engine(path: &Path) -> Engine {
    let source: store::Source = path.to_owned().into();
    let first = store::open(&source).expect("opened");
    Engine::new(source, first, Arc::new(|| ()))
}

/// Polls until it is so; what never becomes so fails after half a minute.
#[track_caller]
fn until(store: &mut OpenStore, what: &str, mut is_so: impl FnMut(&mut OpenStore) -> bool) -> Duration {
    let began = Instant::now();
    loop {
        store.poll();
        if is_so(store) {
            return began.elapsed();
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{what}: not after {:?}; {:?}",
            began.elapsed(),
            store.error()
        );
        thread::sleep(Duration::from_millis(1));
    }
}

fn settled(store: &mut OpenStore) {
    until(store, "everything has come", |store| !store.is_loading());
}

fn length(store: &OpenStore) -> usize {
    store.view.as_ref().map_or(0, |view| view.len())
}

/// A store of one stream, and a second file of the same stream cut after `shorter` events.
fn long_and_short(folder: &Path, events: usize, shorter: usize) {
    for (name, count) in [("long.db", events), ("short.db", shorter)] {
        let mut store = NativeStore::create(&folder.join(name)).expect("a new store");
        let events: Vec<_> = (0..count).map(|number| noted(&format!("e{number}"))).collect();
        store.append(&stream("note-1"), Expected::NoStream, &events).expect("appended");
    }
}

#[test]
fn a_store_that_becomes_shorter_under_the_cursor_is_read_anew_and_told() {
    let folder = TempDir::new().expect("a folder");
    long_and_short(folder.path(), 20, 5);
    let path = folder.path().join("long.db");
    let mut store = OpenStore::new(engine(&path));
    store.select(stream("note-1"));
    until(&mut store, "the stream has come", |store| length(store) == 20);
    settled(&mut store);
    assert_eq!(store.view.as_ref().and_then(|view| view.version()), Some(Version(19)));
    std::fs::rename(folder.path().join("short.db"), &path).expect("replaced");
    until(&mut store, "the shorter one has come", |store| length(store) == 5);
    settled(&mut store);
    assert!(store.was_replaced, "nobody was told");
    let view = store.view.as_mut().expect("a stream");
    assert_eq!(view.version(), Some(Version(4)), "the cursor stands inside");
    assert!(view.prepare_state().lines > 0);
    assert_eq!(view.event().value().map(|detail| detail.event.version), Some(Version(4)));
}

#[test]
fn the_whole_store_is_read_only_once_what_is_shown_first_was_there_to_be_drawn() {
    let folder = TempDir::new().expect("a folder");
    long_and_short(folder.path(), 200, 5);
    let opened = Instant::now();
    let mut store = OpenStore::new(engine(&folder.path().join("long.db")));
    let mut was_shown = false;
    until(&mut store, "every event is looked at", |store| {
        let has_begun = store.surveying.is_loading() || store.surveying.value().is_some();
        // What takes longer is not waited for.
        let is_long = opened.elapsed() >= Duration::from_millis(500);
        assert!(!has_begun || was_shown || is_long, "it takes its share of the machine from what is waited for");
        was_shown = store.groups.value().is_some() && !store.greeting.newest().is_empty();
        has_begun
    });
}

#[test]
fn what_the_survey_knew_of_a_replaced_store_is_never_taken_for_the_new_one() {
    let folder = TempDir::new().expect("a folder");
    long_and_short(folder.path(), 3_000, 5);
    let path = folder.path().join("long.db");
    let mut store = OpenStore::new(engine(&path));
    until(&mut store, "every event was looked at", |store| store.survey_is_whole());
    assert_eq!(store.survey().extent().0, 3_000);
    std::fs::rename(folder.path().join("short.db"), &path).expect("replaced");
    until(&mut store, "somebody noticed", |store| store.was_replaced);
    let is_honest = |store: &OpenStore| !store.survey_is_whole() || store.survey().extent().0 == 5;
    assert!(is_honest(&store), "{:?} {:?}", store.survey_age(), store.survey().extent());
    until(&mut store, "it was read anew", |store| {
        assert!(is_honest(store), "{:?} {:?}", store.survey_age(), store.survey().extent());
        store.survey_is_whole()
    });
    assert_eq!((store.survey_age(), store.survey().extent()), (SurveyAge::Current, (5, 5)));
}

#[test]
fn a_file_of_events_that_becomes_shorter_is_read_anew() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("events.jsonl");
    let line = |number| {
        format!("{{\"stream\":\"note-1\",\"version\":{number},\"type\":\"noted\",\"payload\":{{\"n\":{number}}}}}")
    };
    let lines = |count: u32| (0..count).map(line).collect::<Vec<String>>().join("\n");
    std::fs::write(&path, lines(30)).expect("written");
    let mut store = OpenStore::new(engine(&path));
    store.select(stream("note-1"));
    until(&mut store, "the stream has come", |store| length(store) == 30);
    std::fs::write(&path, lines(3)).expect("written");
    until(&mut store, "the shorter one has come", |store| length(store) == 3);
    settled(&mut store);
    assert_eq!(store.view.as_ref().and_then(|view| view.version()), Some(Version(2)));
    std::fs::write(&path, lines(8)).expect("written");
    until(&mut store, "what came behind has come", |store| length(store) == 8);
}

#[test]
fn what_is_appended_is_read_by_itself_and_the_rest_is_not_read_again() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("events.db");
    let mut writer = NativeStore::create(&path).expect("a new store");
    let events: Vec<_> = (0..3_000).map(|number| noted(&format!("e{number}"))).collect();
    writer.append(&stream("note-1"), Expected::NoStream, &events).expect("appended");
    let mut store = OpenStore::new(engine(&path));
    store.follows = true;
    store.select(stream("note-1"));
    until(&mut store, "the stream has come", |store| length(store) == 3_000);
    settled(&mut store);
    let before = store
        .view
        .as_ref()
        .and_then(|view| view.base())
        .map(|loaded| std::ptr::from_ref(loaded.timeline.as_ref()).cast::<u8>());
    writer.append(&stream("note-2"), Expected::NoStream, &[noted("elsewhere")]).expect("appended");
    until(&mut store, "the other stream is listed", |store| {
        store
            .groups
            .value()
            .is_some_and(|listed| listed.groups.iter().map(|group| group.rows.len()).sum::<usize>() == 2)
    });
    assert_eq!(length(&store), 3_000);
    writer.append(&stream("note-1"), Expected::Any, &[noted("new")]).expect("appended");
    until(&mut store, "the new event has come", |store| length(store) == 3_001);
    settled(&mut store);
    let view = store.view.as_ref().expect("a stream");
    assert_eq!(view.version(), Some(Version(3_000)), "the cursor follows");
    let after = view.base().map(|loaded| std::ptr::from_ref(loaded.timeline.as_ref()).cast::<u8>());
    assert_eq!(before, after, "the history was not grown but made anew");
}

#[test]
fn a_damaged_store_is_checked_though_it_cannot_be_counted() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("events.db");
    let mut writer = NativeStore::create(&path).expect("a new store");
    for number in 0..200 {
        let events: Vec<_> = (0..20).map(|event| noted(&format!("e{number}-{event}"))).collect();
        writer.append(&stream(&format!("note-{number}")), Expected::NoStream, &events).expect("appended");
    }
    drop(writer);
    let roots: Vec<i64> = {
        let database = rusqlite::Connection::open(&path).expect("opened");
        database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("emptied");
        let root = |name: &str| {
            database.query_row("SELECT rootpage FROM sqlite_master WHERE name = ?1", [name], |row| row.get(0))
        };
        vec![root("streams").expect("a page")]
    };
    let mut bytes = std::fs::read(&path).expect("read");
    for root in roots {
        let at = (root as usize - 1) * 4096;
        bytes[at..at + 4096].fill(0xa5);
    }
    std::fs::write(&path, bytes).expect("written");
    let mut store = OpenStore::new(engine(&path));
    store.start_tool(foldline::view::ToolName::Checking);
    until(&mut store, "the check has ended", |store| !store.tools.checking.asked.is_loading());
    assert!(store.tools.checking.asked.error().is_none(), "{:?}", store.tools.checking.asked.error());
    assert!(store.tools.checking.checked().is_some_and(|checked| checked.found > 0));
}

#[test]
fn a_question_that_nobody_wants_ends_inside_the_database() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("events.db");
    let mut writer = NativeStore::create(&path).expect("a new store");
    let mut bulk = writer.bulk().expect("a bulk");
    for number in 0..300_000_u32 {
        bulk.record_new(&stream("note-1"), Version(number.into()), &noted(&format!("e{number}"))).expect("recorded");
    }
    bulk.commit().expect("committed");
    drop(writer);
    let engine = engine(&path);
    let (tell, told) = sync_channel(1);
    let (begun, begins) = sync_channel(1);
    let answer = engine.ask_long("testing", move |reader, _| -> Result<(), StoreError> {
        let _ = begun.send(());
        // No row ever comes of this, so that nothing but the database itself can stop it.
        let outcome = loop {
            let outcome = reader.visit_events(&Query::category("nothing"), &mut |_| Flow::Continue(()));
            if outcome.is_err() {
                break outcome;
            }
        };
        let _ = tell.send((Instant::now(), outcome.is_err()));
        outcome
    });
    begins.recv().expect("it holdest first");
    thread::sleep(Duration::from_millis(20));
    let cancelled = Instant::now();
    drop(answer);
    let (ended, is_interrupted) = told.recv_timeout(Duration::from_secs(20)).expect("it ends");
    assert!(is_interrupted);
    let took = ended.saturating_duration_since(cancelled);
    assert!(took < Duration::from_millis(250), "it took {took:?} to end");
}

#[test]
fn long_questions_leave_a_thread_for_what_a_person_waits_for() {
    let folder = TempDir::new().expect("a folder");
    long_and_short(folder.path(), 5, 1);
    let engine = engine(&folder.path().join("long.db"));
    let release = Arc::new(AtomicBool::new(false));
    let held: Vec<_> = (0..8)
        .map(|_| {
            let release = Arc::clone(&release);
            engine.ask_long("holding", move |_, _| -> Result<(), StoreError> {
                while !release.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            })
        })
        .collect();
    let quick = engine.ask("quick", |reader, _| reader.stream(&stream("note-1")));
    assert!(matches!(quick.wait(), Ok(Ok(Some(_)))));
    release.store(true, Ordering::Relaxed);
    for answer in held {
        assert!(matches!(answer.wait(), Ok(Ok(()))));
    }
}

#[test]
fn work_that_panics_is_lost_and_the_next_is_answered() {
    let folder = TempDir::new().expect("a folder");
    long_and_short(folder.path(), 5, 1);
    let engine = engine(&folder.path().join("long.db"));
    for _ in 0..10 {
        let lost = engine.ask("panicking", |_, _| -> Result<(), StoreError> { panic!("on purpose") });
        assert!(lost.wait().is_err());
    }
    let quick = engine.ask("quick", |reader, _| reader.stream(&stream("note-1")));
    assert!(matches!(quick.wait(), Ok(Ok(Some(_)))));
}

const STRESS: &str = "FOLDLINE_TEST_STRESS";

/// How long the writer writes; `tests/run` makes it a minute.
fn stress_secs() -> u64 {
    std::env::var("FOLDLINE_STRESS_SECS").ok().and_then(|secs| secs.parse().ok()).unwrap_or(8)
}

/// In a process of its own, so that its threads can be counted.
#[test]
fn every_answer_of_a_busy_store_is_one_that_it_really_had() {
    let folder = TempDir::new().expect("a folder");
    let child = Talking::spawn(child("engine_room::stress_child", STRESS, folder.path()));
    let said = child.finish();
    assert_eq!(said, ["done"], "{said:?}");
}

#[test]
fn stress_child() {
    let Some(folder) = std::env::var_os(STRESS) else { return };
    stress(Path::new(&folder), Duration::from_secs(stress_secs()));
    say("done");
}

const STREAMS: u64 = 40;

fn stress(folder: &Path, length_of_it: Duration) {
    let path = folder.join("busy.db");
    let mut writer = NativeStore::create(&path).expect("a new store");
    let mut bulk = writer.bulk().expect("a bulk");
    for number in 0..60_000_u64 {
        bulk.record(&stream(&format!("note-{}", number % STREAMS)), None, &noted(&format!("b{number}")))
            .expect("recorded");
    }
    bulk.commit().expect("committed");
    let written = Arc::new(AtomicU64::new(60_000));
    let is_over = Arc::new(AtomicBool::new(false));
    let counts: Arc<Vec<AtomicU64>> = Arc::new((0..STREAMS).map(|_| AtomicU64::new(1_500)).collect());
    let writing = {
        let (written, is_over, counts) = (Arc::clone(&written), Arc::clone(&is_over), Arc::clone(&counts));
        move || {
            let mut number = 0_u64;
            while !is_over.load(Ordering::SeqCst) {
                let of = number % STREAMS;
                // Counted first: an answer may know of an event as soon as it is committed.
                counts[of as usize].fetch_add(1, Ordering::SeqCst);
                written.fetch_add(1, Ordering::SeqCst);
                writer
                    .append(&stream(&format!("note-{of}")), Expected::Any, &[noted(&format!("w{number}"))])
                    .expect("appended");
                number += 1;
                thread::sleep(Duration::from_millis(20));
            }
        }
    };
    let writer = thread::Builder::new().name("writer".to_owned()).spawn(writing).expect("a thread");
    let mut store = OpenStore::new(engine(&path));
    let began = Instant::now();
    let (mut lists, mut infos, mut selected, mut most_threads) = (0_u32, 0_u64, 0_u64, 0);
    let mut lengths: HashMap<u64, usize> = HashMap::new();
    let mut last_listed = None;
    while began.elapsed() < length_of_it {
        store.poll();
        let most = written.load(Ordering::SeqCst);
        if let Some(overview) = store.info.value() {
            let events = overview.info.events;
            assert!((infos..=most).contains(&events), "{events} events after {infos}, of {most}");
            infos = events;
        }
        if let Some(listed) = store.groups.value() {
            let rows: Vec<_> = listed.groups.iter().flat_map(|group| &group.rows).collect();
            assert_eq!(rows.len() as u64, STREAMS);
            for row in &rows {
                let of: usize = row.stream.key().and_then(|key| key.parse().ok()).expect("a number");
                assert!(row.events <= counts[of].load(Ordering::SeqCst), "{}: {} events", row.stream, row.events);
                assert_eq!(row.events, row.last_version.0 + 1, "{}", row.stream);
            }
            let total: u64 = rows.iter().map(|row| row.events).sum();
            if last_listed != Some(total) {
                lists += 1;
                last_listed = Some(total);
            }
        }
        if let Some(view) = store.view.as_mut()
            && view.stream == StreamId::from(format!("note-{selected}").as_str())
            && !view.is_empty()
        {
            let before = lengths.insert(selected, view.len()).unwrap_or(0);
            assert!(before <= view.len() && view.len() as u64 <= counts[selected as usize].load(Ordering::SeqCst));
            let heads = view.base().expect("loaded").timeline.heads();
            assert!((0_u64..).zip(heads).all(|(at, head)| head.version.0 == at), "a hole or a double");
            view.start_at(Moment::Version(Version(heads.len() as u64 / 2)));
            let rows = view.prepare_state().lines;
            assert!(rows > 0);
            if lists.is_multiple_of(3) {
                selected = (selected + 7) % STREAMS;
                store.select(stream(&format!("note-{selected}")));
            }
        } else if store.view.is_none() {
            store.select(stream(&format!("note-{selected}")));
        }
        most_threads = most_threads.max(threads_of_the_engine());
        thread::sleep(Duration::from_millis(3));
    }
    is_over.store(true, Ordering::SeqCst);
    writer.join().expect("the writer ended well");
    let all = written.load(Ordering::SeqCst);
    until(&mut store, "the last count has come", |store| {
        store.info.value().is_some_and(|overview| overview.info.events == all)
    });
    until(&mut store, "the last list has come", |store| {
        let rows = store
            .groups
            .value()
            .map(|listed| listed.groups.iter().flat_map(|group| &group.rows).map(|row| row.events).sum::<u64>());
        rows == Some(all)
    });
    let wanted = counts[selected as usize].load(Ordering::SeqCst) as usize;
    until(&mut store, "the last events have come", |store| length(store) == wanted);
    // Four that answer, one that watches, one that interrupts, and the ones that fold long streams.
    assert!(most_threads <= 4 + 1 + 1 + 4, "{most_threads} threads");
    let secs = length_of_it.as_secs() as u32;
    assert!(lists >= secs / 3, "only {lists} lists in {secs} s");
    assert!(store.error().is_none(), "{:?}", store.error());
}

fn threads_of_the_engine() -> usize {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
    tasks
        .filter_map(Result::ok)
        .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
        .filter(|name| ["answering", "watching", "interrupting", "fold", "decoding"].contains(&name.trim()))
        .count()
}

#[test]
fn a_store_that_comes_back_is_shown_again_and_another_in_its_place_is_recognised() {
    let folder = TempDir::new().expect("a folder");
    long_and_short(folder.path(), 20, 5);
    let path = folder.path().join("long.db");
    let aside = folder.path().join("aside.db");
    let mut store = OpenStore::new(engine(&path));
    store.select(stream("note-1"));
    until(&mut store, "the stream has come", |store| length(store) == 20);
    settled(&mut store);
    std::fs::rename(&path, &aside).expect("moved");
    until(&mut store, "that it is gone is told", |store| store.error().is_some());
    std::fs::rename(&aside, &path).expect("moved back");
    until(&mut store, "that it is back is seen", |store| store.error().is_none() && !store.is_loading());
    let other = rusqlite::Connection::open(&aside).expect("a database");
    other
        .execute_batch(
            "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
             PRIMARY KEY (originator_id, originator_version));
             INSERT INTO stored_events VALUES ('note-1', 1, 'm:Note.Noted', '{\"a\":1}')",
        )
        .expect("a table");
    drop(other);
    std::fs::rename(&aside, &path).expect("replaced");
    until(&mut store, "the other one is read", |store| length(store) == 1);
    settled(&mut store);
    assert!(store.error().is_none(), "{:?}", store.error());
    assert_eq!(store.info.value().map(|overview| overview.info.framework.name()), Some("eventsourcing"));
}

#[test]
fn a_store_that_says_it_holds_any_number_of_events_takes_no_memory_for_them() {
    let folder = TempDir::new().expect("a folder");
    long_and_short(folder.path(), 20, 5);
    let path = folder.path().join("long.db");
    let forged = rusqlite::Connection::open(&path).expect("opened");
    forged.execute("UPDATE streams SET events = 9223372036854775807", []).expect("forged");
    drop(forged);
    let mut store = OpenStore::new(engine(&path));
    store.select(stream("note-1"));
    until(&mut store, "the stream has come", |store| length(store) == 20);
}

/// A question that takes a while, and so is followed by a rest that long.
#[derive(Clone, Copy, Debug)]
struct Slow;

impl Question for Slow {
    type Answer = ();
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, _: &dyn store::Store, _: &Ticket) -> Result<(), UserError> {
        thread::sleep(Duration::from_millis(300));
        Ok(())
    }
}

#[test]
fn what_waits_for_the_rest_after_an_answer_is_still_on_its_way() {
    let folder = TempDir::new().expect("a folder");
    long_and_short(folder.path(), 1, 1);
    let engine = engine(&folder.path().join("long.db"));
    let mut asked: Asked<Slow> = Asked::default();
    let answered = |asked: &mut Asked<Slow>| {
        let end = Instant::now() + Duration::from_secs(30);
        while !asked.poll(&engine) {
            assert!(Instant::now() < end, "no answer");
            thread::yield_now();
        }
    };
    asked.ask_because(&engine, Slow, Cause::Store);
    answered(&mut asked);
    assert!(!asked.is_on_its_way());
    asked.ask_because(&engine, Slow, Cause::Store);
    assert!(!asked.is_loading() && asked.is_on_its_way(), "it rests first");
    answered(&mut asked);
    assert!(!asked.is_on_its_way());
}
