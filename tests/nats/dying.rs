//! Servers that die under those who share work. The servers may take long to answer meanwhile, or not answer at all; who
//! works goes on as the program itself does, and what comes of it is what would have come of it anyway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use foldline::engine::{ShareStep, ShareWish, ShareWorker, Ticket, shared_rows, shared_values, work_until};
use foldline::event::{NewEvent, Position};
use foldline::store::{
    self, AppendError, Expected, Query, SharedChange, SharedValue, SharedValues, Source, StoreError, Writer,
};

use crate::servers::{Cluster, Kind, until_in};
use crate::stores::{assert_verifies_clean, fresh_name, make, noted, on_thread, read, reader, stream, writer};

const BOTH: [Kind; 2] = [Kind::New, Kind::Old];
const KILLS: usize = 3;
const LEADS: u64 = 20;

/// Six servers on a machine that does other work too may need long for what they promise.
const PATIENCE: Duration = Duration::from_mins(4);

/// What may pass is tried so often, as by whoever works.
const TRIES: usize = 10;

/// At the same time: most of it is waiting.
fn with_both(test: fn(Kind)) {
    for one in BOTH.map(|kind| on_thread("dying", move || test(kind))) {
        one.join().unwrap();
    }
}

/// Three servers with a store, its address, and the stream that holds what work of this name shares.
fn begin(kind: Kind, share: &str) -> (Cluster, String, [String; 2]) {
    let cluster = Cluster::start(kind);
    let name = fresh_name();
    let address = format!("{}/{name}", cluster.url());
    make(&address, 3);
    let shared = format!("KV_foldline-{name}-{share}");
    (cluster, address, [shared, name])
}

/// Tries until it is known what became of it.
#[track_caller]
fn insist<T>(mut attempt: impl FnMut() -> Result<T, StoreError>) -> T {
    for _ in 1..TRIES {
        if let Ok(done) = attempt() {
            return done;
        }
    }
    attempt().unwrap_or_else(|error| panic!("{error}"))
}

/// Says where the last event stands.
fn record(store: &mut dyn Writer, round: usize) -> Option<Position> {
    let mut position = None;
    for lead in 0..LEADS {
        let event = NewEvent { event_type: "renamed".into(), ..noted(&format!("{round}/{lead}")) };
        // The same once more settles what became of it.
        let recorded = insist(|| {
            match store.append(&stream(&format!("lead-{lead}")), Expected::Any, std::slice::from_ref(&event)) {
                Err(AppendError::Store(error)) => Err(error),
                other => Ok(other.unwrap_or_else(|error| panic!("{error}"))),
            }
        });
        position = recorded.position;
    }
    position
}

/// Kills who leads each of these streams by turns, and lets it come again; `goes_on` waits until work has gone on.
fn kill_leaders(cluster: &mut Cluster, streams: &[String], mut goes_on: impl FnMut()) {
    for round in 0..KILLS {
        goes_on();
        let leader = cluster.leader_of(&streams[round % streams.len()]);
        cluster.nodes[leader].kill();
        goes_on();
        cluster.nodes[leader].start();
        for stream in streams {
            cluster.wait_for_copies(stream);
        }
    }
}

#[test]
fn a_worker_goes_on_while_those_who_lead_are_killed_and_folds_what_one_folds() {
    with_both(|kind| {
        let (mut cluster, address, streams) = begin(kind, "all");
        let mut events = writer(&address);
        let mut end = record(events.as_mut(), 0);
        let (last, steps) = (Arc::new(AtomicU64::new(u64::MAX)), Arc::new(AtomicU64::new(0)));
        let wish = ShareWish { projection: "fields".to_owned(), category: None, into: None };
        let work = |share: &'static str| {
            let (address, last, steps, wish) = (address.clone(), Arc::clone(&last), Arc::clone(&steps), wish.clone());
            move || {
                let store = reader(&address);
                let values = shared_values(store.as_ref(), share, "here", true).unwrap();
                let worker = ShareWorker::join(values.as_ref(), share, share, store.as_ref(), &wish).unwrap();
                let is_last = &mut |step: &ShareStep| {
                    steps.fetch_add(1, Ordering::Relaxed);
                    step.everywhere >= Some(Position(last.load(Ordering::Relaxed)))
                };
                work_until(worker, store.as_ref(), &Ticket::new("folding"), is_last)
                    .unwrap_or_else(|error| panic!("{kind:?}: {error}"))
            }
        };
        let worker = on_thread("worker", work("all"));
        let mut rounds = 1;
        kill_leaders(&mut cluster, &streams, || {
            end = record(events.as_mut(), rounds);
            rounds += 1;
            let before = steps.load(Ordering::Relaxed);
            let goes_on = || steps.load(Ordering::Relaxed) > before + 2 || worker.is_finished();
            assert!(until_in(PATIENCE, goes_on), "{kind:?}: no step");
        });
        last.store(end.unwrap().0, Ordering::Relaxed);
        let folded = worker.join().unwrap();
        let count = LEADS * rounds as u64;
        assert!(folded >= count, "{kind:?}: {folded} of {count} events were folded");
        // Nothing is lost and nothing doubled.
        let all = read(reader(&address).as_ref(), &Query::store());
        assert_eq!(all.len() as u64, count, "{kind:?}");
        assert_verifies_clean(reader(&address).as_ref());
        // What one alone folds that nothing happens to.
        work("alone")();
        let store = store::open(&Source::parse(&address)).unwrap();
        let rows = |share: &str| {
            let values = shared_values(store.as_ref(), share, "here", false).unwrap();
            shared_rows(values.as_ref()).unwrap()
        };
        let (all, alone) = (rows("all"), rows("alone"));
        assert_eq!((all.len() as u64, &all), (LEADS, &alone), "{kind:?}");
        assert!(all.iter().all(|row| row.version.0 + 1 == rounds as u64), "{kind:?}: {all:?}");
    });
}

