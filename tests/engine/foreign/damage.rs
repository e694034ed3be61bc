//! What happens to files happens to other frameworks' files too: nothing panics, nothing is made up, nothing is changed.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow::Continue;
use std::path::{Path, PathBuf};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use foldline::event::Version;
use foldline::store::frameworks::{CipherKey, Mapping};
use foldline::store::{self, Fault, FindingKind, OpenOptions, Query, Store, StoreError, StreamQuery};
use rusqlite::Connection;
use tempfile::TempDir;

use super::tables::{self, file_of};
use crate::workshop::{fingerprint, read, stream, verified};

const EVERY: [&str; 7] = [
    tables::EVENTSOURCING,
    tables::EMMETT,
    tables::CQRS_ES,
    tables::RAILS_EVENT_STORE,
    tables::SPATIE,
    tables::SQL_STREAM_STORE,
    tables::OCEL,
];

fn opened(path: &Path) -> Result<Box<dyn Store>, StoreError> {
    store::open(&path.to_owned().into())
}

/// Asks for everything. Each answer is right, or an error that names the file in one line.
fn look_at_all_of_it(path: &Path, what: &str) {
    let check = |answer: Result<(), StoreError>| {
        if let Err(error) = answer {
            let message = error.to_string();
            assert!(message.contains(&path.display().to_string()) && !message.contains('\n'), "{what}: {message}");
        }
    };
    let reader = match opened(path) {
        Ok(reader) => reader,
        Err(error) => return check(Err(error)),
    };
    check(reader.info().map(drop));
    check(reader.visit_streams(&StreamQuery::default(), &mut |_| Continue(())));
    for query in [Query::store(), Query::store().backward(), Query::category("lead"), Query::stream(stream("lead-1"))] {
        check(reader.visit_events(&query, &mut |_| Continue(())));
    }
    check(reader.verify(&mut |_| (), &mut |_| Continue(())));
}

#[test]
fn a_page_of_garbage_or_a_lost_end_is_said_and_nothing_panics() {
    let garbage: Vec<u8> = (0..4_096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (number, statements) in EVERY.iter().enumerate() {
        let (folder, path) = file_of(statements);
        let whole = fs::read(&path).expect("readable");
        let broken = folder.path().join("broken.db");
        let mut contents: Vec<Vec<u8>> = Vec::new();
        for page in 0..whole.len() / 4_096 {
            let mut content = whole.clone();
            content[page * 4_096..(page + 1) * 4_096].copy_from_slice(&garbage);
            contents.push(content);
            contents.push(whole[..page * 4_096 + 100].to_vec());
        }
        for (at, content) in contents.iter().enumerate() {
            fs::write(&broken, content).expect("written");
            look_at_all_of_it(&broken, &format!("framework {number}, damage {at}"));
        }
        let before = fingerprint(folder.path());
        look_at_all_of_it(&broken, "the last");
        assert_eq!(fingerprint(folder.path()), before);
    }
}

#[test]
fn an_index_that_has_lost_its_rows_is_a_finding() {
    let (folder, path) = file_of(tables::SQL_STREAM_STORE);
    let whole = fs::read(&path).expect("readable");
    let broken = folder.path().join("broken.db");
    let mut found = 0;
    for page in 1..whole.len() / 4_096 {
        let mut content = whole.clone();
        content[page * 4_096 + 8..(page + 1) * 4_096].fill(0);
        fs::write(&broken, content).expect("written");
        if let Ok(reader) = opened(&broken) {
            let damaged = |finding: &store::Finding| finding.kind() == FindingKind::Damaged;
            found += usize::from(verified(&*reader).iter().any(damaged));
        }
    }
    assert!(found >= 3, "only {found} damaged pages were found");
}

/// The file with its side files, as they stand while a program has it open.
fn copy_of(path: &Path) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("100% 한글 #.db");
    for end in ["", "-wal", "-journal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        if with(path).exists() {
            fs::copy(with(path), with(&copy)).expect("copied");
        }
    }
    (folder, copy)
}

fn look_without_trace(folder: &TempDir, path: &Path) -> usize {
    let before = fingerprint(folder.path());
    let reader = opened(path).expect("opens");
    let count = read(&*reader, &Query::store()).len();
    drop(reader);
    assert_eq!(fingerprint(folder.path()), before, "looking changed something");
    count
}

