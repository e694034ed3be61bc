//! What appending promises.

use foldline::event::{EventId, NewEvent, Position, RecordedEvent, Version};
use foldline::store::{AppendError, Appended, Expected, StreamQuery};

use super::{Factory, LEAD, append, conflict, everything, ids, names, note, refused_without_trace};
use crate::workshop::{assert_verifies_clean, event, noted, read_stream, second, stream, verified};

pub(crate) fn a_new_store_is_empty_in_every_respect(stores: &dyn Factory) {
    let store = stores.fresh();
    assert_eq!(everything(&*store), (Vec::new(), Vec::new()));
    assert!(store.is_writable());
    assert_eq!(store.stream(&stream(LEAD)).expect("readable"), None);
    assert_eq!(store.event_by_id(&EventId::new("a")).expect("readable"), None);
    assert_eq!(store.event_at(&stream(LEAD), Version(0)).expect("readable"), None);
    assert_eq!(store.snapshot(&stream(LEAD), "state", 1, Version(9)).expect("readable"), None);
    let info = store.info().expect("readable");
    assert_eq!((info.events, info.streams, info.first_at, info.last_at), (0, 0, None, None));
    assert_eq!((info.event_types, info.categories, info.longest_stream), (Vec::new(), Vec::new(), None));
    assert_verifies_clean(&*store);
}

pub(crate) fn no_stream_begins_a_stream_and_answers_where_its_events_stand(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, "lead-0", &["z"]);
    let answer = append(&mut *store, LEAD, Expected::NoStream, &[noted("a"), noted("b")]);
    let position = if stores.numbers_densely() { Some(Position(3)) } else { answer.position };
    assert_eq!(answer, Appended { first: Version(0), last: Version(1), position, already_there: false });
    let events = read_stream(&*store, LEAD);
    assert_eq!(ids(&events), ["a", "b"]);
    assert_eq!(events.iter().map(|event| event.version.0).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(events[1].position, answer.position);
}

pub(crate) fn no_stream_is_refused_where_the_stream_stands(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a", "b"]);
    note(&mut *store, "lead-2", &["c"]);
    let found = conflict(&mut *store, LEAD, Expected::NoStream, &[noted("d")]);
    assert_eq!(found.stream, stream(LEAD));
    assert_eq!((found.expected, found.actual), (Expected::NoStream, Some(Version(1))));
    assert_eq!(found.since, read_stream(&*store, LEAD));
    assert_eq!(ids(&found.since), ["a", "b"]);
}

pub(crate) fn exact_appends_behind_the_version_it_names(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a", "b"]);
    let answer = append(&mut *store, LEAD, Expected::Exact(Version(1)), &[noted("c"), noted("d")]);
    assert_eq!((answer.first, answer.last), (Version(2), Version(3)));
    assert_eq!(ids(&read_stream(&*store, LEAD)), ["a", "b", "c", "d"]);
}

pub(crate) fn exact_behind_the_stream_conflicts_and_carries_only_the_events_since(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a", "b"]);
    note(&mut *store, "lead-2", &["x"]);
    note(&mut *store, LEAD, &["c", "d"]);
    let found = conflict(&mut *store, LEAD, Expected::Exact(Version(1)), &[noted("e")]);
    assert_eq!((found.expected, found.actual), (Expected::Exact(Version(1)), Some(Version(3))));
    assert_eq!(found.since, read_stream(&*store, LEAD)[2..]);
    assert_eq!(ids(&found.since), ["c", "d"]);
}

pub(crate) fn exact_ahead_of_the_stream_conflicts_and_carries_no_events(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a"]);
    for version in [1, 7, u64::MAX] {
        let expected = Expected::Exact(Version(version));
        let found = conflict(&mut *store, LEAD, expected, &[noted("b")]);
        assert_eq!((found.expected, found.actual), (expected, Some(Version(0))));
        assert_eq!(found.since, []);
    }
}

pub(crate) fn exact_where_there_is_no_stream_conflicts_and_says_so(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, "lead-2", &["a"]);
    let found = conflict(&mut *store, LEAD, Expected::Exact(Version(0)), &[noted("b")]);
    assert_eq!((found.actual, found.since), (None, Vec::new()));
    assert_eq!(names(&*store, &StreamQuery::default()), ["lead-2"]);
}

