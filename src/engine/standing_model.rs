//! How far a read model has come, and of what one can be made.

use super::as_of::aggregate_of;
use super::{EngineError, MaterialiseError, Ticket};
use crate::event::{Cursor, EventBatch, Position};
use crate::replay::registry;
use crate::store::{Changes, Columns, ModelPlace, Store, StoreError, model_head};

/// Where a table stands, and what the store has behind that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelStanding {
    pub position: Option<Position>,
    /// So many events are not in it yet.
    pub behind: u64,
    /// The store was cut, restored or replaced since: all of it will be made anew.
    pub is_replaced: bool,
}

/// `None` where there is no such table, or none that Foldline made. Reads only what is new.
pub fn model_standing(
    reader: &dyn Store,
    place: &ModelPlace,
    ticket: &Ticket,
) -> Result<Option<ModelStanding>, MaterialiseError> {
    if place.source.path().is_some_and(|path| !path.exists()) {
        return Ok(None);
    }
    let Some(head) = model_head(place)? else { return Ok(None) };
    let position = head.place.as_ref().map(|(position, _)| *position);
    let after = match head.place {
        Some((position, event)) => Cursor::after(position, event),
        None => Cursor::beginning(),
    };
    let mut standing = ModelStanding { position, ..ModelStanding::default() };
    if !reader.capabilities().has_feed {
        return Ok(Some(standing));
    }
    match reader.changes(&after, Columns::HEADS)? {
        Changes::Grew(mut scan) => {
            let mut batch = EventBatch::default();
            loop {
                scan.next_batch(&mut batch)?;
                if batch.is_empty() {
                    break;
                }
                standing.behind += batch.len() as u64;
                if ticket.reached(standing.behind).is_break() {
                    return Err(StoreError::Cancelled.into());
                }
            }
        }
        Changes::Replaced => standing.is_replaced = true,
        Changes::Unknown => {}
    }
    Ok(Some(standing))
}

/// More categories than these nobody chooses from.
const MOST_CATEGORIES: usize = 64;

/// The categories of a store with the projections that their streams offer.
pub fn model_choices(reader: &dyn Store) -> Result<Vec<(String, Vec<String>)>, EngineError> {
    let mut choices = Vec::new();
    for (category, _) in reader.categories()?.into_iter().take(MOST_CATEGORIES) {
        let Some(aggregate) = aggregate_of(reader, &category)? else { continue };
        let known = registry();
        let names = known.of_aggregate(aggregate).iter().map(|offered| offered.name().to_owned()).collect();
        choices.push((category, names));
    }
    Ok(choices)
}
