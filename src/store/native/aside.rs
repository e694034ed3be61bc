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
        let mut store = NativeStore::create(&aside.made())?;
        // Nobody knows the other name, nor finds anything there when the message is read.
        path.clone_into(&mut store.named);
        Ok((store, aside))
    }

    /// Refuses a path where something is, or beside it what a database left there.
    pub fn look(path: &Path) -> Result<(), StoreError> {
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::AlreadyThere(path.to_owned()));
        }
        StoreError::unless_part_of_another(path, &SIDE_FILES)
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

#[cfg(test)]
mod tests {
    use super::Aside;
    use crate::event::{EventId, NewEvent, StreamId};
    use crate::store::{Expected, Writer};

    #[test]
    fn an_error_names_the_place_where_the_store_is_to_stand() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sales.db");
        let (mut store, _aside) = Aside::begin(&path).expect("begun");
        // As on a full disk.
        let most = store.connection().query_row("PRAGMA max_page_count = 1", [], |row| row.get::<_, i64>(0));
        assert!(most.expect("limited") < 100);
        let event = NewEvent {
            id: EventId::new("a"),
            event_type: "noted".into(),
            schema: 1,
            recorded_at: None,
            payload: format!("\"{}\"", "x".repeat(1 << 20)),
            metadata: String::new(),
        };
        let error = store.append(&StreamId::from("note-1"), Expected::Any, &[event]).expect_err("there is no room");
        assert!(error.to_string().starts_with(&format!("{}: ", path.display())), "{error}");
    }
}
