use std::path::PathBuf;

use super::{Sought, UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, Ticket, Tool, Words, export_findings, stream_or_store};
use crate::event::{EventRow, StreamId};
use crate::store::files::{ExportOptions, ExportTarget, FileFormat, Selection, export};
use crate::store::{Source, Store};

/// What goes into a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExportWhat {
    /// Every event.
    #[default]
    Store,
    /// The events of the stream on screen.
    Here,
    /// The events that a search for this finds.
    Found(Sought),
    /// What a check of the store finds.
    Findings,
}

/// Events on their way into a file, or what was found wrong with them.
#[derive(Debug)]
pub struct Exporting {
    /// The path as typed.
    pub to: String,
    pub format: FileFormat,
    pub what: ExportWhat,
    /// A file that is there already may go.
    pub replaces: bool,
    /// In CSV, no cell begins like a formula.
    pub is_csv_safe: bool,
    /// In CSV, each field has a column of its own.
    pub has_csv_fields: bool,
    pub asked: Asked<ExportEvents>,
}

impl Default for Exporting {
    fn default() -> Self {
        Self {
            to: String::new(),
            format: FileFormat::JsonLines,
            what: ExportWhat::default(),
            replaces: false,
            is_csv_safe: true,
            has_csv_fields: false,
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

    /// Something else is to be exported than before; what was written of that is told no more.
    pub fn choose_what(&mut self, what: ExportWhat) {
        if self.what != what {
            self.what = what;
            self.asked = Asked::default();
        }
        if !self.formats().any(|(format, _)| format == self.format) {
            self.format = FileFormat::JsonLines;
        }
    }

    /// The formats in which it can be written. Findings are no events.
    pub fn formats(&self) -> impl Iterator<Item = (FileFormat, &'static str)> {
        let is_of_events = self.what != ExportWhat::Findings;
        let is_cloud = |format| matches!(format, FileFormat::CloudEvents | FileFormat::CloudEventsLines);
        FileFormat::ALL.into_iter().filter(move |(format, _)| is_of_events || !is_cloud(*format))
    }
}

impl WindowTool for Exporting {
    /// What was written before is no news any more.
    fn reopened(&mut self) {
        if !self.asked.is_loading() {
            self.asked = Asked::default();
        }
    }

    fn start(&mut self, engine: &Engine, here: Option<&StreamId>) {
        let what = match (&self.what, here) {
            (ExportWhat::Here, Some(here)) => What::Events(Sought { stream: Some(here.clone()), ..Sought::default() }),
            (ExportWhat::Store | ExportWhat::Here, _) => What::Events(Sought::default()),
            (ExportWhat::Found(sought), _) => What::Events(sought.clone()),
            (ExportWhat::Findings, _) => What::Findings,
        };
        let path = PathBuf::from(self.to.trim());
        let (is_csv_safe, has_csv_fields) = (self.is_csv_safe, self.has_csv_fields);
        let options = ExportOptions { format: self.format, is_csv_safe, has_csv_fields };
        let source = engine.source().clone();
        self.asked.ask(engine, ExportEvents { path, options, what, source, replaces: self.replaces });
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
enum What {
    Events(Sought),
    Findings,
}

#[derive(Clone, Debug)]
pub struct ExportEvents {
    path: PathBuf,
    options: ExportOptions,
    what: What,
    /// The store itself, which no export may replace.
    source: Source,
    replaces: bool,
}

/// A file that was written, and how much went into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    pub path: PathBuf,
    pub count: u64,
    /// They are findings, and not events.
    pub is_findings: bool,
}

impl Question for ExportEvents {
    type Answer = Exported;
    type Error = UserError;
    const WHAT: &'static str = "exporting events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let Self { path, options, what, source, replaces } = self;
        let target = ExportTarget::new(&path, &source, replaces)?;
        let progress = &mut |count| ticket.reached(count);
        let (count, is_findings) = match what {
            What::Findings => (export_findings::<UserError>(reader, target, options, progress)?, true),
            What::Events(sought) => {
                let query = stream_or_store(reader, sought.stream.clone(), ticket)?;
                let words = Words::new(&sought.text);
                let is_found = |row: &EventRow<'_>| sought.is_of_day(row) && words.are_in(row);
                let is_all = sought.text.is_empty() && sought.day.is_none();
                let selection = Selection { query: &query, only: (!is_all).then_some(&is_found) };
                (export(reader, selection, target, options, progress)?.events, false)
            }
        };
        Ok(Exported { path, count, is_findings })
    }
}
