//! What a user keeps beside a store: branches, notes, searches. One JSON file a store, in the user's own folder; never in
//! the store, nor in its folder. Beside it a folder with projections of the user's own, and what the user set for the window.
//!
//! The file holds named sections, each with a version of its own. Whoever changes one leaves all others as they are, also
//! those that this program does not know. What cannot be read is copied aside before anything is written in its place.

mod error;
mod fields;
mod file;
mod merge;
mod notes;
mod projections;
mod searches;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use error::WorkspaceError;
pub use fields::{FieldsError, FieldsFile, put_aside};
use file::Contents;
pub use notes::{Note, Notes};
pub use projections::{Keeping, SourceError, Stamps, is_source, keep_source, read_source};
pub use searches::{SavedSearch, SearchKind, Searches};

use crate::store::{Source, data_folder};

/// One kind of thing that is kept.
pub trait Section: Serialize + DeserializeOwned + Default {
    /// Under which it stands in the file. Never changes once it has shipped.
    const NAME: &'static str;

    /// Raised whenever an older program would misread it.
    const VERSION: u32 = 1;

    /// Reads what this version or an older one wrote.
    fn read(_version: u32, content: Value) -> serde_json::Result<Self> {
        serde_json::from_value(content)
    }
}

/// What is kept for one store. Opens and makes nothing before it is asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// `None` where the user has no folder.
    file: Option<PathBuf>,
    /// The store's name, as it stays wherever the program is started from.
    store: String,
}

/// What was kept, and whether something had to be put aside for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept<T> {
    pub section: T,
    /// A copy of the file as it was, because not all of it could be read.
    pub aside: Option<PathBuf>,
}

impl Workspace {
    /// In the user's own folder.
    pub fn of(source: &Source) -> Self {
        Self::at(data_folder().map(|folder| folder.join("workspaces")), source)
    }

    /// In this folder. A folder is made when there is something to keep.
    pub fn in_folder(folder: &Path, source: &Source) -> Self {
        Self::at(Some(folder.to_owned()), source)
    }

    fn at(folder: Option<PathBuf>, source: &Source) -> Self {
        let store = source.absolute_name();
        let name = blake3::hash(store.as_bytes()).to_hex();
        Self { file: folder.map(|folder| folder.join(format!("{}.json", &name[..16]))), store }
    }

    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Reads one section; where nothing was kept, an empty one. Changes nothing.
    pub fn load<T: Section>(&self) -> Result<T, WorkspaceError> {
        let Some(path) = &self.file else { return Ok(T::default()) };
        Contents::read(path)?.section(path)
    }

    /// Changes one section, as it stands in the file by then: another window may have changed it since it was loaded. What
    /// is written is whole or not at all.
    pub fn change<T: Section>(&self, change: impl FnOnce(&mut T)) -> Result<Kept<T>, WorkspaceError> {
        let path = self.file.as_deref().ok_or(WorkspaceError::NoFolder)?;
        let unwritable = |error| WorkspaceError::Unwritable { path: path.to_owned(), error };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(unwritable)?;
        }
        let _lock = lock(&path.with_extension("lock"));
        let mut aside = None;
        let mut put_aside = |error: WorkspaceError| -> Result<(), WorkspaceError> {
            if !error.is_of_content() {
                return Err(error);
            }
            if aside.is_none() {
                aside = Some(file::copy_aside(path)?);
            }
            Ok(())
        };
        let mut contents = match Contents::read(path) {
            Ok(contents) => contents,
            Err(error) => {
                put_aside(error)?;
                Contents::default()
            }
        };
        let mut section = match contents.section::<T>(path) {
            Ok(section) => section,
            Err(error) => {
                put_aside(error)?;
                T::default()
            }
        };
        change(&mut section);
        contents.set_section(&self.store, &section).map_err(|error| unwritable(error.into()))?;
        contents.write(path).map_err(unwritable)?;
        Ok(Kept { section, aside })
    }
}

/// Held while a file is read and written. Where files cannot be locked, two windows at once may lose one another's changes,
/// but never the file.
fn lock(path: &Path) -> Option<File> {
    let file = File::options().create(true).truncate(false).write(true).open(path).ok()?;
    file.lock().ok()?;
    Some(file)
}
