//! Moves the log of a copy into its file while the copy is recorded. That waits for the disk, and whoever records need
//! not: what is in the log is recorded.

use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::{APPLICATION_ID, PATIENCE};
use crate::store::locking::Locked;
use crate::store::opening::open_to_write;

/// A thread with a connection of its own. Dropping it waits for what it is at.
#[derive(Debug)]
pub(in crate::store) struct LogMover {
    tell: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LogMover {
    /// `None` where there is no thread: the log is then moved by who records.
    pub(in crate::store) fn begin(path: &Path) -> Option<Self> {
        let (tell, told) = sync_channel(1);
        let path = path.to_owned();
        let work = move || {
            let Some(connection) = opened(&path) else { return };
            while told.recv().is_ok() {
                // What could not be moved now is moved the next time.
                if let Err(error) = move_log(&connection) {
                    tracing::debug!(%error, "the log of a copy stays");
                }
            }
        };
        let thread = std::thread::Builder::new().name("moving the log".to_owned()).spawn(work).ok()?;
        Some(Self { tell: Some(tell), thread: Some(thread) })
    }

    /// There is something to be moved. Says whether anybody is there to do it.
    pub(in crate::store) fn begin_moving(&self) -> bool {
        let told = self.tell.as_ref().map(|tell| tell.try_send(()));
        matches!(told, Some(Ok(()) | Err(TrySendError::Full(()))))
    }
}

impl Drop for LogMover {
    fn drop(&mut self) {
        self.tell = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// `None` where it cannot be opened, or something else stands there by now.
fn opened(path: &Path) -> Option<Locked> {
    let connection = open_to_write(path).ok()?;
    connection.busy_timeout(PATIENCE).ok()?;
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).ok()?;
    (id == APPLICATION_ID).then_some(connection)
}

/// As far as nobody has to wait for it.
fn move_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}
