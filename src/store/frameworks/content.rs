//! Payloads and metadata as they can be read: unpacked, decrypted, or labelled as what they are.

use std::borrow::Cow;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::cell::Cell;
use super::key::CipherKey;
use super::layout::{ColumnPart, MetadataPart};
use super::places::{around, value_at};
use crate::event::json_text::members;
use crate::event::{json_value, same_name};

/// What a stored payload turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, JSON or not.
    Text,
    /// Bytes that are no text.
    Binary,
    Encrypted,
}

/// An unpacked payload larger than this is cut, and says so: a few bytes can claim to be any size.
const LARGEST: u64 = 64 << 20;

/// How much of a payload that was cut is shown.
const BEGINNING: usize = 64 << 10;

/// How it is said of a payload that it is encrypted.
const LABEL_OF_ENCRYPTED: &str = r#"{"encrypted":"AES-GCM","bytes":"#;

/// A copy of the event has this in the place of what could not be read.
pub(in crate::store) fn is_label_of_encrypted(payload: &[u8]) -> bool {
    payload.starts_with(LABEL_OF_ENCRYPTED.as_bytes())
}

/// The payload as text. What is no text becomes a JSON object that says what it is.
pub(super) fn readable<'a>(cell: Cell<'a>, may_be_encrypted: bool, key: Option<&CipherKey>) -> (Cow<'a, [u8]>, Kind) {
    let bytes = match cell {
        Cell::Null => return (Cow::Borrowed(b"null"), Kind::Text),
        Cell::Int(number) => return (number.to_string().into_bytes().into(), Kind::Text),
        Cell::Real(number) => return (number.to_string().into_bytes().into(), Kind::Text),
        Cell::Text(bytes) => return (bytes.into(), Kind::Text),
        Cell::Bytes(bytes) => bytes,
    };
    if is_text(bytes) {
        return (bytes.into(), Kind::Text);
    }
    if let Some(text) = unpacked(bytes) {
        return (text.into(), Kind::Text);
    }
    if may_be_encrypted {
        let Some(opened) = key.and_then(|key| key.open(bytes)) else {
            let label = format!("{LABEL_OF_ENCRYPTED}{}}}", bytes.len());
            return (label.into_bytes().into(), Kind::Encrypted);
        };
        return match unpacked(&opened) {
            Some(text) => (text.into(), Kind::Text),
            None if is_text(&opened) => (opened.into(), Kind::Text),
            None => (labelled(&opened).into(), Kind::Binary),
        };
    }
    (labelled(bytes).into(), Kind::Binary)
}

/// Bytes that are no text, packed or not, of a framework whose payloads may be encrypted.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    !is_text(bytes) && unpacked(bytes).is_none()
}

fn labelled(bytes: &[u8]) -> Vec<u8> {
    let mut object = Map::new();
    object.insert("binary".to_owned(), Value::from("base64"));
    object.insert("bytes".to_owned(), Value::from(bytes.len()));
    object.insert("data".to_owned(), Value::from(STANDARD.encode(bytes)));
    Value::Object(object).to_string().into_bytes()
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'))
}

/// What zlib or gzip packed, if it is text inside.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let read = match bytes {
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            flate2::read::ZlibDecoder::new(bytes).take(LARGEST + 1).read_to_end(&mut text)
        }
        [0x1f, 0x8b, ..] => flate2::read::GzDecoder::new(bytes).take(LARGEST + 1).read_to_end(&mut text),
        _ => return None,
    };
    if read.is_err() {
        return None;
    }
    if text.len() as u64 > LARGEST {
        return Some(cut(bytes.len(), &text));
    }
    is_text(&text).then_some(text)
}

/// A payload that is too long to be shown, as an object that says so. Cut text would be no JSON.
fn cut(packed: usize, text: &[u8]) -> Vec<u8> {
    let mut object = Map::new();
    object.insert(
        "cut".to_owned(),
        format!("it unpacks to more than {} MiB; this is its beginning", LARGEST >> 20).into(),
    );
    object.insert("packed-bytes".to_owned(), Value::from(packed));
    object.insert("beginning".to_owned(), String::from_utf8_lossy(&text[..BEGINNING.min(text.len())]).into());
    Value::Object(object).to_string().into_bytes()
}

/// A column that holds all that is said around an event stays as it is stored.
pub(super) fn whole_metadata(cell: Cell<'_>) -> Cow<'_, [u8]> {
    match cell {
        Cell::Null => Cow::Borrowed(b""),
        cell => readable(cell, false, None).0,
    }
}

/// As much of a column as is meant.
pub(super) fn part_of<'a>(text: Cow<'a, [u8]>, part: &ColumnPart) -> Cow<'a, [u8]> {
    match part {
        ColumnPart::Whole => text,
        ColumnPart::At(path) => value_at(&text, path).map(Cow::into_owned).unwrap_or_default().into(),
        ColumnPart::Around(path) => around(&text, path).into(),
    }
}

