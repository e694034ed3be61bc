//! One moment of another framework's store, whatever its application records meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use foldline::engine::all_findings;
use foldline::store::{self, Flow, Query, Store};
use rusqlite::Connection;

use super::tables;
use crate::workshop::{read, stream};

const MESSAGES: &str =
    "CREATE TABLE messages (global_position INTEGER PRIMARY KEY, position BIGINT NOT NULL, time TEXT NOT NULL,
     stream_name TEXT NOT NULL, type TEXT NOT NULL, data TEXT, metadata TEXT, id TEXT NOT NULL UNIQUE,
     UNIQUE (stream_name, position));
 INSERT INTO messages VALUES (1, 0, '2025-01-01 01:00:00', 'cart-1', 'Begun', '{}', NULL, 'a')";

/// The application, which writes beside whoever reads.
struct Application(Connection);

impl Application {
    fn at(path: &Path) -> Self {
        let connection = Connection::open(path).expect("opened");
        connection.query_row("PRAGMA journal_mode = wal", [], |_| Ok(())).expect("a log");
        Self(connection)
    }

    /// The n-th event; each names the one before it as its cause.
    fn record(&self, number: i64) {
        let metadata = format!(r#"{{"causationMessageId":"e{}"}}"#, number - 1);
        let values = (number + 1, number, metadata, format!("e{number}"));
        let sql = "INSERT INTO messages VALUES (?1, ?2, '2025-01-01 01:00:01', 'cart-1', 'Grew', '{}', ?3, ?4)";
        self.0.execute(sql, values).expect("recorded");
    }
}

#[test]
fn what_is_read_while_a_moment_is_held_is_of_that_moment() {
    let (_folder, path) = tables::file_of(MESSAGES);
    let application = Application::at(&path);
    application.record(1);
    let reader = store::open(&path.clone().into()).expect("recognised");
    let count = |reader: &dyn Store| (read(reader, &Query::store()).len(), reader.info().expect("readable").events);
    let moment = reader.steady().expect("held");
    assert_eq!(count(&*reader), (2, 2));
    application.record(2);
    assert_eq!(count(&*reader), (2, 2));
    {
        // Within it, another is the same.
        let _inner = reader.steady().expect("held");
        assert_eq!(reader.stream(&stream("cart-1")).expect("readable").map(|row| row.events), Some(2));
    }
    assert_eq!(count(&*reader), (2, 2));
    drop(moment);
    assert_eq!(count(&*reader), (3, 3));
}

#[test]
fn a_store_that_grows_while_it_is_checked_has_nothing_wrong_with_it() {
    let (_folder, path) = tables::file_of(MESSAGES);
    let application = Application::at(&path);
    (1..200).for_each(|number| application.record(number));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let is_over = &is_over;
        let writer = std::thread::Builder::new().name("application".to_owned()).spawn_scoped(scope, {
            let path = path.clone();
            move || {
                let application = Application::at(&path);
                let mut number = 200;
                while !is_over.load(Ordering::Relaxed) {
                    application.record(number);
                    number += 1;
                }
                number
            }
        });
        let reader = store::open(&path.clone().into()).expect("recognised");
        let (mut found, mut most) = (Vec::new(), 0);
        for _ in 0..20 {
            let mut last = 0;
            let mut reached = |count: u64| {
                last = count;
                Flow::Continue(())
            };
            all_findings(&*reader, &mut |finding| found.push(finding), &mut reached).expect("checked");
            most = most.max(last);
        }
        is_over.store(true, Ordering::Relaxed);
        let recorded = writer.expect("started").join().expect("recorded");
        assert!(found.is_empty(), "{found:?}");
        assert!(recorded > 200 && most > 200, "nothing was written beside it: {recorded}, {most}");
    });
}
