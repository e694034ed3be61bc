//! Files in and out: nothing is lost on the way, and what can't be read is named.

use serde_json::json;

use crate::sandbox::{SEED, Sandbox};

const FORMATS: [(&str, &str); 5] = [
    ("json", "out.json"),
    ("jsonl", "out.jsonl"),
    ("csv", "out.csv"),
    ("cloudevents", "out.ce"),
    ("cloudevents-lines", "out.cel"),
];

/// Events that a careless passage would change.
fn odd_store(sandbox: &Sandbox) {
    let odd = [
        r#"{"stream":"lead-007","type":"lead-initialized","id":"7","recorded_at":"9999-12-31T23:59:59.999999Z","payload":{"lead-id":"007","name":"김 \"철수\",\n","phone":"1.10"}}"#,
        r#"{"stream":"lead-12","type":"contacted","payload":{"timestamp":"x","id":3,"event-type":null},"metadata":{"actor":"kim","n":1.50}}"#,
        r#"{"stream":"no dash","type":"주문.됨","payload":[1, 2,  {"a":1e400}],"schema":4}"#,
        r#"{"stream":"order-1","type":"a,b\"c","payload":"just text","recorded_at":"2025-01-01T00:00:00Z"}"#,
        r#"{"stream":"order-1","type":"n","payload":null}"#,
        r#"{"stream":"order-1","type":"big","payload_text":"{\n  \"n\": 12345678901234567890.1234567890,\n  \"n\": 2\n}","version":1000}"#,
        r#"{"stream":"-","type":"👩‍👩‍👧","payload":{"":{}}}"#,
        r#"{"stream":"ticket-","type":"t","payload":{"payload":{"stream":1}}}"#,
    ];
    sandbox.write("odd.jsonl", odd.join("\n"));
    sandbox.run(&["import", "odd.jsonl", "--into", "odd.db"]).ok();
}

#[test]
fn a_new_store_never_takes_up_what_another_left_beside_its_name() {
    let sandbox = Sandbox::with_seed();
    for suffix in ["-wal", "-shm", "-journal"] {
        let side = format!("new.db{suffix}");
        sandbox.write(&side, "somebody's");
        let before = sandbox.everything();
        for arguments in [
            &["sample", "new.db", "--streams", "1", "--events", "3"][..],
            &["import", "lead-1.json", "--into", "new.db"],
            &["reduce", "a.db", "lead-1", "contacts == 2", "--to", "new.db"],
        ] {
            sandbox.run(arguments).code(2).in_one_line().says(&side).says("move it away first");
            assert_eq!(sandbox.everything(), before, "{arguments:?}");
        }
        // What is empty holds nothing that could be taken up.
        sandbox.write(&side, "");
        sandbox.run(&["import", "lead-1.json", "--into", "new.db"]).ok();
        for name in ["new.db", &side] {
            let _ = std::fs::remove_file(sandbox.path(name));
        }
    }
    // An empty file beside a log: that log would be lost.
    sandbox.write("empty.db", "");
    sandbox.write("empty.db-wal", "somebody's");
    let before = sandbox.everything();
    sandbox.run(&["import", "lead-1.json", "--into", "empty.db"]).code(2).in_one_line().says("empty.db-wal");
    assert_eq!(sandbox.everything(), before);
}

#[test]
fn export_then_import_gives_the_same_events_in_every_format() {
    let sandbox = Sandbox::with_seed();
    odd_store(&sandbox);
    sandbox.run(&["sample", "s.db", "--events", "500", "--seed", "3"]).ok();
    for store in ["a.db", "odd.db", "s.db"] {
        let original = sandbox.run(&["events", store, "--format", "csv"]).ok().out;
        for (format, file) in FORMATS {
            sandbox.run(&["export", store, "--to", file, "--as", format, "--force"]).ok();
            let copy = format!("{store}-{format}");
            sandbox.run(&["import", file, "--into", &copy]).ok();
            assert_eq!(sandbox.run(&["events", &copy, "--format", "csv"]).ok().out, original, "{store} as {format}");
            let again = sandbox.run(&["import", file, "--into", &copy, "--format", "json"]).ok().json();
            assert_eq!(again["events"], 0, "{store} as {format}: a repeated import adds nothing");
        }
    }
}

#[test]
fn the_seeds_file_comes_back_in_its_own_shape() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["export", "a.db", "--to", "out.json"]).ok();
    let mut expected: serde_json::Value = serde_json::from_str(SEED).expect("the seed");
    for event in expected.as_array_mut().expect("an array") {
        // The same moment, spelled to the millisecond.
        let at = event["timestamp"].as_str().expect("a time").replace(".01Z", ".010Z");
        event["timestamp"] = json!(at);
    }
    assert_eq!(serde_json::from_str::<serde_json::Value>(&sandbox.read("out.json")).expect("JSON"), expected);
}

