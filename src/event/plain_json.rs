//! Takes apart JSON that is written as nearly all of it is, in one pass and without building anything. Unlike
//! [`super::json_text`] it is a judge of the text: what it takes is sound. What it is not sure of it leaves to a parser,
//! which says in its own words what is wrong.

use std::ops::Range;

/// A member of an object, by its places in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainMember {
    /// Without its quotes.
    pub name: Range<usize>,
    pub value: Range<usize>,
    /// How many values it holds that hold no further ones; an empty object or list is one.
    pub leaves: u32,
}

/// Values nested deeper than this are left to a parser.
const DEEPEST: u32 = 32;

/// Hands the members of an object to `visit` in the order in which they are written. `None` where the text is something
/// else or anything about it is unusual, such as an escape in a name; what was visited until then counts for nothing.
pub fn plain_members(text: &str, mut visit: impl FnMut(PlainMember) -> Option<()>) -> Option<()> {
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    reader.space();
    reader.mark(b'{')?;
    reader.space();
    if reader.mark(b'}').is_none() {
        loop {
            let start = reader.at + 1;
            if reader.string()? {
                return None;
            }
            let name = start..reader.at - 1;
            reader.colon()?;
            let start = reader.at;
            let leaves = reader.value(0)?;
            visit(PlainMember { name, value: start..reader.at, leaves })?;
            if reader.is_last(b'}')? {
                break;
            }
        }
    }
    reader.space();
    (reader.at == reader.text.len()).then_some(())
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn mark(&mut self, mark: u8) -> Option<()> {
        (self.byte()? == mark).then(|| self.at += 1)
    }

    fn colon(&mut self) -> Option<()> {
        self.space();
        self.mark(b':')?;
        self.space();
        Some(())
    }

    /// Behind a value: whether the end of what holds it follows, or one more, at which the reader then stands.
    fn is_last(&mut self, end: u8) -> Option<bool> {
        self.space();
        let byte = self.byte()?;
        self.at += 1;
        if byte == b',' {
            self.space();
            return Some(false);
        }
        (byte == end).then_some(true)
    }

    /// Whether there are escapes in it. One that stands for a letter by its number is left to a parser, since half a
    /// letter may be.
    fn string(&mut self) -> Option<bool> {
        self.mark(b'"')?;
        let mut has_escape = false;
        loop {
            self.at = special(self.text, self.at)?;
            match (self.text.get(self.at)?, self.text.get(self.at + 1)) {
                (b'"', _) => {
                    self.at += 1;
                    return Some(has_escape);
                }
                (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => {
                    has_escape = true;
                    self.at += 2;
                }
                _ => return None,
            }
        }
    }

    /// Goes behind a value, and counts its leaves.
    fn value(&mut self, depth: u32) -> Option<u32> {
        match self.byte()? {
            b'"' => self.string().map(|_| 1),
            opening @ (b'{' | b'[') => {
                let closing = opening + 2;
                self.at += 1;
                self.space();
                if self.mark(closing).is_some() {
                    return Some(1);
                }
                if depth == DEEPEST {
                    return None;
                }
                let mut leaves = 0;
                loop {
                    if opening == b'{' {
                        self.string()?;
                        self.colon()?;
                    }
                    leaves += self.value(depth + 1)?;
                    if self.is_last(closing)? {
                        return Some(leaves);
                    }
                }
            }
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<u32> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len()).map(|()| 1)
    }

    fn number(&mut self) -> Option<u32> {
        let _ = self.mark(b'-');
        if self.mark(b'0').is_none() {
            self.digits()?;
        }
        if self.mark(b'.').is_some() {
            self.digits()?;
        }
        if self.mark(b'e').or_else(|| self.mark(b'E')).is_some() {
            let _ = self.mark(b'+').or_else(|| self.mark(b'-'));
            self.digits()?;
        }
        Some(1)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// The highest bit of each byte that is nought. Behind one that is, others may be marked too.
const fn noughts(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// The place of the first quote, backslash or control character; eight bytes are looked at together.
fn special(text: &[u8], from: usize) -> Option<usize> {
    const QUOTES: u64 = ONES * b'"' as u64;
    const BACKSLASHES: u64 = ONES * b'\\' as u64;
    const SPACES: u64 = ONES * b' ' as u64;
    let mut at = from;
    while let Some(Ok(bytes)) = text.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(bytes);
        let controls = word.wrapping_sub(SPACES) & !word & HIGH;
        let found = noughts(word ^ QUOTES) | noughts(word ^ BACKSLASHES) | controls;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ');
    text.get(at..)?.iter().position(is_special).map(|found| at + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;
    use serde_json::value::RawValue;

    use super::*;
    use crate::event::json_text::{leaf_count, members};

    type Found<'t> = Vec<(&'t str, &'t str, usize)>;

    fn found(text: &str) -> Option<Found<'_>> {
        let mut found = Vec::new();
        plain_members(text, |PlainMember { name, value, leaves }| {
            found.push((text.get(name)?, text.get(value)?, leaves as usize));
            Some(())
        })?;
        Some(found)
    }

    #[test]
    fn members_are_found_where_they_stand() {
        assert_eq!(found(" {} "), Some(Vec::new()));
        assert_eq!(
            found(
                r#"{"a":-1.50e+3,"b" : "x\"}\\ and some more text" , "":{"d":[1,{"e":[]},"\n"]},"김":null,"a":true}"#
            ),
            Some(vec![
                ("a", "-1.50e+3", 1),
                ("b", r#""x\"}\\ and some more text""#, 1),
                ("", r#"{"d":[1,{"e":[]},"\n"]}"#, 3),
                ("김", "null", 1),
                ("a", "true", 1),
            ])
        );
    }

    #[test]
    fn what_is_no_plain_object_is_left_to_a_parser() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        for text in [
            "",
            "null",
            "[1]",
            "7",
            "{",
            "{1:2}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1}}",
            "{\"a\":1} x",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":-}",
            "{\"a\":nul}",
            "{\"a\":[1,]}",
            "{\"a\":[1}",
            "{\"a\":{\"b\"}}",
            "{\"a\":\"x",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\",
            "{\"a\\n\":1}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\u{1}1234567\"}",
            &deep,
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,20}|[a-z\"\\\\\\n ]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map("[a-z\\. ]{0,9}", inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_object_is_taken_apart_as_the_parser_takes_it(
            fields in proptest::collection::btree_map("[a-z]{1,9}", value(), 0..6),
            is_pretty in any::<bool>(),
        ) {
            let object = Value::Object(fields.into_iter().collect());
            let text = if is_pretty { format!("{object:#}") } else { object.to_string() };
            let expected: Vec<(String, String, usize)> = members(text.as_bytes())
                .map(|(name, value)| (String::from_utf8_lossy(name).into(), String::from_utf8_lossy(value).into(), leaf_count(value)))
                .collect();
            let found = found(&text).expect("a plain object");
            let found: Vec<_> =
                found.iter().map(|(name, value, leaves)| ((*name).to_owned(), (*value).to_owned(), *leaves)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn what_is_taken_is_sound(text in "\\{\"a\":[-+0-9.eE\"\\\\\\[\\]{}:,a-fnrtu \\x01-\\x09]{0,12}\\}") {
            if found(&text).is_some() {
                prop_assert!(serde_json::from_str::<&RawValue>(&text).is_ok());
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }
}
