use super::{OpenStore, UserError};
use crate::compensate::{Authorship, append_proposal};
use crate::engine::{Asked, Engine, Loading, Proposed, Question, Ticket, describe, keep_snapshots, propose_branch};
use crate::event::{EventId, StreamId, Timestamp, Version};
use crate::replay::Branch;
use crate::store::{AppendError, Flow, Store};

/// Stands for an author or a reason that is still to be typed, so that the preview can be seen before.
const TO_BE_TYPED: &str = "…";

/// Of a longer stream what would make a branch so is found out only when that is asked for.
const LONG: usize = 20_000;

/// What would make the open branch so, and the append that does.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own; none excludes another")]
pub struct MakingSo {
    pub actor: String,
    pub reason: String,
    /// Append was asked for before all was said: what is missing is marked.
    pub is_tried: bool,
    /// The focus is to go to the first field that is wrong.
    pub leads_to_fault: bool,
    /// An append came to nothing: the focus is to go back to where it was asked for.
    pub leads_to_append: bool,
    /// The stream grew between the preview and the append: nothing was written, and the preview was made anew.
    pub has_changed: bool,
    asked: Asked<ProposeBranch>,
    outcome: Loading<Attempt, UserError>,
}

impl std::fmt::Debug for MakingSo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MakingSo").field("actor", &self.actor).finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Attempt {
    Recorded(Version),
    /// What would be appended now is not what was seen.
    Changed,
}

impl MakingSo {
    /// What was proposed last for the branch as it is.
    pub fn proposed(&self) -> Option<&Proposed> {
        self.asked.value()
    }

    pub fn is_busy(&self) -> bool {
        self.asked.is_loading() || self.outcome.is_loading()
    }

    pub fn error(&self) -> Option<&UserError> {
        self.outcome.error().or(self.asked.error())
    }

    pub(super) fn is_loading(&self) -> bool {
        self.is_busy()
    }

    fn ask(&mut self, engine: &Engine, stream: StreamId, branch: Branch) {
        let is_asked = self.asked.question().is_some_and(|asked| asked.branch == branch);
        if !is_asked {
            self.asked.ask(engine, ProposeBranch { stream, branch });
        }
    }

    fn forget(&mut self) {
        let (actor, reason) = (std::mem::take(&mut self.actor), std::mem::take(&mut self.reason));
        *self = Self { actor, reason, ..Self::default() };
    }
}

impl OpenStore {
    /// Finds out what would make the branch so, as it now stands.
    pub fn propose(&mut self) {
        let Some(open) = self.branching.open() else { return };
        let (stream, branch) = (open.stream.clone(), open.branch.clone());
        self.making_so.ask(&self.engine, stream, branch);
    }

    /// The branch was folded anew: of a stream that is not long, what would make it so is said without being asked for.
    pub(super) fn propose_soon(&mut self) {
        let is_short = self
            .branching
            .open()
            .and_then(|open| open.folded())
            .is_some_and(|folded| folded.history().heads().len() <= LONG);
        if is_short {
            self.propose();
        }
    }

    /// A branch was left: what was proposed for it means nothing any more.
    pub(super) fn forget_proposal(&mut self) {
        self.making_so.forget();
    }

    /// Everything is said that an append needs; what is not, is marked from now on.
    pub fn try_proposal(&mut self) -> bool {
        let making = &mut self.making_so;
        making.is_tried = true;
        let is_signed = !making.actor.trim().is_empty() && !making.reason.trim().is_empty();
        making.leads_to_fault = !is_signed;
        is_signed && !making.is_busy() && making.proposed().is_some_and(|seen| !seen.proposal.events.is_empty())
    }

    /// Appends all that was proposed, at once, if writing is on and the stream is still as it was seen.
    pub fn append_proposal(&mut self, id: EventId, now: Timestamp) {
        let Some(open) = self.branching.open().filter(|_| self.is_writing_on) else { return };
        let Some(seen) = self.making_so.proposed() else { return };
        let types = |proposed: &Proposed| -> Vec<String> {
            proposed.proposal.events.iter().map(|event| event.event_type.to_string()).collect()
        };
        let (expected, types_seen) = (seen.proposal.expected, types(seen));
        let (stream, branch) = (open.stream.clone(), open.branch.clone());
        let actor = self.making_so.actor.trim().to_owned();
        let authorship = Authorship { actor, reason: self.making_so.reason.trim().to_owned(), id, now };
        self.making_so.has_changed = false;
        self.making_so.outcome.request(self.engine.write("appending", move |store| -> Result<Attempt, UserError> {
            let described = describe(&*store, &stream)?;
            let go_on = &mut |_| Flow::Continue(());
            let proposed: Proposed = propose_branch::<UserError>(&*store, &described, &branch, &authorship, go_on)?;
            if proposed.proposal.expected != expected || types(&proposed) != types_seen {
                return Ok(Attempt::Changed);
            }
            match append_proposal(&proposed.proposal, store) {
                Ok(appended) => {
                    keep_snapshots(store, &stream);
                    Ok(Attempt::Recorded(appended.last))
                }
                Err(AppendError::Conflict(_)) => Ok(Attempt::Changed),
                Err(error) => Err(error.into()),
            }
        }));
    }

    /// Takes what has come. Answers with the version that was recorded, once, and whether there is something new.
    pub(super) fn poll_proposal(&mut self) -> (Option<Version>, bool) {
        let mut is_new = self.making_so.asked.poll(&self.engine);
        if !self.making_so.outcome.poll() {
            return (None, is_new);
        }
        is_new = true;
        match self.making_so.outcome.take() {
            Some(Attempt::Recorded(version)) => (Some(version), is_new),
            Some(Attempt::Changed) => {
                self.making_so.has_changed = true;
                self.making_so.leads_to_append = true;
                self.making_so.asked = Asked::default();
                self.propose();
                (None, is_new)
            }
            None => {
                self.making_so.leads_to_append = true;
                (None, is_new)
            }
        }
    }
}

/// Finds the events that would make a branch so.
#[derive(Clone, Debug)]
pub(super) struct ProposeBranch {
    stream: StreamId,
    branch: Branch,
}

impl Question for ProposeBranch {
    type Answer = Proposed;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Proposed, UserError> {
        let described = describe(reader, &self.stream)?;
        let (actor, reason) = (TO_BE_TYPED.to_owned(), TO_BE_TYPED.to_owned());
        // Only a preview: what is appended has an id and a time of its own.
        let now = described.row.last_at.unwrap_or(Timestamp::from_micros(0));
        let authorship = Authorship { actor, reason, id: EventId::new(TO_BE_TYPED), now };
        propose_branch::<UserError>(reader, &described, &self.branch, &authorship, &mut |count| ticket.reached(count))
    }
}
