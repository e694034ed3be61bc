//! A side index of a store: which runs of bytes its events have, block by block, so that a search reads only blocks in
//! which something may be found. It is kept in the user's cache folder and made anew whenever it does not fit: it holds
//! nothing that the store does not say.

mod blocks;
mod grams;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::EngineError;
use crate::event::{EventBatch, EventId, Position};
use crate::store::{
    Columns, Flow, Framework, OpenOptions as StoreOptions, Query, Source, Store, StoreError, cache_folder,
};

pub(super) use blocks::Block;
use blocks::{BlockMaker, HEAD};
pub(super) use grams::Sieve;

/// Written first, with the format's number behind it.
const BEGINNING: [u8; 16] = *b"foldline side 01";
/// What all formats begin with.
const ANY_FORMAT: usize = 14;

/// The index of one store, as far as it was written.
#[derive(Debug)]
pub struct SideIndex {
    file: File,
    path: PathBuf,
    blocks: Vec<(Block, u64)>,
    /// Where the next block is written.
    end: u64,
}

/// Why an index cannot be used, and is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is not as it was written.
    Damaged,
    /// A later Foldline wrote it.
    Newer,
    /// The store is not the one that it was made of.
    OtherStore,
    /// What stands in its place may be waited for when it is opened, or never end.
    NoFile,
}

impl Unusable {
    pub fn said(self) -> &'static str {
        match self {
            Self::Damaged => "it was damaged",
            Self::Newer => "another version of Foldline wrote it",
            Self::OtherStore => "the store is another one by now",
            Self::NoFile => "something that is no file was in its place",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SideError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{}: the index could not be written there: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: the disk that holds this index is full, and what was just written of it was taken away; free some space, or name a folder on another disk in XDG_CACHE_HOME, and run that again", .0.display())]
    Full(PathBuf),
    #[error("{}: this is no file, and it is where the index of this store goes; move it away, and run that again", .0.display())]
    InTheWay(PathBuf),
    #[error("{}: another Foldline is writing this index; wait for it", .0.display())]
    Busy(PathBuf),
    #[error("this store takes no index: only a SQLite file of events whose order is indexed, without encryption, does")]
    NotOfThis,
    #[error("no folder is known for what can be made anew; set XDG_CACHE_HOME or HOME")]
    NoFolder,
}

impl SideError {
    fn of_io(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path.to_owned()),
            _ => Self::Io { path: path.to_owned(), source },
        }
    }
}

impl From<StoreError> for SideError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

/// What there is of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideSize {
    pub bytes: u64,
    pub events: u64,
    pub blocks: u64,
    /// Up to where the store is in it.
    pub position: Option<Position>,
}

/// Where the index of a store is kept, whether there is one or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidePlace(PathBuf);

impl SidePlace {
    /// In the user's own cache folder. An error where the store takes no index, or nobody knows a folder for it.
    pub fn of(source: &Source, reader: &dyn Store) -> Result<Self, SideError> {
        Self::in_folder(&cache_folder().ok_or(SideError::NoFolder)?.join("index"), source, reader)
    }

    pub fn in_folder(folder: &Path, source: &Source, reader: &dyn Store) -> Result<Self, SideError> {
        let Source::File(store) = source else { return Err(SideError::NotOfThis) };
        let capabilities = reader.capabilities();
        let others = [Framework::MAPPED, Framework::XES, Framework::CLOUD_EVENTS, Framework::JSON, Framework::CSV];
        // What is encrypted is to stay so.
        let is_open = StoreOptions::from_environment().key.is_none();
        let is_led = capabilities.has_feed && capabilities.finds_by_position;
        if !is_led || !is_open || others.contains(&reader.framework()) {
            return Err(SideError::NotOfThis);
        }
        // Nothing is made beside a store.
        let beside = store.parent().and_then(|folder| fs::canonicalize(folder).ok());
        if beside.is_some() && beside == fs::canonicalize(folder).ok() {
            return Err(SideError::NotOfThis);
        }
        let name = blake3::hash(source.absolute_name().as_bytes()).to_hex();
        Ok(Self(folder.join(format!("{}.index", name.get(..16).unwrap_or_default()))))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Held by whoever writes the index.
    fn lock_path(&self) -> PathBuf {
        self.0.with_extension("lock")
    }

    fn is_no_file(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|found| !found.is_file())
    }

