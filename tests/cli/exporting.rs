//! What an export may write to, and how the file looks afterwards.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use serde_json::json;

use crate::sandbox::{Ran, Sandbox};

fn mode(sandbox: &Sandbox, name: &str) -> u32 {
    fs::metadata(sandbox.path(name)).expect("the file is there").mode() & 0o777
}

fn export_under_umask(sandbox: &Sandbox, umask: &str, to: &str) {
    let line = format!("umask {umask}; exec \"$0\" export a.db --to {to} --force");
    let mut command = Command::new("sh");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_foldline")]).current_dir(sandbox.path("."));
    Ran::from(command.output().expect("a shell")).ok();
}

#[test]
fn a_new_export_has_the_mode_that_the_umask_leaves() {
    let sandbox = Sandbox::with_seed();
    for (umask, expected) in [("077", 0o600), ("027", 0o640), ("022", 0o644), ("002", 0o664)] {
        let name = format!("out-{umask}.jsonl");
        export_under_umask(&sandbox, umask, &name);
        assert_eq!(mode(&sandbox, &name), expected, "umask {umask}");
    }
}

#[test]
fn an_export_over_a_file_keeps_its_mode() {
    let sandbox = Sandbox::with_seed();
    for kept in [0o600, 0o640, 0o666] {
        sandbox.write("out.jsonl", "old");
        fs::set_permissions(sandbox.path("out.jsonl"), fs::Permissions::from_mode(kept)).expect("a mode");
        export_under_umask(&sandbox, "022", "out.jsonl");
        assert_eq!(mode(&sandbox, "out.jsonl"), kept);
        assert_eq!(sandbox.read("out.jsonl").lines().count(), 7);
    }
}

#[test]
fn an_export_through_a_symlink_writes_its_target_and_leaves_the_link() {
    let sandbox = Sandbox::with_seed();
    fs::create_dir(sandbox.path("far")).expect("a folder");
    sandbox.write("far/real.jsonl", "old");
    symlink("far/real.jsonl", sandbox.path("link.jsonl")).expect("a link");
    symlink("far/new.jsonl", sandbox.path("dangling.jsonl")).expect("a link");
    symlink("link.jsonl", sandbox.path("twice.jsonl")).expect("a link");
    for (link, target) in
        [("link.jsonl", "far/real.jsonl"), ("dangling.jsonl", "far/new.jsonl"), ("twice.jsonl", "far/real.jsonl")]
    {
        if sandbox.path(target).exists() {
            sandbox.write(target, "old");
        }
        sandbox.run(&["export", "a.db", "--to", link, "--force"]).ok();
        assert!(sandbox.path(link).is_symlink(), "{link} is a link still");
        assert_eq!(sandbox.read(target).lines().count(), 7, "{target}");
        assert!(!sandbox.path(target).is_symlink());
    }
    assert_eq!(fs::read_dir(sandbox.path("far")).expect("a folder").count(), 2, "nothing half-written lies about");
}

#[test]
fn an_export_never_replaces_a_store_a_database_or_their_side_files() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["sample", "other.db", "--events", "50"]).ok();
    let invoices = rusqlite::Connection::open(sandbox.path("invoices.sqlite")).expect("a database");
    invoices.execute_batch("CREATE TABLE invoices (id INTEGER)").expect("a table");
    drop(invoices);
    symlink("a.db", sandbox.path("link.jsonl")).expect("a link");
    fs::hard_link(sandbox.path("a.db"), sandbox.path("hard.jsonl")).expect("a link");
    sandbox.write("events.jsonl", "{\"stream\":\"n-1\",\"type\":\"noted\",\"payload\":{}}\n");
    symlink("events.jsonl", sandbox.path("same.jsonl")).expect("a link");
    let before = sandbox.everything();
    for (store, to) in [
        ("a.db", "a.db"),
        ("a.db", "./a.db"),
        ("a.db", "link.jsonl"),
        ("a.db", "hard.jsonl"),
        ("a.db", "other.db"),
        ("a.db", "invoices.sqlite"),
        ("a.db", "a.db-wal"),
        ("a.db", "a.db-shm"),
        ("a.db", "a.db-journal"),
        ("a.db", "other.db-wal"),
        ("events.jsonl", "events.jsonl"),
        ("events.jsonl", "same.jsonl"),
        ("events.jsonl", "a.db"),
    ] {
        let ran = sandbox.run(&["export", store, "--to", to, "--as", "jsonl", "--force"]).code(2).in_one_line();
        assert!(ran.err.contains(to.trim_start_matches("./")) && ran.err.contains("name another"), "{to}: {}", ran.err);
    }
    assert_eq!(sandbox.everything(), before);
    sandbox.run(&["verify", "a.db"]).ok();
}

