//! JSON objects whose values stay as they are written: digits, order and spacing of a payload survive a passage
//! through a file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::flaw::LineFlaw;
use crate::event::same_name;

/// The fields of an object, in order.
#[derive(Debug)]
pub(in crate::store) struct RawObject<'a>(pub(in crate::store) Vec<(String, &'a RawValue)>);

impl<'a> RawObject<'a> {
    /// Without the fields that are named again: of those with one name, the last counts, at the place of the first.
    pub(super) fn last_of_each(self) -> Vec<(String, &'a RawValue)> {
        let mut places: HashMap<String, usize> = HashMap::with_capacity(self.0.len());
        let mut fields: Vec<(String, &'a RawValue)> = Vec::with_capacity(self.0.len());
        for (name, value) in self.0 {
            match places.get(&name).and_then(|place| fields.get_mut(*place)) {
                Some(known) => known.1 = value,
                None => {
                    places.insert(name.clone(), fields.len());
                    fields.push((name, value));
                }
            }
        }
        fields
    }

    /// Takes a field out, by any spelling of its name (lower-case words joined by `-`). Where it is named again, the last
    /// counts.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.0.iter().position(|(key, _)| same_name(key, name))?;
        let (key, mut value) = self.0.remove(at);
        self.0.retain(|(other, again)| {
            let is_again = *other == key;
            if is_again {
                value = *again;
            }
            !is_again
        });
        Some(value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| same_name(key, name))
    }

    /// Takes out a field that must be text, a number or absent; `null` is absent.
    pub(super) fn take_text(&mut self, name: &str) -> Result<Option<String>, LineFlaw> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get())
                .map(Some)
                .map_err(|error| LineFlaw::Said(format!("{name}: {error}").into())),
            Some(b'n') => Ok(None),
            Some(b'{' | b'[' | b't' | b'f') => Err(LineFlaw::NotText { field: name.into(), found: raw.get().into() }),
            _ => Ok(Some(raw.get().to_owned())),
        }
    }

    /// What is left, as one object without spaces between.
    pub(in crate::store) fn to_text(&self) -> String {
        let mut text = String::from("{");
        for (index, (key, value)) in self.0.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&quoted(key));
            text.push(':');
            text.push_str(value.get());
        }
        text.push('}');
        text
    }
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> Cow<'_, str> {
    serde_json::Value::from(text).to_string().into()
}

impl<'de: 'a, 'a> Deserialize<'de> for RawObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event as a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields).map(RawObject)
    }
}
