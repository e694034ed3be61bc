mod listing;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::arena::Arena;
use super::folding::folded;
use super::naming::{NAMELESS, Named, Rank};
use crate::event::{StreamId, Version};
use crate::store::StreamRow;
pub use listing::{FoundStream, ListedStream, StreamGroup};

/// Every stream of a store with what it is called, in some hundred bytes each.
#[derive(Debug, Default)]
pub(super) struct Directory {
    ids: Arena,
    /// The ids as they are compared, once one of them is not so itself.
    folded_ids: Option<Arena>,
    /// Where in `streams` an id stands: open addressing, by the id's hash; nought is empty, else one more than the place.
    slots: Vec<u32>,
    hasher: RandomState,
    streams: Vec<Stream>,
    categories: Vec<Category>,
    category_numbers: HashMap<String, u32>,
    names: Arena,
    folded_names: Arena,
    /// Which stream each name is of; one that was renamed has another by now.
    named: Vec<u32>,
    events: u64,
}

#[derive(Debug)]
struct Stream {
    category: u32,
    /// Of its name; none where it has none.
    name: Option<u32>,
    rank: Rank,
    /// Its first event was looked at.
    is_begun: bool,
    events: u64,
    last_version: Version,
    /// Counts up over the store: the stream that changed last has the highest.
    changed: u64,
}

#[derive(Debug)]
struct Category {
    name: String,
    streams: u64,
}

/// A store with more than these is listed and filtered by the store itself, by ids alone.
const MOST_STREAMS: usize = 8_000_000;
const MOST_TEXT: usize = 512 << 20;

