//! One projection over every stream of a store: events are decoded on several threads, and folded on one, in store
//! order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::event::{EventBatch, Position};
use crate::replay::{DecodedRows, ProjectionRef, StreamStates};
use crate::store::{Columns, Flow, Opener, Query, Scope, Store, StoreError};

/// Positions that a decoder reads at once: enough to make the hand-over cheap, few enough to stay in a core's cache.
const CHUNK: u64 = 2048;

/// What was decoded of payloads this long is handed over before its chunk ends, in bytes: as much may wait a few times over.
const MOST_AT_ONCE: usize = 1 << 20;

/// Pieces that may wait at each decoder before it pauses.
const WAITING: usize = 2;

/// More threads than these would wait for the one that folds.
const MOST_DECODERS: usize = 4;

/// Folds all streams of a category (of all, where none is named) up to a position.
pub fn fold_whole(
    reader: &dyn Store,
    projection: &ProjectionRef,
    category: Option<&str>,
    up_to: Option<Position>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Box<dyn StreamStates>, StoreError> {
    let mut states = projection.states();
    each_decoded(reader, &|| projection.rows(), category, up_to, &mut |decoded, seen| {
        states.fold(decoded);
        if progress(seen).is_break() { Err(StoreError::Cancelled) } else { Ok(()) }
    })?;
    Ok(states)
}

/// Hands what was decoded of a category (of all, where none is named) up to a position to whoever folds it, in store order,
/// with how many events there were so far.
pub(super) fn each_decoded(
    reader: &dyn Store,
    rows: &(dyn Fn() -> Box<dyn DecodedRows> + Sync),
    category: Option<&str>,
    up_to: Option<Position>,
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    each_decoded_of(reader, rows, category, up_to, Columns::ALL, take)
}

/// The same of some columns alone.
pub(super) fn each_decoded_of(
    reader: &dyn Store,
    rows: &(dyn Fn() -> Box<dyn DecodedRows> + Sync),
    category: Option<&str>,
    up_to: Option<Position>,
    columns: Columns,
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    let whole =
        Whole { rows, category, behind: 0, up_to, columns, decoders: decoders(), is_over: AtomicBool::new(false) };
    if reader.capabilities().has_dense_positions {
        whole.fold_ranges(reader, take)
    } else {
        whole.fold_batches(reader, take)
    }
}

/// The same of what lies behind a position, in a store whose connections number streams alike.
pub(super) fn each_decoded_behind(
    reader: &dyn Store,
    rows: &(dyn Fn() -> Box<dyn DecodedRows> + Sync),
    category: Option<&str>,
    between: (Position, Position),
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    let (Position(behind), up_to) = (between.0, Some(between.1));
    let (columns, is_over) = (Columns::ALL, AtomicBool::new(false));
    Whole { rows, category, behind, up_to, columns, decoders: decoders(), is_over }.fold_ranges(reader, take)
}

fn decoders() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get).clamp(1, MOST_DECODERS)
}

type Take<'t> = dyn FnMut(Box<dyn DecodedRows>, u64) -> Result<(), StoreError> + 't;

type Decoded = Result<Piece, StoreError>;

/// What a decoder hands over.
struct Piece {
    rows: Box<dyn DecodedRows>,
    /// Behind it, it is the next one's turn.
    is_last: bool,
}

struct Whole<'a> {
    rows: &'a (dyn Fn() -> Box<dyn DecodedRows> + Sync),
    category: Option<&'a str>,
    /// Only what lies behind this position, where it isn't nought.
    behind: u64,
    up_to: Option<Position>,
    columns: Columns,
    decoders: usize,
    is_over: AtomicBool,
}

