//! What every store must do. The tests of each kind of store ask it of theirs.

use crate::workshop::{assert_verifies_clean, event, noted, read, read_stream, second, stream, verified};
use foldline::event::{EventId, LinkKind, NewEvent, Position, RecordedEvent, StreamId, StreamKey, Version};
use foldline::store::{
    AppendError, Appended, Columns, Conflict, Direction, Expected, Flow, Query, Scope, Snapshot, StreamOrder,
    StreamQuery, StreamRow, Writer,
};

/// Makes empty stores of one kind, and says what its stores do otherwise than a file.
pub(crate) trait Factory {
    fn fresh(&self) -> Box<dyn Writer>;

    /// Whether the first event's place is 1 and each that follows has the next.
    fn numbers_densely(&self) -> bool {
        true
    }

    /// Whether snapshots are kept at all.
    fn keeps_snapshots(&self) -> bool {
        true
    }

    /// Whether an id is known to be taken by an event of another stream, also where the append would be in conflict.
    fn knows_ids_of_other_streams(&self) -> bool {
        true
    }

    /// Whether the same holds of the second event of an append, and of those behind it.
    fn knows_ids_of_other_streams_in_batches(&self) -> bool {
        true
    }

    /// How many letters of three bytes a payload may have.
    fn longest_text(&self) -> usize {
        500_000
    }

    /// How many events one append may have.
    fn largest_append(&self) -> usize {
        10_000
    }

    /// How many letters of three bytes a name may have.
    fn longest_name(&self) -> usize {
        4_000
    }
}

/// Hands what every store must do, as names of functions here, to a macro that makes tests of them.
macro_rules! every_store_must {
    ($with:ident) => {
        $with! {
            a_new_store_is_empty_in_every_respect,
            no_stream_begins_a_stream_and_answers_where_its_events_stand,
            no_stream_is_refused_where_the_stream_stands,
            exact_appends_behind_the_version_it_names,
            exact_behind_the_stream_conflicts_and_carries_only_the_events_since,
            exact_ahead_of_the_stream_conflicts_and_carries_no_events,
            exact_where_there_is_no_stream_conflicts_and_says_so,
            any_appends_wherever_the_stream_stands,
            a_conflict_records_nothing_of_its_batch,
            one_bad_event_keeps_its_whole_batch_out,
            an_append_of_no_events_records_nothing_and_begins_no_stream,
            an_append_of_no_events_still_holds_what_it_expects,
            what_was_appended_is_read_back_letter_for_letter,
            a_repeated_event_answers_where_it_stands_and_is_not_doubled,
            a_repeated_batch_answers_where_it_stands_though_the_stream_moved_on,
            a_repeated_event_may_carry_a_later_clock_and_the_first_time_stays,
            an_id_taken_by_other_content_is_refused_and_nothing_is_written,
            an_id_that_comes_twice_in_one_batch_is_refused,
            a_batch_of_which_half_is_known_is_refused,
            a_payload_that_is_not_json_is_refused,
            any_json_is_taken_as_a_payload,
            metadata_that_is_no_object_is_refused,
            empty_names_are_refused,
            every_way_of_asking_reads_what_a_plain_filter_reads,
            a_visit_ends_where_its_visitor_breaks,
            columns_left_out_come_empty_and_the_rest_comes_whole,
            long_korean_and_emoji_names_come_back_whole,
            a_stream_row_tells_the_streams_ends_and_times,
            streams_are_filtered_by_part_of_their_name_with_no_wildcards,
            streams_come_in_the_order_asked_for_and_no_more_than_asked_for,
            info_counts_events_streams_types_and_categories,
            only_the_newest_snapshot_is_kept,
            a_snapshot_of_another_revision_projection_or_stream_is_ignored,
            a_snapshot_whose_event_is_not_in_the_stream_is_ignored,
            every_kept_snapshot_is_visited_until_the_visitor_breaks,
            events_are_found_by_what_they_name,
            an_event_is_found_by_its_id,
            an_event_is_found_by_its_version,
            verifying_an_honest_history_finds_nothing_and_stops_when_asked,
        }
    };
}
pub(crate) use every_store_must;

const LEAD: &str = "lead-1";

fn append(store: &mut dyn Writer, name: &str, expected: Expected, events: &[NewEvent]) -> Appended {
    store.append(&stream(name), expected, events).expect("this append is fine")
}

