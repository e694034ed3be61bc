use std::ops::Range;

use super::column::{Column, NEVER, Times};
use super::{Facet, partition};

/// So many events lie together, with what is known of all of them.
pub(super) const BLOCK: usize = 4096;

/// More kinds than these in one block are counted one by one.
const MOST_SUMS: usize = 512;

/// A stream's last event has none behind it.
pub(super) const NONE_BEHIND: u32 = u32::MAX;

/// One event, as numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) stream: u32,
    pub(super) version: u64,
    /// [`NEVER`] where there is none.
    pub(super) at: i64,
    pub(super) event_type: u32,
    pub(super) actor: u32,
    /// Nought where the store has no order.
    pub(super) position: u64,
}

/// Some thousand events behind one another.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) streams: Vec<u32>,
    versions: Column,
    times: Times,
    types: Column,
    actors: Column,
    /// Where the next event of the same stream stands in the whole chronicle.
    behind: Vec<u32>,
    first_position: u64,
    /// How far each position lies behind the first; nothing for as long as they follow one another without a gap.
    positions: Option<Column>,
    earliest: i64,
    latest: i64,
    pub(super) timeless: u32,
    /// Each has a time, and none an earlier one than that before it.
    is_ordered: bool,
    /// How many are the last of their streams, and for all others the furthest place of one behind them.
    open: u32,
    furthest: u32,
    /// By [`Facet`]: how many events each kind has, in the order of their numbers. Of a block that is full.
    sums: Option<Box<[Option<Sums>; 3]>>,
}

pub(super) type Sums = Box<[(u32, u32)]>;

