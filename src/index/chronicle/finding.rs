use std::ops::Range;

use super::block::Block;
use super::{Chronicle, Facet};
use crate::event::Timestamp;

/// Some of the numbers below a bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSet {
    words: Box<[u64]>,
}

impl NumberSet {
    /// Of so many numbers those for which it holds.
    pub fn of(count: usize, mut holds: impl FnMut(u32) -> bool) -> Self {
        let mut words = vec![0_u64; count.div_ceil(64)];
        for number in 0..count as u32 {
            if let Some(word) = words.get_mut(number as usize / 64).filter(|_| holds(number)) {
                *word |= 1 << (number % 64);
            }
        }
        Self { words: words.into() }
    }

    pub fn has(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }
}

/// Which events are looked for. What is left out may be anything; all the rest must hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sieve {
    pub types: Option<NumberSet>,
    pub actors: Option<NumberSet>,
    pub categories: Option<NumberSet>,
    pub streams: Option<NumberSet>,
    /// Recorded then or later.
    pub from: Option<Timestamp>,
    /// Recorded before.
    pub end: Option<Timestamp>,
}

impl Sieve {
    fn of(&self, facet: Facet) -> Option<&NumberSet> {
        match facet {
            Facet::Type => self.types.as_ref(),
            Facet::Category => self.categories.as_ref(),
            Facet::Actor => self.actors.as_ref(),
        }
    }

    fn has_times(&self) -> bool {
        self.from.is_some() || self.end.is_some()
    }

    /// By what is known of the whole block.
    pub(super) fn lets_none_through(&self, block: &Block) -> bool {
        if self.has_times() {
            let Some((earliest, latest)) = block.extent() else { return true };
            if self.from.is_some_and(|from| latest < from.micros())
                || self.end.is_some_and(|end| earliest >= end.micros())
            {
                return true;
            }
        }
        Facet::ALL.into_iter().any(|facet| match (self.of(facet), block.sums(facet)) {
            (Some(wanted), Some(sums)) => !sums.iter().any(|(number, _)| wanted.has(*number)),
            (Some(wanted), None) => wanted.is_empty(),
            (None, _) => false,
        })
    }

    /// Tells of the event at each place of a block whether it is let through.
    pub(super) fn through<'b>(&'b self, chronicle: &'b Chronicle, block: &'b Block) -> impl Fn(usize) -> bool + 'b {
        move |place| {
            let Some(row) = block.get(place) else { return false };
            let is_wanted =
                |wanted: &Option<NumberSet>, number: u32| wanted.as_ref().is_none_or(|wanted| wanted.has(number));
            let at = row.at;
            is_wanted(&self.types, row.event_type)
                && is_wanted(&self.actors, row.actor)
                && is_wanted(&self.streams, row.stream)
                && (self.categories.is_none() || is_wanted(&self.categories, chronicle.category_of(row.stream)))
                && self.from.is_none_or(|from| at >= from.micros())
                && self.end.is_none_or(|end| at < end.micros())
                && !(self.has_times() && at == super::NEVER)
        }
    }
}

/// What was found on a way back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundPlaces {
    /// The latest first.
    pub places: Vec<usize>,
    /// The events before this place were not looked at yet.
    pub rest: usize,
}

impl Chronicle {
    /// The latest events in a range that a sieve lets through, so many of them at most. It looks at no more than so many blocks
    /// that may hold some, so that whoever asks can be told to stop; what was not looked at is the rest.
    pub fn newest(&self, sieve: &Sieve, places: Range<usize>, most: usize, blocks: usize) -> FoundPlaces {
        let mut found = FoundPlaces { places: Vec::new(), rest: places.end.min(self.len()) };
        let mut looked = 0;
        for (first, block, within) in self.blocks_in(&places).rev() {
            if sieve.lets_none_through(block) {
                found.rest = first + within.start;
                continue;
            }
            if looked == blocks {
                return found;
            }
            looked += 1;
            let is_through = sieve.through(self, block);
            for place in within.clone().rev() {
                if is_through(place) {
                    found.places.push(first + place);
                    if found.places.len() >= most {
                        found.rest = first + place;
                        return found;
                    }
                }
            }
            found.rest = first + within.start;
        }
        found.rest = places.start;
        found
    }
}