#[test]
fn what_is_committed_in_a_log_is_seen_and_what_was_lost_with_one_is_not_made_up() {
    let (_home, path) = file_of("");
    let writer = Connection::open(&path).expect("opens");
    writer.pragma_update(None, "journal_mode", "wal").expect("set");
    writer.pragma_update(None, "wal_autocheckpoint", 0).expect("set");
    writer.execute_batch(tables::CQRS_ES).expect("made");
    writer.pragma_update(None, "wal_checkpoint", "truncate").expect("moved into the file");
    let insert = "INSERT INTO ledger VALUES ('lead', '1', 3, 'Contacted', '1.0', '{}', '{}')";
    writer.execute_batch(insert).expect("committed");
    writer
        .execute_batch("BEGIN; INSERT INTO ledger VALUES ('lead', '1', 4, 'Contacted', '1.0', '{}', '{}')")
        .expect("begun");
    let (folder, copy) = copy_of(&path);
    assert_eq!(look_without_trace(&folder, &copy), 4);
    fs::remove_file(format!("{}-wal", copy.display())).expect("lost");
    assert_eq!(look_without_trace(&folder, &copy), 3);
}

#[test]
fn a_half_written_page_is_not_shown_over_a_hot_journal() {
    let (_home, path) = file_of(tables::EMMETT);
    let writer = Connection::open(&path).expect("opens");
    writer.pragma_update(None, "cache_size", 1).expect("set");
    writer.execute_batch("BEGIN; UPDATE emt_messages SET message_type = 'Never'").expect("begun");
    for n in 0..200 {
        let insert = "INSERT INTO emt_messages SELECT 'x-' || ?1, 1, 'p', 'E', hex(randomblob(400)), '{}', '0', 'Never', 'id', 0, NULL, NULL";
        writer.execute(insert, [n]).expect("inserted");
    }
    let (folder, copy) = copy_of(&path);
    assert!(PathBuf::from(format!("{}-journal", copy.display())).exists(), "the journal is hot");
    let torn = fs::read(&copy).expect("readable");
    assert!(torn.windows(5).any(|part| part == b"Never"), "the file holds what was never committed");
    assert_eq!(look_without_trace(&folder, &copy), 3);
}

#[test]
fn a_database_in_utf_16_reads_the_same() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let (folder, path) = file_of(&format!("PRAGMA encoding = '{encoding}'; {}", tables::SQL_STREAM_STORE));
        let writer = Connection::open(&path).expect("opens");
        writer.execute_batch("UPDATE streams SET id_original = '리드-1' WHERE id_internal = 1").expect("renamed");
        drop(writer);
        assert_eq!(look_without_trace(&folder, &path), 3);
        let reader = opened(&path).expect("opens");
        let events = read(&*reader, &Query::stream(stream("리드-1")));
        assert_eq!(events.len(), 2, "{encoding}");
        assert_eq!(events[0].payload, br#"{"name":"aab"}"#, "{encoding}");
    }
}

