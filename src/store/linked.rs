//! Events by their links, where no index leads to them: the whole store is walked through.

use super::{Columns, Query, Scan, Scope, Store, StoreError};
use crate::event::{EventBatch, EventRow};

/// Reads everything and lets through what the query's links lead to.
pub fn linked_scan<'s>(store: &'s dyn Store, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
    let Query { scope, direction, event_type, limit, columns } = query;
    let all = Query {
        scope: Scope::Store { from: None, to: None },
        direction: *direction,
        event_type: event_type.clone(),
        limit: None,
        columns: Columns { metadata: true, ..*columns },
    };
    let left = if matches!(scope, Scope::Linked { ids, .. } if ids.is_empty()) { 0 } else { limit.unwrap_or(u64::MAX) };
    let scan = if left > 0 { Some(store.scan(&all)?) } else { None };
    Ok(Box::new(LinkedScan { scan, read: EventBatch::default(), scope: scope.clone(), columns: *columns, left }))
}

struct LinkedScan<'s> {
    /// `None` when there is nothing more to read.
    scan: Option<Box<dyn Scan + 's>>,
    read: EventBatch,
    scope: Scope,
    columns: Columns,
    left: u64,
}

impl Scan for LinkedScan<'_> {
    fn next_batch(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        let Self { scan, read, scope, columns, left } = self;
        while batch.is_empty() {
            let Some(coming) = scan else { return Ok(()) };
            coming.next_batch(read)?;
            for row in read.rows().filter(|row| scope.links_to(row.metadata)) {
                if *left == 0 {
                    break;
                }
                *left -= 1;
                let metadata = if columns.metadata { row.metadata } else { &[] };
                batch.push(&EventRow { metadata, ..row });
            }
            if read.is_empty() || *left == 0 {
                *scan = None;
            }
        }
        Ok(())
    }
}
