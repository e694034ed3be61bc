use std::time::{Duration, Instant};

use super::loading::Loading;
use super::pool::Lost;
use super::{Engine, Progress, Ticket};
use crate::event::Message;
use crate::index::Memory;
use crate::store::{Store, StoreError};

/// Something that can be asked of an open store, as data: so it can be asked again.
pub trait Question: Clone + Send + 'static {
    type Answer: Send + 'static;
    type Error: From<Lost> + From<StoreError> + Passing + Send + 'static;

    /// Names the work for whoever waits: "reading events".
    const WHAT: &'static str;

    /// It goes over the whole store.
    const IS_LONG: bool = false;

    /// Where there was no room in memory for its answer, it is asked again by itself as soon as there is more.
    const WAITS_FOR_ROOM: bool = false;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, Self::Error>;
}

/// What went wrong may go by itself: somebody wrote just then, and does not for ever.
pub trait Passing {
    fn is_passing(&self) -> bool;

    /// There was no room for it in memory.
    fn is_of_room(&self) -> bool {
        false
    }
}

/// However deep the error lies: it is said in its own sentence.
impl Passing for Message {
    fn is_passing(&self) -> bool {
        ["error-changed", "error-locked"].contains(&self.id)
    }

    fn is_of_room(&self) -> bool {
        self.id == "ask-over-budget"
    }
}

/// Why something is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A person wants something else now: what runs has become pointless.
    User,
    /// The store has changed: what runs is still an answer, and one more is to follow.
    Store,
}

/// One kind of question: at most one is running and one waiting. The last answer stays while the next is on its way.
pub struct Asked<Q: Question> {
    /// What was asked last.
    question: Option<Q>,
    loading: Loading<Q::Answer, Q::Error>,
    /// When the running one was asked, and why.
    began: Option<(Instant, Cause)>,
    /// To be asked when the running one has answered.
    next: Option<Q>,
    /// Not before this: the store changes faster than the question is answered.
    rest_until: Option<Instant>,
    /// How often in a row it failed for something that passes.
    failed: u32,
    /// What is to be asked is a look that nobody waits for.
    is_look: bool,
    /// What is to be asked waits for a moving hand to rest.
    is_held: bool,
    refused: Option<Refused>,
}

/// There was no room in memory.
#[derive(Debug)]
struct Refused {
    memory: Memory,
    /// The most that there ever was when it was refused, once all was given back that it had taken itself.
    room: u64,
}

/// What is tried again needs so much more room than it was refused with, as a part of all: so it is tried a few times at the
/// most, whatever comes and goes.
const PART_MORE: u64 = 64;

impl Refused {
    fn has_more_room(&self) -> bool {
        self.memory.room() >= self.room.saturating_add(self.memory.budget().bytes / PART_MORE).saturating_add(1)
    }
}

/// After an answer that the store's change asked for, so long is rested as the answer took, and never longer than this:
/// a store that is written all the time must not keep its reader busy all the time.
const LONGEST_REST: Duration = Duration::from_secs(5);

const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// A hand that moved nothing for so long rests.
const AT_REST: Duration = Duration::from_millis(120);

/// Some five seconds: who still writes then is told of, and asked about by hand.
const MOST_TRIES: u32 = 25;

/// What goes over the whole store has mostly met somebody who only began to write. Then it rests for as long as it took.
const MOST_LONG_TRIES: u32 = 4;

impl<Q: Question> std::fmt::Debug for Asked<Q> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("what", &Q::WHAT).field("is_loading", &self.is_loading()).finish_non_exhaustive()
    }
}

impl<Q: Question> Default for Asked<Q> {
    fn default() -> Self {
        Self {
            question: None,
            loading: Loading::default(),
            began: None,
            next: None,
            rest_until: None,
            failed: 0,
            is_look: false,
            is_held: false,
            refused: None,
        }
    }
}

