//! What if: a branch is made, looked at beside history, kept, and made so; nothing of it reaches the store before.

use std::path::Path;

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use foldline::event::{EventId, EventType, NewEvent, StreamId};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer as _};

use crate::correcting::elsewhere;
use crate::driver::Driver;

fn run(driver: &mut Driver, command: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", command);
    driver.press(Key::Enter);
}

/// At version 3 of the first lead, where `aab` was corrected to `aaa`.
fn at_correction() -> Driver {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver
}

/// In a branch that leaves that out.
fn skipped() -> Driver {
    let mut driver = at_correction();
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Leave this event out");
    driver
}

fn bytes(driver: &Driver) -> Vec<u8> {
    std::fs::read(driver.path("small.db")).expect("the store")
}

#[test]
fn an_event_is_left_out_and_what_differs_is_told() {
    let mut driver = at_correction();
    let before = bytes(&driver);
    driver.click("What if…");
    driver.assert_shows("What if — nothing is written");
    driver.assert_shows("no edit  ·  no state differs");
    driver.click("Add an edit…");
    driver.click("Leave this event out");
    driver.assert_shows("1 edit  ·  diverges at v3");
    driver.assert_shows("v3 contact-details-updated, skipped");
    driver.assert_shows("name: aaa in history, aab in the branch");
    driver.assert_shows("1 field differs");
    driver.click("Hide equal fields");
    driver.assert_hides("phone: 1111");
    driver.click_role(Role::CheckBox, "Apply: skip contact-details-updated v3");
    driver.assert_shows("no edit  ·  no state differs");
    driver.click_role(Role::CheckBox, "Apply: skip contact-details-updated v3");
    driver.click_role(Role::Button, "Remove: skip contact-details-updated v3");
    driver.assert_hides("v3 contact-details-updated, skipped");
    driver.click("Leave");
    driver.assert_hides("What if — nothing is written");
    driver.assert_shows("State at version 3");
    assert_eq!(bytes(&driver), before, "the store was touched");
}

#[test]
fn a_payload_is_changed_in_a_dialog_that_says_what_is_wrong_where() {
    let mut driver = at_correction();
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Change its payload…");
    driver.assert_shows("Change the payload of version 3");
    driver.type_over("Value of name", "kim");
    driver.click("As JSON");
    assert!(driver.value_of("Payload, as JSON").contains("\"name\": \"kim\""), "{}", driver.all_text());
    driver.type_over_lines("Payload, as JSON", "{\"name\": oops}");
    assert!(driver.shows_part("Line 1, column 10: a value belongs here"), "{}", driver.all_text());
    driver.click_role(Role::Button, "Apply");
    driver.assert_shows("Change the payload of version 3");
    let payload = driver.window.get_by_role_and_label(Role::MultilineTextInput, "Payload, as JSON");
    assert!(payload.is_focused(), "the focus is where it is wrong");
    driver.type_over_lines("Payload, as JSON", "{\"name\": \"bob\"}");
    driver.click_role(Role::Button, "Apply");
    driver.assert_hides("Change the payload of version 3");
    driver.assert_shows("v3 contact-details-updated, changed");
    driver.assert_shows("name: aaa in history, bob in the branch");
}

#[test]
fn an_inserted_event_is_stepped_through_and_the_rules_it_breaks_are_told() {
    let mut driver = at_correction();
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Insert an event after it…");
    driver.click_role(Role::Button, "Apply");
    driver.assert_shows("Insert an event");
    driver.type_into("Type of the event", "paymnt-faild");
    driver.assert_shows("No event here has this type. Did you mean");
    driver.click("payment-failed");
    assert_eq!(driver.value_of("Type of the event"), "payment-failed");
    driver.click_role(Role::Button, "Apply");
    driver.assert_shows("v3+1 payment-failed, inserted");
    driver.assert_shows("The rules do not allow payment-failed while the status is FOLLOWUP_SET.");
    driver.assert_shows("State at version 3+1");
    driver.assert_shows("status: FOLLOWUP_SET in history, PAYMENT_FAILED in the branch");
    driver.press(Key::ArrowRight);
    driver.assert_shows("State at version 4");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 3+1");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 3");
}

