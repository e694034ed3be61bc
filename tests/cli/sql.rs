//! Questions in SQL, as the command line answers them.

use serde_json::json;

use crate::sandbox::Sandbox;

#[test]
fn rows_come_as_a_table_json_lines_and_csv() {
    let sandbox = Sandbox::with_seed();
    let text = "select status, contacts, updated_on from lead_state";
    let ask = |more: &[&str]| sandbox.run(&[&["sql", "a.db", text], more].concat()).ok();
    let table = ask(&[]);
    assert_eq!(table.out.lines().count(), 2, "{}", table.out);
    assert!(table.out.contains("CONVERTED  2         2025-01-01T01:01:01.010Z"), "{}", table.out);
    assert!(table.err.contains("1 row, read up to position 7"), "{}", table.err);
    let rows = ask(&["--format", "json"]).json();
    assert_eq!(rows, json!([{"status": "CONVERTED", "contacts": 2, "updated_on": "2025-01-01T01:01:01.010Z"}]));
    let then = ask(&["--format", "jsonl", "--as-of", "1"]).out;
    assert_eq!(then, "{\"status\":\"NEW_LEAD\",\"contacts\":0,\"updated_on\":\"2025-01-01T01:00:01.010Z\"}\n");
    let csv = ask(&["--format", "csv"]).out;
    assert_eq!(csv, "status,contacts,updated_on\nCONVERTED,2,2025-01-01T01:01:01.010Z\n");
    let by_time = ask(&["--as-of", "2025-01-01T01:00:02.5Z", "--format", "json"]).json();
    assert_eq!(by_time[0]["status"], json!("FOLLOWUP_SET"));
    let none = sandbox.run(&["sql", "a.db", "select * from events where type = 'x'", "--format", "json"]).ok();
    assert_eq!(none.out, "[]\n");
}

#[test]
fn the_tables_are_listed_where_nothing_is_asked() {
    let sandbox = Sandbox::with_seed();
    let listed = sandbox.run(&["sql", "a.db"]).ok().out;
    assert!(listed.contains("events") && listed.contains("lead_analysis"), "{listed}");
    let rows = sandbox.run(&["sql", "a.db", "--format", "json"]).ok().json();
    assert_eq!(rows[1]["table"], json!("streams"));
    assert_eq!(rows[1]["columns"][0], json!("stream"));
}

#[test]
fn a_table_is_cut_and_says_so() {
    let sandbox = Sandbox::with_seed();
    let numbers = "with recursive n (i) as (select 1 union all select i + 1 from n limit 1500) select i from n";
    let cut = sandbox.run(&["sql", "a.db", numbers]).ok();
    assert_eq!(cut.out.lines().count(), 1_001);
    assert!(cut.err.contains("the first 1,000 rows") && cut.err.contains("--limit"), "{}", cut.err);
    assert_eq!(sandbox.run(&["sql", "a.db", numbers, "--limit", "2000"]).ok().out.lines().count(), 1_501);
    assert_eq!(sandbox.run(&["sql", "a.db", numbers, "--format", "jsonl"]).ok().out.lines().count(), 1_500);
    let two = sandbox.run(&["sql", "a.db", numbers, "--format", "jsonl", "--limit", "2"]).ok();
    assert!(two.out.lines().count() == 2 && two.err.contains("there are more"), "{two:?}");
}

#[test]
fn what_is_wrong_is_said_in_a_sentence_and_nothing_is_changed() {
    let sandbox = Sandbox::with_seed();
    let before = sandbox.everything();
    for (text, more, said) in [
        ("select statsu from lead_state", &[][..], "did you mean status"),
        ("select statsu from lead_state", &[], "\n         ^^^^^^"),
        ("select * from lead_stat", &[], "did you mean lead_state?"),
        ("delete from events", &[], "a query only reads here"),
        ("attach 'b.db' as b", &[], "a query only reads here"),
        ("select 1", &["--as-of", "v3"], "versions are each stream's own"),
        ("select * from lead_state", &["--memory", "0"], "0 MiB are allowed"),
        (
            "with recursive n(i) as (select 1 union all select i+1 from n) select max(i) from n",
            &["--timeout", "1"],
            "allow more with --timeout",
        ),
    ] {
        let ran = sandbox.run(&[&["sql", "a.db", text], more].concat()).code(2);
        assert!(ran.err.contains(said), "{text}: {}", ran.err);
        assert_eq!(ran.out, "", "{text}");
    }
    assert_eq!(sandbox.everything(), before);
}