pub(crate) fn any_appends_wherever_the_stream_stands(stores: &dyn Factory) {
    let mut store = stores.fresh();
    assert_eq!(append(&mut *store, LEAD, Expected::Any, &[noted("a")]).first, Version(0));
    assert_eq!(append(&mut *store, LEAD, Expected::Any, &[noted("b"), noted("c")]).last, Version(2));
    assert_eq!(append(&mut *store, LEAD, Expected::Any, &[noted("d")]).first, Version(3));
}

pub(crate) fn a_conflict_records_nothing_of_its_batch(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a"]);
    let batch = [event("b", "never-seen-type", "{}"), noted("c")];
    for expected in [Expected::NoStream, Expected::Exact(Version(4))] {
        refused_without_trace(&mut *store, LEAD, expected, &batch);
    }
    refused_without_trace(&mut *store, "lead-9", Expected::Exact(Version(0)), &batch);
    assert_eq!(store.event_by_id(&EventId::new("b")).expect("readable"), None);
    assert!(store.info().expect("readable").event_types.iter().all(|(name, _)| name != "never-seen-type"));
    // The same events are still free to be recorded.
    assert!(!append(&mut *store, LEAD, Expected::Exact(Version(0)), &batch).already_there);
}

pub(crate) fn one_bad_event_keeps_its_whole_batch_out(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, "lead-0", &["taken"]);
    let with_metadata = |metadata: &str| NewEvent { metadata: metadata.to_owned(), ..noted("bad") };
    for bad in [
        event("bad", "noted", "{"),
        with_metadata("[]"),
        event("bad", "", "{}"),
        event("taken", "noted", "{\"other\":1}"),
        noted("good"),
    ] {
        for batch in [[noted("good"), bad.clone()], [bad.clone(), noted("good")]] {
            let is_second = batch[1].id == EventId::new("taken");
            if is_second && !stores.knows_ids_of_other_streams_in_batches() {
                continue;
            }
            refused_without_trace(&mut *store, LEAD, Expected::NoStream, &batch);
        }
    }
    assert_eq!(store.stream(&stream(LEAD)).expect("readable"), None);
    assert_eq!(store.event_by_id(&EventId::new("good")).expect("readable"), None);
}

pub(crate) fn an_append_of_no_events_records_nothing_and_begins_no_stream(stores: &dyn Factory) {
    let mut store = stores.fresh();
    append(&mut *store, LEAD, Expected::NoStream, &[]);
    assert_eq!(everything(&*store), (Vec::new(), Vec::new()));
    assert_eq!(store.stream(&stream(LEAD)).expect("readable"), None);
    note(&mut *store, LEAD, &["a", "b"]);
    append(&mut *store, LEAD, Expected::Exact(Version(1)), &[]);
    assert_eq!(ids(&read_stream(&*store, LEAD)), ["a", "b"]);
    assert_verifies_clean(&*store);
}

pub(crate) fn an_append_of_no_events_still_holds_what_it_expects(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a", "b"]);
    let found = conflict(&mut *store, LEAD, Expected::Exact(Version(0)), &[]);
    assert_eq!(ids(&found.since), ["b"]);
    assert_eq!(conflict(&mut *store, LEAD, Expected::NoStream, &[]).actual, Some(Version(1)));
}

