//! What goes wrong while a whole store is brought in: whatever gets lost on the way, every event arrives once, and in its
//! place.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use async_nats::jetstream;
use foldline::event::RecordedEvent;
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{self, Address, AppendError, BroughtIn, Flow, Query};
use tempfile::TempDir;

use crate::servers::{Cluster, Kind, Server, block_on, connect, until};
use crate::stores::{assert_verifies_clean, fresh_name, on_thread, read, reader};
use crate::way::Way;

/// Several times what may be on its way at once.
const EVENTS: u64 = 24_000;

fn sample(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("sales.db");
    let mut store = NativeStore::create(&path).unwrap();
    let options = SampleOptions { events: Some(EVENTS), ..SampleOptions::default() };
    generate(&mut store, &options, &mut |_| Flow::Continue(())).unwrap();
    path
}

/// How many messages a store holds, as its server says; none where it does not answer.
fn messages(url: &str, name: &str) -> u64 {
    let answer = block_on(async {
        let context = jetstream::new(connect(url).await.ok()?);
        Some(context.get_stream(name).await.ok()?.cached_info().state.messages)
    });
    answer.unwrap_or(0)
}

/// Everything of this file is there, once and in its order.
#[track_caller]
fn assert_holds(address: &str, from: &Path) {
    let unplaced = |events: Vec<RecordedEvent>| -> Vec<RecordedEvent> {
        events.into_iter().map(|event| RecordedEvent { position: None, ..event }).collect()
    };
    let due = unplaced(read(&NativeStore::open(from).unwrap(), &Query::store()));
    let there = unplaced(read(reader(address).as_ref(), &Query::store()));
    assert_eq!(there.len(), due.len());
    assert!(there == due, "the first that differs: {:?}", there.iter().zip(&due).find(|(a, b)| a != b));
    assert_verifies_clean(reader(address).as_ref());
}

/// An import on a way to a server, begun.
struct Importing {
    way: Way,
    url: String,
    name: String,
    from: PathBuf,
    thread: JoinHandle<Result<BroughtIn, AppendError>>,
    _folder: TempDir,
}

impl Importing {
    fn begin(kind: Kind, way: impl FnOnce(u16) -> Way) -> Self {
        Self::begin_with(kind, way, |_| Flow::Continue(()))
    }

    fn begin_with(
        kind: Kind,
        way: impl FnOnce(u16) -> Way,
        mut progress: impl FnMut(u64) -> Flow + Send + 'static,
    ) -> Self {
        let (folder, name) = (TempDir::new().unwrap(), fresh_name());
        let from = sample(&folder);
        let server = Server::shared(kind);
        let way = way(server.node.port);
        let address = Address::new(&format!("nats://127.0.0.1:{}/{name}", way.port));
        let path = from.clone();
        let thread = on_thread("import", move || {
            let target = store::server_target(&address, None, true).unwrap();
            store::bring_in(&target, &NativeStore::open(&path).unwrap(), &mut progress)
        });
        Self { way, url: server.url(), name, from, thread, _folder: folder }
    }

    /// Its way is held in its midst, behind so many events; it waits there until that is so: else it may be through before.
    fn begin_and_hold(way: impl FnOnce(u16) -> Way, behind: u64) -> Self {
        let (reach, reached) = sync_channel(1);
        let (go_on, goes_on) = sync_channel(1);
        let mut is_amid = false;
        let importing = Self::begin_with(Kind::New, way, move |recorded| {
            if recorded > behind && !std::mem::replace(&mut is_amid, true) {
                reach.send(()).unwrap();
                goes_on.recv().unwrap();
            }
            Flow::Continue(())
        });
        reached.recv().unwrap();
        importing.way.hold_there();
        go_on.send(()).unwrap();
        assert!(until(|| importing.way.holds_something()));
        importing
    }

    fn recorded(&self) -> u64 {
        messages(&self.url, &self.name)
    }

    #[track_caller]
    fn assert_arrives(self) {
        let Self { url, name, from, thread, .. } = self;
        let report = thread.join().unwrap().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((report.events, report.already_there), (EVENTS, 0));
        assert_holds(&format!("{url}/{name}"), &from);
    }
}

/// Each on a thread of its own: most of it is waiting.
fn at_once<T: Send + 'static>(all: impl IntoIterator<Item = T>, test: fn(T)) {
    let threads: Vec<_> = all.into_iter().map(|one| on_thread("test", move || test(one))).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_connection_that_is_lost_with_acknowledgements_under_way_doubles_nothing() {
    at_once([Kind::New, Kind::Old], |kind| {
        let importing = Importing::begin(kind, Way::to);
        assert!(until(|| importing.recorded() > 500));
        importing.way.hold_back();
        let held = importing.recorded();
        // Of these nobody has heard.
        assert!(until(|| importing.recorded() >= held + 200), "{kind:?}: {held}");
        assert!(importing.recorded() < EVENTS, "it was through before anything was lost");
        importing.way.cut();
        importing.assert_arrives();
    });
}

#[test]
fn messages_that_are_lost_on_their_way_are_sent_once_more() {
    at_once([Kind::New, Kind::Old], |kind| {
        let importing = Importing::begin(kind, Way::to);
        for round in 1..4 {
            assert!(until(|| importing.recorded() > 500 * round), "{kind:?}: {round}");
            importing.way.hold_there();
            assert!(until(|| importing.way.holds_something()), "{kind:?}: {round}");
            assert!(importing.recorded() < EVENTS, "it was through before anything was lost");
            importing.way.cut();
        }
        importing.assert_arrives();
    });
}

