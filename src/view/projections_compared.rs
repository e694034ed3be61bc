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
    /// Those with an event that says why before the others; the widest first.
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
    groups.sort_by_key(|group| (group.first.from.is_none(), std::cmp::Reverse(group.partitions)));
    groups.truncate(MOST_GROUPS);
    BothCompared { partitions: found.partitions, differing: found.differing, groups }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::engine::{Differs, ExplainingEvent};
    use crate::event::{Cursor, Version};

    #[test]
    fn what_an_event_explains_comes_before_what_no_event_was_looked_for_however_much_that_is() {
        let difference = |partition: &str, field: &str, event_type: Option<&str>| PartitionDifference {
            partition: partition.into(),
            field: field.to_owned(),
            old: Value::Null,
            new: Value::Bool(true),
            what: Differs::State,
            from: event_type.map(|event_type| ExplainingEvent {
                stream: partition.into(),
                version: Version(0),
                event_type: event_type.into(),
            }),
        };
        let mut differences: Vec<PartitionDifference> =
            (0..9).map(|number| difference(&format!("late-{number}"), "total", None)).collect();
        differences.push(difference("a-1", "total", Some("paid")));
        differences.extend(["a-1", "a-2"].map(|partition| difference(partition, "total", Some("placed"))));
        let found = ProjectionsCompared {
            partitions: 20,
            differing: 11,
            differences,
            events: 20,
            read_to: Cursor::default(),
            unexplained: 9,
        };
        let groups = grouped(found).groups;
        let told = |group: &DifferenceGroup| {
            (group.first.from.as_ref().map(|from| from.event_type.to_string()), group.partitions)
        };
        let (placed, paid) = (Some("placed".to_owned()), Some("paid".to_owned()));
        assert_eq!(groups.iter().map(told).collect::<Vec<_>>(), [(placed, 2), (paid, 1), (None, 9)]);
    }
}