impl<Q: Question> Asked<Q> {
    /// Asks, because a person wants it.
    pub fn ask(&mut self, engine: &Engine, question: Q) {
        self.ask_because(engine, question, Cause::User);
    }

    pub fn ask_because(&mut self, engine: &Engine, question: Q, cause: Cause) {
        self.question = Some(question.clone());
        if cause == Cause::Store && (self.loading.is_loading() || self.is_resting()) {
            self.next = Some(question);
            return;
        }
        self.next = None;
        if cause == Cause::User {
            // Something else, or by hand.
            self.refused = None;
        }
        self.start(engine, question, cause);
    }

    /// Asks for what a hand points at that may be moving. What takes longer than the hand stays is overtaken: it is stopped,
    /// and the next begins when the hand rests. So what nobody will see takes nothing from the frames.
    pub fn ask_when_still(&mut self, engine: &Engine, question: Q) {
        let is_overtaken = self.is_loading() || (self.is_held && self.next.is_some());
        if !is_overtaken {
            return self.ask(engine, question);
        }
        self.loading.cancel();
        self.question = Some(question.clone());
        self.next = Some(question);
        self.rest_until = Some(Instant::now() + AT_REST);
        (self.is_held, self.is_look, self.failed, self.refused) = (true, false, 0, None);
    }

    fn start(&mut self, engine: &Engine, question: Q, cause: Cause) {
        (self.is_look, self.is_held) = (false, false);
        // What ran before is dropped, and so interrupted.
        let work = move |reader: &dyn Store, ticket: &Ticket| question.answer(reader, ticket);
        let answer = if Q::IS_LONG { engine.ask_long(Q::WHAT, work) } else { engine.ask(Q::WHAT, work) };
        self.loading.request(answer);
        self.began = Some((Instant::now(), cause));
    }

    fn is_resting(&self) -> bool {
        self.rest_until.is_some_and(|until| Instant::now() < until)
    }

    /// What was asked last.
    pub fn question(&self) -> Option<&Q> {
        self.question.as_ref()
    }

    pub fn value(&self) -> Option<&Q::Answer> {
        self.loading.value()
    }

    pub fn value_mut(&mut self) -> Option<&mut Q::Answer> {
        self.loading.value_mut()
    }

    /// Takes the answer out.
    pub fn take(&mut self) -> Option<Q::Answer> {
        self.loading.take()
    }

    pub fn error(&self) -> Option<&Q::Error> {
        self.loading.error()
    }

    /// An answer is on its way.
    pub fn is_loading(&self) -> bool {
        self.loading.is_loading()
    }

