use std::any::Any;
use std::fmt;
use std::num::NonZeroU32;

use serde_json::Value;

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
    rows: Vec<(StreamKey, Head, P::Event)>,
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
pub(super) struct ByStream<S> {
    /// Where the value of each stream lies, counted from one.
    pages: Vec<Option<Box<[Option<NonZeroU32>]>>>,
    blocks: Vec<Vec<S>>,
}

impl<S: Default> ByStream<S> {
    pub(super) fn new() -> Self {
        Self { pages: Vec::new(), blocks: Vec::new() }
    }

    pub(super) fn get(&self, stream: StreamKey) -> Option<&S> {
        let index = stream.0 as usize;
        let place = (*self.pages.get(index / PAGE)?.as_ref()?.get(index % PAGE)?)?.get() as usize - 1;
        self.blocks.get(place / BLOCK)?.get(place % BLOCK)
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
            if blocks.last().is_none_or(|block| block.len() == BLOCK) {
                blocks.push(Vec::with_capacity(BLOCK));
            }
            let last = blocks.len() - 1;
            blocks[last].push(S::default());
            NonZeroU32::MIN.saturating_add((last * BLOCK + blocks[last].len() - 1) as u32)
        });
        let place = place.get() as usize - 1;
        &mut self.blocks[place / BLOCK][place % BLOCK]
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(Vec::len).sum()
    }

    /// In the order in which they began.
    pub(super) fn values(&self) -> impl Iterator<Item = &S> {
        self.blocks.iter().flatten()
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
        assert!(values.blocks.iter().all(|block| block.capacity() == BLOCK), "a block grew, and was copied");
    }
}
