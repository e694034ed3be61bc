//! Projections of the user's own on the command line: `--projection FILE.js`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::ops::Deref;
use std::path::Path;
use std::str::FromStr;

use serde::Serialize;
use serde_json::value::RawValue;

use super::args::{ProjectArgs, RowFormat};
use super::failing::failed_on;
use super::look::Rows;
use super::output::Align;
use super::progress::{Progress, counted};
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{Described, Division, EngineError, FaultAt, PartitionRow, Partitions, describe, partitions_within};
use crate::event::{Cursor, EventRow, EventType, StreamId, Version};
use crate::index::{Budget, StoreMoment};
use crate::replay::{ProjectionRef, offer};
use crate::script::{Bundled, EmittedKind, Output as Told, Partition, Remembered, Script, ScriptProjection};
use crate::store::{Flow, Store};

/// A projection as it is named: one of Foldline's, one that comes with it as a text, or a file with one of the user's own.
/// The last two are offered from then on.
#[derive(Clone, Debug)]
pub(super) struct ProjectionName {
    name: String,
    pub(super) script: Option<Script>,
}

/// A longer source is no projection that a person wrote.
const MOST_SOURCE: u64 = 4 << 20;

impl FromStr for ProjectionName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if let Some(Bundled { name, source }) = Bundled::find(name) {
            return Self::offered(name, source);
        }
        if !Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("js")) {
            return Ok(Self { name: name.to_owned(), script: None });
        }
        let unreadable = |error| format!("{name} cannot be read: {error}");
        // Asked for before it is opened: a pipe would be waited for.
        if !fs::metadata(name).map_err(unreadable)?.is_file() {
            return Err(format!("{name} is no file"));
        }
        let file = fs::File::open(name).map_err(unreadable)?;
        let mut source = String::new();
        let read = file.take(MOST_SOURCE + 1).read_to_string(&mut source);
        read.map_err(|_| format!("{name} is no text in UTF-8"))?;
        if source.len() as u64 > MOST_SOURCE {
            return Err(format!("{name} is longer than {} MiB; a projection is a short text", MOST_SOURCE >> 20));
        }
        Self::offered(name, &source)
    }
}

impl ProjectionName {
    fn offered(name: &str, source: &str) -> Result<Self, String> {
        let script = Script::read(name, source).map_err(|fault| format!("{name}, {fault}"))?;
        if let Some(projection) = ScriptProjection::of(&script) {
            offer(&ProjectionRef::new(projection));
        }
        Ok(Self { name: name.to_owned(), script: Some(script) })
    }
}

impl fmt::Display for ProjectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Deref for ProjectionName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl ProjectionName {
    /// As a table or a file may be called after it.
    pub(super) fn stem(&self) -> &str {
        let file = Path::new(&self.name).file_stem().and_then(OsStr::to_str);
        file.filter(|_| self.script.is_some()).unwrap_or(&self.name)
    }
}

/// A store as it is looked at under a projection: by its streams, or where the projection divides events otherwise, by its
/// partitions.
pub(super) struct Under {
    pub(super) reader: Box<dyn Store>,
    pub(super) division: Option<Division>,
    /// One of the user's own, which may leave streams out.
    pub(super) script: Option<Script>,
}

impl Under {
    pub(super) fn open(context: &Context, store: &OsStr, projection: Option<&ProjectionName>) -> Result<Self, Failure> {
        Self::within(context, store, projection, Budget::default())
    }

    /// The same, with the memory that it may take.
    pub(super) fn within(
        context: &Context,
        store: &OsStr,
        projection: Option<&ProjectionName>,
        budget: Budget,
    ) -> Result<Self, Failure> {
        let reader = context.open(store)?;
        let script = projection.and_then(|name| name.script.as_ref());
        script.into_iter().for_each(tell_remembered);
        let Some(script) = script.filter(|script| ScriptProjection::of(script).is_none()) else {
            let script = projection.and_then(|name| name.script.clone());
            return Ok(Self { reader, division: None, script });
        };
        let total = reader.kept_events()?;
        let mut progress = Progress::new("dividing events", total);
        let division = Division::new(reader.as_ref(), script, budget, &mut |count| progress.tell(count))?;
        drop(progress);
        if let Some(projection) = division.projection() {
            offer(&projection);
        }
        tell_strays(script, &division.strays());
        Ok(Self { reader: Box::new(division.of(reader)), division: Some(division), script: None })
    }

    /// The stream, or the partition, of this name.
    pub(super) fn describe(&self, stream: &str) -> Result<Described, Failure> {
        let described = describe(self.reader.as_ref(), &StreamId::from(stream));
        let (Some(division), Err(EngineError::NoStream { near, .. })) = (&self.division, &described) else {
            let described = described?;
            let left_out = |script: &&Script| !script.definition().takes_category(described.row.stream.category());
            return match self.script.as_ref().filter(left_out) {
                None => Ok(described),
                Some(script) => Err(Failure::Usage(format!(
                    "{stream} has no projection {name}, whose sources leave it out; list what it reads with `foldline project STORE --projection {name}`",
                    name = script.name()
                ))),
            };
        };
        let name = division.script().name();
        let hint = match (division.script().definition().partition, near.as_slice()) {
            (Partition::One, _) => "it has one state, whose name is empty: write \"\"".to_owned(),
            (_, []) => format!("list them with `foldline project STORE --projection {name}`"),
            (_, near) => {
                let near: Vec<&str> = near.iter().map(StreamId::as_str).collect();
                format!("did you mean {}?", near.join(" or "))
            }
        };
        Err(Failure::Usage(format!("{name} makes no partition “{stream}”; {hint}")))
    }

