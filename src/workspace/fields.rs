//! A file of named fields that several windows change: each writes only what it changed itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::merge::merged_fields;
use super::{file, lock};
use crate::event::{Explain, Message};
use crate::store::system_words;

/// The format of the file around its fields. Raised whenever an older program would misread it.
const FORMAT: u32 = 1;

const FORMAT_FIELD: &str = "foldline-settings";

/// Under which a file is made before it takes its place.
const PREFIX: &str = ".settings-";

/// What became of settings that could not be kept as they should be.
#[derive(Debug, thiserror::Error)]
pub enum FieldsError {
    #[error("{}: not all settings could be read ({detail}); those are as at the first start, and the file as it was is kept as {}", path.display(), aside.display())]
    PutAside { path: PathBuf, aside: PathBuf, detail: String },
    #[error("{}: the settings cannot be read ({error}); check the file's permissions, until then nothing is written there", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: the settings cannot be kept ({error}); check the folder's permissions and the room on the disk", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
}

impl Explain for FieldsError {
    fn message(&self) -> Message {
        match self {
            Self::PutAside { path, aside, detail } => Message::new("settings-put-aside")
                .text("path", path.display())
                .text("aside", aside.display())
                .text("detail", detail),
            Self::Unreadable { path, error } => {
                Message::new("settings-unreadable").text("path", path.display()).inner("detail", system_words(error))
            }
            Self::Unwritable { path, error } => {
                Message::new("settings-unwritable").text("path", path.display()).inner("detail", system_words(error))
            }
        }
    }
}

/// The file, and what this program had in it last.
#[derive(Debug)]
pub struct FieldsFile {
    path: PathBuf,
    /// What `save` was given last: what differs from it was changed here.
    last: Map<String, Value>,
    /// The file is there and may not be read: it is not written either.
    is_closed: bool,
    /// There is something to write even where nothing is changed.
    is_due: bool,
    /// Where the file lies as it was, once that was told.
    aside: Option<PathBuf>,
}

impl FieldsFile {
    /// Makes nothing before there is something to save.
    pub fn new(path: PathBuf) -> Self {
        Self { path, last: Map::new(), is_closed: false, is_due: false, aside: None }
    }

    /// What stands in the file; `None` where there is none yet. A damaged one is copied aside: what can be read of it is
    /// answered all the same.
    pub fn load(&mut self) -> (Option<Map<String, Value>>, Option<FieldsError>) {
        match read(&self.path) {
            Ok(Some(fields)) => {
                self.last.clone_from(&fields);
                (Some(fields), None)
            }
            Ok(None) => (None, None),
            Err(Flaw::Content(detail, fields)) => {
                self.last.clone_from(&fields);
                let error = self.put_aside(detail);
                (Some(fields), Some(error))
            }
            Err(Flaw::Io(error)) => {
                self.is_closed = true;
                (None, Some(FieldsError::Unreadable { path: self.path.clone(), error }))
            }
        }
    }

    /// What this program makes of what it loaded, or begins with. Fields that it does not know are not among them, and stay in the file.
    pub fn understood(&mut self, fields: Map<String, Value>) {
        self.last = fields;
    }

    /// What it begins with stood elsewhere before, and is to be in the file from now on.
    pub fn take_over(&mut self) {
        self.is_due = true;
    }

    /// A field says what nobody can read: the file is copied aside, because that field is written anew.
    pub fn refuse(&mut self, fields: &[&str]) -> FieldsError {
        self.last.retain(|name, _| !fields.contains(&name.as_str()));
        self.put_aside(fields.join(", "))
    }

    fn put_aside(&mut self, detail: String) -> FieldsError {
        let error = put_aside(&self.path, detail);
        match &error {
            FieldsError::PutAside { aside, .. } => self.aside = Some(aside.clone()),
            // What cannot be kept must not be written over.
            _ => self.is_closed = true,
        }
        error
    }

