//! What is asked of a store until it greets: once, and no more than a screen shows.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use foldline::engine::Engine;
use foldline::event::{EventId, RecordedEvent, StreamId};
use foldline::store::{
    Capabilities, Expected, Finding, Flow, Framework, InfoAtOnce, Opener, Query, Scan, Store, StoreError, StoreInfo,
    StreamQuery, StreamRow, Writer,
};
use foldline::view::{Clock, OpenStore};

use crate::memory_store::MemoryStore;
use crate::workshop::{event, stream};

/// What a store was asked for, over all of its connections.
#[derive(Debug, Default)]
struct Asked {
    at_once: AtomicU32,
    whole: AtomicU32,
    categories: AtomicU32,
    /// How many streams the lists of a category wanted, one after the other.
    listed: Mutex<Vec<Option<u64>>>,
}

impl Asked {
    fn counts(&self) -> [u32; 3] {
        [&self.at_once, &self.whole, &self.categories].map(|count| count.load(Ordering::SeqCst))
    }

    fn listed(&self) -> Vec<Option<u64>> {
        self.listed.lock().expect("whole").clone()
    }
}

#[derive(Clone, Debug)]
struct Counted {
    inner: MemoryStore,
    asked: Arc<Asked>,
    /// Of its streams there are too many to be counted at once.
    has_very_many: bool,
}

impl Store for Counted {
    fn framework(&self) -> Framework {
        self.inner.framework()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn opener(&self) -> Opener {
        let store = self.clone();
        Arc::new(move || Ok(Box::new(store.clone())))
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        self.asked.whole.fetch_add(1, Ordering::SeqCst);
        self.inner.info()
    }

    fn info_at_once(&self) -> Result<Option<InfoAtOnce>, StoreError> {
        self.asked.at_once.fetch_add(1, Ordering::SeqCst);
        let mut info = InfoAtOnce::from(self.inner.info()?);
        if self.has_very_many {
            info.streams = None;
            info.categories.iter_mut().for_each(|(_, count)| *count = None);
        }
        Ok(Some(InfoAtOnce { first_at: None, last_at: None, longest_stream: None, ..info }))
    }

    fn kept_events(&self) -> Result<Option<u64>, StoreError> {
        self.inner.kept_events()
    }

    fn categories(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.asked.categories.fetch_add(1, Ordering::SeqCst);
        self.inner.categories()
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        self.inner.scan(query)
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        if query.category.is_some() {
            self.asked.listed.lock().expect("whole").push(query.limit);
        }
        self.inner.visit_streams(query, visit)
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

/// A store of so many streams of one category, open.
fn opened(streams: u64, has_very_many: bool) -> (tempfile::TempDir, OpenStore, Arc<Asked>) {
    let mut inner = MemoryStore::default();
    for number in 0..streams {
        let begun = event(&format!("e{number}"), "begun", "{}");
        inner.append(&stream(&format!("thing-{number}")), Expected::Any, &[begun]).expect("recorded");
    }
    let asked = Arc::new(Asked::default());
    let place = tempfile::tempdir().expect("a folder");
    let store = Counted { inner, asked: Arc::clone(&asked), has_very_many };
    let engine = Engine::new(place.path().join("store.db").into(), Box::new(store), Arc::new(|| ()));
    (place, OpenStore::new(engine), asked)
}

fn until(open: &mut OpenStore, what: &str, mut is_so: impl FnMut(&OpenStore) -> bool) {
    let began = Instant::now();
    while !is_so(open) {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::yield_now();
        open.poll();
    }
}

fn rows(open: &OpenStore) -> usize {
    open.groups.value().map_or(0, |listed| listed.groups.iter().map(|group| group.rows.len()).sum())
}

#[test]
fn a_store_that_is_opened_lists_what_a_screen_shows_and_then_the_rest() {
    let (_place, mut open, asked) = opened(1_000, false);
    open.greet(Clock { name: "UTC", offset: |_| 0 });
    until(&mut open, "the first list", |open| open.groups.value().is_some());
    let first = rows(&open);
    assert!((100..=300).contains(&first), "{first} rows were listed before anything was drawn");
    let group = &open.groups.value().expect("listed").groups[0];
    assert_eq!((group.total, group.found), (Some(1_000), Some(1_000)), "how many there are is said at once");
    until(&mut open, "every stream", |open| rows(open) == 1_000);
    until(&mut open, "rest", |open| !open.is_loading());
    let listed = asked.listed();
    assert_eq!(listed.first().copied().flatten(), Some(first as u64));
    assert_eq!(rows(&open), 1_000);
}

#[test]
fn a_store_that_is_opened_is_asked_for_its_counts_once() {
    let (_place, mut open, asked) = opened(50, false);
    open.greet(Clock { name: "UTC", offset: |_| 0 });
    until(&mut open, "rest", |open| open.groups.value().is_some() && !open.is_loading());
    // What takes a walk over all streams is asked for later, by itself.
    assert_eq!(asked.counts(), [1, 1, 0], "at once, whole, by category");
    assert_eq!(open.info.value().expect("looked at").info.streams, Some(50));
}

#[test]
fn very_many_streams_are_counted_when_what_is_looked_at_first_is_there() {
    let (_place, mut open, asked) = opened(50, true);
    open.greet(Clock { name: "UTC", offset: |_| 0 });
    let totals = |open: &OpenStore| {
        let groups = &open.groups.value().expect("listed").groups;
        groups.iter().map(|group| (group.total, group.found)).collect::<Vec<_>>()
    };
    until(&mut open, "the first list", |open| open.groups.value().is_some() && open.info.value().is_some());
    assert_eq!((rows(&open), totals(&open)), (50, vec![(None, None)]));
    assert_eq!(open.info.value().expect("looked at").streams(), None, "nought is no count");
    assert_eq!(asked.counts(), [1, 0, 0], "at once, whole, by category");
    until(&mut open, "rest", |open| !open.is_loading());
    assert_eq!(totals(&open), [(Some(50), Some(50))]);
    assert_eq!(open.info.value().expect("looked at").streams(), Some(50));
    assert_eq!(asked.counts(), [1, 1, 1], "at once, whole, by category");
    // Once they are counted, nobody counts them again before the next event is recorded.
    open.list_streams();
    until(&mut open, "the list anew", |open| !open.is_loading());
    assert_eq!(totals(&open), [(Some(50), Some(50))]);
    assert_eq!(asked.counts(), [1, 1, 1], "at once, whole, by category");
}
