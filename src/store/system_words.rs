use std::io::{self, ErrorKind};

use crate::event::Message;

/// What the system says of a file, for the window's languages. Systems speak English to programs; what they say most
/// often, Foldline says itself, with their number.
pub fn system_words(error: &io::Error) -> Message {
    let id = match error.kind() {
        ErrorKind::NotFound => "system-not-found",
        ErrorKind::PermissionDenied => "system-denied",
        ErrorKind::AlreadyExists => "system-already-there",
        ErrorKind::StorageFull => "system-full",
        ErrorKind::QuotaExceeded => "system-quota",
        ErrorKind::ReadOnlyFilesystem => "system-read-only",
        ErrorKind::IsADirectory => "system-is-folder",
        ErrorKind::NotADirectory => "system-no-folder",
        ErrorKind::ResourceBusy => "system-busy",
        ErrorKind::FileTooLarge => "system-too-large",
        _ => "system-said",
    };
    let said = || Message::new("system-said").text("words", error);
    // Two of the system's numbers may be of one kind, and then only its own words tell them apart.
    match error.raw_os_error().and_then(|code| Some((u64::try_from(code).ok()?, id))) {
        Some((code, id)) if id != "system-said" && is_the_usual(error.kind(), code) => {
            Message::new(id).number("code", code)
        }
        _ => said(),
    }
}

/// Whether the number is the one that Linux and macOS have for it.
fn is_the_usual(kind: ErrorKind, code: u64) -> bool {
    let usual: &[u64] = match kind {
        ErrorKind::NotFound => &[2],
        ErrorKind::PermissionDenied => &[13],
        ErrorKind::AlreadyExists => &[17],
        ErrorKind::ResourceBusy => &[16],
        ErrorKind::NotADirectory => &[20],
        ErrorKind::IsADirectory => &[21],
        ErrorKind::FileTooLarge => &[27],
        ErrorKind::StorageFull => &[28],
        ErrorKind::ReadOnlyFilesystem => &[30],
        ErrorKind::QuotaExceeded => &[122, 69],
        _ => &[],
    };
    cfg!(unix) && usual.contains(&code)
}