    /// Writes what was changed since `save` or `load` was called last into the file as it is by now: another window may
    /// have written to it. What is written is whole or not at all.
    pub fn save(&mut self, fields: &Map<String, Value>) -> Result<(), FieldsError> {
        if self.is_closed || (*fields == self.last && !self.is_due) {
            return Ok(());
        }
        let unwritable = |path: &Path, error| FieldsError::Unwritable { path: path.to_owned(), error };
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|error| unwritable(&self.path, error))?;
        }
        let lock = lock(&self.path.with_extension("lock"));
        if lock.is_some() {
            sweep(&self.path);
        }
        let mut told = None;
        let mut whole = match read(&self.path) {
            Ok(Some(there)) => merged_fields(&self.last, fields, &there),
            Ok(None) => fields.clone(),
            Err(Flaw::Content(detail, there)) => {
                let known = self.aside.clone();
                let error = self.put_aside(detail);
                if self.is_closed {
                    return Err(error);
                }
                told = (self.aside != known).then_some(error);
                let mut whole = there;
                whole.extend(fields.clone());
                whole
            }
            Err(Flaw::Io(error)) => return Err(FieldsError::Unreadable { path: self.path.clone(), error }),
        };
        whole.insert(FORMAT_FIELD.to_owned(), FORMAT.into());
        file::write_whole(&self.path, PREFIX, &whole).map_err(|error| unwritable(&self.path, error))?;
        self.last.clone_from(fields);
        self.is_due = false;
        told.map_or(Ok(()), Err)
    }
}

/// Copies a file that cannot be read beside itself, before another takes its place.
pub fn put_aside(path: &Path, detail: String) -> FieldsError {
    match file::copy_aside(path) {
        Ok(aside) => FieldsError::PutAside { path: path.to_owned(), aside, detail },
        Err(error) => FieldsError::Unwritable { path: path.to_owned(), error: io::Error::other(error) },
    }
}

enum Flaw {
    Io(io::Error),
    /// What is wrong with it, and what can be read of it.
    Content(String, Map<String, Value>),
}

fn read(path: &Path) -> Result<Option<Map<String, Value>>, Flaw> {
    let bytes = match file::read_file(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Flaw::Io(error)),
    };
    let mut fields: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(|error| Flaw::Content(error.to_string(), Map::new()))?;
    match fields.remove(FORMAT_FIELD).and_then(|format| format.as_u64()) {
        Some(format) if format <= u64::from(FORMAT) => Ok(Some(fields)),
        Some(format) => Err(Flaw::Content(format!("{FORMAT_FIELD} {format} > {FORMAT}"), fields)),
        None => Err(Flaw::Content(format!("“{FORMAT_FIELD}” is missing"), fields)),
    }
}