fn refusal(store: &mut dyn Writer, name: &str, expected: Expected, events: &[NewEvent]) -> AppendError {
    store.append(&stream(name), expected, events).expect_err("this append must be refused")
}

fn conflict(store: &mut dyn Writer, name: &str, expected: Expected, events: &[NewEvent]) -> Conflict {
    match refusal(store, name, expected, events) {
        AppendError::Conflict(conflict) => *conflict,
        other => panic!("a conflict was due, not: {other}"),
    }
}

/// Appends events with these ids, whatever stands there.
fn note(store: &mut dyn Writer, name: &str, ids: &[&str]) {
    let events: Vec<_> = ids.iter().map(|id| noted(id)).collect();
    append(store, name, Expected::Any, &events);
}

/// Every event of the store, and every stream without its number.
fn everything(store: &dyn Writer) -> (Vec<RecordedEvent>, Vec<StreamRow>) {
    (read(store, &Query::store()), list(store, &StreamQuery::default()))
}

fn list(store: &dyn Writer, query: &StreamQuery) -> Vec<StreamRow> {
    let mut rows = Vec::new();
    store
        .visit_streams(query, &mut |row| {
            rows.push(StreamRow { key: StreamKey(0), ..row });
            Flow::Continue(())
        })
        .expect("the store can be read");
    rows
}

fn names(store: &dyn Writer, query: &StreamQuery) -> Vec<String> {
    list(store, query).into_iter().map(|row| row.stream.to_string()).collect()
}

fn ids(events: &[RecordedEvent]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

/// Runs an append that must be refused, and makes sure that it left no trace.
fn refused_without_trace(store: &mut dyn Writer, name: &str, expected: Expected, events: &[NewEvent]) -> AppendError {
    let before = everything(store);
    let error = refusal(store, name, expected, events);
    assert_eq!(everything(store), before, "the refused append left a trace: {error}");
    assert_verifies_clean(store);
    error
}

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

/// Four streams of three categories whose events stand between one another.
pub(crate) fn crowd(stores: &dyn Factory) -> Box<dyn Writer> {
    let mut store = stores.fresh();
    let turns = ["lead-1", "lead-2", "lead-1", "ticket-1", "settings", "lead-1", "ticket-1", "lead-2", "lead-1"];
    for (index, name) in turns.into_iter().enumerate() {
        let event_type = ["opened", "changed", "closed"][index % 3];
        let event = NewEvent {
            metadata: format!("{{\"turn\":{index}}}"),
            recorded_at: Some(second(index as i64)),
            ..event(&format!("e{index}"), event_type, &format!("{{\"turn\":{index}}}"))
        };
        append(&mut *store, name, Expected::Any, &[event]);
    }
    store
}

/// What a query means, in the plainest words.
fn filtered(all: &[RecordedEvent], query: &Query) -> Vec<RecordedEvent> {
    let Query { scope, direction, event_type, limit, columns: _ } = query;
    let is_wanted = |event: &&RecordedEvent| {
        let is_typed = event_type.as_ref().is_none_or(|wanted| *wanted == event.event_type);
        let position = event.position.expect("these stores keep an order");
        is_typed
            && match scope {
                Scope::Store { from, to } => {
                    from.is_none_or(|from| from <= position) && to.is_none_or(|to| position <= to)
                }
                Scope::Category { name, from, to } => {
                    event.stream.category() == name
                        && from.is_none_or(|from| from <= position)
                        && to.is_none_or(|to| position <= to)
                }
                Scope::Stream { id, from, to } => {
                    event.stream == *id
                        && from.is_none_or(|from| from <= event.version)
                        && to.is_none_or(|to| event.version <= to)
                }
                Scope::Linked { by, ids } => {
                    let metadata = event.metadata();
                    let said = match by {
                        LinkKind::Correlation => metadata.correlation_id,
                        LinkKind::Causation => metadata.causation_id,
                    };
                    said.is_some_and(|said| ids.contains(&EventId::meant_by(&said)))
                }
            }
    };
    let mut wanted: Vec<_> = all.iter().filter(is_wanted).cloned().collect();
    if *direction == Direction::Backward {
        wanted.reverse();
    }
    wanted.truncate(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));
    wanted
}

