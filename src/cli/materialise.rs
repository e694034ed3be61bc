//! Projections as tables that other programs read, and tables held against projections.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::{DriftArgs, Format, MaterialiseArgs};
use super::failing::tell_failures;
use super::look::unless_category;
use super::output::{Align, Table, json, plain};
use super::own::Under;
use super::progress::{counted, watching};
use super::target::{Context, source};
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{
    Difference, Drift, DriftError, DriftWish, MaterialiseError, Materialised, ModelWish, TableMap, Ticket,
    drift as hold_against, grouped, materialise as bring_up, model_table,
};
use crate::event::{EventType, StreamId, Version};
use crate::index::Budget;
use crate::store::{LONGEST_OPTION, ModelPlace, read_text};

/// Differences that are shown in a terminal.
const MOST_SHOWN: usize = 100;

pub(super) fn materialise(args: &MaterialiseArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let budget = Budget::of_mebibytes(args.memory);
    let under = Under::within(context, &args.store, Some(&args.projection), budget)?;
    let reader = &under.reader;
    let table = model_table(args.projection.stem(), args.category.as_deref());
    let wish = ModelWish {
        projection: args.projection.to_string(),
        category: args.category.clone(),
        place: ModelPlace::parse_os(&args.into).or_table(&table),
        source: source(&args.store)?,
        budget,
    };
    let ticket = Ticket::new("folding events");
    let answer = watching("folding events", &ticket, || bring_up(reader.as_ref(), &wish, &ticket));
    if let Err(MaterialiseError::NoCategory(category)) = &answer {
        unless_category(reader.as_ref(), category)?;
    }
    let answer = answer?;
    let Materialised { table, rows, position, events, made, is_caught_up, left_out, failed } = &answer;
    let told = tell_failures(&under, &args.projection, failed)?;
    match args.format {
        Format::Json => json(
            out,
            &json!({
                "table": table,
                "rows": rows,
                "position": position,
                "caught_up": is_caught_up,
                "events": events,
                "made": made.map(|why| why.name()),
                "failed": told,
            }),
        )?,
        Format::Table => {
            let rows = counted(*rows, "row");
            let what = made.map_or_else(
                || format!("caught up with {}", counted(*events, "new event")),
                |why| why.message().to_owned(),
            );
            let place = position.map(|position| format!("; it stands at position {position}")).unwrap_or_default();
            writeln!(out.text(), "{table}: {rows}, {what}{place}")?;
        }
    }
    if !left_out.is_empty() {
        let name: &str = &args.projection;
        message(format_args!("streams of {} have no projection {name} and are left out", left_out.join(", ")));
    }
    Ok(if failed.is_none() { Outcome::Done } else { Outcome::No })
}

#[derive(Serialize)]
struct DifferenceRow<'a> {
    stream: &'a StreamId,
    field: &'a str,
    table: &'a Value,
    fold: &'a Value,
    set_by: Option<SetBy<'a>>,
}

#[derive(Serialize)]
struct SetBy<'a> {
    version: Version,
    #[serde(rename = "type")]
    event_type: &'a EventType,
    actor: Option<&'a str>,
}

impl<'a> From<&'a Difference> for DifferenceRow<'a> {
    fn from(difference: &'a Difference) -> Self {
        let Difference { stream, field, table, fold, set_by } = difference;
        let set_by = set_by.as_ref().map(|event| SetBy {
            version: event.version,
            event_type: &event.event_type,
            actor: event.actor.as_deref(),
        });
        Self { stream, field, table, fold, set_by }
    }
}

