//! What has no room in memory: in a file without a name, which only this user may read and which is gone when nobody uses it
//! any more, however the program ends.

use std::any::Any;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::EngineError;
use super::gaps::Gaps;
use super::process::give_back;
use super::ticket::lock;
use crate::index::{AsOf, Counting, Memory, OverBudget};
use crate::replay::{LayDown, OnShelf, Shelf};
use crate::store::{Flow, StoreError, cache_folder};

/// So many bytes are written at once.
const AT_ONCE: usize = 1 << 20;

/// So many are read at once where what lies there is asked for in the order in which it was laid down.
const READ_AHEAD: usize = 1 << 16;

/// Behind each piece stands a sum of where it lies and what it says: what comes back as something else is no answer.
const SUM: usize = size_of::<u64>();

/// Laying half of the states down is enough where this part of the memory is free then.
const MOST_LEFT: u64 = 4;

/// Laying all of them down is enough where this part is: then there is room for what comes next.
pub(super) const LEAST_LEFT: u64 = 16;

#[derive(Debug)]
pub(super) struct FileShelf {
    /// For who asks where it is.
    folder: PathBuf,
    lying: Mutex<Lying>,
}

#[derive(Debug)]
struct Lying {
    file: File,
    written: u64,
    /// Behind what is written.
    waiting: Vec<u8>,
    /// What was given back.
    gaps: Gaps,
    /// What was read ahead, and where it lies.
    ahead: (u64, Vec<u8>),
    /// Where what was read last ends.
    read_to: u64,
    fault: Option<io::Error>,
}

impl FileShelf {
    /// Beside what else can be made anew, which mostly is on a disk: the folder for temporary files may be in memory itself.
    pub(super) fn new() -> io::Result<Self> {
        let cache = cache_folder().filter(|folder| folder.is_dir());
        let in_folder = |folder: PathBuf| Self::in_folder(&folder);
        cache
            .map_or_else(|| in_folder(std::env::temp_dir()), in_folder)
            .or_else(|_: io::Error| in_folder(std::env::temp_dir()))
    }

    fn in_folder(folder: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        // It has no name, and yet a process has ways to what another one has open.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(Self::of(file, folder))
    }

    fn of(file: File, folder: &Path) -> Self {
        let lying = Lying {
            file,
            written: 0,
            waiting: Vec::new(),
            gaps: Gaps::default(),
            ahead: (0, Vec::new()),
            read_to: 0,
            fault: None,
        };
        Self { folder: folder.to_owned(), lying: Mutex::new(lying) }
    }

    /// Why something could not be laid here or read back.
    pub(super) fn fault(&self) -> Option<StoreError> {
        let lying = lock(&self.lying);
        let fault = lying.fault.as_ref()?;
        if matches!(fault.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) {
            return Some(StoreError::Changed(self.folder.clone()));
        }
        let again = fault.raw_os_error().map_or_else(|| fault.kind().into(), io::Error::from_raw_os_error);
        Some(StoreError::from_io(&self.folder, again))
    }
}

