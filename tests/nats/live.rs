//! What anybody records is told at once, and a connection that was lost is taken up where it was.

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use foldline::engine::{Engine, StoreChange, Wake};
use foldline::event::{Cursor, EventBatch};
use foldline::store::{self, Changes, Columns, Source, Store};

use crate::opening::make;
use crate::servers::{Kind, PATIENCE, Server, block_on, connect};

fn publish(url: &str, stream: &str, from: usize, to: usize) {
    block_on(async {
        let context = jetstream::new(connect(url).await.unwrap());
        for number in from..to {
            let subject = format!("$ES.{stream}.lead.{}.changed", number % 7);
            context.publish(subject, format!("{{\"n\":{number}}}").into()).await.unwrap().await.unwrap();
        }
    });
}

/// What came behind a place, and the place behind that. What fails is tried again with the next ring.
fn news(store: &dyn Store, cursor: &mut Cursor) -> Vec<u64> {
    let mut found = Vec::new();
    let Ok(changes) = store.changes(cursor, Columns::ALL) else { return found };
    let Changes::Grew(mut scan) = changes else { panic!("nothing was taken away") };
    let mut batch = EventBatch::default();
    while scan.next_batch(&mut batch).is_ok() && !batch.is_empty() {
        for row in batch.rows() {
            let payload: serde_json::Value = serde_json::from_slice(row.payload).unwrap();
            found.push(payload["n"].as_u64().unwrap());
        }
        cursor.advance(&batch);
    }
    found
}

#[test]
fn what_is_recorded_rings_at_once_and_comes_once_also_after_the_server_was_killed() {
    for kind in [Kind::New, Kind::Old] {
        let mut server = Server::start(kind);
        let url = server.url();
        make(&url, "LIVE", "$ES.LIVE.>");
        let store = store::open(&Source::parse(&format!("{url}/LIVE"))).unwrap();
        let (tell, told) = sync_channel(1_000);
        let tell = Mutex::new(tell);
        let alarm = store.alarm(Arc::new(move || {
            let _ = tell.lock().unwrap().send(Instant::now());
        }));
        assert!(alarm.is_some());
        // It rings once when it begins to listen.
        told.recv_timeout(PATIENCE).unwrap();
        let mut cursor = store.end().unwrap();
        let begun = Instant::now();
        publish(&url, "LIVE", 0, 1);
        let rang = told.recv_timeout(PATIENCE).unwrap();
        let mut found = news(&*store, &mut cursor);
        assert_eq!(found, [0]);
        assert!(rang.duration_since(begun) < Duration::from_secs(2), "{:?}", rang.duration_since(begun));
        server.node.kill();
        server.node.start();
        let is_back = crate::servers::until(|| block_on(async { connect(&url).await.is_ok() }));
        assert!(is_back);
        publish(&url, "LIVE", 1, 40);
        let begun = Instant::now();
        while found.len() < 40 && begun.elapsed() < PATIENCE {
            if told.recv_timeout(Duration::from_secs(5)).is_ok() {
                found.extend(news(&*store, &mut cursor));
            }
        }
        assert_eq!(found, (0..40).collect::<Vec<u64>>());
        drop(alarm);
    }
}

#[test]
fn an_open_store_notices_within_a_tenth_of_a_second_what_another_records() {
    let server = Server::shared(Kind::New);
    let url = server.url();
    make(&url, "NOTICED", "$ES.NOTICED.>");
    publish(&url, "NOTICED", 0, 3);
    let source = Source::parse(&format!("{url}/NOTICED"));
    let (tell, told) = sync_channel(1_000);
    let tell = Mutex::new(tell);
    let wake: Wake = Arc::new(move || {
        let _ = tell.lock().unwrap().send(());
    });
    let engine = Engine::new(source.clone(), store::open(&source).unwrap(), wake);
    let mut fastest = PATIENCE;
    for number in 3..9 {
        publish(&url, "NOTICED", number, number + 1);
        let begun = Instant::now();
        let change = loop {
            match engine.take_change() {
                Some(change @ StoreChange::Grew(_)) => break change,
                _ => assert!(told.recv_timeout(PATIENCE).is_ok(), "nothing was noticed"),
            }
        };
        assert!(change.touches(&format!("lead:{}", number % 7).as_str().into()), "{change:?}");
        fastest = fastest.min(begun.elapsed());
    }
    // Other tests may keep the machine busy all the time, but not each time.
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    assert!(!engine.is_cut_off());
}
