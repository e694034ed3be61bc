//! Made-up histories: the same for the same seed, exact in number, and sound.

use std::collections::BTreeMap;

use foldline::domain::Aggregate;
use foldline::event::{EventRow, Metadata, RecordedEvent, StreamId};
use foldline::replay::Story;
use foldline::sample::{SampleError, SampleOptions, SampleReport, USUAL_EVENTS, USUAL_STREAMS, generate};
use foldline::store::native::NativeStore;
use foldline::store::{Flow, Query, Store, StreamQuery, StreamRow};
use tempfile::TempDir;

use crate::workshop::own_store;

fn wish(streams: Option<u64>, events: Option<u64>, seed: u64) -> SampleOptions {
    SampleOptions { streams, events, seed, ..SampleOptions::default() }
}

#[track_caller]
fn sample(options: &SampleOptions) -> (TempDir, NativeStore) {
    let (folder, mut store) = own_store();
    let report = generate(&mut store, options, &mut |_| Flow::Continue(())).expect("a sample");
    let info = store.info().expect("counts");
    assert_eq!(report, SampleReport { streams: info.streams, events: info.events });
    (folder, store)
}

#[track_caller]
fn refused(options: &SampleOptions) -> String {
    let (_folder, mut store) = own_store();
    generate(&mut store, options, &mut |_| Flow::Continue(())).expect_err("a refusal").to_string()
}

fn rows(store: &NativeStore, query: &Query) -> Vec<RecordedEvent> {
    let mut rows = Vec::new();
    let collect = &mut |row: &EventRow<'_>| {
        rows.push(row.to_recorded());
        Flow::Continue(())
    };
    store.visit_events(query, collect).expect("rows");
    rows
}

fn stream(store: &NativeStore, name: &str) -> Vec<RecordedEvent> {
    rows(store, &Query::stream(StreamId::from(name)))
}

fn streams(store: &NativeStore) -> Vec<StreamRow> {
    let mut streams = Vec::new();
    let collect = &mut |row| {
        streams.push(row);
        Flow::Continue(())
    };
    store.visit_streams(&StreamQuery::default(), collect).expect("streams");
    streams
}

/// What replaying every stream says of broken rules, counted by its words.
fn findings(store: &NativeStore) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for row in streams(store) {
        let mut replayed = Story::new(Some(if row.category == "lead" { Aggregate::Lead } else { Aggregate::Ticket }));
        for event in rows(store, &Query::stream(row.stream)) {
            replayed.push(&event.as_row());
        }
        let timeline = replayed.timeline();
        for finding in timeline.findings(timeline.heads().len() - 1) {
            *found.entry(finding.message()).or_default() += 1;
        }
    }
    found
}

fn texts(event: &RecordedEvent) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (text(&event.payload), text(&event.metadata))
}

#[test]
fn the_same_seed_gives_the_same_events() {
    let wished = wish(None, Some(3_000), 7);
    let ((_folder, one), (_another, other)) = (sample(&wished), sample(&wished));
    assert_eq!(rows(&one, &Query::store()), rows(&other, &Query::store()));
}

#[test]
fn another_seed_gives_other_events() {
    let ((_folder, one), (_another, other)) =
        (sample(&wish(None, Some(3_000), 7)), sample(&wish(None, Some(3_000), 8)));
    let (one, other) = (rows(&one, &Query::store()), rows(&other, &Query::store()));
    assert_eq!(one.len(), other.len());
    assert!(one.iter().zip(&other).skip(7).all(|(one, other)| one.id != other.id));
    assert!(one.iter().zip(&other).skip(7).any(|(one, other)| one.payload != other.payload));
}

/// A change of these bytes changes what a seed means to everybody who has noted one down.
#[test]
fn a_small_sample_is_byte_for_byte_what_it_was() {
    let (_folder, store) = sample(&wish(None, Some(2_000), 1));
    let mut hasher = blake3::Hasher::new();
    for event in rows(&store, &Query::store()) {
        let RecordedEvent { position, stream, version, event_type, schema, recorded_at, id, payload, metadata } = event;
        let position = position.expect("a position").0;
        let at = recorded_at.expect("a time").micros();
        let head = format!("{position} {stream} {version} {event_type} {schema} {at} {id}\n");
        hasher.update(head.as_bytes()).update(&payload).update(b"\n").update(&metadata).update(b"\n");
    }
    let pinned = "c73f3d9d83fb42ce63a1fa8344ef393e1812045097d55847ea325e27f03e9f2e";
    assert_eq!(hasher.finalize().to_hex().as_str(), pinned);
}

