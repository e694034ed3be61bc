use super::{OpenStore, UserError};
use crate::compensate::{Authorship, Proposal, Since, append_proposal};
use crate::engine::{
    Asked, Cause, Engine, LedElsewhere, Loading, Proposed, Question, Ticket, came_since, describe, keep_snapshots,
    led_by_withdrawn, propose_branch,
};
use crate::event::{EventId, StreamId, Timestamp, Version};
use crate::replay::{Branch, EventRef};
use crate::store::{AppendError, Expected, Flow, Store};

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
    /// What was proposed is not what can be appended now: nothing was written, and the preview was made anew.
    pub has_changed: bool,
    /// Somebody looks at the preview: what others record is told, and not only taken in.
    is_watched: bool,
    /// What was proposed before others came first.
    before: Option<Proposal>,
    asked: Asked<ProposeBranch>,
    /// What the withdrawn events led to in other streams, for whoever looks at the preview.
    elsewhere: Asked<ReadWithdrawn>,
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
        self.asked.value().map(|(proposed, _)| proposed)
    }

    /// What the events that the branch leaves out or changes led to in other streams; `None` while that is looked for.
    pub fn elsewhere(&self) -> Option<&LedElsewhere> {
        self.elsewhere.value()
    }

    /// The events that others recorded since it was looked at, and what was proposed before they came.
    pub fn since(&self) -> Option<(&[Since], &Proposal)> {
        let (_, since) = self.asked.value().filter(|(_, since)| !since.is_empty())?;
        Some((since, self.before.as_ref()?))
    }

    /// Somebody looks at it from now on. What came before that is nobody's surprise.
    fn watch(&mut self) {
        (self.is_watched, self.has_changed) = (true, false);
        if self.before.take().is_some() {
            self.asked = Asked::default();
        }
    }

    pub fn is_busy(&self) -> bool {
        self.asked.is_loading() || self.outcome.is_loading()
    }

    pub fn error(&self) -> Option<&UserError> {
        self.outcome.error().or(self.asked.error()).or(self.elsewhere.error())
    }

    pub(super) fn is_loading(&self) -> bool {
        self.is_busy() || self.elsewhere.is_loading()
    }

    /// Looks for what the withdrawn events led to, unless that was done as far as the stream goes.
    fn ask_elsewhere(&mut self, engine: &Engine, question: ReadWithdrawn) {
        let asked = self.elsewhere.question();
        if asked == Some(&question) {
            return;
        }
        if asked.is_none_or(|asked| (&asked.stream, &asked.events) != (&question.stream, &question.events)) {
            self.elsewhere = Asked::default();
        }
        self.elsewhere.ask(engine, question);
    }

    fn ask(&mut self, engine: &Engine, stream: StreamId, branch: Branch, last: Option<Version>) {
        let asked = self.asked.question().filter(|asked| asked.stream == stream && asked.branch == branch);
        let (is_of_branch, is_asked) = (asked.is_some(), asked.is_some_and(|asked| asked.last == last));
        // One's own events come back through the feed, too, where the answer to their append is still on its way.
        if is_asked || self.outcome.is_loading() {
            return;
        }
        if is_of_branch && self.is_watched {
            self.keep_before();
        } else {
            self.before = None;
        }
        let cause = if is_of_branch { Cause::Store } else { Cause::User };
        let seen = self.before.as_ref().map(Seen::of);
        self.asked.ask_because(engine, ProposeBranch { stream, branch, last, seen }, cause);
    }

    /// Others came first: what was proposed until then is shown beside what is proposed now.
    fn keep_before(&mut self) {
        if self.before.is_none() {
            self.before = self.proposed().map(|proposed| proposed.proposal.clone());
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
        let last = open.folded().and_then(|folded| folded.history().highest_version());
        if self.making_so.is_watched {
            let question = ReadWithdrawn { stream: stream.clone(), events: branch.withdrawn(), last };
            self.making_so.ask_elsewhere(&self.engine, question);
        }
        self.making_so.ask(&self.engine, stream, branch, last);
    }

    /// The same for somebody who is to decide about it.
    pub fn look_at_proposal(&mut self) {
        self.making_so.watch();
        self.propose();
    }

    /// The branch was folded anew: of a stream that is not long, what would make it so is said without being asked for.
    pub(super) fn propose_soon(&mut self) {
        let is_short = self
            .branching
            .open()
            .and_then(|open| open.folded())
            .is_some_and(|folded| folded.history().heads().len() <= LONG);
        if is_short || self.making_so.is_watched {
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
        let mut is_new = self.making_so.asked.poll(&self.engine) | self.making_so.elsewhere.poll(&self.engine);
        if !self.making_so.outcome.poll() {
            return (None, is_new);
        }
        is_new = true;
        match self.making_so.outcome.take() {
            Some(Attempt::Recorded(version)) => (Some(version), is_new),
            Some(Attempt::Changed) => {
                self.making_so.has_changed = true;
                self.making_so.leads_to_append = true;
                self.making_so.keep_before();
                self.making_so.asked = Asked::default();
                let Some(open) = self.branching.open() else { return (None, is_new) };
                let (stream, branch) = (open.stream.clone(), open.branch.clone());
                let seen = self.making_so.before.as_ref().map(Seen::of);
                self.making_so.asked.ask(&self.engine, ProposeBranch { stream, branch, last: None, seen });
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
    /// The last version that the window knew of.
    last: Option<Version>,
    seen: Option<Seen>,
}

/// What the events that a branch withdraws led to in other streams.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReadWithdrawn {
    stream: StreamId,
    events: Vec<EventRef>,
    /// The last version that the window knew of: there may be more effects by another.
    last: Option<Version>,
}

impl Question for ReadWithdrawn {
    type Answer = LedElsewhere;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<LedElsewhere, UserError> {
        Ok(led_by_withdrawn(reader, &self.stream, &self.events, &mut |_| ticket.flow())?)
    }
}

/// What somebody saw before others came first: how far the stream went, and what was to be changed.
#[derive(Clone, Debug)]
struct Seen {
    last: Option<Version>,
    fields: Vec<String>,
}

impl Seen {
    fn of(proposal: &Proposal) -> Self {
        let last = match proposal.expected {
            Expected::Exact(version) => Some(version),
            Expected::NoStream | Expected::Any => None,
        };
        Self { last, fields: proposal.changes.iter().map(|change| change.field.clone()).collect() }
    }
}

impl Question for ProposeBranch {
    type Answer = (Proposed, Vec<Since>);
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let described = describe(reader, &self.stream)?;
        let (actor, reason) = (TO_BE_TYPED.to_owned(), TO_BE_TYPED.to_owned());
        // Only a preview: what is appended has an id and a time of its own.
        let now = described.row.last_at.unwrap_or(Timestamp::from_micros(0));
        let authorship = Authorship { actor, reason, id: EventId::new(TO_BE_TYPED), now };
        let mut reached = |count| ticket.reached(count);
        let proposed = propose_branch::<UserError>(reader, &described, &self.branch, &authorship, &mut reached)?;
        let since = match &self.seen {
            Some(Seen { last, fields }) => {
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                came_since(reader, &described, *last, &fields, &mut reached)?
            }
            None => Vec::new(),
        };
        Ok((proposed, since))
    }
}
