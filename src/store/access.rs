use std::path::Path;

use rusqlite::Connection;

use super::locking::Locked;
use super::opening::ReadOnlyFile;
use super::{Interrupter, Notice, Steady, StoreError};

/// How a SQLite file is open, whoever laid out its tables.
#[derive(Debug)]
pub(super) enum Access {
    Looking(ReadOnlyFile),
    Writing(Locked),
}

impl Access {
    pub(super) fn connection(&self) -> &Connection {
        match self {
            Self::Looking(file) => file.connection(),
            Self::Writing(connection) => connection,
        }
    }

    /// An answer, if nobody wrote to the file meanwhile. A half-seen write can look like damage; that somebody wrote is
    /// then the truer answer.
    pub(super) fn held_still<T>(&self, path: &Path, answer: rusqlite::Result<T>) -> Result<T, StoreError> {
        if let Self::Looking(file) = self {
            file.still_the_same()?;
        }
        answer.map_err(|source| StoreError::from_sqlite(path, source))
    }

    /// See [`super::Store::is_current`].
    pub(super) fn is_current(&self) -> bool {
        match self {
            Self::Looking(file) => file.is_current(),
            Self::Writing(_) => true,
        }
    }

    /// See [`super::Store::may_be_kept`].
    pub(super) fn may_be_kept(&self) -> bool {
        match self {
            Self::Looking(file) => file.may_be_kept(),
            Self::Writing(_) => false,
        }
    }

    /// See [`super::Store::interrupter`].
    pub(super) fn interrupter(&self) -> Interrupter {
        let handle = self.connection().get_interrupt_handle();
        Interrupter::new(move || handle.interrupt())
    }

    /// See [`super::Store::steady`]. Within a moment that is held already, it is that one.
    pub(super) fn steady(&self, path: &Path) -> Result<Steady<'_>, StoreError> {
        let connection = self.connection();
        if !connection.is_autocommit() {
            return Ok(Steady::default());
        }
        let reading = connection.unchecked_transaction().map_err(|source| StoreError::from_sqlite(path, source))?;
        Ok(Steady::until(move || drop(reading)))
    }

    pub(super) fn is_damaged(&self) -> bool {
        matches!(self, Self::Looking(file) if file.is_damaged)
    }

    /// What whoever looks should know of the file first.
    pub(super) fn notice(&self, path: &Path) -> Option<Notice> {
        self.is_damaged().then(|| Notice::FileDamaged(path.to_owned()))
    }
}
