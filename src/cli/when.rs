use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::args::{Format, RowFormat, WhenArgs};
use super::failing::{outcome_along, outcome_over};
use super::look::unless_category;
use super::output::{Align, JsonRows, Table, optional};
use super::own::Under;
use super::progress::{Progress, counted};
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{EngineError, FoundWhen, Moment, WhenInStore, grouped, when_in_store, when_stream};
use crate::event::{EventType, StreamId, Timestamp, Version};
use crate::replay::{Counted, NotRun, Timeline, Turns, Watched};

pub(super) fn when(args: &WhenArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    match (&args.category, &args.second) {
        (None, Some(expression)) => in_stream(args, expression, context, out),
        (Some(category), None) => in_category(args, category, context, out),
        (None, None) => {
            let reader = context.open(&args.store)?;
            let is_stream = reader.stream(&StreamId::from(args.first.as_str()))?.is_some();
            Err(Failure::Usage(if is_stream {
                format!(
                    "what is to hold of {} is missing; write it behind the stream, like 'status == \"CLOSED\"'",
                    args.first
                )
            } else {
                format!(
                    "“{}” is one word too few: write a stream and an expression, or --category and an expression",
                    args.first
                )
            }))
        }
        (Some(_), Some(_)) => {
            Err(Failure::Usage("with --category, no stream is named: write the expression alone, in quotes".to_owned()))
        }
    }
}

/// What is wrong with the expression is said under its words.
pub(super) fn pointed(error: EngineError, text: &str) -> Failure {
    match error {
        EngineError::Condition(flaw) => Failure::Condition { flaw, text: text.to_owned() },
        other => other.into(),
    }
}

#[derive(Serialize)]
struct TurnRow<'a> {
    version: Version,
    becomes: bool,
    #[serde(rename = "type")]
    event_type: &'a EventType,
    recorded_at: Option<Timestamp>,
    /// Of a partition: where the event stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
}

fn in_stream(args: &WhenArgs, expression: &str, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let under = Under::open(context, &args.store, args.shown.projection.as_ref())?;
    let (reader, described) = (&under.reader, under.describe(&args.first)?);
    let projection = described.projection(args.shown.projection.as_deref())?;
    let mut progress = Progress::new("folding events", Some(described.row.events));
    let tell = &mut |count| progress.tell(count);
    let (timeline, turns) = when_stream(reader.as_ref(), &described, &projection, expression, tell)
        .map_err(|error| pointed(error, expression))?;
    drop(progress);
    let heads = timeline.heads();
    let rows = turns.turns().filter_map(|(index, becomes)| {
        let head = heads.get(index)?;
        let (version, recorded_at) = (head.version, head.recorded_at);
        let event = under.own_event(&described.row.stream, version);
        Some(TurnRow { version, becomes, event_type: &head.event_type, recorded_at, event })
    });
    match args.shown.format {
        Format::Json => {
            let mut printed = JsonRows::new(out, RowFormat::Json);
            for row in rows {
                printed.row(&row)?;
            }
            printed.finish()?;
        }
        Format::Table => {
            let mut columns = vec![
                ("version", Align::Right),
                ("becomes", Align::Left),
                ("type", Align::Left),
                ("recorded_at", Align::Left),
            ];
            columns.extend(under.division.is_some().then_some(("event", Align::Left)));
            let mut table = Table::new(out, &columns);
            for row in rows {
                let mut cells = vec![
                    row.version.to_string(),
                    row.becomes.to_string(),
                    row.event_type.to_string(),
                    optional(row.recorded_at),
                ];
                cells.extend(row.event);
                table.row(&cells)?;
            }
            if !table.is_empty() {
                table.finish()?;
                writeln!(out.text())?;
            }
            let times = counted(turns.ranges().len() as u64, "time");
            let events = counted(heads.len() as u64, "event");
            if turns.events_true() == 0 {
                writeln!(out.text(), "never true, in {events}")?;
            } else {
                writeln!(out.text(), "true {times}, at {} of {events}", grouped(turns.events_true()))?;
            }
        }
    }
    say_unknown(timeline.as_ref(), &turns);
    Ok(outcome_along(&under, args.shown.projection.as_ref(), &described.row.stream, timeline.as_ref(), None))
}

fn say_unknown(timeline: &dyn Timeline, turns: &Turns) {
    let Some((index, doubt)) = turns.doubt() else { return };
    let Some(head) = timeline.heads().get(*index) else { return };
    let events = counted(turns.unknown(), "event");
    message(format_args!("it cannot be told at {events}, the first version {}: {doubt}", head.version));
}

#[derive(Serialize)]
struct StreamTurns<'a> {
    stream: &'a StreamId,
    turns: u64,
    events_true: u64,
    /// `None` where it is not known.
    is_true_now: Option<bool>,
    first: Option<Version>,
    /// Null where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_true_then: Option<Value>,
    /// The first version that the projection was not run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_run_from: Option<Version>,
}

