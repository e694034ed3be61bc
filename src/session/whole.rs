//! One projection over every stream of a store: rows are fetched and decoded on several threads, and folded on one,
//! in store order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::event::Position;
use crate::replay::{DecodedRows, ProjectionRef, StreamStates};
use crate::store::{Columns, Flow, Framework, Query, Reader, StoreError};

/// Rows a decoder hands over at once: enough to make the hand-over cheap, few enough to stay in a core's cache.
const CHUNK: u64 = 4096;

/// Chunks that may wait at each decoder before it pauses.
const WAITING: usize = 2;

/// Folds all streams of a category (of all, where none is named) up to a position. `open` opens the store once for
/// every thread.
pub fn fold_whole(
    open: &(dyn Fn() -> Result<Box<dyn Reader>, StoreError> + Sync),
    projection: &ProjectionRef,
    category: Option<&str>,
    up_to: Option<Position>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Box<dyn StreamStates>, StoreError> {
    let mut last = Position(0);
    let newest = Query::positions(None, up_to).backward().limit(1).columns(Columns::HEADS);
    let reader = open()?;
    reader.visit_events(&newest, &mut |row| {
        last = row.position.unwrap_or_default();
        Flow::Break(())
    })?;
    // Only in a native store is a stream's number the same to every reader.
    let most = if reader.framework() == Framework::Foldline { 4 } else { 1 };
    let decoders = thread::available_parallelism().map_or(1, std::num::NonZero::get).clamp(1, most) as u64;
    let is_over = AtomicBool::new(false);
    let mut whole = projection.states();
    thread::scope(|scope| {
        let mut receivers: Vec<Receiver<Decoded>> = Vec::new();
        for first in 0..decoders {
            let (sender, receiver) = sync_channel(WAITING);
            receivers.push(receiver);
            let work =
                Decoder { projection: projection.clone(), category, first, step: decoders, last, is_over: &is_over };
            thread::Builder::new()
                .name(format!("decode-{first}"))
                .spawn_scoped(scope, move || work.run(open, &sender))
                .map_err(|source| StoreError::Io { path: "a thread".into(), source })?;
        }
        let mut seen = 0;
        let result = (|| {
            for chunk in 0..last.0.div_ceil(CHUNK) {
                let Ok(decoded) = receivers[(chunk % decoders) as usize].recv() else { break };
                whole.fold(decoded?);
                seen += CHUNK;
                if progress(seen.min(last.0)).is_break() {
                    return Err(StoreError::Cancelled);
                }
            }
            Ok(())
        })();
        is_over.store(true, Ordering::Relaxed);
        // Decoders that wait to hand over see their channel close.
        drop(receivers);
        result
    })?;
    Ok(whole)
}

type Decoded = Result<Box<dyn DecodedRows>, StoreError>;

struct Decoder<'a> {
    projection: ProjectionRef,
    category: Option<&'a str>,
    /// This decoder's first chunk, and how many chunks on its next one is.
    first: u64,
    step: u64,
    last: Position,
    is_over: &'a AtomicBool,
}

impl Decoder<'_> {
    fn run(&self, open: &(dyn Fn() -> Result<Box<dyn Reader>, StoreError> + Sync), hand_over: &SyncSender<Decoded>) {
        let reader = match open() {
            Ok(reader) => reader,
            Err(error) => {
                let _ = hand_over.send(Err(error));
                return;
            }
        };
        let mut chunk = self.first;
        while chunk * CHUNK < self.last.0 && !self.is_over.load(Ordering::Relaxed) {
            let from = Position(chunk * CHUNK + 1);
            let to = Position(((chunk + 1) * CHUNK).min(self.last.0));
            let decoded = self.decode(reader.as_ref(), from, to);
            let has_failed = decoded.is_err();
            if hand_over.send(decoded).is_err() || has_failed {
                return;
            }
            chunk += self.step;
        }
    }

    fn decode(&self, reader: &dyn Reader, from: Position, to: Position) -> Decoded {
        let mut decoded = self.projection.rows();
        reader.visit_events(&Query::positions(Some(from), Some(to)), &mut |row| {
            if self.category.is_none_or(|category| row.stream.category() == category) {
                decoded.push(row);
            }
            Flow::Continue(())
        })?;
        Ok(decoded)
    }
}
