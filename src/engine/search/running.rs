//! A search at work: several threads read and match, the newest blocks first, and what they find is handed over in its
//! order.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::super::as_of::unless_replaced;
use super::super::counting::categories;
use super::super::load::each_batch;
use super::super::ticket::lock;
use super::chronicled::ChronicledWay;
use super::conditions::StateConditions;
use super::plan::Plan;
use super::sieved::SidedWay;
use super::{Aids, FoundEvent, Search, Wanted};
use crate::engine::EngineError;
use crate::event::{EventBatch, EventType, Position, StreamId};
use crate::index::Categories;
use crate::store::{Flow, Interrupter, Opener, Query, Store, StoreError};

/// Places that a thread reads at once. The first of all are fewer, and read by whoever asks: often they are enough.
pub(super) const BLOCK: u64 = 4_096;
const FIRST_BLOCK: u64 = 512;

/// Batches that are looked at before other threads are worth it.
const FIRST_BATCHES: usize = 4;

/// Blocks that may wait at each thread before it pauses.
const WAITING: usize = 2;

/// More threads than these would wait for the disk.
const MOST_THREADS: usize = 4;

/// Between two looks whether anybody still wants it.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A search of one store.
struct Looking<'a> {
    search: &'a Search,
    /// Of streams whose names do not tell.
    categories: Categories,
    conditions: Option<StateConditions>,
    opener: Opener,
    is_over: AtomicBool,
    /// Of what the threads ask.
    interrupters: Mutex<Vec<Interrupter>>,
}

type Visit<'v> = dyn FnMut(FoundEvent) -> Flow + 'v;
type Tell<'t> = dyn FnMut(u64) -> Flow + 't;
type Found = Result<Vec<FoundEvent>, EngineError>;
type Own = Option<Box<dyn Store>>;
/// Places to be read, the latest first, and for how many events they stand.
pub(super) type Piece = (Vec<RangeInclusive<u64>>, u64);

pub(super) fn search(
    reader: &dyn Store,
    search: &Search,
    aids: Aids<'_>,
    progress: &mut Tell<'_>,
    visit: &mut Visit<'_>,
) -> Result<(), EngineError> {
    let asks_for_category = search.terms.iter().any(|term| matches!(term.wanted, Wanted::Category(_)));
    let looking = Looking {
        search,
        categories: if asks_for_category { categories(reader)? } else { Categories::default() },
        conditions: StateConditions::of(search, reader)?,
        opener: reader.opener(),
        is_over: AtomicBool::new(false),
        interrupters: Mutex::default(),
    };
    let plan = Plan::of(search, reader)?;
    let work = &|places: Vec<_>, own: &mut Own| looking.found_at(&places, None, own);
    if let (Some(chronicle), true) = (aids.chronicle, plan.is_of_all())
        && let Some(mut way) = ChronicledWay::of(search, chronicle, reader)?
    {
        let end = reader.end()?;
        looking.in_turns(0, &mut || Ok(way.next()?), work, progress, visit)?;
        return Ok(unless_replaced(reader, &end)?);
    }
    if let (Some(side), true) = (aids.side, plan.is_of_all())
        && let Some(mut way) = SidedWay::of(search, side, reader)?
    {
        let end = reader.end()?;
        looking.in_turns(0, &mut || Ok(way.next()), work, progress, visit)?;
        return Ok(unless_replaced(reader, &end)?);
    }
    match plan {
        Plan::Nothing => Ok(()),
        Plan::Streams(streams) => looking.streams(reader, &streams, progress, visit),
        Plan::Places(places, event_type) => {
            let end = reader.end()?;
            looking.places(reader, &places, event_type.as_ref(), progress, visit)?;
            Ok(unless_replaced(reader, &end)?)
        }
        Plan::Walk(query) => looking.walk(reader, &query, progress, visit),
    }
}

