use std::fmt::Debug;
use std::ops::Range;

use serde_json::Value;

use crate::projection::{Look, Projection, beginning_of_leaf, cell_value, path_value};

/// A state and the one before it, without the type of their projection. Leaves are addressed by their place and made
/// when they are asked for.
pub trait StateLook: Send + Sync + Debug {
    /// How many leaves the state has.
    fn leaf_count(&self) -> usize;

    /// The leaf at a place, with its path.
    fn leaf(&self, place: usize) -> Option<(String, Value)>;

    /// How many leaves stand at a path or below; `None` where nothing stands.
    fn leaves_at(&self, path: &str) -> Option<usize>;

    /// The place of the first leaf at a path or below.
    fn place_of(&self, path: &str) -> Option<usize>;

    /// The fields of the state that hold more leaves than this.
    fn long_groups(&self, leaves: usize) -> Vec<Group>;

    /// The value at a path, `null` where there is none.
    fn value(&self, path: &str) -> Value;

    /// The value at a path before the event, `null` where there was none.
    fn value_before(&self, path: &str) -> Value;
}

/// A field that holds many leaves, and their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub path: String,
    pub leaves: Range<usize>,
}

#[derive(Debug)]
pub(super) struct BeforeAndAfter<P: Projection> {
    pub(super) projection: P,
    pub(super) before: P::State,
    pub(super) after: Look<P>,
}

impl<P: Projection> StateLook for BeforeAndAfter<P> {
    fn leaf_count(&self) -> usize {
        self.after.leaf_count()
    }

    fn leaf(&self, place: usize) -> Option<(String, Value)> {
        self.after.leaf(place)
    }

    fn leaves_at(&self, path: &str) -> Option<usize> {
        self.after.leaves_at(path)
    }

    fn place_of(&self, path: &str) -> Option<usize> {
        self.after.place_of(path)
    }

    fn long_groups(&self, leaves: usize) -> Vec<Group> {
        self.after.long_groups(leaves).into_iter().map(|(path, leaves)| Group { path, leaves }).collect()
    }

    fn value(&self, path: &str) -> Value {
        self.after.value(path)
    }

    fn value_before(&self, path: &str) -> Value {
        if let Some(whole) = self.projection.as_json(&self.before) {
            return path_value(whole, path).map(beginning_of_leaf).unwrap_or_default();
        }
        cell_value(&self.projection, &self.before, path)
    }
}