impl Lying {
    fn write(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(&self.waiting)?;
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Where it lies from now on, in the place of what was given back where there is room.
    fn put(&mut self, text: &[u8]) -> io::Result<u64> {
        let length = text.len() + SUM;
        let Some(at) = self.gaps.take(length as u64) else {
            let at = self.written + self.waiting.len() as u64;
            self.waiting.extend_from_slice(text);
            self.waiting.extend_from_slice(&sum_of(at, text));
            if self.waiting.len() >= AT_ONCE {
                self.write()?;
            }
            return Ok(at);
        };
        let piece = [text, &sum_of(at, text)].concat();
        let end = at + length as u64;
        match at.checked_sub(self.written).map(|from| from as usize..(end - self.written) as usize) {
            Some(range) => {
                let waits = self.waiting.get_mut(range).ok_or(io::ErrorKind::UnexpectedEof)?;
                waits.copy_from_slice(&piece);
            }
            None => {
                if end > self.written {
                    self.write()?;
                }
                self.ahead.1.clear();
                self.file.seek(SeekFrom::Start(at))?;
                self.file.write_all(&piece)?;
            }
        }
        Ok(at)
    }

    fn read(&mut self, slot: OnShelf) -> io::Result<Vec<u8>> {
        let mut text = self.read_piece(slot.at, slot.length as usize + SUM)?;
        let sum = text.split_off(slot.length as usize);
        if sum == sum_of(slot.at, &text) { Ok(text) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    fn read_piece(&mut self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        if let Some(at) = at.checked_sub(self.written) {
            let piece = self.waiting.get(at as usize..).and_then(|rest| rest.get(..length));
            return piece.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
        }
        let is_in_order = std::mem::replace(&mut self.read_to, at + length as u64) == at;
        let (begin, bytes) = &mut self.ahead;
        let from = at.checked_sub(*begin).map(|from| from as usize);
        if let Some(piece) = from.and_then(|from| bytes.get(from..)?.get(..length)) {
            return Ok(piece.to_vec());
        }
        self.file.seek(SeekFrom::Start(at))?;
        if !is_in_order || length > READ_AHEAD {
            let mut piece = vec![0; length];
            self.file.read_exact(&mut piece)?;
            return Ok(piece);
        }
        // Behind what is written there is nothing yet, or what waits.
        *begin = at;
        bytes.clear();
        (&self.file).take((READ_AHEAD as u64).min(self.written - at)).read_to_end(bytes)?;
        bytes.get(..length).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn unless<T>(&mut self, done: io::Result<T>) -> Option<T> {
        done.map_err(|error| self.fault.get_or_insert(error)).ok()
    }
}

fn sum_of(at: u64, text: &[u8]) -> [u8; SUM] {
    let mut sum = DefaultHasher::new();
    sum.write_u64(at);
    sum.write(text);
    sum.finish().to_le_bytes()
}

impl Shelf for FileShelf {
    fn lay(&self, text: &[u8]) -> Option<OnShelf> {
        let length = u32::try_from(text.len()).ok()?;
        let mut lying = lock(&self.lying);
        let put = lying.put(text);
        let at = lying.unless(put)?;
        Some(OnShelf { at, length, owner: 0 })
    }

    fn give_back(&self, slot: OnShelf) {
        lock(&self.lying).gaps.give(slot.at, u64::from(slot.length) + SUM as u64);
    }

    fn fetch(&self, slot: OnShelf) -> Option<Vec<u8>> {
        let mut lying = lock(&self.lying);
        let read = lying.read(slot);
        lying.unless(read)
    }
}

/// For what has no room in memory. `None` where no file can be made.
pub(super) fn new_shelf() -> Option<Arc<dyn Shelf>> {
    let made = FileShelf::new().inspect_err(|error| tracing::debug!(%error, "no file for what has no room in memory"));
    made.ok().map(|shelf| -> Arc<dyn Shelf> { Arc::new(shelf) })
}

/// Why something could not be laid there or read back.
pub(super) fn fault_of(shelf: &Arc<dyn Shelf>) -> Option<StoreError> {
    let shelf: &dyn Any = shelf.as_ref();
    shelf.downcast_ref::<FileShelf>().and_then(FileShelf::fault)
}

/// Whose states may lie on a shelf.
pub(super) trait LaysDown {
    fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, which: LayDown, go_on: &mut dyn FnMut() -> bool) -> bool;
    fn shelf(&self) -> Option<&Arc<dyn Shelf>>;
    fn weigh(&mut self) -> Result<(), OverBudget>;
    fn memory(&self) -> &Memory;
    /// So much more is asked for when all is folded.
    fn to_come(&self) -> u64;
}

/// Both have these of their own.
macro_rules! lays_down {
    ($($kind:ty),+) => {$(
        impl LaysDown for $kind {
            fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, which: LayDown, go_on: &mut dyn FnMut() -> bool) -> bool {
                self.lay_down(shelf, which, go_on)
            }

            fn shelf(&self) -> Option<&Arc<dyn Shelf>> {
                self.shelf()
            }

            fn weigh(&mut self) -> Result<(), OverBudget> {
                self.weigh()
            }

            fn memory(&self) -> &Memory {
                self.memory()
            }

            fn to_come(&self) -> u64 {
                self.to_come()
            }
        }
    )+};
}

lays_down!(AsOf, Counting);

/// The older half first: fewer events come to those, and what stays is answered without the file. Where that brings little
/// room, all of them go at once, and not half of the rest each time.
pub(super) const STATES: &[LayDown] = &[LayDown::Older, LayDown::All];

/// Names go where even that is not enough: they are what a table shows before anything else.
pub(super) const STATES_AND_NAMES: &[LayDown] = &[LayDown::Older, LayDown::All, LayDown::Names];

/// There is no room in memory for all of this: it lies in a file from now on, as much of it as must. Where that does not help
/// either, the budget is too small.
pub(super) fn make_room(
    of: &mut impl LaysDown,
    over: OverBudget,
    steps: &[LayDown],
    go_on: &mut dyn FnMut() -> Flow,
) -> Result<(), EngineError> {
    let shelf = of.shelf().cloned().or_else(new_shelf).ok_or(over)?;
    make_room_on(&shelf, of, steps, go_on)
}

fn make_room_on(
    shelf: &Arc<dyn Shelf>,
    of: &mut impl LaysDown,
    steps: &[LayDown],
    go_on: &mut dyn FnMut() -> Flow,
) -> Result<(), EngineError> {
    let mut weighed = Ok(());
    for which in steps {
        let is_laid = of.lay_down(shelf, *which, &mut || go_on().is_continue());
        unless_torn(of)?;
        if !is_laid {
            return Err(StoreError::Cancelled.into());
        }
        weighed = of.weigh();
        let part_left = if *which == LayDown::Older { MOST_LEFT } else { LEAST_LEFT };
        if weighed.is_ok() && has_left(of, part_left) {
            break;
        }
    }
    // Of ten million events within 96 MiB, 23 MiB more were kept to be used again, beside what is allowed.
    give_back();
    Ok(weighed?)
}

/// There is room for what comes next, too.
pub(super) fn has_room(of: &impl LaysDown) -> bool {
    has_left(of, LEAST_LEFT)
}

fn has_left(of: &impl LaysDown, part: u64) -> bool {
    let memory = of.memory();
    memory.left().bytes >= of.to_come() + memory.allowed().bytes / part
}

/// What lies in a file of these states could be read back. For whoever has made something of all of them: what could not be
/// read is missing there.
pub fn unless_unreadable(as_of: &AsOf) -> Result<(), StoreError> {
    unless_torn(as_of)
}

/// Something of it could not be laid down or read back: then it is no answer.
pub(super) fn unless_torn(of: &impl LaysDown) -> Result<(), StoreError> {
    of.shelf().and_then(fault_of).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::as_of::{choose, end_at};
    use crate::engine::small_store::five_leads;
    use crate::engine::whole::each_decoded;
    use crate::index::{Budget, Categories, CountOf, CountRows, CountWish, MixedRows, StoreMoment};
    use crate::replay::ShelfSpace;

    #[test]
    fn what_lies_there_is_read_back_and_nobody_finds_it_in_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let shelf = FileShelf::in_folder(folder.path()).expect("a file");
        let texts: Vec<Vec<u8>> = (0..60_u8).map(|n| vec![n; usize::from(n) * 1_000]).collect();
        let slots: Vec<OnShelf> = texts.iter().map(|text| shelf.lay(text).expect("there is room")).collect();
        assert!(lock(&shelf.lying).written > 0 && !lock(&shelf.lying).waiting.is_empty(), "both ways are looked at");
        for (text, slot) in texts.iter().zip(slots) {
            assert!(shelf.fetch(slot).as_ref() == Some(text));
        }
        assert!(shelf.fault().is_none());
        #[cfg(unix)]
        {
            let mode = lock(&shelf.lying).file.metadata().expect("a file").permissions();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
            assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0, "it has no name");
        }
        assert!(shelf.fetch(OnShelf { at: 1 << 40, length: 1, owner: 0 }).is_none(), "nothing lies there");
        assert!(shelf.fault().is_some());
    }

