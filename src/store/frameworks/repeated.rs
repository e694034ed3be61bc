//! Appends that came before: the same call made again, or another's that stands in the way.

use super::layout::Layout;
use super::store::{Database, ForeignStore};
use super::writing::{Example, shaped};
use crate::event::{NewEvent, RecordedEvent, StreamId, Version, json_value};
use crate::store::{AppendError, Appended, Conflict, Expected, Flow, Query, Store};

impl<D: Database> ForeignStore<D> {
    /// Frameworks that keep an id know their own events again.
    pub(in crate::store) fn already_there(
        &self,
        stream: &StreamId,
        events: &[NewEvent],
    ) -> Result<Option<Appended>, AppendError> {
        if self.layout().id.is_none() {
            return Ok(None);
        }
        let mut there = Vec::new();
        for event in events {
            match self.event_by_id(&event.id)? {
                Some(found) if found.stream == *stream && is_same(event, &found) => there.push(found),
                Some(_) => return Err(AppendError::IdTaken(event.id.clone())),
                None => {}
            }
        }
        match (there.first(), there.last()) {
            (Some(first), Some(_)) if there.len() < events.len() => Err(AppendError::IdTaken(first.id.clone())),
            (Some(first), Some(last)) => Ok(Some(Appended {
                first: first.version,
                last: last.version,
                position: last.position,
                already_there: true,
            })),
            _ => Ok(None),
        }
    }

    /// What a caller hears that somebody else was quicker than; or, where it was itself, that its events are there.
    pub(in crate::store) fn conflict(
        &self,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Appended, AppendError> {
        let after = match expected {
            Expected::Exact(version) => Some(Version(version.0.saturating_add(1))),
            Expected::NoStream | Expected::Any => None,
        };
        let mut since = Vec::new();
        self.visit_events(&Query::stream(stream.clone()).between(after, None), &mut |row| {
            since.push(row.to_recorded());
            Flow::Continue(())
        })?;
        // Without ids, the same events at the very place they were meant for are this call, repeated.
        if self.layout().id.is_none()
            && expected != Expected::Any
            && since.len() >= events.len()
            && events.iter().zip(&since).all(|(event, recorded)| is_same_as_stored(self.layout(), event, recorded))
            && let (Some(first), Some(last)) = (since.first(), since.get(events.len().saturating_sub(1)))
        {
            return Ok(Appended {
                first: first.version,
                last: last.version,
                position: last.position,
                already_there: true,
            });
        }
        let actual = self.stream(stream)?.map(|row| row.last_version);
        Err(AppendError::Conflict(Box::new(Conflict { stream: stream.clone(), expected, actual, since })))
    }
}

/// The database writes JSON in its own spelling, so the values are compared.
fn is_same(event: &NewEvent, recorded: &RecordedEvent) -> bool {
    let value = |text: &[u8]| json_value(text).ok();
    recorded.event_type == event.event_type && value(&recorded.payload) == value(event.payload.as_bytes())
}

/// As stored, an event may have its name around it, its class before its name, or its time and author inside. Who
/// appended it and why must be the same too: two people may correct the same thing at once.
fn is_same_as_stored(layout: &Layout, event: &NewEvent, recorded: &RecordedEvent) -> bool {
    let Some(rules) = layout.append_rules() else { return false };
    let example =
        Example { event_type: recorded.event_type.to_string(), payload: recorded.payload.clone(), schema: None };
    let value = |text: &[u8]| json_value(text).ok();
    shaped(rules, Some(&example), event).is_ok_and(|shaped| {
        shaped.event_type == recorded.event_type.as_str()
            && value(&shaped.payload) == value(&recorded.payload)
            && (layout.metadata_in_payload || value(shaped.metadata.as_bytes()) == value(&recorded.metadata))
    })
}