#[test]
fn an_event_is_moved_to_stand_behind_another() {
    let mut driver = at_correction();
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Move it…");
    driver.type_into("After which version (or start)", "77");
    driver.press(Key::Enter);
    assert!(driver.shows_part("There is no version 77"), "{}", driver.all_text());
    driver.type_over("After which version (or start)", "0");
    driver.press(Key::Enter);
    driver.assert_shows("v3 contact-details-updated, moved here");
    driver.assert_shows("v3 contact-details-updated, moved away");
}

#[test]
fn nothing_that_writes_can_be_reached_in_a_branch() {
    let mut driver = Driver::at("lead-1");
    driver.allow_writing();
    driver.click("What if…");
    driver.press(Key::C);
    driver.assert_shows("Nothing is written while a branch is open; leave it first.");
    driver.assert_hides("Natural compensation");
    driver.assert_hides("Compensate…");
    driver.click("Close");
    run(&mut driver, "Compensate");
    driver.assert_hides("Natural compensation");
    driver.click("Leave");
    driver.press(Key::C);
    driver.assert_shows("Natural compensation");
}

#[test]
fn branches_are_named_and_kept_beside_the_store_over_a_restart() {
    let mut driver = skipped();
    driver.click_beginning("Name, other branches, files");
    driver.type_over("Name of the branch", "Without the correction");
    driver.type_into("Note on the branch", "as the customer tells it");
    driver.press(Key::Escape);
    driver.assert_shows("as the customer tells it");
    driver.click("Leave");
    driver.click("What if…");
    driver.assert_shows("1 edit  ·  diverges at v3");
    driver.click_beginning("Name, other branches, files");
    driver.click("New branch");
    driver.assert_shows("no edit  ·  no state differs");
    driver.press(Key::Escape);
    // What nothing was done in is not kept.
    let mut again = driver.restarted("lead-1");
    again.click("What if…");
    again.assert_shows("1 edit  ·  diverges at v3");
    assert!(again.shows_part("Without the correction"), "{}", again.all_text());
    again.assert_shows("as the customer tells it");
    // Its note is found among all others, and leads into it.
    again.click("Leave");
    again.press_with(Modifiers::COMMAND, Key::K);
    again.strike("Note…");
    again.press(Key::Enter);
    again.type_into("Search notes", "customer");
    again.click_role(Role::Button, "What if: Without the correction");
    again.assert_shows("1 edit  ·  diverges at v3");
    again.click_beginning("Name, other branches, files");
    again.click("Discard this branch");
    again.assert_hides("What if — nothing is written");
    let mut third = again.restarted("lead-1");
    third.click("What if…");
    third.assert_shows("no edit  ·  no state differs");
}

#[test]
fn a_branch_of_a_store_that_was_replaced_says_so_at_its_edit() {
    let driver = skipped();
    let store = driver.path("small.db");
    std::fs::remove_file(&store).expect("removed");
    make_other(&store);
    let mut again = driver.restarted("lead-1");
    again.click("What if…");
    assert!(again.shows_part("Version 3 is another event than the one this edit was made for"), "{}", again.all_text());
    again.assert_shows("1 edit  ·  what differs cannot be told");
    assert!(again.shows_part("it cannot be told what would make it so"), "{}", again.all_text());
    assert!(!again.shows_part("no event is needed"), "{}", again.all_text());
}

#[test]
fn writing_is_off_again_once_the_store_was_replaced() {
    let mut driver = Driver::at("lead-1");
    driver.allow_writing();
    driver.assert_hides("read-only");
    let store = driver.path("small.db");
    let other = driver.path("new.db");
    make_other(&other);
    std::fs::rename(&other, &store).expect("replaced");
    driver.wait_for("read-only");
}

