//! When a projection is given up.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{HANDLER_TIME, MEMORY};
use crate::projection::{EndedAt, Fault, FaultKind};

/// A projection of which functions had to be ended so often, for their time or their memory, is given no more events: each
/// of them would take as long. Each fold of a stream counts for itself, and so does each run over a store, a draft's too;
/// a trace counts nothing.
///
/// One that was ended in time counts once. One that took more than [`LATE`] of its thread's time, because the engine was in
/// the midst of a long step when its time was over, counts once for each time of a handler that it took: one such of two
/// seconds is enough, and no hopeless projection takes more than some eight seconds and its last function.
pub(in crate::script) const MOST_ENDED: u32 = 8;

/// Whatever takes longer was ended late.
const LATE: Duration = Duration::from_secs(1);

/// How often functions of a projection had to be ended in one fold.
#[derive(Debug, Default)]
pub struct Ends {
    times: AtomicU32,
    /// What counts against [`MOST_ENDED`].
    weight: AtomicU32,
    at: OnceLock<EndedAt>,
}

impl Ends {
    /// What is behind is given no more events.
    pub fn is_given_up(&self) -> bool {
        self.weight.load(Ordering::Relaxed) >= MOST_ENDED
    }

    /// Counts one that was ended when its thread had worked for so long.
    pub(in crate::script) fn note(&self, worked: Duration) {
        let weight = if worked > LATE { worked.as_millis() / HANDLER_TIME.as_millis() } else { 1 };
        self.times.fetch_add(1, Ordering::Relaxed);
        self.weight.fetch_add(u32::try_from(weight).unwrap_or(MOST_ENDED).min(MOST_ENDED), Ordering::Relaxed);
    }

    /// If it is given up, this event was the last that it was given, unless that is known.
    pub fn gave_up_at(&self, at: impl FnOnce() -> EndedAt) {
        if self.is_given_up() {
            self.at.get_or_init(at);
        }
    }

    /// Counts what is known of an event that was folded before. Whatever was not run then is not run behind it.
    pub(in crate::script) fn note_known(&self, fault: &Fault) {
        match &fault.kind {
            FaultKind::TooLong(_) | FaultKind::TooMuchMemory(_) => self.note(HANDLER_TIME),
            FaultKind::GivenUp { times, at, .. } => {
                self.times.store(*times, Ordering::Relaxed);
                self.weight.store(MOST_ENDED, Ordering::Relaxed);
                if let Some(at) = at {
                    self.at.get_or_init(|| (**at).clone());
                }
            }
            _ => {}
        }
    }

    pub(in crate::script) fn given_up(&self) -> Fault {
        let times = self.times.load(Ordering::Relaxed);
        let at = self.at.get().cloned().map(Box::new);
        Fault::without_place(FaultKind::GivenUp { times, limit: HANDLER_TIME, memory: MEMORY, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_ended_late_counts_for_as_long_as_it_took() {
        let in_time = Ends::default();
        for _ in 1..MOST_ENDED {
            in_time.note(HANDLER_TIME * 3);
        }
        assert!(!in_time.is_given_up(), "a machine that is slow to end them has its eight, too");
        in_time.note(Duration::ZERO);
        assert!(in_time.is_given_up());
        let late = Ends::default();
        late.note(Duration::from_millis(1_100));
        assert!(!late.is_given_up());
        late.note(Duration::from_millis(1_100));
        assert!(late.is_given_up(), "two of them took as long as eight");
        let once = Ends::default();
        once.note(Duration::from_secs(40));
        once.note(Duration::from_secs(400_000_000));
        assert!(once.is_given_up());
        assert!(matches!(once.given_up().kind, FaultKind::GivenUp { times: 2, at: None, .. }));
    }
}
