use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::Wake;
use super::pool::{Lane, Pool};
use super::ticket::{Ticket, lock};
use crate::event::{Cursor, EventBatch, StreamId};
use crate::store::{Alarm, Changes, Columns, Ring, Source, Store, StoreError};

/// Between two looks at a file. Each is a few system calls; nothing is read until something has changed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);

/// Between two questions to a server.
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(2);

/// Where a store rings for what is recorded, it may ring for each event: so much is left to come together.
const BETWEEN_RINGS: Duration = Duration::from_millis(20);

/// New events whose streams are told one by one; of more than these, everything is said to have changed.
const TOLD: usize = 20_000;

/// What somebody did to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChange {
    /// Events were recorded, in these streams.
    Grew(HashSet<StreamId>),
    /// Something was recorded; the store cannot say where, or it was much.
    Somewhere,
    /// The file was written, but nothing was recorded: its log was moved into it. What could not be read meanwhile can
    /// be now.
    Rewritten,
    /// The store was cut, restored or replaced: what was read of it is no longer so.
    Replaced,
}

impl StoreChange {
    /// Whether what is known of this stream may be out of date.
    pub fn touches(&self, stream: &StreamId) -> bool {
        match self {
            Self::Grew(streams) => streams.contains(stream),
            Self::Somewhere | Self::Replaced => true,
            Self::Rewritten => false,
        }
    }

    fn and(self, later: Self) -> Self {
        match (self, later) {
            (Self::Replaced, _) | (_, Self::Replaced) => Self::Replaced,
            (Self::Rewritten, other) | (other, Self::Rewritten) => other,
            (Self::Grew(mut streams), Self::Grew(more)) => {
                streams.extend(more);
                Self::Grew(streams)
            }
            _ => Self::Somewhere,
        }
    }
}

/// Notices what is recorded, whoever records it, and keeps it until somebody asks.
pub(super) struct Feed(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    woken: Condvar,
    /// The server did not answer the last time.
    is_cut_off: AtomicBool,
}

#[derive(Default)]
struct State {
    change: Option<StoreChange>,
    looks_soon: bool,
    /// The store itself rang: something is there, whatever it counts.
    has_rung: bool,
    is_over: bool,
}

impl Drop for Feed {
    fn drop(&mut self) {
        lock(&self.0.state).is_over = true;
        self.0.woken.notify_all();
    }
}

impl Feed {
    pub(super) fn begin(place: WatchedPlace, pool: &Pool, wake: Wake) -> Self {
        let shared =
            Arc::new(Shared { state: Mutex::default(), woken: Condvar::new(), is_cut_off: AtomicBool::new(false) });
        let watch = Watch {
            place,
            shared: Arc::clone(&shared),
            alarm: None,
            // Held weakly, or the store would stay open for the sake of being watched.
            pool: pool.downgrade(),
            wake,
        };
        if let Err(error) = thread::Builder::new().name("watching".to_owned()).spawn(move || watch.run()) {
            tracing::warn!(%error, "nobody watches the store");
        }
        Self(shared)
    }

    /// One that notices nothing.
    pub(super) fn idle() -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), woken: Condvar::new(), is_cut_off: AtomicBool::new(false) }))
    }

    pub(super) fn take(&self) -> Option<StoreChange> {
        lock(&self.0.state).change.take()
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.0.is_cut_off.load(Ordering::Acquire)
    }

    /// Looks at once instead of at the next beat.
    pub(super) fn look_soon(&self) {
        lock(&self.0.state).looks_soon = true;
        self.0.woken.notify_all();
    }
}

#[derive(Clone)]
enum Watched {
    File(PathBuf),
    Server,
}

impl Watched {
    fn of(source: &Source) -> Self {
        match source {
            Source::File(path) => Self::File(path.clone()),
            Source::Server(_) => Self::Server,
        }
    }
}

/// What changes are told from.
#[derive(Clone, Default, PartialEq, Eq)]
enum Seen {
    /// Nothing yet, or the server did not answer.
    #[default]
    Nothing,
    File([Option<(u64, SystemTime)>; 2]),
    Server(String),
}

