//! One value of a row, from either database.

use std::borrow::Cow;

use super::layout::TimeUnit;
use crate::event::{EventId, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Real(f64),
    /// Meant as text; the bytes need not be.
    Text(&'a [u8]),
    Bytes(&'a [u8]),
}

/// What is bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row's values, by their place.
pub trait Cells {
    fn cell(&self, index: usize) -> Cell<'_>;
}

impl<'a> Cell<'a> {
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// As a name: text as it is, numbers in digits, sixteen bytes as a UUID, other bytes that are no text in hex.
    pub fn name(self) -> Cow<'a, str> {
        match self {
            Self::Null => super::layout::NAMELESS.into(),
            Self::Int(number) => number.to_string().into(),
            Self::Real(number) => number.to_string().into(),
            Self::Text(bytes) => text_of(bytes),
            Self::Bytes(bytes) => match (std::str::from_utf8(bytes), <[u8; 16]>::try_from(bytes)) {
                (Ok(text), _) if text.chars().all(|letter| !letter.is_control()) => text.into(),
                (_, Ok(id)) => uuid::Uuid::from_bytes(id).to_string().into(),
                _ => bytes.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}")).into(),
            },
        }
    }

    /// As a whole number, also one that is kept as text.
    pub fn number(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            Self::Real(number) if number.is_finite() => Some(number as i64),
            Self::Text(bytes) | Self::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.trim().parse().ok(),
            _ => None,
        }
    }

    pub fn is_true(self) -> bool {
        self.number().is_some_and(|number| number != 0)
    }

    pub fn id(self) -> EventId {
        EventId::new(&self.name())
    }

    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(bytes) | Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    pub fn time(self, unit: TimeUnit) -> Option<Timestamp> {
        match self {
            Self::Null => None,
            Self::Int(number) => unit.int(number),
            Self::Real(number) => unit.real(number),
            Self::Text(bytes) | Self::Bytes(bytes) => {
                if let Some(at) = Timestamp::parse_usual(bytes) {
                    return Some(at);
                }
                let text = std::str::from_utf8(bytes).ok()?.trim();
                if let Ok(number) = text.parse::<i64>() {
                    return unit.int(number);
                }
                if let Ok(number) = text.parse::<f64>() {
                    return unit.real(number);
                }
                time_of_text(text)
            }
        }
    }
}

/// The text that is meant. Nearly every one is sound, and told to be so at a fraction of what mending one takes.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Also `2025-01-01 01:00:02.5+09`, `… +0900`, `… UTC` and `… BC`, which databases print and the standard does not know.
pub(in crate::store) fn time_of_text(text: &str) -> Option<Timestamp> {
    if let Some(before_christ) = text.strip_suffix(" BC") {
        // The calendar of machines has a year 0 between 1 BC and 1 AD.
        let (year, rest) = before_christ.split_at(before_christ.find('-')?);
        let year = year.parse::<i64>().ok().filter(|year| *year > 0)? - 1;
        // Leap years come again every 400 years, so the rest is read in a year that the standard knows.
        let (cycles, known) = ((year + 399) / 400, (400 - year % 400) % 400);
        return time_of_text(&format!("{known:04}{rest}"))?
            .micros()
            .checked_sub(cycles * CYCLE)
            .map(Timestamp::from_micros);
    }
    Timestamp::parse_lenient(text).or_else(|| {
        let text = text.strip_suffix(" UTC").unwrap_or(text);
        let utc = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        Timestamp::parse_lenient(utc).or_else(|| {
            let sign = text.rfind(['+', '-']).filter(|at| *at > 10)?;
            let digits: String = text[sign + 1..].chars().filter(char::is_ascii_digit).collect();
            let offset = match digits.len() {
                2 => format!("{digits}:00"),
                4 => format!("{}:{}", &digits[..2], &digits[2..]),
                _ => return None,
            };
            let local = text[..sign].trim().replacen(' ', "T", 1);
            Timestamp::parse_rfc3339(&format!("{local}{}{offset}", &text[sign..=sign]))
        })
    })
}