/// Values that nobody else changes, as whoever changes them knows them.
struct Changing<'v> {
    values: &'v dyn SharedValues,
    known: Vec<Option<SharedValue>>,
    /// What was tried since, of which nobody knows what became: it may still come.
    unsure: Vec<Vec<u8>>,
}

fn key_of(key: usize) -> String {
    format!("key-{key}")
}

impl Changing<'_> {
    /// Every value once. What may not have been heard is looked at before the next change.
    fn change_all(&mut self, number: u64) {
        let value = |key: usize| format!("{number} of {key}").into_bytes();
        let changes: Vec<SharedChange> = self
            .known
            .iter()
            .enumerate()
            .map(|(key, known)| {
                let revision = known.as_ref().map(|known| known.revision);
                SharedChange { key: key_of(key), value: value(key), revision }
            })
            .collect();
        let made = self.values.change(&changes);
        if made.is_err() {
            self.unsure.extend(changes.iter().map(|change| change.value.clone()));
        }
        let is_heard = made.as_ref().is_ok_and(|made| made.iter().all(Option::is_some));
        assert!(is_heard || !self.unsure.is_empty(), "nobody else changes them: {made:?}");
        if is_heard {
            // What was tried before cannot come any more: it is a change of what each value was then.
            self.unsure.clear();
        }
        let mut made = made.unwrap_or_else(|_| vec![None; changes.len()]);
        for (change, (known, made)) in changes.into_iter().zip(self.known.iter_mut().zip(&mut made)) {
            match made.take() {
                Some(revision) => {
                    assert!(known.as_ref().is_none_or(|known| known.revision < revision), "{}", change.key);
                    *known = Some(SharedValue { value: change.value, revision, at: None });
                }
                None => {
                    let there = insist(|| self.values.get(&change.key));
                    let is_as_it_was =
                        there.as_ref().map(|there| there.revision) == known.as_ref().map(|it| it.revision);
                    let is_tried = there.as_ref().is_some_and(|there| self.unsure.contains(&there.value));
                    assert!(is_as_it_was || is_tried, "{}: {there:?} instead of {known:?}", change.key);
                    *known = there;
                }
            }
        }
    }
}

#[test]
fn a_value_is_changed_once_by_each_change_while_those_who_lead_are_killed() {
    with_both(|kind| {
        let (mut cluster, address, streams) = begin(kind, "values");
        let is_over = Arc::new(AtomicBool::new(false));
        let changed = Arc::new(AtomicU64::new(0));
        let changing = {
            let (address, is_over, changed) = (address.clone(), Arc::clone(&is_over), Arc::clone(&changed));
            on_thread("changing", move || {
                let store = reader(&address);
                let values = shared_values(store.as_ref(), "values", "here", true).unwrap();
                let mut changing = Changing { values: values.as_ref(), known: vec![None; 50], unsure: Vec::new() };
                let mut number = 0;
                while !is_over.load(Ordering::Relaxed) {
                    changing.change_all(number);
                    number += 1;
                    changed.fetch_add(1, Ordering::Relaxed);
                }
                // Nothing is on its way any more, and each value is one that was written, by the change that is known.
                changing.change_all(number);
                for (key, known) in changing.known.iter().enumerate() {
                    let there = insist(|| values.get(&key_of(key)));
                    let both = [&there, known].map(|it| it.as_ref().map(|it| (it.revision, it.value.clone())));
                    assert_eq!(both[0], both[1], "{kind:?}");
                }
            })
        };
        kill_leaders(&mut cluster, &streams[..1], || {
            let before = changed.load(Ordering::Relaxed);
            let goes_on = || changed.load(Ordering::Relaxed) > before + 3 || changing.is_finished();
            assert!(until_in(PATIENCE, goes_on), "{kind:?}: nothing is changed any more");
            assert!(!changing.is_finished(), "{kind:?}: it ended too soon");
        });
        is_over.store(true, Ordering::Relaxed);
        changing.join().unwrap();
    });
}
