//! A store sealed, and held against its seal later.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

fn sealed() -> Sandbox {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["seal", "a.db", "--to", "a.seal"]).ok();
    sandbox
}

fn verify(sandbox: &Sandbox, store: &str) -> (i32, Value) {
    let ran = sandbox.run(&["verify", store, "--since", "a.seal", "--format", "json"]);
    (ran.code, json(&ran))
}

fn kinds(found: &Value) -> Vec<&str> {
    found["findings"].as_array().expect("a list").iter().filter_map(|finding| finding["kind"].as_str()).collect()
}

/// Runs statements on a store that no longer guards itself.
fn tamper(sandbox: &Sandbox, store: &str, statements: &str) {
    let connection = Connection::open(sandbox.path(store)).expect("a database");
    let triggers: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        .and_then(|mut all| all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .expect("triggers");
    for (name, _) in &triggers {
        connection.execute_batch(&format!("DROP TRIGGER {name}")).expect("a trigger");
    }
    connection.execute_batch(statements).expect("statements");
    for (_, sql) in &triggers {
        connection.execute_batch(sql).expect("a trigger");
    }
}

fn append(sandbox: &Sandbox, store: &str, event_type: &str) {
    sandbox
        .run(&[
            "append",
            store,
            "lead-9",
            "--type",
            event_type,
            "--payload",
            "{}",
            "--expect",
            "any",
            "--actor",
            "kim",
            "--reason",
            "test",
        ])
        .ok();
}

#[test]
fn a_seal_is_a_signed_checkpoint_and_its_key_is_kept_for_its_owner_alone() {
    let sandbox = Sandbox::with_seed();
    let made = json(&sandbox.run(&["seal", "a.db", "--to", "a.seal", "--format", "json"]));
    assert_eq!(made["events"], 7);
    let text = sandbox.read("a.seal");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("foldline/"), "{text}");
    assert_eq!((lines[1], lines[2]), ("7", made["root"].as_str().expect("a root")));
    let signature = lines.last().expect("a line");
    assert!(signature.starts_with(&format!("— {} ", lines[0])), "{text}");
    assert!(text.contains(&format!("\nkey {}\n", made["key"].as_str().expect("a key"))));
    let key = sandbox.path(".config/foldline/signing-key.pem");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&key).expect("the key").permissions().mode() & 0o777, 0o600);
    }
    let secret = fs::read_to_string(&key).expect("the key");
    assert!(!text.contains(secret.lines().nth(1).expect("its secret")));
    // The same key again, and the same tree.
    let again = json(&sandbox.run(&["seal", "a.db", "--to", "b.seal", "--format", "json"]));
    assert_eq!((&again["root"], &again["key"]), (&made["root"], &made["key"]));
    // One that is named.
    fs::rename(&key, sandbox.path("mine.pem")).expect("a key");
    let named = json(&sandbox.run(&["seal", "a.db", "--to", "c.seal", "--key", "mine.pem", "--format", "json"]));
    assert_eq!(named["key"], made["key"]);
    assert!(!key.exists(), "no other was made");
}

#[cfg(unix)]
#[test]
fn a_private_key_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::with_seed();
    let (_, text) = foldline::proof::SigningKey::from_secret([7; 32]).expect("a key");
    sandbox.write("mine.pem", text);
    let seal = |mode: u32, to: &str| {
        let allowed = fs::Permissions::from_mode(mode);
        fs::set_permissions(sandbox.path("mine.pem"), allowed).expect("changed");
        sandbox.run(&["seal", "a.db", "--to", to, "--key", "mine.pem"]).ok().err
    };
    assert_eq!(seal(0o600, "a.seal"), "");
    for (mode, to) in [(0o644, "b.seal"), (0o640, "c.seal")] {
        let said = seal(mode, to);
        assert!(
            said.contains("others on this machine may read this private key") && said.contains("chmod 600"),
            "{said}"
        );
    }
}

