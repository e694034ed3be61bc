//! States side by side: two moments, several projections, two streams.

use egui::{Key, Role};

use crate::driver::Driver;

#[test]
fn projections_stand_side_by_side_at_the_cursor_and_follow_it() {
    let mut driver = Driver::at("lead-1");
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
fn pins_in_two_streams_compare_the_streams() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.press(Key::A);
    driver.click_role(Role::TreeItem, "lead-4");
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
    assert!(driver.shows_part("there is no stream lead-none"), "{}", driver.all_text());
}
