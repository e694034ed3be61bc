//! Questions in SQL, against the same told by folding and by reading.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use foldline::engine::{EngineError, SqlAnswer, SqlError, SqlQuery, SqlRows, Ticket, sql, sql_tables};
use foldline::event::{Position, StreamId};
use foldline::index::{Budget, StoreMoment};
use foldline::store::{Expected, Flow, Query, Store, StoreError, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::as_of::{cqrs_es, emmett, naively, native, sketches, sql_stream_store};
use super::memory_store::MemoryStore;
use super::workshop::{cases, event, own_store, read, second};

#[derive(Default)]
struct Taken {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl SqlRows for Taken {
    fn begin(&mut self, columns: &[String]) {
        self.columns = columns.to_vec();
    }

    fn row(&mut self, values: Vec<Value>) -> Flow {
        self.rows.push(values);
        Flow::Continue(())
    }
}

fn query(text: &str, at: StoreMoment) -> SqlQuery {
    SqlQuery { text: text.to_owned(), at, ..SqlQuery::default() }
}

fn asked_at(store: &dyn Store, text: &str, at: StoreMoment) -> Result<Taken, SqlError> {
    let mut taken = Taken::default();
    sql(store, &query(text, at), &Ticket::new("asking"), &mut taken)?;
    Ok(taken)
}

#[track_caller]
fn asked(store: &dyn Store, text: &str) -> Vec<Vec<Value>> {
    asked_at(store, text, StoreMoment::Latest).unwrap_or_else(|error| panic!("{text}: {error}")).rows
}

#[track_caller]
fn refused(store: &dyn Store, text: &str) -> String {
    asked_at(store, text, StoreMoment::Latest).map(|taken| taken.rows).expect_err(text).to_string()
}

/// As SQLite has it: no booleans, and what is nested as text.
fn cell(value: &Value) -> Value {
    match value {
        Value::Bool(is) => json!(u8::from(*is)),
        nested @ (Value::Array(_) | Value::Object(_)) => nested.to_string().into(),
        plain => plain.clone(),
    }
}

fn same_for(store: &dyn Store) -> Result<(), TestCaseError> {
    let events = read(store, &Query::store());
    let mut moments = vec![StoreMoment::Latest, StoreMoment::Time(second(7)), StoreMoment::Time(second(-1))];
    if store.capabilities().has_feed {
        let last = events.iter().filter_map(|event| event.position).max().unwrap_or_default();
        moments.extend([0, last.0 / 2, last.0].map(|position| StoreMoment::Position(Position(position))));
    }
    for at in moments {
        let ask = |text: &str| {
            asked_at(store, text, at).map_err(|error| TestCaseError::fail(format!("{text} at {at:?}: {error}")))
        };
        let expected = naively(store, &events, None, at);
        let mut told = BTreeMap::new();
        for row in ask("SELECT stream, version, recorded_at, state FROM states")?.rows {
            let state: Value = serde_json::from_str(row[3].as_str().unwrap_or_default()).expect("a state is JSON");
            told.insert(row[0].clone().to_string(), (row[1].clone(), row[2].clone(), state));
        }
        let wanted: BTreeMap<_, _> = expected
            .iter()
            .map(|(stream, (version, at, state))| {
                (json!(stream).to_string(), (json!(version), json!(at), state.clone()))
            })
            .collect();
        prop_assert_eq!(&told, &wanted, "{} at {:?}", store.framework(), at);

        // Each field in a column of its own, for every stream at once and for one alone.
        for (stream, (version, _, state)) in expected.iter().filter(|(stream, _)| stream.as_str().contains("lead")) {
            for asks_all in [true, false] {
                let rows = if asks_all {
                    let mut all = ask("SELECT * FROM lead_state")?;
                    all.rows.retain(|row| row[0] == json!(stream));
                    all
                } else {
                    ask(&format!("SELECT * FROM lead_state WHERE stream = '{stream}'"))?
                };
                prop_assert_eq!(rows.rows.len(), 1);
                let row: BTreeMap<&str, &Value> = rows.columns.iter().map(String::as_str).zip(&rows.rows[0]).collect();
                prop_assert_eq!(row["version"], &json!(version));
                for (field, value) in state.as_object().expect("a lead has fields") {
                    prop_assert_eq!(row[field.replace('-', "_").as_str()], &cell(value), "{} of {}", field, stream);
                }
            }
        }

        // A stream's events count up to the version that it had then.
        let mut counted: Vec<Value> = Vec::new();
        for event in &events {
            let counts = expected.get(&event.stream).is_some_and(|(version, ..)| event.version <= *version);
            if counts {
                let payload = String::from_utf8_lossy(&event.payload);
                counted.push(json!([event.stream, event.version, event.event_type, payload]));
            }
        }
        let order = if store.capabilities().has_feed { " ORDER BY position" } else { "" };
        let told = ask(&format!("SELECT stream, version, type, payload FROM events{order}"))?.rows;
        let sorted = |rows: Vec<Value>| {
            let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
            if order.is_empty() {
                rows.sort();
            }
            rows
        };
        prop_assert_eq!(sorted(told.into_iter().map(Value::from).collect()), sorted(counted));
        let streams = ask("SELECT s.stream, s.events, s.last_version, s.first_version FROM streams s ORDER BY 1")?.rows;
        let mut wanted = Vec::new();
        for (stream, (version, ..)) in &expected {
            let own = || events.iter().filter(|event| event.stream == *stream && event.version <= *version);
            wanted.push(vec![
                json!(stream),
                json!(own().count()),
                json!(version),
                json!(own().next().map(|e| e.version)),
            ]);
        }
        wanted.sort_by(|a, b| a[0].as_str().cmp(&b[0].as_str()));
        prop_assert_eq!(streams, wanted);
        let joined = ask("SELECT count(*) FROM streams s JOIN events e ON e.stream = s.stream")?.rows;
        let all = ask("SELECT count(*) FROM events")?.rows;
        prop_assert_eq!(joined, all, "what is looked up stream by stream is the same");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn answers_are_the_rows_that_a_fold_gives_at_any_moment(sketches in sketches()) {
        for make in [native, emmett, sql_stream_store, cqrs_es] {
            let (_folder, store) = make(&sketches);
            same_for(&*store)?;
        }
    }
}

fn shop() -> (tempfile::TempDir, impl Store) {
    let (folder, mut store) = own_store();
    let mut add = |stream: &str, id: &str, event_type: &str, payload: Value, metadata: Value| {
        let new = foldline::event::NewEvent {
            metadata: metadata.to_string(),
            recorded_at: Some(second(id.len() as i64)),
            ..event(id, event_type, &payload.to_string())
        };
        store.append(&StreamId::from(stream), Expected::Any, &[new]).expect("recorded");
    };
    let by = |actor: &str| json!({"actor": actor, "reason": "왜냐하면"});
    add("lead-1", "a", "lead-initialized", json!({"lead-id": 1, "name": "김민수", "phone": "010"}), by("kim"));
    add("lead-1", "bb", "contacted", json!({}), by("lee"));
    let order = json!({"total": 1.5, "is-paid": true, "lines": [{"sku": "x"}], "when": "2025-01-02T03:04:05Z",
        "Stream": "mine", "large": 18_446_744_073_709_551_615_u64});
    add("order-1", "ccc", "placed", order, by("kim"));
    (folder, store)
}

#[test]
fn texts_numbers_times_and_what_is_nested_are_what_sql_takes_them_for() {
    let (_folder, store) = shop();
    let one = |text: &str| asked(&store, text).remove(0);
    assert_eq!(
        one("SELECT name, contacts, typeof(contacts) FROM lead_state"),
        [json!("김민수"), json!(1), json!("integer")]
    );
    assert_eq!(
        one(
            "SELECT total * 2, is_paid, json_extract(lines, '$[0].sku'), strftime('%Y-%m', \"when\"), large FROM order_fields"
        ),
        [json!(3.0), json!(1), json!("x"), json!("2025-01"), json!("18446744073709551615")]
    );
    assert_eq!(one("SELECT field_Stream, stream FROM order_fields"), [json!("mine"), json!("order-1")]);
    assert_eq!(
        one("SELECT actor, reason, payload ->> '$.phone', strftime('%s', recorded_at) FROM events WHERE position = 1"),
        [json!("kim"), json!("왜냐하면"), json!("010"), json!("1735689601")]
    );
    assert_eq!(
        asked(&store, "SELECT category, count(*) FROM events GROUP BY 1 ORDER BY 1"),
        [[json!("lead"), json!(2)], [json!("order"), json!(1)]]
    );
    let counts = asked(&store, "SELECT l.name, count(*) FROM lead_state l JOIN events e USING (stream) GROUP BY 1");
    assert_eq!(counts, [[json!("김민수"), json!(2)]]);
    let tables = sql_tables(&store, StoreMoment::Latest, Budget::default(), &Ticket::new("asking")).expect("listed");
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(
        names,
        ["events", "streams", "states", "lead_state", "lead_search", "lead_analysis", "lead_fields", "order_fields"]
    );
    let columns = tables.iter().find(|table| table.name == "order_fields").map(|table| table.columns.join(" "));
    let expected = "stream version recorded_at failed state total is_paid lines when field_Stream large";
    assert_eq!(columns.as_deref(), Some(expected));
    let twice = asked_at(&store, "SELECT stream, stream FROM streams", StoreMoment::Latest).expect("asked").columns;
    assert_eq!(twice, ["stream", "stream_2"], "no row loses a value by its name");
}

#[test]
fn nothing_can_be_written_reached_or_run_beside_the_question() {
    let (folder, store) = shop();
    let file = folder.path().join("made.db");
    let attach = format!("ATTACH '{}' AS other", file.display());
    let vacuum = format!("VACUUM INTO '{}'", file.display());
    for text in [
        "INSERT INTO events (stream) VALUES ('x')",
        "DELETE FROM streams",
        "UPDATE lead_state SET name = 'x'",
        "CREATE TABLE t (a)",
        "CREATE TEMP TABLE t (a)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIRTUAL TABLE t USING fts5(a)",
        "DROP TABLE events",
        attach.as_str(),
        vacuum.as_str(),
        "PRAGMA writable_schema = 1",
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA journal_mode",
        "BEGIN",
        "SAVEPOINT s",
        "SELECT load_extension('x')",
        "ANALYZE",
        "REINDEX",
    ] {
        let said = refused(&store, text);
        assert!(said.contains("only reads here") || said.contains("asks for no rows"), "{text}: {said}");
    }
    assert!(!file.exists());
    assert_eq!(refused(&store, "SELECT 1; SELECT 2"), "there is more than one statement; ask them one by one");
    assert_eq!(refused(&store, " -- nothing"), "this asks for no rows; write a SELECT");
    assert_eq!(asked(&store, "SELECT 1;"), [[json!(1)]]);
    assert!(refused(&store, "SELECT length(zeroblob(1000000000))").contains("too big"));
}

#[test]
fn a_wrong_word_is_said_with_those_that_look_like_it() {
    let (_folder, store) = shop();
    for (text, said) in [
        ("SELECT * FROM lead_stat", "no such table: lead_stat; did you mean lead_state?"),
        ("SELECT * FROM elsewhere", "there are events, streams, states, lead_state"),
        ("SELECT statsu FROM lead_state", "no such column: statsu; did you mean status"),
        ("SELECT l.nam FROM lead_state l", "no such column: l.nam; did you mean name?"),
        ("SELECT 1 FROM lead_state WHERE status = \"CLOSED\"", "single quotation marks: 'CLOSED'"),
        ("SELECT FROM events", "near \"FROM\": syntax error"),
    ] {
        let told = refused(&store, text);
        assert!(told.contains(said), "{text}: {told}");
    }
    match asked_at(&store, "SELECT 1, statsu FROM lead_state", StoreMoment::Latest).map(|_| ()) {
        Err(SqlError::Query { at: Some(range), .. }) => assert_eq!(range, 10..16),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_never_ends_is_given_up_and_what_nobody_waits_for_stops() {
    let (_folder, store) = shop();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let limited = SqlQuery { within: Some(Duration::from_millis(100)), ..query(endless, StoreMoment::Latest) };
    let told = sql(&store, &limited, &Ticket::new("asking"), &mut Taken::default());
    assert!(matches!(told, Err(SqlError::TooLong(_))), "{told:?}");
    let ticket = Ticket::new("asking");
    let began = Instant::now();
    let told = std::thread::scope(|scope| {
        let cancel = || {
            while began.elapsed() < Duration::from_millis(50) {
                std::thread::yield_now();
            }
            ticket.cancel();
        };
        std::thread::Builder::new().name("cancel".to_owned()).spawn_scoped(scope, cancel).expect("a thread");
        sql(&store, &query(endless, StoreMoment::Latest), &ticket, &mut Taken::default())
    });
    assert!(matches!(told, Err(SqlError::Engine(EngineError::Store(StoreError::Cancelled)))), "{told:?}");
}

#[test]
fn a_limit_says_that_there_is_more() {
    let (_folder, store) = shop();
    let ask = |limit: u64| {
        let wish = SqlQuery { limit: Some(limit), ..query("SELECT * FROM events", StoreMoment::Latest) };
        let mut taken = Taken::default();
        let answer = sql(&store, &wish, &Ticket::new("asking"), &mut taken).expect("asked");
        assert_eq!(answer.rows as usize, taken.rows.len());
        (answer.rows, answer.is_cut, answer.read_to.position())
    };
    assert_eq!(
        [2, 3, 4].map(ask),
        [(2, true, Some(Position(3))), (3, false, Some(Position(3))), (3, false, Some(Position(3)))]
    );
}

/// So many events are in it, of ten types and a thousand streams.
const MANY: u64 = 40_000;

#[test]
fn only_what_a_query_asks_for_is_read() {
    let mut store = MemoryStore::default();
    for stream in 0..1_000 {
        let events: Vec<_> = (0..MANY / 1_000)
            .map(|at| event(&format!("{stream}-{at}"), &format!("t{}", at % 10), r#"{"a": 1}"#))
            .collect();
        store
            .append(&StreamId::from(format!("order-{stream}").as_str()), Expected::NoStream, &events)
            .expect("recorded");
    }
    let handed = |text: &str| {
        let before = store.handed_out();
        let rows = asked(&store, text);
        (rows, store.handed_out() - before)
    };
    // Some batches are read ahead.
    let few = 5_000;
    let (rows, read) = handed("SELECT stream, payload FROM events LIMIT 3");
    assert!(rows.len() == 3 && read < few, "{read}");
    let (rows, read) = handed("SELECT version FROM events WHERE stream = 'order-7' ORDER BY version DESC LIMIT 2");
    assert!(rows == [[json!(39)], [json!(38)]] && read < few, "{read}");
    let (rows, read) = handed("SELECT count(*) FROM events WHERE type = 't3'");
    assert!(rows == [[json!(4_000)]] && read <= few, "{read}");
    let (rows, read) = handed("SELECT stream FROM events ORDER BY position DESC LIMIT 1");
    assert!(rows == [[json!("order-999")]] && read < few, "{read}");
    let (rows, read) = handed("SELECT count(*) FROM events WHERE position BETWEEN 101 AND 150");
    assert!(rows == [[json!(50)]] && read < few, "{read}");
    let (rows, read) = handed("SELECT a FROM order_fields WHERE stream = 'order-3'");
    assert!(rows == [[json!(1)]], "{rows:?}");
    assert!(read > few, "its columns are known only when all are read: {read}");
    let (rows, read) = handed("SELECT count(*), min(version) FROM events");
    assert_eq!(
        (rows, read > MANY + few),
        (vec![vec![json!(MANY), json!(0)]], false),
        "each event once, and the last to know the end"
    );
}

/// The store is appended to as soon as the query runs.
struct Growing<'s>(&'s mut dyn Writer, Vec<Vec<Value>>);
impl SqlRows for Growing<'_> {
    fn begin(&mut self, _: &[String]) {
        let more = [event("b", "contacted", "{}"), event("c", "contacted", "{}")];
        self.0.append(&StreamId::from("lead-1"), Expected::Any, &more).expect("recorded");
    }
    fn row(&mut self, values: Vec<Value>) -> Flow {
        self.1.push(values);
        Flow::Continue(())
    }
}

#[test]
fn an_answer_is_of_one_position_whatever_is_recorded_meanwhile() {
    let (_folder, mut store) = own_store();
    store.append(&StreamId::from("lead-1"), Expected::Any, &[event("a", "lead-initialized", "{}")]).expect("recorded");
    let reader = store.again().expect("opened");
    let text =
        "SELECT (SELECT count(*) FROM events), (SELECT contacts FROM lead_state), (SELECT sum(events) FROM streams)";
    let mut growing = Growing(&mut store, Vec::new());
    let answer: SqlAnswer =
        sql(&*reader, &query(text, StoreMoment::Latest), &Ticket::new("asking"), &mut growing).expect("asked");
    assert_eq!(growing.1, [[json!(1), json!(0), json!(1)]]);
    assert_eq!(answer.read_to.position(), Some(Position(1)));
    assert_eq!(asked(&*reader, text), [[json!(3), json!(2), json!(3)]]);
}
