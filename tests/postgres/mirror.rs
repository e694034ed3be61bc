//! A mirror of a store on a server.

use foldline::event::RecordedEvent;
use foldline::store::native::NativeStore;
use foldline::store::{self, Expected, Flow, Mirrored, Mirroring, OriginFault, Query, Source, Store, StoreError};

use crate::server::{Database, events};
use crate::tables::{self, MESSAGE_DB};

struct Mirror {
    folder: tempfile::TempDir,
    source: Source,
}

impl Mirror {
    fn of(source: Source) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), source }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("mirror.db")
    }

    fn follow(&self) -> Result<Mirrored, StoreError> {
        let reader = store::open(&self.source)?;
        let (mut mirroring, _) = Mirroring::begin(&self.source, reader.as_ref(), &self.path())?;
        mirroring.catch_up(reader.as_ref(), &mut |_| Flow::Continue(()))
    }

    fn open(&self) -> NativeStore {
        NativeStore::open(&self.path()).unwrap()
    }
}

/// A mirror counts places anew, and a store without an order has none.
fn in_streams(reader: &dyn Store) -> Vec<RecordedEvent> {
    let mut all = events(reader, &Query::store());
    for event in &mut all {
        event.position = None;
    }
    all.sort_by(|a, b| (&a.stream, a.version).cmp(&(&b.stream, b.version)));
    all
}

#[test]
fn a_mirror_of_tables_on_a_server_holds_their_events() {
    for sql in [MESSAGE_DB, tables::EMMETT, tables::EVENTSOURCING, tables::CQRS_ES, tables::MARTEN] {
        let database = Database::with(sql);
        let mirror = Mirror::of(database.source());
        let done = mirror.follow().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((done.events, done.standing.behind), (3, 0));
        let held = in_streams(&mirror.open());
        for (held, theirs) in held.iter().zip(in_streams(database.open().as_ref())) {
            let said =
                |event: &RecordedEvent| (event.stream.clone(), event.version, event.id.clone(), event.recorded_at);
            assert_eq!(said(held), said(&theirs));
            assert_eq!(held.event_type, theirs.event_type);
        }
        assert_eq!(mirror.follow().unwrap().new, 0);
        mirror.open().verify(&mut |finding| panic!("{finding:?}"), &mut |_| Flow::Continue(())).unwrap();
    }
}

#[test]
fn a_password_is_not_kept_in_a_mirror() {
    let database = Database::with(MESSAGE_DB);
    let mirror = Mirror::of(Source::parse(&database.address_of("foldline:hush-hush")));
    mirror.follow().unwrap();
    let bytes = std::fs::read(mirror.path()).unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(holds(database.name.as_bytes()) && !holds(b"hush-hush"));
}

#[test]
fn what_a_transaction_records_late_at_an_earlier_place_is_mirrored_too() {
    let database = Database::with(MESSAGE_DB);
    let mirror = Mirror::of(database.source());
    let add = |stream: &str| {
        format!(
            "INSERT INTO message_store.messages (stream_name, position, type, data) VALUES ('{stream}', 0, 'Late', '{{}}')"
        )
    };
    let mut slow = database.client();
    slow.batch_execute(&format!("BEGIN; {}", add("slow-1"))).unwrap();
    database.run(&add("quick-1"));
    assert_eq!(mirror.follow().unwrap().events, 4, "the other is not to be seen yet");
    slow.batch_execute("COMMIT").unwrap();
    database.run(&add("quick-2"));
    assert_eq!(mirror.follow().unwrap().events, 6, "it is not passed over");
    assert_eq!(in_streams(&mirror.open()), in_streams(database.open().as_ref()));
}

#[test]
fn an_origin_on_a_server_that_was_cut_or_edited_is_told() {
    for (statement, is_said) in [
        ("DELETE FROM message_store.messages WHERE global_position = 3", "Cut"),
        ("UPDATE message_store.messages SET data = '{\"name\":\"x\"}' WHERE global_position = 1", "Edited"),
        ("DELETE FROM message_store.messages", "Emptied"),
    ] {
        let database = Database::with(MESSAGE_DB);
        let mirror = Mirror::of(database.source());
        mirror.follow().unwrap();
        database.run(statement);
        let Err(StoreError::OriginDiffers { fault, .. }) = mirror.follow() else { panic!("{is_said} is not noticed") };
        assert!(format!("{fault:?}").starts_with(is_said), "{fault:?}");
        assert_ne!(*fault, OriginFault::Replaced);
    }
}

#[test]
fn a_correction_in_a_mirror_is_recorded_on_the_server() {
    let database = Database::with(tables::CQRS_ES);
    let mirror = Mirror::of(database.source());
    mirror.follow().unwrap();
    let before = in_streams(database.open().as_ref());
    let mut writer = store::open_for_writing(&mirror.path().into()).unwrap_or_else(|error| panic!("{error}"));
    let stream = before[0].stream.clone();
    let event = foldline::event::NewEvent {
        id: foldline::event::EventId::new("0190b1de-5a4f-7c8e-9a3b-0000000000ff"),
        event_type: before[0].event_type.clone(),
        schema: 1,
        recorded_at: None,
        payload: "{}".to_owned(),
        metadata: "{}".to_owned(),
    };
    let done = writer.append(&stream, Expected::Any, &[event]).unwrap_or_else(|error| panic!("{error}"));
    assert!(done.position.is_some(), "it came back");
    drop(writer);
    assert_eq!(in_streams(database.open().as_ref()).len(), before.len() + 1);
    assert_eq!(in_streams(&mirror.open()).len(), before.len() + 1);
}
