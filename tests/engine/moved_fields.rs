//! The fields that events are counted by are those that the search finds them by.

use std::collections::BTreeMap;

use foldline::engine::{Calendar, Search, moved_fields, search};
use foldline::event::{NewEvent, Timestamp};
use foldline::replay::MovedField;
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Query, Store, Writer};
use foldline::view::term_text;
use serde_json::json;

use crate::workshop::{event, own_store, read, stream};

fn found(store: &dyn Store, text: &str) -> u64 {
    let now = Timestamp::parse_rfc3339("2025-03-14T09:23:41Z").expect("a time");
    let calendar = Calendar::utc(now);
    let wanted = Search::new(text, &calendar).unwrap_or_else(|misread| panic!("{text}: {misread}"));
    let mut count = 0;
    search(store, &wanted, &mut |_| Flow::Continue(()), &mut |_| {
        count += 1;
        Flow::Continue(())
    })
    .expect("readable");
    count
}

/// By field, how many events changed it, and how many of these replaced a value.
fn counted(moved: &[Vec<MovedField>]) -> BTreeMap<&str, (u64, u64)> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for field in moved.iter().flatten() {
        let (changed, replaced) = counts.entry(&field.name).or_default();
        *changed += 1;
        *replaced += u64::from(field.had_value);
    }
    counts
}

/// Holds the counts of every event against what the search finds, and answers with the counts.
#[track_caller]
fn hold_against_search(store: &NativeStore) -> BTreeMap<String, (u64, u64)> {
    let all: Vec<_> = read(store, &Query::store()).into_iter().map(|event| (event.stream, event.version)).collect();
    let moved = moved_fields(store, &all, &mut |_| Flow::Continue(())).expect("readable");
    assert_eq!(moved.len(), all.len());
    // Those of each event by itself are the same, however far it stands from its stream's beginning.
    for (place, fields) in all.iter().zip(&moved).rev().take(40) {
        let alone = moved_fields(store, std::slice::from_ref(place), &mut |_| Flow::Continue(())).expect("readable");
        assert_eq!(alone, std::slice::from_ref(fields), "{place:?}");
    }
    let counts = counted(&moved);
    for (field, (changed, replaced)) in &counts {
        for (key, count) in [("changed", changed), ("replaced", replaced)] {
            let asked = term_text(key, field);
            assert_eq!(found(store, &asked), *count, "{asked}");
        }
    }
    counts.into_iter().map(|(field, counts)| (field.to_owned(), counts)).collect()
}

fn orders() -> (tempfile::TempDir, NativeStore) {
    let (folder, mut store) = own_store();
    let many: serde_json::Map<String, serde_json::Value> =
        (0..20).map(|number| (format!("field{number}"), json!(number))).collect();
    let payloads = [
        // Set for the first time, though told by its members.
        json!({"address": {"city": "Busan", "zip": {"code": 1}}, "lines": [{"of": "a"}], "b.c": 1}),
        json!({"address": {"city": "Seoul", "zip": {"code": 1}}}),
        json!({"address": {"city": "Seoul", "zip": {"code": 2}, "street": "Main"}, "lines": [{"of": "a"}, {"of": "b"}]}),
        json!({"address": null, "b.c": 2, "gift": {}}),
        json!({"address": {"city": "Jeju"}, "gift": {"from": {"name": "kim"}}}),
        json!(many),
        json!({"field19": 20, "field3": null}),
    ];
    for (number, payload) in payloads.iter().enumerate() {
        let id = format!("e{number}");
        store.append(&stream("order-1"), Expected::Any, &[event(&id, "noted", &payload.to_string())]).expect("kept");
    }
    (folder, store)
}

#[test]
fn changes_within_objects_are_counted_as_the_search_finds_them() {
    let (_folder, store) = orders();
    let counts = hold_against_search(&store);
    // Set, changed twice, taken away, and set anew.
    assert_eq!(counts["address"], (5, 3));
    assert_eq!(counts["lines"], (2, 1));
    assert_eq!(counts["b.c"], (2, 1));
    // Of an event that changes many fields, each is counted.
    assert_eq!((counts["field0"], counts["field19"]), ((1, 0), (2, 1)));
}

#[test]
fn changes_far_from_a_streams_beginning_are_counted_as_the_search_finds_them() {
    let (_folder, mut store) = own_store();
    let noted = |number: u32| -> NewEvent {
        let payload = json!({"at": {"x": number / 2, "y": 0}, "seen": number > 1_190});
        event(&format!("e{number}"), "noted", &payload.to_string())
    };
    let events: Vec<NewEvent> = (0..1_200).map(noted).collect();
    store.append(&stream("probe-1"), Expected::Any, &events).expect("kept");
    let counts = hold_against_search(&store);
    assert_eq!((counts["at"], counts["seen"]), ((600, 599), (2, 1)));
}

#[test]
fn changes_of_leads_and_tickets_are_counted_as_the_search_finds_them() {
    let (_folder, mut store) = own_store();
    let options = SampleOptions { events: Some(400), seed: 7, ..SampleOptions::default() };
    generate(&mut store, &options, &mut |_| Flow::Continue(())).expect("a sample");
    assert!(hold_against_search(&store).len() > 8);
}
