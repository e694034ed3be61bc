use std::time::{Duration, Instant};

use super::loading::Loading;
use super::pool::Lost;
use super::{Engine, Progress, Ticket};
use crate::event::Message;
use crate::store::{Store, StoreError};

/// Something that can be asked of an open store, as data: so it can be asked again.
pub trait Question: Clone + Send + 'static {
    type Answer: Send + 'static;
    type Error: From<Lost> + From<StoreError> + Passing + Send + 'static;

    /// Names the work for whoever waits: "reading events".
    const WHAT: &'static str;

    /// It goes over the whole store.
    const IS_LONG: bool = false;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, Self::Error>;
}

/// What went wrong may go by itself: somebody wrote just then, and does not for ever.
pub trait Passing {
    fn is_passing(&self) -> bool;
}

/// However deep the error lies: it is said in its own sentence.
impl Passing for Message {
    fn is_passing(&self) -> bool {
        ["error-changed", "error-locked"].contains(&self.id)
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
        (self.is_held, self.is_look, self.failed) = (true, false, 0);
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
        self.next = None;
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
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;
    use crate::engine::small_store::five_leads;
    use crate::engine::{EngineError, Ticket};

    /// Meets somebody who writes, so many times.
    #[derive(Clone)]
    struct Over<const IS_LONG: bool> {
        failures: u32,
        asked: Arc<AtomicU32>,
    }

    impl<const IS_LONG: bool> Question for Over<IS_LONG> {
        type Answer = u32;
        type Error = EngineError;
        const WHAT: &'static str = "testing";
        const IS_LONG: bool = IS_LONG;

        fn answer(self, _: &dyn Store, _: &Ticket) -> Result<u32, EngineError> {
            let asked = self.asked.fetch_add(1, Ordering::SeqCst);
            if asked < self.failures { Err(StoreError::Changed("app.db".into()).into()) } else { Ok(asked) }
        }
    }

    /// How often it was asked until nothing more came, and the answer.
    fn asked_until_it_rests<const IS_LONG: bool>(failures: u32) -> (u32, Option<u32>) {
        let (_folder, engine) = five_leads();
        let asked = Arc::new(AtomicU32::new(0));
        let mut asking = Asked::default();
        asking.ask(&engine, Over::<IS_LONG> { failures, asked: Arc::clone(&asked) });
        let began = Instant::now();
        while asking.is_loading() || asking.next.is_some() {
            assert!(began.elapsed() < Duration::from_secs(20), "it is asked for ever");
            asking.poll(&engine);
            thread::sleep(Duration::from_millis(1));
        }
        (asked.load(Ordering::SeqCst), asking.value().copied())
    }

    /// Answers when it is told to, unless nobody wants it any more.
    #[derive(Clone)]
    struct Slow {
        number: u32,
        begun: Arc<AtomicU32>,
        is_let: Arc<AtomicU32>,
    }

    impl Question for Slow {
        type Answer = u32;
        type Error = EngineError;
        const WHAT: &'static str = "testing";

        fn answer(self, _: &dyn Store, ticket: &Ticket) -> Result<u32, EngineError> {
            self.begun.fetch_add(1, Ordering::SeqCst);
            while self.is_let.load(Ordering::SeqCst) == 0 {
                if ticket.is_cancelled() {
                    return Err(StoreError::Cancelled.into());
                }
                ticket.pause(Duration::from_millis(1));
            }
            Ok(self.number)
        }
    }

    #[test]
    fn what_a_moving_hand_overtakes_is_stopped_and_the_last_begins_when_the_hand_rests() {
        let (_folder, engine) = five_leads();
        let (begun, is_let) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let slow = |number| Slow { number, begun: Arc::clone(&begun), is_let: Arc::clone(&is_let) };
        let mut asking = Asked::default();
        let began = Instant::now();
        let mut until = |asking: &mut Asked<Slow>, is_so: &dyn Fn(&Asked<Slow>) -> bool| {
            while !is_so(asking) {
                assert!(began.elapsed() < Duration::from_secs(20), "it never comes to that");
                asking.poll(&engine);
                thread::sleep(Duration::from_millis(1));
            }
        };
        asking.ask_when_still(&engine, slow(0));
        until(&mut asking, &|_| begun.load(Ordering::SeqCst) == 1);
        // The hand moves on before it is answered, and then all the time.
        let moves = Instant::now();
        for number in 1..=50 {
            asking.ask_when_still(&engine, slow(number));
            assert!(!asking.is_loading() && asking.is_on_its_way(), "{number}");
            asking.poll(&engine);
        }
        let was_slow = moves.elapsed() > AT_REST;
        assert!(was_slow || begun.load(Ordering::SeqCst) == 1, "none of those on the way was begun");
        assert!(asking.wants_poll_in().is_some_and(|pause| pause <= AT_REST), "the window looks again by itself");
        until(&mut asking, &|asking| asking.is_loading());
        is_let.store(1, Ordering::SeqCst);
        until(&mut asking, &|asking| !asking.is_on_its_way());
        assert_eq!((asking.value(), asking.error().is_none()), (Some(&50), true));
        assert!(was_slow || begun.load(Ordering::SeqCst) == 2, "the last alone");
        // What is answered before the hand moves on is asked at once.
        asking.ask_when_still(&engine, slow(51));
        assert!(asking.is_loading());
        // What is stopped while it waits does not begin.
        asking.ask_when_still(&engine, slow(52));
        asking.cancel();
        assert_eq!((asking.is_on_its_way(), asking.wants_poll_in()), (false, None));
    }

    #[test]
    fn what_met_somebody_who_writes_is_asked_again_by_itself_and_given_up_in_the_end() {
        assert_eq!(asked_until_it_rests::<false>(2), (3, Some(2)));
        assert_eq!(asked_until_it_rests::<true>(2), (3, Some(2)), "over the whole store, too");
        assert_eq!(asked_until_it_rests::<true>(u32::MAX), (1 + MOST_LONG_TRIES, None));
    }
}
