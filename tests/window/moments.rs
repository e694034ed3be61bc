//! Two moments of the store held against each other in place of its table.

use egui::{Key, Role};

use crate::driver::Driver;
use crate::store_lens::{rows, streams, table, wait_for_rows};

/// B at the end, A three events before it.
fn compared() -> Driver {
    let mut driver = table();
    driver.press(Key::B);
    for _ in 0..3 {
        driver.press(Key::ArrowLeft);
    }
    driver.press(Key::A);
    driver.click_role(Role::Button, "Compare A and B");
    driver.wait_for_part("3 streams differ, 0 of them begun between");
    driver
}

#[test]
fn two_pinned_moments_say_which_streams_differ_and_in_which_fields() {
    let mut driver = compared();
    driver.assert_shows("what differs, A → B");
    driver.wait_for_part("lead-3, 김서연, v0 → v1");
    let rows = rows(&driver);
    assert!(rows.iter().any(|row| row.starts_with("lead-3, ") && row.contains("phone 3 → 33")), "{rows:?}");
    driver.click_beginning("contacts 2");
    assert_eq!(streams(&driver), ["lead-2", "lead-1"]);
    driver.click_role(Role::Button, "Back to the table");
    wait_for_rows(&mut driver, &["lead-1", "lead-3", "lead-2"]);
}

#[test]
fn two_moments_are_told_by_their_times_and_escape_leaves_them() {
    let mut driver = compared();
    assert!(driver.shows_part("A: 2025-01-05 00:00:00.000 UTC, position 5"), "{}", driver.all_text());
    driver.press(Key::Escape);
    wait_for_rows(&mut driver, &["lead-1", "lead-3", "lead-2"]);
}

#[test]
fn what_differs_says_its_order_and_is_sorted_by_a_heading() {
    let mut driver = compared();
    driver.assert_shows("in the order in which they changed first");
    assert_eq!(streams(&driver), ["lead-2", "lead-1", "lead-3"]);
    driver.click_role(Role::Button, "Sort by stream");
    driver.assert_shows("in the order of their names");
    assert_eq!(streams(&driver), ["lead-1", "lead-2", "lead-3"]);
    driver.click_beginning("stream, sorted from the smallest");
    assert_eq!(streams(&driver), ["lead-3", "lead-2", "lead-1"]);
    driver.click_role(Role::Button, "Sort by what differs, A → B");
    assert_eq!(streams(&driver), ["lead-2", "lead-1", "lead-3"], "contacts before phone");
    driver.click_role(Role::Button, "Sort by A → B");
    driver.click_beginning("A → B, sorted from the smallest");
    driver.assert_shows("in the order in which they changed first, the last of these on top");
    assert_eq!(streams(&driver), ["lead-3", "lead-1", "lead-2"]);
    // What narrows them keeps their order.
    driver.click_beginning("contacts 2");
    assert_eq!(streams(&driver), ["lead-1", "lead-2"]);
}

#[test]
fn what_differs_is_written_as_it_is_shown() {
    let mut driver = compared();
    driver.click_role(Role::Button, "Sort by stream");
    driver.click_role(Role::Button, "Export…");
    driver.wait_for("lead: 3 that differ between A and B, with a row for each field, in the order shown");
    let path = driver.path("differences.csv");
    driver.type_into("File to write", &path.display().to_string());
    driver.click_role(Role::Button, "Export");
    driver.wait_for_part("3 rows written to");
    let text = std::fs::read_to_string(&path).expect("written");
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines[0].starts_with("stream,version_before,version_after,field,before,after"), "{text}");
    let rows = ["lead-1,1,2,contacts,1,2", "lead-2,0,1,contacts,0,1", "lead-3,0,1,phone,3,33"];
    assert!(lines.len() == 4 && lines[1..].iter().zip(rows).all(|(line, row)| line.starts_with(row)), "{text}");
    // Narrowed to a field, in another format.
    driver.press(Key::Escape);
    driver.click_beginning("contacts 2");
    driver.click_role(Role::Button, "Export…");
    let path = driver.path("differences.jsonl");
    driver.type_over("File to write", &path.display().to_string());
    driver.click_role(Role::Button, "Export");
    driver.wait_for_part("2 rows written to");
    let text = std::fs::read_to_string(&path).expect("written");
    let first: serde_json::Value = serde_json::from_str(text.lines().next().expect("a row")).expect("JSON");
    let expected = serde_json::json!({
        "stream": "lead-1", "version_before": 1, "version_after": 2, "field": "contacts", "before": 1, "after": 2,
    });
    assert_eq!(first, expected);
}

#[test]
fn where_two_moments_differ_in_nothing_no_order_is_told() {
    let mut driver = table();
    for _ in 0..5 {
        driver.press(Key::ArrowLeft);
    }
    // A ticket begins between them, and no lead has an event.
    driver.press(Key::B);
    driver.press(Key::ArrowLeft);
    driver.press(Key::A);
    driver.click_role(Role::Button, "Compare A and B");
    driver.wait_for("Nothing differs");
    assert!(!driver.shows_part("in the order in which"), "{}", driver.all_text());
}
