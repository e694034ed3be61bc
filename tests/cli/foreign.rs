//! Other frameworks' stores, mapped tables and files, through the program.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const LEDGER: &str = r#"
CREATE TABLE ledger (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence integer NOT NULL,
    event_type text NOT NULL, event_version text NOT NULL, payload text NOT NULL, metadata text NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;
INSERT INTO ledger VALUES
 ('lead', '1', 1, 'LeadInitialized', '1.0', '{"LeadInitialized":{"name":"aab","phone":"1111"}}', '{"actor":"kim"}'),
 ('lead', '1', 2, 'ContactDetailsUpdated', '1.0', '{"ContactDetailsUpdated":{"name":"aaa"}}', '{"actor":"lee"}');
"#;

fn database(sandbox: &Sandbox, name: &str, statements: &str) {
    let connection = Connection::open(sandbox.path(name)).expect("a database");
    connection.execute_batch(statements).expect("the tables are made");
}

#[test]
fn a_store_of_another_framework_answers_every_question_and_is_left_alone() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "app.db", LEDGER);
    let before = sandbox.everything();
    let info = sandbox.run(&["info", "app.db", "--format", "json"]).ok().json();
    assert_eq!(
        info,
        json!({"store": "app.db", "framework": "cqrs-es", "events": 2, "streams": 1,
            "event_types": {"ContactDetailsUpdated": 1, "LeadInitialized": 1}, "categories": {"lead": 1},
            "first_at": null, "last_at": null,
            "longest_stream": {"stream": "lead:1", "events": 2, "last_version": 2}, "writable": true})
    );
    let events = sandbox.run(&["events", "app.db", "lead:1", "--format", "json"]).ok().json();
    assert_eq!(
        events[0],
        json!({"position": 1, "stream": "lead:1", "version": 1, "id": "lead:1@1", "type": "LeadInitialized", "schema": 1,
            "recorded_at": null, "payload": {"LeadInitialized": {"name": "aab", "phone": "1111"}}, "metadata": {"actor": "kim"}})
    );
    let state = sandbox.run(&["show", "app.db", "lead:1", "--format", "json"]).ok().json();
    assert_eq!(state["state"]["name"], "aaa", "{state}");
    assert_eq!(state["state"]["phone"], "1111", "{state}");
    let blame = sandbox.run(&["blame", "app.db", "lead:1", "--projection", "fields", "--format", "json"]).ok().json();
    let name = blame.as_array().and_then(|rows| rows.iter().find(|row| row["field"] == "name")).cloned();
    assert_eq!(name.map(|row| (row["version"].clone(), row["actor"].clone())), Some((json!(2), json!("lee"))));
    sandbox.run(&["verify", "app.db"]).ok();
    let dry = ["compensate", "app.db", "lead:1", "--version", "2", "--actor", "a", "--reason", "b", "--dry-run"];
    sandbox.run(&dry).ok();
    assert_eq!(sandbox.everything(), before);
}

#[test]
fn a_correction_goes_into_the_frameworks_own_table() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "app.db", LEDGER);
    let correct =
        ["compensate", "app.db", "lead:1", "--version", "2", "--actor", "a", "--reason", "b", "--format", "json"];
    let done = sandbox.run(&correct).ok().json();
    assert_eq!((&done["stream"], &done["version"]), (&json!("lead:1"), &json!(3)), "{done}");
    let event = sandbox.run(&["events", "app.db", "lead:1", "--from", "3", "--format", "json"]).ok().json()[0].clone();
    let name = event["type"].as_str().unwrap_or_default().to_owned();
    assert_eq!(name, "ContactDetailsUpdated", "the application knows no other spelling");
    assert_eq!(event["payload"][&name]["name"], "aab", "{event}");
    assert_eq!((&event["metadata"]["actor"], &event["metadata"]["reason"]), (&json!("a"), &json!("b")));
    let state = sandbox.run(&["show", "app.db", "lead:1", "--format", "json"]).ok().json();
    assert_eq!(state["state"]["name"], "aab", "{state}");
    let strange = [
        "append",
        "app.db",
        "lead:1",
        "--type",
        "contact-retracted",
        "--payload",
        "{}",
        "--expect",
        "3",
        "--actor",
        "a",
        "--reason",
        "b",
    ];
    sandbox.run(&strange).code(2).says("the application could not read one that it does not know").in_one_line();
    let late = [
        "append",
        "app.db",
        "lead:1",
        "--type",
        "X",
        "--payload",
        "{}",
        "--expect",
        "2",
        "--actor",
        "a",
        "--reason",
        "b",
    ];
    sandbox.run(&late).code(1);
}

