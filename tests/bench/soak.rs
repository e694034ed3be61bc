//! A store that is looked at for minutes while it is written: the cursor goes over it forth and back, its table is sorted and
//! narrowed, events are searched and counted. What all of it takes stays within its budget, and the last table is the one
//! that is folded anew. `cargo bench --bench bench -- --soak` does so for five minutes, `--soak 60` for one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use foldline::engine::{Calendar, Engine, EngineError, FoldedStores, Passing, Search, Ticket, arrange, search};
use foldline::event::{Position, StreamId, Timestamp};
use foldline::index::{Budget, StoreMoment};
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{self, AppendError, Expected, Flow, Source, Writer};
use foldline::view::{Lens, LensColumn, LensOrder, LensWish, OpenStore, RowChip};

use super::measure::{Row, Table, memory_now_mib, percentile, time};
use super::stores::{Stores, contacted};

/// Between two appends of the other program.
const BETWEEN_APPENDS: Duration = Duration::from_millis(20);

/// An error that passes by itself is gone by then.
const LONGEST_ERROR: Duration = Duration::from_secs(10);

/// What the program takes besides what its stores do: its own code, threads, a database's pages.
const OWN_MIB: f64 = 192.0;

/// A few seconds of it, as part of every run.
pub(crate) fn short(table: &mut Table, stores: &Stores) {
    let (events, secs) = if cfg!(debug_assertions) { (2_000, 1) } else { (100_000, 5) };
    soak(table, stores.folder(), events, Duration::from_secs(secs), Budget::of_mebibytes(192));
}

