//! CSV with a heading line. Columns named as in the JSON shapes are taken as such; the others are payload fields.

use std::borrow::Cow;
use std::io::{BufRead, Write};

use serde_json::value::RawValue;

use super::flaw::LineFlaw;
use super::limits::{Allowance, Limited};
use super::raw::{RawObject, quoted};
use super::reading::json_flaw;
use super::{Incoming, csv_fields, event_object};
use crate::event::{EventRow, same_name};
use crate::store::Flow;

const COLUMNS: [&str; 9] =
    ["position", "stream", "version", "id", "type", "schema", "recorded_at", "payload", "metadata"];

/// What may stand over a column besides, as in the JSON shapes.
const KNOWN_HEADINGS: [&str; 8] =
    ["stream", "lead-id", "ticket-id", "type", "event-type", "event-id", "recorded-at", "timestamp"];

/// These hold JSON as it is stored; every other cell is one text.
const JSON_COLUMNS: [&str; 2] = ["payload", "metadata"];

/// The last heading of a file in which no cell begins like a formula: it says that the escapes are to be taken back.
pub const SAFE_MARK: &str = "csv_safe";

/// What a spreadsheet takes for the beginning of a formula. The wide forms count as such in some languages.
const FORMULA_STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A cell that no spreadsheet runs: one that would begin a formula, or that looks like such an escape, gets a `'`.
pub fn safe_cell(cell: &str) -> Cow<'_, str> {
    if cell.trim_start_matches('\'').starts_with(FORMULA_STARTS) { format!("'{cell}").into() } else { cell.into() }
}

/// The cell that [`safe_cell`] was given.
fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA_STARTS) => rest,
        _ => cell,
    }
}

/// What stands between two cells: a comma, or what spreadsheets put there where a comma is in the numbers. Told by the
/// headings, of which at least one is known.
fn delimiter(input: &mut impl BufRead) -> std::io::Result<u8> {
    let beginning = input.fill_buf()?;
    let end = memchr::memchr2(b'\n', b'\r', beginning).unwrap_or(beginning.len());
    let headings = beginning.get(..end).unwrap_or_default();
    let is_known = |cell: &[u8]| {
        let name = String::from_utf8_lossy(cell);
        let name = name.trim().trim_matches('"');
        KNOWN_HEADINGS.iter().any(|known| same_name(name, known))
    };
    let splits = |mark: &u8| headings.contains(mark) && headings.split(|byte| byte == mark).any(is_known);
    Ok([b',', b';', b'\t'].into_iter().find(splits).unwrap_or(b','))
}

pub(super) fn read(
    mut input: impl BufRead,
    visit: &mut dyn FnMut(Result<Incoming, (u64, LineFlaw)>) -> Flow,
) -> Result<(), (u64, LineFlaw)> {
    let allowance = Allowance::new();
    let delimiter = delimiter(&mut input).map_err(|error| (1, LineFlaw::of_io(&error)))?;
    let mut table =
        csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(Limited::new(input, &allowance));
    let mut headings = table.headers().map_err(|error| (1, plain(&error)))?.clone();
    let is_safe = headings.iter().next_back().is_some_and(|last| last.trim() == SAFE_MARK);
    if is_safe {
        headings.truncate(headings.len() - 1);
    }
    if is_by_field(&headings) {
        return Err((1, LineFlaw::ColumnForEachField));
    }
    let mut record = csv::StringRecord::new();
    loop {
        allowance.renew();
        let line = table.position().line();
        let answer = match table.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                if is_safe {
                    record = record.iter().take(record.len().saturating_sub(1)).map(restored).collect();
                }
                row(&headings, &record, line).map_err(|flaw| (line, flaw))
            }
            Err(error) if error.is_io_error() => return Err((line, plain(&error))),
            Err(error) => Err((error.position().map_or(line, csv::Position::line), plain(&error))),
        };
        if visit(answer).is_break() {
            return Ok(());
        }
    }
}

/// Whether an export wrote these with a column for each field.
fn is_by_field(headings: &csv::StringRecord) -> bool {
    let mut names = headings.iter();
    csv_fields::HEAD.iter().all(|name| names.next() == Some(name)) && names.any(csv_fields::is_field)
}

fn plain(error: &csv::Error) -> LineFlaw {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => LineFlaw::NotUtf8,
        csv::ErrorKind::Io(error) => LineFlaw::of_io(error),
        _ => LineFlaw::Said(error.to_string().into()),
    }
}

fn row(headings: &csv::StringRecord, record: &csv::StringRecord, line: u64) -> Result<Incoming, LineFlaw> {
    if record.len() != headings.len() {
        return Err(LineFlaw::Cells { cells: record.len() as u64, headings: headings.len() as u64 });
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
            serde_json::from_str::<&RawValue>(cell).map_err(|error| {
                let (said, place) = json_flaw(&error, cell.as_bytes());
                let column = place.map(|(_, column)| column);
                LineFlaw::CellNotJson { heading: heading.into(), said: said.into(), column }
            })?;
            object.push_str(&quoted(&format!("{}-text", heading.trim())));
        } else {
            object.push_str(&quoted(heading.trim()));
        }
        object.push(':');
        object.push_str(&quoted(cell));
    }
    object.push('}');
    let fields: RawObject<'_> =
        serde_json::from_str(&object).map_err(|error| LineFlaw::Said(error.to_string().into()))?;
    event_object::read(fields, line)
}

#[derive(Debug)]
pub(super) struct CsvWriter<W: Write> {
    table: csv::Writer<W>,
    is_safe: bool,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(out: W, is_safe: bool) -> csv::Result<Self> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(COLUMNS.into_iter().chain(is_safe.then_some(SAFE_MARK)))?;
        Ok(Self { table, is_safe })
    }

    pub(super) fn write(&mut self, row: &EventRow<'_>) -> csv::Result<()> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let [position, stream, version, id, event_type, schema, time] = head_cells(row);
        let cells = [position, stream, version, id, event_type, schema, time, text(row.payload), text(row.metadata)];
        if self.is_safe {
            return self.table.write_record(
                cells.iter().map(|cell| safe_cell(cell)).chain(["".into()]).map(|cell| cell.into_owned()),
            );
        }
        self.table.write_record(cells)
    }

    pub(super) fn finish(mut self) -> std::io::Result<()> {
        self.table.flush()
    }
}

/// Everything of an event but what it says, one cell each.
pub(super) fn head_cells(row: &EventRow<'_>) -> [String; 7] {
    [
        row.position.map(|position| position.to_string()).unwrap_or_default(),
        row.stream.to_string(),
        row.version.to_string(),
        row.id.to_string(),
        row.event_type.to_string(),
        row.schema.to_string(),
        row.recorded_at.map(|at| at.to_string()).unwrap_or_default(),
    ]
}
