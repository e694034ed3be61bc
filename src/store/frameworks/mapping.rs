//! A table that nobody declared, read by what its user says of its columns.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};

use super::catalogue::{Catalogue, Dialect, Expr, Table};
use super::layout::{
    Category, ColumnPart, Layout, MetadataPart, MetadataText, SaidAt, SaidIn, Time, TimeUnit, Unnumbered, counted,
};
use super::places::split_place;
use super::recognise::{Recognised, recognise};
use crate::store::{Framework, LONGEST_OPTION, Notice, ReadOnlyReason, read_text};

/// Which table holds events, and what its columns mean. Kept as JSON. With a table alone, it chooses among several
/// that a framework wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// A table or a view.
    pub table: String,
    /// The column, or columns, that say whose event it is.
    #[serde(default, deserialize_with = "one_or_many")]
    pub stream: Vec<String>,
    /// Without one, the events of a stream are numbered in the order of their position or time.
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default = "one")]
    pub version_base: u64,
    #[serde(default = "one")]
    pub version_step: u64,
    #[serde(default, rename = "type")]
    pub event_type: Option<String>,
    /// A column, or a place inside of one, written `body.data`.
    #[serde(default)]
    pub payload: Option<String>,
    #[serde(default)]
    pub time: Option<String>,
    #[serde(default)]
    pub time_unit: TimeUnit,
    /// As the payload. The payload's own column is what stands around the payload there.
    #[serde(default, deserialize_with = "one_or_many")]
    pub metadata: Vec<String>,
    #[serde(default)]
    pub id: Option<String>,
    /// The order of the whole store.
    #[serde(default)]
    pub position: Option<String>,
    #[serde(default)]
    pub category: Option<String>,
    /// The shape that an event has.
    #[serde(default)]
    pub schema: Option<String>,
    /// Who recorded the event: a column, or a place inside of one, written `payload.user` or `metadata.user.name`.
    #[serde(default)]
    pub author: Option<String>,
    /// Why. As the author.
    #[serde(default)]
    pub reason: Option<String>,
    /// What it belongs together with. As the author.
    #[serde(default)]
    pub correlation: Option<String>,
    /// The event that led to it. As the author.
    #[serde(default)]
    pub causation: Option<String>,
    /// No more than the table's first rows are read, for whoever only tries a mapping.
    #[serde(skip)]
    pub first_rows: Option<u64>,
}

fn one() -> u64 {
    1
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        One(String),
        Many(Vec<String>),
        None,
    }
    Ok(match Names::deserialize(deserializer)? {
        Names::One(name) => vec![name],
        Names::Many(names) => names,
        Names::None => Vec::new(),
    })
}

/// What is wrong with a mapping. Each names the place and what could stand there.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    #[error("{}: the mapping cannot be read: {detail}; `foldline map STORE` prints one to begin with", path.display())]
    Unreadable { path: PathBuf, detail: String },
    #[error("there is no table {asked}; the store has {known}")]
    NoTable { asked: String, known: String },
    #[error("there is no column {asked} in {table}, which the mapping names as its {role}; it has {known}")]
    NoColumn { asked: String, role: &'static str, table: String, known: String },
    #[error("which column says whose event each row of {table} is? Name it as \"stream\"")]
    NoStream { table: String },
    #[error(
        "the first rows of {table} were not there within {seconds} s; if it is a view, map the table that it reads"
    )]
    TooSlow { table: String, seconds: u64 },
}

