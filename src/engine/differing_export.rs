//! What differs between two moments of a store, into a file: a row for each field of each stream.

use std::io::{self, BufWriter, Write};

use serde_json::{Map, Value};

use super::differing::{DifferOrder, DifferWanted, DifferingStream, each_compared};
use super::row_export::{RowsFormat, UTF8_MARK, plain};
use super::{EngineError, Ticket};
use crate::event::{Version, allocated};
use crate::replay::Change;
use crate::store::files::{CsvWriter, ExportTarget, ParquetKind, ParquetValue, ParquetWriter, TargetError};
use crate::store::{Store, StoreError};

/// What of the differences is written, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferencesWish {
    pub wanted: DifferWanted,
    /// Only streams in which this field differs.
    pub field: Option<String>,
    pub order: DifferOrder,
    pub format: RowsFormat,
    /// In CSV, no cell begins like a formula.
    pub is_csv_safe: bool,
}

const COLUMNS: [&str; 6] = ["stream", "version_before", "version_after", "field", "before", "after"];

/// Writes all of them; the file is there when it is whole. Answers with how many rows there are.
pub fn write_differences<E: From<EngineError> + From<TargetError> + From<StoreError>>(
    reader: &dyn Store,
    target: ExportTarget,
    wish: &DifferencesWish,
    ticket: &Ticket,
) -> Result<u64, E> {
    let path = target.name().to_owned();
    let failed = |error: io::Error| StoreError::from_io(&path, error);
    target.write(
        |file| {
            let mut rows = Rows::begin(BufWriter::with_capacity(1 << 16, file), wish).map_err(failed)?;
            let mut write = |row: &DifferingStream| rows.stream(row).map_err(|error| EngineError::from(failed(error)));
            let is_wanted = |row: &DifferingStream| match &wish.field {
                Some(field) => row.changes.iter().any(|change| change.field == *field),
                None => true,
            };
            // In the order in which they come, none is kept.
            let comes_so = wish.order == DifferOrder::default();
            let (mut kept, mut bytes, mut held) = (Vec::new(), 0, ticket.memory().hold());
            each_compared(reader, &wish.wanted, ticket, &mut |row| {
                let Some(row) = row.filter(is_wanted) else { return Ok(()) };
                if comes_so {
                    return write(&row);
                }
                bytes += weight_of(&row);
                kept.push(row);
                Ok(held.resize((bytes + kept.capacity() * size_of::<DifferingStream>()) as u64)?)
            })?;
            let mut places: Vec<usize> = (0..kept.len()).collect();
            wish.order.sort(&mut places, &kept);
            for row in places.into_iter().filter_map(|place| kept.get(place)) {
                if ticket.is_cancelled() {
                    return Err(StoreError::Cancelled.into());
                }
                write(row)?;
            }
            Ok(rows.finish().map_err(failed)?)
        },
        |error| failed(error).into(),
    )
}

fn weight_of(row: &DifferingStream) -> usize {
    let of_value = |value: &Value| match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => allocated(text.len()),
        // Each part of it is a value, and mostly a name.
        nested => 8 * nested.to_string().len(),
    };
    let of_change = |change: &Change| {
        size_of::<Change>() + allocated(change.field.len()) + of_value(&change.before) + of_value(&change.after)
    };
    allocated(row.stream.as_str().len()) + row.changes.iter().map(of_change).sum::<usize>()
}

#[allow(clippy::large_enum_variant, reason = "there is one for each export")]
enum Rows<W: Write> {
    Csv(CsvWriter<W>, u64),
    Lines(W, u64),
    Parquet(ParquetWriter<W>, u64),
}

impl<W: Write> Rows<W> {
    fn begin(mut file: W, wish: &DifferencesWish) -> io::Result<Self> {
        Ok(match wish.format {
            RowsFormat::Csv => {
                if wish.is_csv_safe {
                    file.write_all(UTF8_MARK.as_bytes())?;
                }
                let mut table = CsvWriter::new(file, wish.is_csv_safe);
                table.headings(COLUMNS)?;
                Self::Csv(table, 0)
            }
            RowsFormat::JsonLines => Self::Lines(file, 0),
            RowsFormat::Parquet => {
                use ParquetKind::{Integer, Json, Text};
                let kinds = [Text, Integer, Integer, Text, Json, Json];
                let columns = COLUMNS.into_iter().map(str::to_owned).zip(kinds);
                Self::Parquet(ParquetWriter::new(file, columns)?, 0)
            }
        })
    }

    /// A row for each of its fields, or one without any where it had not begun at one of the moments.
    fn stream(&mut self, row: &DifferingStream) -> io::Result<()> {
        if row.changes.is_empty() {
            return self.row(row, None);
        }
        row.changes.iter().try_for_each(|change| self.row(row, Some(change)))
    }

