use std::sync::{Arc, Mutex};

use super::ticket::lock;
use crate::event::Cursor;
use crate::store::{InfoAtOnce, Store, StoreError};

/// What a store knows of itself at once, asked for one time for all who ask before the next event is recorded. Clones are
/// of the same.
#[derive(Clone, Debug, Default)]
pub struct KeptCounts(Arc<Mutex<Option<(Cursor, InfoAtOnce)>>>);

impl KeptCounts {
    /// [`Store::info_at_once`]. Who asks while somebody counts waits for that: it takes as long as counting once more
    /// would.
    pub fn at_once(&self, reader: &dyn Store) -> Result<Option<InfoAtOnce>, StoreError> {
        let capabilities = reader.capabilities();
        if !capabilities.has_kept_counts || !capabilities.has_feed {
            return reader.info_at_once();
        }
        let mut known = lock(&self.0);
        // Before it is counted: what is recorded meanwhile may be counted, and is asked for again by the next.
        let end = reader.end()?;
        if let Some((counted_to, at_once)) = &*known
            && *counted_to == end
        {
            return Ok(Some(at_once.clone()));
        }
        let at_once = reader.info_at_once()?;
        *known = at_once.clone().map(|at_once| (end, at_once));
        Ok(at_once)
    }

    /// The categories with their streams, as far as they are known at once: `None` where nobody counted them.
    pub fn categories_at_once(&self, reader: &dyn Store) -> Result<Vec<(String, Option<u64>)>, StoreError> {
        let (categories, are_counted) = match self.at_once(reader)? {
            Some(InfoAtOnce { info, are_streams_counted }) => (info.categories, are_streams_counted),
            None => (reader.categories()?, true),
        };
        Ok(categories.into_iter().map(|(name, count)| (name, are_counted.then_some(count))).collect())
    }

    /// [`Store::categories`].
    pub fn categories(&self, reader: &dyn Store) -> Result<Vec<(String, u64)>, StoreError> {
        match self.at_once(reader)? {
            Some(InfoAtOnce { info, are_streams_counted: true }) => Ok(info.categories),
            _ => reader.categories(),
        }
    }
}
