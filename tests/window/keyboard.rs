//! From start to append without a mouse: Tab, Enter, arrows, shortcuts and letters.

use egui::{Event, Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::store::open;

use crate::driver::Driver;

/// More stops than any screen has: whoever has gone round so often has missed the one that was meant.
const STOPS: usize = 200;

pub(crate) fn focused_id(driver: &Driver) -> Option<egui::accesskit::NodeId> {
    fn down(node: &egui_kittest::Node<'_>) -> Option<egui::accesskit::NodeId> {
        if node.is_focused() {
            return Some(node.accesskit_node().locate().0);
        }
        node.children().find_map(|child| down(&child))
    }
    down(&driver.window.root())
}

pub(crate) fn focused(driver: &Driver) -> Option<(Role, String)> {
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
    tab_to_list(&mut driver, Role::TreeItem);
    while !focused(&driver).is_some_and(|(_, name)| name.ends_with("lead-4")) {
        driver.press(Key::ArrowDown);
    }
    driver.assert_shows("State at version 6");
    driver.press(Key::Enter);
    driver.assert_shows("v30 of 30");
}

/// On with Tab to the one row of a list that has the focus.
#[track_caller]
fn tab_to_list(driver: &mut Driver, role: Role) {
    for _ in 0..STOPS {
        if focused(driver).is_some_and(|(found, _)| found == role || found == Role::DisclosureTriangle) {
            return;
        }
        driver.press(Key::Tab);
    }
    panic!("Tab never came to a {role:?}; it is at {:?}", focused(driver));
}

/// What has the focus, and where it is.
fn place(driver: &Driver) -> Option<egui::Rect> {
    fn down(node: &egui_kittest::Node<'_>) -> Option<egui::Rect> {
        if node.is_focused() {
            return Some(node.rect());
        }
        node.children().find_map(|child| down(&child))
    }
    down(&driver.window.root())
}

/// Every stop of Tab, from the first until the first comes again.
fn stops(driver: &mut Driver) -> Vec<(Role, String, egui::Rect)> {
    let mut stops = Vec::new();
    for _ in 0..STOPS {
        driver.press(Key::Tab);
        let (role, name) = focused(driver).expect("Tab gives the focus to something");
        let stop = (role, name, place(driver).expect("a place"));
        if stops.first() == Some(&stop) {
            return stops;
        }
        stops.push(stop);
    }
    panic!("Tab never comes round: {stops:#?}");
}

#[test]
fn every_stop_of_tab_leads_somewhere_and_has_a_name() {
    let mut driver = Driver::at("lead-1");
    for (role, name, rect) in stops(&mut driver) {
        assert!(!name.is_empty(), "a {role:?} without a name at {rect:?}");
        assert_ne!(role, Role::GenericContainer, "{name} at {rect:?}");
        assert_ne!(role, Role::Label, "{name} at {rect:?}");
    }
}

#[test]
fn a_list_is_one_stop_of_tab() {
    let mut driver = Driver::at("lead-1");
    let stops = stops(&mut driver);
    for role in [Role::TreeItem, Role::Row] {
        let rows: Vec<_> = stops.iter().filter(|(found, _, _)| *found == role).collect();
        assert!(rows.len() <= 2, "{rows:#?}");
    }
    let filter = stops.iter().position(|(_, name, _)| name == "Filter history").expect("the history's filter");
    assert!(filter <= 30, "the history's filter is {filter} stops away: {stops:#?}");
}

#[test]
fn tab_goes_through_the_window_as_it_is_read() {
    let mut driver = Driver::at("lead-1");
    let line = driver.window.get_by_label("Play").rect().top() - 4.0;
    let part = |rect: &egui::Rect| match rect.center() {
        at if at.y < 44.0 => "bar",
        at if at.y > 774.0 => "status",
        at if at.y > line => "timeline",
        at if at.x < 250.0 => "streams",
        at if at.x > 950.0 => "event",
        _ => "middle",
    };
    let mut parts: Vec<&str> = stops(&mut driver).iter().map(|(_, _, rect)| part(rect)).collect();
    parts.dedup();
    assert_eq!(parts, ["bar", "streams", "middle", "event", "timeline", "status"]);
}

#[test]
fn tab_goes_from_left_to_right_on_every_line() {
    let mut driver = Driver::at("lead-1");
    for key in [Key::A, Key::ArrowLeft, Key::B] {
        driver.press(key);
    }
    // A lane, with its buttons.
    driver.press(Key::L);
    driver.strike("status");
    driver.press(Key::Enter);
    for stops in [stops(&mut driver), {
        driver.press_with(Modifiers::ALT, Key::Home);
        stops(&mut driver)
    }] {
        for pair in stops.windows(2) {
            let [(_, one, before), (_, other, after)] = pair else { continue };
            let is_one_line = (before.center().y - after.center().y).abs() < 8.0 && before.height() < 60.0;
            if is_one_line {
                assert!(before.left() < after.left(), "from {one} at {before:?} back to {other} at {after:?}");
            }
        }
    }
}

#[test]
fn enter_in_the_filter_of_streams_opens_the_first_that_is_found_and_down_leads_into_the_list() {
    let focused = |driver: &Driver| {
        let rows = driver.window.query_all_by_role(Role::TreeItem);
        rows.filter(|row| row.is_focused()).find_map(|row| row.accesskit_node().label())
    };
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Slash);
    type_text(&mut driver, "lead-4");
    driver.press(Key::Enter);
    driver.assert_hides("v6 of 6");
    let opened = focused(&driver).expect("the focus is at the stream that was opened");
    assert!(opened.ends_with("lead-4"), "{opened}");
    driver.press(Key::Slash);
    driver.press_with(Modifiers::COMMAND, Key::A);
    type_text(&mut driver, "ticket");
    driver.press(Key::ArrowDown);
    let first = driver.streams().into_iter().next();
    assert_eq!(focused(&driver), first);
    driver.press(Key::ArrowDown);
    assert!(focused(&driver) != first && focused(&driver).is_some(), "on from {first:?}");
    driver.press(Key::Slash);
    type_text(&mut driver, "nobody is called so");
    driver.press(Key::Enter);
    assert!(driver.window.get_by_role_and_label(Role::TextInput, "Filter streams").is_focused());
}

