//! Where events are by their ids, as far as messages were walked over: JetStream itself finds an id for two minutes alone.
//! Of each id a part of its hash is held, so what is found has still to be looked at.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::event::EventId;

/// Of at most so many events, which are 8 bytes each.
const HELD: usize = 16 << 20;

#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Part of the hash, and by how many messages it is behind the first.
    entries: Vec<(u32, u32)>,
    first: u64,
    is_full: bool,
    /// Up to this message every id is here.
    pub(super) to: u64,
}

impl Ids {
    /// The messages are told of in their order.
    pub(super) fn note(&mut self, sequence: u64, id: &EventId) {
        if self.entries.is_empty() {
            self.first = sequence;
        }
        match u32::try_from(sequence.saturating_sub(self.first)) {
            Ok(place) if !self.is_full && self.entries.len() < HELD => self.entries.push((part_of(id), place)),
            // Of the message that did not fit, nothing is known for sure.
            _ if !self.is_full => (self.is_full, self.to) = (true, sequence.saturating_sub(1)),
            _ => {}
        }
    }

    /// Everything up to this message was told of.
    pub(super) fn walked(&mut self, to: u64) {
        if !self.is_full {
            self.to = self.to.max(to);
        }
    }

    /// The messages in which it may be, of those that were walked over.
    pub(super) fn places(&self, id: &EventId) -> Vec<u64> {
        let part = part_of(id);
        let mut places: Vec<u64> = self
            .entries
            .iter()
            .filter(|(known, _)| *known == part)
            .map(|(_, place)| self.first + u64::from(*place))
            .filter(|sequence| *sequence <= self.to)
            .collect();
        places.dedup();
        places
    }
}

fn part_of(id: &EventId) -> u32 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    (hasher.finish() >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_to_its_message_as_far_as_was_walked() {
        let mut ids = Ids::default();
        for sequence in 7..5_000 {
            ids.note(sequence, &EventId::new(&format!("e{sequence}")));
        }
        ids.note(4_999, &EventId::new("with it"));
        assert!(ids.places(&EventId::new("e40")).is_empty(), "nobody said that this was walked over");
        ids.walked(4_999);
        assert_eq!(ids.places(&EventId::new("e7")), [7]);
        assert_eq!(ids.places(&EventId::new("e4000")), [4_000]);
        assert_eq!(ids.places(&EventId::new("with it")), [4_999]);
        assert!(ids.places(&EventId::new("e5000")).is_empty());
    }

    #[test]
    fn what_is_more_than_is_held_is_left_to_a_walk() {
        let mut ids = Ids::default();
        ids.note(1, &EventId::new("a"));
        // Further behind than a place can say.
        ids.note(1 + (1 << 40), &EventId::new("b"));
        ids.walked(1 << 41);
        assert_eq!(ids.to, 1 << 40);
        assert_eq!(ids.places(&EventId::new("a")), [1]);
    }
}
