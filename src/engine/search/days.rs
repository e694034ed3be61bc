//! Days as people name them: a day, a month, a year, yesterday, last week.

use chrono::{Datelike, Days as Count, Months, NaiveDate, Weekday};

use crate::event::{Timestamp, spoken_date};

/// When a day begins where somebody sits, and which day it is there.
#[derive(Clone, Copy)]
pub struct Calendar<'c> {
    pub today: NaiveDate,
    pub begins: &'c dyn Fn(NaiveDate) -> Timestamp,
}

impl std::fmt::Debug for Calendar<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calendar").field("today", &self.today).finish_non_exhaustive()
    }
}

impl Calendar<'_> {
    /// The day of a moment in UTC, and when days begin there.
    pub fn utc(now: Timestamp) -> Self {
        let begins: &dyn Fn(NaiveDate) -> Timestamp = &|day| {
            let midnight = day.and_hms_opt(0, 0, 0).unwrap_or_default();
            Timestamp::from_micros(midnight.and_utc().timestamp_micros())
        };
        Self { today: now.to_utc().map(|now| now.date_naive()).unwrap_or_default(), begins }
    }
}

/// From the first moment up to, and without, the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    pub from: Option<Timestamp>,
    pub end: Option<Timestamp>,
}

impl Days {
    pub fn hold(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.end.is_none_or(|end| at < end)
    }

    /// The first and the last day of them, where both ends are given and not long before today.
    pub fn dates(self, calendar: &Calendar<'_>) -> Option<(NaiveDate, NaiveDate)> {
        const BACK: u64 = 2 * 366 + 31;
        let (from, end) = self.from.zip(self.end)?;
        let day = |days: u64| calendar.today.checked_sub_days(Count::new(days));
        let first = (0..=BACK).filter_map(day).find(|day| (calendar.begins)(*day) <= from)?;
        let behind = |days: u64| first.checked_add_days(Count::new(days));
        let after = (1..=BACK).filter_map(behind).find(|day| (calendar.begins)(*day) >= end)?;
        Some((first, after.pred_opt()?))
    }

    /// What lies within both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), end: self.end.into_iter().chain(other.end).min() }
    }

    /// From the first of both to the last, with what lies between.
    pub(super) fn around(self, other: Self) -> Self {
        let from = self.from.zip(other.from).map(|(one, other)| one.min(other));
        Self { from, end: self.end.zip(other.end).map(|(one, other)| one.max(other)) }
    }

    /// What lies before the first of them.
    pub(super) fn before(self) -> Self {
        Self { from: None, end: self.from }
    }

    /// From the first of them on.
    pub(super) fn on_and_after(self) -> Self {
        Self { from: self.from, end: None }
    }
}

/// A day, a month or a year as it is written, or a moment; a moment lasts for the shortest while.
pub(super) fn written(text: &str, calendar: &Calendar<'_>) -> Option<Days> {
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
    };
    let parts: Vec<&str> = text.split('-').collect();
    let (from, to) = match parts.as_slice() {
        [year] => {
            let from = NaiveDate::from_ymd_opt(number(year, 4)? as i32, 1, 1)?;
            (from, from.checked_add_months(Months::new(12))?)
        }
        [year, month] => {
            let from = NaiveDate::from_ymd_opt(number(year, 4)? as i32, number(month, 2)?, 1)?;
            (from, from.checked_add_months(Months::new(1))?)
        }
        [year, month, day] if day.len() == 2 => {
            let from = NaiveDate::from_ymd_opt(number(year, 4)? as i32, number(month, 2)?, number(day, 2)?)?;
            (from, from.checked_add_days(Count::new(1))?)
        }
        _ => {
            let at = Timestamp::parse_lenient(text)?;
            return Some(Days { from: Some(at), end: Some(Timestamp::from_micros(at.micros().saturating_add(1))) });
        }
    };
    Some(between(from, to, calendar))
}

/// Whether a text is written as a month or a day is, whatever else it may be.
pub(super) fn is_month_or_day(text: &str) -> bool {
    let shape: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    matches!(shape.as_str(), "0000-00" | "0000-00-00")
}

/// How many words such a phrase has at the most.
pub(super) const MOST_WORDS: usize = 3;

