//! Correcting from the window: nothing is written before it is seen, signed and allowed.

use std::path::Path;
use std::process::Command;

use egui::{Key, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Version};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer, open};

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

/// The same where writing is on.
fn drafting_to_append() -> Driver {
    let mut driver = Driver::at("lead-1");
    driver.allow_writing();
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver.click("Compensate…");
    driver
}

fn sign(driver: &mut Driver) {
    driver.type_into("Author", "kim");
    driver.type_into("Reason", "the first spelling was right");
}

#[test]
fn the_preview_is_there_before_anything_is_signed_or_allowed() {
    let mut driver = drafting();
    driver.assert_shows("Compensate version 3");
    driver.assert_shows("contact-details-updated would be recorded as version 7");
    driver.assert_shows("aab");
    driver.assert_hides("Say who appends this.");
    sign(&mut driver);
    assert!(driver.shows_part("This store is read-only"), "{}", driver.all_text());
    let before = name_at(&driver);
    driver.click_role(Role::Button, "Append");
    driver.assert_shows("Switch writing on?");
    driver.click_role(Role::Button, "Leave it read-only");
    driver.assert_shows("read-only");
    driver.assert_shows("Compensate version 3");
    assert_eq!(name_at(&driver), before, "nothing was written");
    driver.click_role(Role::Button, "Append");
    driver.click_role(Role::Button, "Switch writing on");
    driver.assert_shows("State at version 7");
    driver.assert_shows("writing on");
}

#[test]
fn enter_in_the_reason_appends_and_leads_to_what_is_missing_first() {
    let mut driver = drafting_to_append();
    let focused = |driver: &Driver, name: &str| driver.window.get_by_role_and_label(Role::TextInput, name).is_focused();
    driver.click_role(Role::Button, "Append");
    assert!(focused(&driver, "Author"), "{}", driver.all_text());
    driver.strike("kim");
    driver.click_role(Role::Button, "Append");
    assert!(focused(&driver, "Reason"), "{}", driver.all_text());
    driver.strike("spelling");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 7");
    driver.assert_hides("Reason");
    assert!(name_at(&driver).starts_with("v7 "), "{}", name_at(&driver));
}

#[test]
fn what_switching_writing_on_means_is_asked_once_for_each_store_and_never_for_the_sample() {
    let mut driver = Driver::at("lead-1");
    driver.click("read-only");
    driver.assert_shows("Switch writing on?");
    driver.press(Key::Escape);
    driver.assert_hides("Switch writing on?");
    driver.assert_shows("read-only");
    driver.allow_writing();
    driver.click("writing on");
    driver.click("read-only");
    driver.assert_shows("writing on");
}

