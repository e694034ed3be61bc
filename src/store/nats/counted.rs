//! The numbers of events that say a version which is not believed: each counts as the one behind the highest before it. How
//! many such there are another program decides, so no more of them is held than has room: places from which a stream can
//! be walked on, and the numbers around those that were asked for.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::ControlFlow;

use crate::event::{Position, StreamId, Version};
use crate::store::Flow;

/// How much is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Of so many streams it is known how far they were walked.
    streams: usize,
    /// So many places of one stream are marked, and of all.
    marks: usize,
    all_marks: usize,
    /// So many numbers are walked over at once, and at first from one mark to the next.
    window: usize,
    /// So many are held in all.
    numbers: usize,
}

/// About ten megabytes, however the store looks.
const LIMITS: Limits = Limits { streams: 10_000, marks: 256, all_marks: 65_536, window: 1_024, numbers: 1 << 18 };

/// A stream up to the message with this sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Walked {
    pub(super) to: u64,
    pub(super) highest: Option<Version>,
}

/// What is known of the streams that were looked through.
#[derive(Debug)]
pub(super) struct Highest {
    limits: Limits,
    streams: HashMap<StreamId, Known>,
    /// Numbers that are held.
    numbers: usize,
    /// Goes up each time that one is asked for.
    turn: u64,
}

#[derive(Debug, Default)]
struct Known {
    walked: Walked,
    since: usize,
    marks: Marks,
    /// By the first event of each.
    windows: BTreeMap<Position, Window>,
}

/// The numbers of all events of a stretch of a stream that are counted, in their order.
#[derive(Debug)]
struct Window {
    numbers: Vec<(Position, Version)>,
    end: Walked,
    since: usize,
    used: u64,
}

/// How far a stream had been walked before some of its messages with counted events, and how many such are between two.
#[derive(Clone, Debug, Default)]
struct Marks {
    places: BTreeMap<u64, Option<Version>>,
    apart: usize,
    most: usize,
}

impl Marks {
    fn thin(&mut self) {
        while self.places.len() > self.most {
            let mut is_kept = false;
            self.places.retain(|_, _| {
                is_kept = !is_kept;
                is_kept
            });
            self.apart = self.apart.saturating_mul(2);
        }
    }
}

/// Goes over the messages of one stream.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) walked: Walked,
    /// Before the message that it is in.
    before: Walked,
    /// So many events were counted since the last mark.
    since: usize,
    has_looked: bool,
    marks: Marks,
}

impl Walk {
    /// An event of the message that comes next. Says which it is where it is counted.
    pub(super) fn event(&mut self, said: Option<Version>) -> Option<Version> {
        let counted = match (said, self.walked.highest) {
            (Some(_), _) => None,
            (None, None) => Some(Version(0)),
            (None, Some(highest)) => Some(Version(highest.0.saturating_add(1))),
        };
        if counted.is_some() {
            if !self.has_looked {
                self.has_looked = true;
                self.mark();
            }
            self.since = self.since.saturating_add(1);
        }
        self.walked.highest = self.walked.highest.max(said.or(counted));
        counted
    }

    fn mark(&mut self) {
        let Self { before, since, marks, .. } = self;
        let is_marked = marks.places.contains_key(&before.to);
        if is_marked || *since >= marks.apart {
            *since = 0;
            if !is_marked {
                marks.places.insert(before.to, before.highest);
                marks.thin();
            }
        }
    }

    /// Nothing more of the stream is up to this message.
    pub(super) fn passed(&mut self, sequence: u64) {
        self.walked.to = sequence;
        (self.before, self.has_looked) = (self.walked, false);
    }
}

/// Walks over the stretch in which an event stands whose number is asked for.
#[derive(Debug)]
pub(super) struct Look {
    walk: Walk,
    wanted: Position,
    /// The message of it.
    within: u64,
    numbers: VecDeque<(Position, Version)>,
    window: usize,
    /// Messages that may be read behind that one.
    ahead: usize,
}

impl Look {
    /// The first message to read.
    pub(super) fn from(&self) -> u64 {
        self.walk.walked.to + 1
    }

    pub(super) fn event(&mut self, position: Position, said: Option<Version>) {
        if let Some(counted) = self.walk.event(said) {
            self.numbers.push_back((position, counted));
        }
    }

    /// Breaks once it has all that is worth holding.
    pub(super) fn passed(&mut self, sequence: u64) -> Flow {
        self.walk.passed(sequence);
        if sequence < self.within {
            let more = self.numbers.len().saturating_sub(self.window);
            self.numbers.drain(..more);
            return ControlFlow::Continue(());
        }
        // What comes next is held by the stretch behind the next mark.
        let is_full = self.numbers.len() >= self.window || self.walk.since >= self.walk.marks.apart;
        if is_full || self.ahead == 0 {
            return ControlFlow::Break(());
        }
        self.ahead -= 1;
        ControlFlow::Continue(())
    }
}

impl Default for Highest {
    fn default() -> Self {
        Self::with(LIMITS)
    }
}

impl Highest {
    fn with(limits: Limits) -> Self {
        Self { limits, streams: HashMap::new(), numbers: 0, turn: 0 }
    }

