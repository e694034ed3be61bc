//! What led to an event and what it led to, as the program tells it.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn line(stream: &str, second: u8, id: &str, cause: Option<&str>) -> String {
    let metadata = json!({"actor": "kim", "correlation-id": "c-1", "causation-id": cause});
    let at = format!("2025-01-01T01:00:{second:02}Z");
    let event = json!({"stream": stream, "id": id, "type": id, "recorded_at": at, "payload": {}, "metadata": metadata});
    format!("{event}\n")
}

/// A ticket led to an order, and that to a payment and a mail; another mail names a cause that is not there.
fn story() -> Sandbox {
    let sandbox = Sandbox::empty();
    let lines = [
        line("ticket-7", 1, "asked", None),
        line("lead-42", 2, "ordered", Some("asked")),
        line("ticket-7", 3, "noted", Some("asked")),
        line("payment-19", 4, "paid", Some("ordered")),
        line("mail-3", 5, "mailed", Some("paid")),
        line("mail-3", 6, "lost", Some("e-90c114")),
    ];
    sandbox.write("story.jsonl", lines.concat());
    sandbox.run(&["import", "story.jsonl", "--into", "a.db"]).ok();
    sandbox
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().expect("a list").iter().filter_map(|event| event["id"].as_str()).collect()
}

#[test]
fn a_chain_is_told_across_streams_in_the_order_of_time() {
    let sandbox = story();
    let before = sandbox.everything();
    // The same of the store and of the file it was made from, and by the event's place.
    for (store, event) in [("a.db", "ordered"), ("story.jsonl", "ordered"), ("a.db", "lead-42@0")] {
        let answer = sandbox.run(&["causes", store, event, "--format", "json"]).ok().json();
        let event = |id: &str, stream: &str, version: u8, second: u8, cause: Value| {
            json!({"id": id, "stream": stream, "version": version, "type": id,
                "recorded_at": format!("2025-01-01T01:00:{second:02}.000Z"), "caused_by": cause})
        };
        assert_eq!(
            answer,
            json!({"root": "asked", "missing": [], "cut": false, "circle": false, "events": [
                event("asked", "ticket-7", 0, 1, Value::Null),
                event("ordered", "lead-42", 0, 2, json!("asked")),
                event("paid", "payment-19", 0, 4, json!("ordered")),
                event("mailed", "mail-3", 0, 5, json!("paid")),
            ]})
        );
    }
    let all = sandbox.run(&["causes", "a.db", "ordered", "--all", "--format", "json"]).ok().json();
    assert_eq!(ids(&all), ["asked", "ordered", "noted", "paid", "mailed", "lost"]);
    assert_eq!((&all["root"], &all["missing"]), (&json!("asked"), &json!(["e-90c114"])));
    let lost = sandbox.run(&["causes", "a.db", "lost", "--format", "json"]).ok().json();
    assert_eq!((ids(&lost), &lost["root"], &lost["missing"]), (vec!["lost"], &json!("lost"), &json!(["e-90c114"])));
    assert_eq!(sandbox.everything(), before, "looking changed something");
}

#[test]
fn a_person_sees_each_event_below_its_cause() {
    let sandbox = story();
    let table = sandbox.run(&["causes", "a.db", "ordered", "--all"]).ok().out;
    let begins = ["event ", "asked ", "  * ordered ", "    paid ", "      mailed ", "  noted ", "lost ", "6 events"];
    for (line, begin) in table.lines().zip(begins) {
        assert!(line.starts_with(begin), "{begin:?}: {table}");
    }
    assert!(table.contains("not in this store: e-90c114, which lost names as its cause"), "{table}");
}

#[test]
fn an_event_that_is_not_there_is_one_sentence_with_a_next_step() {
    let sandbox = story();
    let ask = |event: &str| sandbox.run(&["causes", "a.db", event]).code(2);
    ask("nothing").says("there is no event nothing").says("STREAM@VERSION").in_one_line();
    ask("").says("there is no event").in_one_line();
    ask("lead-42@7").says("there is no version 7").in_one_line();
    ask("nobody@0").says("there is no event nobody@0").in_one_line();
    ask("e-90c114").says("but lost names it").in_one_line();
}
