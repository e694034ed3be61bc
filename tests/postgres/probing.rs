//! How much of a table is read to learn what it means: little when a store is opened, and nothing twice.

use foldline::event::{EventBatch, Position, StreamId};
use foldline::store::frameworks::{Mapping, preview};
use foldline::store::{Changes, Columns, Query, Store, StreamQuery};

use crate::looking::eventually;
use crate::server::{Database, events, server, stream, streams};

const ROWS: i64 = 200_000;

/// Spatie's table in a schema that no other test's statements name, every event numbered.
fn spatie() -> (Database, String) {
    let database = Database::with("SELECT 1");
    let table = format!("\"of_{}\".\"stored_events\"", database.name);
    database.run(&format!(
        "CREATE SCHEMA \"of_{0}\"; CREATE TABLE {table} (id bigserial PRIMARY KEY, aggregate_uuid uuid, aggregate_version bigint, \
         event_version smallint NOT NULL DEFAULT 1, event_class varchar NOT NULL, event_properties jsonb NOT NULL, meta_data jsonb NOT NULL, \
         created_at timestamp NOT NULL, UNIQUE (aggregate_uuid, aggregate_version)); \
         INSERT INTO {table} (aggregate_uuid, aggregate_version, event_class, event_properties, meta_data, created_at) \
         SELECT md5((n / 10)::text)::uuid, n % 10 + 1, 'App\\Grew', '{{}}', '{{}}', now() FROM generate_series(0, {ROWS} - 1) n; \
         ANALYZE {table}; ALTER DATABASE {0} SET log_statement = 'all'",
        database.name
    ));
    (database, table)
}

/// The statements over the table so far.
fn asked(table: &str) -> Vec<String> {
    let log = std::fs::read_to_string(format!("{}/log", server().get("FOLDLINE_PG_FOLDER"))).unwrap();
    let is_asked = |line: &&str| line.contains(table) && (line.contains("DECLARE") || line.contains("SELECT 1 FROM"));
    log.lines().filter(is_asked).map(ToOwned::to_owned).collect()
}

/// Rows of the table that were read, by the server's own count, which lags behind.
fn rows_read(database: &Database) -> i64 {
    let read = || {
        let sql = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_user_tables \
                   WHERE relname = 'stored_events'";
        database.client().query_one(sql, &[]).unwrap().get::<_, i64>(0)
    };
    let (mut before, mut since) = (read(), std::time::Instant::now());
    eventually("the counts come to rest", || {
        let now = read();
        if now != before {
            (before, since) = (now, std::time::Instant::now());
        }
        since.elapsed() > std::time::Duration::from_millis(2500)
    });
    before
}

#[test]
fn opening_a_store_and_its_first_screen_read_a_few_rows_of_many() {
    let (database, table) = spatie();
    let before = rows_read(&database);
    let reader = database.open();
    assert_eq!(events(&*reader, &Query::store().limit(64)).len(), 64);
    assert_eq!(events(&*reader, &Query::store().backward().limit(64).columns(Columns::HEADS)).len(), 64);
    let name = events(&*reader, &Query::store().limit(1))[0].stream.clone();
    assert_eq!(stream(&*reader, name.as_str()).len(), 10);
    assert!(reader.stream(&name).unwrap().is_some());
    // What a window asks for again and again while nothing happens.
    let end = reader.end().unwrap();
    for _ in 0..3 {
        let again = reader.again().unwrap();
        let Changes::Grew(mut scan) = again.changes(&end, Columns::ALL).unwrap() else { panic!("nothing happened") };
        let mut batch = EventBatch::default();
        scan.next_batch(&mut batch).unwrap();
        assert!(batch.is_empty());
    }
    let read = rows_read(&database) - before;
    assert!(read < 10_000, "{read} of {ROWS} rows were read by {:#?}", asked(&table));

    // The whole table is looked through once, by the first who reads it as a whole; not by the next, on any connection.
    let looks = || asked(&table).iter().filter(|sql| sql.contains("SELECT 1 FROM") && !sql.contains("$1")).count();
    assert_eq!(looks(), 0);
    assert_eq!(reader.info().unwrap().events, ROWS as u64);
    reader.info().unwrap();
    let again = reader.again().unwrap();
    assert_eq!(streams(&*again, &StreamQuery { limit: Some(5), ..StreamQuery::default() }).len(), 5);
    assert_eq!(looks(), 1);
}