/// `yesterday`, `last week`, `last March`, `지난주`: days named from today; `12 March 2025`, `March 2025`: days with
/// their year.
pub(super) fn named(words: &[&str], calendar: &Calendar<'_>) -> Option<Days> {
    // Which year's 12 March is meant, nobody said.
    if let Some(days) = spoken_date(&words.join(" ")).filter(|date| is_month_or_day(date)) {
        return written(&days, calendar);
    }
    let phrase: String = words.concat().to_lowercase();
    let today = calendar.today;
    let day = |from: NaiveDate, days: u64| Some((from, from.checked_add_days(Count::new(days))?));
    let back = |days: u64| today.checked_sub_days(Count::new(days));
    let this_week = today.week(Weekday::Mon).first_day();
    let this_month = today.with_day(1)?;
    let this_year = NaiveDate::from_ymd_opt(today.year(), 1, 1)?;
    let (from, to) = match phrase.as_str() {
        "today" | "오늘" => day(today, 1)?,
        "yesterday" | "어제" => day(back(1)?, 1)?,
        "thisweek" | "이번주" => day(this_week, 7)?,
        "lastweek" | "지난주" => day(this_week.checked_sub_days(Count::new(7))?, 7)?,
        "thismonth" | "이번달" => (this_month, this_month.checked_add_months(Months::new(1))?),
        "lastmonth" | "지난달" => (this_month.checked_sub_months(Months::new(1))?, this_month),
        "thisyear" | "올해" => (this_year, this_year.checked_add_months(Months::new(12))?),
        "lastyear" | "작년" | "지난해" => (this_year.checked_sub_months(Months::new(12))?, this_year),
        other => {
            let name = other.strip_prefix("last").or_else(|| other.strip_prefix("지난"))?;
            if let Some(month) = month(name) {
                return latest_month(month, this_month.pred_opt()?, calendar);
            }
            let wanted = weekday(name)?;
            // The latest of that name before today.
            let behind = (today.weekday().num_days_from_monday() + 7 - wanted.num_days_from_monday()) % 7;
            day(back(if behind == 0 { 7 } else { u64::from(behind) })?, 1)?
        }
    };
    Some(between(from, to, calendar))
}

/// The latest month of that number that began by this day.
fn latest_month(month: u32, by: NaiveDate, calendar: &Calendar<'_>) -> Option<Days> {
    let year = if month <= by.month() { by.year() } else { by.year().checked_sub(1)? };
    let from = NaiveDate::from_ymd_opt(year, month, 1)?;
    Some(between(from, from.checked_add_months(Months::new(1))?, calendar))
}

fn month(name: &str) -> Option<u32> {
    match name.strip_suffix('월') {
        Some(number) => number.parse().ok().filter(|month| (1..=12).contains(month)),
        None => name.parse().ok().map(|month: chrono::Month| month.number_from_month()),
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    const KOREAN: [&str; 7] = ["월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"];
    const WEEK: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let korean = KOREAN.iter().zip(WEEK).find(|(known, _)| **known == name).map(|(_, day)| day);
    korean.or_else(|| name.parse().ok())
}

fn between(from: NaiveDate, to: NaiveDate, calendar: &Calendar<'_>) -> Days {
    Days { from: Some((calendar.begins)(from)), end: Some((calendar.begins)(to)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(days: Option<Days>) -> String {
        let day = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
        days.map_or_else(String::new, |days| format!("{}..{}", day(days.from), day(days.end)))
    }

    #[test]
    fn days_are_those_that_people_name() {
        // A Friday.
        let now = Timestamp::parse_rfc3339("2025-03-14T09:23:41Z").unwrap_or_default();
        let calendar = Calendar::utc(now);
        for (phrase, from, to) in [
            ("today", "2025-03-14", "2025-03-15"),
            ("어제", "2025-03-13", "2025-03-14"),
            ("last week", "2025-03-03", "2025-03-10"),
            ("이번 주", "2025-03-10", "2025-03-17"),
            ("지난달", "2025-02-01", "2025-03-01"),
            ("last Tuesday", "2025-03-11", "2025-03-12"),
            ("last friday", "2025-03-07", "2025-03-08"),
            ("지난 월요일", "2025-03-10", "2025-03-11"),
            ("last year", "2024-01-01", "2025-01-01"),
            ("last February", "2025-02-01", "2025-03-01"),
            ("last march", "2024-03-01", "2024-04-01"),
            ("last dec", "2024-12-01", "2025-01-01"),
            ("지난 3월", "2024-03-01", "2024-04-01"),
            ("지난 1월", "2025-01-01", "2025-02-01"),
            ("12 March 2024", "2024-03-12", "2024-03-13"),
            ("2024년 3월 12일", "2024-03-12", "2024-03-13"),
            ("march 2024", "2024-03-01", "2024-04-01"),
        ] {
            let words: Vec<&str> = phrase.split(' ').collect();
            assert_eq!(
                shown(named(&words, &calendar)),
                format!("{from}T00:00:00.000Z..{to}T00:00:00.000Z"),
                "{phrase}"
            );
        }
        for (text, from, to) in [
            ("2025", "2025-01-01", "2026-01-01"),
            ("2024-12", "2024-12-01", "2025-01-01"),
            ("2024-02-29", "2024-02-29", "2024-03-01"),
        ] {
            assert_eq!(shown(written(text, &calendar)), format!("{from}T00:00:00.000Z..{to}T00:00:00.000Z"), "{text}");
        }
        for text in ["2025-13", "2025-02-30", "25-01", "yesterday", "", "2025-1"] {
            assert_eq!(written(text, &calendar), None, "{text}");
        }
        for phrase in ["week", "last", "last lead", "지난", "12 march", "march", "last marc", "지난 13월", "지난 월"]
        {
            let words: Vec<&str> = phrase.split(' ').collect();
            assert_eq!(named(&words, &calendar), None, "{phrase}");
        }
        let moment = written("2025-01-01T01:00:05.010Z", &calendar).unwrap_or_default();
        assert!(moment.hold(Timestamp::parse_rfc3339("2025-01-01T01:00:05.010Z").unwrap_or_default()));
    }
}
