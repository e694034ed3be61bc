//! Every stream of a store as it stood at a moment: read in one pass, decoded on several threads.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::load::{Described, describe_first};
use super::spill::{STATES, STATES_AND_NAMES, has_room, make_room, unless_torn};
use super::when::stopped;
use super::whole::{each_decoded, each_decoded_behind};
use super::{EngineError, Ticket};
use crate::event::{Cursor, EventBatch, EventRow, Position, StreamId, StreamKey};
use crate::expr::{Doubt, DoubtKind, Expression, Names, Reading};
use crate::index::{AsOf, Choice, Held, MixedRows, OverBudget, Place, StoreMoment};
use crate::replay::{DecodedRows, LayDown, ProjectionRef, registry};
use crate::store::{Changes, Columns, Flow, Query, Scope, Store, StoreError, StreamQuery};

/// What every stream of a store, or of a category, is to be shown as, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AsOfWanted {
    /// By its name; what each stream is shown under first where none is named.
    pub projection: Option<String>,
    pub category: Option<String>,
    pub at: StoreMoment,
}

/// Which projection the streams of a store are shown under.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub choice: Arc<Choice>,
    /// Categories whose streams have no projection of the wanted name.
    pub left_out: Vec<String>,
    /// The categories that it was chosen for, where all were asked: a stream of another one needs a choice of its own.
    pub categories: Option<HashSet<String>>,
}

/// A store with more categories than these has its streams named in another way, and is asked for the largest alone.
pub(super) const MOST_CATEGORIES: usize = 64;

/// Of each category the first stream tells. `None` where there is no such category.
pub fn choose(reader: &dyn Store, name: Option<&str>, category: Option<&str>) -> Result<Option<Chosen>, EngineError> {
    if let Some(category) = category {
        let Some(first) = describe_first(reader, category)? else { return Ok(None) };
        let projection = match name {
            Some(name) => named(&first, name).ok_or_else(|| no_projection(name, &[first.aggregate]))?,
            None => registry().first(first.aggregate),
        };
        return Ok(Some(Chosen { choice: Arc::new(Choice::one(projection.clone())), ..Chosen::default() }));
    }
    let general = match name {
        Some(name) => registry().find(None, name),
        None => Some(registry().first(None)),
    };
    let (mut of_category, mut left_out, mut met) = (HashMap::new(), Vec::new(), Vec::new());
    let mut categories = reader.categories()?;
    let not_asked = categories.len().saturating_sub(MOST_CATEGORIES);
    let asked = (not_asked == 0).then(|| categories.iter().map(|(category, _)| category.clone()).collect());
    categories.truncate(MOST_CATEGORIES);
    for (category, _) in categories {
        let Some(first) = describe_first(reader, &category)? else { continue };
        met.push(first.aggregate);
        let found = match name {
            Some(name) => named(&first, name),
            None => Some(registry().first(first.aggregate)),
        };
        match found {
            Some(projection) => {
                of_category.insert(category, projection.clone());
            }
            None => left_out.push(category),
        }
    }
    // A user's own folds any stream, but not what its sources leave out.
    let general = general.filter(|general| !general.is_own() || left_out.is_empty() || not_asked > 0);
    if let Some(name) = name.filter(|_| of_category.is_empty() && general.is_none()) {
        return Err(no_projection(name, &met));
    }
    let choice = chosen(reader, &of_category, &left_out, general.as_ref())?;
    if not_asked > 0 && general.is_none() && !choice.is_for_all() {
        left_out.push(format!("{not_asked} more categories"));
    }
    Ok(Some(Chosen { choice: Arc::new(choice), left_out, categories: asked }))
}

/// The projection of this name for the streams of a category, of which this is the first.
fn named(first: &Described, name: &str) -> Option<ProjectionRef> {
    registry().find(first.aggregate, name).filter(|found| found.takes_category(first.row.stream.category()))
}

