//! What every way of reading answers.

use foldline::event::{EventId, LinkKind, NewEvent, Position, RecordedEvent, StreamKey, Version};
use foldline::store::{
    Columns, Direction, Expected, Flow, InfoAtOnce, Query, Scope, Store, StreamOrder, StreamQuery, StreamRow, Writer,
};

use super::{Factory, LEAD, append, ids, list, names, note, refusal};
use crate::workshop::{assert_verifies_clean, event, noted, read, read_stream, second, stream};

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

/// By a reader for each lower bound at once: of a store behind an address, most of it is waiting.
pub(crate) fn every_way_of_asking_reads_what_a_plain_filter_reads(stores: &dyn Factory) {
    let store = crowd(stores);
    let all = read(&*store, &Query::store());
    assert_eq!(ids(&all), ["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"]);
    let bounds = [None, Some(0), Some(1), Some(3), Some(8), Some(9), Some(u64::MAX)];
    let asked: u64 = std::thread::scope(|scope| {
        let asking = bounds.map(|from| {
            let (reader, all) = (store.again().expect("another reader"), &all);
            scope.spawn(move || bounds.into_iter().map(|to| ask_between(&*reader, all, from, to)).sum::<u64>())
        });
        asking.into_iter().map(|thread| thread.join().expect("what it reads is right")).sum()
    });
    assert_eq!(asked, 7 * 7 * 14 * 4 * 5 * 2);
}

fn ask_between(store: &dyn Store, all: &[RecordedEvent], from: Option<u64>, to: Option<u64>) -> u64 {
    let (low, high) = (from.map(Position), to.map(Position));
    let mut scopes = vec![Scope::Store { from: low, to: high }];
    for name in ["lead", "ticket", "settings", "lea", "lead-1", "nobody", ""] {
        scopes.push(Scope::Category { name: name.to_owned(), from: low, to: high });
    }
    for id in ["lead-1", "lead-2", "ticket-1", "settings", "lead", "nobody"] {
        scopes.push(Scope::Stream { id: stream(id), from: from.map(Version), to: to.map(Version) });
    }
    let mut asked = 0;
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
                    assert_eq!(found, filtered(all, &query), "{query:?}");
                    asked += 1;
                }
            }
        }
    }
    asked
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
    if let Some(events) = store.kept_events().expect("readable") {
        assert_eq!(events, info.events);
    }
    // What comes at once is a part of it, and says nothing else.
    if let Some(at_once) = store.info_at_once().expect("readable") {
        // Where there are few, they are counted.
        let whole = InfoAtOnce::from(store.info().expect("readable"));
        assert_eq!((at_once.events, at_once.streams), (whole.events, whole.streams));
        assert_eq!((at_once.event_types, at_once.categories), (whole.event_types, whole.categories));
        assert_eq!((at_once.first_at, at_once.last_at, at_once.longest_stream), (None, None, None));
    }
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
