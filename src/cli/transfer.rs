use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::args::{ExportArgs, Format, ImportArgs, SampleArgs};
use super::output::json;
use super::own::{ProjectionName, Under};
use super::progress::{Progress, counted};
use super::target::{self, Context, shown_path};
use super::terminal::{Output, message};
use super::{Failure, Outcome, bring, told};
use crate::engine::{Division, Words, keep_long_streams, write_sample};
use crate::event::{EventRow, StreamId};
use crate::sample::{FEWEST_WITH_FINDS, SampleDomain, SampleOptions, SampleReport};
use crate::script::Script;
use crate::store::files::{self, ExportOptions, ExportTarget, FileFormat, ImportOptions, ImportReport, Selection};
use crate::store::native::{Aside, NativeStore};
use crate::store::{Query, Source, Store, StoreError};

pub(super) fn import(args: &ImportArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let ImportArgs { file, into, replicas, file_format, skip_bad, format } = args;
    let options = ImportOptions { format: *file_format, skip_bad: *skip_bad };
    let source = Source::parse_os(file);
    // Named before a store is made that would then stay empty.
    if let Source::File(path) = &source {
        std::fs::metadata(path).map_err(|error| missing_file(path, error))?;
    }
    let report = match (source, target::source(into)?) {
        (_, Source::Server(address)) if address.is_nats() => {
            bring::import_to_server(file, &address, *replicas, options)?
        }
        _ if replicas.is_some() => return Err(no_copies(into)),
        (Source::Server(address), _) => bring::import_from_server(&address, into, &target::path(into)?)?,
        (Source::File(file), _) => import_file(&file, into, options)?,
    };
    if let Some(first) = &report.first_gap {
        let gaps = match report.gaps {
            1 => "one place where versions jump".to_owned(),
            gaps => format!("{} where versions jump, the first", counted(gaps, "place")),
        };
        message(format_args!("{gaps}: {first}; their numbers are kept"));
    }
    let into = target::shown(into);
    let printed = print_import(&report, &target::shown(file), &into, *format, out);
    told(printed, out, || import_sentence(&report, &into))?;
    Ok(Outcome::Done)
}

fn no_copies(into: &OsStr) -> Failure {
    let into = target::shown(into);
    Failure::Usage(format!("{into}: --replicas is for a store on NATS alone (nats://HOST/NAME); leave it out"))
}

fn import_file(file: &Path, into: &OsStr, options: ImportOptions) -> Result<ImportReport, Failure> {
    let path = target::path(into)?;
    match import_aside(file, &path, options)? {
        Some(report) => Ok(report),
        None => import_into(file, &mut open_native(into, &path)?, options),
    }
}

/// The native store at a path, or a new one.
pub(super) fn open_native(into: &OsStr, path: &Path) -> Result<NativeStore, Failure> {
    NativeStore::open_or_create(path).map_err(|error| match error {
        StoreError::NotADatabase(_) | StoreError::Unrecognised { .. } => Failure::Usage(format!(
            "{}: events are brought into a store of Foldline's own, which this is not; name another, or a new file",
            target::shown(into)
        )),
        other => other.into(),
    })
}

/// Into a new store, which appears when it is whole; `None` where there is one already, by now at least.
fn import_aside(file: &Path, path: &Path, options: ImportOptions) -> Result<Option<ImportReport>, Failure> {
    let (mut store, aside) = match Aside::begin(path) {
        Err(StoreError::AlreadyThere(_)) => return Ok(None),
        begun => begun?,
    };
    let report = import_into(file, &mut store, options)?;
    drop(store);
    match aside.place() {
        Err(StoreError::AlreadyThere(_)) => Ok(None),
        placed => Ok(Some(placed.map(|()| report)?)),
    }
}

fn import_into(file: &Path, store: &mut NativeStore, options: ImportOptions) -> Result<ImportReport, Failure> {
    let mut progress = Progress::new("importing events", None);
    let report = files::import(file, store, options, &mut |count| progress.tell(count))?;
    drop(progress);
    // The events are recorded; a snapshot only makes looking at them faster.
    keep_long_streams(store);
    Ok(report)
}

fn import_sentence(report: &ImportReport, into: &str) -> String {
    let ImportReport { events, streams, already_there, .. } = report;
    let mut text = format!("{} of {} imported into {into}", counted(*events, "event"), counted(*streams, "stream"));
    if *already_there > 0 {
        text += &format!("; {} there already", counted(*already_there, "event"));
    }
    text
}