#[test]
fn the_numbers_are_exactly_those_that_were_wished() {
    for (streams, events) in [(1, 1), (1, 7), (2, 8), (2, 400), (50, 50), (50, 60), (30, 4_000), (700, 4_200)] {
        let (_folder, store) = sample(&wish(Some(streams), Some(events), 3));
        let info = store.info().expect("counts");
        assert_eq!((info.streams, info.events), (streams, events));
    }
}

#[test]
fn one_number_follows_from_the_other() {
    for (options, expected) in [
        (wish(None, None, 1), (USUAL_STREAMS, USUAL_EVENTS)),
        (wish(None, Some(6_000), 1), (1_000, 6_000)),
        (wish(Some(1_000), None, 1), (1_000, 6_000)),
        (wish(None, Some(5), 1), (1, 5)),
        (wish(None, Some(8), 1), (2, 8)),
        (wish(Some(1), None, 1), (1, 7)),
    ] {
        let SampleReport { streams, events } = options.numbers().expect("numbers");
        assert_eq!((streams, events), expected, "{options:?}");
    }
}

#[test]
fn impossible_wishes_are_refused_in_a_sentence() {
    for options in [wish(Some(0), None, 1), wish(None, Some(0), 1), wish(Some(0), Some(0), 1)] {
        assert_eq!(refused(&options), "a sample needs at least one stream and one event");
    }
    assert_eq!(
        refused(&wish(Some(9), Some(8), 1)),
        "8 events are too few for 9 streams; ask for at least one event a stream"
    );
    assert_eq!(
        refused(&wish(Some(1), Some(8), 1)),
        "a sample of one stream is lead-1 alone, which has 7 events; ask for more streams, or fewer events"
    );
    assert!(refused(&wish(None, Some(u64::MAX), 1)).starts_with("a sample has at most"));
    assert!(refused(&wish(Some(u64::MAX), None, 1)).starts_with("a sample has at most"));
}

#[test]
fn a_store_with_events_is_left_as_it_is() {
    let (_folder, mut store) = sample(&wish(None, Some(20), 1));
    let again = generate(&mut store, &wish(None, Some(20), 2), &mut |_| Flow::Continue(()));
    assert!(matches!(again, Err(SampleError::NotEmpty(_))), "{again:?}");
    assert_eq!(store.info().expect("counts").events, 20);
}

#[test]
fn it_stops_when_asked() {
    let (_folder, mut store) = own_store();
    let mut told = Vec::new();
    let stopped = generate(&mut store, &SampleOptions::default(), &mut |done| {
        told.push(done);
        if told.len() == 2 { Flow::Break(()) } else { Flow::Continue(()) }
    });
    assert_eq!(stopped.map_err(|error| error.to_string()), Err("stopped before the end, as asked".to_owned()));
    assert_eq!(told, [4_096, 8_192]);
}

