//! Panes fold, are resized and give way to one another, so that at any size nothing overlaps or is out of reach.

use egui::{Key, Modifiers, Rect, Role, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::app::{App, Start};
use foldline::command::Command;
use foldline::locale::{Language, Locale};
use foldline::view::ToolName;

use crate::driver::Driver;

/// What can be pressed, chosen, typed into or moved, but for the rows of lists and what stands in them: these scroll.
const CONTROLS: [Role; 9] = [
    Role::Button,
    Role::CheckBox,
    Role::ComboBox,
    Role::Link,
    Role::MultilineTextInput,
    Role::RadioButton,
    Role::Slider,
    Role::Tab,
    Role::TextInput,
];
const ROWS: [Role; 3] = [Role::Row, Role::TreeItem, Role::DisclosureTriangle];

/// Those of such a kind at a node and below it.
fn down(node: &egui_kittest::Node<'_>, roles: &[Role], out: &mut Vec<(String, Rect)>) {
    let access = node.accesskit_node();
    if roles.contains(&access.role()) {
        out.push((format!("{:?} “{}”", access.role(), access.label().unwrap_or_default()), node.rect()));
    }
    node.children().for_each(|child| down(&child, roles, out));
}

/// The smallest part of the window that has both.
fn around<'w>(one: egui_kittest::Node<'w>, other: egui_kittest::Node<'w>) -> egui_kittest::Node<'w> {
    let up = |node| std::iter::successors(Some(node), |node: &egui_kittest::Node<'w>| node.parent());
    let of_other: Vec<_> = up(other).map(|node| node.accesskit_node().id()).collect();
    up(one).find(|node| of_other.contains(&node.accesskit_node().id())).expect("both are in the window")
}

fn controls(driver: &Driver) -> Vec<(String, Rect)> {
    let (mut rows, mut found) = (Vec::new(), Vec::new());
    down(&driver.window.root(), &ROWS, &mut rows);
    down(&driver.window.root(), &CONTROLS, &mut found);
    // What of the event is below its end scrolls, too.
    let border = driver.window.query_by_role_and_label(Role::Splitter, "Width of the event").map(|node| node.rect());
    let is_below =
        |rect: &Rect| border.is_some_and(|border| rect.left() > border.left() && rect.bottom() > border.bottom());
    found.retain(|(name, rect)| !(is_below(rect) && name.contains("Copy")));
    found.retain(|(_, rect)| !rows.iter().any(|(_, row)| row.expand(0.5).contains_rect(*rect)));
    found
}

/// Nothing lies on anything else, and nothing outside of the window. What is below the event's facts scrolls.
#[track_caller]
fn assert_tidy(driver: &Driver, size: Vec2, what: &str) {
    let window = Rect::from_min_size(egui::Pos2::ZERO, size);
    let found = controls(driver);
    assert!(found.len() > 8, "{what}: only {found:#?}");
    for (number, (name, rect)) in found.iter().enumerate() {
        assert!(window.expand(0.5).contains_rect(*rect), "{what}: {name} at {rect} is outside of {window}");
        for (other, of_other) in found.iter().skip(number + 1) {
            let shared = rect.shrink(0.5).intersect(of_other.shrink(0.5));
            assert!(!shared.is_positive(), "{what}: {name} at {rect} lies on {other} at {of_other}");
        }
    }
}

/// What moves the cursor, and what the line is drawn by, lie beside one another.
#[track_caller]
fn assert_tidy_timeline(driver: &Driver, size: Vec2, what: &str, line: &str) {
    let first = driver.window.get_by_role_and_label(Role::Button, "First event");
    let line = driver.window.get_by_role_and_label(Role::Slider, line);
    let (top, above) = (first.rect().top() - 4.0, line.rect().top());
    // What of the panes is out of sight may stand where the timeline is.
    let mut found = Vec::new();
    down(&around(first, line), &CONTROLS, &mut found);
    found.retain(|(_, rect)| (top..above).contains(&rect.center().y));
    assert!(found.len() >= 7, "{what}: only {found:#?}");
    for (number, (name, rect)) in found.iter().enumerate() {
        assert!(rect.left() >= 0.0 && rect.right() <= size.x, "{what}: {name} at {rect} is outside");
        for (other, of_other) in found.iter().skip(number + 1) {
            let shared = rect.shrink(0.5).intersect(of_other.shrink(0.5));
            assert!(!shared.is_positive(), "{what}: {name} at {rect} lies on {other} at {of_other}");
        }
    }
}

fn at_size(path: std::path::PathBuf, size: Vec2, scale: f32) -> Harness<'static, App> {
    let start = Start { store: Some(path.into()), stream: Some("lead-1".into()), ..Start::default() };
    Harness::builder()
        .with_size(size)
        .with_pixels_per_point(scale)
        .build_eframe(move |context| App::new(context, start))
}

#[test]
fn at_no_size_does_anything_overlap_or_lie_outside_of_the_window() {
    let mut driver = Driver::welcome();
    let path = driver.sample();
    for (width, height) in [(900, 600), (1024, 700), (1280, 800), (1440, 900), (1920, 1080), (3840, 2160)] {
        for scale in [1.0, 2.0] {
            let size = Vec2::new(width as f32, height as f32) / scale;
            driver = driver.with_window(at_size(path.clone(), size, scale));
            driver.settle();
            let what = format!("{width}x{height} at {scale}");
            assert_tidy(&driver, size, &what);
            if size.y < 400.0 {
                continue;
            }
            // With the most that can stand there, and where it was folded by itself, too.
            driver.press(Key::A);
            driver.press(Key::ArrowLeft);
            driver.press(Key::B);
            driver.press(Key::L);
            driver.press(Key::Escape);
            assert_tidy_timeline(&driver, size, &what, "Version");
            // The whole store's, with its pins.
            driver.press_with(Modifiers::COMMAND, Key::Num2);
            driver.wait_for("Moment of the store");
            driver.press(Key::A);
            driver.press(Key::ArrowLeft);
            driver.press(Key::B);
            assert_tidy_timeline(&driver, size, &format!("{what}, the whole store"), "Moment of the store");
        }
    }
}

/// The dialog on top: what it is called, and the controls in it.
fn dialog(driver: &Driver) -> Option<(String, Vec<(String, Rect)>)> {
    fn down(node: &egui_kittest::Node<'_>, out: &mut Vec<(String, Rect)>) {
        let access = node.accesskit_node();
        if CONTROLS.contains(&access.role()) {
            out.push((format!("{:?} “{}”", access.role(), access.label().unwrap_or_default()), node.rect()));
        }
        // What stands in a row of a list belongs to it.
        if !ROWS.contains(&access.role()) {
            node.children().for_each(|child| down(&child, out));
        }
    }
    let node = driver.window.query_all_by_role(Role::Dialog).last()?;
    let mut controls = Vec::new();
    down(&node, &mut controls);
    Some((node.accesskit_node().label().unwrap_or_default(), controls))
}

/// What is below the end of a dialog scrolls; nothing lies beside it, and nothing on anything else.
#[track_caller]
fn assert_tidy_dialog(driver: &Driver, size: Vec2, what: &str) {
    let Some((name, controls)) = dialog(driver) else { panic!("{what}: no dialog; {}", driver.all_text()) };
    let what = format!("{what}, {name}");
    // Its cross stands at its right edge, and it in the middle of the window.
    let right =
        controls.iter().map(|(_, rect)| *rect).min_by(|a, b| a.top().total_cmp(&b.top())).expect("a cross").right();
    let (left, right) = (size.x - right - 1.0, right + 1.0);
    assert!(left > 0.0 && right < size.x, "{what}: from {left} to {right} of {size}");
    for (number, (name, rect)) in controls.iter().enumerate() {
        let is_beside = rect.left() < left || rect.right() > right;
        assert!(!is_beside, "{what}: {name} at {rect} is not between {left} and {right}");
        for (other, of_other) in controls.iter().skip(number + 1) {
            let shared = rect.shrink(0.5).intersect(of_other.shrink(0.5));
            assert!(!shared.is_positive(), "{what}: {name} at {rect} lies on {other} at {of_other}");
        }
    }
}

#[test]
fn in_no_dialog_does_anything_overlap_or_lie_beside_it_in_either_language() {
    let mut driver = Driver::welcome();
    let path = driver.sample();
    // The least that the window may be, and 1024x700 at 200 %.
    for (language, size, scale) in
        [(Language::English, Vec2::new(900.0, 600.0), 1.0), (Language::Korean, Vec2::new(512.0, 350.0), 2.0)]
    {
        driver = driver.with_window(at_size(path.clone(), size, scale));
        driver.settle();
        let locale = Locale::new(language);
        if language == Language::Korean {
            driver.window.key_press_modifiers(Modifiers::COMMAND, Key::K);
            driver.settle();
            driver.strike("한국어");
            driver.press(Key::Enter);
        }
        let tools = ToolName::ALL.iter().copied().map(Command::Tool);
        for command in [Command::Settings, Command::ShowKeys, Command::Compensate].into_iter().chain(tools) {
            driver.press_with(Modifiers::COMMAND, Key::K);
            driver.window.event(egui::Event::Text(locale.text(command.title())));
            driver.settle();
            driver.press(Key::Enter);
            assert_tidy_dialog(&driver, size, &format!("{size} in {language:?}"));
            driver.press(Key::Escape);
            assert!(dialog(&driver).is_none(), "{command:?}: Esc has closed it");
        }
    }
}

#[test]
fn a_narrow_window_shows_what_is_asked_for_in_the_place_of_the_rest() {
    let mut driver = Driver::welcome();
    let path = driver.sample();
    let size = Vec2::new(512.0, 350.0);
    driver = driver.with_window(at_size(path, size, 2.0));
    driver.settle();
    assert!(driver.streams().is_empty());
    driver.click("Show or hide the streams");
    assert!(!driver.streams().is_empty(), "{}", driver.all_text());
    driver.click_stream("lead-4");
    assert!(driver.streams().is_empty());
    driver.assert_shows("State at version 30");
    driver.click("Show or hide the event");
    driver.assert_shows("Event · v30");
    driver.click("Show or hide the event");
    driver.assert_hides("Event · v30");
}

#[test]
fn panes_fold_and_come_back() {
    let mut driver = Driver::at("lead-1");
    for (name, part) in [
        ("Show or hide the streams", "Filter streams"),
        ("Show or hide the event", "Event · v6"),
        ("Show or hide the timeline", "v6 of 6"),
    ] {
        assert!(driver.shows(part), "{part}");
        driver.click(name);
        assert!(!driver.shows(part), "{part} is still there");
        driver.click(name);
        assert!(driver.shows(part), "{part} did not come back");
    }
    driver.click("Fold: History");
    assert!(driver.window.query_by_role_and_label(Role::Row, "v6 payment-confirmed").is_none());
    driver.click("Unfold: History");
    assert!(driver.window.query_by_role_and_label(Role::Row, "v6 payment-confirmed").is_some());
}

fn drag(driver: &mut Driver, splitter: &str, by: Vec2) {
    let from = driver.window.get_by_role_and_label(Role::Splitter, splitter).rect().center();
    driver.window.hover_at(from);
    driver.window.drag_at(from);
    driver.window.run_steps(2);
    for step in 1..=4 {
        driver.window.hover_at(from + by * (step as f32 / 4.0));
        driver.window.run_steps(2);
    }
    driver.window.drop_at(from + by);
    driver.settle();
}

#[test]
fn a_border_is_dragged_and_a_double_click_makes_it_as_it_was() {
    let mut driver = Driver::at("lead-1");
    let width = |driver: &Driver| driver.window.get_by_role_and_label(Role::TextInput, "Filter streams").rect().width();
    let before = width(&driver);
    drag(&mut driver, "Width of the streams", Vec2::new(60.0, 0.0));
    assert!((width(&driver) - before - 60.0).abs() < 4.0, "{before} became {}", width(&driver));
    let history = |driver: &Driver| driver.window.get_by_role_and_label(Role::TextInput, "Filter history").rect().top();
    let top = history(&driver);
    drag(&mut driver, "Height of the state", Vec2::new(0.0, -60.0));
    assert!((history(&driver) - top + 60.0).abs() < 4.0, "{top} became {}", history(&driver));
    assert!(driver.window.query_by_role_and_label(Role::Row, "v6 payment-confirmed").is_some());
}

#[test]
fn the_row_of_the_cursor_stays_in_sight_beside_a_comparison() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::D);
    assert!(driver.shows("v30 payment-confirmed"), "{}", driver.all_text());
    let row = driver.window.get_by_role_and_label(Role::Row, "v30 payment-confirmed").rect();
    let line = driver.window.get_by_role(Role::Slider).rect();
    assert!(row.bottom() < line.top(), "the row at {row} is below the history");
}

