//! The lenses, and the one cursor over the whole store.

use egui::{Key, Modifiers, Pos2, Rect, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;
use crate::store_lens::table;

const STORE: Key = Key::Num2;
const STREAM: Key = Key::Num1;

fn through(driver: &mut Driver, lens: Key) {
    driver.press_with(Modifiers::COMMAND, lens);
}

fn text_of(node: &egui_kittest::Node<'_>) -> Option<String> {
    let node = node.accesskit_node();
    node.label().or_else(|| node.value())
}

/// At which position the store's cursor stands, and how many there are.
fn position(driver: &Driver) -> (u64, u64) {
    let said = driver.window.query_all_by_label_contains("position ").find_map(|node| text_of(&node));
    let said = said.unwrap_or_else(|| panic!("no position is told in:\n{}", driver.all_text()));
    let numbers: Vec<u64> = said.replace(',', "").split(' ').filter_map(|word| word.parse().ok()).collect();
    (numbers[0], *numbers.last().expect("the number of all"))
}

/// The long times that are shown.
fn times(driver: &Driver) -> Vec<String> {
    let is_long = |label: &String| label.ends_with(" UTC") && label.len() == "2025-01-01 01:00:05.010 UTC".len();
    driver.window.query_all_by_label_contains(" UTC").filter_map(|node| text_of(&node)).filter(is_long).collect()
}

fn chart(driver: &Driver) -> Rect {
    driver.window.get_by_role_and_label(Role::Slider, "Moment of the store").rect()
}

fn on_chart(driver: &Driver, share: f32) -> Pos2 {
    let chart = chart(driver);
    egui::pos2(chart.left() + chart.width() * share, chart.top() + 40.0)
}

fn on_scale(driver: &Driver, share: f32) -> Pos2 {
    let chart = chart(driver);
    egui::pos2(chart.left() + chart.width() * share, chart.bottom() - 8.0)
}

fn click_at(driver: &mut Driver, at: Pos2) {
    driver.window.hover_at(at);
    driver.window.drag_at(at);
    driver.window.run_steps(1);
    driver.window.drop_at(at);
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

fn go_to(driver: &mut Driver, text: &str) {
    driver.type_over("Position or time", text);
    driver.press(Key::Enter);
}

#[test]
fn switching_the_lens_keeps_the_moment_both_ways() {
    let mut driver = Driver::at("lead-4");
    driver.type_into("Version or time", "15");
    driver.press(Key::Enter);
    driver.assert_shows("v15 of 30");
    let before = times(&driver);
    driver.click_role(Role::RadioButton, "Store");
    let (here, all) = position(&driver);
    assert!(here < all, "position {here} of {all}");
    assert!(times(&driver).iter().any(|time| before.contains(time)), "{:?} of {before:?}", times(&driver));
    // Another stream's event came next: this one stands as it did.
    driver.press(Key::ArrowRight);
    assert_eq!(position(&driver), (here + 1, all));
    through(&mut driver, STREAM);
    driver.assert_shows("v15 of 30");
    through(&mut driver, STORE);
    assert_eq!(position(&driver), (here + 1, all), "the way back leads to the very moment");
    through(&mut driver, STREAM);
    driver.press(Key::ArrowRight);
    driver.assert_shows("v16 of 30");
    through(&mut driver, STORE);
    assert!(position(&driver).0 > here + 1, "the event at the stream's cursor is the moment now");
    go_to(&mut driver, &all.to_string());
    through(&mut driver, STREAM);
    driver.assert_shows("v30 of 30");
}

#[test]
fn the_same_keys_move_the_cursor_of_the_store() {
    let mut driver = Driver::at("lead-4");
    through(&mut driver, STORE);
    driver.press(Key::End);
    let (last, all) = position(&driver);
    assert_eq!(last, all);
    driver.press(Key::ArrowLeft);
    assert_eq!(position(&driver).0, all - 1);
    driver.press(Key::Home);
    assert_eq!(position(&driver).0, 1);
    driver.press(Key::ArrowLeft);
    assert_eq!(position(&driver).0, 1, "there is nothing before it");
    driver.press_with(Modifiers::SHIFT, Key::ArrowRight);
    assert_eq!(position(&driver).0, 11);
    driver.window.get_by_role_and_label(Role::Slider, "Moment of the store").focus();
    driver.press(Key::PageDown);
    let bar = position(&driver).0;
    assert!(bar >= 11, "a bar on");
    driver.press(Key::PageDown);
    let next = position(&driver).0;
    assert!(next > bar, "{next} behind {bar}");
    driver.press(Key::PageUp);
    assert_eq!(position(&driver).0, bar, "and back");
    driver.click_role(Role::RadioButton, "by position");
    driver.click_role(Role::RadioButton, "actor");
    assert_eq!(position(&driver).0, bar, "how it is drawn moves nothing");
}

#[test]
fn a_click_goes_there_and_what_is_typed_goes_or_says_why_not() {
    let mut driver = Driver::at("lead-4");
    through(&mut driver, STORE);
    let at = on_chart(&driver, 0.3);
    click_at(&mut driver, at);
    let (early, all) = position(&driver);
    let to = on_chart(&driver, 0.7);
    drag(&mut driver, at, to);
    let (late, _) = position(&driver);
    assert!(1 < early && early < late && late < all, "{early}, then {late} of {all}");
    go_to(&mut driver, "1,200");
    assert_eq!(position(&driver).0, 1_200);
    go_to(&mut driver, "v5");
    assert_eq!(position(&driver).0, 1_200, "that is no moment of a store");
    assert!(driver.shows_part("no moment of a whole store"), "{}", driver.all_text());
    go_to(&mut driver, "1999-01-01");
    assert!(driver.shows_part("Nothing was recorded by"), "{}", driver.all_text());
    let time = {
        driver.press(Key::Escape);
        driver.press(Key::Home);
        times(&driver)
    };
    go_to(&mut driver, "2999-01-01");
    assert_ne!(times(&driver), time);
    assert_eq!(position(&driver).0, all);
}

#[test]
fn a_span_is_marked_along_the_scale_and_zoomed_into() {
    let mut driver = Driver::at("lead-4");
    through(&mut driver, STORE);
    let at = |driver: &mut Driver, share: f32| {
        let place = on_chart(driver, share);
        click_at(driver, place);
        position(driver).0
    };
    let (begin, end) = (at(&mut driver, 0.4), at(&mut driver, 0.6));
    let (from, to) = (on_scale(&driver, 0.4), on_scale(&driver, 0.6));
    drag(&mut driver, from, to);
    assert_eq!(position(&driver).0, end, "marking moves nothing");
    driver.assert_shows("Beginning of the marked span");
    assert!(driver.shows_part(" events"), "{}", driver.all_text());
    driver.click_role(Role::Button, "Zoom in");
    driver.assert_hides("Beginning of the marked span");
    assert!(driver.shows_part("Shown: "), "{}", driver.all_text());
    let (first, last) = (at(&mut driver, 0.02), at(&mut driver, 0.98));
    assert!(begin <= first && first < last && last <= end, "{first} to {last} of {begin} to {end}");
    driver.window.get_by_role_and_label(Role::Slider, "Moment of the store").focus();
    driver.press(Key::Num0);
    assert!(!driver.shows_part("Shown: "), "all is shown again");
    // Its ends are moved with the arrows, and it is taken away with a key.
    let (from, to) = (on_scale(&driver, 0.2), on_scale(&driver, 0.3));
    drag(&mut driver, from, to);
    driver.window.get_by_role_and_label(Role::Slider, "End of the marked span").focus();
    // Nobody presses a key in the very frame in which the focus comes.
    driver.settle();
    driver.press(Key::ArrowRight);
    driver.press(Key::Delete);
    driver.assert_hides("End of the marked span");
}

#[test]
fn pins_of_the_store_are_its_own_and_the_lens_survives_in_both_languages() {
    let mut driver = Driver::at("lead-4");
    through(&mut driver, STORE);
    go_to(&mut driver, "100");
    driver.window.get_by_role_and_label(Role::Slider, "Moment of the store").focus();
    driver.press(Key::A);
    driver.assert_shows("A 100");
    through(&mut driver, STREAM);
    driver.assert_hides("A 100");
    through(&mut driver, STORE);
    driver.assert_shows("A 100");
    driver.click("한국어");
    assert!(driver.window.query_by_role_and_label(Role::RadioButton, "저장소").is_some(), "{}", driver.all_text());
    driver.assert_shows("저장소의 시점");
    assert!(driver.shows_part("위치 100 / "), "{}", driver.all_text());
    assert!(driver.shows_part(" / 1 GiB"), "the memory that is taken");
}

#[test]
fn in_a_small_window_a_moment_can_be_typed_and_the_bars_are_told_apart_by_what_a_menu_says() {
    let mut driver = Driver::at("lead-4");
    driver.window.set_size([1024.0, 700.0].into());
    through(&mut driver, STORE);
    for (field, by_type, language) in [("Position or time", "type", "한국어"), ("위치 또는 시각", "유형", "English")]
    {
        let field = driver.window.get_by_role_and_label(Role::TextInput, field).rect();
        let menu = driver.window.get_by_role_and_label(Role::ComboBox, by_type).rect();
        assert!(field.width() >= 100.0 && field.right() <= menu.left(), "{field:?} and {menu:?}");
        assert!(menu.right() < 1024.0, "{menu:?}");
        driver.click(language);
    }
    go_to(&mut driver, "100");
    assert_eq!(position(&driver).0, 100);
    driver.click_role(Role::ComboBox, "type");
    driver.click_role(Role::RadioButton, "actor");
    let has = |driver: &Driver, name: &str| driver.window.query_by_role_and_label(Role::ComboBox, name).is_some();
    assert!(has(&driver, "actor") && !has(&driver, "type"), "{}", driver.all_text());
}

/// Twelve events that have a phone number from the seventh on.
fn changed_in_shape(driver: &mut Driver) {
    let path = driver.path("made.db");
    let mut store = NativeStore::create(&path).expect("a store");
    for day in 0..12_i64 {
        let payload = if day < 6 { r#"{"total":1}"# } else { r#"{"total":1,"phone":"1"}"# };
        let event = NewEvent {
            id: EventId::new(&format!("e{day}")),
            event_type: EventType::from("placed"),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + day * 86_400_000_000)),
            payload: payload.to_owned(),
            metadata: String::new(),
        };
        store.append(&StreamId::from("order-1"), Expected::Any, &[event]).expect("appended");
    }
    drop(store);
    driver.open(&path);
}

#[test]
fn a_mark_that_is_pointed_at_says_what_changed_and_not_what_its_bar_holds() {
    let mut driver = Driver::welcome();
    changed_in_shape(&mut driver);
    through(&mut driver, STORE);
    let came = "“phone” first seen in placed, 2025-01-07 00:00";
    driver.step_until("the mark is there", |driver| driver.window.query_by_label(came).is_some());
    driver.settle();
    driver.window.get_by_role_and_label(Role::Button, came).hover();
    driver.step_until("it is told", |driver| driver.window.query_by_role_and_label(Role::Label, came).is_some());
    assert!(!driver.shows_part("1  placed"), "{}", driver.all_text());
    let choice = "Changes of shape";
    driver.window.get_by_role_and_label(Role::Button, choice).hover();
    driver.wait_for("Payloads changed their shape once");
    assert_eq!(driver.window.query_all_by_role_and_label(Role::Label, choice).count(), 1, "{}", driver.all_text());
}

#[test]
fn that_a_command_was_of_another_lens_is_told_until_somebody_goes_on() {
    let told = "This is about one stream: look at one first (Ctrl+1)";
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::Num3);
    driver.press(Key::W);
    driver.assert_shows(told);
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    driver.assert_hides(told);
    driver.press(Key::W);
    driver.assert_shows(told);
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.assert_hides(told);
}

#[test]
fn fields_that_no_result_changed_are_picked_where_the_table_of_the_store_has_them() {
    const SEARCH: &str = "Search everything that happened";
    let mut driver = table();
    through(&mut driver, Key::Num3);
    driver.type_into(SEARCH, "type:lead-initialized");
    driver.press(Key::Enter);
    driver.wait_for_part("3 of ");
    driver.click("+ Condition");
    driver.click("Changed value");
    driver.click_role(Role::Button, "contacts");
    assert_eq!(driver.value_of(SEARCH), "type:lead-initialized replaced:contacts");
}
