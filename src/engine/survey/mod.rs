//! What only a look at every event tells of a store: what each stream is called by those who work with it, the days on
//! which something happened, and who did it. Read once behind the scenes, and then kept up with what is recorded.

mod arena;
mod directory;
mod folding;
mod naming;
mod tally;

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use directory::{FoundStream, ListedStream, StreamGroup, short_id};
pub use folding::folded;

use directory::Directory;
use naming::{NAMELESS, Namer};
use tally::Tally;

use super::Ticket;
use crate::event::{Cursor, EventBatch, EventRow, EventType, Position, StreamId, Timestamp};
use crate::index::{Held, Memory};
use crate::store::{Changes, Columns, Flow, Query, Scan, Store, StoreError, StreamOrder, StreamQuery, StreamRow};

/// What is known so far. Clones are of the same: one is filled while others are asked.
#[derive(Clone, Debug, Default)]
pub struct Survey(Arc<RwLock<Content>>);

/// What a store holds, as far as its events were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Every day with events, in order.
    pub days: Vec<DayOfStore>,
    /// Who recorded the most.
    pub people: Vec<(String, u64)>,
    /// How many people there are.
    pub all_people: u64,
    pub longest: Vec<ListedStream>,
    /// Those that changed last; only once every event was looked at.
    pub newest: Vec<ListedStream>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfStore {
    /// Since 1970, on the clock that was asked for.
    pub number: i32,
    pub events: u64,
}

#[derive(Debug, Default)]
struct Content {
    directory: Directory,
    tally: Tally,
    namer: Namer,
    /// Up to where events were looked at.
    cursor: Cursor,
    read: u64,
    stage: Stage,
    /// The streams are on their way, and those that came are known.
    is_being_listed: bool,
    /// Where the store ended when its streams were listed: their counts hold up to there.
    listed_to: Option<Position>,
    /// What the store is still to be asked about, because events came behind that.
    outdated: HashSet<StreamId>,
    /// What it takes of the memory that there is, and whether that was too little.
    held: Option<Held>,
    is_over: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Empty,
    /// There are more streams than are kept in memory, or than it has room for.
    TooLarge,
    /// All streams are known, and the names of some.
    Listed,
    /// Every event was looked at.
    Whole,
}

/// Streams that are noted together.
const ROWS_AT_ONCE: usize = 1024;

/// Batches after which a reading begins anew behind the last, so that no other program has to wait for the end of it
/// before it may write.
const BATCHES_AT_ONCE: usize = 128;

/// Streams that are asked about one by one; more than these are listed anew.
const ASKED_SINGLY: usize = 5_000;

impl Survey {
    fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every stream is known, so that lists can be made from here.
    pub fn is_listed(&self) -> bool {
        self.read().stage >= Stage::Listed
    }

    /// Not every stream is known, but those that are not come by themselves: nobody needs to ask the store for them.
    pub fn is_being_listed(&self) -> bool {
        self.read().is_being_listed
    }

    /// Whoever listed the streams was told to stop.
    pub fn expect_no_more(&self) {
        write(&self.0).is_being_listed = false;
    }

    /// Every event was looked at.
    pub fn is_whole(&self) -> bool {
        self.read().stage == Stage::Whole
    }

    /// There are more streams than are kept in memory: names are not known, and the store itself lists and filters.
    pub fn is_too_large(&self) -> bool {
        self.read().stage == Stage::TooLarge
    }

    /// The store is another one by now, and may be smaller.
    pub fn forget_that_it_is_too_large(&self) {
        let mut content = write(&self.0);
        if content.stage == Stage::TooLarge {
            *content = Content::default();
        }
    }

    /// How many events were looked at, and how many there are.
    pub fn extent(&self) -> (u64, u64) {
        let content = self.read();
        (content.read, content.directory.events())
    }

    /// The streams by category, of each no more than `most`; those that hold the filter in their id or their name.
    pub fn list(&self, filter: Option<&str>, order: StreamOrder, most: usize) -> Vec<StreamGroup> {
        self.read().directory.list(filter, order, most)
    }

    /// The streams that hold this in their id or their name, by the rule of every list.
    pub fn matching(&self, filter: &str) -> Matching {
        Matching { survey: self.clone(), is_found: self.read().directory.matching(filter) }
    }

    /// The streams that somebody means who types this, the likeliest first.
    pub fn likely(&self, text: &str, most: usize) -> Vec<FoundStream> {
        self.read().directory.likely(text, most)
    }

