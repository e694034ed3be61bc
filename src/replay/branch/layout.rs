use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Alteration, Branch, EditError, EventRef, InsertedEvent, Label, NewPayload};
use crate::event::{Head, Timestamp, Version};
use crate::replay::Index;

/// History and branch laid beside each other: one slot for each event that is in either.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    slots: Vec<Slot>,
    /// The first and the last slot at which the two are not the same event.
    edited: Option<(usize, usize)>,
    /// Events whose payload is changed, and the edits that do so, in order.
    changed: BTreeMap<Index, Vec<usize>>,
    /// When the inserted events are taken to have happened, and after which version, by their edits.
    inserted: BTreeMap<usize, InsertedPlace>,
    /// Edits that cannot be carried out.
    faults: Vec<(usize, EditError)>,
}

/// One event of a branch, of history, or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub event: SlotEvent,
    pub how: How,
    /// How many events of history, and of the branch, there are up to and with this slot.
    history: u32,
    branch: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotEvent {
    /// A recorded event, by its place in history.
    Recorded(Index),
    /// One that an edit inserts, by the edit's place.
    Inserted(usize),
}

/// How an event of a branch stands to history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Same,
    Changed,
    Skipped,
    /// It stands elsewhere in the branch.
    MovedAway,
    /// It stands elsewhere in history.
    MovedHere,
    Inserted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct InsertedPlace {
    pub(super) at: Option<Timestamp>,
    pub(super) label: Label,
    /// The version that a fold is told.
    pub(super) version: Version,
}

impl Slot {
    /// The last event of history up to this slot.
    pub fn history(&self) -> Option<Index> {
        (self.history as usize).checked_sub(1)
    }

    /// The last event of the branch up to this slot.
    pub fn branch(&self) -> Option<Index> {
        (self.branch as usize).checked_sub(1)
    }

    pub fn is_in_history(&self) -> bool {
        !matches!(self.how, How::MovedHere | How::Inserted)
    }

    pub fn is_in_branch(&self) -> bool {
        !matches!(self.how, How::Skipped | How::MovedAway)
    }
}

/// What stands behind a place of history that did not stand there.
enum Arrival {
    Inserted(usize),
    Moved(Index),
}

impl Layout {
    pub fn new(heads: &[Head], branch: &Branch) -> Self {
        let mut layout = Self { slots: Vec::with_capacity(heads.len() + branch.edits.len()), ..Self::default() };
        let (mut skipped, mut moved) = (HashSet::new(), HashMap::new());
        let mut arrivals: BTreeMap<Option<Index>, Vec<Arrival>> = BTreeMap::new();
        for (place, what) in branch.active() {
            let found = |event: &EventRef| index_of(heads, event);
            let after = |after: &Option<EventRef>| after.as_ref().map(found).transpose();
            let noted = match what {
                Alteration::Skip(event) => found(event).map(|index| {
                    skipped.insert(index);
                }),
                Alteration::Change { event, to } => found(event).and_then(|index| {
                    check_paths(to)?;
                    layout.changed.entry(index).or_default().push(place);
                    Ok(())
                }),
                Alteration::Insert { after: anchor, .. } => {
                    after(anchor).map(|anchor| arrivals.entry(anchor).or_default().push(Arrival::Inserted(place)))
                }
                Alteration::Move { event, after: anchor } => found(event).and_then(|index| {
                    moved.insert(index, (place, after(anchor)?));
                    Ok(())
                }),
            };
            layout.faults.extend(noted.err().map(|error| (place, error)));
        }
        // Behind itself, or behind the one that it follows anyway, an event has not moved.
        moved.retain(|index, (_, anchor)| {
            !skipped.contains(index) && *anchor != Some(*index) && *anchor != index.checked_sub(1)
        });
        let mut in_order: Vec<(usize, Index, Option<Index>)> =
            moved.iter().map(|(index, (place, anchor))| (*place, *index, *anchor)).collect();
        in_order.sort_unstable();
        for (place, index, anchor) in in_order {
            let there = arrivals.entry(anchor).or_default();
            let later = there.iter().position(|arrival| matches!(arrival, Arrival::Inserted(other) if *other > place));
            there.insert(later.unwrap_or(there.len()), Arrival::Moved(index));
        }
        layout.changed.retain(|index, _| !skipped.contains(index));
        layout.arrive(heads, branch, None, &mut arrivals);
        for index in 0..heads.len() {
            let how = match () {
                () if skipped.contains(&index) => How::Skipped,
                () if moved.contains_key(&index) => How::MovedAway,
                () if layout.changed.contains_key(&index) => How::Changed,
                () => How::Same,
            };
            layout.push(SlotEvent::Recorded(index), how);
            if !arrivals.is_empty() {
                layout.arrive(heads, branch, Some(index), &mut arrivals);
            }
        }
        layout
    }

