//! Projections of a user's own, as the command line runs them.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const ORDERS: &str = r#"{"stream":"order-1","version":0,"type":"placed","id":"a0000000-0000-4000-8000-000000000001","recorded_at":"2025-01-03T00:00:00Z","payload":{"shop":"north","total":5}}
{"stream":"order-2","version":0,"type":"placed","recorded_at":"2025-01-04T00:00:00Z","payload":{"shop":"south","total":7}}
{"stream":"order-1","version":1,"type":"paid","recorded_at":"2025-01-05T00:00:00Z","payload":{"shop":"north","by":"card"}}
{"stream":"order-1","version":2,"type":"sent","recorded_at":"2025-01-06T00:00:00Z","payload":null}
"#;

const PER_ORDER: &str = "fromCategory('order').foreachStream().when({
  $init() { return { total: 0, steps: [] } },
  placed(s, e) { s.total = e.data.total; s.steps.push('placed') },
  paid(s, e) {
    s.by = e.data.by; s.steps.push('paid')
    log('paid', e.streamId)
    emit('payments', 'payment-seen', { order: e.streamId })
    linkTo('paid-orders', e)
  },
})
";

fn sandbox(source: &str) -> Sandbox {
    let sandbox = Sandbox::with_seed();
    sandbox.write("orders.jsonl", ORDERS);
    sandbox.run(&["import", "orders.jsonl", "--into", "a.db"]).ok();
    sandbox.write("own.js", source);
    sandbox
}

fn project(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let command = ["project", "a.db", "--projection", "own.js", "--format", "json"];
    sandbox.run(&[&command[..], arguments].concat()).ok().json()
}

#[test]
fn each_partition_is_a_row_with_its_state_and_its_result() {
    let sandbox = sandbox(PER_ORDER);
    let first = json!({"total": 5, "steps": ["placed", "paid"], "by": "card"});
    let second = json!({"total": 7, "steps": ["placed"]});
    let row = |partition: &str, state: &Value| json!({"partition": partition, "state": state, "result": state, "error": null});
    assert_eq!(project(&sandbox, &[]), json!([row("order-1", &first), row("order-2", &second)]));
    let then = json!({"total": 5, "steps": ["placed"]});
    assert_eq!(
        project(&sandbox, &["--as-of", "2025-01-04T12:00:00Z"]),
        json!([row("order-1", &then), row("order-2", &second)])
    );
}

#[test]
fn events_are_divided_by_a_function_or_not_at_all() {
    let by_shop = sandbox(
        "fromAll().partitionBy(e => e.body && e.body.shop).when({ $init: () => ({ n: 0 }), $any(s) { s.n++ } }).transformBy(s => ({ events: s.n })).filterBy(s => s.events > 1)",
    );
    let rows = project(&by_shop, &[]);
    assert_eq!(
        rows,
        json!([
            {"partition": "north", "state": {"n": 2}, "result": {"events": 2}, "error": null},
            {"partition": "south", "state": {"n": 1}, "result": null, "error": null},
        ])
    );
    let whole = sandbox("fromAll().when({ $init: () => ({ n: 0 }), placed(s) { s.n++ } })");
    assert_eq!(project(&whole, &[]), json!([{"partition": "", "state": {"n": 2}, "result": {"n": 2}, "error": null}]));
    let refused = whole.run(&["show", "a.db", "order-1", "--projection", "own.js"]).code(2);
    assert!(refused.err.contains("it has one state, whose name is empty"), "{refused:?}");
    let shown = whole.run(&["show", "a.db", "", "--at", "0", "--projection", "own.js", "--format", "json"]).ok().json();
    assert_eq!((&shown["state"], &shown["event"]), (&json!({"n": 1}), &json!("order-1@0")));
}

