//! What is kept of each of very many streams, in as little room as it needs.

use std::collections::HashMap;
use std::num::NonZeroU64;

use super::Finding;
use crate::event::{EventId, EventType, Head, Position, StreamKey, Timestamp, Version};
use crate::projection::Problem;

/// A stream's state, and the last event that counts. Its name lies with those of the others.
#[derive(Clone)]
pub(super) struct Kept<S> {
    pub(super) state: S,
    pub(super) key: StreamKey,
    /// [`NO_EVENT`] where none counts yet.
    last_type: u32,
    began: MaybePosition,
    version: Version,
    position: MaybePosition,
    recorded_at: Option<Timestamp>,
    id: EventId,
    rare: Option<Box<Rare<S>>>,
}

const NO_EVENT: u32 = u32::MAX;

/// What hardly any stream has.
#[derive(Clone)]
struct Rare<S> {
    failed: Option<Box<Failed>>,
    /// How it stands behind the events that may not count: they do if one behind them does.
    beyond: Option<Beyond<S>>,
}

#[derive(Clone)]
pub(super) struct Beyond<S> {
    pub(super) state: S,
    pub(super) failed: Option<Box<Failed>>,
    pub(super) events: u64,
}

/// The first event that is not in a state.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) first: Finding,
    /// It, or one behind it, was not run.
    pub(super) is_not_run: bool,
}

impl Failed {
    pub(super) fn note(failed: &mut Option<Box<Self>>, version: Version, problem: Problem) {
        let is_not_run = problem.is_not_run();
        match failed {
            Some(failed) => failed.is_not_run |= is_not_run,
            None => *failed = Some(Box::new(Self { first: Finding { version, problem }, is_not_run })),
        }
    }
}

/// A position that a store may not have, in the room of one. The very last that there could be reads as none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MaybePosition(Option<NonZeroU64>);

impl From<Option<Position>> for MaybePosition {
    fn from(position: Option<Position>) -> Self {
        Self(position.and_then(|Position(position)| NonZeroU64::new(!position)))
    }
}

impl MaybePosition {
    pub(super) fn get(self) -> Option<Position> {
        self.0.map(|position| Position(!position.get()))
    }
}

impl<S: Default> Default for Kept<S> {
    fn default() -> Self {
        Self::of(StreamKey(0), S::default(), None, None)
    }
}

impl<S> Kept<S> {
    /// One that was kept elsewhere; without a last event, one that none was folded into.
    pub(super) fn of(key: StreamKey, state: S, began: Option<Position>, last: Option<Last>) -> Self {
        let (last_type, version, position, recorded_at, id) = match last {
            Some(Last { event_type, version, position, recorded_at, id }) => {
                (event_type, version, position, recorded_at, id)
            }
            None => (NO_EVENT, Version::default(), None, None, EventId::Uuid([0; 16])),
        };
        let (began, position) = (began.into(), position.into());
        Self { state, key, last_type, began, version, position, recorded_at, id, rare: None }
    }
}

impl<S: Clone> Kept<S> {
    /// No event was folded into it.
    pub(super) fn is_new(&self) -> bool {
        self.last_type == NO_EVENT && self.beyond().is_none()
    }

    pub(super) fn begin(&mut self, key: StreamKey, at: Option<Position>) {
        (self.key, self.began) = (key, at.into());
    }

