//! Two projections held against each other over the whole store, from the window.

use std::collections::HashMap;

use super::{UserError, WindowTool};
use crate::engine::{
    Asked, CompareSide, CompareWish, Engine, PartitionDifference, ProjectionsCompared, Question, Ticket, Tool,
    compare_projections,
};
use crate::event::{EventType, StreamId};
use crate::index::StoreMoment;
use crate::store::Store;

/// Groups that are shown; a comparison with more is one for the command line.
const MOST_GROUPS: usize = 1_000;

/// Which two are compared, and what came of it.
#[derive(Debug, Default)]
pub struct ComparingOwn {
    /// By what they are called.
    pub old: String,
    pub new: String,
    /// Those that there are to choose from.
    sides: Vec<(String, CompareSide)>,
    pub asked: Asked<CompareBoth>,
}

impl ComparingOwn {
    /// Takes those that there are now; the first two are chosen where none were.
    pub(super) fn offer(&mut self, sides: Vec<(String, CompareSide)>) {
        self.sides = sides;
        let mut names = self.sides.iter().map(|(name, _)| name);
        let is_known = |wanted: &str| self.sides.iter().any(|(name, _)| name == wanted);
        let (first, second) = (names.next().cloned(), names.next().cloned());
        if !is_known(&self.old) {
            self.old = first.unwrap_or_default();
        }
        if !is_known(&self.new) {
            self.new = second.unwrap_or_default();
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sides.iter().map(|(name, _)| name.as_str())
    }

    fn side(&self, name: &str) -> Option<CompareSide> {
        self.sides.iter().find(|(known, _)| known == name).map(|(_, side)| side.clone())
    }

    pub fn can_start(&self) -> bool {
        self.old != self.new && self.side(&self.old).is_some() && self.side(&self.new).is_some()
    }
}

impl WindowTool for ComparingOwn {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        if let (Some(old), Some(new)) = (self.side(&self.old), self.side(&self.new)) {
            self.asked.ask(engine, CompareBoth { old, new });
        }
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct CompareBoth {
    old: CompareSide,
    new: CompareSide,
}

/// Differences that began with events of one type, in one field.
#[derive(Debug)]
pub struct DifferenceGroup {
    pub first: PartitionDifference,
    pub partitions: u64,
}

#[derive(Debug)]
pub struct BothCompared {
    pub partitions: u64,
    pub differing: u64,
    /// The widest first.
    pub groups: Vec<DifferenceGroup>,
}

impl Question for CompareBoth {
    type Answer = BothCompared;
    type Error = UserError;
    const WHAT: &'static str = "folding events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<BothCompared, UserError> {
        if let Some(events) = reader.kept_events()? {
            ticket.set_total(events);
        }
        let Self { old, new } = self;
        let wish = CompareWish { old, new, at: StoreMoment::Latest, budget: ticket.memory().allowed() };
        Ok(grouped(compare_projections(reader, &wish, ticket)?))
    }
}

fn grouped(found: ProjectionsCompared) -> BothCompared {
    let mut places: HashMap<(Option<EventType>, String, crate::engine::Differs), usize> = HashMap::new();
    let mut groups: Vec<DifferenceGroup> = Vec::new();
    for difference in found.differences {
        let event_type = difference.from.as_ref().map(|from| from.event_type.clone());
        let key = (event_type, difference.field.clone(), difference.what);
        match places.get(&key).and_then(|place| groups.get_mut(*place)) {
            Some(group) => group.partitions += 1,
            None => {
                places.insert(key, groups.len());
                groups.push(DifferenceGroup { first: difference, partitions: 1 });
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.partitions));
    groups.truncate(MOST_GROUPS);
    BothCompared { partitions: found.partitions, differing: found.differing, groups }
}
