//! The JSON of every command, held against files. Programs rely on it: a change here is a change of contract.
//! `FOLDLINE_UPDATE_GOLDEN=1 cargo test --test cli golden` writes the files anew.

use std::path::Path;

use crate::sandbox::Sandbox;

#[track_caller]
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/golden").join(name);
    if std::env::var_os("FOLDLINE_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).expect("the golden file");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(actual, expected, "{name} has changed");
}

#[test]
fn json_of_every_command_that_looks() {
    let sandbox = Sandbox::with_seed();
    for (name, arguments) in [
        ("info.json", &["info", "a.db", "--format", "json"][..]),
        ("streams.json", &["streams", "a.db", "--format", "json"]),
        ("streams.csv", &["streams", "a.db", "--format", "csv"]),
        ("events.json", &["events", "a.db", "--format", "json"]),
        ("events.jsonl", &["events", "a.db", "lead-1", "--from", "2", "--to", "3", "--format", "jsonl"]),
        ("events.csv", &["events", "a.db", "--type", "contacted", "--format", "csv"]),
        ("show.json", &["show", "a.db", "lead-1", "--at", "5", "--format", "json"]),
        ("show_fields.json", &["show", "a.db", "lead-1", "--projection", "fields", "--format", "json"]),
        ("diff.json", &["diff", "a.db", "lead-1", "--from", "2", "--to", "5", "--format", "json"]),
        (
            "diff_search.json",
            &["diff", "a.db", "lead-1", "--from", "0", "--to", "6", "--projection", "search", "--format", "json"],
        ),
        (
            "what_if.json",
            &["what-if", "a.db", "lead-1", "--skip", "3", "--insert", "5:payment-failed:{}", "--format", "json"],
        ),
        ("blame.json", &["blame", "a.db", "lead-1", "--at", "4", "--format", "json"]),
        ("causes.json", &["causes", "a.db", "lead-1@5", "--all", "--format", "json"]),
        ("why.json", &["why", "a.db", "lead-1", "contacts", "--format", "json"]),
        ("why_not.json", &["why", "a.db", "lead-1", "status", "--at", "2", "--not", "CONVERTED", "--format", "json"]),
        ("verify.json", &["verify", "a.db", "--format", "json"]),
    ] {
        golden(name, &sandbox.run(arguments).ok().out);
    }
}

#[test]
fn tables_of_every_command_that_looks() {
    let sandbox = Sandbox::with_seed();
    let mut all = String::new();
    for arguments in [
        &["info", "a.db"][..],
        &["streams", "a.db"],
        &["events", "a.db"],
        &["show", "a.db", "lead-1", "--at", "5"],
        &["diff", "a.db", "lead-1", "--from", "2", "--to", "5"],
        &["diff", "a.db", "lead-1", "--from", "3", "--to", "3"],
        &["blame", "a.db", "lead-1"],
        &["why", "a.db", "lead-1", "contacts"],
        &["why", "a.db", "lead-1", "status", "--at", "2", "--not", "CONVERTED"],
        &["what-if", "a.db", "lead-1", "--skip", "5", "--set", "0:phone=\"2222\""],
        &["what-if", "a.db", "lead-1", "--move", "4:1"],
        &["verify", "a.db"],
    ] {
        all += &format!("$ foldline {}\n{}\n", arguments.join(" "), sandbox.run(arguments).ok().out);
    }
    golden("tables.txt", &all);
}

#[test]
fn json_of_a_conflict() {
    let sandbox = Sandbox::with_seed();
    let ran = sandbox.run(&[
        "append",
        "a.db",
        "lead-1",
        "--type",
        "contacted",
        "--payload",
        "{}",
        "--expect",
        "4",
        "--actor",
        "kim",
        "--reason",
        "r",
        "--format",
        "json",
    ]);
    golden("conflict.json", &ran.code(1).out);
}

#[test]
fn json_of_an_append_and_of_a_correction() {
    let sandbox = Sandbox::with_seed();
    let append = sandbox.run(&[
        "append",
        "a.db",
        "lead-2",
        "--type",
        "lead-initialized",
        "--payload",
        r#"{"lead-id":2,"name":"김철수","phone":"2222"}"#,
        "--expect",
        "none",
        "--actor",
        "web form",
        "--reason",
        "signed up",
        "--id",
        "e-1",
        "--format",
        "json",
    ]);
    golden("append.json", &without_clock(&append.ok().out));
    let correct =
        ["compensate", "a.db", "lead-1", "--version", "3", "--actor", "kim", "--reason", "r", "--format", "json"];
    golden("compensate.json", &without_clock(&sandbox.run(&correct).ok().out));
}

