//! What is shown is what is found: the list, its filter and order, and the palette go by what people call a stream.

use egui::{Key, Modifiers};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::Expected;
use foldline::store::native::NativeStore;

use crate::driver::Driver;

fn event(number: u64, event_type: &str, payload: &serde_json::Value) -> NewEvent {
    NewEvent {
        id: EventId::new(&format!("00000000-0000-4000-8000-{number:012}")),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + number as i64 * 1_000_000)),
        payload: payload.to_string(),
        metadata: String::new(),
    }
}

/// Leads with names, and a ticket with a subject; opened at the first of them.
fn named(streams: &[(&str, &str)]) -> Driver {
    let first = streams.first().map_or("none", |(stream, _)| stream);
    Driver::with(first, |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let mut bulk = store.bulk().expect("begun");
        for (number, (stream, name)) in (0..).zip(streams) {
            let (event_type, payload) = if stream.starts_with("ticket") {
                ("ticket-initialized", serde_json::json!({ "subject": name, "customer": "Kim" }))
            } else {
                ("lead-initialized", serde_json::json!({ "lead-id": number, "name": name, "phone": "1" }))
            };
            bulk.record(&StreamId::from(*stream), None, &event(number, event_type, &payload)).expect("recorded");
        }
        bulk.commit().expect("committed");
    })
}

const SOME: [(&str, &str); 5] = [
    ("lead-1", "Zoë Čapek"),
    ("lead-2", "Maria Ortiz"),
    ("lead-10", "김서연"),
    ("lead-3", "Bo"),
    ("ticket-7", "환불 문의"),
];

#[test]
fn the_filter_finds_by_what_a_stream_is_called_whatever_the_script_and_its_marks() {
    let mut driver = named(&SOME);
    for (filter, streams) in [
        ("maria", vec!["Maria Ortiz, lead-2"]),
        ("ZOE cap", vec!["Zoë Čapek, lead-1"]),
        ("서연", vec!["김서연, lead-10"]),
        ("불 문", vec!["환불 문의, ticket-7"]),
        ("lead-1", vec!["Zoë Čapek, lead-1", "김서연, lead-10"]),
    ] {
        driver.type_over("Filter streams", filter);
        assert_eq!(driver.streams(), streams, "{filter}");
    }
    driver.assert_shows("lead, 2");
    driver.assert_shows("ticket, 0");
}

#[test]
fn by_name_orders_by_what_is_shown() {
    let mut driver = named(&SOME);
    driver.click("oldest first");
    driver.click("by name");
    let leads = ["Bo, lead-3", "Maria Ortiz, lead-2", "Zoë Čapek, lead-1", "김서연, lead-10"];
    assert_eq!(driver.streams().get(..4), Some(&leads.map(str::to_owned)[..]));
}

#[test]
fn the_palette_finds_by_what_a_stream_is_called() {
    let mut driver = named(&SOME);
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "ortiz");
    driver.press(Key::Enter);
    driver.assert_shows("Maria Ortiz");
    assert!(driver.shows_part("lead-2"), "{}", driver.all_text());
    driver.assert_shows("State at version 0");
}

#[test]
fn an_event_is_found_by_its_id_and_other_text_is_looked_for_in_the_events() {
    let mut driver = named(&SOME);
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "00000000-0000-4000-8000-000000000001");
    driver.assert_shows("lead-initialized, lead-2 v0");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 0");
    assert!(driver.shows_part("lead-2"), "{}", driver.all_text());
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "초기 문의");
    driver.assert_shows("Search the events for “초기 문의”");
    driver.press(Key::Enter);
    driver.assert_shows("Nothing was found among 5 events");
}

#[test]
fn a_name_beyond_those_that_are_listed_is_found_by_the_filter_and_the_palette() {
    let streams: Vec<(String, String)> = (0..10_200).map(|n| (format!("lead-{n}"), format!("person {n}."))).collect();
    let streams: Vec<(&str, &str)> = streams.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    let mut driver = named(&streams);
    driver.type_over("Filter streams", "person 10150.");
    assert_eq!(driver.streams(), ["person 10150., lead-10150"]);
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "person 10151.");
    driver.assert_shows("person 10151., lead-10151");
}

#[test]
fn a_stream_that_somebody_renames_is_found_by_its_new_name() {
    let mut driver = named(&SOME);
    let path = driver.path("made.db");
    let mut store = NativeStore::open_for_writing(&path).expect("opened");
    let payload = serde_json::json!({ "name": "Maria Kim" });
    let renamed = event(100, "contact-details-updated", &payload);
    foldline::store::Writer::append(&mut store, &StreamId::from("lead-2"), Expected::Any, &[renamed])
        .expect("appended");
    driver.wait_for("Maria Kim, lead-2");
    driver.type_over("Filter streams", "maria kim");
    assert_eq!(driver.streams(), ["Maria Kim, lead-2"]);
    driver.type_over("Filter streams", "ortiz");
    assert!(driver.streams().is_empty());
}

#[test]
fn in_a_store_of_another_program_a_field_that_names_a_person_is_shown_and_found() {
    let mut driver = Driver::with("8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001", |path| {
        let fill = r#"
            CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
                PRIMARY KEY (originator_id, originator_version));
            INSERT INTO stored_events VALUES
                ('8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001', 1, 'crm:Account.Opened', '{"first_name":"Maria","last_name":"Ortiz"}'),
                ('8e5b5e0c7c0f4ad2a1c5d3c1d7f0a002', 1, 'crm:Account.Opened', '{"title":"Loan"}');"#;
        rusqlite::Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
    });
    driver.type_over("Filter streams", "maria ort");
    assert_eq!(driver.streams(), ["Maria Ortiz, 8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001"]);
}
