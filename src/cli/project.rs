//! Every stream of a store as it stood at a moment.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{ProjectArgs, RowFormat};
use super::look::{Rows, check_csv_safe, unless_category};
use super::output::{Align, plain};
use super::own::{Under, project_own, read_up_to, then};
use super::progress::{Progress, counted};
use super::target::{Context, source};
use super::terminal::{Output, message};
use super::when::pointed;
use super::{Failure, Outcome, parquet, told};
use crate::engine::{
    AsOfCondition, Chosen, EngineError, Ticket, Untold, as_of, choose, grouped, sorted_at_once, unless_unreadable,
};
use crate::event::{Version, nearest};
use crate::index::{AsOf, Budget, Place, Sorting};
use crate::projection::{field_name, key_path, spelled_path};
use crate::replay::Finding;
use crate::script::ScriptProjection;
use crate::store::files::ExportTarget;

/// More values than these nobody counts by.
const MOST_VALUES: usize = 10_000;

/// More fields than these make no table that a person reads.
const MOST_SHOWN: usize = 12;

/// No spreadsheet shows more columns to anybody's use.
const MOST_COLUMNS: usize = 1_000;

#[derive(Serialize)]
struct Row<'a> {
    stream: &'a str,
    version: Version,
    state: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<&'a Finding>,
}

#[derive(Serialize)]
struct CountRow<'a> {
    value: &'a Value,
    streams: u64,
}

/// What cannot be asked of streams as they stood has a command of its own.
fn refused(error: EngineError, text: &str) -> Failure {
    match error {
        EngineError::NotOfStates => Failure::Usage(format!("{error}, and for the rest use `foldline when --category`")),
        other => pointed(other, text),
    }
}

pub(super) fn project(args: &ProjectArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    check_csv_safe(args.csv_safe, args.format)?;
    let target = args.to.as_deref().map(|to| target_at(args, to)).transpose()?;
    if let Some(script) = args.projection.as_ref().and_then(|name| name.script.as_ref()) {
        let has_rows_to_ask =
            args.condition.is_some() || args.count_by.is_some() || args.sort.is_some() || args.to.is_some();
        if !has_rows_to_ask && args.columns.is_empty() && args.category.is_none() {
            return project_own(args, script, context, out);
        }
        if args.category.is_some() && ScriptProjection::of(script).is_none() {
            let reason = "--category is for projections with a state a stream";
            return Err(Failure::Usage(format!("{reason}; {} divides the events otherwise", script.name())));
        }
    } else if args.emitted || args.logged {
        let reason = "--emitted and --logged are for a projection of your own; name its file with --projection FILE.js";
        return Err(Failure::Usage(reason.to_owned()));
    }
    let budget = Budget::of_mebibytes(args.memory);
    let reader = Under::within(context, &args.store, args.projection.as_ref(), budget)?.reader;
    let Some(chosen) = choose(reader.as_ref(), args.projection.as_deref(), args.category.as_deref())? else {
        unless_category(reader.as_ref(), args.category.as_deref().unwrap_or_default())?;
        // There is no stream at all.
        Rows::new(out, args.format, args.csv_safe, &[]).finish()?;
        return Ok(Outcome::Done);
    };
    let Chosen { choice, left_out, .. } = chosen;
    let text = args.condition.as_deref().unwrap_or_default();
    let condition = args.condition.as_deref().map(|text| AsOfCondition::new(text, &choice));
    let condition = condition.transpose().map_err(|error| refused(error, text))?;
    let total = reader.kept_events()?;
    let mut progress = Progress::new("folding events", total);
    let (category, tell) = (args.category.as_deref(), &mut |count| progress.tell(count));
    let as_of = as_of(reader.as_ref(), &choice, category, args.as_of, budget, tell)?;
    drop(progress);
    let mut places = Cow::Borrowed(as_of.places());
    let mut untold = Untold::default();
    if let Some(condition) = &condition {
        let found = condition.among(&as_of, &places, &Ticket::new("reading states"));
        let (held, of_others) = found.map_err(|error| refused(error, text))?;
        (places, untold) = (Cow::Owned(held), of_others);
    }
    unless_unreadable(&as_of)?;
    let found = places.len();
    let failed = || places.iter().filter_map(|place| as_of.stood(*place)?.failed);
    let not_run = failed().filter(|finding| finding.problem.is_not_run()).count() as u64;
    let failed = failed().count() as u64 - not_run;
    let mut is_written = false;
    match (&args.count_by, target) {
        (Some(field), _) => print_counts(args, field, &as_of, &places, out)?,
        (None, Some(target)) => {
            let (places, chosen) = chosen_places(args, &as_of, places)?;
            let paths = columns(&chosen, &as_of, &places, RowFormat::Csv)?;
            parquet::write(target, &as_of, &places, &paths)?;
            is_written = true;
        }
        (None, None) => print_rows(args, &as_of, places, out)?,
    }
    unless_unreadable(&as_of)?;
    if is_written {
        told(say(args, &as_of, found, out), out, || "the file is written".to_owned())?;
    } else {
        say(args, &as_of, found, out)?;
    }
    if failed > 0 {
        message(format_args!(
            "{} without an event that could not be read or folded; see `failed` with --format json, or `foldline show`",
            if failed == 1 { "1 state is".to_owned() } else { format!("{} states are", grouped(failed)) }
        ));
    }
    if not_run > 0 {
        message(format_args!(
            "{} not up to date, because the projection was given up before; see `failed` with --format json",
            if not_run == 1 { "1 state is".to_owned() } else { format!("{} states are", grouped(not_run)) }
        ));
    }
    if !left_out.is_empty() {
        let name = args.projection.as_deref().unwrap_or_default();
        message(format_args!("streams of {} have no projection {name} and are left out", left_out.join(", ")));
    }
    if untold.unknown > 0 {
        message(format_args!("it cannot be told of {}, which are left out", counted(untold.unknown, "stream")));
    }
    if untold.not_run > 0 {
        message(format_args!(
            "it is not known of {}, on which the projection was not run to the end, and which are left out",
            counted(untold.not_run, "stream")
        ));
    }
    let is_own = args.projection.as_ref().is_some_and(|name| name.script.is_some());
    Ok(if is_own && failed + not_run + untold.not_run > 0 { Outcome::No } else { Outcome::Done })
}

