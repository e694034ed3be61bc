//! What a framework is to Foldline: all that is particular to one, as data and functions. Its folder holds its
//! [`Rules`]; whatever reads, appends or checks is the same for all.

use super::catalogue::{Catalogue, Dialect, Table, quote};
use super::layout::Layout;
use super::naming;
use super::writing::{Example, Shaped};
use crate::event::{NewEvent, StreamId, Version};
use crate::store::postgres::Client;
use crate::store::{AppendError, Framework, ReadOnlyReason};

/// All that is particular to one framework.
#[derive(Debug)]
pub(in crate::store) struct Rules {
    pub(in crate::store) framework: Framework,
    /// The meaning of a table of events, told by its columns and keys: one function for each way in which the
    /// framework ever laid out its tables.
    pub(super) recognise: &'static [fn(&Catalogue, &Table) -> Option<Layout>],
    pub(in crate::store) appends: Appends,
    /// The channel of PostgreSQL that it notifies when events have been recorded in this table.
    pub(super) notifies: Option<fn(&Table) -> String>,
}

#[derive(Debug)]
pub(in crate::store) enum Appends {
    By(&'static AppendRules),
    /// And why.
    Never(ReadOnlyReason),
}

/// Of most frameworks.
pub(super) const ONLY_THE_APPLICATION: Appends = Appends::Never(ReadOnlyReason::RulesOutside);

type Shape = fn(Shaped, Option<&Example>, &NewEvent) -> Result<Shaped, AppendError>;

/// How the framework itself would have recorded an event.
#[derive(Debug)]
pub(in crate::store) struct AppendRules {
    /// The event in the shape in which the framework stores one, after an example from the same stream; `None` where it
    /// is stored as it is given.
    pub(super) shape: Option<Shape>,
    /// An event's type is a class of the application's, which cannot read an aggregate with any other in it.
    pub(super) types_are_classes: bool,
    pub(in crate::store) sqlite: Option<SqliteRules>,
    pub(in crate::store) postgres: Option<PostgresRules>,
}

/// The statement for a stream's newest event as it is stored, bound to the parts of the stream's name: type, payload,
/// schema.
type ExampleSql = fn(&Table) -> String;

#[derive(Debug)]
pub(in crate::store) struct SqliteRules {
    pub(in crate::store) example: Option<ExampleSql>,
    /// Writes inside a transaction that holds the file's lock. Says `false` where another came first.
    pub(in crate::store) write: fn(&Append<'_>, &rusqlite::Connection, &[Shaped]) -> rusqlite::Result<bool>,
}

#[derive(Debug)]
pub(in crate::store) struct PostgresRules {
    pub(in crate::store) example: Option<ExampleSql>,
    /// Writes inside a transaction. Says `false` where another came first.
    pub(in crate::store) write: fn(&Append<'_>, &mut Client, &[Shaped]) -> Result<bool, tokio_postgres::Error>,
    /// The rights that an append needs of the table of events.
    pub(in crate::store) rights: &'static [&'static str],
}

/// One append, as the table it goes to needs it.
#[derive(Debug)]
pub(in crate::store) struct Append<'a> {
    pub(in crate::store) table: &'a Table,
    pub(in crate::store) stream: &'a StreamId,
    /// Before this append.
    pub(in crate::store) last: Option<Version>,
    /// Of its first event.
    pub(in crate::store) first: Version,
}

impl Append<'_> {
    /// The events with their versions, as databases take them.
    pub(super) fn numbered<'e>(&self, events: &'e [Shaped]) -> impl Iterator<Item = (&'e Shaped, i64)> {
        events.iter().zip(self.first.0 as i64..)
    }

    /// The columns that name the stream; `None` where its name has not as many parts.
    pub(in crate::store) fn key<const COUNT: usize>(&self) -> Option<[String; COUNT]> {
        naming::parts_of(self.stream.as_str(), COUNT)?.try_into().ok()
    }
}

impl AppendRules {
    pub(super) fn reaches(&self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Sqlite => self.sqlite.is_some(),
            Dialect::Postgres => self.postgres.is_some(),
        }
    }
}

impl Layout {
    /// The rules of whoever wrote these tables; `None` for mapped ones.
    fn rules(&self) -> Option<&'static Rules> {
        super::ALL.iter().find(|rules| rules.framework == self.framework).copied()
    }

    /// How to append here as the framework would.
    pub(in crate::store) fn append_rules(&self) -> Option<&'static AppendRules> {
        match &self.rules()?.appends {
            Appends::By(rules) if rules.reaches(self.dialect) => Some(rules),
            _ => None,
        }
    }

    /// On which channel PostgreSQL tells that events have been recorded; `None` where the framework tells nobody.
    pub(in crate::store) fn channel(&self, table: &Table) -> Option<String> {
        Some(self.rules()?.notifies?(table))
    }

    /// Why nothing can be appended to such tables; `None` where it can.
    pub(in crate::store) fn why_read_only(&self) -> Option<ReadOnlyReason> {
        match self.rules().map(|rules| &rules.appends) {
            _ if self.append_rules().is_some() => None,
            Some(Appends::Never(reason)) => Some(*reason),
            Some(Appends::By(_)) => Some(ReadOnlyReason::RulesOutside),
            None => self.read_only,
        }
    }
}

impl Append<'_> {
    /// For a framework's own functions, which name their tables without a schema.
    pub(super) fn look_into_schema(&self, to: &mut Client) -> Result<(), tokio_postgres::Error> {
        match &self.table.schema {
            Some(schema) => to.batch_execute(&format!("SET LOCAL search_path = {}, public", quote(schema))),
            None => Ok(()),
        }
    }
}
