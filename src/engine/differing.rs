//! Two moments of a store held against each other: which streams differ, and in which fields.

use std::collections::HashMap;

use super::load::{begin_fold, tell_total};
use super::make_so::changes;
use super::{EngineError, Ticket, describe};
use crate::event::{EventBatch, Position, StreamId, StreamKey, Timestamp, Version};
use crate::index::StoreMoment;
use crate::replay::Change;
use crate::store::{Columns, Flow, Query, Scope, Store, StoreError};

/// Which streams are held against themselves, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DifferWanted {
    /// By its name; what each stream is shown under first where none is named.
    pub projection: Option<String>,
    pub category: Option<String>,
    pub from: StoreMoment,
    pub to: StoreMoment,
}

/// A stream that is not the same at both moments.
#[derive(Clone, Debug, PartialEq)]
pub struct DifferingStream {
    pub stream: StreamId,
    /// Without one, it had not begun.
    pub before: Option<Version>,
    pub after: Option<Version>,
    /// Field by field; empty where it had not begun at one of the moments.
    pub changes: Vec<Change>,
}

/// What differs between two moments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differing {
    /// In the order in which the streams were touched first, as many as are kept.
    pub rows: Vec<DifferingStream>,
    /// How many differ in all.
    pub differ: u64,
    /// How many had not begun at one of the moments.
    pub begun: u64,
    /// How many have events between the moments and are the same all the same.
    pub alike: u64,
    /// In how many streams each field differs, the most frequent first.
    pub fields: Vec<(String, u64)>,
}

/// So many streams are listed; all are counted.
pub const DIFFERING_KEPT: usize = 5_000;

/// More fields than these are names rather than fields.
const MOST_FIELDS: usize = 1_000;

/// Up to where a stream stood at the two moments.
#[derive(Clone, Debug)]
struct Ends {
    stream: StreamId,
    before: Option<Version>,
    after: Option<Version>,
    /// What came first between the moments, where only that was read.
    first: Option<Version>,
}

/// Reads which streams have events between the moments, and then those alone, once each.
pub fn differing(reader: &dyn Store, wanted: &DifferWanted, ticket: &Ticket) -> Result<Differing, EngineError> {
    let has_order = reader.capabilities().has_feed;
    let is_position = |at| matches!(at, StoreMoment::Position(_));
    if !has_order && (is_position(wanted.from) || is_position(wanted.to)) {
        return Err(EngineError::NoPositions);
    }
    let touched = touched(reader, wanted, ticket)?;
    ticket.set_total(touched.len() as u64);
    let mut answer = Differing::default();
    let mut fields: HashMap<String, u64> = HashMap::new();
    for (done, ends) in touched.into_iter().enumerate() {
        if ticket.reached(done as u64).is_break() {
            return Err(StoreError::Cancelled.into());
        }
        let Some(row) = differing_one(reader, wanted, ends, ticket)? else {
            answer.alike += 1;
            continue;
        };
        answer.differ += 1;
        answer.begun += u64::from(row.before.is_none() || row.after.is_none());
        for change in &row.changes {
            if let Some(count) = fields.get_mut(&change.field) {
                *count += 1;
            } else if fields.len() < MOST_FIELDS {
                fields.insert(change.field.clone(), 1);
            }
        }
        if answer.rows.len() < DIFFERING_KEPT {
            answer.rows.push(row);
        }
    }
    answer.fields = fields.into_iter().collect();
    answer.fields.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
    Ok(answer)
}

fn counts(at: StoreMoment, position: Option<Position>, recorded_at: Option<Timestamp>) -> bool {
    match at {
        StoreMoment::Latest => true,
        StoreMoment::Position(to) => position.is_some_and(|position| position <= to),
        StoreMoment::Time(to) => recorded_at.is_some_and(|at| at <= to),
    }
}

