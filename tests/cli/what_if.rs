//! What if: the answer is computed, and nothing is written.

use serde_json::{Value, json};

use crate::sandbox::{Ran, Sandbox};

fn what_if(sandbox: &Sandbox, edits: &[&str]) -> Ran {
    sandbox.run(&[&["what-if", "a.db", "lead-1"], edits, &["--format", "json"]].concat())
}

fn answer(edits: &[&str]) -> Value {
    let sandbox = Sandbox::with_seed();
    let before = sandbox.everything();
    let answer = what_if(&sandbox, edits).ok().json();
    assert_eq!(sandbox.everything(), before, "something was written");
    answer
}

#[test]
fn a_skipped_event_is_as_if_it_never_was() {
    assert_eq!(
        answer(&["--skip", "3"]),
        json!({"diverges_at": 3, "rules": [], "diff": [{"field": "name", "before": "aaa", "after": "aab"}]})
    );
    let answer = answer(&["--skip", "5", "--skip", "3"]);
    assert_eq!(answer["diverges_at"], 3);
    assert_eq!(answer["rules"], json!([{"version": 6, "message": "payment-confirmed while FOLLOWUP_SET"}]));
}

#[test]
fn an_inserted_event_is_numbered_behind_its_version() {
    let answer =
        answer(&["--insert", "5:payment-failed:{}", "--insert", r#"5:contact-details-updated:{"name": "b:c"}"#]);
    assert_eq!(answer["diverges_at"], "5+1");
    assert_eq!(answer["rules"], json!([{"version": 6, "message": "payment-confirmed while PAYMENT_FAILED"}]));
    assert_eq!(answer["diff"], json!([{"field": "name", "before": "aaa", "after": "b:c"}]));
}

#[test]
fn a_payload_is_changed_by_its_fields() {
    let answer = answer(&["--set", r#"0:phone="2222""#, "--set", "v5:payment-deadline=null", "--projection", "state"]);
    assert_eq!(answer["diverges_at"], 0);
    assert_eq!(
        answer["diff"],
        json!([
            {"field": "phone", "before": "1111", "after": "2222"},
            {"field": "payment-deadline", "before": "2025-01-01T01:10:02.010Z", "after": null},
        ])
    );
}

#[test]
fn a_moved_event_breaks_the_rules_of_the_place_where_it_stands() {
    let answer = answer(&["--move", "4:start"]);
    assert_eq!(answer["diverges_at"], "start+1");
    assert_eq!(answer["rules"], json!([{"version": 4, "message": "contacted before lead-initialized"}]));
    assert_eq!(answer["diff"], json!([]));
}

#[test]
fn without_edits_nothing_differs() {
    assert_eq!(answer(&[]), json!({"diverges_at": null, "rules": [], "diff": []}));
    assert_eq!(answer(&["--skip", "1", "--projection", "search"])["diverges_at"], Value::Null);
}

#[test]
fn what_cannot_be_carried_out_is_one_sentence() {
    let sandbox = Sandbox::with_seed();
    for (edits, sentence) in [
        (&["--skip", "9"][..], "lead-1 has versions 0 to 6; there is no version 9"),
        (&["--move", "3:9"], "there is no version 9"),
        (
            &["--set", "5:name=foo"],
            r#"“foo” is not JSON; a text goes in double quotes, and all of it in single ones: --set '5:name="foo"'"#,
        ),
        (&["--set", r#"5:name={"a":b}"#], "“{\"a\":b}” is not JSON; names and texts in it go in double quotes"),
        (&["--set", "name=1"], r#"write a version, a field and its value, like '5:name="Kim"'"#),
        (&["--set", "5:name"], r#"write a version, a field and its value, like '5:name="Kim"'"#),
        (&["--set", "5:=1"], r#"write a version, a field and its value, like '5:name="Kim"'"#),
        (&["--set", "0:name.first=1"], "the payload of version 0 has no place for “name.first”"),
        (&["--skip", "3", "--set", r#"3:name="x""#], "version 3 cannot be left out and have another name too"),
        (&["--skip", "3", "--move", "3:1"], "version 3 cannot be left out and moved too"),
        (&["--set", r#"3:name="x""#, "--set", r#"3:["name"]="y""#], "[\"name\"] of version 3 is given two values"),
        (&["--move", "3:1", "--move", "3:5"], "version 3 is moved to two places"),
        (&["--insert", "5"], "write a version, a type and a payload, like '6:payment-confirmed:{}'"),
        (&["--insert", "5:contacted"], "write a version, a type and a payload, like '6:payment-confirmed:{}'"),
        (&["--insert", "5:contacted:{a}"], "“{a}” is not JSON"),
        (&["--move", "3"], "write the event's version and the one it is to stand behind, like 5:2"),
    ] {
        what_if(&sandbox, edits).code(2).says(sentence).in_one_line();
    }
    sandbox.run(&["what-if", "a.db", "lead-9"]).code(2).says("there is no stream lead-9").in_one_line();
}

#[test]
fn a_field_that_an_event_does_not_have_is_given_and_said_so_with_those_that_look_like_it() {
    let sandbox = Sandbox::with_seed();
    let ran = what_if(&sandbox, &["--set", r#"3:nmae="x""#]).ok();
    assert!(ran.err.contains("version 3, contact-details-updated, has no nmae: it is given one; did you mean name?"));
    assert_eq!(what_if(&sandbox, &["--set", r#"3:name="x""#]).ok().err, "");
}

#[test]
fn what_stays_different_under_another_projection_is_proposed_with_the_events() {
    let sandbox = Sandbox::with_seed();
    let asked = ["what-if", "a.db", "lead-1", "--set", "3:name=\"zed\"", "--propose"];
    let told = sandbox.run(&[&asked[..], &["--format", "json"]].concat()).ok().json();
    let projections = told["propose"]["projections"].as_array().expect("projections");
    let search = projections.iter().find(|preview| preview["projection"] == "search").expect("the search");
    assert!(search["remaining"].as_array().is_some_and(|left| !left.is_empty()), "{told}");
    let table = sandbox.run(&asked).ok().out;
    assert!(table.contains("what no event brings about under other projections:"), "{table}");
}

#[test]
fn an_event_that_would_stay_where_it_stands_is_refused() {
    let sandbox = Sandbox::with_seed();
    for (to, said) in [("3:3", "cannot stand behind itself"), ("3:2", "stands behind version 2 already")] {
        let refused = sandbox.run(&["what-if", "a.db", "lead-1", "--move", to]).code(2);
        assert!(refused.err.contains(said), "{}", refused.err);
    }
    let twice = sandbox.run(&["what-if", "a.db", "lead-1", "--set", r#"3:x={"a":1,"a":2}"#]).code(2);
    assert!(twice.err.contains("the field “a” stands in an object twice"), "{}", twice.err);
}

#[test]
fn an_unknown_type_that_is_inserted_is_told_with_what_may_be_meant() {
    let sandbox = Sandbox::with_seed();
    let asked = sandbox.run(&["what-if", "a.db", "lead-1", "--insert", "6:contactd:{}"]).ok();
    assert!(asked.err.contains("has the type contactd; did you mean contacted"), "{}", asked.err);
    let known = sandbox.run(&["what-if", "a.db", "lead-1", "--insert", "6:contacted:{}"]).ok();
    assert!(!known.err.contains("did you mean"), "{}", known.err);
}

#[test]
fn json_that_is_nested_too_deeply_is_said_to_be() {
    let sandbox = Sandbox::with_seed();
    let deep = format!("6:contacted:{}1{}", "[".repeat(300), "]".repeat(300));
    let refused = sandbox.run(&["what-if", "a.db", "lead-1", "--insert", &deep]).code(2);
    assert!(refused.err.contains("nested too deeply") && refused.err.len() < 200, "{}", refused.err);
}

#[test]
fn the_store_itself_is_not_where_the_fewest_events_are_written() {
    let sandbox = Sandbox::with_seed();
    let before = sandbox.everything();
    let refused = sandbox.run(&["reduce", "a.db", "lead-1", "true", "--to", "a.db", "--force"]).code(2);
    assert!(refused.err.contains("this is the store that is exported"), "{}", refused.err);
    assert_eq!(sandbox.everything(), before);
}

#[test]
fn what_is_left_out_tells_what_it_led_to_in_other_streams() {
    let sandbox = Sandbox::with_seed();
    let events = sandbox.run(&["events", "a.db", "lead-1", "--format", "json"]).ok().json();
    let cause = events[3]["id"].as_str().expect("an id").to_owned();
    let caused = format!(
        r#"{{"stream":"mail-3","version":0,"type":"invoiced","payload":{{}},"metadata":{{"causation-id":"{cause}","actor":"kim"}}}}"#
    );
    sandbox.write("mail.jsonl", &caused);
    sandbox.run(&["import", "mail.jsonl", "--into", "a.db"]).ok();
    let asked = ["what-if", "a.db", "lead-1", "--skip", "3", "--propose"];
    let told = sandbox.run(&[&asked[..], &["--format", "json"]].concat()).ok().json();
    let elsewhere = &told["propose"]["elsewhere"];
    assert_eq!(elsewhere.as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!((&elsewhere[0]["stream"], &elsewhere[0]["actor"]), (&"mail-3".into(), &"kim".into()), "{told}");
    let table = sandbox.run(&asked).ok().out;
    assert!(table.contains("what it led to in other streams, which stays as it is:"), "{table}");
    let other = sandbox.run(&["what-if", "a.db", "lead-1", "--skip", "2", "--propose"]).ok().out;
    assert!(!other.contains("other streams"), "{other}");
}
