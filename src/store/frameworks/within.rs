use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::store::{Interrupter, StoreError};

/// An interrupt may come between two statements, and the next one then runs on.
const AGAIN: Duration = Duration::from_millis(100);

/// Reads, and interrupts that in the database when it takes longer than the limit: a view may compute for ever before its
/// first row. `None` then.
pub(super) fn within<T>(
    limit: Duration,
    interrupter: Option<Interrupter>,
    read: impl FnOnce() -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let Some(interrupter) = interrupter else { return read().map(Some) };
    let (reading, ended) = sync_channel::<()>(0);
    let watch = move || {
        let mut wait = limit;
        while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            interrupter.interrupt();
            wait = AGAIN;
        }
        wait == AGAIN
    };
    let Ok(watch) = thread::Builder::new().name("watching a reading".to_owned()).spawn(watch) else {
        return read().map(Some);
    };
    let answer = read();
    drop(reading);
    let is_late = watch.join().unwrap_or(false);
    match answer {
        Err(StoreError::Cancelled) if is_late => Ok(None),
        other => other.map(Some),
    }
}