pub(crate) fn what_was_appended_is_read_back_letter_for_letter(stores: &dyn Factory) {
    let mut store = stores.fresh();
    let events = [
        NewEvent {
            id: EventId::new("0190b1de-5a4f-7c8e-9a3b-0123456789ab"),
            event_type: "lead-initialized".into(),
            schema: 3,
            recorded_at: Some(second(-4_000_000_000)),
            payload: "{ \"b\" : 1.50,\n\t\"a\":\"\\ud83d\\ude00 가\", \"a\": 12345678901234567890.10e+5 }".to_owned(),
            metadata: "{ \"actor\" : \"김\" }".to_owned(),
        },
        NewEvent { recorded_at: None, schema: 0, ..event("not-a-uuid", "x", "null") },
        NewEvent { schema: u32::MAX, ..event("0190B1DE-5A4F-7C8E-9A3B-0123456789AB", "x", "\"text\"") },
        event("", "  spaces \u{0} and quotes '\" ", "[]"),
    ];
    append(&mut *store, LEAD, Expected::NoStream, &events);
    for (index, recorded) in read_stream(&*store, LEAD).into_iter().enumerate() {
        let NewEvent { id, event_type, schema, recorded_at, payload, metadata } = events[index].clone();
        let position = Some(Position(index as u64 + 1));
        let expected = RecordedEvent {
            position: if stores.numbers_densely() { position } else { recorded.position },
            stream: stream(LEAD),
            version: Version(index as u64),
            event_type,
            schema,
            recorded_at,
            id,
            payload: payload.into_bytes(),
            metadata: metadata.into_bytes(),
        };
        assert_eq!(recorded, expected);
        assert_eq!(store.event_by_id(&expected.id).expect("readable"), Some(expected));
    }
    assert_eq!(read_stream(&*store, LEAD).len(), events.len());
    assert_verifies_clean(&*store);
}

pub(crate) fn a_repeated_event_answers_where_it_stands_and_is_not_doubled(stores: &dyn Factory) {
    let mut store = stores.fresh();
    let with_metadata = |id: &str, metadata: &str| NewEvent { metadata: metadata.to_owned(), ..noted(id) };
    for (id, metadata) in [("a", ""), ("b", "{\"actor\":\"kim\"}")] {
        let event = with_metadata(id, metadata);
        let first = append(&mut *store, LEAD, Expected::Any, std::slice::from_ref(&event));
        for expected in [Expected::Any, Expected::NoStream, Expected::Exact(Version(0)), Expected::Exact(Version(9))] {
            let again = append(&mut *store, LEAD, expected, std::slice::from_ref(&event));
            assert_eq!(again, Appended { already_there: true, ..first.clone() });
        }
    }
    assert_eq!(ids(&read_stream(&*store, LEAD)), ["a", "b"]);
    assert_eq!(store.info().expect("readable").events, 2);
}

pub(crate) fn a_repeated_batch_answers_where_it_stands_though_the_stream_moved_on(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a"]);
    let batch = [noted("b"), noted("c")];
    let first = append(&mut *store, LEAD, Expected::Exact(Version(0)), &batch);
    note(&mut *store, "lead-2", &["x"]);
    note(&mut *store, LEAD, &["d"]);
    let again = append(&mut *store, LEAD, Expected::Exact(Version(0)), &batch);
    assert_eq!(again, Appended { already_there: true, ..first });
    assert_eq!((again.first, again.last), (Version(1), Version(2)));
    assert_eq!(again.position, read_stream(&*store, LEAD)[2].position);
    assert_eq!(ids(&read_stream(&*store, LEAD)), ["a", "b", "c", "d"]);
}

pub(crate) fn a_repeated_event_may_carry_a_later_clock_and_the_first_time_stays(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a"]);
    for later in [Some(second(60)), Some(second(-60)), None] {
        let event = NewEvent { recorded_at: later, ..noted("a") };
        assert!(append(&mut *store, LEAD, Expected::NoStream, &[event]).already_there);
    }
    assert_eq!(read_stream(&*store, LEAD)[0].recorded_at, Some(second(0)));
}

pub(crate) fn an_id_taken_by_other_content_is_refused_and_nothing_is_written(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a"]);
    let others = [
        (LEAD, NewEvent { payload: "{\"note\":\"b\"}".to_owned(), ..noted("a") }),
        // The same value in other letters is other content: what is stored is the text.
        (LEAD, NewEvent { payload: "{ \"note\": \"a\" }".to_owned(), ..noted("a") }),
        (LEAD, NewEvent { event_type: "noticed".into(), ..noted("a") }),
        (LEAD, NewEvent { schema: 2, ..noted("a") }),
        (LEAD, NewEvent { metadata: "{\"actor\":\"kim\"}".to_owned(), ..noted("a") }),
        ("lead-2", noted("a")),
    ];
    for (name, event) in others {
        for expected in [Expected::Any, Expected::NoStream, Expected::Exact(Version(0))] {
            if name != LEAD && expected == Expected::Exact(Version(0)) && !stores.knows_ids_of_other_streams() {
                continue;
            }
            match refused_without_trace(&mut *store, name, expected, std::slice::from_ref(&event)) {
                AppendError::IdTaken(id) => assert_eq!(id, EventId::new("a")),
                other => panic!("{event:?} on {name}: {other}"),
            }
        }
    }
}

