use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::{DiffArgs, Format, MomentArgs, ShownArgs, StreamArgs};
use super::failing::outcome_along;
use super::output::{Align, Table, json, optional, plain};
use super::own::{ProjectionName, Under};
use super::progress::Progress;
use super::target::Context;
use super::terminal::Output;
use super::{Failure, Outcome};
use crate::engine::{Described, Moment, load_timeline, resolve, show as fold_and_show};
use crate::event::{EventRow, EventType, Head, Metadata, Timestamp, Version};
use crate::projection::leaves;
use crate::replay::{Index, Timeline};
use crate::store::{Columns, Flow, Query, Store, StoreError};

pub(super) fn show(args: &MomentArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let MomentArgs { of: StreamArgs { store, stream }, at, shown: ShownArgs { projection, format } } = args;
    let under = Under::open(context, store, projection.as_ref())?;
    let (reader, described) = (&under.reader, under.describe(stream)?);
    let projection = described.projection(projection.as_deref())?;
    let mut progress = Progress::new("folding events", Some(described.row.events));
    let shown = fold_and_show(reader.as_ref(), &described, &projection, *at, &mut |count| progress.tell(count))?;
    drop(progress);
    let event = under.own_event(&described.row.stream, shown.version);
    match format {
        Format::Json => {
            let mut answer = json!({
                "stream": stream,
                "version": shown.version,
                "recorded_at": shown.recorded_at,
                "projection": projection.name(),
                "state": shown.state,
                "findings": shown.findings,
            });
            if let Some(event) = event {
                answer["event"] = event.into();
            }
            json(out, &answer)?;
        }
        Format::Table => {
            let at = shown.recorded_at.map_or_else(|| "no time recorded".to_owned(), |at| at.to_string());
            let event = event.map(|event| format!(" ({event})")).unwrap_or_default();
            writeln!(out.text(), "{} at version {}{event}, {at}\n", named(stream), shown.version)?;
            print_state(out, &shown.state)?;
            if !shown.findings.is_empty() {
                writeln!(out.text())?;
                let mut table = Table::with_sentences(out, &[("version", Align::Right), ("finding", Align::Left)]);
                for finding in &shown.findings {
                    table.row(&[finding.version.to_string(), finding.message()])?;
                }
                table.finish()?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// The one state of a projection that does not divide has no name.
pub(super) fn named(stream: &str) -> &str {
    if stream.is_empty() { "the state" } else { stream }
}

pub(super) fn print_state(out: &mut Output, state: &Value) -> Result<(), Failure> {
    let mut rows = Vec::new();
    leaves(state, &mut |path, value| rows.push(vec![path.to_owned(), plain(value)]));
    let mut table = Table::new(out, &[("field", Align::Left), ("value", Align::Left)]);
    rows.iter().try_for_each(|row| table.row(row))?;
    table.finish()?;
    Ok(())
}

/// A stream loaded under a projection, and the events that answers refer to.
pub(super) struct Loaded {
    pub(super) under: Under,
    pub(super) described: Described,
    pub(super) timeline: Box<dyn Timeline>,
}

impl Loaded {
    pub(super) fn new(
        context: &Context,
        store: &OsStr,
        stream: &str,
        projection: Option<&ProjectionName>,
    ) -> Result<Self, Failure> {
        let under = Under::open(context, store, projection)?;
        let (reader, described) = (&under.reader, under.describe(stream)?);
        let projection = described.projection(projection.map(|name| &**name))?;
        let mut progress = Progress::new("folding events", Some(described.row.events));
        let timeline =
            load_timeline(reader.as_ref(), &described, &projection, &mut |_| {}, &mut |count| progress.tell(count))?;
        Ok(Self { under, described, timeline })
    }

    pub(super) fn reader(&self) -> &dyn Store {
        self.under.reader.as_ref()
    }

    /// What a command ends with whose answer is of the events up to here.
    pub(super) fn outcome(&self, projection: Option<&ProjectionName>, to: Index) -> Outcome {
        outcome_along(&self.under, projection, &self.described.row.stream, self.timeline.as_ref(), Some(to))
    }

    /// What an answer says of an event that set something.
    pub(super) fn set_by<'a>(&self, head: &'a Head, actor: Option<&'a str>) -> SetBy<'a> {
        let event = self.own_event(head);
        SetBy { version: head.version, event_type: &head.event_type, actor, event }
    }

    /// Of a partition: where an event stands.
    fn own_event(&self, head: &Head) -> Option<String> {
        self.under.own_event(&self.described.row.stream, head.version)
    }

    pub(super) fn index(&self, moment: Moment) -> Result<(Version, Index), Failure> {
        let version = resolve(self.reader(), &self.described.row, moment)?;
        let gone = || StoreError::Changed(self.described.row.stream.as_str().into());
        Ok((version, self.timeline.index_of(version).ok_or_else(gone)?))
    }

    /// Who recorded the events at these places, and why.
    pub(super) fn authors(&self, indexes: impl Iterator<Item = Index>) -> Result<Authors, Failure> {
        let mut wanted: Vec<Index> = indexes.collect();
        wanted.sort_unstable();
        wanted.dedup();
        let stream = &self.described.row.stream;
        let columns = Columns { payload: false, metadata: true };
        let mut authors = Authors::default();
        let mut note = |row: &EventRow<'_>| {
            let Metadata { actor, reason, .. } = Metadata::parse(row.metadata);
            authors.0.insert(row.version, Author { actor, reason });
            Flow::Continue(())
        };
        let version = |index: &Index| Some(self.timeline.heads().get(*index)?.version);
        let versions: Vec<Version> = wanted.iter().filter_map(version).collect();
        if versions.len() <= ASKED_ONE_BY_ONE {
            for version in &versions {
                let one = Query::stream(stream.clone()).between(Some(*version), Some(*version)).columns(columns);
                self.reader().visit_events(&one, &mut note)?;
            }
        } else {
            let all = Query::stream(stream.clone()).between(versions.first().copied(), versions.last().copied());
            self.reader().visit_events(&all.columns(columns), &mut |row| {
                if versions.binary_search(&row.version).is_ok() { note(row) } else { Flow::Continue(()) }
            })?;
        }
        Ok(authors)
    }

    pub(super) fn head(&self, index: Option<Index>) -> Option<&Head> {
        self.timeline.heads().get(index?)
    }
}

/// More events than these are read in one go.
const ASKED_ONE_BY_ONE: usize = 16;

/// What an answer prints of an event besides its head. A payload may be megabytes, and thousands of fields may be
/// set by one event: nothing else of it is kept, and that once.
#[derive(Default)]
pub(super) struct Authors(BTreeMap<Version, Author>);

struct Author {
    actor: Option<String>,
    reason: Option<String>,
}

impl Authors {
    pub(super) fn actor(&self, head: Option<&Head>) -> Option<&str> {
        self.0.get(&head?.version)?.actor.as_deref()
    }

    fn reason(&self, head: Option<&Head>) -> Option<&str> {
        self.0.get(&head?.version)?.reason.as_deref()
    }
}

#[derive(Serialize)]
struct DiffRow<'a> {
    field: &'a str,
    before: &'a Value,
    after: &'a Value,
    set_by: Option<SetBy<'a>>,
}

#[derive(Serialize)]
pub(super) struct SetBy<'a> {
    version: Version,
    #[serde(rename = "type")]
    event_type: &'a EventType,
    actor: Option<&'a str>,
    /// Of a partition: where the event stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
}

#[derive(Serialize)]
struct BlameRow<'a> {
    field: &'a str,
    value: &'a Value,
    version: Option<Version>,
    #[serde(rename = "type")]
    event_type: Option<&'a EventType>,
    recorded_at: Option<Timestamp>,
    actor: Option<&'a str>,
    reason: Option<&'a str>,
    /// Of a partition: where the event stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
}

