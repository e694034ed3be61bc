//! What goes wrong with servers while events are appended: every acknowledged event is there once, none is half there,
//! what was refused is not there, and where nobody can know it, that is said.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use foldline::event::{NewEvent, RecordedEvent};
use foldline::store::{AppendError, Expected, Flow, NatsError, Query, Store, StoreError};

use crate::servers::{Cluster, Kind, Server, block_on, connect, until};
use crate::stores::{assert_verifies_clean, fresh_name, make, noted, on_thread, read, reader, stream, writer};

/// How long an append may take before it says what became of it.
const IN_TIME: Duration = Duration::from_secs(25);

/// What became of appends, by the id of each event.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: HashMap<String, (String, u64)>,
    refused: HashSet<String>,
    undecided: HashSet<String>,
}

impl Tally {
    fn note(&mut self, lead: &str, events: &[NewEvent], answer: Result<u64, AppendError>) {
        let ids = events.iter().map(|event| event.id.to_string());
        match answer {
            Ok(first) => {
                self.acknowledged.extend(ids.zip(first..).map(|(id, version)| (id, (lead.to_owned(), version))));
            }
            Err(AppendError::Store(StoreError::Nats { error, .. })) => match *error {
                NatsError::Undecided { .. } => self.undecided.extend(ids),
                _ => self.refused.extend(ids),
            },
            Err(other) => panic!("{other}"),
        }
    }

    fn assert_holds(&self, events: &[RecordedEvent]) {
        let mut there: HashMap<String, (String, u64)> = HashMap::new();
        let mut batches: HashMap<String, usize> = HashMap::new();
        for event in events {
            let (id, place) = (event.id.to_string(), (event.stream.to_string(), event.version.0));
            *batches.entry(id.split('+').next().unwrap().to_owned()).or_default() += 1;
            assert!(!self.refused.contains(&id), "{id} was refused and is there");
            assert!(there.insert(id.clone(), place).is_none(), "{id} is there twice");
        }
        for (id, place) in &self.acknowledged {
            assert_eq!(there.get(id), Some(place), "{id} was acknowledged");
        }
        for (id, count) in batches {
            let due = if id.starts_with("three") { 3 } else { 1 };
            assert_eq!(count, due, "{id} is half there");
        }
    }
}

