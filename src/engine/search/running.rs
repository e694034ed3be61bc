//! A search at work: several threads read and match, the newest blocks first, and what they find is handed over in its
//! order.

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
use super::conditions::StateConditions;
use super::plan::Plan;
use super::{FoundEvent, Search, Wanted};
use crate::engine::EngineError;
use crate::event::{EventBatch, EventType, Position, StreamId};
use crate::index::Categories;
use crate::store::{Flow, Interrupter, Opener, Query, Store, StoreError};

/// Places that a thread reads at once. The first of all are fewer, and read by whoever asks: often they are enough.
const BLOCK: u64 = 4_096;
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

pub(super) fn search(
    reader: &dyn Store,
    search: &Search,
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
    match Plan::of(search, reader)? {
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
        let mut seen = last - begin + 1;
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
        if progress(seen).is_break() {
            return Err(StoreError::Cancelled.into());
        }
        let Some(rest) = begin.checked_sub(1).filter(|rest| *rest >= first) else { return Ok(()) };
        let blocks = (rest - first) / BLOCK + 1;
        let block = |number: u64| {
            (number < blocks).then(|| {
                let end = rest - number * BLOCK;
                end.saturating_sub(BLOCK - 1).max(first)..=end
            })
        };
        let threads = threads().min(blocks as usize);
        self.on_threads(
            threads,
            |number, hand_over: &SyncSender<(Found, u64)>| {
                let reader = match (self.opener)() {
                    Ok(reader) => reader,
                    Err(error) => {
                        let _ = hand_over.send((Err(error.into()), 0));
                        return;
                    }
                };
                self.may_interrupt(reader.as_ref());
                let mut batch = EventBatch::default();
                for at in (number as u64..).step_by(threads) {
                    let Some(places) = block(at) else { return };
                    let length = *places.end() - *places.start() + 1;
                    let found = self.found_at(reader.as_ref(), &mut batch, places, event_type);
                    let has_failed = found.is_err();
                    if self.is_over.load(Ordering::Relaxed) || hand_over.send((found, length)).is_err() || has_failed {
                        return;
                    }
                }
            },
            |receivers| {
                for receiver in receivers.iter().cycle() {
                    let Some((found, length)) = wait_for(receiver, &mut || progress(seen))? else { return Ok(()) };
                    seen += length;
                    if found?.into_iter().try_for_each(&mut *visit).is_break() {
                        return Ok(());
                    }
                    if progress(seen).is_break() {
                        return Err(StoreError::Cancelled.into());
                    }
                }
                Ok(())
            },
        )
    }

    fn found_at(
        &self,
        reader: &dyn Store,
        batch: &mut EventBatch,
        places: RangeInclusive<u64>,
        event_type: Option<&EventType>,
    ) -> Found {
        let mut scan = reader.scan(&query_of(places, event_type))?;
        let mut all = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            scan.next_batch(batch)?;
            if batch.is_empty() {
                break;
            }
            all.extend(self.found_in(batch, reader)?);
        }
        Ok(all)
    }

    /// This thread reads, others match what it read, in turns.
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
        let threads = threads();
        let (full, batches): (Vec<_>, Vec<_>) = (0..threads)
            .map(|_| sync_channel::<EventBatch>(WAITING))
            .map(|(full, batches)| (full, Mutex::new(Some(batches))))
            .unzip();
        self.on_threads(
            threads,
            |number, hand_over: &SyncSender<(Found, EventBatch)>| {
                let Some(batches) = batches.get(number).and_then(|batches| lock(batches).take()) else { return };
                let mut own: Option<Box<dyn Store>> = None;
                for batch in batches {
                    let found = self.found_by(&batch, &mut own);
                    let has_failed = found.is_err();
                    // Its room serves again.
                    if hand_over.send((found, batch)).is_err() || has_failed {
                        return;
                    }
                }
            },
            |receivers| {
                // Dropped where this ends, so that nobody waits for another batch.
                let full = full;
                let mut turns = full.iter().zip(&receivers).cycle();
                let mut ahead = receivers.iter().cycle();
                let (mut waiting, mut is_read, mut empty) = (0, false, Vec::new());
                loop {
                    while !is_read && waiting < threads * WAITING {
                        let mut batch = empty.pop().unwrap_or_default();
                        scan.next_batch(&mut batch)?;
                        is_read = batch.is_empty();
                        if !is_read && let Some((full, _)) = turns.next() {
                            if full.send(batch).is_err() {
                                // It has failed, and says so when its turn comes.
                                is_read = true;
                            }
                            waiting += 1;
                        }
                    }
                    if waiting == 0 {
                        return Ok(());
                    }
                    let Some(receiver) = ahead.next() else { return Ok(()) };
                    let Some((found, batch)) = wait_for(receiver, &mut || progress(seen))? else { return Ok(()) };
                    waiting -= 1;
                    seen += batch.len() as u64;
                    empty.push(batch);
                    if found?.into_iter().try_for_each(&mut *visit).is_break() {
                        return Ok(());
                    }
                    if progress(seen).is_break() {
                        return Err(StoreError::Cancelled.into());
                    }
                }
            },
        )
    }

    /// By a reader that is opened when a state is asked for.
    fn found_by(&self, batch: &EventBatch, own: &mut Option<Box<dyn Store>>) -> Found {
        if self.conditions.is_none() {
            return Ok(batch.rows().filter_map(|row| self.search.of_row(&row, &self.categories)).collect());
        }
        let reader = match own {
            Some(reader) => reader,
            None => {
                let reader = (self.opener)()?;
                self.may_interrupt(reader.as_ref());
                own.insert(reader)
            }
        };
        self.found_in(batch, reader.as_ref())
    }

    fn may_interrupt(&self, reader: &dyn Store) {
        lock(&self.interrupters).extend(reader.interrupter());
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

fn threads() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get).clamp(1, MOST_THREADS)
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
