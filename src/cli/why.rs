//! Why a field has its value, or does not have another one.

use std::io::Write;

use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{Format, ShownArgs, StreamArgs, WhyArgs};
use super::moments::{Loaded, SetBy, named};
use super::output::{Align, Table, json, optional, plain};
use super::progress::Progress;
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::domain::Wish;
use crate::engine::{EngineError, ask_why_not, check_field, values_like};
use crate::event::{EventType, Head, Version};
use crate::replay::{Attempt, Index, MOST_FOLDED, Stopped, Why, WhyNot, Work, why as ask_why};

#[derive(Serialize)]
struct Answer<'a> {
    field: &'a str,
    value: &'a Value,
    set_by: Option<SetBy<'a>>,
    needed: Vec<Named<'a>>,
    enough: Vec<Named<'a>>,
    /// No event of `enough` can be spared.
    minimal: bool,
    /// The events that were not taken away one by one.
    untried: usize,
}

/// An event, as an answer names it.
#[derive(Serialize)]
pub(super) struct Named<'a> {
    version: Version,
    #[serde(rename = "type")]
    event_type: &'a EventType,
}

impl<'a> From<&'a Head> for Named<'a> {
    fn from(head: &'a Head) -> Self {
        Self { version: head.version, event_type: &head.event_type }
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        EngineError::from(stopped).into()
    }
}

pub(super) fn why(args: &WhyArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let WhyArgs { of: StreamArgs { store, stream }, field, at, not, shown: ShownArgs { projection, format } } = args;
    let loaded = Loaded::new(context, store, stream, projection.as_ref())?;
    let (_, index) = loaded.index(*at)?;
    check_field(loaded.timeline.as_ref(), index, &loaded.described.row.stream, field)?;
    if let Some(not) = not {
        return answer_not(args, &loaded, index, &Wish::new(not), out);
    }
    let mut progress = Progress::new("replaying without each event", None);
    let mut told = |done: u64, _| progress.tell(done);
    let mut work = Work::new(MOST_FOLDED, &mut told);
    let found = ask_why(loaded.timeline.as_ref(), index, field, &mut work)?;
    drop(progress);
    if found.untried > 0 {
        message(format_args!(
            "the history is long: its earliest {} events that never changed {field} were not taken away one by one",
            found.untried
        ));
    }
    if !found.enough.is_minimal {
        message(format_args!("the history is long: fewer events than these may be enough"));
    }
    let authors = loaded.authors(found.set_by.into_iter())?;
    let named = |indexes: &[Index]| indexes.iter().filter_map(|at| loaded.head(Some(*at))).map(Named::from).collect();
    let set_by = loaded.head(found.set_by);
    match format {
        Format::Json => json(
            out,
            &Answer {
                field,
                value: &found.value,
                set_by: set_by.map(|head| loaded.set_by(head, authors.actor(Some(head)))),
                needed: named(&found.needed),
                enough: named(&found.enough.kept),
                minimal: found.enough.is_minimal,
                untried: found.untried,
            },
        )?,
        Format::Table => print_why(args, &loaded, index, &found, out)?,
    }
    Ok(loaded.outcome(projection.as_ref(), index))
}

fn print_why(args: &WhyArgs, loaded: &Loaded, at: Index, found: &Why, out: &mut Output) -> Result<(), Failure> {
    let (stream, field) = (named(&args.of.stream), &args.field);
    let version = optional(loaded.head(Some(at)).map(|head| head.version));
    let set_by = loaded.head(found.set_by);
    let set_by = set_by.map(|head| format!(", set by {} (v{})", head.event_type, head.version)).unwrap_or_default();
    out.line(format_args!("{stream}: {field} is {} at version {version}{set_by}", said(&found.value)))?;
    writeln!(out.text())?;
    let mut events: Vec<Index> = found.needed.iter().chain(&found.enough.kept).copied().collect();
    events.sort_unstable();
    events.dedup();
    if events.is_empty() {
        writeln!(out.text(), "No event is needed for it: it is so from the beginning.")?;
        return Ok(());
    }
    let columns = [
        ("version", Align::Right),
        ("type", Align::Left),
        ("recorded_at", Align::Left),
        ("needed", Align::Left),
        ("enough", Align::Left),
    ];
    let mut table = Table::new(out, &columns);
    for index in events {
        let Some(head) = loaded.head(Some(index)) else { continue };
        let yes = |indexes: &[Index]| if indexes.contains(&index) { "yes" } else { "" }.to_owned();
        table.row(&[
            format!("v{}", head.version),
            head.event_type.to_string(),
            optional(head.recorded_at),
            yes(&found.needed),
            yes(&found.enough.kept),
        ])?;
    }
    table.finish()?;
    writeln!(out.text(), "\nneeded: without this event the value differs. enough: these alone give the value.")?;
    Ok(())
}

#[derive(Serialize)]
struct AnswerNot<'a> {
    field: &'a str,
    value: &'a Value,
    not: &'a Value,
    set_by: Option<SetBy<'a>>,
    was: Option<Was<'a>>,
    ways: Vec<Vec<Step<'a>>>,
    forbidden: Vec<Forbidden<'a>>,
    missed: Vec<Missed<'a>>,
}

/// The last versions at which the field was so.
#[derive(Serialize)]
struct Was<'a> {
    from: Version,
    to: Version,
    ended_by: Option<Named<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    #[serde(rename = "type")]
    event_type: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    payload: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compensates: Option<Version>,
}

impl<'a> From<&'a Attempt> for Step<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        let Attempt { event_type, payload, compensates } = attempt;
        Self { event_type, payload, compensates: *compensates }
    }
}

