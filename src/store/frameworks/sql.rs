//! Statements over a layout, for either database.

use super::catalogue::{Dialect, Expr};
use super::cell::Value;
use super::layout::{Category, Layout, NAMELESS, Time, Unnumbered};
use super::naming;
use crate::event::{EventId, StreamId};
use crate::store::{Direction, Query, Scope, StreamOrder, StreamQuery};

/// A statement and what is bound to it.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    pub text: String,
    pub values: Vec<Value>,
}

/// The places of an event's columns in a row; the stream's own come behind, then the parts of its metadata.
pub(super) mod column {
    pub(crate) const POSITION: usize = 0;
    pub(crate) const VERSION: usize = 1;
    pub(crate) const TYPE: usize = 2;
    pub(crate) const SCHEMA: usize = 3;
    pub(crate) const TIME: usize = 4;
    pub(crate) const ID: usize = 5;
    pub(crate) const PAYLOAD: usize = 6;
    pub(crate) const ARCHIVED: usize = 7;
    pub(crate) const DELETED: usize = 8;
    pub(crate) const STREAM: usize = 10;
}

/// The places in a row of the list of streams; the stream's own columns come behind.
pub(super) mod group {
    pub(crate) const EVENTS: usize = 0;
    pub(crate) const FIRST_VERSION: usize = 1;
    pub(crate) const LAST_VERSION: usize = 2;
    pub(crate) const FIRST_AT: usize = 3;
    pub(crate) const LAST_AT: usize = 4;
    pub(crate) const TYPE: usize = 5;
    pub(crate) const CATEGORY: usize = 6;
    pub(crate) const STREAM: usize = 7;
}

#[derive(Default)]
struct Bound {
    values: Vec<Value>,
}

impl Bound {
    fn number(&mut self, dialect: Dialect, number: u64) -> String {
        self.values.push(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
        dialect.place(self.values.len(), "bigint")
    }

    fn text(&mut self, dialect: Dialect, text: &str) -> String {
        self.values.push(Value::Text(text.to_owned()));
        dialect.place(self.values.len(), "text")
    }

    /// The column holds what is shown as this text, compared in a way that an index on it serves.
    fn equals(&mut self, dialect: Dialect, expr: &Expr, text: &str) -> Option<String> {
        if text == NAMELESS {
            return Some(format!("{} IS NULL", expr.sql));
        }
        if dialect == Dialect::Postgres {
            let place = self.values.len() + 1;
            let value = dialect.place(place, "text");
            let sql = &expr.sql;
            let (condition, value) = if expr.declared == "uuid" {
                uuid::Uuid::try_parse(text).ok()?;
                (format!("{sql} = {value}::uuid"), Value::Text(text.to_owned()))
            } else if expr.is_number() {
                (format!("{sql} = {}", dialect.place(place, "bigint")), Value::Int(text.parse().ok()?))
            } else if expr.declared.is_empty() || expr.declared.contains("char") || expr.declared == "text" {
                (format!("{sql} = {value}"), Value::Text(text.to_owned()))
            } else {
                (format!("{} = {value}", dialect.read(expr)), Value::Text(text.to_owned()))
            };
            self.values.push(value);
            return Some(condition);
        }
        // SQLite lets a column hold any type; each that reads as this text is asked for.
        let mut places = Vec::new();
        for value in naming::values_shown_as(text) {
            self.values.push(value);
            places.push(dialect.place(self.values.len(), ""));
        }
        Some(format!("{} IN ({})", expr.sql, places.join(", ")))
    }
}

impl Dialect {
    fn place(self, number: usize, kind: &str) -> String {
        match self {
            Self::Sqlite => format!("?{number}"),
            // The server would otherwise take the type from the column, and refuse a text for it.
            Self::Postgres => format!("${number}::{kind}"),
        }
    }

