use std::io::Write;

use serde_json::{Value, json};

use super::args::{Format, ShownArgs, StreamArgs, WhatIfArgs, now};
use super::failing::outcome_along;
use super::moments::named;
use super::output::{Align, Table, json, plain};
use super::own::Under;
use super::progress::Progress;
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::compensate::Authorship;
use crate::domain::{Breach, EventKind, as_read, kind_of};
use crate::engine::{BranchBase, Described, Elsewhere, LedElsewhere, Proposed, led_by_withdrawn, propose_branch};
use crate::event::{
    EventId, JsonFault, Metadata, NewEvent, NotJson, Version, json_value, name_twice, nearest, payload_value,
};
use crate::projection::{leaves, path_value, spelled_path};
use crate::replay::{Alteration, Branch, Change, EventRef, InsertedEvent, Label, NewPayload, START, WhatIf};
use crate::store::Store;

pub(super) fn what_if(args: &WhatIfArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let WhatIfArgs { of: StreamArgs { store, stream }, skip, set, insert, moves, propose, shown } = args;
    let ShownArgs { projection, format } = shown;
    let edits = Edits::parse(skip, set, insert, moves)?;
    let under = Under::open(context, store, projection.as_ref())?;
    let (reader, described) = (&under.reader, under.describe(stream)?);
    if *propose && described.is_partition {
        let reason = "--propose names events to append, and nothing is appended to a partition; leave it out";
        return Err(Failure::Usage(reason.to_owned()));
    }
    let named = projection.as_ref();
    let projection = described.projection(projection.as_deref())?;
    let mut progress = Progress::new("folding events", Some(described.row.events));
    let base = BranchBase::load(reader.as_ref(), described, &projection, &mut |count| progress.tell(count))?;
    drop(progress);
    let branch = edits.branch(&base)?;
    let what_if = base.what_if(reader.as_ref(), &branch)?;
    // Here each edit was just typed: one that cannot be carried out makes the answer another than the one asked for.
    if let Some((_, error)) = what_if.layout.faults().first() {
        return Err(error.clone().into());
    }
    edits.say_what_is_new(reader.as_ref(), &base)?;
    let proposed = if *propose { Some(proposed(reader.as_ref(), &base, &branch)?) } else { None };
    if proposed.as_ref().is_some_and(|(_, led)| led.is_part) {
        message("not all was looked at that may have been caused by what is left out; `foldline causes` shows more");
    }
    print(&base, &what_if, proposed.as_ref(), *format, out)?;
    Ok(outcome_along(&under, named, &base.described.row.stream, base.timeline.as_ref(), None))
}

/// Who appends and why is said when something is appended.
fn proposed(reader: &dyn Store, base: &BranchBase, branch: &Branch) -> Result<(Proposed, LedElsewhere), Failure> {
    let (actor, reason) = ("…".to_owned(), "…".to_owned());
    let authorship = Authorship { actor, reason, id: EventId::new("what if"), now: now() };
    let mut progress = Progress::new("folding events", Some(base.described.row.events));
    let tell = &mut |count| progress.tell(count);
    let proposed: Proposed = propose_branch::<Failure>(reader, &base.described, branch, &authorship, tell)?;
    let led = led_by_withdrawn(reader, &base.described.row.stream, &branch.withdrawn(), tell)?;
    Ok((proposed, led))
}

