//! Everything that happened: the audit trail, as somebody uses it who has never seen it.

use std::path::Path;

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::Writer;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow};

use crate::driver::Driver;

fn event(number: u64, event_type: &str, at: &str, actor: &str, reason: &str, payload: &str) -> NewEvent {
    let mut metadata = serde_json::json!({ "actor": actor });
    if !reason.is_empty() {
        metadata["reason"] = reason.into();
    }
    NewEvent {
        id: EventId::new(&format!("e{number}")),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Timestamp::parse_rfc3339(at),
        payload: payload.to_owned(),
        metadata: metadata.to_string(),
    }
}

/// Three leads that several people worked on, in February and March.
fn make(path: &Path) {
    let mut store = NativeStore::create(path).expect("a store");
    let changed = "contact-details-updated";
    let events = [
        (
            "lead-1",
            "lead-initialized",
            "2025-02-03T09:00:00Z",
            "web",
            "",
            r#"{"lead-id":1,"name":"김서연","phone":"010-1"}"#,
        ),
        (
            "lead-2",
            "lead-initialized",
            "2025-02-03T10:00:00Z",
            "web",
            "",
            r#"{"lead-id":2,"name":"Bo","phone":"010-2"}"#,
        ),
        (
            "lead-3",
            "lead-initialized",
            "2025-03-01T10:00:00Z",
            "web",
            "",
            r#"{"lead-id":3,"name":"Zoë","phone":"010-3"}"#,
        ),
        ("lead-2", changed, "2025-02-10T08:00:00Z", "park", "moved", r#"{"phone":"010-22"}"#),
        ("lead-3", "contacted", "2025-03-03T08:00:00Z", "lee", "", "{}"),
        ("lead-1", changed, "2025-03-11T08:30:00Z", "kim", "two digits swapped", r#"{"phone":"010-10"}"#),
        ("lead-3", changed, "2025-03-11T09:00:00Z", "lee", "typo", r#"{"name":"Zoe"}"#),
        ("lead-3", "contacted", "2025-03-11T16:00:00Z", "kim", "", "{}"),
        ("lead-2", changed, "2025-03-13T11:00:00Z", "lee", "told by mail", r#"{"name":"Bo B","phone":"010-222"}"#),
        ("lead-1", "contacted", "2025-03-14T09:00:00Z", "kim", "", "{}"),
    ];
    for (number, (stream, event_type, at, actor, reason, payload)) in (0..).zip(events) {
        let event = event(number, event_type, at, actor, reason, payload);
        store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
    }
}

fn opened() -> Driver {
    Driver::with("lead-1", make)
}

fn is_event(label: &str) -> bool {
    label.get(2..3) == Some(":") && label.get(5..6) == Some(":")
}

/// The events that are listed, as they are read aloud.
fn rows(driver: &Driver) -> Vec<String> {
    let rows = driver.window.query_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label());
    // `09:00:00, kim, …`: no other row begins with a time.
    rows.filter(|label| is_event(label)).collect()
}

/// What is drawn with a line below it.
fn underlined(driver: &Driver) -> Vec<String> {
    fn walk(shape: &egui::Shape, found: &mut Vec<String>) {
        match shape {
            egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| walk(shape, found)),
            egui::Shape::Text(text) => {
                let job = &text.galley.job;
                let sections = job.sections.iter().filter(|section| section.format.underline.width > 0.0);
                found.extend(
                    sections.map(|section| job.text[section.byte_range.start.0..section.byte_range.end.0].to_owned()),
                );
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    driver.window.output().shapes.iter().for_each(|clipped| walk(&clipped.shape, &mut found));
    found
}

const SEARCH: &str = "Search everything that happened";

#[test]
fn of_more_than_are_listed_it_is_told_how_many_there_are() {
    // With no event that is looked at: whatever comes before it would be listed, too.
    let mut driver = Driver::welcome();
    let path = driver.sample();
    driver.open(&path);
    driver.press_with(Modifiers::COMMAND, Key::Num3);
    driver.wait_for("The latest 2,000 of 3,000, newest first; scroll for more");
    driver.type_into("Search everything that happened", "after:2000-01-01");
    driver.press(Key::Enter);
    driver.wait_for_part("Found by the search, ");
    let all = driver.all_text();
    let legend = all.lines().find_map(|line| line.strip_prefix("Found by the search, ")).expect("in the legend");
    driver.assert_shows(&format!("The latest 2,000 of {legend}, newest first; scroll for more"));
}

#[test]
fn who_changed_phone_numbers_in_march_and_to_what_is_picked_without_typing() {
    let mut driver = opened();
    driver.click("Activity");
    driver.click("+ Condition");
    driver.click("Changed value");
    driver.click_role(Role::Button, "phone");
    driver.click("+ Condition");
    driver.click("When");
    driver.click_role(Role::Button, "2025-03");
    assert_eq!(
        rows(&driver),
        [
            "11:00:00, lee, Corrected name and phone number, lead-2 Bo B, phone 010-22 → 010-222, name Bo → Bo B, told by mail",
            "08:30:00, kim, Corrected the phone number, lead-1 김서연, phone 010-1 → 010-10, two digits swapped",
        ]
    );
    assert_eq!(driver.value_of(SEARCH), "replaced:phone 2025-03");
    driver.assert_shows("2 of 10 events, newest first");
}

#[test]
fn what_kim_did_last_tuesday_takes_two_clicks() {
    let mut driver = opened();
    driver.click("Activity");
    driver.click_role(Role::Button, "kim, Tuesday, 2025-03-11: 2 events");
    assert_eq!(driver.value_of(SEARCH), "actor:kim on:2025-03-11");
    let said = rows(&driver);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().all(|row| row.contains(", kim, ")), "{said:?}");
    assert!(
        said.first().is_some_and(|row| row.starts_with("16:00:00, kim, Contacted the customer, lead-3 Zoe")),
        "{said:?}"
    );
    driver.assert_shows("Tuesday, 2025-03-11");
}

#[test]
fn the_same_is_typed_and_a_chip_that_is_taken_away_is_not_asked_any_more() {
    let mut driver = opened();
    driver.press_with(Modifiers::COMMAND, Key::F);
    driver.strike("actor:kim type:contacted 2025-03");
    driver.press(Key::Enter);
    assert_eq!(rows(&driver).len(), 2, "{}", driver.all_text());
    driver.click("Remove event  contacted");
    assert_eq!(driver.value_of(SEARCH), "actor:kim 2025-03");
    assert_eq!(rows(&driver).len(), 3, "{}", driver.all_text());
    driver.click("Clear the search");
    driver.assert_shows("10 of 10 events, newest first");
}

#[test]
fn the_search_is_kept_to_the_stream_on_the_desk_and_the_slash_leads_to_it() {
    let mut driver = opened();
    driver.click("Activity");
    driver.click("+ Condition");
    driver.click("Only in lead-1");
    assert_eq!(driver.value_of(SEARCH), "stream:lead-1");
    driver.assert_shows("3 of 10 events, newest first");
    driver.press(Key::Slash);
    driver.strike("contacted");
    driver.press(Key::Enter);
    assert_eq!(driver.value_of(SEARCH), "contacted");
    driver.assert_shows("3 of 10 events, newest first");
}

#[test]
fn what_cannot_be_meant_is_said_and_what_was_found_before_stays() {
    let mut driver = opened();
    driver.click("Activity");
    driver.type_into(SEARCH, "before:soon");
    driver.press(Key::Enter);
    assert!(driver.shows_part("“soon” is not a time"), "{}", driver.all_text());
    assert!(rows(&driver).first().is_some_and(|row| row.starts_with("09:00:00, kim")), "{}", driver.all_text());
}

#[test]
fn an_event_is_found_by_any_words_in_it_and_opens_at_its_moment() {
    let mut driver = Driver::at("lead-4");
    driver.press_with(Modifiers::COMMAND, Key::F);
    driver.strike("PENDING_PAY");
    driver.press(Key::Enter);
    assert!(driver.shows_part("Nothing was found among 3,000 events"), "{}", driver.all_text());
    driver.type_over(SEARCH, "\"transfer received\" stream:lead-1");
    driver.press(Key::Enter);
    let found = rows(&driver);
    assert!(matches!(found.as_slice(), [only] if only.contains("Payment confirmed, lead-1 aaa")), "{found:?}");
    let drawn = underlined(&driver);
    assert!(drawn.iter().any(|drawn| drawn == "transfer received"), "{drawn:?}");
    driver.click("Open at this moment");
    driver.assert_shows("v6 of 6");
    driver.assert_hides(SEARCH);
    driver.press_with(Modifiers::COMMAND, Key::F);
    assert_eq!(driver.value_of(SEARCH), "\"transfer received\" stream:lead-1");
    driver.strike("other");
    assert_eq!(driver.value_of(SEARCH), "other", "what was typed before is replaced");
}

#[test]
fn the_list_is_one_stop_of_tab_its_arrows_choose_and_enter_opens() {
    let mut driver = opened();
    driver.press_with(Modifiers::COMMAND, Key::F);
    let focused = |driver: &Driver| {
        let row = driver.window.query_all_by_role(Role::Row).find(|node| node.is_focused());
        row.and_then(|node| node.accesskit_node().label()).filter(|label| is_event(label))
    };
    for _ in 0..12 {
        if focused(&driver).is_none() {
            driver.press(Key::Tab);
        }
    }
    assert!(focused(&driver).is_some_and(|row| row.starts_with("09:00:00, kim")), "{:?}", focused(&driver));
    driver.press(Key::ArrowDown);
    assert!(focused(&driver).is_some_and(|row| row.starts_with("11:00:00, lee")), "{:?}", focused(&driver));
    driver.assert_shows("2025-03-13 11:00:00.000 UTC");
    driver.press(Key::End);
    driver.assert_shows("2025-02-03 09:00:00.000 UTC");
    driver.press(Key::Home);
    driver.press(Key::ArrowDown);
    driver.press(Key::Enter);
    driver.assert_shows("State at version 2");
    assert!(driver.shows_part("lead-2"), "{}", driver.all_text());
}

#[test]
fn a_saved_search_and_the_last_ones_are_there_again_in_another_window() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::F);
    driver.strike("type:payment-confirmed");
    driver.press(Key::Enter);
    driver.click("Save…");
    driver.type_into("Name of the search", "Paid");
    driver.click_role(Role::Button, "Save");
    driver.type_over(SEARCH, "type:lead-closed");
    driver.press(Key::Enter);
    let mut driver = driver.restarted("lead-1");
    driver.click("Activity");
    driver.assert_shows("type:lead-closed");
    driver.click_role(Role::Row, "Paid");
    assert_eq!(driver.value_of(SEARCH), "type:payment-confirmed");
    assert!(rows(&driver).iter().all(|row| row.contains("Payment confirmed")), "{}", driver.all_text());
    driver.click("Forget Paid");
    driver.assert_hides("Paid");
}

#[test]
fn what_a_search_finds_is_marked_in_the_stores_time_and_counted_beside_its_name() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::F);
    assert!(!driver.shows_part("Found by the search"), "nothing is looked for: {}", driver.all_text());
    driver.strike("type:payment-confirmed");
    driver.press(Key::Enter);
    let reader = foldline::store::open(&driver.path("small.db").into()).expect("the store");
    let now = foldline::engine::Calendar::utc(Timestamp::from_micros(0));
    let search = foldline::engine::Search::new("type:payment-confirmed", &now).expect("a search");
    let mut found = 0;
    foldline::engine::search(reader.as_ref(), &search, &mut |_| Flow::Continue(()), &mut |_| {
        found += 1;
        Flow::Continue(())
    })
    .expect("searched");
    assert!(found > 0);
    driver.wait_for(&format!("Found by the search, {found}"));
    driver.click("Save…");
    driver.type_into("Name of the search", "Paid");
    driver.click_role(Role::Button, "Save");
    driver.type_over(SEARCH, "type:nothing-of-the-kind");
    driver.press(Key::Enter);
    driver.wait_for("Found by the search, 0");
    driver.wait_for(&found.to_string());
}

