//! Lists: what one came for stays in sight, and each is one stop of Tab.

use egui::{Event, Key, Modifiers, MouseWheelUnit, Rect, Role, TouchPhase, vec2};
use egui_kittest::kittest::Queryable;
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use rusqlite::Connection;

use crate::driver::Driver;

/// More streams than any window is high.
fn many() -> Driver {
    let mut driver = Driver::welcome();
    let path = driver.path("made.db");
    let mut store = NativeStore::create(&path).expect("a store");
    let mut bulk = store.bulk().expect("begun");
    for number in 0..400_i64 {
        let event = NewEvent {
            id: EventId::new(&format!("e{number}")),
            event_type: EventType::from("created"),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + number * 3_600_000_000)),
            payload: r#"{"a":1}"#.to_owned(),
            metadata: String::new(),
        };
        bulk.record(&StreamId::new(format!("thing-{number}")), None, &event).expect("recorded");
    }
    bulk.commit().expect("committed");
    drop(store);
    driver.open(&path);
    driver
}

fn go_to(driver: &mut Driver, stream: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", stream);
    driver.press(Key::Enter);
}

/// Where the row of a stream is, and the room of the list.
fn row_and_room(driver: &Driver, stream: &str) -> (Option<Rect>, Rect) {
    let row = driver.window.query_by_role_and_label(Role::TreeItem, stream).map(|row| row.rect());
    let filter = driver.window.get_by_role_and_label(Role::TextInput, "Filter streams").rect();
    let line =
        driver.window.query_by_role_and_label(Role::Button, "Play").map_or(774.0, |play| play.rect().top() - 8.0);
    (row, Rect::from_min_max(filter.left_bottom(), egui::pos2(filter.right() + 40.0, line)))
}

fn is_in_sight(driver: &Driver, stream: &str) -> bool {
    let (row, room) = row_and_room(driver, stream);
    row.is_some_and(|row| room.expand(1.0).contains_rect(row))
}

#[test]
fn a_store_that_is_opened_at_a_stream_deep_in_its_list_has_that_in_sight_once_all_of_it_is_listed() {
    let driver = Driver::at("lead-300");
    assert!(driver.streams().iter().any(|stream| stream.ends_with("lead-300")), "{:?}", driver.streams());
}

#[test]
fn a_stream_opened_deep_in_a_long_list_is_in_sight_once_its_timeline_has_come() {
    for stream in ["thing-399", "thing-385", "thing-200", "thing-3"] {
        let mut driver = many();
        go_to(&mut driver, stream);
        driver.assert_shows("State at version 0");
        assert!(is_in_sight(&driver, stream), "{stream}: {:?}", row_and_room(&driver, stream));
        // Whatever takes room from the list.
        driver.window.set_size(vec2(1280.0, 560.0));
        driver.settle();
        let (row, _) = row_and_room(&driver, stream);
        assert!(is_in_sight(&driver, stream), "{stream} in a low window: {row:?}");
    }
}

#[test]
fn whoever_scrolled_away_from_the_stream_stays_there_when_the_list_becomes_lower() {
    let mut driver = many();
    go_to(&mut driver, "thing-200");
    let (_, room) = row_and_room(&driver, "thing-200");
    driver.window.hover_at(room.center());
    driver.window.run_steps(2);
    let wheel = Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, 100_000.0),
        phase: TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    };
    driver.window.event(wheel);
    driver.window.run_steps(60);
    driver.settle();
    assert!(is_in_sight(&driver, "thing-0"), "{:?}", driver.streams());
    driver.window.set_size(vec2(1280.0, 560.0));
    driver.settle();
    assert!(is_in_sight(&driver, "thing-0"), "{:?}", driver.streams());
}

/// Everything with this role that Tab comes to, once round.
fn stops_of(driver: &mut Driver, role: Role) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut first: Option<egui::accesskit::NodeId> = None;
    for _ in 0..200 {
        driver.press(Key::Tab);
        let Some(id) = crate::keyboard::focused_id(driver) else { continue };
        if first.is_some_and(|first| first == id) {
            return found;
        }
        first = first.or(Some(id));
        found.extend(crate::keyboard::focused(driver).filter(|(of, _)| *of == role).map(|(_, name)| name));
    }
    panic!("Tab never comes round: {found:#?}");
}

