//! Takes a handful of named fields out of a payload, whatever else is in it and however their names are spelled.
//! Text is borrowed from the payload; nothing else of it is kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Flaw;
use crate::event::plain_json::plain_members;
use crate::event::{EventId, EventRow, Metadata, Timestamp, same_name};

/// The wanted fields, in the order in which they were asked for. Absent and `null` are the same.
#[derive(Debug)]
pub struct Fields<'a, const N: usize>([Option<&'a str>; N]);

/// Reads the fields named in `wanted`, which must be lower-case words joined by `-`. What is no JSON object is
/// answered with its flaw.
pub fn read_fields<'a, const N: usize>(payload: &'a [u8], wanted: &[&str; N]) -> Result<Fields<'a, N>, Flaw> {
    plain_fields(payload, wanted).map_or_else(|| parsed_fields(payload, wanted), Ok)
}

fn parsed_fields<'a, const N: usize>(payload: &'a [u8], wanted: &[&str; N]) -> Result<Fields<'a, N>, Flaw> {
    let refusal = |error: Option<serde_json::Error>| match (serde_json::from_slice::<IgnoredAny>(payload), error) {
        // Skipping does not look into texts, so a text that is no UTF-8 was found only by reading it.
        (Ok(_), Some(error)) if !error.is_data() => Flaw::not_json(&error),
        (Ok(_), _) => Flaw::NotAnObject,
        (Err(error), _) => Flaw::not_json(&error),
    };
    // A number that keeps its digits reaches a visitor as a map, and must not pass for an object.
    if payload.trim_ascii_start().first().is_some_and(|first| first.is_ascii_digit() || *first == b'-') {
        return Err(refusal(None));
    }
    let mut json = serde_json::Deserializer::from_slice(payload);
    let fields = json
        .deserialize_any(FieldsVisitor { wanted })
        .and_then(|fields| json.end().map(|()| fields))
        .map_err(|error| refusal(Some(error)))?;
    Ok(Fields(fields))
}

/// The same of a payload that is written as nearly all are.
fn plain_fields<'a, const N: usize>(payload: &'a [u8], wanted: &[&str; N]) -> Option<Fields<'a, N>> {
    let text = std::str::from_utf8(payload).ok()?;
    let mut found = [None; N];
    plain_members(text, |member| {
        if let Some(index) = place_of(text.get(member.name)?, wanted) {
            found[index] = Some(text.get(member.value)?);
        }
        Some(())
    })?;
    Some(Fields(found))
}

/// The place of a field's name among the wanted ones.
fn place_of(key: &str, wanted: &[&str]) -> Option<usize> {
    wanted.iter().position(|name| *name == key).or_else(|| wanted.iter().position(|name| same_name(key, name)))
}

impl<'a, const N: usize> Fields<'a, N> {
    /// None of them; for a payload that could not be read.
    pub fn none() -> Self {
        Self([None; N])
    }

    /// The field as text: a string's own text, a number or anything else as it is written.
    pub fn text(&self, index: usize) -> Option<Cow<'a, str>> {
        let raw = self.0[index]?;
        match raw.as_bytes() {
            [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => Some(Cow::Borrowed(&raw[1..raw.len() - 1])),
            [b'"', ..] => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
            b"null" => None,
            _ => Some(Cow::Borrowed(raw)),
        }
    }

    /// The field as a time; a text that is none is noted in `flaw`.
    pub fn time(&self, index: usize, field: &'static str, flaw: &mut Option<Box<Flaw>>) -> Option<Timestamp> {
        let text = self.text(index)?;
        let at = Timestamp::parse_lenient(&text);
        if at.is_none() {
            flaw.get_or_insert_with(|| Box::new(Flaw::NotATime { field, text: shortened(&text).into() }));
        }
        at
    }
}

/// A finding quotes what it found, but not five megabytes of it.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("“{}…”", &text[..end]),
        None => format!("“{text}”"),
    }
}

/// The wanted fields, or none with a flaw.
pub(super) fn fields_of<'a, const N: usize>(
    payload: &'a [u8],
    wanted: &[&str; N],
    flaw: &mut Option<Box<Flaw>>,
) -> Fields<'a, N> {
    read_fields(payload, wanted).unwrap_or_else(|found| {
        *flaw = Some(Box::new(found));
        Fields::none()
    })
}

/// The event that the metadata says is compensated, or the payload, where another system wrote it there.
pub(super) fn compensated(row: &EventRow<'_>) -> Option<EventId> {
    let in_payload = || Some(EventId::new(&read_fields(row.payload, &["compensates"]).ok()?.text(0)?));
    if may_name_compensated(row.metadata) {
        Metadata::parse(row.metadata).compensates.or_else(in_payload)
    } else {
        in_payload()
    }
}

