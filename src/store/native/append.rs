use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::chain::{Link, ROOT, seal};
use super::content::Content;
use super::links::Held;
use super::names::Names;
use super::read::{EVENT_COLUMNS, IdColumn, bound, recorded_by_id, unsigned, with_event};
use super::{Access, NativeStore};
use crate::event::{
    EventRow, EventType, Links, NewEvent, Position, RecordedEvent, StreamId, StreamKey, Timestamp, Version,
};
use crate::store::{
    AppendError, Appended, Conflict, Expected, Snapshot, Store, StoreError, Writer, check_call, check_content,
    check_version, same_content,
};

impl Writer for NativeStore {
    fn append(&mut self, stream: &StreamId, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError> {
        check_call(stream, events)?;
        let mut bulk = self.bulk()?;
        if let Some(there) = bulk.already_recorded(stream, events)? {
            return Ok(there);
        }
        let last = bulk.last_version(stream)?;
        if !expected.holds(last) {
            let since = match expected {
                Expected::Exact(version) => bulk.events_after(stream, Some(version))?,
                Expected::NoStream | Expected::Any => bulk.events_after(stream, None)?,
            };
            let conflict = Conflict { stream: stream.clone(), expected, actual: last, since };
            return Err(AppendError::Conflict(Box::new(conflict)));
        }
        let first = last.map_or(Version(0), |last| Version(last.0.saturating_add(1)));
        check_version(stream, Version(first.0.saturating_add((events.len() as u64).saturating_sub(1))))?;
        for (event, version) in events.iter().zip(first.0..) {
            bulk.insert(stream, Version(version), event.into(), links_of(event))?;
        }
        let position = bulk.head;
        bulk.commit()?;
        let last = Version((first.0 + events.len() as u64).saturating_sub(1));
        Ok(Appended { first, last, position: Some(position), already_there: false })
    }

    fn keeps_snapshots(&self) -> bool {
        true
    }

    fn keep_snapshot(&mut self, stream: &StreamId, snapshot: &Snapshot) -> Result<(), StoreError> {
        let Snapshot { projection, revision, version, event_id, state } = snapshot;
        self.reading(|connection| {
            // A snapshot of an event that is not there could never be told from a forged one.
            let Some((key, link)) = connection
                .prepare_cached(
                    "SELECT s.id, e.chain FROM streams s JOIN events e ON e.stream = s.id
                     WHERE s.name = ?1 AND e.version = ?2 AND e.id = ?3",
                )?
                .query_row((stream.as_str(), bound(version.0), IdColumn(event_id)), |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
                })
                .optional()?
            else {
                return Ok(());
            };
            connection
                .prepare_cached(
                    "INSERT INTO snapshots (stream, projection, revision, version, event_id, state, seal)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (stream, projection) DO UPDATE SET
                     revision = ?3, version = ?4, event_id = ?5, state = ?6, seal = ?7
                     WHERE ?3 <> revision OR ?4 > version",
                )?
                .execute((
                    key,
                    projection,
                    revision,
                    exact(version.0)?,
                    IdColumn(event_id),
                    state,
                    seal(&link, snapshot).as_slice(),
                ))
                .map(drop)
        })
    }
}

impl NativeStore {
    /// Begins a transaction for many events, of many streams. Nothing is recorded before [`Bulk::commit`].
    pub fn bulk(&mut self) -> Result<Bulk<'_>, StoreError> {
        let Self { path: _, named: path, access, names: _, format: _ } = self;
        let Access::Writing(connection) = access else { return Err(StoreError::ReadOnly(path.clone())) };
        let begin = || -> rusqlite::Result<_> {
            let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            let head = tx
                .prepare_cached("SELECT position, chain FROM events ORDER BY position DESC LIMIT 1")?
                .query_row([], |row| Ok((Position(unsigned(row, 0)?), row.get::<_, Vec<u8>>(1)?)))
                .optional()?;
            Ok((tx, head))
        };
        let (tx, head) = begin().map_err(|source| StoreError::from_sqlite(path, source))?;
        let (head, link) = head.unwrap_or_default();
        let link = link.try_into().unwrap_or(ROOT);
        let (streams, types) = (HashMap::new(), HashMap::new());
        let (names, links) = (Names::default(), Held::default());
        Ok(Bulk { path, connection, tx, names, head, link, streams, types, links, insert: None, absent: None })
    }
}

