//! What the interned numbers of streams and types stand for.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use crate::event::{ByNumber, EventType, StreamId, StreamKey};

/// Streams are named in blocks: reading a store in order meets neighbouring numbers, so one range query serves
/// many rows and a short look costs little.
const BLOCK: u32 = 1024;

/// So many names of a block are read one by one before all of it is: whoever looks at a few events here and there, such as
/// the newest, meets a stream of many blocks each.
const ALONE: u8 = 4;

/// So many names that were met last are at hand without another allocation. Streams that are active at one time lie
/// close together, so that each has a place for itself.
const RECENT: u32 = 4096;

/// What one connection has learnt as rows were met. Names never change, so what was learnt stays true.
#[derive(Debug, Default)]
pub(super) struct Names {
    shared: SharedNames,
    blocks: RefCell<ByNumber<u32, Arc<Block>>>,
    /// How often all of them had let go of theirs when these were read.
    era: Cell<u64>,
    /// How many names of each block were read alone.
    alone: RefCell<ByNumber<u32, u8>>,
    streams: RefCell<Recent<StreamId>>,
    types: RefCell<Recent<EventType>>,
    has_unreadable: Cell<bool>,
}

/// The names that were met last, by the lower digits of their numbers: a number may be any, and takes no more memory.
#[derive(Debug)]
struct Recent<T>(Vec<Option<(u32, T)>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Recent<T> {
    fn get(&self, number: u32) -> Option<&T> {
        let (known, name) = self.0.get((number % RECENT) as usize)?.as_ref()?;
        (*known == number).then_some(name)
    }

    fn keep(&mut self, number: u32, name: T) {
        let place = (number % RECENT) as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, None);
        }
        if let Some(kept) = self.0.get_mut(place) {
            *kept = Some((number, name));
        }
    }
}

/// Blocks that several connections to one store have read alike, kept once for all of them: a store may have millions
/// of streams. Each connection reads a block by itself before it takes the kept one, so that none is ever told the
/// names of a store that stood there before.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedNames(Arc<SharedBlocks>);

#[derive(Debug)]
struct SharedBlocks {
    blocks: Mutex<ByNumber<u32, Arc<Block>>>,
    /// What all of them take, and may.
    bytes: AtomicU64,
    most: AtomicU64,
    /// Counts up each time that there were too many, and none is kept any more.
    era: AtomicU64,
}

impl Default for SharedBlocks {
    fn default() -> Self {
        let (bytes, most, era) = (AtomicU64::new(0), AtomicU64::new(u64::MAX), AtomicU64::new(0));
        Self { blocks: Mutex::default(), bytes, most, era }
    }
}

impl SharedNames {
    /// The kept block where it says the same; else this one, which is kept from now on.
    fn share(&self, number: u32, block: Block) -> Arc<Block> {
        let SharedBlocks { blocks, bytes, .. } = &*self.0;
        let mut kept = blocks.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.make_room(&mut kept, block.bytes());
        match kept.get(&number) {
            Some(known) if **known == block => Arc::clone(known),
            _ => {
                let block = Arc::new(block);
                let before = kept.insert(number, Arc::clone(&block));
                bytes.fetch_add(block.bytes(), Ordering::Relaxed);
                bytes.fetch_sub(before.map_or(0, |before| before.bytes()), Ordering::Relaxed);
                block
            }
        }
    }
}

