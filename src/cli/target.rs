//! What STORE means: a path, an address, or the sample.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use super::Failure;
use super::terminal::{message, messages_are_watched};
use crate::engine::{SampleDomain, sample_store};
use crate::event::visible::visible;
use crate::store::files::TargetError;
use crate::store::frameworks::Mapping;
use crate::store::{self, Flow, Notice, OpenOptions, Source, Store, StoreError, Writer};

/// What every command needs to open its store.
#[derive(Debug, Default)]
pub(super) struct Context {
    mapping: Option<Mapping>,
    /// What is to be said of the store besides the answer: once, however often it was opened.
    notices: RefCell<Vec<String>>,
}

impl Context {
    /// With the mapping from a file, where one was named.
    pub(super) fn new(map: Option<&Path>) -> Result<Self, Failure> {
        let mapping = map.map(Mapping::read).transpose().map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Self { mapping, notices: RefCell::default() })
    }

    pub(super) fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_ref()
    }

    pub(super) fn open(&self, name: &OsStr) -> Result<Box<dyn Store>, Failure> {
        let source = source(name)?;
        let mut options = OpenOptions::kept_for(&source);
        if self.mapping.is_some() {
            options.mapping.clone_from(&self.mapping);
        } else if let Some(kept) = &options.mapping {
            self.note(format!("read by the mapping of {} that was kept for this store", kept.table));
        }
        let reader = asking(source, |source| store::open_with(source, &options))?;
        // How far a mirror is belongs to `info`.
        if let Some(notice) = reader.notice().filter(|notice| !matches!(notice, Notice::Mirror(_))) {
            self.note(notice.to_string());
        }
        Ok(reader)
    }

    fn note(&self, notice: String) {
        let mut notices = self.notices.borrow_mut();
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    pub(super) fn print_notices(&self) {
        self.notices.borrow().iter().for_each(message);
    }

    pub(super) fn open_for_writing(&self, name: &OsStr) -> Result<Box<dyn Writer>, Failure> {
        if self.mapping.is_some() {
            let reason = "a store that is read by a mapping is never written; leave --map out";
            return Err(Failure::Usage(format!("{}: {reason}", shown(name))));
        }
        asking(source(name)?, store::open_for_writing)
    }
}

/// How often a password may be typed.
const TRIES: usize = 3;

/// Opens, and asks for a password where one is missing or wrong and somebody is there to type it.
pub(super) fn asking<T>(mut source: Source, open: impl Fn(&Source) -> Result<T, StoreError>) -> Result<T, Failure> {
    for _ in 0..TRIES {
        match open(&source) {
            Err(error) if error.asks_for_password().is_some() => {
                let is_somebody_there = stdin().is_terminal() && messages_are_watched();
                let question = format!("{}\nPassword (not shown): ", visible(&source.to_string()));
                let typed = is_somebody_there.then(|| rpassword::prompt_password(question).ok()).flatten();
                match (error.asks_for_password(), typed.filter(|password| !password.is_empty())) {
                    (Some(address), Some(password)) => source = Source::Server(address.with_password(&password)),
                    _ => return Err(error.into()),
                }
            }
            answer => return Ok(answer?),
        }
    }
    Ok(open(&source)?)
}

/// The store as it may be printed: as it was typed, but for a password.
pub(super) fn shown(name: &OsStr) -> String {
    Source::parse_os(name).to_string()
}

/// A word of a command that is meant to be copied into a shell.
pub(super) fn as_word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:@,+=%".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

pub(super) fn source(name: &OsStr) -> Result<Source, Failure> {
    if name.is_empty() {
        return Err(no_store());
    }
    if name == "sample" {
        return Ok(sample_store(SampleDomain::Sales, &mut |_| Flow::Continue(()))?.into());
    }
    Ok(Source::parse_os(name))
}

pub(super) fn no_store() -> Failure {
    Failure::Usage("no store is named; write a path, an address or `sample`".to_owned())
}

/// Where a native store may be made: a file, and nothing behind an address.
pub(super) fn path(name: &OsStr) -> Result<PathBuf, Failure> {
    if name == "-" {
        return Err(TargetError::Dash.into());
    }
    match source(name)? {
        Source::File(path) => Ok(path),
        Source::Server(address) => {
            Err(Failure::Usage(format!("{address}: events can only be brought into a file; name one")))
        }
    }
}

/// The path in an argument `@FILE`, whose name need not be text.
pub(super) fn after_at(argument: &OsStr) -> Option<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        argument.as_bytes().strip_prefix(b"@").map(|name| PathBuf::from(OsStr::from_bytes(name)))
    }
    #[cfg(not(unix))]
    {
        argument.to_str()?.strip_prefix('@').map(PathBuf::from)
    }
}

/// A path as it may be printed: where an address was typed in its place, without a password.
pub(super) fn shown_path(path: &Path) -> String {
    shown(path.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::as_word;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        for plain in ["sales.db", "nats://127.0.0.1:4222/sales", "./판매/a-1.db"] {
            assert_eq!(as_word(plain), plain);
        }
        assert_eq!(as_word("tls://a/s?ca=c.pem&cert=k.pem"), "'tls://a/s?ca=c.pem&cert=k.pem'");
        assert_eq!(as_word("kim's store.db"), r"'kim'\''s store.db'");
        assert_eq!(as_word(""), "''");
    }
}
