//! States side by side: two moments, several projections, two streams.

use std::path::Path;

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

#[test]
fn projections_stand_side_by_side_at_the_cursor_and_follow_it() {
    let mut driver = Driver::at("lead-1");
    // Room for every row.
    driver.window.set_size([1280.0, 1400.0].into());
    driver.press(Key::D);
    driver.click("Several projections");
    driver.assert_shows("State beside Search terms beside Analysis beside Fields");
    driver.click_role(Role::CheckBox, "Fields");
    driver.assert_shows("State beside Search terms beside Analysis");
    // Only the search has the names that the lead had before.
    driver.assert_shows("names[0]");
    driver.assert_shows("CONVERTED");
    driver.press(Key::Home);
    driver.assert_shows("State beside Search terms beside Analysis");
    driver.assert_hides("CONVERTED");
    driver.click_role(Role::CheckBox, "Analysis");
    driver.assert_shows("State beside Search terms");
    driver.click_role(Role::CheckBox, "Search terms");
    assert!(driver.shows_part("Choose at least two"), "{}", driver.all_text());
}

#[test]
fn another_stream_is_shown_as_it_was_when_the_event_at_the_cursor_was_recorded() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::D);
    driver.click("Two streams");
    assert!(driver.shows_part("Type the name of another stream"), "{}", driver.all_text());
    driver.type_into("Other stream", "lead-1");
    driver.press(Key::Enter);
    driver.assert_shows("lead-4 v30 beside lead-1 v6");
}

#[test]
fn the_other_stream_is_chosen_by_what_its_people_call_it() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::D);
    driver.click("Two streams");
    driver.type_into("Other stream", "aaa");
    driver.assert_shows("lead-1  aaa");
    driver.press(Key::Enter);
    driver.assert_shows("lead-4 v30 beside lead-1 v6");
    driver.assert_hides("lead-1  aaa");
}

#[test]
fn arrows_mark_one_of_the_streams_that_fit_and_enter_takes_it() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::D);
    driver.click("Two streams");
    driver.type_into("Other stream", "lead-1");
    let offered = offered(&driver);
    assert!(offered.len() > 2 && offered[0].starts_with("lead-1 "), "the exact name comes first: {offered:?}");
    driver.press(Key::ArrowDown);
    driver.press(Key::ArrowDown);
    driver.press(Key::Enter);
    let second = offered[1].split(' ').next().expect("a name").to_owned();
    assert!(driver.shows_part(&format!("lead-4 v30 beside {second} ")), "{}", driver.all_text());
    driver.assert_shows("v30 of 30");
}

/// The names of the streams below the field, in their order.
fn offered(driver: &Driver) -> Vec<String> {
    let streams = driver.window.query_all_by_role(Role::Button);
    streams
        .filter_map(|node| node.accesskit_node().label())
        .filter(|name| name.starts_with("lead-1") && !name.contains(" v"))
        .collect()
}

#[test]
fn a_value_leads_to_the_event_that_gave_it() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.press(Key::A);
    driver.press(Key::End);
    driver.press(Key::B);
    driver.press(Key::D);
    driver.assert_shows("v0 beside v6");
    topmost(&driver, "aab").hover();
    driver.settle();
    assert!(driver.shows_part("who  "), "who recorded it stands under the pointer: {}", driver.all_text());
    assert!(driver.shows_part("v0  lead-initialized"), "{}", driver.all_text());
    topmost(&driver, "aaa").click();
    driver.settle();
    driver.assert_shows("v3 of 6");
}

/// A value of the comparison; the history below may tell of the same.
fn topmost<'w>(driver: &'w Driver, text: &'w str) -> egui_kittest::Node<'w> {
    let is_in_middle = |node: &egui_kittest::Node<'_>| node.rect().left() > 260.0 && node.rect().top() > 120.0;
    let nodes = driver.window.query_all_by_label(text).filter(is_in_middle);
    nodes.min_by(|one, other| one.rect().top().total_cmp(&other.rect().top())).expect("it is shown")
}

