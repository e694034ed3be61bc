//! A whole store in narrow columns: of each event which stream it is of, its version, when it was recorded, what type it is of
//! and by whom. Some sixteen bytes an event, so that what happened, when, and which streams had begun is told at any moment
//! without reading the store.
//!
//! Events stand in the store's order. Where a store has none across its streams, they stand by the times from which they
//! count (an event that is followed in its stream by an earlier time counts from that time on), and those without one
//! stand last. A *place* is the number of an event in that order; *so many events* of a chronicle are the first ones.

mod block;
mod column;
mod counting;
mod edition;
mod finding;
mod kinds;
mod names;
mod rows;

use std::ops::Range;

pub use counting::{Counted, Edges, Lanes};
pub use edition::Edition;
pub use finding::{FoundPlaces, NumberSet, Sieve};
pub use rows::ChronicleRows;

use block::{BLOCK, Block, NONE_BEHIND, Row, Scratch};
use column::{Column, NEVER};
use names::Names;

use super::{Budget, OverBudget, StoreMoment};
use crate::event::{Cursor, Position, StreamId, StreamKey, Timestamp, Version};

/// By what events are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Facet {
    #[default]
    Type,
    Category,
    Actor,
}

impl Facet {
    pub const ALL: [Self; 3] = [Self::Type, Self::Category, Self::Actor];
}

/// An event, with numbers for what has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the order of the chronicle.
    pub place: usize,
    pub stream: u32,
    pub version: Version,
    pub recorded_at: Option<Timestamp>,
    /// `None` where the store has no order across its streams.
    pub position: Option<Position>,
    pub event_type: u32,
    pub actor: u32,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    first: u32,
    last: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Chronicle {
    blocks: Vec<Block>,
    len: usize,
    has_order: bool,
    names: Names,
    types: Names,
    actors: Names,
    categories: Names,
    /// In the order in which they began, which is that of their numbers.
    streams: Vec<Stream>,
    /// The category of each, apart: whoever counts events by it asks for that alone, and for millions of them.
    categories_of: Column,
    /// Of each category the places at which its streams began.
    begun: Vec<Vec<u32>>,
    /// At which place each type was met first.
    type_places: Vec<u32>,
    /// By [`Facet`] and number.
    totals: [Vec<u64>; 3],
    /// Where every connection numbers streams alike: which number each has here.
    by_key: Option<Vec<u32>>,
    /// Without an order of the store: from when each event counts, where that is not when it was recorded.
    counts_from: Option<Vec<i64>>,
    /// Without an order of the store: what came, until all has.
    waiting: Vec<Row>,
    timeless: u64,
    extent: Option<(i64, i64)>,
    read_to: Cursor,
    is_whole: bool,
    made: u64,
    scratch: Scratch,
}

/// No such stream was met.
const UNKNOWN: u32 = u32::MAX;

impl Chronicle {
    /// `has_order`: the store has an order across its streams. `has_keys`: its connections number streams alike.
    pub fn new(has_order: bool, has_keys: bool) -> Self {
        Self {
            blocks: Vec::new(),
            len: 0,
            has_order,
            names: Names::default(),
            types: Names::default(),
            actors: Names::default(),
            categories: Names::default(),
            streams: Vec::new(),
            categories_of: Column::default(),
            begun: Vec::new(),
            type_places: Vec::new(),
            totals: Default::default(),
            by_key: has_keys.then(Vec::new),
            counts_from: None,
            waiting: Vec::new(),
            timeless: 0,
            extent: None,
            read_to: Cursor::beginning(),
            is_whole: false,
            made: edition::next(),
            scratch: Scratch::default(),
        }
    }

    /// Takes the next events.
    pub fn take(&mut self, rows: ChronicleRows) {
        let ChronicleRows { streams, types, actors, rows, last, .. } = rows;
        let types: Vec<u32> = types.texts().map(|text| self.types.note(text).0).collect();
        let actors: Vec<u32> = actors.texts().map(|text| self.actors.note(text).0).collect();
        let streams: Vec<u32> =
            streams.iter().map(|(key, stream, category)| self.number_of(*key, stream, category.as_deref())).collect();
        let of = |numbers: &[u32], local: u32| numbers.get(local as usize).copied().unwrap_or_default();
        for row in rows {
            let row = Row {
                stream: of(&streams, row.stream),
                event_type: of(&types, row.event_type),
                actor: of(&actors, row.actor),
                ..row
            };
            if self.has_order {
                self.push(row);
            } else {
                self.waiting.push(row);
            }
        }
        if let Some((position, id)) = last {
            self.read_to = Cursor::after(position, id);
        }
    }

