//! What an answer prints is small beside what it was read from, and so is what it keeps.

use std::process::Command;

use serde_json::{Map, Value, json};

use crate::sandbox::Sandbox;

/// Runs the program with so much memory of its own and no more: its code, which grows with every capability, is not counted.
fn run_within(sandbox: &Sandbox, mebibytes: u64, arguments: &[&str]) -> Value {
    let program = sandbox.command();
    let limited = Command::new("sh")
        .args(["-c", &format!("ulimit -d {} && exec \"$0\" \"$@\"", mebibytes * 1024)])
        .arg(program.get_program())
        .args(arguments)
        .current_dir(sandbox.path("."))
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&limited.stderr);
    assert!(limited.status.success(), "{arguments:?} within {mebibytes} MiB: {:?} {told}", limited.status);
    serde_json::from_slice(&limited.stdout).expect("the answer is JSON")
}

/// Two events: the second sets so many fields at once.
fn wide_stream(sandbox: &Sandbox, fields: usize) {
    let event = |version: u64, payload: Value| {
        json!({"stream": "order-1", "version": version, "type": "placed", "recorded_at": "2025-01-01T00:00:00Z",
               "payload": payload, "metadata": {"actor": "kim", "reason": "a large order"}})
    };
    let wide: Map<String, Value> = (0..fields).map(|n| (format!("field-{n}"), json!("x".repeat(500)))).collect();
    let lines = [event(0, json!({"first": 1})), event(1, Value::Object(wide))].map(|event| event.to_string());
    sandbox.write("wide.jsonl", lines.join("\n"));
    sandbox.run(&["import", "wide.jsonl", "--into", "wide.db"]).ok();
}

#[test]
fn a_difference_keeps_no_copy_of_the_event_for_every_field_it_set() {
    let sandbox = Sandbox::empty();
    // The payload takes 2 MB; once for each field, it would take 8 GB.
    wide_stream(&sandbox, 4_000);
    let diff = ["diff", "wide.db", "order-1", "--from", "0", "--to", "1", "--format", "json"];
    let rows = run_within(&sandbox, 200, &diff);
    assert_eq!(rows.as_array().map(Vec::len), Some(4_000));
    assert_eq!(rows[17]["set_by"], json!({"version": 1, "type": "placed", "actor": "kim"}));
    let rows = run_within(&sandbox, 200, &["blame", "wide.db", "order-1", "--format", "json"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(4_001));
    assert_eq!((&rows[0]["version"], &rows[1]["version"]), (&json!(0), &json!(1)));
    assert_eq!(rows[17]["reason"], "a large order");
}

#[test]
fn blame_keeps_no_event_that_set_a_field() {
    let sandbox = Sandbox::empty();
    let notes = "x".repeat(4_000_000);
    let lines: Vec<String> = (0..100)
        .map(|version| {
            json!({"stream": "lead-1", "version": version, "recorded_at": "2025-01-01T00:00:00Z",
                   "type": if version == 0 { "lead-initialized" } else { "contact-details-updated" },
                   "payload": {"name": format!("name {version}"), "notes": notes}, "metadata": {"actor": "kim"}})
            .to_string()
        })
        .collect();
    sandbox.write("long.jsonl", lines.join("\n"));
    // A hundred names, each set by an event of 4 MB.
    let blame = ["blame", "long.jsonl", "lead-1", "--projection", "search", "--format", "json"];
    sandbox.run(&["import", "long.jsonl", "--into", "long.db"]).ok();
    let rows = run_within(&sandbox, 64, &[&["blame", "long.db"], &blame[2..]].concat());
    let names = rows.as_array().map(|rows| rows.iter().filter(|row| row["actor"] == "kim").count());
    assert!(names.is_some_and(|names| names >= 100), "{rows}");
}

#[test]
fn a_large_log_of_ocel_is_read_an_event_at_a_time() {
    let sandbox = Sandbox::empty();
    // Some 21 MB; put together in memory, it would take six times that.
    let events: Vec<Value> = (0..60_000)
        .map(|n| {
            let attributes: Vec<Value> = (0..8).map(|k| json!({"name": format!("a{k}"), "value": k})).collect();
            json!({"id": format!("e{n}"), "type": "noted", "time": "2025-01-01T00:00:00Z", "attributes": attributes,
                   "relationships": [{"objectId": format!("o-{}", n % 1_000), "qualifier": "on"}]})
        })
        .collect();
    let log =
        json!({"eventTypes": [], "objectTypes": [], "objects": [{"id": "o-1", "type": "order"}], "events": events});
    sandbox.write("large.json", log.to_string());
    let info = run_within(&sandbox, 24, &["info", "large.json", "--format", "json"]);
    assert_eq!((&info["framework"], &info["events"]), (&json!("ocel"), &json!(60_000)));
}

#[test]
fn every_stream_of_a_store_takes_little_more_than_it_may_however_long_names_and_payloads_are() {
    let sandbox = Sandbox::empty();
    // Some 48 MB of states, and 5 MB of names: the store knows them, and the answer does.
    let lines: Vec<String> = (0..8_000)
        .map(|n| {
            json!({"stream": format!("lead-{n}{}", "x".repeat(300)), "version": 0, "type": "lead-initialized",
                   "recorded_at": "2025-01-01T00:00:00Z", "metadata": {"actor": "kim"},
                   "payload": {"lead-id": n, "name": format!("Name {n}"), "phone": "1".repeat(6_000)}})
            .to_string()
        })
        .collect();
    sandbox.write("large.jsonl", lines.join("\n"));
    sandbox.run(&["import", "large.jsonl", "--into", "large.db"]).ok();
    let counts = ["project", "large.db", "--projection", "state", "--count-by", "status", "--format", "json"];
    // All of it in memory takes 70 MiB with what is being decoded.
    let counted = run_within(&sandbox, 56, &[&counts[..], &["--memory", "12"]].concat());
    assert_eq!(counted, json!([{"value": "NEW_LEAD", "streams": 8_000}]));
    let one = ["project", "large.db", "--projection", "state", "--where", "name == \"Name 77\"", "--format", "json"];
    let rows = run_within(&sandbox, 56, &[&one[..], &["--memory", "12"]].concat());
    assert_eq!(rows[0]["state"]["phone"], "1".repeat(6_000));
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
}
