//! What does not fit in a store, as values: the sentence is made where it is shown.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Damage;
use super::files::Unread;
use crate::event::{EventRow, Explain, Message, Position, StreamId, Timestamp, Version};

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
            Self::SchemaDiffers { object: SchemaObject::Guard, .. } => FindingKind::Unprotected,
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

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeginsLate { version } => {
                write!(f, "the stream begins at version {version}; what came before is missing")
            }
            Self::VersionsMissing { from, to } if from == to => write!(f, "version {from} is missing before it"),
            Self::VersionsMissing { from, to } => write!(f, "versions {from} to {to} are missing before it"),
            Self::PositionsMissing { from, to } => write!(f, "positions {from} to {to} of the store are missing"),
            Self::SecondEvent { version } => write!(f, "a second event has version {version}"),
            Self::OutOfOrder { after } => write!(f, "recorded after version {after}, out of order"),
            Self::EarlierThanBefore { at, before } => {
                write!(f, "recorded at {at}, before the event ahead of it ({before})")
            }
            Self::PayloadNotJson { detail } => write!(f, "the payload is not JSON: {detail}"),
            Self::PayloadNoObject => f.write_str("the payload is no JSON object, as every event of this framework is"),
            Self::MetadataNotJson => f.write_str("the metadata is not JSON"),
            Self::PayloadNotText => f.write_str("the payload is neither text nor packed text"),
            Self::PayloadsEncrypted { count } => write!(
                f,
                "{count} payloads are encrypted or damaged; to read them, set FOLDLINE_KEY to the application's key in base64"
            ),
            Self::LineUnreadable { line } => write!(f, "{line}"),
            Self::HashBroken => {
                f.write_str("the event, or the one recorded before it, is not what was recorded: its hash does not fit")
            }
            Self::CountsDiffer { kept, kept_last, events, last } => {
                write!(f, "kept as {kept} events up to version {kept_last}; there are {events} up to version {last}")
            }
            Self::EndsDiffer => {
                f.write_str("the kept first version, times or last position are not those of the events")
            }
            Self::LinksDiffer => f.write_str("what is kept of correlations and causes is not what the events say"),
            Self::RuleBroken { said, .. } | Self::EventOdd { said, .. } => f.write_str(said),
            Self::CauseMissing { cause } => write!(f, "its cause, {cause}, is not in this store"),
            Self::TypeCountDiffers { event_type, kept, events } => {
                write!(f, "kept as {kept} events of type {event_type}; there are {events}")
            }
            Self::HeadWithoutEvents { version } => {
                write!(f, "the stream is kept as at version {version}; it has no events")
            }
            Self::HeadElsewhere { version, last } => {
                write!(f, "the stream is kept as at version {version}; its events end at version {last}")
            }
            Self::SnapshotWithoutEvents { version } => {
                write!(f, "a snapshot at version {version} is kept, but there are no events")
            }
            Self::SnapshotBeyondEvents { version, last } => {
                write!(f, "a snapshot at version {version} is kept, but the events end at version {last}")
            }
            Self::SnapshotFieldOfOtherVersion { version, field, said_at } => write!(
                f,
                "a snapshot at version {version} is kept, but its {field} is what the event of version {said_at} said"
            ),
            Self::SnapshotFieldDiffers { field, kept, events } => {
                write!(f, "the snapshot says {field} {kept}, the events {events}")
            }
            Self::SnapshotDiffers { projection } => {
                write!(f, "the kept snapshot of {projection} is not what replaying the events gives")
            }
            Self::SnapshotSealBroken { projection } => {
                write!(f, "the kept snapshot of {projection} is not what was kept: its hash does not fit")
            }
            Self::SchemaDiffers { object, name, how } => write_schema(f, *object, name, *how),
            Self::FormatGone => f.write_str("the number of the file's format is gone"),
            Self::CategoryDiffers { kept, own } => {
                write!(f, "kept in the category “{kept}”; by its name it is of “{own}”")
            }
            Self::StreamNumber { number } => write!(f, "its number, {number}, is none that a stream can have"),
            Self::EventNumbers { position } => write!(
                f,
                "the event at position {position} names a stream or a type that is not there, or holds a number that is none"
            ),
            Self::Pages { detail } => f.write_str(detail),
            Self::FileDamaged { path } => write!(
                f,
                "{path}: the file is damaged or cut short; what can still be read is shown: restore it from a copy"
            ),
            Self::ReadingEnded { detail } => write!(f, "the events could not be read to the end: {detail}"),
            Self::Unreadable { path, detail } => {
                write!(f, "{path}: the database is damaged ({detail}); restore it from a copy")
            }
            Self::SealedGone { .. }
            | Self::SealedChanged { .. }
            | Self::SealedAnew { .. }
            | Self::SealedBehind { .. }
            | Self::SealedOther { .. } => self.write_sealed(f),
        }
    }
}

