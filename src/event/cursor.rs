use super::{EventBatch, EventId, Position};

/// A place in a store: up to where it has been read. One place for each partition of the store; a file or a table is
/// one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    places: Vec<Place>,
}

/// The last event that was read of one partition. Its id tells a store that grew from another in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub position: Position,
    pub id: EventId,
}

impl Cursor {
    /// Before the first event.
    pub fn beginning() -> Self {
        Self::default()
    }

    /// Behind this event of a store of one partition.
    pub fn after(position: Position, id: EventId) -> Self {
        Self { places: vec![Place { position, id }] }
    }

    /// Behind the events of a batch that was read in store order.
    pub fn advance(&mut self, batch: &EventBatch) {
        if let Some((position, id)) = batch.end() {
            *self = Self::after(position, id.clone());
        }
    }

    /// The place in a store of one partition; `None` before its first event.
    pub fn place(&self) -> Option<&Place> {
        self.places.first()
    }

    pub fn position(&self) -> Option<Position> {
        self.place().map(|place| place.position)
    }
}
