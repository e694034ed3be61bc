//! What a framework notifies on the server is heard at once, and after a connection that was lost too.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use foldline::engine::{Engine, StoreChange, Wake};

use crate::server::Database;
use crate::tables::{EVENTSOURCING, MESSAGE_DB};

/// Longer than any machine takes, and far from it where all is well.
const PATIENCE: Duration = Duration::from_secs(20);

const LISTENING: &str = "FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()";

fn listeners(database: &Database) -> i64 {
    database.client().query_one(&format!("SELECT count(*) {LISTENING}"), &[]).unwrap().get(0)
}

fn ringing(ring: SyncSender<()>) -> Wake {
    Arc::new(move || {
        let _ = ring.try_send(());
    })
}

fn heard(rung: &Receiver<()>) {
    rung.recv_timeout(PATIENCE).expect("it rings");
    // Several at once are one.
    while rung.try_recv().is_ok() {}
}

#[test]
fn a_notification_rings_and_so_does_listening_again_after_the_connection_was_cut() {
    let database = Database::with(EVENTSOURCING);
    let reader = database.open();
    let (ring, rung) = sync_channel(100);
    let alarm = reader.alarm(ringing(ring)).expect("this framework notifies");
    heard(&rung);
    database.run("NOTIFY crm_events");
    heard(&rung);
    let cut = database.client().query(&format!("SELECT pg_terminate_backend(pid, 5000) {LISTENING}"), &[]).unwrap();
    assert_eq!(cut.len(), 1);
    heard(&rung);
    database.run("NOTIFY crm_events");
    heard(&rung);
    drop(alarm);
    let since = Instant::now();
    while listeners(&database) > 0 {
        assert!(since.elapsed() < PATIENCE, "it listens for ever");
        std::thread::yield_now();
    }
    assert!(Database::with(MESSAGE_DB).open().alarm(Arc::new(|| ())).is_none(), "nobody notifies there");
}

#[test]
fn an_open_store_hears_of_an_event_before_it_would_ask() {
    let database = Database::with(EVENTSOURCING);
    let (ring, rung) = sync_channel(100);
    let engine = Engine::new(database.source(), database.open(), ringing(ring));
    let since = Instant::now();
    while listeners(&database) == 0 {
        assert!(since.elapsed() < PATIENCE, "nobody listens");
        std::thread::yield_now();
    }
    database.run(
        "INSERT INTO crm_events (originator_id, originator_version, topic, state)
         SELECT originator_id, max(originator_version) + 1, min(topic), convert_to('{}', 'UTF8') FROM crm_events
         GROUP BY originator_id LIMIT 1;
         NOTIFY crm_events",
    );
    let since = Instant::now();
    let change = loop {
        assert!(since.elapsed() < PATIENCE, "nothing is noticed");
        match engine.take_change() {
            Some(change @ (StoreChange::Grew(_) | StoreChange::Somewhere)) => break change,
            _ => {
                let _ = rung.recv_timeout(Duration::from_millis(100));
            }
        }
    };
    assert!(matches!(change, StoreChange::Grew(_)), "{change:?}");
}
