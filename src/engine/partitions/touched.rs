//! What a run has touched, and behind which events.

use std::collections::{HashMap, HashSet};

use super::FaultAt;
use crate::event::{EventType, Position, StreamId, Version};
use crate::projection::Fault;

/// Rows that are others than they were, each once, in their order.
#[derive(Default)]
pub(super) struct Touched {
    places: HashSet<usize>,
    last: Option<usize>,
    /// Behind which event results are made of each, where any are, and behind which of all.
    behind: HashMap<usize, EventAt>,
    behind_all: Option<EventAt>,
}

/// Where an event stands.
#[derive(Clone)]
pub(super) struct EventAt {
    pub(super) stream: StreamId,
    pub(super) version: Version,
    pub(super) position: Option<Position>,
    pub(super) event_type: EventType,
}

impl EventAt {
    pub(super) fn fault(self, fault: Fault) -> FaultAt {
        let Self { stream, version, position, event_type } = self;
        FaultAt { fault, stream, version, position, event_type }
    }
}

impl Touched {
    pub(super) fn note(&mut self, place: usize) {
        if self.last != Some(place) {
            self.last = Some(place);
            self.places.insert(place);
        }
    }

    pub(super) fn note_event(&mut self, place: usize, event: EventAt) {
        self.behind.insert(place, event.clone());
        self.behind_all = Some(event);
    }

    /// Behind which event the result of a row is made.
    pub(super) fn behind(&self, place: usize) -> Option<EventAt> {
        self.behind.get(&place).or(self.behind_all.as_ref()).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut places: Vec<usize> = self.places.iter().copied().collect();
        places.sort_unstable();
        places
    }
}
