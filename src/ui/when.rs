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
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Utc,
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

    /// The time of day, for rows under a heading that says the zone.
    pub fn short(self, at: Timestamp) -> String {
        let Some(utc) = at.to_utc() else { return at.to_string() };
        let format = "%m-%d %H:%M:%S";
        match self {
            Self::Utc => utc.format(format).to_string(),
            Self::Local => utc.with_timezone(&chrono::Local).format(format).to_string(),
        }
    }

    /// How many seconds a clock on the wall is ahead of UTC.
    pub fn offset(self, at: Timestamp) -> i64 {
        let local = |at: Timestamp| Some(at.to_utc()?.with_timezone(&chrono::Local).offset().local_minus_utc());
        match self {
            Self::Utc => 0,
            Self::Local => local(at).map_or(0, i64::from),
        }
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
