//! The native store: one SQLite file.

mod append;
mod aside;
pub(in crate::store) mod chain;
mod content;
mod counts;
mod links;
mod log;
mod mirror;
mod names;
mod read;
mod scan;
mod schema;
mod verify;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

pub use append::{Bulk, Recorded};
pub use aside::{Aside, Meanwhile};
pub(in crate::store) use log::LogMover;
pub use mirror::{Gap, Mirror, MirrorStanding};

use super::access::Access;
use super::locking::open_beside_locks;
use super::opening::{ReadOnlyFile, open_to_write, side_file};
use super::{Damage, Flow, Store, StoreError};
use names::Names;
use schema::Format;

/// Says "this file is a Foldline store" to `file(1)` and to ourselves: the letters `FOLD`.
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"FOLD");

/// What SQLite keeps beside a database.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// How long an append waits for another writer before it says so.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pages that are held while a copy is recorded.
const COPY_CACHE_KIB: i64 = 32 << 10;

/// So long a log of copied events is before it is moved into the file, by somebody who does not record.
pub(in crate::store) const COPY_LOG: u64 = 32 << 20;

/// So many pages it has at most: where nobody else moved them, who records does.
const COPY_LOG_PAGES: i64 = 32 << 10;

/// A native store, open for reading or for both.
#[derive(Debug)]
pub struct NativeStore {
    path: PathBuf,
    /// As its errors call it: one that is made aside goes by the name that it is to have.
    named: PathBuf,
    access: Access,
    names: Names,
    /// Which of the formats the file is in; one that is written is brought to the newest.
    format: Format,
}

