use std::collections::BTreeMap;

use super::values::Values;
use crate::event::Timestamp;

/// How many events of each kind were recorded when. It keeps a bounded number of spans of time, which grow wider as
/// the store's time grows longer.
#[derive(Clone, Debug)]
pub struct Histogram {
    values: Values,
    is_over: bool,
    /// How long a span is, in microseconds; each begins at a multiple of it.
    width: i64,
    spans: BTreeMap<i64, Span>,
    /// The span that the events before fell into, and what they add to it: so does nearly every event.
    latest: Option<(i64, Span)>,
    /// Events without a time.
    timeless: u64,
    /// The earliest and the latest time, to the microsecond.
    reach: Option<(Timestamp, Timestamp)>,
}

#[derive(Clone, Debug, Default)]
struct Span {
    all: u64,
    /// By the number of the value.
    counts: Vec<u32>,
}

impl Span {
    fn add(&mut self, other: &Self) {
        self.all += other.all;
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }
}

/// One of the spans that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub from: Timestamp,
    /// Behind its last moment.
    pub to: Timestamp,
    pub events: u64,
    /// In the order of [`Histogram::values`]; empty where there are too many.
    pub counts: Vec<u32>,
}

/// More spans than a window has pixels. Where clocks ran wild, those between are empty and take nothing.
const MOST_SPANS: usize = 4096;

const SECOND: i64 = 1_000_000;

impl Default for Histogram {
    fn default() -> Self {
        Self {
            values: Values::default(),
            is_over: false,
            width: SECOND,
            spans: BTreeMap::new(),
            latest: None,
            timeless: 0,
            reach: None,
        }
    }
}

impl Histogram {
    pub fn take(&mut self, at: Option<Timestamp>, value: &str) {
        let Some(at) = at else {
            self.timeless += 1;
            return;
        };
        self.reach = Some(self.reach.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        let number = if self.is_over { None } else { self.values.number(value) };
        if number.is_none() && !self.is_over {
            self.is_over = true;
            self.settle();
            self.spans.values_mut().for_each(|span| span.counts = Vec::new());
            self.values = Values::default();
        }
        let place = at.micros().div_euclid(self.width);
        if self.latest.as_ref().is_none_or(|(latest, _)| *latest != place) {
            self.settle();
        }
        let (_, span) = self.latest.get_or_insert_with(|| (at.micros().div_euclid(self.width), Span::default()));
        span.all += 1;
        if let Some(number) = number.map(usize::from) {
            if span.counts.len() <= number {
                span.counts.resize(number + 1, 0);
            }
            if let Some(count) = span.counts.get_mut(number) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// Puts what came last where it belongs; then any span of time can be asked for.
    pub fn settle(&mut self) {
        if let Some((place, latest)) = self.latest.take() {
            self.spans.entry(place).or_default().add(&latest);
        }
        while self.spans.len() > MOST_SPANS {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.width = self.width.saturating_mul(2);
        let mut wider: BTreeMap<i64, Span> = BTreeMap::new();
        for (number, span) in std::mem::take(&mut self.spans) {
            wider.entry(number.div_euclid(2)).or_default().add(&span);
        }
        self.spans = wider;
    }

    /// The kinds, in the order in which they were met.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.texts()
    }

    /// There are too many kinds to be told apart; events are counted all the same.
    pub fn has_too_many_values(&self) -> bool {
        self.is_over
    }

    /// Events without a time.
    pub fn timeless(&self) -> u64 {
        self.timeless
    }

    /// When the earliest and the latest event were recorded: spans would begin before the first and end behind the last, by
    /// months where they are wide.
    pub fn extent(&self) -> Option<(Timestamp, Timestamp)> {
        self.reach
    }

    fn begin_of(&self, span: i64) -> Timestamp {
        Timestamp::from_micros(span.saturating_mul(self.width))
    }

    /// The time between two moments in no more than so many buckets of one length, the empty ones too. Each holds whole
    /// spans, so the first may begin a little earlier and the last end a little later.
    pub fn buckets(&self, from: Timestamp, to: Timestamp, most: usize) -> Vec<Bucket> {
        let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        let first = from.micros().div_euclid(self.width);
        let last = to.micros().saturating_sub(1).div_euclid(self.width);
        if to <= from {
            return Vec::new();
        }
        let spans = last.saturating_sub(first).saturating_add(1);
        // At least one.
        let each = spans.saturating_sub(1) / most + 1;
        let mut buckets: Vec<Bucket> = Vec::new();
        let mut begin = first;
        while begin <= last {
            let end = begin.saturating_add(each);
            let mut sum = Span { all: 0, counts: vec![0; self.values.len()] };
            self.spans.range(begin..end.min(last.saturating_add(1))).for_each(|(_, span)| sum.add(span));
            let (from, to) = (self.begin_of(begin), self.begin_of(end));
            buckets.push(Bucket { from, to, events: sum.all, counts: sum.counts });
            begin = end;
        }
        buckets
    }

    pub fn bytes(&self) -> u64 {
        let spans =
            self.spans.values().map(|span| size_of::<(i64, Span)>() + span.counts.capacity() * size_of::<u32>());
        (spans.sum::<usize>() + self.values.bytes()) as u64
    }
}
