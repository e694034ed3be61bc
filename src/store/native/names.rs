use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use crate::event::{EventType, StreamId, StreamKey};

/// Streams are named in blocks: reading a store in order meets neighbouring numbers, so one range query serves
/// many rows and a short look costs little.
const BLOCK: u32 = 1024;

/// What the interned numbers stand for, learnt as rows are met. Names never change, so what was learnt stays true.
#[derive(Debug, Default)]
pub(super) struct Names {
    streams: RefCell<Numbered<StreamId>>,
    types: RefCell<Numbered<EventType>>,
    has_unreadable: Cell<bool>,
}

/// Names by their numbers. A store counts up from one, so most stand in a row; a number far beyond the others, which
/// only another tool can have written, takes no more memory than any.
#[derive(Debug)]
struct Numbered<T> {
    near: Vec<Option<T>>,
    far: HashMap<u32, T>,
    known: usize,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { near: Vec::new(), far: HashMap::new(), known: 0 }
    }
}

impl<T> Numbered<T> {
    /// A reading may begin anywhere in a store of this many streams and still find names by their place.
    const NEAR: usize = 1 << 20;

    fn get(&self, number: u32) -> Option<&T> {
        match self.near.get(number as usize) {
            Some(Some(name)) => Some(name),
            _ => self.far.get(&number),
        }
    }

    fn learn(&mut self, number: u32, name: T) {
        self.known += 1;
        let place = number as usize;
        if place >= Self::NEAR.max(8 * self.known) {
            self.far.insert(number, name);
            return;
        }
        if self.near.len() <= place {
            self.near.resize_with(place + 1, || None);
        }
        if let Some(near) = self.near.get_mut(place) {
            *near = Some(name);
        }
    }
}

impl Names {
    pub(super) fn stream(&self, connection: &Connection, key: StreamKey) -> rusqlite::Result<StreamId> {
        if let Some(name) = self.streams.borrow().get(key.0) {
            return Ok(name.clone());
        }
        let learnt = self.learn_block(connection, key.0 / BLOCK * BLOCK);
        let known = self.streams.borrow().get(key.0).cloned();
        match (known, learnt) {
            (Some(name), _) => Ok(name),
            (None, Ok(())) => Err(rusqlite::Error::QueryReturnedNoRows),
            (None, Err(error)) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                self.has_unreadable.set(true);
                Ok(StreamId::new(format!("(stream {} of unreadable name)", key.0)))
            }
            (None, Err(error)) => Err(error),
        }
    }

    /// Whether a name had to be left unread since this was last asked: the events were shown, but the reading as a
    /// whole met damage.
    pub(super) fn met_damage(&self) -> bool {
        self.has_unreadable.take()
    }

    fn learn_block(&self, connection: &Connection, first: u32) -> rusqlite::Result<()> {
        let mut streams = self.streams.borrow_mut();
        let mut block = connection.prepare_cached("SELECT id, name FROM streams WHERE id BETWEEN ?1 AND ?2")?;
        let mut rows = block.query([first, first + (BLOCK - 1)])?;
        while let Some(row) = rows.next()? {
            let id: u32 = row.get(0)?;
            if streams.get(id).is_none() {
                streams.learn(id, StreamId::new(lossy(row.get_ref(1)?)));
            }
        }
        Ok(())
    }

    pub(super) fn event_type(&self, connection: &Connection, key: u32) -> rusqlite::Result<EventType> {
        if let Some(name) = self.types.borrow().get(key) {
            return Ok(name.clone());
        }
        let name = connection
            .prepare_cached("SELECT name FROM types WHERE id = ?1")?
            .query_row([key], |row| Ok(EventType::new(lossy(row.get_ref(0)?))))?;
        self.types.borrow_mut().learn(key, name.clone());
        Ok(name)
    }

    pub(super) fn stream_key(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Option<StreamKey>> {
        connection
            .prepare_cached("SELECT id FROM streams WHERE name = ?1")?
            .query_row([stream.as_str()], |row| Ok(StreamKey(row.get(0)?)))
            .optional()
    }
}

/// Text that another tool may have damaged still has to be shown.
pub(super) fn lossy(value: rusqlite::types::ValueRef<'_>) -> String {
    match value {
        rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        _ => String::new(),
    }
}
