//! Each framework's tables with the same few events in them, and what they should read as.

use rusqlite::Connection;

pub(crate) const EVENTSOURCING: &str = r#"
CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
    PRIMARY KEY (originator_id, originator_version));
CREATE TABLE stored_snapshots (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
    PRIMARY KEY (originator_id, originator_version)) WITHOUT ROWID;
CREATE TABLE tracking (application_name TEXT PRIMARY KEY, notification_id INTEGER);
INSERT INTO stored_events VALUES
 ('0190b1de5a4f7c8e9a3b000000000001', 1, 'crm:Lead.Captured', CAST('{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:01+00:00"},"name":"aab"}' AS BLOB)),
 ('0190b1de5a4f7c8e9a3b000000000001', 2, 'crm:Lead.Contacted', CAST('{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:02+00:00"}}' AS BLOB)),
 ('0190b1de5a4f7c8e9a3b000000000002', 1, 'crm:Ticket.Opened', CAST('{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:03+00:00"},"subject":"x"}' AS BLOB));
"#;

pub(crate) const EMMETT: &str = r#"
CREATE TABLE emt_streams (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL DEFAULT 0, partition TEXT NOT NULL,
    stream_type TEXT NOT NULL, stream_metadata JSONB NOT NULL, is_archived BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (stream_id, partition, is_archived));
CREATE TABLE emt_messages (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL,
    message_kind CHAR(1) NOT NULL DEFAULT 'E', message_data JSONB NOT NULL, message_metadata JSONB NOT NULL,
    message_schema_version TEXT NOT NULL, message_type TEXT NOT NULL, message_id TEXT NOT NULL,
    is_archived BOOLEAN NOT NULL DEFAULT FALSE, global_position INTEGER PRIMARY KEY, created DATETIME DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (stream_id, stream_position, partition, is_archived));
INSERT INTO emt_streams VALUES ('lead-1', 2, '[object Object]', 'lead', '{}', FALSE), ('settings', 1, '[object Object]', 'emt:unknown', '{}', FALSE);
INSERT INTO emt_messages VALUES
 ('lead-1', 1, 'emt:default', 'E', '{"name":"aab"}', '{"actor":"kim"}', '0', 'LeadInitialized', '0190b1de-5a4f-7c8e-9a3b-0123456789ab', FALSE, 1, '2025-01-01 01:00:01'),
 ('lead-1', 2, 'emt:default', 'E', '{}', '{}', '1', 'Contacted', '0190b1de-5a4f-7c8e-9a3b-0123456789ac', FALSE, 2, '2025-01-01 01:00:02'),
 ('calls', 1, 'emt:default', 'C', '{}', '{}', '1', 'CallLead', '0190b1de-5a4f-7c8e-9a3b-0123456789ad', FALSE, 3, '2025-01-01 01:00:02'),
 ('settings', 1, 'emt:default', 'E', '{"a":1}', '{}', '0', 'Changed', '0190b1de-5a4f-7c8e-9a3b-0123456789ae', TRUE, 4, '2025-01-01 01:00:03');
"#;

pub(crate) const CQRS_ES: &str = r#"
CREATE TABLE ledger (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence integer NOT NULL CHECK (sequence >= 0),
    event_type text NOT NULL, event_version text NOT NULL, payload text NOT NULL, metadata text NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;
CREATE TABLE kept (aggregate_type text NOT NULL, aggregate_id text NOT NULL, last_sequence integer NOT NULL,
    current_snapshot integer NOT NULL, payload text NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)) STRICT;
INSERT INTO ledger VALUES
 ('lead', '1', 1, 'LeadInitialized', '1.0', '{"LeadInitialized":{"name":"aab"}}', '{"actor":"kim"}'),
 ('lead', '1', 2, 'Contacted', '2.0', '{"Contacted":{}}', '{}'),
 ('ticket', '1', 1, 'TicketInitialized', '1.0', '{"TicketInitialized":{"subject":"x"}}', '{}');
INSERT INTO kept VALUES ('lead', '1', 2, 1, '{"name":"aab"}');
"#;

/// The third event is linked from a second stream, which has one more of its own without a position.
pub(crate) const RAILS_EVENT_STORE: &str = r#"
CREATE TABLE event_store_events (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, event_id varchar(36) NOT NULL, event_type varchar NOT NULL,
    metadata blob, data blob NOT NULL, created_at datetime(6) NOT NULL, valid_at datetime(6));
CREATE TABLE event_store_events_in_streams (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, stream varchar NOT NULL, position integer,
    event_id varchar(36) NOT NULL, created_at datetime(6) NOT NULL);
CREATE UNIQUE INDEX a ON event_store_events (event_id);
CREATE UNIQUE INDEX b ON event_store_events_in_streams (stream, position);
CREATE UNIQUE INDEX c ON event_store_events_in_streams (stream, event_id);
CREATE INDEX d ON event_store_events_in_streams (event_id);
INSERT INTO event_store_events VALUES
 (1, '0190b1de-5a4f-7c8e-9a3b-000000000001', 'Crm::LeadInitialized', CAST('{"actor":"kim"}' AS BLOB), CAST('{"name":"aab"}' AS BLOB), '2025-01-01 01:00:01.000000', NULL),
 (2, '0190b1de-5a4f-7c8e-9a3b-000000000002', 'Crm::Contacted', NULL, CAST('{}' AS BLOB), '2025-01-01 01:00:09.000000', '2025-01-01 01:00:02.000000'),
 (3, '0190b1de-5a4f-7c8e-9a3b-000000000003', 'Crm::TicketOpened', NULL, CAST(char(45,45,45,10) || ':subject: x' || char(10) AS BLOB), '2025-01-01 01:00:03.000000', NULL);
