//! Columns and keys decide whose tables these are, told of PostgreSQL without one.

use foldline::event::{StreamId, Version};
use foldline::store::frameworks::{Catalogue, Column, Dialect, Layout, Recognised, Table, recognise};
use foldline::store::{Framework, Query};

/// `name: column type, …; key, key; key`.
fn table(text: &str) -> Table {
    let (name, rest) = text.split_once(": ").expect("a name");
    let mut parts = rest.split("; ");
    let columns = parts.next().unwrap_or_default().split(", ").map(|column| {
        let (name, declared) = column.split_once(' ').unwrap_or((column, "text"));
        Column { name: name.to_owned(), declared: declared.to_owned(), is_required: true }
    });
    let (schema, name) = name.split_once('.').unwrap_or(("public", name));
    Table {
        schema: Some(schema.to_owned()),
        name: name.to_owned(),
        columns: columns.collect(),
        unique_keys: parts.map(|key| key.split(", ").map(str::to_owned).collect()).collect(),
        ..Table::default()
    }
}

fn recognised(tables: &[&str]) -> Layout {
    let catalogue = Catalogue { dialect: Dialect::Postgres, tables: tables.iter().map(|text| table(text)).collect() };
    match recognise(&catalogue) {
        Recognised::One(layout) => layout,
        other => panic!("{tables:?}: {other:?}"),
    }
}

const EVERY: &[(Framework, u64, &[&str])] = &[
    (
        Framework::EVENTSOURCING,
        1,
        &[
            "crm_events: originator_id uuid, originator_version bigint, topic, state bytea, notification_id bigint; originator_id, originator_version; notification_id",
            "crm_snapshots: originator_id uuid, originator_version bigint, topic, state bytea; originator_id, originator_version",
        ],
    ),
    (
        Framework::EMMETT,
        1,
        &[
            "emt_streams: stream_id, stream_position bigint, partition, stream_type, stream_metadata jsonb, is_archived boolean; stream_id, partition, is_archived",
            "emt_messages: stream_id, stream_position bigint, partition, message_kind char, message_data jsonb, message_metadata jsonb, message_schema_version, message_type, message_id, is_archived boolean, global_position bigint, transaction_id xid8, created timestamp with time zone; stream_id, stream_position, partition, is_archived",
            "emt_messages_emt_default_active: stream_id, stream_position bigint, partition, message_kind char, message_data jsonb, message_metadata jsonb, message_schema_version, message_type, message_id, is_archived boolean, global_position bigint, transaction_id xid8, created timestamp with time zone; stream_id, stream_position, partition, is_archived",
        ],
    ),
    (
        Framework::CQRS_ES,
        1,
        &[
            "events: aggregate_type, aggregate_id, sequence bigint, event_type, event_version, payload json, metadata json; aggregate_type, aggregate_id, sequence",
            "snapshots: aggregate_type, aggregate_id, last_sequence bigint, current_snapshot bigint, payload json; aggregate_type, aggregate_id, last_sequence",
        ],
    ),
    (
        Framework::MESSAGE_DB,
        0,
        &[
            "message_store.messages: global_position bigint, position bigint, time timestamp without time zone, stream_name, type, data jsonb, metadata jsonb, id uuid; global_position; id; stream_name, position",
        ],
    ),
    (
        Framework::MARTEN,
        1,
        &[
            "crm.mt_streams: id uuid, type varchar, version bigint, timestamp timestamp with time zone, created timestamp with time zone, tenant_id varchar, is_archived boolean; id",
            "crm.mt_events: seq_id bigint, id uuid, stream_id uuid, version bigint, data jsonb, type varchar, timestamp timestamp with time zone, tenant_id varchar, mt_dotnet_type varchar, is_archived boolean; seq_id; stream_id, version",
            "crm.mt_event_progression: name varchar, last_seq_id bigint, last_updated timestamp with time zone; name",
        ],
    ),
    (
        Framework::RAILS_EVENT_STORE,
        0,
        &[
            "event_store_events: id bigint, event_id uuid, event_type varchar, metadata bytea, data bytea, created_at timestamp without time zone, valid_at timestamp without time zone; id; event_id",
            "event_store_events_in_streams: id bigint, stream varchar, position integer, event_id uuid, created_at timestamp without time zone; id; stream, position; stream, event_id",
        ],
    ),
    (
        Framework::AXON,
        0,
        &[
            "domain_event_entry: global_index bigint, event_identifier varchar, meta_data oid, payload oid, payload_revision varchar, payload_type varchar, time_stamp varchar, aggregate_identifier varchar, sequence_number bigint, type varchar; global_index; event_identifier; aggregate_identifier, sequence_number",
            "snapshot_event_entry: event_identifier varchar, meta_data oid, payload oid, payload_revision varchar, payload_type varchar, time_stamp varchar, aggregate_identifier varchar, sequence_number bigint, type varchar; aggregate_identifier, sequence_number, type",
            "token_entry: processor_name varchar, segment integer, owner varchar, timestamp varchar, token oid, token_type varchar; processor_name, segment",
        ],
    ),
    (
        Framework::AXON,
        0,
        &[
            "DomainEventEntry: globalIndex bigint, eventIdentifier varchar, metaData bytea, payload bytea, payloadRevision varchar, payloadType varchar, timeStamp varchar, aggregateIdentifier varchar, sequenceNumber bigint, type varchar; globalIndex; aggregateIdentifier, sequenceNumber",
        ],
    ),
    (
        Framework::AXON,
        0,
        &[
            "aggregate_event_entry: global_index bigint, aggregate_type varchar, aggregate_identifier varchar, aggregate_sequence_number bigint, type varchar, version varchar, timestamp varchar, payload bytea, metadata bytea, identifier varchar; global_index; aggregate_identifier, aggregate_sequence_number",
        ],
    ),
    (
        Framework::PEKKO,
        1,
        &[
            "event_journal: ordering bigint, persistence_id varchar, sequence_number bigint, deleted boolean, writer varchar, write_timestamp bigint, adapter_manifest varchar, event_ser_id integer, event_ser_manifest varchar, event_payload bytea, meta_ser_id integer, meta_ser_manifest varchar, meta_payload bytea; persistence_id, sequence_number; ordering",
            "snapshot: persistence_id varchar, sequence_number bigint, created bigint, snapshot_ser_id integer, snapshot_ser_manifest varchar, snapshot_payload bytea; persistence_id, sequence_number",
        ],
    ),
    (
        Framework::PEKKO,
        1,
        &[
            "journal: ordering bigint, persistence_id varchar, sequence_number bigint, deleted boolean, tags varchar, message bytea; persistence_id, sequence_number; ordering",
        ],
    ),
    (
        Framework::COMMANDED,
        1,
        &[
            "streams: stream_id bigint, stream_uuid text, stream_version bigint, created_at timestamp with time zone, deleted_at timestamp with time zone; stream_id; stream_uuid",
            "events: event_id uuid, event_type text, causation_id uuid, correlation_id uuid, data bytea, metadata bytea, created_at timestamp with time zone; event_id",
            "stream_events: event_id uuid, stream_id bigint, stream_version bigint, original_stream_id bigint, original_stream_version bigint; event_id, stream_id; stream_id, stream_version",
            "snapshots: source_uuid text, source_version bigint, source_type text, data bytea, metadata bytea, created_at timestamp with time zone; source_uuid",
        ],
    ),
    (
        Framework::SPATIE,
        1,
        &[
            "stored_events: id bigint, aggregate_uuid uuid, aggregate_version bigint, event_version smallint, event_class varchar, event_properties jsonb, meta_data jsonb, created_at timestamp without time zone; id; aggregate_uuid, aggregate_version",
        ],
    ),
    (
        Framework::SQL_STREAM_STORE,
        0,
        &[
            "streams: id char, id_original varchar, id_internal integer, version integer, position bigint, max_age integer, max_count integer; id; id_internal",
            "messages: stream_id_internal integer, stream_version integer, position bigint, message_id uuid, created_utc timestamp without time zone, type varchar, json_data jsonb, json_metadata jsonb; position; stream_id_internal, stream_version; stream_id_internal, message_id",
        ],
    ),
    (
        Framework::DISINTEGRATE,
        1,
        &[
            "event: event_id bigint, event_type varchar, payload bytea, inserted_at timestamp without time zone, cart_id text, user_id bigint; event_id",
            "snapshot: id uuid, name text, query text, version bigint, payload text, inserted_at timestamp without time zone; id",
            "event_listener: id text, last_processed_event_id bigint, updated_at timestamp without time zone; id",
        ],
    ),
];

