//! Looking at a stream: one cursor, and everything follows it.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;

use crate::driver::Driver;

#[test]
fn a_stream_opens_at_its_last_event_with_what_that_changed() {
    let driver = Driver::at("lead-1");
    driver.assert_shows("State at version 6");
    driver.assert_shows("CONVERTED");
    driver.assert_shows("was PENDING_PAYMENT");
    driver.assert_shows("1 field changed");
    driver.assert_shows("v6 of 6");
    driver.assert_shows("billing");
}

#[test]
fn arrow_keys_move_the_cursor_and_state_history_and_event_follow() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 5");
    driver.assert_shows("PENDING_PAYMENT");
    driver.assert_shows("was FOLLOWUP_SET");
    driver.assert_shows("was empty");
    driver.assert_shows("accepted the offer");
    driver.assert_hides("CONVERTED");
    driver.press(Key::Home);
    driver.assert_shows("State at version 0");
    driver.assert_shows("NEW_LEAD");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 0");
    driver.press(Key::End);
    driver.assert_shows("State at version 6");
}

#[test]
fn shift_and_an_arrow_go_ten_events() {
    let mut driver = Driver::at("lead-4");
    driver.assert_shows("v30 of 30");
    driver.press_with(Modifiers::SHIFT, Key::ArrowLeft);
    driver.assert_shows("v20 of 30");
    driver.press_with(Modifiers::SHIFT, Key::ArrowRight);
    driver.assert_shows("v30 of 30");
}

#[test]
fn a_click_on_a_row_of_the_history_goes_there() {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver.assert_shows("State at version 3");
    driver.assert_shows("was aab");
}

#[test]
fn a_click_on_the_version_beside_a_field_goes_to_the_event_that_set_it() {
    let mut driver = Driver::at("lead-1");
    driver.window.get_by_label_contains("was set in version 3").click();
    driver.settle();
    driver.assert_shows("State at version 3");
    driver.assert_shows("Event · v3");
}

#[test]
fn a_typed_version_or_time_goes_there_and_anything_else_is_explained() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Version or time", "2");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 2");
    driver.type_into("Version or time", "2025-01-01T01:00:04.5Z");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 4");
    driver.type_into("Version or time", "99");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 4");
    assert!(driver.shows_part("lead-1 has versions 0 to 6"), "{}", driver.all_text());
}

#[test]
fn letters_typed_into_a_field_are_not_commands() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter streams", "lead-1");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 6");
}

#[test]
fn dragging_the_timeline_scrubs() {
    let mut driver = Driver::at("lead-1");
    let line = Queryable::get_by_role_and_label(&driver.window, Role::Slider, "Version").rect();
    let at = |share: f32| egui::pos2(line.left() + line.width() * share, line.top() + 22.0);
    driver.window.hover_at(at(0.98));
    driver.window.drag_at(at(0.98));
    driver.window.run_steps(2);
    driver.window.hover_at(at(0.5));
    driver.window.run_steps(2);
    driver.assert_shows("State at version 3");
    driver.window.hover_at(at(0.01));
    driver.window.run_steps(2);
    driver.assert_shows("State at version 0");
    driver.window.drop_at(at(0.01));
    driver.settle();
    driver.assert_shows("Event · v0");
}

#[test]
fn another_projection_shows_the_same_moment() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::ArrowLeft);
    driver.click("Search terms");
    driver.assert_shows("State at version 5");
    driver.assert_shows("names[1]");
    driver.click("Analysis");
    driver.assert_shows("pending_payment");
}

#[test]
fn the_old_shape_of_an_event_is_shown_as_read_and_as_stored() {
    let mut driver = Driver::at("lead-1");
    driver.assert_shows("\"converted\"");
    driver.click("As stored, schema 1");
    assert!(driver.shows_part("stauts"), "{}", driver.all_text());
}

#[test]
fn causes_and_effects_lead_from_one_event_to_the_other() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("caused by");
    driver.assert_shows("led to");
}

