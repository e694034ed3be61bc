//! The rows of a whole store as they stood, into a file.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::spill::unless_torn;
use super::{ArrangeWanted, Arranged, EngineError, FoldedStores, Ticket, arrange, write_parquet};
use crate::index::Place;
use crate::store::files::{CsvWriter, ExportTarget, TargetError};
use crate::store::{Store, StoreError};

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowsFormat {
    #[default]
    Csv,
    JsonLines,
    /// For tools that analyse data; with a type for each column.
    Parquet,
}

impl RowsFormat {
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Csv, "CSV"), (Self::JsonLines, "JSON Lines"), (Self::Parquet, "Parquet")];

    /// The format that a file's name promises.
    pub fn from_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// How the name of such a file ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }
}

/// What of the rows is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsWish {
    pub wanted: ArrangeWanted,
    /// The paths that stand in columns of their own.
    pub columns: Vec<String>,
    pub format: RowsFormat,
    /// In CSV, no cell begins like a formula.
    pub is_csv_safe: bool,
}

/// By what spreadsheets know that a file is UTF-8.
pub(super) const UTF8_MARK: &str = "\u{feff}";

/// Cancel is asked for so often.
const BETWEEN_LOOKS: usize = 256;

/// Writes all rows that are wanted, in their order; the file is there when it is whole. Answers with how many there are.
pub fn write_rows<E: From<EngineError> + From<TargetError> + From<StoreError>>(
    reader: &dyn Store,
    target: ExportTarget,
    wish: &RowsWish,
    folded: &FoldedStores,
    ticket: &Ticket,
) -> Result<u64, E> {
    let arranged = arrange(reader, &wish.wanted, folded, ticket)?;
    let path = target.name().to_owned();
    let failed = |error: io::Error| E::from(StoreError::from_io(&path, error));
    target.write(
        |file| {
            let mut out = BufWriter::with_capacity(1 << 16, file);
            let arranged = arranged.as_ref().map(|arranged| &arranged.1);
            let rows = arranged.map_or(0, |arranged| arranged.places.len());
            if let Some(arranged) = arranged {
                ticket.set_total(rows as u64);
                let written = match wish.format {
                    RowsFormat::Csv => write_csv(wish, arranged, &mut out, ticket),
                    RowsFormat::JsonLines => write_lines(wish, arranged, &mut out, ticket),
                    RowsFormat::Parquet => {
                        let is_over = &mut |place| is_over(place, ticket);
                        write_parquet(&mut out, arranged.whole(), &arranged.places, &wish.columns, is_over)
                    }
                };
                written.map_err(failed)?;
                unless_torn(arranged.whole())?;
            }
            if ticket.is_cancelled() {
                return Err(StoreError::Cancelled.into());
            }
            out.flush().map_err(failed)?;
            Ok(rows as u64)
        },
        failed,
    )
}

fn is_over(place: usize, ticket: &Ticket) -> bool {
    place.is_multiple_of(BETWEEN_LOOKS) && ticket.reached(place as u64).is_break()
}

fn write_csv(wish: &RowsWish, arranged: &Arranged, out: &mut impl Write, ticket: &Ticket) -> io::Result<()> {
    if wish.is_csv_safe {
        out.write_all(UTF8_MARK.as_bytes())?;
    }
    let mut table = CsvWriter::new(out, wish.is_csv_safe);
    let headings: Vec<String> = wish.columns.iter().map(|path| under_state(path)).collect();
    table.headings(["stream", "version", "recorded_at"].into_iter().chain(headings.iter().map(String::as_str)))?;
    for (number, place) in arranged.places.iter().enumerate() {
        if is_over(number, ticket) {
            break;
        }
        let Some(row) = arranged.whole().row(*place) else { continue };
        let at = row.recorded_at.map(|at| at.to_string()).unwrap_or_default();
        let mut cells = vec![row.stream.to_string(), row.version.to_string(), at];
        cells.extend(wish.columns.iter().map(|path| plain(&arranged.whole().value(*place, path))));
        table.row(&cells)?;
    }
    table.finish()
}

fn write_lines(wish: &RowsWish, arranged: &Arranged, out: &mut impl Write, ticket: &Ticket) -> io::Result<()> {
    for (number, place) in arranged.places.iter().enumerate() {
        if is_over(number, ticket) {
            break;
        }
        let Some(row) = arranged.whole().row(*place) else { continue };
        let mut line = Map::new();
        line.insert("stream".to_owned(), row.stream.into_owned().into());
        line.insert("version".to_owned(), row.version.0.into());
        line.insert("recorded_at".to_owned(), row.recorded_at.map_or(Value::Null, |at| at.to_string().into()));
        line.insert("state".to_owned(), state_of(wish, arranged, *place));
        writeln!(out, "{}", Value::Object(line))?;
    }
    Ok(())
}

/// The columns that were chosen; the whole state where none was.
fn state_of(wish: &RowsWish, arranged: &Arranged, place: Place) -> Value {
    if wish.columns.is_empty() {
        return arranged.whole().state(place).unwrap_or_default();
    }
    let fields = wish.columns.iter().map(|path| (path.clone(), arranged.whole().value(place, path)));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// A state may have a field `version`, or one called `stream`.
fn under_state(path: &str) -> String {
    if path.starts_with('[') { format!("state{path}") } else { format!("state.{path}") }
}

pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
