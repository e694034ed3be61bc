//! Questions in SQL, asked from the window: the first rows to look at, and a file for all of them.

use std::path::PathBuf;

use serde_json::Value;

use super::file_name::end_as;
use super::{Both, OpenStore, UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, RowsFormat, SqlQuery, SqlRows, Ticket, Tool, sql, sql_tables, write_sql};
use crate::event::{Position, StreamId, Version};
use crate::index::StoreMoment;
use crate::store::files::ExportTarget;
use crate::store::{Flow, Source, Store};

/// More rows than these nobody looks through; a file takes all of them.
pub const SQL_ROWS: usize = 1_000;

/// A cell is cut for the window behind so many letters; a file has all of it.
const LONGEST_CELL: usize = 2_000;

/// So many rows tell how wide a column is.
const ROWS_MEASURED: usize = 100;

/// What a question is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SqlWants {
    /// The first, to look at.
    #[default]
    Rows,
    /// All of them, written.
    File,
}

/// A question that is typed, and what came of the last.
#[derive(Debug)]
pub struct SqlConsole {
    pub text: String,
    /// As of the cursor, and not of the end of the store.
    pub is_of_cursor: bool,
    /// The path of a file for all rows, as it was typed.
    pub to: String,
    pub replaces: bool,
    pub is_csv_safe: bool,
    pub wants: SqlWants,
    cursor: StoreMoment,
    pub asked: SqlAsked,
}

impl Default for SqlConsole {
    fn default() -> Self {
        Self {
            text: String::new(),
            is_of_cursor: false,
            to: String::new(),
            replaces: false,
            is_csv_safe: true,
            wants: SqlWants::Rows,
            cursor: StoreMoment::Latest,
            asked: SqlAsked::default(),
        }
    }
}

impl SqlConsole {
    pub(super) fn stand_at(&mut self, cursor: StoreMoment) {
        self.cursor = cursor;
    }

    /// Takes a path for all rows.
    pub(super) fn choose(&mut self, path: String) {
        self.to = path;
        self.formatted();
    }

    /// All rows are written as CSV: a name that promises another format ends so.
    pub fn formatted(&mut self) {
        end_as(&mut self.to, RowsFormat::Csv.extension());
    }

    /// What is shown, as a table that spreadsheets paste.
    pub fn as_text(&self) -> String {
        let Some(found) = self.asked.first.value() else { return String::new() };
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            cells.map(|cell| cell.replace(['\t', '\n', '\r'], " ")).collect::<Vec<_>>().join("\t")
        };
        let heading = line(&mut found.columns.iter().map(String::as_str));
        let rows = found.rows.iter().map(|row| line(&mut row.iter().map(AsRef::as_ref)));
        std::iter::once(heading).chain(rows).collect::<Vec<_>>().join("\n")
    }
}

impl WindowTool for SqlConsole {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        let at = if self.is_of_cursor { self.cursor } else { StoreMoment::Latest };
        let query = SqlQuery { text: self.text.trim().to_owned(), at, ..SqlQuery::default() };
        if std::mem::take(&mut self.wants) == SqlWants::Rows {
            self.asked.second = Asked::default();
            return self.asked.first.ask(engine, AskSql { query });
        }
        self.formatted();
        let (path, source) = (PathBuf::from(self.to.trim()), engine.source().clone());
        let (replaces, is_csv_safe) = (self.replaces, self.is_csv_safe);
        self.asked.second.ask(engine, WriteSql { query, path, replaces, is_csv_safe, source });
    }

    /// Whoever opens it first sees which tables there are.
    fn starts_by_itself(&self) -> bool {
        self.text.is_empty() && self.asked.first.value().is_none()
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

impl OpenStore {
    /// The moment that is looked at, as one of the whole store.
    pub fn moment_here(&self) -> StoreMoment {
        if self.lens().is_of_store() {
            return self.time.moment();
        }
        let Some(head) = self.view.as_ref().and_then(|view| view.head()) else { return StoreMoment::Latest };
        let position = head.position.filter(|_| self.time.has_order()).map(StoreMoment::Position);
        position.or(head.recorded_at.map(StoreMoment::Time)).unwrap_or(StoreMoment::Latest)
    }
}

/// The rows, and then a file of them.
pub type SqlAsked = Both<AskSql, WriteSql>;

/// A question; without a text, which tables there are.
#[derive(Clone, Debug)]
pub struct AskSql {
    query: SqlQuery,
}

/// The first rows of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlFound {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Box<str>>>,
    /// About how many letters wide each column is.
    pub widths: Vec<usize>,
    /// There are more.
    pub is_cut: bool,
    /// The rows are the tables that there are.
    pub is_of_tables: bool,
    pub at: StoreMoment,
    /// Up to where the store was read.
    pub read_to: Option<Position>,
}

