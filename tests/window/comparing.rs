//! States side by side: two moments, several projections, two streams.

use egui::{Key, Role};

use crate::desk::Desk;

#[test]
fn projections_stand_side_by_side_at_the_cursor_and_follow_it() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::D);
    desk.click("Several projections");
    desk.assert_shows("State beside Search beside Analysis beside Fields");
    desk.click_role(Role::CheckBox, "Fields");
    desk.assert_shows("State beside Search beside Analysis");
    // Only the search has the names that the lead had before.
    desk.assert_shows("names[0]");
    desk.assert_shows("CONVERTED");
    desk.press(Key::Home);
    desk.assert_shows("State beside Search beside Analysis");
    desk.assert_hides("CONVERTED");
    desk.click_role(Role::CheckBox, "Analysis");
    desk.assert_shows("State beside Search");
    desk.click_role(Role::CheckBox, "Search");
    assert!(desk.shows_part("Choose at least two"), "{}", desk.all_text());
}

#[test]
fn another_stream_is_shown_as_it_was_when_the_event_at_the_cursor_was_recorded() {
    let mut desk = Desk::at("lead-4");
    desk.press(Key::D);
    desk.click("Two streams");
    assert!(desk.shows_part("Type the name of another stream"), "{}", desk.all_text());
    desk.type_into("Other stream", "lead-1");
    desk.press(Key::Enter);
    desk.assert_shows("lead-4 v30 beside lead-1 v6");
}

#[test]
fn pins_in_two_streams_compare_the_streams() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::Home);
    desk.press(Key::A);
    desk.click_role(Role::TreeItem, "lead-4");
    desk.press(Key::B);
    desk.press(Key::D);
    desk.assert_shows("lead-1 v0 beside lead-4 v30");
    desk.assert_shows("Maria Ortiz");
}

#[test]
fn a_stream_that_is_not_there_is_said_and_another_can_be_typed() {
    let mut desk = Desk::at("lead-4");
    desk.press(Key::D);
    desk.click("Two streams");
    desk.type_into("Other stream", "lead-none");
    desk.press(Key::Enter);
    assert!(desk.shows_part("there is no stream lead-none"), "{}", desk.all_text());
}
