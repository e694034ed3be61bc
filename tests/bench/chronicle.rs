//! What it costs to know what happened in a store, when and by whom.

use std::hint::black_box;

use foldline::engine::{StoreChronicle, Ticket};
use foldline::event::Timestamp;
use foldline::index::{Chronicle, Edges, Facet, Lanes, Memory, StoreMoment};
use foldline::store::Columns;

use super::measure::{Row, Table, micros, percentile, repeat, time};
use super::stores::Stores;

/// As many as a wide window has room for.
const BARS: usize = 240;

pub(super) fn what_happened(table: &mut Table, stores: &Stores) {
    let reader = foldline::store::open(&stores.sample().to_owned().into()).expect("the sample");
    let per_event = |micros: f64| micros * 1e3 / stores.events() as f64;
    let scan = stores.scan(Columns { payload: false, metadata: true }) * 1e6;
    let ticket = Ticket::new("reading");
    let read = || {
        let chronicle = StoreChronicle::new(&Memory::default());
        chronicle.follow(&*reader, &ticket).expect("read");
        chronicle
    };
    let built = repeat(3, || time(|| read().look(Chronicle::len) as u64));
    let what = "chronicle of the store, an event";
    table.add(Row::new(what, "scanning the same columns", per_event(micros(&built)), per_event(scan), "ns"));

    let chronicle = read();
    let (len, bytes, extent) = chronicle.look(|chronicle| (chronicle.len(), chronicle.bytes(), chronicle.extent()));
    let (from, to) = extent.expect("there are times");
    let categories = chronicle.look(|chronicle| chronicle.kinds(Facet::Category)) as u64;
    let mut at = 0_u64;
    let mut random = move |below: u64| {
        at = at.wrapping_add(7_777_777_777_777);
        at % below.max(1)
    };
    let samples = repeat(5_000, || {
        let span = to.micros_since(from).unsigned_abs();
        let moment = StoreMoment::Time(Timestamp::from_micros(from.micros() + random(span) as i64));
        let category = random(categories + 1);
        let category = (category < categories).then_some(category as u32);
        time(|| {
            chronicle.look(|chronicle| {
                let count = chronicle.count_at(moment);
                black_box((chronicle.recent(count, category, 0, 40), chronicle.streams_begun(count, category)));
            });
        })
    });
    let p99 = percentile(&samples, 99.0);
    let row = Row::new("the 40 streams that changed last before a random moment, p99", "4 ms", p99, 4_000.0, "µs");
    table.add(row.bar(1.0).at_most(4_000.0));

    let samples = repeat(300, || {
        let count = random(len as u64) as usize + 1;
        time(|| super::growth::rows_in_view(&*reader, &chronicle, count, &ticket))
    });
    let p99 = percentile(&samples, 99.0) / 1e3;
    table.add(Row::new("the 40 rows in view at a random moment, read, p99", "16 ms", p99, 16.0, "ms").bar(1.0));

    let samples = repeat(300, || {
        let length = to.micros_since(from) as u64;
        let begin = from.micros() + random(length / 2) as i64;
        let end = begin + random(length / 2).max(1) as i64;
        let edges = Edges::even_times(Timestamp::from_micros(begin), Timestamp::from_micros(end), BARS);
        let facet = Facet::ALL[random(3) as usize];
        time(|| {
            chronicle.look(|chronicle| {
                let lanes = Lanes::largest(chronicle, facet, 5);
                black_box(chronicle.count_between(&edges, &lanes)).buckets().count()
            })
        })
    });
    let p99 = percentile(&samples, 99.0);
    let row = Row::new("a span of the store's time in 240 bars by kind, p99", "8 ms", p99, 8_000.0, "µs");
    table.add(row.bar(1.0).at_most(8_000.0));
    table.note(format!(
        "the chronicle takes {} MiB, {:.1} bytes an event",
        bytes.div_ceil(1 << 20),
        bytes as f64 / len.max(1) as f64
    ));
}
