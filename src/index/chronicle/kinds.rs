//! What of a chronicle has a name: the kinds of its events, and its streams with what is known of each.

use super::block::{BLOCK, NONE_BEHIND};
use super::names::Names;
use super::{Chronicle, Entry, Facet};
use crate::event::EventType;

impl Chronicle {
    /// How many kinds there are; each has a number below that.
    pub fn kinds(&self, facet: Facet) -> usize {
        self.names_of(facet).len()
    }

    fn names_of(&self, facet: Facet) -> &Names {
        match facet {
            Facet::Type => &self.types,
            Facet::Category => &self.categories,
            Facet::Actor => &self.actors,
        }
    }

    /// What a kind is called. Events of nobody have an empty text for who recorded them.
    pub fn kind(&self, facet: Facet, number: u32) -> &str {
        self.names_of(facet).get(number)
    }

    pub fn find_kind(&self, facet: Facet, name: &str) -> Option<u32> {
        self.names_of(facet).find(name)
    }

    /// How many events each kind has, by its number.
    pub fn totals(&self, facet: Facet) -> &[u64] {
        self.totals.get(facet as usize).map_or(&[], Vec::as_slice)
    }

    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// What a stream is called.
    pub fn stream(&self, number: u32) -> &str {
        self.names.get(number)
    }

    pub fn find_stream(&self, name: &str) -> Option<u32> {
        self.names.find(name).filter(|_| self.has_order || self.is_whole)
    }

    pub fn category_of(&self, stream: u32) -> u32 {
        self.categories_of.get(stream as usize).map_or(0, |category| category as u32)
    }

    pub fn event_type(&self, number: u32) -> EventType {
        EventType::from(self.types.get(number))
    }

    /// The first event of a type.
    pub fn first_of_type(&self, number: u32) -> Option<Entry> {
        self.entry(*self.type_places.get(number as usize)? as usize)
    }

    /// The first event of a category.
    pub fn first_of_category(&self, number: u32) -> Option<Entry> {
        self.entry(*self.begun.get(number as usize)?.first()? as usize)
    }

    /// How many streams, or those of a category, had begun among so many events.
    pub fn streams_begun(&self, count: usize, category: Option<u32>) -> usize {
        match category {
            None => self.streams.partition_point(|stream| (stream.first as usize) < count),
            Some(category) => {
                self.begun.get(category as usize).map_or(0, |begun| begun.partition_point(|at| (*at as usize) < count))
            }
        }
    }

    /// The streams that changed last among so many events, each by its last event there, the latest first: so many of
    /// them, behind those that are skipped.
    pub fn recent(&self, count: usize, category: Option<u32>, skip: usize, most: usize) -> Vec<Entry> {
        let count = count.min(self.len);
        let there = self.streams_begun(count, category);
        let most = most.min(there.saturating_sub(skip));
        let mut skipped = 0;
        let mut found = Vec::with_capacity(most);
        let number = count.div_ceil(BLOCK);
        for (number, block) in self.blocks.iter().enumerate().take(number).rev() {
            if found.len() >= most {
                break;
            }
            let has_none = category.is_some_and(|category| {
                let sums = block.sums(Facet::Category);
                sums.is_some_and(|sums| sums.binary_search_by_key(&category, |(number, _)| *number).is_err())
            });
            if has_none || !block.may_end_streams(count) {
                continue;
            }
            let first = number * BLOCK;
            let ends = block.ends(count - first, count);
            if category.is_none() && skipped < skip {
                // Counted at once, without a look at each.
                let here = block.ends(count - first, count).count();
                if skipped + here <= skip {
                    skipped += here;
                    continue;
                }
            }
            for place in ends.rev() {
                let stream = block.streams.get(place).copied().unwrap_or_default();
                if category.is_some_and(|category| self.category_of(stream) != category) {
                    continue;
                }
                if skipped < skip {
                    skipped += 1;
                    continue;
                }
                found.extend(self.entry(first + place));
                if found.len() >= most {
                    break;
                }
            }
        }
        found
    }

    /// The places of a stream's events, in their order.
    pub fn events_of(&self, stream: u32) -> impl Iterator<Item = usize> + '_ {
        let first = self.streams.get(stream as usize).map(|stream| stream.first);
        let next = |place: &u32| {
            let (block, within) = self.block_of(*place as usize)?;
            Some(block.behind(within)).filter(|behind| *behind != NONE_BEHIND)
        };
        std::iter::successors(first.filter(|first| *first != NONE_BEHIND), next).map(|place| place as usize)
    }

    /// The last event of a stream among so many of the whole chronicle.
    pub fn last_of(&self, stream: u32, count: usize) -> Option<Entry> {
        let last = self.streams.get(stream as usize)?.last as usize;
        if last < count {
            return self.entry(last);
        }
        self.events_of(stream).take_while(|place| *place < count).last().and_then(|place| self.entry(place))
    }
}
