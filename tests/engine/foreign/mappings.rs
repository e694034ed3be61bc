//! Tables that nobody declared, read by what their user says of them.

use std::path::Path;

use foldline::event::RecordedEvent;
use foldline::store::frameworks::{Mapping, look_into, preview};
use foldline::store::{self, OpenOptions, Query, StoreError};
use proptest::prelude::*;
use rusqlite::{Connection, params};

use super::tables::file_of;
use crate::workshop::{cases, fingerprint, read, stream};

fn mapped(path: &Path, mapping: &str) -> Vec<RecordedEvent> {
    let mapping = Mapping::parse(mapping).expect("a mapping");
    let options = OpenOptions { mapping: Some(mapping), ..OpenOptions::default() };
    let reader = store::open_with(&path.to_owned().into(), &options).expect("opens");
    let events = read(&*reader, &Query::store());
    for event in &events {
        let own = read(&*reader, &Query::stream(event.stream.clone()));
        assert!(own.contains(event), "{event:?} is not in its stream");
        assert_eq!(reader.event_by_id(&event.id).expect("readable").as_ref(), Some(event));
    }
    events
}

fn lines(events: &[RecordedEvent]) -> Vec<String> {
    let line = |event: &RecordedEvent| {
        let at = event.recorded_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let payload = String::from_utf8_lossy(&event.payload).into_owned();
        format!("{} {} {} {at} {payload}", event.stream, event.version, event.event_type)
    };
    events.iter().map(line).collect()
}

#[test]
fn odd_names_and_types_of_columns_are_read_as_they_are_meant() {
    let (folder, path) = file_of(
        r#"CREATE TABLE "order ""of"" things" ("select" INTEGER, "판 번호" TEXT, "group by" TEXT, "내용" BLOB, "때" REAL, "by; --" TEXT);
        INSERT INTO "order ""of"" things" VALUES
          (7, '10', 'a', CAST('{"x":1}' AS BLOB), 1735693201.5, 'kim'),
          (7, '20', 'b', CAST('{"x":2}' AS BLOB), 1735693202.0, NULL),
          (7, '100', 'c', CAST('{"x":3}' AS BLOB), NULL, NULL),
          (8, '10', 'a', NULL, 1735693203.0, NULL);"#,
    );
    let before = fingerprint(folder.path());
    let events = mapped(
        &path,
        r#"{"table":"order \"of\" things","stream":"select","version":"판 번호","version_base":10,"version_step":10,"type":"group by","payload":"내용","time":"때","metadata":["by; --"]}"#,
    );
    assert_eq!(
        lines(&events),
        [
            "7 10 a 2025-01-01T01:00:01.500Z {\"x\":1}",
            "7 20 b 2025-01-01T01:00:02.000Z {\"x\":2}",
            "7 100 c - {\"x\":3}",
            "8 10 a 2025-01-01T01:00:03.000Z null",
        ]
    );
    assert_eq!(fingerprint(folder.path()), before);
}

