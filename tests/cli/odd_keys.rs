//! Objects that have the very fields under which the parser of JSON keeps things of its own: `12` as
//! `{"$serde_json::private::Number": "12"}`. Whoever wrote one is shown it as it is, through every door. What is printed is
//! looked at as text, for the parser that these tests have is the same.

use crate::sandbox::{Ran, Sandbox};

const SOURCE: &str = "fromCategory('order').foreachStream().when({
  $init: () => ({ n: 0 }),
  placed(s, e) { s.n++; s.kept = e.data.odd; s.kind = typeof s.kept },
  looked(s) { s.n++; s.kind = typeof s.kept },
}).transformBy(s => ({ kept: s.kept }))
";

const KEYS: [&str; 2] = ["$serde_json::private::Number", "$serde_json::private::RawValue"];

/// An order with two events, the first of which has the odd object, and one with numbers.
fn sandbox(odd: &str) -> Sandbox {
    let sandbox = Sandbox::with_seed();
    let event = |version: u64, event_type: &str, payload: &str| {
        format!(
            "{{\"stream\":\"order-1\",\"version\":{version},\"type\":\"{event_type}\",\"recorded_at\":\"2025-01-03T00:00:0{version}Z\",\"payload\":{payload}}}\n"
        )
    };
    let events = [event(0, "placed", &format!("{{\"odd\":{odd}}}")), event(1, "looked", "{\"a\":1}")];
    sandbox.write("orders.jsonl", events.concat());
    sandbox.run(&["import", "orders.jsonl", "--into", "a.db"]).ok();
    sandbox.write("own.js", SOURCE);
    sandbox
}

#[track_caller]
fn assert_tells(ran: &Ran, told: &str) {
    assert!(ran.out.contains(told), "no {told} in {ran:?}");
}

#[test]
fn an_object_with_the_parsers_own_fields_is_told_as_it_is() {
    for key in KEYS {
        let odd = format!("{{\"{key}\":\"12\"}}");
        let sandbox = sandbox(&odd);
        let field = format!("\"kept\":{odd}");
        let own =
            |command: &[&str]| sandbox.run(&[command, &["--projection", "own.js", "--format", "json"]].concat()).ok();
        let compact = |ran: Ran| Ran { out: ran.out.split_whitespace().collect(), ..ran };
        // A payload.
        assert_tells(&compact(sandbox.run(&["events", "a.db", "order-1", "--format", "json"]).ok()), &odd);
        assert_tells(&compact(sandbox.run(&["show", "a.db", "order-1", "--format", "json"]).ok()), &odd);
        // A state: alone, at any version, and among all.
        for at in ["0", "1"] {
            let shown = compact(own(&["show", "a.db", "order-1", "--at", at]));
            assert_tells(&shown, &field);
            assert_tells(&shown, "\"kind\":\"object\"");
        }
        let project = compact(own(&["project", "a.db"]));
        assert_tells(&project, &format!("\"result\":{{{field}}}"));
        assert_tells(&project, "\"kind\":\"object\"");
        // What changed, and who did it.
        assert_tells(&compact(own(&["diff", "a.db", "order-1", "--from", "0", "--to", "1"])), "[");
        let blame = compact(own(&["blame", "a.db", "order-1"]));
        assert!(blame.out.contains("private::") && !blame.out.contains("\"kept\",\"value\":12"), "{blame:?}");
        assert_tells(&compact(own(&["trace", "a.db", "order-1", "--at", "0"])), &odd);
        // What a handler is given of a state that was kept.
        let trace = compact(own(&["trace", "a.db", "order-1", "--at", "1"]));
        assert!(!trace.out.contains("number"), "{trace:?}");
        // In tables.
        let quoted = odd.replace('"', "\"\"");
        let csv = sandbox.run(&["project", "a.db", "--projection", "own.js", "--format", "csv"]).ok();
        assert_tells(&csv, &quoted);
        let sql = "select odd from order_fields";
        let sql = compact(sandbox.run(&["sql", "a.db", sql, "--format", "json"]).ok());
        assert_tells(&sql, &odd.replace('"', "\\\""));
        // A condition sees an object.
        let when = |text: &str| own(&["when", "a.db", "order-1", text]).out;
        assert!(!when("type(kept) == map").contains("false"), "{}", when("type(kept) == map"));
        assert!(when("type(kept) == map").contains("true"), "{}", when("type(kept) == map"));
        assert!(!when("kept == 12").contains("true"), "{}", when("kept == 12"));
        // As it would have been.
        let set = format!("0:odd=[{odd}]");
        let what_if = compact(own(&["what-if", "a.db", "order-1", "--set", &set]));
        assert_tells(&what_if, &odd);
    }
}

#[test]
fn a_read_model_of_such_an_object_does_not_drift() {
    for key in KEYS {
        let sandbox = sandbox(&format!("{{\"{key}\":\"12\"}}"));
        let of = ["a.db", "--projection", "own.js", "--category", "order"];
        let made = sandbox.run(&[&["materialise"], &of[..], &["--into", "own.db", "--format", "json"]].concat()).ok();
        let table = made.json()["table"].as_str().expect("named").to_owned();
        sandbox.run(&[&["drift"], &of[..], &["--against", &table]].concat()).ok();
        let differ = ["compare-projections", "own.js", "own.js", "a.db"];
        sandbox.run(&differ).ok();
    }
}
