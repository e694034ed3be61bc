//! Why a field has its value, why not another one, and the fewest events that still show something.

use std::process::Command;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn why(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    sandbox.run(&[&["why", "a.db", "lead-1"], arguments, &["--format", "json"]].concat()).ok().json()
}

fn versions(events: &Value) -> Vec<u64> {
    events.as_array().expect("events").iter().filter_map(|event| event["version"].as_u64()).collect()
}

/// One event more, whatever the rules say.
fn append(sandbox: &Sandbox, event_type: &str) {
    let arguments = ["append", "a.db", "lead-1", "--type", event_type, "--payload", "{}", "--expect", "any"];
    sandbox.run(&[&arguments[..], &["--actor", "kim", "--reason", "test"]].concat()).ok();
}

#[test]
fn a_value_names_the_events_that_it_stands_on() {
    let sandbox = Sandbox::with_seed();
    let contacts = why(&sandbox, &["contacts"]);
    assert_eq!((&contacts["value"], versions(&contacts["needed"])), (&json!(2), vec![1, 4]));
    assert_eq!(versions(&contacts["enough"]), [1, 4]);
    assert_eq!(contacts["set_by"], json!({"version": 4, "type": "contacted", "actor": null}));
    assert_eq!((&contacts["minimal"], &contacts["untried"]), (&json!(true), &json!(0)));
    let then = why(&sandbox, &["contacts", "--at", "3"]);
    assert_eq!((&then["value"], versions(&then["needed"])), (&json!(1), vec![1]));
    let names = why(&sandbox, &["names[1]", "--projection", "search"]);
    assert_eq!((&names["value"], versions(&names["enough"])), (&json!("aaa"), vec![0, 3]));
}

#[test]
fn a_value_that_is_not_there_names_the_rule_and_what_would_give_it() {
    let sandbox = Sandbox::with_seed();
    let found = why(&sandbox, &["status", "--at", "2", "--not", "CONVERTED"]);
    assert_eq!((&found["value"], &found["not"]), (&json!("FOLLOWUP_SET"), &json!("CONVERTED")));
    assert_eq!(
        found["forbidden"],
        json!([{"type": "payment-confirmed", "message": "payment-confirmed while FOLLOWUP_SET"}])
    );
    assert_eq!(found["ways"], json!([[{"type": "order-submitted"}, {"type": "payment-confirmed"}]]));
    let name = why(&sandbox, &["name", "--not", "aab"]);
    assert_eq!(name["ways"], json!([[{"type": "contact-details-updated", "payload": {"name": "aab"}}]]));
    assert_eq!(name["was"], json!({"from": 0, "to": 2, "ended_by": {"version": 3, "type": "contact-details-updated"}}));
}

#[test]
fn a_value_that_no_field_ever_has_is_answered_with_those_that_look_like_it() {
    let sandbox = Sandbox::with_seed();
    let ask = |not: &str| sandbox.run(&["why", "a.db", "lead-1", "status", "--not", not]).ok();
    assert!(ask("CLOSD").err.contains("did you mean CLOSED?"), "{:?}", ask("CLOSD"));
    assert!(ask("FOLLOWUPSET").err.contains("did you mean FOLLOWUP_SET?"));
    assert_eq!(ask("CLOSED").err, "");
}

#[test]
fn what_is_so_already_is_no_question_and_exits_1() {
    let sandbox = Sandbox::with_seed();
    let ran = sandbox.run(&["why", "a.db", "lead-1", "status", "--not", "CONVERTED"]).code(1).in_one_line();
    ran.says("status is CONVERTED at version 6; leave --not out");
}

#[test]
fn a_field_that_is_not_there_is_answered_with_those_that_look_like_it() {
    let sandbox = Sandbox::with_seed();
    let ran = sandbox.run(&["why", "a.db", "lead-1", "statsu"]).code(2).in_one_line();
    ran.says("lead-1 has no field “statsu”; did you mean status?");
    sandbox.run(&["why", "a.db", "lead-1", "zzzzzz"]).code(2).in_one_line().says("choose one that its state shows");
}

