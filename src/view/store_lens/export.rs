use std::path::PathBuf;

use crate::engine::Tool;
use crate::engine::{
    Asked, DifferencesWish, Engine, FoldedStores, Question, RowsFormat, RowsWish, Ticket, write_differences, write_rows,
};
use crate::event::StreamId;
use crate::store::files::ExportTarget;
use crate::store::{Source, Store};
use crate::view::file_name::end_as;
use crate::view::{UserError, WindowTool};

/// What is written.
#[derive(Clone, Debug)]
pub(in crate::view) enum RowsOf {
    /// The rows of the table, with what is folded already.
    Table(RowsWish, FoldedStores),
    /// What differs between two moments.
    Differences(DifferencesWish),
}

/// The rows of the table on their way into a file.
#[derive(Debug)]
pub struct ExportingRows {
    /// The path as typed.
    pub to: String,
    pub format: RowsFormat,
    pub replaces: bool,
    /// In CSV, no cell begins like a formula.
    pub is_csv_safe: bool,
    /// What was shown, as the export was begun.
    rows: Option<RowsOf>,
    pub asked: Asked<ExportRows>,
}

impl Default for ExportingRows {
    fn default() -> Self {
        let (to, format) = (String::new(), RowsFormat::default());
        Self { to, format, replaces: false, is_csv_safe: true, rows: None, asked: Asked::default() }
    }
}

impl ExportingRows {
    /// Takes a path, and the format that its name promises.
    pub fn choose(&mut self, path: String) {
        self.to = path;
        self.named();
    }

    /// The path has changed: its name may promise a format.
    pub fn named(&mut self) {
        if let Some(format) = RowsFormat::from_extension(self.to.trim().as_ref()) {
            self.format = format;
        }
    }

    /// The format was chosen by itself: a name that promises another one ends as this one does.
    pub fn formatted(&mut self) {
        end_as(&mut self.to, self.format.extension());
    }

    /// What a new file of it is called at first.
    pub fn new_name(&self) -> String {
        format!("rows.{}", self.format.extension())
    }

    /// What is to be written, if it is begun now.
    pub(in crate::view) fn take(&mut self, rows: RowsOf) {
        self.rows = Some(rows);
    }
}

impl WindowTool for ExportingRows {
    /// What was written before is no news any more.
    fn reopened(&mut self) {
        if !self.asked.is_loading() {
            self.asked = Asked::default();
        }
    }

    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        let (format, is_csv_safe) = (self.format, self.is_csv_safe);
        let rows = match self.rows.take() {
            Some(RowsOf::Table(wish, folded)) => RowsOf::Table(RowsWish { format, is_csv_safe, ..wish }, folded),
            Some(RowsOf::Differences(wish)) => RowsOf::Differences(DifferencesWish { format, is_csv_safe, ..wish }),
            None => return,
        };
        let (path, source) = (PathBuf::from(self.to.trim()), engine.source().clone());
        self.asked.ask(engine, ExportRows { path, replaces: self.replaces, source, rows });
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct ExportRows {
    path: PathBuf,
    replaces: bool,
    /// The store itself, which no export may replace.
    source: Source,
    rows: RowsOf,
}

/// A file that was written, and how many rows went into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedRows {
    pub path: PathBuf,
    pub rows: u64,
}

impl Question for ExportRows {
    type Answer = ExportedRows;
    type Error = UserError;
    const WHAT: &'static str = "exporting rows";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<ExportedRows, UserError> {
        let Self { path, replaces, source, rows } = self;
        let target = ExportTarget::new(&path, &source, replaces)?;
        let rows = match rows {
            RowsOf::Table(wish, folded) => write_rows::<UserError>(reader, target, &wish, &folded, ticket)?,
            RowsOf::Differences(wish) => write_differences::<UserError>(reader, target, &wish, ticket)?,
        };
        Ok(ExportedRows { path, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_goes_with_the_format_and_the_format_with_the_name() {
        let mut exporting = ExportingRows::default();
        assert_eq!(exporting.new_name(), "rows.csv");
        exporting.format = RowsFormat::Parquet;
        exporting.formatted();
        assert_eq!((exporting.to.as_str(), exporting.new_name().as_str()), ("", "rows.parquet"));
        exporting.choose("leads.ndjson".to_owned());
        assert_eq!((exporting.format, exporting.new_name().as_str()), (RowsFormat::JsonLines, "rows.jsonl"));
        exporting.format = RowsFormat::Csv;
        exporting.formatted();
        assert_eq!(exporting.to, "leads.csv");
    }
}