fn print_import(
    report: &ImportReport,
    file: &str,
    into: &str,
    format: Format,
    out: &mut Output,
) -> Result<(), Failure> {
    let ImportReport { events, streams, already_there, left_out, left_out_count, .. } = report;
    match format {
        Format::Json => {
            let left_out: Vec<Value> =
                left_out.iter().map(|bad| json!({"line": bad.line, "message": bad.flaw.to_string()})).collect();
            let shown = json!({
                "file": file,
                "store": into,
                "events": events,
                "streams": streams,
                "already_there": already_there,
                "left_out": left_out,
            });
            json(out, &shown)?;
        }
        Format::Table => {
            writeln!(out.text(), "{}", import_sentence(report, into))?;
            for bad in left_out {
                writeln!(out.text(), "left out: {bad}")?;
            }
            let unlisted = left_out_count - left_out.len() as u64;
            if unlisted > 0 {
                writeln!(out.text(), "left out: {} more", counted(unlisted, "line"))?;
            }
        }
    }
    Ok(())
}

fn missing_file(file: &Path, source: io::Error) -> Failure {
    if source.kind() == io::ErrorKind::NotFound {
        return Failure::Usage(format!("{}: there is no such file; check the path", shown_path(file)));
    }
    StoreError::Io { path: file.to_owned(), source }.into()
}

/// Names that mean standard output, whatever it is.
const STANDARD_OUTPUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

pub(super) fn export(args: &ExportArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let ExportArgs { store, to, file_format, stream, containing, projection, csv_fields, csv_safe, force, format } =
        args;
    let is_stdout = STANDARD_OUTPUT.iter().any(|name| to.as_os_str() == *name);
    let file_format =
        file_format.or_else(|| FileFormat::from_extension(to)).or(is_stdout.then_some(FileFormat::JsonLines));
    let shown_to = shown_path(to);
    if let Source::Server(address) = Source::parse_os(to.as_os_str()) {
        return Err(Failure::Usage(format!("{address}: events can only be written to a file; name one")));
    }
    // Asked before the store is opened, which may take a while.
    let target = if is_stdout { None } else { Some(ExportTarget::new(to, &target::source(store)?, *force)?) };
    let Some(file_format) = file_format else {
        let names: Vec<&str> = FileFormat::ALL.iter().map(|(_, name)| *name).collect();
        return Err(Failure::Usage(format!(
            "{shown_to}: the name does not say which format to write; add --as {}",
            names.join("|")
        )));
    };
    if *csv_safe && file_format != FileFormat::Csv {
        return Err(Failure::Usage("--csv-safe is for CSV alone; add --as csv, or leave it out".to_owned()));
    }
    if *csv_fields && file_format != FileFormat::Csv {
        return Err(Failure::Usage("--csv-fields is for CSV alone; add --as csv, or leave it out".to_owned()));
    }
    let options = ExportOptions { format: file_format, is_csv_safe: *csv_safe, has_csv_fields: *csv_fields };
    let taken = Taken::new(context, store, projection.as_ref(), stream.as_deref())?;
    let Taken { reader, query, .. } = &taken;
    let words = containing.as_deref().map(Words::new);
    let is_wanted = |row: &EventRow<'_>| taken.has(row) && words.as_ref().is_none_or(|words| words.are_in(row));
    let selection = Selection { query, only: (words.is_some() || projection.is_some()).then_some(&is_wanted) };
    let mut progress = Progress::new("exporting events", reader.info().ok().map(|info| info.events));
    let reader: &dyn Store = reader.as_ref();
    let Some(target) = target else {
        let mut to = if file_format == FileFormat::Csv { out.data() } else { out.json_data() };
        files::export_to(reader, selection, &mut to, options, &mut |count| progress.tell(count)).map_err(|error| {
            match error {
                files::ExportError::Write { source, .. } => Failure::Output(source),
                other => other.into(),
            }
        })?;
        return Ok(Outcome::Done);
    };
    let report = files::export(reader, selection, target, options, &mut |count| progress.tell(count))?;
    drop(progress);
    let done = || format!("{} written to {shown_to}", counted(report.events, "event"));
    let printed = match format {
        Format::Json => json(out, &json!({"store": target::shown(store), "file": shown_to, "events": report.events})),
        Format::Table => writeln!(out.text(), "{}", done()),
    };
    told(printed.map_err(Failure::from), out, done)?;
    Ok(Outcome::Done)
}

