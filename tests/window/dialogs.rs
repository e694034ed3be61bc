//! What lies over the panels: search, export, settings, menus, keys.

use egui::{Key, Modifiers, Role};

use crate::desk::Desk;

#[test]
fn an_event_is_found_by_any_part_of_it_and_a_click_goes_there() {
    let mut desk = Desk::at("lead-4");
    desk.press_with(Modifiers::COMMAND, Key::F);
    desk.type_into("Text to find", "PENDING_PAY");
    desk.press(Key::Enter);
    assert!(desk.shows_part("is not in any of 3,000 events"), "{}", desk.all_text());
    desk.type_over("Text to find", "transfer received");
    desk.press(Key::Enter);
    desk.click_role(Role::Button, "lead-1 v6 payment-confirmed");
    desk.assert_shows("v6 of 6");
    desk.press(Key::Escape);
    desk.assert_hides("Text to find");
}

#[test]
fn a_search_can_be_kept_to_the_stream_on_the_desk() {
    let mut desk = Desk::at("lead-1");
    desk.press_with(Modifiers::COMMAND, Key::F);
    desk.click("Only in lead-1");
    desk.type_into("Text to find", "lead");
    desk.click("Find");
    assert!(desk.shows_part("of 7 events"), "{}", desk.all_text());
}

#[test]
fn a_stream_is_exported_to_a_typed_path_and_a_file_is_not_replaced_unasked() {
    let mut desk = Desk::at("lead-1");
    let path = desk.path("lead-1.csv");
    desk.press_with(Modifiers::COMMAND, Key::E);
    desk.type_into("File to write", &path.display().to_string());
    desk.click("Only in lead-1");
    desk.click("Export");
    assert!(desk.shows_part("7 events written"), "{}", desk.all_text());
    let text = std::fs::read_to_string(&path).expect("the exported file");
    assert_eq!(text.lines().count(), 8, "{text}");
    let heading = text.lines().next().unwrap_or_default();
    assert!(heading.ends_with(",csv_safe"), "no cell begins like a formula unless that is asked for: {heading}");
    desk.click("Export");
    assert!(desk.shows_part("is there already"), "{}", desk.all_text());
    desk.click("Replace the file if it is there");
    desk.click("Export");
    assert!(!desk.shows_part("is there already"), "{}", desk.all_text());
}

#[test]
fn an_export_never_replaces_the_store_it_reads() {
    let mut desk = Desk::at("lead-1");
    let store = desk.path("small.db");
    let before = std::fs::read(&store).expect("the store");
    desk.press_with(Modifiers::COMMAND, Key::E);
    desk.type_into("File to write", &store.display().to_string());
    desk.click("Replace the file if it is there");
    desk.click("Export");
    assert!(desk.shows_part("this is the store that is exported"), "{}", desk.all_text());
    assert!(std::fs::read(&store).expect("the store") == before, "the store was replaced");
}

#[test]
fn settings_act_at_once() {
    let mut desk = Desk::at("lead-1");
    desk.press_with(Modifiers::COMMAND, Key::Comma);
    desk.click_role(Role::Button, "Local");
    desk.assert_shows("7 events  ·  Local");
    desk.click_role(Role::Button, "Light");
    assert_eq!(desk.window.ctx.theme(), egui::Theme::Light);
}

#[test]
fn every_command_stands_in_a_menu() {
    use foldline::command::{Command, Menu};
    let locale = foldline::locale::Locale::new(foldline::locale::Language::English);
    for menu in Menu::ALL {
        let mut desk = Desk::at("lead-1");
        desk.click("small.db");
        desk.click_first(&locale.text(menu.title()));
        for command in Command::all().filter(|command| command.menu() == menu) {
            let title = locale.text(command.title());
            assert!(desk.shows_part(&title), "{title} is in no menu; the window shows:\n{}", desk.all_text());
        }
    }
}

#[test]
fn what_went_wrong_can_be_looked_into_tried_again_and_put_away() {
    let mut desk = Desk::at("lead-1");
    let path = desk.path("late.db");
    desk.open(&path);
    assert!(desk.shows_part("there is no such file"), "{}", desk.all_text());
    desk.click("Show details");
    assert!(desk.shows_part("NotFound") || desk.shows_part("Missing"), "{}", desk.all_text());
    desk.other_sample_at("late.db");
    desk.click("Try again");
    desk.assert_shows("late.db");
    assert!(!desk.shows_part("there is no such file"), "{}", desk.all_text());
}

#[test]
fn a_store_that_vanishes_is_told_and_what_was_read_stays() {
    let mut desk = Desk::at("lead-1");
    std::fs::remove_file(desk.path("small.db")).expect("removed");
    desk.press(Key::ArrowLeft);
    assert!(desk.shows_part("there is no such file"), "{}", desk.all_text());
    desk.assert_shows("State at version 5");
    desk.click("Close");
    assert!(!desk.shows_part("there is no such file"), "{}", desk.all_text());
    desk.press(Key::Home);
    desk.assert_shows("State at version 0");
}

#[test]
fn another_store_is_opened_by_its_path_while_one_is_open() {
    let mut desk = Desk::at("lead-1");
    let other = desk.other_sample();
    desk.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    desk.type_into("Path or address of a store", &other.display().to_string());
    desk.press(Key::Enter);
    desk.assert_shows("other.db");
    desk.assert_hides("Path or address of a store");
    desk.assert_shows(&other.display().to_string());
}

#[test]
fn trying_again_after_a_slip_of_the_hand_leaves_the_cursor_where_it_is() {
    let mut desk = Desk::at("lead-1");
    desk.press(Key::Home);
    desk.type_into("Version or time", "99");
    desk.press(Key::Enter);
    assert!(desk.shows_part("has versions 0 to 6"), "{}", desk.all_text());
    desk.click("Try again");
    desk.assert_shows("State at version 0");
    assert!(!desk.shows_part("has versions 0 to 6"), "{}", desk.all_text());
}
