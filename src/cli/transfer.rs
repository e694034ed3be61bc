use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::args::{ExportArgs, Format, ImportArgs, SampleArgs};
use super::output::json;
use super::progress::{Progress, counted};
use super::target::{self, Desk};
use super::{Failure, Outcome};
use crate::engine::{keep_long_streams, write_sample};
use crate::sample::{SampleOptions, SampleReport};
use crate::store::files::{self, FileFormat, ImportOptions, ImportReport};
use crate::store::native::NativeStore;
use crate::store::{Query, Reader, StoreError};

pub(super) fn import(args: &ImportArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let ImportArgs { file, into, file_format, skip_bad, format } = args;
    // Named before a store is made that would then stay empty.
    std::fs::metadata(file).map_err(|source| missing_file(file, source))?;
    let path = target::path(into)?;
    let is_new = !path.exists();
    let mut store = if is_new { NativeStore::create(&path)? } else { NativeStore::open_for_writing(&path)? };
    let mut progress = Progress::new("importing events", None);
    let options = ImportOptions { format: *file_format, skip_bad: *skip_bad };
    let imported = files::import(file, &mut store, options, &mut |count| progress.tell(count));
    drop(progress);
    let report = match imported {
        Ok(report) => report,
        Err(error) => {
            drop(store);
            if is_new {
                let _ = std::fs::remove_file(&path);
            }
            return Err(error.into());
        }
    };
    keep_long_streams(&mut store);
    let ImportReport { events, streams, already_there, left_out, gaps, first_gap } = &report;
    if let Some(first) = first_gap {
        writeln!(
            io::stderr(),
            "foldline: {gaps} places where versions jump, the first: {first}; their numbers are kept"
        )?;
    }
    match format {
        Format::Json => {
            let left_out: Vec<Value> =
                left_out.iter().map(|bad| json!({"line": bad.line, "message": bad.message})).collect();
            let shown = json!({
                "file": file,
                "store": into,
                "events": events,
                "streams": streams,
                "already_there": already_there,
                "left_out": left_out,
            });
            json(out, &shown)?;
        }
        Format::Table => {
            write!(out, "{} of {} imported into {into}", counted(*events, "event"), counted(*streams, "stream"))?;
            if *already_there > 0 {
                write!(out, "; {} there already", counted(*already_there, "event"))?;
            }
            writeln!(out)?;
            for bad in left_out {
                writeln!(out, "left out: {bad}")?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn missing_file(file: &Path, source: io::Error) -> Failure {
    if source.kind() == io::ErrorKind::NotFound {
        return Failure::Usage(format!("{}: there is no such file; check the path", file.display()));
    }
    StoreError::Io { path: file.to_owned(), source }.into()
}

pub(super) fn export(args: &ExportArgs, desk: &Desk, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let ExportArgs { store, to, file_format, force, format } = args;
    let is_stdout = to.as_os_str() == "-";
    let file_format =
        file_format.or_else(|| FileFormat::from_extension(to)).or(is_stdout.then_some(FileFormat::JsonLines));
    let Some(file_format) = file_format else {
        let names: Vec<&str> = FileFormat::ALL.iter().map(|(_, name)| *name).collect();
        return Err(Failure::Usage(format!(
            "{}: the name does not say which format to write; add --as {}",
            to.display(),
            names.join("|")
        )));
    };
    if !is_stdout && to.exists() && !force {
        return Err(Failure::Usage(format!(
            "{}: this file is there already; name another, or add --force",
            to.display()
        )));
    }
    let reader = desk.open(store)?;
    let mut progress = Progress::new("exporting events", reader.info().ok().map(|info| info.events));
    let reader: &dyn Reader = reader.as_ref();
    if is_stdout {
        files::export_to(reader, &Query::store(), out, file_format, &mut |count| progress.tell(count)).map_err(
            |error| match error {
                files::ExportError::Write { source, .. } => Failure::Output(source),
                other => other.into(),
            },
        )?;
        return Ok(Outcome::Done);
    }
    let report = files::export(reader, &Query::store(), to, file_format, &mut |count| progress.tell(count))?;
    drop(progress);
    match format {
        Format::Json => json(out, &json!({"store": target::shown(store), "file": to, "events": report.events}))?,
        Format::Table => writeln!(out, "{} written to {}", counted(report.events, "event"), to.display())?,
    }
    Ok(Outcome::Done)
}

pub(super) fn sample(args: &SampleArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let SampleArgs { file, streams, events, seed, format } = args;
    let options = SampleOptions { streams: *streams, events: *events, seed: *seed };
    let total = options.numbers()?.events;
    let mut progress = Progress::new("writing events", Some(total));
    let SampleReport { streams, events } = write_sample(file, &options, &mut |count| progress.tell(count))?;
    drop(progress);
    match format {
        Format::Json => json(out, &json!({"store": file, "streams": streams, "events": events, "seed": seed}))?,
        Format::Table => {
            let file = file.display();
            writeln!(out, "{} of {} written to {file}", counted(events, "event"), counted(streams, "stream"))?;
            writeln!(out, "Look at one of them: foldline show {file} lead-1 --at 4")?;
        }
    }
    Ok(Outcome::Done)
}