INSERT INTO event_store_events_in_streams VALUES
 (1, 'Lead$1', 0, '0190b1de-5a4f-7c8e-9a3b-000000000001', '2025-01-01 01:00:01'),
 (2, 'Lead$1', 1, '0190b1de-5a4f-7c8e-9a3b-000000000002', '2025-01-01 01:00:02'),
 (3, 'Ticket$1', NULL, '0190b1de-5a4f-7c8e-9a3b-000000000003', '2025-01-01 01:00:03'),
 (4, 'Lead$1', NULL, '0190b1de-5a4f-7c8e-9a3b-000000000003', '2025-01-01 01:00:03');
"#;

pub(crate) const SPATIE: &str = r#"
CREATE TABLE stored_events (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, aggregate_uuid varchar, aggregate_version integer,
    event_version integer NOT NULL DEFAULT '1', event_class varchar NOT NULL, event_properties text NOT NULL,
    meta_data text NOT NULL, created_at datetime NOT NULL);
CREATE UNIQUE INDEX a ON stored_events (aggregate_uuid, aggregate_version);
CREATE TABLE snapshots (id integer PRIMARY KEY, aggregate_uuid varchar NOT NULL, aggregate_version integer NOT NULL, state text NOT NULL,
    created_at datetime, updated_at datetime);
INSERT INTO stored_events VALUES
 (1, '0190b1de-5a4f-7c8e-9a3b-000000000001', 1, 1, 'App\Events\LeadInitialized', '{"name":"aab"}', '{"stored-event-id":1}', '2025-01-01 01:00:01'),
 (2, '0190b1de-5a4f-7c8e-9a3b-000000000001', 2, 1, 'App\Events\Contacted', '{}', '{"user-id":"kim"}', '2025-01-01 01:00:02'),
 (3, NULL, NULL, 1, 'App\Events\Noted', '{"text":"x"}', '[]', '2025-01-01 01:00:03');
INSERT INTO snapshots VALUES (1, '0190b1de-5a4f-7c8e-9a3b-000000000001', 3, '{}', NULL, NULL);
"#;

pub(crate) const SQL_STREAM_STORE: &str = r#"
CREATE TABLE streams (id TEXT NOT NULL UNIQUE, id_original TEXT NOT NULL, id_internal INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    version INTEGER DEFAULT -1, position INTEGER DEFAULT -1, max_age INTEGER, max_count INTEGER);
CREATE TABLE messages (event_id TEXT NOT NULL, stream_id_internal INTEGER NOT NULL, stream_version INTEGER NOT NULL CHECK (stream_version >= 0),
    position INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, created_utc TEXT NOT NULL, type TEXT NOT NULL, json_data TEXT NOT NULL,
    json_metadata TEXT, FOREIGN KEY (stream_id_internal) REFERENCES streams (id_internal));
CREATE UNIQUE INDEX a ON messages (stream_id_internal, stream_version);
INSERT INTO streams VALUES ('5f3a', 'lead-1', 1, 1, 1, NULL, NULL), ('77aa', 'ticket-1', 2, 0, 3, NULL, NULL);
INSERT INTO messages VALUES
 ('0190b1de-5a4f-7c8e-9a3b-000000000001', 1, 0, 1, '2025-01-01 01:00:01.0000000', 'LeadInitialized', '{"name":"aab"}', '{"actor":"kim"}'),
 ('0190b1de-5a4f-7c8e-9a3b-000000000002', 1, 1, 2, '2025-01-01 01:00:02.0000000', 'Contacted', '{}', NULL),
 ('0190b1de-5a4f-7c8e-9a3b-000000000003', 2, 0, 3, '2025-01-01 01:00:03.0000000', 'TicketInitialized', '{"subject":"x"}', NULL);
"#;

pub(crate) const OCEL: &str = r#"
CREATE TABLE event (ocel_id TEXT, ocel_type TEXT);
CREATE TABLE object (ocel_id TEXT, ocel_type TEXT);
CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT);
CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT);
CREATE TABLE event_map_type (ocel_type TEXT, ocel_type_map TEXT);
CREATE TABLE object_map_type (ocel_type TEXT, ocel_type_map TEXT);
CREATE TABLE event_Leadcaptured (ocel_id TEXT, ocel_time TIMESTAMP, name TEXT, "a b" REAL);
CREATE TABLE event_Contacted (ocel_id TEXT, ocel_time TIMESTAMP);
CREATE TABLE object_Lead (ocel_id TEXT, ocel_time TIMESTAMP, ocel_changed_field TEXT, owner TEXT);
INSERT INTO event_map_type VALUES ('LeadCaptured', 'Leadcaptured'), ('Contacted', 'Contacted');
INSERT INTO object_map_type VALUES ('Lead', 'Lead'), ('Person', 'Person');
INSERT INTO object VALUES ('lead-1', 'Lead'), ('kim', 'Person');
INSERT INTO event VALUES ('e1', 'LeadCaptured'), ('e2', 'Contacted'), ('e3', 'Contacted');
INSERT INTO event_Leadcaptured VALUES ('e1', '2025-01-01 01:00:01', 'aab', 1.5);
INSERT INTO event_Contacted VALUES ('e2', '2025-01-01 01:00:02'), ('e3', '2025-01-01 01:00:03');
INSERT INTO event_object VALUES ('e1', 'lead-1', 'of'), ('e2', 'lead-1', 'of'), ('e2', 'kim', 'by'), ('e2', 'kim', 'again'), ('e3', 'kim', 'by');
"#;

/// Makes the tables in a new file.
pub(crate) fn file_of(statements: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("app.db");
    let connection = Connection::open(&path).expect("a database");
    connection.execute_batch(statements).expect("the tables are made");
    connection.close().expect("closed");
    (folder, path)
}
