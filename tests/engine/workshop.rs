//! What most tests of stores begin with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use foldline::event::{EventId, NewEvent, RecordedEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Finding, Flow, Query, Store};
use proptest::test_runner::Config;
use tempfile::TempDir;

/// A second of 2025, counted from its first.
pub(crate) fn second(n: i64) -> Timestamp {
    Timestamp::from_micros((1_735_689_600 + n) * 1_000_000)
}

pub(crate) fn event(id: &str, event_type: &str, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(id),
        event_type: event_type.into(),
        schema: 1,
        recorded_at: Some(second(0)),
        payload: payload.to_owned(),
        metadata: String::new(),
    }
}

/// An event that differs from every other by its id and payload.
pub(crate) fn noted(id: &str) -> NewEvent {
    event(id, "noted", &serde_json::json!({ "note": id }).to_string())
}

pub(crate) fn stream(name: &str) -> StreamId {
    StreamId::from(name)
}

pub(crate) fn read(store: &dyn Store, query: &Query) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    store
        .visit_events(query, &mut |row| {
            events.push(row.to_recorded());
            Flow::Continue(())
        })
        .expect("the store can be read");
    events
}

pub(crate) fn read_stream(store: &dyn Store, name: &str) -> Vec<RecordedEvent> {
    read(store, &Query::stream(stream(name)))
}

pub(crate) fn verified(store: &dyn Store) -> Vec<Finding> {
    let mut findings = Vec::new();
    store
        .verify(&mut |finding| findings.push(finding), &mut |_| Flow::Continue(()))
        .expect("verifying goes through to the end");
    findings
}

#[track_caller]
pub(crate) fn assert_verifies_clean(store: &dyn Store) {
    assert_eq!(verified(store), []);
}

/// An empty native store in a folder of its own.
pub(crate) fn native_store() -> (TempDir, PathBuf, NativeStore) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("events.db");
    let store = NativeStore::create(&path).expect("a new store");
    (folder, path, store)
}

/// The same where nobody asks for its path.
pub(crate) fn own_store() -> (TempDir, NativeStore) {
    let (folder, _, store) = native_store();
    (folder, store)
}

/// The hash of every file in a folder. The files are read by another program: reading a database file in this
/// process would, by the rules of POSIX, let go of the locks that this process holds on it.
pub(crate) fn fingerprint(folder: &Path) -> BTreeMap<String, String> {
    let sums = Command::new("find")
        .arg(folder)
        .args(["-type", "f", "-exec", "sha256sum", "--binary", "--zero", "{}", "+"])
        .output()
        .expect("find and sha256sum are installed");
    assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stderr));
    let text = String::from_utf8_lossy(&sums.stdout).into_owned();
    text.split_terminator('\0')
        .map(|line| line.split_once(" *").expect("a hash and a name"))
        .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
        .collect()
}

/// This test program again, to run one test as a process of its own. The test tells from the variable that it is
/// the child, and does nothing without it.
pub(crate) fn child(test: &str, variable: &str, value: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(variable, value);
    command
}

/// A child that tells on lines what it has done, each with [`MARK`] ahead of it, and waits for the end of its input.
#[derive(Debug)]
pub(crate) struct Talking {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// Tells a child's own lines from those of the test framework.
const MARK: &str = "said: ";

impl Talking {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the child starts");
        let output = child.stdout.take().expect("its output is piped");
        Self { child, lines: BufReader::new(output).lines() }
    }

    /// The next thing it says; `None` once it has gone. A line that a killed child could not finish is left out, as
    /// it was never told whole.
    pub(crate) fn next_word(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.expect("the pipe can be read");
            let Some((_, word)) = line.split_once(MARK) else { continue };
            if let Some(whole) = word.strip_suffix('.') {
                return Some(whole.to_owned());
            }
        }
    }

    #[track_caller]
    pub(crate) fn wait_for(&mut self, word: &str) {
        assert_eq!(self.next_word().as_deref(), Some(word));
    }

    /// SIGKILL: nothing in the child runs after it. Answers what it had said by then and nobody had listened to.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("the child can be killed");
        let mut rest = Vec::new();
        while let Some(word) = self.next_word() {
            rest.push(word);
        }
        self.child.wait().expect("the child is gone");
        rest
    }

    /// Closes its input, which lets it finish, and answers what it still had to say.
    pub(crate) fn finish(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        let mut rest = Vec::new();
        while let Some(word) = self.next_word() {
            rest.push(word);
        }
        let status = self.child.wait().expect("the child is gone");
        assert!(status.success(), "the child failed: {status}");
        rest
    }

    /// Lets a child begin that waits in [`wait_to_begin`].
    pub(crate) fn begin(&mut self) {
        use std::io::Write as _;
        self.child.stdin.as_mut().expect("its input is piped").write_all(b"begin\n").expect("the child listens");
    }
}

/// What a child says to its [`Talking`] parent. The full stop shows that the line is whole.
#[allow(clippy::disallowed_methods, reason = "the parent reads it, and no terminal")]
pub(crate) fn say(word: &str) {
    use std::io::Write as _;
    let mut line = String::new();
    writeln!(line, "{MARK}{word}.").expect("a string takes any text");
    std::io::stdout().lock().write_all(line.as_bytes()).expect("the parent listens");
}

/// In a child: waits for one line from the parent; false once the parent has closed the pipe.
pub(crate) fn wait_to_begin() -> bool {
    std::io::stdin().read_line(&mut String::new()).is_ok_and(|read| read > 0)
}

/// So many cases, and no file about those that failed: the output names them. `FOLDLINE_CASES=30` asks for thirty times as
/// many, which finds what one run in hundreds would.
pub(crate) fn cases(cases: u32) -> Config {
    let times = std::env::var("FOLDLINE_CASES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    Config { cases: cases.saturating_mul(times), failure_persistence: None, ..Config::default() }
}