pub(super) fn diff(args: &DiffArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let DiffArgs { of: StreamArgs { store, stream }, from, to, shown: ShownArgs { projection, format } } = args;
    let loaded = Loaded::new(context, store, stream, projection.as_ref())?;
    let ((from_version, from), (to_version, to)) = (loaded.index(*from)?, loaded.index(*to)?);
    let changes = loaded.timeline.diff(Some(from), Some(to));
    let authors = loaded.authors(changes.iter().filter_map(|(_, set_by)| *set_by))?;
    let rows: Vec<DiffRow<'_>> = changes
        .iter()
        .map(|(change, set_by)| {
            let head = loaded.head(*set_by);
            let set_by = head.map(|head| loaded.set_by(head, authors.actor(Some(head))));
            DiffRow { field: &change.field, before: &change.before, after: &change.after, set_by }
        })
        .collect();
    match format {
        Format::Json => json(out, &rows)?,
        Format::Table if rows.is_empty() => {
            writeln!(out.text(), "{} is the same at versions {from_version} and {to_version}", named(stream))?;
        }
        Format::Table => {
            let mut columns = vec![
                ("field", Align::Left),
                ("before", Align::Left),
                ("after", Align::Left),
                ("set by", Align::Right),
                ("type", Align::Left),
                ("actor", Align::Left),
            ];
            columns.extend(loaded.under.division.is_some().then_some(("event", Align::Left)));
            let mut table = Table::new(out, &columns);
            for DiffRow { field, before, after, set_by } in &rows {
                let set_by = set_by.as_ref();
                let mut cells = vec![
                    (*field).to_owned(),
                    plain(before),
                    plain(after),
                    set_by.map(|event| format!("v{}", event.version)).unwrap_or_default(),
                    set_by.map(|event| event.event_type.to_string()).unwrap_or_default(),
                    set_by.and_then(|event| event.actor).unwrap_or_default().to_owned(),
                ];
                cells.extend(set_by.and_then(|event| event.event.clone()));
                table.row(&cells)?;
            }
            table.finish()?;
        }
    }
    Ok(loaded.outcome(projection.as_ref(), from.max(to)))
}

