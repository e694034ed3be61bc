//! Where a projection is kept as a table that other programs read: a SQLite file of its own, or a table in PostgreSQL.
//! Its rows and the place in the store up to which they stand are written in one transaction, so that a program that is
//! killed leaves what was there before, or all of it.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, Flow, Source, StoreError};
use crate::event::{EventId, Explain, Message, Position, StreamId, Version};

/// The version of how tables are kept, besides what stands in them.
pub(super) const FORMAT: i64 = 1;

/// The table that says of each read model how far it has come, and the one with what goes on from there.
pub(super) const HEADS: &str = "foldline_models";
pub(super) const KEPT: &str = "foldline_kept";

/// The table that says of each part of a read model how far it has come, where several write to it.
pub(super) const PARTS: &str = "foldline_parts";

/// The file or the server, and the table there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPlace {
    pub source: Source,
    /// As it was named; perhaps with its schema.
    pub table: Option<String>,
}

impl ModelPlace {
    /// `FILE.db`, `FILE.db#TABLE`, `postgres://…` or `postgres://…#TABLE`. Nothing behind the sign is a table without a
    /// name, which is refused when it is asked for.
    pub fn parse_os(name: &OsStr) -> Self {
        if let Some(text) = name.to_str().filter(|text| !Path::new(text).exists())
            && let Some((place, table)) = text.rsplit_once('#')
            && !place.is_empty()
        {
            return Self { source: Source::parse(place), table: Some(table.to_owned()) };
        }
        Self { source: Source::parse_os(name), table: None }
    }

    /// With this table where none was named.
    #[must_use]
    pub fn or_table(mut self, table: &str) -> Self {
        self.table.get_or_insert_with(|| table.to_owned());
        self
    }

    pub(super) fn table(&self) -> &str {
        self.table.as_deref().unwrap_or("state")
    }
}

impl fmt::Display for ModelPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        self.table.as_ref().map_or(Ok(()), |table| write!(f, "#{table}"))
    }
}

/// What a column holds. SQLite takes anything anywhere; PostgreSQL wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Nothing was ever there.
    Empty,
    Bool,
    Integer,
    Number,
    Json,
    Text,
}

impl ColumnKind {
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Empty,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_i64() => Self::Integer,
            Value::Number(_) => Self::Number,
            // A letter that PostgreSQL has no place for.
            Value::Array(_) | Value::Object(_) if value.to_string().contains("\\u0000") => Self::Text,
            Value::Array(_) | Value::Object(_) => Self::Json,
            Value::String(_) => Self::Text,
        }
    }

    /// What takes both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Empty, kind) | (kind, Self::Empty) => kind,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            _ => Self::Text,
        }
    }

    pub fn takes(self, value: &Value) -> bool {
        value.is_null() || self.and(Self::of(value)) == self
    }
}

/// A column of a read model, besides the stream, its version and its last time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelColumn {
    pub name: String,
    /// Where its value stands in a state.
    pub path: String,
    pub kind: ColumnKind,
}

impl ModelColumn {
    /// What stands in it, in rows that were there before it: of what has no column of its own, that there was nothing.
    pub(super) fn default(&self) -> &'static str {
        if self.path.is_empty() { " DEFAULT '{}'" } else { "" }
    }
}

/// What a read model says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelHead {
    /// Of what it is made; another one makes other rows.
    pub definition: String,
    pub columns: Vec<ModelColumn>,
    /// The store, for people.
    pub source: String,
    /// The last event that is in it; nothing where the store keeps no order, or was empty.
    pub place: Option<(Position, EventId)>,
}

#[derive(Clone, Debug)]
pub struct ModelRow {
    pub stream: StreamId,
    pub version: Version,
    pub recorded_at: Option<String>,
    /// One for each column.
    pub values: Vec<Value>,
    /// What a fold goes on from, where reading the stream again would be dear.
    pub kept: Option<String>,
}

