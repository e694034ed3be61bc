use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{NativeStore, SIDE_FILES};
use crate::store::StoreError;
use crate::store::private::{private_folder, private_folder_beside};

/// A store for the time being, on the way of its events into another.
#[derive(Debug)]
pub struct Meanwhile(#[expect(dead_code, reason = "it is removed with the value")] TempDir);

impl Meanwhile {
    pub fn begin() -> Result<(NativeStore, Self), StoreError> {
        let folder = private_folder()?;
        Ok((NativeStore::create(&folder.path().join("meanwhile.db"))?, Self(folder)))
    }
}

/// A store that is made where nobody else can record into it, and put in its place when it is whole: one whose making
/// fails can then go without anybody losing anything.
#[derive(Debug)]
pub struct Aside {
    folder: TempDir,
    path: PathBuf,
}

impl Aside {
    /// Begins a store that is to stand at this path, where nothing is yet.
    pub fn begin(path: &Path) -> Result<(NativeStore, Self), StoreError> {
        Self::look(path)?;
        let aside = Self { folder: private_folder_beside(path)?, path: path.to_owned() };
        Ok((NativeStore::create(&aside.made())?, aside))
    }

    /// Refuses a path where something is, or beside it what a database left there.
    pub fn look(path: &Path) -> Result<(), StoreError> {
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::AlreadyThere(path.to_owned()));
        }
        StoreError::unless_left_behind(path, &SIDE_FILES)
    }

    fn made(&self) -> PathBuf {
        self.folder.path().join("made.db")
    }

    /// Puts the store in its place, never in that of another. Its connection has to be closed by then.
    pub fn place(self) -> Result<(), StoreError> {
        Self::look(&self.path)?;
        // Unlike renaming, a link never takes the place of what is there by now.
        let placed = fs::hard_link(self.made(), &self.path).or_else(|error| match error.kind() {
            ErrorKind::AlreadyExists => Err(error),
            // A file system without links.
            _ if self.path.symlink_metadata().is_ok() => Err(ErrorKind::AlreadyExists.into()),
            _ => fs::rename(self.made(), &self.path),
        });
        placed.map_err(|error| StoreError::from_io(&self.path, error))
    }
}
