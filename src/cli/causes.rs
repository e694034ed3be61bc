use std::collections::{HashMap, HashSet};
use std::io::Write;

use serde_json::{Value, json};

use super::args::{CausesArgs, Format};
use super::output::{Align, Table, json, optional};
use super::progress::{Progress, counted};
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{Around, CAUSES_KEPT, Causes, LinkedEvent, causes as find, event_meant};

pub(super) fn causes(args: &CausesArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let CausesArgs { store, event, all, format } = args;
    let reader = context.open(store)?;
    let asked = event_meant(reader.as_ref(), event)?;
    let total = if reader.capabilities().finds_by_link { None } else { reader.info().ok().map(|info| info.events) };
    let mut progress = Progress::new("looking for causes and effects", total);
    let around = if *all { Around::Everything } else { Around::Chain };
    // Told in steps: batches are of any length.
    let found = find(reader.as_ref(), &asked, around, &mut |count| progress.tell(count & !1023))?;
    drop(progress);
    let rows: Vec<(usize, &LinkedEvent)> =
        found.events.iter().enumerate().filter(|(_, event)| *all || event.is_on_chain).collect();
    match format {
        Format::Json => json(out, &causes_json(&found, &rows))?,
        Format::Table => table(&found, &rows, out)?,
    }
    if found.is_circle {
        message("the causes lead back to an event that they began with: none of them is the first");
    }
    if found.is_cut {
        message(format_args!("more than {CAUSES_KEPT} events hang together here; the others are left out"));
    }
    Ok(Outcome::Done)
}

fn causes_json(found: &Causes, rows: &[(usize, &LinkedEvent)]) -> Value {
    let events: Vec<Value> = rows
        .iter()
        .map(|(_, LinkedEvent { stream, head, cause, caused_by, .. })| {
            // As the cause itself spells its id, where it is there.
            let cause =
                caused_by.and_then(|place| found.events.get(place)).map(|event| &event.head.id).or(cause.as_ref());
            json!({
                "id": head.id,
                "stream": stream,
                "version": head.version,
                "type": head.event_type,
                "recorded_at": head.recorded_at,
                "caused_by": cause,
            })
        })
        .collect();
    json!({
        "root": found.events.get(found.root).map(|root| &root.head.id),
        "events": events,
        "missing": found.missing,
        "cut": found.is_cut,
        "circle": found.is_circle,
    })
}

/// One event a line, each indented below its cause.
fn table(found: &Causes, rows: &[(usize, &LinkedEvent)], out: &mut Output) -> Result<(), Failure> {
    let columns = [
        ("event", Align::Left),
        ("stream", Align::Left),
        ("version", Align::Right),
        ("recorded_at", Align::Left),
        ("actor", Align::Left),
        ("id", Align::Left),
    ];
    let mut table = Table::new(out, &columns);
    for (depth, place, event) in as_tree(rows) {
        let LinkedEvent { stream, head, actor, .. } = event;
        let mark = if place == found.asked { "* " } else { "" };
        let indent = "  ".repeat(depth.min(DEEPEST));
        table.row(&[
            format!("{indent}{mark}{}", head.event_type),
            stream.to_string(),
            head.version.to_string(),
            optional(head.recorded_at),
            optional(actor.as_ref()),
            head.id.to_string(),
        ])?;
    }
    table.finish()?;
    writeln!(out.text(), "{}", counted(rows.len() as u64, "event"))?;
    for missing in &found.missing {
        let by = rows.iter().find(|(_, event)| event.cause.as_ref() == Some(missing));
        let by = by.map(|(_, event)| format!(", which {} names as its cause", event.head.id)).unwrap_or_default();
        out.line(format_args!("not in this store: {missing}{by}"))?;
    }
    Ok(())
}

/// Deeper ones are indented no further.
const DEEPEST: usize = 12;

/// Each event below its cause, and what has none in the order of time.
fn as_tree<'e>(rows: &[(usize, &'e LinkedEvent)]) -> Vec<(usize, usize, &'e LinkedEvent)> {
    let is_listed = |place: usize| rows.binary_search_by_key(&place, |(place, _)| *place).is_ok();
    let mut effects: HashMap<Option<usize>, Vec<(usize, &LinkedEvent)>> = HashMap::new();
    for (place, event) in rows {
        effects.entry(event.caused_by.filter(|cause| is_listed(*cause))).or_default().push((*place, event));
    }
    let mut tree = Vec::new();
    let mut seen = HashSet::new();
    // What goes in a circle hangs below nothing, and begins where it is met first.
    let begins = effects.get(&None).cloned().unwrap_or_default().into_iter().chain(rows.iter().copied());
    for begin in begins.collect::<Vec<_>>() {
        let mut waiting = vec![(0, begin)];
        while let Some((depth, (place, event))) = waiting.pop() {
            if seen.insert(place) {
                tree.push((depth, place, event));
                let below = effects.get(&Some(place)).into_iter().flatten().rev();
                waiting.extend(below.map(|below| (depth + 1, *below)));
            }
        }
    }
    tree
}
