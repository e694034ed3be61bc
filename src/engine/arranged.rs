//! The streams of a store as they stood, filtered and in an order: what a table shows of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::folded_stores::{FoldedStores, Stood};
use super::spill::unless_torn;
use super::{AsOfCondition, AsOfWanted, EngineError, Ticket, Untold};
use crate::event::Timestamp;
use crate::index::{AsOf, AsOfRow, AtHand, Choice, Figures, Held, MOST_VALUES, Place, Sorting};
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
    /// What the rows are counted by, where that is wanted of fewer rows than all.
    pub counted: Option<CountAmong>,
}

/// Streams by what a field of theirs is: of those that a filter lets through. It may be another one than the table's, so
/// that values which are left out there have a count, too, and can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountAmong {
    pub field: String,
    pub filter: RowFilter,
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
    stood: Arc<Stood>,
    pub places: Arc<[Place]>,
    /// The streams of which it cannot be told whether the conditions hold.
    pub untold: Untold,
    pub numbers: Option<Figures>,
    /// How many of the streams that are counted have each value, by how JSON writes it; `None` where there are too many.
    pub counts: Option<HashMap<String, u64>>,
    pub took: Duration,
    /// What the places take.
    held: Arc<Held>,
}

impl Arranged {
    /// All of it, for who reads the store: a state may lie in a file, which nobody looks into who draws a window.
    pub fn as_of(&self, _: &dyn Store) -> &AsOf {
        &self.stood.as_of
    }

    pub(super) fn whole(&self) -> &AsOf {
        &self.stood.as_of
    }

    /// The n-th row, without its state. `None` where its name lies in a file, too: then [`read_rows`] tells it.
    pub fn row(&self, nth: usize) -> Option<AsOfRow<'_>> {
        self.stood.as_of.row_at_hand(*self.places.get(nth)?)
    }

    /// The state of the n-th row, where it is small and lies in memory. Others are read by [`read_rows`].
    pub fn at_hand(&self, nth: usize) -> Option<AtHand<'_>> {
        self.stood.as_of.at_hand(*self.places.get(nth)?)
    }

    /// The memory that the states take, those in a file left out.
    pub fn bytes(&self) -> u64 {
        self.stood.as_of.bytes()
    }

    /// For whoever keeps something of its rows by their numbers, and not for longer than they are so.
    pub fn mark(&self) -> Weak<Held> {
        Arc::downgrade(&self.held)
    }

    pub fn has_mark(&self, mark: &Weak<Held>) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.held), mark.as_ptr())
    }

    /// Both are of the same states.
    pub fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.stood, &other.stood)
    }

    /// Categories whose streams have no projection of the wanted name.
    pub fn left_out(&self) -> &[String] {
        &self.stood.left_out
    }
}

/// What was arranged for a wish.
pub type ArrangedFor = Arc<(ArrangeWanted, Arranged)>;

/// What a row takes while rows are put in order.
const SORTED_ROW: usize = 2 * size_of::<(Value, Place)>();

/// So many rows are put in order at once where there is no room for what all of them are sorted by.
const LEAST_AT_ONCE: usize = 4_096;

/// So many rows may be put in order at once: all of them where there is room for what they are sorted by.
pub fn sorted_at_once(rows: usize, held: &mut Held) -> usize {
    match held.resize((rows * SORTED_ROW) as u64) {
        Ok(()) => usize::MAX,
        Err(_) => (held.memory().left().bytes as usize / SORTED_ROW).max(LEAST_AT_ONCE),
    }
}

/// Folds the store up to the moment, as far as that is not known. Where the table before only went on, so does this one: the
/// rows that did not change are not looked at again. `None` where there is no such category.
pub fn arrange(
    reader: &dyn Store,
    wanted: &ArrangeWanted,
    folded: &FoldedStores,
    ticket: &Ticket,
) -> Result<Option<ArrangedFor>, EngineError> {
    let began = Instant::now();
    // A wrong word is told without a fold.
    let check = |choice: &Choice| match wanted.filter.condition() {
        Some(text) => AsOfCondition::new(&text, choice).map(drop),
        None => Ok(()),
    };
    let Some(stood) = folded.stood(reader, &wanted.of, &check, ticket)? else { return Ok(None) };
    let as_of = &stood.as_of;
    let mut held = ticket.memory().hold();
    let at_once = sorted_at_once(as_of.len(), &mut held);
    let before = folded.arranged_last();
    let moved_on = before.map(|before| moved_on(&before, wanted, as_of, ticket)).transpose()?.flatten();
    let (places, untold) = match moved_on {
        Some(moved_on) => moved_on,
        None => {
            let (mut places, untold) = filtered(as_of, as_of.places().to_vec(), &wanted.filter, ticket)?;
            unless_cancelled(ticket)?;
            let go_on = &mut || !ticket.is_cancelled();
            as_of.sort_in_runs(&mut places, &wanted.sorting, wanted.is_descending, at_once, go_on);
            (places, untold)
        }
    };
    unless_cancelled(ticket)?;
    let numbers =
        wanted.numbers_of.as_deref().and_then(|path| Figures::of(places.iter().map(|place| as_of.value(*place, path))));
    let counts = match &wanted.counted {
        Some(counted) if counted.filter == wanted.filter => count(as_of, &places, &counted.field, ticket),
        Some(counted) => {
            let (among, _) = filtered(as_of, as_of.places().to_vec(), &counted.filter, ticket)?;
            count(as_of, &among, &counted.field, ticket)
        }
        None => None,
    };
    unless_cancelled(ticket)?;
    unless_torn(as_of)?;
    held.resize(size_of_val(places.as_slice()) as u64)?;
    let (places, held) = (places.into(), Arc::new(held));
    let arranged = Arranged { stood, places, untold, numbers, counts, took: began.elapsed(), held };
    let arranged = Arc::new((wanted.clone(), arranged));
    folded.note_arranged(&arranged);
    Ok(Some(arranged))
}