const PER_SHOP: &str = "fromCategory('order').partitionBy(e => e.body && e.body.shop).when({
  $init: () => ({ n: 0, total: 0 }),
  placed(s, e) { s.n++; s.total += e.body.total; s.last = e.streamId + '@' + e.sequenceNumber },
  paid(s, e) { s.by = e.body.by; s.last = e.streamId + '@' + e.sequenceNumber },
})";

/// Of three orders in two shops, and events that belong to none.
fn shops() -> Sandbox {
    let sandbox = sandbox(PER_SHOP);
    let more = r#"{"stream":"order-3","version":0,"type":"placed","recorded_at":"2025-01-07T00:00:00Z","payload":{"shop":"north","total":2}}
{"stream":"order-3","version":1,"type":"paid","recorded_at":"2025-01-08T00:00:00Z","payload":{"shop":"north","by":"cash"},"metadata":{"actor":"kim"}}
"#;
    sandbox.write("more.jsonl", more);
    sandbox.run(&["import", "more.jsonl", "--into", "a.db"]).ok();
    sandbox
}

#[test]
fn a_partition_of_several_streams_is_looked_at_as_a_stream_is() {
    let sandbox = shops();
    let before = sandbox.read_bytes("a.db");
    let own = |arguments: &[&str]| {
        let more = ["--projection", "own.js", "--format", "json"];
        sandbox.run(&[arguments, &more[..]].concat()).ok().json()
    };
    let north = |version: u64| own(&["show", "a.db", "north", "--at", &version.to_string()]);
    assert_eq!(north(1)["state"], json!({"n": 1, "total": 5, "by": "card", "last": "order-1@1"}));
    assert_eq!((&north(2)["event"], &north(2)["findings"]), (&json!("order-3@0"), &json!([])));
    let latest = own(&["show", "a.db", "north"]);
    assert_eq!(latest["state"], json!({"n": 2, "total": 7, "by": "cash", "last": "order-3@1"}));
    let then = own(&["show", "a.db", "north", "--at", "2025-01-05T12:00:00Z"]);
    assert_eq!(then["version"], json!(1));
    let blame = own(&["blame", "a.db", "north"]);
    let by = blame.as_array().expect("rows").iter().find(|row| row["field"] == "by").expect("blamed");
    assert_eq!(
        (&by["version"], &by["event"], &by["actor"], &by["type"]),
        (&json!(3), &json!("order-3@1"), &json!("kim"), &json!("paid"))
    );
    let diff = own(&["diff", "a.db", "north", "--from", "1", "--to", "2"]);
    assert_eq!((&diff[0]["field"], &diff[0]["set_by"]["event"]), (&json!("n"), &json!("order-3@0")));
    let when = own(&["when", "a.db", "north", "total > 5"]);
    assert_eq!((&when[0]["version"], &when[0]["event"]), (&json!(2), &json!("order-3@0")));
    let what_if = own(&["what-if", "a.db", "north", "--skip", "0", "--set", "2:total=20"]);
    let total = what_if["diff"].as_array().expect("rows").iter().find(|row| row["field"] == "total").expect("differs");
    assert_eq!((&total["before"], &total["after"]), (&json!(7), &json!(20)), "{what_if}");
    let inserted = own(&["what-if", "a.db", "north", "--insert", "0:placed:{\"total\":1}"]);
    assert!(inserted["diff"].to_string().contains("\"after\":8"), "{inserted}");
    let why = own(&["why", "a.db", "north", "by"]);
    assert_eq!(why["set_by"]["event"], json!("order-3@1"));
    let reduced = own(&["reduce", "a.db", "north", "total == 7"]);
    assert_eq!(reduced["events"], json!(2), "{reduced}");
    for refused in [
        &["what-if", "a.db", "north", "--skip", "0", "--propose", "--projection", "own.js"][..],
        &["reduce", "a.db", "north", "total == 7", "--to", "r.jsonl", "--projection", "own.js"],
        &["show", "a.db", "nort", "--projection", "own.js"],
        &["show", "a.db", "order-1", "--projection", "own.js"],
    ] {
        let ran = sandbox.run(refused).code(2);
        assert!(ran.err.contains("partition"), "{ran:?}");
    }
    let table = sandbox.run(&["blame", "a.db", "north", "--projection", "own.js"]).ok().out;
    assert!(table.contains("order-3@1"), "{table}");
    assert!(sandbox.read_bytes("a.db") == before, "nothing is written");
}

