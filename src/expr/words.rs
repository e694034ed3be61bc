//! The words of an expression, each with its place.

use std::ops::Range;

use super::{Flaw, FlawKind};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) kind: WordKind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum WordKind {
    Name(String),
    /// Without its sign.
    Int(u64),
    Uint(u64),
    Double(f64),
    Text(String),
    Mark(&'static str),
    End,
}

/// The longer of two that begin alike stands first.
const MARKS: [&str; 24] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", "(", ")", "[", "]", "{", "}",
    ",", ".",
];

/// What other languages write, and what it is here; the first of them begin with what is a mark here too.
const FOREIGN: [(&str, &str); 3] = [("===", "=="), ("!==", "!="), ("<>", "!=")];
const ALONE: [(&str, &str); 5] = [("=", "=="), ("&", "&&"), ("|", "||"), ("“", "\""), ("‘", "\"")];

pub(super) fn words(text: &str) -> Result<Vec<Word>, Flaw> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else {
            let (kind, length) = word(rest, at)?;
            words.push(Word { kind, span: at..at + length });
            at += length;
        }
    }
    words.push(Word { kind: WordKind::End, span: text.trim_end().len()..text.len() });
    Ok(words)
}

fn is_first_of_name(letter: char) -> bool {
    letter == '_' || letter.is_alphabetic()
}

fn is_of_name(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

fn name_length(rest: &str) -> usize {
    rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len())
}

fn word(rest: &str, at: usize) -> Result<(WordKind, usize), Flaw> {
    let first = rest.chars().next().unwrap_or_default();
    if let Some((is_raw, is_bytes, prefix)) = text_prefix(rest) {
        let (text, length) = quoted(rest.get(prefix..).unwrap_or_default(), at + prefix, is_raw)?;
        if is_bytes {
            return Err(Flaw::new(FlawKind::Bytes, at..at + prefix + length));
        }
        return Ok((WordKind::Text(text), prefix + length));
    }
    if is_first_of_name(first) {
        let length = name_length(rest);
        return Ok((WordKind::Name(rest.get(..length).unwrap_or_default().to_owned()), length));
    }
    if first == '`' {
        let inner = rest.get(1..).unwrap_or_default();
        let end = inner.find('`').ok_or_else(|| Flaw::new(FlawKind::OpenText, at..at + rest.len()))?;
        return Ok((WordKind::Name(inner.get(..end).unwrap_or_default().to_owned()), end + 2));
    }
    let second_is_digit = rest.chars().nth(1).is_some_and(|letter| letter.is_ascii_digit());
    if first.is_ascii_digit() || first == '.' && second_is_digit {
        return number(rest, at);
    }
    let foreign = |known: &[(&'static str, &str)]| {
        let (foreign, ours) = known.iter().find(|(foreign, _)| rest.starts_with(foreign))?;
        let kind = FlawKind::Unexpected((*foreign).to_owned());
        Some(Flaw::new(kind, at..at + foreign.len()).instead(Some((*ours).to_owned())))
    };
    if let Some(flaw) = foreign(&FOREIGN) {
        return Err(flaw);
    }
    if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        return Ok((WordKind::Mark(mark), mark.len()));
    }
    if let Some(flaw) = foreign(&ALONE) {
        return Err(flaw);
    }
    Err(Flaw::new(FlawKind::Letter(first), at..at + first.len_utf8()))
}

/// Whether a text begins here: written raw, as bytes, and behind how many letters.
fn text_prefix(rest: &str) -> Option<(bool, bool, usize)> {
    let letters = rest.bytes().take(3).position(|letter| letter == b'"' || letter == b'\'')?;
    let prefix = rest.get(..letters)?;
    let is_prefix = matches!(prefix.to_ascii_lowercase().as_str(), "" | "r" | "b" | "br" | "rb");
    is_prefix.then(|| (prefix.contains(['r', 'R']), prefix.contains(['b', 'B']), letters))
}

