use serde_json::{Map, Value};

use super::Projection;
use super::path::{PathStep, item_path, key_path, path_steps, step_into};
use crate::event::Timestamp;

/// One value of a shown state, borrowed: comparing two states of a dozen fields makes no copies.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'s> {
    Null,
    Bool(bool),
    Number(i64),
    Text(&'s str),
    Time(Timestamp),
    Json(&'s Value),
    List(&'s dyn Items),
}

/// A list whose items are made only when they are looked at.
pub trait Items: std::fmt::Debug {
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn item(&self, index: usize) -> Value;
}

impl<'s> Cell<'s> {
    pub fn text(text: Option<&'s str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    pub fn time(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Null, Self::Time)
    }

    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(is) => is.into(),
            Self::Number(number) => number.into(),
            Self::Text(text) => text.into(),
            Self::Time(at) => at.to_string().into(),
            Self::Json(value) => value.clone(),
            Self::List(items) => (0..items.len()).map(|index| items.item(index)).collect(),
        }
    }
}

pub fn show_cells<P: Projection>(projection: &P, state: &P::State) -> Value {
    if let Some(whole) = projection.as_json(state) {
        return whole.clone();
    }
    let mut fields = Map::new();
    projection.cells(state, &mut |name, cell| {
        fields.insert(name.to_owned(), cell.to_value());
    });
    Value::Object(fields)
}

/// Compares two states cell by cell. The general way, which looks at everything once.
pub fn report_cells<P: Projection>(projection: &P, before: &P::State, after: &P::State, report: &mut dyn FnMut(&str)) {
    if let (Some(before), Some(after)) = (projection.as_json(before), projection.as_json(after)) {
        report_value_changes("", before, after, report);
        return;
    }
    let old = gather(|visit| projection.cells(before, visit));
    let new = gather(|visit| projection.cells(after, visit));
    compare_cells(&old, &new, report);
}

pub(super) type NamedCell<'s> = (&'s str, Cell<'s>);

pub(super) fn gather<'s>(cells: impl FnOnce(&mut dyn FnMut(&'s str, Cell<'s>))) -> Vec<NamedCell<'s>> {
    let mut gathered = Vec::with_capacity(16);
    cells(&mut |name, cell| gathered.push((name, cell)));
    gathered
}

pub(super) fn compare_cells(old: &[NamedCell<'_>], new: &[NamedCell<'_>], report: &mut dyn FnMut(&str)) {
    let is_same_shape = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.0 == b.0);
    if is_same_shape {
        // The rule for typed states: the same fields in the same order.
        for ((name, was), (_, is)) in old.iter().zip(new) {
            report_cell(name, *was, *is, report);
        }
        return;
    }
    let find = |cells: &[NamedCell<'_>], name: &str| cells.iter().any(|(known, _)| *known == name);
    for (name, was) in old {
        let is = new.iter().find(|(known, _)| known == name).map_or(Cell::Null, |(_, is)| *is);
        report_cell(name, *was, is, report);
    }
    for (name, is) in new.iter().filter(|(name, _)| !find(old, name)) {
        report_cell(name, Cell::Null, *is, report);
    }
}

/// The value at a path of a shown state, without showing the rest of it.
pub fn cell_value<P: Projection>(projection: &P, state: &P::State, path: &str) -> Value {
    let Some(steps) = path_steps(path) else { return Value::Null };
    if let Some(whole) = projection.as_json(state) {
        return step_into(whole, &steps).cloned().unwrap_or(Value::Null);
    }
    let Some((PathStep::Key(field), rest)) = steps.split_first() else { return Value::Null };
    let mut found = Value::Null;
    projection.cells(state, &mut |name, cell| {
        if name == field {
            found = match (cell, rest) {
                (Cell::List(items), [PathStep::Item(index), rest @ ..]) if *index < items.len() => {
                    step_into(&items.item(*index), rest).cloned().unwrap_or(Value::Null)
                }
                (Cell::Json(value), rest) => step_into(value, rest).cloned().unwrap_or(Value::Null),
                (cell, []) => cell.to_value(),
                _ => Value::Null,
            };
        }
    });
    found
}

fn report_cell(name: &str, before: Cell<'_>, after: Cell<'_>, report: &mut dyn FnMut(&str)) {
    match (before, after) {
        (Cell::Null, Cell::Null) => {}
        (Cell::Bool(a), Cell::Bool(b)) if a == b => {}
        (Cell::Number(a), Cell::Number(b)) if a == b => {}
        (Cell::Text(a), Cell::Text(b)) if a == b => {}
        (Cell::Time(a), Cell::Time(b)) if a == b => {}
        (Cell::Json(a), Cell::Json(b)) => report_value_changes(&key_path("", name), a, b, report),
        (Cell::Json(Value::Null), Cell::Null) | (Cell::Null, Cell::Json(Value::Null)) => {}
        (Cell::List(a), Cell::List(b)) => {
            let path = key_path("", name);
            for index in 0..a.len().max(b.len()) {
                let item = |items: &dyn Items| if index < items.len() { items.item(index) } else { Value::Null };
                report_value_changes(&item_path(&path, index), &item(a), &item(b), report);
            }
        }
        _ => report(&key_path("", name)),
    }
}

/// The paths at which two values differ: as deep as both are of one shape. What is absent and what is `null` are
/// the same.
pub fn report_value_changes(path: &str, before: &Value, after: &Value, report: &mut dyn FnMut(&str)) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, was) in a {
                report_value_changes(&key_path(path, key), was, b.get(key).unwrap_or(&Value::Null), report);
            }
            for (key, is) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                report_value_changes(&key_path(path, key), &Value::Null, is, report);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for index in 0..a.len().max(b.len()) {
                let (was, is) = (a.get(index).unwrap_or(&Value::Null), b.get(index).unwrap_or(&Value::Null));
                report_value_changes(&item_path(path, index), was, is, report);
            }
        }
        _ => report(path),
    }
}

/// The paths at which two shown states differ, without the named bookkeeping fields, in the order of the fields.
pub fn diff_values(before: &Value, after: &Value, bookkeeping: &[&str]) -> Vec<String> {
    let mut paths = Vec::new();
    report_value_changes("", before, after, &mut |path| {
        if !bookkeeping.contains(&path) {
            paths.push(path.to_owned());
        }
    });
    paths
}
