//! Looking changes nothing, takes little memory, and comes back after a lost connection.

use foldline::event::StreamId;
use foldline::store::{self, Columns, Flow, Query, Source};

use crate::server::{Database, events, on_thread, server, stream};
use crate::tables::{self, MESSAGE_DB};

/// Everything in a database: every row with the transaction that wrote it, and every sequence.
fn print(database: &Database) -> String {
    let output = std::process::Command::new(format!("{}/pg_dump", server().get("FOLDLINE_PG_BIN")))
        .args(["-h", server().get("PGHOST"), "-p", server().get("PGPORT"), "-U", "foldline", &database.name])
        .output()
        .unwrap();
    assert!(output.status.success());
    let dump = String::from_utf8(output.stdout).unwrap();
    // Newer versions guard a dump by a random word.
    dump.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict")).collect()
}

#[test]
fn a_role_that_may_only_select_sees_everything_and_changes_nothing() {
    for sql in [MESSAGE_DB, tables::EMMETT, tables::EVENTSOURCING, tables::CQRS_ES, tables::MARTEN] {
        let database = Database::with(sql);
        let role = format!("reader_{}", database.name);
        database.run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT pg_read_all_data TO {role}; ALTER ROLE {role} SET default_transaction_read_only = on"
        ));
        let before = print(&database);
        let reader = store::open(&Source::parse(&database.address_of(&role))).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(reader.info().unwrap().events, 3);
        assert_eq!(events(&*reader, &Query::store()).len(), 3);
        reader.verify(&mut |_| {}, &mut |_| Flow::Continue(())).unwrap();
        assert_eq!(print(&database), before);
    }
}

#[test]
fn a_connection_cut_by_the_server_is_made_anew() {
    let database = Database::with(MESSAGE_DB);
    let reader = database.open();
    assert_eq!(stream(&*reader, "lead-1").len(), 2);
    let cut = || {
        let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                   WHERE application_name = 'foldline' AND datname = current_database()";
        database.client().query(sql, &[]).unwrap().len()
    };
    assert!(cut() > 0, "a connection is kept between two readings");
    assert_eq!(stream(&*reader, "lead-1").len(), 2);

    // In the middle of a visit the rows already seen cannot be taken back: it is told, and the next one works.
    database.run(
        "INSERT INTO message_store.messages (stream_name, position, type, data) \
         SELECT 'long-1', n, 'Grew', jsonb_build_object('n', n) FROM generate_series(0, 19999) n",
    );
    let mut seen = 0;
    let answer = reader.visit_events(&Query::stream(StreamId::from("long-1")), &mut |_| {
        seen += 1;
        if seen == 100 {
            cut();
        }
        Flow::Continue(())
    });
    let error = answer.expect_err("the visit was cut in the middle").to_string();
    assert!(error.contains("lost") && error.contains("try again"), "{error}");
    assert!((100..20_000).contains(&seen));
    assert_eq!(stream(&*reader, "long-1").len(), 20_000);
}

#[test]
fn a_server_that_takes_too_long_is_given_up_on() {
    let database = Database::with(MESSAGE_DB);
    database.run(
        "ALTER TABLE message_store.messages RENAME TO slow_messages; \
         CREATE TABLE message_store.messages (LIKE message_store.slow_messages INCLUDING ALL); \
         INSERT INTO message_store.messages SELECT * FROM message_store.slow_messages; \
         DROP TABLE message_store.slow_messages CASCADE; \
         CREATE FUNCTION slow(text) RETURNS text LANGUAGE sql AS 'SELECT $1 FROM pg_sleep(5)'; \
         ALTER TABLE message_store.messages ENABLE ROW LEVEL SECURITY; \
         CREATE ROLE slow_reader LOGIN; GRANT pg_read_all_data TO slow_reader; \
         CREATE POLICY slow ON message_store.messages USING (slow(type) IS NOT NULL);",
    );
    let address = format!("{}?options=-c%20statement_timeout%3D200ms", database.address_of("slow_reader"));
    let reader = store::open(&Source::parse(&address)).unwrap_or_else(|error| panic!("{error}"));
    let error = reader.info().unwrap_err().to_string();
    assert!(error.contains("statement_timeout"), "{error}");
}

