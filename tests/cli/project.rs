//! Every stream as it stood, as the command line tells it.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const MORE: &str = r#"{"stream":"lead-2","version":0,"type":"lead-initialized","recorded_at":"2025-01-02T00:00:00Z","payload":{"name":"=kim","phone":"2"}}
{"stream":"order-1","version":0,"type":"placed","recorded_at":"2025-01-03T00:00:00Z","payload":{"total":5}}
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_seed();
    sandbox.write("more.jsonl", MORE);
    sandbox.run(&["import", "more.jsonl", "--into", "a.db"]).ok();
    sandbox
}

fn rows(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    sandbox.run(&[&["project", "a.db", "--format", "json"], arguments].concat()).ok().json()
}

#[test]
fn each_stream_is_a_row_with_its_state_as_of_a_position_or_a_time() {
    let sandbox = sandbox();
    let then = sandbox.run(&["project", "a.db", "--projection", "state", "--as-of", "4", "--format", "json"]).ok();
    let shown = sandbox.run(&["show", "a.db", "lead-1", "--at", "3", "--format", "json"]).ok().json();
    assert_eq!(then.json(), json!([{"stream": "lead-1", "version": 3, "state": shown["state"]}]));
    assert!(then.err.contains("1 stream at position 4, read up to position 4"), "{}", then.err);
    let by_time = rows(&sandbox, &["--projection", "state", "--as-of", "2025-01-01T01:00:03.5Z"]);
    assert_eq!(by_time, then.json());
    let streams = |at: &str| rows(&sandbox, &["--as-of", at]).as_array().expect("rows").len();
    assert_eq!(["2024-12-31", "2025-01-01", "2025-01-02", "2025-01"].map(streams), [0, 1, 2, 3], "to its end");
    let latest = rows(&sandbox, &[]);
    let told = latest.as_array().expect("rows").iter();
    let told: Vec<_> = told.map(|row| (row["stream"].clone(), row["version"].clone())).collect();
    assert_eq!(told, [(json!("lead-1"), json!(6)), (json!("lead-2"), json!(0)), (json!("order-1"), json!(0))]);
    assert_eq!(latest[2]["state"], json!({"total": 5}), "a stream of no known domain shows its fields");
    assert_eq!(rows(&sandbox, &["--as-of", "0"]), json!([]));
    let left_out = sandbox.run(&["project", "a.db", "--projection", "analysis"]).ok();
    assert!(left_out.err.contains("streams of order have no projection analysis"), "{}", left_out.err);
}

