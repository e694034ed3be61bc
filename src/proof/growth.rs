use std::collections::BTreeMap;

use super::seal::{Traits, hash_of_id};
use super::{Hash, Leaves, Seal, Tree, origin};
use crate::event::EventRow;

/// Tells what became of a store since it was sealed: fed with each event once, in the store's order.
#[derive(Clone, Debug)]
pub struct Growth {
    seal: Seal,
    leaves: Leaves,
    tree: Tree,
    /// Of the first events, as many as were sealed.
    traits: Traits,
    marks: BTreeMap<u64, Hash>,
    /// The root when there were as many events as were sealed.
    root: Option<Hash>,
    /// Whether the first event is the one that was sealed.
    begins_alike: bool,
    /// Up to so many events the beginning is proven to be as it was: the seal tells only at some sizes.
    same: u64,
    /// By so many events something was found to be another.
    other: Option<u64>,
    /// Where the event stands that was the last when the seal was made.
    last_at: Option<u64>,
}

/// How a store is not the sealed one grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strayed {
    /// Nothing is known to be another, and the end is not there. Proven to be as they were are the first `same` alone.
    Shorter { sealed: u64, there: u64, same: u64 },
    /// Events are gone from between others.
    Cut { sealed: u64, there: u64, same: u64 },
    /// Events behind the first `same` and up to `until` are others, or say something else.
    Rewritten { same: u64, until: u64 },
    /// By their sums the same events stand in another order.
    Reimported,
    /// The beginning is as it was; behind it is something else, and not the event that was sealed last.
    OlderCopy { same: u64, there: u64, sealed: u64 },
    /// Nothing of it is known to have been sealed.
    Other { there: u64, sealed: u64 },
}

impl Growth {
    pub fn since(seal: Seal) -> Self {
        let marks = seal.marks.iter().copied().collect();
        let root = (seal.size == 0).then(|| Tree::default().root());
        Self {
            seal,
            leaves: Leaves::default(),
            tree: Tree::default(),
            traits: Traits::default(),
            marks,
            root,
            begins_alike: false,
            same: 0,
            other: None,
            last_at: None,
        }
    }

    pub fn push(&mut self, event: &EventRow<'_>) {
        let leaf = self.leaves.of(event);
        if self.tree.size() == 0 && origin(Some(leaf)) == self.seal.origin {
            (self.begins_alike, self.same) = (true, 1);
        }
        if self.last_at.is_none() && self.seal.last == Some(hash_of_id(event)) {
            self.last_at = Some(self.tree.size());
        }
        if self.tree.size() < self.seal.size {
            self.traits.add(event, leaf);
        }
        self.tree.push(leaf);
        let size = self.tree.size();
        if let Some(sealed) = self.marks.get(&size)
            && self.other.is_none()
        {
            if *sealed == self.tree.root() {
                self.same = size;
            } else {
                self.other = Some(size);
            }
        }
        if size == self.seal.size {
            self.root = Some(self.tree.root());
        }
    }