#[test]
fn pins_mark_a_version_and_a_second_press_takes_them_away() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::A);
    driver.assert_shows("A v6");
    driver.press(Key::Home);
    driver.press(Key::B);
    driver.assert_shows("B v0");
    driver.press(Key::B);
    driver.assert_hides("B v0");
}

#[test]
fn every_stream_of_the_sample_can_be_picked_from_the_list() {
    let mut driver = Driver::at("lead-1");
    driver.click_stream("lead-4");
    driver.assert_shows("v30 of 30");
    driver.assert_shows("Maria Ortiz");
}

#[test]
fn two_pinned_versions_are_compared_and_equal_fields_can_be_seen_too() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::D);
    assert!(driver.shows_part("Pin two versions"), "{}", driver.all_text());
    driver.press(Key::Home);
    driver.press(Key::ArrowRight);
    driver.press(Key::ArrowRight);
    driver.press(Key::A);
    for _ in 0..3 {
        driver.press(Key::ArrowRight);
    }
    driver.press(Key::B);
    driver.assert_shows("v2 beside v5");
    driver.assert_shows("4 fields differ");
    for text in ["aab", "aaa", "FOLLOWUP_SET", "PENDING_PAYMENT"] {
        driver.assert_shows(text);
    }
    driver.assert_hides("1111");
    driver.click("Hide equal fields");
    driver.assert_shows("1111");
    driver.press(Key::Home);
    driver.assert_shows("v2 beside v5");
    driver.press(Key::D);
    driver.assert_shows("State at version 0");
}

#[test]
fn the_history_shows_the_row_of_the_cursor_wherever_it_goes() {
    let mut driver = Driver::at("lead-4");
    let has_row =
        |driver: &Driver, name: &str| Queryable::query_by_role_and_label(&driver.window, Role::Row, name).is_some();
    assert!(has_row(&driver, "v30 payment-confirmed") && !has_row(&driver, "v0 lead-initialized"));
    driver.press(Key::Home);
    assert!(has_row(&driver, "v0 lead-initialized") && !has_row(&driver, "v30 payment-confirmed"));
    driver.press(Key::End);
    assert!(has_row(&driver, "v30 payment-confirmed"));
}

#[test]
fn the_history_is_filtered_by_type_author_or_changed_field() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter history", "payment");
    driver.assert_shows("2 of 7 events  ·  UTC");
    let has_row =
        |driver: &Driver, name: &str| Queryable::query_by_role_and_label(&driver.window, Role::Row, name).is_some();
    assert!(has_row(&driver, "v5 order-submitted"), "it changed the payment deadline");
    assert!(has_row(&driver, "v6 payment-confirmed") && !has_row(&driver, "v0 lead-initialized"));
    driver.type_into("Filter history", " nothing has this");
    assert!(driver.shows_part("No event of this stream matches"), "{}", driver.all_text());
}

#[test]
fn by_time_the_line_spaces_events_by_when_they_happened() {
    // lead-1: one event a second, and a minute before the last.
    let version_at = |is_by_time: bool, share: f32| {
        let mut driver = Driver::at("lead-1");
        if is_by_time {
            driver.click("by time");
        }
        let line = Queryable::get_by_role_and_label(&driver.window, Role::Slider, "Version").rect();
        let place = egui::pos2(line.left() + line.width() * share, line.top() + 22.0);
        driver.window.hover_at(place);
        driver.window.drag_at(place);
        driver.window.run_steps(2);
        driver.window.drop_at(place);
        driver.settle();
        (0..=6).find(|version| driver.shows(&format!("State at version {version}")))
    };
    assert_eq!((version_at(false, 0.59), version_at(false, 0.96)), (Some(4), Some(6)));
    // The long pause before the last event is drawn short: the seconds before it fill the line.
    assert_eq!((version_at(true, 0.59), version_at(true, 0.96)), (Some(3), Some(5)));
}
