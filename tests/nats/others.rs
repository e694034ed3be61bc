//! Streams that other programs write: rita's, esrc's and any other by a mapping, on the new server and on the old one.

use std::sync::atomic::{AtomicU32, Ordering};

use async_nats::HeaderMap;
use async_nats::jetstream::{self, stream::Config};
use foldline::event::{RecordedEvent, StreamId, Version};
use foldline::store::frameworks::{Mapping, look_into, preview};
use foldline::store::{
    self, Changes, Columns, Fault, Flow, Notice, OpenOptions, Query, Source, Store, StoreError, StreamQuery,
};

use crate::opening::make;
use crate::servers::{Kind, Server, block_on, connect};

/// A stream of its own on the shared server of a kind.
struct Made {
    url: String,
    stream: String,
}

/// Subject, headers, body.
type Published<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

impl Made {
    fn with(kind: Kind, subjects: impl Fn(&str) -> String) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let stream = format!("OTHERS{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let url = Server::shared(kind).url();
        make(&url, &stream, &subjects(&stream));
        Self { url, stream }
    }

    /// Messages as their writer would publish them.
    fn publish(&self, messages: &[Published<'_>]) {
        block_on(async {
            let context = jetstream::new(connect(&self.url).await.unwrap());
            for (subject, headers, body) in messages {
                let mut map = HeaderMap::new();
                headers.iter().for_each(|(name, value)| map.insert(*name, *value));
                let subject = subject.replace("STREAM", &self.stream);
                let body = body.as_bytes().to_vec();
                let acked = if map.is_empty() {
                    context.publish(subject, body.into()).await
                } else {
                    context.publish_with_headers(subject, map, body.into()).await
                };
                acked.unwrap().await.unwrap();
            }
        });
    }

    fn source(&self) -> Source {
        Source::parse(&format!("{}/{}", self.url, self.stream))
    }

    fn open(&self) -> Box<dyn Store> {
        store::open(&self.source()).unwrap()
    }
}

fn read(store: &dyn Store, query: &Query) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    store
        .visit_events(query, &mut |row| {
            events.push(row.to_recorded());
            Flow::Continue(())
        })
        .unwrap();
    events
}

/// Stream, version, type and payload of each.
fn told(events: &[RecordedEvent]) -> Vec<String> {
    let one = |event: &RecordedEvent| {
        let payload = String::from_utf8_lossy(&event.payload);
        format!("{} {} {} {payload}", event.stream, event.version, event.event_type)
    };
    events.iter().map(one).collect()
}

/// However it is asked, the same events come: backward, of one stream, of a category, from a place on.
fn assert_steady(store: &dyn Store) {
    let all = read(store, &Query::store());
    let mut backward = read(store, &Query::store().backward());
    backward.reverse();
    assert_eq!(backward, all);
    for (at, event) in all.iter().enumerate() {
        assert_eq!(read(store, &Query::positions(event.position, None)), all[at..], "from {:?}", event.position);
        let of_stream: Vec<_> = all.iter().filter(|other| other.stream == event.stream).cloned().collect();
        assert_eq!(read(store, &Query::stream(event.stream.clone())), of_stream);
        let last = read(store, &Query::stream(event.stream.clone()).backward().limit(1));
        assert_eq!(last.first(), of_stream.last());
        assert_eq!(store.event_at(&event.stream, event.version).unwrap().as_ref(), Some(event));
        assert_eq!(store.event_by_id(&event.id).unwrap().as_ref(), Some(event));
        let row = store.stream(&event.stream).unwrap().unwrap();
        assert_eq!(row.events, of_stream.len() as u64);
        assert!(read(store, &Query::category(row.category.clone())).contains(event));
    }
    let info = store.info().unwrap();
    assert_eq!(info.events, all.len() as u64);
    assert_eq!(store.again().unwrap().categories().unwrap(), info.categories);
    let mut rows = 0;
    let visited = store.visit_streams(&StreamQuery::default(), &mut |_| {
        rows += 1;
        Flow::Continue(())
    });
    visited.unwrap();
    assert_eq!(rows, info.streams);
    // What comes behind a place is what was recorded since.
    let end = store.end().unwrap();
    assert_eq!(end.position(), all.last().and_then(|last| last.position));
    let Changes::Grew(mut scan) = store.changes(&end, Columns::ALL).unwrap() else { panic!("nothing was taken away") };
    let mut batch = foldline::event::EventBatch::default();
    scan.next_batch(&mut batch).unwrap();
    assert!(batch.is_empty());
}

