//! How the costs of a store grow with it: `cargo bench --bench bench -- --growth` measures stores of ten thousand, a hundred
//! thousand and so on, up to `--events`, each by the same yardsticks. With `--check`, the run ends with 1 where the fold of a
//! whole store costs more than a fifth more an event from a million events on, or where what is looked at isn't there in
//! time.

use std::hint::black_box;
use std::path::Path;

use foldline::engine::{
    Calendar, CountIndex, CountWanted, Search, StoodWanted, StoreChronicle, Ticket, fold_whole, search, stood,
};
use foldline::event::{Position, Timestamp};
use foldline::index::{CountOf, Memory, StoreMoment};
use foldline::projection::LeadState;
use foldline::store::native::NativeStore;
use foldline::store::{Columns, Flow, Query, Store, StreamQuery};

use super::measure::{micros, peak_memory_mib, percentile, repeat, time};
use super::stores::Stores;

/// What one size comes to.
struct Grown {
    events: u64,
    file_mib: f64,
    open_ms: f64,
    fold_ns: f64,
    scan_ns: f64,
    counts_us: f64,
    rows_ms: f64,
    found_ms: f64,
    nothing_secs: f64,
    kept_mib: f64,
    peak_mib: f64,
}

/// Answers with what is not as it should be.
pub(crate) fn growth(folder: &Path, most: u64, sample: Option<&Path>) -> Vec<String> {
    let sizes = (4..9).map(|power| 10_u64.pow(power)).take_while(|events| *events <= most.max(10_000));
    let mut all: Vec<Grown> = Vec::new();
    println!(
        "{:>10} {:>9} {:>8} {:>12} {:>12} {:>12} {:>10} {:>10} {:>10} {:>10} {:>9}",
        "events",
        "file MiB",
        "open ms",
        "fold ns/ev",
        "scan ns/ev",
        "counts µs",
        "rows ms",
        "200 ms",
        "none s",
        "kept MiB",
        "peak MiB"
    );
    for events in sizes {
        // One that was made before is of the largest size.
        let made = sample.filter(|_| events == most);
        let own = folder.join(events.to_string());
        std::fs::create_dir_all(&own).expect("a folder");
        let grown = measure(&Stores::new(&own, events, 1, made));
        println!(
            "{:>10} {:>9.0} {:>8.2} {:>12.0} {:>12.0} {:>12.1} {:>10.2} {:>10.2} {:>10.2} {:>10.0} {:>9.0}",
            grown.events,
            grown.file_mib,
            grown.open_ms,
            grown.fold_ns,
            grown.scan_ns,
            grown.counts_us,
            grown.rows_ms,
            grown.found_ms,
            grown.nothing_secs,
            grown.kept_mib,
            grown.peak_mib
        );
        all.push(grown);
        std::fs::remove_dir_all(&own).expect("removed");
    }
    faults(&all)
}

fn faults(all: &[Grown]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut say = |is_wrong: bool, what: String| {
        if is_wrong {
            faults.push(what);
        }
    };
    let large = || all.iter().filter(|grown| grown.events >= 1_000_000);
    // Against the scan of the same store: a neighbour's load falls on both.
    let ratio = |grown: &Grown| grown.fold_ns / grown.scan_ns;
    let (least, most) =
        large().fold((f64::MAX, 0.0_f64), |(least, most), grown| (least.min(ratio(grown)), most.max(ratio(grown))));
    say(most > 1.2 * least, format!("folding, an event: {least:.2} to {most:.2} times a scan"));
    for Grown { events, counts_us, rows_ms, found_ms, open_ms, peak_mib, .. } in all {
        say(*counts_us > 1_000.0, format!("{events} events: counts took {counts_us:.0} µs"));
        say(*rows_ms > 16.0, format!("{events} events: rows took {rows_ms:.1} ms"));
        say(*found_ms > 200.0, format!("{events} events: 200 events were found in {found_ms:.0} ms"));
        say(*open_ms > 100.0, format!("{events} events: opening took {open_ms:.0} ms"));
        say(*peak_mib > 1_024.0, format!("{events} events: {peak_mib:.0} MiB"));
    }
    faults
}

