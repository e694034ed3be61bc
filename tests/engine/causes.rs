//! What led to an event and what it led to: by an index where there is one, by walking through the store elsewhere, and
//! the same either way.

use std::collections::BTreeSet;

use foldline::engine::{Around, Causes, EngineError, causes, event_meant, led_elsewhere};
use foldline::event::{EventId, LinkKind, NewEvent, Version};
use foldline::store::native::NativeStore;
use foldline::store::{self, Expected, Flow, Query, Store, StoreError, Writer};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::memory_store::MemoryStore;
use crate::workshop::{assert_verifies_clean, cases, native_store, noted, read, second, stream, verified};

/// Stream, id, correlation and cause, in the order in which they are recorded.
type Line<'a> = (&'a str, &'a str, &'a str, &'a str);

/// A question that becomes an order, is paid and answered; beside it what else came of it, and another story.
const STORY: &[Line<'static>] = &[
    ("ticket-7", "asked", "c1", ""),
    ("other-1", "else", "c2", "cmd-1"),
    ("ticket-7", "assigned", "c1", "asked"),
    ("lead-42", "contacted", "c1", "assigned"),
    ("ticket-7", "noted", "c1", "asked"),
    ("lead-42", "ordered", "c1", "contacted"),
    ("payment-19", "requested", "c1", "ordered"),
    ("mail-3", "invoiced", "c9", "ordered"),
    ("other-1", "later", "c2", "else"),
    ("payment-19", "captured", "c1", "requested"),
    ("mail-3", "lost", "c1", "e-90c114"),
];