/// What the answer is of, and up to where it was read.
fn say(args: &ProjectArgs, as_of: &AsOf, found: usize, out: &mut Output) -> Result<(), Failure> {
    let all = counted(as_of.len() as u64, "stream");
    let streams = if found == as_of.len() { all } else { format!("{} of {all}", grouped(found as u64)) };
    let said = format!("{streams}{}, {}", then(args.as_of), read_up_to(as_of.read_to()));
    if args.format == RowFormat::Table {
        writeln!(out.text(), "\n{said}")?;
    } else {
        message(said);
    }
    Ok(())
}

fn print_counts(
    args: &ProjectArgs,
    field: &str,
    as_of: &AsOf,
    places: &[Place],
    out: &mut Output,
) -> Result<(), Failure> {
    let field = &field_path(field, as_of)?;
    let Some(counts) = as_of.counts(places, field, MOST_VALUES) else {
        return Err(Failure::Usage(format!(
            "{field} has more than 10,000 values here; count by a field that has fewer, such as a status"
        )));
    };
    let mut rows = Rows::new(out, args.format, args.csv_safe, &[("value", Align::Left), ("streams", Align::Right)]);
    let most = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    for (value, streams) in counts.iter().take(most) {
        rows.row(&CountRow { value, streams: *streams }, || vec![plain(value), streams.to_string()])?;
    }
    rows.finish()?;
    Ok(())
}

fn target_at(args: &ProjectArgs, to: &Path) -> Result<ExportTarget, Failure> {
    if !parquet::is_parquet(to) {
        return Err(Failure::Usage(format!(
            "{}: the name of the file ends in .parquet; other forms are printed by --format, and kept with >",
            to.display()
        )));
    }
    Ok(ExportTarget::new(to, &source(&args.store)?, args.force)?)
}

/// In the order that was asked for, and no more than so many; and the fields that were asked for.
fn chosen_places<'p>(
    args: &ProjectArgs,
    as_of: &AsOf,
    mut places: Cow<'p, [Place]>,
) -> Result<(Cow<'p, [Place]>, Vec<String>), Failure> {
    if let Some(sort) = &args.sort {
        let by = match sort.as_str() {
            "stream" => Sorting::Stream,
            "version" => Sorting::Version,
            "recorded_at" => Sorting::Time,
            field => Sorting::Field(field_path(field, as_of)?),
        };
        let at_once = sorted_at_once(places.len(), &mut as_of.memory().hold());
        as_of.sort_in_runs(places.to_mut(), &by, args.descending, at_once, &mut || true);
    }
    let chosen = split_columns(&args.columns).map(|field| field_path(field, as_of)).collect::<Result<Vec<_>, _>>()?;
    let most = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if most < places.len() {
        places.to_mut().truncate(most);
    }
    Ok((places, chosen))
}

