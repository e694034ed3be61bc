use std::ops::Range;

use super::loaded::Loaded;
use super::rows::text;
use super::tally::{Counts, Tally};
use crate::event::Timestamp;
use crate::replay::Index;

/// How many events one look goes over, and how many changed fields, so that a frame stays a frame however long the
/// stream is: some two milliseconds' worth.
const LOOKED_AT: usize = 2_048;
const FIELDS_LOOKED_AT: usize = 4_096;

/// The events of a stream that have a text in their type, author, reason, changed fields or the values these got,
/// found a little in each frame.
#[derive(Debug, Default)]
pub struct HistoryFilter {
    pub text: String,
    wanted: String,
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
    pub(super) fn advance(&mut self, loaded: &Loaded, readings: u64) -> bool {
        let wanted = self.text.trim().to_lowercase();
        if wanted != self.wanted || readings != self.readings {
            let looks = self.looks + 1;
            *self = Self { text: std::mem::take(&mut self.text), wanted, readings, looks, ..Self::default() };
        }
        if self.wanted.is_empty() {
            return false;
        }
        let count = loaded.timeline.heads().len();
        let range = next(loaded, self.looked_at);
        let mut found: Vec<Index> = range.clone().filter(|index| has(loaded, *index, &self.wanted)).collect();
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
