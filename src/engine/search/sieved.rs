//! The places that a side index leaves of a store.

use super::plan::all_places;
use super::running::{BLOCK, Piece};
use super::{Days, Search, Wanted};
use crate::engine::find::Needle;
use crate::engine::side::{Block, SideIndex, Sieve};
use crate::event::Timestamp;
use crate::store::{Store, StoreError};

/// Blocks that are passed over before it is told how far it is.
const PASSED_AT_ONCE: u32 = 64;

/// The way through a store by its side index: first what was recorded since it was made, then its blocks, the latest
/// first.
pub(super) struct SidedWay<'a> {
    side: &'a SideIndex,
    sieve: Sieve,
    days: Days,
    /// The places that are not in it: up to which one they are still to be read, and the first of them.
    tail: Option<(u64, u64)>,
    /// So many blocks are left.
    left: usize,
}

impl<'a> SidedWay<'a> {
    /// `None` where the index leaves all of it, or holds nothing.
    pub(super) fn of(search: &Search, side: &'a SideIndex, reader: &dyn Store) -> Result<Option<Self>, StoreError> {
        let (sieve, days) = (sieve_of(search), search.days());
        if sieve.is_empty() && days == Days::default() {
            return Ok(None);
        }
        let (Some(all), Some(last)) = (all_places(reader)?, side.last()) else { return Ok(None) };
        let tail = Some((*all.end(), last + 1)).filter(|(end, first)| end >= first);
        Ok(Some(Self { side, sieve, days, tail, left: side.len() }))
    }

    /// The next places to be read, and for how many events they and what was passed over stand.
    pub(super) fn next(&mut self) -> Option<Piece> {
        if let Some((end, first)) = self.tail {
            let begin = end.saturating_sub(BLOCK - 1).max(first);
            self.tail = begin.checked_sub(1).filter(|rest| *rest >= first).map(|rest| (rest, first));
            return Some((vec![begin..=end], end - begin + 1));
        }
        let (mut stands_for, mut passed) = (0, 0);
        while let Some(number) = self.left.checked_sub(1) {
            self.left = number;
            let block = self.side.block(number)?;
            stands_for += block.last - block.first + 1;
            if self.may_hold(block) && self.side.lets_through(number, &self.sieve) {
                return Some((vec![block.first..=block.last], stands_for));
            }
            passed += 1;
            if passed == PASSED_AT_ONCE {
                break;
            }
        }
        (stands_for > 0).then_some((Vec::new(), stands_for))
    }

    fn may_hold(&self, block: &Block) -> bool {
        let Days { from, end } = self.days;
        if from.is_none() && end.is_none() {
            return true;
        }
        let Some((earliest, latest)) = block.times else { return false };
        from.is_none_or(|from| Timestamp::from_micros(latest) >= from)
            && end.is_none_or(|end| Timestamp::from_micros(earliest) < end)
    }
}

/// What must stand in an event that is looked for.
fn sieve_of(search: &Search) -> Sieve {
    let mut sieve = Sieve::default();
    let asked: Vec<&Wanted> = search.terms.iter().filter(|term| !term.is_denied).map(|term| &term.wanted).collect();
    for wanted in &asked {
        match wanted {
            Wanted::Word(word) => {
                let word = Needle::new(word);
                // An event that is named by its id need not hold it.
                if !word.is_id() {
                    sieve.word(&word);
                }
            }
            Wanted::Payload(value) => sieve.any_of(value.value.known()),
            _ => {}
        }
    }
    // Those of one kind are alternatives.
    let mut kinds: [Vec<Vec<String>>; 4] = Default::default();
    for wanted in asked {
        let (kind, glob) = match wanted {
            Wanted::Actor(glob) => (0, glob),
            Wanted::Reason(glob) => (1, glob),
            Wanted::Type(glob) => (2, glob),
            Wanted::Stream(glob) => (3, glob),
            _ => continue,
        };
        if let Some(any) = kinds.get_mut(kind) {
            any.extend_from_slice(glob.known());
        }
    }
    for any in kinds.iter().filter(|any| !any.is_empty()) {
        sieve.any_of(any);
    }
    sieve
}
