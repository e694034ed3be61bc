//! The tables of each framework as its documentation describes them, with a handful of events.

pub(crate) const EVENTSOURCING: &str = r#"
CREATE TABLE crm_events (originator_id uuid NOT NULL, originator_version bigint NOT NULL, topic text, state bytea,
    notification_id bigserial, PRIMARY KEY (originator_id, originator_version));
CREATE UNIQUE INDEX ON crm_events (notification_id);
CREATE TABLE crm_snapshots (originator_id uuid NOT NULL, originator_version bigint NOT NULL, topic text, state bytea,
    PRIMARY KEY (originator_id, originator_version));
CREATE TABLE crm_tracking (application_name text PRIMARY KEY, notification_id bigint);
INSERT INTO crm_events (originator_id, originator_version, topic, state) VALUES
('0190b1de-5a4f-7c8e-9a3b-000000000001', 1, 'crm.domain:Lead.Captured', convert_to('{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:00.5+00:00"},"name":"민수"}', 'UTF8')),
('0190b1de-5a4f-7c8e-9a3b-000000000002', 1, 'crm.domain:Ticket.Opened', convert_to('{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:01+00:00"}}', 'UTF8')),
('0190b1de-5a4f-7c8e-9a3b-000000000001', 2, 'crm.domain:Lead.Contacted', convert_to('{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:02+00:00"}}', 'UTF8'));
"#;

pub(crate) const EMMETT: &str = r#"
CREATE SEQUENCE emt_global_message_position;
CREATE TABLE emt_streams (stream_id text NOT NULL, stream_position bigint NOT NULL, partition text NOT NULL DEFAULT 'emt:default',
    stream_type text NOT NULL, stream_metadata jsonb NOT NULL, is_archived boolean NOT NULL DEFAULT false,
    PRIMARY KEY (stream_id, partition, is_archived)) PARTITION BY LIST (partition);
CREATE TABLE emt_streams_emt_default PARTITION OF emt_streams FOR VALUES IN ('emt:default') PARTITION BY LIST (is_archived);
CREATE TABLE emt_streams_emt_default_active PARTITION OF emt_streams_emt_default FOR VALUES IN (false);
CREATE TABLE emt_streams_emt_default_archived PARTITION OF emt_streams_emt_default FOR VALUES IN (true);
CREATE TABLE emt_messages (stream_position bigint NOT NULL, global_position bigint DEFAULT nextval('emt_global_message_position'),
    transaction_id xid8 NOT NULL, created timestamptz NOT NULL DEFAULT now(), is_archived boolean NOT NULL DEFAULT false,
    message_kind char(1) NOT NULL DEFAULT 'E', stream_id text NOT NULL, partition text NOT NULL DEFAULT 'emt:default',
    message_schema_version text NOT NULL, message_id text NOT NULL, message_type text NOT NULL, message_data jsonb NOT NULL,
    message_metadata jsonb NOT NULL, PRIMARY KEY (stream_id, stream_position, partition, is_archived)) PARTITION BY LIST (partition);
CREATE TABLE emt_messages_emt_default PARTITION OF emt_messages FOR VALUES IN ('emt:default') PARTITION BY LIST (is_archived);
CREATE TABLE emt_messages_emt_default_active PARTITION OF emt_messages_emt_default FOR VALUES IN (false);
CREATE TABLE emt_messages_emt_default_archived PARTITION OF emt_messages_emt_default FOR VALUES IN (true);
INSERT INTO emt_streams (stream_id, stream_position, stream_type, stream_metadata, is_archived) VALUES
('lead-1', 2, 'lead', '{}', false), ('ticket-1', 1, 'ticket', '{}', true);
INSERT INTO emt_messages (stream_id, stream_position, transaction_id, created, is_archived, message_schema_version, message_id, message_type, message_data, message_metadata) VALUES
('lead-1', 1, pg_current_xact_id(), '2025-01-01T01:00:00.5Z', false, '1', '0190b1de-5a4f-7c8e-9a3b-0000000000a1', 'Captured', '{"name":"민수"}', '{"actor":"kim"}'),
('ticket-1', 1, pg_current_xact_id(), '2025-01-01T01:00:01Z', true, '1', '0190b1de-5a4f-7c8e-9a3b-0000000000a2', 'Opened', '{}', '{}'),
('lead-1', 2, pg_current_xact_id(), '2025-01-01T01:00:02Z', false, '1', '0190b1de-5a4f-7c8e-9a3b-0000000000a3', 'Contacted', '{}', '{}');
"#;

