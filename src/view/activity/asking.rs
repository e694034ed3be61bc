//! What is asked about the events that are found: in words, which fields changed, and who did how much on which day.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use chrono::{Datelike, Months, NaiveDate};

use super::found::wall_day;
use crate::engine::{
    Asked, Days, Engine, Question, Search, Term, Ticket, ToldEvent, Wanted, moved_fields, search, tell,
};
use crate::event::{StreamId, Timestamp, Version};
use crate::replay::MovedField;
use crate::store::{Store, StoreError};
use crate::view::signs::SignBook;
use crate::view::{Clock, UserError};

/// An event by its place.
pub type Place = (StreamId, Version);

/// More than a window shows at once.
const AT_ONCE: usize = 80;

/// More than these are told anew when they are seen again.
const MOST_KEPT: usize = 4_000;

/// An event as it is told, and the number of its type's sign.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldRow {
    pub told: ToldEvent,
    pub sign: usize,
}

/// The rows that were seen lately, as they are told.
#[derive(Debug, Default)]
pub struct Telling {
    known: HashMap<Place, Rc<ToldRow>>,
    asked_for: HashSet<Place>,
    /// The fields that are told before the others.
    named: Vec<String>,
    pub(super) asked: Asked<TellRows>,
}

impl Telling {
    pub fn of(&self, stream: &StreamId, version: Version) -> Option<Rc<ToldRow>> {
        self.known.get(&(stream.clone(), version)).cloned()
    }

    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.asked_for.clear();
    }

    /// What was told without these is told anew.
    pub(super) fn name(&mut self, fields: Vec<String>) {
        if self.named != fields {
            self.named = fields;
            self.asked.cancel();
            self.forget();
        }
    }

    /// These rows are seen.
    pub(super) fn want(&mut self, engine: &Engine, seen: impl Iterator<Item = Place>) {
        if self.asked.is_loading() {
            return;
        }
        let wanted: Vec<Place> = seen.filter(|place| !self.asked_for.contains(place)).take(AT_ONCE).collect();
        if wanted.is_empty() {
            return;
        }
        if self.asked_for.len() > MOST_KEPT {
            self.forget();
        }
        self.asked_for.extend(wanted.iter().cloned());
        self.asked.ask(engine, TellRows { wanted, named: self.named.clone() });
    }

    pub(super) fn poll(&mut self, engine: &Engine, signs: &mut SignBook) -> bool {
        let has_come = self.asked.poll(engine);
        if has_come {
            for told in self.asked.take().unwrap_or_default() {
                let types = std::slice::from_ref(&told.event_type);
                let signs = signs.for_types(told.stream.category(), told.aggregate, types);
                let row = ToldRow { sign: signs.of(told.event_type.as_str()), told };
                self.known.insert((row.told.stream.clone(), row.told.version), Rc::new(row));
            }
        }
        has_come
    }
}

#[derive(Clone, Debug)]
pub struct TellRows {
    wanted: Vec<Place>,
    named: Vec<String>,
}

impl Question for TellRows {
    type Answer = Vec<ToldEvent>;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Vec<ToldEvent>, UserError> {
        Ok(told_of(reader, &self.wanted, &self.named, ticket))
    }
}

/// These events as they are told. One that cannot be read leaves the others what they are; whoever opens it is told why.
fn told_of(reader: &dyn Store, wanted: &[Place], named: &[String], ticket: &Ticket) -> Vec<ToldEvent> {
    if let Ok(told) = tell(reader, wanted, named, &mut |count| ticket.reached(count)) {
        return told;
    }
    let one =
        |place: &Place| tell(reader, std::slice::from_ref(place), named, &mut |_| ticket.flow()).unwrap_or_default();
    wanted.iter().take_while(|_| !ticket.is_cancelled()).flat_map(one).collect()
}

/// So many of the events found, the newest, are looked at for the fields that they changed.
pub const LOOKED_AT: usize = 1_000;