/// The streams that stood at other versions, in the order in which they were touched.
fn touched(reader: &dyn Store, wanted: &DifferWanted, ticket: &Ticket) -> Result<Vec<Ends>, EngineError> {
    let DifferWanted { category, from, to, .. } = wanted;
    let between = between(*from, *to);
    if between.is_none() {
        tell_total(reader, ticket)?;
    }
    let (lowest, highest) = between.unwrap_or_default();
    let query = match category {
        Some(name) => {
            Query { scope: Scope::Category { name: name.clone(), from: lowest, to: highest }, ..Query::store() }
        }
        None => Query::positions(lowest, highest),
    };
    let mut scan = reader.scan(&query.columns(Columns::HEADS))?;
    let (mut batch, mut seen) = (EventBatch::default(), 0);
    let mut places: HashMap<StreamKey, usize> = HashMap::new();
    let mut streams: Vec<Ends> = Vec::new();
    loop {
        scan.next_batch(&mut batch)?;
        if batch.is_empty() {
            break;
        }
        seen += batch.len() as u64;
        if ticket.reached(seen).is_break() {
            return Err(StoreError::Cancelled.into());
        }
        for row in batch.rows() {
            let place = *places.entry(row.stream_key).or_insert_with(|| {
                let first = between.is_some().then_some(row.version);
                streams.push(Ends { stream: row.stream.clone(), before: None, after: None, first });
                streams.len() - 1
            });
            let Some(ends) = streams.get_mut(place) else { continue };
            if counts(*from, row.position, row.recorded_at) {
                ends.before = Some(row.version);
            }
            if counts(*to, row.position, row.recorded_at) {
                ends.after = Some(row.version);
            }
        }
    }
    drop(scan);
    if between.is_some() {
        for ends in &mut streams {
            if ticket.is_cancelled() {
                return Err(StoreError::Cancelled.into());
            }
            let stood = before_first(reader, ends)?;
            // Of the moments, one lies before all that was read.
            ends.before = ends.before.or(stood);
            ends.after = ends.after.or(stood);
        }
    }
    streams.retain(|ends| ends.before != ends.after);
    Ok(streams)
}

/// The positions between the moments, where positions alone tell them apart.
#[allow(clippy::type_complexity, reason = "two bounds, as a query takes them")]
fn between(from: StoreMoment, to: StoreMoment) -> Option<(Option<Position>, Option<Position>)> {
    let position = |at| match at {
        StoreMoment::Latest => Some(None),
        StoreMoment::Position(position) => Some(Some(position)),
        StoreMoment::Time(_) => None,
    };
    let (from, to) = (position(from)?, position(to)?);
    let behind = |at: Position| Some(Position(at.0.saturating_add(1)));
    Some(match (from, to) {
        (Some(a), Some(b)) => (behind(a.min(b)), Some(a.max(b))),
        (Some(one), None) | (None, Some(one)) => (behind(one), None),
        // The same moment twice: nothing lies between.
        (None, None) => (Some(Position(u64::MAX >> 1)), None),
    })
}

/// Where a stream stood before the first of its events that were read.
fn before_first(reader: &dyn Store, ends: &Ends) -> Result<Option<Version>, StoreError> {
    let Some(last) = ends.first.and_then(|first| first.0.checked_sub(1)) else { return Ok(None) };
    let mut stood = None;
    let query = Query::stream(ends.stream.clone()).between(None, Some(Version(last)));
    reader.visit_events(&query.backward().limit(1).columns(Columns::HEADS), &mut |row| {
        stood = Some(row.version);
        Flow::Break(())
    })?;
    Ok(stood)
}

/// `None` where its fields are the same at both moments, or it has no projection of the wanted name.
fn differing_one(
    reader: &dyn Store,
    wanted: &DifferWanted,
    ends: Ends,
    ticket: &Ticket,
) -> Result<Option<DifferingStream>, EngineError> {
    let Ends { stream, before, after, .. } = ends;
    let described = match describe(reader, &stream) {
        Ok(described) => described,
        Err(EngineError::NoStream { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(projection) = described.projection(wanted.projection.as_deref()) else { return Ok(None) };
    let (Some(first), Some(last)) = (before.min(after), before.max(after)) else {
        return Ok(Some(DifferingStream { stream, before, after, changes: Vec::new() }));
    };
    let (mut fold, from) = begin_fold(reader, &described.row, &projection, first)?;
    let mut earlier = None;
    reader.visit_events(&Query::stream(stream.clone()).between(from, Some(last)), &mut |event| {
        if event.version > first && earlier.is_none() {
            earlier = Some(fold.show());
        }
        fold.push(event);
        ticket.flow()
    })?;
    if ticket.is_cancelled() {
        return Err(StoreError::Cancelled.into());
    }
    let later = fold.show();
    let earlier = earlier.unwrap_or_else(|| later.clone());
    let (was, is) = if before <= after { (earlier, later) } else { (later, earlier) };
    let changes = changes(&was, &is, projection.timeline(0).bookkeeping());
    Ok((!changes.is_empty()).then_some(DifferingStream { stream, before, after, changes }))
}
