//! What does not fit in a store, as values: the sentence is made where it is shown.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Fault;
use crate::event::{EventRow, Explain, Message, Position, StreamId, Version};

/// One thing in a store that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub place: FoundAt,
    pub what: Fault,
}

/// Where a finding is, as far as that can be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundAt {
    pub stream: Option<StreamId>,
    pub version: Option<Version>,
    pub position: Option<Position>,
}

impl Finding {
    /// Of the store as a whole.
    pub fn of_store(what: Fault) -> Self {
        Self { place: FoundAt::default(), what }
    }

    pub fn of_stream(stream: StreamId, version: Option<Version>, what: Fault) -> Self {
        Self { place: FoundAt { stream: Some(stream), version, position: None }, what }
    }

    pub fn of_event(event: &EventRow<'_>, what: Fault) -> Self {
        let place =
            FoundAt { stream: Some(event.stream.clone()), version: Some(event.version), position: event.position };
        Self { place, what }
    }

    pub fn kind(&self) -> FindingKind {
        self.what.kind()
    }
}

/// As the command line prints it: the sentence is part of the contract, the position is not.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { place: FoundAt { stream, version, position: _ }, what } = self;
        let mut fields = serializer.serialize_struct("Finding", 4)?;
        fields.serialize_field("kind", &what.kind())?;
        fields.serialize_field("stream", stream)?;
        fields.serialize_field("version", version)?;
        fields.serialize_field("message", &what.to_string())?;
        fields.end()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    Gap,
    Duplicate,
    UnreadablePayload,
    DisorderedTime,
    BrokenChain,
    /// A kept count that is not what the events add up to.
    WrongCount,
    /// A snapshot that is not what replaying gives.
    StaleSnapshot,
    /// The guards against changing events are gone, or are none.
    Unprotected,
    /// The tables, indexes and views are not those that the store was made with.
    AlteredSchema,
    /// A stream is kept in another category than its name says.
    WrongCategory,
    /// The database file itself is damaged.
    Damaged,
    /// An event names a cause that is not in the store.
    MissingCause,
    /// Events that a seal holds are gone.
    Cut,
    /// Events that a seal holds are not what they were.
    Rewritten,
    /// The events that a seal holds were brought in once more.
    Reimported,
    /// The store is an older one than the seal's, or went on from there.
    OlderCopy,
    /// Nothing of the store is known to be of the seal's.
    OtherStore,
    /// An event that its domain's rules forbid.
    BrokenRule,
    /// An event that is not what its domain knows by its name.
    OddEvent,
}

impl FindingKind {
    /// What became of a store since it was sealed, other than that it grew.
    pub fn is_of_seal(self) -> bool {
        matches!(self, Self::Cut | Self::Rewritten | Self::Reimported | Self::OlderCopy | Self::OtherStore)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Duplicate => "duplicate",
            Self::UnreadablePayload => "unreadable-payload",
            Self::DisorderedTime => "disordered-time",
            Self::BrokenChain => "broken-chain",
            Self::WrongCount => "wrong-count",
            Self::StaleSnapshot => "stale-snapshot",
            Self::Unprotected => "unprotected",
            Self::AlteredSchema => "altered-schema",
            Self::WrongCategory => "wrong-category",
            Self::Damaged => "damaged",
            Self::MissingCause => "missing-cause",
            Self::Cut => "cut",
            Self::Rewritten => "rewritten",
            Self::Reimported => "reimported",
            Self::OlderCopy => "older-copy",
            Self::OtherStore => "other-store",
            Self::BrokenRule => "broken-rule",
            Self::OddEvent => "odd-event",
        }
    }
}

impl Explain for FindingKind {
    fn message(&self) -> Message {
        Message::new(match self {
            Self::Gap => "kind-gap",
            Self::Duplicate => "kind-duplicate",
            Self::UnreadablePayload => "kind-unreadable-payload",
            Self::DisorderedTime => "kind-disordered-time",
            Self::BrokenChain => "kind-broken-chain",
            Self::WrongCount => "kind-wrong-count",
            Self::StaleSnapshot => "kind-stale-snapshot",
            Self::Unprotected => "kind-unprotected",
            Self::AlteredSchema => "kind-altered-schema",
            Self::WrongCategory => "kind-wrong-category",
            Self::Damaged => "kind-damaged",
            Self::MissingCause => "kind-missing-cause",
            Self::Cut => "kind-cut",
            Self::Rewritten => "kind-rewritten",
            Self::Reimported => "kind-reimported",
            Self::OlderCopy => "kind-older-copy",
            Self::OtherStore => "kind-other-store",
            Self::BrokenRule => "kind-broken-rule",
            Self::OddEvent => "kind-odd-event",
        })
    }
}

impl FindingKind {
    pub const ALL: [Self; 19] = [
        Self::Damaged,
        Self::Rewritten,
        Self::Cut,
        Self::OlderCopy,
        Self::OtherStore,
        Self::Reimported,
        Self::BrokenChain,
        Self::Unprotected,
        Self::AlteredSchema,
        Self::Gap,
        Self::Duplicate,
        Self::UnreadablePayload,
        Self::DisorderedTime,
        Self::WrongCount,
        Self::WrongCategory,
        Self::StaleSnapshot,
        Self::BrokenRule,
        Self::OddEvent,
        Self::MissingCause,
    ];

    /// What it means that there is such a thing.
    pub fn meaning(self) -> Message {
        Message::new(match self {
            Self::Gap => "meaning-gap",
            Self::Duplicate => "meaning-duplicate",
            Self::UnreadablePayload => "meaning-unreadable-payload",
            Self::DisorderedTime => "meaning-disordered-time",
            Self::BrokenChain => "meaning-broken-chain",
            Self::WrongCount => "meaning-wrong-count",
            Self::StaleSnapshot => "meaning-stale-snapshot",
            Self::Unprotected => "meaning-unprotected",
            Self::AlteredSchema => "meaning-altered-schema",
            Self::WrongCategory => "meaning-wrong-category",
            Self::Damaged => "meaning-damaged",
            Self::MissingCause => "meaning-missing-cause",
            Self::BrokenRule => "meaning-broken-rule",
            Self::OddEvent => "meaning-odd-event",
            Self::Cut => "meaning-cut",
            Self::Rewritten => "meaning-rewritten",
            Self::Reimported => "meaning-reimported",
            Self::OlderCopy => "meaning-older-copy",
            Self::OtherStore => "meaning-other-store",
        })
    }

    /// What to do about it.
    pub fn advice(self) -> Message {
        Message::new(match self {
            Self::Gap => "advice-gap",
            Self::Duplicate => "advice-duplicate",
            Self::UnreadablePayload => "advice-unreadable-payload",
            Self::DisorderedTime => "advice-disordered-time",
            Self::BrokenChain => "advice-broken-chain",
            Self::WrongCount => "advice-wrong-count",
            Self::StaleSnapshot => "advice-stale-snapshot",
            Self::Unprotected => "advice-unprotected",
            Self::AlteredSchema => "advice-altered-schema",
            Self::WrongCategory => "advice-wrong-category",
            Self::Damaged => "advice-damaged",
            Self::MissingCause => "advice-missing-cause",
            Self::BrokenRule => "advice-broken-rule",
            Self::OddEvent => "advice-odd-event",
            Self::Cut => "advice-cut",
            Self::Rewritten => "advice-rewritten",
            Self::Reimported => "advice-reimported",
            Self::OlderCopy => "advice-older-copy",
            Self::OtherStore => "advice-other-store",
        })
    }
}
