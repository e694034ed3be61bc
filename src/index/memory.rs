use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::{Budget, OverBudget};

/// The memory that everything kept of an open store takes together, of what it may. Whoever grows asks first; what is only
/// kept because it may be asked for again ([`super::Kept`]) gives way then. Where the process is measured, what else it takes is
/// taken of the same. Clones are of the same.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Shared>);

/// What all of a process takes, as its system says it.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    pub taken: fn() -> u64,
    /// Gives back to the system what was freed and is kept to be used again.
    pub give_back: fn(),
}

struct Shared {
    /// For all of it, what is beside it too.
    budget: AtomicU64,
    taken: AtomicU64,
    meter: OnceLock<Meter>,
    /// What the process took beside it when it was measured last, and the least that ever was.
    beside: AtomicU64,
    least_beside: AtomicU64,
    /// What was taken and given back since.
    moved: AtomicU64,
    /// What gives way.
    drawers: Mutex<Vec<Weak<dyn Drawer>>>,
    /// Counts up with each look at something that gives way.
    looks: AtomicU64,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("budget", &self.budget).field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Budget::default())
    }
}

impl Memory {
    pub fn new(budget: Budget) -> Self {
        Self(Arc::new(Shared {
            budget: AtomicU64::new(budget.bytes),
            taken: AtomicU64::new(0),
            meter: OnceLock::new(),
            beside: AtomicU64::new(0),
            least_beside: AtomicU64::new(u64::MAX),
            moved: AtomicU64::new(0),
            drawers: Mutex::default(),
            looks: AtomicU64::new(0),
        }))
    }

    /// From now on its budget is that of the whole process.
    pub fn measure_by(&self, meter: Meter) {
        let _ = self.0.meter.set(meter);
        self.measure(0);
    }

    /// For all that is kept and what else the process takes, where that is measured.
    pub fn budget(&self) -> Budget {
        Budget { bytes: self.0.budget.load(Ordering::Relaxed) }
    }

    /// For all that is kept: the budget, less what else the process takes.
    pub fn allowed(&self) -> Budget {
        let budget = self.budget().bytes;
        if self.0.meter.get().is_none() {
            return Budget { bytes: budget };
        }
        let all = budget - budget / PART_TO_SPARE;
        Budget { bytes: all.saturating_sub(self.beside()).max(LEAST.min(budget)) }
    }

    /// From now on. What is in use by then stays; what is only kept gives way.
    pub fn allow(&self, budget: Budget) {
        self.0.budget.store(budget.bytes, Ordering::Relaxed);
        while self.taken() > self.allowed().bytes && self.make_room() {}
    }

    /// What else the process takes, as it was measured last; nought where it is not.
    pub fn beside(&self) -> u64 {
        self.0.beside.load(Ordering::Relaxed)
    }

    /// The least budget that makes sense: room for what else the process takes, and for something of a store. `None` where
    /// the process is not measured.
    pub fn least(&self) -> Option<Budget> {
        self.0.meter.get()?;
        let all = with_some_to_spare(self.beside().saturating_add(LEAST));
        Some(Budget { bytes: all.div_ceil(ROUND) * ROUND })
    }

    /// Measures the process, for one who shows what it takes. `grown` is what somebody took and did not ask for yet.
    pub fn measure(&self, grown: u64) {
        let Shared { meter, taken, beside, least_beside, moved, .. } = &*self.0;
        let Some(meter) = meter.get() else { return };
        moved.store(0, Ordering::Relaxed);
        let known = taken.load(Ordering::Relaxed).saturating_add(grown);
        let now = (meter.taken)().saturating_sub(known);
        beside.store(now, Ordering::Relaxed);
        least_beside.fetch_min(now, Ordering::Relaxed);
    }

    /// Something large is over: what it freed is given back to the system. Says whether there was any.
    pub fn settle(&self) -> bool {
        self.measure(0);
        let has_freed = self.beside() > self.0.least_beside.load(Ordering::Relaxed).saturating_add(MUCH_FREED);
        if has_freed {
            self.give_back(0);
        }
        has_freed
    }

    fn give_back(&self, grown: u64) {
        if let Some(meter) = self.0.meter.get() {
            (meter.give_back)();
            self.measure(grown);
        }
    }