#[test]
fn an_acknowledgement_that_never_comes_is_asked_for_amid_the_others_and_at_the_end() {
    at_once([700, EVENTS], |lost| {
        let is_over = Arc::new(AtomicBool::new(false));
        let (is_lost, said) = (Arc::clone(&is_over), format!("\"seq\":{lost}"));
        let loses = move |body: &[u8]| {
            let text = String::from_utf8_lossy(body);
            let behind = text.find(&said).and_then(|at| text[at + said.len()..].chars().next());
            // An acknowledgement says little more than where the message stands.
            let is_it = text.starts_with("{\"stream\"") && behind.is_some_and(|next| !next.is_ascii_digit());
            is_it && !is_lost.swap(true, Ordering::SeqCst)
        };
        let importing = Importing::begin(Kind::New, |port| Way::losing(port, loses));
        importing.assert_arrives();
        assert!(is_over.load(Ordering::SeqCst), "{lost}: none was lost");
    });
}

pub(crate) fn an_import_whose_leader_is_killed_midway_is_taken_up_by_the_same_command() {
    let mut cluster = Cluster::start(Kind::New);
    let folder = TempDir::new().unwrap();
    let (from, name) = (sample(&folder), fresh_name());
    let address = format!("{}/{name}", cluster.url());
    let mut import = Command::new(env!("CARGO_BIN_EXE_foldline"));
    import.args(["import", from.to_str().unwrap(), "--into", &address, "--replicas", "3", "--format", "json"]);
    let first = import.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who leads is asked before: answers take long while so much is under way.
    let (leader, mut before) = (cluster.leader_of(&name), 0);
    assert!(until(|| {
        before = messages(&cluster.url(), &name);
        before > 1_000
    }));
    assert!(before < EVENTS, "it was through before its leader died");
    cluster.nodes[leader].kill();
    // It goes on by itself where another leads soon enough, and else says that it did not.
    let first = first.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&first.stderr);
    assert!(first.status.success() || !said.is_empty());
    let again = import.output().unwrap();
    assert!(again.status.success(), "{}, at first: {said}", String::from_utf8_lossy(&again.stderr));
    let report: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    let [new, there] = ["events", "already_there"].map(|count| report[count].as_u64().unwrap());
    assert_eq!(new + there, EVENTS, "{said}");
    assert!(there >= before && (there == EVENTS || !first.status.success()), "{there} of {before}: {said}");
    cluster.nodes[leader].start();
    cluster.wait_for_copies(&name);
    assert_holds(&address, &from);
    // And asked through the one that was away.
    assert_holds(&format!("{}/{name}", cluster.nodes[leader].url()), &from);
}

pub(crate) fn a_stream_that_is_made_anew_amid_an_import_is_told_and_gets_nothing_of_it() {
    let importing = Importing::begin_and_hold(Way::to, 500);
    block_on(async {
        let context = jetstream::new(connect(&importing.url).await.unwrap());
        let config = context.get_stream(&importing.name).await.unwrap().cached_info().config.clone();
        context.delete_stream(&importing.name).await.unwrap();
        context.create_stream(config).await.unwrap();
    });
    importing.way.cut();
    let Importing { url, name, thread, .. } = importing;
    let refused = thread.join().unwrap().unwrap_err().to_string();
    assert!(refused.contains("was deleted and made anew"), "{refused}");
    assert_eq!(messages(&url, &name), 0);
}

/// Where an answer tells of a stream, it says from now on that its first message is its last. Says which that is in truth.
fn shows_one_message(answer: &mut [u8]) -> Option<u64> {
    const LAST: &[u8] = b"\"last_seq\":";
    if !String::from_utf8_lossy(answer).contains("v1.stream_info_response") {
        return None;
    }
    let from = answer.windows(LAST.len()).position(|some| some == LAST)? + LAST.len();
    let digits = answer[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = &mut answer[from..from + digits];
    let last = std::str::from_utf8(number).ok()?.parse().ok()?;
    // JSON lets a number stand behind blanks.
    number.fill(b' ');
    *number.last_mut()? = b'1';
    Some(last)
}

/// As it does for a moment where it has just come to lead, and for longer where its disk is full.
pub(crate) fn a_server_that_shows_less_than_it_acknowledged_is_asked_again_and_nothing_is_sent_behind_it() {
    const FOR_GOOD: usize = usize::MAX;
    at_once([3, FOR_GOOD], |times| {
        let (left, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
        let changes = {
            let (left, last) = (Arc::clone(&left), Arc::clone(&last));
            move |answer: &mut [u8]| {
                if left.load(Ordering::SeqCst) == 0 {
                    return;
                }
                if let Some(in_truth) = shows_one_message(answer) {
                    last.store(in_truth, Ordering::SeqCst);
                    left.fetch_sub(1, Ordering::SeqCst);
                }
            }
        };
        // More than may be held until it is recorded: some of it was acknowledged.
        let importing = Importing::begin_and_hold(|port| Way::changing(port, changes), EVENTS / 2);
        left.store(times, Ordering::SeqCst);
        importing.way.cut();
        if times != FOR_GOOD {
            importing.assert_arrives();
            assert_eq!(left.load(Ordering::SeqCst), 0, "it was not asked again");
            return;
        }
        let Importing { url, name, thread, .. } = importing;
        let refused = thread.join().unwrap().unwrap_err().to_string();
        assert!(refused.contains("and now ends the stream with 1;"), "{refused}");
        assert!(FOR_GOOD - left.load(Ordering::SeqCst) > 1, "it was not asked again");
        let there = messages(&url, &name);
        assert!(there > 1 && there < EVENTS, "{there}");
        assert_eq!(there, last.load(Ordering::SeqCst), "something was sent behind it");
    });
}
