//! What it costs to tell a screen of events in words, with what each of them changed.

use foldline::engine::{Calendar, Search, search, tell};
use foldline::event::{StreamId, Timestamp, Version};
use foldline::store::Flow;
use foldline::store::native::NativeStore;

use super::measure::{Row, Table, percentile, time};
use super::stores::Stores;

/// As many as a window shows at once.
const SCREEN: usize = 16;

/// Two frames.
const AT_MOST: f64 = 32.0;

pub(super) fn told(table: &mut Table, stores: &Stores) {
    const FOUND: usize = 8_000;
    let store = NativeStore::open(stores.sample()).expect("the sample");
    let all = Search::new("", &Calendar::utc(Timestamp::default())).expect("sound");
    let mut places: Vec<(StreamId, Version)> = Vec::new();
    let mut take = |found: foldline::engine::FoundEvent| {
        places.push((found.stream, found.version));
        if places.len() == FOUND { Flow::Break(()) } else { Flow::Continue(()) }
    };
    search(&store, &all, &mut |_| Flow::Continue(()), &mut take).expect("readable");
    let samples: Vec<f64> = places
        .chunks_exact(SCREEN)
        .map(|screen| {
            time(|| {
                let told = tell(&store, screen, &[], &mut |_| Flow::Continue(())).expect("told");
                assert_eq!(told.len(), SCREEN);
            })
        })
        .collect();
    let what = format!("{SCREEN} events told in words, 99 of 100 screens");
    table.add(Row::new(&what, "two frames", percentile(&samples, 99.0) / 1e3, AT_MOST, "ms").bar(1.0));
}
