use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex::{CAPITAL, DIGITS};

/// An event's number inside its stream, as its store numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event's place in the order of the whole store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A small number that stands for a stream inside one open store, so that a fold over a million streams can
/// index a vector. It means nothing outside that store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey(pub u32);

/// A map by numbers that are counted up by a program. Asked for every event of a store, where the usual guard against
/// chosen keys takes longer than the look-up.
pub type ByNumber<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

#[derive(Clone, Copy, Debug, Default)]
pub struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Eight bytes at a time.
    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            self.write_u64(word.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number as u64);
    }

    /// Spreads neighbours over the whole range, in the lower digits as in the upper ones.
    fn write_u64(&mut self, number: u64) {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let spread = (self.0 ^ number).wrapping_mul(GOLDEN);
        self.0 = spread ^ (spread >> 32);
    }
}

macro_rules! shared_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Equality that looks at the letters only where the two are not one text in memory.
            pub(super) fn is_same(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
            }
        }

        /// Equal and hashed as its text is: a map keyed by it is asked without making one.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<std::borrow::Cow<'_, str>> for $name {
            fn from(text: std::borrow::Cow<'_, str>) -> Self {
                Self::from(&*text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

shared_text! {
    /// The name of a stream, as its store spells it.
    StreamId
}

shared_text! {
    /// The name of a kind of event, as its store spells it.
    EventType
}

impl StreamId {
    /// What stands before the first `-`, which by custom is the kind of aggregate; a name without one is its
    /// own category.
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&*self.0, |(category, _)| category)
    }

    /// Whether that is its category. Asked for every event of a store, so it looks at no more letters than it has to.
    pub fn is_of(&self, category: &str) -> bool {
        let behind = self.0.strip_prefix(category);
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('-')) && !category.contains('-')
    }

    /// What stands after the first `-`: the aggregate's own number or name.
    pub fn key(&self) -> Option<&str> {
        self.0.split_once('-').map(|(_, key)| key)
    }
}

/// The identity of an event across stores. Most are UUIDs, kept in sixteen bytes; any other text is kept whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventId {
    Uuid([u8; 16]),
    Text(Arc<str>),
}

impl EventId {
    /// Only the canonical spelling becomes a UUID: an upper-case or brace-wrapped one would not come back as it was.
    pub fn new(text: &str) -> Self {
        canonical_uuid(text.as_bytes()).map_or_else(|| Self::Text(text.into()), Self::Uuid)
    }

    /// The event that somebody means who writes this: a UUID however it is spelled, so that links are held against ids
    /// by what they mean.
    pub fn meant_by(text: &str) -> Self {
        if let Some(bytes) = canonical_uuid(text.as_bytes()) {
            return Self::Uuid(bytes);
        }
        let is_uuid = matches!(text.len(), 32 | 36 | 38 | 45);
        let uuid = is_uuid.then(|| uuid::Uuid::try_parse(text).ok()).flatten();
        uuid.map_or_else(|| Self::Text(text.into()), |uuid| Self::Uuid(uuid.into_bytes()))
    }

    /// This event, as a link names it.
    #[must_use]
    pub fn as_meant(&self) -> Self {
        match self {
            Self::Uuid(_) => self.clone(),
            Self::Text(text) => Self::meant_by(text),
        }
    }

    /// An identity made from content alone, for events that arrived without one: the same content gets the
    /// same identity, so a repeated import is recognised.
    pub fn from_content(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self::Uuid(uuid::Uuid::new_v8(bytes).into_bytes())
    }
}

/// Read for every event of most frameworks, so it takes no look at any other spelling.
fn canonical_uuid(text: &[u8]) -> Option<[u8; 16]> {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let text: &[u8; 36] = text.try_into().ok()?;
    if DASHES.iter().any(|at| text[*at] != b'-') {
        return None;
    }
    let (mut id, mut seen) = ([0; 16], 0);
    for (byte, at) in id.iter_mut().zip(PAIRS) {
        let (high, low) = (DIGITS[usize::from(text[at])], DIGITS[usize::from(text[at + 1])]);
        seen |= high | low;
        *byte = high << 4 | low;
    }
    (seen < CAPITAL).then_some(id)
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(bytes) => uuid::Uuid::from_bytes(*bytes).hyphenated().fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn category_ends_at_the_first_dash() {
        assert_eq!(StreamId::from("lead-1").category(), "lead");
        assert_eq!(StreamId::from("lead-1-2").key(), Some("1-2"));
        assert_eq!(StreamId::from("settings").category(), "settings");
        assert_eq!(StreamId::from("settings").key(), None);
    }

    #[test]
    fn a_stream_is_of_its_category_and_of_no_other() {
        let names = ["lead-1", "lead-1-2", "lead", "lead-", "leads-1", "le", "", "-", "-1", "주문-1"];
        for name in names {
            for category in names.into_iter().chain(["주문", "주"]) {
                let stream = StreamId::from(name);
                assert_eq!(stream.is_of(category), stream.category() == category, "{name} of {category}");
            }
        }
    }

    #[test]
    fn an_id_comes_back_letter_for_letter() {
        let uuid = "0190b1de-5a4f-7c8e-9a3b-0123456789ab";
        for text in [
            uuid,
            "0190B1DE-5A4F-7C8E-9A3B-0123456789AB",
            "0190b1de05a4f-7c8e-9a3b-0123456789ab",
            "0190b1de-5a4f-7c8e-9a3b-0123456789ag",
            "7",
            "",
            "주문#1",
        ] {
            assert_eq!(EventId::new(text).to_string(), text);
            assert_eq!(matches!(EventId::new(text), EventId::Uuid(_)), text == uuid, "{text}");
        }
    }
}