impl NativeStore {
    /// Makes a new store where no file is yet.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        StoreError::unless_part_of_another(path, &SIDE_FILES)?;
        std::fs::File::create_new(path).map_err(|error| match (error.kind(), path.parent()) {
            (std::io::ErrorKind::NotFound, Some(folder)) => StoreError::NoFolder(folder.to_owned()),
            _ => StoreError::from_io(path, error),
        })?;
        let made = Self::connected(path);
        if made.is_err() {
            // What could not be made whole would stand in the way of the next attempt.
            for suffix in SIDE_FILES.into_iter().chain([""]) {
                let _ = std::fs::remove_file(side_file(path, suffix));
            }
        }
        made
    }

    /// Opens a store to bring events into, or makes it where none is. An empty file is taken up, and so is a store that
    /// an earlier call had begun when it was killed: neither holds anything that could be lost. What was made stays, even
    /// where nothing is brought in after all: another program may have it open by then, and record into it.
    pub fn open_or_create(path: &Path) -> Result<Self, StoreError> {
        StoreError::unless_file(path)?;
        if !path.exists() {
            return Self::create(path);
        }
        if is_barely_begun(path) {
            // A journal is how its own making is taken up again; a log cannot be its own yet.
            StoreError::unless_part_of_another(path, &["-wal"])?;
            return Self::connected(path);
        }
        Self::open_for_writing(path)
    }

    /// Opens to look only. Nothing is written, not even a side file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = ReadOnlyFile::open(path)?;
        let format = schema::recognise(path, file.connection())?;
        Ok(Self {
            path: path.to_owned(),
            named: path.to_owned(),
            access: Access::Looking(file),
            names: Names::default(),
            format,
        })
    }

    /// Takes a file that is open already for a store, or gives it back where it is none of ours.
    pub(in crate::store) fn recognised(
        path: &Path,
        file: ReadOnlyFile,
    ) -> Result<Result<Self, ReadOnlyFile>, StoreError> {
        match schema::recognise(path, file.connection()) {
            Ok(format) => Ok(Ok(Self {
                path: path.to_owned(),
                named: path.to_owned(),
                access: Access::Looking(file),
                names: Names::default(),
                format,
            })),
            Err(StoreError::Unrecognised { .. }) => Ok(Err(file)),
            Err(error) => Err(error),
        }
    }

    /// Opens a store to record into it. What is a mirror is refused: it holds what its origin holds.
    pub fn open_for_writing(path: &Path) -> Result<Self, StoreError> {
        let seen = Self::seen(path)?;
        if let Some(Mirror { origin, .. }) = seen.mirror().ok().flatten() {
            return Err(StoreError::Mirror { path: path.to_owned(), origin });
        }
        drop(seen);
        Self::open_seen(path)
    }

    /// Opens a mirror to bring in what its origin holds; `None` where the store is none.
    pub(in crate::store) fn open_mirror(path: &Path) -> Result<Option<(Self, Mirror)>, StoreError> {
        let seen = Self::seen(path)?;
        let mirror = seen.mirror()?;
        drop(seen);
        let Some(mirror) = mirror else { return Ok(None) };
        let store = Self::open_seen(path)?;
        store.record_a_copy().map_err(|source| StoreError::from_sqlite(path, source))?;
        Ok(Some((store, mirror)))
    }

    /// What a power cut takes of a copy comes again, since how far it is goes with it; what is left is whole. And what is
    /// recorded refers to rows that were made or found in the same transaction, so that nobody need look for them again.
    fn record_a_copy(&self) -> rusqlite::Result<()> {
        self.connection().pragma_update(None, "synchronous", "normal")?;
        // What one transaction touches; with less room, pages go to the log and come back within it.
        self.connection().pragma_update(None, "cache_size", -COPY_CACHE_KIB)?;
        // Pages of an index are touched by nearly every transaction: moved into the file less often, they are written
        // less often.
        self.connection().pragma_update(None, "wal_autocheckpoint", COPY_LOG_PAGES)?;
        self.connection().pragma_update(None, "foreign_keys", false)
    }

    /// Recognised before a writing connection touches it: a foreign database must not even get side files.
    fn seen(path: &Path) -> Result<Self, StoreError> {
        let seen = Self::open(path)?;
        if seen.format == Format::NONE {
            return Err(StoreError::Damaged { path: path.to_owned(), detail: Damage::FormatGone });
        }
        Ok(seen)
    }

    fn open_seen(path: &Path) -> Result<Self, StoreError> {
        Self::connected(path).map_err(|error| match error {
            // It was just read, so what is missing is the right to write beside it.
            StoreError::Denied(path) => StoreError::ReadOnly(path),
            other => other,
        })
    }

    fn connected(path: &Path) -> Result<Self, StoreError> {
        let connection = open_to_write(path)?;
        let prepare = || {
            connection.busy_timeout(PATIENCE)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            schema::prepare(&connection)
        };
        prepare().map_err(|source| StoreError::from_sqlite(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            named: path.to_owned(),
            access: Access::Writing(connection),
            names: Names::default(),
            format: Format::NEWEST,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For tests of impatience: how long to wait for another writer.
    pub fn set_patience(&self, patience: Duration) -> Result<(), StoreError> {
        self.connection().busy_timeout(patience).map_err(|source| self.failed(source))
    }

    /// For tests of a full disk: how many pages the file may have.
    #[cfg(test)]
    pub(in crate::store) fn allow_pages(&self, pages: u32) {
        let allowed = self.connection().query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()));
        allowed.expect("a limit");
    }

    fn connection(&self) -> &Connection {
        self.access.connection()
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(&self.named, source)
    }

    /// Runs one reading and makes sure afterwards that what it saw held still.
    fn reading<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.held_still(read(self.connection()))
    }

    fn held_still<T>(&self, answer: rusqlite::Result<T>) -> Result<T, StoreError> {
        self.access.held_still(&self.path, answer)
    }
}

/// A store is made in one transaction with a journal beside it, and logs ahead only once it is whole. So a file of ours
/// beside a journal is one whose making was interrupted.
fn is_barely_begun(path: &Path) -> bool {
    let len = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    if len(path) == 0 {
        return true;
    }
    let mut header = [0; 100];
    let read = open_beside_locks(path).and_then(|file| std::io::Read::read_exact(&mut &*file, &mut header));
    // Where SQLite keeps the application's number.
    let is_ours = read.is_ok() && header[68..72] == APPLICATION_ID.to_be_bytes();
    is_ours && len(&side_file(path, "-journal")) > 0
}

/// Stops a visit that its visitor broke off.
fn keep_going(flow: Flow) -> bool {
    flow.is_continue()
}

#[allow(dead_code, reason = "proves at compile time that an open store can move to a background thread")]
fn an_open_store_moves_between_threads(store: NativeStore) -> Box<dyn Store> {
    Box::new(store)
}
