//! The fewest events of a stream that still show something.

use std::io::Write;
use std::ops::ControlFlow;

use serde::Serialize;

use super::args::{Format, ReduceArgs, StreamArgs};
use super::failing::outcome_along;
use super::moments::named;
use super::output::{Align, Table, json, optional};
use super::own::Under;
use super::progress::{Progress, counted};
use super::target::{self, Context, shown_path};
use super::terminal::{Output, message};
use super::when::pointed;
use super::why::Named;
use super::{Failure, Outcome, told};
use crate::engine::{
    Described, EngineError, Excerpt, ExcerptTarget, Shows, Smallest, Sought, load_timeline, smallest, write_excerpt,
};
use crate::event::Version;
use crate::store::Flow;

#[derive(Serialize)]
struct Answer<'a> {
    from: u64,
    events: u64,
    kept: Vec<Named<'a>>,
    /// No event of them can be spared.
    minimal: bool,
}

pub(super) fn reduce(args: &ReduceArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let ReduceArgs { of: StreamArgs { store, stream }, expression, finding, to, force, by_the_rules, shown, .. } = args;
    let projection = &shown.projection;
    // Asked before the store is opened, which may take a while.
    let source = target::source(store)?;
    let target = to.as_deref().map(|to| ExcerptTarget::new(to, &source, *force)).transpose()?;
    let under = Under::open(context, store, projection.as_ref())?;
    let (reader, described) = (&under.reader, under.describe(stream)?);
    if to.is_some() && described.is_partition {
        let reason = "--to writes events as a stream of their own, and a partition is none; leave it out";
        return Err(Failure::Usage(reason.to_owned()));
    }
    let projection = described.projection(projection.as_deref())?;
    let sought = match (expression, finding) {
        (Some(expression), _) => Sought::Condition(expression.clone()),
        (None, Some(version)) => Sought::Finding(Version(*version)),
        (None, None) => Sought::Rule,
    };
    let mut progress = Progress::new("leaving events out", None);
    let mut tell = |done: u64, _| progress.tell(done);
    let found = smallest(reader.as_ref(), &described, &projection, (&sought, *by_the_rules), &mut tell);
    drop(progress);
    let found = match found {
        // The answer is no.
        Err(error @ (EngineError::NoRuleBroken(_) | EngineError::NeverTrue(_))) => {
            message(error);
            return Ok(Outcome::No);
        }
        found => found.map_err(|error| pointed(error, expression.as_deref().unwrap_or_default()))?,
    };
    if !found.is_minimal {
        message("the history is long: fewer events than these may still show it");
    }
    if found.is_past {
        message(format_args!("it held last at version {}; what came behind is left out", found.until));
    }
    let Some((to, target)) = to.as_deref().zip(target) else {
        print(args, &found, out)?;
        return outcome(args, &under, &described);
    };
    let excerpt = Excerpt {
        stream: described.row.stream.clone(),
        from: found.from,
        versions: found.kept.iter().map(|head| head.version).collect(),
        shows: found.shows.clone(),
    };
    let name = target::shown(store);
    write_excerpt(reader.as_ref(), &name, &excerpt, target, &mut |_| ControlFlow::Continue(()))?;
    let done = || format!("{} written to {}", counted(found.kept.len() as u64, "event"), shown_path(to));
    let printed = print(args, &found, out);
    if printed.is_ok() && args.shown.format == Format::Table {
        message(done());
    }
    told(printed, out, done)?;
    outcome(args, &under, &described)
}

/// Which events a projection of the user's own fails on, a fold of the whole history tells.
fn outcome(args: &ReduceArgs, under: &Under, described: &Described) -> Result<Outcome, Failure> {
    let Some(projection) = args.shown.projection.as_ref().filter(|projection| projection.script.is_some()) else {
        return Ok(Outcome::Done);
    };
    let own = described.projection(Some(&**projection))?;
    let timeline = load_timeline(under.reader.as_ref(), described, &own, &mut |_| {}, &mut |_| Flow::Continue(()))?;
    Ok(outcome_along(under, Some(projection), &described.row.stream, timeline.as_ref(), None))
}

fn print(args: &ReduceArgs, found: &Smallest, out: &mut Output) -> Result<(), Failure> {
    let Smallest { kept, from, is_minimal, shows, .. } = found;
    let events = kept.len() as u64;
    if args.shown.format == Format::Json {
        let kept = kept.iter().map(Named::from).collect();
        return Ok(json(out, &Answer { from: *from, events, kept, minimal: *is_minimal })?);
    }
    let what = match shows {
        Shows::Condition { text, .. } => format!("this holds: {text}"),
        Shows::Fault { text } => format!("this is wrong: {text}"),
    };
    out.line(format_args!("{}: {events} of {}, behind which {what}", named(&args.of.stream), counted(*from, "event")))?;
    writeln!(out.text())?;
    let columns = [("version", Align::Right), ("type", Align::Left), ("recorded_at", Align::Left)];
    let mut table = Table::new(out, &columns);
    for head in kept {
        table.row(&[format!("v{}", head.version), head.event_type.to_string(), optional(head.recorded_at)])?;
    }
    Ok(table.finish()?)
}
