//! How a search is read: `who:`-like terms, days, and words.

use std::fmt;
use std::ops::Range;

use memchr::memchr;
use memchr::memmem::Finder;
use serde_json::Value;

use super::super::find::QUOTES;
use super::days::{self, Calendar};
use super::{Misread, Term, Wanted};
use crate::event::{EventId, Explain, Message, json_value, nearest};

/// A whole text, upper and lower case alike, in which `*` stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    /// In lower case, between the stars.
    parts: Vec<String>,
}

impl Glob {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), parts: text.to_lowercase().split('*').map(str::to_owned).collect() }
    }

    /// The text, where it is one and nothing else will do.
    pub(super) fn exact(&self) -> Option<&str> {
        (self.parts.len() == 1).then_some(self.text.as_str())
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn fits(&self, text: &str) -> bool {
        let [only] = self.parts.as_slice() else { return self.fits_parts(&text.to_lowercase()) };
        // Most are plain letters, and most differ.
        if text.is_ascii() { text.eq_ignore_ascii_case(only) } else { text.to_lowercase() == *only }
    }

    fn fits_parts(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else { return true };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

/// A value at a place of the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadValue {
    /// The names that lead there; items of a list are numbered from zero.
    pub path: Vec<String>,
    pub value: Glob,
}

impl PayloadValue {
    /// The value as it stands, where it is the wanted one.
    pub(super) fn found_in(&self, payload: &[u8]) -> Option<String> {
        // Where nothing is written as an escape, a value stands there as it is.
        let is_possible =
            |name: &str| memchr(b'\\', payload).is_some() || Finder::new(name.as_bytes()).find(payload).is_some();
        if !self.path.iter().filter(|step| step.parse::<usize>().is_err()).all(|step| is_possible(step)) {
            return None;
        }
        let whole = json_value(payload).ok()?;
        let at = self.path.iter().try_fold(&whole, |value, step| match value {
            Value::Object(fields) => fields.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })?;
        let fits = match at {
            Value::String(text) => self.value.fits(text),
            Value::Object(_) | Value::Array(_) => false,
            other => self.value.fits(&other.to_string()),
        };
        fits.then(|| format!("{} = {at}", self.path.join(".")))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MisreadKind {
    /// A term with nothing behind its colon.
    Empty(String),
    /// A text that is no day and no moment.
    NoTime(String),
    /// A term that only looks like one, and the one that was probably meant.
    NoSuchTerm {
        word: String,
        meant: &'static str,
    },
    OpenQuote,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            MisreadKind::Empty(term) => write!(f, "Nothing stands behind “{term}”; write what is looked for there."),
            MisreadKind::NoTime(text) => write!(
                f,
                "“{text}” is not a time; write it like 2025-03, 2025-03-14, yesterday or 2025-03-14T09:23:41Z."
            ),
            MisreadKind::NoSuchTerm { word, meant } => write!(
                f,
                "There is nothing like “{word}”; did you mean {meant}? In quotation marks it is found as a word."
            ),
            MisreadKind::OpenQuote => f.write_str("This quotation mark is never closed; close it or take it away."),
        }
    }
}

impl std::error::Error for Misread {}

impl Explain for Misread {
    fn message(&self) -> Message {
        match &self.kind {
            MisreadKind::Empty(term) => Message::new("misread-empty").text("term", term),
            MisreadKind::NoTime(text) => Message::new("misread-time").text("text", text),
            MisreadKind::NoSuchTerm { word, meant } => {
                Message::new("misread-term").text("word", word).text("meant", meant)
            }
            MisreadKind::OpenQuote => Message::new("misread-quote"),
        }
    }
}

/// What may stand before a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Actor,
    Type,
    Stream,
    Category,
    Before,
    After,
    On,
    Correlation,
}

const KEYS: [(&str, &str, Key); 8] = [
    ("actor", "작성자", Key::Actor),
    ("type", "유형", Key::Type),
    ("stream", "스트림", Key::Stream),
    ("category", "범주", Key::Category),
    ("before", "이전", Key::Before),
    ("after", "이후", Key::After),
    ("on", "날짜", Key::On),
    ("correlation", "상관", Key::Correlation),
];

const PAYLOAD: &str = "payload";

/// A piece of what was typed.
#[derive(Clone, Debug)]
struct Token {
    range: Range<usize>,
    /// Without its quotation marks.
    text: String,
    /// Where quotation marks begin in the text, if they do.
    quoted_from: Option<usize>,
}

impl Token {
    fn is_plain(&self) -> bool {
        self.quoted_from.is_none()
    }
}