impl Fault {
    /// What became of a store since it was sealed.
    fn write_sealed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SealedGone { sealed, there, same } => write!(
                f,
                "the store was cut: {sealed} events were sealed, {there} are there, and sealed ones are gone; {}",
                proven(*same)
            ),
            Self::SealedChanged { same: 0, until } => {
                write!(f, "history was rewritten: not all events up to event {until} are as they were sealed")
            }
            Self::SealedChanged { same, until } => write!(
                f,
                "history was rewritten: the first {same} events are as they were sealed, not all of those up to event {until} are"
            ),
            Self::SealedAnew { sealed } => write!(
                f,
                "the store was imported anew: as far as the seal tells, its events are the {sealed} that were sealed, in another order"
            ),
            Self::SealedBehind { sealed, there, same } => write!(
                f,
                "this looks like an older copy: the last of {sealed} sealed events is not there; of the {there} that are, {}",
                proven(*same)
            ),
            Self::SealedOther { sealed, there } => {
                write!(f, "another store: none of its {there} events is proven to be one of the {sealed} sealed")
            }
            _ => Ok(()),
        }
    }
}

fn proven(same: u64) -> String {
    match same {
        0 => "none is proven to be as it was".to_owned(),
        same => format!("only the first {same} are proven to be as they were"),
    }
}

fn write_schema(f: &mut fmt::Formatter<'_>, object: SchemaObject, name: &str, how: SchemaChange) -> fmt::Result {
    let object = match object {
        SchemaObject::Guard | SchemaObject::Trigger => "trigger",
        SchemaObject::Index => "index",
        SchemaObject::Table => "table",
        SchemaObject::View => "view",
    };
    match how {
        SchemaChange::Gone if object == "trigger" => {
            write!(f, "the trigger {name}, which keeps history from being changed, is gone")
        }
        SchemaChange::Changed if object == "trigger" => {
            write!(f, "the trigger {name}, which keeps history from being changed, is not as Foldline made it")
        }
        SchemaChange::Gone => write!(f, "the {object} {name} is gone"),
        SchemaChange::Changed => write!(f, "the {object} {name} is not as Foldline made it"),
        SchemaChange::Added => write!(f, "the {object} {name} is none of Foldline's"),
    }
}

