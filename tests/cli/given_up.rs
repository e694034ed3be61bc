//! A projection that was given up: what it failed on and what it was not run on are told apart, and by the same counts
//! wherever they stand.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// Every order without a total takes more memory than there is.
const HOPELESS: &str = "fromCategory('order').foreachStream().when({
  $init: () => ({ n: 0 }),
  placed(s, e) {
    s.n++;
    if (e.data.total === undefined) 'x'.repeat(80e6);
  },
})
";

/// Of these it fails on eight, and is not run on the other four.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_seed();
    let mut orders = String::new();
    for order in 10..25 {
        let total = if order < 13 { "\"total\":5" } else { "" };
        writeln!(orders, "{{\"stream\":\"order-{order}\",\"version\":0,\"type\":\"placed\",\"payload\":{{{total}}}}}")
            .expect("written");
    }
    sandbox.write("orders.jsonl", orders);
    sandbox.run(&["import", "orders.jsonl", "--into", "a.db"]).ok();
    sandbox.write("own.js", HOPELESS);
    sandbox
}

#[test]
fn what_failed_and_what_was_not_run_are_counted_alike_wherever_they_stand() {
    let sandbox = sandbox();
    let project = ["project", "a.db", "--projection", "own.js"];
    let ran = sandbox.run(&[&project[..], &["--format", "json"]].concat()).code(1);
    let json = ran.json();
    let rows: Vec<&Value> = json.as_array().expect("rows").iter().collect();
    let message = |row: &Value| row["error"]["message"].as_str().unwrap_or_default().to_owned();
    let is_not_run = |row: &Value| message(row).starts_with("not run: ");
    let failed: Vec<&&Value> = rows.iter().filter(|row| !row["error"].is_null() && !is_not_run(row)).collect();
    let not_run: Vec<&&Value> = rows.iter().filter(|row| is_not_run(row)).collect();
    assert_eq!((rows.len(), failed.len(), not_run.len()), (15, 8, 4), "{json}");
    for row in not_run {
        let at = "given up at order-20 v0 (placed); functions ended by then";
        assert!(message(row).contains(at), "{row}");
        assert_eq!(row["state"], json!({"n": 0}), "as it begins");
    }
    let said = "failed on 8 partitions, and was not run on 4 more";
    assert!(ran.err.contains(said) && ran.err.contains("was given up"), "{ran:?}");
    let table = sandbox.run(&project).code(1);
    assert!(table.err.contains(said), "{table:?}");
    // The same over the streams, and in tables.
    let counts = |told: &Value| (told["failed"]["rows"].clone(), told["failed"]["not_run"].clone());
    let make = ["materialise", "a.db", "--projection", "own.js", "--category", "order", "--into", "own.db"];
    let ran = sandbox.run(&[&make[..], &["--format", "json"]].concat()).code(1);
    let made = ran.json();
    assert_eq!(counts(&made), (json!(8), json!(4)), "{made}");
    assert!(ran.err.contains("failed on 8 streams, and was not run on 4 more"), "{ran:?}");
    let table = made["table"].as_str().expect("named").to_owned();
    let drift = ["drift", "a.db", "--projection", "own.js", "--category", "order", "--against", &table];
    let drift = sandbox.run(&[&drift[..], &["--format", "json"]].concat()).code(1).json();
    assert_eq!(counts(&drift), (json!(8), json!(4)), "{drift}");
}

/// A state that is not known is neither one that holds nor one that does not.
#[test]
fn what_is_not_known_is_said_not_to_be_known_where_a_condition_is_asked_of_all() {
    let sandbox = sandbox();
    let when = |condition: &str, more: &[&str]| {
        let asked = ["when", "a.db", "--category", "order", condition, "--projection", "own.js"];
        sandbox.run(&[&asked[..], more].concat()).code(1)
    };
    let rows = |condition: &str, more: &[&str]| {
        let rows = when(condition, &[more, &["--format", "json"]].concat()).json();
        rows.as_array().expect("rows").clone()
    };
    let not_known = |order: u64| {
        json!({
            "stream": format!("order-{order}"), "turns": 0, "events_true": 0, "is_true_now": null, "first": null,
            "not_run_from": 0,
        })
    };
    let known = |order: u64| json!({"stream": format!("order-{order}"), "turns": 1, "events_true": 1, "is_true_now": true, "first": 0});
    let orders =
        |of: fn(u64) -> bool, row: &dyn Fn(u64) -> Value| (10..25).filter(|order| of(*order)).map(row).collect();
    let all_not_known: Vec<Value> = orders(|order| order > 20, &not_known);
    // As it begins, it holds of all that failed, and would of those that are not known.
    let begun: Vec<Value> = orders(|order| (13..=20).contains(&order), &known);
    assert_eq!(rows("n == 0", &[]), [begun.clone(), all_not_known.clone()].concat());
    assert_eq!(rows("n == 0", &["--at", "latest"]), [begun, all_not_known.clone()].concat());
    let taken: Vec<Value> = orders(|order| order < 13, &known);
    assert_eq!(rows("n == 1", &[]), [taken.clone(), all_not_known].concat());
    // What an event says is known all the same.
    assert_eq!(rows("event.type == 'placed'", &[]).len(), 15);
    assert!(rows("event.type == 'placed'", &[]).iter().all(|row| row["is_true_now"] == json!(true)));
    let told = when("n == 1", &[]);
    let said = "ever true in 3 streams of order, true now in 3, not known now in 4, on which the projection was not run to the end";
    assert!(told.out.contains(said), "{told:?}");
    assert_eq!(told.out.matches("not known").count(), 4 + 1, "{told:?}");
    assert!(told.err.contains("failed on 8 streams, and was not run on 4 more"), "{told:?}");
    assert!(!told.err.contains("count as not true"), "{told:?}");
    // The states that are asked for are those that are known.
    let project = ["project", "a.db", "--projection", "own.js", "--category", "order", "--format", "json", "--where"];
    for (condition, count) in [("n == 0", 8), ("n == 1", 3)] {
        let ran = sandbox.run(&[&project[..], &[condition]].concat()).code(1);
        assert_eq!(ran.json().as_array().map(Vec::len), Some(count), "{condition}");
        let said =
            "it is not known of 4 streams, on which the projection was not run to the end, and which are left out";
        assert!(ran.err.contains(said), "{ran:?}");
    }
}

/// Each fold counts for itself: a stream that is looked at alone is not the store.
#[test]
fn a_stream_that_is_shown_alone_is_run() {
    let sandbox = sandbox();
    let show = |stream: &str| {
        let arguments = ["show", "a.db", stream, "--projection", "own.js", "--format", "json"];
        sandbox.run(&arguments).json()
    };
    assert_eq!(show("order-10")["state"], json!({"n": 1}));
    let last = show("order-24");
    let finding = last["findings"][0]["message"].as_str().unwrap_or_default();
    assert!(finding.contains("more than 64 MiB"), "it ran, and was ended: {last}");
}
