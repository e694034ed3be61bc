//! What it costs to know a whole store at any moment.

use std::hint::black_box;

use foldline::engine::{AsOfWanted, CountIndex, CountWanted, ModelWish, Question, Ticket, materialise};
use foldline::event::{Position, StreamId, Timestamp};
use foldline::index::{Budget, CountOf, StoreMoment};
use foldline::store::native::NativeStore;
use foldline::store::{Columns, Expected, ModelPlace, Writer};

use super::measure::{Row, Table, micros, percentile, repeat, time};
use super::stores::Stores;

pub(super) fn whole_store(table: &mut Table, stores: &Stores) {
    let reader = foldline::store::open(&stores.sample().to_owned().into()).expect("the sample");
    let per_event = |micros: f64| micros * 1e3 / stores.events() as f64;
    let scan = stores.scan(Columns::ALL) * 1e6;
    let wanted = CountWanted {
        of: CountOf::Field("status".to_owned()),
        projection: Some("state".to_owned()),
        category: Some("lead".to_owned()),
    };
    let ticket = Ticket::new("counting");
    let counted = repeat(3, || {
        time(|| {
            let index = CountIndex::default();
            index.follow(&*reader, &wanted, &ticket).expect("read").expect("there are leads").events
        })
    });
    let what = "fold for the index, an event of the store";
    table.add(Row::new(what, "scanning all columns", per_event(micros(&counted)), per_event(scan), "ns").bar(1.4));

    let index = CountIndex::default();
    index.follow(&*reader, &wanted, &ticket).expect("read").expect("there are leads");
    let last = index.look(|counting| counting.read_to().position()).flatten().unwrap_or_default();
    let (from, to) = index.look(|counting| counting.histogram().extent()).flatten().expect("there are times");
    let span = to.micros_since(from);
    let mut at = 0_u64;
    let samples = repeat(20_000, || {
        // A stride that shares no factor with most lengths visits every part of the store.
        at = at.wrapping_add(7_777_777_777_777);
        let position = StoreMoment::Position(Position(at % (last.0 + 1)));
        let then = StoreMoment::Time(Timestamp::from_micros(from.micros() + (at % span.unsigned_abs().max(1)) as i64));
        time(|| {
            index
                .look(|counting| black_box((counting.tally().counts(position), counting.tally().counts(then))))
                .is_some()
        })
    });
    let p99 = percentile(&samples, 99.0);
    let row = Row::new("as-of counts at a random moment, by place and by time, p99", "1 ms", p99, 1_000.0, "µs");
    table.add(row.bar(1.0).at_most(1_000.0));
    let chart = repeat(50, || time(|| index.look(|counting| counting.histogram().buckets(from, to, 1_000).len())));
    table.add(Row::new("events in 1,000 spans of time", "16 ms", micros(&chart), 16_000.0, "µs").bar(1.0));
    let held = index.look(foldline::index::Counting::bytes).unwrap_or_default();
    table.note(format!("counts of a field at any moment take {} MiB", held.div_ceil(1 << 20)));
    drop(index);

    let asked = repeat(2, || {
        time(|| AsOfWanted::default().answer(&*reader, &ticket).expect("read").map(|answer| answer.as_of.len()))
    });
    let what = "every stream as it stood, an event of the store";
    table.add(Row::new(what, "scanning all columns", per_event(micros(&asked)), per_event(scan), "ns"));
}

/// A read model, made and moved on.
pub(super) fn read_model(table: &mut Table, stores: &Stores) {
    let path = stores.folder().join("read-model-source.db");
    let count = if cfg!(debug_assertions) { 2_000 } else { 50_000 };
    let mut store = NativeStore::create(&path).expect("a new store");
    let mut number = 0;
    for stream in 0..count {
        let events: Vec<_> = (0..4).map(|_| super::stores::contacted(&mut number)).collect();
        let stream = StreamId::from(format!("lead-{stream}").as_str());
        store.append(&stream, Expected::NoStream, &events).expect("recorded");
    }
    let wish = ModelWish {
        projection: "state".to_owned(),
        category: None,
        place: ModelPlace { source: stores.folder().join("read-model.db").into(), table: Some("leads".to_owned()) },
        source: path.into(),
        budget: Budget::default(),
    };
    let ticket = Ticket::new("folding");
    let made = time(|| materialise(&store, &wish, &ticket).expect("made"));
    let caught_up = repeat(10, || {
        for stream in 0..10 {
            let stream = StreamId::from(format!("lead-{}", stream * 97 % count).as_str());
            let event = super::stores::contacted(&mut number);
            store.append(&stream, Expected::Any, &[event]).expect("recorded");
        }
        time(|| assert_eq!(materialise(&store, &wish, &ticket).expect("caught up").events, 10))
    });
    let what = "catch up a read model with 10 new events";
    table.add(Row::new(what, "making it anew", micros(&caught_up) / 1e3, made * 1e3, "ms").bar(0.1));
}