/// Counts of touched streams are held back and written together; past this many they are flushed, so that a bulk
/// of any size takes constant memory.
const STREAMS_HELD: usize = 20_000;

/// One open transaction that records events of many streams. Dropped without [`Bulk::commit`], it leaves nothing.
#[derive(Debug)]
pub struct Bulk<'a> {
    path: &'a std::path::Path,
    connection: &'a Connection,
    pub(super) tx: Transaction<'a>,
    /// Its own: what is learnt in a transaction that may be undone must not outlive it.
    names: Names,
    pub(super) head: Position,
    link: Link,
    streams: HashMap<StreamId, Tally>,
    types: HashMap<EventType, (i64, u64)>,
    links: Held,
    insert: Option<Insert<'a>>,
    /// Looked for last, and not there.
    absent: Option<StreamId>,
}

/// Looked up once, and not for each event.
struct Insert<'a>(CachedStatement<'a>);

impl std::fmt::Debug for Insert<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Insert")
    }
}

#[derive(Clone, Debug)]
struct Tally {
    key: StreamKey,
    events: u64,
    first_version: Version,
    last_version: Option<Version>,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    last_position: Position,
    is_changed: bool,
}

/// What became of one event of a bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    New(Version),
    AlreadyThere(Version),
}

impl Bulk<'_> {
    /// Records one event at the next version, or at the one it is known to have had. An event that is there
    /// already, with the same content, is left alone.
    pub fn record(
        &mut self,
        stream: &StreamId,
        version: Option<Version>,
        event: &NewEvent,
    ) -> Result<Recorded, AppendError> {
        check_content(stream, event)?;
        if let Some(there) = self.already_recorded(stream, std::slice::from_ref(event))? {
            return Ok(Recorded::AlreadyThere(there.first));
        }
        self.record_at(stream, version, event.into(), links_of(event)).map(Recorded::New)
    }

    /// Records one event whose id its caller knows to be fresh: what costs a look-up in [`Bulk::record`] is spared. An
    /// id that is taken after all is refused by the table itself.
    pub fn record_new(&mut self, stream: &StreamId, version: Version, event: &NewEvent) -> Result<(), AppendError> {
        check_content(stream, event)?;
        self.record_at(stream, Some(version), event.into(), links_of(event)).map(drop)
    }

    /// The same of an event that another store has read: nothing of it is copied on the way.
    pub fn record_row(&mut self, row: &EventRow<'_>) -> Result<(), AppendError> {
        let content = Content::of_row(row)?;
        let links = content.sound_links(row.stream)?;
        self.record_at(row.stream, Some(row.version), content, links).map(drop)
    }

    fn record_at(
        &mut self,
        stream: &StreamId,
        version: Option<Version>,
        event: Content<'_>,
        links: Links,
    ) -> Result<Version, AppendError> {
        let last = self.last_version(stream)?;
        let version = match version {
            Some(version) => {
                // Without the events that came first: to read them for each refused line of a file takes for ever.
                if let Some(last) = last.filter(|last| version <= *last) {
                    return Err(AppendError::VersionTaken { stream: stream.clone(), version, last });
                }
                version
            }
            None => last.map_or(Version(0), |last| Version(last.0.saturating_add(1))),
        };
        check_version(stream, version)?;
        self.insert(stream, version, event, links)?;
        Ok(version)
    }

    /// The stream's last version as this transaction sees it.
    pub fn last_version(&mut self, stream: &StreamId) -> Result<Option<Version>, StoreError> {
        if let Some(tally) = self.streams.get(stream) {
            return Ok(tally.last_version);
        }
        let tally = find_tally(&self.tx, stream).map_err(|source| self.failed(source))?;
        let last = tally.as_ref().and_then(|tally| tally.last_version);
        match tally {
            Some(tally) => drop(self.streams.insert(stream.clone(), tally)),
            None => self.absent = Some(stream.clone()),
        }
        Ok(last)
    }

    pub fn commit(mut self) -> Result<(), StoreError> {
        self.flush()?;
        let Self { path, tx, .. } = self;
        tx.commit().map_err(|source| StoreError::from_sqlite(path, source))
    }

    pub(super) fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(self.path, source)
    }

    /// Where these events stand, if all of them were recorded before; an error where an id is taken by another.
    fn already_recorded(&self, stream: &StreamId, events: &[NewEvent]) -> Result<Option<Appended>, AppendError> {
        let mut there: Vec<RecordedEvent> = Vec::new();
        for event in events {
            let found = recorded_by_id(&self.tx, &self.names, &event.id).map_err(|source| self.failed(source))?;
            match found {
                Some(recorded) if same_content(stream, event, &recorded) => there.push(recorded),
                Some(_) => return Err(AppendError::IdTaken(event.id.clone())),
                None => {}
            }
        }
        Appended::before(events, &there)
    }

    fn events_after(&self, stream: &StreamId, version: Option<Version>) -> Result<Vec<RecordedEvent>, StoreError> {
        let read = || -> rusqlite::Result<Vec<RecordedEvent>> {
            let Some(key) = Names::stream_key(&self.tx, stream)? else { return Ok(Vec::new()) };
            let sql = format!("{EVENT_COLUMNS} WHERE e.stream = ?1 AND e.version > ?2 ORDER BY e.version");
            let mut statement = self.tx.prepare_cached(&sql)?;
            let mut rows = statement.query((key.0, version.map_or(-1, |version| bound(version.0))))?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(with_event(&self.tx, &self.names, row, |event| event.to_recorded())?);
            }
            Ok(events)
        };
        read().map_err(|source| self.failed(source))
    }

    fn insert(
        &mut self,
        stream: &StreamId,
        version: Version,
        event: Content<'_>,
        links: Links,
    ) -> Result<(), StoreError> {
        // After some failures, a full disk above all, SQLite ends the transaction by itself; what is inserted then
        // would be recorded alone.
        if self.tx.is_autocommit() {
            return Err(StoreError::Full(self.path.to_owned()));
        }
        self.try_insert(stream, version, event, links).map_err(|source| self.failed(source))?;
        if self.streams.len() > STREAMS_HELD {
            self.flush()?;
            self.streams.clear();
        }
        if self.links.is_full() {
            self.links.flush(&self.tx).map_err(|source| StoreError::from_sqlite(self.path, source))?;
        }
        Ok(())
    }

    fn try_insert(
        &mut self,
        stream: &StreamId,
        version: Version,
        event: Content<'_>,
        links: Links,
    ) -> rusqlite::Result<()> {
        let Content { id, event_type, schema, recorded_at, payload, metadata } = event;
        let type_key = match self.types.get(event_type) {
            Some((key, _)) => *key,
            None => {
                let key = intern(&self.tx, "types", event_type.as_str())?;
                self.types.insert(event_type.clone(), (key, 0));
                key
            }
        };
        let position = Position(self.head.0 + 1);
        let tally = match self.streams.get_mut(stream) {
            Some(tally) => tally,
            None => {
                let is_absent = self.absent.take().is_some_and(|absent| absent == *stream);
                let tally = match if is_absent { None } else { find_tally(&self.tx, stream)? } {
                    Some(tally) => tally,
                    None => begin_stream(&self.tx, stream)?,
                };
                self.streams.entry(stream.clone()).or_insert(tally)
            }
        };
        let link = event.chained(stream, version).after(&self.link);
        let insert = match &mut self.insert {
            Some(Insert(insert)) => insert,
            None => {
                let insert = self.connection.prepare_cached(
                "INSERT INTO events (position, stream, version, type, schema, recorded_at, id, payload, metadata, chain)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?;
                &mut self.insert.insert(Insert(insert)).0
            }
        };
        insert.execute((
            exact(position.0)?,
            tally.key.0,
            exact(version.0)?,
            type_key,
            schema,
            recorded_at.map(Timestamp::micros),
            IdColumn(id),
            payload,
            Some(metadata).filter(|text| !text.is_empty()),
            link.as_slice(),
        ))?;
        // Counted once it is there: another id may still be tried for it.
        if let Some((_, count)) = self.types.get_mut(event_type) {
            *count += 1;
        }
        self.links.note(links, exact(position.0)?);
        if tally.events == 0 {
            tally.first_version = version;
            tally.first_at = recorded_at;
        }
        tally.events += 1;
        tally.last_version = Some(version);
        tally.last_at = recorded_at;
        tally.last_position = position;
        tally.is_changed = true;
        self.head = position;
        self.link = link;
        Ok(())
    }

    /// To be called where nothing else is to be done for a while: what is written now need not be at the end.
    pub fn use_time(&mut self) -> Result<(), StoreError> {
        if !self.links.is_worth_writing() {
            return Ok(());
        }
        self.links.flush(&self.tx).map_err(|source| StoreError::from_sqlite(self.path, source))
    }

    /// Writes the held counts.
    fn flush(&mut self) -> Result<(), StoreError> {
        let Self { tx, streams, types, links, .. } = self;
        let mut write = || -> rusqlite::Result<()> {
            links.flush(tx)?;
            let mut update = tx.prepare_cached(
                "UPDATE streams SET events = ?2, first_version = ?3, last_version = ?4, first_at = ?5, last_at = ?6,
                 last_position = ?7 WHERE id = ?1",
            )?;
            for tally in streams.values_mut().filter(|tally| tally.is_changed) {
                tally.is_changed = false;
                update.execute((
                    tally.key.0,
                    exact(tally.events)?,
                    exact(tally.first_version.0)?,
                    tally.last_version.map_or(Ok(-1), |version| exact(version.0))?,
                    tally.first_at.map(Timestamp::micros),
                    tally.last_at.map(Timestamp::micros),
                    exact(tally.last_position.0)?,
                ))?;
            }
            let mut update = tx.prepare_cached("UPDATE types SET events = events + ?2 WHERE id = ?1")?;
            for (key, count) in types.values_mut().filter(|(_, count)| *count > 0) {
                update.execute((*key, exact(*count)?))?;
                *count = 0;
            }
            Ok(())
        };
        write().map_err(|source| StoreError::from_sqlite(self.path, source))
    }
}

