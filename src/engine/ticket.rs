use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::giving_way::{GivingWay, ShortWork};
use crate::index::{Budget, Held, Memory};
use crate::store::{Flow, Interrupter};

/// What work reports to, and asks whether it is still wanted.
#[derive(Clone, Debug)]
pub struct Ticket(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    what: &'static str,
    /// What the work may take its memory of.
    memory: Memory,
    asked: Instant,
    is_cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    running: Mutex<Running>,
    /// Of a long question: what it gives way to, and when it last did.
    gives_way: Option<(Arc<ShortWork>, GivingWay)>,
    /// Wakes work that pauses when it is cancelled.
    cancelled: Condvar,
}

#[derive(Debug, Default)]
enum Running {
    #[default]
    Waiting,
    /// On a connection, where the store can interrupt it.
    On(Option<Interrupter>),
    Over,
}

/// How far work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub what: &'static str,
    pub done: u64,
    /// Nought where it is not known.
    pub total: u64,
    pub running: Duration,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ticket {
    /// `what` names the work for whoever waits: "reading events".
    pub fn new(what: &'static str) -> Self {
        Self::within(what, &Memory::default())
    }

    /// The same for work that takes its memory of this.
    pub fn within(what: &'static str, memory: &Memory) -> Self {
        Self::giving_way(what, memory, None)
    }

    /// The same for work that gives way to what a person waits for.
    pub(super) fn giving_way(what: &'static str, memory: &Memory, to: Option<&Arc<ShortWork>>) -> Self {
        Self(Arc::new(Shared {
            what,
            memory: memory.clone(),
            asked: Instant::now(),
            is_cancelled: AtomicBool::new(false),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            running: Mutex::default(),
            gives_way: to.map(|to| (Arc::clone(to), GivingWay::default())),
            cancelled: Condvar::new(),
        }))
    }

    /// What the work may take its memory of, and asks before it grows.
    pub fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// To hold memory for work that may take so much of it, and no more than there is for all.
    pub(super) fn hold_within(&self, budget: Budget) -> Held {
        let memory = self.memory();
        if budget.bytes < memory.allowed().bytes { budget.into() } else { memory.hold() }
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Relaxed)
    }

    /// For a visitor: on, or stop because nobody waits any more.
    pub fn flow(&self) -> Flow {
        if self.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) }
    }

    /// Tells how much is done, and answers whether to go on.
    pub fn reached(&self, done: u64) -> Flow {
        self.0.done.store(done, Ordering::Relaxed);
        if let Some((short, giving_way)) = &self.0.gives_way {
            giving_way.to(short);
        }
        self.flow()
    }

    pub fn set_total(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// Waits this long, or until nobody wants the answer any more.
    pub fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut running = lock(&self.0.running);
        while !self.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            running = self.0.cancelled.wait_timeout(running, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Tells the work to stop, and interrupts what it asks of the store.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
        self.interrupt();
        self.0.cancelled.notify_all();
    }

    /// Interrupts the statement that runs now. One that begins a moment later is missed, so this is repeated while
    /// the work runs. Answers whether it does.
    pub(super) fn interrupt(&self) -> bool {
        // Held while interrupting: the connection must not have gone on to somebody else's question by then.
        match &*lock(&self.0.running) {
            Running::On(interrupter) => {
                interrupter.iter().for_each(Interrupter::interrupt);
                true
            }
            Running::Waiting | Running::Over => false,
        }
    }

    /// Whether the work has begun and not ended.
    pub(super) fn is_running(&self) -> bool {
        matches!(*lock(&self.0.running), Running::On(_))
    }

    pub(super) fn runs_on(&self, interrupter: Option<Interrupter>) {
        *lock(&self.0.running) = Running::On(interrupter);
    }

    pub(super) fn is_over(&self) {
        *lock(&self.0.running) = Running::Over;
    }

    pub fn progress(&self) -> Progress {
        let Shared { what, asked, done, total, .. } = &*self.0;
        Progress {
            what,
            done: done.load(Ordering::Relaxed),
            total: total.load(Ordering::Relaxed),
            running: asked.elapsed(),
        }
    }
}
