use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::csv_table::CsvWriter;
use super::target::{ExportTarget, TargetError};
use super::{FileFormat, cloudevents, event_object};
use crate::event::EventRow;
use crate::store::{Flow, Query, Store, StoreError};

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
}

impl From<FileFormat> for ExportOptions {
    fn from(format: FileFormat) -> Self {
        Self { format, is_csv_safe: false }
    }
}

/// Writes the events that the query names, in its order, to a file. The file appears when it is whole; a failed export
/// leaves what was there before.
pub fn export(
    store: &dyn Store,
    query: &Query,
    target: ExportTarget,
    options: ExportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<ExportReport, ExportError> {
    let path = target.name().to_owned();
    let failed = |source| ExportError::Store(StoreError::from_io(&path, source));
    target.write(
        |file| {
            export_to(store, query, file, options, progress).map_err(|error| match error {
                ExportError::Write { source, .. } => failed(source),
                other => other,
            })
        },
        failed,
    )
}

/// The same to anything that can be written to.
pub fn export_to(
    store: &dyn Store,
    query: &Query,
    out: &mut dyn Write,
    options: ExportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<ExportReport, ExportError> {
    let ExportOptions { format, is_csv_safe } = options;
    let mut out = BufWriter::with_capacity(1 << 16, out);
    let broken = |source| ExportError::Write { path: PathBuf::from("the output"), source };
    match format {
        FileFormat::Csv => {
            let from_csv = |error: csv::Error| broken(io::Error::other(error));
            let mut table = CsvWriter::new(&mut out, is_csv_safe).map_err(from_csv)?;
            let report = each_event(store, query, progress, &mut |row, _| table.write(row).map_err(io::Error::other))?;
            table.finish().map_err(broken)?;
            Ok(report)
        }
        FileFormat::JsonLines | FileFormat::CloudEventsLines => {
            let write = line_writer(format);
            let report = each_event(store, query, progress, &mut |row, _| {
                write(&mut out, row)?;
                out.write_all(b"\n")
            })?;
            out.flush().map_err(broken)?;
            Ok(report)
        }
        FileFormat::JsonArray | FileFormat::CloudEvents => {
            let write = line_writer(format);
            out.write_all(b"[").map_err(broken)?;
            let report = each_event(store, query, progress, &mut |row, is_first| {
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

fn each_event(
    store: &dyn Store,
    query: &Query,
    progress: &mut dyn FnMut(u64) -> Flow,
    write: &mut dyn FnMut(&EventRow<'_>, bool) -> io::Result<()>,
) -> Result<ExportReport, ExportError> {
    let mut report = ExportReport::default();
    let mut failed = None;
    let mut is_cancelled = false;
    store.visit_events(query, &mut |row| {
        if let Err(error) = write(row, report.events == 0) {
            failed = Some(error);
            return Flow::Break(());
        }
        report.events += 1;
        let flow = progress(report.events);
        is_cancelled = flow.is_break();
        flow
    })?;
    match failed {
        Some(source) => Err(ExportError::Write { path: PathBuf::from("the output"), source }),
        None if is_cancelled => Err(StoreError::Cancelled.into()),
        None => Ok(report),
    }
}
