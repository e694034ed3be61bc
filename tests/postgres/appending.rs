//! Appending by the frameworks' own rules, and what they refuse.

use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp, Version};
use foldline::store::{self, AppendError, Appended, Expected, Source, Writer};

use crate::server::{Database, stream};
use crate::tables;

/// Message DB's way in: its lock, its comparison, its message.
const WRITE_MESSAGE: &str = r"
CREATE FUNCTION message_store.write_message(id varchar, stream_name varchar, type varchar, data jsonb, metadata jsonb, expected_version bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE last bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(split_part(write_message.stream_name, '-', 1)));
    SELECT coalesce(max(m.position), -1) INTO last FROM messages m WHERE m.stream_name = write_message.stream_name;
    IF write_message.expected_version <> last THEN
        RAISE EXCEPTION 'Wrong expected version: % (Stream: %, Stream Version: %)', write_message.expected_version, write_message.stream_name, last;
    END IF;
    INSERT INTO messages (id, stream_name, position, type, data, metadata)
    VALUES (write_message.id::uuid, write_message.stream_name, last + 1, write_message.type, write_message.data, write_message.metadata);
    RETURN last + 1;
END $$;";

/// Emmett's way in: the stream's row moves on from the expected position, or nothing happens.
const APPEND_TO_STREAM: &str = r"
CREATE FUNCTION emt_append_to_stream(ids text[], data jsonb[], metadata jsonb[], versions text[], types text[], kinds text[],
    name text, kind text, expected bigint, part text) RETURNS TABLE (success boolean, next_stream_position bigint) LANGUAGE plpgsql AS $$
DECLARE next bigint := expected + array_length(ids, 1); moved bigint;
BEGIN
    IF expected = 0 THEN
        INSERT INTO emt_streams VALUES (name, next, part, kind, '{}', false);
    ELSE
        UPDATE emt_streams s SET stream_position = next
        WHERE s.stream_id = name AND s.partition = part AND s.stream_position = expected AND NOT s.is_archived;
        GET DIAGNOSTICS moved = ROW_COUNT;
        IF moved = 0 THEN RETURN QUERY SELECT false, NULL::bigint; RETURN; END IF;
    END IF;
    INSERT INTO emt_messages (stream_id, stream_position, partition, transaction_id, message_schema_version, message_id, message_type, message_kind, message_data, message_metadata)
    SELECT name, expected + n, part, pg_current_xact_id(), versions[n], ids[n], types[n], kinds[n], data[n], metadata[n] FROM generate_series(1, array_length(ids, 1)) n;
    RETURN QUERY SELECT true, next;
END $$;";

fn event(event_type: &str, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(&uuid::Uuid::now_v7().to_string()),
        event_type: EventType::from(event_type),
        schema: 1,
        recorded_at: Timestamp::parse_rfc3339("2025-01-01T02:00:00Z"),
        payload: payload.to_owned(),
        metadata: r#"{"actor":"lee","reason":"typo"}"#.to_owned(),
    }
}

fn writer(database: &Database) -> Box<dyn Writer> {
    store::open_for_writing(&database.source()).unwrap_or_else(|error| panic!("{error}"))
}

struct Case {
    sql: String,
    lead: &'static str,
    other: &'static str,
    /// Of the lead's second and last event.
    last: u64,
    event_type: &'static str,
    kept_as: &'static str,
}

fn cases() -> [Case; 4] {
    let message_db = format!("{}{WRITE_MESSAGE}", tables::MESSAGE_DB);
    let emmett = format!("{}{APPEND_TO_STREAM}", tables::EMMETT);
    let id = "0190b1de-5a4f-7c8e-9a3b-000000000001";
    let other = "0190b1de-5a4f-7c8e-9a3b-000000000009";
    let topic = "crm.domain:Lead.Renamed";
    [
        Case { sql: message_db, lead: "lead-1", other: "lead-9", last: 1, event_type: "Renamed", kept_as: "Renamed" },
        Case { sql: emmett, lead: "lead-1", other: "lead-9", last: 2, event_type: "Renamed", kept_as: "Renamed" },
        Case {
            sql: tables::CQRS_ES.to_owned(),
            lead: "lead:1",
            other: "lead:9",
            last: 2,
            event_type: "Renamed",
            kept_as: "Renamed",
        },
        Case { sql: tables::EVENTSOURCING.to_owned(), lead: id, other, last: 2, event_type: topic, kept_as: topic },
    ]
}

