//! What somebody does with the seed's history, from the file to the correction.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn state(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let mut all = vec!["show", "a.db", "lead-1", "--format", "json"];
    all.extend(arguments);
    sandbox.run(&all).ok().json()["state"].clone()
}

#[test]
fn the_three_projections_give_the_seeds_values_at_version_6() {
    let sandbox = Sandbox::with_seed();
    assert_eq!(
        state(&sandbox, &["--projection", "state"]),
        json!({
            "lead-id": 1, "name": "aaa", "status": "CONVERTED", "phone": "1111", "contacts": 2, "followups": 1,
            "followup-on": "2025-01-01T01:00:02.010Z", "payment-deadline": "2025-01-01T01:10:02.010Z",
            "created-on": "2025-01-01T01:00:01.010Z", "updated-on": "2025-01-01T01:01:01.010Z", "version": 6
        })
    );
    assert_eq!(
        state(&sandbox, &["--projection", "search"]),
        json!({"lead-id": 1, "names": ["aab", "aaa"], "phones": ["1111"], "version": 6})
    );
    assert_eq!(
        state(&sandbox, &["--projection", "analysis"]),
        json!({
            "lead-id": 1, "contacts": 2, "followups": 1, "status": "converted", "seconds-to-conversion": 60, "version": 6
        })
    );
}

#[test]
fn an_earlier_moment_shows_what_held_then_by_version_and_by_time() {
    let sandbox = Sandbox::with_seed();
    let then = state(&sandbox, &["--at", "4"]);
    assert_eq!(
        (&then["status"], &then["name"], &then["payment-deadline"]),
        (&json!("FOLLOWUP_SET"), &json!("aaa"), &Value::Null)
    );
    assert_eq!(state(&sandbox, &["--at", "2025-01-01T01:00:04.5Z"]), then);
    assert_eq!(state(&sandbox, &["--at", "latest"])["status"], "CONVERTED");
    assert_eq!(state(&sandbox, &["--at", "2"])["name"], "aab");
}

#[test]
fn a_difference_names_the_fields_and_who_set_them() {
    let sandbox = Sandbox::with_seed();
    let rows = sandbox.run(&["diff", "a.db", "lead-1", "--from", "2", "--to", "5", "--format", "json"]).ok().json();
    let row = |field: &str| rows.as_array().and_then(|rows| rows.iter().find(|row| row["field"] == field)).cloned();
    let status = row("status").expect("the status differs");
    assert_eq!((&status["before"], &status["after"]), (&json!("FOLLOWUP_SET"), &json!("PENDING_PAYMENT")));
    assert_eq!(status["set_by"], json!({"version": 5, "type": "order-submitted", "actor": null}));
    assert_eq!(row("name").expect("the name differs")["set_by"]["version"], 3);
    assert_eq!(row("phone"), None);
}

#[test]
fn blame_says_that_version_3_set_the_name() {
    let sandbox = Sandbox::with_seed();
    let rows = sandbox.run(&["blame", "a.db", "lead-1", "--format", "json"]).ok().json();
    let name = rows.as_array().and_then(|rows| rows.iter().find(|row| row["field"] == "name")).cloned();
    let name = name.expect("a row for the name");
    assert_eq!(
        (&name["version"], &name["type"], &name["value"]),
        (&json!(3), &json!("contact-details-updated"), &json!("aaa"))
    );
}

#[test]
fn an_append_on_a_stale_version_exits_1_and_lists_what_came_since() {
    let sandbox = Sandbox::with_seed();
    let arguments = [
        "append",
        "a.db",
        "lead-1",
        "--type",
        "contacted",
        "--payload",
        "{}",
        "--expect",
        "3",
        "--actor",
        "kim",
        "--reason",
        "call",
    ];
    let ran = sandbox.run(&[&arguments[..], &["--format", "json"]].concat()).code(1);
    let conflict = &ran.json()["conflict"];
    assert_eq!((&conflict["expected"], &conflict["actual"]), (&json!(3), &json!(6)));
    let since: Vec<_> =
        conflict["since"].as_array().expect("events").iter().map(|event| event["version"].clone()).collect();
    assert_eq!(since, [4, 5, 6]);
    assert_eq!(sandbox.run(&["info", "a.db", "--format", "json"]).json()["events"], 7, "nothing was written");
    let preview = sandbox.run(&[&arguments[..], &["--dry-run", "--format", "json"]].concat()).code(1);
    assert_eq!(preview.json(), ran.json(), "a preview meets the same conflict");
}

