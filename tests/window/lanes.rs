//! Lanes of the timeline: typed with what is offered, read along the stream, kept, and gone along from turn to turn.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

const FIELD: &str = "Add a lane";

fn add(driver: &mut Driver, text: &str) {
    driver.press(Key::L);
    driver.strike(text);
    driver.press(Key::Enter);
    driver.press(Key::Escape);
}

/// How a lane is read aloud, by how that begins.
fn lane(driver: &Driver, begin: &str) -> Option<String> {
    let lanes = driver.window.query_all_by_role(Role::Slider);
    let mut labels = lanes.filter_map(|lane| lane.accesskit_node().label());
    labels.find(|label| label.starts_with(begin))
}

#[test]
fn a_condition_is_a_lane_that_says_when_it_was_true() {
    let mut driver = Driver::at("lead-1");
    add(&mut driver, r#"status == "FOLLOWUP_SET""#);
    let said = lane(&driver, "status").unwrap_or_else(|| panic!("no lane:\n{}", driver.all_text()));
    assert_eq!(said, r#"status == "FOLLOWUP_SET": true once, 3 events; here false since v5"#);
    driver.assert_shows("Lanes at this event");
    driver.assert_shows("false since v5");
    driver.click(r#"Previous turn of status == "FOLLOWUP_SET""#);
    driver.assert_shows("v5 of 6");
    driver.click(r#"Previous turn of status == "FOLLOWUP_SET""#);
    driver.assert_shows("v2 of 6");
    assert!(lane(&driver, "status").is_some_and(|said| said.ends_with("here true since v2, 1 of 1")));
    driver.click(r#"Next turn of status == "FOLLOWUP_SET""#);
    driver.assert_shows("v5 of 6");
    driver.click(r#"Remove the lane status == "FOLLOWUP_SET""#);
    assert_eq!(lane(&driver, "status"), None);
    driver.assert_hides("Lanes at this event");
}

#[test]
fn keys_lead_from_turn_to_turn_of_the_chosen_lane_and_say_where_there_is_none() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::T);
    driver.assert_shows("No lane is shown; L adds one.");
    add(&mut driver, r#"status == "FOLLOWUP_SET""#);
    driver.press_with(Modifiers::SHIFT, Key::T);
    driver.assert_shows("v5 of 6");
    driver.press_with(Modifiers::SHIFT, Key::T);
    driver.assert_shows("v2 of 6");
    driver.press(Key::T);
    driver.assert_shows("v5 of 6");
    driver.press(Key::T);
    driver.assert_shows("This lane does not turn after this event.");
    driver.assert_shows("v5 of 6");
}

#[test]
fn after_a_lane_the_next_can_be_typed_at_once() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::L);
    for text in ["contacts", "status"] {
        driver.strike(text);
        driver.press(Key::Enter);
        assert!(lane(&driver, &format!("{text}: ")).is_some(), "{}", driver.all_text());
        driver.assert_hides("Functions");
        assert!(driver.window.get_by_role_and_label(Role::TextInput, FIELD).is_focused(), "after {text}");
    }
    driver.press(Key::Escape);
    driver.press(Key::Home);
    driver.assert_shows("v0 of 6");
}

#[test]
fn fields_and_what_the_event_did_are_lanes_of_their_own_kinds() {
    let mut driver = Driver::at("lead-1");
    for (text, said) in [
        ("contacts", "contacts: number, 0 to 2; here 2"),
        ("status", "status: text, 4 values; here CONVERTED"),
        (r#"changed("name")"#, r#"changed("name"): true 2 times, 2 events; here false"#),
        (r#"event.type == "contacted""#, r#"event.type == "contacted": true 2 times, 2 events; here false"#),
        ("phone > 2", "phone > 2: empty at every event, unknown at 7; here cannot be told"),
        (r#"event.payload.name == "aaa""#, r#"event.payload.name == "aaa": true once, 1 event; here false"#),
    ] {
        add(&mut driver, text);
        assert_eq!(lane(&driver, &format!("{text}: ")).as_deref(), Some(said));
    }
    driver.assert_shows("6 lanes, kept with this store");
    driver.press(Key::Home);
    assert!(lane(&driver, "contacts: ").is_some_and(|said| said.ends_with("here 0")));
    // By time, zoomed, and under another projection they are drawn all the same.
    driver.click("by time");
    driver.press(Key::Plus);
    driver.press(Key::Plus);
    driver.click("Analysis");
    assert!(lane(&driver, "status: ").is_some_and(|said| said.contains("converted") || said.contains("values")));
    assert!(lane(&driver, "phone > 2").is_some_and(|said| said.contains("No field phone.")));
}

#[test]
fn what_could_be_meant_is_offered_chosen_by_the_arrows_and_completed() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::L);
    driver.strike("con");
    assert!(driver.window.query_by_role_and_label(Role::ListBoxOption, "contacts").is_some(), "{}", driver.all_text());
    assert!(driver.shows("contains(text, part)") && !driver.shows("changed(\"field\")"), "{}", driver.all_text());
    driver.press(Key::Tab);
    assert_eq!(driver.value_of(FIELD), "contacts");
    driver.strike(" > 1 && status == ");
    // The most frequent first; chosen, and added at once.
    assert!(
        driver.window.query_by_role_and_label(Role::ListBoxOption, "FOLLOWUP_SET").is_some(),
        "{}",
        driver.all_text()
    );
    driver.strike("CONV");
    driver.press(Key::ArrowDown);
    driver.press(Key::Enter);
    assert!(lane(&driver, r#"contacts > 1 && status == "CONVERTED""#).is_some(), "{}", driver.all_text());
    assert_eq!(driver.value_of(FIELD), "");
    driver.press(Key::L);
    driver.strike("cha");
    driver.press(Key::Tab);
    assert_eq!(driver.value_of(FIELD), "changed(\"");
    driver.strike("ph");
    driver.press(Key::Tab);
    assert_eq!(driver.value_of(FIELD), "changed(\"phone\")");
    driver.press(Key::Escape);
    driver.assert_hides("Functions");
    assert_eq!(driver.value_of(FIELD), "");
}

#[test]
fn a_field_with_a_hyphen_is_written_as_it_must_be() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::L);
    driver.strike("deadl");
    driver.press(Key::Tab);
    assert_eq!(driver.value_of(FIELD), "state[\"payment-deadline\"]");
    driver.press(Key::Enter);
    assert!(lane(&driver, "state[\"payment-deadline\"]: text, 1 value").is_some(), "{}", driver.all_text());
}

#[test]
fn a_wrong_word_is_said_and_replaced_by_what_was_meant() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::L);
    driver.strike("statsu == \"LOST\" && c");
    driver.assert_shows("No field statsu. Did you mean status?");
    driver.press(Key::Enter);
    assert_eq!(lane(&driver, "statsu"), None, "what is wrong is not added");
    driver.click("Replace");
    assert_eq!(driver.value_of(FIELD), "status == \"LOST\" && c");
    driver.assert_hides("No field statsu. Did you mean status?");
}

#[test]
fn what_is_being_typed_is_no_error_until_enter_is_pressed() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::L);
    driver.strike("stat");
    assert!(!driver.shows_part("No field stat"), "{}", driver.all_text());
    driver.press(Key::Enter);
    assert!(driver.shows_part("No field stat"), "{}", driver.all_text());
}