pub(crate) fn every_way_of_asking_reads_what_a_plain_filter_reads(stores: &dyn Factory) {
    let store = crowd(stores);
    let all = read(&*store, &Query::store());
    assert_eq!(ids(&all), ["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"]);
    let bounds = [None, Some(0), Some(1), Some(3), Some(8), Some(9), Some(u64::MAX)];
    let mut asked = 0;
    for from in bounds {
        for to in bounds {
            let (low, high) = (from.map(Position), to.map(Position));
            let mut scopes = vec![Scope::Store { from: low, to: high }];
            for name in ["lead", "ticket", "settings", "lea", "lead-1", "nobody", ""] {
                scopes.push(Scope::Category { name: name.to_owned(), from: low, to: high });
            }
            for id in ["lead-1", "lead-2", "ticket-1", "settings", "lead", "nobody"] {
                scopes.push(Scope::Stream { id: stream(id), from: from.map(Version), to: to.map(Version) });
            }
            for scope in scopes {
                for event_type in [None, Some("opened"), Some("closed"), Some("never")] {
                    for limit in [None, Some(0), Some(1), Some(2), Some(u64::MAX)] {
                        for direction in [Direction::Forward, Direction::Backward] {
                            let query = Query {
                                scope: scope.clone(),
                                direction,
                                event_type: event_type.map(Into::into),
                                limit,
                                columns: Columns::ALL,
                            };
                            let mut found = Vec::new();
                            let visited = store.visit_events(&query, &mut |row| {
                                found.push(row.to_recorded());
                                Flow::Continue(())
                            });
                            assert!(visited.is_ok(), "{query:?}: {visited:?}");
                            assert_eq!(found, filtered(&all, &query), "{query:?}");
                            asked += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(asked, 7 * 7 * 14 * 4 * 5 * 2);
}

pub(crate) fn a_visit_ends_where_its_visitor_breaks(stores: &dyn Factory) {
    let store = crowd(stores);
    for query in [Query::store(), Query::category("lead"), Query::stream(stream(LEAD)), Query::store().backward()] {
        let all = read(&*store, &query);
        for stop_after in 1..=all.len() {
            let mut seen = Vec::new();
            let visited = store.visit_events(&query, &mut |row| {
                seen.push(row.to_recorded());
                if seen.len() == stop_after { Flow::Break(()) } else { Flow::Continue(()) }
            });
            visited.expect("stopping is no error");
            assert_eq!(seen, all[..stop_after], "{query:?}");
        }
    }
    let mut seen = 0;
    let visited = store.visit_streams(&StreamQuery::default(), &mut |_| {
        seen += 1;
        if seen == 2 { Flow::Break(()) } else { Flow::Continue(()) }
    });
    visited.expect("stopping is no error");
    assert_eq!(seen, 2);
}

pub(crate) fn columns_left_out_come_empty_and_the_rest_comes_whole(stores: &dyn Factory) {
    let store = crowd(stores);
    for whole in [Query::store(), Query::category("lead").backward(), Query::stream(stream(LEAD)).limit(2)] {
        for (payload, metadata) in [(true, true), (true, false), (false, true), (false, false)] {
            let found = read(&*store, &whole.clone().columns(Columns { payload, metadata }));
            let expected: Vec<_> = read(&*store, &whole)
                .into_iter()
                .map(|event| RecordedEvent {
                    payload: if payload { event.payload } else { Vec::new() },
                    metadata: if metadata { event.metadata } else { Vec::new() },
                    ..event
                })
                .collect();
            assert_eq!(found, expected, "payload {payload}, metadata {metadata}");
        }
    }
}

pub(crate) fn long_korean_and_emoji_names_come_back_whole(stores: &dyn Factory) {
    let mut store = stores.fresh();
    let long = format!("lead-{}", "가".repeat(stores.longest_name()));
    let longer = format!("{long}나");
    let odd = ["고객-김철수", "👩‍👩‍👧-🎫", "고객", "-", "--", "a'b\"c;--", "lead- 1", "lead-1 ", "LEAD-1", &long, &longer];
    for (index, name) in odd.into_iter().enumerate() {
        let event_type = format!("{name} 시작됨");
        append(&mut *store, name, Expected::NoStream, &[event(&format!("아이디-{index}"), &event_type, "{}")]);
    }
    for (index, name) in odd.into_iter().enumerate() {
        let event = &read_stream(&*store, name)[..];
        assert_eq!(ids(event), [format!("아이디-{index}")]);
        assert_eq!(event[0].stream.as_str(), name);
        let by_type = Query::store().of_type(format!("{name} 시작됨").as_str().into());
        assert_eq!(read(&*store, &by_type), event);
        let row = store.stream(&stream(name)).expect("readable").expect("it stands there");
        assert_eq!((row.stream.as_str(), row.category.as_str()), (name, stream(name).category()));
        assert!(
            names(&*store, &StreamQuery { filter: Some(name.to_owned()), ..StreamQuery::default() })
                .contains(&name.to_owned())
        );
    }
    let in_category = |category: &str| ids(&read(&*store, &Query::category(category)));
    assert_eq!(in_category("고객"), ["아이디-0", "아이디-2"]);
    assert_eq!(in_category("👩‍👩‍👧"), ["아이디-1"]);
    assert_eq!(in_category(""), ["아이디-3", "아이디-4"]);
    assert_eq!(in_category("LEAD"), ["아이디-8"]);
    assert_verifies_clean(&*store);
}

pub(crate) fn a_stream_row_tells_the_streams_ends_and_times(stores: &dyn Factory) {
    let mut store = stores.fresh();
    let at = |id: &str, n: Option<i64>| NewEvent { recorded_at: n.map(second), ..noted(id) };
    append(&mut *store, LEAD, Expected::NoStream, &[at("a", Some(5)), at("b", Some(9))]);
    append(&mut *store, "ticket-1", Expected::NoStream, &[at("c", None)]);
    append(&mut *store, LEAD, Expected::Any, &[at("d", Some(7))]);
    let row = |name: &str| {
        let row = store.stream(&stream(name)).expect("readable").expect("it stands there");
        StreamRow { key: StreamKey(0), ..row }
    };
    let lead = StreamRow {
        key: StreamKey(0),
        stream: stream(LEAD),
        category: "lead".to_owned(),
        events: 3,
        first_version: Version(0),
        last_version: Version(2),
        first_at: Some(second(5)),
        last_at: Some(second(7)),
    };
    assert_eq!(row(LEAD), lead);
    assert_eq!((row("ticket-1").first_at, row("ticket-1").last_at), (None, None));
    assert_eq!(list(&*store, &StreamQuery::default()), [lead, row("ticket-1")]);
    assert_eq!(store.stream(&stream("lead")).expect("readable"), None);
    // A row's number is the one that its events carry.
    let mut keys = Vec::new();
    let visited = store.visit_events(&Query::stream(stream(LEAD)), &mut |row| {
        keys.push(row.stream_key);
        Flow::Continue(())
    });
    visited.expect("readable");
    let key = store.stream(&stream(LEAD)).expect("readable").map(|row| row.key);
    assert!(keys.iter().all(|known| Some(*known) == key));
}

pub(crate) fn streams_are_filtered_by_part_of_their_name_with_no_wildcards(stores: &dyn Factory) {
    let mut store = stores.fresh();
    let all =
        ["lead-1", "lead-10", "ticket-1", "a_b", "a%b", "a\\b", "aXb", "a\\%b", "고객-김철수", "Lead-2", "a*b?[c]"];
    for name in all {
        note(&mut *store, name, &[&format!("first of {name}")]);
    }
    let found = |filter: &str, category: Option<&str>| {
        let (filter, category) = (Some(filter.to_owned()), category.map(ToOwned::to_owned));
        names(&*store, &StreamQuery { filter, category, ..StreamQuery::default() })
    };
    assert_eq!(found("", None), all);
    assert_eq!(found("lead-1", None), ["lead-1", "lead-10"]);
    assert_eq!(found("LEAD", None), ["lead-1", "lead-10", "Lead-2"]);
    assert_eq!(found("-1", Some("lead")), ["lead-1", "lead-10"]);
    assert_eq!(found("-1", Some("ticket")), ["ticket-1"]);
    assert_eq!(found("-1", Some("tick")), [""; 0]);
    assert_eq!(found("_", None), ["a_b"]);
    assert_eq!(found("%", None), ["a%b", "a\\%b"]);
    assert_eq!(found("a%b", None), ["a%b"]);
    assert_eq!(found("\\", None), ["a\\b", "a\\%b"]);
    assert_eq!(found("\\%", None), ["a\\%b"]);
    assert_eq!(found("\\b", None), ["a\\b"]);
    assert_eq!(found("*", None), ["a*b?[c]"]);
    assert_eq!(found("철수", None), ["고객-김철수"]);
    assert_eq!(found("nobody", None), [""; 0]);
}

pub(crate) fn streams_come_in_the_order_asked_for_and_no_more_than_asked_for(stores: &dyn Factory) {
    let mut store = stores.fresh();
    note(&mut *store, "b-1", &["1", "2"]);
    note(&mut *store, "c-1", &["3"]);
    note(&mut *store, "a-1", &["4", "5", "6"]);
    note(&mut *store, "가-1", &["7"]);
    note(&mut *store, "c-1", &["8"]);
    for (order, expected) in [
        (StreamOrder::Began, ["b-1", "c-1", "a-1", "가-1"]),
        (StreamOrder::Recent, ["c-1", "가-1", "a-1", "b-1"]),
        (StreamOrder::Name, ["a-1", "b-1", "c-1", "가-1"]),
        // Of two that are equally long, the one that began first.
        (StreamOrder::Longest, ["a-1", "b-1", "c-1", "가-1"]),
    ] {
        let query = |limit| StreamQuery { order, limit, ..StreamQuery::default() };
        assert_eq!(names(&*store, &query(None)), expected, "{order:?}");
        for limit in 0..=4 {
            assert_eq!(names(&*store, &query(Some(limit as u64))), expected[..limit], "{order:?}");
        }
        assert_eq!(names(&*store, &query(Some(u64::MAX))), expected, "{order:?}");
        let of_one = StreamQuery { category: Some("c".to_owned()), ..query(Some(1)) };
        assert_eq!(names(&*store, &of_one), ["c-1"], "{order:?}");
    }
}

pub(crate) fn info_counts_events_streams_types_and_categories(stores: &dyn Factory) {
    let mut store = crowd(stores);
    // What is refused or already there counts for nothing.
    refusal(&mut *store, LEAD, Expected::NoStream, &[noted("z")]);
    note(&mut *store, "ticket-2", &["n"]);
    note(&mut *store, "ticket-2", &["n"]);
    let info = store.info().expect("readable");
    assert_eq!((info.events, info.streams), (10, 5));
    let counted = |counts: &[(&str, u64)]| counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect::<Vec<_>>();
    // The most frequent first; of equals, by name.
    assert_eq!(info.event_types, counted(&[("changed", 3), ("closed", 3), ("opened", 3), ("noted", 1)]));
    assert_eq!(info.categories, counted(&[("lead", 2), ("ticket", 2), ("settings", 1)]));
    assert_eq!((info.first_at, info.last_at), (Some(second(0)), Some(second(8))));
    let longest = info.longest_stream.expect("there are streams");
    assert_eq!((longest.stream.as_str(), longest.events), (LEAD, 4));
    assert!(info.is_writable);
    // What comes at once is a part of it, and says nothing else.
    if let Some(at_once) = store.info_at_once().expect("readable") {
        let whole = store.info().expect("readable");
        assert_eq!((at_once.events, at_once.streams), (whole.events, whole.streams));
        assert_eq!((at_once.event_types, at_once.categories), (whole.event_types, whole.categories));
        assert_eq!((at_once.first_at, at_once.last_at, at_once.longest_stream), (None, None, None));
    }
}

fn snapshot(version: u64, id: &str, state: &str) -> Snapshot {
    Snapshot {
        projection: "state".to_owned(),
        revision: 1,
        version: Version(version),
        event_id: EventId::new(id),
        state: state.to_owned(),
    }
}

pub(crate) fn only_the_newest_snapshot_is_kept(stores: &dyn Factory) {
    if !stores.keeps_snapshots() {
        return;
    }
    let mut store = stores.fresh();
    let lead = stream(LEAD);
    note(&mut *store, LEAD, &["a", "b", "c", "d"]);
    let (older, newer) = (snapshot(1, "b", "{\"n\":1}"), snapshot(2, "c", "{\"n\":\"둘\"}"));
    store.keep_snapshot(&lead, &older).expect("kept");
    assert_eq!(store.snapshot(&lead, "state", 1, Version(3)).expect("readable"), Some(older.clone()));
    store.keep_snapshot(&lead, &newer).expect("kept");
    store.keep_snapshot(&lead, &older).expect("an older one is let go");
    for (at_most, expected) in [(3, Some(&newer)), (2, Some(&newer)), (1, None), (u64::MAX, Some(&newer))] {
        let found = store.snapshot(&lead, "state", 1, Version(at_most)).expect("readable");
        assert_eq!(found.as_ref(), expected, "at most {at_most}");
    }
    // A changed projection begins anew, also with a shorter reach.
    let remade = Snapshot { revision: 2, ..older };
    store.keep_snapshot(&lead, &remade).expect("kept");
    assert_eq!(store.snapshot(&lead, "state", 2, Version(9)).expect("readable"), Some(remade));
    assert_eq!(store.snapshot(&lead, "state", 1, Version(9)).expect("readable"), None);
    assert_verifies_clean(&*store);
}

pub(crate) fn a_snapshot_of_another_revision_projection_or_stream_is_ignored(stores: &dyn Factory) {
    if !stores.keeps_snapshots() {
        return;
    }
    let mut store = stores.fresh();
    note(&mut *store, LEAD, &["a"]);
    note(&mut *store, "lead-2", &["b"]);
    store.keep_snapshot(&stream(LEAD), &snapshot(0, "a", "{}")).expect("kept");
    for (name, projection, revision) in
        [(LEAD, "state", 0), (LEAD, "state", 2), (LEAD, "search", 1), ("lead-2", "state", 1), ("nobody", "state", 1)]
    {
        let found = store.snapshot(&stream(name), projection, revision, Version(9)).expect("readable");
        assert_eq!(found, None, "{name} {projection} {revision}");
    }
    assert!(store.snapshot(&stream(LEAD), "state", 1, Version(9)).expect("readable").is_some());
}

pub(crate) fn a_snapshot_whose_event_is_not_in_the_stream_is_ignored(stores: &dyn Factory) {
    if !stores.keeps_snapshots() {
        return;
    }
    for (version, id) in [(1, "a"), (0, "b"), (1, "elsewhere"), (1, "unknown"), (7, "b")] {
        let mut store = stores.fresh();
        note(&mut *store, "lead-2", &["x", "elsewhere"]);
        note(&mut *store, LEAD, &["a", "b"]);
        store.keep_snapshot(&stream(LEAD), &snapshot(version, id, "{}")).expect("kept or let go");
        let found = store.snapshot(&stream(LEAD), "state", 1, Version(9)).expect("readable");
        assert_eq!(found, None, "version {version} with the event {id}");
    }
}

pub(crate) fn every_kept_snapshot_is_visited_until_the_visitor_breaks(stores: &dyn Factory) {
    if !stores.keeps_snapshots() {
        return;
    }
    let mut store = stores.fresh();
    // Streams come in the order in which they began, whatever their names.
    note(&mut *store, "lead-9", &["a"]);
    note(&mut *store, "lead-2", &["b", "c"]);
    let search = Snapshot { projection: "search".to_owned(), ..snapshot(0, "b", "[]") };
    let kept = [("lead-9", snapshot(0, "a", "{}")), ("lead-2", search), ("lead-2", snapshot(1, "c", "{}"))];
    for (name, snapshot) in &kept {
        store.keep_snapshot(&stream(name), snapshot).expect("kept");
    }
    for stop_after in 1..=kept.len() {
        let mut seen: Vec<(StreamId, Snapshot)> = Vec::new();
        let visited = store.visit_snapshots(&mut |stream, snapshot| {
            seen.push((stream.clone(), snapshot.clone()));
            if seen.len() == stop_after { Flow::Break(()) } else { Flow::Continue(()) }
        });
        visited.expect("readable");
        let expected: Vec<_> = kept[..stop_after].iter().map(|(name, kept)| (stream(name), kept.clone())).collect();
        assert_eq!(seen, expected);
    }
    // One of a stream that is not there is never kept.
    store.keep_snapshot(&stream("nobody"), &snapshot(0, "a", "{}")).expect("let go");
    let mut count = 0;
    let visited = store.visit_snapshots(&mut |_, _| {
        count += 1;
        Flow::Continue(())
    });
    visited.expect("readable");
    assert_eq!(count, kept.len());
}

pub(crate) fn events_are_found_by_what_they_name(stores: &dyn Factory) {
    let uuid = "0190b1de-5a4f-7c8e-9a3b-0123456789ab";
    let spellings = [
        r#"{"correlation-id":"c1","causation-id":"e0"}"#.to_owned(),
        r#"{"correlationId":"c1","Causation_Id":7}"#.to_owned(),
        format!(r#"{{"$correlationId":"{}","cause-id":"e0"}}"#, uuid.to_uppercase()),
        format!(r#"{{"correlation":{{"id":"c1"}},"causation":"{uuid}"}}"#),
        r#"{"causation-id":null,"correlation-id":[]}"#.to_owned(),
        r#"{"causation-id":"e0","causation-id":"e1"}"#.to_owned(),
        r#"{"reason":"causation-id"}"#.to_owned(),
        String::new(),
    ];
    let mut store = stores.fresh();
    for (index, metadata) in spellings.iter().enumerate() {
        let event = NewEvent { metadata: metadata.clone(), ..noted(&format!("e{index}")) };
        append(&mut *store, ["lead-1", "ticket-1"][index % 2], Expected::Any, &[event]);
    }
    let all = read(&*store, &Query::store());
    let mut found_any = 0;
    for by in LinkKind::ALL {
        for wanted in [&[][..], &["e0"], &["e1", "7"], &["c1"], &[uuid], &["c1", uuid, "c1"], &["C1", ""]] {
            let wanted: Vec<EventId> = wanted.iter().map(|id| EventId::meant_by(id)).collect();
            for limit in [None, Some(0), Some(1), Some(2)] {
                for direction in [Direction::Forward, Direction::Backward] {
                    for event_type in [None, Some("noted"), Some("never")] {
                        let event_type = event_type.map(Into::into);
                        let query = Query { direction, limit, event_type, ..Query::linked(by, wanted.clone()) };
                        let found = read(&*store, &query);
                        assert_eq!(found, filtered(&all, &query), "{query:?}");
                        found_any += found.len();
                    }
                }
            }
        }
    }
    assert!(found_any > 50, "{found_any}");
    let heads = read(&*store, &Query::linked(LinkKind::Causation, vec![EventId::new("e0")]).columns(Columns::HEADS));
    assert!(!heads.is_empty() && heads.iter().all(|event| event.metadata.is_empty() && event.payload.is_empty()));
}

pub(crate) fn an_event_is_found_by_its_id(stores: &dyn Factory) {
    let mut store = crowd(stores);
    let uuid = "0190b1de-5a4f-7c8e-9a3b-0123456789ab";
    note(&mut *store, "lead-2", &[uuid]);
    for event in read(&*store, &Query::store()) {
        assert_eq!(store.event_by_id(&event.id).expect("readable"), Some(event));
    }
    for unknown in ["e9", "E0", "", "0190B1DE-5A4F-7C8E-9A3B-0123456789AB", "0190b1de5a4f7c8e9a3b0123456789ab"] {
        assert_eq!(store.event_by_id(&EventId::new(unknown)).expect("readable"), None, "{unknown:?}");
    }
}

pub(crate) fn an_event_is_found_by_its_version(stores: &dyn Factory) {
    let store = crowd(stores);
    for event in read(&*store, &Query::store()) {
        assert_eq!(store.event_at(&event.stream, event.version).expect("readable"), Some(event));
    }
    for (name, version) in [(LEAD, 4), (LEAD, u64::MAX), ("nobody", 0)] {
        assert_eq!(store.event_at(&stream(name), Version(version)).expect("readable"), None, "{name} {version}");
    }
}

pub(crate) fn verifying_an_honest_history_finds_nothing_and_stops_when_asked(stores: &dyn Factory) {
    let mut store = stores.fresh();
    let batch: Vec<_> = (0..10_000).map(|n| noted(&n.to_string())).collect();
    for some in batch.chunks(stores.largest_append()) {
        append(&mut *store, LEAD, Expected::Any, some);
    }
    assert_verifies_clean(&*store);
    let mut told = 0;
    let stopped = store.verify(&mut |finding| panic!("{finding:?}"), &mut |count| {
        assert!(count <= 10_000);
        told += 1;
        Flow::Break(())
    });
    assert!(matches!(stopped, Err(foldline::store::StoreError::Cancelled)), "{stopped:?}");
    assert_eq!(told, 1, "it went on after it was asked to stop");
}