fn rita(id: &'static str, entity: &'static str, name: &'static str) -> [(&'static str, &'static str); 6] {
    [
        ("Nats-Msg-Id", id),
        ("Rita-Entity", entity),
        ("Rita-Type", name),
        ("Rita-Time", "2025-03-01T10:00:00.123456789Z"),
        ("Rita-Codec", "json"),
        ("Rita-Meta-user", "kim"),
    ]
}

#[test]
fn what_rita_wrote_is_read_by_entity_and_counted() {
    for kind in [Kind::New, Kind::Old] {
        let made = Made::with(kind, |stream| format!("$ES.{stream}.>"));
        made.publish(&[
            ("$ES.STREAM.lead.1.opened", &rita("a", "lead.1", "opened"), "{\"n\":1}"),
            ("$ES.STREAM.lead.2.opened", &rita("b", "lead.2", "opened"), "{\"n\":2}"),
            ("$ES.STREAM.lead.1.closed", &rita("c", "lead.1", "closed"), "{\"n\":3}"),
            ("$ES.STREAM.ticket.1.opened", &rita("d", "ticket.1", "opened"), "no json"),
        ]);
        let store = made.open();
        assert_eq!(store.framework().name(), "rita");
        let all = read(&*store, &Query::store());
        assert_eq!(
            told(&all),
            [
                "lead:1 1 opened {\"n\":1}",
                "lead:2 1 opened {\"n\":2}",
                "lead:1 2 closed {\"n\":3}",
                "ticket:1 1 opened no json"
            ]
        );
        assert_eq!(all[0].id.to_string(), "a");
        assert_eq!(all[0].recorded_at.unwrap().to_string(), "2025-03-01T10:00:00.123456Z");
        assert_eq!(all[0].metadata().actor.as_deref(), Some("kim"));
        assert_eq!(store.info().unwrap().categories, [("lead".to_owned(), 2), ("ticket".to_owned(), 1)]);
        assert_steady(&*store);
        // What is recorded meanwhile is counted on.
        made.publish(&[("$ES.STREAM.lead.2.closed", &rita("e", "lead.2", "closed"), "{}")]);
        let late = read(&*store, &Query::stream(StreamId::from("lead:2")).between(Some(Version(2)), None));
        assert_eq!(told(&late), ["lead:2 2 closed {}"]);
        assert_steady(&*store);
    }
}

#[test]
fn the_older_rita_and_tenants_are_read_too() {
    let made = Made::with(Kind::New, |stream| format!("{stream}.>"));
    let older = [("rita-entity", "lead.1"), ("rita-type", "opened"), ("rita-time", "2025-03-01T10:00:00Z")];
    made.publish(&[("STREAM.lead.1.opened", &older, "{}"), ("STREAM.lead.1.closed", &older[..1], "{}")]);
    let store = made.open();
    assert_eq!(told(&read(&*store, &Query::store())), ["lead:1 1 opened {}", "lead:1 2 closed {}"]);
    assert_steady(&*store);

    let made = Made::with(Kind::New, |stream| format!("$ES.{stream}.>"));
    made.publish(&[
        ("$ES.STREAM.seoul.lead.1.opened", &rita("a", "lead.1", "opened"), "{}"),
        ("$ES.STREAM.busan.lead.1.opened", &rita("b", "lead.1", "opened"), "{}"),
        ("$ES.STREAM.odd", &[], "left here by somebody"),
    ]);
    let store = made.open();
    let subject = format!("$ES.{}.odd", made.stream);
    assert_eq!(
        told(&read(&*store, &Query::store())),
        ["seoul:lead:1 1 opened {}", "busan:lead:1 1 opened {}", &format!("{subject} 1 event left here by somebody")]
    );
    assert_steady(&*store);
}

