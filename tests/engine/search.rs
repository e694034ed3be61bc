//! What a search finds is what a plain look at each event finds.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

use foldline::engine::{
    Aids, Calendar, EngineError, FoundEvent, Search, SideIndex, SidePlace, StoreChronicle, Ticket, Unusable, describe,
    search, search_with, when_stream,
};
use foldline::event::{EventBatch, NewEvent, RecordedEvent, StreamId, Timestamp, Version};
use foldline::index::Memory;
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Query, Source, Store, StoreError, StreamQuery, Writer};
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::Value;

use crate::workshop::{cases, fingerprint, native_store, own_store, read};

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2025-03-14T09:23:41Z").expect("a time")
}

fn found(store: &dyn Store, text: &str) -> Vec<FoundEvent> {
    let wanted = Search::new(text, &Calendar::utc(now())).unwrap_or_else(|misread| panic!("{text}: {misread}"));
    let mut found = Vec::new();
    search(store, &wanted, &mut |_| Flow::Continue(()), &mut |event| {
        found.push(event);
        Flow::Continue(())
    })
    .expect("readable");
    found
}

fn sampled(events: u64) -> (tempfile::TempDir, NativeStore) {
    let (folder, mut store) = own_store();
    let options = SampleOptions { events: Some(events), seed: 7, ..SampleOptions::default() };
    generate(&mut store, &options, &mut |_| Flow::Continue(())).expect("a sample");
    (folder, store)
}

/// What may be asked of an event, each beside what a person would answer for one.
#[derive(Clone, Debug)]
enum Asked {
    Actor(String),
    Type(String),
    Stream(String),
    Category(String),
    Month(i32, u32),
    After(String),
    Word(String),
    Phone(String),
    Correlation(String),
    Reason(String),
    Types(String, String),
    NotType(String),
    NotWord(String),
    /// A condition, by its place in [`CONDITIONS`].
    Condition(usize),
}

/// As it is typed, and as a stream is asked for it.
const CONDITIONS: [(&str, &str); 6] = [
    ("changed:status", "changed(\"status\")"),
    ("replaced:status", "changed(\"status\") && old.status != null"),
    ("{changed(\"phone\") || changed(\"name\")}", "changed(\"phone\") || changed(\"name\")"),
    ("-{status == old.status}", "!(status == old.status)"),
    ("{has(payload.phone) && event.version > 0}", "has(event.payload.phone) && event.version > 0"),
    (
        "{count(\"lead-initialized\") == 1 && event.actor == \"kim\"}",
        "count(\"lead-initialized\") == 1 && event.actor == \"kim\"",
    ),
];

/// An event, and what a plain look at it says.
struct Plain {
    event: RecordedEvent,
    payload: Value,
    metadata: Value,
    category: String,
    texts: [String; 4],
    holds: [bool; CONDITIONS.len()],
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn plainly(store: &dyn Store) -> Vec<Plain> {
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
    let mut categories = HashMap::new();
    let mut held: [HashSet<(StreamId, Version)>; CONDITIONS.len()] = Default::default();
    store
        .visit_streams(&StreamQuery::default(), &mut |row| {
            categories.insert(row.stream, row.category);
            Flow::Continue(())
        })
        .expect("readable");
    for stream in categories.keys() {
        let described = describe(store, stream).expect("there");
        let projection = described.projection(None).expect("one");
        for ((_, condition), held) in CONDITIONS.iter().zip(&mut held) {
            // Of a ticket, nobody can ask for the phone.
            let Ok((timeline, turns)) =
                when_stream(store, &described, &projection, condition, &mut |_| Flow::Continue(()))
            else {
                continue;
            };
            let all = turns.ranges().iter().flat_map(Clone::clone);
            held.extend(all.map(|index| (stream.clone(), timeline.heads()[index].version)));
        }
    }
    let plain = |event: RecordedEvent| Plain {
        payload: json(&event.payload),
        metadata: json(&event.metadata),
        category: categories[&event.stream].clone(),
        texts: [
            lower(&event.payload),
            lower(&event.metadata),
            event.event_type.as_str().to_lowercase(),
            event.stream.as_str().to_lowercase(),
        ],
        holds: std::array::from_fn(|at| held[at].contains(&(event.stream.clone(), event.version))),
        event,
    };
    read(store, &Query::store()).into_iter().map(plain).collect()
}

impl Asked {
    fn typed(&self) -> String {
        match self {
            Self::Actor(name) => format!("actor:\"{name}\""),
            Self::Type(name) => format!("type:{name}"),
            Self::Types(one, other) => format!("type:{one},{other}"),
            Self::Stream(name) => format!("stream: {name}"),
            Self::Category(name) => format!("category:{name}"),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::After(day) => format!("after:{day}"),
            Self::Word(word) => format!("\"{word}\""),
            Self::NotWord(word) => format!("-\"{word}\""),
            Self::Phone(phone) => format!("payload.phone = \"{phone}\""),
            Self::Correlation(id) => format!("correlation:{id}"),
            Self::Reason(word) => format!("reason:\"{word}\""),
            Self::NotType(name) => format!("-type:{name}"),
            Self::Condition(at) => CONDITIONS[*at].0.to_owned(),
        }
    }