/// A part of a read model that several write to, and the last event that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPart {
    pub number: u32,
    pub place: (Position, EventId),
}

/// A row as a read model holds it: its version, and what a fold goes on from with the version of that.
pub type KeptRow = (Version, Option<(Version, String)>);

/// A table while it is being written, all of it or nothing.
pub trait ReadModel {
    /// `None` where there is no such table yet. One that is somebody else's is refused.
    fn head(&mut self) -> Result<Option<ModelHead>, ModelError>;

    /// Empties it, and gives it these columns.
    fn make(&mut self, columns: &[ModelColumn]) -> Result<(), ModelError>;

    fn add_column(&mut self, column: &ModelColumn) -> Result<(), ModelError>;

    /// Makes room in a column for values of its kind, which it had none of before.
    fn widen_column(&mut self, column: &ModelColumn) -> Result<(), ModelError>;

    /// Puts rows in the place of those of the same streams. One of a later version stays.
    fn put(&mut self, columns: &[ModelColumn], rows: &[ModelRow]) -> Result<(), ModelError>;

    /// How far a stream has come in it.
    fn version(&mut self, stream: &StreamId) -> Result<Option<Version>, ModelError>;

    fn kept(&mut self, stream: &StreamId) -> Result<Option<(Version, String)>, ModelError>;

    /// What is held of these streams. One that is not there is left out.
    fn held(&mut self, streams: &[StreamId]) -> Result<Vec<(StreamId, KeptRow)>, ModelError> {
        let mut held = Vec::new();
        for stream in streams {
            if let Some(version) = self.version(stream)? {
                held.push((stream.clone(), (version, self.kept(stream)?)));
            }
        }
        Ok(held)
    }

    fn parts(&mut self) -> Result<Vec<ModelPart>, ModelError>;

    fn set_parts(&mut self, parts: &[ModelPart]) -> Result<(), ModelError>;

    fn rows(&mut self) -> Result<u64, ModelError>;

