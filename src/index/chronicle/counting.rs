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
        let mut ranges = Vec::new();
        for (number, block) in self.blocks.iter().enumerate() {
            let first = number * BLOCK;
            if sieve.is_some_and(|sieve| sieve.lets_none_through(block)) {
                continue;
            }
            ranges.clear();
            let are_told = match edges {
                Edges::Times(edges) => ranges_by_times(&mut ranges, block, edges),
                Edges::Places(edges) => {
                    ranges_by_places(&mut ranges, first, block, edges);
                    true
                }
            };
            match (edges, sieve) {
                (Edges::Times(edges), _) if !are_told => self.count_each(&mut counted, block, edges, lanes, sieve),
                (_, None) => self.count_ranges(&mut counted, block, &ranges, lanes),
                (_, Some(sieve)) => self.count_through(&mut counted, block, &ranges, lanes, sieve),
            }
        }
        counted
    }

    /// Where times are in no order: each event by itself.
    fn count_each(&self, counted: &mut Counted, block: &Block, edges: &[i64], lanes: &Lanes, sieve: Option<&Sieve>) {
        let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return };
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
                bucket = if at >= ends(bucket) && at < ends(bucket + 1) { bucket + 1 } else { bucket_of(edges, at) };
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

    fn count_through(&self, counted: &mut Counted, block: &Block, ranges: &[InBucket], lanes: &Lanes, sieve: &Sieve) {
        let through = sieve.through(self, block);
        let Counted { counts, lanes: width } = counted;
        for (bucket, range) in ranges {
            block.each_of(lanes.facet, &|stream| self.category_of(stream), range.clone(), |place, number| {
                if through(place) {
                    add(counts, bucket * *width + lanes.lane(number), 1);
                }
            });
        }
    }

    fn each_lane(&self, block: &Block, lanes: &Lanes, range: &Range<usize>, mut take: impl FnMut(usize)) {
        let category = |stream| self.category_of(stream);
        block.each_of(lanes.facet, &category, range.clone(), |_, number| take(lanes.lane(number)));
    }

    /// Ranges of a block behind one another. The longest of them is what all have together without those outside it, where that
    /// is a look at fewer.
    fn count_ranges(&self, counted: &mut Counted, block: &Block, ranges: &[InBucket], lanes: &Lanes) {
        let Counted { counts, lanes: width } = counted;
        let (Some((_, first)), Some((_, last))) = (ranges.first(), ranges.last()) else { return };
        let longest = ranges.iter().max_by_key(|(_, range)| range.len());
        let is_told = |range: &Range<usize>| block.len() - range.len() < last.end - first.start;
        let Some((sums, (most, longest))) = block.sums(lanes.facet).zip(longest.filter(|(_, range)| is_told(range)))
        else {
            for (bucket, range) in ranges {
                self.each_lane(block, lanes, range, |lane| add(counts, bucket * *width + lane, 1));
            }
            return;
        };
        let most = most * *width;
        add_sums(counts.get_mut(most..most + *width).unwrap_or_default(), sums, block.len(), lanes);
        for outside in [0..first.start, last.end..block.len()] {
            self.each_lane(block, lanes, &outside, |lane| take_one(counts, most + lane));
        }
        for (bucket, range) in ranges.iter().filter(|(_, range)| range != longest) {
            self.each_lane(block, lanes, range, |lane| {
                add(counts, bucket * *width + lane, 1);
                take_one(counts, most + lane);
            });
        }
    }
}

/// Events of a block that all are in one bucket.
type InBucket = (usize, Range<usize>);

fn bucket_of(edges: &[i64], at: i64) -> usize {
    edges.partition_point(|edge| *edge <= at).wrapping_sub(1)
}

/// Which of its events are in which bucket; `false` where that is to be told of each by itself.
fn ranges_by_times(ranges: &mut Vec<InBucket>, block: &Block, edges: &[i64]) -> bool {
    let (Some((earliest, latest)), Some(first), Some(last)) = (block.extent(), edges.first(), edges.last()) else {
        return true;
    };
    if latest < *first || earliest >= *last {
        return true;
    }
    let bucket = bucket_of(edges, earliest.max(*first));
    if earliest >= *first && bucket == bucket_of(edges, latest) && block.timeless == 0 {
        ranges.push((bucket, 0..block.len()));
        return true;
    }
    let Some(mut from) = block.before(*first) else { return false };
    for (bucket, end) in (bucket..).zip(edges.iter().skip(bucket + 1)) {
        let to = if latest < *end { block.len() } else { block.before(*end).unwrap_or(from) };
        if to > from {
            ranges.push((bucket, from..to));
            from = to;
        }
        if from >= block.len() {
            break;
        }
    }
    true
}

fn ranges_by_places(ranges: &mut Vec<InBucket>, first: usize, block: &Block, edges: &[usize]) {
    let end = first + block.len();
    let begin = edges.partition_point(|edge| *edge <= first).saturating_sub(1);
    for (bucket, (from, to)) in edges.iter().zip(edges.iter().skip(1)).enumerate().skip(begin) {
        if *from >= end {
            return;
        }
        let range = (*from).max(first) - first..(*to).clamp(first, end) - first;
        if !range.is_empty() {
            ranges.push((bucket, range));
        }
    }
}

