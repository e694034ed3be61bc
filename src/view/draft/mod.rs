//! A correction in the making.

mod arriving;
mod kept;

pub use kept::KeptDraft;

use super::draft_ground::{Arrivals, Ground, ReadArrivals, ReadElsewhere, ReadGround, ReadStanding};
use super::{MOST_TYPED, UserError};
use crate::compensate::{Authorship, FreeEvent, Plan, PlanError, Since, append_plan, natural, plan_event, undoing};
use crate::engine::{Asked, Engine, LedElsewhere, Loading, Tool, keep_snapshots};
use crate::event::{EventId, StreamId, Timestamp, Version, json_value};
use crate::projection::Problem;
use crate::replay::Change;
use crate::store::{AppendError, Appended, Conflict, Expected};

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
    ground: Asked<ReadGround>,
    /// The event that is corrected, once it was seen: another one at its place is not corrected in its stead.
    target_seen: Option<(EventId, String)>,
    plan: Option<Result<Plan, UserError>>,
    /// The events that others recorded since this was begun.
    pub since: Vec<Since>,
    /// What was planned before they came.
    before: Option<Plan>,
    arrivals: Asked<ReadArrivals>,
    /// The stream under its other projections.
    standing: Asked<ReadStanding>,
    effects: Option<Vec<Effect>>,
    /// What the event led to in other streams.
    elsewhere: Asked<ReadElsewhere>,
    /// The payload is to be edited now.
    pub leads_to_payload: bool,
    /// An append came to nothing: the focus is to go to what can be done about it.
    pub leads_to_buttons: bool,
    /// Others came first while this was being written. The focus goes there, too, unless it is in a field.
    pub has_news: bool,
    outcome: Loading<Attempt, UserError>,
}

/// What the planned event changes under one of the stream's other projections.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    pub projection: String,
    pub changes: Vec<Change>,
    pub problems: Vec<Problem>,
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

impl Draft {
    pub fn new(engine: &Engine, stream: StreamId, target: Version, signature: Signature) -> Self {
        Self::begin_at(engine, ReadGround { stream, target, of: None, seen: None }, signature)
    }

