//! A store on JetStream, beside the plain client in the same run: events brought in, read, mirrored, and their streams
//! listed. Left out, with a line that says so, where the server is not installed.

mod servers;
mod sizes;

use std::ops::ControlFlow;

use async_nats::jetstream::{self, Context, consumer, stream};
use async_nats::{HeaderMap, Message};
use foldline::event::EventBatch;
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{self, Address, Mirroring, Query, Source, Store, StreamQuery};
use futures_util::StreamExt;
use tokio::runtime::Runtime;

use crate::measure::{Row, Table, micros, time};
use crate::stores::Stores;
use servers::Server;
pub(crate) use sizes::sizes;

const EVENTS: u64 = if cfg!(debug_assertions) { 5_000 } else { 200_000 };
const SUBJECTS: usize = if cfg!(debug_assertions) { 2_000 } else { 100_000 };
/// As many as the client has on their way at most.
const ON_THE_WAY: usize = 4_000;
/// The store that is read after it was brought in.
const STORE: &str = "sales";
/// Each side is measured so often, in turns, and its median counts.
const TIMES: usize = 3;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// Seconds for all as microseconds for one.
fn per_event(secs: f64) -> f64 {
    secs * 1e6 / EVENTS as f64
}

fn sample(stores: &Stores, name: &str) -> NativeStore {
    let mut from = NativeStore::create(&stores.folder().join(name)).expect("a new store");
    let options = SampleOptions { events: Some(EVENTS), seed: 1, ..SampleOptions::default() };
    generate(&mut from, &options, &mut |_| ControlFlow::Continue(())).expect("a sample");
    from
}

/// What the plain client sends.
struct Plain {
    subject: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn publish_plainly(context: &Context, messages: Vec<Plain>) {
    let mut acks = std::collections::VecDeque::new();
    for Plain { subject, headers, body } in messages {
        if acks.len() >= ON_THE_WAY {
            let first: jetstream::context::PublishAckFuture = acks.pop_front().expect("one");
            first.await.expect("acknowledged");
        }
        acks.push_back(context.publish_with_headers(subject, headers, body.into()).await.expect("sent"));
    }
    for ack in acks {
        ack.await.expect("acknowledged");
    }
}

async fn each_plainly(context: &Context, name: &str, headers_only: bool, count: u64, visit: &mut impl FnMut(Message)) {
    let stream = context.get_stream(name).await.expect("the stream");
    let ordered = consumer::pull::OrderedConfig { headers_only, ..consumer::pull::OrderedConfig::default() };
    let mut messages = stream.create_consumer(ordered).await.expect("a consumer").messages().await.expect("messages");
    for _ in 0..count {
        visit(messages.next().await.expect("a message").expect("a message").message);
    }
}

async fn read_plainly(context: &Context, name: &str) -> u64 {
    let mut bytes = 0;
    each_plainly(context, name, false, EVENTS, &mut |message| bytes += message.payload.len() as u64).await;
    bytes
}

async fn list_plainly(context: &Context, name: &str) -> usize {
    let stream = context.get_stream(name).await.expect("the stream");
    let mut all = stream.info_with_subjects(">").await.expect("subjects");
    let mut count = 0;
    while let Some(subject) = all.next().await {
        subject.expect("a subject");
        count += 1;
    }
    count
}

fn read_all(reader: &dyn Store) {
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
}

/// The medians of what two things take, each in its turn.
fn in_turns(mut one: impl FnMut() -> f64, mut other: impl FnMut() -> f64) -> (f64, f64) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        ones.push(one());
        others.push(other());
    }
    (micros(&ones) / 1e6, micros(&others) / 1e6)
}

