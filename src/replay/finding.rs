use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::{StreamId, Version};
use crate::projection::Problem;

/// What is wrong at a version: a rule that the event broke, what of it could not be read, or that the projection
/// failed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub version: Version,
    pub problem: Problem,
}

impl Finding {
    /// In English, for the command line.
    pub fn message(&self) -> String {
        self.problem.to_string()
    }
}

/// The streams on which a user's own projection failed, or was not run any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Those on which it failed.
    pub streams: u64,
    /// Those of which the first event that it did not take came when it had been given up.
    pub not_run: u64,
    /// The first of them, with the first event on which it failed.
    pub first: Option<(StreamId, Finding)>,
}

impl Failures {
    pub fn is_none(&self) -> bool {
        self.streams == 0 && self.not_run == 0
    }

    pub fn add(&mut self, stream: &StreamId, finding: &Finding) {
        *(if finding.problem.is_not_run() { &mut self.not_run } else { &mut self.streams }) += 1;
        self.first.get_or_insert_with(|| (stream.clone(), finding.clone()));
    }
}

/// As the command line prints it, and as a snapshot keeps it.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    version: Version,
    message: Cow<'a, str>,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { version: self.version, message: self.message().into() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { version, message } = Written::deserialize(deserializer)?;
        Ok(Self { version, problem: Problem::Kept(message.into()) })
    }
}