#[test]
fn a_reader_can_be_asked_while_it_answers() {
    let database = Database::with(MESSAGE_DB);
    let reader = database.open();
    let mut inner = 0;
    reader
        .visit_events(&Query::store(), &mut |row| {
            inner += stream(&*reader, row.stream.as_str()).len();
            Flow::Continue(())
        })
        .unwrap();
    assert_eq!(inner, 2 + 1 + 2);
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// 120 MB of payloads in one stream; more with `FOLDLINE_PG_EVENTS`, whose figures are then printed.
#[test]
fn a_long_stream_is_visited_in_little_memory() {
    let count: u64 = std::env::var("FOLDLINE_PG_EVENTS").map_or(120_000, |count| count.parse().unwrap());
    let database = Database::with(MESSAGE_DB);
    database.run(&format!(
        "INSERT INTO message_store.messages (stream_name, position, type, data) \
         SELECT 'long-1', n, 'Grew', jsonb_build_object('n', n, 'text', repeat(md5(n::text), 30)) FROM generate_series(0, {count} - 1) n; \
         ANALYZE message_store.messages"
    ));
    let reader = database.open();
    let before = peak_kib();
    let started = std::time::Instant::now();
    let (mut seen, mut bytes) = (0, 0);
    reader
        .visit_events(&Query::stream(StreamId::from("long-1")), &mut |row| {
            seen += 1;
            bytes += row.payload.len();
            Flow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, count);
    let (grown, secs) = (peak_kib() - before, started.elapsed().as_secs_f32());
    eprintln!("{count} events, {} MB of payloads, visited in {secs:.1} s; peak grew by {grown} KiB", bytes / 1_000_000);
    // Other tests run beside this one.
    assert!(grown < 60_000, "the peak of memory grew by {grown} KiB while {bytes} bytes were visited");

    let started = std::time::Instant::now();
    let page = Query::stream(StreamId::from("long-1")).backward().limit(50).columns(Columns::HEADS);
    assert_eq!(events(&*reader, &page).len(), 50);
    eprintln!("the last 50: {:.1} ms", started.elapsed().as_secs_f32() * 1000.0);
    let started = std::time::Instant::now();
    assert_eq!(reader.info().unwrap().events, count + 3);
    eprintln!("info: {:.1} ms", started.elapsed().as_secs_f32() * 1000.0);
}

/// Waits until it is so; a minute is more than any machine needs.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !is_so() {
        assert!(started.elapsed() < std::time::Duration::from_mins(1), "{what}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn a_fingerprint_changes_when_events_are_recorded_and_only_then() {
    let cases = [
        (MESSAGE_DB, "INSERT INTO message_store.messages (stream_name, position, type) VALUES ('lead-1', 2, 'Grew')"),
        (tables::CQRS_ES, "INSERT INTO events VALUES ('lead', '1', 3, 'Grew', '1', '{}', '{}')"),
        (
            tables::EMMETT,
            "INSERT INTO emt_messages (stream_id, stream_position, transaction_id, message_schema_version, message_id, \
             message_type, message_data, message_metadata) VALUES ('lead-1', 3, pg_current_xact_id(), '1', 'x', 'Grew', '{}', '{}')",
        ),
    ];
    for (sql, insert) in cases {
        let database = Database::with(sql);
        let reader = database.open();
        let print = || reader.fingerprint().unwrap().expect("a server has one");
        // The server counts the rows of the set-up with some delay.
        let mut before = print();
        let mut unchanged_since = std::time::Instant::now();
        eventually("the counts come to rest", || {
            let now = print();
            if now != before {
                (before, unchanged_since) = (now, std::time::Instant::now());
            }
            unchanged_since.elapsed() > std::time::Duration::from_millis(1500)
        });
        database.run(insert);
        eventually("the fingerprint changes", || print() != before);
    }
}

/// What the window stands on: the store is opened anew for each job, stays shown while the server is away, and grows
/// when somebody appends.
#[test]
fn an_open_store_notices_what_others_record_and_outlives_a_cut_connection() {
    let database = Database::with(MESSAGE_DB);
    let source = database.source();
    let opened = source.clone();
    let first = store::open(&opened).expect("opened");
    let engine = foldline::engine::Engine::new(source, first, std::sync::Arc::new(|| ()));
    let mut store = foldline::view::OpenStore::new(engine);
    eventually("the store is read", || {
        store.poll();
        store.info.value().is_some_and(|info| info.info.events == 3)
    });
    store.select(StreamId::from("lead-1"));
    eventually("the stream is loaded", || {
        store.poll();
        store.view.as_ref().is_some_and(|view| view.len() == 2)
    });
    let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
               WHERE application_name = 'foldline' AND datname = current_database()";
    database.client().query(sql, &[]).unwrap();
    let mut client = database.client();
    eventually("what is recorded is noticed", || {
        // Again and again: what came before the watch's first question is no change to it.
        let sql = "INSERT INTO message_store.messages (stream_name, position, type, data) \
                   SELECT 'lead-1', max(position) + 1, 'Grew', '{}' FROM message_store.messages WHERE stream_name = 'lead-1'";
        client.batch_execute(sql).unwrap();
        store.poll();
        store.info.value().is_some_and(|info| info.info.events > 3)
            && store.view.as_ref().is_some_and(|view| view.len() > 2)
    });
    assert!(store.info.error().is_none());
}

/// A store whose rows take a second each, and who may see them so.
const SLOW: &str = "CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN $1; END $$; \
    ALTER TABLE message_store.messages ENABLE ROW LEVEL SECURITY; \
    CREATE ROLE slow_looker LOGIN; GRANT pg_read_all_data TO slow_looker; \
    INSERT INTO message_store.messages (stream_name, position, type, data) \
    SELECT 'long-1', n, 'Grew', '{}' FROM generate_series(0, 59) n; \
    CREATE POLICY slow ON message_store.messages USING (slow(type) IS NOT NULL);";

#[test]
fn a_question_is_interrupted_in_the_server_within_a_moment() {
    let database = Database::with(&format!("{MESSAGE_DB};{SLOW}"));
    let (port, password) = (server().get("FOLDLINE_PG_PORT"), "slow");
    database.run(&format!("ALTER ROLE slow_looker PASSWORD '{password}'"));
    let over_tls = format!("postgres://slow_looker:{password}@127.0.0.1:{port}/{}", database.name);
    for address in [database.address_of("slow_looker"), format!("{over_tls}?sslmode=disable"), over_tls] {
        let source = Source::parse(&address);
        let reader = store::open(&source).unwrap_or_else(|error| panic!("{error}"));
        let interrupter = reader.interrupter().expect("a server can be told to stop");
        // With nothing to interrupt, nothing happens.
        interrupter.interrupt();
        let again = reader.again().unwrap();
        let asking = on_thread("asking", move || {
            let answer = reader.info();
            (std::time::Instant::now(), answer.map(drop), reader)
        });
        let is_asked = || {
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND usename = 'slow_looker' AND state = 'active'";
            database.client().query_one(sql, &[]).unwrap().get::<_, i64>(0) > 0
        };
        eventually("the question is asked", is_asked);
        let told = std::time::Instant::now();
        // Another reader's questions are its own.
        again.interrupter().unwrap().interrupt();
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!asking.is_finished());
        let interrupted = std::time::Instant::now();
        interrupter.interrupt();
        let (ended, answer, reader) = asking.join().unwrap();
        assert!(matches!(answer, Err(store::StoreError::Cancelled)), "{answer:?}");
        let took = ended.duration_since(interrupted);
        eprintln!("interrupted within {took:?}, {:?} after it was asked", ended.duration_since(told));
        assert!(took < std::time::Duration::from_millis(500), "{took:?}");
        eventually("the server has stopped", || !is_asked());
        // The reader goes on.
        assert!(reader.fingerprint().unwrap().is_some());
    }
}

#[test]
fn events_that_are_too_long_to_be_had_together_are_had_one_after_the_other() {
    let database = Database::with(MESSAGE_DB);
    database.run(
        "INSERT INTO message_store.messages (stream_name, position, type, data) \
         SELECT 'long-1', n, 'Grew', jsonb_build_object('text', repeat('x', 30000000)) FROM generate_series(0, 9) n",
    );
    let reader = database.open();
    let mut seen = 0;
    reader
        .visit_events(&Query::stream(StreamId::from("long-1")), &mut |row| {
            assert!(row.payload.len() > 30_000_000);
            seen += 1;
            Flow::Continue(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(seen, 10);
}

#[test]
fn what_is_read_while_a_moment_is_held_is_of_that_moment_over_any_connection() {
    let database = Database::with(MESSAGE_DB);
    let reader = database.open();
    let record = |number: u32| {
        database.run(&format!(
            "INSERT INTO message_store.messages (stream_name, position, type, data) VALUES ('grown-1', {number}, 'Grew', '{{}}')"
        ));
    };
    let count = || (events(&*reader, &Query::store()).len() as u64, reader.info().unwrap().events);
    let moment = reader.steady().unwrap();
    record(0);
    assert_eq!(count(), (3, 3));
    {
        let _inner = reader.steady().unwrap();
        assert_eq!(stream(&*reader, "grown-1").len(), 0);
    }
    // A reading within a reading takes a connection of its own.
    let mut inside = Vec::new();
    reader
        .visit_events(&Query::store(), &mut |_| {
            record(1 + inside.len() as u32);
            inside.push(count());
            Flow::Continue(())
        })
        .unwrap();
    assert_eq!(inside, [(3, 3); 3]);
    drop(moment);
    assert_eq!(count(), (7, 7));
    // What held the moment is given back, and holds nothing.
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'foldline' \
               AND datname = current_database() AND state LIKE 'idle in transaction%'";
    assert_eq!(database.client().query_one(sql, &[]).unwrap().get::<_, i64>(0), 0);
}

#[test]
fn a_store_that_grows_while_it_is_checked_has_nothing_wrong_with_it() {
    let database = Database::with(tables::MARTEN);
    let reader = database.open();
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut client = database.client();
    let writer = on_thread("application", {
        let is_over = is_over.clone();
        move || {
            let mut version = 2_i64;
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                version += 1;
                // As Marten does it: the event and the head of its stream in one transaction.
                let sql = format!(
                    "BEGIN; INSERT INTO crm.mt_events (seq_id, id, stream_id, version, data, type) \
                     VALUES ({}, gen_random_uuid(), 'lead-1', {version}, '{{}}', 'contacted'); \
                     UPDATE crm.mt_streams SET version = {version} WHERE id = 'lead-1'; COMMIT",
                    100 + version
                );
                client.batch_execute(&sql).unwrap();
            }
            version
        }
    });
    let findings = |reader: &dyn store::Store| {
        let mut found = Vec::new();
        foldline::engine::all_findings(reader, &mut |finding| found.push(finding), &mut |_| Flow::Continue(()))
            .unwrap();
        found
    };
    let first = findings(&*reader);
    for _ in 0..15 {
        assert_eq!(findings(&*reader), first);
    }
    is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(writer.join().unwrap() > 10, "nothing was written beside it");
}