/// What is watched, and up to where it is known.
pub(super) struct WatchedPlace {
    source: Source,
    watched: Watched,
    seen: Seen,
    /// `None` where the store could not say.
    cursor: Option<Cursor>,
    /// The store could not be read when it was last looked into: whoever was told so has to hear that it can be again.
    has_failed: bool,
}

impl WatchedPlace {
    /// Looked at first, so that whatever is recorded while the end is read counts as a change.
    pub(super) fn of(source: &Source, reader: &dyn Store) -> Self {
        let watched = Watched::of(source);
        let seen = match &watched {
            Watched::File(path) => Seen::File(look_at(path)),
            Watched::Server => reader.fingerprint().ok().flatten().map_or(Seen::Nothing, Seen::Server),
        };
        let cursor = if reader.capabilities().has_feed { reader.end().ok() } else { Some(Cursor::beginning()) };
        Self { source: source.clone(), watched, seen, cursor, has_failed: false }
    }
}

struct Watch {
    place: WatchedPlace,
    shared: Arc<Shared>,
    /// Where the store has a way to tell at once.
    alarm: Option<Alarm>,
    pool: super::pool::WeakPool,
    wake: Wake,
}

impl Watch {
    fn run(mut self) {
        self.set_alarm();
        while self.wait() {
            let has_rung = std::mem::take(&mut lock(&self.shared.state).has_rung);
            let Some(now) = self.look() else { continue };
            // What failed is tried again until it does not: whatever was in the way may be gone without a trace.
            let is_same = now == self.place.seen;
            if is_same && !self.place.has_failed && !has_rung {
                continue;
            }
            let is_first = self.place.seen == Seen::Nothing;
            self.place.seen = now;
            if is_first {
                continue;
            }
            let change = self.what_changed();
            // Who was told once that it cannot be read need not be told at each beat, nor anybody of a ring for nothing.
            let is_nothing = |change: &StoreChange| self.place.has_failed || *change == StoreChange::Rewritten;
            let Some(change) = change.filter(|change| !(is_same && is_nothing(change))) else { continue };
            let mut state = lock(&self.shared.state);
            state.change = Some(match state.change.take() {
                Some(before) => before.and(change),
                None => change,
            });
            drop(state);
            (self.wake)();
        }
    }

    /// Has the store ring as soon as something is recorded.
    fn set_alarm(&mut self) {
        if !matches!(self.place.watched, Watched::Server) {
            return;
        }
        let shared = Arc::downgrade(&self.shared);
        let ring: Ring = Arc::new(move || {
            if let Some(shared) = shared.upgrade() {
                let mut state = lock(&shared.state);
                (state.looks_soon, state.has_rung) = (true, true);
                drop(state);
                shared.woken.notify_all();
            }
        });
        self.alarm = self.ask(move |reader| Ok(reader.alarm(ring))).and_then(Result::ok).flatten();
    }

    fn tell_whether_cut_off(&self, is_cut_off: bool) {
        if self.shared.is_cut_off.swap(is_cut_off, Ordering::AcqRel) != is_cut_off {
            (self.wake)();
        }
    }

    /// Until it is time for a look; false when nobody is interested any more.
    fn wait(&self) -> bool {
        if self.alarm.is_some() {
            thread::sleep(BETWEEN_RINGS);
        }
        let between = match self.place.watched {
            Watched::File(_) => BETWEEN_LOOKS,
            Watched::Server => BETWEEN_QUESTIONS,
        };
        let state = lock(&self.shared.state);
        let (mut state, _) = self
            .shared
            .woken
            .wait_timeout_while(state, between, |state| !state.is_over && !state.looks_soon)
            .unwrap_or_else(PoisonError::into_inner);
        state.looks_soon = false;
        !state.is_over
    }

    /// `None` where the server did not answer: it may later, and whoever reads is told of it.
    fn look(&self) -> Option<Seen> {
        match &self.place.watched {
            Watched::File(path) => Some(Seen::File(look_at(path))),
            Watched::Server => match self.ask(|reader| reader.fingerprint())? {
                Ok(print) => {
                    self.tell_whether_cut_off(false);
                    print.map(Seen::Server)
                }
                Err(error) => {
                    self.tell_whether_cut_off(!matches!(error, StoreError::Cancelled));
                    None
                }
            },
        }
    }