/// What stands between spaces; quotation marks hold together what stands between them.
fn tokens(typed: &str) -> Result<Vec<Token>, Misread> {
    let mut found: Vec<Token> = Vec::new();
    let mut open: Option<Token> = None;
    let mut quote_at = None;
    for (at, letter) in typed.char_indices() {
        let end = at + letter.len_utf8();
        if letter.is_whitespace() && quote_at.is_none() {
            found.extend(open.take());
            continue;
        }
        let token = open.get_or_insert_with(|| Token { range: at..end, text: String::new(), quoted_from: None });
        token.range.end = end;
        if QUOTES.contains(&letter) {
            quote_at = if quote_at.is_some() { None } else { Some(at) };
            token.quoted_from.get_or_insert(token.text.len());
        } else {
            token.text.push(letter);
        }
    }
    if let Some(at) = quote_at {
        return Err(Misread { range: at..typed.len(), kind: MisreadKind::OpenQuote });
    }
    found.extend(open);
    Ok(found)
}

pub(super) fn read(typed: &str, calendar: &Calendar<'_>) -> Result<Vec<Term>, Misread> {
    let tokens = tokens(typed)?;
    let mut terms = Vec::new();
    let mut rest = tokens.as_slice();
    while let [token, behind @ ..] = rest {
        let (term, taken) = one(token, behind, calendar)?;
        terms.extend(term);
        rest = behind.get(taken..).unwrap_or_default();
    }
    Ok(terms)
}

/// The term that begins here, and how many pieces behind the first belong to it.
fn one(token: &Token, behind: &[Token], calendar: &Calendar<'_>) -> Result<(Option<Term>, usize), Misread> {
    if token.is_plain() {
        let phrase = (1..=days::MOST_WORDS).rev().find_map(|count| {
            let others = behind.get(..count - 1)?;
            let words: Vec<&str> = std::iter::once(token)
                .chain(others)
                .filter(|word| word.is_plain())
                .map(|word| word.text.as_str())
                .collect();
            let days = days::named(&words, calendar).filter(|_| words.len() == count)?;
            let end = others.last().map_or(token.range.end, |last| last.range.end);
            Some((Term { range: token.range.start..end, wanted: Wanted::Time(days), is_denied: false }, count - 1))
        });
        if let Some((term, taken)) = phrase {
            return Ok((Some(term), taken));
        }
        if days::is_month_or_day(&token.text) {
            let days = days::written(&token.text, calendar).ok_or_else(|| no_time(token.range.clone(), &token.text))?;
            return Ok((Some(Term { range: token.range.clone(), wanted: Wanted::Time(days), is_denied: false }), 0));
        }
    }
    let (is_denied, text) = match token.text.strip_prefix('-') {
        Some(text) if token.quoted_from != Some(0) => (true, text),
        _ => (false, token.text.as_str()),
    };
    // Quotation marks before the colon make a word of it.
    let is_named = |end: usize| token.quoted_from.is_none_or(|quoted| quoted > end);
    if let Some((name, value)) = text.split_once(':').filter(|(name, _)| is_named(name.len()) && !name.is_empty()) {
        if let Some(key) = key(name) {
            let (value, taken, end) = value_behind(token, value, behind);
            let range = token.range.start..end;
            if value.is_empty() {
                return Err(Misread { range, kind: MisreadKind::Empty(format!("{name}:")) });
            }
            let wanted = wanted(key, &value, calendar).ok_or_else(|| no_time(range.clone(), &value))?;
            return Ok((Some(Term { range, wanted, is_denied }), taken));
        }
        let is_word = name.chars().all(char::is_alphabetic) && !value.starts_with('/');
        if let Some(meant) = near_key(name).filter(|_| is_word) {
            let kind = MisreadKind::NoSuchTerm { word: format!("{name}:"), meant };
            return Err(Misread { range: token.range.clone(), kind });
        }
    }
    if let Some((path, value, taken, end)) = payload_value(token, text, behind) {
        let range = token.range.start..end;
        if value.is_empty() {
            return Err(Misread { range, kind: MisreadKind::Empty(format!("{PAYLOAD}.{} =", path.join("."))) });
        }
        let wanted = Wanted::Payload(PayloadValue { path, value: Glob::new(&value) });
        return Ok((Some(Term { range, wanted, is_denied }), taken));
    }
    let word = (!token.text.is_empty()).then(|| token.text.clone());
    let term = |word| Term { range: token.range.clone(), wanted: Wanted::Word(word), is_denied: false };
    Ok((word.map(term), 0))
}

