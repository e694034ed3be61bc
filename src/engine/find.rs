//! Events by any part of them: in the payload and metadata as stored, the type and the stream's name, and by their id.

use std::ops::Range;

use memchr::{memchr, memchr2_iter};

use crate::event::{EventId, EventRow};

/// How much of an event is shown before and behind a place that was found, in bytes.
const BEFORE: usize = 40;
const BEHIND: usize = 60;

/// Words that stand far apart are shown apart; more pieces than these are in no line.
const MOST_PIECES: usize = 3;

/// A part of an event around what was found in it, on one line, and where in that line the words stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    pub text: String,
    /// In order, none over another.
    pub words: Vec<Range<usize>>,
}

/// Text to be found: upper and lower case of Latin letters are alike.
#[derive(Clone, Debug)]
pub struct Needle {
    bytes: Vec<u8>,
    /// The place in it of the byte that is looked for.
    rare: usize,
    /// As it stands where JSON writes every other letter as an escape, which begins with a sign that is seldom written.
    escaped: Option<Vec<u8>>,
    /// It is the id of an event, and so names that one, too.
    id: Option<EventId>,
}

impl Needle {
    pub fn new(text: &str) -> Self {
        let escaped = (!text.is_ascii()).then(|| {
            let units = text.encode_utf16().map(|unit| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            });
            units.collect::<String>().into_bytes()
        });
        let id = Some(EventId::meant_by(text)).filter(|id| matches!(id, EventId::Uuid(_)));
        Self { bytes: text.as_bytes().to_vec(), rare: rarest(text.as_bytes()), escaped, id }
    }

    /// The two ways to write it, or the one.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.bytes.as_slice()).chain(self.escaped.as_deref())
    }

    /// Whether it may name an event in whose text it does not stand.
    pub(super) fn is_id(&self) -> bool {
        self.id.is_some()
    }

    pub fn is_in(&self, row: &EventRow<'_>) -> bool {
        self.id.as_ref() == Some(&row.id) || places(row).into_iter().any(|place| self.place(place).is_some())
    }

    fn backslash(&self) -> usize {
        self.escaped.as_deref().and_then(|escaped| memchr(b'\\', escaped)).unwrap_or(0)
    }

    fn place(&self, text: &[u8]) -> Option<Range<usize>> {
        let found = |needle: &[u8], rare| find(text, needle, rare).map(|at| at..at + needle.len());
        found(&self.bytes, self.rare).or_else(|| found(self.escaped.as_deref()?, self.backslash()))
    }
}

/// Several words, each of which stands somewhere in an event that is found. Words in quotation marks are one.
#[derive(Clone, Debug)]
pub struct Words(Vec<Needle>);

impl Words {
    pub fn new(text: &str) -> Self {
        Self(words_of(text).map(Needle::new).collect())
    }

    /// These, whatever stands in them.
    pub fn of(words: &[&str]) -> Self {
        Self(words.iter().map(|word| Needle::new(word)).collect())
    }

    /// What stands around them, where all of them stand in the event; how it begins, where there is no word.
    pub fn snippet(&self, row: &EventRow<'_>) -> Option<Snippet> {
        if !self.are_in(row) {
            return None;
        }
        let places = places(row);
        // Which part of which place is shown.
        let mut pieces: Vec<(usize, Range<usize>)> = Vec::new();
        for word in &self.0 {
            let found = places.iter().enumerate().find_map(|(number, place)| Some((number, word.place(place)?)));
            let Some((number, at)) = found else { continue };
            let is_shown = |(shown, part): &(usize, Range<usize>)| *shown == number && part.contains(&at.start);
            if pieces.len() < MOST_PIECES && !pieces.iter().any(is_shown) {
                pieces.push((number, at.start.saturating_sub(BEFORE)..at.end + BEHIND));
            }
        }
        if pieces.is_empty() {
            pieces.push((0, 0..BEFORE + BEHIND));
        }
        let shown = pieces.into_iter().filter_map(|(number, part)| Some(cut_out(places.get(number)?, part)));
        let text = shown.collect::<Vec<_>>().join(" ");
        let words = self.places_in(&text);
        Some(Snippet { text, words })
    }

