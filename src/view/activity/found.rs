//! The events that are found, as they come, and the days on which they were.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Place;
use crate::engine::{Aids, EngineError, FoundEvent, Question, Search, StoreChronicle, Ticket, search_with};
use crate::event::Timestamp;
use crate::store::{Flow, Store, StoreError};
use crate::view::{Clock, UserError};

/// So many are found at first, and whenever somebody comes to their end so many times as many in all; beyond a part they
/// come part by part, where they are asked for.
pub const FOUND_AT_FIRST: usize = 2_000;
const MORE: usize = 5;
pub const PART: usize = 50_000;

/// How many come next where there are so many.
pub(super) fn next_part(found: usize) -> usize {
    if found < PART { (found.max(FOUND_AT_FIRST) * (MORE - 1)).min(PART - found) } else { PART }
}

/// Looks for events, the newest first, and hands them on as they are found.
#[derive(Clone, Debug)]
pub struct FindActivity {
    pub(super) search: Search,
    /// Only those that were found behind this one, where some are known.
    pub(super) behind: Option<Place>,
    pub(super) most: usize,
    /// Somebody may type on.
    pub(super) pause: Duration,
    pub(super) coming: Coming,
    /// What is known of the store already.
    pub(super) chronicle: Option<StoreChronicle>,
}

/// Events on their way from whoever finds them to whoever shows them.
#[derive(Clone, Debug, Default)]
pub(super) struct Coming(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    /// Another number for each time that the looking began anew.
    begun: u64,
    rows: Vec<FoundEvent>,
}

impl Coming {
    fn with<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What came since, and the number of the time.
    pub(super) fn take(&self) -> (u64, Vec<FoundEvent>) {
        self.with(|queue| (queue.begun, std::mem::take(&mut queue.rows)))
    }
}

/// How a search ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoundAll {
    /// There are more than were wanted.
    pub has_more: bool,
    /// Of how many events.
    pub of: u64,
}

/// Rows that are handed on together.
const AT_ONCE: usize = 64;

/// After so many it is asked whether there is room for more.
const HELD_AT_ONCE: usize = 4_096;

/// What a row takes, with what its place and its author are written in.
pub(super) const FOUND_BYTES: usize = size_of::<FoundEvent>() + 96;

impl Question for FindActivity {
    type Answer = FoundAll;
    type Error = UserError;
    const WHAT: &'static str = "searching events";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<FoundAll, UserError> {
        let Self { search: wanted, mut behind, most, pause, coming, chronicle } = self;
        coming.with(|queue| {
            queue.begun += 1;
            queue.rows.clear();
        });
        ticket.pause(pause);
        if ticket.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let of = reader.kept_events()?.unwrap_or(0);
        ticket.set_total(of);
        let (mut count, mut has_more) = (0, false);
        let mut rows = Vec::with_capacity(AT_ONCE);
        let (mut held, mut over) = (ticket.memory().hold(), None);
        let aids = Aids { chronicle: chronicle.as_ref(), side: None };
        search_with(reader, &wanted, aids, &mut |looked_at| ticket.reached(looked_at), &mut |event| {
            if let Some((stream, version)) = &behind {
                // What was recorded since stands before it.
                if event.version == *version && event.stream == *stream {
                    behind = None;
                }
                return ticket.flow();
            }
            if count == most {
                has_more = true;
                return Flow::Break(());
            }
            count += 1;
            rows.push(event);
            if count.is_multiple_of(HELD_AT_ONCE) {
                over = held.resize((count * FOUND_BYTES) as u64).err();
                if over.is_some() {
                    return Flow::Break(());
                }
            }
            // The first are wanted at once.
            if rows.len() == AT_ONCE || count < AT_ONCE {
                coming.with(|queue| queue.rows.append(&mut rows));
            }
            ticket.flow()
        })?;
        if ticket.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        coming.with(|queue| queue.rows.append(&mut rows));
        if let Some(over) = over {
            return Err(EngineError::from(over).into());
        }
        Ok(FoundAll { has_more, of })
    }
}

/// Rows of one day that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfRows {
    /// Since 1970, on the wall; `None` where no time was recorded.
    pub number: Option<i32>,
    /// The place of its first row.
    pub first: usize,
    pub count: usize,
}

/// What was found, and where each day of it begins.
#[derive(Debug, Default)]
pub struct FoundRows {
    rows: Vec<FoundEvent>,
    days: Vec<DayOfRows>,
}

impl FoundRows {
    pub fn rows(&self) -> &[FoundEvent] {
        &self.rows
    }