#[test]
fn lanes_belong_to_the_streams_of_a_category_and_may_be_saved_by_name() {
    let mut driver = Driver::at("lead-1");
    add(&mut driver, "contacts");
    let go = |driver: &mut Driver, stream: &str| {
        driver.press_with(Modifiers::COMMAND, Key::K);
        driver.type_into("Search or run a command", stream);
        driver.press(Key::Enter);
    };
    go(&mut driver, "lead-4");
    assert!(lane(&driver, "contacts: number").is_some(), "{}", driver.all_text());
    go(&mut driver, "ticket-1");
    assert_eq!(lane(&driver, "contacts"), None);
    go(&mut driver, "lead-1");
    driver.click("Lanes");
    driver.type_into("Name of these lanes", "how often");
    driver.click("Save");
    driver.click("Remove the lane contacts");
    assert_eq!(lane(&driver, "contacts"), None);
    add(&mut driver, "status");
    driver.click("Lanes");
    driver.click("Show “how often”");
    assert!(lane(&driver, "contacts: number").is_some() && lane(&driver, "status").is_none(), "{}", driver.all_text());
}

#[test]
fn a_lane_grows_with_its_stream() {
    let mut driver = Driver::at("lead-1");
    add(&mut driver, r#"status == "CONVERTED""#);
    assert!(lane(&driver, "status").is_some_and(|said| said.contains("true once, 1 event")), "{}", driver.all_text());
    let mut store = NativeStore::open_for_writing(&driver.sample_path()).expect("the store");
    let event = NewEvent {
        id: EventId::new("one-more"),
        event_type: "contacted".into(),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(1_750_000_000_000_000)),
        payload: "{}".to_owned(),
        metadata: String::new(),
    };
    store.append(&StreamId::from("lead-1"), Expected::Any, &[event]).expect("recorded");
    driver.wait_for_part("true once, 2 events");
}

