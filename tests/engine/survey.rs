//! What a look at every event tells of a store: begun, broken off, gone on with, and kept up with what is recorded.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use foldline::engine::{Engine, Survey, Ticket, name_of_stream};
use foldline::event::{EventId, NewEvent, RecordedEvent, StreamId};
use foldline::store::native::NativeStore;
use foldline::store::{
    self, Capabilities, Expected, Finding, Flow, Framework, Opener, Query, Scan, Store, StoreError, StoreInfo,
    StreamOrder, StreamQuery, StreamRow, Writer,
};
use foldline::view::OpenStore;
use rusqlite::Connection;

use crate::memory_store::MemoryStore;
use crate::workshop::{event, native_store, stream};

const MOST: usize = 100;

fn created(id: &str, name: &str) -> NewEvent {
    let metadata = r#"{"actor":"kim"}"#.to_owned();
    NewEvent { metadata, ..event(id, "created", &serde_json::json!({ "name": name }).to_string()) }
}

fn found(survey: &Survey, filter: &str) -> Vec<String> {
    let groups = survey.list(Some(filter), StreamOrder::Began, MOST);
    groups.iter().flat_map(|group| &group.rows).map(|row| format!("{} {}", row.stream, row.events)).collect()
}

fn filled(count: u64) -> (tempfile::TempDir, std::path::PathBuf, NativeStore) {
    let (folder, path, mut store) = native_store();
    let mut bulk = store.bulk().expect("begun");
    for number in 0..count {
        let name = format!("name {number}.");
        let event = created(&format!("e{number}"), &name);
        bulk.record(&stream(&format!("thing-{number}")), None, &event).expect("recorded");
    }
    bulk.commit().expect("committed");
    (folder, path, store)
}

fn opened(path: &Path) -> Box<dyn Store> {
    store::open(&path.to_owned().into()).expect("opened")
}

