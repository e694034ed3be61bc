//! Every mistake once: one clear sentence, the right exit code, nothing lost, no panic.

use std::fs;

use crate::sandbox::Sandbox;

#[test]
fn what_is_no_store_is_said_in_one_line_that_names_the_file() {
    let sandbox = Sandbox::empty();
    sandbox.write("empty.db", "");
    sandbox.write("text.db", "these are not the bytes of a database, but there are enough of them to look");
    sandbox
        .write("random.db", (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<u8>>());
    fs::create_dir(sandbox.path("folder")).expect("a folder");
    for (name, part) in [
        ("missing.db", "no such file"),
        ("empty.db", "empty"),
        ("text.db", "not a SQLite database"),
        ("random.db", "not a SQLite database"),
        ("folder", "folder"),
        ("postgres://kim@localhost:port/x", "address"),
    ] {
        for arguments in
            [&["info", name][..], &["streams", name], &["events", name], &["show", name, "lead-1"], &["verify", name]]
        {
            let ran = sandbox.run(arguments).code(2).says(part).in_one_line();
            assert!(ran.err.contains(name.split(':').next().expect("a name")), "{arguments:?}: {}", ran.err);
        }
        sandbox.append(name, "s").code(2).says(part).in_one_line();
    }
    assert!(!sandbox.path("missing.db").exists(), "an append to a missing store makes none");
}

#[test]
fn a_foreign_database_is_neither_guessed_at_nor_touched() {
    let sandbox = Sandbox::empty();
    let connection = rusqlite::Connection::open(sandbox.path("other.db")).expect("a database");
    connection.execute_batch("CREATE TABLE invoices (id INTEGER); INSERT INTO invoices VALUES (1)").expect("a table");
    drop(connection);
    let before = sandbox.everything();
    sandbox.run(&["info", "other.db"]).code(2).says("invoices").in_one_line();
    sandbox.append("other.db", "s").code(2).in_one_line();
    assert_eq!(sandbox.everything(), before);
}

#[test]
fn a_store_from_a_newer_version_says_so() {
    let sandbox = Sandbox::with_seed();
    let connection = rusqlite::Connection::open(sandbox.path("a.db")).expect("the store");
    connection.pragma_update(None, "user_version", 99).expect("a newer format");
    drop(connection);
    sandbox.run(&["info", "a.db"]).code(2).says("newer Foldline").in_one_line();
}

#[test]
fn a_truncated_store_shows_what_is_left_and_never_panics() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "s.db", "--events", "2000"]).ok();
    let whole = fs::read(sandbox.path("s.db")).expect("the store");
    for share in [1, 10, 30, 50, 70, 90, 99] {
        sandbox.write("cut.db", &whole[..whole.len() * share / 100]);
        for arguments in
            [&["info", "cut.db"][..], &["events", "cut.db"], &["show", "cut.db", "lead-1"], &["verify", "cut.db"]]
        {
            let ran = sandbox.run(arguments).says("cut.db");
            assert!((0..=2).contains(&ran.code), "{share} %: {ran:#?}");
            // Not both that something is shown and that nothing can be.
            assert_eq!(ran.err.lines().count(), 1, "{share} %: {ran:#?}");
        }
        let verdict = sandbox.run(&["verify", "cut.db"]);
        assert_ne!(verdict.code, 0, "{share} % is not whole: {verdict:#?}");
    }
    sandbox.write("cut.db", &whole[..whole.len() * 9 / 10]);
    assert!(sandbox.run(&["events", "cut.db"]).out.lines().count() > 100, "most events can still be read");
}

#[test]
fn an_empty_store_is_no_mistake() {
    let sandbox = Sandbox::empty();
    sandbox.write("none.jsonl", "\n\n");
    sandbox.run(&["import", "none.jsonl", "--into", "lines.db"]).ok();
    sandbox.write("none.json", "[]");
    sandbox.run(&["import", "none.json", "--into", "e.db"]).ok();
    assert_eq!(sandbox.run(&["streams", "e.db", "--format", "json"]).ok().out, "[]\n");
    assert_eq!(sandbox.run(&["events", "e.db", "--format", "json"]).ok().out, "[]\n");
    sandbox.run(&["verify", "e.db"]).ok();
    let info = sandbox.run(&["info", "e.db", "--format", "json"]).ok().json();
    assert_eq!((info["events"].as_u64(), info["longest_stream"].is_null()), (Some(0), true));
}