    fn begin_at(engine: &Engine, question: ReadGround, signature: Signature) -> Self {
        let ReadGround { stream, target, of, .. } = question.clone();
        let mut ground = Asked::default();
        ground.ask(engine, question);
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
            ground,
            target_seen: of,
            plan: None,
            since: Vec::new(),
            before: None,
            arrivals: Asked::default(),
            standing: Asked::default(),
            effects: None,
            elsewhere: Asked::default(),
            leads_to_payload: false,
            leads_to_buttons: false,
            has_news: false,
            outcome: Loading::default(),
        }
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
        (self.plan, self.effects) = (None, None);
    }

    /// Who or why was typed. A payload of many bytes is not planned anew at each letter of it: what is appended is.
    pub fn has_signed(&mut self) {
        if !(self.is_free && self.is_payload_long() && matches!(self.plan, Some(Ok(_)))) {
            self.has_changed();
        }
    }

    /// It is too long to be typed.
    pub fn is_payload_long(&self) -> bool {
        self.free_payload.len() > MOST_TYPED
    }

    /// The same in the event of one's own. It is no longer what was planned before others came first.
    pub fn has_changed_freely(&mut self) {
        self.is_free_touched = true;
        self.before = None;
        self.has_changed();
    }

    /// Goes on with what was planned as an event of one's own.
    pub fn edit_by_hand(&mut self) {
        let planned = self.plan.as_ref().and_then(|plan| plan.as_ref().ok()).or(self.before.as_ref());
        if let (false, Some(plan)) = (self.is_free, planned) {
            let payload = json_value(plan.event.payload.as_bytes()).ok();
            let pretty = payload.and_then(|payload| serde_json::to_string_pretty(&payload).ok());
            (self.free_type, self.free_payload) =
                (plan.event.event_type.to_string(), pretty.unwrap_or_else(|| plan.event.payload.clone()));
            self.is_free_touched = true;
            self.choose_kind(true);
        }
        self.leads_to_payload = true;
    }

    /// What was planned before others came first.
    pub fn planned_before(&self) -> Option<&Plan> {
        self.before.as_ref()
    }

    /// What was typed, for whoever wants to take it elsewhere.
    pub fn typed(&self) -> String {
        let free = if self.is_free { [self.free_type.as_str(), &self.free_payload] } else { ["", ""] };
        let parts = [self.actor.as_str(), &self.reason].into_iter().chain(free);
        parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// What the plan stands on; `None` while it is on its way, and where it is gone.
    fn ground(&self) -> Option<&Ground> {
        self.ground.value().filter(|_| self.ground.error().is_none())
    }

    /// Why nothing can be appended to the stream, whatever is typed.
    pub fn closed(&self) -> Option<UserError> {
        let closed = self.ground()?.closed?;
        Some(PlanError::of_closed(closed, &self.stream).into())
    }

    /// The history has come: what there is to begin with is made of it.
    fn begin(&mut self, engine: &Engine) {
        let authorship = self.authorship();
        (self.plan, self.before, self.effects) = (None, None, None);
        self.since.clear();
        // The fields, and the focus with them, go where nothing can be appended.
        self.leads_to_buttons |= self.closed().is_some();
        let Some(Ground { story, target, described, .. }) = self.ground() else { return };
        let refusal = natural(story, target, &authorship).err().map(UserError::from);
        let undone = (!self.is_free_touched).then(|| undoing(story, target));
        let seen = (target.id.clone(), target.event_type.to_string());
        let last = story.timeline().highest_version();
        let standing = last.map(|last| ReadStanding { described: described.clone(), last });
        let elsewhere = ReadElsewhere { event: target.clone() };
        (self.refusal, self.target_seen) = (refusal, Some(seen));
        if let Some(FreeEvent { event_type, payload, compensates: _ }) = undone {
            (self.free_type, self.free_payload) = (event_type, payload);
        }
        if !self.is_kind_chosen || self.refusal.is_some() {
            self.is_free = self.refusal.is_some();
        }
        if let Some(standing) = standing {
            self.standing.ask(engine, standing);
        }
        self.elsewhere.ask(engine, elsewhere);
        let since = self.ground.value_mut().map(|ground| std::mem::take(&mut ground.since)).unwrap_or_default();
        if !since.is_empty() {
            self.make_plan();
            self.take_since(since);
        }
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
        if self.plan.is_none() {
            self.plan = self.new_plan();
        }
        if self.effects.is_none() {
            self.make_effects();
        }
    }

    fn new_plan(&self) -> Option<Result<Plan, UserError>> {
        let authorship = self.authorship();
        if let Some(closed) = self.closed() {
            return Some(Err(closed));
        }
        let Ground { story, target, .. } = self.ground()?;
        let last = story.timeline().highest_version();
        let plan = if self.is_free {
            let free = FreeEvent {
                event_type: self.free_type.trim().to_owned(),
                payload: self.free_payload.clone(),
                compensates: Some(target.id.clone()),
            };
            let expected = last.map_or(Expected::NoStream, Expected::Exact);
            plan_event(story, &self.stream, expected, free, &authorship)
        } else {
            natural(story, target, &authorship)
        };
        Some(plan.map_err(UserError::from))
    }

    /// Author, reason and a plan: all that appending needs.
    pub fn is_ready(&mut self) -> bool {
        let is_signed = !self.actor.trim().is_empty() && !self.reason.trim().is_empty();
        is_signed && !self.outcome.is_loading() && matches!(self.plan(), Some(Ok(_)))
    }

    /// What the plan changes under the stream's other projections. Made once for a plan.
    pub fn effects(&self) -> &[Effect] {
        self.effects.as_deref().unwrap_or_default()
    }

    /// What the event that is corrected led to in other streams; `None` while that is looked for.
    pub fn elsewhere(&self) -> Option<&LedElsewhere> {
        self.elsewhere.value()
    }

    fn make_effects(&mut self) {
        let (Some(Ok(plan)), Some(standing), Some(ground)) = (&self.plan, self.standing.value(), self.ground()) else {
            return;
        };
        let own = ground.story.timeline().projection_name();
        let mut effects = Vec::new();
        for (projection, fold) in standing.iter().filter(|(projection, _)| projection.name() != own) {
            let preview = plan.effect_on(fold.as_ref());
            if !preview.changes.is_empty() || !preview.problems.is_empty() {
                let projection = projection.name().to_owned();
                effects.push(Effect { projection, changes: preview.changes, problems: preview.problems });
            }
        }
        self.effects = Some(effects);
    }

    pub fn is_busy(&self) -> bool {
        self.ground.is_loading() || self.outcome.is_loading()
    }

    pub fn is_appending(&self) -> bool {
        self.outcome.is_loading()
    }

    pub(super) fn tools(&self) -> [&dyn Tool<Error = UserError>; 4] {
        [&self.ground, &self.arrivals, &self.standing, &self.elsewhere]
    }

    /// There is something to plan on.
    pub fn has_ground(&self) -> bool {
        self.ground().is_some()
    }

    /// What could not be read may be there by now.
    pub fn can_retry(&self) -> bool {
        let is_for_good = |error: &UserError| ["error-gone", "draft-other-event"].contains(&error.message.id);
        !self.ground.is_on_its_way() && self.ground.error().is_some_and(|error| !is_for_good(error))
    }

    /// Asks again for what could not be read.
    pub(in crate::view) fn try_failed_again(&mut self, engine: &Engine) {
        self.ground.again_if_failed(engine);
        self.arrivals.again_if_failed(engine);
        self.standing.again_if_failed(engine);
        self.elsewhere.again_if_failed(engine);
    }

    pub fn error(&self) -> Option<&UserError> {
        self.ground.error().or(self.outcome.error()).or(self.arrivals.error())
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
        if self.ground.poll(engine) {
            self.begin(engine);
        }
        if self.arrivals.poll(engine) && self.arrivals.error().is_none() {
            match self.arrivals.take() {
                Some(Arrivals::These(events)) => {
                    let before = self.since.len();
                    self.take_since(events);
                    self.has_news |= self.since.len() > before;
                }
                Some(Arrivals::Replaced) => self.read_anew(engine),
                None => {}
            }
        }
        self.elsewhere.poll(engine);
        if self.standing.poll(engine) {
            self.catch_up();
            self.effects = None;
        }
        if !self.outcome.poll() {
            return None;
        }
        if self.outcome.error().is_some() {
            self.leads_to_buttons = true;
            return None;
        }
        match self.outcome.take()? {
            Attempt::Recorded(appended) => Some(appended.last),
            Attempt::Conflict(conflict) => {
                let Conflict { since, .. } = *conflict;
                self.leads_to_buttons = true;
                self.take_since(since);
                None
            }
        }
    }
}
