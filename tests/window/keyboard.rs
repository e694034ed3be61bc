//! From start to append without a mouse: Tab, Enter, arrows, shortcuts and letters.

use egui::{Event, Key, Modifiers, Role};
use egui_kittest::kittest::NodeT;
use foldline::store::open;

use crate::driver::Driver;

/// More stops than any screen has: whoever has gone round so often has missed the one that was meant.
const STOPS: usize = 200;

fn focused(driver: &Driver) -> Option<(Role, String)> {
    fn down(node: &egui_kittest::Node<'_>) -> Option<(Role, String)> {
        let access = node.accesskit_node();
        if node.is_focused() {
            return Some((access.role(), access.label().unwrap_or_default()));
        }
        node.children().find_map(|child| down(&child))
    }
    down(&driver.window.root())
}

/// Goes on with Tab until this has the focus.
#[track_caller]
fn tab_to(driver: &mut Driver, role: Role, name: &str) {
    // What a stream is called is read aloud before its id.
    let ending = format!(", {name}");
    let is_wanted = |(found, label): &(Role, String)| *found == role && (label == name || label.ends_with(&ending));
    for _ in 0..STOPS {
        if focused(driver).is_some_and(|focused| is_wanted(&focused)) {
            return;
        }
        driver.press(Key::Tab);
    }
    panic!("Tab never came to {role:?} “{name}”; it is at {:?} of\n{}", focused(driver), driver.all_text());
}

/// Letters go to whatever has the focus.
fn type_text(driver: &mut Driver, text: &str) {
    driver.window.event(Event::Text(text.to_owned()));
    driver.settle();
}

fn run(driver: &mut Driver, command: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    type_text(driver, command);
    driver.press(Key::Enter);
}

#[test]
fn from_the_welcome_to_an_appended_correction_without_a_mouse() {
    let mut driver = Driver::welcome();
    let path = driver.sample();
    driver.settle();
    tab_to(&mut driver, Role::TextInput, "Path or address of a store");
    type_text(&mut driver, &path.display().to_string());
    driver.press(Key::Enter);
    driver.assert_shows("Pick a stream on the left to see what was true at every version.");
    run(&mut driver, "lead-1");
    driver.assert_shows("State at version 6");
    for _ in 0..3 {
        driver.press(Key::ArrowLeft);
    }
    driver.assert_shows("State at version 3");
    run(&mut driver, "Switch writing");
    tab_to(&mut driver, Role::Button, "Switch writing on");
    driver.press(Key::Enter);
    driver.assert_shows("writing on");
    run(&mut driver, "Compensate");
    driver.assert_shows("Compensate version 3");
    tab_to(&mut driver, Role::TextInput, "Author");
    type_text(&mut driver, "kim");
    tab_to(&mut driver, Role::TextInput, "Reason");
    type_text(&mut driver, "the first spelling was right");
    tab_to(&mut driver, Role::Button, "Append");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 7");
    let reader = open(&path.into()).expect("the store");
    let event = reader.event_at(&"lead-1".into(), foldline::event::Version(7)).expect("read").expect("recorded");
    assert_eq!(String::from_utf8_lossy(&event.payload), r#"{"name":"aab"}"#);
}

#[test]
fn a_stream_is_picked_from_the_list_without_a_mouse() {
    let mut driver = Driver::at("lead-1");
    tab_to(&mut driver, Role::TreeItem, "lead-4");
    driver.press(Key::Enter);
    driver.assert_shows("v30 of 30");
}

#[test]
fn what_is_typed_fast_into_the_palette_is_what_runs() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::K);
    let enter =
        Event::Key { key: Key::Enter, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE };
    driver.window.input_mut().events.extend([Event::Text("first ev".to_owned()), enter]);
    driver.settle();
    driver.assert_shows("State at version 0");
}
