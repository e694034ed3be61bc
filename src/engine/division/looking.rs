//! What is asked while a window is drawn, which must not wait for a file: what lies in one is looked up behind, and is there
//! the next time.

use std::collections::HashMap;
use std::sync::{PoisonError, TryLockError};

use super::Division;
use super::index::Index;
use crate::engine::ticket::lock;
use crate::event::{Position, StreamId, Version};

/// An event of a stream, or of a partition.
pub type Spot = (StreamId, Version);

/// It lies in a file, and is looked up by [`Division::look_up`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away;

/// What is known of one; nothing may stand there.
type Known = Result<Option<Spot>, Away>;

/// What was looked up last, and what is still to be.
#[derive(Debug, Default)]
pub(super) struct Looked {
    places: HashMap<Position, Known>,
    homes: HashMap<Spot, Known>,
}

/// So much is remembered.
const MOST_LOOKED: usize = 1 << 12;

impl Looked {
    fn keep_few(&mut self) {
        if self.places.len() + self.homes.len() >= MOST_LOOKED {
            *self = Self::default();
        }
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// What is recorded by now may be what was not found.
    pub(super) fn forget_missing(&mut self) {
        self.places.retain(|_, place| *place != Ok(None));
        self.homes.retain(|_, home| *home != Ok(None));
    }
}

impl Division {
    /// Looks at what is in memory; `None` where that lies in a file, or is being added to just then.
    fn at_hand<T>(&self, look: impl FnOnce(&Index) -> T) -> Option<T> {
        let index = match self.0.index.try_read() {
            Ok(index) => index,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return None,
        };
        (!index.is_laid_down()).then(|| look(&index))
    }

    /// Whether all of it is answered without looking into a file.
    pub fn is_at_hand(&self) -> bool {
        self.at_hand(|_| ()).is_some()
    }

    /// [`Self::place_of`] for who draws.
    pub fn place_at_hand(&self, position: Position) -> Known {
        let here = |index: &Index| {
            let (partition, ordinal) = index.place_of(position)?;
            Some((index.name(partition)?, Version(ordinal)))
        };
        if let Some(place) = self.at_hand(here) {
            return Ok(place);
        }
        let mut looked = lock(&self.0.looked);
        looked.keep_few();
        looked.places.entry(position).or_insert(Err(Away)).clone()
    }

    /// [`Self::own_event`] for who draws.
    pub fn home_at_hand(&self, partition: &StreamId, version: Version) -> Known {
        let here = |index: &Index| index.home(index.position(index.number(partition)?, version.0)?);
        if let Some(home) = self.at_hand(here) {
            return Ok(home);
        }
        let mut looked = lock(&self.0.looked);
        looked.keep_few();
        looked.homes.entry((partition.clone(), version)).or_insert(Err(Away)).clone()
    }

    /// Something was asked that is to be looked up.
    pub fn wants_look(&self) -> bool {
        let looked = lock(&self.0.looked);
        looked.places.values().any(Result::is_err) || looked.homes.values().any(Result::is_err)
    }

    /// Looks up what was asked and lies in a file.
    pub fn look_up(&self) {
        let (places, homes) = {
            let looked = lock(&self.0.looked);
            let places = looked.places.iter().filter(|(_, place)| place.is_err()).map(|(asked, _)| *asked);
            let homes = looked.homes.iter().filter(|(_, home)| home.is_err()).map(|(asked, _)| asked.clone());
            (places.collect::<Vec<_>>(), homes.collect::<Vec<_>>())
        };
        // One by one, since who draws looks here meanwhile.
        for asked in places {
            let place = self.place_of(asked);
            lock(&self.0.looked).places.insert(asked, Ok(place));
        }
        for (partition, version) in homes {
            let home = self.own_event(&partition, version);
            lock(&self.0.looked).homes.insert((partition, version), Ok(home));
        }
    }
}
