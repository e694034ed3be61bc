//! What is drawn where: nothing over anything else, and what belongs together in one line.

use egui::{Key, Modifiers, Rect, Role, Shape};
use egui_kittest::kittest::Queryable;
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

fn made(number: usize, name: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(&format!("{name}{number}")),
        event_type: EventType::from("named"),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000)),
        payload: format!(r#"{{"name":"{name}{number}"}}"#),
        metadata: "{}".to_owned(),
    }
}

/// A stream of twelve events, with this name.
fn at_stream(stream: &str, name: &str) -> Driver {
    Driver::with(stream, |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let events: Vec<NewEvent> = (0..12).map(|number| made(number, name)).collect();
        store.append(&StreamId::from(stream), Expected::Any, &events).expect("appended");
    })
}

/// Every text that is drawn inside this, with the place that its letters take.
fn texts_in(driver: &Driver, around: Rect) -> Vec<(String, Rect)> {
    fn down(shape: &Shape, found: &mut Vec<(String, Rect)>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| down(shape, found)),
            Shape::Text(text) => {
                found.push((text.galley.text().to_owned(), text.galley.mesh_bounds.translate(text.pos.to_vec2())));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    driver.window.output().shapes.iter().for_each(|shape| down(&shape.shape, &mut found));
    found.retain(|(text, place)| !text.is_empty() && around.contains(place.center()));
    found
}

/// How often the window's area is painted over with what hides all that is below.
fn times_filled(driver: &Driver) -> f32 {
    fn filled(shape: &Shape, clip: Rect) -> f32 {
        match shape {
            Shape::Vec(shapes) => shapes.iter().map(|shape| filled(shape, clip)).sum(),
            Shape::Rect(drawn) if drawn.fill.a() == 255 => drawn.rect.intersect(clip).area().max(0.0),
            _ => 0.0,
        }
    }
    let shapes = &driver.window.output().shapes;
    let area: f32 = shapes.iter().map(|shape| filled(&shape.shape, shape.clip_rect)).sum();
    area / driver.window.ctx.content_rect().area()
}

#[test]
fn what_the_window_was_cleared_with_is_not_painted_again() {
    let mut driver = Driver::at("lead-1");
    let before = times_filled(&driver);
    assert!((1.0..1.2).contains(&before), "{before}");
    for _ in 0..2 {
        let visuals = driver.window.ctx.global_style().visuals.clone();
        eframe::App::clear_color(driver.window.state(), &visuals);
        driver.window.step();
        let after = times_filled(&driver);
        assert!((0.1..0.62).contains(&after), "{before} before, {after} after");
        driver.click("Light or dark");
    }
}

#[test]
fn a_long_name_a_short_id_and_a_count_do_not_lie_over_each_other() {
    // One letter of an id is laid out even where no room is left for it.
    for letters in 8..24 {
        let driver = at_stream("thing-7", &"m".repeat(letters));
        let row = driver.window.get_by(|node| {
            node.role() == Role::TreeItem && node.label().is_some_and(|label| label.ends_with(", thing-7"))
        });
        let texts = texts_in(&driver, row.rect());
        assert!(texts.len() >= 2, "a name and a count: {texts:?}");
        for (place, (one, first)) in texts.iter().enumerate() {
            for (other, second) in texts.iter().skip(place + 1) {
                assert!(!first.intersects(*second), "“{one}” lies over “{other}”: {first} {second}");
            }
        }
    }
}

#[test]
fn the_keys_of_all_menus_begin_at_one_place() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::F1);
    let left = |name: &str| driver.window.get_by_label(name).rect().left();
    // Of the menus on the left, and of those on the right.
    assert!((left("Ctrl+O") - left("D")).abs() < 0.5, "{} and {}", left("Ctrl+O"), left("D"));
    assert!((left("Alt+Home") - left("F6")).abs() < 0.5, "{} and {}", left("Alt+Home"), left("F6"));
}

/// That a field and the button behind it have as much beside them on the left as on the right.
#[track_caller]
fn assert_whole_width(driver: &Driver, field: &str, button: &str) {
    let left = driver.window.get_by_role_and_label(Role::TextInput, field).rect().left();
    let right = driver.window.get_by_role_and_label(Role::Button, button).rect().right();
    let middle = driver.window.ctx.content_rect().center().x;
    assert!((f32::midpoint(left, right) - middle).abs() < 2.0, "from {left} to {right} about {middle}");
}

#[test]
fn a_field_and_its_button_take_the_whole_width() {
    let mut driver = Driver::welcome();
    driver.settle();
    assert_whole_width(&driver, "Path or address of a store", "Open");
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::E);
    assert_whole_width(&driver, "File to write", "Choose…");
}

#[test]
fn pins_of_a_stream_with_a_long_name_push_nothing_aside() {
    let mut driver = at_stream("thing-with-a-long-number-7", &"가나다라마바사아자차카타파하".repeat(20));
    driver.press(Key::A);
    driver.press(Key::Home);
    driver.press(Key::B);
    driver.press(Key::D);
    let left = driver.window.get_by_label("Two moments").rect().left();
    let heads = driver.window.get_all_by_label("field").map(|head| head.rect().left());
    assert!(heads.into_iter().all(|head| head >= left - 1.0), "{}", driver.all_text());
    // Both versions are seen.
    let lines: Vec<Rect> = ["v11", "v0"]
        .into_iter()
        .filter_map(|version| driver.window.query_all_by_label(version).map(|node| node.rect()).min_by(topmost))
        .collect();
    let [a, b] = lines[..] else { panic!("{}", driver.all_text()) };
    assert!((a.top() - b.top()).abs() < 1.0 && b.right() < 1_280.0, "{a} {b}");
}

