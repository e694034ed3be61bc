//! Another program writes to the store at that very moment.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use crate::sandbox::{Ran, Sandbox};

/// cqrs-es keeps its events without a log when it is told so: what is read while it writes holds only if it rests.
const LEDGER: &str = r#"
CREATE TABLE ledger (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence integer NOT NULL,
    event_type text NOT NULL, event_version text NOT NULL, payload text NOT NULL, metadata text NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;
INSERT INTO ledger VALUES
 ('lead', '1', 1, 'LeadInitialized', '1.0', '{"LeadInitialized":{"name":"aab","phone":"1111"}}', '{"actor":"kim"}'),
 ('lead', '1', 2, 'ContactDetailsUpdated', '1.0', '{"ContactDetailsUpdated":{"name":"aaa"}}', '{"actor":"lee"}');
"#;

fn ledger() -> Sandbox {
    let sandbox = Sandbox::empty();
    let connection = Connection::open(sandbox.path("app.db")).expect("a database");
    connection.execute_batch(LEDGER).expect("the tables are made");
    sandbox
}

/// Lets the other thread end, also where a check fails.
struct AtEnd<'a>(&'a AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Changes the file's time over and over, as a writer does that never rests, while the work goes on.
fn never_resting<T>(path: &Path, work: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    let file = File::options().append(true).open(path).expect("opens");
    thread::scope(|scope| {
        let _end = AtEnd(&is_over);
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                file.set_modified(SystemTime::now()).expect("set");
                thread::yield_now();
            }
        });
        work()
    })
}

/// Each command begins while a writer is at it, which goes on for a while and then rests. On a machine that is busy too,
/// one or another gets through between two changes.
fn begun_before_it_rests(sandbox: &Sandbox, commands: &[&[&str]]) -> Vec<Ran> {
    let run = |words: &&[&str]| {
        let mut command = sandbox.command();
        command.args(*words).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = never_resting(&sandbox.path("app.db"), || {
            let child = command.spawn().expect("the program runs");
            thread::sleep(Duration::from_millis(300));
            child
        });
        Ran::from(child.wait_with_output().expect("the program ends"))
    };
    commands.iter().map(run).collect()
}

#[test]
fn what_is_written_just_then_is_looked_at_when_it_rests() {
    let sandbox = ledger();
    let commands: [&[&str]; 9] = [
        &["info", "app.db"],
        &["streams", "app.db", "--format", "csv"],
        &["events", "app.db", "--format", "csv"],
        &["events", "app.db", "lead:1"],
        &["show", "app.db", "lead:1"],
        &["diff", "app.db", "lead:1", "--from", "1", "--to", "2"],
        &["blame", "app.db", "lead:1"],
        &["verify", "app.db"],
        &["export", "app.db", "--to", "-"],
    ];
    let quiet: Vec<String> = commands.iter().map(|words| sandbox.run(words).ok().out).collect();
    for ((ran, out), words) in begun_before_it_rests(&sandbox, &commands).into_iter().zip(quiet).zip(commands) {
        let ran = ran.ok();
        assert_eq!((ran.out.as_str(), ran.err.as_str()), (out.as_str(), ""), "{words:?}");
    }
}

#[test]
fn a_correction_of_what_is_written_just_then_is_recorded_once() {
    let sandbox = ledger();
    let by_kim = ["--actor", "kim", "--reason", "r"];
    let compensate = [&["compensate", "app.db", "lead:1", "--version", "2"][..], &by_kim].concat();
    let preview = [&compensate[..], &["--dry-run"]].concat();
    for ran in begun_before_it_rests(&sandbox, &[&preview, &preview, &compensate]) {
        ran.ok();
    }
    let events = sandbox.run(&["events", "app.db", "lead:1", "--format", "jsonl"]).ok();
    assert_eq!(events.out.lines().count(), 3, "{events:#?}");
}

#[test]
fn every_look_beside_a_writer_that_commits_all_the_time_sees_whole_commits() {
    let sandbox = ledger();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let connection = Connection::open(sandbox.path("app.db")).expect("a database");
            connection.busy_timeout(Duration::from_secs(20)).expect("set");
            let mut sequence = 2;
            while !is_over.load(Ordering::Relaxed) {
                // Two events at once: nobody is to see one of them alone.
                let insert =
                    "INSERT INTO ledger VALUES ('lead', '2', ?1, 'Contacted', '1.0', '{\"Contacted\":{}}', '{}')";
                let transaction = connection.unchecked_transaction().expect("begun");
                for number in [sequence, sequence + 1] {
                    transaction.execute(insert, [number]).expect("inserted");
                }
                transaction.commit().expect("nobody stops it");
                sequence += 2;
                thread::sleep(Duration::from_millis(2));
            }
            sequence
        });
        let end = AtEnd(&is_over);
        let mut seen = Vec::new();
        for _ in 0..20 {
            let ran = sandbox.run(&["events", "app.db", "--format", "jsonl"]);
            seen.push((ran.code, ran.out.lines().count(), ran.err));
        }
        drop(end);
        assert!(writer.join().expect("it goes on to the end") > 2);
        let is_whole = |(code, events, _): &(i32, usize, String)| *code == 0 && events % 2 == 0;
        assert!(seen.iter().all(is_whole), "{seen:#?}");
    });
}