    /// How many events came behind the sealed ones; or how they are not there as they were.
    pub fn finish(self) -> Result<u64, Strayed> {
        let Self { seal, tree, traits, root, begins_alike, same, other, last_at, .. } = self;
        let (sealed, there) = (seal.size, tree.size());
        if root == Some(seal.root) {
            return Ok(there - sealed);
        }
        let was_last_at = sealed.checked_sub(1);
        if there < sealed {
            return Err(match (other, last_at) {
                (_, Some(_)) => Strayed::Cut { sealed, there, same },
                _ if there > 0 && !begins_alike => Strayed::Other { there, sealed },
                (None, None) => Strayed::Shorter { sealed, there, same },
                (Some(_), None) => Strayed::OlderCopy { same, there, sealed },
            });
        }
        let until = other.unwrap_or(sealed);
        Err(match last_at {
            _ if traits.has_contents_of(&seal) => Strayed::Reimported,
            _ if traits.has_ids_of(&seal) => Strayed::Rewritten { same, until },
            Some(_) if last_at < was_last_at => Strayed::Cut { sealed, there, same },
            Some(_) => Strayed::Rewritten { same, until },
            None if begins_alike => Strayed::OlderCopy { same, there, sealed },
            None => Strayed::Other { there, sealed },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::leaf::tests::event;
    use super::super::seal::tests::sealed;
    use super::*;
    use crate::event::{EventId, RecordedEvent};

    fn events(range: std::ops::Range<u64>) -> Vec<RecordedEvent> {
        range.map(event).collect()
    }

    fn of_another(version: u64) -> RecordedEvent {
        RecordedEvent {
            id: EventId::new(&format!("new-{version}")),
            payload: b"{\"new\":1}".to_vec(),
            ..event(version)
        }
    }

    fn became(before: &[RecordedEvent], after: &[RecordedEvent]) -> Result<u64, Strayed> {
        let mut growth = Growth::since(sealed(before));
        for event in after {
            growth.push(&event.as_row());
        }
        growth.finish()
    }

    #[test]
    fn a_store_that_only_grew_is_told_from_every_other() {
        for count in [1, 2, 7, 64, 65, 300] {
            for more in [0, 1, 50] {
                assert_eq!(became(&events(0..count), &events(0..count + more)), Ok(more), "{count} and {more}");
            }
        }
        assert_eq!(became(&[], &events(0..3)), Ok(3));
        assert_eq!(became(&[], &[]), Ok(0));
    }

    #[test]
    fn any_change_before_the_seal_is_found_wherever_it_is() {
        for count in [1, 7, 200] {
            let before = events(0..count);
            for at in 0..count as usize {
                let mut edited = events(0..count + 3);
                edited[at].payload = b"{}".to_vec();
                let found = became(&before, &edited);
                let Err(Strayed::Rewritten { same, until }) = found else { panic!("{at} of {count}: {found:?}") };
                assert!(same <= at as u64 && (at as u64) < until, "{at} of {count}: {same} to {until}");
                let mut cut = events(0..count + 3);
                cut.remove(at);
                assert!(became(&before, &cut).is_err(), "without {at} of {count}");
            }
        }
    }

    #[test]
    fn no_event_is_said_to_be_as_it_was_beyond_what_the_seal_proves() {
        let before = events(0..1000);
        for there in 1..999 {
            let mut forged = events(0..there);
            let last = forged.len() - 1;
            forged[last].payload = b"{}".to_vec();
            let same = match became(&before, &forged) {
                Err(Strayed::Shorter { same, .. } | Strayed::OlderCopy { same, .. }) => same,
                Err(Strayed::Other { .. }) => 0,
                found => panic!("{there}: {found:?}"),
            };
            assert!(same < there, "{there}: {same}");
        }
    }

    #[test]
    fn what_became_of_a_store_is_named() {
        let before = events(0..100);
        assert_eq!(became(&before, &events(0..90)), Err(Strayed::Shorter { sealed: 100, there: 90, same: 90 }));
        assert_eq!(became(&before, &[]), Err(Strayed::Shorter { sealed: 100, there: 0, same: 0 }));
        let without_middle = [events(0..40), events(50..100)].concat();
        assert_eq!(became(&before, &without_middle), Err(Strayed::Cut { sealed: 100, there: 90, same: 40 }));
        let without_middle = [events(0..40), events(50..150)].concat();
        assert_eq!(became(&before, &without_middle), Err(Strayed::Cut { sealed: 100, there: 140, same: 40 }));
        // Put back as it was after 40, and worked on.
        let back: Vec<_> = events(0..40).into_iter().chain((40..170).map(of_another)).collect();
        assert_eq!(became(&before, &back), Err(Strayed::OlderCopy { same: 40, there: 170, sealed: 100 }));
        let back: Vec<_> = events(0..40).into_iter().chain((40..70).map(of_another)).collect();
        assert_eq!(became(&before, &back), Err(Strayed::OlderCopy { same: 40, there: 70, sealed: 100 }));
        for there in [1, 50, 100, 150] {
            let other: Vec<_> = (0..there).map(of_another).collect();
            assert_eq!(became(&before, &other), Err(Strayed::Other { there, sealed: 100 }));
        }
        let mut turned = before.clone();
        turned.swap(3, 50);
        assert_eq!(became(&before, &turned), Err(Strayed::Reimported));
        // Too short for the first mark, and all that it has is its first event.
        let before = events(0..1000);
        let back: Vec<_> = events(0..1).into_iter().chain((1..5).map(of_another)).collect();
        assert_eq!(became(&before, &back), Err(Strayed::Shorter { sealed: 1000, there: 5, same: 1 }));
        let other: Vec<_> = (0..5).map(of_another).collect();
        assert_eq!(became(&before, &other), Err(Strayed::Other { there: 5, sealed: 1000 }));
        let before = events(0..100);
        let mut one_replaced = before.clone();
        one_replaced[60] = of_another(60);
        let found = became(&before, &one_replaced);
        assert_eq!(found, Err(Strayed::Rewritten { same: 60, until: 62 }));
    }
}
