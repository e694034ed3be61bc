//! Events over time, as the command line tells them.

use serde_json::json;

use crate::sandbox::Sandbox;

fn events() -> String {
    let event = |stream: &str, version: u64, event_type: &str, at: &str, actor: &str| {
        let at = if at.is_empty() { "null".to_owned() } else { format!("\"{at}\"") };
        format!(
            r#"{{"stream":"{stream}","version":{version},"type":"{event_type}","recorded_at":{at},"payload":{{}},"metadata":{{"actor":"{actor}"}}}}"#
        )
    };
    [
        event("order-1", 0, "placed", "2025-01-30T10:00:00Z", "kim"),
        event("order-1", 1, "paid", "2025-02-01T10:20:00Z", "lee"),
        event("mail-1", 0, "sent", "2025-02-01T10:59:59Z", "kim"),
        event("order-1", 2, "paid", "2025-02-03T00:00:00Z", "kim"),
        event("mail-1", 1, "sent", "", "=kim"),
    ]
    .join("\n")
}

#[test]
fn events_are_counted_in_the_spans_in_which_they_were_recorded() {
    let sandbox = Sandbox::empty();
    sandbox.write("orders.jsonl", events());
    let told = |by: &str, of: &str| {
        sandbox.run(&["histogram", "orders.jsonl", "--by", by, "--of", of, "--format", "json"]).ok().json()
    };
    assert_eq!(
        told("month", "type"),
        json!([
            {"from": "2025-01-01T00:00:00.000Z", "counts": {"placed": 1}},
            {"from": "2025-02-01T00:00:00.000Z", "counts": {"paid": 2, "sent": 1}},
        ])
    );
    assert_eq!(
        told("week", "category"),
        json!([
            {"from": "2025-01-27T00:00:00.000Z", "counts": {"order": 2, "mail": 1}},
            {"from": "2025-02-03T00:00:00.000Z", "counts": {"order": 1}},
        ])
    );
    assert_eq!(
        told("hour", "actor"),
        json!([
            {"from": "2025-01-30T10:00:00.000Z", "counts": {"kim": 1}},
            {"from": "2025-02-01T10:00:00.000Z", "counts": {"kim": 1, "lee": 1}},
            {"from": "2025-02-03T00:00:00.000Z", "counts": {"kim": 1}},
        ])
    );
    let day = sandbox.run(&["histogram", "orders.jsonl", "--by", "day", "--format", "csv"]).ok();
    assert_eq!(day.out.lines().next(), Some("from,type,events"));
    assert_eq!(day.out.lines().count(), 5, "{}", day.out);
    assert!(day.err.contains("1 event without a time"), "{}", day.err);
    let refused = sandbox.run(&["histogram", "orders.jsonl", "--by", "minute"]).code(2);
    assert!(refused.err.contains("hour"), "{}", refused.err);
}