#[test]
fn what_is_appended_stands_where_it_was_meant_to_and_a_repeated_call_changes_nothing() {
    for Case { sql, lead, other, last, event_type, kept_as } in cases() {
        let database = Database::with(&sql);
        let mut writer = writer(&database);
        assert!(writer.is_writable());
        let lead = StreamId::from(lead);
        let events = [event(event_type, r#"{"name":"영희"}"#), event(event_type, r#"{"name":"b"}"#)];
        let Appended { first, last: now, position, already_there } =
            writer.append(&lead, Expected::Exact(Version(last)), &events).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((first.0, now.0, already_there), (last + 1, last + 2, false));
        let found = stream(&*database.open(), lead.as_str());
        assert_eq!(found.len(), 4);
        assert_eq!(found[2].event_type.as_str(), kept_as);
        assert_eq!(found[3].position, position);
        assert!(String::from_utf8_lossy(&found[2].payload).contains("영희"));
        let kept = [found[2].payload.as_slice(), found[2].metadata.as_slice()].concat();
        assert!(String::from_utf8_lossy(&kept).contains("lee"), "the author is kept");

        let again = writer.append(&lead, Expected::Exact(Version(last)), &events).unwrap();
        assert!(again.already_there && again.first == first && again.last == now);
        assert_eq!(stream(&*database.open(), lead.as_str()).len(), 4);

        let begun = writer.append(&StreamId::from(other), Expected::NoStream, &[event(event_type, "{}")]).unwrap();
        let base = u64::from(last == 2);
        assert_eq!((begun.first.0, begun.last.0), (base, base));
    }
}

#[test]
fn a_conflict_carries_the_events_that_came_first() {
    for Case { sql, lead, last, event_type, .. } in cases() {
        let database = Database::with(&sql);
        let mut writer = writer(&database);
        let lead = StreamId::from(lead);
        let first = event(event_type, r#"{"name":"a"}"#);
        writer.append(&lead, Expected::Exact(Version(last)), &[first]).unwrap();
        let late = event(event_type, r#"{"name":"late"}"#);
        for (expected, since) in [(Expected::Exact(Version(last)), 1), (Expected::NoStream, 3)] {
            match writer.append(&lead, expected, std::slice::from_ref(&late)) {
                Err(AppendError::Conflict(conflict)) => {
                    assert_eq!((conflict.actual, conflict.since.len()), (Some(Version(last + 1)), since));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(stream(&*writer, lead.as_str()).len(), 3);
    }
}

#[test]
fn of_writers_that_expect_the_same_version_one_wins() {
    for Case { sql, lead, last, event_type, .. } in cases() {
        let database = Database::with(&sql);
        let lead = StreamId::from(lead);
        let attempt = |number: u64| {
            let mut writer = writer(&database);
            writer.append(&lead, Expected::Exact(Version(last)), &[event(event_type, &format!("{{\"n\":{number}}}"))])
        };
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..4).map(|number| scope.spawn(move || attempt(number))).collect();
            running.into_iter().map(|attempt| attempt.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(AppendError::Conflict(_)))));
        assert_eq!(stream(&*database.open(), lead.as_str()).len(), 3);
    }
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_of_the_call_is_kept() {
    let database = Database::with(tables::EVENTSOURCING);
    let mut writer = writer(&database);
    let lead = StreamId::from("0190b1de-5a4f-7c8e-9a3b-000000000001");
    let events = [event("crm.domain:Lead.Renamed", "{}"), event("crm.domain:Lead.Renamed", "[]")];
    let error = writer.append(&lead, Expected::Any, &events).unwrap_err().to_string();
    assert!(error.contains("eventsourcing would not understand"), "{error}");
    assert_eq!(stream(&*writer, lead.as_str()).len(), 2);
}

#[test]
fn an_archived_stream_takes_nothing_more() {
    let database = Database::with(&format!("{}{APPEND_TO_STREAM}", tables::EMMETT));
    let error = writer(&database).append(&StreamId::from("ticket-1"), Expected::Any, &[event("Reopened", "{}")]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("archived"), "{error}");
}

#[test]
fn tables_without_the_function_that_appends_are_told_of() {
    let database = Database::with(tables::MESSAGE_DB);
    let error = writer(&database).append(&StreamId::from("lead-1"), Expected::Any, &[event("Renamed", "{}")]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("write_message") && error.contains("append with the application"), "{error}");
}

#[test]
fn whoever_listens_to_an_eventsourcing_application_is_woken() {
    use postgres::fallible_iterator::FallibleIterator;
    let database = Database::with(tables::EVENTSOURCING);
    let mut listener = database.client();
    listener.batch_execute("LISTEN crm_events").unwrap();
    let lead = StreamId::from("0190b1de-5a4f-7c8e-9a3b-000000000001");
    writer(&database).append(&lead, Expected::Any, &[event("Renamed", "{}")]).unwrap();
    let mut notifications = listener.notifications();
    let heard = notifications.timeout_iter(std::time::Duration::from_secs(10)).next().unwrap();
    assert_eq!(heard.map(|heard| heard.channel().to_owned()).as_deref(), Some("crm_events"));
}

#[test]
fn all_other_frameworks_are_read_only_and_say_why() {
    for sql in [tables::MARTEN, tables::COMMANDED, tables::SPATIE, tables::DISINTEGRATE] {
        let database = Database::with(sql);
        assert!(!database.open().is_writable());
        let error = store::open_for_writing(&database.source()).err().unwrap().to_string();
        assert!(error.contains("rules") && error.contains("append with the application"), "{error}");
    }
}

#[test]
fn each_right_that_an_append_lacks_is_named_in_words_that_can_be_run() {
    for Case { sql, lead, event_type, .. } in cases() {
        let database = Database::with(&sql);
        let role = format!("clerk_{}", database.name);
        let schema = if sql.contains("message_store") { "message_store" } else { "public" };
        database.run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}; \
             REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM public; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"
        ));
        let mut given = Vec::new();
        loop {
            let mut writer = store::open_for_writing(&Source::parse(&database.address_of(&role))).unwrap();
            let error = match writer.append(&StreamId::from(lead), Expected::Any, &[event(event_type, "{}")]) {
                Ok(_) => break,
                Err(error) => error.to_string(),
            };
            let (_, grant) = error.split_once("let the owner say: ").unwrap_or_else(|| panic!("{error}"));
            assert!(
                !grant.contains("DELETE") && !grant.contains('…') && grant.ends_with(&format!("\"{role}\"")),
                "{grant}"
            );
            // What it says helps: nothing is asked for twice.
            assert!(!given.contains(&grant.to_owned()) && given.len() < 6, "{given:?} {grant}");
            database.run(grant);
            given.push(grant.to_owned());
        }
        assert!(given.iter().any(|grant| grant.contains("INSERT")), "{given:?}");
    }
}

#[test]
fn a_policy_that_refuses_a_row_is_told_as_one() {
    let database = Database::with(tables::CQRS_ES);
    let role = format!("fenced_{}", database.name);
    database.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT ON events TO {role}; ALTER TABLE events ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY look ON events FOR SELECT USING (true)"
    ));
    let mut writer = store::open_for_writing(&Source::parse(&database.address_of(&role))).unwrap();
    let error = writer.append(&StreamId::from("lead:1"), Expected::Any, &[event("Renamed", "{}")]).unwrap_err();
    assert!(error.to_string().contains("policy") && !error.to_string().contains("GRANT"), "{error}");
}