fn here(driver: &Driver) -> (Role, String) {
    crate::keyboard::focused(driver).expect("something has the focus")
}

fn tab_to_role(driver: &mut Driver, role: Role) {
    for _ in 0..200 {
        if crate::keyboard::focused(driver).is_some_and(|(found, _)| found == role) {
            return;
        }
        driver.press(Key::Tab);
    }
    panic!("Tab never came to a {role:?}:\n{}", driver.all_text());
}

#[test]
fn each_group_of_the_greeting_is_one_stop_of_tab_with_arrows_inside() {
    let mut driver = many();
    let rows = stops_of(&mut driver, Role::Row);
    // Nobody signed these events: the last card has no rows.
    assert_eq!(rows.len(), 3, "{rows:#?}");
    tab_to_role(&mut driver, Role::Row);
    let first = here(&driver);
    driver.press(Key::ArrowDown);
    let second = here(&driver);
    assert!(second.0 == Role::Row && second != first, "{first:?} and {second:?}");
    driver.press(Key::End);
    driver.press(Key::ArrowUp);
    driver.press(Key::Home);
    assert_eq!(here(&driver), first);
    driver.press(Key::ArrowDown);
    driver.press(Key::Enter);
    driver.assert_shows("State at version 0");
    let stream = second.1.split(',').next().expect("a stream");
    assert!(driver.shows_part(stream), "{}", driver.all_text());
}

#[test]
fn a_comparison_is_one_stop_of_tab_with_arrows_from_value_to_value() {
    let mut driver = Driver::at("lead-1");
    driver.window.set_size(vec2(1280.0, 1200.0));
    driver.press(Key::Home);
    driver.press(Key::A);
    driver.press(Key::End);
    driver.press(Key::B);
    driver.press(Key::D);
    let cells = stops_of(&mut driver, Role::Cell);
    assert_eq!(cells.len(), 1, "{cells:#?}");
    tab_to_role(&mut driver, Role::Cell);
    driver.press(Key::Home);
    let begin = here(&driver).1;
    let field = begin.split(',').next().expect("a field").to_owned();
    assert!(begin.contains(", v0"), "{begin}");
    driver.press(Key::ArrowRight);
    let beside = here(&driver).1;
    assert!(beside.starts_with(&field) && beside.contains(", v6"), "{beside}");
    driver.press(Key::ArrowDown);
    let below = here(&driver).1;
    assert!(!below.starts_with(&format!("{field},")) && below.contains(", v6"), "{below}");
    driver.assert_shows("v6 of 6");
    driver.press(Key::Home);
    driver.press(Key::ArrowRight);
    for _ in 0..100 {
        if here(&driver).1.starts_with("name,") {
            break;
        }
        driver.press(Key::ArrowDown);
    }
    driver.press(Key::Enter);
    driver.assert_shows("v3 of 6");
}

#[test]
fn the_findings_of_a_check_are_one_stop_of_tab_and_enter_leads_to_one() {
    let stream = "8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001";
    let mut driver = Driver::with(stream, |path| {
        let fill = "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
                PRIMARY KEY (originator_id, originator_version));
            INSERT INTO stored_events SELECT '8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001', 2 * value + 1, 'crm:Account.Opened', '{}'
                FROM (WITH RECURSIVE numbers(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM numbers LIMIT 30)
                    SELECT value FROM numbers);";
        Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
    });
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "Check the store");
    driver.press(Key::Enter);
    driver.assert_shows("29 findings");
    let is_finding = |name: &str| name.starts_with(stream);
    let found: Vec<String> = stops_of(&mut driver, Role::Button).into_iter().filter(|name| is_finding(name)).collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    while !is_finding(&here(&driver).1) {
        driver.press(Key::Tab);
    }
    driver.press(Key::End);
    assert!(here(&driver).1.starts_with(&format!("{stream} v59")), "{:?}", here(&driver));
    driver.press(Key::Enter);
    driver.assert_shows("State at version 59");
    driver.assert_hides("Check again");
}
