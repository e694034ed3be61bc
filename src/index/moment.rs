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
        for text in ["v5", "", "-1", "soon"] {
            assert_eq!(text.parse::<StoreMoment>(), Err(NoStoreMoment(text.to_owned())));
        }
    }
}
