//! One projection's source at work, in a QuickJS runtime of its own that belongs to one thread.

mod bounds;
mod countdown;
mod ends;
mod faults;
mod handing;
mod promises;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rquickjs::context::EvalOptions;
use rquickjs::function::IntoArgs;
use rquickjs::{CatchResultExt, Context, Ctx, Function, Object, Persistent, Runtime as JsRuntime, context::intrinsic};

use super::definition::Definition;
use super::marked::Marked;
use super::output::Output;
use super::put::Put;
use super::source::Given;
use super::trace::{Answer, MOST_STEPS, Phase, Steps};
use super::wants::Wants;
use crate::projection::{Fault, FaultKind};
#[cfg(test)]
pub(super) use bounds::worked_by_this_thread;
use bounds::{Asking, Bounded, Bounds, End};
pub use ends::Ends;
use faults::{ended, fault_of, no_room};
use handing::{AtHand, Fields, Names, OrNull, Taker, Takers, ToldTakers};
use promises::{FirstPromise, Promises};

/// What one runtime may take, in bytes.
pub const MEMORY: usize = 64 << 20;
/// Deep enough for what people write, and far from the end of a thread's own stack.
const STACK: usize = 512 << 10;
/// A handler that takes longer is ended.
pub const HANDLER_TIME: Duration = Duration::from_millis(250);
/// Behind it, the text of a state of megabytes may take this long on a slow machine, as far as the engine makes it: each
/// function of the source that runs meanwhile has the time of a handler.
const TEXT_TIME: Duration = Duration::from_secs(3);
/// So long the source itself may take, which only defines handlers.
const LOADING_TIME: Duration = Duration::from_secs(2);
/// Of a state of more bytes it is told what an event changed; the prelude has the same.
pub(super) const TOLD_BYTES: usize = 16 << 10;
/// The longest state, as text.
pub const STATE_BYTES: usize = 16 << 20;

/// A source with marks in it does what it does besides what they do.
const MARKED_TIME: Duration = Duration::from_secs(1);
const MARKED_TIMES: usize = 2;

const JSON: &str = include_str!("../json.js");
const STATE: &str = include_str!("../state.js");
const CHANGES: &str = include_str!("../changes.js");
const ANSWERS: &str = include_str!("../answers.js");
const EVENT: &str = include_str!("../event.js");
const TOLL: &str = include_str!("../toll.js");
const PRELUDE: &str = include_str!("../prelude.js");
const TRACE: &str = include_str!("../trace.js");

type Kept = Persistent<Function<'static>>;

/// The functions of the prelude that are called from here.
struct Calls {
    begin: Kept,
    begin_shared: Kept,
    load: Kept,
    load_shared: Kept,
    let_go: Kept,
    created: Kept,
    deleted: Kept,
    state: Kept,
    changes: Kept,
    shared: Kept,
    result: Kept,
    answers: Kept,
    take: Kept,
}

/// The functions that the marks of a source report to.
struct Watch {
    enter: Kept,
    leave: Kept,
    told: Kept,
}

/// Handlers that can be called, and the state that they work on.
pub struct Running {
    // Before the context, which must outlive what is kept of it.
    calls: Calls,
    takers: Takers,
    watch: Option<Watch>,
    names: Names,
    at_hand: Rc<AtHand>,
    _asking: Asking,
    context: Context,
    promises: Promises,
    first_promise: FirstPromise,
    bounds: Rc<Bounds>,
    /// The last state that was to begin had to be ended.
    never_begins: Cell<bool>,
    /// How often a function had to be ended in the fold that it is at work for.
    ends: RefCell<Arc<Ends>>,
    limit: Duration,
    name: String,
    source: Box<str>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("name", &self.name).finish_non_exhaustive()
    }
}

type Intrinsics = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
    intrinsic::WeakRef,
);

impl Running {
    /// Reads a source and learns what it defines.
    pub fn begin(name: &str, source: &str) -> Result<(Self, Definition), Fault> {
        Self::begin_with(name, source, None)
    }

