//! What events led to in other streams: it stays as it is, whatever is corrected in their own.

use std::collections::{HashMap, HashSet};

use super::EngineError;
use super::causes::{Around, Causes, causes};
use crate::event::{EventType, Links, Metadata, RecordedEvent, StreamId, Timestamp, Version};
use crate::replay::EventRef;
use crate::store::{Columns, Flow, Query, Store};

/// An event of another stream that would not be there without one that is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
    pub recorded_at: Option<Timestamp>,
    pub actor: Option<String>,
}

/// What events led to in other streams.
#[derive(Clone, Debug, Default)]
pub struct LedElsewhere {
    pub events: Vec<Elsewhere>,
    /// There may be more: not the whole store was looked at, or not all is kept.
    pub is_part: bool,
}

/// Without an index that leads there, so many events behind the first cause are looked at: effects follow their cause.
const LOOKED_AT: u64 = 50_000;

/// More are seen among all causes and effects.
const KEPT: usize = 500;

/// An index is asked once for each event that is withdrawn, and no more often than this.
const ASKED_ABOUT: usize = 100;

/// What these events of one stream led to in others, however many steps away.
pub fn led_elsewhere(
    reader: &dyn Store,
    events: &[RecordedEvent],
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<LedElsewhere, EngineError> {
    if !reader.capabilities().finds_by_link {
        return behind(reader, events, progress);
    }
    let (mut led, mut seen) =
        (LedElsewhere { is_part: events.len() > ASKED_ABOUT, ..LedElsewhere::default() }, HashSet::new());
    for event in events.iter().take(ASKED_ABOUT) {
        let found = causes(reader, event, Around::Chain, progress)?;
        led.is_part |= found.is_cut;
        let effects = effects(&found, &event.stream);
        led.events.extend(effects.filter(|effect| seen.insert((effect.stream.clone(), effect.version))));
    }
    led.is_part |= led.events.len() > KEPT;
    led.events.truncate(KEPT);
    Ok(led)
}

/// The same of events that a branch leaves out or changes. One that is another by now led to nothing that it withdraws.
pub fn led_by_withdrawn(
    reader: &dyn Store,
    stream: &StreamId,
    withdrawn: &[EventRef],
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<LedElsewhere, EngineError> {
    let mut events = Vec::new();
    for EventRef { version, id } in withdrawn {
        events.extend(reader.event_at(stream, *version)?.filter(|event| event.id == *id));
    }
    led_elsewhere(reader, &events, progress)
}

/// What follows from the event that was asked about, and not what it follows from.
fn effects<'f>(found: &'f Causes, own: &'f StreamId) -> impl Iterator<Item = Elsewhere> + use<'f> {
    let mut effects: HashMap<usize, Vec<usize>> = HashMap::new();
    for (place, event) in found.events.iter().enumerate() {
        if let Some(cause) = event.caused_by {
            effects.entry(cause).or_default().push(place);
        }
    }
    let mut followed = vec![false; found.events.len()];
    let mut open = vec![found.asked];
    while let Some(place) = open.pop() {
        if let Some(is_followed) = followed.get_mut(place).filter(|is_followed| !**is_followed) {
            *is_followed = true;
            open.extend(effects.get(&place).into_iter().flatten());
        }
    }
    let led = found.events.iter().zip(followed).filter(|(event, is_followed)| *is_followed && event.stream != *own);
    led.map(|(event, _)| Elsewhere {
        stream: event.stream.clone(),
        version: event.head.version,
        event_type: event.head.event_type.clone(),
        recorded_at: event.head.recorded_at,
        actor: event.actor.clone(),
    })
}

/// The same among the events that the store holds behind them.
fn behind(
    reader: &dyn Store,
    events: &[RecordedEvent],
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<LedElsewhere, EngineError> {
    let mut found =
        LedElsewhere { is_part: events.iter().any(|event| event.position.is_none()), ..LedElsewhere::default() };
    let Some(first) = events.iter().filter_map(|event| event.position).min() else { return Ok(found) };
    let mut led: HashSet<_> = events.iter().map(|event| event.id.as_meant()).collect();
    let is_own = |stream: &StreamId| events.iter().any(|event| event.stream == *stream);
    let mut looked = 0;
    let query =
        Query::positions(Some(first), None).limit(LOOKED_AT).columns(Columns { payload: false, metadata: true });
    reader.visit_events(&query, &mut |row| {
        looked += 1;
        let is_led = Links::of(row.metadata).causation.is_some_and(|cause| led.contains(&cause));
        if is_led && led.insert(row.id.as_meant()) && !is_own(row.stream) {
            found.events.push(Elsewhere {
                stream: row.stream.clone(),
                version: row.version,
                event_type: row.event_type.clone(),
                recorded_at: row.recorded_at,
                actor: Metadata::parse(row.metadata).actor,
            });
        }
        if found.events.len() == KEPT { Flow::Break(()) } else { progress(looked) }
    })?;
    found.is_part |= looked == LOOKED_AT || found.events.len() == KEPT;
    Ok(found)
}
