//! Read models: always what a fresh fold gives, whatever came between, and never written where they do not belong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use foldline::engine::{
    DriftWish, MaterialiseError, Materialised, ModelWish, TableMap, Ticket, WhyMade, drift, materialise,
};
use foldline::event::{NewEvent, Position, StreamId};
use foldline::index::{Budget, StoreMoment};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, ModelError, ModelPlace, Query, Source, Store, Writer, model_head};
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use super::as_of::{Sketch, naively, what};
use super::memory_store::MemoryStore;
use super::workshop::{cases, event, fingerprint, native_store, noted, read, second};

pub(super) fn place(path: &Path, table: &str) -> ModelPlace {
    ModelPlace { source: path.to_owned().into(), table: Some(table.to_owned()) }
}

pub(super) fn wish(store: &Path, into: &Path, projection: &str, category: Option<&str>) -> ModelWish {
    ModelWish {
        projection: projection.to_owned(),
        category: category.map(str::to_owned),
        place: place(into, "model"),
        source: store.to_owned().into(),
        budget: Budget::default(),
    }
}

pub(super) fn bring_up(reader: &dyn Store, wish: &ModelWish) -> Result<Materialised, MaterialiseError> {
    materialise(reader, wish, &Ticket::new("folding"))
}

/// Every row of a table as JSON, by its stream. Where a write was killed, SQLite takes back what was half done, which it
/// refuses to whoever may only read.
fn rows(path: &Path) -> BTreeMap<String, BTreeMap<String, Value>> {
    let connection =
        Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE).expect("a database");
    let mut statement = connection.prepare("SELECT * FROM model").expect("a table");
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query([]).expect("asked");
    let mut rows = BTreeMap::new();
    while let Some(row) = found.next().expect("read") {
        let value = |at: usize| match row.get_ref(at).expect("a value") {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => json!(number),
            ValueRef::Real(number) => json!(number),
            ValueRef::Text(text) | ValueRef::Blob(text) => json!(String::from_utf8_lossy(text)),
        };
        let cells: BTreeMap<String, Value> = names.iter().cloned().zip((0..names.len()).map(value)).collect();
        let stream = cells["stream"].as_str().expect("a stream").to_owned();
        assert!(rows.insert(stream, cells).is_none(), "each stream has one row");
    }
    rows
}

/// The table is what each stream folded by itself gives, as of a moment.
pub(super) fn holds(
    store: &dyn Store,
    into: &Path,
    projection: &str,
    category: Option<&str>,
    at: StoreMoment,
) -> Result<(), TestCaseError> {
    let events = read(store, &Query::store());
    let mut expected = naively(store, &events, Some(projection), at);
    expected.retain(|stream, _| category.is_none_or(|category| stream.category() == category));
    let rows = rows(into);
    prop_assert_eq!(
        rows.keys().cloned().collect::<Vec<_>>(),
        expected.keys().map(ToString::to_string).collect::<Vec<_>>()
    );
    for (stream, (version, at, state)) in expected {
        let row = &rows[stream.as_str()];
        prop_assert_eq!(&row["version"], &json!(version), "{}", stream);
        prop_assert_eq!(&row["recorded_at"], &json!(at.map(|at| at.to_string())), "{}", stream);
        for (field, value) in state.as_object().expect("fields") {
            let name = field.replace('-', "_");
            let value = match value {
                Value::Bool(is) => json!(u8::from(*is)),
                nested @ (Value::Array(_) | Value::Object(_)) => nested.to_string().into(),
                plain => plain.clone(),
            };
            prop_assert_eq!(row.get(&name).unwrap_or(&Value::Null), &value, "{} of {}", field, stream);
        }
    }
    Ok(())
}

/// Some events, and then a look at the store.
fn steps() -> impl Strategy<Value = Vec<(Vec<Sketch>, bool)>> {
    let sketch = (0..super::as_of::STREAMS.len(), 0..3_usize, (0..40_i64).prop_map(Some));
    // Now and then enough for a stream whose state is kept.
    let some =
        prop_oneof![4 => prop::collection::vec(sketch.clone(), 0..8), 1 => prop::collection::vec(sketch, 200..300)];
    prop::collection::vec((some, any::<bool>()), 1..6)
}

