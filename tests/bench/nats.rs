//! A store on JetStream, beside the plain client in the same run: events brought in, read, and their streams listed. Left
//! out, with a line that says so, where the server is not installed.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, Context, consumer, stream};
use foldline::event::EventBatch;
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{self, Address, Query, Source, Store, StreamQuery};
use futures_util::StreamExt;

use crate::measure::{Row, Table, time};
use crate::stores::Stores;

const EVENTS: u64 = if cfg!(debug_assertions) { 5_000 } else { 200_000 };
/// As many as the client has on their way at most.
const ON_THE_WAY: usize = 4_000;

struct Server {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// The one that `tests/frameworks/install` installs, else whichever the system has.
    fn start() -> Option<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target")), PathBuf::from);
        let programs = [target.join("frameworks/nats/bin/nats-server"), PathBuf::from("/usr/sbin/nats-server")];
        let program = programs.into_iter().find(|program| program.exists())?;
        let folder = tempfile::tempdir().ok()?;
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok()?.port();
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let server = Self { process, url: format!("nats://127.0.0.1:{port}"), _folder: folder };
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if block_on(async { async_nats::connect(&server.url).await.is_ok() }) {
                return Some(server);
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        None
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// What the plain client sends: the payloads under their subjects, each with its id.
async fn publish_plainly(context: &Context, events: &[(String, String, Vec<u8>)]) {
    let mut acks = std::collections::VecDeque::new();
    for (subject, id, payload) in events {
        if acks.len() >= ON_THE_WAY {
            let first: jetstream::context::PublishAckFuture = acks.pop_front().expect("one");
            first.await.expect("acknowledged");
        }
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Msg-Id", id.as_str());
        let sent = context.publish_with_headers(subject.clone(), headers, payload.clone().into()).await;
        acks.push_back(sent.expect("sent"));
    }
    for ack in acks {
        ack.await.expect("acknowledged");
    }
}

async fn read_plainly(context: &Context, name: &str) -> u64 {
    let stream = context.get_stream(name).await.expect("the stream");
    let ordered = consumer::pull::OrderedConfig::default();
    let mut messages = stream.create_consumer(ordered).await.expect("a consumer").messages().await.expect("messages");
    let (mut count, mut bytes) = (0, 0);
    while count < EVENTS {
        bytes += messages.next().await.expect("a message").expect("a message").payload.len() as u64;
        count += 1;
    }
    bytes
}

pub(crate) fn beside_the_client(table: &mut Table, stores: &Stores) {
    let Some(server) = Server::start() else {
        table.note("left out, since no nats-server is installed: a store on JetStream".to_owned());
        return;
    };
    let mut from = NativeStore::create(&stores.folder().join("nats.db")).expect("a new store");
    let options = SampleOptions { events: Some(EVENTS), seed: 1, ..SampleOptions::default() };
    generate(&mut from, &options, &mut |_| ControlFlow::Continue(())).expect("a sample");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut plain = Vec::new();
    from.visit_events(&Query::store(), &mut |row| {
        let subject = format!("plain.{}", row.stream.as_str().replace('-', "."));
        plain.push((subject, row.id.to_string(), row.payload.to_vec()));
        ControlFlow::Continue(())
    })
    .expect("read");
    let context = runtime.block_on(async {
        let context = jetstream::new(async_nats::connect(&server.url).await.expect("connected"));
        let subjects = vec!["plain.>".to_owned()];
        let config = stream::Config { name: "plain".to_owned(), subjects, ..stream::Config::default() };
        context.create_stream(config).await.expect("a stream");
        context
    });
    let published = runtime.block_on(async {
        let began = Instant::now();
        publish_plainly(&context, &plain).await;
        began.elapsed().as_secs_f64()
    });
    drop(plain);
    let address = format!("{}/sales", server.url);
    let target = store::server_target(&Address::new(&address), None, true).expect("made");
    let brought = time(|| store::bring_in(&target, &from, &mut |_| ControlFlow::Continue(())).expect("brought in"));
    let per_event = |secs: f64| secs * 1e6 / EVENTS as f64;
    table.add(
        Row::new(
            "JetStream: bring in a store",
            "the client's pipelined publish",
            per_event(brought),
            per_event(published),
            "µs/event",
        )
        .bar(1.0 / 0.7),
    );

    let read_bare = runtime.block_on(async {
        let began = Instant::now();
        read_plainly(&context, "sales").await;
        began.elapsed().as_secs_f64()
    });
    let reader = store::open(&Source::parse(&address)).expect("opened");
    let read = time(|| {
        let mut scan = reader.scan(&Query::store()).expect("read");
        let (mut batch, mut count) = (EventBatch::default(), 0);
        loop {
            scan.next_batch(&mut batch).expect("read");
            if batch.is_empty() {
                break;
            }
            count += batch.len() as u64;
        }
        assert_eq!(count, EVENTS);
    });
    table.add(
        Row::new(
            "JetStream: read every event",
            "the client's ordered consumer",
            per_event(read),
            per_event(read_bare),
            "µs/event",
        )
        .bar(2.0),
    );

    let mut subjects = 0;
    let listed_bare = runtime.block_on(async {
        let began = Instant::now();
        let stream = context.get_stream("sales").await.expect("the stream");
        let mut all = stream.info_with_subjects(">").await.expect("subjects");
        while let Some(subject) = all.next().await {
            subject.expect("a subject");
            subjects += 1;
        }
        began.elapsed().as_secs_f64()
    });
    let fresh = store::open(&Source::parse(&address)).expect("opened");
    let listed = time(|| {
        let mut count = 0;
        fresh
            .visit_streams(&StreamQuery::default(), &mut |_| {
                count += 1;
                ControlFlow::Continue(())
            })
            .expect("listed");
        assert_eq!(count, subjects);
    });
    let what = format!("JetStream: list {subjects} streams");
    table.add(Row::new(&what, "the client's list of subjects", listed * 1e3, listed_bare * 1e3, "ms"));
}
