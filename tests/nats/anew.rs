//! A stream that was deleted and made anew under its name while somebody had it open: what is known of the one before is
//! true of nothing in it, least of all how far it was read.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use foldline::engine::{
    Bell, Engine, EngineError, Following, ShareError, ShareWish, ShareWorker, StoreChange, Wake, follow_mirror,
    shared_values,
};
use foldline::event::{EventBatch, EventId, StreamId, Version};
use foldline::store::native::NativeStore;
use foldline::store::{
    self, Address, AppendError, Changes, Columns, Expected, Flow, Mirroring, NatsError, OriginFault, Query,
    ServerDetail, Source, Store, StoreError, Writer,
};

use crate::servers::{Kind, PATIENCE, Server, block_on, connect};
use crate::stores::{findings, fresh_name, ids, make, noted, on_thread, read, reader, stream, writer};
use crate::way::Way;

const BOTH: [Kind; 2] = [Kind::New, Kind::Old];

fn lead(number: usize) -> StreamId {
    stream(&format!("lead-{number}"))
}

/// Makes a store of five streams whose events say which store they are of.
fn put(address: &str, which: &str, events: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut from = NativeStore::create(&folder.path().join("from.db")).unwrap();
    for number in 0..5 {
        let events: Vec<_> = (0..events / 5).map(|event| noted(&format!("{which} {number} {event}"))).collect();
        from.append(&lead(number), Expected::NoStream, &events).unwrap();
    }
    let target = store::server_target(&Address::new(address), None, true).unwrap_or_else(|error| panic!("{error}"));
    store::bring_in(&target, &from, &mut |_| Flow::Continue(())).unwrap_or_else(|error| panic!("{error}"));
}

/// Deletes it, and makes another with more events: where the first ended, this one goes on.
fn make_anew(kind: Kind, address: &str, events: usize) {
    delete(kind, address);
    put(address, "new", events);
}

fn delete(kind: Kind, address: &str) {
    let name = address.rsplit('/').next().unwrap().to_owned();
    block_on(async {
        let context = jetstream::new(connect(&Server::shared(kind).url()).await.unwrap());
        context.delete_stream(name).await.unwrap();
    });
}

