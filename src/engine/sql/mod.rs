//! Questions in SQL over a store's events, its streams and every projection, as of a moment.
//!
//! SQLite answers them, which is in the program anyway; DataFusion was ruled out by what it adds to the time of a build.
//! The tables are virtual: rows come out of the [`Store`] as a query wants them, so that what it does not name is not
//! read, a bound on a stream, a type or a place narrows what is, and a `LIMIT` ends it. The database that the query runs in
//! is in memory and empty.

mod events;
mod export;
mod flaw;
mod guard;
mod room;
mod states;
mod streams;
mod vtab;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, ErrorCode, Statement};
use serde_json::{Number, Value};

use super::Ticket;
use super::as_of::unless_replaced;
use crate::event::Cursor;
use crate::index::{Budget, StoreMoment};
use crate::replay::Failures;
use crate::store::{Flow, Store, StoreError, sqlite_temporary_folder};
pub use export::write_sql;
use flaw::unmodifiable;
pub use flaw::{SqlError, SqlFlaw, SqlHint, SqlRefusal};
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
    /// What a user's own projection failed on, among the states that were looked at.
    pub failures: Failures,
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
        let failed = |error: Error| SqlError::Query { flaw: SqlFlaw::Other(error.to_string()), at: None };
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
        let mut answer =
            SqlAnswer { rows: 0, is_cut: false, read_to: self.room.end.clone(), failures: Failures::default() };
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
        answer.failures = self.room.failures();
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
        // Nothing of the store lies in this database: it is what SQLite puts in order, or keeps for later.
        if let Some(ErrorCode::DiskFull | ErrorCode::DatabaseCorrupt) = error.sqlite_error_code() {
            return StoreError::from_temporary(&sqlite_temporary_folder(), error).into();
        }
        let flaw = |said: &str| SqlFlaw::of(said, &self.tables, || self.room.named_columns());
        match error {
            Error::MultipleStatement => SqlError::Several,
            Error::SqlInputError { msg, sql, offset, .. } => {
                if let Some(refused) = unmodifiable(&msg) {
                    return SqlError::Writes(refused);
                }
                let at = usize::try_from(offset).ok().map(|start| start..start + word_at(&sql, start));
                SqlError::Query { flaw: flaw(&msg), at }
            }
            Error::SqliteFailure(_, Some(said)) => match unmodifiable(&said) {
                Some(refused) => SqlError::Writes(refused),
                None => SqlError::Query { flaw: flaw(&said), at: None },
            },
            other => SqlError::Query { flaw: SqlFlaw::Other(other.to_string()), at: None },
        }
    }
}

impl SqlError {
    fn names_no_table(&self) -> bool {
        matches!(self, Self::Query { flaw, .. } if flaw.is_of_table())
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