    /// The same for a source that tells where it is. Where `is_ended`, it had to be without that: then its steps are all
    /// that is asked of it.
    pub(super) fn begin_marked(name: &str, marked: &Marked, is_ended: bool) -> Result<Self, Fault> {
        let (mut running, _) = Self::begin_with(name, &marked.source, Some((marked, is_ended)))?;
        running.limit = if is_ended { HANDLER_TIME } else { MARKED_TIME };
        Ok(running)
    }

    fn begin_with(name: &str, source: &str, marked: Option<(&Marked, bool)>) -> Result<(Self, Definition), Fault> {
        let times = if marked.is_some() { MARKED_TIMES } else { 1 };
        let bounds = Bounds::new(MEMORY * times, LOADING_TIME);
        let runtime = JsRuntime::new_with_alloc(Bounded(bounds.clone())).map_err(|_| no_room())?;
        runtime.set_max_stack_size(STACK * times);
        runtime.set_gc_threshold(usize::MAX);
        let watch = bounds.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || watch.answer())));
        let context = Context::custom::<Intrinsics>(&runtime).map_err(|_| no_room())?;
        let asking = Asking::begin(&bounds, &context);
        let at = (name, source);
        let promises = Promises::watch(&runtime, at);
        let at_hand = Rc::new(AtHand::default());
        let (calls, takers, watch, definition) = context.with(|ctx| -> Result<_, Fault> {
            let host = host(&ctx, &at_hand, &bounds).catch(&ctx).map_err(|error| fault_of(&error, at, None))?;
            let watch = marked.map(|(marked, is_ended)| {
                let ends = Rc::clone(&bounds);
                Watch::begin(&ctx, &host, marked, move || {
                    if is_ended {
                        ends.ends();
                    }
                })
            });
            let watch = watch.transpose();
            let watch = watch.catch(&ctx).map_err(|error| fault_of(&error, at, None))?;
            let mut options = EvalOptions::default();
            options.strict = false;
            options.filename = Some(name.to_owned());
            let read = ctx.eval_with_options::<(), _>(source, options);
            told(&ctx, at, &bounds, read)?;
            let function = |called: &str| -> Result<Kept, Fault> {
                let found: Function<'_> = host.get(called).map_err(|_| no_room())?;
                Ok(Persistent::save(&ctx, found))
            };
            let seal: Function<'_> = host.get("seal").map_err(|_| no_room())?;
            let sealed: String = told(&ctx, at, &bounds, seal.call(()))?;
            let definition = Definition::read(&sealed).ok_or_else(no_room)?;
            let known = ToldTakers::read(&sealed).ok_or_else(no_room)?;
            let makes: Function<'_> = host.get("takers").map_err(|_| no_room())?;
            let made: Vec<Function<'_>> = told(&ctx, at, &bounds, makes.call((known.known(),)))?;
            let made = made.into_iter().map(|taker| Persistent::save(&ctx, taker)).collect();
            let takers = Takers::of(&known, &definition, made).ok_or_else(no_room)?;
            let calls = Calls {
                begin: function("begin")?,
                begin_shared: function("beginShared")?,
                load: function("load")?,
                load_shared: function("loadShared")?,
                let_go: function("letGo")?,
                created: function("created")?,
                deleted: function("deleted")?,
                state: function("state")?,
                changes: function("told")?,
                shared: function("shared")?,
                result: function("result")?,
                answers: function("answers")?,
                take: function("take")?,
            };
            Ok((calls, takers, watch, definition))
        })?;
        // What a source leaves that only defines handlers never runs, either; but it need not come to anything.
        promises.let_go(&context, &bounds);
        bounds.rest();
        let (names, name, source) = (Names::default(), name.to_owned(), source.into());
        Ok((
            Self {
                calls,
                takers,
                watch,
                names,
                at_hand,
                _asking: asking,
                context,
                promises,
                first_promise: FirstPromise::default(),
                bounds,
                never_begins: Cell::default(),
                ends: RefCell::default(),
                limit: HANDLER_TIME,
                name,
                source,
            },
            definition,
        ))
    }

    /// The same for what is called for every event, or every partition.
    fn call_for_event<T, A>(&self, which: &Kept, taker: Option<&Taker>, args: A) -> Result<T, Fault>
    where
        T: for<'js> rquickjs::FromJs<'js>,
        A: for<'js> IntoArgs<'js>,
    {
        self.unless_given_up()?;
        let answer = self.run(which, taker, args);
        self.counts_end(&answer);
        answer
    }

    /// From now on it is at work for this fold.
    pub fn counts_for(&self, ends: &Arc<Ends>) {
        if !Arc::ptr_eq(&self.ends.borrow(), ends) {
            self.ends.replace(ends.clone());
            self.never_begins.set(false);
        }
    }

    fn unless_given_up(&self) -> Result<(), Fault> {
        let ends = self.ends.borrow();
        if ends.is_given_up() { Err(ends.given_up()) } else { Ok(()) }
    }

    /// Whether it had to be ended, which is counted.
    fn counts_end<T>(&self, answer: &Result<T, Fault>) -> bool {
        let is_end = is_end(answer);
        if is_end {
            self.ends.borrow().note(self.bounds.has_taken());
        }
        is_end
    }

    fn call<T, A>(&self, which: &Kept, args: A) -> Result<T, Fault>
    where
        T: for<'js> rquickjs::FromJs<'js>,
        A: for<'js> IntoArgs<'js>,
    {
        self.run(which, None, args)
    }

    fn run<T, A>(&self, which: &Kept, taker: Option<&Taker>, args: A) -> Result<T, Fault>
    where
        T: for<'js> rquickjs::FromJs<'js>,
        A: for<'js> IntoArgs<'js>,
    {
        self.bounds.begin(self.limit);
        let answer = self.context.with(|ctx: Ctx<'_>| {
            let function = which.clone().restore(&ctx).map_err(|_| no_room())?;
            let answer = function.call(args);
            told(&ctx, (&self.name, &self.source), &self.bounds, answer)
        });
        self.bounds.rest();
        let left = self.promises.let_go(&self.context, &self.bounds);
        if self.bounds.is_to_collect() {
            self.context.runtime().run_gc();
            self.bounds.has_collected();
        }
        let (first_promise, function) =
            taker.map_or((&self.first_promise, ""), |taker| (&taker.first_promise, &*taker.source));
        let answer = answer.and_then(|answer| left.map_or(Ok(answer), Err));
        answer.map_err(|fault| first_promise.place(fault, &self.source, function))
    }

    /// What a call on the state left that had to be ended is begun or loaded anew by whoever goes on. It may be all that
    /// there is room for: to free it takes long, and is not to count as the next call's time.
    fn let_go_of_ended<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        if is_end(&answer) {
            self.context.with(|ctx: Ctx<'_>| {
                // It asks for nothing that there is not room for even then; where it fails, the next call does it.
                let _ = self.calls.let_go.clone().restore(&ctx).and_then(|let_go| let_go.call::<_, ()>(())).catch(&ctx);
            });
            self.context.runtime().run_gc();
            self.bounds.has_collected();
        }
        answer
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.bounds.taken()
    }

    /// The state of a partition of which there was no event yet.
    pub fn init(&self) -> Result<(), Fault> {
        self.at_hand.set(None);
        self.begin_state(&self.calls.begin)
    }

    pub fn init_shared(&self) -> Result<(), Fault> {
        self.at_hand.set(None);
        self.begin_state(&self.calls.begin_shared)
    }

    /// One that has to be ended is ended so often, and then not tried any more.
    fn begin_state(&self, which: &Kept) -> Result<(), Fault> {
        if self.never_begins.get() {
            self.unless_given_up()?;
        }
        let answer = self.call(which, ());
        self.never_begins.set(self.counts_end(&answer));
        self.let_go_of_ended(answer)
    }

    /// Goes on with a state that was kept as text.
    pub fn load(&self, state: Option<&str>) -> Result<(), Fault> {
        self.call(&self.calls.load, (OrNull(state),))
    }

    pub fn load_shared(&self, state: Option<&str>) -> Result<(), Fault> {
        self.call(&self.calls.load_shared, (OrNull(state),))
    }

    /// What of an event any of its functions asks for.
    pub(super) fn wants(&self) -> Wants {
        self.takers.wants
    }

    /// To which partition an event belongs, where the projection says so itself.
    pub fn partition(&self, given: &Given<'_>) -> Result<Option<String>, Fault> {
        let Some(taker) = &self.takers.partition else { return Ok(None) };
        self.call_for_event(&taker.call, Some(taker), self.fields(given, "", taker.wants))
    }

    pub fn created(&self, given: &Given<'_>, partition: &str) -> Result<(), Fault> {
        self.let_go_of_ended(self.call_for_event(&self.calls.created, None, self.fields(given, partition, Wants::ALL)))
    }

    pub fn deleted(&self, partition: &str) -> Result<(), Fault> {
        self.let_go_of_ended(self.call_for_event(&self.calls.deleted, None, (partition,)))
    }

    /// Lets a handler take an event. Answers whether there is something to [`Self::take`].
    pub fn handle(&self, given: &Given<'_>, partition: &str) -> Result<bool, Fault> {
        let taker = self.takers.taking(given.event_type);
        self.let_go_of_ended(self.call_for_event(&taker.call, Some(taker), self.fields(given, partition, taker.wants)))
    }

    /// The state as JSON; `None` is a state that is nothing.
    pub fn state(&self) -> Result<Option<String>, Fault> {
        let state = self.call(&self.calls.state, ());
        self.counts_end(&state);
        let state: Option<String> = self.let_go_of_ended(state)?;
        match &state {
            Some(text) if text.len() > STATE_BYTES => {
                Err(Fault::without_place(FaultKind::StateTooLarge { bytes: text.len(), limit: STATE_BYTES }))
            }
            _ => Ok(state),
        }
    }

    /// What came to differ since the last text of the state, or since this was asked: less than that of a large state. `None`
    /// where it is not known.
    pub(super) fn changes(&self) -> Result<Option<Vec<Put>>, Fault> {
        let told: Option<String> = self.call(&self.calls.changes, ())?;
        Ok(told.as_deref().and_then(Put::read))
    }

    pub fn shared(&self) -> Result<Option<String>, Fault> {
        self.call(&self.calls.shared, ())
    }

    /// The state after what transforms and filters it.
    pub fn result(&self) -> Result<Option<String>, Fault> {
        self.call_for_event(&self.calls.result, None, ())
    }

    /// What each step from the state to the result answers.
    pub(super) fn answers(&self) -> Result<Vec<Answer>, Fault> {
        let told: String = self.call(&self.calls.answers, ())?;
        serde_json::from_str(&told).map_err(|_| no_room())
    }

    /// Tells a source with marks which of its functions is called next.
    pub(super) fn enter(&self, phase: Phase) -> Result<(), Fault> {
        self.watch.as_ref().map_or(Ok(()), |watch| self.call(&watch.enter, (phase.name(),)))
    }

    /// That function has come to its end.
    pub(super) fn leave(&self) -> Result<(), Fault> {
        self.watch.as_ref().map_or(Ok(()), |watch| self.call(&watch.leave, ()))
    }

    /// What the marks noted.
    pub(super) fn told(&self) -> Option<Steps> {
        let told: String = self.call(&self.watch.as_ref()?.told, ()).ok()?;
        serde_json::from_str(&told).ok()
    }

    /// What was emitted and logged since the last time.
    pub fn take(&self) -> Result<Output, Fault> {
        let told: String = self.call(&self.calls.take, ())?;
        Output::read(&told).ok_or_else(no_room)
    }

    /// For the call of a function that is given this event.
    fn fields<'g, 'e>(&'g self, given: &'g Given<'e>, partition: &'g str, wants: Wants) -> Fields<'g, 'e> {
        self.at_hand.set(Some(given));
        Fields { given, partition, names: &self.names, wants }
    }
}

