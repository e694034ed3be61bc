//! One event's handler under a glass: which lines of it ran, in order, and what each changed in the state.
//!
//! The event is taken twice. Once by the source as it is: that alone tells the state, the output, the fault and the time. And
//! once by the same source with marks put into it (see `marked`), which tells the steps. Between two marks the state
//! is looked at and compared with what it was, so objects are never wrapped, and what is compared by identity stays the same.
//! Should the two runs differ nonetheless, no steps are told.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::definition::{Definition, Partition};
use super::marked::Marked;
use super::output::Output;
use super::running::Running;
use super::source::{Given, Script};
use crate::projection::{Fault, FaultKind, SourcePlace, item_path, key_path};

/// What came of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// In the order in which they ran.
    pub steps: Vec<Step>,
    /// More steps ran than [`MOST_STEPS`].
    pub is_cut: bool,
    /// The state is so large, or so many steps looked at it, that from step to step only its uppermost fields were compared.
    pub is_coarse: bool,
    /// The source behaved otherwise when its steps were marked, so that none are told.
    pub is_unwatched: bool,
    /// The state before the event, as JSON; `None` where there was none.
    pub before: Option<Box<str>>,
    /// The state that the event left, which after a fault is that from before.
    pub after: Option<Box<str>>,
    /// The state that all partitions have between them, after the event.
    pub shared: Option<Box<str>>,
    /// The partition that the source's own function told.
    pub partition: Option<Box<str>>,
    /// What each transform and filter of the state answered, in order.
    pub answers: Vec<Answer>,
    /// What was emitted and logged.
    pub output: Output,
    pub fault: Option<Fault>,
    /// The time that the handler took by itself.
    pub took: Duration,
}

impl Trace {
    /// The same as people read it: whole microseconds below a millisecond, milliseconds with one digit from there on.
    pub fn took_text(&self) -> String {
        let micros = self.took.as_micros();
        if micros < 1_000 { format!("{micros} µs") } else { format!("{:.1} ms", self.took.as_secs_f64() * 1e3) }
    }
}

/// A line that ran, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The column counts letters.
    pub place: SourcePlace,
    pub phase: Phase,
    /// In the order in which they were made. A field that was set to the value that it had is among them.
    pub changes: Vec<Change>,
    /// So many changes more are not told.
    pub more: u32,
    pub logged: Vec<Box<str>>,
}

/// A field that a step set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As every path into a state is spelled; empty for the state itself.
    pub field: String,
    /// `None` where the field was not there. JSON, but for what JSON cannot hold (`NaN`, a function) and for what is too long
    /// to be told whole, which ends with `…`.
    pub before: Option<Box<str>>,
    pub after: Option<Box<str>>,
}

impl Change {
    /// It was set, to what it was before.
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }
}

/// Which of a projection's functions runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Partition,
    Init,
    Created,
    Handler,
    /// What transforms and filters the state.
    Output,
}

impl Phase {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::Init => "init",
            Self::Created => "created",
            Self::Handler => "handler",
            Self::Output => "output",
        }
    }
}

/// What a transform or a filter answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Answer {
    pub kind: AnswerKind,
    /// JSON; `None` where it answered nothing.
    pub text: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerKind {
    Transform,
    Filter,
}

/// The states from before the event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before<'a> {
    /// Of the event's partition; `None` where this is the first of its events, `Some(None)` for a state that is nothing.
    pub state: Option<Option<&'a str>>,
    /// The one that all partitions have between them.
    pub shared: Option<Option<&'a str>>,
}

/// So many steps are told.
pub const MOST_STEPS: usize = 10_000;

/// So often a handler that is quick is timed.
const TIMED: u32 = 5;
const WORTH_TIMING: Duration = Duration::from_millis(1);

/// What a run made of the event.
#[derive(Debug, Default, PartialEq, Eq)]
struct Played {
    partition: Option<String>,
    state: Option<String>,
    shared: Option<String>,
    answers: Vec<Answer>,
    output: Output,
    fault: Option<Fault>,
    took: Duration,
}

impl Script {
    /// Lets the projection take one event, and tells step by step what happened.
    pub fn trace(&self, given: &Given<'_>, before: &Before<'_>) -> Result<Trace, Fault> {
        let plain = self.run()?;
        let play = Play { running: &plain, definition: self.definition(), given, before };
        let mut played = play.run();
        if played.fault.is_none() {
            played.took = play.quickest(played.took);
        }
        let told = self.watch(given, before, &played);
        let Played { partition, state, shared, answers, output, fault, took } = played;
        let before = before.state.flatten().map(Into::into);
        let after = if fault.is_some() { before.clone() } else { state.map(Into::into) };
        let mut trace = Trace {
            is_unwatched: told.is_none(),
            before,
            after,
            shared: shared.map(Into::into),
            partition: partition.map(Into::into),
            answers,
            output,
            fault,
            took,
            ..Trace::default()
        };
        if let Some(told) = told {
            told.fill(&mut trace);
        }
        Ok(trace)
    }

