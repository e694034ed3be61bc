//! Two moments of a store held against each other: which streams differ, and in which fields.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::load::begin_fold;
use super::make_so::changes;
use super::touched::{AT_LEAST, Ends, each_touched};
use super::{EngineError, Ticket, describe};
use crate::event::{StreamId, Version};
use crate::index::StoreMoment;
use crate::replay::Change;
use crate::store::{Query, Store, StoreError};

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

/// What streams that differ are in the order of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DifferBy {
    /// Their first event between the moments, as the store has them.
    #[default]
    Change,
    Stream,
    /// The first field in which they differ.
    Field,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DifferOrder {
    pub by: DifferBy,
    pub is_descending: bool,
}

impl DifferOrder {
    /// Sorts the places of rows that are in the order in which the streams were touched first.
    pub fn sort(self, places: &mut [usize], rows: &[DifferingStream]) {
        fn field(row: &DifferingStream) -> Option<&str> {
            row.changes.first().map(|change| change.field.as_str())
        }
        let compare = |a: &DifferingStream, b: &DifferingStream| match self.by {
            DifferBy::Change => Ordering::Equal,
            DifferBy::Stream => a.stream.cmp(&b.stream),
            // Those of which no field is told come behind the others.
            DifferBy::Field => field(a).is_none().cmp(&field(b).is_none()).then_with(|| field(a).cmp(&field(b))),
        };
        places.sort_by(|a, b| rows.get(*a).zip(rows.get(*b)).map_or(Ordering::Equal, |(a, b)| compare(a, b)));
        if self.is_descending {
            places.reverse();
        }
    }
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

/// Reads which streams have events between the moments, and then those alone, once each.
pub fn differing(reader: &dyn Store, wanted: &DifferWanted, ticket: &Ticket) -> Result<Differing, EngineError> {
    let mut answer = Differing::default();
    let mut fields: HashMap<String, u64> = HashMap::new();
    each_compared(reader, wanted, ticket, &mut |row| {
        let Some(row) = row else {
            answer.alike += 1;
            return Ok(());
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
        Ok(())
    })?;
    answer.fields = fields.into_iter().collect();
    answer.fields.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
    Ok(answer)
}

/// Hands over every stream that has events between the moments, in the order in which they were touched; `None` for one that
/// is the same at both.
pub(super) fn each_compared(
    reader: &dyn Store,
    wanted: &DifferWanted,
    ticket: &Ticket,
    take: &mut dyn FnMut(Option<DifferingStream>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let has_order = reader.capabilities().has_feed;
    let is_position = |at| matches!(at, StoreMoment::Position(_));
    if !has_order && (is_position(wanted.from) || is_position(wanted.to)) {
        return Err(EngineError::NoPositions);
    }
    each_touched(reader, wanted, AT_LEAST, ticket, &mut |ends| take(differing_one(reader, wanted, ends, ticket)?))
}

/// `None` where its fields are the same at both moments, or it has no projection of the wanted name.
fn differing_one(
    reader: &dyn Store,
    wanted: &DifferWanted,
    ends: Ends,
    ticket: &Ticket,
) -> Result<Option<DifferingStream>, EngineError> {
    let Ends { stream, before, after } = ends;
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
