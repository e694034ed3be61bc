//! The timeline: going nearer and along, pins that are taken by the hand, and what stands under the pointer.

use egui::{Event, Key, Modifiers, MouseWheelUnit, Pos2, Rect, Role, TouchPhase, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

fn line(driver: &Driver) -> Rect {
    driver.window.get_by_role_and_label(Role::Slider, "Version").rect()
}

/// Where the marks are, so far from the left.
fn on_line(driver: &Driver, share: f32) -> Pos2 {
    let line = line(driver);
    egui::pos2(line.left() + line.width() * share, line.top() + 34.0)
}

/// What the bar below the marks says that they are, while they are not all.
fn shown(driver: &Driver) -> Option<String> {
    driver.window.query_by_label_contains("Shown: ").and_then(|bar| bar.accesskit_node().label())
}

/// The versions at both ends.
fn ends(driver: &Driver) -> (u64, u64) {
    let said = shown(driver).expect("a part is shown");
    let numbers: Vec<u64> =
        said.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    (numbers[0], numbers[1])
}

fn turn_wheel(driver: &mut Driver, at: Pos2, lines: f32, modifiers: Modifiers) {
    driver.window.hover_at(at);
    driver.window.run_steps(2);
    driver.window.event(Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, lines),
        phase: TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers,
    });
    // The turn is spread over some frames.
    driver.window.run_steps(40);
    driver.settle();
}

fn drag(driver: &mut Driver, from: Pos2, to: Pos2) {
    driver.window.hover_at(from);
    driver.window.drag_at(from);
    driver.window.run_steps(2);
    for step in 1_u8..=4 {
        driver.window.hover_at(from + (to - from) * (f32::from(step) / 4.0));
        driver.window.run_steps(2);
    }
    driver.window.drop_at(to);
    driver.settle();
}

fn click_at(driver: &mut Driver, at: Pos2) {
    driver.window.hover_at(at);
    driver.window.drag_at(at);
    driver.window.run_steps(1);
    driver.window.drop_at(at);
    driver.settle();
}

#[test]
fn the_wheel_goes_nearer_to_what_is_under_the_pointer_and_away_again() {
    for modifiers in [Modifiers::NONE, Modifiers::COMMAND] {
        let mut driver = Driver::at("lead-4");
        assert_eq!(shown(&driver), None, "all is shown");
        let place = on_line(&driver, 0.5);
        turn_wheel(&mut driver, place, 6.0, modifiers);
        let (first, last) = ends(&driver);
        assert!((8..15).contains(&first) && (16..23).contains(&last), "v{first} to v{last}");
        click_at(&mut driver, place);
        driver.assert_shows("v15 of 30");
        turn_wheel(&mut driver, place, -20.0, modifiers);
        assert_eq!(shown(&driver), None, "all is shown again");
    }
}

#[test]
fn keys_go_nearer_to_the_cursor_and_away_and_show_all() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::Home);
    driver.press(Key::Plus);
    assert_eq!(ends(&driver), (0, 15));
    driver.press(Key::Equals);
    assert!(ends(&driver).1 <= 8, "{:?}", ends(&driver));
    driver.press(Key::Minus);
    assert_eq!(ends(&driver), (0, 15));
    driver.press(Key::Num0);
    assert_eq!(shown(&driver), None);
}

#[test]
fn dragging_moves_what_is_shown_and_dragging_the_cursor_scrubs() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::Home);
    driver.press(Key::Plus);
    let (cursor, to) = (on_line(&driver, 0.0) + vec2(10.0, 0.0), on_line(&driver, 0.4));
    drag(&mut driver, cursor, to);
    driver.assert_shows("v6 of 30");
    assert_eq!(ends(&driver), (0, 15), "the cursor was dragged, and not what is shown");
    let (from, to) = (on_line(&driver, 0.8), on_line(&driver, 0.3));
    drag(&mut driver, from, to);
    let (first, last) = ends(&driver);
    assert!((6..9).contains(&first) && (21..24).contains(&last), "v{first} to v{last}");
    driver.assert_shows("v6 of 30");
}

#[test]
fn the_cursor_stays_in_sight_when_it_is_stepped_out_of_what_is_shown() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::Home);
    driver.press(Key::Plus);
    driver.press(Key::Plus);
    driver.press_with(Modifiers::SHIFT, Key::ArrowRight);
    driver.assert_shows("v10 of 30");
    let (first, last) = ends(&driver);
    assert!((first..=last).contains(&10), "v{first} to v{last}");
    driver.press(Key::End);
    assert_eq!(ends(&driver).1, 30);
    driver.press(Key::Home);
    assert_eq!(ends(&driver).0, 0);
}

