use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::{Explain, Message};

/// Where a text stops being JSON, and what should stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonFault {
    pub what: NotJson,
    pub line: u64,
    pub column: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotJson {
    Value,
    Colon,
    CommaOrBrace,
    CommaOrBracket,
    Name,
    /// A comma with nothing behind it.
    TrailingComma,
    /// More behind the end.
    Trailing,
    Number,
    Escape,
    LineBreak,
    UnclosedText,
    UnclosedList,
    UnclosedObject,
    Unfinished,
    TooDeep,
    Other,
}

impl NotJson {
    pub const ALL: [Self; 16] = [
        Self::Value,
        Self::Colon,
        Self::CommaOrBrace,
        Self::CommaOrBracket,
        Self::Name,
        Self::TrailingComma,
        Self::Trailing,
        Self::Number,
        Self::Escape,
        Self::LineBreak,
        Self::UnclosedText,
        Self::UnclosedList,
        Self::UnclosedObject,
        Self::Unfinished,
        Self::TooDeep,
        Self::Other,
    ];

    /// From the words of the parser, which are meant for programmers.
    fn of(words: &str) -> Self {
        let is = |part: &str| words.starts_with(part);
        match () {
            // The first letters of `true` or `null` were there.
            () if is("expected value") || is("expected ident") => Self::Value,
            () if is("expected `:`") => Self::Colon,
            () if is("expected `,` or `}`") => Self::CommaOrBrace,
            () if is("expected `,` or `]`") => Self::CommaOrBracket,
            () if is("key must be a string") => Self::Name,
            () if is("trailing comma") => Self::TrailingComma,
            () if is("trailing characters") => Self::Trailing,
            () if is("invalid number") => Self::Number,
            () if is("control character") => Self::LineBreak,
            () if is("EOF while parsing a string") => Self::UnclosedText,
            () if is("EOF while parsing a list") => Self::UnclosedList,
            () if is("EOF while parsing an object") => Self::UnclosedObject,
            () if is("EOF") => Self::Unfinished,
            () if is("recursion limit") => Self::TooDeep,
            () if ["escape", "surrogate", "code point"].iter().any(|part| words.contains(part)) => Self::Escape,
            () => Self::Other,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Value => "json-value",
            Self::Colon => "json-colon",
            Self::CommaOrBrace => "json-comma-or-brace",
            Self::CommaOrBracket => "json-comma-or-bracket",
            Self::Name => "json-name",
            Self::TrailingComma => "json-trailing-comma",
            Self::Trailing => "json-trailing",
            Self::Number => "json-number",
            Self::Escape => "json-escape",
            Self::LineBreak => "json-line-break",
            Self::UnclosedText => "json-unclosed-text",
            Self::UnclosedList => "json-unclosed-list",
            Self::UnclosedObject => "json-unclosed-object",
            Self::Unfinished => "json-unfinished",
            Self::TooDeep => "json-too-deep",
            Self::Other => "json-other",
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Value => {
                "a value belongs here: text in double quotes, a number, true, false, null, an object or a list"
            }
            Self::Colon => "a colon belongs between a name and its value",
            Self::CommaOrBrace => "a comma or a closing brace belongs here",
            Self::CommaOrBracket => "a comma or a closing bracket belongs here",
            Self::Name => "the name of a field belongs here, in double quotes",
            Self::TrailingComma => "nothing follows this comma; remove it",
            Self::Trailing => "the JSON has ended before this; remove the rest",
            Self::Number => "this is not a number as JSON writes it",
            Self::Escape => "JSON does not know this escape; write a backslash as \\\\",
            Self::LineBreak => "a text cannot go over a line break; write it as \\n",
            Self::UnclosedText => "the closing double quote of a text is missing",
            Self::UnclosedList => "the closing bracket of a list is missing",
            Self::UnclosedObject => "the closing brace of an object is missing",
            Self::Unfinished => "the JSON ends before it is complete",
            Self::TooDeep => "this is nested too deeply",
            Self::Other => "this is not JSON",
        }
    }
}

impl From<&serde_json::Error> for JsonFault {
    fn from(error: &serde_json::Error) -> Self {
        let what = NotJson::of(&error.to_string());
        Self { what, line: error.line() as u64, column: error.column() as u64 }
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, line, column } = self;
        write!(f, "Line {line}, column {column}: {}", what.english())
    }
}

impl Explain for JsonFault {
    fn message(&self) -> Message {
        let Self { what, line, column } = self;
        let place = Message::new("edit-not-json").inner("detail", Message::new(what.id()));
        place.number("line", *line).number("column", *column)
    }
}

/// A name that an object in this text has twice, at any depth. Readers of JSON keep one of the two values and say
/// nothing. `None` where there is none, and where the text is not JSON.
pub fn name_twice(text: &str) -> Option<String> {
    let mut twice = None;
    let mut parser = serde_json::Deserializer::from_str(text);
    let _ = Names(&mut twice).deserialize(&mut parser);
    twice
}

/// Walks through a value, and stops at the first name that its object had before.
struct Names<'t>(&'t mut Option<String>);

impl<'de> DeserializeSeed<'de> for Names<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Names(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            if names.contains(&name) {
                *self.0 = Some(name);
                return Err(serde::de::Error::custom("twice"));
            }
            names.insert(name);
            fields.next_value_seed(Names(&mut *self.0))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_twice_in_one_object_is_found_at_any_depth() {
        for (text, name) in [
            ("{\"a\": 1, \"b\": [{\"a\": 2}]}", None),
            ("{\"a\": 1.50, \"a\": 2}", Some("a")),
            ("[{\"a\": {\"\": null, \"\": \"x\"}}]", Some("")),
            ("{\"a\": 1, \"\\u0061\": 2}", Some("a")),
            ("{\"a\": 1, \"a\"", Some("a")),
            ("{\"a\": oops}", None),
            ("-12345678901234567890.5e3", None),
        ] {
            assert_eq!(name_twice(text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn what_should_stand_there_is_told_and_no_word_of_the_parser() {
        let told = |text: &str| {
            let error = serde_json::from_str::<serde_json::Value>(text).expect_err(text);
            JsonFault::from(&error).what
        };
        for (text, what) in [
            ("{\"a\": oops}", NotJson::Value),
            ("{\"a\": nul}", NotJson::Value),
            ("{\"a\" 1}", NotJson::Colon),
            ("{\"a\": 1 \"b\": 2}", NotJson::CommaOrBrace),
            ("[1 2]", NotJson::CommaOrBracket),
            ("{a: 1}", NotJson::Name),
            ("{\"a\": 1,}", NotJson::TrailingComma),
            ("[1,]", NotJson::TrailingComma),
            ("{} {}", NotJson::Trailing),
            ("[-]", NotJson::Number),
            ("\"\\q\"", NotJson::Escape),
            ("\"\\ud800 \"", NotJson::Escape),
            ("\"a\nb\"", NotJson::LineBreak),
            ("{\"a\": \"b", NotJson::UnclosedText),
            ("[1", NotJson::UnclosedList),
            ("{\"a\": 1", NotJson::UnclosedObject),
            ("", NotJson::Unfinished),
            (&"[".repeat(200), NotJson::TooDeep),
        ] {
            assert_eq!(told(text), what, "{text}");
        }
    }
}