#[test]
fn in_korean_a_lane_speaks_korean() {
    let mut driver = Driver::at("lead-1");
    add(&mut driver, r#"status == "FOLLOWUP_SET""#);
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "한국어");
    driver.press(Key::Enter);
    assert!(driver.shows_part("1번 참, 이벤트 3개"), "{}", driver.all_text());
    driver.press(Key::L);
    driver.strike("statsu == 1 ");
    assert!(driver.shows_part("statsu 필드가 없습니다."), "{}", driver.all_text());
}

#[test]
fn all_streams_are_found_in_which_a_condition_ever_was_true() {
    let mut driver = Driver::at("lead-4");
    driver.press_with(Modifiers::COMMAND, Key::L);
    driver.type_into("Condition", r#"status == "FOLLOWUP_SET" && name == "aaa""#);
    driver.press(Key::Enter);
    driver.settle();
    assert!(driver.shows_part("Ever true in 1 stream, true now in 0."), "{}", driver.all_text());
    driver.click_beginning("lead-1 ");
    driver.assert_shows("v3 of 6");
}

#[test]
fn in_all_streams_a_wrong_word_is_said_and_what_is_true_now_or_was_then_is_chosen() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::L);
    driver.type_into("Condition", "statsu == 1");
    driver.press(Key::Enter);
    driver.settle();
    assert!(driver.shows_part("No field statsu. Did you mean status?"), "{}", driver.all_text());
    driver.type_over("Condition", r#"name == "aab""#);
    driver.click("true at");
    driver.type_into("Time at which it was true", "2025-01-01T01:00:02.500Z");
    driver.press(Key::Enter);
    driver.settle();
    assert!(driver.shows_part("True in 1 at"), "{}", driver.all_text());
    driver.click("true now");
    assert!(!driver.shows_part("lead-1  ·  aaa  ·  first at v0"), "it is not true now:\n{}", driver.all_text());
}

#[test]
fn tab_leads_through_the_field_where_nothing_was_typed_and_completes_where_something_was() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::L);
    driver.assert_shows("Functions");
    driver.press(Key::Tab);
    driver.assert_hides("Functions");
    assert_eq!(driver.value_of(FIELD), "");
    driver.press(Key::L);
    driver.strike("foll");
    driver.press(Key::Tab);
    assert_eq!(driver.value_of(FIELD), "followups");
}
