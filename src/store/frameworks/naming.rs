//! How the columns that name a stream become one text, and back.

use super::cell::Value;
use crate::event::{EventId, StreamId, Version};

/// Several columns are joined by `:`; one that stands in any but the last of them is escaped, so that the way back
/// is sure.
pub(in crate::store) fn joined(parts: &[String]) -> String {
    let (last, ahead) = match parts.split_last() {
        Some((last, ahead)) => (last.as_str(), ahead),
        None => ("", parts),
    };
    let mut text = String::new();
    for part in ahead {
        text.push_str(&part.replace('%', "%25").replace(':', "%3A"));
        text.push(':');
    }
    text + last
}

/// The values of the columns; `None` where the text has not as many parts.
pub(in crate::store) fn parts_of(text: &str, count: usize) -> Option<Vec<String>> {
    if count <= 1 {
        return Some(vec![text.to_owned()]);
    }
    let parts: Vec<&str> = text.splitn(count, ':').collect();
    let (last, ahead) = parts.split_last()?;
    let mut parts: Vec<String> = ahead.iter().map(|part| part.replace("%3A", ":").replace("%25", "%")).collect();
    parts.push((*last).to_owned());
    (parts.len() == count).then_some(parts)
}

/// The text itself, and the other values that are shown as this text.
pub(super) fn values_shown_as(text: &str) -> Vec<Value> {
    let mut values = vec![Value::Text(text.to_owned())];
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        values.push(Value::Int(number));
    } else if let Ok(number) = text.parse::<f64>()
        && number.to_string() == text
    {
        values.push(Value::Real(number));
    }
    values.push(Value::Bytes(text.as_bytes().to_vec()));
    if let Ok(id) = uuid::Uuid::try_parse(text) {
        values.push(Value::Bytes(id.as_bytes().to_vec()));
    }
    if let Some(bytes) = text.strip_prefix("0x").and_then(bytes_from_hex) {
        values.push(Value::Bytes(bytes));
    }
    values
}

pub(super) fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// An event that its store gave no id is known by its place.
pub(super) fn id_of_place(stream: &StreamId, version: Version) -> EventId {
    // Made for every event of some frameworks, where the formatter's way takes longer than reading the row.
    let mut digits = [0; 20];
    let (mut at, mut rest) = (digits.len(), version.0);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let mut text = String::with_capacity(stream.as_str().len() + 1 + digits.len());
    text.push_str(stream.as_str());
    text.push('@');
    text.extend(digits[at..].iter().map(|digit| char::from(*digit)));
    EventId::Text(text.into())
}

pub(super) fn place_of(id: &EventId) -> Option<(StreamId, Version)> {
    let EventId::Text(text) = id else { return None };
    let (stream, version) = text.rsplit_once('@')?;
    Some((StreamId::from(stream), Version(version.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_two_columns_comes_back_whatever_is_in_them() {
        for parts in [["lead", "1"], ["App:Lead", "1:2"], ["100%3A", ""], ["", ":"], ["리드", "%25"]] {
            let parts = parts.map(str::to_owned);
            assert_eq!(parts_of(&joined(&parts), 2).as_deref(), Some(parts.as_slice()));
        }
        assert_eq!(parts_of("lead", 2), None);
    }

    #[test]
    fn a_place_is_an_id_that_leads_back() {
        for version in [0, 7, 10, u64::MAX] {
            let place = (StreamId::from("a@b"), Version(version));
            let id = id_of_place(&place.0, place.1);
            assert_eq!(id.to_string(), format!("a@b@{version}"));
            assert_eq!(place_of(&id), Some(place));
        }
    }
}