/// Whether it is worth reading as a whole: asked for every event that might be a compensation, and few are.
fn may_name_compensated(metadata: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(metadata) else { return !metadata.is_empty() };
    let mut is_named = false;
    let read = plain_members(text, |member| {
        is_named |= same_name(text.get(member.name)?, "compensates");
        Some(())
    });
    is_named || (read.is_none() && !text.is_empty())
}

struct FieldsVisitor<'w, const N: usize> {
    wanted: &'w [&'w str; N],
}

impl<'de, const N: usize> Visitor<'de> for FieldsVisitor<'_, N> {
    type Value = [Option<&'de str>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    /// `null` stands for an event that says nothing beyond its type.
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok([None; N])
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(index) = map.next_key_seed(KeyIndex(self.wanted))? {
            match index {
                Some(index) => found[index] = Some(map.next_value::<&'de RawValue>()?.get()),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Reads a key straight to its place among the wanted ones.
struct KeyIndex<'w>(&'w [&'w str]);

impl<'de> DeserializeSeed<'de> for KeyIndex<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyIndex<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(place_of(key, self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_found_in_any_spelling() {
        for payload in
            [r#"{"followup-on":"x"}"#, r#"{"a":[{"followup-on":1}],"followupOn":"x"}"#, r#"{"followup_on":"x"}"#]
        {
            let fields = read_fields(payload.as_bytes(), &["followup-on"]).expect(payload);
            assert_eq!(fields.text(0).as_deref(), Some("x"), "{payload}");
        }
    }

    #[test]
    fn scalars_read_as_text_and_null_as_absent() {
        let payload = br#"{"a":1.50,"b":true,"c":null,"d":"a\"b","e":{"x":1}}"#;
        let fields = read_fields(payload, &["a", "b", "c", "d", "e"]).expect("an object");
        let texts: Vec<_> = (0..5).map(|i| fields.text(i)).collect();
        let expected = [Some("1.50"), Some("true"), None, Some("a\"b"), Some("{\"x\":1}")];
        assert_eq!(texts.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_no_object_is_said_in_words() {
        assert_eq!(read_fields(b"[1]", &["a"]).err(), Some(Flaw::NotAnObject));
        assert!(read_fields(b"{\"a\":", &["a"]).is_err_and(|flaw| matches!(flaw, Flaw::NotJson(_))));
        assert!(read_fields(b"{} {}", &["a"]).is_err());
        assert!(read_fields(b"null", &["a"]).is_ok());
    }

    #[test]
    fn the_event_that_is_compensated_is_found_however_metadata_spells_it() {
        let id = EventId::new("0190b1de-5a4f-7c8e-9a3b-0123456789ab");
        let (stream, event_type) = ("lead-1".into(), "lead-closed".into());
        let of = |metadata: &str, payload: &str| {
            compensated(&EventRow {
                position: None,
                stream_key: crate::event::StreamKey(0),
                stream: &stream,
                version: crate::event::Version(1),
                event_type: &event_type,
                schema: 1,
                recorded_at: None,
                id: EventId::new(""),
                payload: payload.as_bytes(),
                metadata: metadata.as_bytes(),
            })
        };
        let named = |key: &str| format!("{{\"actor\":\"kim\",\"{key}\":\"{id}\"}}");
        for key in ["compensates", "Compensates", "COMPENSATES", "comp\\u0065nsates"] {
            assert_eq!(of(&named(key), "{}"), Some(id.clone()), "{key}");
        }
        for metadata in ["", "{}", "{\"actor\":\"kim\"}", "no json", "{\"compensates\":true}"] {
            assert_eq!(of(metadata, "{}"), None, "{metadata}");
            assert_eq!(of(metadata, &named("compensates")), Some(id.clone()), "{metadata}");
        }
    }

    proptest! {
        #[test]
        fn a_payload_reads_the_same_whether_plain_or_parsed(
            text in "\\{(\"[abAB]{1,2}\":(1|-2\\.5|true|null|\"x \\\\n\"|\\[1,\\{\\}\\]|\\{\"a\":1\\}),?){0,4}\\}",
        ) {
            let wanted = ["a", "ab", "b"];
            let texts = |fields: Fields<'_, 3>| [0, 1, 2].map(|at| fields.text(at).map(|text| text.into_owned()));
            if let Some(plain) = plain_fields(text.as_bytes(), &wanted) {
                prop_assert_eq!(Ok(texts(plain)), parsed_fields(text.as_bytes(), &wanted).map(texts));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(fields) = read_fields(&bytes, &["a", "b"]) {
                let _ = (fields.text(0), fields.time(1, "b", &mut None));
            }
        }
    }
}