fn measure(stores: &Stores) -> Grown {
    let path = stores.sample().to_owned();
    let reader = foldline::store::open(&path.clone().into()).expect("the sample");
    let per_event = |secs: f64| secs * 1e9 / stores.events() as f64;
    let ticket = Ticket::new("measuring");
    let opened = repeat(5, || {
        time(|| {
            let store = NativeStore::open(&path).expect("the sample");
            let mut seen = 0;
            let mut count = || {
                seen += 1;
                Flow::Continue(())
            };
            let streams = StreamQuery { limit: Some(100), ..StreamQuery::default() };
            store.visit_streams(&streams, &mut |_| count()).expect("read");
            store.visit_events(&Query::store().backward().limit(200), &mut |_| count()).expect("read");
            seen
        })
    });
    // Turn about, so that a neighbour's load falls on both.
    let (mut folded, mut scanned) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        scanned.push(stores.scan_once(Columns::ALL));
        folded.push(time(|| {
            fold_whole(&*reader, &LeadState.into(), Some("lead"), None, &mut |_| Flow::Continue(()))
                .expect("folded")
                .events()
        }));
    }

    let memory = Memory::default();
    let mut at = 0_u64;
    let mut random = move |below: u64| {
        at = at.wrapping_add(7_777_777_777_777);
        at % below.max(1)
    };
    let (index, counting) = (CountIndex::default(), Ticket::within("counting", &memory));
    let of = CountOf::Field("status".to_owned());
    let wanted = CountWanted { of, projection: None, category: Some("lead".to_owned()) };
    index.follow(&*reader, &wanted, &counting).expect("read").expect("there are leads");
    let counts = repeat(5_000, || {
        let position = StoreMoment::Position(Position(random(stores.events()) + 1));
        time(|| index.look(|counting| black_box(counting.tally().counts(position))).is_some())
    });

    let chronicle = StoreChronicle::new(&memory);
    chronicle.follow(&*reader, &ticket).expect("read");
    let rows = repeat(100, || {
        let count = random(stores.events()) as usize + 1;
        time(|| rows_in_view(&*reader, &chronicle, count, &ticket))
    });
    let kept_mib = memory.taken() as f64 / f64::from(1 << 20);

    let find = |text: &str| {
        let wanted = Search::new(text, &Calendar::utc(Timestamp::default())).expect("sound");
        let mut left = 200;
        let mut take = |_| {
            left -= 1;
            if left == 0 { Flow::Break(()) } else { Flow::Continue(()) }
        };
        search(&*reader, &wanted, &mut |_| Flow::Continue(()), &mut take).expect("readable");
    };
    let found = repeat(5, || time(|| find("actor:kim")));
    let nothing = repeat(1, || time(|| find("zzqx")));
    Grown {
        events: stores.events(),
        file_mib: std::fs::metadata(&path).expect("the sample").len() as f64 / f64::from(1 << 20),
        open_ms: micros(&opened) / 1e3,
        fold_ns: per_event(micros(&folded) / 1e6),
        scan_ns: per_event(micros(&scanned) / 1e6),
        counts_us: percentile(&counts, 99.0),
        rows_ms: percentile(&rows, 99.0) / 1e3,
        found_ms: micros(&found) / 1e3,
        nothing_secs: micros(&nothing) / 1e6,
        kept_mib,
        peak_mib: peak_memory_mib(),
    }
}

/// What a table shows at a moment: the streams that changed last before it, each read up to there.
pub(crate) fn rows_in_view(reader: &dyn Store, chronicle: &StoreChronicle, count: usize, ticket: &Ticket) -> usize {
    const SHOWN: usize = 40;
    let streams = chronicle.look(|chronicle| {
        let entries = chronicle.recent(count, None, 0, SHOWN).into_iter();
        entries.map(|entry| (chronicle.stream(entry.stream).into(), entry.version)).collect()
    });
    let wanted = StoodWanted { streams, ..StoodWanted::default() };
    stood(reader, &wanted, ticket).expect("read").rows.len()
}