impl Block {
    pub(super) fn new(first_position: u64) -> Self {
        Self { first_position, earliest: NEVER, latest: i64::MIN, is_ordered: true, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.streams.len() == BLOCK
    }

    pub(super) fn push(&mut self, row: Row) {
        let after = row.position.saturating_sub(self.first_position);
        if self.positions.is_none() && after != self.len() as u64 {
            let mut listed = Column::default();
            (0..self.len() as u64).for_each(|place| listed.push(place));
            self.positions = Some(listed);
        }
        if let Some(listed) = &mut self.positions {
            listed.push(after);
        }
        self.streams.push(row.stream);
        self.versions.push(row.version);
        self.times.push(row.at);
        self.types.push(u64::from(row.event_type));
        self.actors.push(u64::from(row.actor));
        self.behind.push(NONE_BEHIND);
        self.open += 1;
        self.is_ordered &= row.at != NEVER && row.at >= self.latest;
        if row.at == NEVER {
            self.timeless += 1;
        } else {
            self.earliest = self.earliest.min(row.at);
            self.latest = self.latest.max(row.at);
        }
    }

    /// The event at this place of the block is followed by another one of its stream.
    pub(super) fn follow(&mut self, place: usize, behind: u32) {
        if let Some(slot) = self.behind.get_mut(place) {
            *slot = behind;
            self.open = self.open.saturating_sub(1);
            self.furthest = self.furthest.max(behind);
        }
    }

    /// No more will come: what is asked of all its events is counted now.
    pub(super) fn seal(&mut self, category: &impl Fn(u32) -> u32, scratch: &mut Scratch) {
        let all = 0..self.len();
        let mut sums = [None, None, None];
        for (facet, sums) in Facet::ALL.into_iter().zip(&mut sums) {
            self.each_of(facet, category, all.clone(), |_, number| scratch.note(number));
            *sums = scratch.take();
        }
        self.sums = Some(Box::new(sums));
        self.streams.shrink_to_fit();
        self.behind.shrink_to_fit();
        self.versions.shrink();
        self.times.shrink();
        self.types.shrink();
        self.actors.shrink();
        self.positions.iter_mut().for_each(Column::shrink);
    }

    /// How many events of each kind there are, where that was counted.
    pub(super) fn sums(&self, facet: Facet) -> Option<&[(u32, u32)]> {
        self.sums.as_ref()?.get(facet as usize)?.as_deref()
    }

    /// The kind of each event in a range.
    pub(super) fn each_of(
        &self,
        facet: Facet,
        category: &impl Fn(u32) -> u32,
        range: Range<usize>,
        mut take: impl FnMut(usize, u32),
    ) {
        match facet {
            Facet::Type => self.types.each(range, |place, number| take(place, number as u32)),
            Facet::Actor => self.actors.each(range, |place, number| take(place, number as u32)),
            Facet::Category => {
                let from = range.start;
                for (place, stream) in self.streams.get(range).unwrap_or_default().iter().enumerate() {
                    take(from + place, category(*stream));
                }
            }
        }
    }

    pub(super) fn each_time(&self, range: Range<usize>, take: impl FnMut(usize, i64)) {
        self.times.each(range, take);
    }

    pub(super) fn get(&self, place: usize) -> Option<Row> {
        Some(Row {
            stream: *self.streams.get(place)?,
            version: self.versions.get(place)?,
            at: self.times.get(place),
            event_type: self.types.get(place)? as u32,
            actor: self.actors.get(place)? as u32,
            position: self.position(place),
        })
    }

    pub(super) fn at(&self, place: usize) -> i64 {
        self.times.get(place)
    }

    pub(super) fn behind(&self, place: usize) -> u32 {
        self.behind.get(place).copied().unwrap_or(NONE_BEHIND)
    }

    pub(super) fn position(&self, place: usize) -> u64 {
        let after = match &self.positions {
            Some(listed) => listed.get(place).unwrap_or_default(),
            None => place as u64,
        };
        self.first_position.saturating_add(after)
    }

    pub(super) fn first_position(&self) -> u64 {
        self.first_position
    }

    /// From the earliest time to the latest; `None` where there is none.
    pub(super) fn extent(&self) -> Option<(i64, i64)> {
        (self.latest >= self.earliest).then_some((self.earliest, self.latest))
    }

    /// How many of its events were recorded before a moment, if these are the first ones.
    pub(super) fn before(&self, at: i64) -> Option<usize> {
        self.is_ordered.then(|| partition(self.len(), |place| self.at(place) < at))
    }

    /// Whether any of its events may be the last that its stream has among so many.
    pub(super) fn may_end_streams(&self, len: usize) -> bool {
        self.open > 0 || self.furthest as usize >= len
    }

    /// The places of its first events that are the last of their streams among so many of the whole chronicle.
    pub(super) fn ends(&self, first: usize, len: usize) -> impl DoubleEndedIterator<Item = usize> + '_ {
        let within = self.behind.get(..first.min(self.len())).unwrap_or_default();
        within.iter().enumerate().filter(move |(_, behind)| **behind as usize >= len).map(|(place, _)| place)
    }

    pub(super) fn bytes(&self) -> usize {
        let sums = self.sums.iter().flat_map(|sums| sums.iter().flatten()).map(|sums| sums.len() * 8).sum::<usize>();
        let words = (self.streams.capacity() + self.behind.capacity()) * size_of::<u32>();
        let columns = self.versions.bytes() + self.types.bytes() + self.actors.bytes() + self.times.bytes();
        size_of::<Self>() + sums + words + columns + self.positions.as_ref().map_or(0, Column::bytes)
    }
}

/// Counts that are made again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    counts: Vec<u32>,
    met: Vec<u32>,
}

impl Scratch {
    fn note(&mut self, number: u32) {
        let place = number as usize;
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            if *count == 0 {
                self.met.push(number);
            }
            *count += 1;
        }
    }

    /// What was counted; `None` where there are too many kinds.
    fn take(&mut self) -> Option<Sums> {
        let Self { counts, met } = self;
        met.sort_unstable();
        let mut count = |number: &u32| counts.get_mut(*number as usize).map_or(0, std::mem::take);
        let sums: Vec<(u32, u32)> = met.drain(..).map(|number| (number, count(&number))).collect();
        (sums.len() <= MOST_SUMS).then(|| sums.into())
    }
}
