//! Every mistake once: one clear sentence, the right exit code, nothing lost, no panic.

use std::fs;

use crate::desk::Desk;

#[test]
fn what_is_no_store_is_said_in_one_line_that_names_the_file() {
    let desk = Desk::empty();
    desk.write("empty.db", "");
    desk.write("text.db", "these are not the bytes of a database, but there are enough of them to look");
    desk.write("random.db", (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<u8>>());
    fs::create_dir(desk.path("folder")).expect("a folder");
    for (name, part) in [
        ("missing.db", "no such file"),
        ("empty.db", "empty"),
        ("text.db", "not a SQLite database"),
        ("random.db", "not a SQLite database"),
        ("folder", "folder"),
        ("postgres://localhost/x", "address"),
    ] {
        for arguments in [
            &["info", name][..],
            &["streams", name],
            &["events", name],
            &["show", name, "lead-1"],
            &["verify", name],
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
        ] {
            let ran = desk.run(arguments).code(2).says(part).in_one_line();
            assert!(ran.err.contains(name.split(':').next().expect("a name")), "{arguments:?}: {}", ran.err);
        }
    }
    assert!(!desk.path("missing.db").exists(), "an append to a missing store makes none");
}

#[test]
fn a_foreign_database_is_neither_guessed_at_nor_touched() {
    let desk = Desk::empty();
    let connection = rusqlite::Connection::open(desk.path("other.db")).expect("a database");
    connection.execute_batch("CREATE TABLE invoices (id INTEGER); INSERT INTO invoices VALUES (1)").expect("a table");
    drop(connection);
    let before = desk.everything();
    desk.run(&["info", "other.db"]).code(2).says("invoices").in_one_line();
    desk.run(&[
        "append",
        "other.db",
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
    ])
    .code(2)
    .in_one_line();
    assert_eq!(desk.everything(), before);
}

#[test]
fn a_store_from_a_newer_version_says_so() {
    let desk = Desk::with_seed();
    let connection = rusqlite::Connection::open(desk.path("a.db")).expect("the store");
    connection.pragma_update(None, "user_version", 99).expect("a newer format");
    drop(connection);
    desk.run(&["info", "a.db"]).code(2).says("newer Foldline").in_one_line();
}

#[test]
fn a_truncated_store_shows_what_is_left_and_never_panics() {
    let desk = Desk::empty();
    desk.run(&["sample", "s.db", "--events", "2000"]).ok();
    let whole = fs::read(desk.path("s.db")).expect("the store");
    for share in [1, 10, 30, 50, 70, 90, 99] {
        desk.write("cut.db", &whole[..whole.len() * share / 100]);
        for arguments in
            [&["info", "cut.db"][..], &["events", "cut.db"], &["show", "cut.db", "lead-1"], &["verify", "cut.db"]]
        {
            let ran = desk.run(arguments).says("cut.db");
            assert!((0..=2).contains(&ran.code), "{share} %: {ran:#?}");
        }
        let verdict = desk.run(&["verify", "cut.db"]);
        assert_ne!(verdict.code, 0, "{share} % is not whole: {verdict:#?}");
    }
    desk.write("cut.db", &whole[..whole.len() * 9 / 10]);
    assert!(desk.run(&["events", "cut.db"]).out.lines().count() > 100, "most events can still be read");
}

#[test]
fn an_empty_store_is_no_mistake() {
    let desk = Desk::empty();
    desk.write("none.jsonl", "\n\n");
    desk.run(&["import", "none.jsonl", "--into", "lines.db"]).ok();
    desk.write("none.json", "[]");
    desk.run(&["import", "none.json", "--into", "e.db"]).ok();
    assert_eq!(desk.run(&["streams", "e.db", "--format", "json"]).ok().out, "[]\n");
    assert_eq!(desk.run(&["events", "e.db", "--format", "json"]).ok().out, "[]\n");
    desk.run(&["verify", "e.db"]).ok();
    let info = desk.run(&["info", "e.db", "--format", "json"]).ok().json();
    assert_eq!((info["events"].as_u64(), info["longest_stream"].is_null()), (Some(0), true));
}

#[test]
fn questions_without_an_answer_name_what_there_is() {
    let desk = Desk::with_seed();
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
        desk.run(arguments).code(2).says(part).in_one_line();
    }
    assert!(!desk.path("b.db").exists() && !desk.path("n.db").exists(), "a mistake leaves no file behind");
}

#[test]
fn words_that_are_no_usage_are_explained() {
    let desk = Desk::with_seed();
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
        desk.run(arguments).code(2).says(part);
    }
}

#[test]
fn an_append_needs_an_author_a_reason_and_json() {
    let desk = Desk::with_seed();
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
    desk.run(&append("{oops", "kim", "r")).code(2).says("not JSON").in_one_line();
    desk.run(&append("{}", " ", "r")).code(2).says("author").in_one_line();
    desk.run(&append("{}", "kim", "")).code(2).says("reason").in_one_line();
    let named = [&append("{}", "kim", "r")[..], &["--compensates", "nothing"]].concat();
    desk.run(&named).code(2).says("no event nothing").in_one_line();
    assert_eq!(desk.run(&["info", "a.db", "--format", "json"]).json()["events"], 7);
}

#[test]
fn what_has_no_natural_compensation_says_so() {
    let desk = Desk::with_seed();
    desk.run(&[
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
    desk.run(&["compensate", "a.db", "order-1", "--version", "0", "--actor", "a", "--reason", "r"])
        .code(1)
        .says("no rules for")
        .in_one_line();
}

#[test]
fn a_folder_that_may_not_be_written_to_still_shows_its_store() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::empty();
    fs::create_dir(desk.path("shut")).expect("a folder");
    desk.write("none.json", "[{\"lead-id\":1,\"event-type\":\"lead-initialized\"}]");
    desk.run(&["import", "none.json", "--into", "shut/a.db"]).ok();
    fs::set_permissions(desk.path("shut"), fs::Permissions::from_mode(0o555)).expect("permissions");
    fs::set_permissions(desk.path("shut/a.db"), fs::Permissions::from_mode(0o444)).expect("permissions");
    desk.run(&["show", "shut/a.db", "lead-1"]).ok();
    fs::set_permissions(desk.path("shut"), fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[test]
fn without_a_display_the_window_says_what_it_needs_and_that_commands_work() {
    let desk = Desk::with_seed();
    let mut command = desk.command();
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET").arg("a.db");
    let ran = crate::desk::Ran::from(command.output().expect("the program runs"));
    ran.code(2).says("foldline help").in_one_line();
}

#[test]
fn a_mistake_is_answered_by_what_is_wrong_with_it() {
    let desk = Desk::with_seed();
    desk.run(&["export", "a.db", "--to", "x.csv"]).ok();
    desk.write("log.xes", "<log/>");
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
        desk.run(arguments).code(2).says(part).in_one_line();
    }
    for (arguments, part) in [
        (&["events", "a.db", "--limit", "-1"][..], "whole number"),
        (&["events", "a.db", "--from", "x"], "whole number"),
        (&["show", "a.db", "lead-1", "--at", "-1"], "write a version"),
        (&append("-1"), "`none`"),
    ] {
        desk.run(arguments).code(2).says(part);
    }
    for arguments in [&["events", "a.db", "--type", "nope"][..], &["streams", "a.db", "--category", "nope"]] {
        desk.run(arguments).ok().says("nothing matches");
        assert_eq!(desk.run(&[arguments, &["--format", "json"]].concat()).ok().err, "");
    }
    // Nothing came since a version that has not been reached, so no empty list is shown.
    assert_eq!(desk.run(&append("99")).code(1).out, "");
}
