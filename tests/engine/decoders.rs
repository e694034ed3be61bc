//! Whatever bytes a store holds, reading them answers something and never panics.

use std::collections::BTreeMap;

use foldline::domain::{Aggregate, EventKind, as_read};
use foldline::event::{
    EventId, EventRow, EventType, Metadata, RecordedEvent, StreamId, StreamKey, Timestamp, Version, payload_value,
};
use foldline::projection::{
    FieldsProjection, Projection, Registrar, cell_value, parents, path_value, register_builtin,
};
use foldline::replay::{Replay, Story, Timeline};
use proptest::prelude::*;
use serde_json::value::RawValue;

use crate::workshop::{cases, second};

/// Every name that a decoder looks for, and some that it does not.
const NAMES: &[&str] = &[
    "lead-id",
    "name",
    "phone",
    "followup-on",
    "payment-deadline",
    "stauts",
    "ticket-id",
    "customer",
    "subject",
    "priority",
    "agent",
    "role",
    "author",
    "body",
    "by",
    "reason",
    "compensates",
    "actor",
    "followUpOn",
    "x",
    "",
    "$serde_json::private::Number",
    "$serde_json::private::RawValue",
];

/// Texts that have a meaning to some reader, and nearly have one.
const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "-0.0",
    "1e400",
    "1e-99999999999",
    "12345678901234567890123",
    "\"\"",
    "\"urgent\"",
    "\"agent\"",
    "\"2025-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:59.999999999Z\"",
    "\"+262142-12-31\"",
    "\"-262143-01-01\"",
    "\"0000-00-00\"",
    "\"2025-02-30T25:61:61Z\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"id-0\"",
    "[]",
    "{}",
    "[[[]]]",
    "{\"a\":{\"b\":[null]}}",
    "\"\\\\\\\"\"",
];

const NEARLY_A_TIME: &str = concat!(
    "[-+]?[0-9]{0,6}-[0-9]{0,2}-[0-9]{0,2}[T ]?[0-9]{0,2}:?[0-9]{0,2}:?[0-9]{0,2}",
    "(\\.[0-9]{0,12})?(Z|[-+][0-9]{2}:?[0-9]{2})?",
);

fn deep(opening: &str, closing: &str) -> Vec<u8> {
    format!("{}1{}", opening.repeat(5_000), closing.repeat(5_000)).into_bytes()
}

/// Anything from noise to an object that one letter spoils.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pair = (prop::sample::select(NAMES), prop::sample::select(VALUES));
    let object = prop::collection::vec(pair, 0..6).prop_map(|pairs| {
        let fields: Vec<_> = pairs.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    });
    let spoilt = (object.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut text, at, byte)| {
        let at = at.index(text.len());
        text[at] = byte;
        text
    });
    let cut = (object.clone(), any::<prop::sample::Index>()).prop_map(|(mut text, at)| {
        text.truncate(at.index(text.len()));
        text
    });
    prop_oneof![
        2 => prop::collection::vec(any::<u8>(), 0..200),
        2 => prop::collection::vec(prop::sample::select(&b"{}[]\",:\\.-+0123456789eEtrufalsn \n\xff"[..]), 0..60),
        6 => object,
        3 => spoilt,
        2 => cut,
        1 => prop::sample::select(VALUES).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::sample::select(vec![deep("[", "]"), deep("{\"name\":", "}"), deep("[", ""), "가".repeat(9).into()]),
    ]
}

fn event_type() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(EventKind::ALL).prop_map(|kind| kind.name().to_owned()),
        1 => prop::sample::select(EventKind::ALL).prop_map(|kind| format!("App\\{}", kind.name().replace('-', "_"))),
        1 => "\\PC{0,20}",
    ]
}

fn moment() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![
        Just(None),
        any::<i64>().prop_map(|micros| Some(Timestamp::from_micros(micros))),
        prop::sample::select(vec![i64::MIN, i64::MAX, 0]).prop_map(|micros| Some(Timestamp::from_micros(micros))),
        (0..1_000_000_i64).prop_map(|n| Some(second(n))),
    ]
}

