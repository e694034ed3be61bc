//! What it costs to find a stream among a million, by what people call it and by its id.

use std::path::Path;

use foldline::engine::{Survey, Ticket};
use foldline::event::{EventId, EventType, NewEvent, StreamId};
use foldline::store::native::NativeStore;
use foldline::store::{Flow, Store, StreamOrder, StreamQuery};

use crate::measure::{Row, Table, micros, repeat, time};
use crate::stores::Stores;

const STREAMS: u64 = if cfg!(debug_assertions) { 50_000 } else { 1_000_000 };

/// As many as the window lists of a category.
const LISTED: usize = 10_000;

const GIVEN: [&str; 8] = ["Maria", "José", "김서연", "Zoë", "Anna", "Ivan", "이영희", "Bo"];
const FAMILY: [&str; 5] = ["Ortiz", "Novak", "Chen", "Smith", "박"];

fn crowd(path: &Path) -> NativeStore {
    let mut store = NativeStore::create(path).expect("a store");
    let mut bulk = store.bulk().expect("begun");
    for number in 0..STREAMS {
        let (given, family) = (GIVEN[number as usize % GIVEN.len()], FAMILY[number as usize / 3 % FAMILY.len()]);
        let event = NewEvent {
            id: EventId::from_content(&[&number.to_le_bytes()]),
            event_type: EventType::from("lead-initialized"),
            schema: 1,
            recorded_at: None,
            payload: format!(r#"{{"lead-id":{number},"name":"{given} {family} {number}","phone":"1"}}"#),
            metadata: String::new(),
        };
        let stream = StreamId::from(format!("lead-{number}").as_str());
        bulk.record_new(&stream, foldline::event::Version(0), &event).expect("recorded");
    }
    bulk.commit().expect("committed");
    store
}

pub(crate) fn find(table: &mut Table, _: &Stores) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = crowd(&folder.path().join("crowd.db"));
    let survey = Survey::default();
    let read = time(|| survey.follow(&store, &Ticket::new("bench")).expect("read"));
    table.add(Row::new(&format!("reading {STREAMS} names, a stream"), "5 µs", read * 1e6 / STREAMS as f64, 5.0, "µs"));
    for (what, filter) in
        [("one name", &*format!("ortiz {}", STREAMS - 1)), ("every fifth name", "novak"), ("no name", "zzzz")]
    {
        let samples = repeat(7, || time(|| survey.list(Some(filter), StreamOrder::Began, LISTED)));
        let what = format!("filter {STREAMS} streams by {what}");
        table.add(Row::new(&what, "100 ms", micros(&samples) / 1_000.0, 100.0, "ms").bar(1.0));
    }
    let by_id = StreamQuery {
        category: Some("lead".to_owned()),
        filter: Some(format!("ead-{}", STREAMS - 1)),
        limit: Some(LISTED as u64),
        ..StreamQuery::default()
    };
    let ask = || store.visit_streams(&by_id, &mut |_| Flow::Continue(())).expect("listed");
    let samples = repeat(5, || time(ask));
    let row = Row::new(
        &format!("filter {STREAMS} ids in the store itself"),
        "500 ms",
        micros(&samples) / 1_000.0,
        500.0,
        "ms",
    );
    table.add(row.bar(1.0));
}
