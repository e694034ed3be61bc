use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::allocated_shared;

/// What fits beside a length into the room of a shared text.
const INLINE: usize = 22;

/// A text that is nearly always short: a person's name, a phone number. Such a one lies in place, where a fold over a
/// million streams would otherwise allocate each; a longer one is shared.
#[derive(Clone, PartialEq, Eq)]
pub struct ShortText(Kept);

#[derive(Clone, PartialEq, Eq)]
enum Kept {
    /// What lies behind the text is zero, so that equal texts are equal byte for byte.
    Inline {
        len: u8,
        bytes: [u8; INLINE],
    },
    Shared(Arc<str>),
}

impl ShortText {
    /// The bytes that it takes beside its own size.
    pub fn weight(&self) -> usize {
        match &self.0 {
            Kept::Inline { .. } => 0,
            Kept::Shared(text) => allocated_shared(text.len()),
        }
    }

    pub fn as_str(&self) -> &str {
        match &self.0 {
            // It was a text when it was put there.
            Kept::Inline { len, bytes } => std::str::from_utf8(&bytes[..usize::from(*len)]).unwrap_or_default(),
            Kept::Shared(text) => text,
        }
    }
}

impl Deref for ShortText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for ShortText {
    fn from(text: &str) -> Self {
        if text.len() > INLINE {
            return Self(Kept::Shared(text.into()));
        }
        let mut bytes = [0; INLINE];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Self(Kept::Inline { len: text.len() as u8, bytes })
    }
}

impl From<Cow<'_, str>> for ShortText {
    fn from(text: Cow<'_, str>) -> Self {
        Self::from(&*text)
    }
}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for ShortText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for ShortText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_comes_back_and_equals_itself_alone() {
        let texts = [
            "",
            "\0",
            "aab",
            "010-1111-2222",
            "스물두 바이트 이하",
            "1234567890123456789012",
            "서른 바이트보다 긴 이름입니다",
        ];
        let other_lengths = ["a".repeat(INLINE + 1), "a".repeat(1_000)];
        let all: Vec<&str> = texts.into_iter().chain(other_lengths.iter().map(String::as_str)).collect();
        for text in &all {
            let kept = ShortText::from(*text);
            assert_eq!(kept.as_str(), *text);
            let json = serde_json::to_string(&kept).expect("a text");
            assert_eq!(json, serde_json::to_string(text).expect("a text"));
            assert_eq!(serde_json::from_str::<ShortText>(&json).expect("read back"), kept);
            for other in &all {
                assert_eq!(kept == ShortText::from(*other), text == other, "{text:?} and {other:?}");
            }
        }
    }

    #[test]
    fn it_takes_no_more_room_than_a_shared_text_and_its_length() {
        assert_eq!(size_of::<Option<ShortText>>(), 24);
    }
}