#[test]
fn every_kind_of_bad_json_is_shown_and_found() {
    let bad = ["", "{", "{\"a\":}", "[1,", "nul", "{'a':1}", "\u{1}", "---\n:a: 1\n", "<a/>", "{\"a\":1}{\"b\":2}"];
    let (_folder, path) = file_of(tables::CQRS_ES);
    let writer = Connection::open(&path).expect("opens");
    for (version, payload) in (3..).zip(bad) {
        writer
            .execute("INSERT INTO ledger VALUES ('lead', '1', ?1, 'Noted', '1.0', ?2, '{}')", (version, payload))
            .expect("inserted");
    }
    drop(writer);
    let reader = opened(&path).expect("opens");
    let payloads: Vec<Vec<u8>> =
        read(&*reader, &Query::stream(stream("lead:1"))).into_iter().skip(2).map(|event| event.payload).collect();
    assert_eq!(payloads, bad.map(|text| text.as_bytes().to_vec()));
    let found: Vec<u64> = verified(&*reader)
        .into_iter()
        .filter(|finding| finding.kind() == FindingKind::UnreadablePayload)
        .filter_map(|finding| Some(finding.place.version?.0))
        .collect();
    assert_eq!(found, (3..3 + bad.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_payload_that_is_no_object_is_found_where_events_are_objects() {
    let (_folder, path) = file_of(tables::EMMETT);
    let writer = Connection::open(&path).expect("opens");
    let others = ["[1]", "\"text\"", "7", "true", "null", "{\"a\":1}"];
    for (version, payload) in (3..).zip(others) {
        let insert = "INSERT INTO emt_messages VALUES ('lead-1', ?1, 'emt:default', 'E', ?2, '{}', '1', 'Noted', 'n' || ?1, FALSE, NULL, NULL)";
        writer.execute(insert, (version, payload)).expect("inserted");
    }
    writer.execute_batch("UPDATE emt_streams SET stream_position = 8 WHERE stream_id = 'lead-1'").expect("moved on");
    drop(writer);
    let found = verified(&*opened(&path).expect("opens"));
    let found: Vec<_> = found.iter().map(|finding| (&finding.what, finding.place.version)).collect();
    let expected = (3..7).map(|version| (&Fault::PayloadNoObject, Some(Version(version))));
    assert_eq!(found, expected.collect::<Vec<_>>());
    // Where the framework itself writes other JSON, it is none.
    let (_folder, path) = file_of(tables::CQRS_ES);
    let writer = Connection::open(&path).expect("opens");
    writer
        .execute_batch("INSERT INTO ledger VALUES ('lead', '1', 3, 'Closed', '1.0', '\"Closed\"', '{}')")
        .expect("inserted");
    drop(writer);
    assert_eq!(verified(&*opened(&path).expect("opens")), []);
}

#[test]
fn versions_that_repeat_or_are_missing_and_times_that_run_back_are_found() {
    let (_folder, path) = file_of(
        "CREATE TABLE log (s TEXT, v INTEGER, at INTEGER);
         INSERT INTO log VALUES ('a', 1, 1735693200), ('a', 2, 1735693100), ('a', 2, 1735693300), ('a', 5, 1735693400);",
    );
    let mapping = Mapping::parse(r#"{"table":"log","stream":"s","version":"v","time":"at"}"#).expect("a mapping");
    let options = OpenOptions { mapping: Some(mapping), ..OpenOptions::default() };
    let reader = store::open_with(&path.into(), &options).expect("opens");
    let found: Vec<(FindingKind, Option<u64>)> = verified(&*reader)
        .into_iter()
        .map(|finding| (finding.kind(), finding.place.version.map(|version| version.0)))
        .collect();
    let expected =
        [(FindingKind::DisorderedTime, Some(2)), (FindingKind::Duplicate, Some(2)), (FindingKind::Gap, Some(5))];
    assert_eq!(found, expected);
}

#[test]
fn a_stream_that_is_kept_further_on_than_its_events_is_found() {
    let (_folder, path) = file_of(tables::EMMETT);
    let kinds = |path: &Path| -> Vec<FindingKind> {
        verified(&*opened(path).expect("opens")).into_iter().map(|finding| finding.kind()).collect()
    };
    assert_eq!(kinds(&path), []);
    let writer = Connection::open(&path).expect("opens");
    writer.execute_batch("DELETE FROM emt_messages WHERE stream_id = 'lead-1' AND stream_position = 2").expect("gone");
    drop(writer);
    assert_eq!(kinds(&path), [FindingKind::WrongCount]);
}

#[test]
fn packed_and_encrypted_states_are_opened_where_that_can_be() {
    let state = br#"{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:09+00:00"},"name":"x"}"#;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(state).expect("packed");
    let packed = packed.finish().expect("packed");
    let key = [7_u8; 32];
    let sealed = Aes256Gcm::new_from_slice(&key)
        .expect("a key")
        .encrypt(&Nonce::from([9_u8; 12]), packed.as_slice())
        .expect("sealed");
    let (text, tag) = sealed.split_at(sealed.len() - 16);
    let in_both_orders = [[&[9; 12], tag, text].concat(), [&[9; 12], text, tag].concat()];
    let (_folder, path) = file_of(tables::EVENTSOURCING);
    let writer = Connection::open(&path).expect("opens");
    for (version, state) in (2..).zip([&packed, &in_both_orders[0], &in_both_orders[1]]) {
        writer
            .execute(
                "INSERT INTO stored_events VALUES ('0190b1de5a4f7c8e9a3b000000000002', ?1, 'crm:Ticket.Seen', ?2)",
                (version, state),
            )
            .expect("inserted");
    }
    drop(writer);
    let events = |key: Option<CipherKey>| {
        let options = OpenOptions { mapping: None, key };
        let reader = store::open_with(&path.clone().into(), &options).expect("opens");
        let events = read(&*reader, &Query::stream(stream("0190b1de5a4f7c8e9a3b000000000002")));
        (events, verified(&*reader).len())
    };
    let (locked, findings) = events(None);
    assert_eq!(locked[1].payload, state);
    assert!(
        locked[2].payload.starts_with(b"{\"encrypted\":\"AES-GCM\""),
        "{}",
        String::from_utf8_lossy(&locked[2].payload)
    );
    assert_eq!((locked[2].recorded_at, findings), (None, 1));
    let (open, findings) = events(CipherKey::parse(&STANDARD.encode(key)));
    assert!(open[1..].iter().all(|event| event.payload == state && event.recorded_at.is_some()));
    assert_eq!(findings, 0);
    let (wrong, _) = events(CipherKey::parse(&STANDARD.encode([8; 32])));
    assert_eq!(wrong[2].payload, locked[2].payload);
}
