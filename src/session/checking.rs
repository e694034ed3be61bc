use super::open_store::Opener;
use super::trouble::Trouble;
use super::{SessionError, check_snapshots};
use crate::jobs::{Job, Loading, Progress, Wake};
use crate::store::{Finding, FindingKind, Flow, Reader, StoreError};

/// More than these nobody reads; the command line prints them all.
pub const FINDINGS_KEPT: usize = 1_000;

/// Looks at every event of a store, and at every kept state, for what does not fit.
pub fn check(
    reader: &dyn Reader,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), SessionError> {
    let (mut is_damaged, mut is_cancelled) = (false, false);
    let checked = reader.verify(
        &mut |finding| {
            is_damaged |= finding.kind == FindingKind::Damaged;
            report(finding);
        },
        &mut |count| {
            let flow = progress(count);
            is_cancelled = flow.is_break();
            flow
        },
    );
    // Snapshots of a store that can't be read whole have nothing to be held against.
    let checked = match checked {
        Ok(()) if !is_damaged && !is_cancelled => check_snapshots(reader, report),
        other => other.map_err(SessionError::from),
    };
    match checked {
        Err(SessionError::Store(error @ StoreError::Damaged { .. })) => {
            report(Finding::damage(error.to_string()));
            Ok(())
        }
        other => other,
    }
}

/// What does not fit in a store, as the window lists it.
pub struct Checking {
    done: Loading<Checked, Trouble>,
    opener: Opener,
    wake: Wake,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    pub findings: Vec<Finding>,
    /// With those that were not kept.
    pub found: u64,
}

impl Checked {
    fn note(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < FINDINGS_KEPT {
            self.findings.push(finding);
        }
    }
}

impl std::fmt::Debug for Checking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checking").finish_non_exhaustive()
    }
}

impl Checking {
    pub(super) fn new(opener: Opener, wake: Wake) -> Self {
        Self { done: Loading::default(), opener, wake }
    }

    pub fn start(&mut self) {
        let opener = self.opener.clone();
        self.done.request(Job::start("checking events", &self.wake, move |ticket| {
            let reader = opener()?;
            // A store that is checked because it is damaged may not be able to say how much it holds.
            if let Ok(info) = reader.info() {
                ticket.set_total(info.events);
            }
            let mut checked = Checked::default();
            check(reader.as_ref(), &mut |finding| checked.note(finding), &mut |count| {
                ticket.set_done(count);
                if ticket.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) }
            })?;
            Ok(checked)
        }));
    }

    pub fn checked(&self) -> Option<&Checked> {
        self.done.value().filter(|_| !self.done.is_loading())
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        self.done.error()
    }

    pub fn progress(&self) -> Option<Progress> {
        self.done.progress()
    }

    pub fn is_loading(&self) -> bool {
        self.done.is_loading()
    }

    pub fn cancel(&mut self) {
        self.done.cancel();
    }

    pub(super) fn poll(&mut self) -> bool {
        self.done.poll()
    }
}