#[test]
fn an_event_without_a_number_is_counted_wherever_it_stands() {
    let (database, table) = spatie();
    // In the middle, where no look at the ends finds it.
    let middle = ROWS / 2 + 5;
    database.run(&format!("UPDATE {table} SET aggregate_version = NULL WHERE id = {middle}"));
    let odd: String = database
        .client()
        .query_one(&format!("SELECT aggregate_uuid::text FROM {table} WHERE id = {middle}"), &[])
        .unwrap()
        .get(0);
    let versions = |reader: &dyn Store| stream(reader, &odd).iter().map(|event| event.version.0).collect::<Vec<_>>();
    let all: Vec<u64> = (1..=10).collect();
    assert_eq!(versions(&*database.open()), all);
    let reader = database.open();
    let at = |position: i64| Some(Position(position as u64));
    let few = Query::positions(at(middle - 2), at(middle + 2)).limit(5);
    // Whoever comes upon it unprepared is told, and it is counted from then on, for every connection.
    let mut count = 0;
    let again = reader.again().unwrap();
    let answer = reader.visit_events(&few, &mut |_| {
        count += 1;
        foldline::store::Flow::Continue(())
    });
    assert!(answer.is_err() && count <= 2, "{count}");
    assert_eq!(events(&*again, &few).iter().map(|event| event.version.0).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    let reader = database.open();
    let found = events(&*reader, &Query::store().columns(Columns::HEADS));
    let of_odd: Vec<u64> = found
        .iter()
        .filter(|event| event.stream == StreamId::from(odd.as_str()))
        .map(|event| event.version.0)
        .collect();
    assert_eq!((found.len() as i64, of_odd), (ROWS, all));
}

#[test]
fn trying_a_mapping_reads_a_few_rows_of_many() {
    let (database, table) = spatie();
    for version in ["", r#","version":"aggregate_version""#] {
        let text = format!(
            r#"{{"table":"of_{}.stored_events","stream":"aggregate_uuid","type":"event_class","position":"id"{version}}}"#,
            database.name
        );
        let before = rows_read(&database);
        let mapping = Mapping::parse(&text).unwrap();
        let found = preview(&database.source(), &mapping, 20).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            found.iter().map(|event| event.version.0 - 1).collect::<Vec<_>>(),
            (0..20).map(|n| n % 10).collect::<Vec<_>>()
        );
        let read = rows_read(&database) - before;
        assert!(read < 10_000, "{read} of {ROWS} rows were read by {:#?}", asked(&table));
    }
}

#[test]
fn categories_are_learnt_without_the_rest_of_what_there_is_to_know() {
    for sql in [
        crate::tables::CQRS_ES,
        crate::tables::MESSAGE_DB,
        crate::tables::EVENTSOURCING,
        crate::tables::MARTEN,
        crate::tables::SPATIE,
        crate::tables::RAILS_EVENT_STORE,
        crate::tables::COMMANDED,
    ] {
        let database = Database::with(sql);
        let reader = database.open();
        assert_eq!(reader.categories().unwrap(), reader.info().unwrap().categories, "{}", reader.framework());
    }
}

/// As a person at the window types, who sees the list follow.
#[test]
fn a_filter_that_is_typed_letter_by_letter_costs_a_server_fewer_walks_than_it_has_letters() {
    let (database, table) = spatie();
    let source = database.source();
    let first = foldline::store::open(&source).expect("opened");
    let engine = foldline::engine::Engine::new(source, first, std::sync::Arc::new(|| ()));
    // Where all streams' names are known here, a list is made of these, and costs the server nothing.
    engine.memory().allow(foldline::index::Budget { bytes: 1 << 10 });
    let mut store = foldline::view::OpenStore::new(engine);
    eventually("the streams are listed", || {
        store.poll();
        store.groups.value().is_some_and(|listed| !listed.is_partial) && !store.groups.is_loading()
    });
    let name: String = {
        let sql = format!("SELECT aggregate_uuid::text FROM {table} WHERE id = {}", ROWS / 2);
        database.client().query_one(&sql, &[]).unwrap().get(0)
    };
    let (before, began) = (asked(&table).len(), std::time::Instant::now());
    for letters in 1..=8 {
        name[..letters].clone_into(&mut store.filter);
        store.list_streams();
        store.find_streams(store.filter.clone());
        store.poll();
    }
    eventually("the last of the lists has come", || {
        store.poll();
        let listed = store.groups.value().filter(|listed| !store.groups.is_loading() && !listed.is_partial);
        listed.is_some_and(|listed| listed.groups.iter().filter_map(|group| group.found).sum::<u64>() < 10)
    });
    let rows = &store.groups.value().unwrap().groups;
    assert!(rows.iter().flat_map(|group| &group.rows).any(|row| row.stream.as_str().contains(&name)), "{rows:?}");
    let took = began.elapsed();
    // What the log says of this, counted by the server and not by us. What becomes known of the whole store goes on
    // beside it, and asks for no part of a name.
    let typed: Vec<String> =
        asked(&table).split_off(before).into_iter().filter(|line| line.contains("ILIKE")).collect();
    eprintln!("{} statements, {took:?}", typed.len());
    assert!((1..8).contains(&typed.len()), "{typed:#?}");
    // Eight walks over the table, one behind the other, took as many times longer as one does.
    assert!(took < std::time::Duration::from_secs(10), "{took:?}");
}
