use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;
use crate::engine::small_store::five_leads;
use crate::engine::{EngineError, Ticket};
use crate::index::{Budget, Held, Kept};

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
    let until = |asking: &mut Asked<Slow>, is_so: &dyn Fn(&Asked<Slow>) -> bool| {
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
    assert!(
        was_slow || asking.wants_poll_in().is_some_and(|pause| pause <= AT_REST),
        "the window looks again by itself"
    );
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

/// Takes so much memory.
#[derive(Clone)]
struct Taking {
    bytes: u64,
    asked: Arc<AtomicU32>,
}

impl Question for Taking {
    type Answer = ();
    type Error = EngineError;
    const WHAT: &'static str = "testing";
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, _: &dyn Store, ticket: &Ticket) -> Result<(), EngineError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(ticket.memory().hold().resize(self.bytes)?)
    }
}

#[test]
fn what_there_was_no_room_for_is_tried_again_by_itself_once_for_each_time_that_there_is_more() {
    let (_folder, engine) = five_leads();
    let (memory, asked) = (engine.memory(), Arc::new(AtomicU32::new(0)));
    memory.allow(Budget { bytes: 1_000 });
    let (mut one, mut other) = (memory.hold(), memory.hold());
    one.resize(600).and_then(|()| other.resize(200)).expect("there is room");
    let mut asking = Asked::default();
    // Until nothing more comes by itself: how often it was asked, and whether it is refused.
    let rest = |asking: &mut Asked<Taking>| {
        let began = Instant::now();
        while asking.poll(&engine) || asking.is_on_its_way() || asking.wants_poll_in().is_some() {
            assert!(began.elapsed() < Duration::from_secs(20), "it is tried for ever");
            thread::sleep(Duration::from_millis(1));
        }
        (asked.load(Ordering::SeqCst), asking.error().is_some())
    };
    asking.ask(&engine, Taking { bytes: 500, asked: Arc::clone(&asked) });
    assert_eq!(rest(&mut asking), (1, true), "there is no more room than before");
    other.resize(100).expect("less is always possible");
    assert!(asking.wants_poll_in().is_some(), "the window looks again by itself");
    assert_eq!(rest(&mut asking), (2, true), "there was more, and not enough");
    for bytes in [200, 100, 150, 100] {
        other.resize(bytes).expect("there is room");
        assert_eq!(rest(&mut asking), (2, true), "with as much it was refused");
    }
    // What is only kept gives way, as soon as nobody uses it.
    let kept = Kept::new(memory, Held::bytes);
    let in_use = Arc::new(other);
    kept.keep((), Arc::clone(&in_use));
    one.resize(500).expect("less is always possible");
    assert_eq!(rest(&mut asking), (3, true));
    drop(in_use);
    assert_eq!((rest(&mut asking), kept.is_empty()), ((4, false), true));
    drop(one);
    assert_eq!(rest(&mut asking), (4, false), "it is answered");
}

#[test]
fn what_met_somebody_who_writes_is_asked_again_by_itself_and_given_up_in_the_end() {
    assert_eq!(asked_until_it_rests::<false>(2), (3, Some(2)));
    assert_eq!(asked_until_it_rests::<true>(2), (3, Some(2)), "over the whole store, too");
    assert_eq!(asked_until_it_rests::<true>(u32::MAX), (1 + MOST_LONG_TRIES, None));
}
