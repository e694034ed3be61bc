//! Two projections held against each other over a store, and a first draft of one.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const ORDERS: &str = r#"{"stream":"order-1","version":0,"type":"placed","payload":{"total":5}}
{"stream":"order-2","version":0,"type":"placed","payload":{"total":7}}
{"stream":"order-1","version":1,"type":"raised","payload":{"by":1}}
{"stream":"order-1","version":2,"type":"paid","payload":{"by":"card"}}
{"stream":"order-2","version":1,"type":"raised","payload":{"by":0}}
{"stream":"order-3","version":0,"type":"placed","payload":{"total":1}}
{"stream":"order-3","version":1,"type":"paid","payload":{"by":"cash"}}
{"stream":"order-3","version":2,"type":"paid","payload":{"by":"card"}}
"#;

const OLD: &str = "fromCategory('order').foreachStream().when({
  $init: () => ({ total: 0 }),
  placed(s, e) { s.total = e.data.total },
  raised(s, e) { s.total += e.data.by },
  paid(s, e) { s.by = e.data.by },
})";

fn sandbox(new: &str) -> Sandbox {
    let sandbox = Sandbox::with_seed();
    sandbox.write("orders.jsonl", ORDERS);
    sandbox.run(&["import", "orders.jsonl", "--into", "a.db"]).ok();
    sandbox.write("old.js", OLD);
    sandbox.write("new.js", new);
    sandbox
}

fn compared(sandbox: &Sandbox, code: i32, old: &str, new: &str) -> Value {
    sandbox.run(&["compare-projections", old, new, "a.db", "--format", "json"]).code(code).json()
}

#[track_caller]
fn assert_differ(new: &str, expected: &Value) {
    let sandbox = sandbox(new);
    let answer = compared(&sandbox, 1, "old.js", "new.js");
    assert_eq!(answer["partitions"], json!(3));
    assert_eq!(&answer["differ"], expected);
}

fn from(stream: &str, version: u64, event_type: &str) -> Value {
    json!({"stream": stream, "version": version, "type": event_type})
}

#[test]
fn two_that_show_the_same_are_no_difference_however_they_are_written() {
    let same = OLD.replace("s.total += e.data.by", "return { by: s.by, total: s.total + e.data.by }");
    let sandbox = sandbox(&same);
    assert_eq!(compared(&sandbox, 0, "old.js", "new.js"), json!({"partitions": 3, "differ": []}));
    let said = sandbox.run(&["compare-projections", "old.js", "new.js", "a.db"]).ok().out;
    assert!(said.starts_with("old.js and new.js show the same in 3 partitions"), "{said}");
}

#[test]
fn each_difference_names_the_event_behind_which_the_two_stay_apart() {
    // Of the second order the sum is the same again, and of the third only the last payment counts.
    assert_differ(
        &OLD.replace("+= e.data.by", "-= e.data.by").replace("s.by = e.data.by", "s.by = s.by ?? e.data.by"),
        &json!([
            {"partition": "order-1", "field": "total", "old": 6, "new": 4, "from": from("order-1", 1, "raised")},
            {"partition": "order-3", "field": "by", "old": "card", "new": "cash", "from": from("order-3", 2, "paid")},
        ]),
    );
    // A state begins with its first event.
    let begun = |order: &str| json!({"partition": order, "field": "shop", "old": null, "new": "north", "from": from(order, 0, "placed")});
    assert_differ(
        &OLD.replace("total: 0", "total: 0, shop: 'north'"),
        &json!([begun("order-1"), begun("order-2"), begun("order-3")]),
    );
}

#[test]
fn what_is_read_by_either_alone_counts_as_a_difference() {
    let sandbox = sandbox(&OLD.replace("placed(", "ordered(").replace("raised(", "lifted("));
    let answer = compared(&sandbox, 1, "old.js", "new.js");
    let rows = answer["differ"].as_array().expect("rows");
    let second = rows.iter().find(|row| row["partition"] == "order-2").expect("the new one never saw it");
    assert_eq!(
        second,
        &json!({"partition": "order-2", "field": "", "old": {"total": 7}, "new": null, "from": from("order-2", 0, "placed")})
    );
}

