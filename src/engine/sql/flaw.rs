//! Why a question in SQL was not answered, in words that each language has.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::super::EngineError;
use crate::event::{Explain, Message, nearest};
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// SQLite does not take it; where in the text, if it says so.
    #[error("{flaw}")]
    Query { flaw: SqlFlaw, at: Option<Range<usize>> },
    #[error("a query only reads here, and {0}; write a SELECT")]
    Writes(SqlRefusal),
    #[error("there is more than one statement; ask them one by one")]
    Several,
    #[error("this asks for no rows; write a SELECT")]
    Nothing,
    #[error("the query was given up after {} s", .0.as_secs_f32())]
    TooLong(Duration),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<StoreError> for SqlError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl Explain for SqlError {
    fn message(&self) -> Message {
        match self {
            Self::Query { flaw, .. } => flaw.message(),
            Self::Writes(refused) => Message::new("sql-writes").inner("what", refused.message()),
            Self::Several => Message::new("sql-several"),
            Self::Nothing => Message::new("sql-nothing"),
            Self::TooLong(after) => Message::new("sql-too-long").text("seconds", after.as_secs_f32()),
            Self::Engine(error) => error.message(),
        }
    }
}

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlFlaw {
    NoTable {
        name: String,
        hint: SqlHint,
    },
    NoColumn {
        name: String,
        hint: SqlHint,
    },
    /// A text in double quotation marks.
    Quoted {
        name: String,
        text: String,
    },
    Syntax(String),
    Unfinished,
    NoFunction(String),
    Ambiguous(String),
    /// What SQLite says besides, in its own words.
    Other(String),
}

/// What may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlHint {
    Near(Vec<String>),
    All(Vec<String>),
    NoTableNamed,
}

impl fmt::Display for SqlFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTable { name, hint } => write!(f, "no such table: {name}; {hint}"),
            Self::NoColumn { name, hint } => write!(f, "no such column: {name}; {hint}"),
            Self::Quoted { name, text } => {
                write!(f, "there is no column {name}; text stands in single quotation marks: '{text}'")
            }
            Self::Syntax(near) => write!(f, "near {near}: syntax error"),
            Self::Unfinished => f.write_str("the query is not finished"),
            Self::NoFunction(name) => write!(f, "no such function: {name}"),
            Self::Ambiguous(name) => write!(f, "ambiguous column name: {name}; write TABLE.{name}"),
            Self::Other(said) => write!(f, "SQLite says: {said}"),
        }
    }
}

impl fmt::Display for SqlHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Near(names) => write!(f, "did you mean {}?", names.join(", ")),
            Self::All(names) => write!(f, "there are {}", names.join(", ")),
            Self::NoTableNamed => f.write_str("no table is named"),
        }
    }
}

impl Explain for SqlHint {
    fn message(&self) -> Message {
        match self {
            Self::Near(names) => Message::new("sql-hint-near").text("names", names.join(", ")),
            Self::All(names) => Message::new("sql-hint-all").text("names", names.join(", ")),
            Self::NoTableNamed => Message::new("sql-hint-no-table"),
        }
    }
}

impl Explain for SqlFlaw {
    fn message(&self) -> Message {
        let named = |id, name: &String| Message::new(id).text("name", name);
        match self {
            Self::NoTable { name, hint } => named("sql-no-table", name).inner("hint", hint.message()),
            Self::NoColumn { name, hint } => named("sql-no-column", name).inner("hint", hint.message()),
            Self::Quoted { name, text } => named("sql-quoted", name).text("text", text),
            Self::Syntax(near) => Message::new("sql-syntax").text("near", near),
            Self::Unfinished => Message::new("sql-unfinished"),
            Self::NoFunction(name) => named("sql-no-function", name),
            Self::Ambiguous(name) => named("sql-ambiguous", name),
            Self::Other(said) => Message::new("sql-said").text("said", said),
        }
    }
}

impl SqlFlaw {
    /// What SQLite says, told apart; with the names that there are.
    pub(super) fn of(said: &str, tables: &[String], columns: impl FnOnce() -> Vec<String>) -> Self {
        let last_of = |name: &str| name.rsplit('.').next().unwrap_or_default().trim_matches('"').to_owned();
        if let Some(name) = said.strip_prefix("no such table: ") {
            return Self::NoTable { name: name.to_owned(), hint: SqlHint::of(&last_of(name), tables, true) };
        }
        if let Some(name) = said.strip_prefix("no such column: ") {
            if let Some((text, _)) = name.split_once(" - should this be") {
                return Self::Quoted { name: text.to_owned(), text: last_of(text) };
            }
            return Self::NoColumn { name: name.to_owned(), hint: SqlHint::of(&last_of(name), &columns(), false) };
        }
        if let Some(near) = said.strip_prefix("near ").and_then(|said| said.strip_suffix(": syntax error")) {
            return Self::Syntax(near.to_owned());
        }
        if let Some(name) = said.strip_prefix("no such function: ") {
            return Self::NoFunction(name.to_owned());
        }
        if let Some(name) = said.strip_prefix("ambiguous column name: ") {
            return Self::Ambiguous(name.to_owned());
        }
        if said == "incomplete input" {
            return Self::Unfinished;
        }
        Self::Other(said.to_owned())
    }

    pub(super) fn is_of_table(&self) -> bool {
        matches!(self, Self::NoTable { .. })
    }
}

impl SqlHint {
    /// Names that look like one that is not there.
    fn of(wrong: &str, known: &[String], is_table: bool) -> Self {
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        let mut near: Vec<String> = nearest(wrong, &names).into_iter().map(str::to_owned).collect();
        near.dedup();
        if !near.is_empty() {
            return Self::Near(near);
        }
        if known.is_empty() && !is_table { Self::NoTableNamed } else { Self::All(known.to_vec()) }
    }
}

/// What a query tried that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SqlRefusal {
    Function(String),
    Pragma(String),
    Attach,
    Insert,
    Update,
    Delete,
    Transaction,
    Schema,
    Table(String),
}

impl fmt::Display for SqlRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(name) => write!(f, "the function {name} reaches further"),
            Self::Pragma(name) => write!(f, "PRAGMA {name} may set something"),
            Self::Attach => f.write_str("ATTACH and DETACH reach for files"),
            Self::Insert => f.write_str("this would insert or create something"),
            Self::Update => f.write_str("UPDATE changes rows"),
            Self::Delete => f.write_str("this would delete something"),
            Self::Transaction => f.write_str("BEGIN and its kind begin to write"),
            Self::Schema => f.write_str("this would create, change or drop something"),
            Self::Table(name) => write!(f, "the table {name} cannot be changed"),
        }
    }
}

impl Explain for SqlRefusal {
    fn message(&self) -> Message {
        let named = |id, name: &String| Message::new(id).text("name", name);
        match self {
            Self::Function(name) => named("sql-refused-function", name),
            Self::Pragma(name) => named("sql-refused-pragma", name),
            Self::Attach => Message::new("sql-refused-attach"),
            Self::Insert => Message::new("sql-refused-insert"),
            Self::Update => Message::new("sql-refused-update"),
            Self::Delete => Message::new("sql-refused-delete"),
            Self::Transaction => Message::new("sql-refused-transaction"),
            Self::Schema => Message::new("sql-refused-schema"),
            Self::Table(name) => named("sql-refused-table", name),
        }
    }
}

/// The table that a message of SQLite's says may not be modified.
pub(super) fn unmodifiable(said: &str) -> Option<SqlRefusal> {
    let name = said.strip_suffix(" may not be modified")?;
    Some(SqlRefusal::Table(name.trim_start_matches("table ").to_owned()))
}
