use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::csv_fields::FieldColumns;
use super::csv_table::{COLUMNS, CsvWriter, event_cells};
use super::target::{ExportTarget, TargetError};
use super::{FileFormat, cloudevents, event_object};
use crate::event::EventRow;
use crate::store::{Flow, Query, Store, StoreError};

/// Which events are written: those of the query for which `only` holds.
#[derive(Clone, Copy)]
pub struct Selection<'s> {
    pub query: &'s Query,
    pub only: Option<&'s dyn Fn(&EventRow<'_>) -> bool>,
}

impl<'s> From<&'s Query> for Selection<'s> {
    fn from(query: &'s Query) -> Self {
        Self { query, only: None }
    }
}

impl std::fmt::Debug for Selection<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Selection").field("query", self.query).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportReport {
    pub events: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("{}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportOptions {
    pub format: FileFormat,
    /// In CSV, no cell begins like a formula; an import takes the escapes back.
    pub is_csv_safe: bool,
    /// In CSV, each field of payload and metadata has a column of its own. Such a file is not read back.
    pub has_csv_fields: bool,
}

impl ExportOptions {
    /// What a file begins with: before a table for spreadsheets the mark by which Excel knows that it is UTF-8. An import
    /// passes over it.
    pub(super) fn begin(self, file: &mut dyn Write) -> io::Result<()> {
        let is_for_spreadsheets = self.format == FileFormat::Csv && (self.is_csv_safe || self.has_csv_fields);
        if is_for_spreadsheets { file.write_all("\u{feff}".as_bytes()) } else { Ok(()) }
    }
}

impl From<FileFormat> for ExportOptions {
    fn from(format: FileFormat) -> Self {
        Self { format, is_csv_safe: false, has_csv_fields: false }
    }
}

/// Writes the events that the query names, in its order, to a file. The file appears when it is whole; a failed export
/// leaves what was there before.
pub fn export<'s>(
    store: &dyn Store,
    selection: impl Into<Selection<'s>>,
    target: ExportTarget,
    options: ExportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<ExportReport, ExportError> {
    let (path, selection) = (target.name().to_owned(), selection.into());
    let failed = |source| ExportError::Store(StoreError::from_io(&path, source));
    target.write(
        |file| {
            options.begin(file).map_err(failed)?;
            export_to(store, selection, file, options, progress).map_err(|error| match error {
                ExportError::Write { source, .. } => failed(source),
                other => other,
            })
        },
        failed,
    )
}

/// Writes a text of the program's own, by the rules of an export.
pub fn write_text(target: ExportTarget, text: &str) -> Result<(), ExportError> {
    let path = target.name().to_owned();
    let failed = |source| ExportError::Store(StoreError::from_io(&path, source));
    target.write(|file| file.write_all(text.as_bytes()).map_err(failed), failed)
}

/// The same to anything that can be written to.
pub fn export_to<'s>(
    store: &dyn Store,
    selection: impl Into<Selection<'s>>,
    out: &mut dyn Write,
    options: ExportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<ExportReport, ExportError> {
    let ExportOptions { format, is_csv_safe, has_csv_fields } = options;
    let selection = selection.into();
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let broken = |source| ExportError::Write { path: PathBuf::from("the output"), source };
    match format {
        FileFormat::Csv if has_csv_fields => export_fields(store, selection, &mut out, is_csv_safe, progress),
        FileFormat::Csv => {
            let mut table = CsvWriter::new(&mut out, is_csv_safe);
            table.headings(COLUMNS).map_err(broken)?;
            let report = each_event(store, selection, progress, &mut |row, _| table.row(&event_cells(row)))?;
            table.finish().map_err(broken)?;
            Ok(report)
        }
        FileFormat::JsonLines | FileFormat::CloudEventsLines => {
            let write = line_writer(format);
            let report = each_event(store, selection, progress, &mut |row, _| {
                write(&mut out, row)?;
                out.write_all(b"\n")
            })?;
            out.flush().map_err(broken)?;
            Ok(report)
        }
        FileFormat::JsonArray | FileFormat::CloudEvents => {
            let write = line_writer(format);
            out.write_all(b"[").map_err(broken)?;
            let report = each_event(store, selection, progress, &mut |row, is_first| {
                out.write_all(if is_first { b"\n  " } else { b",\n  " })?;
                write(&mut out, row)
            })?;
            out.write_all(b"\n]\n").and_then(|()| out.flush()).map_err(broken)?;
            Ok(report)
        }
    }
}

type WriteRow = fn(&mut dyn Write, &EventRow<'_>) -> io::Result<()>;

fn line_writer(format: FileFormat) -> WriteRow {
    match format {
        FileFormat::JsonArray => event_object::write_seed,
        FileFormat::JsonLines | FileFormat::Csv => event_object::write_plain,
        FileFormat::CloudEvents | FileFormat::CloudEventsLines => cloudevents::write,
    }
}

/// The events are read twice: first for the columns that they need.
fn export_fields(
    store: &dyn Store,
    selection: Selection<'_>,
    out: &mut dyn Write,
    is_safe: bool,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<ExportReport, ExportError> {
    let broken = |source| ExportError::Write { path: PathBuf::from("the output"), source };
    let mut columns = FieldColumns::default();
    let (mut looked_at, mut is_cancelled) = (0_u64, false);
    store.visit_events(selection.query, &mut |row| {
        looked_at += 1;
        if selection.only.is_none_or(|only| only(row)) {
            columns.note(row);
        }
        // Half of the way.
        let flow = progress(looked_at.div_ceil(2));
        is_cancelled = flow.is_break();
        flow
    })?;
    if is_cancelled {
        return Err(StoreError::Cancelled.into());
    }
    let mut table = csv::Writer::from_writer(out);
    table.write_record(columns.heading()).map_err(|error| broken(io::Error::other(error)))?;
    // What was recorded meanwhile may need columns that are not there.
    let query = selection.query.clone().limit(looked_at);
    let selection = Selection { query: &query, ..selection };
    let mut has_changed = false;
    let half = looked_at / 2;
    let report = each_event(store, selection, &mut |count| progress(half + count.div_ceil(2)), &mut |row, _| {
        has_changed |= !columns.write(&mut table, row, is_safe)?;
        Ok(())
    })?;
    table.flush().map_err(broken)?;
    if has_changed { Err(StoreError::Changed(PathBuf::from("the store")).into()) } else { Ok(report) }
}

fn each_event(
    store: &dyn Store,
    selection: Selection<'_>,
    progress: &mut dyn FnMut(u64) -> Flow,
    write: &mut dyn FnMut(&EventRow<'_>, bool) -> io::Result<()>,
) -> Result<ExportReport, ExportError> {
    let mut report = ExportReport::default();
    let mut failed = None;
    let mut is_cancelled = false;
    let mut looked_at = 0;
    store.visit_events(selection.query, &mut |row| {
        looked_at += 1;
        if selection.only.is_some_and(|only| !only(row)) {
            let flow = progress(looked_at);
            is_cancelled = flow.is_break();
            return flow;
        }
        if let Err(error) = write(row, report.events == 0) {
            failed = Some(error);
            return Flow::Break(());
        }
        report.events += 1;
        let flow = progress(looked_at);
        is_cancelled = flow.is_break();
        flow
    })?;
    match failed {
        Some(source) => Err(ExportError::Write { path: PathBuf::from("the output"), source }),
        None if is_cancelled => Err(StoreError::Cancelled.into()),
        None => Ok(report),
    }
}