proptest! {
    #![proptest_config(cases(10))]

    #[test]
    fn a_table_is_what_a_fold_gives_after_any_appends_and_catch_ups(steps in steps()) {
        let (folder, path, mut store) = native_store();
        let models: Vec<(PathBuf, &str, Option<&str>)> = [("state", None), ("fields", None), ("analysis", Some("lead"))]
            .into_iter()
            .map(|(projection, category)| (folder.path().join(format!("{projection}.db")), projection, category))
            .collect();
        let mut number = 0;
        for (sketches, is_looked_at) in &steps {
            for (stream, kind, at) in sketches {
                let (event_type, payload) = what(*stream, *kind);
                let new = NewEvent { recorded_at: at.map(second), ..event(&format!("e{number}"), event_type, payload) };
                store.append(&StreamId::from(super::as_of::STREAMS[*stream]), Expected::Any, &[new]).expect("recorded");
                number += 1;
            }
            if !is_looked_at {
                continue;
            }
            let reader = store.again().expect("opened");
            for (into, projection, category) in &models {
                match bring_up(&*reader, &wish(&path, into, projection, *category)) {
                    Ok(made) => {
                        prop_assert_eq!(made.position.map_or(0, |position| position.0), number);
                        prop_assert!(made.is_caught_up);
                        holds(&*reader, into, projection, *category, StoreMoment::Latest)?;
                        let held = held_against(&*reader, into, projection, *category);
                        prop_assert!(held.is_none() && !held.is_replaced, "a drift that nobody planted: {:?}", held);
                        let again = bring_up(&*reader, &wish(&path, into, projection, *category)).expect("again");
                        prop_assert_eq!((again.events, again.made), (0, None));
                    }
                    // Nothing of the kind was recorded so far.
                    Err(MaterialiseError::NoCategory(_) | MaterialiseError::Engine(_)) => prop_assert!(!into.exists()),
                    Err(error) => return Err(TestCaseError::fail(error.to_string())),
                }
            }
        }
    }
}

pub(super) fn held_against(
    reader: &dyn Store,
    into: &Path,
    projection: &str,
    category: Option<&str>,
) -> foldline::engine::Drift {
    let wish = DriftWish {
        projection: projection.to_owned(),
        category: category.map(str::to_owned),
        against: place(into, "model"),
        map: None,
        budget: Budget::default(),
    };
    drift(reader, &wish, &Ticket::new("folding")).unwrap_or_else(|error| panic!("{error}"))
}

/// Leads with some events each, and where they are kept.
pub(super) fn leads(count: u64) -> (tempfile::TempDir, PathBuf, NativeStore) {
    let (folder, path, mut store) = native_store();
    for number in 0..count {
        let first = json!({"lead-id": number, "name": format!("n{number}"), "phone": "1"}).to_string();
        let events = [
            event(&format!("{number}-a"), "lead-initialized", &first),
            event(&format!("{number}-b"), "contacted", "{}"),
        ];
        store
            .append(&StreamId::from(format!("lead-{number}").as_str()), Expected::NoStream, &events)
            .expect("recorded");
    }
    (folder, path, store)
}