#[test]
fn lead_1_is_the_case_that_the_words_come_from() {
    for options in [SampleOptions::default(), wish(None, Some(100), 99)] {
        let (_folder, store) = sample(&options);
        let events = stream(&store, "lead-1");
        let told: Vec<_> = events
            .iter()
            .map(|event| {
                let metadata = event.metadata();
                let at = event.recorded_at.expect("a time").to_string();
                let cause = metadata.causation_id.map(|id| events.iter().position(|e| e.id.to_string() == id));
                assert_eq!(metadata.correlation_id, Some(events[0].id.to_string()));
                let actor = metadata.actor.unwrap_or_default();
                (event.event_type.to_string(), event.schema, texts(event).0, at, actor, cause.flatten())
            })
            .collect();
        let expected = [
            ("lead-initialized", r#"{"lead-id":1,"name":"aab","phone":"1111"}"#, "01:00:01", "web form", None),
            ("contacted", "{}", "01:00:02", "kim", Some(0)),
            ("followup-set", r#"{"followup-on":"2025-01-01T01:00:02.01Z"}"#, "01:00:02", "kim", Some(1)),
            ("contact-details-updated", r#"{"name":"aaa"}"#, "01:00:03", "kim", Some(1)),
            ("contacted", "{}", "01:00:04", "lee", Some(2)),
            ("order-submitted", r#"{"payment-deadline":"2025-01-01T01:10:02.01Z"}"#, "01:00:05", "lee", Some(4)),
            ("payment-confirmed", r#"{"stauts":"converted"}"#, "01:01:01", "billing", Some(5)),
        ];
        let expected = expected.map(|(kind, payload, time, actor, cause)| {
            (kind.to_owned(), 1, payload.to_owned(), format!("2025-01-01T{time}.010Z"), actor.to_owned(), cause)
        });
        assert_eq!(told, expected);
        assert_eq!(events[5].metadata().reason.as_deref(), Some("accepted the offer"));
        let positions: Vec<_> = events.iter().filter_map(|event| event.position).map(|position| position.0).collect();
        assert_eq!(positions, [1, 2, 3, 4, 5, 6, 7]);
    }
}

#[test]
fn lead_1_is_cut_where_fewer_events_are_wished() {
    assert_eq!(stream(&sample(&wish(None, Some(3), 1)).1, "lead-1").len(), 3);
    assert_eq!(stream(&sample(&wish(Some(10), Some(14), 1)).1, "lead-1").len(), 5);
}

#[test]
fn the_usual_sample_is_sound_and_has_everything_to_be_found() {
    let (_folder, store) = sample(&SampleOptions::default());
    let mut wrong = Vec::new();
    store.verify(&mut |finding| wrong.push(finding), &mut |_| Flow::Continue(())).expect("a check");
    assert_eq!(wrong, []);

    let info = store.info().expect("counts");
    let categories = [("lead".to_owned(), 4_210), ("ticket".to_owned(), 902)];
    assert_eq!((info.events, info.categories.as_slice()), (USUAL_EVENTS, categories.as_slice()));
    let longest = info.longest_stream.expect("a stream").events;
    assert!((200..=1_500).contains(&longest), "{longest}");

    // Every kind of event, and one under its old name.
    let types: BTreeMap<String, u64> = info.event_types.into_iter().collect();
    assert_eq!(types.len(), foldline::domain::EventKind::ALL.len() + 1, "{types:?}");
    assert!(types.contains_key("ContactDetailsChange"));

    let events = rows(&store, &Query::store());
    let old_payments: Vec<_> =
        events.iter().filter(|event| event.schema == 1 && event.event_type.as_str() == "payment-confirmed").collect();
    assert!(old_payments.len() > 20 && old_payments.iter().all(|event| texts(event).0.contains("stauts")));
    let last_old = old_payments.last().and_then(|event| event.position).expect("a position").0;
    assert!(last_old < USUAL_EVENTS / 4, "old shapes up to position {last_old}");

    let compensations: Vec<Metadata> =
        events.iter().map(RecordedEvent::metadata).filter(|metadata| metadata.compensates.is_some()).collect();
    assert!((200..1_500).contains(&compensations.len()), "{}", compensations.len());
    assert!(compensations.iter().all(|metadata| metadata.actor.is_some() && metadata.reason.is_some()));

    let is_hangul = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
    let korean = events.iter().filter(|event| is_hangul(&texts(event).0)).count();
    assert!(korean > 5_000, "{korean}");
    for (lead, name) in [("lead-2", "김철수"), ("lead-4", "Maria Ortiz"), ("lead-7", "Chen Wei")] {
        assert!(texts(&stream(&store, lead)[0]).0.contains(name), "{lead}");
    }
}

#[test]
fn only_the_rules_that_are_meant_to_be_broken_are() {
    let meant = [
        "closed by the system before the customer owed an answer for seven days",
        "contacted while CONVERTED",
        "escalated before the agent's response time was over",
        "followup-set to a time before the event itself",
        "lead-initialized a second time",
        "message-posted while CLOSED",
        "payment-confirmed while CLOSED",
        "payment-confirmed while FOLLOWUP_SET",
        "payment-confirmed while NEW_LEAD",
        "payment-confirmed while PAYMENT_FAILED",
    ];
    let found = findings(&sample(&SampleOptions::default()).1);
    assert!(found.len() >= 7, "{found:?}");
    assert!(found.keys().all(|words| meant.contains(&words.as_str())), "{found:?}");
    assert!(found.values().sum::<usize>() < 60, "{found:?}");
    for seed in 2..6 {
        let found = findings(&sample(&wish(None, Some(4_000), seed)).1);
        assert!(found.keys().all(|words| meant.contains(&words.as_str())), "seed {seed}: {found:?}");
    }
}

#[test]
fn events_follow_each_other_in_time_and_each_names_its_cause() {
    let events = rows(&sample(&wish(None, Some(5_000), 4)).1, &Query::store());
    assert!(events.is_sorted_by(|one, next| one.id < next.id && one.recorded_at <= next.recorded_at));
    assert_eq!(events[0].recorded_at.map(|at| at.to_string()).as_deref(), Some("2025-01-01T01:00:01.010Z"));
    let ids: std::collections::HashSet<String> = events.iter().map(|event| event.id.to_string()).collect();
    for event in &events {
        let metadata = event.metadata();
        assert!(metadata.actor.is_some() && metadata.correlation_id.is_some());
        let cause = metadata.causation_id;
        assert!(cause.is_some() || event.version.0 == 0, "{} {}", event.stream, event.version);
        assert!(cause.is_none_or(|cause| ids.contains(&cause) && cause < event.id.to_string()));
    }
}
