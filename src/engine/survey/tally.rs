use std::collections::{BTreeMap, HashMap};

use crate::event::{EventRow, Version, actor_in};

/// Every day on which events were recorded, and who recorded them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By the number of the day since 1970, in UTC.
    pub(super) days: BTreeMap<i32, Day>,
    people: HashMap<String, u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) events: u64,
    /// Its last event: the stream's number in the directory, and the version.
    pub(super) stream: u32,
    pub(super) version: Version,
}

/// A store whose clocks ran wild has no more days than these, and none more people.
const MOST_DAYS: usize = 100_000;
const MOST_PEOPLE: usize = 20_000;

const MICROS_A_DAY: i64 = 86_400_000_000;

impl Tally {
    pub(super) fn take(&mut self, row: &EventRow<'_>, stream: u32) {
        if let Some(at) = row.recorded_at {
            let day = at.micros().div_euclid(MICROS_A_DAY) as i32;
            let is_counted = self.days.len() < MOST_DAYS || self.days.contains_key(&day);
            if is_counted {
                let day = self.days.entry(day).or_insert(Day { events: 0, stream, version: row.version });
                *day = Day { events: day.events + 1, stream, version: row.version };
            }
        }
        let Some(actor) = actor_in(row.metadata) else { return };
        if let Some(count) = self.people.get_mut(actor.as_ref()) {
            *count += 1;
        } else if self.people.len() < MOST_PEOPLE {
            self.people.insert(actor.into_owned(), 1);
        }
    }

    /// Who recorded the most, and how much.
    pub(super) fn busiest(&self, most: usize) -> Vec<(String, u64)> {
        let mut people: Vec<(&String, &u64)> = self.people.iter().collect();
        people.sort_unstable_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        people.into_iter().take(most).map(|(name, count)| (name.clone(), *count)).collect()
    }

    pub(super) fn people(&self) -> usize {
        self.people.len()
    }
}
