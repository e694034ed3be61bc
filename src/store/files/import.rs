use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{FileFormat, Incoming, derived_id, read_events};
use crate::event::{StreamId, Version};
use crate::store::native::{Bulk, NativeStore, Recorded};
use crate::store::{AppendError, Flow, StoreError};

/// How many bad lines are listed before an import gives up looking for more.
const BAD_LINES_NAMED: usize = 10;

#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions {
    pub format: Option<FileFormat>,
    /// Leave out what can't be read, instead of importing nothing.
    pub skip_bad: bool,
}

/// What an import did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    pub events: u64,
    pub streams: u64,
    /// Events that had been there already, with the same content.
    pub already_there: u64,
    pub left_out: Vec<BadLine>,
    /// Places where a stream's versions jump. The file's own numbers are kept.
    pub gaps: u64,
    pub first_gap: Option<String>,
}

/// A line that could not be brought in, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    pub file: PathBuf,
    pub line: u64,
    pub message: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}: {}", self.file.display(), self.line, self.message)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{}; nothing was imported: correct it, or import the rest with --skip-bad", listed(.0, *.1))]
    Bad(Vec<BadLine>, usize),
    #[error("{}: this is a database; open it directly instead of importing it", .0.display())]
    IsDatabase(PathBuf),
    #[error("{}: the text is UTF-16; save it as UTF-8 and import it again", .0.display())]
    NotUtf8(PathBuf),
    #[error("{}: no JSON array, JSON Lines, CloudEvents or CSV; name the format with --as", .0.display())]
    UnknownFormat(PathBuf),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(lines: &[BadLine], count: usize) -> String {
    let mut text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    if count > lines.len() {
        text.push(format!("and {} more", count - lines.len()));
    }
    text.join("\n")
}

/// Brings a file's events into a native store, in one transaction. Events that are there already are left alone,
/// so a repeated import changes nothing.
pub fn import(
    path: &Path,
    into: &mut NativeStore,
    options: ImportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<ImportReport, ImportError> {
    let mut report = ImportReport::default();
    let mut bulk = into.bulk()?;
    let mut counted: HashMap<StreamId, u64> = HashMap::new();
    let mut failed = None;
    let mut seen = 0_u64;
    let read = read_events(path, options.format, &mut |incoming| {
        seen += 1;
        if progress(seen).is_break() {
            failed = Some(StoreError::Cancelled);
            return Flow::Break(());
        }
        let (line, answer) = match incoming {
            Ok(incoming) => (incoming.line, record(&mut bulk, incoming, &mut counted, &mut report)),
            Err(bad) => {
                report.left_out.push(bad);
                (0, Ok(None))
            }
        };
        let bad = |message| BadLine { file: path.to_owned(), line, message };
        match answer {
            Ok(Some(Recorded::New(_))) => report.events += 1,
            Ok(Some(Recorded::AlreadyThere(_))) => report.already_there += 1,
            Ok(None) => {}
            Err(Refused::Line(message)) => report.left_out.push(bad(message)),
            Err(Refused::Store(error)) => {
                failed = Some(error);
                return Flow::Break(());
            }
        }
        let gives_up = !options.skip_bad && report.left_out.len() > BAD_LINES_NAMED;
        if gives_up { Flow::Break(()) } else { Flow::Continue(()) }
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    match read {
        Ok(()) => {}
        // The rest of the file is lost; what came before it is not.
        Err(ImportError::Bad(lines, _)) => report.left_out.extend(lines),
        Err(error) => return Err(error),
    }
    if !report.left_out.is_empty() && !options.skip_bad {
        let count = report.left_out.len();
        report.left_out.truncate(BAD_LINES_NAMED);
        return Err(ImportError::Bad(report.left_out, count));
    }
    report.streams = counted.len() as u64;
    bulk.commit()?;
    Ok(report)
}

enum Refused {
    Line(String),
    Store(StoreError),
}

fn record(
    bulk: &mut Bulk<'_>,
    incoming: Incoming,
    counted: &mut HashMap<StreamId, u64>,
    report: &mut ImportReport,
) -> Result<Option<Recorded>, Refused> {
    let Incoming { line: _, stream, version, mut event, needs_id } = incoming;
    let place = counted.entry(stream.clone()).or_default();
    let number = version.map_or(*place, |version| version.0);
    if needs_id {
        event.id = derived_id(
            &stream,
            number,
            event.event_type.as_str(),
            event.recorded_at,
            event.payload.as_bytes(),
            event.metadata.as_bytes(),
        );
    }
    *place = number + 1;
    if let Some(version) = version {
        let last = bulk.last_version(&stream).map_err(Refused::Store)?;
        // A history begins at 0, or at 1 where its first writer counted so.
        let is_next = last.map_or(version.0 <= 1, |last| version.0 <= last.0 + 1);
        if !is_next {
            report.gaps += 1;
            report.first_gap.get_or_insert_with(|| gap_message(&stream, last, version));
        }
    }
    match bulk.record(&stream, version, &event) {
        Ok(recorded) => Ok(Some(recorded)),
        Err(AppendError::Store(error)) => Err(Refused::Store(error)),
        Err(AppendError::Conflict(conflict)) => Err(Refused::Line(format!(
            "version {number} of {stream} is taken by another event, or out of order: the stream stands at version {}",
            conflict.actual.unwrap_or_default()
        ))),
        Err(other) => Err(Refused::Line(other.to_string())),
    }
}

fn gap_message(stream: &StreamId, last: Option<Version>, version: Version) -> String {
    match last {
        Some(last) => format!("version {version} of {stream} follows version {last}; what lies between is missing"),
        None => format!("{stream} begins at version {version}; what came before is missing"),
    }
}