    /// Another program of the same user, or the disk: where something else stands, or noughts behind a file that was cut and
    /// grew again, no state is made of that.
    #[test]
    fn what_comes_back_as_something_else_is_no_answer() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = vec![b'7'; 1_000];
        for is_cut in [false, true] {
            let shelf = FileShelf::in_folder(folder.path()).expect("a file");
            let slots: Vec<OnShelf> = (0..2_000).map(|_| shelf.lay(&text).expect("there is room")).collect();
            {
                let mut lying = lock(&shelf.lying);
                assert!(lying.written > AT_ONCE as u64 / 2);
                if is_cut {
                    lying.file.set_len(1_500).expect("cut");
                } else {
                    lying.file.seek(SeekFrom::Start(1_500)).expect("found");
                    lying.file.write_all(b"8").expect("written");
                }
            }
            assert!((0..2_000).all(|_| shelf.lay(&text).is_some()));
            assert!(shelf.fetch(slots[0]).as_ref() == Some(&text) && shelf.fault().is_none());
            assert_eq!(shelf.fetch(slots[1]), None);
            let fault = shelf.fault();
            assert!(matches!(&fault, Some(StoreError::Changed(path)) if path == folder.path()), "{fault:?}");
            assert_eq!(shelf.fetch(slots[2]).is_some(), !is_cut);
        }
    }

    fn length(shelf: &FileShelf) -> u64 {
        let lying = lock(&shelf.lying);
        lying.written + lying.waiting.len() as u64
    }

    /// Two that go on from each other lay their states down again and again, each time a little longer or shorter.
    #[test]
    fn what_is_laid_in_the_place_of_something_else_takes_its_room_and_no_other_loses_anything() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = Arc::new(FileShelf::in_folder(folder.path()).expect("a file"));
        let shelf: Arc<dyn Shelf> = Arc::clone(&file) as Arc<dyn Shelf>;
        let text = |number: usize, round: usize| vec![(number + round) as u8; 900 + (number * 7 + round * 131) % 400];
        let (space, mut round) = (ShelfSpace::on(&shelf), 0);
        let mut lies: Vec<(OnShelf, usize)> =
            (0..1_000).map(|number| (space.lay(&text(number, 0)).expect("there is room"), 0)).collect();
        for _ in 0..12 {
            let (before, known) = (space.clone(), lies.clone());
            for _ in 0..5 {
                round += 1;
                for (number, (slot, of)) in lies.iter_mut().enumerate().filter(|(number, _)| number % 3 == round % 3) {
                    let new = space.lay(&text(number, round)).expect("there is room");
                    space.leave(std::mem::replace(slot, new));
                    *of = round;
                }
            }
            // The one that it went on from has what it had.
            for (space, lies) in [(&before, &known), (&space, &lies)] {
                for (number, (slot, of)) in lies.iter().enumerate() {
                    assert!(space.fetch(*slot) == Some(text(number, *of)), "{number} of {of}");
                }
            }
        }
        assert!(file.fault().is_none());
        let live: u64 = lies.iter().map(|(slot, _)| u64::from(slot.length)).sum();
        // Two answers at a time, and what does not fit where something lay. Never used again, it would be twenty times as much.
        assert!(length(&file) < 4 * live, "{} for {live}", length(&file));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said_and_no_answer_is_given() {
        let (_folder, engine) = five_leads();
        let refused = engine.ask("folding", |reader, _| {
            let choice = choose(reader, None, None)?.expect("there are streams").choice;
            let mut as_of = AsOf::new(&choice, StoreMoment::Latest, Budget { bytes: 16 });
            each_decoded(reader, &|| Box::new(MixedRows::new(&choice)), None, None, &mut |rows, _| {
                as_of.fold(rows);
                Ok(())
            })?;
            as_of.finish(end_at(reader, StoreMoment::Latest)?).expect_err("there is no room for it");
            let full = File::options().read(true).write(true).open("/dev/full").expect("it is there");
            let shelf = FileShelf::of(full, Path::new("/tmp"));
            assert!(shelf.lay(&vec![b' '; AT_ONCE]).is_none());
            let shelf: Arc<dyn Shelf> = Arc::new(shelf);
            make_room_on(&shelf, &mut as_of, STATES, &mut || Flow::Continue(()))
        });
        let refused = refused.wait().expect("answered");
        assert!(matches!(refused, Err(EngineError::Store(StoreError::Full(_)))), "{refused:?}");
    }
    #[cfg(target_os = "linux")]
    #[test]
    fn counts_that_cannot_be_laid_down_or_that_nobody_waits_for_are_no_answer_either() {
        let (_folder, engine) = five_leads();
        let ended = |is_full: bool| {
            let ended = engine.ask("counting", move |reader, _| {
                let choice = choose(reader, None, None)?.expect("there are streams").choice;
                let (of, categories) = (CountOf::Field("status".to_owned()), Categories::default());
                let wish = CountWish { of, choice, categories, chosen_for: None };
                let mut counting = Counting::new(&wish, false, Budget { bytes: 16 });
                each_decoded(reader, &|| Box::new(CountRows::new(&wish, false)), None, None, &mut |rows, _| {
                    counting.fold(rows);
                    Ok(())
                })?;
                counting.weigh().expect_err("there is no room for it");
                let file = if is_full {
                    File::options().read(true).write(true).open("/dev/full")
                } else {
                    tempfile::tempfile()
                };
                let shelf = FileShelf::of(file.expect("it is there"), Path::new("/tmp"));
                assert_eq!(shelf.lay(&vec![b' '; AT_ONCE]).is_none(), is_full);
                let shelf: Arc<dyn Shelf> = Arc::new(shelf);
                make_room_on(&shelf, &mut counting, STATES, &mut || {
                    if is_full { Flow::Continue(()) } else { Flow::Break(()) }
                })
            });
            ended.wait().expect("answered")
        };
        let (full, stopped) = (ended(true), ended(false));
        assert!(matches!(full, Err(EngineError::Store(StoreError::Full(_)))), "{full:?}");
        assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stopped:?}");
    }
}