#[test]
fn enter_in_the_filter_of_history_goes_to_the_first_that_is_found_and_down_leads_into_the_list() {
    let focused = |driver: &Driver| {
        let rows = driver.window.query_all_by_role(Role::Row);
        rows.filter(|row| row.is_focused()).find_map(|row| row.accesskit_node().label())
    };
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter history", "contacted");
    driver.press(Key::ArrowDown);
    assert_eq!(focused(&driver).as_deref(), Some("v1 contacted"));
    driver.assert_shows("v6 of 6");
    driver.press(Key::ArrowDown);
    assert_eq!(focused(&driver).as_deref(), Some("v4 contacted"));
    driver.window.get_by_role_and_label(Role::TextInput, "Filter history").focus();
    driver.window.run_steps(2);
    driver.press(Key::Enter);
    driver.assert_shows("v1 of 6");
    assert_eq!(focused(&driver).as_deref(), Some("v1 contacted"));
}

#[test]
fn esc_clears_a_filter_first_and_then_leaves_it() {
    for (field, text) in [("Filter streams", "zzz"), ("Filter history", "zzz"), ("Filter fields", "zzz")] {
        let mut driver = Driver::at("lead-1");
        driver.type_into(field, text);
        driver.press(Key::Escape);
        assert_eq!(driver.value_of(field), "", "{field}");
        assert_eq!(focused(&driver), Some((Role::TextInput, field.to_owned())), "{field} is cleared, and not left");
        driver.press(Key::Escape);
        assert!(focused(&driver).is_none_or(|(role, _)| role != Role::TextInput), "{field} is left");
    }
}

