use std::io::Write;

use serde_json::{Value, json};

use super::args::{BlameArgs, DiffArgs, Format, ShowArgs};
use super::output::{Align, Table, json, optional, plain};
use super::progress::Progress;
use super::target::Desk;
use super::{Failure, Outcome};
use crate::engine::{Described, Moment, describe, load_timeline, resolve, show as fold_and_show};
use crate::event::{Metadata, RecordedEvent, StreamId, Version};
use crate::projection::leaves;
use crate::replay::{Index, Timeline};
use crate::store::{Reader, StoreError};

pub(super) fn show(args: &ShowArgs, desk: &Desk, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let ShowArgs { store, stream, at, projection, format } = args;
    let reader = desk.open(store)?;
    let described = describe(reader.as_ref(), &StreamId::from(stream.as_str()))?;
    let projection = described.projection(projection.as_deref())?;
    let mut progress = Progress::new("folding events", Some(described.row.events));
    let shown = fold_and_show(reader.as_ref(), &described, &projection, *at, &mut |count| progress.tell(count))?;
    drop(progress);
    match format {
        Format::Json => json(
            out,
            &json!({
                "stream": stream,
                "version": shown.version,
                "recorded_at": shown.recorded_at,
                "projection": projection.name(),
                "state": shown.state,
                "findings": shown.findings,
            }),
        )?,
        Format::Table => {
            let at = shown.recorded_at.map_or_else(|| "no time recorded".to_owned(), |at| at.to_string());
            writeln!(out, "{stream} at version {}, {at}\n", shown.version)?;
            print_state(out, &shown.state)?;
            if !shown.findings.is_empty() {
                writeln!(out)?;
                let mut table = Table::new(out, &[("version", Align::Right), ("finding", Align::Left)]);
                for finding in &shown.findings {
                    table.row(&[finding.version.to_string(), finding.message()])?;
                }
                table.finish()?;
            }
        }
    }
    Ok(Outcome::Done)
}

pub(super) fn print_state(out: &mut dyn Write, state: &Value) -> Result<(), Failure> {
    let mut rows = Vec::new();
    leaves(state, &mut |path, value| rows.push(vec![path.to_owned(), plain(value)]));
    let mut table = Table::new(out, &[("field", Align::Left), ("value", Align::Left)]);
    rows.iter().try_for_each(|row| table.row(row))?;
    table.finish()?;
    Ok(())
}

/// A stream loaded under a projection, and the events that answers refer to.
struct Loaded {
    reader: Box<dyn Reader>,
    described: Described,
    timeline: Box<dyn Timeline>,
}

impl Loaded {
    fn new(desk: &Desk, store: &str, stream: &str, projection: Option<&str>) -> Result<Self, Failure> {
        let reader = desk.open(store)?;
        let described = describe(reader.as_ref(), &StreamId::from(stream))?;
        let projection = described.projection(projection)?;
        let mut progress = Progress::new("folding events", Some(described.row.events));
        let timeline =
            load_timeline(reader.as_ref(), &described, &projection, &mut |_| {}, &mut |count| progress.tell(count))?;
        Ok(Self { reader, described, timeline })
    }

    fn index(&self, moment: Moment) -> Result<(Version, Index), Failure> {
        let version = resolve(self.reader.as_ref(), &self.described.row, moment)?;
        let gone = || StoreError::Changed(self.described.row.stream.as_str().into());
        Ok((version, self.timeline.index_of(version).ok_or_else(gone)?))
    }

    /// The event behind an index, with its author; only the few that an answer names are read again.
    fn event(&self, index: Option<Index>) -> Result<Option<(RecordedEvent, Metadata)>, Failure> {
        let Some(head) = index.and_then(|index| self.timeline.heads().get(index)) else { return Ok(None) };
        let event = self.reader.event_at(&self.described.row.stream, head.version)?;
        Ok(event.map(|event| {
            let metadata = event.metadata();
            (event, metadata)
        }))
    }
}

