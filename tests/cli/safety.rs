//! What was recorded is never reported as failed, what is damaged is a finding, and nothing is left behind.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::sandbox::{Ran, Sandbox};

const BY_KIM: [&str; 8] = ["--type", "contacted", "--payload", "{}", "--actor", "kim", "--reason", "r"];

fn append(sandbox: &Sandbox, expected: &str) -> Ran {
    let words = ["append", "long.db", "lead-1", "--expect", expected, "--format", "json"];
    sandbox.run(&[&words[..], &BY_KIM[..]].concat())
}

/// A store with one stream that is long enough for snapshots.
fn long_store() -> Sandbox {
    let sandbox = Sandbox::empty();
    let mut lines = String::from(
        r#"{"stream":"lead-1","version":0,"id":"e0","type":"lead-initialized","recorded_at":"2025-01-01T00:00:00Z","payload":{"name":"a","phone":"1"}}"#,
    );
    for version in 1..1_200 {
        lines.push_str(&format!(
            "\n{{\"stream\":\"lead-1\",\"version\":{version},\"id\":\"e{version}\",\"type\":\"contacted\",\"recorded_at\":\"2025-01-01T01:00:00Z\",\"payload\":{{}}}}"
        ));
    }
    sandbox.write("long.jsonl", lines);
    sandbox.run(&["import", "long.jsonl", "--into", "long.db"]).ok();
    sandbox
}

fn tool(sandbox: &Sandbox, changes: &str) {
    let connection = rusqlite::Connection::open(sandbox.path("long.db")).expect("the store");
    connection.execute_batch(changes).expect("the change goes in");
}

#[test]
fn an_append_whose_snapshot_cannot_be_kept_is_recorded_and_said_so() {
    let sandbox = long_store();
    let refuse = "BEGIN SELECT RAISE(ABORT, 'no cache today'); END";
    tool(
        &sandbox,
        &format!(
            "DELETE FROM snapshots; CREATE TRIGGER i BEFORE INSERT ON snapshots {refuse};
             CREATE TRIGGER u BEFORE UPDATE ON snapshots {refuse}"
        ),
    );
    let ran = append(&sandbox, "any").ok();
    assert_eq!(ran.json()["version"], 1_200);
    assert_eq!(sandbox.run(&["info", "long.db", "--format", "json"]).ok().json()["events"], 1_201);
    // So is what a compensation recorded.
    sandbox.run(&["compensate", "long.db", "lead-1", "--version", "1200", "--actor", "kim", "--reason", "r"]).ok();
    let events = sandbox.run(&["export", "long.db", "--to", "again.jsonl"]).ok();
    assert!(!events.err.contains("no cache"), "{events:?}");
    sandbox.run(&["import", "again.jsonl", "--into", "long2.db"]).ok();
}

#[test]
fn a_forged_snapshot_is_not_shown() {
    let sandbox = long_store();
    let shown = sandbox.run(&["show", "long.db", "lead-1", "--format", "json"]).ok().json();
    tool(&sandbox, "UPDATE snapshots SET state = replace(state, '1199', '7')");
    assert_eq!(sandbox.run(&["show", "long.db", "lead-1", "--format", "json"]).ok().json(), shown);
    let found = sandbox.run(&["verify", "long.db", "--format", "json"]).code(1).json();
    assert_eq!(found["findings"][0]["kind"], "stale-snapshot", "{found}");
}

