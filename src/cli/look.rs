use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::args::{EventsArgs, Format, InfoArgs, RowFormat, StreamsArgs};
use super::output::{Align, JsonRows, Table, json, optional};
use super::progress::watching;
use super::target::Context;
use super::terminal::{Cleaned, Output, message};
use super::{Failure, Outcome, target};
use crate::engine::{Matching, Survey, Ticket, describe, grouped};
use crate::event::{EventRow, EventType, Metadata, Position, StreamId, Version, nearest};
use crate::store::files::{CSV_COLUMNS, CsvWriter, event_cells};
use crate::store::native::{Mirror, MirrorStanding};
use crate::store::{Flow, Notice, Query, Scope, Store, StoreError, StoreInfo, StreamQuery, StreamRow};

pub(super) fn info(args: &InfoArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let reader = context.open(&args.store)?;
    let info = reader.info()?;
    let mirror = match reader.notice() {
        Some(Notice::Mirror(mirror)) => Some(mirror),
        _ => None,
    };
    let store = target::shown(&args.store);
    match args.format {
        Format::Json => {
            let mut shown = info_json(&store, &info);
            if let Some(mirror) = &mirror {
                shown["mirror"] = mirror_json(mirror);
            }
            json(out, &shown)?;
        }
        Format::Table => {
            let StoreInfo { framework, events, streams, first_at, last_at, is_writable, .. } = &info;
            let mut table = Table::new(out, &[("store", Align::Left), (&store, Align::Left)]);
            let mut line = |name: &str, value: String| table.row(&[name.to_owned(), value]);
            line("framework", framework.to_string())?;
            if let Some(Mirror { origin, standing }) = &mirror {
                line("mirror of", origin.clone())?;
                if let Some(kept) = standing {
                    line("", format!("{} behind, as of {}", grouped(kept.behind), kept.as_of()))?;
                }
            }
            line("events", grouped(*events))?;
            line("streams", grouped(*streams))?;
            for (category, count) in &info.categories {
                line("", format!("{category} {}", grouped(*count)))?;
            }
            line("first event", optional(*first_at))?;
            line("last event", optional(*last_at))?;
            if let Some(longest) = &info.longest_stream {
                line("longest stream", format!("{}, {} events", longest.stream, grouped(longest.events)))?;
            }
            line("writable", if *is_writable { "yes" } else { "no" }.to_owned())?;
            table.finish()?;
            writeln!(out.text())?;
            let mut table = Table::new(out, &[("event type", Align::Left), ("events", Align::Right)]);
            for (name, count) in &info.event_types {
                table.row(&[name.clone(), grouped(*count)])?;
            }
            table.finish()?;
        }
    }
    Ok(Outcome::Done)
}

fn mirror_json(Mirror { origin, standing }: &Mirror) -> Value {
    json!({
        "origin": origin,
        "position": standing.as_ref().and_then(|standing| standing.position),
        "behind": standing.as_ref().map(|standing| standing.behind),
        "as_of": standing.as_ref().map(MirrorStanding::as_of),
    })
}

fn info_json(store: &str, info: &StoreInfo) -> Value {
    let StoreInfo {
        framework,
        events,
        streams,
        event_types,
        categories,
        first_at,
        last_at,
        longest_stream,
        is_writable,
    } = info;
    let counts = |counts: &[(String, u64)]| -> Map<String, Value> {
        counts.iter().map(|(name, count)| (name.clone(), Value::from(*count))).collect()
    };
    json!({
        "store": store,
        "framework": framework,
        "events": events,
        "streams": streams,
        "event_types": counts(event_types),
        "categories": counts(categories),
        "first_at": first_at,
        "last_at": last_at,
        "longest_stream": longest_stream.as_ref().map(|longest| json!({
            "stream": longest.stream,
            "events": longest.events,
            "last_version": longest.last_version,
        })),
        "writable": is_writable,
    })
}

