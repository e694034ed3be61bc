//! What most tests here begin with.

use std::sync::atomic::{AtomicU32, Ordering};

use foldline::event::{EventId, NewEvent, RecordedEvent, StreamId};
use foldline::store::{self, Address, Finding, Flow, Query, Source, Store, Writer};

use crate::servers::{Kind, Server};

/// A name that no other test's store has.
pub(crate) fn fresh_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("store_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// An empty store on one of the shared servers, and its address.
pub(crate) fn fresh_store(kind: Kind) -> String {
    let address = format!("{}/{}", Server::shared(kind).url(), fresh_name());
    make(&address, 1);
    address
}

pub(crate) fn make(address: &str, replicas: usize) {
    store::server_target(&Address::new(address), Some(replicas), true).unwrap_or_else(|error| panic!("{error}"));
}

#[track_caller]
pub(crate) fn writer(address: &str) -> Box<dyn Writer> {
    store::open_for_writing(&Source::parse(address)).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
pub(crate) fn reader(address: &str) -> Box<dyn Store> {
    store::open(&Source::parse(address)).unwrap_or_else(|error| panic!("{error}"))
}

/// An event whose id and payload say which it is.
pub(crate) fn noted(id: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(id),
        event_type: "noted".into(),
        schema: 1,
        recorded_at: Some("2025-01-01T00:00:00Z".parse().unwrap()),
        payload: serde_json::json!({ "note": id }).to_string(),
        metadata: String::new(),
    }
}

pub(crate) fn stream(name: &str) -> StreamId {
    StreamId::from(name)
}

#[track_caller]
pub(crate) fn read(store: &dyn Store, query: &Query) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    store
        .visit_events(query, &mut |row| {
            events.push(row.to_recorded());
            Flow::Continue(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    events
}

#[track_caller]
pub(crate) fn findings(store: &dyn Store) -> Vec<Finding> {
    let mut findings = Vec::new();
    store
        .verify(&mut |finding| findings.push(finding), &mut |_| Flow::Continue(()))
        .unwrap_or_else(|error| panic!("{error}"));
    findings
}

#[track_caller]
pub(crate) fn assert_verifies_clean(store: &dyn Store) {
    assert_eq!(findings(store), []);
}

pub(crate) fn ids(events: &[RecordedEvent]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

/// A thread with a name.
pub(crate) fn on_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::thread::JoinHandle<T> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).unwrap()
}
