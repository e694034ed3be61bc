//! What a runtime may take of memory and of time. Both end where it asks for memory: the engine looks at the clock once
//! in 10,000 steps, but one step may go through megabytes and take memory all along.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::allocator::{Allocator, RustAllocator};

/// The clock is looked at whenever so many bytes were asked for.
const BETWEEN_LOOKS: usize = 128 << 10;
/// What being asked costs, in bytes of that: many small pieces are a look as well.
const EACH: usize = 256;
/// What the engine may take to say that it was interrupted, where no more would be given.
const LAST: usize = 64 << 10;

/// Between calls there is no end: what works then is not the source.
pub(super) struct Bounds {
    most: usize,
    until: Cell<Option<Instant>>,
    is_ended: Cell<bool>,
    taken: Cell<usize>,
    /// Since the last look.
    asked: Cell<usize>,
    /// What is left of the last.
    last: Cell<usize>,
}

impl Bounds {
    /// The source itself may take this long, from now on.
    pub(super) fn new(most: usize, limit: Duration) -> Rc<Self> {
        let bounds = Self {
            most,
            until: Cell::default(),
            is_ended: Cell::default(),
            taken: Cell::default(),
            asked: Cell::default(),
            last: Cell::default(),
        };
        bounds.begin(limit);
        Rc::new(bounds)
    }

    /// A call begins that may take this long.
    pub(super) fn begin(&self, limit: Duration) {
        self.until.set(Some(Instant::now() + limit));
        self.is_ended.set(false);
        self.asked.set(0);
        self.last.set(0);
    }

    /// The call is over. What is said of it is made in time.
    pub(super) fn rest(&self) {
        self.until.set(None);
        self.asked.set(0);
    }

    /// Whether the call that is at work, or was, ran longer than it may.
    pub(super) fn is_ended(&self) -> bool {
        self.is_ended.get()
    }

    pub(super) fn is_over(&self) -> bool {
        let is_over = self.until.get().is_some_and(|until| Instant::now() > until);
        if is_over {
            self.is_ended.set(true);
        }
        is_over
    }

    /// The same where the engine asks whether it is to be interrupted. It has to have room for the error that nothing can
    /// catch: one that it cannot make is another, which can be.
    pub(super) fn interrupts(&self) -> bool {
        let is_over = self.is_over();
        if is_over {
            self.last.set(LAST);
        }
        is_over
    }

    fn gives(&self, bytes: usize) -> bool {
        let taken = self.taken.get().saturating_add(bytes);
        let asked = self.asked.get().saturating_add(bytes).saturating_add(EACH);
        if asked < BETWEEN_LOOKS && taken <= self.most {
            self.asked.set(asked);
            self.taken.set(taken);
            return true;
        }
        self.gives_slowly(bytes, taken)
    }

    #[cold]
    fn gives_slowly(&self, bytes: usize, taken: usize) -> bool {
        let last = self.last.get();
        let is_last = last >= bytes.saturating_add(EACH);
        if is_last {
            self.last.set(last - bytes - EACH);
        } else if self.is_over() {
            // Asked again, it looks again; the error that says so has room.
            self.asked.set(BETWEEN_LOOKS);
            self.last.set(LAST);
            return false;
        } else if taken > self.most {
            return false;
        }
        self.asked.set(if is_last { BETWEEN_LOOKS } else { 0 });
        self.taken.set(taken);
        true
    }

    fn gives_back(&self, bytes: usize) {
        self.taken.set(self.taken.get().saturating_sub(bytes));
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
