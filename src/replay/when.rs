//! When a condition held in a stream, and what an expression was at each of its events. Only where a field moved that
//! the expression names is it read again, unless it asks for what every event brings anew.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::bound::{At, Spoken};
use super::{Again, Index, Replay};
use crate::expr::{Doubt, Expression, Names, Reading, Stop, Uses, Value};
use crate::projection::{Projection, key_path};

/// What the events of a loaded stream say besides what their projection keeps.
pub trait SpokenOf {
    fn spoken(&self, index: Index) -> Spoken<'_>;
}

/// For expressions that ask for none of it.
impl SpokenOf for () {
    fn spoken(&self, _: Index) -> Spoken<'_> {
        Spoken::default()
    }
}

/// Takes what an expression is at an event, and stays until the next one that is told.
pub type VisitValue<'v> = dyn FnMut(Index, Result<Value<'_>, Doubt>) + 'v;

/// So many events are folded between two looks whether anybody still waits.
const FOLDED_BETWEEN_LOOKS: usize = 512;

impl<P: Projection> Replay<P> {
    /// The fields that there are, and whether more may come.
    pub(super) fn names(&self) -> Names {
        let mut fields = fields_of(&self.projection, &P::State::default());
        let is_fixed = !fields.is_empty();
        if !is_fixed {
            let mut known: BTreeSet<String> = BTreeSet::new();
            for name in fields_of(&self.projection, &self.latest).into_iter().chain(self.changes.fields()) {
                if known.insert(name.clone()) {
                    fields.push(name);
                }
            }
        }
        Names { fields, differ: !is_fixed, ..Names::default() }
    }

    pub(super) fn read_along(
        &self,
        expression: &Expression,
        range: Range<Index>,
        spoken: &dyn SpokenOf,
        stop: &dyn Fn() -> bool,
        visit: &mut VisitValue<'_>,
    ) -> Result<(), Stop> {
        let end = range.end.min(self.events.len());
        // Behind that, nothing is known of the state.
        let not_run =
            self.not_run_from.map(|at| at.max(range.start)).filter(|at| *at < end && expression.uses().are_of_states());
        self.read_what_ran(expression, range.start..not_run.unwrap_or(end), spoken, stop, visit)?;
        if let Some(at) = not_run {
            visit(at, Err(Doubt::NOT_RUN));
        }
        Ok(())
    }

    fn read_what_ran(
        &self,
        expression: &Expression,
        range: Range<Index>,
        spoken: &dyn SpokenOf,
        stop: &dyn Fn() -> bool,
        visit: &mut VisitValue<'_>,
    ) -> Result<(), Stop> {
        if range.is_empty() {
            return Ok(());
        }
        let uses = expression.uses();
        let places = self.places(uses, &range);
        let counts = Counts { replay: self, known: RefCell::default() };
        let mut walk = Walk { replay: self, again: self.again(), state: P::State::default(), next: 0 };
        let mut look_at = 0;
        let mut read = |index: Index| {
            if index >= look_at {
                look_at = index + FOLDED_BETWEEN_LOOKS;
                if stop() {
                    return Err(Stop::Cancelled);
                }
            }
            let old = if uses.old { Some(walk.before(index)) } else { None };
            let state = walk.after(index);
            let Some(head) = self.heads.get(index) else { return Ok(()) };
            let at = At {
                projection: &self.projection,
                state,
                old: old.as_ref(),
                head,
                spoken: if uses.author || uses.payload { spoken.spoken(index) } else { Spoken::default() },
                changed: &|path| self.is_moved(index, path),
                count: &|event_type| counts.up_to(index, event_type),
                payload: OnceCell::new(),
            };
            visit_value(expression, &at, stop, &mut |value| visit(index, value))
        };
        match places {
            Some(places) => places.into_iter().try_for_each(&mut read),
            None => range.clone().try_for_each(&mut read),
        }
    }

