use std::path::PathBuf;

use super::{UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, Ticket, Tool, stream_or_store};
use crate::event::StreamId;
use crate::store::files::{ExportOptions, ExportReport, ExportTarget, FileFormat, export};
use crate::store::{Source, Store};

/// Events on their way into a file.
#[derive(Debug)]
pub struct Exporting {
    /// The path as typed.
    pub to: String,
    pub format: FileFormat,
    /// Only the stream on screen.
    pub is_here_only: bool,
    /// A file that is there already may go.
    pub replaces: bool,
    /// In CSV, no cell begins like a formula.
    pub is_csv_safe: bool,
    pub asked: Asked<ExportEvents>,
}

impl Default for Exporting {
    fn default() -> Self {
        Self {
            to: String::new(),
            format: FileFormat::JsonLines,
            is_here_only: false,
            replaces: false,
            is_csv_safe: true,
            asked: Asked::default(),
        }
    }
}

impl Exporting {
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
}

impl WindowTool for Exporting {
    fn start(&mut self, engine: &Engine, here: Option<&StreamId>) {
        let stream = here.filter(|_| self.is_here_only).cloned();
        let path = PathBuf::from(self.to.trim());
        let options = ExportOptions { format: self.format, is_csv_safe: self.is_csv_safe };
        let source = engine.source().clone();
        self.asked.ask(engine, ExportEvents { path, options, stream, source, replaces: self.replaces });
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct ExportEvents {
    path: PathBuf,
    options: ExportOptions,
    stream: Option<StreamId>,
    /// The store itself, which no export may replace.
    source: Source,
    replaces: bool,
}

impl Question for ExportEvents {
    /// The file that was written, and what went into it.
    type Answer = (PathBuf, ExportReport);
    type Error = UserError;
    const WHAT: &'static str = "exporting events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let Self { path, options, stream, source, replaces } = self;
        let target = ExportTarget::new(&path, &source, replaces)?;
        let query = stream_or_store(reader, stream, ticket)?;
        let report = export(reader, &query, target, options, &mut |count| ticket.reached(count))?;
        Ok((path, report))
    }
}
