//! Tables that nobody declared, histories that do not fit, and the command line over a server.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use foldline::event::StreamId;
use foldline::store::frameworks::{Mapping, look_into};
use foldline::store::{Columns, FindingKind, Flow, OpenOptions, Query, Store, StreamQuery, open_with};

use crate::server::{Database, events, server, stream, streams};
use crate::tables;

const ODD: &str = r#"
CREATE SCHEMA "옛 가게";
CREATE TABLE "옛 가게"."주문""s" ("order" integer NOT NULL, "순번" text NOT NULL, "type" varchar(40), "내용" text, "ms" bigint, n bigserial);
INSERT INTO "옛 가게"."주문""s" VALUES
(7, '10', 'Placed', '{"a":1}', 1735693200500), (8, '10', 'Placed', 'no json', 1735693201000), (7, '20', 'Paid', '{}', 1735693202000);
CREATE TABLE other (id int);
"#;

fn mapped(database: &Database, mapping: &str) -> Box<dyn Store> {
    let mapping = Some(Mapping::parse(mapping).unwrap());
    open_with(&database.source(), &OpenOptions { mapping, key: None }).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_table_with_odd_names_and_numbers_is_read_by_a_mapping() {
    let database = Database::with(ODD);
    let reader = mapped(
        &database,
        r#"{"table":"옛 가게.주문\"s","stream":"order","version":"순번","version_base":10,"version_step":10,"type":"type",
            "payload":"내용","time":"ms","position":"n"}"#,
    );
    let info = reader.info().unwrap();
    assert_eq!((info.framework.to_string().as_str(), info.events, info.streams), ("mapped", 3, 2));
    let found = stream(&*reader, "7");
    assert_eq!(found.iter().map(|event| event.version.0).collect::<Vec<_>>(), [10, 20]);
    assert_eq!(found[0].recorded_at.unwrap().to_string(), "2025-01-01T01:00:00.500Z");
    assert_eq!(found[0].payload, br#"{"a":1}"#);
    assert_eq!(found[1].event_type.as_str(), "Paid");
    let later = Query::stream(StreamId::from("7")).between(Some(found[1].version), None).columns(Columns::HEADS);
    assert_eq!(events(&*reader, &later).len(), 1);
    assert_eq!(streams(&*reader, &StreamQuery::default()).len(), 2);
    assert!(!reader.is_writable());
}

#[test]
fn an_unknown_table_is_guessed_at_for_its_owner_to_correct() {
    let database = Database::with(
        r#"CREATE TABLE "audit log" (entity_id integer NOT NULL, version integer NOT NULL, event_type text, data jsonb, created_at timestamptz);
        INSERT INTO "audit log" VALUES (7, 1, 'Placed', '{}', now()), (7, 2, 'Paid', '{}', now());
        CREATE TABLE other (id int);"#,
    );
    let unmapped = look_into(&database.source()).unwrap_or_else(|error| panic!("{error}"));
    let guess = &unmapped.guesses.first().expect("a guess").mapping;
    assert!(guess.table.contains("audit log"), "{guess:?}");
    let reader = mapped(&database, &guess.to_json());
    assert_eq!(stream(&*reader, "7").iter().map(|event| event.version.0).collect::<Vec<_>>(), [1, 2]);
}

/// By their values alone: no column is called as what it holds.
#[test]
fn a_guess_reads_times_numbers_and_json_of_a_servers_own_types() {
    let database = Database::with(
        r#"CREATE TABLE log (k numeric, n numeric, label text, x jsonb, y timestamptz, meta jsonb, big oid, UNIQUE (k, n));
        INSERT INTO log SELECT g % 3, g / 3, (ARRAY['placed', 'paid'])[1 + g % 2], '{"sum": 5}',
            timestamptz '2025-01-01 10:00+09' + g * interval '1 hour', '{"correlation-id": "c-1"}', 7
            FROM generate_series(0, 29) g;"#,
    );
    let unmapped = look_into(&database.source()).unwrap_or_else(|error| panic!("{error}"));
    let guess = &unmapped.guesses.first().expect("a guess").mapping;
    let of = |column: &Option<String>| column.clone().unwrap_or_default();
    assert_eq!((guess.stream.concat(), of(&guess.version)), ("k".to_owned(), "n".to_owned()), "{guess:?}");
    assert_eq!((of(&guess.time), of(&guess.payload), of(&guess.event_type)), ("y".into(), "x".into(), "label".into()));
    assert_eq!(of(&guess.correlation), "metadata.correlation-id");
    let reader = mapped(&database, &guess.to_json());
    let first = stream(&*reader, "0").swap_remove(0);
    assert_eq!(first.recorded_at.map(|at| at.to_string()), Some("2025-01-01T01:00:00.000Z".to_owned()));
}

/// What `verify` finds, by kind and stream.
fn findings(database: &Database) -> Vec<(FindingKind, String)> {
    let mut findings = Vec::new();
    database
        .open()
        .verify(
            &mut |finding| {
                let stream = finding.place.stream.as_ref().map_or_else(String::new, ToString::to_string);
                findings.push((finding.kind(), stream));
            },
            &mut |_| Flow::Continue(()),
        )
        .unwrap_or_else(|error| panic!("{error}"));
    findings
}

#[test]
fn sound_histories_of_every_framework_have_nothing_to_report() {
    for sql in [
        tables::EVENTSOURCING,
        tables::EMMETT,
        tables::CQRS_ES,
        tables::MESSAGE_DB,
        tables::MARTEN,
        tables::RAILS_EVENT_STORE,
        tables::AXON,
        tables::PEKKO,
        tables::COMMANDED,
        tables::SPATIE,
        tables::SQL_STREAM_STORE,
        tables::DISINTEGRATE,
    ] {
        let database = Database::with(sql);
        assert_eq!(findings(&database), [], "{}", database.open().framework());
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let with = |sql: &str, change: &str| {
        let database = Database::with(sql);
        database.run(change);
        findings(&database)
    };
    let lead = "0190b1de-5a4f-7c8e-9a3b-000000000001";
    for (sql, change, expected) in [
        (
            tables::MESSAGE_DB,
            "UPDATE message_store.messages SET position = 3 WHERE type = 'Contacted'",
            (FindingKind::Gap, "lead-1"),
        ),
        (
            tables::MESSAGE_DB,
            "UPDATE message_store.messages SET time = '2024-01-01' WHERE type = 'Contacted'",
            (FindingKind::DisorderedTime, "lead-1"),
        ),
        (
            tables::EVENTSOURCING,
            "UPDATE crm_events SET state = '{\"timestamp\":' WHERE topic LIKE '%Contacted'",
            (FindingKind::UnreadablePayload, lead),
        ),
        (
            tables::EVENTSOURCING,
            "INSERT INTO crm_snapshots SELECT originator_id, 9, topic, state FROM crm_events WHERE topic LIKE '%Contacted'",
            (FindingKind::StaleSnapshot, lead),
        ),
        (
            tables::CQRS_ES,
            "INSERT INTO snapshots VALUES ('lead', '1', 9, 1, '{}')",
            (FindingKind::StaleSnapshot, "lead:1"),
        ),
    ] {
        let found = with(sql, change);
        assert_eq!(found, [(expected.0, expected.1.to_owned())], "{change}");
    }
}

fn foldline(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_foldline"))
        .args(arguments)
        .env("HOME", "/nonexistent")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env_remove("PGPASSWORD")
        .env("RUST_LOG", "debug")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_command_that_looks_takes_an_address_and_prints_no_password() {
    let database = Database::with(tables::MESSAGE_DB);
    let password = server().get("FOLDLINE_PG_PASSWORD");
    let escaped = password.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    let port = server().get("FOLDLINE_PG_PORT");
    let address = format!("postgres://foldline:{escaped}@127.0.0.1:{port}/{}", database.name);
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("events.jsonl");
    for arguments in [
        &["info", &address][..],
        &["info", &address, "--format", "json"],
        &["streams", &address],
        &["events", &address, "lead-1", "--format", "jsonl"],
        &["show", &address, "lead-1"],
        &["blame", &address, "lead-1"],
        &["diff", &address, "lead-1", "--from", "0", "--to", "1"],
        &["verify", &address],
        &["verify", &address, "--format", "json"],
        &["export", &address, "--to", export.to_str().unwrap(), "--format", "json"],
    ] {
        let (code, out, err) = foldline(arguments);
        assert_eq!(code, 0, "{arguments:?}: {err}");
        assert!(!out.is_empty());
        for text in [&out, &err] {
            assert!(!text.contains(password) && !text.contains(&escaped), "{arguments:?} prints the password: {text}");
        }
    }
    assert_eq!(std::fs::read_to_string(&export).unwrap().lines().count(), 3);
    assert!(!Path::new("/nonexistent").exists());

    let (code, out, err) = foldline(&["info", &address.replace(&escaped, "wrong%20word")]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("not accepted") && !err.contains("wrong"), "{err}");
}

#[test]
fn the_command_line_appends_and_tells_a_conflict() {
    let database = Database::with(tables::CQRS_ES);
    let address = database.address();
    let append = |expected: &str, payload: &str| {
        let words = ["append", &address, "lead:1", "--type", "Renamed", "--payload", payload, "--expect", expected];
        foldline(&[&words[..], &["--actor", "kim", "--reason", "typo", "--format", "json"]].concat())
    };
    let (code, out, err) = append("2", r#"{"name":"corrected"}"#);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("\"version\": 3"), "{out}");
    let (code, out, _) = append("2", r#"{"name":"other"}"#);
    assert_eq!(code, 1);
    assert!(out.contains("\"conflict\"") && out.contains("corrected"), "{out}");
    let kept = &stream(&*database.open(), "lead:1")[2];
    assert_eq!(kept.payload, br#"{"Renamed":{"name":"corrected"}}"#);
    assert_eq!(kept.metadata().actor.as_deref(), Some("kim"));
}

#[test]
fn a_version_that_is_no_number_refuses_no_other_row() {
    for (kind, odd) in [("numeric", "'NaN'"), ("double precision", "'NaN'"), ("real", "'Infinity'"), ("text", "'two'")]
    {
        let database = Database::with(&format!(
            "CREATE TABLE log (whose text, n {kind}, what text, at timestamptz, place bigserial); \
             INSERT INTO log (whose, n, what) VALUES ('a', '1', 'Begun'), ('a', {odd}, 'Odd'), ('a', '3', 'Ended'), ('b', '1', 'Begun')"
        ));
        let mapping = r#"{"table":"public.log","stream":"whose","version":"n","type":"what","position":"place"}"#;
        let reader = mapped(&database, mapping);
        let versions: Vec<u64> = stream(&*reader, "a").iter().map(|event| event.version.0).collect();
        assert_eq!(versions, [1, 2, 3], "{kind}");
        assert_eq!(events(&*reader, &Query::store()).len(), 4);
        assert_eq!(reader.info().unwrap().events, 4);
        assert!(reader.notice().is_some_and(|notice| notice.to_string().contains("no number")), "{kind}");
    }
    // A framework's own tables, made over: the odd row is shown, and the check tells of it.
    let database = Database::with(tables::CQRS_ES);
    database.run(
        "ALTER TABLE events ALTER sequence TYPE numeric; \
         INSERT INTO events VALUES ('lead', '1', 'NaN', 'Odd', '1', '{}', '{}')",
    );
    let reader = database.open();
    assert_eq!(stream(&*reader, "lead:1").len(), 3);
    assert_eq!(reader.info().unwrap().events, 4);
    assert!(!findings(&database).is_empty());
}

#[test]
fn an_odd_value_in_one_row_refuses_no_other() {
    let cases = [
        // A large object that is not there any more.
        (tables::AXON, "UPDATE domain_event_entry SET payload = 4294967290 WHERE global_index = 1"),
        (tables::AXON, "UPDATE domain_event_entry SET meta_data = 4294967290 WHERE global_index = 0"),
        (tables::MESSAGE_DB, "UPDATE message_store.messages SET time = 'infinity' WHERE type = 'Contacted'"),
        (tables::MESSAGE_DB, "UPDATE message_store.messages SET time = '4713-01-01 BC' WHERE type = 'Contacted'"),
        (tables::MARTEN, "UPDATE crm.mt_events SET timestamp = '-infinity' WHERE seq_id = 1"),
        (
            tables::EVENTSOURCING,
            "UPDATE crm_events SET state = '\\xff00ff', topic = NULL WHERE topic LIKE '%Contacted'",
        ),
        (tables::PEKKO, "UPDATE event_journal SET write_timestamp = 9223372036854775807 WHERE ordering = 1"),
        (tables::PEKKO, "UPDATE event_journal SET sequence_number = -9223372036854775808 WHERE ordering = 1"),
    ];
    for (sql, change) in cases {
        let database = Database::with(sql);
        database.run(change);
        let reader = database.open();
        assert_eq!(reader.info().unwrap_or_else(|error| panic!("{change}: {error}")).events, 3, "{change}");
        assert_eq!(events(&*reader, &Query::store()).len(), 3, "{change}");
        let listed = streams(&*reader, &StreamQuery::default());
        for row in &listed {
            assert_eq!(stream(&*reader, row.stream.as_str()).len() as u64, row.events, "{change}");
        }
        reader.verify(&mut |_| {}, &mut |_| Flow::Continue(())).unwrap_or_else(|error| panic!("{change}: {error}"));
    }
}

#[test]
fn a_view_that_has_no_first_row_is_refused_in_time_and_its_reading_is_ended() {
    let database = Database::with(
        "CREATE VIEW event_log AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i % 7 + 1 FROM n)
         SELECT 's-' || i AS stream_id, i AS version, 'noted' AS type, '{}' AS payload FROM n WHERE i < 0;",
    );
    let unmapped = look_into(&database.source()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(unmapped.slow.len(), 1, "{:?}", unmapped.slow);
    let begun = Instant::now();
    let mapping = r#"{"table":"event_log","stream":"stream_id","version":"version","type":"type","payload":"payload"}"#;
    let mapping = Some(Mapping::parse(mapping).unwrap());
    let Err(error) = open_with(&database.source(), &OpenOptions { mapping, key: None }) else { panic!("opened") };
    assert!(error.to_string().contains("were not there within 10 s"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // The server does not go on with it for nobody.
    let deadline = Instant::now() + Duration::from_secs(10);
    while database.busy_with("event_log") > 0 {
        assert!(Instant::now() < deadline, "the server still reads the view");
        std::thread::yield_now();
    }
}
