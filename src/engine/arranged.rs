//! The streams of a store as they stood, filtered and in an order: what a table shows of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{AsOfCondition, AsOfWanted, Chosen, EngineError, Ticket, as_of, choose};
use crate::event::Timestamp;
use crate::index::{AsOf, Figures, Place, Sorting};
use crate::store::{Store, StoreError};

/// Which rows are wanted of a store, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrangeWanted {
    pub of: AsOfWanted,
    pub filter: RowFilter,
    pub sorting: Sorting,
    pub is_descending: bool,
    /// The field of which numbers are added up, where there is one.
    pub numbers_of: Option<String>,
}

/// What rows must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// All of these conditions are to hold.
    pub conditions: Vec<String>,
    /// Each of these stands in the stream's name or in one of the columns, upper and lower case alike.
    pub texts: Vec<String>,
    pub columns: Vec<String>,
    /// Changed no earlier than this.
    pub since: Option<Timestamp>,
}

impl RowFilter {
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.texts.is_empty() && self.since.is_none()
    }

    /// The conditions as one.
    fn condition(&self) -> Option<String> {
        match self.conditions.as_slice() {
            [] => None,
            // So that what is wrong with it stands where it was typed.
            [one] => Some(one.clone()),
            more => Some(more.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" && ")),
        }
    }
}

/// The streams that were wanted, in their order. What they stood like is shared: another order costs no reading.
#[derive(Clone, Debug)]
pub struct Arranged {
    pub as_of: Arc<AsOf>,
    pub places: Vec<Place>,
    /// Of so many streams it cannot be told whether the conditions hold.
    pub unknown: u64,
    /// Categories whose streams have no projection of the wanted name.
    pub left_out: Vec<String>,
    pub numbers: Option<Figures>,
    pub took: Duration,
}

/// Every stream as it stood, by what is wanted of it.
#[derive(Clone, Debug)]
pub struct Stood {
    pub of: AsOfWanted,
    pub as_of: Arc<AsOf>,
    pub left_out: Vec<String>,
}

/// Folds the store up to the moment, unless `known` is of the very same. `None` where there is no such category.
pub fn arrange(
    reader: &dyn Store,
    wanted: &ArrangeWanted,
    known: Option<Stood>,
    ticket: &Ticket,
) -> Result<Option<(Stood, Arranged)>, EngineError> {
    let began = Instant::now();
    let stood = match known.filter(|known| known.of == wanted.of) {
        Some(known) => {
            // A wrong word is told without a fold.
            wanted.filter.condition().map(|text| AsOfCondition::new(&text, known.as_of.choice())).transpose()?;
            known
        }
        None => match fold(reader, wanted, ticket)? {
            Some(stood) => stood,
            None => return Ok(None),
        },
    };
    let as_of = &stood.as_of;
    let (mut places, unknown) = filtered(as_of, &wanted.filter, ticket)?;
    unless_cancelled(ticket)?;
    as_of.sort(&mut places, &wanted.sorting, wanted.is_descending);
    unless_cancelled(ticket)?;
    let numbers =
        wanted.numbers_of.as_deref().and_then(|path| Figures::of(places.iter().map(|place| as_of.value(*place, path))));
    let (as_of, left_out) = (Arc::clone(as_of), stood.left_out.clone());
    let arranged = Arranged { as_of, places, unknown, left_out, numbers, took: began.elapsed() };
    Ok(Some((stood, arranged)))
}

fn unless_cancelled(ticket: &Ticket) -> Result<(), StoreError> {
    if ticket.is_cancelled() { Err(StoreError::Cancelled) } else { Ok(()) }
}

fn fold(reader: &dyn Store, wanted: &ArrangeWanted, ticket: &Ticket) -> Result<Option<Stood>, EngineError> {
    let AsOfWanted { projection, category, at, budget } = &wanted.of;
    let Some(chosen) = choose(reader, projection.as_deref(), category.as_deref())? else { return Ok(None) };
    let Chosen { choice, left_out, .. } = chosen;
    wanted.filter.condition().map(|text| AsOfCondition::new(&text, &choice)).transpose()?;
    if reader.capabilities().has_kept_counts {
        ticket.set_total(reader.info()?.events);
    }
    let progress = &mut |seen| ticket.reached(seen);
    let as_of = as_of(reader, &choice, category.as_deref(), *at, *budget, progress)?;
    Ok(Some(Stood { of: wanted.of.clone(), as_of: Arc::new(as_of), left_out }))
}

/// The places of the rows that are as they must be, and of how many that cannot be told.
fn filtered(as_of: &AsOf, filter: &RowFilter, ticket: &Ticket) -> Result<(Vec<Place>, u64), EngineError> {
    let mut places = as_of.places().to_vec();
    let mut unknown = 0;
    // Where no stream had begun, nothing tells which names are wrong.
    if let (Some(text), false) = (filter.condition(), places.is_empty()) {
        (places, unknown) = AsOfCondition::new(&text, as_of.choice())?.among(as_of, &places, ticket)?;
    }
    if let Some(since) = filter.since {
        let is_new = |place: &Place| as_of.row(*place).and_then(|row| row.recorded_at).is_some_and(|at| at >= since);
        places.retain(is_new);
    }
    let texts: Vec<String> = filter.texts.iter().map(|text| text.to_lowercase()).collect();
    if !texts.is_empty() {
        places.retain(|place| !ticket.is_cancelled() && holds_all(as_of, *place, filter, &texts));
    }
    Ok((places, unknown))
}

fn holds_all(as_of: &AsOf, place: Place, filter: &RowFilter, texts: &[String]) -> bool {
    let Some(row) = as_of.row(place) else { return false };
    let mut left: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut look_in = |text: &str| {
        let text = text.to_lowercase();
        left.retain(|wanted| !text.contains(wanted));
        left.is_empty()
    };
    if look_in(row.stream.as_str()) {
        return true;
    }
    filter.columns.iter().any(|column| match as_of.value(place, column) {
        Value::String(text) => look_in(&text),
        Value::Null => false,
        other => look_in(&other.to_string()),
    })
}
