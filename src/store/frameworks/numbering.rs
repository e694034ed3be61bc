//! Tables in which some events may have no number. Which of two layouts fits is looked up when it matters, and no more
//! often: the ends of the table when a store is opened, a stream's own rows when the stream is read, and the whole table
//! only before it is read as a whole. What was learnt holds for every connection to the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::cell::{Cell, Cells};
use super::layout::{Layout, Unnumbered};
use super::sql::{Sql, column};
use super::store::Database;
use crate::store::{Flow, Query, Scope, StoreError};

/// How many rows of each end are looked at when a store is opened. Whoever reads no more than that needs no other look.
pub(super) const LOOKED_AT: u64 = 1000;

/// What is known of a store's numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbering {
    own: Layout,
    counted: Option<Box<Unnumbered>>,
    known: Arc<AtomicU8>,
    /// From this position on, every event had a number when the store was opened.
    numbered_from: Option<u64>,
}

const UNKNOWN: u8 = 0;
const ALL_NUMBERED: u8 = 1;
const SOME_UNNUMBERED: u8 = 2;

impl Numbering {
    /// Looks at both ends of the table.
    pub(super) fn at_opening(database: &dyn Database, mut own: Layout) -> Result<Self, StoreError> {
        let counted = own.unnumbered.take();
        let known = if counted.is_some() { UNKNOWN } else { ALL_NUMBERED };
        let mut numbering = Self { own, counted, known: Arc::new(AtomicU8::new(known)), numbered_from: None };
        let Some(counted) = numbering.counted.clone() else { return Ok(numbering) };
        for is_last in [false, true] {
            let Some(sql) = numbering.own.end_sql(&counted, LOOKED_AT + 1, is_last) else { break };
            let (mut rows, mut unnumbered, mut lowest) = (0, 0, None);
            database.rows(&sql, &mut |cells| {
                rows = cells.cell(0).number().unwrap_or_default();
                unnumbered = cells.cell(1).number().unwrap_or_default();
                lowest = cells.cell(2).number().and_then(|lowest| u64::try_from(lowest).ok());
                Flow::Break(())
            })?;
            if unnumbered > 0 {
                numbering.learn(SOME_UNNUMBERED);
                break;
            }
            if u64::try_from(rows).is_ok_and(|rows| rows <= LOOKED_AT) {
                numbering.learn(ALL_NUMBERED);
                break;
            }
            if is_last {
                numbering.numbered_from = lowest;
            }
        }
        Ok(numbering)
    }

    fn learn(&self, known: u8) {
        self.known.store(known, Ordering::Relaxed);
    }

    fn known(&self) -> u8 {
        self.known.load(Ordering::Relaxed)
    }

    /// The layout by what is known so far.
    pub(super) fn layout(&self) -> &Layout {
        match &self.counted {
            Some(counted) if self.known() == SOME_UNNUMBERED => &counted.layout,
            _ => &self.own,
        }
    }

    /// The layout for whoever reads the whole table.
    pub(super) fn for_all(&self, database: &dyn Database) -> Result<&Layout, StoreError> {
        if let Some(counted) = self.counted.as_ref().filter(|_| self.known() == UNKNOWN) {
            let is_there = is_there(database, &Sql::plain(counted.probe.clone()))?;
            self.learn(if is_there { SOME_UNNUMBERED } else { ALL_NUMBERED });
        }
        Ok(self.layout())
    }

    pub(super) fn for_query(&self, database: &dyn Database, query: &Query) -> Result<&Layout, StoreError> {
        let Some(counted) = self.counted.as_ref().filter(|_| self.known() == UNKNOWN) else { return Ok(self.layout()) };
        match &query.scope {
            Scope::Stream { id, .. } => match self.own.unnumbered_in_stream_sql(counted, id) {
                Some(sql) if is_there(database, &sql)? => Ok(&counted.layout),
                _ => Ok(&self.own),
            },
            _ if query.limit.is_some_and(|limit| limit <= LOOKED_AT) => Ok(&self.own),
            // What is new behind an end that was looked at; a row without a number among it is noticed as it comes.
            Scope::Store { from: Some(from), .. } | Scope::Category { from: Some(from), .. }
                if self.numbered_from.is_some_and(|numbered| from.0 >= numbered) =>
            {
                Ok(&self.own)
            }
            _ => self.for_all(database),
        }
    }

    /// Whether the row has no number though its layout promised one; it is then known for the next reading.
    pub(super) fn is_unnumbered(&self, row: &dyn Cells) -> bool {
        let Some(counted) = &self.counted else { return false };
        let is_missing = self.known() != SOME_UNNUMBERED
            && row.cell(column::VERSION).number().is_none()
            && (counted.is_outside_counted || !row.cell(column::STREAM).is_null());
        if is_missing {
            self.learn(SOME_UNNUMBERED);
        }
        is_missing
    }
}

fn is_there(database: &dyn Database, sql: &Sql) -> Result<bool, StoreError> {
    let mut is_there = false;
    database.rows(sql, &mut |cells| {
        is_there = cells.cell(0) != Cell::Null;
        Flow::Break(())
    })?;
    Ok(is_there)
}
