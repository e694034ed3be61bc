//! Events as files: JSON arrays in the seed's shape, JSON Lines, CloudEvents and CSV. Reading goes one event at a
//! time in constant memory, and names every line that it cannot read.

mod as_store;
mod cloudevents;
mod csv_fields;
mod csv_table;
mod event_object;
mod export;
mod findings;
mod flaw;
mod import;
mod limits;
mod ocel;
mod parquet;
mod raw;
mod reading;
mod spool;
mod target;
mod xes;
mod xml;

use std::path::Path;

pub(in crate::store) use as_store::{FileStore, file_kind};
pub use csv_table::{COLUMNS as CSV_COLUMNS, CsvWriter, event_cells};
pub use export::{ExportError, ExportOptions, ExportReport, Selection, export, export_to, write_text};
pub use findings::write_findings;
pub use flaw::{LineFlaw, Quote, Unread};
pub use import::{BadLine, ImportError, ImportOptions, ImportReport, import};
pub use parquet::{ParquetKind, ParquetValue, ParquetWriter};
pub(in crate::store) use raw::RawObject;
pub use reading::read_events;
pub(super) use target::database_of_side_file;
pub use target::{ExportTarget, TargetError};

use crate::event::{EventId, NewEvent, StreamId, Timestamp, Version};

/// How a file spells its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// One array; `lead-id` or `ticket-id` names the stream, and what is not of the envelope is the payload.
    JsonArray,
    /// One event a line, as `foldline events --format jsonl` prints it.
    JsonLines,
    /// CloudEvents 1.0, a batch.
    CloudEvents,
    /// CloudEvents 1.0, one a line.
    CloudEventsLines,
    Csv,
}

impl FileFormat {
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::JsonArray, "json"),
        (Self::JsonLines, "jsonl"),
        (Self::CloudEvents, "cloudevents"),
        (Self::CloudEventsLines, "cloudevents-lines"),
        (Self::Csv, "csv"),
    ];

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(format, _)| *format)
    }

    /// What a file's name promises.
    pub fn from_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::JsonArray),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// How the name of such a file ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::JsonArray | Self::CloudEvents => "json",
            Self::JsonLines | Self::CloudEventsLines => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// Whether a file's name promises a table: cells with commas between them, or tabs.
fn is_named_table(path: &Path) -> bool {
    path.extension().is_some_and(|end| ["csv", "tsv"].iter().any(|known| end.eq_ignore_ascii_case(known)))
}

/// An event that a file holds, where it stands there, and what it says of its place in its stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    pub line: u64,
    pub stream: StreamId,
    pub version: Option<Version>,
    pub event: NewEvent,
    /// The file gave no id: it has to be made from the content once the version is known.
    pub needs_id: bool,
}

/// Ids that a file leaves out are made from the event itself, so that reading it again gives the same ones.
pub(super) fn derived_id(
    stream: &StreamId,
    version: u64,
    event_type: &str,
    recorded_at: Option<Timestamp>,
    payload: &[u8],
    metadata: &[u8],
) -> EventId {
    let at = recorded_at.map(|at| at.micros().to_le_bytes());
    EventId::from_content(&[
        stream.as_str().as_bytes(),
        &version.to_le_bytes(),
        event_type.as_bytes(),
        at.as_ref().map_or(&[], |at| at.as_slice()),
        payload,
        metadata,
    ])
}
