//! What becomes dearer with more servers, and what several workers gain: one server and three, one worker to four. From
//! these follows what a store of 10^9 events would take.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use foldline::engine::{shared_values, shared_work};
use foldline::event::{EventId, NewEvent, StreamId};
use foldline::store::{self, Address, Expected, Flow, Source, StreamQuery};

use super::servers::{Server, Three};
use super::{EVENTS, per_event, read_all, sample};
use crate::measure::{Row, Table, memory_now_mib, micros, peak_memory_of, processor_of, time};
use crate::stores::Stores;

const APPENDS: usize = if cfg!(debug_assertions) { 20 } else { 300 };
const MOST_WORKERS: usize = 4;

/// So much faster two workers have to be than one, where there are so many processors: one for each of them and of the
/// server that they read from, and one for all else.
const GAIN: f64 = 1.6;
const ENOUGH: usize = 4;
const MANY: f64 = 1e9;
const GIB: f64 = 1024.0;

pub(crate) fn sizes(table: &mut Table, stores: &Stores) {
    let (Some(one), Some(three)) = (Server::start(), Three::start()) else {
        table.note("left out, since no nats-server is installed: one and three servers of JetStream".to_owned());
        return;
    };
    let from = sample(stores, "nats-sizes.db");
    let bring = |url: &str, replicas| {
        let target = store::server_target(&Address::new(&format!("{url}/sales")), Some(replicas), true).expect("made");
        time(|| store::bring_in(&target, &from, &mut |_| Flow::Continue(())).expect("brought in"))
    };
    let (idle, began_with) = (one.memory(), one.disk());
    let brought = [bring(&one.url, 1), bring(&three.url(), 3)];
    let disk = (one.disk() - began_with) as f64 / EVENTS as f64;
    let server_memory = one.memory() - idle;
    beside(table, "bring in a store", brought.map(per_event), "µs/event");
    let sources = [&one.url, &three.url()].map(|url| Source::parse(&format!("{url}/sales")));
    let read = [&sources[0], &sources[1]].map(|source| {
        let reader = store::open(source).expect("opened");
        time(|| read_all(reader.as_ref()))
    });
    beside(table, "read every event", read.map(per_event), "µs/event");
    let urls = [one.url.clone(), three.url()];
    beside(table, "append one event", [appends(&urls[0], 1), appends(&urls[1], 3)], "µs");

    let before = memory_now_mib();
    let reader = store::open(&sources[0]).expect("opened");
    let mut streams = 0;
    let counted = reader.visit_streams(&StreamQuery::default(), &mut |_| {
        streams += 1;
        Flow::Continue(())
    });
    counted.expect("listed");
    let own_memory = memory_now_mib() - before;
    drop(reader);

    let folded: Vec<Folded> = (1..=MOST_WORKERS).map(|count| fold(&one, &sources[0], count)).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for (count, more) in folded.iter().enumerate().skip(1) {
        let what = format!("JetStream: {} workers fold a store", count + 1);
        let row = Row::new(&what, "one worker", per_event(more.secs), per_event(folded[0].secs), "µs/event");
        table.add(if count == 1 && cores >= ENOUGH { row.bar(1.0 / GAIN) } else { row });
    }
    // Of work that is halved each does half, also where there are no cores for both at once.
    let [alone, both, ..] = folded.as_slice() else { return };
    let verdict = if cores >= ENOUGH {
        format!("two workers have to gain {GAIN} x")
    } else {
        format!("too few for two workers to have to gain {GAIN} x, which takes {ENOUGH}")
    };
    table.note(format!(
        "JetStream: of {cores} processors, one worker used {:.2}, with its server and who measures {:.2}; two used {:.2}, with \
         them {:.2}: {verdict}",
        alone.processor / alone.secs,
        alone.in_use(),
        both.processor / both.secs,
        both.in_use(),
    ));
    for (what, halved, whole) in [
        ("JetStream: processor time of each of two workers", both.processor / 2.0, alone.processor),
        ("JetStream: processor time of their server", both.server, alone.server),
    ] {
        table.add(Row::new(what, "one worker alone", per_event(halved), per_event(whole), "µs/event"));
    }
    let hours = |secs: f64| secs / EVENTS as f64 * MANY / 3600.0;
    table.note(format!(
        "JetStream, {EVENTS} events in {streams} streams: {disk:.0} bytes an event on disk; the server took \
         {server_memory:.0} MiB more, {:.0} bytes a stream; a list of all streams here {own_memory:.0} MiB, {:.0} bytes an \
         event; a worker {:.0} MiB at most",
        server_memory * 1_048_576.0 / f64::from(streams),
        own_memory * 1_048_576.0 / EVENTS as f64,
        folded[0].peak_mib,
    ));
    table.note(format!(
        "JetStream, 10^9 events by these figures: brought in within {:.1} hours at one server and {:.1} at three, read in \
         {:.1}, folded by one worker in {:.1} and by two in {:.1}; {:.0} GiB a server",
        hours(brought[0]),
        hours(brought[1]),
        hours(read[0]),
        hours(folded[0].secs),
        hours(folded[1].secs),
        disk * MANY / (1_048_576.0 * GIB),
    ));
}

