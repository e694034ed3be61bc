use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::args::{AppendArgs, CompensateArgs, Format, StreamArgs, now};
use super::output::{Align, Table, json, optional, plain};
use super::progress::Progress;
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome, target, told, tries};
use crate::compensate::{Authorship, FreeEvent, Plan, PlanError, append_plan, natural, plan_event};
use crate::domain::Aggregate;
use crate::engine::{EngineError, describe, keep_snapshots, load_story};
use crate::event::{EventId, RecordedEvent, StreamId, Version};
use crate::replay::Story;
use crate::store::{AppendError, Appended, Conflict, Expected, Store, Writer, read_text, text_of};

pub(super) fn append(args: &AppendArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let AppendArgs {
        of: StreamArgs { store, stream },
        event_type,
        payload,
        expect,
        actor,
        reason,
        compensates,
        id,
        dry_run,
        format,
    } = args;
    let stream = StreamId::from(stream.as_str());
    let payload = payload_text(payload)?;
    let authorship = authorship(actor, reason, id.as_deref());
    let compensates = compensates.as_deref().map(EventId::new);
    let prepared = tries::while_passing(out, |_| {
        let store = opened(context, store, *dry_run)?;
        let reader = store.reader();
        check_open(reader, &stream)?;
        let story = match describe(reader, &stream) {
            Ok(described) => loaded(reader, &described)?,
            // A new stream: its first event says what it is.
            Err(EngineError::NoStream { .. }) => {
                Story::new(Aggregate::of_stream(&stream, stream.category(), event_type))
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(id) = &compensates {
            check_compensated(reader, &stream, id)?;
        }
        let (event_type, payload) = (event_type.clone(), payload.clone());
        let free = FreeEvent { event_type, payload, compensates: compensates.clone() };
        let plan = plan_event(&story, &stream, *expect, free, &authorship)?;
        prepared(plan, store)
    })?;
    carry_out(prepared, *format, out)
}

/// No store takes a longer one.
const LARGEST_PAYLOAD: u64 = 64 << 20;

/// A payload may be longer than a command line: `-` reads it from standard input, `@FILE` from a file.
fn payload_text(argument: &OsStr) -> Result<String, Failure> {
    let unreadable =
        |source: &str, error: io::Error| Failure::Usage(format!("{source}: the payload could not be read: {error}"));
    if argument == "-" {
        return text_of(io::stdin(), LARGEST_PAYLOAD).map_err(|error| unreadable("standard input", error));
    }
    if let Some(file) = target::after_at(argument) {
        return read_text(&file, LARGEST_PAYLOAD).map_err(|error| unreadable(&file.display().to_string(), error));
    }
    let text = argument.to_str().ok_or_else(|| Failure::Usage("the payload is not UTF-8 text".to_owned()))?;
    Ok(text.to_owned())
}

/// What cannot be appended is not shown as if it would be.
fn check_open(reader: &dyn Store, stream: &StreamId) -> Result<(), Failure> {
    match reader.closed(stream)? {
        Some(closed) => Err(PlanError::of_closed(closed, stream).into()),
        None => Ok(()),
    }
}

/// A correction that names nothing would be a dead end for whoever follows it.
fn check_compensated(reader: &dyn Store, stream: &StreamId, id: &EventId) -> Result<(), Failure> {
    match reader.event_by_id(id)? {
        Some(event) if event.stream == *stream => Ok(()),
        Some(event) => Err(Failure::Usage(format!("the event {id} is one of {}, not of {stream}", event.stream))),
        None => Err(Failure::Usage(format!("there is no event {id}; find its id with `foldline events`"))),
    }
}

pub(super) fn compensate(args: &CompensateArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let CompensateArgs { of: StreamArgs { store, stream }, version, actor, reason, dry_run, format } = args;
    let stream = StreamId::from(stream.as_str());
    let authorship = authorship(actor, reason, None);
    let prepared = tries::while_passing(out, |_| {
        let store = opened(context, store, *dry_run)?;
        let reader = store.reader();
        let described = describe(reader, &stream)?;
        let target = reader.event_at(&stream, Version(*version))?.ok_or_else(|| EngineError::NoVersion {
            stream: stream.clone(),
            asked: Version(*version),
            first: described.row.first_version,
            last: described.row.last_version,
        })?;
        check_open(reader, &stream)?;
        let story = loaded(reader, &described)?;
        let plan = natural(&story, &target, &authorship)?;
        prepared(plan, store)
    })?;
    carry_out(prepared, *format, out)
}

/// A preview only looks, and so leaves no trace; anything else needs the store open for writing.
enum Opened {
    Looking(Box<dyn Store>),
    Writing(Box<dyn Writer>),
}

fn opened(context: &Context, store: &OsStr, is_dry_run: bool) -> Result<Opened, Failure> {
    Ok(if is_dry_run {
        Opened::Looking(context.open(store)?)
    } else {
        Opened::Writing(context.open_for_writing(store)?)
    })
}

impl Opened {
    fn reader(&self) -> &dyn Store {
        match self {
            Self::Looking(reader) => reader.as_ref(),
            Self::Writing(store) => store.as_ref(),
        }
    }
}

fn loaded(reader: &dyn Store, described: &crate::engine::Described) -> Result<Story, Failure> {
    let mut progress = Progress::new("folding events", Some(described.row.events));
    Ok(load_story(reader, described, &mut |count| progress.tell(count))?)
}

fn authorship(actor: &str, reason: &str, id: Option<&str>) -> Authorship {
    let id = id.map_or_else(|| EventId::Uuid(uuid::Uuid::now_v7().into_bytes()), EventId::new);
    Authorship { actor: actor.to_owned(), reason: reason.to_owned(), id, now: now() }
}

/// Everything that comes before an append, and that may be done again: an append itself may not.
enum Prepared {
    Preview { plan: Plan, conflict: Option<Conflict> },
    Ready { plan: Plan, writer: Box<dyn Writer> },
}

fn prepared(plan: Plan, store: Opened) -> Result<Prepared, Failure> {
    Ok(match store {
        Opened::Looking(reader) => Prepared::Preview { conflict: would_conflict(&plan, reader.as_ref())?, plan },
        Opened::Writing(writer) => Prepared::Ready { plan, writer },
    })
}

fn carry_out(prepared: Prepared, format: Format, out: &mut Output) -> Result<Outcome, Failure> {
    let (plan, appended) = match prepared {
        Prepared::Preview { conflict: Some(found), .. } => return conflict(&found, format, out),
        Prepared::Preview { plan, conflict: None } => (plan, None),
        Prepared::Ready { plan, mut writer } => match append_plan(&plan, writer.as_mut()) {
            Ok(appended) => {
                keep_snapshots(writer.as_mut(), &plan.stream);
                (plan, Some(appended))
            }
            Err(AppendError::Conflict(found)) => return conflict(&found, format, out),
            Err(error) => return Err(error.into()),
        },
    };
    for breach in &plan.breaches {
        message(format_args!("warning: this breaks a rule: {breach}"));
    }
    let printed = print_plan(&plan, appended.as_ref(), format, out);
    match &appended {
        None => printed?,
        // What is recorded is done, whoever hears of it.
        Some(appended) => told(printed, out, || plan_sentence(&plan, Some(appended)))?,
    }
    Ok(Outcome::Done)
}

fn plan_sentence(plan: &Plan, appended: Option<&Appended>) -> String {
    let version = appended.map_or(plan.version, |appended| appended.last);
    let what = match appended {
        None => "would be recorded as",
        Some(appended) if appended.already_there => "was recorded before as",
        Some(_) => "recorded as",
    };
    format!("{} {what} version {version} of {}", plan.event.event_type, plan.stream)
}

fn print_plan(plan: &Plan, appended: Option<&Appended>, format: Format, out: &mut Output) -> Result<(), Failure> {
    match format {
        Format::Json => json(out, &plan_json(plan, appended))?,
        Format::Table => {
            writeln!(out.text(), "{}\n", plan_sentence(plan, appended))?;
            let mut table = Table::new(out, &[("field", Align::Left), ("before", Align::Left), ("after", Align::Left)]);
            for change in &plan.changes {
                table.row(&[change.field.clone(), plain(&change.before), plain(&change.after)])?;
            }
            if plan.changes.is_empty() {
                table.row(&["(no field changes)".to_owned()])?;
            }
            table.finish()?;
        }
    }
    Ok(())
}

fn plan_json(plan: &Plan, appended: Option<&Appended>) -> Value {
    json!({
        "stream": plan.stream,
        "version": appended.map_or(plan.version, |appended| appended.last),
        "position": appended.and_then(|appended| appended.position),
        "id": plan.event.id,
        "state": plan.after,
    })
}

/// The conflict that an append would meet now, found without writing.
fn would_conflict(plan: &Plan, reader: &dyn Store) -> Result<Option<Conflict>, Failure> {
    let actual = reader.stream(&plan.stream)?.map(|row| row.last_version);
    if plan.expected.holds(actual) {
        return Ok(None);
    }
    let from = match plan.expected {
        Expected::Exact(version) => Some(Version(version.0 + 1)),
        Expected::NoStream | Expected::Any => None,
    };
    let mut since = Vec::new();
    let query = crate::store::Query::stream(plan.stream.clone()).between(from, None);
    reader.visit_events(&query, &mut |row| {
        since.push(row.to_recorded());
        crate::store::Flow::Continue(())
    })?;
    Ok(Some(Conflict { stream: plan.stream.clone(), expected: plan.expected, actual, since }))
}

/// The rows print their payloads as stored, which only a direct serialisation keeps.
#[derive(serde::Serialize)]
struct ShownConflict<'a> {
    expected: Value,
    actual: Option<Version>,
    since: &'a [RecordedEvent],
}

fn conflict(conflict: &Conflict, format: Format, out: &mut Output) -> Result<Outcome, Failure> {
    let Conflict { stream, expected, actual, since } = conflict;
    match format {
        Format::Json => {
            let expected = match expected {
                Expected::Exact(version) => Value::from(version.0),
                Expected::NoStream => Value::from("none"),
                Expected::Any => Value::from("any"),
            };
            json(out, &BTreeMap::from([("conflict", ShownConflict { expected, actual: *actual, since })]))?;
        }
        Format::Table => {
            let found = AppendError::Conflict(Box::new(conflict.clone()));
            message(format_args!(
                "{found}; look at what came since, then append with --expect {}",
                actual.map_or_else(|| "none".to_owned(), |version| version.to_string())
            ));
            if since.is_empty() {
                return Ok(Outcome::No);
            }
            writeln!(out.text(), "recorded in {stream} since:")?;
            let columns = [
                ("version", Align::Right),
                ("type", Align::Left),
                ("recorded_at", Align::Left),
                ("actor", Align::Left),
                ("payload", Align::Left),
            ];
            let mut table = Table::new(out, &columns);
            for event in since {
                table.row(&[
                    event.version.to_string(),
                    event.event_type.to_string(),
                    optional(event.recorded_at),
                    event.metadata().actor.unwrap_or_default(),
                    String::from_utf8_lossy(&event.payload).into_owned(),
                ])?;
            }
            table.finish()?;
        }
    }
    Ok(Outcome::No)
}