#[test]
fn a_fault_on_one_side_and_another_result_are_differences() {
    let fails = OLD.replace("s.by = e.data.by", "s.by = e.data.missing.length");
    let sandbox = sandbox(&fails);
    let answer = compared(&sandbox, 1, "old.js", "new.js");
    let fault = answer["differ"].as_array().expect("rows").iter().find(|row| row["of"] == "fault").expect("told");
    assert_eq!(
        (&fault["partition"], &fault["old"], &fault["from"]),
        (&json!("order-1"), &json!(null), &from("order-1", 2, "paid"))
    );
    assert!(fault["new"].as_str().is_some_and(|words| words.contains("line 5")), "{fault}");
    // Where both fail in the same way at the same event, nothing differs.
    sandbox.write("old.js", fails);
    compared(&sandbox, 0, "old.js", "new.js");
    sandbox.write("old.js", format!("{OLD}.transformBy(s => ({{ sum: s.total }}))"));
    sandbox.write("new.js", format!("{OLD}.transformBy(s => ({{ sum: Math.min(s.total, 6) }}))"));
    assert_eq!(
        compared(&sandbox, 1, "old.js", "new.js")["differ"],
        json!([{"partition": "order-2", "field": "sum", "old": 7, "new": 6, "from": from("order-2", 0, "placed"), "of": "result"}])
    );
}

