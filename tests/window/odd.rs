//! What real data does to a window: too much of it, too long, in any script, at any time.

use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use foldline::event::visible::is_hidden;
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};
use rusqlite::Connection;

use crate::driver::Driver;

/// A store with one event, opened at its stream.
fn store_with(stream: &str, event_type: &str, payload: String, at: &str) -> Driver {
    Driver::with(stream, |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let event = NewEvent {
            id: EventId::new("0190b1de-5a4f-7c8e-9a3b-000000000001"),
            event_type: EventType::from(event_type),
            schema: 1,
            recorded_at: Some(at.parse::<Timestamp>().expect("a time")),
            payload,
            metadata: String::new(),
        };
        store.append(&StreamId::from(stream), Expected::NoStream, &[event]).expect("appended");
    })
}

/// A store that was filled past its own rules: only looking at it is tried.
fn crowded(stream: &str, fill: &str) -> Driver {
    Driver::with(stream, |path| {
        drop(NativeStore::create(path).expect("a store"));
        Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
    })
}

const NEW_YEAR: &str = "2025-01-01T00:00:00Z";

#[test]
fn a_payload_of_five_megabytes_is_folded() {
    let payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(5_000_000));
    let mut driver = store_with("big-1", "big-set", payload, NEW_YEAR);
    driver.assert_shows("State at version 0");
    assert!(driver.all_text().len() < 100_000, "{} letters are laid out", driver.all_text().len());
    driver.click("As stored, schema 1");
    assert!(driver.all_text().len() < 150_000, "{} letters are laid out", driver.all_text().len());
}