#[test]
fn an_export_replaces_no_pipe_socket_device_or_folder() {
    let sandbox = Sandbox::with_seed();
    fs::create_dir(sandbox.path("folder.jsonl")).expect("a folder");
    let made = Command::new("mkfifo").arg(sandbox.path("pipe.jsonl")).status();
    assert!(made.is_ok_and(|status| status.success()), "a pipe");
    let socket = std::os::unix::net::UnixListener::bind(sandbox.path("socket.jsonl")).expect("a socket");
    // Only the superuser may make a device.
    let device = Command::new("mknod").arg(sandbox.path("device.jsonl")).args(["c", "1", "7"]).output();
    let has_device = device.is_ok_and(|output| output.status.success());
    for (name, word) in
        [("folder.jsonl", "folder"), ("pipe.jsonl", "pipe"), ("socket.jsonl", "socket"), ("device.jsonl", "device")]
    {
        if name.starts_with("device") && !has_device {
            continue;
        }
        sandbox.run(&["export", "a.db", "--to", name, "--force"]).code(2).says(word).in_one_line();
    }
    let kind = |name: &str| fs::symlink_metadata(sandbox.path(name)).expect("it is there").file_type();
    assert!(kind("pipe.jsonl").is_fifo() && kind("socket.jsonl").is_socket() && kind("folder.jsonl").is_dir());
    assert!(!has_device || kind("device.jsonl").is_char_device());
    drop(socket);
}

/// Texts that a spreadsheet would run, and those that look like their escapes.
const CELLS: [&str; 14] =
    ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''=1", "'", "'a", "＝1", "a=1", "", "-"];

