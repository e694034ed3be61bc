//! A framework at work: its writer program, asked one command at a time.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// Where this folder is, with the writers' sources.
pub(crate) fn sources() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/frameworks")
}

/// Where `tests/frameworks/install` put the frameworks.
pub(crate) fn installed() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let folder = target.join("frameworks");
    assert!(folder.join("rust/debug/framework-writers").exists(), "run tests/frameworks/install first");
    folder
}

/// How many events scenario.json has.
pub(crate) const SCENARIO: usize = 53;

pub(crate) struct Writer {
    process: Child,
    // None once closed, which is how the program is told to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Writer {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the framework's program starts");
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("a piped output"));
        Self { process, input, output }
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        let input = self.input.as_mut().expect("an open writer");
        writeln!(input, "{request}").and_then(|()| input.flush()).expect("the framework's program listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the framework's program answers");
        let mut answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{request} got “{line}”"));
        assert!(answer.get("error").is_none(), "{request}: {answer}");
        answer["ok"].take()
    }

    #[track_caller]
    pub(crate) fn write_scenario(&mut self) {
        let written = self.ask(&json!({"do": "write", "scenario": sources().join("scenario.json")}));
        assert_eq!(written, SCENARIO, "events of the scenario");
    }

    #[track_caller]
    pub(crate) fn list(&mut self) -> Vec<Value> {
        match self.ask(&json!({"do": "list"})) {
            Value::Array(events) => events,
            other => panic!("no list: {other}"),
        }
    }

    #[track_caller]
    pub(crate) fn load(&mut self, stream: &str) -> Value {
        self.ask(&json!({"do": "load", "stream": stream}))
    }

    #[track_caller]
    pub(crate) fn append(&mut self, stream: &str, event_type: &str, payload: &Value) {
        self.ask(&json!({"do": "append", "stream": stream, "type": event_type, "payload": payload}));
    }

    /// What the store itself calls this stream.
    #[track_caller]
    pub(crate) fn name(&mut self, stream: &str) -> String {
        self.ask(&json!({"do": "name", "stream": stream})).as_str().expect("a name").to_owned()
    }

    pub(crate) fn close(mut self) {
        drop(self.input.take());
        let ended = self.process.wait().expect("the framework's program ends");
        assert!(ended.success(), "the framework's program ended with {ended}");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}
