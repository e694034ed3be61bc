//! The fewest events of a stream that still show something.

use std::io::Write;
use std::ops::ControlFlow;

use serde::Serialize;

use super::args::{Format, ReduceArgs};
use super::moments::Loaded;
use super::output::{Align, Table, json, optional};
use super::progress::{Progress, counted};
use super::target::{self, Context, shown_path};
use super::terminal::{Output, message};
use super::why::Named;
use super::{Failure, Outcome, told};
use crate::engine::{Excerpt, ExcerptTarget, Shows, load_story, write_excerpt};
use crate::event::{Head, Version};
use crate::projection::Problem;
use crate::replay::{ByTheRules, GoesWrong, Index, MOST_FOLDED, Reduced, Symptom, Timeline, Work, reduce as leave_out};

#[derive(Serialize)]
struct Answer<'a> {
    from: u64,
    events: u64,
    kept: Vec<Named<'a>>,
    /// No event of them can be spared.
    minimal: bool,
}

/// What is looked for, the event behind which it shows, and the fold in which it does.
struct Sought<'s> {
    symptom: Box<dyn Symptom + 's>,
    shows: Shows,
    until: Index,
    timeline: &'s dyn Timeline,
}

pub(super) fn reduce(args: &ReduceArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let ReduceArgs { store, stream, to, force, by_the_rules, projection, .. } = args;
    // Asked before the store is opened, which may take a while.
    let source = target::source(store)?;
    let target = to.as_deref().map(|to| ExcerptTarget::new(to, &source, *force)).transpose()?;
    let loaded = Loaded::new(context, store, stream, projection.as_deref())?;
    let story = load_story(loaded.reader.as_ref(), &loaded.described, &mut |_| ControlFlow::Continue(()))?;
    let Some(mut sought) = sought(args, &loaded, story.timeline())? else { return Ok(Outcome::No) };
    let mut progress = Progress::new("leaving events out", Some(sought.until as u64 + 1));
    let mut tell = |done: u64, _| progress.tell(done);
    let mut work = Work::new(MOST_FOLDED, &mut tell);
    let events = (0..=sought.until).collect();
    let reduced = if *by_the_rules {
        let mut lawful = ByTheRules { symptom: sought.symptom.as_mut(), judge: story.timeline() };
        leave_out(sought.timeline, events, &mut lawful, &mut work)?
    } else {
        leave_out(sought.timeline, events, sought.symptom.as_mut(), &mut work)?
    };
    drop(progress);
    let Some(Reduced { kept, is_minimal }) = reduced else {
        return Err(Failure::Usage(format!("{stream}: what was found does not show when its events are folded again")));
    };
    if !is_minimal {
        message("the history is long: fewer events than these may still show it");
    }
    let heads = sought.timeline.heads();
    let kept: Vec<&Head> = kept.iter().filter_map(|index| heads.get(*index)).collect();
    let answer = Answer {
        from: heads.len() as u64,
        events: kept.len() as u64,
        kept: kept.iter().copied().map(Named::from).collect(),
        minimal: is_minimal,
    };
    let (Some(to), Some(target)) = (to, target) else {
        print(args, &answer, &kept, &sought.shows, out)?;
        return Ok(Outcome::Done);
    };
    let excerpt = Excerpt {
        stream: loaded.described.row.stream.clone(),
        from: answer.from,
        versions: kept.iter().map(|head| head.version).collect(),
        shows: sought.shows.clone(),
    };
    let name = target::shown(store);
    write_excerpt(loaded.reader.as_ref(), &name, &excerpt, target, &mut |_| ControlFlow::Continue(()))?;
    let done = || format!("{} written to {}", counted(answer.events, "event"), shown_path(to));
    let printed = print(args, &answer, &kept, &sought.shows, out);
    if printed.is_ok() && args.format == Format::Table {
        message(done());
    }
    told(printed, out, done)?;
    Ok(Outcome::Done)
}

/// `None` where there is nothing to look for, which is then said.
fn sought<'s>(args: &ReduceArgs, loaded: &'s Loaded, judge: &'s dyn Timeline) -> Result<Option<Sought<'s>>, Failure> {
    let ReduceArgs { stream, finding, .. } = args;
    let own = loaded.timeline.as_ref();
    if let Some(version) = finding {
        let index = own.index_of(Version(*version));
        // A rule first, and else what the projection makes of the event.
        let found = [judge, own].into_iter().find_map(|timeline| {
            let index = index?;
            let problem = timeline.finding_at(index)?.problem.clone();
            Some(wrong(timeline, index, problem))
        });
        let nothing = || {
            let hint = "`foldline show` lists the versions at which something is";
            Failure::Usage(format!("{stream}: nothing is wrong at version {version}; {hint}"))
        };
        return found.map(Some).ok_or_else(nothing);
    }
    let last = own.heads().len().saturating_sub(1);
    let broken = judge.findings(last).into_iter().rev().find(|found| matches!(found.problem, Problem::Breach(_)));
    let Some(index) = broken.and_then(|broken| judge.index_of(broken.version)) else {
        message(format_args!("{stream}: no event breaks a rule"));
        return Ok(None);
    };
    Ok(broken.map(|broken| wrong(judge, index, broken.problem.clone())))
}

fn wrong(timeline: &dyn Timeline, event: Index, problem: Problem) -> Sought<'_> {
    let shows = Shows::Fault { text: problem.to_string() };
    Sought { symptom: Box::new(GoesWrong { event, problem }), shows, until: event, timeline }
}

fn print(
    args: &ReduceArgs,
    answer: &Answer<'_>,
    kept: &[&Head],
    shows: &Shows,
    out: &mut Output,
) -> Result<(), Failure> {
    if args.format == Format::Json {
        return Ok(json(out, answer)?);
    }
    let what = match shows {
        Shows::Condition { text, .. } => format!("it is true that {text}"),
        Shows::Fault { text } => format!("this is wrong: {text}"),
    };
    let Answer { from, events, .. } = answer;
    let of = counted(*from, "event");
    writeln!(out.text(), "{}: {events} of {of}, behind which {what}\n", args.stream)?;
    let columns = [("version", Align::Right), ("type", Align::Left), ("recorded_at", Align::Left)];
    let mut table = Table::new(out, &columns);
    for head in kept {
        table.row(&[format!("v{}", head.version), head.event_type.to_string(), optional(head.recorded_at)])?;
    }
    Ok(table.finish()?)
}