#[test]
fn events_without_a_version_are_numbered_in_their_order() {
    let (_folder, path) = file_of(
        "CREATE TABLE log (who TEXT, at INTEGER, what TEXT);
         INSERT INTO log VALUES ('a', 1735693203000, 'third'), ('a', 1735693201000, 'first'), ('b', 1735693202000, 'second');
         CREATE VIEW seen AS SELECT * FROM log;",
    );
    for table in ["log", "seen"] {
        let mapping =
            format!(r#"{{"table":"{table}","stream":["who"],"type":"what","time":"at","time_unit":"millis"}}"#);
        let mut seen = lines(&mapped(&path, &mapping));
        seen.sort();
        assert_eq!(
            seen,
            [
                "a 1 first 2025-01-01T01:00:01.000Z null",
                "a 2 third 2025-01-01T01:00:03.000Z null",
                "b 1 second 2025-01-01T01:00:02.000Z null",
            ]
        );
    }
}

#[test]
fn a_name_that_is_not_there_is_answered_with_those_that_are() {
    let (_folder, path) = file_of("CREATE TABLE log (who TEXT, what TEXT)");
    for (mapping, message) in [
        (r#"{"table":"logs","stream":"who"}"#, "there is no table logs; the store has log"),
        (
            r#"{"table":"log","stream":"whom"}"#,
            "there is no column whom in log, which the mapping names as its stream; it has who, what",
        ),
        (r#"{"table":"log"}"#, "which column says whose event each row of log is? Name it as \"stream\""),
    ] {
        let mapping = Mapping::parse(mapping).expect("a mapping");
        let error = preview(&path.clone().into(), &mapping, 10).expect_err("refused");
        assert!(matches!(error, StoreError::Mapping { .. }));
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.to_string().contains("app.db"), "{error}");
    }
}

#[test]
fn a_guess_finds_the_columns_by_keys_names_and_values() {
    let (_folder, path) = file_of(
        r#"CREATE TABLE songs (name TEXT, year INTEGER);
        CREATE TABLE "기록" ("대상" TEXT, "번호" INTEGER, kind TEXT, "내용" TEXT, "때" TEXT, UNIQUE ("대상", "번호"));
        INSERT INTO "기록" VALUES ('리드-1', 1, 'captured', '{"a":1}', '2025-01-01 01:00:01');"#,
    );
    let unmapped = look_into(&path.clone().into()).expect("readable");
    let [guess] = unmapped.guesses.as_slice() else { panic!("{:?}", unmapped.guesses) };
    let Mapping { table, stream, version, event_type, payload, time, .. } = &guess.mapping;
    assert_eq!((table.as_str(), stream.as_slice()), ("기록", &["대상".to_owned()][..]));
    assert_eq!(
        [version, event_type, payload, time].map(|column| column.as_deref().unwrap_or("-")),
        ["번호", "kind", "내용", "때"]
    );
    let events = preview(&path.into(), &guess.mapping, 10).expect("readable");
    assert_eq!(lines(&events), ["리드-1 1 captured 2025-01-01T01:00:01.000Z {\"a\":1}"]);
}

/// Events of one stream often stand together: there, the numbers of all rows grow by one as well.
#[test]
fn a_column_that_begins_anew_in_each_stream_is_its_version_before_one_that_numbers_all_rows() {
    let (_folder, path) = file_of(
        "CREATE TABLE journal (nr INTEGER PRIMARY KEY, entity TEXT, seq INT, what TEXT, body TEXT, at TEXT);
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19)
        INSERT INTO journal SELECT i + 1, 'acc-' || (i / 4), i % 4, iif(i % 3, 'Paid', 'Opened'), '{}',
        printf('2025-01-%02dT10:00:00Z', i + 1) FROM n;",
    );
    let unmapped = look_into(&path.into()).expect("readable");
    let [guess] = unmapped.guesses.as_slice() else { panic!("{:?}", unmapped.guesses) };
    let Mapping { stream, version, version_base, version_step, .. } = &guess.mapping;
    assert_eq!((stream.as_slice(), version.as_deref()), (&["entity".to_owned()][..], Some("seq")));
    assert_eq!((*version_base, *version_step), (0, 1));
}

#[test]
fn one_of_two_tables_of_a_framework_is_chosen_by_its_name() {
    let ledger = super::tables::CQRS_ES.replace("ledger", "\"second ledger\"");
    let (_folder, path) =
        file_of(&format!("{}{}", super::tables::CQRS_ES, ledger.split("CREATE TABLE kept").next().unwrap_or_default()));
    let error = store::open(&path.clone().into()).err().expect("there are two");
    assert!(error.to_string().contains("ledger, second ledger"), "{error}");
    assert_eq!(mapped(&path, r#"{"table":"ledger"}"#).len(), 3);
    assert_eq!(mapped(&path, r#"{"table":"second ledger"}"#).len(), 0);
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn whatever_a_table_holds_reads_as_it_was_written(
        rows in prop::collection::vec((any::<bool>(), "\\PC{0,12}", "[^\\x00]{0,8}", "\\PC{1,8}", -1_000_000_000_000_000_i64..1_000_000_000_000_000), 1..20),
        names in prop::array::uniform5("\\PC{1,10}"),
    ) {
        let names: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("{name}{at}")).collect();
        let quoted: Vec<String> = names.iter().map(|name| store::frameworks::quote(name)).collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("odd.db");
        let connection = Connection::open(&path).expect("a database");
        connection.execute_batch(&format!("CREATE TABLE t ({})", quoted.join(", "))).expect("made");
        for (at, (is_number, stream, payload, event_type, micros)) in rows.iter().enumerate() {
            let version = at as i64;
            let insert = "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)";
            let done = if *is_number {
                connection.execute(insert, params![version, version, payload, event_type, micros])
            } else {
                connection.execute(insert, params![stream, version, payload, event_type, micros])
            };
            done.expect("inserted");
        }
        drop(connection);
        let mapping = Mapping {
            table: "t".to_owned(),
            stream: vec![names[0].clone()],
            version: Some(names[1].clone()),
            payload: Some(names[2].clone()),
            event_type: Some(names[3].clone()),
            time: Some(names[4].clone()),
            time_unit: store::frameworks::TimeUnit::Micros,
            ..Mapping::parse(r#"{"table":"t"}"#).expect("a mapping")
        };
        let events = mapped(&path, &mapping.to_json());
        prop_assert_eq!(events.len(), rows.len());
        for (at, (event, (is_number, name, payload, event_type, micros))) in events.iter().zip(&rows).enumerate() {
            let name = if *is_number { at.to_string() } else { name.clone() };
            prop_assert_eq!(&event.stream, &stream(&name));
            prop_assert_eq!(event.version.0, at as u64);
            prop_assert_eq!(event.event_type.as_str(), event_type.as_str());
            prop_assert_eq!(&event.payload, payload.as_bytes());
            prop_assert_eq!(event.recorded_at.map(|at| at.micros()), Some(*micros));
        }
    }
}