#[derive(Serialize)]
struct Forbidden<'a> {
    #[serde(flatten)]
    step: Step<'a>,
    message: String,
}

#[derive(Serialize)]
struct Missed<'a> {
    #[serde(flatten)]
    step: Step<'a>,
    from: Version,
    to: Version,
}

fn answer_not(args: &WhyArgs, loaded: &Loaded, at: Index, wish: &Wish, out: &mut Output) -> Result<Outcome, Failure> {
    let WhyArgs { of: StreamArgs { stream, .. }, field, shown: ShownArgs { format, .. }, .. } = args;
    let stream = named(stream);
    let timeline = loaded.timeline.as_ref();
    let value = timeline.value_at(at, field);
    let version = optional(loaded.head(Some(at)).map(|head| head.version));
    if wish.is(&value) {
        message(format_args!(
            "{stream}: {field} is {} at version {version}; leave --not out to see what made it so",
            said(&value)
        ));
        return Ok(Outcome::No);
    }
    let mut progress = Progress::new("trying events", None);
    let mut told = |done: u64, _| progress.tell(done);
    let mut work = Work::new(MOST_FOLDED, &mut told);
    let found = ask_why_not(loaded.reader(), &loaded.described, timeline, at, (field, wish), &mut work)?;
    drop(progress);
    if found.ways.is_empty() && found.forbidden.is_empty() && found.missed.is_empty() && found.was.is_none() {
        let near = values_like(&loaded.described, timeline, field, wish);
        if !near.is_empty() {
            let (asked, near) = (said(wish.value()), near.join(" or "));
            message(format_args!("{field} is {asked} in no event that is known here; did you mean {near}?"));
        }
    }
    match format {
        Format::Json => {
            let authors = loaded.authors(found.set_by.into_iter())?;
            json(out, &not_as_json(field, loaded, wish, &found, |head| authors.actor(Some(head))))?;
        }
        Format::Table => {
            let (value, wished) = (said(&found.value), said(wish.value()));
            out.line(format_args!("{stream}: {field} is {value} at version {version}, and not {wished}"))?;
            writeln!(out.text())?;
            for line in not_in_words(loaded, &found) {
                out.line(line)?;
            }
        }
    }
    Ok(loaded.outcome(args.shown.projection.as_ref(), at))
}

fn not_as_json<'a>(
    field: &'a str,
    loaded: &'a Loaded,
    wish: &'a Wish,
    found: &'a WhyNot,
    actor: impl Fn(&Head) -> Option<&'a str>,
) -> AnswerNot<'a> {
    let version = |index: Index| loaded.head(Some(index)).map(|head| head.version).unwrap_or_default();
    AnswerNot {
        field,
        value: &found.value,
        not: wish.value(),
        set_by: loaded.head(found.set_by).map(|head| loaded.set_by(head, actor(head))),
        was: found.was.as_ref().map(|was| Was {
            from: version(*was.start()),
            to: version(*was.end()),
            ended_by: loaded.head(Some(was.end() + 1)).map(Named::from),
        }),
        ways: found.ways.iter().map(|way| way.iter().map(Step::from).collect()).collect(),
        forbidden: found
            .forbidden
            .iter()
            .map(|(attempt, breach)| Forbidden { step: attempt.into(), message: breach.to_string() })
            .collect(),
        missed: found
            .missed
            .iter()
            .map(|(attempt, range)| Missed {
                step: attempt.into(),
                from: version(*range.start()),
                to: version(*range.end()),
            })
            .collect(),
    }
}

fn not_in_words(loaded: &Loaded, found: &WhyNot) -> Vec<String> {
    let version = |index: Index| optional(loaded.head(Some(index)).map(|head| head.version));
    let range = |from: Index, to: Index| {
        if from == to {
            format!("version {}", version(from))
        } else {
            format!("versions {} to {}", version(from), version(to))
        }
    };
    let mut lines = Vec::new();
    for way in &found.ways {
        let steps: Vec<String> = way.iter().map(step_in_words).collect();
        lines.push(format!("{} would make it so", steps.join(", then ")));
    }
    for (attempt, breach) in &found.forbidden {
        lines.push(format!("{} would make it so, but a rule forbids it: {breach}", step_in_words(attempt)));
    }
    for (attempt, missed) in &found.missed {
        let behind = range(*missed.start(), *missed.end());
        lines.push(format!("{} would have made it so behind {behind}", step_in_words(attempt)));
    }
    if let Some(was) = &found.was {
        let ended = loaded.head(Some(was.end() + 1));
        let ended = ended.map(|head| format!(", until {} (v{})", head.event_type, head.version)).unwrap_or_default();
        lines.push(format!("it was so at {}{ended}", range(*was.start(), *was.end())));
    }
    if found.has_rules && found.ways.is_empty() && found.forbidden.is_empty() {
        lines.insert(0, "no event makes it so now, alone or with one before it".to_owned());
    }
    if !found.has_rules {
        let types: Vec<String> =
            found.changed_by.iter().map(|(name, count)| format!("{name} ({count} times)")).collect();
        lines.push("what events of this stream are for is not known, so none were tried".to_owned());
        if !types.is_empty() {
            lines.push(format!("the field was changed by {} so far", types.join(", ")));
        }
    }
    lines
}

fn step_in_words(attempt: &Attempt) -> String {
    let Attempt { event_type, payload, compensates } = attempt;
    let with = if payload.is_empty() { String::new() } else { format!(" with {}", Value::from(payload.clone())) };
    let of = compensates.map(|version| format!(", which takes v{version} back")).unwrap_or_default();
    format!("{event_type}{with}{of}")
}

/// A value inside of a sentence.
fn said(value: &Value) -> String {
    if value.is_null() { "empty".to_owned() } else { plain(value) }
}
