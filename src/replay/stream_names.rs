use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::shelf::{OnShelf, Shelf};
use crate::event::StreamId;

/// So many names lie in one chunk.
const TOGETHER: usize = 256;

/// What a chunk takes beside its names: two allocations, each with its counts and lengths.
const CHUNK_BYTES: usize = size_of::<Chunk>() + size_of::<[usize; 8]>();

/// The names of very many streams, each by its number in the order in which they were added. Behind one another, since an
/// allocation for each would take three times its letters. Clones have in common what both know. Where there is no room for
/// them, they lie on a shelf.
#[derive(Clone, Default)]
pub struct StreamNames {
    full: Vec<Arc<Chunk>>,
    /// The newest, of which there are fewer than a chunk's.
    newest: Vec<StreamId>,
    /// What the full chunks take.
    bytes: usize,
    /// How much of that belongs to the one that it went on from, and how many chunks.
    common: usize,
    common_chunks: usize,
    looked: Looked,
}

enum Chunk {
    Packed(Packed),
    /// Too long for that: a name may be as long as a store lets it be.
    Apart(Vec<StreamId>),
    Away(Away),
}

struct Packed {
    text: Box<str>,
    /// Where each name ends.
    ends: Box<[u32]>,
}

/// Names on a shelf, until nobody knows of them any more.
struct Away {
    shelf: Arc<dyn Shelf>,
    slot: OnShelf,
}

/// What was read back last, the newest first: whoever asks for a name mostly asks for one beside it, too.
#[derive(Default)]
struct Looked(Mutex<VecDeque<(usize, Arc<Packed>)>>);

/// So many chunks that were read back are kept, and of longer names fewer: they take no more than so many bytes, or are one.
const LOOKED: usize = 8;
const LOOKED_BYTES: usize = 128 << 10;

/// So many chunks are laid down before anybody is asked whether to go on.
const BETWEEN_LOOKS: usize = 64;

impl Clone for Looked {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Looked {
    /// `None` where it cannot be read any more.
    fn read(&self, number: usize, away: &Away) -> Option<Arc<Packed>> {
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let names = match looked.iter().position(|(of, _)| *of == number) {
            Some(place) => looked.remove(place)?.1,
            None => Arc::new(Packed::read(&away.shelf.fetch(away.slot)?)?),
        };
        looked.push_front((number, Arc::clone(&names)));
        let bytes =
            |looked: &VecDeque<(usize, Arc<Packed>)>| looked.iter().map(|(_, names)| names.bytes()).sum::<usize>();
        while looked.len() > LOOKED || (looked.len() > 1 && bytes(&looked) > LOOKED_BYTES) {
            looked.pop_back();
        }
        Some(names)
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.shelf.give_back(self.slot);
    }
}

impl Packed {
    fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let begin = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(begin as usize..end as usize)
    }

    fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.ends)
    }

    /// As it lies on a shelf: where the names end, and the names.
    fn written(&self) -> Vec<u8> {
        let mut text: Vec<u8> = self.ends.iter().flat_map(|end| end.to_le_bytes()).collect();
        text.extend_from_slice(self.text.as_bytes());
        text
    }

    fn read(written: &[u8]) -> Option<Self> {
        let (ends, text) = written.split_at_checked(TOGETHER * size_of::<u32>())?;
        let (ends, _) = ends.as_chunks();
        let ends = ends.iter().map(|end| u32::from_le_bytes(*end)).collect();
        Some(Self { text: std::str::from_utf8(text).ok()?.into(), ends })
    }
}

impl fmt::Debug for StreamNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamNames")
            .field("len", &(self.full.len() * TOGETHER + self.newest.len()))
            .finish_non_exhaustive()
    }
}

impl Chunk {
    fn of(names: Vec<StreamId>) -> Self {
        let length: usize = names.iter().map(|name| name.as_str().len()).sum();
        if u32::try_from(length).is_err() {
            return Self::Apart(names);
        }
        let (mut text, mut ends) = (String::with_capacity(length), Vec::with_capacity(names.len()));
        for name in &names {
            text.push_str(name.as_str());
            ends.push(text.len() as u32);
        }
        Self::Packed(Packed { text: text.into(), ends: ends.into() })
    }

