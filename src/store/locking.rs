//! POSIX drops every lock that a process has on a file when the process closes *any* descriptor of that file. SQLite
//! heeds this among the connections it knows to lock; what is opened past its locks must be closed with the same care,
//! or another program could take away a log that this one is still writing to.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

type Kept = Box<dyn Send>;

/// How many locking connections this process has, and what waits to be closed until there is none.
static OPEN: Mutex<(usize, Vec<Kept>)> = Mutex::new((0, Vec::new()));

fn open() -> MutexGuard<'static, (usize, Vec<Kept>)> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lives as long as a connection that locks its file: taken before it is opened, dropped after it.
#[derive(Debug)]
struct Locking(());

impl Locking {
    fn begin() -> Self {
        open().0 += 1;
        Self(())
    }
}

impl Drop for Locking {
    fn drop(&mut self) {
        let mut open = open();
        open.0 -= 1;
        if open.0 == 0 {
            open.1.clear();
        }
    }
}

/// A connection that locks its file. Whatever becomes of it, it is closed before it counts no longer as one that does.
#[derive(Debug)]
pub(crate) struct Locked<C = Connection> {
    // Fields are dropped in this order.
    connection: C,
    locking: Locking,
}

impl<C> Locked<C> {
    pub(crate) fn open<E>(open: impl FnOnce() -> Result<C, E>) -> Result<Self, E> {
        let locking = Locking::begin();
        let connection = open()?;
        Ok(Self { connection, locking })
    }
}

impl Locked {
    pub(crate) fn close(self) -> rusqlite::Result<()> {
        let Self { connection, locking } = self;
        let closed = connection.close().map_err(|(_, error)| error);
        drop(locking);
        closed
    }
}

impl<C> Deref for Locked<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.connection
    }
}

impl<C> DerefMut for Locked<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.connection
    }
}

/// A file that is open without locks; it is closed only while this process locks none.
pub(crate) struct Unlocked<T: Send + 'static>(Option<T>);

/// Opens what may be a database to read some of it.
pub(crate) fn open_beside_locks(path: &Path) -> io::Result<Unlocked<File>> {
    File::open(path).map(Unlocked::new)
}

impl<T: Send + 'static> Unlocked<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T: Send + 'static> Deref for Unlocked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => unreachable!("only dropping takes it"),
        }
    }
}

impl<T: Send + 'static> Drop for Unlocked<T> {
    fn drop(&mut self) {
        let Some(value) = self.0.take() else { return };
        let mut open = open();
        if open.0 > 0 {
            open.1.push(Box::new(value));
        } else {
            // Closed before the next connection may begin to lock.
            drop(value);
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Unlocked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlocked").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    struct TellsItsEnd(SyncSender<()>);

    impl Drop for TellsItsEnd {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }

    fn watched() -> (Unlocked<TellsItsEnd>, Receiver<()>) {
        let (sender, ended) = sync_channel(1);
        (Unlocked::new(TellsItsEnd(sender)), ended)
    }

    #[test]
    fn what_is_open_without_locks_is_closed_when_no_lock_can_be_lost_by_it() {
        let (first, second) = (Locking::begin(), Locking::begin());
        let (value, ended) = watched();
        drop(value);
        drop(first);
        assert!(ended.try_recv().is_err(), "closed while a connection holds its locks");
        drop(second);
        ended.recv().unwrap();
        let (value, ended) = watched();
        drop(value);
        ended.recv().unwrap();
    }

    /// In the place of a connection: as it goes, another file is closed.
    struct ClosesAnother(Option<Unlocked<TellsItsEnd>>, SyncSender<bool>, Receiver<()>);

    impl ClosesAnother {
        fn new(went: &SyncSender<bool>) -> Self {
            let (value, ended) = watched();
            Self(Some(value), went.clone(), ended)
        }
    }

    impl Drop for ClosesAnother {
        fn drop(&mut self) {
            drop(self.0.take());
            let _ = self.1.send(self.2.try_recv().is_err());
        }
    }

    #[test]
    fn a_connection_locks_until_it_is_closed_however_it_ends() {
        let (went, goes) = sync_channel(1);
        let made = Locked::open(|| Ok::<_, ()>(ClosesAnother::new(&went))).expect("made");
        drop(made);
        assert!(goes.recv().expect("it went"), "it counted as locking when it went");
        let failed = Locked::<ClosesAnother>::open(|| {
            let _made = ClosesAnother::new(&went);
            Err(())
        });
        assert!(failed.is_err() && goes.recv().expect("it went"), "one that is given up does, too");
        let take = |made: Locked<ClosesAnother>| -> Result<(), ()> {
            let _also = &made;
            Err(())
        };
        let made = Locked::open(|| Ok::<_, ()>(ClosesAnother::new(&went))).expect("made");
        assert!(take(made).is_err() && goes.recv().expect("it went"), "and one that was handed on");
    }
}