    fn is_met(&self, plain: &Plain) -> bool {
        let Plain { event, payload, metadata, category, texts, holds } = plain;
        let at = event.recorded_at.map(|at| at.to_string()).unwrap_or_default();
        let has_word = |word: &str| texts.iter().any(|place| place.contains(&word.to_lowercase()));
        match self {
            Self::Actor(name) => text(&metadata["actor"]).is_some_and(|actor| actor == *name),
            Self::Type(name) => event.event_type.as_str() == name,
            Self::Types(one, other) => [one, other].contains(&&event.event_type.as_str().to_owned()),
            Self::NotType(name) => event.event_type.as_str() != name,
            Self::Stream(name) => event.stream.as_str() == name,
            Self::Category(name) => category == name,
            Self::Month(year, month) => at.starts_with(&format!("{year:04}-{month:02}")),
            Self::After(day) => at.as_str() >= day.as_str(),
            Self::Word(word) => has_word(word),
            Self::NotWord(word) => !has_word(word),
            Self::Phone(phone) => text(&payload["phone"]).is_some_and(|known| known == *phone),
            Self::Correlation(id) => text(&metadata["correlation-id"]).is_some_and(|known| known == *id),
            Self::Reason(word) => text(&metadata["reason"]).is_some_and(|reason| reason.contains(word)),
            Self::Condition(at) => holds[*at],
        }
    }

