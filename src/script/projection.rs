use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::definition::Partition;
use super::put::Put;
use super::running::{Ends, Running, STATE_BYTES, TOLD_BYTES};
use super::source::{Kept, Script};
use super::trace::{Before, Trace};
use super::tree::Part;
use crate::event::{EventRow, Head, Literal, Position, StreamId, Version, json_value};
use crate::projection::{
    Cell as StateCell, Fault, FaultKind, Folded, Problem, Projection, ProjectionError, report_text_changes,
};

/// A script over one stream: the state that it gives to that stream's events alone.
#[derive(Clone, Debug)]
pub struct ScriptProjection {
    script: Script,
    /// Where the stream is a partition: in which streams its events stand.
    homes: Option<Arc<dyn Homes>>,
    /// What the fold that it is at work for counts, which other folds share where they are of one run.
    ends: Arc<Ends>,
    is_of_run: bool,
    beginning: Arc<OnceLock<Option<ScriptState>>>,
}

/// In which stream an event stands that is seen among those of a partition, and with which version.
pub trait Homes: std::fmt::Debug + Send + Sync {
    fn home(&self, position: Position) -> Option<(StreamId, Version)>;
}

impl ScriptProjection {
    /// `None` where the script puts events of several streams into one state, so that no stream has one of its own.
    pub fn of(script: &Script) -> Option<Self> {
        let definition = script.definition();
        let is_of_streams = definition.partition == Partition::Stream && !definition.is_bi_state;
        is_of_streams.then(|| Self::new(script, None))
    }

    /// Over the events of one of its partitions, as if they were a stream. `None` where partitions share a state, so that
    /// none can be told by its own events.
    pub fn of_partitions(script: &Script, homes: Arc<dyn Homes>) -> Option<Self> {
        let is_alone = !script.definition().is_bi_state;
        is_alone.then(|| Self::new(script, Some(homes)))
    }

    fn new(script: &Script, homes: Option<Arc<dyn Homes>>) -> Self {
        let (ends, beginning) = Default::default();
        Self { script: script.clone(), homes, ends, is_of_run: false, beginning }
    }

    pub fn script(&self) -> &Script {
        &self.script
    }
}

/// A state as its script left it behind an event. Its clones share it.
#[derive(Clone, Debug, Default)]
pub struct ScriptState(Option<Arc<Left>>, Made);

#[derive(Debug)]
struct Left {
    kept: KeptAs,
    value: OnceLock<Value>,
    /// An event was taken. Until then it is what `$init` gave, shown because the first events failed.
    has_begun: bool,
}

#[derive(Debug)]
enum KeptAs {
    Text(Option<Box<str>>),
    /// It shares with the one before it what its event left alone, and takes so many bytes besides.
    Tree(Part, usize),
}

/// What was made of a state that is kept as a tree. Each clone makes it anew: a stream may keep thousands of those, and each
/// would hold all of its state once more.
#[derive(Debug, Default)]
struct Made(OnceLock<Box<Value>>);

impl Clone for Made {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What the ways to a change take that are made anew.
const OF_A_WAY: usize = 2 << 10;

impl ScriptState {
    fn left(text: Option<String>, has_begun: bool) -> Self {
        let kept = KeptAs::Text(text.map(Into::into));
        Self(Some(Arc::new(Left { kept, value: OnceLock::new(), has_begun })), Made::default())
    }

    /// The same after these changes.
    fn after(&self, changes: Vec<Put>) -> Option<Self> {
        let tree = match &self.0.as_ref()?.kept {
            KeptAs::Tree(tree, _) => tree.clone(),
            KeptAs::Text(text) => Part::read(text.as_deref()?)?,
        };
        let own = changes.iter().map(|change| OF_A_WAY + change.weight()).sum();
        let kept = KeptAs::Tree(tree.after(changes), own);
        Some(Self(Some(Arc::new(Left { kept, value: OnceLock::new(), has_begun: true })), Made::default()))
    }

