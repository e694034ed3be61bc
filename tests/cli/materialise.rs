//! Read models and drift, as the command line has them.

use rusqlite::Connection;
use serde_json::json;

use crate::sandbox::Sandbox;

#[test]
fn a_projection_becomes_a_table_that_catches_up() {
    let sandbox = Sandbox::with_seed();
    let make = ["materialise", "a.db", "--projection", "state", "--category", "lead", "--into", "leads.db"];
    let told = sandbox.run(&make).ok().out;
    assert_eq!(told, "leads.db#lead_state: 1 row, made; it stands at position 7\n");
    sandbox.append("a.db", "lead-2").ok();
    let again = sandbox.run(&[&make[..], &["--format", "json"]].concat()).ok().json();
    let expected = json!({
        "table": "leads.db#lead_state",
        "rows": 2,
        "position": 8,
        "caught_up": true,
        "events": 1,
        "made": null,
        "failed": null,
    });
    assert_eq!(again, expected);
    let table = Connection::open(sandbox.path("leads.db")).expect("a database");
    let status =
        table.query_row("SELECT status FROM lead_state WHERE stream = 'lead-1'", [], |row| row.get::<_, String>(0));
    assert_eq!(status.as_deref(), Ok("CONVERTED"));
    drop(table);
    let idle = sandbox.run(&make).ok().out;
    assert!(idle.contains("caught up with 0 new events"), "{idle}");
    let named = sandbox.run(&["materialise", "a.db", "--projection", "search", "--into", "leads.db#words"]).ok().out;
    assert!(named.starts_with("leads.db#words: 2 rows, made"), "{named}");
}

#[test]
fn what_may_not_be_written_to_is_refused_in_a_sentence() {
    let sandbox = Sandbox::with_seed();
    sandbox.write("text.db", "precious");
    let before = sandbox.everything();
    let into = |into: &str| sandbox.run(&["materialise", "a.db", "--projection", "state", "--into", into]).code(2);
    into("a.db").says("this is the store itself").in_one_line();
    into("text.db").says("no file of read models").in_one_line();
    into("leads.db#foldline_models").says("own").in_one_line();
    into("nowhere/leads.db").says("no such folder").in_one_line();
    let asked =
        |arguments: &[&str]| sandbox.run(&[&["materialise", "a.db", "--into", "leads.db"], arguments].concat()).code(2);
    asked(&["--projection", "stat"]).says("there are state, search, analysis, fields");
    asked(&["--projection", "state", "--category", "leed"]).says("did you mean lead?");
    asked(&["--projection", "state", "--memory", "0"]).says("0 MiB are allowed");
    assert_eq!(sandbox.everything(), before, "nothing was made");
}

#[test]
fn drift_names_what_differs_and_ends_with_one() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["materialise", "a.db", "--projection", "state", "--into", "leads.db"]).ok();
    let ask = ["drift", "a.db", "--projection", "state", "--against", "leads.db"];
    let told = sandbox.run(&ask).ok().out;
    assert_eq!(told, "leads.db#state: 1 row, each as the events say at position 7\n");
    assert_eq!(
        sandbox.run(&[&ask[..], &["--format", "json"]].concat()).ok().json(),
        json!({"ok": true, "rows": 1, "differences": [], "missing": [], "extra": [], "failed": null})
    );
    let table = Connection::open(sandbox.path("leads.db")).expect("a database");
    table
        .execute_batch("UPDATE state SET name = '김'; INSERT INTO state (stream, version) VALUES ('lead-9', 0)")
        .expect("planted");
    drop(table);
    let found = sandbox.run(&[&ask[..], &["--format", "json"]].concat()).code(1).json();
    let set_by = json!({"version": 3, "type": "contact-details-updated", "actor": null});
    let difference = json!({"stream": "lead-1", "field": "name", "table": "김", "fold": "aaa", "set_by": set_by});
    let expected = json!({"ok": false, "rows": 2, "differences": [difference], "missing": [], "extra": ["lead-9"], "failed": null});
    assert_eq!(found, expected);
    let told = sandbox.run(&ask).code(1).out;
    assert!(told.contains("lead-1  name   김     aaa             v3  contact-details-updated"), "{told}");
    assert!(
        told.contains("lead-9 is a row of no stream") && told.contains("1 difference, 0 missing, 1 too many"),
        "{told}"
    );
    let table = Connection::open(sandbox.path("leads.db")).expect("a database");
    table
        .execute_batch(
            "DELETE FROM state WHERE stream = 'lead-9'; UPDATE state SET name = 'aaa', recorded_at = '2024-01-01'",
        )
        .expect("planted");
    drop(table);
    let found = sandbox.run(&[&ask[..], &["--format", "json"]].concat()).code(1).json();
    assert_eq!(found["differences"][0]["field"], json!("recorded_at"), "{found}");
    assert_eq!(found["differences"][0]["set_by"]["version"], json!(6), "{found}");
}

