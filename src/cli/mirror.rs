use std::io::Write;

use serde::Serialize;

use super::args::{Format, MirrorArgs};
use super::progress::{Progress, counted};
use super::stopping::Stopping;
use super::target::{self, Context, shown_path};
use super::terminal::{Output, message};
use super::{Failure, Outcome, tries};
use crate::engine::{Bell, Following, follow_mirror, grouped, keep_long_streams};
use crate::store::{Begun, Flow, Mirrored, Mirroring, Source, Store, StoreError};

#[derive(Serialize)]
struct Told {
    events: u64,
    position: Option<u64>,
    behind: u64,
}

pub(super) fn mirror(args: &MirrorArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let MirrorArgs { source, local, follow, compare, format } = args;
    let path = target::path(local.as_os_str())?;
    let name = target::source(source)?;
    let bell = Bell::default();
    let (reader, mut mirroring, begun, events) = tries::while_passing(out, |_| {
        let reader = context.open(source)?;
        let (mirroring, begun) = Mirroring::begin(&name, reader.as_ref(), &path)?;
        let events = reader.kept_events()?;
        Ok((reader, mirroring, begun, events))
    })?;
    // From here on; whoever is asked for a password may leave as usual.
    let stop = bell.stop();
    let stopping = if *follow { Stopping::begin(move || stop.stop())? } else { Stopping::default() };
    if let Begun::Moved { from } = begun {
        message(format_args!("its origin stood at {from} before; the events are the same, so it goes on from {name}"));
    }
    let mut again = Some(reader);
    if *compare {
        let mut progress = Progress::new("comparing events", events);
        let compared = tries::while_passing(out, |_| {
            let reader = again.take().map_or_else(|| context.open(source), Ok)?;
            let compared = mirroring.compare(reader.as_ref(), &mut |count| progress.tell(count))?;
            again = Some(reader);
            Ok(compared)
        })?;
        drop(progress);
        message(format_args!("{} compared: each is as in its origin", counted(compared, "event")));
    }
    let caught_up = {
        let mut progress = Progress::new("mirroring events", events);
        tries::while_passing(out, |_| {
            let reader = again.take().map_or_else(|| context.open(source), Ok)?;
            match mirroring.catch_up(reader.as_ref(), &mut |count| told(&stopping, progress.tell(count))) {
                // What follows waits for its origin from here on.
                Err(error) if *follow && error.is_silence() => Ok((reader, Err(error))),
                caught_up => Ok((reader, Ok(caught_up?))),
            }
        })
    };
    let (reader, caught_up) = match caught_up {
        Err(Failure::Store(StoreError::Cancelled)) if stopping.is_asked() => return Ok(Outcome::Done),
        caught_up => caught_up?,
    };
    match &caught_up {
        Ok(mirrored) => {
            print(mirrored, &mirroring, local, *format, out)?;
            mirroring.keep_snapshots(keep_long_streams);
        }
        Err(error) => waits(error),
    }
    if *follow {
        following((name, reader), (mirroring, caught_up.is_err()), &bell, args, out)
    } else {
        Ok(Outcome::Done)
    }
}

fn waits(error: &StoreError) {
    message(format_args!("{error}; it is tried again until it answers"));
}

fn told(stopping: &Stopping, flow: Flow) -> Flow {
    if stopping.is_asked() { Flow::Break(()) } else { flow }
}

/// Goes on with the feed of the origin, and prints a line whenever something came. That the origin is silent may have been
/// said before.
fn following(
    origin: (Source, Box<dyn Store>),
    (mirroring, mut is_silent): (Mirroring, bool),
    bell: &Bell,
    args: &MirrorArgs,
    out: &mut Output,
) -> Result<Outcome, Failure> {
    let MirrorArgs { local, format, .. } = args;
    follow_mirror(origin, (mirroring, local.into()), bell, &mut |told| {
        if let Following::CaughtUp(_, mirroring) | Following::AnswersAgain(mirroring) = told
            && std::mem::take(&mut is_silent)
        {
            message(format_args!("{} answers again", mirroring.origin()));
        }
        match told {
            Following::CaughtUp(mirrored, mirroring) if mirrored.new > 0 => {
                print(mirrored, mirroring, local, *format, out)?;
            }
            Following::Failing(error) if !std::mem::replace(&mut is_silent, true) => waits(error),
            Following::CaughtUp(..) | Following::AnswersAgain(_) | Following::Failing(_) => {}
        }
        Ok::<_, Failure>(())
    })?;
    Ok(Outcome::Done)
}

fn print(
    mirrored: &Mirrored,
    mirroring: &Mirroring,
    local: &std::path::Path,
    format: Format,
    out: &mut Output,
) -> Result<(), Failure> {
    let Mirrored { events, new, as_text, standing } = mirrored;
    if *as_text > 0 {
        message(format_args!(
            "of {}, the payload or the metadata is no JSON, and is kept as a text",
            counted(*as_text, "event")
        ));
    }
    match format {
        // A line each time.
        Format::Json => {
            let told = Told { events: *events, position: standing.position, behind: standing.behind };
            let mut out = out.json();
            serde_json::to_writer(&mut out, &told).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Format::Table => {
            let (origin, local) = (mirroring.origin(), shown_path(local));
            let (held, new) = (counted(*events, "event"), grouped(*new));
            writeln!(
                out.text(),
                "{local}: {held} of {origin}, {new} of them new; {} behind",
                grouped(standing.behind)
            )?;
        }
    }
    Ok(out.flush()?)
}
