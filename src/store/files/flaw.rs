//! What is wrong with a piece of a file that is no event, as values: the sentence is made where it is shown.

use std::fmt;
use std::io;

use super::limits::{DEEPEST, LARGEST_EVENT, mebibytes, shortened};
use crate::event::{Explain, Message, NotATime};
use crate::store::AppendError;

/// Words of a file or of what reads it, cut short where they are long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote(String);

impl<T: Into<String>> From<T> for Quote {
    fn from(text: T) -> Self {
        Self(shortened(text.into()))
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A piece of a file that is no event, or not all of one: where it stands, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("line {line}: {flaw}")]
    Line { line: u64, flaw: LineFlaw },
    #[error("at byte {byte}: {flaw}")]
    Byte { byte: u64, flaw: LineFlaw },
    #[error("event {number} of {stream}: {flaw}")]
    Event { number: u64, stream: Quote, flaw: LineFlaw },
    #[error("{0}")]
    Whole(LineFlaw),
}

impl Unread {
    /// The same, where the reading ends there.
    #[must_use]
    pub(super) fn ending(self) -> Self {
        let last = |flaw| LineFlaw::Ends(Box::new(flaw));
        match self {
            Self::Line { line, flaw } => Self::Line { line, flaw: last(flaw) },
            Self::Byte { byte, flaw } => Self::Byte { byte, flaw: last(flaw) },
            Self::Event { number, stream, flaw } => Self::Event { number, stream, flaw: last(flaw) },
            Self::Whole(flaw) => Self::Whole(last(flaw)),
        }
    }
}

/// Why a piece of a file is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFlaw {
    /// In the parser's words, and at which letter of the line.
    #[error("not JSON: {said}{place}", place = .column.map_or(String::new(), |column| format!(" at column {column}")))]
    NotJson { said: Quote, column: Option<u64> },
    #[error("{heading} is not JSON: {said}{place}", place = .column.map_or(String::new(), |column| format!(" at character {column} of the cell")))]
    CellNotJson { heading: Quote, said: Quote, column: Option<u64> },
    /// In the words of the parser or of the system.
    #[error("{0}")]
    Said(Quote),
    /// The store that it is brought into takes no such event.
    #[error("{words}")]
    Refused { words: Quote, message: Message },
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("the text is UTF-16; save it as UTF-8")]
    Utf16,
    #[error("the text is {0}, which is not read; save it as UTF-8")]
    OtherEncoding(Quote),
    #[error("“&{0};” is nothing that XML itself knows; write the text that it stands for")]
    UnknownEntity(Quote),
    #[error("longer than {}, the most that one event may take", mebibytes(LARGEST_EVENT))]
    TooLong,
    #[error("longer than {}, the most that one event may take; the rest of it is left out", mebibytes(LARGEST_EVENT))]
    RestLeftOut,
    #[error("it unpacks to more than {most}, {ratio} times its size or more; unpack it first if that is right")]
    UnpacksTooFar { most: String, ratio: u64 },
    #[error("nested deeper than {DEEPEST}")]
    TooDeep,
    #[error("no stream is named; give it a field `stream`, `lead-id` or `ticket-id`")]
    NoStream,
    #[error("no event type is named; give it a field `type` or `event-type`")]
    NoType,
    #[error("event {number} has no id and is left out")]
    NoId { number: u64 },
    #[error("event {number} has the id “{id}” of an earlier event and is left out")]
    SameId { number: u64, id: Quote },
    #[error("a stream and an event type need a name")]
    NoName,
    #[error("{field} should be text or a number, not {found}")]
    NotText { field: Quote, found: Quote },
    #[error("{field} should be a whole number, not {found}")]
    NotANumber { field: &'static str, found: Quote },
    #[error("{field} is too large a number")]
    NumberTooLarge { field: &'static str },
    #[error("version {version} is larger than a store can keep ({} at most)", i64::MAX)]
    VersionTooLarge { version: u64 },
    #[error("the field {0} is unknown beside a payload")]
    UnknownField(Quote),
    #[error("“{0}” is not a time; write it like 2025-01-01T01:00:05Z")]
    NotATime(Quote),
    #[error("a CloudEvent needs `{0}`")]
    CloudEventLacks(&'static str),
    #[error("this is CloudEvents {0}; only 1.0 is read")]
    OtherCloudEvents(Quote),
    #[error("data_base64 cannot be decoded: {0}")]
    NotBase64(Quote),
    #[error("{cells} cells under {headings} headings")]
    Cells { cells: u64, headings: u64 },
    #[error(
        "this file has a column for each field, which does not say what was text and what a number; export the events with the payload in one cell to bring them in"
    )]
    ColumnForEachField,
    #[error("“{key}” is {length} long and was cut to {kept}")]
    Cut { key: Quote, length: String, kept: String },
    #[error("{trace} has no name within {} of events and is called that", mebibytes(LARGEST_EVENT))]
    Nameless { trace: Quote },
    #[error("the file ends inside a trace; what follows is missing")]
    EndsInTrace,
    /// Nothing after it could be read either.
    #[error("{0}; what follows could not be read")]
    Ends(Box<LineFlaw>),
}

