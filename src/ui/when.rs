use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::engine::Calendar;
use crate::event::Timestamp;
use crate::view::{Clock, WallDay};

/// A column of times: how wide it is, and how they are written in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeColumn {
    pub(super) width: f32,
    form: &'static str,
}

impl TimeColumn {
    /// It has given way.
    pub(super) const NONE: Self = Self { width: 0.0, form: "" };
    const IN_YEAR: Self = Self { width: 116.0, form: "%m-%d %H:%M:%S" };
    const WITH_YEAR: Self = Self { width: 154.0, form: "%Y-%m-%d %H:%M:%S" };
    const WITH_YEAR_ALONE: Self = Self { width: 132.0, form: "%Y-%m-%d %H:%M" };

    /// Where the times are of several years each has its own, and rather that than its seconds. Gives way where there is
    /// no room.
    pub(super) fn fitting(has_years: bool, room: f32) -> Self {
        let forms = if has_years { [Self::WITH_YEAR, Self::WITH_YEAR_ALONE] } else { [Self::IN_YEAR, Self::IN_YEAR] };
        forms.into_iter().find(|form| form.width <= room).unwrap_or(Self::NONE)
    }

    pub(super) fn text(self, zone: Zone, at: Timestamp) -> String {
        zone.in_form(at, self.form).unwrap_or_else(|| at.to_string())
    }
}

/// Times are shown in one of these, and always say in which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Zone {
    #[default]
    Utc,
    Local,
}

impl Zone {
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Utc,
        }
    }

    /// What tells it from the other.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utc => "utc",
            Self::Local => "local",
        }
    }

    /// `2025-01-01 01:00:05.010 UTC`.
    pub fn long(self, at: Timestamp) -> String {
        self.format(at, "%Y-%m-%d %H:%M:%S%.3f")
    }

    /// `2025-01-01`.
    pub fn day(self, at: Timestamp) -> String {
        let Some(utc) = at.to_utc() else { return at.to_string() };
        match self {
            Self::Utc => utc.format("%Y-%m-%d").to_string(),
            Self::Local => utc.with_timezone(&chrono::Local).format("%Y-%m-%d").to_string(),
        }
    }

    /// Whether what lies between the two is of more than one year.
    pub fn spans_years(self, first: Option<Timestamp>, last: Option<Timestamp>) -> bool {
        let year = |at: Option<Timestamp>| at.and_then(|at| self.in_form(at, "%Y"));
        year(first).zip(year(last)).is_some_and(|(first, last)| first != last)
    }

    /// How many seconds a clock on the wall is ahead of UTC.
    pub fn offset(self, at: Timestamp) -> i64 {
        let local = |at: Timestamp| Some(at.to_utc()?.with_timezone(&chrono::Local).offset().local_minus_utc());
        match self {
            Self::Utc => 0,
            Self::Local => local(at).map_or(0, i64::from),
        }
    }

    pub fn clock(self) -> Clock {
        let offset: fn(Timestamp) -> i64 = match self {
            Self::Utc => |at| Self::Utc.offset(at),
            Self::Local => |at| Self::Local.offset(at),
        };
        Clock { name: self.name(), offset }
    }

    /// The n-th day since 1970.
    pub fn wall_day(self, number: i32) -> WallDay {
        const SECONDS: i64 = 86_400;
        let begin = |number: i64| {
            let at = |offset: i64| Timestamp::from_micros((number * SECONDS - offset) * 1_000_000);
            // By the offset that holds there, which is known only once one is near.
            at(self.offset(at(self.offset(at(0)))))
        };
        let name = chrono::DateTime::from_timestamp(i64::from(number) * SECONDS, 0)
            .map_or_else(|| number.to_string(), |at| at.date_naive().to_string());
        WallDay { name, from: begin(i64::from(number)), to: begin(i64::from(number) + 1) }
    }

    /// The days that begin and end in this zone.
    pub fn calendar(self, now: Timestamp) -> Calendar<'static> {
        let begins: &dyn Fn(NaiveDate) -> Timestamp = match self {
            Self::Utc => &|day| Self::Utc.wall_day(number_of(day)).from,
            Self::Local => &|day| Self::Local.wall_day(number_of(day)).from,
        };
        Calendar { today: date_of(self.day_number(now)), begins }
    }

    /// The day of a moment, since 1970.
    pub fn day_number(self, at: Timestamp) -> i32 {
        let seconds = at.micros().div_euclid(1_000_000) + self.offset(at);
        i32::try_from(seconds.div_euclid(86_400)).unwrap_or_default()
    }

    /// As much of it as is asked for, without the zone.
    pub fn in_form(self, at: Timestamp, form: &str) -> Option<String> {
        let utc = at.to_utc()?;
        Some(match self {
            Self::Utc => utc.format(form).to_string(),
            Self::Local => utc.with_timezone(&chrono::Local).format(form).to_string(),
        })
    }

    fn format(self, at: Timestamp, format: &str) -> String {
        let Some(utc) = at.to_utc() else { return at.to_string() };
        match self {
            Self::Utc => format!("{} UTC", utc.format(format)),
            Self::Local => {
                let local = utc.with_timezone(&chrono::Local);
                format!("{} {}", local.format(format), local.format("%:z"))
            }
        }
    }
}

fn number_of(day: NaiveDate) -> i32 {
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).unwrap_or_default()
}

/// The n-th day since 1970.
pub(super) fn date_of(number: i32) -> NaiveDate {
    chrono::DateTime::from_timestamp(i64::from(number) * 86_400, 0).map(|at| at.date_naive()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_reads_days_by_the_clock_that_the_window_shows() {
        let now = Timestamp::parse_rfc3339("2025-03-14T09:23:41Z").unwrap_or_default();
        for zone in [Zone::Utc, Zone::Local] {
            let calendar = zone.calendar(now);
            assert_eq!(calendar.today.to_string(), zone.day(now));
            assert_eq!(zone.day((calendar.begins)(calendar.today)), zone.day(now));
            assert!((calendar.begins)(calendar.today) <= now);
        }
    }

    #[test]
    fn a_day_lasts_from_one_midnight_to_the_next() {
        let WallDay { name, from, to } = Zone::Utc.wall_day(20_159);
        assert_eq!(name, "2025-03-12");
        assert_eq!(Some(from), Timestamp::parse_rfc3339("2025-03-12T00:00:00Z"));
        assert_eq!(Some(to), Timestamp::parse_rfc3339("2025-03-13T00:00:00Z"));
        // Wherever this runs, its days follow each other and bear their own names.
        for number in (19_000..20_500).step_by(7) {
            let (day, next) = (Zone::Local.wall_day(number), Zone::Local.wall_day(number + 1));
            assert_eq!(day.to, next.from);
            assert_eq!(Zone::Local.day(Timestamp::from_micros(day.to.micros() - 1)), day.name);
        }
    }
}
