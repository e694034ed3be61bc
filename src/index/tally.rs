use super::StoreMoment;
use super::values::{MOST_VALUES, Values};
use crate::event::{Position, StreamKey, Timestamp};

/// How many streams have each value, or how many events had it, at any moment of a store. It keeps what changed, and now and then how the counts
/// stood: a moment costs a look-up and a few thousand steps, however long the store is.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    values: Values,
    is_over: bool,
    /// Each event counts by itself, and takes nothing from the value before.
    counts_events: bool,
    /// In the order of the store.
    changes: Vec<Change>,
    of_stream: Slots,
    now: Vec<u32>,
    by_position: Checkpoints,
    by_time: ByTime,
    events: u64,
}

/// A stream got another value, or an event came.
#[derive(Clone, Copy, Debug)]
struct Change {
    position: u64,
    /// The earliest time of this event and those behind it, up to the stream's next change. [`NEVER`] where there is none.
    time: i64,
    from: u16,
    to: u16,
    /// The change of the same stream before it, counted from one.
    before: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    value: u16,
    /// The stream's latest change, counted from one; nought where it has not begun.
    last: u32,
}

/// Slots by the number of the stream, in pages: a look-up for every event, in a store of a million streams.
#[derive(Clone, Debug, Default)]
struct Slots(Vec<Option<Box<[Slot]>>>);

/// How many lie together.
const SLOTS: usize = 1 << 12;

impl Slots {
    fn get(&mut self, key: StreamKey) -> &mut Slot {
        let place = key.0 as usize;
        let page = place / SLOTS;
        if self.0.len() <= page {
            self.0.resize_with(page + 1, || None);
        }
        let slots = self.0[page].get_or_insert_with(|| vec![Slot { value: NONE, last: 0 }; SLOTS].into_boxed_slice());
        &mut slots[place % SLOTS]
    }

    fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Option<Box<[Slot]>>>()
            + self.0.iter().flatten().count() * SLOTS * size_of::<Slot>()
    }
}

/// A stream that has not begun has no value.
const NONE: u16 = u16::MAX;

const NEVER: i64 = i64::MAX;

/// Changes between two checkpoints: some microseconds to go through.
const SPACING: usize = 4096;

/// How the counts stood behind every so many changes.
#[derive(Clone, Debug, Default)]
struct Checkpoints {
    counts: Vec<Box<[u32]>>,
    /// Behind the last of the changes that were put in.
    latest: Vec<u32>,
    len: usize,
}

impl Checkpoints {
    fn push(&mut self, change: &Change) {
        step(&mut self.latest, change);
        self.len += 1;
        if self.len.is_multiple_of(SPACING) {
            self.counts.push(self.latest.as_slice().into());
        }
    }

    /// The counts behind the first `len` changes, which `change` names by their place.
    fn behind<'c>(&self, len: usize, change: impl Fn(usize) -> Option<&'c Change>) -> Vec<u32> {
        let whole = len / SPACING;
        let mut counts = match whole.checked_sub(1).and_then(|at| self.counts.get(at)) {
            Some(kept) => kept.to_vec(),
            None => Vec::new(),
        };
        for place in whole * SPACING..len {
            if let Some(change) = change(place) {
                step(&mut counts, change);
            }
        }
        counts
    }

    fn bytes(&self) -> usize {
        self.counts.iter().map(|counts| counts.len() * size_of::<u32>() + size_of::<Box<[u32]>>()).sum()
    }
}

/// With little room to spare: twice as much, as a list otherwise grows, would be most of what is taken.
fn push_closely(changes: &mut Vec<Change>, change: Change) {
    if changes.len() == changes.capacity() {
        changes.reserve_exact((changes.len() / 8).max(SPACING));
    }
    changes.push(change);
}

fn step(counts: &mut Vec<u32>, change: &Change) {
    if change.from != NONE
        && let Some(count) = counts.get_mut(usize::from(change.from))
    {
        *count = count.saturating_sub(1);
    }
    let to = usize::from(change.to);
    if counts.len() <= to {
        counts.resize(to + 1, 0);
    }
    if let Some(count) = counts.get_mut(to) {
        *count = count.saturating_add(1);
    }
}

/// The changes in the order of the times from which each counts: the earliest of its own and of all that stand behind it
/// in its stream.
#[derive(Clone, Debug, Default)]
struct ByTime {
    /// So many changes stand in it.
    len: usize,
    /// In that order; empty where it is that of the store, and each change counts from its own time.
    times: Vec<i64>,
    /// Which change stands there; empty where it is the order of the store.
    order: Vec<u32>,
    checkpoints: Checkpoints,
    /// Nothing came since it was put in order.
    is_settled: bool,
    /// One that stands in order counts from an earlier time by now.
    has_moved: bool,
}

impl Tally {
    /// One that counts events in place of streams.
    pub fn of_events() -> Self {
        Self { counts_events: true, ..Self::default() }
    }

    /// Takes the next event of a stream, and the value behind it. Where there are too many values, nothing is kept.
    pub fn take(&mut self, key: StreamKey, position: Option<Position>, at: Option<Timestamp>, value: &str) {
        if self.is_over {
            return;
        }
        self.events += 1;
        let slot = self.of_stream.get(key);
        let time = at.map_or(NEVER, Timestamp::micros);
        if let Some(place) = (slot.last as usize).checked_sub(1).filter(|_| !self.counts_events)
            && self.values.text(slot.value) == value
        {
            // It counts from here on at the latest, and so does the change that it stands behind.
            if let Some(last) = self.changes.get_mut(place).filter(|last| time < last.time) {
                last.time = time;
                self.by_time.is_settled = false;
                self.by_time.has_moved |= place < self.by_time.len;
            }
            // Of the changes before it, the times are looked at when they are put in order.
            return;
        }
        let Some(to) = self.values.number(value) else {
            *self = Self { is_over: true, ..Self::default() };
            return;
        };
        let change = Change {
            // Where a store keeps no order, they stand as they came.
            position: position.map_or(self.events, |position| position.0),
            time,
            from: if self.counts_events { NONE } else { slot.value },
            to,
            before: slot.last,
        };
        step(&mut self.now, &change);
        self.by_position.push(&change);
        push_closely(&mut self.changes, change);
        *slot = Slot { value: to, last: self.changes.len() as u32 };
        self.by_time.is_settled = false;
    }

