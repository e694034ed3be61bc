//! Streams as they stood, as Parquet: a column for each field, of the type that its values have.

use std::io::{self, Write};

use serde_json::Value;

use super::row_export::plain;
use crate::event::Timestamp;
use crate::index::{AsOf, AsOfRow, Place};
use crate::store::files::{ParquetKind, ParquetValue, ParquetWriter};

/// Longer numbers have more digits than a column of numbers keeps.
const MOST_DIGITS: usize = 16;

/// Writes these rows, with these fields. `is_over` is asked before each row, and ends it.
pub fn write_parquet(
    file: impl Write,
    as_of: &AsOf,
    places: &[Place],
    paths: &[String],
    is_over: &mut dyn FnMut(usize) -> bool,
) -> io::Result<()> {
    let kinds: Vec<ParquetKind> =
        paths.iter().map(|path| kind_of(places.iter().map(|place| as_of.value(*place, path)))).collect();
    let has_failed = places.iter().any(|place| as_of.stood(*place).is_some_and(|row| row.failed.is_some()));
    let head = [("stream", ParquetKind::Text), ("version", ParquetKind::Integer), ("recorded_at", ParquetKind::Time)];
    let head = head.map(|(name, kind)| (name.to_owned(), kind));
    let is_taken = |name: &str| head.iter().any(|(taken, _)| taken == name) || name == FAILED;
    let name = |path: &String| if is_taken(path) { format!("state.{path}") } else { path.clone() };
    let fields = paths.iter().map(name).zip(kinds.iter().copied());
    let columns = head.iter().cloned().chain(fields).chain(has_failed.then(|| (FAILED.to_owned(), ParquetKind::Text)));
    let mut rows = ParquetWriter::new(file, columns)?;
    for (number, place) in places.iter().enumerate() {
        if is_over(number) {
            break;
        }
        let Some(row) = as_of.row(*place) else { continue };
        let fields = paths.iter().zip(&kinds).map(|(path, kind)| value_of(&as_of.value(*place, path), *kind));
        let failure = has_failed.then(|| failure_of(&row));
        rows.row(head_of(&row).into_iter().chain(fields).chain(failure))?;
    }
    rows.finish()?.flush()
}

const FAILED: &str = "failed";

fn head_of(row: &AsOfRow<'_>) -> [ParquetValue; 3] {
    let at = row.recorded_at.map_or(ParquetValue::Missing, |at| ParquetValue::Integer(at.micros()));
    let version = i64::try_from(row.version.0).map_or(ParquetValue::Missing, ParquetValue::Integer);
    [ParquetValue::Text(row.stream.clone().into_owned()), version, at]
}

fn failure_of(row: &AsOfRow<'_>) -> ParquetValue {
    let text = row.failed.map(|failed| format!("version {}: {}", failed.version, failed.message()));
    text.map_or(ParquetValue::Missing, ParquetValue::Text)
}

/// What takes all of these values without losing anything of them.
fn kind_of(values: impl Iterator<Item = Value>) -> ParquetKind {
    let mut kind = None;
    for value in values {
        let own = match &value {
            Value::Null => continue,
            Value::Bool(_) => ParquetKind::Bool,
            Value::Number(number) if number.is_i64() => ParquetKind::Integer,
            Value::Number(number) if number.to_string().len() <= MOST_DIGITS => ParquetKind::Real,
            Value::String(text) if time_in(text).is_some() => ParquetKind::Time,
            Value::Array(_) | Value::Object(_) => ParquetKind::Json,
            Value::Number(_) | Value::String(_) => ParquetKind::Text,
        };
        kind = match (kind, own) {
            (None, own) => Some(own),
            (Some(kind), own) if kind == own => continue,
            // A whole number may be longer than the other's digits.
            (Some(ParquetKind::Integer), ParquetKind::Real) | (Some(ParquetKind::Real), ParquetKind::Integer) => {
                Some(ParquetKind::Real)
            }
            _ => return ParquetKind::Text,
        };
    }
    kind.unwrap_or(ParquetKind::Text)
}

/// The time that a text is, where it is one in UTC with no more digits than are kept.
fn time_in(text: &str) -> Option<Timestamp> {
    const MICROSECONDS: usize = 6;
    let fraction = text.strip_suffix('Z')?.split_once('.').map_or(0, |(_, digits)| digits.len());
    Timestamp::parse_rfc3339(text).filter(|_| fraction <= MICROSECONDS)
}

fn value_of(value: &Value, kind: ParquetKind) -> ParquetValue {
    let found = match (kind, value) {
        (_, Value::Null) => return ParquetValue::Missing,
        (ParquetKind::Bool, Value::Bool(is)) => Some(ParquetValue::Bool(*is)),
        (ParquetKind::Integer, Value::Number(number)) => number.as_i64().map(ParquetValue::Integer),
        (ParquetKind::Real, Value::Number(number)) => number.as_f64().map(ParquetValue::Real),
        (ParquetKind::Time, Value::String(text)) => time_in(text).map(|at| ParquetValue::Integer(at.micros())),
        _ => Some(ParquetValue::Text(plain(value))),
    };
    found.unwrap_or(ParquetValue::Missing)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_column_is_of_what_takes_every_value_whole() {
        for (values, kind) in [
            (vec![json!(null)], ParquetKind::Text),
            (vec![json!(true), json!(null)], ParquetKind::Bool),
            (vec![json!(1), json!(-5)], ParquetKind::Integer),
            (vec![json!(1), json!(2.5)], ParquetKind::Real),
            (vec![json!(18_446_744_073_709_551_615_u64)], ParquetKind::Text),
            (vec![json!("2025-01-01T00:00:00Z"), json!("2025-01-01T00:00:00.123456Z")], ParquetKind::Time),
            (vec![json!("2025-01-01T00:00:00.1234567Z")], ParquetKind::Text),
            (vec![json!("2025-01-01T00:00:00Z"), json!("soon")], ParquetKind::Text),
            (vec![json!("2025-01-01T00:00:00+09:00")], ParquetKind::Text),
            (vec![json!([1]), json!({})], ParquetKind::Json),
            (vec![json!([1]), json!(1)], ParquetKind::Text),
        ] {
            assert_eq!(kind_of(values.clone().into_iter()), kind, "{values:?}");
        }
    }
}