/// Writers that append without end, single events and three at once.
struct Writers {
    is_over: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    tally: Arc<Mutex<Tally>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Writers {
    fn begin(address: &str, count: usize) -> Self {
        let (is_over, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let tally = Arc::new(Mutex::new(Tally::default()));
        let threads = (0..count).map(|number| {
            let (address, is_over, done, tally) =
                (address.to_owned(), Arc::clone(&is_over), Arc::clone(&done), Arc::clone(&tally));
            on_thread(&format!("writer {number}"), move || {
                let mut store = writer(&address);
                for turn in 0_u64.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let lead = format!("lead-{}", turn % 3);
                    let events: Vec<NewEvent> = match turn % 2 {
                        0 => vec![noted(&format!("one {number}/{turn}"))],
                        _ => (0..3).map(|n| noted(&format!("three {number}/{turn}+{n}"))).collect(),
                    };
                    let began = Instant::now();
                    let answer = store.append(&stream(&lead), Expected::Any, &events);
                    assert!(began.elapsed() < IN_TIME, "it took {:?}", began.elapsed());
                    done.fetch_add(u64::from(answer.is_ok()), Ordering::Relaxed);
                    tally.lock().unwrap().note(&lead, &events, answer.map(|answer| answer.first.0));
                }
            })
        });
        Self { threads: threads.collect(), is_over, done, tally }
    }

    /// Until so many more appends went through.
    #[track_caller]
    fn wait_for(&self, more: u64) {
        let before = self.done.load(Ordering::Relaxed);
        assert!(until(|| self.done.load(Ordering::Relaxed) >= before + more), "no append goes through any more");
    }

    fn end(self) -> Tally {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        Arc::try_unwrap(self.tally).unwrap().into_inner().unwrap()
    }
}

/// `FOLDLINE_KILLS=100` for the long run.
fn kills() -> usize {
    std::env::var("FOLDLINE_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(5)
}

pub(crate) fn nodes_that_are_killed_amid_appends_lose_nothing_and_double_nothing() {
    let mut cluster = Cluster::start(Kind::New);
    let name = fresh_name();
    let address = format!("{}/{name}", cluster.url());
    make(&address, 3);
    let writers = Writers::begin(&address, 2);
    for round in 0..kills() {
        writers.wait_for(10);
        let leader = cluster.leader_of(&name);
        let victim = if round % 2 == 0 { leader } else { (leader + 1 + round % 2) % 3 };
        cluster.nodes[victim].kill();
        writers.wait_for(5);
        cluster.nodes[victim].start();
        cluster.wait_for_copies(&name);
    }
    let tally = writers.end();
    let store = reader(&address);
    tally.assert_holds(&read(store.as_ref(), &Query::store()));
    assert_verifies_clean(store.as_ref());
}

pub(crate) fn with_two_of_three_down_an_append_says_so_in_time_and_nothing_is_lost() {
    let mut cluster = Cluster::start(Kind::New);
    let name = fresh_name();
    let address = format!("{}/{name}", cluster.url());
    make(&address, 3);
    let mut store = writer(&address);
    let mut tally = Tally::default();
    let mut append = |store: &mut dyn foldline::store::Writer, id: &str| {
        let events = [noted(id)];
        let began = Instant::now();
        let answer = store.append(&stream("lead-1"), Expected::Any, &events);
        assert!(began.elapsed() < IN_TIME, "it took {:?}", began.elapsed());
        let said = answer.as_ref().err().map(ToString::to_string);
        tally.note("lead-1", &events, answer.map(|answer| answer.first.0));
        said
    };
    assert_eq!(append(store.as_mut(), "before"), None);
    let reading = reader(&address);
    cluster.nodes[0].kill();
    cluster.nodes[1].kill();
    assert!(append(store.as_mut(), "meanwhile").is_some(), "one server of three acknowledged an event");
    // What one of three has, it shows, or says that it cannot.
    if let Some(there) = read_in_time(reading.as_ref()) {
        assert_eq!(there, ["before"]);
    }
    cluster.nodes[0].start();
    cluster.nodes[1].start();
    cluster.wait_for_copies(&name);
    assert_eq!(append(store.as_mut(), "after"), None);
    // Whoever read before reads on.
    let there = read_in_time(reading.as_ref()).expect("all three are there");
    assert_eq!((there.first().map(String::as_str), there.last().map(String::as_str)), (Some("before"), Some("after")));
    let store = reader(&address);
    tally.assert_holds(&read(store.as_ref(), &Query::store()));
    assert_verifies_clean(store.as_ref());
}

pub(crate) fn a_server_that_hangs_is_told_and_the_same_append_once_more_settles_it() {
    // Both at once: most of it is waiting.
    let both = [Kind::New, Kind::Old].map(|kind| on_thread("hanging", move || hang(kind)));
    for one in both {
        one.join().unwrap();
    }
}

/// The ids of all events; `None` where it is said in time that they cannot be read.
#[track_caller]
fn read_in_time(store: &dyn Store) -> Option<Vec<String>> {
    let (began, mut there) = (Instant::now(), Vec::new());
    let read = store.visit_events(&Query::store(), &mut |row| {
        there.push(row.id.to_string());
        Flow::Continue(())
    });
    assert!(began.elapsed() < IN_TIME, "it took {:?}", began.elapsed());
    match read {
        Ok(()) => Some(there),
        Err(StoreError::Nats { error, .. }) => {
            assert!(!error.to_string().is_empty());
            None
        }
        Err(other) => panic!("{other}"),
    }
}

fn hang(kind: Kind) {
    let server = Server::start(kind);
    let address = format!("{}/sales", server.url());
    make(&address, 1);
    let mut store = writer(&address);
    store.append(&stream("lead-1"), Expected::NoStream, &[noted("before")]).unwrap();
    let reading = reader(&address);
    server.node.stop();
    assert_eq!(read_in_time(reading.as_ref()), None, "{kind:?}: a server that hangs was read");
    let began = Instant::now();
    let events = [noted("meanwhile"), noted("with it")];
    let refused = store.append(&stream("lead-1"), Expected::Any, &events).unwrap_err();
    assert!(began.elapsed() < IN_TIME, "it took {:?}", began.elapsed());
    assert!(!refused.to_string().is_empty());
    server.node.go_on();
    // Whatever became of it: now it is there, once.
    let mut store = writer(&address);
    store.append(&stream("lead-1"), Expected::Any, &events).unwrap();
    let there = read(store.as_ref(), &Query::store());
    assert_eq!(crate::stores::ids(&there), ["before", "meanwhile", "with it"]);
    assert_verifies_clean(store.as_ref());
}

pub(crate) fn an_answer_that_was_lost_on_the_way_is_asked_for_and_not_taken_for_a_no() {
    let server = Server::start(Kind::New);
    let address = format!("{}/sales", server.url());
    make(&address, 1);
    let mut store = writer(&address);
    store.append(&stream("lead-1"), Expected::NoStream, &[noted("before")]).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let appending = {
        let is_over = Arc::clone(&is_over);
        on_thread("writer", move || {
            let mut tally = Tally::default();
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let events = [noted(&format!("one {number}"))];
                let answer = store.append(&stream("lead-1"), Expected::Any, &events);
                tally.note("lead-1", &events, answer.map(|answer| answer.first.0));
            }
            tally
        })
    };
    let mut server = server;
    for _ in 0..3 {
        let before = read(reader(&address).as_ref(), &Query::store()).len();
        assert!(until(|| read(reader(&address).as_ref(), &Query::store()).len() > before + 20));
        server.node.kill();
        server.node.start();
        assert!(until(|| foldline::store::open(&foldline::store::Source::parse(&address)).is_ok()));
    }
    is_over.store(true, Ordering::Relaxed);
    let tally = appending.join().unwrap();
    assert_eq!(
        (tally.refused.len(), tally.undecided.len()),
        (0, 0),
        "a server that comes back in a moment costs nothing"
    );
    tally.assert_holds(&read(reader(&address).as_ref(), &Query::store()));
    assert_verifies_clean(reader(&address).as_ref());
}

pub(crate) fn a_full_disk_is_said_and_what_was_acknowledged_stays() {
    let server = Server::on_a_small_disk(Kind::New, "16m");
    let address = format!("{}/sales", server.url());
    make(&address, 1);
    let mut store = writer(&address);
    let mut tally = Tally::default();
    let mut refused = None;
    for number in 0..200 {
        let events = [NewEvent { payload: format!("\"{}\"", "x".repeat(200_000)), ..noted(&format!("one {number}")) }];
        let began = Instant::now();
        let answer = store.append(&stream("lead-1"), Expected::Any, &events);
        assert!(began.elapsed() < IN_TIME, "it took {:?}", began.elapsed());
        refused = answer.as_ref().err().map(ToString::to_string);
        tally.note("lead-1", &events, answer.map(|answer| answer.first.0));
        if refused.is_some() {
            break;
        }
    }
    let said = refused.expect("the disk never was full");
    assert!(said.contains("sales"), "{said}");
    let store = reader(&address);
    tally.assert_holds(&read(store.as_ref(), &Query::store()));
    assert_verifies_clean(store.as_ref());
}

pub(crate) fn a_full_disk_on_one_of_three_nodes_loses_nothing_and_the_others_go_on() {
    let mut cluster = Cluster::with_a_small_disk(Kind::New, "12m");
    let name = fresh_name();
    let address = format!("{}/{name}", cluster.url());
    make(&address, 3);
    let mut store = writer(&address);
    let mut tally = Tally::default();
    let mut append = |number: usize| {
        let events = [NewEvent { payload: format!("\"{}\"", "x".repeat(300_000)), ..noted(&format!("one {number}")) }];
        let began = Instant::now();
        let answer = store.append(&stream("lead-1"), Expected::Any, &events);
        assert!(began.elapsed() < IN_TIME, "it took {:?}", began.elapsed());
        let is_recorded = answer.is_ok();
        tally.note("lead-1", &events, answer.map(|answer| answer.first.0));
        is_recorded
    };
    let is_full = |cluster: &Cluster| {
        let log = cluster.nodes[0].log();
        log.contains("no space left on device") || log.contains("critical write error")
    };
    let mut number = 0;
    while !is_full(&cluster) {
        append(number);
        number += 1;
        assert!(number < 120, "the disk never was full: {}", cluster.nodes[0].log());
    }
    // The two that have room go on where one of them leads.
    if cluster.leader_of(&name) == 0 {
        cluster.nodes[0].kill();
    }
    let (mut after, died) = (0, Instant::now());
    while after < 5 {
        // One append alone may take as long as any wait of these tests.
        assert!(died.elapsed() < 5 * IN_TIME, "{after} of five: {}", cluster.nodes[1].log());
        number += 1;
        after += u32::from(append(number));
    }
    let whole = reader(&format!("{}/{name}", cluster.nodes[1].url()));
    tally.assert_holds(&read(whole.as_ref(), &Query::store()));
    assert_verifies_clean(whole.as_ref());
}

/// As it does where its disk is full and it leads on without what it has just acknowledged.
pub(crate) fn a_server_that_shows_less_than_it_acknowledged_is_not_appended_to() {
    let server = Server::shared(Kind::New);
    let name = fresh_name();
    let address = format!("{}/{name}", server.url());
    make(&address, 1);
    block_on(async {
        let context = jetstream::new(connect(&server.url()).await.unwrap());
        let config = context.get_stream(&name).await.unwrap().cached_info().config.clone();
        context.delete_stream(&name).await.unwrap();
        context.create_stream(jetstream::stream::Config { deny_delete: false, ..config }).await.unwrap();
    });
    let mut store = writer(&address);
    store.append(&stream("lead-1"), Expected::Any, &[noted("a")]).unwrap();
    block_on(async {
        let context = jetstream::new(connect(&server.url()).await.unwrap());
        assert!(context.get_stream(&name).await.unwrap().delete_message(1).await.unwrap());
    });
    let refused = store.append(&stream("lead-1"), Expected::Any, &[noted("b")]).unwrap_err().to_string();
    assert!(refused.contains("acknowledged message 1 and now ends the stream with 0"), "{refused}");
    assert_eq!(read(reader(&address).as_ref(), &Query::store()).len(), 0);
    // Who opens it now takes it as it is.
    writer(&address).append(&stream("lead-1"), Expected::Any, &[noted("b")]).unwrap();
}
