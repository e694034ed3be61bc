//! Each framework's tables are recognised and read: counts, versions, streams, times, payloads, links, marks.

use foldline::event::{EventId, EventType, LinkKind, Links, RecordedEvent, StreamId};
use foldline::store::{self, Columns, Query, Source, Store, StreamOrder, StreamQuery};

use crate::server::{Database, events, stream, streams};
use crate::tables;

struct Expectation {
    framework: &'static str,
    /// Before what is expected of every case.
    lead: &'static str,
    versions: [u64; 2],
    types: [&'static str; 2],
    category: &'static str,
    first_at: Option<&'static str>,
    /// Of the lead's first event.
    payload: &'static str,
    positions: Option<[u64; 3]>,
}

const PAYLOAD: &str = r#"{"name": "민수"}"#;
const PLAIN: &str = r#"{"name":"민수"}"#;
const AT: Option<&str> = Some("2025-01-01T01:00:00.500Z");

/// Every case has three events of two streams: two of a lead, and one of a ticket between them.
#[track_caller]
fn holds(sql: &str, expected: &Expectation) -> (Database, Box<dyn Store>) {
    let database = Database::with(sql);
    let reader = database.open();
    let Expectation { framework, lead, versions, types, category, first_at, payload, positions } = *expected;
    let info = reader.info().unwrap();
    assert_eq!(info.framework.to_string(), framework);
    assert_eq!((info.events, info.streams), (3, 2));
    assert_eq!(info.event_types.iter().map(|(_, count)| count).sum::<u64>(), 3);
    assert_eq!(info.first_at.map(|at| at.to_string()).as_deref(), first_at, "first time of the store");

    let found = stream(&*reader, lead);
    assert_eq!(found.iter().map(|event| event.version.0).collect::<Vec<_>>(), versions);
    assert_eq!(found.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>(), types);
    assert_eq!(std::str::from_utf8(&found[0].payload).unwrap(), payload);
    assert_eq!(found[0].recorded_at.map(|at| at.to_string()).as_deref(), first_at);
    let row = reader.stream(&StreamId::from(lead)).unwrap().unwrap();
    assert_eq!((row.events, row.first_version.0, row.last_version.0), (2, versions[0], versions[1]));
    assert_eq!(row.category, category);
    assert_eq!(row.first_at.map(|at| at.to_string()).as_deref(), first_at, "first time of the stream");

    let all = events(&*reader, &Query::store());
    assert_eq!(all.len(), 3);
    let places: Option<Vec<u64>> = all.iter().map(|event| event.position.map(|position| position.0)).collect();
    assert_eq!(places, positions.map(|positions| positions.to_vec()));
    let backward: Vec<_> = events(&*reader, &Query::store().backward()).into_iter().rev().collect();
    assert_eq!(all, backward);
    for event in &all {
        assert_eq!(reader.event_by_id(&event.id).unwrap().as_ref().map(|found| &found.payload), Some(&event.payload));
    }
    // Found by what they name, as a plain look at each event finds them.
    for by in LinkKind::ALL {
        let named = |event: &RecordedEvent| Links::of(&event.metadata).get(by).cloned();
        let ids: Vec<EventId> = all.iter().filter_map(named).chain([EventId::new("none")]).collect();
        for id in ids {
            let expected: Vec<_> = all.iter().filter(|event| named(event).as_ref() == Some(&id)).cloned().collect();
            assert_eq!(events(&*reader, &Query::linked(by, vec![id])), expected, "{by:?}");
        }
    }
    let second = Query::stream(StreamId::from(lead)).between(Some(found[1].version), None).columns(Columns::HEADS);
    assert_eq!(events(&*reader, &second).len(), 1);

    let listed = streams(&*reader, &StreamQuery::default());
    assert_eq!(listed.len(), 2);
    let of_lead = listed.iter().find(|row| row.stream.as_str() == lead).unwrap();
    assert_eq!(of_lead.first_at.map(|at| at.to_string()).as_deref(), first_at, "first time in the list");
    assert_eq!(of_lead.last_at, row.last_at);
    let of_category = StreamQuery { category: Some(category.to_owned()), ..StreamQuery::default() };
    assert!(streams(&*reader, &of_category).iter().any(|row| row.stream.as_str() == lead));
    for order in [StreamOrder::Began, StreamOrder::Recent, StreamOrder::Name, StreamOrder::Longest] {
        let filter = Some(lead.to_uppercase());
        let found = streams(&*reader, &StreamQuery { filter, order, limit: Some(1), category: None });
        assert_eq!(found.iter().map(|row| row.stream.as_str()).collect::<Vec<_>>(), [lead], "{order:?}");
        let first = streams(&*reader, &StreamQuery { order, ..StreamQuery::default() });
        assert_eq!(first.len(), 2, "{order:?}");
        if matches!(order, StreamOrder::Longest) || positions.is_some() {
            assert_eq!(first[0].stream.as_str(), lead, "{order:?}: the lead began, changed last and is the longest");
        }
    }
    let of_type = Query::store().of_type(EventType::from(types[1]));
    assert_eq!(events(&*reader, &of_type).len(), 1);
    let in_category = events(&*reader, &Query::category(category).limit(2));
    assert_eq!(in_category.len(), 2);
    let after = Query::positions(found[1].position, None);
    assert_eq!(events(&*reader, &after).len(), if positions.is_some() { 1 } else { 3 });
    assert!(reader.stream(&StreamId::from("nobody's")).unwrap().is_none());
    assert!(reader.event_by_id(&EventId::new("nobody's")).unwrap().is_none());
    (database, reader)
}

fn expected(framework: &'static str, lead: &'static str, category: &'static str, first: u64) -> Expectation {
    Expectation {
        framework,
        lead,
        versions: [first, first + 1],
        types: ["Captured", "Contacted"],
        category,
        first_at: AT,
        payload: PAYLOAD,
        positions: Some([1, 2, 3]),
    }
}

fn metadata_of(reader: &dyn Store, lead: &str, at: usize) -> String {
    String::from_utf8(stream(reader, lead)[at].metadata.clone()).unwrap()
}

#[test]
fn python_eventsourcing_is_read() {
    let lead = "0190b1de-5a4f-7c8e-9a3b-000000000001";
    let payload = r#"{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:00.5+00:00"},"name":"민수"}"#;
    let types = ["crm.domain:Lead.Captured", "crm.domain:Lead.Contacted"];
    holds(tables::EVENTSOURCING, &Expectation { types, payload, ..expected("eventsourcing", lead, "Lead", 1) });
}

#[test]
fn emmett_is_read_from_its_partitions_once() {
    let (_database, reader) = holds(tables::EMMETT, &expected("emmett", "lead-1", "lead", 1));
    assert!(metadata_of(&*reader, "lead-1", 0).contains("kim"));
    assert!(metadata_of(&*reader, "ticket-1", 0).contains("archived"));
}

#[test]
fn cqrs_es_has_no_order_of_the_whole_store() {
    let payload = r#"{"Captured":{"name":"민수", "n":1.50}}"#;
    let expected = Expectation { payload, positions: None, first_at: None, ..expected("cqrs-es", "lead:1", "lead", 1) };
    holds(tables::CQRS_ES, &expected);
}

#[test]
fn message_db_begins_at_nought() {
    let (_database, reader) = holds(tables::MESSAGE_DB, &expected("message-db", "lead-1", "lead", 0));
    assert_eq!(reader.stream(&StreamId::from("ticket:v2-1")).unwrap().unwrap().category, "ticket:v2");
}

#[test]
fn marten_marks_what_is_archived() {
    let types = ["captured", "contacted"];
    let expected = Expectation { types, positions: Some([1, 2, 4]), ..expected("marten", "lead-1", "lead", 1) };
    let (_database, reader) = holds(tables::MARTEN, &expected);
    assert!(metadata_of(&*reader, "lead-1", 0).contains("c-1"));
    assert!(metadata_of(&*reader, "ticket-1", 0).contains("archived"));
    assert!(!metadata_of(&*reader, "lead-1", 0).contains("archived"));
}

#[test]
fn rails_event_store_counts_links_once() {
    let (database, _) = holds(tables::RAILS_EVENT_STORE, &expected("rails-event-store", "lead$1", "lead", 0));
    database.run(tables::RAILS_LINKS);
    let reader = database.open();
    assert_eq!(reader.info().unwrap().events, 3);
    assert_eq!(events(&*reader, &Query::store()).len(), 3);
    let linked = stream(&*reader, "by-kim");
    assert_eq!(linked.iter().map(|event| event.version.0).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(linked[1].event_type.as_str(), "Contacted");
    assert_eq!(stream(&*reader, "lead$1").iter().map(|event| event.version.0).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn axon_reads_its_large_objects() {
    let types = ["crm.Captured", "crm.Contacted"];
    let positions = Some([0, 1, 50]);
    let (_database, reader) =
        holds(tables::AXON, &Expectation { types, payload: PLAIN, positions, ..expected("axon", "1", "Lead", 0) });
    assert_eq!(stream(&*reader, "2")[0].payload, b"<Opened/>");
    assert!(metadata_of(&*reader, "1", 0).contains("kim"));
}

#[test]
fn pekko_shows_binary_as_what_it_is_and_marks_what_is_deleted() {
    let expected = Expectation { payload: PLAIN, ..expected("pekko", "Lead|1", "Lead", 1) };
    let (_database, reader) = holds(tables::PEKKO, &expected);
    let ticket = &stream(&*reader, "Ticket|1")[0];
    assert!(String::from_utf8_lossy(&ticket.payload).contains("base64"));
    assert!(String::from_utf8_lossy(&ticket.metadata).contains("deleted"));
}

#[test]
fn commanded_counts_a_linked_event_once() {
    let types = ["Elixir.Crm.Captured", "Elixir.Crm.Contacted"];
    let database = Database::with(tables::COMMANDED);
    let reader = database.open();
    let info = reader.info().unwrap();
    assert_eq!((info.framework.to_string().as_str(), info.events, info.streams), ("commanded", 3, 3));
    let lead = stream(&*reader, "lead-1");
    assert_eq!(lead.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>(), types);
    assert_eq!(lead.iter().map(|event| event.version.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(lead[0].payload, PLAIN.as_bytes());
    assert_eq!(stream(&*reader, "linked")[0].event_type.as_str(), "Elixir.Crm.Opened");
    let all = events(&*reader, &Query::store());
    let places: Vec<_> = all.iter().map(|event| event.position.unwrap().0).collect();
    assert_eq!(places, [1, 2, 3]);
    assert!(metadata_of(&*reader, "lead-1", 0).contains("0190b1de-5a4f-7c8e-9a3b-0000000000c1"));
}

#[test]
fn spatie_is_read() {
    let lead = "0190b1de-5a4f-7c8e-9a3b-000000000001";
    let types = ["App\\Captured", "App\\Contacted"];
    let first_at = Some("2025-01-01T01:00:00.000Z");
    let (database, _) =
        holds(tables::SPATIE, &Expectation { types, first_at, ..expected("spatie", lead, "(none)", 1) });
    database.run(
        "INSERT INTO stored_events (event_class, event_properties, meta_data, created_at) \
         VALUES ('App\\Loose', '{}', '{}', now())",
    );
    let reader = database.open();
    assert_eq!(reader.info().unwrap().events, 4);
    assert_eq!(stream(&*reader, "(none)").len(), 1, "an event outside any aggregate");
}

#[test]
fn sql_stream_store_is_read() {
    let positions = Some([0, 1, 2]);
    holds(tables::SQL_STREAM_STORE, &Expectation { positions, ..expected("sqlstreamstore", "lead-1", "lead", 0) });
}

#[test]
fn disintegrate_shows_each_identifier_as_a_stream() {
    let database = Database::with(tables::DISINTEGRATE);
    let reader = database.open();
    let info = reader.info().unwrap();
    assert_eq!((info.framework.to_string().as_str(), info.events), ("disintegrate", 3));
    assert_eq!(stream(&*reader, "lead_id:1").len(), 2);
    let ticket = stream(&*reader, "ticket_id:7");
    assert_eq!(ticket.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>(), ["Opened", "Contacted"]);
    assert_eq!(events(&*reader, &Query::store()).len(), 3);
}

#[test]
fn a_store_is_chosen_by_its_schema_where_there_are_several() {
    let database = Database::with(tables::MARTEN);
    database.run(&tables::MARTEN.replace("crm", "shop"));
    let error = store::open(&database.source()).err().unwrap().to_string();
    assert!(error.contains("crm.mt_events") && error.contains("shop.mt_events"), "{error}");
    assert!(error.contains("search_path"), "{error}");
    for query in ["?search_path=shop", "?options=-c%20search_path%3Dshop"] {
        let chosen = store::open(&Source::parse(&format!("{}{query}", database.address())));
        assert_eq!(chosen.unwrap_or_else(|error| panic!("{error}")).info().unwrap().events, 3, "{query}");
    }
}

#[test]
fn tables_of_nobody_are_named_and_not_guessed_at() {
    let database = Database::with("CREATE TABLE orders (id int, event text, payload text)");
    let error = store::open(&database.source()).err().unwrap().to_string();
    assert!(error.contains("public.orders") && error.contains("--map"), "{error}");
    let error = store::open(&Database::with("").source()).err().unwrap().to_string();
    assert!(error.contains("no tables"), "{error}");
}
