//! What is read of an origin, some of it ahead of what is being recorded.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::event::{Cursor, EventBatch, EventRow};
use crate::store::{Changes, Columns, Interrupter, Scan, Store, StoreError};

/// So many events are recorded together: enough for the disk to be no matter, few enough that another program which
/// follows too does not wait long.
pub(super) const TOGETHER: usize = 20_000;

/// And so many first, behind which others are read ahead.
pub(super) const FIRST: usize = 2_000;

/// So long are their texts at most.
const TEXTS_TOGETHER: usize = 32 << 20;

/// What is recorded in one transaction.
pub(super) struct Chunk {
    pub(super) batches: Vec<EventBatch>,
    pub(super) is_last: bool,
}

impl Chunk {
    pub(super) fn read(scan: &mut dyn Scan, most: usize) -> Result<Self, StoreError> {
        let (mut batches, mut events, mut texts) = (Vec::new(), 0, 0);
        loop {
            let mut batch = EventBatch::default();
            scan.next_batch(&mut batch)?;
            let is_last = batch.is_empty();
            (events, texts) = (events + batch.len(), texts + batch.text_len());
            if !is_last {
                batches.push(batch);
            }
            if is_last || events >= most || texts >= TEXTS_TOGETHER {
                return Ok(Self { batches, is_last });
            }
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = EventRow<'_>> {
        self.batches.iter().flat_map(EventBatch::rows)
    }
}

/// The chunks behind a place, read by a thread with a connection of its own while those before them are recorded.
/// Dropping it ends the reading.
pub(super) struct Ahead {
    told: Option<Receiver<Read>>,
    interrupter: Option<Interrupter>,
    thread: Option<JoinHandle<()>>,
}

/// `None` where the origin is no longer what it was.
type Read = Result<Option<Chunk>, StoreError>;

/// Between two attempts to end a reading.
const ENDING: Duration = Duration::from_millis(5);

impl Ahead {
    /// `None` where there is no second connection or no thread.
    pub(super) fn begin(origin: &dyn Store, behind: Cursor) -> Option<Self> {
        let reader = origin.again().ok()?;
        let interrupter = reader.interrupter();
        // One chunk is recorded, one is read, and none waits.
        let (tell, told) = sync_channel(0);
        let work = move || {
            if let Err(error) = read_on(reader.as_ref(), &behind, &tell) {
                let _ = tell.send(Err(error));
            }
        };
        let thread = std::thread::Builder::new().name("reading ahead".to_owned()).spawn(work).ok()?;
        Some(Self { told: Some(told), interrupter, thread: Some(thread) })
    }

    pub(super) fn next(&mut self) -> Read {
        match self.told.as_ref().map(Receiver::recv) {
            Some(Ok(read)) => read,
            Some(Err(_)) | None => Ok(None),
        }
    }
}

fn read_on(reader: &dyn Store, behind: &Cursor, tell: &SyncSender<Read>) -> Result<(), StoreError> {
    let Changes::Grew(mut scan) = reader.changes(behind, Columns::ALL)? else {
        let _ = tell.send(Ok(None));
        return Ok(());
    };
    loop {
        let chunk = Chunk::read(scan.as_mut(), TOGETHER)?;
        let is_last = chunk.is_last;
        if tell.send(Ok(Some(chunk))).is_err() || is_last {
            return Ok(());
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.told = None;
        let Some(thread) = self.thread.take() else { return };
        while !thread.is_finished() {
            if let Some(interrupter) = &self.interrupter {
                interrupter.interrupt();
            }
            std::thread::park_timeout(ENDING);
        }
    }
}
