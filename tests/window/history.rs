//! The history says what each event changed, from what to what; a field tells its own history.

use egui::{Key, Modifiers, Role, Vec2};
use egui_kittest::kittest::{NodeT, Queryable};

use foldline::event::{EventId, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

fn has_row(driver: &Driver, name: &str) -> bool {
    driver.window.query_by_role_and_label(Role::Row, name).is_some()
}

/// What stands in one row, from left to right.
fn row_text(driver: &Driver, name: &str) -> String {
    fn down(node: &egui_kittest::Node<'_>, row: egui::Rect, out: &mut Vec<(f32, String)>) {
        let access = node.accesskit_node();
        if access.role() != Role::Row
            && let Some(text) = access.label().or_else(|| access.value())
            && row.contains(node.rect().center())
            && node.rect().height() <= row.height()
        {
            out.push((node.rect().left(), text));
        }
        node.children().for_each(|child| down(&child, row, out));
    }
    let row = driver.window.get_by_role_and_label(Role::Row, name).rect();
    let mut out = Vec::new();
    down(&driver.window.root(), row, &mut out);
    out.sort_by(|a, b| a.0.total_cmp(&b.0));
    out.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_row_says_what_changed_from_what_to_what() {
    let driver = Driver::at("lead-1");
    let row = row_text(&driver, "v5 order-submitted");
    assert!(row.contains("status | FOLLOWUP_SET → PENDING_PAYMENT"), "{row}");
    let row = row_text(&driver, "v3 contact-details-updated");
    assert!(row.contains("name | aab → aaa"), "{row}");
    let first = row_text(&driver, "v0 lead-initialized");
    assert!(first.contains("name | aab") && !first.contains('→'), "{first}");
}

/// The field that the last row of the history says has changed.
fn open_status(driver: &mut Driver) {
    let names = driver.window.get_all_by_role_and_label(Role::Button, "status");
    let lowest = names.max_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
    lowest.expect("a changed status").click();
    driver.settle();
}

/// One stream with an event each new year.
fn over_years() -> Driver {
    let mut driver = Driver::with("thing-1", |path| {
        let mut store = NativeStore::create(path).expect("a store");
        for year in 2021..=2025 {
            let event = NewEvent {
                id: EventId::new(&format!("e{year}")),
                event_type: "moved".into(),
                schema: 1,
                recorded_at: Timestamp::parse_rfc3339(&format!("{year}-01-01T02:03:04Z")),
                payload: format!(r#"{{"to":"{year}"}}"#),
                metadata: String::new(),
            };
            store.append(&StreamId::from("thing-1"), Expected::Any, &[event]).expect("appended");
        }
    });
    driver.window.set_size(Vec2::new(1024.0, 700.0));
    driver.settle();
    driver
}

#[test]
fn times_of_several_years_carry_their_year_in_the_history_and_in_that_of_a_field() {
    let mut driver = over_years();
    for _ in 0..2 {
        let row = row_text(&driver, "v4 moved");
        assert!(row.contains("2025-01-01 02:03"), "{row}");
        assert!(row.contains("2024 → 2025"), "what changed is still there: {row}");
        driver.window.set_size(Vec2::new(1280.0, 800.0));
        driver.settle();
    }
    driver.window.get_by_role_and_label(Role::Row, "to: 2025").click();
    driver.settle();
    let row = row_text(&driver, "v4 2025");
    assert!(row.contains("2025-01-01 02:03"), "{row}");
    // Within one year it would only take room.
    let row = row_text(&Driver::at("lead-1"), "v5 order-submitted");
    assert!(row.contains("01-01 01:00:05") && !row.contains("2025-01-01 01:00"), "{row}");
}

#[test]
fn a_field_of_the_history_leads_to_each_value_that_it_had_and_back() {
    let mut driver = Driver::at("lead-1");
    open_status(&mut driver);
    driver.assert_shows("History of status");
    driver.assert_shows("4 values");
    for row in ["v0 NEW_LEAD", "v2 FOLLOWUP_SET", "v5 PENDING_PAYMENT", "v6 CONVERTED"] {
        assert!(has_row(&driver, row), "{row} is missing:\n{}", driver.all_text());
    }
    let row = row_text(&driver, "v5 PENDING_PAYMENT");
    assert!(row.contains("01-01 01:00:05") && row.contains("01-01 01:01:01"), "from when to when: {row}");
    assert!(row.contains("accepted the offer"), "why: {row}");
    assert!(row_text(&driver, "v6 CONVERTED").contains("still so"));
    driver.click_role(Role::Row, "v2 FOLLOWUP_SET");
    driver.assert_shows("State at version 2");
    driver.assert_shows("History of status");
    driver.click("Back to the history");
    assert!(has_row(&driver, "v5 order-submitted"));
}

#[test]
fn esc_leads_back_from_a_field_to_the_history() {
    let mut driver = Driver::at("lead-1");
    open_status(&mut driver);
    driver.assert_shows("History of status");
    driver.press(Key::Escape);
    driver.assert_hides("History of status");
    assert!(has_row(&driver, "v5 order-submitted"));
}

#[test]
fn the_filter_finds_by_reason_and_by_value_and_says_how_many_of_how_many() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter history", "accepted the offer");
    driver.assert_shows("1 of 7 events  ·  UTC");
    assert!(has_row(&driver, "v5 order-submitted"));
    driver.type_over("Filter history", "aab");
    driver.assert_shows("1 of 7 events  ·  UTC");
    assert!(has_row(&driver, "v0 lead-initialized") || has_row(&driver, "v1 contacted"), "{}", driver.all_text());
    driver.type_over("Filter history", "2025-01-01 01:00:05");
    driver.assert_hides("7 events  ·  UTC");
    driver.type_over("Filter history", "no such thing");
    driver.assert_shows("0 of 7 events  ·  UTC");
}

#[test]
fn the_filter_finds_the_events_of_a_day_as_the_rows_show_it() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter history", "2025-01-01");
    driver.assert_shows("7 of 7 events  ·  UTC");
    driver.type_over("Filter history", "01-02");
    driver.assert_shows("0 of 7 events  ·  UTC");
    // As people say it, in both languages.
    for said in ["1 January", "jan 1st, 2025", "1월 1일"] {
        driver.type_over("Filter history", said);
        driver.assert_shows("7 of 7 events  ·  UTC");
        driver.type_over("Filter history", "2 January");
        driver.assert_shows("0 of 7 events  ·  UTC");
    }
    driver.type_over("Filter history", "01-01 01:00:05");
    assert!(has_row(&driver, "v5 order-submitted"), "{}", driver.all_text());
}

#[test]
fn the_row_of_a_stream_that_was_opened_by_its_name_is_in_sight() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "lead-4");
    driver.press(Key::Enter);
    driver.assert_shows("v30 of 30");
    let rows: Vec<_> =
        driver.window.get_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label()).collect();
    assert!(rows.iter().any(|row| row.starts_with("v30 ")), "{rows:?}");
}

