//! `$created` and `$deleted` that never end or throw: of the partition alone that they were called for, with the line and the
//! event.

use foldline::engine::{FaultAt, PartitionRow, Partitions, partitions};
use foldline::index::StoreMoment;
use foldline::projection::FaultKind;
use foldline::script::Script;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Writer};

use super::workshop::{event, native_store, stream};

const LOOP: &str = "for (;;);";
const THROW: &str = "throw new Error('not this one');";

/// Streams that take turns, and the first is deleted.
const EVENTS: [(&str, &str); 6] = [
    ("a-1", "added"),
    ("a-2", "added"),
    ("a-1", "added"),
    ("a-1", "$streamDeleted"),
    ("a-2", "added"),
    ("a-3", "$streamDeleted"),
];

fn folded(created: &str, deleted: &str) -> (Script, NativeStore, Partitions, tempfile::TempDir) {
    let source = format!(
        "fromAll().foreachStream().when({{
  $init: () => ({{ n: 0 }}),
  $created(s, e) {{
    if (e.streamId == 'a-1') {created}
  }},
  $deleted(s, _, partition) {{
    if (partition == 'a-1') {deleted}
    s.gone = true;
  }},
  added(s) {{ s.n++ }},
}})"
    );
    let script = Script::read("lives.js", &source).expect("a projection");
    let (folder, _, mut store) = native_store();
    for (number, (of, event_type)) in EVENTS.into_iter().enumerate() {
        store.append(&stream(of), Expected::Any, &[event(&format!("e{number}"), event_type, "{}")]).expect("appended");
    }
    let on = &mut |_| Flow::Continue(());
    let made = partitions(&store, &script, StoreMoment::Latest, &mut |_, _| Flow::Continue(()), on).expect("folded");
    (script, store, made, folder)
}

fn state(store: &NativeStore, made: &Partitions, place: usize) -> String {
    made.state(store, place).expect("readable").unwrap_or_default().into_owned()
}

/// File, line, event and what went wrong.
#[track_caller]
fn assert_says(script: &Script, row: &PartitionRow, line: u32, event: &str, words: &str) -> FaultKind {
    let FaultAt { fault, stream, version, event_type, .. } = row.failed.as_deref().expect("it failed");
    let said = format!("{} {fault}, at {stream} v{version} ({event_type})", script.name());
    assert!(said.starts_with(&format!("lives.js line {line}, column ")), "{said}");
    assert!(said.ends_with(&format!(": {words}, at {event}")), "{said}");
    fault.kind.clone()
}

fn assert_others_stand(store: &NativeStore, made: &Partitions) {
    assert_eq!((made.rows.len(), state(store, made, 1)), (3, r#"{"n":2}"#.to_owned()));
    assert_eq!(state(store, made, 2), r#"{"n":0,"gone":true}"#);
    assert!(made.rows[1].failed.is_none() && made.rows[2].failed.is_none());
}

#[test]
fn a_created_handler_that_never_ends_is_ended_for_its_partition_alone() {
    let (script, store, made, _folder) = folded(LOOP, "{}");
    let kind = assert_says(&script, &made.rows[0], 4, "a-1 v0 (added)", "it ran longer than 250 ms");
    assert!(matches!(kind, FaultKind::TooLong(_)));
    // It stands as it begins: no event was taken that it had to be told of first.
    assert_eq!(state(&store, &made, 0), r#"{"n":0}"#);
    assert_others_stand(&store, &made);
    assert!(!made.is_given_up());
}

#[test]
fn a_created_handler_that_throws_fails_for_its_partition_alone() {
    let (script, store, made, _folder) = folded(THROW, "{}");
    let kind = assert_says(&script, &made.rows[0], 4, "a-1 v0 (added)", "not this one");
    assert!(matches!(kind, FaultKind::Thrown(_)));
    assert_eq!(state(&store, &made, 0), r#"{"n":0}"#);
    assert_others_stand(&store, &made);
}

#[test]
fn a_deleted_handler_that_never_ends_is_ended_and_leaves_the_state_as_it_was() {
    let (script, store, made, _folder) = folded("{}", LOOP);
    let kind = assert_says(&script, &made.rows[0], 7, "a-1 v2 ($streamDeleted)", "it ran longer than 250 ms");
    assert!(matches!(kind, FaultKind::TooLong(_)));
    assert_eq!(state(&store, &made, 0), r#"{"n":2}"#);
    assert_others_stand(&store, &made);
    assert!(!made.is_given_up());
}

#[test]
fn a_deleted_handler_that_throws_leaves_the_state_as_it_was() {
    let (script, store, made, _folder) = folded("{}", THROW);
    let kind = assert_says(&script, &made.rows[0], 7, "a-1 v2 ($streamDeleted)", "not this one");
    assert!(matches!(kind, FaultKind::Thrown(_)));
    assert_eq!(state(&store, &made, 0), r#"{"n":2}"#);
    assert_others_stand(&store, &made);
}
