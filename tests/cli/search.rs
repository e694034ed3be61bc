//! Events by who, what, where and when, as the command line finds them.

#[cfg(unix)]
use std::path::Path;

use serde_json::{Value, json};

#[cfg(unix)]
use crate::sandbox::Ran;
use crate::sandbox::Sandbox;

#[test]
fn an_audit_question_is_one_command() {
    let sandbox = Sandbox::with_seed();
    let found =
        sandbox.run(&["search", "a.db", "type:contact-details-updated 2025-01", "--format", "json"]).ok().json();
    let row = &found[0];
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&row["stream"], &row["version"], &row["type"], &row["recorded_at"], &row["actor"]),
        (
            &json!("lead-1"),
            &json!(3),
            &json!("contact-details-updated"),
            &json!("2025-01-01T01:00:03.010Z"),
            &Value::Null
        )
    );
    assert!(row["where"].as_str().is_some_and(|place| place.contains("aaa")), "{row}");
    assert!(row["id"].is_string());
    let newest = sandbox.run(&["search", "a.db", "type:contacted", "--limit", "1", "--format", "jsonl"]).ok();
    assert!(newest.out.contains("\"version\":4") && newest.out.lines().count() == 1, "{}", newest.out);
    let phone = sandbox.run(&["search", "a.db", "payload.phone=1111", "--format", "csv"]).ok();
    assert!(
        phone.out.lines().nth(1).is_some_and(|line| line.starts_with("2025-01-01T01:00:01.010Z,lead-1,0,")),
        "{}",
        phone.out
    );
    let table = sandbox.run(&["search", "a.db", "aaa"]).ok();
    assert!(table.out.contains("contact-details-updated"), "{}", table.out);
}

#[test]
fn what_cannot_be_meant_is_shown_where_it_stands() {
    let sandbox = Sandbox::with_seed();
    let time = sandbox.run(&["search", "a.db", "aaa before:soon"]).code(2);
    assert!(time.err.contains("“soon” is not a time") && time.err.contains("\n      ^^^^^^^^^^^"), "{}", time.err);
    for (query, said) in [
        ("actr:kim", "did you mean actor?"),
        ("", "nothing is looked for"),
        ("type:contactd", "contacted"),
        ("category:laed", "lead"),
        ("\"open", "never closed"),
    ] {
        let ran = sandbox.run(&["search", "a.db", query]).code(2);
        assert!(ran.err.contains(said), "{query}: {}", ran.err);
    }
    let nothing = sandbox.run(&["search", "a.db", "nowhere", "--format", "json"]).ok();
    assert_eq!(nothing.json(), json!([]));
}

#[test]
fn words_need_no_quotation_marks_and_days_and_values_are_alternatives() {
    let sandbox = Sandbox::with_seed();
    let found = |arguments: &[&str]| {
        let ran = sandbox.run(&[&["search", "a.db"], arguments, &["--format", "json"]].concat()).ok();
        ran.json().as_array().map_or(0, Vec::len)
    };
    assert_eq!(found(&["type:contact-details-updated", "aaa", "--limit", "3"]), 1);
    assert_eq!(found(&["type:contact-details-updated", "zzz"]), 0);
    let all = found(&["stream:lead-1"]);
    assert!(all > 0 && found(&["2024-01 2025-01"]) == all && found(&["on:2025-01 2024-02 before:2025-01"]) == 0);
    let with_phone = found(&["payload.phone"]);
    assert!(with_phone > 0 && with_phone < all, "{with_phone} of {all}");
    assert_eq!(found(&["-payload.phone"]), all - with_phone);
    assert_eq!(found(&["payload.phone=none payload.phone=1111"]), found(&["payload.phone=1111"]));
    assert_eq!(found(&["category:LEAD before:2025-01"]), 0, "a category is known however its letters are written");
    for (query, said) in [("payload.=x", "names no field"), ("-", "Nothing stands behind “-”")] {
        let refused = sandbox.run(&["search", "a.db", query]).code(2);
        assert!(refused.err.contains(said), "{query}: {}", refused.err);
    }
}

