use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::event::{Explain, Message};
use crate::store::StoreError;

/// Why a file that is read whole could not be.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{}: there is no such file; check the path", .0.display())]
    Missing(PathBuf),
    #[error("{}: the file is too large to be one that Foldline wrote; name another", .0.display())]
    TooLong(PathBuf),
    #[error(transparent)]
    Store(StoreError),
}

impl Explain for Unreadable {
    fn message(&self) -> Message {
        match self {
            Self::Missing(path) => Message::new("file-missing").text("path", path.display()),
            Self::TooLong(path) => Message::new("file-too-long").text("path", path.display()),
            Self::Store(error) => error.message(),
        }
    }
}

/// A file's bytes, up to so many. What is no file is not opened: it may be waited for, or do something.
pub(super) fn read_small(path: &Path, longest: u64) -> Result<Vec<u8>, Unreadable> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Unreadable::Missing(path.to_owned()),
        _ => Unreadable::Store(StoreError::from_io(path, error)),
    };
    let found = fs::metadata(path).map_err(failed)?;
    if found.is_dir() {
        return Err(Unreadable::Store(StoreError::IsFolder(path.to_owned())));
    }
    StoreError::unless_file(path).map_err(Unreadable::Store)?;
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(longest + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > longest { Err(Unreadable::TooLong(path.to_owned())) } else { Ok(bytes) }
}
