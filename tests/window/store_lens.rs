//! The table of the whole store: what it shows at the cursor, and how it is narrowed, sorted, compared and written.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

const DAY: i64 = 86_400_000_000;

/// The first of 2025.
const NEW_YEAR: i64 = 1_735_689_600_000_000;

fn event(number: i64, event_type: &str, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(&format!("e{number}")),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(NEW_YEAR + number * DAY)),
        payload: payload.to_owned(),
        metadata: r#"{"actor":"kim"}"#.to_owned(),
    }
}

const EVENTS: [(&str, &str, &str); 8] = [
    ("lead-1", "lead-initialized", r#"{"lead-id": 1, "name": "Ana", "phone": "1"}"#),
    ("lead-2", "lead-initialized", r#"{"lead-id": 2, "name": "Bo", "phone": "2"}"#),
    ("ticket-1", "ticket-initialized", r#"{"subject": "Broken"}"#),
    ("lead-3", "lead-initialized", r#"{"lead-id": 3, "name": "김서연", "phone": "3"}"#),
    ("lead-1", "contacted", "{}"),
    ("lead-2", "contacted", "{}"),
    ("lead-1", "contacted", "{}"),
    ("lead-3", "contact-details-updated", r#"{"phone": "33"}"#),
];

fn record(driver: &Driver, events: impl Iterator<Item = (i64, (&'static str, &'static str, &'static str))>) {
    let path = driver.path("made.db");
    let mut store = if path.exists() {
        NativeStore::open_for_writing(&path).expect("opened")
    } else {
        NativeStore::create(&path).expect("a store")
    };
    for (number, (stream, event_type, payload)) in events {
        store.append(&StreamId::from(stream), Expected::Any, &[event(number, event_type, payload)]).expect("appended");
    }
}

/// Three leads and a ticket, on eight days.
pub(crate) fn table() -> Driver {
    let mut driver = Driver::welcome();
    record(&driver, (0..).zip(EVENTS));
    let path = driver.path("made.db");
    driver.open(&path);
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2"]);
    driver
}

/// The rows of the table, as they are read aloud.
pub(crate) fn rows(driver: &Driver) -> Vec<String> {
    let rows = driver.window.query_all_by_role(Role::Row);
    let is_stream = |name: &String| name.starts_with("lead-") || name.starts_with("ticket-");
    rows.filter_map(|row| row.accesskit_node().label()).filter(is_stream).collect()
}

pub(crate) fn streams(driver: &Driver) -> Vec<String> {
    let stream = |name: String| name.split(", ").next().unwrap_or_default().to_owned();
    rows(driver).into_iter().map(stream).collect()
}

#[track_caller]
pub(crate) fn wait_for_rows(driver: &mut Driver, wanted: &[&str]) {
    for _ in 0..400 {
        driver.settle();
        let is_read = rows(driver).iter().all(|row| row.contains(", name ") || row.starts_with("ticket"));
        if streams(driver) == wanted && is_read {
            return;
        }
    }
    panic!("not {wanted:?}; the window shows:\n{}", driver.all_text());
}

/// What is shown meanwhile is of the version before.
#[track_caller]
fn wait_for_cells(driver: &mut Driver, place: usize, wanted: &str) {
    for _ in 0..400 {
        driver.settle();
        if rows(driver).get(place).is_some_and(|row| row.contains(wanted)) {
            return;
        }
    }
    panic!("row {place} has no “{wanted}”; the window shows:\n{}", driver.all_text());
}

#[test]
fn what_changed_last_stands_first_and_the_table_follows_the_cursor() {
    let mut driver = table();
    assert_eq!(
        rows(&driver),
        [
            "lead-3, name 김서연, status NEW_LEAD, contacts 0, followups 0, created-on 2025-01-04 00:00:00.000 UTC, v1",
            "lead-1, name Ana, status NEW_LEAD, contacts 2, followups 0, created-on 2025-01-01 00:00:00.000 UTC, v2",
            "lead-2, name Bo, status NEW_LEAD, contacts 1, followups 0, created-on 2025-01-02 00:00:00.000 UTC, v1",
        ]
    );
    driver.assert_shows("lead, 3");
    driver.assert_shows("ticket, 1");
    // One event back, and to the very first.
    driver.press(Key::ArrowLeft);
    wait_for_rows(&mut driver, &["lead-1", "lead-2", "lead-3"]);
    wait_for_cells(&mut driver, 2, "created-on 2025-01-04 00:00:00.000 UTC, v0");
    driver.press(Key::Home);
    wait_for_rows(&mut driver, &["lead-1"]);
    wait_for_cells(&mut driver, 0, "contacts 0, followups 0, created-on 2025-01-01 00:00:00.000 UTC, v0");
    driver.assert_shows("lead, 1");
    driver.press(Key::End);
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2"]);
    // Whoever stands in the past is shown the way back.
    driver.assert_hides("Show as it is now");
    driver.window.set_size(egui::vec2(900.0, 600.0));
    driver.press(Key::Home);
    wait_for_rows(&mut driver, &["lead-1"]);
    driver.click("Show as it is now");
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2"]);
    driver.assert_hides("Show as it is now");
}

#[test]
fn what_is_recorded_meanwhile_comes_into_the_table() {
    let mut driver = table();
    record(&driver, [(9, ("lead-2", "contacted", "{}"))].into_iter());
    wait_for_rows(&mut driver, &["lead-2", "lead-3", "lead-1"]);
    wait_for_cells(&mut driver, 0, "contacts 2");
}

#[test]
fn the_table_is_one_stop_of_tab_the_arrows_go_along_and_enter_opens_the_row() {
    let mut driver = table();
    let focused = |driver: &Driver| {
        let focus = driver.window.query_all_by(|node| node.is_focused()).next();
        focus.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
    };
    let mut stops = 0;
    for _ in 0..60 {
        driver.press(Key::Tab);
        stops += usize::from(focused(&driver).starts_with("lead-"));
        if stops == 1 {
            break;
        }
    }
    assert!(focused(&driver).starts_with("lead-3"), "{}", focused(&driver));
    driver.press(Key::ArrowDown);
    assert!(focused(&driver).starts_with("lead-1"), "{}", focused(&driver));
    driver.wait_for("last contacted by kim");
    driver.press(Key::Tab);
    assert!(!focused(&driver).starts_with("lead-"), "{}", focused(&driver));
    driver.press_with(Modifiers::SHIFT, Key::Tab);
    assert!(focused(&driver).starts_with("lead-1"), "{}", focused(&driver));
    driver.press(Key::Enter);
    driver.wait_for("State at version 2");
}

#[test]
fn a_row_opens_its_stream_as_it_was_then() {
    let mut driver = table();
    driver.press(Key::ArrowLeft);
    driver.press(Key::ArrowLeft);
    wait_for_rows(&mut driver, &["lead-2", "lead-1", "lead-3"]);
    driver.click_beginning("lead-1, ");
    driver.wait_for("v1 of v2");
    driver.click_role(Role::Button, "Open at this moment");
    driver.wait_for("State at version 1");
    // And the way back leads to the same moment.
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    wait_for_rows(&mut driver, &["lead-2", "lead-1", "lead-3"]);
}

#[test]
fn chips_narrow_the_rows_and_go_one_by_one() {
    let mut driver = table();
    driver.type_into("Add a filter", "contacts > 0");
    driver.press(Key::Enter);
    wait_for_rows(&mut driver, &["lead-1", "lead-2"]);
    driver.assert_shows("2 of 3 streams");
    driver.type_into("Add a filter", "bo");
    driver.press(Key::Enter);
    wait_for_rows(&mut driver, &["lead-2"]);
    driver.click("Remove the filter contacts > 0");
    wait_for_rows(&mut driver, &["lead-2"]);
    driver.click("Remove the filter “bo”");
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2"]);
    driver.click_role(Role::Button, "Changed…");
    driver.click("changed last day");
    wait_for_rows(&mut driver, &["lead-3", "lead-1"]);
    // The moment counts, and not today.
    driver.press(Key::Home);
    wait_for_rows(&mut driver, &["lead-1"]);
}

#[test]
fn the_slash_leads_to_the_filter() {
    let mut driver = table();
    driver.press(Key::Slash);
    assert_eq!(focused(&driver), "Add a filter");
    driver.window.event(egui::Event::Text("bo".to_owned()));
    driver.press(Key::Enter);
    wait_for_rows(&mut driver, &["lead-2"]);
    // One more may follow.
    assert_eq!(focused(&driver), "Add a filter");
    driver.window.event(egui::Event::Text("contacts > 5".to_owned()));
    driver.press(Key::Enter);
    wait_for_rows(&mut driver, &[]);
}

#[test]
fn of_a_selected_stream_whose_row_is_filtered_away_that_is_said() {
    let mut driver = table();
    driver.click_beginning("lead-1, ");
    driver.assert_hides("The filters leave its row out");
    driver.type_into("Add a filter", "bo");
    driver.press(Key::Enter);
    wait_for_rows(&mut driver, &["lead-2"]);
    driver.wait_for("The filters leave its row out");
}

#[test]
fn the_counts_are_of_the_streams_that_the_chips_let_through_but_for_those_that_choose_among_the_values_counted() {
    let mut driver = table();
    driver.wait_for("NEW_LEAD, 3");
    driver.type_into("Add a filter", "contacts > 0");
    driver.press(Key::Enter);
    driver.wait_for("NEW_LEAD, 2");
    driver.assert_shows("Over time, all streams");
    // Counted by what a chip chooses among, all its values stay to be chosen.
    driver.click("Remove the filter contacts > 0");
    driver.wait_for("NEW_LEAD, 3");
    driver.assert_shows("Over time");
    driver.window.get_by_role_and_label(Role::Button, "Sort by contacts").click_secondary();
    driver.settle();
    driver.click("Count by contacts");
    driver.wait_for("2, 1");
    for value in ["0, 1", "1, 1"] {
        driver.assert_shows(value);
    }
    driver.click_role(Role::Row, "2, 1");
    wait_for_rows(&mut driver, &["lead-1"]);
    driver.assert_shows("1, 1");
    driver.type_into("Add a filter", "ana");
    driver.press(Key::Enter);
    driver.step_until("the others are no more counted", |driver| !driver.shows("1, 1"));
    driver.assert_shows("2, 1");
}

#[test]
fn a_wrong_word_in_a_condition_is_told_and_the_rows_stay() {
    let mut driver = table();
    driver.type_into("Add a filter", "contcts > 0");
    driver.press(Key::Enter);
    driver.wait_for_part("Did you mean contacts?");
    assert_eq!(streams(&driver).len(), 3, "what was there stays");
    driver.click("Remove the filter contcts > 0");
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2"]);
    assert!(!driver.shows_part("Did you mean"));
}

#[test]
fn a_condition_on_events_leads_to_where_it_can_be_asked() {
    let mut driver = table();
    driver.type_into("Add a filter", "count(\"contacted\") > 1");
    driver.press(Key::Enter);
    driver.wait_for_part("This condition asks for what an event says or changes");
    driver.assert_hides("Try again");
    driver.click_role(Role::Button, "When was it true…");
    driver.wait_for_part("Ever true in 1 stream");
    assert_eq!(driver.value_of("Condition"), "count(\"contacted\") > 1");
}

#[test]
fn a_heading_sorts_and_a_bar_narrows() {
    let mut driver = table();
    driver.click_role(Role::Button, "Sort by contacts");
    wait_for_rows(&mut driver, &["lead-1", "lead-2", "lead-3"]);
    driver.click_beginning("contacts, sorted from the largest");
    wait_for_rows(&mut driver, &["lead-3", "lead-2", "lead-1"]);
    driver.wait_for("NEW_LEAD, 3");
    driver.click_role(Role::Row, "NEW_LEAD, 3");
    driver.wait_for("3 of 3 streams");
    driver.assert_shows("Remove the filter status: NEW_LEAD");
    driver.assert_shows("Remove the filter status: NEW_LEAD");
}

#[test]
fn categories_have_columns_of_their_own_and_all_streams_stand_together() {
    let mut driver = table();
    driver.click_role(Role::Row, "ticket, 1");
    wait_for_rows(&mut driver, &["ticket-1"]);
    assert!(rows(&driver)[0].contains("subject Broken"), "{:?}", rows(&driver));
    driver.click_role(Role::Row, "All streams, 4");
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2", "ticket-1"]);
}

#[test]
fn the_rows_are_written_as_they_are_shown() {
    let mut driver = table();
    driver.type_into("Add a filter", "contacts > 0");
    driver.press(Key::Enter);
    wait_for_rows(&mut driver, &["lead-1", "lead-2"]);
    driver.click_role(Role::Button, "Export…");
    let path = driver.path("rows.jsonl");
    driver.type_into("File to write", &path.display().to_string());
    driver.click_role(Role::Button, "Export");
    driver.wait_for_part("2 rows written to");
    let lines = std::fs::read_to_string(&path).expect("written");
    let rows: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["stream"], "lead-1");
    assert_eq!(rows[0]["state"]["contacts"], 2);
}

#[test]
fn rows_are_written_as_parquet_where_the_name_of_the_file_ends_so() {
    let mut driver = table();
    driver.click_role(Role::Button, "Export…");
    let path = driver.path("rows.parquet");
    driver.type_into("File to write", &path.display().to_string());
    driver.click_role(Role::Button, "Export");
    driver.wait_for_part("3 rows written to");
    let file = std::fs::read(&path).expect("written");
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"), "{} bytes", file.len());
    assert!(memchr::memmem::find(&file, b"contacts").is_some(), "its columns are those of the table");
}

#[test]
fn a_store_that_was_replaced_by_one_of_as_many_events_shows_rows_of_the_new_one_alone() {
    let mut driver = table();
    let other = driver.path("other.db");
    let mut store = NativeStore::create(&other).expect("a store");
    for (number, (stream, event_type, payload)) in (0..).zip(EVENTS) {
        let stream = stream.replace('-', "-1");
        let new = NewEvent { id: EventId::new(&format!("o{number}")), ..event(number, event_type, payload) };
        store.append(&StreamId::from(stream.as_str()), Expected::Any, &[new]).expect("appended");
    }
    drop(store);
    std::fs::rename(&other, driver.path("made.db")).expect("replaced");
    wait_for_rows(&mut driver, &["lead-13", "lead-11", "lead-12"]);
}

#[test]
fn a_view_is_kept_under_its_name_and_brings_the_same_table_back() {
    let mut driver = table();
    driver.type_into("Add a filter", "contacts > 1");
    driver.press(Key::Enter);
    wait_for_rows(&mut driver, &["lead-1"]);
    driver.click_role(Role::Button, "Save this view…");
    driver.type_into("Name of the view", "Often called");
    driver.press(Key::Enter);
    driver.wait_for("Often called");
    driver.click("Remove the filter contacts > 1");
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2"]);
    driver.click_role(Role::Row, "Often called");
    wait_for_rows(&mut driver, &["lead-1"]);
    driver.click_role(Role::Button, "Forget the view Often called");
    driver.settle();
    driver.assert_hides("Often called");
}

#[test]
fn the_table_speaks_korean() {
    let mut driver = table();
    driver.click("한국어");
    for text in ["카테고리", "저장한 보기", "필터 추가", "스트림 3개", "열"] {
        assert!(driver.shows_part(text), "{text}:\n{}", driver.all_text());
    }
    assert!(!driver.shows_part("table-"), "{}", driver.all_text());
}

#[test]
fn in_a_narrow_window_columns_give_way_and_the_row_still_says_all() {
    let mut driver = table();
    driver.window.set_size(egui::vec2(900.0, 600.0));
    driver.settle();
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2"]);
    assert!(rows(&driver)[1].contains("contacts 2"), "{:?}", rows(&driver));
    driver.assert_shows("Sort by v");
}

fn focused(driver: &Driver) -> String {
    let focus = driver.window.query_all_by(|node| node.is_focused()).next();
    focus.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

fn tab_to(driver: &mut Driver, begin: &str) {
    for _ in 0..80 {
        if focused(driver).starts_with(begin) {
            return;
        }
        driver.press(Key::Tab);
    }
    panic!("Tab never led to {begin:?}:\n{}", driver.all_text());
}

#[test]
fn the_way_back_leads_to_the_row_that_was_opened() {
    let mut driver = table();
    tab_to(&mut driver, "lead-3");
    driver.press(Key::ArrowDown);
    driver.wait_for("last contacted by kim");
    driver.press(Key::Enter);
    driver.wait_for("State at version 2");
    driver.press_with(Modifiers::ALT, Key::ArrowLeft);
    wait_for_rows(&mut driver, &["lead-3", "lead-1", "lead-2"]);
    driver.step_until("the row with the focus", |driver| focused(driver).starts_with("lead-1"));
    driver.press_with(Modifiers::ALT, Key::ArrowRight);
    driver.wait_for("State at version 2");
}

#[test]
fn the_menu_of_a_heading_opens_by_the_keys_and_does_not_sort() {
    let keys = [(Modifiers::SHIFT, Key::F10), (Modifiers::NONE, Key::Menu), (Modifiers::SHIFT, Key::Enter)];
    let mut driver = table();
    tab_to(&mut driver, "Sort by ");
    for (modifiers, key) in keys {
        let before = streams(&driver);
        driver.press_with(modifiers, key);
        driver.settle();
        assert!(driver.shows("Smallest first"), "{key:?} opens it; the focus is on {}", focused(&driver));
        assert_eq!(streams(&driver), before, "{key:?}");
        driver.press(Key::Escape);
        driver.assert_hides("Smallest first");
    }
}

#[test]
fn whatever_tab_leads_to_is_scrolled_into_the_window() {
    let mut driver = table();
    driver.window.set_size(egui::vec2(1024.0, 600.0));
    driver.settle();
    driver.click_beginning("lead-1, ");
    driver.wait_for("last contacted by kim");
    let mut led = 0;
    for _ in 0..60 {
        driver.press(Key::Tab);
        let Some(node) = driver.window.query_all_by(|node| node.is_focused()).next() else { continue };
        let (rect, name) = (node.rect(), focused(&driver));
        assert!(rect.bottom() <= 600.0 && rect.top() >= 0.0, "{name}: {rect:?}");
        led += 1;
    }
    assert!(led > 20, "{led}");
}

#[test]
fn a_marked_span_is_told_by_the_times_between_which_its_events_lie() {
    let mut driver = table();
    let chart = driver.window.get_by_role_and_label(Role::Slider, "Moment of the store").rect();
    for (from, to) in [(0.2, 0.61), (0.337, 0.783), (0.05, 0.5)] {
        let at = |share: f32| egui::pos2(chart.left() + chart.width() * share, chart.bottom() - 8.0);
        driver.window.hover_at(at(from));
        driver.window.drag_at(at(from));
        driver.window.run_steps(2);
        for step in 1_u8..=4 {
            driver.window.hover_at(at(from + (to - from) * f32::from(step) / 4.0));
            driver.window.run_steps(1);
        }
        driver.window.drop_at(at(to));
        driver.settle();
        let all = driver.all_text();
        let said = all.lines().find(|line| line.contains(" to 2025-") && line.contains("  ·  "));
        let said = said.unwrap_or_else(|| panic!("no span is told in:\n{all}"));
        let begin = said.find("2025-").expect("a time");
        let (span, events) = said[begin..].split_once("  ·  ").expect("a count");
        let (from, to) = span.split_once(" to ").expect("two times");
        let micros = |time: &str| {
            let (day, clock) = time.split_once(' ').unwrap_or((time, "00:00"));
            let seconds = if clock.len() == 5 { ":00" } else { "" };
            let at = Timestamp::parse_rfc3339(&format!("{day}T{clock}{seconds}Z")).expect("a time");
            at.micros_since(Timestamp::from_micros(NEW_YEAR))
        };
        let end = if to.contains(' ') { micros(to) } else { micros(to) + DAY };
        let found = (0..8).map(|day| day * DAY).filter(|at| (micros(from)..end).contains(at)).count();
        let told: usize = events.split(' ').next().and_then(|count| count.parse().ok()).expect("a number");
        assert_eq!(told, found, "{said}");
    }
}

#[test]
fn a_refused_moment_is_told_whole_over_its_field() {
    let mut driver = table();
    for width in [1280.0, 1024.0] {
        driver.window.set_size(egui::vec2(width, 700.0));
        driver.settle();
        driver.type_over("Position or time", "some day in March");
        driver.press(Key::Enter);
        driver.wait_for_part("is no moment of a whole store");
        let said =
            driver.window.query_all_by_label_contains("is no moment of a whole store").next().expect("it").rect();
        let field = driver.window.get_by_role_and_label(Role::TextInput, "Position or time").rect();
        assert!(said.bottom() <= field.top() && said.right() <= width && said.width() > 200.0, "{said:?} {field:?}");
    }
}

#[test]
fn where_payloads_changed_their_shape_a_mark_says_so_and_leads_there() {
    let mut driver = Driver::welcome();
    let payloads = [r#"{"total": 1}"#, r#"{"total": 1, "phone": "1"}"#, r#"{"total": "1", "phone": "1"}"#];
    let of_day = |day: i64| payloads[if day < 6 { 0 } else { usize::from(day >= 9) + 1 }];
    record(&driver, (0..12).map(|day| (day, ("order-1", "placed", of_day(day)))));
    let path = driver.path("made.db");
    driver.open(&path);
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    let came = "“phone” first seen in placed, 2025-01-07 00:00";
    driver.step_until("the marks are there", |driver| driver.window.query_by_label(came).is_some());
    driver.settle();
    let became = "“total” in placed is text and was a number, 2025-01-10 00:00";
    assert!(driver.window.query_by_role_and_label(Role::Button, became).is_some(), "{}", driver.all_text());
    driver.click(came);
    driver.assert_shows("position 7 of 12");
    driver.click(became);
    driver.assert_shows("position 10 of 12");
    // In a small window, too.
    driver.window.set_size(egui::vec2(1_024.0, 700.0));
    driver.settle();
    let choice = "Changes of shape";
    driver.click(choice);
    assert!(driver.window.query_by_label(came).is_none(), "{}", driver.all_text());
    driver.click(choice);
    driver.step_until("they are there again", |driver| driver.window.query_by_label(came).is_some());
    driver.window.get_by_label(choice).hover();
    driver.wait_for("Payloads changed their shape 2 times");
}
