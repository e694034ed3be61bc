use chrono::NaiveDate;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A leap year, for a day without a year.
const SOME_YEAR: i32 = 2024;

/// The letters that tell one month from all others.
const SHORT_MONTH: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year(i32),
    Month(u32),
    Day(u32),
}

/// A day or a month as people say it, in the digits of a clock: `12 March` is `03-12`, `Mar 12th, 2025` and
/// `2025년 3월 12일` are `2025-03-12`, `March 2025` is `2025-03`. `None` for all else, a month or a number alone too.
pub fn spoken_date(text: &str) -> Option<String> {
    let (mut year, mut month, mut day) = (None, None, None);
    for word in words(text) {
        let is_first = match part(&word)? {
            Part::Year(number) => year.replace(number).is_none(),
            Part::Month(number) => month.replace(number).is_none(),
            Part::Day(number) => day.replace(number).is_none(),
        };
        if !is_first {
            return None;
        }
    }
    let month = month?;
    NaiveDate::from_ymd_opt(year.unwrap_or(SOME_YEAR), month, day.unwrap_or(1))?;
    Some(match (year, day) {
        (Some(year), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (Some(year), None) => format!("{year:04}-{month:02}"),
        (None, Some(day)) => format!("{month:02}-{day:02}"),
        (None, None) => return None,
    })
}

/// What stands between spaces, or ends as a part of a Korean date does.
fn words(text: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            ',' | '.' => spaced.push(' '),
            '년' | '월' | '일' => spaced.extend([letter, ' ']),
            letter => spaced.push(letter),
        }
    }
    spaced.split_whitespace().filter(|word| !matches!(*word, "of" | "the")).map(str::to_owned).collect()
}

fn part(word: &str) -> Option<Part> {
    let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    for (end, of) in [("월", Part::Month as fn(u32) -> Part), ("일", Part::Day)] {
        if let Some(digits) = word.strip_suffix(end) {
            return number(digits).map(of);
        }
    }
    if let Some(digits) = word.strip_suffix('년') {
        return number(digits).map(|year: u32| Part::Year(year as i32));
    }
    if word.len() >= SHORT_MONTH
        && let Some(place) = MONTHS.iter().position(|month| month.starts_with(word))
    {
        return Some(Part::Month(place as u32 + 1));
    }
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    let found = number(digits)?;
    match digits.len() {
        4 if digits == word => Some(Part::Year(found as i32)),
        1 | 2 => Some(Part::Day(found)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_read_as_people_say_them() {
        for (said, meant) in [
            ("12 March", "03-12"),
            ("march 12", "03-12"),
            ("Mar 12th, 2025", "2025-03-12"),
            ("the 1st of sept. 2024", "2024-09-01"),
            ("2025 march 12", "2025-03-12"),
            ("March 2025", "2025-03"),
            ("29 feb", "02-29"),
            ("3월 12일", "03-12"),
            ("3월12일", "03-12"),
            ("2025년 3월 12일", "2025-03-12"),
            ("2025년 3월", "2025-03"),
        ] {
            assert_eq!(spoken_date(said).as_deref(), Some(meant), "{said}");
        }
        for other in [
            "",
            "march",
            "12",
            "2025",
            "12 2025",
            "ma 12",
            "marchs 12",
            "30 feb",
            "29 feb 2025",
            "32 march",
            "0 march",
            "12 march 13",
            "march 12 april",
            "2025-03-12",
            "12 march pizza",
            "3월",
            "13월 1일",
            "월 일",
            "123 march",
            "99999999999년 3월",
        ] {
            assert_eq!(spoken_date(other), None, "{other}");
        }
    }
}