fn links_of(event: &NewEvent) -> Links {
    Links::of(event.metadata.as_bytes())
}

/// A number as SQLite keeps it. Bounds of a question may be brought into range; what is written never is.
fn exact(number: u64) -> rusqlite::Result<i64> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn intern(connection: &Connection, table: &str, name: &str) -> rusqlite::Result<i64> {
    let find = format!("SELECT id FROM {table} WHERE name = ?1");
    if let Some(id) = connection.prepare_cached(&find)?.query_row([name], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    connection.prepare_cached(&format!("INSERT INTO {table} (name) VALUES (?1)"))?.execute([name])?;
    Ok(connection.last_insert_rowid())
}

fn begin_stream(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Tally> {
    connection
        .prepare_cached("INSERT INTO streams (name, category) VALUES (?1, ?2)")?
        .execute((stream.as_str(), stream.category()))?;
    let number = connection.last_insert_rowid();
    // Where another tool has used up the numbers, the next would be that of another stream.
    let key = u32::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, number))?;
    Ok(Tally {
        key: StreamKey(key),
        events: 0,
        first_version: Version(0),
        last_version: None,
        first_at: None,
        last_at: None,
        last_position: Position(0),
        is_changed: true,
    })
}

fn find_tally(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Option<Tally>> {
    connection
        .prepare_cached(
            "SELECT id, events, first_version, last_version, first_at, last_at, last_position
             FROM streams WHERE name = ?1",
        )?
        .query_row([stream.as_str()], |row| {
            let last: i64 = row.get(3)?;
            Ok(Tally {
                key: StreamKey(row.get(0)?),
                events: unsigned(row, 1)?,
                first_version: Version(unsigned(row, 2)?),
                last_version: u64::try_from(last).ok().map(Version),
                first_at: super::read::moment(row, 4)?,
                last_at: super::read::moment(row, 5)?,
                last_position: Position(unsigned(row, 6)?),
                is_changed: false,
            })
        })
        .optional()
}

// `is_writable` answers for the file; a store opened to look refuses all the same.
impl NativeStore {
    pub fn is_open_for_writing(&self) -> bool {
        matches!(self.access, Access::Writing(_)) && self.is_writable()
    }
}
