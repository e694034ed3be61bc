//! One odd row among sound ones refuses none of them: SQLite keeps in a column what was put there, whatever it is.

use std::ops::ControlFlow::Continue;

use foldline::event::StreamId;
use foldline::store::{self, OpenOptions, Query, Store, StreamQuery};
use rusqlite::Connection;

use super::tables::{self, file_of};

/// The columns of an event's row, the table's own column that stands for its stream, and those of its version and type.
struct Kind {
    tables: &'static str,
    events: &'static str,
    columns: &'static str,
    stream: &'static str,
    version: &'static str,
    event_type: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        tables: tables::EVENTSOURCING,
        events: "stored_events",
        columns: "originator_id, originator_version, topic, state",
        stream: "originator_id",
        version: "originator_version",
        event_type: "topic",
    },
    Kind {
        tables: tables::EMMETT,
        events: "emt_messages",
        columns: "stream_id, stream_position, partition, message_kind, message_data, message_metadata, message_schema_version, \
                  message_type, message_id, is_archived",
        stream: "stream_id",
        version: "stream_position",
        event_type: "message_type",
    },
    Kind {
        tables: tables::SPATIE,
        events: "stored_events",
        columns: "aggregate_uuid, aggregate_version, event_class, event_properties, meta_data, created_at",
        stream: "aggregate_uuid",
        version: "aggregate_version",
        event_type: "event_class",
    },
    Kind {
        tables: MAPPED,
        events: "log",
        columns: "whose, n, what, said",
        stream: "whose",
        version: "n",
        event_type: "what",
    },
];

const MAPPED: &str = "CREATE TABLE log (whose TEXT, n INTEGER, what TEXT, said TEXT); \
    INSERT INTO log VALUES ('a', 1, 'Begun', '{}'), ('a', 2, 'Grew', '{}'), ('b', 1, 'Begun', '{}')";

fn opened(path: &std::path::Path, kind: &Kind) -> Box<dyn Store> {
    let mapping = (kind.events == "log").then(|| {
        let text = r#"{"table":"log","stream":"whose","version":"n","type":"what","payload":"said"}"#;
        store::frameworks::Mapping::parse(text).expect("a mapping")
    });
    let options = OpenOptions { mapping, key: None };
    store::open_with(&path.to_owned().into(), &options).unwrap_or_else(|error| panic!("{error}"))
}