    /// The same with marks; `None` where that comes to something else.
    fn watch(&self, given: &Given<'_>, before: &Before<'_>, plain: &Played) -> Option<Told> {
        let marked = Marked::of(self.source())?;
        let is_ended = |fault: &Option<Fault>| {
            let kind = fault.as_ref().map(|fault| &fault.kind);
            matches!(kind, Some(FaultKind::TooLong(_) | FaultKind::TooMuchMemory(_) | FaultKind::TooDeep))
        };
        let running = Running::begin_marked(self.name(), &marked, is_ended(&plain.fault)).ok()?;
        let played = Play { running: &running, definition: self.definition(), given, before }.run();
        let told = running.told()?;
        // Marks take time, memory and room on the stack; how far it came is right all the same.
        if is_ended(&played.fault) {
            return Some(Told { steps: told, marked, is_cut: !is_ended(&plain.fault) });
        }
        let kind = |played: &Played| played.fault.as_ref().map(|fault| fault.kind.clone());
        let is_same = kind(&played) == kind(plain)
            && played.partition == plain.partition
            && played.state == plain.state
            && played.shared == plain.shared
            && played.answers == plain.answers
            && played.output == plain.output;
        is_same.then_some(Told { steps: told, marked, is_cut: false })
    }
}

/// One run of one event.
struct Play<'r> {
    running: &'r Running,
    definition: &'r Definition,
    given: &'r Given<'r>,
    before: &'r Before<'r>,
}

impl Play<'_> {
    fn run(&self) -> Played {
        let mut played = Played::default();
        let ran = self.steps(&mut played);
        played.fault = ran.err();
        if let Ok(output) = self.running.take() {
            played.output = output;
        }
        played
    }

    fn steps(&self, played: &mut Played) -> Result<(), Fault> {
        let Self { running, definition, given, .. } = self;
        let partition = match definition.partition {
            Partition::One => String::new(),
            Partition::Stream => given.stream.to_owned(),
            Partition::Function => {
                running.enter(Phase::Partition)?;
                let Some(partition) = running.partition(given)? else { return Ok(()) };
                running.leave()?;
                played.partition = Some(partition.clone());
                partition
            }
        };
        self.lay(&partition)?;
        running.enter(Phase::Handler)?;
        let begun = Instant::now();
        let handled = if definition.handles_deleted && given.event_type == STREAM_DELETED {
            running.deleted(&partition)
        } else {
            running.handle(given, &partition).map(drop)
        };
        played.took = begun.elapsed();
        handled?;
        running.leave()?;
        played.state = running.state()?;
        if definition.is_bi_state {
            played.shared = running.shared()?;
        }
        if definition.transforms {
            running.enter(Phase::Output)?;
            played.answers = running.answers()?;
            running.leave()?;
        }
        Ok(())
    }

    /// Puts the states from before into place.
    fn lay(&self, partition: &str) -> Result<(), Fault> {
        let Self { running, definition, given, before } = self;
        if definition.is_bi_state {
            match before.shared {
                Some(shared) => running.load_shared(shared)?,
                None => running.init_shared()?,
            }
        }
        if let Some(state) = before.state {
            return running.load(state);
        }
        running.enter(Phase::Init)?;
        running.init()?;
        running.leave()?;
        if definition.has_created {
            running.enter(Phase::Created)?;
            running.created(given, partition)?;
            running.leave()?;
        }
        Ok(())
    }

    /// A first call pays for what later ones find ready.
    fn quickest(&self, first: Duration) -> Duration {
        let mut quickest = first;
        for _ in 1..TIMED {
            if quickest > WORTH_TIMING {
                break;
            }
            let again = self.run();
            if again.fault.is_some() {
                break;
            }
            quickest = quickest.min(again.took);
        }
        quickest
    }
}

/// A stream that was deleted says so by an event of this type.
const STREAM_DELETED: &str = "$streamDeleted";

/// What the marks told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Steps {
    ran: Vec<Ran>,
    is_over: bool,
    is_coarse: bool,
}

/// Where in the state, by names and numbers; what stood there, and what stands there.
type ChangeTold = (Vec<Value>, Option<Box<str>>, Option<Box<str>>);

#[derive(Debug, Deserialize)]
struct Ran {
    mark: usize,
    phase: Phase,
    changes: Vec<ChangeTold>,
    more: u32,
    logged: usize,
}

struct Told {
    steps: Steps,
    marked: Marked,
    is_cut: bool,
}

impl Told {
    fn fill(self, trace: &mut Trace) {
        let Self { steps: Steps { ran, is_over, is_coarse }, marked, is_cut } = self;
        let mut logs = trace.output.logs.iter();
        let step = |ran: Ran| -> Option<Step> {
            let place = marked.place(ran.mark)?;
            let logged = logs.by_ref().take(ran.logged).map(|log| log.as_str().into()).collect();
            let changes = ran.changes.into_iter();
            let changes =
                changes.map(|(path, before, after)| Change { field: spelled(&path), before, after }).collect();
            Some(Step { place, phase: ran.phase, changes, more: ran.more, logged })
        };
        trace.steps = ran.into_iter().filter_map(step).collect();
        trace.is_cut = is_over || is_cut;
        trace.is_coarse = is_coarse;
    }
}

fn spelled(path: &[Value]) -> String {
    path.iter().fold(String::new(), |parent, part| match part {
        Value::String(key) => key_path(&parent, key),
        index => item_path(&parent, index.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_default()),
    })
}
