//! Corrections of an open store: one in the making, those that were left, and whether anything may be appended.

use super::{Draft, KeptDraft, OpenStore, Signature};
use crate::event::{StreamId, Timestamp, Version};

/// Whether events can be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    On,
    /// Until it is switched on.
    Off,
    /// Foldline appends nothing here.
    Never,
}

/// More drafts than these nobody comes back to.
const DRAFTS_KEPT: usize = 20;

impl OpenStore {
    /// Begins a correction of the event at the cursor, or goes on with one that was left.
    pub fn begin_draft(&mut self, signature: Signature) {
        // What a branch shows was never recorded, and is not to be corrected.
        if self.branching.is_open() {
            return;
        }
        let Some((view, version)) = self.view.as_ref().and_then(|view| Some((view, view.version()?))) else { return };
        let stream = view.stream.clone();
        self.leave_draft();
        let is_it = |kept: &KeptDraft| kept.stream == stream.as_str() && kept.version == version.0;
        let kept = self.kept_drafts.iter().position(is_it).map(|place| self.kept_drafts.remove(place));
        self.draft = Some(match kept {
            Some(kept) => Draft::resume(&self.engine, kept, signature),
            None => Draft::new(&self.engine, stream, version, signature),
        });
    }

    /// Goes on with a draft that was left, at its event.
    pub fn resume_draft(&mut self, stream: StreamId, version: Version, signature: Signature) {
        self.leave_branch();
        self.leave_draft();
        let is_it = |kept: &KeptDraft| kept.stream == stream.as_str() && kept.version == version.0;
        let Some(place) = self.kept_drafts.iter().position(is_it) else { return };
        let kept = self.kept_drafts.remove(place);
        self.draft = Some(Draft::resume(&self.engine, kept, signature));
        self.go_to(stream, version);
    }

    /// Puts the draft away; what was typed is kept with its event.
    pub fn leave_draft(&mut self) {
        if let Some(kept) = self.draft.take().and_then(|draft| draft.to_keep()) {
            self.keep_draft(kept);
        }
    }

    /// The same for good.
    pub fn discard_draft(&mut self) {
        self.draft = None;
    }

    pub fn keep_draft(&mut self, kept: KeptDraft) {
        self.kept_drafts.retain(|known| (&known.stream, known.version) != (&kept.stream, kept.version));
        self.kept_drafts.insert(0, kept);
        self.kept_drafts.truncate(DRAFTS_KEPT);
    }

    pub fn kept_drafts(&self) -> &[KeptDraft] {
        &self.kept_drafts
    }

    /// The drafts that would be lost with the window, with the one that is open.
    pub fn drafts_to_keep(&self) -> Vec<KeptDraft> {
        let open = self.draft.as_ref().and_then(Draft::to_keep);
        open.into_iter().chain(self.kept_drafts.iter().cloned()).take(DRAFTS_KEPT).collect()
    }

    pub fn writing(&self) -> Writing {
        let is_impossible = self.info.value().is_some_and(|overview| overview.read_only.is_some());
        match (is_impossible, self.is_writing_on) {
            (true, _) => Writing::Never,
            (false, true) => Writing::On,
            (false, false) => Writing::Off,
        }
    }

    /// Allows or forbids appending, where it is possible at all.
    pub fn toggle_writing(&mut self) {
        self.is_writing_on = self.writing() == Writing::Off;
    }

    /// Everything is said that an append needs; what is not, is marked from now on.
    pub fn try_draft(&mut self) -> bool {
        self.draft.as_mut().is_some_and(|draft| {
            draft.is_tried = true;
            let is_ready = draft.is_ready();
            draft.leads_to_fault = !is_ready;
            is_ready
        })
    }

    /// Appends the draft, if writing is on.
    pub fn append_draft(&mut self, now: Timestamp) {
        if let (true, Some(draft)) = (self.is_writing_on, &mut self.draft) {
            draft.append(&self.engine, now);
        }
    }
}
