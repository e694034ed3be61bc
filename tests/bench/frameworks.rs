//! Long streams of other frameworks, under the projection that knows nothing of them.

use std::time::Instant;

use foldline::engine::{describe, load_timeline};
use foldline::event::StreamId;
use foldline::projection::FieldsProjection;
use foldline::store::{Flow, Query};
use rusqlite::Connection;

use crate::measure::{Row, Table, micros, repeat, time};
use crate::stores::Stores;

const EVENTS: u64 = 20_480;

/// Message DB has only PostgreSQL; the same table in SQLite goes the same way from its first byte on.
type Shape = (&'static str, &'static str, fn(u64) -> String);

const SHAPES: [Shape; 3] = [
    (
        "eventsourcing",
        "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
         PRIMARY KEY (originator_id, originator_version))",
        |n| {
            format!(
                "INSERT INTO stored_events VALUES ('0190b1de5a4f7c8e9a3b000000000001', {}, 'shop:Cart.{}', CAST('{{\"timestamp\":{{\"_type_\":\"datetime_iso\",\"_data_\":\"2025-01-01T{:02}:{:02}:{:02}+00:00\"}},\"item\":\"item {}\",\"amount\":{{\"_type_\":\"decimal_str\",\"_data_\":\"{}.50\"}},\"count\":{},\"note\":\"left at the door of the house next to the green one\"}}' AS BLOB))",
                n + 1,
                kind(n),
                n / 3600 % 24,
                n / 60 % 60,
                n % 60,
                n % 97,
                n % 31,
                n % 7
            )
        },
    ),
    (
        "emmett",
        "CREATE TABLE emt_messages (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL,
         message_kind CHAR(1) NOT NULL DEFAULT 'E', message_data JSONB NOT NULL, message_metadata JSONB NOT NULL,
         message_schema_version TEXT NOT NULL, message_type TEXT NOT NULL, message_id TEXT NOT NULL,
         is_archived BOOLEAN NOT NULL DEFAULT FALSE, global_position INTEGER PRIMARY KEY,
         created DATETIME DEFAULT CURRENT_TIMESTAMP, UNIQUE (stream_id, stream_position, partition, is_archived))",
        |n| {
            format!(
                "INSERT INTO emt_messages VALUES ('cart-1', {}, 'emt:default', 'E', '{{\"item\":{{\"productId\":\"p{}\",\"quantity\":{},\"unitPrice\":{}}},\"clientId\":\"c-1\",\"note\":\"left at the door of the house next to the green one\"}}', '{{\"actor\":\"kim\",\"correlationId\":\"c-{}\"}}', '1', '{}', '0190b1de-5a4f-7c8e-9a3b-{:012}', FALSE, {}, '2025-01-01 {:02}:{:02}:{:02}')",
                n + 1,
                n % 97,
                n % 7,
                n % 31,
                n / 10,
                kind(n),
                n,
                n + 1,
                n / 3600 % 24,
                n / 60 % 60,
                n % 60
            )
        },
    ),
    (
        "message-db",
        "CREATE TABLE messages (global_position INTEGER PRIMARY KEY, position BIGINT NOT NULL, time TEXT NOT NULL,
         stream_name TEXT NOT NULL, type TEXT NOT NULL, data TEXT, metadata TEXT, id TEXT NOT NULL UNIQUE,
         UNIQUE (stream_name, position))",
        |n| {
            format!(
                "INSERT INTO messages VALUES ({}, {}, '2025-01-01 {:02}:{:02}:{:02}', 'cart-1', '{}', '{{\"cartId\":\"1\",\"item\":\"item {}\",\"amount\":{}.5,\"processedTime\":\"2025-01-01T01:00:{:02}Z\",\"note\":\"left at the door of the house next to the green one\"}}', '{{\"correlationStreamName\":\"c-{}\",\"userId\":\"kim\"}}', '0190b1de-5a4f-7c8e-9a3b-{:012}')",
                n + 1,
                n,
                n / 3600 % 24,
                n / 60 % 60,
                n % 60,
                kind(n),
                n % 97,
                n % 31,
                n % 60,
                n / 10,
                n
            )
        },
    ),
];

fn kind(n: u64) -> &'static str {
    ["ItemAdded", "ItemAdded", "ItemRemoved", "NoteChanged"][(n % 4) as usize]
}

pub(crate) fn load(table: &mut Table, stores: &Stores) {
    for (name, schema, event) in SHAPES {
        let path = stores.folder().join(format!("{name}.db"));
        let connection = Connection::open(&path).expect("a database");
        connection.execute_batch(&format!("{schema}; BEGIN")).expect("a table");
        for n in 0..EVENTS {
            connection.execute_batch(&event(n)).expect("inserted");
        }
        connection.execute_batch("COMMIT").expect("committed");
        drop(connection);
        let store = foldline::store::open(&path.clone().into()).expect("opened");
        let mut stream = None;
        store
            .visit_streams(&foldline::store::StreamQuery::default(), &mut |row| {
                stream = Some(row.stream);
                Flow::Break(())
            })
            .expect("read");
        let stream: StreamId = stream.expect("a stream");
        let described = describe(store.as_ref(), &stream).expect("there");
        assert_eq!(described.row.events, EVENTS);
        let (mut fetched, mut loaded) = (Vec::new(), Vec::new());
        for _ in 0..9 {
            fetched.extend(repeat(1, || {
                time(|| {
                    let mut bytes = 0;
                    let query = Query::stream(stream.clone());
                    store
                        .visit_events(&query, &mut |row| {
                            bytes += row.payload.len() + row.metadata.len();
                            Flow::Continue(())
                        })
                        .expect("read");
                    bytes
                })
            }));
            let began = Instant::now();
            let fields = FieldsProjection.into();
            let timeline = load_timeline(store.as_ref(), &described, &fields, &mut |_| {}, &mut |_| Flow::Continue(()))
                .expect("loaded");
            loaded.push(began.elapsed().as_secs_f64());
            assert_eq!(timeline.heads().len() as u64, EVENTS);
            assert!(timeline.findings(EVENTS as usize).is_empty());
        }
        let per_event = |samples: &[f64]| micros(samples) * 1_000.0 / EVENTS as f64;
        let what = format!("load {EVENTS} events of {name}, fields, each");
        let row = Row::new(&what, "fetching alone", per_event(&loaded), per_event(&fetched), "ns");
        table.add(row.bar(3.0).at_most(1_500.0));
    }
}
