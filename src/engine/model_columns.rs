//! States as rows of a read model: which columns it has, and what stands in each.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::columns::{columns_for, fields_of};
use crate::index::Choice;
use crate::projection::{key_path, path_value};
use crate::store::{ColumnKind, ModelColumn, ModelError, ModelRow, ReadModel};

/// More fields than these share one column.
pub(super) const MOST_COLUMNS: usize = 400;

/// The column for the others.
pub(super) const MORE: &str = "more_fields";

/// The columns that every table has, and the one that is kept for what finds no place.
pub(super) fn taken(columns: &[ModelColumn]) -> HashSet<String> {
    let own = ["stream", "version", "recorded_at", MORE].map(str::to_owned);
    own.into_iter().chain(columns.iter().map(|column| column.name.to_ascii_lowercase())).collect()
}

/// Gives a table a column for each field that these states are the first to have. `false` where these are too many.
pub(super) fn add_columns(
    model: &mut dyn ReadModel,
    choice: &Choice,
    columns: &mut Vec<ModelColumn>,
    rows: &[(ModelRow, Value)],
) -> Result<bool, ModelError> {
    if columns.iter().any(|column| column.name == MORE) {
        return Ok(true);
    }
    let fields = fields_of(choice, MOST_COLUMNS + 1, || -> Result<_, ModelError> {
        let met = rows.iter().filter_map(|(_, state)| state.as_object()).flat_map(Map::keys);
        Ok(met.cloned().collect())
    })?;
    let known: HashSet<&str> = columns.iter().map(|column| column.path.as_str()).collect();
    let unknown: Vec<String> =
        fields.into_iter().filter(|field| !known.contains(key_path("", field).as_str())).collect();
    if unknown.is_empty() {
        return Ok(true);
    }
    if columns.len() + unknown.len() > MOST_COLUMNS {
        return Ok(false);
    }
    for column in columns_for(&unknown, &mut taken(columns)) {
        let values = rows.iter().map(|(_, state)| path_value(state, &column.path).unwrap_or(&Value::Null));
        let kind = values.map(ColumnKind::of).fold(ColumnKind::Empty, ColumnKind::and);
        let column = ModelColumn { name: column.name, path: column.path, kind };
        model.add_column(&column)?;
        columns.push(column);
    }
    Ok(true)
}

/// What stands in each column.
pub(super) fn values_of(
    columns: &[ModelColumn],
    value: impl Fn(&str) -> Option<Value>,
    whole: impl Fn() -> Value,
) -> Vec<Value> {
    let of_column = |column: &ModelColumn| {
        if column.path.is_empty() {
            return Value::String(rest(columns, whole()));
        }
        value(&column.path).unwrap_or_default()
    };
    columns.iter().map(of_column).collect()
}

/// The fields that have no column of their own.
fn rest(columns: &[ModelColumn], state: Value) -> String {
    let Value::Object(fields) = state else { return Value::Null.to_string() };
    let known: HashSet<&str> = columns.iter().map(|column| column.path.as_str()).collect();
    let rest = fields.into_iter().filter(|(name, _)| !known.contains(key_path("", name).as_str()));
    Value::Object(rest.collect()).to_string()
}
