use std::fmt::Write;
use std::ops::Range;

use chrono::{DateTime, Datelike, Timelike};

use super::loaded::Loaded;
use super::rows::text;
use super::tally::{Counts, Tally};
use crate::event::{Timestamp, spoken_date};
use crate::replay::Index;

/// How many events one look goes over, and how many changed fields, so that a frame stays a frame however long the
/// stream is: some two milliseconds' worth.
const LOOKED_AT: usize = 2_048;
const FIELDS_LOOKED_AT: usize = 4_096;

/// The events of a stream that have a text in their type, author, reason, changed fields or the values these got, or
/// that were recorded at such a time; found a little in each frame.
#[derive(Debug, Default)]
pub struct HistoryFilter {
    pub text: String,
    /// The first event that is found is to be gone to.
    pub wants_first: bool,
    wanted: String,
    /// In which times are read.
    zone: &'static str,
    found: Vec<Index>,
    /// Of the types of what was found.
    tally: Tally,
    looked_at: Index,
    readings: u64,
    /// Raised whenever it has looked on.
    looks: u64,
}

/// What a filter found so far, and how much of it lies where.
#[derive(Clone, Copy, Debug)]
pub struct Matches<'a> {
    pub(super) found: &'a [Index],
    pub(super) tally: &'a Tally,
}

impl Matches<'_> {
    pub fn has(&self, index: Index) -> bool {
        self.found.binary_search(&index).is_ok()
    }

    /// By type, from one event up to, and without, the other.
    pub fn between(&self, from: Index, to: Index) -> Counts {
        let place = |index: Index| self.found.partition_point(|found| *found < index);
        self.tally.between(place(from), place(to))
    }
}

impl HistoryFilter {
    /// One that is to find this.
    pub(super) fn of(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    /// The places that have been found, or `None` where nothing is filtered.
    pub fn found(&self) -> Option<&[Index]> {
        (!self.wanted.is_empty()).then_some(self.found.as_slice())
    }

    /// The same with their types.
    pub fn matches(&self) -> Option<Matches<'_>> {
        Some(Matches { found: self.found()?, tally: &self.tally })
    }

    /// Another number whenever there is something else to show.
    pub fn looks(&self) -> u64 {
        self.looks
    }

    /// Looks on. Says whether there is more to look at.
    pub(super) fn advance(
        &mut self,
        loaded: &Loaded,
        readings: u64,
        zone: &'static str,
        offset: &dyn Fn(Timestamp) -> i64,
    ) -> bool {
        let wanted = self.text.trim().to_lowercase();
        if wanted != self.wanted || readings != self.readings || zone != self.zone {
            let looks = self.looks + 1;
            let (text, wants_first) = (std::mem::take(&mut self.text), self.wants_first);
            *self = Self { text, wants_first, wanted, zone, readings, looks, ..Self::default() };
        }
        if self.wanted.is_empty() {
            return false;
        }
        let count = loaded.timeline.heads().len();
        let range = next(loaded, self.looked_at);
        let time = part_of_time(&self.wanted).or_else(|| spoken_date(&self.wanted));
        let mut clock = String::new();
        let mut is_of_time = |index: Index| {
            let at = loaded.timeline.heads().get(index).and_then(|head| head.recorded_at);
            time.as_deref().zip(at).is_some_and(|(time, at)| is_at(at, offset(at), time, &mut clock))
        };
        let mut found: Vec<Index> =
            range.clone().filter(|index| is_of_time(*index) || has(loaded, *index, &self.wanted)).collect();
        let by_words = found.len();
        let mut last = None;
        loaded.timeline.visit_values(range.clone(), &mut |index, value| {
            let is_known =
                last == Some(index) || found.get(..by_words).is_some_and(|f| f.binary_search(&index).is_ok());
            if !is_known && is_in(&text(value), &self.wanted) {
                found.push(index);
                last = Some(index);
            }
        });
        found.sort_unstable();
        for index in found {
            self.found.push(index);
            self.tally.push(loaded.types.tally().lane(index).unwrap_or_default());
        }
        self.looks += u64::from(range.end > self.looked_at);
        self.looked_at = range.end;
        self.looked_at < count
    }
}

/// The next events to look at: fewer where each changed much.
fn next(loaded: &Loaded, from: Index) -> Range<Index> {
    let timeline = loaded.timeline.as_ref();
    let most = (from + LOOKED_AT).min(timeline.heads().len());
    let mut fields = 0;
    let is_enough = |index: &Index| {
        fields += timeline.changed_count(*index);
        fields > FIELDS_LOOKED_AT
    };
    let end = (from..most).find(is_enough).map_or(most, |index| index + 1);
    from..end
}

fn has(loaded: &Loaded, index: Index, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    let timeline = loaded.timeline.as_ref();
    timeline.heads().get(index).is_some_and(|head| has(head.event_type.as_str()))
        || has(loaded.actor(index))
        || has(loaded.reason(index))
        || timeline.changed_fields(index).into_iter().any(has)
}

/// A time is found as it is stored and as it is shown.
fn is_in(value: &str, wanted: &str) -> bool {
    value.to_lowercase().contains(wanted)
        || wanted.starts_with(|first: char| first.is_ascii_digit())
            && Timestamp::parse_rfc3339(value).is_some()
            && value.replacen('T', " ", 1).contains(wanted)
}

/// A date or a time of day, or a part of one, as a clock shows it. A number alone is none: it would be in most times.
fn part_of_time(wanted: &str) -> Option<String> {
    let text = wanted.replace('t', " ");
    let is_time = text.starts_with(|first: char| first.is_ascii_digit())
        && text.contains(['-', ':'])
        && text.chars().all(|letter| letter.is_ascii_digit() || "-:. ".contains(letter));
    is_time.then_some(text)
}

/// Whether a clock so many seconds ahead of UTC showed this. It is written where the last one stood.
fn is_at(at: Timestamp, offset: i64, time: &str, clock: &mut String) -> bool {
    let micros = offset.checked_mul(1_000_000).and_then(|offset| at.micros().checked_add(offset));
    let Some(wall) = micros.and_then(DateTime::from_timestamp_micros) else { return false };
    clock.clear();
    let (year, month, day, millis) = (wall.year(), wall.month(), wall.day(), wall.timestamp_subsec_millis());
    let (hour, minute, second) = (wall.hour(), wall.minute(), wall.second());
    let written = write!(clock, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millis:03}");
    written.is_ok() && clock.contains(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_found_by_its_parts_in_the_zone_that_is_shown_and_no_number_alone_is_one() {
        let at = Timestamp::parse_rfc3339("2025-03-11T20:30:05.010Z").expect("a time");
        let finds = |typed: &str, hours: i64| {
            part_of_time(typed)
                .or_else(|| spoken_date(typed))
                .is_some_and(|time| is_at(at, hours * 3_600, &time, &mut String::new()))
        };
        for typed in ["2025-03-12", "03-12", "2025-03", "2025-03-12 05:30", "2025-03-12t05:30:05", "05:30:05.01"]
            .into_iter()
            .chain(["12 march", "march 12, 2025", "march 2025", "3월 12일"])
        {
            assert!(finds(typed, 9), "{typed}");
        }
        assert!(!finds("12 march", 0) && !finds("12 march 2024", 9) && finds("11 march", 0));
        assert!(!finds("03-12", 0) && finds("03-11 20:30", 0), "the day is the one of the zone");
        for typed in ["12", "2025", "-1", "lead-1", ""] {
            assert_eq!(part_of_time(typed), None, "{typed}");
        }
    }
}
