//! When a small business is at work. The office is in Seoul: nine to six there is midnight to nine in UTC.

use super::random::Random;
use crate::event::Timestamp;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// How much of a working day the office is open.
pub(super) const OFFICE_DAY: i64 = CLOSES - OPENS;

const ZONE: i64 = 9 * HOUR;
const OPENS: i64 = 9 * HOUR;
const CLOSES: i64 = 18 * HOUR;
const CUSTOMERS_RISE: i64 = 7 * HOUR;
const CUSTOMERS_SLEEP: i64 = 23 * HOUR;

/// The day since 1970 and the time of day, as the office's clock shows them.
fn day_and_time(at: Timestamp) -> (i64, i64) {
    let local = at.micros() + ZONE;
    (local.div_euclid(DAY), local.rem_euclid(DAY))
}

fn moment(day: i64, time: i64) -> Timestamp {
    Timestamp::from_micros(day * DAY + time - ZONE)
}

/// The first day of 1970 was a Thursday.
fn is_weekend(day: i64) -> bool {
    (day + 3).rem_euclid(7) >= 5
}

pub(super) fn is_at_weekend(at: Timestamp) -> bool {
    is_weekend(day_and_time(at).0)
}

fn working_day(mut day: i64) -> i64 {
    while is_weekend(day) {
        day += 1;
    }
    day
}

/// This moment if somebody is in the office, else some time in the next morning there.
pub(super) fn in_office_hours(at: Timestamp, random: &mut Random) -> Timestamp {
    let (day, time) = day_and_time(at);
    let next = if time >= CLOSES { working_day(day + 1) } else { working_day(day) };
    if next == day && time >= OPENS { at } else { moment(next, OPENS + random.span(0, 90 * MINUTE)) }
}

/// This moment if customers are awake, else some time in the morning.
pub(super) fn in_waking_hours(at: Timestamp, random: &mut Random) -> Timestamp {
    let (day, time) = day_and_time(at);
    let morning = |day, random: &mut Random| moment(day, CUSTOMERS_RISE + random.span(0, 3 * HOUR));
    match time {
        ..CUSTOMERS_RISE => morning(day, random),
        CUSTOMERS_SLEEP.. => morning(day + 1, random),
        _ => at,
    }
}

/// Goes on by so much time in which customers are awake.
pub(super) fn after_waking_time(at: Timestamp, span: i64) -> Timestamp {
    go_on(at, span, (CUSTOMERS_RISE, CUSTOMERS_SLEEP), |day| day)
}

/// Goes on by so much time in which the office is open.
pub(super) fn after_office_time(at: Timestamp, span: i64) -> Timestamp {
    go_on(at, span, (OPENS, CLOSES), working_day)
}

fn go_on(at: Timestamp, span: i64, (from, to): (i64, i64), day_that_counts: fn(i64) -> i64) -> Timestamp {
    let (day, time) = day_and_time(at);
    let first = day_that_counts(day);
    let (mut day, time) = if first == day { (day, time.max(from)) } else { (first, from) };
    let (mut time, mut left) = (time, span);
    while left >= to - time {
        left -= (to - time).max(0);
        day = day_that_counts(day + 1);
        time = from;
    }
    moment(day, time + left)
}

/// Closing time on a working day, at least so many days later.
pub(super) fn closing_time(at: Timestamp, days: i64) -> Timestamp {
    moment(working_day(day_and_time(at).0 + days), CLOSES)
}

/// An appointment on a working day, at least so many days later, on the hour or the half hour.
pub(super) fn appointment(at: Timestamp, days: i64, random: &mut Random) -> Timestamp {
    moment(working_day(day_and_time(at).0 + days), OPENS + random.below(17) as i64 * 30 * MINUTE)
}

/// The next hour or half hour.
pub(super) fn next_half_hour(at: Timestamp) -> Timestamp {
    let half = 30 * MINUTE;
    Timestamp::from_micros((at.micros() + half - 1).div_euclid(half) * half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn a_saturday_call_is_made_on_monday_morning() {
        let moved = in_office_hours(at("2025-01-04T03:00:00Z"), &mut Random::new(1));
        assert!(moved >= at("2025-01-06T00:00:00Z") && moved <= at("2025-01-06T01:30:00Z"), "{moved}");
    }

    #[test]
    fn office_hours_are_left_alone() {
        let now = at("2025-01-03T08:59:00Z");
        assert_eq!(in_office_hours(now, &mut Random::new(1)), now);
    }

    #[test]
    fn office_time_skips_nights_and_weekends() {
        assert_eq!(after_office_time(at("2025-01-03T08:00:00Z"), 2 * HOUR), at("2025-01-06T01:00:00Z"));
        assert_eq!(after_office_time(at("2025-01-04T08:00:00Z"), HOUR), at("2025-01-06T01:00:00Z"));
        assert_eq!(after_office_time(at("2025-01-02T12:00:00Z"), HOUR), at("2025-01-03T01:00:00Z"));
    }

    #[test]
    fn appointments_and_deadlines_lie_ahead() {
        let now = at("2025-01-03T08:30:00.250Z");
        assert_eq!(closing_time(now, 1), at("2025-01-06T09:00:00Z"));
        assert_eq!(next_half_hour(now), at("2025-01-03T09:00:00Z"));
        assert!(appointment(now, 1, &mut Random::new(3)) > now);
    }
}
