use std::fmt;
use std::fs::Metadata;

use crate::event::{Explain, Message};

/// What stands at a path instead of a file. To open one may wait for ever, or do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Folder,
    Pipe,
    Socket,
    Device,
}

impl FileKind {
    pub const ALL: [Self; 4] = [Self::Folder, Self::Pipe, Self::Socket, Self::Device];

    /// `None` for a file, and for a link, which may lead to one.
    pub(crate) fn of(found: &Metadata) -> Option<Self> {
        let kind = found.file_type();
        if kind.is_file() || kind.is_symlink() {
            return None;
        }
        if kind.is_dir() {
            return Some(Self::Folder);
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt;
            if kind.is_fifo() {
                return Some(Self::Pipe);
            }
            if kind.is_socket() {
                return Some(Self::Socket);
            }
        }
        Some(Self::Device)
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "folder",
            Self::Pipe => "pipe",
            Self::Socket => "socket",
            Self::Device => "device",
        })
    }
}

impl Explain for FileKind {
    fn message(&self) -> Message {
        Message::new(match self {
            Self::Folder => "file-kind-folder",
            Self::Pipe => "file-kind-pipe",
            Self::Socket => "file-kind-socket",
            Self::Device => "file-kind-device",
        })
    }
}
