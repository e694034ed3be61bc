use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The memory that an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub bytes: u64,
}

const MIB: u64 = 1 << 20;

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 1024 * MIB }
    }
}

/// An answer would take more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget {
    /// What it had taken when it was given up.
    pub bytes: u64,
    pub budget: Budget,
}

impl OverBudget {
    /// In mebibytes: what it had taken, and what it might.
    pub fn mebibytes(self) -> (u64, u64) {
        (self.bytes.div_ceil(MIB), self.budget.bytes / MIB)
    }
}

impl Budget {
    pub const fn of_mebibytes(mebibytes: u64) -> Self {
        Self { bytes: mebibytes.saturating_mul(MIB) }
    }

    pub fn check(self, bytes: u64) -> Result<(), OverBudget> {
        if bytes <= self.bytes { Ok(()) } else { Err(OverBudget { bytes, budget: self }) }
    }
}

/// The memory that everything kept of an open store takes together, of what it may. Clones are of the same.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    allowed: AtomicU64,
    taken: AtomicU64,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Budget::default())
    }
}

impl Memory {
    pub fn new(budget: Budget) -> Self {
        Self(Arc::new(Shared { allowed: AtomicU64::new(budget.bytes), taken: AtomicU64::new(0) }))
    }

    pub fn allowed(&self) -> Budget {
        Budget { bytes: self.0.allowed.load(Ordering::Relaxed) }
    }

    /// From now on. What was taken by then stays.
    pub fn allow(&self, budget: Budget) {
        self.0.allowed.store(budget.bytes, Ordering::Relaxed);
    }

    /// In bytes, by all that hold some.
    pub fn taken(&self) -> u64 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// What one answer may take beside all others.
    pub fn left(&self) -> Budget {
        Budget { bytes: self.allowed().bytes.saturating_sub(self.taken()) }
    }

    /// For one who will take some.
    pub fn hold(&self) -> Held {
        Held { memory: self.clone(), bytes: 0 }
    }
}

/// What one of them holds; it is given back with its end.
#[derive(Debug)]
pub struct Held {
    memory: Memory,
    bytes: u64,
}

impl Held {
    /// Holds this much from now on. Asked for more than there is, it keeps what it has.
    pub fn resize(&mut self, bytes: u64) -> Result<(), OverBudget> {
        let Shared { allowed, taken } = &*self.memory.0;
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes <= before {
            taken.fetch_sub(before - bytes, Ordering::Relaxed);
            return Ok(());
        }
        let more = bytes - before;
        let all = taken.fetch_add(more, Ordering::Relaxed) + more;
        let budget = Budget { bytes: allowed.load(Ordering::Relaxed) };
        budget.check(all).inspect_err(|_| {
            taken.fetch_sub(more, Ordering::Relaxed);
            self.bytes = before;
        })
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.0.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
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
}
