use std::any::Any;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde_json::Value;

use super::standing::LayDown;
use crate::event::{EventRow, Head, StreamKey};
use crate::projection::{Problem, Projection};

/// Rows of many streams, decoded for one projection. Made on one thread and folded on another.
pub trait DecodedRows: Any + Send {
    fn push(&mut self, row: &EventRow<'_>);
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The state of every stream under one projection, by the stream's number in the store.
pub trait StreamStates: Send + fmt::Debug {
    /// Folds in what the same projection decoded; the rows of each stream must come in order.
    fn fold(&mut self, rows: Box<dyn DecodedRows>);

    /// The events folded so far.
    fn events(&self) -> u64;

    fn show(&self, stream: StreamKey) -> Option<Value>;

    fn streams(&self) -> Box<dyn Iterator<Item = StreamKey> + '_>;
}

#[derive(Debug)]
pub(super) struct Rows<P: Projection> {
    projection: P,
    pub(super) rows: Vec<(StreamKey, Head, P::Event)>,
}

impl<P: Projection> Rows<P> {
    pub(super) fn new(projection: P) -> Self {
        Self { projection, rows: Vec::new() }
    }
}

impl<P: Projection> DecodedRows for Rows<P> {
    fn push(&mut self, row: &EventRow<'_>) {
        self.rows.push((row.stream_key, row.head(), self.projection.decode(row)));
    }

    fn len(&self) -> usize {
        self.rows.len()
    }
}

/// How many streams stand on a page.
const PAGE: usize = 1 << 14;

/// How many states lie together.
const BLOCK: usize = 1 << 8;

pub(super) struct States<P: Projection> {
    projection: P,
    of_stream: ByStream<P::State>,
    events: u64,
    unread: Vec<Problem>,
}

/// Values by stream number. In pages, since the numbers of the streams of one category lie close together, and a
/// number out of the way must not cost memory for all those below it. The values themselves lie in blocks, in the
/// order in which their streams began: a stream of another category costs a place, and no value an allocation.
///
/// Another one may go on from it ([`ByStream::share`]): they have the blocks in common that neither has changed since.
#[derive(Clone)]
pub(super) struct ByStream<S> {
    /// Where the value of each stream lies, counted from one.
    pages: Vec<Option<Box<[Option<NonZeroU32>]>>>,
    blocks: Vec<Block<S>>,
}

#[derive(Clone)]
enum Block<S> {
    Own(Vec<S>),
    Shared(Arc<Vec<S>>),
}

/// Values that were taken out together.
struct Taken<S>(Block<S>);

impl<S: Clone> Taken<S> {
    fn values(&self) -> &[S] {
        self.0.values()
    }
}

impl<S: Clone> Block<S> {
    fn values(&self) -> &[S] {
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => values,
        }
    }

    /// Its own from now on.
    fn own(&mut self) -> &mut Vec<S> {
        if let Self::Shared(values) = self {
            let mut copy = Vec::with_capacity(BLOCK);
            copy.extend_from_slice(values);
            *self = Self::Own(copy);
        }
        match self {
            Self::Own(values) => values,
            Self::Shared(values) => Arc::make_mut(values),
        }
    }
}

impl<S: Default + Clone> ByStream<S> {
    pub(super) fn new() -> Self {
        Self { pages: Vec::new(), blocks: Vec::new() }
    }

    pub(super) fn get(&self, stream: StreamKey) -> Option<&S> {
        let index = stream.0 as usize;
        let place = (*self.pages.get(index / PAGE)?.as_ref()?.get(index % PAGE)?)?.get() as usize - 1;
        self.blocks.get(place / BLOCK)?.values().get(place % BLOCK)
    }

    /// The value of a stream, which begins here where there is none yet.
    pub(super) fn get_or_begin(&mut self, stream: StreamKey) -> &mut S {
        let index = stream.0 as usize;
        let page = index / PAGE;
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        let places = self.pages[page].get_or_insert_with(|| vec![None; PAGE].into_boxed_slice());
        let blocks = &mut self.blocks;
        let place = places[index % PAGE].get_or_insert_with(|| {
            if blocks.last().is_none_or(|block| block.values().len() == BLOCK) {
                blocks.push(Block::Own(Vec::with_capacity(BLOCK)));
            }
            let last = blocks.len() - 1;
            let block = blocks[last].own();
            block.push(S::default());
            NonZeroU32::MIN.saturating_add((last * BLOCK + block.len() - 1) as u32)
        });
        let place = place.get() as usize - 1;
        &mut self.blocks[place / BLOCK].own()[place % BLOCK]
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.values().len()).sum()
    }

