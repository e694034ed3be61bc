//! What happened in a store, when and by whom: read in one pass without payloads, and moved on by what is recorded since.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard, TryLockError};
use std::time::Duration;

use super::as_of::{end_at, unless_replaced};
use super::counting::categories;
use super::ticket::lock;
use super::whole::each_decoded_of;
use super::{EngineError, Ticket};
use crate::event::{Cursor, EventBatch, StreamId};
use crate::index::{Categories, Chronicle, ChronicleRows, Held, Memory, OverBudget, StoreMoment};
use crate::replay::DecodedRows;
use crate::store::{Changes, Columns, Store, StoreError};

/// The chronicle of an open store. Clones are of the same: one is filled while others look at what was read so far.
#[derive(Clone, Debug)]
pub struct StoreChronicle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    content: RwLock<Chronicle>,
    held: Mutex<Held>,
    /// Whoever fills it.
    turn: Mutex<()>,
}

/// What a chronicle holds by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChronicleSo {
    pub events: u64,
    /// Up to where the store was read. Nothing, where it has no order.
    pub read_to: Cursor,
}

/// Who recorded an event stands in its metadata.
const COLUMNS: Columns = Columns { payload: false, metadata: true };

/// Batches after which a reading begins anew behind the last, so that no other program has to wait for the end of it
/// before it may write.
const BATCHES_AT_ONCE: usize = 128;

/// Events after which it is seen whether there is room for more.
const BETWEEN_LOOKS: usize = 1 << 17;

impl StoreChronicle {
    pub fn new(memory: &Memory) -> Self {
        Self(Arc::new(Shared {
            content: RwLock::new(Chronicle::new(true, true)),
            held: Mutex::new(memory.hold()),
            turn: Mutex::default(),
        }))
    }

