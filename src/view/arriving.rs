//! What comes to an open store from the background, and what is still on its way.

use std::time::Duration;

use super::listing::BETWEEN_LETTERS;
use super::{BranchWish, Draft, Lens, LookAtStore, OpenBranch, OpenStore, StreamView, ToolName, UserError};
use crate::engine::{Cause, Engine, Progress, StoreChange, Tool};
use crate::event::{EventId, StreamId, Version};
use crate::index::Budget;
use crate::replay::MadeSo;

/// How often the list is made anew while names are being read.
const SURVEY_STEPS: u64 = 20;

/// What takes longer than this is not waited for before the whole store is read.
const LONG: Duration = Duration::from_millis(500);

/// What is looked at first has been there for so many looks when the rest begins: by then it is drawn.
const RESTS: u8 = 3;

/// Between two of them.
const BETWEEN_RESTS: Duration = Duration::from_millis(20);

impl OpenStore {
    /// What is asked without being asked for: its errors and its progress are the window's own.
    fn background(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        let of_view = self.view.iter().flat_map(StreamView::tools);
        of_view.chain(self.branching.tools()).chain(self.comparing.tools()).chain([
            &self.groups as &dyn Tool<Error = UserError>,
            &self.info,
            self.lanes.asked(),
            self.time.asked(),
        ])
    }

    fn started(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        ToolName::ALL.iter().map(|name| self.tools.get(*name).asked())
    }

    /// With what runs behind the scenes and has nothing to say of its own.
    fn all(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        let behind: [&dyn Tool<Error = UserError>; 3] = [&self.found, &self.surveying, self.time.shapes.asked()];
        let causes = self.causes.tools();
        let of_draft = self.draft.iter().flat_map(Draft::tools);
        let greeting = self.greeting.tools();
        let activity = self.activity.tools();
        let behind =
            behind.into_iter().chain(greeting).chain(activity).chain(self.table.tools()).chain(self.own.tools());
        let dividing = self.dividing_tools();
        self.background().chain(self.started()).chain(behind).chain(causes).chain(of_draft).chain(dividing)
    }

    /// Whether it has answered what is asked of every store; of a list that takes long, it is enough that it has begun.
    pub fn answers(&self) -> bool {
        self.info.value().is_some() && (self.groups.value().is_some() || self.is_list_long())
    }

    /// What is looked at first has come, or takes long.
    fn is_at_rest(&self) -> bool {
        let is_short = |running: Duration| running < LONG;
        self.is_list_long() || !self.groups.is_loading() && !self.greeting.glancing_since().is_some_and(is_short)
    }

    fn is_list_long(&self) -> bool {
        self.groups.progress().is_some_and(|progress| progress.running >= LONG)
    }

    /// The first thing that went wrong and is not mended.
    pub fn error(&self) -> Option<&UserError> {
        self.background().find_map(Tool::error)
    }

    /// Asks again for all that failed or was stopped.
    pub fn retry(&mut self) {
        self.info.retry(&self.engine);
        Tool::retry(&mut self.groups, &self.engine);
        self.view.iter_mut().for_each(|view| view.retry(&self.engine));
        self.draft.iter_mut().for_each(|draft| draft.try_failed_again(&self.engine));
        self.comparing.retry();
        self.causes.retry(&self.engine);
        self.lanes.retry(&self.engine);
        self.time.retry(&self.engine);
    }

    /// All that is kept of it may take so much from now on. What there was no room for is asked for again.
    pub fn allow_memory(&mut self, budget: Budget) {
        self.engine.memory().allow(budget);
        if self.survey.is_too_large() {
            self.survey.forget_that_it_is_too_large();
            self.begin_survey();
        }
        self.time.retry_if_failed(&self.engine);
        self.table.retry_if_failed(&self.engine);
    }

    /// What is being waited for: the longest first.
    pub fn progress(&self) -> Option<Progress> {
        self.background().filter_map(Tool::progress).max_by_key(|progress| progress.running)
    }

    /// Stops what is on its way; what was there stays.
    pub fn cancel(&mut self) {
        self.view.iter_mut().for_each(StreamView::cancel);
        self.comparing.cancel();
        self.lanes.cancel();
        self.time.cancel();
        self.groups.cancel();
        self.info.cancel();
    }

    /// Takes in what somebody did to the store. Nothing is read again but what that touches.
    fn change(&mut self, change: &StoreChange) {
        if *change == StoreChange::Rewritten {
            return self.try_failed_again();
        }
        let engine = self.engine.clone();
        self.change_whole(&engine, change);
        self.change_streams(change);
    }

    /// What is of the store as a whole, whatever its streams are.
    pub(super) fn change_whole(&mut self, engine: &Engine, change: &StoreChange) {
        self.own.follow(engine, change, self.lens == Lens::Projections);
        self.tools.checking.follow(engine);
    }