fn quoted(rest: &str, at: usize, is_raw: bool) -> Result<(String, usize), Flaw> {
    let first = rest.get(..1).unwrap_or_default();
    let triple = first.repeat(3);
    let quote = if rest.starts_with(&triple) { triple.as_str() } else { first };
    let mut text = String::new();
    let mut place = quote.len();
    loop {
        let left = rest.get(place..).unwrap_or_default();
        if left.starts_with(quote) {
            return Ok((text, place + quote.len()));
        }
        let Some(letter) = left.chars().next() else {
            return Err(Flaw::new(FlawKind::OpenText, at..at + rest.len()).instead(None));
        };
        if letter == '\\' && !is_raw {
            let (meant, length) = escape(left).ok_or_else(|| {
                Flaw::new(FlawKind::Escape, at + place..at + place + 1).instead(Some("\\\\".to_owned()))
            })?;
            text.push(meant);
            place += length;
        } else {
            text.push(letter);
            place += letter.len_utf8();
        }
    }
}

/// What an escape stands for, and how long it is.
fn escape(text: &str) -> Option<(char, usize)> {
    let kind = text.chars().nth(1)?;
    let numbered = |from: usize, digits: usize, radix: u32| {
        let number = u32::from_str_radix(text.get(from..from + digits)?, radix).ok()?;
        Some((char::from_u32(number)?, from + digits))
    };
    let plain = |letter: char| Some((letter, 2));
    match kind {
        '\\' | '"' | '\'' | '`' | '?' => plain(kind),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'a' => plain('\u{7}'),
        'b' => plain('\u{8}'),
        'f' => plain('\u{c}'),
        'v' => plain('\u{b}'),
        'x' | 'X' => numbered(2, 2, 16),
        'u' => numbered(2, 4, 16),
        'U' => numbered(2, 8, 16),
        '0'..='3' => numbered(1, 3, 8),
        _ => None,
    }
}

fn number(rest: &str, at: usize) -> Result<(WordKind, usize), Flaw> {
    let digits = |text: &str| text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let behind = |length: usize| rest.get(length..).unwrap_or_default();
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    let (mut length, mut is_double) = if is_hex {
        let hex = behind(2);
        (2 + hex.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(hex.len()), false)
    } else {
        (digits(rest), false)
    };
    if !is_hex {
        if behind(length).starts_with('.') && digits(behind(length + 1)) > 0 {
            length += 1 + digits(behind(length + 1));
            is_double = true;
        }
        if behind(length).starts_with(['e', 'E']) {
            let sign = usize::from(behind(length + 1).starts_with(['+', '-']));
            let exponent = digits(behind(length + 1 + sign));
            if exponent > 0 {
                length += 1 + sign + exponent;
                is_double = true;
            }
        }
    }
    let is_unsigned = !is_double && behind(length).starts_with(['u', 'U']);
    let text = rest.get(..length).unwrap_or_default();
    length += usize::from(is_unsigned);
    // A name that begins with a digit is none.
    let whole = length + name_length(behind(length));
    let parsed = if whole > length {
        None
    } else if is_double {
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(WordKind::Double)
    } else {
        let number = if is_hex { u64::from_str_radix(text.get(2..).unwrap_or_default(), 16) } else { text.parse() };
        number.ok().map(|number| if is_unsigned { WordKind::Uint(number) } else { WordKind::Int(number) })
    };
    let shown = rest.get(..whole).unwrap_or_default().to_owned();
    let kind = parsed.ok_or_else(|| {
        if whole > length {
            return Flaw::new(FlawKind::Number(shown), at..at + whole);
        }
        let broken = (!is_hex && !is_double).then(|| format!("{text}.0"));
        Flaw::new(FlawKind::LargeNumber(shown), at..at + whole).instead(broken)
    })?;
    Ok((kind, length))
}