fn count(reader: &dyn Store, query: &Query) -> u64 {
    let mut count = 0;
    reader
        .visit_events(query, &mut |_| {
            count += 1;
            Continue(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    count
}

#[test]
fn one_odd_row_refuses_no_other() {
    for kind in &KINDS {
        let (_folder, path) = file_of(kind.tables);
        let before = opened(&path, kind).info().unwrap().events;
        let odd = [
            (kind.version, "'two'"),
            (kind.version, "2.5"),
            (kind.version, "x'ff'"),
            (kind.version, "-7"),
            (kind.version, "9223372036854775807"),
            (kind.version, "NULL"),
            (kind.event_type, "NULL"),
            (kind.event_type, "x'ff00'"),
            (kind.event_type, "7"),
            (kind.stream, "NULL"),
            (kind.stream, "x'ff00ff'"),
            (kind.stream, "1.5"),
            (kind.stream, "''"),
        ];
        let mut added = 0;
        for (number, (column, value)) in odd.iter().enumerate() {
            let connection = Connection::open(&path).unwrap();
            // Whatever else has to be unique in a row is made so.
            let values = kind
                .columns
                .replace("message_id", &format!("'id-{number}'"))
                .replace(
                    kind.stream,
                    &if *column == kind.stream { (*value).to_owned() } else { format!("'odd-{number}'") },
                )
                .replace(kind.version, if *column == kind.version { value } else { "1" })
                .replace(kind.event_type, if *column == kind.event_type { value } else { kind.event_type });
            let sql = format!(
                "INSERT INTO {0} ({1}) SELECT {values} FROM {0} ORDER BY rowid LIMIT 1",
                kind.events, kind.columns
            );
            // A column that has to have a value takes no NULL.
            added += u64::from(connection.execute(&sql, []).is_ok());
        }
        assert!(added >= 10, "{}: {added}", kind.events);
        let reader = opened(&path, kind);
        let info = reader.info().unwrap_or_else(|error| panic!("{}: {error}", kind.events));
        assert_eq!(
            (info.events, count(&*reader, &Query::store())),
            (before + added, before + added),
            "{}",
            kind.events
        );
        let mut streams: Vec<(StreamId, u64)> = Vec::new();
        reader
            .visit_streams(&StreamQuery::default(), &mut |row| {
                streams.push((row.stream, row.events));
                Continue(())
            })
            .unwrap();
        for (name, events) in streams {
            let found = count(&*reader, &Query::stream(name.clone()));
            assert_eq!(found, events, "{}: {name}", kind.events);
            assert!(reader.stream(&name).unwrap().is_some(), "{}: {name}", kind.events);
        }
        reader.verify(&mut |_| (), &mut |_| Continue(())).unwrap_or_else(|error| panic!("{}: {error}", kind.events));
    }
}

/// The versions of a stream, in the order in which they are read.
fn versions(reader: &dyn Store, query: &Query) -> Vec<u64> {
    let mut versions = Vec::new();
    reader
        .visit_events(query, &mut |row| {
            versions.push(row.version.0);
            Continue(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    versions
}

#[test]
fn a_stream_whose_name_is_kept_in_several_ways_is_read_as_one_and_in_its_order() {
    let (_folder, path) = file_of(tables::EVENTSOURCING);
    let connection = Connection::open(&path).unwrap();
    for (version, name) in [(4, "'7'"), (1, "x'37'"), (3, "'7'"), (2, "x'37'")] {
        let sql = format!("INSERT INTO stored_events VALUES ({name}, {version}, 'crm:Lead.Grew', '{{}}')");
        connection.execute(&sql, []).unwrap();
    }
    let reader = opened(&path, &KINDS[0]);
    let seven = Query::stream(StreamId::from("7"));
    assert_eq!(versions(&*reader, &seven), [1, 2, 3, 4]);
    assert_eq!(versions(&*reader, &seven.clone().backward()), [4, 3, 2, 1]);
    assert_eq!(versions(&*reader, &seven.limit(1)), [1]);

    // Held in one way, beside numbers and other texts.
    for (kept, name) in [("x'38'", "8"), ("'9'", "9"), ("10", "10"), ("x'0190b1de5a4f7c8e9a3b000000000009'", "")] {
        let name = if name.is_empty() { "0190b1de-5a4f-7c8e-9a3b-000000000009" } else { name };
        for version in [2, 1] {
            let sql = format!("INSERT INTO stored_events VALUES ({kept}, {version}, 'crm:Lead.Grew', '{{}}')");
            connection.execute(&sql, []).unwrap();
        }
        let reader = opened(&path, &KINDS[0]);
        assert_eq!(versions(&*reader, &Query::stream(StreamId::from(name))), [1, 2], "{kept}");
    }
}

#[test]
fn a_stream_that_is_a_number_is_found_in_a_column_of_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE log (whose INTEGER, n INTEGER, what TEXT, said TEXT, PRIMARY KEY (whose, n));
             INSERT INTO log VALUES (7, 2, 'Grew', '{}'), (7, 1, 'Begun', '{}'), (8, 1, 'Begun', '{}')",
        )
        .unwrap();
    let reader = opened(&path, &KINDS[3]);
    assert_eq!(versions(&*reader, &Query::stream(StreamId::from("7"))), [1, 2]);
}

#[test]
fn events_of_one_version_stand_in_one_order_forward_and_backward() {
    let (_folder, path) = file_of(tables::EMMETT);
    let connection = Connection::open(&path).unwrap();
    let copy = |partition: &str, id: &str| {
        let sql = format!(
            "INSERT INTO emt_messages SELECT stream_id, stream_position, '{partition}', message_kind, message_data, \
             message_metadata, message_schema_version, message_type, '{id}-' || stream_position, is_archived, NULL, created \
             FROM emt_messages WHERE stream_id = 'lead-1' AND partition = 'emt:default'"
        );
        connection.execute(&sql, []).unwrap();
    };
    copy("z", "z");
    copy("a", "a");
    let reader = opened(&path, &KINDS[1]);
    let ids = |query: &Query| {
        let mut ids = Vec::new();
        reader
            .visit_events(query, &mut |row| {
                ids.push(row.id.to_string());
                Continue(())
            })
            .unwrap();
        ids
    };
    let lead = Query::stream(StreamId::from("lead-1"));
    let forward = ids(&lead);
    let backward: Vec<String> = ids(&lead.backward()).into_iter().rev().collect();
    assert_eq!(forward, backward);
    assert_eq!(versions(&*reader, &Query::stream(StreamId::from("lead-1"))), [1, 1, 1, 2, 2, 2]);
    assert_eq!([forward[0].as_str(), forward[2].as_str()], ["a-1", "z-1"]);
}
