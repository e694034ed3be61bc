//! What a runtime may take of memory and of time. The engine asks whether to go on between steps: the sooner, the more it holds
//! that a step may go through, and at once where the last few took long. A step may take memory all along, so that the clock is
//! looked at there, too.
//!
//! Only large pieces are refused. The engine can do without any of those; a small one it may be in the midst of keeping
//! its own books with. And what nobody holds any more is collected between calls: where a large piece is refused, it
//! may be in the midst of moving an object, which its collector must not see.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::Context;
use rquickjs::allocator::{Allocator, RustAllocator};

use super::countdown::Countdown;

/// The engine asks after so many steps, or sooner. To answer it takes about as long as one of them.
const MOST_STEPS: i32 = 32;
/// A step may go through every byte that is taken, at about a nanosecond for each: so many, times steps, lie between two
/// answers.
const BETWEEN_ANSWERS: usize = 64 << 20;
/// Where the steps between two answers took so long, the next answer comes behind the next step.
const SLOW: Duration = Duration::from_millis(1);
/// A piece as large may be a text, or a number as long, so that what comes of it is looked at behind the step that made it.
const PIECE: usize = 512;

/// The clock is looked at whenever so many bytes were asked for.
const BETWEEN_LOOKS: usize = 128 << 10;
/// What being asked costs, in bytes of that.
const EACH: usize = 256;
/// Smaller pieces are given also where there is no time left.
const LARGE: usize = 8 << 10;
/// What small pieces may take beyond the most, until the engine asks whether to go on.
const BEYOND: usize = 16 << 20;
/// No less is worth collecting.
const FIRST_COLLECTED: usize = 1 << 20;

/// A machine that does much else may leave a call without a processor for a while, which is not its own time: it is ended
/// only when it has worked for as long as it may, or has lasted so many times as long.
const LONGEST: u32 = 4;
/// What it works in that part of its time counts for nothing.
const SETTLES: u32 = 16;

/// What a thread has worked takes longer to ask for than an event, so that it is asked for once in such a while.
const BETWEEN_ASKED: Duration = Duration::from_millis(50);

/// Between calls there is no end: what works then is not the source.
pub(super) struct Bounds {
    most: usize,
    /// How long the call at work may work.
    limit: Cell<Duration>,
    begun: Cell<Option<Instant>>,
    /// It is not over before.
    until: Cell<Option<Instant>>,
    /// It is over then, however little it has worked.
    latest: Cell<Option<Instant>>,
    /// From here on it is worth asking what its thread has worked, which takes as long as many steps.
    settled: Cell<Instant>,
    /// What its thread had worked then.
    worked: Cell<Option<Duration>>,
    /// The same a little before the call, and when that was asked.
    before: Cell<Option<(Instant, Duration)>>,
    /// How long the last call worked that came to no answer.
    has_taken: Cell<Duration>,
    end: Cell<Option<End>>,
    taken: Cell<usize>,
    /// Since the last look.
    asked: Cell<usize>,
    /// Where so much is taken, it is time to collect.
    collected_at: Cell<usize>,
    countdown: RefCell<Option<Countdown>>,
    /// So many steps lay before the last answer.
    steps: Cell<i32>,
    answered: Cell<Instant>,
}

/// Why a call had to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Time,
    Memory,
}

impl Bounds {
    /// The source itself may take this long, from now on.
    pub(super) fn new(most: usize, limit: Duration) -> Rc<Self> {
        let now = Instant::now();
        let bounds = Self {
            most,
            limit: Cell::new(limit),
            begun: Cell::default(),
            until: Cell::default(),
            latest: Cell::default(),
            settled: Cell::new(now),
            worked: Cell::default(),
            before: Cell::default(),
            has_taken: Cell::default(),
            end: Cell::default(),
            taken: Cell::default(),
            asked: Cell::default(),
            collected_at: Cell::new(FIRST_COLLECTED),
            countdown: RefCell::default(),
            steps: Cell::new(MOST_STEPS),
            answered: Cell::new(now),
        };
        bounds.begin(limit);
        Rc::new(bounds)
    }

    /// A call begins that may take this long.
    pub(super) fn begin(&self, limit: Duration) {
        let now = Instant::now();
        self.begun.set(Some(now));
        if self.before.get().is_none_or(|(asked, _)| now - asked > BETWEEN_ASKED) {
            self.before.set(worked_by_this_thread().map(|worked| (now, worked)));
        }
        self.limits(now, limit);
        self.end.set(None);
        self.asked.set(0);
        self.answered.set(now);
    }

