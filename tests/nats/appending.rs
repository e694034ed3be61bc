//! Appending: what is acknowledged is there, what is refused is not, and of two that append one wins.

use std::sync::{Arc, Barrier};

use foldline::event::{EventId, NewEvent, Version, grouped};
use foldline::store::{AppendError, Expected, NatsError, Query, Source, StoreError};

use crate::servers::{Cluster, Kind, Server};
use crate::stores::{
    assert_verifies_clean, fresh_name, fresh_store, ids, make, noted, on_thread, read, reader, stream, writer,
};

const BOTH: [Kind; 2] = [Kind::New, Kind::Old];

#[test]
fn several_events_of_one_append_stand_together_and_the_rest_of_the_store_agrees() {
    for kind in BOTH {
        let address = fresh_store(kind);
        let mut store = writer(&address);
        let batch: Vec<NewEvent> = (0..40).map(|n| noted(&format!("e{n}"))).collect();
        let answer = store.append(&stream("lead-1"), Expected::NoStream, &batch).unwrap();
        assert_eq!((answer.first, answer.last), (Version(0), Version(39)));
        store.append(&stream("settings"), Expected::NoStream, &[noted("s")]).unwrap();
        let all = read(reader(&address).as_ref(), &Query::store());
        assert_eq!(ids(&all)[..40], ids(&read(store.as_ref(), &Query::stream(stream("lead-1"))))[..]);
        assert_eq!(all[39].position, answer.position);
        assert!(all.windows(2).all(|two| two[0].position < two[1].position), "{kind:?}");
        assert_verifies_clean(store.as_ref());
    }
}

#[test]
fn more_than_a_server_takes_is_refused_and_leaves_nothing() {
    for (kind, most) in [(Kind::New, 1_000), (Kind::Old, 4_096)] {
        let mut store = writer(&fresh_store(kind));
        let batch: Vec<NewEvent> = (0..=most).map(|n| noted(&n.to_string())).collect();
        let refused = store.append(&stream("lead-1"), Expected::Any, &batch).unwrap_err();
        assert!(refused.to_string().contains(&format!("{} events at once", grouped(most as u64 + 1))), "{refused}");
        let large = NewEvent { payload: format!("\"{}\"", "x".repeat(1 << 20)), ..noted("large") };
        let refused = store.append(&stream("lead-1"), Expected::Any, &[large]).unwrap_err();
        assert!(refused.to_string().contains("max_payload"), "{refused}");
        let refused = store.append(&stream(&format!("lead-{}", "x".repeat(4_000))), Expected::Any, &[noted("a")]);
        assert!(refused.unwrap_err().to_string().contains("use a shorter one"));
        assert_eq!(read(store.as_ref(), &Query::store()), []);
        // As much as is taken goes through.
        let answer = store.append(&stream("lead-1"), Expected::NoStream, &batch[..most]).unwrap();
        assert_eq!(answer.last, Version(most as u64 - 1));
        assert_verifies_clean(store.as_ref());
    }
}

#[test]
fn an_event_with_more_metadata_than_a_header_holds_comes_back_whole() {
    for kind in BOTH {
        let address = fresh_store(kind);
        let metadata = serde_json::json!({ "actor": "kim", "reason": "long ".repeat(30_000) }).to_string();
        let event = NewEvent { metadata: metadata.clone(), ..noted("a") };
        writer(&address).append(&stream("lead-1"), Expected::NoStream, &[event]).unwrap();
        let back = read(reader(&address).as_ref(), &Query::store());
        assert_eq!(String::from_utf8(back[0].metadata.clone()).unwrap(), metadata);
        assert_verifies_clean(reader(&address).as_ref());
    }
}

