//! A store that is written while it is looked at, and an append to a long stream that is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use foldline::engine::Engine;
use foldline::event::StreamId;
use foldline::store::native::NativeStore;
use foldline::store::{self, Expected, Source, Writer};
use foldline::view::{Clock, OpenStore};

use super::LONG;
use super::measure::{Row, Table, micros, repeat};
use super::stores::{LONG_STREAM, Stores, contacted};

/// Between two appends of the other program.
const BETWEEN_APPENDS: Duration = Duration::from_millis(100);

fn open(source: &Source) -> OpenStore {
    let first = store::open(source).expect("opened");
    OpenStore::new(Engine::new(source.clone(), first, Arc::new(|| ())))
}

/// Seconds until it is so.
fn until(open: &mut OpenStore, mut is_so: impl FnMut(&OpenStore) -> bool) -> f64 {
    let began = Instant::now();
    while !is_so(open) {
        assert!(began.elapsed() < Duration::from_mins(2), "it never came");
        thread::sleep(Duration::from_micros(200));
        open.poll();
    }
    began.elapsed().as_secs_f64()
}

/// Seconds until the list, a filter and a stream of a store that has just been opened are answered.
fn look(source: &Source, stream: &str) -> f64 {
    let began = Instant::now();
    let mut open = open(source);
    until(&mut open, |open| open.groups.value().is_some());
    open.filter.push_str(stream);
    open.list_streams();
    until(&mut open, |open| !open.groups.is_loading());
    open.select(StreamId::from(stream));
    until(&mut open, |open| open.view.as_ref().is_some_and(|view| !view.is_empty()));
    began.elapsed().as_secs_f64()
}

/// From opening to a greeting that says how much there is, of which types, what is newest, and to the list beside it. What
/// only a look at every event tells comes later, by itself: that look has begun by then, and takes its share of the
/// machine.
pub(crate) fn greeting(table: &mut Table, stores: &Stores) {
    let source: Source = stores.sample().to_owned().into();
    let greet = |is_there: fn(&OpenStore) -> bool| {
        let began = Instant::now();
        let mut open = open(&source);
        open.greet(Clock { name: "UTC", offset: |_| 0 });
        until(&mut open, is_there);
        began.elapsed().as_secs_f64()
    };
    let first = repeat(7, || greet(|open| !open.greeting.newest().is_empty() && open.groups.value().is_some()));
    let counted = repeat(7, || greet(|open| !open.greeting.newest().is_empty() && open.answers()));
    for (what, samples) in
        [("greeting: the newest streams and the list", first), ("greeting: with every count", counted)]
    {
        table.add(Row::new(what, "100 ms", micros(&samples) / 1e3, 100.0, "ms").bar(1.0));
    }
}

/// The same while `write` records an event ten times a second, against the store at rest.
pub(crate) fn looks(
    table: &mut Table,
    what: &str,
    source: &Source,
    stream: &str,
    mut write: impl FnMut() + Send + 'static,
) {
    let quiet = repeat(5, || look(source, stream));
    let is_over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&is_over);
    let writing = move || {
        while !ended.load(Ordering::Relaxed) {
            write();
            thread::sleep(BETWEEN_APPENDS);
        }
    };
    let writer = thread::Builder::new().name("writer".to_owned()).spawn(writing).expect("a thread");
    thread::sleep(BETWEEN_APPENDS * 3);
    let busy = repeat(10, || look(source, stream));
    is_over.store(true, Ordering::Relaxed);
    writer.join().expect("it wrote");
    let (busy, quiet) = (micros(&busy) / 1e3, micros(&quiet) / 1e3);
    table.add(Row::new(what, "the same, at rest", busy, quiet, "ms").bar(2.0));
}

/// The list, a filter and a stream of a store that is written ten times a second.
pub(crate) fn written(table: &mut Table, stores: &Stores) {
    let path = stores.folder().join("busy.db");
    std::fs::copy(stores.sample(), &path).expect("copied");
    // Opened by the writing thread: another's connection shows in how the store is read.
    let (at, mut opened, mut number) = (path.clone(), None, 1 << 40);
    let write = move || {
        let store = opened.get_or_insert_with(|| NativeStore::open_for_writing(&at).expect("opened"));
        let event = contacted(&mut number);
        store.append(&StreamId::from("lead-2"), Expected::Any, &[event]).expect("recorded");
    };
    looks(table, "list, filter, stream; written 10 times a second", &path.into(), "lead-1", write);
}

/// From the store's change being noticed to the event being there, against loading the stream.
pub(crate) fn noticed(table: &mut Table, stores: &Stores) {
    let mut open = open(&stores.long().to_owned().into());
    open.select(StreamId::from(LONG_STREAM));
    let length = |open: &OpenStore| open.view.as_ref().map_or(0, |view| view.len());
    let loaded = until(&mut open, |open| length(open) > 1_000);
    let mut store = NativeStore::open_for_writing(stores.long()).expect("opened");
    let mut number = 1 << 41;
    let samples = repeat(5, || {
        let before = length(&open);
        let events = [contacted(&mut number)];
        store.append(&StreamId::from(LONG_STREAM), Expected::Any, &events).expect("recorded");
        // When it is noticed is a matter of the watch's beat; what it costs then is measured.
        let mut cost = Duration::ZERO;
        while length(&open) == before {
            let began = Instant::now();
            open.poll();
            cost += began.elapsed();
            thread::sleep(Duration::from_micros(200));
        }
        cost.as_secs_f64()
    });
    let what = &format!("an append noticed in {LONG} events: the window's work");
    table.add(Row::new(what, "loading the stream", micros(&samples) / 1e3, loaded * 1e3, "ms").bar(0.02));
}
