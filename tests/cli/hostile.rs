//! Data and names that somebody made to do harm, or that nobody thought of.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::sandbox::{Ran, Sandbox};

/// Each of these does something to a terminal, or hides what is there.
const HOSTILE: &[char] = &[
    '\u{7}', '\u{8}', '\u{1b}', '\u{7f}', '\u{80}', '\u{9b}', '\u{9d}', '\u{200b}', '\u{200d}', '\u{200f}', '\u{2028}',
    '\u{2029}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{feff}', '\u{61c}',
];

fn hostile(word: &str) -> String {
    HOSTILE.iter().fold(word.to_owned(), |text, letter| text + &letter.to_string() + "x")
}

#[track_caller]
fn assert_clean(what: &str, text: &str) {
    let bad = text.chars().find(|letter| HOSTILE.contains(letter) || (letter.is_control() && *letter != '\n'));
    assert_eq!(bad, None, "{what}: {text:?}");
}

#[test]
fn nothing_that_steers_a_terminal_comes_out_of_any_command() {
    let sandbox = Sandbox::empty();
    let word = hostile("a");
    let (stream, kind) = (hostile("lead-"), hostile("lead-initialized"));
    let line = json!({"stream": stream, "type": kind, "id": word, "payload": {"name": word, &word: word},
        "metadata": {"actor": word, "reason": word}});
    let second = json!({"stream": stream, "type": word, "payload": {"name": "b"}, "metadata": {"actor": word}});
    sandbox.write("h.jsonl", format!("{line}\n{second}\n"));
    sandbox.run(&["import", "h.jsonl", "--into", "h.db"]).ok();
    let name = format!("{word}.db").replace('/', "");
    fs::copy(sandbox.path("h.db"), sandbox.path(&name)).expect("a copy");
    sandbox.write("bad.jsonl", format!("{{\"stream\":\"s\",\"type\":\"t\",\"version\":{}}}\n", json!(word)));
    let append = |stream: &str, expect: &str| {
        [
            "append",
            "h.db",
            stream,
            "--type",
            &word,
            "--payload",
            "{}",
            "--actor",
            &word,
            "--reason",
            &word,
            "--expect",
            expect,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let commands: Vec<Vec<String>> = [
        &["info", &name][..],
        &["info", &name, "--format", "json"],
        &["streams", "h.db"],
        &["streams", "h.db", "--format", "json"],
        &["streams", "h.db", "--format", "jsonl"],
        &["events", "h.db"],
        &["events", "h.db", "--format", "json"],
        &["events", "h.db", "--format", "jsonl"],
        &["show", "h.db", &stream],
        &["show", "h.db", &stream, "--format", "json"],
        &["show", "h.db", &word],
        &["show", "h.db", &stream, "--projection", &word],
        &["show", "h.db", &stream, "--at", &word],
        &["diff", "h.db", &stream, "--from", "0", "--to", "1"],
        &["diff", "h.db", &stream, "--from", "0", "--to", "1", "--format", "json"],
        &["blame", "h.db", &stream],
        &["blame", "h.db", &stream, "--format", "json"],
        &["verify", "h.db"],
        &["verify", &name],
        &["info", &word],
        &[&word, "h.db"],
        &["frob", &word],
        &["streams", "h.db", "--sort", &word],
        &["import", "bad.jsonl", "--into", "x.db"],
        &["import", "bad.jsonl", "--into", "x.db", "--skip-bad"],
        &["import", &word, "--into", "x.db"],
        &["export", "h.db", "--to", &word],
        &["map", &name],
        &["compensate", "h.db", &stream, "--version", "9", "--actor", "a", "--reason", "r"],
        &["sample", &name],
    ]
    .iter()
    .map(|arguments| arguments.iter().map(|word| (*word).to_owned()).collect())
    .chain([append(&stream, "1"), append(&stream, "none"), append(&stream, "7")])
    .collect();
    for arguments in commands {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = sandbox.run(&arguments);
        assert_clean(&format!("{arguments:?}, output"), &ran.out);
        assert_clean(&format!("{arguments:?}, messages"), &ran.err);
        assert!((0..=2).contains(&ran.code) && !ran.err.contains("panicked"), "{ran:#?}");
    }
    // What is escaped in JSON is the same text to whoever reads it.
    let rows = sandbox.events("h.db");
    assert_eq!((&rows[0]["stream"], &rows[0]["payload"]["name"]), (&json!(stream), &json!(word)));
}

#[test]
fn a_file_that_is_called_like_a_link_is_a_file() {
    let sandbox = Sandbox::with_seed();
    let arguments = ["foldline:a.db", "lead-1", "more"];
    sandbox.run(&arguments).code(2).says("is no link").in_one_line();
    fs::copy(sandbox.path("a.db"), sandbox.path("foldline:a.db")).expect("a copy");
    sandbox.run(&arguments).code(2).says("“more” is neither").in_one_line();
    sandbox.run(&["info", "foldline:a.db"]).ok();
}

#[test]
fn csv_in_a_pipe_is_what_is_stored() {
    let sandbox = Sandbox::empty();
    let word = hostile("a");
    sandbox.write("h.jsonl", json!({"stream": word, "type": word, "payload": {}}).to_string());
    sandbox.run(&["import", "h.jsonl", "--into", "h.db"]).ok();
    assert!(sandbox.run(&["events", "h.db", "--format", "csv"]).ok().out.contains(&word));
    assert!(sandbox.run(&["export", "h.db", "--to", "-", "--as", "csv"]).ok().out.contains(&word));
}

/// Runs with so little memory that what is read whole does not fit.
fn in_little_memory(sandbox: &Sandbox, arguments: &str) -> Ran {
    let line = format!("ulimit -v 700000; exec \"$0\" {arguments}");
    let mut command = Command::new("sh");
    command
        .args(["-c", &line, env!("CARGO_BIN_EXE_foldline")])
        .current_dir(sandbox.path("."))
        .env("HOME", sandbox.path("."));
    Ran::from(command.output().expect("a shell"))
}

/// A packed log of `before`, then `times` × `part`, then `after`.
fn packed(sandbox: &Sandbox, name: &str, before: &str, part: &str, times: usize, after: &str) {
    let file = fs::File::create(sandbox.path(name)).expect("a file");
    let mut out = flate2::write::GzEncoder::new(file, flate2::Compression::best());
    out.write_all(before.as_bytes()).expect("written");
    for _ in 0..times {
        out.write_all(part.as_bytes()).expect("written");
    }
    out.write_all(after.as_bytes()).expect("written");
    out.finish().expect("written");
}

const LOG: &str = "<?xml version=\"1.0\"?><log><trace><string key=\"concept:name\" value=\"case-1\"/>\
    <event><string key=\"concept:name\" value=\"first\"/></event>";

#[test]
fn a_packed_log_that_unpacks_without_end_is_refused_in_bounded_memory() {
    let sandbox = Sandbox::empty();
    let megabyte = "a".repeat(1 << 20);
    let attribute = format!("{LOG}<event><string key=\"note\" value=\"");
    packed(&sandbox, "attribute.xes.gz", &attribute, &megabyte, 600, "\"/></event></trace></log>");
    let fields = format!("<string key=\"k\" value=\"{}\"/>", "v".repeat(1 << 18));
    packed(&sandbox, "fields.xes.gz", &format!("{LOG}<event>"), &fields, 2_400, "</event></trace></log>");
    let event = format!("<event><string key=\"k\" value=\"{}\"/></event>", "v".repeat(1 << 18));
    packed(&sandbox, "nameless.xes.gz", "<log><trace>", &event, 2_400, "</trace></log>");
    packed(&sandbox, "text.xes.gz", LOG, &megabyte, 600, "</trace></log>");
    let deep = "<list key=\"x\">".repeat(100_000);
    packed(&sandbox, "deep.xes.gz", &format!("{LOG}<event>"), &deep, 400, "</event></trace></log>");
    for name in ["attribute", "fields", "nameless", "text", "deep"] {
        let ran = in_little_memory(&sandbox, &format!("info {name}.xes.gz --format json"));
        assert!(ran.code == 0 || ran.code == 2, "{name}: {ran:#?}");
        assert_eq!(ran.err.lines().count(), 1, "{name} is said in a sentence: {ran:#?}");
        assert!(ran.err.contains("MiB") || ran.err.contains("deep"), "{name}: {ran:#?}");
    }
}

#[test]
fn a_line_an_element_or_a_row_without_end_is_refused_in_bounded_memory() {
    let sandbox = Sandbox::empty();
    let long = "a".repeat(300 << 20);
    let good = r#"{"stream":"n-1","type":"noted","payload":{}}"#;
    sandbox.write(
        "line.jsonl",
        format!("{good}\n{{\"stream\":\"n-1\",\"type\":\"noted\",\"payload\":\"{long}\"}}\n{good}\n"),
    );
    let ran = in_little_memory(&sandbox, "import line.jsonl --into line.db").code(2).says("line 2").says("MiB");
    assert_eq!(ran.out, "");
    let ran = in_little_memory(&sandbox, "import line.jsonl --into line.db --skip-bad").ok();
    assert!(ran.out.contains("2 events") && ran.out.contains("line 2"), "the lines around it are read: {ran:#?}");
    sandbox.write("array.json", format!("[{good},\n{{\"stream\":\"n-1\",\"type\":\"noted\",\"payload\":\"{long}\"}}]"));
    in_little_memory(&sandbox, "import array.json --into array.db").code(2).says("line 2").says("MiB");
    sandbox.write("table.csv", format!("stream,type,note\nn-1,noted,b\nn-1,noted,{long}\n"));
    in_little_memory(&sandbox, "import table.csv --into table.db").code(2).says("line 3").says("MiB");
}

#[test]
fn a_pipe_a_socket_or_a_device_is_no_store_and_is_not_waited_for() {
    let sandbox = Sandbox::empty();
    let made = Command::new("mkfifo").arg(sandbox.path("pipe")).status();
    assert!(made.is_ok_and(|status| status.success()), "a pipe");
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.path("socket")).expect("a socket");
    for (name, word) in [("pipe", "pipe"), ("socket", "socket"), ("/dev/zero", "device")] {
        let verbs: [&[&str]; 5] = [
            &["info", name],
            &["streams", name],
            &["verify", name],
            &["import", "pipe", "--into", name],
            &[
                "append",
                name,
                "s",
                "--type",
                "t",
                "--payload",
                "{}",
                "--expect",
                "any",
                "--actor",
                "a",
                "--reason",
                "r",
            ],
        ];
        for arguments in verbs {
            Ran::without_waiting(sandbox.command().args(arguments)).code(2).says(word).in_one_line();
        }
    }
}

#[test]
fn an_append_whose_result_cannot_be_printed_is_no_failure() {
    let sandbox = Sandbox::with_seed();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    for (expect, format) in [("6", "table"), ("7", "json")] {
        let mut command = sandbox.command();
        command.args([
            "append",
            "a.db",
            "lead-1",
            "--type",
            "contacted",
            "--payload",
            "{}",
            "--actor",
            "a",
            "--reason",
            "r",
        ]);
        command.args(["--expect", expect, "--format", format]).stdout(full());
        let version = expect.parse::<u64>().expect("a number") + 1;
        Ran::from(command.output().expect("it runs")).ok().says(&format!("recorded as version {version} of lead-1"));
    }
    let mut command = sandbox.command();
    command.args(["compensate", "a.db", "lead-1", "--version", "3", "--actor", "a", "--reason", "r"]).stdout(full());
    Ran::from(command.output().expect("it runs")).ok().says("recorded as version 9 of lead-1");
    sandbox.write("more.jsonl", r#"{"stream":"n-1","type":"noted","payload":{}}"#);
    let mut command = sandbox.command();
    command.args(["import", "more.jsonl", "--into", "a.db"]).stdout(full());
    Ran::from(command.output().expect("it runs")).ok().says("1 event of 1 stream imported");
    let mut command = sandbox.command();
    command.args(["sample", "s.db", "--events", "20"]).stdout(full());
    Ran::from(command.output().expect("it runs")).ok().says("written");
    let mut command = sandbox.command();
    command.args(["export", "a.db", "--to", "x.jsonl"]).stdout(full());
    Ran::from(command.output().expect("it runs")).ok().says("written");
    // Where looking is all that was asked, the answer is what failed.
    let mut command = sandbox.command();
    command.args(["info", "a.db"]).stdout(full());
    Ran::from(command.output().expect("it runs")).code(2).says("could not be written");
}

#[test]
fn a_file_whose_name_is_no_text_is_a_path_everywhere() {
    let sandbox = Sandbox::with_seed();
    let named = |ending: &str| {
        let mut bytes = b"odd-\xff\xfe".to_vec();
        bytes.extend(ending.bytes());
        OsStr::from_bytes(&bytes).to_owned()
    };
    let (store, json, second) = (named(".db"), named(".jsonl"), named("-2.db"));
    fs::copy(sandbox.path("a.db"), sandbox.path(".").join(&store)).expect("a copy");
    let (store, json, second) = (store.as_os_str(), json.as_os_str(), second.as_os_str());
    let word = OsStr::new;
    let map = sandbox.path("payload.json");
    fs::write(&map, "{}").expect("a payload");
    fs::copy(&map, sandbox.path(".").join(named("-payload"))).expect("a copy");
    let payload = [b"@".as_slice(), named("-payload").as_bytes()].concat();
    let payload = OsStr::from_bytes(&payload);
    let commands: Vec<Vec<&OsStr>> = vec![
        vec![word("info"), store],
        vec![word("info"), store, word("--format"), word("json")],
        vec![word("streams"), store],
        vec![word("events"), store],
        vec![word("show"), store, word("lead-1")],
        vec![word("diff"), store, word("lead-1"), word("--from"), word("0"), word("--to"), word("1")],
        vec![word("blame"), store, word("lead-1")],
        vec![word("verify"), store],
        vec![word("export"), store, word("--to"), json],
        vec![word("export"), store, word("--to"), json, word("--force"), word("--format"), word("json")],
        vec![word("import"), json, word("--into"), second],
        vec![word("import"), json, word("--into"), second, word("--format"), word("json")],
        vec![word("info"), json],
        vec![
            word("append"),
            store,
            word("lead-1"),
            word("--type"),
            word("contacted"),
            word("--payload"),
            payload,
            word("--expect"),
            word("6"),
            word("--actor"),
            word("a"),
            word("--reason"),
            word("r"),
        ],
        vec![
            word("compensate"),
            store,
            word("lead-1"),
            word("--version"),
            word("3"),
            word("--actor"),
            word("a"),
            word("--reason"),
            word("r"),
        ],
    ];
    for arguments in commands {
        Ran::from(sandbox.command().args(&arguments).output().expect("it runs")).ok();
    }
    let missing = named("-missing.db");
    Ran::from(sandbox.command().arg("info").arg(&missing).output().expect("it runs")).code(2).says("no such file");
    let mut command = sandbox.command();
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET").arg(store);
    Ran::from(command.output().expect("it runs")).code(2).says("foldline help").in_one_line();
}

#[test]
fn a_password_in_whatever_looks_like_an_address_is_never_printed() {
    let sandbox = Sandbox::empty();
    for address in [
        "postgresql+psycopg2://u:s3cr3t@127.0.0.1:1/d",
        "jdbc:postgresql://127.0.0.1:1/d?user=u&password=s3cr3t",
        "host=127.0.0.1 port=1 user=u password=s3cr3t dbname=d",
        "user=u password='s3cr3t with \\' quote' host=127.0.0.1 port=1",
        " postgres://u:s3cr3t@127.0.0.1:1/d",
        "postgres://u@127.0.0.1:1/d?PASSWORD=s3cr3t",
        "POSTGRES://u:s3cr3t@127.0.0.1:1/d",
        "mysql://u:s3cr3t@127.0.0.1/d",
        "postgres:/u:s3cr3t@127.0.0.1:1/d",
        "postgres:u:s3cr3t@127.0.0.1:1/d",
        "u:s3cr3t@127.0.0.1:1/d",
        "postgres//u:s3cr3t@127.0.0.1:1/d",
        "psql postgres://u:s3cr3t@127.0.0.1:1/d",
        "PGPASSWORD=s3cr3t psql",
    ] {
        for arguments in [
            &["info", address][..],
            &["info", address, "--format", "json"],
            &["verify", address],
            &["show", address, "lead-1"],
            &["map", address],
            &["import", "x.json", "--into", address],
            &["export", address, "--to", "x.jsonl"],
            &["export", "x.db", "--to", address],
            &[address],
            &[address, "lead-1", "more"],
        ] {
            let mut command = sandbox.command();
            command.env("FOLDLINE_LOG", "debug").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
            let ran = Ran::from(command.args(arguments).output().expect("it runs"));
            assert!(!ran.err.contains("s3cr3t") && !ran.out.contains("s3cr3t"), "{arguments:?}: {ran:#?}");
        }
    }
}

#[test]
fn a_first_import_that_was_killed_never_blocks_its_own_retry() {
    let sandbox = Sandbox::empty();
    let mut text = String::new();
    for n in 0..1_500 {
        let _ = writeln!(
            text,
            "{}",
            json!({"stream": format!("lead-{}", n % 50), "type": "contacted", "payload": {"n": n}})
        );
    }
    sandbox.write("many.jsonl", text);
    let mut blocked = Vec::new();
    for round in 0..40_u64 {
        let name = format!("new-{round}.db");
        let mut child = sandbox.command().args(["import", "many.jsonl", "--into", &name]).spawn().expect("it runs");
        // From before the file is there until well into the work.
        std::thread::sleep(Duration::from_micros(round * 800));
        let _ = child.kill();
        let _ = child.wait();
        let ran = sandbox.run(&["import", "many.jsonl", "--into", &name]);
        if ran.code != 0 {
            blocked.push((round, ran.err));
            continue;
        }
        let info = sandbox.run(&["info", &name, "--format", "json"]).ok().json();
        assert_eq!(info["events"], 1_500, "round {round}");
        sandbox.run(&["verify", &name]).ok();
    }
    assert_eq!(blocked, [], "of 40");
}

#[test]
fn an_empty_file_is_taken_up_only_where_it_is_named_as_the_place_to_import_into() {
    let sandbox = Sandbox::empty();
    sandbox.write("one.jsonl", r#"{"stream":"n-1","type":"noted","payload":{}}"#);
    sandbox.write("empty.db", "");
    sandbox.write("text.db", "x");
    rusqlite::Connection::open(sandbox.path("bare.db"))
        .and_then(|db| db.execute_batch("PRAGMA user_version = 1"))
        .expect("a database");
    sandbox.run(&["info", "empty.db"]).code(2).says("empty").in_one_line();
    sandbox.run(&["import", "one.jsonl", "--into", "empty.db"]).ok();
    sandbox.run(&["verify", "empty.db"]).ok();
    for name in ["text.db", "bare.db"] {
        let before = fs::read(sandbox.path(name)).expect("the file");
        sandbox.run(&["import", "one.jsonl", "--into", name]).code(2).in_one_line();
        assert_eq!(fs::read(sandbox.path(name)).expect("the file"), before, "{name} is somebody else's");
    }
    // What a failed import has begun in it stays, empty: another program may have recorded something there by now.
    sandbox.write("bad.jsonl", "{\"stream\":1}\n");
    sandbox.write("empty-2.db", "");
    sandbox.run(&["import", "bad.jsonl", "--into", "empty-2.db"]).code(2);
    assert_eq!(sandbox.run(&["info", "empty-2.db", "--format", "json"]).json()["events"], 0);
    sandbox.run(&["import", "one.jsonl", "--into", "empty-2.db"]).ok();
}

#[test]
fn what_a_store_holds_makes_no_line_of_its_own_in_an_answer() {
    let sandbox = Sandbox::with_seed();
    let forged = "\nodd-1: all is well";
    let event_type = format!("noted{forged}");
    let payload = json!({"a": format!("x{forged}")}).to_string();
    let metadata = ["--expect", "any", "--actor", "kim", "--reason", "test"];
    let mut append = vec!["append", "a.db", "odd-1", "--type", &event_type, "--payload", &payload];
    append.extend(metadata);
    sandbox.run(&append).ok();
    let condition = format!("a == {}", json!(format!("x{forged}")));
    for arguments in [
        vec!["why", "a.db", "odd-1", "a"],
        vec!["why", "a.db", "odd-1", "a", "--not", "z"],
        vec!["reduce", "a.db", "odd-1", &condition],
    ] {
        let ran = sandbox.run(&arguments);
        assert!(ran.code < 2 && ran.out.contains("all is well"), "{arguments:?}: {ran:?}");
        assert!(!ran.out.lines().any(|line| line.starts_with("odd-1: all is well")), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn what_a_message_repeats_of_a_store_makes_no_line_of_its_own() {
    let sandbox = Sandbox::empty();
    let event = serde_json::json!({"stream": "a-1\nfoldline: all is well\u{1b}[2J", "type": "t", "payload": {}});
    sandbox.write("a.jsonl", format!("{event}\n"));
    sandbox.run(&["import", "a.jsonl", "--into", "a.db"]).ok();
    for arguments in [&["show", "a.db", "a-2"][..], &["when", "a.db", "a-1\nx", "true"]] {
        let said = sandbox.run(arguments).code(2).err;
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}