#[test]
fn a_payload_of_ten_megabytes_is_changed_by_its_fields() {
    let payload = format!(r#"{{"name":"kim","text":"{}","inside":{{"list":[1,2]}}}}"#, "x".repeat(10 << 20));
    let mut driver = store_with("big-1", "big-set", payload, NEW_YEAR);
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Change its payload…");
    driver.assert_shows("Change the payload of version 0");
    assert!(driver.shows_part("too large to be typed as a whole"), "{}", driver.all_text());
    assert!(driver.all_text().len() < 100_000, "{} letters are laid out", driver.all_text().len());
    driver.assert_hides("As JSON");
    driver.type_over("Value of name", "lee");
    driver.click_role(Role::Button, "Apply");
    driver.assert_hides("Change the payload of version 0");
    driver.assert_shows("v0 big-set, changed");
    driver.assert_shows("name: kim in history, lee in the branch");
}

#[test]
fn of_a_payload_with_thirty_thousand_fields_some_are_offered() {
    let fields: Vec<String> = (0..30_000).map(|number| format!(r#""field-{number:06}":{number}"#)).collect();
    let mut driver = store_with("wide-1", "wide-set", format!("{{{}}}", fields.join(",")), NEW_YEAR);
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Change its payload…");
    assert!(driver.shows_part("29,800 of its fields are not listed"), "{}", driver.all_text());
    driver.click("Add a field");
    driver.type_into("Name of new field 201", "field-029999");
    driver.type_into("Value of field-029999", "seen");
    driver.click_role(Role::Button, "Apply");
    driver.assert_hides("Change the payload of version 0");
    driver.assert_shows("v0 wide-set, changed");
}

#[test]
fn a_correction_with_ten_megabytes_is_recorded_as_it_stands() {
    let payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(10 << 20));
    let mut driver = store_with("big-1", "big-set", payload, NEW_YEAR);
    driver.click("Compensate…");
    assert!(driver.all_text().len() < 100_000, "{} letters are laid out", driver.all_text().len());
}

#[test]
fn of_ten_thousand_fields_only_those_in_view_are_laid_out() {
    let fields: Vec<String> = (0..10_000).map(|number| format!(r#""field-{number:05}":{number}"#)).collect();
    let driver = store_with("wide-1", "wide-set", format!("{{{}}}", fields.join(",")), NEW_YEAR);
    driver.assert_shows("10,000 fields changed");
    driver.assert_shows("field-00000");
    let rows = driver.all_text().lines().filter(|line| line.starts_with("field-")).count();
    assert!(rows < 200, "{rows} rows are laid out");
}

#[test]
fn names_of_thousands_of_letters_are_cut() {
    let (stream, event_type) = (format!("long-{}", "n".repeat(4_000)), "t".repeat(4_000));
    let payload = format!(r#"{{"{}":"{}"}}"#, "k".repeat(4_000), "v".repeat(4_000));
    let driver = store_with(&stream, &event_type, payload, NEW_YEAR);
    driver.assert_shows("State at version 0");
    let events = driver.window.get_by_role(Role::Slider).rect();
    assert!(events.width() < 1_280.0 && events.bottom() < 800.0, "the line is pushed out of the window: {events}");
}

#[test]
fn right_to_left_emoji_and_the_last_year_are_shown_as_they_are() {
    let payload = r#"{"שם":"مرحبا שלום","emoji":"🦀"}"#.to_owned();
    let driver = store_with("rtl-שלום", "حدث", payload, "9999-12-31T23:59:59.999Z");
    for text in ["مرحبا שלום", "🦀", "9999-12-31 23:59:59.999 UTC"] {
        driver.assert_shows(text);
    }
}

/// Letters that turn the direction of writing, steer a terminal or leave no trace.
#[test]
fn names_with_letters_that_hide_are_shown_with_their_numbers() {
    let (stream, event_type) = ("lead-\u{202e}1\u{7}", "lead-\u{1b}captured\u{200b}");
    let payload = "{\"na\u{202e}me\":\"a\u{2066}b\"}".to_owned();
    let mut driver = store_with(stream, event_type, payload, NEW_YEAR);
    driver.assert_shows("State at version 0");
    for shown in ["lead-\\u{202e}1\\u{7}", "lead-\\u{1b}captured\\u{200b}", "na\\u{202e}me", "a\\u{2066}b"] {
        assert!(driver.shows_part(shown), "{shown} is not in\n{}", driver.all_text());
    }
    let assert_clean = |driver: &Driver| {
        let text = driver.all_text();
        let hidden = text.lines().find(|line| line.contains(is_hidden));
        assert_eq!(hidden, None, "{text}");
    };
    assert_clean(&driver);
    // The same where a stream is looked for, compared and exported.
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "lead-");
    driver.wait_for("lead-\\u{202e}1\\u{7}");
    assert_clean(&driver);
    driver.press(Key::Escape);
    driver.press_with(Modifiers::COMMAND, Key::E);
    assert_clean(&driver);
}

/// Two streams whose names, types, authors, reasons, fields and causes all have such letters.
fn hidden_everywhere(path: &Path) {
    let mut store = NativeStore::create(path).expect("a store");
    for number in 0..2 {
        let event = |nth: u8| NewEvent {
            id: EventId::new(&format!("id\u{202e}{number}-{nth}")),
            event_type: EventType::from(if nth == 0 { "be\u{202e}gun" } else { "chan\u{200b}ged\u{1b}" }),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + i64::from(nth) * 60_000_000)),
            payload: format!(
                "{{\"na\u{202e}me\":\"a\u{2066}b{nth}\",\"li\u{200b}st\":[{{\"to\u{202e}\":\"x\u{200b}\"}}]}}"
            ),
            metadata: format!(
                "{{\"actor\":\"ki\u{202e}m\",\"reason\":\"be\u{202e}cause\",\"correlation-id\":\"c\u{202e}1\",\"causation-id\":\"{}\"}}",
                if nth == 0 { "gone\u{202e}".to_owned() } else { format!("id\u{202e}{number}-{}", nth - 1) }
            ),
        };
        let events: Vec<NewEvent> = (0..3).map(event).collect();
        store
            .append(&StreamId::from(format!("ca\u{202e}rt-{number}").as_str()), Expected::NoStream, &events)
            .expect("appended");
    }
}

fn painted(shape: &egui::Shape, texts: &mut Vec<String>) {
    match shape {
        egui::Shape::Text(text) => texts.push(text.galley.text().to_owned()),
        egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| painted(shape, texts)),
        _ => {}
    }
}

/// Neither what is read aloud nor what is painted has a letter that hides; what somebody typed stays as it was typed.
fn look_for_hidden(driver: &Driver, place: &str, found: &mut Vec<String>) {
    let typed: Vec<String> = [Role::TextInput, Role::MultilineTextInput]
        .into_iter()
        .flat_map(|role| driver.window.query_all_by_role(role).filter_map(|node| node.value()).collect::<Vec<_>>())
        .collect();
    for line in driver.all_text().lines().filter(|line| line.contains(is_hidden)) {
        if !typed.iter().any(|typed| typed.contains(line)) {
            found.push(format!("{place}: {line:?} is said"));
        }
    }
    let mut texts = Vec::new();
    driver.window.output().shapes.iter().for_each(|shape| painted(&shape.shape, &mut texts));
    for text in texts.iter().filter(|text| text.contains(is_hidden)) {
        if !typed.contains(text) {
            found.push(format!("{place}: {text:?} is painted"));
        }
    }
}

#[test]
fn no_part_of_the_window_draws_letters_that_hide() {
    let mut driver = Driver::with("ca\u{202e}rt-0", hidden_everywhere);
    driver.assert_shows("State at version 2");
    let mut found = Vec::new();
    look_for_hidden(&driver, "a stream", &mut found);
    driver.click("As stored, schema 1");
    look_for_hidden(&driver, "as stored", &mut found);
    driver.press(Key::L);
    driver.step_until("lanes are offered", |driver| driver.shows_part("na\\u{202e}me"));
    look_for_hidden(&driver, "lanes that are offered", &mut found);
    driver.strike("changed(state)");
    driver.press(Key::Escape);
    driver.press(Key::Escape);
    driver.press(Key::A);
    driver.press(Key::ArrowLeft);
    driver.press(Key::B);
    driver.press(Key::D);
    look_for_hidden(&driver, "comparing", &mut found);
    driver.press(Key::D);
    for command in [
        "Search events",
        "When was it true",
        "Check the store",
        "Export events",
        "Evidence",
        "Note",
        "Smallest history",
        "Seal",
    ] {
        run(&mut driver, command);
        look_for_hidden(&driver, command, &mut found);
        if command == "Search events" {
            driver.strike("actor:ki");
            driver.press(Key::Enter);
            look_for_hidden(&driver, "found", &mut found);
        }
        driver.press(Key::Escape);
        driver.press(Key::Escape);
    }
    run(&mut driver, "Causes");
    look_for_hidden(&driver, "causes", &mut found);
    driver.press_with(Modifiers::ALT, Key::Home);
    look_for_hidden(&driver, "the overview", &mut found);
    driver.click_stream("ca\\u{202e}rt-1");
    driver.click("Compensate…");
    look_for_hidden(&driver, "a correction", &mut found);
    driver.press(Key::Escape);
    driver.click("What if…");
    driver.click("Add an edit…");
    look_for_hidden(&driver, "edits", &mut found);
    driver.click("Leave this event out");
    look_for_hidden(&driver, "a branch", &mut found);
    driver.click("Add an edit…");
    driver.click("Insert an event after it…");
    driver.type_into("Type of the event", "e");
    look_for_hidden(&driver, "types that are offered", &mut found);
    assert!(found.is_empty(), "{found:#?}");
}

fn run(driver: &mut Driver, command: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", command);
    driver.press(Key::Enter);
}

/// The pieces that the graphics driver is handed for a frame: each costs a call.
fn pieces(driver: &Driver) -> usize {
    let mut pieces = 0;
    let mut last = None;
    for shape in &driver.window.output().shapes {
        if !matches!(shape.shape, egui::Shape::Noop) && last != Some(shape.clip_rect) {
            pieces += 1;
            last = Some(shape.clip_rect);
        }
    }
    pieces
}

#[test]
fn a_frame_is_drawn_in_few_pieces_however_many_rows_and_columns_are_in_view() {
    // More rows than find room.
    let driver = Driver::with("long-1", |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let event = |nth: i64| NewEvent {
            id: EventId::new(&format!("e{nth}")),
            event_type: EventType::from("changed"),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + nth * 60_000_000)),
            payload: format!("{{\"a\":{nth},\"b{}\":\"x\",\"c\":{}}}", nth % 20, nth % 3),
            metadata: r#"{"actor":"kim"}"#.to_owned(),
        };
        let events: Vec<NewEvent> = (0..100).map(event).collect();
        store.append(&StreamId::from("long-1"), Expected::NoStream, &events).expect("appended");
    });
    let rows = driver.window.query_all_by_role(Role::Row).count();
    let drawn = pieces(&driver);
    assert!(rows > 15, "only {rows} rows");
    assert!(drawn <= 60, "{drawn} pieces for {rows} rows");
}

