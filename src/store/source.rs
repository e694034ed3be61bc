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
    /// What was typed: whatever looks like an address is one, else it is a path.
    pub fn parse(text: &str) -> Self {
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
}
