use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn mirrored() -> Sandbox {
    let sandbox = Sandbox::with_seed();
    let told = sandbox.run(&["mirror", "a.db", "local.db", "--format", "json"]).ok().json();
    assert_eq!(told, json!({"events": 7, "position": 7, "behind": 0}));
    sandbox
}

#[test]
fn a_mirror_says_of_what_it_is_one_and_a_correction_in_it_is_one_of_its_origin() {
    let sandbox = mirrored();
    let info = sandbox.run(&["info", "local.db", "--format", "json"]).ok().json();
    assert_eq!(info["mirror"]["origin"], json!(sandbox.path("a.db").display().to_string()));
    assert_eq!((&info["mirror"]["behind"], &info["mirror"]["position"]), (&json!(0), &json!(7)));
    assert!(sandbox.run(&["info", "local.db"]).ok().out.contains("mirror of"));
    assert_eq!(sandbox.run(&["show", "local.db", "lead-1"]).ok().err, "", "how far it is belongs to `info`");
    assert_eq!(info["writable"], json!(true));

    let by = ["--actor", "kim", "--reason", "wrong lead"];
    sandbox.run(&[&["compensate", "local.db", "lead-1", "--version", "3"], &by[..]].concat()).ok();
    assert_eq!(sandbox.events("a.db").len(), 8, "it is recorded in the origin");
    assert_eq!(sandbox.events("local.db"), sandbox.events("a.db"), "and has come back");
    assert_eq!(sandbox.run(&["verify", "local.db", "--format", "json"]).ok().json()["ok"], json!(true));

    sandbox.run(&["import", "lead-1.json", "--into", "local.db"]).code(2).says("mirror of").in_one_line();
    sandbox.run(&["mirror", "a.db", "a.db"]).code(2).says("the store itself").in_one_line();
    sandbox.run(&["mirror", "a.db", "lead-1.json"]).code(2).says("no mirror").in_one_line();
    sandbox.run(&["mirror", "a.db", "postgres://db/x"]).code(2).says("file").in_one_line();
    assert!(sandbox.run(&["mirror", "a.db", "local.db", "--compare"]).ok().err.contains("8 events compared"));
}

#[test]
fn an_origin_that_is_another_is_an_answer_of_no() {
    let sandbox = mirrored();
    std::fs::remove_file(sandbox.path("a.db")).expect("removed");
    sandbox.append_new("a.db");
    sandbox.run(&["mirror", "a.db", "local.db"]).code(1).says("another store stands there now").in_one_line();
    assert_eq!(sandbox.events("local.db").len(), 7);
}

impl Sandbox {
    /// A store with one event of its own.
    fn append_new(&self, store: &str) {
        self.write("other.jsonl", r#"{"stream":"x-1","version":0,"id":"x","type":"t","payload":{}}"#);
        self.run(&["import", "other.jsonl", "--into", store]).ok();
    }
}

/// A follower that does not outlive its test.
struct Follower(Child);

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_follower_tells_of_what_came_and_ends_when_it_is_asked_to() {
    for signal in ["-TERM", "-INT"] {
        let sandbox = mirrored();
        let mut command = sandbox.command();
        command.args(["mirror", "a.db", "local.db", "--follow", "--format", "json"]).stdout(Stdio::piped());
        let mut follower = Follower(command.spawn().expect("it runs"));
        let mut lines = BufReader::new(follower.0.stdout.take().expect("piped")).lines();
        let mut next = || -> Value {
            let line = lines.next().expect("it says more").expect("text");
            serde_json::from_str(&line).expect("a line of JSON")
        };
        assert_eq!(next()["events"], json!(7));
        sandbox.append("a.db", "noted-1").ok();
        assert_eq!(next(), json!({"events": 8, "position": 8, "behind": 0}));
        // Through the mirror while another follows it.
        sandbox.append("local.db", "noted-1").ok();
        assert_eq!(sandbox.events("local.db").len(), 9);
        let asked = Command::new("kill").args([signal, &follower.0.id().to_string()]).status().expect("asked");
        assert!(asked.success());
        assert_eq!(follower.0.wait().expect("it ends").code(), Some(0), "{signal}");
        assert_eq!(sandbox.events("local.db"), sandbox.events("a.db"));
    }
}

/// Each `append` opens the store and closes it, and between two of them it lies at rest.
#[test]
fn a_store_that_is_written_now_and_then_is_mirrored_and_compared() {
    let (sandbox, is_over) = (&Sandbox::with_seed(), &AtomicBool::new(false));
    std::thread::scope(|scope| {
        let appending = move || {
            while !is_over.load(Ordering::Relaxed) {
                sandbox.append("a.db", "noted-1").ok();
            }
        };
        let named = std::thread::Builder::new().name("appending".to_owned());
        let appending = named.spawn_scoped(scope, appending).expect("a thread");
        let runs: Vec<_> = (0..10)
            .map(|round| {
                let name = format!("mirror-{round}.db");
                [&["mirror", "a.db", &name][..], &["mirror", "a.db", &name, "--compare"]].map(|args| sandbox.run(args))
            })
            .collect();
        is_over.store(true, Ordering::Relaxed);
        appending.join().expect("it appends");
        for run in runs.into_iter().flatten() {
            run.ok();
        }
    });
}

#[test]
fn mirrors_in_a_circle_are_refused() {
    let sandbox = mirrored();
    sandbox.run(&["mirror", "local.db", "second.db"]).ok();
    sandbox.run(&["mirror", "second.db", "local.db"]).code(2).says("a mirror of this file in turn").in_one_line();
    let info = sandbox.run(&["info", "local.db", "--format", "json"]).ok().json();
    assert_eq!(info["mirror"]["origin"], json!(sandbox.path("a.db").display().to_string()), "its origin is the same");
    // As somebody does who has lost the origin.
    std::fs::copy(sandbox.path("local.db"), sandbox.path("a.db")).expect("copied");
    let append = |store| {
        let event = ["--type", "noted", "--payload", "{}", "--expect", "any", "--actor", "kim", "--reason", "tried"];
        sandbox.run(&[&["append", store, "lead-1"], &event[..]].concat())
    };
    for store in ["a.db", "local.db", "second.db"] {
        append(store).code(2).says("a mirror of this file in turn").in_one_line();
        assert_eq!(sandbox.events(store).len(), 7);
    }
}