impl Mapping {
    pub fn read(path: &Path) -> Result<Self, MappingError> {
        let unreadable = |detail: String| MappingError::Unreadable { path: path.to_owned(), detail };
        let text = read_text(path, LONGEST_OPTION).map_err(|error| unreadable(error.to_string()))?;
        Self::parse(&text).map_err(|error| unreadable(error.to_string()))
    }

    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text.trim_start_matches('\u{feff}'))
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// What the mapped table means.
    pub fn layout(&self, catalogue: &Catalogue) -> Result<Layout, MappingError> {
        let table = catalogue.table(&self.table).ok_or_else(|| MappingError::NoTable {
            asked: self.table.clone(),
            known: listed(catalogue.tables.iter().map(Table::full_name)),
        })?;
        if self.stream.is_empty() {
            let mut layout = known_table(catalogue, table)?;
            self.say(&mut layout, table, "e")?;
            if let Some(unnumbered) = &mut layout.unnumbered {
                unnumbered.layout.said.clone_from(&layout.said);
            }
            return Ok(layout);
        }
        let from = format!("{} e", self.rows_of(table));
        let Some(version) = &self.version else {
            let order = self.order(catalogue, table, "e")?;
            let stream = columns(table, "e", "stream", &self.stream)?;
            let stream: Vec<&Expr> = stream.iter().collect();
            let from = counted(&from, &with_rowid(table), &stream, &order, self.version_base);
            return self.read_from(catalogue, table, "counted", from, Expr::number("counted.foldline_version"));
        };
        let number = column(table, "e", "version", version)?;
        let mut layout = self.read_from(catalogue, table, "e", from.clone(), as_number(catalogue.dialect, &number))?;
        layout.heed_keys(table);
        let stream: Vec<&Expr> = layout.stream.iter().collect();
        let order = self.order(catalogue, table, "e")?;
        let numbered = counted(&from, &with_rowid(table), &stream, &order, self.version_base);
        let own = or_null(catalogue.dialect, &column(table, "counted", "version", version)?);
        let either = Expr::number(format!("coalesce({}, counted.foldline_version)", own.sql));
        let mut counted_layout = self.read_from(catalogue, table, "counted", numbered, either)?;
        counted_layout.notice = Some(Notice::NumberedWhereMissing(version.clone()));
        let row = format!("{} IS NULL", or_null(catalogue.dialect, &number).sql);
        if number.is_number() && is_required(catalogue.dialect, table, version) {
            return Ok(layout);
        }
        let unnumbered = Unnumbered {
            probe: format!("SELECT 1 FROM {from} WHERE {row} LIMIT 1"),
            row,
            is_position_indexed: match &self.position {
                Some(position) => table.unique_keys.iter().any(|key| key.first() == Some(position)),
                None => layout.position.is_some(),
            },
            is_outside_counted: true,
            layout: counted_layout,
        };
        Ok(Layout { unnumbered: Some(Box::new(unnumbered)), ..layout })
    }

    fn read_from(
        &self,
        catalogue: &Catalogue,
        table: &Table,
        alias: &str,
        from: String,
        version: Expr,
    ) -> Result<Layout, MappingError> {
        let maybe =
            |role, name: &Option<String>| name.as_ref().map(|name| column(table, alias, role, name)).transpose();
        let event_type = maybe("type", &self.event_type)?.unwrap_or_else(|| Expr::text("'event'"));
        let mut layout = Layout::new(Framework::MAPPED, catalogue.dialect, table.full_name(), from, event_type);
        layout.stream = columns(table, alias, "stream", &self.stream)?;
        layout.version = version;
        layout.version_base = self.version_base;
        layout.version_step = self.version_step.max(1);
        layout.category = match maybe("category", &self.category)? {
            Some(column) => Category::Column(column),
            None if self.stream.len() > 1 => Category::Column(layout.stream[0].clone()),
            None => Category::Before { mark: '-', otherwise: None },
        };
        if let Some(payload) = &self.payload {
            (layout.payload, layout.payload_path) = inside(table, alias, "payload", payload)?;
        }
        layout.schema = maybe("schema", &self.schema)?;
        layout.id = maybe("id", &self.id)?;
        layout.time = match maybe("time", &self.time)? {
            Some(expr) => Time::Column { expr, unit: self.time_unit },
            None => Time::None,
        };
        layout.position = match maybe("position", &self.position)? {
            Some(column) => Some(as_number(catalogue.dialect, &column)),
            None => rowid(table, alias),
        };
        layout.metadata = match self.metadata.as_slice() {
            [whole] => vec![MetadataPart { field: None, ..metadata_part(table, alias, whole, &layout)? }],
            names => names.iter().map(|name| metadata_part(table, alias, name, &layout)).collect::<Result<_, _>>()?,
        };
        if self.metadata.len() == 1 {
            layout.metadata_text = MetadataText::Author;
        }
        self.say(&mut layout, table, alias)?;
        layout.read_only = Some(ReadOnlyReason::Mapping);
        Ok(layout)
    }

    /// Where each thing is that is said around an event: its name in metadata, its role, and the place.
    fn around(&self) -> [(&'static str, &'static str, &Option<String>); 4] {
        [
            ("actor", "author", &self.author),
            ("reason", "reason", &self.reason),
            ("correlation-id", "correlation", &self.correlation),
            ("causation-id", "causation", &self.causation),
        ]
    }

    /// Adds to a layout where the mapping finds what is said around an event.
    fn say(&self, layout: &mut Layout, table: &Table, alias: &str) -> Result<(), MappingError> {
        for (field, role, place) in self.around() {
            let Some(place) = place else { continue };
            let path = |prefix| {
                let path = place.strip_prefix(prefix)?.split('.').map(str::to_owned).collect::<Vec<_>>();
                path.iter().all(|name| !name.is_empty()).then_some(path)
            };
            let part = if table.column(place).is_some() {
                None
            } else if let Some(path) = path("payload.") {
                Some((SaidIn::Payload, path))
            } else {
                path("metadata.").filter(|_| !layout.metadata.is_empty()).map(|path| (SaidIn::Metadata, path))
            };
            layout.said.retain(|said| said.field != field);
            match part {
                // It has this name there already.
                Some((SaidIn::Metadata, path)) if path == [field] => {}
                Some((part, path)) => layout.said.push(SaidAt { field, part, path }),
                None => {
                    let expr = column(table, alias, role, place)?;
                    layout.metadata.retain(|part| part.field.as_deref() != Some(field));
                    layout.metadata.extend(MetadataPart::field(field, Some(expr)));
                }
            }
        }
        Ok(())
    }

    /// The table, or its first rows under the names that it has them by.
    fn rows_of(&self, table: &Table) -> String {
        let Some(count) = self.first_rows else { return table.quoted() };
        let rowid = table.rowid("rows").map(|rowid| {
            let name = rowid.sql.trim_start_matches("rows.").to_owned();
            format!(", {} AS {name}", rowid.sql)
        });
        format!("(SELECT rows.*{} FROM {} rows LIMIT {count})", rowid.unwrap_or_default(), table.quoted())
    }

    /// The order in which events that have no number are counted.
    fn order(&self, catalogue: &Catalogue, table: &Table, alias: &str) -> Result<String, MappingError> {
        let of = |role, name: &Option<String>| name.as_ref().map(|name| column(table, alias, role, name)).transpose();
        let rowid = (catalogue.dialect == Dialect::Sqlite).then(|| table.rowid(alias)).flatten();
        let order: Vec<String> = [of("position", &self.position)?, of("time", &self.time)?, rowid]
            .into_iter()
            .flatten()
            .map(|expr| expr.sql)
            .collect();
        Ok(if order.is_empty() { "1".to_owned() } else { order.join(", ") })
    }
}

