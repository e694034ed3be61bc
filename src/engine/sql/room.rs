//! What the tables of one query share: the moment, how the store is read, and what must be known of all streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::super::as_of::end_at;
use super::super::load::each_batch;
use super::super::ticket::lock;
use super::super::{EngineError, Ticket};
use crate::event::{Cursor, EventRow, Position, StreamId, Version};
use crate::index::{Budget, StoreMoment};
use crate::replay::{Failures, Finding};
use crate::store::{Columns, Flow, Opener, Query, Store, StoreError, StreamQuery, StreamRow};

pub(super) struct Room {
    pub(super) opener: Opener,
    /// As it was asked for; the latest is the end of the store as it was found, where it has an order.
    pub(super) at: StoreMoment,
    /// The last event that is read.
    pub(super) end: Cursor,
    pub(super) has_order: bool,
    /// What a category is, a stream's name tells.
    pub(super) names_tell_category: bool,
    pub(super) budget: Budget,
    pub(super) ticket: Ticket,
    pub(super) until: Option<Instant>,
    /// About how many events the store has.
    pub(super) events: f64,
    streams: Mutex<Option<Arc<Streams>>>,
    /// Why the last table could not be read: more than SQLite can pass on.
    failed: Mutex<Option<EngineError>>,
    /// What a user's own projection failed on, in the table of most such streams.
    failures: Mutex<Failures>,
    /// Streams that were folded by themselves and on which it did, and whether it was only not run any more.
    failed_alone: Mutex<HashMap<StreamId, bool>>,
    /// The columns of the tables that the query names.
    named: Mutex<Vec<String>>,
}

/// Every stream that had begun, with what counts of it.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub(super) rows: Vec<StreamRow>,
    places: HashMap<StreamId, usize>,
}

impl Streams {
    fn of(rows: Vec<StreamRow>) -> Self {
        let places = rows.iter().enumerate().map(|(place, row)| (row.stream.clone(), place)).collect();
        Self { rows, places }
    }

    pub(super) fn place(&self, stream: &str) -> Option<usize> {
        self.places.get(stream).copied()
    }

    pub(super) fn get(&self, stream: &str) -> Option<&StreamRow> {
        self.rows.get(self.place(stream)?)
    }
}

impl Room {
    pub(super) fn new(
        reader: &dyn Store,
        at: StoreMoment,
        budget: Budget,
        ticket: &Ticket,
        until: Option<Instant>,
    ) -> Result<Self, EngineError> {
        let can = reader.capabilities();
        let end = end_at(reader, at)?;
        let events = reader.kept_events()?.unwrap_or(1_000_000);
        // What is recorded while the query runs is no part of its answer.
        let at = match (at, end.position()) {
            (StoreMoment::Latest, Some(position)) => StoreMoment::Position(position),
            _ => at,
        };
        Ok(Self {
            opener: reader.opener(),
            at,
            end,
            has_order: can.has_feed,
            names_tell_category: can.names_tell_categories,
            budget,
            ticket: ticket.clone(),
            until,
            events: events as f64,
            streams: Mutex::default(),
            failed: Mutex::default(),
            failures: Mutex::default(),
            failed_alone: Mutex::default(),
            named: Mutex::default(),
        })
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.ticket.is_cancelled() || self.is_too_late()
    }

    pub(super) fn is_too_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    pub(super) fn flow(&self) -> Flow {
        if self.is_stopped() { Flow::Break(()) } else { Flow::Continue(()) }
    }

    /// Nothing had been recorded by then.
    pub(super) fn is_before_all(&self) -> bool {
        self.has_order && self.end.place().is_none()
    }

    /// SQLite is told that something failed, and whoever asked is told what.
    pub(super) fn fail(&self, error: impl Into<EngineError>) -> rusqlite::Error {
        let error = error.into();
        let said = error.to_string();
        lock(&self.failed).get_or_insert(error);
        rusqlite::Error::ModuleError(said)
    }

    pub(super) fn take_failed(&self) -> Option<EngineError> {
        lock(&self.failed).take()
    }

    /// All streams of a table were folded.
    pub(super) fn note_failures(&self, found: Failures) {
        let mut failures = lock(&self.failures);
        if found.streams + found.not_run > failures.streams + failures.not_run {
            *failures = found;
        }
    }

    /// One stream was folded by itself.
    pub(super) fn note_failure(&self, stream: &StreamId, finding: &Finding) {
        let mut alone = lock(&self.failed_alone);
        alone.insert(stream.clone(), finding.problem.is_not_run());
        let not_run = alone.values().filter(|is_not_run| **is_not_run).count() as u64;
        let mut failures = lock(&self.failures);
        if alone.len() as u64 > failures.streams + failures.not_run {
            (failures.streams, failures.not_run) = (alone.len() as u64 - not_run, not_run);
        }
        failures.first.get_or_insert_with(|| (stream.clone(), finding.clone()));
    }

    pub(super) fn failures(&self) -> Failures {
        lock(&self.failures).clone()
    }

