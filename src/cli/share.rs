//! A projection that several machines fold together.

use std::io::Write;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use serde_json::{Map, json as object};

use super::args::{Format, ProjectArgs, RowFormat, WorkersArgs};
use super::look::Rows;
use super::output::{Align, Table, json, optional, plain};
use super::own::Under;
use super::progress::{Progress, counted};
use super::stopping::Stopping;
use super::target::{Context, shown, source};
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{
    EngineError, ShareError, ShareInto, ShareStep, ShareWish, ShareWorker, SharedRow, SharedTableStanding, SharedWork,
    grouped, model_table, shared_rows, shared_values, shared_work, values_to_work_with, worker_name,
};
use crate::event::Position;
use crate::index::Budget;
use crate::store::{Flow, ModelPlace, StoreError};

/// Between two steps where nothing came: until the others are through, or something is recorded.
const BETWEEN: Duration = Duration::from_millis(100);
const BETWEEN_NEWS: Duration = Duration::from_millis(500);

/// So often in a row, and so long after each other, it is tried again where the server does not answer.
const TRIES: u32 = 10;
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Works on shared partitions until every one is folded, whoever folds it, and prints what came of it; with `follow`,
/// until it is told to stop.
pub(super) fn project(args: &ProjectArgs, name: &str, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let Some(projection) = args.projection.as_ref() else {
        let reason = "shared work is for one projection; name it with --projection";
        return Err(Failure::Usage(reason.to_owned()));
    };
    let budget = Budget::of_mebibytes(args.memory);
    let reader = Under::within(context, &args.store, Some(projection), budget)?.reader;
    let wish = ShareWish { projection: projection.to_string(), category: args.category.clone(), into: into(args)? };
    let values = values_to_work_with(reader.as_ref(), name, &shown(&args.store), &wish)?;
    let (ring, rung) = sync_channel(1);
    let stopping = Stopping::begin(move || {
        let _ = ring.try_send(());
    })?;
    let me = worker_name();
    let mut worker = ShareWorker::join(values.as_ref(), name, &me, reader.as_ref(), &wish)?;
    let end = reader.end()?.position();
    let mut progress = Progress::new("folding events", None);
    let (mut folded, mut failures) = (0, 0);
    loop {
        let asked = &mut || if stopping.is_asked() { Flow::Break(()) } else { Flow::Continue(()) };
        let ShareStep { events, everywhere } = match worker.step(reader.as_ref(), asked) {
            Ok(step) => step,
            Err(ShareError::Engine(EngineError::Store(StoreError::Cancelled))) if stopping.is_asked() => break,
            // What was folded and not written is folded anew; meanwhile the others may have taken it over.
            Err(ShareError::Engine(EngineError::Store(error))) if args.follow || failures < TRIES => {
                if failures == 0 {
                    message(format_args!("{error}; it is tried again"));
                }
                failures += 1;
                let _ = rung.recv_timeout(AFTER_FAILURE);
                worker.forget();
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        failures = 0;
        folded += events;
        let _ = progress.tell(folded);
        if stopping.is_asked() || !args.follow && everywhere >= end {
            break;
        }
        if events == 0 {
            let _ = rung.recv_timeout(if args.follow { BETWEEN_NEWS } else { BETWEEN });
        }
    }
    drop(progress);
    let table = worker.table()?;
    worker.leave()?;
    message(format_args!("{} folded by {me}", counted(folded, "event")));
    match table {
        _ if stopping.is_asked() => {}
        Some(table) => print_table(args, &table, folded, end, out)?,
        None => print(args, shared_rows(values.as_ref())?, out)?,
    }
    Ok(Outcome::Done)
}

/// The table that the results go into.
fn into(args: &ProjectArgs) -> Result<Option<ShareInto>, Failure> {
    let (Some(into), Some(projection)) = (&args.into, &args.projection) else { return Ok(None) };
    let table = model_table(projection.stem(), args.category.as_deref());
    let place = ModelPlace::parse_os(into).or_table(&table);
    Ok(Some(ShareInto { place, source: source(&args.store)? }))
}

fn print_table(
    args: &ProjectArgs,
    table: &SharedTableStanding,
    folded: u64,
    end: Option<Position>,
    out: &mut Output,
) -> Result<(), Failure> {
    let SharedTableStanding { table, rows, position } = table;
    match args.format {
        RowFormat::Table => {
            let place = position.map(|position| format!("; it stands at position {position}")).unwrap_or_default();
            writeln!(out.text(), "{table}: {}{place}", counted(*rows, "row"))?;
        }
        _ => {
            let is_caught_up = *position >= end;
            json(
                out,
                &object!({
                    "table": table,
                    "rows": rows,
                    "position": position,
                    "caught_up": is_caught_up,
                    "events": folded,
                }),
            )?;
        }
    }
    Ok(())
}

/// More fields than these are not shown in a table.
const MOST_SHOWN: usize = 6;

fn print(args: &ProjectArgs, rows: Vec<SharedRow>, out: &mut Output) -> Result<(), Failure> {
    let mut fields: Vec<String> = Vec::new();
    for name in rows.iter().filter_map(|row| row.state.as_object()).flat_map(Map::keys) {
        if fields.len() < MOST_SHOWN && name != "version" && !fields.contains(name) {
            fields.push(name.clone());
        }
    }
    let mut columns = vec![("stream", Align::Left), ("version", Align::Right)];
    columns.extend(fields.iter().map(|field| (field.as_str(), Align::Left)));
    let mut shown = Rows::new(out, args.format, args.csv_safe, &columns);
    let limit = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    for row in rows.into_iter().take(limit) {
        let cells = || {
            let of = |field: &String| row.state.get(field).map_or_else(String::new, plain);
            [row.stream.to_string(), row.version.to_string()].into_iter().chain(fields.iter().map(of)).collect()
        };
        shown.row(&row, cells)?;
    }
    shown.finish()?;
    Ok(())
}

pub(super) fn workers(args: &WorkersArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let WorkersArgs { store, share, format } = args;
    let reader = context.open(store)?;
    let values = shared_values(reader.as_ref(), share, &shown(store), false)?;
    let work = shared_work(values.as_ref(), share, reader.as_ref())?;
    match format {
        Format::Json => json(out, &work)?,
        Format::Table => {
            let columns = [
                ("worker", Align::Left),
                ("partitions", Align::Right),
                ("position", Align::Right),
                ("behind", Align::Right),
            ];
            let mut table = Table::new(out, &columns);
            for SharedWork { worker, partitions, position, behind } in &work {
                let worker = if worker.is_empty() { "(nobody)".to_owned() } else { worker.clone() };
                table.row(&[worker, partitions.len().to_string(), optional(*position), grouped(*behind)])?;
            }
            table.finish()?;
        }
    }
    Ok(Outcome::Done)
}