#[test]
fn names_that_no_table_can_have_of_its_own_are_refused() {
    let sandbox = Sandbox::with_seed();
    let make = |into: &str| {
        let category = ["--projection", "state", "--category", "lead", "--into", into];
        sandbox.run(&[&["materialise", "a.db"][..], &category].concat())
    };
    for into in ["ok.db#", "ok.db#  ", "ok.db#a\nb"] {
        make(into).code(2).says("no table can have this name").in_one_line();
        sandbox.run(&["drift", "a.db", "--projection", "state", "--against", into]).code(2).says("this name");
    }
    make("ok.db#Leads").ok();
    make("ok.db#leads").code(2).says("the table Leads is there already").says("upper and lower case").in_one_line();
    make("ok.db#Leads").ok();
    make("ok.db#a \"b\".c").ok();
    assert!(sandbox.path("ok.db").exists() && !sandbox.path("ok.db#").exists());
}

#[test]
fn a_map_says_what_the_columns_of_another_table_mean() {
    let sandbox = Sandbox::with_seed();
    let made = Connection::open(sandbox.path("app.db")).expect("a database");
    made.execute_batch("CREATE TABLE customers (id INTEGER, tel TEXT); INSERT INTO customers VALUES (1, '1112')")
        .expect("made");
    drop(made);
    let ask = ["drift", "a.db", "--projection", "state", "--against", "app.db#customers"];
    sandbox.run(&ask).code(2).says("or say with --map FILE what the columns of another mean").in_one_line();
    sandbox.write("map.json", r#"{"key": "id", "stream": "lead-{}", "fields": {"phone": "tel"}}"#);
    let found = sandbox.run(&[&ask[..], &["--map", "map.json", "--format", "json"]].concat()).code(1).json();
    assert_eq!(found["differences"][0]["fold"], json!("1111"));
    sandbox.write("bad.json", r#"{"keys": "id"}"#);
    sandbox
        .run(&[&ask[..], &["--map", "bad.json"]].concat())
        .code(2)
        .says("says nothing of a table's columns")
        .in_one_line();
    sandbox.run(&[&ask[..], &["--map", "none.json"]].concat()).code(2).says("none.json").in_one_line();
}

#[test]
fn a_table_that_was_dropped_is_made_anew() {
    let sandbox = Sandbox::with_seed();
    let make = ["materialise", "a.db", "--projection", "state", "--category", "lead", "--into", "leads.db"];
    sandbox.run(&make).ok();
    let model = Connection::open(sandbox.path("leads.db")).expect("a database");
    model.execute_batch("DROP TABLE lead_state").expect("dropped");
    drop(model);
    let told = sandbox.run(&make).ok().out;
    assert_eq!(told, "leads.db#lead_state: 1 row, made; it stands at position 7\n");
    sandbox.run(&["drift", "a.db", "--projection", "state", "--category", "lead", "--against", "leads.db"]).ok();
}
