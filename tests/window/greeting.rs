//! A store before a stream is chosen: what it holds, and where each part of that leads.

use std::path::Path;

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};
use rusqlite::Connection;

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
fn record(path: &Path) {
    let mut store = NativeStore::create(path).expect("a store");
    for (stream, event) in [
        ("thing-1", event(0, "created", "kim", r#"{"name":"Bo"}"#)),
        ("thing-2", event(1, "created", "kim", r#"{"name":"Zoë"}"#)),
        ("thing-1", event(9, "moved", "lee", r#"{"to":"Busan"}"#)),
    ] {
        store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
    }
}

fn greeted() -> Driver {
    let mut driver = Driver::welcome();
    let path = driver.path("made.db");
    record(&path);
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
fn counts_of_people_say_how_much_of_the_store_they_are_of() {
    let driver = greeted();
    driver.assert_shows("lee, 1");
    assert!(!driver.shows_part("% read"), "of all of it: {}", driver.all_text());
    // The same, but for an event in its midst that cannot be read.
    let mut driver = Driver::welcome();
    let path = driver.path("made.db");
    record(&path);
    let file = Connection::open(&path).expect("opened");
    file.execute_batch("DROP TRIGGER events_never_change; UPDATE events SET schema = 1 << 40 WHERE position = 2")
        .expect("damaged");
    drop(file);
    driver.open(&path);
    driver.wait_for("33 % read");
    driver.assert_shows("kim, 1");
    driver.assert_hides("lee, 1");
}

#[test]
fn a_stream_leads_to_its_last_event() {
    let mut driver = greeted();
    driver.click_role(Role::Row, "Bo, thing-1, 2");
    driver.assert_shows("State at version 1");
}

/// The events that are listed, in their order.
fn hits(driver: &Driver) -> Vec<String> {
    let rows = driver.window.query_all_by_role(Role::Row).filter_map(|node| node.accesskit_node().label());
    rows.filter(|name| name.get(2..3) == Some(":") && name.get(5..6) == Some(":")).collect()
}

const SEARCH: &str = "Search everything that happened";

#[test]
fn a_day_lists_its_events_the_newest_first() {
    let mut driver = greeted();
    let mut store = NativeStore::open_for_writing(&driver.path("made.db")).expect("opened");
    for (number, hour) in [(20, 3), (21, 2)] {
        let late = Timestamp::from_micros(NEW_YEAR + DAY + hour * DAY / 24);
        let event = NewEvent { recorded_at: Some(late), ..event(number, "moved", "lee", r#"{"to":"Jeju"}"#) };
        store.append(&StreamId::from("thing-1"), Expected::Any, &[event]).expect("appended");
    }
    driver.wait_for("2025-01-02, 3 events");
    driver.click_role(Role::Button, "2025-01-02, 3 events");
    assert_eq!(driver.value_of(SEARCH), "on:2025-01-02");
    assert_eq!(
        hits(&driver),
        [
            "02:00:00, lee, Moved, thing-1 Bo",
            "03:00:00, lee, Moved, thing-1 Bo, to Busan → Jeju",
            "00:00:00, kim, Created, thing-2 Zoë, name Zoë",
        ]
    );
    driver.type_over(SEARCH, "on:2025-01-02 jeju");
    driver.press(Key::Enter);
    assert_eq!(hits(&driver).len(), 2);
    driver.click("Remove when  2025-01-02");
    driver.assert_shows("2 of 5 events, newest first");
}

#[test]
fn a_search_that_is_come_back_to_shows_the_day_it_is_still_held_to() {
    let mut driver = greeted();
    driver.click_role(Role::Button, "2025-01-02, 1 event");
    driver.click("Stream");
    driver.assert_hides(SEARCH);
    driver.press_with(Modifiers::COMMAND, Key::F);
    assert_eq!(driver.value_of(SEARCH), "on:2025-01-02");
    assert_eq!(hits(&driver).len(), 1);
}

#[test]
fn days_are_gone_through_without_a_mouse_too() {
    let mut driver = greeted();
    driver.assert_shows("2025-01-10: show its event");
    driver.click("Day before");
    driver.click("2025-01-02: show its event");
    driver.assert_shows("1 of 3 events, newest first");
    driver.click("Open at this moment");
    assert!(driver.shows_part("thing-2"), "{}", driver.all_text());
    driver.assert_shows("State at version 0");
}

#[test]
fn the_days_of_the_calendar_say_whose_they_are() {
    let mut driver = greeted();
    let at = driver.window.get_by_label("Events by day").rect().center().y;
    let zone = |driver: &Driver, zone: &str| {
        driver.window.query_all_by_label(zone).any(|node| (node.rect().center().y - at).abs() < 8.0)
    };
    assert!(zone(&driver, "UTC"), "{}", driver.all_text());
    driver.click_role(Role::Button, "UTC");
    assert!(zone(&driver, "Local") && !zone(&driver, "UTC"), "{}", driver.all_text());
}

#[test]
fn a_person_and_a_type_lead_to_their_events() {
    for (row, hits) in [("kim, 2", 2), ("moved, 1", 1)] {
        let mut driver = greeted();
        driver.click_role(Role::Row, row);
        assert_eq!(self::hits(&driver).len(), hits, "{row}: {}", driver.all_text());
        driver.assert_shows(&format!("{hits} of 3 events, newest first"));
    }
}

#[test]
fn the_greeting_says_what_a_check_found_and_what_was_recorded_since() {
    let mut driver = greeted();
    driver.click_role(Role::Button, "Check the store…");
    driver.press(Key::Escape);
    driver.assert_shows("Nothing to report");
    let mut store = NativeStore::open_for_writing(&driver.path("made.db")).expect("opened");
    let later = event(30, "moved", "park", r#"{"to":"Seoul"}"#);
    store.append(&StreamId::from("thing-2"), Expected::Any, &[later]).expect("appended");
    driver.wait_for("park, 1");
    driver.assert_shows("moved, 2");
    driver.assert_shows("2025-01-31, 1 event");
}

#[test]
fn the_day_that_one_comes_from_is_in_sight_however_long_ago_it_was() {
    const YEAR: i64 = 365 * DAY;
    let make = |path: &Path| {
        let mut store = NativeStore::create(path).expect("created");
        for (number, years) in [(1, -4), (2, -2), (3, 0)] {
            let at = Timestamp::from_micros(NEW_YEAR + years * YEAR);
            let event = NewEvent { recorded_at: Some(at), ..event(number, "created", "kim", "{}") };
            store.append(&StreamId::from(format!("thing-{number}").as_str()), Expected::Any, &[event]).expect("kept");
        }
    };
    let mut driver = Driver::with("thing-1", make);
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.strike("The whole store");
    driver.press(Key::Enter);
    driver.wait_for("2021-01-02: show its event");
    let cell = driver.window.query_by_role_and_label(Role::Button, "2021-01-02, 1 event");
    assert!(cell.is_some(), "the calendar lies elsewhere: {}", driver.all_text());
    // Whoever turns away from it is let go.
    while driver.window.query_by_role_and_label(Role::Button, "2025-01-01, 1 event").is_none() {
        driver.click("Later");
    }
    driver.settle();
    assert!(driver.window.query_by_role_and_label(Role::Button, "2021-01-02, 1 event").is_none());
}

#[test]
fn what_is_known_of_a_store_that_is_gone_is_not_shown_as_if_it_were_there() {
    let mut driver = greeted();
    let path = driver.path("made.db");
    driver.assert_hides("As it was when the store could last be read");
    let aside = driver.path("aside.db");
    std::fs::rename(&path, &aside).expect("moved away");
    driver.wait_for("As it was when the store could last be read");
    std::fs::rename(&aside, &path).expect("put back");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while driver.shows_part("As it was") {
        assert!(std::time::Instant::now() < end, "{}", driver.all_text());
        driver.window.step();
        std::thread::yield_now();
    }
    driver.settle();
    driver.assert_shows("kim, 2");
}

/// A store of so many streams that counting them is felt, of two categories; only a few have events.
fn of_many_streams(path: &Path) {
    let mut store = NativeStore::create(path).expect("a store");
    for (stream, number) in [("thing-1", 0), ("thing-2", 1), ("part-1", 2)] {
        let event = event(number, "created", "kim", r#"{"name":"Bo"}"#);
        store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
    }
    drop(store);
    let file = Connection::open(path).expect("opened");
    let made = file.execute(
        "WITH RECURSIVE numbers(n) AS (SELECT 4 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100002)
         INSERT INTO streams (id, name, category)
         SELECT n, CASE WHEN n % 5 THEN 'thing-' ELSE 'part-' END || n, CASE WHEN n % 5 THEN 'thing' ELSE 'part' END
         FROM numbers",
        [],
    );
    made.expect("written");
}

#[test]
fn a_store_of_very_many_streams_is_shown_before_they_are_counted() {
    let mut driver = Driver::welcome();
    let path = driver.path("many.db");
    of_many_streams(&path);
    driver.drop_file(&path);
    let has_list = |driver: &Driver| !driver.streams().is_empty() && driver.shows("created, 3");
    driver.step_until("the list and the types", has_list);
    // Neither what stands at the heads of the list nor what the whole store holds waits for the count.
    for text in ["thing", "foldline · 3 events", "3 events", "foldline  ·  thing  ·  part"] {
        driver.assert_shows(text);
    }
    // Nor is what was not counted said to be nought.
    for text in ["100,002", "0 streams", "0 thing"] {
        assert!(!driver.shows_part(text), "{text}: {}", driver.all_text());
    }
    driver.settle();
    for text in ["thing, 80,001", "100,002 streams", "foldline  ·  80,001 thing  ·  20,001 part"] {
        driver.assert_shows(text);
    }
    assert!(driver.shows_part("foldline · 3 events in 100,002 streams, from 2025-01-01"), "{}", driver.all_text());
}
