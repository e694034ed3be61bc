//! Events by who, what, where and when, as the command line finds them.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

#[test]
fn an_audit_question_is_one_command() {
    let sandbox = Sandbox::with_seed();
    let found =
        sandbox.run(&["search", "a.db", "type:contact-details-updated 2025-01", "--format", "json"]).ok().json();
    let row = &found[0];
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&row["stream"], &row["version"], &row["type"], &row["recorded_at"], &row["actor"]),
        (
            &json!("lead-1"),
            &json!(3),
            &json!("contact-details-updated"),
            &json!("2025-01-01T01:00:03.010Z"),
            &Value::Null
        )
    );
    assert!(row["where"].as_str().is_some_and(|place| place.contains("aaa")), "{row}");
    assert!(row["id"].is_string());
    let newest = sandbox.run(&["search", "a.db", "type:contacted", "--limit", "1", "--format", "jsonl"]).ok();
    assert!(newest.out.contains("\"version\":4") && newest.out.lines().count() == 1, "{}", newest.out);
    let phone = sandbox.run(&["search", "a.db", "payload.phone=1111", "--format", "csv"]).ok();
    assert!(
        phone.out.lines().nth(1).is_some_and(|line| line.starts_with("2025-01-01T01:00:01.010Z,lead-1,0,")),
        "{}",
        phone.out
    );
    let table = sandbox.run(&["search", "a.db", "aaa"]).ok();
    assert!(table.out.contains("contact-details-updated"), "{}", table.out);
}

#[test]
fn what_cannot_be_meant_is_shown_where_it_stands() {
    let sandbox = Sandbox::with_seed();
    let time = sandbox.run(&["search", "a.db", "aaa before:soon"]).code(2);
    assert!(time.err.contains("“soon” is not a time") && time.err.contains("\n      ^^^^^^^^^^^"), "{}", time.err);
    for (query, said) in [
        ("actr:kim", "did you mean actor?"),
        ("", "nothing is looked for"),
        ("type:contactd", "contacted"),
        ("category:laed", "lead"),
        ("\"open", "never closed"),
    ] {
        let ran = sandbox.run(&["search", "a.db", query]).code(2);
        assert!(ran.err.contains(said), "{query}: {}", ran.err);
    }
    let nothing = sandbox.run(&["search", "a.db", "nowhere", "--format", "json"]).ok();
    assert_eq!(nothing.json(), json!([]));
}
