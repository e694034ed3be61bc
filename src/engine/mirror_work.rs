//! A mirror that is brought up to its origin and goes on with it, until it is told to stop.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::pool::{Answer, begin};
use super::ticket::lock;
use super::{Engine, EngineError, Progress, StoreChange, Wake, keep_long_streams};
use crate::event::{Explain, Message};
use crate::store::{Flow, Mirrored, Mirroring, Source, Store, StoreError};

/// That nothing came is known this often while a mirror follows.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The same while the origin cannot be read.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// The same where another program wrote just then.
const TRY_AGAIN_SOON: Duration = Duration::from_millis(50);

/// Stops what follows, and wakes it for that.
#[derive(Clone, Debug)]
pub struct Stop {
    is_asked: Arc<AtomicBool>,
    ring: SyncSender<()>,
}

/// Hears that it is to stop, or that something came.
#[derive(Debug)]
pub struct Bell {
    stop: Stop,
    rung: Receiver<()>,
}

impl Default for Bell {
    fn default() -> Self {
        let (ring, rung) = sync_channel(1);
        Self { stop: Stop { is_asked: Arc::default(), ring }, rung }
    }
}

impl Bell {
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

impl Stop {
    pub fn stop(&self) {
        self.is_asked.store(true, Ordering::Release);
        self.ring();
    }

    pub fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::Acquire)
    }

    fn ring(&self) {
        // One that is full rings already.
        let _ = self.ring.try_send(());
    }

    pub fn flow(&self) -> Flow {
        if self.is_asked() { Flow::Break(()) } else { Flow::Continue(()) }
    }
}

/// What is told of a mirror that follows.
#[derive(Debug)]
pub enum Following<'a> {
    /// It holds what its origin does.
    CaughtUp(&'a Mirrored, &'a Mirroring),
    /// The origin cannot be read; it is tried again until it can.
    Failing(&'a StoreError),
    AnswersAgain(&'a Mirroring),
}

/// Goes on with the feed of the origin. An origin that does not answer is told of once and asked again until it does.
pub fn follow_mirror<E: From<StoreError> + From<EngineError>>(
    origin: (Source, Box<dyn Store>),
    (mut mirroring, path): (Mirroring, PathBuf),
    bell: &Bell,
    tell: &mut dyn FnMut(Following<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let ring = bell.stop();
    let wake: Wake = Arc::new(move || ring.ring());
    let engine = Engine::new(origin.0, origin.1, wake);
    // What was recorded before the feed began is not told by it.
    let (mut is_due, mut has_failed, mut is_cut_off, mut was_replaced) = (true, false, false, false);
    while !bell.stop.is_asked() {
        // An origin that has fallen silent is told of, and one that answers again has most likely more.
        let was_cut_off = std::mem::replace(&mut is_cut_off, engine.is_cut_off());
        let change = engine.take_change();
        was_replaced |= change == Some(StoreChange::Replaced);
        is_due |= change.is_some() || is_cut_off != was_cut_off;
        if is_due {
            let stop = bell.stop();
            let answer = engine.ask_long("mirroring events", move |reader, _| {
                // Where another stands there now, its next event may have the place of the mirror's next.
                let is_same = if was_replaced { mirroring.check(reader) } else { Ok(()) };
                let caught_up = is_same.and_then(|()| mirroring.catch_up(reader, &mut |_| stop.flow()));
                Ok::<_, StoreError>((mirroring, caught_up))
            });
            let caught_up = match answer.wait() {
                Ok(Ok((back, caught_up))) => {
                    mirroring = back;
                    caught_up
                }
                // No connection was to be had, and the mirror went with the question.
                Ok(Err(error)) => {
                    mirroring = Mirroring::again(&engine.source().absolute_name(), &path)?;
                    Err(error)
                }
                Err(_) => return Err(EngineError::Lost.into()),
            };
            is_due = false;
            match caught_up {
                Ok(mirrored) => {
                    was_replaced = false;
                    if std::mem::take(&mut has_failed) {
                        tell(Following::AnswersAgain(&mirroring))?;
                    }
                    tell(Following::CaughtUp(&mirrored, &mirroring))?;
                }
                Err(StoreError::Cancelled) if bell.stop.is_asked() => break,
                Err(error) if ends_following(&error) => return Err(error.into()),
                Err(error) => {
                    if !std::mem::replace(&mut has_failed, true) {
                        tell(Following::Failing(&error))?;
                    }
                }
            }
        }
        let between = if has_failed { TRY_AGAIN } else { LOOK_AGAIN };
        match bell.rung.recv_timeout(between) {
            Err(RecvTimeoutError::Timeout) => is_due = true,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
        }
    }
    Ok(())
}

/// What no waiting mends.
fn ends_following(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::OriginDiffers { .. }
            | StoreError::MirrorEdited { .. }
            | StoreError::MirrorCircle { .. }
            | StoreError::NotMirrored { .. }
            | StoreError::NoMirror(_)
            | StoreError::Full(_)
            | StoreError::TemporaryFull(_)
            | StoreError::MirrorFull { .. }
            | StoreError::ReadOnly(_)
            | StoreError::Denied(_)
            | StoreError::Damaged { .. }
    )
}

/// An origin that only cannot be read just now.
fn comes_back(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Server { .. } | StoreError::Nats { .. } | StoreError::Missing(_) | StoreError::Io { .. }
    ) || passes(error)
}

