use std::borrow::Cow;
use std::collections::HashMap;

use crate::event::json_text::members;
use crate::event::{EventRow, EventType, kebab_words};

/// Fields that say to a person which one this is, the best first; their letters only.
const NAME_FIELDS: [&str; 13] = [
    "name",
    "fullname",
    "displayname",
    "subject",
    "title",
    "customername",
    "customer",
    "company",
    "contact",
    "owner",
    "username",
    "email",
    "label",
];

/// Two fields that make one name.
const GIVEN: [&str; 3] = ["firstname", "givenname", "forename"];
const FAMILY: [&str; 3] = ["lastname", "familyname", "surname"];

/// Words in an event's type that say it sets what the stream itself is called. Any other event after the first may name
/// what was added to the stream.
const NAMING_WORDS: [&str; 16] = [
    "updated",
    "update",
    "changed",
    "change",
    "renamed",
    "named",
    "corrected",
    "edited",
    "modified",
    "revised",
    "created",
    "registered",
    "opened",
    "initialized",
    "details",
    "profile",
];

/// Longer than any list is wide.
const LONGEST: usize = 200;

/// No key that is looked for has more letters.
const LONGEST_KEY: usize = 12;

/// How good a name is: the lower, the better.
pub(super) type Rank = u8;

pub(super) const NAMELESS: Rank = Rank::MAX;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) rank: Rank,
    pub(super) text: String,
}

/// Finds what a stream's events say it is called by those who work with it. One rule for a stream that is read by
/// itself and for a whole store, so that what is shown is what is found.
#[derive(Debug, Default)]
pub(super) struct Namer {
    /// Which types of events may name their stream at any time.
    naming: HashMap<EventType, bool>,
}

impl Namer {
    /// The name that an event gives its stream. Costs a look-up where it can give none.
    pub(super) fn name_in(&mut self, row: &EventRow<'_>, is_first: bool) -> Option<Named> {
        let is_naming = match self.naming.get(row.event_type) {
            Some(known) => *known,
            None => {
                let is_naming = is_naming(row.event_type.as_str());
                self.naming.insert(row.event_type.clone(), is_naming);
                is_naming
            }
        };
        if is_first || is_naming { name_of(&row.body(), true) } else { None }
    }
}

fn is_naming(event_type: &str) -> bool {
    kebab_words(event_type).split('-').any(|word| NAMING_WORDS.contains(&word))
}

/// The best name among an object's fields. One that is an object itself is looked into once.
fn name_of(object: &[u8], looks_inside: bool) -> Option<Named> {
    let mut best: Option<Named> = None;
    let mut best_name: &[u8] = b"";
    let (mut given, mut family) = (None, None);
    for (name, value) in members(object) {
        let mut letters = [0; LONGEST_KEY];
        let Some(key) = letters_of(name, &mut letters) else { continue };
        if let Some(rank) = NAME_FIELDS.iter().position(|field| *field == key) {
            let rank = rank as Rank;
            // Of a field that is named twice the last counts, as in the state.
            let is_again = name == best_name;
            if !is_again && best.as_ref().is_some_and(|best| best.rank <= rank) {
                continue;
            }
            let text = match value.first() {
                Some(b'"') => text_of(value),
                Some(b'{') if looks_inside => name_of(value, false).map(|inside| inside.text),
                _ => None,
            };
            let named = text.map(|text| Named { rank, text });
            if named.is_some() {
                best_name = name;
            }
            best = if is_again { named } else { named.or(best) };
        } else if GIVEN.contains(&key) {
            given = text_of(value);
        } else if FAMILY.contains(&key) {
            family = text_of(value);
        }
    }
    match (given, family) {
        (Some(given), Some(family)) if best.as_ref().is_none_or(|best| best.rank > 0) => {
            Some(Named { rank: 0, text: format!("{given} {family}") })
        }
        _ => best,
    }
}

/// A key without case and separators; `None` where it is none of those that are looked for.
fn letters_of<'b>(key: &[u8], letters: &'b mut [u8; LONGEST_KEY]) -> Option<&'b str> {
    let mut count = 0;
    for byte in key {
        if byte.is_ascii_alphanumeric() {
            *letters.get_mut(count)? = byte.to_ascii_lowercase();
            count += 1;
        } else if !byte.is_ascii() {
            return None;
        }
    }
    std::str::from_utf8(letters.get(..count)?).ok()
}

/// A string's text on one line; `None` where it is empty or no string.
fn text_of(value: &[u8]) -> Option<String> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let text: Cow<'_, str> = if inner.contains(&b'\\') {
        serde_json::from_slice::<String>(value).ok()?.into()
    } else {
        std::str::from_utf8(inner).ok()?.into()
    };
    let text = text.trim();
    let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    (!text.is_empty()).then(|| text.replace(char::is_control, " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, StreamId, StreamKey, Version};

    fn named(payload: &str) -> Option<(Rank, String)> {
        name_of(payload.as_bytes(), true).map(|named| (named.rank, named.text))
    }

    #[test]
    fn the_best_field_that_holds_text_is_the_name_however_it_is_spelled() {
        for (payload, name) in [
            (r#"{"lead-id":1,"phone":"1","name":"aaa"}"#, Some("aaa")),
            (r#"{"customer":"Kim","subject":"Refund"}"#, Some("Refund")),
            (r#"{"name":" ","email":"a@b"}"#, Some("a@b")),
            (r#"{"name":7}"#, None),
            (r#"{"Display_Name":"Bo"}"#, Some("Bo")),
            (r#"{"first_name":"Maria","lastName":"Ortiz","email":"m@o"}"#, Some("Maria Ortiz")),
            (r#"{"customer":{"id":4,"name":"김서연"}}"#, Some("김서연")),
            (r#"{"name":"\uae40\n서"}"#, Some("김 서")),
            (r#"{"name":"a","id":1,"name":"b"}"#, Some("b")),
            (r#"{"name":"a","name":null}"#, None),
            (r#"{"filename":"x"}"#, None),
            ("[1]", None),
            ("{", None),
        ] {
            assert_eq!(named(payload).map(|(_, text)| text).as_deref(), name, "{payload}");
        }
        assert!(named(r#"{"name":"a"}"#) < named(r#"{"email":"a"}"#), "a name is better than an address");
    }

    #[test]
    fn what_is_added_to_a_stream_does_not_name_it() {
        let stream = StreamId::from("cart-1");
        let mut namer = Namer::default();
        let mut name = |event_type: &str, is_first: bool| {
            let event_type = EventType::from(event_type);
            let row = EventRow {
                position: None,
                stream_key: StreamKey(0),
                stream: &stream,
                version: Version(0),
                event_type: &event_type,
                schema: 1,
                recorded_at: None,
                id: EventId::new("1"),
                payload: br#"{"name":"Bo"}"#,
                metadata: b"",
            };
            namer.name_in(&row, is_first).is_some()
        };
        assert!(name("anything", true));
        assert!(name("contact-details-updated", false) && name("CustomerRenamed", false));
        assert!(!name("ItemAdded", false) && !name("contacted", false));
    }
}
