//! One projection's source at work, in a QuickJS runtime of its own that belongs to one thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rquickjs::context::EvalOptions;
use rquickjs::function::{Args, IntoArgs};
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Function, Object, Persistent, Runtime as JsRuntime, context::intrinsic,
};
use rquickjs::{IntoJs, Null, Undefined};
use serde::Deserialize;

use super::definition::Definition;
use super::marked::Marked;
use super::output::Output;
use super::source::Given;
use super::trace::{Answer, MOST_STEPS, Phase, Steps};
use super::wants::Wants;
use super::writes::fields_of_function;
use crate::projection::{Fault, FaultKind, SourcePlace};

/// What one runtime may take, in bytes.
pub const MEMORY: usize = 64 << 20;
/// Deep enough for what people write, and far from the end of a thread's own stack.
const STACK: usize = 512 << 10;
/// A handler that takes longer is ended.
pub const HANDLER_TIME: Duration = Duration::from_millis(250);
/// A projection whose handlers had to be ended so often is given no more events: each of them would take that long.
pub(super) const MOST_ENDED: u32 = 8;
/// So long the source itself may take, which only defines handlers.
const LOADING_TIME: Duration = Duration::from_secs(2);
/// The longest state, as text.
pub const STATE_BYTES: usize = 16 << 20;

/// A source with marks in it does what it does besides what they do.
const MARKED_TIME: Duration = Duration::from_secs(1);
const MARKED_TIMES: usize = 2;

const STATE: &str = include_str!("state.js");
const PRELUDE: &str = include_str!("prelude.js");
const TRACE: &str = include_str!("trace.js");

type Kept = Persistent<Function<'static>>;

/// The functions of the prelude that are called from here.
struct Calls {
    begin: Kept,
    begin_shared: Kept,
    load: Kept,
    load_shared: Kept,
    created: Kept,
    deleted: Kept,
    partition: Kept,
    handle: Kept,
    state: Kept,
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
    watch: Option<Watch>,
    names: Names,
    wants: Wants,
    context: Context,
    until: Rc<Cell<Instant>>,
    ended: Rc<Cell<bool>>,
    /// The last state that was to begin had to be ended.
    never_begins: Cell<bool>,
    /// How often a handler of this source had to be ended, wherever it was at work.
    ends: Arc<AtomicU32>,
    limit: Duration,
    name: String,
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
);

impl Running {
    /// Reads a source and learns what it defines.
    pub fn begin(name: &str, source: &str, ends: Arc<AtomicU32>) -> Result<(Self, Definition), Fault> {
        Self::begin_with(name, source, ends, None)
    }

    /// The same for a source that tells where it is.
    pub(super) fn begin_marked(name: &str, marked: &Marked) -> Result<Self, Fault> {
        Ok(Self::begin_with(name, &marked.source, Arc::default(), Some(marked))?.0)
    }