impl Directory {
    /// Of all streams together, as the store counts them.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn streams(&self) -> u64 {
        self.streams.len() as u64
    }

    pub(super) fn is_full(&self) -> bool {
        self.streams.len() >= MOST_STREAMS || self.ids.size() + self.names.size() >= MOST_TEXT
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let Self { ids, folded_ids, slots, streams, names, folded_names, named, .. } = self;
        let texts = [Some(ids), folded_ids.as_ref(), Some(names), Some(folded_names)];
        let texts: usize = texts.into_iter().flatten().map(Arena::bytes).sum();
        let numbers = (slots.capacity() + named.capacity()) * size_of::<u32>();
        (texts + numbers + streams.capacity() * size_of::<Stream>()) as u64
    }

    pub(super) fn find(&self, id: &str) -> Option<u32> {
        let place = self.slot(id);
        self.slots.get(place).and_then(|slot| slot.checked_sub(1))
    }

    /// Where an id stands, or is to stand.
    fn slot(&self, id: &str) -> usize {
        let mask = self.slots.len().wrapping_sub(1);
        let mut place = self.hasher.hash_one(id) as usize & mask;
        while let Some(stream) = self.slots.get(place).and_then(|slot| slot.checked_sub(1)) {
            if self.ids.get(stream) == id {
                break;
            }
            place = (place + 1) & mask;
        }
        place
    }

    /// Notes what the store says of a stream, known or new.
    pub(super) fn set(&mut self, row: &StreamRow) {
        let number = self.begin(&row.stream, &row.category);
        let category = self.category(&row.category);
        let Some(stream) = self.streams.get_mut(number as usize) else { return };
        if stream.category != category {
            let before = std::mem::replace(&mut stream.category, category);
            self.count(before, -1);
            self.count(category, 1);
        }
        let Some(stream) = self.streams.get_mut(number as usize) else { return };
        stream.last_version = row.last_version;
        let before = std::mem::replace(&mut stream.events, row.events);
        self.events = self.events.saturating_sub(before) + row.events;
    }

    /// The number of a stream, that is new perhaps.
    pub(super) fn begin(&mut self, id: &StreamId, category: &str) -> u32 {
        if (self.streams.len() + 1) * 4 > self.slots.len() * 3 {
            self.make_room();
        }
        let place = self.slot(id.as_str());
        if let Some(known) = self.slots.get(place).and_then(|slot| slot.checked_sub(1)) {
            return known;
        }
        let number = self.ids.push(id.as_str());
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = number + 1;
        }
        let compared = folded(id.as_str());
        if self.folded_ids.is_none() && compared != id.as_str() {
            let mut all = Arena::default();
            for before in 0..number {
                all.push(self.ids.get(before));
            }
            self.folded_ids = Some(all);
        }
        if let Some(all) = &mut self.folded_ids {
            all.push(&compared);
        }
        let category = self.category(category);
        self.count(category, 1);
        self.streams.push(Stream {
            category,
            name: None,
            rank: NAMELESS,
            is_begun: false,
            events: 0,
            last_version: Version(0),
            changed: 0,
        });
        number
    }

    fn make_room(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        self.slots = vec![0; size];
        for number in 0..self.streams.len() as u32 {
            let place = self.slot(self.ids.get(number));
            if let Some(slot) = self.slots.get_mut(place) {
                *slot = number + 1;
            }
        }
    }

    fn category(&mut self, name: &str) -> u32 {
        if let Some(number) = self.category_numbers.get(name) {
            return *number;
        }
        let number = self.categories.len() as u32;
        self.categories.push(Category { name: name.to_owned(), streams: 0 });
        self.category_numbers.insert(name.to_owned(), number);
        number
    }

    fn count(&mut self, category: u32, by: i64) {
        if let Some(category) = self.categories.get_mut(category as usize) {
            category.streams = category.streams.saturating_add_signed(by);
        }
    }

    /// The number of a stream's category, small and without gaps.
    pub(super) fn category_number(&self, stream: u32) -> u32 {
        self.streams.get(stream as usize).map_or(0, |stream| stream.category)
    }

    pub(super) fn find_category(&self, name: &str) -> Option<u32> {
        self.category_numbers.get(name).copied()
    }

    /// Notes that an event of the stream was looked at, the n-th of the store. Answers whether it is the first of its
    /// stream.
    pub(super) fn pass(&mut self, number: u32, nth: u64) -> bool {
        let Some(stream) = self.streams.get_mut(number as usize) else { return false };
        stream.changed = nth;
        !std::mem::replace(&mut stream.is_begun, true)
    }

    /// Takes a name on, unless a better one is known.
    pub(super) fn rename(&mut self, number: u32, named: &Named) {
        let Some(stream) = self.streams.get_mut(number as usize) else { return };
        let is_known = stream.name.is_some_and(|name| self.names.get(name) == named.text);
        if named.rank > stream.rank || is_known {
            return;
        }
        stream.rank = named.rank;
        stream.name = Some(self.names.push(&named.text));
        self.folded_names.push(&folded(&named.text));
        self.named.push(number);
        if self.named.len() > 2 * self.streams.len() + 1024 {
            self.forget_former_names();
        }
    }

    fn forget_former_names(&mut self) {
        let before = std::mem::take(&mut self.names);
        self.folded_names = Arena::default();
        self.named.clear();
        for (number, stream) in (0..).zip(&mut self.streams) {
            let Some(name) = stream.name else { continue };
            let text = before.get(name);
            stream.name = Some(self.names.push(text));
            self.folded_names.push(&folded(text));
            self.named.push(number);
        }
    }

    pub(super) fn name(&self, number: u32) -> Option<&str> {
        self.streams.get(number as usize)?.name.map(|name| self.names.get(name))
    }

    pub(super) fn category_of(&self, number: u32) -> &str {
        let category =
            self.streams.get(number as usize).and_then(|stream| self.categories.get(stream.category as usize));
        category.map_or("", |category| &category.name)
    }

    /// As it stands in a list: its name, or its id without what its category says already.
    fn shown(&self, number: u32) -> &str {
        let Some(stream) = self.streams.get(number as usize) else { return "" };
        match stream.name {
            Some(name) => self.folded_names.get(name),
            None => short_id(self.folded_ids.as_ref().unwrap_or(&self.ids).get(number), self.category_of(number)),
        }
    }
}

