//! How a search is read: `who:`-like terms, days, and words.

use std::fmt;
use std::ops::Range;

use super::days::{self, Calendar};
use super::tokens::{Token, tokens};
use super::{Condition, Glob, Misread, PayloadValue, Term, Wanted};
use crate::event::{EventId, Explain, Message, nearest};
use crate::expr::{Expression, Flaw, Names};

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
    /// A value of the payload, without the name of its field.
    NoField(String),
    OpenQuote,
    OpenBrace,
    /// What is wrong with a condition.
    Condition(Box<Flaw>),
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
            MisreadKind::NoField(text) => write!(
                f,
                "“{text}” names no field; write payload.phone=1111, or payload[\"a.b\"]=1111 where a name has a dot."
            ),
            MisreadKind::OpenQuote => f.write_str("This quotation mark is never closed; close it or take it away."),
            MisreadKind::OpenBrace => f.write_str("This brace is never closed; close it behind the condition."),
            MisreadKind::Condition(flaw) => flaw.fmt(f),
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
            MisreadKind::NoField(text) => Message::new("misread-field").text("text", text),
            MisreadKind::OpenQuote => Message::new("misread-quote"),
            MisreadKind::OpenBrace => Message::new("misread-brace"),
            MisreadKind::Condition(flaw) => flaw.message(),
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
    Reason,
    Changed,
    Replaced,
    Where,
}

const KEYS: [(&str, &str, Key); 13] = [
    ("actor", "작성자", Key::Actor),
    ("type", "유형", Key::Type),
    ("stream", "스트림", Key::Stream),
    ("category", "카테고리", Key::Category),
    // As earlier versions called it, and kept searches have it.
    ("category", "범주", Key::Category),
    ("before", "이전", Key::Before),
    ("after", "이후", Key::After),
    ("on", "날짜", Key::On),
    ("correlation", "상관", Key::Correlation),
    ("reason", "사유", Key::Reason),
    ("changed", "변경", Key::Changed),
    ("replaced", "교체", Key::Replaced),
    ("where", "조건", Key::Where),
];

const PAYLOAD: &str = "payload";

pub(super) fn read(typed: &str, calendar: &Calendar<'_>) -> Result<Vec<Term>, Misread> {
    let tokens = tokens(typed)?;
    let mut terms = Vec::new();
    let mut rest = tokens.as_slice();
    while let [token, behind @ ..] = rest {
        let (term, taken) = one(token, behind, calendar)?;
        terms.extend(term);
        rest = behind.get(taken..).unwrap_or_default();
    }
    join_values(&mut terms);
    Ok(terms)
}

/// Several values of one field of the payload are alternatives: each term then takes all of them.
fn join_values(terms: &mut [Term]) {
    let values: Vec<PayloadValue> = terms
        .iter()
        .filter_map(|term| match &term.wanted {
            Wanted::Payload(value) if !term.is_denied && !value.is_any => Some(value.clone()),
            _ => None,
        })
        .collect();
    for term in terms {
        let Wanted::Payload(value) = &mut term.wanted else { continue };
        if term.is_denied || value.is_any {
            continue;
        }
        let same = values.iter().filter(|other| other.path == value.path).map(|other| other.value.clone());
        if let Some(all) = same.reduce(|all, other| all.or(&other)) {
            value.value = all;
        }
    }
}