#[test]
fn what_is_emitted_and_linked_is_compared_too() {
    let warns = |least: u32| {
        OLD.replace(
            "s.by = e.data.by",
            &format!("s.by = e.data.by; if (s.total > {least}) emit('mail', 'warned', {{ n: s.total }})"),
        )
    };
    let sandbox = sandbox(&warns(5));
    sandbox.write("old.js", warns(7));
    let mail = json!([{"kind": "event", "stream": "mail", "type": "warned", "data": r#"{"n":6}"#, "metadata": null}]);
    let answer = compared(&sandbox, 1, "old.js", "new.js");
    assert_eq!(
        answer["differ"],
        json!([{"partition": "order-1", "field": "", "old": null, "new": mail, "from": from("order-1", 2, "paid"), "of": "emitted"}])
    );
    let said = sandbox.run(&["compare-projections", "old.js", "new.js", "a.db"]).code(1).out;
    assert!(said.contains("(what it emits)") && said.contains("1 of 3 partitions differs"), "{said}");
    sandbox.write("old.js", warns(5));
    compared(&sandbox, 0, "old.js", "new.js");
}

#[test]
fn partitions_of_several_streams_name_the_event_where_it_stands() {
    let by_half = |more: &str| {
        format!(
            "fromCategory('order').partitionBy(e => e.streamId < 'order-2' ? 'first' : 'rest').when({{ $init: () => ({{ total: 0 }}), placed(s, e) {{ s.total += e.data.total{more} }} }})"
        )
    };
    let sandbox = sandbox(&by_half(" % 7"));
    sandbox.write("old.js", by_half(""));
    let answer = compared(&sandbox, 1, "old.js", "new.js");
    assert_eq!(
        answer,
        json!({"partitions": 2, "differ": [{"partition": "rest", "field": "total", "old": 8, "new": 1, "from": from("order-2", 0, "placed")}]})
    );
    // Where partitions share a state, all of them are folded once more.
    let shared = "fromCategory('order').foreachStream().when({ $init: () => ({}), $initShared: () => ({ seen: 0 }), placed(s, e) { s[0].place = ++s[1].seen; return s } })";
    sandbox.write("seen.js", shared);
    sandbox.write("later.js", shared.replace("++s[1].seen", "++s[1].seen > 2 ? 0 : s[1].seen"));
    assert_eq!(
        compared(&sandbox, 1, "seen.js", "later.js")["differ"],
        json!([{"partition": "order-3", "field": "place", "old": 3, "new": 0, "from": from("order-3", 0, "placed")}])
    );
    let then = ["compare-projections", "old.js", "new.js", "a.db", "--as-of", "8", "--format", "json"];
    assert_eq!(sandbox.run(&then).ok().json()["differ"], json!([]), "nothing of it was recorded by then");
}

#[test]
fn a_built_in_projection_stands_for_either() {
    let own = "fromCategory('lead').foreachStream().when({ $init: () => ({}), 'lead-initialized'(s, e) { s.name = e.data.name; s.phone = e.data.phone }, 'contact-details-updated'(s, e) { s.name = 'somebody' } })";
    let sandbox = sandbox(own);
    let answer = compared(&sandbox, 1, "state", "new.js");
    assert_eq!(answer["partitions"], json!(1), "orders are not what it takes: {answer}");
    let rows = answer["differ"].as_array().expect("rows");
    assert!(!rows.iter().any(|row| row["field"] == "phone" || row["field"] == "version"), "{answer}");
    let name = rows.iter().find(|row| row["field"] == "name").expect("another name");
    assert_eq!(
        name,
        &json!({"partition": "lead-1", "field": "name", "old": "aaa", "new": "somebody", "from": from("lead-1", 3, "contact-details-updated")})
    );
    // What a state begins with is there since its first event.
    let second = r#"{"stream":"lead-2","version":0,"type":"lead-initialized","payload":{"name":"b","phone":"2"}}"#;
    sandbox.write("second.jsonl", second);
    sandbox.run(&["import", "second.jsonl", "--into", "a.db"]).ok();
    let answer = compared(&sandbox, 1, "state", "new.js");
    let rows = answer["differ"].as_array().expect("rows");
    let begun = rows.iter().find(|row| row["partition"] == "lead-2" && row["field"] == "contacts").expect("none yet");
    assert_eq!((&begun["old"], &begun["from"]), (&json!(0), &from("lead-2", 0, "lead-initialized")));
    compared(&sandbox, 0, "state", "state");
    let unknown = sandbox.run(&["compare-projections", "stat", "new.js", "a.db"]).code(2);
    assert!(unknown.err.contains("no projection stat") || unknown.err.contains("projection stat"), "{unknown:?}");
}

#[test]
fn people_are_told_by_the_event_that_began_it() {
    let sandbox = sandbox(&OLD.replace("s.by = e.data.by", "s.by = 'paid'"));
    let told = sandbox.run(&["compare-projections", "old.js", "new.js", "a.db"]).code(1).out;
    let line = told.lines().find(|line| line.starts_with("paid")).unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["paid", "by", "2", "order-1@2", "card", "paid"], "{told}");
    assert!(told.contains("2 of 3 partitions differ"), "{told}");
}

#[test]
fn a_draft_is_printed_or_written_and_runs() {
    let sandbox = sandbox(OLD);
    let printed = sandbox.run(&["guess-projection", "a.db", "order"]).ok().out;
    assert!(printed.contains("fromCategory('order').foreachStream().when({"), "{printed}");
    sandbox.run(&["guess-projection", "a.db", "order", "--to", "draft.js"]).ok();
    assert_eq!(sandbox.read("draft.js"), printed);
    let made = sandbox.run(&["project", "a.db", "--projection", "draft.js", "--format", "json"]).ok().json();
    assert_eq!(made[1]["state"], json!({"total": 7, "status": "raised", "by": 0}), "{made}\n{printed}");
    for refused in [
        &["guess-projection", "a.db", "order", "--to", "draft.js"][..],
        &["guess-projection", "a.db", "order", "--to", "draft.txt"],
        &["guess-projection", "a.db", "ordr"],
    ] {
        let ran = sandbox.run(refused).code(2);
        assert!(!ran.err.is_empty(), "{ran:?}");
    }
    sandbox.run(&["guess-projection", "a.db", "order", "--to", "draft.js", "--force"]).ok();
    sandbox.run(&["guess-projection", "a.db", "lead"]).ok();
}