fn chosen(
    reader: &dyn Store,
    of_category: &HashMap<String, ProjectionRef>,
    left_out: &[String],
    general: Option<&ProjectionRef>,
) -> Result<Choice, StoreError> {
    let mut projections = of_category.values();
    let first = projections.next();
    if let (Some(first), true) = (first.or(general), left_out.is_empty())
        && projections.all(|other| other == first)
        && general.is_none_or(|general| general == first || !of_category.is_empty())
    {
        return Ok(Choice::one(first.clone()));
    }
    let mut choice = Choice::default();
    // By category in the order of their names, so that the same store always gives the same.
    let mut categories: Vec<_> = of_category.iter().collect();
    categories.sort_unstable_by_key(|(category, _)| *category);
    for (category, projection) in categories {
        choice.set_category(category, projection);
    }
    if let Some(general) = general {
        choice.set_otherwise(general);
    }
    if !reader.capabilities().names_tell_categories {
        // What a category is, its layout says, which a stream's name alone need not tell.
        reader.visit_streams(&StreamQuery::default(), &mut |row| {
            if let Some(projection) = of_category.get(&row.category)
                && row.stream.category() != row.category
            {
                choice.set_stream(row.stream, projection);
            }
            Flow::Continue(())
        })?;
    }
    Ok(choice)
}

pub(super) type Aggregates = Option<crate::domain::Aggregate>;

/// `None` where there is no such category.
pub(super) fn aggregate_of(reader: &dyn Store, category: &str) -> Result<Option<Aggregates>, EngineError> {
    Ok(describe_first(reader, category)?.map(|first| first.aggregate))
}

fn no_projection(asked: &str, of: &[Aggregates]) -> EngineError {
    let mut known: Vec<String> = Vec::new();
    for aggregate in of.iter().copied().chain(of.is_empty().then_some(None)) {
        for offered in registry().of_aggregate(aggregate) {
            if offered.name() != asked && !known.iter().any(|known| known == offered.name()) {
                known.push(offered.name().to_owned());
            }
        }
    }
    EngineError::NoSuchProjection { asked: asked.to_owned(), known }
}

/// So much of what is allowed may the names take that a store keeps, where there is no room for all of them.
const PART_FOR_NAMES: u64 = 16;

