//! The key that seals and evidence are signed with: one that is named, or the user's own, made at its first use.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};

use super::small_file::{Unreadable, read_small};
use crate::event::{Explain, Message};
use crate::proof::SigningKey;
use crate::store::system_words;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("there is no folder for the signing key; name a key with --key")]
    NoHome,
    #[error(
        "{}: this is no Ed25519 key in a PEM file; name another, or make one with `openssl genpkey -algorithm ed25519`", .0.display()
    )]
    Bad(PathBuf),
    #[error(transparent)]
    Unread(#[from] Unreadable),
    #[error("{}: the signing key could not be kept there: {source}; name a key with --key", path.display())]
    Unwritten { path: PathBuf, source: io::Error },
}

impl Explain for KeyError {
    fn message(&self) -> Message {
        match self {
            Self::NoHome => Message::new("key-no-home"),
            Self::Bad(path) => Message::new("key-bad").text("path", path.display()),
            Self::Unread(error) => error.message(),
            Self::Unwritten { path, source } => {
                Message::new("key-unwritten").text("path", path.display()).inner("detail", system_words(source))
            }
        }
    }
}

/// A key file takes some hundred bytes.
const LONGEST: u64 = 1 << 16;

/// The key in this file; without one, the user's own, which is made where there is none.
pub(super) fn signing_key(file: Option<&Path>) -> Result<SigningKey, KeyError> {
    let path = key_file(file)?;
    match read(&path) {
        Err(KeyError::Unread(Unreadable::Missing(_))) if file.is_none() => make(&path),
        found => found,
    }
}

/// The file that it is in.
pub(super) fn key_file(file: Option<&Path>) -> Result<PathBuf, KeyError> {
    file.map(Path::to_owned).or_else(own_place).ok_or(KeyError::NoHome)
}

fn read(path: &Path) -> Result<SigningKey, KeyError> {
    let text = String::from_utf8(read_small(path, LONGEST)?).map_err(|_| KeyError::Bad(path.to_owned()))?;
    SigningKey::parse(&text).map_err(|_| KeyError::Bad(path.to_owned()))
}

/// It appears whole, for its owner's eyes alone, and never in the place of another.
fn make(path: &Path) -> Result<SigningKey, KeyError> {
    let unwritten = |source| KeyError::Unwritten { path: path.to_owned(), source };
    let mut secret = [0; 32];
    let made =
        SystemRandom::new().fill(&mut secret).map_err(|_| io::Error::other("the system gives no random numbers"));
    made.map_err(unwritten)?;
    let (key, text) = SigningKey::from_secret(secret).map_err(|_| KeyError::Bad(path.to_owned()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(unwritten)?;
    // Such a file is readable for its owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritten)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(unwritten)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(key),
        // Another program was quicker.
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => read(path),
        Err(refused) => Err(unwritten(refused.error)),
    }
}

/// In the folder where programs keep what belongs to a user's settings, by the custom of each system.
fn own_place() -> Option<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = ["XDG_CONFIG_HOME", "APPDATA"].iter().find_map(|name| named(name));
    let folder = folder.or_else(|| Some(named("HOME")?.join(".config")))?;
    Some(folder.join("foldline").join("signing-key.pem"))
}