fn print(
    base: &BranchBase,
    what_if: &WhatIf,
    proposed: Option<&(Proposed, LedElsewhere)>,
    format: Format,
    out: &mut Output,
) -> Result<(), Failure> {
    let history = base.timeline.as_ref();
    let diverges_at = what_if.diverges_at(history);
    let last = what_if.layout.slots().len().saturating_sub(1);
    let differences = what_if.differences(history, last);
    match format {
        Format::Json => {
            let mut answer = json!({
                "diverges_at": diverges_at,
                "rules": what_if.broken.iter().map(|broken| json!({
                    "version": broken.label,
                    "message": broken.problem.to_string(),
                })).collect::<Vec<_>>(),
                "diff": changes_json(&differences),
            });
            if let Some((proposed, led)) = proposed {
                answer["propose"] = proposed_json(proposed);
                answer["propose"]["elsewhere"] = led.events.iter().map(elsewhere_json).collect();
            }
            json(out, &answer)?;
        }
        Format::Table => {
            let stream = named(base.described.row.stream.as_str());
            match diverges_at {
                Some(Label::Inserted { after: None, .. }) => {
                    writeln!(out.text(), "{stream} diverges before the first event; nothing was written\n")?;
                }
                Some(label) => writeln!(out.text(), "{stream} diverges at version {label}; nothing was written\n")?,
                None => writeln!(out.text(), "{stream} stays the same at every version; nothing was written\n")?,
            }
            let columns = [("field", Align::Left), ("history", Align::Left), ("what if", Align::Left)];
            let mut table = Table::new(out, &columns);
            for change in &differences {
                table.row(&[change.field.clone(), plain(&change.before), plain(&change.after)])?;
            }
            if differences.is_empty() {
                table.row(&["(no field differs at the end)".to_owned()])?;
            }
            table.finish()?;
            if !what_if.broken.is_empty() {
                writeln!(out.text())?;
                let mut table = Table::new(out, &[("version", Align::Right), ("broken rule", Align::Left)]);
                for broken in &what_if.broken {
                    table.row(&[broken.label.to_string(), broken.problem.to_string()])?;
                }
                table.finish()?;
            }
            if let Some((proposed, led)) = proposed {
                print_proposed(proposed, out)?;
                print_elsewhere(led, out)?;
            }
        }
    }
    Ok(())
}

fn changes_json(changes: &[Change]) -> Vec<Value> {
    let one = |Change { field, before, after }: &Change| json!({ "field": field, "before": before, "after": after });
    changes.iter().map(one).collect()
}

fn proposed_json(proposed: &Proposed) -> Value {
    let Proposed { proposal, previews, .. } = proposed;
    let event = |(event, number): (&NewEvent, u64)| {
        json!({
            "version": proposal.first.0 + number,
            "type": event.event_type,
            "payload": payload_value(event.payload.as_bytes()),
            "compensates": Metadata::parse(event.metadata.as_bytes()).compensates,
        })
    };
    let refused = |(label, breach): &(Label, Breach)| json!({ "version": label, "message": breach.to_string() });
    json!({
        "events": proposal.events.iter().zip(0..).map(event).collect::<Vec<_>>(),
        "remaining": changes_json(&proposal.remaining),
        "refused": proposal.refused.iter().map(refused).collect::<Vec<_>>(),
        "projections": previews.iter().map(|preview| json!({
            "projection": preview.projection,
            "diff": changes_json(&preview.changes),
            "remaining": changes_json(&preview.remaining),
            "rules": preview.problems,
        })).collect::<Vec<_>>(),
    })
}

fn elsewhere_json(event: &Elsewhere) -> Value {
    let Elsewhere { stream, version, event_type, recorded_at, actor } = event;
    json!({
        "stream": stream,
        "version": version,
        "type": event_type,
        "recorded_at": recorded_at,
        "actor": actor,
    })
}

/// No event of this stream takes back what others made of what is left out.
fn print_elsewhere(led: &LedElsewhere, out: &mut Output) -> Result<(), Failure> {
    if led.events.is_empty() {
        return Ok(());
    }
    writeln!(out.text(), "\nwhat it led to in other streams, which stays as it is:")?;
    let columns = [("stream", Align::Left), ("version", Align::Right), ("type", Align::Left), ("by", Align::Left)];
    let mut table = Table::new(out, &columns);
    for Elsewhere { stream, version, event_type, actor, .. } in &led.events {
        let by = actor.clone().unwrap_or_default();
        table.row(&[stream.to_string(), version.to_string(), event_type.to_string(), by])?;
    }
    table.finish()?;
    Ok(())
}