#[test]
fn each_framework_is_known_by_its_columns_and_keys() {
    for (framework, base, tables) in EVERY {
        let layout = recognised(tables);
        assert_eq!((layout.framework, layout.version_base), (*framework, *base), "{tables:?}");
    }
}

#[test]
fn a_table_without_its_key_or_one_of_its_columns_is_nobodys() {
    for (framework, _, tables) in EVERY {
        let without_keys = tables.iter().map(|text| {
            let mut table = table(text);
            table.unique_keys.clear();
            table
        });
        let catalogue = Catalogue { dialect: Dialect::Postgres, tables: without_keys.collect() };
        let by_many_columns = [Framework::EMMETT, Framework::AXON, Framework::COMMANDED, Framework::SPATIE];
        if !by_many_columns.contains(framework) {
            assert!(matches!(recognise(&catalogue), Recognised::Nothing), "{tables:?}");
        }
        let without_a_column = tables.iter().map(|text| {
            let mut table = table(text);
            table.columns.remove(1);
            table
        });
        let catalogue = Catalogue { dialect: Dialect::Postgres, tables: without_a_column.collect() };
        assert!(matches!(recognise(&catalogue), Recognised::Nothing), "{tables:?}");
    }
}

#[test]
fn one_stream_is_asked_for_by_its_own_columns_and_never_by_a_text_made_of_them() {
    for (framework, _, tables) in EVERY {
        let layout = recognised(tables);
        let id = if layout.stream.len() == 2 { "lead:1" } else { "0190b1de-5a4f-7c8e-9a3b-000000000001" };
        let query = Query::stream(StreamId::from(id)).between(Some(Version(2)), None);
        let sql = layout.events_sql(&query, None).expect("a stream of that name can be");
        let conditions = sql.text.rsplit(" WHERE ").next().unwrap_or_default();
        assert!(!conditions.contains("||"), "{framework}: {conditions}");
        for column in &layout.stream {
            assert!(conditions.contains(&format!("{} = $", column.sql)), "{framework}: {conditions}");
        }
        assert_eq!(sql.values.len(), layout.stream.len() + 1, "{framework}");
    }
}

#[test]
fn two_tables_of_events_are_for_somebody_to_choose() {
    let one = EVERY[2].2[0];
    let other = one.replace("events:", "other.events:");
    let catalogue = Catalogue { dialect: Dialect::Postgres, tables: vec![table(one), table(&other)] };
    let Recognised::Several(layouts) = recognise(&catalogue) else { panic!("one was chosen") };
    let names: Vec<&str> = layouts.iter().map(|layout| layout.table.as_str()).collect();
    assert_eq!(names, ["public.events", "other.events"]);
}
