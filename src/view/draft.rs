use serde::{Deserialize, Serialize};

use super::UserError;
use crate::compensate::{Authorship, FreeEvent, Plan, append_plan, natural, plan_event, rebase, undoing};
use crate::engine::{Asked, Engine, Loading, Question, Ticket, describe, keep_snapshots, load_story};
use crate::event::{EventId, RecordedEvent, StreamId, Timestamp, Version};
use crate::replay::Story;
use crate::store::{AppendError, Appended, Conflict, Expected, Store};

/// Stands for an author or a reason that is still to be typed, so that the preview can be seen before.
const TO_BE_TYPED: &str = "…";

/// A correction in the making: what it will be, what it would change, and what came between.
#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own; none excludes another")]
pub struct Draft {
    pub stream: StreamId,
    pub target: Version,
    pub actor: String,
    pub reason: String,
    pub is_free: bool,
    pub free_type: String,
    pub free_payload: String,
    /// Append was asked for before all was said: what is missing is marked.
    pub is_tried: bool,
    /// The focus is to go to the first field that is wrong.
    pub leads_to_fault: bool,
    /// A field of the event of one's own was changed.
    is_free_touched: bool,
    /// Natural or free was chosen by hand.
    is_kind_chosen: bool,
    /// Who signs unless another name is typed.
    first_actor: String,
    /// Why there is no natural compensation.
    refusal: Option<UserError>,
    id: EventId,
    now: Timestamp,
    base: Asked<ReadBase>,
    plan: Option<Result<Plan, UserError>>,
    /// After a conflict: the events that came first, each with the fields it changed and whether this plan changes
    /// one of them too.
    pub since: Vec<(RecordedEvent, Vec<String>, bool)>,
    outcome: Loading<Attempt, UserError>,
}

/// A draft that was left, for whoever comes back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDraft {
    pub stream: String,
    pub version: u64,
    actor: String,
    reason: String,
    /// The event of one's own, if it was one: its type and payload.
    free: Option<(String, String)>,
}

#[derive(Debug)]
struct Base {
    story: Story,
    target: RecordedEvent,
}

/// What came of an attempt to append.
#[derive(Debug)]
enum Attempt {
    Recorded(Appended),
    Conflict(Box<Conflict>),
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("stream", &self.stream).field("target", &self.target).finish_non_exhaustive()
    }
}

/// What a correction is signed with that only whoever draws the window knows.
#[derive(Clone, Debug)]
pub struct Signature {
    pub actor: String,
    /// Of the event that will be appended.
    pub id: EventId,
    pub now: Timestamp,
}

/// Reads the history that a correction is planned on.
#[derive(Clone, Debug)]
struct ReadBase {
    stream: StreamId,
    target: Version,
}

impl Question for ReadBase {
    type Answer = Base;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Base, UserError> {
        let Self { stream, target } = self;
        let described = describe(reader, &stream)?;
        let story = load_story(reader, &described, &mut |_| ticket.flow())?;
        let gone = || UserError::gone(&stream, target);
        let target = reader.event_at(&stream, target)?.ok_or_else(gone)?;
        Ok(Base { story, target })
    }
}

impl Draft {
    pub fn new(engine: &Engine, stream: StreamId, target: Version, signature: Signature) -> Self {
        let mut base = Asked::default();
        base.ask(engine, ReadBase { stream: stream.clone(), target });
        let Signature { actor, id, now } = signature;
        Self {
            stream,
            target,
            first_actor: actor.clone(),
            actor,
            reason: String::new(),
            is_free: false,
            free_type: String::new(),
            free_payload: String::new(),
            is_tried: false,
            leads_to_fault: false,
            is_free_touched: false,
            is_kind_chosen: false,
            refusal: None,
            id,
            now,
            base,
            plan: None,
            since: Vec::new(),
            outcome: Loading::default(),
        }
    }

    /// Goes on with a draft that was left.
    pub(super) fn resume(engine: &Engine, kept: KeptDraft, signature: Signature) -> Self {
        let KeptDraft { stream, version, actor, reason, free } = kept;
        let mut draft = Self::new(engine, StreamId::from(stream.as_str()), Version(version), signature);
        (draft.actor, draft.reason) = (actor, reason);
        draft.is_kind_chosen = true;
        if let Some((free_type, free_payload)) = free {
            (draft.is_free, draft.is_free_touched) = (true, true);
            (draft.free_type, draft.free_payload) = (free_type, free_payload);
        }
        draft
    }

    /// What there is to keep of it; `None` where nothing was typed.
    pub(super) fn to_keep(&self) -> Option<KeptDraft> {
        self.is_touched().then(|| KeptDraft {
            stream: self.stream.to_string(),
            version: self.target.0,
            actor: self.actor.clone(),
            reason: self.reason.clone(),
            free: (self.is_free && self.is_free_touched).then(|| (self.free_type.clone(), self.free_payload.clone())),
        })
    }

    /// Something was typed that would be lost.
    pub fn is_touched(&self) -> bool {
        self.is_free_touched || !self.reason.trim().is_empty() || self.actor != self.first_actor
    }