impl Explain for Fault {
    fn message(&self) -> Message {
        let signed = |id, name, number: &i64| Message::new(id).text(name, number);
        let held = |id, sealed: &u64, there: &u64| Message::new(id).number("sealed", *sealed).number("there", *there);
        match self {
            Self::BeginsLate { version } => Message::new("fault-begins-late").number("version", version.0),
            Self::VersionsMissing { from, to } if from == to => {
                Message::new("fault-version-missing").number("version", *from)
            }
            Self::VersionsMissing { from, to } => {
                Message::new("fault-versions-missing").number("from", *from).number("to", *to)
            }
            Self::PositionsMissing { from, to } => {
                Message::new("fault-positions-missing").number("from", *from).number("to", *to)
            }
            Self::SecondEvent { version } => Message::new("fault-second-event").number("version", version.0),
            Self::OutOfOrder { after } => Message::new("fault-out-of-order").number("after", after.0),
            Self::EarlierThanBefore { at, before } => {
                Message::new("fault-earlier-than-before").text("at", at).text("before", before)
            }
            Self::PayloadNotJson { detail } => Message::new("fault-payload-not-json").text("detail", detail),
            Self::PayloadNoObject => Message::new("fault-payload-no-object"),
            Self::MetadataNotJson => Message::new("fault-metadata-not-json"),
            Self::PayloadNotText => Message::new("fault-payload-not-text"),
            Self::PayloadsEncrypted { count } => Message::new("fault-payloads-encrypted").number("count", *count),
            Self::LineUnreadable { line } => Message::new("fault-line-unreadable").inner("line", line.message()),
            Self::HashBroken => Message::new("fault-hash-broken"),
            Self::CountsDiffer { kept, kept_last, events, last } => Message::new("fault-counts-differ")
                .number("kept", *kept)
                .number("keptlast", kept_last.0)
                .number("events", *events)
                .number("last", last.0),
            Self::EndsDiffer => Message::new("fault-ends-differ"),
            Self::LinksDiffer => Message::new("fault-links-differ"),
            Self::RuleBroken { message, .. } | Self::EventOdd { message, .. } => message.clone(),
            Self::CauseMissing { cause } => Message::new("fault-cause-missing").text("cause", cause),
            Self::TypeCountDiffers { event_type, kept, events } => Message::new("fault-type-count-differs")
                .text("type", event_type)
                .number("kept", *kept)
                .number("events", *events),
            Self::HeadWithoutEvents { version } => signed("fault-head-without-events", "version", version),
            Self::HeadElsewhere { version, last } => {
                signed("fault-head-elsewhere", "version", version).text("last", last)
            }
            Self::SnapshotWithoutEvents { version } => signed("fault-snapshot-without-events", "version", version),
            Self::SnapshotBeyondEvents { version, last } => {
                signed("fault-snapshot-beyond-events", "version", version).text("last", last)
            }
            Self::SnapshotFieldOfOtherVersion { version, field, said_at } => {
                signed("fault-snapshot-field-of-other-version", "version", version)
                    .text("field", field)
                    .number("said", said_at.0)
            }
            Self::SnapshotFieldDiffers { field, kept, events } => Message::new("fault-snapshot-field-differs")
                .text("field", field)
                .text("kept", kept)
                .text("events", events),
            Self::SnapshotDiffers { projection } => {
                Message::new("fault-snapshot-differs").text("projection", projection)
            }
            Self::SnapshotSealBroken { projection } => {
                Message::new("fault-snapshot-seal-broken").text("projection", projection)
            }
            Self::SchemaDiffers { object, name, how } => {
                let object = Message::new(match object {
                    SchemaObject::Guard | SchemaObject::Trigger => "schema-trigger",
                    SchemaObject::Index => "schema-index",
                    SchemaObject::Table => "schema-table",
                    SchemaObject::View => "schema-view",
                });
                let id = match (self.kind(), how) {
                    (FindingKind::Unprotected, SchemaChange::Gone) => "fault-guard-gone",
                    (FindingKind::Unprotected, SchemaChange::Changed) => "fault-guard-changed",
                    (_, SchemaChange::Gone) => "fault-schema-gone",
                    (_, SchemaChange::Changed) => "fault-schema-changed",
                    (_, SchemaChange::Added) => "fault-schema-added",
                };
                Message::new(id).inner("object", object).text("name", name)
            }
            Self::FormatGone => Message::new("fault-format-gone"),
            Self::CategoryDiffers { kept, own } => {
                Message::new("fault-category-differs").text("kept", kept).text("own", own)
            }
            Self::StreamNumber { number } => signed("fault-stream-number", "number", number),
            Self::EventNumbers { position } => Message::new("fault-event-numbers").number("position", *position),
            Self::Pages { detail } => Message::new("fault-pages").text("detail", detail),
            Self::FileDamaged { path } => Message::new("fault-file-damaged").text("path", path),
            Self::ReadingEnded { detail } => Message::new("fault-reading-ended").inner("detail", detail.message()),
            Self::Unreadable { path, detail } => {
                Message::new("fault-unreadable").text("path", path).inner("detail", detail.message())
            }
            Self::SealedGone { sealed, there, same } => held("fault-sealed-gone", sealed, there).number("same", *same),
            Self::SealedChanged { same, until } => {
                Message::new("fault-sealed-changed").number("same", *same).number("until", *until)
            }
            Self::SealedAnew { sealed } => Message::new("fault-sealed-anew").number("sealed", *sealed),
            Self::SealedBehind { sealed, there, same } => {
                held("fault-sealed-behind", sealed, there).number("same", *same)
            }
            Self::SealedOther { sealed, there } => held("fault-sealed-other", sealed, there),
        }
    }
}
