//! What conditions cost beside the folding that they go along with.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use foldline::engine::{FoundWhen, WhenInStore, describe, fold_whole, load_timeline, when_in_store};
use foldline::event::StreamId;
use foldline::expr::Expression;
use foldline::projection::LeadState;
use foldline::replay::Turns;
use foldline::store::Flow;
use foldline::store::native::NativeStore;

use super::LONG;
use super::measure::{Row, Table, micros, repeat, time};
use super::stores::{LONG_STREAM, Stores};

/// One that a field decides, one that looks at every event, and one that looks at what was.
const CONDITIONS: [(&str, &str); 3] = [
    ("of fields", r#"status == "FOLLOWUP_SET" && contacts > 2"#),
    ("of each event", r#"event.type == "contacted" && changed("contacts")"#),
    ("of times", r#"age(state["created-on"]) > duration("36h") && old.status != status"#),
];

pub(super) fn conditions(table: &mut Table, stores: &Stores) {
    along_a_stream(table, stores);
    in_all_streams(table, stores);
}

fn along_a_stream(table: &mut Table, stores: &Stores) {
    let store = NativeStore::open(stores.long()).expect("the long store");
    let described = describe(&store, &StreamId::from(LONG_STREAM)).expect("the stream is there");
    let load = || {
        load_timeline(&store, &described, &LeadState.into(), &mut |_| {}, &mut |_| Flow::Continue(())).expect("loaded")
    };
    let loaded = repeat(3, || time(|| load().heads().len()));
    let timeline = load();
    for (name, text) in CONDITIONS {
        let expression = Expression::new(text, &timeline.names()).expect("sound");
        let read = repeat(5, || {
            time(|| {
                let mut turns = Turns::default();
                let all = 0..timeline.heads().len();
                let read = timeline.read_along(&expression, all.clone(), &(), &|| false, &mut |index, value| {
                    turns.note_value(index, &expression, value);
                });
                assert_eq!(read, Ok(()));
                turns.look_to(all.end);
                turns.events_true()
            })
        });
        let what = format!("a condition {name} along {LONG} events");
        let millis = |samples: &[f64]| micros(samples) / 1_000.0;
        let row = Row::new(&what, "loading them", millis(&read), millis(&loaded), "ms");
        table.add(row.bar(1.5).at_most(1_000.0));
    }
}

fn in_all_streams(table: &mut Table, stores: &Stores) {
    let reader = foldline::store::open(&stores.sample().to_owned().into()).expect("the sample");
    let per_event = |samples: &[f64]| micros(samples) * 1e3 / stores.events() as f64;
    let folded = repeat(2, || {
        time(|| {
            fold_whole(&*reader, &LeadState.into(), Some("lead"), None, &mut |_| Flow::Continue(()))
                .expect("folded")
                .events()
        })
    });
    let wanted =
        |text: &str| WhenInStore { text: text.to_owned(), category: "lead".to_owned(), projection: None, then: None };
    for (name, text) in CONDITIONS {
        let found = repeat(2, || {
            time(|| {
                when_in_store(&*reader, &wanted(text), &FoundWhen::default(), &|| false, &mut |_| Flow::Continue(()))
                    .expect("read")
                    .expect("there are leads")
                    .counts()
            })
        });
        let what = format!("a condition {name} in all streams, an event of the store");
        let row = Row::new(&what, "folding every lead", per_event(&found), per_event(&folded), "ns");
        table.add(row.bar(3.0));
    }
    let endless = format!("[[1, 2, 3]]{}.size() > 1", ".map(x, x.map(y, x))".repeat(6));
    let given_up = repeat(5, || {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let source = stores.sample().to_owned();
            let (is_over, wanted) = (&is_over, wanted(&endless));
            let asking = scope.spawn(move || {
                let reader = foldline::store::open(&source.into()).expect("the sample");
                let is_over = || is_over.load(Ordering::Relaxed);
                let flow = &mut |_| if is_over() { Flow::Break(()) } else { Flow::Continue(()) };
                let asked = when_in_store(&*reader, &wanted, &FoundWhen::default(), &is_over, flow);
                assert!(asked.is_err(), "it was given up");
            });
            thread::sleep(Duration::from_millis(60));
            let told = Instant::now();
            is_over.store(true, Ordering::Relaxed);
            asking.join().expect("it ends");
            told.elapsed().as_secs_f64()
        })
    });
    let row = Row::new("a condition is given up", "100 ms", micros(&given_up) / 1_000.0, 100.0, "ms");
    table.add(row.at_most(100.0));
}
