//! Background work: named threads whose answer is polled, whose progress is seen, and which stop when nobody wants
//! the answer any more. The newest request wins, and what was there before stays until its answer has come.

mod loading;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

pub use loading::Loading;

/// Called from the working thread when there is something to see.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Work on a thread of its own. Dropping it cancels the work.
#[derive(Debug)]
pub struct Job<T> {
    answer: Receiver<T>,
    ticket: Ticket,
}

/// What the work reports to, and asks whether it is still wanted.
#[derive(Clone, Debug)]
pub struct Ticket(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    what: &'static str,
    began: Instant,
    is_cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

/// The work ended without an answer: its thread panicked, or could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub what: &'static str,
    pub done: u64,
    /// Nought where it is not known.
    pub total: u64,
    pub running: Duration,
}

impl<T: Send + 'static> Job<T> {
    /// `what` names the work for the thread and for whoever waits: "reading events".
    pub fn start(what: &'static str, wake: &Wake, work: impl FnOnce(&Ticket) -> T + Send + 'static) -> Self {
        let ticket = Ticket(Arc::new(Shared {
            what,
            began: Instant::now(),
            is_cancelled: AtomicBool::new(false),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
        }));
        let (sender, answer) = sync_channel(1);
        let (theirs, wake) = (ticket.clone(), wake.clone());
        // A thread that can't be started drops the sender, which the first poll tells as `Lost`.
        let _ = thread::Builder::new().name(what.to_owned()).spawn(move || {
            let result = work(&theirs);
            let _ = sender.send(result);
            wake();
        });
        Self { answer, ticket }
    }
}

impl<T> Job<T> {
    /// The answer, once.
    pub fn poll(&self) -> Option<Result<T, Lost>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(Ok(answer)),
            Err(TryRecvError::Disconnected) => Some(Err(Lost)),
            Err(TryRecvError::Empty) => None,
        }
    }

    pub fn progress(&self) -> Progress {
        let Shared { what, began, is_cancelled: _, done, total } = &*self.ticket.0;
        Progress {
            what,
            done: done.load(Ordering::Relaxed),
            total: total.load(Ordering::Relaxed),
            running: began.elapsed(),
        }
    }

    pub fn cancel(&self) {
        self.ticket.0.is_cancelled.store(true, Ordering::Relaxed);
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Ticket {
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Relaxed)
    }

    pub fn set_total(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    pub fn set_done(&self, done: u64) {
        self.0.done.store(done, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    fn quiet() -> Wake {
        Arc::new(|| ())
    }

    /// Waits for the wake-up that follows the answer, then polls.
    fn answer_of<T: Send + 'static>(work: impl FnOnce(&Ticket) -> T + Send + 'static) -> Option<Result<T, Lost>> {
        let (woken, wait) = sync_channel(1);
        let wake: Wake = Arc::new(move || woken.send(()).unwrap_or_default());
        let job = Job::start("test", &wake, work);
        drop(wake);
        // Ends by the wake-up, or by the last sender going where the work panicked.
        let _ = wait.recv();
        loop {
            if let Some(answer) = job.poll() {
                return Some(answer);
            }
            thread::yield_now();
        }
    }

    #[test]
    fn the_answer_comes_once_and_wakes_whoever_waits() {
        assert_eq!(answer_of(|_| 7), Some(Ok(7)));
    }

    #[test]
    fn work_that_panics_is_told_as_lost() {
        assert_eq!(answer_of::<u8>(|_| panic!("on purpose")), Some(Err(Lost)));
    }

    #[test]
    fn dropping_a_job_tells_its_work_to_stop() {
        let (seen, wait) = sync_channel(0);
        let job = Job::start("test", &quiet(), move |ticket| {
            while !ticket.is_cancelled() {
                thread::yield_now();
            }
            let _ = seen.send(());
        });
        drop(job);
        assert_eq!(wait.recv(), Ok(()));
    }

    #[test]
    fn progress_is_what_the_work_said_last() {
        let (go, held) = sync_channel::<()>(0);
        let (said, wait) = sync_channel(0);
        let job = Job::start("counting", &quiet(), move |ticket| {
            ticket.set_total(10);
            ticket.set_done(3);
            let _ = said.send(());
            let _ = held.recv();
        });
        assert_eq!(wait.recv(), Ok(()));
        let Progress { what, done, total, .. } = job.progress();
        assert_eq!((what, done, total), ("counting", 3, 10));
        drop(go);
    }
}