fn print_proposed(proposed: &Proposed, out: &mut Output) -> Result<(), Failure> {
    let Proposed { proposal, previews, .. } = proposed;
    if proposal.events.is_empty() {
        let said = if proposal.remaining.is_empty() {
            "the latest state is the same: no event is needed"
        } else {
            "no event would make it so"
        };
        writeln!(out.text(), "\n{said}")?;
    } else {
        writeln!(out.text(), "\nto make it so, append:")?;
        let columns = [("as", Align::Right), ("type", Align::Left), ("payload", Align::Left)];
        let mut table = Table::new(out, &columns);
        for (event, number) in proposal.events.iter().zip(0..) {
            let version = proposal.first.0 + number;
            table.row(&[version.to_string(), event.event_type.to_string(), event.payload.clone()])?;
        }
        table.finish()?;
    }
    if !proposal.events.is_empty() {
        writeln!(out.text())?;
        let columns =
            [("projection", Align::Left), ("field", Align::Left), ("before", Align::Left), ("after", Align::Left)];
        let mut table = Table::new(out, &columns);
        for preview in previews {
            for change in &preview.changes {
                let name = preview.projection.clone();
                table.row(&[name, change.field.clone(), plain(&change.before), plain(&change.after)])?;
            }
        }
        table.finish()?;
    }
    if !proposal.remaining.is_empty() {
        writeln!(out.text(), "\nwhat no event brings about:")?;
        let columns = [("field", Align::Left), ("stays", Align::Left), ("what if", Align::Left)];
        let mut table = Table::new(out, &columns);
        for change in &proposal.remaining {
            table.row(&[change.field.clone(), plain(&change.before), plain(&change.after)])?;
        }
        table.finish()?;
    }
    if previews.iter().any(|preview| !preview.remaining.is_empty()) {
        writeln!(out.text(), "\nwhat no event brings about under other projections:")?;
        let columns =
            [("projection", Align::Left), ("field", Align::Left), ("stays", Align::Left), ("what if", Align::Left)];
        let mut table = Table::new(out, &columns);
        for preview in previews {
            for change in &preview.remaining {
                let name = preview.projection.clone();
                table.row(&[name, change.field.clone(), plain(&change.before), plain(&change.after)])?;
            }
        }
        table.finish()?;
    }
    for (label, breach) in &proposal.refused {
        writeln!(out.text(), "version {label}: {breach}")?;
    }
    Ok(())
}

/// What was typed, before it is known which events are meant.
struct Edits {
    skipped: Vec<Version>,
    set: Vec<(Version, String, Value)>,
    inserted: Vec<(Anchor, String, Value)>,
    moved: Vec<(Version, Anchor)>,
}

impl Edits {
    fn parse(skip: &[u64], set: &[String], insert: &[String], moves: &[String]) -> Result<Self, Failure> {
        let edits = Self {
            skipped: skip.iter().copied().map(Version).collect(),
            set: set.iter().map(|text| setting(text)).collect::<Result<_, _>>()?,
            inserted: insert.iter().map(|text| insertion(text)).collect::<Result<_, _>>()?,
            moved: moves.iter().map(|text| move_of(text)).collect::<Result<_, _>>()?,
        };
        edits.check()?;
        Ok(edits)
    }