#[test]
fn borders_are_moved_by_the_arrows_and_home_puts_them_back() {
    let mut driver = Driver::at("lead-1");
    let rect = |driver: &Driver, name: &str| driver.window.get_by_role_and_label(Role::Splitter, name).rect().center();
    for (name, on, back, by) in [
        ("Width of the streams", Key::ArrowRight, Key::ArrowLeft, egui::vec2(16.0, 0.0)),
        ("Height of the state", Key::ArrowDown, Key::ArrowUp, egui::vec2(0.0, 16.0)),
        ("Width of the event", Key::ArrowRight, Key::ArrowLeft, egui::vec2(16.0, 0.0)),
    ] {
        tab_to(&mut driver, Role::Splitter, name);
        let before = rect(&driver, name);
        for (key, times) in [(back, 1.0), (back, 2.0), (on, 1.0)] {
            driver.press(key);
            let moved = rect(&driver, name) - before;
            assert!((moved + by * times).length() < 2.0, "{name}: {key:?} moved it by {moved}");
        }
        let value = |driver: &Driver| {
            driver.window.get_by_role_and_label(Role::Splitter, name).accesskit_node().numeric_value()
        };
        assert!(value(&driver).is_some_and(|percent| (1.0..100.0).contains(&percent)), "{:?}", value(&driver));
        driver.press(Key::Home);
        assert!((rect(&driver, name) - before).length() < 1.0, "{name}: Home led to {:?}", rect(&driver, name));
        driver.assert_shows("State at version 6");
    }
}

#[test]
fn a_key_goes_from_part_to_part_and_back() {
    let mut driver = Driver::at("lead-1");
    let mut seen = Vec::new();
    for _ in 0..6 {
        driver.press(Key::F6);
        seen.push(place(&driver).expect("the focus").center());
    }
    assert!(seen[0].y < 44.0 && seen[1].x < 250.0 && seen[5].y > 774.0, "{seen:?}");
    driver.press(Key::F6);
    assert_eq!(place(&driver).map(|rect| rect.center()), Some(seen[0]), "round and round");
    driver.press_with(Modifiers::SHIFT, Key::F6);
    assert_eq!(place(&driver).map(|rect| rect.center()), Some(seen[5]));
}

#[test]
fn the_space_bar_presses_the_button_that_has_the_focus_and_plays_nothing() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    tab_to(&mut driver, Role::Button, "Follow");
    driver.press(Key::Space);
    driver.assert_shows("Play");
    driver.assert_shows("State at version 6");
    driver.press(Key::Space);
    driver.assert_shows("Play");
}

#[test]
fn an_arrow_steps_or_leads_through_a_list_and_never_both() {
    let mut driver = Driver::at("lead-1");
    tab_to(&mut driver, Role::Button, "Follow");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 5");
    assert_eq!(focused(&driver).map(|(_, name)| name), Some("Follow".to_owned()), "the focus stays");
    tab_to_list(&mut driver, Role::TreeItem);
    driver.press(Key::End);
    driver.press(Key::Home);
    driver.press(Key::ArrowDown);
    driver.assert_shows("State at version 5");
}

