//! Correcting from the window: nothing is written before it is seen, signed and allowed.

use egui::{Key, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Version};
use foldline::store::{Expected, open, open_for_writing};

use crate::desk::Desk;

fn name_at(desk: &Desk) -> String {
    let reader = open(&desk.path("small.db").into()).expect("the store");
    let row = reader.stream(&StreamId::from("lead-1")).expect("read").expect("there");
    let event = reader.event_at(&StreamId::from("lead-1"), row.last_version).expect("read").expect("there");
    format!("v{} {} {}", event.version, event.event_type, String::from_utf8_lossy(&event.payload))
}

/// The draft for version 3 of lead-1, which corrected the name from `aab` to `aaa`.
fn drafting() -> Desk {
    let mut desk = Desk::at("lead-1");
    desk.click_role(Role::Row, "v3 contact-details-updated");
    desk.click("Compensate…");
    desk
}

fn sign(desk: &mut Desk) {
    desk.type_into("Author", "kim");
    desk.type_into("Reason", "the first spelling was right");
}

fn can_append(desk: &Desk) -> bool {
    !desk.window.get_by_role_and_label(Role::Button, "Append").accesskit_node().is_disabled()
}

#[test]
fn the_preview_is_there_before_anything_is_signed_or_allowed() {
    let mut desk = drafting();
    desk.assert_shows("Compensate version 3");
    desk.assert_shows("contact-details-updated would be recorded as version 7");
    desk.assert_shows("aab");
    assert!(!can_append(&desk));
    sign(&mut desk);
    assert!(!can_append(&desk), "the store is read-only");
    assert!(desk.shows_part("read-only: switch writing on"), "{}", desk.all_text());
}

#[test]
fn a_signed_correction_is_recorded_and_shown() {
    let mut desk = drafting();
    desk.click("read-only");
    sign(&mut desk);
    assert!(can_append(&desk));
    desk.click_role(Role::Button, "Append");
    desk.assert_shows("State at version 7");
    desk.assert_shows("v7 of 7");
    desk.assert_shows("was aaa");
    desk.assert_shows("the first spelling was right");
    assert_eq!(name_at(&desk), r#"v7 contact-details-updated {"name":"aab"}"#);
}

#[test]
fn without_an_author_or_a_reason_nothing_is_appended() {
    let mut desk = drafting();
    desk.click("read-only");
    assert!(!can_append(&desk));
    desk.type_into("Author", "kim");
    assert!(!can_append(&desk));
    desk.type_into("Reason", " ");
    assert!(!can_append(&desk));
}

#[test]
fn a_second_writer_during_the_draft_is_told_and_the_plan_stands_on_what_came_first() {
    let mut desk = drafting();
    desk.click("read-only");
    sign(&mut desk);
    let mut other = open_for_writing(&desk.path("small.db").into()).expect("the store");
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
    desk.click_role(Role::Button, "Append");
    assert!(desk.shows_part("Somebody was quicker"), "{}", desk.all_text());
    assert!(desk.shows_part("somebody else"), "{}", desk.all_text());
    desk.assert_shows("contact-details-updated would be recorded as version 8");
    assert!(name_at(&desk).contains("9999"), "nothing was written yet");
    desk.click_role(Role::Button, "Append");
    desk.assert_shows("State at version 8");
    assert_eq!(name_at(&desk), r#"v8 contact-details-updated {"name":"aab"}"#);
}

#[test]
fn an_event_of_ones_own_names_the_rules_it_breaks_and_faults_of_its_json() {
    let mut desk = drafting();
    desk.click("Event of your own");
    desk.type_into("Type of the event", "payment-confirmed");
    assert!(desk.shows_part("payment-confirmed while CONVERTED"), "{}", desk.all_text());
    desk.type_into("Payload, as JSON", "oops");
    assert!(desk.shows_part("the payload is not JSON"), "{}", desk.all_text());
}

#[test]
fn what_the_rules_refuse_is_said_instead_of_a_preview() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::Home);
    desk.click("Compensate…");
    assert!(desk.shows_part("lead-closed while CONVERTED"), "{}", desk.all_text());
}

#[test]
fn escape_puts_the_draft_away() {
    let mut desk = drafting();
    desk.press(Key::Escape);
    desk.assert_hides("Compensate version 3");
    desk.assert_shows("State at version 3");
}