    fn tree(&self) -> Option<(&Part, usize)> {
        match &self.0.as_ref()?.kept {
            KeptAs::Tree(tree, own) => Some((tree, *own)),
            KeptAs::Text(_) => None,
        }
    }

    /// What an event left; `None` where none was taken yet.
    fn begun(&self) -> Option<&Left> {
        self.0.as_deref().filter(|left| left.has_begun)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        self.0.as_ref()?.text()
    }

    /// The length of its text.
    fn bytes(&self) -> usize {
        match self.0.as_ref().map(|left| &left.kept) {
            Some(KeptAs::Text(text)) => text.as_deref().map_or(0, str::len),
            Some(KeptAs::Tree(tree, _)) => tree.bytes(),
            None => 0,
        }
    }

    fn value(&self) -> &Value {
        static NOTHING: Value = Value::Null;
        let Some(left) = &self.0 else { return &NOTHING };
        match &left.kept {
            KeptAs::Tree(tree, _) => self.1.0.get_or_init(|| Box::new(tree.to_value())),
            KeptAs::Text(text) => {
                let read = || text.as_deref().and_then(|text| json_value(text.as_bytes()).ok()).unwrap_or_default();
                left.value.get_or_init(read)
            }
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl Left {
    fn text(&self) -> Option<Cow<'_, str>> {
        match &self.kept {
            KeptAs::Text(text) => text.as_deref().map(Cow::Borrowed),
            KeptAs::Tree(tree, _) => Some(Cow::Owned(tree.to_text())),
        }
    }
}

impl ScriptProjection {
    /// Whether its handlers are given this event.
    pub fn takes(&self, row: &EventRow<'_>) -> bool {
        self.decode(row).0.is_some()
    }

    /// Lets it take an event, step by step, after a state that was kept as a snapshot. `None` where it takes no such event.
    pub fn trace(&self, before: Option<&str>, row: &EventRow<'_>) -> Result<Option<Trace>, Fault> {
        let Some(event) = self.decode(row).0 else { return Ok(None) };
        let before: ScriptState = before.and_then(|kept| serde_json::from_str(kept).ok()).unwrap_or_default();
        let text = before.begun().map(Left::text);
        let before = Before { state: text.as_ref().map(|text| text.as_deref()), shared: None };
        let head = row.head();
        let id = self.script.id_of(&head);
        self.script.trace(&event.event.given(&head, &id), &before).map(Some)
    }
}

/// An event as a stream keeps it; `None` where the script does not take it.
#[derive(Clone, Debug)]
pub struct ScriptEvent(Option<Arc<PartitionEvent>>);

#[derive(Debug)]
struct PartitionEvent {
    partition: StreamId,
    event: Kept,
}

/// A script at work on this thread, and the state that lies in it.
struct AtWork {
    script: Script,
    running: Result<Running, Fault>,
    state: Option<ScriptState>,
}

/// So many scripts a thread keeps at work; each may take memory of its own.
const MOST_AT_WORK: usize = 4;

thread_local! {
    static AT_WORK: RefCell<Vec<AtWork>> = const { RefCell::new(Vec::new()) };
}

fn with_running<T>(
    script: &Script,
    ends: &Arc<Ends>,
    work: impl FnOnce(&Running, &mut Option<ScriptState>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    AT_WORK.with_borrow_mut(|at_work| {
        let place = at_work.iter().position(|known| known.script.is(script)).unwrap_or_else(|| {
            if at_work.len() == MOST_AT_WORK {
                at_work.remove(0);
            }
            at_work.push(AtWork { script: script.clone(), running: script.run(), state: None });
            at_work.len() - 1
        });
        let AtWork { running, state, .. } = &mut at_work[place];
        match running {
            Ok(running) => {
                running.counts_for(ends);
                work(running, state)
            }
            Err(fault) => Err(fault.clone()),
        }
    })
}

impl ScriptProjection {
    /// Lets it take events one after the other, and makes the state behind the last.
    fn take<'e>(
        &self,
        state: &ScriptState,
        events: impl Iterator<Item = (&'e PartitionEvent, &'e Head)>,
    ) -> Result<ScriptState, Fault> {
        let at = Cell::new(None);
        let taken = with_running(&self.script, &self.ends, |running, lying| {
            let mut lies_there = lying.take().is_some_and(|lying| lying.is(state));
            let mut has_begun = state.begun().is_some();
            for (PartitionEvent { partition, event }, head) in events {
                at.set(Some((event, head)));
                let id = self.script.id_of(head);
                let given = event.given(head, &id);
                let partition = partition.as_str();
                if !has_begun {
                    running.init()?;
                    if self.script.definition().has_created {
                        running.created(&given, partition)?;
                    }
                } else if !lies_there {
                    running.load(state.text().as_deref())?;
                }
                (has_begun, lies_there) = (true, true);
                if event.is_deletion() {
                    running.deleted(partition)?;
                } else if running.handle(&given, partition)? {
                    // What it emits and logs is asked for where it is shown.
                    running.take()?;
                }
            }
            // Of a small one it is not known, and asking takes about as long as the event.
            let is_told = state.begun().is_some() && state.bytes() > TOLD_BYTES;
            let changed = if is_told { running.changes()? } else { None };
            let left = match changed.and_then(|changes| state.after(changes)) {
                Some(left) if left.bytes() > STATE_BYTES => {
                    let kind = FaultKind::StateTooLarge { bytes: left.bytes(), limit: STATE_BYTES };
                    return Err(Fault::without_place(kind));
                }
                Some(left) => left,
                None => ScriptState::left(running.state()?, true),
            };
            *lying = Some(left.clone());
            Ok(left)
        });
        if let (Err(_), Some((event, head))) = (&taken, at.get()) {
            self.ends.gave_up_at(|| event.given(head, "").ended_at());
        }
        taken
    }

    /// Before the first event that it takes, a state is what `$init` gives.
    fn begin(&self, state: &mut ScriptState) {
        if state.0.is_none()
            && let Some(beginning) = self.beginning()
        {
            *state = beginning;
        }
    }

    /// What `$init` gives, before any event was taken. It is made once.
    fn beginning(&self) -> Option<ScriptState> {
        let begin = || {
            let begun = with_running(&self.script, &self.ends, |running, lying| {
                *lying = None;
                running.init()?;
                running.state()
            });
            begun.ok().map(|text| ScriptState::left(text, false))
        };
        self.beginning.get_or_init(begin).clone()
    }
}

impl Projection for ScriptProjection {
    type Event = ScriptEvent;
    type State = ScriptState;

    fn name(&self) -> &str {
        self.script.name()
    }

    fn revision(&self) -> u32 {
        self.script.revision()
    }

    fn is_own(&self) -> bool {
        true
    }

    fn takes_category(&self, category: &str) -> bool {
        self.homes.is_some() || self.script.definition().takes_category(category)
    }

    fn for_fold(&self, known: &mut dyn Iterator<Item = &Problem>) -> Self {
        if self.is_of_run {
            return self.clone();
        }
        let ends = Ends::default();
        for problem in known {
            if let Problem::Failed(ProjectionError::Fault(fault)) = problem {
                ends.note_known(fault);
            }
        }
        Self { ends: Arc::new(ends), ..self.clone() }
    }

    fn for_run(&self) -> Self {
        Self { ends: Arc::default(), is_of_run: true, ..self.clone() }
    }

    fn decode(&self, row: &EventRow<'_>) -> ScriptEvent {
        let event = match &self.homes {
            None => self.script.kept(row),
            Some(homes) => {
                let home = row.position.and_then(|position| homes.home(position));
                self.script.kept_of_partition(row, home)
            }
        };
        ScriptEvent(event.map(|event| Arc::new(PartitionEvent { partition: row.stream.clone(), event })))
    }

    fn pass_over(&self, state: &mut ScriptState, event: &ScriptEvent) {
        if event.0.is_some() {
            self.begin(state);
        }
    }

    /// The state is left as it was where the script fails: nobody else holds what it had done by then. Before the first
    /// event that it takes, that is what `$init` gives.
    fn apply(&self, state: &mut ScriptState, event: &ScriptEvent, head: &Head, _: &mut Vec<Problem>) -> Folded {
        let Some(event) = &event.0 else { return Ok(()) };
        match self.take(state, std::iter::once((&**event, head))) {
            Ok(next) => {
                *state = next;
                Ok(())
            }
            Err(fault) => {
                self.begin(state);
                Err(ProjectionError::Fault(fault))
            }
        }
    }

    fn size(&self, state: &ScriptState) -> usize {
        state.bytes()
    }

    /// Each has a text of its own, and as a value what that takes once more, and names.
    fn unshared(&self, state: &ScriptState) -> usize {
        state.tree().map_or(state.bytes() * 3, |(_, own)| own)
    }

    /// What a tree takes is counted, however small its values are.
    fn weight(&self, state: &ScriptState) -> usize {
        state.tree().map_or_else(|| state.bytes() * 2, |(tree, _)| tree.held())
    }

    fn longest(&self, state: &ScriptState) -> usize {
        state.bytes() * 3
    }

    /// Where it is kept as a tree: another handler's work would be to read all of it.
    fn is_kept(&self, state: &ScriptState) -> bool {
        state.tree().is_some()
    }

    fn event_weight(&self, event: &ScriptEvent) -> usize {
        event.0.as_deref().map_or(0, |event| size_of::<PartitionEvent>() + event.event.weight())
    }

    fn fold_at_once(&self, state: &ScriptState, events: &[ScriptEvent], heads: &[Head]) -> Option<ScriptState> {
        let taken = events.iter().zip(heads).filter_map(|(event, head)| Some((event.0.as_deref()?, head)));
        let mut taken = taken.peekable();
        if taken.peek().is_none() {
            return Some(state.clone());
        }
        self.take(state, taken).ok()
    }

    fn cells<'s>(&self, state: &'s ScriptState, visit: &mut dyn FnMut(&'s str, StateCell<'s>)) {
        if let Value::Object(fields) = state.value() {
            fields.iter().for_each(|(name, value)| visit(name, StateCell::Json(value)));
        }
    }

    fn as_json<'s>(&self, state: &'s ScriptState) -> Option<&'s Value> {
        Some(state.value())
    }