#[test]
fn a_store_that_only_grew_fits_its_seal() {
    let sandbox = sealed();
    let (code, found) = verify(&sandbox, "a.db");
    assert_eq!((code, kinds(&found)), (0, vec![]));
    append(&sandbox, "a.db", "lead-initialized");
    let (code, found) = verify(&sandbox, "a.db");
    assert_eq!((code, kinds(&found)), (0, vec![]));
    let said = sandbox.run(&["verify", "a.db", "--since", "a.seal"]).ok().out;
    assert!(said.contains("grown from the 7 events sealed on"), "{said}");
}

#[test]
fn a_store_put_back_from_an_older_copy_is_told_also_when_it_has_grown_since() {
    let sandbox = Sandbox::with_seed();
    fs::copy(sandbox.path("a.db"), sandbox.path("older.db")).expect("a copy");
    append(&sandbox, "a.db", "lead-initialized");
    sandbox.run(&["seal", "a.db", "--to", "a.seal"]).ok();
    let (code, found) = verify(&sandbox, "older.db");
    assert_eq!((code, kinds(&found)), (1, vec!["older-copy"]), "{found}");
    append(&sandbox, "older.db", "lead-initialized");
    append(&sandbox, "older.db", "contacted");
    let (code, found) = verify(&sandbox, "older.db");
    assert_eq!((code, kinds(&found)), (1, vec!["older-copy"]), "{found}");
}

#[test]
fn a_store_whose_end_was_cut_is_told() {
    let sandbox = sealed();
    tamper(&sandbox, "a.db", "DELETE FROM events WHERE position = 7");
    let (code, found) = verify(&sandbox, "a.db");
    assert_eq!(code, 1);
    assert!(kinds(&found).contains(&"cut"), "{found}");
}

#[test]
fn a_rewritten_history_is_told_though_its_chain_was_made_anew() {
    let sandbox = sealed();
    // Whoever can write the file can write every hash in it: exported, edited and brought in again, it holds together.
    sandbox.run(&["export", "a.db", "--to", "all.jsonl"]).ok();
    let text = sandbox.read("all.jsonl");
    let edited = text.replace("aaa", "zzz");
    assert_ne!(text, edited);
    sandbox.write("edited.jsonl", edited);
    sandbox.run(&["import", "edited.jsonl", "--into", "b.db"]).ok();
    sandbox.run(&["verify", "b.db"]).ok();
    let (code, found) = verify(&sandbox, "b.db");
    assert_eq!((code, kinds(&found)), (1, vec!["rewritten"]), "{found}");
    let said = found["findings"][0]["message"].as_str().expect("a sentence");
    assert!(said.contains("the first 3 events are as they were sealed"), "{said}");
}

#[test]
fn a_store_that_was_imported_anew_under_other_ids_has_nothing_proven_in_common() {
    let sandbox = sealed();
    sandbox.run(&["export", "a.db", "--to", "all.jsonl"]).ok();
    let mut renamed = String::new();
    for (n, line) in sandbox.read("all.jsonl").lines().enumerate() {
        let mut event: Value = serde_json::from_str(line).expect("an event");
        event["id"] = format!("new-{n}").into();
        renamed += &format!("{event}\n");
    }
    sandbox.write("renamed.jsonl", renamed);
    sandbox.run(&["import", "renamed.jsonl", "--into", "b.db"]).ok();
    let (code, found) = verify(&sandbox, "b.db");
    assert_eq!((code, kinds(&found)), (1, vec!["other-store"]), "{found}");
}