#[test]
fn a_million_streams_are_listed_at_once_and_found_by_a_part_of_their_name() {
    let fill = "
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
        INSERT INTO streams (id, name, category, events, first_version, last_version, last_position)
        SELECT i, 'lead-' || i, 'lead', 1, 0, 0, i FROM n;";
    let mut driver = crowded("lead-1", fill);
    driver.assert_shows("1,000,000 streams");
    driver.assert_shows("lead, 1,000,000");
    driver.type_into("Filter streams", "lead-999999");
    driver.assert_shows("lead, 1");
    driver.assert_shows("lead-999999");
}

#[test]
fn a_long_reading_can_be_stopped_and_begun_again() {
    let fill = r#"
        INSERT INTO types (id, name, events) VALUES (1, 'stepped', 200000);
        INSERT INTO streams (id, name, category, events, first_version, last_version, last_position)
        VALUES (1, 'long-1', 'long', 200000, 0, 199999, 200000);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
        INSERT INTO events (position, stream, version, type, schema, recorded_at, id, payload, metadata, chain)
        SELECT i, 1, i - 1, 1, 1, i, i, '{"a":' || i || '}', NULL, x'00' FROM n;"#;
    let mut driver = crowded("none", fill);
    driver.click("Close");
    driver.window.get_by_role_and_label(Role::TreeItem, "long-1").click();
    let end = Instant::now() + Duration::from_secs(30);
    while driver.window.query_by_role_and_label(Role::Button, "Cancel").is_none() {
        assert!(Instant::now() < end, "no Cancel came; the window shows:\n{}", driver.all_text());
        driver.window.step();
    }
    assert!(driver.shows_part("reading events"), "{}", driver.all_text());
    driver.click("Cancel");
    assert!(driver.shows_part("was stopped"), "{}", driver.all_text());
    driver.click("Try again");
    driver.assert_shows("v199999 of 199999");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 199998");
}

#[test]
fn while_another_program_holds_the_store_an_append_waits_then_says_so_and_the_draft_stays() {
    let mut driver = Driver::at("lead-1");
    driver.allow_writing();
    driver.click("Compensate…");
    driver.type_into("Author", "kim");
    driver.type_into("Reason", "the wrong lead");
    let other = Connection::open(driver.path("small.db")).expect("a second program");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    driver.click_role(Role::Button, "Append");
    assert!(driver.shows_part("another program is writing"), "{}", driver.all_text());
    assert!(driver.all_text().contains("the wrong lead"), "{}", driver.all_text());
    other.execute_batch("ROLLBACK").expect("let go");
    driver.click_role(Role::Button, "Append");
    driver.assert_shows("State at version 7");
}