pub(crate) fn an_id_that_comes_twice_in_one_batch_is_refused(stores: &dyn Factory) {
    let mut store = stores.fresh();
    for second_one in [noted("a"), event("a", "noted", "{}")] {
        let error = refused_without_trace(&mut *store, LEAD, Expected::Any, &[noted("a"), noted("b"), second_one]);
        assert!(matches!(&error, AppendError::IdTaken(id) if *id == EventId::new("a")), "{error}");
    }
}

pub(crate) fn a_batch_of_which_half_is_known_is_refused(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a", "b"]);
    for batch in [[noted("b"), noted("c")], [noted("c"), noted("b")]] {
        for expected in [Expected::Any, Expected::Exact(Version(1)), Expected::Exact(Version(0))] {
            let error = refused_without_trace(&mut *store, LEAD, expected, &batch);
            assert!(matches!(&error, AppendError::IdTaken(id) if *id == EventId::new("b")), "{error}");
        }
    }
}

pub(crate) fn a_payload_that_is_not_json_is_refused(stores: &dyn Factory) {
    let mut store = stores.fresh();
    for payload in ["", " ", "{", "{} {}", "{'a':1}", "nothing", "\u{feff}{}", "{\"a\":01}", "[1,]", "\"\n\"", "{}\0"] {
        match refused_without_trace(&mut *store, LEAD, Expected::Any, &[event("a", "noted", payload)]) {
            AppendError::PayloadNotJson { event_type, detail } => {
                assert_eq!(event_type, "noted");
                assert!(!detail.is_empty());
            }
            other => panic!("{payload:?}: {other}"),
        }
    }
}

pub(crate) fn any_json_is_taken_as_a_payload(stores: &dyn Factory) {
    let mut store = stores.fresh();
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let long = format!("{{\"text\":\"{}\"}}", "가".repeat(stores.longest_text()));
    let payloads = ["null", "1e400", "\"\\u0000\"", " {} ", "{\"a\":1,\"a\":2}", &deep, &long];
    for (index, payload) in payloads.iter().enumerate() {
        append(&mut *store, LEAD, Expected::Any, &[event(&index.to_string(), "noted", payload)]);
    }
    for (recorded, payload) in read_stream(&*store, LEAD).iter().zip(payloads) {
        assert!(recorded.payload == payload.as_bytes(), "a payload of {} bytes came back changed", payload.len());
    }
    // It is kept as it came, and said to be nested deeper than anything shows it.
    let found: Vec<_> =
        verified(&*store).into_iter().map(|finding| (finding.kind().name(), finding.place.version)).collect();
    assert_eq!(found, [("unreadable-payload", Some(Version(5)))]);
}

pub(crate) fn metadata_that_is_no_object_is_refused(stores: &dyn Factory) {
    let mut store = stores.fresh();
    for metadata in [" ", "[]", "null", "1", "\"actor\"", "{", "{} {}", "{\"a\":}"] {
        let event = NewEvent { metadata: metadata.to_owned(), ..noted("a") };
        let error = refused_without_trace(&mut *store, LEAD, Expected::Any, &[event]);
        assert!(
            matches!(&error, AppendError::MetadataNotObject { event_type } if event_type == "noted"),
            "{metadata:?}: {error}"
        );
    }
    for (id, metadata) in [("a", ""), ("b", "{}"), ("c", " {\"deep\":[{}]} ")] {
        append(&mut *store, LEAD, Expected::Any, &[NewEvent { metadata: metadata.to_owned(), ..noted(id) }]);
    }
    assert_eq!(read_stream(&*store, LEAD).len(), 3);
}

pub(crate) fn empty_names_are_refused(stores: &dyn Factory) {
    let mut store = stores.fresh();
    let nameless = event("a", "", "{}");
    assert!(matches!(refused_without_trace(&mut *store, LEAD, Expected::Any, &[nameless]), AppendError::NoName));
    assert!(matches!(refused_without_trace(&mut *store, "", Expected::Any, &[noted("a")]), AppendError::NoName));
}
