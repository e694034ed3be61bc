use std::io;
use std::path::PathBuf;

use crate::event::{Explain, Message};
use crate::store::system_words;

/// Why what is kept beside a store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    #[error("there is no home folder to keep this in; set HOME and try again")]
    NoFolder,
    #[error("{}: what is kept beside this store cannot be read ({error}); check the file's permissions", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: what is kept beside this store cannot be written ({error}); nothing of it was lost, try again", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("{}: what is kept beside this store is damaged ({detail}); the file stays as it is, and is copied aside before something new is kept", path.display())]
    Damaged { path: PathBuf, detail: String },
    #[error("{}: a newer Foldline keeps its {what} here (format {found}, this one reads up to {supported}); update Foldline. The file is copied aside before something new is kept", path.display())]
    Newer { path: PathBuf, what: &'static str, found: u64, supported: u32 },
}

impl WorkspaceError {
    /// The file is there and can be read, but says what this program does not understand.
    pub(super) fn is_of_content(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Newer { .. })
    }
}

impl Explain for WorkspaceError {
    fn message(&self) -> Message {
        match self {
            Self::NoFolder => Message::new("workspace-no-folder"),
            Self::Unreadable { path, error } => {
                Message::new("workspace-unreadable").text("path", path.display()).inner("detail", system_words(error))
            }
            Self::Unwritable { path, error } => {
                Message::new("workspace-unwritable").text("path", path.display()).inner("detail", system_words(error))
            }
            Self::Damaged { path, detail } => {
                Message::new("workspace-damaged").text("path", path.display()).text("detail", detail)
            }
            Self::Newer { path, what, found, supported } => Message::new("workspace-newer")
                .text("path", path.display())
                .inner("what", part_words(what))
                .number("found", *found)
                .number("supported", u64::from(*supported)),
        }
    }
}

/// A part of the file by its name.
fn part_words(name: &'static str) -> Message {
    Message::new(match name {
        "workspace" => "workspace-whole",
        "notes" => "workspace-notes",
        "branches" => "workspace-branches",
        "projections" => "workspace-projections",
        other => return Message::new("system-said").text("words", other),
    })
}
