//! What the messages of a stream mean: whose event each is, its type, its time. Foldline's own stores say it in their
//! description; the others are told by their subjects and headers.

use std::borrow::Cow;

use super::connection::StreamConfig;
use super::foreign::Foreign;
use super::message;
use super::seen::Seen;
use crate::event::{EventId, Position, StreamId, Timestamp, Version};
use crate::store::{Framework, NatsError};

/// An event as its message says it.
#[derive(Clone, Debug)]
pub(super) struct Decoded<'a> {
    pub(super) stream: Cow<'a, str>,
    /// Where it is not what stands before the first `-`.
    pub(super) category: Option<Cow<'a, str>>,
    /// `None` where the stream's events are counted, or where it is not believed what this one's message says.
    pub(super) version: Option<Version>,
    pub(super) event_type: Cow<'a, str>,
    pub(super) schema: u32,
    pub(super) recorded_at: Option<Timestamp>,
    pub(super) id: EventId,
    pub(super) payload: Cow<'a, [u8]>,
    pub(super) metadata: Cow<'a, [u8]>,
}

/// The newest of Foldline's own layouts.
pub(super) const SCHEMA: u32 = 1;

/// What the description of an own store begins with; `; schema 1; id …` follows.
pub(super) const OWN: &str = "foldline store";
/// In the description of an own store on a server without atomic batches: a message may hold several events.
pub(super) const ENVELOPES: &str = "envelopes";

/// Where a message holds several events, each has a position of its own: the message's sequence times this, and its
/// place in there.
pub(super) const PLACES: u64 = 4096;

/// A message of the house that says to be a later version than this is counted, and not believed: it would leave no number
/// for what comes behind it.
pub(super) const LATEST: u64 = 1 << 62;

/// Whether what a message says of its version is taken as it is. The bound grows with the place in the store, so that
/// whatever is recorded behind one that is believed is believed too.
pub(super) fn is_believed(version: Version, sequence: u64) -> bool {
    version.0 <= LATEST.saturating_add(sequence.saturating_mul(PLACES))
}

/// How messages become events.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    Own { store: String, has_envelopes: bool },
    Foreign(Foreign),
}

/// Messages that lead to what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Under {
    /// Only those under this subject.
    Subject(String),
    /// Nothing is told from the subject.
    Any,
    /// No message can be.
    Nothing,
}

impl Under {
    pub(super) fn filter(&self) -> Option<&str> {
        match self {
            Self::Subject(subject) => Some(subject),
            Self::Any | Self::Nothing => None,
        }
    }
}

impl Layout {
    /// `None` where the description is not that of an own store.
    pub(super) fn own(config: &StreamConfig) -> Result<Option<Self>, NatsError> {
        let mut words = config.description.as_deref().unwrap_or_default().split(';').map(str::trim);
        if words.next() != Some(OWN) {
            return Ok(None);
        }
        let mut has_envelopes = false;
        for word in words {
            if let Some(schema) = word.strip_prefix("schema ") {
                let found = schema.trim().parse().unwrap_or(u32::MAX);
                if found > SCHEMA {
                    return Err(NatsError::Newer { found, supported: SCHEMA });
                }
            }
            has_envelopes |= word == ENVELOPES;
        }
        Ok(Some(Self::Own { store: config.name.clone(), has_envelopes }))
    }

    pub(super) fn framework(&self) -> Framework {
        match self {
            Self::Own { .. } => Framework::FOLDLINE,
            Self::Foreign(foreign) => foreign.framework,
        }
    }

    /// How many positions a message takes.
    pub(super) fn places(&self) -> u64 {
        match self {
            Self::Own { has_envelopes: true, .. } => PLACES,
            Self::Own { .. } | Self::Foreign(_) => 1,
        }
    }

    /// Where an event of a message stands.
    pub(super) fn position(&self, sequence: u64, index: u64) -> Position {
        let places = self.places();
        Position(sequence.saturating_mul(places).saturating_add(index.min(places - 1)))
    }