/// The term that begins here, and how many pieces behind the first belong to it.
fn one(token: &Token, behind: &[Token], calendar: &Calendar<'_>) -> Result<(Option<Term>, usize), Misread> {
    if let Some((begins, text)) = &token.condition {
        let (range, is_denied) = (token.range.clone(), token.text.starts_with('-'));
        let wanted = Wanted::Condition(condition(text, *begins)?);
        return Ok((Some(Term { range, wanted, is_denied }), 0));
    }
    if token.is_plain()
        && let Some(found) = phrase(token, behind, calendar)
    {
        return Ok(found);
    }
    let (is_denied, text) = match token.text.strip_prefix('-') {
        Some(text) if token.quoted_from() != Some(0) => (true, text),
        _ => (false, token.text.as_str()),
    };
    if token.is_plain() && days::is_month_or_day(text) {
        let days = days::written(text, calendar).ok_or_else(|| no_time(token.range.clone(), text))?;
        return Ok((Some(Term { range: token.range.clone(), wanted: Wanted::Time(days), is_denied }), 0));
    }
    // Quotation marks before the colon make a word of it.
    let is_named = |end: usize| token.quoted_from().is_none_or(|quoted| quoted > end);
    if let Some((name, _)) = text.split_once(':').filter(|(name, _)| is_named(name.len()) && !name.is_empty()) {
        if let Some(key) = key(name) {
            let (values, taken, end) = values_behind(token, token.text.len() - text.len() + name.len() + 1, behind);
            let range = token.range.start..end;
            let wanted = match values.as_slice() {
                [] => return Err(Misread { range, kind: MisreadKind::Empty(format!("{name}:")) }),
                values => wanted(key, values, calendar).map_err(|text| no_time(range.clone(), &text))?,
            };
            return Ok((Some(Term { range, wanted, is_denied }), taken));
        }
        let is_word = name.chars().all(char::is_alphabetic) && !text.contains(":/");
        if let Some(meant) = near_key(name).filter(|_| is_word) {
            let kind = MisreadKind::NoSuchTerm { word: format!("{name}:"), meant };
            return Err(Misread { range: token.range.clone(), kind });
        }
    }
    if token.is_plain() && token.text == "-" {
        return Err(Misread { range: token.range.clone(), kind: MisreadKind::Empty("-".to_owned()) });
    }
    if token.quoted_from() != Some(0)
        && let Some((path, value, taken, end)) = payload_value(token, text, behind)
    {
        let range = token.range.start..end;
        let Some(path) = path else {
            return Err(Misread { range, kind: MisreadKind::NoField(text.to_owned()) });
        };
        if value.as_ref().is_some_and(String::is_empty) {
            return Err(Misread { range, kind: MisreadKind::Empty(format!("{PAYLOAD}.{} =", path.join("."))) });
        }
        let (is_any, value) = (value.is_none(), Glob::new(value.as_deref().unwrap_or("*")));
        let wanted = Wanted::Payload(PayloadValue { path, value, is_any });
        return Ok((Some(Term { range, wanted, is_denied }), taken));
    }
    // `-5` and `--` are looked for as they stand.
    let is_denied = is_denied && (!token.is_plain() || text.starts_with(char::is_alphabetic)) && !text.is_empty();
    let word = if is_denied { text } else { &token.text };
    let term = |word: &str| Term { range: token.range.clone(), wanted: Wanted::Word(word.to_owned()), is_denied };
    Ok((Some(word).filter(|word| !word.is_empty()).map(term), 0))
}

/// Days that are named by a word or two.
fn phrase(token: &Token, behind: &[Token], calendar: &Calendar<'_>) -> Option<(Option<Term>, usize)> {
    (1..=days::MOST_WORDS).rev().find_map(|count| {
        let others = behind.get(..count - 1)?;
        let words: Vec<&str> = std::iter::once(token)
            .chain(others)
            .filter(|word| word.is_plain() && word.condition.is_none())
            .map(|word| word.text.as_str())
            .collect();
        let days = days::named(&words, calendar).filter(|_| words.len() == count)?;
        let end = others.last().map_or(token.range.end, |last| last.range.end);
        let term = Term { range: token.range.start..end, wanted: Wanted::Time(days), is_denied: false };
        Some((Some(term), count - 1))
    })
}

