//! The same in a database of its own without a name, which SQLite keeps on disk and which is gone when nobody asks it any
//! more, however the program ends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::InMemory;
use super::index::{Numbered, StreamPart};
use crate::engine::ticket::lock;
use crate::event::{Position, StreamId, Timestamp, Version};
use crate::store::{Flow, StoreError, StreamOrder, sqlite_temporary_folder};

/// All is written in order of its keys where it is laid down from memory, so that this takes no longer than writing it.
const TABLES: &str = "
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
PRAGMA temp_store = file;
CREATE TABLE part (
    part INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, events INTEGER NOT NULL, first_at INTEGER, last_at INTEGER,
    last INTEGER NOT NULL
);
CREATE TABLE home (home INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE event (
    position INTEGER PRIMARY KEY, part INTEGER NOT NULL, nth INTEGER NOT NULL, home INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE TABLE place (part INTEGER, nth INTEGER, position INTEGER NOT NULL, PRIMARY KEY (part, nth)) WITHOUT ROWID;
BEGIN;
";

/// So many rows are written before anybody is asked whether to go on.
const BETWEEN_LOOKS: usize = 4_096;

/// What a connection takes beside the pages that it keeps.
const CONNECTION: u64 = 64 << 10;

pub(super) struct OnDisk {
    connection: Mutex<Connection>,
    cache: u64,
    count: u32,
    homes: i64,
    /// The last event's partition and stream: mostly they are the next one's, too.
    open: Option<Open>,
    home: Option<(StreamId, i64)>,
    lists: AtomicU64,
    /// Tells its lists from those of another one.
    mark: Arc<()>,
    /// Why it is no answer any more.
    torn: Mutex<Option<StoreError>>,
}

/// A partition whose row is still to be written.
struct Open {
    name: Box<str>,
    part: u32,
    events: u64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    last: Position,
}

/// Partitions in an order, by the number of the table that holds them; none for the order in which they began.
pub(super) struct Listed {
    of: Arc<()>,
    table: Option<u64>,
}

const PART: &str = "part.part, name, events, first_at, last_at";

impl OnDisk {
    /// What was known so far.
    pub(super) fn of(columns: &InMemory, cache: u64, go_on: &mut dyn FnMut() -> Flow) -> Result<Self, StoreError> {
        let made = Connection::open("").and_then(|connection| {
            connection.pragma_update(None, "cache_size", -((cache >> 10) as i64))?;
            connection.execute_batch(TABLES)?;
            Ok(connection)
        });
        let connection = made.map_err(failed)?;
        let mut looks = 0_usize;
        let mut look = || {
            looks += 1;
            if looks.is_multiple_of(BETWEEN_LOOKS) && go_on().is_break() { Err(StoreError::Cancelled) } else { Ok(()) }
        };
        let mut nth_of = vec![0_u64; columns.len()];
        {
            let mut put = connection.prepare("INSERT INTO home VALUES (?1, ?2)").map_err(failed)?;
            // A stream that a connection numbered anew stands there again.
            let mut find = connection.prepare("SELECT home FROM home WHERE name = ?1").map_err(failed)?;
            let mut homes: Vec<i64> = Vec::with_capacity(columns.streams().len());
            for name in columns.streams() {
                look()?;
                let known = find.query_row([name.as_str()], |row| row.get(0)).optional().map_err(failed)?;
                let home = known.unwrap_or(homes.len() as i64);
                if known.is_none() {
                    put.execute((home, name.as_str())).map_err(failed)?;
                }
                homes.push(home);
            }
            let mut put = connection.prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5)").map_err(failed)?;
            for (position, part, home, version) in columns.events() {
                look()?;
                let Some(nth) = nth_of.get_mut(part as usize) else { continue };
                let home = homes.get(home as usize).copied().unwrap_or_default();
                put.execute((position.0 as i64, part, *nth as i64, home, version.0 as i64)).map_err(failed)?;
                *nth += 1;
            }
            drop(nth_of);
            let mut put = connection.prepare("INSERT INTO part VALUES (?1, ?2, ?3, ?4, ?5, ?6)").map_err(failed)?;
            let mut put_place = connection.prepare("INSERT INTO place VALUES (?1, ?2, ?3)").map_err(failed)?;
            for number in 0..columns.len() as u32 {
                let Some(part) = columns.part(number) else { continue };
                let mut last = Position::default();
                for (nth, position) in (0_i64..).zip(columns.positions_of(number)) {
                    look()?;
                    put_place.execute((number, nth, position.0 as i64)).map_err(failed)?;
                    last = position;
                }
                let StreamPart { name, events, first_at, last_at, .. } = part;
                let times = (first_at.map(Timestamp::micros), last_at.map(Timestamp::micros));
                put.execute((number, name.as_str(), events as i64, times.0, times.1, last.0 as i64)).map_err(failed)?;
            }
        }
        Ok(Self {
            connection: Mutex::new(connection),
            cache,
            count: columns.len() as u32,
            homes: columns.streams().len() as i64,
            open: None,
            home: None,
            lists: AtomicU64::new(0),
            mark: Arc::default(),
            torn: Mutex::default(),
        })
    }

    /// What is asked of the file, unless something of it was lost already.
    fn ask<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        if lock(&self.torn).is_some() {
            return None;
        }
        let asked = ask(&lock(&self.connection));
        let note = |error: rusqlite::Error| {
            tracing::debug!(%error, "partitions that have no room in memory");
            lock(&self.torn).get_or_insert_with(|| failed(error));
        };
        asked.map_err(note).ok()
    }

    pub(super) fn unless_torn(&self) -> Result<(), StoreError> {
        let torn = lock(&self.torn);
        let Some(torn) = &*torn else { return Ok(()) };
        let said = |detail: String| StoreError::from_io(&sqlite_temporary_folder(), std::io::Error::other(detail));
        Err(match torn {
            StoreError::TemporaryFull(folder) => StoreError::TemporaryFull(folder.clone()),
            StoreError::TemporaryChanged(folder) => StoreError::TemporaryChanged(folder.clone()),
            StoreError::Sqlite { source, .. } => said(source.to_string()),
            other => said(other.to_string()),
        })
    }

    pub(super) fn push(&mut self, partition: &str, event: &Numbered<'_>) -> Option<u32> {
        if self.open.as_ref().is_none_or(|open| *open.name != *partition) {
            self.settle();
            self.open = Some(self.take_up(partition, event)?);
        }
        let home = match &self.home {
            Some((stream, home)) if stream == event.stream => *home,
            _ => self.home_of(event.stream)?,
        };
        let open = self.open.as_mut()?;
        let (part, nth) = (open.part, open.events as i64);
        open.events += 1;
        open.last_at = event.recorded_at.or(open.last_at);
        open.last = event.position;
        let (position, version) = (event.position.0 as i64, event.version.0 as i64);
        self.ask(|connection| {
            let put = "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5)";
            connection.prepare_cached(put)?.execute((position, part, nth, home, version))?;
            connection.prepare_cached("INSERT INTO place VALUES (?1, ?2, ?3)")?.execute((part, nth, position))
        })?;
        Some(part)
    }

    fn take_up(&mut self, partition: &str, event: &Numbered<'_>) -> Option<Open> {
        let name: Box<str> = partition.into();
        if let Some(part) = self.named(partition)? {
            let StreamPart { number, events, first_at, last_at, .. } = part;
            return Some(Open { name, part: number, events, first_at, last_at, last: event.position });
        }
        let part = self.count;
        self.count += 1;
        let (first_at, last_at) = (event.recorded_at, event.recorded_at);
        Some(Open { name, part, events: 0, first_at, last_at, last: event.position })
    }

    fn home_of(&mut self, stream: &StreamId) -> Option<i64> {
        let next = self.homes;
        let home = self.ask(|connection| {
            let mut find = connection.prepare_cached("SELECT home FROM home WHERE name = ?1")?;
            let known = find.query_row([stream.as_str()], |row| row.get(0)).optional()?;
            if known.is_none() {
                connection.prepare_cached("INSERT INTO home VALUES (?1, ?2)")?.execute((next, stream.as_str()))?;
            }
            Ok(known.unwrap_or(next))
        })?;
        self.homes += i64::from(home == next);
        self.home = Some((stream.clone(), home));
        Some(home)
    }

    /// Writes what is open.
    pub(super) fn settle(&mut self) {
        let Some(Open { name, part, events, first_at, last_at, last }) = self.open.take() else { return };
        let times = (first_at.map(Timestamp::micros), last_at.map(Timestamp::micros));
        self.ask(|connection| {
            let put = "INSERT INTO part VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (part) DO UPDATE SET
                       events = excluded.events, last_at = excluded.last_at, last = excluded.last";
            connection.prepare_cached(put)?.execute((part, &*name, events as i64, times.0, times.1, last.0 as i64))
        });
    }

    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    pub(super) fn number(&self, name: &str) -> Option<u32> {
        Some(self.named(name)??.number)
    }

    /// `None` where it could not be asked.
    #[expect(clippy::option_option, reason = "whether one is there, and whether that is known")]
    fn named(&self, name: &str) -> Option<Option<StreamPart>> {
        self.ask(|connection| {
            let mut find = connection.prepare_cached(&format!("SELECT {PART} FROM part WHERE name = ?1"))?;
            find.query_row([name], part_of).optional()
        })
    }

    pub(super) fn part(&self, number: u32) -> Option<StreamPart> {
        self.ask(|connection| {
            let mut find = connection.prepare_cached(&format!("SELECT {PART} FROM part WHERE part = ?1"))?;
            find.query_row([number], part_of).optional()
        })?
    }

    pub(super) fn home(&self, position: Position) -> Option<(StreamId, Version)> {
        self.ask(|connection| {
            let find = "SELECT name, version FROM event JOIN home USING (home) WHERE position = ?1";
            let home = |row: &Row<'_>| {
                let version = row.get::<_, i64>(1)? as u64;
                Ok((StreamId::new(row.get::<_, String>(0)?), Version(version)))
            };
            connection.prepare_cached(find)?.query_row([position.0 as i64], home).optional()
        })?
    }

    pub(super) fn place_of(&self, position: Position) -> Option<(u32, u64)> {
        self.ask(|connection| {
            let mut find = connection.prepare_cached("SELECT part, nth FROM event WHERE position = ?1")?;
            let place = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
            find.query_row([position.0 as i64], place).optional()
        })?
    }

    pub(super) fn position(&self, part: u32, nth: u64) -> Option<Position> {
        self.ask(|connection| {
            let mut find = connection.prepare_cached("SELECT position FROM place WHERE part = ?1 AND nth = ?2")?;
            let position = |row: &Row<'_>| Ok(Position(row.get::<_, i64>(0)? as u64));
            find.query_row((part, nth as i64), position).optional()
        })?
    }

    pub(super) fn longest(&self) -> Option<StreamPart> {
        self.ask(|connection| {
            let find = format!("SELECT {PART} FROM part ORDER BY events DESC, part LIMIT 1");
            connection.prepare_cached(&find)?.query_row([], part_of).optional()
        })?
    }

    pub(super) fn span(&self) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
        self.ask(|connection| {
            let time = |at: Option<i64>| at.map(Timestamp::from_micros);
            let span = |row: &Row<'_>| Ok((time(row.get(0)?), time(row.get(1)?)));
            connection.query_row("SELECT min(first_at), max(last_at) FROM part", [], span)
        })
    }

    /// Put in order once, in the file, so that any page of them is found from there.
    pub(super) fn in_order(&self, order: StreamOrder, most: Option<u64>) -> Option<Listed> {
        let by = match order {
            StreamOrder::Began => return Some(Listed { of: Arc::clone(&self.mark), table: None }),
            StreamOrder::Recent => "last DESC",
            StreamOrder::Name => "name",
            StreamOrder::Longest => "events DESC, part",
        };
        let number = self.lists.fetch_add(1, Ordering::Relaxed);
        let most = most.and_then(|most| i64::try_from(most).ok()).unwrap_or(-1);
        self.ask(|connection| {
            connection.execute_batch(&format!(
                "CREATE TABLE listed_{number} (nth INTEGER PRIMARY KEY, part INTEGER NOT NULL);
                 INSERT INTO listed_{number} (part) SELECT part FROM part ORDER BY {by} LIMIT {most};"
            ))
        })?;
        Some(Listed { of: Arc::clone(&self.mark), table: Some(number) })
    }

    /// `None` where they are of another one.
    pub(super) fn page(&self, listed: &Listed, behind: usize, most: usize) -> Option<Vec<StreamPart>> {
        let find = match listed.table.filter(|_| self.has_made(listed)) {
            Some(number) => format!(
                "SELECT {PART} FROM listed_{number} AS listed JOIN part ON part.part = listed.part
                 WHERE nth > ?1 ORDER BY nth LIMIT ?2"
            ),
            None if listed.table.is_none() => {
                format!("SELECT {PART} FROM part WHERE part >= ?1 ORDER BY part LIMIT ?2")
            }
            None => return None,
        };
        self.ask(|connection| {
            let mut find = connection.prepare(&find)?;
            find.query_map((behind as i64, most as i64), part_of)?.collect()
        })
    }

    fn has_made(&self, listed: &Listed) -> bool {
        Arc::ptr_eq(&listed.of, &self.mark)
    }

    pub(super) fn forget(&self, listed: &Listed) {
        if let Some(number) = listed.table.filter(|_| self.has_made(listed)) {
            self.ask(|connection| connection.execute_batch(&format!("DROP TABLE IF EXISTS listed_{number}")));
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.cache + CONNECTION
    }
}

