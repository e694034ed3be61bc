//! Corrections that go into other frameworks' tables, by those frameworks' own rules.

use std::path::Path;

use foldline::event::{EventId, EventType, NewEvent, StreamId, Version};
use foldline::store::{self, AppendError, Closed, Expected, Query, StoreError, Writer};
use rusqlite::Connection;

use super::tables::{self, file_of};
use crate::mirror::mirrored;
use crate::workshop::{fingerprint, read, second, verified};

const LEADS: [(&str, &str, &str); 3] = [
    (tables::EVENTSOURCING, "0190b1de5a4f7c8e9a3b000000000001", "crm:Lead.Renamed"),
    (tables::EMMETT, "lead-1", "Renamed"),
    (tables::CQRS_ES, "lead:1", "Renamed"),
];

fn renamed(event_type: &str, name: &str) -> NewEvent {
    NewEvent {
        id: EventId::from_content(&[name.as_bytes()]),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Some(second(90_000)),
        payload: format!("{{\"name\":\"{name}\"}}"),
        metadata: r#"{"actor":"kim","reason":"typo"}"#.to_owned(),
    }
}

fn writer(path: &Path) -> Box<dyn Writer> {
    store::open_for_writing(&path.to_owned().into()).expect("opens for writing")
}

#[test]
fn an_append_stands_behind_the_last_event_once_and_loses_to_one_that_came_first() {
    for (statements, stream, event_type) in LEADS {
        let (folder, path) = file_of(statements);
        let stream = StreamId::from(stream);
        let mut store = writer(&path);
        let event = renamed(event_type, "a");
        let done = store.append(&stream, Expected::Exact(Version(2)), std::slice::from_ref(&event)).expect("appended");
        assert_eq!((done.first, done.last, done.already_there), (Version(3), Version(3), false), "{stream}");
        let again = store.append(&stream, Expected::Exact(Version(2)), std::slice::from_ref(&event)).expect("there");
        assert_eq!((again.last, again.already_there), (Version(3), true), "{stream}");
        match store.append(&stream, Expected::Exact(Version(2)), &[renamed(event_type, "b")]) {
            Err(AppendError::Conflict(conflict)) => {
                assert_eq!((conflict.actual, conflict.since.len()), (Some(Version(3)), 1), "{stream}");
            }
            other => panic!("{stream}: {other:?}"),
        }
        let pair = [renamed(event_type, "c"), renamed(event_type, "d")];
        assert_eq!(store.append(&stream, Expected::Any, &pair).expect("appended").last, Version(5), "{stream}");
        drop(store);
        assert_eq!(fingerprint(folder.path()).len(), 1, "{stream}: a side file was left behind");
        let reader = store::open(&path.clone().into()).expect("opens");
        let events = read(&*reader, &Query::stream(stream.clone()));
        let names: Vec<_> =
            events[2..].iter().map(|event| String::from_utf8_lossy(&event.payload).into_owned()).collect();
        for (name, letter) in names.iter().zip(["a", "c", "d"]) {
            assert!(name.contains(&format!("\"name\":\"{letter}\"")), "{stream}: {names:?}");
        }
        let around: Vec<_> = events[2..].iter().map(|event| event.metadata()).collect();
        for metadata in around {
            let said = (metadata.actor.as_deref(), metadata.reason.as_deref());
            assert_eq!(said, (Some("kim"), Some("typo")), "{stream}: who and why are not to be read");
        }
        assert_eq!(verified(&*reader), [], "{stream}");
    }
}

