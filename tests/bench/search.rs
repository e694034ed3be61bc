//! What it costs to find events of a store by what people remember of them.

use foldline::engine::{Aids, Calendar, Search, SidePlace, search, search_with};
use foldline::event::Timestamp;
use foldline::store::native::NativeStore;
use foldline::store::{Columns, Flow};

use super::measure::{Row, Table, micros, repeat, time};
use super::stores::Stores;

/// So many results are shown at first.
const SHOWN: u32 = 200;

pub(super) fn find(table: &mut Table, stores: &Stores) {
    let store = NativeStore::open(stores.sample()).expect("the sample");
    let find = |text: &str, most: u32| {
        let wanted = Search::new(text, &Calendar::utc(Timestamp::default())).expect("sound");
        let mut left = most;
        let mut take = |_| {
            left -= 1;
            if left == 0 { Flow::Break(()) } else { Flow::Continue(()) }
        };
        search(&store, &wanted, &mut |_| Flow::Continue(()), &mut take).expect("readable");
        most - left
    };
    for (what, text) in [
        ("of a person", "actor:kim"),
        ("of a type", "type:contact-details-updated"),
        ("with a word", "phone"),
        ("of a category without another person", "category:lead -actor:kim"),
    ] {
        let samples = repeat(5, || time(|| assert!(find(text, SHOWN) > 0, "{text}")));
        let what = format!("the newest {SHOWN} events {what}");
        table.add(Row::new(&what, "200 ms", micros(&samples) / 1e3, 200.0, "ms").bar(1.0));
    }
    let per_event = |secs: f64| secs * 1e9 / stores.events() as f64;
    let scan = per_event(stores.scan(Columns::ALL));
    for (what, text) in [("a word", "zzqx"), ("a value", "payload.phone=zzqx"), ("a person", "actor:zzqx")] {
        let samples = repeat(3, || time(|| assert_eq!(find(text, SHOWN), 0)));
        let what = format!("{what} that is nowhere, an event of the store");
        let row = Row::new(&what, "scanning all columns", per_event(micros(&samples) / 1e6), scan, "ns");
        table.add(row.bar(1.5));
    }
    let place = SidePlace::in_folder(&stores.folder().join("index"), &stores.sample().to_owned().into(), &store);
    let place = place.expect("it takes an index");
    let mut on = |_: u64| Flow::Continue(());
    let made = time(|| place.follow(&store, &mut on).expect("made"));
    let (side, _) = place.follow(&store, &mut on).expect("there");
    let wanted = Search::new("zzqx", &Calendar::utc(Timestamp::default())).expect("sound");
    let samples = repeat(3, || {
        time(|| {
            let (aids, mut found) = (Aids { side: Some(&side), chronicle: None }, 0);
            let mut take = |_| {
                found += 1;
                Flow::Continue(())
            };
            search_with(&store, &wanted, aids, &mut |_| Flow::Continue(()), &mut take).expect("readable");
            assert_eq!(found, 0);
        })
    });
    let what = "a word that is nowhere, by a side index, an event of the store";
    table.add(Row::new(what, "scanning all columns", per_event(micros(&samples) / 1e6), scan, "ns").bar(0.2));
    let mebibytes = side.size().bytes >> 20;
    table.note(format!("a side index takes {mebibytes} MiB and {:.0} ns an event to be made", per_event(made)));
}