    /// Whether a message says which version its event is.
    pub(super) fn says_versions(&self) -> bool {
        matches!(self, Self::Own { .. })
    }

    /// Whether all but the payload is known without the message's body.
    pub(super) fn has_all_in_headers(&self) -> bool {
        match self {
            Self::Own { has_envelopes, .. } => !has_envelopes,
            Self::Foreign(foreign) => foreign.has_all_in_headers(),
        }
    }

    /// Hands over the events of a message. What is none is handed over too, as well as it can be told.
    pub(super) fn events(&self, seen: &Seen, visit: &mut dyn FnMut(Decoded<'_>)) {
        match self {
            Self::Own { store, .. } => {
                let read = message::read_message(store, seen.subject(), seen.headers(), seen.body(), &mut |event| {
                    let version = event.version.filter(|version| is_believed(*version, seen.sequence));
                    visit(Decoded { version, ..event });
                });
                if read.is_err() {
                    visit(stray(store, seen));
                }
            }
            Self::Foreign(foreign) => visit(foreign.event(seen)),
        }
    }

    pub(super) fn under(&self, stream: &StreamId) -> Under {
        match self {
            Self::Own { store, .. } => Under::Subject(message::subject_of(store, stream)),
            Self::Foreign(foreign) => foreign.under(stream),
        }
    }

    pub(super) fn under_category(&self, category: &str) -> Under {
        match self {
            Self::Own { store, .. } => Under::Subject(message::category_subject(store, category)),
            Self::Foreign(foreign) => foreign.under_category(category),
        }
    }

    /// Whether a subject says which stream its messages belong to.
    pub(super) fn tells_streams(&self) -> bool {
        match self {
            Self::Own { .. } => true,
            Self::Foreign(foreign) => foreign.tells_streams(),
        }
    }

    /// Whether each subject is another stream.
    pub(super) fn has_subject_a_stream(&self) -> bool {
        matches!(self, Self::Own { .. })
    }

    /// The stream of a subject alone.
    pub(super) fn stream_name<'a>(&self, subject: &'a str) -> Cow<'a, str> {
        match self {
            Self::Own { store, .. } => message::stream_of(store, subject).map_or(Cow::Borrowed(subject), Cow::Owned),
            Self::Foreign(foreign) => Cow::Owned(foreign.stream_of(subject).1),
        }
    }

    /// The category and the stream of a subject.
    pub(super) fn stream_of(&self, subject: &str) -> (String, String) {
        match self {
            Self::Own { store, .. } => {
                let stream = StreamId::from(&*message::stream_of(store, subject).unwrap_or_else(|| subject.to_owned()));
                (stream.category().to_owned(), stream.to_string())
            }
            Self::Foreign(foreign) => foreign.stream_of(subject),
        }
    }
}

/// A message in an own store that another program left there.
fn stray<'a>(store: &str, seen: &'a Seen) -> Decoded<'a> {
    let stream = message::stream_of(store, seen.subject()).map_or(Cow::Borrowed(seen.subject()), Cow::Owned);
    Decoded {
        stream,
        category: None,
        version: Some(Version(0)),
        event_type: Cow::Borrowed("?"),
        schema: 1,
        recorded_at: Some(seen.at),
        id: id_of_sequence(seen.sequence),
        payload: Cow::Borrowed(seen.body()),
        metadata: Cow::Borrowed(&[]),
    }
}

/// A message that was given no id is known by its place.
pub(super) fn id_of_sequence(sequence: u64) -> EventId {
    EventId::Text(format!("{MESSAGE}{sequence}").into())
}

const MESSAGE: &str = "message-";

/// The place that an id of that kind says.
pub(super) fn sequence_of_id(id: &EventId) -> Option<u64> {
    let EventId::Text(text) = id else { return None };
    text.strip_prefix(MESSAGE)?.parse().ok().filter(|sequence| *sequence > 0)
}