impl SharedBlocks {
    /// Lets go of all where so many more would be too many. Those that are met next are read again.
    fn make_room(&self, kept: &mut ByNumber<u32, Arc<Block>>, more: u64) {
        if !kept.is_empty()
            && self.bytes.load(Ordering::Relaxed).saturating_add(more) > self.most.load(Ordering::Relaxed)
        {
            kept.clear();
            self.bytes.store(0, Ordering::Relaxed);
            self.era.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The names of neighbouring streams behind one another: an allocation for each would take several times its length.
#[derive(Debug, Default, PartialEq, Eq)]
struct Block {
    text: Box<str>,
    /// Where each name ends.
    ends: Box<[u32]>,
}

/// In place of an end: no stream has this number.
const NOBODY: u32 = u32::MAX;

impl Block {
    fn name(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place).filter(|end| **end != NOBODY)?;
        let start = self.ends.iter().take(place).rev().find(|end| **end != NOBODY).copied().unwrap_or(0);
        self.text.get(start as usize..end as usize)
    }

    fn bytes(&self) -> u64 {
        (self.text.len() + size_of_val(&*self.ends) + size_of::<Self>()) as u64
    }

    /// Reads a block as far as it can be read, and says what ended that too soon.
    fn read(connection: &Connection, number: u32) -> (Self, rusqlite::Result<()>) {
        let (mut text, mut ends) = (String::new(), Vec::new());
        let first = number * BLOCK;
        let mut read = || {
            let mut block =
                connection.prepare_cached("SELECT id, name FROM streams WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
            let mut rows = block.query([first, first + (BLOCK - 1)])?;
            while let Some(row) = rows.next()? {
                let place: u32 = row.get::<_, u32>(0)? - first;
                ends.resize(place as usize, NOBODY);
                text.push_str(&lossy(row.get_ref(1)?));
                let end = u32::try_from(text.len()).ok().filter(|end| *end != NOBODY);
                ends.push(end.ok_or(rusqlite::Error::IntegralValueOutOfRange(1, i64::MAX))?);
            }
            Ok(())
        };
        let outcome = read();
        (Self { text: text.into(), ends: ends.into() }, outcome)
    }
}

impl Names {
    /// For another connection to the same store.
    pub(super) fn shared(&self) -> SharedNames {
        self.shared.clone()
    }

    /// What all connections to the store keep of its names.
    pub(super) fn bytes(&self) -> u64 {
        self.shared.0.bytes.load(Ordering::Relaxed)
    }

    /// From now on no more is kept of them, by any connection.
    pub(super) fn keep_within(&self, bytes: u64) {
        let shared = &*self.shared.0;
        shared.most.store(bytes, Ordering::Relaxed);
        let mut kept = shared.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        shared.make_room(&mut kept, 0);
    }

    pub(super) fn sharing(shared: SharedNames) -> Self {
        Self { shared, ..Self::default() }
    }

    pub(super) fn stream(&self, connection: &Connection, key: StreamKey) -> rusqlite::Result<StreamId> {
        if let Some(name) = self.streams.borrow().get(key.0) {
            return Ok(name.clone());
        }
        let Some(name) = self.learnt(connection, key)? else {
            self.has_unreadable.set(true);
            return Ok(StreamId::new(format!("(stream {} of unreadable name)", key.0)));
        };
        self.streams.borrow_mut().keep(key.0, name.clone());
        Ok(name)
    }

    /// `None` where the name stands on a damaged page.
    fn learnt(&self, connection: &Connection, key: StreamKey) -> rusqlite::Result<Option<StreamId>> {
        let (number, place) = (key.0 / BLOCK, (key.0 % BLOCK) as usize);
        let mut blocks = self.blocks.borrow_mut();
        let era = self.shared.0.era.load(Ordering::Relaxed);
        if self.era.replace(era) != era {
            blocks.clear();
            self.alone.borrow_mut().clear();
        }
        if let Some(name) = blocks.get(&number).and_then(|block| block.name(place)) {
            return Ok(Some(StreamId::from(name)));
        }
        let mut alone = self.alone.borrow_mut();
        let read_alone = alone.entry(number).or_default();
        if *read_alone < ALONE && !blocks.contains_key(&number) {
            *read_alone += 1;
            // A damaged page is left to the block, which reads what is ahead of it.
            if let Ok(name) = alone_at(connection, key) {
                return name.map(Some).ok_or(rusqlite::Error::QueryReturnedNoRows);
            }
        }
        let (block, outcome) = Block::read(connection, number);
        let name = block.name(place).map(StreamId::from);
        match outcome {
            Ok(()) => {
                blocks.insert(number, self.shared.share(number, block));
                name.map(Some).ok_or(rusqlite::Error::QueryReturnedNoRows)
            }
            // What could be read ahead of the damage serves this connection.
            Err(error) if name.is_some() || error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                blocks.insert(number, Arc::new(block));
                Ok(name)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a name had to be left unread since this was last asked: the events were shown, but the reading as a
    /// whole met damage.
    pub(super) fn met_damage(&self) -> bool {
        self.has_unreadable.take()
    }

    pub(super) fn event_type(&self, connection: &Connection, key: u32) -> rusqlite::Result<EventType> {
        if let Some(name) = self.types.borrow().get(key) {
            return Ok(name.clone());
        }
        let name = connection
            .prepare_cached("SELECT name FROM types WHERE id = ?1")?
            .query_row([key], |row| Ok(EventType::new(lossy(row.get_ref(0)?))))?;
        self.types.borrow_mut().keep(key, name.clone());
        Ok(name)
    }

    pub(super) fn stream_key(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Option<StreamKey>> {
        connection
            .prepare_cached("SELECT id FROM streams WHERE name = ?1")?
            .query_row([stream.as_str()], |row| Ok(StreamKey(row.get(0)?)))
            .optional()
    }
}

fn alone_at(connection: &Connection, key: StreamKey) -> rusqlite::Result<Option<StreamId>> {
    let mut find = connection.prepare_cached("SELECT name FROM streams WHERE id = ?1")?;
    find.query_row([key.0], |row| Ok(StreamId::new(lossy(row.get_ref(0)?)))).optional()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn store(names: &[(u32, &str)]) -> Connection {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch("CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT)").expect("a table");
        for (id, name) in names {
            connection.execute("INSERT INTO streams VALUES (?1, ?2)", (id, name)).expect("inserted");
        }
        connection
    }

    #[track_caller]
    fn assert_names(names: &Names, connection: &Connection, expected: &[(u32, &str)]) {
        for (id, name) in expected {
            assert_eq!(names.stream(connection, StreamKey(*id)).map(|name| name.to_string()).as_deref(), Ok(*name));
        }
    }

    const FAR: u32 = u32::MAX;

    /// More of one block than are read one by one.
    const MANY: [(u32, &str); 6] =
        [(1, "lead-1"), (2, "lead-2"), (3, "lead-3"), (4, "lead-4"), (5, "lead-5"), (6, "lead-6")];

    #[test]
    fn names_are_found_by_their_numbers_gaps_and_all() {
        let there =
            [(1, "lead-1"), (2, ""), (5, "리드-5"), (BLOCK, "lead-b"), (1 + RECENT, "lead-r"), (FAR, "lead-far")];
        let (connection, names) = (store(&there), Names::default());
        for _ in 0..2 {
            assert_names(&names, &connection, &there);
        }
        for nobody in [0, 3, 4, 6, BLOCK + 1, FAR - 1] {
            assert!(names.stream(&connection, StreamKey(nobody)).is_err(), "{nobody}");
        }
    }

    #[test]
    fn a_stream_that_began_after_its_block_was_read_is_found() {
        let (connection, names) = (store(&MANY), Names::default());
        assert_names(&names, &connection, &MANY);
        assert_eq!(names.blocks.borrow().len(), 1, "it was read whole");
        connection.execute("INSERT INTO streams VALUES (7, 'lead-7')", ()).expect("inserted");
        assert_names(&names, &connection, &[(7, "lead-7"), (1, "lead-1")]);
    }

    #[test]
    fn a_few_names_of_many_blocks_are_read_without_their_neighbours() {
        let there: Vec<(u32, String)> = (1..=9).map(|n| (n * BLOCK, format!("lead-{n}"))).collect();
        let there: Vec<(u32, &str)> = there.iter().map(|(id, name)| (*id, name.as_str())).collect();
        let (connection, names) = (store(&there), Names::default());
        assert_names(&names, &connection, &there);
        assert_eq!(names.blocks.borrow().len(), 0);
        let nobody: Vec<u32> = (1..=u32::from(ALONE)).map(|n| 9 * BLOCK + n).collect();
        assert!(nobody.into_iter().all(|nobody| names.stream(&connection, StreamKey(nobody)).is_err()));
        assert_eq!(names.blocks.borrow().len(), 1, "who meets more of one reads all of it");
    }

    #[test]
    fn connections_that_read_the_same_names_keep_them_once() {
        let first = Names::default();
        let second = Names::sharing(first.shared());
        assert_names(&first, &store(&MANY), &MANY);
        assert_names(&second, &store(&MANY), &MANY);
        let (one, other) = (first.blocks.borrow(), second.blocks.borrow());
        assert!(Arc::ptr_eq(&one[&0], &other[&0]));
    }

    #[test]
    fn no_more_names_are_kept_than_may_be_and_all_are_found_all_the_same() {
        const BLOCKS: u32 = 12;
        let there: Vec<(u32, String)> =
            (0..BLOCKS * BLOCK).map(|id| (id, format!("a long name of lead {id}"))).collect();
        let there: Vec<(u32, &str)> = there.iter().map(|(id, name)| (*id, name.as_str())).collect();
        let (connection, names) = (store(&there), Names::default());
        let other = Names::sharing(names.shared());
        assert_names(&names, &connection, &there);
        let all = names.bytes();
        names.keep_within(all / 4);
        assert_eq!(names.bytes(), 0, "there were too many");
        // In their order, and here and there, by both connections in turns.
        for ahead in [0, 7_919] {
            for (nth, (id, _)) in there.iter().enumerate() {
                let key = (id + ahead * nth as u32) % (BLOCKS * BLOCK);
                let by = if nth % 3 == 0 { &other } else { &names };
                let Some(expected) = there.get(key as usize).filter(|_| ahead == 0 || nth % 97 == 0) else { continue };
                assert_names(by, &connection, &[*expected]);
                assert!(names.bytes() <= all / 4, "{} of {all}", names.bytes());
            }
        }
        assert!(names.blocks.borrow().len() <= BLOCKS as usize / 2, "those of a connection go, too");
        names.keep_within(u64::MAX);
        assert_names(&names, &connection, &there);
        assert_names(&names, &connection, &there);
        assert!(names.bytes() > all / 2, "{} of {all}", names.bytes());
    }

    #[test]
    fn a_store_that_took_the_place_of_another_is_told_by_its_own_names() {
        let first = Names::default();
        assert_names(&first, &store(&MANY), &MANY);
        let second = Names::sharing(first.shared());
        let tickets = MANY.map(|(id, name)| (id, name.replace("lead", "ticket")));
        let tickets: Vec<(u32, &str)> = tickets.iter().map(|(id, name)| (*id, name.as_str())).collect();
        assert_names(&second, &store(&tickets), &tickets);
        assert_eq!(second.blocks.borrow().len(), 1);
    }
}