    /// Terms of one kind are alternatives, words and denials are not.
    fn kind(&self) -> u32 {
        match self {
            Self::Actor(_) => 0,
            Self::Type(_) | Self::Types(..) => 1,
            Self::Stream(_) => 2,
            Self::Category(_) => 3,
            Self::Correlation(_) => 4,
            Self::Reason(_) => 5,
            Self::Month(..) => 6,
            // Values of one field.
            Self::Phone(_) => 7,
            _ => 8,
        }
    }
}

fn is_met(asked: &[Asked], plain: &Plain) -> bool {
    asked.iter().all(|one| {
        let mut alternatives = asked.iter().filter(|other| one.kind() < 8 && other.kind() == one.kind());
        one.is_met(plain) || alternatives.any(|other| other.is_met(plain))
    })
}

const CHOICES: u8 = 15;

/// Something that is true of this event, and perhaps of others.
fn of_event(plain: &Plain, other: &Plain, choice: u8) -> Option<Asked> {
    let Plain { event, payload, metadata, category, holds, .. } = plain;
    let at = event.recorded_at.map(|at| at.to_string()).unwrap_or_default();
    let of_type = |plain: &Plain| plain.event.event_type.as_str().to_owned();
    let a_word = |plain: &Plain| {
        let word = text(plain.payload.as_object()?.values().find(|value| value.is_string())?)?;
        Some(word.chars().take(5).collect::<String>()).filter(|word| !word.contains('"') && word.trim() == word)
    };
    Some(match choice % CHOICES {
        0 | 1 => Asked::Actor(text(&metadata["actor"])?),
        2 => Asked::Type(of_type(plain)),
        3 => Asked::Stream(event.stream.as_str().to_owned()),
        4 => Asked::Category(category.clone()),
        5 => Asked::Month(at.get(..4)?.parse().ok()?, at.get(5..7)?.parse().ok()?),
        6 => Asked::After(at.get(..10)?.to_owned()),
        7 => Asked::Word(a_word(plain)?),
        8 => Asked::Phone(text(&payload["phone"])?),
        9 => Asked::Correlation(text(&metadata["correlation-id"])?),
        10 => Asked::Reason(text(&metadata["reason"])?.chars().skip(1).take(6).collect::<String>().trim().to_owned()),
        11 => Asked::Types(of_type(plain), of_type(other)),
        12 => Asked::NotWord(a_word(other)?),
        13 => Asked::Condition(holds.iter().position(|holds| *holds)?),
        _ => Asked::NotType(of_type(other)),
    })
}

fn assert_finds_what_a_plain_look_finds(store: &dyn Store, count: u32) {
    assert_all_are_found(store, count, &|typed| found(store, typed));
}

fn assert_all_are_found(store: &dyn Store, count: u32, found: &dyn Fn(&str) -> Vec<FoundEvent>) {
    let events = plainly(store);
    let pick = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>());
    let picks = prop::collection::vec(pick, 1..4);
    let mut runner = proptest::test_runner::TestRunner::new(cases(count));
    runner
        .run(&picks, |picks| {
            let asked: Vec<Asked> = picks
                .iter()
                .filter_map(|(at, other, choice)| of_event(at.get(&events), other.get(&events), *choice))
                .collect();
            prop_assume!(!asked.is_empty());
            let typed = asked.iter().map(Asked::typed).collect::<Vec<_>>().join(" ");
            let met = events.iter().rev().filter(|plain| is_met(&asked, plain));
            let expected: Vec<_> = met.map(|plain| plain.event.id.clone()).collect();
            let found: Vec<_> = found(&typed).into_iter().map(|event| event.id).collect();
            prop_assert_eq!(&found, &expected, "{}", typed);
            Ok(())
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
}

type Fill<'f> = &'f dyn Fn(&Connection) -> rusqlite::Result<()>;

/// The first so many events of the sample.
fn some_events(count: usize) -> Vec<RecordedEvent> {
    let (_folder, store) = sampled(3_000);
    read(&store, &Query::store()).into_iter().take(count).collect()
}

#[test]
fn a_search_finds_what_a_plain_look_at_each_event_finds() {
    let (_folder, store) = sampled(10_000);
    assert_finds_what_a_plain_look_finds(&store, 150);
    let events = plainly(&store);
    let kinds = (0..CHOICES).filter(|choice| events.iter().any(|plain| of_event(plain, &events[0], *choice).is_some()));
    assert!(kinds.count() >= 14, "the sample has something of each kind");
    for (at, (_, condition)) in CONDITIONS.iter().enumerate() {
        assert!(events.iter().any(|plain| plain.holds[at]), "{condition}");
        assert!(events.iter().any(|plain| !plain.holds[at]), "{condition}");
    }
}

#[test]
fn the_same_is_found_in_tables_of_frameworks() {
    let events = some_events(2_600);
    let json = |text: &[u8]| if text.is_empty() { "{}".to_owned() } else { String::from_utf8_lossy(text).into_owned() };
    // By a stream's name and in an order of positions; and by a column, without any time.
    let message_db = |connection: &Connection| {
        connection.execute_batch(
            "CREATE TABLE messages (global_position INTEGER PRIMARY KEY, position BIGINT NOT NULL, time TEXT NOT NULL,
                 stream_name TEXT NOT NULL, type TEXT NOT NULL, data TEXT, metadata TEXT, id TEXT NOT NULL UNIQUE,
                 UNIQUE (stream_name, position));",
        )?;
        let mut insert = connection.prepare("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
        for (place, event) in (1_i64..).zip(&events) {
            let at = event.recorded_at.map(|at| at.to_string()).unwrap_or_default();
            let RecordedEvent { stream, version, event_type, id, .. } = event;
            insert.execute((
                place * 3,
                version.0 as i64,
                at,
                stream.as_str(),
                event_type.as_str(),
                json(&event.payload),
                json(&event.metadata),
                id.to_string(),
            ))?;
        }
        Ok(())
    };
    let cqrs_es = |connection: &Connection| {
        connection.execute_batch(
            "CREATE TABLE ledger (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence integer NOT NULL,
                 event_type text NOT NULL, event_version text NOT NULL, payload text NOT NULL, metadata text NOT NULL,
                 PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;",
        )?;
        let mut insert = connection.prepare("INSERT INTO ledger VALUES (?, ?, ?, ?, '1.0', ?, ?)")?;
        for event in &events {
            let RecordedEvent { stream, version, event_type, .. } = event;
            insert.execute((
                stream.category(),
                stream.as_str(),
                version.0 as i64 + 1,
                event_type.as_str(),
                json(&event.payload),
                json(&event.metadata),
            ))?;
        }
        Ok(())
    };
    let fills: [(&str, Fill<'_>); 2] = [("message-db", &message_db), ("cqrs-es", &cqrs_es)];
    for (name, fill) in fills {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("app.db");
        let connection = Connection::open(&path).expect("a database");
        connection.execute_batch("BEGIN").and_then(|()| fill(&connection)).expect("filled");
        connection.execute_batch("COMMIT").expect("kept");
        connection.close().expect("closed");
        let store = foldline::store::open(&Source::File(path)).expect("recognised");
        assert_eq!(store.framework().name(), name);
        assert_finds_what_a_plain_look_finds(store.as_ref(), 50);
    }
}

fn found_by(store: &dyn Store, side: &SideIndex, typed: &str) -> (Vec<FoundEvent>, u64) {
    let wanted = Search::new(typed, &Calendar::utc(now())).expect("sound");
    let (mut found, mut looks) = (Vec::new(), 0);
    let mut tell = |_| {
        looks += 1;
        Flow::Continue(())
    };
    let aids = Aids { side: Some(side), chronicle: None };
    search_with(store, &wanted, aids, &mut tell, &mut |event| {
        found.push(event);
        Flow::Continue(())
    })
    .expect("readable");
    (found, looks)
}

fn found_in(store: &dyn Store, chronicle: &StoreChronicle, typed: &str) -> Vec<FoundEvent> {
    let wanted = Search::new(typed, &Calendar::utc(now())).expect("sound");
    let mut found = Vec::new();
    let aids = Aids { chronicle: Some(chronicle), side: None };
    search_with(store, &wanted, aids, &mut on, &mut |event| {
        found.push(event);
        Flow::Continue(())
    })
    .expect("readable");
    found
}

#[test]
fn the_same_is_found_by_the_chronicle_of_a_store_while_it_is_read_and_while_the_store_grows() {
    let (_folder, mut store) = own_store();
    let options = SampleOptions { events: Some(6_000), seed: 7, ..SampleOptions::default() };
    generate(&mut store, &options, &mut on).expect("a sample");
    let chronicle = StoreChronicle::new(&Memory::default());
    assert_eq!(
        found_in(&store, &chronicle, "actor:kim").len(),
        found(&store, "actor:kim").len(),
        "nothing is known yet"
    );
    let stopped = Ticket::new("reading");
    stopped.cancel();
    // What was read before somebody stopped it serves too.
    chronicle.follow(&store, &stopped).expect_err("cancelled");
    assert_all_are_found(&store, 20, &|typed| found_in(&store, &chronicle, typed));
    chronicle.follow(&store, &Ticket::new("reading")).expect("read");
    assert_all_are_found(&store, 60, &|typed| found_in(&store, &chronicle, typed));
    let more: Vec<NewEvent> = (0..700).map(|number| crate::workshop::noted(&format!("more-{number}"))).collect();
    store.append(&StreamId::from("lead-more"), Expected::NoStream, &more).expect("appended");
    for typed in ["type:noted", "-actor:kim type:noted", "stream:lead-mo*,lead-9*", "2025-01 type:noted,contacted"] {
        let ids = |found: Vec<FoundEvent>| found.into_iter().map(|event| event.id).collect::<Vec<_>>();
        assert_eq!(ids(found_in(&store, &chronicle, typed)), ids(found(&store, typed)), "{typed}");
    }
}

fn place_of(path: &Path, cache: &Path, store: &dyn Store) -> SidePlace {
    SidePlace::in_folder(cache, &Source::File(path.to_owned()), store).expect("it takes an index")
}

fn on(_: u64) -> Flow {
    Flow::Continue(())
}

#[test]
fn the_same_is_found_with_a_side_index_also_while_the_store_grows() {
    let (folder, path, mut store) = native_store();
    let sample = |events| SampleOptions { events: Some(events), seed: 7, ..SampleOptions::default() };
    generate(&mut store, &sample(6_000), &mut |_| Flow::Continue(())).expect("a sample");
    let cache = tempfile::tempdir().expect("a folder");
    let place = place_of(&path, &cache.path().join("index"), &store);
    let files = || fingerprint(folder.path()).into_keys().collect::<Vec<_>>();
    let before = files();
    let (index, reason) = place.follow(&store, &mut on).expect("made");
    assert_eq!((index.size().events, reason), (5 * 1_024, None));
    assert_eq!(files(), before, "nothing is made in or beside the store");
    #[cfg(unix)]
    {
        let permissions = std::fs::metadata(place.path()).expect("there").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, 0o600);
    }
    assert_all_are_found(&store, 60, &|typed| found_by(&store, &index, typed).0);
    // What nobody wrote is in no block; what came since is found without them.
    let news = vec![crate::workshop::event("late", "noted", r#"{"text":"zzqx 환불"}"#)];
    store.append(&StreamId::from("lead-late"), Expected::NoStream, &news).expect("appended");
    for word in ["zzqx", "환불 zzq", "payload.text=zzqx*"] {
        let ids: Vec<_> = found_by(&store, &index, word).0.into_iter().map(|event| event.id.to_string()).collect();
        assert_eq!(ids, ["late"], "{word}");
    }
    let more: Vec<NewEvent> = (0..2_000).map(|number| crate::workshop::noted(&format!("more-{number}"))).collect();
    store.append(&StreamId::from("lead-more"), Expected::NoStream, &more).expect("appended");
    let (grown, reason) = place.follow(&store, &mut on).expect("moved on");
    assert_eq!((grown.size().events, reason), (7 * 1_024, None));
    let opened = place.open(&store).expect("readable").expect("there").expect("it fits");
    assert_eq!(opened.size(), grown.size());
    assert_all_are_found(&store, 30, &|typed| found_by(&store, &opened, typed).0);
    assert_eq!(found_by(&store, &opened, "more-1999").0.len(), 1);
}

#[test]
fn a_side_index_that_does_not_fit_is_not_used_and_made_anew() {
    let (_folder, path, mut store) = native_store();
    let options = SampleOptions { events: Some(3_000), seed: 7, ..SampleOptions::default() };
    generate(&mut store, &options, &mut |_| Flow::Continue(())).expect("a sample");
    let cache = tempfile::tempdir().expect("a folder");
    let place = place_of(&path, cache.path(), &store);
    assert!(place.open(&store).expect("readable").is_none());
    place.follow(&store, &mut on).expect("made");
    let whole = std::fs::read(place.path()).expect("readable");
    let opened = || place.open(&store).expect("readable").expect("there").map(|index| index.size().blocks);
    assert_eq!(opened(), Ok(2));
    let with = |at: usize, byte: u8| {
        let mut other = whole.clone();
        other[at] ^= byte;
        other
    };
    for (content, said) in [
        (with(3, 1), Err(Unusable::Damaged)),
        (with(15, 7), Err(Unusable::Newer)),
        (with(20, 1), Err(Unusable::Damaged)),
        (b"".to_vec(), Err(Unusable::Damaged)),
        // A program was killed while it wrote.
        (whole[..whole.len() - 5].to_vec(), Ok(1)),
        (whole[..30].to_vec(), Ok(0)),
    ] {
        std::fs::write(place.path(), &content).expect("written");
        assert_eq!(opened(), said);
        let (index, reason) = place.follow(&store, &mut on).expect("made");
        assert_eq!((index.size().blocks, reason), (2, said.err().filter(|_| !content.is_empty())));
        assert_eq!(std::fs::read(place.path()).expect("readable"), whole);
    }
    // Bits that are not as they were written keep nothing from being found.
    std::fs::write(place.path(), with(whole.len() - 9, 0xff)).expect("written");
    let index = place.open(&store).expect("readable").expect("there").expect("it fits");
    assert_eq!(found_by(&store, &index, "phone").0.len(), found(&store, "phone").len());
    // Of another store.
    let (_other_folder, _, mut other) = native_store();
    let options = SampleOptions { seed: 8, ..options };
    generate(&mut other, &options, &mut |_| Flow::Continue(())).expect("a sample");
    let of_other = place.open(&other).expect("readable").expect("there").map(|index| index.size());
    assert_eq!(of_other, Err(Unusable::OtherStore));
    let (_, reason) = place.follow(&other, &mut on).expect("made anew");
    assert_eq!(reason, Some(Unusable::OtherStore));
    assert!(place.remove().expect("removed").is_some_and(|bytes| bytes > 0));
    assert_eq!(place.remove().expect("nothing to do"), None);
}

/// Events an hour apart, but for those whose clock was another one.
fn timed(hours: impl Iterator<Item = i64>) -> (tempfile::TempDir, NativeStore) {
    let (folder, mut store) = own_store();
    let events: Vec<NewEvent> = hours
        .enumerate()
        .map(|(number, hour)| {
            let mut event = crate::workshop::noted(&format!("e{number}"));
            event.recorded_at = Some(crate::workshop::second(hour * 3600));
            event
        })
        .collect();
    for (number, events) in events.chunks(1_000).enumerate() {
        store.append(&StreamId::from(format!("lead-{number}").as_str()), Expected::NoStream, events).expect("appended");
    }
    (folder, store)
}

#[test]
fn what_was_recorded_late_is_found_by_its_time_wherever_it_stands() {
    // Here and there an event that happened weeks before those around it.
    let hour_of = |number: i64| if number % 4_999 == 17 { 40 } else { number };
    let (_folder, store) = timed((0..20_000).map(hour_of));
    let of_day = |event: &RecordedEvent| event.recorded_at.is_some_and(|at| at.to_string().starts_with("2025-01-02"));
    let expected = read(&store, &Query::store()).iter().filter(|event| of_day(event)).count();
    assert_eq!((expected, found(&store, "2025-01-02").len()), (28, 28));
}

#[test]
fn a_day_is_found_where_the_times_of_a_store_are_out_of_order() {
    // What was imported later is older.
    let (_folder, store) = timed((10_000..20_000).chain(0..10_000));
    let of_days = found(&store, "after:2025-03-01 before:2025-03-03");
    assert_eq!(of_days.len(), 48);
    let of_both = found(&store, "2025-03-01 2025-03-02");
    assert_eq!(of_both.len(), 48, "several days are alternatives");
    let of_none = found(&store, "2025-03-01 after:2025-03-02");
    assert_eq!(of_none.len(), 0, "a border always holds");
    assert_eq!(found(&store, "2031-01").len(), 0);
}

#[test]
fn what_no_event_can_be_is_told_without_a_look() {
    let (_folder, store) = sampled(3_000);
    for typed in ["type:nothing-like-it", "stream:lead-99999999", "stream:nowhere-*"] {
        let wanted = Search::new(typed, &Calendar::utc(now())).expect("sound");
        let mut looked_at = 0;
        let mut tell = |count| {
            looked_at = count;
            Flow::Continue(())
        };
        search(&store, &wanted, &mut tell, &mut |event| panic!("{event:?}")).expect("readable");
        assert_eq!(looked_at, 0, "{typed}");
    }
}

#[test]
fn a_condition_on_a_field_that_no_stream_has_is_pointed_at() {
    let (_folder, store) = sampled(1_000);
    for (typed, place) in [("kim {statsu == 1}", "statsu"), ("kim changed:phon", "changed:phon")] {
        let wanted = Search::new(typed, &Calendar::utc(now())).expect("sound");
        let failed = search(&store, &wanted, &mut |_| Flow::Continue(()), &mut |_| Flow::Continue(()));
        let Err(EngineError::Condition(flaw)) = failed else { panic!("{typed}: {failed:?}") };
        assert_eq!(typed.get(flaw.span.clone()), Some(place), "{flaw}");
    }
}

#[test]
fn a_search_is_given_up_at_once() {
    let (_folder, store) = sampled(20_000);
    for typed in ["nowhere-at-all", "-{status == old.status} nowhere-at-all"] {
        let wanted = Search::new(typed, &Calendar::utc(now())).expect("sound");
        let (mut calls, mut given_up) = (0, None);
        let searched = search(
            &store,
            &wanted,
            &mut |_| {
                calls += 1;
                if calls < 3 {
                    return Flow::Continue(());
                }
                given_up.get_or_insert_with(Instant::now);
                Flow::Break(())
            },
            &mut |_| Flow::Continue(()),
        );
        let took = given_up.expect("told").elapsed();
        assert!(matches!(searched, Err(EngineError::Store(StoreError::Cancelled))), "{typed}: {searched:?}");
        // A machine that is busy may make the threads wait for their end; it must not be the rest of the search.
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[test]
fn an_event_that_is_found_says_who_and_what_stands_there() {
    let (_folder, mut store) = own_store();
    let stream = StreamId::from("lead-1");
    let noted = |id: &str, payload: &str, metadata: &str| {
        let mut event = crate::workshop::event(id, "noted", payload);
        event.metadata = metadata.to_owned();
        event
    };
    let events: [NewEvent; 2] = [
        noted("a", r#"{"phone":"010-1111","name":"김서연"}"#, r#"{"actor":"kim","reason":"환불 요청"}"#),
        noted("b", r#"{"phone":"010-2222"}"#, r#"{"actor":"lee"}"#),
    ];
    store.append(&stream, Expected::NoStream, &events).expect("appended");
    let all = found(&store, "payload.phone=010*");
    let shown: Vec<(&str, Option<&str>)> =
        all.iter().map(|event| (event.place.as_str(), event.actor.as_deref())).collect();
    assert_eq!(shown, [("phone = \"010-2222\"", Some("lee")), ("phone = \"010-1111\"", Some("kim"))]);
    let korean = found(&store, "환불 서연");
    assert_eq!(korean.len(), 1);
    assert!(korean[0].place.contains("환불"), "{}", korean[0].place);
    assert_eq!(found(&store, "-actor:kim").len(), 1);
    assert_eq!(found(&store, "payload.phone=nothing"), []);
}

#[test]
fn a_search_ends_where_nobody_wants_more() {
    let (_folder, store) = sampled(3_000);
    let wanted = Search::new("type:*", &Calendar::utc(now())).expect("sound");
    let mut taken = 0;
    search(&store, &wanted, &mut |_| Flow::Continue(()), &mut |_| {
        taken += 1;
        if taken == 7 { Flow::Break(()) } else { Flow::Continue(()) }
    })
    .expect("readable");
    assert_eq!(taken, 7);
    let mut looked_at = 0;
    search(
        &store,
        &wanted,
        &mut |count| {
            looked_at = count;
            Flow::Break(())
        },
        &mut |_| Flow::Continue(()),
    )
    .ok();
    assert!(looked_at < 3_000, "{looked_at}");
    let mut batch = EventBatch::default();
    store.scan(&Query::store()).and_then(|mut scan| scan.next_batch(&mut batch)).expect("still readable");
}
