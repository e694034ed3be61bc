//! What any history, whoever wrote it, can be checked for. Fed one row at a time in store order, it keeps a few
//! numbers a stream.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::event::{EventRow, StreamId, StreamKey, Timestamp, Version};

/// One thing in a store that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub kind: FindingKind,
    pub stream: Option<StreamId>,
    pub version: Option<Version>,
    pub message: String,
}

impl Finding {
    /// Something that cannot be read, and stands for all that could not be looked at for it.
    pub(crate) fn damage(message: String) -> Self {
        Self { kind: FindingKind::Damaged, stream: None, version: None, message }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    Gap,
    Duplicate,
    UnreadablePayload,
    DisorderedTime,
    BrokenChain,
    /// A kept count that is not what the events add up to.
    WrongCount,
    /// A snapshot that is not what replaying gives.
    StaleSnapshot,
    /// The guards against changing events are gone, or are none.
    Unprotected,
    /// The tables, indexes and views are not those that the store was made with.
    AlteredSchema,
    /// A stream is kept in another category than its name says.
    WrongCategory,
    /// The database file itself is damaged.
    Damaged,
}

impl FindingKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Duplicate => "duplicate",
            Self::UnreadablePayload => "unreadable-payload",
            Self::DisorderedTime => "disordered-time",
            Self::BrokenChain => "broken-chain",
            Self::WrongCount => "wrong-count",
            Self::StaleSnapshot => "stale-snapshot",
            Self::Unprotected => "unprotected",
            Self::AlteredSchema => "altered-schema",
            Self::WrongCategory => "wrong-category",
            Self::Damaged => "damaged",
        }
    }
}

/// Per stream: how many events were seen, the highest version and the latest time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub events: u64,
    pub highest: Version,
    latest: Option<Timestamp>,
}

/// What is right in one store and wrong in another.
#[derive(Clone, Copy, Debug)]
pub struct HistoryRules {
    /// The version of a stream's first event; 0 or 1 where that is not known.
    pub first_version: Option<u64>,
    /// How far apart versions stand.
    pub step: u64,
    pub expects_json: bool,
}

impl Default for HistoryRules {
    fn default() -> Self {
        Self { first_version: None, step: 1, expects_json: true }
    }
}

/// The checks that need nothing but the rows.
#[derive(Debug, Default)]
pub struct HistoryCheck {
    rules: HistoryRules,
    /// By number, and not by place: a damaged number may be any.
    seen: HashMap<StreamKey, Seen>,
}

impl HistoryCheck {
    pub fn new(rules: HistoryRules) -> Self {
        Self { rules, seen: HashMap::new() }
    }

    pub fn row(&mut self, row: &EventRow<'_>, report: &mut dyn FnMut(Finding)) {
        let mut say = |kind, message| {
            report(Finding { kind, stream: Some(row.stream.clone()), version: Some(row.version), message });
        };
        let seen = self.seen.entry(row.stream_key).or_default();
        let Seen { events, highest, latest } = *seen;
        let (version, step) = (row.version.0, self.rules.step.max(1));
        if events == 0 {
            // A history begins at 0, or at 1 where its first writer counted so.
            if version > self.rules.first_version.unwrap_or(1) {
                say(FindingKind::Gap, format!("the stream begins at version {version}; what came before is missing"));
            }
        } else if version > highest.0 + step {
            let missing = match (highest.0 + step, version - step) {
                (a, b) if a == b => format!("version {a} is"),
                (a, b) => format!("versions {a} to {b} are"),
            };
            say(FindingKind::Gap, format!("{missing} missing before it"));
        } else if version == highest.0 {
            say(FindingKind::Duplicate, format!("a second event has version {version}"));
        } else if version < highest.0 {
            say(FindingKind::Duplicate, format!("recorded after version {highest}, out of order"));
        }
        if let (Some(before), Some(at)) = (latest, row.recorded_at)
            && at < before
        {
            say(FindingKind::DisorderedTime, format!("recorded at {at}, before the event ahead of it ({before})"));
        }
        if self.rules.expects_json
            && let Err(error) = check_json(row.payload)
        {
            say(FindingKind::UnreadablePayload, format!("the payload is not JSON: {error}"));
        }
        if self.rules.expects_json && !row.metadata.is_empty() && check_json(row.metadata).is_err() {
            say(FindingKind::UnreadablePayload, "the metadata is not JSON".to_owned());
        }
        *seen = Seen { events: events + 1, highest: highest.max(row.version), latest: latest.max(row.recorded_at) };
    }

    /// What was seen of the stream with this number.
    pub fn seen(&self, key: StreamKey) -> Seen {
        self.seen.get(&key).copied().unwrap_or_default()
    }
}

/// JSON nested deeper than this is not read.
const DEEPEST: usize = 128;

/// Whether JSON can be read as it will be for showing it. Passing over a text does not notice half a surrogate pair or
/// how deep it is nested; reading it whole costs several times more, so only what could hold such a thing is.
fn check_json(text: &[u8]) -> Result<(), serde_json::Error> {
    serde_json::from_slice::<&RawValue>(text)?;
    let may_be_deep = || memchr::memchr2_iter(b'[', b'{', text).nth(DEEPEST - 1).is_some();
    if memchr::memmem::find(text, b"\\u").is_some() || may_be_deep() {
        serde_json::from_slice::<serde_json::Value>(text)?;
    }
    Ok(())
}