/// Counts the fields that events changed.
#[derive(Clone, Debug)]
pub struct CountFields(pub(super) Vec<Place>);

/// Fields by how many of the events did something to them, most first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldCounts {
    /// Set for the first time, changed or removed.
    pub set: Vec<(String, u64)>,
    /// Those that had a value before, by how often it was replaced.
    pub replaced: Vec<(String, u64)>,
    /// Of how many events.
    pub of: usize,
}

impl Question for CountFields {
    type Answer = FieldCounts;
    type Error = UserError;
    const WHAT: &'static str = "counting fields";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<FieldCounts, UserError> {
        let moved = moved_by(reader, &self.0, ticket);
        if ticket.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let replaced = counted(&moved, |field| field.had_value);
        Ok(FieldCounts { set: counted(&moved, |_| true), replaced, of: moved.len() })
    }
}

/// What each of these events changed. One that cannot be read leaves the others what they are.
fn moved_by(reader: &dyn Store, wanted: &[Place], ticket: &Ticket) -> Vec<Vec<MovedField>> {
    if let Ok(moved) = moved_fields(reader, wanted, &mut |count| ticket.reached(count)) {
        return moved;
    }
    let one = |place: &Place| moved_fields(reader, std::slice::from_ref(place), &mut |_| ticket.flow());
    wanted.iter().take_while(|_| !ticket.is_cancelled()).flat_map(|place| one(place).unwrap_or_default()).collect()
}

/// The fields that such a change was made to, by how many events made one, most first.
fn counted(moved: &[Vec<MovedField>], is_such: impl Fn(&MovedField) -> bool) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for field in moved.iter().flatten().filter(|field| is_such(field)) {
        *counts.entry(&field.name).or_default() += 1;
    }
    let mut fields: Vec<(String, u64)> = counts.into_iter().map(|(field, count)| (field.to_owned(), count)).collect();
    fields.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    fields
}

/// A month on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: NaiveDate,
}

impl Month {
    /// The one in which a day lies, since 1970.
    pub fn of_day(number: i32) -> Option<Self> {
        let date = chrono::DateTime::from_timestamp(i64::from(number) * 86_400, 0)?.date_naive();
        Some(Self { first: date.with_day(1)? })
    }

    pub(super) fn of(at: Timestamp, clock: Clock) -> Option<Self> {
        Self::of_day(wall_day(at, clock))
    }

    /// Whether one of its days is among these.
    pub(super) fn has_any_of(self, days: Days, clock: Clock) -> bool {
        let own = self.days();
        days.from.is_none_or(|from| wall_day(from, clock) < own.end)
            && days.end.is_none_or(|end| wall_day(end.plus_micros(-1), clock) >= own.start)
    }

    /// So many months later; earlier where that is less than nought.
    pub fn later(self, months: i32) -> Option<Self> {
        let by = Months::new(months.unsigned_abs());
        let first = if months < 0 { self.first.checked_sub_months(by) } else { self.first.checked_add_months(by) };
        first.map(|first| Self { first })
    }

    /// `2025-03`, as it is typed in a search.
    pub fn name(self) -> String {
        self.first.format("%Y-%m").to_string()
    }

    /// Its days since 1970.
    pub fn days(self) -> std::ops::Range<i32> {
        let number = |date: NaiveDate| {
            let days = date.signed_duration_since(NaiveDate::default()).num_days();
            i32::try_from(days).unwrap_or_default()
        };
        let end = self.later(1).map_or(self.first, |next| next.first);
        number(self.first)..number(end)
    }

    /// The days that are shown of it: no days to come, and before the newest of all two weeks at least, so that “last
    /// Tuesday” is there on the first of a month, too.
    pub(super) fn days_shown(self, newest: Option<i32>) -> std::ops::Range<i32> {
        const BACK: i32 = 13;
        let days = self.days();
        match newest.filter(|newest| days.contains(newest)) {
            Some(newest) => days.start.min(newest - BACK)..newest + 1,
            None => days,
        }
    }
}