#[test]
fn what_esrc_wrote_is_read_by_its_tag() {
    let id = "0190b1de-5a4f-7c8e-9a3b-0123456789ab";
    let subject = format!("app.STREAM.lead.{id}");
    let made = Made::with(Kind::New, |stream| format!("app.{stream}.>"));
    made.publish(&[
        (&subject, &[("Esrc-Version", "2")], "{\"Opened\":{\"name\":\"Kim\"}}"),
        (&subject, &[("Esrc-Version", "1")], "\"Closed\""),
        (&subject, &[("Esrc-Version", "1"), ("Esrc-Event-Type", "Reopened"), ("xn-user", "lee")], "{}"),
    ]);
    let store = made.open();
    let all = read(&*store, &Query::store());
    assert_eq!(
        told(&all),
        [
            format!("lead:{id} 1 Opened {{\"Opened\":{{\"name\":\"Kim\"}}}}"),
            format!("lead:{id} 2 Closed \"Closed\""),
            format!("lead:{id} 3 Reopened {{}}")
        ]
    );
    assert_eq!((all[0].schema, all[2].metadata().actor.as_deref()), (2, Some("lee")));
    assert_steady(&*store);
}

#[test]
fn any_other_stream_is_read_by_a_mapping_of_subject_headers_and_body() {
    for kind in [Kind::New, Kind::Old] {
        let made = Made::with(kind, |stream| format!("shop.{stream}.*.*"));
        let headers = |name: &'static str| [("Event-Type", name), ("When", "1740823200"), ("user", "kim")];
        made.publish(&[
            ("shop.STREAM.order.1", &headers("Placed"), "{\"id\":\"x1\",\"data\":{\"n\":1}}"),
            ("shop.STREAM.order.2", &headers("Placed"), "{\"id\":\"x2\",\"data\":{\"n\":2}}"),
            ("shop.STREAM.order.1", &headers("Paid"), "{\"id\":\"x3\",\"data\":{\"n\":3}}"),
        ]);
        assert!(matches!(store::open(&made.source()), Err(StoreError::Nats { .. })));
        let mapping = Mapping {
            table: made.stream.clone(),
            stream: vec!["subject_3".to_owned(), "subject_4".to_owned()],
            event_type: Some("Event-Type".to_owned()),
            payload: Some("body.data".to_owned()),
            id: Some("body.id".to_owned()),
            time: Some("When".to_owned()),
            ..Mapping::default()
        };
        assert_eq!(preview(&made.source(), &mapping, 2).unwrap().len(), 2);
        let unmapped = look_into(&made.source()).unwrap();
        let columns: Vec<&str> =
            unmapped.catalogue.tables[0].columns.iter().map(|column| column.name.as_str()).collect();
        for known in ["subject", "subject_4", "Event-Type", "user", "body", "time", "sequence"] {
            assert!(columns.contains(&known), "{columns:?}");
        }
        assert!(!unmapped.guesses.is_empty());
        let options = OpenOptions { mapping: Some(mapping.clone()), ..OpenOptions::default() };
        let store = store::open_with(&made.source(), &options).unwrap();
        let all = read(&*store, &Query::store());
        assert_eq!(
            told(&all),
            ["order:1 1 Placed {\"n\":1}", "order:2 1 Placed {\"n\":2}", "order:1 2 Paid {\"n\":3}"]
        );
        assert_eq!(all[0].id.to_string(), "x1");
        assert_eq!(all[0].recorded_at.unwrap().to_string(), "2025-03-01T10:00:00.000Z");
        assert_eq!(all[0].metadata().actor.as_deref(), Some("kim"));
        assert!(store.read_only_reason().is_some() && !store.is_writable());
        assert_steady(&*store);
        let wrong = Mapping { event_type: Some("Evnt-Type".to_owned()), ..mapping };
        let options = OpenOptions { mapping: Some(wrong), ..OpenOptions::default() };
        let error = store::open_with(&made.source(), &options).err().unwrap().to_string();
        assert!(error.contains("Evnt-Type") && error.contains("Event-Type"), "{error}");
    }
}

