//! What others record while a correction is being written.

use super::Draft;
use crate::compensate::{Since, natural, rebase, take_in};
use crate::engine::{Cause, Engine, StoreChange};
use crate::event::{EventId, RecordedEvent, Version};
use crate::store::Conflict;
use crate::view::UserError;
use crate::view::draft_ground::{Ground, ReadArrivals, ReadGround};

impl Draft {
    /// Takes in what others did to the store: what they recorded in this stream is read, and nothing else of it.
    pub(in crate::view) fn follow(&mut self, engine: &Engine, change: &StoreChange) {
        if !change.touches(&self.stream) || self.is_appending() {
            return;
        }
        let last = self.ground().and_then(|ground| ground.story.timeline().heads().last());
        match last {
            Some(last) if *change != StoreChange::Replaced => {
                let after = Some((last.version, last.id.clone()));
                self.arrivals.ask_because(engine, ReadArrivals { stream: self.stream.clone(), after }, Cause::Store);
            }
            _ => self.read_anew(engine),
        }
    }

    pub(super) fn read_anew(&mut self, engine: &Engine) {
        let seen = self.seen().map(|(version, id)| (Version(version), EventId::new(&id)));
        let question =
            ReadGround { stream: self.stream.clone(), target: self.target, of: self.target_seen.clone(), seen };
        self.ground.ask_because(engine, question, Cause::Store);
    }

    /// Somebody was quicker: their events are folded in, and the plan is made anew on top of them.
    pub(super) fn take_since(&mut self, mut events: Vec<RecordedEvent>) {
        let known = self.ground().and_then(|ground| ground.story.timeline().highest_version());
        events.retain(|event| known.is_none_or(|known| event.version > known));
        // One's own event comes back through the feed too, where the answer to its append is still on its way.
        let is_own = events.iter().any(|event| event.id == self.id);
        let Some(last) = events.iter().map(|event| event.version).max().filter(|_| !is_own) else {
            return self.has_changed();
        };
        let authorship = self.authorship();
        let planned = self.plan.take().and_then(Result::ok);
        let Some(Ground { story, target, .. }) = self.ground.value_mut().filter(|_| !events.is_empty()) else {
            return;
        };
        let since = match &planned {
            Some(plan) => {
                let (stream, expected) = (plan.stream.clone(), plan.expected);
                let conflict = Conflict { stream, expected, actual: Some(last), since: events };
                let rebased = rebase(story, plan, &conflict, &authorship);
                self.plan = Some(rebased.plan.map_err(UserError::from));
                rebased.since
            }
            None => take_in(story, &events, &[]),
        };
        self.refusal = natural(story, target, &authorship).err().map(UserError::from);
        self.since.extend(since);
        self.before = self.before.take().or(planned);
        self.effects = None;
        self.catch_up();
    }

    /// The other projections stand as far as the plan does.
    pub(super) fn catch_up(&mut self) {
        let Self { standing, since, .. } = self;
        for (_, fold) in standing.value_mut().into_iter().flatten() {
            for Since { event, .. } in since.iter() {
                if fold.version().is_none_or(|version| version < event.version) {
                    fold.push(&event.as_row());
                }
            }
        }
    }
}