    /// Of a partition's event: where it stands.
    pub(super) fn own_event(&self, partition: &StreamId, version: Version) -> Option<String> {
        let (stream, version) = self.division.as_ref()?.own_event(partition, version)?;
        Some(format!("{stream}@{version}"))
    }
}

#[derive(Serialize)]
struct Row<'a> {
    partition: &'a str,
    state: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<Failed<'a>>,
}

#[derive(Serialize)]
struct Failed<'a> {
    message: String,
    line: Option<u32>,
    column: Option<u32>,
    stream: &'a StreamId,
    version: Version,
    #[serde(rename = "type")]
    event_type: &'a EventType,
}

#[derive(Serialize)]
struct EmittedRow<'a> {
    kind: EmittedKind,
    stream: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    data: Said<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    caused_by: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

#[derive(Serialize)]
struct LogRow<'a> {
    stream: &'a StreamId,
    version: Version,
    text: &'a str,
}

fn raw(text: Option<&str>) -> Option<&RawValue> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

/// Every partition of a projection of the user's own, or what it emitted or logged.
pub(super) fn project_own(
    args: &ProjectArgs,
    script: &Script,
    context: &Context,
    out: &mut Output,
) -> Result<Outcome, Failure> {
    let reader = context.open(&args.store)?;
    let total = reader.kept_events()?;
    if !reader.capabilities().has_feed && script.definition().partition != Partition::Stream {
        message("this store keeps no order across its streams; events of several are folded stream by stream");
    }
    let mut progress = Progress::new("folding events", total);
    let most = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let columns: &[(&str, Align)] = match (args.emitted, args.logged) {
        (true, _) => &[
            ("kind", Align::Left),
            ("stream", Align::Left),
            ("type", Align::Left),
            ("data", Align::Left),
            ("caused by", Align::Left),
        ],
        (_, true) => &[("stream", Align::Left), ("version", Align::Right), ("text", Align::Left)],
        _ => &[
            ("partition", Align::Left),
            ("events", Align::Right),
            ("state", Align::Left),
            ("result", Align::Left),
            ("error", Align::Left),
        ],
    };
    let mut rows = Rows::new(out, args.format, args.csv_safe, columns);
    let (mut printed, mut outcome) = (0, Ok(()));
    let mut output = |row: &EventRow<'_>, told: Told| -> Flow {
        if args.emitted {
            for one in &told.emitted {
                let (data, metadata) = (raw(Some(&one.data)), raw(one.metadata.as_deref()));
                let said = data.filter(|_| one.kind == EmittedKind::Event).map_or(Said::Text(&one.data), Said::Json);
                let caused_by = row.id.to_string();
                let cells = || {
                    vec![
                        kind(one.kind).to_owned(),
                        one.stream.clone(),
                        one.event_type.clone(),
                        one.data.clone(),
                        caused_by.clone(),
                    ]
                };
                let (stream, event_type) = (one.stream.as_str(), one.event_type.as_str());
                if printed < most {
                    outcome = rows.row(
                        &EmittedRow {
                            kind: one.kind,
                            stream,
                            event_type,
                            data: said,
                            metadata,
                            caused_by: caused_by.clone(),
                        },
                        cells,
                    );
                }
                printed += 1;
            }
        } else if args.logged {
            for text in &told.logs {
                if printed < most {
                    outcome = rows.row(&LogRow { stream: row.stream, version: row.version, text }, || {
                        vec![row.stream.to_string(), row.version.to_string(), text.clone()]
                    });
                }
                printed += 1;
            }
        }
        if outcome.is_err() { Flow::Break(()) } else { Flow::Continue(()) }
    };
    let found = partitions_within(
        reader.as_ref(),
        script,
        args.as_of,
        Budget::of_mebibytes(args.memory),
        &mut output,
        &mut |count| progress.tell(count),
    );
    outcome?;
    let found = found?;
    drop(progress);
    if !args.emitted && !args.logged {
        for place in 0..found.rows.len().min(most) {
            print(&mut rows, reader.as_ref(), &found, place)?;
        }
    }
    rows.finish()?;
    say(args, &found, out)?;
    tell(script, &found);
    Ok(if found.rows.iter().any(|row| row.failed.is_some()) || !found.strays.is_empty() {
        Outcome::No
    } else {
        Outcome::Done
    })
}

fn kind(kind: EmittedKind) -> &'static str {
    match kind {
        EmittedKind::Event => "event",
        EmittedKind::Link => "link",
        EmittedKind::StreamLink => "stream-link",
    }
}