pub(crate) fn beside_the_client(table: &mut Table, stores: &Stores) {
    let Some(server) = Server::start() else {
        table.note("left out, since no nats-server is installed: a store on JetStream".to_owned());
        return;
    };
    let from = sample(stores, "nats.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let context =
        runtime.block_on(async { jetstream::new(async_nats::connect(&server.url).await.expect("connected")) });
    bring_in(table, &runtime, &context, &from, &server.url);
    let source = Source::parse(&format!("{}/{STORE}", server.url));
    let bare = || time(|| runtime.block_on(read_plainly(&context, STORE)));
    let (read_bare, read) = in_turns(bare, || {
        let reader = store::open(&source).expect("opened");
        time(|| read_all(reader.as_ref()))
    });
    let row = |what, measured, limit| {
        Row::new(what, "the client's ordered consumer", per_event(measured), per_event(limit), "µs/event")
    };
    table.add(row("JetStream: read every event", read, read_bare).bar(2.0));
    let mut number = 0;
    let (read_bare, mirrored) = in_turns(bare, || {
        number += 1;
        let path = stores.folder().join(format!("nats-mirror-{number}.db"));
        let reader = store::open(&source).expect("opened");
        let (mut mirroring, _) = Mirroring::begin(&source, reader.as_ref(), &path).expect("a mirror");
        time(|| mirroring.catch_up(reader.as_ref(), &mut |_| ControlFlow::Continue(())).expect("caught up"))
    });
    table.add(row("JetStream: a mirror catches up", mirrored, read_bare).bar(1.0 / 0.7));
    list(table, &runtime, &context, &server);
}

/// Against the plain client that publishes the very same messages; and how much of it is what an event's headers take,
/// whoever publishes them.
fn bring_in(table: &mut Table, runtime: &Runtime, context: &Context, from: &NativeStore, url: &str) {
    let publish = |name: &str, messages: Vec<Plain>| {
        runtime.block_on(async {
            let subjects = vec![format!("{name}.>")];
            let config = stream::Config { name: name.to_owned(), subjects, ..stream::Config::default() };
            context.create_stream(config).await.expect("a stream");
        });
        let took = time(|| runtime.block_on(publish_plainly(context, messages)));
        runtime.block_on(context.delete_stream(name)).expect("deleted");
        took
    };
    let mut took = [const { Vec::new() }; 3];
    for number in 0..TIMES {
        let name = if number == 0 { STORE.to_owned() } else { format!("{STORE}{number}") };
        let target = store::server_target(&Address::new(&format!("{url}/{name}")), None, true).expect("made");
        let brought = time(|| store::bring_in(&target, from, &mut |_| ControlFlow::Continue(())).expect("brought in"));
        if number > 0 {
            runtime.block_on(context.delete_stream(&name)).expect("deleted");
        }
        let same = publish("same", same_messages(runtime, context));
        let bare = publish("plain", bare_messages(from));
        for (all, one) in took.iter_mut().zip([brought, same, bare]) {
            all.push(one);
        }
    }
    let [brought, same, bare] = took.map(|all| per_event(micros(&all) / 1e6));
    let like = "the client's publish of the same";
    table.add(Row::new("JetStream: bring in a store", like, brought, same, "µs/event").bar(1.0 / 0.7));
    let payloads = "the client's publish of payloads";
    for (what, measured) in
        [("JetStream: bring in a store, headers and all", brought), ("JetStream: the same by the client", same)]
    {
        table.add(Row::new(what, payloads, measured, bare, "µs/event"));
    }
}

/// Payloads under an id, and nothing else.
fn bare_messages(from: &NativeStore) -> Vec<Plain> {
    let mut plain = Vec::new();
    from.visit_events(&Query::store(), &mut |row| {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", row.id.to_string().as_str());
        let subject = format!("plain.{}", row.stream.as_str().replace('-', "."));
        plain.push(Plain { subject, headers, body: row.payload.to_vec() });
        ControlFlow::Continue(())
    })
    .expect("read");
    plain
}

/// What was brought in, to be published under another subject.
fn same_messages(runtime: &Runtime, context: &Context) -> Vec<Plain> {
    let mut same = Vec::new();
    runtime.block_on(each_plainly(context, STORE, false, EVENTS, &mut |message| {
        let all = message.headers.unwrap_or_default();
        let own = all.iter().filter(|(name, _)| AsRef::<str>::as_ref(*name) != "Nats-Expected-Last-Sequence");
        let headers = own.flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone()))).collect();
        let subject = message.subject.replacen(&format!("foldline.{STORE}"), "same", 1);
        same.push(Plain { subject, headers, body: message.payload.to_vec() });
    }));
    same
}

/// Many streams of one event each.
fn list(table: &mut Table, runtime: &Runtime, context: &Context, server: &Server) {
    let address = format!("{}/wide", server.url);
    drop(store::server_target(&Address::new(&address), None, true).expect("made"));
    let messages = (0..SUBJECTS).map(|number| {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("Nats-Msg-Id", format!("wide-{number}")),
            ("Foldline-Schema", "1".to_owned()),
            ("Foldline-Version", "0".to_owned()),
            ("Foldline-Type", "noted".to_owned()),
            ("Foldline-Time", "2025-01-01T00:00:00Z".to_owned()),
        ] {
            headers.insert(name, value.as_str());
        }
        Plain { subject: format!("foldline.wide.lead.{number}"), headers, body: b"{}".to_vec() }
    });
    let before = server.memory();
    runtime.block_on(publish_plainly(context, messages.collect()));
    let per_subject = (server.memory() - before) * 1_048_576.0 / SUBJECTS as f64;
    table.note(format!("JetStream: {SUBJECTS} subjects more took {per_subject:.0} bytes of the server's memory each"));
    let source = Source::parse(&address);
    let bare = || time(|| assert_eq!(runtime.block_on(list_plainly(context, "wide")), SUBJECTS));
    let (subjects_bare, listed) = in_turns(bare, || {
        let fresh = store::open(&source).expect("opened");
        let mut count = 0;
        let took = time(|| {
            let visited = fresh.visit_streams(&StreamQuery::default(), &mut |_| {
                count += 1;
                ControlFlow::Continue(())
            });
            visited.expect("listed");
        });
        assert_eq!(count, SUBJECTS);
        took
    });
    // When a stream began and what its last version is, only its messages say.
    let by_headers = || time(|| runtime.block_on(each_plainly(context, "wide", true, SUBJECTS as u64, &mut drop)));
    let (headers_bare, counted) = in_turns(by_headers, || {
        let fresh = store::open(&source).expect("opened");
        time(|| fresh.categories().expect("counted"))
    });
    let row = |what: &str, against, measured: f64, limit: f64| {
        let what = format!("JetStream: {what}").replace("streams", &format!("{SUBJECTS} streams"));
        Row::new(&what, against, measured * 1e3, limit * 1e3, "ms")
    };
    let (subjects, headers) = ("the client's list of subjects", "the client's fetch of the same headers");
    table.add(row("names and counts of streams", subjects, counted, subjects_bare).bar(2.0));
    table.add(row("list streams with versions and times", headers, listed, headers_bare).bar(2.0));
    table.add(row("the same list of streams", subjects, listed, subjects_bare));
    table.add(row("the headers of streams by the client", subjects, headers_bare, subjects_bare));
}