/// Of kinds that were counted, in the order of their numbers, those of each lane; the rest are of the last.
fn add_sums(counts: &mut [u32], sums: &[(u32, u32)], len: usize, lanes: &Lanes) {
    let mut rest = len as u32;
    for (lane, number) in lanes.numbers.iter().enumerate() {
        let found = sums.binary_search_by_key(number, |(number, _)| *number).ok().and_then(|at| sums.get(at));
        if let Some((_, count)) = found.filter(|_| lanes.lane(*number) == lane) {
            add(counts, lane, *count);
            rest = rest.saturating_sub(*count);
        }
    }
    add(counts, lanes.numbers.len(), rest);
}

fn add(counts: &mut [u32], place: usize, more: u32) {
    if let Some(count) = counts.get_mut(place) {
        *count = count.saturating_add(more);
    }
}

fn take_one(counts: &mut [u32], place: usize) {
    if let Some(count) = counts.get_mut(place) {
        *count = count.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{EventId, EventRow, EventType, Position, StreamId, StreamKey, Version};
    use crate::index::{Categories, ChronicleRows, NumberSet};
    use crate::replay::DecodedRows;

    /// The number of its stream and its type, and when it was recorded.
    type Made = (u32, Option<i64>);

    const CATEGORIES: u32 = 7;

    fn of(events: &[Made]) -> Chronicle {
        let mut chronicle = Chronicle::new(true, true);
        let mut rows = ChronicleRows::new(&Categories::default(), true);
        for (number, (kind, at)) in events.iter().enumerate() {
            let stream = StreamId::from(format!("c{}-{kind}", kind % CATEGORIES).as_str());
            rows.push(&EventRow {
                position: Some(Position(number as u64 + 1)),
                stream: &stream,
                stream_key: StreamKey(*kind),
                version: Version(number as u64),
                id: EventId::new(&number.to_string()),
                event_type: &EventType::from(format!("t{kind}").as_str()),
                schema: 1,
                recorded_at: at.map(Timestamp::from_micros),
                payload: b"{}",
                metadata: format!(r#"{{"actor": "a{}"}}"#, kind % 3).as_bytes(),
            });
        }
        chronicle.take(rows);
        chronicle
    }

    fn naively(chronicle: &Chronicle, edges: &Edges, lanes: &Lanes, sieve: Option<&Sieve>) -> Vec<u32> {
        let width = lanes.numbers.len() + 1;
        let mut counts = vec![0; edges.buckets() * width];
        for place in 0..chronicle.len() {
            let entry = chronicle.entry(place).expect("there");
            let number = match lanes.facet {
                Facet::Type => entry.event_type,
                Facet::Actor => entry.actor,
                Facet::Category => chronicle.category_of(entry.stream),
            };
            let bucket = match edges {
                Edges::Times(edges) => entry
                    .recorded_at
                    .and_then(|at| edges.windows(2).position(|edges| (edges[0]..edges[1]).contains(&at.micros()))),
                Edges::Places(edges) => edges.windows(2).position(|edges| (edges[0]..edges[1]).contains(&place)),
            };
            let is_through =
                sieve.is_none_or(|sieve| sieve.types.as_ref().is_none_or(|types| types.has(entry.event_type)));
            if let Some(bucket) = bucket.filter(|_| is_through) {
                counts[bucket * width + lanes.lane(number)] += 1;
            }
        }
        counts
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Blocks in the order of their times and others, whole and cut, by a few edges and by many.
        #[test]
        fn events_of_many_blocks_are_in_the_buckets_that_a_look_at_each_says(
            len in BLOCK * 2..BLOCK * 4,
            kinds in prop_oneof![Just(4_u32), Just(60), Just(900)],
            step in 0..5_i64,
            disorder in prop_oneof![2 => Just(usize::MAX), 1 => 1..6_000_usize],
            cuts in prop::collection::vec(-0.1..1.1_f64, 2..40),
            most in 0..6_usize,
            is_sieved in any::<bool>(),
        ) {
            let time = |number: usize| {
                let own = 1_000_000 + number as i64 * step;
                match number % disorder {
                    0 if disorder < usize::MAX && number.is_multiple_of(3) => None,
                    0 if disorder < usize::MAX => Some(own - 5_000),
                    _ => Some(own),
                }
            };
            let events: Vec<Made> = (0..len).map(|number| ((number as u32).wrapping_mul(7_919) % kinds, time(number))).collect();
            let chronicle = of(&events);
            let mut cuts = cuts;
            cuts.sort_by(f64::total_cmp);
            let times = cuts.iter().map(|cut| 1_000_000 + (cut * (len as i64 * step.max(1)) as f64) as i64).collect();
            let places = cuts.iter().map(|cut| (cut.max(0.0) * len as f64) as usize).collect();
            let wanted = NumberSet::of(kinds as usize, |number| number % 2 == 0);
            let sieve = is_sieved.then(|| Sieve { types: Some(wanted), ..Sieve::default() });
            for edges in [Edges::Times(times), Edges::Places(places)] {
                for facet in Facet::ALL {
                    let lanes = Lanes::largest(&chronicle, facet, most);
                    let counted = chronicle.count_where(&edges, &lanes, sieve.as_ref());
                    let expected = naively(&chronicle, &edges, &lanes, sieve.as_ref());
                    prop_assert!(counted.counts == expected, "{facet:?} {edges:?}");
                }
            }
        }
    }
}
