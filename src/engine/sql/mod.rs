//! Questions in SQL over a store's events, its streams and every projection, as of a moment.
//!
//! SQLite answers them, which is in the program anyway; DataFusion was ruled out by what it adds to the time of a build.
//! The tables are virtual: rows come out of the [`Store`] as a query wants them, so that what it does not name is not
//! read, a bound on a stream, a type or a place narrows what is, and a `LIMIT` ends it. The database that the query runs in
//! is in memory and empty.

mod events;
mod guard;
mod room;
mod states;
mod vtab;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Statement};
use serde_json::{Number, Value};

use super::as_of::unless_replaced;
use super::{EngineError, Ticket};
use crate::event::{Cursor, nearest};
use crate::index::{Budget, StoreMoment};
use crate::store::{Flow, Store, StoreError};
use guard::Guard;
use room::Room;

/// What is asked, and what it may cost.
#[derive(Clone, Debug, Default)]
pub struct SqlQuery {
    pub text: String,
    pub at: StoreMoment,
    pub budget: Budget,
    /// At most so many rows.
    pub limit: Option<u64>,
    pub within: Option<Duration>,
}

/// What was answered besides the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlAnswer {
    pub rows: u64,
    /// There are more.
    pub is_cut: bool,
    /// Up to where the store was read.
    pub read_to: Cursor,
}

/// A table that a query may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlTable {
    pub name: String,
    pub columns: Vec<String>,
}

/// Who takes the rows.
pub trait SqlRows {
    /// Before the first row. The names differ from one another.
    fn begin(&mut self, columns: &[String]);
    fn row(&mut self, values: Vec<Value>) -> Flow;
}

#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// SQLite does not take it; where in the text, if it says so.
    #[error("{message}")]
    Query { message: String, at: Option<Range<usize>> },
    #[error("a query only reads here, and {0}; write a SELECT")]
    Writes(String),
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

/// Answers a query, row by row.
pub fn sql(
    reader: &dyn Store,
    query: &SqlQuery,
    ticket: &Ticket,
    take: &mut dyn SqlRows,
) -> Result<SqlAnswer, SqlError> {
    let until = query.within.map(|within| Instant::now() + within);
    let mut desk = Desk::new(reader, query.at, query.budget, ticket, until)?;
    let answer = desk.run(reader, query, take);
    let answer = match answer {
        Err(_) if desk.room.is_too_late() => Err(SqlError::TooLong(query.within.unwrap_or_default())),
        Err(_) if ticket.is_cancelled() => Err(StoreError::Cancelled.into()),
        other => other,
    }?;
    unless_replaced(reader, &desk.room.end)?;
    Ok(answer)
}

/// The tables that a query of this store may name.
pub fn sql_tables(
    reader: &dyn Store,
    at: StoreMoment,
    budget: Budget,
    ticket: &Ticket,
) -> Result<Vec<SqlTable>, SqlError> {
    let mut desk = Desk::new(reader, at, budget, ticket, None)?;
    desk.add_states(reader)?;
    let mut tables = Vec::new();
    for name in desk.tables.clone() {
        let text = format!("SELECT name FROM pragma_table_xinfo('{name}')");
        let columns = desk.prepare(&text).and_then(|mut statement| {
            let names = statement.query_map([], |row| row.get(0)).and_then(Iterator::collect);
            names.map_err(|error| desk.said(error))
        });
        tables.push(SqlTable { columns: columns?, name });
    }
    Ok(tables)
}

/// A database for one query.
struct Desk {
    connection: Connection,
    guard: Guard,
    room: Arc<Room>,
    tables: Vec<String>,
    has_states: bool,
}

impl Desk {
    fn new(
        reader: &dyn Store,
        at: StoreMoment,
        budget: Budget,
        ticket: &Ticket,
        until: Option<Instant>,
    ) -> Result<Self, SqlError> {
        let room = Arc::new(Room::new(reader, at, budget, ticket, until)?);
        let failed = |error: Error| SqlError::Query { message: error.to_string(), at: None };
        let mut connection = Connection::open_in_memory().map_err(failed)?;
        let guard = Guard::set(&mut connection, &room).map_err(failed)?;
        let mut desk = Self { connection, guard, room, tables: Vec::new(), has_states: false };
        let (events, streams) = (events::Events(Arc::clone(&desk.room)), events::StreamList(Arc::clone(&desk.room)));
        desk.add("events", Arc::new(events))?;
        desk.add("streams", Arc::new(streams))?;
        Ok(desk)
    }

