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
