use std::sync::atomic::{AtomicU64, Ordering};

/// Which chronicle it is, and how far it has come. Another one of the same length is of another store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    made: u64,
    len: usize,
}

impl Edition {
    pub(super) fn new(made: u64, len: usize) -> Self {
        Self { made, len }
    }

    /// How many events an earlier edition of the same chronicle lacks.
    pub fn lacks(self, earlier: Self) -> Option<usize> {
        (self.made == earlier.made).then(|| self.len.abs_diff(earlier.len))
    }
}

/// A number for each chronicle that is made.
pub(super) fn next() -> u64 {
    static MADE: AtomicU64 = AtomicU64::new(0);
    MADE.fetch_add(1, Ordering::Relaxed)
}