pub(super) fn streams(args: &StreamsArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let StreamsArgs { store, category, filter, limit, sort, format, csv_safe } = args;
    check_csv_safe(*csv_safe, *format)?;
    let reader = context.open(store)?;
    let filter = filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
    let found = filter.map(|filter| found_by_name(reader.as_ref(), filter)).transpose()?.flatten();
    // A filter that knows names is held against each stream; the limit counts what it lets through.
    let (of_store, mut left) = match &found {
        Some(_) => ((None, None), limit.unwrap_or(u64::MAX)),
        None => ((filter.map(str::to_owned), *limit), u64::MAX),
    };
    let query =
        StreamQuery { category: category.clone(), filter: of_store.0, order: (*sort).into(), limit: of_store.1 };
    // Whoever looks for a name wants to see it; the other forms are read by programs, and stay as they are.
    let names = found.as_ref().filter(|_| *format == RowFormat::Table);
    let columns = [
        ("stream", Align::Left),
        ("name", Align::Left),
        ("category", Align::Left),
        ("events", Align::Right),
        ("first_version", Align::Right),
        ("last_version", Align::Right),
        ("first_at", Align::Left),
        ("last_at", Align::Left),
    ];
    let columns: Vec<(&str, Align)> =
        columns.into_iter().filter(|(column, _)| *column != "name" || names.is_some()).collect();
    let cells = |row: &StreamRow| {
        let name = names.map(|found| found.survey().name_of(&row.stream).unwrap_or_default());
        let rest = [
            row.category.clone(),
            row.events.to_string(),
            row.first_version.to_string(),
            row.last_version.to_string(),
            optional(row.first_at),
            optional(row.last_at),
        ];
        [row.stream.to_string()].into_iter().chain(name).chain(rest).collect()
    };
    let mut rows = Rows::new(out, *format, *csv_safe, &columns);
    let mut failed = Ok(());
    let mut visit = |row: StreamRow| {
        if found.as_ref().is_some_and(|found| !found.has(&row.stream)) {
            return Flow::Continue(());
        }
        left -= 1;
        let flow = written(rows.row(&row, || cells(&row)), &mut failed);
        if left == 0 { Flow::Break(()) } else { flow }
    };
    let visited = if *limit == Some(0) { Ok(()) } else { reader.visit_streams(&query, &mut visit) };
    failed?;
    if let (true, Some(asked)) = (rows.is_empty() && visited.is_ok(), category) {
        unless_category(reader.as_ref(), asked)?;
    }
    rows.end(visited)
}

/// The streams that hold this in their id or in what they are called, as in the window's list. `None` where names cannot
/// be known, and the store looks at ids.
fn found_by_name(reader: &dyn Store, filter: &str) -> Result<Option<Matching>, StoreError> {
    let (survey, ticket) = (Survey::default(), Ticket::new("reading names"));
    match watching("reading names", &ticket, || survey.follow(reader, &ticket)) {
        Ok(()) => {}
        Err(error) if survey.is_listed() => {
            message(format_args!("names were read up to where that failed; the rest is looked for by id ({error})"));
        }
        Err(error) => return Err(error),
    }
    if survey.is_too_large() {
        message("there are too many streams to know all names; the filter looks at ids");
        return Ok(None);
    }
    Ok(Some(survey.matching(filter)))
}

pub(super) fn events(args: &EventsArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let EventsArgs { store, stream, from, to, event_type, category, limit, backward, format, csv_safe } = args;
    check_csv_safe(*csv_safe, *format)?;
    let reader = context.open(store)?;
    let mut query = match (stream, category) {
        (Some(stream), _) => {
            let stream = StreamId::from(stream.as_str());
            describe(reader.as_ref(), &stream)?;
            Query::stream(stream).between(from.map(Version), to.map(Version))
        }
        (None, Some(category)) => {
            let (from, to) = (from.map(Position), to.map(Position));
            Query { scope: Scope::Category { name: category.clone(), from, to }, ..Query::store() }
        }
        (None, None) => Query::positions(from.map(Position), to.map(Position)),
    };
    query.event_type = event_type.as_deref().map(EventType::from);
    query.limit = *limit;
    if *backward {
        query = query.backward();
    }
    let columns = [
        ("position", Align::Right),
        ("stream", Align::Left),
        ("version", Align::Right),
        ("type", Align::Left),
        ("recorded_at", Align::Left),
        ("actor", Align::Left),
        ("payload", Align::Left),
    ];
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let is_csv = *format == RowFormat::Csv;
    let cells = |row: &EventRow<'_>| {
        if is_csv {
            return event_cells(row);
        }
        vec![
            optional(row.position),
            row.stream.to_string(),
            row.version.to_string(),
            row.event_type.to_string(),
            optional(row.recorded_at),
            Metadata::parse(row.metadata).actor.unwrap_or_default(),
            text(row.payload),
        ]
    };
    let csv_columns: Vec<(&str, Align)> = CSV_COLUMNS.iter().map(|name| (*name, Align::Left)).collect();
    let mut rows = Rows::new(out, *format, *csv_safe, if is_csv { &csv_columns } else { &columns });
    let mut failed = Ok(());
    let visited = reader.visit_events(&query, &mut |row| written(rows.row(row, || cells(row)), &mut failed));
    failed?;
    if rows.is_empty() && visited.is_ok() {
        if let Some(asked) = category {
            unless_category(reader.as_ref(), asked)?;
        }
        if let Some(asked) = event_type {
            unless_type(reader.as_ref(), asked)?;
        }
    }
    rows.end(visited)
}

