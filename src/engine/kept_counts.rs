use std::sync::{Arc, Mutex};

use super::ticket::lock;
use crate::event::Cursor;
use crate::store::{Store, StoreError, StoreInfo};

/// What a store knows of itself at once, counted one time for all who ask before the next event is recorded. Clones are
/// of the same.
#[derive(Clone, Debug, Default)]
pub struct KeptCounts(Arc<Mutex<Option<(Cursor, StoreInfo)>>>);

impl KeptCounts {
    /// [`Store::info_at_once`]. Who asks while somebody counts waits for that: it takes as long as counting once more
    /// would.
    pub fn at_once(&self, reader: &dyn Store) -> Result<Option<StoreInfo>, StoreError> {
        let capabilities = reader.capabilities();
        if !capabilities.has_kept_counts || !capabilities.has_feed {
            return reader.info_at_once();
        }
        let mut known = lock(&self.0);
        // Before it is counted: what is recorded meanwhile may be counted, and is asked for again by the next.
        let end = reader.end()?;
        if let Some((counted_to, info)) = &*known
            && *counted_to == end
        {
            return Ok(Some(info.clone()));
        }
        let info = reader.info_at_once()?;
        *known = info.clone().map(|info| (end, info));
        Ok(info)
    }

    /// [`Store::categories`].
    pub fn categories(&self, reader: &dyn Store) -> Result<Vec<(String, u64)>, StoreError> {
        self.at_once(reader)?.map_or_else(|| reader.categories(), |info| Ok(info.categories))
    }
}