#[test]
fn an_id_that_the_server_has_forgotten_is_still_known() {
    // A window of a tenth of a second, in place of two minutes.
    let server = Server::shared(Kind::New);
    let address = fresh_store(Kind::New);
    let name = address.rsplit('/').next().unwrap().to_owned();
    crate::servers::block_on(async {
        let context = async_nats::jetstream::new(crate::servers::connect(&server.url()).await.unwrap());
        let mut config = context.get_stream(&name).await.unwrap().cached_info().config.clone();
        config.duplicate_window = std::time::Duration::from_millis(100);
        context.update_stream(config).await.unwrap();
    });
    let mine = EventId::Uuid(uuid::Uuid::now_v7().into_bytes());
    for id in [EventId::new("a"), mine] {
        let event = NewEvent { id: id.clone(), ..noted("one") };
        let first = writer(&address).append(&stream("lead-1"), Expected::Any, std::slice::from_ref(&event)).unwrap();
        writer(&address).append(&stream("lead-1"), Expected::Any, &[noted(&format!("behind {id}"))]).unwrap();
        let after = std::time::Instant::now();
        // The window has to be over: nothing else tells of it.
        assert!(crate::servers::until(|| after.elapsed() > std::time::Duration::from_millis(400)));
        let again = writer(&address).append(&stream("lead-1"), Expected::Any, std::slice::from_ref(&event)).unwrap();
        assert!(again.already_there);
        assert_eq!((again.first, again.position), (first.first, first.position));
    }
    assert_eq!(read(reader(&address).as_ref(), &Query::store()).len(), 4);
}

pub(crate) fn of_two_writers_on_different_nodes_never_both_win() {
    const ROUNDS: u64 = 25;
    let cluster = Cluster::start(Kind::New);
    let name = fresh_name();
    make(&format!("{}/{name}", cluster.url()), 3);
    let barrier = Arc::new(Barrier::new(2));
    let racers: Vec<_> = (0..2)
        .map(|number| {
            let address = format!("{}/{name}", cluster.nodes[number].url());
            let barrier = Arc::clone(&barrier);
            on_thread(&format!("racer {number}"), move || {
                let mut store = writer(&address);
                let mut won = Vec::new();
                for round in 0..ROUNDS {
                    barrier.wait();
                    let expected =
                        round.checked_sub(1).map_or(Expected::NoStream, |last| Expected::Exact(Version(last)));
                    let event = noted(&format!("{number}/{round}"));
                    match store.append(&stream("lead-1"), expected, &[event]) {
                        Ok(answer) => {
                            assert_eq!(answer.last, Version(round));
                            won.push(round);
                        }
                        Err(AppendError::Conflict(conflict)) => {
                            assert_eq!(conflict.actual, Some(Version(round)));
                            assert_eq!(ids(&conflict.since), [format!("{}/{round}", 1 - number)]);
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
                won
            })
        })
        .collect();
    let mut won: Vec<u64> = racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect();
    won.sort_unstable();
    assert_eq!(won, (0..ROUNDS).collect::<Vec<_>>());
    assert_verifies_clean(reader(&format!("{}/{name}", cluster.url())).as_ref());
}

#[test]
fn wrong_credentials_are_said_without_them() {
    let server = Server::start_with(Kind::New, "authorization { user: foldline, password: \"s3cret\" }");
    let host = server.url().trim_start_matches("nats://").to_owned();
    let right = format!("nats://foldline:s3cret@{host}/sales");
    make(&right, 1);
    writer(&right).append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).unwrap();
    for (address, words) in [
        (format!("nats://foldline:wr0ng@{host}/sales"), "does not accept these credentials"),
        (format!("nats://{host}/sales"), "asks who is there"),
    ] {
        let Err(error) = foldline::store::open_for_writing(&Source::parse(&address)) else {
            panic!("{address} opened")
        };
        let said = format!("{error} {error:?}");
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("wr0ng") && !said.contains("s3cret"), "{said}");
    }
}

#[test]
fn what_cannot_be_made_is_said() {
    let server = Server::shared(Kind::New);
    let make = |place: &str, replicas| {
        let address = foldline::store::Address::new(&format!("{}{place}", server.url()));
        match foldline::store::server_target(&address, Some(replicas), true) {
            Err(StoreError::Nats { error, .. }) => *error,
            other => panic!("{place}: {other:?}"),
        }
    };
    assert!(matches!(make("", 1), NatsError::NoName));
    assert!(matches!(make("/a.b", 1), NatsError::BadName { .. }));
    assert!(matches!(make("/three_copies", 3), NatsError::Replicas { asked: 3, .. }));
    assert!(matches!(make("/six_copies", 6), NatsError::Replicas { asked: 6, .. }));
    let there = fresh_store(Kind::New);
    let name = there.strip_prefix(&server.url()).unwrap().to_owned();
    assert!(matches!(make(&name, 1), NatsError::NameTaken { .. }));
}
