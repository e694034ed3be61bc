//! Which shapes payloads have, as the command line tells it.

use serde_json::json;

use crate::sandbox::Sandbox;

fn events() -> String {
    let event = |version: u64, day: u64, payload: &str| {
        format!(
            r#"{{"stream":"order-1","version":{version},"type":"placed","recorded_at":"2025-01-{day:02}T00:00:00Z","payload":{payload}}}"#
        )
    };
    [
        event(0, 1, r#"{"total":10,"items":[{"sku":"a"},{"sku":"b","n":2}]}"#),
        event(1, 2, r#"{"total":"10.00","items":[],"note":null}"#),
        event(2, 3, r#"{"total":"11.50","items":[{"sku":"c"}],"a.b":true}"#),
    ]
    .join("\n")
}

#[test]
fn a_field_that_changed_its_type_is_seen_with_when_and_how_often() {
    let sandbox = Sandbox::empty();
    sandbox.write("orders.jsonl", events());
    let census = sandbox.run(&["census", "orders.jsonl", "--format", "json"]).ok().json();
    let at = |day: u64| format!("2025-01-{day:02}T00:00:00.000Z");
    let field = |path: &str, types: serde_json::Value, present: u64, days: (u64, u64), examples: serde_json::Value| json!({"path": path, "types": types, "present": present, "first_at": at(days.0), "last_at": at(days.1), "examples": examples});
    assert_eq!(
        census,
        json!([{
            "type": "placed", "events": 3, "first_at": at(1), "last_at": at(3),
            "fields": [
                field("total", json!({"string": 2, "number": 1}), 3, (1, 3), json!(["10", "\"10.00\"", "\"11.50\""])),
                field("items", json!({"array": 3}), 3, (1, 3), json!([])),
                field("items[]", json!({"object": 3}), 2, (1, 3), json!([])),
                field("items[].sku", json!({"string": 3}), 2, (1, 3), json!(["\"a\"", "\"b\"", "\"c\""])),
                field("items[].n", json!({"number": 1}), 1, (1, 1), json!(["2"])),
                field("note", json!({"null": 1}), 1, (2, 2), json!([])),
                field("[\"a.b\"]", json!({"boolean": 1}), 1, (3, 3), json!(["true"])),
            ],
        }])
    );
    let table = sandbox.run(&["census", "orders.jsonl"]).ok();
    assert!(table.out.contains("string 2, number 1"), "{}", table.out);
    let csv = sandbox.run(&["census", "orders.jsonl", "--format", "csv"]).ok();
    assert_eq!(csv.out.lines().count(), 8, "{}", csv.out);
    let wrong = sandbox.run(&["census", "orders.jsonl", "--category", "ordr"]).code(2);
    assert!(wrong.err.contains("order"), "{}", wrong.err);
}

#[test]
fn names_that_are_data_end_in_so_many_fields() {
    let sandbox = Sandbox::empty();
    let fields: Vec<String> = (0..1_500).map(|n| format!(r#""k{n}":{n}"#)).collect();
    let event = format!(r#"{{"stream":"x-1","version":0,"type":"counted","payload":{{{}}}}}"#, fields.join(","));
    sandbox.write("wide.jsonl", event);
    let census = sandbox.run(&["census", "wide.jsonl", "--format", "json"]).ok().json();
    assert_eq!(census[0]["fields"].as_array().map(Vec::len), Some(1_000));
    assert_eq!(census[0]["more_fields"], json!(true));
}
