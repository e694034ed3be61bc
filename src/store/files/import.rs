use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::flaw::LineFlaw;
use super::spool::Spool;
use super::{FileFormat, Incoming, derived_id, read_events};
use crate::event::{StreamId, Timestamp, Version};
use crate::store::native::{Bulk, NativeStore, Recorded};
use crate::store::{AppendError, Flow, StoreError};

/// How many bad lines are listed before an import gives up looking for more.
const BAD_LINES_NAMED: usize = 10;

/// How many bad lines are kept to be listed where they are left out: some 30 MB of messages.
const BAD_LINES_KEPT: usize = 100_000;

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
    /// The lines left out, in order; beyond a hundred thousand they are only counted.
    pub left_out: Vec<BadLine>,
    pub left_out_count: u64,
    /// Places where a stream's versions jump. The file's own numbers are kept.
    pub gaps: u64,
    pub first_gap: Option<String>,
}

impl ImportReport {
    fn leave_out(&mut self, bad: BadLine) {
        self.left_out_count += 1;
        if self.left_out.len() < BAD_LINES_KEPT {
            self.left_out.push(bad);
        }
    }
}

/// A line that could not be brought in, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    pub file: PathBuf,
    pub line: u64,
    pub flaw: LineFlaw,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}: {}", self.file.display(), self.line, self.flaw)
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
    #[error("{}: the text is no {format}; leave --as out, and the text itself tells", path.display())]
    OtherFormat { path: PathBuf, format: &'static str },
    #[error("{}: this is XML or packed, which is not imported but opened where it is; look at it with `foldline info FILE`", .0.display())]
    OnlyOpened(PathBuf),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(lines: &[BadLine], count: usize) -> String {
    let mut text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    if count > lines.len() {
        text.push(format!("and {} more", count - lines.len()));
    }
    text.join("; ")
}

/// Brings a file's events into a native store, in one transaction. Events that are there already are left alone,
/// so a repeated import changes nothing. A file in another order than its events happened in, the newest first above
/// all, is read again and brought into order.
pub fn import(
    path: &Path,
    into: &mut NativeStore,
    options: ImportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<ImportReport, ImportError> {
    // What is no file cannot be read a second time.
    let can_be_read_again = path.is_file();
    if can_be_read_again && let Some(report) = in_file_order(path, into, options, progress)? {
        return Ok(report);
    }
    in_order(path, into, options, progress)
}

/// `None` where the file turns out to stand in another order; nothing is recorded then.
fn in_file_order(
    path: &Path,
    into: &mut NativeStore,
    options: ImportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Option<ImportReport>, ImportError> {
    let mut import = Import::new(path, into, options)?;
    let mut direction = Direction::default();
    let mut failed = None;
    let mut seen = 0_u64;
    let mut is_backwards = false;
    let read = read_events(path, options.format, &mut |incoming| {
        seen += 1;
        if progress(seen).is_break() {
            failed = Some(StoreError::Cancelled);
            return Flow::Break(());
        }
        let taken = match incoming {
            Ok(incoming) => {
                is_backwards = direction.see(&incoming);
                if is_backwards { Ok(()) } else { import.take(incoming) }
            }
            Err(bad) => {
                import.report.leave_out(bad);
                Ok(())
            }
        };
        failed = taken.err();
        if failed.is_some() || is_backwards || import.gives_up() { Flow::Break(()) } else { Flow::Continue(()) }
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    if is_backwards || direction.is_newest_first() {
        return Ok(None);
    }
    import.end(read).map(Some)
}

fn in_order(
    path: &Path,
    into: &mut NativeStore,
    options: ImportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<ImportReport, ImportError> {
    let mut import = Import::new(path, into, options)?;
    let mut direction = Direction::default();
    let mut spool = Spool::new(path)?;
    let mut failed = None;
    let mut seen = 0_u64;
    let read = read_events(path, options.format, &mut |incoming| {
        seen += 1;
        if progress(seen).is_break() {
            failed = Some(StoreError::Cancelled);
            return Flow::Break(());
        }
        match incoming {
            Ok(incoming) => {
                direction.see(&incoming);
                failed = spool.put(&incoming).err();
            }
            Err(bad) => import.report.leave_out(bad),
        }
        if failed.is_some() || import.gives_up() { Flow::Break(()) } else { Flow::Continue(()) }
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    if !import.gives_up() {
        let mut taken = 0_u64;
        spool.visit(direction.is_newest_first(), &mut |incoming| {
            taken += 1;
            if progress(taken).is_break() {
                return Err(StoreError::Cancelled);
            }
            import.take(incoming)?;
            Ok(if import.gives_up() { Flow::Break(()) } else { Flow::Continue(()) })
        })?;
    }
    import.end(read)
}

/// In which direction a file's events stand.
#[derive(Debug, Default)]
struct Direction {
    streams: HashMap<StreamId, (Option<Version>, Option<Timestamp>)>,
    /// Steps between events of one stream that have no version.
    forward: u64,
    backward: u64,
}

impl Direction {
    /// Whether this event belongs before one of its stream that was seen already.
    fn see(&mut self, incoming: &Incoming) -> bool {
        let Incoming { stream, version, event, .. } = incoming;
        let (highest, last_at) = match self.streams.get_mut(stream) {
            Some(known) => known,
            None => self.streams.entry(stream.clone()).or_default(),
        };
        if let (None, Some(last), Some(now)) = (version, &last_at, event.recorded_at) {
            match now.cmp(last) {
                Ordering::Less => self.backward += 1,
                Ordering::Greater => self.forward += 1,
                Ordering::Equal => {}
            }
        }
        *last_at = event.recorded_at.or(*last_at);
        let is_backwards = matches!((version, &highest), (Some(version), Some(highest)) if version < highest);
        *highest = (*version).max(*highest);
        is_backwards
    }

    /// A clock that stumbled now and then does not turn a file round.
    fn is_newest_first(&self) -> bool {
        self.backward > self.forward
    }
}

/// One import under way.
struct Import<'s> {
    path: PathBuf,
    skip_bad: bool,
    bulk: Bulk<'s>,
    /// The number that an event without a version gets in its identity.
    counted: HashMap<StreamId, u64>,
    report: ImportReport,
}

enum Refused {
    Line(LineFlaw),
    Store(StoreError),
}

impl<'s> Import<'s> {
    fn new(path: &Path, into: &'s mut NativeStore, options: ImportOptions) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_owned(),
            skip_bad: options.skip_bad,
            bulk: into.bulk()?,
            counted: HashMap::new(),
            report: ImportReport::default(),
        })
    }

    fn gives_up(&self) -> bool {
        !self.skip_bad && self.report.left_out.len() > BAD_LINES_NAMED
    }

    fn take(&mut self, incoming: Incoming) -> Result<(), StoreError> {
        let line = incoming.line;
        match self.record(incoming) {
            Ok(Recorded::New(_)) => self.report.events += 1,
            Ok(Recorded::AlreadyThere(_)) => self.report.already_there += 1,
            Err(Refused::Line(flaw)) => {
                let file = self.path.clone();
                self.report.leave_out(BadLine { file, line, flaw });
            }
            Err(Refused::Store(error)) => return Err(error),
        }
        Ok(())
    }

    fn record(&mut self, incoming: Incoming) -> Result<Recorded, Refused> {
        let Incoming { line: _, stream, version, mut event, needs_id } = incoming;
        let place = self.counted.entry(stream.clone()).or_default();
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
        *place = number.saturating_add(1);
        if let Some(version) = version {
            let last = self.bulk.last_version(&stream).map_err(Refused::Store)?;
            // A history begins at 0, or at 1 where its first writer counted so.
            let is_next = last.map_or(version.0 <= 1, |last| version.0 <= last.0.saturating_add(1));
            if !is_next {
                self.report.gaps += 1;
                self.report.first_gap.get_or_insert_with(|| gap_message(&stream, last, version));
            }
        }
        self.bulk.record(&stream, version, &event).map_err(|error| match error {
            AppendError::Store(error) => Refused::Store(error),
            other => Refused::Line(LineFlaw::refused(&other)),
        })
    }

    fn end(self, read: Result<(), ImportError>) -> Result<ImportReport, ImportError> {
        let Self { path: _, skip_bad, bulk, counted, mut report } = self;
        match read {
            Ok(()) => {}
            // The rest of the file is lost; what came before it is not.
            Err(ImportError::Bad(lines, _)) => lines.into_iter().for_each(|bad| report.leave_out(bad)),
            Err(error) => return Err(error),
        }
        report.left_out.sort_by_key(|bad| bad.line);
        if report.left_out_count > 0 && !skip_bad {
            report.left_out.truncate(BAD_LINES_NAMED);
            return Err(ImportError::Bad(report.left_out, report.left_out_count as usize));
        }
        report.streams = counted.len() as u64;
        bulk.commit()?;
        Ok(report)
    }
}

fn gap_message(stream: &StreamId, last: Option<Version>, version: Version) -> String {
    match last {
        Some(last) => format!("version {version} of {stream} follows version {last}; what lies between is missing"),
        None => format!("{stream} begins at version {version}; what came before is missing"),
    }
}