fn recorded() -> impl Strategy<Value = RecordedEvent> {
    let version = prop_oneof![0..9_u64, Just(u64::MAX), any::<u64>()];
    (event_type(), any::<u32>(), moment(), version, "\\PC{0,9}", 0..6_u8, (bytes(), bytes())).prop_map(
        |(event_type, schema, recorded_at, version, stream, id, (payload, metadata))| RecordedEvent {
            position: None,
            stream: StreamId::new(stream),
            version: Version(version),
            event_type: EventType::new(event_type),
            // Mostly an old or present shape.
            schema: if schema % 2 == 0 { schema % 4 } else { schema },
            recorded_at,
            id: EventId::new(&format!("id-{id}")),
            payload,
            metadata,
        },
    )
}

/// Folds the events from nothing and behind a proper beginning, and asks everything that is ever asked of a state.
fn fold_and_ask<P: Projection>(projection: P, events: &[RecordedEvent]) {
    let mut replay = Replay::with_spacing(projection, 2);
    for event in events {
        replay.push(&event.as_row());
    }
    assert_eq!(replay.heads().len(), events.len());
    for index in 0..events.len() {
        replay.changes(index);
        replay.blame(index);
        replay.findings(index);
        replay.diff(None, Some(index));
    }
    let kept = serde_json::to_string(replay.latest()).expect("any state can be kept");
    let restored: P::State = serde_json::from_str(&kept).expect("any kept state can be restored");
    assert_eq!(replay.projection().show(&restored), replay.show(events.len().checked_sub(1)));
}

struct FoldAndAsk<'a>(&'a [RecordedEvent]);

impl Registrar for FoldAndAsk<'_> {
    fn add<P: Projection>(&mut self, projection: P) {
        fold_and_ask(projection, self.0);
    }
}

struct Decode<'a>(&'a EventRow<'a>);

impl Registrar for Decode<'_> {
    fn add<P: Projection>(&mut self, projection: P) {
        projection.decode(self.0);
    }
}

