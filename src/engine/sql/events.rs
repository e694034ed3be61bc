//! The tables `events` and `streams`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rusqlite::Result;
use rusqlite::types::Null;
use rusqlite::vtab::Context;

use super::super::ticket::lock;
use super::room::Room;
use super::streams::Streams;
use super::vtab::{Bound, Column, Reading, Table, Wish};
use crate::event::{EventBatch, EventRow, EventType, Metadata, Position, StreamId, Timestamp, Version, actor_in};
use crate::index::StoreMoment;
use crate::store::{Columns, Interrupter, Query, StoreError};

const EVENT_COLUMNS: [(&str, &str); 12] = [
    ("position", "INTEGER"),
    ("stream", "TEXT"),
    ("category", "TEXT"),
    ("version", "INTEGER"),
    ("id", "TEXT"),
    ("type", "TEXT"),
    ("schema", "INTEGER"),
    ("recorded_at", "TEXT"),
    ("actor", "TEXT"),
    ("reason", "TEXT"),
    ("payload", "TEXT"),
    ("metadata", "TEXT"),
];
const POSITION: usize = 0;
const STREAM: usize = 1;
const CATEGORY: usize = 2;
const VERSION: usize = 3;
const TYPE: usize = 5;
const ACTOR: usize = 8;
const REASON: usize = 9;
const PAYLOAD: usize = 10;
const METADATA: usize = 11;

/// A stream, as far as is known before it is looked for, has so many events.
const EVENTS_OF_STREAM: f64 = 30.0;

/// Batches that are read ahead.
const AHEAD: usize = 2;

/// How soon a query that waits for rows notices that it is not wanted any more.
const LOOK: Duration = Duration::from_millis(20);

pub(super) struct Events(pub(super) Arc<Room>);

