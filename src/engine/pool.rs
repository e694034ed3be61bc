use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::Wake;
use super::giving_way::ShortWork;
use super::ticket::{Progress, Ticket, lock};
use crate::index::Memory;
use crate::replay::Offers;
use crate::store::{Opener, Store, StoreError};

/// Threads that answer questions of one store, and so the most connections it ever sees.
pub(super) const THREADS: usize = 4;

/// How many of them may be at work on the whole store. One stays free for what a person waits for.
const LONG: usize = THREADS - 1;

/// How long a connection is kept idle on a thread that nobody needs.
const IDLE: Duration = Duration::from_secs(30);

/// A cancelled question is interrupted until it stops: between two statements, an interruption is lost. Soon at first,
/// then less and less often.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Whether a question may take the last thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Short,
    Long,
}

/// The threads of one store and the questions that wait for them. They begin when they are needed, and end when nobody
/// asks any more.
#[derive(Clone)]
pub(super) struct Pool(Arc<Guarded>);

/// Ends the threads when the last owner has gone. The threads themselves hold only what is inside.
struct Guarded(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    work_came: Condvar,
    /// One of the cancelled questions has ended, or there is one more.
    cancelled_moved: Condvar,
    opener: Mutex<Opener>,
    memory: Memory,
    short: Arc<ShortWork>,
    /// The projections that its questions know.
    offers: Offers,
    wake: Wake,
}

#[derive(Default)]
struct State {
    short: VecDeque<Waiting>,
    long: VecDeque<Waiting>,
    threads: usize,
    idle: usize,
    long_running: usize,
    /// Connections that nobody uses.
    kept: Vec<Box<dyn Store>>,
    /// Cancelled, and perhaps still at work.
    cancelled: Vec<Cancelled>,
    is_interrupting: bool,
    is_closed: bool,
}

/// A question that nobody wants any more, and when it is interrupted again.
struct Cancelled {
    ticket: Ticket,
    due: Instant,
    pause: Duration,
}

struct Waiting {
    ticket: Ticket,
    work: Work,
}

type Work = Box<dyn FnOnce(&Inner, &Ticket) + Send>;

/// Work for which no store is open yet, on a thread of its own: opening one, asking for a file.
pub fn begin<T: Send + 'static>(
    what: &'static str,
    wake: &Wake,
    work: impl FnOnce(&Ticket) -> T + Send + 'static,
) -> Answer<T> {
    let ticket = Ticket::new(what);
    let (sender, coming) = sync_channel(1);
    let (theirs, wake) = (ticket.clone(), wake.clone());
    // A thread that can't be started drops the sender, and the answer is lost.
    let _ = thread::Builder::new().name(what.to_owned()).spawn(move || {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&theirs)));
        theirs.is_over();
        if let Ok(result) = outcome {
            let _ = sender.send(result);
        }
        drop(sender);
        wake();
    });
    Answer { coming, ticket, pool: Weak::new() }
}

/// An answer on its way. Dropping it cancels the question.
#[derive(Debug)]
pub struct Answer<T> {
    coming: Receiver<T>,
    ticket: Ticket,
    pool: Weak<Inner>,
}

/// The work ended without an answer: it panicked, or no thread could be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inner")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.is_closed = true;
        state.short.clear();
        state.long.clear();
        state.kept.clear();
        self.0.work_came.notify_all();
    }
}

impl Pool {
    pub(super) fn new(first: Box<dyn Store>, memory: Memory, offers: Offers, wake: Wake) -> Self {
        let opener = first.opener();
        let mut state = State::default();
        if first.may_be_kept() {
            state.kept.push(first);
        }
        let opener = Mutex::new(opener);
        let inner = Inner {
            state: Mutex::new(state),
            work_came: Condvar::new(),
            cancelled_moved: Condvar::new(),
            opener,
            memory,
            short: Arc::default(),
            offers,
            wake,
        };
        Self(Arc::new(Guarded(Arc::new(inner))))
    }

