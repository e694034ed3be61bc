//! All that is to be looked at in a store, as one list.

use foldline::engine::{EngineError, all_findings};
use foldline::event::{MetadataBuilder, NewEvent};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Finding, Flow, Store, StoreError, Writer};
use rusqlite::Connection;

use crate::workshop::{event, native_store, noted, second, stream};

fn found(store: &dyn Store) -> Vec<(&'static str, Option<String>, Option<u64>)> {
    let mut findings: Vec<Finding> = Vec::new();
    all_findings(store, &mut |finding| findings.push(finding), &mut |_| Flow::Continue(())).expect("readable");
    let place = |finding: &Finding| {
        let stream = finding.place.stream.as_ref().map(ToString::to_string);
        (finding.kind().name(), stream, finding.place.version.map(|version| version.0))
    };
    findings.iter().map(place).collect()
}

fn named(id: &str, cause: Option<&str>) -> NewEvent {
    NewEvent { metadata: MetadataBuilder::default().with("causation-id", cause).build(), ..noted(id) }
}

fn at(kind: &'static str, stream: &str, version: u64) -> (&'static str, Option<String>, Option<u64>) {
    (kind, Some(stream.to_owned()), Some(version))
}

#[test]
fn broken_rules_and_missing_causes_stand_beside_what_does_not_fit() {
    let (_folder, path, mut store) = native_store();
    let lead =
        |id: &str, kind: &str, payload: &str| NewEvent { recorded_at: Some(second(1)), ..event(id, kind, payload) };
    let leads = [
        lead("l0", "lead-initialized", r#"{"lead-id":1,"name":"aab","phone":"1111"}"#),
        lead("l1", "lead-closed", "{}"),
        // A closed lead is contacted by nobody.
        lead("l2", "contacted", "{}"),
    ];
    store.append(&stream("lead-1"), Expected::Any, &leads).expect("appended");
    let others = [named("n0", None), named("n1", Some("n0")), named("n2", Some("l0")), named("n3", Some("gone"))];
    store.append(&stream("else-1"), Expected::Any, &others).expect("appended");
    drop(store);
    let expected = [at("broken-rule", "lead-1", 2), at("missing-cause", "else-1", 3)];
    assert_eq!(found(&NativeStore::open(&path).expect("opens")), expected);
    let tool = Connection::open(&path).expect("opens");
    tool.execute_batch("UPDATE types SET events = 9 WHERE name = 'noted'").expect("changed");
    drop(tool);
    let kinds: Vec<_> = found(&NativeStore::open(&path).expect("opens")).into_iter().map(|found| found.0).collect();
    assert_eq!(kinds, ["wrong-count", "broken-rule", "missing-cause"]);
}

#[test]
fn where_most_causes_are_commands_none_of_them_is_missing() {
    let (_folder, path, mut store) = native_store();
    let events =
        [named("n0", Some("cmd-1")), named("n1", Some("cmd-2")), named("n2", Some("n1")), named("n3", Some("cmd-3"))];
    store.append(&stream("else-1"), Expected::Any, &events).expect("appended");
    drop(store);
    assert_eq!(found(&NativeStore::open(&path).expect("opens")), []);
}

#[test]
fn the_search_for_findings_ends_when_asked() {
    let (_folder, path, mut store) = native_store();
    store.append(&stream("else-1"), Expected::Any, &[named("n0", None)]).expect("appended");
    drop(store);
    let store = NativeStore::open(&path).expect("opens");
    let stopped = all_findings(&store, &mut |_| {}, &mut |_| Flow::Break(()));
    assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stopped:?}");
}

#[test]
fn a_store_that_grows_while_it_is_checked_is_seen_at_one_moment() {
    let (_folder, path, mut store) = native_store();
    let mut bulk = store.bulk().expect("writable");
    for at in 0..5_000 {
        bulk.record(&stream("note-1"), None, &noted(&format!("n{at}"))).expect("recorded");
    }
    bulk.commit().expect("committed");
    let reader = NativeStore::open(&path).expect("opens");
    let (mut appended, mut findings) = (0, Vec::new());
    // Into a stream that is there and into a new one, between any two readings of the check.
    let record = &mut |_| {
        for name in ["note-1", "note-2"] {
            store.append(&stream(name), Expected::Any, &[noted(&format!("late{appended}"))]).expect("appended");
            appended += 1;
        }
        Flow::Continue(())
    };
    all_findings(&reader, &mut |finding| findings.push(finding), record).expect("readable");
    assert!(appended > 0, "nobody appended");
    assert_eq!(findings, [], "a healthy store");
    // The moment is let go of behind it.
    assert_eq!(reader.info().expect("readable").events, 5_000 + appended);
}
