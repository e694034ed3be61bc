use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, Range};

use super::Index;
use crate::projection::{parents, root_field};

/// Which event changed which field. Both ways: the fields of an event, and the events of a field, in order.
#[derive(Debug, Default)]
pub(super) struct ChangeIndex {
    paths: Vec<Box<str>>,
    by_path: HashMap<Box<str>, u32>,
    /// Those inside another value, in order, so that all inside one are found together.
    nested: BTreeMap<Box<str>, u32>,
    /// For each path the events that changed it, ascending.
    events: Vec<Vec<u32>>,
    /// The paths of all events behind one another; event `n` ends at `ends[n]`.
    changed: Vec<u32>,
    ends: Vec<u32>,
    /// For each field the events that changed nothing of it but how much it holds.
    sizes: HashMap<Box<str>, Vec<u32>>,
}

impl ChangeIndex {
    /// As it stood after the first so many events.
    pub(super) fn up_to(&self, events: usize) -> Self {
        let ends = self.ends[..events].to_vec();
        let before = |of: &Vec<u32>| of[..of.partition_point(|event| (*event as usize) < events)].to_vec();
        Self {
            paths: self.paths.clone(),
            by_path: self.by_path.clone(),
            nested: self.nested.clone(),
            events: self.events.iter().map(before).collect(),
            changed: self.changed[..ends.last().map_or(0, |end| *end as usize)].to_vec(),
            ends,
            sizes: self.sizes.iter().map(|(path, events)| (path.clone(), before(events))).collect(),
        }
    }

    /// Notes that this event changed how much a field of the state holds, and nothing else of it.
    pub(super) fn note_size(&mut self, path: &str, index: Index) {
        self.sizes.entry(path.into()).or_default().push(index as u32);
    }

    /// Notes that the event being folded changed this field.
    pub(super) fn note(&mut self, path: &str, index: Index) {
        let id = match self.find(path) {
            Some(id) => id,
            None => {
                let id = self.paths.len() as u32;
                self.paths.push(path.into());
                self.by_path.insert(path.into(), id);
                if path.contains(['.', '[']) {
                    self.nested.insert(path.into(), id);
                }
                self.events.push(Vec::new());
                id
            }
        };
        self.events[id as usize].push(index as u32);
        self.changed.push(id);
    }

    /// Most events change one of a few fields; those are found without hashing.
    fn find(&self, path: &str) -> Option<u32> {
        const FEW: usize = 12;
        let first = self.paths.iter().take(FEW).position(|known| **known == *path);
        first.map(|id| id as u32).or_else(|| self.by_path.get(path).copied())
    }

    pub(super) fn end_event(&mut self) {
        self.ends.push(self.changed.len() as u32);
    }

    pub(super) fn of_event(&self, index: Index) -> Vec<&str> {
        self.changed[self.place_of_event(index)].iter().map(|id| &*self.paths[*id as usize]).collect()
    }

    /// Every path that the events of a range changed, each once.
    pub(super) fn of_events(&self, range: Range<Index>) -> Vec<&str> {
        let place = |index: Index| self.place_of_event(index);
        let (start, end) = (range.start, range.end.min(self.ends.len()));
        let changes = if start < end { place(start).start..place(end - 1).end } else { 0..0 };
        if changes.len() < self.paths.len() {
            let mut ids = self.changed[changes].to_vec();
            ids.sort_unstable();
            ids.dedup();
            return ids.into_iter().map(|id| &*self.paths[id as usize]).collect();
        }
        let is_changed = |events: &Vec<u32>| {
            let next = events.partition_point(|event| (*event as usize) < start);
            events.get(next).is_some_and(|event| (*event as usize) < end)
        };
        self.paths.iter().zip(&self.events).filter(|(_, events)| is_changed(events)).map(|(path, _)| &**path).collect()
    }

    pub(super) fn count_of_event(&self, index: Index) -> usize {
        self.place_of_event(index).len()
    }

    /// Where in `changed` the paths of an event stand.
    fn place_of_event(&self, index: Index) -> Range<usize> {
        let Some(end) = self.ends.get(index) else { return 0..0 };
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..*end as usize
    }

    /// Whether the event changed the value at this path as such.
    pub(super) fn is_changed(&self, index: Index, path: &str) -> bool {
        let events = self.by_path.get(path).and_then(|id| self.events.get(*id as usize));
        events.is_some_and(|events| events.binary_search(&(index as u32)).is_ok())
    }

    /// The last event up to `index` that changed what stands at `path`: the field itself, a value that contains it,
    /// or one inside it. The empty path is the whole state.
    pub(super) fn last_change(&self, index: Index, path: &str) -> Option<Index> {
        if path.is_empty() {
            let last = index.min(self.ends.len().checked_sub(1)?);
            return (0..=last).rev().find(|index| !self.of_event(*index).is_empty());
        }
        let last = |id: u32| {
            let events = self.events_of(id);
            events.partition_point(|event| *event as usize <= index).checked_sub(1).and_then(|at| events.get(at))
        };
        self.around(path).into_iter().filter_map(last).max().map(|event| *event as Index)
    }

    /// Every event that changed what stands at `path`, ascending.
    pub(super) fn every_change(&self, path: &str) -> Vec<Index> {
        let events = self.around(path).into_iter().flat_map(|id| self.events_of(id)).map(|event| *event as Index);
        let mut events: Vec<Index> = events.collect();
        events.sort_unstable();
        events.dedup();
        events
    }

    /// The same within a range of events, in no order, and those that changed only how much a field of the state holds.
    pub(super) fn changes_within(&self, path: &str, range: &Range<Index>) -> Vec<Index> {
        let mut within = Vec::new();
        let sizes = self.sizes.get(path).map(Vec::as_slice);
        for events in self.around(path).into_iter().map(|id| self.events_of(id)).chain(sizes) {
            let place = |index: Index| events.partition_point(|event| (*event as usize) < index);
            let found = events.get(place(range.start)..place(range.end)).unwrap_or_default();
            within.extend(found.iter().map(|event| *event as Index));
        }
        within
    }

    /// The fields of the state that were ever changed, in the order in which each first was.
    pub(super) fn fields(&self) -> Vec<String> {
        self.paths.iter().filter_map(|path| root_field(path)).collect()
    }

    fn events_of(&self, id: u32) -> &[u32] {
        self.events.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// The known paths whose change is one of what stands at `path`: itself, what contains it, what it contains.
    fn around(&self, path: &str) -> Vec<u32> {
        if self.nested.is_empty() && !path.contains(['.', '[']) {
            return [path, ""].into_iter().filter_map(|known| self.by_path.get(known)).copied().collect();
        }
        // A state that is no object, or becomes one, changes as a whole.
        let outward = parents(path).into_iter().chain([""]).filter_map(|known| self.by_path.get(known));
        let inward = [".", "["].into_iter().flat_map(|opening| {
            let prefix = format!("{path}{opening}");
            let starts_so = prefix.clone();
            self.nested
                .range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded))
                .take_while(move |(known, _)| known.starts_with(&*starts_so))
                .map(|(_, id)| id)
                .collect::<Vec<_>>()
        });
        outward.chain(inward).copied().collect()
    }
}