    /// Takes away what stands there and is no file, unless it holds something. Says whether there was such a thing.
    fn remove_no_file(&self) -> Result<bool, SideError> {
        if !self.is_no_file() {
            return Ok(false);
        }
        let is_folder = fs::symlink_metadata(&self.0).is_ok_and(|found| found.is_dir());
        let removed = if is_folder { fs::remove_dir(&self.0) } else { fs::remove_file(&self.0) };
        removed.map(|()| true).map_err(|_| SideError::InTheWay(self.0.clone()))
    }

    /// Opens the index to look at it. `None` where there is none.
    pub fn open(&self, reader: &dyn Store) -> Result<Option<Result<SideIndex, Unusable>>, SideError> {
        if self.is_no_file() {
            return Ok(Some(Err(Unusable::NoFile)));
        }
        match File::open(&self.0) {
            Ok(file) => Ok(Some(SideIndex::read(file, self.0.clone(), reader)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SideError::Io { path: self.0.clone(), source }),
        }
    }

    /// Makes the index, or moves it on to what was recorded since; makes it anew where it does not fit, and says why. What
    /// was done before somebody stopped it stays, unless the disk is full: then this takes nothing of it.
    pub fn follow(
        &self,
        reader: &dyn Store,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<(SideIndex, Option<Unusable>), SideError> {
        let path = self.0.clone();
        let failed = |source| SideError::of_io(&path, source);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut folders = fs::DirBuilder::new();
        #[cfg(unix)]
        {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
        }
        if let Some(folder) = path.parent() {
            folders.recursive(true).create(folder).map_err(failed)?;
        }
        // Of its own file, since where locks bind others too, nobody could read the index while it grows. It ends with the
        // handle.
        let lock = self.lock_path();
        let not_locked = |source| SideError::of_io(&lock, source);
        let writer = options.open(&lock).map_err(not_locked)?;
        match writer.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(SideError::Busy(path)),
            Err(fs::TryLockError::Error(source)) => return Err(not_locked(source)),
        }
        let mut reason = self.remove_no_file()?.then_some(Unusable::NoFile);
        let file = options.open(&path).map_err(failed)?;
        let is_new = file.metadata().map_err(failed)?.len() == 0;
        let copy = file.try_clone().map_err(failed)?;
        let read = if is_new { None } else { Some(SideIndex::read(copy, path.clone(), reader)?) };
        let begun = match read {
            Some(Ok(index)) => Ok(index),
            unusable => {
                reason = unusable.and_then(Result::err).or(reason);
                SideIndex::begin(file, path.clone())
            }
        };
        let before = begun.as_ref().map_or(0, |index| index.end);
        let followed = begun.and_then(|mut index| {
            // What another program was writing when it ended goes.
            index.file.set_len(index.end).map_err(failed)?;
            index.append(reader, progress)?;
            Ok(index)
        });
        if matches!(followed, Err(SideError::Full(_))) {
            self.give_back(before);
        }
        Ok((followed?, reason))
    }

    /// Leaves so much of an index that found no room for more, and nothing where there was none.
    fn give_back(&self, before: u64) {
        if before > BEGINNING.len() as u64 {
            let _ = OpenOptions::new().write(true).open(&self.0).and_then(|file| file.set_len(before));
        } else {
            let _ = fs::remove_file(&self.0).and_then(|()| fs::remove_file(self.lock_path()));
        }
    }

    /// Takes the index away. Says how large it was; `None` where there was none.
    pub fn remove(&self) -> Result<Option<u64>, SideError> {
        let failed = |source| SideError::Io { path: self.0.clone(), source };
        // Nobody misses it, and whoever writes just then writes to what is taken away too.
        let _ = fs::remove_file(self.lock_path());
        if self.remove_no_file()? {
            return Ok(Some(0));
        }
        match fs::metadata(&self.0) {
            Ok(file) => {
                fs::remove_file(&self.0).map_err(failed)?;
                Ok(Some(file.len()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }
}

impl SideIndex {
    fn begin(mut file: File, path: PathBuf) -> Result<Self, SideError> {
        let begun =
            file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).and_then(|_| file.write_all(&BEGINNING));
        begun.map_err(|source| SideError::of_io(&path, source))?;
        Ok(Self { file, path, blocks: Vec::new(), end: BEGINNING.len() as u64 })
    }

    fn read(mut file: File, path: PathBuf, reader: &dyn Store) -> Result<Result<Self, Unusable>, SideError> {
        let failed = |source| SideError::Io { path: path.clone(), source };
        let length = file.metadata().map_err(failed)?.len();
        let mut beginning = [0; BEGINNING.len()];
        if file.read_exact(&mut beginning).is_err() || beginning[..ANY_FORMAT] != BEGINNING[..ANY_FORMAT] {
            return Ok(Err(Unusable::Damaged));
        }
        if beginning != BEGINNING {
            return Ok(Err(Unusable::Newer));
        }
        let (mut blocks, mut end): (Vec<(Block, u64)>, u64) = (Vec::new(), BEGINNING.len() as u64);
        // What was being written when a program ended is no part of it.
        while end + HEAD as u64 <= length {
            let mut head = [0; HEAD];
            file.seek(SeekFrom::Start(end)).and_then(|_| file.read_exact(&mut head)).map_err(failed)?;
            let Some(block) = Block::read(&head) else { return Ok(Err(Unusable::Damaged)) };
            let content = end + HEAD as u64;
            if content + u64::from(block.length) > length {
                break;
            }
            if blocks.last().is_some_and(|(before, _)| before.last >= block.first) {
                return Ok(Err(Unusable::Damaged));
            }
            end = content + u64::from(block.length);
            blocks.push((block, content));
        }
        let fits = match (blocks.first(), blocks.last()) {
            (Some((first, _)), Some((last, _))) => {
                stands_at(reader, first.first, first.first_id, true)?
                    && stands_at(reader, last.last, last.last_id, false)?
            }
            _ => true,
        };
        Ok(if fits { Ok(Self { file, path, blocks, end }) } else { Err(Unusable::OtherStore) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn size(&self) -> SideSize {
        SideSize {
            bytes: self.end,
            events: self.blocks.iter().map(|(block, _)| u64::from(block.events)).sum(),
            blocks: self.blocks.len() as u64,
            position: self.last().map(Position),
        }
    }

    /// The last place that is in it.
    pub(super) fn last(&self) -> Option<u64> {
        self.blocks.last().map(|(block, _)| block.last)
    }

    pub(super) fn block(&self, number: usize) -> Option<&Block> {
        self.blocks.get(number).map(|(block, _)| block)
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether something may be found in a block. Where that cannot be read, it may.
    pub(super) fn lets_through(&self, number: usize, sieve: &Sieve) -> bool {
        let Some((block, at)) = self.blocks.get(number) else { return true };
        let mut kept = vec![0; block.length as usize];
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(*at)).and_then(|_| file.read_exact(&mut kept));
        read.is_err() || !block.is_of(&kept) || sieve.lets_through(&kept, block.has_escapes)
    }

    fn append(&mut self, reader: &dyn Store, progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), SideError> {
        let end = reader.end()?;
        let Some(end) = end.position() else { return Ok(()) };
        let from = self.last().map(|last| Position(last.saturating_add(1)));
        let mut scan = reader.scan(&Query::positions(from, Some(end)))?;
        let (mut batch, mut maker) = (EventBatch::default(), BlockMaker::default());
        let mut seen = self.size().events;
        loop {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                // Fewer events than a block has wait for the others.
                return Ok(());
            }
            for row in batch.rows() {
                if let Some((block, kept)) = maker.take(&row) {
                    self.write(block, &kept).map_err(|source| SideError::of_io(&self.path, source))?;
                }
            }
            seen += batch.len() as u64;
            if progress(seen).is_break() {
                return Err(StoreError::Cancelled.into());
            }
        }
    }

    fn write(&mut self, block: Block, kept: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        let mut written = block.written().to_vec();
        written.extend_from_slice(kept);
        self.file.write_all(&written)?;
        let at = self.end + HEAD as u64;
        self.end = at + u64::from(block.length);
        self.blocks.push((block, at));
        Ok(())
    }
}

/// Whether the event at a place is the one that was there; of the first, whether none stands before it.
fn stands_at(reader: &dyn Store, place: u64, id: [u8; 8], is_first: bool) -> Result<bool, StoreError> {
    let (mut is_it, place) = (false, Position(place));
    let from = if is_first { None } else { Some(place) };
    reader.visit_events(&Query::positions(from, Some(place)).limit(1).columns(Columns::HEADS), &mut |row| {
        is_it = row.position == Some(place) && short(&row.id) == id;
        Flow::Break(())
    })?;
    Ok(is_it)
}

fn short(id: &EventId) -> [u8; 8] {
    shortened(id.to_string().as_bytes())
}

fn shortened(bytes: &[u8]) -> [u8; 8] {
    let hash = blake3::hash(bytes);
    let mut short = [0; 8];
    short.copy_from_slice(&hash.as_bytes()[..8]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::small_store::five_leads;

    #[test]
    fn an_index_is_written_by_one_at_a_time_and_read_meanwhile_and_nothing_of_it_stays_when_it_is_removed() {
        let (folder, engine) = five_leads();
        let kept = folder.path().join("kept");
        let (source, cache) = (Source::from(folder.path().join("events.db")), kept.clone());
        let tried = engine.ask("index", move |reader, _| {
            let place = SidePlace::in_folder(&cache, &source, reader).expect("it takes an index");
            let mut tried = Vec::new();
            let (index, _) = place
                .follow(reader, &mut |_| {
                    let second = place.follow(reader, &mut |_| Flow::Continue(())).map(|_| ());
                    tried.push((second, place.open(reader).map(|index| index.map(|index| index.is_ok()))));
                    Flow::Continue(())
                })
                .expect("made");
            // Its lock has ended, though it is still open.
            place.follow(reader, &mut |_| Flow::Continue(())).expect("nobody writes it");
            drop(index);
            let removed = place.remove().expect("removed");
            Ok::<_, StoreError>((tried, removed))
        });
        let (tried, removed) = tried.wait().expect("answered").expect("readable");
        assert!(!tried.is_empty());
        for (second, read) in tried {
            assert!(matches!(second, Err(SideError::Busy(_))), "{second:?}");
            assert!(matches!(read, Ok(Some(true))), "{read:?}");
        }
        assert_eq!(removed, Some(BEGINNING.len() as u64));
        assert_eq!(fs::read_dir(&kept).expect("readable").count(), 0);
    }

    #[test]
    fn a_lock_that_cannot_be_taken_is_named_and_not_the_index() {
        let (folder, engine) = five_leads();
        let (source, cache) = (Source::from(folder.path().join("events.db")), folder.path().join("kept"));
        let tried = engine.ask("index", move |reader, _| {
            let place = SidePlace::in_folder(&cache, &source, reader).expect("it takes an index");
            fs::create_dir_all(place.lock_path()).expect("made");
            Ok::<_, StoreError>((place.lock_path(), place.follow(reader, &mut |_| Flow::Continue(())).map(drop)))
        });
        let (lock, tried) = tried.wait().expect("answered").expect("readable");
        assert!(matches!(&tried, Err(SideError::Io { path, .. }) if *path == lock), "{tried:?}");
    }
}
