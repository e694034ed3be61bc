//! Why a value is so, why not otherwise, and the smallest history, asked in the window.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;

use crate::driver::Driver;

/// Asks from the menu of a field's row.
fn ask_of(driver: &mut Driver, row: &str, field: &str) {
    driver.window.get_by_role_and_label(Role::Row, row).click_secondary();
    driver.window.run_steps(3);
    driver.click(&format!("Why is {field} so?"));
}

fn open_tool(driver: &mut Driver, title: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.strike(title);
    driver.press(Key::Enter);
    driver.settle();
}

#[test]
fn a_value_is_asked_in_its_menu_and_each_event_leads_to_its_place() {
    let mut driver = Driver::at("lead-1");
    ask_of(&mut driver, "contacts: 2", "contacts");
    driver.assert_shows("contacts is 2 at version 6.");
    for event in ["v1 contacted", "v4 contacted"] {
        assert!(driver.window.query_by_role_and_label(Role::Button, event).is_some(), "{}", driver.all_text());
    }
    assert_eq!(driver.window.query_all_by_label("needed").count(), 2);
    assert_eq!(driver.window.query_all_by_label("enough").count(), 2);
    driver.click_role(Role::Button, "v1 contacted");
    driver.assert_shows("v1 of 6");
    driver.assert_hides("contacts is 2 at version 6.");
}

#[test]
fn another_value_is_asked_for_there_and_names_the_rule_and_the_way() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.press(Key::ArrowRight);
    ask_of(&mut driver, "status: NEW_LEAD", "status");
    driver.assert_shows("status is NEW_LEAD at version 1.");
    driver.type_into("and not", "CONVERTED");
    driver.click("Ask");
    driver.assert_shows("status is NEW_LEAD at version 1, and not CONVERTED.");
    driver.assert_shows("order-submitted, then payment-confirmed would make it so.");
    let text = driver.all_text();
    assert!(driver.shows_part("a rule forbids it: The rules do not allow payment-confirmed"), "{text}");
    driver.type_over("and not", "NEW_LEAD");
    driver.click("Ask");
    assert!(driver.shows_part("Clear the other value"), "{}", driver.all_text());
}

#[test]
fn a_field_is_chosen_or_typed_and_one_that_is_not_there_is_told_with_what_looks_like_it() {
    let mut driver = Driver::at("lead-1");
    open_tool(&mut driver, "Why a value is so");
    driver.type_into("Field", "statsu");
    driver.press(Key::Enter);
    driver.settle();
    driver.assert_shows("lead-1 has no field “statsu”; did you mean status?");
    driver.click("Choose a field");
    // The state behind the dialog has one of this name, too.
    let phone = driver.window.query_all_by_role_and_label(Role::Button, "phone").last();
    phone.expect("a field to choose").click();
    driver.settle();
    driver.click("Ask");
    driver.assert_shows("phone is 1111 at version 6.");
}

#[test]
fn a_field_of_the_history_of_values_is_asked_there_too() {
    let mut driver = Driver::at("lead-1");
    driver.window.get_by_role_and_label(Role::Row, "name: aaa").click();
    driver.settle();
    driver.click("Why?");
    driver.assert_shows("name is aaa at version 6.");
}

#[test]
fn the_smallest_history_is_found_and_saved_as_a_test() {
    let mut driver = Driver::at("lead-1");
    open_tool(&mut driver, "Smallest history");
    driver.type_into("Condition", "contacts == 2 && name == \"aaa\"");
    driver.click("Find it");
    driver.assert_shows("3 events of 7");
    let path = driver.path("small.rs");
    driver.type_into(
        "File of these events; its name ends in .db, .json, .jsonl, .csv, .rs, .py, .ts",
        &path.display().to_string(),
    );
    driver.click("Save");
    assert!(driver.shows_part("3 events written to"), "{}", driver.all_text());
    let text = std::fs::read_to_string(&path).expect("the file");
    assert!(text.contains("contact-details-updated") && !text.contains("order-submitted"), "{text}");
    // What is there is not written over, unless that is allowed.
    driver.click("Save");
    assert!(driver.shows_part("there already"), "{}", driver.all_text());
    driver.click_role(Role::Button, "Try again");
    assert!(driver.shows_part("there already"), "{}", driver.all_text());
}

#[test]
fn a_condition_that_never_holds_and_a_wrong_word_are_told() {
    let mut driver = Driver::at("lead-1");
    open_tool(&mut driver, "Smallest history");
    driver.type_into("Condition", "contacts > 99");
    driver.press(Key::Enter);
    driver.settle();
    driver.assert_shows("The condition never holds in lead-1");
    driver.type_over("Condition", "statsu == 1");
    driver.press(Key::Enter);
    driver.settle();
    assert!(driver.shows_part("Did you mean status?"), "{}", driver.all_text());
    driver.click("The last rule that was broken is still broken");
    driver.click("Find it");
    driver.assert_shows("No event of lead-1 breaks a rule");
}