impl<'a> StreamTurns<'a> {
    fn found(found: &'a Watched, then: Option<Timestamp>) -> Self {
        let Watched { stream, turns, events_true, is_true_now, first, was_true_then, not_run, .. } = found;
        let is_known_then = |then| not_run.is_none_or(|not_run| !not_run.is_by(then));
        Self {
            stream,
            turns: *turns,
            events_true: *events_true,
            is_true_now: not_run.is_none().then_some(*is_true_now),
            first: Some(*first),
            is_true_then: then.map(|then| is_known_then(then).then_some(*was_true_then).into()),
            not_run_from: not_run.map(|not_run| not_run.version),
        }
    }

    /// It was never true as far as the projection was run.
    fn never_known(stream: &'a StreamId, not_run: NotRun, then: Option<Timestamp>) -> Self {
        Self {
            stream,
            turns: 0,
            events_true: 0,
            is_true_now: None,
            first: None,
            is_true_then: then.map(|then| (!not_run.is_by(then)).then_some(false).into()),
            not_run_from: Some(not_run.version),
        }
    }

    /// Whether it is among those that are asked for: what is not known may be.
    fn is_at(&self, at: Option<Moment>) -> bool {
        match at {
            None => true,
            Some(Moment::Latest) => self.is_true_now != Some(false),
            Some(_) => self.is_true_then != Some(Value::Bool(false)),
        }
    }
}

fn in_category(args: &WhenArgs, category: &str, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let then = match args.at {
        None | Some(Moment::Latest) => None,
        Some(Moment::Time(at)) => Some(at),
        Some(Moment::Version(_)) => {
            let reason = "--at takes a time here (2025-01-01T01:00:05Z): each stream has versions of its own";
            return Err(Failure::Usage(reason.to_owned()));
        }
    };
    let under = Under::open(context, &args.store, args.shown.projection.as_ref())?;
    let reader = &under.reader;
    let total = reader.kept_events()?;
    let mut progress = Progress::new("folding events", total);
    let (text, projection) = (args.first.clone(), args.shown.projection.as_deref().map(str::to_owned));
    let wanted = WhenInStore { text, category: category.to_owned(), projection, then };
    let tell = &mut |count| progress.tell(count);
    let watching = when_in_store(reader.as_ref(), &wanted, &FoundWhen::default(), &|| false, tell)
        .map_err(|error| pointed(error, &args.first))?;
    drop(progress);
    if watching.is_none() {
        unless_category(reader.as_ref(), category)?;
    }
    let counts = watching.as_ref().map(|watching| watching.counts()).unwrap_or_default();
    let failures = watching.as_ref().map(|watching| watching.failures().clone()).unwrap_or_default();
    let found = watching.as_ref().map(|watching| watching.found(0, usize::MAX)).unwrap_or_default();
    let never_known = watching.as_ref().map(|watching| watching.never_known()).unwrap_or_default();
    let found = found.iter().map(|found| StreamTurns::found(found, then));
    let never_known = never_known.iter().map(|(stream, not_run)| StreamTurns::never_known(stream, *not_run, then));
    let found = found.chain(never_known).filter(|found| found.is_at(args.at));
    match args.shown.format {
        Format::Json => {
            let mut rows = JsonRows::new(out, RowFormat::Json);
            for found in found {
                rows.row(&found)?;
            }
            rows.finish()?;
        }
        Format::Table => print_table(out, found, &counts, category, then)?,
    }
    if counts.unknown > 0 {
        let events = counted(counts.unknown, "event");
        message(format_args!("it cannot be told at {events}, which count as not true"));
    }
    outcome_over(&under, args.shown.projection.as_ref(), &failures)
}

fn print_table<'f>(
    out: &mut Output,
    found: impl Iterator<Item = StreamTurns<'f>>,
    counts: &Counted,
    category: &str,
    then: Option<Timestamp>,
) -> Result<(), Failure> {
    let columns = [
        ("stream", Align::Left),
        ("turns", Align::Right),
        ("events_true", Align::Right),
        ("now", Align::Left),
        ("first", Align::Right),
    ];
    let mut table = Table::new(out, &columns);
    for found in found {
        table.row(&[
            found.stream.to_string(),
            found.turns.to_string(),
            found.events_true.to_string(),
            match found.is_true_now {
                None => "not known",
                Some(true) => "true",
                Some(false) => "",
            }
            .to_owned(),
            found.first.map(|first| format!("v{first}")).unwrap_or_default(),
        ])?;
    }
    if !table.is_empty() {
        table.finish()?;
        writeln!(out.text())?;
    }
    let not_known = match counts.not_run {
        0 => String::new(),
        not_run => {
            format!(", not known now in {}, on which the projection was not run to the end", grouped(not_run))
        }
    };
    if counts.ever == 0 {
        writeln!(out.text(), "never true in any stream of {category}{not_known}")?;
        return Ok(());
    }
    let streams = counted(counts.ever, "stream");
    write!(out.text(), "ever true in {streams} of {category}, true now in {}", grouped(counts.now))?;
    if let Some(then) = then {
        write!(out.text(), ", true in {} at {then}", grouped(counts.then))?;
    }
    writeln!(out.text(), "{not_known}")?;
    Ok(())
}
