use super::files::Unread;
use super::{Damage, FindingKind, MessageFlaw};
use crate::event::{Message, Timestamp, Version};

/// What is wrong, with the numbers of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    BeginsLate {
        version: Version,
    },
    VersionsMissing {
        from: u64,
        to: u64,
    },
    PositionsMissing {
        from: u64,
        to: u64,
    },
    SecondEvent {
        version: Version,
    },
    OutOfOrder {
        after: Version,
    },
    EarlierThanBefore {
        at: Timestamp,
        before: Timestamp,
    },
    PayloadNotJson {
        detail: String,
    },
    /// Of a framework whose events are objects.
    PayloadNoObject,
    MetadataNotJson,
    PayloadNotText,
    PayloadsEncrypted {
        count: u64,
    },
    /// Of a file of events: a line and what is wrong with it.
    LineUnreadable {
        line: Unread,
    },
    HashBroken,
    CountsDiffer {
        kept: u64,
        kept_last: Version,
        events: u64,
        last: Version,
    },
    EndsDiffer,
    /// What is kept of correlations and causes is not what the events say.
    LinksDiffer,
    /// Other events of this store name causes that are in it.
    CauseMissing {
        cause: String,
    },
    /// In the words of the domain, which a store does not know.
    RuleBroken {
        said: String,
        message: Message,
    },
    EventOdd {
        said: String,
        message: Message,
    },
    TypeCountDiffers {
        event_type: String,
        kept: u64,
        events: u64,
    },
    HeadWithoutEvents {
        version: i64,
    },
    HeadElsewhere {
        version: i64,
        last: i64,
    },
    SnapshotWithoutEvents {
        version: i64,
    },
    SnapshotBeyondEvents {
        version: i64,
        last: i64,
    },
    /// A field of a framework's snapshot is what the events said at another version than the snapshot's.
    SnapshotFieldOfOtherVersion {
        version: i64,
        field: String,
        said_at: Version,
    },
    SnapshotFieldDiffers {
        field: String,
        kept: String,
        events: String,
    },
    SnapshotDiffers {
        projection: String,
    },
    /// A snapshot's row is not as it was written.
    SnapshotSealBroken {
        projection: String,
    },
    SchemaDiffers {
        object: SchemaObject,
        name: String,
        how: SchemaChange,
    },
    FormatGone,
    CategoryDiffers {
        kept: String,
        own: String,
    },
    StreamNumber {
        number: i64,
    },
    EventNumbers {
        position: u64,
    },
    /// Of a stream of messages: one that is no event of the store.
    StrayMessage {
        sequence: u64,
        subject: String,
        flaw: MessageFlaw,
    },
    /// An event says to be a version behind which no other could be; it is counted.
    VersionNotBelieved {
        said: Version,
        counted: Version,
    },
    /// A stream of messages is set to drop the oldest at some measure.
    DropsMessages {
        limit: String,
    },
    /// Nothing keeps messages from being taken out of a stream.
    GuardOff {
        guard: String,
    },
    /// What SQLite itself says of its pages.
    Pages {
        detail: String,
    },
    FileDamaged {
        path: String,
    },
    ReadingEnded {
        detail: Damage,
    },
    Unreadable {
        path: String,
        detail: Damage,
    },
    /// Of so many sealed events some are gone; the first `same` are proven to be as they were.
    SealedGone {
        sealed: u64,
        there: u64,
        same: u64,
    },
    /// The first `same` are as they were sealed; of those up to `until` one is not.
    SealedChanged {
        same: u64,
        until: u64,
    },
    SealedAnew {
        sealed: u64,
    },
    /// The last sealed event is not there; the first `same` of those that are are proven to be as they were.
    SealedBehind {
        sealed: u64,
        there: u64,
        same: u64,
    },
    SealedOther {
        sealed: u64,
        there: u64,
    },
}

/// Something that a database's schema consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaObject {
    /// A trigger that keeps history from being changed.
    Guard,
    Trigger,
    Index,
    Table,
    View,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaChange {
    Gone,
    Changed,
    Added,
}

impl Fault {
    pub fn kind(&self) -> FindingKind {
        match self {
            Self::BeginsLate { .. } | Self::VersionsMissing { .. } | Self::PositionsMissing { .. } => FindingKind::Gap,
            Self::SecondEvent { .. } | Self::OutOfOrder { .. } => FindingKind::Duplicate,
            Self::EarlierThanBefore { .. } => FindingKind::DisorderedTime,
            Self::PayloadNotJson { .. }
            | Self::PayloadNoObject
            | Self::MetadataNotJson
            | Self::PayloadNotText
            | Self::PayloadsEncrypted { .. }
            | Self::LineUnreadable { .. } => FindingKind::UnreadablePayload,
            Self::HashBroken => FindingKind::BrokenChain,
            Self::CountsDiffer { .. }
            | Self::EndsDiffer
            | Self::LinksDiffer
            | Self::TypeCountDiffers { .. }
            | Self::HeadWithoutEvents { .. }
            | Self::HeadElsewhere { .. } => FindingKind::WrongCount,
            Self::SnapshotWithoutEvents { .. }
            | Self::SnapshotBeyondEvents { .. }
            | Self::SnapshotFieldOfOtherVersion { .. }
            | Self::SnapshotFieldDiffers { .. }
            | Self::SnapshotDiffers { .. }
            | Self::SnapshotSealBroken { .. } => FindingKind::StaleSnapshot,
            Self::CauseMissing { .. } => FindingKind::MissingCause,
            Self::RuleBroken { .. } => FindingKind::BrokenRule,
            Self::EventOdd { .. } => FindingKind::OddEvent,
            Self::StrayMessage { .. } | Self::VersionNotBelieved { .. } => FindingKind::OddEvent,
            Self::SchemaDiffers { object: SchemaObject::Guard, .. }
            | Self::DropsMessages { .. }
            | Self::GuardOff { .. } => FindingKind::Unprotected,
            Self::SchemaDiffers { .. } | Self::FormatGone => FindingKind::AlteredSchema,
            Self::CategoryDiffers { .. } => FindingKind::WrongCategory,
            Self::StreamNumber { .. }
            | Self::EventNumbers { .. }
            | Self::Pages { .. }
            | Self::FileDamaged { .. }
            | Self::ReadingEnded { .. }
            | Self::Unreadable { .. } => FindingKind::Damaged,
            Self::SealedGone { .. } => FindingKind::Cut,
            Self::SealedChanged { .. } => FindingKind::Rewritten,
            Self::SealedAnew { .. } => FindingKind::Reimported,
            Self::SealedBehind { .. } => FindingKind::OlderCopy,
            Self::SealedOther { .. } => FindingKind::OtherStore,
        }
    }
}
