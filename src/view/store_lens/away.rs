//! Rows whose states are not looked at while they are drawn. The engine reads those in view, and what was read of a row is
//! shown until something newer has come.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Weak};

use super::kept::KeptRows;
use super::rows::{Cells, LensRow};
use crate::engine::{ArrangeWanted, Arranged, ArrangedFor, Asked, Engine, Question, StoodRow, Ticket, read_rows};
use crate::event::{StreamId, Version};
use crate::store::Store;
use crate::view::UserError;

/// So many rows that were read are kept: their states may be large.
const KEPT: usize = 1_000;

/// At once, no more are read than a few screens show.
const AT_ONCE: usize = 80;

#[derive(Debug)]
pub(super) struct AwayRows {
    kept: KeptRows,
    /// Asked for, and not there: they are not asked for again until the store changes.
    missing: HashSet<(StreamId, Version)>,
    pub(super) reading: Asked<ReadAway>,
}

impl Default for AwayRows {
    fn default() -> Self {
        Self { kept: KeptRows::new(KEPT), missing: HashSet::new(), reading: Asked::default() }
    }
}

impl AwayRows {
    /// The n-th row of a table: with its state where that is at hand, and else with what was read of it.
    pub(super) fn row<'a>(&'a self, arranged: &'a Arranged, nth: usize) -> Option<LensRow<'a>> {
        let row = arranged.row(nth)?;
        let cells = match arranged.at_hand(nth) {
            Some(state) => Cells::AtHand(state),
            None => Cells::of_read(self.kept.nearest(row.stream, row.version), row.version),
        };
        let (version, recorded_at) = (row.version, row.recorded_at);
        Some(LensRow { stream: row.stream.into(), version, recorded_at, failed: row.failed, cells })
    }

    /// These are seen: those that are not at hand and were not read with these columns are asked for.
    pub(super) fn want(&mut self, engine: &Engine, arranged: &ArrangedFor, seen: Range<usize>, fields: &[String]) {
        if self.reading.is_loading() {
            return;
        }
        let lacks = |nth: &usize| {
            let Some(row) = arranged.1.row(*nth).filter(|_| arranged.1.at_hand(*nth).is_none()) else { return false };
            let read = self.kept.at(row.stream, row.version);
            let has_all =
                |read: &StoodRow| fields.iter().all(|field| read.cells.iter().any(|(known, _)| known == field));
            !read.is_some_and(has_all) && !self.missing.contains(&(row.stream.into(), row.version))
        };
        let rows: Vec<usize> = seen.filter(lacks).take(AT_ONCE).collect();
        if !rows.is_empty() {
            let of = Arc::downgrade(arranged);
            self.reading.ask(engine, ReadAway { of, rows, paths: fields.to_vec() });
        }
    }

    /// Takes in what was read. Says whether there is something new to show.
    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        if !self.reading.poll(engine) {
            return false;
        }
        let asked = self.reading.question().map(ReadAway::streams).unwrap_or_default();
        let rows = self.reading.take().unwrap_or_default();
        self.missing.extend(asked.iter().cloned());
        for row in rows {
            self.missing.remove(&(row.stream.clone(), row.version));
            self.kept.keep(row);
        }
        self.kept.make_room(asked.iter().map(|(stream, _)| stream));
        true
    }

    /// The store has changed, or somebody wants it tried again: what could not be read may be there.
    pub(super) fn look_again(&mut self) {
        self.missing.clear();
    }

    /// Other states: nothing that was read is shown any more.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
        self.missing.clear();
        self.reading = Asked::default();
    }
}

/// Reads some rows of a table, if that is still shown.
#[derive(Clone, Debug)]
pub struct ReadAway {
    of: Weak<(ArrangeWanted, Arranged)>,
    rows: Vec<usize>,
    paths: Vec<String>,
}

impl ReadAway {
    fn streams(&self) -> Vec<(StreamId, Version)> {
        let Some(of) = self.of.upgrade() else { return Vec::new() };
        self.rows.iter().filter_map(|nth| of.1.row(*nth).map(|row| (row.stream.into(), row.version))).collect()
    }
}

impl Question for ReadAway {
    type Answer = Vec<StoodRow>;
    type Error = UserError;
    const WHAT: &'static str = "reading rows";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Vec<StoodRow>, UserError> {
        let Some(of) = self.of.upgrade() else { return Ok(Vec::new()) };
        Ok(read_rows(reader, &of.1, &self.rows, &self.paths, ticket)?)
    }
}
