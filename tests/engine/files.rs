//! Files of events: whatever is exported comes back the same, and no bytes make reading panic.

use std::fs;
use std::path::PathBuf;

use foldline::event::{EventId, EventType, NewEvent, RecordedEvent, StreamId, Timestamp};
use foldline::store::files::{ExportTarget, FileFormat, ImportError, ImportOptions, export, import, read_events};
use foldline::store::native::NativeStore;
use foldline::store::{Flow, Query, Source, Store};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::workshop::{cases, own_store};

fn quiet(_: u64) -> Flow {
    Flow::Continue(())
}

fn events(store: &NativeStore) -> Vec<RecordedEvent> {
    let mut all = Vec::new();
    store
        .visit_events(&Query::store(), &mut |row| {
            all.push(row.to_recorded());
            Flow::Continue(())
        })
        .expect("read");
    all
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        "\\PC{0,12}",
        "(?s).{0,8}",
        Just("payload".to_owned()),
        Just("김철수 \"\n,\u{feff}".to_owned())
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((any_key(), inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// Plain names, odd ones, and those that the files themselves use around a payload.
fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        any_text(),
        prop_oneof![
            Just("id"),
            Just("event-type"),
            Just("timestamp"),
            Just("lead-id"),
            Just("specversion"),
            Just("Stream")
        ]
        .prop_map(str::to_owned),
    ]
}

/// JSON as others write it: spaces, line breaks, long numbers, a key twice.
fn any_payload() -> impl Strategy<Value = String> {
    prop_oneof![
        any_value().prop_map(|value| value.to_string()),
        any_value().prop_map(|value| format!(" {value:#}\n")),
        Just("{\"n\":1.50,\"n\":12345678901234567890.10}".to_owned()),
        Just("{\"a\" : 1e400 ,\t\"b\":\"\\u00e9\"}".to_owned()),
    ]
}

fn any_metadata() -> impl Strategy<Value = String> {
    let fields = proptest::collection::vec((any_key(), any_value()), 0..4);
    prop_oneof![
        Just(String::new()),
        Just("{}".to_owned()),
        fields.prop_map(|fields| Value::Object(fields.into_iter().collect()).to_string()),
        Just("{ \"actor\" : \"kim\",\n \"correlation-id\" : 7 }".to_owned()),
    ]
}

fn any_stream() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..3_u8).prop_map(|n| format!("lead-{n}")),
        (0..3_u8).prop_map(|n| format!("ticket-0{n}")),
        any_text().prop_filter("a stream needs a name", |name| !name.is_empty()),
        Just("lead-".to_owned()),
    ]
}