#[test]
fn what_stands_before_the_first_event_is_said_to() {
    let mut driver = at_correction();
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Insert an event after it…");
    driver.type_into("Type of the event", "contacted");
    driver.type_over("After which version (or start)", "start");
    driver.press(Key::Enter);
    driver.assert_shows("before the first contacted, inserted");
    assert!(!driver.all_text().contains("vstart"), "{}", driver.all_text());
}

#[test]
fn of_hundreds_of_edits_those_in_view_are_drawn() {
    use foldline::event::{EventId, Version};
    use foldline::replay::{Alteration, Branch, EventRef};
    let mut driver = at_correction();
    let mut branch =
        Branch { id: "many".to_owned(), name: "many".to_owned(), stream: "lead-1".to_owned(), ..Branch::default() };
    for version in 0..300 {
        branch.push(Alteration::Skip(EventRef { version: Version(version), id: EventId::new("gone") }));
    }
    let file = serde_json::json!({"foldline-branch": 1, "branch": branch}).to_string();
    driver.window.state_mut().take_branch_file(&file);
    driver.settle();
    let drawn = driver.window.query_all_by_label_contains("Remove: skip").count();
    assert!((1..60).contains(&drawn), "{drawn} of 300 edits are drawn");
}

fn make_other(path: &Path) {
    let mut store = NativeStore::create(path).expect("made");
    let event = |number: u64, event_type: &str| NewEvent {
        id: EventId::new(&format!("other-{number}")),
        event_type: event_type.into(),
        schema: 1,
        recorded_at: None,
        payload: "{}".to_owned(),
        metadata: String::new(),
    };
    let events: Vec<NewEvent> =
        (0..5).map(|number| event(number, if number == 0 { "lead-initialized" } else { "contacted" })).collect();
    store.append(&StreamId::from("lead-1"), Expected::NoStream, &events).expect("recorded");
}

#[test]
fn a_branch_is_made_so_after_a_preview_and_history_is_then_as_it_was_wanted() {
    let mut driver = skipped();
    driver.wait_for("as v7");
    driver.click("Make this so…");
    driver.assert_shows("Make this so");
    driver.type_into("Author", "kim");
    driver.click_role(Role::Button, "Append 1 event");
    assert!(driver.shows_part("Say why"), "a reason is wanted: {}", driver.all_text());
    assert!(driver.window.get_by_role_and_label(Role::TextInput, "Reason").is_focused(), "it is typed there");
    driver.strike("it was right before");
    driver.click_role(Role::Button, "Append 1 event");
    // Writing is switched on by whoever was told what it means.
    driver.click_role(Role::Button, "Switch writing on");
    driver.wait_for("State at version 7");
    driver.assert_hides("What if — nothing is written");
    driver.assert_shows("name: aab");
    driver.assert_shows("v7 contact-details-updated");
    // It is kept as done, and what is begun next is another one.
    driver.click("What if…");
    driver.assert_shows("no edit  ·  no state differs");
    driver.click_beginning("Name, other branches, files");
    driver.click_beginning("Branch 1");
    driver.assert_shows("done, as v7");
    driver.click("done, as v7");
    driver.assert_hides("What if — nothing is written");
    driver.assert_shows("State at version 7");
}

/// The dialog of Make this so, signed, with writing switched on.
fn ready_to_append() -> Driver {
    let mut driver = at_correction();
    driver.allow_writing();
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Leave this event out");
    driver.wait_for("as v7");
    driver.click("Make this so…");
    driver.type_into("Author", "kim");
    driver.type_into("Reason", "it was right before");
    driver
}

