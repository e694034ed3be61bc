use super::tally::{EventTypes, Tally};
use crate::event::{Head, Timestamp};
use crate::replay::Index;

/// The events of a stream in the order of their times. Kept only where that is not the order of their versions: clocks
/// run backward, and some events have no time.
#[derive(Debug)]
pub(super) struct TimeOrder {
    /// By place in this order.
    events: Vec<u32>,
    times: Vec<Timestamp>,
    /// By version: the place in this order.
    places: Vec<u32>,
    tally: Tally,
}

impl TimeOrder {
    /// `None` where the events stand in this order already, or have no times at all. An event without one lies where the
    /// one before it does.
    pub(super) fn new(heads: &[Head], types: &EventTypes) -> Option<Self> {
        let first = heads.iter().find_map(|head| head.recorded_at)?;
        if Self::is_kept_by(heads) {
            return None;
        }
        let mut last = first;
        let mut row: Vec<(Timestamp, u32)> = (0..)
            .zip(heads)
            .map(|(index, head)| {
                last = head.recorded_at.unwrap_or(last);
                (last, index)
            })
            .collect();
        row.sort();
        let mut order = Self {
            events: row.iter().map(|(_, index)| *index).collect(),
            times: row.iter().map(|(at, _)| *at).collect(),
            places: vec![0; row.len()],
            tally: Tally::default(),
        };
        for (place, (_, index)) in (0..).zip(&row) {
            if let Some(slot) = order.places.get_mut(*index as usize) {
                *slot = place;
            }
            order.tally.push(types.tally().lane(*index as usize).unwrap_or_default());
        }
        Some(order)
    }

    /// Whether these stand in this order already.
    pub(super) fn is_kept_by(heads: &[Head]) -> bool {
        heads.iter().all(|head| head.recorded_at.is_some()) && heads.is_sorted_by_key(|head| head.recorded_at)
    }

    pub(super) fn event_at(&self, place: usize) -> Option<Index> {
        self.events.get(place).map(|index| *index as usize)
    }

    pub(super) fn time_at(&self, place: usize) -> Option<Timestamp> {
        self.times.get(place).copied()
    }

    pub(super) fn place_of(&self, index: Index) -> Option<usize> {
        self.places.get(index).map(|place| *place as usize)
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }
}