    /// In bytes, by all that hold some.
    pub fn taken(&self) -> u64 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// What one answer may take beside all others.
    pub fn left(&self) -> Budget {
        Budget { bytes: self.allowed().bytes.saturating_sub(self.taken()) }
    }

    /// What an answer may take if all that is only kept gives way for it.
    pub fn room(&self) -> u64 {
        let drawers: Vec<Arc<dyn Drawer>> = guard(&self.0.drawers).iter().filter_map(Weak::upgrade).collect();
        drawers.iter().fold(self.left().bytes, |room, drawer| room.saturating_add(drawer.may_go()))
    }

    /// One more that gives way from now on, for as long as it is there.
    pub fn note_drawer(&self, drawer: Weak<dyn Drawer>) {
        let mut drawers = guard(&self.0.drawers);
        drawers.retain(|drawer| drawer.strong_count() > 0);
        drawers.push(drawer);
    }

    /// The number of a look at something that gives way.
    pub fn next_look(&self) -> u64 {
        self.0.looks.fetch_add(1, Ordering::Relaxed)
    }

    /// For one who will take some.
    pub fn hold(&self) -> Held {
        Held { memory: self.clone(), bytes: 0 }
    }

    /// Something that is kept gives way, the one that was looked at longest ago. False where nothing is left that could.
    fn make_room(&self) -> bool {
        let drawers: Vec<Arc<dyn Drawer>> = guard(&self.0.drawers).iter().filter_map(Weak::upgrade).collect();
        let oldest = drawers.iter().filter_map(|drawer| Some((drawer.oldest()?, drawer))).min_by_key(|(look, _)| *look);
        oldest.is_some_and(|(look, drawer)| drawer.let_go(look))
    }

    fn take(&self, more: u64) -> Result<(), OverBudget> {
        let taken = &self.0.taken;
        let all = taken.fetch_add(more, Ordering::Relaxed).saturating_add(more);
        self.note_move(more);
        self.allowed().check(all).map_err(|_| {
            taken.fetch_sub(more, Ordering::Relaxed);
            self.over(all)
        })
    }

    /// What is said where all that is kept would be so much: the least budget in which it had room, with what else the process
    /// takes and what has to be left to spare.
    pub fn over(&self, all: u64) -> OverBudget {
        let bytes = match self.0.meter.get() {
            Some(_) => with_some_to_spare(all.saturating_add(self.beside())),
            None => all,
        };
        OverBudget { bytes, budget: self.budget() }
    }

    fn give(&self, less: u64) {
        self.0.taken.fetch_sub(less, Ordering::Relaxed);
        self.note_move(less);
    }