    fn set_head(&mut self, head: &ModelHead) -> Result<(), ModelError>;
}

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error(
        "{0}: this is the store itself, and a read model never goes into one; name a file of its own with --into FILE.db"
    )]
    IsStore(String),
    #[error(
        "{0}: this is no file of read models that Foldline made, so it is left alone; name one that is not there yet"
    )]
    NotOurs(String),
    #[error("{place}: the table {table} is there already, and Foldline did not make it; name another after a #")]
    TableTaken { place: String, table: String },
    #[error(
        "{place}: the table {there} is there already, and SQLite does not tell {table} from it, which differs by upper and lower case alone; name another after a #"
    )]
    SameButCase { place: String, table: String, there: String },
    #[error("{0}: no table can have this name; write one after the #, or leave the # out")]
    NoName(String),
    #[error("{0}: a table of this name would be taken for one of Foldline's or SQLite's own; name another after the #")]
    Reserved(String),
    #[error("{place}: there is no table {table}{}", hint(near))]
    NoTable { place: String, table: String, near: String },
    #[error("{place}: the table {table} has no column {column}; it has {known}")]
    NoColumn { place: String, table: String, column: String, known: String },
    #[error("{0}: this read model was made by a newer Foldline; update Foldline, or name another table")]
    Newer(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for ModelError {
    fn message(&self) -> Message {
        let of = |id, place: &String| Message::new(id).text("place", place);
        match self {
            Self::IsStore(place) => of("model-is-store", place),
            Self::NotOurs(place) => of("model-not-ours", place),
            Self::TableTaken { place, table } => of("model-table-taken", place).text("table", table),
            Self::SameButCase { place, table, there } => {
                of("model-same-but-case", place).text("table", table).text("there", there)
            }
            Self::NoName(place) => of("model-no-name", place),
            Self::Reserved(place) => of("model-reserved", place),
            Self::NoTable { place, table, near } if near.is_empty() => of("model-no-table", place).text("table", table),
            Self::NoTable { place, table, near } => {
                of("model-no-table-near", place).text("table", table).text("near", near)
            }
            Self::NoColumn { place, table, column, known } => {
                of("model-no-column", place).text("table", table).text("column", column).text("known", known)
            }
            Self::Newer(place) => of("model-newer", place),
            Self::Store(error) => error.message(),
        }
    }
}

fn hint(near: &str) -> String {
    if near.is_empty() { String::new() } else { format!("; there are {near}") }
}

/// Writes to a read model, all or nothing. What `source` is, is never written to.
pub fn write_model<T, E: From<ModelError>>(
    place: &ModelPlace,
    source: &Source,
    work: &mut dyn FnMut(&mut dyn ReadModel) -> Result<T, E>,
) -> Result<T, E> {
    unless_nameless(place)?;
    let table = place.table().rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if table.starts_with("foldline_") || table.starts_with("sqlite_") || table.starts_with("pg_") {
        return Err(ModelError::Reserved(place.to_string()).into());
    }
    match &place.source {
        Source::File(path) => super::sqlite::write_model(path, place, source, work),
        Source::Server(address) => super::postgres::write_model(address, place, work),
    }
}

/// Refuses a name that no table can have, or none that anybody could see.
fn unless_nameless(place: &ModelPlace) -> Result<(), ModelError> {
    let table = place.table();
    let is_name = !table.trim().is_empty() && !table.contains(char::is_control);
    if is_name { Ok(()) } else { Err(ModelError::NoName(place.to_string().escape_debug().to_string())) }
}

/// What was made of a read model, looked at without changing anything; `None` where the table is somebody else's.
pub fn model_head(place: &ModelPlace) -> Result<Option<ModelHead>, ModelError> {
    unless_nameless(place)?;
    let mut heads = Vec::new();
    let texts = ["definition", "columns", "source", "position", "event", "model"];
    let wanted: Vec<String> = texts.iter().map(|name| (*name).to_owned()).collect();
    let heads_place = ModelPlace { source: place.source.clone(), table: Some(beside(place.table(), HEADS)) };
    let own = place.table().rsplit('.').next().unwrap_or_default().to_owned();
    let read = read_table(&heads_place, &wanted, &mut |values| {
        if let [definition, columns, source, position, event, model] = values
            && text(model) == own
        {
            heads.push((text(definition), text(columns), text(source), position.as_u64(), text(event)));
        }
        Flow::Continue(())
    });
    match read {
        Err(ModelError::NoTable { .. }) => return Ok(None),
        other => other?,
    }
    Ok(heads.pop().and_then(|(definition, columns, source, position, event)| {
        let columns = serde_json::from_str(&columns).ok()?;
        let place = position.map(|position| (Position(position), EventId::new(&event)));
        Some(ModelHead { definition, columns, source, place })
    }))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The table of this name in the schema of another.
pub(super) fn beside(table: &str, name: &str) -> String {
    table.rsplit_once('.').map_or_else(|| name.to_owned(), |(schema, _)| format!("{schema}.{name}"))
}

/// Every row of any table, as JSON values, until the visitor has seen enough; without changing anything.
pub fn read_table(
    place: &ModelPlace,
    columns: &[String],
    visit: &mut dyn FnMut(&[Value]) -> Flow,
) -> Result<(), ModelError> {
    unless_nameless(place)?;
    match &place.source {
        Source::File(path) => super::sqlite::read_table(path, place, columns, visit),
        Source::Server(address) => super::postgres::read_table(address, place, columns, visit),
    }
}

/// A text as it comes back from a table there: a server has no place for every letter.
pub fn same_as_kept(place: &ModelPlace, text: &str) -> String {
    match &place.source {
        Source::File(_) => text.to_owned(),
        Source::Server(_) => super::postgres::storable(text),
    }
}

/// As [`ModelPlace`]s of a server are held together.
pub(super) fn address_and_table(address: &Address, table: &str) -> String {
    format!("{address}#{table}")
}
