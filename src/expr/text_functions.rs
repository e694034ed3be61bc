//! What functions make of texts and times.

use chrono::{Datelike, Timelike};

use super::functions::Function;
use crate::event::Timestamp;

/// A pattern that would take more memory than this is none.
const LARGEST_PATTERN: usize = 1 << 18;

pub(super) fn pattern(text: &str) -> Option<regex_lite::Regex> {
    regex_lite::RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build().ok()
}

const UNITS: [(&str, f64); 6] = [("ms", 1e3), ("us", 1.0), ("µs", 1.0), ("ns", 1e-3), ("h", 3.6e9), ("m", 6e7)];

/// A length of time as CEL writes it, `36h` or `1h30m` or `-1.5s`, in microseconds. Days are none of its units, and read
/// all the same.
pub(super) fn length_in(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.trim().strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.trim()),
    };
    if rest == "0" {
        return Some(0);
    }
    let (mut micros, mut is_any) = (0.0, false);
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, unit) = rest.split_at_checked(end)?;
        let number: f64 = number.parse().ok()?;
        let (name, factor) =
            UNITS.iter().chain(&[("s", 1e6), ("d", 8.64e10)]).find(|(name, _)| unit.starts_with(name))?;
        micros += number * factor;
        rest = unit.strip_prefix(name)?;
        is_any = true;
    }
    (is_any && micros <= i64::MAX as f64).then(|| (sign * micros.round()) as i64)
}

/// A length of time in seconds, as CEL prints it.
pub(super) fn length_text(micros: i64) -> String {
    let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    if rest == 0 {
        return format!("{sign}{seconds}s");
    }
    let digits = format!("{rest:06}");
    format!("{sign}{seconds}.{}s", digits.trim_end_matches('0'))
}

/// A part of a time, on a clock so many seconds ahead of UTC.
pub(super) fn part_of_time(function: Function, at: Timestamp, ahead: i64) -> Option<i64> {
    let wall = at.plus_micros(ahead.checked_mul(1_000_000)?).to_utc()?;
    Some(match function {
        Function::Year => wall.year().into(),
        Function::Month => wall.month0().into(),
        Function::DayOfMonth => wall.day0().into(),
        Function::DayOfMonthFromOne => wall.day().into(),
        Function::DayOfWeek => wall.weekday().num_days_from_sunday().into(),
        Function::DayOfYear => wall.ordinal0().into(),
        Function::Hours => wall.hour().into(),
        Function::Minutes => wall.minute().into(),
        Function::Seconds => wall.second().into(),
        Function::Milliseconds => wall.timestamp_subsec_millis().into(),
        _ => return None,
    })
}

/// The same of a length of time: all of it in that unit.
pub(super) fn part_of_length(function: Function, micros: i64) -> Option<i64> {
    Some(match function {
        Function::Hours => micros / 3_600_000_000,
        Function::Minutes => micros / 60_000_000,
        Function::Seconds => micros / 1_000_000,
        Function::Milliseconds => micros / 1_000,
        _ => return None,
    })
}

/// How many seconds a zone is ahead of UTC: `UTC`, `+09:00`, `-02:30`.
pub(super) fn ahead(zone: &str) -> Option<i64> {
    if zone == "UTC" || zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+').unwrap_or(zone)),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_written() {
        for (text, micros, written) in [
            ("36h", 129_600_000_000, "129600s"),
            ("1h30m", 5_400_000_000, "5400s"),
            ("-1.5s", -1_500_000, "-1.5s"),
            ("100ms", 100_000, "0.1s"),
            ("2d", 172_800_000_000, "172800s"),
            ("0", 0, "0s"),
        ] {
            assert_eq!(length_in(text), Some(micros), "{text}");
            assert_eq!(length_text(micros), written, "{text}");
        }
        for text in ["", "h", "5", "5 h", "1x", "-", "1.2.3s"] {
            assert_eq!(length_in(text), None, "{text}");
        }
    }

    #[test]
    fn zones_are_hours_and_minutes() {
        assert_eq!((ahead("UTC"), ahead("+09:00"), ahead("-02:30")), (Some(0), Some(32_400), Some(-9_000)));
        assert_eq!((ahead("Asia/Seoul"), ahead("+99:00"), ahead("9")), (None, None, None));
    }
}
