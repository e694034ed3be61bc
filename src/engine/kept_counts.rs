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
        self.known(reader, false)
    }

    /// The categories with their streams, as far as they are known at once: `None` where nobody counted them.
    pub fn categories_at_once(&self, reader: &dyn Store) -> Result<Vec<(String, Option<u64>)>, StoreError> {
        Ok(match self.at_once(reader)? {
            Some(at_once) => at_once.categories,
            None => reader.categories()?.into_iter().map(|(name, count)| (name, Some(count))).collect(),
        })
    }

    /// [`Store::categories`].
    pub fn categories(&self, reader: &dyn Store) -> Result<Vec<(String, u64)>, StoreError> {
        let counted = self.known(reader, true)?.and_then(|at_once| {
            at_once.categories.into_iter().map(|(name, count)| Some((name, count?))).collect::<Option<Vec<_>>>()
        });
        counted.map_or_else(|| reader.categories(), Ok)
    }

    fn known(&self, reader: &dyn Store, wants_counts: bool) -> Result<Option<InfoAtOnce>, StoreError> {
        let is_enough = |at_once: &InfoAtOnce| at_once.streams.is_some() || !wants_counts;
        let ask = |known: Option<InfoAtOnce>| -> Result<Option<InfoAtOnce>, StoreError> {
            let Some(at_once) = known.map_or_else(|| reader.info_at_once(), |known| Ok(Some(known)))? else {
                return Ok(None);
            };
            if is_enough(&at_once) {
                return Ok(Some(at_once));
            }
            Ok(Some(at_once.with_counted(reader.categories()?)))
        };
        let capabilities = reader.capabilities();
        if !capabilities.has_kept_counts || !capabilities.has_feed {
            return ask(None);
        }
        let mut known = lock(&self.0);
        // Before it is counted: what is recorded meanwhile may be counted, and is asked for again by the next.
        let end = reader.end()?;
        let same = known.as_ref().filter(|(counted_to, _)| *counted_to == end).map(|(_, at_once)| at_once.clone());
        if let Some(same) = same.as_ref().filter(|same| is_enough(same)) {
            return Ok(Some(same.clone()));
        }
        let at_once = ask(same)?;
        *known = at_once.clone().map(|at_once| (end, at_once));
        Ok(at_once)
    }
}