impl Looking<'_> {
    /// What of a batch is looked for. States are asked of a reader of one's own.
    fn found_in(&self, batch: &EventBatch, reader: &dyn Store) -> Found {
        let candidates = batch.rows().filter_map(|row| self.search.of_row(&row, &self.categories));
        let Some(conditions) = &self.conditions else { return Ok(candidates.collect()) };
        let candidates: Vec<FoundEvent> = candidates.collect();
        let stop = || self.is_over.load(Ordering::Relaxed);
        let mut found = Vec::new();
        for event in candidates {
            if conditions.hold(reader, &event.stream, event.version, &stop)? {
                found.push(event);
            }
        }
        Ok(found)
    }

    /// The same for whoever waits for it alone: the first come first, and nothing is folded that nobody wants.
    fn visit_in(
        &self,
        batch: &EventBatch,
        reader: &dyn Store,
        stop: &mut dyn FnMut() -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<Flow, EngineError> {
        let stop = std::cell::RefCell::new(stop);
        for event in batch.rows().filter_map(|row| self.search.of_row(&row, &self.categories)) {
            let holds = match &self.conditions {
                Some(conditions) => {
                    conditions.hold(reader, &event.stream, event.version, &|| (*stop.borrow_mut())())?
                }
                None => true,
            };
            if holds && visit(event).is_break() {
                return Ok(Flow::Break(()));
            }
        }
        Ok(Flow::Continue(()))
    }

    fn streams(
        &self,
        reader: &dyn Store,
        streams: &[StreamId],
        progress: &mut Tell<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), EngineError> {
        let (mut found, mut seen) = (Vec::<FoundEvent>::new(), 0);
        for stream in streams {
            let (before, mut failed) = (seen, Ok(()));
            let query = Query::stream(stream.clone()).backward();
            each_batch(
                reader,
                &query,
                &mut |count| {
                    seen = before + count;
                    progress(seen)
                },
                &mut |batch| match self.found_in(batch, reader) {
                    Ok(more) => {
                        found.extend(more);
                        Flow::Continue(())
                    }
                    Err(error) => {
                        failed = Err(error);
                        Flow::Break(())
                    }
                },
            )?;
            failed?;
        }
        found.sort_by_key(|event| std::cmp::Reverse(event.position));
        let _ = found.into_iter().try_for_each(visit);
        Ok(())
    }

    /// Blocks of places, the newest by this thread, the others by several with connections of their own.
    fn places(
        &self,
        reader: &dyn Store,
        places: &RangeInclusive<u64>,
        event_type: Option<&EventType>,
        progress: &mut Tell<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), EngineError> {
        let (first, last) = (*places.start(), *places.end());
        let begin = last.saturating_sub(FIRST_BLOCK - 1).max(first);
        let mut batch = EventBatch::default();
        let mut scan = reader.scan(&query_of(begin..=last, event_type))?;
        loop {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                break;
            }
            if self.visit_in(&batch, reader, &mut || progress(0).is_break(), visit)?.is_break() {
                return Ok(());
            }
        }
        drop(scan);
        let seen = last - begin + 1;
        if progress(seen).is_break() {
            return Err(StoreError::Cancelled.into());
        }
        let mut rest = begin.checked_sub(1).filter(|rest| *rest >= first);
        let next = &mut || {
            let Some(end) = rest else { return Ok(None) };
            let begin = end.saturating_sub(BLOCK - 1).max(first);
            rest = begin.checked_sub(1).filter(|rest| *rest >= first);
            Ok(Some((vec![begin..=end], end - begin + 1)))
        };
        self.in_turns(seen, next, &|places, own| self.found_at(&places, event_type, own), progress, visit)
    }

    /// The events at these places, the latest of them first.
    fn found_at(&self, places: &[RangeInclusive<u64>], event_type: Option<&EventType>, own: &mut Own) -> Found {
        let reader = self.reader_of(own)?;
        let (mut batch, mut all) = (EventBatch::default(), Vec::new());
        for places in places {
            let mut scan = reader.scan(&query_of(places.clone(), event_type))?;
            while !self.is_over.load(Ordering::Relaxed) {
                scan.next_batch(&mut batch)?;
                if batch.is_empty() {
                    break;
                }
                all.extend(self.found_in(&batch, reader)?);
            }
        }
        Ok(all)
    }

    /// This thread reads, others match what it read.
    fn walk(
        &self,
        reader: &dyn Store,
        query: &Query,
        progress: &mut Tell<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), EngineError> {
        let mut scan = reader.scan(query)?;
        let (mut batch, mut seen) = (EventBatch::default(), 0);
        for _ in 0..FIRST_BATCHES {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                return Ok(());
            }
            if self.visit_in(&batch, reader, &mut || progress(seen).is_break(), visit)?.is_break() {
                return Ok(());
            }
            seen += batch.len() as u64;
            if progress(seen).is_break() {
                return Err(StoreError::Cancelled.into());
            }
        }
        let next = &mut || {
            let mut batch = EventBatch::default();
            scan.next_batch(&mut batch)?;
            let length = batch.len() as u64;
            Ok((length > 0).then_some((batch, length)))
        };
        let work = &|batch: EventBatch, own: &mut Own| {
            if self.conditions.is_none() {
                return Ok(batch.rows().filter_map(|row| self.search.of_row(&row, &self.categories)).collect());
            }
            self.found_in(&batch, self.reader_of(own)?)
        };
        self.in_turns(seen, next, work, progress, visit)
    }

    /// Pieces of work, each with how many events it stands for, are handed to several threads in turns. What they find is
    /// taken in the same turns, so that it comes in its order.
    fn in_turns<W: Send>(
        &self,
        mut seen: u64,
        next: &mut dyn FnMut() -> Result<Option<(W, u64)>, EngineError>,
        work: &(dyn Fn(W, &mut Own) -> Found + Sync),
        progress: &mut Tell<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), EngineError> {
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get).clamp(1, MOST_THREADS);
        let (mut handing, mut to_do) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (hand_out, pieces) = sync_channel::<W>(WAITING);
            handing.push(hand_out);
            to_do.push(Mutex::new(Some(pieces)));
        }
        let on_thread = |number: usize, hand_over: &SyncSender<Found>| {
            let Some(pieces) = to_do.get(number).and_then(|pieces| lock(pieces).take()) else { return };
            let mut own = None;
            for piece in pieces {
                let found = work(piece, &mut own);
                let has_failed = found.is_err();
                if hand_over.send(found).is_err() || has_failed {
                    return;
                }
            }
        };
        self.on_threads(threads, on_thread, move |receivers| {
            let mut turns = handing.iter().cycle();
            let mut waiting = VecDeque::new();
            let mut is_read = false;
            let mut ahead = receivers.iter().cycle();
            loop {
                while !is_read && waiting.len() < threads * WAITING {
                    let Some((piece, length)) = next()? else {
                        is_read = true;
                        break;
                    };
                    // A thread that has failed takes nothing more, and says so when its turn comes.
                    is_read = turns.next().is_none_or(|thread| thread.send(piece).is_err());
                    waiting.push_back(length);
                    if progress(seen).is_break() {
                        return Err(StoreError::Cancelled.into());
                    }
                }
                let (Some(length), Some(thread)) = (waiting.pop_front(), ahead.next()) else { return Ok(()) };
                let Some(found) = wait_for(thread, &mut || progress(seen))? else { return Ok(()) };
                seen += length;
                if found?.into_iter().try_for_each(&mut *visit).is_break() {
                    return Ok(());
                }
                if progress(seen).is_break() {
                    return Err(StoreError::Cancelled.into());
                }
            }
        })
    }

    /// A thread's own connection, opened when it is first asked.
    fn reader_of<'o>(&self, own: &'o mut Own) -> Result<&'o dyn Store, StoreError> {
        if own.is_none() {
            let reader = (self.opener)()?;
            lock(&self.interrupters).extend(reader.interrupter());
            *own = Some(reader);
        }
        own.as_deref().ok_or(StoreError::Cancelled)
    }

    /// Runs work on threads that hand over what they found, while this one takes it. When that ends, so do they: what they
    /// ask of the store is interrupted.
    fn on_threads<T: Send>(
        &self,
        threads: usize,
        work: impl Fn(usize, &SyncSender<T>) + Sync,
        take: impl FnOnce(Vec<Receiver<T>>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        thread::scope(|scope| {
            let (alive, ended) = sync_channel::<()>(1);
            let mut receivers = Vec::new();
            let mut spawned = Ok(());
            for number in 0..threads {
                let (sender, receiver) = sync_channel(WAITING);
                receivers.push(receiver);
                let (work, alive) = (&work, alive.clone());
                let run = move || {
                    work(number, &sender);
                    drop(alive);
                };
                let thread = thread::Builder::new().name("searching".to_owned()).spawn_scoped(scope, run);
                if let Err(source) = thread {
                    spawned = Err(StoreError::Io { path: "a thread".into(), source });
                    break;
                }
            }
            drop(alive);
            let taken = match spawned {
                Ok(()) => take(receivers),
                Err(error) => Err(error.into()),
            };
            self.is_over.store(true, Ordering::Relaxed);
            // One that begins to ask a moment later is missed, so this is repeated.
            while matches!(ended.recv_timeout(Duration::from_millis(2)), Err(RecvTimeoutError::Timeout)) {
                lock(&self.interrupters).iter().for_each(Interrupter::interrupt);
            }
            taken
        })
    }
}

fn query_of(places: RangeInclusive<u64>, event_type: Option<&EventType>) -> Query {
    let (from, to) = (Position(*places.start()), Position(*places.end()));
    Query { event_type: event_type.cloned(), ..Query::positions(Some(from), Some(to)).backward() }
}

/// `None` where nothing more comes.
fn wait_for<T>(receiver: &Receiver<T>, progress: &mut dyn FnMut() -> Flow) -> Result<Option<T>, EngineError> {
    loop {
        match receiver.recv_timeout(BETWEEN_LOOKS) {
            Ok(found) => return Ok(Some(found)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                if progress().is_break() {
                    return Err(StoreError::Cancelled.into());
                }
            }
        }
    }
}
