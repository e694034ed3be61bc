//! What one reader is asking its server right now, so that somebody else can end it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::client::Cancel;
use crate::store::Interrupter;

/// The questions of one reader that have no answer yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Running(Arc<Mutex<Questions>>);

#[derive(Debug, Default)]
struct Questions {
    numbered: u64,
    open: Vec<Question>,
}

#[derive(Debug)]
struct Question {
    number: u64,
    cancel: Cancel,
    is_cancelled: bool,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, Questions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A question begins over the connection that this would cancel.
    pub(super) fn begin(&self, cancel: Cancel) -> Asking {
        let mut questions = self.lock();
        questions.numbered += 1;
        let number = questions.numbered;
        questions.open.push(Question { number, cancel, is_cancelled: false });
        Asking { running: self.clone(), number }
    }

    /// The lock is held while the server is told, so that no connection is lent to another before it was.
    pub(super) fn interrupter(&self) -> Interrupter {
        let running = self.clone();
        Interrupter::new(move || {
            for question in &mut running.lock().open {
                question.is_cancelled = true;
                question.cancel.cancel();
            }
        })
    }
}

/// One question, until it is dropped.
#[derive(Debug)]
pub(super) struct Asking {
    running: Running,
    number: u64,
}

impl Asking {
    /// Whether it was interrupted. The request may then reach the server at any time, and end what is asked next.
    pub(super) fn is_cancelled(&self) -> bool {
        self.running.lock().open.iter().any(|question| question.number == self.number && question.is_cancelled)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.running.lock().open.retain(|question| question.number != self.number);
    }
}
