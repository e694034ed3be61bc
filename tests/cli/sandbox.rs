//! A folder of its own for each test, with the seed's history in it, and the program to run there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The history that the seed prints, as it prints it.
pub(crate) const SEED: &str = r#"[
  {"lead-id": 1, "event-id": 0, "event-type": "lead-initialized", "name": "aab", "phone": "1111", "timestamp": "2025-01-01T01:00:01.01Z"},
  {"lead-id": 1, "event-id": 1, "event-type": "contacted", "timestamp": "2025-01-01T01:00:02.01Z"},
  {"lead-id": 1, "event-id": 2, "event-type": "followup-set", "followup-on": "2025-01-01T01:00:02.01Z", "timestamp": "2025-01-01T01:00:02.01Z"},
  {"lead-id": 1, "event-id": 3, "event-type": "contact-details-updated", "name": "aaa", "timestamp": "2025-01-01T01:00:03.01Z"},
  {"lead-id": 1, "event-id": 4, "event-type": "contacted", "timestamp": "2025-01-01T01:00:04.01Z"},
  {"lead-id": 1, "event-id": 5, "event-type": "order-submitted", "payment-deadline": "2025-01-01T01:10:02.01Z", "timestamp": "2025-01-01T01:00:05.01Z"},
  {"lead-id": 1, "event-id": 6, "event-type": "payment-confirmed", "stauts": "converted", "timestamp": "2025-01-01T01:01:01.01Z"}
]
"#;

pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// With `lead-1.json` and the store `a.db` made from it.
    pub(crate) fn with_seed() -> Self {
        let sandbox = Self::empty();
        sandbox.write("lead-1.json", SEED);
        sandbox.run(&["import", "lead-1.json", "--into", "a.db"]).ok();
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file in the test's folder");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file in the test's folder")
    }

    pub(crate) fn read_bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("a file in the test's folder")
    }

    pub(crate) fn command(&self) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_foldline"))
    }

    /// Any program, in the test's folder.
    pub(crate) fn command_of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        // The sample that `sample` names lives in the user's own folder, which for a test is this one.
        command.env("XDG_DATA_HOME", self.path("data")).env("HOME", self.folder.path());
        command.env_remove("XDG_CACHE_HOME").env("XDG_CONFIG_HOME", self.path(".config")).env_remove("FOLDLINE_LOG");
        #[cfg(windows)]
        command.env("LOCALAPPDATA", self.path("data"));
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command().args(arguments).output().expect("the program runs"))
    }

    /// Appends an event that says nothing.
    #[track_caller]
    pub(crate) fn append(&self, store: &str, stream: &str) -> Ran {
        let event = ["--type", "t", "--payload", "{}", "--expect", "any", "--actor", "a", "--reason", "r"];
        self.run(&[&["append", store, stream], &event[..]].concat())
    }

    /// The events of a store as JSON, in its order.
    #[track_caller]
    pub(crate) fn events(&self, store: &str) -> Vec<Value> {
        let rows = self.run(&["events", store, "--format", "json"]).ok().json();
        rows.as_array().expect("a list of events").clone()
    }

    /// Every file below the folder with its content.
    pub(crate) fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn down(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in fs::read_dir(folder).expect("a readable folder") {
                let path = entry.expect("a readable entry").path();
                if path.is_dir() {
                    down(&path, files);
                } else {
                    files.push((path.clone(), fs::read(&path).expect("a readable file")));
                }
            }
        }
        let mut files = Vec::new();
        down(self.folder.path(), &mut files);
        files.sort();
        files
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    /// Fails where the program waits for something that never comes.
    #[track_caller]
    pub(crate) fn without_waiting(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let until = Instant::now() + Duration::from_secs(20);
        while child.try_wait().expect("its state").is_none() {
            if Instant::now() > until {
                child.kill().expect("killed");
                panic!("{command:?} waits");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Self::from(child.wait_with_output().expect("its output"))
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self:#?}"))
    }

    /// One line on standard error that names the program and says `part`; nothing on standard output.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.err.contains(part), "“{part}” is not said: {self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn in_one_line(self) -> Self {
        assert_eq!(self.err.lines().count(), 1, "more than one line: {self:#?}");
        assert_eq!(self.out, "", "something on standard output: {self:#?}");
        self
    }
}