impl Whole<'_> {
    /// Every decoder reads its own ranges, over its own connection.
    fn fold_ranges(&self, reader: &dyn Store, take: &mut Take<'_>) -> Result<(), StoreError> {
        let mut last = Position(0);
        let newest = Query::positions(None, self.up_to).backward().limit(1).columns(Columns::HEADS);
        reader.visit_events(&newest, &mut |row| {
            last = row.position.unwrap_or_default();
            Flow::Break(())
        })?;
        let opener = &reader.opener();
        thread::scope(|scope| {
            let mut receivers = Vec::new();
            for first in 0..self.decoders as u64 {
                let (sender, receiver) = sync_channel(WAITING);
                receivers.push(receiver);
                spawn(scope, move || self.decode_ranges(opener, first, last, &sender))?;
            }
            self.fold(receivers, take)
        })
    }

    fn decode_ranges(&self, opener: &Opener, first: u64, last: Position, hand_over: &SyncSender<Decoded>) {
        let reader = match opener() {
            Ok(reader) => reader,
            Err(error) => {
                let _ = hand_over.send(Err(error));
                return;
            }
        };
        let mut batch = EventBatch::default();
        let mut chunk = first;
        while self.behind + chunk * CHUNK < last.0 && !self.is_over.load(Ordering::Relaxed) {
            let before = self.behind + chunk * CHUNK;
            let (from, to) = (Position(before + 1), Position((before + CHUNK).min(last.0)));
            match self.decode_range(reader.as_ref(), &mut batch, (from, to), hand_over) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let _ = hand_over.send(Err(error));
                    return;
                }
            }
            chunk += self.decoders as u64;
        }
    }

    /// False where nobody takes it any more.
    fn decode_range(
        &self,
        reader: &dyn Store,
        batch: &mut EventBatch,
        (from, to): (Position, Position),
        hand_over: &SyncSender<Decoded>,
    ) -> Result<bool, StoreError> {
        let mut decoded = (self.rows)();
        let mut bytes = 0;
        let mut scan = reader.scan(&Query::positions(Some(from), Some(to)).columns(self.columns))?;
        loop {
            scan.next_batch(batch)?;
            if batch.is_empty() {
                return Ok(hand_over.send(Ok(Piece { rows: decoded, is_last: true })).is_ok());
            }
            bytes += batch.text_len();
            if bytes > MOST_AT_ONCE && !decoded.is_empty() {
                let rows = std::mem::replace(&mut decoded, (self.rows)());
                bytes = batch.text_len();
                if hand_over.send(Ok(Piece { rows, is_last: false })).is_err() {
                    return Ok(false);
                }
            }
            for row in batch.rows() {
                if self.category.is_none_or(|category| row.stream.is_of(category)) {
                    decoded.push(&row);
                }
            }
        }
    }

    /// This thread's connection alone reads, since only it numbers the streams; the decoders take turns.
    fn fold_batches(&self, reader: &dyn Store, take: &mut Take<'_>) -> Result<(), StoreError> {
        let query = match self.category {
            // By what the layout says a category is, which a stream's name alone need not tell.
            Some(name) => {
                let scope = Scope::Category { name: name.to_owned(), from: None, to: self.up_to };
                Query { scope, ..Query::store() }
            }
            None => Query::positions(None, self.up_to),
        };
        let query = query.columns(self.columns);
        let opener = &reader.opener();
        thread::scope(|scope| {
            let (mut receivers, mut decoders) = (Vec::new(), Vec::new());
            for _ in 0..self.decoders {
                let (full, batches) = sync_channel::<Result<EventBatch, StoreError>>(WAITING);
                let (sender, receiver) = sync_channel(WAITING);
                receivers.push(receiver);
                decoders.push(full);
                spawn(scope, move || {
                    for batch in batches {
                        let decoded = batch.map(|batch| {
                            let mut rows = (self.rows)();
                            batch.rows().for_each(|row| rows.push(&row));
                            Piece { rows, is_last: true }
                        });
                        if sender.send(decoded).is_err() {
                            return;
                        }
                    }
                })?;
            }
            spawn(scope, move || self.read_batches(opener, &query, &decoders))?;
            self.fold(receivers, take)
        })
    }

    fn read_batches(&self, opener: &Opener, query: &Query, decoders: &[SyncSender<Result<EventBatch, StoreError>>]) {
        let mut turns = decoders.iter().cycle();
        let mut hand_over = |batch| turns.next().is_some_and(|decoder| decoder.send(batch).is_ok());
        let mut read = || -> Result<(), StoreError> {
            let reader = opener()?;
            let mut scan = reader.scan(query)?;
            loop {
                let mut batch = EventBatch::default();
                scan.next_batch(&mut batch)?;
                if batch.is_empty() || self.is_over.load(Ordering::Relaxed) || !hand_over(Ok(batch)) {
                    return Ok(());
                }
            }
        };
        if let Err(error) = read() {
            hand_over(Err(error));
        }
    }

    /// Takes what was decoded in turns, which is the order in which it was handed out. Whose turn it is and has gone,
    /// had the last one.
    fn fold(&self, receivers: Vec<Receiver<Decoded>>, take: &mut Take<'_>) -> Result<(), StoreError> {
        let mut seen = 0;
        let result = (|| {
            let mut turns = receivers.iter().cycle();
            let mut turn = turns.next();
            while let Some(Ok(piece)) = turn.map(Receiver::recv) {
                let Piece { rows, is_last } = piece?;
                seen += rows.len() as u64;
                take(rows, seen)?;
                if is_last {
                    turn = turns.next();
                }
            }
            Ok(())
        })();
        self.is_over.store(true, Ordering::Relaxed);
        // Decoders that wait to hand over see their channel close.
        drop(receivers);
        result
    }
}

fn spawn<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    work: impl FnOnce() + Send + 'scope,
) -> Result<(), StoreError> {
    let spawned = thread::Builder::new().name("decoding".to_owned()).spawn_scoped(scope, work);
    spawned.map(drop).map_err(|source| StoreError::Io { path: "a thread".into(), source })
}
