//! Every framework that writes SQLite: counts, versions, times, categories, links and marks as its tables say.

use std::path::Path;

use foldline::event::{EventId, LinkKind, Links, RecordedEvent, Version};
use foldline::store::{self, FindingKind, Query, Store, StreamQuery};

use super::tables;
use crate::workshop::{fingerprint, read, stream, verified};

/// What the three or so events of a framework should look like: stream, version, type, second of the hour, id.
type Expected<'a> = (&'a str, u64, &'a str, Option<u32>, Option<&'a str>);

fn opened(path: &Path) -> Box<dyn Store> {
    store::open(&path.to_owned().into()).expect("recognised")
}

#[track_caller]
fn assert_reads(statements: &str, framework: &str, categories: &[(&str, u64)], expected: &[Expected<'_>]) {
    let (folder, path) = tables::file_of(statements);
    let before = fingerprint(folder.path());
    let reader = opened(&path);
    let info = reader.info().expect("readable");
    assert_eq!(info.framework.to_string(), framework);
    assert_eq!(info.events, expected.len() as u64, "{framework}: events");
    let named: Vec<(&str, u64)> = info.categories.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(named, categories, "{framework}: categories");
    let events = read(&*reader, &Query::store());
    assert_eq!(events.len(), expected.len(), "{framework}: {events:#?}");
    for (event, (stream, version, event_type, second, id)) in events.iter().zip(expected) {
        assert_eq!(
            (event.stream.as_str(), event.version.0, event.event_type.as_str()),
            (*stream, *version, *event_type),
            "{framework}"
        );
        let at = event.recorded_at.map(|at| at.to_string());
        assert_eq!(at, second.map(|second| format!("2025-01-01T01:00:0{second}.000Z")), "{framework}: {event_type}");
        if let Some(id) = id {
            assert_eq!(event.id.to_string(), *id);
        }
        assert_eq!(reader.event_by_id(&event.id).expect("readable").as_ref(), Some(event), "{framework}: by its id");
        let there = reader.event_at(&event.stream, event.version).expect("readable");
        assert_eq!(there.map(|there| there.id), Some(event.id.clone()), "{framework}: by its place");
    }
    for by in LinkKind::ALL {
        let named = |event: &RecordedEvent| Links::of(&event.metadata).get(by).cloned();
        let ids: Vec<EventId> = events.iter().filter_map(named).chain([EventId::new("none")]).collect();
        for id in ids {
            let linked: Vec<_> = events.iter().filter(|event| named(event).as_ref() == Some(&id)).cloned().collect();
            assert_eq!(read(&*reader, &Query::linked(by, vec![id])), linked, "{framework}: {by:?}");
        }
    }
    let mut backward = read(&*reader, &Query::store().backward());
    backward.reverse();
    assert_eq!(backward, events, "{framework}: backward");
    let by_category: u64 =
        categories.iter().map(|(category, _)| read(&*reader, &Query::category(*category)).len() as u64).sum();
    assert_eq!(by_category, info.events, "{framework}: every event is in the category of its stream");
    reader
        .visit_streams(&StreamQuery::default(), &mut |row| {
            let found = reader.stream(&row.stream).expect("readable");
            assert_eq!(found.as_ref(), Some(&row), "{framework}");
            let own = read(&*reader, &Query::stream(row.stream.clone()));
            assert_eq!(own.len() as u64, row.events, "{framework}: {}", row.stream);
            assert_eq!(own.first().map(|event| event.version), Some(row.first_version));
            assert_eq!(own.last().map(|event| event.version), Some(row.last_version));
            assert_eq!(own.last().map(|event| event.recorded_at), Some(row.last_at));
            std::ops::ControlFlow::Continue(())
        })
        .expect("readable");
    drop(reader);
    assert_eq!(fingerprint(folder.path()), before, "{framework}: looking changed something");
}

#[test]
fn python_eventsourcing() {
    let (lead, ticket) = ("0190b1de5a4f7c8e9a3b000000000001", "0190b1de5a4f7c8e9a3b000000000002");
    assert_reads(
        tables::EVENTSOURCING,
        "eventsourcing",
        &[("Lead", 1), ("Ticket", 1)],
        &[
            (lead, 1, "crm:Lead.Captured", Some(1), Some("0190b1de5a4f7c8e9a3b000000000001@1")),
            (lead, 2, "crm:Lead.Contacted", Some(2), None),
            (ticket, 1, "crm:Ticket.Opened", Some(3), None),
        ],
    );
}

#[test]
fn emmett_without_its_commands_and_with_its_archive_marked() {
    assert_reads(
        tables::EMMETT,
        "emmett",
        &[("emt:unknown", 1), ("lead", 1)],
        &[
            ("lead-1", 1, "LeadInitialized", Some(1), Some("0190b1de-5a4f-7c8e-9a3b-0123456789ab")),
            ("lead-1", 2, "Contacted", Some(2), None),
            ("settings", 1, "Changed", Some(3), None),
        ],
    );
    let (_folder, path) = tables::file_of(tables::EMMETT);
    let events = read(&*opened(&path), &Query::store());
    assert_eq!(events[0].metadata().actor.as_deref(), Some("kim"));
    assert_eq!(String::from_utf8_lossy(&events[2].metadata), r#"{"archived":true}"#);
}

#[test]
fn cqrs_es_under_whatever_names() {
    assert_reads(
        tables::CQRS_ES,
        "cqrs-es",
        &[("lead", 1), ("ticket", 1)],
        &[
            ("lead:1", 1, "LeadInitialized", None, Some("lead:1@1")),
            ("lead:1", 2, "Contacted", None, None),
            ("ticket:1", 1, "TicketInitialized", None, None),
        ],
    );
    let (_folder, path) = tables::file_of(tables::CQRS_ES);
    assert_eq!(read(&*opened(&path), &Query::stream(stream("lead:1")))[1].schema, 2);
}

#[test]
fn rails_event_store_counts_a_linked_event_once_and_shows_it_in_both_streams() {
    assert_reads(
        tables::RAILS_EVENT_STORE,
        "rails-event-store",
        &[("Lead", 1), ("Ticket", 1)],
        &[
            ("Lead$1", 0, "Crm::LeadInitialized", Some(1), Some("0190b1de-5a4f-7c8e-9a3b-000000000001")),
            ("Lead$1", 1, "Crm::Contacted", Some(2), None),
            ("Ticket$1", 0, "Crm::TicketOpened", Some(3), None),
        ],
    );
    let (_folder, path) = tables::file_of(tables::RAILS_EVENT_STORE);
    let lead = read(&*opened(&path), &Query::stream(stream("Lead$1")));
    assert_eq!(
        lead.last().map(|event| (event.version, event.event_type.to_string())),
        Some((Version(2), "Crm::TicketOpened".to_owned()))
    );
    assert_eq!(lead[2].payload, b"---\n:subject: x\n", "YAML is shown as what it is");
}

#[test]
fn spatie_with_an_event_outside_every_aggregate() {
    let lead = "0190b1de-5a4f-7c8e-9a3b-000000000001";
    assert_reads(
        tables::SPATIE,
        "spatie",
        &[("(none)", 2)],
        &[
            (lead, 1, "App\\Events\\LeadInitialized", Some(1), Some("1")),
            (lead, 2, "App\\Events\\Contacted", Some(2), None),
            ("(none)", 1, "App\\Events\\Noted", Some(3), None),
        ],
    );
}

#[test]
fn sql_stream_store_by_the_names_that_were_given() {
    assert_reads(
        tables::SQL_STREAM_STORE,
        "sqlstreamstore",
        &[("lead", 1), ("ticket", 1)],
        &[
            ("lead-1", 0, "LeadInitialized", Some(1), Some("0190b1de-5a4f-7c8e-9a3b-000000000001")),
            ("lead-1", 1, "Contacted", Some(2), None),
            ("ticket-1", 0, "TicketInitialized", Some(3), None),
        ],
    );
}

#[test]
fn ocel_objects_are_streams_and_an_event_of_two_counts_once() {
    assert_reads(
        tables::OCEL,
        "ocel",
        &[("Lead", 1), ("Person", 1)],
        &[
            ("lead-1", 1, "LeadCaptured", Some(1), Some("e1")),
            ("kim", 1, "Contacted", Some(2), Some("e2")),
            ("kim", 2, "Contacted", Some(3), Some("e3")),
        ],
    );
    let (_folder, path) = tables::file_of(tables::OCEL);
    let reader = opened(&path);
    let lead = read(&*reader, &Query::stream(stream("lead-1")));
    assert_eq!(lead.iter().map(|event| event.id.clone()).collect::<Vec<_>>(), ["e1", "e2"].map(EventId::new));
    assert_eq!(lead[0].payload, br#"{"name":"aab","a b":1.5}"#);
}

#[test]
fn a_snapshot_ahead_of_its_events_is_found() {
    let (_folder, path) = tables::file_of(tables::SPATIE);
    let found = verified(&*opened(&path));
    assert!(found.iter().any(|finding| finding.kind() == FindingKind::StaleSnapshot), "{found:?}");
    let (_folder, path) = tables::file_of(tables::CQRS_ES);
    assert_eq!(verified(&*opened(&path)), []);
}

#[test]
fn a_snapshot_that_says_what_an_earlier_event_said_is_found() {
    let (_folder, path) = tables::file_of(tables::CQRS_ES);
    let writer = rusqlite::Connection::open(&path).expect("opens");
    let renamed = r#"INSERT INTO ledger VALUES ('lead', '1', 3, 'Renamed', '1.0', '{"Renamed":{"name":"new"}}', '{}')"#;
    writer.execute_batch(renamed).expect("inserted");
    assert_eq!(verified(&*opened(&path)), [], "a snapshot of before may say what was so before");
    writer.execute_batch("UPDATE kept SET last_sequence = 3").expect("moved");
    let found = verified(&*opened(&path));
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(finding.kind(), FindingKind::StaleSnapshot);
    assert!(finding.what.to_string().contains("its name is what the event of version 1 said"), "{finding:?}");
    writer.execute_batch(r#"UPDATE kept SET payload = '{"name":"new","calls":3}'"#).expect("made right");
    assert_eq!(verified(&*opened(&path)), []);
}