    pub(super) fn note_columns<'c>(&self, columns: impl Iterator<Item = &'c str>) {
        lock(&self.named).extend(columns.map(str::to_owned));
    }

    pub(super) fn named_columns(&self) -> Vec<String> {
        lock(&self.named).clone()
    }

    /// Whether an event counts. Of a time, what stands in its stream before an event that counts, counts too.
    pub(super) fn counts(&self, row: &EventRow<'_>, streams: Option<&Streams>) -> bool {
        let is_within = self.end.position().is_none_or(|end| row.position.is_none_or(|own| own <= end));
        let is_by_then = || match (self.at, streams) {
            (StoreMoment::Time(_), Some(streams)) => {
                streams.get(row.stream.as_str()).is_some_and(|known| row.version <= known.last_version)
            }
            _ => true,
        };
        is_within && is_by_then()
    }

    /// What is known of all streams, read once.
    pub(super) fn streams(&self) -> Result<Arc<Streams>, EngineError> {
        let mut known = lock(&self.streams);
        if let Some(known) = &*known {
            return Ok(Arc::clone(known));
        }
        let reader = (self.opener)()?;
        let rows = if self.is_before_all() { Vec::new() } else { self.read_streams(reader.as_ref())? };
        let streams = Arc::new(Streams::of(rows));
        *known = Some(Arc::clone(&streams));
        Ok(streams)
    }

    fn read_streams(&self, reader: &dyn Store) -> Result<Vec<StreamRow>, EngineError> {
        let is_whole = |end: &Cursor| !self.has_order || *end == self.end;
        let is_wanted_whole = match self.at {
            StoreMoment::Latest => true,
            StoreMoment::Position(position) => is_whole(&reader.end()?) && self.end.position() <= Some(position),
            StoreMoment::Time(_) => false,
        };
        let mut rows = Vec::new();
        let mut visit = |row: StreamRow| {
            rows.push(row);
            if rows.len().is_multiple_of(1024) { self.flow() } else { Flow::Continue(()) }
        };
        if is_wanted_whole {
            reader.visit_streams(&StreamQuery::default(), &mut visit)?;
            self.unless_stopped()?;
            // It may have grown between the two looks.
            if !self.has_order || is_whole(&reader.end()?) {
                return Ok(rows);
            }
        }
        self.count_streams(reader)
    }

    /// By the events that count, one after the other.
    fn count_streams(&self, reader: &dyn Store) -> Result<Vec<StreamRow>, EngineError> {
        struct Counted {
            row: StreamRow,
            /// Events behind the last that counts, and the first of them.
            beyond: u64,
        }
        let mut counted: Vec<Counted> = Vec::new();
        let mut places: HashMap<StreamId, usize> = HashMap::new();
        let query = Query::positions(None, self.end.position()).columns(Columns::HEADS);
        let stopped = &mut |_| self.flow();
        each_batch(reader, &query, stopped, &mut |batch| {
            for row in batch.rows() {
                let place = *places.entry(row.stream.clone()).or_insert_with(|| {
                    let row = StreamRow {
                        key: row.stream_key,
                        stream: row.stream.clone(),
                        category: row.stream.category().to_owned(),
                        events: 0,
                        first_version: row.version,
                        last_version: row.version,
                        first_at: row.recorded_at,
                        last_at: None,
                    };
                    counted.push(Counted { row, beyond: 0 });
                    counted.len() - 1
                });
                let Some(Counted { row: known, beyond }) = counted.get_mut(place) else { continue };
                *beyond += 1;
                if self.at.until().is_none_or(|until| row.recorded_at.is_some_and(|at| at <= until)) {
                    known.events += std::mem::take(beyond);
                    known.last_version = row.version;
                    known.last_at = row.recorded_at;
                }
            }
            Flow::Continue(())
        })?;
        let mut rows: Vec<StreamRow> =
            counted.into_iter().map(|counted| counted.row).filter(|row| row.events > 0).collect();
        if !self.names_tell_category {
            let mut categories: HashMap<StreamId, String> = HashMap::new();
            reader.visit_streams(&StreamQuery::default(), &mut |row| {
                categories.insert(row.stream, row.category);
                self.flow()
            })?;
            self.unless_stopped()?;
            for row in &mut rows {
                if let Some(category) = categories.remove(&row.stream) {
                    row.category = category;
                }
            }
        }
        Ok(rows)
    }

    pub(super) fn unless_stopped(&self) -> Result<(), StoreError> {
        if self.is_stopped() { Err(StoreError::Cancelled) } else { Ok(()) }
    }

    /// The events that may count, in the store's order.
    pub(super) fn query(&self, from: Option<Position>, to: Option<Position>) -> Query {
        let to = match (to, self.end.position()) {
            (Some(to), Some(end)) => Some(to.min(end)),
            (to, end) => to.or(end),
        };
        Query::positions(from, to)
    }

    /// The last version of a stream that counts; `None` where it had not begun.
    pub(super) fn last_version(&self, reader: &dyn Store, stream: &StreamId) -> Result<Option<Version>, EngineError> {
        let mut last = None;
        let heads = Query::stream(stream.clone()).columns(Columns::HEADS);
        match self.at {
            StoreMoment::Latest | StoreMoment::Position(_) => {
                reader.visit_events(&heads.backward(), &mut |row| {
                    if self.counts(row, None) {
                        last = Some(row.version);
                        return Flow::Break(());
                    }
                    self.flow()
                })?;
            }
            StoreMoment::Time(until) => {
                reader.visit_events(&heads.backward(), &mut |row| {
                    if row.recorded_at.is_some_and(|at| at <= until) && self.counts(row, None) {
                        last = Some(row.version);
                        return Flow::Break(());
                    }
                    self.flow()
                })?;
            }
        }
        self.unless_stopped()?;
        Ok(last)
    }
}