fn part_of(row: &Row<'_>) -> rusqlite::Result<StreamPart> {
    let time = |at: Option<i64>| at.map(Timestamp::from_micros);
    Ok(StreamPart {
        number: row.get(0)?,
        name: StreamId::new(row.get::<_, String>(1)?),
        events: row.get::<_, i64>(2)? as u64,
        first_at: time(row.get(3)?),
        last_at: time(row.get(4)?),
    })
}

fn failed(source: rusqlite::Error) -> StoreError {
    StoreError::from_temporary(&sqlite_temporary_folder(), source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::StreamKey;

    #[test]
    fn what_a_full_disk_did_not_take_is_never_an_answer() {
        let mut disk = OnDisk::of(&InMemory::default(), 1 << 16, &mut || Flow::Continue(())).expect("a file");
        let stream = StreamId::from("a-1");
        let push = |disk: &mut OnDisk, number: u64| {
            let (position, version) = (Position(number), Version(number));
            let event = Numbered { position, stream: &stream, stream_key: StreamKey(0), version, recorded_at: None };
            disk.push(&format!("part {number}"), &event)
        };
        assert_eq!(push(&mut disk, 1), Some(0));
        disk.settle();
        assert!(disk.unless_torn().is_ok());
        assert_eq!((disk.number("part 1"), disk.place_of(Position(1))), (Some(0), Some((0, 0))));
        lock(&disk.connection).execute_batch("PRAGMA max_page_count = 1").expect("no more pages");
        let refused = (2..10_000).find(|number| push(&mut disk, *number).is_none());
        assert!(refused.is_some(), "there is an end to it");
        assert!(matches!(disk.unless_torn(), Err(StoreError::TemporaryFull(_))), "{:?}", disk.unless_torn());
        assert_eq!(disk.place_of(Position(1)), None, "nothing of it is an answer");
    }

    #[test]
    fn what_somebody_changed_in_it_is_told_as_a_temporary_file_and_no_copy_of_it_is_asked_for() {
        for code in [rusqlite::ffi::SQLITE_CORRUPT, rusqlite::ffi::SQLITE_NOTADB] {
            let disk = OnDisk::of(&InMemory::default(), 1 << 16, &mut || Flow::Continue(())).expect("a file");
            let damage = || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            assert_eq!(disk.ask(|_| Err::<(), _>(damage())), None);
            for told in [disk.unless_torn().expect_err("damaged"), failed(damage())] {
                assert!(matches!(told, StoreError::TemporaryChanged(_)), "{told:?}");
            }
        }
    }
}
