//! When a condition held, as the command line tells it.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

#[test]
fn on_the_seeds_history_the_versions_are_named_at_which_it_turns() {
    let sandbox = Sandbox::with_seed();
    let rows = sandbox.run(&["when", "a.db", "lead-1", r#"status == "FOLLOWUP_SET""#, "--format", "json"]).ok().json();
    assert_eq!(
        rows,
        json!([
            {"version": 2, "becomes": true, "type": "followup-set", "recorded_at": "2025-01-01T01:00:02.010Z"},
            {"version": 5, "becomes": false, "type": "order-submitted", "recorded_at": "2025-01-01T01:00:05.010Z"},
        ])
    );
    let shown = sandbox.run(&["when", "a.db", "lead-1", r#"status == "FOLLOWUP_SET""#]).ok();
    assert!(shown.out.contains("true 1 time, at 3 of 7 events"), "{}", shown.out);
}

#[test]
fn every_turn_is_told_and_not_only_the_first() {
    let sandbox = Sandbox::with_seed();
    let turns = |expression: &str| {
        let rows = sandbox.run(&["when", "a.db", "lead-1", expression, "--format", "json"]).ok().json();
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| (row["version"].clone(), row["becomes"].clone())).collect::<Vec<_>>()
    };
    let told = |pairs: &[(u64, bool)]| pairs.iter().map(|(v, is)| (json!(v), json!(is))).collect::<Vec<_>>();
    assert_eq!(turns(r#"event.type == "contacted""#), told(&[(1, true), (2, false), (4, true), (5, false)]));
    assert_eq!(turns(r#"changed("name")"#), told(&[(0, true), (1, false), (3, true), (4, false)]));
    assert_eq!(turns("contacts >= 1 && name == 'aaa'"), told(&[(3, true)]));
    assert_eq!(turns(r#"count("contacted") == 1"#), told(&[(1, true), (4, false)]));
    assert_eq!(turns(r#"age(state["created-on"]) >= duration("1m")"#), told(&[(6, true)]));
    assert_eq!(turns("event.payload.name == 'aaa'"), told(&[(3, true), (4, false)]));
    assert_eq!(turns("old.status != status"), told(&[(0, true), (1, false), (2, true), (3, false), (5, true)]));
    assert_eq!(turns("status == 'LOST'"), told(&[]));
}

#[test]
fn over_a_category_the_streams_are_told_in_which_it_ever_was_true() {
    let sandbox = Sandbox::with_seed();
    let arguments = ["when", "a.db", "--category", "lead", r#"status == "FOLLOWUP_SET""#, "--format", "json"];
    let expected = json!([{"stream": "lead-1", "turns": 2, "events_true": 3, "is_true_now": false, "first": 2}]);
    assert_eq!(sandbox.run(&arguments).ok().json(), expected);
    let at = |at: &str| sandbox.run(&[&arguments[..], &["--at", at]].concat()).ok().json();
    assert_eq!(at("2025-01-01T01:00:04Z")[0]["is_true_then"], json!(true));
    assert_eq!(at("2025-01-01T01:00:06Z"), json!([]));
    assert_eq!(at("latest"), json!([]));
    let shown = sandbox.run(&["when", "a.db", "--category", "lead", "contacts > 0"]).ok();
    assert!(shown.out.contains("ever true in 1 stream of lead, true now in 1"), "{}", shown.out);
    let none = sandbox.run(&["when", "a.db", "--category", "lead", "contacts > 99", "--format", "json"]).ok();
    assert_eq!(none.json(), Value::Array(Vec::new()));
}

#[test]
fn a_wrong_word_is_shown_where_it_stands_and_what_cannot_be_told_is_said() {
    let sandbox = Sandbox::with_seed();
    let wrong = sandbox.run(&["when", "a.db", "lead-1", r#"contacts > 1 && statsu == "CLOSED""#]).code(2);
    assert!(wrong.err.contains("No field statsu. Did you mean status?"), "{}", wrong.err);
    assert!(
        wrong.err.contains("\n  contacts > 1 && statsu == \"CLOSED\"\n                  ^^^^^^\n"),
        "{}",
        wrong.err
    );
    let category = sandbox.run(&["when", "a.db", "--category", "leed", "true"]).code(2);
    assert!(category.err.contains("did you mean lead?"), "{}", category.err);
    for (arguments, said) in [
        (&["when", "a.db", "contacts > 1"][..], "one word too few"),
        (&["when", "a.db", "lead-1"], "what is to hold of lead-1 is missing"),
        (&["when", "a.db", "lead-1", "true", "--category", "lead"], "no stream is named"),
        (&["when", "a.db", "lead-2", "true"], "there is no stream lead-2"),
        (&["when", "a.db", "--category", "lead", "true", "--at", "3"], "--at takes a time here"),
    ] {
        let ran = sandbox.run(arguments).code(2);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    let unknown = sandbox.run(&["when", "a.db", "lead-1", r#"state["followup-on"] > timestamp("2024-01-01")"#]).ok();
    assert!(
        unknown.err.contains("it cannot be told at 2 events, the first version 0: null and a time"),
        "{}",
        unknown.err
    );
    let unknown = sandbox.run(&["when", "a.db", "--category", "lead", "phone > 1"]).ok();
    assert!(unknown.err.contains("it cannot be told at 7 events"), "{}", unknown.err);
}

/// Two things, whose fields are what their events say.
fn things() -> Sandbox {
    let sandbox = Sandbox::empty();
    let line = |stream: &str, payload: Value| {
        let event = json!({"stream": stream, "type": "said", "payload": payload});
        format!("{event}\n")
    };
    let lines = [
        line("thing-1", json!({"a.b": 1, "a": {"b": 1}, "x[0]": 1, "x": [1]})),
        line("thing-1", json!({"a.b": 2})),
        line("thing-1", json!({"a": {"b": 2}})),
        line("thing-1", json!({"x[0]": 2})),
        line("thing-1", json!({"x": [2]})),
        line("thing-2", json!({"other": -3})),
    ];
    sandbox.write("things.jsonl", lines.concat());
    sandbox.run(&["import", "things.jsonl", "--into", "a.db"]).ok();
    sandbox
}

#[test]
fn what_changed_is_said_by_a_path_or_by_a_name_that_looks_like_one() {
    let sandbox = things();
    for (expression, versions) in [
        (r#"changed("a.b")"#, &[0, 1, 2][..]),
        (r#"changed('["a.b"]')"#, &[0, 1]),
        (r#"changed('a["b"]')"#, &[0, 2]),
        (r#"changed("x[0]")"#, &[0, 3, 4]),
        (r#"changed('["x[0]"]')"#, &[0, 3]),
        (r#"changed('["x"][0]')"#, &[0, 4]),
    ] {
        let stream = sandbox.run(&["when", "a.db", "thing-1", expression, "--format", "json"]).ok().json();
        let (mut is, mut held) = (false, Vec::new());
        for version in 0..5 {
            let turn = stream.as_array().expect("rows").iter().find(|row| row["version"] == json!(version));
            is = turn.map_or(is, |row| row["becomes"] == json!(true));
            held.extend(is.then_some(version));
        }
        assert_eq!(held, versions, "{expression}");
        let all = sandbox.run(&["when", "a.db", "--category", "thing", expression, "--format", "json"]).ok().json();
        assert_eq!(all[0]["events_true"], json!(versions.len()), "{expression}");
    }
}

#[test]
fn a_field_that_only_other_streams_have_is_not_there() {
    let sandbox = things();
    let when = |expression: &str| sandbox.run(&["when", "a.db", "thing-1", expression, "--format", "json"]);
    assert_eq!(when("has(other)").ok().json(), json!([]));
    assert_eq!(when("!has(other)").ok().json()[0]["becomes"], json!(true));
    when("other > 2").code(2).says("No field other");
    // A kind of stream that is known has the fields that it has.
    Sandbox::with_seed().run(&["when", "a.db", "lead-1", "has(statsu)"]).code(2).says("Did you mean status?");
}

#[test]
fn an_expression_may_begin_with_a_minus() {
    let sandbox = things();
    let all = sandbox.run(&["when", "a.db", "--category", "thing", "-other > 2", "--format", "json"]).ok().json();
    assert_eq!(all[0]["stream"], json!("thing-2"));
    let one = sandbox.run(&["when", "a.db", "thing-2", "-other > 2", "--format", "json"]).ok().json();
    assert_eq!(one[0]["becomes"], json!(true));
    sandbox
        .run(&["when", "a.db", "thing-2", "-ohter > 2"])
        .code(2)
        .says("No field ohter")
        .says("   -ohter > 2\n    ^^^^^");
}

#[test]
fn a_condition_that_asks_too_much_of_a_whole_category_ends_with_a_sentence() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "a.db", "--streams", "3000", "--events", "20000"]).ok();
    let many = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]";
    let hostile =
        format!("{many}.all(a, {many}.all(b, {many}.all(c, {many}.all(d, {many}.exists(e, a + b + c + d >= 0)))))");
    let began = std::time::Instant::now();
    sandbox.run(&["when", "a.db", "--category", "lead", &hostile]).code(2).says("too many steps over all these events");
    assert!(began.elapsed() < std::time::Duration::from_secs(45), "{:?}", began.elapsed());
}
