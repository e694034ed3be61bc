//! When the payloads of a store changed their shape: read once, and moved on by what is recorded since.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use super::{EngineError, Ticket};
use crate::event::{Cursor, EventBatch};
use crate::index::{Census, Held, Memory, ShapeChange};
use crate::store::{Changes, Columns, Query, Store, StoreError};

/// The shapes of an open store. Clones are of the same.
#[derive(Clone, Debug)]
pub struct StoreShapes(Arc<Mutex<Known>>);

#[derive(Debug)]
struct Known {
    census: Census,
    events: u64,
    read_to: Cursor,
    held: Held,
}

/// Where payloads changed their shape, as far as the store was read.
#[derive(Clone, Debug, Default)]
pub struct ShapesSo {
    pub changes: Arc<[ShapeChange]>,
    /// The store keeps an order across its streams. Where it does not, nothing tells what came before what.
    pub has_order: bool,
}

const COLUMNS: Columns = Columns { payload: true, metadata: false };

/// Batches after which a reading begins anew behind the last, so that no other program has to wait for the end of it
/// before it may write.
const BATCHES_AT_ONCE: usize = 128;

impl StoreShapes {
    pub fn new(memory: &Memory) -> Self {
        let (census, read_to, held) = (Census::default(), Cursor::beginning(), memory.hold());
        Self(Arc::new(Mutex::new(Known { census, events: 0, read_to, held })))
    }

    /// Reads everything, or what was recorded since. What was read before it was stopped stays, and the next call goes on
    /// behind it.
    pub fn follow(&self, reader: &dyn Store, ticket: &Ticket) -> Result<ShapesSo, EngineError> {
        let capabilities = reader.capabilities();
        if !capabilities.has_feed {
            return Ok(ShapesSo::default());
        }
        let mut known = self.turn(ticket)?;
        if let Some(events) = reader.kept_events()? {
            ticket.set_total(events);
        }
        while !known.read_on(reader, ticket)? {}
        Ok(ShapesSo { changes: known.census.changes().into(), has_order: true })
    }

    fn turn(&self, ticket: &Ticket) -> Result<MutexGuard<'_, Known>, StoreError> {
        loop {
            match self.0.try_lock() {
                Ok(known) => return Ok(known),
                Err(TryLockError::Poisoned(known)) => return Ok(known.into_inner()),
                // Who was told to stop has not noticed yet.
                Err(TryLockError::WouldBlock) if ticket.is_cancelled() => return Err(StoreError::Cancelled),
                Err(TryLockError::WouldBlock) => ticket.pause(Duration::from_millis(5)),
            }
        }
    }
}

impl Known {
    /// Some of what is left. Answers whether that was all.
    fn read_on(&mut self, reader: &dyn Store, ticket: &Ticket) -> Result<bool, EngineError> {
        let mut scan = if self.read_to.place().is_none() {
            reader.scan(&Query::store().columns(COLUMNS))?
        } else {
            match reader.changes(&self.read_to, COLUMNS)? {
                Changes::Grew(scan) => scan,
                // What was known is of another store.
                _ => {
                    (self.census, self.events, self.read_to) = (Census::default(), 0, Cursor::beginning());
                    return Ok(false);
                }
            }
        };
        let mut batch = EventBatch::default();
        for _ in 0..BATCHES_AT_ONCE {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                return Ok(true);
            }
            for row in batch.rows() {
                self.census.take(&row);
                self.events += 1;
                if let Some(position) = row.position {
                    self.read_to = Cursor::after(position, row.id.clone());
                }
            }
            self.held.resize(self.census.bytes())?;
            if ticket.reached(self.events).is_break() {
                return Err(StoreError::Cancelled.into());
            }
        }
        Ok(false)
    }
}
