//! States that are kept beside the events.

use foldline::event::{EventId, StreamId, Version};
use foldline::store::{Flow, Snapshot};

use super::{Factory, LEAD, note};
use crate::workshop::{assert_verifies_clean, stream};

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
