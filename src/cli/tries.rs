//! What could not be read because another program wrote just then is tried again, as the window does.

use std::thread;
use std::time::{Duration, Instant};

use super::Failure;
use super::terminal::Output;
use crate::engine::Passing as _;

/// Who still writes then is told of, and the command can be run again by hand.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits grow, so that no regular writer is met at the same moment of its beat each time.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// Runs what only looks again while its failure passes by itself. What was printed cannot be taken back: then the
/// failure stands.
pub(super) fn while_passing<T>(
    out: &mut Output,
    look: impl FnMut(&mut Output) -> Result<T, Failure>,
) -> Result<T, Failure> {
    within(PATIENCE, out, look)
}

fn within<T>(
    patience: Duration,
    out: &mut Output,
    mut look: impl FnMut(&mut Output) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let until = Instant::now() + patience;
    let mut wait = SHORTEST_WAIT;
    loop {
        match look(out) {
            Err(failure) if failure.is_passing() && !out.has_printed() && Instant::now() + wait < until => {
                tracing::debug!(%failure, "tried again");
                out.discard();
                thread::sleep(wait);
                wait = (wait * 3 / 2).min(LONGEST_WAIT);
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::store::{AppendError, StoreError};

    fn changed() -> Failure {
        StoreError::Changed("app.db".into()).into()
    }

    /// How often it is tried, and whether with success: the first `failures` tries fail in this way.
    fn tried(failures: u32, failure: fn() -> Failure, prints: bool) -> (u32, bool) {
        let mut tries = 0;
        let answer = within(Duration::from_secs(5), &mut Output::nowhere(), |out| {
            tries += 1;
            out.text().write_all(b"a row")?;
            if prints {
                out.flush()?;
            }
            if tries <= failures { Err(failure()) } else { Ok(()) }
        });
        (tries, answer.is_ok())
    }

    #[test]
    fn what_passes_is_tried_until_it_has_passed() {
        assert_eq!(tried(3, changed, false), (4, true));
        assert_eq!(tried(1, || StoreError::Locked("app.db".into()).into(), false), (2, true));
        assert_eq!(tried(1, || AppendError::from(StoreError::Changed("app.db".into())).into(), false), (2, true));
    }

    #[test]
    fn what_does_not_pass_or_was_printed_is_not_tried_again() {
        assert_eq!(tried(1, || StoreError::Missing("app.db".into()).into(), false), (1, false));
        assert_eq!(tried(1, || Failure::Usage("no".to_owned()), false), (1, false));
        assert_eq!(tried(1, changed, true), (1, false));
    }

    #[test]
    fn what_never_passes_is_told_when_patience_ends() {
        let mut tries = 0;
        let answer: Result<(), Failure> = within(Duration::from_millis(100), &mut Output::nowhere(), |_| {
            tries += 1;
            Err(changed())
        });
        assert!(answer.is_err_and(|failure| failure.is_passing()) && tries > 1, "{tries} tries");
    }
}
