//! What whoever opens a store should know of it, as values: the sentence is made where it is shown.

use std::path::PathBuf;

use super::files::Unread;
use super::native::Mirror;
use crate::event::{Explain, Message, grouped};

/// Why Foldline never appends to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadOnlyReason {
    #[error("the framework's own rules for appending cannot be kept from outside; append with the application")]
    RulesOutside,
    #[error("Foldline only reads what this framework writes")]
    Framework,
    #[error("its events belong to queries and not to streams, which Foldline cannot guard")]
    NoStreams,
    #[error("a log of events is a record made from other systems; correct it there")]
    Log,
    #[error("a mapping says how to read a table, not by which rules to write it")]
    Mapping,
    #[error("a file of events is only read; bring it into a store of its own with `foldline import`")]
    File,
    #[error("the partitions of a projection are only looked at; append to the streams that their events stand in")]
    Partitions,
    #[error("this is a mirror, and Foldline only reads what it is a mirror of; append with the application")]
    Mirror,
    #[error("the file may only be read; check its permissions")]
    Permissions,
}

impl Explain for ReadOnlyReason {
    fn message(&self) -> Message {
        Message::new(match self {
            Self::RulesOutside => "reads-rules-outside",
            Self::Framework => "reads-framework",
            Self::NoStreams => "reads-no-streams",
            Self::Log => "reads-log",
            Self::Mapping => "reads-mapping",
            Self::File => "reads-file",
            Self::Partitions => "reads-partitions",
            Self::Mirror => "reads-mirror",
            Self::Permissions => "reads-permissions",
        })
    }
}

/// Something about a whole store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    #[error("{}: the file is damaged or cut short; what can still be read is shown: restore it from a copy", .0.display())]
    FileDamaged(PathBuf),
    #[error("{}: one event could not be read: {first}", path.display())]
    LineUnreadable { path: PathBuf, first: Unread },
    #[error("{}: {} events could not be read, the first: {first}", path.display(), grouped(*count))]
    LinesUnreadable { path: PathBuf, count: u64, first: Unread },
    #[error("its events have no versions: those of each identifier are numbered in their order")]
    NumberedByIdentifier,
    #[error("a log without versions: the events of each object are numbered in the order of their times")]
    NumberedByTime,
    #[error(
        "some events were appended at any version, and have none: their streams are numbered in the order of recording"
    )]
    NumberedByRecording,
    #[error("some events have no number as their {0}: they are counted in their order")]
    NumberedWhereMissing(String),
    #[error(
        "messages of this stream are gone ({}): deleted, purged or dropped by its limits; what is left is shown, and `foldline verify` names them",
        grouped(*.0)
    )]
    MessagesGone(u64),
    #[error("this stream's limits drop its oldest messages; what is dropped is gone from here too")]
    DropsMessages,
    #[error("{}", mirror_words(.0))]
    Mirror(Mirror),
}

fn mirror_words(Mirror { origin, standing }: &Mirror) -> String {
    match standing {
        Some(standing) => format!("mirror of {origin}, {} behind, as of {}", standing.behind, standing.as_of()),
        None => format!("mirror of {origin}; how far it is, is known when it follows again"),
    }
}

impl Explain for Notice {
    fn message(&self) -> Message {
        match self {
            Self::FileDamaged(path) => Message::new("fault-file-damaged").text("path", path.display()),
            Self::LineUnreadable { path, first } => {
                Message::new("notice-line-unreadable").text("path", path.display()).inner("first", first.message())
            }
            Self::LinesUnreadable { path, count, first } => Message::new("notice-lines-unreadable")
                .text("path", path.display())
                .number("count", *count)
                .inner("first", first.message()),
            Self::NumberedByIdentifier => Message::new("notice-numbered-by-identifier"),
            Self::NumberedByTime => Message::new("notice-numbered-by-time"),
            Self::NumberedByRecording => Message::new("notice-numbered-by-recording"),
            Self::Mirror(Mirror { origin, standing: Some(standing) }) => Message::new("notice-mirror")
                .text("origin", origin)
                .text("behind", standing.behind)
                .text("at", standing.as_of()),
            Self::Mirror(Mirror { origin, standing: None }) => {
                Message::new("notice-mirror-not-known").text("origin", origin)
            }
            Self::MessagesGone(count) => Message::new("notice-messages-gone").number("count", *count),
            Self::DropsMessages => Message::new("notice-drops-messages"),
            Self::NumberedWhereMissing(column) => Message::new("notice-numbered-where-missing").text("column", column),
        }
    }
}