pub(super) fn diff(args: &DiffArgs, desk: &Desk, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let DiffArgs { store, stream, from, to, projection, format } = args;
    let loaded = Loaded::new(desk, store, stream, projection.as_deref())?;
    let ((from_version, from), (to_version, to)) = (loaded.index(*from)?, loaded.index(*to)?);
    let mut rows = Vec::new();
    for (change, set_by) in loaded.timeline.diff(Some(from), Some(to)) {
        rows.push((change, loaded.event(set_by)?));
    }
    match format {
        Format::Json => {
            let rows: Vec<Value> = rows
                .iter()
                .map(|(change, event)| {
                    let set_by = event.as_ref().map(|(event, metadata)| {
                        json!({"version": event.version, "type": event.event_type, "actor": metadata.actor})
                    });
                    json!({"field": change.field, "before": change.before, "after": change.after, "set_by": set_by})
                })
                .collect();
            json(out, &rows)?;
        }
        Format::Table if rows.is_empty() => {
            writeln!(out, "{stream} is the same at versions {from_version} and {to_version}")?;
        }
        Format::Table => {
            let columns = [
                ("field", Align::Left),
                ("before", Align::Left),
                ("after", Align::Left),
                ("set by", Align::Right),
                ("type", Align::Left),
                ("actor", Align::Left),
            ];
            let mut table = Table::new(out, &columns);
            for (change, event) in &rows {
                let of = |text: fn(&(RecordedEvent, Metadata)) -> String| event.as_ref().map(text).unwrap_or_default();
                table.row(&[
                    change.field.clone(),
                    plain(&change.before),
                    plain(&change.after),
                    of(|(event, _)| format!("v{}", event.version)),
                    of(|(event, _)| event.event_type.to_string()),
                    of(|(_, metadata)| metadata.actor.clone().unwrap_or_default()),
                ])?;
            }
            table.finish()?;
        }
    }
    Ok(Outcome::Done)
}

pub(super) fn blame(args: &BlameArgs, desk: &Desk, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let BlameArgs { store, stream, at, projection, format } = args;
    let loaded = Loaded::new(desk, store, stream, projection.as_deref())?;
    let (_, index) = loaded.index(*at)?;
    let mut rows = Vec::new();
    // Many fields share an event; each is read once.
    let mut known = std::collections::BTreeMap::new();
    for (field, value, set_by) in loaded.timeline.blame(index) {
        if let Some(index) = set_by
            && !known.contains_key(&index)
        {
            known.insert(index, loaded.event(set_by)?);
        }
        rows.push((field, value, set_by));
    }
    let event_of = |set_by: Option<Index>| set_by.and_then(|index| known.get(&index)?.as_ref());
    match format {
        Format::Json => {
            let rows: Vec<Value> = rows
                .iter()
                .map(|(field, value, set_by)| {
                    let event = event_of(*set_by);
                    json!({
                        "field": field,
                        "value": value,
                        "version": event.map(|(event, _)| event.version),
                        "type": event.map(|(event, _)| &event.event_type),
                        "recorded_at": event.and_then(|(event, _)| event.recorded_at),
                        "actor": event.and_then(|(_, metadata)| metadata.actor.as_ref()),
                        "reason": event.and_then(|(_, metadata)| metadata.reason.as_ref()),
                    })
                })
                .collect();
            json(out, &rows)?;
        }
        Format::Table => {
            let columns = [
                ("field", Align::Left),
                ("value", Align::Left),
                ("set by", Align::Right),
                ("type", Align::Left),
                ("recorded_at", Align::Left),
                ("actor", Align::Left),
                ("reason", Align::Left),
            ];
            let mut table = Table::new(out, &columns);
            for (field, value, set_by) in &rows {
                let event = event_of(*set_by);
                table.row(&[
                    field.clone(),
                    plain(value),
                    event.map(|(event, _)| format!("v{}", event.version)).unwrap_or_default(),
                    optional(event.map(|(event, _)| &event.event_type)),
                    optional(event.and_then(|(event, _)| event.recorded_at)),
                    optional(event.and_then(|(_, metadata)| metadata.actor.as_ref())),
                    optional(event.and_then(|(_, metadata)| metadata.reason.as_ref())),
                ])?;
            }
            table.finish()?;
        }
    }
    Ok(Outcome::Done)
}
