use memchr::memchr2_iter;

use super::{UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, Ticket, Tool, stream_or_store};
use crate::event::{EventRow, EventType, StreamId, Timestamp, Version};
use crate::store::{Flow, Store, StoreError};

/// Who finds more than these types more letters.
pub const HITS_KEPT: usize = 500;

/// How much of an event is shown around the place that was found.
const AROUND: usize = 40;

/// A search for events by any part of them: in the payload and metadata as stored, the type and the stream's name.
#[derive(Debug, Default)]
pub struct EventSearch {
    pub text: String,
    /// Only in the stream on screen.
    pub is_here_only: bool,
    pub asked: Asked<SearchEvents>,
}

impl WindowTool for EventSearch {
    /// Looks for the text as it is typed, in `here` only if that is wanted.
    fn start(&mut self, engine: &Engine, here: Option<&StreamId>) {
        let text = self.text.trim().to_owned();
        if text.is_empty() {
            return;
        }
        let stream = here.filter(|_| self.is_here_only).cloned();
        self.asked.ask(engine, SearchEvents { text, stream });
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct SearchEvents {
    text: String,
    stream: Option<StreamId>,
}

impl Question for SearchEvents {
    type Answer = Found;
    type Error = UserError;
    const WHAT: &'static str = "searching events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Found, UserError> {
        let query = stream_or_store(reader, self.stream, ticket)?;
        let needle = Needle::new(&self.text);
        let mut found = Found { text: self.text, ..Found::default() };
        reader.visit_events(&query, &mut |row| {
            found.looked_at += 1;
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
            ticket.reached(found.looked_at)
        })?;
        // What was found so far would look like all there is.
        if ticket.is_cancelled() { Err(StoreError::Cancelled.into()) } else { Ok(found) }
    }
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
    let mut shown = String::from_utf8_lossy(text.get(begin..end).unwrap_or_default()).replace(['\n', '\r', '\t'], " ");
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