    /// Where they stand in a text, in order and none over another.
    pub fn places_in(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for word in &self.0 {
            let mut from = 0;
            while let Some(at) = text.as_bytes().get(from..).and_then(|rest| word.place(rest)) {
                found.push(from + at.start..from + at.end);
                from += at.end;
            }
        }
        found.sort_by_key(|at| (at.start, at.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for at in found {
            match apart.last_mut() {
                Some(last) if at.start <= last.end => last.end = last.end.max(at.end),
                _ => apart.push(at),
            }
        }
        apart
    }

    pub fn are_in(&self, row: &EventRow<'_>) -> bool {
        self.0.iter().all(|word| word.is_in(row))
    }
}

/// What holds words together.
pub(super) const QUOTES: [char; 3] = ['"', '“', '”'];

/// The parts of a text, between spaces outside of quotation marks.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split(QUOTES).enumerate();
    let parts = quoted.flat_map(|(number, part)| {
        let (whole, apart) = if number % 2 == 1 { (Some(part.trim()), "") } else { (None, part) };
        whole.into_iter().chain(apart.split_whitespace())
    });
    parts.filter(|word| !word.is_empty())
}

/// What is to be typed to find exactly this.
pub fn as_one_word(text: &str) -> String {
    let is_one = !text.contains(char::is_whitespace) || text.contains(QUOTES);
    if is_one { text.to_owned() } else { format!("\"{text}\"") }
}

/// Where in an event is looked.
fn places<'r>(row: &EventRow<'r>) -> [&'r [u8]; 4] {
    [row.payload, row.metadata, row.event_type.as_str().as_bytes(), row.stream.as_str().as_bytes()]
}

/// Looks for one byte of the needle that other texts seldom have, and there for the rest.
fn find(text: &[u8], needle: &[u8], rare: usize) -> Option<usize> {
    let byte = *needle.get(rare)?;
    let is_here = |at: usize| text.get(at..at + needle.len()).is_some_and(|found| found.eq_ignore_ascii_case(needle));
    let mut places = memchr2_iter(byte.to_ascii_lowercase(), byte.to_ascii_uppercase(), text);
    places.find_map(|at| at.checked_sub(rare).filter(|at| is_here(*at)))
}

/// Which byte of a needle stands least often where JSON is written: not its signs, not the letters that all words have, and
/// of a syllable of Korean not the first byte, which it shares with thousands.
fn rarest(needle: &[u8]) -> usize {
    let common = |byte: u8| match byte.to_ascii_lowercase() {
        b'"' | b':' | b',' | b'{' | b'}' | b' ' => 9,
        b'e' | b't' | b'a' | b'i' | b'n' | b'o' | b's' | b'r' => 8,
        0xea..=0xed => 7,
        b'0'..=b'2' | b'-' => 6,
        b'd' | b'l' | b'c' | b'u' | b'm' | b'p' | b'h' | b'3'..=b'9' => 5,
        b'a'..=b'z' => 3,
        0x80..=0xbf => 2,
        _ => 1,
    };
    needle.iter().enumerate().min_by_key(|(_, byte)| common(**byte)).map_or(0, |(at, _)| at)
}

