use std::cell::{Cell, RefCell};

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use crate::event::{EventType, StreamId, StreamKey};

/// Streams are named in blocks: reading a store in order meets neighbouring numbers, so one range query serves
/// many rows and a short look costs little.
const BLOCK: u32 = 1024;

/// What the interned numbers stand for, learnt as rows are met. Names never change, so what was learnt stays true.
#[derive(Debug, Default)]
pub(super) struct Names {
    streams: RefCell<Vec<Option<StreamId>>>,
    types: RefCell<Vec<Option<EventType>>>,
    has_unreadable: Cell<bool>,
}

impl Names {
    pub(super) fn stream(&self, connection: &Connection, key: StreamKey) -> rusqlite::Result<StreamId> {
        if let Some(Some(name)) = self.streams.borrow().get(key.0 as usize) {
            return Ok(name.clone());
        }
        let learnt = self.learn_block(connection, key.0 / BLOCK * BLOCK);
        let known = self.streams.borrow().get(key.0 as usize).cloned().flatten();
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
            // Only as far as there are streams: another tool may have left any number in an event.
            if streams.len() <= id as usize {
                streams.resize(id as usize + 1, None);
            }
            streams[id as usize].get_or_insert(StreamId::new(lossy(row.get_ref(1)?)));
        }
        Ok(())
    }

    pub(super) fn event_type(&self, connection: &Connection, key: u32) -> rusqlite::Result<EventType> {
        if let Some(Some(name)) = self.types.borrow().get(key as usize) {
            return Ok(name.clone());
        }
        let name = connection
            .prepare_cached("SELECT name FROM types WHERE id = ?1")?
            .query_row([key], |row| Ok(EventType::new(lossy(row.get_ref(0)?))))?;
        let mut types = self.types.borrow_mut();
        if types.len() <= key as usize {
            types.resize(key as usize + 1, None);
        }
        types[key as usize] = Some(name.clone());
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