/// Three servers beside one.
fn beside(table: &mut Table, what: &str, [one, three]: [f64; 2], unit: &'static str) {
    table.add(Row::new(&format!("JetStream, three servers: {what}"), "one server", three, one, unit));
}

/// Half of all appends were faster, in microseconds.
fn appends(url: &str, replicas: usize) -> f64 {
    let address = Address::new(&format!("{url}/appends"));
    drop(store::server_target(&address, Some(replicas), true).expect("made"));
    let mut writer = store::open_for_writing(&Source::Server(address)).expect("opened");
    let took: Vec<f64> = (0..APPENDS)
        .map(|number| {
            let event = NewEvent {
                id: EventId::new(&format!("e{number}")),
                event_type: "noted".into(),
                schema: 1,
                recorded_at: None,
                payload: "{\"note\":\"a\"}".to_owned(),
                metadata: String::new(),
            };
            let stream = StreamId::from(format!("lead-{}", number % 20).as_str());
            time(|| writer.append(&stream, Expected::Any, &[event]).expect("recorded"))
        })
        .collect();
    micros(&took)
}

struct Folded {
    secs: f64,
    /// Of all workers together, and of the server meanwhile, in seconds.
    processor: f64,
    server: f64,
    /// Of the process that measures.
    own: f64,
    peak_mib: f64,
}

impl Folded {
    /// How many processors were used, at the mean.
    fn in_use(&self) -> f64 {
        (self.processor + self.server + self.own) / self.secs
    }
}

/// A process for each worker, until every partition is folded.
fn fold(server: &Server, source: &Source, workers: usize) -> Folded {
    let share = format!("by-{workers}");
    let reader = store::open(source).expect("opened");
    let own = || processor_of("/proc/self/stat".as_ref());
    let (began, idle, own_before) = (Instant::now(), server.processor(), own());
    let mut running: Vec<Child> = (0..workers)
        .map(|_| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_foldline"));
            command.arg("project").arg(source.to_string()).args(["--projection", "state", "--limit", "1", "--share"]);
            command.arg(&share).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("run")
        })
        .collect();
    let is_folded = || {
        let values = shared_values(reader.as_ref(), &share, "", false).ok()?;
        let work = shared_work(values.as_ref(), &share, reader.as_ref()).ok()?;
        Some(work.iter().all(|work| work.behind == 0))
    };
    while is_folded() != Some(true) {
        let has_failed = |child: &mut Child| child.try_wait().expect("asked").is_some_and(|status| !status.success());
        assert!(!running.iter_mut().any(has_failed), "a worker failed");
        std::thread::sleep(Duration::from_millis(20));
    }
    let secs = began.elapsed().as_secs_f64();
    let (server, own) = (server.processor() - idle, own() - own_before);
    let processor = running.iter().map(|child| processor_of(format!("/proc/{}/stat", child.id()).as_ref())).sum();
    let peak = |child: &Child| peak_memory_of(format!("/proc/{}/status", child.id()).as_ref());
    let peak_mib = running.iter().map(peak).fold(0.0, f64::max);
    for worker in &mut running {
        assert!(worker.wait().expect("waited").success(), "a worker failed");
    }
    Folded { secs, processor, server, own, peak_mib }
}