/// Which events are exported: of a stream, or those that a projection takes, as they are recorded.
struct Taken {
    reader: Box<dyn Store>,
    query: Query,
    script: Option<Script>,
    division: Option<Division>,
    partition: Option<StreamId>,
}

impl Taken {
    fn new(
        context: &Context,
        store: &OsStr,
        projection: Option<&ProjectionName>,
        stream: Option<&str>,
    ) -> Result<Self, Failure> {
        if let Some(name) = projection.filter(|name| name.script.is_none()) {
            return Err(Failure::Usage(format!(
                "--projection chooses events by a projection of your own, and {} takes all; name a file (FILE.js), or leave it out",
                &**name
            )));
        }
        let under = Under::open(context, store, projection)?;
        let described = stream.map(|stream| under.describe(stream)).transpose()?;
        let stream = described.map(|described| described.row.stream);
        let script = projection.and_then(|name| name.script.clone());
        let Under { reader, division, .. } = under;
        let (reader, query, partition) = match (&division, stream) {
            (Some(division), stream) => {
                let span = stream.as_ref().and_then(|stream| division.span_of(stream));
                let query = span.map_or_else(Query::store, |(first, last)| Query::positions(Some(first), Some(last)));
                (context.open(store)?, query, stream)
            }
            (None, Some(stream)) => (reader, Query::stream(stream), None),
            (None, None) => (reader, Query::store(), None),
        };
        Ok(Self { reader, query, script, division, partition })
    }

    fn has(&self, row: &EventRow<'_>) -> bool {
        match (&self.division, &self.script) {
            (Some(division), _) => {
                let place = row.position.and_then(|position| division.place_of(position));
                place.is_some_and(|(name, _)| self.partition.as_ref().is_none_or(|wanted| *wanted == name))
            }
            (None, Some(script)) => script.is_given(row),
            (None, None) => true,
        }
    }
}

/// A command that finds something in it.
fn first_look(domain: SampleDomain, file: &str, streams: u64) -> String {
    let stream = domain.worth_a_look();
    match domain {
        SampleDomain::Sales => format!("Look at one of them: foldline show {file} {stream} --at 4"),
        // What there is to find was left out.
        _ if streams < FEWEST_WITH_FINDS => format!("See what there is: foldline streams {file}"),
        SampleDomain::Reservations => {
            format!("Who moved the visit? foldline blame {file} {stream} --projection reservations")
        }
        SampleDomain::Bank => {
            format!("When was it overdrawn? foldline when {file} {stream} 'balance < 0' --projection bank")
        }
        SampleDomain::Orders => {
            format!("Who paid back too much? foldline blame {file} {stream} --projection orders")
        }
        SampleDomain::Sensors => {
            format!("Which was too warm? foldline project {file} --projection sensors --emitted")
        }
    }
}

pub(super) fn sample(args: &SampleArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let SampleArgs { file, replicas, domain, streams, events, seed, format } = args;
    let options = SampleOptions { domain: *domain, streams: *streams, events: *events, seed: *seed };
    let total = options.numbers()?.events;
    let SampleReport { streams, events } = match target::source(file)? {
        Source::Server(address) if address.is_nats() => bring::sample_on_server(&address, *replicas, &options)?,
        _ if replicas.is_some() => return Err(no_copies(file)),
        _ => {
            let path = target::path(file)?;
            let mut progress = Progress::new("writing events", Some(total));
            write_sample(&path, &options, &mut |count| progress.tell(count))?
        }
    };
    let file = target::shown(file);
    let done = || format!("{} of {} written to {file}", counted(events, "event"), counted(streams, "stream"));
    let printed = match format {
        Format::Json => {
            let domain = domain.name();
            json(out, &json!({"store": file, "domain": domain, "streams": streams, "events": events, "seed": seed}))
        }
        Format::Table => writeln!(out.text(), "{}\n{}", done(), first_look(*domain, &target::as_word(&file), streams)),
    };
    told(printed.map_err(Failure::from), out, done)?;
    Ok(Outcome::Done)
}
