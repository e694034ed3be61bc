//! What is wrong, in words: the English of the command line, and for the window's languages.

use std::fmt;

use super::{Fault, FindingKind, SchemaChange, SchemaObject};
use crate::event::{Explain, Message, grouped};

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
                "{} payloads are encrypted or damaged; to read them, set FOLDLINE_KEY to the application's key in base64",
                grouped(*count)
            ),
            Self::LineUnreadable { line } => write!(f, "{line}"),
            Self::HashBroken => {
                f.write_str("the event, or the one recorded before it, is not what was recorded: its hash does not fit")
            }
            Self::CountsDiffer { kept, kept_last, events, last } => {
                let (kept, events) = (grouped(*kept), grouped(*events));
                write!(f, "kept as {kept} events up to version {kept_last}; there are {events} up to version {last}")
            }
            Self::EndsDiffer => {
                f.write_str("the kept first version, times or last position are not those of the events")
            }
            Self::LinksDiffer => f.write_str("what is kept of correlations and causes is not what the events say"),
            Self::RuleBroken { said, .. } | Self::EventOdd { said, .. } => f.write_str(said),
            Self::CauseMissing { cause } => write!(f, "its cause, {cause}, is not in this store"),
            Self::TypeCountDiffers { event_type, kept, events } => {
                write!(f, "kept as {} events of type {event_type}; there are {}", grouped(*kept), grouped(*events))
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
            Self::StrayMessage { .. }
            | Self::VersionNotBelieved { .. }
            | Self::DropsMessages { .. }
            | Self::GuardOff { .. } => self.write_of_messages(f),
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
    /// What is wrong with a stream of messages, or one of them.
    fn write_of_messages(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StrayMessage { sequence, subject, flaw } => {
                write!(f, "message {sequence} under {subject} is no event of the store: {flaw}")
            }
            Self::VersionNotBelieved { said, counted } => {
                write!(
                    f,
                    "it says to be version {said}, behind which no event could come; it counts as version {counted}"
                )
            }
            Self::DropsMessages { limit } => {
                write!(f, "the stream's setting {limit} lets the server drop the oldest events")
            }
            Self::GuardOff { guard } => {
                write!(f, "the stream's setting {guard} is off: events can be taken out of it")
            }
            _ => Ok(()),
        }
    }

    fn schema_message(&self, object: SchemaObject, name: &str, how: SchemaChange) -> Message {
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

    /// What is wrong with a stream of messages as a whole.
    fn stream_message(&self) -> Message {
        match self {
            Self::StrayMessage { sequence, subject, flaw } => Message::new("fault-stray-message")
                .text("sequence", sequence)
                .text("subject", subject)
                .inner("flaw", flaw.message()),
            Self::VersionNotBelieved { said, counted } => {
                Message::new("fault-version-not-believed").text("said", said).text("counted", counted)
            }
            Self::GuardOff { guard } => Message::new("fault-guard-off").text("guard", guard),
            Self::DropsMessages { limit } => Message::new("fault-drops-messages").text("limit", limit),
            other => Message::new("fault-pages").text("detail", other),
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
                .text("kept", grouped(*kept))
                .number("keptlast", kept_last.0)
                .text("events", grouped(*events))
                .number("last", last.0),
            Self::EndsDiffer => Message::new("fault-ends-differ"),
            Self::LinksDiffer => Message::new("fault-links-differ"),
            Self::RuleBroken { message, .. } | Self::EventOdd { message, .. } => message.clone(),
            Self::CauseMissing { cause } => Message::new("fault-cause-missing").text("cause", cause),
            Self::TypeCountDiffers { event_type, kept, events } => Message::new("fault-type-count-differs")
                .text("type", event_type)
                .text("kept", grouped(*kept))
                .text("events", grouped(*events)),
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
            Self::SchemaDiffers { object, name, how } => self.schema_message(*object, name, *how),
            Self::FormatGone => Message::new("fault-format-gone"),
            Self::CategoryDiffers { kept, own } => {
                Message::new("fault-category-differs").text("kept", kept).text("own", own)
            }
            Self::StreamNumber { number } => signed("fault-stream-number", "number", number),
            Self::StrayMessage { .. }
            | Self::VersionNotBelieved { .. }
            | Self::DropsMessages { .. }
            | Self::GuardOff { .. } => self.stream_message(),
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
