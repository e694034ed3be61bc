use memchr::memchr2_iter;

use super::open_store::{Opener, stream_or_store};
use super::trouble::Trouble;
use crate::event::{EventRow, EventType, StreamId, Timestamp, Version};
use crate::jobs::{Job, Loading, Progress, Wake};
use crate::store::Flow;

/// Who finds more than these types more letters.
pub const HITS_KEPT: usize = 500;

/// How much of an event is shown around the place that was found.
const AROUND: usize = 40;

/// A search for events by any part of them: in the payload and metadata as stored, the type and the stream's name.
pub struct EventSearch {
    pub text: String,
    /// Only in the stream on the desk.
    pub is_here_only: bool,
    found: Loading<Found, Trouble>,
    opener: Opener,
    wake: Wake,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// What was looked for.
    pub text: String,
    pub hits: Vec<Hit>,
    /// More than are kept were found.
    pub has_more: bool,
    pub looked_at: u64,
}

/// An event in which the text stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
    pub recorded_at: Option<Timestamp>,
    /// What stands around the place.
    pub excerpt: String,
}

impl std::fmt::Debug for EventSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventSearch").field("text", &self.text).finish_non_exhaustive()
    }
}

impl EventSearch {
    pub(super) fn new(opener: Opener, wake: Wake) -> Self {
        Self { text: String::new(), is_here_only: false, found: Loading::default(), opener, wake }
    }

    /// Looks for the text as it is typed, in `here` only if that is wanted.
    pub fn start(&mut self, here: Option<&StreamId>) {
        let text = self.text.trim().to_owned();
        if text.is_empty() {
            return;
        }
        let opener = self.opener.clone();
        let stream = here.filter(|_| self.is_here_only).cloned();
        self.found.request(Job::start("searching events", &self.wake, move |ticket| {
            let reader = opener()?;
            let query = stream_or_store(reader.as_ref(), stream, ticket)?;
            let needle = Needle::new(&text);
            let mut found = Found { text, ..Found::default() };
            reader.visit_events(&query, &mut |row| {
                found.looked_at += 1;
                ticket.set_done(found.looked_at);
                if let Some(excerpt) = needle.excerpt(row) {
                    if found.hits.len() == HITS_KEPT {
                        found.has_more = true;
                        return Flow::Break(());
                    }
                    found.hits.push(Hit {
                        stream: row.stream.clone(),
                        version: row.version,
                        event_type: row.event_type.clone(),
                        recorded_at: row.recorded_at,
                        excerpt,
                    });
                }
                if ticket.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) }
            })?;
            Ok(found)
        }));
    }

    pub fn found(&self) -> Option<&Found> {
        self.found.value()
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        self.found.error()
    }

    pub fn progress(&self) -> Option<Progress> {
        self.found.progress()
    }

    pub fn is_loading(&self) -> bool {
        self.found.is_loading()
    }

    pub fn cancel(&mut self) {
        self.found.cancel();
    }

    pub(super) fn poll(&mut self) -> bool {
        self.found.poll()
    }
}

/// Text to be found: upper and lower case of Latin letters are alike.
struct Needle {
    bytes: Vec<u8>,
    /// As it stands where JSON writes every other letter as an escape.
    escaped: Option<Vec<u8>>,
}

impl Needle {
    fn new(text: &str) -> Self {
        let escaped = (!text.is_ascii()).then(|| {
            let units = text.encode_utf16().map(|unit| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            });
            units.collect::<String>().into_bytes()
        });
        Self { bytes: text.as_bytes().to_vec(), escaped }
    }

    fn excerpt(&self, row: &EventRow<'_>) -> Option<String> {
        let places = [row.payload, row.metadata, row.event_type.as_str().as_bytes(), row.stream.as_str().as_bytes()];
        places.into_iter().find_map(|place| Some(around(place, self.place(place)?)))
    }

    fn place(&self, text: &[u8]) -> Option<usize> {
        let escaped = self.escaped.as_deref().and_then(|needle| find(text, needle));
        find(text, &self.bytes).or(escaped)
    }
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text)
        .find(|at| text.get(*at..at + needle.len()).is_some_and(|found| found.eq_ignore_ascii_case(needle)))
}

/// What stands around this place, on one line.
fn around(text: &[u8], at: usize) -> String {
    let begin = at.saturating_sub(AROUND);
    let end = (at + 2 * AROUND).min(text.len());
    let mut shown = String::from_utf8_lossy(&text[begin..end]).replace(['\n', '\r', '\t'], " ");
    // Letters that were cut through say nothing.
    shown = shown.trim_matches('\u{fffd}').to_owned();
    format!("{}{shown}{}", if begin > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_whatever_its_case_and_however_json_writes_it() {
        for (text, needle) in [
            (r#"{"name":"Maria Ortiz"}"#, "maria o"),
            (r#"{"name":"김서연"}"#, "서연"),
            (r#"{"name":"\uae40\uC11C\uc5f0"}"#, "김서연"),
            (r#"{"name":"aaab"}"#, "aab"),
        ] {
            assert!(Needle::new(needle).place(text.as_bytes()).is_some(), "{needle} in {text}");
        }
        assert_eq!(Needle::new("aab").place(b"aaa"), None);
    }

    #[test]
    fn an_excerpt_is_one_line_of_what_stands_around() {
        let text = format!("{}\nfound{}", "가".repeat(100), "나".repeat(100));
        let shown = around(text.as_bytes(), text.find("found").unwrap_or_default());
        assert!(shown.contains(" found나") && shown.starts_with("…가") && shown.ends_with("나…"), "{shown}");
    }
}
