use std::any::Any;
use std::fmt;

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

/// States by stream number. In pages, since the numbers of the streams of one category lie close together, and a
/// number out of the way must not cost memory for all those below it. Boxed: a stream of another category then
/// costs a pointer.
pub(super) struct States<P: Projection> {
    projection: P,
    pages: Vec<Option<Page<P::State>>>,
    events: u64,
    unread: Vec<Problem>,
}

type Page<S> = Box<[Option<Box<S>>]>;

impl<P: Projection> States<P> {
    pub(super) fn new(projection: P) -> Self {
        Self { projection, pages: Vec::new(), events: 0, unread: Vec::new() }
    }

    fn state(&self, stream: StreamKey) -> Option<&P::State> {
        let index = stream.0 as usize;
        self.pages.get(index / PAGE)?.as_ref()?.get(index % PAGE)?.as_deref()
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
            let index = stream.0 as usize;
            let page = index / PAGE;
            if self.pages.len() <= page {
                self.pages.resize_with(page + 1, || None);
            }
            let states = self.pages[page].get_or_insert_with(|| (0..PAGE).map(|_| None).collect());
            let state = states[index % PAGE].get_or_insert_with(Box::default);
            self.projection.fold(state, &event, &head, &mut self.unread);
            self.unread.clear();
            self.events += 1;
        }
    }

    fn events(&self) -> u64 {
        self.events
    }

    fn show(&self, stream: StreamKey) -> Option<Value> {
        self.state(stream).map(|state| self.projection.show(state))
    }

    fn streams(&self) -> Box<dyn Iterator<Item = StreamKey> + '_> {
        let pages = self.pages.iter().enumerate().filter_map(|(page, states)| Some((page, states.as_ref()?)));
        Box::new(pages.flat_map(|(page, states)| {
            let there = states.iter().enumerate().filter(|(_, state)| state.is_some());
            there.map(move |(place, _)| StreamKey((page * PAGE + place) as u32))
        }))
    }
}
