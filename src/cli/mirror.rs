use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use serde::Serialize;

use super::args::{Format, MirrorArgs};
use super::progress::{Progress, counted};
use super::stopping::Stopping;
use super::target::{self, Context, shown_path};
use super::terminal::{Output, message};
use super::{Failure, Outcome, tries};
use crate::engine::{Engine, EngineError, Wake, grouped, keep_long_streams};
use crate::store::{Begun, Flow, Mirrored, Mirroring, Source, Store, StoreError};

/// That nothing came is known this often while a mirror follows.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The same while the origin cannot be read.
const TRY_AGAIN: Duration = Duration::from_secs(2);

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
    let (ring, rung) = sync_channel(1);
    let (reader, mut mirroring, begun) = tries::while_passing(out, |_| {
        let reader = context.open(source)?;
        let (mirroring, begun) = Mirroring::begin(&name, reader.as_ref(), &path)?;
        Ok((reader, mirroring, begun))
    })?;
    // From here on; whoever is asked for a password may leave as usual.
    let stopping = if *follow { Stopping::begin(ringing(&ring))? } else { Stopping::default() };
    if let Begun::Moved { from } = begun {
        message(format_args!("its origin stood at {from} before; the events are the same, so it goes on from {name}"));
    }
    if *compare {
        let mut progress = Progress::new("comparing events", reader.info_at_once()?.map(|info| info.events));
        let compared = mirroring.compare(reader.as_ref(), &mut |count| progress.tell(count))?;
        drop(progress);
        message(format_args!("{} compared: each is as in its origin", counted(compared, "event")));
    }
    let caught_up = {
        let mut progress = Progress::new("mirroring events", reader.info_at_once()?.map(|info| info.events));
        let mut again = Some(reader);
        tries::while_passing(out, |_| {
            let reader = again.take().map_or_else(|| context.open(source), Ok)?;
            let caught_up = mirroring.catch_up(reader.as_ref(), &mut |count| told(&stopping, progress.tell(count)))?;
            again = Some(reader);
            Ok(caught_up)
        })
        .map(|caught_up| (caught_up, again))
    };
    let (mirrored, reader) = match caught_up {
        Err(Failure::Store(StoreError::Cancelled)) if stopping.is_asked() => return Ok(Outcome::Done),
        caught_up => caught_up?,
    };
    print(&mirrored, &mirroring, local, *format, out)?;
    mirroring.keep_snapshots(keep_long_streams);
    match reader {
        Some(reader) if *follow => following(Following { name, mirroring, rung, ring, stopping }, reader, args, out),
        _ => Ok(Outcome::Done),
    }
}

fn ringing(ring: &SyncSender<()>) -> impl Fn() + Send + Sync + use<> {
    let ring = ring.clone();
    // One that is full rings already.
    move || {
        let _ = ring.try_send(());
    }
}

fn told(stopping: &Stopping, flow: Flow) -> Flow {
    if stopping.is_asked() { Flow::Break(()) } else { flow }
}

struct Following {
    name: Source,
    mirroring: Mirroring,
    rung: Receiver<()>,
    ring: SyncSender<()>,
    stopping: Stopping,
}

/// Goes on with the feed of the origin. An origin that does not answer is told of once and asked again until it does.
fn following(
    Following { name, mut mirroring, rung, ring, stopping }: Following,
    reader: Box<dyn Store>,
    args: &MirrorArgs,
    out: &mut Output,
) -> Result<Outcome, Failure> {
    let wake: Wake = Arc::new(ringing(&ring));
    let engine = Engine::new(name, reader, wake);
    // What was recorded before the feed began is not told by it.
    let (mut is_due, mut has_failed, mut is_cut_off) = (true, false, false);
    while !stopping.is_asked() {
        // An origin that has fallen silent is told of, and one that answers again has most likely more.
        let was_cut_off = std::mem::replace(&mut is_cut_off, engine.is_cut_off());
        is_due |= engine.take_change().is_some() || is_cut_off != was_cut_off;
        if is_due {
            let asked = stopping.clone();
            let answer = engine.ask_long("mirroring events", move |reader, _| {
                let caught_up = mirroring.catch_up(reader, &mut |_| told(&asked, Flow::Continue(())));
                Ok::<_, StoreError>((mirroring, caught_up))
            });
            let caught_up = match answer.wait() {
                Ok(Ok((back, caught_up))) => {
                    mirroring = back;
                    caught_up
                }
                // No connection was to be had, and the mirror went with the question.
                Ok(Err(error)) => {
                    mirroring = Mirroring::again(&engine.source().absolute_name(), &args.local)?;
                    Err(error)
                }
                Err(_) => return Err(EngineError::Lost.into()),
            };
            is_due = false;
            match caught_up {
                Ok(mirrored) => {
                    if has_failed {
                        message(format_args!("{} answers again", mirroring.origin()));
                    }
                    has_failed = false;
                    if mirrored.new > 0 {
                        print(&mirrored, &mirroring, &args.local, args.format, out)?;
                    }
                }
                Err(StoreError::Cancelled) if stopping.is_asked() => break,
                Err(error) if ends_following(&error) => return Err(error.into()),
                Err(error) => {
                    if !has_failed {
                        message(format_args!("{error}; it is tried again until it answers"));
                    }
                    has_failed = true;
                }
            }
        }
        let between = if has_failed { TRY_AGAIN } else { LOOK_AGAIN };
        match rung.recv_timeout(between) {
            Err(RecvTimeoutError::Timeout) => is_due = true,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
        }
    }
    Ok(Outcome::Done)
}

/// What no waiting mends.
fn ends_following(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::OriginDiffers { .. }
            | StoreError::NotMirrored { .. }
            | StoreError::NoMirror(_)
            | StoreError::Full(_)
            | StoreError::ReadOnly(_)
            | StoreError::Denied(_)
            | StoreError::Damaged { .. }
    )
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