    /// How many lie in blocks that no other has.
    pub(super) fn own_len(&self) -> usize {
        self.blocks.iter().map(|block| if let Block::Own(values) = block { values.len() } else { 0 }).sum()
    }

    /// The bytes that it takes to know where each value lies.
    pub(super) fn places_bytes(&self) -> usize {
        self.pages.iter().flatten().count() * PAGE * size_of::<Option<NonZeroU32>>()
    }

    /// From now on, whoever is cloned from this has all values in common with it, until one of them changes.
    pub(super) fn share(&mut self) {
        for block in &mut self.blocks {
            if let Block::Own(values) = block {
                *block = Block::Shared(Arc::new(std::mem::take(values)));
            }
        }
    }

    /// Takes a block out. Where its values lay, [`Self::forget`] is to be told of each.
    fn take_block(&mut self, number: usize) -> Taken<S> {
        let empty = || Block::Own(Vec::new());
        Taken(self.blocks.get_mut(number).map_or_else(empty, |block| std::mem::replace(block, empty())))
    }

    /// There is no value of this stream any more: its block was taken out.
    fn forget(&mut self, stream: StreamKey) {
        let (page, place) = (stream.0 as usize / PAGE, stream.0 as usize % PAGE);
        if let Some(place) = self.pages.get_mut(page).and_then(Option::as_mut).and_then(|page| page.get_mut(place)) {
            *place = None;
        }
    }

    /// Takes values out in the order in which they began, some or all, each once `lay` has it elsewhere; it answers whether
    /// the value may be forgotten, and `None` where there is no room for it. False then, and where it was stopped.
    pub(super) fn lay_down(
        &mut self,
        part: LayDown,
        lay: &mut dyn FnMut(StreamKey, &S) -> Option<bool>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        let keys = self.keys();
        let mut left = self.len();
        let stays = if part == LayDown::Older { left / 2 } else { 0 };
        let mut back = Vec::new();
        for number in 0..self.blocks.len() {
            if left <= stays {
                break;
            }
            // What was laid down is given back at once: until then it would be there twice.
            let block = self.take_block(number);
            left -= block.values().len();
            for (value, key) in block.values().iter().zip(keys.get(number * BLOCK..).unwrap_or_default()) {
                match lay(*key, value) {
                    Some(true) => {}
                    Some(false) => back.push((*key, value.clone())),
                    None => return false,
                }
                self.forget(*key);
            }
            if !block.values().is_empty() && !go_on() {
                return false;
            }
        }
        self.trim();
        for (key, value) in back {
            *self.get_or_begin(key) = value;
        }
        true
    }

    /// Whose value lies at each place.
    fn keys(&self) -> Vec<StreamKey> {
        let mut keys = vec![StreamKey(0); self.blocks.len() * BLOCK];
        for (page, places) in self.pages.iter().enumerate() {
            for (at, place) in places.iter().flatten().enumerate() {
                if let Some(slot) = place.and_then(|place| keys.get_mut(place.get() as usize - 1)) {
                    *slot = StreamKey((page * PAGE + at) as u32);
                }
            }
        }
        keys
    }

    /// Gives back the pages on which no stream has a value any more.
    fn trim(&mut self) {
        for page in &mut self.pages {
            page.take_if(|places| places.iter().all(Option::is_none));
        }
    }

    /// In the order in which they began.
    pub(super) fn values(&self) -> impl Iterator<Item = &S> {
        self.blocks.iter().flat_map(Block::values)
    }

    pub(super) fn streams(&self) -> impl Iterator<Item = StreamKey> {
        let pages = self.pages.iter().enumerate().filter_map(|(page, places)| Some((page, places.as_ref()?)));
        pages.flat_map(|(page, places)| {
            let there = places.iter().enumerate().filter(|(_, place)| place.is_some());
            there.map(move |(place, _)| StreamKey((page * PAGE + place) as u32))
        })
    }
}

impl<P: Projection> States<P> {
    pub(super) fn new(projection: P) -> Self {
        Self { projection, of_stream: ByStream::new(), events: 0, unread: Vec::new() }
    }
}

