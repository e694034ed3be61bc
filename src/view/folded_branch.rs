use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::UserError;
use crate::domain::as_read;
use crate::engine::{BranchBase, Question, Ticket, describe};
use crate::event::{Head, StreamId};
use crate::projection::path_value;
use crate::replay::{
    Alteration, Branch, Broken, EditError, How, NewPayload, Slot, SlotEvent, Timeline, WhatIf, registry,
};
use crate::store::Store;

/// A branch as it was folded, with the history that it is a branch of.
#[derive(Debug)]
pub struct Folded {
    pub base: Arc<BranchBase>,
    pub number: usize,
    pub branch: Branch,
    pub what_if: WhatIf,
    /// The slots at which the two are not the same event.
    edited: Vec<usize>,
    /// For each edit that changes fields the values that these were recorded with.
    olds: HashMap<usize, Vec<Value>>,
}

impl Folded {
    pub fn history(&self) -> &dyn Timeline {
        self.base.timeline.as_ref()
    }

    pub fn slots(&self) -> &[Slot] {
        self.what_if.layout.slots()
    }

    /// The event of a slot, as it stands there.
    pub fn head(&self, slot: usize) -> Option<&Head> {
        let slot = self.slots().get(slot)?;
        match slot.event {
            SlotEvent::Recorded(index) => self.history().heads().get(index),
            SlotEvent::Inserted(_) => self.what_if.timeline.heads().get(slot.branch()?),
        }
    }

    /// `7`, or `6+1`.
    pub fn label(&self, slot: usize) -> String {
        self.what_if.label(self.history(), slot).map(|label| label.to_string()).unwrap_or_default()
    }

    /// The version where the two part, or the first one that is edited where no state differs.
    pub fn diverges_at(&self) -> Option<String> {
        self.what_if.diverges_at(self.history()).map(|label| label.to_string())
    }

    /// The first rule that the slot's event breaks.
    pub fn broken_at(&self, slot: usize) -> Option<&Broken> {
        let broken = &self.what_if.broken;
        broken.get(broken.partition_point(|broken| broken.slot < slot)).filter(|broken| broken.slot == slot)
    }

    /// The slots at which the two are not the same event, ascending.
    pub fn edited(&self) -> &[usize] {
        &self.edited
    }

    /// The recorded values of the fields that an edit changes.
    pub fn olds(&self, edit: usize) -> Option<&[Value]> {
        self.olds.get(&edit).map(Vec::as_slice)
    }

    /// How many slots that history does not have stand right before this one, and right behind it.
    pub fn between(&self, slot: usize) -> (usize, usize) {
        let is_new = |slot: &&Slot| !slot.is_in_history();
        let slots = self.slots();
        let before = slots.get(..slot).unwrap_or_default().iter().rev().take_while(is_new).count();
        let behind = slots.get(slot + 1..).unwrap_or_default().iter().take_while(is_new).count();
        (before, behind)
    }

    /// Names of the fields that the slot's event changes in the branch; of one that is left out, in history.
    pub fn changed_fields(&self, slot: usize) -> Vec<&str> {
        let Some(slot) = self.slots().get(slot) else { return Vec::new() };
        if slot.is_in_branch() {
            slot.branch().map(|index| self.what_if.timeline.changed_fields(index)).unwrap_or_default()
        } else {
            slot.history().map(|index| self.history().changed_fields(index)).unwrap_or_default()
        }
    }

    pub fn fault(&self, edit: usize) -> Option<&EditError> {
        self.what_if.layout.faults().iter().find(|(place, _)| *place == edit).map(|(_, error)| error)
    }
}

/// Folds a branch under the stream's n-th projection. Where its history is in memory already, nothing is read but events
/// whose payload it changes.
#[derive(Clone, Debug)]
pub(super) struct FoldBranch {
    pub(super) stream: StreamId,
    pub(super) number: usize,
    pub(super) branch: Branch,
    pub(super) base: Option<Arc<BranchBase>>,
}

impl Question for FoldBranch {
    type Answer = Folded;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Folded, UserError> {
        let Self { stream, number, branch, base } = self;
        let base = match base {
            Some(base) => base,
            None => {
                let described = describe(reader, &stream)?;
                let projection = registry().nth(described.aggregate, number);
                ticket.set_total(described.row.events);
                Arc::new(BranchBase::load(reader, described, &projection, &mut |count| ticket.reached(count))?)
            }
        };
        let what_if = base.what_if(reader, &branch)?;
        let slots = what_if.layout.slots().iter().enumerate();
        let edited = slots.filter(|(_, slot)| slot.how != How::Same).map(|(place, _)| place).collect();
        let olds = recorded_values(&base, &branch, &what_if);
        Ok(Folded { base, number, branch, what_if, edited, olds })
    }
}

/// The values with which the fields were recorded that edits change.
fn recorded_values(base: &BranchBase, branch: &Branch, what_if: &WhatIf) -> HashMap<usize, Vec<Value>> {
    let mut olds = HashMap::new();
    for (place, what) in branch.active() {
        let Alteration::Change { event, to: NewPayload::Fields(fields) } = what else { continue };
        let index = base.timeline.index_of(event.version);
        let Some(recorded) = index.and_then(|index| what_if.events.recorded(index)) else { continue };
        let aggregate = base.described.aggregate;
        let read = as_read(aggregate, recorded.event_type.as_str(), recorded.schema, &recorded.payload).payload;
        let old = |(path, _): &(String, Value)| path_value(&read, path).cloned().unwrap_or(Value::Null);
        olds.insert(place, fields.iter().map(old).collect());
    }
    olds
}
