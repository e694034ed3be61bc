//! Events as they are pulled out of a store in batches, and what is new behind a place in it.

use std::path::Path;
use std::thread;

use crate::memory_store::MemoryStore;
use foldline::event::{Cursor, EventBatch, RecordedEvent};
use foldline::store::native::NativeStore;
use foldline::store::{self, Changes, Columns, Expected, Query, Scan, Store, StoreError, Writer};
use tempfile::TempDir;

use crate::workshop::{noted, read, stream};

const EVENTS: usize = 5_000;

/// A store of each kind with the same five thousand events, in streams of unlike length.
fn stores(folder: &Path) -> Vec<(&'static str, Box<dyn Store>)> {
    let mut memory = MemoryStore::default();
    let mut native = NativeStore::create(&folder.join("native.db")).expect("a new store");
    let table = rusqlite::Connection::open(folder.join("table.db")).expect("a database");
    table
        .execute_batch(
            "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
             PRIMARY KEY (originator_id, originator_version)); BEGIN",
        )
        .expect("a table");
    let mut lines = String::new();
    let mut bulk = native.bulk().expect("a bulk");
    for number in 0..EVENTS {
        let name = format!("note-{}", (number * number) % 7);
        let event = noted(&format!("e{number}"));
        memory.append(&stream(&name), Expected::Any, std::slice::from_ref(&event)).expect("appended");
        bulk.record(&stream(&name), None, &event).expect("recorded");
        table
            .execute(
                "INSERT INTO stored_events VALUES (?1, 1 + (SELECT count(*) FROM stored_events WHERE originator_id = ?1), 'm:Note.Noted', ?2)",
                (&name, event.payload.as_bytes()),
            )
            .expect("inserted");
        lines += &format!("{{\"stream\":\"{name}\",\"type\":\"noted\",\"payload\":{}}}\n", event.payload);
    }
    bulk.commit().expect("committed");
    table.execute_batch("COMMIT").expect("committed");
    std::fs::write(folder.join("lines.jsonl"), lines).expect("written");
    drop((native, table));
    let open = |name: &str| store::open(&folder.join(name).into()).expect("opened");
    vec![
        ("memory", Box::new(memory)),
        ("native", open("native.db")),
        ("eventsourcing", open("table.db")),
        ("a file", open("lines.jsonl")),
    ]
}

fn pulled(scan: &mut dyn Scan) -> Vec<Vec<RecordedEvent>> {
    let mut batches = Vec::new();
    let mut batch = EventBatch::default();
    loop {
        scan.next_batch(&mut batch).expect("read");
        if batch.is_empty() {
            return batches;
        }
        batches.push(batch.rows().map(|row| row.to_recorded()).collect());
    }
}

#[test]
fn batches_are_short_at_first_and_together_hold_every_event_once() {
    let folder = TempDir::new().expect("a folder");
    for (kind, reader) in stores(folder.path()) {
        let batches = pulled(&mut *reader.scan(&Query::store()).expect("begun"));
        assert!(batches[0].len() <= 64, "{kind}: {} at first", batches[0].len());
        assert!(batches.len() < 20, "{kind}: {} batches", batches.len());
        let all: Vec<RecordedEvent> = batches.into_iter().flatten().collect();
        assert_eq!(all.len(), EVENTS, "{kind}");
        assert_eq!(all, read(&*reader, &Query::store()), "{kind}");
        let backward: Vec<RecordedEvent> =
            pulled(&mut *reader.scan(&Query::store().backward()).expect("begun")).into_iter().flatten().collect();
        assert!(backward.iter().eq(all.iter().rev()), "{kind}");
    }
}

#[test]
fn two_readings_of_one_connection_do_not_disturb_each_other() {
    let folder = TempDir::new().expect("a folder");
    for (kind, reader) in stores(folder.path()) {
        let expected = read(&*reader, &Query::store());
        let (mut one, mut two) =
            (reader.scan(&Query::store()).expect("begun"), reader.scan(&Query::store()).expect("begun"));
        let (mut batch, mut seen) = (EventBatch::default(), [Vec::new(), Vec::new()]);
        loop {
            let before = seen[0].len() + seen[1].len();
            for (scan, seen) in [&mut one, &mut two].into_iter().zip(&mut seen) {
                scan.next_batch(&mut batch).expect("read");
                seen.extend(batch.rows().map(|row| row.to_recorded()));
            }
            // In between, the same connection is asked something else and stops early.
            reader.event_at(&stream("note-1"), foldline::event::Version(3)).expect("read");
            if seen[0].len() + seen[1].len() == before {
                break;
            }
        }
        assert_eq!(seen[0], expected, "{kind}");
        assert_eq!(seen[1], expected, "{kind}");
    }
}