fn key(name: &str) -> Option<Key> {
    let is = |known: &&(&str, &str, Key)| known.0.eq_ignore_ascii_case(name) || known.1 == name;
    KEYS.iter().find(is).map(|(_, _, key)| *key)
}

/// The key that was probably meant.
fn near_key(name: &str) -> Option<&'static str> {
    let known: Vec<&'static str> = KEYS.iter().map(|(known, _, _)| *known).collect();
    nearest(name, &known).into_iter().next()
}

/// What stands behind a colon, or as the next piece where a space follows it.
fn value_behind(token: &Token, value: &str, behind: &[Token]) -> (String, usize, usize) {
    match behind.first() {
        Some(next) if value.is_empty() && token.quoted_from.is_none() => (next.text.clone(), 1, next.range.end),
        _ => (value.to_owned(), 0, token.range.end),
    }
}

/// `payload.a.b=x`, with or without spaces around the sign.
fn payload_value(token: &Token, text: &str, behind: &[Token]) -> Option<(Vec<String>, String, usize, usize)> {
    let steps = text.strip_prefix(PAYLOAD)?.strip_prefix('.')?;
    let (path, value) = steps.split_once('=').map_or((steps, None), |(path, value)| (path, Some(value)));
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    let next = |at: usize| behind.get(at).map(|next| (next.text.as_str(), next.range.end));
    let (value, taken, end) = match value {
        Some("") if token.quoted_from.is_none() => {
            next(0).map_or((String::new(), 0, token.range.end), |(value, end)| (value.to_owned(), 1, end))
        }
        Some(value) => (value.to_owned(), 0, token.range.end),
        None => match next(0) {
            Some(("=", end)) => next(1).map_or((String::new(), 1, end), |(value, end)| (value.to_owned(), 2, end)),
            Some((value, end)) => (value.strip_prefix('=')?.to_owned(), 1, end),
            None => return None,
        },
    };
    path.iter().all(|step| !step.is_empty()).then_some((path, value, taken, end))
}

/// `None` for a text that is no time.
fn wanted(key: Key, value: &str, calendar: &Calendar<'_>) -> Option<Wanted> {
    let glob = || Glob::new(value);
    let time = || days::written(value, calendar).or_else(|| days::named(&[value], calendar));
    Some(match key {
        Key::Actor => Wanted::Actor(glob()),
        Key::Type => Wanted::Type(glob()),
        Key::Stream => Wanted::Stream(glob()),
        Key::Category => Wanted::Category(glob()),
        Key::Correlation => Wanted::Correlation(EventId::meant_by(value)),
        Key::On => Wanted::Time(time()?),
        Key::Before => Wanted::Time(time()?.before()),
        Key::After => Wanted::Time(time()?.on_and_after()),
    })
}

