//! What led to an event and what it led to, in a store of a million events: by what is kept, and by walking through.

use foldline::engine::{Around, causes, event_meant};
use foldline::event::{MetadataBuilder, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Flow, Query, Scope, Store};

use super::measure::{Row, Table, percentile, repeat, time};
use super::stores::{self, Stores};

/// So many events are in one chain.
const CHAIN: u64 = 12;

/// A look-up, and how soon a walk through a store without links ends when nobody wants it any more.
pub(crate) fn chains(table: &mut Table, stores: &Stores) {
    let path = stores.folder().join("chains.db");
    let mut store = NativeStore::create(&path).expect("a new store");
    let events = stores.events();
    let (mut number, mut last) = (0, None);
    let mut begun = 0;
    while begun < events {
        let mut bulk = store.bulk().expect("writable");
        for at in begun..events.min(begun + 50_000) {
            let event = stores::contacted(&mut number);
            let own = event.id.to_string();
            let chain = at / CHAIN;
            let cause = last.replace(own).filter(|_| at % CHAIN > 0);
            let metadata = MetadataBuilder::default().actor("kim").with("correlation-id", Some(format!("c-{chain}")));
            let metadata = metadata.with("causation-id", cause).build();
            let recorded_at = Some(Timestamp::from_micros(1_735_693_201_010_000 + at as i64 * 1_000));
            let stream = StreamId::from(format!("lead-{}", (at * 7) % 100_000).as_str());
            bulk.record(&stream, None, &NewEvent { metadata, recorded_at, ..event }).expect("recorded");
        }
        bulk.commit().expect("committed");
        begun += 50_000;
    }
    drop(store);
    let store = NativeStore::open(&path).expect("opens");
    let mut asked = Vec::new();
    let step = (events / 100).max(1);
    for at in 0..100.min(events) {
        let at = foldline::event::Position(at * step + 1);
        let query = Query { scope: Scope::Store { from: Some(at), to: Some(at) }, ..Query::store() };
        store
            .visit_events(&query, &mut |row| {
                asked.push(row.id.to_string());
                Flow::Break(())
            })
            .expect("readable");
    }
    let mut turn = asked.iter().cycle();
    let samples = repeat(asked.len(), || {
        let id = turn.next().expect("one of them");
        time(|| {
            let event = event_meant(&store, id).expect("there");
            let found = causes(&store, &event, Around::Everything, &mut |_| Flow::Continue(())).expect("readable");
            assert!(found.events.len() as u64 >= CHAIN.min(events), "{}", found.events.len());
        })
    });
    let millis = percentile(&samples, 99.0) / 1e3;
    table.add(
        Row::new("causes and effects of an event, by links, p99", "five milliseconds", millis, 5.0, "ms").bar(1.0),
    );
    drop(store);

    let tool = rusqlite::Connection::open(&path).expect("opens");
    tool.execute_batch("DROP TABLE links; PRAGMA user_version = 2").expect("as an older Foldline left it");
    drop(tool);
    let store = NativeStore::open(&path).expect("opens");
    let event = event_meant(&store, &asked[0]).expect("there");
    let walk = time(|| {
        causes(&store, &event, Around::Everything, &mut |_| Flow::Continue(())).expect("readable");
    });
    let reading = time(|| {
        let query = Query::store().columns(foldline::store::Columns { payload: false, metadata: true });
        store.visit_events(&query, &mut |_| Flow::Continue(())).expect("readable");
    });
    table.add(
        Row::new("the same by walking through the store", "reading its metadata", walk * 1e3, reading * 1e3, "ms")
            .bar(3.0),
    );
    // The longest that a walk goes on behind the wish to end it: between two looks at it.
    let (mut longest, mut before) = (0.0_f64, std::time::Instant::now());
    causes(&store, &event, Around::Everything, &mut |_| {
        longest = longest.max(before.elapsed().as_secs_f64());
        before = std::time::Instant::now();
        Flow::Continue(())
    })
    .expect("readable");
    table.add(
        Row::new("a walk ends after the wish, at worst", "a tenth of a second", longest * 1e3, 100.0, "ms").bar(1.0),
    );
}