/// One stream that the application has put away, and one that it has not.
const ARCHIVED: &str = r#"
CREATE TABLE emt_streams (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL DEFAULT 0, partition TEXT NOT NULL,
    stream_type TEXT NOT NULL, stream_metadata JSONB NOT NULL, is_archived BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (stream_id, partition, is_archived));
CREATE TABLE emt_messages (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL,
    message_kind CHAR(1) NOT NULL DEFAULT 'E', message_data JSONB NOT NULL, message_metadata JSONB NOT NULL,
    message_schema_version TEXT NOT NULL, message_type TEXT NOT NULL, message_id TEXT NOT NULL,
    is_archived BOOLEAN NOT NULL DEFAULT FALSE, global_position INTEGER PRIMARY KEY, created DATETIME DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (stream_id, stream_position, partition, is_archived));
INSERT INTO emt_streams VALUES ('lead-1', 2, 'emt:default', 'lead', '{}', FALSE), ('lead-2', 2, 'emt:default', 'lead', '{}', TRUE);
INSERT INTO emt_messages VALUES
 ('lead-1', 1, 'emt:default', 'E', '{"name":"aab"}', '{}', '0', 'LeadInitialized', 'a1', FALSE, 1, '2025-01-01 01:00:01'),
 ('lead-1', 2, 'emt:default', 'E', '{}', '{}', '0', 'Contacted', 'a2', FALSE, 2, '2025-01-01 01:00:02'),
 ('lead-2', 1, 'emt:default', 'E', '{"name":"aac"}', '{}', '0', 'LeadInitialized', 'b1', TRUE, 3, '2025-01-01 01:00:03'),
 ('lead-2', 2, 'emt:default', 'E', '{}', '{}', '0', 'Contacted', 'b2', TRUE, 4, '2025-01-01 01:00:04');
"#;

#[test]
fn of_an_archived_stream_it_is_said_that_nothing_is_appended_before_anything_is_shown_as_if_it_would_be() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "app.db", ARCHIVED);
    let before = sandbox.everything();
    let said = "lead-2 is archived, and nothing is appended to it";
    for stream in ["lead-1", "lead-2"] {
        let signed = ["--actor", "a", "--reason", "b", "--dry-run"];
        let compensate = ["compensate", "app.db", stream, "--version", "2"];
        let own = ["append", "app.db", stream, "--type", "Contacted", "--payload", "{}", "--expect", "any"];
        let propose = ["what-if", "app.db", stream, "--skip", "2", "--propose"].to_vec();
        for arguments in [[&compensate[..], &signed].concat(), [&own[..], &signed].concat(), propose] {
            let run = sandbox.run(&arguments);
            if stream == "lead-1" {
                run.ok();
            } else {
                run.code(1).says(said);
            }
        }
        // What is not appended can be tried all the same.
        sandbox.run(&["what-if", "app.db", stream, "--skip", "2"]).ok();
    }
    assert_eq!(sandbox.everything(), before);
}

/// One stream that can be read, and one whose newest event is encrypted.
const ENCRYPTED: &str = r#"
CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
    PRIMARY KEY (originator_id, originator_version));
INSERT INTO stored_events VALUES
 ('lead-1', 1, 'crm:Lead.Contacted', CAST('{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:01+00:00"}}' AS BLOB)),
 ('lead-2', 1, 'crm:Lead.Contacted', X'FF00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEE');
"#;

#[test]
fn of_an_encrypted_stream_the_same_is_said() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "app.db", ENCRYPTED);
    let before = sandbox.everything();
    for stream in ["lead-1", "lead-2"] {
        let signed = ["--actor", "a", "--reason", "b", "--dry-run"];
        let compensate = ["compensate", "app.db", stream, "--version", "1"];
        let own = ["append", "app.db", stream, "--type", "Contacted", "--payload", "{}", "--expect", "any"];
        let propose = ["what-if", "app.db", stream, "--skip", "1", "--propose"].to_vec();
        for arguments in [[&own[..], &signed].concat(), [&compensate[..], &signed].concat(), propose] {
            let run = sandbox.run(&arguments);
            if stream == "lead-2" {
                run.code(1).says("this stream is encrypted, and only its application can write into it").in_one_line();
            } else {
                assert!(!run.err.contains("encrypted"), "{run:#?}");
            }
        }
        // What is not appended can be tried all the same.
        sandbox.run(&["what-if", "app.db", stream, "--skip", "1"]).ok();
    }
    assert_eq!(sandbox.everything(), before);
}

