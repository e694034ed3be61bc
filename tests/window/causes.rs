//! What led to an event and what it led to, across streams.

use std::path::Path;

use egui::{Key, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, MetadataBuilder, NewEvent, StreamId, Timestamp, Version};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer, open, open_for_writing};

use crate::driver::Driver;

/// Stream, type, seconds after the first, and the cause.
const STORY: &[(&str, &str, i64, Option<&str>)] = &[
    ("ticket-7", "asked", 0, None),
    ("ticket-7", "assigned", 1_700, Some("asked")),
    ("lead-42", "contacted", 3_100, Some("assigned")),
    ("ticket-7", "noted", 3_300, Some("asked")),
    ("lead-42", "ordered", 7_000, Some("contacted")),
    ("payment-19", "requested", 8_700, Some("ordered")),
    ("mail-3", "invoiced", 9_600, Some("ordered")),
    ("payment-19", "captured", 85_000, Some("requested")),
    ("lead-42", "paid", 86_000, Some("captured")),
    ("mail-3", "receipted", 87_000, Some("paid")),
    ("mail-3", "lost", 88_000, Some("e-90c114")),
];

fn story(path: &Path) {
    let mut store = NativeStore::create(path).expect("a store");
    let mut append = |name: &str, id: &str, at: i64, metadata: String| {
        let event = NewEvent {
            id: EventId::new(id),
            event_type: id.into(),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros((1_745_197_682 + at) * 1_000_000)),
            payload: "{}".to_owned(),
            metadata,
        };
        store.append(&StreamId::from(name), Expected::Any, &[event]).expect("appended");
    };
    for (name, id, at, cause) in STORY {
        let metadata = MetadataBuilder::default().actor("kim").with("correlation-id", Some("c-7"));
        append(name, id, *at, metadata.with("causation-id", *cause).build());
    }
    for at in 0..5 {
        append("else-1", &format!("other-{at}"), at * 20_000, String::new());
    }
}

fn rows(driver: &Driver) -> Vec<String> {
    let rows = driver.window.query_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label());
    rows.filter(|label| label.contains(". ")).collect()
}

/// At `ordered`, with its causes and effects.
fn traced() -> Driver {
    let mut driver = Driver::with("lead-42", story);
    driver.press(Key::ArrowLeft);
    driver.press(Key::E);
    driver
}

#[test]
fn the_chain_of_an_event_is_told_across_streams_and_leads_to_each_of_them() {
    let mut driver = traced();
    driver.assert_shows("11 events in 4 streams · 9 on the chain");
    let expected = [
        "1. asked, ticket-7 v0, first",
        "2. assigned, ticket-7 v1, 28 min after 1",
        "3. contacted, lead-42 v0, 23 min after 2",
        "4. ordered, lead-42 v1, 65 min after 3",
        "5. requested, payment-19 v0, 28 min after 4",
        "6. invoiced, mail-3 v0, 43 min after 4",
    ];
    let shown = rows(&driver);
    assert_eq!(shown.get(..6), Some(&expected.map(str::to_owned)[..]), "{}", driver.all_text());
    // A mark of another stream leads there; what the order led to besides is not on that event's chain.
    driver.click_beginning("captured, payment-19 v1, 2025-04-22");
    driver.assert_shows("Event · v1");
    driver.assert_shows("11 events in 4 streams · 8 on the chain");
    driver.assert_shows("requested · v0");
    driver.assert_shows("paid · lead-42 v2");
    driver.assert_shows("asked · ticket-7 v0");
    driver.assert_shows("receipted · mail-3 v1");
    driver.press(Key::E);
    driver.assert_shows("State at version 1");
}

#[test]
fn what_only_belongs_to_the_same_is_listed_when_all_is_asked_for_and_a_missing_cause_is_named() {
    let mut driver = traced();
    assert!(!rows(&driver).iter().any(|row| row.contains("noted")));
    driver.click("All");
    assert!(rows(&driver).iter().any(|row| row.contains("noted, ticket-7 v2, 55 min after 1")), "{:?}", rows(&driver));
    driver.click_beginning("lost, mail-3 v2");
    driver.assert_shows("e-90c114, which is not in this store");
    driver.click("Chain");
    assert_eq!(rows(&driver), ["1. lost, mail-3 v2, missing cause"]);
}

#[test]
fn any_stream_is_laid_beside_and_taken_away_again() {
    let mut driver = traced();
    driver.type_into("Add a stream", "else");
    driver.press(Key::Enter);
    assert!(driver.shows("Take else-1 away"), "{}", driver.all_text());
    assert!(driver.shows("Take lead-42 away"), "the stream on screen is shown whole beside it");
    driver.click("Take else-1 away");
    driver.assert_hides("Take else-1 away");
    driver.assert_hides("else-1 ");
}

