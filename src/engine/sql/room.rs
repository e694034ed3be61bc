//! What the tables of one query share: the moment, how the store is read, and what must be known of all streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::super::as_of::end_at;
use super::super::ticket::lock;
use super::super::{EngineError, Ticket};
use super::streams::Streams;
use crate::event::{Cursor, EventRow, Position, StreamId, Version};
use crate::index::{Budget, Memory, StoreMoment};
use crate::replay::{Failures, Finding};
use crate::store::{Columns, Flow, Opener, Query, Store, StoreError};

pub(super) struct Room {
    pub(super) opener: Opener,
    /// As it was asked for; the latest is the end of the store as it was found, where it has an order.
    pub(super) at: StoreMoment,
    /// The last event that is read.
    pub(super) end: Cursor,
    pub(super) has_order: bool,
    /// What a category is, a stream's name tells.
    pub(super) names_tell_category: bool,
    /// What all tables of the query take their memory of.
    pub(super) memory: Memory,
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
            memory: ticket.hold_within(budget).memory().clone(),
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

    /// Whether an event counts, as far as it can be told without its stream.
    pub(super) fn is_within(&self, row: &EventRow<'_>) -> bool {
        self.end.position().is_none_or(|end| row.position.is_none_or(|own| own <= end))
    }

    /// Whether an event counts. Of a time, what stands in its stream before an event that counts, counts too.
    pub(super) fn counts(&self, row: &EventRow<'_>, streams: Option<&Streams>) -> Result<bool, StoreError> {
        match (self.at, streams) {
            (StoreMoment::Time(_), Some(streams)) if self.is_within(row) => {
                let known = streams.place(row.stream.as_str())?.and_then(|place| streams.row(place));
                Ok(known.is_some_and(|known| row.version <= known.last_version))
            }
            _ => Ok(self.is_within(row)),
        }
    }

    /// What is known of all streams, read once.
    pub(super) fn streams(&self) -> Result<Arc<Streams>, EngineError> {
        let mut known = lock(&self.streams);
        if let Some(known) = &*known {
            return Ok(Arc::clone(known));
        }
        let reader = (self.opener)()?;
        let streams = if self.is_before_all() { Streams::none(self) } else { Streams::read(self, reader.as_ref())? };
        let streams = Arc::new(streams);
        *known = Some(Arc::clone(&streams));
        Ok(streams)
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
                    if self.is_within(row) {
                        last = Some(row.version);
                        return Flow::Break(());
                    }
                    self.flow()
                })?;
            }
            StoreMoment::Time(until) => {
                reader.visit_events(&heads.backward(), &mut |row| {
                    if row.recorded_at.is_some_and(|at| at <= until) && self.is_within(row) {
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