#[test]
fn what_was_found_is_told_into_a_table_and_onto_a_page() {
    let mut driver = opened();
    driver.press_with(Modifiers::COMMAND, Key::F);
    driver.strike("type:contact-details-updated 2025-03");
    driver.press(Key::Enter);
    let (table, page) = (driver.path("trail.csv"), driver.path("trail.html"));
    driver.click("Export…");
    driver.type_into("File to write", &table.display().to_string());
    driver.click_role(Role::Button, "Export");
    assert!(driver.shows_part("3 events written to"), "{}", driver.all_text());
    let text = std::fs::read_to_string(&table).expect("the table");
    let line = "2025-03-11T08:30:00.000Z,kim,Corrected the phone number,contact-details-updated,lead-1,1,김서연,phone,010-1,010-10,two digits swapped";
    assert!(text.contains(line), "{text}");
    assert_eq!(text.lines().count(), 1 + 4, "a row for each field that changed: {text}");
    driver.press(Key::Escape);
    driver.click("Print…");
    assert_eq!(driver.value_of("File to write"), page.display().to_string(), "a page is not called like a table");
    driver.click_role(Role::Button, "Export");
    assert!(driver.shows_part("3 events written to"), "{}", driver.all_text());
    let text = std::fs::read_to_string(&page).expect("the page");
    for part in [
        "<h2>2025-03-13</h2>",
        "phone: 010-22 → 010-222",
        "told by mail",
        "<dd>type:contact-details-updated 2025-03</dd>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("src=") && !text.contains("href=") && !text.contains("<script"), "it needs nothing else");
    driver.press(Key::Escape);
    driver.click("Export…");
    assert_eq!(driver.value_of("File to write"), table.display().to_string());
}

#[test]
fn in_korean_it_is_told_in_korean() {
    let mut driver = opened();
    driver.click("한국어");
    driver.click("활동");
    driver.click_role(Role::Button, "kim, 2025년 3월 11일 화요일: 2건");
    let said = rows(&driver);
    let wanted = "08:30:00, kim, 전화번호를 고침, lead-1 김서연, phone 010-1 → 010-10, two digits swapped";
    assert!(said.iter().any(|row| row == wanted), "{said:?}");
    driver.assert_shows("2025년 3월 11일 화요일");
}

#[test]
fn what_is_recorded_meanwhile_comes_to_the_top() {
    let mut driver = opened();
    driver.click("Activity");
    let mut store = NativeStore::open_for_writing(&driver.path("made.db")).expect("opened");
    let late = event(99, "lead-closed", "2025-03-15T10:00:00Z", "park", "", "{}");
    store.append(&StreamId::from("lead-3"), Expected::Any, &[late]).expect("appended");
    driver.wait_for("Saturday, 2025-03-15");
    assert!(rows(&driver).first().is_some_and(|row| row.starts_with("10:00:00, park, Closed the lead")));
}

#[test]
fn a_month_without_anything_says_so_and_one_more_leads_to_what_was_done() {
    let mut driver = opened();
    driver.click("Activity");
    driver.click("Month before");
    driver.assert_shows("park, Monday, 2025-02-10: 1 event");
    driver.click("Month before");
    driver.assert_shows("Nobody did anything in this month");
}

#[test]
fn one_more_person_than_a_month_has_columns_for_is_one_person() {
    let seven = |path: &Path| {
        let mut store = NativeStore::create(path).expect("a store");
        for (number, who) in (0..).zip(["web", "kim", "lee", "park", "chen", "ortiz", "jung"]) {
            let at = if number < 6 { "2025-03-03T09:00:00Z" } else { "2025-04-03T09:00:00Z" };
            let event = event(number, "contacted", at, who, "", "{}");
            store.append(&StreamId::from("lead-1"), Expected::Any, &[event]).expect("appended");
        }
    };
    let mut driver = Driver::with("lead-1", seven);
    driver.click("Activity");
    driver.assert_hides("more pe");
    driver.click("Month before");
    driver.assert_shows("1 more person");
}

#[test]
fn the_moment_of_a_stream_is_found_however_far_back_it_lies() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    driver.click("Activity");
    driver.assert_shows("2025-01-01 01:00:01.010 UTC");
    let first = driver.window.query_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label());
    let mut first = first.filter(|label| is_event(label));
    assert!(first.any(|row| row.contains("New lead, lead-1 aaa")), "{}", driver.all_text());
}