#[test]
fn a_broken_rule_is_reduced_to_the_events_that_break_it() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["reduce", "a.db", "lead-1", "--rule"]).code(1).in_one_line().says("no event of lead-1 breaks a rule");
    append(&sandbox, "contacted");
    let reduced = sandbox.run(&["reduce", "a.db", "lead-1", "--rule", "--format", "json"]).ok().json();
    assert_eq!((&reduced["from"], &reduced["events"]), (&json!(8), &json!(2)));
    assert_eq!(
        reduced["kept"],
        json!([
            {"version": 6, "type": "payment-confirmed"},
            {"version": 7, "type": "contacted"},
        ])
    );
    let lawful = ["reduce", "a.db", "lead-1", "--finding", "7", "--by-the-rules", "--format", "json"];
    assert_eq!(versions(&sandbox.run(&lawful).ok().json()["kept"]), [0, 5, 6, 7]);
    let ran = sandbox.run(&["reduce", "a.db", "lead-1", "--finding", "3"]).code(2).in_one_line();
    ran.says("nothing is wrong at version 3");
    sandbox.run(&["reduce", "a.db", "lead-1", "--finding", "99"]).code(2).in_one_line();
    sandbox.run(&["reduce", "a.db", "lead-1"]).code(2);
}

fn reduced(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    sandbox.run(&[&["reduce", "a.db", "lead-1"], arguments, &["--format", "json"]].concat()).ok().json()
}

#[test]
fn a_condition_is_reduced_to_the_events_behind_which_it_holds() {
    let sandbox = Sandbox::with_seed();
    let contacts = reduced(&sandbox, &["contacts == 2 && name == \"aaa\""]);
    assert_eq!((&contacts["from"], versions(&contacts["kept"])), (&json!(7), vec![1, 3, 4]));
    assert_eq!(versions(&reduced(&sandbox, &["status == \"CONVERTED\"", "--by-the-rules"])["kept"]), [0, 5, 6]);
    // What an expression asks of the event, of what was before it, of what it changed and of how many there were.
    assert_eq!(
        versions(&reduced(&sandbox, &["count(\"contacted\") == 2 && event.type == \"payment-confirmed\""])["kept"]),
        [1, 4, 6]
    );
    assert_eq!(
        versions(&reduced(&sandbox, &["changed(\"status\") && old.status == \"PENDING_PAYMENT\""])["kept"]),
        [5, 6]
    );
    assert_eq!(versions(&reduced(&sandbox, &["event.payload.stauts == \"converted\""])["kept"]), [6]);
    let names = reduced(&sandbox, &["names.size() == 2", "--projection", "search"]);
    assert_eq!(versions(&names["kept"]), [0, 3]);
}

#[test]
fn a_condition_that_held_once_is_reduced_up_to_where_it_held_last() {
    let sandbox = Sandbox::with_seed();
    let ran = sandbox.run(&["reduce", "a.db", "lead-1", "status == \"FOLLOWUP_SET\"", "--format", "json"]).ok();
    assert_eq!(versions(&ran.json()["kept"]), [2]);
    ran.says("it held last at version 4");
    let never = sandbox.run(&["reduce", "a.db", "lead-1", "contacts > 5"]).code(1).in_one_line();
    never.says("the condition never holds in lead-1");
    sandbox.run(&["reduce", "a.db", "lead-1", "statsu == 1"]).code(2).says("Did you mean status?");
}

#[test]
fn a_test_of_a_condition_holds_the_fields_against_it() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["reduce", "a.db", "lead-1", "contacts == 2 && status != \"X\"", "--to", "small.rs"]).ok();
    let text = sandbox.read("small.rs");
    assert!(text.contains("assert_eq!(field_after(GIVEN, \"contacts\"), \"2\");"), "{text}");
    assert!(text.contains("then it holds that contacts == 2"), "{text}");
}

