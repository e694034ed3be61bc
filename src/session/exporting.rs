use std::path::PathBuf;

use super::open_store::{Opener, stream_or_store};
use super::trouble::Trouble;
use crate::event::StreamId;
use crate::jobs::{Job, Loading, Progress, Wake};
use crate::store::Flow;
use crate::store::files::{ExportReport, FileFormat, export};

/// Events on their way into a file.
pub struct Exporting {
    /// The path as typed.
    pub to: String,
    pub format: FileFormat,
    /// Only the stream on the desk.
    pub is_here_only: bool,
    /// A file that is there already may go.
    pub replaces: bool,
    done: Loading<(PathBuf, ExportReport), Trouble>,
    opener: Opener,
    wake: Wake,
}

impl std::fmt::Debug for Exporting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporting").field("to", &self.to).finish_non_exhaustive()
    }
}

impl Exporting {
    pub(super) fn new(opener: Opener, wake: Wake) -> Self {
        Self {
            to: String::new(),
            format: FileFormat::JsonLines,
            is_here_only: false,
            replaces: false,
            done: Loading::default(),
            opener,
            wake,
        }
    }

    /// Takes a path, and the format that its name promises.
    pub fn choose(&mut self, path: String) {
        self.to = path;
        self.named();
    }

    /// The path has changed: its name may promise a format.
    pub fn named(&mut self) {
        if let Some(format) = FileFormat::from_extension(self.to.trim().as_ref()) {
            self.format = format;
        }
    }

    pub fn start(&mut self, here: Option<&StreamId>) {
        let path = PathBuf::from(self.to.trim());
        let (opener, format, replaces) = (self.opener.clone(), self.format, self.replaces);
        let stream = here.filter(|_| self.is_here_only).cloned();
        self.done.request(Job::start("exporting events", &self.wake, move |ticket| {
            if path.exists() && !replaces {
                let path = path.display();
                return Err(Trouble::new(format!(
                    "{path}: this file is there already; name another, or allow replacing it"
                )));
            }
            let reader = opener()?;
            let query = stream_or_store(reader.as_ref(), stream, ticket)?;
            let report = export(reader.as_ref(), &query, &path, format, &mut |count| {
                ticket.set_done(count);
                if ticket.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) }
            })?;
            Ok((path, report))
        }));
    }

    /// The file that was written, and what went into it.
    pub fn done(&self) -> Option<&(PathBuf, ExportReport)> {
        self.done.value().filter(|_| self.done.error().is_none())
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        self.done.error()
    }

    pub fn progress(&self) -> Option<Progress> {
        self.done.progress()
    }

    pub fn is_loading(&self) -> bool {
        self.done.is_loading()
    }

    pub fn cancel(&mut self) {
        self.done.cancel();
    }

    pub(super) fn poll(&mut self) -> bool {
        self.done.poll()
    }
}