#[test]
fn a_correction_is_previewed_then_recorded_and_the_store_stays_whole() {
    let sandbox = Sandbox::with_seed();
    let arguments =
        ["compensate", "a.db", "lead-1", "--version", "3", "--actor", "kim", "--reason", "the first was right"];
    sandbox.run(&["verify", "a.db"]).ok();
    let before = sandbox.everything();
    let preview = sandbox.run(&[&arguments[..], &["--dry-run", "--format", "json"]].concat()).ok().json();
    assert_eq!(preview["state"]["name"], "aab");
    assert_eq!(sandbox.everything(), before, "a preview writes nothing");

    let recorded = sandbox.run(&[&arguments[..], &["--format", "json"]].concat()).ok().json();
    assert_eq!(
        (&recorded["version"], &recorded["position"], &recorded["state"]["name"]),
        (&json!(7), &json!(8), &json!("aab"))
    );
    assert_eq!(state(&sandbox, &[])["name"], "aab");
    let events = sandbox.run(&["events", "a.db", "lead-1", "--from", "7", "--format", "json"]).ok().json();
    let named = sandbox.run(&["events", "a.db", "lead-1", "--from", "3", "--to", "3", "--format", "json"]).ok().json();
    assert_eq!(events[0]["metadata"]["actor"], "kim");
    assert_eq!(events[0]["metadata"]["reason"], "the first was right");
    assert_eq!(events[0]["metadata"]["compensates"], named[0]["id"]);
    sandbox.run(&["verify", "a.db"]).ok();
    sandbox.run(&arguments).code(1).says("compensated already").in_one_line();
}

#[test]
fn a_repeated_append_with_the_same_id_answers_where_it_stands() {
    let sandbox = Sandbox::with_seed();
    let arguments = [
        "append",
        "a.db",
        "note-1",
        "--type",
        "noted",
        "--payload",
        r#"{"text":"메모"}"#,
        "--expect",
        "none",
        "--actor",
        "kim",
        "--reason",
        "r",
        "--id",
        "n-1",
        "--format",
        "json",
    ];
    let first = sandbox.run(&arguments).ok().json();
    let again = sandbox.run(&arguments).ok().json();
    assert_eq!((&first["version"], &first["position"]), (&again["version"], &again["position"]));
    assert_eq!(again["id"], "n-1");
    assert_eq!(sandbox.run(&["info", "a.db", "--format", "json"]).json()["events"], 8);
}

#[test]
fn an_append_that_breaks_a_rule_is_recorded_said_and_found_again() {
    let sandbox = Sandbox::with_seed();
    sandbox
        .run(&[
            "append",
            "a.db",
            "lead-1",
            "--type",
            "contacted",
            "--payload",
            "{}",
            "--expect",
            "6",
            "--actor",
            "kim",
            "--reason",
            "r",
        ])
        .ok()
        .says("contacted while CONVERTED");
    let shown = sandbox.run(&["show", "a.db", "lead-1", "--format", "json"]).ok().json();
    assert_eq!(shown["findings"], json!([{"version": 7, "message": "contacted while CONVERTED"}]));
    assert_eq!(shown["state"]["contacts"], 3, "history is applied, whatever the rules say");
}

#[test]
fn a_payload_can_come_from_a_file_or_from_standard_input() {
    use std::io::Write;
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "s.db", "--events", "20"]).ok();
    let text = "긴 ".repeat(1_400_000);
    sandbox.write("p.json", serde_json::json!({"text": text}).to_string());
    let append = |payload: &'static str, expect: &'static str| {
        [
            "append",
            "s.db",
            "note-1",
            "--type",
            "noted",
            "--payload",
            payload,
            "--expect",
            expect,
            "--actor",
            "a",
            "--reason",
            "r",
        ]
    };
    sandbox.run(&append("@p.json", "none")).ok();
    let mut child = sandbox.command().args(append("-", "0")).stdin(std::process::Stdio::piped()).spawn().expect("runs");
    child.stdin.take().expect("a pipe").write_all(b"{\"text\":\"short\"}").expect("written");
    assert!(child.wait().expect("ends").success());
    let shown = sandbox.run(&["show", "s.db", "note-1", "--at", "0", "--format", "json"]).ok().json();
    assert_eq!(shown["state"]["text"], text);
    sandbox.run(&append("@nowhere.json", "1")).code(2).says("nowhere.json").in_one_line();
}