    fn limits(&self, now: Instant, limit: Duration) {
        self.limit.set(limit);
        self.until.set(Some(now + limit));
        self.latest.set(Some(now + limit * LONGEST));
        self.settled.set(now + limit / SETTLES);
        self.worked.set(None);
    }

    /// The source has done its part in time: what comes next may take as long, and all of the call no longer than `most`.
    pub(super) fn again(&self, limit: Duration, most: Duration) {
        let (Some(begun), Some(until)) = (self.begun.get(), self.until.get()) else { return };
        let now = Instant::now();
        // What a thread has worked takes longer to ask for than the text of a small state.
        let is_over = self.end.get().is_some() || (now > until && self.is_over());
        if !is_over && now < begun + most * LONGEST {
            self.limits(now, limit);
        }
    }

    /// Nobody asks any more what comes of the call: it is to be ended as one is of which the time is over.
    pub(super) fn ends(&self) {
        self.end.set(Some(End::Time));
        self.asks_within(1);
    }

    /// The call is over. What is said of it is made in time.
    pub(super) fn rest(&self) {
        self.until.set(None);
        self.asked.set(0);
    }

    /// The call has come to no answer. Where the system does not tell what its thread worked, it is how long it lasted.
    pub(super) fn notes_time(&self) {
        let worked =
            worked_by_this_thread().zip(self.before.get()).map(|(now, (_, before))| now.saturating_sub(before));
        let lasted = || self.begun.get().map(|begun| begun.elapsed());
        self.has_taken.set(worked.or_else(lasted).unwrap_or_default());
    }

    /// How long the last call that came to no answer worked, to a twentieth of a second.
    pub(super) fn has_taken(&self) -> Duration {
        self.has_taken.get()
    }

    /// Why the call that is at work, or was, had to be ended.
    pub(super) fn end(&self) -> Option<End> {
        self.end.get()
    }

    /// Answers the engine, which asks whether to end what is at work, and says when it is to ask again.
    pub(super) fn answer(&self) -> bool {
        if self.until.get().is_none() {
            self.asks_within(MOST_STEPS);
            return false;
        }
        let now = Instant::now();
        let is_over = self.is_over_at(now);
        let took = now.saturating_duration_since(self.answered.replace(now));
        let most = BETWEEN_ANSWERS / self.taken.get().max(1);
        let most = i32::try_from(most).map_or(MOST_STEPS, |most| most.clamp(1, MOST_STEPS));
        let steps = if is_over || took > SLOW { 1 } else { (self.steps.get() * 2).min(most) };
        self.steps.set(steps);
        self.asks_within(steps);
        is_over
    }

    fn asks_within(&self, steps: i32) {
        if let Some(countdown) = &*self.countdown.borrow() {
            countdown.is_at_most(steps);
        }
    }

    /// Whether it has to be ended. Once it has, it always has: whatever it catches.
    pub(super) fn is_over(&self) -> bool {
        self.until.get().is_some() && (self.end.get().is_some() || self.is_over_at(Instant::now()))
    }

    fn is_over_at(&self, now: Instant) -> bool {
        let Some(until) = self.until.get() else { return false };
        if self.end.get().is_none() {
            if now > until && self.has_worked_enough(now) {
                self.end.set(Some(End::Time));
            } else if self.worked.get().is_none() && now >= self.settled.get() {
                self.worked.set(worked_by_this_thread());
            }
        }
        self.end.get().is_some()
    }

    /// Where it has not, it is looked at again when it could have.
    fn has_worked_enough(&self, now: Instant) -> bool {
        let Some(worked) = worked_by_this_thread() else { return true };
        let since = worked.saturating_sub(self.worked.get().unwrap_or(worked));
        let left = self.limit.get().saturating_sub(since);
        if left.is_zero() || self.latest.get().is_none_or(|latest| now > latest) {
            return true;
        }
        self.until.set(Some(now + left));
        false
    }

    /// Whether half as much again is taken as when it was collected last.
    pub(super) fn is_to_collect(&self) -> bool {
        self.taken.get() > self.collected_at.get()
    }

    pub(super) fn has_collected(&self) {
        let taken = self.taken.get();
        self.collected_at.set(FIRST_COLLECTED.max(taken + taken / 2));
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.taken.get()
    }

    fn gives(&self, bytes: usize) -> bool {
        let taken = self.taken.get().saturating_add(bytes);
        let asked = self.asked.get().saturating_add(bytes).saturating_add(EACH);
        if asked < BETWEEN_LOOKS && taken <= self.most {
            self.asked.set(asked);
            self.taken.set(taken);
            if bytes >= PIECE {
                self.asks_within(1);
            }
            return true;
        }
        self.gives_slowly(bytes, taken)
    }