/// Four hundred years, after which the calendar repeats itself, in microseconds.
const CYCLE: i64 = 146_097 * 86_400 * 1_000_000;

/// 1973 in seconds reads as 1970 in milliseconds; what lies between the marks is sure for a century around now.
const SECONDS_END: i64 = 100_000_000_000;

impl TimeUnit {
    fn int(self, number: i64) -> Option<Timestamp> {
        let micros = match self.fitting(number.saturating_abs()) {
            Self::Seconds | Self::Auto => number.checked_mul(1_000_000)?,
            Self::Millis => number.checked_mul(1_000)?,
            Self::Micros => number,
            Self::Nanos => number.div_euclid(1_000),
        };
        Some(Timestamp::from_micros(micros))
    }

    fn real(self, number: f64) -> Option<Timestamp> {
        let factor = match self.fitting(number.abs() as i64) {
            Self::Seconds | Self::Auto => 1_000_000.0,
            Self::Millis => 1_000.0,
            Self::Micros => 1.0,
            Self::Nanos => 0.001,
        };
        let micros = (number * factor).round();
        micros.is_finite().then(|| Timestamp::from_micros(micros as i64))
    }

    fn fitting(self, size: i64) -> Self {
        match self {
            Self::Auto if size < SECONDS_END => Self::Seconds,
            Self::Auto if size < SECONDS_END * 1_000 => Self::Millis,
            Self::Auto if size < SECONDS_END * 1_000_000 => Self::Micros,
            Self::Auto => Self::Nanos,
            known => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_form_are_the_same_moment() {
        let moment = "2025-01-01T01:00:02.500Z";
        let texts: [&[u8]; 8] = [
            b"2025-01-01T01:00:02.5Z",
            b"2025-01-01 01:00:02.5",
            b"2025-01-01 10:00:02.5+09",
            b"2025-01-01 10:00:02.500000+0900",
            b"2025-01-01T10:00:02.5+09:00",
            b"2025-01-01 01:00:02.500000 UTC",
            b"1735693202.5",
            b"1735693202500",
        ];
        let cells = texts.map(Cell::Text).into_iter().chain([
            Cell::Int(1_735_693_202_500),
            Cell::Int(1_735_693_202_500_000),
            Cell::Int(1_735_693_202_500_000_000),
            Cell::Real(1_735_693_202.5),
            Cell::Real(1_735_693_202_500.0),
        ]);
        for cell in cells {
            assert_eq!(cell.time(TimeUnit::Auto).map(|at| at.to_string()).as_deref(), Some(moment), "{cell:?}");
        }
        assert_eq!(Cell::Int(5).time(TimeUnit::Millis), Some(Timestamp::from_micros(5_000)));
        assert_eq!(Cell::Text(b"yesterday").time(TimeUnit::Auto), None);
    }

    #[test]
    fn a_year_before_our_era_is_not_one_of_ours() {
        for (text, moment) in [
            ("4000-01-01 00:00:00+00 BC", "-3999-01-01T00:00:00.000Z"),
            ("0001-12-31 23:00:00-01 BC", "0001-01-01T00:00:00.000Z"),
            ("0001-02-29 01:00:00 BC", "0000-02-29T01:00:00.000Z"),
            ("0400-01-01 BC", "-0399-01-01T00:00:00.000Z"),
            ("0401-02-29 12:00:00+00 BC", "-0400-02-29T12:00:00.000Z"),
        ] {
            assert_eq!(time_of_text(text).map(|at| at.to_string()).as_deref(), Some(moment), "{text}");
        }
        assert_eq!(time_of_text("0000-01-01 00:00:00 BC"), None);
    }

    #[test]
    fn bytes_are_named_as_what_they_are() {
        assert_eq!(Cell::Bytes(&[0xff; 16]).name(), "ffffffff-ffff-ffff-ffff-ffffffffffff");
        assert_eq!(Cell::Bytes(b"lead-1").name(), "lead-1");
        assert_eq!(Cell::Bytes(&[0, 0xab]).name(), "0x00ab");
        assert_eq!(Cell::Int(-7).name(), "-7");
    }
}
