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