/// Whether it had to be ended.
fn is_end<T>(answer: &Result<T, Fault>) -> bool {
    matches!(answer, Err(Fault { kind: FaultKind::TooLong(_) | FaultKind::TooMuchMemory(_), .. }))
}

/// What came of a call. Whatever it answers once its time was over, is nothing: it may have been refused memory, and have
/// gone on without.
fn told<T>(ctx: &Ctx<'_>, at: (&str, &str), bounds: &Bounds, answer: rquickjs::Result<T>) -> Result<T, Fault> {
    let end = bounds.end();
    if answer.is_err() || end.is_some() {
        bounds.notes_time();
        bounds.rest();
    }
    let error = match answer.catch(ctx) {
        Ok(answer) => return end.map_or(Ok(answer), |end| Err(Fault::without_place(ended(end)))),
        Err(error) => error,
    };
    // What an error says may be a function of the source, which has no more time than any other.
    bounds.begin(HANDLER_TIME);
    let fault = fault_of(&error, at, end);
    let ended_telling = bounds.end().filter(|telling| end.is_none() && *telling == End::Time);
    if ended_telling.is_some() {
        bounds.notes_time();
    }
    bounds.rest();
    // Nobody asks what came of that function.
    let _ = ctx.catch();
    Err(ended_telling.map_or(fault, |end| Fault::without_place(ended(end))))
}

