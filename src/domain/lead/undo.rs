//! What each status change replaced, so that a compensation can give it back.

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::LeadStatus;
use crate::event::{EventId, Timestamp};

/// One event that set the status, and what held before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    pub id: EventId,
    pub status: Option<LeadStatus>,
    pub touched: Touched,
}

/// What the event set besides the status, with the value from before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Touched {
    Status,
    Followup(Option<Timestamp>),
    Order(Option<Timestamp>),
    Conversion(Option<Timestamp>),
    Failure,
    Close,
}

impl Touched {
    pub(super) fn is_followup(&self) -> bool {
        matches!(self, Self::Followup(_))
    }

    pub(super) fn is_order(&self) -> bool {
        matches!(self, Self::Order(_))
    }

    pub(super) fn is_conversion(&self) -> bool {
        matches!(self, Self::Conversion(_))
    }

    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Failure)
    }

    pub(super) fn is_close(&self) -> bool {
        matches!(self, Self::Close)
    }

    fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// The steps in order, oldest first. A persistent vector, because a state is cloned at every checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct UndoTrail(Vector<Step>);

/// A step taken back, and whether its values still stood.
#[derive(Debug)]
pub(super) struct Undone {
    pub step: Step,
    pub status_is_current: bool,
    pub value_is_current: bool,
}

impl UndoTrail {
    pub(super) fn push(&mut self, step: Step) {
        self.0.push_back(step);
    }

    pub(super) fn holds(&self, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) -> bool {
        self.find(of, is_kind).is_some()
    }

    fn find(&self, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) -> Option<usize> {
        self.0.iter().rposition(|step| is_kind(&step.touched) && of.is_none_or(|id| step.id == *id))
    }

    /// Takes a step out of the trail. The steps after it then stand on what it stood on: undoing them later does
    /// not bring back what was withdrawn here.
    pub(super) fn withdraw(&mut self, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) -> Option<Undone> {
        let index = self.find(of, is_kind)?;
        let step = self.0.remove(index);
        if let Some(next) = self.0.get_mut(index) {
            next.status = step.status;
        }
        let later = (index..self.0.len()).find(|i| self.0[*i].touched.is_same_kind(&step.touched));
        if let Some(later) = later {
            self.0[later].touched = step.touched;
        }
        Some(Undone { status_is_current: index == self.0.len(), value_is_current: later.is_none(), step })
    }
}
