//! Where in the store's time the events lie that a search finds, and how many each kept search finds.

use crate::engine::{Aids, EngineError, Question, Search, StoreChronicle, Ticket, search_with};
use crate::event::{Position, Timestamp};
use crate::index::StoreMoment;
use crate::store::{Flow, Store, StoreError};
use crate::view::{StoreAxis, UserError};

/// More are not told in the store's time: the newest are.
const MOST: usize = 1_000_000;

/// So many events that are found are counted for a kept search, and no more.
pub const MOST_COUNTED: u64 = 1_000;

/// Kept searches of a larger store are not counted anew with each event that is recorded.
pub(super) const COUNTED_AGAIN: u64 = 200_000;

/// An event by its place and its time, as far as these are known.
type At = (Option<Position>, Option<Timestamp>);

/// Finds where they lie.
#[derive(Clone, Debug)]
pub struct FindMatches {
    pub(super) search: Search,
    pub(super) chronicle: Option<StoreChronicle>,
    /// All that there are, where that is known already.
    pub(super) known: Option<Vec<At>>,
}

/// Where the events that were found lie in the store's time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchTimes {
    /// Ascending, in microseconds.
    times: Vec<i64>,
    /// The same by their places in the order of the store; nothing where it keeps none.
    places: Vec<i64>,
    /// How many there are; `None` where more may be than were looked for.
    count: Option<u64>,
}

impl MatchTimes {
    fn new(found: &[At], chronicle: Option<&StoreChronicle>) -> Self {
        let place = |position: Option<Position>| {
            let moment = StoreMoment::Position(position?);
            chronicle?.look(|known| {
                let place = known.has_order().then(|| known.count_at(moment).checked_sub(1)).flatten()?;
                Some((place as i64, known.counts_from(place)))
            })
        };
        let mut matches = Self { count: (found.len() < MOST).then_some(found.len() as u64), ..Self::default() };
        for (position, recorded_at) in found {
            // Where clocks ran backward, it counts as the bars count it.
            let (place, counts_from) = place(*position).map_or((None, None), |(place, at)| (Some(place), at));
            matches.places.extend(place);
            matches.times.extend(counts_from.or(*recorded_at).map(Timestamp::micros));
        }
        matches.times.sort_unstable();
        matches.places.sort_unstable();
        matches
    }

    pub fn len(&self) -> usize {
        self.times.len().max(self.places.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many the search finds in the whole store, if all of them were looked for.
    pub fn count(&self) -> Option<u64> {
        self.count
    }

    /// How many lie from one value of an axis up to, and without, another.
    pub fn between(&self, axis: StoreAxis, from: i64, to: i64) -> u64 {
        let values = match axis {
            StoreAxis::Time => &self.times,
            StoreAxis::Place => &self.places,
        };
        let before = |end: i64| values.partition_point(|value| *value < end);
        before(to).saturating_sub(before(from)) as u64
    }
}

impl Question for FindMatches {
    type Answer = MatchTimes;
    type Error = UserError;
    const WHAT: &'static str = "counting what is found";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<MatchTimes, UserError> {
        let Self { search, chronicle, known } = self;
        let found = known.map_or_else(|| look_for(reader, &search, chronicle.as_ref(), ticket), Ok)?;
        Ok(MatchTimes::new(&found, chronicle.as_ref()))
    }
}

/// The newest events that are found.
fn look_for(
    reader: &dyn Store,
    search: &Search,
    chronicle: Option<&StoreChronicle>,
    ticket: &Ticket,
) -> Result<Vec<At>, UserError> {
    let (mut held, mut over) = (ticket.memory().hold(), None);
    let mut found: Vec<At> = Vec::new();
    let aids = Aids { chronicle, side: None };
    search_with(reader, search, aids, &mut |count| ticket.reached(count), &mut |event| {
        found.push((event.position, event.recorded_at));
        if found.len().is_power_of_two() {
            // As much again may come, and what is made of it.
            over = held.resize((found.len() * 2 * size_of::<At>()) as u64).err();
        }
        let is_over = found.len() >= MOST || over.is_some();
        if is_over { Flow::Break(()) } else { ticket.flow() }
    })?;
    if ticket.is_cancelled() {
        return Err(StoreError::Cancelled.into());
    }
    over.map_or(Ok(found), |over| Err(EngineError::from(over).into()))
}

/// How many events a kept search finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchCount {
    /// As it is kept.
    pub text: String,
    /// No more than [`MOST_COUNTED`].
    pub found: u64,
}

/// Counts what kept searches find.
#[derive(Clone, Debug)]
pub struct CountKept {
    pub(super) searches: Vec<(String, Search)>,
    pub(super) chronicle: Option<StoreChronicle>,
}

impl Question for CountKept {
    type Answer = Vec<SearchCount>;
    type Error = UserError;
    const WHAT: &'static str = "counting what kept searches find";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Vec<SearchCount>, UserError> {
        let Self { searches, chronicle } = self;
        let mut counts = Vec::new();
        let mut before = 0;
        for (text, search) in searches {
            let (mut found, mut looked_at) = (0, 0);
            let aids = Aids { chronicle: chronicle.as_ref(), side: None };
            let mut progress = |count: u64| {
                looked_at = count;
                ticket.reached(before + count)
            };
            let counted = search_with(reader, &search, aids, &mut progress, &mut |_| {
                found += 1;
                if found >= MOST_COUNTED { Flow::Break(()) } else { ticket.flow() }
            });
            if ticket.is_cancelled() {
                return Err(StoreError::Cancelled.into());
            }
            before += looked_at;
            // One that names a field which is not there any more has no count; the others have theirs.
            if counted.is_ok() {
                counts.push(SearchCount { text, found });
            }
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_counted_along_the_time_and_only_there_where_no_order_is_known() {
        let at = |second: i64| (None, Some(Timestamp::from_micros(second * 1_000_000)));
        let matches = MatchTimes::new(&[at(3), at(1), at(2), (None, None)], None);
        assert_eq!(matches.len(), 3);
        let second = |from: i64, to: i64| matches.between(StoreAxis::Time, from * 1_000_000, to * 1_000_000);
        assert_eq!((second(1, 3), second(3, 4), second(4, 9)), (2, 1, 0));
        assert_eq!(matches.between(StoreAxis::Place, 0, 9), 0);
    }
}