#[test]
fn where_the_streams_have_no_room_the_greeting_leads_to_them() {
    let mut driver = Driver::welcome();
    let path = driver.sample();
    driver.open(&path);
    driver.assert_shows("Pick a stream on the left to see what was true at every version.");
    driver.assert_hides("Show the streams and pick one");
    driver.window.set_size(Vec2::new(512.0, 350.0));
    driver.settle();
    driver.assert_hides("Pick a stream on the left to see what was true at every version.");
    assert!(driver.streams().is_empty());
    driver.click("Show the streams and pick one");
    assert!(!driver.streams().is_empty(), "{}", driver.all_text());
}

#[test]
fn a_card_is_folded_by_its_title_too() {
    let mut driver = Driver::at("lead-1");
    let title =
        driver.all_text().lines().find(|line| line.starts_with("State at version")).expect("a title").to_owned();
    driver.assert_shows("Filter fields");
    driver.click_role(Role::Label, &title);
    driver.assert_hides("Filter fields");
    driver.click_role(Role::Label, &title);
    driver.assert_shows("Filter fields");
}

#[test]
fn a_fields_own_history_comes_where_the_history_is_folded_and_goes_again() {
    let mut driver = Driver::at("lead-1");
    driver.click("Fold: History");
    driver.assert_hides("Filter history");
    for _ in 0..2 {
        driver.click_role(Role::Button, "phone");
        driver.assert_shows("History of phone");
        driver.press(Key::Escape);
        driver.assert_hides("History of phone");
        driver.assert_hides("Filter history");
        driver.assert_shows("Filter fields");
    }
}