    /// How far a stream was walked.
    pub(super) fn walked(&self, stream: &StreamId) -> Option<Walked> {
        self.streams.get(stream).map(|known| known.walked)
    }

    /// A walk of a stream from there on.
    pub(super) fn walk(&self, stream: &StreamId, from: Walked) -> Walk {
        let Limits { marks: most, window: apart, .. } = self.limits;
        let known = self.streams.get(stream);
        let marks = known.map_or(Marks { places: BTreeMap::new(), apart, most }, |known| known.marks.clone());
        // What comes next is marked, unless it is known how far the last mark is.
        let since = known.filter(|known| known.walked == from).map_or(usize::MAX, |known| known.since);
        Walk { walked: from, before: from, since, has_looked: false, marks }
    }

    /// Keeps how far a stream was walked.
    pub(super) fn note(&mut self, stream: &StreamId, walk: Walk) {
        let Walk { walked, since, marks, .. } = walk;
        if !self.streams.contains_key(stream) {
            self.make_room();
        }
        let known = self.known(stream);
        if walked.to > known.walked.to {
            (known.walked, known.since) =
                (Walked { highest: walked.highest.max(known.walked.highest), ..walked }, since);
        }
        if !marks.places.is_empty() {
            known.marks.apart = known.marks.apart.max(marks.apart);
            known.marks.places.extend(marks.places);
            known.marks.thin();
            if self.streams.values().map(|known| known.marks.places.len()).sum::<usize>() > self.limits.all_marks {
                self.streams.values_mut().for_each(|known| known.marks.places.clear());
            }
        }
    }

    /// What is known without a walk.
    pub(super) fn note_walked(&mut self, stream: &StreamId, walked: Walked) {
        let walk = Walk { since: usize::MAX, marks: Marks::default(), ..self.walk(stream, walked) };
        self.note(stream, walk);
    }

    fn known(&mut self, stream: &StreamId) -> &mut Known {
        let Limits { marks: most, window: apart, .. } = self.limits;
        let marks = || Marks { places: BTreeMap::new(), apart, most };
        self.streams.entry(stream.clone()).or_insert_with(|| Known { marks: marks(), ..Known::default() })
    }

    fn make_room(&mut self) {
        if self.streams.len() >= self.limits.streams {
            self.streams.clear();
            self.numbers = 0;
        }
    }

    /// The number of an event, where it is held.
    pub(super) fn number(&mut self, stream: &StreamId, position: Position) -> Option<Version> {
        self.turn += 1;
        let (_, window) = self.streams.get_mut(stream)?.windows.range_mut(..=position).next_back()?;
        let place = window.numbers.binary_search_by_key(&position, |(position, _)| *position).ok()?;
        window.used = self.turn;
        window.numbers.get(place).map(|(_, version)| *version)
    }

    /// A walk to an event of this message, from the nearest place before it that is known.
    pub(super) fn look(&self, stream: &StreamId, wanted: Position, within: u64) -> Look {
        let known = self.streams.get(stream);
        let marks = known.and_then(|known| known.marks.places.range(..within).next_back());
        let mark = marks.map(|(to, highest)| (Walked { to: *to, highest: *highest }, usize::MAX));
        let ends = known.into_iter().flat_map(|known| known.windows.values().map(|window| (window.end, window.since)));
        let ends = ends.filter(|(end, _)| end.to < within).chain(mark);
        let (from, since) = ends.max_by_key(|(from, _)| from.to).unwrap_or((Walked::default(), usize::MAX));
        let walk = Walk { since, ..self.walk(stream, from) };
        let window = self.limits.window;
        Look { walk, wanted, within, numbers: VecDeque::new(), window, ahead: window }
    }

    /// Keeps what was walked over, and says which number the event has that was asked for; none where there is no such.
    pub(super) fn keep(&mut self, stream: &StreamId, look: Look) -> Option<Version> {
        let Look { walk, wanted, numbers, .. } = look;
        let (end, since) = (walk.walked, walk.since);
        self.note(stream, walk);
        let first = numbers.front().map(|(position, _)| *position)?;
        let numbers = Vec::from(numbers);
        let found = numbers.binary_search_by_key(&wanted, |(position, _)| *position).ok();
        let found = found.and_then(|place| numbers.get(place)).map(|(_, version)| *version);
        self.turn += 1;
        let (count, used) = (numbers.len(), self.turn);
        let before = self.known(stream).windows.insert(first, Window { numbers, end, since, used });
        self.numbers = (self.numbers + count).saturating_sub(before.map_or(0, |window| window.numbers.len()));
        if self.numbers > self.limits.numbers {
            self.let_go();
        }
        found
    }

    /// Of the windows, those that nobody has asked for the longest: half of them.
    fn let_go(&mut self) {
        let windows = self.streams.values().flat_map(|known| known.windows.values());
        let mut used: Vec<u64> = windows.map(|window| window.used).collect();
        used.sort_unstable();
        let middle = used.get(used.len() / 2).copied().unwrap_or_default();
        let mut left = 0;
        for known in self.streams.values_mut() {
            known.windows.retain(|_, window| window.used >= middle);
            left += known.windows.values().map(|window| window.numbers.len()).sum::<usize>();
        }
        self.numbers = left;
    }
}

#[cfg(test)]
mod tests;