pub(crate) const CQRS_ES: &str = r#"
CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL CHECK (sequence >= 0),
    event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence));
CREATE TABLE snapshots (aggregate_type text NOT NULL, aggregate_id text NOT NULL, last_sequence bigint NOT NULL,
    current_snapshot bigint NOT NULL, payload json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, last_sequence));
INSERT INTO events VALUES
('lead', '1', 1, 'Captured', '1.0', '{"Captured":{"name":"민수", "n":1.50}}', '{"actor":"kim"}'),
('lead', '1', 2, 'Contacted', '1.0', '{"Contacted":{}}', '{}'),
('ticket', '1', 1, 'Opened', '1.0', '{"Opened":{}}', '{}');
"#;

pub(crate) const MESSAGE_DB: &str = r#"
CREATE SCHEMA message_store;
CREATE TABLE message_store.messages (global_position bigserial PRIMARY KEY, position bigint NOT NULL,
    time timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc'), stream_name text NOT NULL, type text NOT NULL,
    data jsonb, metadata jsonb, id uuid NOT NULL DEFAULT gen_random_uuid());
CREATE UNIQUE INDEX messages_id ON message_store.messages (id);
CREATE UNIQUE INDEX messages_stream ON message_store.messages (stream_name, position);
INSERT INTO message_store.messages (stream_name, position, time, type, data, metadata) VALUES
('lead-1', 0, '2025-01-01 01:00:00.5', 'Captured', '{"name":"민수"}', '{"actor":"kim"}'),
('ticket:v2-1', 0, '2025-01-01 01:00:01', 'Opened', '{}', NULL),
('lead-1', 1, '2025-01-01 01:00:02', 'Contacted', NULL, NULL);
"#;

pub(crate) const MARTEN: &str = r#"
CREATE SCHEMA crm;
CREATE TABLE crm.mt_streams (id varchar PRIMARY KEY, type varchar, version bigint, timestamp timestamptz NOT NULL DEFAULT now(),
    created timestamptz NOT NULL DEFAULT now(), tenant_id varchar DEFAULT '*DEFAULT*', is_archived boolean DEFAULT false);
CREATE TABLE crm.mt_events (seq_id bigint PRIMARY KEY, id uuid NOT NULL, stream_id varchar, version bigint NOT NULL, data jsonb NOT NULL,
    bdata bytea, type varchar(500) NOT NULL, timestamp timestamptz NOT NULL DEFAULT now(), tenant_id varchar DEFAULT '*DEFAULT*',
    mt_dotnet_type varchar, correlation_id varchar, causation_id varchar, headers jsonb, is_archived boolean DEFAULT false);
CREATE UNIQUE INDEX pk_mt_events_stream_and_version ON crm.mt_events (stream_id, version);
CREATE TABLE crm.mt_event_progression (name varchar PRIMARY KEY, last_seq_id bigint, last_updated timestamptz);
INSERT INTO crm.mt_streams (id, type, version, is_archived) VALUES ('lead-1', 'lead', 2, false), ('ticket-1', 'ticket', 1, true);
INSERT INTO crm.mt_events (seq_id, id, stream_id, version, data, type, timestamp, correlation_id, is_archived) VALUES
(1, '0190b1de-5a4f-7c8e-9a3b-0000000000a1', 'lead-1', 1, '{"name":"민수"}', 'captured', '2025-01-01T01:00:00.5Z', 'c-1', false),
(2, '0190b1de-5a4f-7c8e-9a3b-0000000000a2', 'ticket-1', 1, '{}', 'opened', '2025-01-01T01:00:01Z', NULL, true),
(4, '0190b1de-5a4f-7c8e-9a3b-0000000000a3', 'lead-1', 2, '{}', 'contacted', '2025-01-01T01:00:02Z', NULL, false);
"#;

