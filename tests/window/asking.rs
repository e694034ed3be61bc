//! Questions in SQL and read models, as their dialogs ask them; and samples of other domains, from the welcome.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use foldline::app::Start;
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::{Driver, window};

/// Opens a tool by the palette.
fn open(driver: &mut Driver, tool: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.window.event(egui::Event::Text(tool.to_owned()));
    driver.settle();
    driver.press(Key::Enter);
}

fn event(id: &str, event_type: &str, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(id),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Timestamp::parse_rfc3339("2025-01-01T02:00:00Z"),
        payload: payload.to_owned(),
        metadata: r#"{"actor":"kim"}"#.to_owned(),
    }
}

/// Two things, of which the first was moved.
fn made() -> Driver {
    let mut driver = Driver::welcome();
    let path = driver.path("made.db");
    let mut store = NativeStore::create(&path).expect("a store");
    for (stream, event) in [
        ("thing-1", event("a", "created", r#"{"name":"Bo","size":3}"#)),
        ("thing-2", event("b", "created", r#"{"name":"김철수","size":5}"#)),
        ("thing-1", event("c", "moved", r#"{"to":"Busan"}"#)),
    ] {
        store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
    }
    drop(store);
    driver.open(&path);
    driver
}

#[test]
fn a_question_in_sql_shows_its_rows_which_lead_to_their_streams() {
    let mut driver = made();
    open(&mut driver, "SQL query");
    // Whoever opens it first sees which tables there are.
    driver.wait_for_part("tables; press one to see its rows");
    driver.click_beginning("table thing_fields");
    assert_eq!(driver.value_of("Query"), "select * from thing_fields limit 100");
    driver.wait_for_part("2 rows, read up to position 3");
    driver.type_over_lines("Query", "select stream, version, type from events where type = 'moved'");
    driver.press_with(Modifiers::COMMAND, Key::Enter);
    driver.wait_for_part("1 row, read up to position 3");
    driver.click("stream thing-1, version 1, type moved");
    driver.wait_for_part("Busan");
    assert!(!driver.shows("Query"), "the dialog is closed");
}

#[test]
fn in_a_low_window_what_stands_below_many_rows_is_in_sight() {
    let mut driver = Driver::at("lead-1");
    driver.window.set_size(egui::Vec2::new(900.0, 600.0));
    open(&mut driver, "SQL query");
    driver.type_over_lines("Query", "select a.version, b.type from events a, events b");
    driver.click("Run");
    driver.wait_for_part("The first 1,000 rows");
    let write = driver.window.get_by_role_and_label(Role::Button, "Write file").rect();
    assert!(write.bottom() < 570.0, "the dialog's own edge is above the window's: {write}");
}

#[test]
fn what_is_wrong_with_a_query_is_said_in_the_language_that_is_chosen_and_what_was_found_stays() {
    let mut driver = made();
    open(&mut driver, "SQL query");
    driver.type_over_lines("Query", "select count(*) as things from streams");
    driver.click("Run");
    driver.wait_for("things 2");
    driver.type_over_lines("Query", "select * from thing_field");
    driver.click("Run");
    driver.wait_for("No such table: thing_field; did you mean thing_fields?");
    driver.assert_shows("things 2");
    driver.type_over_lines("Query", "delete from events");
    driver.click("Run");
    driver.wait_for_part("A query only reads here");
    driver.click("Close (Esc)");
    open(&mut driver, "한국어");
    open(&mut driver, "SQL 쿼리");
    driver.type_over_lines("쿼리", "select nam from thing_fields");
    driver.click("실행");
    driver.wait_for("nam 열이 없습니다. 비슷한 이름: name");
}

#[test]
fn a_question_is_answered_as_of_the_cursor_and_all_its_rows_are_written() {
    let mut driver = made();
    driver.click_stream("thing-1");
    driver.press(Key::Home);
    open(&mut driver, "SQL query");
    driver.type_over_lines("Query", "select count(*) as events from events");
    driver
        .window
        .get_by(|node| {
            node.role() == Role::CheckBox && node.label().is_some_and(|label| label.starts_with("As of the cursor"))
        })
        .click();
    driver.settle();
    driver.click("Run");
    driver.wait_for("events 1");
    let file = driver.path("rows.csv");
    driver.type_into("All rows as CSV", &file.display().to_string());
    driver.click("Write file");
    driver.wait_for_part("rows.csv");
    let written = std::fs::read_to_string(file).expect("the file");
    assert_eq!(written.lines().skip(1).collect::<Vec<_>>(), ["1,"], "{written}");
    driver.assert_shows("events 1");
}

#[test]
fn a_read_model_is_made_told_to_be_behind_caught_up_and_held_against_the_events() {
    let mut driver = made();
    let model = driver.path("model.db");
    open(&mut driver, "Read model");
    driver.wait_for_part("A projection as a table");
    driver.type_into("File or address (a table name may follow #)", &model.display().to_string());
    driver.click("Make the table");
    driver.wait_for_part("2 rows, made");
    driver.wait_for("Up to date at position 3, the end of the store");
    let path = driver.path("made.db");
    let mut store = NativeStore::open_for_writing(&path).expect("the store");
    store.append(&"thing-2".into(), Expected::Any, &[event("d", "moved", r#"{"to":"Daegu"}"#)]).expect("appended");
    drop(store);
    driver.wait_for("Up to position 3; 1 event is not in it yet");
    driver.click("Catch up");
    driver.wait_for_part("caught up with 1 event");
    driver.wait_for("Up to date at position 4, the end of the store");
    driver.click("Compare with the events");
    driver.wait_for("2 rows, each as the events say");
    // Another program changes the table.
    let table = rusqlite::Connection::open(&model).expect("the table");
    assert_eq!(table.execute("UPDATE thing_fields SET size = 4 WHERE stream = 'thing-1'", []).expect("changed"), 1);
    drop(table);
    driver.click("Compare with the events");
    driver.wait_for("1 difference in 2 rows");
    assert_in_the_middle(
        &driver,
        "thing-1 · size, the table has 4, the events say 3 · v0 created · kim",
        ["thing-1 · size", "the table has 4, the events say 3 · v0 created · kim"],
    );
    driver.click("thing-1 · size, the table has 4, the events say 3 · v0 created · kim");
    driver.wait_for_part("Bo");
    assert!(!driver.shows("Compare with the events"), "the dialog is closed, and the event is shown");
}

#[test]
fn rows_are_exported_of_the_table_that_is_then_looked_at() {
    let mut driver = made();
    open(&mut driver, "Export rows");
    driver.wait_for_part("2 rows of thing");
    driver.assert_hides("Events by day");
}

#[test]
fn a_file_of_rows_is_called_as_its_format_is() {
    let mut driver = made();
    open(&mut driver, "Export rows");
    driver.wait_for_part("2 rows of thing");
    let (table, lines) = (driver.path("things.csv"), driver.path("things.jsonl"));
    driver.type_into("File to write", &table.display().to_string());
    driver.click_role(Role::ComboBox, "Format");
    driver.click("JSON Lines");
    assert_eq!(driver.value_of("File to write"), lines.display().to_string(), "lines are not called like a table");
    driver.click_role(Role::Button, "Export");
    driver.wait_for_part("2 rows written to");
    let text = std::fs::read_to_string(&lines).expect("written");
    assert!(text.lines().count() == 2 && text.starts_with('{'), "{text}");
    assert!(!table.exists());
}

#[test]
fn rows_of_a_query_are_csv_and_their_file_is_called_so() {
    let mut driver = made();
    open(&mut driver, "SQL query");
    driver.type_over_lines("Query", "select count(*) as events from events");
    driver.click("Run");
    driver.wait_for("events 3");
    let (typed, written) = (driver.path("counts.parquet"), driver.path("counts.csv"));
    driver.type_into("All rows as CSV", &typed.display().to_string());
    driver.click("Write file");
    driver.wait_for_part("1 row written to");
    assert_eq!(driver.value_of("All rows as CSV"), written.display().to_string());
    assert!(written.exists() && !typed.exists());
}

/// The two lines of a row stand in its middle, and not at its top.
fn assert_in_the_middle(driver: &Driver, row: &str, lines: [&str; 2]) {
    let row = driver.window.get_by_role_and_label(Role::Button, row).rect();
    let [head, body] = lines.map(|line| driver.window.get_by_role_and_label(Role::Label, line).rect());
    let (above, below) = (head.top() - row.top(), row.bottom() - body.bottom());
    assert!((above - below).abs() < 4.0, "{above} above and {below} below: {row:?}, {head:?}, {body:?}");
}

#[test]
fn the_sample_of_a_domain_opens_from_the_welcome_under_its_projection() {
    let folder = tempfile::tempdir().expect("a folder");
    let samples = Some(folder.path().to_owned());
    let start =
        Start { samples: samples.clone(), workspaces: Some(folder.path().join("workspaces")), ..Start::default() };
    let mut driver = Driver::welcome_in(window(start));
    for name in ["sales", "reservations", "bank", "orders", "sensors"] {
        assert!(driver.is_enabled(name), "{name}");
    }
    driver.click_role(Role::Button, "bank");
    driver.wait_for_part("account-2");
    driver.settle();
    // The balance is no field of any event: its projection tells it.
    driver.wait_for_part("timesOverdrawn");
    assert!(driver.shows_part("lowest"), "{}", driver.all_text());
    assert!(folder.path().join("sample-bank.db").exists());
}