    pub(super) fn began(&self) -> Option<Position> {
        self.began.get()
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn recorded_at(&self) -> Option<Timestamp> {
        self.recorded_at
    }

    pub(super) fn failed(&self) -> Option<&Failed> {
        self.rare.as_ref()?.failed.as_deref()
    }

    /// Where what came of an event that counts is noted.
    pub(super) fn failing(&mut self) -> &mut Option<Box<Failed>> {
        &mut self.rare.get_or_insert_with(|| Box::new(Rare { failed: None, beyond: None })).failed
    }

    pub(super) fn beyond(&self) -> Option<&Beyond<S>> {
        self.rare.as_ref()?.beyond.as_ref()
    }

    /// The events that did not count, which do now.
    pub(super) fn take_beyond(&mut self) -> Option<Beyond<S>> {
        let beyond = self.rare.as_mut()?.beyond.take();
        self.rare.take_if(|rare| rare.failed.is_none());
        beyond
    }

    pub(super) fn set_beyond(&mut self, beyond: Option<Beyond<S>>) {
        match (&mut self.rare, beyond) {
            (Some(rare), beyond) => rare.beyond = beyond,
            (None, None) => {}
            (None, beyond) => self.rare = Some(Box::new(Rare { failed: None, beyond })),
        }
    }

    /// Where an event is folded in that may not count.
    pub(super) fn beyond_or_begin(&mut self) -> &mut Beyond<S> {
        let Self { state, rare, .. } = self;
        let rare = rare.get_or_insert_with(|| Box::new(Rare { failed: None, beyond: None }));
        let Rare { failed, beyond } = &mut **rare;
        beyond.get_or_insert_with(|| Beyond { state: state.clone(), failed: failed.clone(), events: 0 })
    }

    pub(super) fn set_failed(&mut self, failed: Option<Box<Failed>>) {
        match (&mut self.rare, failed) {
            (Some(rare), failed) => rare.failed = failed,
            (None, None) => {}
            (None, failed) => self.rare = Some(Box::new(Rare { failed, beyond: None })),
        }
    }

    /// Whether an event counts.
    pub(super) fn has_last(&self) -> bool {
        self.last_type != NO_EVENT
    }

    pub(super) fn set_last(&mut self, head: Head, types: &mut TypeNumbers) {
        let Head { version, position, recorded_at, id, event_type } = head;
        self.last_type = types.number(event_type);
        (self.version, self.position, self.recorded_at, self.id) = (version, position.into(), recorded_at, id);
    }

    pub(super) fn last(&self) -> Option<Last> {
        let (version, position, recorded_at) = (self.version, self.position.get(), self.recorded_at);
        self.has_last().then(|| Last {
            event_type: self.last_type,
            version,
            position,
            recorded_at,
            id: self.id.clone(),
        })
    }

    pub(super) fn head(&self, types: &TypeNumbers) -> Option<Head> {
        let Last { event_type, version, position, recorded_at, id } = self.last()?;
        Some(Head { version, position, recorded_at, id, event_type: types.name(event_type)?.clone() })
    }
}

/// The last event that counts, of a type by its number.
pub(super) struct Last {
    pub(super) event_type: u32,
    pub(super) version: Version,
    pub(super) position: Option<Position>,
    pub(super) recorded_at: Option<Timestamp>,
    pub(super) id: EventId,
}

/// Numbers for the types of events, of which a store has few.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeNumbers {
    names: Vec<EventType>,
    /// Of those behind the first [`COMPARED`].
    of_name: HashMap<EventType, u32>,
}

/// So many types are compared one by one, which takes less than to hash one. Asked for every event of a store.
const COMPARED: usize = 24;

impl TypeNumbers {
    fn number(&mut self, event_type: EventType) -> u32 {
        let first = self.names.iter().take(COMPARED).position(|known| *known == event_type);
        if let Some(number) = first.map(|place| place as u32).or_else(|| self.of_name.get(&event_type).copied()) {
            return number;
        }
        let number = self.names.len() as u32;
        if self.names.len() >= COMPARED {
            self.of_name.insert(event_type.clone(), number);
        }
        self.names.push(event_type);
        number
    }

    fn name(&self, number: u32) -> Option<&EventType> {
        self.names.get(number as usize)
    }

    pub(super) fn bytes(&self) -> u64 {
        let each = size_of::<EventType>() + 3 * size_of::<usize>();
        self.names.iter().map(|name| each + name.as_str().len()).sum::<usize>() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_numbered_once_however_many_there_are() {
        let mut numbers = TypeNumbers::default();
        let types: Vec<String> = (0..3 * COMPARED).map(|number| format!("type-{number}")).collect();
        for _ in 0..2 {
            for (number, name) in types.iter().enumerate() {
                assert_eq!(numbers.number(name.as_str().into()), number as u32);
            }
        }
        assert_eq!(numbers.names.len(), types.len());
        assert_eq!(numbers.name(70).map(EventType::as_str), Some("type-70"));
    }

    #[test]
    fn a_position_that_may_be_missing_takes_no_more_than_one_that_is_there() {
        assert_eq!(size_of::<MaybePosition>(), size_of::<Position>());
        for position in [None, Some(Position(0)), Some(Position(7)), Some(Position(i64::MAX as u64))] {
            assert_eq!(MaybePosition::from(position).get(), position);
        }
    }

    #[test]
    fn what_is_kept_beside_a_state_is_small() {
        assert!(size_of::<Kept<()>>() <= 72, "{}", size_of::<Kept<()>>());
    }
}