    /// Of two that contradict each other one was typed by mistake.
    fn check(&self) -> Result<(), Failure> {
        let Self { skipped, set, moved, .. } = self;
        let refused = |sentence: String| Err(Failure::Usage(sentence));
        let is_skipped = |version: &Version| skipped.contains(version);
        if let Some((version, field, _)) = set.iter().find(|(version, ..)| is_skipped(version)) {
            return refused(format!(
                "version {version} cannot be left out and have another {field} too; give --skip or --set of it"
            ));
        }
        if let Some((version, _)) = moved.iter().find(|(version, _)| is_skipped(version)) {
            return refused(format!("version {version} cannot be left out and moved too; give --skip or --move of it"));
        }
        for (place, (version, field, _)) in set.iter().enumerate() {
            let spelled = spelled_path(field);
            let is_same =
                |(other, theirs, _): &&(Version, String, Value)| other == version && spelled_path(theirs) == spelled;
            if set.iter().take(place).any(|earlier| is_same(&earlier)) {
                return refused(format!("{field} of version {version} is given two values; give --set of it once"));
            }
        }
        let stands = |(version, to): &&(Version, Anchor)| match to {
            Anchor::Start => version.0 == 0,
            Anchor::After(after) => after == version || after.0.checked_add(1) == Some(version.0),
        };
        if let Some((version, to)) = moved.iter().find(stands) {
            let place = match to {
                Anchor::After(after) if after != version => format!("behind version {after}"),
                Anchor::After(_) => {
                    return refused(format!(
                        "version {version} cannot stand behind itself; name another version after the colon, or `start`"
                    ));
                }
                Anchor::Start => "first".to_owned(),
            };
            return refused(format!("version {version} stands {place} already; name another version, or `start`"));
        }
        for (place, (version, _)) in moved.iter().enumerate() {
            if moved.iter().take(place).any(|(earlier, _)| earlier == version) {
                return refused(format!("version {version} is moved to two places; give --move of it once"));
            }
        }
        Ok(())
    }

    /// A field that an event does not have may be meant, or be a slip of the pen.
    fn say_what_is_new(&self, reader: &dyn Store, base: &BranchBase) -> Result<(), Failure> {
        let Described { row, aggregate, .. } = &base.described;
        let of_stream = base.timeline.heads().iter().map(|head| head.event_type.as_str());
        let of_domain =
            EventKind::ALL.iter().filter(|kind| Some(kind.aggregate()) == *aggregate).map(|kind| kind.name());
        let types: std::collections::BTreeSet<&str> = of_stream.chain(of_domain).collect();
        let types: Vec<&str> = types.into_iter().collect();
        for (_, event_type, _) in self.inserted.iter().filter(|(_, name, _)| !types.contains(&name.as_str())) {
            let is_of_domain = aggregate.is_some_and(|aggregate| kind_of(aggregate, event_type).is_some());
            let near = nearest(event_type, &types);
            if !is_of_domain && !near.is_empty() {
                message(format_args!(
                    "no event of {} has the type {event_type}; did you mean {}?",
                    row.stream,
                    near.join(" or ")
                ));
            }
        }
        for (version, field, _) in &self.set {
            let Some(event) = reader.event_at(&row.stream, *version)? else { continue };
            let payload = as_read(*aggregate, event.event_type.as_str(), event.schema, &event.payload).payload;
            if path_value(&payload, field).is_some() {
                continue;
            }
            let mut names = Vec::new();
            leaves(&payload, &mut |path, _| names.push(path.to_owned()));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let near = nearest(field, &names);
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
            let event_type = &event.event_type;
            message(format_args!("version {version}, {event_type}, has no {field}: it is given one{hint}"));
        }
        Ok(())
    }

    fn branch(&self, base: &BranchBase) -> Result<Branch, Failure> {
        let mut branch = Branch { stream: base.described.row.stream.to_string(), ..Branch::default() };
        let event = |version| -> Result<EventRef, Failure> { Ok(base.event(version)?) };
        let anchor = |anchor: Anchor| match anchor {
            Anchor::Start => Ok(None),
            Anchor::After(version) => event(version).map(Some),
        };
        for version in self.skipped.iter().copied() {
            branch.push(Alteration::Skip(event(version)?));
        }
        for (version, field, value) in self.set.iter().cloned() {
            let to = NewPayload::Fields(vec![(field, value)]);
            branch.push(Alteration::Change { event: event(version)?, to });
        }
        for (number, (after, event_type, payload)) in self.inserted.iter().cloned().enumerate() {
            // The same call gives the same events.
            let id = EventId::from_content(&[
                b"what if",
                number.to_string().as_bytes(),
                event_type.as_bytes(),
                payload.to_string().as_bytes(),
            ]);
            let event = InsertedEvent { id, event_type, payload, recorded_at: None, compensates: None };
            branch.push(Alteration::Insert { after: anchor(after)?, event });
        }
        for (version, after) in self.moved.iter().copied() {
            branch.push(Alteration::Move { event: event(version)?, after: anchor(after)? });
        }
        Ok(branch)
    }
}

