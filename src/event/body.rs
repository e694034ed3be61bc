//! What an event says, without what its framework's serialiser wrapped around it. The stored text stays as it is;
//! this is only how it is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use memchr::memmem;
use serde_json::Value;
use serde_json::value::RawValue;

use super::json_text::{skip_mark, skip_space, skip_value};

/// Keys between which Python's `eventsourcing` writes what JSON has no type for.
const TYPE_KEY: &str = "_type_";
const DATA_KEY: &str = "_data_";

/// Made once: this is looked for in every payload that is read.
static TYPED: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\"_type_\""));

/// The payload, or what is inside `{"TheEventsType": …}`, as Rust's serde tags an enum; with
/// `{"_type_": …, "_data_": value}` read as the value.
pub fn body_of<'a>(event_type: &str, payload: &'a [u8]) -> Cow<'a, [u8]> {
    let inside = untagged(event_type, payload).unwrap_or(payload);
    if TYPED.find(inside).is_none() {
        return inside.into();
    }
    if let Some(text) = without_marks(inside) {
        return text.into();
    }
    match super::json_value(inside) {
        Ok(mut value) => {
            unwrap_typed(&mut value);
            value.to_string().into_bytes().into()
        }
        Err(_) => inside.into(),
    }
}

/// Deeper than this, nobody wraps values in values.
const MARKS_NESTED: usize = 32;

/// The text with each `{"_type_": …, "_data_": value}` replaced by the value, and all else as it is written. `None`
/// where a mark does not stand as Python writes it; then the values have to be looked at.
///
/// The mark is never found inside of another text: its quotes would be escaped there.
fn without_marks(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut copied = 0;
    // Where the values end that are being copied, and where to go on behind their wrapping; the innermost last.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let close_before = |open: &mut Vec<(usize, usize)>, out: &mut Vec<u8>, copied: &mut usize, at: usize| {
        while let Some((end, behind)) = open.pop_if(|(end, _)| *end <= at) {
            out.extend_from_slice(&text[*copied..end]);
            *copied = behind;
        }
    };
    for mark in TYPED.find_iter(text) {
        let begin = text[..mark].trim_ascii_end().len().checked_sub(1).filter(|begin| text[*begin] == b'{')?;
        let tag = skip_space(text, skip_mark(text, mark + TYPED.needle().len(), b":")?);
        let tag_end = skip_mark(text, skip_value(text, tag)?, b",")?;
        let data = skip_mark(text, skip_mark(text, tag_end, b"\"_data_\"")?, b":")?;
        let data = skip_space(text, data);
        let end = skip_value(text, data)?;
        let behind = skip_mark(text, end, b"}")?;
        close_before(&mut open, &mut out, &mut copied, begin);
        out.extend_from_slice(text.get(copied..begin)?);
        copied = data;
        open.push((end, behind));
        if open.len() > MARKS_NESTED {
            return None;
        }
    }
    close_before(&mut open, &mut out, &mut copied, text.len());
    out.extend_from_slice(&text[copied..]);
    Some(out)
}

fn untagged<'a>(event_type: &str, payload: &'a [u8]) -> Option<&'a [u8]> {
    let key = payload.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    if !key.strip_prefix(event_type.as_bytes())?.starts_with(b"\"") {
        return None;
    }
    let fields: BTreeMap<String, &'a RawValue> = serde_json::from_slice(payload).ok()?;
    let raw = fields.get(event_type).filter(|_| fields.len() == 1)?;
    raw.get().starts_with('{').then(|| raw.get().as_bytes())
}

fn unwrap_typed(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.len() == 2
                && fields.contains_key(TYPE_KEY)
                && let Some(data) = fields.get_mut(DATA_KEY)
            {
                *value = data.take();
                unwrap_typed(value);
            } else {
                fields.values_mut().for_each(unwrap_typed);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(unwrap_typed),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_body(event_type: &str, payload: &str, body: &str) {
        assert_eq!(String::from_utf8_lossy(&body_of(event_type, payload.as_bytes())), body);
    }

    #[test]
    fn a_tag_that_is_the_events_type_is_taken_off_and_no_other() {
        assert_body("Contacted", r#"{"Contacted":{"notes":"x"}}"#, r#"{"notes":"x"}"#);
        assert_body("Contacted", r#" { "Contacted" : {"n":1.50} } "#, r#"{"n":1.50}"#);
        for whole in
            [r#"{"Called":{"a":1}}"#, r#"{"Contacted":{},"b":1}"#, r#"{"Contacted":"x"}"#, "{", "{\"Contacted\""]
        {
            assert_body("Contacted", whole, whole);
        }
    }

    #[test]
    fn a_typed_value_of_python_reads_as_the_value() {
        assert_body(
            "crm:Lead.Captured",
            r#"{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:01+00:00"},"all":[{"_type_":"tuple_as_list","_data_":[{"_type_":"uuid_hex","_data_":"ab"}]}],"name":"x"}"#,
            r#"{"timestamp":"2025-01-01T01:00:01+00:00","all":[["ab"]],"name":"x"}"#,
        );
        for (wrapped, plain) in [
            (r#"{"a":"_type_"}"#, r#"{"a":"_type_"}"#),
            (r#"{"a":{"_data_":1,"_type_":"t"}}"#, r#"{"a":1}"#),
            (
                r#"{"a":{"_type_":"t","_data_":{"b":{"_type_":"u","_data_":[]},"c":2}},"d":3}"#,
                r#"{"a":{"b":[],"c":2},"d":3}"#,
            ),
            (r#"{"a":{"_type_":"t","_data_":1,"more":2}}"#, r#"{"a":{"_type_":"t","_data_":1,"more":2}}"#),
            (r#"{"_type_":"t","_data_":{"a":1}}"#, r#"{"a":1}"#),
            (r#"{"a":"\"_type_\"","b":{"_type_":"t","_data_":"}"}}"#, r#"{"a":"\"_type_\"","b":"}"}"#),
            (r#"{"a":{"_type_":"t","_data_":"#, r#"{"a":{"_type_":"t","_data_":"#),
        ] {
            assert_body("x", wrapped, plain);
        }
    }
}