    /// The number of a stream, which is a new one where it was not met before.
    fn number_of(&mut self, key: StreamKey, stream: &StreamId, category: Option<&str>) -> u32 {
        if let Some(number) = self.by_key.as_ref().and_then(|by_key| by_key.get(key.0 as usize))
            && *number != UNKNOWN
        {
            return *number;
        }
        let (number, is_new) = self.names.note(stream.as_str());
        if is_new {
            let (category, _) = self.categories.note(category.unwrap_or_else(|| stream.category()));
            if self.begun.len() <= category as usize {
                self.begun.resize_with(category as usize + 1, Vec::new);
            }
            self.streams.push(Stream { first: NONE_BEHIND, last: NONE_BEHIND });
            self.categories_of.push(u64::from(category));
        }
        let place = key.0 as usize;
        // A store may number its streams as it likes; numbers far apart are not worth their table.
        if let Some(by_key) = self.by_key.as_mut().filter(|_| place <= 4 * self.streams.len() + BLOCK) {
            if by_key.len() <= place {
                by_key.resize(place + 1, UNKNOWN);
            }
            by_key.get_mut(place).into_iter().for_each(|slot| *slot = number);
        }
        number
    }

    fn push(&mut self, row: Row) {
        let place = self.len as u32;
        if self.blocks.last().is_none_or(Block::is_full) {
            let Self { categories_of, blocks, scratch, .. } = self;
            let category = |stream: u32| categories_of.get(stream as usize).map_or(0, |category| category as u32);
            if let Some(full) = blocks.last_mut() {
                full.seal(&category, scratch);
            }
            blocks.push(Block::new(row.position));
        }
        if row.at == NEVER {
            self.timeless += 1;
        } else {
            let (first, last) = self.extent.unwrap_or((row.at, row.at));
            self.extent = Some((first.min(row.at), last.max(row.at)));
        }
        let mut before = NONE_BEHIND;
        let category = self.category_of(row.stream);
        if let Some(stream) = self.streams.get_mut(row.stream as usize) {
            before = std::mem::replace(&mut stream.last, place);
            if before == NONE_BEHIND {
                stream.first = place;
                self.begun.get_mut(category as usize).into_iter().for_each(|begun| begun.push(place));
            }
        }
        if let Some(block) = self.blocks.last_mut() {
            block.push(row);
        }
        if before != NONE_BEHIND
            && let Some(block) = self.blocks.get_mut(before as usize / BLOCK)
        {
            block.follow(before as usize % BLOCK, place);
        }
        if self.type_places.len() <= row.event_type as usize {
            self.type_places.resize(row.event_type as usize + 1, place);
        }
        for (totals, number) in self.totals.iter_mut().zip([row.event_type, category, row.actor]) {
            let number = number as usize;
            if totals.len() <= number {
                totals.resize(number + 1, 0);
            }
            totals.get_mut(number).into_iter().for_each(|total| *total += 1);
        }
        self.len += 1;
    }

    /// Everything up to this place was taken.
    pub fn finish(&mut self, read_to: Cursor) {
        if !self.has_order {
            self.put_in_order();
        }
        if read_to.place().is_some() {
            self.read_to = read_to;
        }
        self.is_whole = true;
    }

    /// By the times from which events count, each stream in its own order. Streams are numbered anew, as they begin now.
    fn put_in_order(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let mut from: Vec<i64> = waiting.iter().map(|row| row.at).collect();
        let mut earliest = vec![NEVER; self.streams.len()];
        for (row, from) in waiting.iter().zip(&mut from).rev() {
            if let Some(earliest) = earliest.get_mut(row.stream as usize) {
                *earliest = (*earliest).min(*from);
                *from = *earliest;
            }
        }
        let mut order: Vec<u32> = (0..waiting.len() as u32).collect();
        order.sort_by_key(|place| from.get(*place as usize).copied().unwrap_or(NEVER));
        let mut anew = Self::new(false, false);
        for names in [(&self.types, &mut anew.types), (&self.actors, &mut anew.actors)] {
            names.0.texts().for_each(|text| {
                names.1.note(text);
            });
        }
        let mut differs = false;
        let mut counts_from = Vec::with_capacity(order.len());
        for place in order {
            let Some(row) = waiting.get(place as usize) else { continue };
            let begins = from.get(place as usize).copied().unwrap_or(NEVER);
            differs |= begins != row.at;
            counts_from.push(begins);
            let stream = StreamId::from(self.names.get(row.stream));
            let category = self.categories.get(self.category_of(row.stream));
            let number = anew.number_of(StreamKey(0), &stream, Some(category));
            anew.push(Row { stream: number, ..*row });
        }
        anew.counts_from = differs.then_some(counts_from);
        *self = anew;
    }