#[test]
fn a_seal_that_was_edited_or_is_none_is_refused_in_a_sentence() {
    let sandbox = sealed();
    let text = sandbox.read("a.seal");
    sandbox.write("edited.seal", text.replacen("\n7\n", "\n6\n", 1));
    sandbox.write("cut.seal", &text[..text.len() / 2]);
    sandbox.write("none.seal", "hello");
    sandbox.write("empty.seal", "");
    for (name, said) in [
        ("edited.seal", "the seal was damaged or edited"),
        ("cut.seal", "the seal was damaged or edited"),
        ("none.seal", "this is no seal that Foldline made"),
        ("empty.seal", "this is no seal that Foldline made"),
        ("missing.seal", "there is no such file"),
        (".", "this is a folder"),
    ] {
        let ran = sandbox.run(&["verify", "a.db", "--since", name]);
        assert_eq!(ran.code, 2, "{name}: {ran:?}");
        assert!(ran.err.contains(said) && ran.out.is_empty(), "{name}: {ran:?}");
        assert_eq!(ran.err.trim_end().lines().count(), 1, "{name}: {ran:?}");
    }
    for (key, said) in [("a.seal", "no Ed25519 key"), ("nowhere.pem", "no such file")] {
        let ran = sandbox.run(&["seal", "a.db", "--to", "new.seal", "--key", key]);
        assert!(ran.code == 2 && ran.err.contains(said), "{ran:?}");
        assert!(!sandbox.path("new.seal").exists());
    }
}

#[test]
fn a_seal_replaces_what_an_export_may_replace_and_nothing_else() {
    let sandbox = sealed();
    let kept = sandbox.read("a.seal");
    let taken = sandbox.run(&["seal", "a.db", "--to", "a.seal"]);
    assert!(taken.code == 2 && taken.err.contains("there already") && sandbox.read("a.seal") == kept, "{taken:?}");
    sandbox.run(&["seal", "a.db", "--to", "a.seal", "--force"]).ok();
    for (to, said) in [
        ("a.db", "this is the store"),
        ("no/such/a.seal", "no such folder"),
        ("postgres://kim:secret@db/x", "only be written to a file"),
    ] {
        let ran = sandbox.run(&["seal", "a.db", "--to", to, "--force"]);
        assert!(ran.code == 2 && ran.err.contains(said) && !ran.err.contains("secret"), "{ran:?}");
    }
    sandbox.run(&["verify", "a.db"]).ok();
}

#[test]
fn what_is_written_never_replaces_a_private_key() {
    let sandbox = sealed();
    let own = ".config/foldline/signing-key.pem";
    let kept = sandbox.read(own);
    sandbox.write("named.html", format!("the key of the house\n{kept}"));
    sandbox.write("other.pem", kept.replace("PRIVATE KEY", "EC PRIVATE KEY"));
    for arguments in [
        vec!["seal", "a.db", "--to", own, "--force"],
        vec!["seal", "a.db", "--to", own],
        vec!["seal", "a.db", "--to", "other.pem", "--force"],
        vec!["seal", "a.db", "--key", "named.html", "--to", "named.html", "--force"],
        vec!["seal", "a.db", "--key", "named.html", "--to", own, "--force"],
        vec!["evidence", "a.db", "lead-9", "--key", "named.html", "--to", "named.html", "--force"],
        vec!["export", "a.db", "--as", "jsonl", "--to", own, "--force"],
    ] {
        let ran = sandbox.run(&arguments);
        assert!(ran.code == 2 && ran.err.contains("this is a private key"), "{arguments:?}: {ran:?}");
    }
    assert_eq!(sandbox.read(own), kept);
    assert!(sandbox.read("named.html").ends_with(&kept));
    // Where the key is made only now, it is kept as well.
    fs::remove_file(sandbox.path(own)).expect("the key");
    let ran = sandbox.run(&["seal", "a.db", "--to", own, "--force"]);
    assert!(ran.code == 2 && ran.err.contains("this is a private key"), "{ran:?}");
    sandbox.run(&["seal", "a.db", "--to", "again.seal"]).ok();
}

#[test]
fn a_dash_makes_no_file_of_that_name() {
    let sandbox = sealed();
    for arguments in [
        vec!["seal", "a.db", "--to", "-"],
        vec!["evidence", "a.db", "lead-9", "--to", "-"],
        vec!["reduce", "a.db", "lead-9", "--rule", "--to", "-"],
        vec!["sample", "-"],
        vec!["import", "a.seal", "--into", "-"],
    ] {
        let ran = sandbox.run(&arguments);
        assert!(ran.code == 2 && ran.err.trim_end().lines().count() == 1, "{arguments:?}: {ran:?}");
        assert!(!sandbox.path("-").exists(), "{arguments:?}: {ran:?}");
    }
}
