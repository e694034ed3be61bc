//! A mirror: a native store that holds what another store holds and follows it, and that nobody writes into.
//!
//! - It stands on [`Store::changes`] and [`Store::scan`] alone, so whatever can be opened can be mirrored. Where the
//!   origin has an order of its own, the mirror goes on behind the last place that it knows; where it has none, behind
//!   the last version of each stream.
//! - Events and the place behind which it goes on are recorded in one transaction, and only where the mirror still ends
//!   where the reading began: whoever is killed, or follows beside another, neither loses nor doubles anything.
//! - Before it goes on, the newest of what it holds is held against the origin: one that was replaced, cut or edited is
//!   told by what differs, and nothing is overwritten. [`Mirroring::compare`] holds all of it.
//! - Ids, versions, times and contents are kept to the letter. Places are counted anew, since a native store has no
//!   gaps; a category is what a stream's name says; content that is no JSON is kept as a text; see [`taken`].
//! - What is appended to a mirror is appended to its origin and comes back from there; see [`writer`].

mod ahead;
mod check;
mod following;
mod taken;
mod writer;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub(super) use writer::open_for_writing;

use super::native::{Aside, COPY_LOG, LogMover, Mirror, MirrorStanding, NativeStore};
use super::{Flow, Source, Store, StoreError, Writer};
use crate::event::{Cursor, StreamId, Timestamp, Version};

/// A mirror that is open to be brought up to its origin.
#[derive(Debug)]
pub struct Mirroring {
    /// Ends before the store is closed.
    log: Option<LogMover>,
    /// About so much was recorded since the log was last moved, in bytes.
    logged: u64,
    store: NativeStore,
    path: PathBuf,
    origin: String,
}

/// What became of a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// Events that it holds.
    pub events: u64,
    /// Those that were brought in by this call.
    pub new: u64,
    /// Those of them whose payload or metadata was kept as a text, since it was no JSON.
    pub as_text: u64,
    pub standing: MirrorStanding,
}

/// How a mirror was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Made now.
    Made,
    There,
    /// Its origin stood elsewhere before, with the same events.
    Moved {
        from: String,
    },
}

impl Mirroring {
    /// Opens the mirror of a store, or makes it where there is no file yet. One that is there has to be a mirror of this
    /// origin: the events are compared, not the address.
    pub fn begin(source: &Source, origin: &dyn Store, path: &Path) -> Result<(Self, Begun), StoreError> {
        let name = source.absolute_name();
        if source.path().is_some_and(|origin| is_same_file(origin, path)) {
            return Err(StoreError::MirrorOfItself(path.to_owned()));
        }
        unless_circle(path, source)?;
        if path.symlink_metadata().is_err() {
            match make(&name, path) {
                Ok(()) => {
                    let Some((store, _)) = NativeStore::open_mirror(path)? else {
                        return Err(StoreError::NoMirror(path.to_owned()));
                    };
                    return Ok((Self::of(store, path, name), Begun::Made));
                }
                // Another program made it meanwhile: whatever it is, it is held against the origin below.
                Err(_) if path.symlink_metadata().is_ok() => {}
                Err(error) => return Err(error),
            }
        }
        let (store, Mirror { origin: before, .. }) = there(path)?;
        let mut mirroring = Self::of(store, path, name);
        mirroring.check(origin)?;
        if before == mirroring.origin {
            return Ok((mirroring, Begun::There));
        }
        let mut bulk = mirroring.store.bulk()?;
        bulk.mirrors(&mirroring.origin, now())?;
        bulk.commit()?;
        Ok((mirroring, Begun::Moved { from: before }))
    }

    fn of(store: NativeStore, path: &Path, origin: String) -> Self {
        Self { log: None, logged: 0, store, path: path.to_owned(), origin }
    }

    /// So many bytes were recorded. Once they are many, somebody else moves them from the log into the file.
    fn has_recorded(&mut self, bytes: u64) {
        self.logged += bytes;
        if self.logged < COPY_LOG {
            return;
        }
        self.logged = 0;
        if self.log.is_none() {
            self.log = LogMover::begin(&self.path);
        }
        if let Some(log) = &self.log
            && !log.begin_moving()
        {
            self.log = None;
        }
    }

    /// The same mirror, opened once more.
    pub fn again(origin: &str, path: &Path) -> Result<Self, StoreError> {
        let (store, _) = there(path)?;
        Ok(Self::of(store, path, origin.to_owned()))
    }

    /// Lets something be kept beside the events that makes looking at them faster.
    pub fn keep_snapshots(&mut self, keep: impl FnOnce(&mut dyn Writer)) {
        keep(&mut self.store);
    }