#[test]
fn what_is_gone_is_said_and_found() {
    for kind in [Kind::New, Kind::Old] {
        let made = Made::with(kind, |stream| format!("$ES.{stream}.>"));
        let one = |id| rita(id, "lead.1", "changed");
        let messages: Vec<_> = ["a", "b", "c", "d"].into_iter().map(|id| (id, one(id))).collect();
        for (_, headers) in &messages {
            made.publish(&[("$ES.STREAM.lead.1.changed", headers, "{}")]);
        }
        let store = made.open();
        assert_eq!(store.notice(), None);
        let end = store.end().unwrap();
        block_on(async {
            let stream = jetstream::new(connect(&made.url).await.unwrap()).get_stream(&made.stream).await.unwrap();
            stream.delete_message(1).await.unwrap();
            stream.delete_message(3).await.unwrap();
        });
        assert!(matches!(store.changes(&end, Columns::HEADS).unwrap(), Changes::Replaced));
        assert!(!store.is_current());
        let store = made.open();
        assert_eq!(store.notice(), Some(Notice::MessagesGone(2)));
        assert_eq!(told(&read(&*store, &Query::store())), ["lead:1 1 changed {}", "lead:1 2 changed {}"]);
        assert_steady(&*store);
        let mut found = Vec::new();
        store.verify(&mut |finding| found.push(finding.what), &mut |_| Flow::Continue(())).unwrap();
        for (from, to) in [(1, 1), (3, 3)] {
            assert!(found.contains(&Fault::PositionsMissing { from, to }), "{found:?}");
        }
        // An older server forgets where a subject ends when its last message goes.
        block_on(async {
            let stream = jetstream::new(connect(&made.url).await.unwrap()).get_stream(&made.stream).await.unwrap();
            stream.delete_message(4).await.unwrap();
        });
        assert_steady(&*made.open());
    }
}

#[test]
fn a_stream_whose_limits_drop_messages_says_so_before_it_does() {
    let made = Made::with(Kind::New, |stream| format!("other.{stream}.>"));
    block_on(async {
        let context = jetstream::new(connect(&made.url).await.unwrap());
        let subjects = vec![format!("$ES.{}.>", made.stream)];
        let config = Config { name: made.stream.clone(), subjects, max_messages: 3, ..Config::default() };
        context.update_stream(config).await.unwrap();
    });
    let one = |id| rita(id, "lead.1", "changed");
    made.publish(&[("$ES.STREAM.lead.1.changed", &one("a"), "{}")]);
    assert_eq!(made.open().notice(), Some(Notice::DropsMessages));
    for id in ["b", "c", "d", "e"] {
        made.publish(&[("$ES.STREAM.lead.1.changed", &one(id), "{}")]);
    }
    let store = made.open();
    assert_eq!(store.notice(), Some(Notice::MessagesGone(2)));
    assert_steady(&*store);
}

#[test]
fn odd_messages_are_shown_and_none_ends_the_program() {
    let made = Made::with(Kind::New, |stream| format!("$ES.{stream}.>"));
    let long = format!("\"{}\"", "x".repeat(1_000_000));
    made.publish(&[
        ("$ES.STREAM.lead.1.opened", &rita("a", "lead.1", "opened"), &long),
        ("$ES.STREAM.lead.1.opened", &[], ""),
        ("$ES.STREAM.고객.김_철수.opened", &[("Rita-Time", "soon")], "\u{0}\u{7f}"),
        ("$ES.STREAM.a.b.c.d.e.f", &[("X", "")], "{\"a\":"),
    ]);
    let store = made.open();
    assert_eq!(read(&*store, &Query::store()).len(), 4);
    assert_steady(&*store);
    let mut found = 0;
    store.verify(&mut |_| found += 1, &mut |_| Flow::Continue(())).unwrap();
    assert!(found > 0);
}