#[test]
fn verifying_a_store_with_a_corrupt_page_ends_in_findings() {
    let sandbox = long_store();
    let whole = fs::read(sandbox.path("long.db")).expect("the store");
    let pages = whole.len() / 4_096;
    let mut found = 0;
    for page in (0..pages).filter(|page| *page < 12 || page % 7 == 0) {
        let mut content = whole.clone();
        // The first page's header says that this is a database at all.
        let from = page * 4_096 + if page == 0 { 100 } else { 0 };
        for (at, byte) in content[from..(page + 1) * 4_096].iter_mut().enumerate() {
            *byte = (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[1];
        }
        sandbox.write("long.db", &content);
        let ran = sandbox.run(&["verify", "long.db", "--format", "json"]).code(1);
        let said = ran.json();
        assert_eq!(said["ok"], false, "page {page}");
        assert!(said["findings"].as_array().is_some_and(|all| !all.is_empty()), "page {page}: {said}");
        found += 1;
    }
    assert!(found > 10);
}

#[test]
fn a_folder_left_by_a_program_that_was_killed_goes_with_the_next_start() {
    let sandbox = long_store();
    let temporary = sandbox.path("temporary");
    let namespace = fs::read_link("/proc/self/ns/pid").expect("a namespace");
    let namespace: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    // Its number may be another program's by now; that began at another time.
    let left = temporary.join(format!("foldline-{namespace}-{}-1-abc", std::process::id()));
    fs::create_dir_all(&left).expect("made");
    fs::write(left.join("copy.db"), "somebody's events").expect("written");
    let ran = sandbox.command().args(["info", "long.db"]).env("TMPDIR", &temporary).output().expect("runs");
    assert!(ran.status.success());
    assert_eq!(fs::read_dir(&temporary).expect("readable").count(), 0);
}

#[test]
fn what_is_unpacked_to_be_read_is_nobody_elses() {
    let sandbox = long_store();
    let temporary = sandbox.path("temporary");
    fs::create_dir_all(&temporary).expect("made");
    // Read slowly enough to be looked at: from a pipe that is not emptied.
    let mut child = sandbox
        .command()
        .args(["events", "long.jsonl", "--format", "jsonl"])
        .env("TMPDIR", &temporary)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("runs");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let mut seen = 0;
    while seen == 0 && std::time::Instant::now() < until && child.try_wait().expect("a child").is_none() {
        for folder in fs::read_dir(&temporary).expect("readable").flatten() {
            let mode = folder.metadata().map(|folder| folder.permissions().mode() & 0o777);
            assert_eq!(mode.unwrap_or(0o700), 0o700, "others may look into {}", folder.path().display());
            seen += 1;
        }
    }
    child.kill().expect("ended");
    child.wait().expect("ended");
    // What it left goes with the next start.
    sandbox.command().args(["info", "long.db"]).env("TMPDIR", &temporary).output().expect("runs");
    assert_eq!(fs::read_dir(&temporary).expect("readable").count(), 0);
}

#[test]
fn a_store_is_the_same_through_a_link() {
    let sandbox = long_store();
    fs::create_dir(sandbox.path("elsewhere")).expect("made");
    symlink("../long.db", sandbox.path("elsewhere/link.db")).expect("linked");
    for words in [&["info"][..], &["show", "lead-1"], &["verify"]] {
        let run = |store: &str| {
            let mut words = words.to_vec();
            words.insert(1, store);
            let mut answer = sandbox.run(&[&words[..], &["--format", "json"]].concat()).ok().json();
            // `info` repeats what was asked for.
            answer.as_object_mut().expect("an object").remove("store");
            answer
        };
        assert_eq!(run("elsewhere/link.db"), run("long.db"), "{words:?}");
    }
}

/// Another program may bring events into a store that is being made.
#[test]
fn what_another_program_recorded_survives_an_import_that_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let (bad, good) = (folder.path().join("bad.jsonl"), folder.path().join("good.jsonl"));
    let line = |number| format!("{{\"stream\":\"a-{number}\",\"type\":\"t\",\"payload\":{{}}}}");
    let mut lines = (0..20_000).map(line).collect::<Vec<String>>().join("\n");
    lines.push_str("\n{\"broken");
    fs::write(&bad, lines).expect("written");
    fs::write(&good, "{\"stream\":\"s-1\",\"type\":\"t\",\"payload\":{}}\n").expect("written");
    let program = || std::process::Command::new(env!("CARGO_BIN_EXE_foldline"));
    for begins_empty in [false, true] {
        let store = folder.path().join(format!("new-{begins_empty}.db"));
        if begins_empty {
            fs::write(&store, "").expect("written");
        }
        let failing = (bad.clone(), store.clone());
        let both = std::thread::scope(|scope| {
            let failing = std::thread::Builder::new()
                .spawn_scoped(scope, move || {
                    program().arg("import").arg(failing.0).arg("--into").arg(failing.1).output()
                })
                .expect("a thread");
            let brought = program().arg("import").arg(&good).arg("--into").arg(&store).output().expect("it runs");
            assert!(!failing.join().expect("it ends").expect("it runs").status.success(), "the import was to fail");
            brought
        });
        assert!(both.status.success(), "{both:?}");
        let read =
            program().arg("events").arg(&store).arg("s-1").args(["--format", "jsonl"]).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&read.stdout).lines().count(), 1, "{begins_empty}");
    }
}