    fn arrive(
        &mut self,
        heads: &[Head],
        branch: &Branch,
        anchor: Option<Index>,
        arrivals: &mut BTreeMap<Option<Index>, Vec<Arrival>>,
    ) {
        const APART: i64 = 1_000_000;
        let before = anchor.and_then(|index| heads.get(index));
        let next = heads.get(anchor.map_or(0, |index| index + 1));
        let mut number = 0;
        for arrival in arrivals.remove(&anchor).unwrap_or_default() {
            match arrival {
                Arrival::Moved(index) => self.push(SlotEvent::Recorded(index), How::MovedHere),
                Arrival::Inserted(place) => {
                    number += 1;
                    let version = before.map(|head| head.version);
                    let next_at = next.and_then(|head| head.recorded_at);
                    let at = match before.and_then(|head| head.recorded_at) {
                        Some(at) => {
                            let shortly = at.plus_micros(APART * i64::from(number));
                            Some(next_at.map_or(shortly, |next| shortly.min(next)).max(at))
                        }
                        None => next_at,
                    };
                    let said = branch.edits.get(place).and_then(|edit| match &edit.what {
                        Alteration::Insert { event: InsertedEvent { recorded_at, .. }, .. } => *recorded_at,
                        _ => None,
                    });
                    let told = version.or_else(|| next.map(|head| head.version)).unwrap_or_default();
                    let label = Label::Inserted { after: version, number };
                    self.inserted.insert(place, InsertedPlace { at: said.or(at), label, version: told });
                    self.push(SlotEvent::Inserted(place), How::Inserted);
                }
            }
        }
    }

    fn push(&mut self, event: SlotEvent, how: How) {
        let (history, branch) = self.slots.last().map_or((0, 0), |slot| (slot.history, slot.branch));
        let mut slot = Slot { event, how, history, branch };
        slot.history += u32::from(slot.is_in_history());
        slot.branch += u32::from(slot.is_in_branch());
        if how != How::Same {
            let here = self.slots.len();
            self.edited = Some((self.edited.map_or(here, |(first, _)| first), here));
        }
        self.slots.push(slot);
    }

    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The first and the last slot at which history and branch are not the same event; `None` where they are one.
    pub fn edited(&self) -> Option<(usize, usize)> {
        self.edited
    }

    /// How many events stand before the first slot that differs. They are the same in both.
    pub fn shared(&self) -> Index {
        match self.edited {
            Some((first, _)) => {
                first.checked_sub(1).and_then(|before| self.slots.get(before)).map_or(0, |slot| slot.history as usize)
            }
            None => self.slots.last().map_or(0, |slot| slot.history as usize),
        }
    }

    /// The slot of an event of history.
    pub fn slot_of_history(&self, index: Index) -> Option<usize> {
        let slot = self.slots.partition_point(|slot| slot.history as usize <= index);
        (slot < self.slots.len()).then_some(slot)
    }

    /// The slot of an event of the branch.
    pub fn slot_of_branch(&self, index: Index) -> Option<usize> {
        let slot = self.slots.partition_point(|slot| slot.branch as usize <= index);
        (slot < self.slots.len()).then_some(slot)
    }

    pub fn label(&self, heads: &[Head], slot: usize) -> Option<Label> {
        match self.slots.get(slot)?.event {
            SlotEvent::Recorded(index) => heads.get(index).map(|head| Label::Recorded(head.version)),
            SlotEvent::Inserted(place) => self.inserted.get(&place).map(|inserted| inserted.label),
        }
    }

    /// Events whose payload is changed, and the edits that do so, in order.
    pub fn changed(&self) -> impl Iterator<Item = (Index, &[usize])> {
        self.changed.iter().map(|(index, edits)| (*index, edits.as_slice()))
    }

    pub fn inserted_count(&self) -> usize {
        self.inserted.len()
    }

    pub(super) fn inserted(&self) -> impl Iterator<Item = (usize, &InsertedPlace)> {
        self.inserted.iter().map(|(edit, place)| (*edit, place))
    }

    /// Edits that cannot be carried out, by their places.
    pub fn faults(&self) -> &[(usize, EditError)] {
        &self.faults
    }

    pub(super) fn add_fault(&mut self, edit: usize, error: EditError) {
        self.faults.push((edit, error));
    }
}

fn check_paths(to: &NewPayload) -> Result<(), EditError> {
    let NewPayload::Fields(fields) = to else { return Ok(()) };
    let wrong = fields.iter().find(|(path, _)| !crate::projection::is_path(path));
    wrong.map_or(Ok(()), |(path, _)| Err(EditError::NotAPath(path.clone())))
}

fn index_of(heads: &[Head], event: &EventRef) -> Result<Index, EditError> {
    let version = event.version;
    let missing = EditError::NoEvent { version };
    let Some(first) = heads.first() else { return Err(missing) };
    let guess = version.0.checked_sub(first.version.0).map(|guess| guess as usize);
    let index = guess
        .filter(|guess| heads.get(*guess).is_some_and(|head| head.version == version))
        .or_else(|| heads.binary_search_by_key(&version, |head| head.version).ok())
        .ok_or(missing)?;
    let is_it = heads.get(index).is_some_and(|head| head.id == event.id);
    if is_it { Ok(index) } else { Err(EditError::OtherEvent { version }) }
}
