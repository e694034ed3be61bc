//! Projections of a user's own, against the engine that runs them with nothing around it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use foldline::engine::{Engine, describe, load_timeline, partitions};
use foldline::event::{EventRow, StreamId};
use foldline::index::StoreMoment;
use foldline::replay::{ProjectionRef, Replay};
use foldline::script::{Given, Script, ScriptProjection};
use foldline::store::native::NativeStore;
use foldline::store::{self, Columns, Flow, Query, Source, Store};
use foldline::view::{Lens, OpenStore, ProjectionWish};
use foldline::workspace::Workspace;
use rquickjs::{Context, Function, Runtime};

use crate::measure::{Row, Table, micros, percentile, repeat, time};
use crate::stores::{LONG_STREAM, Stores, write_long_stream};
use crate::{LONG, SEEKS};

/// So many events a projection may be tried on while it is typed.
const EDITED: u64 = 20_000;

const COUNT: &str = "$init: () => ({ n: 0 }), $any(s, e) { s.n++ }";
const READ: &str = "$init: () => ({ n: 0, long: 0 }), $any(s, e) { s.n++; if (e.body.channel === 'PHONE') s.long++ }";

pub(crate) fn projections(table: &mut Table, stores: &Stores) {
    let store = NativeStore::open(stores.sample()).expect("the sample");
    let events = events(&store);
    for (what, handlers) in [("counts", COUNT), ("reads the body", READ)] {
        // Turn about, so that a neighbour's load falls on both.
        let (mut bares, mut owns) = (Vec::new(), Vec::new());
        for _ in 0..9 {
            bares.push(bare(handlers, &events));
            owns.push(own(handlers, &events));
        }
        let (bare, own) = (micros(&bares) / events.len() as f64, micros(&owns) / events.len() as f64);
        let row = Row::new(&format!("own projection that {what}, an event"), "the bare engine", own, bare, "µs");
        table.add(row.bar(1.5));
    }
    let script = Script::read("count.js", &format!("fromAll().when({{ {COUNT} }})")).expect("a projection");
    let whole = time(|| {
        partitions(&store, &script, StoreMoment::Latest, &mut |_, _| Flow::Continue(()), &mut |_| Flow::Continue(()))
            .expect("folded")
    });
    let times = 1e7 / stores.events() as f64;
    let row = Row::new(
        "own projection over 10 million events",
        "reading them",
        whole * times,
        stores.scan(Columns::ALL) * times,
        "s",
    );
    table.add(row.at_most(60.0));
    drop(store);
    along_a_stream(table, stores);
    while_it_is_typed(table, stores);
    where_states_are_large(table, stores);
}

fn along_a_stream(table: &mut Table, stores: &Stores) {
    let store = NativeStore::open(stores.long()).expect("the long store");
    let script =
        Script::read("lead.js", &format!("fromAll().foreachStream().when({{ {READ} }})")).expect("a projection");
    let projection = ScriptProjection::of(&script).expect("a state a stream");
    let mut replay = Replay::new(projection);
    let query = Query::stream(StreamId::from(LONG_STREAM));
    let push = &mut |row: &EventRow<'_>| {
        replay.push(row);
        Flow::Continue(())
    };
    let loaded = time(|| store.visit_events(&query, push).expect("read"));
    let mut at = 0_usize;
    let seeks = repeat(SEEKS, || {
        at = (at + 77_773) % LONG as usize;
        let began = Instant::now();
        let state = black_box(replay.state_after(at));
        let secs = began.elapsed().as_secs_f64();
        drop(state);
        secs
    });
    let (p99, loaded) = (percentile(&seeks, 99.0), loaded * 1e6);
    table.add(Row::new("seek under an own projection, p99", "loading the stream", p99, loaded, "µs").at_most(1_000.0));
    drop(replay);
    let stream = StreamId::from(LONG_STREAM);
    let mut described = describe(&store, &stream).expect("the stream");
    described.row.events = described.row.events.min(EDITED);
    let edited = repeat(5, || {
        time(|| {
            let source = format!("fromAll().foreachStream().when({{ {READ} }}) // edited");
            let script = Script::read("edited.js", &source).expect("a projection");
            let projection = ProjectionRef::new(ScriptProjection::of(&script).expect("a state a stream"));
            let mut count = 0;
            // As many as the bar is set for; the rest of the stream is not read.
            let _ = load_timeline(&store, &described, &projection, &mut |_| {}, &mut |read| {
                count = read;
                if read >= EDITED { Flow::Break(()) } else { Flow::Continue(()) }
            });
            count
        })
    });
    let bare = bare(READ, &events(&store)) * 1e3;
    let row = Row::new("an edited projection over 20,000 events", "the bare engine", micros(&edited) / 1e3, bare, "ms");
    table.add(row.at_most(500.0));
}