    /// What the store holds, of each kind no more than `most`. Days are those of a clock that is so many seconds ahead of
    /// UTC.
    pub fn digest(&self, most: usize, offset: fn(Timestamp) -> i64) -> Digest {
        let content = self.read();
        let Content { directory, tally, stage, .. } = &*content;
        let is_listed = *stage >= Stage::Listed;
        Digest {
            days: tally.days(offset),
            people: tally.busiest(most),
            all_people: tally.people() as u64,
            longest: if is_listed { directory.top(StreamOrder::Longest, most) } else { Vec::new() },
            newest: if *stage == Stage::Whole { directory.top(StreamOrder::Recent, most) } else { Vec::new() },
        }
    }

    /// The types of events in the streams of a category, the most frequent first, as far as events were looked at.
    pub fn types_of(&self, category: &str) -> Vec<EventType> {
        let content = self.read();
        let number = content.directory.find_category(category);
        number.map(|number| content.tally.types(number)).unwrap_or_default()
    }

    pub fn name_of(&self, stream: &StreamId) -> Option<String> {
        let content = self.read();
        let number = content.directory.find(stream.as_str())?;
        content.directory.name(number).map(str::to_owned)
    }

    /// Puts the names in that are known.
    pub fn fill_names(&self, groups: &mut [StreamGroup]) {
        let content = self.read();
        for row in groups.iter_mut().flat_map(|group| &mut group.rows) {
            let number = content.directory.find(row.stream.as_str());
            row.name = number.and_then(|number| content.directory.name(number)).map(str::to_owned);
        }
    }

    /// Looks at everything, or at what was recorded since. What was learnt before an error or the end of the ticket stays,
    /// and the next call goes on behind it.
    pub fn follow(&self, reader: &dyn Store, ticket: &Ticket) -> Result<(), StoreError> {
        let (stage, cursor) = {
            let content = self.read();
            (content.stage, content.cursor.clone())
        };
        if stage == Stage::TooLarge {
            return Ok(());
        }
        if stage == Stage::Empty {
            *write(&self.0) = Content::default();
            return build(&self.0, reader, ticket);
        }
        match reader.changes(&cursor, Columns::ALL)? {
            Changes::Grew(scan) => {
                drop(scan);
                read_on(&self.0, reader, ticket)
            }
            Changes::Replaced | Changes::Unknown => {
                // What was known serves until all is known anew.
                let anew = RwLock::default();
                build(&anew, reader, ticket)?;
                *write(&self.0) = anew.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(())
            }
        }
    }
}

/// The streams that a filter lets through, among those that were known when it was asked.
#[derive(Debug)]
pub struct Matching {
    survey: Survey,
    /// By the stream's number.
    is_found: Vec<bool>,
}

impl Matching {
    /// What it was asked of.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    pub fn has(&self, stream: &StreamId) -> bool {
        let number = self.survey.read().directory.find(stream.as_str());
        number.and_then(|number| self.is_found.get(number as usize).copied()).unwrap_or(false)
    }
}

fn write(content: &RwLock<Content>) -> RwLockWriteGuard<'_, Content> {
    content.write().unwrap_or_else(PoisonError::into_inner)
}

fn build(content: &RwLock<Content>, reader: &dyn Store, ticket: &Ticket) -> Result<(), StoreError> {
    let end = if reader.capabilities().has_feed { reader.end()?.position() } else { None };
    write(content).is_being_listed = true;
    let listed = list(content, reader, ticket);
    {
        let mut content = write(content);
        content.is_being_listed = false;
        listed?;
        if content.is_full() {
            *content = Content { stage: Stage::TooLarge, ..Content::default() };
            return Ok(());
        }
        content.listed_to = end;
        content.stage = Stage::Listed;
    }
    read_on(content, reader, ticket)
}

/// Asks the store for every stream.
fn list(content: &RwLock<Content>, reader: &dyn Store, ticket: &Ticket) -> Result<(), StoreError> {
    let mut rows: Vec<StreamRow> = Vec::with_capacity(ROWS_AT_ONCE);
    let note = |rows: &mut Vec<StreamRow>| {
        let mut content = write(content);
        rows.drain(..).for_each(|row| content.directory.set(&row));
        if content.is_being_listed {
            // Of how many, nobody knows yet.
            let _ = ticket.reached(content.directory.streams());
        }
        content.weigh(ticket.memory());
        if content.is_full() { Flow::Break(()) } else { ticket.flow() }
    };
    reader.visit_streams(&StreamQuery::default(), &mut |row| {
        rows.push(row);
        if rows.len() < ROWS_AT_ONCE { Flow::Continue(()) } else { note(&mut rows) }
    })?;
    let _ = note(&mut rows);
    if ticket.is_cancelled() { Err(StoreError::Cancelled) } else { Ok(()) }
}