#[test]
fn a_reading_that_is_given_up_holds_nothing() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("events.db");
    let mut writer = NativeStore::create(&path).expect("a new store");
    let events: Vec<_> = (0..500).map(|number| noted(&format!("e{number}"))).collect();
    writer.append(&stream("note-1"), Expected::NoStream, &events).expect("appended");
    let reader = store::open(&path.clone().into()).expect("opened");
    let mut scan = reader.scan(&Query::store()).expect("begun");
    scan.next_batch(&mut EventBatch::default()).expect("read");
    drop(scan);
    drop(writer);
    // A reader that still stood inside its moment would keep the log from being emptied.
    let other = rusqlite::Connection::open(&path).expect("opened");
    let busy: i64 = other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).expect("asked");
    assert_eq!(busy, 0, "somebody still reads");
}

#[test]
fn another_connection_reads_the_same_on_another_thread() {
    let folder = TempDir::new().expect("a folder");
    for (kind, reader) in stores(folder.path()) {
        let again = reader.again().expect("another connection");
        let theirs = thread::scope(|scope| {
            let reading = thread::Builder::new().spawn_scoped(scope, move || read(&*again, &Query::store()));
            reading.expect("a thread").join().expect("it read")
        });
        assert_eq!(theirs, read(&*reader, &Query::store()), "{kind}");
    }
}

fn news(reader: &dyn Store, cursor: &Cursor) -> Vec<RecordedEvent> {
    match reader.changes(cursor, Columns::ALL).expect("asked") {
        Changes::Grew(mut scan) => pulled(&mut *scan).into_iter().flatten().collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_new_is_what_came_behind_the_place() {
    let folder = TempDir::new().expect("a folder");
    for (kind, reader) in stores(folder.path()) {
        let all = read(&*reader, &Query::store());
        assert_eq!(news(&*reader, &Cursor::beginning()), all, "{kind}");
        assert!(news(&*reader, &reader.end().expect("asked")).is_empty(), "{kind}");
        let mut cursor = Cursor::beginning();
        let mut scan = reader.scan(&Query::store().columns(Columns::HEADS)).expect("begun");
        let mut batch = EventBatch::default();
        scan.next_batch(&mut batch).expect("read");
        let read_so_far = batch.len();
        cursor.advance(&batch);
        drop(scan);
        assert_eq!(news(&*reader, &cursor), all[read_so_far..], "{kind}");
    }
}

#[test]
fn a_store_that_was_cut_or_replaced_is_told_from_one_that_grew() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("events.db");
    let begin = |name: &str, count: u32| {
        let _ = std::fs::remove_file(&path);
        let mut writer = NativeStore::create(&path).expect("a new store");
        let events: Vec<_> = (0..count).map(|number| noted(&format!("{name}{number}"))).collect();
        writer.append(&stream("note-1"), Expected::NoStream, &events).expect("appended");
        drop(writer);
        store::open(&path.clone().into()).expect("opened")
    };
    let cursor = begin("a", 10).end().expect("asked");
    assert_eq!(news(&*begin("a", 12), &cursor).len(), 2);
    assert!(matches!(begin("a", 9).changes(&cursor, Columns::ALL), Ok(Changes::Replaced)), "cut");
    assert!(matches!(begin("b", 12).changes(&cursor, Columns::ALL), Ok(Changes::Replaced)), "another");
}

#[test]
fn a_long_question_ends_when_it_is_interrupted() {
    let folder = TempDir::new().expect("a folder");
    let (_, reader) = stores(folder.path()).swap_remove(1);
    let interrupter = reader.interrupter().expect("SQLite can be interrupted");
    let done = std::sync::atomic::AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        let poking = || {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                interrupter.interrupt();
                thread::yield_now();
            }
        };
        thread::Builder::new().spawn_scoped(scope, poking).expect("a thread");
        // Asked again and again until it meets the interruption.
        let outcome = (0..1_000_000)
            .find_map(|_| reader.visit_events(&Query::store(), &mut |_| std::ops::ControlFlow::Continue(())).err());
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        outcome
    });
    assert!(matches!(outcome, Some(StoreError::Cancelled)), "{outcome:?}");
    assert_eq!(read(&*reader, &Query::store()).len(), EVENTS, "the connection is as good as before");
}
