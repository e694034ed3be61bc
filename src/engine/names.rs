//! What partitions or streams are called, by their places, and the other way round.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::spill::fault_of;
use crate::replay::{Shelf, StreamNames};
use crate::store::StoreError;

/// Names by their places, in memory or on a shelf, and where to look for each. A name itself is there once.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    texts: StreamNames,
    /// How many bytes they are long together.
    letters: u64,
    len: u32,
    /// By hashes: as many as a power of two, a part of them free.
    slots: Vec<Slot>,
    hashing: RandomState,
    shelf: Option<Arc<dyn Shelf>>,
}

/// A place, counted from one, and some of the hash of its name.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    place: u32,
    tag: u32,
}

/// No more than so many of eight slots are taken.
const MOST_OF_EIGHT: usize = 6;

const FEWEST_SLOTS: usize = 16;

impl Names {
    /// `None` where it cannot be read any more, too: [`Self::unless_torn`] tells.
    pub(super) fn get(&self, place: usize) -> Option<Cow<'_, str>> {
        self.texts.get(place)
    }

    /// The name where it lies in memory.
    pub(super) fn at_hand(&self, place: usize) -> Option<&str> {
        self.texts.at_hand(place)
    }

    fn tag(&self, name: &str) -> u32 {
        self.hashing.hash_one(name) as u32
    }

    pub(super) fn find(&self, name: &str) -> Result<Option<usize>, StoreError> {
        let tag = self.tag(name);
        let mut at = tag as usize;
        loop {
            // Some are always free.
            let Some(slot) = self.slots.get(at & self.slots.len().wrapping_sub(1)) else { return Ok(None) };
            let Some(place) = slot.place.checked_sub(1) else { return Ok(None) };
            if slot.tag == tag {
                let known = self.get(place as usize).ok_or_else(|| self.torn())?;
                if known == name {
                    return Ok(Some(place as usize));
                }
            }
            at += 1;
        }
    }

    /// One that is not known yet gets the next place.
    pub(super) fn push(&mut self, name: &str) -> usize {
        if (self.len as usize + 1) * 8 > self.slots.len() * MOST_OF_EIGHT {
            let more = vec![Slot::default(); (self.slots.len() * 2).max(FEWEST_SLOTS)];
            let before = std::mem::replace(&mut self.slots, more);
            before.into_iter().filter(|slot| slot.place > 0).for_each(|slot| self.note(slot));
        }
        let place = self.len;
        self.len += 1;
        self.note(Slot { place: self.len, tag: self.tag(name) });
        self.letters += name.len() as u64;
        self.texts.push(name.into());
        place as usize
    }

    fn note(&mut self, slot: Slot) {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = slot.tag as usize & mask;
        while let Some(known) = self.slots.get_mut(at) {
            if known.place == 0 {
                *known = slot;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// How long they are together.
    pub(super) fn letters(&self) -> u64 {
        self.letters
    }

    /// What they take in memory.
    pub(super) fn bytes(&self) -> u64 {
        self.texts.bytes() + (self.slots.len() * size_of::<Slot>()) as u64
    }

    /// Lays them on a shelf, but for the newest. False where that was stopped.
    pub(super) fn lay_down(
        &mut self,
        shelf: &Arc<dyn Shelf>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<bool, StoreError> {
        self.shelf = Some(Arc::clone(shelf));
        let is_laid = self.texts.lay_down(shelf, go_on);
        self.unless_torn()?;
        Ok(is_laid)
    }

    fn unless_torn(&self) -> Result<(), StoreError> {
        self.shelf.as_ref().and_then(fault_of).map_or(Ok(()), Err)
    }

    fn torn(&self) -> StoreError {
        let fault = self.shelf.as_ref().and_then(fault_of);
        fault.unwrap_or_else(|| StoreError::from_io(Path::new("names"), io::ErrorKind::InvalidData.into()))
    }

    /// The name at a place that there is.
    pub(super) fn read(&self, place: usize) -> Result<Option<Cow<'_, str>>, StoreError> {
        if place >= self.len as usize {
            return Ok(None);
        }
        self.get(place).map(Some).ok_or_else(|| self.torn())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::spill::new_shelf;

    #[test]
    fn each_is_found_by_its_name_and_its_place_wherever_they_lie() {
        let name = |number: usize| if number == 3 { String::new() } else { format!("몫-{number}") };
        let (mut names, shelf, all) = (Names::default(), new_shelf().expect("a file"), 5_000);
        assert_eq!(names.find("몫-0").expect("read"), None);
        for number in 0..all {
            assert_eq!(names.find(&name(number)).expect("read"), None);
            assert_eq!(names.push(&name(number)), number);
            // Some lie there, and others are added behind them.
            if number == 2_000 || number == 4_000 {
                assert!(names.lay_down(&shelf, &mut || true).expect("there is room"));
            }
        }
        let before = names.clone();
        assert!(names.lay_down(&shelf, &mut || true).expect("there is room"));
        for (names, number) in [&names, &before].into_iter().flat_map(|names| (0..all).map(move |n| (names, n))) {
            assert_eq!(names.find(&name(number)).expect("read"), Some(number));
            assert_eq!(names.read(number).expect("read").as_deref(), Some(name(number).as_str()));
        }
        assert_eq!((names.find("몫").expect("read"), names.read(all).expect("read")), (None, None));
        assert_eq!((names.at_hand(0), before.at_hand(4_999)), (None, Some("몫-4999")));
        assert_eq!(names.letters(), (0..all).map(|number| name(number).len() as u64).sum::<u64>());
        assert!(names.bytes() < all as u64 * 24, "{}", names.bytes());
    }
}