/// What somebody is about to type at a place of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The bytes that what is chosen takes the place of.
    pub span: Range<usize>,
    /// What of it is there.
    pub typed: String,
    /// The field that a value is compared with, if one stands before it: `status == `.
    pub value_of: Option<String>,
    /// The part of the event, of which the same holds.
    pub value_of_event: Option<String>,
    /// Behind `event.`.
    pub is_event_part: bool,
    /// Between the quotes of `changed("…")`, `replaced("…")`, `state["…"]` or `old["…"]`.
    pub is_quoted_field: bool,
    /// Between the quotes of `count("…")`.
    pub is_quoted_type: bool,
}

/// What is about to be typed where the caret stands.
pub fn hole_at(text: &str, caret: usize) -> Hole {
    let caret = text.floor_char_boundary(caret.min(text.len()));
    let before = text.get(..caret).unwrap_or_default();
    let mut hole = Hole {
        span: caret..caret,
        typed: String::new(),
        value_of: None,
        value_of_event: None,
        is_event_part: false,
        is_quoted_field: false,
        is_quoted_type: false,
    };
    // An unclosed quote before the caret: a text is being typed.
    let (known, open) = known_words(before);
    let begin = open.unwrap_or_else(|| {
        let tail = before.trim_end_matches(is_of_name);
        let letters = before.get(tail.len()..).unwrap_or_default();
        // A number is not about to become a name.
        if letters.starts_with(|letter: char| letter.is_ascii_digit()) { before.len() } else { tail.len() }
    });
    let rest = text.get(caret..).unwrap_or_default();
    let end = match open {
        Some(at) => {
            let quote = before.get(at..at + 1).unwrap_or("\"");
            rest.find(quote).map_or(caret, |found| caret + found + 1)
        }
        None => caret + name_length(rest),
    };
    hole.span = begin..end;
    let typed = before.get(begin..).unwrap_or_default();
    hole.typed = if open.is_some() { typed.get(1..).unwrap_or_default().to_owned() } else { typed.to_owned() };
    let earlier: Vec<&WordKind> = known.iter().filter(|word| word.span.end <= begin).map(|word| &word.kind).collect();
    let mark = |kind: &WordKind, marks: &[&str]| matches!(kind, WordKind::Mark(mark) if marks.contains(mark));
    match earlier.as_slice() {
        [.., WordKind::Name(root), dot, WordKind::Name(part), sign]
            if root == "event" && mark(dot, &["."]) && mark(sign, &["==", "!="]) =>
        {
            hole.value_of_event = Some(part.clone());
        }
        [.., WordKind::Name(root), bracket, WordKind::Text(field), close, sign]
            if ["state", "old"].contains(&root.as_str())
                && mark(bracket, &["["])
                && mark(close, &["]"])
                && mark(sign, &["==", "!="]) =>
        {
            hole.value_of = Some(field.clone());
        }
        [.., WordKind::Name(field), sign] if mark(sign, &["==", "!="]) => hole.value_of = Some(field.clone()),
        [.., WordKind::Name(root), dot] if root == "event" && mark(dot, &["."]) => hole.is_event_part = true,
        [.., WordKind::Name(name), bracket] if open.is_some() && mark(bracket, &["(", "["]) => {
            hole.is_quoted_field = ["changed", "replaced", "state", "old"].contains(&name.as_str());
            hole.is_quoted_type = name == "count";
        }
        _ => {}
    }
    hole
}

/// The words up to the first that cannot be read, and where a text begins that is not closed.
fn known_words(text: &str) -> (Vec<Word>, Option<usize>) {
    match words(text) {
        Ok(known) => (known.into_iter().filter(|word| word.kind != WordKind::End).collect(), None),
        Err(flaw) => {
            let known = words(text.get(..flaw.span.start).unwrap_or_default()).unwrap_or_default();
            let known = known.into_iter().filter(|word| word.kind != WordKind::End).collect();
            (known, (flaw.kind == FlawKind::OpenText).then_some(flaw.span.start))
        }
    }
}
