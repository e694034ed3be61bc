//! What the handler of one event does, line by line.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::args::{Format, StreamArgs, TraceArgs};
use super::output::{Align, Table, json};
use super::own::Under;
use super::progress::Progress;
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{DoubtsWanted, EngineError, TraceWanted, TracedEvent, doubts, resolve, trace as ask_trace};
use crate::event::StreamId;
use crate::script::{Change, Doubt, Script, ScriptProjection, Step, Trace};
use crate::store::Store;

#[derive(Serialize)]
struct StepRow<'a> {
    line: u32,
    column: u32,
    source: &'a str,
    changes: Vec<ChangeRow<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    logged: &'a [Box<str>],
}

#[derive(Serialize)]
struct ChangeRow<'a> {
    field: &'a str,
    before: Option<Said<'a>>,
    after: Option<Said<'a>>,
}

/// JSON, or what JSON cannot hold as a text.
#[derive(Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

impl<'a> Said<'a> {
    fn of(text: &'a str) -> Self {
        serde_json::from_str(text).map_or(Self::Text(text), Self::Json)
    }
}

pub(super) fn trace(args: &TraceArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let TraceArgs { of: StreamArgs { store, stream }, projection, at, format } = args;
    let Some(script) = &projection.script else {
        return Err(Failure::Usage(format!("{} is no file of your own; name one (FILE.js)", &**projection)));
    };
    let under = Under::open(context, store, Some(projection))?;
    let own = match &under.division {
        Some(division) => ScriptProjection::of_partitions(script, Arc::new(division.clone())),
        None => ScriptProjection::of(script),
    };
    let own = own.ok_or_else(|| EngineError::SharedState(script.name().to_owned()))?;
    let described = under.describe(stream)?;
    let reader = under.reader.as_ref();
    let at = resolve(reader, &described.row, *at)?;
    let mut progress = Progress::new("folding events", Some(described.row.events));
    let wanted = TraceWanted { projection: own, stream: described.row.stream, at, before: None };
    let TracedEvent { head, trace } = ask_trace(reader, &wanted, &mut |count| progress.tell(count))?;
    let doubts = match &under.division {
        // Events are looked at where they stand.
        Some(_) => doubts_of(context.open(store)?.as_ref(), script, None, &mut progress)?,
        None => doubts_of(reader, script, Some(wanted.stream), &mut progress)?,
    };
    drop(progress);
    for Doubt { place, event_type, field, near, .. } in doubts {
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let (line, column) = (place.line, place.column);
        message(format_args!("{}, line {line}, column {column}: no {field} in {event_type}{hint}", script.name()));
    }
    let Some(trace) = trace else {
        if *format == Format::Json {
            json(out, &Vec::<StepRow<'_>>::new())?;
        }
        message(format_args!(
            "{} takes no {}, so nothing of it ran at version {}",
            script.name(),
            head.event_type,
            head.version
        ));
        return Ok(Outcome::Done);
    };
    match format {
        Format::Json => {
            let rows: Vec<StepRow<'_>> = trace.steps.iter().map(|step| row(step, script.source())).collect();
            json(out, &rows)?;
        }
        Format::Table => {
            let lines = lines_that_ran(&trace);
            let lines = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
            // The one state of a projection that does not divide has no name.
            let of = if stream.is_empty() { "the state" } else { stream };
            let at = format!("{of} v{} ({})", head.version, head.event_type);
            out.line(format_args!("{at}: {lines}, {}", trace.took_text()))?;
            writeln!(out.text())?;
            print(&trace, script.source(), out)?;
        }
    }
    tell(&trace, script.name());
    Ok(if trace.fault.is_some() { Outcome::No } else { Outcome::Done })
}

fn doubts_of(
    reader: &dyn Store,
    script: &Script,
    stream: Option<StreamId>,
    progress: &mut Progress,
) -> Result<Vec<Doubt>, Failure> {
    Ok(doubts(reader, &DoubtsWanted { script: script.clone(), stream }, &mut |count| progress.tell(count))?)
}

fn row<'a>(step: &'a Step, source: &'a str) -> StepRow<'a> {
    let change = |change: &'a Change| ChangeRow {
        field: &change.field,
        before: change.before.as_deref().map(Said::of),
        after: change.after.as_deref().map(Said::of),
    };
    StepRow {
        line: step.place.line,
        column: step.place.column,
        source: line(source, step.place.line),
        changes: step.changes.iter().map(change).collect(),
        logged: &step.logged,
    }
}

fn line(source: &str, number: u32) -> &str {
    source.lines().nth(number as usize - 1).unwrap_or_default().trim()
}

fn lines_that_ran(trace: &Trace) -> usize {
    let mut lines: Vec<u32> = trace.steps.iter().map(|step| step.place.line).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.len()
}

/// A row a step, and one more for each further field that it set and each text that it logged.
fn print(trace: &Trace, source: &str, out: &mut Output) -> Result<(), Failure> {
    let columns = [
        ("line", Align::Right),
        ("source", Align::Left),
        ("field", Align::Left),
        ("before", Align::Right),
        ("", Align::Left),
        ("after", Align::Left),
    ];
    let mut table = Table::new(out, &columns);
    for step in &trace.steps {
        let mut cells: Vec<[String; 4]> = Vec::new();
        for change in &step.changes {
            let side = |side: &Option<Box<str>>| side.as_deref().unwrap_or_default().to_owned();
            let field = if change.field.is_empty() { "the state" } else { &change.field };
            let sign = if change.is_same() { "=" } else { "→" };
            cells.push([field.to_owned(), side(&change.before), sign.to_owned(), side(&change.after)]);
        }
        let said = |sign: &str, text: String| [String::new(), String::new(), sign.to_owned(), text];
        if step.more > 0 {
            cells.push(said("", format!("and {} more", step.more)));
        }
        cells.extend(step.logged.iter().map(|text| said("log", text.to_string())));
        if cells.is_empty() {
            cells.push(Default::default());
        }
        let mut of_step = [step.place.line.to_string(), line(source, step.place.line).to_owned()];
        for rest in cells {
            let row: Vec<String> = std::mem::take(&mut of_step).into_iter().chain(rest).collect();
            table.row(&row)?;
        }
    }
    table.finish()?;
    Ok(())
}

fn tell(trace: &Trace, name: &str) {
    if trace.is_unwatched {
        message(format_args!("{name} does something else when its lines are watched, so they are not told"));
    }
    if trace.is_cut {
        message("the first steps are told; more ran");
    }
    if trace.is_coarse {
        message("there was much to compare: from line to line only the uppermost fields of the state were");
    }
    if let Some(fault) = &trace.fault {
        message(format_args!("{name}, {fault}"));
    }
}
