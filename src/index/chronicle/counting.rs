use std::ops::Range;

use super::block::{BLOCK, Block};
use super::column::NEVER;
use super::finding::Sieve;
use super::{Chronicle, Facet};
use crate::event::Timestamp;

/// Where one bucket ends and the next begins: ascending, one more than there are buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edges {
    /// By when events were recorded. The last is behind the last moment.
    Times(Vec<i64>),
    /// By their places.
    Places(Vec<usize>),
}

/// Which kinds are told apart; all others are counted together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lanes {
    pub facet: Facet,
    pub numbers: Vec<u32>,
}

/// How many events of each lane there are in each bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    counts: Vec<u32>,
    lanes: usize,
}

impl Counted {
    /// The counts of each bucket, by lane; those of all other kinds are the last.
    pub fn buckets(&self) -> impl Iterator<Item = &[u32]> {
        self.counts.chunks(self.lanes.max(1))
    }

    /// The same over all buckets.
    pub fn sums(&self) -> Vec<u64> {
        let mut sums = vec![0; self.lanes];
        for bucket in self.buckets() {
            sums.iter_mut().zip(bucket).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        sums
    }
}

impl Edges {
    /// Buckets of one length, as near to it as whole microseconds or places are.
    pub fn even_times(from: Timestamp, end: Timestamp, buckets: usize) -> Self {
        let (from, length) = (from.micros(), i128::from(end.micros()) - i128::from(from.micros()));
        let buckets = buckets.max(1) as i128;
        let edge = |number: i128| (i128::from(from) + length.max(0) * number / buckets) as i64;
        Self::Times((0..=buckets).map(edge).collect())
    }

    pub fn even_places(places: Range<usize>, buckets: usize) -> Self {
        let buckets = buckets.max(1);
        Self::Places((0..=buckets).map(|number| places.start + places.len() * number / buckets).collect())
    }

    pub fn buckets(&self) -> usize {
        match self {
            Self::Times(edges) => edges.len().saturating_sub(1),
            Self::Places(edges) => edges.len().saturating_sub(1),
        }
    }
}

impl Lanes {
    /// The kinds of which there is most.
    pub fn largest(chronicle: &Chronicle, facet: Facet, most: usize) -> Self {
        let mut numbers: Vec<(u64, u32)> =
            (0..).zip(chronicle.totals(facet)).map(|(number, count)| (*count, number)).collect();
        let order = |a: &(u64, u32), b: &(u64, u32)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
        if numbers.len() > most && most > 0 {
            numbers.select_nth_unstable_by(most - 1, order);
            numbers.truncate(most);
        }
        numbers.sort_unstable_by(order);
        Self { facet, numbers: numbers.into_iter().map(|(_, number)| number).collect() }
    }

    fn lane(&self, number: u32) -> usize {
        self.numbers.iter().position(|known| *known == number).unwrap_or(self.numbers.len())
    }
}

impl Chronicle {
    /// How many events there are in each bucket, by lane. Costs a look at each block, and one at each event of those that lie
    /// in several buckets. Events without a time are in none by time.
    pub fn count_between(&self, edges: &Edges, lanes: &Lanes) -> Counted {
        self.count_where(edges, lanes, None)
    }

    /// The same of those that a sieve lets through.
    pub fn count_where(&self, edges: &Edges, lanes: &Lanes, sieve: Option<&Sieve>) -> Counted {
        let width = lanes.numbers.len() + 1;
        let mut counted = Counted { counts: vec![0; edges.buckets() * width], lanes: width };
        for (number, block) in self.blocks.iter().enumerate() {
            let first = number * BLOCK;
            if sieve.is_some_and(|sieve| sieve.lets_none_through(block)) {
                continue;
            }
            match edges {
                Edges::Times(edges) => self.count_times(&mut counted, block, edges, lanes, sieve),
                Edges::Places(edges) => self.count_places(&mut counted, (first, block), edges, lanes, sieve),
            }
        }
        counted
    }