#[test]
fn conditions_alternatives_and_denials_are_asked_in_one_line() {
    let sandbox = Sandbox::with_seed();
    let versions = |query: &str| -> Vec<u64> {
        let found = sandbox.run(&["search", "a.db", query, "--format", "json"]).ok().json();
        found.as_array().into_iter().flatten().filter_map(|row| row["version"].as_u64()).collect()
    };
    let of_details = versions("type:contact-details-updated");
    assert_eq!(versions("changed:phone,name -type:lead-initialized"), of_details);
    assert_eq!(versions("{changed(\"phone\") || changed(\"name\")} -type:lead-initialized"), of_details);
    assert_eq!(versions("where: payload.phone == \"1111\" && event.version == 0"), [0]);
    assert_eq!(versions("type:contacted,lead-initialized").len(), versions("type:contacted").len() + 1);
    for (query, said) in [
        ("replaced:phnoe", "No field phnoe. Did you mean replaced:phone?"),
        ("-교체:phnoe", "No field phnoe. Did you mean -replaced:phone?"),
        ("changed:phnoe,name", "No field phnoe.\n"),
    ] {
        let wrong = sandbox.run(&["search", "a.db", query]).code(2);
        assert!(wrong.err.contains(said), "{query}: {}", wrong.err);
    }
    let wrong = sandbox.run(&["search", "a.db", "aaa {phon == 1}"]).code(2);
    assert!(wrong.err.contains("phone") && wrong.err.contains("\n       ^^^^"), "{}", wrong.err);
    let unread = sandbox.run(&["search", "a.db", "{phone == }"]).code(2);
    assert!(unread.err.contains('^'), "{}", unread.err);
}

#[test]
fn an_index_is_made_told_used_and_removed() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "s.db", "--events", "3000"]).ok();
    let index = |arguments: &[&str]| {
        let all: Vec<&str> = ["index", "s.db", "--format", "json"].iter().chain(arguments).copied().collect();
        sandbox.run(&all).ok().json()
    };
    assert_eq!(index(&["--size"])["bytes"], json!(0));
    let made = index(&[]);
    assert_eq!((&made["events"], &made["position"]), (&json!(2048), &json!(2048)));
    assert!(made["file"].as_str().is_some_and(|file| file.contains("foldline")), "{made}");
    assert_eq!(index(&["--size"]), made);
    assert_eq!(sandbox.run(&["search", "s.db", "zzqx-nowhere", "--format", "json"]).ok().json(), json!([]));
    let file = made["file"].as_str().expect("a path");
    std::fs::write(file, "something else").expect("written");
    let told = sandbox.run(&["search", "s.db", "zzqx-nowhere", "--format", "json"]).ok();
    assert!(told.err.contains("it was damaged"), "{}", told.err);
    assert_eq!(index(&[])["rebuilt"], json!("it was damaged"));
    assert_eq!(index(&["--remove"])["removed"], json!(true));
    assert_eq!(index(&["--remove"])["removed"], json!(false));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_the_place_of_an_index_is_not_waited_for_and_makes_room_for_one() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "s.db", "--events", "3000"]).ok();
    let ask = |arguments: &[&str]| {
        let all: Vec<&str> = arguments.iter().chain(&["--format", "json"]).copied().collect();
        Ran::without_waiting(sandbox.command().args(all))
    };
    let made = ask(&["index", "s.db"]).ok().json();
    let file = Path::new(made["file"].as_str().expect("a path"));
    let kinds: [(&str, &dyn Fn()); 4] = [
        ("pipe", &|| {
            let made = std::process::Command::new("mkfifo").arg(file).status();
            assert!(made.is_ok_and(|status| status.success()), "a pipe");
        }),
        ("socket", &|| drop(std::os::unix::net::UnixListener::bind(file).expect("a socket"))),
        ("device", &|| std::os::unix::fs::symlink("/dev/zero", file).expect("a link")),
        ("folder", &|| std::fs::create_dir(file).expect("a folder")),
    ];
    let said = "something that is no file was in its place";
    for (kind, put) in kinds {
        std::fs::remove_file(file).expect("removed");
        put();
        let told = ask(&["search", "s.db", "zzqx-nowhere"]).ok().says(said).says("foldline index");
        assert_eq!(told.json(), json!([]), "{kind}");
        assert_eq!(ask(&["index", "s.db", "--size"]).ok().says(said).json()["bytes"], json!(0), "{kind}");
        let again = ask(&["index", "s.db"]).ok().says(said).json();
        assert_eq!((&again["rebuilt"], &again["bytes"]), (&json!(said), &made["bytes"]), "{kind}");
        assert!(std::fs::symlink_metadata(file).expect("there").is_file(), "{kind}");
        std::fs::remove_file(file).expect("removed");
        put();
        assert_eq!(ask(&["index", "s.db", "--remove"]).ok().json()["removed"], json!(true), "{kind}");
        std::fs::symlink_metadata(file).expect_err("removed");
        ask(&["index", "s.db"]).ok();
    }
    // What somebody keeps there stays.
    std::fs::remove_file(file).expect("removed");
    std::fs::create_dir_all(file.join("kept")).expect("a folder");
    ask(&["index", "s.db"]).code(2).says("move it away").in_one_line();
    assert!(file.join("kept").is_dir());
}
