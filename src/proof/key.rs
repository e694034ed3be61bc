use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Hash;

/// An Ed25519 key that signs. It is kept as other programs keep theirs: PKCS #8 in a PEM file, so that
/// `openssl genpkey -algorithm ed25519` makes one too.
pub struct SigningKey(Ed25519KeyPair);

/// What stands ahead of the 32 secret bytes in PKCS #8 for Ed25519 (RFC 8410).
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no Ed25519 key in a PEM file")]
pub struct BadKey;

impl SigningKey {
    /// The key with this secret, and the file that keeps it.
    pub fn from_secret(secret: [u8; 32]) -> Result<(Self, String), BadKey> {
        let key = Ed25519KeyPair::from_seed_unchecked(&secret).map_err(|_| BadKey)?;
        let text = STANDARD.encode([PKCS8_HEAD.as_slice(), &secret].concat());
        Ok((Self(key), format!("{BEGIN}\n{text}\n{END}\n")))
    }

    pub fn parse(pem: &str) -> Result<Self, BadKey> {
        let (_, rest) = pem.split_once(BEGIN).ok_or(BadKey)?;
        let (text, _) = rest.split_once(END).ok_or(BadKey)?;
        let text: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(text).map_err(|_| BadKey)?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes).map(Self).map_err(|_| BadKey)
    }

    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.0.sign(text).as_ref().to_vec()
    }
}

/// Shows nothing of the secret.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public()).finish()
    }
}

/// What checks a signature; written in base64.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    pub fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    pub(super) fn has_signed(self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(text, signature).is_ok()
    }

    /// The four bytes by which a signed note tells keys apart (C2SP signed-note).
    pub(super) fn short(self, name: &str) -> [u8; 4] {
        let hash = Hash::of(&[name.as_bytes(), b"\n\x01", &self.0].concat());
        let mut short = [0; 4];
        short.copy_from_slice(&hash.0[..4]);
        short
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no key in base64"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::proof) fn key(number: u8) -> SigningKey {
        SigningKey::from_secret([number; 32]).expect("any 32 bytes are a secret").0
    }

    #[test]
    fn a_key_is_read_as_it_was_written_and_as_openssl_writes_it() {
        let (made, file) = SigningKey::from_secret([7; 32]).unwrap();
        assert_eq!(SigningKey::parse(&file).unwrap().public(), made.public());
        // The example of RFC 8410, section 10.3.
        let rfc = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let read = SigningKey::parse(rfc).unwrap();
        assert!(read.public().has_signed(b"text", &read.sign(b"text")));
        assert!(!read.public().has_signed(b"texts", &read.sign(b"text")));
        assert_eq!(PublicKey::parse(&read.public().to_string()), Some(read.public()));
        for bad in ["", "MC4CAQAwBQYDK2Vw", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", &file[..60]] {
            assert_eq!(SigningKey::parse(bad).err(), Some(BadKey), "{bad}");
        }
        assert!(!format!("{made:?}").contains(&STANDARD.encode([7; 32])));
    }
}