fn print_rows(args: &ProjectArgs, as_of: &AsOf, places: Cow<'_, [Place]>, out: &mut Output) -> Result<(), Failure> {
    let (places, chosen) = chosen_places(args, as_of, places)?;
    let paths = columns(&chosen, as_of, &places, args.format)?;
    let is_csv = args.format == RowFormat::Csv;
    let headings: Vec<String> =
        paths.iter().map(|path| if is_csv { under_state(path) } else { path.clone() }).collect();
    let has_failed = places.iter().any(|place| as_of.stood(*place).is_some_and(|row| row.failed.is_some()));
    let mut shown = vec![("stream", Align::Left), ("version", Align::Right)];
    shown.extend(headings.iter().map(|heading| (heading.as_str(), Align::Left)));
    shown.extend(has_failed.then_some(("failed", Align::Left)));
    let mut rows = Rows::new(out, args.format, args.csv_safe, &shown);
    for place in places.iter() {
        let Some(row) = as_of.row(*place) else { continue };
        let cells = || {
            let fields = paths.iter().map(|path| plain(&as_of.value(*place, path)));
            let failed = row.failed.map(|failed| format!("version {}: {}", failed.version, failed.message()));
            let head = [row.stream.to_string(), row.version.to_string()];
            head.into_iter().chain(fields).chain(has_failed.then(|| failed.unwrap_or_default())).collect()
        };
        // Only JSON shows the whole state.
        let state = match args.format {
            RowFormat::Table | RowFormat::Csv => Value::Null,
            RowFormat::Json | RowFormat::Jsonl if chosen.is_empty() => as_of.state(*place).unwrap_or_default(),
            RowFormat::Json | RowFormat::Jsonl => {
                let fields = chosen.iter().map(|path| (path.clone(), as_of.value(*place, path)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        };
        rows.row(&Row { stream: &row.stream, version: row.version, state, failed: row.failed }, cells)?;
    }
    rows.finish()?;
    Ok(())
}

/// The paths that stand in columns of their own, each once.
fn columns(chosen: &[String], as_of: &AsOf, places: &[Place], form: RowFormat) -> Result<Vec<String>, Failure> {
    if !chosen.is_empty() || matches!(form, RowFormat::Json | RowFormat::Jsonl) {
        return Ok(chosen.to_vec());
    }
    let mut fields: Vec<String> = as_of.all_fields(places).iter().map(|name| key_path("", name)).collect();
    if form == RowFormat::Csv {
        if fields.len() > MOST_COLUMNS {
            return Err(Failure::Usage(format!(
                "these streams have {} fields together; choose some with --columns, or write --format jsonl",
                fields.len()
            )));
        }
        return Ok(fields);
    }
    // It stands in a column of its own.
    fields.retain(|field| field != "version");
    if fields.len() > MOST_SHOWN {
        message(format_args!(
            "{} more are not shown; choose with --columns",
            counted((fields.len() - MOST_SHOWN) as u64, "field")
        ));
        fields.truncate(MOST_SHOWN);
    }
    Ok(fields)
}

/// A state may have a field `version`, or one called `stream`.
fn under_state(path: &str) -> String {
    if path.starts_with('[') { format!("state{path}") } else { format!("state.{path}") }
}

/// Commas stand between fields, but not those inside of a name in quotes.
fn split_columns(typed: &[String]) -> impl Iterator<Item = &str> {
    typed.iter().flat_map(|typed| {
        let (mut is_quoted, mut is_escaped) = (false, false);
        typed.split(move |letter: char| {
            match letter {
                _ if is_escaped => is_escaped = false,
                '\\' if is_quoted => is_escaped = true,
                '"' => is_quoted = !is_quoted,
                _ => return letter == ',' && !is_quoted,
            }
            false
        })
    })
}

/// The path of a field as it was typed: a path, or the very name of a field, which may have a dot in it. One that no
/// stream has is refused, with those that look like it.
fn field_path(field: &str, as_of: &AsOf) -> Result<String, Failure> {
    let places = as_of.places();
    let leads_to = |path: &str| {
        let name = field_name(path);
        let is_there = |place: &Place| name.as_ref().is_some_and(|name| as_of.has_field(*place, name));
        places.iter().any(|place| is_there(place) || !as_of.value(*place, path).is_null())
    };
    let as_path = spelled_path(field).filter(|path| !path.is_empty());
    let as_name = key_path("", field);
    if places.is_empty() || as_path.as_deref().is_some_and(leads_to) {
        return Ok(as_path.unwrap_or(as_name));
    }
    if leads_to(&as_name) {
        return Ok(as_name);
    }
    let fields = as_of.all_fields(places.get(..1_000).unwrap_or(places));
    let known: Vec<&str> = fields.iter().map(String::as_str).collect();
    let near: Vec<String> = nearest(field, &known).into_iter().map(|name| key_path("", name)).collect();
    let hint = if near.is_empty() {
        "see what there is with `foldline project STORE --format json --limit 1`".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    let named = if field.is_empty() { "\"\"" } else { field };
    Err(Failure::Usage(format!("no stream has the field {named}; {hint}")))
}