/// One object of what several columns say around an event.
pub(super) fn merged_metadata<'a>(parts: &[(&MetadataPart, Cell<'a>)]) -> Cow<'a, [u8]> {
    let mut all = Map::new();
    for (MetadataPart { field, part, .. }, cell) in parts.iter().filter(|(_, cell)| !cell.is_null()) {
        let text = part_of(readable(*cell, false, None).0, part);
        if text.is_empty() && *part != ColumnPart::Whole {
            continue;
        }
        let value = match (cell, json_value(&text)) {
            (Cell::Int(_) | Cell::Real(_), Ok(value)) => value,
            (_, Ok(value @ (Value::Object(_) | Value::Array(_)))) => value,
            // What stands inside of JSON has its quotes on.
            (_, Ok(value)) if *part != ColumnPart::Whole => value,
            _ => Value::String(String::from_utf8_lossy(&text).into_owned()),
        };
        match (field.as_deref(), value) {
            (None, Value::Object(fields)) => {
                for (name, value) in fields {
                    all.entry(name).or_insert(value);
                }
            }
            (None, Value::String(text)) if text.is_empty() || text == "null" => {}
            (None, other) => {
                all.insert("metadata".to_owned(), other);
            }
            (Some(field), value) => {
                all.insert(field.to_owned(), value);
            }
        }
    }
    if all.is_empty() { Cow::Borrowed(b"") } else { Value::Object(all).to_string().into_bytes().into() }
}

/// Adds the marks of a row to its metadata.
pub(super) fn marked<'a>(metadata: Cow<'a, [u8]>, marks: &[&str]) -> Cow<'a, [u8]> {
    if marks.is_empty() {
        return metadata;
    }
    let mut all = match json_value(&metadata) {
        Ok(Value::Object(all)) => all,
        _ if metadata.is_empty() => Map::new(),
        _ => return metadata,
    };
    for mark in marks {
        all.insert((*mark).to_owned(), Value::Bool(true));
    }
    Value::Object(all).to_string().into_bytes().into()
}

/// The text or number at a path inside a JSON payload. Of keys that are written twice the last counts.
pub(super) fn field_at<'a>(payload: &'a [u8], path: &[String]) -> Option<Cow<'a, str>> {
    let mut value = payload;
    for name in path {
        value = members(value).filter(|(key, _)| *key == name.as_bytes()).last()?.1;
    }
    text_of(value)
}

/// A JSON text without its quotes, and anything else as it is written.
pub(super) fn text_of(value: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(value).ok()?.trim_ascii();
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) if memchr::memchr(b'\\', inner.as_bytes()).is_none() => Some(inner.into()),
        _ if text.starts_with('"') => serde_json::from_str(text).ok().map(Cow::Owned),
        _ => Some(text.into()),
    }
}

/// The names under which an event says who, why, and what led to it.
const AROUND: [&str; 7] = ["actor", "user-id", "user-name", "reason", "compensates", "correlation-id", "causation-id"];

/// With which letters they begin, a bit for each.
const FIRST_LETTERS: u32 = {
    let (mut letters, mut at) = (0, 0);
    while at < AROUND.len() {
        letters |= 1 << (AROUND[at].as_bytes()[0] - b'a');
        at += 1;
    }
    letters
};

/// What an event's own fields say of the kind that metadata says; empty where they say nothing.
pub(super) fn metadata_inside(payload: &[u8]) -> Vec<u8> {
    metadata_and_field(payload, &[]).0
}

/// The same, and what [`field_at`] finds at a path: of one walk through the fields.
pub(super) fn metadata_and_field<'a>(payload: &'a [u8], path: &[String]) -> (Vec<u8>, Option<Cow<'a, str>>) {
    let (mut says_around, mut outermost) = (false, None);
    let first = path.first().map(String::as_bytes);
    for (key, value) in members(payload) {
        says_around = says_around || is_around(key);
        if first == Some(key) {
            outermost = Some(value);
        }
    }
    let field = outermost.and_then(|value| field_at(value, path.get(1..)?));
    let around = if says_around { fields_around(payload) } else { Vec::new() };
    (around, field)
}

/// Asked of every field of every event, and most names are told apart by their first letter.
fn is_around(key: &[u8]) -> bool {
    let first = key.iter().find(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    let is_first = |letter: u8| letter.is_ascii_lowercase() && FIRST_LETTERS >> (letter - b'a') & 1 == 1;
    if !first.is_some_and(is_first) {
        return false;
    }
    let mut known = AROUND.iter().filter(|known| known.as_bytes().first().copied() == first);
    known.any(|known| std::str::from_utf8(key).is_ok_and(|name| same_name(name, known)))
}

fn fields_around(payload: &[u8]) -> Vec<u8> {
    let Ok(fields) = serde_json::from_slice::<crate::store::files::RawObject<'_>>(payload) else { return Vec::new() };
    let around: Vec<(String, &RawValue)> =
        fields.0.into_iter().filter(|(name, _)| is_around(name.as_bytes())).collect();
    crate::store::files::RawObject(around).to_text().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(len: usize) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(b"{\"text\":\"").unwrap();
        out.write_all(&vec![b'a'; len]).unwrap();
        out.write_all(b"\"}").unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn a_payload_that_unpacks_without_end_is_cut_and_says_so() {
        let bytes = packed(1_000);
        let (whole, _) = readable(Cell::Bytes(&bytes), false, None);
        assert_eq!(serde_json::from_slice::<Value>(&whole).unwrap()["text"].as_str().map(str::len), Some(1_000));
        let bytes = packed(LARGEST as usize);
        let (cut, kind) = readable(Cell::Bytes(&bytes), false, None);
        let said: Value = serde_json::from_slice(&cut).unwrap();
        assert_eq!((kind, said["packed-bytes"].as_u64()), (Kind::Text, Some(bytes.len() as u64)));
        assert!(said["cut"].as_str().is_some_and(|said| said.contains("64 MiB")), "{}", said["cut"]);
        assert_eq!(said["beginning"].as_str().map(str::len), Some(BEGINNING));
    }
}