    /// The expression as one of the five kinds of cell: null, integer, real, text, bytes.
    pub fn read(self, expr: &Expr) -> String {
        let Expr { sql, declared } = expr;
        if self == Self::Sqlite {
            return sql.clone();
        }
        let declared = declared.as_str();
        match declared {
            "text" | "bytea" | "bigint" | "double precision" => sql.clone(),
            "smallint" | "integer" | "serial" | "bigserial" => format!("({sql})::bigint"),
            "real" | "numeric" if declared == "real" => format!("({sql})::double precision"),
            "boolean" => format!("({sql})::int::bigint"),
            // One that is gone would refuse every row.
            "oid" => format!(
                "CASE WHEN {sql} IS NULL THEN NULL \
                 WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_largeobject_metadata o WHERE o.oid = {sql}) THEN lo_get({sql}) \
                 ELSE convert_to('{{\"missing\":\"large object\",\"oid\":' || {sql} || '}}', 'UTF8') END"
            ),
            _ if declared.starts_with("timestamp") => {
                let utc = if declared.contains("with time zone") || declared == "timestamptz" {
                    format!("({sql}) AT TIME ZONE 'UTC'")
                } else {
                    sql.clone()
                };
                format!("to_char({utc}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
            }
            _ => format!("({sql})::text"),
        }
    }
}

fn conditions_text(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

impl Layout {
    /// The events of a query. `None` where no such stream can be. A limit over a category whose events the
    /// statement can't tell apart is left to the reader. `held` is how the columns hold the name of the query's stream,
    /// where that is known.
    pub fn events_sql(&self, query: &Query, held: Option<&[Value]>) -> Option<Sql> {
        let dialect = self.dialect;
        let mut bound = Bound::default();
        let Query { scope, direction, event_type, limit, columns } = query;
        let mut conditions = Vec::new();
        let mut ranged = Vec::new();
        match scope {
            Scope::Stream { id, from, to } => {
                match held {
                    Some(held) => conditions.extend(self.is_held_as(&mut bound, held)),
                    None => conditions.extend(self.is_stream(&mut bound, id)?),
                }
                ranged.extend([(&self.version, from.map(|v| v.0), ">="), (&self.version, to.map(|v| v.0), "<=")]);
            }
            // No statement knows every spelling of a link: the reader looks.
            Scope::Linked { .. } => conditions.extend(self.counts.clone()),
            Scope::Store { from, to } | Scope::Category { from, to, .. } => {
                if let Scope::Category { name, .. } = scope {
                    conditions.extend(self.is_category(&mut bound, name));
                }
                conditions.extend(self.counts.clone());
                if let Some(position) = &self.position {
                    ranged.extend([(position, from.map(|p| p.0), ">="), (position, to.map(|p| p.0), "<=")]);
                }
            }
        }
        for (expr, number, sign) in ranged {
            if let Some(number) = number {
                let place = bound.number(dialect, number);
                conditions.push(format!("{} {sign} {place}", expr.sql));
            }
        }
        if let Some(event_type) = event_type {
            conditions.push(bound.equals(dialect, &self.event_type, event_type.as_str())?);
        }
        conditions.extend(self.filter.clone());
        let needs_payload = columns.payload
            || (columns.metadata && self.reads_metadata_in_payload())
            || matches!(self.time, Time::Payload { .. });
        let list = self.event_columns(needs_payload, columns.metadata);
        let direction = if *direction == Direction::Backward { " DESC" } else { "" };
        let order = if matches!(scope, Scope::Stream { .. }) {
            let then = self.tie_breakers.as_deref().unwrap_or(self.position.as_slice());
            let terms = std::iter::once(&self.version).chain(then);
            terms.map(|expr| format!("{}{direction}", expr.sql)).collect::<Vec<_>>().join(", ")
        } else if let Some(position) = &self.position {
            format!("{}{direction}", position.sql)
        } else {
            let parts = self.stream.iter().chain([&self.version]);
            parts.map(|expr| format!("{}{direction}", expr.sql)).collect::<Vec<_>>().join(", ")
        };
        let limit = match limit {
            Some(limit) if !self.leaves_to_reader(scope) => format!(" LIMIT {limit}"),
            _ => String::new(),
        };
        let conditions = conditions_text(&conditions);
        let text = format!("SELECT {list} FROM {}{conditions} ORDER BY {order}{limit}", self.from);
        Some(Sql { text, values: bound.values })
    }

    /// Whether the statement answers with events of other categories too, and the reader has to look.
    pub fn leaves_to_reader(&self, scope: &Scope) -> bool {
        matches!(scope, Scope::Category { .. }) && !matches!(self.category, Category::Column(_))
    }

    pub fn by_id_sql(&self, id: &EventId) -> Option<Sql> {
        let Some(column) = &self.id else {
            let (stream, version) = naming::place_of(id)?;
            return self.events_sql(&Query::stream(stream).between(Some(version), Some(version)).limit(1), None);
        };
        let mut bound = Bound::default();
        let mut conditions = vec![bound.equals(self.dialect, column, &id.to_string())?];
        conditions.extend(self.counts.clone());
        conditions.extend(self.filter.clone());
        let list = self.event_columns(true, true);
        let text = format!("SELECT {list} FROM {}{} LIMIT 1", self.from, conditions_text(&conditions));
        Some(Sql { text, values: bound.values })
    }

    fn event_columns(&self, payload: bool, metadata: bool) -> String {
        let read = |expr: &Expr| self.dialect.read(expr);
        let null = || "NULL".to_owned();
        let maybe = |expr: Option<&Expr>| expr.map_or_else(null, read);
        let flag = |sql: &Option<String>| {
            sql.as_ref().map_or_else(null, |sql| format!("CAST(CASE WHEN {sql} THEN 1 ELSE 0 END AS bigint)"))
        };
        let mut list = vec![
            maybe(self.position.as_ref()),
            read(&self.version),
            read(&self.event_type),
            maybe(self.schema.as_ref()),
            maybe(self.time_column()),
            maybe(self.id.as_ref()),
            if payload { read(&self.payload) } else { null() },
            flag(&self.archived),
            flag(&self.deleted),
            maybe(self.category_column()),
        ];
        list.extend(self.stream.iter().map(read));
        list.extend(self.metadata.iter().map(|part| if metadata { read(&part.expr) } else { null() }));
        list.join(", ")
    }

    fn time_column(&self) -> Option<&Expr> {
        match &self.time {
            Time::Column { expr, .. } => Some(expr),
            Time::Payload { .. } | Time::None => None,
        }
    }

    fn category_column(&self) -> Option<&Expr> {
        match &self.category {
            Category::Column(expr) => Some(expr),
            _ => None,
        }
    }

    /// The first or last rows: how many there are up to a limit, and how many of them have no number. `None` for the
    /// last ones where only a walk through the whole table would find them.
    pub(super) fn end_sql(&self, unnumbered: &Unnumbered, limit: u64, is_last: bool) -> Option<Sql> {
        let order = match &self.position {
            Some(position) if unnumbered.is_position_indexed => {
                format!(" ORDER BY {}{}", position.sql, if is_last { " DESC" } else { "" })
            }
            _ if is_last => return None,
            _ => String::new(),
        };
        let conditions: Vec<String> = self.filter.iter().cloned().collect();
        let place = self.position.as_ref().map_or("NULL", |position| position.sql.as_str());
        Some(Sql::plain(format!(
            "SELECT count(*), count(is_unnumbered), CAST(min(place) AS bigint) FROM \
             (SELECT CASE WHEN {} THEN 1 END AS is_unnumbered, {place} AS place FROM {}{}{order} LIMIT {limit}) ends",
            unnumbered.row,
            self.from,
            conditions_text(&conditions)
        )))
    }

    /// Answers with a row where the stream has an event without a number.
    pub(super) fn unnumbered_in_stream_sql(&self, unnumbered: &Unnumbered, id: &StreamId) -> Option<Sql> {
        let mut bound = Bound::default();
        let mut conditions = self.is_stream(&mut bound, id)?;
        conditions.push(format!("({})", unnumbered.row));
        conditions.extend(self.filter.clone());
        let text = format!("SELECT 1 FROM {}{} LIMIT 1", self.from, conditions_text(&conditions));
        Some(Sql { text, values: bound.values })
    }

    /// Each stream once: its columns, and the column of its category. `None` where a category is told by the events.
    pub(super) fn categories_sql(&self) -> Option<Sql> {
        if self.category.is_told_by_events() {
            return None;
        }
        let read = |expr: &Expr| self.dialect.read(expr);
        let category = self.category_column().map_or_else(|| "NULL".to_owned(), read);
        let streams: Vec<String> = self.stream.iter().map(read).collect();
        let mut keys: Vec<&str> = self.stream.iter().map(|expr| expr.sql.as_str()).collect();
        keys.extend(self.category_column().map(|expr| expr.sql.as_str()));
        let conditions: Vec<String> = self.filter.iter().cloned().collect();
        Some(Sql::plain(format!(
            "SELECT {category}, {} FROM {}{} GROUP BY {}",
            streams.join(", "),
            self.from,
            conditions_text(&conditions),
            keys.join(", ")
        )))
    }

    fn is_stream(&self, bound: &mut Bound, id: &StreamId) -> Option<Vec<String>> {
        let parts = naming::parts_of(id.as_str(), self.stream.len())?;
        self.stream.iter().zip(parts).map(|(column, part)| bound.equals(self.dialect, column, &part)).collect()
    }

    fn is_held_as(&self, bound: &mut Bound, held: &[Value]) -> Vec<String> {
        let columns = self.stream.iter().zip(held);
        let condition = |(column, value): (&Expr, &Value)| {
            bound.values.push(value.clone());
            format!("{} = {}", column.sql, self.dialect.place(bound.values.len(), ""))
        };
        columns.map(condition).collect()
    }

    /// What the columns of a stream's rows hold that is shown as its name, if there are such rows, for one of the ways
    /// to hold it.
    pub(super) fn held_sql(&self, held: &[Value]) -> Sql {
        let mut bound = Bound::default();
        let columns: Vec<&str> = self.stream.iter().map(|column| column.sql.as_str()).collect();
        let conditions = conditions_text(&self.is_held_as(&mut bound, held));
        let text = format!("SELECT {} FROM {}{conditions} LIMIT 1", columns.join(", "), self.from);
        Sql { text, values: bound.values }
    }

    /// Narrows to a category as far as a statement can; the reader looks again.
    fn is_category(&self, bound: &mut Bound, name: &str) -> Option<String> {
        match (&self.category, self.stream.as_slice()) {
            (Category::Column(column), _) => {
                Some(bound.equals(self.dialect, column, name).unwrap_or_else(|| "1 = 0".to_owned()))
            }
            (Category::Before { mark, otherwise: None }, [stream]) if name != NAMELESS => {
                let (whole, start) =
                    (bound.text(self.dialect, name), bound.text(self.dialect, &format!("{name}{mark}")));
                let stream = self.dialect.read(stream);
                Some(format!("({stream} = {whole} OR substr({stream}, 1, length({start})) = {start})"))
            }
            _ => None,
        }
    }

    /// The streams, one row each, with the columns of [`group`]. Filter, category and limit are the reader's where
    /// [`Layout::lists_in_reader`] says so.
    pub fn streams_sql(&self, query: &StreamQuery) -> Sql {
        let StreamQuery { category, filter, order, limit } = query;
        let mut bound = Bound::default();
        let mut conditions: Vec<String> = self.filter.iter().cloned().collect();
        if let Some(category) = category {
            conditions.extend(self.is_category(&mut bound, category));
        }
        if let (Some(filter), [stream]) = (filter, self.stream.as_slice()) {
            let escaped = filter.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            let place = bound.text(self.dialect, &format!("%{escaped}%"));
            let like = if self.dialect == Dialect::Postgres { "ILIKE" } else { "LIKE" };
            conditions.push(format!("CAST({} AS text) {like} {place} ESCAPE '\\'", stream.sql));
        }
        let limit = match limit {
            Some(limit) if !self.lists_in_reader(query) => format!(" LIMIT {limit}"),
            _ => String::new(),
        };
        let keys: Vec<&str> = self.stream.iter().map(|expr| expr.sql.as_str()).collect();
        let began = self.position.as_ref().map_or_else(|| keys.join(", "), |position| format!("min({})", position.sql));
        let order = match order {
            StreamOrder::Began => began,
            StreamOrder::Recent => match self.position.as_ref().or(self.time_column()) {
                Some(moment) => format!("max({}) DESC", moment.sql),
                None => keys.join(", "),
            },
            StreamOrder::Name => keys.join(", "),
            StreamOrder::Longest => format!("count(*) DESC, {began}"),
        };
        let text = format!(
            "SELECT {} FROM {}{} GROUP BY {} ORDER BY {order}{limit}",
            self.group_columns(),
            self.from,
            conditions_text(&conditions),
            keys.join(", "),
        );
        Sql { text, values: bound.values }
    }

    /// The list with the first and the last payload of each stream behind its columns, where times stand inside
    /// payloads: one look-up each in the statement, instead of two statements a stream to a server. `None` where the
    /// reader asks for them by itself.
    pub fn timed_streams_sql(&self, query: &StreamQuery) -> Option<Sql> {
        if self.dialect != Dialect::Postgres || !matches!(self.time, Time::Payload { .. }) {
            return None;
        }
        let Sql { text, values } = self.streams_sql(query);
        let count = group::STREAM + self.stream.len();
        let names: Vec<String> = (0..count).map(|at| format!("c{at}")).collect();
        let keys = self.stream.iter().zip(&names[group::STREAM..]);
        let keys: Vec<String> =
            keys.map(|(expr, name)| format!("{} = g.{name}::{}", expr.sql, expr.declared)).collect();
        let payload_at = |name: &str| {
            let (payload, from, version) = (self.dialect.read(&self.payload), &self.from, &self.version.sql);
            format!("(SELECT {payload} FROM {from} WHERE {} AND {version} = g.{name} LIMIT 1)", keys.join(" AND "))
        };
        let (first, last) = (payload_at(&names[group::FIRST_VERSION]), payload_at(&names[group::LAST_VERSION]));
        Some(Sql { text: format!("SELECT g.*, {first}, {last} FROM ({text}) AS g({})", names.join(", ")), values })
    }

    /// Whether the list of streams has rows that the query does not want.
    pub fn lists_in_reader(&self, query: &StreamQuery) -> bool {
        let by_category = query.category.is_some() && !matches!(self.category, Category::Column(_));
        by_category || (query.filter.is_some() && self.stream.len() > 1)
    }

    pub fn stream_sql(&self, id: &StreamId) -> Option<Sql> {
        let mut bound = Bound::default();
        let mut conditions = self.is_stream(&mut bound, id)?;
        conditions.extend(self.filter.clone());
        let keys: Vec<&str> = self.stream.iter().map(|expr| expr.sql.as_str()).collect();
        let (list, conditions) = (self.group_columns(), conditions_text(&conditions));
        let text = format!("SELECT {list} FROM {}{conditions} GROUP BY {}", self.from, keys.join(", "));
        Some(Sql { text, values: bound.values })
    }

    fn group_columns(&self) -> String {
        let read = |expr: &Expr| self.dialect.read(expr);
        let of = |function: &str, expr: Option<&Expr>| match expr {
            Some(expr) => read(&Expr { sql: format!("{function}({})", expr.sql), declared: expr.declared.clone() }),
            None => "NULL".to_owned(),
        };
        // A class's own events name it better than those it inherits from the framework.
        let event_type = match self.category {
            Category::Topic { library } => {
                let own = format!("CASE WHEN {0} LIKE '{library}%' THEN NULL ELSE {0} END", self.event_type.sql);
                format!("coalesce(min({own}), min({}))", self.event_type.sql)
            }
            _ => "NULL".to_owned(),
        };
        let mut list = vec![
            "count(*)".to_owned(),
            of("min", Some(&self.version)),
            of("max", Some(&self.version)),
            of("min", self.time_column()),
            of("max", self.time_column()),
            event_type,
            of("min", self.category_column()),
        ];
        list.extend(self.stream.iter().map(read));
        list.join(", ")
    }

    /// How many events there are of each type: type, count.
    pub fn types_sql(&self) -> String {
        let conditions: Vec<String> = self.filter.iter().chain(&self.counts).cloned().collect();
        let event_type = self.dialect.read(&self.event_type);
        let conditions = conditions_text(&conditions);
        format!("SELECT {event_type}, count(*) FROM {}{conditions} GROUP BY {}", self.from, self.event_type.sql)
    }
}
