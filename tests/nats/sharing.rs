//! A store that several workers fold together, and a mirror of one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, stream};
use foldline::engine::{ShareWish, ShareWorker, SharedRow, shared_rows, shared_values, shared_work};
use foldline::event::RecordedEvent;
use foldline::store::native::NativeStore;
use foldline::store::{self, Flow, Mirroring, Query, Source, Store};

use crate::servers::{Kind, Server, block_on, connect};

/// A stream as rita writes it: leads with a name that is changed, `rounds` times.
fn published(server: &Server, name: &str, leads: u32, rounds: u32) -> Source {
    block_on(async {
        let context = jetstream::new(connect(&server.url()).await.unwrap());
        let (stream, subjects) = (format!("ES_{name}"), vec![format!("$ES.{name}.>")]);
        let config = stream::Config { name: stream, subjects, ..Default::default() };
        context.get_or_create_stream(config).await.unwrap();
        let mut coming = Vec::new();
        for round in 0..rounds {
            for lead in 0..leads {
                let event = if round == 0 { "lead-initialized" } else { "contact-details-updated" };
                let mut headers = HeaderMap::new();
                headers.insert("Nats-Msg-Id", format!("{lead}-{round}").as_str());
                headers.insert("Rita-Type", event);
                headers.insert("Rita-Time", "2025-01-01T01:00:00Z");
                headers.insert("Rita-Codec", "json");
                let body = format!("{{\"lead-id\":{lead},\"name\":\"n{round}\"}}");
                let subject = format!("$ES.{name}.lead.{lead}.{event}");
                coming.push(context.publish_with_headers(subject, headers, body.into()).await.unwrap());
            }
        }
        for answer in coming {
            answer.await.unwrap();
        }
    });
    Source::parse(&format!("{}/ES_{name}", server.url()))
}

fn opened(source: &Source) -> Box<dyn Store> {
    store::open(source).unwrap_or_else(|error| panic!("{error}"))
}

fn rows(reader: &dyn Store, name: &str) -> Vec<SharedRow> {
    shared_rows(shared_values(reader, name, "here", false).unwrap().as_ref()).unwrap()
}

/// Works until everything is folded, or until it is told that it is killed: then it leaves nothing in order.
fn work(source: &Source, name: &str, me: &str, is_killed: &AtomicBool) -> u64 {
    let reader = opened(source);
    let values = shared_values(reader.as_ref(), name, "here", true).unwrap_or_else(|error| panic!("{error}"));
    let wish = ShareWish { projection: "state".to_owned(), category: None };
    let lease = Duration::from_millis(400);
    let mut worker = ShareWorker::with_lease(lease, values.as_ref(), name, me, reader.as_ref(), &wish)
        .unwrap_or_else(|error| panic!("{error}"));
    let end = reader.end().unwrap().position();
    let mut folded = 0;
    loop {
        let mut seen = 0;
        let step = worker.step(reader.as_ref(), &mut || {
            seen += 1;
            if seen > 50 && is_killed.load(Ordering::Relaxed) { Flow::Break(()) } else { Flow::Continue(()) }
        });
        let Ok(step) = step else { return folded };
        folded += step.events;
        if step.everywhere >= end {
            return folded;
        }
    }
}

#[test]
fn several_workers_fold_what_one_folds_and_the_part_of_one_that_is_killed_is_handed_over() {
    let server = Server::shared(Kind::New);
    let source = published(server, "shared", 60, 5);
    let on = AtomicBool::new(false);
    assert_eq!(work(&source, "alone", "a", &on), 300);
    let expected = rows(opened(&source).as_ref(), "alone");
    assert_eq!(expected.len(), 60);
    assert!(expected.iter().all(|row| row.state["name"] == "n4" && row.version.0 == 5), "{expected:?}");

    let killed = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let (source, on, killed) = (&source, &on, &killed);
        scope.spawn(move || work(source, "both", "killed", killed));
        for me in ["b", "c"] {
            scope.spawn(move || work(source, "both", me, on));
        }
    });
    let reader = opened(&source);
    assert_eq!(rows(reader.as_ref(), "both"), expected);
    // What comes later is folded on from there.
    published(server, "shared", 60, 6);
    assert_eq!(work(&source, "both", "d", &on), 60);
    let after = rows(reader.as_ref(), "both");
    assert!(after.len() == 60 && after.iter().all(|row| row.state["name"] == "n5"), "{after:?}");
    let values = shared_values(reader.as_ref(), "both", "here", false).unwrap();
    let told = shared_work(values.as_ref(), "both", reader.as_ref()).unwrap();
    assert!(told.iter().all(|work| work.behind == 0), "{told:?}");
}

fn without_places(reader: &dyn Store) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    let mut visit = |row: &foldline::event::EventRow<'_>| {
        events.push(RecordedEvent { position: None, ..row.to_recorded() });
        Flow::Continue(())
    };
    reader.visit_events(&Query::store(), &mut visit).unwrap();
    events
}

#[test]
fn a_mirror_of_a_stream_holds_its_events_and_goes_on() {
    let server = Server::shared(Kind::Old);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror.db");
    for (rounds, new) in [(3, 90), (3, 0), (4, 30)] {
        let source = published(server, "mirrored", 30, rounds);
        let reader = opened(&source);
        let (mut mirroring, _) =
            Mirroring::begin(&source, reader.as_ref(), &path).unwrap_or_else(|error| panic!("{error}"));
        let done = mirroring.catch_up(reader.as_ref(), &mut |_| Flow::Continue(())).unwrap();
        assert_eq!((done.new, done.standing.behind), (new, 0));
        drop(mirroring);
        assert_eq!(without_places(&NativeStore::open(&path).unwrap()), without_places(reader.as_ref()));
    }
}