#[test]
fn partitions_are_rows_a_read_model_and_a_table_of_sql() {
    let sandbox = shops();
    let counted = project(&sandbox, &["--where", "n > 1"]);
    let north = json!({"n": 2, "total": 7, "by": "cash", "last": "order-3@1"});
    assert_eq!(counted, json!([{"stream": "north", "version": 3, "state": north}]));
    assert_eq!(
        project(&sandbox, &["--count-by", "n"]),
        json!([{"value": 1, "streams": 1}, {"value": 2, "streams": 1}])
    );
    let make = ["materialise", "a.db", "--projection", "own.js", "--into", "own.db", "--format", "json"];
    let first = sandbox.run(&make).ok().json();
    assert_eq!((&first["rows"], &first["made"]), (&json!(2), &json!("new")), "{first}");
    let late = r#"{"stream":"order-4","version":0,"type":"placed","recorded_at":"2025-01-09T00:00:00Z","payload":{"shop":"south","total":1}}"#;
    sandbox.write("late.jsonl", late);
    sandbox.run(&["import", "late.jsonl", "--into", "a.db"]).ok();
    let drift = ["drift", "a.db", "--projection", "own.js", "--against", "own.db", "--format", "json"];
    assert_eq!(sandbox.run(&drift).ok().json()["rows"], json!(2), "held against what it was made of");
    let again = sandbox.run(&make).ok().json();
    assert_eq!((&again["rows"], &again["made"], &again["events"]), (&json!(2), &json!(null), &json!(1)), "{again}");
    sandbox.run(&drift).ok();
    let asked = "select stream, total from own order by 1";
    let rows = sandbox.run(&["sql", "a.db", asked, "--projection", "own.js", "--format", "json"]).ok().json();
    assert_eq!(rows, json!([{"stream": "north", "total": 7}, {"stream": "south", "total": 8}]));
}

#[test]
fn what_a_projection_takes_is_exported_as_it_is_recorded() {
    let sandbox = shops();
    let exported = |arguments: &[&str]| -> Vec<String> {
        let command = ["export", "a.db", "--to", "-", "--as", "jsonl", "--projection", "own.js"];
        let lines = sandbox.run(&[&command[..], arguments].concat()).ok().out;
        let event = |line: &str| -> Value { serde_json::from_str(line).expect("JSON") };
        let named = |event: Value| format!("{}@{}", event["stream"].as_str().expect("a stream"), event["version"]);
        lines.lines().map(|line| named(event(line))).collect()
    };
    assert_eq!(exported(&["north"]), ["order-1@0", "order-1@1", "order-3@0", "order-3@1"]);
    assert_eq!(exported(&["south"]), ["order-2@0"]);
    assert_eq!(exported(&[]).len(), 5, "neither the lead nor what has no body");
    assert_eq!(exported(&["north", "--containing", "cash"]), ["order-3@1"]);
    sandbox.write("own.js", PER_ORDER);
    assert_eq!(exported(&["order-1"]), ["order-1@0", "order-1@1"]);
    let refused = sandbox.run(&["export", "a.db", "--to", "-", "--projection", "state"]).code(2);
    assert!(refused.err.contains("FILE.js"), "{refused:?}");
}

