//! What can be asked of the window: opening, filtering, language, theme; and what it says when that fails.

use egui::{Key, Role};

use crate::desk::Desk;

#[test]
fn nothing_open_shows_where_to_begin() {
    let mut desk = Desk::welcome();
    desk.settle();
    desk.assert_shows("Explore the sample");
    desk.assert_shows("Path or address of a store");
    desk.assert_shows("…or drop a file here");
}

#[test]
fn a_typed_path_opens_the_store_and_is_remembered() {
    let mut desk = Desk::welcome();
    let path = desk.sample();
    desk.settle();
    desk.type_into("Path or address of a store", &path.display().to_string());
    desk.click("Open");
    desk.assert_shows("small.db");
    assert!(desk.shows_part("events"), "{}", desk.all_text());
    desk.assert_shows("Pick a stream on the left to see what was true at every version.");
}

#[test]
fn what_cannot_be_opened_is_said_in_a_sentence_and_the_window_goes_on() {
    let mut desk = Desk::welcome();
    let missing = desk.path("nowhere.db");
    desk.settle();
    desk.type_into("Path or address of a store", &missing.display().to_string());
    desk.click("Open");
    assert!(desk.shows_part("there is no such file"), "{}", desk.all_text());
    desk.assert_shows("Explore the sample");
    desk.press(Key::Escape);
    assert!(!desk.shows_part("there is no such file"), "{}", desk.all_text());
}

#[test]
fn the_filter_narrows_the_list_and_says_when_nothing_is_left() {
    let mut desk = Desk::at("lead-1");
    desk.type_into("Filter streams", "ead-44");
    assert!(desk.shows("lead-44") && !desk.shows("lead-5"), "{}", desk.all_text());
    desk.type_into("Filter streams", "zzz");
    desk.assert_shows("No stream has this in its name");
}

#[test]
fn a_category_folds_and_unfolds() {
    let mut desk = Desk::at("lead-1");
    let name = |desk: &Desk| {
        let text = desk.all_text();
        text.lines().find(|line| line.starts_with("lead, ")).expect("the category").to_owned()
    };
    let category = name(&desk);
    desk.click_role(Role::DisclosureTriangle, &category);
    desk.assert_hides("lead-2");
    desk.click_role(Role::DisclosureTriangle, &category);
    desk.assert_shows("lead-2");
}

#[test]
fn the_language_changes_at_once_and_back() {
    let mut desk = Desk::at("lead-1");
    desk.click("한국어");
    desk.assert_shows("버전 6의 상태");
    desk.assert_shows("이력");
    desk.click("English");
    desk.assert_shows("State at version 6");
}

#[test]
fn the_theme_changes_at_once() {
    let mut desk = Desk::at("lead-1");
    let is_dark = |desk: &Desk| desk.window.ctx.theme() == egui::Theme::Dark;
    assert!(is_dark(&desk));
    desk.click("Light or dark");
    assert!(!is_dark(&desk));
    desk.click("Light or dark");
    assert!(is_dark(&desk));
}

#[test]
fn the_keys_are_listed_and_put_away() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::F1);
    desk.assert_shows("Ten events on");
    desk.assert_shows("Shift+→");
    desk.press(Key::Escape);
    desk.assert_hides("Ten events on");
}

#[test]
fn a_stream_that_is_not_there_is_said_in_a_sentence() {
    let desk = Desk::at("lead-999999");
    assert!(desk.shows_part("there is no stream lead-999999"), "{}", desk.all_text());
}

#[test]
fn hangul_in_the_data_is_shown() {
    // A letter that no font has would make the harness panic.
    let desk = Desk::at("lead-2");
    desk.assert_shows("김철수");
}

#[test]
fn an_idle_window_asks_for_no_further_frame() {
    let mut desk = Desk::at("lead-1");
    desk.settle();
    desk.window.run();
    let wait = desk.window.output().viewport_output.values().map(|viewport| viewport.repaint_delay).min();
    assert!(wait > Some(std::time::Duration::from_secs(1)), "a repaint is due in {wait:?}");
}

/// Another program records a contact.
fn append_elsewhere(desk: &Desk, id: &str) {
    use foldline::store::{Expected, open_for_writing};
    let event = foldline::event::NewEvent {
        id: foldline::event::EventId::new(id),
        event_type: "contacted".into(),
        schema: 1,
        recorded_at: None,
        payload: "{}".to_owned(),
        metadata: String::new(),
    };
    let mut other = open_for_writing(&desk.path("small.db").into()).expect("the store");
    other.append(&"lead-1".into(), Expected::Any, &[event]).expect("recorded");
}

#[test]
fn events_that_another_program_appends_appear_and_the_cursor_stays() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::ArrowLeft);
    append_elsewhere(&desk, "elsewhere-1");
    desk.wait_for("v5 of 7");
    desk.assert_shows("State at version 5");
}

#[test]
fn following_keeps_to_the_newest_event() {
    let mut desk = Desk::at("lead-1");
    desk.click("Follow");
    append_elsewhere(&desk, "elsewhere-2");
    desk.wait_for("v7 of 7");
    desk.assert_shows("State at version 7");
}

#[test]
fn the_palette_runs_a_command_or_goes_to_a_stream_by_a_part_of_its_name() {
    let mut desk = Desk::at("lead-1");
    desk.press_with(egui::Modifiers::COMMAND, Key::K);
    desk.type_into("Search or run a command", "first ev");
    desk.press(Key::Enter);
    desk.assert_shows("State at version 0");
    desk.assert_hides("A command, or part of a stream's name");
    desk.press_with(egui::Modifiers::COMMAND, Key::K);
    desk.type_into("Search or run a command", "ead-4");
    desk.press(Key::Enter);
    desk.assert_shows("v30 of 30");
    desk.press_with(egui::Modifiers::COMMAND, Key::K);
    desk.type_into("Search or run a command", "zzz");
    desk.assert_shows("Nothing has this in its name");
    desk.press(Key::Escape);
    desk.assert_hides("Nothing has this in its name");
}

#[test]
fn a_store_opened_after_another_was_closed_starts_without_its_stream() {
    let mut desk = Desk::at("lead-1");
    let other = desk.other_sample();
    desk.press_with(egui::Modifiers::COMMAND, Key::K);
    desk.type_into("Search or run a command", "close the store");
    desk.press(Key::Enter);
    desk.type_into("Path or address of a store", &other.display().to_string());
    desk.click("Open");
    desk.assert_shows("other.db");
    desk.assert_shows("Pick a stream on the left to see what was true at every version.");
}
