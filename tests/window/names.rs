//! Whoever cannot see the window: every control of every screen says what it is.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::NodeT;

use crate::desk::Desk;

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
fn nameless(desk: &Desk) -> (Vec<String>, usize) {
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
    down(&desk.window.root(), &mut faults, &mut count);
    (faults, count)
}

/// A screen has at least so many controls, or it was not the screen that was meant.
#[track_caller]
fn assert_named(desk: &Desk, screen: &str, at_least: usize) {
    let (faults, count) = nameless(desk);
    assert!(faults.is_empty(), "{screen}: without a name: {faults:#?}");
    assert!(count >= at_least, "{screen} has only {count} controls:\n{}", desk.all_text());
}

fn run(desk: &mut Desk, command: &str) {
    desk.press_with(Modifiers::COMMAND, Key::K);
    desk.type_into("Search or run a command", command);
    desk.press(Key::Enter);
}

#[test]
fn every_control_of_the_welcome_has_a_name() {
    let mut desk = Desk::welcome();
    desk.settle();
    assert_named(&desk, "welcome", 6);
}

#[test]
fn every_control_beside_a_stream_has_a_name() {
    let mut desk = Desk::at("lead-1");
    assert_named(&desk, "the last event", 40);
    desk.press(Key::Home);
    assert_named(&desk, "the first event", 40);
    desk.press(Key::A);
    desk.press(Key::ArrowRight);
    desk.press(Key::B);
    assert_named(&desk, "with pins", 40);
    desk.press(Key::D);
    assert_named(&desk, "two moments beside each other", 40);
    for kind in ["Several projections", "Two streams"] {
        desk.click(kind);
        assert_named(&desk, kind, 40);
    }
}

#[test]
fn every_control_that_lies_over_the_panels_has_a_name() {
    for (screen, command, at_least) in [
        ("keys", "Keys", 40),
        ("a correction", "Compensate…", 44),
        ("searching", "Search events…", 42),
        ("exporting", "Export events…", 43),
        ("settings", "Settings…", 44),
    ] {
        let mut desk = Desk::at("lead-1");
        run(&mut desk, command);
        assert_named(&desk, screen, at_least);
    }
    let mut desk = Desk::at("lead-1");
    desk.press_with(Modifiers::COMMAND, Key::K);
    assert_named(&desk, "the palette", 50);
}

#[test]
fn every_control_of_the_free_event_and_of_a_trouble_has_a_name() {
    let mut desk = Desk::at("lead-1");
    run(&mut desk, "Compensate…");
    desk.click("Event of your own");
    assert_named(&desk, "a free event", 45);
    let desk = Desk::at("lead-999999");
    assert_named(&desk, "trouble", 10);
}

#[test]
fn every_control_of_the_opened_menus_has_a_name() {
    for menu in ["small.db", "oldest first"] {
        let mut desk = Desk::at("lead-1");
        let before = nameless(&desk).1;
        desk.click(menu);
        assert_named(&desk, menu, before + 2);
    }
}