fn phone_changed_elsewhere(driver: &Driver) {
    elsewhere(&driver.path("small.db"), "lead-1", "contact-details-updated", r#"{"phone":"9999"}"#);
}

fn assert_tells_what_came_first(driver: &Driver) {
    assert!(driver.shows_part("Somebody was quicker"), "{}", driver.all_text());
    for text in ["lee", "1111 → 9999", "As planned, as version 7", "On what came first, as version 8"] {
        driver.assert_shows(text);
    }
    driver.assert_hides("changes the same fields");
    assert_eq!(driver.value_of("Reason"), "it was right before", "what was typed stays");
}

#[test]
fn what_another_program_records_before_it_is_made_so_is_listed_and_the_events_stand_on_it() {
    let mut driver = ready_to_append();
    phone_changed_elsewhere(&driver);
    driver.wait_for("On what came first, as version 8");
    assert_tells_what_came_first(&driver);
    driver.window.get_by_role_and_label(Role::TextInput, "Reason").focus();
    driver.press(Key::Enter);
    driver.assert_shows("On what came first, as version 8");
    driver.click_role(Role::Button, "Append 1 event");
    driver.wait_for("State at version 8");
    driver.assert_shows("name: aab");
    driver.assert_shows("phone: 9999");
}

#[test]
fn an_append_that_comes_second_writes_nothing_and_tells_what_came_first() {
    let mut driver = ready_to_append();
    phone_changed_elsewhere(&driver);
    // Before the window could notice.
    driver.window.get_by_role_and_label(Role::Button, "Append 1 event").click();
    driver.wait_for("On what came first, as version 8");
    assert_tells_what_came_first(&driver);
    driver.assert_hides("State at version 8");
    driver.click_role(Role::Button, "Append 1 event");
    driver.wait_for("State at version 8");
    driver.assert_shows("name: aab");
}

#[test]
fn an_event_that_came_first_and_changes_the_same_fields_is_marked_and_may_leave_nothing_to_append() {
    let mut driver = ready_to_append();
    elsewhere(&driver.path("small.db"), "lead-1", "contact-details-updated", r#"{"name":"bbb"}"#);
    driver.wait_for("changes the same fields");
    driver.assert_shows("aaa → bbb");
    // With that event, the branch ends as history does.
    driver.assert_shows("The latest state is the same: no event is needed.");
    assert!(!driver.is_enabled("Append 0 events"), "{}", driver.all_text());
}

#[test]
fn what_others_recorded_before_the_dialog_was_opened_is_no_conflict() {
    let mut driver = ready_to_append();
    driver.click_role(Role::Button, "Cancel");
    phone_changed_elsewhere(&driver);
    driver.wait_for("as v8");
    driver.click("Make this so…");
    driver.settle();
    assert!(!driver.shows_part("Somebody was quicker"), "{}", driver.all_text());
}

#[test]
fn a_file_of_a_branch_opens_as_the_same_branch() {
    let mut driver = skipped();
    let file = driver.window.state().open_branch_as_file().expect("a branch is open");
    driver.click("Leave");
    driver.window.state_mut().take_branch_file(&file);
    driver.settle();
    driver.assert_shows("1 edit  ·  diverges at v3");
    driver.click("Leave");
    driver.window.state_mut().take_branch_file("{\"foldline-branch\": 9, \"branch\": {}}");
    driver.settle();
    assert!(driver.shows_part("This file holds no branch"), "{}", driver.all_text());
}

/// Under such a field the parser of JSON keeps the digits of a number.
#[test]
fn a_file_of_a_branch_keeps_objects_that_look_like_the_parsers_own() {
    let mut driver = skipped();
    let file = driver.window.state().open_branch_as_file().expect("a branch is open");
    driver.click("Leave");
    let odd = r#"{"$serde_json::private::Number":"12"}"#;
    let edit = format!(
        r#"{{"what":{{"insert":{{"after":null,"event":{{"id":"odd","event_type":"noted","payload":{{"odd":{odd}}},"recorded_at":null,"compensates":null}}}}}},"is_on":true}},"#
    );
    driver.window.state_mut().take_branch_file(&file.replacen("\"edits\": [", &format!("\"edits\": [{edit}"), 1));
    driver.settle();
    driver.assert_shows("2 edits  ·  diverges at v3  ·  1 rule broken");
    let again = driver.window.state().open_branch_as_file().expect("a branch is open");
    let again: String = again.split_whitespace().collect();
    assert!(again.contains(&format!(r#""payload":{{"odd":{odd}}}"#)), "{again}");
}

#[test]
fn the_type_of_an_inserted_event_is_completed_from_those_of_the_stream_and_its_domain() {
    let mut driver = at_correction();
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Insert an event after it…");
    driver.type_into("Type of the event", "details");
    driver.assert_shows("contact-details-updated");
    driver.press(Key::ArrowDown);
    driver.press(Key::Enter);
    assert_eq!(driver.value_of("Type of the event"), "contact-details-updated");
    driver.click("Add a field");
    driver.type_into("Name of new field 1", "name");
    driver.type_into("Value of name", "lee");
    driver.click_role(Role::Button, "Apply");
    driver.assert_shows("v3+1 contact-details-updated, inserted");
    driver.assert_shows("name: aaa in history, lee in the branch");
}

/// Orders, of which no domain is known.
fn make_orders(path: &Path) {
    let mut store = NativeStore::create(path).expect("a store");
    for (stream, types) in
        [("order-1", &["placed", "paid"][..]), ("order-2", &["placed", "sent-back"]), ("mail-1", &["sent"])]
    {
        let event = |(nth, event_type): (usize, &&str)| NewEvent {
            id: EventId::new(&format!("{stream} {nth}")),
            event_type: EventType::from(*event_type),
            schema: 1,
            recorded_at: None,
            payload: "{}".to_owned(),
            metadata: String::new(),
        };
        let events: Vec<NewEvent> = types.iter().enumerate().map(event).collect();
        store.append(&StreamId::from(stream), Expected::NoStream, &events).expect("recorded");
    }
}

#[test]
fn types_that_only_other_streams_of_the_category_have_are_offered_too() {
    let mut driver = Driver::with("order-1", make_orders);
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Insert an event after it…");
    driver.type_into("Type of the event", "sent");
    driver.assert_shows("sent-back");
    driver.assert_hides("sent");
    driver.press(Key::ArrowDown);
    driver.press(Key::Enter);
    assert_eq!(driver.value_of("Type of the event"), "sent-back");
}

#[test]
fn a_field_keeps_its_type_and_a_wrong_value_is_told_at_it() {
    let mut driver = Driver::at("lead-1");
    driver.click("What if…");
    driver.click("Add an edit…");
    driver.click("Change its payload…");
    driver.click("As JSON");
    driver.type_over_lines("Payload, as JSON", "{\"amount\": 1}");
    driver.click("As fields");
    driver.assert_shows("Type of amount: number");
    driver.type_over("Value of amount", "much");
    driver.assert_shows("This is not a number; write 12 or 0.5, or choose another type.");
    driver.click_role(Role::Button, "Apply");
    driver.assert_shows("Value of amount");
    driver.type_over("Value of amount", "12");
    driver.click_role(Role::Button, "Apply");
    driver.assert_hides("Value of amount");
}

#[test]
fn what_has_no_edit_is_not_made_so_and_says_why() {
    let mut driver = at_correction();
    driver.click("What if…");
    assert!(!driver.is_enabled("Make this so…"), "nothing is to be made so");
    run(&mut driver, "Make this so");
    driver.assert_shows("No edit of this branch is switched on: there is nothing to make so.");
    driver.click("Close");
    driver.click("Add an edit…");
    driver.click("Leave this event out");
    assert!(driver.is_enabled("Make this so…"));
}

#[test]
fn the_history_of_a_branch_is_filtered_by_what_the_branch_has() {
    let mut driver = skipped();
    driver.type_into("Filter history", "skipped-by-nobody");
    driver.assert_shows("No event of this stream matches");
    driver.type_over("Filter history", "contact-details");
    driver.assert_shows("v3 contact-details-updated, skipped");
    driver.assert_hides("v1 lead-initialized");
}

#[test]
fn fields_have_their_korean_names_beside_history() {
    let mut driver = skipped();
    driver.click("한국어");
    driver.assert_shows("전화번호");
}