fn columns(table: &Table, alias: &str, role: &'static str, names: &[String]) -> Result<Vec<Expr>, MappingError> {
    names.iter().map(|name| column(table, alias, role, name)).collect()
}

fn column(table: &Table, alias: &str, role: &'static str, name: &str) -> Result<Expr, MappingError> {
    table.maybe(alias, name).ok_or_else(|| MappingError::NoColumn {
        asked: name.to_owned(),
        role,
        table: table.full_name(),
        known: listed(table.columns.iter().map(|column| column.name.clone())),
    })
}

/// A column, and where in it is meant.
fn inside(table: &Table, alias: &str, role: &'static str, place: &str) -> Result<(Expr, Vec<String>), MappingError> {
    let (name, path) = split_place(place, |name| table.column(name).is_some()).unwrap_or((place, Vec::new()));
    Ok((column(table, alias, role, name)?, path.into_iter().map(str::to_owned).collect()))
}

fn metadata_part(table: &Table, alias: &str, place: &str, layout: &Layout) -> Result<MetadataPart, MappingError> {
    let (expr, path) = inside(table, alias, "metadata", place)?;
    let field = path.last().map_or(place, String::as_str).to_owned();
    let part = match path.is_empty() {
        true if expr == layout.payload && !layout.payload_path.is_empty() => {
            ColumnPart::Around(layout.payload_path.clone())
        }
        true => ColumnPart::Whole,
        false => ColumnPart::At(path),
    };
    Ok(MetadataPart { field: Some(field), expr, part })
}

