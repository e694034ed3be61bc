//! What the process takes of the machine's memory, as the system says it.

use crate::index::Meter;

/// For a program that has its process to itself: its budget is for all that the process takes.
pub fn meter() -> Meter {
    Meter { taken, give_back }
}

/// Before anything large is made: what is freed goes back to the system in pieces as large as can be, and threads share the
/// places that they take memory from, since each keeps what was freed there for itself.
pub fn keep_little_of_what_is_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    gnu::keep_little_of_what_is_freed();
}

#[cfg(target_os = "linux")]
fn taken() -> u64 {
    let told = std::fs::read_to_string("/proc/self/status");
    told.ok().as_deref().and_then(resident).unwrap_or(UNTOLD)
}

#[cfg(not(target_os = "linux"))]
fn taken() -> u64 {
    UNTOLD
}

/// Where the system does not say it: what the window takes before a store is open.
const UNTOLD: u64 = 192 << 20;

/// What lies in memory of a process, of what Linux says of it.
#[cfg(any(target_os = "linux", test))]
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// To the system, what was freed here and there between what is kept. Soon again it does nothing.
pub(super) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    gnu::give_back();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "the system's allocator is asked in its own way")]
mod gnu {
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    /// Not more often than that: it goes through all that is free.
    const BETWEEN: Duration = Duration::from_millis(200);

    /// What is at least so large comes from the system alone, and goes back there when it is freed.
    const ALONE: i32 = 1 << 20;

    const ARENAS: i32 = 2;

    pub(super) fn keep_little_of_what_is_freed() {
        // SAFETY: both only set a number, and refuse one that they do not take.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, ALONE);
            libc::mallopt(libc::M_ARENA_MAX, ARENAS);
        }
    }

    pub(super) fn give_back() {
        static LAST: Mutex<Option<Instant>> = Mutex::new(None);
        // Who comes while another does it has it done.
        let Ok(mut last) = LAST.try_lock() else { return };
        if last.is_some_and(|last| last.elapsed() < BETWEEN) {
            return;
        }
        // SAFETY: it takes no pointer, and may be called by any thread at any time.
        unsafe {
            libc::malloc_trim(0);
        }
        *last = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_read() {
        let told = "Name:\tfoldline\nVmHWM:\t  999 kB\nVmRSS:\t  123456 kB\nThreads:\t4\n";
        assert_eq!(resident(told), Some(123_456 << 10));
        assert_eq!((resident("Name:\tfoldline\n"), resident("VmRSS:\tmuch\n")), (None, None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_made_is_measured_and_what_was_freed_is_given_back() {
        const LARGE: usize = 64 << 20;
        let before = taken();
        let large = vec![7_u8; LARGE];
        assert!(taken() > before + (LARGE as u64) * 3 / 4, "{} behind {before}", taken());
        assert_eq!(large.iter().filter(|byte| **byte != 7).count(), 0);
        drop(large);
        give_back();
        assert!(taken() < before + (LARGE as u64) / 2, "{} behind {before}", taken());
    }
}
