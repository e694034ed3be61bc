//! Where in a store's order the events of some days stand.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::Days;
use crate::event::{Position, Timestamp};
use crate::store::{Columns, Flow, Query, Store, StoreError};

/// A shorter store is read sooner than it is looked at here and there.
const WORTH_LOOKING: u64 = 16_384;

/// Where a store is looked at: at so many places at least and at most, as many as take about this long.
const FEWEST_LOOKS: u64 = 64;
const MOST_LOOKS: u64 = 2_048;
const LOOKING: Duration = Duration::from_millis(40);

/// Events stand in the order in which they were recorded, but clocks differ and are set back. As far as this, it is
/// reckoned with.
const SLACK_MICROS: i64 = 24 * 3600 * 1_000_000;

/// The places between which every event of these days stands; empty where there is none. A store is looked at here and
/// there: where its times are out of order by more than a day, or where events have none, all places are named.
pub(super) fn places_of(
    reader: &dyn Store,
    days: Days,
    all: RangeInclusive<u64>,
) -> Result<RangeInclusive<u64>, StoreError> {
    let (first, last) = (*all.start(), *all.end());
    if days == Days::default() || last.saturating_sub(first) < WORTH_LOOKING {
        return Ok(all);
    }
    let began = Instant::now();
    let Some(few) = looked_at(reader, first, last, FEWEST_LOOKS)? else { return Ok(all) };
    let each = began.elapsed() / FEWEST_LOOKS as u32;
    let more = LOOKING.as_nanos().checked_div(each.as_nanos()).map_or(MOST_LOOKS, |looks| looks as u64).min(MOST_LOOKS);
    let looks = if more <= FEWEST_LOOKS { few } else { looked_at(reader, first, last, more)?.unwrap_or_default() };
    Ok(between(&looks, days, first, last).unwrap_or(all))
}

/// Behind which place no event stands that was recorded at this time or before; the last of all where nobody can tell.
pub(in crate::engine) fn last_place_by(
    reader: &dyn Store,
    at: Timestamp,
    last: Option<Position>,
) -> Result<Option<Position>, StoreError> {
    if !reader.capabilities().finds_by_position {
        return Ok(last);
    }
    let (Some(last), Some(all)) = (last, all_places(reader)?) else { return Ok(last) };
    let all = *all.start()..=last.0;
    let places = places_of(reader, Days { from: None, end: Some(at.plus_micros(1)) }, all)?;
    Ok(Some(Position(*places.end())))
}

/// From the first event to the last. `None` where there is none.
pub(super) fn all_places(reader: &dyn Store) -> Result<Option<RangeInclusive<u64>>, StoreError> {
    let end = |query: Query| -> Result<Option<u64>, StoreError> {
        let mut place = None;
        reader.visit_events(&query.limit(1).columns(Columns::HEADS), &mut |row| {
            place = row.position.map(|position| position.0);
            Flow::Break(())
        })?;
        Ok(place)
    };
    let (first, last) = (end(Query::store())?, end(Query::store().backward())?);
    Ok(first.zip(last).map(|(first, last)| first..=last))
}

/// The times at so many places that lie equally far apart. `None` where an event has none.
fn looked_at(
    reader: &dyn Store,
    first: u64,
    last: u64,
    looks: u64,
) -> Result<Option<Vec<(u64, Timestamp)>>, StoreError> {
    let mut found: Vec<(u64, Timestamp)> = Vec::new();
    for look in 0..looks {
        let place = first + ((u128::from(last - first) * u128::from(look)) / u128::from(looks.max(2) - 1)) as u64;
        let query = Query::positions(Some(Position(place)), None).limit(1).columns(Columns::HEADS);
        let mut met = None;
        reader.visit_events(&query, &mut |row| {
            met = row.position.map(|position| (position.0, row.recorded_at));
            Flow::Break(())
        })?;
        match met {
            // Behind the last event.
            None => break,
            Some((_, None)) => return Ok(None),
            Some((place, Some(at))) => found.push((place, at)),
        }
    }
    Ok(Some(found))
}

/// `None` where the times are out of order.
///
/// Where no time lies further behind the latest before it than the slack, an event at which the time lies more than the
/// slack before the days has none of them before it, and one at which it lies as far behind them has none behind it.
fn between(looks: &[(u64, Timestamp)], days: Days, first: u64, last: u64) -> Option<RangeInclusive<u64>> {
    let mut latest = Timestamp::from_micros(i64::MIN);
    for (_, at) in looks {
        latest = latest.max(*at);
        if at.plus_micros(SLACK_MICROS) < latest {
            return None;
        }
    }
    if looks.is_empty() {
        return None;
    }
    let mut bounds = (first, last);
    if let Some(from) = days.from {
        let earliest = from.plus_micros(-SLACK_MICROS);
        let before = looks.iter().take_while(|(_, at)| *at < earliest).last();
        bounds.0 = before.map_or(first, |(place, _)| place + 1);
    }
    if let Some(end) = days.end {
        let latest = end.plus_micros(SLACK_MICROS);
        let behind = looks.iter().find(|(_, at)| *at >= latest);
        bounds.1 = behind.map_or(last, |(place, _)| place.saturating_sub(1));
    }
    Some(bounds.0..=bounds.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600 * 1_000_000;

    fn looks(hours: &[i64]) -> Vec<(u64, Timestamp)> {
        (1..).zip(hours).map(|(place, hour)| (place * 10, Timestamp::from_micros(hour * HOUR))).collect()
    }

    fn days(from: i64, end: i64) -> Days {
        let at = |hour: i64| Some(Timestamp::from_micros(hour * HOUR));
        Days { from: at(from), end: at(end) }
    }

    #[test]
    fn days_lie_between_the_last_place_before_and_the_first_behind_them() {
        let looks = looks(&[0, 100, 200, 190, 300, 400]);
        for (wanted, places) in [
            (days(130, 160), Some(21..=29)),
            (days(200, 201), Some(21..=49)),
            (days(500, 600), Some(61..=99)),
            (days(-600, -500), Some(1..=9)),
            (Days { from: None, end: days(0, 10).end }, Some(1..=19)),
        ] {
            assert_eq!(between(&looks, wanted, 1, 99), places, "{wanted:?}");
        }
    }

    #[test]
    fn times_that_are_out_of_order_say_nothing() {
        assert_eq!(between(&looks(&[0, 100, 200, 150, 300]), days(90, 110), 1, 99), None);
        assert_eq!(between(&[], days(90, 110), 1, 99), None);
    }
}
