use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{PublicKey, SigningKey};

/// A text and who signed it, as C2SP's signed-note writes them: the text, an empty line, and for each signature a line
/// `— name base64`. What is read here has one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// With the line break at its end.
    pub text: String,
    name: String,
    /// Four bytes of the key, and the signature.
    signature: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    #[error("this is no signed text")]
    NoNote,
    #[error("the signature does not fit the text")]
    Broken,
}

impl Note {
    pub fn sign(text: String, name: &str, key: &SigningKey) -> Self {
        let mut signature = key.public().short(name).to_vec();
        signature.extend(key.sign(text.as_bytes()));
        Self { text, name: name.to_owned(), signature }
    }

    pub fn write(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 160);
        let _ = write!(out, "{}\n— {} {}\n", self.text, self.name, STANDARD.encode(&self.signature));
        out
    }

    /// Only what [`Note::write`] would write again to the letter.
    pub fn parse(written: &str) -> Result<Self, BadNote> {
        let read = || {
            let (text, signed) = written.rsplit_once("\n\n— ")?;
            let (name, signature) = signed.strip_suffix('\n')?.split_once(' ')?;
            let signature = STANDARD.decode(signature).ok()?;
            Some(Self { text: format!("{text}\n"), name: name.to_owned(), signature })
        };
        read().filter(|note: &Self| note.write() == written).ok_or(BadNote::NoNote)
    }

    /// Whether this key signed the text under this name.
    pub fn check(&self, name: &str, key: PublicKey) -> Result<(), BadNote> {
        let (short, signature) = self.signature.split_at_checked(4).ok_or(BadNote::Broken)?;
        let is_of_key = self.name == name && short == key.short(name);
        (is_of_key && key.has_signed(self.text.as_bytes(), signature)).then_some(()).ok_or(BadNote::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::tests::key;
    use super::*;

    #[test]
    fn a_note_with_any_byte_changed_is_refused() {
        let (signer, other) = (key(1), key(2));
        let written = Note::sign("some\ntext\n".to_owned(), "store/one", &signer).write();
        assert!(written.starts_with("some\ntext\n\n— store/one "));
        let note = Note::parse(&written).unwrap();
        assert_eq!(note.check("store/one", signer.public()), Ok(()));
        assert_eq!(note.check("store/one", other.public()), Err(BadNote::Broken));
        assert_eq!(note.check("store/two", signer.public()), Err(BadNote::Broken));
        for place in 0..written.len() {
            for mask in [1_u8, 0x20, 0x80] {
                let mut bytes = written.clone().into_bytes();
                bytes[place] ^= mask;
                let is_refused = String::from_utf8(bytes)
                    .map_err(|_| BadNote::NoNote)
                    .and_then(|text| Note::parse(&text))
                    .and_then(|note| note.check("store/one", signer.public()))
                    .is_err();
                assert!(is_refused, "byte {place} with {mask:02x}");
            }
        }
    }
}