/// Any name may be a field: which there are, only the store says.
fn condition(text: &str, begins: usize) -> Result<Condition, Misread> {
    let names = Names { is_open: true, differ: true, are_of_events: true, ..Names::default() };
    let expression = Expression::new(text, &names).map_err(|flaw| {
        let range = begins + flaw.span.start..begins + flaw.span.end;
        Misread { range, kind: MisreadKind::Condition(Box::new(flaw)) }
    })?;
    Ok(Condition { expression, begins })
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

/// What stands behind a colon between commas, in the next pieces where a space follows the colon or a comma.
fn values_behind(token: &Token, place: usize, behind: &[Token]) -> (Vec<String>, usize, usize) {
    let (mut values, mut is_open) = token.listed_from(place);
    // Quotation marks around nothing are nothing.
    is_open |= values.is_empty() && token.text.len() == place && token.quoted.is_empty();
    let (mut taken, mut end) = (0, token.range.end);
    while is_open && let Some(next) = behind.get(taken).filter(|next| next.condition.is_none()) {
        let (more, goes_on) = next.listed_from(0);
        values.extend(more);
        (taken, end, is_open) = (taken + 1, next.range.end, goes_on);
    }
    (values, taken, end)
}

/// `payload.a.b=x` or `payload["a.b"]=x`, with or without spaces around the sign; without a value the field must only be
/// there. With how many pieces behind it belong to it, and where it ends. No path where a field has no name.
#[allow(clippy::type_complexity, reason = "what is read at one place")]
fn payload_value(
    token: &Token,
    text: &str,
    behind: &[Token],
) -> Option<(Option<Vec<String>>, Option<String>, usize, usize)> {
    let begin = token.text.len() - text.len();
    let mut rest = text.strip_prefix(PAYLOAD).filter(|rest| rest.starts_with(['.', '[']))?;
    let mut path = Some(Vec::new());
    loop {
        let step = if let Some(inside) = rest.strip_prefix('[') {
            let (step, behind) = inside.split_once(']')?;
            rest = behind;
            // A name of no letters is meant where its quotation marks stand.
            let is_quoted = token.quoted.iter().any(|quoted| quoted.start == begin + (text.len() - inside.len()));
            Some(step).filter(|step| is_quoted || !step.is_empty())
        } else if let Some(named) = rest.strip_prefix('.') {
            let end = named.find(['.', '[', '=']).unwrap_or(named.len());
            let (step, behind) = named.split_at(end);
            rest = behind;
            Some(step).filter(|step| !step.is_empty())
        } else {
            break;
        };
        path = path.zip(step).map(|(mut path, step)| {
            path.push(step.to_owned());
            path
        });
    }
    let here = token.range.end;
    let next = |at: usize| behind.get(at).map(|next| (next.text.as_str(), next.range.end));
    let is_said = |value: &str| token.quoted.iter().any(|quoted| quoted.start >= token.text.len() - value.len());
    Some(match rest.strip_prefix('=') {
        Some("") if !is_said("") => next(0).map_or((path.clone(), Some(String::new()), 0, here), |(value, end)| {
            (path, Some(value.to_owned()), 1, end)
        }),
        Some(value) => (path, Some(value.to_owned()), 0, here),
        None if !rest.is_empty() => return None,
        None => match next(0) {
            Some(("=", end)) => match next(1) {
                Some((value, end)) => (path, Some(value.to_owned()), 2, end),
                None => (path, Some(String::new()), 1, end),
            },
            Some((value, end)) if value.starts_with('=') => (path, Some(value[1..].to_owned()), 1, end),
            _ => (path, None, 0, here),
        },
    })
}

/// The text that is no time, where one should be.
fn wanted(key: Key, values: &[String], calendar: &Calendar<'_>) -> Result<Wanted, String> {
    let glob = || Glob::any_of(values);
    let one = || values.join(",");
    let time = || {
        let text = one();
        days::written(&text, calendar).or_else(|| days::named(&[&text], calendar)).ok_or(text)
    };
    Ok(match key {
        Key::Actor => Wanted::Actor(glob()),
        Key::Type => Wanted::Type(glob()),
        Key::Stream => Wanted::Stream(glob()),
        Key::Category => Wanted::Category(glob()),
        Key::Reason => Wanted::Reason(Glob::within(values)),
        Key::Changed => Wanted::Changed(values.to_vec()),
        Key::Replaced => Wanted::Replaced(values.to_vec()),
        Key::Correlation => Wanted::Correlation(EventId::meant_by(&one())),
        Key::On => Wanted::Time(time()?),
        Key::Before => Wanted::Time(time()?.before()),
        Key::After => Wanted::Time(time()?.on_and_after()),
        // What stands behind it was taken as a condition before.
        Key::Where => Wanted::Word(one()),
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
                Wanted::Payload(value) if value.is_any => format!("payload {}", value.path.join("/")),
                Wanted::Payload(value) => format!("payload {} {}", value.path.join("/"), value.value.text()),
                Wanted::Reason(glob) => format!("reason {}", glob.text()),
                Wanted::Changed(fields) => format!("changed {}", fields.join("|")),
                Wanted::Replaced(fields) => format!("replaced {}", fields.join("|")),
                Wanted::Condition(condition) => format!("if {}", condition.expression.text()),
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
            ("카테고리:lead 범주:lead", vec!["category lead [카테고리:lead]", "category lead [범주:lead]"]),
            ("-type:contacted", vec!["not type contacted [-type:contacted]"]),
            ("-5", vec!["word -5 [-5]"]),
            ("payload.phone=1111", vec!["payload phone 1111 [payload.phone=1111]"]),
            ("payload.phone = \"11 11\" a", vec!["payload phone 11 11 [payload.phone = \"11 11\"]", "word a [a]"]),
            ("payload.a.0.b=\"x y\"", vec!["payload a/0/b x y [payload.a.0.b=\"x y\"]"]),
            ("payload.phone x", vec!["payload phone [payload.phone]", "word x [x]"]),
            ("-payload.phone", vec!["not payload phone [-payload.phone]"]),
            ("\"payload.phone\" payload", vec!["word payload.phone [\"payload.phone\"]", "word payload [payload]"]),
            ("payload[\"a.b\"]=x", vec!["payload a.b x [payload[\"a.b\"]=x]"]),
            ("payload.a[\"b=c\"].d = \"x y\"", vec!["payload a/b=c/d x y [payload.a[\"b=c\"].d = \"x y\"]"]),
            ("payload[\"\"]=x", vec!["payload  x [payload[\"\"]=x]"]),
            (
                "payload.a=1 payload.b=2 payload.a=3",
                vec!["payload a 1,3 [payload.a=1]", "payload b 2 [payload.b=2]", "payload a 1,3 [payload.a=3]"],
            ),
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
            ("type:a,b c", vec!["type a,b [type:a,b]", "word c [c]"]),
            ("actor: kim, \"Lee, Ann\" x", vec!["actor kim,Lee, Ann [actor: kim, \"Lee, Ann\"]", "word x [x]"]),
            ("actor:\"Lee, Ann\",kim", vec!["actor Lee, Ann,kim [actor:\"Lee, Ann\",kim]"]),
            (
                "-category:a,b -2025-03",
                vec!["not category a,b [-category:a,b]", "not 2025-03-01..2025-04-01 [-2025-03]"],
            ),
            (
                "-closed -\"on hold\" --x",
                vec!["not word closed [-closed]", "not word on hold [-\"on hold\"]", "word --x [--x]"],
            ),
            ("reason:refund 사유:환불", vec!["reason refund [reason:refund]", "reason 환불 [사유:환불]"]),
            ("changed:phone,email", vec!["changed phone|email [changed:phone,email]"]),
            ("replaced:phone", vec!["replaced phone [replaced:phone]"]),
            ("교체:phone", vec!["replaced phone [교체:phone]"]),
            (
                "kim {payload.x > 3 && payload.t != \"}\"} x",
                vec![
                    "word kim [kim]",
                    "if payload.x > 3 && payload.t != \"}\" [{payload.x > 3 && payload.t != \"}\"}]",
                    "word x [x]",
                ],
            ),
            ("-{status == 'CLOSED'}", vec!["not if status == 'CLOSED' [-{status == 'CLOSED'}]"]),
            (
                "kim where: changed(\"phone\") ",
                vec!["word kim [kim]", "if changed(\"phone\") [where: changed(\"phone\")]"],
            ),
            ("조건:{a > 1} x", vec!["if a > 1 [조건:{a > 1}]", "word x [x]"]),
            ("\"{a}\" a{b}", vec!["word {a} [\"{a}\"]", "word a{b} [a{b}]"]),
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
            ("payload.=x", "payload.=x: “payload.=x” names no field"),
            ("payload.a..b=x", "payload.a..b=x: “payload.a..b=x” names no field"),
            ("payload[]=x", "payload[]=x: “payload[]=x” names no field"),
            ("kim -", "-: Nothing stands behind “-”"),
            ("type:,", "type:,: Nothing stands behind “type:”"),
            ("actor:\"\" x", "actor:\"\": Nothing stands behind “actor:”"),
            ("where:", "where:: Nothing stands behind “where:”"),
            ("x {a > 1", "{a > 1: This brace is never closed"),
            ("x {a > b)}", "): “)” cannot stand here"),
        ] {
            let told = shown(typed);
            assert!(told.len() == 1 && told.iter().all(|told| told.starts_with(place)), "{typed}: {told:?}");
        }
    }
}
