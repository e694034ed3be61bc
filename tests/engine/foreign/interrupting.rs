use std::time::{Duration, Instant};

use foldline::store::frameworks::{Mapping, look_into, preview};
use foldline::store::{self, Source, StoreError};

/// A table of events, and a view that computes for minutes before its first row.
const NEVER: &str = "CREATE TABLE log (stream TEXT, version INTEGER, type TEXT, payload TEXT);
    INSERT INTO log VALUES ('a', 1, 'Begun', '{}'), ('a', 2, 'Grew', '{}'), ('b', 1, 'Begun', '{}');
    CREATE VIEW never AS
      WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000000)
      SELECT 'a' AS stream, max(n) AS version, 'Grew' AS type, '{}' AS payload FROM numbers;";

#[test]
fn a_view_without_end_holds_up_no_guess_and_no_preview() {
    let (_folder, path) = super::tables::file_of(NEVER);
    let source = Source::File(path);
    let started = Instant::now();
    let unmapped = look_into(&source).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(unmapped.slow, ["never"]);
    assert_eq!(unmapped.guesses.first().map(|guess| guess.mapping.table.as_str()), Some("log"));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let mapping = |table: &str| {
        let text =
            format!(r#"{{"table":"{table}","stream":"stream","version":"version","type":"type","payload":"payload"}}"#);
        Mapping::parse(&text).unwrap()
    };
    assert_eq!(preview(&source, &mapping("log"), 10).unwrap_or_else(|error| panic!("{error}")).len(), 3);
    let error = preview(&source, &mapping("never"), 10).unwrap_err().to_string();
    assert!(error.contains("never were not there within 5 s"), "{error}");
}

#[test]
fn a_question_to_a_file_is_interrupted_within_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    // A view that comes to no end once the store is open.
    connection
        .execute_batch(
            "CREATE TABLE base (most INTEGER); INSERT INTO base VALUES (10);
             CREATE VIEW log AS
               WITH RECURSIVE numbers(n) AS
                 (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < (SELECT most FROM base))
               SELECT 'a' AS stream, n AS version, 'Grew' AS type, '{}' AS payload FROM numbers",
        )
        .unwrap();
    let mapping = r#"{"table":"log","stream":"stream","type":"type","payload":"payload"}"#;
    let options =
        store::OpenOptions { mapping: Some(Mapping::parse(mapping).unwrap()), ..store::OpenOptions::default() };
    let reader = store::open_with(&Source::File(path), &options);
    let reader = reader.unwrap_or_else(|error| panic!("{error}"));
    connection.execute("UPDATE base SET most = 1000000000000", ()).unwrap();
    drop(connection);
    let reader = reader.again().unwrap_or_else(|error| panic!("{error}"));
    let interrupter = reader.interrupter().expect("SQLite can be told to stop");
    let asking = std::thread::Builder::new().name("asking".to_owned()).spawn(move || {
        let answer = reader.info().map(drop);
        (Instant::now(), answer)
    });
    let asking = asking.unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let interrupted = Instant::now();
    interrupter.interrupt();
    let (ended, answer) = asking.join().unwrap();
    assert!(matches!(answer, Err(StoreError::Cancelled)), "{answer:?}");
    assert!(ended.duration_since(interrupted) < Duration::from_millis(500));
}
