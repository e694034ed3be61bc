//! A store for tests of those who only ask the engine.

use std::sync::Arc;

use super::Engine;
use crate::event::{EventId, NewEvent, Timestamp};
use crate::store::Source;
use crate::store::native::NativeStore;

/// Five leads of one event each, recorded a microsecond apart.
pub(crate) fn five_leads() -> (tempfile::TempDir, Engine) {
    leads_called(5, |number| format!("lead-{number}"))
}

/// So many of them, with these names.
pub(crate) fn leads_called(leads: i64, name: impl Fn(i64) -> String) -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.db");
    let mut store = NativeStore::create(&path).expect("a store");
    let mut bulk = store.bulk().expect("a transaction");
    for number in 0..leads {
        let event = NewEvent {
            id: EventId::new(&format!("e{number}")),
            event_type: "lead-initialized".into(),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(number)),
            payload: format!(r#"{{"lead-id": {number}, "name": "n{number}"}}"#),
            metadata: String::new(),
        };
        bulk.record(&name(number).as_str().into(), None, &event).expect("recorded");
    }
    bulk.commit().expect("committed");
    drop(store);
    let source = Source::from(path);
    let first = crate::store::open(&source).expect("opened");
    (folder, Engine::new(source, first, Arc::new(|| ())))
}