#[test]
fn a_smallest_history_is_a_store_of_its_own_that_shows_the_same() {
    let sandbox = Sandbox::with_seed();
    append(&sandbox, "contacted");
    let before = std::fs::read(sandbox.path("a.db")).expect("the store");
    sandbox.run(&["reduce", "a.db", "lead-1", "--rule", "--to", "small.db"]).ok();
    assert_eq!(std::fs::read(sandbox.path("a.db")).expect("the store"), before);
    let shown = sandbox.run(&["show", "small.db", "lead-1", "--format", "json"]).ok().json();
    assert_eq!(
        shown["findings"].as_array().and_then(|all| all.last()),
        Some(&json!({"version": 7, "message": "contacted while CONVERTED"}))
    );
    let ids = |store: &str| -> Vec<Value> {
        let events = sandbox.run(&["events", store, "lead-1", "--from", "6", "--format", "json"]).ok().json();
        events.as_array().expect("events").iter().map(|event| event["id"].clone()).collect()
    };
    assert_eq!(ids("small.db"), ids("a.db"));
    // A store never takes the place of anything.
    let again = ["reduce", "a.db", "lead-1", "--rule", "--to", "small.db", "--force"];
    sandbox.run(&again).code(2).in_one_line().says("small.db");
}

#[test]
fn a_smallest_history_is_taken_for_the_same_kind_of_stream() {
    let sandbox = Sandbox::with_seed();
    append(&sandbox, "teleported");
    let wrong = json!({"version": 7, "message": "teleported is no event of this kind of stream"});
    for small in ["small.db", "small.json"] {
        let ran = sandbox.run(&["reduce", "a.db", "lead-1", "--rule", "--format", "json", "--to", small]).ok().json();
        assert_eq!(versions(&ran["kept"]).last(), Some(&7), "{ran}");
        assert_eq!(ran["events"], json!(2), "{ran}");
        let shown = sandbox.run(&["show", small, "lead-1", "--format", "json"]).ok().json();
        let findings = shown["findings"].as_array().expect("a list");
        assert!(findings.contains(&wrong), "{small}: {shown}");
        let again = sandbox.run(&["reduce", small, "lead-1", "--rule", "--format", "json"]).ok().json();
        assert_eq!(again["kept"], ran["kept"], "{small}");
    }
}

#[test]
fn a_smallest_history_is_written_by_the_rules_of_an_export() {
    let sandbox = Sandbox::with_seed();
    append(&sandbox, "contacted");
    let to = |name: &str, more: &[&str]| {
        sandbox.run(&[&["reduce", "a.db", "lead-1", "--rule", "--to", name], more].concat())
    };
    to("small.json", &[]).ok();
    let events: Value = serde_json::from_str(&sandbox.read("small.json")).expect("JSON");
    assert_eq!(events.as_array().map(Vec::len), Some(2));
    to("small.json", &[]).code(2).in_one_line().says("add --force");
    to("small.json", &["--force"]).ok();
    to("a.db-wal", &[]).code(2).in_one_line().says("let it end in .db, .json");
    to("small.txt", &[]).code(2).in_one_line().says("let it end in .db, .json");
    to("nowhere/small.json", &[]).code(2).in_one_line();
    sandbox.run(&["import", "small.json", "--into", "again.db"]).ok();
    let again = sandbox.run(&["reduce", "again.db", "lead-1", "--rule", "--format", "json"]).ok().json();
    assert_eq!((&again["from"], &again["events"]), (&json!(2), &json!(2)));
}

#[test]
fn a_smallest_history_is_a_test_to_paste() {
    let sandbox = Sandbox::with_seed();
    append(&sandbox, "contacted");
    for name in ["small.rs", "small.py", "small.ts"] {
        sandbox.run(&["reduce", "a.db", "lead-1", "--rule", "--to", name]).ok();
        let text = sandbox.read(name);
        for part in
            ["2 of the 8 events of lead-1 in a.db", "contacted while CONVERTED", "\"payment-confirmed\"", "\"stauts\""]
        {
            assert!(text.contains(part), "{name} without {part}:\n{text}");
        }
    }
    // It is the same text on every system, and Wine, under which Windows' tests run, has no compiler.
    if cfg!(windows) {
        return;
    }
    // It compiles as it is, and needs nothing but what it tests.
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let rustc =
        rustc.current_dir(sandbox.path("")).args(["--edition", "2021", "--test", "small.rs", "--emit", "metadata"]);
    let compiled = rustc.output().expect("rustc runs");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
}
