use std::fmt;
use std::str::FromStr;

use crate::event::{Explain, Message, Position, Timestamp};

/// A moment of a whole store, as a user names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreMoment {
    #[default]
    Latest,
    Position(Position),
    Time(Timestamp),
}

impl StoreMoment {
    /// Behind this time, events count no more.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Time(at) => Some(at),
            Self::Latest | Self::Position(_) => None,
        }
    }
}

/// A text that names none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is no moment of a whole store; write a position (120), a time (2025-01-01T01:00:05Z) or latest: versions are each stream's own"
)]
pub struct NoStoreMoment(pub String);

impl Explain for NoStoreMoment {
    fn message(&self) -> Message {
        Message::new("ask-not-a-store-moment").text("text", &self.0)
    }
}

impl FromStr for StoreMoment {
    type Err = NoStoreMoment;

    fn from_str(text: &str) -> Result<Self, NoStoreMoment> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(Position(position)));
        }
        if let Some(end) = end_of_month(text) {
            return Ok(Self::Time(end));
        }
        text.parse().map(Self::Time).map_err(|_| NoStoreMoment(text.to_owned()))
    }
}

/// The last moment of a month in UTC: a store as of `2025-01` holds all of January.
fn end_of_month(text: &str) -> Option<Timestamp> {
    let (year, month) = text.split_once('-').filter(|(year, month)| (year.len(), month.len()) == (4, 2))?;
    let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
    let (year, month) = match month {
        1..=11 => (year, month + 1),
        12 => (year + 1, 1),
        _ => return None,
    };
    let next = Timestamp::parse_rfc3339(&format!("{year:04}-{month:02}-01T00:00:00Z"))?;
    Some(next.plus_micros(-1))
}

impl fmt::Display for StoreMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Position(position) => position.fmt(f),
            Self::Time(at) => at.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_position_and_a_version_is_none() {
        assert_eq!("120".parse(), Ok(StoreMoment::Position(Position(120))));
        assert_eq!("latest".parse(), Ok(StoreMoment::Latest));
        let at = Timestamp::parse_rfc3339("2025-01-01T01:00:05Z").expect("a time");
        assert_eq!("2025-01-01T01:00:05Z".parse(), Ok(StoreMoment::Time(at)));
        for (month, last) in [("2025-01", "2025-01-31T23:59:59.999999Z"), ("2024-12", "2024-12-31T23:59:59.999999Z")] {
            let last = Timestamp::parse_rfc3339(last).expect("a time");
            assert_eq!(month.parse(), Ok(StoreMoment::Time(last)));
        }
        for text in ["v5", "", "-1", "soon", "2025-13", "2025-1"] {
            assert_eq!(text.parse::<StoreMoment>(), Err(NoStoreMoment(text.to_owned())));
        }
    }
}
