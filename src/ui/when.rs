use serde::{Deserialize, Serialize};

use crate::event::Timestamp;

/// Times are shown in one of these, and always say in which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Zone {
    #[default]
    Utc,
    Local,
}

impl Zone {
    /// `2025-01-01 01:00:05.010 UTC`.
    pub fn long(self, at: Timestamp) -> String {
        self.format(at, "%Y-%m-%d %H:%M:%S%.3f")
    }

    /// The time of day, for rows under a heading that says the zone.
    pub fn short(self, at: Timestamp) -> String {
        let Some(utc) = at.to_utc() else { return at.to_string() };
        let format = "%m-%d %H:%M:%S";
        match self {
            Self::Utc => utc.format(format).to_string(),
            Self::Local => utc.with_timezone(&chrono::Local).format(format).to_string(),
        }
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

    pub fn name(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Local => "Local",
        }
    }
}
