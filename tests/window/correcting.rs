//! Correcting from the window: nothing is written before it is seen, signed and allowed.

use egui::{Key, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Version};
use foldline::store::{Expected, open, open_for_writing};

use crate::driver::Driver;

fn name_at(driver: &Driver) -> String {
    let reader = open(&driver.path("small.db").into()).expect("the store");
    let row = reader.stream(&StreamId::from("lead-1")).expect("read").expect("there");
    let event = reader.event_at(&StreamId::from("lead-1"), row.last_version).expect("read").expect("there");
    format!("v{} {} {}", event.version, event.event_type, String::from_utf8_lossy(&event.payload))
}

/// The draft for version 3 of lead-1, which corrected the name from `aab` to `aaa`.
fn drafting() -> Driver {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver.click("Compensate…");
    driver
}

fn sign(driver: &mut Driver) {
    driver.type_into("Author", "kim");
    driver.type_into("Reason", "the first spelling was right");
}

fn can_append(driver: &Driver) -> bool {
    !driver.window.get_by_role_and_label(Role::Button, "Append").accesskit_node().is_disabled()
}

#[test]
fn the_preview_is_there_before_anything_is_signed_or_allowed() {
    let mut driver = drafting();
    driver.assert_shows("Compensate version 3");
    driver.assert_shows("contact-details-updated would be recorded as version 7");
    driver.assert_shows("aab");
    assert!(!can_append(&driver));
    sign(&mut driver);
    assert!(!can_append(&driver), "the store is read-only");
    assert!(driver.shows_part("read-only: switch writing on"), "{}", driver.all_text());
}

#[test]
fn a_signed_correction_is_recorded_and_shown() {
    let mut driver = drafting();
    driver.click("read-only");
    sign(&mut driver);
    assert!(can_append(&driver));
    driver.click_role(Role::Button, "Append");
    driver.assert_shows("State at version 7");
    driver.assert_shows("v7 of 7");
    driver.assert_shows("was aaa");
    driver.assert_shows("the first spelling was right");
    assert_eq!(name_at(&driver), r#"v7 contact-details-updated {"name":"aab"}"#);
}

#[test]
fn without_an_author_or_a_reason_nothing_is_appended() {
    let mut driver = drafting();
    driver.click("read-only");
    assert!(!can_append(&driver));
    driver.type_into("Author", "kim");
    assert!(!can_append(&driver));
    driver.type_into("Reason", " ");
    assert!(!can_append(&driver));
}

#[test]
fn a_second_writer_during_the_draft_is_told_and_the_plan_stands_on_what_came_first() {
    let mut driver = drafting();
    driver.click("read-only");
    sign(&mut driver);
    let mut other = open_for_writing(&driver.path("small.db").into()).expect("the store");
    let event = NewEvent {
        id: EventId::new("theirs"),
        event_type: EventType::from("contact-details-updated"),
        schema: 1,
        recorded_at: None,
        payload: r#"{"phone":"9999"}"#.to_owned(),
        metadata: r#"{"actor":"somebody else"}"#.to_owned(),
    };
    other.append(&StreamId::from("lead-1"), Expected::Exact(Version(6)), &[event]).expect("recorded");
    drop(other);
    driver.click_role(Role::Button, "Append");
    assert!(driver.shows_part("Somebody was quicker"), "{}", driver.all_text());
    assert!(driver.shows_part("somebody else"), "{}", driver.all_text());
    driver.assert_shows("contact-details-updated would be recorded as version 8");
    assert!(name_at(&driver).contains("9999"), "nothing was written yet");
    driver.click_role(Role::Button, "Append");
    driver.assert_shows("State at version 8");
    assert_eq!(name_at(&driver), r#"v8 contact-details-updated {"name":"aab"}"#);
}

#[test]
fn an_event_of_ones_own_names_the_rules_it_breaks_and_faults_of_its_json() {
    let mut driver = drafting();
    driver.click("Event of your own");
    driver.type_into("Type of the event", "payment-confirmed");
    assert!(driver.shows_part("payment-confirmed while CONVERTED"), "{}", driver.all_text());
    driver.type_into("Payload, as JSON", "oops");
    assert!(driver.shows_part("the payload is not JSON"), "{}", driver.all_text());
}

#[test]
fn what_the_rules_refuse_is_said_instead_of_a_preview() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.click("Compensate…");
    assert!(driver.shows_part("lead-closed while CONVERTED"), "{}", driver.all_text());
}

#[test]
fn escape_puts_the_draft_away() {
    let mut driver = drafting();
    driver.press(Key::Escape);
    driver.assert_hides("Compensate version 3");
    driver.assert_shows("State at version 3");
}
