//! Which subject a stream has, and texts as tokens of a subject and as values of a header.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::event::StreamId;
use crate::store::unescaped;

/// What the first token of every subject of the house is.
const ROOT_TOKEN: &str = "foldline";

/// Stands for what follows the category, in the subject of a stream whose name has no dash and so is its own category.
const NO_KEY: &str = "_";

/// Stands for no text at all, which neither a token nor a header can be. No escape looks like it.
const NOTHING: &str = "%";

/// The subjects of all streams of a store.
pub(in super::super) fn all_subjects(store: &str) -> String {
    format!("{ROOT_TOKEN}.{store}.>")
}

/// The subjects of all streams of one category, and of no other.
pub(in super::super) fn category_subject(store: &str, category: &str) -> String {
    format!("{ROOT_TOKEN}.{store}.{}.*", token(category))
}

pub(in super::super) fn subject_of(store: &str, stream: &StreamId) -> String {
    let key = match stream.key() {
        Some(NO_KEY) => Cow::Borrowed("%5F"),
        Some(key) => token(key),
        None => Cow::Borrowed(NO_KEY),
    };
    format!("{ROOT_TOKEN}.{store}.{}.{key}", token(stream.category()))
}

/// The stream of a subject; `None` where Foldline would write no event under it, so that no two subjects are one stream.
pub(in super::super) fn stream_of(store: &str, subject: &str) -> Option<String> {
    let rest = subject.strip_prefix(ROOT_TOKEN)?.strip_prefix('.')?.strip_prefix(store)?.strip_prefix('.')?;
    let (category, key) = rest.split_at_checked(memchr::memchr(b'.', rest.as_bytes())?)?;
    let key = key.get(1..)?;
    if is_simple(category, None) && is_simple(key, Some(b'-')) && key != NO_KEY {
        return Some([category, key].join("-"));
    }
    let (category, key) = (plain(category)?, if key == NO_KEY { None } else { Some(plain(key)?) });
    if category.contains('-') {
        return None;
    }
    let is_ours = token(&category) == rest_token(rest, 0)
        && key.as_deref().is_none_or(|key| {
            let written = rest_token(rest, 1);
            if key == NO_KEY { written == "%5F" } else { token(key) == written }
        });
    is_ours.then(|| key.map_or_else(|| category.to_string(), |key| format!("{category}-{key}")))
}

/// Whether it is written as it is, with nothing that could mean anything else. Nearly all tokens are so.
fn is_simple(token: &str, other: Option<u8>) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || Some(byte) == other;
    !token.is_empty() && token.bytes().all(is_plain)
}

fn rest_token(rest: &str, number: usize) -> &str {
    rest.splitn(2, '.').nth(number).unwrap_or_default()
}

/// A text as one token of a subject.
fn token(text: &str) -> Cow<'_, str> {
    let is_odd =
        |letter: char| matches!(letter, '.' | '*' | '>' | '%') || letter.is_whitespace() || letter.is_control();
    escaped(text, is_odd)
}

/// A text as a header's value: what is no visible ASCII would be cut, or mean something to somebody on the way.
pub(super) fn value(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| letter == '%' || !letter.is_ascii_graphic())
}

fn escaped(text: &str, is_odd: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.is_empty() {
        return Cow::Borrowed(NOTHING);
    }
    if !text.contains(&is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_odd(letter) {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

/// The text behind a token or value; `None` where it cannot be one that was written here.
pub(super) fn plain(written: &str) -> Option<Cow<'_, str>> {
    match written {
        NOTHING => Some(Cow::Borrowed("")),
        _ if memchr::memchr(b'%', written.as_bytes()).is_none() => Some(Cow::Borrowed(written)),
        _ => String::from_utf8(unescaped(written)?).ok().map(Cow::Owned),
    }
}
