//! Rows whose states are not looked at while they are drawn. The engine reads those in view, and what was read of a row is
//! shown until something newer has come.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Weak};

use super::kept::KeptRows;
use super::rows::{Cells, LensRow, NumberedRows, read_numbered};
use crate::engine::{ArrangeWanted, Arranged, ArrangedFor, Asked, Engine, Question, StoodRow, Ticket};
use crate::event::{StreamId, Version};
use crate::index::Held;
use crate::store::Store;
use crate::view::UserError;

/// So many rows that were read are kept: their states may be large.
const KEPT: usize = 1_000;

/// At once, no more are read than a few screens show.
const AT_ONCE: usize = 80;

#[derive(Debug)]
pub(super) struct AwayRows {
    kept: KeptRows,
    named: Named,
    /// Asked for, and not there: they are not asked for again until the store changes.
    missing: HashSet<(StreamId, Version)>,
    pub(super) reading: Asked<ReadAway>,
}

/// Of which streams the rows of one table are whose names are not at hand either, by their numbers.
#[derive(Debug, Default)]
struct Named {
    of: Weak<Held>,
    /// `None` for what was asked for, and is not there.
    rows: HashMap<usize, Option<(StreamId, Version)>>,
}

impl Named {
    /// `None` where it was not asked for.
    fn get(&self, arranged: &Arranged, nth: usize) -> Option<&Option<(StreamId, Version)>> {
        self.rows.get(&nth).filter(|_| arranged.has_mark(&self.of))
    }

    fn begin(&mut self, arranged: &Arranged, asked: &[usize]) {
        if !arranged.has_mark(&self.of) {
            *self = Self { of: arranged.mark(), rows: HashMap::new() };
        }
        if self.rows.len() > KEPT {
            // Those that are in view stay beside those that come into it.
            let first = asked.first().copied().unwrap_or_default();
            self.rows.retain(|nth, _| nth.abs_diff(first) <= 2 * AT_ONCE);
        }
        self.rows.extend(asked.iter().filter(|nth| arranged.row(**nth).is_none()).map(|nth| (*nth, None)));
    }
}

impl Default for AwayRows {
    fn default() -> Self {
        let named = Named::default();
        Self { kept: KeptRows::new(KEPT), named, missing: HashSet::new(), reading: Asked::default() }
    }
}

impl AwayRows {
    /// The n-th row of a table: with its state where that is at hand, and else with what was read of it. `None` where its
    /// name is still to be read.
    pub(super) fn row<'a>(&'a self, arranged: &'a Arranged, nth: usize) -> Option<LensRow<'a>> {
        let Some(row) = arranged.row(nth) else { return self.named_row(arranged, nth) };
        let cells = match arranged.at_hand(nth) {
            Some(state) => Cells::AtHand(state),
            None => Cells::of_read(self.kept.nearest(&row.stream, row.version), row.version),
        };
        let (version, recorded_at) = (row.version, row.recorded_at);
        Some(LensRow { stream: row.stream.into(), version, recorded_at, failed: row.failed, cells })
    }

    fn named_row(&self, arranged: &Arranged, nth: usize) -> Option<LensRow<'_>> {
        let (stream, version) = self.named.get(arranged, nth)?.as_ref()?;
        let read = self.kept.at(stream.as_str(), *version)?;
        let (recorded_at, failed) = (read.recorded_at, read.failed.as_ref());
        let cells = Cells::of_read(Some(read), *version);
        Some(LensRow { stream: stream.clone(), version: *version, recorded_at, failed, cells })
    }

    /// These are seen: those that are not at hand and were not read with these columns are asked for.
    pub(super) fn want(&mut self, engine: &Engine, arranged: &ArrangedFor, seen: Range<usize>, fields: &[String]) {
        if self.reading.is_loading() {
            return;
        }
        let has_all = |read: &StoodRow| fields.iter().all(|field| read.cells.iter().any(|(known, _)| known == field));
        let lacks = |nth: &usize| {
            let Some(row) = arranged.1.row(*nth) else {
                return match self.named.get(&arranged.1, *nth) {
                    Some(Some((stream, version))) => !self.kept.at(stream.as_str(), *version).is_some_and(has_all),
                    Some(None) => false,
                    None => *nth < arranged.1.places.len(),
                };
            };
            if arranged.1.at_hand(*nth).is_some() {
                return false;
            }
            let read = self.kept.at(&row.stream, row.version);
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
        if let Some(question) = self.reading.question()
            && let Some(of) = question.of.upgrade()
        {
            self.named.begin(&of.1, &question.rows);
        }
        let rows = self.reading.take().unwrap_or_default();
        self.missing.extend(asked.iter().cloned());
        for (nth, row) in rows {
            self.missing.remove(&(row.stream.clone(), row.version));
            if let Some(named) = self.named.rows.get_mut(&nth) {
                *named = Some((row.stream.clone(), row.version));
            }
            self.kept.keep(row);
        }
        let named = self.named.rows.values().flatten().map(|(stream, _)| stream);
        self.kept.make_room(asked.iter().map(|(stream, _)| stream).chain(named));
        true
    }

    /// These have come with a table, so that what is in view is there with it.
    pub(super) fn take_in(&mut self, arranged: &Arranged, rows: NumberedRows) {
        let numbers: Vec<usize> = rows.iter().map(|(nth, _)| *nth).collect();
        self.named.begin(arranged, &numbers);
        for (nth, row) in rows {
            self.named.rows.insert(nth, Some((row.stream.clone(), row.version)));
            self.kept.keep(row);
        }
        self.kept.make_room(self.named.rows.values().flatten().map(|(stream, _)| stream));
    }

    /// The store has changed, or somebody wants it tried again: what could not be read may be there.
    pub(super) fn look_again(&mut self) {
        self.missing.clear();
        self.named.rows.retain(|_, named| named.is_some());
    }

    /// Other states: nothing that was read is shown any more.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
        self.named = Named::default();
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
    type Answer = NumberedRows;
    type Error = UserError;
    const WHAT: &'static str = "reading rows";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let Some(of) = self.of.upgrade() else { return Ok(Vec::new()) };
        Ok(read_numbered(reader, &of.1, self.rows, &self.paths, ticket)?)
    }
}