    /// Looks at what was read so far. Whoever looks long holds up whoever reads on.
    pub fn look<T>(&self, look: impl FnOnce(&Chronicle) -> T) -> T {
        look(&self.0.content.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same for who draws and must not wait: `None` where it is being added to just then.
    pub fn look_now<T>(&self, look: impl FnOnce(&Chronicle) -> T) -> Option<T> {
        match self.0.content.try_read() {
            Ok(content) => Some(look(&content)),
            Err(TryLockError::Poisoned(content)) => Some(look(&content.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, Chronicle> {
        self.0.content.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads everything, or what was recorded since. What was read before an error or the end of the ticket stays, and the
    /// next call goes on behind it. What was known of a store that was replaced serves until all is known anew.
    pub fn follow(&self, reader: &dyn Store, ticket: &Ticket) -> Result<ChronicleSo, EngineError> {
        let _turn = loop {
            match self.0.turn.try_lock() {
                Ok(turn) => break turn,
                Err(TryLockError::Poisoned(turn)) => break turn.into_inner(),
                // Who was told to stop has not noticed yet.
                Err(TryLockError::WouldBlock) if ticket.is_cancelled() => return Err(StoreError::Cancelled.into()),
                Err(TryLockError::WouldBlock) => ticket.pause(Duration::from_millis(5)),
            }
        };
        if let Some(events) = reader.kept_events()? {
            ticket.set_total(events);
        }
        if !self.go_on(reader, ticket)? {
            self.read_anew(reader, ticket)?;
        }
        self.weigh()?;
        Ok(self.look(|chronicle| ChronicleSo { events: chronicle.len() as u64, read_to: chronicle.read_to().clone() }))
    }

    fn weigh(&self) -> Result<(), OverBudget> {
        let bytes = self.look(Chronicle::bytes);
        lock(&self.0.held).resize(bytes)
    }

    /// False where nothing was read yet, or what was is no more what the store holds.
    fn go_on(&self, reader: &dyn Store, ticket: &Ticket) -> Result<bool, EngineError> {
        let has_keys = reader.capabilities().has_dense_positions;
        let mut weighed = self.look(Chronicle::len);
        loop {
            let read_to = self.look(|chronicle| chronicle.read_to().clone());
            if read_to.place().is_none() {
                return Ok(false);
            }
            let Changes::Grew(mut scan) = reader.changes(&read_to, COLUMNS)? else { return Ok(false) };
            let mut batch = EventBatch::default();
            let mut is_over = false;
            for _ in 0..BATCHES_AT_ONCE {
                scan.next_batch(&mut batch)?;
                is_over = batch.is_empty();
                if is_over {
                    break;
                }
                let categories = if has_keys { Categories::default() } else { self.new_categories(reader, &batch)? };
                let mut rows = ChronicleRows::new(&categories, has_keys);
                batch.rows().for_each(|row| rows.push(&row));
                let len = self.add(rows);
                if ticket.reached(len as u64).is_break() {
                    return Err(StoreError::Cancelled.into());
                }
                if len > weighed + BETWEEN_LOOKS {
                    weighed = len;
                    self.weigh()?;
                }
            }
            if is_over {
                let read_to = self.look(|chronicle| chronicle.read_to().clone());
                self.write().finish(read_to);
                return Ok(true);
            }
        }
    }

    fn add(&self, rows: ChronicleRows) -> usize {
        let mut content = self.write();
        content.take(rows);
        content.len()
    }

    /// What the layout says of streams that were not met before, where their names say something else.
    fn new_categories(&self, reader: &dyn Store, batch: &EventBatch) -> Result<Categories, StoreError> {
        let mut asked: HashMap<StreamId, Arc<str>> = HashMap::new();
        for row in batch.rows() {
            let is_known = |chronicle: &Chronicle| chronicle.find_stream(row.stream.as_str()).is_some();
            if asked.contains_key(row.stream) || self.look(is_known) {
                continue;
            }
            let category = reader.stream(row.stream)?.map(|row| row.category);
            let category = category.as_deref().unwrap_or_else(|| row.stream.category()).into();
            asked.insert(row.stream.clone(), category);
        }
        Ok(Arc::new(asked))
    }

    fn read_anew(&self, reader: &dyn Store, ticket: &Ticket) -> Result<(), EngineError> {
        let capabilities = reader.capabilities();
        let (has_order, has_keys) = (capabilities.has_feed, capabilities.has_dense_positions);
        let empty = || Chronicle::new(has_order, has_keys);
        // What is shown grows where nothing was shown before; otherwise it is put in its place at the end.
        let mut aside = (!has_order || !self.look(Chronicle::is_empty)).then(empty);
        if aside.is_none() {
            *self.write() = empty();
        }
        let end = end_at(reader, StoreMoment::Latest)?;
        let categories = categories(reader)?;
        let rows = || -> Box<dyn DecodedRows> { Box::new(ChronicleRows::new(&categories, has_keys)) };
        let (mut weighed, mut over) = (0, None);
        let mut take = |rows: Box<dyn DecodedRows>, seen: u64| {
            let rows: Box<dyn Any> = rows;
            let Ok(rows) = rows.downcast::<ChronicleRows>() else {
                debug_assert!(false, "rows that were decoded for something else");
                return Ok(());
            };
            match &mut aside {
                Some(aside) => aside.take(*rows),
                None => {
                    self.add(*rows);
                }
            }
            if seen as usize > weighed + BETWEEN_LOOKS {
                weighed = seen as usize;
                let bytes = aside.as_ref().map_or_else(|| self.look(Chronicle::bytes), Chronicle::bytes);
                over = lock(&self.0.held).resize(bytes).err();
            }
            if over.is_some() || ticket.reached(seen).is_break() { Err(StoreError::Cancelled) } else { Ok(()) }
        };
        if !has_order || end.place().is_some() {
            let read = each_decoded_of(reader, &rows, None, end.position(), COLUMNS, &mut take);
            if let Some(over) = over {
                return Err(over.into());
            }
            read?;
        }
        if let Err(error) = unless_replaced(reader, &end) {
            // What was read is of two stores.
            if aside.is_none() {
                *self.write() = empty();
            }
            return Err(error.into());
        }
        match aside {
            Some(mut anew) => {
                anew.finish(end);
                *self.write() = anew;
            }
            None => self.write().finish(end),
        }
        Ok(())
    }
}