    fn add(&mut self, name: &str, table: Arc<dyn vtab::Table>) -> Result<(), SqlError> {
        vtab::add_table(&self.connection, name, table).map_err(|error| self.said(error))?;
        self.tables.push(name.to_owned());
        Ok(())
    }

    /// Which projections there are takes a look at each category: only for whoever names more than events and streams.
    fn add_states(&mut self, reader: &dyn Store) -> Result<(), SqlError> {
        if !std::mem::replace(&mut self.has_states, true) {
            for (name, table) in states::tables(&self.room, reader)? {
                self.add(&name, Arc::new(table))?;
            }
        }
        Ok(())
    }

    fn run(&mut self, reader: &dyn Store, query: &SqlQuery, take: &mut dyn SqlRows) -> Result<SqlAnswer, SqlError> {
        let text = &query.text;
        if self.prepare(text).is_err_and(|error| error.names_no_table()) {
            self.add_states(reader)?;
        }
        let mut statement = self.prepare(text)?;
        if statement.column_count() == 0 {
            return Err(SqlError::Nothing);
        }
        take.begin(&names(&statement));
        let count = statement.column_count();
        let mut rows = statement.query([]).map_err(|error| self.said(error))?;
        let mut answer = SqlAnswer { rows: 0, is_cut: false, read_to: self.room.end.clone() };
        while let Some(row) = rows.next().map_err(|error| self.said(error))? {
            if query.limit.is_some_and(|limit| answer.rows >= limit) {
                answer.is_cut = true;
                break;
            }
            let values = (0..count).map(|column| row.get_ref(column).map_or(Value::Null, json_of)).collect();
            answer.rows += 1;
            if take.row(values).is_break() {
                break;
            }
        }
        Ok(answer)
    }

    fn prepare(&self, text: &str) -> Result<Statement<'_>, SqlError> {
        self.connection.prepare(text).map_err(|error| self.said(error))
    }

    /// What SQLite says of a query, in the words of whoever asked.
    fn said(&self, error: Error) -> SqlError {
        if let Some(failed) = self.room.take_failed() {
            return failed.into();
        }
        if let Some(refused) = self.guard.take_refused() {
            return SqlError::Writes(refused);
        }
        match error {
            Error::MultipleStatement => SqlError::Several,
            Error::SqlInputError { msg, .. } if msg.ends_with("may not be modified") => SqlError::Writes(msg),
            Error::SqlInputError { msg, sql, offset, .. } => {
                let at = usize::try_from(offset).ok().map(|start| start..start + word_at(&sql, start));
                SqlError::Query { message: self.with_hint(&msg), at }
            }
            Error::SqliteFailure(_, Some(said)) if said.ends_with("may not be modified") => SqlError::Writes(said),
            Error::SqliteFailure(_, Some(said)) => SqlError::Query { message: self.with_hint(&said), at: None },
            other => SqlError::Query { message: other.to_string(), at: None },
        }
    }

    /// Offers names that look like one that is not there.
    fn with_hint(&self, said: &str) -> String {
        let known: Vec<String>;
        let name = |name: &str| name.rsplit('.').next().unwrap_or_default().trim_matches('"').to_owned();
        let (wrong, kind) = if let Some(table) = said.strip_prefix("no such table: ") {
            known = self.tables.clone();
            (name(table), "tables")
        } else if let Some(column) = said.strip_prefix("no such column: ") {
            if let Some((text, _)) = column.split_once(" - should this be") {
                return format!("there is no column {text}; text stands in single quotation marks: '{}'", name(text));
            }
            known = self.room.named_columns();
            (name(column), "columns")
        } else {
            return said.to_owned();
        };
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let mut near = nearest(&wrong, &known);
        near.dedup();
        let hint = match (near.as_slice(), kind) {
            ([], "tables") => format!("there are {}", known.join(", ")),
            ([], _) if known.is_empty() => "no table is named".to_owned(),
            ([], _) => format!("there are {}", known.join(", ")),
            (near, _) => format!("did you mean {}?", near.join(" or ")),
        };
        format!("{said}; {hint}")
    }
}

impl SqlError {
    fn names_no_table(&self) -> bool {
        matches!(self, Self::Query { message, .. } if message.starts_with("no such table: "))
    }
}

/// The letters of the word that begins there.
fn word_at(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    end.max(rest.chars().next().map_or(0, char::len_utf8))
}

/// What stands above the columns, each name once.
fn names(statement: &Statement<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in statement.column_names() {
        let mut candidate = name.to_owned();
        let mut number = 2;
        while names.contains(&candidate) {
            candidate = format!("{name}_{number}");
            number += 1;
        }
        names.push(candidate);
    }
    names
}

fn json_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")).into(),
    }
}
