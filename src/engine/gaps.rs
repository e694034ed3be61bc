//! What is free of a file whose pieces come and go.

use std::collections::{BTreeMap, BTreeSet};

/// Ranges that nobody uses, none of which touches another.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Their lengths, by where they begin.
    by_place: BTreeMap<u64, u64>,
    /// The same by length.
    by_length: BTreeSet<(u64, u64)>,
}

/// More are not kept in memory: the smallest are forgotten.
const MOST_GAPS: usize = 1 << 16;

impl Gaps {
    /// This range is free.
    pub(super) fn give(&mut self, at: u64, length: u64) {
        if length == 0 {
            return;
        }
        let (mut at, mut length) = (at, length);
        let before = self.by_place.range(..at).next_back().map(|(begins, long)| (*begins, *long));
        if let Some((begins, long)) = before.filter(|(begins, long)| begins + long == at) {
            self.remove(begins, long);
            (at, length) = (begins, long + length);
        }
        if let Some(long) = self.by_place.get(&(at + length)).copied() {
            self.remove(at + length, long);
            length += long;
        }
        self.insert(at, length);
        if self.by_place.len() > MOST_GAPS
            && let Some((_, begins)) = self.by_length.pop_first()
        {
            self.by_place.remove(&begins);
        }
    }

    /// Where so much is free: in the smallest gap that has room for it.
    pub(super) fn take(&mut self, length: u64) -> Option<u64> {
        if length == 0 {
            return None;
        }
        let (long, at) = self.by_length.range((length, 0)..).next().copied()?;
        self.remove(at, long);
        if long > length {
            self.insert(at + length, long - length);
        }
        Some(at)
    }

    fn insert(&mut self, at: u64, length: u64) {
        self.by_place.insert(at, length);
        self.by_length.insert((length, at));
    }

    fn remove(&mut self, at: u64, length: u64) {
        self.by_place.remove(&at);
        self.by_length.remove(&(length, at));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a map of every byte.
        #[test]
        fn what_is_free_is_given_out_once_and_lies_together(
            steps in prop::collection::vec((any::<bool>(), 1..40_u64, any::<prop::sample::Index>()), 1..200),
        ) {
            let (mut gaps, mut used, mut end) = (Gaps::default(), Vec::<(u64, u64)>::new(), 0_u64);
            for (gives, length, which) in steps {
                if gives && !used.is_empty() {
                    let (at, length) = used.swap_remove(which.index(used.len()));
                    gaps.give(at, length);
                } else {
                    let at = gaps.take(length).unwrap_or_else(|| {
                        end += length;
                        end - length
                    });
                    used.push((at, length));
                }
                let mut all: Vec<(u64, u64, bool)> = used.iter().map(|(at, length)| (*at, *length, true)).collect();
                all.extend(gaps.by_place.iter().map(|(at, length)| (*at, *length, false)));
                all.sort_unstable();
                let mut next = 0;
                for pair in all.windows(2) {
                    prop_assert!(pair[0].2 || pair[1].2, "two gaps that touch: {:?}", pair);
                }
                for (at, length, _) in all {
                    prop_assert_eq!(at, next, "nothing overlaps, and nothing is lost");
                    next = at + length;
                }
                prop_assert_eq!(next, end);
                prop_assert_eq!(gaps.by_place.len(), gaps.by_length.len());
            }
        }
    }
}