#[test]
fn cloudevents_of_others_keep_their_source_and_extensions() {
    let sandbox = Sandbox::empty();
    let event = r#"{"specversion":"1.0","id":"1","source":"/crm","type":"LeadInitialized","subject":"lead-5","time":"2025-03-01T09:00:00+09:00","correlationid":"c","data":{"name":"박지훈"}}"#;
    let other = r#"{"specversion":"1.0","id":"1","source":"/other","type":"t","data_base64":"eyJhIjoxfQ=="}"#;
    sandbox.write("one.json", event.replace(",\"", ",\n\""));
    sandbox.write("batch.json", format!("[{event},\n{other}]"));
    sandbox.run(&["import", "one.json", "--into", "one.db"]).ok();
    sandbox.run(&["import", "batch.json", "--into", "batch.db"]).ok();
    let rows = sandbox.events("batch.db");
    assert_eq!(rows[0]["stream"], "lead-5");
    assert_eq!(rows[0]["recorded_at"], "2025-03-01T00:00:00.000Z");
    assert_eq!(rows[0]["metadata"], json!({"source": "/crm", "correlation-id": "c"}));
    assert_eq!(rows[1]["payload"], json!({"a": 1}));
    assert_ne!(rows[0]["id"], rows[1]["id"], "ids are unique only with their source");
    let shown = sandbox.run(&["show", "one.db", "lead-5", "--format", "json"]).ok().json();
    assert_eq!(shown["state"]["name"], "박지훈");
}

#[test]
fn a_csv_of_ones_own_makes_its_other_columns_the_payload() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "t.csv",
        "stream,type,recorded_at,name,note\nlead-1,lead-initialized,2025-01-01,이영희,\"a, b\"\nlead-1,contacted,,,\n",
    );
    sandbox.run(&["import", "t.csv", "--into", "plain.db"]).ok();
    sandbox.write(
        "t.csv",
        "lead-id,event-type,timestamp,name,note\n1,lead-initialized,2025-01-01,이영희,\"a, b\"\n1,contacted,,,\n",
    );
    sandbox.run(&["import", "t.csv", "--into", "t.db"]).ok();
    let rows = sandbox.events("t.db");
    assert_eq!(rows[0]["payload"], json!({"name": "이영희", "note": "a, b"}));
    assert_eq!(rows[1]["recorded_at"], json!(null));
    let plain = sandbox.events("plain.db");
    assert_eq!(plain[0]["payload"], rows[0]["payload"], "whichever way the columns are named");
    sandbox.write("u.csv", "stream,type,payload,colour\na-1,t,{},red\n");
    sandbox
        .run(&["import", "u.csv", "--into", "u.db"])
        .code(2)
        .says("u.csv, line 2: the field colour is unknown beside a payload");
}

#[test]
fn a_bad_line_is_named_and_nothing_is_written() {
    let sandbox = Sandbox::empty();
    sandbox.write("bad.jsonl", "{\"stream\":\"lead-1\",\"type\":\"a\"}\n{\"stream\":\"lead-1\",\"type\":\"b\",\"payload\":{oops}}\n{\"type\":\"c\"}\n");
    let ran = sandbox.run(&["import", "bad.jsonl", "--into", "b.db"]).code(2);
    assert!(ran.err.contains("bad.jsonl, line 2: not JSON"), "{}", ran.err);
    assert!(ran.err.contains("bad.jsonl, line 3: no stream is named"), "{}", ran.err);
    assert!(!sandbox.path("b.db").exists(), "no store is left behind");
    let ran = sandbox.run(&["import", "bad.jsonl", "--into", "b.db", "--skip-bad", "--format", "json"]).ok().json();
    assert_eq!(
        (&ran["events"], &ran["left_out"][0]["line"], &ran["left_out"][1]["line"]),
        (&json!(1), &json!(2), &json!(3))
    );
}

#[test]
fn a_bad_element_of_an_array_is_named_by_its_line() {
    let sandbox = Sandbox::empty();
    sandbox.write("bad.json", "[\n  {\"lead-id\": 1, \"event-type\": \"a\"},\n  {\n    \"event-type\": \"b\"\n  },\n  {\"lead-id\": 1, \"event-type\": \"c\"}\n]");
    sandbox.run(&["import", "bad.json", "--into", "b.db"]).code(2).says("bad.json, line 3: no stream is named");
    sandbox.write("cut.json", "[\n  {\"lead-id\": 1, \"event-type\": \"a\"},\n  {\"lead-id\": 1, \"ev");
    sandbox.run(&["import", "cut.json", "--into", "b.db"]).code(2).says("cut.json, line 3: not JSON");
    let ran = sandbox.run(&["import", "cut.json", "--into", "b.db", "--skip-bad", "--format", "json"]).ok().json();
    assert_eq!(ran["events"], 1);
}

