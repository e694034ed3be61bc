//! What promises leave behind a call. Nothing runs there, as in the engine that these functions are of, so that whatever is
//! to be done then never is: that is a fault, and no state that lacks it.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rquickjs::runtime::RejectionTracker;
use rquickjs::{CaughtError, Context, Exception, Runtime as JsRuntime};

use super::bounds::Bounds;
use super::faults::fault_of;
use crate::projection::{Fault, FaultKind, SourcePlace};
use crate::script::syntax::first_later;

/// What the prelude says behind a promise in the place of a value.
const NOT_ASYNC: &str = "a handler must not be async";

/// The promises of one runtime.
pub(super) struct Promises {
    /// What an async function threw in the call at work that nobody caught.
    uncaught: Rc<RefCell<Option<Fault>>>,
}

impl Promises {
    pub(super) fn watch(runtime: &JsRuntime, (name, source): (&str, &str)) -> Self {
        let uncaught: Rc<RefCell<Option<Fault>>> = Rc::default();
        let (thrown, name, source) = (Rc::clone(&uncaught), name.to_owned(), source.to_owned());
        let tracker: RejectionTracker = Box::new(move |_, _, reason, is_handled| {
            if is_handled || thrown.borrow().is_some() {
                return;
            }
            let error = reason.as_object().cloned().and_then(Exception::from_object);
            let error = error.map_or(CaughtError::Value(reason), CaughtError::Exception);
            let fault = fault_of(&error, (&name, &source), None);
            thrown.replace(Some(fault));
        });
        runtime.set_host_promise_rejection_tracker(Some(tracker));
        Self { uncaught }
    }

    /// Lets go of what the call left, which would be kept for ever. Answers what is to be said of it where the call came
    /// to an answer.
    pub(super) fn let_go(&self, context: &Context, bounds: &Bounds) -> Option<Fault> {
        let uncaught = self.uncaught.take();
        let runtime = context.runtime();
        if !runtime.is_job_pending() {
            return uncaught;
        }
        // Each is ended before it does anything: the engine has no other way to be rid of them.
        bounds.begin(super::HANDLER_TIME);
        while runtime.is_job_pending() {
            bounds.ends();
            if runtime.execute_pending_job().is_err() {
                context.with(|ctx| drop(ctx.catch()));
            }
        }
        bounds.rest();
        self.uncaught.take();
        Some(Fault::without_place(FaultKind::Promise))
    }
}

/// Where a function of a source first does what makes promises; looked for once.
#[derive(Default)]
pub(super) struct FirstPromise(OnceCell<Option<SourcePlace>>);

impl FirstPromise {
    /// What is said of a promise, with its place in this function of the source, or else in all of it.
    pub(super) fn place(&self, fault: Fault, source: &str, function: &str) -> Fault {
        let is_of_promise = match &fault.kind {
            FaultKind::Promise => true,
            FaultKind::Thrown(words) => words.ends_with(NOT_ASYNC),
            _ => false,
        };
        if fault.place.is_some() || !is_of_promise {
            return fault;
        }
        Fault { place: *self.0.get_or_init(|| first_later(source, function)), ..fault }
    }
}
