//! Two projections held against each other over the whole store, from the window.

use std::collections::{HashMap, HashSet};

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
    /// Takes those that there are now: those that the store has, and others, which nobody is offered before they are chosen.
    /// It begins with the one in view, a user's own as what is new, and with the first that is another.
    pub(super) fn offer(
        &mut self,
        of_store: Vec<(String, CompareSide)>,
        others: Vec<(String, CompareSide)>,
        in_view: Option<&str>,
    ) {
        // Some of different streams are of one name, and a side of that name is each of them where it is for.
        let mut known = HashSet::new();
        self.sides = of_store;
        self.sides.retain(|(name, _)| known.insert(name.clone()));
        let of_store = self.sides.len();
        self.sides.extend(others.into_iter().filter(|(name, _)| known.insert(name.clone())));
        let seen = in_view.and_then(|seen| self.sides.iter().find(|(name, _)| name == seen)).or(self.sides.first());
        let Some((seen, side)) = seen else { return };
        let other_than = |taken: &str| {
            let other = self.names().take(of_store).find(|name| *name != taken);
            other.unwrap_or_default().to_owned()
        };
        let (old, new) = (self.side(&self.old).map(|_| &self.old), self.side(&self.new).map(|_| &self.new));
        (self.old, self.new) = match (old, new) {
            (Some(_), Some(_)) => return,
            (Some(old), None) => (old.clone(), other_than(old)),
            (None, Some(new)) => (other_than(new), new.clone()),
            (None, None) if matches!(side, CompareSide::Own(_)) => (other_than(seen), seen.clone()),
            (None, None) => (seen.clone(), other_than(seen)),
        };
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
    use crate::script::Script;

    #[test]
    fn it_begins_with_the_one_in_view_and_another_and_keeps_what_was_chosen() {
        let own = |name: &str| {
            let script = Script::read(name, "fromAll().when({ $any: s => s })").expect("a projection");
            (name.to_owned(), CompareSide::Own(script))
        };
        let built_in = |name: &str| (name.to_owned(), CompareSide::BuiltIn(name.to_owned()));
        let chosen = |tool: &ComparingOwn| (tool.old.clone(), tool.new.clone());
        let offer = |tool: &mut ComparingOwn, of_store: Vec<_>, in_view| {
            tool.offer(of_store, vec![built_in("search"), built_in("fields")], in_view);
        };
        let sides = || vec![own("a.js"), own("b.js"), built_in("fields")];
        for (in_view, old, new) in [
            (None, "b.js", "a.js"),
            (Some("b.js"), "a.js", "b.js"),
            (Some("fields"), "fields", "a.js"),
            (Some("gone.js"), "b.js", "a.js"),
        ] {
            let mut tool = ComparingOwn::default();
            offer(&mut tool, sides(), in_view);
            assert_eq!(chosen(&tool), (old.to_owned(), new.to_owned()), "{in_view:?}");
            assert!(tool.can_start());
            offer(&mut tool, sides(), Some("fields"));
            assert_eq!(chosen(&tool), (old.to_owned(), new.to_owned()), "it was chosen");
            assert_eq!(tool.names().collect::<Vec<_>>(), ["a.js", "b.js", "fields", "search"]);
        }
        let mut alone = ComparingOwn::default();
        offer(&mut alone, vec![built_in("fields")], None);
        assert_eq!(chosen(&alone), ("fields".to_owned(), String::new()), "the store has no other");
        assert!(!alone.can_start());
        alone.old = "search".to_owned();
        offer(&mut alone, sides(), Some("b.js"));
        assert_eq!(chosen(&alone), ("search".to_owned(), "a.js".to_owned()), "one was chosen, and another came");
    }

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
