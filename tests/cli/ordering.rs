//! Files whose events stand in another order than they happened, or with numbers that no store can keep.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// `events` events of a few streams, oldest first, as JSON Lines.
fn lines(events: u64, streams: u64, is_numbered: bool) -> Vec<String> {
    (0..events)
        .map(|n| {
            let second = n % 60;
            let at = format!("2025-01-{:02}T{:02}:{:02}:{second:02}Z", 1 + n / 86_400, n / 3_600 % 24, n / 60 % 60);
            let mut line = json!({"stream": format!("note-{}", n % streams), "type": "noted", "recorded_at": at, "payload": {"n": n}});
            if is_numbered {
                line["version"] = (n / streams).into();
            }
            line.to_string()
        })
        .collect()
}

fn numbers(sandbox: &Sandbox, store: &str) -> Vec<u64> {
    sandbox.events(store).iter().map(|row| row["payload"]["n"].as_u64().expect("n")).collect()
}

#[test]
fn a_file_with_the_newest_event_first_opens_and_is_imported_whole_and_in_order() {
    let sandbox = Sandbox::empty();
    for is_numbered in [true, false] {
        let mut newest_first = lines(900, 7, is_numbered);
        newest_first.reverse();
        sandbox.write("new.jsonl", newest_first.join("\n"));
        sandbox.write("new.json", format!("[{}]", newest_first.join(",\n")));
        for file in ["new.jsonl", "new.json"] {
            let opened = sandbox.run(&["info", file, "--format", "json"]).ok();
            assert_eq!((opened.json()["events"].as_u64(), opened.err.as_str()), (Some(900), ""), "{file}");
            assert_eq!(numbers(&sandbox, file), (0..900).collect::<Vec<_>>(), "{file}, numbered: {is_numbered}");
            let store = format!("{file}-{is_numbered}.db");
            sandbox.run(&["import", file, "--into", &store]).ok();
            assert_eq!(numbers(&sandbox, &store), (0..900).collect::<Vec<_>>(), "{file}, numbered: {is_numbered}");
            sandbox.run(&["verify", &store]).ok();
            let again = sandbox.run(&["import", file, "--into", &store, "--format", "json"]).ok().json();
            assert_eq!((&again["events"], &again["already_there"]), (&json!(0), &json!(900)), "{file}");
        }
    }
}

#[test]
fn events_in_any_order_are_ordered_by_version_whatever_their_times_say() {
    let sandbox = Sandbox::empty();
    let mut mixed = lines(300, 5, true);
    // A fixed shuffle: 7 and 300 have no common divisor.
    mixed = (0..300).map(|n| mixed[n * 7 % 300].clone()).collect();
    sandbox.write("mixed.jsonl", mixed.join("\n"));
    assert_eq!(numbers(&sandbox, "mixed.jsonl"), (0..300).collect::<Vec<_>>());
    // A clock that ran backwards changes nothing about the versions.
    let line = |version: u64, hour: u64| {
        json!({"stream": "note-1", "type": "noted", "version": version, "recorded_at": format!("2025-01-01T{hour:02}:00:00Z"), "payload": {"n": version}})
            .to_string()
    };
    sandbox.write("clock.jsonl", [line(2, 1), line(1, 5), line(0, 3)].join("\n"));
    assert_eq!(numbers(&sandbox, "clock.jsonl"), [0, 1, 2]);
}

#[test]
fn events_without_versions_keep_the_order_of_their_file_though_a_clock_stumbled() {
    let sandbox = Sandbox::empty();
    let line = |n: u64, second: u64| {
        json!({"stream": "note-1", "type": "noted", "recorded_at": format!("2025-01-01T00:00:{second:02}Z"), "payload": {"n": n}}).to_string()
    };
    sandbox.write("stumbled.jsonl", [line(0, 5), line(1, 6), line(2, 4), line(3, 7), line(4, 8)].join("\n"));
    assert_eq!(numbers(&sandbox, "stumbled.jsonl"), [0, 1, 2, 3, 4]);
}

#[test]
fn of_two_events_at_one_version_the_second_line_is_refused_in_any_order() {
    let sandbox = Sandbox::empty();
    let line = |version: u64, n: u64| {
        json!({"stream": "note-1", "type": "noted", "version": version, "payload": {"n": n}}).to_string()
    };
    sandbox.write("twice.jsonl", [line(2, 2), line(1, 1), line(1, 9), line(0, 0)].join("\n"));
    sandbox.run(&["import", "twice.jsonl", "--into", "t.db"]).code(2).says("line 3").says("version 1 of note-1");
    sandbox.run(&["import", "twice.jsonl", "--into", "t.db", "--skip-bad"]).ok();
    assert_eq!(numbers(&sandbox, "t.db"), [0, 1, 2]);
}

