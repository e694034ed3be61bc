//! How soon the engine asks whether to go on. It counts its steps down from 10,000 and asks then, and offers nobody to have it
//! ask sooner; but in 10,000 steps it may compare gigabytes. So the number itself is set, where it stands in the context.
//!
//! Where that is, nothing tells. It is found once for the program by what it does, in a context that is made for that: the
//! one number that goes down by one with each call, and has the engine ask when it was set to one. Where none does, or
//! more than one, the engine asks as seldom as it does by itself.

use std::cell::Cell;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::OnceLock;

use rquickjs::allocator::RustAllocator;
use rquickjs::{Context, Ctx, Function, Runtime, qjs};

/// The number of a context, which it keeps.
pub(super) struct Countdown {
    number: NonNull<i32>,
    _context: Context,
}

impl Countdown {
    pub(super) fn of(context: &Context) -> Option<Self> {
        static PLACE: OnceLock<Option<usize>> = OnceLock::new();
        let place = (*PLACE.get_or_init(found))?;
        #[allow(unsafe_code, reason = "the engine has no function that does it")]
        // SAFETY: all contexts are of one size, and the number was found within.
        let number = unsafe { context.as_raw().byte_add(place) }.cast();
        Some(Self { number, _context: context.clone() })
    }

    /// The engine asks after no more steps than so many.
    pub(super) fn is_at_most(&self, steps: i32) {
        #[allow(unsafe_code, reason = "the engine has no function that does it")]
        // SAFETY: the context is kept, and the number in it stands where nothing but the engine and this reads and writes it, on
        // the one thread that the runtime belongs to.
        unsafe {
            if self.number.read() > steps {
                self.number.write(steps);
            }
        }
    }
}

/// Where in a context the number stands.
fn found() -> Option<usize> {
    let runtime = Runtime::new_with_alloc(RustAllocator).ok()?;
    let asked = Rc::new(Cell::new(0));
    let asks = Rc::clone(&asked);
    runtime.set_interrupt_handler(Some(Box::new(move || {
        asks.set(asks.get() + 1);
        false
    })));
    let context = Context::base(&runtime).ok()?;
    let place = context.with(|ctx| {
        let step = Function::new(ctx.clone(), || ()).ok()?;
        let after = |steps: usize| -> Option<Vec<i32>> {
            (0..steps).try_for_each(|_| step.call::<_, ()>(())).ok()?;
            numbers(&ctx)
        };
        let (first, second, third) = (after(1)?, after(1)?, after(3)?);
        let down = |at: &usize| {
            let number = |of: &[i32]| of.get(*at).copied().unwrap_or_default();
            number(&first).checked_sub(number(&second)) == Some(1)
                && number(&second).checked_sub(number(&third)) == Some(3)
        };
        let mut places = (0..first.len()).filter(down);
        let place = places.next()?;
        places.next().is_none().then_some(place * size_of::<i32>())
    })?;
    #[allow(unsafe_code, reason = "as where it is set for good")]
    // SAFETY: it was found within this context.
    let number = unsafe { context.as_raw().byte_add(place) }.cast();
    let countdown = Countdown { number, _context: context.clone() };
    let has_engine_ask = |steps: i32| {
        context.with(|ctx| {
            let step = Function::new(ctx, || ()).ok()?;
            asked.set(0);
            countdown.is_at_most(steps);
            (1..steps).try_for_each(|_| step.call::<_, ()>(())).ok()?;
            let before = asked.get();
            step.call::<_, ()>(()).ok()?;
            Some(before == 0 && asked.get() == 1)
        })
    };
    (has_engine_ask(1)? && has_engine_ask(7)? && has_engine_ask(1)?).then_some(place)
}

/// What stands in a context, all of it read as numbers.
fn numbers(ctx: &Ctx<'_>) -> Option<Vec<i32>> {
    let context = ctx.as_raw();
    #[allow(unsafe_code, reason = "the engine has no function that tells it")]
    // SAFETY: a context is a piece of memory of its own that was zero at first. Its allocator tells how large it is, and nothing
    // runs while it is copied.
    unsafe {
        let bytes = qjs::js_malloc_usable_size(context.as_ptr(), context.as_ptr().cast());
        let count = usize::try_from(bytes).ok()? / size_of::<i32>();
        let numbers = (0..count).map(|at| context.cast::<i32>().add(at).read());
        Some(numbers.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without it, what operators do to long texts is ended late.
    #[test]
    fn the_engine_asks_as_soon_as_it_is_to() {
        assert!(found().is_some());
    }
}