#[test]
fn catching_up_reads_what_is_new_and_little_else() {
    let mut store = MemoryStore::default();
    let long = StreamId::from("lead-long");
    let many: Vec<NewEvent> = (0..20_000).map(|number| event(&format!("l{number}"), "contacted", "{}")).collect();
    store.append(&long, Expected::NoStream, &many).expect("recorded");
    for number in 0..2_000 {
        let stream = StreamId::from(format!("lead-{number}").as_str());
        store
            .append(&stream, Expected::NoStream, &[event(&format!("s{number}"), "lead-initialized", "{}")])
            .expect("recorded");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let wish = wish(Path::new("memory"), &folder.path().join("leads.db"), "state", None);
    assert_eq!(bring_up(&store, &wish).expect("made").made, Some(WhyMade::New));
    store.append(&long, Expected::Any, &[event("new", "contacted", "{}")]).expect("recorded");
    store.append(&StreamId::from("lead-7"), Expected::Any, &[event("new7", "contacted", "{}")]).expect("recorded");
    let before = store.handed_out();
    let made = bring_up(&store, &wish).expect("caught up");
    assert_eq!((made.events, made.made, made.rows), (2, None, 2_001));
    let read = store.handed_out() - before;
    assert!(read < 2_000, "{read} events were read for two");
    let rows = rows(&folder.path().join("leads.db"));
    assert_eq!((&rows["lead-long"]["contacts"], &rows["lead-7"]["contacts"]), (&json!(20_001), &json!(1)));
}

#[test]
fn what_is_stopped_leaves_no_file_where_none_was_and_one_that_is_there_as_it_is() {
    let ((_folder, path, store), own) = (leads(30), tempfile::tempdir().expect("a folder"));
    let wished = wish(&path, &own.path().join("leads.db"), "state", None);
    let stopped = Ticket::new("folding");
    stopped.cancel();
    materialise(&store, &wished, &stopped).expect_err("stopped");
    assert!(fingerprint(own.path()).is_empty());
    bring_up(&store, &wished).expect("made");
    let made = fingerprint(own.path());
    materialise(&store, &ModelWish { projection: "search".to_owned(), ..wished }, &stopped).expect_err("stopped");
    assert_eq!(fingerprint(own.path()), made);
}

#[test]
fn another_definition_or_another_store_makes_it_anew_and_says_so() {
    let (folder, path, mut store) = leads(3);
    let into = folder.path().join("leads.db");
    let state = wish(&path, &into, "state", Some("lead"));
    assert_eq!(bring_up(&store, &state).expect("made").made, Some(WhyMade::New));
    let search = bring_up(&store, &wish(&path, &into, "search", Some("lead"))).expect("made");
    assert_eq!((search.made, search.rows), (Some(WhyMade::Definition), 3));
    assert!(rows(&into)["lead-1"].contains_key("names"), "the columns are those of the other projection");
    assert_eq!(bring_up(&store, &state).expect("made").made, Some(WhyMade::Definition));

    // Cut, by putting back an older copy; and then grown past where it was.
    let older = folder.path().join("older.db");
    let (_other_folder, other, mut short) = leads(2);
    drop(short);
    fs::copy(&other, &older).expect("copied");
    let reader = foldline::store::open(&older.clone().into()).expect("opened");
    let cut = bring_up(&*reader, &ModelWish { source: older.clone().into(), ..state.clone() }).expect("made");
    assert_eq!((cut.made, cut.rows, cut.position), (Some(WhyMade::Replaced), 2, Some(Position(4))));
    drop(reader);
    short = NativeStore::open_for_writing(&older).expect("opened");
    for number in 0..20 {
        short.append(&StreamId::from("lead-9"), Expected::Any, &[noted(&format!("x{number}"))]).expect("recorded");
    }
    let wish_of_short = ModelWish { source: older.into(), ..state.clone() };
    assert_eq!(bring_up(&short, &wish_of_short).expect("caught up").made, None);
    store.append(&StreamId::from("lead-1"), Expected::Any, &[event("y", "contacted", "{}")]).expect("recorded");
    let held = held_against(&store, &into, "state", Some("lead"));
    assert!(held.is_replaced, "the table is of another store");
    let back = bring_up(&store, &state).expect("made");
    assert_eq!((back.made, back.rows), (Some(WhyMade::Replaced), 3));
    assert_eq!(rows(&into)["lead-1"]["contacts"], json!(2));
}

#[test]
fn a_new_field_gets_a_column_and_what_finds_no_room_is_kept_together() {
    let (folder, path, mut store) = native_store();
    let into = folder.path().join("fields.db");
    let wish = wish(&path, &into, "fields", None);
    let mut add = |stream: &str, id: &str, payload: Value| {
        store
            .append(&StreamId::from(stream), Expected::Any, &[event(id, "changed", &payload.to_string())])
            .expect("recorded");
    };
    add("order-1", "a", json!({"total": 5}));
    let reader = foldline::store::open(&path.clone().into()).expect("opened");
    assert_eq!(bring_up(&*reader, &wish).expect("made").made, Some(WhyMade::New));
    add("order-2", "b", json!({"Paid-By": "card", "total": 2.5, "lines": [1]}));
    assert_eq!(bring_up(&*reader, &wish).expect("caught up").made, Some(WhyMade::Columns), "5 was a whole number");
    add("order-2", "c", json!({"note": "한글"}));
    assert_eq!(bring_up(&*reader, &wish).expect("caught up").made, None);
    let found = rows(&into);
    assert_eq!(found["order-2"]["Paid_By"], json!("card"));
    assert_eq!((&found["order-2"]["note"], &found["order-1"]["note"]), (&json!("한글"), &Value::Null));
    let many: serde_json::Map<String, Value> = (0..1_000).map(|number| (format!("f{number}"), json!(number))).collect();
    add("order-3", "d", Value::Object(many));
    assert_eq!(bring_up(&*reader, &wish).expect("made").made, Some(WhyMade::Columns));
    let found = rows(&into);
    assert_eq!(found["order-3"]["f0"], json!(0));
    let more: Value = serde_json::from_str(found["order-3"]["more_fields"].as_str().expect("text")).expect("JSON");
    assert_eq!(more["f999"], json!(999));
    add("order-3", "e", json!({"f999": 1}));
    assert_eq!(bring_up(&*reader, &wish).expect("caught up").made, None);
    assert!(rows(&into)["order-3"]["more_fields"].as_str().is_some_and(|more| more.contains("\"f999\":1}")));
    assert!(held_against(&*reader, &into, "fields", None).is_none());
}

#[cfg(unix)]
#[test]
fn a_store_or_anything_of_others_is_never_written_to() {
    let (folder, path, store) = leads(2);
    drop(store);
    let at = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink(&path, at("link.db")).expect("linked");
    fs::hard_link(&path, at("hard.db")).expect("linked");
    let (_other, other_path, other) = leads(1);
    drop(other);
    fs::copy(other_path, at("other.db")).expect("copied");
    Connection::open(at("app.db")).and_then(|made| made.execute_batch("CREATE TABLE model (a)")).expect("a database");
    fs::write(at("text.db"), "precious").expect("written");
    fs::write(at("empty.db"), "").expect("written");
    fs::create_dir(at("folder.db")).expect("made");
    let reader = foldline::store::open(&path.clone().into()).expect("opened");
    let before = fingerprint(folder.path());
    for (name, said) in [
        ("events.db", "this is the store itself"),
        ("link.db", "this is the store itself"),
        ("hard.db", "this is the store itself"),
        ("other.db", "no file of read models"),
        ("app.db", "no file of read models"),
        ("text.db", "no file of read models"),
        ("empty.db", "no file of read models"),
        ("folder.db", "this is a folder"),
        ("nowhere/model.db", "no such folder"),
    ] {
        let error = bring_up(&*reader, &wish(&path, &at(name), "state", None)).expect_err(name);
        assert!(error.to_string().contains(said), "{name}: {error}");
    }
    assert_eq!(fingerprint(folder.path()), before);

    let good = wish(&path, &at("models.db"), "state", None);
    bring_up(&*reader, &good).expect("made");
    Connection::open(at("models.db")).and_then(|mine| mine.execute_batch("CREATE TABLE mine (a)")).expect("a table");
    let into = |table: &str| ModelWish { place: place(&at("models.db"), table), ..good.clone() };
    let taken = bring_up(&*reader, &into("Mine")).expect_err("it is somebody's");
    assert!(matches!(taken, MaterialiseError::Model(ModelError::TableTaken { .. })), "{taken}");
    for table in ["foldline_models", "sqlite_master", "Foldline_kept"] {
        let error = bring_up(&*reader, &into(table)).expect_err(table);
        assert!(matches!(error, MaterialiseError::Model(ModelError::Reserved(_))), "{error}");
    }
    let second = bring_up(&*reader, &into("second \"model\"")).expect("beside the first");
    assert_eq!(second.rows, 2);
    assert_eq!(bring_up(&*reader, &good).expect("the first is there still").made, None);
}

#[test]
fn two_that_catch_up_at_once_wait_for_each_other() {
    let (folder, path, store) = leads(50);
    let into = folder.path().join("leads.db");
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (reader, wish) = (store.again().expect("opened"), wish(&path, &into, "state", None));
            let work = move || bring_up(&*reader, &wish).map(|made| made.rows).map_err(|error| error.to_string());
            let name = format!("catching up {number}");
            let handle = std::thread::Builder::new().name(name).spawn_scoped(scope, work).expect("a thread");
            drop(handle);
        }
    });
    holds(&store, &into, "state", None, StoreMoment::Latest).expect("as a fold gives it");
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn every_planted_difference_is_found_and_none_invented(planted in prop::collection::vec((0..20_u64, 0..4_usize), 0..10)) {
        let (folder, path, store) = leads(20);
        let into = folder.path().join("leads.db");
        bring_up(&store, &wish(&path, &into, "state", None)).expect("made");
        let table = Connection::open(&into).expect("a database");
        let mut expected: BTreeMap<(String, String), u64> = BTreeMap::new();
        let (mut missing, mut extra) = (Vec::new(), Vec::new());
        for (number, kind) in planted {
            let stream = format!("lead-{number}");
            if missing.contains(&stream) {
                continue;
            }
            let run = |sql: &str| table.execute(sql, [&stream]).expect("planted");
            match kind {
                0 => {
                    run("UPDATE model SET name = 'somebody' WHERE stream = ?1");
                    expected.insert((stream, "name".to_owned()), 0);
                }
                1 => {
                    run("UPDATE model SET contacts = contacts + 1 WHERE stream = ?1 AND contacts = 1");
                    expected.insert((stream, "contacts".to_owned()), 1);
                }
                2 => {
                    run("DELETE FROM model WHERE stream = ?1");
                    expected.retain(|(of, _), _| *of != stream);
                    missing.push(stream);
                }
                _ => {
                    let name = format!("lead-x{number}");
                    if !extra.contains(&name) {
                        table.execute("INSERT INTO model (stream, version) VALUES (?1, 0)", [&name]).expect("planted");
                        extra.push(name);
                    }
                }
            }
        }
        drop(table);
        let held = held_against(&store, &into, "state", None);
        let found: BTreeMap<(String, String), u64> = held
            .differences
            .iter()
            .map(|found| {
                let set_by = found.set_by.as_ref().expect("an event set it").version.0;
                ((found.stream.to_string(), found.field.clone()), set_by)
            })
            .collect();
        prop_assert_eq!(found, expected);
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        prop_assert_eq!(sorted(held.missing.iter().map(ToString::to_string).collect()), sorted(missing));
        prop_assert_eq!(sorted(held.extra), sorted(extra));
    }
}

