use std::collections::{BTreeMap, HashMap};

use super::DayOfStore;
use crate::event::{EventRow, EventType, Timestamp, actor_in};

/// When events were recorded, and who recorded them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How many in each quarter of an hour since 1970: of these a day is made up anywhere on earth.
    quarters: HashMap<i64, u64>,
    people: HashMap<String, u64>,
    /// The types of events in the streams of each category, by its number.
    types: Vec<HashMap<EventType, u64>>,
}

/// A store whose clocks ran wild has no more quarters than these, and none more people.
const MOST_QUARTERS: usize = 1_000_000;
const MOST_PEOPLE: usize = 20_000;

/// More types of one category are names of something else.
const MOST_TYPES: usize = 2_000;

const MICROS_A_QUARTER: i64 = 15 * 60 * 1_000_000;
const MICROS_A_DAY: i64 = 86_400_000_000;

impl Tally {
    pub(super) fn take(&mut self, row: &EventRow<'_>, category: u32) {
        let category = category as usize;
        if self.types.len() <= category {
            self.types.resize_with(category + 1, HashMap::new);
        }
        if let Some(types) = self.types.get_mut(category) {
            if let Some(count) = types.get_mut(row.event_type) {
                *count += 1;
            } else if types.len() < MOST_TYPES {
                types.insert(row.event_type.clone(), 1);
            }
        }
        if let Some(at) = row.recorded_at {
            let quarter = at.micros().div_euclid(MICROS_A_QUARTER);
            if let Some(count) = self.quarters.get_mut(&quarter) {
                *count += 1;
            } else if self.quarters.len() < MOST_QUARTERS {
                self.quarters.insert(quarter, 1);
            }
        }
        let Some(actor) = actor_in(row.metadata) else { return };
        if let Some(count) = self.people.get_mut(actor.as_ref()) {
            *count += 1;
        } else if self.people.len() < MOST_PEOPLE {
            self.people.insert(actor.into_owned(), 1);
        }
    }

    /// Every day with events, on a clock that is so many seconds ahead of UTC.
    pub(super) fn days(&self, offset: impl Fn(Timestamp) -> i64) -> Vec<DayOfStore> {
        let mut days: BTreeMap<i32, u64> = BTreeMap::new();
        for (quarter, count) in &self.quarters {
            let begin = quarter * MICROS_A_QUARTER;
            let wall = begin.saturating_add(offset(Timestamp::from_micros(begin)) * 1_000_000);
            *days.entry(wall.div_euclid(MICROS_A_DAY) as i32).or_default() += count;
        }
        days.into_iter().map(|(number, events)| DayOfStore { number, events }).collect()
    }

    /// Who recorded the most, and how much.
    pub(super) fn busiest(&self, most: usize) -> Vec<(String, u64)> {
        let mut people: Vec<(&String, &u64)> = self.people.iter().collect();
        people.sort_unstable_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        people.into_iter().take(most).map(|(name, count)| (name.clone(), *count)).collect()
    }

    /// The types of events in the streams of a category, the most frequent first.
    pub(super) fn types(&self, category: u32) -> Vec<EventType> {
        let mut types: Vec<(&EventType, &u64)> = self.types.get(category as usize).into_iter().flatten().collect();
        types.sort_unstable_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.as_str().cmp(b.0.as_str())));
        types.into_iter().map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn people(&self) -> usize {
        self.people.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_clock_that_is_asked_for() {
        let mut tally = Tally::default();
        for time in ["2025-03-11T14:59:59Z", "2025-03-11T15:00:00Z", "2025-03-11T18:20:00Z", "1969-12-31T23:59:00Z"] {
            let at = Timestamp::parse_rfc3339(time).expect("a time");
            *tally.quarters.entry(at.micros().div_euclid(MICROS_A_QUARTER)).or_default() += 1;
        }
        let days = |minutes: i64| -> Vec<(i32, u64)> {
            tally.days(|_| minutes * 60).into_iter().map(|day| (day.number, day.events)).collect()
        };
        assert_eq!(days(0), [(-1, 1), (20_158, 3)]);
        assert_eq!(days(9 * 60), [(0, 1), (20_158, 1), (20_159, 2)], "Seoul");
        assert_eq!(days(5 * 60 + 45), [(0, 1), (20_158, 2), (20_159, 1)], "Kathmandu");
    }
}
