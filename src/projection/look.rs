use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::Projection;
use super::cells::Cell;
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
            Cell::Raw(raw) if raw.leaves > 1 => {
                let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
                let value = match &*read {
                    Some((known, value)) if *known == at => Arc::clone(value),
                    _ => Arc::new(raw.to_value()),
                };
                *read = Some((at, Arc::clone(&value)));
                nth_leaf(path, &value, inside)
            }
            cell => nth_leaf(path, &cell.to_value(), inside),
        }
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
