//! A projection that was written for another engine, over a server's store and over a file: the same states.

use std::fmt::Write;
use std::process::Command;

use foldline::event::{EventId, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer as _};
use serde_json::{Value, json};

use crate::server::Database;
use crate::tables;

/// A stream, a number in it, a time, a type and what it says.
const CARTS: [(&str, u64, &str, &str, &str); 7] = [
    ("cart-1", 1, "2025-02-01T09:00:00Z", "ItemAdded", r#"{"sku":"tea","price":4,"country":"KR"}"#),
    ("cart-2", 1, "2025-02-01T09:00:01Z", "ItemAdded", r#"{"sku":"cup","price":9,"country":"DE"}"#),
    ("cart-1", 2, "2025-02-01T09:00:02Z", "ItemAdded", r#"{"sku":"pot","price":21.5,"country":"KR"}"#),
    ("cart-1", 3, "2025-02-01T09:00:03Z", "ItemRemoved", r#"{"sku":"tea","price":4}"#),
    ("cart-2", 2, "2025-02-01T09:00:04Z", "CheckedOut", r#"{"by":"카드"}"#),
    ("cart-3", 1, "2025-02-01T09:00:05Z", "ItemAdded", r#"{"sku":"tea","price":4,"country":"KR"}"#),
    ("cart-1", 4, "2025-02-01T09:00:06Z", "CheckedOut", r#"{"by":"card"}"#),
];

/// As somebody's are who has them at work elsewhere.
const PROJECTIONS: [&str; 3] = [
    "fromCategory('cart').foreachStream().when({
        $init: function () { return { items: 0, total: 0, isOut: false }; },
        ItemAdded: function (state, event) { state.items += 1; state.total += event.body.price; },
        ItemRemoved: function (state, event) { state.items -= 1; state.total -= event.body.price; },
        CheckedOut: function (state, event) {
            state.isOut = true; state.by = event.body.by; state.at = event.created;
            emit('cart-checkouts', 'CartLeft', { cart: event.streamId, total: state.total });
        }
    }).transformBy(function (state) { state.total = state.total.toFixed(2); return state; }).outputState()",
    "options({ resultStreamName: 'sold', $includeLinks: false, reorderEvents: false, processingLag: 0 })
    fromAll().partitionBy(function (event) { return event.body && event.body.country; }).when({
        $init() { return { added: 0, skus: {} } },
        ItemAdded(state, event) { state.added++; state.skus[event.body.sku] = (state.skus[event.body.sku] || 0) + 1 }
    }).filterBy(state => state.added > 1).outputTo('sold-most')",
    "fromStreams(['cart-1', 'cart-2']).when({
        $init() { return { events: 0 } },
        $any(state, event) { return { events: state.events + 1, last: event.eventType, of: event.streamId } }
    })",
];

fn id(number: usize) -> String {
    format!("0190b1de-5a4f-7c8e-9a3b-0000000001{number:02}")
}

fn told(store: &str, projection: &str, what: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foldline"));
    command.args(["project", store, "--projection", projection, "--format", "json"]).args(what);
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn a_projection_gives_the_same_states_over_an_emmett_store_and_over_a_file_of_cloud_events() {
    let database = Database::with(tables::EMMETT);
    let (mut lines, mut sql) = (String::new(), String::new());
    for stream in ["cart-1", "cart-2", "cart-3"] {
        let last = CARTS.iter().filter(|(of, ..)| *of == stream).count();
        writeln!(
            sql,
            "INSERT INTO emt_streams (stream_id, stream_position, stream_type, stream_metadata) VALUES ('{stream}', {last}, 'cart', '{{}}');"
        )
        .unwrap();
    }
    for (number, (stream, version, at, event_type, data)) in CARTS.iter().enumerate() {
        let id = id(number);
        writeln!(
            sql,
            "INSERT INTO emt_messages (stream_id, stream_position, transaction_id, created, message_schema_version, message_id, message_type, message_data, message_metadata)
             VALUES ('{stream}', {version}, pg_current_xact_id(), '{at}', '1', '{id}', '{event_type}', '{data}', '{{}}');"
        )
        .unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        let event = json!({"specversion": "1.0", "id": id, "source": "/shop", "subject": stream, "sequence": version.to_string(),
                           "type": event_type, "time": at, "data": data});
        writeln!(lines, "{event}").unwrap();
    }
    database.run(&sql);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("carts.jsonl"), lines).unwrap();
    for (number, source) in PROJECTIONS.into_iter().enumerate() {
        let projection = path(&format!("{number}.js"));
        std::fs::write(&projection, source).unwrap();
        let of_server = told(&database.address(), &projection, &[]);
        assert_eq!(of_server, told(&path("carts.jsonl"), &projection, &[]), "{source}");
        assert!(of_server.as_array().is_some_and(|rows| !rows.is_empty()), "{source}");
        let emitted = |store: &str| -> Vec<Value> {
            let rows = told(store, &projection, &["--emitted"]);
            rows.as_array().unwrap().iter().map(|row| row["data"].clone()).collect()
        };
        assert_eq!(emitted(&database.address()), emitted(&path("carts.jsonl")), "{source}");
    }
    let first = told(&database.address(), &path("0.js"), &[]);
    assert_eq!(
        first[0]["state"],
        json!({"items": 1, "total": 21.5, "isOut": true, "by": "card", "at": "2025-02-01T09:00:06.000Z"})
    );
    assert_eq!(first[0]["result"]["total"], "21.50");
    let second = told(&database.address(), &path("1.js"), &[]);
    let results: Vec<_> =
        second.as_array().unwrap().iter().map(|row| (&row["partition"], &row["result"]["added"])).collect();
    assert_eq!(results, [(&json!("KR"), &json!(3)), (&json!("DE"), &Value::Null)]);
    assert_eq!(
        told(&database.address(), &path("2.js"), &[])[0]["state"],
        json!({"events": 6, "last": "CheckedOut", "of": "cart-1"})
    );
}

/// Under such fields the parser of JSON keeps things of its own. The state goes from the table through the handler and back.
#[test]
fn a_table_of_states_with_the_parsers_own_fields_goes_on_and_does_not_drift() {
    for key in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
        let database = Database::with("");
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (source, table) = (path("own.js"), format!("{}#orders", database.address()));
        let projection = "fromCategory('order').foreachStream().when({
            placed(s, e) { return { n: 0, kept: e.data.odd, list: [e.data.odd] } },
            looked(s) { s.n++; s.kind = typeof s.kept + ' ' + typeof s.list[0] },
        })";
        std::fs::write(&source, projection).unwrap();
        let mut store = NativeStore::create(folder.path().join("a.db").as_path()).unwrap();
        let mut append = |id: &str, event_type: &str, payload: &str| {
            let new = NewEvent {
                id: EventId::new(id),
                event_type: event_type.into(),
                schema: 1,
                recorded_at: Timestamp::parse_rfc3339("2025-01-01T02:00:00Z"),
                payload: payload.to_owned(),
                metadata: String::new(),
            };
            store.append(&StreamId::from("order-1"), Expected::Any, &[new]).unwrap();
        };
        let run = |command: &str, place: &str| {
            let mut command_line = Command::new(env!("CARGO_BIN_EXE_foldline"));
            command_line.args([command, &path("a.db"), "--projection", &source, "--category", "order", place, &table]);
            let ran = command_line.output().unwrap();
            assert!(ran.status.success(), "{command}: {ran:?}");
        };
        append("a", "placed", &format!(r#"{{"odd":{{"{key}":"12"}}}}"#));
        run("materialise", "--into");
        for id in ["b", "c"] {
            append(id, "looked", "{}");
            run("materialise", "--into");
            run("drift", "--against");
        }
        let sql = "SELECT n::text, kept::text, list::text, kind FROM orders";
        let row = database.client().query_one(sql, &[]).unwrap();
        let texts: Vec<String> = (0..row.len()).map(|at| row.get(at)).collect();
        let odd = format!(r#"{{"{key}": "12"}}"#);
        assert_eq!(texts, ["2", &odd, &format!("[{odd}]"), "object object"]);
    }
}
