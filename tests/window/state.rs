//! The state: what changed, what is looked for, what is long, and what can be copied of it.

use egui::{Event, Key, Modifiers, OutputCommand, Role};
use egui_kittest::kittest::Queryable;
use foldline::event::{EventId, EventType, NewEvent, StreamId};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

/// What is put on the clipboard within the next frames.
fn copied(driver: &mut Driver) -> Option<String> {
    (0..8).find_map(|_| {
        driver.window.step();
        let commands = &driver.window.output().platform_output.commands;
        commands.iter().find_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    })
}

/// A stream whose events set these fields, one event each.
fn stream_of(payloads: &[String]) -> Driver {
    Driver::with("thing-1", |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let events: Vec<NewEvent> = payloads
            .iter()
            .enumerate()
            .map(|(number, payload)| NewEvent {
                id: EventId::new(&format!("0190b1de-5a4f-7c8e-9a3b-{number:012}")),
                event_type: EventType::from("thing-set"),
                schema: 1,
                recorded_at: None,
                payload: payload.clone(),
                metadata: String::new(),
            })
            .collect();
        store.append(&StreamId::from("thing-1"), Expected::NoStream, &events).expect("appended");
    })
}

#[test]
fn only_what_changed_is_shown_where_that_is_wanted_and_stays_so_from_step_to_step() {
    let mut driver = Driver::at("lead-1");
    driver.assert_shows("phone: 1111");
    driver.click("Only changed");
    driver.assert_shows("status: CONVERTED");
    driver.assert_hides("phone: 1111");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("status: PENDING_PAYMENT");
    driver.assert_hides("phone: 1111");
    driver.click("Only changed");
    driver.assert_shows("phone: 1111");
}

#[test]
fn a_field_is_found_by_a_part_of_its_name() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter fields", "dead");
    assert!(driver.shows_part("payment-deadline: "), "{}", driver.all_text());
    driver.assert_hides("phone: 1111");
    driver.type_into("Filter fields", "zzz");
    driver.assert_shows("No field matches");
    driver.click("Clear the filter of fields");
    driver.assert_shows("phone: 1111");
}

#[test]
fn a_long_list_is_folded_but_not_what_changed_in_it() {
    let items =
        |last: u32| (0..100).map(|n| if n == 40 { last.to_string() } else { n.to_string() }).collect::<Vec<_>>();
    let payload = |last| format!(r#"{{"name":"x","items":[{}],"tail":1}}"#, items(last).join(","));
    let mut driver = stream_of(&[payload(40), payload(7)]);
    driver.assert_shows("items, 100 values");
    driver.assert_shows("items[40]: 7");
    driver.assert_hides("items[39]: 39");
    driver.assert_shows("tail: 1");
    driver.click_role(Role::DisclosureTriangle, "items, 100 values");
    driver.type_into("Filter fields", "items[39]");
    driver.assert_shows("items[39]: 39");
}

#[test]
fn lengths_of_time_and_long_numbers_are_written_for_people() {
    let driver = stream_of(&[r#"{"waiting-seconds":6300014,"amount":1234567,"order-id":1234567}"#.to_owned()]);
    driver.assert_shows("waiting-seconds: 72 d 22 h");
    driver.assert_shows("amount: 1,234,567");
    driver.assert_shows("order-id: 1234567");
}

#[test]
fn a_value_is_copied_as_it_is_kept_by_the_mouse_and_by_the_keyboard() {
    let mut driver = stream_of(&[r#"{"amount":1234567,"name":"x"}"#.to_owned()]);
    driver.window.get_by_role_and_label(Role::Row, "amount: 1,234,567").click_secondary();
    driver.settle();
    driver.window.get_by_label("Copy the value").click();
    assert_eq!(copied(&mut driver).as_deref(), Some("1234567"));
    driver.settle();
    driver.window.get_by_role_and_label(Role::Row, "amount: 1,234,567").focus();
    driver.settle();
    driver.window.event(Event::Copy);
    assert_eq!(copied(&mut driver).as_deref(), Some("1234567"));
    driver.press_with(Modifiers::SHIFT, Key::F10);
    driver.assert_shows("Copy the whole state, as JSON");
}

#[test]
fn the_whole_state_is_copied_as_json() {
    let mut driver = Driver::at("lead-1");
    driver.click("More about the state");
    driver.window.get_by_label("Copy the whole state, as JSON").click();
    let text = copied(&mut driver).expect("copied");
    let state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(state["status"], "CONVERTED", "{text}");
}

#[test]
fn a_field_of_the_state_leads_to_each_value_that_it_had() {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "name: aaa");
    driver.assert_shows("History of name");
    driver.assert_shows("2 values");
}

#[test]
fn a_value_has_all_the_room_beside_it() {
    let text = "a long sentence of some sixty letters, to be read in one go";
    let driver = stream_of(&[format!(r#"{{"note":"{text}"}}"#), r#"{"other":1}"#.to_owned()]);
    let widths = driver.window.get_all_by_label(text).map(|value| value.rect().width());
    let width = widths.fold(0.0, f32::max);
    assert!(width > 59.0 * 7.0, "only {width} wide");
}

#[test]
fn a_link_to_a_version_of_six_digits_is_seen_whole() {
    let count = 100_001;
    let payloads: Vec<String> = (0..count).map(|number| format!(r#"{{"number":{number}}}"#)).collect();
    let mut driver = stream_of(&payloads);
    driver.press(Key::End);
    let link = driver.window.get_by_label("number was set in version 100000").rect();
    // What is left of its cell is cut off.
    let cell = 34.0 + 7.5 * 6.0;
    assert!(link.width() <= cell, "{} wide in a cell of {cell}", link.width());
}

#[test]
fn a_state_of_a_few_fields_is_shown_whole() {
    for count in 1..=4 {
        let fields: Vec<String> = (0..count).map(|number| format!(r#""f{number}":{number}"#)).collect();
        let driver = stream_of(&[format!("{{{}}}", fields.join(","))]);
        let last = format!("f{}: {}", count - 1, count - 1);
        let row = driver.window.get_by_label(&last).rect();
        let end = driver.window.get_by_label("Height of the state").rect().top();
        assert!(row.bottom() <= end, "{count} fields: the last ends at {}, and its card at {end}", row.bottom());
    }
}