#[test]
fn a_safe_csv_begins_no_cell_with_a_formula_and_comes_back_letter_for_letter() {
    let sandbox = Sandbox::empty();
    let lines: Vec<String> = CELLS
        .iter()
        .enumerate()
        .map(|(n, cell)| {
            let named = |text: &str| if cell.is_empty() { text.to_owned() } else { (*cell).to_owned() };
            serde_json::json!({"stream": named("s"), "type": named("t"), "id": format!("{cell}{n}"), "payload": {"a": cell}})
                .to_string()
        })
        .chain([r#"{"stream":"number","type":"t","payload":-5}"#.to_owned()])
        .collect();
    sandbox.write("cells.jsonl", lines.join("\n"));
    sandbox.run(&["import", "cells.jsonl", "--into", "cells.db"]).ok();
    let original = sandbox.run(&["events", "cells.db", "--format", "json"]).ok().out;
    sandbox.run(&["export", "cells.db", "--to", "safe.csv", "--csv-safe"]).ok();
    sandbox.run(&["export", "cells.db", "--to", "plain.csv"]).ok();
    sandbox.write("events.csv", sandbox.run(&["events", "cells.db", "--format", "csv", "--csv-safe"]).ok().out);
    for name in ["safe.csv", "events.csv"] {
        let mut table = csv::ReaderBuilder::new().from_path(sandbox.path(name)).expect("CSV");
        for record in table.records() {
            for cell in &record.expect("a row") {
                let first = cell.chars().next().unwrap_or(' ');
                assert!(!"=+-@\t\r＝＋－＠".contains(first), "{name}: {cell:?} would be run");
            }
        }
    }
    for name in ["safe.csv", "plain.csv", "events.csv"] {
        let copy = format!("{name}.db");
        sandbox.run(&["import", name, "--into", &copy]).ok();
        assert_eq!(sandbox.run(&["events", &copy, "--format", "json"]).ok().out, original, "{name}");
    }
    let streams = sandbox.run(&["streams", "cells.db", "--format", "csv", "--csv-safe"]).ok().out;
    assert!(streams.contains("'=1+1") && !streams.lines().any(|line| line.starts_with('=')), "{streams}");
}

#[test]
fn a_table_that_says_its_separator_first_is_read_by_it() {
    let sandbox = Sandbox::empty();
    for (name, text) in [
        ("semicolon.csv", "sep=;\r\nstream;type;name\r\nlead-1;Captured;a,b\r\n"),
        ("quoted.csv", "\u{feff}\"sep=;\"\nstream;type;name\nlead-1;Captured;a,b\n"),
        ("bar.csv", "SEP=|\nstream|type|name\nlead-1|Captured|a,b\n"),
        ("comma.csv", "sep=,\nstream,type,name\nlead-1,Captured,\"a,b\"\n"),
    ] {
        sandbox.write(name, text);
        let into = format!("{name}.db");
        sandbox.run(&["import", name, "--into", &into]).ok();
        let rows = sandbox.events(&into);
        assert_eq!((&rows[0]["type"], &rows[0]["payload"]["name"]), (&json!("Captured"), &json!("a,b")), "{name}");
        assert_eq!(sandbox.events(name)[0]["payload"], rows[0]["payload"], "{name}");
    }
    sandbox.write("bad.csv", "sep=;\nstream;type\nlead-1;Captured\nlead-1\n");
    sandbox.run(&["import", "bad.csv", "--into", "bad.db"]).code(2).says("line 4");
}

/// As everywhere else in JSON, and as the state shows a payload.
#[test]
fn of_a_field_that_is_named_twice_the_last_counts() {
    let sandbox = Sandbox::empty();
    let line = r#"{"stream":"no","stream":"lead-1","type":"t","payload":{"n":1},"payload":{"n":1,"n":2},"metadata":{"actor":"kim","actor":"lee"}}"#;
    sandbox.write("twice.jsonl", format!("{line}\n"));
    sandbox.run(&["import", "twice.jsonl", "--into", "twice.db"]).ok();
    let shown = sandbox.run(&["show", "twice.db", "lead-1", "--projection", "fields", "--format", "json"]).ok().json();
    assert_eq!(shown["state"], json!({"n": 2}));
    let set_by =
        sandbox.run(&["blame", "twice.db", "lead-1", "--projection", "fields", "--format", "json"]).ok().json();
    assert_eq!(set_by[0]["actor"], json!("lee"));
    let rows = sandbox.events("twice.db");
    assert_eq!(rows[0]["stream"], json!("lead-1"));
}

#[test]
fn a_csv_for_spreadsheets_begins_as_excel_wants_it_in_a_file_alone_and_is_read_back() {
    let sandbox = Sandbox::with_seed();
    let original = sandbox.run(&["events", "a.db", "--format", "json"]).ok().out;
    for (name, options) in [("safe.csv", &["--csv-safe"][..]), ("fields.csv", &["--csv-fields"]), ("plain.csv", &[])] {
        let to = |to| [&["export", "a.db", "--as", "csv", "--to", to][..], options].concat();
        sandbox.run(&to(name)).ok();
        let file = sandbox.read(name);
        assert_eq!(file.starts_with("\u{feff}position,"), !options.is_empty(), "{name}");
        let printed = sandbox.run(&to("-")).ok().out;
        assert_eq!(printed, file.trim_start_matches('\u{feff}'), "{name}");
    }
    for name in ["safe.csv", "plain.csv"] {
        let copy = format!("{name}.db");
        sandbox.run(&["import", name, "--into", &copy]).ok();
        assert_eq!(sandbox.run(&["events", &copy, "--format", "json"]).ok().out, original, "{name}");
    }
}

#[test]
fn csv_safe_without_csv_is_a_mistake_that_is_said() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["export", "a.db", "--to", "x.jsonl", "--csv-safe"]).code(2).says("CSV").in_one_line();
    sandbox.run(&["events", "a.db", "--format", "json", "--csv-safe"]).code(2).says("csv").in_one_line();
}

#[test]
fn a_csv_with_a_column_for_each_field_has_the_union_of_all_fields_and_is_not_read_back() {
    let sandbox = Sandbox::empty();
    let events = [
        r#"{"stream":"o-1","version":0,"type":"placed","payload":{"total":1.50,"to":{"city":"서울"},"tags":["a"]},"metadata":{"actor":"kim"}}"#,
        r#"{"stream":"o-1","version":1,"type":"noted","payload":{"note":"=1+1","to":{"city":null}}}"#,
        r#"{"stream":"o-1","version":2,"type":"counted","payload":7}"#,
    ];
    sandbox.write("in.jsonl", events.join("\n"));
    sandbox.run(&["import", "in.jsonl", "--into", "o.db"]).ok();
    sandbox.run(&["export", "o.db", "--to", "o.csv", "--csv-fields", "--csv-safe"]).ok();
    let text = sandbox.read("o.csv");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let headings: Vec<String> = table.headers().expect("headings").iter().map(str::to_owned).collect();
    let fields = ["payload.total", "payload.to.city", "payload.tags", "payload.note", "payload", "metadata.actor"];
    assert_eq!(headings[..7], ["position", "stream", "version", "id", "type", "schema", "recorded_at"]);
    assert_eq!(headings[7..], fields);
    let rows: Vec<Vec<String>> =
        table.records().map(|row| row.expect("a row").iter().skip(7).map(str::to_owned).collect()).collect();
    assert_eq!(rows[0], ["1.50", "서울", "[\"a\"]", "", "", "kim"]);
    assert_eq!(rows[1], ["", "", "", "'=1+1", "", ""], "no cell begins like a formula");
    assert_eq!(rows[2], ["", "", "", "", "7", ""]);
    sandbox.run(&["import", "o.csv", "--into", "again.db"]).code(2).says("a column for each field");
    let refused = sandbox.run(&["export", "o.db", "--to", "o.json", "--csv-fields"]);
    refused.code(2).says("--csv-fields is for CSV alone");
}