fn no_time(range: Range<usize>, text: &str) -> Misread {
    Misread { range, kind: MisreadKind::NoTime(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;

    fn shown(typed: &str) -> Vec<String> {
        let now = Timestamp::parse_rfc3339("2025-03-14T09:23:41Z").unwrap_or_default();
        let read = match read(typed, &Calendar::utc(now)) {
            Ok(terms) => terms,
            Err(misread) => return vec![format!("{}: {misread}", typed.get(misread.range.clone()).unwrap_or("?"))],
        };
        let term = |term: &Term| {
            let what = match &term.wanted {
                Wanted::Word(word) => format!("word {word}"),
                Wanted::Actor(glob) => format!("actor {}", glob.text()),
                Wanted::Type(glob) => format!("type {}", glob.text()),
                Wanted::Stream(glob) => format!("stream {}", glob.text()),
                Wanted::Category(glob) => format!("category {}", glob.text()),
                Wanted::Time(days) => {
                    let day = |at: Option<Timestamp>| {
                        at.map_or_else(String::new, |at| at.to_string().chars().take(10).collect())
                    };
                    format!("{}..{}", day(days.from), day(days.end))
                }
                Wanted::Correlation(id) => format!("correlation {id}"),
                Wanted::Payload(value) => format!("payload {} {}", value.path.join("/"), value.value.text()),
            };
            format!(
                "{}{what} [{}]",
                if term.is_denied { "not " } else { "" },
                typed.get(term.range.clone()).unwrap_or("?")
            )
        };
        read.iter().map(term).collect()
    }

    #[test]
    fn what_is_typed_is_read_as_people_mean_it() {
        for (typed, terms) in [
            ("", vec![]),
            ("  ", vec![]),
            ("maria ortiz", vec!["word maria [maria]", "word ortiz [ortiz]"]),
            ("\"maria ortiz\"", vec!["word maria ortiz [\"maria ortiz\"]"]),
            (
                "actor:kim type:contact-details-updated 2025-03",
                vec![
                    "actor kim [actor:kim]",
                    "type contact-details-updated [type:contact-details-updated]",
                    "2025-03-01..2025-04-01 [2025-03]",
                ],
            ),
            ("actor: kim", vec!["actor kim [actor: kim]"]),
            ("actor:\"kim lee\" x", vec!["actor kim lee [actor:\"kim lee\"]", "word x [x]"]),
            ("Actor:kim 작성자:이", vec!["actor kim [Actor:kim]", "actor 이 [작성자:이]"]),
            ("-type:contacted", vec!["not type contacted [-type:contacted]"]),
            ("-5", vec!["word -5 [-5]"]),
            ("payload.phone=1111", vec!["payload phone 1111 [payload.phone=1111]"]),
            ("payload.phone = \"11 11\" a", vec!["payload phone 11 11 [payload.phone = \"11 11\"]", "word a [a]"]),
            ("payload.a.0.b=\"x y\"", vec!["payload a/0/b x y [payload.a.0.b=\"x y\"]"]),
            ("payload.phone", vec!["word payload.phone [payload.phone]"]),
            ("last week kim", vec!["2025-03-03..2025-03-10 [last week]", "word kim [kim]"]),
            ("지난주 환불", vec!["2025-03-03..2025-03-10 [지난주]", "word 환불 [환불]"]),
            ("\"last week\"", vec!["word last week [\"last week\"]"]),
            (
                "before:2025-03 after:2025-01-15",
                vec!["..2025-03-01 [before:2025-03]", "2025-01-15.. [after:2025-01-15]"],
            ),
            ("on:yesterday", vec!["2025-03-13..2025-03-14 [on:yesterday]"]),
            ("after:2024", vec!["2024-01-01.. [after:2024]"]),
            ("2024", vec!["word 2024 [2024]"]),
            ("correlation:c-1", vec!["correlation c-1 [correlation:c-1]"]),
            ("\"actor:kim\"", vec!["word actor:kim [\"actor:kim\"]"]),
            ("http://a.b/c 10:30", vec!["word http://a.b/c [http://a.b/c]", "word 10:30 [10:30]"]),
            ("nothing: here", vec!["word nothing: [nothing:]", "word here [here]"]),
        ] {
            assert_eq!(shown(typed), terms, "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told_where_it_stands() {
        for (typed, place) in [
            ("kim before:soon", "before:soon: “soon” is not a time"),
            ("2025-13", "2025-13: “2025-13” is not a time"),
            ("x actor:", "actor:: Nothing stands behind “actor:”"),
            ("actr:kim", "actr:kim: There is nothing like “actr:”; did you mean actor?"),
            ("a \"b c", "\"b c: This quotation mark is never closed"),
            ("payload.phone=", "payload.phone=: Nothing stands behind “payload.phone =”"),
        ] {
            let told = shown(typed);
            assert!(told.len() == 1 && told.iter().all(|told| told.starts_with(place)), "{typed}: {told:?}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (glob, text, fits) in [
            ("kim", "KIM", true),
            ("kim", "kims", false),
            ("lead-*", "lead-1", true),
            ("lead-*", "ticket-1", false),
            ("*closed", "lead-closed", true),
            ("*a*a", "a", false),
            ("a*a", "aa", true),
            ("*", "", true),
            ("É*", "école", true),
            ("김*", "김서연", true),
        ] {
            assert_eq!(Glob::new(glob).fits(text), fits, "{glob} {text}");
        }
    }

    #[test]
    fn a_value_of_the_payload_is_found_however_json_writes_it() {
        let value = |path: &str, value: &str| PayloadValue {
            path: path.split('.').map(str::to_owned).collect(),
            value: Glob::new(value),
        };
        let payload = r#"{"phone":"1111","n":12.50,"\u006eame":"\uae40","list":[{"a":null},true]}"#.as_bytes();
        for (path, wanted, found) in [
            ("phone", "1111", Some("phone = \"1111\"")),
            ("phone", "111", None),
            ("phone", "11*", Some("phone = \"1111\"")),
            ("name", "김", Some("name = \"김\"")),
            ("list.0.a", "null", Some("list.0.a = null")),
            ("list.1", "TRUE", Some("list.1 = true")),
            ("list", "*", None),
            ("phone.x", "*", None),
        ] {
            assert_eq!(value(path, wanted).found_in(payload).as_deref(), found, "{path}={wanted}");
        }
    }
}