    /// Runs work on a connection to the store.
    pub(super) fn ask<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        what: &'static str,
        lane: Lane,
        work: impl FnOnce(&dyn Store, &Ticket) -> Result<T, E> + Send + 'static,
    ) -> Answer<Result<T, E>> {
        self.submit(what, lane, move |inner, ticket| inner.on_connection(ticket, work))
    }

    /// Runs work on a thread of its own, because it waits for something else than the store.
    pub(super) fn beside<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Ticket) -> T + Send + 'static,
    ) -> Answer<T> {
        begin(what, &self.0.0.wake, work)
    }

    /// Runs work that needs no connection of the pool.
    pub(super) fn run<T: Send + 'static>(
        &self,
        what: &'static str,
        lane: Lane,
        work: impl FnOnce(&Ticket) -> T + Send + 'static,
    ) -> Answer<T> {
        self.submit(what, lane, move |_, ticket| {
            ticket.runs_on(None);
            work(ticket)
        })
    }

    fn submit<T: Send + 'static>(
        &self,
        what: &'static str,
        lane: Lane,
        work: impl FnOnce(&Inner, &Ticket) -> T + Send + 'static,
    ) -> Answer<T> {
        let inner = &self.0.0;
        let ticket = Ticket::giving_way(what, &inner.memory, Some(&inner.short).filter(|_| lane == Lane::Long));
        let (sender, coming) = sync_channel(1);
        let wake = inner.wake.clone();
        let work = Box::new(move |inner: &Inner, ticket: &Ticket| {
            if !ticket.is_cancelled() {
                let result = work(inner, ticket);
                ticket.is_over();
                let _ = sender.send(result);
            }
            drop(sender);
            wake();
        });
        let mut state = lock(&inner.state);
        let waiting = Waiting { ticket: ticket.clone(), work };
        match lane {
            Lane::Short => state.short.push_back(waiting),
            Lane::Long => state.long.push_back(waiting),
        }
        if state.idle == 0 && state.threads < THREADS {
            let theirs = Arc::clone(inner);
            // One that cannot be started leaves the question to those that run; if there are none, its answer is lost.
            let started = thread::Builder::new().name("answering".to_owned()).spawn(move || theirs.answer());
            match started {
                Ok(_) => state.threads += 1,
                Err(_) if state.threads == 0 => {
                    state.short.clear();
                    state.long.clear();
                }
                Err(_) => {}
            }
        }
        drop(state);
        inner.work_came.notify_one();
        Answer { coming, ticket, pool: Arc::downgrade(inner) }
    }

    pub(super) fn wake(&self) -> Wake {
        self.0.0.wake.clone()
    }

    /// Drops the connections that do not see the store as it is now.
    pub(super) fn forget_outdated(&self) {
        let mut kept = std::mem::take(&mut lock(&self.0.0.state).kept);
        kept.retain(|reader| reader.is_current());
        lock(&self.0.0.state).kept.append(&mut kept);
    }

    /// Goes on with a store that was recognised anew: another one stands in the place of the first.
    pub(super) fn adopt(&self, first: Box<dyn Store>) {
        let inner = &self.0.0;
        *lock(&inner.opener) = first.opener();
        let mut state = lock(&inner.state);
        let before = std::mem::take(&mut state.kept);
        if first.may_be_kept() {
            state.kept.push(first);
        }
        drop(state);
        drop(before);
    }

    /// For whoever must not keep the store open.
    pub(super) fn downgrade(&self) -> WeakPool {
        WeakPool(Arc::downgrade(&self.0))
    }
}

pub(super) struct WeakPool(Weak<Guarded>);

impl WeakPool {
    pub(super) fn upgrade(&self) -> Option<Pool> {
        self.0.upgrade().map(Pool)
    }
}

impl State {
    fn next(&mut self) -> Option<(Waiting, Lane)> {
        if let Some(waiting) = self.short.pop_front() {
            return Some((waiting, Lane::Short));
        }
        if self.long_running >= LONG {
            return None;
        }
        self.long_running += 1;
        match self.long.pop_front() {
            Some(waiting) => Some((waiting, Lane::Long)),
            None => {
                self.long_running -= 1;
                None
            }
        }
    }
}

/// Gives the place of a question back, also where its work panicked.
struct Place<'i>(&'i Inner, Lane);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.1 == Lane::Long {
            lock(&self.0.state).long_running -= 1;
            self.0.work_came.notify_one();
        }
    }
}