impl<P: Projection> fmt::Debug for States<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("States")
            .field("projection", &self.projection)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl<P: Projection> StreamStates for States<P> {
    fn fold(&mut self, rows: Box<dyn DecodedRows>) {
        let rows: Box<dyn Any> = rows;
        let Ok(rows) = rows.downcast::<Rows<P>>() else {
            debug_assert!(false, "rows that another projection decoded");
            return;
        };
        for (stream, head, event) in rows.rows {
            let state = self.of_stream.get_or_begin(stream);
            self.projection.fold(state, &event, &head, &mut self.unread);
            self.unread.clear();
            self.events += 1;
        }
    }

    fn events(&self) -> u64 {
        self.events
    }

    fn show(&self, stream: StreamKey) -> Option<Value> {
        self.of_stream.get(stream).map(|state| self.projection.show(state))
    }

    fn streams(&self) -> Box<dyn Iterator<Item = StreamKey> + '_> {
        Box::new(self.of_stream.streams())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_finds_its_own_value_however_many_began_between() {
        let mut values = ByStream::<Vec<u32>>::new();
        // Over several pages, and not in order.
        let streams: Vec<StreamKey> = (0..1_000).map(|n: u32| StreamKey(n * 7_919 % 50_000)).collect();
        for round in 0..3 {
            for stream in &streams {
                values.get_or_begin(*stream).push(stream.0 + round);
            }
        }
        for stream in &streams {
            assert_eq!(values.get(*stream), Some(&vec![stream.0, stream.0 + 1, stream.0 + 2]));
        }
        let mut in_order = streams.clone();
        in_order.sort();
        assert_eq!(values.streams().collect::<Vec<_>>(), in_order);
        assert_eq!(values.get(StreamKey(1)), None);
        let grew = |block: &Block<Vec<u32>>| matches!(block, Block::Own(values) if values.capacity() != BLOCK);
        assert!(!values.blocks.iter().any(grew), "a block grew, and was copied");
    }

    #[test]
    fn a_stream_whose_block_was_taken_out_may_begin_again() {
        let mut values = ByStream::<u32>::new();
        let last = 3 * BLOCK as u32 + 5;
        (0..last).for_each(|stream| *values.get_or_begin(StreamKey(stream)) = stream);
        let mut later = values.clone();
        for number in [0, 2, 3, 9] {
            let taken = values.take_block(number);
            taken.values().iter().for_each(|value| values.forget(StreamKey(*value)));
        }
        let of = |values: &ByStream<u32>| {
            [0, 255, 256, 511, 512, last - 1].map(|stream| values.get(StreamKey(stream)).copied())
        };
        values.trim();
        assert_eq!((values.len(), of(&values)), (BLOCK, [None, None, Some(256), Some(511), None, None]));
        for stream in [last - 1, 0, 700] {
            *values.get_or_begin(StreamKey(stream)) = stream + 1;
        }
        assert_eq!((values.len(), values.blocks.len()), (BLOCK + 3, 4));
        assert_eq!(of(&values), [Some(1), None, Some(256), Some(511), None, Some(last)]);
        assert_eq!(of(&later), [0, 255, 256, 511, 512, last - 1].map(Some), "the other one has all of them");
        assert_eq!(*later.get_or_begin(StreamKey(700)), 700);
    }

    #[test]
    fn who_goes_on_from_shared_values_changes_its_own_alone() {
        let mut values = ByStream::<u32>::new();
        (0..1_000).for_each(|stream| *values.get_or_begin(StreamKey(stream)) = stream);
        assert_eq!((values.len(), values.own_len()), (1_000, 1_000));
        values.share();
        let mut later = values.clone();
        assert_eq!((later.len(), later.own_len()), (1_000, 0));
        *later.get_or_begin(StreamKey(300)) = 7;
        *later.get_or_begin(StreamKey(1_000)) = 8;
        let of = |values: &ByStream<u32>| [300, 301, 999, 1_000].map(|stream| values.get(StreamKey(stream)).copied());
        assert_eq!(of(&later), [Some(7), Some(301), Some(999), Some(8)]);
        assert_eq!(of(&values), [Some(300), Some(301), Some(999), None]);
        assert_eq!(
            (later.own_len(), values.own_len()),
            (BLOCK + 1_001 % BLOCK, 0),
            "the blocks of both, and no others"
        );
    }
}