    fn changes(&self, before: &ScriptState, _: &ScriptEvent, after: &ScriptState, report: &mut dyn FnMut(&str)) {
        if let (Some((before, _)), Some((after, _))) = (before.tree(), after.tree()) {
            before.report_changes("", after, report);
        } else if !before.is(after) {
            // Each is read as values only where somebody looks at it: of a large state, that takes longer than the event.
            let [before, after] = [before, after].map(ScriptState::text);
            let [before, after] = [&before, &after].map(|text| text.as_deref().map_or("null", str::trim_ascii));
            report_text_changes("", before, after, report);
        }
    }
}

/// As a list: nothing where there was no event yet, else the state, which may be nothing as well; behind what `$init`
/// gave stands that no event was taken.
impl Serialize for ScriptState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        static NOT_BEGUN: Value = Value::Bool(false);
        let kept: Option<Vec<&Value>> = self.0.as_ref().map(|left| {
            let mark = (!left.has_begun).then_some(&NOT_BEGUN);
            std::iter::once(self.value()).chain(mark).collect()
        });
        kept.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ScriptState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = Option::<Vec<Literal>>::deserialize(deserializer)?;
        let Some(Literal(value)) = kept.as_ref().and_then(|kept| kept.first()) else { return Ok(Self::default()) };
        let has_begun = kept.as_ref().is_some_and(|kept| kept.len() == 1);
        Ok(Self::left((!value.is_null()).then(|| value.to_string()), has_begun))
    }
}
