//! What goes over the wire: a reader on which the server hangs up since it is slow, and how little is asked for twice.

use std::sync::atomic::Ordering;

use async_nats::jetstream;
use foldline::engine::{SNAPSHOT_SPACING, keep_snapshots};
use foldline::event::{EventId, NewEvent, Version};
use foldline::store::{Expected, Query};

use crate::servers::{Kind, Server, block_on, connect, until};
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

#[test]
fn streams_full_of_numbers_that_nobody_believes_are_gone_through_a_few_times_and_not_once_for_each_event() {
    const EACH: usize = 3_000;
    for kind in [Kind::New, Kind::Old] {
        let address = fresh_store(kind);
        let (place, name) = address.trim_start_matches("nats://").split_once('/').unwrap();
        block_on(async {
            let client = connect(&Server::shared(kind).url()).await.unwrap();
            for number in 0..2 * EACH {
                let mut headers = async_nats::HeaderMap::new();
                headers.insert("Nats-Msg-Id", number.to_string());
                for (name, value) in [("Foldline-Schema", "1"), ("Foldline-Type", "told")] {
                    headers.insert(name, value);
                }
                headers.insert("Foldline-Version", u64::MAX.to_string());
                let subject = format!("foldline.{name}.lead.{}", number % 2);
                client.publish_with_headers(subject, headers, "{}".into()).await.unwrap();
            }
            let mut stream = jetstream::new(client).get_stream(name).await.unwrap();
            while stream.info().await.unwrap().state.messages < 2 * EACH as u64 {
                tokio::task::yield_now().await;
            }
        });
        let way = Way::to(place.rsplit(':').next().unwrap().parse().unwrap());
        let over = format!("nats://127.0.0.1:{}/{name}", way.port);
        let carried = |work: &dyn Fn()| {
            let before = way.carried.load(Ordering::Relaxed);
            work();
            way.carried.load(Ordering::Relaxed) - before
        };
        let once = carried(&|| assert_eq!(reader(&over).info().unwrap().events, 2 * EACH as u64));
        for is_backward in [false, true] {
            let query = if is_backward { Query::store().backward() } else { Query::store() };
            let all = carried(&|| {
                let mut versions: Vec<(u64, String)> = read(reader(&over).as_ref(), &query)
                    .iter()
                    .map(|event| (event.version.0, event.stream.to_string()))
                    .collect();
                if is_backward {
                    versions.reverse();
                }
                let expected = (0..2 * EACH).map(|number| (number as u64 / 2, format!("lead-{}", number % 2)));
                assert_eq!(versions, expected.collect::<Vec<_>>(), "{kind:?}");
            });
            assert!(all < 8 * once, "{kind:?}: {all} bytes, and {once} for all messages once");
        }
    }
}

#[test]
fn an_event_far_behind_in_its_stream_is_not_looked_for_message_by_message() {
    const EVENTS: usize = 500;
    for kind in [Kind::New, Kind::Old] {
        let address = fresh_store(kind);
        let mut store = writer(&address);
        let events: Vec<NewEvent> = (0..EVENTS).map(|number| noted(&format!("e{number}"))).collect();
        // On the older one a message holds all events of an append.
        for some in events.chunks(if kind == Kind::Old { 1 } else { EVENTS }) {
            store.append(&stream("lead-1"), Expected::Any, some).unwrap();
        }
        let (place, name) = address.trim_start_matches("nats://").split_once('/').unwrap();
        let way = Way::to(place.rsplit(':').next().unwrap().parse().unwrap());
        let store = reader(&format!("nats://127.0.0.1:{}/{name}", way.port));
        let before = way.asked.load(Ordering::Relaxed);
        let event = store.event_at(&stream("lead-1"), Version(EVENTS as u64 - 1)).unwrap().unwrap();
        assert_eq!(event.id, EventId::new(&format!("e{}", EVENTS - 1)), "{kind:?}");
        let asked = way.asked.load(Ordering::Relaxed) - before;
        assert!(asked < 20_000, "{kind:?}: the questions took {asked} bytes");
    }
}
