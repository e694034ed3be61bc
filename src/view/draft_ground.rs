//! What a correction is planned on, read behind the scenes: the history, what others record meanwhile, and the stream
//! under its other projections.

use std::collections::{HashMap, HashSet};

use super::UserError;
use crate::engine::{
    Around, Causes, Continued, Described, FoldOf, Question, Ticket, causes, continue_stream, describe, fold_each,
    load_story_to,
};
use crate::event::{EventId, EventType, Links, Message, Metadata, RecordedEvent, StreamId, Timestamp, Version};
use crate::replay::Story;
use crate::store::{Columns, Flow, Query, Store};

/// The history that a correction is planned on.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) described: Described,
    /// As far as whoever corrects has seen it.
    pub(super) story: Story,
    pub(super) target: RecordedEvent,
    /// Its application has put the stream away: nothing is appended to it.
    pub(super) is_archived: bool,
    /// What came behind that.
    pub(super) since: Vec<RecordedEvent>,
}

#[derive(Clone, Debug)]
pub(super) struct ReadGround {
    pub(super) stream: StreamId,
    pub(super) target: Version,
    /// The id and the type of the event that stood there when the correction was begun.
    pub(super) of: Option<(EventId, String)>,
    /// The last event of the stream then.
    pub(super) seen: Option<(Version, EventId)>,
}

impl Question for ReadGround {
    type Answer = Ground;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Ground, UserError> {
        let Self { stream, target: version, of, seen } = self;
        let described = describe(reader, &stream)?;
        let target = reader.event_at(&stream, version)?.ok_or_else(|| UserError::gone(&stream, version))?;
        if let Some((_, was)) = of.filter(|(id, _)| *id != target.id) {
            let message = Message::new("draft-other-event").text("stream", &stream).number("version", version.0);
            return Err(UserError::new(message.text("was", was).text("is", &target.event_type)));
        }
        // A store that was cut or replaced has nothing that came behind what was seen.
        let seen = match seen {
            Some((at, id)) => reader.event_at(&stream, at)?.filter(|event| event.id == id).map(|event| event.version),
            None => None,
        };
        let story = load_story_to(reader, &described, seen, &mut |_| ticket.flow())?;
        let is_archived = reader.is_archived(&stream)?;
        let mut since = Vec::new();
        if let Some(seen) = seen {
            let query = Query::stream(stream).between(Some(Version(seen.0.saturating_add(1))), None);
            reader.visit_events(&query, &mut |row| {
                since.push(row.to_recorded());
                ticket.flow()
            })?;
        }
        Ok(Ground { described, story, target, is_archived, since })
    }
}

/// What others recorded behind the last event that is known.
#[derive(Clone, Debug)]
pub(super) struct ReadArrivals {
    pub(super) stream: StreamId,
    pub(super) after: Option<(Version, EventId)>,
}

#[derive(Debug)]
pub(super) enum Arrivals {
    These(Vec<RecordedEvent>),
    /// The last event is not there any more, or is another one.
    Replaced,
}

impl Question for ReadArrivals {
    type Answer = Arrivals;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Arrivals, UserError> {
        let Self { stream, after } = self;
        let known = after.as_ref().map(|(version, _)| *version);
        match continue_stream(reader, &stream, after.as_ref(), &mut |_| ticket.flow())? {
            Continued::Replaced => Ok(Arrivals::Replaced),
            Continued::Grew(batches) => {
                let rows = batches.iter().flat_map(|batch| batch.rows().collect::<Vec<_>>());
                let new = rows.filter(|row| known.is_none_or(|known| row.version > known));
                Ok(Arrivals::These(new.map(|row| row.to_recorded()).collect()))
            }
        }
    }
}

/// The stream under each projection that it offers, as far as the plan stands.
#[derive(Clone, Debug)]
pub(super) struct ReadStanding {
    pub(super) described: Described,
    pub(super) last: Version,
}

impl Question for ReadStanding {
    type Answer = Vec<FoldOf>;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let Self { described, last } = self;
        Ok(fold_each(reader, &described, last, &mut |_| ticket.flow())?)
    }
}

/// An event of another stream that would not be there without the one that is corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
    pub recorded_at: Option<Timestamp>,
    pub actor: Option<String>,
}

/// What an event led to in other streams.
#[derive(Clone, Debug, Default)]
pub struct LedElsewhere {
    pub events: Vec<Elsewhere>,
    /// There may be more: not the whole store was looked at, or not all is kept.
    pub is_part: bool,
}

/// Without an index that leads there, so many events behind the cause are looked at: effects follow their cause.
const LOOKED_AT: u64 = 50_000;

/// More are seen among all causes and effects.
const ELSEWHERE_KEPT: usize = 500;

#[derive(Clone, Debug)]
pub(super) struct ReadElsewhere {
    pub(super) event: RecordedEvent,
}

impl Question for ReadElsewhere {
    type Answer = LedElsewhere;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<LedElsewhere, UserError> {
        let Self { event } = self;
        if reader.capabilities().finds_by_link {
            let found = causes(reader, &event, Around::Chain, &mut |_| ticket.flow())?;
            return Ok(by_index(&found, &event.stream));
        }
        behind(reader, &event, ticket)
    }
}

/// What follows from the event that was asked about, and not what it follows from.
fn by_index(found: &Causes, own: &StreamId) -> LedElsewhere {
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
    let mut events: Vec<Elsewhere> = led
        .map(|(event, _)| Elsewhere {
            stream: event.stream.clone(),
            version: event.head.version,
            event_type: event.head.event_type.clone(),
            recorded_at: event.head.recorded_at,
            actor: event.actor.clone(),
        })
        .collect();
    let is_part = found.is_cut || events.len() > ELSEWHERE_KEPT;
    events.truncate(ELSEWHERE_KEPT);
    LedElsewhere { events, is_part }
}

/// The same among the events that the store holds behind it.
fn behind(reader: &dyn Store, event: &RecordedEvent, ticket: &Ticket) -> Result<LedElsewhere, UserError> {
    let mut led = HashSet::from([event.id.as_meant()]);
    let (mut found, mut looked) = (LedElsewhere { is_part: event.position.is_none(), ..LedElsewhere::default() }, 0);
    if found.is_part {
        return Ok(found);
    }
    let query =
        Query::positions(event.position, None).limit(LOOKED_AT).columns(Columns { payload: false, metadata: true });
    reader.visit_events(&query, &mut |row| {
        looked += 1;
        let is_led = Links::of(row.metadata).causation.is_some_and(|cause| led.contains(&cause));
        if is_led && led.insert(row.id.as_meant()) && *row.stream != event.stream {
            found.events.push(Elsewhere {
                stream: row.stream.clone(),
                version: row.version,
                event_type: row.event_type.clone(),
                recorded_at: row.recorded_at,
                actor: Metadata::parse(row.metadata).actor,
            });
        }
        if found.events.len() == ELSEWHERE_KEPT { Flow::Break(()) } else { ticket.flow() }
    })?;
    found.is_part = looked == LOOKED_AT || found.events.len() == ELSEWHERE_KEPT;
    Ok(found)
}