    fn row(
        &mut self,
        DifferingStream { stream, before, after, .. }: &DifferingStream,
        change: Option<&Change>,
    ) -> io::Result<()> {
        let versions = [*before, *after];
        match self {
            Self::Csv(table, count) => {
                let version =
                    |version: Option<Version>| version.map_or_else(String::new, |version| version.to_string());
                let mut cells = vec![stream.to_string()];
                cells.extend(versions.map(version));
                cells.extend(change.map_or_else(Default::default, |change| {
                    [change.field.clone(), plain(&change.before), plain(&change.after)]
                }));
                *count += 1;
                table.row(&cells)
            }
            Self::Lines(file, count) => {
                let version = |version: Option<Version>| version.map_or(Value::Null, |version| version.0.into());
                let value = |of: fn(&Change) -> &Value| change.map_or(Value::Null, |change| of(change).clone());
                let field = change.map_or(Value::Null, |change| change.field.clone().into());
                let [before, after] = versions.map(version);
                let values = [
                    stream.as_str().into(),
                    before,
                    after,
                    field,
                    value(|change| &change.before),
                    value(|change| &change.after),
                ];
                let line: Map<String, Value> = COLUMNS.into_iter().map(str::to_owned).zip(values).collect();
                *count += 1;
                writeln!(file, "{}", Value::Object(line))
            }
            Self::Parquet(table, count) => {
                let version = |version: Option<Version>| {
                    let number = version.and_then(|version| i64::try_from(version.0).ok());
                    number.map_or(ParquetValue::Missing, ParquetValue::Integer)
                };
                let value = |value: &Value| match value {
                    Value::Null => ParquetValue::Missing,
                    value => ParquetValue::Text(value.to_string()),
                };
                let of_change = change.map_or([const { ParquetValue::Missing }; 3], |change| {
                    [ParquetValue::Text(change.field.clone()), value(&change.before), value(&change.after)]
                });
                let head = std::iter::once(ParquetValue::Text(stream.to_string())).chain(versions.map(version));
                *count += 1;
                table.row(head.chain(of_change))
            }
        }
    }

    fn finish(self) -> io::Result<u64> {
        match self {
            Self::Csv(table, count) => table.finish().map(|()| count),
            Self::Lines(mut file, count) => file.flush().map(|()| count),
            Self::Parquet(table, count) => table.finish().map(|_| count),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine::DifferBy;
    use crate::engine::small_store::five_leads_and_a_contact;
    use crate::event::Position;
    use crate::index::{Budget, Memory, StoreMoment};
    use crate::store::Source;

    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    enum Refused {
        Engine(#[from] EngineError),
        Target(#[from] TargetError),
        Store(#[from] StoreError),
    }

    /// From behind the third event to the end, in no more memory than that.
    fn written(path: &Path, format: RowsFormat, by: DifferBy, bytes: u64) -> Result<u64, Refused> {
        let (_folder, engine) = five_leads_and_a_contact();
        let target = ExportTarget::new(path, &Source::from(path.with_extension("db")), true)?;
        let wanted = DifferWanted { from: StoreMoment::Position(Position(3)), ..DifferWanted::default() };
        let order = DifferOrder { by, is_descending: by != DifferBy::Change };
        let wish = DifferencesWish { wanted, field: None, order, format, is_csv_safe: false };
        let answer = engine.ask("testing", move |reader, _| {
            let ticket = Ticket::within("testing", &Memory::new(Budget { bytes }));
            Ok::<_, EngineError>(write_differences::<Refused>(reader, target, &wish, &ticket))
        });
        answer.wait().expect("answered").expect("read")
    }

    #[test]
    fn each_field_of_each_stream_is_a_row_in_every_format() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows");
        let text = || std::fs::read_to_string(&path).expect("written");
        assert_eq!(written(&path, RowsFormat::Csv, DifferBy::Change, 0).expect("nothing is kept"), 3);
        let head = "stream,version_before,version_after,field,before,after";
        assert_eq!(text(), format!("{head}\nlead-3,,0,,,\nlead-4,,0,,,\nlead-0,0,1,contacts,0,1\n"));
        assert_eq!(written(&path, RowsFormat::JsonLines, DifferBy::Stream, 1 << 20).expect("written"), 3);
        let lines: Vec<Value> = text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let streams: Vec<&Value> = lines.iter().filter_map(|line| line.get("stream")).collect();
        assert_eq!(streams, ["lead-4", "lead-3", "lead-0"]);
        assert_eq!(lines.iter().filter(|line| line.get("version_before") == Some(&Value::Null)).count(), 2);
        assert_eq!(written(&path, RowsFormat::Parquet, DifferBy::Field, 1 << 20).expect("written"), 3);
        assert!(std::fs::read(&path).expect("written").starts_with(b"PAR1"));
        let refused = written(&path, RowsFormat::Csv, DifferBy::Stream, 0);
        assert!(matches!(refused, Err(Refused::Engine(EngineError::OverBudget(_)))), "{refused:?}");
        assert!(std::fs::read(&path).expect("it stays").starts_with(b"PAR1"), "what was there stays");
    }
}