/// Another program wrote just then.
fn passes(error: &StoreError) -> bool {
    matches!(error, StoreError::Locked(_) | StoreError::Changed(_))
}

/// How a mirror that is kept in the background stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MirrorState {
    /// On its way to the end of its origin.
    #[default]
    CatchingUp,
    /// It holds what the origin does, and goes on with it.
    Following(Mirrored),
    /// It held so much when its origin fell silent, which is asked again until it answers.
    Waiting(Option<Mirrored>, Message),
    /// It was stopped by something that no waiting mends.
    Ended(Message),
}

/// A mirror that is made, and then kept up with its origin, until this is dropped.
#[derive(Debug)]
pub struct MirrorWork {
    pub origin: Source,
    pub path: PathBuf,
    state: Arc<Mutex<MirrorState>>,
    stop: Stop,
    answer: Answer<()>,
}

impl Drop for MirrorWork {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

impl MirrorWork {
    /// Begins in the background; `wake` is called whenever there is something to see.
    pub fn begin(origin: Source, path: PathBuf, wake: &Wake) -> Self {
        let path = std::path::absolute(&path).unwrap_or(path);
        let (state, bell) = (Arc::new(Mutex::new(MirrorState::default())), Bell::default());
        let stop = bell.stop();
        let answer = {
            let (origin, path, state, wake_for) = (origin.clone(), path.clone(), state.clone(), wake.clone());
            begin("mirroring events", wake, move |ticket| {
                let mut set = |next: MirrorState| {
                    *lock(&state) = next;
                    wake_for();
                };
                let ended = run(
                    &origin,
                    path,
                    &bell,
                    &mut |done, total| {
                        if let Some(total) = total {
                            ticket.set_total(total);
                        }
                        let _ = ticket.reached(done);
                    },
                    &mut set,
                );
                match ended {
                    Err(error) if !bell.stop.is_asked() => set(MirrorState::Ended(error.message())),
                    _ => {}
                }
            })
        };
        Self { origin, path, state, stop, answer }
    }

    pub fn state(&self) -> MirrorState {
        lock(&self.state).clone()
    }

    /// While it is on its way to the end of its origin.
    pub fn progress(&self) -> Option<Progress> {
        (self.state() == MirrorState::CatchingUp).then(|| self.answer.progress())
    }
}

fn run(
    origin: &Source,
    path: PathBuf,
    bell: &Bell,
    reached: &mut dyn FnMut(u64, Option<u64>),
    set: &mut dyn FnMut(MirrorState),
) -> Result<(), EngineError> {
    let is_there = path.symlink_metadata().is_ok();
    let open = || -> Result<_, StoreError> {
        let reader = crate::store::open(origin)?;
        let (mirroring, _) = Mirroring::begin(origin, reader.as_ref(), &path)?;
        let events = reader.kept_events()?;
        Ok((reader, mirroring, events))
    };
    let (reader, mut mirroring, events) = loop {
        let wait = match open() {
            Err(error) if passes(&error) => TRY_AGAIN_SOON,
            Err(error) if is_there && comes_back(&error) => {
                set(MirrorState::Waiting(None, error.message()));
                TRY_AGAIN
            }
            begun => break begun?,
        };
        let _ = bell.rung.recv_timeout(wait);
        if bell.stop.is_asked() {
            return Ok(());
        }
    };
    set(MirrorState::CatchingUp);
    reached(0, events);
    let caught_up = mirroring.catch_up(reader.as_ref(), &mut |done| {
        reached(done, None);
        bell.stop.flow()
    });
    let mut last = None;
    match caught_up {
        Ok(mirrored) => {
            mirroring.keep_snapshots(keep_long_streams);
            last = Some(mirrored.clone());
            set(MirrorState::Following(mirrored));
        }
        Err(error) if comes_back(&error) => set(MirrorState::Waiting(None, error.message())),
        Err(error) => return Err(error.into()),
    }
    follow_mirror::<EngineError>((origin.clone(), reader), (mirroring, path), bell, &mut |told| {
        match told {
            Following::CaughtUp(mirrored, _) => {
                last = Some(mirrored.clone());
                set(MirrorState::Following(mirrored.clone()));
            }
            Following::Failing(error) => set(MirrorState::Waiting(last.clone(), error.message())),
            Following::AnswersAgain(_) => {}
        }
        Ok(())
    })
}