fn topmost(one: &Rect, other: &Rect) -> std::cmp::Ordering {
    one.top().total_cmp(&other.top())
}

#[test]
fn an_event_alone_among_its_causes_is_told_with_its_time() {
    let mut driver = at_stream("thing-7", "Bo");
    driver.press(Key::E);
    let everything = driver.window.ctx.content_rect();
    let texts: Vec<String> = texts_in(&driver, everything).into_iter().map(|(text, _)| text).collect();
    assert!(!texts.iter().any(|text| text.contains("have no times")), "{texts:?}");
    let times = texts.iter().filter(|text| text.contains("2025-01-01 00:00:00.000")).count();
    // Beside the event, over the timeline, and on the axis.
    assert_eq!(times, 3, "{texts:?}");
}

#[test]
fn a_long_value_makes_no_dialog_wider() {
    let long = "letter after letter ".repeat(20);
    let mut driver = at_stream("thing-7", &long);
    driver.press(Key::Home);
    driver.press(Key::C);
    driver.click("Event of your own");
    let field = driver.window.get_by_role_and_label(Role::TextInput, "Author").rect();
    let dialog = driver.window.get_by_role_and_label(Role::Dialog, "Compensate version 0");
    let values: Vec<Rect> = dialog.query_all_by_label_contains("letter after letter").map(|node| node.rect()).collect();
    assert!(!values.is_empty(), "{}", driver.all_text());
    assert!(values.iter().all(|value| value.right() <= field.right() + 1.0), "{values:?} beside {field}");
}

#[test]
fn what_is_long_is_cut_before_what_stands_beside_it() {
    let category = "아주긴카테고리이름".repeat(8);
    let stream = format!("{category}-1");
    let author = "Bartholomew-".repeat(17);
    let mut driver = Driver::with(&stream, |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let metadata = serde_json::json!({ "actor": author, "reason": "because ".repeat(60) }).to_string();
        let event = NewEvent { metadata, ..made(1, "Bo") };
        store.append(&StreamId::from(stream.as_str()), Expected::Any, &[event]).expect("appended");
    });
    driver.window.set_size(egui::vec2(900.0, 600.0));
    driver.settle();
    // The heading of a category, and how many streams it has.
    let heading = driver.window.get_by_role_and_label(Role::DisclosureTriangle, &format!("{category}, 1")).rect();
    let texts = texts_in(&driver, heading);
    let place = |wanted: &str| texts.iter().find(|(text, _)| text.starts_with(wanted)).expect("drawn").1;
    let (name, count) = (place("아주"), place("1"));
    assert!(name.right() < count.left() && heading.contains_rect(count), "{texts:?} in {heading}");
    // Who and why take a few lines, and what can be done with the event stays in sight.
    let of_author = driver.window.get_by_label(&author).rect();
    assert!(of_author.height() < 70.0, "{of_author}");
    let copy = driver.window.get_by_role_and_label(Role::Button, "Copy link").rect();
    assert!(copy.bottom() < 600.0, "{copy}");
}

#[test]
fn in_a_narrow_pane_what_is_counted_by_leaves_room_for_its_caption() {
    let mut driver = Driver::at("lead-1");
    driver.window.set_size(egui::vec2(900.0, 600.0));
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    for (caption, language) in [("Streams by", "한국어"), ("필드별 스트림", "English")] {
        driver.wait_for(caption);
        let (said, choice) = (
            driver.window.get_by_role_and_label(Role::Label, caption).rect(),
            driver.window.get_by_role_and_label(Role::ComboBox, caption).rect(),
        );
        assert!(said.right() < choice.left() && choice.right() <= 900.0, "{said} beside {choice}");
        driver.click(language);
    }
}

#[test]
fn a_long_name_of_a_field_leaves_room_for_its_values() {
    let field = "the-number-that-the-customer-gave-when-nobody-asked-for-one";
    let mut driver = Driver::with("thing-1", |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let event = |number: usize| NewEvent { payload: format!(r#"{{"{field}":{number}}}"#), ..made(number, "Bo") };
        store.append(&StreamId::from("thing-1"), Expected::Any, &[event(41), event(42)]).expect("appended");
    });
    driver.window.set_size(egui::vec2(900.0, 600.0));
    driver.settle();
    let is_value = |(text, place): &(String, Rect)| text == "41 → 42" && place.width() > 40.0 && place.right() < 680.0;
    let drawn = texts_in(&driver, Rect::from_min_max(egui::pos2(160.0, 100.0), egui::pos2(680.0, 460.0)));
    assert!(drawn.iter().any(is_value), "{drawn:?}");
    // Beside the audit trail, too.
    driver.press_with(Modifiers::COMMAND, Key::Num3);
    driver.wait_for("thing-1");
    let value = driver
        .window
        .query_all_by_label("41 → 42")
        .map(|node| node.rect())
        .max_by(|a, b| a.left().total_cmp(&b.left()));
    let value = value.expect("told");
    assert!(value.left() > 690.0 && value.right() < 900.0, "{value}");
}