fn linked((_, id, correlation, cause): Line<'_>, at: usize) -> NewEvent {
    let mut metadata = format!(r#"{{"actor":"kim","correlation-id":"{correlation}""#);
    if !cause.is_empty() {
        metadata += &format!(r#","causation-id":"{cause}""#);
    }
    NewEvent { metadata: metadata + "}", recorded_at: Some(second(at as i64)), ..noted(id) }
}

fn tell(store: &mut dyn Writer, story: &[Line<'_>]) {
    for (at, line) in story.iter().enumerate() {
        store.append(&stream(line.0), Expected::Any, &[linked(*line, at)]).expect("appended");
    }
}

/// As a Foldline wrote it that kept no links.
fn made_older(path: &std::path::Path) {
    let older = "DROP TABLE links; PRAGMA user_version = 2";
    Connection::open(path).and_then(|tool| tool.execute_batch(older)).expect("made older");
}

/// A store, and what it is.
type Named = (&'static str, Box<dyn Store>);

/// The same story in stores of every kind.
fn stores(story: &[Line<'_>]) -> (TempDir, Vec<Named>) {
    let (folder, path, mut native) = native_store();
    tell(&mut native, story);
    drop(native);
    let old = folder.path().join("old.db");
    std::fs::copy(&path, &old).expect("copied");
    made_older(&old);
    let mut memory = MemoryStore::default();
    tell(&mut memory, story);

    let framework = folder.path().join("framework.db");
    let tool = Connection::open(&framework).expect("a database");
    tool.execute_batch(
        "CREATE TABLE messages (global_position INTEGER PRIMARY KEY, stream_name TEXT NOT NULL, version INTEGER NOT NULL,
         id TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, correlation_id TEXT, causation_id TEXT,
         UNIQUE (stream_name, version))",
    )
    .expect("a table");
    let mut lines = String::new();
    for (at, (name, id, correlation, cause)) in story.iter().enumerate() {
        let cause = Some(*cause).filter(|cause| !cause.is_empty());
        let version = story.iter().take(at).filter(|line| line.0 == *name).count();
        tool.execute(
            "INSERT INTO messages (stream_name, version, id, type, data, correlation_id, causation_id)
             VALUES (?1, ?2, ?3, 'noted', '{}', ?4, ?5)",
            (name, version as i64, id, correlation, cause),
        )
        .expect("a row");
        lines += &serde_json::json!({"stream": name, "version": version, "id": id, "type": "noted", "payload": {},
            "metadata": {"$correlationId": correlation, "$causationId": cause}})
        .to_string();
        lines.push('\n');
    }
    drop(tool);
    let mapping: store::frameworks::Mapping = serde_json::from_value(serde_json::json!({
        "table": "messages", "stream": ["stream_name"], "version": "version", "type": "type", "payload": "data",
        "position": "global_position", "id": "id", "correlation": "correlation_id", "causation": "causation_id"
    }))
    .expect("a mapping");
    let options = store::OpenOptions { mapping: Some(mapping), key: None };
    let file = folder.path().join("story.jsonl");
    std::fs::write(&file, lines).expect("written");
    let stores: Vec<Named> = vec![
        ("native", Box::new(NativeStore::open(&path).expect("opens"))),
        ("older native", Box::new(NativeStore::open(&old).expect("opens"))),
        ("memory", Box::new(memory)),
        ("mapped", store::open_with(&framework.into(), &options).expect("opens")),
        ("file", store::open(&file.into()).expect("opens")),
    ];
    (folder, stores)
}

fn found(store: &dyn Store, id: &str, around: Around) -> Causes {
    let asked = event_meant(store, id).expect("it is there");
    causes(store, &asked, around, &mut |_| Flow::Continue(())).expect("readable")
}

fn ids(causes: &Causes) -> Vec<String> {
    causes.events.iter().map(|event| event.head.id.to_string()).collect()
}

#[test]
fn the_chain_goes_back_to_the_beginning_and_on_to_all_it_led_to_across_streams() {
    let (_folder, stores) = stores(STORY);
    for (kind, store) in &stores {
        let chain = found(store.as_ref(), "ordered", Around::Chain);
        let expected = ["asked", "assigned", "contacted", "ordered", "requested", "invoiced", "captured"];
        let of_chain: BTreeSet<String> = ids(&chain).into_iter().collect();
        assert_eq!(of_chain, expected.map(str::to_owned).into(), "{kind}");
        if chain.events.iter().all(|event| event.head.recorded_at.is_some()) {
            assert_eq!(ids(&chain), expected, "{kind}: in the order of time");
        }
        assert!(chain.events.iter().all(|event| event.is_on_chain), "{kind}");
        let id_at = |place: usize| chain.events[place].head.id.to_string();
        assert_eq!((id_at(chain.root), id_at(chain.asked)), ("asked".to_owned(), "ordered".to_owned()), "{kind}");
        assert_eq!((chain.missing.len(), chain.is_circle, chain.is_cut), (0, false, false), "{kind}");
        for event in &chain.events {
            let cause = event.caused_by.map(|place| chain.events[place].head.id.clone());
            assert_eq!(cause, event.cause, "{kind}: {}", event.head.id);
        }
    }
}

#[test]
fn around_the_chain_stands_what_belongs_to_the_same_and_what_is_missing_is_named() {
    let (_folder, stores) = stores(STORY);
    for (kind, store) in &stores {
        let all = found(store.as_ref(), "ordered", Around::Everything);
        let lit: Vec<_> = all.on_chain().map(|event| event.head.id.to_string()).collect();
        assert_eq!(lit.len(), 7, "{kind}: {lit:?}");
        let rest: BTreeSet<_> =
            all.events.iter().filter(|event| !event.is_on_chain).map(|e| e.head.id.to_string()).collect();
        assert_eq!(rest, ["noted", "lost"].map(str::to_owned).into(), "{kind}");
        assert_eq!(all.missing, [EventId::new("e-90c114")], "{kind}");
        assert_eq!(all.correlation, Some(EventId::new("c1")), "{kind}");
        // The first event that is known may name a cause that is not.
        let other = found(store.as_ref(), "later", Around::Chain);
        assert_eq!(ids(&other), ["else", "later"], "{kind}");
        assert_eq!((other.root, other.missing.as_slice()), (0, &[EventId::new("cmd-1")][..]), "{kind}");
    }
}

#[test]
fn causes_that_go_in_a_circle_are_told_and_end() {
    let circle = [
        ("a-1", "one", "c", "three"),
        ("b-1", "two", "c", "one"),
        ("c-1", "three", "c", "two"),
        ("d-1", "self", "x", "self"),
    ];
    let (_folder, stores) = stores(&circle);
    for (kind, store) in &stores {
        for around in [Around::Chain, Around::Everything] {
            let found_here = found(store.as_ref(), "two", around);
            assert_eq!((ids(&found_here).len(), found_here.is_circle), (3, true), "{kind} {around:?}");
            assert!(found_here.missing.is_empty(), "{kind}");
        }
        let own = found(store.as_ref(), "self", Around::Chain);
        assert_eq!((ids(&own), own.is_circle, own.missing.len()), (vec!["self".to_owned()], true, 0), "{kind}");
    }
}

#[test]
fn an_event_is_meant_by_its_id_however_it_is_spelled_and_by_its_place() {
    let uuid = "0190b1de-5a4f-7c8e-9a3b-0123456789ab";
    let story = [("lead-1", uuid, "c", "cmd-7"), ("lead-1", "odd@name", "c", &uuid.to_uppercase() as &str)];
    let (_folder, stores) = stores(&story);
    for (kind, store) in &stores {
        let id = |text: &str| event_meant(store.as_ref(), text).map(|event| event.id.to_string());
        for text in [uuid, &uuid.to_uppercase(), &uuid.replace('-', ""), "lead-1@0", &format!(" {uuid} ")] {
            assert_eq!(id(text).expect("meant"), uuid, "{kind}: {text}");
        }
        assert_eq!(id("odd@name").expect("meant"), "odd@name", "{kind}");
        assert_eq!(ids(&found(store.as_ref(), uuid, Around::Chain)), [uuid, "odd@name"], "{kind}");
        assert!(matches!(id("lead-1@9"), Err(EngineError::NoVersion { .. })), "{kind}");
        assert!(matches!(id("nobody@0"), Err(EngineError::NoEvent { names: None, .. })), "{kind}");
        let command = id("cmd-7").expect_err("no event").to_string();
        let is_indexed = store.capabilities().finds_by_link;
        assert_eq!(command.contains(uuid), is_indexed, "{kind}: {command}");
    }
}

#[test]
fn a_walk_through_the_store_tells_how_far_it_is_and_ends_when_asked() {
    let story: Vec<(String, String)> = (0..3_000).map(|n| (format!("e{n}"), format!("e{}", n - 1))).collect();
    let story: Vec<Line<'_>> = story.iter().map(|(id, cause)| ("lead-1", id.as_str(), "c", cause.as_str())).collect();
    let mut memory = MemoryStore::default();
    tell(&mut memory, &story);
    let asked = event_meant(&memory, "e0").expect("there");
    let mut told = Vec::new();
    let whole = causes(&memory, &asked, Around::Chain, &mut |count| {
        told.push(count);
        Flow::Continue(())
    });
    assert_eq!(whole.expect("readable").events.len(), 3_000);
    assert!(told.len() > 3 && told.contains(&3_000), "{told:?}");
    let stopped = causes(&memory, &asked, Around::Chain, &mut |_| Flow::Break(()));
    assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stopped:?}");
}

#[test]
fn what_hangs_together_without_end_is_cut_and_the_chain_comes_first() {
    let (_folder, path, mut store) = native_store();
    let mut bulk = store.bulk().expect("writable");
    for at in 0..12_000_usize {
        let (id, cause) =
            (format!("e{at}"), if at % 2_000 == 1 { format!("e{}", at.saturating_sub(2_000)) } else { String::new() });
        bulk.record(&stream("a-1"), None, &linked(("a-1", &id, "same", &cause), at)).expect("recorded");
    }
    bulk.commit().expect("committed");
    drop(store);
    let old = path.with_file_name("old.db");
    std::fs::copy(&path, &old).expect("copied");
    made_older(&old);
    for path in [&path, &old] {
        let store = NativeStore::open(path).expect("opens");
        let all = found(&store, "e4001", Around::Everything);
        assert!(all.is_cut && all.events.len() <= foldline::engine::CAUSES_KEPT, "{}", all.events.len());
        let chain: Vec<_> = all.on_chain().map(|event| event.head.id.to_string()).collect();
        assert_eq!(chain, ["e0", "e1", "e2001", "e4001", "e6001", "e8001", "e10001"]);
    }
}

// What the native store keeps

#[test]
fn a_store_without_links_is_read_as_it_is_and_gets_them_from_its_next_writer() {
    let (_folder, path, mut store) = native_store();
    tell(&mut store, STORY);
    drop(store);
    made_older(&path);
    let before = std::fs::read(&path).expect("readable");
    let store = NativeStore::open(&path).expect("opens");
    assert!(!store.capabilities().finds_by_link);
    assert_eq!(ids(&found(&store, "ordered", Around::Chain)).len(), 7);
    assert_verifies_clean(&store);
    drop(store);
    assert_eq!(std::fs::read(&path).expect("readable"), before, "looking changed it");
    let mut writer = NativeStore::open_for_writing(&path).expect("opens");
    let thanked = linked(("mail-3", "thanked", "c1", "captured"), 20);
    writer.append(&stream("mail-3"), Expected::Any, &[thanked]).expect("appended");
    drop(writer);
    let store = NativeStore::open(&path).expect("opens");
    assert!(store.capabilities().finds_by_link);
    assert_eq!(ids(&found(&store, "ordered", Around::Chain)).len(), 8);
    assert_verifies_clean(&store);
}

#[test]
fn kept_links_that_are_not_those_of_the_events_are_found() {
    for change in [
        "DELETE FROM links WHERE position = 3",
        "UPDATE links SET position = 4 WHERE position = 3 AND kind = 1",
        "INSERT INTO links VALUES (1, 'asked', 1)",
        "UPDATE links SET id = CAST(id AS BLOB)",
        "UPDATE links SET kind = 2 WHERE position = 3 AND kind = 1",
        "INSERT INTO links VALUES (-1, 'asked', 1)",
        // Two that differ in both have changed places.
        "UPDATE links SET position = CASE position WHEN 2 THEN 4 ELSE 2 END WHERE kind = 1 AND position IN (2, 4)",
    ] {
        let (_folder, path, mut store) = native_store();
        tell(&mut store, STORY);
        drop(store);
        Connection::open(&path).and_then(|tool| tool.execute_batch(change)).expect("changed");
        let findings = verified(&NativeStore::open(&path).expect("opens"));
        let kinds: Vec<_> = findings.iter().map(|finding| finding.kind().name()).collect();
        assert_eq!(kinds, ["wrong-count"], "{change}");
    }
    let (_folder, path, mut store) = native_store();
    tell(&mut store, STORY);
    drop(store);
    Connection::open(&path).and_then(|tool| tool.execute_batch("DROP TABLE links")).expect("changed");
    let store = NativeStore::open(&path).expect("opens");
    assert_eq!(verified(&store).iter().map(|finding| finding.kind().name()).collect::<Vec<_>>(), ["altered-schema"]);
    assert_eq!(ids(&found(&store, "ordered", Around::Chain)).len(), 7, "the events still say it");
}

proptest! {
    #![proptest_config(cases(48))]

    /// However causes lie, an index and a walk find the same.
    #[test]
    fn an_index_and_a_walk_find_the_same(lines in prop::collection::vec((0..3_u8, 0..14_u8, 0..3_u8), 1..12), asked in 0..12_usize) {
        let story: Vec<[String; 4]> = lines
            .iter()
            .enumerate()
            .map(|(at, (of, cause, correlation))| {
                [format!("s-{of}"), format!("e{at}"), format!("c{correlation}"), format!("e{cause}")]
            })
            .collect();
        let story: Vec<Line<'_>> = story.iter().map(|[a, b, c, d]| (a.as_str(), b.as_str(), c.as_str(), d.as_str())).collect();
        let (_folder, path, mut native) = native_store();
        tell(&mut native, &story);
        drop(native);
        let mut memory = MemoryStore::default();
        tell(&mut memory, &story);
        let native = NativeStore::open(&path).expect("opens");
        let id = format!("e{}", asked % story.len());
        for around in [Around::Chain, Around::Everything] {
            let (mut one, mut other) = (found(&native, &id, around), found(&memory, &id, around));
            one.missing.sort();
            other.missing.sort();
            prop_assert_eq!(one, other);
        }
        for by in LinkKind::ALL {
            for id in ["c0", "c1", "e0", "e3", "none"] {
                let query = Query::linked(by, vec![EventId::new(id)]);
                prop_assert_eq!(read(&native, &query), read(&memory, &query));
            }
        }
    }
}

/// Each event led to the next one.
fn long_chain(events: usize, first_cause: &str) -> (TempDir, Vec<std::path::PathBuf>) {
    let (folder, path, mut store) = native_store();
    let mut bulk = store.bulk().expect("writable");
    for at in 0..events {
        let cause = at.checked_sub(1).map_or_else(|| first_cause.to_owned(), |before| format!("e{before}"));
        let line = ("a-1", &*format!("e{at}"), "same", &*cause);
        bulk.record(&stream("a-1"), None, &linked(line, at)).expect("recorded");
    }
    bulk.commit().expect("committed");
    drop(store);
    let old = path.with_file_name("old.db");
    std::fs::copy(&path, &old).expect("copied");
    made_older(&old);
    (folder, vec![path, old])
}

#[test]
fn a_chain_longer_than_is_kept_still_names_its_beginning_and_leaves_room_for_effects() {
    let (_folder, paths) = long_chain(12_000, "");
    for path in paths {
        let store = NativeStore::open(&path).expect("opens");
        for around in [Around::Chain, Around::Everything] {
            let all = found(&store, "e11500", around);
            assert!(all.is_cut && all.events.len() == foldline::engine::CAUSES_KEPT, "{}", all.events.len());
            let root = all.events.get(all.root).expect("a beginning");
            assert_eq!((root.head.id.to_string().as_str(), root.is_on_chain), ("e0", true));
            let chain = ids(&all);
            assert!(["e11499", "e11501", "e11999"].iter().all(|id| chain.iter().any(|kept| kept == id)), "{around:?}");
            assert_eq!((all.missing.len(), all.is_circle), (0, false));
        }
    }
    // What fits is all there.
    let (_folder, paths) = long_chain(9_000, "");
    let store = NativeStore::open(&paths[0]).expect("opens");
    let whole = found(&store, "e8990", Around::Chain);
    assert_eq!((whole.is_cut, whole.events.len(), whole.on_chain().count()), (false, 9_000, 9_000));
}

#[test]
fn what_the_event_itself_led_to_finds_room_before_what_its_causes_led_to_besides() {
    let (_folder, path, mut store) = native_store();
    let mut bulk = store.bulk().expect("writable");
    let chain = [("begin", ""), ("asked", "begin"), ("own", "asked")];
    let besides = (0..12_000).map(|at| (format!("b{at}"), "begin".to_owned()));
    let mut story: Vec<(String, String)> = vec![("begin".to_owned(), String::new())];
    story.extend(besides);
    story.extend(chain[1..].iter().map(|(id, cause)| ((*id).to_owned(), (*cause).to_owned())));
    for (at, (id, cause)) in story.iter().enumerate() {
        bulk.record(&stream("a-1"), None, &linked(("a-1", id, "same", cause), at)).expect("recorded");
    }
    bulk.commit().expect("committed");
    drop(store);
    let old = path.with_file_name("old.db");
    std::fs::copy(&path, &old).expect("copied");
    made_older(&old);
    for path in [&path, &old] {
        let store = NativeStore::open(path).expect("opens");
        let all = found(&store, "asked", Around::Everything);
        assert!(all.is_cut);
        let lit: Vec<_> = all.on_chain().map(|event| event.head.id.to_string()).collect();
        assert_eq!(lit, ["begin", "asked", "own"]);
        let chain = found(&store, "asked", Around::Chain);
        assert_eq!((ids(&chain).len(), chain.is_cut), (3, false));
    }
}

#[test]
fn a_circle_longer_than_is_kept_ends_too() {
    for (events, first_cause) in [(12_000, "e11999"), (20_000, "e7000")] {
        let (_folder, paths) = long_chain(events, first_cause);
        let store = NativeStore::open(&paths[0]).expect("opens");
        let last = found(&store, &format!("e{}", events - 1), Around::Chain);
        assert!(last.is_circle && last.is_cut, "{events}");
    }
}

#[test]
fn what_withdrawn_events_led_to_in_other_streams_is_the_same_by_an_index_and_by_a_walk() {
    let (_folder, stores) = stores(STORY);
    let ticket = stream("ticket-7");
    for (named, store) in stores {
        let led = |withdrawn: &[u64]| {
            let events: Vec<_> = withdrawn
                .iter()
                .map(|version| store.event_at(&ticket, Version(*version)).expect("read").expect("there"))
                .collect();
            let led = led_elsewhere(&*store, &events, &mut |_| Flow::Continue(())).expect("looked for");
            assert!(!led.is_part, "{named}");
            led.events.iter().map(|event| format!("{} v{}", event.stream, event.version)).collect::<BTreeSet<_>>()
        };
        let all = ["lead-42 v0", "lead-42 v1", "mail-3 v0", "payment-19 v0", "payment-19 v1"].map(str::to_owned);
        assert_eq!(led(&[0]), BTreeSet::from(all.clone()), "{named}");
        // What two of them led to is told once, and what led to none is not asked about.
        assert_eq!(led(&[0, 1]), BTreeSet::from(all), "{named}");
        assert_eq!((led(&[2]), led(&[])), (BTreeSet::new(), BTreeSet::new()), "{named}");
    }
}