#[test]
fn a_press_on_a_day_leaves_that_day_alone_and_one_more_brings_the_others_back() {
    let mut driver = opened();
    driver.click("Activity");
    driver.click("Only Tuesday, 2025-03-11");
    assert_eq!(driver.value_of(SEARCH), "on:2025-03-11");
    driver.assert_shows("3 of 10 events, newest first");
    driver.click("Only Tuesday, 2025-03-11");
    driver.assert_shows("10 of 10 events, newest first");
}

#[test]
fn a_changed_value_counts_what_pressing_it_finds() {
    let mut driver = Driver::welcome();
    let path = driver.path("orders.db");
    let mut store = NativeStore::create(&path).expect("a store");
    for (number, payload) in [
        // Both are set for the first time, and told by their members.
        (1, r#"{"address":{"city":"Busan","zip":1},"size":{"x":1}}"#),
        (2, r#"{"address":{"city":"Seoul","zip":1}}"#),
    ] {
        let noted = event(number, "noted", "2025-03-11T08:30:00Z", "kim", "", payload);
        store.append(&StreamId::from("order-1"), Expected::Any, &[noted]).expect("kept");
    }
    drop(store);
    driver.open(&path);
    driver.press_with(Modifiers::COMMAND, Key::F);
    driver.wait_for("address, 1");
    driver.assert_hides("size, 1");
    driver.click("address, 1");
    driver.wait_for_part("1 of 2 events");
}

#[test]
fn an_id_that_is_looked_for_leads_to_its_own_event_before_all_that_say_it() {
    const ID: &str = "0190b1de-5a4f-7c8e-9a3b-0123456789ab";
    let mut driver = Driver::welcome();
    let path = driver.path("orders.db");
    let mut store = NativeStore::create(&path).expect("a store");
    let mut append = |stream: &str, noted: NewEvent| {
        store.append(&StreamId::from(stream), Expected::Any, &[noted]).expect("kept");
    };
    append("order-1", NewEvent { id: EventId::new(ID), ..event(0, "begun", "2025-03-10T08:00:00Z", "kim", "", "{}") });
    for number in 1..4 {
        let noted = event(number, "noted", "2025-03-11T08:30:00Z", "kim", "", "{}");
        append("order-2", NewEvent { metadata: format!(r#"{{"correlation-id":"{ID}"}}"#), ..noted });
    }
    driver.open(&path);
    driver.press_with(Modifiers::COMMAND, Key::F);
    driver.type_over(SEARCH, ID);
    driver.wait_for("The event with this ID:");
    driver.click("begun · order-1 v0");
    driver.wait_for("State at version 0");
    // Of other words there is no such event.
    driver.press_with(Modifiers::COMMAND, Key::F);
    driver.type_over(SEARCH, &ID[..ID.len() - 1]);
    driver.wait_for_part("events, newest first");
    driver.assert_hides("The event with this ID:");
}

#[test]
fn a_search_that_is_kept_to_a_day_shows_the_days_around_it() {
    let mut driver = opened();
    driver.click("Activity");
    driver.assert_shows("Only 2025-03");
    // Something was found on the one, and nothing on the other.
    for (day, month) in [("2025-02-10", "2025-02"), ("2024-12-24", "2024-12")] {
        driver.type_over(SEARCH, &format!("on:{day}"));
        driver.press(Key::Enter);
        driver.assert_shows(&format!("Only {month}"));
        driver.assert_hides("Only 2025-03");
    }
    // The other months are looked at all the same.
    driver.click("Month after");
    driver.assert_shows("Only 2025-01");
}

#[test]
fn an_event_has_one_name_in_its_row_and_among_what_it_was_led_to_by() {
    let mut driver = Driver::with("lead-1", |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let begun = r#"{"lead-id":1,"name":"Bo","phone":"010-1"}"#;
        let mut call = event(2, "contacted", "2025-03-03T08:00:00Z", "kim", "", "{}");
        let mut change = event(3, "contact-details-updated", "2025-03-03T08:05:00Z", "kim", "", r#"{"phone":"010-2"}"#);
        call.metadata = serde_json::json!({ "actor": "kim", "causation-id": "e1" }).to_string();
        change.metadata = serde_json::json!({ "actor": "kim", "causation-id": "e2" }).to_string();
        for (stream, event) in [
            ("lead-1", event(0, "lead-initialized", "2025-03-01T08:00:00Z", "web", "", begun)),
            ("lead-2", event(1, "lead-initialized", "2025-03-02T08:00:00Z", "web", "", begun)),
            ("lead-2", call),
            ("lead-1", change),
        ] {
            store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
        }
    });
    driver.click("Activity");
    let said = rows(&driver);
    assert!(said.first().is_some_and(|row| row.contains("Corrected the phone number")), "{said:?}");
    driver.click_beginning("08:00:00, kim, Contacted the customer");
    driver.wait_for("Corrected the phone number · lead-1 v1");
}