pub(super) fn drift(args: &DriftArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let map = args.map.as_deref().map(read_map).transpose()?;
    let budget = Budget::of_mebibytes(args.memory);
    let under = Under::within(context, &args.store, Some(&args.projection), budget)?;
    let reader = &under.reader;
    let table = model_table(args.projection.stem(), args.category.as_deref());
    let wish = DriftWish {
        projection: args.projection.to_string(),
        category: args.category.clone(),
        against: ModelPlace::parse_os(&args.against).or_table(&table),
        map,
        budget,
    };
    let ticket = Ticket::new("folding events");
    let answer = watching("folding events", &ticket, || hold_against(reader.as_ref(), &wish, &ticket));
    if let Err(DriftError::Other(MaterialiseError::NoCategory(category))) = &answer {
        unless_category(reader.as_ref(), category)?;
    }
    let answer = answer?;
    let failed = tell_failures(&under, &args.projection, &answer.failed)?;
    match args.format {
        Format::Json => {
            let differences: Vec<DifferenceRow<'_>> = answer.differences.iter().map(DifferenceRow::from).collect();
            json(
                out,
                &json!({
                    "ok": answer.is_none() && answer.failed.is_none(),
                    "rows": answer.rows,
                    "differences": differences,
                    "missing": answer.missing,
                    "extra": answer.extra,
                    "failed": failed,
                }),
            )?;
        }
        Format::Table => print(&answer, &wish.against, out)?,
    }
    if answer.is_replaced {
        message("the store was cut, restored or replaced since the table was written; it is compared as it is now");
    }
    Ok(if answer.is_none() && answer.failed.is_none() { Outcome::Done } else { Outcome::No })
}

fn print(answer: &Drift, against: &ModelPlace, out: &mut Output) -> Result<(), Failure> {
    let Drift { rows, position, differences, missing, extra, .. } = answer;
    let place = position.map(|position| format!(" at position {position}")).unwrap_or_default();
    let rows = counted(*rows, "row");
    if answer.is_none() {
        let said = if answer.failed.is_none() { "each as the events say" } else { "each as the other events say" };
        writeln!(out.text(), "{against}: {rows}, {said}{place}")?;
        return Ok(());
    }
    if !differences.is_empty() {
        let columns = [
            ("stream", Align::Left),
            ("field", Align::Left),
            ("table", Align::Left),
            ("events say", Align::Left),
            ("set by", Align::Right),
            ("type", Align::Left),
            ("actor", Align::Left),
        ];
        let mut table = Table::new(out, &columns);
        for difference in differences.iter().take(MOST_SHOWN) {
            let DifferenceRow { stream, field, table: kept, fold, set_by } = difference.into();
            let set_by = set_by.as_ref();
            table.row(&[
                stream.to_string(),
                field.to_owned(),
                plain(kept),
                plain(fold),
                set_by.map(|event| format!("v{}", event.version)).unwrap_or_default(),
                set_by.map(|event| event.event_type.to_string()).unwrap_or_default(),
                set_by.and_then(|event| event.actor).unwrap_or_default().to_owned(),
            ])?;
        }
        table.finish()?;
        more(differences.len());
        writeln!(out.text())?;
    }
    for (names, what) in [
        (missing.iter().map(ToString::to_string).collect::<Vec<_>>(), "has no row in the table"),
        (extra.clone(), "is a row of no stream"),
    ] {
        for name in names.iter().take(MOST_SHOWN) {
            out.line(format_args!("{name} {what}"))?;
        }
        more(names.len());
    }
    let (missing, extra) = (grouped(missing.len() as u64), grouped(extra.len() as u64));
    let differing = counted(differences.len() as u64, "difference");
    writeln!(out.text(), "{against}: {rows}{place}; {differing}, {missing} missing, {extra} too many")?;
    Ok(())
}

fn more(count: usize) {
    if let Some(more) = count.checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        message(format_args!("{} more; --format json names all", grouped(more as u64)));
    }
}

fn read_map(path: &Path) -> Result<TableMap, Failure> {
    let unreadable = |detail: String| {
        Failure::Usage(format!(
            "{}: this says nothing of a table's columns ({detail}); write {{\"key\": \"id\", \"stream\": \"lead-{{}}\", \"fields\": {{\"status\": \"status\"}}}}",
            path.display()
        ))
    };
    let text = read_text(path, LONGEST_OPTION).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| unreadable(error.to_string()))
}
