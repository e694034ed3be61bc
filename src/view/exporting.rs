use std::collections::HashSet;
use std::path::PathBuf;

use super::file_name::end_as;
use super::{Clock, Sought, UserError, WindowTool};
use crate::engine::{
    Asked, Engine, Question, Survey, Ticket, Tool, TrailForm, TrailWish, export_findings, search, stream_or_store,
    write_trail,
};
use crate::event::{EventRow, Position, StreamId, Version};
use crate::locale::Language;
use crate::store::files::{ExportOptions, ExportTarget, FileFormat, Selection, export};
use crate::store::{Source, Store};

/// What goes into a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ExportWhat {
    /// Every event.
    #[default]
    Store,
    /// The events of the stream on screen.
    Here,
    /// The events that a search for this finds.
    Found(Sought),
    /// The same as it is told: who did what, which field went from what to what, and why.
    Told(Sought),
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
    /// How it is written what was told.
    pub trail: TrailForm,
    /// In which language it is told, and by which clock.
    pub teller: Option<(Language, Clock, String)>,
    /// Knows what streams are called.
    pub(super) survey: Survey,
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
            trail: TrailForm::default(),
            teller: None,
            survey: Survey::default(),
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
        if let Some(form) = TrailForm::from_extension(self.to.trim().as_ref()) {
            self.trail = form;
        }
    }

    /// The format was chosen by itself: a name that promises another one ends as this one does.
    pub fn formatted(&mut self) {
        let extension = self.extension();
        end_as(&mut self.to, extension);
    }

    /// How the name of such a file ends.
    fn extension(&self) -> &'static str {
        match &self.what {
            ExportWhat::Told(_) => self.trail.extension(),
            _ => self.format.extension(),
        }
    }

    /// What a new file of it is called at first.
    pub fn new_name(&self) -> String {
        format!("events.{}", self.extension())
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
        self.formatted();
    }

    /// The formats in which it can be written. Findings are no events.
    pub fn formats(&self) -> impl Iterator<Item = (FileFormat, &'static str)> {
        let is_of_events = self.what != ExportWhat::Findings;
        let is_cloud = |format| matches!(format, FileFormat::CloudEvents | FileFormat::CloudEventsLines);
        FileFormat::ALL.into_iter().filter(move |(format, _)| is_of_events || !is_cloud(*format))
    }
}

impl Exporting {
    fn trail_of(&self, sought: &Sought, engine: &Engine) -> TrailWish {
        let (language, offset, zone) = match &self.teller {
            Some((language, clock, zone)) => (*language, clock.offset, zone.clone()),
            None => (Language::default(), (|_| 0) as fn(_) -> i64, "UTC".to_owned()),
        };
        TrailWish {
            search: sought.search.clone(),
            text: sought.text.clone(),
            form: self.trail,
            is_csv_safe: self.is_csv_safe,
            language,
            offset,
            zone,
            store: engine.source().name(),
            survey: self.survey.clone(),
        }
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
            (ExportWhat::Here, here) => What::Events(here.cloned()),
            (ExportWhat::Store, _) => What::Events(None),
            (ExportWhat::Found(sought), _) => What::Found(sought.clone()),
            (ExportWhat::Told(sought), _) => What::Told(Box::new(self.trail_of(sought, engine))),
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
    /// Of one stream, or all of them.
    Events(Option<StreamId>),
    Found(Sought),
    Told(Box<TrailWish>),
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

/// Which events were found: the newest come first, and are written last. Of millions no more is kept than what tells them
/// apart, which is their position and, of those that were recorded as one, the version.
#[derive(Debug, Default)]
struct Places {
    placed: Vec<(Position, Version)>,
    /// Of a store without an order across streams.
    named: HashSet<(StreamId, Version)>,
}

impl Places {
    fn push(&mut self, position: Option<Position>, stream: &StreamId, version: Version) {
        match position {
            Some(position) => self.placed.push((position, version)),
            None => drop(self.named.insert((stream.clone(), version))),
        }
    }

    /// To be called when all are there.
    fn sort(&mut self) {
        self.placed.sort_unstable();
    }

    fn contain(&self, position: Option<Position>, stream: &StreamId, version: Version) -> bool {
        match position {
            Some(position) => self.placed.binary_search(&(position, version)).is_ok(),
            None => self.named.contains(&(stream.clone(), version)),
        }
    }
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
            What::Events(stream) => {
                let query = stream_or_store(reader, stream, ticket)?;
                (export(reader, &query, target, options, progress)?.events, false)
            }
            What::Found(Sought { search: wanted, .. }) => {
                let mut found = Places::default();
                search(reader, &wanted, &mut |_| ticket.flow(), &mut |event| {
                    found.push(event.position, &event.stream, event.version);
                    ticket.flow()
                })?;
                found.sort();
                let query = stream_or_store(reader, None, ticket)?;
                let is_found = |row: &EventRow<'_>| found.contain(row.position, row.stream, row.version);
                let selection = Selection { query: &query, only: Some(&is_found) };
                (export(reader, selection, target, options, progress)?.events, false)
            }
            What::Told(wish) => (write_trail::<UserError>(reader, target, &wish, ticket)?, false),
        };
        Ok(Exported { path, count, is_findings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_told_from_what_was_recorded_with_it() {
        let (one, other) = (StreamId::from("lead-1"), StreamId::from("lead-2"));
        let mut found = Places::default();
        found.push(Some(Position(9)), &one, Version(3));
        found.push(Some(Position(7)), &one, Version(1));
        found.push(None, &other, Version(0));
        found.sort();
        assert!(
            found.contain(Some(Position(7)), &one, Version(1)) && found.contain(Some(Position(9)), &one, Version(3))
        );
        assert!(!found.contain(Some(Position(7)), &one, Version(2)), "an event in the same message");
        assert!(!found.contain(Some(Position(8)), &one, Version(1)));
        assert!(found.contain(None, &other, Version(0)) && !found.contain(None, &one, Version(0)));
    }
}