pub(super) fn unless_category(reader: &dyn Store, asked: &str) -> Result<(), Failure> {
    let categories = reader.categories()?;
    unless_known("no stream is of the category", asked, categories.iter().map(|(name, _)| name.as_str()))
}

pub(super) fn unless_type(reader: &dyn Store, asked: &str) -> Result<(), Failure> {
    let types = reader.info()?.event_types;
    unless_known("no event has the type", asked, types.iter().map(|(name, _)| name.as_str()))
}

/// Refuses a name that the store does not have, with those that look like it.
fn unless_known<'n>(what: &str, asked: &str, known: impl Iterator<Item = &'n str>) -> Result<(), Failure> {
    let known: Vec<&str> = known.collect();
    if known.is_empty() || known.contains(&asked) {
        return Ok(());
    }
    let near = nearest(asked, &known);
    let hint = if near.is_empty() {
        "see what there is with `foldline info STORE`".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    Err(Failure::Usage(format!("{what} {asked}; {hint}")))
}

pub(super) fn check_csv_safe(is_safe: bool, format: RowFormat) -> Result<(), Failure> {
    if is_safe && format != RowFormat::Csv {
        return Err(Failure::Usage("--csv-safe is for csv alone; add --format csv, or leave it out".to_owned()));
    }
    Ok(())
}

/// Rows in whichever form was asked for, printed as they come.
pub(super) enum Rows<'o> {
    Table(Table<'o>),
    Json(JsonRows<'o>),
    Csv(CsvRows<'o>),
}

impl<'o> Rows<'o> {
    pub(super) fn new(out: &'o mut Output, format: RowFormat, is_safe: bool, columns: &[(&str, Align)]) -> Self {
        match format {
            RowFormat::Table => Self::Table(Table::new(out, columns)),
            RowFormat::Json | RowFormat::Jsonl => Self::Json(JsonRows::new(out, format)),
            RowFormat::Csv => Self::Csv(CsvRows::new(out, is_safe, columns)),
        }
    }

    pub(super) fn row(&mut self, row: &impl Serialize, cells: impl FnOnce() -> Vec<String>) -> io::Result<()> {
        match self {
            Self::Table(table) => table.row(&cells()),
            Self::Json(rows) => rows.row(row),
            Self::Csv(rows) => rows.row(&cells()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Table(table) => table.is_empty(),
            Self::Json(rows) => rows.is_empty(),
            Self::Csv(rows) => rows.is_empty(),
        }
    }

    /// What could be read is shown whole, also where the reading then failed; headings alone would only contradict that.
    pub(super) fn end(self, visited: Result<(), impl Into<Failure>>) -> Result<Outcome, Failure> {
        if let Err(error) = visited {
            if !self.is_empty() {
                self.finish()?;
            }
            return Err(error.into());
        }
        self.finish()?;
        Ok(Outcome::Done)
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Table(table) => {
                // Headings alone look as if something were missing.
                if table.is_empty() {
                    message("nothing matches; ask less narrowly, or see what there is with `foldline info STORE`");
                }
                table.finish()
            }
            Self::Json(rows) => rows.finish(),
            Self::Csv(rows) => rows.finish(),
        }
    }
}

/// Rows as CSV. The headings come with the first row, or at the end.
pub(super) struct CsvRows<'o> {
    table: CsvWriter<Cleaned<'o>>,
    headings: Option<Vec<String>>,
}

impl<'o> CsvRows<'o> {
    fn new(out: &'o mut Output, is_safe: bool, columns: &[(&str, Align)]) -> Self {
        let headings = columns.iter().map(|(name, _)| (*name).to_owned());
        Self { table: CsvWriter::new(out.data(), is_safe), headings: Some(headings.collect()) }
    }

    fn is_empty(&self) -> bool {
        self.headings.is_some()
    }

    fn row(&mut self, cells: &[String]) -> io::Result<()> {
        self.head()?;
        self.table.row(cells)
    }

    fn head(&mut self) -> io::Result<()> {
        let Some(headings) = self.headings.take() else { return Ok(()) };
        self.table.headings(headings.iter().map(String::as_str))
    }

    fn finish(mut self) -> io::Result<()> {
        self.head()?;
        self.table.finish()
    }
}

/// Goes on while rows can be written, and keeps the failure that stopped it.
pub(super) fn written(result: io::Result<()>, failed: &mut io::Result<()>) -> Flow {
    match result {
        Ok(()) => Flow::Continue(()),
        Err(error) => {
            *failed = Err(error);
            Flow::Break(())
        }
    }
}
