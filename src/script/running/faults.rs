//! What is said of an error that the engine gives.

use rquickjs::{CaughtError, Type, Value};

use super::bounds::End;
use super::{HANDLER_TIME, MEMORY};
use crate::projection::{Fault, FaultKind, SourcePlace};
use crate::script::syntax::{beginning_of, loop_around, offset_of, unclosed};

/// What the prelude says where all of a value is a promise.
const IS_PROMISE: &str = " is a promise; a handler must not be async";

pub(super) fn no_room() -> Fault {
    Fault::without_place(FaultKind::TooMuchMemory(MEMORY))
}

pub(super) fn ended(end: End) -> FaultKind {
    match end {
        End::Time => FaultKind::TooLong(HANDLER_TIME),
        End::Memory => FaultKind::TooMuchMemory(MEMORY),
    }
}

/// What an error says, and where in the source it arose.
pub(super) fn fault_of(error: &CaughtError<'_>, (name, source): (&str, &str), end: Option<End>) -> Fault {
    let (kind, stack) = match (error, end) {
        (CaughtError::Value(_) | CaughtError::Error(_), Some(end)) => (ended(end), String::new()),
        (CaughtError::Exception(thrown), _) => {
            let words = cut(thrown.message().unwrap_or_default());
            let class = cut(thrown.as_object().get("name").unwrap_or_default());
            let stack = thrown.stack().unwrap_or_default();
            let of_words = |words: String| match (class.as_str(), words.as_str()) {
                ("SyntaxError", _) => FaultKind::Syntax(words.into()),
                ("InternalError", "out of memory") => FaultKind::TooMuchMemory(MEMORY),
                ("InternalError", "stack overflow") | ("RangeError", "Maximum call stack size exceeded") => {
                    FaultKind::TooDeep
                }
                // In place of a value that the host asked for.
                ("TypeError", words) if words.ends_with(IS_PROMISE) && !stack.contains(name) => FaultKind::Promise,
                ("Error", _) => FaultKind::Thrown(words.into()),
                _ => FaultKind::Thrown(format!("{class}: {words}").into()),
            };
            let kind = end.map_or_else(|| of_words(words), ended);
            (kind, stack)
        }
        // Where there is no room even for the error that would say so, the engine throws null.
        (CaughtError::Value(value), None) if value.is_null() && !throws_values(source) => {
            (FaultKind::TooMuchMemory(MEMORY), String::new())
        }
        // No source can throw this one: the engine has nothing to say in its place.
        (CaughtError::Value(value), None) if value.type_of() == Type::Uninitialized => {
            (FaultKind::TooMuchMemory(MEMORY), String::new())
        }
        (CaughtError::Value(value), None) => (FaultKind::Thrown(words_of(value).into()), String::new()),
        (CaughtError::Error(rquickjs::Error::Allocation), None) => (FaultKind::TooMuchMemory(MEMORY), String::new()),
        (CaughtError::Error(error), None) => (FaultKind::Thrown(error.to_string().into()), String::new()),
    };
    let place = places_in(&stack, name).next();
    match kind {
        // Of a loop, the engine knows at best the function that it is in, or what it calls.
        FaultKind::TooLong(_) => {
            let of_loop = places_in(&stack, name).find_map(|place| loop_around(source, place));
            Fault { kind, place: of_loop.or(place.map(|place| beginning_of(source, place))) }
        }
        // In its words nothing was expected where there is nothing.
        FaultKind::Syntax(ref words)
            if !words.contains("string") && place.is_some_and(|place| is_end(source, place)) =>
        {
            match unclosed(source) {
                Some((bracket, place)) => Fault { kind: FaultKind::Unclosed(bracket), place: Some(place) },
                None => Fault { kind, place },
            }
        }
        kind => Fault { kind, place },
    }
}

/// Every partition keeps its fault, and a source may throw its whole state.
const LONGEST_WORDS: usize = 1_000;

fn cut(mut words: String) -> String {
    if words.len() > LONGEST_WORDS {
        words.truncate(words.floor_char_boundary(LONGEST_WORDS));
        words.push('…');
        words.shrink_to_fit();
    }
    words
}

/// What was thrown that is no error, as JavaScript says it. Nothing of the source runs for it: an object is not asked
/// what it says of itself.
fn words_of(value: &Value<'_>) -> String {
    let said = match value.type_of() {
        Type::String => value.as_string().and_then(|text| text.to_string().ok()).map(cut),
        Type::Bool => value.as_bool().map(|flag| flag.to_string()),
        Type::Int | Type::Float => value.as_number().map(|number| number.to_string()),
        Type::Null => Some("null".to_owned()),
        Type::Undefined => Some("undefined".to_owned()),
        Type::Symbol => {
            let description = value.as_symbol().and_then(|symbol| symbol.description().ok());
            let words = description.and_then(|words| words.as_string()?.to_string().ok());
            Some(format!("Symbol({})", cut(words.unwrap_or_default())))
        }
        Type::Array => Some("[object Array]".to_owned()),
        _ => None,
    };
    said.unwrap_or_else(|| "[object Object]".to_owned())
}

/// Whether it may throw anything but an error that is made there.
fn throws_values(source: &str) -> bool {
    source.split("throw").skip(1).any(|behind| !behind.trim_start().starts_with("new "))
}

fn is_end(source: &str, place: SourcePlace) -> bool {
    offset_of(source, place).is_none_or(|at| source.get(at..).is_none_or(|rest| rest.trim().is_empty()))
}

/// The places in the source that a stack names, the innermost first.
fn places_in<'s>(stack: &'s str, name: &'s str) -> impl Iterator<Item = SourcePlace> + 's {
    stack.lines().filter_map(move |line| {
        let after = line.split(name).nth(1)?.strip_prefix(':')?;
        let mut numbers = after.trim_end_matches(')').split(':');
        let line = numbers.next()?.parse().ok()?;
        let column = numbers.next().and_then(|column| column.parse().ok()).unwrap_or(1);
        Some(SourcePlace { line, column })
    })
}
