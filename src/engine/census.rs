use super::EngineError;
use super::load::each_batch;
use crate::index::Census;
use crate::store::{Flow, Query, Store};

/// Which shapes the payloads of a store have, or of the streams of a category.
pub fn census(
    reader: &dyn Store,
    category: Option<&str>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Census, EngineError> {
    let query = category.map_or_else(Query::store, Query::category);
    let mut census = Census::default();
    each_batch(reader, &query, progress, &mut |batch| {
        batch.rows().for_each(|row| census.take(&row));
        Flow::Continue(())
    })?;
    Ok(census)
}