/// From the last key in the editor to the state of the stream on screen: with the pause in which one more may come, the file
/// that is written, and the whole store that is folded beside it.
fn while_it_is_typed(table: &mut Table, stores: &Stores) {
    let folder = stores.folder().join("typed");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (store, file) = (folder.join("typed.db"), folder.join("typed.js"));
    write_long_stream(&store, EDITED);
    let typed = |number: usize| format!("fromAll().foreachStream().when({{ {READ} }}) // {number}");
    std::fs::write(&file, typed(0)).expect("written");
    let source: Source = store.into();
    let first = store::open(&source).expect("opened");
    let engine = Engine::new(source.clone(), first, Arc::new(|| ()));
    let mut open = OpenStore::with_workspace(engine, Workspace::in_folder(&folder, &source));
    open.select(StreamId::from(LONG_STREAM));
    open.set_lens(Lens::Projections);
    open.wish_of_projections(ProjectionWish::Add(vec![file]));
    let shows = |open: &mut OpenStore, source: &str| {
        time(|| {
            let is_shown = |open: &OpenStore| {
                let loaded = open.view.as_ref().and_then(|view| view.shown_loaded());
                let file = open.own.chosen().filter(|file| file.text() == source && file.runs_as_typed());
                let script = file.and_then(|file| file.script());
                let revisions = loaded.zip(script);
                revisions.is_some_and(|(loaded, script)| loaded.projection.revision() == script.revision())
            };
            while !is_shown(open) {
                std::thread::sleep(std::time::Duration::from_micros(500));
                open.poll();
                open.prepare_projections();
            }
        })
    };
    shows(&mut open, &typed(0));
    let mut number = 0;
    let samples = repeat(5, || {
        number += 1;
        open.wish_of_projections(ProjectionWish::Type(typed(number)));
        shows(&mut open, &typed(number))
    });
    let what = "from the last key to the state of 20,000 events";
    table.add(Row::new(what, "500 ms", micros(&samples) / 1e3, 500.0, "ms").at_most(500.0));
}