impl Inner {
    /// One thread: question after question, until there is none for a while.
    fn answer(&self) {
        self.offers.enter();
        let mut state = lock(&self.state);
        loop {
            if let Some((Waiting { ticket, work }, lane)) = state.next() {
                drop(state);
                let place = Place(self, lane);
                let at_work = (lane == Lane::Short).then(|| self.short.begins());
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(self, &ticket)));
                ticket.is_over();
                drop(at_work);
                let has_freed = lane == Lane::Long && self.memory.settle();
                drop(place);
                if outcome.is_err() || has_freed {
                    // Whoever waits sees the answer lost once woken, and what there was no room for is tried again.
                    (self.wake)();
                }
                state = lock(&self.state);
                if !state.cancelled.is_empty() {
                    self.cancelled_moved.notify_one();
                }
                continue;
            }
            if state.is_closed {
                break;
            }
            state.idle += 1;
            let (woken, waited) = self.work_came.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.short.is_empty() && state.long.is_empty() {
                let _ = state.kept.pop();
                break;
            }
        }
        state.threads -= 1;
    }

    fn on_connection<T, E: From<StoreError>>(
        &self,
        ticket: &Ticket,
        work: impl FnOnce(&dyn Store, &Ticket) -> Result<T, E>,
    ) -> Result<T, E> {
        let kept = lock(&self.state).kept.pop();
        let reader = match kept {
            Some(reader) if reader.is_current() => reader,
            _ => {
                let opener = Opener::clone(&lock(&self.opener));
                opener()?
            }
        };
        ticket.runs_on(reader.interrupter());
        let answer = work(reader.as_ref(), ticket);
        ticket.is_over();
        if reader.may_be_kept() && !ticket.is_cancelled() {
            lock(&self.state).kept.push(reader);
        }
        answer
    }

    /// Cancels, and sees to it that the question really ends: for as long as it runs, it is interrupted again.
    fn cancel(self: &Arc<Self>, ticket: &Ticket) {
        ticket.cancel();
        if !ticket.interrupt() {
            return;
        }
        let mut state = lock(&self.state);
        state.cancelled.push(Cancelled {
            ticket: ticket.clone(),
            due: Instant::now() + FIRST_PAUSE,
            pause: FIRST_PAUSE,
        });
        if state.is_interrupting {
            self.cancelled_moved.notify_one();
            return;
        }
        let theirs = Arc::clone(self);
        let interrupting = thread::Builder::new().name("interrupting".to_owned()).spawn(move || theirs.interrupt());
        state.is_interrupting = interrupting.is_ok();
    }

    fn interrupt(&self) {
        let mut state = lock(&self.state);
        loop {
            state.cancelled.retain(|cancelled| cancelled.ticket.is_running());
            let Some(next) = state.cancelled.iter().map(|cancelled| cancelled.due).min() else {
                state.is_interrupting = false;
                return;
            };
            let left = next.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                state = self.cancelled_moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let mut due = Vec::new();
            for cancelled in state.cancelled.iter_mut().filter(|cancelled| cancelled.due <= next) {
                cancelled.pause = (cancelled.pause * 2).min(LONGEST_PAUSE);
                cancelled.due = Instant::now() + cancelled.pause;
                due.push(cancelled.ticket.clone());
            }
            drop(state);
            // Asking a server to stop takes a round trip, which must not hold the lock.
            for ticket in due {
                ticket.interrupt();
            }
            state = lock(&self.state);
        }
    }
}

impl<T> Answer<T> {
    /// The answer, once.
    pub fn poll(&self) -> Option<Result<T, Lost>> {
        match self.coming.try_recv() {
            Ok(answer) => Some(Ok(answer)),
            Err(TryRecvError::Disconnected) => Some(Err(Lost)),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// Waits for the answer, on a thread that has nothing else to do.
    pub fn wait(&self) -> Result<T, Lost> {
        self.coming.recv().map_err(|_| Lost)
    }

    pub fn progress(&self) -> Progress {
        self.ticket.progress()
    }

    pub fn cancel(&self) {
        match self.pool.upgrade() {
            Some(pool) => pool.cancel(&self.ticket),
            None => self.ticket.cancel(),
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::store::Interrupter;
    use crate::store::native::NativeStore;

    #[test]
    fn a_cancelled_question_is_interrupted_until_it_ends_and_less_and_less_often() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = NativeStore::create(&folder.path().join("events.db")).expect("a store");
        let pool = Pool::new(Box::new(store), Memory::default(), Offers::default(), Arc::new(|| {}));
        let interruptions = Arc::new(AtomicU32::new(0));
        let (begun, begins) = sync_channel(1);
        let (end, ends) = sync_channel::<()>(1);
        let counted = Arc::clone(&interruptions);
        let answer = pool.run("testing", Lane::Short, move |ticket| {
            ticket.runs_on(Some(Interrupter::new(move || {
                counted.fetch_add(1, Ordering::SeqCst);
            })));
            begun.send(()).expect("somebody waits");
            let _ = ends.recv();
        });
        begins.recv().expect("it begins");
        let cancelled = Instant::now();
        answer.cancel();
        // At 0 (twice), 5, 15, 35, 75, 155, 255, 355 ms: a poll every 5 ms would come to 70.
        while interruptions.load(Ordering::SeqCst) < 8 {
            assert!(cancelled.elapsed() < Duration::from_secs(20), "it is not interrupted again");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(cancelled.elapsed() > Duration::from_millis(150), "{:?}", cancelled.elapsed());
        // Once the question has ended, nothing is left to do.
        drop(end);
        while lock(&pool.0.0.state).is_interrupting {
            assert!(cancelled.elapsed() < Duration::from_secs(20), "it is interrupted for ever");
            thread::sleep(Duration::from_millis(1));
        }
        let after = interruptions.load(Ordering::SeqCst);
        thread::sleep(2 * LONGEST_PAUSE);
        assert_eq!(interruptions.load(Ordering::SeqCst), after);
    }
}
