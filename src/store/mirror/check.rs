//! Whether an origin is still what was mirrored.

use std::collections::HashMap;

use super::taken::{is_same, second_id};
use super::{Mirroring, OriginFault};
use crate::event::{Cursor, EventId, EventRow, Position, RecordedEvent, StreamId, Version};
use crate::store::{Columns, Flow, Query, Store, StoreError};

/// So many of the newest events are compared before the mirror goes on.
const COMPARED: u64 = 32;

/// Of the origin, some more are read: it may have recorded some of them later than their places say.
const READ: u64 = 2 * COMPARED;

/// Behind the place at which the origin says that this event is.
pub(super) fn place_of(mirroring: &Mirroring, origin: &dyn Store, id: &EventId) -> Result<Option<Cursor>, StoreError> {
    let position = origin.event_by_id(id)?.and_then(|event| event.position);
    match position {
        Some(position) => Ok(Some(Cursor::after(position, id.clone()))),
        None => Err(mirroring.differs(missing(mirroring, origin)?)),
    }
}

/// The newest events of the mirror, each as the origin has it.
pub(super) fn newest(mirroring: &Mirroring, origin: &dyn Store) -> Result<(), StoreError> {
    let held = all_of(&mirroring.store, &Query::store().backward().limit(COMPARED))?;
    if held.is_empty() {
        return Ok(());
    }
    let first_held = first(&mirroring.store, &Query::store().limit(1))?;
    // Where streams have no common order, the first event is one of many.
    if origin.capabilities().has_feed
        && let (Some(held), Some(found)) = (first_held, first(origin, &Query::store().limit(1))?)
        && !is_same_identity(&held, &found.as_row())
    {
        return Err(mirroring.differs(OriginFault::Replaced));
    }
    let mut theirs: HashMap<EventId, RecordedEvent> = HashMap::new();
    if let Some(cursor) = mirroring.cursor(origin)? {
        let read = all_of(origin, &Query::positions(None, cursor.position()).backward().limit(READ))?;
        theirs.extend(read.into_iter().map(|event| (event.id.clone(), event)));
    }
    for held in &held {
        match theirs
            .remove(&held.id)
            .map_or_else(|| origin.event_at(&held.stream, held.version), |event| Ok(Some(event)))?
        {
            Some(event) if is_same(held, &event.as_row()) => {}
            Some(_) => return Err(edited(mirroring, held)),
            None => return Err(mirroring.differs(missing(mirroring, origin)?)),
        }
    }
    Ok(())
}