    fn count_times(&self, counted: &mut Counted, block: &Block, edges: &[i64], lanes: &Lanes, sieve: Option<&Sieve>) {
        let (Some((earliest, latest)), Some(first), Some(last)) = (block.extent(), edges.first(), edges.last()) else {
            return;
        };
        if latest < *first || earliest >= *last {
            return;
        }
        let bucket_of = |at: i64| edges.partition_point(|edge| *edge <= at).wrapping_sub(1);
        let bucket = bucket_of(earliest);
        if bucket == bucket_of(latest) && block.timeless == 0 && sieve.is_none() {
            return self.count_range(counted, block, 0..block.len(), bucket, lanes);
        }
        // Times lie mostly in their order: the bucket is that of the one before, or beside it.
        let mut buckets = vec![usize::MAX; block.len()];
        let mut bucket = 0;
        let ends = |bucket: usize| edges.get(bucket + 1).copied().unwrap_or(i64::MIN);
        let begins = |bucket: usize| edges.get(bucket).copied().unwrap_or(i64::MAX);
        block.each_time(0..block.len(), |place, at| {
            if at == NEVER || at < *first || at >= *last {
                return;
            }
            if at < begins(bucket) || at >= ends(bucket) {
                bucket = if at >= ends(bucket) && at < ends(bucket + 1) { bucket + 1 } else { bucket_of(at) };
            }
            if let Some(slot) = buckets.get_mut(place) {
                *slot = bucket;
            }
        });
        let through = sieve.map(|sieve| sieve.through(self, block));
        let Counted { counts, lanes: width } = counted;
        block.each_of(lanes.facet, &|stream| self.category_of(stream), 0..block.len(), |place, number| {
            let bucket = buckets.get(place).copied().unwrap_or(usize::MAX);
            let is_through = through.as_ref().is_none_or(|through| through(place));
            if bucket != usize::MAX && is_through {
                add(counts, bucket * *width + lanes.lane(number), 1);
            }
        });
    }

    fn count_places(
        &self,
        counted: &mut Counted,
        (first, block): (usize, &Block),
        edges: &[usize],
        lanes: &Lanes,
        sieve: Option<&Sieve>,
    ) {
        let end = first + block.len();
        let mut bucket = edges.partition_point(|edge| *edge <= first).saturating_sub(1);
        let through = sieve.map(|sieve| sieve.through(self, block));
        while let (Some(from), Some(to)) = (edges.get(bucket), edges.get(bucket + 1)) {
            if *from >= end {
                return;
            }
            let range = (*from).max(first) - first..(*to).clamp(first, end) - first;
            match &through {
                None => self.count_range(counted, block, range, bucket, lanes),
                Some(through) => {
                    let Counted { counts, lanes: width } = &mut *counted;
                    block.each_of(lanes.facet, &|stream| self.category_of(stream), range, |place, number| {
                        if through(place) {
                            add(counts, bucket * *width + lanes.lane(number), 1);
                        }
                    });
                }
            }
            bucket += 1;
        }
    }

    /// Events of a block that all are in one bucket.
    fn count_range(&self, counted: &mut Counted, block: &Block, range: Range<usize>, bucket: usize, lanes: &Lanes) {
        let Counted { counts, lanes: width } = counted;
        let first = bucket * *width;
        let sums = block.sums(lanes.facet).filter(|_| range.len() == block.len());
        match sums {
            Some(sums) => {
                for (number, count) in sums {
                    add(counts, first + lanes.lane(*number), *count);
                }
            }
            None => {
                let category = |stream| self.category_of(stream);
                block.each_of(lanes.facet, &category, range, |_, number| add(counts, first + lanes.lane(number), 1));
            }
        }
    }
}

fn add(counts: &mut [u32], place: usize, more: u32) {
    if let Some(count) = counts.get_mut(place) {
        *count = count.saturating_add(more);
    }
}
