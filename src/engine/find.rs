//! Events by any part of them: in the payload and metadata as stored, the type and the stream's name.

use memchr::memchr2_iter;

use crate::event::EventRow;

/// How much of an event is shown around the place that was found.
const AROUND: usize = 40;

/// Text to be found: upper and lower case of Latin letters are alike.
#[derive(Clone, Debug)]
pub struct Needle {
    bytes: Vec<u8>,
    /// As it stands where JSON writes every other letter as an escape.
    escaped: Option<Vec<u8>>,
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
        Self { bytes: text.as_bytes().to_vec(), escaped }
    }

    /// What stands around the text, where it stands in the event.
    pub fn excerpt(&self, row: &EventRow<'_>) -> Option<String> {
        places(row).into_iter().find_map(|place| Some(around(place, self.place(place)?)))
    }

    pub fn is_in(&self, row: &EventRow<'_>) -> bool {
        places(row).into_iter().any(|place| self.place(place).is_some())
    }

    fn place(&self, text: &[u8]) -> Option<usize> {
        let escaped = self.escaped.as_deref().and_then(|needle| find(text, needle));
        find(text, &self.bytes).or(escaped)
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

    /// What stands around the first of them, where all of them stand in the event; how it begins, where there is no word.
    pub fn excerpt(&self, row: &EventRow<'_>) -> Option<String> {
        let Some((first, others)) = self.0.split_first() else { return Some(around(row.payload, 0)) };
        if !others.iter().all(|word| word.is_in(row)) {
            return None;
        }
        first.excerpt(row)
    }

    pub fn are_in(&self, row: &EventRow<'_>) -> bool {
        self.0.iter().all(|word| word.is_in(row))
    }
}

const QUOTES: [char; 3] = ['"', '“', '”'];

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
        let shown = around(text.as_bytes(), text.find("found").unwrap_or_default());
        assert!(shown.contains(" found나") && shown.starts_with("…가") && shown.ends_with("나…"), "{shown}");
    }
}