#[test]
fn questions_without_an_answer_name_what_there_is() {
    let sandbox = Sandbox::with_seed();
    for (arguments, part) in [
        (&["show", "a.db", "Lead-1"][..], "did you mean lead-1?"),
        (&["show", "a.db", "order-9"], "no stream order-9"),
        (&["events", "a.db", "lead-9"], "no stream lead-9"),
        (&["show", "a.db", "lead-1", "--at", "7"], "versions 0 to 6"),
        (&["show", "a.db", "lead-1", "--at", "2020-01-01"], "begins at 2025-01-01T01:00:01.010Z"),
        (&["show", "a.db", "lead-1", "--projection", "service"], "state, search, analysis, fields"),
        (&["compensate", "a.db", "lead-1", "--version", "9", "--actor", "a", "--reason", "r"], "versions 0 to 6"),
        (&["import", "nowhere.json", "--into", "b.db"], "nowhere.json"),
        (&["import", "a.db", "--into", "b.db"], "database"),
        (&["export", "a.db", "--to", "x.bin"], "--as"),
        (&["sample", "a.db"], "there already"),
        (&["sample", "n.db", "--events", "3", "--streams", "9"], "streams"),
    ] {
        sandbox.run(arguments).code(2).says(part).in_one_line();
    }
    assert!(!sandbox.path("b.db").exists() && !sandbox.path("n.db").exists(), "a mistake leaves no file behind");
}

#[test]
fn words_that_are_no_usage_are_explained() {
    let sandbox = Sandbox::with_seed();
    for (arguments, part) in [
        (&["show", "a.db"][..], "<STREAM>"),
        (&["show", "a.db", "lead-1", "--at", "soon"], "write a version"),
        (&["append", "a.db", "lead-1", "--type", "t"], "--expect"),
        (
            &[
                "append",
                "a.db",
                "s",
                "--type",
                "t",
                "--payload",
                "{}",
                "--expect",
                "x",
                "--actor",
                "a",
                "--reason",
                "r",
            ],
            "`none`",
        ),
        (&["frobnicate", "a.db"], "no command and no store called frobnicate"),
        (&["shov", "a.db", "lead-1"], "did you mean show?"),
        (&["export", "a.db", "--to", "x", "--as", "yaml"], "cloudevents"),
    ] {
        sandbox.run(arguments).code(2).says(part);
    }
}

#[test]
fn an_append_needs_an_author_a_reason_and_json() {
    let sandbox = Sandbox::with_seed();
    let append = |payload: &'static str, actor: &'static str, reason: &'static str| {
        [
            "append",
            "a.db",
            "lead-1",
            "--type",
            "t",
            "--payload",
            payload,
            "--expect",
            "6",
            "--actor",
            actor,
            "--reason",
            reason,
        ]
    };
    sandbox.run(&append("{oops", "kim", "r")).code(2).says("not JSON").in_one_line();
    sandbox.run(&append("{}", " ", "r")).code(2).says("author").in_one_line();
    sandbox.run(&append("{}", "kim", "")).code(2).says("reason").in_one_line();
    let named = [&append("{}", "kim", "r")[..], &["--compensates", "nothing"]].concat();
    sandbox.run(&named).code(2).says("no event nothing").in_one_line();
    assert_eq!(sandbox.run(&["info", "a.db", "--format", "json"]).json()["events"], 7);
}

