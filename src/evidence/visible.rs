use serde_json::Value;

use crate::event::visible::visible as with_hidden;

/// A text as it may stand on a page: on one line, with letters that hide or turn others around by their numbers.
pub(super) fn visible(text: &str) -> String {
    with_hidden(text).replace('\n', " ")
}

/// The longest value on a page; the data holds it whole.
pub(super) const LONGEST: usize = 400;

/// A value as a person reads it, and whether it had to be cut.
pub(super) fn value_text(value: &Value) -> (String, bool) {
    match value {
        Value::Null => ("–".to_owned(), false),
        Value::String(text) => cut(text),
        other => cut(&other.to_string()),
    }
}

pub(super) fn cut(text: &str) -> (String, bool) {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => (format!("{}…", visible(&text[..end])), true),
        None => (visible(text), false),
    }
}
