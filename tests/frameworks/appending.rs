//! Foldline corrects a lead, and the framework loads the corrected lead and goes on from there.

use serde_json::{Value, json};

use crate::cases::{Database, Kind, Store};
use crate::foldline::Ran;
use crate::framework::SCENARIO;
use crate::reading::same_lead;

macro_rules! corrects {
    ($($name:ident: $kind:expr, $database:ident;)*) => {
        $(#[test]
        fn $name() {
            a_correction_is_loaded_by_the_framework(&Store::new(stringify!($name), $kind, Database::$database));
        })*
    };
}

corrects! {
    corrects_eventsourcing_sqlite: Kind::Eventsourcing("{}"), Sqlite;
    corrects_eventsourcing_sqlite_compressed: Kind::Eventsourcing(r#"{"zlib":true}"#), Sqlite;
    corrects_eventsourcing_sqlite_with_snapshots: Kind::Eventsourcing(r#"{"snapshots":true}"#), Sqlite;
    corrects_eventsourcing_sqlite_with_text_ids: Kind::EventsourcingTextIds, Sqlite;
    corrects_eventsourcing_postgres: Kind::Eventsourcing("{}"), Postgres;
    corrects_emmett_sqlite: Kind::Emmett, Sqlite;
    corrects_emmett_sqlite_of_0_38: Kind::Emmett038, Sqlite;
    corrects_emmett_postgres: Kind::Emmett, Postgres;
    corrects_cqrs_es_sqlite: Kind::CqrsEs, Sqlite;
    corrects_cqrs_es_postgres: Kind::CqrsEs, Postgres;
    corrects_message_db: Kind::MessageDb, Postgres;
}

const WHO_AND_WHY: [&str; 4] = ["--actor", "kim", "--reason", "typed wrong: \"하늘\""];

#[track_caller]
fn a_correction_is_loaded_by_the_framework(store: &Store) {
    let mut writer = store.writer();
    writer.write_scenario();
    let stream = writer.name("lead-1");
    let loaded = writer.load("lead-1");
    assert_eq!((&loaded["name"], &loaded["contacts"]), (&"aaa".into(), &2.into()));
    let foldline = store.written_to();
    let compensate = |version: u64| {
        let version = version.to_string();
        let words = [&[stream.as_str(), "--version", &version][..], &WHO_AND_WHY].concat();
        foldline.json("compensate", &words)
    };
    let first = store.kind.first_version();

    // The change of the name, then the first contact; the framework's program is open all the while.
    let renamed = compensate(first + 3);
    assert_eq!(renamed["version"], first + 7, "{renamed:#}");
    let loaded = writer.load("lead-1");
    assert_eq!((&loaded["name"], &loaded["version"]), (&"aab".into(), &(first + 7).into()), "{loaded:#}");
    compensate(first + 1);
    let loaded = writer.load("lead-1");
    assert_eq!((&loaded["contacts"], &loaded["version"]), (&1.into(), &(first + 8).into()), "{loaded:#}");

    // The framework goes on, and Foldline reads what it wrote.
    writer.append("lead-1", "contacted", &json!({"channel": "phone", "note": "after the correction"}));
    let loaded = writer.load("lead-1");
    assert_eq!((&loaded["contacts"], &loaded["version"]), (&2.into(), &(first + 9).into()), "{loaded:#}");
    same_lead(&loaded, &foldline.json("show", &[&stream]));

    // An append that has not seen the framework's is refused, with what came first.
    let kind =
        foldline.events().into_iter().find(|event| event["stream"] == stream.as_str() && event["version"] == first + 1);
    let contacted = kind.expect("the first contact");
    let (event_type, payload) = (contacted["type"].as_str().expect("a type"), contacted["payload"].to_string());
    let expected = (first + 8).to_string();
    let words =
        [stream.as_str(), "--type", event_type, "--payload", &payload, "--expect", &expected, "--format", "json"];
    let refused = foldline.run("append", &[&words[..], &WHO_AND_WHY].concat());
    assert_eq!(refused.code, 1, "{refused:#?}");
    let conflict = refused.json()["conflict"].clone();
    assert_eq!(
        (&conflict["expected"], &conflict["actual"]),
        (&(first + 8).into(), &(first + 9).into()),
        "{conflict:#}"
    );
    assert_eq!(conflict["since"].as_array().map(Vec::len), Some(1), "{conflict:#}");
    assert_eq!(writer.load("lead-1")["version"], first + 9, "nothing was appended");
    writer.close();

    // And after a restart of the application.
    let mut again = store.writer();
    assert_eq!(again.load("lead-1")["name"], "aab");
    again.append("lead-1", "contacted", &json!({"channel": "phone", "note": null}));
    assert_eq!(again.load("lead-1")["version"], first + 10);
    again.close();
}

/// The program that writes keeps its file open, with a log that is not yet in the file.
#[test]
fn a_store_in_use_is_read_without_stopping_its_writer() {
    for kind in [Kind::Eventsourcing("{}"), Kind::CqrsEs] {
        is_read_while_it_is_written(kind);
    }
}

#[track_caller]
fn is_read_while_it_is_written(kind: Kind) {
    let store = Store::new("in_use", kind, Database::Sqlite);
    let mut writer = store.writer();
    writer.write_scenario();
    let foldline = store.looked_at();
    assert_eq!(foldline.events().len(), SCENARIO, "{kind:?}");
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| (0..10).map(|_| foldline.events().len()).collect::<Vec<_>>());
        for _ in 0..40 {
            writer.append("lead-6", "contacted", &json!({"channel": "phone", "note": null}));
        }
        let seen = looking.join().expect("every look succeeds");
        assert!(
            seen.is_sorted() && seen.iter().all(|count| (SCENARIO..=SCENARIO + 40).contains(count)),
            "{kind:?}: {seen:?}"
        );
    });
    assert_eq!(foldline.events().len(), SCENARIO + 40, "{kind:?}");
    writer.close();
}

/// Of a kind that no event in the store is: the application of a framework that reads its events into types of its own
/// may have none for it, and would fail to load the lead ever after.
#[test]
fn a_correction_of_a_kind_that_the_store_has_not_seen_is_refused_where_it_could_not_be_read() {
    for kind in [Kind::Eventsourcing("{}"), Kind::CqrsEs] {
        let (ran, status) = reopened(kind);
        assert!(ran.code == 2 && ran.err.contains("lead-reopened"), "{kind:?}: {ran:#?}");
        assert_eq!(status, "CLOSED", "{kind:?}");
    }
}

/// What Foldline says to reopening a lead, of which this store has no example, and what status the framework loads.
#[track_caller]
fn reopened(kind: Kind) -> (Ran, Value) {
    let store = Store::new("unseen", kind, Database::Sqlite);
    let mut writer = store.writer();
    writer.write_scenario();
    let stream = writer.name("lead-4");
    let closed = (kind.first_version() + 5).to_string();
    let words = [&[stream.as_str(), "--version", &closed, "--format", "json"][..], &WHO_AND_WHY].concat();
    let ran = store.written_to().run("compensate", &words);
    let status = writer.load("lead-4")["status"].take();
    writer.close();
    (ran, status)
}

/// An application that knows the event looks for it in the spelling of its other events.
#[test]
fn a_correction_of_a_kind_that_the_store_has_not_seen_is_spelled_as_its_others() {
    for kind in [Kind::Emmett, Kind::Emmett038] {
        let (ran, status) = reopened(kind);
        assert_eq!(ran.code, 0, "{kind:?}: {ran:#?}");
        assert_eq!(status, "NEW_LEAD", "{kind:?}: {ran:#?}");
    }
}