    pub fn row(&self, place: usize) -> Option<&FoundEvent> {
        self.rows.get(place)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn days(&self) -> &[DayOfRows] {
        &self.days
    }

    pub(super) fn extend(&mut self, rows: Vec<FoundEvent>, clock: Clock) {
        for row in rows {
            let number = row.recorded_at.map(|at| wall_day(at, clock));
            match self.days.last_mut() {
                Some(day) if day.number == number => day.count += 1,
                _ => self.days.push(DayOfRows { number, first: self.rows.len(), count: 1 }),
            }
            self.rows.push(row);
        }
    }

    /// The first of them alone.
    pub(super) fn truncate(&mut self, len: usize) {
        self.rows.truncate(len);
        self.days.retain(|day| day.first < len);
        if let Some(last) = self.days.last_mut() {
            last.count = last.count.min(len - last.first);
        }
    }

    /// The same rows by another clock.
    pub(super) fn by_clock(&mut self, clock: Clock) {
        let rows = std::mem::take(&mut self.rows);
        self.days.clear();
        self.extend(rows, clock);
    }
}

/// The day of a moment, since 1970, by a clock on the wall.
pub(super) fn wall_day(at: Timestamp, clock: Clock) -> i32 {
    let seconds = at.micros().div_euclid(1_000_000) + (clock.offset)(at);
    i32::try_from(seconds.div_euclid(86_400)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, Version};

    fn row(at: Option<&str>) -> FoundEvent {
        FoundEvent {
            position: None,
            stream: "lead-1".into(),
            version: Version(0),
            id: EventId::new("e"),
            event_type: "contacted".into(),
            recorded_at: at.and_then(Timestamp::parse_rfc3339),
            actor: None,
            place: String::new(),
        }
    }

    #[test]
    fn rows_that_follow_each_other_on_one_day_stand_together_by_the_clock_on_the_wall() {
        let utc = Clock { name: "utc", offset: |_| 0 };
        let mut found = FoundRows::default();
        let times = ["2025-03-14T09:00:00Z", "2025-03-14T01:00:00Z", "2025-03-13T20:00:00Z"];
        found.extend(times.map(|at| row(Some(at))).to_vec(), utc);
        found.extend(vec![row(Some("2025-03-13T10:00:00Z")), row(None)], utc);
        let days = |found: &FoundRows| -> Vec<(usize, usize)> {
            found.days().iter().map(|day| (day.first, day.count)).collect()
        };
        assert_eq!(days(&found), [(0, 2), (2, 2), (4, 1)]);
        assert_eq!(found.days().last().and_then(|day| day.number), None);
        found.by_clock(Clock { name: "seoul", offset: |_| 9 * 3_600 });
        assert_eq!(days(&found), [(0, 3), (3, 1), (4, 1)]);
        assert_eq!(found.len(), 5);
        found.truncate(4);
        assert_eq!((days(&found), found.len()), (vec![(0, 3), (3, 1)], 4));
        found.truncate(2);
        assert_eq!((days(&found), found.len()), (vec![(0, 2)], 2));
    }

    #[test]
    fn more_and_more_come_at_first_and_then_part_by_part() {
        let mut found = FOUND_AT_FIRST;
        let mut all = vec![found];
        for _ in 0..4 {
            found += next_part(found);
            all.push(found);
        }
        assert_eq!(all, [2_000, 10_000, PART, 2 * PART, 3 * PART]);
    }

    #[test]
    fn a_part_goes_on_behind_the_last_row_whatever_was_recorded_since() {
        let (_folder, engine) = crate::engine::five_leads();
        let found = |behind: Option<Place>, most: usize| {
            let coming = Coming::default();
            let find = FindActivity {
                search: Search::default(),
                behind,
                most,
                pause: Duration::ZERO,
                coming: coming.clone(),
                chronicle: None,
            };
            let mut asked = crate::engine::Asked::default();
            asked.ask(&engine, find);
            while asked.is_loading() {
                asked.poll(&engine);
                std::thread::yield_now();
            }
            let has_more = asked.value().is_some_and(|all: &FoundAll| all.has_more);
            let streams: Vec<String> = coming.take().1.iter().map(|row| row.stream.to_string()).collect();
            (streams, has_more)
        };
        let names =
            |numbers: &[u32]| -> Vec<String> { numbers.iter().map(|number| format!("lead-{number}")).collect() };
        assert_eq!(found(None, 2), (names(&[4, 3]), true));
        let last = |name: &str| Some((name.into(), Version(0)));
        assert_eq!(found(last("lead-3"), 2), (names(&[2, 1]), true));
        assert_eq!(found(last("lead-1"), 2), (names(&[0]), false));
        assert_eq!(found(last("lead-9"), 2), (names(&[]), false), "it is gone, and the search is made anew");
    }
}
