//! `cargo bench`: what things cost, each beside the limit that the same machine gave in the same run. Prints a
//! table and writes it to `target/bench.json`. `cargo bench -- --events 10000000` takes a larger store, `--sample FILE`
//! one that `foldline sample` made before, and `--only load,seek` some of the measurements alone. `--growth` prints how the
//! costs of a store grow with it instead, and `--soak` uses one for five minutes while it is written.
//!
//! Machines differ and are shared, so only the ratios mean something. A row whose bar is missed says so; with
//! `cargo bench --bench bench -- --check` the run then ends with 1.

#![allow(clippy::print_stdout, reason = "the table is the product")]

mod branching;
mod busy;
mod causes;
mod chronicle;
mod frameworks;
mod growth;
mod index;
mod measure;
mod memory;
mod moving;
mod names;
mod nats;
mod own;
mod postgres;
mod reasons;
mod search;
mod soak;
mod stores;
mod told;
mod when;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use foldline::engine::{describe, fold_whole, load_timeline};
use foldline::event::{NewEvent, StreamId};
use foldline::index::Budget;
use foldline::projection::{LeadState, Projection};
use foldline::replay::{Fold, Replay, Timeline};
use foldline::store::native::NativeStore;
use foldline::store::{Columns, Expected, Flow, Query, Store, StreamQuery, Writer};

use measure::{Row, Table, micros, peak_memory_mib, percentile, repeat, time};
use stores::{LONG_STREAM, MIDDLE_STREAM, SHORT_STREAM, Stores};

/// An unoptimised build only shows that everything still runs, which less work shows as well.
const LONG: u64 = if cfg!(debug_assertions) { 20_000 } else { 200_000 };
const SEEKS: usize = if cfg!(debug_assertions) { 1_000 } else { 20_000 };

