use std::collections::HashSet;

use super::layout::Category;
use super::store::{Database, ForeignStore, Rows};
use crate::event::{EventBatch, EventRow, StreamKey};
use crate::store::{BatchSize, Flow, Query, Scan, Scope, StoreError};

/// The streams of a category, where the statement cannot tell them apart.
pub(super) enum Wanted {
    /// Those whose names say so.
    Named { rule: Category, category: String },
    /// What their events or a column say was asked for each.
    Known(HashSet<StreamKey>),
}

impl Wanted {
    /// What a query leaves to whoever reads its rows.
    pub(super) fn of<D: Database>(store: &ForeignStore<D>, query: &Query) -> Result<Option<Self>, StoreError> {
        let layout = store.layout();
        let Scope::Category { name, .. } = &query.scope else { return Ok(None) };
        if !layout.leaves_to_reader(&query.scope) {
            return Ok(None);
        }
        let is_named = layout.category.of_name("").is_some();
        Ok(Some(if is_named {
            Self::Named { rule: layout.category.clone(), category: name.clone() }
        } else {
            Self::Known(store.streams_of(name)?)
        }))
    }

    pub(super) fn has(&self, row: &EventRow<'_>) -> bool {
        match self {
            Self::Named { rule, category } => rule.of_name(row.stream.as_str()) == Some(category),
            Self::Known(streams) => streams.contains(&row.stream_key),
        }
    }
}

/// Events on their way out of some framework's tables.
pub(super) struct ForeignScan<'s, D> {
    store: &'s ForeignStore<D>,
    /// `None` when there is nothing more to read.
    rows: Option<Box<dyn Rows + 's>>,
    wanted: Option<Wanted>,
    left: u64,
    has_payload: bool,
    size: BatchSize,
    /// What ended the reading behind the last batch.
    failed: Option<StoreError>,
}

impl<'s, D: Database> ForeignScan<'s, D> {
    pub(super) fn begin(store: &'s ForeignStore<D>, query: &Query) -> Result<Self, StoreError> {
        let left = query.limit.unwrap_or(u64::MAX);
        let sql = if left > 0 { store.events_sql(query)? } else { None };
        let wanted = if sql.is_some() { Wanted::of(store, query)? } else { None };
        Ok(Self {
            store,
            rows: sql.map(|sql| store.database.query(&sql)).transpose()?,
            wanted,
            left,
            has_payload: query.columns.payload,
            size: BatchSize::first_of(query),
            failed: None,
        })
    }
}

impl<D: Database> Scan for ForeignScan<'_, D> {
    fn next_batch(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let Self { store, rows, wanted, left, has_payload, size, failed } = self;
        let Some(coming) = rows else { return Ok(()) };
        let mut is_counted_anew = false;
        let read = coming.some(&mut |cells| {
            is_counted_anew = store.numbering.is_unnumbered(cells);
            if is_counted_anew {
                return Flow::Break(());
            }
            store.decoder.event(cells, |row, _| {
                if wanted.as_ref().is_some_and(|wanted| !wanted.has(row)) {
                    return;
                }
                *left -= 1;
                if *has_payload {
                    batch.push(row);
                } else {
                    batch.push(&EventRow { payload: b"", ..row.clone() });
                }
            });
            if *left == 0 || size.is_reached(batch) { Flow::Break(()) } else { Flow::Continue(()) }
        });
        size.grow();
        // An event without a number, where all should have one: the next reading counts them.
        let read = if is_counted_anew { Err(store.database.changed()) } else { read };
        match read {
            Ok(true) if *left > 0 => {}
            Ok(_) => *rows = None,
            Err(error) => {
                *rows = None;
                // What was read meanwhile may be half of somebody's write.
                if matches!(error, StoreError::Changed(_)) {
                    batch.clear();
                }
                *failed = Some(error);
            }
        }
        match failed.take_if(|_| batch.is_empty()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