#[test]
fn rows_are_chosen_sorted_counted_and_limited() {
    let sandbox = sandbox();
    let found = rows(&sandbox, &["--where", "contacts > 1", "--columns", "status,contacts"]);
    assert_eq!(found, json!([{"stream": "lead-1", "version": 6, "state": {"status": "CONVERTED", "contacts": 2}}]));
    let shown = sandbox.run(&["project", "a.db", "--where", "contacts > 1"]).ok();
    assert!(shown.out.contains("1 of 3 streams, read up to position 9"), "{}", shown.out);
    assert!(shown.err.contains("it cannot be told of 1 stream"), "{}", shown.err);
    let sorted = rows(&sandbox, &["--sort", "name", "--descending", "--limit", "1"]);
    assert_eq!(sorted[0]["stream"], json!("lead-1"));
    let counts = rows(&sandbox, &["--category", "lead", "--count-by", "status"]);
    assert_eq!(counts, json!([{"value": "CONVERTED", "streams": 1}, {"value": "NEW_LEAD", "streams": 1}]));
    let lines = sandbox.run(&["project", "a.db", "--format", "jsonl", "--columns", "name"]).ok().out;
    assert_eq!(lines.lines().next(), Some(r#"{"stream":"lead-1","version":6,"state":{"name":"aaa"}}"#));
    let csv = ["project", "a.db", "--columns", "name,total", "--format", "csv"];
    let plain = sandbox.run(&csv).ok().out;
    assert_eq!(plain, "stream,version,state.name,state.total\nlead-1,6,aaa,\nlead-2,0,=kim,\norder-1,0,,5\n");
    let safe = sandbox.run(&[&csv[..], &["--csv-safe"]].concat()).ok().out;
    assert!(safe.contains("lead-2,0,'=kim,"), "{safe}");
    let table = sandbox.run(&["project", "a.db", "--category", "order"]).ok().out;
    assert!(table.contains("order-1        0  5") && table.contains("1 stream, read up to position 9"), "{table}");
}

#[test]
fn what_cannot_be_asked_is_said_in_a_sentence_with_a_next_step() {
    let sandbox = sandbox();
    for (arguments, said) in [
        (&["--as-of", "v3"][..], "versions are each stream's own"),
        (&["--category", "leed"], "did you mean lead?"),
        (&["--projection", "stat"], "there are state, search, analysis, fields"),
        (&["--where", "statsu == 'x'"], "^^^^^^"),
        (&["--where", "changed('name')"], "foldline when --category"),
        (&["--sort", "nam"], "no stream has the field nam; did you mean name?"),
        (&["--count-by", "nam"], "did you mean name?"),
        (&["--csv-safe"], "--csv-safe is for csv alone"),
        (&["--memory", "0"], "0 MiB are allowed"),
    ] {
        let ran = sandbox.run(&[&["project", "a.db"], arguments].concat()).code(2);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_parquet_file_is_written_aside_and_over_nothing() {
    let sandbox = sandbox();
    let told = sandbox.run(&["project", "a.db", "--to", "all.parquet"]).ok().out;
    assert!(told.contains("3 streams, read up to position 9"), "{told}");
    let file = std::fs::read(sandbox.path("all.parquet")).expect("written");
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    sandbox
        .run(&["project", "a.db", "--to", "all.parquet"])
        .code(2)
        .says("is there already")
        .says("--force")
        .in_one_line();
    sandbox.run(&["project", "a.db", "--to", "all.parquet", "--force", "--limit", "1"]).ok();
    sandbox.run(&["project", "a.db", "--to", "all.csv"]).code(2).says("ends in .parquet").in_one_line();
    sandbox.run(&["project", "a.db", "--to", "all.parquet", "--count-by", "status"]).code(2);
    std::fs::rename(sandbox.path("a.db"), sandbox.path("a.parquet")).expect("renamed");
    sandbox.run(&["project", "a.parquet", "--to", "a.parquet", "--force"]).code(2).says("a.parquet").in_one_line();
}

#[test]
fn looking_leaves_the_store_as_it_is() {
    let sandbox = sandbox();
    let before = sandbox.everything();
    rows(&sandbox, &["--as-of", "3"]);
    assert_eq!(sandbox.everything(), before);
}

const ODD: &str = r#"{"stream":"odd-1","version":0,"type":"set","recorded_at":"2025-01-02T00:00:00Z","payload":{"a.b":1,"":"x","a,b":true,"plain":{"x":2}}}
{"stream":"odd-2","version":0,"type":"set","recorded_at":"2025-01-02T00:00:01Z","payload":{"a.b":2,"":"y","a,b":true,"plain":{"x":1}}}
"#;

#[test]
fn fields_with_dots_commas_or_no_letters_are_meant_by_their_names() {
    let sandbox = Sandbox::empty();
    sandbox.write("odd.jsonl", ODD);
    for (field, counted) in [
        ("a.b", json!([{"value": 1, "streams": 1}, {"value": 2, "streams": 1}])),
        (r#"["a.b"]"#, json!([{"value": 1, "streams": 1}, {"value": 2, "streams": 1}])),
        ("", json!([{"value": "x", "streams": 1}, {"value": "y", "streams": 1}])),
        ("plain.x", json!([{"value": 1, "streams": 1}, {"value": 2, "streams": 1}])),
    ] {
        let counts = sandbox.run(&["project", "odd.jsonl", "--count-by", field, "--format", "json"]).ok().json();
        assert_eq!(counts, counted, "{field}");
    }
    let refused = sandbox.run(&["project", "odd.jsonl", "--count-by", "a.c"]).code(2);
    assert!(
        refused.err.contains("no stream has the field a.c") && refused.err.contains(r#"["a.b"]"#),
        "{}",
        refused.err
    );
    let columns = r#"["a,b"],plain.x"#;
    let chosen = sandbox.run(&["project", "odd.jsonl", "--columns", columns, "--format", "csv"]).ok().out;
    assert_eq!(chosen, "stream,version,\"state.a,b\",state.plain.x\nodd-1,0,true,2\nodd-2,0,true,1\n");
    let sorted =
        sandbox.run(&["project", "odd.jsonl", "--sort", "a.b", "--descending", "--format", "json"]).ok().json();
    assert_eq!(sorted[0]["stream"], json!("odd-2"));
}

#[test]
fn payloads_that_cannot_be_read_are_told_in_each_answer() {
    let sandbox = Sandbox::with_seed();
    let store = rusqlite::Connection::open(sandbox.path("a.db")).expect("the store");
    let break_one = "DROP TRIGGER events_never_change; DELETE FROM snapshots;
        UPDATE events SET payload = '{oops' WHERE version = 3";
    store.execute_batch(break_one).expect("broken");
    drop(store);
    let states = sandbox.run(&["project", "a.db", "--format", "json"]).ok();
    assert_eq!(states.json()[0]["failed"]["version"], json!(3));
    assert!(states.err.contains("1 state is without an event that could not be read"), "{}", states.err);
    let census = sandbox.run(&["census", "a.db"]).ok();
    assert!(census.err.contains("1 payload is not JSON"), "{}", census.err);
}

#[test]
fn with_little_memory_the_same_rows_come_and_nothing_stays_in_any_folder() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "large.db", "--streams", "3000", "--events", "6000"]).ok();
    for folder in ["tmp", "cache/foldline"] {
        std::fs::create_dir_all(sandbox.path(folder)).expect("a folder");
    }
    let run = |memory: &str| {
        let mut command = sandbox.command();
        command.env("TMPDIR", sandbox.path("tmp")).env("XDG_CACHE_HOME", sandbox.path("cache"));
        let project = ["project", "large.db", "--projection", "state", "--sort", "name", "--format", "jsonl"];
        let ran = command.args(project).args(["--memory", memory]).output().expect("the program runs");
        let count = |folder: &str| std::fs::read_dir(sandbox.path(folder)).expect("readable").count();
        assert_eq!((count("tmp"), count("cache/foldline")), (0, 0), "{memory} MiB");
        ran
    };
    let (much, little) = (run("1024"), run("1"));
    assert!(much.status.success() && much.stdout.len() > 100_000, "{much:?}");
    assert!(little.status.success() && little.stdout == much.stdout, "states lie in a file: {}", little.stdout.len());
    assert!(!run("0").status.success(), "not even names have room");
}
