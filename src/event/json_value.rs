//! JSON read as what is written. The parser keeps the digits of numbers, and texts that it shall not look into, under
//! keys of its own; a recorded object that has such a key by itself would be taken for one of these.

use memchr::{memchr2, memmem};
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::json_text::{items, members};

/// Nested deeper than this, the parser refuses it.
const DEEPEST: usize = 127;

/// The value that the text says.
pub fn json_value(text: &[u8]) -> Result<Value, serde_json::Error> {
    if may_name_a_private_key(text)
        && let Some(value) = literally(text)
    {
        return Ok(value);
    }
    serde_json::from_slice(text)
}

/// The same for a value inside of what a parser reads.
pub fn deserialize_json<'de, D: Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
    let text = Box::<RawValue>::deserialize(from)?;
    json_value(text.get().as_bytes()).map_err(D::Error::custom)
}

/// A value that is read so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Literal(#[serde(deserialize_with = "deserialize_json")] pub Value);

fn may_name_a_private_key(text: &[u8]) -> bool {
    let has = |part: &[u8]| memmem::find(text, part).is_some();
    // A letter of the key may be written by its number.
    memchr2(b'$', b'\\', text).is_some() && (has(b"$serde_json::private::") || has(b"\\u00"))
}

/// The same without the parser's keys; `None` where the text is no JSON, which the parser says better.
fn literally(text: &[u8]) -> Option<Value> {
    std::str::from_utf8(text).ok()?;
    serde_json::from_slice::<IgnoredAny>(text).ok()?;
    value_of(text.trim_ascii(), 0)
}

fn value_of(text: &[u8], depth: usize) -> Option<Value> {
    Some(match text.first()? {
        b'{' | b'[' if depth == DEEPEST => return None,
        b'{' => {
            let mut fields = Map::new();
            for (name, value) in members(text) {
                let name = serde_json::from_slice::<String>(&[b"\"", name, b"\""].concat()).ok()?;
                fields.insert(name, value_of(value, depth + 1)?);
            }
            Value::Object(fields)
        }
        b'[' => Value::Array(items(text).map(|item| value_of(item, depth + 1)).collect::<Option<_>>()?),
        // A text, a number or a word holds no key.
        _ => serde_json::from_slice(text).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_of_the_parsers_own_is_a_key_like_others() {
        for key in
            ["$serde_json::private::Number", "$serde_json::private::RawValue", "\\u0024serde_json::private::Number"]
        {
            for value in ["\"12\"", "\"x\"", "[1,{}]", "7"] {
                let text = format!("{{\"a\":[{{\"{key}\":{value}}}],\"n\":1.50}}");
                let read = json_value(text.as_bytes()).expect("JSON");
                assert_eq!(read.to_string(), text.replace("\\u0024", "$"), "{text}");
            }
        }
    }

    #[test]
    fn a_value_inside_of_another_is_read_as_one_that_stands_alone() {
        for key in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
            let text = format!("[{{\"{key}\":\"12\"}},1.50,[\"\\u0024\"]]");
            let of_text: Vec<Literal> = serde_json::from_str(&text).expect("JSON");
            let whole = json_value(text.as_bytes()).expect("JSON");
            let of_value: Vec<Literal> = serde_json::from_value(whole.clone()).expect("read");
            let of_reader: Vec<Literal> = serde_json::from_reader(text.as_bytes()).expect("read");
            for read in [of_text, of_value, of_reader] {
                assert_eq!(serde_json::to_string(&read).expect("written"), whole.to_string());
                assert!(read.first().is_some_and(|first| first.0.is_object()), "{read:?}");
            }
        }
    }

    #[test]
    fn what_is_no_json_is_refused_as_the_parser_refuses_it() {
        for damage in ["{\"$serde_json::private::Number\":", "{\"\\u0024\":\"\\ud800\"}", "{\"\\u0024\":01}"] {
            assert!(json_value(damage.as_bytes()).is_err(), "{damage}");
        }
        let deep = format!("{}{{\"$serde_json::private::Number\":\"1\"}}{}", "[".repeat(200), "]".repeat(200));
        assert!(json_value(deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn it_is_read_as_the_parser_reads_it(text in "[\\[\\]{}\",:a\\\\u0-9 .eE-]{0,24}") {
            let text = format!("[\"\\u0041\",{text}]");
            let (ours, theirs) = (json_value(text.as_bytes()).ok(), serde_json::from_str::<Value>(&text).ok());
            prop_assert_eq!(ours, theirs);
        }
    }
}