    #[cold]
    fn gives_slowly(&self, bytes: usize, taken: usize) -> bool {
        let is_over = self.is_over();
        // Where it is over, it looks again whenever it is asked.
        self.asked.set(if is_over { BETWEEN_LOOKS } else { 0 });
        let is_given = if bytes < LARGE { taken <= self.most + BEYOND } else { taken <= self.most && !is_over };
        if is_given {
            self.taken.set(taken);
            if taken > self.most && self.until.get().is_some() && !is_over {
                self.end.set(Some(End::Memory));
            }
        }
        self.asks_within(1);
        is_given
    }

    fn gives_back(&self, bytes: usize) {
        self.taken.set(self.taken.get().saturating_sub(bytes));
    }
}

/// How long this thread had a processor, where the system tells.
pub(in crate::script) fn worked_by_this_thread() -> Option<Duration> {
    #[cfg(unix)]
    {
        rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime).try_into().ok()
    }
    #[cfg(not(unix))]
    None
}

/// Has the engine ask as soon as the bounds say. What is dropped no later than the context, so that nothing keeps that for ever.
pub(super) struct Asking(Rc<Bounds>);

impl Asking {
    pub(super) fn begin(bounds: &Rc<Bounds>, context: &Context) -> Self {
        bounds.countdown.replace(Countdown::of(context));
        bounds.asks_within(MOST_STEPS);
        Self(Rc::clone(bounds))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        // No longer borrowed when it goes, which may free the context, and with it much else.
        let countdown = self.0.countdown.take();
        drop(countdown);
    }
}

/// Gives memory within the bounds.
pub(super) struct Bounded(pub(super) Rc<Bounds>);

/// What each piece takes besides what is asked for.
const BESIDE: usize = 16;

impl Bounded {
    fn piece(&self, size: usize, made: impl FnOnce(&mut RustAllocator) -> *mut u8) -> *mut u8 {
        let bytes = size.next_multiple_of(size_of::<u64>()).saturating_add(BESIDE);
        if !self.0.gives(bytes) {
            return std::ptr::null_mut();
        }
        let piece = made(&mut RustAllocator);
        if piece.is_null() {
            self.0.gives_back(bytes);
        }
        piece
    }
}

#[allow(
    unsafe_code,
    reason = "the trait asks to be promised that pieces are as large as asked for; those handed on are"
)]
// SAFETY: each piece is one of `RustAllocator`, or none.
unsafe impl Allocator for Bounded {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        self.piece(size, |given| given.alloc(size))
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        count.checked_mul(size).map_or(std::ptr::null_mut(), |all| self.piece(all, |given| given.calloc(count, size)))
    }

    unsafe fn dealloc(&mut self, piece: *mut u8) {
        // SAFETY: the caller's piece is one that was given here.
        unsafe {
            self.0.gives_back(RustAllocator::usable_size(piece) + BESIDE);
            RustAllocator.dealloc(piece);
        }
    }

    unsafe fn realloc(&mut self, piece: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: the caller's piece is one that was given here.
        let before = unsafe { RustAllocator::usable_size(piece) };
        let more = size.next_multiple_of(size_of::<u64>()).saturating_sub(before);
        if more > 0 && !self.0.gives(more) {
            return std::ptr::null_mut();
        }
        // SAFETY: as above; where there is no other, the piece stays as it is.
        let moved = unsafe { RustAllocator.realloc(piece, size) };
        if moved.is_null() {
            self.0.gives_back(more);
        } else {
            // SAFETY: it was given just now.
            let after = unsafe { RustAllocator::usable_size(moved) };
            self.0.gives_back(before.saturating_sub(after));
        }
        moved
    }

    unsafe fn usable_size(piece: *mut u8) -> usize {
        // SAFETY: the caller's piece is one that was given here.
        unsafe { RustAllocator::usable_size(piece) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever else a machine does, a handler has its time.
    #[test]
    fn a_call_that_waits_for_a_processor_goes_on_until_it_has_worked_enough() {
        let (bounds, limit) = (Bounds::new(1 << 20, Duration::ZERO), Duration::from_millis(200));
        bounds.begin(limit);
        assert!(!bounds.is_over());
        std::thread::sleep(limit * 2);
        assert!(!bounds.is_over(), "it has slept");
        let begun = Instant::now();
        while !bounds.is_over() {
            assert!(begun.elapsed() < limit * 20, "it has no end");
        }
        bounds.begin(limit);
        assert!(!bounds.is_over());
        std::thread::sleep(limit * (LONGEST + 1));
        assert!(bounds.is_over(), "it lasts too long, even so");
    }
}