    /// `None` where nobody could be asked.
    fn what_changed(&mut self) -> Option<StoreChange> {
        if let Some(pool) = self.pool.upgrade() {
            pool.forget_outdated();
        }
        let Some(cursor) = self.place.cursor.clone() else {
            self.place.cursor = self.ask(|reader| reader.end()).and_then(Result::ok);
            return Some(StoreChange::Somewhere);
        };
        let before = cursor.clone();
        let (read, has_failed) = match self.ask(move |reader| news(reader, cursor))? {
            Ok((Some(StoreChange::Replaced), _)) => {
                let ((change, cursor), has_failed) = self.recognise_anew(&before)?;
                // What stands there now may have grown from the same beginning; what was read is gone all the same.
                let change = if has_failed { change } else { Some(StoreChange::Replaced) };
                ((change, cursor), has_failed)
            }
            Err(_) => self.recognise_anew(&before)?,
            Ok(read) => (read, false),
        };
        let (change, cursor) = read;
        self.place.cursor = Some(cursor);
        let had_failed = std::mem::replace(&mut self.place.has_failed, has_failed);
        let unsaid = if had_failed && !has_failed { StoreChange::Somewhere } else { StoreChange::Rewritten };
        Some(change.unwrap_or(unsaid))
    }

    /// What stands there now may be another framework's, and nothing that was known of the first holds. Where it cannot
    /// be opened, whoever reads next is told why.
    fn recognise_anew(&mut self, cursor: &Cursor) -> Option<(News, bool)> {
        let pool = self.pool.upgrade()?;
        let unread = (Some(StoreChange::Somewhere), cursor.clone());
        let Ok(first) = crate::store::open(&self.place.source) else { return Some((unread, true)) };
        let read = news(first.as_ref(), cursor.clone());
        let has_failed = read.is_err();
        pool.adopt(first);
        drop(pool);
        self.set_alarm();
        Some((read.unwrap_or(unread), has_failed))
    }

    /// Asks on the store's own threads and waits there.
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<Result<T, StoreError>> {
        let pool = self.pool.upgrade()?;
        let answer = pool.ask("watching", Lane::Short, move |reader, _: &Ticket| work(reader));
        drop(pool);
        answer.wait().ok()
    }
}

type News = (Option<StoreChange>, Cursor);

/// What came behind a place, and the place behind that.
fn news(reader: &dyn Store, cursor: Cursor) -> Result<News, StoreError> {
    let mut scan = match reader.changes(&cursor, Columns::HEADS)? {
        Changes::Grew(scan) => scan,
        // Of what is gone, the end may not be to be had; it is looked for anew in what stands there now.
        Changes::Replaced => return Ok((Some(StoreChange::Replaced), reader.end().unwrap_or(cursor))),
        Changes::Unknown => return Ok((Some(StoreChange::Somewhere), cursor)),
    };
    let (mut streams, mut events, mut cursor) = (HashSet::new(), 0, cursor);
    let mut batch = EventBatch::default();
    loop {
        scan.next_batch(&mut batch)?;
        if batch.is_empty() {
            let change = (events > 0).then_some(StoreChange::Grew(streams));
            return Ok((change, cursor));
        }
        cursor.advance(&batch);
        events += batch.len();
        if events > TOLD {
            drop(scan);
            return Ok((Some(StoreChange::Somewhere), reader.end()?));
        }
        for row in batch.rows() {
            if !streams.contains(row.stream) {
                streams.insert(row.stream.clone());
            }
        }
    }
}

fn look_at(path: &Path) -> [Option<(u64, SystemTime)>; 2] {
    // Side files stand beside the file itself, not beside a link to it; and a link may lead elsewhere by now.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let of = |path: &Path| fs::metadata(path).ok().and_then(|file| Some((file.len(), file.modified().ok()?)));
    [of(path), of(Path::new(&log)).filter(|(len, _)| *len > 0)]
}
