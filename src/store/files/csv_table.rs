//! CSV with a heading line. Columns named as in the JSON shapes are taken as such; the others are payload fields.

use std::io::{Read, Write};

use serde_json::value::RawValue;

use super::raw::{RawObject, quoted};
use super::{Incoming, event_object};
use crate::event::{EventRow, same_name};
use crate::store::Flow;

const COLUMNS: [&str; 9] =
    ["position", "stream", "version", "id", "type", "schema", "recorded_at", "payload", "metadata"];

/// These hold JSON as it is stored; every other cell is one text.
const JSON_COLUMNS: [&str; 2] = ["payload", "metadata"];

pub(super) fn read(
    input: impl Read,
    visit: &mut dyn FnMut(Result<Incoming, (u64, String)>) -> Flow,
) -> Result<(), (u64, String)> {
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let headings = table.headers().map_err(|error| (1, plain(&error)))?.clone();
    let mut record = csv::StringRecord::new();
    loop {
        let line = table.position().line();
        let answer = match table.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                row(&headings, &record, line).map_err(|message| (line, message))
            }
            Err(error) if error.is_io_error() => return Err((line, plain(&error))),
            Err(error) => Err((error.position().map_or(line, csv::Position::line), plain(&error))),
        };
        if visit(answer).is_break() {
            return Ok(());
        }
    }
}

fn plain(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_owned(),
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

fn row(headings: &csv::StringRecord, record: &csv::StringRecord, line: u64) -> Result<Incoming, String> {
    if record.len() != headings.len() {
        return Err(format!("{} cells under {} headings", record.len(), headings.len()));
    }
    let mut object = String::from("{");
    for (heading, cell) in headings.iter().zip(record) {
        // An empty cell is an absent field.
        if cell.is_empty() {
            continue;
        }
        if object.len() > 1 {
            object.push(',');
        }
        let is_json = JSON_COLUMNS.iter().any(|name| same_name(heading.trim(), name));
        if is_json {
            // As text, so that it is kept letter for letter; whether it is JSON is judged with the event.
            serde_json::from_str::<&RawValue>(cell).map_err(|error| format!("{heading} is not JSON: {error}"))?;
            object.push_str(&quoted(&format!("{}-text", heading.trim())));
        } else {
            object.push_str(&quoted(heading.trim()));
        }
        object.push(':');
        object.push_str(&quoted(cell));
    }
    object.push('}');
    let fields: RawObject<'_> = serde_json::from_str(&object).map_err(|error| error.to_string())?;
    event_object::read(fields, line)
}

#[derive(Debug)]
pub(super) struct CsvWriter<W: Write>(csv::Writer<W>);

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(out: W) -> csv::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        Ok(Self(writer))
    }

    pub(super) fn write(&mut self, row: &EventRow<'_>) -> csv::Result<()> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.0.write_record([
            row.position.map(|position| position.to_string()).unwrap_or_default(),
            row.stream.to_string(),
            row.version.to_string(),
            row.id.to_string(),
            row.event_type.to_string(),
            row.schema.to_string(),
            row.recorded_at.map(|at| at.to_string()).unwrap_or_default(),
            text(row.payload),
            text(row.metadata),
        ])
    }

    pub(super) fn finish(mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