#[test]
fn fields_whose_names_run_together_have_a_column_each_and_of_one_written_twice_the_last_counts() {
    let sandbox = Sandbox::empty();
    let events = [
        r#"{"stream":"o-1","version":0,"type":"a","payload":{"a.b":1,"a":{"b":2}},"metadata":{"x.y":3,"x":{"y":4}}}"#,
        r#"{"stream":"o-1","version":1,"type":"a","payload":{"a.b":null,"a":{"b":2}}}"#,
        r#"{"stream":"o-1","version":2,"type":"a","payload":{"a.b":5,"a":{"b":6,"b":7},"a.b":null}}"#,
        r#"{"stream":"o-1","version":3,"type":"a","payload":{"\ud800":8}}"#,
    ];
    sandbox.write("in.jsonl", events.join("\n"));
    sandbox.run(&["import", "in.jsonl", "--into", "o.db"]).ok();
    sandbox.run(&["export", "o.db", "--to", "o.csv", "--csv-fields"]).ok();
    let text = sandbox.read("o.csv");
    let mut table = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows: Vec<Vec<String>> =
        table.records().map(|row| row.expect("a row").iter().skip(7).map(str::to_owned).collect()).collect();
    assert_eq!(rows[0], [r#"payload["a.b"]"#, "payload.a.b", "payload", r#"metadata["x.y"]"#, "metadata.x.y"]);
    assert_eq!(rows[1], ["1", "2", "", "3", "4"]);
    assert_eq!(rows[2], ["", "2", "", "", ""]);
    assert_eq!(rows[3], ["", "7", "", "", ""]);
    assert_eq!(rows[4], ["", "", r#"{"\ud800":8}"#, "", ""]);
}

#[test]
fn more_fields_than_a_table_can_have_columns_stand_together_in_the_last() {
    let sandbox = Sandbox::empty();
    let fields: Vec<String> = (0..1_200).map(|number| format!("\"f{number}\":{number}")).collect();
    let event = format!(r#"{{"stream":"o-1","version":0,"type":"wide","payload":{{{}}}}}"#, fields.join(","));
    sandbox.write("in.jsonl", &event);
    sandbox.run(&["import", "in.jsonl", "--into", "o.db"]).ok();
    sandbox.run(&["export", "o.db", "--to", "o.csv", "--csv-fields"]).ok();
    let text = sandbox.read("o.csv");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(table.headers().expect("headings").len(), 7 + 1_000 + 1);
    let row = table.records().next().expect("a row").expect("a row");
    let rest: serde_json::Value = serde_json::from_str(&row[7 + 1_000]).expect("an object");
    assert_eq!((rest["payload.f1000"].as_u64(), rest.as_object().map(serde_json::Map::len)), (Some(1_000), Some(200)));
}

#[test]
fn an_export_can_be_kept_to_a_stream_and_to_what_has_a_text_in_it() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["export", "a.db", "--to", "all.jsonl", "lead-1"]).ok();
    assert_eq!(sandbox.read("all.jsonl").lines().count(), 7);
    sandbox.run(&["export", "a.db", "--to", "some.jsonl", "--containing", "CONTACT-details"]).ok();
    let some = sandbox.read("some.jsonl");
    assert!(!some.is_empty() && some.lines().all(|line| line.contains("contact-details")), "{some}");
    // Every word is looked for by itself, wherever it stands in the event; what is in quotation marks is one.
    sandbox.run(&["export", "a.db", "--to", "words.jsonl", "--containing", "CONTACT-details lead-1"]).ok();
    assert_eq!(sandbox.read("words.jsonl"), some);
    sandbox.run(&["export", "a.db", "--to", "one.jsonl", "--containing", "\"CONTACT-details lead-1\""]).ok();
    assert_eq!(sandbox.read("one.jsonl"), "");
    sandbox.run(&["export", "a.db", "--to", "none.jsonl", "--containing", "no such thing"]).ok();
    assert_eq!(sandbox.read("none.jsonl"), "");
    let refused = sandbox.run(&["export", "a.db", "--to", "x.jsonl", "lead-none"]);
    refused.code(2).says("there is no stream lead-none");
}