/// `events` in the store at first.
pub(crate) fn soak(table: &mut Table, folder: &Path, events: u64, length: Duration, budget: Budget) {
    let path = folder.join("soak.db");
    let mut made = NativeStore::create(&path).expect("a new store");
    let options = SampleOptions { events: Some(events), seed: 7, ..SampleOptions::default() };
    generate(&mut made, &options, &mut |_| Flow::Continue(())).expect("a sample");
    drop(made);
    let source: Source = path.clone().into();
    let first = store::open(&source).expect("opened");
    let (is_over, appended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = {
        let (is_over, appended, path) = (Arc::clone(&is_over), Arc::clone(&appended), path.clone());
        let work = move || append(&path, &is_over, &appended);
        thread::Builder::new().name("appending".to_owned()).spawn(work).expect("started")
    };
    let engine = Engine::new(source, first, Arc::new(|| ()));
    engine.memory().allow(budget);
    let mut soak = Soak::new(OpenStore::new(engine));
    let began = Instant::now();
    let mut early = None;
    let mut round = 0;
    while began.elapsed() < length || round < 3 {
        soak.round(round);
        round += 1;
        if early.is_none() && began.elapsed() > length / 4 {
            early = Some(memory_now_mib());
        }
    }
    is_over.store(true, Ordering::Relaxed);
    writer.join().expect("it wrote to the end");
    soak.ends_as_folded_anew(&path);
    let (early, late) = (early.unwrap_or_else(memory_now_mib), memory_now_mib());

    let allowed = budget.bytes as f64 / f64::from(1 << 20);
    let taken = soak.most_taken as f64 / f64::from(1 << 20);
    table.add(Row::new("soak: most memory of what is kept", "its budget", taken, allowed, "MiB").bar(1.0));
    let what = "soak: memory of the process at its end";
    table.add(Row::new(what, "a quarter into it, and 64 MiB", late, early + 64.0, "MiB").bar(1.3));
    if length > Duration::from_secs(30) {
        let row = Row::new("soak: the same", "its budget, and the program's own", late, allowed + OWN_MIB, "MiB");
        table.add(row.bar(1.0));
    }
    let frames = &soak.frames;
    let what = "soak: what a frame waits for the table, p95";
    table.add(Row::new(what, "16 ms", percentile(frames, 95.0) / 1e3, 16.0, "ms").bar(1.0));
    table.note(format!(
        "soak: {round} rounds in {:.0} s over {events} events and {} more; a table came in {:.0} ms (p50) and {:.0} ms (p99), 200 events were found in {:.0} ms (p99)",
        began.elapsed().as_secs_f64(),
        appended.load(Ordering::Relaxed),
        percentile(&soak.tables, 50.0) / 1e3,
        percentile(&soak.tables, 99.0) / 1e3,
        percentile(&soak.searches, 99.0) / 1e3,
    ));
    table.note(format!(
        "soak: an error that passed by itself stood for {:.1} s at most",
        soak.longest_error.as_secs_f64()
    ));
}

fn append(path: &Path, is_over: &AtomicBool, appended: &AtomicU64) {
    let mut store = NativeStore::open_for_writing(path).expect("to be written");
    let mut number = 1 << 41;
    while !is_over.load(Ordering::Relaxed) {
        let stream = StreamId::from(format!("lead-{}", number * 7_919 % 5_000).as_str());
        match store.append(&stream, Expected::Any, &[contacted(&mut number)]) {
            Ok(_) => _ = appended.fetch_add(1, Ordering::Relaxed),
            Err(AppendError::Conflict(_)) => {}
            Err(error) => panic!("{error}"),
        }
        thread::sleep(BETWEEN_APPENDS);
    }
}

struct Soak {
    store: OpenStore,
    random: u64,
    most_taken: u64,
    /// Since when the table says that it could not be read.
    failed_since: Option<Instant>,
    longest_error: Duration,
    frames: Vec<f64>,
    tables: Vec<f64>,
    searches: Vec<f64>,
}

impl Soak {
    fn new(mut store: OpenStore) -> Self {
        store.set_lens(Lens::Store);
        let (frames, tables, searches) = (Vec::new(), Vec::new(), Vec::new());
        let (failed_since, longest_error) = (None, Duration::ZERO);
        let mut soak = Self { store, random: 0, most_taken: 0, failed_since, longest_error, frames, tables, searches };
        soak.until(|store| store.time.is_whole());
        soak
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(7_777_777_777_777);
        self.random % below.max(1)
    }

    /// What a frame does before it draws.
    fn frame(&mut self) {
        let store = &mut self.store;
        self.frames.push(time(|| {
            store.poll();
            store.prepare_table();
            store.see_rows(0..40);
            (0..40).filter_map(|place| store.table.row(place)).filter(|row| row.value("status").is_string()).count()
        }));
        let memory = self.store.engine().memory();
        self.most_taken = self.most_taken.max(memory.taken());
        assert!(memory.taken() <= memory.allowed().bytes, "{} bytes", memory.taken());
        self.look_at_error();
    }

    /// What was read while somebody began to write says so. It is asked for again by itself, so that nobody sees it for long.
    fn look_at_error(&mut self) {
        let Some(error) = self.store.table.error() else {
            self.failed_since = None;
            return;
        };
        assert!(error.is_passing(), "{error:?}");
        let stands = self.failed_since.get_or_insert_with(Instant::now).elapsed();
        self.longest_error = self.longest_error.max(stands);
        assert!(stands < LONGEST_ERROR, "it stays: {error:?}");
    }

    fn until(&mut self, is_so: impl Fn(&OpenStore) -> bool) {
        let began = Instant::now();
        while !is_so(&self.store) {
            assert!(began.elapsed() < Duration::from_mins(2), "it never came");
            self.frame();
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn wish(&mut self, wish: LensWish) {
        self.store.wish_of_table(wish);
    }

    fn round(&mut self, round: u64) {
        let by = match round % 3 {
            0 => LensColumn::Field("status".to_owned()),
            1 => LensColumn::Version,
            _ => LensColumn::Stream,
        };
        self.wish(LensWish::SortSo(LensOrder { by, is_descending: round.is_multiple_of(2) }));
        self.wish(LensWish::ClearChips);
        if round % 4 == 3 {
            self.wish(LensWish::AddChip(RowChip::Text("kim".to_owned())));
        }
        // Dragged over the store, and let go.
        for _ in 0..8 {
            let position = 1 + self.random(self.store.time.cursor().total as u64);
            self.store.time.go_to(StoreMoment::Position(Position(position)));
            self.frame();
        }
        if round.is_multiple_of(2) {
            self.store.time.last();
        }
        let began = Instant::now();
        self.until(|store| !store.table.is_behind() && store.table.error().is_none());
        self.tables.push(began.elapsed().as_secs_f64());
        let found = self.store.engine().ask_long("searching events", |reader, ticket| {
            let wanted = Search::new("actor:kim", &Calendar::utc(Timestamp::default())).expect("sound");
            let (began, mut left) = (Instant::now(), 200);
            search(reader, &wanted, &mut |_| ticket.flow(), &mut |_| {
                left -= 1;
                if left == 0 { Flow::Break(()) } else { Flow::Continue(()) }
            })?;
            Ok::<_, EngineError>(began.elapsed().as_secs_f64())
        });
        self.searches.push(found.wait().expect("answered").expect("readable"));
    }

    /// Whatever came and went, what is shown at the end is what the store holds.
    fn ends_as_folded_anew(&mut self, path: &Path) {
        self.wish(LensWish::ClearChips);
        self.wish(LensWish::Category(Some("lead".to_owned())));
        self.wish(LensWish::SortSo(LensOrder { by: LensColumn::Version, is_descending: true }));
        self.store.time.last();
        let reader = store::open(&path.to_owned().into()).expect("opened");
        let total = reader.info().expect("counted").events;
        self.until(|store| store.time.cursor().total as u64 == total);
        self.until(|store| !store.table.is_behind());
        let wanted = self.store.table.wanted();
        // The table may still be of a moment before the last few events.
        let anew = arrange(&*reader, &wanted, &FoldedStores::default(), &Ticket::new("folding"));
        let (_, anew) = &*anew.expect("readable").expect("there are leads");
        let expected: Vec<_> = (0..200).filter_map(|nth| anew.row(nth)).collect();
        let is_same = |store: &OpenStore| {
            let shown = (0..expected.len()).filter_map(|place| store.table.row(place));
            store.table.len() == anew.places.len()
                && shown
                    .zip(&expected)
                    .all(|(shown, row)| (shown.stream.as_str(), shown.version) == (&*row.stream, row.version))
        };
        self.until(is_same);
    }
}