#[test]
fn an_unknown_table_is_asked_about_guessed_corrected_and_kept() {
    let sandbox = Sandbox::empty();
    database(
        &sandbox,
        "odd.db",
        r#"CREATE TABLE "기록" ("대상" TEXT, "번호" INTEGER, kind TEXT, "내용" TEXT, UNIQUE ("대상", "번호"));
           INSERT INTO "기록" VALUES ('리드-1', 1, 'captured', '{"a":1}');"#,
    );
    let before = sandbox.everything();
    sandbox.run(&["info", "odd.db"]).code(2).says("which columns are these?").says("--map FILE").in_one_line();
    let guess = sandbox.run(&["map", "odd.db"]).ok();
    assert!(guess.err.contains("a guess, to be corrected"), "{guess:#?}");
    assert_eq!(guess.json()["stream"], json!(["대상"]));
    assert_eq!(sandbox.everything(), before);
    sandbox.write("map.json", &guess.out);
    let events = sandbox.run(&["events", "odd.db", "--map", "map.json", "--format", "jsonl"]).ok().json();
    assert_eq!((&events["stream"], &events["payload"]), (&json!("리드-1"), &json!({"a": 1})));
    sandbox.run(&["info", "odd.db"]).code(2);
    sandbox.run(&["map", "odd.db", "--map", "map.json", "--keep"]).ok();
    let info = sandbox.run(&["info", "odd.db", "--format", "json"]).ok();
    assert_eq!(info.json()["framework"], "mapped");
    assert!(info.err.contains("the mapping of 기록 that was kept"), "{info:#?}");
    let forgotten = sandbox.run(&["map", "odd.db", "--forget"]).ok();
    assert_eq!(forgotten.out, "odd.db: the mapping that was kept is forgotten\n");
    assert_eq!(sandbox.run(&["map", "odd.db", "--forget"]).ok().out, "odd.db: no mapping was kept\n");
    sandbox.run(&["info", "odd.db"]).code(2);
}

/// A table with names of its own: only its values tell what they are.
const ALBUMS: &str = r#"
CREATE TABLE album_log (album_ref TEXT, n INTEGER, what_happened TEXT, details_of_it TEXT, moment TEXT, meta TEXT);
INSERT INTO album_log VALUES
 ('album-1', 10, 'added', '{"file":"a.png"}', '2025-01-01 00:00:00', 'kim'),
 ('album-2', 10, 'added', '{"file":"b.png"}', '2025-01-01 00:01:00', 'lee'),
 ('album-1', 20, 'rotated', '{"by":90}', '2025-01-01 00:02:00', 'lee'),
 ('album-1', 30, 'rotated', '{"by":180}', '2025-01-01 00:03:00', 'kim');
"#;

#[test]
fn a_plain_table_is_guessed_from_its_values_where_names_say_nothing() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "albums.db", ALBUMS);
    let guess = sandbox.run(&["map", "albums.db"]).ok();
    let mapping = guess.json();
    assert_eq!((&mapping["stream"], &mapping["version"]), (&json!(["album_ref"]), &json!("n")), "{mapping}");
    assert_eq!((&mapping["version_base"], &mapping["version_step"]), (&json!(10), &json!(10)), "{mapping}");
    assert_eq!((&mapping["type"], &mapping["time"]), (&json!("what_happened"), &json!("moment")), "{mapping}");
    assert_eq!((&mapping["payload"], &mapping["author"]), (&json!("details_of_it"), &json!("meta")), "{mapping}");
    sandbox.write("map.json", &guess.out);
    let blame = sandbox.run(&["blame", "albums.db", "album-1", "--map", "map.json", "--format", "json"]).ok().json();
    assert_eq!(blame[0]["actor"], "kim", "{blame}");
    sandbox.run(&["verify", "albums.db", "--map", "map.json"]).ok();
}

