//! What if: a stream as it would stand had some of its events been left out, been others, or come elsewhere. Pure: the
//! events that a branch changes are handed in, and nothing of it is ever written.

mod edit;
mod folding;
mod layout;

use std::collections::{BTreeMap, HashMap};
use std::thread;

use serde_json::Value;

pub use edit::{Alteration, Branch, Edit, EditError, EventRef, InsertedEvent, Label, MadeSo, NewPayload, START};
pub use layout::{How, Layout, Slot, SlotEvent};

use super::{Change, Index, Timeline};
use crate::domain::{Aggregate, AsRead, as_read, schema_for};
use crate::event::{EventType, MetadataBuilder, RecordedEvent, StreamId, Version};
use crate::projection::{Problem, diff_values, path_value, set_path_value};

/// The events that stand in a branch in place of recorded ones, or between them.
#[derive(Debug, Default)]
pub struct NewEvents {
    /// Those whose payload is changed, as they are recorded.
    recorded: BTreeMap<Index, RecordedEvent>,
    changed: BTreeMap<Index, RecordedEvent>,
    inserted: BTreeMap<usize, RecordedEvent>,
}

impl NewEvents {
    /// Makes them. `recorded` hands in an event of history, which is asked for only where its payload is changed; an edit
    /// that cannot be carried out is noted in the layout, and its event stays as it is.
    pub fn make<E>(
        layout: &mut Layout,
        branch: &Branch,
        stream: &StreamId,
        aggregate: Option<Aggregate>,
        mut recorded: impl FnMut(Index) -> Result<RecordedEvent, E>,
    ) -> Result<Self, E> {
        let mut events = Self::default();
        let changed: Vec<(Index, Vec<usize>)> =
            layout.changed().map(|(index, edits)| (index, edits.to_vec())).collect();
        for (index, edits) in changed {
            let mut event = recorded(index)?;
            events.recorded.insert(index, event.clone());
            for place in edits {
                let Some(Alteration::Change { to, .. }) = branch.edits.get(place).map(|edit| &edit.what) else {
                    continue;
                };
                match altered(&event, aggregate, to) {
                    Ok(other) => event = other,
                    Err(error) => layout.add_fault(place, error),
                }
            }
            events.changed.insert(index, event);
        }
        for (place, inserted) in layout.inserted() {
            let Some(Alteration::Insert { event, .. }) = branch.edits.get(place).map(|edit| &edit.what) else {
                continue;
            };
            let metadata = MetadataBuilder::default().compensates(event.compensates.as_ref()).build();
            let made = RecordedEvent {
                position: None,
                stream: stream.clone(),
                version: inserted.version,
                event_type: EventType::from(event.event_type.as_str()),
                schema: schema_for(aggregate, &event.event_type),
                recorded_at: inserted.at,
                id: event.id.clone(),
                payload: event.payload.to_string().into_bytes(),
                metadata: metadata.into_bytes(),
            };
            events.inserted.insert(place, made);
        }
        Ok(events)
    }

    fn at(&self, event: SlotEvent) -> Option<&RecordedEvent> {
        match event {
            SlotEvent::Recorded(index) => self.changed.get(&index),
            SlotEvent::Inserted(edit) => self.inserted.get(&edit),
        }
    }

    /// What a branch folds where an event stands. Nothing where an insertion could not be made.
    pub(super) fn standing(&self, event: SlotEvent) -> Option<BranchEvent<'_>> {
        match (self.at(event), event) {
            (Some(new), _) => Some(BranchEvent::New(new)),
            (None, SlotEvent::Recorded(index)) => Some(BranchEvent::Recorded(index)),
            (None, SlotEvent::Inserted(_)) => None,
        }
    }

    /// An event whose payload is changed, as it stands in the branch.
    pub fn changed(&self, index: Index) -> Option<&RecordedEvent> {
        self.changed.get(&index)
    }

    /// The same as it is recorded.
    pub fn recorded(&self, index: Index) -> Option<&RecordedEvent> {
        self.recorded.get(&index)
    }

    /// The event that an edit inserts.
    pub fn inserted(&self, edit: usize) -> Option<&RecordedEvent> {
        self.inserted.get(&edit)
    }
}

/// An event as a branch has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum BranchEvent<'e> {
    /// As history has it, by its place there.
    Recorded(Index),
    New(&'e RecordedEvent),
}

/// An event with another payload. It is then in today's shape, whatever it was recorded in.
fn altered(event: &RecordedEvent, aggregate: Option<Aggregate>, to: &NewPayload) -> Result<RecordedEvent, EditError> {
    let AsRead { schema, payload: mut read, .. } =
        as_read(aggregate, event.event_type.as_str(), event.schema, &event.payload);
    match to {
        NewPayload::Whole(whole) => read.clone_from(whole),
        NewPayload::Fields(fields) => {
            for (path, value) in fields {
                let no_place = || EditError::NoPlace { version: event.version, path: path.clone() };
                set_path_value(&mut read, path, value.clone()).ok_or_else(no_place)?;
            }
        }
    }
    Ok(RecordedEvent { schema, payload: read.to_string().into_bytes(), ..event.clone() })
}

/// A branch under one projection, beside the history that it is a branch of.
#[derive(Debug)]
pub struct WhatIf {
    pub layout: Layout,
    pub events: NewEvents,
    pub timeline: Box<dyn Timeline>,
    /// The first slot at which the states differ.
    pub diverges: Option<usize>,
    /// What is wrong in the branch that is not so in history.
    pub broken: Vec<Broken>,
}

/// A rule that the branch breaks, or an event of it that cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    pub slot: usize,
    pub label: Label,
    pub event_type: EventType,
    pub problem: Problem,
}