    /// What is of its streams.
    pub(super) fn change_streams(&mut self, change: &StoreChange) {
        self.labels.invalidate(change);
        if *change == StoreChange::Replaced {
            // Another source divides the events: that is nothing to be told of.
            self.was_replaced |= self.divided.is_none();
            // Who allowed writing meant another store.
            self.is_writing_on = false;
            self.is_survey_of_before = self.survey.is_listed();
            self.survey.forget_that_it_is_too_large();
        }
        self.info.reload(&self.engine);
        let question = self.list_question(Duration::ZERO);
        self.groups.ask_because(&self.engine, question, Cause::Store);
        self.surveying.reload(&self.engine);
        self.greeting.change(&self.engine, change);
        self.time.follow(&self.engine, change);
        self.view.iter_mut().for_each(|view| view.follow(&self.engine, change));
        self.comparing.follow(&self.engine, change);
        self.causes.follow(&self.engine, change);
        self.activity.follow(change);
        self.table.follow(&self.engine, change);
        self.draft.iter_mut().for_each(|draft| draft.follow(&self.engine, change));
        self.branching.follow(&self.engine, change);
        self.tools.read_models.follow(&self.engine);
    }

    /// What was read while the file was being written, or while the server was not to be reached, may have failed for that
    /// alone.
    fn try_failed_again(&mut self) {
        self.info.again_if_failed(&self.engine);
        self.groups.again_if_failed(&self.engine);
        self.surveying.again_if_failed(&self.engine);
        self.view.iter_mut().for_each(|view| view.try_failed_again(&self.engine));
        self.draft.iter_mut().for_each(|draft| draft.try_failed_again(&self.engine));
        self.comparing.retry();
    }

    /// Takes in what was noticed of the store, and that its server is there again.
    fn take_change(&mut self) {
        let was_cut_off = std::mem::replace(&mut self.was_cut_off, self.engine.is_cut_off());
        if was_cut_off && !self.was_cut_off {
            self.try_failed_again();
        }
        if let Some(change) = self.engine.take_change() {
            self.change(&change);
        }
    }

    /// Whether its server does not answer at the moment.
    pub fn is_cut_off(&self) -> bool {
        self.engine.is_cut_off()
    }

    /// Takes what has come from the background. Says whether there is something new to show.
    pub fn poll(&mut self) -> bool {
        // What comes now is drawn first: to read the whole store would take its share of the machine from that.
        self.rested = if self.is_at_rest() { self.rested.saturating_add(1) } else { 0 };
        let recorded = self.draft.as_mut().and_then(|draft| draft.poll(&self.engine));
        if let (Some(version), Some(draft)) = (recorded, self.draft.take_if(|_| recorded.is_some())) {
            self.go_behind(draft.stream, version);
        }
        self.take_change();
        let has_divided = self.poll_division();
        let (made, has_proposal) = self.poll_proposal();
        if let Some(version) = made {
            self.take_made(version);
        }
        let has_branched = self.branching.poll(&self.engine);
        if has_branched {
            self.propose_soon();
            if let Some(slot) = self.branching.open_mut().and_then(OpenBranch::take_arrival) {
                self.branch(BranchWish::GoTo(slot), EventId::new(""));
            }
        }
        let follows = self.follows;
        let Self {
            engine,
            info,
            wants_whole,
            groups,
            wants_list,
            lists_made,
            found,
            labels,
            view,
            leaving,
            comparing,
            causes,
            signs,
            ..
        } = self;
        let mut is_new = info.poll(engine);
        *wants_whole |= is_new && info.value().is_some_and(|overview| !overview.is_whole) && info.error().is_none();
        is_new |= found.poll(engine);
        is_new |= recorded.is_some() || has_proposal || has_branched || has_divided;
        let has_list = groups.poll(engine);
        *lists_made += u64::from(has_list);
        if has_list {
            *wants_list = groups.error().is_none() && groups.value().is_some_and(|listed| listed.is_begun);
        }
        is_new |= has_list;
        let length = view.as_ref().map(StreamView::len);
        if let Some(view) = view
            && view.poll(engine)
        {
            is_new = true;
            if let Some(loaded) = view.base() {
                view.signs = signs.for_stream(loaded);
            }
        }
        if view.as_ref().is_some_and(|view| !view.is_loading() || !view.is_empty()) {
            *leaving = None;
        }
        is_new |= comparing.poll(engine, labels);
        is_new |= causes.poll(engine, labels);
        is_new |= labels.poll(engine);
        if let (true, Some(view)) = (follows, view)
            && length.is_some_and(|length| view.len() > length)
        {
            view.go_to(usize::MAX);
            view.poll(engine);
        }
        let of_store = self.store_engine().clone();
        for name in ToolName::ALL {
            // A table is made of what is looked at; all else is of the store as it is.
            let engine = if *name == ToolName::ReadModels { &self.engine } else { &of_store };
            is_new |= self.tools.get_mut(*name).poll(engine);
        }
        is_new |= self.lanes.poll(&self.engine);
        is_new |= self.time.poll(&self.engine);
        if let Some(view) = &self.view {
            self.lanes.follow(&self.engine, view);
        }

        if let Some(view) = &mut self.view {
            view.take_notes(&self.tools.noting);
        }
        if self.rested >= RESTS && self.is_at_rest() {
            self.begin_what_waits();
        }
        is_new |= self.poll_survey();
        is_new |= self.greeting.poll(&self.engine);
        is_new |= self.activity.poll(&self.engine, &mut self.signs);
        is_new |= self.table.poll(&self.engine);
        let offering = self.own.poll(&of_store);
        is_new |= offering.is_new;
        self.note_offering(&offering);
        self.take_offering(&offering);
        is_new
    }