    /// For whoever keeps what was told of it.
    pub fn edition(&self) -> Edition {
        Edition::new(self.made, self.len)
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The store has an order across its streams, and positions in it.
    pub fn has_order(&self) -> bool {
        self.has_order
    }

    /// Everything was read that there was when it was begun.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Up to where the store was read.
    pub fn read_to(&self) -> &Cursor {
        &self.read_to
    }

    /// Events without a time, which no span of time holds.
    pub fn timeless(&self) -> u64 {
        self.timeless
    }

    /// The earliest and the latest time.
    pub fn extent(&self) -> Option<(Timestamp, Timestamp)> {
        self.extent.map(|(first, last)| (Timestamp::from_micros(first), Timestamp::from_micros(last)))
    }

    fn block_of(&self, place: usize) -> Option<(&Block, usize)> {
        Some((self.blocks.get(place / BLOCK)?, place % BLOCK))
    }

    pub fn entry(&self, place: usize) -> Option<Entry> {
        let (block, within) = self.block_of(place)?;
        let Row { stream, version, at, event_type, actor, position } = block.get(within)?;
        Some(Entry {
            place,
            stream,
            version: Version(version),
            recorded_at: (at != NEVER).then(|| Timestamp::from_micros(at)),
            position: self.has_order.then_some(Position(position)),
            event_type,
            actor,
        })
    }

    /// How many events count at a moment. By a time these are, in a store that has an order, as many of the first ones as were
    /// recorded by then, whatever its clocks did.
    pub fn count_at(&self, at: StoreMoment) -> usize {
        match at {
            StoreMoment::Latest => self.len,
            StoreMoment::Position(position) if self.has_order => {
                let block = self.blocks.partition_point(|block| block.first_position() <= position.0);
                let Some(number) = block.checked_sub(1) else { return 0 };
                let Some(block) = self.blocks.get(number) else { return 0 };
                number * BLOCK + partition(block.len(), |place| block.position(place) <= position.0)
            }
            // A store without an order has none.
            StoreMoment::Position(_) => self.len,
            StoreMoment::Time(at) => self.count_by(at.micros()),
        }
    }

    fn count_by(&self, at: i64) -> usize {
        if !self.has_order {
            return match &self.counts_from {
                Some(counts_from) => counts_from.partition_point(|from| *from <= at && *from < NEVER),
                None => partition(self.len, |place| {
                    let own = self.block_of(place).map_or(NEVER, |(block, within)| block.at(within));
                    own <= at && own < NEVER
                }),
            };
        }
        let mut count = 0;
        for block in &self.blocks {
            match block.extent() {
                Some((_, latest)) if latest <= at => count += block.len() - block.timeless as usize,
                Some((earliest, _)) if earliest > at => {}
                Some(_) => block.each_time(0..block.len(), |_, own| count += usize::from(own <= at && own < NEVER)),
                None => {}
            }
        }
        count
    }

    /// The moment at which so many of the first events count, and no more than can be told from them.
    pub fn moment_of(&self, count: usize) -> StoreMoment {
        let before = || match self.extent {
            Some((first, _)) if !self.has_order => StoreMoment::Time(Timestamp::from_micros(first - 1)),
            _ => StoreMoment::Position(Position(
                self.blocks.first().map_or(0, |block| block.first_position().saturating_sub(1)),
            )),
        };
        let Some(last) = count.min(self.len).checked_sub(1) else { return before() };
        let Some((block, within)) = self.block_of(last) else { return before() };
        if self.has_order {
            return StoreMoment::Position(Position(block.position(within)));
        }
        match self.counts_from(last) {
            Some(at) => StoreMoment::Time(at),
            None => StoreMoment::Latest,
        }
    }

    /// From when the event at this place counts, by time.
    pub fn counts_from(&self, place: usize) -> Option<Timestamp> {
        let from = match &self.counts_from {
            Some(counts_from) => counts_from.get(place).copied()?,
            None => self.block_of(place).map(|(block, within)| block.at(within))?,
        };
        (from != NEVER).then(|| Timestamp::from_micros(from))
    }

    /// The memory that it takes.
    pub fn bytes(&self) -> u64 {
        let names = [&self.names, &self.types, &self.actors, &self.categories].map(Names::bytes).iter().sum::<usize>();
        let blocks: usize = self.blocks.iter().map(Block::bytes).sum();
        let streams = self.streams.capacity() * size_of::<Stream>() + self.categories_of.bytes();
        let begun: usize = self.begun.iter().map(|begun| begun.capacity() * size_of::<u32>()).sum();
        let keys = self.by_key.as_ref().map_or(0, |by_key| by_key.capacity() * size_of::<u32>());
        let order = self.counts_from.as_ref().map_or(0, |from| from.capacity() * size_of::<i64>());
        let waiting = self.waiting.capacity() * size_of::<Row>();
        let totals: usize = self.totals.iter().map(|totals| totals.capacity() * size_of::<u64>()).sum();
        (names + blocks + streams + begun + keys + order + waiting + totals) as u64
    }

    pub fn check(&self, budget: Budget) -> Result<(), OverBudget> {
        budget.check(self.bytes())
    }

    /// The blocks that lie in a range of places, each with its first place and which of its events these are.
    fn blocks_in(&self, places: &Range<usize>) -> impl DoubleEndedIterator<Item = (usize, &Block, Range<usize>)> {
        let (from, to) = (places.start.min(self.len), places.end.min(self.len));
        let numbers = from / BLOCK..to.div_ceil(BLOCK).max(from / BLOCK);
        let first = numbers.start;
        let within = self.blocks.get(numbers).unwrap_or_default();
        within.iter().enumerate().map(move |(number, block)| {
            let first = (first + number) * BLOCK;
            (first, block, from.saturating_sub(first)..to.saturating_sub(first).min(block.len()))
        })
    }
}

/// How many of the first numbers keep the rule, which none behind them keeps.
fn partition(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
