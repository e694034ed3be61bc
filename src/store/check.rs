//! What any history, whoever wrote it, can be checked for. Fed one row at a time in store order, it keeps a few
//! numbers a stream.

use serde_json::value::RawValue;

use super::{Fault, Finding};
use crate::event::plain_json::plain_members;
use crate::event::{ByNumber, EventRow, StreamKey, Timestamp, Version, json_value};

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
    seen: ByNumber<StreamKey, Seen>,
}

impl HistoryCheck {
    pub fn new(rules: HistoryRules) -> Self {
        Self { rules, seen: ByNumber::default() }
    }

    /// Says how many events of the row's stream were seen before it.
    pub fn row(&mut self, row: &EventRow<'_>, report: &mut dyn FnMut(Finding)) -> u64 {
        self.row_judged(row, false, report)
    }

    /// The same, where its metadata may have been found to be sound already.
    pub fn row_judged(&mut self, row: &EventRow<'_>, is_metadata_sound: bool, report: &mut dyn FnMut(Finding)) -> u64 {
        let mut say = |what| report(Finding::of_event(row, what));
        let seen = self.seen.entry(row.stream_key).or_default();
        let Seen { events, highest, latest } = *seen;
        let (version, step) = (row.version.0, self.rules.step.max(1));
        if events == 0 {
            // A history begins at 0, or at 1 where its first writer counted so.
            if version > self.rules.first_version.unwrap_or(1) {
                say(Fault::BeginsLate { version: row.version });
            }
        } else if version > highest.0.saturating_add(step) {
            say(Fault::VersionsMissing { from: highest.0 + step, to: version - step });
        } else if version == highest.0 {
            say(Fault::SecondEvent { version: row.version });
        } else if version < highest.0 {
            say(Fault::OutOfOrder { after: highest });
        }
        if let (Some(before), Some(at)) = (latest, row.recorded_at)
            && at < before
        {
            say(Fault::EarlierThanBefore { at, before });
        }
        if self.rules.expects_json
            && let Err(error) = check_json(row.payload)
        {
            say(Fault::PayloadNotJson { detail: error.to_string() });
        }
        let is_judged = is_metadata_sound || row.metadata.is_empty();
        if self.rules.expects_json && !is_judged && check_json(row.metadata).is_err() {
            say(Fault::MetadataNotJson);
        }
        *seen = Seen { events: events + 1, highest: highest.max(row.version), latest: latest.max(row.recorded_at) };
        events
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
    if std::str::from_utf8(text).is_ok_and(|text| plain_members(text, |_| Some(())).is_some()) {
        return Ok(());
    }
    serde_json::from_slice::<&RawValue>(text)?;
    let may_be_deep = || memchr::memchr2_iter(b'[', b'{', text).nth(DEEPEST - 1).is_some();
    if memchr::memmem::find(text, b"\\u").is_some() || may_be_deep() {
        json_value(text)?;
    }
    Ok(())
}
