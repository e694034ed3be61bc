//! When payloads changed their shape.

use foldline::engine::{EngineError, StoreShapes, Ticket};
use foldline::event::{Position, StreamId};
use foldline::index::{Budget, JsonType, Memory, ShapeChange, ShapeTurn, StoreMoment};
use foldline::store::frameworks::Mapping;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, OpenOptions, Store, StoreError, Writer};
use serde_json::{Value, json};

use super::foreign::tables::file_of;
use super::workshop::{event, native_store};

fn append(store: &mut NativeStore, event_type: &str, payloads: impl Iterator<Item = Value>) {
    let stream = StreamId::from("order-1");
    let first = store.info().expect("counted").events;
    let events: Vec<_> =
        (first..).zip(payloads).map(|(n, payload)| event(&format!("e{n}"), event_type, &payload.to_string())).collect();
    store.append(&stream, Expected::Any, &events).expect("recorded");
}

/// Position, field and what became of it.
type Told = (u64, String, ShapeTurn);

fn told(changes: &[ShapeChange]) -> Vec<Told> {
    let of = |change: &ShapeChange| {
        let StoreMoment::Position(Position(at)) = change.seen.moment else { panic!("{change:?}") };
        (at, format!("{}.{}", change.event_type, change.path), change.turn)
    };
    changes.iter().map(of).collect()
}

fn read(store: &NativeStore, shapes: &StoreShapes) -> Vec<Told> {
    told(&shapes.follow(store, &Ticket::new("reading")).expect("read").changes)
}

const TURNED: ShapeTurn = ShapeTurn::Became { before: JsonType::Number, now: JsonType::Text };

#[test]
fn a_field_that_comes_goes_or_turns_is_told_with_its_moment_and_what_comes_and_goes_anyway_is_not() {
    let (_folder, _, mut store) = native_store();
    let shapes = StoreShapes::new(&Memory::default());
    // One in three has a note, all the time; the phone comes at the seventh, with all that it holds.
    let placed = |n: u64| {
        let mut payload = json!({"total": n, "at": {"city": "Seoul"}});
        if n.is_multiple_of(3) {
            payload["note"] = json!("soon");
        }
        if n >= 6 {
            payload["phone"] = json!({"number": "1", "kind": null});
        }
        payload
    };
    append(&mut store, "placed", (0..20).map(placed));
    let came = vec![(7, "placed.phone".to_owned(), ShapeTurn::Came)];
    assert_eq!(read(&store, &shapes), came);
    // The address goes, and a total is written as text; a second type's fields are there from its beginning on.
    let later = |n: u64| {
        let mut payload = placed(n);
        payload.as_object_mut().expect("an object").remove("at");
        payload["total"] = json!(n.to_string());
        payload
    };
    append(&mut store, "placed", (20..29).map(later));
    append(&mut store, "paid", (0..9).map(|n| json!({"by": n})));
    let turned = [came.clone(), vec![(21, "placed.total".to_owned(), TURNED)]].concat();
    assert_eq!(read(&store, &shapes), turned, "nine events without an address tell nothing yet");
    append(&mut store, "placed", (29..32).map(later));
    let gone = [turned, vec![(21, "placed.at".to_owned(), ShapeTurn::Gone)]].concat();
    let mut of_now = read(&store, &shapes);
    of_now.sort_by_key(|(at, path, _)| (*at, path.clone()));
    let mut gone = gone;
    gone.sort_by_key(|(at, path, _)| (*at, path.clone()));
    assert_eq!(of_now, gone);
    // What was read in steps is what is read at once.
    let mut anew = read(&store, &StoreShapes::new(&Memory::default()));
    anew.sort_by_key(|(at, path, _)| (*at, path.clone()));
    assert_eq!(anew, gone);
}

#[test]
fn names_that_are_data_change_no_shape() {
    let (_folder, _, mut store) = native_store();
    append(&mut store, "counted", (0..60).map(|n| json!({ "of": { format!("k{n}"): n } })));
    append(&mut store, "listed", (0..20).map(|_| json!([1, "a", null])));
    assert_eq!(read(&store, &StoreShapes::new(&Memory::default())), []);
}

#[test]
fn what_was_stopped_goes_on_another_store_is_read_anew_and_one_without_an_order_says_so() {
    let (_folder, _, mut store) = native_store();
    let payload = |n: u64| if n < 9_000 { json!({"a": 1}) } else { json!({"a": 1, "b": 2}) };
    append(&mut store, "t", (0..9_100).map(payload));
    let shapes = StoreShapes::new(&Memory::default());
    let ticket = Ticket::new("reading");
    ticket.cancel();
    let stopped = shapes.follow(&store, &ticket);
    assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stopped:?}");
    assert_eq!(read(&store, &shapes), [(9_001, "t.b".to_owned(), ShapeTurn::Came)]);
    let (_other_folder, _, mut other) = native_store();
    append(&mut other, "u", (0..10).map(|n| if n < 8 { json!({"c": 1}) } else { json!({"c": "1"}) }));
    assert_eq!(read(&other, &shapes), [(9, "u.c".to_owned(), TURNED)]);

    let tiny = Memory::new(Budget { bytes: 100 });
    let refused = StoreShapes::new(&tiny).follow(&other, &Ticket::within("reading", &tiny));
    assert!(matches!(refused, Err(EngineError::OverBudget(_))), "{refused:?}");
    assert_eq!(tiny.taken(), 0);
    let (_foreign_folder, path) = file_of(
        r#"CREATE TABLE t (id TEXT, version INTEGER, type TEXT, payload TEXT, PRIMARY KEY (id, version)) WITHOUT ROWID;
        INSERT INTO t VALUES ('order-1', 1, 'placed', '{"total":5}'), ('order-2', 1, 'placed', '{"total":"7"}');"#,
    );
    let mapping =
        Mapping::parse(r#"{"table":"t","stream":"id","version":"version","type":"type","payload":"payload"}"#);
    let options = OpenOptions { mapping: Some(mapping.expect("a mapping")), ..OpenOptions::default() };
    let without_order = foldline::store::open_with(&path.into(), &options).expect("opened");
    let so = shapes.follow(&*without_order, &Ticket::new("reading")).expect("read");
    assert!(!so.has_order && so.changes.is_empty());
}
