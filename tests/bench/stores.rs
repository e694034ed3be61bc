//! The stores that are measured, and the limits they are held against.

use std::cell::OnceCell;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp, Version};
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{Columns, Expected, Flow, Query, Store, Writer};

use crate::measure::{micros, repeat, time};

pub(crate) const LONG_STREAM: &str = "lead-7";
pub(crate) const MIDDLE_STREAM: &str = "lead-8";
pub(crate) const SHORT_STREAM: &str = "lead-9";

/// Each is made when something is first measured on it.
#[derive(Debug)]
pub(crate) struct Stores {
    folder: PathBuf,
    events: u64,
    long_events: u64,
    sample: OnceCell<PathBuf>,
    long: OnceCell<PathBuf>,
}

impl Stores {
    /// `sample` is one that was made before.
    pub(crate) fn new(folder: &Path, events: u64, long_events: u64, sample: Option<&Path>) -> Self {
        let sample = sample.map_or_else(OnceCell::new, |path| OnceCell::from(path.to_owned()));
        Self { folder: folder.to_owned(), events, long_events, sample, long: OnceCell::new() }
    }

    /// A temporary folder for further stores.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// Leads and tickets.
    pub(crate) fn sample(&self) -> &Path {
        self.sample.get_or_init(|| {
            let path = self.folder.join("sample.db");
            let mut store = NativeStore::create(&path).expect("a new store");
            let options = SampleOptions { events: Some(self.events), seed: 1, ..SampleOptions::default() };
            let secs = time(|| generate(&mut store, &options, &mut |_| Flow::Continue(())).expect("a sample"));
            println!("sample of {} events written in {secs:.1} s", self.events);
            path
        })
    }

    /// One long lead among others.
    pub(crate) fn long(&self) -> &Path {
        self.long.get_or_init(|| {
            let path = self.folder.join("long.db");
            write_long_stream(&path, self.long_events);
            path
        })
    }

    /// Seconds to visit every event.
    pub(crate) fn scan(&self, columns: Columns) -> f64 {
        micros(&repeat(3, || self.scan_once(columns))) / 1e6
    }

    pub(crate) fn scan_once(&self, columns: Columns) -> f64 {
        let store = NativeStore::open(self.sample()).expect("the sample");
        time(|| {
            let mut bytes = 0;
            store
                .visit_events(&Query::store().columns(columns), &mut |row| {
                    bytes += row.payload.len() + row.metadata.len();
                    Flow::Continue(())
                })
                .expect("read");
            bytes
        })
    }
}

/// One long lead among others, so that its rows do not lie side by side.
pub(crate) fn write_long_stream(path: &Path, long: u64) {
    let mut store = NativeStore::create(path).expect("a new store");
    let mut bulk = store.bulk().expect("a transaction");
    let mut number = 0;
    let others: Vec<StreamId> = (100..150).map(|n| StreamId::new(format!("lead-{n}"))).collect();
    let measured = [(LONG_STREAM, long), (MIDDLE_STREAM, 1_000), (SHORT_STREAM, 10)];
    for version in 0..long {
        for (stream, _) in measured.iter().filter(|(_, length)| version < *length) {
            let event = long_event(version, &mut number);
            bulk.record(&StreamId::from(*stream), Some(Version(version)), &event).expect("recorded");
        }
        let other = &others[(version % 50) as usize];
        bulk.record(other, None, &contacted(&mut number)).expect("recorded");
    }
    bulk.commit().expect("committed");
}

/// A believable mix: mostly contacts, some follow-ups and corrections.
fn long_event(version: u64, number: &mut u64) -> NewEvent {
    let at = Timestamp::from_micros(1_735_693_201_010_000 + version as i64 * 60_000_000);
    let (name, payload) = match version {
        0 => ("lead-initialized", r#"{"lead-id":7,"name":"김철수","phone":"010-1234-5678"}"#.to_owned()),
        _ if version % 10 == 3 => (
            "contact-details-updated",
            format!(r#"{{"name":"Maria Ortiz {}","phone":"010-5555-{:04}"}}"#, version % 97, version % 9_973),
        ),
        _ if version % 3 == 1 => ("followup-set", format!(r#"{{"followup-on":"{}"}}"#, at.plus_micros(86_400_000_000))),
        _ => return NewEvent { recorded_at: Some(at), ..contacted(number) },
    };
    NewEvent { event_type: EventType::from(name), payload, recorded_at: Some(at), ..contacted(number) }
}

/// Some 200 bytes of payload and metadata, as measured stores have.
pub(crate) fn contacted(number: &mut u64) -> NewEvent {
    *number += 1;
    NewEvent {
        id: EventId::from_content(&[&number.to_le_bytes()]),
        event_type: EventType::from("contacted"),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(1_735_693_201_010_000 + *number as i64 * 1_000)),
        payload: format!(
            r#"{{"channel":"phone","note":"call {number}: asked for the new price list and a date next week"}}"#
        ),
        metadata: format!(
            r#"{{"actor":"kim","reason":"scheduled call","correlation-id":"c-{number}","causation-id":"e-{number}"}}"#
        ),
    }
}

/// A copy as a killed writer leaves it: a few appends stand in its log alone.
pub(crate) fn copy_beside_a_log(from: &Path, to: &Path) {
    let written = to.with_extension("written");
    std::fs::copy(from, &written).expect("a copy");
    let mut store = NativeStore::open_for_writing(&written).expect("the copy");
    let mut number = 1 << 40;
    for _ in 0..20 {
        store.append(&StreamId::from("lead-1"), Expected::Any, &[contacted(&mut number)]).expect("recorded");
    }
    for suffix in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        std::fs::copy(with(&written), with(to)).expect("a copy");
    }
    drop(store);
    std::fs::remove_file(written).expect("removed");
}

/// What the disk needs to make one page safe.
pub(crate) fn durable_page(folder: &Path) -> f64 {
    let path = folder.join("page");
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a file");
    let page = [7_u8; 4096];
    time(|| file.write_all(&page).and_then(|()| file.sync_data()).expect("written"))
}

/// Microseconds for one transaction of `size` inserts into a table with nothing around it.
pub(crate) fn bare_inserts(folder: &Path, times: usize, size: u64) -> f64 {
    let connection = rusqlite::Connection::open(folder.join("bare.db")).expect("a database");
    connection
        .execute_batch("PRAGMA journal_mode = wal; PRAGMA synchronous = full; CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER, c TEXT, d TEXT) STRICT")
        .expect("a table");
    let mut number = 0;
    let samples = repeat(times, || {
        let rows: Vec<NewEvent> = (0..size).map(|_| contacted(&mut number)).collect();
        time(|| {
            connection.execute_batch("BEGIN").expect("begun");
            let mut insert =
                connection.prepare_cached("INSERT INTO t (b, c, d) VALUES (?1, ?2, ?3)").expect("prepared");
            for row in &rows {
                insert.execute((1, &row.payload, &row.metadata)).expect("inserted");
            }
            connection.execute_batch("COMMIT").expect("committed");
        })
    });
    micros(&samples)
}

pub(crate) fn read_whole_file(path: &Path) -> u64 {
    let mut file = std::fs::File::open(path).expect("the store");
    let mut buffer = vec![0; 1 << 20];
    let mut total = 0;
    loop {
        match file.read(&mut buffer).expect("read") {
            0 => return total,
            count => total += count as u64,
        }
    }
}
