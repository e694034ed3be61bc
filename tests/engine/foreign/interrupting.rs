use std::time::{Duration, Instant};

use foldline::store::{self, Source, StoreError};

#[test]
fn a_question_to_a_file_is_interrupted_within_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    // A view that never comes to an end.
    connection
        .execute_batch(
            "CREATE TABLE base (n INTEGER); INSERT INTO base VALUES (1);
             CREATE VIEW log AS WITH RECURSIVE numbers(n) AS (SELECT n FROM base UNION ALL SELECT n + 1 FROM numbers)
             SELECT 'a' AS stream, n AS version, 'Grew' AS type, '{}' AS payload FROM numbers",
        )
        .unwrap();
    drop(connection);
    let mapping = r#"{"table":"log","stream":"stream","type":"type","payload":"payload"}"#;
    let options = store::OpenOptions {
        mapping: Some(store::frameworks::Mapping::parse(mapping).unwrap()),
        ..store::OpenOptions::default()
    };
    let reader = store::open_with(&Source::File(path), &options);
    let reader = reader.unwrap_or_else(|error| panic!("{error}"));
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