/// A stream whose state grows to two megabytes: from the press on it to its state on screen, and one step of the cursor.
fn where_states_are_large(table: &mut Table, stores: &Stores) {
    const READINGS: u64 = 2_000;
    let folder = stores.folder().join("large");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (store, file) = (folder.join("large.db"), folder.join("large.js"));
    write_long_stream(&store, READINGS);
    let keeps = |what: &str| {
        format!(
            "fromAll().foreachStream().when({{ $init: () => ({{ seen: [] }}), $any(s, e) {{ s.seen.push({what}) }} }})"
        )
    };
    let mut measured = [Vec::new(), Vec::new()].map(|few| [few.clone(), few]);
    for (large, of_size) in measured.iter_mut().enumerate() {
        let what = if large == 1 { "e.bodyRaw + 'x'.repeat(1000)" } else { "0" };
        std::fs::write(&file, keeps(what)).expect("written");
        for _ in 0..3 {
            let source: Source = store.clone().into();
            let engine = Engine::new(source.clone(), store::open(&source).expect("opened"), Arc::new(|| ()));
            let mut open = OpenStore::with_workspace(engine, Workspace::in_folder(&folder, &source));
            open.set_lens(Lens::Projections);
            open.wish_of_projections(ProjectionWish::Add(vec![file.clone()]));
            let shows = |open: &mut OpenStore, is_there: &dyn Fn(&mut OpenStore) -> bool| {
                while !is_there(open) {
                    std::thread::sleep(std::time::Duration::from_micros(200));
                    open.poll();
                    open.prepare_projections();
                }
            };
            shows(&mut open, &|open| open.own.results.run().is_some());
            let opening = time(|| {
                open.select(StreamId::from(LONG_STREAM));
                shows(&mut open, &|open| {
                    let Some(view) = &mut open.view else { return false };
                    view.stream.as_str() == LONG_STREAM
                        && view.shown_loaded().is_some_and(|loaded| loaded.projection.is_own())
                        && view.prepare_state().lines > 0
                });
            });
            let view = open.view.as_mut().expect("the stream");
            let steps = repeat(40, || {
                time(|| {
                    view.step(-1);
                    black_box(view.prepare_state());
                })
            });
            of_size[0].push(opening);
            of_size[1].push(percentile(&steps, 99.0) / 1e6);
        }
    }
    let [small, large] = measured;
    for (what, small, large) in
        [("opening a stream", &small[0], &large[0]), ("one step of the cursor, p99", &small[1], &large[1])]
    {
        let (small, large) = (micros(small) / 1e3, micros(large) / 1e3);
        let what = format!("{what}, own projection, a state of two megabytes");
        table.add(Row::new(&what, "a state of two thousand numbers", large, small, "ms"));
    }
}

struct Event {
    stream: StreamId,
    version: u64,
    name: String,
    id: String,
    recorded_at: Option<foldline::event::Timestamp>,
    body: String,
    metadata: String,
}

fn events(store: &dyn Store) -> Vec<Event> {
    let mut events = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    store
        .visit_events(&Query::store().limit(EDITED), &mut |row| {
            events.push(Event {
                stream: row.stream.clone(),
                version: row.version.0,
                name: row.event_type.as_str().to_owned(),
                id: row.id.to_string(),
                recorded_at: row.recorded_at,
                body: text(&row.body()),
                metadata: text(row.metadata),
            });
            Flow::Continue(())
        })
        .expect("read");
    events
}

/// Seconds that the engine takes which is given the text of each body, and nothing else.
fn bare(handlers: &str, events: &[Event]) -> f64 {
    let runtime = Runtime::new().expect("a runtime");
    let context = Context::full(&runtime).expect("a context");
    let source = format!(
        "(function () {{
            class Event {{
                constructor(raw) {{ this.raw = raw; this.parsed = undefined }}
                get body() {{ return this.parsed ??= JSON.parse(this.raw) }}
            }}
            const handlers = {{ {handlers} }};
            let state = handlers.$init();
            return (raw) => {{ handlers.$any(state, new Event(raw)) }};
        }})()"
    );
    context.with(|ctx| {
        let take: Function<'_> = ctx.eval(source).expect("a function");
        time(|| events.iter().for_each(|event| take.call((event.body.as_str(),)).expect("taken")))
    })
}

/// Seconds that the same takes with all that an event has, its limits and its faults.
fn own(handlers: &str, events: &[Event]) -> f64 {
    let script = Script::read("own.js", &format!("fromAll().when({{ {handlers} }})")).expect("a projection");
    let running = script.run().expect("at work");
    running.init().expect("a state");
    time(|| {
        for Event { stream, version, name, id, recorded_at, body, metadata } in events {
            let given = Given {
                stream: stream.as_str(),
                category: stream.category(),
                version: *version,
                event_type: name,
                id,
                recorded_at: *recorded_at,
                body: Some(body),
                metadata: Some(metadata),
            };
            running.handle(&given, "").expect("handled");
        }
    })
}