    fn begin_with(
        name: &str,
        source: &str,
        ends: Arc<AtomicU32>,
        marked: Option<&Marked>,
    ) -> Result<(Self, Definition), Fault> {
        let runtime = JsRuntime::new().map_err(|_| no_room())?;
        let times = if marked.is_some() { MARKED_TIMES } else { 1 };
        runtime.set_memory_limit(MEMORY * times);
        runtime.set_max_stack_size(STACK * times);
        let until = Rc::new(Cell::new(Instant::now() + LOADING_TIME));
        let ended = Rc::new(Cell::new(false));
        let watch = (until.clone(), ended.clone());
        runtime.set_interrupt_handler(Some(Box::new(move || {
            let is_over = Instant::now() > watch.0.get();
            if is_over {
                watch.1.set(true);
            }
            is_over
        })));
        let context = Context::custom::<Intrinsics>(&runtime).map_err(|_| no_room())?;
        let (calls, watch, definition, wants) = context.with(|ctx| -> Result<_, Fault> {
            let host = host(&ctx).catch(&ctx).map_err(|error| fault_of(&error, name, false))?;
            let watch = marked.map(|marked| Watch::begin(&ctx, &host, marked)).transpose();
            let watch = watch.catch(&ctx).map_err(|error| fault_of(&error, name, false))?;
            let mut options = EvalOptions::default();
            options.strict = false;
            options.filename = Some(name.to_owned());
            ctx.eval_with_options::<(), _>(source, options)
                .catch(&ctx)
                .map_err(|error| fault_of(&error, name, ended.get()))?;
            let function = |called: &str| -> Result<Kept, Fault> {
                let found: Function<'_> = host.get(called).map_err(|_| no_room())?;
                Ok(Persistent::save(&ctx, found))
            };
            let seal: Function<'_> = host.get("seal").map_err(|_| no_room())?;
            let told: String = seal.call(()).catch(&ctx).map_err(|error| fault_of(&error, name, ended.get()))?;
            let definition = Definition::read(&told).ok_or_else(no_room)?;
            let takers = Takers::read(&told).ok_or_else(no_room)?;
            let wants = takers.want(&definition);
            let know: Function<'_> = host.get("know").map_err(|_| no_room())?;
            know.call::<_, ()>((takers.fields(),)).catch(&ctx).map_err(|error| fault_of(&error, name, false))?;
            let calls = Calls {
                begin: function("begin")?,
                begin_shared: function("beginShared")?,
                load: function("load")?,
                load_shared: function("loadShared")?,
                created: function("created")?,
                deleted: function("deleted")?,
                partition: function("partition")?,
                handle: function("handle")?,
                state: function("state")?,
                shared: function("shared")?,
                result: function("result")?,
                answers: function("answers")?,
                take: function("take")?,
            };
            Ok((calls, watch, definition, wants))
        })?;
        let limit = if marked.is_some() { MARKED_TIME } else { HANDLER_TIME };
        let (names, name) = (Names::default(), name.to_owned());
        Ok((
            Self {
                calls,
                watch,
                names,
                wants,
                context,
                until,
                ended,
                never_begins: Cell::default(),
                ends,
                limit,
                name,
            },
            definition,
        ))
    }

