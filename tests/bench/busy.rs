//! A store that is written while it is looked at, and an append to a long stream that is open.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use foldline::engine::Engine;
use foldline::event::StreamId;
use foldline::store::native::NativeStore;
use foldline::store::{self, Expected, Source, Writer};
use foldline::view::OpenStore;

use super::measure::{Row, Table, micros, repeat};
use super::stores::{LONG_STREAM, Stores, contacted};

/// Between two appends of the other program.
const BETWEEN_APPENDS: Duration = Duration::from_millis(100);

fn open(path: &Path) -> OpenStore {
    let source: Source = path.to_owned().into();
    let first = store::open(&source).expect("opened");
    OpenStore::new(Engine::new(source, first, Arc::new(|| ())))
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

/// The list, a filter and a stream of a store that is written ten times a second, against the same of one at rest.
pub(crate) fn written(table: &mut Table, stores: &Stores, folder: &Path) {
    let path = folder.join("busy.db");
    std::fs::copy(&stores.sample, &path).expect("copied");
    let look = |path: &Path| {
        let began = Instant::now();
        let mut open = open(path);
        until(&mut open, |open| open.groups.value().is_some());
        open.filter.push_str("lead-1");
        open.list_streams();
        until(&mut open, |open| !open.groups.is_loading());
        open.select(StreamId::from("lead-1"));
        until(&mut open, |open| open.view.as_ref().is_some_and(|view| !view.is_empty()));
        began.elapsed().as_secs_f64()
    };
    let quiet = repeat(5, || look(&path));
    let is_over = Arc::new(AtomicBool::new(false));
    let writing = {
        let (path, is_over) = (path.clone(), Arc::clone(&is_over));
        move || {
            let mut store = NativeStore::open_for_writing(&path).expect("opened");
            let mut number = 1 << 40;
            while !is_over.load(Ordering::Relaxed) {
                let event = contacted(&mut number);
                store.append(&StreamId::from("lead-2"), Expected::Any, &[event]).expect("recorded");
                thread::sleep(BETWEEN_APPENDS);
            }
        }
    };
    let writer = thread::Builder::new().name("writer".to_owned()).spawn(writing).expect("a thread");
    thread::sleep(BETWEEN_APPENDS * 3);
    let busy = repeat(10, || look(&path));
    is_over.store(true, Ordering::Relaxed);
    writer.join().expect("it wrote");
    let what = "list, filter, stream; written 10 times a second";
    table.add(Row::new(what, "the same, at rest", micros(&busy) / 1e3, micros(&quiet) / 1e3, "ms").bar(2.0));
}

/// From the store's change being noticed to the event being there, against loading the stream.
pub(crate) fn noticed(table: &mut Table, stores: &Stores) {
    let mut open = open(&stores.long);
    open.select(StreamId::from(LONG_STREAM));
    let length = |open: &OpenStore| open.view.as_ref().map_or(0, |view| view.len());
    let loaded = until(&mut open, |open| length(open) > 1_000);
    let mut store = NativeStore::open_for_writing(&stores.long).expect("opened");
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
    let what = "an append noticed in 200,000 events: the window's work";
    table.add(Row::new(what, "loading the stream", micros(&samples) / 1e3, loaded * 1e3, "ms").bar(0.02));
}
