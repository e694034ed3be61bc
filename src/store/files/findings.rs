//! What a check found, in a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::FileFormat;
use super::csv_table::safe_cell;
use super::export::{ExportError, ExportOptions};
use super::target::ExportTarget;
use crate::store::{Finding, FoundAt, StoreError};

/// Writes each finding that `find` hands over, in the shape of the command line. Answers how many there were.
pub fn write_findings<E: From<ExportError>>(
    target: ExportTarget,
    options: ExportOptions,
    find: impl FnOnce(&mut dyn FnMut(&Finding)) -> Result<(), E>,
) -> Result<u64, E> {
    let path = target.name().to_owned();
    let failed = |source| ExportError::Store(StoreError::from_io(&path, source));
    let mut refused = None;
    let written = target.write(
        |file| {
            let mut to = Writing::begin(file, options).map_err(failed)?;
            let mut broken = None;
            let found = find(&mut |finding| {
                if broken.is_none() {
                    broken = to.write(finding).err();
                }
            });
            match (found, broken) {
                (Err(error), _) => {
                    refused = Some(error);
                    Err(StoreError::Cancelled.into())
                }
                (Ok(()), Some(error)) => Err(failed(error)),
                (Ok(()), None) => to.finish().map_err(failed),
            }
        },
        failed,
    );
    match refused {
        Some(error) => Err(error),
        None => Ok(written?),
    }
}

enum Form<'f> {
    Csv(csv::Writer<BufWriter<&'f mut File>>),
    Lines(BufWriter<&'f mut File>),
    Array(BufWriter<&'f mut File>),
}

struct Writing<'f> {
    form: Form<'f>,
    is_safe: bool,
    count: u64,
}

impl<'f> Writing<'f> {
    fn begin(file: &'f mut File, options: ExportOptions) -> io::Result<Self> {
        options.begin(file)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        let form = match options.format {
            FileFormat::Csv => {
                let mut table = csv::Writer::from_writer(out);
                table.write_record(["kind", "stream", "version", "message"])?;
                Form::Csv(table)
            }
            FileFormat::JsonLines | FileFormat::CloudEventsLines => Form::Lines(out),
            FileFormat::JsonArray | FileFormat::CloudEvents => {
                out.write_all(b"[")?;
                Form::Array(out)
            }
        };
        Ok(Self { form, is_safe: options.is_csv_safe, count: 0 })
    }

    fn write(&mut self, finding: &Finding) -> io::Result<()> {
        let is_first = self.count == 0;
        self.count += 1;
        match &mut self.form {
            Form::Csv(table) => {
                let Finding { place: FoundAt { stream, version, position: _ }, what } = finding;
                let cells = [
                    what.kind().name().to_owned(),
                    stream.as_ref().map(ToString::to_string).unwrap_or_default(),
                    version.map(|version| version.to_string()).unwrap_or_default(),
                    what.to_string(),
                ];
                let is_safe = self.is_safe;
                let cells = cells.iter().map(|cell| if is_safe { safe_cell(cell) } else { cell.as_str().into() });
                table.write_record(cells.map(|cell| cell.into_owned())).map_err(io::Error::other)
            }
            Form::Lines(out) => {
                serde_json::to_writer(&mut *out, finding)?;
                out.write_all(b"\n")
            }
            Form::Array(out) => {
                out.write_all(if is_first { b"\n  " } else { b",\n  " })?;
                Ok(serde_json::to_writer(out, finding)?)
            }
        }
    }

    fn finish(self) -> io::Result<u64> {
        match self.form {
            Form::Csv(mut table) => table.flush()?,
            Form::Lines(mut out) => out.flush()?,
            Form::Array(mut out) => {
                out.write_all(b"\n]\n")?;
                out.flush()?;
            }
        }
        Ok(self.count)
    }
}