impl WhatIf {
    /// Folds a branch. `judge` is the history under the projection that knows the rules, where that is another one.
    pub fn new(history: &dyn Timeline, judge: Option<&dyn Timeline>, layout: Layout, events: NewEvents) -> Self {
        let (timeline, broken) = match judge {
            None => {
                let timeline = history.branched(&layout, &events);
                let broken = broken_in(history, timeline.as_ref(), &layout, |_| true);
                (timeline, broken)
            }
            Some(judge) => {
                let judged = || broken_by(judge, &layout, &events);
                let (timeline, mut broken) = at_once(|| history.branched(&layout, &events), judged);
                // A projection that fails on an event says so beside what the rules say.
                let own =
                    broken_in(history, timeline.as_ref(), &layout, |problem| matches!(problem, Problem::Failed(_)));
                broken.extend(own);
                broken.sort_by_key(|broken| broken.slot);
                (timeline, broken)
            }
        };
        let diverges = history.first_difference(timeline.as_ref(), &layout);
        Self { layout, events, timeline, diverges, broken }
    }

    /// Every field that differs after a slot: its value in history, and in the branch.
    pub fn differences(&self, history: &dyn Timeline, slot: usize) -> Vec<Change> {
        let Some(slot) = self.layout.slots().get(slot) else { return Vec::new() };
        let (before, after) = (history.show(slot.history()), self.timeline.show(slot.branch()));
        let value = |state: &Value, path: &str| path_value(state, path).cloned().unwrap_or(Value::Null);
        diff_values(&before, &after, history.bookkeeping())
            .into_iter()
            .map(|field| Change { before: value(&before, &field), after: value(&after, &field), field })
            .collect()
    }

    /// The paths at which the two may differ after a slot: what any event since the first edit has changed in either.
    pub fn candidates(&self, history: &dyn Timeline, slot: usize) -> Vec<String> {
        let Some(slot) = self.layout.slots().get(slot) else { return Vec::new() };
        let shared = self.layout.shared();
        let up_to = |index: Option<Index>| shared..index.map_or(shared, |index| index + 1);
        let old = history.changed_between(up_to(slot.history()));
        let mut paths = self.timeline.changed_between(up_to(slot.branch()));
        paths.extend(old);
        paths.sort_unstable();
        paths.dedup();
        paths.into_iter().map(str::to_owned).collect()
    }

    pub fn label(&self, history: &dyn Timeline, slot: usize) -> Option<Label> {
        self.layout.label(history.heads(), slot)
    }

    /// Where the states first differ: at an event's version, or behind it where an event comes that did not stand there.
    pub fn diverges_at(&self, history: &dyn Timeline) -> Option<Label> {
        let place = self.diverges?;
        let slot = self.layout.slots().get(place)?;
        if slot.how != How::MovedHere {
            return self.label(history, place);
        }
        let before = slot.history().and_then(|index| history.heads().get(index));
        Some(Label::Inserted { after: before.map(|head| head.version), number: 1 })
    }
}

/// Both done, the second on a thread of its own where there is one to be had.
fn at_once<A, B: Send>(one: impl FnOnce() -> A, two: impl Fn() -> B + Sync) -> (A, B) {
    let two = &two;
    thread::scope(|scope| {
        let other = thread::Builder::new().name("judging".to_owned()).spawn_scoped(scope, two).ok();
        let one = one();
        let other = other.map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        (one, other.unwrap_or_else(two))
    })
}

/// What the projection that knows the rules finds.
fn broken_by(judge: &dyn Timeline, layout: &Layout, events: &NewEvents) -> Vec<Broken> {
    let told = |(slot, problem): (usize, Problem)| {
        let event = layout.slots().get(slot)?.event;
        let event_type = match (events.at(event), event) {
            (Some(new), _) => new.event_type.clone(),
            (None, SlotEvent::Recorded(index)) => judge.heads().get(index)?.event_type.clone(),
            (None, SlotEvent::Inserted(_)) => return None,
        };
        Some(Broken { slot, label: layout.label(judge.heads(), slot)?, event_type, problem })
    };
    judge.wrong_in_branch(layout, events).into_iter().filter_map(told).collect()
}

fn broken_in(
    history: &dyn Timeline,
    branch: &dyn Timeline,
    layout: &Layout,
    is_wanted: fn(&Problem) -> bool,
) -> Vec<Broken> {
    let shared = layout.shared();
    let mut known: HashMap<Index, Vec<&Problem>> = HashMap::new();
    let later = |findings: &[(Index, super::Finding)]| findings.partition_point(|(at, _)| *at < shared);
    let old = history.all_findings();
    for (at, finding) in old.get(later(old)..).unwrap_or_default() {
        known.entry(*at).or_default().push(&finding.problem);
    }
    let new = branch.all_findings();
    let mut broken = Vec::new();
    for (at, finding) in
        new.get(later(new)..).unwrap_or_default().iter().filter(|(_, finding)| is_wanted(&finding.problem))
    {
        let Some(slot) = layout.slot_of_branch(*at) else { continue };
        let is_known = match layout.slots().get(slot).map(|slot| slot.event) {
            Some(SlotEvent::Recorded(index)) => {
                known.get(&index).is_some_and(|known| known.contains(&&finding.problem))
            }
            _ => false,
        };
        if let (false, Some(label), Some(head)) =
            (is_known, layout.label(history.heads(), slot), branch.heads().get(*at))
        {
            broken.push(Broken { slot, label, event_type: head.event_type.clone(), problem: finding.problem.clone() });
        }
    }
    broken
}

/// For tests and whoever has but rows: the recorded event at a version.
pub fn event_ref(timeline: &dyn Timeline, version: Version) -> Option<EventRef> {
    timeline.index_of(version).and_then(|index| timeline.heads().get(index)).map(EventRef::of)
}
