use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::Projection;
use super::cells::{Cell, RawJson, cell_value};
use super::path::{PathStep, item_path, key_path, leaf_count, nth_leaf, path_steps, step_into};

/// A state, to be looked at leaf by leaf in the order of [`super::leaves`]. Making one costs as much as the state has
/// cells; what is long inside of a cell is only made where it is looked at.
#[derive(Debug)]
pub struct Look<P: Projection> {
    projection: P,
    state: P::State,
    /// Where the leaves of each cell begin, and behind the last one their number.
    starts: Vec<usize>,
    /// The cell that was last read from its text: neighbouring leaves lie in one.
    read: Mutex<Option<(usize, Arc<Value>)>>,
}

impl<P: Projection> Look<P> {
    pub fn new(projection: P, state: P::State) -> Self {
        let mut starts = vec![0];
        let mut end = 0;
        if let Some(whole) = projection.as_json(&state) {
            let is_nothing = whole.is_null() || whole.as_object().is_some_and(Map::is_empty);
            starts.push(if is_nothing { 0 } else { leaf_count(whole) });
        } else {
            projection.cells(&state, &mut |_, cell| {
                end += cell.leaf_count();
                starts.push(end);
            });
        }
        Self { projection, state, starts, read: Mutex::default() }
    }

    pub fn leaf_count(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The value at a path, `null` where there is none.
    pub fn value(&self, path: &str) -> Value {
        cell_value(&self.projection, &self.state, path)
    }

    /// The leaf at a place, with its path.
    pub fn leaf(&self, place: usize) -> Option<(String, Value)> {
        if place >= self.leaf_count() {
            return None;
        }
        if let Some(whole) = self.projection.as_json(&self.state) {
            return nth_leaf(String::new(), whole, place);
        }
        let at = self.starts.partition_point(|start| *start <= place).checked_sub(1)?;
        let inside = place - self.starts.get(at)?;
        let (name, cell) = self.projection.cell_at(&self.state, at)?;
        let path = key_path("", name);
        match cell {
            Cell::List(items) if !items.is_empty() => {
                let index = last_that_begins_by(items.len(), inside, |index| items.leaves_before(index));
                nth_leaf(item_path(&path, index), &items.item(index), inside - items.leaves_before(index))
            }
            Cell::Json(value) => nth_leaf(path, value, inside),
            Cell::Raw(raw) if raw.leaves > 1 => nth_leaf(path, &self.read(at, raw), inside),
            cell => nth_leaf(path, &cell.to_value(), inside),
        }
    }

    fn read(&self, at: usize, raw: RawJson<'_>) -> Arc<Value> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let value = match &*read {
            Some((known, value)) if *known == at => Arc::clone(value),
            _ => Arc::new(raw.to_value()),
        };
        *read = Some((at, Arc::clone(&value)));
        value
    }

    /// The place of the first leaf that stands at a path or below.
    pub fn place_of(&self, path: &str) -> Option<usize> {
        let steps = path_steps(path)?;
        if let Some(whole) = self.projection.as_json(&self.state) {
            return place_in(whole, &steps);
        }
        let (PathStep::Key(name), rest) = steps.split_first()? else { return None };
        let (mut at, mut found) = (0, None);
        self.projection.cells(&self.state, &mut |known, cell| {
            if known == name {
                found = Some((at, cell));
            }
            at += 1;
        });
        let (at, cell) = found?;
        let inside = match (cell, rest) {
            (_, []) => 0,
            (Cell::List(items), [PathStep::Item(index), rest @ ..]) if *index < items.len() => {
                items.leaves_before(*index) + place_in(&items.item(*index), rest)?
            }
            (Cell::Json(value), rest) => place_in(value, rest)?,
            (Cell::Raw(raw), rest) => place_in(&self.read(at, raw), rest)?,
            _ => return None,
        };
        Some(self.starts.get(at)? + inside)
    }

    /// The fields that hold more leaves than this, in their order.
    pub fn long_groups(&self, leaves: usize) -> Vec<(String, Range<usize>)> {
        let mut groups = Vec::new();
        let mut at = 0;
        let mut take = |name: &str, count: usize| {
            if count > leaves {
                groups.push((key_path("", name), at..at + count));
            }
            at += count;
        };
        match self.projection.as_json(&self.state) {
            Some(Value::Object(fields)) => fields.iter().for_each(|(name, value)| take(name, leaf_count(value))),
            Some(_) => {}
            None => self.projection.cells(&self.state, &mut |name, cell| take(name, cell.leaf_count())),
        }
        groups
    }

    /// How many leaves stand at a path or below; `None` where nothing stands.
    pub fn leaves_at(&self, path: &str) -> Option<usize> {
        let steps = path_steps(path)?;
        if let Some(whole) = self.projection.as_json(&self.state) {
            return step_into(whole, &steps).map(leaf_count);
        }
        let (PathStep::Key(name), rest) = steps.split_first()? else { return None };
        let cell = self.projection.cell(&self.state, name)?;
        if rest.is_empty() { Some(cell.leaf_count()) } else { cell.value_at(rest).as_ref().map(leaf_count) }
    }
}

/// How many leaves of a value come before the first one at a place inside of it.
fn place_in(value: &Value, steps: &[PathStep]) -> Option<usize> {
    let Some((step, rest)) = steps.split_first() else { return Some(0) };
    let mut before = 0;
    let mut is_it = |is_it: bool, value: &Value| {
        if !is_it {
            before += leaf_count(value);
        }
        is_it
    };
    let inner = match (value, step) {
        (Value::Object(fields), PathStep::Key(key)) => {
            fields.iter().find(|(name, value)| is_it(*name == key, value)).map(|(_, value)| value)
        }
        (Value::Array(items), PathStep::Item(index)) => {
            items.iter().enumerate().find(|(at, value)| is_it(at == index, value)).map(|(_, value)| value)
        }
        _ => None,
    }?;
    Some(before + place_in(inner, rest)?)
}

/// The last of so many places whose beginning is not behind `wanted`; beginnings ascend.
fn last_that_begins_by(count: usize, wanted: usize, begin: impl Fn(usize) -> usize) -> usize {
    let (mut low, mut high) = (0, count);
    while low + 1 < high {
        let middle = low.midpoint(high);
        if begin(middle) <= wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::projection::leaves;

    #[test]
    fn the_place_of_a_leaf_is_where_walking_over_all_of_them_finds_it() {
        let value = json!({"a": 1, "list": [{"x": 1, "y": []}, 2, [3, 4]], "empty": {}, "b.c": {"d": null}});
        let mut at = 0;
        leaves(&value, &mut |path, _| {
            assert_eq!(place_in(&value, &path_steps(path).expect("a path")), Some(at), "{path}");
            at += 1;
        });
        assert_eq!(at, 8);
        let place = |path| place_in(&value, &path_steps(path).expect("a path"));
        assert_eq!(place("list"), Some(1));
        assert_eq!(place("list[2]"), Some(4));
        assert_eq!(place("list[9]"), None);
        assert_eq!(place("gone"), None);
    }
}
