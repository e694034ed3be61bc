//! A mirror that the command keeps up, on a server that goes away while the mirror is filled for the first time.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use foldline::event::NewEvent;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Query};
use serde_json::{Value, json};

use crate::servers::{Kind, Server, until};
use crate::stores::{fresh_name, ids, make, noted, on_thread, read, reader, stream, writer};
use crate::way::Way;

const EVENTS: usize = 2_000;
/// Much less than the events take, and much more than is said before.
const MOST: usize = 500_000;

/// What a machine with other work to do may need until somebody notices that a server is gone.
const PATIENCE: Duration = Duration::from_mins(2);

/// A command that does not outlive its test, and the lines that it says.
struct Following {
    process: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines(of: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = sync_channel(1_000);
    on_thread("lines", move || BufReader::new(of).lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    told
}

impl Following {
    fn begin(address: &str, local: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_foldline"));
        command.args(["mirror", address]).arg(local).args(["--format", "json"]).args(more);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        Self { process, out: lines(out), err: lines(err) }
    }

    #[track_caller]
    fn says(&self) -> String {
        self.err.recv_timeout(PATIENCE).unwrap()
    }

    /// How it ended, and what else it had to say.
    #[track_caller]
    fn ends(&mut self) -> (Option<i32>, Vec<String>) {
        let rest = std::iter::from_fn(|| self.err.recv_timeout(PATIENCE).ok()).collect();
        (self.process.wait().unwrap().code(), rest)
    }
}

fn fill(address: &str) {
    make(address, 1);
    let mut store = writer(address);
    let events: Vec<_> = (0..EVENTS)
        .map(|number| NewEvent { payload: format!("\"{}\"", "x".repeat(1_000)), ..noted(&format!("e{number}")) })
        .collect();
    for some in events.chunks(500) {
        store.append(&stream("lead-1"), Expected::Any, some).unwrap();
    }
}

pub(crate) fn a_mirror_whose_server_goes_away_while_it_is_filled_waits_for_it_and_is_filled_when_it_is_back() {
    let (mut server, name) = (Server::start(Kind::New), fresh_name());
    let address = format!("{}/{name}", server.url());
    fill(&address);
    let folder = tempfile::tempdir().unwrap();
    // The server goes away in the midst of both.
    let begin = |local: &Path, more: &[&str]| {
        let way = Way::to(server.node.port);
        way.most.store(MOST, Ordering::Relaxed);
        let command = Following::begin(&format!("nats://127.0.0.1:{}/{name}", way.port), local, more);
        (way, command)
    };
    let [once_at, kept_at] = ["once.db", "kept.db"].map(|name| folder.path().join(name));
    let (once_over, mut once) = begin(&once_at, &[]);
    let (kept_over, mut kept) = begin(&kept_at, &["--follow"]);
    for (way, local) in [(&once_over, &once_at), (&kept_over, &kept_at)] {
        let is_amid = || local.exists() && way.carried.load(Ordering::Relaxed) > MOST;
        assert!(until(is_amid), "{} is not begun", local.display());
    }
    server.node.kill();
    once_over.cut();
    kept_over.cut();

    let (code, said) = once.ends();
    assert_eq!((code, said.len()), (Some(2), 1), "{said:?}");
    let said = kept.says();
    assert!(said.contains("; it is tried again until it answers"), "{said}");
    server.node.start();
    let told: Value = serde_json::from_str(&kept.out.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!((&told["events"], &told["behind"]), (&json!(EVENTS), &json!(0)), "{told}");
    // And it goes on.
    writer(&address).append(&stream("lead-2"), Expected::NoStream, &[noted("late")]).unwrap();
    let told: Value = serde_json::from_str(&kept.out.recv_timeout(PATIENCE).unwrap()).unwrap();
    assert_eq!(told["events"], json!(EVENTS + 1));
    let asked = Command::new("kill").args(["-TERM", &kept.process.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let (code, said) = kept.ends();
    assert_eq!(code, Some(0), "{said:?}");
    assert!(said.len() == 1 && said[0].ends_with(" answers again"), "it was said once: {said:?}");
    let query = Query::store();
    assert_eq!(
        ids(&read(&NativeStore::open(&kept_at).unwrap(), &query)),
        ids(&read(reader(&address).as_ref(), &query))
    );
}
