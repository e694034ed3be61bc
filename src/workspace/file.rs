//! The file as JSON. Whatever stands in it that this program does not know stays where it is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{Section, WorkspaceError};
use crate::event::json_value;

/// The format of the file around its sections.
const FORMAT: u32 = 1;

const FORMAT_FIELD: &str = "foldline-workspace";
const STORE: &str = "store";
const SECTIONS: &str = "sections";
const VERSION: &str = "version";
const CONTENT: &str = "content";

#[derive(Debug, Default)]
pub(super) struct Contents(Map<String, Value>);

impl Contents {
    /// What the file says; nothing where there is none.
    pub(super) fn read(path: &Path) -> Result<Self, WorkspaceError> {
        let bytes = match read_file(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(WorkspaceError::Unreadable { path: path.to_owned(), error }),
        };
        let damaged = |detail: String| WorkspaceError::Damaged { path: path.to_owned(), detail };
        // What is kept may hold payloads.
        let Value::Object(fields) = json_value(&bytes).map_err(|error| damaged(error.to_string()))? else {
            return Err(damaged("it is no object".to_owned()));
        };
        let format = fields.get(FORMAT_FIELD).and_then(Value::as_u64);
        let found = format.ok_or_else(|| damaged(format!("“{FORMAT_FIELD}” is missing")))?;
        if found > u64::from(FORMAT) {
            return Err(WorkspaceError::Newer { path: path.to_owned(), what: "workspace", found, supported: FORMAT });
        }
        if fields.get(SECTIONS).is_some_and(|sections| !sections.is_object()) {
            return Err(damaged(format!("“{SECTIONS}” is not an object")));
        }
        Ok(Self(fields))
    }

    pub(super) fn section<T: Section>(&self, path: &Path) -> Result<T, WorkspaceError> {
        let Some(section) = self.0.get(SECTIONS).and_then(|sections| sections.get(T::NAME)) else {
            return Ok(T::default());
        };
        let damaged = |detail: String| WorkspaceError::Damaged {
            path: path.to_owned(),
            detail: format!("{}: {detail}", T::NAME),
        };
        let version = section.get(VERSION).and_then(Value::as_u64);
        let found = version.ok_or_else(|| damaged(format!("“{VERSION}” is missing")))?;
        if found > u64::from(T::VERSION) {
            return Err(WorkspaceError::Newer { path: path.to_owned(), what: T::NAME, found, supported: T::VERSION });
        }
        let content = section.get(CONTENT).cloned().unwrap_or(Value::Null);
        T::read(found as u32, content).map_err(|error| damaged(error.to_string()))
    }

    pub(super) fn set_section<T: Section>(&mut self, store: &str, section: &T) -> serde_json::Result<()> {
        let content = serde_json::to_value(section)?;
        let Self(fields) = self;
        fields.insert(FORMAT_FIELD.to_owned(), FORMAT.into());
        fields.insert(STORE.to_owned(), store.into());
        let sections = fields.entry(SECTIONS).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(sections) = sections {
            sections.insert(T::NAME.to_owned(), json!({ VERSION: T::VERSION, CONTENT: content }));
        }
        Ok(())
    }

    /// Puts a whole new file in the place of the one that is there.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        write_whole(path, ".workspace-", &self.0)
    }
}

/// A file's bytes. What is no file is not opened: it may be waited for, or never end.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    if !found.is_file() && !found.is_dir() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no file"));
    }
    fs::read(path)
}

/// Puts a whole new file in the place of the one that is there. What a killed program leaves begins with `prefix`.
pub(super) fn write_whole(path: &Path, prefix: &str, fields: &Map<String, Value>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(prefix).tempfile_in(folder)?;
    serde_json::to_writer_pretty(&mut file, fields)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Copies the file to the next free name beside it: `….aside-1.json` for one of JSON.
pub(super) fn copy_aside(path: &Path) -> Result<PathBuf, WorkspaceError> {
    const MOST_ASIDE: u32 = 1_000;
    let unwritable = |error| WorkspaceError::Unwritable { path: path.to_owned(), error };
    let bytes = read_file(path).map_err(|error| WorkspaceError::Unreadable { path: path.to_owned(), error })?;
    for number in 1..=MOST_ASIDE {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let aside = path.with_extension(format!("aside-{number}.{extension}"));
        match File::create_new(&aside) {
            Ok(mut file) => {
                file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(unwritable)?;
                return Ok(aside);
            }
            // The same, put aside before.
            Err(_) if read_file(&aside).is_ok_and(|there| there == bytes) => return Ok(aside),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unwritable(error)),
        }
    }
    Err(unwritable(io::Error::other("too many copies stand aside")))
}
