use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::Place;

/// Puts rows in order by keys, of which no more are in memory than are allowed: in runs that are merged then. What has no key
/// stands last either way, and rows that are alike stay as they stood.
pub(super) struct Runs<'r> {
    pub(super) is_descending: bool,
    /// So many keys.
    pub(super) at_once: usize,
    pub(super) go_on: &'r mut dyn FnMut() -> bool,
}

/// Rows that are merged before anybody is asked whether to go on.
const BETWEEN_LOOKS: usize = 4_096;

impl Runs<'_> {
    /// False where it was stopped: then they are in some order.
    pub(super) fn sort<K: Ord>(self, places: &mut Vec<Place>, key: impl Fn(Place) -> Option<K>) -> bool {
        let Self { is_descending, at_once, go_on } = self;
        let length = at_once.max(2);
        for run in places.chunks_mut(length) {
            if !go_on() {
                return false;
            }
            let mut keyed: Vec<(Option<K>, Place)> = run.iter().map(|place| (key(*place), *place)).collect();
            keyed.sort_by(|(a, _), (b, _)| compared(a.as_ref(), b.as_ref(), is_descending));
            for (slot, (_, place)) in run.iter_mut().zip(keyed) {
                *slot = place;
            }
        }
        if places.len() <= length {
            return true;
        }
        let mut runs: Vec<_> = places.chunks(length).map(|run| run.iter().copied()).collect();
        let mut heads = BinaryHeap::with_capacity(runs.len());
        let head = |run: usize, place: Place| Reverse(First { key: key(place), run, place, is_descending });
        for (number, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next().map(|place| head(number, place)));
        }
        let mut merged = Vec::with_capacity(places.len());
        while let Some(Reverse(First { run, place, .. })) = heads.pop() {
            if merged.len().is_multiple_of(BETWEEN_LOOKS) && !go_on() {
                return false;
            }
            merged.push(place);
            heads.extend(runs.get_mut(run).and_then(Iterator::next).map(|place| head(run, place)));
        }
        *places = merged;
        true
    }
}

fn compared<K: Ord>(a: Option<&K>, b: Option<&K>, is_descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if is_descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

/// The first row that is left of a run.
struct First<K> {
    key: Option<K>,
    run: usize,
    place: Place,
    is_descending: bool,
}

impl<K: Ord> Ord for First<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        compared(self.key.as_ref(), other.key.as_ref(), self.is_descending).then(self.run.cmp(&other.run))
    }
}

impl<K: Ord> PartialOrd for First<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord> PartialEq for First<K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<K: Ord> Eq for First<K> {}
