//! What is read of an origin, some of it ahead of what is being recorded.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::event::{Cursor, EventBatch, EventRow};
use crate::store::{Changes, Columns, Interrupter, Scan, Store, StoreError};

/// So many events are read at once where nobody reads ahead.
pub(super) const TOGETHER: usize = 20_000;

/// So many first, behind which others are read ahead.
const FIRST: usize = 2_000;

/// So many are recorded together at most, so that a stream is written to once for many of its events: few at first, that
/// somebody who looks at the mirror sees some of it soon.
const MOST_TOGETHER: u64 = 50_000;
const GROWTH: u64 = 4;

/// And so many at once where they are: few enough that they are still at hand when they are recorded.
const PIECE: usize = 4_000;

/// So many of these pieces wait at most, so that the reading goes on while the disk is waited for.
const PIECES: usize = 3;

/// So long are their texts at most.
const TEXTS_TOGETHER: usize = 8 << 20;

/// Events that were read together.
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

    /// How long its texts are together.
    pub(super) fn texts(&self) -> usize {
        self.batches.iter().map(EventBatch::text_len).sum()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = EventRow<'_>> {
        self.batches.iter().flat_map(EventBatch::rows)
    }
}

/// What is new in an origin that has an order, chunk after chunk, and where that has come to.
pub(super) struct Coming<'o> {
    origin: &'o dyn Store,
    scan: Box<dyn Scan + 'o>,
    ahead: Option<Ahead>,
    cursor: Cursor,
    is_begun: bool,
    together: u64,
}

impl<'o> Coming<'o> {
    /// Where about so many events are known to be behind the place, they are read ahead at once.
    pub(super) fn begin(origin: &'o dyn Store, scan: Box<dyn Scan + 'o>, cursor: Cursor, about: u64) -> Self {
        let ahead = if about > TOGETHER as u64 { Ahead::begin(origin, cursor.clone()) } else { None };
        let is_begun = ahead.is_some();
        Self { origin, scan, ahead, cursor, is_begun, together: FIRST as u64 }
    }

    /// How many events are to be recorded together now.
    pub(super) fn together(&mut self) -> u64 {
        let grown = (self.together * GROWTH).min(MOST_TOGETHER);
        std::mem::replace(&mut self.together, grown)
    }

    /// The end of what was handed over.
    pub(super) fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The next chunk, empty at the end; `None` where the origin is no longer what it was.
    pub(super) fn next(&mut self) -> Result<Option<Chunk>, StoreError> {
        let Some(chunk) = self.read()? else { return Ok(None) };
        self.pass(&chunk);
        if !std::mem::replace(&mut self.is_begun, true) && !chunk.is_last {
            self.ahead = Ahead::begin(self.origin, self.cursor.clone());
        }
        Ok(Some(chunk))
    }

    /// Whether there is time before the next is read.
    pub(super) fn has_time(&mut self) -> bool {
        self.ahead.as_mut().is_some_and(|ahead| !ahead.has_come())
    }

    /// The same where it is read already, or nearly so.
    pub(super) fn next_soon(&mut self) -> Option<Result<Option<Chunk>, StoreError>> {
        let read = self.ahead.as_mut()?.next_soon()?;
        if let Ok(Some(chunk)) = &read {
            self.pass(chunk);
        }
        Some(read)
    }

    fn read(&mut self) -> Read {
        match &mut self.ahead {
            Some(ahead) => ahead.next(),
            None => Chunk::read(self.scan.as_mut(), if self.is_begun { TOGETHER } else { FIRST }).map(Some),
        }
    }

    fn pass(&mut self, chunk: &Chunk) {
        chunk.batches.iter().for_each(|batch| self.cursor.advance(batch));
    }
}

/// The chunks behind a place, read by a thread with a connection of its own while those before them are recorded.
/// Dropping it ends the reading.
struct Ahead {
    told: Option<Receiver<Read>>,
    at_hand: Option<Read>,
    interrupter: Option<Interrupter>,
    thread: Option<JoinHandle<()>>,
}

/// `None` where the origin is no longer what it was.
type Read = Result<Option<Chunk>, StoreError>;

/// So long a transaction is kept open for what is being read.
const SOON: Duration = Duration::from_millis(100);

/// Between two attempts to end a reading.
const ENDING: Duration = Duration::from_millis(5);

impl Ahead {
    /// `None` where there is no second connection or no thread.
    fn begin(origin: &dyn Store, behind: Cursor) -> Option<Self> {
        let reader = origin.again().ok()?;
        let interrupter = reader.interrupter();
        let (tell, told) = sync_channel(PIECES);
        let work = move || {
            if let Err(error) = read_on(reader.as_ref(), &behind, &tell) {
                let _ = tell.send(Err(error));
            }
        };
        let thread = std::thread::Builder::new().name("reading ahead".to_owned()).spawn(work).ok()?;
        Some(Self { told: Some(told), at_hand: None, interrupter, thread: Some(thread) })
    }

    fn next(&mut self) -> Read {
        if let Some(read) = self.at_hand.take() {
            return read;
        }
        match self.told.as_ref().map(Receiver::recv) {
            Some(Ok(read)) => read,
            Some(Err(_)) | None => Ok(None),
        }
    }

    /// Whether the next was read already, as far as is known without taking it.
    fn has_come(&mut self) -> bool {
        if self.at_hand.is_none() {
            self.at_hand = self.told.as_ref().and_then(|told| told.try_recv().ok());
        }
        self.at_hand.is_some()
    }

    fn next_soon(&mut self) -> Option<Read> {
        if let Some(read) = self.at_hand.take() {
            return Some(read);
        }
        match self.told.as_ref()?.recv_timeout(SOON) {
            Ok(read) => Some(read),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Ok(None)),
        }
    }
}

fn read_on(reader: &dyn Store, behind: &Cursor, tell: &SyncSender<Read>) -> Result<(), StoreError> {
    let Changes::Grew(mut scan) = reader.changes(behind, Columns::ALL)? else {
        let _ = tell.send(Ok(None));
        return Ok(());
    };
    let mut most = FIRST;
    loop {
        let chunk = Chunk::read(scan.as_mut(), most)?;
        let is_last = chunk.is_last;
        if tell.send(Ok(Some(chunk))).is_err() || is_last {
            return Ok(());
        }
        most = PIECE;
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