    /// The same for what is called for every event.
    fn call_for_event<T, A>(&self, which: &Kept, args: A) -> Result<T, Fault>
    where
        T: for<'js> rquickjs::FromJs<'js>,
        A: for<'js> IntoArgs<'js>,
    {
        if self.ends.load(Ordering::Relaxed) >= MOST_ENDED {
            return Err(Fault::without_place(FaultKind::TooLong(HANDLER_TIME)));
        }
        let answer = self.call(which, args);
        if self.ended.get() {
            self.ends.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    fn call<T, A>(&self, which: &Kept, args: A) -> Result<T, Fault>
    where
        T: for<'js> rquickjs::FromJs<'js>,
        A: for<'js> IntoArgs<'js>,
    {
        self.until.set(Instant::now() + self.limit);
        self.ended.set(false);
        self.context.with(|ctx: Ctx<'_>| {
            let function = which.clone().restore(&ctx).map_err(|_| no_room())?;
            function.call(args).catch(&ctx).map_err(|error| fault_of(&error, &self.name, self.ended.get()))
        })
    }

    /// The state of a partition of which there was no event yet.
    pub fn init(&self) -> Result<(), Fault> {
        self.begin_state(&self.calls.begin)
    }

    pub fn init_shared(&self) -> Result<(), Fault> {
        self.begin_state(&self.calls.begin_shared)
    }

    /// One that has to be ended is ended so often, and then not tried any more.
    fn begin_state(&self, which: &Kept) -> Result<(), Fault> {
        if self.never_begins.get() && self.ends.load(Ordering::Relaxed) >= MOST_ENDED {
            return Err(Fault::without_place(FaultKind::TooLong(HANDLER_TIME)));
        }
        let answer = self.call(which, ());
        self.never_begins.set(self.ended.get());
        if self.ended.get() {
            self.ends.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// Goes on with a state that was kept as text.
    pub fn load(&self, state: Option<&str>) -> Result<(), Fault> {
        self.call(&self.calls.load, (OrNull(state),))
    }

    pub fn load_shared(&self, state: Option<&str>) -> Result<(), Fault> {
        self.call(&self.calls.load_shared, (OrNull(state),))
    }

    /// To which partition an event belongs, where the projection says so itself.
    pub fn partition(&self, given: &Given<'_>) -> Result<Option<String>, Fault> {
        self.call_for_event(&self.calls.partition, self.fields(given, ""))
    }

    pub fn created(&self, given: &Given<'_>, partition: &str) -> Result<(), Fault> {
        self.call(&self.calls.created, self.fields(given, partition))
    }

    pub fn deleted(&self, partition: &str) -> Result<(), Fault> {
        self.call(&self.calls.deleted, (partition,))
    }

    /// Lets a handler take an event. Answers whether there is something to [`Self::take`].
    pub fn handle(&self, given: &Given<'_>, partition: &str) -> Result<bool, Fault> {
        self.call_for_event(&self.calls.handle, self.fields(given, partition))
    }

    /// The state as JSON; `None` is a state that is nothing.
    pub fn state(&self) -> Result<Option<String>, Fault> {
        let state: Option<String> = self.call(&self.calls.state, ())?;
        match &state {
            Some(text) if text.len() > STATE_BYTES => {
                Err(Fault::without_place(FaultKind::StateTooLarge { bytes: text.len(), limit: STATE_BYTES }))
            }
            _ => Ok(state),
        }
    }

    pub fn shared(&self) -> Result<Option<String>, Fault> {
        self.call(&self.calls.shared, ())
    }

    /// The state after what transforms and filters it.
    pub fn result(&self) -> Result<Option<String>, Fault> {
        self.call(&self.calls.result, ())
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

    fn fields<'g, 'e>(&'g self, given: &'g Given<'e>, partition: &'g str) -> Fields<'g, 'e> {
        Fields { given, partition, names: &self.names, wants: self.wants }
    }
}

impl Watch {
    fn begin<'js>(ctx: &Ctx<'js>, host: &Object<'js>, marked: &Marked) -> rquickjs::Result<Self> {
        let begin: Function<'js> = ctx.eval(TRACE)?;
        let marks = serde_json::to_string(&marked.marks).map_err(|_| rquickjs::Error::Unknown)?;
        let watch: Object<'js> =
            begin.call((host.clone(), marked.name.as_str(), ctx.json_parse(marks)?, MOST_STEPS))?;
        let function = |called: &str| -> rquickjs::Result<Kept> {
            let found: Function<'js> = watch.get(called)?;
            Ok(Persistent::save(ctx, found))
        };
        Ok(Self { enter: function("enter")?, leave: function("leave")?, told: function("told")? })
    }
}

/// An event and its partition, as the prelude's functions take them. What handlers seldom ask for goes in one text, and is
/// taken apart only then.
struct Fields<'g, 'e> {
    given: &'g Given<'e>,
    partition: &'g str,
    names: &'g Names,
    wants: Wants,
}

/// The functions that are given events, as they are written, each with the place of the event among its parameters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Takers {
    takers: Vec<(String, usize)>,
    has_any: bool,
}

impl Takers {
    fn read(told: &str) -> Option<Self> {
        serde_json::from_str(told).ok()
    }

    fn want(&self, definition: &Definition) -> Wants {
        // Where no handler takes an event, its body is the state.
        let bodies = definition.all_events && !self.has_any;
        let begin = Wants { body: bodies, ..Wants::NONE };
        self.takers.iter().fold(begin, |wants, (source, place)| wants.and(Wants::of_function(source, *place)))
    }

    /// The fields of the state that each of them can get at, as JSON.
    fn fields(&self) -> String {
        let of_each: Vec<_> = self.takers.iter().map(|(source, _)| fields_of_function(source)).collect();
        serde_json::to_string(&of_each).unwrap_or_else(|_| "[]".to_owned())
    }
}

impl<'js> IntoArgs<'js> for Fields<'_, '_> {
    fn num_args(&self) -> usize {
        11
    }

    fn into_args(self, args: &mut Args<'js>) -> rquickjs::Result<()> {
        let Self { given, partition, names, wants } = self;
        let Given { stream, category, version, event_type, id, recorded_at, body, metadata } = *given;
        let ctx = args.ctx().clone();
        // In place of a text that nobody can get at.
        let name =
            |known: &Known<1>, text| if wants.names { known.text(&ctx, text) } else { names.none.text(&ctx, "") };
        args.push_arg(name(&names.stream, stream)?)?;
        args.push_arg(version as f64)?;
        args.push_arg(names.event_type.text(&ctx, event_type)?)?;
        args.push_arg(given.is_json())?;
        args.push_arg(OrNull(body.filter(|_| wants.body)))?;
        args.push_arg(recorded_at.map_or(f64::NAN, |at| at.micros() as f64))?;
        if wants.rest {
            let mut rest = names.rest.borrow_mut();
            rest.clear();
            rest.push_str(id);
            rest.push('\n');
            rest.push_str(metadata.unwrap_or_default());
            args.push_arg(rest.as_str())?;
        } else {
            args.push_arg(names.none.text(&ctx, "")?)?;
        }
        args.push_arg(name(&names.partition, partition)?)?;
        args.push_arg(name(&names.category, category)?)?;
        // What is read of it is kept here.
        args.push_arg(Undefined)?;
        args.push_arg(Undefined)
    }
}

/// Texts that are mostly the same from event to event, as they were handed over last.
#[derive(Default)]
struct Names {
    stream: Known<1>,
    category: Known<1>,
    /// Those of a category's events, mostly.
    event_type: Known<8>,
    partition: Known<1>,
    none: Known<1>,
    rest: RefCell<String>,
}

/// The last `MOST` texts that were not known, each with the runtime's own.
#[derive(Default)]
struct Known<const MOST: usize>(RefCell<Vec<(Box<str>, Persistent<rquickjs::String<'static>>)>>);

impl<const MOST: usize> Known<MOST> {
    fn text<'js>(&self, ctx: &Ctx<'js>, text: &str) -> rquickjs::Result<rquickjs::String<'js>> {
        let mut known = self.0.borrow_mut();
        if let Some((_, kept)) = known.iter().find(|(same, _)| **same == *text) {
            return kept.clone().restore(ctx);
        }
        let made = rquickjs::String::from_str(ctx.clone(), text)?;
        if known.len() == MOST {
            known.remove(0);
        }
        known.push((text.into(), Persistent::save(ctx, made.clone())));
        Ok(made)
    }
}

/// A text, or null where there is none.
struct OrNull<'a>(Option<&'a str>);

impl<'js> IntoJs<'js> for OrNull<'_> {
    fn into_js(self, ctx: &Ctx<'js>) -> rquickjs::Result<rquickjs::Value<'js>> {
        match self.0 {
            Some(text) => text.into_js(ctx),
            None => Null.into_js(ctx),
        }
    }
}

fn host<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let states: Function<'js> = ctx.eval(STATE)?;
    let prelude: Function<'js> = ctx.eval(PRELUDE)?;
    prelude.call((states,))
}