fn count(as_of: &AsOf, among: &[Place], field: &str, ticket: &Ticket) -> Option<HashMap<String, u64>> {
    let mut counts = HashMap::new();
    for place in among {
        if ticket.is_cancelled() || counts.len() > MOST_VALUES {
            return None;
        }
        *counts.entry(as_of.value(*place, field).to_string()).or_insert(0) += 1;
    }
    Some(counts)
}

fn unless_cancelled(ticket: &Ticket) -> Result<(), StoreError> {
    if ticket.is_cancelled() { Err(StoreError::Cancelled) } else { Ok(()) }
}

/// Where more than so many rows changed, and more than one in so many: then all are looked at.
const MANY: usize = 64;
const FEW: usize = 8;

/// The same table a little later. `None` where it is not the same, or much of it changed.
fn moved_on(
    before: &(ArrangeWanted, Arranged),
    wanted: &ArrangeWanted,
    as_of: &AsOf,
    ticket: &Ticket,
) -> Result<Option<(Vec<Place>, Untold)>, EngineError> {
    let (asked, arranged) = before;
    let ArrangeWanted { filter, sorting, is_descending, .. } = wanted;
    let is_same = asked.filter == *filter && asked.sorting == *sorting && asked.is_descending == *is_descending;
    // Where any name may be a field, all rows tell whether one is.
    let tells_alone = filter.conditions.is_empty() || !as_of.choice().names().is_open;
    if !is_same || !tells_alone || as_of.at().until().is_some() {
        return Ok(None);
    }
    let touched = as_of.touched_since(arranged.whole());
    let Some(touched) = touched.filter(|touched| touched.len() <= MANY.max(as_of.len() / FEW)) else { return Ok(None) };
    let was: Vec<Place> = touched.iter().copied().filter(|place| arranged.whole().stood(*place).is_some()).collect();
    let (_, before) = filtered(arranged.whole(), was, filter, ticket)?;
    let (now, untold) = filtered(as_of, touched.clone(), filter, ticket)?;
    let touched: HashSet<Place> = touched.into_iter().collect();
    let mut places: Vec<Place> = arranged.places.iter().copied().filter(|place| !touched.contains(place)).collect();
    as_of.put_among(&mut places, &now, sorting, *is_descending);
    Ok(Some((places, arranged.untold.moved_on(untold, before))))
}

/// Those of these rows that are as they must be, and of how many that cannot be told.
fn filtered(
    as_of: &AsOf,
    mut places: Vec<Place>,
    filter: &RowFilter,
    ticket: &Ticket,
) -> Result<(Vec<Place>, Untold), EngineError> {
    let mut untold = Untold::default();
    // Where no stream had begun, nothing tells which names are wrong.
    if let (Some(text), false) = (filter.condition(), places.is_empty()) {
        (places, untold) = AsOfCondition::new(&text, as_of.choice())?.among(as_of, &places, ticket)?;
    }
    if let Some(since) = filter.since {
        let is_new = |place: &Place| as_of.stood(*place).and_then(|row| row.recorded_at).is_some_and(|at| at >= since);
        places.retain(is_new);
    }
    let texts: Vec<String> = filter.texts.iter().map(|text| text.to_lowercase()).collect();
    if !texts.is_empty() {
        places.retain(|place| !ticket.is_cancelled() && holds_all(as_of, *place, filter, &texts));
    }
    Ok((places, untold))
}

fn holds_all(as_of: &AsOf, place: Place, filter: &RowFilter, texts: &[String]) -> bool {
    let Some(row) = as_of.row(place) else { return false };
    let mut left: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut look_in = |text: &str| {
        let text = text.to_lowercase();
        left.retain(|wanted| !text.contains(wanted));
        left.is_empty()
    };
    if look_in(&row.stream) {
        return true;
    }
    filter.columns.iter().any(|column| match as_of.value(place, column) {
        Value::String(text) => look_in(&text),
        Value::Null => false,
        other => look_in(&other.to_string()),
    })
}
