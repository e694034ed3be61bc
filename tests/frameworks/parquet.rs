//! What is written as Parquet, read by Apache Arrow's own reader.

use std::process::Command;

use serde_json::{Value, json};

use crate::framework::installed;

const READ: &str = r"
import json, sys, pyarrow.parquet as parquet
table = parquet.read_table(sys.argv[1])
kinds = {field.name: str(field.type) for field in table.schema}
print(json.dumps([kinds, table.to_pylist()], default=str))
";

fn run(command: &mut Command) -> String {
    let ran = command.output().expect("it runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

#[test]
fn rows_and_types_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let events = r#"[{"stream":"order-1","type":"placed","recorded_at":"2025-01-01T00:00:00.5Z","payload":{"total":1,"price":1.5,"is-paid":true,"lines":[{"a":"\ud55c"}],"due":"2025-02-01T00:00:00Z","mixed":1,"version":7}},
        {"stream":"order-2","type":"placed","recorded_at":"2025-01-02T00:00:00Z","payload":{"total":null,"price":2,"mixed":"x","large":18446744073709551615}}]"#;
    std::fs::write(at("events.json"), events).expect("written");
    let foldline = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_foldline"));
        command.current_dir(folder.path()).env("HOME", folder.path());
        command
    };
    run(foldline().args(["import", "events.json", "--into", "a.db"]));
    run(foldline().args(["project", "a.db", "--to", "orders.parquet"]));
    let python = installed().join("venv/bin/python");
    let told: Value =
        serde_json::from_str(&run(Command::new(python).args(["-c", READ]).arg(at("orders.parquet")))).expect("JSON");
    for (column, kind) in [
        ("stream", "string"),
        ("version", "int64"),
        ("recorded_at", "timestamp[us, tz=UTC]"),
        ("total", "int64"),
        ("price", "double"),
        ("is-paid", "bool"),
        ("due", "timestamp[us, tz=UTC]"),
        ("mixed", "string"),
        ("large", "string"),
        ("state.version", "int64"),
    ] {
        assert_eq!(told[0][column], json!(kind), "{column}");
    }
    let (first, second) = (&told[1][0], &told[1][1]);
    assert_eq!([&first["stream"], &first["version"], &first["total"]], [&json!("order-1"), &json!(0), &json!(1)]);
    assert_eq!([&first["price"], &first["is-paid"], &first["mixed"]], [&json!(1.5), &json!(true), &json!("1")]);
    assert_eq!(first["recorded_at"], json!("2025-01-01 00:00:00.500000+00:00"));
    let lines: Value = serde_json::from_str(first["lines"].as_str().expect("text")).expect("JSON");
    assert_eq!(lines, json!([{"a": "한"}]));
    assert_eq!([&second["total"], &second["price"], &second["is-paid"]], [&Value::Null, &json!(2.0), &Value::Null]);
    assert_eq!([&second["mixed"], &second["large"]], [&json!("x"), &json!("18446744073709551615")]);
}