/// Reads how every stream stood at a moment. What is recorded meanwhile is no part of it. `room` is what it takes its memory
/// of; what has no room there lies in a file for as long as the answer is used.
pub fn as_of(
    reader: &dyn Store,
    choice: &Arc<Choice>,
    category: Option<&str>,
    at: StoreMoment,
    room: impl Into<Held>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<AsOf, EngineError> {
    let end = end_at(reader, at)?;
    let mut answer = AsOf::new(choice, at, room);
    // The store keeps the names of the streams that it has met for as long as it is open.
    let mut names = answer.memory().hold();
    reader.keep_names_within(u64::MAX);
    let mut refused = None;
    let rows = || -> Box<dyn DecodedRows> { Box::new(MixedRows::new(choice)) };
    let is_empty = reader.capabilities().has_feed && end.place().is_none();
    if !is_empty {
        let read = each_decoded(reader, &rows, category, end.position(), &mut |decoded, seen| {
            answer.fold(decoded);
            let weighed = answer.check(seen).and_then(|()| names.resize(reader.names_bytes()));
            if let Err(over) = weighed {
                refused = give_way(reader, &mut answer, &mut names, over, &mut || progress(seen)).err();
            }
            if refused.is_some() || progress(seen).is_break() { Err(StoreError::Cancelled) } else { Ok(()) }
        });
        match refused {
            Some(refused) => return Err(refused),
            None => read?,
        }
    }
    unless_replaced(reader, &end)?;
    finish(&mut answer, &end, progress)?;
    Ok(answer)
}

/// States are laid into a file first. Then the store lets go of the names that it keeps and can read again; those of the answer,
/// which a table shows before anything else, go last.
fn give_way(
    reader: &dyn Store,
    answer: &mut AsOf,
    names: &mut Held,
    over: OverBudget,
    go_on: &mut dyn FnMut() -> Flow,
) -> Result<(), EngineError> {
    let is_over = |made: &Result<(), EngineError>| matches!(made, Err(EngineError::OverBudget(_)));
    let made = make_room(answer, over, STATES, go_on);
    let has_names = names.resize(reader.names_bytes()).is_ok();
    if !is_over(&made) && (made.is_err() || (has_names && has_room(answer))) {
        return made;
    }
    reader.keep_names_within(answer.memory().allowed().bytes / PART_FOR_NAMES);
    let has_names = names.resize(reader.names_bytes()).is_ok();
    if has_names && answer.weigh().is_ok() && has_room(answer) {
        return Ok(());
    }
    make_room(answer, over, &[LayDown::Names], go_on)?;
    Ok(names.resize(reader.names_bytes())?)
}

/// All is folded, up to this place.
pub(super) fn finish(
    answer: &mut AsOf,
    end: &Cursor,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), EngineError> {
    let events = answer.events();
    if let Err(over) = room_to_come(answer) {
        make_room(answer, over, STATES_AND_NAMES, &mut || progress(events))?;
    }
    if let Err(over) = answer.finish(end.clone()) {
        make_room(answer, over, STATES_AND_NAMES, &mut || progress(events))?;
        answer.finish(end.clone())?;
    }
    Ok(unless_torn(answer)?)
}

/// Later, nothing of it can be laid into a file any more for the sake of who puts its streams in order.
fn room_to_come(answer: &AsOf) -> Result<(), OverBudget> {
    answer.memory().hold().resize(answer.to_come())
}

/// The same from how the streams stood at an earlier moment: only what was recorded since is read. `None` where the one does
/// not lead to the other, and everything is to be read.
pub fn as_of_since(
    reader: &dyn Store,
    known: &AsOf,
    category: Option<&str>,
    at: StoreMoment,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Option<AsOf>, EngineError> {
    let capabilities = reader.capabilities();
    let Some(from) = known.read_to().position().filter(|_| capabilities.has_feed) else { return Ok(None) };
    let (until, has_keys) = (at.until(), capabilities.has_dense_positions);
    // Which numbers streams have of which no event counts yet is known to nobody.
    if known.at().until() != until || (until.is_some() && !has_keys) {
        return Ok(None);
    }
    let end = end_at(reader, at)?;
    let Some(to) = end.position().filter(|to| *to >= from) else { return Ok(None) };
    if matches!(reader.changes(known.read_to(), Columns::HEADS)?, Changes::Replaced) {
        return Ok(None);
    }
    let mut answer = known.another(at);
    if to > from {
        let before = known.events();
        let mut refused = None;
        let mut take = |decoded: Box<dyn DecodedRows>, seen: u64| {
            answer.fold(decoded);
            let seen = before + seen;
            if let Err(over) = answer.check(seen) {
                // Without the one that it goes on from, there may be room in memory.
                let room = if answer.shelf().is_none() {
                    Err(over.into())
                } else {
                    make_room(&mut answer, over, STATES_AND_NAMES, &mut || progress(seen))
                };
                refused = room.err();
            }
            if refused.is_some() || progress(seen).is_break() { Err(StoreError::Cancelled) } else { Ok(()) }
        };
        // All names are in memory while the streams are numbered by them. Without room for that, all is read anew.
        let mut numbered = known.memory().hold();
        if !has_keys && numbered.resize(known.len() as u64 * NUMBERED).is_err() {
            return Ok(None);
        }
        let rows = || -> Box<dyn DecodedRows> { Box::new(MixedRows::new(known.choice())) };
        let read = if has_keys {
            each_decoded_behind(reader, &rows, category, (from, to), &mut take)
        } else {
            each_renumbered(reader, known, category, (from, to), &mut take)
        };
        match refused {
            Some(refused) => return Err(refused),
            None => read?,
        }
    }
    unless_replaced(reader, &end)?;
    if answer.shelf().is_none() {
        room_to_come(&answer)?;
        answer.finish(end)?;
    } else {
        finish(&mut answer, &end, progress)?;
    }
    Ok(Some(answer))
}

/// So much a stream takes where its number is looked up by its name: twice the entry of a map, and some letters.
const NUMBERED: u64 = 2 * size_of::<(StreamId, StreamKey)>() as u64 + 64;

/// Where each connection numbers streams by itself: the events between two positions, with the numbers that their streams
/// had before.
fn each_renumbered(
    reader: &dyn Store,
    known: &AsOf,
    category: Option<&str>,
    (from, to): (Position, Position),
    take: &mut dyn FnMut(Box<dyn DecodedRows>, u64) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut keys = known.keys();
    let mut next = keys.values().map(|key| key.0).max().map_or(0, |last| last.saturating_add(1));
    let (from, to) = (Some(Position(from.0.saturating_add(1))), Some(to));
    let query = match category {
        Some(name) => Query { scope: Scope::Category { name: name.to_owned(), from, to }, ..Query::store() },
        None => Query::positions(from, to),
    };
    let mut scan = reader.scan(&query)?;
    let (mut batch, mut seen) = (EventBatch::default(), 0);
    loop {
        scan.next_batch(&mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        let mut rows = MixedRows::new(known.choice());
        for row in batch.rows() {
            let stream_key = match keys.get(row.stream) {
                Some(key) => *key,
                None => {
                    next = next.saturating_add(1);
                    let key = StreamKey(next);
                    keys.insert(row.stream.clone(), key);
                    key
                }
            };
            rows.push(&EventRow { stream_key, ..row });
        }
        seen += batch.len() as u64;
        take(Box::new(rows), seen)?;
    }
}

/// The last event that is read for a moment.
pub(super) fn end_at(reader: &dyn Store, at: StoreMoment) -> Result<Cursor, EngineError> {
    let has_order = reader.capabilities().has_feed;
    let up_to: Option<Position> = match at {
        StoreMoment::Position(_) if !has_order => return Err(EngineError::NoPositions),
        StoreMoment::Position(position) => Some(position),
        StoreMoment::Latest | StoreMoment::Time(_) => None,
    };
    let mut end = Cursor::beginning();
    if has_order {
        let newest = Query::positions(None, up_to).backward().limit(1).columns(Columns::HEADS);
        reader.visit_events(&newest, &mut |row| {
            if let Some(position) = row.position {
                end = Cursor::after(position, row.id.clone());
            }
            Flow::Break(())
        })?;
    }
    Ok(end)
}

/// What was cut, restored or replaced while it was read, was read of two stores.
pub(super) fn unless_replaced(reader: &dyn Store, end: &Cursor) -> Result<(), StoreError> {
    if end.place().is_some() && matches!(reader.changes(end, Columns::HEADS)?, Changes::Replaced) {
        return Err(StoreError::Changed("the store".into()));
    }
    Ok(())
}

/// A condition on streams as they stood.
#[derive(Clone, Debug)]
pub struct AsOfCondition(Expression);

impl AsOfCondition {
    /// Reads it before anything is folded, so that a wrong word is told at once.
    pub fn new(text: &str, choice: &Choice) -> Result<Self, EngineError> {
        let expression = Expression::new(text, &choice.names())?;
        let uses = expression.uses();
        if uses.old || uses.author || uses.payload || uses.changes || uses.counts {
            return Err(EngineError::NotOfStates);
        }
        Ok(Self(expression))
    }

    /// The streams for which it holds, and for how many it cannot be told.
    pub fn among(&self, as_of: &AsOf, places: &[Place], ticket: &Ticket) -> Result<(Vec<Place>, Untold), EngineError> {
        let Self(expression) = self;
        if as_of.choice().names().is_open {
            // Where any name may be a field, one that no stream has is a wrong word.
            let missing = |field: &&String| !places.iter().any(|place| as_of.has_field(*place, field));
            if expression.uses().fields.iter().any(|field| missing(&field)) {
                let fields = as_of.all_fields(places.get(..SHOWING_FIELDS).unwrap_or(places));
                let known = expression.uses().fields.iter().filter(|field| !missing(field)).cloned();
                let fields = known.chain(fields).collect();
                Expression::new(expression.text(), &Names { fields, differ: true, ..Names::default() })?;
            }
        }
        let stop = || ticket.is_cancelled();
        let (mut found, mut untold) = (Vec::new(), Untold::default());
        for place in places {
            let reading = as_of.reading(*place, expression, &stop).map_err(|over| stopped(&over, expression))?;
            match reading {
                Reading::True => found.push(*place),
                Reading::False => {}
                Reading::Unknown(Doubt { kind: DoubtKind::NotRun, .. }) => untold.not_run += 1,
                Reading::Unknown(_) => untold.unknown += 1,
            }
            if ticket.is_cancelled() {
                return Err(StoreError::Cancelled.into());
            }
        }
        Ok((found, untold))
    }
}

/// The streams of which it cannot be told whether a condition holds. None of them is among those for which it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// Because of the values in their states.
    pub unknown: u64,
    /// Because a user's own projection had been given up before it came to their end.
    pub not_run: u64,
}

impl Untold {
    /// Of the same streams and some more, of which some were counted before as `before` says.
    pub(super) fn moved_on(self, now: Self, before: Self) -> Self {
        let moved_on = |all: u64, now: u64, before: u64| (all + now).saturating_sub(before);
        Self {
            unknown: moved_on(self.unknown, now.unknown, before.unknown),
            not_run: moved_on(self.not_run, now.not_run, before.not_run),
        }
    }
}

/// So many rows tell what their fields may be called.
const SHOWING_FIELDS: usize = 1_000;
