//! A store for tests of those who only ask the engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Engine;
use crate::event::{EventId, NewEvent, Timestamp};
use crate::store::native::NativeStore;
use crate::store::{Expected, Source, Writer};

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

/// The same, and the first of them is contacted as the sixth event.
pub(crate) fn five_leads_and_a_contact() -> (tempfile::TempDir, Engine) {
    let (folder, engine) = five_leads();
    let contacted = NewEvent {
        id: EventId::new("c1"),
        event_type: "contacted".into(),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(9)),
        payload: "{}".to_owned(),
        metadata: String::new(),
    };
    let mut writer = NativeStore::open_for_writing(&folder.path().join("events.db")).expect("opened");
    writer.append(&"lead-0".into(), Expected::Any, &[contacted]).expect("recorded");
    (folder, engine)
}

/// Says when what is waited for takes too long.
pub(crate) fn patience() -> impl Fn() -> bool {
    let end = Instant::now() + Duration::from_secs(20);
    move || Instant::now() > end
}