#[test]
fn a_table_of_ones_own_is_compared_by_a_map_and_a_lag_is_no_drift() {
    let (folder, path, mut store) = leads(3);
    let into = folder.path().join("leads.db");
    bring_up(&store, &wish(&path, &into, "state", None)).expect("made");
    let by_kim = NewEvent {
        metadata: r#"{"actor":"kim"}"#.to_owned(),
        ..event("later", "contact-details-updated", r#"{"phone":"2222"}"#)
    };
    store.append(&StreamId::from("lead-1"), Expected::Any, &[by_kim]).expect("recorded");
    assert!(held_against(&store, &into, "state", None).is_none(), "as of where the table stands");

    let app = folder.path().join("app.db");
    let tables = "CREATE TABLE customers (id INTEGER, tel INTEGER, calls REAL);
        INSERT INTO customers VALUES (0, 1, 1.0), (1, 1, 1), (5, 1, 0);
        CREATE TABLE other (a)";
    Connection::open(&app).and_then(|made| made.execute_batch(tables)).expect("a database");
    let before = fs::read(&app).expect("read");
    let ask = |map: Option<&str>, table: &str| {
        let wish = DriftWish {
            projection: "state".to_owned(),
            category: Some("lead".to_owned()),
            against: place(&app, table),
            map: map.map(|map| serde_json::from_str::<TableMap>(map).expect("a map")),
            budget: Budget::default(),
        };
        drift(&store, &wish, &Ticket::new("folding"))
    };
    let map = r#"{"key": "id", "stream": "lead-{}", "fields": {"phone": "tel", "contacts": "calls"}}"#;
    let held = ask(Some(map), "customers").expect("compared");
    assert_eq!((held.rows, held.missing, held.extra), (3, vec![StreamId::from("lead-2")], vec!["5".to_owned()]));
    let [found] = held.differences.as_slice() else { panic!("{:?}", held.differences) };
    assert_eq!((found.stream.as_str(), found.field.as_str()), ("lead-1", "phone"));
    assert_eq!((&found.table, &found.fold), (&json!(1), &json!("2222")));
    let set_by = found.set_by.as_ref().expect("an event set it");
    assert_eq!((set_by.version.0, set_by.event_type.as_str()), (2, "contact-details-updated"));
    assert_eq!(set_by.actor.as_deref(), Some("kim"));
    for (map, table, said) in [
        (None, "customers", "Foldline made no such table; name one that it made behind #"),
        (Some(map), "custmers", "there is no table custmers; there are customers, other"),
        (Some(map), "other", "no column id; it has a"),
    ] {
        let error = ask(map, table).expect_err(table).to_string();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(fs::read(&app).expect("read"), before, "looking changes nothing");
    let nowhere = Source::parse("/nowhere/app.db");
    assert!(model_head(&ModelPlace { source: nowhere, table: None }).is_err());
}