    /// When this wants to be polled, though nothing wakes the window by then.
    pub fn wants_poll_in(&self) -> Option<Duration> {
        if self.has_room_again() {
            return Some(Duration::ZERO);
        }
        let until = self.rest_until.filter(|_| self.next.is_some() && !self.is_loading())?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// An answer is on its way, or is asked for as soon as the one before has rested. What failed and is tried again is
    /// not waited for.
    pub fn is_on_its_way(&self) -> bool {
        self.is_loading() || (self.next.is_some() && self.failed == 0 && !self.is_look)
    }

    pub fn progress(&self) -> Option<Progress> {
        self.loading.progress()
    }

    /// Stops what is on its way; what was there stays.
    pub fn cancel(&mut self) {
        self.loading.cancel();
        (self.next, self.refused) = (None, None);
    }

    /// Asks what was asked last once more.
    pub fn again(&mut self, engine: &Engine, cause: Cause) {
        if let Some(question) = self.question.clone() {
            self.ask_because(engine, question, cause);
        }
    }

    /// Asks the same once more so long after this, for what changes without the store's changing. Nobody waits for it, and
    /// what is asked meanwhile takes its place.
    pub fn look_again_in(&mut self, pause: Duration) {
        if self.next.is_none() && !self.is_loading() {
            self.next.clone_from(&self.question);
            self.rest_until = Some(Instant::now() + pause);
            self.is_look = true;
        }
    }

    /// What failed for what passes is asked again in a moment, without anybody's doing. It took so long.
    fn try_again_if_passing(&mut self, took: Duration) {
        let is_passing = self.loading.error().is_some_and(Passing::is_passing);
        self.failed = if is_passing { self.failed + 1 } else { 0 };
        let (most, rest) =
            if Q::IS_LONG { (MOST_LONG_TRIES, took.min(LONGEST_REST)) } else { (MOST_TRIES, BETWEEN_TRIES) };
        if is_passing && self.failed <= most && self.next.is_none() {
            self.next.clone_from(&self.question);
            self.rest_until = Some(Instant::now() + rest.max(BETWEEN_TRIES));
        }
    }

    fn note_refusal(&mut self, engine: &Engine) {
        let is_refused = Q::WAITS_FOR_ROOM && self.loading.error().is_some_and(Passing::is_of_room);
        let before = self.refused.take().map_or(0, |refused| refused.room);
        let memory = engine.memory();
        self.refused = is_refused.then(|| Refused { memory: memory.clone(), room: memory.room().max(before) });
    }

    fn has_room_again(&self) -> bool {
        !self.is_loading() && self.next.is_none() && self.refused.as_ref().is_some_and(Refused::has_more_room)
    }

    /// The same, if the last answer was an error.
    pub fn again_if_failed(&mut self, engine: &Engine) {
        if self.error().is_some() && !self.is_loading() {
            self.again(engine, Cause::Store);
        }
    }

    /// Takes the answer if it has come. Says whether there is something new to show.
    pub fn poll(&mut self, engine: &Engine) -> bool {
        let is_new = self.loading.poll();
        if is_new {
            let now = Instant::now();
            let (began, cause) = self.began.take().unwrap_or((now, Cause::User));
            let took = now.duration_since(began);
            if cause == Cause::Store {
                self.rest_until = Some(now + took.min(LONGEST_REST));
            }
            self.try_again_if_passing(took);
            self.note_refusal(engine);
        }
        if self.has_room_again() {
            self.next.clone_from(&self.question);
            self.rest_until = None;
        }
        if !self.loading.is_loading()
            && !self.is_resting()
            && let Some(question) = self.next.take()
        {
            let cause = if self.is_held { Cause::User } else { Cause::Store };
            self.start(engine, question, cause);
        }
        is_new
    }
}

/// What every tool of the window can be asked and told, whatever its question is: written once, for all of them.
pub trait Tool {
    type Error;

    fn error(&self) -> Option<&Self::Error>;
    fn progress(&self) -> Option<Progress>;
    fn is_loading(&self) -> bool;
    fn is_on_its_way(&self) -> bool;
    fn wants_poll_in(&self) -> Option<Duration>;
    fn cancel(&mut self);
    /// Once more, if it failed.
    fn retry(&mut self, engine: &Engine);
    /// Once more, because the store has changed.
    fn reload(&mut self, engine: &Engine);
    fn poll(&mut self, engine: &Engine) -> bool;
}

impl<Q: Question> Tool for Asked<Q> {
    type Error = Q::Error;

    fn error(&self) -> Option<&Q::Error> {
        self.error()
    }

    fn progress(&self) -> Option<Progress> {
        self.progress()
    }

    fn is_loading(&self) -> bool {
        self.is_loading()
    }

    fn is_on_its_way(&self) -> bool {
        self.is_on_its_way()
    }

    fn wants_poll_in(&self) -> Option<Duration> {
        self.wants_poll_in()
    }

    fn cancel(&mut self) {
        self.cancel();
    }

    fn retry(&mut self, engine: &Engine) {
        if self.error().is_some() || (self.value().is_none() && !self.is_loading()) {
            self.again(engine, Cause::User);
        }
    }

    fn reload(&mut self, engine: &Engine) {
        self.again(engine, Cause::Store);
    }

    fn poll(&mut self, engine: &Engine) -> bool {
        self.poll(engine)
    }
}

#[cfg(test)]
mod tests;