#[test]
fn the_filter_stays_when_another_stream_is_looked_at_until_it_is_cleared() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter history", "payment-confirmed");
    driver.assert_shows("1 of 7 events  ·  UTC");
    driver.click_stream("lead-4");
    driver.assert_shows("v30 of 30");
    assert!(driver.shows_part(" of 31 events"), "{}", driver.all_text());
    assert!(!has_row(&driver, "v29 contacted"));
    driver.click("Clear the filter");
    driver.assert_shows("31 events  ·  UTC");
}

#[test]
fn the_first_row_begins_below_the_heads_of_the_columns() {
    let mut driver = Driver::at("lead-4");
    for key in [Key::Home, Key::End, Key::Home] {
        driver.press(key);
        let head = driver.window.get_by_label("changed").rect();
        let rows = driver.window.get_all_by_role(Role::Row).map(|row| row.rect());
        let list = rows.filter(|row| row.top() > head.top() - 28.0);
        let top = list.map(|row| row.top()).fold(f32::INFINITY, f32::min);
        assert!(key != Key::Home || top >= head.bottom() - 0.5, "the first row is at {top}, its head ends at {head}");
    }
}

#[test]
fn an_event_without_data_says_so_and_offers_nothing_to_copy() {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "v1 contacted");
    driver.assert_shows("Event · v1");
    driver.assert_shows("This event carries no data");
    driver.assert_hides("Copy");
}
