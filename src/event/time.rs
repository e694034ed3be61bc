use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, to the microsecond, as microseconds since 1970 in UTC: some 292,000 years either way. Whatever is printed
/// is read as the same moment again, also before year 0 (`-3999-01-01…` is 4000 BC) and after 9999. Finer digits of a
/// text that is read are dropped, and a leap second is the last microsecond of its day.
///
/// Kept so that a time that may be missing takes no more room than one that is there: a fold over a million streams
/// holds several for each. The very first of the 64 bits' microseconds stands for none, and is read as the next one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

/// Turns the sign around, so that times lie in their order without one.
const SIGN: u64 = 1 << 63;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a time; write it like 2025-01-01T01:00:05Z")]
pub struct NotATime(pub String);

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Self {
        match NonZeroU64::new(micros.cast_unsigned() ^ SIGN) {
            Some(ordered) => Self(ordered),
            None => Self(NonZeroU64::MIN),
        }
    }

    pub const fn micros(self) -> i64 {
        (self.0.get() ^ SIGN).cast_signed()
    }

    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.micros().saturating_add(micros))
    }

    /// How long after `earlier` this is, in microseconds; negative where it lies before.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.micros().saturating_sub(earlier.micros())
    }

    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.micros())
    }

    /// RFC 3339 only: what machines write.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let plain = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"));
        plain
            .and_then(|plain| parse_plain(plain.as_bytes(), b'T'))
            .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| Self::of(at.naive_utc())))
    }

    /// The calendar keeps a leap second as a nanosecond beyond the 59th second, which would be the next day's first.
    fn of(at: NaiveDateTime) -> Self {
        let is_leap = at.nanosecond() >= 1_000_000_000;
        let at = if is_leap { at.with_nanosecond(999_999_999).unwrap_or(at) } else { at };
        Self::from_micros(at.and_utc().timestamp_micros())
    }

    /// Only `2025-01-01T01:00:05.01`, also with a space in it and with `Z` or `+00:00` behind it, which is how nearly
    /// every store spells it. Costs next to nothing, also where it is something else.
    pub fn parse_usual(text: &[u8]) -> Option<Self> {
        let utc = text.strip_suffix(b"Z").or_else(|| text.strip_suffix(b"+00:00"));
        match text.get(10)? {
            b'T' => parse_plain(utc.unwrap_or(text), b'T'),
            b' ' => parse_plain(utc.unwrap_or(text), b' '),
            _ => None,
        }
    }

    /// What people write too: a date, or a time without a zone, both read as UTC.
    pub fn parse_lenient(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(at) = Self::parse_usual(text.as_bytes()) {
            return Some(at);
        }
        let naive = |formats: &[&str]| formats.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
        Self::parse_rfc3339(text)
            .or_else(|| {
                naive(&["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
                    .map(Self::of)
            })
            .or_else(|| {
                let midnight = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?;
                Some(Self::of(midnight))
            })
            .or_else(|| parse_far(text))
    }
}

impl Timestamp {
    /// The last moment of a day (`2025-01-31`) or a month (`2025-01`) in UTC: what is as of it holds all of it.
    pub fn end_of_day_or_month(text: &str) -> Option<Self> {
        let is_written = |form: &str| {
            text.len() == form.len()
                && text.bytes().zip(form.bytes()).all(|(byte, at)| match at {
                    b'0' => byte.is_ascii_digit(),
                    mark => byte == mark,
                })
        };
        let next = if is_written("0000-00-00") {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.succ_opt()?
        } else if is_written("0000-00") {
            let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()?;
            first.checked_add_months(chrono::Months::new(1))?
        } else {
            return None;
        };
        Some(Self::of(next.and_hms_opt(0, 0, 0)?).plus_micros(-1))
    }
}

/// At a tenth of what the general parser takes; anything unusual answers `None` and goes there.
fn parse_plain(text: &[u8], separator: u8) -> Option<Timestamp> {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)?.iter().try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    let punctuation = [(4, b'-'), (7, b'-'), (10, separator), (13, b':'), (16, b':')];
    if punctuation.iter().any(|&(at, mark)| text.get(at) != Some(&mark)) {
        return None;
    }
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    let month_days = [
        31,
        if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let in_range = (1..=12).contains(&month)
        && (1..=month_days[month as usize - 1]).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let fraction = match text.get(19..) {
        Some([]) => 0,
        Some([b'.', all @ ..]) if !all.is_empty() => {
            let known = all.len().min(6);
            if !all.iter().all(u8::is_ascii_digit) {
                return None;
            }
            digits(20..20 + known)? * 10_i64.pow(6 - known as u32)
        }
        _ => return None,
    };
    // Days since 1970 by counting years from March, so that the leap day falls at a year's end.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_micros(seconds * 1_000_000 + fraction))
}

/// Reads what [`Timestamp`] prints of a year that has not four digits, so that whatever was kept comes back.
fn parse_far(text: &str) -> Option<Timestamp> {
    match text.strip_suffix(BEYOND_THE_CALENDAR) {
        Some(micros) => micros.parse().ok().map(Timestamp::from_micros),
        // What the calendar holds and 64 bits do not would come back as another moment.
        None if text.starts_with(['+', '-']) => {
            let at = text.parse::<DateTime<Utc>>().ok()?;
            Some(Timestamp::of(at.naive_utc())).filter(|read| read.to_utc().map(|utc| utc.year()) == Some(at.year()))
        }
        None => None,
    }
}

const BEYOND_THE_CALENDAR: &str = " µs from 1970";

impl Default for Timestamp {
    fn default() -> Self {
        Self::from_micros(0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.micros()).finish()
    }
}

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        Self::parse_lenient(text).ok_or_else(|| NotATime(text.to_owned()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(at) if self.micros() % 1_000 == 0 => f.pad(&at.to_rfc3339_opts(SecondsFormat::Millis, true)),
            Some(at) => f.pad(&at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => write!(f, "{}{BEYOND_THE_CALENDAR}", self.micros()),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text)
            .or_else(|| parse_far(&text))
            .ok_or_else(|| serde::de::Error::custom(NotATime(text.into_owned())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_read_and_print_in_utc() {
        for (text, printed) in [
            ("2025-01-01T01:00:01.01Z", "2025-01-01T01:00:01.010Z"),
            ("2025-01-01T10:00:01+09:00", "2025-01-01T01:00:01.000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
            ("2025-01-01", "2025-01-01T00:00:00.000Z"),
            ("2025-01-01 01:00", "2025-01-01T01:00:00.000Z"),
            ("2025-01-01T01:00:01.123456789Z", "2025-01-01T01:00:01.123456Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().map(|t| t.to_string()), Ok(printed.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_leap_second_belongs_to_the_day_that_it_ends() {
        for (text, printed) in [
            ("9999-12-31T23:59:60Z", "9999-12-31T23:59:59.999999Z"),
            ("2016-12-31T23:59:60.25Z", "2016-12-31T23:59:59.999999Z"),
            ("2017-01-01T08:59:60+09:00", "2016-12-31T23:59:59.999999Z"),
            ("2016-12-31 23:59:60", "2016-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().map(|t| t.to_string()), Ok(printed.to_owned()), "{text}");
        }
    }

    #[test]
    fn years_of_any_length_read_and_print_alike() {
        for (text, printed) in [
            ("-3999-01-01T00:00:00Z", "-3999-01-01T00:00:00.000Z"),
            ("+12025-06-01T12:00:00.5Z", "+12025-06-01T12:00:00.500Z"),
            ("0000-01-01T00:00:00+01:00", "-0001-12-31T23:00:00.000Z"),
            ("9999-12-31T23:59:59-01:00", "+10000-01-01T00:59:59.000Z"),
        ] {
            let read = text.parse::<Timestamp>();
            assert_eq!(read.as_ref().map(ToString::to_string), Ok(printed.to_owned()), "{text}");
            assert_eq!(printed.parse::<Timestamp>(), read, "{text}");
        }
        for text in ["-3999", "+300000-01-01T00:00:00Z", "-262143-01-01T00:00:00Z1", "+99999999-01-01T00:00:00Z"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "now", "2025-02-30T00:00:00Z", "2025-13-01", "2025-01-01T24:00:00Z", "2025-01-01T01:00:01.Z"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_that_may_be_missing_takes_no_more_room() {
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<i64>());
        assert_eq!(Timestamp::from_micros(i64::MIN).micros(), -i64::MAX);
        assert_eq!(Timestamp::default().micros(), 0);
    }

    proptest! {
        #[test]
        fn times_lie_in_the_order_of_their_microseconds(a in -i64::MAX.., b in -i64::MAX..) {
            let (earlier, later) = (Timestamp::from_micros(a), Timestamp::from_micros(b));
            prop_assert_eq!((earlier.micros(), later.micros()), (a, b));
            prop_assert_eq!(earlier.cmp(&later), a.cmp(&b));
        }

        #[test]
        fn whatever_is_printed_is_read_again(micros in any::<i64>()) {
            let at = Timestamp::from_micros(micros);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
        }

        #[test]
        fn the_fast_reading_agrees_with_the_general_one(micros in -62_135_596_800_000_000_i64..253_402_300_799_999_999) {
            let text = Timestamp::from_micros(micros).to_string();
            let general = DateTime::parse_from_rfc3339(&text).map(|t| t.timestamp_micros());
            let plain = text.trim_end_matches('Z');
            prop_assert_eq!(parse_plain(plain.as_bytes(), b'T').map(Timestamp::micros), general.ok());
            let spaced = plain.replace('T', " ");
            let general = NaiveDateTime::parse_from_str(&spaced, "%Y-%m-%d %H:%M:%S%.f").map(Timestamp::of);
            prop_assert_eq!(parse_plain(spaced.as_bytes(), b' '), general.ok());
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC*") {
            let _ = text.parse::<Timestamp>();
        }

        #[test]
        fn nearly_a_time_is_judged_alike(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,8})?Z") {
            if let Some(at) = parse_plain(text.trim_end_matches('Z').as_bytes(), b'T') {
                prop_assert_eq!(DateTime::parse_from_rfc3339(&text).map(|t| t.timestamp_micros()), Ok(at.micros()));
            }
        }
    }
}