    /// What is missing or wrong may be said: the event was changed by hand, or Append was asked for.
    pub fn shows_faults(&self) -> bool {
        self.is_tried || (self.is_free && self.is_free_touched)
    }

    /// Why there is no natural compensation; `None` where there is one.
    pub fn refusal(&self) -> Option<&UserError> {
        self.refusal.as_ref()
    }

    pub fn choose_kind(&mut self, is_free: bool) {
        self.is_free = is_free;
        self.is_kind_chosen = true;
        self.has_changed();
    }

    /// Something that the plan depends on was typed.
    pub fn has_changed(&mut self) {
        self.plan = None;
    }

    /// The same in the event of one's own.
    pub fn has_changed_freely(&mut self) {
        self.is_free_touched = true;
        self.has_changed();
    }

    /// The history has come: what there is to begin with is made of it.
    fn begin(&mut self) {
        let authorship = self.authorship();
        let Some(Base { story, target }) = self.base.value() else { return };
        self.refusal = natural(story, target, &authorship).err().map(UserError::from);
        if !self.is_free_touched {
            let FreeEvent { event_type, payload, compensates: _ } = undoing(story, target);
            (self.free_type, self.free_payload) = (event_type, payload);
        }
        if !self.is_kind_chosen || self.refusal.is_some() {
            self.is_free = self.refusal.is_some();
        }
        self.plan = None;
    }

    fn authorship(&self) -> Authorship {
        let or_later =
            |text: &str| if text.trim().is_empty() { TO_BE_TYPED.to_owned() } else { text.trim().to_owned() };
        Authorship { actor: or_later(&self.actor), reason: or_later(&self.reason), id: self.id.clone(), now: self.now }
    }

    /// What would be appended, and what that changes; or why not. `None` while the history is on its way. Made once
    /// for what is typed.
    pub fn plan(&mut self) -> Option<&Result<Plan, UserError>> {
        self.make_plan();
        self.plan.as_ref()
    }

    /// The same as it was made last.
    pub fn made_plan(&self) -> Option<&Result<Plan, UserError>> {
        self.plan.as_ref()
    }

    pub fn make_plan(&mut self) {
        if self.plan.is_some() {
            return;
        }
        let authorship = self.authorship();
        let Some(Base { story, target }) = self.base.value() else { return };
        let last = story.timeline().heads().last().map(|head| head.version);
        self.plan = Some(if self.is_free {
            let free = FreeEvent {
                event_type: self.free_type.trim().to_owned(),
                payload: self.free_payload.clone(),
                compensates: Some(target.id.clone()),
            };
            let expected = last.map_or(Expected::NoStream, Expected::Exact);
            plan_event(story, &self.stream, expected, free, &authorship).map_err(UserError::from)
        } else {
            natural(story, target, &authorship).map_err(UserError::from)
        });
    }

    /// Author, reason and a plan: all that appending needs.
    pub fn is_ready(&mut self) -> bool {
        let is_signed = !self.actor.trim().is_empty() && !self.reason.trim().is_empty();
        is_signed && !self.outcome.is_loading() && matches!(self.plan(), Some(Ok(_)))
    }

    pub fn is_busy(&self) -> bool {
        self.base.is_loading() || self.outcome.is_loading()
    }

    pub fn error(&self) -> Option<&UserError> {
        self.base.error().or(self.outcome.error())
    }

    /// Appends what is planned, in the background.
    pub fn append(&mut self, engine: &Engine, now: Timestamp) {
        self.now = now;
        self.has_changed();
        let Some(Ok(plan)) = self.plan() else { return };
        let plan = plan.clone();
        self.outcome.request(engine.write("appending", move |store| -> Result<Attempt, UserError> {
            match append_plan(&plan, store) {
                Ok(appended) => {
                    keep_snapshots(store, &plan.stream);
                    Ok(Attempt::Recorded(appended))
                }
                Err(AppendError::Conflict(conflict)) => Ok(Attempt::Conflict(conflict)),
                Err(error) => Err(error.into()),
            }
        }));
    }

    /// Takes what has come. Answers with the version that was recorded, once.
    pub(super) fn poll(&mut self, engine: &Engine) -> Option<Version> {
        if self.base.poll(engine) {
            self.begin();
        }
        if !self.outcome.poll() || self.outcome.error().is_some() {
            return None;
        }
        match self.outcome.take()? {
            Attempt::Recorded(appended) => Some(appended.last),
            Attempt::Conflict(conflict) => {
                self.rebase(&conflict);
                None
            }
        }
    }

    /// Somebody was quicker: their events are folded in, and the plan is made anew on top of them.
    fn rebase(&mut self, conflict: &Conflict) {
        let authorship = self.authorship();
        let Some(Ok(plan)) = self.plan.take() else { return };
        let Some(base) = self.base.value_mut() else { return };
        match rebase(&mut base.story, &plan, conflict, &authorship) {
            Ok(rebased) => {
                self.since = rebased.since;
                self.plan = Some(Ok(rebased.plan));
            }
            Err(error) => {
                self.since = conflict.since.iter().map(|event| (event.clone(), Vec::new(), true)).collect();
                self.plan = Some(Err(error.into()));
            }
        }
    }
}
