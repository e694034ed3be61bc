//! What every story keeps of its own stream: where it stands, how much is still to be told, and what led to what.

use super::calendar::{self, HOUR};
use super::random::Random;
use crate::domain::Draft;
use crate::event::{EventId, EventRow, EventType, MetadataBuilder, NewEvent, StreamId, StreamKey, Timestamp, Version};

/// One event that a story has told.
#[derive(Debug)]
pub(super) struct Told {
    pub stream: StreamId,
    pub version: Version,
    pub event: NewEvent,
}

impl Told {
    pub(super) fn as_row(&self) -> EventRow<'_> {
        let Self { stream, version, event } = self;
        EventRow {
            position: None,
            stream_key: StreamKey(0),
            stream,
            version: *version,
            event_type: &event.event_type,
            schema: event.schema,
            recorded_at: event.recorded_at,
            id: event.id.clone(),
            payload: event.payload.as_bytes(),
            metadata: event.metadata.as_bytes(),
        }
    }
}

/// Who did something, and why. `cause` is the event that led to it, where that is not simply the one before.
#[derive(Debug)]
pub(super) struct Said {
    pub actor: &'static str,
    pub reason: Option<&'static str>,
    pub cause: Option<String>,
}

impl Said {
    pub(super) fn by(actor: &'static str, reason: &'static str) -> Self {
        Self { actor, reason: Some(reason), cause: None }
    }

    pub(super) fn silently(actor: &'static str) -> Self {
        Self { actor, reason: None, cause: None }
    }

    #[must_use]
    pub(super) fn caused_by(self, cause: Option<String>) -> Self {
        Self { cause, ..self }
    }
}

/// Above this many events a story is told faster, so that it ends while the others still go on.
const UNHURRIED: u64 = 60;
const EASY_PACE: i64 = 5 * HOUR;

/// The times that all stories of a history share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Era {
    /// Until when events are still written in their old shapes.
    pub old_until: Timestamp,
    /// The office's time that a long story may take.
    pub longest_story: i64,
}

#[derive(Debug)]
pub(super) struct Thread {
    pub stream: StreamId,
    pub random: Random,
    /// Events that are still to be told.
    pub left: u64,
    /// The mean time of work between two events of a long story; the others take the time their steps need.
    pace: Option<i64>,
    next_version: u64,
    correlation: Option<String>,
    last: Option<String>,
}

impl Thread {
    pub(super) fn new(stream: StreamId, length: u64, era: Era, random: Random) -> Self {
        let hurried = || (era.longest_story / length as i64).clamp(1_000, EASY_PACE);
        let pace = (length > UNHURRIED).then(hurried);
        Self { stream, random, left: length, pace, next_version: 0, correlation: None, last: None }
    }

    /// The story goes on from another stream's event.
    pub(super) fn continue_from(&mut self, correlation: String, cause: String) {
        self.correlation = Some(correlation);
        self.last = Some(cause);
    }

    pub(super) fn is_long(&self) -> bool {
        self.pace.is_some()
    }

    /// The stream's own thread through the store: by default the identity of its first event.
    pub(super) fn correlation(&self) -> Option<&str> {
        self.correlation.as_deref()
    }

    /// The identity of the event told last.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    pub(super) fn tell(&mut self, draft: &Draft, said: Said, at: Timestamp, id: EventId) -> Told {
        let Draft { event_type, schema, payload, compensates } = draft;
        let Said { actor, reason, cause } = said;
        let own = id.to_string();
        let correlation = self.correlation.get_or_insert_with(|| own.clone());
        let metadata = MetadataBuilder::default()
            .actor(actor)
            .with("reason", reason)
            .compensates(compensates.as_ref())
            .with("correlation-id", Some(correlation.as_str()))
            .with("causation-id", cause.as_deref().or(self.last.as_deref()))
            .build();
        let version = Version(self.next_version);
        self.next_version += 1;
        self.left = self.left.saturating_sub(1);
        self.last = Some(own);
        let event = NewEvent {
            id,
            event_type: EventType::from(*event_type),
            schema: *schema,
            recorded_at: Some(at),
            payload: payload.to_string(),
            metadata,
        };
        Told { stream: self.stream.clone(), version, event }
    }

    /// A time between the two spans from now when somebody is in the office.
    pub(super) fn office(&mut self, now: Timestamp, least: i64, most: i64) -> Timestamp {
        if let Some(hurried) = self.hurried(now) {
            return hurried;
        }
        let later = now.plus_micros(self.random.span(least, most));
        calendar::in_office_hours(later, &mut self.random)
    }

    /// A time between the two spans from now when customers are awake.
    pub(super) fn waking(&mut self, now: Timestamp, least: i64, most: i64) -> Timestamp {
        if let Some(hurried) = self.hurried(now) {
            return hurried;
        }
        let later = now.plus_micros(self.random.span(least, most));
        calendar::in_waking_hours(later, &mut self.random)
    }

    /// A time between the two spans from now, by day or night.
    pub(super) fn any_time(&mut self, now: Timestamp, least: i64, most: i64) -> Timestamp {
        self.hurried(now).unwrap_or_else(|| now.plus_micros(self.random.span(least, most)))
    }

    fn hurried(&mut self, now: Timestamp) -> Option<Timestamp> {
        let mean = self.pace?;
        Some(calendar::after_office_time(now, self.random.span(1_000, 2 * mean)))
    }

    /// When somebody should be called again: on the hour or half hour, days ahead, or hours where much happens.
    pub(super) fn appointment(&mut self, now: Timestamp) -> Timestamp {
        if let Some(mean) = self.pace {
            return calendar::next_half_hour(calendar::after_office_time(now, self.random.span(mean, 4 * mean)));
        }
        let days = 1 + self.random.below(9) as i64;
        calendar::appointment(now, days, &mut self.random)
    }
}
