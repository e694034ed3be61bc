//! Two versions of a projection over a whole store, for whoever is about to replace one by the other.

use std::collections::HashMap;
use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::{CompareProjectionsArgs, Format};
use super::output::{Align, Table, json, plain};
use super::own::{ProjectionName, read_up_to, then};
use super::progress::{counted, watching};
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{
    CompareSide, CompareWish, Differs, ExplainingEvent, PartitionDifference, ProjectionsCompared, Ticket,
    compare_projections as compare, grouped,
};
use crate::event::{EventType, StreamId, Version};
use crate::index::Budget;

/// Groups that are shown in a terminal.
const MOST_SHOWN: usize = 100;

#[derive(Serialize)]
struct Row<'a> {
    partition: &'a str,
    field: &'a str,
    old: &'a Value,
    new: &'a Value,
    from: Option<From<'a>>,
    /// What it is a difference of, where that is not the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'static str>,
}

#[derive(Serialize)]
struct From<'a> {
    stream: &'a StreamId,
    version: Version,
    #[serde(rename = "type")]
    event_type: &'a EventType,
}

impl<'a> Row<'a> {
    fn of(difference: &'a PartitionDifference) -> Self {
        let PartitionDifference { partition, field, old, new, what, from } = difference;
        let from = from.as_ref().map(|ExplainingEvent { stream, version, event_type }| From {
            stream,
            version: *version,
            event_type,
        });
        Self { partition, field, old, new, from, of: kind(*what) }
    }
}

fn kind(what: Differs) -> Option<&'static str> {
    match what {
        Differs::State => None,
        Differs::Result => Some("result"),
        Differs::Fault => Some("fault"),
        Differs::Emitted => Some("emitted"),
    }
}

fn side(name: &ProjectionName) -> CompareSide {
    match &name.script {
        Some(script) => CompareSide::Own(script.clone()),
        None => CompareSide::BuiltIn(name.to_string()),
    }
}

pub(super) fn compare_projections(
    args: &CompareProjectionsArgs,
    context: &Context,
    out: &mut Output,
) -> Result<Outcome, Failure> {
    let CompareProjectionsArgs { old, new, store, as_of, memory, format } = args;
    let reader = context.open(store)?;
    let wish = CompareWish { old: side(old), new: side(new), at: *as_of, budget: Budget::of_mebibytes(*memory) };
    let ticket = Ticket::new("folding events");
    if let Some(events) = reader.kept_events()? {
        ticket.set_total(events);
    }
    let found = watching("folding events", &ticket, || compare(reader.as_ref(), &wish, &ticket))?;
    match format {
        Format::Json => {
            let rows: Vec<Row<'_>> = found.differences.iter().map(Row::of).collect();
            json(out, &json!({ "partitions": found.partitions, "differ": rows }))?;
        }
        Format::Table => print(args, &found, out)?,
    }
    if found.unexplained > 0 {
        message(format_args!("of {} the event is not looked for", counted(found.unexplained, "more partition")));
    }
    Ok(if found.differing == 0 { Outcome::Done } else { Outcome::No })
}

/// Differences that began with events of one type, in one field.
struct Group<'a> {
    first: &'a PartitionDifference,
    partitions: u64,
}

fn print(args: &CompareProjectionsArgs, found: &ProjectionsCompared, out: &mut Output) -> Result<(), Failure> {
    let ProjectionsCompared { partitions, differing, differences, events, read_to, .. } = found;
    let of = format!("{}{}, {}", counted(*events, "event"), then(args.as_of), read_up_to(read_to));
    if *differing == 0 {
        let partitions = counted(*partitions, "partition");
        writeln!(out.text(), "{} and {} show the same in {partitions} of {of}", &*args.old, &*args.new)?;
        return Ok(());
    }
    let mut places: HashMap<(Option<&EventType>, &str, Differs), usize> = HashMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for difference in differences {
        let event_type = difference.from.as_ref().map(|from| &from.event_type);
        let key = (event_type, difference.field.as_str(), difference.what);
        let place = *places.entry(key).or_insert_with(|| {
            groups.push(Group { first: difference, partitions: 0 });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.partitions += 1;
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.partitions));
    let columns = [
        ("since", Align::Left),
        ("field", Align::Left),
        ("partitions", Align::Right),
        ("first", Align::Left),
        ("old", Align::Left),
        ("new", Align::Left),
    ];
    let mut table = Table::new(out, &columns);
    for Group { first, partitions } in groups.iter().take(MOST_SHOWN) {
        let since =
            first.from.as_ref().map_or_else(|| "(not looked for)".to_owned(), |from| from.event_type.to_string());
        let at = first.from.as_ref().map(|from| format!("{}@{}", from.stream, from.version));
        let field = match (first.what, first.field.as_str()) {
            (Differs::Fault, _) => "(it fails)".to_owned(),
            (Differs::Emitted, _) => "(what it emits)".to_owned(),
            (Differs::State, "") => "(the whole)".to_owned(),
            (Differs::Result, "") => "(the result)".to_owned(),
            (Differs::Result, field) => format!("{field} of the result"),
            (Differs::State, field) => field.to_owned(),
        };
        table.row(&[
            since,
            field,
            grouped(*partitions),
            at.unwrap_or_else(|| first.partition.to_string()),
            plain(&first.old),
            plain(&first.new),
        ])?;
    }
    table.finish()?;
    if let Some(more) = groups.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        message(format_args!("{} more; --format json names all", counted(more as u64, "kind")));
    }
    let all = counted(*partitions, "partition");
    let differ = if *differing == 1 { "differs" } else { "differ" };
    writeln!(out.text(), "\n{} of {all} {differ}, in {of}; --format json names each", grouped(*differing))?;
    Ok(())
}