#[test]
fn what_a_comparison_is_chosen_by_never_lies_on_something_else() {
    for size in [[1024.0, 700.0], [900.0, 600.0]] {
        let mut driver = Driver::at("lead-1");
        driver.window.set_size(size.into());
        driver.press(Key::D);
        let rects: Vec<(String, egui::Rect)> =
            ["Two moments", "Several projections", "Two streams", "Hide equal fields"]
                .into_iter()
                .map(|name| (name.to_owned(), driver.window.get_by_label(name).rect()))
                .collect();
        for (place, (name, rect)) in rects.iter().enumerate() {
            for (other, beside) in &rects[place + 1..] {
                assert!(!rect.shrink(0.5).intersects(beside.shrink(0.5)), "{name} lies on {other} at {size:?}");
            }
        }
    }
}

#[test]
fn pins_in_two_streams_compare_the_streams() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.press(Key::A);
    driver.click_stream("lead-4");
    driver.press(Key::B);
    driver.press(Key::D);
    driver.assert_shows("lead-1 v0 beside lead-4 v30");
    driver.assert_shows("Maria Ortiz");
}

#[test]
fn a_stream_that_is_not_there_is_said_and_another_can_be_typed() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::D);
    driver.click("Two streams");
    driver.type_into("Other stream", "lead-none");
    driver.press(Key::Enter);
    assert!(driver.shows_part("There is no stream lead-none"), "{}", driver.all_text());
}

#[test]
fn pins_of_another_stream_say_whose_they_are() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.press(Key::A);
    driver.press(Key::End);
    driver.press(Key::B);
    driver.assert_shows("A v0");
    driver.click_stream("lead-4");
    driver.assert_hides("A v0");
    driver.assert_shows("A lead-1 v0");
    driver.window.get_by_role_and_label(Role::Button, "B lead-1 v6").hover();
    driver.settle();
    assert!(driver.shows_part("Pin B here  ·  aaa, lead-1 v6"), "{}", driver.all_text());
    driver.press(Key::D);
    driver.assert_shows("lead-1 v0 beside lead-1 v6");
    driver.click_stream("lead-1");
    driver.assert_shows("v0 beside v6");
}

fn record<const COUNT: usize>(path: &Path, events: [(&str, &str, &str); COUNT]) {
    let mut store = NativeStore::create(path).expect("a store");
    for (number, (stream, event_type, payload)) in events.into_iter().enumerate() {
        let event = NewEvent {
            id: EventId::new(&format!("e{number}")),
            event_type: EventType::from(event_type),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(number as i64)),
            payload: payload.to_owned(),
            metadata: "{}".to_owned(),
        };
        store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
    }
}

/// The two that the dialog begins with.
fn compared(driver: &mut Driver) -> [String; 2] {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "Compare two");
    driver.press(Key::Enter);
    let chosen = |name| driver.window.get_by_role_and_label(Role::ComboBox, name).value().unwrap_or_default();
    let both = ["Old", "New"].map(chosen);
    driver.press(Key::Escape);
    both
}

#[test]
fn two_projections_to_compare_are_at_first_the_one_in_view_and_another_of_the_store() {
    let mut tickets = Driver::with("ticket-1", |path| record(path, [("ticket-1", "ticket-initialized", "{}")]));
    assert_eq!(compared(&mut tickets), ["State", "Search terms"], "none of leads");
    let mut orders = Driver::with("order-1", |path| record(path, [("order-1", "Placed", r#"{"total": 1}"#)]));
    assert_eq!(compared(&mut orders), ["Fields", "Choose…"], "it has no other");
    let path = orders.path("mine.js");
    std::fs::write(&path, "fromAll().foreachStream().when({ $any(s) { return { n: 1 }; } })").expect("written");
    orders.open(&path);
    orders.wait_for("n: 1");
    assert_eq!(compared(&mut orders), ["Fields", "mine.js"]);
}