/// Every event of the origin up to the end of the mirror, and whether the mirror holds any that the origin does not.
pub(super) fn all(
    mirroring: &Mirroring,
    origin: &dyn Store,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<u64, StoreError> {
    newest(mirroring, origin)?;
    let to = match mirroring.cursor(origin)? {
        Some(cursor) if cursor.place().is_none() => return Ok(0),
        Some(cursor) => cursor.position(),
        None => None,
    };
    let (mut compared, mut failed) = (0, Ok(()));
    origin.visit_events(&Query::positions(None, to), &mut |row| {
        let step = one(mirroring, row).and_then(|is_held| {
            compared += u64::from(is_held);
            // What came since to a stream of a store without an order is no fault.
            if is_held || to.is_none() && is_behind(mirroring, row)? {
                return Ok(if progress(compared).is_break() { Err(StoreError::Cancelled) } else { Ok(()) });
            }
            Ok(Err(mirroring.differs(OriginFault::Added { stream: row.stream.clone(), version: row.version })))
        });
        failed = step.and_then(|step| step);
        if failed.is_ok() { Flow::Continue(()) } else { Flow::Break(()) }
    })?;
    failed?;
    if compared < held_events(mirroring)? {
        return Err(mirroring.differs(missing(mirroring, origin)?));
    }
    Ok(compared)
}

/// Whether the mirror holds this event of the origin; an error where it holds another in its place.
fn one(mirroring: &Mirroring, row: &EventRow<'_>) -> Result<bool, StoreError> {
    match mirroring.store.event_at(row.stream, row.version)? {
        Some(held) if is_same(&held, row) => Ok(true),
        Some(held) => Err(edited(mirroring, &held)),
        None => Ok(false),
    }
}

fn is_behind(mirroring: &Mirroring, row: &EventRow<'_>) -> Result<bool, StoreError> {
    Ok(mirroring.store.stream(row.stream)?.is_none_or(|held| row.version > held.last_version))
}

pub(super) fn held_events(mirroring: &Mirroring) -> Result<u64, StoreError> {
    Ok(mirroring.store.kept_events()?.unwrap_or(0))
}

/// What to say of an origin in which events are missing: the first of those that went is named.
pub(super) fn missing(mirroring: &Mirroring, origin: &dyn Store) -> Result<OriginFault, StoreError> {
    if first(origin, &Query::store().limit(1).columns(Columns::HEADS))?.is_none() {
        return Ok(OriginFault::Emptied);
    }
    let held = held_events(mirroring)?;
    if is_there(mirroring, origin, held)?.is_ok() {
        return gone(mirroring, origin);
    }
    // What was cut is missing from somewhere on: halved until that is found.
    let (mut there, mut cut) = (0, held);
    while cut - there > 1 {
        let middle = there + (cut - there) / 2;
        if is_there(mirroring, origin, middle)?.is_ok() { there = middle } else { cut = middle }
    }
    Ok(match is_there(mirroring, origin, cut)? {
        Err(Some((stream, version))) if there > 0 => OriginFault::Cut { stream, version },
        _ => OriginFault::Replaced,
    })
}

type Named = (StreamId, Version);

/// Whether the origin has the event that stands at this place of the mirror, whose places have no gaps.
fn is_there(mirroring: &Mirroring, origin: &dyn Store, place: u64) -> Result<Result<(), Option<Named>>, StoreError> {
    let at = Some(Position(place));
    let Some(held) = first(&mirroring.store, &Query::positions(at, at).columns(Columns::HEADS))? else {
        return Ok(Err(None));
    };
    let theirs = origin.event_at(&held.stream, held.version)?;
    let is_there = theirs.is_some_and(|event| is_same_identity(&held, &event.as_row()));
    Ok(if is_there { Ok(()) } else { Err(Some((held.stream, held.version))) })
}

/// The newest event that the mirror holds and the origin does not.
fn gone(mirroring: &Mirroring, origin: &dyn Store) -> Result<OriginFault, StoreError> {
    let (mut fault, mut failed) = (OriginFault::Replaced, None);
    mirroring.store.visit_events(&Query::store().backward().columns(Columns::HEADS), &mut |held| match origin
        .event_at(held.stream, held.version)
    {
        Ok(Some(event)) if is_same_identity(&held.to_recorded(), &event.as_row()) => Flow::Continue(()),
        Ok(_) => {
            fault = OriginFault::Gone { stream: held.stream.clone(), version: held.version };
            Flow::Break(())
        }
        Err(error) => {
            failed = Some(error);
            Flow::Break(())
        }
    })?;
    failed.map_or(Ok(fault), Err)
}

/// An event is another in the mirror than in the origin. In which of them it was edited, the mirror's own chain tells.
fn edited(mirroring: &Mirroring, held: &RecordedEvent) -> StoreError {
    let (stream, version) = (held.stream.clone(), held.version);
    match mirroring.store.is_as_recorded(held) {
        Ok(true) => mirroring.differs(OriginFault::Edited { stream, version }),
        Ok(false) => {
            let (path, origin) = (mirroring.path.clone(), mirroring.origin.clone());
            StoreError::MirrorEdited { path, origin, stream, version }
        }
        Err(error) => error,
    }
}

/// Content that was edited is told for itself.
fn is_same_identity(held: &RecordedEvent, found: &EventRow<'_>) -> bool {
    held.stream == *found.stream
        && held.version == found.version
        && (held.id == found.id || held.id == second_id(found))
}

fn first(store: &dyn Store, query: &Query) -> Result<Option<RecordedEvent>, StoreError> {
    Ok(all_of(store, query)?.into_iter().next())
}

fn all_of(store: &dyn Store, query: &Query) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut events = Vec::new();
    store.visit_events(query, &mut |row| {
        events.push(row.to_recorded());
        Flow::Continue(())
    })?;
    Ok(events)
}