#[test]
fn an_import_that_clashes_with_what_is_there_is_refused_whole() {
    let sandbox = Sandbox::with_seed();
    sandbox.write("clash.json", SEED.replace("\"aaa\"", "\"zzz\"").replace("\"lead-id\": 1", "\"lead-id\":1"));
    sandbox
        .run(&["import", "clash.json", "--into", "a.db"])
        .code(2)
        .says("clash.json, line 5: version 3 of lead-1 is taken");
    assert_eq!(sandbox.run(&["info", "a.db", "--format", "json"]).json()["events"], 7);
}

#[test]
fn a_jump_in_the_versions_is_kept_said_and_found() {
    let sandbox = Sandbox::empty();
    sandbox.write("gap.json", "[{\"lead-id\":1,\"event-id\":0,\"event-type\":\"lead-initialized\"},{\"lead-id\":1,\"event-id\":4,\"event-type\":\"contacted\"}]");
    sandbox.run(&["import", "gap.json", "--into", "g.db"]).ok().says("version 4 of lead-1 follows version 0");
    let shown = sandbox.run(&["show", "g.db", "lead-1", "--format", "json"]).ok().json();
    assert_eq!((&shown["version"], &shown["state"]["contacts"]), (&json!(4), &json!(1)));
    let found = sandbox.run(&["verify", "g.db", "--format", "json"]).code(1).json();
    assert_eq!((&found["findings"][0]["kind"], &found["findings"][0]["version"]), (&json!("gap"), &json!(4)));
}

#[test]
fn an_export_never_replaces_a_file_unasked() {
    let sandbox = Sandbox::with_seed();
    sandbox.write("keep.json", "mine");
    sandbox.run(&["export", "a.db", "--to", "keep.json"]).code(2).says("--force").in_one_line();
    assert_eq!(sandbox.read("keep.json"), "mine");
    sandbox.run(&["export", "a.db", "--to", "keep.json", "--force"]).ok();
    assert!(sandbox.read("keep.json").starts_with('['));
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program_quietly() {
    use std::io::{BufRead, BufReader};
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "s.db", "--events", "20000"]).ok();
    let mut child = sandbox
        .command()
        .args(["events", "s.db", "--format", "jsonl"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_sample_is_made_once_and_can_be_written_to() {
    let sandbox = Sandbox::empty();
    let info = sandbox.run(&["info", "sample", "--format", "json"]).ok().json();
    assert_eq!(info["framework"], "foldline");
    assert_eq!(info["store"], "sample");
    sandbox
        .run(&[
            "append",
            "sample",
            "note-1",
            "--type",
            "n",
            "--payload",
            "{}",
            "--expect",
            "none",
            "--actor",
            "a",
            "--reason",
            "r",
        ])
        .ok();
    let again = sandbox.run(&["info", "sample", "--format", "json"]).ok().json();
    assert_eq!(again["events"].as_u64(), info["events"].as_u64().map(|events| events + 1));
}

/// Where a comma is in the numbers, spreadsheets put a semicolon between cells; what is copied from them has tabs.
#[test]
fn cells_may_be_parted_by_semicolons_and_tabs() {
    let sandbox = Sandbox::empty();
    sandbox.write("comma.csv", "stream,type,note\nlead-1,contacted,\"a;b\tc\"\n");
    sandbox.run(&["import", "comma.csv", "--into", "comma.db"]).ok();
    let expected = sandbox.run(&["events", "comma.db", "--format", "csv"]).ok().out;
    for (name, text) in [
        ("semicolon.csv", "\u{feff}\"Stream\";\"Type\";\"note\"\r\nlead-1;contacted;\"a;b\tc\"\r\n"),
        ("tab.csv", "stream\ttype\tnote\nlead-1\tcontacted\t\"a;b\tc\"\n"),
    ] {
        sandbox.write(name, text);
        sandbox.run(&["import", name, "--into", &format!("{name}.db")]).ok();
        assert_eq!(sandbox.run(&["events", &format!("{name}.db"), "--format", "csv"]).ok().out, expected, "{name}");
    }
    // A heading may hold what parts the cells of others.
    sandbox.write("odd.csv", "stream,type,a;b\nlead-1,contacted,x\n");
    sandbox.run(&["import", "odd.csv", "--into", "odd.db"]).ok();
    let odd = sandbox.events("odd.db");
    assert_eq!(odd[0]["payload"], json!({"a;b": "x"}));
}
