//! What goes over a whole store gives way to what a person waits for: the machine may have no core for both.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::ticket::lock;

/// For so long at once, and then not again before it has worked for so long: it comes to its end however much is asked
/// meanwhile.
const MOST_AT_ONCE: Duration = Duration::from_millis(500);
const WORKED_BETWEEN: Duration = Duration::from_millis(100);

/// The short questions of a store that are at work.
#[derive(Debug, Default)]
pub(super) struct ShortWork {
    count: AtomicUsize,
    lock: Mutex<()>,
    over: Condvar,
}

/// One of them, until it is dropped.
pub(super) struct AtWork<'s>(&'s ShortWork);

impl ShortWork {
    pub(super) fn begins(&self) -> AtWork<'_> {
        self.count.fetch_add(1, Ordering::Relaxed);
        AtWork(self)
    }

    fn is_going_on(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        // Held, so that whoever has just looked does not miss it.
        let _held = lock(&self.0.lock);
        self.0.count.fetch_sub(1, Ordering::Relaxed);
        self.0.over.notify_all();
    }
}

/// When a long question gave way last.
#[derive(Debug, Default)]
pub(super) struct GivingWay(Mutex<Option<Instant>>);

impl GivingWay {
    /// Waits while short work goes on. Costs a look where there is none.
    pub(super) fn to(&self, short: &ShortWork) {
        if !short.is_going_on() {
            return;
        }
        let Ok(mut last) = self.0.try_lock() else { return };
        if last.is_some_and(|last| last.elapsed() < WORKED_BETWEEN) {
            return;
        }
        let until = Instant::now() + MOST_AT_ONCE;
        let mut held = lock(&short.lock);
        while short.is_going_on() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            held = short.over.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *last = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    use super::*;
    use crate::engine::EngineError;
    use crate::engine::small_store::five_leads;

    /// Waits until it is so.
    fn wait_for(what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::yield_now();
        }
    }

    /// What is traced at the cursor does not share the machine with the run over the store.
    #[test]
    fn what_goes_over_the_store_stands_still_while_something_short_is_asked_and_goes_on_all_the_same() {
        let (_folder, engine) = five_leads();
        let (reached, stood_still) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stood) = (Arc::clone(&reached), Arc::clone(&stood_still));
        let long = engine.ask_long("testing", move |_, ticket| -> Result<(), EngineError> {
            loop {
                let began = Instant::now();
                let flow = ticket.reached(count.fetch_add(1, Ordering::SeqCst));
                if began.elapsed() > MOST_AT_ONCE / 2 {
                    stood.store(true, Ordering::SeqCst);
                }
                if flow.is_break() {
                    return Ok(());
                }
            }
        });
        wait_for("it begins", || reached.load(Ordering::SeqCst) > 1_000);
        let (count, stood) = (Arc::clone(&reached), Arc::clone(&stood_still));
        let short = engine.ask("testing", move |_, _| -> Result<(), EngineError> {
            wait_for("it gives way", || stood.load(Ordering::SeqCst));
            let then = count.load(Ordering::SeqCst);
            wait_for("it goes on all the same", || count.load(Ordering::SeqCst) > then + 1_000);
            Ok(())
        });
        assert!(matches!(short.wait(), Ok(Ok(()))));
        let then = reached.load(Ordering::SeqCst);
        wait_for("it goes on", || reached.load(Ordering::SeqCst) > then + 1_000);
        long.cancel();
        assert!(matches!(long.wait(), Ok(Ok(()))));
    }
}