    /// Puts what came in the order of time; then any moment can be asked.
    pub fn settle(&mut self) {
        if self.by_time.is_settled {
            return;
        }
        if !self.settle_the_new() {
            self.settle_all();
        }
        self.by_time.is_settled = true;
    }

    /// What is recorded while clocks run forward stands behind all that is in order, and moves none of it.
    fn settle_the_new(&mut self) -> bool {
        let Self { changes, by_time, .. } = self;
        let known = by_time.len;
        if by_time.has_moved {
            return false;
        }
        let is_as_stored = by_time.times.is_empty();
        let latest = if is_as_stored {
            known.checked_sub(1).and_then(|last| changes.get(last)).map(|change| change.time)
        } else {
            by_time.times.last().copied()
        };
        let (latest, new) = (latest.unwrap_or(i64::MIN), changes.get(known..).unwrap_or_default());
        let is_behind = new.iter().all(|change| change.time >= latest && change.time < NEVER);
        if latest == NEVER || !is_behind || !new.is_sorted_by_key(|change| change.time) {
            return false;
        }
        for (place, change) in (known as u32..).zip(new) {
            by_time.checkpoints.push(change);
            if !is_as_stored {
                by_time.times.push(change.time);
            }
            if !by_time.order.is_empty() {
                by_time.order.push(place);
            }
        }
        by_time.len = changes.len();
        true
    }

    fn settle_all(&mut self) {
        let mut by_time = ByTime { len: self.changes.len(), ..ByTime::default() };
        if self.changes.is_sorted_by_key(|change| change.time) {
            // Then none is followed by an earlier one in its stream either.
            self.changes.iter().for_each(|change| by_time.checkpoints.push(change));
            self.by_time = by_time;
            return;
        }
        let mut times: Vec<i64> = self.changes.iter().map(|change| change.time).collect();
        // What counts takes everything before it in its stream along.
        for place in (0..self.changes.len()).rev() {
            let before = self.changes.get(place).and_then(|change| (change.before as usize).checked_sub(1));
            let time = times.get(place).copied().unwrap_or(NEVER);
            if let Some(earlier) = before.and_then(|before| times.get_mut(before)) {
                *earlier = time.min(*earlier);
            }
        }
        if times.is_sorted() {
            self.changes.iter().for_each(|change| by_time.checkpoints.push(change));
            by_time.times = times;
        } else {
            let mut order: Vec<u32> = (0..self.changes.len() as u32).collect();
            let time_of = |place: u32| times.get(place as usize).copied().unwrap_or(NEVER);
            // Of one time, they stand as in the store.
            order.sort_by_key(|place| time_of(*place));
            for place in &order {
                if let Some(change) = self.changes.get(*place as usize) {
                    by_time.checkpoints.push(change);
                }
            }
            by_time.times = order.iter().map(|place| time_of(*place)).collect();
            by_time.order = order;
        }
        self.by_time = by_time;
    }

    /// There are more values than [`MOST_VALUES`], and nothing was counted.
    pub fn has_too_many_values(&self) -> bool {
        self.is_over
    }

    /// The values, each as JSON, in the order in which they were met.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.texts()
    }

    /// How many streams have each value at a moment, or how many events had had it, in the order of [`Self::values`]. What was taken must be settled.
    pub fn counts(&self, at: StoreMoment) -> Vec<u32> {
        debug_assert!(self.by_time.is_settled || !matches!(at, StoreMoment::Time(_)), "not in the order of time yet");
        let mut counts = match at {
            StoreMoment::Latest => self.now.clone(),
            StoreMoment::Position(position) => {
                let len = self.changes.partition_point(|change| change.position <= position.0);
                self.by_position.behind(len, |place| self.changes.get(place))
            }
            StoreMoment::Time(at) => {
                let ByTime { times, order, checkpoints, .. } = &self.by_time;
                let counts = |time: i64| time <= at.micros() && time < NEVER;
                let len = if times.is_empty() {
                    self.changes.partition_point(|change| counts(change.time))
                } else {
                    times.partition_point(|time| counts(*time))
                };
                checkpoints.behind(len, |place| {
                    let place = if order.is_empty() { place } else { *order.get(place)? as usize };
                    self.changes.get(place)
                })
            }
        };
        counts.resize(self.values.len(), 0);
        counts
    }

    /// How many changes are kept.
    pub fn changes(&self) -> usize {
        self.changes.len()
    }

    /// The memory that it takes.
    pub fn bytes(&self) -> u64 {
        let streams = self.of_stream.bytes();
        let changes = self.changes.capacity() * size_of::<Change>();
        let by_time =
            self.by_time.times.capacity() * size_of::<i64>() + self.by_time.order.capacity() * size_of::<u32>();
        let counts = self.by_position.bytes() + self.by_time.checkpoints.bytes();
        (streams + changes + by_time + counts + self.values.bytes() + MOST_VALUES * size_of::<u32>()) as u64
    }
}