/// People that have a column in the strip.
pub const PEOPLE_SHOWN: usize = 5;

/// Counts what was done in a month, by day and by who did it.
#[derive(Clone, Debug)]
pub struct CountDays {
    /// What is looked for, whoever did it and whenever it was.
    pub(super) search: Search,
    pub(super) month: Month,
    /// Which days of it, and when they begin and end.
    pub(super) range: std::ops::Range<i32>,
    pub(super) days: Days,
    pub(super) clock: Clock,
}

/// What was done in a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonthOfPeople {
    pub month: Option<Month>,
    /// Its days since 1970.
    pub days: std::ops::Range<i32>,
    /// Who did the most, with how much.
    pub people: Vec<(String, u64)>,
    /// By day since 1970 and the place of the person.
    cells: HashMap<(i32, usize), u64>,
    /// The most that anybody did on a day.
    pub most: u64,
}

impl MonthOfPeople {
    pub fn events(&self, day: i32, person: usize) -> u64 {
        self.cells.get(&(day, person)).copied().unwrap_or(0)
    }
}

impl CountDays {
    pub(super) fn is_of(&self, range: &std::ops::Range<i32>, search: &Search, clock: Clock) -> bool {
        self.range == *range && self.clock.name == clock.name && self.search.terms == search.terms
    }
}

impl Question for CountDays {
    type Answer = MonthOfPeople;
    type Error = UserError;
    const WHAT: &'static str = "counting days";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<MonthOfPeople, UserError> {
        let Self { search: mut wanted, month, range, days, clock } = self;
        wanted.terms.push(Term { range: 0..0, wanted: Wanted::Time(days), is_denied: false });
        let mut counts: HashMap<String, HashMap<i32, u64>> = HashMap::new();
        search(reader, &wanted, &mut |looked_at| ticket.reached(looked_at), &mut |event| {
            if let (Some(actor), Some(at)) = (event.actor, event.recorded_at) {
                *counts.entry(actor).or_default().entry(wall_day(at, clock)).or_default() += 1;
            }
            ticket.flow()
        })?;
        if ticket.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let total = |days: &HashMap<i32, u64>| days.values().sum::<u64>();
        let mut people: Vec<(String, u64)> = counts.iter().map(|(name, days)| (name.clone(), total(days))).collect();
        people.sort_by(|(name, count), (other, others)| others.cmp(count).then_with(|| name.cmp(other)));
        let cells: HashMap<(i32, usize), u64> = people
            .iter()
            .enumerate()
            .flat_map(|(place, (name, _))| {
                let days = counts.get(name).into_iter().flatten();
                days.map(move |(day, count)| ((*day, place), *count))
            })
            .collect();
        let most = cells.values().copied().max().unwrap_or(0);
        Ok(MonthOfPeople { month: Some(month), days: range, people, cells, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_its_days_and_neighbours() {
        let at = Timestamp::parse_rfc3339("2024-02-29T23:30:00Z").unwrap_or_default();
        let utc = Clock { name: "utc", offset: |_| 0 };
        let month = Month::of(at, utc).expect("a month");
        assert_eq!(month.name(), "2024-02");
        assert_eq!(month.days(), 19_754..19_783);
        assert!(month.days().contains(&wall_day(at, utc)));
        let names = [-2, 1, 11].map(|by| month.later(by).map(Month::name).unwrap_or_default());
        assert_eq!(names, ["2023-12", "2024-03", "2025-01"]);
        assert_eq!(month.days_shown(None), month.days());
        assert_eq!(month.days_shown(Some(19_900)), month.days(), "of an earlier month all");
        assert_eq!(month.days_shown(Some(19_756)), 19_743..19_757, "two weeks, and no day to come");
        assert_eq!(month.days_shown(Some(19_780)), 19_754..19_781);
        let seoul = Clock { name: "seoul", offset: |_| 9 * 3_600 };
        assert_eq!(Month::of(at, seoul).map(Month::name).as_deref(), Some("2024-03"));
    }
}