#[test]
fn a_version_that_the_database_has_no_number_for_is_refused_and_nothing_is_written() {
    let largest = i64::MAX;
    let at_the_end = [
        format!("UPDATE stored_events SET originator_version = {largest} WHERE originator_version = 2"),
        format!(
            "UPDATE emt_messages SET stream_position = {largest} WHERE stream_id = 'lead-1' AND stream_position = 2;
             UPDATE emt_streams SET stream_position = {largest} WHERE stream_id = 'lead-1'"
        ),
        format!("UPDATE ledger SET sequence = {largest} WHERE aggregate_id = '1' AND sequence = 2"),
    ];
    for ((statements, stream, event_type), at_the_end) in LEADS.into_iter().zip(at_the_end) {
        let (folder, path) = file_of(statements);
        Connection::open(&path).and_then(|tool| tool.execute_batch(&at_the_end)).expect("moved");
        let before = fingerprint(folder.path());
        let stream = StreamId::from(stream);
        let mut store = writer(&path);
        let end = store.stream(&stream).expect("read").expect("there").last_version;
        assert_eq!(end, Version(largest as u64), "{stream}");
        for expected in [Expected::Any, Expected::Exact(end)] {
            let refusal = store.append(&stream, expected, &[renamed(event_type, "a")]);
            assert!(matches!(refusal, Err(AppendError::VersionTooLarge { .. })), "{stream}: {refusal:?}");
        }
        drop(store);
        assert_eq!(fingerprint(folder.path()), before, "{stream}");
    }
}