impl Watch {
    /// `is_over` is called when no more steps are told.
    fn begin<'js>(
        ctx: &Ctx<'js>,
        host: &Object<'js>,
        marked: &Marked,
        is_over: impl Fn() + 'js,
    ) -> rquickjs::Result<Self> {
        let is_over = Function::new(ctx.clone(), is_over)?;
        let begin: Function<'js> = ctx.eval(TRACE)?;
        let marks = serde_json::to_string(&marked.marks).map_err(|_| rquickjs::Error::Unknown)?;
        let watch: Object<'js> =
            begin.call((host.clone(), marked.name.as_str(), ctx.json_parse(marks)?, MOST_STEPS, is_over))?;
        let function = |called: &str| -> rquickjs::Result<Kept> {
            let found: Function<'js> = watch.get(called)?;
            Ok(Persistent::save(ctx, found))
        };
        Ok(Self { enter: function("enter")?, leave: function("leave")?, told: function("told")? })
    }
}

fn host<'js>(ctx: &Ctx<'js>, at_hand: &Rc<AtHand>, bounds: &Rc<Bounds>) -> rquickjs::Result<Object<'js>> {
    let read = |source: &str| ctx.eval::<Function<'js>, _>(source);
    let (json, states, changes, answers) = (read(JSON)?, read(STATE)?, read(CHANGES)?, read(ANSWERS)?);
    let (events, toll, prelude) = (read(EVENT)?, read(TOLL)?, read(PRELUDE)?);
    let time = Object::new(ctx.clone())?;
    let asked = Rc::clone(bounds);
    time.set("isOver", Function::new(ctx.clone(), move || asked.is_over())?)?;
    let asked = Rc::clone(bounds);
    time.set("again", Function::new(ctx.clone(), move || asked.again(HANDLER_TIME, HANDLER_TIME + TEXT_TIME))?)?;
    let asked = Rc::clone(bounds);
    time.set("long", Function::new(ctx.clone(), move || asked.again(TEXT_TIME, HANDLER_TIME + TEXT_TIME))?)?;
    // What only holds itself, as a function inside of a handler that calls itself.
    time.set("collect", Function::new(ctx.clone(), |ctx: Ctx<'js>| ctx.run_gc())?)?;
    prelude.call((json, states, vec![changes, answers], events, toll, time, at_hand.tellers(ctx)?))
}
