//! What a search finds is what a plain look at each event finds.

use foldline::engine::{Calendar, FoundEvent, Search, search};
use foldline::event::{EventBatch, NewEvent, RecordedEvent, StreamId, Timestamp};
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Query, Store, Writer};
use proptest::prelude::*;
use serde_json::Value;

use crate::workshop::{cases, own_store, read};

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
    let options = SampleOptions { streams: None, events: Some(events), seed: 7 };
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
    NotType(String),
}

impl Asked {
    fn typed(&self) -> String {
        match self {
            Self::Actor(name) => format!("actor:\"{name}\""),
            Self::Type(name) => format!("type:{name}"),
            Self::Stream(name) => format!("stream: {name}"),
            Self::Category(name) => format!("category:{name}"),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::After(day) => format!("after:{day}"),
            Self::Word(word) => format!("\"{word}\""),
            Self::Phone(phone) => format!("payload.phone = \"{phone}\""),
            Self::Correlation(id) => format!("correlation:{id}"),
            Self::NotType(name) => format!("-type:{name}"),
        }
    }

    fn is_met(&self, event: &RecordedEvent) -> bool {
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let at = event.recorded_at.map(|at| at.to_string()).unwrap_or_default();
        match self {
            Self::Actor(name) => text(&json(&event.metadata)["actor"]).is_some_and(|actor| actor == *name),
            Self::Type(name) => event.event_type.as_str() == name,
            Self::NotType(name) => event.event_type.as_str() != name,
            Self::Stream(name) => event.stream.as_str() == name,
            Self::Category(name) => event.stream.as_str().split('-').next() == Some(name),
            Self::Month(year, month) => at.starts_with(&format!("{year:04}-{month:02}")),
            Self::After(day) => at.as_str() >= day.as_str(),
            Self::Word(word) => [
                String::from_utf8_lossy(&event.payload).to_lowercase(),
                String::from_utf8_lossy(&event.metadata).to_lowercase(),
                event.event_type.as_str().to_lowercase(),
                event.stream.as_str().to_lowercase(),
            ]
            .iter()
            .any(|place| place.contains(&word.to_lowercase())),
            Self::Phone(phone) => text(&json(&event.payload)["phone"]).is_some_and(|known| known == *phone),
            Self::Correlation(id) => text(&json(&event.metadata)["correlation-id"]).is_some_and(|known| known == *id),
        }
    }

    /// Terms of one kind are alternatives, words and denials are not.
    fn kind(&self) -> u32 {
        match self {
            Self::Actor(_) => 0,
            Self::Type(_) => 1,
            Self::Stream(_) => 2,
            Self::Category(_) => 3,
            Self::Correlation(_) => 4,
            _ => 5,
        }
    }
}

fn is_met(asked: &[Asked], event: &RecordedEvent) -> bool {
    asked.iter().all(|one| {
        let alternatives = asked.iter().filter(|other| one.kind() < 5 && other.kind() == one.kind());
        one.is_met(event) || alternatives.into_iter().any(|other| other.is_met(event))
    })
}

/// Something that is true of this event, and perhaps of others.
fn of_event(event: &RecordedEvent, choice: u8) -> Option<Asked> {
    let metadata = serde_json::from_slice::<Value>(&event.metadata).unwrap_or_default();
    let payload = serde_json::from_slice::<Value>(&event.payload).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let at = event.recorded_at?.to_string();
    Some(match choice % 11 {
        0 | 1 => Asked::Actor(text(&metadata["actor"])?),
        2 => Asked::Type(event.event_type.as_str().to_owned()),
        3 => Asked::Stream(event.stream.as_str().to_owned()),
        4 => Asked::Category(event.stream.as_str().split('-').next()?.to_owned()),
        5 => Asked::Month(at.get(..4)?.parse().ok()?, at.get(5..7)?.parse().ok()?),
        6 => Asked::After(at.get(..10)?.to_owned()),
        7 => {
            Asked::Word(text(payload.as_object()?.values().find(|value| value.is_string())?)?.chars().take(5).collect())
        }
        8 => Asked::Phone(text(&payload["phone"])?),
        9 => Asked::Correlation(text(&metadata["correlation-id"])?),
        _ => Asked::NotType(event.event_type.as_str().to_owned()),
    })
}

#[test]
fn a_search_finds_what_a_plain_look_at_each_event_finds() {
    let (_folder, store) = sampled(3_000);
    let events = read(&store, &Query::store());
    let picks = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    let mut ran_into = 0_u32;
    let mut runner = proptest::test_runner::TestRunner::new(cases(200));
    runner
        .run(&picks, |picks| {
            let asked: Vec<Asked> =
                picks.iter().filter_map(|(at, choice)| of_event(at.get(&events), *choice)).collect();
            prop_assume!(!asked.is_empty());
            prop_assume!(
                asked.iter().all(|one| !matches!(one, Asked::Word(word) if word.contains('"') || word.trim() != word))
            );
            let typed = asked.iter().map(Asked::typed).collect::<Vec<_>>().join(" ");
            let expected: Vec<_> =
                events.iter().rev().filter(|event| is_met(&asked, event)).map(|event| event.id.clone()).collect();
            let found: Vec<_> = found(&store, &typed).into_iter().map(|event| event.id).collect();
            prop_assert_eq!(&found, &expected, "{}", typed);
            Ok(())
        })
        .unwrap();
    for choice in 0..11 {
        ran_into += u32::from(events.iter().any(|event| of_event(event, choice).is_some()));
    }
    assert!(ran_into >= 10, "the sample has something of each kind: {ran_into}");
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
