use std::fmt;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::aes::{Aes128, Aes192, Aes256};
use aes_gcm::{AesGcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The environment variables that may hold the key of an application's payloads, in base64.
const VARIABLES: [&str; 2] = ["FOLDLINE_KEY", "CIPHER_KEY"];

const NONCE: usize = 12;
const TAG: usize = 16;

/// The key of encrypted payloads. Never shown, not even to the log.
#[derive(Clone, PartialEq, Eq)]
pub struct CipherKey(Vec<u8>);

impl fmt::Debug for CipherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CipherKey(…)")
    }
}

impl CipherKey {
    /// From base64; 16, 24 or 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        matches!(bytes.len(), 16 | 24 | 32).then_some(Self(bytes))
    }

    pub fn from_environment() -> Option<Self> {
        VARIABLES.iter().find_map(|name| Self::parse(&std::env::var(name).ok()?))
    }

    /// A nonce comes first. The tag stands behind it or at the end, as the writer's library has it.
    pub(super) fn open(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        if bytes.len() < NONCE + TAG {
            return None;
        }
        let (nonce, rest) = bytes.split_at(NONCE);
        let (tag, text) = rest.split_at(TAG);
        self.open_with(nonce, &[text, tag].concat()).or_else(|| self.open_with(nonce, rest))
    }

    fn open_with(&self, nonce: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let nonce = Nonce::<U12>::from(nonce);
        match self.0.len() {
            16 => AesGcm::<Aes128, U12>::new_from_slice(&self.0).ok()?.decrypt(&nonce, sealed).ok(),
            24 => AesGcm::<Aes192, U12>::new_from_slice(&self.0).ok()?.decrypt(&nonce, sealed).ok(),
            _ => AesGcm::<Aes256, U12>::new_from_slice(&self.0).ok()?.decrypt(&nonce, sealed).ok(),
        }
    }
}