#[test]
fn every_stream_is_found_by_its_name_and_what_is_recorded_later_is_known_too() {
    let (_folder, path, mut store) = filled(30);
    let survey = Survey::default();
    assert!(!survey.is_listed());
    let follow = || survey.follow(opened(&path).as_ref(), &Ticket::new("test")).expect("read");
    follow();
    assert!(survey.is_whole());
    assert_eq!(survey.extent(), (30, 30));
    assert_eq!(found(&survey, "NAME 17."), ["thing-17 1"]);
    store.append(&stream("thing-17"), Expected::Any, &[event("r", "renamed", r#"{"name":"김서연"}"#)]).expect("kept");
    store.append(&stream("thing-99"), Expected::Any, &[created("n", "new one")]).expect("kept");
    follow();
    assert_eq!(found(&survey, "서연"), ["thing-17 2"]);
    assert_eq!(found(&survey, "new one"), ["thing-99 1"]);
    assert!(found(&survey, "name 17.").is_empty());
    assert_eq!(survey.extent(), (32, 32));
    let recent = survey.list(None, StreamOrder::Recent, 2);
    let recent: Vec<&str> = recent[0].rows.iter().map(|row| row.stream.as_str()).collect();
    assert_eq!(recent, ["thing-99", "thing-17"]);
}

#[test]
fn a_survey_that_was_broken_off_goes_on_where_it_was_and_counts_nothing_twice() {
    let (_folder, path, _store) = filled(3_000);
    let survey = Survey::default();
    let reader = opened(&path);
    let mut tries = 0;
    loop {
        let ticket = Ticket::new("test");
        let stopper = ticket.clone();
        let before = survey.extent().0;
        let waiting = std::thread::Builder::new()
            .name("stopper".to_owned())
            .spawn(move || {
                while stopper.progress().done <= before {
                    std::thread::yield_now();
                }
                stopper.cancel();
            })
            .expect("a thread");
        let read = survey.follow(reader.as_ref(), &ticket);
        let (after, total) = survey.extent();
        ticket.cancel();
        // Where it ended by itself, nobody tells how far it is any more.
        let _ = ticket.reached(u64::MAX);
        waiting.join().expect("no panic");
        tries += 1;
        if read.is_ok() {
            break;
        }
        assert!(after <= total, "{after} of {total}");
        assert!(tries < 1_000, "it never ends");
    }
    assert!(survey.is_whole());
    assert_eq!(survey.extent(), (3_000, 3_000));
    assert_eq!(found(&survey, "name 2999."), ["thing-2999 1"]);
}

#[test]
fn another_store_in_the_place_of_the_first_is_read_anew() {
    let (_folder, path, store) = filled(30);
    let survey = Survey::default();
    survey.follow(opened(&path).as_ref(), &Ticket::new("test")).expect("read");
    drop(store);
    let (_other_folder, other, _other_store) = native_store();
    survey.follow(opened(&other).as_ref(), &Ticket::new("test")).expect("read");
    assert!(survey.is_whole());
    assert!(found(&survey, "thing").is_empty());
    assert_eq!(survey.extent(), (0, 0));
}

#[test]
fn a_store_without_an_order_of_its_own_is_read_anew_when_it_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("es.db");
    let run = |sql: &str| Connection::open(&path).and_then(|file| file.execute_batch(sql)).expect("written");
    run("CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
            PRIMARY KEY (originator_id, originator_version));
        INSERT INTO stored_events VALUES ('a1', 1, 'crm:Account.Opened', '{\"owner\":\"José\"}');");
    let survey = Survey::default();
    let follow = || survey.follow(opened(&path).as_ref(), &Ticket::new("test")).expect("read");
    follow();
    assert_eq!(found(&survey, "jose"), ["a1 1"]);
    run("INSERT INTO stored_events VALUES ('a1', 2, 'crm:Account.Renamed', '{\"owner\":\"Bo\"}');");
    follow();
    assert_eq!(found(&survey, "bo"), ["a1 2"]);
    assert!(found(&survey, "jose").is_empty());
}

#[test]
fn one_stream_by_itself_is_called_what_the_survey_calls_it() {
    let (_folder, path, mut store) = filled(3);
    let later = [
        event("a", "item-added", r#"{"name":"a widget"}"#),
        event("b", "details-updated", r#"{"name":"Bo"}"#),
        event("c", "details-updated", r#"{"email":"bo@b"}"#),
    ];
    store.append(&stream("thing-1"), Expected::Any, &later).expect("kept");
    let (survey, reader, ticket) = (Survey::default(), opened(&path), Ticket::new("test"));
    survey.follow(reader.as_ref(), &ticket).expect("read");
    for (id, name) in [("thing-1", Some("Bo")), ("thing-2", Some("name 2.")), ("thing-7", None)] {
        assert_eq!(name_of_stream(reader.as_ref(), &stream(id), &ticket).expect("read").as_deref(), name);
        assert_eq!(survey.name_of(&stream(id)).as_deref(), name);
    }
}

/// A store whose streams stop coming after some, until they are let go on.
#[derive(Clone, Debug)]
struct Halting {
    inner: MemoryStore,
    at: usize,
    /// Whether they may go on.
    gate: Arc<(Mutex<bool>, Condvar)>,
    /// How often the store itself was asked to filter.
    filtered: Arc<AtomicU32>,
}

impl Store for Halting {
    fn framework(&self) -> Framework {
        self.inner.framework()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { has_kept_counts: false, ..self.inner.capabilities() }
    }

    fn opener(&self) -> Opener {
        let store = self.clone();
        Arc::new(move || Ok(Box::new(store.clone())))
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        self.inner.info()
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        self.inner.scan(query)
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        self.filtered.fetch_add(u32::from(query.filter.is_some()), Ordering::SeqCst);
        let mut count = 0;
        self.inner.visit_streams(query, &mut |row| {
            if count == self.at {
                let (may_go_on, moved) = &*self.gate;
                let waits = moved.wait_while(may_go_on.lock().expect("whole"), |may_go_on| !*may_go_on);
                drop(waits.expect("whole"));
            }
            count += 1;
            visit(row)
        })
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError> {
        self.inner.stream(stream)
    }

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.inner.event_by_id(id)
    }

    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError> {
        self.inner.verify(report, progress)
    }
}

#[test]
fn a_filter_typed_while_the_streams_are_read_takes_those_that_came_and_asks_the_store_for_none() {
    let mut inner = MemoryStore::default();
    for number in 0..6_000 {
        let event = created(&format!("e{number}"), &format!("name {number}."));
        inner.append(&stream(&format!("thing-{number}")), Expected::Any, &[event]).expect("recorded");
    }
    let store = Halting { inner, at: 3_000, gate: Arc::default(), filtered: Arc::default() };
    let place = tempfile::tempdir().expect("a folder");
    let engine = Engine::new(place.path().join("store.db").into(), Box::new(store.clone()), Arc::new(|| ()));
    let mut open = OpenStore::new(engine);
    until(&mut open, |open| open.survey().is_being_listed());
    for filter in ["9", "99", "999"] {
        open.filter = filter.to_owned();
        open.list_streams();
    }
    let found = |open: &OpenStore| {
        let listed = open.groups.value()?;
        let rows: Vec<String> =
            listed.groups.iter().flat_map(|group| &group.rows).map(|row| row.stream.to_string()).collect();
        Some((rows, listed.is_partial))
    };
    let some = ["thing-999", "thing-1999"].map(str::to_owned).to_vec();
    until(&mut open, |open| found(open) == Some((some.clone(), true)));
    *store.gate.0.lock().expect("whole") = true;
    store.gate.1.notify_all();
    let all = ["thing-999", "thing-1999", "thing-2999", "thing-3999", "thing-4999", "thing-5999"];
    let all = all.map(str::to_owned).to_vec();
    until(&mut open, |open| found(open) == Some((all.clone(), false)));
    assert_eq!(store.filtered.load(Ordering::SeqCst), 0);
}

fn until(open: &mut OpenStore, mut is_so: impl FnMut(&OpenStore) -> bool) {
    let began = Instant::now();
    while !is_so(open) {
        assert!(began.elapsed() < Duration::from_secs(30), "it never came: {:?}", open.groups.value());
        std::thread::yield_now();
        open.poll();
    }
}