#[test]
fn what_has_no_natural_compensation_says_so() {
    let sandbox = Sandbox::with_seed();
    sandbox
        .run(&[
            "append",
            "a.db",
            "order-1",
            "--type",
            "shipped",
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
    sandbox
        .run(&["compensate", "a.db", "order-1", "--version", "0", "--actor", "a", "--reason", "r"])
        .code(1)
        .says("no rules for")
        .in_one_line();
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_to_still_shows_its_store() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::empty();
    fs::create_dir(sandbox.path("shut")).expect("a folder");
    sandbox.write("none.json", "[{\"lead-id\":1,\"event-type\":\"lead-initialized\"}]");
    sandbox.run(&["import", "none.json", "--into", "shut/a.db"]).ok();
    fs::set_permissions(sandbox.path("shut"), fs::Permissions::from_mode(0o555)).expect("permissions");
    fs::set_permissions(sandbox.path("shut/a.db"), fs::Permissions::from_mode(0o444)).expect("permissions");
    sandbox.run(&["show", "shut/a.db", "lead-1"]).ok();
    fs::set_permissions(sandbox.path("shut"), fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[cfg(unix)]
#[test]
fn without_a_display_the_window_says_what_it_needs_and_that_commands_work() {
    let sandbox = Sandbox::with_seed();
    let mut command = sandbox.command();
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET").arg("a.db");
    let ran = crate::sandbox::Ran::from(command.output().expect("the program runs"));
    ran.code(2).says("foldline help").in_one_line();
}

#[test]
fn a_mistake_is_answered_by_what_is_wrong_with_it() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["export", "a.db", "--to", "x.csv"]).ok();
    sandbox.write("log.xes", "<log/>");
    let append = |expect: &'static str| {
        [
            "append",
            "a.db",
            "lead-1",
            "--type",
            "t",
            "--payload",
            "{}",
            "--actor",
            "a",
            "--reason",
            "r",
            "--expect",
            expect,
        ]
    };
    for (arguments, part) in [
        (&["export", "a.db", "--to", "a.db"][..], "the store that is exported"),
        (&["export", "a.db", "--to", "none/x.csv"], "no such folder"),
        (&["import", "x.csv", "--into", "x.csv"], "a store of Foldline's own"),
        (&["import", "x.csv", "--into", "none/t.db"], "no such folder"),
        (&["import", "x.csv", "--into", "t.db", "--as", "jsonl"], "is no jsonl"),
        (&["import", "log.xes", "--into", "t.db"], "opened where it is"),
        (&["sample", "none/s.db"], "no such folder"),
        (&["info", ""], "no store is named"),
        (&[""], "no store is named"),
        (&["a.db", "lead-1", "more"], "one store and one stream"),
    ] {
        sandbox.run(arguments).code(2).says(part).in_one_line();
    }
    for (arguments, part) in [
        (&["events", "a.db", "--limit", "-1"][..], "whole number"),
        (&["events", "a.db", "--from", "x"], "whole number"),
        (&["show", "a.db", "lead-1", "--at", "-1"], "write a version"),
        (&append("-1"), "`none`"),
    ] {
        sandbox.run(arguments).code(2).says(part);
    }
    for arguments in
        [&["events", "a.db", "--type", "contacted", "--limit", "0"][..], &["streams", "a.db", "--filter", "nope"]]
    {
        sandbox.run(arguments).ok().says("nothing matches");
        assert_eq!(sandbox.run(&[arguments, &["--format", "json"]].concat()).ok().err, "");
    }
    for (arguments, part) in [
        (
            &["events", "a.db", "--type", "lead-initialised"][..],
            "the type lead-initialised; did you mean lead-initialized?",
        ),
        (&["events", "a.db", "--type", "shipped"], "the type shipped; see what there is with `foldline info STORE`"),
        (&["events", "a.db", "--category", "leads"], "the category leads; did you mean lead?"),
        (&["streams", "a.db", "--category", "nope"], "the category nope"),
    ] {
        for format in ["table", "json", "csv"] {
            sandbox.run(&[arguments, &["--format", format]].concat()).code(2).says(part).in_one_line();
        }
    }
    // Nothing came since a version that has not been reached, so no empty list is shown.
    assert_eq!(sandbox.run(&append("99")).code(1).out, "");
}

/// The place that is named is one of the file, in letters.
#[test]
fn broken_json_is_named_by_its_line_and_letter() {
    let sandbox = Sandbox::empty();
    let event = r#"{"stream":"a-1","type":"t","payload":{}}"#;
    for (name, text, part) in [
        (
            "lines.jsonl",
            format!("{event}\n{{\"stream\":\"a\", oops}}\n"),
            "line 2: not JSON: key must be a string at column 16;",
        ),
        (
            "korean.jsonl",
            "{\"이름\":\"김철수\", oops}\n".to_owned(),
            "line 1: not JSON: key must be a string at column 14;",
        ),
        (
            "korean.json",
            "[\n  {\"이름\":\"김철수\", oops}\n]".to_owned(),
            "line 2: not JSON: key must be a string at column 16;",
        ),
        (
            "cut.jsonl",
            format!("{{\"stream\":\"a\"\n{event}\n"),
            "line 1: not JSON: EOF while parsing an object at column 13;",
        ),
        (
            "one.json",
            "{\n\"stream\": \"a\",\n  \"payload\": {oops}}\n".to_owned(),
            "line 3: not JSON: key must be a string at column 15;",
        ),
        (
            "cell.csv",
            "stream,type,payload\na,t,\"{\"\"x\"\":1\"\n".to_owned(),
            "line 2: payload is not JSON: EOF while parsing an object at character 6 of the cell;",
        ),
    ] {
        sandbox.write(name, text);
        sandbox.run(&["import", name, "--into", "x.db"]).code(2).says(part).in_one_line();
    }
}
