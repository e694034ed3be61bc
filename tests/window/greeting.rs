//! A store before a stream is chosen: what it holds, and where each part of that leads.

use egui::Role;
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

const DAY: i64 = 86_400_000_000;

/// The first of 2025.
const NEW_YEAR: i64 = 1_735_689_600_000_000;

fn event(number: i64, event_type: &str, actor: &str, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(&format!("e{number}")),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(NEW_YEAR + number * DAY)),
        payload: payload.to_owned(),
        metadata: format!(r#"{{"actor":"{actor}"}}"#),
    }
}

/// Three events on three days, of two streams.
fn greeted() -> Driver {
    let mut driver = Driver::welcome();
    let path = driver.path("made.db");
    let mut store = NativeStore::create(&path).expect("a store");
    for (stream, event) in [
        ("thing-1", event(0, "created", "kim", r#"{"name":"Bo"}"#)),
        ("thing-2", event(1, "created", "kim", r#"{"name":"Zoë"}"#)),
        ("thing-1", event(9, "moved", "lee", r#"{"to":"Busan"}"#)),
    ] {
        store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
    }
    drop(store);
    driver.open(&path);
    driver
}

#[test]
fn an_opened_store_says_what_it_holds() {
    let driver = greeted();
    for text in [
        "foldline · 3 events in 2 streams, from 2025-01-01 to 2025-01-10",
        "created, 2",
        "moved, 1",
        "kim, 2",
        "lee, 1",
        "Bo, thing-1, 2",
        "Zoë, thing-2, 1",
        "2025-01-02, 1 event",
        "Not checked in this window",
    ] {
        driver.assert_shows(text);
    }
    // The stream that changed last comes first among the latest.
    let text = driver.all_text();
    let place = |line: &str| text.lines().position(|found| found == line).expect("a line");
    assert!(place("Bo, thing-1") < place("Zoë, thing-2"), "{text}");
}

#[test]
fn a_stream_and_a_day_lead_to_their_last_event() {
    let mut driver = greeted();
    driver.click_role(Role::Row, "Bo, thing-1, 2");
    driver.assert_shows("State at version 1");
    let mut driver = greeted();
    driver.click_role(Role::Button, "2025-01-01, 1 event");
    driver.assert_shows("State at version 0");
    assert!(driver.shows_part("thing-1"), "{}", driver.all_text());
}

#[test]
fn days_are_gone_through_without_a_mouse_too() {
    let mut driver = greeted();
    driver.assert_shows("2025-01-10: open its event");
    driver.click("Day before");
    driver.click("2025-01-02: open its event");
    assert!(driver.shows_part("thing-2"), "{}", driver.all_text());
    driver.assert_shows("State at version 0");
}

#[test]
fn a_person_and_a_type_lead_to_their_events() {
    for (row, hits) in [("kim, 2", 2), ("moved, 1", 1)] {
        let mut driver = greeted();
        driver.click_role(Role::Row, row);
        let text = driver.all_text();
        let found = text.lines().filter(|line| line.starts_with("thing-") && line.contains(" v")).count();
        assert!(found >= hits, "{row}: {text}");
        assert!(driver.shows_part("of 3 events"), "{text}");
    }
}

#[test]
fn the_greeting_says_what_a_check_found_and_what_was_recorded_since() {
    let mut driver = greeted();
    driver.click_role(Role::Button, "Check the store…");
    driver.press(egui::Key::Escape);
    driver.assert_shows("Nothing to report");
    let mut store = NativeStore::open_for_writing(&driver.path("made.db")).expect("opened");
    let later = event(30, "moved", "park", r#"{"to":"Seoul"}"#);
    store.append(&StreamId::from("thing-2"), Expected::Any, &[later]).expect("appended");
    driver.wait_for("park, 1");
    driver.assert_shows("moved, 2");
    driver.assert_shows("2025-01-31, 1 event");
}