fn any_event() -> impl Strategy<Value = (String, NewEvent)> {
    let time = prop_oneof![
        Just(None),
        (-62_135_596_800_000_000_i64..253_402_300_799_999_999).prop_map(|micros| Some(Timestamp::from_micros(micros))),
    ];
    let name = any_text().prop_filter("a type needs a name", |name| !name.is_empty());
    (any_stream(), name, 0_u32..4, time, any_payload(), any_metadata(), any::<u128>()).prop_map(
        |(stream, event_type, schema, recorded_at, payload, metadata, id)| {
            let id = if id % 2 == 0 { format!("id {id}") } else { uuid::Uuid::from_u128(id).to_string() };
            let event_type = EventType::new(event_type);
            (stream, NewEvent { id: EventId::new(&id), event_type, schema, recorded_at, payload, metadata })
        },
    )
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn what_is_exported_and_imported_is_the_same(history in proptest::collection::vec(any_event(), 0..12)) {
        let folder = tempfile::tempdir().expect("a folder");
        let (_folder, mut store) = own_store();
        let mut bulk = store.bulk().expect("a transaction");
        for (stream, event) in &history {
            bulk.record(&StreamId::from(stream.as_str()), None, event).expect("recorded");
        }
        bulk.commit().expect("committed");
        for (format, name) in FileFormat::ALL {
            // A name that promises nothing: the text itself must say what it is, or the format is named.
            let file = folder.path().join(name);
            let target = ExportTarget::new(&file, &Source::from(PathBuf::new()), true).expect("it may be written");
            export(&store, &Query::store(), target, format.into(), &mut quiet).expect("exported");
            let (_folder, mut copy) = own_store();
            let options = ImportOptions { format: (format == FileFormat::Csv).then_some(format), skip_bad: false };
            let report = import(&file, &mut copy, options, &mut quiet);
            prop_assert!(report.is_ok(), "{name}: {:?}\n{}", report, fs::read_to_string(&file).unwrap_or_default());
            prop_assert_eq!(events(&copy), events(&store), "{}", name);
            let again = import(&file, &mut copy, options, &mut quiet).expect("imported again");
            prop_assert_eq!((again.events, again.already_there), (0, history.len() as u64), "{}", name);
        }
    }

    #[test]
    fn a_file_in_any_order_holds_the_same_streams(
        history in proptest::collection::vec(any_event(), 0..12), order in any::<u64>()
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let (_folder, mut store) = own_store();
        let mut bulk = store.bulk().expect("a transaction");
        for (stream, event) in &history {
            bulk.record(&StreamId::from(stream.as_str()), None, event).expect("recorded");
        }
        bulk.commit().expect("committed");
        let file = folder.path().join("mixed.jsonl");
        let target = ExportTarget::new(&file, &Source::from(PathBuf::new()), true).expect("it may be written");
        export(&store, &Query::store(), target, FileFormat::JsonLines.into(), &mut quiet).expect("exported");
        let text = fs::read_to_string(&file).expect("read");
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_by_key(|line| line.bytes().fold(order, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())));
        fs::write(&file, lines.join("
")).expect("written");
        let (_folder, mut copy) = own_store();
        let report = import(&file, &mut copy, ImportOptions::default(), &mut quiet);
        prop_assert!(report.is_ok(), "{report:?}");
        let by_stream = |store: &NativeStore| {
            let mut all = events(store);
            for event in &mut all {
                event.position = None;
            }
            all.sort_by(|one, other| (&one.stream, one.version).cmp(&(&other.stream, other.version)));
            all
        };
        prop_assert_eq!(by_stream(&copy), by_stream(&store));
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_every_way(&bytes);
    }

    #[test]
    fn nearly_events_are_read_or_refused_without_panic(
        lines in proptest::collection::vec(nearly_an_event(), 0..5), opening in "\\[?", closing in "\\]?", between in "[,\n]"
    ) {
        read_every_way(format!("{opening}{}{closing}", lines.join(&between)).as_bytes());
    }
}

/// An event with some of its fields missing, doubled, of another type, or cut off.
fn nearly_an_event() -> impl Strategy<Value = String> {
    let names = [
        "stream",
        "type",
        "event-type",
        "lead-id",
        "event-id",
        "version",
        "id",
        "schema",
        "timestamp",
        "recorded_at",
        "payload",
        "payload_text",
        "metadata",
        "specversion",
        "source",
        "subject",
        "data",
        "data_base64",
        "sequence",
    ];
    let field = (proptest::sample::select(names.to_vec()), any_value());
    (proptest::collection::vec(field, 0..8), any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(fields, cut, whole)| {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            let text = format!("{{{}}}", fields.join(","));
            if whole { text } else { text.chars().take(cut.index(text.chars().count())).collect() }
        },
    )
}

fn read_every_way(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, bytes).expect("written");
    for format in std::iter::once(None).chain(FileFormat::ALL.map(|(format, _)| Some(format))) {
        let mut lines = Vec::new();
        let _ = read_events(&file, format, &mut |answer| {
            lines.push(answer.map_or_else(|bad| bad.line, |incoming| incoming.line));
            Flow::Continue(())
        });
        let total = bytes.split(|byte| *byte == b'\n').count() as u64;
        assert!(lines.iter().all(|line| (1..=total).contains(line)), "{lines:?} of {total}");
    }
    let (_folder, mut store) = own_store();
    let options = ImportOptions { format: None, skip_bad: true };
    if import(&file, &mut store, options, &mut quiet).is_err() {
        assert_eq!(events(&store), [], "a refused file leaves nothing");
    }
}

#[test]
fn an_import_that_is_stopped_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("many.jsonl");
    let line = |n: u64| json!({"stream": "lead-1", "type": "contacted", "version": n}).to_string();
    fs::write(&file, (0..500).map(line).collect::<Vec<_>>().join("\n")).expect("written");
    let (_folder, mut store) = own_store();
    let mut stop = |count| if count == 300 { Flow::Break(()) } else { Flow::Continue(()) };
    let stopped = import(&file, &mut store, ImportOptions::default(), &mut stop);
    assert!(matches!(stopped, Err(ImportError::Store(foldline::store::StoreError::Cancelled))));
    assert_eq!(events(&store), []);
}

#[test]
fn an_export_that_is_stopped_leaves_the_file_that_was_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kept.jsonl");
    fs::write(&file, "mine").expect("written");
    let (_folder, mut store) = own_store();
    let mut bulk = store.bulk().expect("a transaction");
    for n in 0..50 {
        let event = crate::workshop::noted(&n.to_string());
        bulk.record(&StreamId::from("note-1"), None, &event).expect("recorded");
    }
    bulk.commit().expect("committed");
    let mut stop = |count| if count == 10 { Flow::Break(()) } else { Flow::Continue(()) };
    let target = ExportTarget::new(&file, &Source::from(PathBuf::new()), true).expect("it may be written");
    assert!(export(&store, &Query::store(), target, FileFormat::JsonLines.into(), &mut stop).is_err());
    assert_eq!(fs::read_to_string(&file).expect("read"), "mine");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing half-written lies about");
}