#[test]
fn in_a_list_the_keys_lead_from_row_to_row() {
    let mut driver = Driver::at("lead-1");
    tab_to(&mut driver, Role::TextInput, "Filter history");
    driver.press(Key::Tab);
    while focused(&driver).is_some_and(|(role, _)| role != Role::Row) {
        driver.press(Key::Tab);
    }
    let here = |driver: &Driver| focused(driver).map(|(_, name)| name).unwrap_or_default();
    assert!(here(&driver).starts_with("v6"), "{}", here(&driver));
    driver.press(Key::Home);
    assert!(here(&driver).starts_with("v0"), "{}", here(&driver));
    driver.press(Key::ArrowDown);
    assert!(here(&driver).starts_with("v1"), "{}", here(&driver));
    driver.press(Key::PageDown);
    assert!(!here(&driver).starts_with("v1"), "{}", here(&driver));
    driver.press(Key::End);
    driver.press(Key::ArrowUp);
    driver.assert_shows("State at version 6");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 5");
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

#[test]
fn every_command_is_reached_through_the_menus_in_the_order_of_sight() {
    use foldline::command::{Command, Menu};
    let locale = foldline::locale::Locale::new(foldline::locale::Language::English);
    let here = |driver: &Driver| focused(driver).map(|(_, name)| name).unwrap_or_default();
    let is_elsewhere =
        |command: Command| matches!(command, Command::MakeSo | Command::NextLine | Command::PreviousLine);
    let mut driver = Driver::at("lead-1");
    driver.press(Key::F6);
    assert_eq!(here(&driver), "small.db");
    driver.press(Key::Enter);
    for menu in Menu::ALL {
        while !here(&driver).starts_with(&locale.text(menu.title())) {
            let before = here(&driver);
            driver.press(Key::ArrowDown);
            assert_ne!(here(&driver), before, "the arrows lead nowhere");
        }
        driver.press(Key::ArrowRight);
        let titles: Vec<String> = Command::all()
            // What only a branch or a projection has is seen, but not reached without one.
            .filter(|command| command.menu() == menu && !is_elsewhere(*command))
            .map(|command| locale.text(command.title()))
            .collect();
        if !here(&driver).starts_with(titles.first().expect("a command")) {
            driver.press(Key::ArrowDown);
        }
        let first = here(&driver);
        let mut reached = Vec::new();
        loop {
            reached.push(here(&driver));
            driver.press(Key::ArrowDown);
            if here(&driver) == first || reached.len() > 40 {
                break;
            }
        }
        assert_eq!(reached.len(), titles.len(), "{reached:#?} in {menu:?}");
        for (name, title) in reached.iter().zip(&titles) {
            assert!(name.starts_with(title), "“{name}” stands where “{title}” is seen: {reached:#?}");
        }
        driver.press(Key::ArrowLeft);
    }
}

#[test]
fn the_ring_around_a_primary_button_is_told_from_its_fill() {
    let mut driver = Driver::welcome();
    driver.settle();
    tab_to(&mut driver, Role::Button, "Explore the sample");
    let button = driver.window.get_by_role_and_label(Role::Button, "Explore the sample").rect();
    let around = |by: f32| -> Vec<(egui::Color32, egui::Color32)> {
        let shapes = driver.window.output().shapes.iter();
        let is_there = |rect: egui::Rect| {
            rect.center().distance(button.center()) < 1.0 && (rect.size() - button.expand(by).size()).length() < 0.5
        };
        let of_rect = shapes.filter_map(|shape| match &shape.shape {
            egui::Shape::Rect(rect) if is_there(rect.rect) => Some((rect.fill, rect.stroke.color)),
            _ => None,
        });
        of_rect.collect()
    };
    let lines: Vec<egui::Color32> = around(1.0).into_iter().map(|(_, line)| line).collect();
    let fills: Vec<egui::Color32> = around(0.0).into_iter().map(|(fill, _)| fill).collect();
    let [between, ring] = lines[..] else { panic!("{lines:?} and {fills:?}") };
    assert!(between != ring && !fills.contains(&between), "{lines:?} on {fills:?}");
}

/// A key as it comes from a keyboard, with what it writes.
fn struck(letter: char) -> [Event; 2] {
    let key = Key::from_name(&letter.to_uppercase().to_string()).expect("a letter with a key");
    let key = Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE };
    [key, Event::Text(letter.to_string())]
}

/// Whoever types fast is a frame or two ahead of the field: A and B would be pins, and L a lane.
#[test]
fn what_is_typed_behind_a_key_that_leads_to_a_field_goes_there_and_is_no_command() {
    const SEARCH: &str = "Search everything that happened";
    let cases = [
        (Key::F, Modifiers::COMMAND, None, SEARCH),
        // What the key itself writes comes with it, and is no part of what is typed.
        (Key::Slash, Modifiers::NONE, Some("/"), "Filter streams"),
        (Key::L, Modifiers::NONE, Some("l"), "Add a lane"),
        (Key::K, Modifiers::COMMAND, None, "Search or run a command"),
    ];
    for (key, modifiers, sign, field) in cases {
        // So many letters come in the frame of the key, and one in each frame behind it.
        for at_once in [4, 2, 0] {
            let mut driver = Driver::at("lead-1");
            let mut batch = vec![Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }];
            batch.extend(sign.map(|sign| Event::Text(sign.to_owned())));
            let letters = ['a', 'b', 'l', 'a'];
            let (first, rest) = letters.split_at(at_once);
            batch.extend(first.iter().flat_map(|letter| struck(*letter)));
            driver.window.input_mut().events.extend(batch);
            driver.window.step();
            for letter in rest {
                driver.window.input_mut().events.extend(struck(*letter));
                driver.window.step();
            }
            driver.settle();
            assert_eq!(driver.value_of(field), "abla", "{key:?} and {at_once} letters at once");
            driver.press(Key::Escape);
            driver.press(Key::Escape);
            driver.press_with(Modifiers::COMMAND, Key::Num1);
            for pin in ["Pin A at version", "Pin B at version"] {
                assert!(!driver.shows_part(pin), "{}", driver.all_text());
            }
        }
    }
}