fn columns_of(room: &Room, columns: &[(&str, &'static str)]) -> Vec<Column> {
    room.note_columns(columns.iter().map(|(name, _)| *name));
    columns.iter().map(|(name, kind)| Column::new(name, kind)).collect()
}

impl Table for Events {
    fn columns(&self) -> Result<Vec<Column>> {
        Ok(columns_of(&self.0, &EVENT_COLUMNS))
    }

    fn size(&self) -> f64 {
        self.0.events
    }

    fn share(&self, column: usize, bound: Bound) -> Option<f64> {
        match (column, bound) {
            (STREAM, Bound::Equal) => Some(EVENTS_OF_STREAM / self.0.events.max(EVENTS_OF_STREAM)),
            (TYPE, Bound::Equal) => Some(0.2),
            (POSITION, Bound::Equal) if self.0.has_order => Some(1.0 / self.0.events.max(1.0)),
            (POSITION, _) if self.0.has_order => Some(0.3),
            (VERSION, _) => Some(0.5),
            _ => None,
        }
    }

    fn order(&self, equal: &[usize]) -> Option<(usize, bool)> {
        if equal.contains(&STREAM) {
            return Some((VERSION, true));
        }
        self.0.has_order.then_some((POSITION, true))
    }

    fn open(&self) -> Box<dyn Reading> {
        Box::new(EventReading {
            room: Arc::clone(&self.0),
            reader: None,
            batch: EventBatch::default(),
            at: 0,
            is_over: true,
            streams: None,
            between: (None, None),
        })
    }
}

/// Reads on a thread of its own with a connection of its own, which serves every search of one cursor.
struct Reader {
    ask: SyncSender<(u64, Query)>,
    batches: Receiver<(u64, std::result::Result<EventBatch, StoreError>)>,
    newest: Arc<AtomicU64>,
    interrupter: Arc<Mutex<Option<Interrupter>>>,
}

impl Reader {
    fn begin(room: &Room) -> std::result::Result<Self, StoreError> {
        let (ask, asked) = sync_channel::<(u64, Query)>(1);
        let (give, batches) = sync_channel(AHEAD);
        let newest = Arc::new(AtomicU64::new(0));
        let interrupter: Arc<Mutex<Option<Interrupter>>> = Arc::default();
        let (opener, wanted, kept) = (Arc::clone(&room.opener), Arc::clone(&newest), Arc::clone(&interrupter));
        let read = move || {
            let reader = match opener() {
                Ok(reader) => reader,
                Err(error) => {
                    if let Ok((number, _)) = asked.recv() {
                        let _ = give.send((number, Err(error)));
                    }
                    return;
                }
            };
            *lock(&kept) = reader.interrupter();
            for (number, query) in asked {
                let mut scan = match reader.scan(&query) {
                    Ok(scan) => scan,
                    Err(error) => {
                        if give.send((number, Err(error))).is_err() {
                            return;
                        }
                        continue;
                    }
                };
                while wanted.load(Ordering::Relaxed) == number {
                    let mut batch = EventBatch::default();
                    let answer = scan.next_batch(&mut batch).map(|()| batch);
                    let is_last = answer.as_ref().map_or(true, EventBatch::is_empty);
                    if give.send((number, answer)).is_err() {
                        return;
                    }
                    if is_last {
                        break;
                    }
                }
            }
        };
        thread::Builder::new()
            .name("sql events".to_owned())
            .spawn(read)
            .map_err(|source| StoreError::Io { path: "a thread".into(), source })?;
        Ok(Self { ask, batches, newest, interrupter })
    }

    fn ask(&self, query: Query) {
        let number = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        // It is there as long as this is; the one search that may wait has been answered.
        let _ = self.ask.send((number, query));
    }

    /// The next rows of the newest search.
    fn next(&self, room: &Room) -> std::result::Result<EventBatch, StoreError> {
        let newest = self.newest.load(Ordering::Relaxed);
        loop {
            room.unless_stopped()?;
            match self.batches.recv_timeout(LOOK) {
                Ok((number, answer)) if number == newest => return answer,
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(StoreError::Cancelled),
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.newest.fetch_add(1, Ordering::Relaxed);
        if let Some(interrupter) = &*lock(&self.interrupter) {
            interrupter.interrupt();
        }
    }
}

struct EventReading {
    room: Arc<Room>,
    reader: Option<Reader>,
    batch: EventBatch,
    at: usize,
    is_over: bool,
    /// Where it must be known up to which version each stream counts, or of which category it is.
    streams: Option<Arc<Streams>>,
    /// Positions, of one stream.
    between: (Option<u64>, Option<u64>),
}

impl EventReading {
    fn row(&self) -> Option<EventRow<'_>> {
        self.batch.row(self.at)
    }

    /// On to the next row that counts, from where it stands.
    fn settle(&mut self) -> Result<()> {
        loop {
            while let Some(row) = self.batch.row(self.at) {
                let position = row.position.map(|position| position.0);
                let (from, to) = self.between;
                let is_within =
                    position.is_none_or(|own| from.is_none_or(|from| own >= from) && to.is_none_or(|to| own <= to));
                if is_within {
                    let counts = self.room.counts(&row, self.streams.as_deref());
                    if counts.map_err(|error| self.room.fail(error))? {
                        return Ok(());
                    }
                }
                self.at += 1;
            }
            let Some(reader) = &self.reader else { break };
            self.batch = reader.next(&self.room).map_err(|error| self.room.fail(error))?;
            self.at = 0;
            if self.batch.is_empty() {
                break;
            }
        }
        self.is_over = true;
        Ok(())
    }
}

impl Reading for EventReading {
    fn begin(&mut self, wish: Wish) -> Result<()> {
        let room = Arc::clone(&self.room);
        (self.batch, self.at, self.between) = (EventBatch::default(), 0, (None, None));
        self.is_over = room.is_before_all();
        if self.is_over {
            return Ok(());
        }
        let asks_category = wish.uses(CATEGORY) && !room.names_tell_category;
        if asks_category || matches!(room.at, StoreMoment::Time(_)) {
            self.streams = Some(room.streams().map_err(|error| room.fail(error))?);
        }
        let (from, to) = if room.has_order { wish.between(POSITION) } else { (None, None) };
        let mut query = match wish.text(STREAM) {
            Some(stream) => {
                self.between = (from, to);
                let (first, last) = wish.between(VERSION);
                Query::stream(StreamId::from(stream)).between(first.map(Version), last.map(Version))
            }
            None => room.query(from.map(Position), to.map(Position)),
        };
        query.event_type = wish.text(TYPE).map(EventType::from);
        query.columns = Columns {
            payload: wish.uses(PAYLOAD),
            metadata: [ACTOR, REASON, METADATA].into_iter().any(|column| wish.uses(column)),
        };
        if wish.is_backward {
            query = query.backward();
        }
        if self.reader.is_none() {
            self.reader = Some(Reader::begin(&room).map_err(|error| room.fail(error))?);
        }
        if let Some(reader) = &self.reader {
            reader.ask(query);
        }
        self.settle()
    }

    fn next(&mut self) -> Result<()> {
        self.at += 1;
        self.settle()
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn give(&self, column: usize, to: &mut Context) -> Result<()> {
        let Some(row) = self.row() else { return to.set_result(Null) };
        match column {
            POSITION => to.set_result(row.position.and_then(|position| i64::try_from(position.0).ok())),
            STREAM => to.set_result(row.stream.as_str()),
            CATEGORY => {
                let streams = self.streams.as_ref().filter(|_| !self.room.names_tell_category);
                let known = streams.map_or(Ok(None), |streams| {
                    let place = streams.place(row.stream.as_str())?;
                    place.map(|place| streams.category(place)).transpose()
                });
                match known.map_err(|error| self.room.fail(error))? {
                    Some(category) => to.set_result(&*category),
                    None => to.set_result(row.stream.category()),
                }
            }
            VERSION => to.set_result(whole(row.version.0)),
            4 => to.set_result(row.id.to_string()),
            TYPE => to.set_result(row.event_type.as_str()),
            6 => to.set_result(row.schema),
            7 => to.set_result(row.recorded_at.map(|at| at.to_string())),
            ACTOR => to.set_result(actor_in(row.metadata).as_deref()),
            REASON => to.set_result(Metadata::parse(row.metadata).reason),
            PAYLOAD => text(row.payload, to),
            METADATA => text(row.metadata, to),
            _ => to.set_result(Null),
        }
    }
}

/// SQLite has no larger number.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What is no text is handed on as bytes; nothing is `NULL`, which JSON's functions take.
fn text(bytes: &[u8], to: &mut Context) -> Result<()> {
    match std::str::from_utf8(bytes) {
        Ok("") => to.set_result(Null),
        Ok(text) => to.set_result(text),
        Err(_) => to.set_result(bytes),
    }
}

const STREAM_COLUMNS: [(&str, &str); 7] = [
    ("stream", "TEXT"),
    ("category", "TEXT"),
    ("events", "INTEGER"),
    ("first_version", "INTEGER"),
    ("last_version", "INTEGER"),
    ("first_at", "TEXT"),
    ("last_at", "TEXT"),
];

pub(super) struct StreamList(pub(super) Arc<Room>);

impl Table for StreamList {
    fn columns(&self) -> Result<Vec<Column>> {
        Ok(columns_of(&self.0, &STREAM_COLUMNS))
    }

    fn size(&self) -> f64 {
        (self.0.events / EVENTS_OF_STREAM).max(1.0)
    }

    fn share(&self, column: usize, bound: Bound) -> Option<f64> {
        (column == 0 && bound == Bound::Equal).then(|| 1.0 / self.size())
    }

    fn open(&self) -> Box<dyn Reading> {
        Box::new(StreamReading { room: Arc::clone(&self.0), streams: None, at: 0, end: 0 })
    }
}

struct StreamReading {
    room: Arc<Room>,
    streams: Option<Arc<Streams>>,
    at: usize,
    end: usize,
}

impl StreamReading {
    /// On to the next stream that had begun, from where it stands.
    fn settle(&mut self) {
        while let Some(streams) = &self.streams
            && self.at < self.end
            && streams.row(self.at).is_none()
        {
            self.at += 1;
        }
    }
}

impl Reading for StreamReading {
    fn begin(&mut self, wish: Wish) -> Result<()> {
        let streams = self.room.streams().map_err(|error| self.room.fail(error))?;
        (self.at, self.end) = match wish.text(0) {
            Some(stream) => match streams.place(stream).map_err(|error| self.room.fail(error))? {
                Some(place) => (place, place + 1),
                None => (0, 0),
            },
            None => (0, streams.len()),
        };
        self.streams = Some(streams);
        self.settle();
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.at += 1;
        self.settle();
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.at >= self.end
    }

    fn give(&self, column: usize, to: &mut Context) -> Result<()> {
        let Some(streams) = &self.streams else { return to.set_result(Null) };
        let Some(row) = streams.row(self.at) else { return to.set_result(Null) };
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let torn = |error| self.room.fail(error);
        match column {
            0 => to.set_result(&*streams.name(self.at).map_err(torn)?),
            1 => to.set_result(&*streams.category(self.at).map_err(torn)?),
            2 => to.set_result(whole(row.events)),
            3 => to.set_result(whole(row.first_version.0)),
            4 => to.set_result(whole(row.last_version.0)),
            5 => to.set_result(time(row.first_at)),
            6 => to.set_result(time(row.last_at)),
            _ => to.set_result(Null),
        }
    }
}
