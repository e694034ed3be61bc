//! The program under test, run as a user runs it.

use std::process::{Command, Stdio};

use serde_json::Value;

pub(crate) struct Foldline {
    pub(crate) store: String,
    /// For stores that are encrypted.
    pub(crate) key: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Foldline {
    /// `words` after the command's name and the store.
    #[track_caller]
    pub(crate) fn run(&self, command: &str, words: &[&str]) -> Ran {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut process = Command::new(env!("CARGO_BIN_EXE_foldline"));
        process.arg(command).arg(&self.store).args(words).stdin(Stdio::null());
        process.env("HOME", home.path()).env("XDG_DATA_HOME", home.path()).env("XDG_CONFIG_HOME", home.path());
        for name in ["FOLDLINE_LOG", "FOLDLINE_KEY", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE"] {
            process.env_remove(name);
        }
        if let Some(key) = &self.key {
            process.env("FOLDLINE_KEY", key);
        }
        let output = process.output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn json(&self, command: &str, words: &[&str]) -> Value {
        let ran = self.run(command, &[words, &["--format", "json"]].concat());
        assert_eq!(ran.code, 0, "{command} {words:?}: {ran:#?}");
        ran.json()
    }

    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        let ran = self.run("events", &["--format", "jsonl"]);
        assert_eq!(ran.code, 0, "{ran:#?}");
        ran.out.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self:#?}"))
    }
}
