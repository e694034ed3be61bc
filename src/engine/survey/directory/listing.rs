//! The streams as they are listed and looked for.

use super::super::folding::{folded, natural};
use super::Directory;
use crate::event::{StreamId, Version};
use crate::store::StreamOrder;

/// The streams of one category, as they are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamGroup {
    pub category: String,
    /// How many there are, without the filter. `None` before they were counted.
    pub total: Option<u64>,
    /// How many of them the filter lets through, where more are found than are listed. `None` as for `total`.
    pub found: Option<u64>,
    pub rows: Vec<ListedStream>,
}

impl StreamGroup {
    /// One more is in it, and goes through the filter.
    pub fn count_one(&mut self) {
        for count in [&mut self.total, &mut self.found] {
            *count = count.map(|count| count + 1);
        }
    }
}

/// A stream as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedStream {
    pub stream: StreamId,
    /// What it is called by those who work with it, where that is known.
    pub name: Option<String>,
    pub events: u64,
    pub last_version: Version,
}

/// A stream that was looked for by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundStream {
    pub stream: StreamId,
    pub name: Option<String>,
    pub category: String,
}

impl Directory {
    /// The first of all streams in an order.
    pub(in crate::engine::survey) fn top(&self, order: StreamOrder, most: usize) -> Vec<ListedStream> {
        let all = (0..self.streams.len() as u32).collect();
        self.first(all, order, most).into_iter().map(|number| self.listed(number)).collect()
    }

    /// Whether a stream's id or name holds this text; by its number, in the order in which they began.
    pub(in crate::engine::survey) fn matching(&self, filter: &str) -> Vec<bool> {
        let wanted = folded(filter);
        let mut is_found = vec![false; self.streams.len()];
        let mut mark = |number: u32| {
            if let Some(is_found) = is_found.get_mut(number as usize) {
                *is_found = true;
            }
        };
        self.folded_ids.as_ref().unwrap_or(&self.ids).each_with(&wanted, &mut mark);
        self.folded_names.each_with(&wanted, &mut |name| {
            let owner = self.named.get(name as usize).copied();
            let is_current =
                |owner: &u32| self.streams.get(*owner as usize).is_some_and(|stream| stream.name == Some(name));
            owner.filter(is_current).into_iter().for_each(&mut mark);
        });
        is_found
    }

    /// Their numbers.
    fn found(&self, filter: &str) -> Vec<u32> {
        let is_found = (0..).zip(self.matching(filter));
        is_found.filter_map(|(number, is_found)| is_found.then_some(number)).collect()
    }

    /// The streams by category, the largest first, of each no more than `most`.
    pub(in crate::engine::survey) fn list(
        &self,
        filter: Option<&str>,
        order: StreamOrder,
        most: usize,
    ) -> Vec<StreamGroup> {
        let mut of_category: Vec<Vec<u32>> = self.categories.iter().map(|_| Vec::new()).collect();
        let mut add = |number: u32| {
            let category = self.streams.get(number as usize).map(|stream| stream.category as usize);
            if let Some(numbers) = category.and_then(|category| of_category.get_mut(category)) {
                numbers.push(number);
            }
        };
        match filter {
            Some(filter) => self.found(filter).into_iter().for_each(&mut add),
            None => (0..self.streams.len() as u32).for_each(&mut add),
        }
        let listed = self.categories.iter().zip(of_category).map(|(category, numbers)| StreamGroup {
            category: category.name.clone(),
            total: Some(category.streams),
            found: Some(numbers.len() as u64),
            rows: self.first(numbers, order, most).into_iter().map(|number| self.listed(number)).collect(),
        });
        let mut groups: Vec<StreamGroup> = listed.filter(|group| group.total > Some(0)).collect();
        groups.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.category.cmp(&b.category)));
        groups
    }

    /// The first of these in an order; only they are put in order.
    fn first(&self, mut numbers: Vec<u32>, order: StreamOrder, most: usize) -> Vec<u32> {
        let key = |number: &u32| self.streams.get(*number as usize).map_or((0, 0), |of| (of.changed, of.events));
        let compare = |a: &u32, b: &u32| match order {
            StreamOrder::Began => a.cmp(b),
            StreamOrder::Recent => key(b).0.cmp(&key(a).0).then_with(|| a.cmp(b)),
            StreamOrder::Longest => key(b).1.cmp(&key(a).1).then_with(|| a.cmp(b)),
            StreamOrder::Name => natural(self.shown(*a), self.shown(*b)).then_with(|| a.cmp(b)),
        };
        if numbers.len() > most && order != StreamOrder::Began {
            numbers.select_nth_unstable_by(most, compare);
        }
        numbers.truncate(most);
        numbers.sort_unstable_by(compare);
        numbers
    }

    fn listed(&self, number: u32) -> ListedStream {
        let stream = self.streams.get(number as usize);
        ListedStream {
            stream: self.ids.get(number).into(),
            name: self.name(number).map(str::to_owned),
            events: stream.map_or(0, |stream| stream.events),
            last_version: stream.map_or(Version(0), |stream| stream.last_version),
        }
    }

    /// The streams that somebody means who types this, the likeliest first: those that begin with it before those
    /// that only hold it.
    pub(in crate::engine::survey) fn likely(&self, text: &str, most: usize) -> Vec<FoundStream> {
        let wanted = folded(text);
        let rank = |number: &u32| {
            let (shown, id) = (self.shown(*number), folded(self.ids.get(*number)));
            let begins = shown.starts_with(&wanted) || id.starts_with(&wanted);
            // Of those that hold it, the shortest is the most of it.
            let length = [shown, &id].into_iter().filter(|text| text.contains(&wanted)).map(str::len).min();
            (!begins, length, *number)
        };
        let mut found = self.found(text);
        if found.len() > most {
            found.select_nth_unstable_by_key(most, rank);
            found.truncate(most);
        }
        found.sort_by_key(rank);
        let stream = |number: u32| FoundStream {
            stream: self.ids.get(number).into(),
            name: self.name(number).map(str::to_owned),
            category: self.category_of(number).to_owned(),
        };
        found.into_iter().map(stream).collect()
    }
}