pub(super) fn blame(args: &MomentArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let MomentArgs { of: StreamArgs { store, stream }, at, shown: ShownArgs { projection, format } } = args;
    let loaded = Loaded::new(context, store, stream, projection.as_ref())?;
    let (_, index) = loaded.index(*at)?;
    let fields = loaded.timeline.blame(index);
    let authors = loaded.authors(fields.iter().filter_map(|(_, _, set_by)| *set_by))?;
    let rows: Vec<BlameRow<'_>> = fields
        .iter()
        .map(|(field, value, set_by)| {
            let head = loaded.head(*set_by);
            BlameRow {
                field,
                value,
                version: head.map(|head| head.version),
                event_type: head.map(|head| &head.event_type),
                recorded_at: head.and_then(|head| head.recorded_at),
                actor: authors.actor(head),
                reason: authors.reason(head),
                event: head.and_then(|head| loaded.own_event(head)),
            }
        })
        .collect();
    match format {
        Format::Json => json(out, &rows)?,
        Format::Table => {
            let mut columns = vec![
                ("field", Align::Left),
                ("value", Align::Left),
                ("set by", Align::Right),
                ("type", Align::Left),
                ("recorded_at", Align::Left),
                ("actor", Align::Left),
                ("reason", Align::Left),
            ];
            columns.extend(loaded.under.division.is_some().then_some(("event", Align::Left)));
            let mut table = Table::new(out, &columns);
            for row in &rows {
                let mut cells = vec![
                    row.field.to_owned(),
                    plain(row.value),
                    row.version.map(|version| format!("v{version}")).unwrap_or_default(),
                    optional(row.event_type),
                    optional(row.recorded_at),
                    optional(row.actor),
                    optional(row.reason),
                ];
                cells.extend(row.event.clone());
                table.row(&cells)?;
            }
            table.finish()?;
        }
    }
    Ok(loaded.outcome(projection.as_ref(), index))
}
