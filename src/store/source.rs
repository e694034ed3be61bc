use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Address;
use super::postgres::looks_like_address;

/// Where a store is: what is typed, dropped, remembered and shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    File(PathBuf),
    /// An address, `scheme://…` or `host=…`; also one that is mistyped, so that no password in it is shown.
    Server(Address),
}

impl Source {
    /// What was typed: whatever looks like an address is one, else it is a path. A file manager hands over `file:///…`.
    pub fn parse(text: &str) -> Self {
        if let Some(path) = local_file(text) {
            return Self::File(path);
        }
        if looks_like_address(text) { Self::Server(Address::new(text)) } else { Self::File(PathBuf::from(text)) }
    }

    /// The same of an argument; one that is no text can only be a path.
    pub fn parse_os(text: &OsStr) -> Self {
        text.to_str().map_or_else(|| Self::File(PathBuf::from(text)), Self::parse)
    }

    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }

    /// A name that stays true wherever the program is started from next.
    pub fn absolute_name(&self) -> String {
        let absolute = self.path().and_then(|path| std::path::absolute(path).ok());
        absolute.map_or_else(|| self.to_string(), |path| path.display().to_string())
    }

    /// Short enough for a title: the file's name, or the address.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            Self::Server(address) => address.name(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(address) => address.fmt(f),
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// The path in `file:///home/kim/a%20b.db`, where the file is on this machine.
fn local_file(text: &str) -> Option<PathBuf> {
    let (scheme, rest) = text.split_at_checked("file://".len())?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !scheme.eq_ignore_ascii_case("file://") || !path.starts_with('/') {
        return None;
    }
    path_of(unescaped(path)?)
}

/// The bytes of a text in which some are written as `%20`; `None` where a `%` says no byte.
pub fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'%', rest) {
        let (plain, escape) = rest.split_at(at);
        bytes.extend_from_slice(plain);
        let [_, high, low, behind @ ..] = escape else { return None };
        let (high, low) = (char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?);
        bytes.push((high << 4 | low) as u8);
        rest = behind;
    }
    bytes.extend_from_slice(rest);
    Some(bytes)
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // Elsewhere a name that is no text has no path.
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    Some(PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes)))
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    // What is before a drive's letter is the address's slash.
    let drive = text.strip_prefix('/').filter(|path| path.get(1..2) == Some(":"));
    Some(PathBuf::from(drive.unwrap_or(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_scheme_is_an_address_and_all_else_a_path() {
        let address = "postgres://crm@db/sales";
        assert_eq!(Source::parse(address), Source::Server(Address::new(address)));
        for path in ["sales.db", "a:b//c", "://x", "한글 #%.db", "odd name://x"] {
            assert_eq!(Source::parse(path), Source::File(PathBuf::from(path)));
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_a_file_manager_hands_over_is_the_file_s_path() {
        let path = "/home/kim/한글 #100%.db";
        for address in [
            "file:///home/kim/%ED%95%9C%EA%B8%80%20%23100%25.db",
            "file://localhost/home/kim/한글%20%23100%25.db",
            "FILE:///home/kim/한글 #100%25.db",
        ] {
            assert_eq!(Source::parse(address), Source::File(PathBuf::from(path)));
        }
        // On another machine, or escaped wrongly: nothing to open here, and perhaps a secret in it.
        for address in ["file://kim:pass@db/sales.db", "file:///a%2", "file:///a%zz", "file:///%한글"] {
            assert_eq!(Source::parse(address), Source::Server(Address::new(address)));
        }
    }
}