fn no_room() -> Fault {
    Fault::without_place(FaultKind::TooMuchMemory(MEMORY))
}

fn fault_of(error: &CaughtError<'_>, name: &str, is_ended: bool) -> Fault {
    let (kind, stack) = match error {
        CaughtError::Exception(thrown) => {
            let words = thrown.message().unwrap_or_default();
            let class: String = thrown.as_object().get("name").unwrap_or_default();
            let stack = thrown.stack().unwrap_or_default();
            let kind = match (class.as_str(), words.as_str()) {
                _ if is_ended => FaultKind::TooLong(HANDLER_TIME),
                ("SyntaxError", _) => FaultKind::Syntax(words.into()),
                ("InternalError", "out of memory") => FaultKind::TooMuchMemory(MEMORY),
                ("InternalError", "stack overflow") | ("RangeError", "Maximum call stack size exceeded") => {
                    FaultKind::TooDeep
                }
                ("Error", _) => FaultKind::Thrown(words.into()),
                _ => FaultKind::Thrown(format!("{class}: {words}").into()),
            };
            (kind, stack)
        }
        CaughtError::Value(value) => {
            let words = value.as_string().and_then(|text| text.to_string().ok());
            (FaultKind::Thrown(words.unwrap_or_else(|| format!("{value:?}")).into()), String::new())
        }
        CaughtError::Error(_) if is_ended => (FaultKind::TooLong(HANDLER_TIME), String::new()),
        CaughtError::Error(rquickjs::Error::Allocation) => (FaultKind::TooMuchMemory(MEMORY), String::new()),
        CaughtError::Error(error) => (FaultKind::Thrown(error.to_string().into()), String::new()),
    };
    Fault { kind, place: place_in(&stack, name) }
}

/// The first place in the source that a stack names.
fn place_in(stack: &str, name: &str) -> Option<SourcePlace> {
    stack.lines().find_map(|line| {
        let after = line.split(name).nth(1)?.strip_prefix(':')?;
        let mut numbers = after.trim_end_matches(')').split(':');
        let line = numbers.next()?.parse().ok()?;
        let column = numbers.next().and_then(|column| column.parse().ok()).unwrap_or(1);
        Some(SourcePlace { line, column })
    })
}