#[test]
fn a_sample_is_never_put_in_the_place_of_another_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("sample.db");
    let program = || std::process::Command::new(env!("CARGO_BIN_EXE_foldline"));
    let mut making = program()
        .args(["sample", "--events", "20000"])
        .arg(&store)
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    fs::write(&store, "somebody else's").expect("written");
    assert!(!making.wait().expect("it ends").success());
    assert_eq!(fs::read(&store).expect("there"), b"somebody else's");
    let left: Vec<_> = fs::read_dir(folder.path()).expect("read").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["sample.db"], "something was left behind");
    let address = program().args(["sample", "postgres://u:hunter2secret@h/x"]).output().expect("it runs");
    assert!(!address.status.success() && !String::from_utf8_lossy(&address.stderr).contains("hunter2"), "{address:?}");
}

/// Whoever opened the database next would delete it.
#[test]
fn no_store_begins_under_a_name_that_belongs_to_another_database() {
    let sandbox = Sandbox::with_seed();
    for suffix in ["-wal", "-shm", "-journal"] {
        let name = format!("a.db{suffix}");
        for make in [
            &["import", "lead-1.json", "--into", &name][..],
            &["sample", &name],
            &["mirror", "a.db", &name],
            &["materialise", "a.db", "--projection", "state", "--category", "lead", "--into", &name],
            &["reduce", "a.db", "lead-1", "state.contacts > 0", "--to", &name],
        ] {
            let ran = sandbox.run(make).code(2).in_one_line();
            let is_said = ran.err.contains("belongs to the database") || make[0] == "reduce";
            assert!(is_said, "{make:?}: {}", ran.err);
            assert!(!sandbox.path(&name).exists(), "{make:?}");
        }
    }
    assert_eq!(sandbox.events("a.db").len(), 7);
}

#[test]
#[cfg(target_os = "linux")]
fn what_has_no_end_is_not_read_to_its_end() {
    let sandbox = Sandbox::with_seed();
    let append = ["--type", "t", "--expect", "any", "--actor", "a", "--reason", "r", "--dry-run"];
    for arguments in [
        &[&["append", "a.db", "lead-1", "--payload", "@/dev/zero"], &append[..]].concat()[..],
        &["info", "a.db", "--map", "/dev/zero"],
        &["info", "nats://127.0.0.1:1/s?creds=/dev/zero"],
        &["info", "nats://127.0.0.1:1/s?nkey=/dev/zero"],
        &["info", "nats://127.0.0.1:1/s?ca=/dev/zero"],
    ] {
        // Of 2 GiB of addresses, which is more than any of them needs.
        let within = "ulimit -v 2097152; exec \"$0\" \"$@\"";
        let mut command = sandbox.command_of("sh");
        command.args(["-c", within, env!("CARGO_BIN_EXE_foldline")]).args(arguments);
        let ran = Ran::from(command.output().expect("it runs")).code(2).in_one_line();
        assert!(ran.err.contains("too large"), "{arguments:?}: {ran:#?}");
    }
}