    /// Where an expression may have another value than at the event before; `None` for everywhere.
    fn places(&self, uses: &Uses, range: &Range<Index>) -> Option<Vec<Index>> {
        let is_kept = |name: &str| self.projection.bookkeeping().contains(&name);
        if uses.is_of_event || uses.fields.iter().any(|name| is_kept(name)) {
            return None;
        }
        let paths = uses.fields.iter().map(|name| key_path("", name));
        let mut places: Vec<Index> = paths.flat_map(|path| self.changes.changes_within(&path, range)).collect();
        places.push(range.start);
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    fn is_moved(&self, index: Index, path: &str) -> bool {
        self.projection.bookkeeping().contains(&path) || self.changes.last_change(index, path) == Some(index)
    }
}

fn visit_value(
    expression: &Expression,
    at: &dyn crate::expr::Moment,
    stop: &dyn Fn() -> bool,
    visit: &mut dyn FnMut(Result<Value<'_>, Doubt>),
) -> Result<(), Stop> {
    match expression.value(at, stop) {
        Ok(value) => visit(Ok(value)),
        Err(Stop::Unknown(doubt)) => visit(Err(doubt)),
        Err(over) => return Err(over),
    }
    Ok(())
}

pub(super) fn fields_of<P: Projection>(projection: &P, state: &P::State) -> Vec<String> {
    if let Some(whole) = projection.as_json(state) {
        return whole.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    }
    let mut names = Vec::new();
    projection.cells(state, &mut |name, _| names.push(name.to_owned()));
    names
}

/// A state that goes along a stream, from checkpoint to checkpoint where that is shorter.
struct Walk<'r, P: Projection> {
    replay: &'r Replay<P>,
    again: Again<'r, P>,
    state: P::State,
    /// The first event that is not folded in.
    next: Index,
}

impl<P: Projection> Walk<'_, P> {
    fn fold_to(&mut self, end: Index) {
        let Replay { spacing, events, checkpoints, .. } = self.replay;
        let nearest = end.saturating_sub(1) / spacing;
        if self.next > end || nearest * spacing > self.next {
            self.state = checkpoints.get(nearest).cloned().unwrap_or_default();
            self.next = nearest * spacing;
        }
        for index in self.next..end.min(events.len()) {
            self.again.fold(&mut self.state, index);
        }
        self.next = end.max(self.next);
    }

    fn after(&mut self, index: Index) -> &P::State {
        self.fold_to(index + 1);
        &self.state
    }

    fn before(&mut self, index: Index) -> P::State {
        if index == 0 {
            return P::State::default();
        }
        self.fold_to(index);
        self.state.clone()
    }
}

/// How many events of a type there were, counted on from the last time it was asked.
struct Counts<'r, P: Projection> {
    replay: &'r Replay<P>,
    known: RefCell<HashMap<String, (Index, u64)>>,
}

impl<P: Projection> Counts<'_, P> {
    fn up_to(&self, index: Index, event_type: &str) -> u64 {
        let mut known = self.known.borrow_mut();
        let (next, count) = match known.get_mut(event_type) {
            Some(known) => known,
            None => known.entry(event_type.to_owned()).or_default(),
        };
        if *next > index + 1 {
            (*next, *count) = (0, 0);
        }
        let heads = self.replay.heads.get(*next..=index).unwrap_or_default();
        *count += heads.iter().filter(|head| head.event_type.as_str() == event_type).count() as u64;
        *next = index + 1;
        *count
    }
}

/// When a condition held in a stream: from each event that made it true to the one that ended it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turns {
    ranges: Vec<Range<Index>>,
    /// At how many events it was true before each of them.
    before: Vec<usize>,
    /// What it is since the last time it was read.
    is: Held,
    /// Up to where it was read.
    end: Index,
    events_true: u64,
    unknown: u64,
    doubt: Option<(Index, Doubt)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Held {
    #[default]
    False,
    True,
    Unknown,
}

impl Turns {
    /// It is this from here on, until it is told anew.
    pub fn note(&mut self, index: Index, reading: &Reading) {
        self.look_to(index);
        let is = match reading {
            Reading::True => Held::True,
            Reading::False => Held::False,
            Reading::Unknown(doubt) => {
                self.doubt.get_or_insert_with(|| (index, doubt.clone()));
                Held::Unknown
            }
        };
        if is == Held::True && self.is != Held::True {
            self.ranges.push(index..index);
            self.before.push(self.events_true as usize);
        }
        self.is = is;
    }

    /// The same as a value.
    pub fn note_value(&mut self, index: Index, expression: &Expression, value: Result<Value<'_>, Doubt>) {
        self.note(index, &expression.reading(value));
    }

    /// What it was last holds up to, and without, this event.
    pub fn look_to(&mut self, end: Index) {
        let more = end.saturating_sub(self.end) as u64;
        match self.is {
            Held::False => {}
            Held::Unknown => self.unknown += more,
            Held::True => {
                self.events_true += more;
                if let Some(last) = self.ranges.last_mut() {
                    last.end = end.max(last.end);
                }
            }
        }
        self.end = self.end.max(end);
    }

