//! Where the settings are kept: a file of their own, written away from the window's thread.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::{Map, Value};

use super::Settings;
use crate::engine::Wake;
use crate::view::UserError;
use crate::workspace::{FieldsError, FieldsFile, put_aside};

/// Under which an older program kept its settings, in the file with the size of the window.
const OLD_KEY: &str = "settings";

/// That file. Who shows the window takes it for an empty one where it is damaged, and writes over it.
const OLD_FILE: &str = "app.ron";

/// What stands in that file whenever a window was closed.
const OLD_KEYS: [&str; 3] = [OLD_KEY, "window", "egui"];

#[derive(Default)]
pub(super) struct Keeper {
    /// `None` where the user has no folder.
    file: Option<Arc<Mutex<FieldsFile>>>,
    /// What was given to be written last.
    given: Option<Settings>,
    /// The one that writes, while it does.
    writing: Option<JoinHandle<Result<(), FieldsError>>>,
    /// The settings are in the file: where they were before, they are needed no more.
    is_kept: bool,
    /// A failure is told once, and not every few seconds.
    has_failed: bool,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("has_failed", &self.has_failed).finish_non_exhaustive()
    }
}

impl Keeper {
    /// The settings as they were left, and what could not be read of them.
    pub(super) fn start(path: Option<&Path>, old: Option<&dyn eframe::Storage>) -> (Self, Settings, Option<UserError>) {
        let Some(path) = path else { return (Self::default(), Settings::default(), None) };
        let mut file = FieldsFile::new(path.to_owned());
        let (fields, mut told) = file.load();
        let is_first = fields.is_none() && told.is_none();
        let mut settings = Settings::default();
        if let Some(fields) = &fields {
            let unread;
            (settings, unread) = Settings::read(fields);
            file.understood(settings.fields());
            if !unread.is_empty() {
                told = Some(file.refuse(&unread));
            }
        } else if is_first {
            // Another window may begin the file meanwhile: only what is changed here is written over it.
            file.understood(Settings::default().fields());
            let text = old.and_then(|old| old.get_string(OLD_KEY));
            let fields: Option<Map<String, Value>> = text.and_then(|text| serde_json::from_str(&text).ok());
            if let Some(fields) = fields {
                settings = Settings::read(&fields).0;
                file.take_over();
            }
            told = damaged_old(&path.with_file_name(OLD_FILE), old);
        }
        let keeper = Self {
            is_kept: fields.is_some() && told.is_none(),
            given: (!is_first).then(|| settings.clone()),
            file: Some(Arc::new(Mutex::new(file))),
            writing: None,
            has_failed: false,
        };
        (keeper, settings, told.map(UserError::from))
    }

    /// Begins to write what has changed; says once if what was written before could not be. One write at a time.
    pub(super) fn keep(
        &mut self,
        settings: &Settings,
        wake: &Wake,
        old: &mut dyn eframe::Storage,
    ) -> Option<UserError> {
        let failed = self.finish();
        let file = self.file.clone()?;
        if self.is_kept && old.get_string(OLD_KEY).is_some() {
            old.remove_string(OLD_KEY);
        }
        if self.given.as_ref() == Some(settings) {
            return failed;
        }
        self.given = Some(settings.clone());
        let (fields, wake) = (settings.fields(), wake.clone());
        let writing = thread::Builder::new().name("keeping settings".to_owned()).spawn(move || {
            let saved = file.lock().unwrap_or_else(PoisonError::into_inner).save(&fields);
            if saved.is_err() {
                // The next frame has it to tell.
                wake();
            }
            saved
        });
        self.writing = writing.ok();
        failed
    }

    /// Waits for what is being written.
    fn finish(&mut self) -> Option<UserError> {
        match self.writing.take()?.join().ok()? {
            Ok(()) => {
                self.is_kept = true;
                None
            }
            Err(error) => (!std::mem::replace(&mut self.has_failed, true)).then(|| error.into()),
        }
    }

    /// The same without waiting, for each frame.
    pub(super) fn poll(&mut self) -> Option<UserError> {
        self.writing.as_ref().is_some_and(JoinHandle::is_finished).then(|| self.finish()).flatten()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Keeps aside a file that stands there and of which nothing was read.
fn damaged_old(path: &Path, old: Option<&dyn eframe::Storage>) -> Option<FieldsError> {
    let is_read = old.is_some_and(|old| OLD_KEYS.iter().any(|key| old.get_string(key).is_some()));
    let has_content = fs::metadata(path).is_ok_and(|file| file.len() > 0);
    (!is_read && has_content).then(|| put_aside(path, OLD_FILE.to_owned()))
}
