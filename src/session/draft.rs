use super::open_store::Opener;
use super::trouble::Trouble;
use super::{describe, keep_snapshots, load_story};
use crate::compensate::{Authorship, FreeEvent, Plan, append_plan, natural, plan_event, rebase};
use crate::event::{EventId, RecordedEvent, StreamId, Timestamp, Version};
use crate::jobs::{Job, Loading, Wake};
use crate::replay::Story;
use crate::store::{self, AppendError, Appended, Conflict, Expected, Flow, Source};

/// Stands for an author or a reason that is still to be typed, so that the preview can be seen before.
const TO_BE_TYPED: &str = "…";

/// A correction in the making: what it will be, what it would change, and what came between.
pub struct Draft {
    pub stream: StreamId,
    pub target: Version,
    pub actor: String,
    pub reason: String,
    pub is_free: bool,
    pub free_type: String,
    pub free_payload: String,
    id: EventId,
    base: Loading<Base, Trouble>,
    plan: Option<Result<Plan, Trouble>>,
    /// After a conflict: the events that came first, each with the fields it changed and whether this plan changes
    /// one of them too.
    pub since: Vec<(RecordedEvent, Vec<String>, bool)>,
    outcome: Loading<Attempt, Trouble>,
    wake: Wake,
}

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

impl Draft {
    pub fn new(stream: StreamId, target: Version, actor: String, opener: Opener, wake: Wake) -> Self {
        let job_stream = stream.clone();
        let mut base = Loading::default();
        base.request(Job::start("reading events", &wake, move |ticket| -> Result<Base, Trouble> {
            let reader = opener()?;
            let described = describe(reader.as_ref(), &job_stream)?;
            let story = load_story(reader.as_ref(), &described, &mut |_| {
                if ticket.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) }
            })?;
            let gone = || Trouble::new(format!("version {target} of {job_stream} is not there any more"));
            let target = reader.event_at(&job_stream, target)?.ok_or_else(gone)?;
            Ok(Base { story, target })
        }));
        Self {
            stream,
            target,
            actor,
            reason: String::new(),
            is_free: false,
            free_type: String::new(),
            free_payload: "{}".to_owned(),
            id: EventId::Uuid(uuid::Uuid::now_v7().into_bytes()),
            base,
            plan: None,
            since: Vec::new(),
            outcome: Loading::default(),
            wake,
        }
    }

    /// Something that the plan depends on was typed.
    pub fn has_changed(&mut self) {
        self.plan = None;
    }

    fn authorship(&self) -> Authorship {
        let or_later =
            |text: &str| if text.trim().is_empty() { TO_BE_TYPED.to_owned() } else { text.trim().to_owned() };
        Authorship {
            actor: or_later(&self.actor),
            reason: or_later(&self.reason),
            id: self.id.clone(),
            now: Timestamp::from_micros(chrono::Utc::now().timestamp_micros()),
        }
    }

    /// What would be appended, and what that changes; or why not. `None` while the history is on its way.
    pub fn plan(&mut self) -> Option<&Result<Plan, Trouble>> {
        if self.plan.is_none() {
            let authorship = self.authorship();
            let Base { story, target } = self.base.value()?;
            let last = story.timeline().heads().last().map(|head| head.version);
            self.plan = Some(if self.is_free {
                let free = FreeEvent {
                    event_type: self.free_type.trim().to_owned(),
                    payload: self.free_payload.clone(),
                    compensates: Some(target.id.clone()),
                };
                let expected = last.map_or(Expected::NoStream, Expected::Exact);
                plan_event(story, &self.stream, expected, free, &authorship).map_err(Trouble::from)
            } else {
                natural(story, target, &authorship).map_err(Trouble::from)
            });
        }
        self.plan.as_ref()
    }

    /// Author, reason and a plan: all that appending needs.
    pub fn is_ready(&mut self) -> bool {
        let is_signed = !self.actor.trim().is_empty() && !self.reason.trim().is_empty();
        is_signed && !self.outcome.is_loading() && matches!(self.plan(), Some(Ok(_)))
    }

    pub fn is_busy(&self) -> bool {
        self.base.is_loading() || self.outcome.is_loading()
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        self.base.error().or(self.outcome.error())
    }

    /// Appends what is planned, in the background.
    pub fn append(&mut self, source: Source) {
        self.has_changed();
        let Some(Ok(plan)) = self.plan() else { return };
        let plan = plan.clone();
        self.outcome.request(Job::start("appending", &self.wake, move |_| -> Result<Attempt, Trouble> {
            let mut store = store::open_for_writing(&source)?;
            match append_plan(&plan, store.as_mut()) {
                Ok(appended) => {
                    keep_snapshots(store.as_mut(), &plan.stream);
                    Ok(Attempt::Recorded(appended))
                }
                Err(AppendError::Conflict(conflict)) => Ok(Attempt::Conflict(conflict)),
                Err(error) => Err(error.into()),
            }
        }));
    }

    /// Takes what has come. Answers with the version that was recorded, once.
    pub fn poll(&mut self) -> Option<Version> {
        if self.base.poll() {
            self.plan = None;
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