fn version(text: &str) -> Option<Version> {
    text.trim().trim_start_matches('v').parse().ok().map(Version)
}

/// Behind which version something is to stand.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    After(Version),
}

fn anchor(text: &str) -> Option<Anchor> {
    if text.trim() == START { Some(Anchor::Start) } else { version(text).map(Anchor::After) }
}

fn setting(text: &str) -> Result<(Version, String, Value), Failure> {
    let usage =
        || Failure::Usage(format!("--set {text}: write a version, a field and its value, like '5:name=\"Kim\"'"));
    let (at, rest) = text.split_once(':').ok_or_else(usage)?;
    let at = version(at).ok_or_else(usage)?;
    // A field's name in quotes may have any sign in it.
    let mut ends = rest.match_indices('=').map(|(end, _)| end);
    let end = ends.find(|end| crate::projection::is_path(&rest[..*end])).ok_or_else(usage)?;
    let (field, value) = (&rest[..end], &rest[end + 1..]);
    refuse_twice("--set", value)?;
    let value = json_value(value.as_bytes()).map_err(|_| not_json("--set", text, value))?;
    Ok((at, field.to_owned(), value))
}

fn insertion(text: &str) -> Result<(Anchor, String, Value), Failure> {
    let usage = || {
        Failure::Usage(format!(
            "--insert {text}: write a version, a type and a payload, like '6:payment-confirmed:{{}}'"
        ))
    };
    let (at, rest) = text.split_once(':').ok_or_else(usage)?;
    let after = anchor(at).ok_or_else(usage)?;
    // A type may have colons in it, and a payload too: the first one behind which all is JSON ends the type.
    let ends: Vec<usize> = rest.match_indices(':').map(|(end, _)| end).filter(|end| *end > 0).collect();
    let parsed = ends.iter().find_map(|end| Some((*end, json_value(&rest.as_bytes()[end + 1..]).ok()?)));
    match (parsed, ends.first()) {
        (Some((end, payload)), _) => {
            refuse_twice("--insert", &rest[end + 1..])?;
            Ok((after, rest[..end].to_owned(), payload))
        }
        (None, Some(first)) => Err(not_json("--insert", text, &rest[first + 1..])),
        (None, None) => Err(usage()),
    }
}

fn move_of(text: &str) -> Result<(Version, Anchor), Failure> {
    let parsed = text.split_once(':').and_then(|(from, to)| Some((version(from)?, anchor(to)?)));
    parsed.ok_or_else(|| {
        Failure::Usage(format!("--move {text}: write the event's version and the one it is to stand behind, like 5:2"))
    })
}

/// Of a field that an object has twice one would be lost.
fn refuse_twice(option: &str, value: &str) -> Result<(), Failure> {
    let refused = |name| {
        Failure::Usage(format!("{option}: the field “{name}” stands in an object twice; leave one of the two out"))
    };
    name_twice(value).map_or(Ok(()), |name| Err(refused(name)))
}

fn not_json(option: &str, text: &str, value: &str) -> Failure {
    let fault = serde_json::from_str::<Value>(value).err().map(|error| JsonFault::from(&error).what);
    if fault == Some(NotJson::TooDeep) {
        return Failure::Usage(format!(
            "{option}: this JSON is nested too deeply; at most 127 lists and objects may stand in one another"
        ));
    }
    let quoted = Value::from(value);
    let corrected =
        text.strip_suffix(value).map_or_else(String::new, |before| format!(": {option} '{before}{quoted}'"));
    let hint = if value.trim_start().starts_with(['{', '[']) {
        "names and texts in it go in double quotes, and all of it in single ones".to_owned()
    } else {
        format!("a text goes in double quotes, and all of it in single ones{corrected}")
    };
    Failure::Usage(format!("“{value}” is not JSON; {hint}"))
}