    /// What is looked at first is there: the rest of the list, and what reads the whole store.
    fn begin_what_waits(&mut self) {
        if !self.groups.is_loading() && std::mem::take(&mut self.wants_whole) {
            self.info.ask(&self.engine, LookAtStore::Whole);
        }
        if std::mem::take(&mut self.wants_list) {
            let question = self.list_question(Duration::ZERO);
            self.groups.ask(&self.engine, question);
        }
        if self.wants_survey {
            self.begin_survey();
        }
        self.time.begin(&self.engine);
    }

    /// The branch was made so, up to this version.
    fn take_made(&mut self, version: Version) {
        let Some(stream) = self.branching.open().map(|open| open.stream.clone()) else { return };
        let more = self.making_so.proposed().map_or(0, |proposed| proposed.proposal.events.len().saturating_sub(1));
        let first = version.0.saturating_sub(more as u64);
        self.branching.mark_made(&self.engine, MadeSo { first, last: version.0 });
        self.leave_branch();
        self.go_behind(stream, version);
    }

    /// To an event that was just appended: the feed brings it, if it is not there yet.
    fn go_behind(&mut self, stream: StreamId, version: Version) {
        self.select(stream);
        let touched = self.view.as_ref().map(|view| view.stream.clone()).into_iter().collect();
        self.change(&StoreChange::Grew(touched));
        if let Some(view) = &mut self.view {
            view.go_to_when_there(version);
        }
    }

    /// When this wants to be polled, though nothing wakes the window by then.
    pub fn wants_poll_in(&self) -> Option<Duration> {
        let grows = self.activity.wants_poll_in().into_iter().chain(self.time.grows_in());
        let rests = (self.rested < RESTS && self.is_at_rest()).then_some(BETWEEN_RESTS);
        let looks = self.wants_look().then_some(Duration::ZERO);
        self.all().filter_map(Tool::wants_poll_in).chain(grows).chain(rests).chain(looks).min()
    }

    pub fn is_loading(&self) -> bool {
        self.wants_survey
            || self.wants_whole
            || self.wants_list
            || self.all().any(Tool::is_on_its_way)
            || self.labels.asked.is_loading()
            || self.branching.is_loading()
            || self.making_so.is_loading()
            || self.draft.as_ref().is_some_and(Draft::is_appending)
    }

    /// Takes in what the survey has come to know. The list is made anew a few times on the way, and at its end.
    fn poll_survey(&mut self) -> bool {
        let is_new = self.surveying.poll(&self.engine);
        if is_new && self.surveying.error().is_none() {
            self.is_survey_of_before = false;
        }
        let step = match self.surveying.progress() {
            Some(progress) if progress.total > 0 => 1 + progress.done * SURVEY_STEPS / progress.total,
            _ => self.survey_step,
        };
        let has_gone_on = std::mem::replace(&mut self.survey_step, step) != step;
        self.survey_news += u64::from(is_new || has_gone_on);
        if is_new || self.has_listed_more() || (has_gone_on && self.lists_by_name()) {
            let question = self.list_question(Duration::ZERO);
            self.groups.ask_because(&self.engine, question, Cause::Store);
            self.found.again(&self.engine, Cause::Store);
        }
        is_new
    }

    /// What is listed is of the streams that had come, and by now there are twice as many.
    fn has_listed_more(&mut self) -> bool {
        let is_partial = self.groups.value().is_some_and(|listed| listed.is_partial)
            || self.found.value().is_some_and(|found| found.is_partial);
        let listed =
            self.surveying.progress().filter(|progress| progress.total == 0).map_or(0, |progress| progress.done);
        let has_more = is_partial && listed >= 2 * self.survey_listed.max(1);
        if has_more {
            self.survey_listed = listed;
        }
        has_more
    }

    /// Nothing more is read for names; what was not reached is asked of the store.
    pub fn stop_survey(&mut self) {
        self.surveying.cancel();
        self.survey.expect_no_more();
        if self.groups.value().is_some_and(|listed| listed.is_partial) {
            let question = self.list_question(BETWEEN_LETTERS);
            self.groups.ask(&self.engine, question);
        }
    }
}
