//! What a correction is planned on, read behind the scenes: the history, what others record meanwhile, and the stream
//! under its other projections.

use super::UserError;
use crate::engine::{
    Continued, Described, FoldOf, LedElsewhere, Question, Ticket, continue_stream, describe, fold_each, led_elsewhere,
    load_story_to,
};
use crate::event::{EventId, Message, RecordedEvent, StreamId, Version};
use crate::replay::Story;
use crate::store::{Closed, Query, Store};

/// The history that a correction is planned on.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) described: Described,
    /// As far as whoever corrects has seen it.
    pub(super) story: Story,
    pub(super) target: RecordedEvent,
    /// Why nothing is appended to the stream.
    pub(super) closed: Option<Closed>,
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
        let closed = reader.closed(&stream)?;
        let mut since = Vec::new();
        if let Some(seen) = seen {
            let query = Query::stream(stream).between(Some(Version(seen.0.saturating_add(1))), None);
            reader.visit_events(&query, &mut |row| {
                since.push(row.to_recorded());
                ticket.flow()
            })?;
        }
        Ok(Ground { described, story, target, closed, since })
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
        Ok(led_elsewhere(reader, &[event], &mut |_| ticket.flow())?)
    }
}