    fn note_move(&self, bytes: u64) {
        self.0.moved.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// With less than this nothing of a store could be shown, whatever else the process takes.
const LEAST: u64 = 16 << 20;

/// What is told to people is a multiple of this.
const ROUND: u64 = 32 << 20;

/// What is taken for a moment and given back before anybody is asked has this part of the budget of a process.
const PART_TO_SPARE: u64 = 12;

/// The budget of a process that keeps so much.
fn with_some_to_spare(bytes: u64) -> u64 {
    (u128::from(bytes) * u128::from(PART_TO_SPARE))
        .div_ceil(u128::from(PART_TO_SPARE - 1))
        .try_into()
        .unwrap_or(u64::MAX)
}

/// The process is measured anew when so much was taken and given back.
const MEASURED_AFTER: u64 = 2 << 20;

/// So much more than it ever was beside is mostly what was freed.
const MUCH_FREED: u64 = 32 << 20;

pub(super) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one of them holds; it is given back with its end.
#[derive(Debug)]
pub struct Held {
    memory: Memory,
    bytes: u64,
}

impl Held {
    /// Holds this much from now on, once what is only kept has given way for it. Asked for more than there is even then, it
    /// keeps what it has.
    pub fn resize(&mut self, bytes: u64) -> Result<(), OverBudget> {
        if bytes <= self.bytes {
            self.memory.give(self.bytes - bytes);
            self.bytes = bytes;
            return Ok(());
        }
        let more = bytes - self.bytes;
        if self.memory.0.moved.load(Ordering::Relaxed) + more > MEASURED_AFTER {
            self.memory.measure(more);
        }
        let mut was_given_back = false;
        loop {
            match self.memory.take(more) {
                Ok(()) => {
                    self.bytes = bytes;
                    return Ok(());
                }
                // What was freed and is kept to be used again may be all that is missing.
                Err(_) if !std::mem::replace(&mut was_given_back, true) => self.memory.give_back(more),
                Err(over) if !self.memory.make_room() => return Err(over),
                Err(_) => {}
            }
        }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// All of which this is a part.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.give(self.bytes);
    }
}

impl From<&Memory> for Held {
    fn from(memory: &Memory) -> Self {
        memory.hold()
    }
}

/// Memory for one answer alone.
impl From<Budget> for Held {
    fn from(budget: Budget) -> Self {
        Memory::new(budget).hold()
    }
}

/// What gives way without anybody knowing what lies in it.
pub trait Drawer: Send + Sync {
    /// When that was looked at which nobody looked at for the longest time; `None` where nothing may go.
    fn oldest(&self) -> Option<u64>;

    /// The bytes of all that may go.
    fn may_go(&self) -> u64;

    /// Lets go of what was looked at then. False where it is gone already.
    fn let_go(&self, look: u64) -> bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_counted_once_and_given_back() {
        let memory = Memory::new(Budget { bytes: 100 });
        let (mut one, mut other) = (memory.hold(), memory.hold());
        assert_eq!((one.resize(60), other.resize(40)), (Ok(()), Ok(())));
        assert_eq!((memory.taken(), memory.left().bytes), (100, 0));
        assert_eq!(other.resize(41), Err(OverBudget { bytes: 101, budget: Budget { bytes: 100 } }));
        assert_eq!((memory.taken(), other.bytes()), (100, 40), "it keeps what it has");
        drop(one);
        assert_eq!((other.resize(90), memory.taken()), (Ok(()), 90));
        memory.allow(Budget { bytes: 10 });
        assert_eq!((other.resize(50), memory.taken(), memory.left().bytes), (Ok(()), 50, 0), "less is always possible");
    }

    #[test]
    fn what_else_the_process_takes_is_taken_of_the_same_and_what_was_freed_is_given_back_before_anybody_is_refused() {
        const MIB: u64 = 1 << 20;
        static PROCESS: AtomicU64 = AtomicU64::new(50 * MIB);
        static FREED: AtomicU64 = AtomicU64::new(0);
        let grow = |mebibytes: u64| PROCESS.fetch_add(mebibytes * MIB, Ordering::Relaxed);
        let meter = Meter {
            taken: || PROCESS.load(Ordering::Relaxed),
            give_back: || {
                PROCESS.fetch_sub(FREED.swap(0, Ordering::Relaxed), Ordering::Relaxed);
            },
        };
        let memory = Memory::new(Budget { bytes: 160 * MIB });
        assert_eq!((memory.allowed(), memory.beside()), (memory.budget(), 0), "nothing is measured yet");
        assert_eq!(memory.least(), None);
        memory.measure_by(meter);
        let least = memory.least().expect("it is measured");
        assert_eq!(least, Budget::of_mebibytes(96), "50, some for a store and some for moments, told roundly");
        assert_eq!((memory.allowed().bytes / MIB, memory.beside() / MIB), (96, 50), "some of it is for moments");
        let mut held = memory.hold();
        grow(60);
        assert_eq!((held.resize(60 * MIB), memory.beside() / MIB), (Ok(()), 50), "what grew is asked for");
        // Something else grew, and is freed again.
        grow(50);
        FREED.store(45 * MIB, Ordering::Relaxed);
        assert_eq!((held.resize(70 * MIB), FREED.load(Ordering::Relaxed)), (Ok(()), 0), "it was given back");
        grow(45);
        let over = held.resize(80 * MIB).expect_err("there is no room for it");
        assert_eq!(
            (over.bytes / MIB, over.budget, held.bytes() / MIB),
            (174, memory.budget(), 70),
            "of the whole process, and what is for moments"
        );
        memory.allow(Budget { bytes: over.bytes });
        assert_eq!(held.resize(80 * MIB), Ok(()), "what was told is enough");
        memory.allow(over.budget);
        // However much the rest takes, something can be shown.
        grow(500);
        memory.settle();
        assert_eq!((memory.allowed().bytes / MIB, held.resize(0), held.resize(16 * MIB)), (16, Ok(()), Ok(())));
    }
}
