//! What goes over the wire: a reader on which the server hangs up since it is slow, and how little is asked for twice.

use std::sync::atomic::Ordering;

use foldline::engine::{SNAPSHOT_SPACING, keep_snapshots};
use foldline::event::{EventId, NewEvent};
use foldline::store::{Expected, Query};

use crate::servers::{Kind, Server, until};
use crate::stores::{fresh_store, ids, make, noted, on_thread, read, reader, stream, writer};
use crate::way::Way;

#[test]
fn a_reader_on_which_the_server_hangs_up_since_it_is_slow_misses_nothing_and_doubles_nothing() {
    const EVENTS: usize = 30;
    for kind in [Kind::New, Kind::Old] {
        let server = Server::start_with(kind, "write_deadline: \"100ms\"");
        let address = format!("{}/sales", server.url());
        make(&address, 1);
        let mut store = writer(&address);
        for number in 0..EVENTS {
            // More than the system keeps on the way.
            let payload = format!("\"{}\"", "x".repeat(900_000));
            let event = NewEvent { payload, ..noted(&format!("e{number}")) };
            store.append(&stream("lead-1"), Expected::Any, &[event]).unwrap();
        }
        let way = Way::to(server.node.port);
        let slow = format!("nats://127.0.0.1:{}/sales", way.port);
        // Of what it asked for at first, most is on the way then.
        way.most.store(2_000_000, Ordering::Relaxed);
        let reading = on_thread("reader", move || ids(&read(reader(&slow).as_ref(), &Query::store())));
        assert!(until(|| server.node.log().contains("Slow Consumer")), "{kind:?}: {}", server.node.log());
        way.most.store(usize::MAX, Ordering::Relaxed);
        let expected: Vec<String> = (0..EVENTS).map(|number| format!("e{number}")).collect();
        assert_eq!(reading.join().unwrap(), expected, "{kind:?}");
    }
}

#[test]
fn what_was_walked_over_once_leads_from_an_id_to_its_event_without_another_walk() {
    const EVENTS: usize = 1_500;
    for kind in [Kind::New, Kind::Old] {
        let address = fresh_store(kind);
        let mut store = writer(&address);
        for some in (0..EVENTS).collect::<Vec<_>>().chunks(50) {
            let events: Vec<NewEvent> = some.iter().map(|number| noted(&format!("e{number}"))).collect();
            store.append(&stream(&format!("lead-{}", some[0])), Expected::NoStream, &events).unwrap();
        }
        let (place, name) = address.trim_start_matches("nats://").split_once('/').unwrap();
        let way = Way::to(place.rsplit(':').next().unwrap().parse().unwrap());
        let store = reader(&format!("nats://127.0.0.1:{}/{name}", way.port));
        let found = |number: usize| {
            let before = way.carried.load(Ordering::Relaxed);
            let id = EventId::new(&format!("e{number}"));
            let event = store.event_by_id(&id).unwrap();
            assert_eq!(event.map(|event| event.id), (number < EVENTS).then_some(id), "{kind:?}");
            way.carried.load(Ordering::Relaxed) - before
        };
        let first = found(700);
        for number in [0, 1, 299, 300, 1_234, EVENTS - 1, EVENTS + 7] {
            let again = found(number);
            assert!(again * 3 < first, "{kind:?}: {number} took {again} bytes, the first of all {first}");
        }
        // What comes behind it is looked into, and no more.
        writer(&address).append(&stream("lead-0"), Expected::Any, &[noted("behind")]).unwrap();
        let before = way.carried.load(Ordering::Relaxed);
        let event = store.event_by_id(&EventId::new("behind")).unwrap().expect("it is there");
        assert_eq!((event.stream, event.version.0), (stream("lead-0"), 50));
        assert!((way.carried.load(Ordering::Relaxed) - before) * 3 < first, "{kind:?}");
    }
}

/// A long stream is read again for snapshots where they are kept, and there is no place for them on a server.
#[test]
fn what_is_appended_is_not_followed_by_reading_the_stream_for_snapshots_that_nobody_keeps() {
    for kind in [Kind::New, Kind::Old] {
        let address = fresh_store(kind);
        let (place, name) = address.trim_start_matches("nats://").split_once('/').unwrap();
        let way = Way::to(place.rsplit(':').next().unwrap().parse().unwrap());
        let mut store = writer(&format!("nats://127.0.0.1:{}/{name}", way.port));
        let events: Vec<NewEvent> = (0..SNAPSHOT_SPACING).map(|number| noted(&format!("e{number}"))).collect();
        for some in events.chunks(500) {
            store.append(&stream("lead-1"), Expected::Any, some).unwrap();
        }
        let before = way.carried.load(Ordering::Relaxed);
        keep_snapshots(store.as_mut(), &stream("lead-1"));
        let read = way.carried.load(Ordering::Relaxed) - before;
        assert!(read < 1_000, "{kind:?}: {read} bytes were read");
    }
}