/// An id without its category's name before it: `17` of `lead-17` in `lead`. Whole where it does not begin so.
pub fn short_id<'t>(id: &'t str, category: &str) -> &'t str {
    let rest = id
        .get(..category.len())
        .filter(|begin| begin.eq_ignore_ascii_case(category))
        .and_then(|_| id.get(category.len()..));
    let rest = rest.and_then(|rest| rest.strip_prefix(['-', ':', '_', '/', '.', '#', '|', '$']));
    rest.filter(|rest| !rest.is_empty() && !category.is_empty()).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::StreamKey;
    use crate::store::StreamOrder;

    fn row(stream: &str, events: u64) -> StreamRow {
        let stream = StreamId::from(stream);
        StreamRow {
            key: StreamKey(0),
            category: stream.category().to_owned(),
            stream,
            events,
            first_version: Version(0),
            last_version: Version(events),
            first_at: None,
            last_at: None,
        }
    }

    fn directory() -> Directory {
        let mut directory = Directory::default();
        let streams =
            [("lead-10", "Zoë"), ("lead-9", "Maria Ortiz"), ("ticket-3", "환불 문의"), ("lead-11", ""), ("lead-2", "")];
        for (nth, (stream, name)) in (1..).zip(streams) {
            directory.set(&row(stream, 10 * nth));
            let number = directory.find(stream).expect("known");
            assert!(directory.pass(number, 100 - nth));
            if !name.is_empty() {
                directory.rename(number, &Named { rank: 0, text: name.to_owned() });
            }
        }
        directory
    }

    fn listed(directory: &Directory, filter: Option<&str>, order: StreamOrder) -> Vec<String> {
        let groups = directory.list(filter, order, 10);
        groups.iter().flat_map(|group| &group.rows).map(|row| row.stream.to_string()).collect()
    }

    #[test]
    fn a_filter_finds_by_id_and_by_name_without_case_and_marks() {
        let directory = directory();
        for (filter, found) in [
            ("maria", vec!["lead-9"]),
            ("ZOE", vec!["lead-10"]),
            ("불 문", vec!["ticket-3"]),
            ("ead-1", vec!["lead-10", "lead-11"]),
            ("TICKET", vec!["ticket-3"]),
            ("nobody", vec![]),
        ] {
            assert_eq!(listed(&directory, Some(filter), StreamOrder::Began), found, "{filter}");
        }
    }

    #[test]
    fn each_order_is_by_what_it_says_and_by_name_is_by_what_is_shown() {
        let directory = directory();
        for (order, streams) in [
            (StreamOrder::Began, ["lead-10", "lead-9", "lead-11", "lead-2"]),
            (StreamOrder::Recent, ["lead-10", "lead-9", "lead-11", "lead-2"]),
            (StreamOrder::Longest, ["lead-2", "lead-11", "lead-9", "lead-10"]),
            (StreamOrder::Name, ["lead-2", "lead-11", "lead-9", "lead-10"]),
        ] {
            assert_eq!(listed(&directory, Some("lead"), order), streams, "{order:?}");
        }
        let first = directory.list(None, StreamOrder::Longest, 2);
        assert_eq!((first[0].total, first[0].found, first[0].rows.len()), (Some(4), Some(4), 2));
        assert_eq!(first[0].rows[0].stream.as_str(), "lead-2", "the first of all, not of those that came first");
    }

    #[test]
    fn a_stream_that_is_renamed_is_found_by_its_new_name_alone() {
        let mut directory = directory();
        let number = directory.find("lead-9").expect("known");
        for nth in 0..5_000 {
            directory.rename(number, &Named { rank: 0, text: format!("name {nth}") });
        }
        directory.rename(number, &Named { rank: 3, text: "worse".to_owned() });
        assert_eq!(listed(&directory, Some("name 4999"), StreamOrder::Began), ["lead-9"]);
        assert!(listed(&directory, Some("maria"), StreamOrder::Began).is_empty());
        assert!(listed(&directory, Some("worse"), StreamOrder::Began).is_empty());
        assert!(directory.named.len() < 3_000, "former names are forgotten");
        assert_eq!(listed(&directory, Some("zoe"), StreamOrder::Began), ["lead-10"]);
    }

    #[test]
    fn what_begins_with_the_text_is_likelier() {
        let mut directory = directory();
        directory.set(&row("lead-40", 1));
        let number = directory.find("lead-40").expect("known");
        directory.rename(number, &Named { rank: 0, text: "Anna Maria".to_owned() });
        let found = directory.likely("maria", 5);
        let names: Vec<&str> = found.iter().filter_map(|found| found.name.as_deref()).collect();
        assert_eq!(names, ["Maria Ortiz", "Anna Maria"]);
        assert_eq!(directory.likely("lead", 2).len(), 2);
    }

    #[test]
    fn thousands_of_streams_are_each_found_again() {
        let mut directory = Directory::default();
        for number in 0..10_000 {
            directory.set(&row(&format!("Order-{number}"), 1));
        }
        for number in [0, 1, 5_000, 9_999] {
            assert_eq!(directory.find(&format!("Order-{number}")), Some(number));
        }
        assert_eq!((directory.find("Order-10000"), directory.find("")), (None, None));
        directory.set(&row("Order-7", 4));
        assert_eq!((directory.streams.len(), directory.events()), (10_000, 10_003));
        assert_eq!(listed(&directory, Some("order-9999"), StreamOrder::Began), ["Order-9999"]);
    }

    #[test]
    fn an_id_is_short_where_its_category_says_the_rest() {
        for (id, category, short) in [
            ("lead-17", "lead", "17"),
            ("Lead:a-b", "lead", "a-b"),
            ("account:7", "account", "7"),
            ("lead-", "lead", "lead-"),
            ("leader-1", "lead", "leader-1"),
            ("17", "lead", "17"),
            ("리드-1", "리드", "1"),
            ("-1", "", "-1"),
        ] {
            assert_eq!(short_id(id, category), short, "{id}");
        }
    }
}