#[test]
fn leaving_out_ten_thousand_lines_takes_no_longer_for_each_than_for_one() {
    let sandbox = Sandbox::empty();
    sandbox.write("mine.jsonl", lines(10_000, 1, true).join("\n"));
    sandbox.run(&["import", "mine.jsonl", "--into", "a.db"]).ok();
    let theirs: Vec<String> = lines(10_000, 1, true).iter().map(|line| line.replace("\"n\":", "\"m\":")).collect();
    sandbox.write("theirs.jsonl", theirs.join("\n"));
    let began = Instant::now();
    let report =
        sandbox.run(&["import", "theirs.jsonl", "--into", "a.db", "--skip-bad", "--format", "json"]).ok().json();
    assert_eq!(report["left_out"].as_array().map(Vec::len), Some(10_000));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_version_that_no_store_can_keep_is_refused_by_file_and_line() {
    let sandbox = Sandbox::empty();
    let largest = i64::MAX as u64;
    let line =
        |version: &str| format!("{{\"stream\":\"n-1\",\"type\":\"noted\",\"version\":{version},\"payload\":{{}}}}");
    for version in [(largest + 1).to_string(), u64::MAX.to_string(), "18446744073709551616".to_owned(), "-1".to_owned()]
    {
        sandbox.write("big.jsonl", format!("{}\n{}\n", line("0"), line(&version)));
        let ran =
            sandbox.run(&["import", "big.jsonl", "--into", "big.db"]).code(2).says("big.jsonl, line 2").says(&version);
        assert!(!ran.err.contains("UNIQUE"), "{}", ran.err);
        sandbox.write("two.jsonl", format!("{}\n{}\n", line(&version), line(&version)));
        let ran =
            sandbox.run(&["import", "two.jsonl", "--into", "big.db"]).code(2).says("two.jsonl, line 1").says("line 2");
        assert!(!ran.err.contains("UNIQUE"), "{}", ran.err);
    }
    // The largest is kept, nothing can follow it, and that is said too.
    sandbox
        .write("last.jsonl", format!("{}\n{}\n", line(&largest.to_string()), line("1").replace("\"version\":1,", "")));
    sandbox.run(&["import", "last.jsonl", "--into", "last.db"]).code(2).says("last.jsonl, line 2");
    sandbox.run(&["import", "last.jsonl", "--into", "last.db", "--skip-bad"]).ok();
    sandbox
        .run(&[
            "append",
            "last.db",
            "n-1",
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
    let findings = sandbox.run(&["verify", "last.db", "--format", "json"]).json();
    let kinds: Vec<&Value> = findings["findings"].as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert!(!kinds.iter().any(|kind| **kind == "chain"), "{findings}");
}

#[test]
fn a_time_that_is_accepted_survives_export_and_import() {
    let sandbox = Sandbox::empty();
    let mut text = String::new();
    let times = [
        "9999-12-31T23:59:60Z",
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:60.5Z",
        "0000-01-01T00:00:00Z",
        "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01",
        "9999-12-31T23:59:59.999999Z",
        "-3999-01-01T00:00:00Z",
        "+12025-01-01T00:00:00Z",
        "-0001-12-31T00:00:00.000Z",
        "1969-12-31T23:59:59.999999Z",
    ];
    let mut accepted = 0;
    for time in times {
        let line = json!({"stream": format!("n-{time}"), "type": "noted", "recorded_at": time, "payload": {}});
        sandbox.write("one.jsonl", line.to_string());
        let ran = sandbox.run(&["import", "one.jsonl", "--into", "probe.db"]);
        if ran.code == 0 {
            accepted += 1;
            let _ = writeln!(text, "{line}");
        } else {
            assert!(ran.err.contains("is not a time"), "{time}: {}", ran.err);
        }
        let _ = std::fs::remove_file(sandbox.path("probe.db"));
    }
    assert!(accepted >= 8, "only {accepted}");
    sandbox.write("times.jsonl", text);
    sandbox.run(&["import", "times.jsonl", "--into", "t.db"]).ok();
    let original = sandbox.run(&["events", "t.db", "--format", "csv"]).ok().out;
    for (format, file) in [("json", "o.json"), ("jsonl", "o.jsonl"), ("csv", "o.csv"), ("cloudevents-lines", "o.ce")] {
        sandbox.run(&["export", "t.db", "--to", file, "--as", format]).ok();
        let copy = format!("{format}.db");
        sandbox.run(&["import", file, "--into", &copy]).ok();
        assert_eq!(sandbox.run(&["events", &copy, "--format", "csv"]).ok().out, original, "{format}");
    }
    // A leap second belongs to the day that it ends.
    assert!(original.contains("2016-12-31T23:59:59.999999Z"), "{original}");
}

#[test]
fn a_moment_before_our_era_is_asked_for_and_shown_as_such() {
    let sandbox = Sandbox::empty();
    sandbox.write("old.jsonl", r#"{"stream":"n-1","type":"noted","recorded_at":"-3999-01-01T00:00:00Z","payload":{}}"#);
    sandbox.run(&["import", "old.jsonl", "--into", "old.db"]).ok();
    assert!(sandbox.run(&["events", "old.db"]).ok().out.contains("-3999-01-01T00:00:00.000Z"));
    sandbox.run(&["show", "old.db", "n-1", "--at=-3999-06-01T00:00:00Z"]).ok();
    let db = rusqlite::Connection::open(sandbox.path("es.db")).expect("a database");
    db.execute_batch(
        "CREATE TABLE journal (id INTEGER PRIMARY KEY, stream TEXT, version INTEGER, type TEXT, body TEXT, at TEXT);
         INSERT INTO journal VALUES (1, 'n-1', 1, 'noted', '{}', '4000-01-01 00:00:00+00 BC')",
    )
    .expect("a table");
    drop(db);
    sandbox.write(
        "map.json",
        r#"{"table":"journal","stream":"stream","version":"version","type":"type","payload":"body","time":"at"}"#,
    );
    let ran = sandbox.run(&["events", "es.db", "--map", "map.json", "--format", "json"]).ok();
    assert_eq!(ran.json()[0]["recorded_at"], "-3999-01-01T00:00:00.000Z");
}