/// A part of a text, on one line.
fn cut_out(text: &[u8], part: Range<usize>) -> String {
    let end = part.end.min(text.len());
    let mut shown =
        String::from_utf8_lossy(text.get(part.start..end).unwrap_or_default()).replace(['\n', '\r', '\t'], " ");
    // Letters that were cut through say nothing.
    shown = shown.trim_matches('\u{fffd}').to_owned();
    format!("{}{shown}{}", if part.start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" })
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
            (r#"{"name":"a김\uac00"}"#, "a김"),
            (r#"{"n":"x\uae40x\uC11C"}"#, "x서"),
            (r#"{"n":"환환불"}"#, "환불"),
        ] {
            assert!(Needle::new(needle).place(text.as_bytes()).is_some(), "{needle} in {text}");
        }
        assert_eq!(Needle::new("aab").place(b"aaa"), None);
    }

    #[test]
    fn words_are_what_stands_between_spaces_or_in_quotation_marks() {
        for (text, words) in [
            ("", vec![]),
            ("  one  two ", vec!["one", "two"]),
            (r#"kim "transfer received" v6"#, vec!["kim", "transfer received", "v6"]),
            ("“김 서연” 환불", vec!["김 서연", "환불"]),
            (r#"never "closed again"#, vec!["never", "closed again"]),
            (r#""""#, vec![]),
        ] {
            assert_eq!(words_of(text).collect::<Vec<_>>(), words, "{text}");
        }
        for text in ["kim", "kim lee", "김 서연"] {
            assert_eq!(words_of(&as_one_word(text)).collect::<Vec<_>>(), [text]);
        }
    }

    #[test]
    fn an_excerpt_is_one_line_of_what_stands_around() {
        let text = format!("{}\nfound{}", "가".repeat(100), "나".repeat(100));
        let Snippet { text: shown, words } = snippet("FOUND", &text);
        assert!(shown.contains(" found나") && shown.starts_with("…가") && shown.ends_with("나…"), "{shown}");
        assert_eq!(said(&shown, &words), ["found"]);
    }

    fn snippet(words: &str, payload: &str) -> Snippet {
        let event = crate::event::RecordedEvent {
            position: None,
            stream: "thing-1".into(),
            version: crate::event::Version(0),
            event_type: "named".into(),
            schema: 1,
            recorded_at: None,
            id: EventId::new("e"),
            payload: payload.as_bytes().to_vec(),
            metadata: Vec::new(),
        };
        Words::new(words).snippet(&event.as_row()).expect("found")
    }

    #[test]
    fn an_event_is_found_by_its_id_however_that_is_spelled() {
        let id = "01941f60-7642-71b2-b96d-a3cc20df6519";
        let mut event = crate::event::RecordedEvent {
            position: None,
            stream: "thing-1".into(),
            version: crate::event::Version(0),
            event_type: "named".into(),
            schema: 1,
            recorded_at: None,
            id: EventId::new(id),
            payload: b"{\"name\":\"Bo\"}".to_vec(),
            metadata: Vec::new(),
        };
        for words in [id, &id.to_uppercase(), &format!("bo {id}")] {
            let found = Words::new(words).snippet(&event.as_row()).expect("found");
            assert_eq!(found.text, "{\"name\":\"Bo\"}", "{words}");
        }
        event.id = EventId::new("other");
        assert_eq!(Words::new(id).snippet(&event.as_row()), None);
    }

    fn said<'t>(text: &'t str, words: &[Range<usize>]) -> Vec<&'t str> {
        words.iter().filter_map(|at| text.get(at.clone())).collect()
    }

    #[test]
    fn every_word_that_was_looked_for_is_in_the_snippet_and_known_by_its_place() {
        let far = format!("maria{}환불{}Ortiz", " ".repeat(300), "-".repeat(300));
        for (words, payload, places) in [
            ("ortiz maria", far.as_str(), &["Ortiz", "maria"][..]),
            ("환불", far.as_str(), &["환불"]),
            ("aab ab", "xx aab ab", &["aab", "ab"]),
            ("thing maria", far.as_str(), &["thing", "maria"]),
            ("", "nothing was looked for", &[]),
        ] {
            let Snippet { text, words: found } = snippet(words, payload);
            assert_eq!(said(&text, &found), places, "{words} in {text}");
        }
    }
}
