//! A store for tests of those who only ask the engine.

use std::sync::Arc;

use super::Engine;
use crate::event::{EventId, NewEvent, Timestamp};
use crate::store::native::NativeStore;
use crate::store::{Expected, Source, Writer};

/// Five leads of one event each, recorded a microsecond apart.
pub(crate) fn five_leads() -> (tempfile::TempDir, Engine) {
    so_many_leads(5)
}

pub(crate) fn so_many_leads(leads: i64) -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.db");
    let mut store = NativeStore::create(&path).expect("a store");
    for number in 0..leads {
        let event = NewEvent {
            id: EventId::new(&format!("e{number}")),
            event_type: "lead-initialized".into(),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(number)),
            payload: format!(r#"{{"lead-id": {number}, "name": "n{number}"}}"#),
            metadata: String::new(),
        };
        store.append(&format!("lead-{number}").as_str().into(), Expected::Any, &[event]).expect("recorded");
    }
    drop(store);
    let source = Source::from(path);
    let first = crate::store::open(&source).expect("opened");
    (folder, Engine::new(source, first, Arc::new(|| ())))
}