#[test]
fn a_signed_correction_is_recorded_and_shown() {
    let mut driver = drafting_to_append();
    sign(&mut driver);
    driver.click_role(Role::Button, "Append");
    driver.assert_shows("State at version 7");
    driver.assert_shows("v7 of 7");
    driver.assert_shows("was aaa");
    driver.assert_shows("the first spelling was right");
    driver.assert_shows("corrects");
    driver.click_first("contact-details-updated · v3");
    driver.assert_shows("State at version 3");
    driver.press(Key::End);
    assert_eq!(name_at(&driver), r#"v7 contact-details-updated {"name":"aab"}"#);
}

#[test]
fn without_an_author_or_a_reason_nothing_is_appended_and_the_field_says_so() {
    let mut driver = drafting_to_append();
    let before = name_at(&driver);
    driver.assert_hides("Say who appends this.");
    driver.click_role(Role::Button, "Append");
    driver.assert_shows("Say who appends this.");
    driver.assert_shows("Say why.");
    driver.type_into("Author", "kim");
    driver.assert_hides("Say who appends this.");
    driver.type_into("Reason", " ");
    driver.click_role(Role::Button, "Append");
    driver.assert_shows("Say why.");
    assert_eq!(name_at(&driver), before);
}

/// Another program records an event.
pub(crate) fn elsewhere(store: &Path, stream: &str, event_type: &str, payload: &str) {
    let append =
        ["--type", event_type, "--payload", payload, "--expect", "any", "--actor", "lee", "--reason", "by phone"];
    let ran = Command::new(env!("CARGO_BIN_EXE_foldline")).arg("append").arg(store).arg(stream).args(append).output();
    let ran = ran.expect("the program runs");
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn what_another_program_records_during_the_draft_is_told_and_the_plan_stands_on_it() {
    let mut driver = drafting_to_append();
    sign(&mut driver);
    elsewhere(&driver.path("small.db"), "lead-1", "contact-details-updated", r#"{"phone":"9999"}"#);
    driver.wait_for("contact-details-updated would be recorded as version 8");
    assert!(driver.shows_part("Somebody was quicker"), "{}", driver.all_text());
    for text in ["v7", "lee", "phone", "1111 → 9999", "As planned, as version 7", "On what came first, as version 8"]
    {
        driver.assert_shows(text);
    }
    driver.assert_hides("changes the same fields");
    assert_eq!(driver.window.query_all_by_label("aaa → aab").count(), 3, "before and now, and under Fields");
    driver.window.get_by_role_and_label(Role::TextInput, "Reason").focus();
    driver.press(Key::Enter);
    assert!(name_at(&driver).contains("9999"), "Enter alone decides nothing: {}", name_at(&driver));
    driver.click_role(Role::Button, "Append behind version 7");
    driver.assert_shows("State at version 8");
    assert_eq!(name_at(&driver), r#"v8 contact-details-updated {"name":"aab"}"#);
}

/// The button that has the focus.
fn focused_button(driver: &Driver) -> Option<String> {
    let found = driver.window.query_all_by_role(Role::Button).find(|node| node.is_focused());
    found.and_then(|node| node.accesskit_node().label())
}

#[test]
fn after_an_append_that_fails_the_focus_is_where_it_is_tried_again() {
    let mut driver = drafting_to_append();
    sign(&mut driver);
    let (path, aside) = (driver.path("small.db"), driver.path("aside.db"));
    std::fs::rename(&path, &aside).expect("moved away");
    driver.window.get_by_role_and_label(Role::Button, "Append").focus();
    driver.press(Key::Enter);
    assert!(driver.shows_part("there is no such file"), "{}", driver.all_text());
    assert_eq!(focused_button(&driver).as_deref(), Some("Append"), "{}", driver.all_text());
    std::fs::rename(&aside, &path).expect("put back");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 7");
}

#[test]
fn when_others_come_first_the_focus_is_at_what_is_to_be_decided_unless_somebody_types() {
    let mut driver = drafting_to_append();
    sign(&mut driver);
    driver.window.get_by_role_and_label(Role::Button, "Append").focus();
    driver.window.run_steps(2);
    elsewhere(&driver.path("small.db"), "lead-1", "contact-details-updated", r#"{"phone":"9999"}"#);
    driver.wait_for_part("Somebody was quicker");
    assert_eq!(focused_button(&driver).as_deref(), Some("Append behind version 7"), "{}", driver.all_text());

    let mut driver = drafting_to_append();
    sign(&mut driver);
    elsewhere(&driver.path("small.db"), "lead-1", "contact-details-updated", r#"{"phone":"9999"}"#);
    driver.wait_for_part("Somebody was quicker");
    assert!(driver.window.get_by_role_and_label(Role::TextInput, "Reason").is_focused(), "{}", driver.all_text());
}

#[test]
fn what_changes_the_same_field_is_marked_and_the_correction_goes_on_by_hand() {
    let mut driver = drafting_to_append();
    sign(&mut driver);
    elsewhere(&driver.path("small.db"), "lead-1", "contact-details-updated", r#"{"name":"Maria"}"#);
    driver.wait_for("changes the same fields");
    driver.assert_shows("aaa → Maria");
    driver.assert_shows("On what came first: not possible");
    assert!(driver.shows_part("From here on: "), "the rule that stands against it: {}", driver.all_text());
    driver.click_role(Role::Button, "Append behind version 7");
    driver.assert_shows("Compensate version 3");
    assert!(name_at(&driver).contains("Maria"), "nothing was written: {}", name_at(&driver));
    driver.click_role(Role::Button, "Edit…");
    driver.assert_shows("Maria → aab");
    driver.click_role(Role::Button, "Append behind version 7");
    driver.assert_shows("State at version 8");
    assert_eq!(name_at(&driver), "v8 contact-details-updated {\n  \"name\": \"aab\"\n}");
}

#[test]
fn a_correction_that_others_made_pointless_is_discarded_and_nothing_of_it_is_kept() {
    let mut driver = drafting_to_append();
    sign(&mut driver);
    elsewhere(&driver.path("small.db"), "lead-1", "contact-details-updated", r#"{"name":"Maria"}"#);
    driver.wait_for("changes the same fields");
    driver.click_role(Role::Button, "Discard");
    driver.assert_hides("Compensate version 3");
    driver.assert_hides("1 draft kept");
    driver.wait_for("v3 of 7");
}

#[test]
fn in_a_store_of_another_framework_a_conflict_is_told_the_same() {
    let account = "8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001";
    let mut driver = Driver::with(account, |path| {
        let fill = format!(
            r#"CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
                PRIMARY KEY (originator_id, originator_version));
            INSERT INTO stored_events VALUES
                ('{account}', 1, 'crm:Account.Opened',
                 '{{"timestamp":{{"_type_":"datetime_iso","_data_":"2025-01-01T00:00:00+00:00"}},"owner":"Bo"}}'),
                ('{account}', 2, 'crm:Account.Renamed',
                 '{{"timestamp":{{"_type_":"datetime_iso","_data_":"2025-01-02T00:00:00+00:00"}},"owner":"Zoe"}}');"#
        );
        rusqlite::Connection::open(path).and_then(|file| file.execute_batch(&fill)).expect("filled");
    });
    driver.allow_writing();
    driver.click("Compensate…");
    sign(&mut driver);
    driver.assert_shows("crm:Account.Renamed would be recorded as version 3");
    elsewhere(&driver.path("made.db"), account, "crm:Account.Renamed", r#"{"owner":"Ann"}"#);
    driver.wait_for("crm:Account.Renamed would be recorded as version 4");
    driver.assert_shows("changes the same fields");
    driver.assert_shows("Zoe → Ann");
    driver.assert_shows("Zoe → Bo");
    driver.assert_shows("Ann → Bo");
    driver.click_role(Role::Button, "Append behind version 3");
    driver.assert_shows("State at version 4");
    let reader = open(&driver.path("made.db").into()).expect("the store");
    let event = reader.event_at(&StreamId::from(account), Version(4)).expect("read").expect("there");
    let owner: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
    assert_eq!(owner["owner"], "Bo");
}

#[test]
fn what_a_correction_changes_in_each_other_projection_is_seen_before() {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "v4 contacted");
    driver.click("Compensate…");
    for text in ["contact-retracted would be recorded as version 7", "Also changes", "Analysis", "contacts", "2 → 1"]
    {
        driver.assert_shows(text);
    }
}

#[test]
fn what_the_event_led_to_in_other_streams_is_told_and_leads_there() {
    let native = |path: &Path| {
        let mut store = NativeStore::create(path).expect("a store");
        for (stream, id, cause) in [
            ("thing-1", "e1", ""),
            ("bill-1", "e2", "e1"),
            ("bill-2", "e3", "e2"),
            ("thing-1", "e4", "e1"),
            ("bill-3", "e5", "e9"),
        ] {
            let event = NewEvent {
                id: EventId::new(id),
                event_type: EventType::from("noted"),
                schema: 1,
                recorded_at: None,
                payload: r#"{"n":1}"#.to_owned(),
                metadata: format!(r#"{{"causation-id":"{cause}"}}"#),
            };
            store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("recorded");
        }
    };
    let mapped = |path: &Path| {
        let fill = r#"CREATE TABLE events (aggregate_type TEXT NOT NULL, aggregate_id TEXT NOT NULL, sequence INTEGER NOT NULL CHECK (sequence >= 0),
                event_type TEXT NOT NULL, event_version TEXT NOT NULL, payload TEXT NOT NULL, metadata TEXT NOT NULL,
                PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;
            INSERT INTO events VALUES ('thing', '1', 1, 'Noted', '1', '{"n":1}', '{}'),
                ('bill', '1', 1, 'Noted', '1', '{"n":1}', '{"causation_id":"thing:1@1"}'),
                ('bill', '2', 1, 'Noted', '1', '{"n":1}', '{"causation_id":"bill:1@1"}'),
                ('bill', '3', 1, 'Noted', '1', '{"n":1}', '{"causation_id":"other"}');"#;
        rusqlite::Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
    };
    let makes: [fn(&Path); 2] = [native, mapped];
    for ((stream, others), make) in [("thing-1", "bill-"), ("thing:1", "bill:")].into_iter().zip(makes) {
        let mut driver = Driver::with(stream, make);
        driver.press(Key::Home);
        driver.click("Compensate…");
        driver.assert_shows("This event led to events in other streams, which stay as they are:");
        let text = driver.all_text();
        let led: Vec<&str> = text.lines().filter(|line| line.starts_with(others) && line.contains(" v")).collect();
        let first = u64::from(others == "bill:");
        assert_eq!(led, [format!("{others}1 v{first}"), format!("{others}2 v{first}")], "{text}");
        driver.type_into("Reason", "half a sentence");
        driver.click(&format!("{others}2 v{first}"));
        driver.assert_hides(&format!("Compensate version {first}"));
        driver.assert_shows(&format!("State at version {first}"));
        driver.assert_shows("1 draft kept");
    }
}

#[test]
fn an_event_of_ones_own_names_the_rules_it_breaks_and_faults_of_its_json() {
    let mut driver = drafting();
    driver.click("Event of your own");
    driver.type_over("Type of the event", "payment-confirmed");
    assert!(
        driver.shows_part("The rules do not allow payment-confirmed while the status is CONVERTED."),
        "{}",
        driver.all_text()
    );
    driver.type_into("Payload, as JSON", "oops");
    assert!(driver.shows_part("The payload is not JSON"), "{}", driver.all_text());
}

#[test]
fn an_event_of_ones_own_begins_with_what_would_undo_the_event() {
    let mut driver = drafting();
    driver.click("Event of your own");
    let text = driver.all_text();
    assert!(text.contains("contact-details-updated would be recorded as version 7"), "{text}");
    assert!(text.contains("\"name\": \"aab\""), "the name from before: {text}");
}

#[test]
fn where_no_natural_compensation_is_an_event_of_ones_own_opens() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.click("Compensate…");
    assert!(driver.shows_part("No natural compensation: "), "{}", driver.all_text());
    assert!(
        driver.shows_part("The rules do not allow lead-closed while the status is CONVERTED."),
        "{}",
        driver.all_text()
    );
    let text = driver.all_text();
    assert!(text.contains("Payload, as JSON") && text.contains("lead-initialized"), "{text}");
}

#[test]
fn a_draft_that_was_begun_is_kept_with_its_event_and_an_untouched_one_is_not() {
    let mut driver = drafting();
    driver.press(Key::Escape);
    driver.assert_hides("Compensate version 3");
    driver.assert_shows("State at version 3");
    driver.assert_hides("1 draft kept");
    driver.click("Compensate…");
    driver.type_into("Reason", "half a sentence");
    driver.press(Key::Escape);
    if driver.shows("Compensate version 3") {
        // The first key left the field.
        driver.press(Key::Escape);
    }
    driver.assert_hides("Compensate version 3");
    driver.assert_shows("1 draft kept");
    driver.click_stream("lead-4");
    driver.click("1 draft kept");
    driver.click("lead-1 v3");
    driver.assert_shows("Compensate version 3");
    assert!(driver.all_text().contains("half a sentence"), "{}", driver.all_text());
    driver.click_role(Role::Button, "Discard");
    driver.assert_hides("1 draft kept");
    driver.assert_hides("Compensate version 3");
}

#[test]
fn an_event_of_ones_own_begins_in_todays_shape() {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "v6 payment-confirmed");
    driver.click("Compensate…");
    driver.click("Event of your own");
    let payload = driver.window.get_by_role_and_label(Role::MultilineTextInput, "Payload, as JSON").value();
    let payload = payload.unwrap_or_default();
    assert!(payload.contains("\"status\"") && !payload.contains("stauts"), "{payload}");
}