#[test]
fn the_rows_of_a_chain_are_one_stop_of_tab_and_enter_goes_there() {
    let mut driver = traced();
    driver.window.get_by_role_and_label(Role::Row, "4. ordered, lead-42 v1, 65 min after 3").focus();
    driver.settle();
    driver.press(Key::ArrowDown);
    driver.press(Key::Enter);
    driver.assert_shows("11 events in 4 streams · 8 on the chain");
    driver.assert_shows("Event · v0");
    driver.assert_shows("ordered · lead-42 v1");
}

#[test]
fn an_event_without_causes_says_so() {
    let mut driver = Driver::with("else-1", story);
    driver.press(Key::E);
    driver.assert_shows("This event names no cause, and no other event names it as theirs.");
    driver.assert_hides("led to");
}

#[test]
fn what_is_recorded_meanwhile_appears() {
    let mut driver = traced();
    let path = driver.path("made.db");
    let metadata = MetadataBuilder::default().caused_by("c-7", "receipted").build();
    let event = NewEvent {
        id: EventId::new("thanked"),
        event_type: "thanked".into(),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(1_745_300_000_000_000)),
        payload: "{}".to_owned(),
        metadata,
    };
    let mut other = NativeStore::open_for_writing(&path).expect("opens");
    other.append(&StreamId::from("mail-3"), Expected::Any, &[event]).expect("appended");
    drop(other);
    driver.wait_for("12 events in 4 streams · 10 on the chain");
}

#[test]
fn findings_are_listed_by_kind_with_what_they_mean_and_a_key_leads_from_one_to_the_next() {
    let mut driver = traced();
    driver.press_with(egui::Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "Check the store");
    driver.press(Key::Enter);
    // What the leads' rules say of this story stands first.
    driver.assert_shows("4 findings");
    assert!(driver.shows_part("though the rules of its domain forbid it"), "{}", driver.all_text());
    driver.click("Missing cause  1");
    driver.assert_hides("lead-42 v1, Broken rule, ordered is no event of this kind of stream.");
    driver.assert_shows("mail-3 v2, Missing cause, Its cause, e-90c114, is not in this store");
    assert!(driver.shows_part("Most events of this store name causes that are in it"), "{}", driver.all_text());
    assert!(driver.shows_part("Look for it in the store that it came from"), "{}", driver.all_text());
    driver.type_into("Filter by stream", "lead");
    driver.assert_hides("mail-3 v2, Missing cause, Its cause, e-90c114, is not in this store");
    driver.type_over("Filter by stream", "MAIL");
    driver.press(Key::Escape);
    driver.press(Key::F8);
    driver.assert_shows("Event · v2");
    driver.assert_shows("e-90c114, which is not in this store");
    // What it means and what to do is told at the event.
    assert!(driver.shows_part("Most events of this store name causes that are in it"), "{}", driver.all_text());
    driver.assert_shows("All findings…");
    driver.press(Key::F8);
    driver.assert_shows("No finding comes after this one. Once more goes on from the first.");
    driver.assert_shows("Event · v2");
    driver.press(Key::F8);
    driver.assert_hides("No finding comes after this one. Once more goes on from the first.");
}

/// An invoice in another stream, because of version 3 of the first lead.
fn invoice(path: &Path) {
    let reader = open(&path.to_owned().into()).expect("opens");
    let cause = reader.event_at(&StreamId::from("lead-1"), Version(3)).expect("read").expect("there");
    let event = NewEvent {
        id: EventId::new("invoice"),
        event_type: "invoiced".into(),
        schema: 1,
        recorded_at: cause.recorded_at,
        payload: "{}".to_owned(),
        metadata: MetadataBuilder::default().actor("kim").with("causation-id", Some(&cause.id.to_string())).build(),
    };
    let mut store = open_for_writing(&path.to_owned().into()).expect("opens for writing");
    store.append(&StreamId::from("mail-3"), Expected::NoStream, &[event]).expect("appended");
}

#[test]
fn what_a_correction_leaves_behind_in_other_streams_is_told_before_anything_is_appended() {
    let mut driver = Driver::at("lead-1");
    invoice(&driver.path("small.db"));
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver.click("Compensate…");
    driver.wait_for("This event led to events in other streams, which stay as they are:");
    driver.assert_shows("mail-3 v0");
    driver.press(Key::Escape);
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Leave this event out");
    driver.wait_for("as v7");
    driver.click("Make this so…");
    driver.wait_for("What is left out or changed led to events in other streams, which stay as they are:");
    driver.click("mail-3 v0");
    driver.wait_for("State at version 0");
    driver.assert_shows("invoiced");
}