type Part = (&'static str, fn(&mut Table, &Stores));

/// What `--only` names, in the order in which it is measured. What holds the most memory comes last.
const PARTS: &[Part] = &[
    ("append", append),
    ("scan", scan),
    ("load", load),
    ("seek", seek),
    ("when", when::conditions),
    ("search", search::find),
    ("told", told::told),
    ("frameworks", frameworks::load),
    ("own", own::projections),
    ("ticket", moving::ticket),
    ("what-if", branching::edit),
    ("reasons", reasons::reasons),
    ("wide", memory::wide_events),
    ("open", open),
    ("greeting", busy::greeting),
    ("names", names::find),
    ("causes", causes::chains),
    ("written", busy::written),
    ("postgres", postgres::written),
    ("nats", nats::beside_the_client),
    ("nats-sizes", nats::sizes),
    ("noticed", busy::noticed),
    ("log", beside_a_log),
    ("commands", memory::commands),
    ("projected", memory::projected),
    ("whole", whole_store),
    ("read-model", index::read_model),
    ("index", index::whole_store),
    ("postgres-whole", postgres::whole_store),
    ("chronicle", chronicle::what_happened),
    ("soak", soak::short),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let wanted = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        Some(arguments.get(at + 1).unwrap_or_else(|| panic!("{name} takes a value")).as_str())
    };
    let events = wanted("--events").map_or(1_000_000, |wanted| wanted.parse().expect("--events takes a number"));
    let only: Vec<&str> = wanted("--only").map(|parts| parts.split(',').collect()).unwrap_or_default();
    let known: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    assert!(only.iter().all(|part| known.contains(part)), "--only takes some of {}", known.join(","));
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Without optimisation a bar says nothing, so no verdict is given then.
    let judges = !cfg!(debug_assertions);
    let is_asked = |name: &str| arguments.iter().any(|argument| argument == name);
    let end_with = |missed: &[String]| {
        if judges && is_asked("--check") && !missed.is_empty() {
            println!("missed: {}", missed.join("; "));
            std::process::exit(1);
        }
    };
    let sample = wanted("--sample").map(Path::new);
    if is_asked("--growth") {
        return end_with(&growth::growth(folder.path(), events, sample));
    }
    let stores = Stores::new(folder.path(), events, LONG, sample);
    let mut table = Table::default();
    if is_asked("--soak") {
        let secs = arguments.iter().skip_while(|argument| *argument != "--soak").nth(1);
        let length = Duration::from_secs(secs.and_then(|secs| secs.parse().ok()).unwrap_or(300));
        soak::soak(&mut table, folder.path(), events, length, Budget::default());
    } else {
        for (name, measure) in PARTS {
            if only.is_empty() || only.contains(name) {
                measure(&mut table, &stores);
            }
        }
    }
    table.note(format!("events in the store: {events}; peak memory of the whole run: {:.0} MiB", peak_memory_mib()));
    table.print(judges);
    table.write_json(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench.json")));
    end_with(&table.missed().into_iter().map(str::to_owned).collect::<Vec<_>>());
}

/// Against what the disk needs to make one page durable, and against bare inserts.
fn append(table: &mut Table, stores: &Stores) {
    let folder = stores.folder();
    let mut store = NativeStore::create(&folder.join("append.db")).expect("a new store");
    let stream = StreamId::from("lead-1");
    let mut number = 0_u64;
    let mut fresh = |count: u64| -> Vec<NewEvent> { (0..count).map(|_| stores::contacted(&mut number)).collect() };

    let fsync = repeat(200, || stores::durable_page(folder));
    let single = repeat(300, || {
        let event = fresh(1);
        time(|| store.append(&stream, Expected::Any, &event).expect("recorded"))
    });
    table.add(Row::new("append one event (FULL)", "a durable 4 KiB write", micros(&single), micros(&fsync), "µs"));

    let bare = stores::bare_inserts(folder, 20, 1_000);
    let batch = repeat(20, || {
        let events = fresh(1_000);
        time(|| store.append(&stream, Expected::Any, &events).expect("recorded"))
    });
    table.add(Row::new(
        "append 1,000 at once, each",
        "bare inserts, no chain, no indexes",
        micros(&batch) / 1_000.0,
        bare / 1_000.0,
        "µs",
    ));
}

fn scan(table: &mut Table, stores: &Stores) {
    let read = repeat(3, || time(|| stores::read_whole_file(stores.sample())));
    let all = stores.scan(Columns::ALL);
    let heads = stores.scan(Columns::HEADS);
    let per_event = |secs: f64| secs * 1e9 / stores.events() as f64;
    table.add(Row::new(
        "scan all columns, an event",
        "reading the file",
        per_event(all),
        per_event(micros(&read) / 1e6),
        "ns",
    ));
    table.add(Row::new(
        "scan without payload and metadata",
        "reading the file",
        per_event(heads),
        per_event(micros(&read) / 1e6),
        "ns",
    ));
}

/// Fetching, parsing and folding against fetching alone.
fn load(table: &mut Table, stores: &Stores) {
    let store = NativeStore::open(stores.long()).expect("the long store");
    for (stream, events, times) in [(SHORT_STREAM, 10, 300), (MIDDLE_STREAM, 1_000, 60), (LONG_STREAM, LONG, 7)] {
        let stream = StreamId::from(stream);
        let described = describe(&store, &stream).expect("the stream is there");
        assert_eq!(described.row.events, events);
        let query = Query::stream(stream);
        let fetch = || {
            time(|| {
                let mut bytes = 0;
                store
                    .visit_events(&query, &mut |row| {
                        bytes += row.payload.len() + row.metadata.len();
                        Flow::Continue(())
                    })
                    .expect("read");
                bytes
            })
        };
        let fold = || {
            time(|| {
                let mut fold = Fold::new(LeadState);
                store
                    .visit_events(&query, &mut |row| {
                        fold.push(row);
                        Flow::Continue(())
                    })
                    .expect("read");
                fold.version()
            })
        };
        let replay = || {
            let began = Instant::now();
            let replay = load_timeline(&store, &described, &LeadState.into(), &mut |_| {}, &mut |_| Flow::Continue(()))
                .expect("loaded");
            let secs = began.elapsed().as_secs_f64();
            assert_eq!(replay.heads().len() as u64, events);
            secs
        };
        // Turn about, so that a neighbour's load falls on all alike.
        let (mut fetched, mut folded, mut replayed) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..times {
            fetched.push(fetch());
            folded.push(fold());
            replayed.push(replay());
        }
        let per_event = |samples: &[f64]| micros(samples) * 1_000.0 / events as f64;
        let what = format!("fetch, parse, fold {events} events, each");
        table.add(Row::new(&what, "fetching alone", per_event(&folded), per_event(&fetched), "ns").bar(2.0));
        let what = format!("load {events} with checkpoints and blame, each");
        // Short streams cost a look-up or two more than their events; of a long one, the events are all of it.
        let bar = if events == LONG { 1.7 } else { 2.0 };
        table.add(Row::new(&what, "fetching alone", per_event(&replayed), per_event(&fetched), "ns").bar(bar));
    }
}

fn spaced(store: &dyn Store, query: &Query, spacing: usize) -> Replay<LeadState> {
    let mut replay = Replay::with_spacing(LeadState, spacing);
    store
        .visit_events(query, &mut |row| {
            replay.push(row);
            Flow::Continue(())
        })
        .expect("read");
    replay
}

/// Any version against refolding the decoded events from the start.
fn seek(table: &mut Table, stores: &Stores) {
    let store = NativeStore::open(stores.long()).expect("the long store");
    let query = Query::stream(StreamId::from(LONG_STREAM));
    for spacing in [16, 32, 64, 256, 1_024, 4_096] {
        let replay = spaced(&store, &query, spacing);
        let refold = repeat(5, || time(|| refold_all(&replay)));
        let mut at = 0_usize;
        let samples = repeat(SEEKS, || {
            // A stride that shares no factor with the length visits every part of the stream.
            at = (at + 77_773) % LONG as usize;
            let began = Instant::now();
            let state = black_box(replay.state_after(at));
            let secs = began.elapsed().as_secs_f64();
            drop(state);
            secs
        });
        let name = |what: &str| format!("seek {what}, checkpoint every {spacing}");
        let full = micros(&refold);
        table.add(Row::new(&name("p50"), "refolding from the start", percentile(&samples, 50.0), full, "µs"));
        let p99 = Row::new(&name("p99"), "refolding from the start", percentile(&samples, 99.0), full, "µs");
        let is_default = spacing == foldline::replay::CHECKPOINT_SPACING;
        table.add(if is_default { p99.bar(0.001).at_most(10.0) } else { p99 });
    }
    let replay = spaced(&store, &query, foldline::replay::CHECKPOINT_SPACING);
    let full = micros(&repeat(5, || time(|| refold_all(&replay))));
    let mut at = 0_usize;
    let blame = repeat(SEEKS, || {
        at = (at + 77_773) % LONG as usize;
        time(|| replay.set_by(at, "name"))
    });
    table.add(Row::new("blame of one field, p99", "refolding from the start", percentile(&blame, 99.0), full, "µs"));
}

fn refold_all(replay: &Replay<LeadState>) -> <LeadState as Projection>::State {
    let mut state = <LeadState as Projection>::State::default();
    let mut known_problems = Vec::new();
    for (index, head) in replay.heads().iter().enumerate() {
        if let Some(event) = replay.event(index) {
            LeadState.fold(&mut state, event, head, &mut known_problems);
        }
    }
    state
}

/// Until the first streams and the newest events could be drawn.
fn open(table: &mut Table, stores: &Stores) {
    let first_look = repeat(20, || {
        time(|| {
            let store = NativeStore::open(stores.sample()).expect("the sample");
            let mut seen = 0;
            let mut count = || {
                seen += 1;
                Flow::Continue(())
            };
            store
                .visit_streams(&StreamQuery { limit: Some(100), ..StreamQuery::default() }, &mut |_| count())
                .expect("read");
            store.visit_events(&Query::store().backward().limit(200), &mut |_| count()).expect("read");
            seen
        })
    });
    let row =
        Row::new("open, 100 streams and the newest 200 events", "100 ms", micros(&first_look) / 1_000.0, 100.0, "ms");
    table.add(row.bar(1.0));
    let info =
        repeat(5, || time(|| NativeStore::open(stores.sample()).expect("the sample").info().expect("info").events));
    table.add(Row::new("info: every count, the longest stream", "100 ms", micros(&info) / 1_000.0, 100.0, "ms"));
}

/// Opening and one question where a writer was killed and left its log, against the same store at rest.
fn beside_a_log(table: &mut Table, stores: &Stores) {
    let logged = stores.folder().join("logged.db");
    stores::copy_beside_a_log(stores.sample(), &logged);
    let ask = |path: &Path| {
        time(|| {
            let store = NativeStore::open(path).expect("a store");
            let mut seen = 0;
            let newest = Query::store().backward().limit(200);
            let visited = store.visit_events(&newest, &mut |_| {
                seen += 1;
                Flow::Continue(())
            });
            visited.map(|()| seen).expect("read")
        })
    };
    let (mut at_rest, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        at_rest.push(ask(stores.sample()));
        beside.push(ask(&logged));
    }
    let row = Row::new(
        "open beside a leftover log, the newest 200 events",
        "the same store at rest",
        micros(&beside),
        micros(&at_rest),
        "µs",
    );
    table.add(row.bar(2.0));
}

fn whole_store(table: &mut Table, stores: &Stores) {
    let reader = foldline::store::open(&stores.sample().to_owned().into()).expect("the sample");
    let scan = stores.scan(Columns::ALL);
    let samples = repeat(3, || {
        time(|| {
            fold_whole(&*reader, &LeadState.into(), Some("lead"), None, &mut |_| Flow::Continue(()))
                .expect("folded")
                .events()
        })
    });
    let per_event = |secs: f64| secs * 1e9 / stores.events() as f64;
    table.add(
        Row::new(
            "fold every lead, an event of the store",
            "scanning all columns",
            per_event(micros(&samples) / 1e6),
            per_event(scan),
            "ns",
        )
        .bar(1.4),
    );
    let store = NativeStore::open(stores.sample()).expect("the sample");
    let verify =
        repeat(1, || time(|| store.verify(&mut |finding| println!("{finding:?}"), &mut |_| Flow::Continue(()))));
    table.add(Row::new(
        "verify, an event",
        "scanning all columns",
        per_event(micros(&verify) / 1e6),
        per_event(scan),
        "ns",
    ));
    let described = describe(&store, &StreamId::from("lead-1")).expect("the first lead");
    assert_eq!(described.row.events, 7, "the sample begins with the seed's lead");
}
