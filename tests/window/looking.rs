//! Looking at a stream: one cursor, and everything follows it.

use egui::{Key, Modifiers, Role};

use crate::desk::Desk;

#[test]
fn a_stream_opens_at_its_last_event_with_what_that_changed() {
    let desk = Desk::at("lead-1");
    desk.assert_shows("State at version 6");
    desk.assert_shows("CONVERTED");
    desk.assert_shows("was PENDING_PAYMENT");
    desk.assert_shows("1 field changed");
    desk.assert_shows("v6 of 6");
    desk.assert_shows("billing");
}

#[test]
fn arrow_keys_move_the_cursor_and_state_history_and_event_follow() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::ArrowLeft);
    desk.assert_shows("State at version 5");
    desk.assert_shows("PENDING_PAYMENT");
    desk.assert_shows("was FOLLOWUP_SET");
    desk.assert_shows("was empty");
    desk.assert_shows("accepted the offer");
    desk.assert_hides("CONVERTED");
    desk.press(Key::Home);
    desk.assert_shows("State at version 0");
    desk.assert_shows("NEW_LEAD");
    desk.press(Key::ArrowLeft);
    desk.assert_shows("State at version 0");
    desk.press(Key::End);
    desk.assert_shows("State at version 6");
}

#[test]
fn shift_and_an_arrow_go_ten_events() {
    let mut desk = Desk::at("lead-4");
    desk.assert_shows("v30 of 30");
    desk.press_with(Modifiers::SHIFT, Key::ArrowLeft);
    desk.assert_shows("v20 of 30");
    desk.press_with(Modifiers::SHIFT, Key::ArrowRight);
    desk.assert_shows("v30 of 30");
}

#[test]
fn a_click_on_a_row_of_the_history_goes_there() {
    let mut desk = Desk::at("lead-1");
    desk.click_role(Role::Row, "v3 contact-details-updated");
    desk.assert_shows("State at version 3");
    desk.assert_shows("was aab");
}

#[test]
fn a_click_on_the_version_beside_a_field_goes_to_the_event_that_set_it() {
    let mut desk = Desk::at("lead-1");
    desk.click_role(Role::Button, "v3 ↗");
    desk.assert_shows("State at version 3");
    desk.assert_shows("Event · v3");
}

#[test]
fn a_typed_version_or_time_goes_there_and_anything_else_is_explained() {
    let mut desk = Desk::at("lead-1");
    desk.type_into("Version or time", "2");
    desk.press(Key::Enter);
    desk.assert_shows("State at version 2");
    desk.type_into("Version or time", "2025-01-01T01:00:04.5Z");
    desk.press(Key::Enter);
    desk.assert_shows("State at version 4");
    desk.type_into("Version or time", "99");
    desk.press(Key::Enter);
    desk.assert_shows("State at version 4");
    assert!(desk.shows_part("lead-1 has versions 0 to 6"), "{}", desk.all_text());
}

#[test]
fn letters_typed_into_a_field_are_not_commands() {
    let mut desk = Desk::at("lead-1");
    desk.type_into("Filter streams", "lead-1");
    desk.press(Key::ArrowLeft);
    desk.assert_shows("State at version 6");
}

#[test]
fn dragging_the_timeline_scrubs() {
    let mut desk = Desk::at("lead-1");
    let line = egui_kittest::kittest::Queryable::get_by_role_and_label(&desk.window, Role::Slider, "Version").rect();
    let at = |share: f32| egui::pos2(line.left() + line.width() * share, line.top() + 22.0);
    desk.window.hover_at(at(0.98));
    desk.window.drag_at(at(0.98));
    desk.window.run_steps(2);
    desk.window.hover_at(at(0.5));
    desk.window.run_steps(2);
    desk.assert_shows("State at version 3");
    desk.window.hover_at(at(0.01));
    desk.window.run_steps(2);
    desk.assert_shows("State at version 0");
    desk.window.drop_at(at(0.01));
    desk.settle();
    desk.assert_shows("Event · v0");
}

#[test]
fn another_projection_shows_the_same_moment() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::ArrowLeft);
    desk.click("Search");
    desk.assert_shows("State at version 5");
    desk.assert_shows("names[1]");
    desk.click("Analysis");
    desk.assert_shows("pending_payment");
}