fn print(rows: &mut Rows<'_>, reader: &dyn Store, found: &Partitions, place: usize) -> Result<(), Failure> {
    let (state, result) = (found.state(reader, place)?, found.result(reader, place)?);
    let Some(partition) = found.name(reader, place)? else { return Ok(()) };
    let Some(PartitionRow { failed, events, .. }) = found.rows.get(place) else { return Ok(()) };
    let error = failed.as_deref().map(|FaultAt { fault, stream, version, event_type, .. }| Failed {
        message: fault.to_string(),
        line: fault.place.map(|place| place.line),
        column: fault.place.map(|place| place.column),
        stream,
        version: *version,
        event_type,
    });
    let said = error
        .as_ref()
        .map(|error| format!("{} v{} ({}): {}", error.stream, error.version, error.event_type, error.message));
    let cells = || {
        let text = |json: &Option<Cow<'_, str>>| json.as_deref().unwrap_or("null").to_owned();
        vec![partition.to_string(), events.to_string(), text(&state), text(&result), said.clone().unwrap_or_default()]
    };
    rows.row(
        &Row { partition: &partition, state: raw(state.as_deref()), result: raw(result.as_deref()), error },
        cells,
    )?;
    Ok(())
}

/// How much it is of, and up to where it was read.
fn say(args: &ProjectArgs, found: &Partitions, out: &mut Output) -> Result<(), Failure> {
    let partitions = counted(found.rows.len() as u64, "partition");
    let of = counted(found.events, "event");
    let said = format!("{partitions} of {of}{}, {}", then(args.as_of), read_up_to(&found.read_to));
    if args.format == RowFormat::Table {
        writeln!(out.text(), "\n{said}")?;
        say_faults(found, out)?;
    } else {
        message(said);
    }
    Ok(())
}

/// More different faults than these are one fault that says something else each time.
const MOST_FAULTS: usize = 20;

/// A cell has not the room for a fault: each is told whole below the table, once.
fn say_faults(found: &Partitions, out: &mut Output) -> Result<(), Failure> {
    let mut faults: Vec<(String, &FaultAt, u64)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for failed in found.rows.iter().filter_map(|row| row.failed.as_deref()) {
        let said = failed.fault.to_string();
        if let Some(place) = places.get(&said) {
            faults[*place].2 += 1;
            continue;
        }
        places.insert(said.clone(), faults.len());
        faults.push((said, failed, 1));
    }
    if !faults.is_empty() {
        writeln!(out.text())?;
    }
    for (said, FaultAt { stream, version, event_type, .. }, partitions) in faults.iter().take(MOST_FAULTS) {
        let partitions = counted(*partitions, "partition");
        out.line(format_args!("{said}; in {partitions}, first {stream} v{version} ({event_type})"))?;
    }
    if let Some(more) = faults.len().checked_sub(MOST_FAULTS).filter(|more| *more > 0) {
        message(format_args!("{} more; --format json names all", counted(more as u64, "fault")));
    }
    Ok(())
}

/// What an answer about a moment says of it.
pub(super) fn then(at: StoreMoment) -> String {
    match at {
        StoreMoment::Latest => String::new(),
        StoreMoment::Position(position) => format!(" at position {position}"),
        StoreMoment::Time(at) => format!(" at {at}"),
    }
}

pub(super) fn read_up_to(read_to: &Cursor) -> String {
    match read_to.position() {
        Some(position) => format!("read up to position {position}"),
        None => "read to the end".to_owned(),
    }
}

fn tell(script: &Script, found: &Partitions) {
    tell_remembered(script);
    let failed = || found.rows.iter().filter_map(|row| row.failed.as_deref());
    let not_run = failed().filter(|failed| failed.is_not_run()).count() as u64;
    let failed = failed().count() as u64 - not_run;
    if failed + not_run > 0 {
        message(format_args!(
            "{} {}; the states are those of the other events",
            script.name(),
            failed_on(failed, not_run, "partition")
        ));
    }
    if found.is_given_up() {
        tell_given_up(script.name());
    }
    tell_strays(script, &found.strays);
    if let Some(asked) = &found.impure {
        message(format_args!(
            "{} asks for {asked}, which is no part of the events: it was given the event's own time, or numbers that are always the same",
            script.name()
        ));
    }
}

/// What it keeps outside of its state is no part of the events.
fn tell_remembered(script: &Script) {
    if let Some(Remembered { name, place }) = script.remembers() {
        message(format_args!(
            "{}, line {}, column {}: {name} is kept outside of the state, so what is shown depends on which events ran before; keep it in the state",
            script.name(),
            place.line,
            place.column
        ));
    }
}

/// What it says of the events behind those at which it had to be ended is nothing.
pub(super) fn tell_given_up(name: &str) {
    message(format_args!(
        "{name} ran too long or took too much memory again and again, and was given up: it was given no more events from there on"
    ));
}

fn tell_strays(script: &Script, strays: &[FaultAt]) {
    if let Some(FaultAt { fault, stream, version, .. }) = strays.first() {
        message(format_args!(
            "{} could not tell the partition of {} and more: {stream} v{version}: {fault}",
            script.name(),
            counted(strays.len() as u64, "event")
        ));
    }
}