/// Inside a counted table, the row's own number goes by a name of its own.
fn with_rowid(table: &Table) -> String {
    table.rowid("e").map_or_else(|| "e.*".to_owned(), |rowid| format!("e.*, {} AS foldline_row", rowid.sql))
}

fn rowid(table: &Table, alias: &str) -> Option<Expr> {
    let rowid = table.rowid(alias)?;
    Some(if alias == "counted" { Expr::number("counted.foldline_row") } else { rowid })
}

/// Whether each row holds a number there, by the database's own word. SQLite's columns hold what was put in.
fn is_required(dialect: Dialect, table: &Table, name: &str) -> bool {
    dialect == Dialect::Postgres && table.column(name).is_some_and(|column| column.is_required)
}

/// The column as a whole number. One that is declared as such stays as it is, so that an index on it serves.
fn as_number(dialect: Dialect, column: &Expr) -> Expr {
    if column.is_number() { column.clone() } else { or_null(dialect, column) }
}

/// The column as a whole number; NULL for what is none, so that one odd row is counted instead of refusing them all.
fn or_null(dialect: Dialect, column: &Expr) -> Expr {
    let Expr { sql, declared } = column;
    if dialect == Dialect::Sqlite {
        // A column may hold anything there, whatever it is declared as; and `CAST` makes 0 of any text.
        return Expr::number(format!("CASE WHEN {sql} = CAST({sql} AS integer) THEN CAST({sql} AS integer) END"));
    }
    if column.is_number() {
        return column.clone();
    }
    let is_counting = ["numeric", "real", "double precision"].contains(&declared.as_str());
    let is_whole = if is_counting {
        // NaN is larger than any number.
        format!("{sql} BETWEEN -9e18 AND 9e18")
    } else {
        format!("({sql})::text ~ '^\\s*[+-]?\\d{{1,18}}\\s*$'")
    };
    Expr::number(format!("CASE WHEN {is_whole} THEN CAST({sql} AS text)::numeric::bigint END"))
}

fn known_table(catalogue: &Catalogue, table: &Table) -> Result<Layout, MappingError> {
    let layouts = match recognise(catalogue) {
        Recognised::One(layout) => vec![layout],
        Recognised::Several(layouts) => layouts,
        Recognised::Nothing => Vec::new(),
    };
    let name = table.full_name();
    layouts.into_iter().find(|layout| layout.table == name).ok_or(MappingError::NoStream { table: name })
}

/// As much of a name as tells it from others: it may have thousands of letters.
fn brief(name: &str) -> String {
    const SHOWN: usize = 60;
    let end = name.char_indices().nth(SHOWN).map(|(end, _)| end);
    end.map_or_else(|| name.to_owned(), |end| format!("{}…", &name[..end]))
}

fn listed(names: impl Iterator<Item = String>) -> String {
    const LISTED: usize = 20;
    let names: Vec<String> = names.collect();
    let rest = names.len().saturating_sub(LISTED);
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| brief(name)).collect();
    let shown = shown.join(", ");
    match (shown.is_empty(), rest) {
        (true, _) => "none".to_owned(),
        (_, 0) => shown,
        (_, rest) => format!("{shown} and {rest} more"),
    }
}