impl LineFlaw {
    /// What ended the reading: a limit of Foldline's, or what the system says.
    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.get_ref().and_then(|carried| carried.downcast_ref::<Self>()) {
            Some(own) => own.clone(),
            None => Self::Said(error.to_string().into()),
        }
    }

    pub(super) fn refused(error: &AppendError) -> Self {
        Self::Refused { words: error.to_string().into(), message: error.message().with_texts(shortened) }
    }
}

impl From<NotATime> for LineFlaw {
    fn from(NotATime(text): NotATime) -> Self {
        Self::NotATime(text.into())
    }
}

impl From<LineFlaw> for io::Error {
    fn from(flaw: LineFlaw) -> Self {
        Self::other(flaw)
    }
}

impl Explain for Unread {
    fn message(&self) -> Message {
        match self {
            Self::Line { line, flaw } => Message::new("unread-line").text("line", line).inner("flaw", flaw.message()),
            Self::Byte { byte, flaw } => Message::new("unread-byte").text("byte", byte).inner("flaw", flaw.message()),
            Self::Event { number, stream, flaw } => {
                let message = Message::new("unread-event").text("number", number).text("stream", stream);
                message.inner("flaw", flaw.message())
            }
            Self::Whole(flaw) => flaw.message(),
        }
    }
}

impl Explain for LineFlaw {
    fn message(&self) -> Message {
        let too_long = |id| Message::new(id).text("most", mebibytes(LARGEST_EVENT));
        match self {
            Self::NotJson { said, column: None } => Message::new("line-not-json").text("said", said),
            Self::NotJson { said, column: Some(column) } => {
                Message::new("line-not-json-at").text("said", said).text("column", column)
            }
            Self::CellNotJson { heading, said, column: None } => {
                Message::new("line-cell-not-json").text("heading", heading).text("said", said)
            }
            Self::CellNotJson { heading, said, column: Some(column) } => {
                Message::new("line-cell-not-json-at").text("heading", heading).text("said", said).text("column", column)
            }
            Self::Said(words) => Message::new("line-said").text("words", words),
            Self::Refused { message, .. } => message.clone(),
            Self::NotUtf8 => Message::new("line-not-utf-8"),
            Self::Utf16 => Message::new("line-utf-16"),
            Self::OtherEncoding(name) => Message::new("line-other-encoding").text("name", name),
            Self::UnknownEntity(name) => Message::new("line-unknown-entity").text("name", name),
            Self::TooLong => too_long("line-too-long"),
            Self::RestLeftOut => too_long("line-rest-left-out"),
            Self::UnpacksTooFar { most, ratio } => {
                Message::new("line-unpacks-too-far").text("most", most).text("ratio", ratio)
            }
            Self::TooDeep => Message::new("line-too-deep").text("most", DEEPEST),
            Self::NoStream => Message::new("line-no-stream"),
            Self::NoType => Message::new("line-no-type"),
            Self::NoId { number } => Message::new("line-no-id").text("number", number),
            Self::SameId { number, id } => Message::new("line-same-id").text("number", number).text("id", id),
            Self::NoName => Message::new("append-no-name"),
            Self::NotText { field, found } => Message::new("line-not-text").text("field", field).text("found", found),
            Self::NotANumber { field, found } => {
                Message::new("line-not-a-number").text("field", field).text("found", found)
            }
            Self::NumberTooLarge { field } => Message::new("line-number-too-large").text("field", field),
            Self::VersionTooLarge { version } => {
                Message::new("line-version-too-large").text("version", version).text("most", i64::MAX)
            }
            Self::UnknownField(name) => Message::new("line-unknown-field").text("name", name),
            Self::NotATime(found) => Message::new("line-not-a-time").text("found", found),
            Self::CloudEventLacks(field) => Message::new("line-cloud-event-lacks").text("field", field),
            Self::OtherCloudEvents(version) => Message::new("line-other-cloud-events").text("version", version),
            Self::NotBase64(said) => Message::new("line-not-base64").text("said", said),
            Self::Cells { cells, headings } => {
                Message::new("line-cells").text("cells", cells).text("headings", headings)
            }
            Self::ColumnForEachField => Message::new("line-column-for-each-field"),
            Self::Cut { key, length, kept } => {
                Message::new("line-cut").text("key", key).text("length", length).text("kept", kept)
            }
            Self::Nameless { trace } => too_long("line-nameless").text("trace", trace),
            Self::EndsInTrace => Message::new("line-ends-in-trace"),
            Self::Ends(flaw) => Message::new("line-ends").inner("flaw", flaw.message()),
        }
    }
}