#[test]
fn one_changed_byte_of_a_payload_is_named() {
    let sandbox = Sandbox::with_seed();
    // Another tool: it writes into the file's bytes, past every trigger.
    let mut bytes = std::fs::read(sandbox.path("a.db")).expect("the store");
    let at = bytes.windows(12).position(|window| window == br#"{"name":"aaa"#).expect("the payload of version 3");
    bytes[at + 9] = b'x';
    sandbox.write("a.db", &bytes);
    let found = sandbox.run(&["verify", "a.db", "--format", "json"]).code(1).json();
    assert_eq!(found["ok"], false);
    let findings = found["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{found}");
    assert_eq!(
        (&findings[0]["kind"], &findings[0]["stream"], &findings[0]["version"]),
        (&json!("broken-chain"), &json!("lead-1"), &json!(3))
    );
}

#[test]
fn streams_are_found_by_what_people_call_them_as_in_the_window() {
    let sandbox = Sandbox::with_seed();
    let lines: String = [("lead-2", "Zoë Ortiz"), ("lead-3", "김서연"), ("ticket-9", "Zoe")]
        .map(|(stream, name)| {
            let at = "2025-02-01T00:00:00Z";
            let payload = json!({"name": name, "phone": "1"});
            json!({"stream": stream, "version": 0, "type": "created", "recorded_at": at, "payload": payload})
                .to_string()
        })
        .join("\n");
    sandbox.write("more.jsonl", lines);
    sandbox.run(&["import", "more.jsonl", "--into", "a.db"]).ok();
    let found = |arguments: &[&str]| -> Vec<String> {
        let ran = sandbox.run(&[&["streams", "a.db", "--format", "json"], arguments].concat()).ok();
        let rows = ran.json();
        let rows = rows.as_array().expect("a list").iter();
        rows.filter_map(|row| row["stream"].as_str().map(str::to_owned)).collect()
    };
    for (arguments, streams) in [
        (&["--filter", "aaa"][..], &["lead-1"][..]),
        (&["--filter", "ZOE"], &["lead-2", "ticket-9"]),
        (&["--filter", "zoe", "--category", "ticket"], &["ticket-9"]),
        (&["--filter", "zoe", "--limit", "1"], &["lead-2"]),
        (&["--filter", "zoe", "--limit", "0"], &[]),
        (&["--filter", "서연"], &["lead-3"]),
        (&["--filter", "LEAD-", "--sort", "recent"], &["lead-3", "lead-2", "lead-1"]),
        (&["--filter", "nobody"], &[]),
        (&["--filter", " "], &["lead-1", "lead-2", "lead-3", "ticket-9"]),
    ] {
        assert_eq!(found(arguments), streams, "{arguments:?}");
    }
    let table = sandbox.run(&["streams", "a.db", "--filter", "zoe"]).ok().out;
    assert!(table.contains("Zoë Ortiz"), "who is looked for is seen: {table}");
}

#[test]
fn looking_changes_no_byte_and_leaves_no_file() {
    let sandbox = Sandbox::with_seed();
    let before = sandbox.everything();
    for arguments in [
        &["info", "a.db"][..],
        &["streams", "a.db"],
        &["events", "a.db"],
        &["show", "a.db", "lead-1"],
        &["diff", "a.db", "lead-1", "--from", "0", "--to", "6"],
        &["blame", "a.db", "lead-1"],
        &["verify", "a.db"],
        &["export", "a.db", "--to", "-"],
    ] {
        sandbox.run(arguments).ok();
        assert_eq!(sandbox.everything(), before, "{arguments:?}");
    }
}