    /// From each event that made it true up to, and without, the one that ended it.
    pub fn ranges(&self) -> &[Range<Index>] {
        &self.ranges
    }

    /// Up to where was looked.
    pub fn looked_at(&self) -> Index {
        self.end
    }

    /// At how many events it is true.
    pub fn events_true(&self) -> u64 {
        self.events_true
    }

    /// At how many events it is true, up to and with this one.
    pub fn true_up_to(&self, index: Index) -> usize {
        let behind = self.ranges.partition_point(|range| range.start <= index);
        let last = behind.checked_sub(1).and_then(|at| Some((self.ranges.get(at)?, self.before.get(at)?)));
        last.map_or(0, |(range, before)| before + (range.end.min(index + 1) - range.start))
    }

    /// At how many events it cannot be told.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// The first event at which it cannot be told, and why.
    pub fn doubt(&self) -> Option<&(Index, Doubt)> {
        self.doubt.as_ref()
    }

    /// Each event at which it turns, and to what.
    pub fn turns(&self) -> impl Iterator<Item = (Index, bool)> + '_ {
        let end = self.end;
        self.ranges.iter().flat_map(move |range| {
            let ends = (range.end < end).then_some((range.end, false));
            [Some((range.start, true)), ends].into_iter().flatten()
        })
    }

    /// The stretch that an event lies in: true or not, its number among those that are true, and where it began.
    pub fn at(&self, index: Index) -> Stretch {
        let behind = self.ranges.partition_point(|range| range.start <= index);
        match behind.checked_sub(1).and_then(|at| self.ranges.get(at)) {
            Some(range) if range.contains(&index) => Stretch { is_true: true, number: behind, since: range.start },
            Some(range) => Stretch { is_true: false, number: behind, since: range.end },
            None => Stretch { is_true: false, number: 0, since: 0 },
        }
    }

    /// The last turn before this event.
    pub fn turn_before(&self, index: Index) -> Option<Index> {
        let behind = self.ranges.partition_point(|range| range.start < index);
        let range = self.ranges.get(behind.checked_sub(1)?)?;
        Some(if range.end < index && range.end < self.end { range.end } else { range.start })
    }

    /// The first turn behind it.
    pub fn turn_after(&self, index: Index) -> Option<Index> {
        let behind = self.ranges.partition_point(|range| range.start <= index);
        let ends = behind.checked_sub(1).and_then(|at| self.ranges.get(at)).map(|range| range.end);
        let begins = self.ranges.get(behind).map(|range| range.start);
        ends.filter(|end| *end > index && *end < self.end).or(begins)
    }
}

/// Where an event lies between the turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub is_true: bool,
    /// How many stretches were true up to here, counted from one.
    pub number: usize,
    /// The event with which it began.
    pub since: Index,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_told_from_any_event() {
        let mut turns = Turns::default();
        for (index, is) in [(0, false), (2, true), (3, true), (5, false), (7, true)] {
            turns.note(index, if is { &Reading::True } else { &Reading::False });
        }
        turns.look_to(9);
        assert_eq!(turns.ranges(), [2..5, 7..9]);
        assert_eq!((turns.events_true(), turns.unknown()), (5, 0));
        assert_eq!(turns.turns().collect::<Vec<_>>(), [(2, true), (5, false), (7, true)]);
        let before: Vec<_> = (0..9).map(|index| turns.turn_before(index)).collect();
        assert_eq!(before, [None, None, None, Some(2), Some(2), Some(2), Some(5), Some(5), Some(7)]);
        let after: Vec<_> = (0..9).map(|index| turns.turn_after(index)).collect();
        let expected = [Some(2), Some(2), Some(5), Some(5), Some(5), Some(7), Some(7), None, None];
        assert_eq!(after, expected);
        assert_eq!((0..9).map(|index| turns.true_up_to(index)).collect::<Vec<_>>(), [0, 0, 1, 2, 3, 3, 3, 4, 5]);
        assert_eq!(turns.at(1), Stretch { is_true: false, number: 0, since: 0 });
        assert_eq!(turns.at(4), Stretch { is_true: true, number: 1, since: 2 });
        assert_eq!(turns.at(6), Stretch { is_true: false, number: 1, since: 5 });
        assert_eq!(turns.at(8), Stretch { is_true: true, number: 2, since: 7 });
    }
}
