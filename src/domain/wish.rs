use serde_json::Value;

use crate::event::{Timestamp, json_value};

/// What is to lie ahead is put so far ahead, where nothing else is wished.
pub(super) const DAY: i64 = 24 * 3_600_000_000;

/// A value that somebody expected to find in a field, as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    text: String,
    value: Value,
}

impl Wish {
    /// JSON is taken as such, and anything else as text: `"1111"` and `1111` are two values, `CONVERTED` is one.
    pub fn new(typed: &str) -> Self {
        let value = json_value(typed.as_bytes()).unwrap_or_else(|_| Value::from(typed));
        let text = value.as_str().map_or_else(|| typed.trim().to_owned(), str::to_owned);
        Self { text, value }
    }

    /// As a field of text would hold it.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    pub fn time(&self) -> Option<Timestamp> {
        Timestamp::parse_lenient(&self.text)
    }

    /// Whether this is the wished value. Who types `1111` need not know whether the field holds a number or text, and a
    /// time is the same however it is spelt.
    pub fn is(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => {
                let same_time = || self.time().is_some_and(|wished| Timestamp::parse_rfc3339(text) == Some(wished));
                *text == self.text || same_time()
            }
            other => *other == self.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_typed_is_found_as_the_field_holds_it() {
        for (typed, held) in [
            ("CONVERTED", json!("CONVERTED")),
            ("1111", json!("1111")),
            ("1111", json!(1111)),
            ("\"1111\"", json!("1111")),
            ("null", json!(null)),
            ("2025-01-01", json!("2025-01-01T00:00:00Z")),
            ("[1, 2]", json!([1, 2])),
        ] {
            assert!(Wish::new(typed).is(&held), "{typed} is {held}");
        }
        for (typed, held) in [("\"1111\"", json!(1111)), ("CONVERTED", json!("CLOSED")), ("1", json!(2))] {
            assert!(!Wish::new(typed).is(&held), "{typed} is not {held}");
        }
    }
}