#[test]
fn the_bar_of_the_whole_moves_what_is_shown() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::Home);
    driver.press(Key::Plus);
    let bar = driver.window.get_by_label_contains("Shown: ").rect();
    let at = |share: f32| egui::pos2(bar.left() + bar.width() * share, bar.center().y);
    drag(&mut driver, at(0.2), at(0.4));
    let (first, last) = ends(&driver);
    assert!((5..8).contains(&first) && (20..23).contains(&last), "v{first} to v{last}");
    driver.assert_shows("v0 of 30");
    click_at(&mut driver, at(0.99));
    assert_eq!(ends(&driver), (15, 30));
}

#[test]
fn what_is_shown_stays_where_it_is_when_one_goes_by_time_and_back() {
    let mut driver = Driver::at("lead-4");
    driver.press(Key::Home);
    driver.press(Key::Plus);
    assert_eq!(ends(&driver), (0, 15));
    driver.click("by time");
    assert_eq!(ends(&driver), (0, 15));
    driver.click("by version");
    assert_eq!(ends(&driver), (0, 15));
}

#[test]
fn a_pin_is_a_flag_that_leads_there_is_dragged_elsewhere_and_taken_away() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::ArrowLeft);
    driver.press(Key::A);
    driver.press(Key::Home);
    let flag = |driver: &Driver, name: &str| driver.window.get_by_role_and_label(Role::Button, name).rect();
    let at_five = flag(&driver, "Pin A at version 5; go there");
    assert!(at_five.width() >= 24.0 && at_five.height() >= 24.0, "{at_five:?}");
    driver.click_role(Role::Button, "Pin A at version 5; go there");
    driver.assert_shows("State at version 5");
    let to = egui::pos2(on_line(&driver, 0.34).x, at_five.center().y);
    drag(&mut driver, at_five.center(), to);
    driver.assert_shows("A v2");
    driver.assert_shows("State at version 5");
    driver.window.get_by_role_and_label(Role::Button, "Pin A at version 2; go there").click_secondary();
    driver.settle();
    driver.click("Remove pin A");
    driver.assert_hides("A v2");
    driver.press(Key::B);
    driver.window.get_by_role_and_label(Role::Button, "Pin B at version 5; go there").focus();
    driver.window.run_steps(2);
    driver.press(Key::Delete);
    driver.assert_hides("Pin B at version 5; go there");
}

#[test]
fn the_flags_of_two_pins_at_one_event_are_both_within_reach() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.press(Key::A);
    driver.press(Key::B);
    let flag = |name: &str| driver.window.get_by_role_and_label(Role::Button, name).rect();
    let (a, b) = (flag("Pin A at version 0; go there"), flag("Pin B at version 0; go there"));
    assert!(a.intersect(b).width() <= 2.0, "{a:?} lies over {b:?}");
    assert!(a.left() >= 0.0, "{a:?} is cut off");
}

#[test]
fn the_whole_flag_above_the_line_is_the_button_of_its_pin() {
    let mut driver = Driver::at("lead-1");
    let button = driver.window.get_by_role_and_label(Role::Button, "A").rect();
    assert!(button.width() >= 24.0 && button.height() >= 24.0, "{button:?}");
    click_at(&mut driver, egui::pos2(button.left() + 8.0, button.center().y));
    driver.assert_shows("A v6");
}

/// A stream with so many events, one a minute.
fn long(count: usize) -> Driver {
    Driver::with("long-1", |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let event = |number: usize| NewEvent {
            id: EventId::new(&format!("event-{number}")),
            event_type: EventType::from(["opened", "moved", "closed"][number % 3]),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + number as i64 * 60_000_000)),
            payload: format!(r#"{{"number":{number}}}"#),
            metadata: String::new(),
        };
        let events: Vec<NewEvent> = (0..count).map(event).collect();
        store.append(&StreamId::from("long-1"), Expected::NoStream, &events).expect("appended");
    })
}

#[test]
fn events_that_share_a_place_say_how_many_they_are_and_of_which_types() {
    let mut driver = long(6_000);
    let place = on_line(&driver, 0.5);
    driver.window.hover_at(place);
    // The tip waits for the pointer to rest.
    driver.window.run_steps(60);
    assert!(driver.shows_part("events, v"), "{}", driver.all_text());
    assert!(driver.shows_part("opened"), "{}", driver.all_text());
}

#[test]
fn what_is_shown_stays_where_it_is_when_the_stream_grows() {
    let mut driver = long(300);
    driver.press(Key::Home);
    driver.press(Key::Plus);
    let before = ends(&driver);
    let mut store = NativeStore::open_for_writing(&driver.path("made.db")).expect("the store");
    let event = |number: usize| NewEvent {
        id: EventId::new(&format!("later-{number}")),
        event_type: EventType::from("moved"),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + (300 + number as i64) * 60_000_000)),
        payload: "{}".to_owned(),
        metadata: String::new(),
    };
    let events: Vec<NewEvent> = (0..300).map(event).collect();
    store.append(&StreamId::from("long-1"), Expected::Any, &events).expect("appended");
    driver.wait_for("v0 of 599");
    assert_eq!(ends(&driver), before);
}
