//! Questions asked of an open store: moments, snapshots, loading on several threads, folding everything.

use crate::memory_store::MemoryStore;
use crate::workshop::own_store;
use foldline::engine::{
    EngineError, Moment, SNAPSHOT_SPACING, check_snapshots, describe, fold_whole, keep_long_streams, keep_snapshots,
    load_timeline, resolve, show,
};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp, Version};
use foldline::projection::{FieldsProjection, LeadState};
use foldline::replay::{Fold, Replay, Timeline, registry};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Finding, FindingKind, Flow, Query, Snapshot, Store, Writer};
use serde_json::json;

fn at(second: u64) -> Timestamp {
    Timestamp::from_micros(1_735_693_200_000_000 + second as i64 * 1_000_000)
}

fn event(stream: &str, version: u64, event_type: &str, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(&format!("{stream}#{version}")),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Some(at(version)),
        payload: payload.to_owned(),
        metadata: String::new(),
    }
}

/// A lead's event at each version: contacts, follow-ups, corrections, and now and then one that breaks a rule.
fn lead_event(stream: &str, version: u64) -> NewEvent {
    let payload = |text: String| event(stream, version, "contact-details-updated", &text);
    match version {
        0 => event(stream, 0, "lead-initialized", r#"{"lead-id":1,"name":"aaa","phone":"1"}"#),
        _ if version % 7 == 3 => payload(format!(r#"{{"name":"name {}"}}"#, version % 13)),
        _ if version % 5 == 1 => {
            event(stream, version, "followup-set", &format!(r#"{{"followup-on":"{}"}}"#, at(version + 60)))
        }
        _ if version % 101 == 50 => event(stream, version, "payment-confirmed", "{}"),
        _ => event(stream, version, "contacted", "{}"),
    }
}

fn fill(store: &mut dyn Writer, stream: &str, versions: std::ops::Range<u64>) {
    let events: Vec<NewEvent> = versions.map(|version| lead_event(stream, version)).collect();
    store.append(&StreamId::from(stream), Expected::Any, &events).expect("recorded");
}

fn quiet(_: u64) -> Flow {
    Flow::Continue(())
}

fn naive(store: &dyn Store, stream: &str, version: u64) -> (serde_json::Value, usize) {
    let mut fold = Fold::new(LeadState);
    let query = Query::stream(StreamId::from(stream)).between(None, Some(Version(version)));
    store
        .visit_events(&query, &mut |row| {
            fold.push(row);
            Flow::Continue(())
        })
        .expect("read");
    (fold.show(), fold.findings().len())
}

#[test]
fn a_moment_is_a_version_a_time_or_the_latest() {
    let mut store = MemoryStore::default();
    fill(&mut store, "lead-1", 0..10);
    let row = describe(&store, &StreamId::from("lead-1")).expect("there").row;
    let version = |text: &str| resolve(&store, &row, text.parse().expect("a moment")).map(|version| version.0);
    assert_eq!(version("latest").ok(), Some(9));
    assert_eq!(version("4").ok(), Some(4));
    assert_eq!(version("v4").ok(), Some(4));
    assert_eq!(version(&at(4).to_string()).ok(), Some(4));
    assert_eq!(version(&at(4).plus_micros(-1).to_string()).ok(), Some(3));
    assert_eq!(version("2030-01-01").ok(), Some(9));
    assert!(matches!(version("10"), Err(EngineError::NoVersion { .. })));
    assert!(matches!(version("2000-01-01"), Err(EngineError::BeforeItBegan { .. })));
    assert!(matches!("soon".parse::<Moment>(), Err(EngineError::NotAMoment(_))));
}

#[test]
fn by_time_the_order_of_the_stream_counts_where_clocks_ran_backward() {
    let mut store = MemoryStore::default();
    let mut events: Vec<NewEvent> = (0..4).map(|version| lead_event("lead-1", version)).collect();
    events[2].recorded_at = Some(at(0));
    events[3].recorded_at = None;
    store.append(&StreamId::from("lead-1"), Expected::NoStream, &events).expect("recorded");
    let row = describe(&store, &StreamId::from("lead-1")).expect("there").row;
    assert_eq!(resolve(&store, &row, Moment::Time(at(0))).ok(), Some(Version(2)));
    assert_eq!(resolve(&store, &row, Moment::Time(at(1))).ok(), Some(Version(2)));
}

#[test]
fn a_name_that_is_not_there_is_answered_with_those_like_it() {
    let mut store = MemoryStore::default();
    fill(&mut store, "lead-17", 0..2);
    let near = |name: &str| match describe(&store, &StreamId::from(name)) {
        Err(EngineError::NoStream { near, .. }) => near.into_iter().map(|stream| stream.to_string()).collect(),
        _ => vec!["no refusal".to_owned()],
    };
    assert_eq!(near("LEAD-17"), ["lead-17"]);
    assert_eq!(near("order-17"), ["lead-17"]);
    assert!(near("nothing").is_empty());
}

#[test]
fn a_long_stream_shown_from_its_snapshot_is_what_folding_all_of_it_gives() {
    let (_folder, mut store) = own_store();
    let last = SNAPSHOT_SPACING * 2;
    fill(&mut store, "lead-1", 0..SNAPSHOT_SPACING + 10);
    keep_snapshots(&mut store, &StreamId::from("lead-1"));
    fill(&mut store, "lead-1", SNAPSHOT_SPACING + 10..last);
    let described = describe(&store, &StreamId::from("lead-1")).expect("there");
    for version in [5, SNAPSHOT_SPACING + 8, SNAPSHOT_SPACING + 9, SNAPSHOT_SPACING + 10, last - 1] {
        for projection in registry().of_aggregate(described.aggregate) {
            let shown =
                show(&store, &described, projection, Moment::Version(Version(version)), &mut quiet).expect("shown");
            let timeline = load_timeline(&store, &described, projection, &mut |_| {}, &mut quiet).expect("loaded");
            let index = timeline.index_of(Version(version));
            assert_eq!(shown.state, timeline.show(index), "{} at {version}", projection.name());
            assert_eq!(shown.findings.len(), naive(&store, "lead-1", version).1, "{} at {version}", projection.name());
            assert_eq!(shown.recorded_at, Some(at(version)));
        }
    }
}

#[test]
fn a_snapshot_saves_reading_the_events_before_it() {
    let (_folder, mut store) = own_store();
    fill(&mut store, "lead-1", 0..SNAPSHOT_SPACING + 5);
    let read = |store: &NativeStore| {
        let described = describe(store, &StreamId::from("lead-1")).expect("there");
        let mut count = 0;
        show(store, &described, &LeadState.into(), Moment::Latest, &mut |seen| {
            count = seen;
            Flow::Continue(())
        })
        .expect("shown");
        count
    };
    assert_eq!(read(&store), SNAPSHOT_SPACING + 5);
    keep_long_streams(&mut store);
    assert_eq!(read(&store), 0);
    fill(&mut store, "lead-1", SNAPSHOT_SPACING + 5..SNAPSHOT_SPACING + 8);
    assert_eq!(read(&store), 3);
}

fn kept(store: &dyn Store) -> Vec<Snapshot> {
    let mut all = Vec::new();
    store
        .visit_snapshots(&mut |_, snapshot| {
            all.push(snapshot.clone());
            Flow::Continue(())
        })
        .expect("read");
    all
}

#[test]
fn snapshots_are_made_only_when_due_and_for_every_projection() {
    let (_folder, mut store) = own_store();
    let stream = StreamId::from("lead-1");
    fill(&mut store, "lead-1", 0..SNAPSHOT_SPACING - 1);
    keep_snapshots(&mut store, &stream);
    assert!(kept(&store).is_empty());
    fill(&mut store, "lead-1", SNAPSHOT_SPACING - 1..SNAPSHOT_SPACING);
    keep_snapshots(&mut store, &stream);
    let names: Vec<String> = kept(&store).into_iter().map(|snapshot| snapshot.projection).collect();
    assert_eq!(names, ["analysis", "fields", "search", "state"]);
    fill(&mut store, "lead-1", SNAPSHOT_SPACING..SNAPSHOT_SPACING + 5);
    keep_snapshots(&mut store, &stream);
    assert!(kept(&store).iter().all(|snapshot| snapshot.version == Version(SNAPSHOT_SPACING - 1)), "too soon");
}

/// Puts a snapshot in the place of one that was kept, as an older Foldline or a fault would have left it.
fn replace(store: &mut NativeStore, change: impl FnOnce(&mut Snapshot)) {
    let stream = StreamId::from("lead-1");
    let mut snapshot = kept(store).into_iter().find(|snapshot| snapshot.projection == "state").expect("kept before");
    // One of another revision is replaced whatever its version.
    store.keep_snapshot(&stream, &Snapshot { revision: 999, ..snapshot.clone() }).expect("kept");
    change(&mut snapshot);
    store.keep_snapshot(&stream, &snapshot).expect("kept");
}

#[test]
fn a_snapshot_of_another_revision_or_that_cannot_be_read_is_ignored() {
    for change in [
        (|snapshot: &mut Snapshot| snapshot.revision += 1) as fn(&mut Snapshot),
        |snapshot| snapshot.state = "{\"state\":".to_owned(),
        |snapshot| snapshot.event_id = EventId::new("another event"),
    ] {
        let (_folder, mut store) = own_store();
        fill(&mut store, "lead-1", 0..SNAPSHOT_SPACING);
        keep_long_streams(&mut store);
        replace(&mut store, change);
        let described = describe(&store, &StreamId::from("lead-1")).expect("there");
        let shown = show(&store, &described, &LeadState.into(), Moment::Latest, &mut quiet).expect("shown");
        assert_eq!(shown.state, naive(&store, "lead-1", SNAPSHOT_SPACING - 1).0);
    }
}

#[test]
fn a_snapshot_that_replaying_contradicts_is_reported() {
    let (_folder, mut store) = own_store();
    fill(&mut store, "lead-1", 0..SNAPSHOT_SPACING);
    keep_long_streams(&mut store);
    let findings = |store: &NativeStore| {
        let mut findings: Vec<Finding> = Vec::new();
        check_snapshots(store, &mut |finding| findings.push(finding)).expect("checked");
        findings
    };
    assert_eq!(findings(&store), []);
    replace(&mut store, |snapshot| snapshot.state = snapshot.state.replace("\"contacts\":", "\"contacts\":1"));
    let found = findings(&store);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].kind(), found[0].place.version),
        (FindingKind::StaleSnapshot, Some(Version(SNAPSHOT_SPACING - 1)))
    );
}

#[test]
fn loading_on_two_threads_gives_what_loading_on_one_does() {
    let (_folder, mut store) = own_store();
    let length = 6_000;
    fill(&mut store, "lead-1", 0..length);
    let described = describe(&store, &StreamId::from("lead-1")).expect("there");
    let threaded = load_timeline(&store, &described, &LeadState.into(), &mut |_| {}, &mut quiet).expect("loaded");
    let mut plain = Replay::new(LeadState);
    store
        .visit_events(&Query::stream(StreamId::from("lead-1")), &mut |row| {
            plain.push(row);
            Flow::Continue(())
        })
        .expect("read");
    assert_eq!(threaded.heads(), plain.heads());
    for index in (0..length as usize).step_by(37) {
        assert_eq!(threaded.show(Some(index)), plain.show(Some(index)), "{index}");
        assert_eq!(threaded.changed_fields(index), plain.changed_fields(index), "{index}");
        assert_eq!(threaded.set_by(index, "name"), plain.set_by(index, "name"), "{index}");
    }
    assert_eq!(threaded.findings(length as usize), plain.findings(length as usize));
}

#[test]
fn loading_can_be_cancelled() {
    let (_folder, mut store) = own_store();
    fill(&mut store, "lead-1", 0..6_000);
    let described = describe(&store, &StreamId::from("lead-1")).expect("there");
    let mut seen = 0;
    let cancelled = load_timeline(&store, &described, &LeadState.into(), &mut |_| {}, &mut |count| {
        seen = count;
        if count >= 2_000 { Flow::Break(()) } else { Flow::Continue(()) }
    });
    assert!(cancelled.is_err());
    assert!((2_000..4_000).contains(&seen), "read on for {seen} events after the wish to stop");
}

#[test]
fn folding_the_whole_store_gives_each_stream_its_own_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.db");
    let mut store = NativeStore::create(&path).expect("a store");
    let streams: Vec<String> = (0..40).map(|n| format!("lead-{n}")).collect();
    // Interleaved, over several chunks of positions.
    for round in 0..30_u64 {
        for stream in &streams {
            fill(&mut store, stream, round * 10..round * 10 + 10);
        }
    }
    fill(&mut store, "order-1", 0..10);
    drop(store);
    let reader = foldline::store::open(&path.clone().into()).expect("opened");
    let whole = fold_whole(&*reader, &LeadState.into(), Some("lead"), None, &mut quiet).expect("folded");
    assert_eq!(whole.events(), 40 * 300);
    for stream in &streams {
        let row = reader.stream(&StreamId::from(stream.as_str())).expect("read").expect("there");
        let state = whole.show(row.key).expect("a state");
        assert_eq!(state, naive(reader.as_ref(), stream, 299).0, "{stream}");
    }
    let order = reader.stream(&StreamId::from("order-1")).expect("read").expect("there");
    assert!(whole.show(order.key).is_none(), "another category");
    let half =
        fold_whole(&*reader, &LeadState.into(), Some("lead"), Some(foldline::event::Position(6_000)), &mut quiet)
            .expect("folded");
    assert_eq!(half.events(), 6_000);
    let stopped = fold_whole(&*reader, &LeadState.into(), None, None, &mut |_| Flow::Break(()));
    assert!(stopped.is_err());
}

#[test]
fn a_projection_is_found_by_its_name_or_refused_with_the_ones_there_are() {
    let mut store = MemoryStore::default();
    fill(&mut store, "lead-1", 0..2);
    store
        .append(&StreamId::from("order-1"), Expected::Any, &[event("order-1", 0, "placed", r#"{"total":3}"#)])
        .expect("recorded");
    let lead = describe(&store, &StreamId::from("lead-1")).expect("there");
    let order = describe(&store, &StreamId::from("order-1")).expect("there");
    assert_eq!(lead.projection(None).ok(), Some(LeadState.into()));
    assert_eq!(order.projection(None).ok(), Some(FieldsProjection.into()));
    let refused = order.projection(Some("analysis")).expect_err("an order has none");
    assert_eq!(refused.to_string(), "order-1 has no projection analysis; it has fields");
    let shown = show(&store, &order, &FieldsProjection.into(), Moment::Latest, &mut quiet).expect("shown");
    assert_eq!(shown.state, json!({"total": 3}));
}