/// Looks at the events behind the cursor.
fn read_on(content: &RwLock<Content>, reader: &dyn Store, ticket: &Ticket) -> Result<(), StoreError> {
    {
        let content = write(content);
        let _ = ticket.reached(content.read);
        ticket.set_total(content.directory.events());
    }
    let mut batch = EventBatch::default();
    if reader.capabilities().has_feed {
        loop {
            let cursor = write(content).cursor.clone();
            let Changes::Grew(mut scan) = reader.changes(&cursor, Columns::ALL)? else { break };
            if take_batches(content, scan.as_mut(), &mut batch, BATCHES_AT_ONCE, ticket)? {
                break;
            }
        }
    } else {
        let mut scan = reader.scan(&Query::store())?;
        take_batches(content, scan.as_mut(), &mut batch, usize::MAX, ticket)?;
    }
    if !write(content).is_over {
        ask_about_outdated(content, reader, ticket)?;
    }
    let mut content = write(content);
    if content.is_over {
        *content = Content { stage: Stage::TooLarge, ..Content::default() };
    } else {
        content.stage = Stage::Whole;
    }
    Ok(())
}

/// Answers whether that was all.
fn take_batches(
    content: &RwLock<Content>,
    scan: &mut dyn Scan,
    batch: &mut EventBatch,
    most: usize,
    ticket: &Ticket,
) -> Result<bool, StoreError> {
    for _ in 0..most {
        scan.next_batch(batch)?;
        if batch.is_empty() {
            return Ok(true);
        }
        let read = {
            let mut content = write(content);
            batch.rows().for_each(|row| content.take(&row));
            content.cursor.advance(batch);
            content.weigh(ticket.memory());
            if content.is_over {
                return Ok(true);
            }
            content.read
        };
        if ticket.reached(read).is_break() {
            return Err(StoreError::Cancelled);
        }
    }
    Ok(false)
}

impl Content {
    /// Asks for what it takes by now.
    fn weigh(&mut self, memory: &Memory) {
        let bytes = self.directory.bytes();
        self.is_over |= self.held.get_or_insert_with(|| memory.hold()).resize(bytes).is_err();
    }

    fn is_full(&self) -> bool {
        self.is_over || self.directory.is_full()
    }

    fn take(&mut self, row: &EventRow<'_>) {
        let Self { directory, tally, namer, read, listed_to, outdated, .. } = self;
        *read += 1;
        let known = directory.find(row.stream.as_str());
        if known.is_none() || row.position.zip(*listed_to).is_some_and(|(position, listed)| position > listed) {
            outdated.insert(row.stream.clone());
        }
        let number = known.unwrap_or_else(|| directory.begin(row.stream, row.stream.category()));
        let is_first = directory.pass(number, *read);
        if let Some(named) = namer.name_in(row, is_first) {
            directory.rename(number, &named);
        }
        tally.take(row, directory.category_number(number));
    }
}

/// How long each stream is that events were added to: the store knows.
fn ask_about_outdated(content: &RwLock<Content>, reader: &dyn Store, ticket: &Ticket) -> Result<(), StoreError> {
    let (outdated, end) = {
        let content = write(content);
        (content.outdated.clone(), content.cursor.position())
    };
    if outdated.len() > ASKED_SINGLY {
        list(content, reader, ticket)?;
    } else {
        for stream in &outdated {
            if let Some(row) = reader.stream(stream)? {
                write(content).directory.set(&row);
            }
            if ticket.is_cancelled() {
                return Err(StoreError::Cancelled);
            }
        }
    }
    let mut content = write(content);
    content.outdated.clear();
    content.listed_to = content.listed_to.max(end);
    Ok(())
}

/// What one stream is called, by its own events; `None` where they do not say.
pub fn name_of_stream(reader: &dyn Store, stream: &StreamId, ticket: &Ticket) -> Result<Option<String>, StoreError> {
    let (mut namer, mut rank, mut name) = (Namer::default(), NAMELESS, None);
    let mut is_first = true;
    let query = Query::stream(stream.clone()).columns(Columns { payload: true, metadata: false });
    reader.visit_events(&query, &mut |row| {
        if let Some(named) = namer.name_in(row, std::mem::take(&mut is_first))
            && named.rank <= rank
        {
            rank = named.rank;
            name = Some(named.text);
        }
        ticket.flow()
    })?;
    Ok(name)
}
