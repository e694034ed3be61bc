//! CSV with a heading line. Columns named as in the JSON shapes are taken as such; the others are payload fields.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};

use serde_json::value::RawValue;

use super::flaw::LineFlaw;
use super::limits::{Allowance, Limited};
use super::raw::{RawObject, quoted};
use super::reading::json_flaw;
use super::{Incoming, csv_fields, event_object};
use crate::event::{EventRow, same_name};
use crate::store::Flow;

/// What a table of events has in each row.
pub const COLUMNS: [&str; 9] =
    ["position", "stream", "version", "id", "type", "schema", "recorded_at", "payload", "metadata"];

/// What may stand over a column besides, as in the JSON shapes.
const KNOWN_HEADINGS: [&str; 8] =
    ["stream", "lead-id", "ticket-id", "type", "event-type", "event-id", "recorded-at", "timestamp"];

/// These hold JSON as it is stored; every other cell is one text.
const JSON_COLUMNS: [&str; 2] = ["payload", "metadata"];

/// The last heading of a file in which no cell begins like a formula: it says that the escapes are to be taken back.
const SAFE_MARK: &str = "csv_safe";

/// What a spreadsheet takes for the beginning of a formula. The wide forms count as such in some languages.
const FORMULA_STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A cell that no spreadsheet runs: one that would begin a formula, or that looks like such an escape, gets a `'`.
pub(super) fn safe_cell(cell: &str) -> Cow<'_, str> {
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
fn delimiter(input: &mut impl BufRead) -> io::Result<u8> {
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

/// What a first line `sep=;` says, as Excel writes and reads it. The line is taken off.
fn said_delimiter(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    let beginning = input.fill_buf()?;
    let Some(end) = memchr::memchr(b'\n', beginning) else { return Ok(None) };
    let line = beginning.get(..end).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let said = match line {
        [name @ .., b'=', mark] if name.eq_ignore_ascii_case(b"sep") => *mark,
        _ => return Ok(None),
    };
    input.consume(end + 1);
    Ok(Some(said))
}

pub(super) fn read(
    mut input: impl BufRead,
    visit: &mut dyn FnMut(Result<Incoming, (u64, LineFlaw)>) -> Flow,
) -> Result<(), (u64, LineFlaw)> {
    let allowance = Allowance::new();
    let failed = |error: io::Error| (1, LineFlaw::of_io(&error));
    let said = said_delimiter(&mut input).map_err(failed)?;
    // A line that was read already is one of the file's.
    let before = u64::from(said.is_some());
    let delimiter = said.map_or_else(|| delimiter(&mut input), Ok).map_err(failed)?;
    let mut table =
        csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(Limited::new(input, &allowance));
    let mut headings = table.headers().map_err(|error| (1 + before, plain(&error)))?.clone();
    let is_safe = headings.iter().next_back().is_some_and(|last| last.trim() == SAFE_MARK);
    if is_safe {
        headings.truncate(headings.len() - 1);
    }
    if is_by_field(&headings) {
        return Err((1 + before, LineFlaw::ColumnForEachField));
    }
    let mut record = csv::StringRecord::new();
    loop {
        allowance.renew();
        let line = table.position().line() + before;
        let answer = match table.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(line, |place| place.line() + before);
                if is_safe {
                    record = record.iter().take(record.len().saturating_sub(1)).map(restored).collect();
                }
                row(&headings, &record, line).map_err(|flaw| (line, flaw))
            }
            Err(error) if error.is_io_error() => return Err((line, plain(&error))),
            Err(error) => Err((error.position().map_or(line, |place| place.line() + before), plain(&error))),
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

/// A table that is read back as it was written, with no cell that a spreadsheet would run where that is asked for.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    table: csv::Writer<W>,
    is_safe: bool,
}

impl<W: Write> CsvWriter<W> {
    pub fn new(out: W, is_safe: bool) -> Self {
        Self { table: csv::Writer::from_writer(out), is_safe }
    }

    pub fn headings<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> io::Result<()> {
        self.table.write_record(names.into_iter().chain(self.is_safe.then_some(SAFE_MARK))).map_err(io_error)
    }

    pub fn row(&mut self, cells: &[String]) -> io::Result<()> {
        if !self.is_safe {
            return self.table.write_record(cells).map_err(io_error);
        }
        let cells = cells.iter().map(|cell| safe_cell(cell)).chain(["".into()]);
        self.table.write_record(cells.map(|cell| cell.into_owned())).map_err(io_error)
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.table.flush()
    }
}

/// A closed pipe is told apart from other failures by its kind, which the CSV writer wraps.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// An event in the columns of [`COLUMNS`].
pub fn event_cells(row: &EventRow<'_>) -> Vec<String> {
    let mut cells = Vec::from(head_cells(row));
    cells.extend([row.payload, row.metadata].map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
    cells
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
