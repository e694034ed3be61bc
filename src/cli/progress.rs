//! One line on the terminal for what takes more than a second; nothing in a pipe.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::terminal::{messages_are_watched, status};
use crate::engine::{Ticket, grouped};
use crate::store::Flow;

/// What takes less is over before it could be read.
const PATIENCE: Duration = Duration::from_secs(1);
const BETWEEN: Duration = Duration::from_millis(100);

/// Looking at the clock for every event would cost more than some of the work does.
const EVENTS_BETWEEN_LOOKS: u64 = 1024;

#[derive(Debug)]
pub(super) struct Progress {
    doing: &'static str,
    total: Option<u64>,
    began: Instant,
    drawn: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// `doing` names the work: "reading events".
    pub(super) fn new(doing: &'static str, total: Option<u64>) -> Self {
        Self { doing, total, began: Instant::now(), drawn: None, is_shown: messages_are_watched() }
    }

    /// To be told how many are done.
    pub(super) fn tell(&mut self, count: u64) -> Flow {
        if self.is_shown && count.is_multiple_of(EVENTS_BETWEEN_LOOKS) {
            let is_due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= BETWEEN);
            if is_due && self.began.elapsed() >= PATIENCE {
                self.drawn = Some(Instant::now());
                draw(self.doing, count, self.total);
            }
        }
        Flow::Continue(())
    }
}

/// The same for work that reports to a ticket.
pub(super) fn watching<T>(doing: &'static str, ticket: &Ticket, work: impl FnOnce() -> T) -> T {
    if !messages_are_watched() {
        return work();
    }
    thread::scope(|scope| {
        let (over, is_over) = mpsc::sync_channel::<()>(0);
        let watch = move || {
            let mut between = PATIENCE;
            while is_over.recv_timeout(between) == Err(RecvTimeoutError::Timeout) {
                draw(doing, ticket.progress().done, Some(ticket.progress().total));
                between = BETWEEN;
            }
            if between == BETWEEN {
                status("");
            }
        };
        // Without it, the work is done all the same.
        drop(thread::Builder::new().name("progress".to_owned()).spawn_scoped(scope, watch));
        let answer = work();
        drop(over);
        answer
    })
}

fn draw(doing: &str, count: u64, total: Option<u64>) {
    let share = total.filter(|total| *total > 0).map(|total| format!(" · {} %", count.min(total) * 100 / total));
    status(&format!("{doing} · {}{}", grouped(count), share.unwrap_or_default()));
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            status("");
        }
    }
}

/// `1 event`, `31,204 events`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}