/// As applications write that keep an event's content and what they say around it in one column.
const ENVELOPES: &str = r#"
CREATE TABLE journal (account TEXT, n INTEGER, kind TEXT, at TEXT, body TEXT);
INSERT INTO journal VALUES
 ('account-1', 1, 'opened', '2025-01-01 00:00:00', '{"id":"e1","meta":{"actor":"kim"},"data":{"owner":"Bo","limit":1.50}}'),
 ('account-1', 2, 'moved', '2025-01-01 00:01:00', '{"id":"e2","meta":{"actor":"lee"},"data":{"city":"Busan"}}'),
 ('account-2', 1, 'opened', '2025-01-01 00:02:00', '{"id":"e3","meta":{},"data":{"owner":"Zoë","limit":2}}');
"#;

#[test]
fn a_payload_that_is_wrapped_in_its_column_is_guessed_and_read_by_its_place() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "accounts.db", ENVELOPES);
    let guess = sandbox.run(&["map", "accounts.db"]).ok().says("payload: body.data, by its values");
    let mapping = guess.json();
    assert_eq!((&mapping["payload"], &mapping["metadata"]), (&json!("body.data"), &json!(["body.meta"])), "{mapping}");
    assert_eq!(mapping["author"], "metadata.actor", "{mapping}");
    sandbox.write("map.json", &guess.out);
    let with = |command: &str, more: &[&str]| {
        let arguments =
            [&[command, "accounts.db", "account-1", "--map", "map.json", "--format", "json"], more].concat();
        sandbox.run(&arguments).ok().json()
    };
    let opened: Value = serde_json::from_str(r#"{"owner":"Bo","limit":1.50}"#).expect("JSON");
    assert_eq!(with("events", &[])[0]["payload"], opened, "as it is written");
    // What the second event says nothing of stays as it was.
    let shown = with("show", &[]);
    assert_eq!((&shown["state"]["owner"], &shown["state"]["city"]), (&json!("Bo"), &json!("Busan")), "{shown}");
    let diff = with("diff", &["--from", "1", "--to", "2"]);
    assert_eq!((&diff[0]["field"], diff.as_array().map(Vec::len)), (&json!("city"), Some(1)), "{diff}");
    assert_eq!(diff[0]["set_by"]["actor"], "lee", "{diff}");
    sandbox.run(&["verify", "accounts.db", "--map", "map.json"]).ok();
    let append = ["append", "accounts.db", "account-1", "--type", "moved", "--payload", "{}", "--expect", "any"];
    let signed = [&append[..], &["--actor", "a", "--reason", "b", "--map", "map.json"]].concat();
    let before = sandbox.everything();
    assert_ne!(sandbox.run(&signed).code, 0, "a mapping is read-only");
    assert_eq!(sandbox.everything(), before);
}

#[test]
fn what_stands_around_a_wrapped_payload_is_its_metadata_and_nothing_of_it_is_lost() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "accounts.db", ENVELOPES);
    let change = "UPDATE journal SET body = '{\"n\":1}' WHERE n = 2; UPDATE journal SET body = '{\"data\":{},}' WHERE account = 'account-2';";
    Connection::open(sandbox.path("accounts.db")).and_then(|file| file.execute_batch(change)).expect("changed");
    let mapping = json!({"table": "journal", "stream": "account", "version": "n", "type": "kind", "payload": "body.data",
        "metadata": "body"});
    sandbox.write("map.json", mapping.to_string());
    let events = sandbox.run(&["events", "accounts.db", "--map", "map.json", "--format", "json"]).ok().json();
    assert_eq!(events[0]["metadata"], json!({"id": "e1", "meta": {"actor": "kim"}}));
    assert_eq!(events[1]["payload"], json!({"n": 1}), "without a wrapping it is shown whole");
    assert_eq!(events[2]["payload"], json!("{\"data\":{},}"), "and damaged too");
    sandbox.run(&["verify", "accounts.db", "--map", "map.json"]).code(1);
    let wrong = json!({"table": "journal", "stream": "account", "payload": "boby.data"});
    sandbox.write("wrong.json", wrong.to_string());
    let refused = sandbox.run(&["events", "accounts.db", "--map", "wrong.json"]);
    refused
        .code(2)
        .says("there is no column boby.data in journal, which the mapping names as its payload")
        .in_one_line();
}

