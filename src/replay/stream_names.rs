use std::fmt;
use std::sync::Arc;

use crate::event::StreamId;

/// So many names lie in one chunk.
const TOGETHER: usize = 256;

/// What a chunk takes beside its names: two allocations, each with its counts and lengths.
const CHUNK_BYTES: usize = size_of::<Chunk>() + size_of::<[usize; 8]>();

/// The names of very many streams, each by its number in the order in which they were added. Behind one another, since an
/// allocation for each would take three times its letters. Clones have in common what both know.
#[derive(Clone, Default)]
pub(super) struct StreamNames {
    full: Vec<Arc<Chunk>>,
    /// The newest, of which there are fewer than a chunk's.
    newest: Vec<StreamId>,
    /// What the full chunks take.
    bytes: usize,
    /// How much of that belongs to the one that it went on from.
    common: usize,
}

enum Chunk {
    Packed {
        text: Box<str>,
        /// Where each name ends.
        ends: Box<[u32]>,
    },
    /// Too long for that: a name may be as long as a store lets it be.
    Apart(Vec<StreamId>),
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
        Self::Packed { text: text.into(), ends: ends.into() }
    }

    fn get(&self, place: usize) -> Option<&str> {
        match self {
            Self::Packed { text, ends } => {
                let end = *ends.get(place)?;
                let begin = place.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
                text.get(begin as usize..end as usize)
            }
            Self::Apart(names) => names.get(place).map(StreamId::as_str),
        }
    }

    fn bytes(&self) -> usize {
        let own = match self {
            Self::Packed { text, ends } => text.len() + size_of_val(&**ends),
            Self::Apart(names) => names.iter().map(|name| size_of::<StreamId>() + name.as_str().len()).sum(),
        };
        own + CHUNK_BYTES
    }
}

impl StreamNames {
    /// It gets the next number.
    pub(super) fn push(&mut self, name: StreamId) {
        self.newest.push(name);
        if self.newest.len() == TOGETHER {
            let chunk = Chunk::of(std::mem::take(&mut self.newest));
            self.bytes += chunk.bytes();
            self.full.push(Arc::new(chunk));
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        match self.full.get(number / TOGETHER) {
            Some(chunk) => chunk.get(number % TOGETHER),
            None => self.newest.get(number.checked_sub(self.full.len() * TOGETHER)?).map(StreamId::as_str),
        }
    }

    /// For one that goes on from here.
    pub(super) fn another(&self) -> Self {
        Self { common: self.bytes, ..self.clone() }
    }

    pub(super) fn bytes(&self) -> u64 {
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
            assert_eq!(names.get(number), Some(name(number).as_str()));
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
        assert_eq!((names.get(2 * TOGETHER + 1), later.get(2 * TOGETHER + 1)), (Some("other"), Some("later")));
        assert_eq!((names.get(5), later.get(5)), (Some("5"), Some("5")));
        assert!(later.own_bytes() < later.bytes() / 2 && names.own_bytes() == names.bytes());
    }
}
