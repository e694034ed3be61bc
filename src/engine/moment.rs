use std::str::FromStr;

use super::EngineError;
use crate::event::{StreamId, Timestamp, Version};
use crate::replay::{Index, Timeline};
use crate::store::{Columns, Flow, Query, Store, StreamRow};

/// A moment in a stream, as a user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Version(Version),
    Latest,
    Time(Timestamp),
}

impl Moment {
    /// The event that was the last at this moment, in a stream that is loaded.
    pub fn index_in(self, timeline: &dyn Timeline) -> Option<Index> {
        match self {
            Self::Version(version) => timeline.index_of(version),
            Self::Time(at) => timeline.index_at(at),
            Self::Latest => timeline.heads().len().checked_sub(1),
        }
    }
}

impl FromStr for Moment {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(version) = text.strip_prefix('v').unwrap_or(text).parse() {
            return Ok(Self::Version(Version(version)));
        }
        if let Some(end) = Timestamp::end_of_day_or_month(text) {
            return Ok(Self::Time(end));
        }
        text.parse().map(Self::Time).map_err(|_| EngineError::NotAMoment(text.to_owned()))
    }
}

/// The version that was the stream's last at this moment.
pub fn resolve(reader: &dyn Store, stream: &StreamRow, moment: Moment) -> Result<Version, EngineError> {
    let name = &stream.stream;
    let heads = |query: Query| query.columns(Columns::HEADS);
    match moment {
        Moment::Latest => Ok(stream.last_version),
        Moment::Version(version) => {
            let mut is_there = false;
            let one = heads(Query::stream(name.clone()).between(Some(version), Some(version)));
            reader.visit_events(&one, &mut |_| {
                is_there = true;
                Flow::Break(())
            })?;
            let StreamRow { first_version: first, last_version: last, .. } = *stream;
            if is_there {
                Ok(version)
            } else {
                Err(EngineError::NoVersion { stream: name.clone(), asked: version, first, last })
            }
        }
        Moment::Time(at) => {
            let mut found = None;
            // Where clocks ran backward, the order of the stream counts.
            reader.visit_events(&heads(Query::stream(name.clone()).backward()), &mut |row| {
                if row.recorded_at.is_some_and(|recorded| recorded <= at) {
                    found = Some(row.version);
                    return Flow::Break(());
                }
                Flow::Continue(())
            })?;
            found.ok_or_else(|| EngineError::BeforeItBegan {
                stream: StreamId::clone(name),
                asked: at,
                first: stream.first_at.map_or_else(|| "no recorded time".to_owned(), |at| at.to_string()),
            })
        }
    }
}