#[test]
fn a_guess_that_lacks_a_part_is_a_beginning_and_says_so() {
    let sandbox = Sandbox::empty();
    let photos = "CREATE TABLE photos (caption TEXT, taken_on TEXT); INSERT INTO photos VALUES ('sea', '2025-01-01')";
    database(&sandbox, "photos.db", photos);
    let guess = sandbox.run(&["map", "photos.db"]).ok().says("say which column names the stream");
    assert_eq!((&guess.json()["time"], &guess.json()["stream"]), (&json!("taken_on"), &json!([])));
    sandbox.write("map.json", &guess.out);
    let refused = sandbox.run(&["events", "photos.db", "--map", "map.json"]);
    refused.code(2).says("which column says whose event each row of photos is?").in_one_line();
}

#[test]
fn one_line_of_text_in_the_metadata_is_who_recorded_the_event() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "albums.db", ALBUMS);
    let mapping = json!({"table": "album_log", "stream": "album_ref", "version": "n", "version_base": 10,
        "version_step": 10, "type": "what_happened", "metadata": "meta"});
    sandbox.write("map.json", mapping.to_string());
    let events = sandbox.run(&["events", "albums.db", "album-2", "--map", "map.json", "--format", "json"]).ok().json();
    assert_eq!(events[0]["metadata"], json!({"actor": "lee"}));
    sandbox.run(&["verify", "albums.db", "--map", "map.json"]).ok();
}

#[test]
fn who_and_why_are_read_where_a_mapping_says_they_are() {
    let sandbox = Sandbox::empty();
    let table = r#"CREATE TABLE log (id TEXT, n INTEGER, body TEXT, meta TEXT, because TEXT);
        INSERT INTO log VALUES ('a', 1, '{"by":{"login":"kim"},"x":1}', '{"$causationId":"e-7","n":1.50}', 'asked for'),
            ('a', 2, '{"x":2}', NULL, NULL)"#;
    database(&sandbox, "log.db", table);
    let mut mapping = json!({"table": "log", "stream": "id", "version": "n", "payload": "body", "metadata": "meta",
        "author": "payload.by.login", "reason": "because", "causation": "metadata.$causationId"});
    sandbox.write("map.json", mapping.to_string());
    let arguments = ["events", "log.db", "--map", "map.json", "--format", "json"];
    let events = sandbox.run(&arguments).ok().json();
    let metadata = &events[0]["metadata"];
    assert_eq!((&metadata["actor"], &metadata["reason"]), (&json!("kim"), &json!("asked for")), "{events}");
    assert_eq!((&metadata["causation-id"], &metadata["$causationId"]), (&json!("e-7"), &json!("e-7")), "{events}");
    assert_eq!(events[1]["metadata"], json!(null), "{events}");
    let blame =
        sandbox.run(&["blame", "log.db", "a", "--at", "1", "--map", "map.json", "--format", "json"]).ok().json();
    assert_eq!((&blame[0]["actor"], &blame[0]["reason"]), (&json!("kim"), &json!("asked for")), "{blame}");
    mapping["author"] = json!("payload");
    sandbox.write("map.json", mapping.to_string());
    sandbox.run(&arguments).code(2).says("there is no column payload in log, which the mapping names as its author");
}

#[test]
fn places_inside_of_payload_and_metadata_are_guessed_by_their_names() {
    let sandbox = Sandbox::empty();
    let table = r#"CREATE TABLE log (stream TEXT, version INTEGER, payload TEXT, metadata TEXT);
        INSERT INTO log VALUES ('a', 1, '{"x":1,"reason":"asked"}', '{"user":{"name":"kim"},"$correlationId":"c"}')"#;
    database(&sandbox, "log.db", table);
    let mapping = sandbox.run(&["map", "log.db"]).ok().json();
    assert_eq!((&mapping["author"], &mapping["reason"]), (&json!("metadata.user.name"), &json!("payload.reason")));
    assert_eq!(mapping["correlation"], "metadata.$correlationId", "{mapping}");
}