/// Times of today and fresh ids cannot stand in a file.
fn without_clock(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let is_fresh_time =
            ["created-on", "updated-on"].iter().any(|field| line.contains(field)) && !line.contains("2025-");
        let is_fresh_id = line.trim_start().starts_with("\"id\": ") && !line.contains("e-1");
        let end = line.find(": ").map_or(line.len(), |at| at + 2);
        let comma = if line.ends_with(',') { "," } else { "" };
        let is_fresh = is_fresh_time || is_fresh_id;
        lines.push(if is_fresh { format!("{}\"…\"{comma}", &line[..end]) } else { line.to_owned() });
    }
    lines.join("\n") + "\n"
}

#[test]
fn json_of_an_import_with_lines_left_out() {
    let sandbox = Sandbox::empty();
    sandbox.write("mixed.jsonl", "{\"stream\":\"lead-1\",\"type\":\"contacted\"}\n{oops\n\n{\"stream\":\"lead-1\"}\n");
    let ran = sandbox.run(&["import", "mixed.jsonl", "--into", "b.db", "--skip-bad", "--format", "json"]).ok();
    golden("import.json", &ran.out);
}

#[test]
fn the_help_of_every_command() {
    let sandbox = Sandbox::empty();
    let mut all = sandbox.run(&["help"]).ok().out;
    for command in [
        "info",
        "streams",
        "events",
        "show",
        "diff",
        "blame",
        "trace",
        "when",
        "project",
        "sql",
        "materialise",
        "drift",
        "compare-projections",
        "guess-projection",
        "what-if",
        "append",
        "compensate",
        "verify",
        "seal",
        "evidence",
        "verify-evidence",
        "import",
        "export",
        "sample",
        "generate",
    ] {
        all += &format!("\n$ foldline help {command}\n{}", sandbox.run(&["help", command]).ok().out);
    }
    golden("help.txt", &all);
}

#[test]
fn completions_and_the_man_page_are_generated() {
    let sandbox = Sandbox::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.run(&["generate", "completions", shell]).ok().out;
        assert!(script.contains("compensate"), "{shell}");
    }
    let page = sandbox.run(&["generate", "man"]).ok().out;
    assert!(page.contains(".TH foldline"), "{page}");
}

#[test]
fn each_command_that_the_man_page_names_has_its_own_page() {
    let sandbox = Sandbox::empty();
    let out = sandbox.run(&["generate", "man", "--to", "share/man1"]).ok().out;
    assert_eq!(out, "");
    let page = sandbox.read("share/man1/foldline.1");
    assert_eq!(page, sandbox.run(&["generate", "man"]).ok().out);
    let named: Vec<&str> = page.lines().filter_map(|line| line.strip_suffix("(1)")).collect();
    assert!(named.contains(&"foldline\\-compensate") && !named.contains(&"foldline\\-help"), "{named:?}");
    for name in named {
        let name = name.replace('\\', "");
        let page = sandbox.read(&format!("share/man1/{name}.1"));
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
    // A page that is there is somebody's, until it is said that it may go; and none is written where one may not be.
    sandbox.write("share/man1/foldline-show.1", "mine");
    std::fs::remove_file(sandbox.path("share/man1/foldline-diff.1")).expect("removed");
    let again = ["generate", "man", "--to", "share/man1"];
    sandbox.run(&again).code(2).says("is there already").says("--force").in_one_line();
    assert_eq!(sandbox.read("share/man1/foldline-show.1"), "mine");
    assert!(!sandbox.path("share/man1/foldline-diff.1").exists());
    sandbox.run(&["generate", "man", "--to", "share/man1", "--force"]).ok();
    // A link that stands in the folder is replaced, and not what it leads to.
    #[cfg(unix)]
    {
        let (page, gone) = (sandbox.path("share/man1/foldline.1"), sandbox.path("share/man1/foldline-info.1"));
        std::fs::write(sandbox.path("precious"), "mine").unwrap();
        for (link, to) in [(&page, "precious"), (&gone, "nowhere")] {
            std::fs::remove_file(link).unwrap();
            std::os::unix::fs::symlink(sandbox.path(to), link).unwrap();
        }
        sandbox.run(&again).code(2).says("is there already");
        sandbox.run(&["generate", "man", "--to", "share/man1", "--force"]).ok();
        assert_eq!(std::fs::read_to_string(sandbox.path("precious")).unwrap(), "mine");
        assert!(!sandbox.path("nowhere").exists());
        assert!(page.symlink_metadata().unwrap().is_file() && gone.symlink_metadata().unwrap().is_file());
    }
    assert!(sandbox.read("share/man1/foldline-show.1").contains(".TH"));
    // Nor is what a link leads to overwritten.
    #[cfg(unix)]
    {
        std::fs::create_dir(sandbox.path("links")).expect("a folder");
        sandbox.write("precious", "mine");
        std::os::unix::fs::symlink("../precious", sandbox.path("links/foldline.1")).expect("linked");
        sandbox.run(&["generate", "man", "--to", "links"]).code(2).says("is there already").in_one_line();
        assert_eq!(sandbox.read("precious"), "mine");
    }
    sandbox.write("file", "");
    sandbox.run(&["generate", "man", "--to", "file/man1"]).code(2).says("could not be written there").in_one_line();
}
