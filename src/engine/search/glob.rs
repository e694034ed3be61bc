//! Texts that are asked for whole, and values at a place of the payload.

use memchr::memchr;
use memchr::memmem::Finder;
use serde_json::Value;

use crate::event::json_value;

/// A whole text, upper and lower case alike, in which `*` stands for anything and `[*]` for a star; or one of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    /// The same with its stars as they are meant.
    plain: String,
    /// What each is, in lower case, between the stars.
    any: Vec<Vec<String>>,
}

impl Glob {
    pub fn new(text: &str) -> Self {
        Self::any_of(&[text.to_owned()])
    }

    /// One of these.
    pub fn any_of(texts: &[String]) -> Self {
        let text = texts.join(",");
        Self { plain: text.replace(STAR, "*"), text, any: texts.iter().map(|text| parts(text)).collect() }
    }

    /// Either of two.
    pub(super) fn or(&self, other: &Self) -> Self {
        let any = self.any.iter().chain(&other.any).cloned().collect();
        let both = |one: &str, other: &str| format!("{one},{other}");
        Self { text: both(&self.text, &other.text), plain: both(&self.plain, &other.plain), any }
    }

    /// A text in which one of these stands anywhere; with a star in it, it is a whole one.
    pub(super) fn within(texts: &[String]) -> Self {
        let around = |text: &String| if parts(text).len() > 1 { text.clone() } else { format!("*{text}*") };
        let whole: Vec<String> = texts.iter().map(around).collect();
        let text = texts.join(",");
        Self { plain: text.replace(STAR, "*"), text, ..Self::any_of(&whole) }
    }

    /// The text, where it is one and nothing else will do.
    pub(super) fn exact(&self) -> Option<&str> {
        matches!(self.any.as_slice(), [parts] if parts.len() == 1).then_some(self.plain.as_str())
    }

    /// What each of them has between its stars, in lower case.
    pub(super) fn known(&self) -> &[Vec<String>] {
        &self.any
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Some of it stands for anything.
    pub fn is_open(&self) -> bool {
        self.any.iter().any(|parts| parts.len() > 1)
    }

    pub fn fits(&self, text: &str) -> bool {
        self.any.iter().any(|parts| fits(parts, text))
    }
}

/// A star that is meant as it stands.
const STAR: &str = "[*]";

/// What stands between the stars that stand for anything, in lower case.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for (number, literal) in text.to_lowercase().split(STAR).enumerate() {
        for (place, piece) in literal.split('*').enumerate() {
            match parts.last_mut() {
                Some(last) if place == 0 => {
                    last.push_str(if number > 0 { "*" } else { "" });
                    last.push_str(piece);
                }
                _ => parts.push(piece.to_owned()),
            }
        }
    }
    parts
}

fn fits(parts: &[String], text: &str) -> bool {
    let [only] = parts else { return fits_parts(parts, &text.to_lowercase()) };
    // Most are plain letters, and most differ.
    if text.is_ascii() { text.eq_ignore_ascii_case(only) } else { text.to_lowercase() == *only }
}

fn fits_parts(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else { return true };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match rest.find(part.as_str()) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

/// A value at a place of the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadValue {
    /// The names that lead there; items of a list are numbered from zero.
    pub path: Vec<String>,
    pub value: Glob,
    /// Whatever it is, also a list or an object: the payload must have it.
    pub is_any: bool,
}

/// More of a value says no more about it.
const SHOWN: usize = 200;

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
            _ if self.is_any => true,
            Value::String(text) => self.value.fits(text),
            Value::Object(_) | Value::Array(_) => false,
            other => self.value.fits(&other.to_string()),
        };
        fits.then(|| {
            let at = at.to_string();
            let end = at.floor_char_boundary(SHOWN);
            let more = if end < at.len() { "…" } else { "" };
            format!("{} = {}{more}", self.path.join("."), &at[..end])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("a[*]b", "A*B", true),
            ("a[*]b", "axb", false),
            ("[*]*", "*x", true),
            ("[*]*", "x", false),
            ("[[*]]", "[*]", true),
            ("App\\Event\\*", "App\\Event\\Paid", true),
        ] {
            assert_eq!(Glob::new(glob).fits(text), fits, "{glob} {text}");
        }
        let either = Glob::any_of(&["kim".to_owned(), "le*".to_owned()]);
        assert_eq!(["Kim", "lee", "park"].map(|name| either.fits(name)), [true, true, false]);
        assert_eq!((either.text(), either.exact(), either.is_open()), ("kim,le*", None, true));
        let within = Glob::within(&["refund".to_owned()]);
        assert_eq!(["Refund asked for", "a refund", "no"].map(|text| within.fits(text)), [true, true, false]);
        assert!(!Glob::within(&["refund*".to_owned()]).fits("a refund"));
        assert!(Glob::within(&["5[*]".to_owned()]).fits("a 5* stay"));
        assert_eq!(Glob::new("a[*]b").exact(), Some("a*b"));
    }

    #[test]
    fn a_value_of_the_payload_is_found_however_json_writes_it() {
        let value = |path: &str, value: &str| PayloadValue {
            path: path.split('.').map(str::to_owned).collect(),
            value: Glob::new(value),
            is_any: value.is_empty(),
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
            ("list", "", Some("list = [{\"a\":null},true]")),
            ("list.0.a", "", Some("list.0.a = null")),
            ("email", "", None),
            ("phone.x", "*", None),
        ] {
            assert_eq!(value(path, wanted).found_in(payload).as_deref(), found, "{path}={wanted}");
        }
    }
}
