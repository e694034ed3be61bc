//! A first draft of a projection for a category of which nothing is known but its events.

mod draft;
mod words;

use std::collections::{HashMap, HashSet};

use super::EngineError;
use super::load::each_batch;
use crate::event::{EventRow, EventType, StreamKey};
use crate::index::Census;
use crate::store::{Flow, Query, Store, StreamQuery};
use draft::Draft;

/// What of a category's events a draft is guessed from.
#[derive(Debug, Default)]
struct Seen {
    /// Of their bodies, without any wrapping.
    census: Census,
    /// In the order in which they were met.
    types: Vec<EventType>,
    /// How often an event of a type was the first of its stream.
    begins: HashMap<EventType, u64>,
    streams: HashSet<StreamKey>,
    events: u64,
}

impl Seen {
    fn take(&mut self, row: &EventRow<'_>) {
        self.events += 1;
        let is_first = self.streams.insert(row.stream_key);
        match self.begins.get_mut(row.event_type) {
            Some(count) => *count += u64::from(is_first),
            None => {
                self.types.push(row.event_type.clone());
                self.begins.insert(row.event_type.clone(), u64::from(is_first));
            }
        }
        let body = row.body();
        self.census.take(&EventRow { payload: &body, ..row.clone() });
    }
}

/// Writes a projection that takes over what the events of a category say. `None` where there is no such category.
pub fn guess_projection(
    reader: &dyn Store,
    category: &str,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Option<String>, EngineError> {
    let mut seen = Seen::default();
    each_batch(reader, &Query::category(category), progress, &mut |batch| {
        batch.rows().for_each(|row| seen.take(&row));
        Flow::Continue(())
    })?;
    if seen.events == 0 {
        return Ok(None);
    }
    // What a category is, a store's layout says; a projection goes by the names of streams.
    let mut is_in_names = true;
    let query = StreamQuery { category: Some(category.to_owned()), ..StreamQuery::default() };
    reader.visit_streams(&query, &mut |row| {
        is_in_names = row.stream.category() == category;
        if is_in_names { Flow::Continue(()) } else { Flow::Break(()) }
    })?;
    Ok(Some(Draft::of(&seen, category, is_in_names).written()))
}