    /// Of what it is a mirror, as it may be printed.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Brings in what the origin holds beyond it. `progress` is told how many events that is so far, and may stop: what
    /// was brought in by then stays.
    pub fn catch_up(
        &mut self,
        origin: &dyn Store,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<Mirrored, StoreError> {
        following::catch_up(self, origin, progress)
    }

    /// Holds the newest events against those of the origin. Cheap, and to be done before each going on after a pause.
    pub fn check(&self, origin: &dyn Store) -> Result<(), StoreError> {
        check::newest(self, origin)
    }

    /// Holds every event against those of the origin.
    pub fn compare(&self, origin: &dyn Store, progress: &mut dyn FnMut(u64) -> Flow) -> Result<u64, StoreError> {
        check::all(self, origin, progress)
    }

    fn differs(&self, fault: OriginFault) -> StoreError {
        let (path, origin) = (self.path.clone(), self.origin.clone());
        StoreError::OriginDiffers { path, origin, fault: Box::new(fault) }
    }

    fn standing(&self) -> Result<Option<MirrorStanding>, StoreError> {
        Ok(self.store.mirror()?.and_then(|mirror| mirror.standing))
    }

    /// Behind which place of the origin to go on; `None` where the origin has no order.
    fn cursor(&self, origin: &dyn Store) -> Result<Option<Cursor>, StoreError> {
        if !origin.capabilities().has_feed {
            return Ok(None);
        }
        let end = self.store.end()?;
        let Some(last) = end.place() else { return Ok(Some(Cursor::beginning())) };
        if let Some(cursor) = self.standing()?.and_then(|standing| standing.cursor()) {
            return Ok(Some(cursor));
        }
        // What was kept of it is gone; the origin knows where its own event is.
        check::place_of(self, origin, &last.id)
    }
}

/// What became of an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginFault {
    #[error("another store stands there now: its first event is another than the mirror's")]
    Replaced,
    #[error("there is no event any more")]
    Emptied,
    #[error("it was cut: the events from version {version} of {stream} on are in the mirror and not there any more")]
    Cut { stream: StreamId, version: Version },
    #[error("version {version} of {stream} is in the mirror and not there any more")]
    Gone { stream: StreamId, version: Version },
    #[error("version {version} of {stream} says something else there than when it was mirrored")]
    Edited { stream: StreamId, version: Version },
    #[error("version {version} of {stream} is there, before the last event of the mirror, and not in the mirror")]
    Added { stream: StreamId, version: Version },
}

/// Stands in its place as a mirror or not at all: between the two, others could record into it.
fn make(origin: &str, path: &Path) -> Result<(), StoreError> {
    let (mut store, aside) = Aside::begin(path)?;
    let mut bulk = store.bulk()?;
    bulk.mirrors(origin, now())?;
    bulk.commit()?;
    drop(store);
    aside.place()
}

fn there(path: &Path) -> Result<(NativeStore, Mirror), StoreError> {
    match NativeStore::open_mirror(path) {
        Ok(Some(mirror)) => Ok(mirror),
        Ok(None) | Err(StoreError::Unrecognised { .. } | StoreError::NotADatabase(_) | StoreError::EmptyFile(_)) => {
            Err(StoreError::NoMirror(path.to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// More mirrors than these do not stand behind one another.
const MOST_MIRRORS: usize = 40;

/// Refuses an origin that is a mirror of what stands at this path, be it by way of others: what is appended would be
/// handed on in a circle. A mirror is its own where it was copied to the place of an origin that was lost.
fn unless_circle(path: &Path, origin: &Source) -> Result<(), StoreError> {
    let mut at = origin.clone();
    for _ in 0..MOST_MIRRORS {
        let Some(file) = at.path() else { return Ok(()) };
        if is_same_file(file, path) {
            return Err(StoreError::MirrorCircle { path: path.to_owned(), origin: origin.absolute_name() });
        }
        // What cannot be opened says so itself when it is.
        let mirror = NativeStore::open(file).and_then(|store| store.mirror()).ok().flatten();
        let Some(mirror) = mirror else { return Ok(()) };
        at = Source::parse(&mirror.origin);
    }
    Ok(())
}

/// By whatever name or link.
fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (std::fs::metadata(one), std::fs::metadata(other)) {
        use std::os::unix::fs::MetadataExt;
        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Nobody reads it more closely.
    Timestamp::from_micros(i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, NewEvent};
    use crate::store::Expected;

    #[test]
    fn on_a_full_disk_a_mirror_says_what_it_holds_and_goes_on_from_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let [origin, path] = ["origin.db", "mirror.db"].map(|name| folder.path().join(name));
        let mut store = NativeStore::create(&origin).expect("a store");
        let event = |number: u32| NewEvent {
            id: EventId::new(&format!("event-{number}")),
            event_type: "noted".into(),
            schema: 1,
            recorded_at: None,
            payload: format!("{{\"words\": \"{}\"}}", "x".repeat(200)),
            metadata: "{}".to_owned(),
        };
        let events: Vec<NewEvent> = (0..10_000).map(event).collect();
        store.append(&StreamId::from("note-1"), Expected::NoStream, &events).expect("appended");
        drop(store);
        let source = Source::from(origin);
        let reader = crate::store::open(&source).expect("opens");
        let (mut mirroring, _) = Mirroring::begin(&source, reader.as_ref(), &path).expect("made");
        let mut catch_up = |pages| {
            mirroring.store.allow_pages(pages);
            mirroring.catch_up(reader.as_ref(), &mut |_| Flow::Continue(()))
        };
        // Some 350 bytes an event: what is recorded together first has room, and all of it has not.
        let refused = catch_up(600).expect_err("there is no room");
        let StoreError::MirrorFull { events, .. } = refused else { panic!("{refused}") };
        assert!((1..10_000).contains(&events), "{events}");
        let caught_up = catch_up(u32::MAX).expect("there is room");
        assert_eq!((caught_up.events, caught_up.new), (10_000, 10_000 - events));
    }
}