    fn bytes(&self) -> usize {
        let own = match self {
            Self::Packed(names) => names.bytes(),
            Self::Apart(names) => names.iter().map(|name| size_of::<StreamId>() + name.as_str().len()).sum(),
            Self::Away(_) => 0,
        };
        own + CHUNK_BYTES
    }
}

impl StreamNames {
    /// It gets the next number.
    pub fn push(&mut self, name: StreamId) {
        self.newest.push(name);
        if self.newest.len() == TOGETHER {
            let chunk = Chunk::of(std::mem::take(&mut self.newest));
            self.bytes += chunk.bytes();
            self.full.push(Arc::new(chunk));
        }
    }

    /// `None` where there is no such number, or what lies on a shelf cannot be read any more.
    pub fn get(&self, number: usize) -> Option<Cow<'_, str>> {
        let chunk = number / TOGETHER;
        let Some(Chunk::Away(away)) = self.full.get(chunk).map(AsRef::as_ref) else {
            return self.at_hand(number).map(Cow::Borrowed);
        };
        let names = self.looked.read(chunk, away)?;
        names.get(number % TOGETHER).map(|name| Cow::Owned(name.to_owned()))
    }

    /// Whether it lies in memory.
    pub(super) fn is_at_hand(&self, number: usize) -> bool {
        self.full.get(number / TOGETHER).is_none_or(|chunk| !matches!(**chunk, Chunk::Away(_)))
    }

    /// For whoever draws. `None` where it does not lie in memory, too.
    pub fn at_hand(&self, number: usize) -> Option<&str> {
        let Some(names) = self.full.get(number / TOGETHER) else {
            return self.newest.get(number.checked_sub(self.full.len() * TOGETHER)?).map(StreamId::as_str);
        };
        match &**names {
            Chunk::Packed(names) => names.get(number % TOGETHER),
            Chunk::Apart(names) => names.get(number % TOGETHER).map(StreamId::as_str),
            Chunk::Away(_) => None,
        }
    }

    /// Lays the names on a shelf, but for the newest. False where that was stopped, or there is no room there either.
    pub fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, go_on: &mut dyn FnMut() -> bool) -> bool {
        for (number, chunk) in self.full.iter_mut().enumerate() {
            let Chunk::Packed(names) = &**chunk else { continue };
            if number % BETWEEN_LOOKS == BETWEEN_LOOKS - 1 && !go_on() {
                return false;
            }
            let Some(slot) = shelf.lay(&names.written()) else { return false };
            let before = chunk.bytes();
            *chunk = Arc::new(Chunk::Away(Away { shelf: Arc::clone(shelf), slot }));
            self.bytes = self.bytes - before + chunk.bytes();
            if number < self.common_chunks {
                self.common -= before;
            }
        }
        true
    }

    /// For one that goes on from here.
    pub(super) fn another(&self) -> Self {
        Self { common: self.bytes, common_chunks: self.full.len(), ..self.clone() }
    }

    pub fn bytes(&self) -> u64 {
        (self.bytes + self.newest_bytes()) as u64
    }

    /// Without what it has in common with the one that it went on from.
    pub(super) fn own_bytes(&self) -> u64 {
        (self.bytes - self.common + self.newest_bytes()) as u64
    }

    fn newest_bytes(&self) -> usize {
        let names = self.newest.iter().map(|name| size_of::<StreamId>() + name.as_str().len() + 3 * size_of::<usize>());
        names.sum::<usize>() + self.full.capacity() * size_of::<Arc<Chunk>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_comes_back_by_its_number_and_takes_little_more_than_its_letters() {
        let name = |number: usize| match number % 3 {
            0 => String::new(),
            1 => format!("리드-{number}"),
            _ => format!("lead-{number}"),
        };
        let (mut names, all) = (StreamNames::default(), 10 * TOGETHER + 7);
        (0..all).for_each(|number| names.push(name(number).as_str().into()));
        for number in 0..all {
            assert_eq!(names.get(number).as_deref(), Some(name(number).as_str()));
        }
        assert_eq!(names.get(all), None);
        let letters: usize = (0..all).map(|number| name(number).len()).sum();
        assert!(names.bytes() >= letters as u64, "{}", names.bytes());
        assert!(names.bytes() <= (letters + 6 * all + 1_000) as u64, "{} for {letters}", names.bytes());
    }

    #[test]
    fn who_goes_on_adds_names_of_its_own_alone() {
        let mut names = StreamNames::default();
        (0..=2 * TOGETHER).for_each(|number| names.push(number.to_string().as_str().into()));
        let mut later = names.another();
        (0..TOGETHER).for_each(|_| later.push("later".into()));
        names.push("other".into());
        let of = |names: &StreamNames, number| names.get(number).map(Cow::into_owned);
        let both = |number| [&names, &later].map(|names| of(names, number));
        assert_eq!(both(2 * TOGETHER + 1), ["other", "later"].map(|name| Some(name.to_owned())));
        assert_eq!(both(5), ["5", "5"].map(|name| Some(name.to_owned())));
        assert!(later.own_bytes() < later.bytes() / 2 && names.own_bytes() == names.bytes());
    }

    /// Tells how much lies on it.
    #[derive(Debug, Default)]
    struct InMemory(Mutex<Vec<Option<Vec<u8>>>>);

    impl Shelf for InMemory {
        fn lay(&self, text: &[u8]) -> Option<OnShelf> {
            let mut texts = self.0.lock().expect("sound");
            texts.push(Some(text.to_vec()));
            Some(OnShelf { at: texts.len() as u64 - 1, length: text.len() as u32, owner: 0 })
        }

        fn fetch(&self, slot: OnShelf) -> Option<Vec<u8>> {
            self.0.lock().expect("sound").get(slot.at as usize)?.clone()
        }

        fn give_back(&self, slot: OnShelf) {
            self.0.lock().expect("sound")[slot.at as usize] = None;
        }
    }

    #[test]
    fn names_that_lie_on_a_shelf_come_back_take_no_room_and_are_taken_away_with_the_last_who_knows_them() {
        let in_memory = Arc::new(InMemory::default());
        let shelf: Arc<dyn Shelf> = Arc::clone(&in_memory) as Arc<dyn Shelf>;
        let lying = || in_memory.0.lock().expect("sound").iter().flatten().count();
        let name = |number: usize| format!("리드-{number}");
        let (mut names, all) = (StreamNames::default(), 20 * TOGETHER + 7);
        (0..all).for_each(|number| names.push(name(number).as_str().into()));
        let before = names.bytes();
        let mut later = names.another();
        let go_on = &mut || true;
        assert!(later.lay_down(&shelf, go_on) && lying() == 20);
        (all..all + TOGETHER).for_each(|number| later.push(name(number).as_str().into()));
        assert!(later.lay_down(&shelf, go_on) && lying() == 21, "what lies there is not laid down again");
        for number in (0..all + TOGETHER).chain((0..all).rev().step_by(TOGETHER + 1)) {
            assert_eq!(later.get(number).as_deref(), Some(name(number).as_str()));
        }
        assert_eq!((later.get(all + TOGETHER), later.is_at_hand(0), names.is_at_hand(0)), (None, false, true));
        assert!(later.is_at_hand(all + TOGETHER - 1), "the newest");
        assert!(later.bytes() < before / 3 && later.own_bytes() == later.bytes(), "{} of {before}", later.bytes());
        assert_eq!((names.bytes(), names.get(3).as_deref()), (before, Some("리드-3")), "the one before has its own");
        let last = later.another();
        assert!(last.own_bytes() < 2_000);
        drop(later);
        assert_eq!((last.get(5).as_deref(), lying()), (Some("리드-5"), 21));
        drop(last);
        assert_eq!(lying(), 0);
    }
}
