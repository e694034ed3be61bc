use std::fmt;
use std::str::FromStr;

use crate::event::{Explain, Message, Position, Timestamp, spoken_date};

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
    "“{0}” is no moment of a whole store; write a position (120), a time (2025-01-01T01:00:05Z), a day, a month (2025-01) or latest: versions are each stream's own"
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
        // As people say it, too: `1 May 2025`.
        let spoken = spoken_date(text);
        if let Some(end) = Timestamp::end_of_day_or_month(spoken.as_deref().unwrap_or(text)) {
            return Ok(Self::Time(end));
        }
        text.parse().map(Self::Time).map_err(|_| NoStoreMoment(text.to_owned()))
    }
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
        for (named, last) in [
            ("2025-01", "2025-01-31T23:59:59.999999Z"),
            ("2024-12", "2024-12-31T23:59:59.999999Z"),
            ("2025-01-31", "2025-01-31T23:59:59.999999Z"),
            ("2024-02-28", "2024-02-28T23:59:59.999999Z"),
            ("1 May 2025", "2025-05-01T23:59:59.999999Z"),
            ("2025년 5월", "2025-05-31T23:59:59.999999Z"),
        ] {
            let last = Timestamp::parse_rfc3339(last).expect("a time");
            assert_eq!(named.parse(), Ok(StoreMoment::Time(last)), "{named} ends when it is over");
        }
        for text in ["v5", "", "-1", "soon", "2025-13", "2025-1", "2025-02-30", "1 May"] {
            assert_eq!(text.parse::<StoreMoment>(), Err(NoStoreMoment(text.to_owned())));
        }
    }
}