impl SqlFound {
    /// Where a row leads, if it names a stream, and perhaps a version.
    pub fn place(&self, row: usize) -> Option<(StreamId, Option<Version>)> {
        let cell = |name: &str| {
            let column = self.columns.iter().position(|column| column == name)?;
            self.rows.get(row)?.get(column)
        };
        let stream = cell("stream").filter(|stream| !stream.is_empty())?;
        Some((StreamId::from(stream.as_ref()), cell("version").and_then(|version| version.parse().ok()).map(Version)))
    }

    fn measure(mut self) -> Self {
        self.widths = self.columns.iter().map(|name| name.chars().count()).collect();
        for row in self.rows.iter().take(ROWS_MEASURED) {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                // Letters of Korean, Chinese and Japanese take the room of two.
                let wide: usize = cell.chars().take(60).map(|letter| if letter < '\u{1100}' { 1 } else { 2 }).sum();
                *width = wide.max(*width);
            }
        }
        self
    }
}

impl SqlRows for SqlFound {
    fn begin(&mut self, columns: &[String]) {
        self.columns = columns.to_vec();
    }

    fn row(&mut self, values: Vec<Value>) -> Flow {
        self.rows.push(values.iter().map(cell).collect());
        Flow::Continue(())
    }
}

fn cell(value: &Value) -> Box<str> {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

impl Question for AskSql {
    type Answer = SqlFound;
    type Error = UserError;
    const WHAT: &'static str = "asking in SQL";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<SqlFound, UserError> {
        let Self { query } = self;
        let mut found = SqlFound { at: query.at, ..SqlFound::default() };
        if query.text.is_empty() {
            found.is_of_tables = true;
            found.columns = vec!["table".to_owned(), "columns".to_owned()];
            let tables = sql_tables(reader, query.at, query.budget, ticket)?;
            found.rows.extend(tables.into_iter().map(|table| vec![table.name.into(), table.columns.join(", ").into()]));
            return Ok(found.measure());
        }
        let query = SqlQuery { limit: Some(SQL_ROWS as u64), ..query };
        let answer = sql(reader, &query, ticket, &mut found)?;
        (found.is_cut, found.read_to) = (answer.is_cut, answer.read_to.position());
        Ok(found.measure())
    }
}

/// All rows of an answer, into a file of CSV.
#[derive(Clone, Debug)]
pub struct WriteSql {
    query: SqlQuery,
    path: PathBuf,
    replaces: bool,
    is_csv_safe: bool,
    /// The store itself, which no export may replace.
    source: Source,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSql {
    pub path: PathBuf,
    pub rows: u64,
}

impl Question for WriteSql {
    type Answer = WrittenSql;
    type Error = UserError;
    const WHAT: &'static str = "exporting rows";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<WrittenSql, UserError> {
        let Self { query, path, replaces, is_csv_safe, source } = self;
        let target = ExportTarget::new(&path, &source, replaces)?;
        let rows = write_sql::<UserError>(reader, target, &query, is_csv_safe, ticket)?;
        Ok(WrittenSql { path, rows })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_that_names_a_stream_leads_to_it() {
        let mut found = SqlFound::default();
        found.begin(&["n".to_owned(), "stream".to_owned(), "version".to_owned()]);
        for row in [
            [json!(1), json!("lead-1"), json!(4)],
            [json!(2), json!(null), json!(4)],
            [json!(3), json!("a"), json!(null)],
        ] {
            let _ = found.row(row.to_vec());
        }
        let places: Vec<_> = (0..3).map(|row| found.place(row)).collect();
        assert_eq!(places, [Some(("lead-1".into(), Some(Version(4)))), None, Some(("a".into(), None))]);
    }

    #[test]
    fn a_cell_without_end_is_cut_and_a_korean_column_has_room() {
        let mut found = SqlFound::default();
        found.begin(&["text".to_owned()]);
        let _ = found.row(vec![json!("가".repeat(5_000))]);
        let found = found.measure();
        assert_eq!(
            found.rows.first().and_then(|row| row.first()).map(|cell| cell.chars().count()),
            Some(LONGEST_CELL + 1)
        );
        assert_eq!(found.widths, [120]);
    }
}