#[test]
fn the_table_of_partitions_says_how_many_events_each_had_and_up_to_where_it_was_read() {
    let sandbox = shops();
    let table = sandbox.run(&["project", "a.db", "--projection", "own.js"]).ok().out;
    assert!(table.contains("north           4"), "{table}");
    assert!(table.contains("2 partitions of 5 events, read up to position 13"), "{table}");
    let then = sandbox.run(&["project", "a.db", "--projection", "own.js", "--as-of", "9", "--format", "json"]).ok();
    assert!(then.err.contains("at position 9, read up to position 9"), "{then:?}");
    assert_eq!(then.json()[0]["state"]["n"], json!(1));
}

#[test]
fn a_state_a_stream_is_shown_compared_blamed_and_asked_as_any_other() {
    let sandbox = sandbox(PER_ORDER);
    let own = ["--projection", "own.js", "--format", "json"];
    let show = |at: &str| sandbox.run(&[&["show", "a.db", "order-1", "--at", at], &own[..]].concat()).ok().json();
    assert_eq!(show("0")["state"], json!({"total": 5, "steps": ["placed"]}));
    assert_eq!(show("2")["state"], json!({"total": 5, "steps": ["placed", "paid"], "by": "card"}));
    let diff = sandbox.run(&[&["diff", "a.db", "order-1", "--from", "0", "--to", "2"], &own[..]].concat()).ok().json();
    let fields: Vec<&Value> = diff.as_array().expect("rows").iter().map(|row| &row["field"]).collect();
    assert_eq!(fields, ["steps[1]", "by"]);
    let blame = sandbox.run(&[&["blame", "a.db", "order-1"], &own[..]].concat()).ok().json();
    let by = blame.as_array().expect("rows").iter().find(|row| row["field"] == "by").expect("blamed");
    assert_eq!((&by["version"], &by["type"]), (&json!(1), &json!("paid")));
    let when = sandbox.run(&[&["when", "a.db", "order-1", "size(steps) == 2"], &own[..]].concat()).ok().json();
    assert_eq!(when[0]["version"], json!(1));
    let without = sandbox.run(&[&["what-if", "a.db", "order-1", "--skip", "1"], &own[..]].concat()).ok().json();
    assert!(without["diff"].as_array().is_some_and(|diff| diff.iter().any(|row| row["field"] == "by")), "{without}");
    let counted = project(&sandbox, &["--category", "order", "--count-by", "total"]);
    assert_eq!(counted, json!([{"value": 5, "streams": 1}, {"value": 7, "streams": 1}]));
}

#[test]
fn what_is_emitted_and_logged_is_listed_and_written_nowhere() {
    let sandbox = sandbox(PER_ORDER);
    let before = sandbox.run(&["info", "a.db", "--format", "json"]).ok().out;
    let emitted = project(&sandbox, &["--emitted"]);
    let paid = sandbox.run(&["events", "a.db", "order-1", "--type", "paid", "--format", "json"]).ok().json();
    assert_eq!(
        emitted,
        json!([
            {"kind": "event", "stream": "payments", "type": "payment-seen", "data": {"order": "order-1"}, "caused_by": paid[0]["id"]},
            {"kind": "link", "stream": "paid-orders", "type": "$>", "data": "1@order-1", "caused_by": paid[0]["id"]},
        ])
    );
    assert_eq!(project(&sandbox, &["--logged"]), json!([{"stream": "order-1", "version": 1, "text": "paid order-1"}]));
    assert_eq!(sandbox.run(&["info", "a.db", "--format", "json"]).ok().out, before);
}