#[test]
fn a_known_framework_is_told_where_its_application_says_who() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "app.db", LEDGER);
    sandbox.write("map.json", r#"{"table": "ledger", "author": "payload.LeadInitialized.name"}"#);
    let events = sandbox.run(&["events", "app.db", "--map", "map.json", "--to", "1", "--format", "json"]).ok().json();
    assert_eq!(events[0]["metadata"], json!({"actor": "aab", "stored-actor": "kim"}), "{events}");
    let info = sandbox.run(&["info", "app.db", "--map", "map.json", "--format", "json"]).ok().json();
    assert_eq!(info["framework"], "cqrs-es");
}

#[test]
fn what_axon_calls_a_correlation_is_the_cause() {
    let sandbox = Sandbox::empty();
    let table = r#"CREATE TABLE domain_event_entry (global_index INTEGER PRIMARY KEY, event_identifier TEXT UNIQUE,
            meta_data TEXT, payload TEXT, payload_revision TEXT, payload_type TEXT, time_stamp TEXT,
            aggregate_identifier TEXT, sequence_number INTEGER, type TEXT, UNIQUE (aggregate_identifier, sequence_number));
        INSERT INTO domain_event_entry VALUES (1, 'e1', '{"traceId":"root","correlationId":"before","userId":"kim"}',
            '{"x":1}', NULL, 'Placed', '2025-01-01T00:00:00Z', 'o-1', 0, 'Order')"#;
    database(&sandbox, "axon.db", table);
    let events = sandbox.events("axon.db");
    let metadata = &events[0]["metadata"];
    assert_eq!(
        (&metadata["correlation-id"], &metadata["causation-id"]),
        (&json!("root"), &json!("before")),
        "{events:?}"
    );
}

#[test]
fn a_table_of_which_nothing_can_be_guessed_is_asked_about_all_the_same() {
    let sandbox = Sandbox::empty();
    database(
        &sandbox,
        "odd.db",
        "CREATE TABLE t (x); CREATE TABLE log (who TEXT, did TEXT, w TEXT); INSERT INTO log VALUES ('a-1', 'b', 'c')",
    );
    let form = sandbox.run(&["map", "odd.db"]).ok();
    assert!(form.err.contains("who, did, w"), "{form:#?}");
    let mut mapping = form.json();
    assert_eq!(mapping["table"], "log");
    mapping["stream"] = json!("who");
    mapping["type"] = json!("did");
    sandbox.write("map.json", mapping.to_string());
    let events = sandbox.run(&["events", "odd.db", "--map", "map.json", "--format", "jsonl"]).ok().json();
    assert_eq!((&events["stream"], &events["type"], &events["version"]), (&json!("a-1"), &json!("b"), &json!(1)));
}

#[test]
fn a_mapping_that_does_not_fit_names_the_place_and_the_next_step() {
    let sandbox = Sandbox::empty();
    database(&sandbox, "odd.db", "CREATE TABLE log (who TEXT, what TEXT)");
    for (mapping, part) in [
        ("{", "map.json: the mapping cannot be read"),
        (r#"{"table":"log","streem":"who"}"#, "unknown field `streem`"),
        (r#"{"table":"log","stream":"whom"}"#, "odd.db: there is no column whom in log"),
    ] {
        sandbox.write("map.json", mapping);
        sandbox.run(&["events", "odd.db", "--map", "map.json"]).code(2).says(part).in_one_line();
    }
    sandbox.run(&["events", "odd.db", "--map", "none.json"]).code(2).says("none.json").in_one_line();
}

#[test]
fn a_file_of_events_is_looked_at_where_it_is() {
    let sandbox = Sandbox::empty();
    sandbox.write("lead-1.json", crate::sandbox::SEED);
    let before = sandbox.everything();
    let info = sandbox.run(&["info", "lead-1.json", "--format", "json"]).ok().json();
    assert_eq!((&info["framework"], &info["events"], &info["writable"]), (&json!("json"), &json!(7), &json!(false)));
    let state = sandbox.run(&["show", "lead-1.json", "lead-1", "--at", "3", "--format", "json"]).ok().json();
    assert_eq!(state["state"]["name"], "aaa", "{state}");
    let append = [
        "append",
        "lead-1.json",
        "lead-1",
        "--type",
        "x",
        "--payload",
        "{}",
        "--expect",
        "6",
        "--actor",
        "a",
        "--reason",
        "b",
    ];
    sandbox.run(&append).code(2).says("foldline import").in_one_line();
    assert_eq!(sandbox.everything(), before);
}
