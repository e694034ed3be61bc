//! Whole stores brought in and taken out again, and an import that is killed midway.

use std::path::Path;
use std::process::{Command, Stdio};

use foldline::event::{EventId, NewEvent, RecordedEvent, Timestamp};
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{self, Address, Expected, FindingKind, Query, Writer};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::servers::{Kind, Server, block_on, connect, until};
use crate::stores::{assert_verifies_clean, findings, fresh_name, fresh_store, noted, read, reader, stream, writer};

fn foldline(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foldline"));
    command.args(arguments);
    command
}

#[track_caller]
fn run(arguments: &[&str]) -> String {
    let output = foldline(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Without what each store numbers by itself.
fn unplaced(events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
    events.into_iter().map(|event| RecordedEvent { position: None, ..event }).collect()
}

fn native(path: &Path) -> Vec<RecordedEvent> {
    unplaced(read(&NativeStore::open(path).unwrap(), &Query::store()))
}

/// A native store of a sample.
fn sample(folder: &TempDir, events: u64) -> std::path::PathBuf {
    let path = folder.path().join("sales.db");
    let mut store = NativeStore::create(&path).unwrap();
    let options = SampleOptions { events: Some(events), ..SampleOptions::default() };
    generate(&mut store, &options, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    path
}

fn any_event(number: usize) -> impl Strategy<Value = (String, NewEvent)> {
    let payload = prop_oneof![
        Just(" { \"b\" : 1.50,\n\t\"a\":\"\\ud83d\\ude00 가\" }\n".to_owned()),
        any::<String>().prop_map(|text| serde_json::json!({ "note": text }).to_string()),
    ];
    let metadata = prop_oneof![Just(String::new()), Just(" {\"actor\": \"김\"}".to_owned())];
    let name = prop_oneof!["[a-c]-[0-9]", "\\PC{1,20}", Just("lead-".to_owned()), Just("_-_".to_owned())];
    let id = prop_oneof![Just(String::new()), "\\PC{0,12}"];
    (name, id, "\\PC{1,12}", any::<u32>(), any::<Option<i64>>(), payload, metadata).prop_map(
        move |(name, id, event_type, schema, at, payload, metadata)| {
            let event = NewEvent {
                id: EventId::new(&format!("{number}{id}")),
                event_type: event_type.as_str().into(),
                schema,
                recorded_at: at.map(Timestamp::from_micros),
                payload,
                metadata,
            };
            (name, event)
        },
    )
}

proptest! {
    #![proptest_config(crate::workshop::cases(6))]
    #[test]
    fn what_is_brought_in_comes_out_as_it_was(
        events in (1_usize..30).prop_flat_map(|count| (0..count).map(any_event).collect::<Vec<_>>()), is_old in any::<bool>(),
    ) {
        let folder = TempDir::new().unwrap();
        let (path, back) = (folder.path().join("there.db"), folder.path().join("back.db"));
        let mut store = NativeStore::create(&path).unwrap();
        for (name, event) in &events {
            store.append(&stream(name), Expected::Any, std::slice::from_ref(event)).unwrap();
        }
        drop(store);
        let kind = if is_old { Kind::Old } else { Kind::New };
        let address = format!("{}/{}", Server::shared(kind).url(), fresh_name());
        let target = store::server_target(&Address::new(&address), None, true).unwrap();
        let mut go_on = |_| std::ops::ControlFlow::Continue(());
        store::bring_in(&target, &NativeStore::open(&path).unwrap(), &mut go_on).unwrap();
        let expected = native(&path);
        prop_assert_eq!(&unplaced(read(reader(&address).as_ref(), &Query::store())), &expected);
        let mut found = findings(reader(&address).as_ref());
        found.retain(|one| one.kind() != FindingKind::DisorderedTime);
        assert_eq!(found, []);
        run(&["import", &address, "--into", back.to_str().unwrap()]);
        prop_assert_eq!(&native(&back), &expected);
        // Once more: everything is there.
        let again = store::bring_in(&target, &NativeStore::open(&back).unwrap(), &mut go_on).unwrap();
        prop_assert_eq!((again.events, again.already_there), (0, expected.len() as u64));
    }
}

#[test]
fn an_import_that_was_killed_goes_on_with_the_same_command() {
    const EVENTS: u64 = 6_000;
    let folder = TempDir::new().unwrap();
    let path = sample(&folder, EVENTS);
    let name = fresh_name();
    let address = format!("{}/{name}", Server::shared(Kind::New).url());
    let import = ["import", path.to_str().unwrap(), "--into", &address, "--format", "json"];
    let mut child = foldline(&import).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let recorded = || {
        block_on(async {
            let context = async_nats::jetstream::new(connect(&Server::shared(Kind::New).url()).await.ok()?);
            Some(context.get_stream(&name).await.ok()?.cached_info().state.messages)
        })
        .unwrap_or(0)
    };
    assert!(until(|| recorded() > 300));
    child.kill().unwrap();
    child.wait().unwrap();
    let there = recorded();
    assert!(there < EVENTS, "it was through before it could be killed");
    // What is there is a beginning of the whole.
    let expected = native(&path);
    assert_eq!(unplaced(read(reader(&address).as_ref(), &Query::store())), expected[..there as usize]);
    let said: serde_json::Value = serde_json::from_str(&run(&import)).unwrap();
    assert_eq!((&said["events"], &said["already_there"]), (&(EVENTS - there).into(), &there.into()));
    assert_eq!(unplaced(read(reader(&address).as_ref(), &Query::store())), expected);
    assert_verifies_clean(reader(&address).as_ref());
}

#[test]
fn an_import_into_a_store_that_went_on_adds_what_is_missing_or_says_why_not() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.db");
    let mut store = NativeStore::create(&path).unwrap();
    for (name, id) in [("lead-1", "a"), ("lead-2", "b"), ("lead-1", "c")] {
        store.append(&stream(name), Expected::Any, &[noted(id)]).unwrap();
    }
    let address = fresh_store(Kind::New);
    let target = store::server_target(&Address::new(&address), None, false).unwrap();
    let mut go_on = |_| std::ops::ControlFlow::Continue(());
    writer(&address).append(&stream("lead-9"), Expected::Any, &[noted("z")]).unwrap();
    let report = store::bring_in(&target, &store, &mut go_on).unwrap();
    assert_eq!((report.events, report.streams, report.already_there), (3, 2, 0));
    store.append(&stream("lead-2"), Expected::Any, &[noted("d")]).unwrap();
    let report = store::bring_in(&target, &store, &mut go_on).unwrap();
    assert_eq!((report.events, report.already_there), (1, 3));
    assert_verifies_clean(reader(&address).as_ref());
    // Now both went on with the same stream.
    writer(&address).append(&stream("lead-1"), Expected::Any, &[noted("there")]).unwrap();
    store.append(&stream("lead-1"), Expected::Any, &[noted("here")]).unwrap();
    let refused = store::bring_in(&target, &store, &mut go_on).unwrap_err();
    assert!(refused.to_string().contains("lead-1"), "{refused}");
}

#[test]
fn a_file_with_a_bad_line_brings_in_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events.jsonl");
    let good = "{\"stream\":\"lead-1\",\"type\":\"noted\",\"payload\":{}}\n";
    std::fs::write(&path, format!("{good}{{\"stream\n")).unwrap();
    let name = fresh_name();
    let address = format!("{}/{name}", Server::shared(Kind::New).url());
    let output = foldline(&["import", path.to_str().unwrap(), "--into", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing was imported"));
    assert!(store::open(&store::Source::parse(&address)).is_err(), "not even the store was made");
    std::fs::write(&path, good).unwrap();
    run(&["import", path.to_str().unwrap(), "--into", &address]);
    assert_eq!(reader(&address).info().unwrap().events, 1);
}

#[test]
fn the_command_line_works_on_a_sample_on_a_server() {
    let name = fresh_name();
    let address = format!("{}/{name}", Server::shared(Kind::New).url());
    run(&["sample", &address, "--events", "2000"]);
    let info: serde_json::Value = serde_json::from_str(&run(&["info", &address, "--format", "json"])).unwrap();
    assert_eq!((&info["events"], &info["writable"]), (&2000.into(), &true.into()));
    let again = foldline(&["sample", &address, "--events", "2000"]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("already"), "{again:?}");
    run(&["verify", &address]);
    run(&[
        "append",
        &address,
        "lead-99999",
        "--type",
        "noted",
        "--payload",
        "{}",
        "--expect",
        "none",
        "--actor",
        "kim",
        "--reason",
        "why not",
    ]);
    assert!(run(&["events", &address, "lead-99999"]).contains("noted"));
}