#[test]
fn a_fault_names_file_line_and_event_and_the_other_partitions_go_on() {
    let sandbox = sandbox(
        "fromCategory('order').foreachStream().when({\n  $init: () => ({ n: 0 }),\n  placed(s) { s.n++ },\n  paid(s, e) {\n    s.n = 100\n    return e.data.missing.length\n  },\n  sent(s) { s.n++ },\n})",
    );
    let ran = sandbox.run(&["project", "a.db", "--projection", "own.js", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let rows = ran.json();
    assert_eq!(rows[0]["state"], json!({"n": 2}), "the state of the events before and behind it");
    assert_eq!(rows[1], json!({"partition": "order-2", "state": {"n": 1}, "result": {"n": 1}, "error": null}));
    let error = &rows[0]["error"];
    assert_eq!(
        (&error["line"], &error["stream"], &error["version"], &error["type"]),
        (&json!(6), &json!("order-1"), &json!(1), &json!("paid"))
    );
    let shown = sandbox.run(&["show", "a.db", "order-1", "--projection", "own.js", "--format", "json"]).ok().json();
    assert_eq!(shown["state"], rows[0]["state"], "the same along the stream");
    assert!(shown["findings"].to_string().contains("line 6"), "{shown}");
}

#[test]
fn a_file_that_is_no_projection_is_one_sentence_with_its_place() {
    let sandbox = sandbox("fromAll()\n.when({ x( })");
    for (command, file) in [("show", "own.js"), ("project", "own.js"), ("show", "none.js"), ("project", ".js")] {
        let stream: &[&str] = if command == "show" { &["order-1"] } else { &[] };
        let ran = sandbox.run(&[&[command, "a.db"], stream, &["--projection", file]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command} {file}: {ran:?}");
        assert!(ran.err.contains(file), "{ran:?}");
    }
    let ran = sandbox.run(&["project", "a.db", "--projection", "own.js"]);
    assert!(ran.err.contains("own.js, line 2"), "{ran:?}");
    let emitted = sandbox.run(&["project", "a.db", "--emitted"]);
    assert_eq!(emitted.code, 2, "{emitted:?}");
}

#[test]
fn a_handler_that_never_ends_is_ended_and_the_rest_is_told() {
    let sandbox = sandbox(
        "fromCategory('order').foreachStream().when({ $init: () => ({ n: 0 }), placed(s) { s.n++ }, paid() { for (;;); } })",
    );
    let ran = sandbox.run(&["project", "a.db", "--projection", "own.js", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.json()[0]["state"], json!({"n": 1}));
    assert!(ran.json()[0]["error"]["message"].to_string().contains("longer than 250 ms"), "{ran:?}");
    assert!(!ran.err.contains("given up"), "once may be chance: {ran:?}");
    let shown = sandbox.run(&["show", "a.db", "order-1", "--projection", "own.js"]).ok();
    assert!(shown.out.contains("it ran longer than 250 ms"), "to its end: {shown:?}");
    sandbox.write(
        "own.js",
        "fromCategory('order').foreachStream().when({ $init: () => ({ n: 0 }), paid() { while (true) {} } })",
    );
    let traced = sandbox.run(&["trace", "a.db", "order-1", "--at", "1", "--projection", "own.js"]);
    assert!(traced.err.contains("longer than 250 ms") && !traced.err.contains("large"), "of one number: {traced:?}");
}

#[test]
fn a_projection_that_runs_too_long_again_and_again_is_given_up() {
    let sandbox = sandbox("fromCategory('order').foreachStream().when({\n  placed() {\n    for (;;);\n  },\n})");
    let event =
        |order: u64| format!("{{\"stream\":\"order-{order}\",\"version\":0,\"type\":\"placed\",\"payload\":{{}}}}\n");
    sandbox.write("more.jsonl", (10..20).map(event).collect::<String>());
    sandbox.run(&["import", "more.jsonl", "--into", "a.db"]).ok();
    let ran = sandbox.run(&["project", "a.db", "--projection", "own.js"]).code(1);
    assert!(
        ran.err.contains("own.js ran too long or took too much memory again and again, and was given up"),
        "{ran:?}"
    );
    assert!(ran.out.contains("line 3"), "the line of its loop: {ran:?}");
    assert!(ran.out.contains("not run"), "of those behind: {ran:?}");
}

#[test]
fn the_order_of_the_stores_events_decides_what_a_shared_state_sees() {
    let sandbox = sandbox(
        "fromCategory('order').foreachStream().when({ $init: () => ({}), $initShared: () => ({ seen: [] }), $any(s, e) { s[1].seen.push(e.streamId + e.sequenceNumber); s[0].at = s[1].seen.length; return s } })",
    );
    let rows = project(&sandbox, &[]);
    assert_eq!((&rows[0]["state"], &rows[1]["state"]), (&json!({"at": 4}), &json!({"at": 2})), "{rows}");
}

#[test]
fn a_read_model_is_made_of_it_held_against_it_and_made_anew_when_its_source_is_another() {
    let sandbox = sandbox(PER_ORDER);
    let make = ["materialise", "a.db", "--projection", "own.js", "--category", "order", "--into", "own.db"];
    let made = |sandbox: &Sandbox| sandbox.run(&[&make[..], &["--format", "json"]].concat()).ok().json();
    let first = made(&sandbox);
    assert_eq!((&first["rows"], &first["made"]), (&json!(2), &json!("new")), "{first}");
    assert_eq!(made(&sandbox)["made"], json!(null), "its source is the same");
    let table = first["table"].as_str().expect("named").to_owned();
    let drift = ["drift", "a.db", "--projection", "own.js", "--category", "order", "--against", &table];
    sandbox.run(&drift).ok();
    sandbox.write("own.js", PER_ORDER.replace("s.total = e.data.total", "s.total = e.data.total * 2"));
    let differing = sandbox.run(&drift).code(1).out;
    assert!(differing.contains("total  5      10"), "{differing}");
    let again = made(&sandbox);
    assert!(again["made"].is_string() && again["made"] != first["made"], "{again}");
    sandbox.run(&drift).ok();
}

#[test]
fn the_handler_of_an_event_is_told_line_by_line() {
    let sandbox = sandbox(
        "fromCategory('order').foreachStream().when({\n  $init: () => ({ total: 0, n: 0 }),\n  placed(s, e) {\n    s.total = e.data.totl ?? e.data.total;\n    s.n += 1;\n    log('placed', s.n);\n  },\n  paid(s, e) {\n    s.n += 1;\n    return s.none.such;\n  },\n})",
    );
    let trace = |at: &str, form: &str| {
        sandbox.run(&["trace", "a.db", "order-1", "--projection", "own.js", "--at", at, "--format", form])
    };
    let ran = trace("0", "json").ok();
    assert!(ran.err.contains("own.js, line 4, column 22: no totl in placed; did you mean total?"), "{ran:?}");
    let change = |field: &str, before: Value, after: Value| json!({"field": field, "before": before, "after": after});
    assert_eq!(
        ran.json(),
        json!([
            {"line": 2, "column": 16, "source": "$init: () => ({ total: 0, n: 0 }),", "changes": [change("total", json!(null), json!(0)), change("n", json!(null), json!(0))]},
            {"line": 4, "column": 5, "source": "s.total = e.data.totl ?? e.data.total;", "changes": [change("total", json!(0), json!(5))]},
            {"line": 5, "column": 5, "source": "s.n += 1;", "changes": [change("n", json!(0), json!(1))]},
            {"line": 6, "column": 5, "source": "log('placed', s.n);", "changes": [], "logged": ["placed 1"]},
        ])
    );
    let table = trace("0", "table").ok().out;
    assert!(table.starts_with("order-1 v0 (placed): 4 lines, ") && table.contains("s.n += 1;"), "{table}");
    let failed = trace("1", "json").code(1);
    assert_eq!(failed.json()[0]["changes"], json!([change("n", json!(1), json!(2))]));
    assert!(failed.err.contains("own.js, line 10"), "{failed:?}");
    let passed_over = trace("2", "json").ok();
    assert!(passed_over.err.contains("takes no sent") && passed_over.json() == json!([]), "{passed_over:?}");
    sandbox.run(&["trace", "a.db", "order-1", "--projection", "state"]).code(2).says("no file of your own");
}

/// Fails on every event that it is given.
const FAILING: &str = "fromCategory('order').foreachStream().when({\n  $init: () => ({ n: 0 }),\n  placed(s, e) { s.n += e.data.missing.bar },\n})";

#[test]
fn no_answer_of_a_projection_that_fails_is_a_yes() {
    let sandbox = sandbox(FAILING);
    let own = ["--projection", "own.js"];
    let made = sandbox.run(&[&["materialise", "a.db", "--into", "own.db", "--format", "json"], &own[..]].concat());
    assert_eq!(made.code, 1, "{made:?}");
    let failed = &made.json()["failed"];
    assert_eq!(
        (&failed["rows"], &failed["first"]["line"], &failed["first"]["stream"], &failed["first"]["type"]),
        (&json!(2), &json!(3), &json!("order-1"), &json!("placed"))
    );
    assert!(made.err.contains("own.js failed on 2 streams") && made.err.contains("line 3"), "{made:?}");
    for asked in [
        &["drift", "a.db", "--against", "own.db"][..],
        &["diff", "a.db", "order-1", "--from", "0", "--to", "2"],
        &["blame", "a.db", "order-1"],
        &["what-if", "a.db", "order-1", "--skip", "1"],
        &["project", "a.db", "--category", "order"],
    ] {
        let ran = sandbox.run(&[asked, &own[..]].concat());
        assert_eq!(ran.code, 1, "{asked:?}: {ran:?}");
        assert!(ran.err.contains("fail") || asked[0] == "project", "{asked:?}: {ran:?}");
    }
}

/// Fails on one of the events that it is given.
const FAILING_ONCE: &str = "fromCategory('order').foreachStream().when({\n  $init: () => ({ n: 0 }),\n  placed(s) { s.n++ },\n  paid(s, e) { s.n = e.data.missing.bar },\n})";

#[test]
fn every_question_tells_of_the_event_on_which_a_projection_failed() {
    let sandbox = sandbox(FAILING_ONCE);
    for asked in [
        &["sql", "a.db", "select count(*) from order_own"][..],
        &["sql", "a.db", "select n from order_own where stream = 'order-1'"],
        &["when", "a.db", "order-1", "n == 1"],
        &["when", "a.db", "n == 1", "--category", "order"],
        &["reduce", "a.db", "order-1", "n == 1"],
        &["why", "a.db", "order-1", "n", "--not", "7"],
    ] {
        let ran = sandbox.run(&[asked, &["--projection", "own.js"]].concat());
        assert_eq!(ran.code, 1, "{asked:?}: {ran:?}");
        assert!(ran.err.contains("own.js failed on 1 ") && ran.err.contains("line 4"), "{asked:?}: {ran:?}");
        assert!(!ran.out.is_empty(), "{asked:?}: {ran:?}");
    }
}

#[test]
fn a_fault_stands_whole_below_the_table_once() {
    let sandbox = sandbox(FAILING);
    let table = sandbox.run(&["project", "a.db", "--projection", "own.js"]).code(1).out;
    let lines: Vec<&str> = table.lines().filter(|line| line.contains("; in 2 partitions, first order-1 v0")).collect();
    assert_eq!(lines.len(), 1, "{table}");
    assert!(lines[0].starts_with("line 3, column") && !lines[0].contains('…'), "{table}");
}

#[test]
fn a_read_model_catches_up_wherever_its_projection_is_named_from() {
    let sandbox = sandbox(PER_ORDER);
    let path = sandbox.path("own.js");
    let make = |projection: &str| {
        let made = ["materialise", "a.db", "--projection", projection, "--into", "own.db", "--format", "json"];
        sandbox.run(&made).ok().json()
    };
    assert_eq!(make("own.js")["made"], json!("new"));
    let again = make(path.to_str().expect("a name in UTF-8"));
    assert_eq!((&again["made"], &again["failed"]), (&json!(null), &json!(null)), "{again}");
}

#[test]
fn streams_that_its_sources_leave_out_have_no_such_projection() {
    let sandbox = sandbox(PER_ORDER);
    let orders = json!([{"value": 5, "streams": 1}, {"value": 7, "streams": 1}]);
    assert_eq!(project(&sandbox, &["--count-by", "total"]), orders, "the lead is left out");
    let counted = ["project", "a.db", "--projection", "own.js", "--count-by", "total"];
    assert!(sandbox.run(&counted).ok().err.contains("streams of lead have no projection own.js"));
    let made = ["materialise", "a.db", "--projection", "own.js", "--into", "own.db", "--format", "json"];
    assert_eq!(sandbox.run(&made).ok().json()["rows"], json!(2));
    let shown = sandbox.run(&["show", "a.db", "lead-1", "--projection", "own.js"]).code(2);
    assert!(shown.err.contains("lead-1 has no projection own.js, whose sources leave it out"), "{shown:?}");
    let category = sandbox.run(&["project", "a.db", "--projection", "own.js", "--category", "lead"]).code(2);
    assert!(category.err.contains("no stream here has a projection own.js; there are state"), "{category:?}");
}

#[test]
fn a_file_that_is_no_projection_is_refused_at_once() {
    let sandbox = sandbox("\n  // nothing yet\n");
    let project = |file: &str| sandbox.run(&["project", "a.db", "--projection", file]);
    project("own.js").code(2).says("this file defines no projection");
    sandbox.write("empty.js", "");
    project("empty.js").code(2).says("this file defines no projection");
    #[cfg(unix)]
    {
        let made = std::process::Command::new("mkfifo").arg(sandbox.path("pipe.js")).status().expect("mkfifo");
        assert!(made.success());
        project("pipe.js").code(2).says("pipe.js is no file");
    }
}

#[test]
fn half_of_a_surrogate_pair_is_no_partition_and_no_part_of_a_state() {
    let by = sandbox("fromCategory('order').partitionBy(e => '\\ud83d').when({ $any(s) { s.n = 1 } })");
    let ran = by.run(&["project", "a.db", "--projection", "own.js"]);
    assert!(ran.err.contains("half of a surrogate pair"), "{ran:?}");
    let of = sandbox("fromCategory('order').foreachStream().when({ $any(s) { s.n = '\\ud83d' } })");
    let ran = of.run(&["project", "a.db", "--projection", "own.js"]).code(1);
    assert!(ran.out.contains("half of a surrogate pair"), "{ran:?}");
}

#[test]
fn what_is_kept_outside_of_the_state_is_named_with_its_line() {
    let sandbox = sandbox("let all = 0\nfromCategory('order').foreachStream().when({\n  $any(s) { s.n = ++all },\n})");
    for asked in [&["project", "a.db"][..], &["show", "a.db", "order-1"], &["materialise", "a.db", "--into", "own.db"]]
    {
        let ran = sandbox.run(&[asked, &["--projection", "own.js"]].concat());
        let said = "own.js, line 3, column 21: all is kept outside of the state";
        assert_eq!(ran.err.matches(said).count(), 1, "{asked:?}: {ran:?}");
    }
}

#[test]
fn what_may_not_stand_in_a_chain_is_named_with_what_may() {
    for (source, expected) in [
        ("fromAll().wen({})", "there is no wen here; did you mean when?"),
        (
            "fromAll().foreachStream().partitionBy(e => 1).when({})",
            "partitionBy cannot follow foreachStream; what may follow it: when",
        ),
        ("fromAll().when({ $init: { n: 0 } })", "$init is no function here"),
    ] {
        let sandbox = sandbox(source);
        let ran = sandbox.run(&["project", "a.db", "--projection", "own.js"]).code(2);
        assert!(ran.err.contains(expected) && ran.err.contains("own.js, line 1"), "{source}: {ran:?}");
    }
}
