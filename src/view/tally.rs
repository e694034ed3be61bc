use std::collections::HashMap;

use crate::event::{EventType, Head};

/// So many types of a stream are counted each by itself; the last of these lanes counts all the others.
pub const LANES: usize = 32;

/// The lane of the types that came too late for one of their own.
pub const OTHERS: u8 = LANES as u8 - 1;

/// Events between two sums.
const BLOCK: usize = 128;

/// How many events of each type.
pub type Counts = [u32; LANES];

/// The types of a stream's events in the order in which they were met, and how many there are of each between any two
/// places.
#[derive(Debug, Default)]
pub struct EventTypes {
    names: Vec<EventType>,
    lanes: HashMap<EventType, u8>,
    tally: Tally,
}

impl EventTypes {
    pub(super) fn new(heads: &[Head]) -> Self {
        let mut types = Self::default();
        for head in heads {
            types.push(&head.event_type);
        }
        types
    }

    pub(super) fn push(&mut self, event_type: &EventType) {
        let lane = match self.lanes.get(event_type) {
            Some(lane) => *lane,
            None if self.names.len() < usize::from(OTHERS) => {
                let lane = self.names.len() as u8;
                self.names.push(event_type.clone());
                self.lanes.insert(event_type.clone(), lane);
                lane
            }
            None => OTHERS,
        };
        self.tally.push(lane);
    }

    /// The names of the lanes; the types in the last lane have none here.
    pub fn names(&self) -> &[EventType] {
        &self.names
    }

    /// In the order of versions.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// Counts by type between any two places of a row of events: the sums up to every so-manieth, and a look at the few
/// beside them.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    lanes: Vec<u8>,
    /// The counts before event `n * BLOCK`.
    sums: Vec<Counts>,
    all: Counts,
}

impl Tally {
    pub fn push(&mut self, lane: u8) {
        if self.lanes.len().is_multiple_of(BLOCK) {
            self.sums.push(self.all);
        }
        self.lanes.push(lane);
        if let Some(count) = self.all.get_mut(usize::from(lane)) {
            *count += 1;
        }
    }

    pub fn lane(&self, place: usize) -> Option<u8> {
        self.lanes.get(place).copied()
    }

    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// From one place up to, and without, the other.
    pub fn between(&self, from: usize, to: usize) -> Counts {
        let to = to.min(self.lanes.len());
        let mut counts = [0; LANES];
        let from = from.min(to);
        if to - from <= BLOCK {
            self.count(&mut counts, from, to);
            return counts;
        }
        let (first, last) = (from.div_ceil(BLOCK), to / BLOCK);
        self.count(&mut counts, from, first * BLOCK);
        self.count(&mut counts, last * BLOCK, to);
        if let (Some(before), Some(behind)) = (self.sums.get(first), self.sums.get(last).or(Some(&self.all))) {
            for (count, (before, behind)) in counts.iter_mut().zip(before.iter().zip(behind)) {
                *count += behind - before;
            }
        }
        counts
    }

    fn count(&self, counts: &mut Counts, from: usize, to: usize) {
        for lane in self.lanes.get(from..to).unwrap_or_default() {
            if let Some(count) = counts.get_mut(usize::from(*lane)) {
                *count += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_between_any_two_places_are_those_of_counting_one_by_one() {
        let mut tally = Tally::default();
        let lane = |place: usize| ((place * 7919 + place / 13) % 5) as u8;
        (0..1_000).for_each(|place| tally.push(lane(place)));
        for (from, to) in
            [(0, 0), (0, 1_000), (3, 4), (0, 128), (1, 257), (127, 129), (500, 899), (896, 1_000), (9, 2_000)]
        {
            let of_lane = |wanted: u8| (from..to.min(1_000)).filter(|place| lane(*place) == wanted).count() as u32;
            let counted: Vec<u32> = (0..LANES as u8).map(of_lane).collect();
            assert_eq!(tally.between(from, to).to_vec(), counted, "{from}..{to}");
        }
    }

    #[test]
    fn types_that_come_too_late_are_counted_together() {
        let mut types = EventTypes::default();
        (0..40).for_each(|n| types.push(&EventType::from(format!("t{n}").as_str())));
        types.push(&EventType::from("t3"));
        let counts = types.tally().between(0, 41);
        assert_eq!((counts[3], counts[LANES - 1]), (2, 9));
        assert_eq!(types.names().len(), 31);
    }
}