#[test]
fn a_new_event_has_the_shape_of_its_neighbours() {
    let stored = |statements: &str, stream: &str, event_type: &str, columns: &str| -> Vec<String> {
        let (_folder, path) = file_of(statements);
        writer(&path).append(&StreamId::from(stream), Expected::Any, &[renamed(event_type, "a")]).expect("appended");
        let connection = Connection::open(&path).expect("opens");
        let row = |row: &rusqlite::Row<'_>| {
            (0..columns.split(", ").count()).map(|at| row.get::<_, String>(at)).collect::<Result<Vec<_>, _>>()
        };
        let table = match event_type {
            "crm:Lead.Renamed" => "stored_events",
            _ if stream == "lead-1" => "emt_messages",
            _ => "ledger",
        };
        let sql = format!("SELECT {columns} FROM {table} ORDER BY rowid DESC LIMIT 1");
        connection.query_row(&sql, [], row).expect("a row")
    };
    let [(eventsourcing, lead, topic), (emmett, emmett_lead, _), (cqrs_es, cqrs_lead, _)] = LEADS;
    let row = stored(eventsourcing, lead, topic, "typeof(state), topic, CAST(state AS TEXT)");
    assert_eq!((row[0].as_str(), row[1].as_str()), ("blob", topic));
    assert!(row[2].contains(r#""timestamp":{"_type_":"datetime_iso","_data_":""#), "{row:?}");
    let columns = "partition, message_kind, message_data, message_schema_version, CAST(stream_position AS TEXT), CAST(is_archived AS TEXT)";
    let row = stored(emmett, emmett_lead, "Renamed", columns);
    assert_eq!(row, ["emt:default", "E", r#"{"name":"a"}"#, "2", "3", "0"]);
    let row = stored(cqrs_es, cqrs_lead, "Renamed", "payload, metadata, event_version");
    assert_eq!(row, [r#"{"Renamed":{"name":"a"}}"#, r#"{"actor":"kim","reason":"typo"}"#, "2.0"]);
}

#[test]
fn a_new_stream_of_emmett_gets_its_own_row() {
    let (_folder, path) = file_of(tables::EMMETT);
    let stream = StreamId::from("ticket-9");
    let done = writer(&path).append(&stream, Expected::NoStream, &[renamed("Opened", "a")]).expect("appended");
    assert_eq!(done.first, Version(1));
    let connection = Connection::open(&path).expect("opens");
    let sql = "SELECT stream_position || stream_type FROM emt_streams WHERE stream_id = 'ticket-9'";
    assert_eq!(connection.query_row(sql, [], |row| row.get::<_, String>(0)).expect("a row"), "1ticket");
}

#[test]
fn an_archived_stream_and_a_stream_of_another_framework_are_left_alone() {
    let (folder, path) = file_of(tables::EMMETT);
    let before = fingerprint(folder.path());
    let refusal = writer(&path).append(&StreamId::from("settings"), Expected::Any, &[renamed("Changed", "a")]);
    assert!(matches!(refusal, Err(AppendError::Archived(_))), "{refusal:?}");
    assert_eq!(fingerprint(folder.path()), before);
    for statements in [tables::SPATIE, tables::RAILS_EVENT_STORE, tables::SQL_STREAM_STORE, tables::OCEL] {
        let (folder, path) = file_of(statements);
        let before = fingerprint(folder.path());
        let error = store::open_for_writing(&path.clone().into()).err().expect("it is only read");
        assert!(matches!(error, StoreError::OnlyReads { .. }), "{error}");
        assert!(error.to_string().contains("app.db"), "{error}");
        assert_eq!(fingerprint(folder.path()), before);
    }
}

#[test]
fn a_stream_that_takes_nothing_is_told_before_anything_is_planned_and_so_is_its_mirror() {
    let lead = "0190b1de5a4f7c8e9a3b000000000001";
    // As a cipher leaves it, but for its length: no text, and packed by nobody.
    let sealed = format!(
        "{} INSERT INTO stored_events VALUES ('{lead}', 3, 'crm:Lead.Contacted', X'78DA00FF9C'), \
         ('0190b1de5a4f7c8e9a3b000000000003', 1, 'crm:Lead.Captured', X'1F8BFF00');",
        tables::EVENTSOURCING
    );
    let (folder, path) = file_of(&sealed);
    let closed = |path: &Path, stream: &str| {
        store::open(&path.to_owned().into()).and_then(|reader| reader.closed(&StreamId::from(stream))).expect("asked")
    };
    let before = fingerprint(folder.path());
    for (stream, expected) in [
        (lead, Some(Closed::Encrypted)),
        ("0190b1de5a4f7c8e9a3b000000000003", Some(Closed::Encrypted)),
        ("0190b1de5a4f7c8e9a3b000000000002", None),
        ("nobody", None),
    ] {
        assert_eq!(closed(&path, stream), expected, "{stream}");
    }
    let refusal = writer(&path).append(&StreamId::from(lead), Expected::Any, &[renamed("crm:Lead.Renamed", "a")]);
    assert!(matches!(refusal, Err(AppendError::Encrypted)), "{refusal:?}");
    assert_eq!(fingerprint(folder.path()), before);
    let (_folder, archived) = file_of(tables::EMMETT);
    assert_eq!((closed(&archived, "settings"), closed(&archived, "lead-1")), (Some(Closed::Archived), None));

    for (origin, stream, expected) in [
        (&path, lead, Some(Closed::Encrypted)),
        (&archived, "settings", Some(Closed::Archived)),
        (&archived, "lead-1", None),
    ] {
        let beside = tempfile::tempdir().expect("a folder");
        let mirror = beside.path().join("mirror.db");
        mirrored(origin, &mirror).expect("mirrored");
        assert_eq!(closed(&mirror, stream), expected, "{stream}");
        let writer = store::open_for_writing(&mirror.into()).expect("opens for writing");
        assert_eq!(writer.closed(&StreamId::from(stream)).expect("asked"), expected, "{stream}");
    }
}

#[test]
fn an_event_is_spelled_as_the_application_spells_its_own() {
    for (statements, stream, known) in [
        (tables::EVENTSOURCING, LEADS[0].1, "crm:Lead.Contacted"),
        (tables::EMMETT, "lead-1", "Contacted"),
        (tables::CQRS_ES, "lead:1", "Contacted"),
    ] {
        let (_folder, path) = file_of(statements);
        writer(&path).append(&StreamId::from(stream), Expected::Any, &[renamed("contacted", "a")]).expect("appended");
        let reader = store::open(&path.into()).expect("opens");
        let events = read(&*reader, &Query::stream(StreamId::from(stream)));
        assert_eq!(events.last().map(|event| event.event_type.as_str()), Some(known), "{stream}");
    }
}
