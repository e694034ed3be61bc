//! Read models in tables of a server, of stores in files and on servers.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use foldline::engine::{
    Drift, DriftWish, MaterialiseError, Materialised, ModelWish, Ticket, WhyMade, drift, materialise,
};
use foldline::event::{EventId, NewEvent, Position, StreamId, Timestamp};
use foldline::index::Budget;
use foldline::store::native::NativeStore;
use foldline::store::{self, Expected, ModelError, ModelPlace, Source, Store, Writer};

use crate::server::Database;
use crate::tables;

fn place(database: &Database, table: &str) -> ModelPlace {
    ModelPlace { source: database.source(), table: Some(table.to_owned()) }
}

fn wish(source: Source, database: &Database, table: &str, projection: &str) -> ModelWish {
    let place = place(database, table);
    ModelWish { projection: projection.to_owned(), category: None, place, source, budget: Budget::default() }
}

fn bring_up(reader: &dyn Store, wish: &ModelWish) -> Result<Materialised, MaterialiseError> {
    materialise(reader, wish, &Ticket::new("folding"))
}

#[track_caller]
fn made(reader: &dyn Store, wish: &ModelWish) -> Materialised {
    bring_up(reader, wish).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn held(reader: &dyn Store, wish: &ModelWish) -> Drift {
    let wish = DriftWish {
        projection: wish.projection.clone(),
        category: None,
        against: wish.place.clone(),
        map: None,
        budget: Budget::default(),
    };
    drift(reader, &wish, &Ticket::new("folding")).unwrap_or_else(|error| panic!("{error}"))
}

fn append(store: &mut NativeStore, stream: &str, id: &str, event_type: &str, payload: &str) {
    let new = NewEvent {
        id: EventId::new(id),
        event_type: event_type.into(),
        schema: 1,
        recorded_at: Timestamp::parse_rfc3339("2025-01-01T02:00:00.25Z"),
        payload: payload.to_owned(),
        metadata: String::new(),
    };
    store.append(&StreamId::from(stream), Expected::Any, &[new]).unwrap();
}

fn native(folder: &Path) -> (NativeStore, Source) {
    let path = folder.join("events.db");
    (NativeStore::create(&path).unwrap(), path.into())
}

#[test]
fn a_table_of_typed_columns_catches_up_with_a_store_in_a_file() {
    let database = Database::with("CREATE SCHEMA reports");
    let folder = tempfile::tempdir().unwrap();
    let (mut store, source) = native(folder.path());
    append(
        &mut store,
        "order-1",
        "a",
        "placed",
        r#"{"total": 5, "is-paid": true, "lines": [{"sku": "한"}], "price": 1.50}"#,
    );
    let wish = wish(source, &database, "reports.orders", "fields");
    assert_eq!(made(&store, &wish).made, Some(WhyMade::New));
    let mut client = database.client();
    let mut row = |sql: &str| client.query_one(sql, &[]).unwrap();
    let found = row(
        "SELECT total + 1, is_paid, lines -> 0 ->> 'sku', price::text, recorded_at = '2025-01-01T02:00:00.25Z' FROM reports.orders",
    );
    assert_eq!((found.get::<_, i64>(0), found.get::<_, bool>(1), found.get::<_, &str>(2)), (6, true, "한"));
    assert_eq!((found.get::<_, &str>(3), found.get::<_, bool>(4)), ("1.50", true));
    append(&mut store, "order-1", "b", "changed", r#"{"total": 7, "note": "a\u0000b"}"#);
    append(&mut store, "order-2", "c", "placed", r#"{"total": 1}"#);
    let grown = made(&store, &wish);
    assert_eq!((grown.made, grown.events, grown.rows, grown.position), (None, 2, 2, Some(Position(3))));
    assert_eq!(row("SELECT total FROM reports.orders WHERE stream = 'order-1'").get::<_, i64>(0), 7);
    assert!(held(&store, &wish).is_none(), "{:?}", held(&store, &wish));
    append(&mut store, "order-2", "d", "changed", r#"{"total": "many"}"#);
    assert_eq!(made(&store, &wish).made, Some(WhyMade::Columns));
    assert_eq!(row("SELECT total FROM reports.orders WHERE stream = 'order-2'").get::<_, &str>(0), "many");
    assert!(held(&store, &wish).is_none());
    assert_eq!(made(&store, &wish).made, None);
    client.batch_execute("DROP TABLE reports.orders").unwrap();
    assert_eq!(made(&store, &wish).made, Some(WhyMade::New), "somebody dropped it to have it made anew");
    assert!(held(&store, &wish).is_none());
}

const CATCHES_UP: &str = "FOLDLINE_TEST_CATCHES_UP_ON_A_SERVER";
const ROUNDS: u32 = 3;

/// As a process of its own: appends to a store in a file and catches up on a server without end. Told where both are.
#[test]
fn child() {
    let Ok(told) = std::env::var(CATCHES_UP) else { return };
    let (path, address) = told.split_once('\n').unwrap();
    let mut store = NativeStore::open_for_writing(Path::new(path)).unwrap();
    let place = ModelPlace { source: Source::parse(address), table: Some("leads".to_owned()) };
    let (projection, source) = ("state".to_owned(), Source::parse(path));
    let wish = ModelWish { projection, category: None, place, source, budget: Budget::default() };
    for number in 0_u64.. {
        for part in 0..=number % 40 {
            let id = format!("{}-{number}-{part}", std::process::id());
            append(&mut store, &format!("lead-{}", number % 7), &id, "contacted", "{}");
        }
        made(&store, &wish);
        eprintln!("caught up {number}.");
    }
}

#[test]
fn a_catch_up_on_a_server_that_is_killed_loses_and_doubles_nothing() {
    let database = Database::with("");
    let folder = tempfile::tempdir().unwrap();
    let (store, source) = native(folder.path());
    drop(store);
    let told = format!("{}\n{}", folder.path().join("events.db").display(), database.address());
    let wish = wish(source.clone(), &database, "leads", "state");
    for round in 0..ROUNDS {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "read_models::child", "--nocapture", "--test-threads=1"]).env(CATCHES_UP, &told);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        // Killed at another moment of its work each time.
        let done = said.filter(|line| line.contains("caught up ")).take(1 + 2 * round as usize).count();
        assert_eq!(done, 1 + 2 * round as usize);
        child.kill().unwrap();
        child.wait().unwrap();
        // What was on its way by then is carried out or not.
        let ended = (0..10_000).any(|_| database.busy_with("") == 0);
        assert!(ended, "round {round}: the server is still at it");
        let reader = store::open(&source).unwrap();
        assert!(held(&*reader, &wish).is_none(), "round {round}: what stands there is whole");
        assert_eq!(made(&*reader, &wish).made, None, "round {round}: it goes on from where it was");
        let events = reader.info().unwrap().events;
        let count = database.client().query_one("SELECT sum(version + 1)::bigint FROM leads", &[]).unwrap();
        assert_eq!(u64::try_from(count.get::<_, i64>(0)).unwrap(), events, "round {round}: each event once");
        assert!(held(&*reader, &wish).is_none(), "round {round}");
    }
}

#[test]
fn a_long_stream_goes_on_from_the_state_that_is_kept() {
    let database = Database::with("");
    let folder = tempfile::tempdir().unwrap();
    let (mut store, source) = native(folder.path());
    for number in 0..200 {
        append(&mut store, "lead-1", &format!("e{number}"), "contacted", "{}");
    }
    let wish = wish(source, &database, "leads", "state");
    made(&store, &wish);
    for number in 200..203 {
        append(&mut store, "lead-1", &format!("e{number}"), "contacted", "{}");
        assert_eq!(made(&store, &wish).events, 1);
    }
    assert!(held(&store, &wish).is_none());
    let contacts = database.client().query_one("SELECT contacts FROM leads", &[]).unwrap();
    assert_eq!(contacts.get::<_, i64>(0), 203);
}

#[test]
fn every_planted_difference_is_found() {
    let database = Database::with("");
    let folder = tempfile::tempdir().unwrap();
    let (mut store, source) = native(folder.path());
    for lead in ["lead-1", "lead-2", "lead-3"] {
        append(&mut store, lead, &format!("{lead}a"), "lead-initialized", r#"{"name": "kim", "phone": "1"}"#);
        append(&mut store, lead, &format!("{lead}b"), "contacted", "{}");
    }
    let wish = wish(source, &database, "leads", "state");
    made(&store, &wish);
    assert!(held(&store, &wish).is_none());
    database.run(
        "UPDATE leads SET contacts = 5 WHERE stream = 'lead-1'; UPDATE leads SET name = NULL WHERE stream = 'lead-2';
        DELETE FROM leads WHERE stream = 'lead-3'; INSERT INTO leads (stream, version) VALUES ('lead-4', 0)",
    );
    let found = held(&store, &wish);
    let differences: Vec<_> = found
        .differences
        .iter()
        .map(|found| (found.stream.as_str(), found.field.as_str(), found.set_by.as_ref().map(|event| event.version.0)))
        .collect();
    assert_eq!(differences, [("lead-1", "contacts", Some(1)), ("lead-2", "name", Some(0))]);
    assert_eq!((found.missing, found.extra), (vec![StreamId::from("lead-3")], vec!["lead-4".to_owned()]));
}

/// Under such fields the parser of JSON keeps things of its own. The client's own reading of JSON is kept out of it.
#[test]
fn an_object_with_the_parsers_own_fields_stands_in_a_table_as_it_is() {
    let database = Database::with("");
    let folder = tempfile::tempdir().unwrap();
    let (mut store, source) = native(folder.path());
    let numbers = "$serde_json::private::Number";
    let odd = format!(r#"{{"{numbers}": "12"}}"#);
    let other = r#"{"$serde_json::private::RawValue": "[1]"}"#;
    append(&mut store, "order-1", "a", "placed", &format!(r#"{{"odd": {odd}, "list": [{other}], "n": 12}}"#));
    append(&mut store, "order-2", "b", "placed", &format!(r#"{{"odd": {other}, "{numbers}": "12"}}"#));
    let wish = wish(source, &database, "orders", "fields");
    made(&store, &wish);
    let of_first = "SELECT odd::text, list::text, n::text FROM orders WHERE stream = 'order-1'";
    let texts = |sql: &str| -> Vec<String> {
        let row = database.client().query_one(sql, &[]).unwrap();
        (0..row.len()).map(|at| row.get(at)).collect()
    };
    assert_eq!(texts(of_first), [odd.as_str(), &format!("[{other}]"), "12"]);
    let of_second = "SELECT odd::text FROM orders WHERE stream = 'order-2'";
    assert_eq!(texts(of_second), [other]);
    assert!(held(&store, &wish).is_none(), "{:?}", held(&store, &wish));
    // It goes on from the state that it kept there.
    append(&mut store, "order-1", "c", "changed", r#"{"n": 13}"#);
    assert_eq!(made(&store, &wish).made, None);
    assert_eq!(texts(of_first), [odd.as_str(), &format!("[{other}]"), "13"]);
    assert!(held(&store, &wish).is_none());
    // A number in its place is another value, and the other way round.
    database.run("UPDATE orders SET odd = '12' WHERE stream = 'order-1'");
    let found = held(&store, &wish);
    let differences: Vec<_> = found.differences.iter().map(|found| (found.stream.as_str(), &*found.field)).collect();
    assert_eq!(differences, [("order-1", "odd")]);
    let told = &found.differences[0];
    assert_eq!((told.table.to_string(), told.fold.to_string()), ("12".to_owned(), odd.replace(' ', "")));
}

#[test]
fn a_store_on_the_same_server_stays_as_it_is() {
    let database = Database::with(tables::MESSAGE_DB);
    let reader = database.open();
    let events = "SELECT md5(string_agg(m::text, '|' ORDER BY global_position)) FROM message_store.messages m";
    let before: String = database.client().query_one(events, &[]).unwrap().get(0);
    let into_store = wish(database.source(), &database, "message_store.messages", "fields");
    let error = bring_up(&*reader, &into_store).unwrap_err();
    assert!(matches!(error, MaterialiseError::Model(ModelError::TableTaken { .. })), "{error}");
    let wish = wish(database.source(), &database, "read_model", "fields");
    let first = made(&*reader, &wish);
    assert_eq!((first.rows, first.position), (2, Some(Position(3))));
    // A place was given before another's, and its event can be seen only now.
    database.run("INSERT INTO message_store.messages (global_position, stream_name, position, type, data) VALUES (5, 'lead-7', 0, 'Captured', '{}')");
    made(&*reader, &wish);
    database.run("INSERT INTO message_store.messages (global_position, stream_name, position, type, data) VALUES (4, 'lead-8', 0, 'Captured', '{}')");
    let late = made(&*reader, &wish);
    assert_eq!((late.made, late.rows, late.events), (None, 4, 1), "what comes late is not lost");
    assert!(held(&*reader, &wish).is_none(), "{:?}", held(&*reader, &wish));
    database.run("DELETE FROM message_store.messages WHERE global_position > 3");
    assert_eq!(made(&*reader, &wish).made, Some(WhyMade::Replaced));
    let after: String = database.client().query_one(events, &[]).unwrap().get(0);
    assert_eq!(after, before);
    let again = store::open(&database.source()).unwrap();
    assert_eq!(again.framework().name(), "message-db", "the tables beside it are taken for no store");
}

#[test]
fn a_store_without_an_order_is_folded_anew_each_time() {
    let database = Database::with(tables::CQRS_ES);
    let reader = database.open();
    let wish = wish(database.source(), &database, "leads", "fields");
    assert_eq!(made(&*reader, &wish).made, Some(WhyMade::New));
    let again = made(&*reader, &wish);
    assert_eq!((again.made, again.position, again.is_caught_up), (Some(WhyMade::NoOrder), None, true));
    assert!(held(&*reader, &wish).is_none());
}

#[test]
fn what_fails_half_way_leaves_what_was_there() {
    let database = Database::with("");
    let folder = tempfile::tempdir().unwrap();
    let (mut store, source) = native(folder.path());
    append(&mut store, "lead-1", "a", "lead-initialized", r#"{"name": "kim"}"#);
    let wish = wish(source, &database, "leads", "state");
    made(&store, &wish);
    // Somebody's rule about the table, which the next row breaks.
    database.run("ALTER TABLE leads ADD CHECK (contacts < 1)");
    append(&mut store, "lead-2", "b", "lead-initialized", r#"{"name": "lee"}"#);
    append(&mut store, "lead-1", "c", "contacted", "{}");
    assert!(bring_up(&store, &wish).is_err());
    let rows = database.client().query_one("SELECT count(*), max(version) FROM leads", &[]).unwrap();
    assert_eq!((rows.get::<_, i64>(0), rows.get::<_, i64>(1)), (1, 0));
    assert!(held(&store, &wish).is_none(), "it stands where it stood");
    database.run("ALTER TABLE leads DROP CONSTRAINT leads_contacts_check");
    assert_eq!(made(&store, &wish).events, 2);
    assert!(held(&store, &wish).is_none());
}