pub(crate) const RAILS_EVENT_STORE: &str = r#"
CREATE TABLE event_store_events (id bigserial PRIMARY KEY, event_id uuid NOT NULL UNIQUE, event_type varchar NOT NULL,
    metadata jsonb, data jsonb NOT NULL, created_at timestamp(6) NOT NULL, valid_at timestamp(6));
CREATE TABLE event_store_events_in_streams (id bigserial PRIMARY KEY, stream varchar NOT NULL, position integer,
    event_id uuid NOT NULL REFERENCES event_store_events (event_id), created_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX ON event_store_events_in_streams (stream, position);
CREATE UNIQUE INDEX ON event_store_events_in_streams (stream, event_id);
INSERT INTO event_store_events (event_id, event_type, metadata, data, created_at) VALUES
('0190b1de-5a4f-7c8e-9a3b-0000000000a1', 'Captured', '{"actor":"kim"}', '{"name":"민수"}', '2025-01-01 01:00:00.5'),
('0190b1de-5a4f-7c8e-9a3b-0000000000a2', 'Opened', NULL, '{}', '2025-01-01 01:00:01'),
('0190b1de-5a4f-7c8e-9a3b-0000000000a3', 'Contacted', NULL, '{}', '2025-01-01 01:00:02');
INSERT INTO event_store_events_in_streams (stream, position, event_id, created_at) VALUES
('lead$1', 0, '0190b1de-5a4f-7c8e-9a3b-0000000000a1', now()), ('ticket$1', 0, '0190b1de-5a4f-7c8e-9a3b-0000000000a2', now()),
('lead$1', 1, '0190b1de-5a4f-7c8e-9a3b-0000000000a3', now());
"#;

/// A stream of links, whose events are those of others and have no number there.
pub(crate) const RAILS_LINKS: &str = "
INSERT INTO event_store_events_in_streams (stream, position, event_id, created_at) VALUES
('by-kim', NULL, '0190b1de-5a4f-7c8e-9a3b-0000000000a1', now()), ('by-kim', NULL, '0190b1de-5a4f-7c8e-9a3b-0000000000a3', now());
";

/// Payloads are large objects, as JPA's mapping makes them.
pub(crate) const AXON: &str = r#"
CREATE TABLE domain_event_entry (global_index bigint PRIMARY KEY, event_identifier varchar(255) NOT NULL UNIQUE, meta_data oid, payload oid NOT NULL,
    payload_revision varchar(255), payload_type varchar(255) NOT NULL, time_stamp varchar(255) NOT NULL, aggregate_identifier varchar(255) NOT NULL,
    sequence_number bigint NOT NULL, type varchar(255), UNIQUE (aggregate_identifier, sequence_number));
CREATE TABLE snapshot_event_entry (aggregate_identifier varchar(255) NOT NULL, sequence_number bigint NOT NULL, type varchar(255) NOT NULL,
    event_identifier varchar(255) NOT NULL UNIQUE, meta_data oid, payload oid NOT NULL, payload_revision varchar(255), payload_type varchar(255) NOT NULL,
    time_stamp varchar(255) NOT NULL, PRIMARY KEY (aggregate_identifier, sequence_number, type));
INSERT INTO domain_event_entry VALUES
(0, 'e-1', lo_from_bytea(0, convert_to('{"actor":"kim"}', 'UTF8')), lo_from_bytea(0, convert_to('{"name":"민수"}', 'UTF8')), '1', 'crm.Captured', '2025-01-01T01:00:00.500Z', '1', 0, 'Lead'),
(1, 'e-2', lo_from_bytea(0, '{}'), lo_from_bytea(0, convert_to('<Opened/>', 'UTF8')), NULL, 'crm.Opened', '2025-01-01T01:00:01Z', '2', 0, 'Ticket'),
(50, 'e-3', lo_from_bytea(0, '{}'), lo_from_bytea(0, '{}'), NULL, 'crm.Contacted', '2025-01-01T01:00:02Z', '1', 1, 'Lead');
"#;

pub(crate) const PEKKO: &str = r#"
CREATE TABLE event_journal (ordering bigserial, persistence_id varchar(255) NOT NULL, sequence_number bigint NOT NULL, deleted boolean NOT NULL DEFAULT false,
    writer varchar(255) NOT NULL, write_timestamp bigint, adapter_manifest varchar(255), event_ser_id integer NOT NULL, event_ser_manifest varchar(255) NOT NULL,
    event_payload bytea NOT NULL, meta_ser_id integer, meta_ser_manifest varchar(255), meta_payload bytea, PRIMARY KEY (persistence_id, sequence_number));
CREATE UNIQUE INDEX ON event_journal (ordering);
CREATE TABLE event_tag (event_id bigint, persistence_id varchar(255), sequence_number bigint, tag varchar(255), PRIMARY KEY (persistence_id, sequence_number, tag));
CREATE TABLE snapshot (persistence_id varchar(255) NOT NULL, sequence_number bigint NOT NULL, created bigint NOT NULL, snapshot_ser_id integer NOT NULL,
    snapshot_ser_manifest varchar(255) NOT NULL, snapshot_payload bytea NOT NULL, meta_ser_id integer, meta_ser_manifest varchar(255), meta_payload bytea,
    PRIMARY KEY (persistence_id, sequence_number));
INSERT INTO event_journal (persistence_id, sequence_number, deleted, writer, write_timestamp, event_ser_id, event_ser_manifest, event_payload) VALUES
('Lead|1', 1, false, 'w', 1735693200500, 33, 'Captured', convert_to('{"name":"민수"}', 'UTF8')),
('Ticket|1', 1, true, 'w', 1735693201000, 33, 'Opened', '\xff00'),
('Lead|1', 2, false, 'w', 1735693202000, 33, 'Contacted', '{}');
"#;

pub(crate) const COMMANDED: &str = r#"
CREATE TABLE streams (stream_id bigserial PRIMARY KEY, stream_uuid text NOT NULL UNIQUE, stream_version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(), deleted_at timestamptz);
CREATE TABLE events (event_id uuid PRIMARY KEY, event_type text NOT NULL, causation_id uuid, correlation_id uuid, data bytea NOT NULL, metadata bytea,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE stream_events (event_id uuid NOT NULL REFERENCES events, stream_id bigint NOT NULL REFERENCES streams, stream_version bigint NOT NULL,
    original_stream_id bigint, original_stream_version bigint, PRIMARY KEY (event_id, stream_id));
CREATE UNIQUE INDEX ON stream_events (stream_id, stream_version);
CREATE TABLE snapshots (source_uuid text PRIMARY KEY, source_version bigint NOT NULL, source_type text NOT NULL, data bytea NOT NULL, metadata bytea, created_at timestamptz NOT NULL DEFAULT now());
INSERT INTO streams (stream_id, stream_uuid, stream_version) VALUES (0, '$all', 3), (1, 'lead-1', 2), (2, 'ticket-1', 1), (3, 'linked', 1);
INSERT INTO events VALUES
('0190b1de-5a4f-7c8e-9a3b-0000000000a1', 'Elixir.Crm.Captured', NULL, '0190b1de-5a4f-7c8e-9a3b-0000000000c1', convert_to('{"name":"민수"}', 'UTF8'), '{}', '2025-01-01T01:00:00.5Z'),
('0190b1de-5a4f-7c8e-9a3b-0000000000a2', 'Elixir.Crm.Opened', NULL, NULL, '{}', '{}', '2025-01-01T01:00:01Z'),
('0190b1de-5a4f-7c8e-9a3b-0000000000a3', 'Elixir.Crm.Contacted', NULL, NULL, '{}', '{}', '2025-01-01T01:00:02Z');
INSERT INTO stream_events VALUES
('0190b1de-5a4f-7c8e-9a3b-0000000000a1', 1, 1, 1, 1), ('0190b1de-5a4f-7c8e-9a3b-0000000000a2', 2, 1, 2, 1), ('0190b1de-5a4f-7c8e-9a3b-0000000000a3', 1, 2, 1, 2),
('0190b1de-5a4f-7c8e-9a3b-0000000000a1', 0, 1, 1, 1), ('0190b1de-5a4f-7c8e-9a3b-0000000000a2', 0, 2, 2, 1), ('0190b1de-5a4f-7c8e-9a3b-0000000000a3', 0, 3, 1, 2),
('0190b1de-5a4f-7c8e-9a3b-0000000000a2', 3, 1, 2, 1);
"#;

pub(crate) const SPATIE: &str = r#"
CREATE TABLE stored_events (id bigserial PRIMARY KEY, aggregate_uuid uuid, aggregate_version bigint, event_version smallint NOT NULL DEFAULT 1,
    event_class varchar(255) NOT NULL, event_properties jsonb NOT NULL, meta_data jsonb NOT NULL, created_at timestamp(0) NOT NULL,
    UNIQUE (aggregate_uuid, aggregate_version));
CREATE TABLE snapshots (id bigserial PRIMARY KEY, aggregate_uuid uuid NOT NULL, aggregate_version bigint NOT NULL, state jsonb NOT NULL,
    created_at timestamp(0), updated_at timestamp(0));
INSERT INTO stored_events (aggregate_uuid, aggregate_version, event_class, event_properties, meta_data, created_at) VALUES
('0190b1de-5a4f-7c8e-9a3b-000000000001', 1, 'App\Captured', '{"name":"민수"}', '{"actor":"kim"}', '2025-01-01 01:00:00'),
('0190b1de-5a4f-7c8e-9a3b-000000000002', 1, 'App\Opened', '{}', '{}', '2025-01-01 01:00:01'),
('0190b1de-5a4f-7c8e-9a3b-000000000001', 2, 'App\Contacted', '{}', '{}', '2025-01-01 01:00:02');
"#;

pub(crate) const SQL_STREAM_STORE: &str = r#"
CREATE TABLE streams (id char(42) NOT NULL UNIQUE, id_original varchar(1000) NOT NULL, id_internal serial PRIMARY KEY, version integer NOT NULL DEFAULT -1,
    position bigint NOT NULL DEFAULT -1, max_age integer, max_count integer);
CREATE SEQUENCE messages_seq MINVALUE 0 START 0;
CREATE TABLE messages (stream_id_internal integer NOT NULL REFERENCES streams, stream_version integer NOT NULL, position bigint NOT NULL DEFAULT nextval('messages_seq') PRIMARY KEY,
    message_id uuid NOT NULL, created_utc timestamp NOT NULL, type varchar(128) NOT NULL, json_data jsonb NOT NULL, json_metadata jsonb,
    UNIQUE (stream_id_internal, stream_version), UNIQUE (stream_id_internal, message_id));
INSERT INTO streams (id, id_original, version) VALUES ('a', 'lead-1', 1), ('b', 'ticket-1', 0);
INSERT INTO messages (stream_id_internal, stream_version, message_id, created_utc, type, json_data, json_metadata) VALUES
(1, 0, '0190b1de-5a4f-7c8e-9a3b-0000000000a1', '2025-01-01 01:00:00.5', 'Captured', '{"name":"민수"}', '{"actor":"kim"}'),
(2, 0, '0190b1de-5a4f-7c8e-9a3b-0000000000a2', '2025-01-01 01:00:01', 'Opened', '{}', NULL),
(1, 1, '0190b1de-5a4f-7c8e-9a3b-0000000000a3', '2025-01-01 01:00:02', 'Contacted', '{}', NULL);
"#;

pub(crate) const DISINTEGRATE: &str = r#"
CREATE SEQUENCE seq_event_event_id;
CREATE TABLE event (event_id bigint PRIMARY KEY DEFAULT nextval('seq_event_event_id'), event_type varchar(255), payload bytea,
    inserted_at timestamp DEFAULT now(), lead_id text, ticket_id bigint);
CREATE TABLE snapshot (id uuid PRIMARY KEY, name text, query text, version bigint, payload text, inserted_at timestamp DEFAULT now());
CREATE TABLE event_listener (id text PRIMARY KEY, last_processed_event_id bigint, updated_at timestamp);
INSERT INTO event (event_type, payload, inserted_at, lead_id, ticket_id) VALUES
('Captured', convert_to('{"name":"민수"}', 'UTF8'), '2025-01-01 01:00:00.5', '1', NULL),
('Opened', '{}', '2025-01-01 01:00:01', NULL, 7),
('Contacted', '{}', '2025-01-01 01:00:02', '1', 7);
"#;