/// A way to the server of a store, on which every answer is looked at before it goes on or gets lost; and the store's
/// address over it.
fn way_to(kind: Kind, address: &str, loses: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> (Way, String) {
    let way = Way::losing(Server::shared(kind).node.port, loses);
    let over = format!("nats://127.0.0.1:{}/{}", way.port, address.rsplit('/').next().unwrap());
    (way, over)
}

/// The first acknowledgement once it is due is lost, and with it the stream, which is made anew.
fn way_that_makes_anew(kind: Kind, address: &str, is_due: &Arc<AtomicBool>) -> (Way, String) {
    let (made, due) = (address.to_owned(), Arc::clone(is_due));
    way_to(kind, address, move |answer| {
        let is_lost = acknowledges(answer) && due.swap(false, Ordering::SeqCst);
        if is_lost {
            delete(kind, &made);
            make(&made, 1);
        }
        is_lost
    })
}

fn acknowledges(answer: &[u8]) -> bool {
    answer.starts_with(b"{\"stream\":")
}

fn refuses(answer: &[u8]) -> bool {
    answer.starts_with(b"{\"error\":")
}

fn tells_of_the_stream(answer: &[u8]) -> bool {
    String::from_utf8_lossy(answer).contains("v1.stream_info_response")
}

#[track_caller]
fn assert_undecided(kind: Kind, answer: Result<store::Appended, AppendError>) {
    match answer {
        Err(AppendError::Store(StoreError::Nats { error, .. })) => match *error {
            NatsError::Undecided { detail: ServerDetail::StreamMadeAnew, .. } => {}
            other => panic!("{kind:?}: {other:?}"),
        },
        other => panic!("{kind:?}: {other:?}"),
    }
}

fn begun(kind: Kind, events: usize) -> String {
    let address = format!("{}/{}", Server::shared(kind).url(), fresh_name());
    put(&address, "old", events);
    address
}

fn is_made_anew(error: &StoreError) -> bool {
    matches!(error, StoreError::Nats { error, .. } if matches!(**error, NatsError::MadeAnew { .. }))
}

#[test]
fn what_is_known_of_a_stream_is_not_said_of_another_that_took_its_name() {
    for kind in BOTH {
        let address = begun(kind, 50);
        let (fresh, walked, mut appends) = (reader(&address), reader(&address), writer(&address));
        assert_eq!(walked.info().unwrap().events, 50);
        read(walked.as_ref(), &Query::stream(lead(1)));
        let end = walked.end().unwrap();
        let answer = appends.append(&lead(1), Expected::Exact(Version(9)), &[noted("old 1 10")]).unwrap();
        assert_eq!(answer.first, Version(10));
        make_anew(kind, &address, 500);
        for reader in [&fresh, &walked] {
            let mut refused = vec![
                ("info", reader.info().err()),
                ("stream", reader.stream(&lead(1)).err()),
                ("event_at", reader.event_at(&lead(1), Version(50)).err()),
                ("event_by_id", reader.event_by_id(&EventId::new("new 1 50")).err()),
                ("verify", reader.verify(&mut |_| {}, &mut |_| Flow::Continue(())).err()),
            ];
            let late = Query::stream(lead(1)).between(Some(Version(10)), None);
            for query in [Query::store(), Query::store().backward(), Query::stream(lead(1)), late] {
                refused.push(("scan", reader.visit_events(&query, &mut |_| Flow::Continue(())).err()));
            }
            for (asked, error) in refused {
                assert!(error.as_ref().is_some_and(is_made_anew), "{kind:?} {asked}: {error:?}");
            }
            assert!(matches!(reader.changes(&end, Columns::HEADS).unwrap(), Changes::Replaced), "{kind:?}");
            assert!(!reader.is_current());
        }
        match appends.append(&lead(1), Expected::Any, &[noted("lost")]) {
            Err(AppendError::Store(error)) if is_made_anew(&error) => {
                assert!(error.to_string().contains("deleted and made anew"), "{error}");
            }
            other => panic!("{kind:?}: {other:?}"),
        }
        let anew = reader(&address);
        let there = ids(&read(anew.as_ref(), &Query::store()));
        assert!(there.len() == 500 && there.iter().all(|id| id.starts_with("new ")), "{there:?}");
        assert_eq!(findings(anew.as_ref()), []);
        let answer = writer(&address).append(&lead(1), Expected::Exact(Version(99)), &[noted("behind")]).unwrap();
        assert_eq!(answer.first, Version(100));
    }
}

#[test]
fn a_reading_that_is_under_way_does_not_go_on_in_another_stream() {
    for kind in BOTH {
        let address = begun(kind, 6_000);
        let store = reader(&address);
        let mut scan = store.scan(&Query::store()).unwrap();
        let (mut batch, mut there) = (EventBatch::default(), Vec::new());
        scan.next_batch(&mut batch).unwrap();
        make_anew(kind, &address, 12_000);
        let ended = loop {
            there.extend(batch.rows().map(|row| row.id.to_string()));
            match scan.next_batch(&mut batch) {
                Err(error) => break error,
                Ok(()) => assert!(!batch.is_empty(), "{kind:?}: it was read to its end, {} events", there.len()),
            }
        };
        assert!(is_made_anew(&ended), "{kind:?}: {ended:?}");
        assert!(there.len() < 6_000 && there.iter().all(|id| id.starts_with("old ")), "{kind:?}: {}", there.len());
    }
}

#[test]
fn an_open_store_is_read_anew() {
    for kind in BOTH {
        let address = begun(kind, 50);
        let source = Source::parse(&address);
        let (tell, told) = sync_channel(1_000);
        let tell = Mutex::new(tell);
        let wake: Wake = Arc::new(move || {
            let _ = tell.lock().unwrap().send(());
        });
        let engine = Engine::new(source, reader(&address), wake);
        let all = || {
            let answer = engine.ask("reading", |reader, _| Ok::<_, StoreError>(ids(&read(reader, &Query::store()))));
            answer.wait().unwrap().unwrap()
        };
        assert_eq!(all().len(), 50);
        make_anew(kind, &address, 500);
        let began = Instant::now();
        while engine.take_change() != Some(StoreChange::Replaced) {
            let _ = told.recv_timeout(Duration::from_secs(1));
            assert!(began.elapsed() < PATIENCE, "{kind:?}: nothing was noticed");
        }
        let there = all();
        assert!(there.len() == 500 && there.iter().all(|id| id.starts_with("new ")), "{kind:?}: {there:?}");
    }
}

#[test]
fn a_mirror_that_follows_says_so_and_takes_nothing_of_the_other() {
    for kind in BOTH {
        let address = begun(kind, 50);
        let source = Source::parse(&address);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror.db");
        let origin = reader(&address);
        let (mut mirroring, _) = Mirroring::begin(&source, origin.as_ref(), &path).unwrap();
        mirroring.catch_up(origin.as_ref(), &mut |_| Flow::Continue(())).unwrap();
        let (tell, told) = sync_channel(100);
        let bell = Bell::default();
        let (stop, following) = (bell.stop(), (mirroring, path.clone()));
        let follows = on_thread("following", move || {
            follow_mirror::<EngineError>((source, origin), following, &bell, &mut |told| {
                if matches!(told, Following::CaughtUp(..)) {
                    let _ = tell.try_send(());
                }
                Ok(())
            })
        });
        told.recv_timeout(PATIENCE).unwrap();
        make_anew(kind, &address, 500);
        let began = Instant::now();
        while !follows.is_finished() && began.elapsed() < PATIENCE {
            let _ = told.recv_timeout(Duration::from_millis(100));
        }
        stop.stop();
        match follows.join().unwrap() {
            Err(EngineError::Store(StoreError::OriginDiffers { fault, .. })) => {
                // It may look while the other is empty still, or has only begun.
                let is_said =
                    matches!(*fault, OriginFault::Replaced | OriginFault::Emptied | OriginFault::Edited { .. });
                assert!(is_said, "{kind:?}: {fault:?}");
            }
            other => panic!("{kind:?}: {other:?}"),
        }
        let held = ids(&read(&NativeStore::open(&path).unwrap(), &Query::store()));
        assert!(held.len() == 50 && held.iter().all(|id| id.starts_with("old ")), "{kind:?}: {held:?}");
    }
}

#[test]
fn shared_work_is_not_gone_on_with_on_another_stream() {
    for kind in BOTH {
        let address = begun(kind, 50);
        let wish = ShareWish { projection: "fields".to_owned(), category: None, into: None };
        let old = reader(&address);
        let join = |reader: &dyn Store, name: &str, steps: usize| -> Result<u64, ShareError> {
            let values = shared_values(reader, name, "here", true)?;
            let (me, lease) = (fresh_name(), Duration::from_mins(10));
            let mut worker = ShareWorker::with_lease(lease, values.as_ref(), name, &me, reader, &wish)?;
            let mut events = 0;
            for _ in 0..steps {
                events += worker.step(reader, &mut || Flow::Continue(()))?.events;
            }
            Ok(events)
        };
        // Of one, nothing is folded yet, and no place tells of which store it is.
        assert_eq!(join(old.as_ref(), "begun", 0).unwrap(), 0);
        let values = shared_values(old.as_ref(), "folded", "here", true).unwrap();
        let lease = Duration::from_mins(10);
        let mut worker = ShareWorker::with_lease(lease, values.as_ref(), "folded", "a", old.as_ref(), &wish).unwrap();
        assert_eq!(worker.step(old.as_ref(), &mut || Flow::Continue(())).unwrap().events, 50);
        make_anew(kind, &address, 500);
        let refused = worker.step(old.as_ref(), &mut || Flow::Continue(())).unwrap_err();
        assert!(matches!(refused, ShareError::Replaced(_)), "{kind:?}: {refused}");
        let new = reader(&address);
        for name in ["begun", "folded"] {
            let refused = join(new.as_ref(), name, 1).unwrap_err();
            assert!(matches!(refused, ShareError::Replaced(_)), "{kind:?} {name}: {refused}");
            assert!(refused.to_string().contains("choose another name"), "{refused}");
        }
        assert_eq!(join(new.as_ref(), "anew", 1).unwrap(), 500);
    }
}

#[test]
fn an_append_whose_acknowledgement_got_lost_is_not_repeated_in_another_stream() {
    for kind in BOTH {
        let address = begun(kind, 50);
        let is_due = Arc::new(AtomicBool::new(false));
        let (_way, over) = way_that_makes_anew(kind, &address, &is_due);
        let mut appends = writer(&over);
        is_due.store(true, Ordering::SeqCst);
        assert_undecided(kind, appends.append(&lead(9), Expected::NoStream, &[noted("mine")]));
        assert!(!is_due.load(Ordering::SeqCst) && !appends.is_current());
        assert_eq!(ids(&read(reader(&address).as_ref(), &Query::store())), [""; 0], "{kind:?}");
    }
}

#[test]
fn a_stream_that_is_made_anew_between_two_tries_of_an_append_gets_nothing_of_it() {
    for kind in BOTH {
        let address = begun(kind, 50);
        let step = Arc::new(AtomicUsize::new(0));
        let (made, at) = (address.clone(), Arc::clone(&step));
        let (_way, over) = way_to(kind, &address, move |answer| {
            if tells_of_the_stream(answer) && at.compare_exchange(1, 2, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                writer(&made).append(&lead(1), Expected::Any, &[noted("quicker")]).unwrap();
            }
            if refuses(answer) && at.compare_exchange(2, 3, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                delete(kind, &made);
                make(&made, 1);
            }
            false
        });
        let mut appends = writer(&over);
        step.store(1, Ordering::SeqCst);
        match appends.append(&lead(1), Expected::Any, &[noted("mine")]) {
            Err(AppendError::Store(error)) if is_made_anew(&error) => {}
            other => panic!("{kind:?}: {other:?}"),
        }
        assert_eq!(step.load(Ordering::SeqCst), 3, "{kind:?}: the other was quicker, and the stream was made anew");
        assert_eq!(ids(&read(reader(&address).as_ref(), &Query::store())), [""; 0], "{kind:?}");
    }
}

/// Between a look and what follows it nothing can be said to the server that would keep it from taking the event.
#[test]
fn what_a_stream_took_that_was_made_anew_after_the_look_is_not_said_to_be_recorded() {
    for kind in BOTH {
        let address = begun(kind, 50);
        let is_due = Arc::new(AtomicBool::new(false));
        let (made, due) = (address.clone(), Arc::clone(&is_due));
        let (_way, over) = way_to(kind, &address, move |answer| {
            if tells_of_the_stream(answer) && due.swap(false, Ordering::SeqCst) {
                delete(kind, &made);
                make(&made, 1);
            }
            false
        });
        let mut appends = writer(&over);
        is_due.store(true, Ordering::SeqCst);
        assert_undecided(kind, appends.append(&lead(9), Expected::NoStream, &[noted("mine")]));
        assert_eq!(ids(&read(reader(&address).as_ref(), &Query::store())), ["mine"], "{kind:?}");
    }
}

#[test]
fn an_import_whose_acknowledgements_got_lost_does_not_go_on_in_another_stream() {
    for kind in BOTH {
        let address = format!("{}/{}", Server::shared(kind).url(), fresh_name());
        make(&address, 1);
        let folder = tempfile::tempdir().unwrap();
        let mut from = NativeStore::create(&folder.path().join("from.db")).unwrap();
        from.append(&lead(1), Expected::NoStream, &[noted("mine")]).unwrap();
        let is_due = Arc::new(AtomicBool::new(true));
        let (_way, over) = way_that_makes_anew(kind, &address, &is_due);
        let target = store::server_target(&Address::new(&over), None, false).unwrap();
        match store::bring_in(&target, &from, &mut |_| Flow::Continue(())) {
            Err(AppendError::Store(error)) if is_made_anew(&error) => {}
            other => panic!("{kind:?}: {other:?}"),
        }
        assert!(!is_due.load(Ordering::SeqCst));
        assert_eq!(ids(&read(reader(&address).as_ref(), &Query::store())), [""; 0], "{kind:?}");
    }
}