#[test]
fn the_old_shape_of_an_event_is_shown_as_read_and_as_stored() {
    let mut desk = Desk::at("lead-1");
    desk.assert_shows("\"converted\"");
    desk.click("As stored, schema 1");
    assert!(desk.shows_part("stauts"), "{}", desk.all_text());
}

#[test]
fn causes_and_effects_lead_from_one_event_to_the_other() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::ArrowLeft);
    desk.assert_shows("caused by");
    desk.assert_shows("led to");
}

#[test]
fn pins_mark_a_version_and_a_second_press_takes_them_away() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::A);
    desk.assert_shows("A v6");
    desk.press(Key::Home);
    desk.press(Key::B);
    desk.assert_shows("B v0");
    desk.press(Key::B);
    desk.assert_hides("B v0");
}

#[test]
fn every_stream_of_the_sample_can_be_picked_from_the_list() {
    let mut desk = Desk::at("lead-1");
    desk.click_role(Role::TreeItem, "lead-4");
    desk.assert_shows("v30 of 30");
    desk.assert_shows("Maria Ortiz");
}

#[test]
fn two_pinned_versions_are_compared_and_equal_fields_can_be_seen_too() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::D);
    assert!(desk.shows_part("Pin two versions"), "{}", desk.all_text());
    desk.click_role(Role::Row, "v2 followup-set");
    desk.press(Key::A);
    desk.click_role(Role::Row, "v5 order-submitted");
    desk.press(Key::B);
    desk.assert_shows("v2 beside v5");
    desk.assert_shows("4 fields differ");
    for text in ["aab", "aaa", "FOLLOWUP_SET", "PENDING_PAYMENT"] {
        desk.assert_shows(text);
    }
    desk.assert_hides("1111");
    desk.click("Hide equal fields");
    desk.assert_shows("1111");
    desk.press(Key::Home);
    desk.assert_shows("v2 beside v5");
    desk.press(Key::D);
    desk.assert_shows("State at version 0");
}

#[test]
fn the_history_shows_the_row_of_the_cursor_wherever_it_goes() {
    let mut desk = Desk::at("lead-4");
    let has_row = |desk: &Desk, name: &str| {
        egui_kittest::kittest::Queryable::query_by_role_and_label(&desk.window, Role::Row, name).is_some()
    };
    assert!(has_row(&desk, "v30 payment-confirmed") && !has_row(&desk, "v0 lead-initialized"));
    desk.press(Key::Home);
    assert!(has_row(&desk, "v0 lead-initialized") && !has_row(&desk, "v30 payment-confirmed"));
    desk.press(Key::End);
    assert!(has_row(&desk, "v30 payment-confirmed"));
}

#[test]
fn the_history_is_filtered_by_type_author_or_changed_field() {
    let mut desk = Desk::at("lead-1");
    desk.type_into("Filter history", "payment");
    desk.assert_shows("2 events  ·  UTC");
    let has_row = |desk: &Desk, name: &str| {
        egui_kittest::kittest::Queryable::query_by_role_and_label(&desk.window, Role::Row, name).is_some()
    };
    assert!(has_row(&desk, "v5 order-submitted"), "it changed the payment deadline");
    assert!(has_row(&desk, "v6 payment-confirmed") && !has_row(&desk, "v0 lead-initialized"));
    desk.type_into("Filter history", " nothing has this");
    assert!(desk.shows_part("No event of this stream has this"), "{}", desk.all_text());
}

#[test]
fn by_time_the_line_spaces_events_by_when_they_happened() {
    // lead-1: one event a second, and a minute before the last.
    let version_at = |is_by_time: bool, share: f32| {
        let mut desk = Desk::at("lead-1");
        if is_by_time {
            desk.click("by time");
        }
        let line =
            egui_kittest::kittest::Queryable::get_by_role_and_label(&desk.window, Role::Slider, "Version").rect();
        let place = egui::pos2(line.left() + line.width() * share, line.top() + 22.0);
        desk.window.hover_at(place);
        desk.window.drag_at(place);
        desk.window.run_steps(2);
        desk.window.drop_at(place);
        desk.settle();
        (0..=6).find(|version| desk.shows(&format!("State at version {version}")))
    };
    assert_eq!((version_at(false, 0.59), version_at(false, 0.96)), (Some(4), Some(6)));
    // The long pause before the last event is drawn short: the seconds before it fill the line.
    assert_eq!((version_at(true, 0.59), version_at(true, 0.96)), (Some(3), Some(5)));
}