/// Removes what a program left that was ended while it wrote. Only who holds the lock may: another may be writing.
fn sweep(path: &Path) {
    let Some(Ok(files)) = path.parent().map(fs::read_dir) else { return };
    for file in files.flatten() {
        if file.file_name().to_string_lossy().starts_with(PREFIX) {
            let _ = fs::remove_file(file.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    fn at(folder: &tempfile::TempDir) -> PathBuf {
        folder.path().join("foldline").join("settings.json")
    }

    #[test]
    fn two_windows_keep_each_what_it_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut one, mut other) = (FieldsFile::new(at(&folder)), FieldsFile::new(at(&folder)));
        one.save(&fields(&json!({"light": false, "language": "en", "recent": ["a"]}))).expect("saved");
        let seen = other.load().0.expect("there");
        assert_eq!(seen, fields(&json!({"light": false, "language": "en", "recent": ["a"]})));
        one.save(&fields(&json!({"light": true, "language": "en", "recent": ["b", "a"]}))).expect("saved");
        other.save(&fields(&json!({"light": false, "language": "ko", "recent": ["c", "a"]}))).expect("saved");
        let (now, told) = FieldsFile::new(at(&folder)).load();
        assert_eq!(now, Some(fields(&json!({"light": true, "language": "ko", "recent": ["c", "b", "a"]}))));
        assert!(told.is_none(), "{told:?}");
        // What the other changed is not taken back by a save that changes something else.
        one.save(&fields(&json!({"light": true, "language": "en", "recent": ["b", "a"], "zone": 1}))).expect("saved");
        let now = FieldsFile::new(at(&folder)).load().0.expect("there");
        assert_eq!((now.get("language"), now.get("zone")), (Some(&json!("ko")), Some(&json!(1))));
    }

    #[test]
    fn what_a_newer_program_added_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let newer = json!({"foldline-settings": 1, "light": false, "later": {"a": 1}, "list": [{"name": "a", "at": 1, "later": 2}]});
        fs::create_dir_all(at(&folder).parent().expect("a folder")).expect("made");
        fs::write(at(&folder), newer.to_string()).expect("written");
        let mut file = FieldsFile::new(at(&folder));
        file.load().0.expect("there");
        file.understood(fields(&json!({"light": false, "list": [{"name": "a", "at": 1}]})));
        file.save(&fields(&json!({"light": true, "list": [{"name": "a", "at": 3}]}))).expect("saved");
        let expected = json!({"light": true, "later": {"a": 1}, "list": [{"name": "a", "at": 3, "later": 2}]});
        assert_eq!(FieldsFile::new(at(&folder)).load().0, Some(fields(&expected)));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_its_place_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(at(&folder).parent().expect("a folder")).expect("made");
        let made = std::process::Command::new("mkfifo").arg(at(&folder)).status();
        assert!(made.is_ok_and(|status| status.success()), "a pipe");
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let path = at(&folder);
        let read = move || sender.send(FieldsFile::new(path).load()).expect("somebody waits");
        std::thread::Builder::new().name("reading".to_owned()).spawn(read).expect("a thread");
        let told = receiver.recv_timeout(std::time::Duration::from_secs(20)).expect("it does not wait");
        assert!(matches!(told, (None, Some(FieldsError::Unreadable { .. }))), "{told:?}");
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_told() {
        for (bytes, is_read) in [
            (&b"{\"foldline-settings\":1,\"light\":tr"[..], false),
            (b"", false),
            (b"\xff\xfe", false),
            (b"[1]", false),
            (b"{\"light\":true}", true),
            (b"{\"foldline-settings\":99,\"light\":true}", true),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            fs::create_dir_all(at(&folder).parent().expect("a folder")).expect("made");
            fs::write(at(&folder), bytes).expect("written");
            let mut file = FieldsFile::new(at(&folder));
            let (read, told) = file.load();
            assert_eq!(read.is_some_and(|fields| fields.contains_key("light")), is_read);
            let Some(FieldsError::PutAside { aside, .. }) = told else { panic!("{told:?}") };
            assert_eq!(fs::read(&aside).expect("kept"), bytes);
            file.save(&fields(&json!({"light": false}))).expect("saved, and not told again");
            assert_eq!(fs::read(&aside).expect("kept"), bytes);
            assert_eq!(FieldsFile::new(at(&folder)).load().0, Some(fields(&json!({"light": false}))));
        }
    }

    #[test]
    fn damage_that_came_while_the_window_was_open_is_kept_aside_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = FieldsFile::new(at(&folder));
        file.save(&fields(&json!({"light": false, "zone": 1}))).expect("saved");
        fs::write(at(&folder), "half of").expect("written");
        let told = file.save(&fields(&json!({"light": true, "zone": 1})));
        let Err(FieldsError::PutAside { aside, .. }) = told else { panic!("{told:?}") };
        assert_eq!(fs::read(aside).expect("kept"), b"half of");
        assert_eq!(FieldsFile::new(at(&folder)).load().0, Some(fields(&json!({"light": true, "zone": 1}))));
    }

    #[test]
    fn what_a_killed_program_left_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = FieldsFile::new(at(&folder));
        file.save(&fields(&json!({"light": false}))).expect("saved");
        let left = at(&folder).with_file_name(".settings-abc");
        fs::write(&left, "half of").expect("written");
        file.save(&fields(&json!({"light": true}))).expect("saved");
        assert!(!left.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_read_is_not_written_over() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        FieldsFile::new(at(&folder)).save(&fields(&json!({"light": true}))).expect("saved");
        fs::set_permissions(at(&folder), fs::Permissions::from_mode(0o000)).expect("closed");
        if fs::read(at(&folder)).is_ok() {
            return; // Nothing is closed to who may everything.
        }
        let mut file = FieldsFile::new(at(&folder));
        assert!(matches!(file.load(), (None, Some(FieldsError::Unreadable { .. }))));
        file.save(&fields(&json!({"light": false}))).expect("left alone");
        fs::set_permissions(at(&folder), fs::Permissions::from_mode(0o600)).expect("opened");
        assert_eq!(FieldsFile::new(at(&folder)).load().0, Some(fields(&json!({"light": true}))));
    }
}