fn beginning(event_type: &str) -> RecordedEvent {
    RecordedEvent {
        position: None,
        stream: "x-1".into(),
        version: Version(0),
        event_type: event_type.into(),
        schema: 1,
        recorded_at: Some(second(0)),
        id: EventId::new("begun"),
        payload: br#"{"priority":"high","name":"kim","agent":"lee"}"#.to_vec(),
        metadata: Vec::new(),
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn every_projection_folds_any_bytes(mut events in prop::collection::vec(recorded(), 0..10)) {
        register_builtin(&mut FoldAndAsk(&events));
        for begins in ["ticket-initialized", "lead-initialized"] {
            events.insert(0, beginning(begins));
        }
        register_builtin(&mut FoldAndAsk(&events));
    }

    #[test]
    fn every_story_takes_any_bytes(events in prop::collection::vec(recorded(), 0..6)) {
        for aggregate in [None, Some(Aggregate::Lead), Some(Aggregate::Ticket)] {
            let mut story = Story::new(aggregate);
            for event in &events {
                story.push(&event.as_row());
            }
            prop_assert_eq!(story.timeline().heads().len(), events.len());
        }
        for event in &events {
            Aggregate::of_stream(&event.stream, event.stream.category(), event.event_type.as_str());
        }
    }

    #[test]
    fn any_event_is_written_as_json_on_one_line(event in recorded()) {
        let line = serde_json::to_string(&event).expect("any event can be written");
        prop_assert!(!line.contains('\n'), "{}", line);
        // Taken apart no deeper than the event itself: a payload may be nested beyond what a reader follows.
        let read: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&line).expect("what was written is JSON");
        prop_assert_eq!(read.len(), 9);
        let event_type: String = serde_json::from_str(read["type"].get()).expect("a text");
        prop_assert_eq!(event_type, event.event_type.as_str());
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn any_payload_is_read_as_today_would(payload in bytes(), event_type in event_type(), schema in any::<u32>()) {
        for aggregate in [None, Some(Aggregate::Lead), Some(Aggregate::Ticket)] {
            for schema in [0, 1, schema] {
                let read = as_read(aggregate, &event_type, schema, &payload);
                prop_assert!(read.schema >= schema);
            }
        }
        payload_value(&payload);
    }

    #[test]
    fn any_metadata_is_read(stored in bytes()) {
        let metadata = Metadata::parse(&stored);
        // Not as a value: the parser takes an object with one of its own keys for something else.
        let is_object = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(&stored).is_ok();
        prop_assert!(is_object || metadata == Metadata::default());
        let event = RecordedEvent { metadata: stored, ..beginning("contacted") };
        prop_assert_eq!(event.metadata(), metadata);
    }

    #[test]
    fn any_text_is_an_id_and_comes_back(text in prop_oneof![
        "\\PC*",
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        "[0-9a-f{}-]{30,40}",
    ]) {
        let id = EventId::new(&text);
        prop_assert_eq!(id.to_string(), text);
        let written = serde_json::to_string(&id).expect("an id is a text");
        prop_assert_eq!(serde_json::from_str::<EventId>(&written).ok(), Some(id));
    }

    #[test]
    fn any_text_is_a_time_or_none(text in prop_oneof![Just(String::new()), "\\PC*", NEARLY_A_TIME]) {
        let typed = text.parse::<Timestamp>().ok();
        for at in [typed, Timestamp::parse_rfc3339(&text), Timestamp::parse_lenient(&text)].into_iter().flatten() {
            // What was read is printed, and printed it reads the same, as far as years have four digits.
            let printed = at.to_string();
            let is_plain = ("0000".."9999.").contains(&&*printed) && printed.len() < 28;
            prop_assert!(!is_plain || Timestamp::parse_rfc3339(&printed) == Some(at), "{} as {}", text, printed);
        }
    }

    #[test]
    fn any_text_is_a_path_to_something_or_nothing(path in prop_oneof!["\\PC{0,30}", "[]a0.\\[\"\\\\]{0,12}"]) {
        let state = serde_json::json!({ "a": [{ "0": [1] }, 2], "": 3, "\"": { "\\": 4 } });
        let found = path_value(&state, &path);
        prop_assert!(!path.is_empty() || found == Some(&state));
        prop_assert_eq!(parents(&path)[0], &path);
        let mut replay = Replay::new(FieldsProjection);
        replay.push(&RecordedEvent { payload: state.to_string().into_bytes(), ..beginning("changed") }.as_row());
        prop_assert!(replay.set_by(0, &path).is_none_or(|index| index == 0));
        let of_cell = cell_value(&FieldsProjection, replay.latest(), &path);
        prop_assert_eq!(of_cell, found.filter(|_| !path.is_empty()).cloned().unwrap_or_default(), "{}", path);
    }

    #[test]
    fn any_number_of_microseconds_is_kept_as_text_and_comes_back(micros in any::<i64>()) {
        let year_0 = -62_167_219_200_000_000;
        for micros in [micros, micros / 1_000 * 1_000, micros / 100, i64::MIN, i64::MAX, year_0, year_0 - 1] {
            let at = Timestamp::from_micros(micros);
            let kept = serde_json::to_string(&at).expect("a time is a text");
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&kept).ok(), Some(at), "{}", kept);
        }
    }
}

#[test]
fn a_payload_nested_deeper_than_any_stack_is_read_by_every_decoder() {
    for (opening, closing) in [("[", "]"), ("{\"name\":", "}")] {
        let payload = format!("{}1{}", opening.repeat(200_000), closing.repeat(200_000)).into_bytes();
        for kind in EventKind::ALL {
            let row = EventRow {
                position: None,
                stream_key: StreamKey(0),
                stream: &"x-1".into(),
                version: Version(0),
                event_type: &kind.name().into(),
                schema: 1,
                recorded_at: None,
                id: EventId::new("deep"),
                payload: &payload,
                metadata: &payload,
            };
            register_builtin(&mut Decode(&row));
        }
    }
}
