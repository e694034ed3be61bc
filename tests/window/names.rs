//! Whoever cannot see the window: every control of every screen says what it is.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::NodeT;

use crate::driver::Driver;

/// What can be pressed, chosen, typed into or moved.
const CONTROLS: [Role; 22] = [
    Role::Button,
    Role::CheckBox,
    Role::ColorWell,
    Role::ComboBox,
    Role::DefaultButton,
    Role::DisclosureTriangle,
    Role::Link,
    Role::ListBoxOption,
    Role::MenuItem,
    Role::MenuItemCheckBox,
    Role::MenuItemRadio,
    Role::MultilineTextInput,
    Role::RadioButton,
    Role::Row,
    Role::SearchInput,
    Role::Slider,
    Role::SpinButton,
    Role::Splitter,
    Role::Switch,
    Role::Tab,
    Role::TextInput,
    Role::TreeItem,
];

/// The roles and places of controls without a name, and how many controls there are.
fn nameless(driver: &Driver) -> (Vec<String>, usize) {
    fn down(node: &egui_kittest::Node<'_>, faults: &mut Vec<String>, count: &mut usize) {
        let access = node.accesskit_node();
        if CONTROLS.contains(&access.role()) {
            *count += 1;
            if access.label().is_none_or(|label| label.trim().is_empty()) {
                faults.push(format!("{:?} at {:?}", access.role(), node.rect()));
            }
        }
        node.children().for_each(|child| down(&child, faults, count));
    }
    let (mut faults, mut count) = (Vec::new(), 0);
    down(&driver.window.root(), &mut faults, &mut count);
    (faults, count)
}

/// A screen has at least so many controls, or it was not the screen that was meant.
#[track_caller]
fn assert_named(driver: &Driver, screen: &str, at_least: usize) {
    let (faults, count) = nameless(driver);
    assert!(faults.is_empty(), "{screen}: without a name: {faults:#?}");
    assert!(count >= at_least, "{screen} has only {count} controls:\n{}", driver.all_text());
}

fn run(driver: &mut Driver, command: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", command);
    driver.press(Key::Enter);
}

#[test]
fn every_control_of_the_welcome_has_a_name() {
    let mut driver = Driver::welcome();
    driver.settle();
    assert_named(&driver, "welcome", 6);
}

#[test]
fn every_control_of_the_greeting_has_a_name() {
    let mut driver = Driver::welcome();
    let path = driver.sample();
    driver.open(&path);
    assert_named(&driver, "the greeting", 60);
}

#[test]
fn every_control_beside_a_stream_has_a_name() {
    let mut driver = Driver::at("lead-1");
    assert_named(&driver, "the last event", 40);
    driver.press(Key::Home);
    assert_named(&driver, "the first event", 40);
    driver.press(Key::A);
    driver.press(Key::ArrowRight);
    driver.press(Key::B);
    assert_named(&driver, "with pins", 40);
    driver.press(Key::D);
    assert_named(&driver, "two moments beside each other", 40);
    for kind in ["Several projections", "Two streams"] {
        driver.click(kind);
        assert_named(&driver, kind, 40);
    }
}

#[test]
fn every_control_that_lies_over_the_panels_has_a_name() {
    for (screen, command, at_least) in [
        ("keys", "Keys", 40),
        ("a correction", "Compensate…", 44),
        ("searching", "Search events…", 30),
        ("exporting", "Export events…", 43),
        ("settings", "Settings…", 44),
    ] {
        let mut driver = Driver::at("lead-1");
        run(&mut driver, command);
        assert_named(&driver, screen, at_least);
    }
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::K);
    assert_named(&driver, "the palette", 50);
}

#[test]
fn every_control_of_the_free_event_and_of_a_trouble_has_a_name() {
    let mut driver = Driver::at("lead-1");
    run(&mut driver, "Compensate…");
    driver.click("Event of your own");
    assert_named(&driver, "a free event", 45);
    let driver = Driver::at("lead-999999");
    assert_named(&driver, "error", 10);
}

#[test]
fn every_control_of_the_opened_menus_has_a_name() {
    for menu in ["small.db", "oldest first"] {
        let mut driver = Driver::at("lead-1");
        let before = nameless(&driver).1;
        driver.click(menu);
        assert_named(&driver, menu, before + 2);
    }
}
