//! Servers that die under those who share work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use foldline::engine::{ShareWish, ShareWorker, shared_rows, shared_values};
use foldline::event::NewEvent;
use foldline::store::{self, Expected, Flow, SharedChange, Source, Writer};

use crate::servers::{Cluster, Kind, until};
use crate::stores::{fresh_name, make, noted, on_thread, reader, stream, writer};

const BOTH: [Kind; 2] = [Kind::New, Kind::Old];
const KILLS: usize = 3;
const LEADS: u64 = 20;

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

fn record(store: &mut dyn Writer, round: usize) {
    for lead in 0..LEADS {
        let event = NewEvent { event_type: "renamed".into(), ..noted(&format!("{round}/{lead}")) };
        store.append(&stream(&format!("lead-{lead}")), Expected::Any, &[event]).unwrap();
    }
}

/// Kills who leads each of these streams by turns, and lets it come again; `goes_on` waits until work has gone on.
fn kill_leaders(cluster: &mut Cluster, streams: &[String], mut goes_on: impl FnMut(usize)) {
    for round in 0..KILLS {
        goes_on(round);
        let leader = cluster.leader_of(&streams[round % streams.len()]);
        cluster.nodes[leader].kill();
        goes_on(round);
        cluster.nodes[leader].start();
        for stream in streams {
            cluster.wait_for_copies(stream);
        }
    }
}

#[test]
#[ignore = "a server among six on two cores may answer too late: run by `--ignored` where it is quiet"]
fn a_worker_goes_on_while_those_who_lead_are_killed_and_folds_what_one_folds() {
    with_both(|kind| {
        let (mut cluster, address, streams) = begin(kind, "all");
        let mut events = writer(&address);
        record(events.as_mut(), 0);
        let (is_over, steps) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let wish = ShareWish { projection: "fields".to_owned(), category: None, into: None };
        let work = |share: &'static str, is_over: &Arc<AtomicBool>, steps: &Arc<AtomicU64>| {
            let (address, is_over, steps, wish) =
                (address.clone(), Arc::clone(is_over), Arc::clone(steps), wish.clone());
            move || {
                let store = reader(&address);
                let values = shared_values(store.as_ref(), share, "here", true).unwrap();
                let mut worker = ShareWorker::join(values.as_ref(), share, share, store.as_ref(), &wish).unwrap();
                let mut folded = 0;
                loop {
                    let is_last = is_over.load(Ordering::Relaxed);
                    let end = store.end().unwrap().position();
                    let step = worker.step(store.as_ref(), &mut || Flow::Continue(()));
                    let step = step.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
                    folded += step.events;
                    steps.fetch_add(1, Ordering::Relaxed);
                    if is_last && step.everywhere >= end {
                        worker.leave().unwrap();
                        return folded;
                    }
                }
            }
        };
        let worker = on_thread("worker", work("all", &is_over, &steps));
        let mut round = 0;
        kill_leaders(&mut cluster, &streams, |_| {
            round += 1;
            record(events.as_mut(), round);
            let before = steps.load(Ordering::Relaxed);
            assert!(until(|| steps.load(Ordering::Relaxed) > before + 2 || worker.is_finished()), "{kind:?}: no step");
        });
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(worker.join().unwrap(), LEADS * (1 + round as u64), "{kind:?}");
        // What one alone folds that nothing happens to.
        work("alone", &is_over, &steps)();
        let store = store::open(&Source::parse(&address)).unwrap();
        let rows = |share: &str| {
            let values = shared_values(store.as_ref(), share, "here", false).unwrap();
            shared_rows(values.as_ref()).unwrap()
        };
        let (all, alone) = (rows("all"), rows("alone"));
        assert_eq!((all.len() as u64, all), (LEADS, alone), "{kind:?}");
    });
}

#[test]
#[ignore = "a server among six on two cores may answer too late: run by `--ignored` where it is quiet"]
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
                let mut revisions = vec![None; 50];
                for number in 0_u64.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let change = |key: usize, revision: Option<u64>| {
                        let value = format!("{number} of {key}").into_bytes();
                        SharedChange { key: format!("key-{key}"), value, revision }
                    };
                    let changes: Vec<SharedChange> =
                        revisions.iter().enumerate().map(|(key, revision)| change(key, *revision)).collect();
                    let made = values.change(&changes).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
                    // Nobody else changes them.
                    assert!(made.iter().all(Option::is_some), "{kind:?}: {made:?}");
                    assert!(made > revisions, "{kind:?}");
                    revisions = made;
                    changed.fetch_add(1, Ordering::Relaxed);
                }
                for (key, revision) in revisions.iter().enumerate() {
                    assert_eq!(values.get(&format!("key-{key}")).unwrap().map(|kept| kept.revision), *revision);
                }
            })
        };
        kill_leaders(&mut cluster, &streams[..1], |_| {
            let before = changed.load(Ordering::Relaxed);
            let more = until(|| changed.load(Ordering::Relaxed) > before + 3 || changing.is_finished());
            assert!(more, "{kind:?}: nothing is changed any more");
        });
        is_over.store(true, Ordering::Relaxed);
        changing.join().unwrap();
    });
}
