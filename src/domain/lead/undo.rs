//! What each status change replaced, so that a compensation can give it back.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

/// The steps, newest on top. A shared list: a state is cloned for every event that is loaded, and pushing onto a
/// clone must not copy what lies below.
#[derive(Clone, Default)]
pub(super) struct UndoTrail(Option<Arc<Node>>);

struct Node {
    step: Step,
    below: UndoTrail,
}

/// A step taken back, and whether its values still stood.
#[derive(Debug)]
pub(super) struct Undone {
    pub step: Step,
    pub status_is_current: bool,
    pub value_is_current: bool,
}

impl UndoTrail {
    pub(super) fn push(&mut self, step: Step) {
        self.0 = Some(Arc::new(Node { step, below: Self(self.0.take()) }));
    }

    pub(super) fn holds(&self, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) -> bool {
        self.iter().any(|step| is_named(step, of, is_kind))
    }

    /// The bytes that the steps take.
    pub(super) fn weight(&self) -> usize {
        // Each with its counts, and what lies behind its end.
        self.iter().count() * (size_of::<Node>() + 3 * size_of::<usize>())
    }

    /// From the newest down.
    fn iter(&self) -> impl Iterator<Item = &Step> {
        std::iter::successors(self.0.as_deref(), |node| node.below.0.as_deref()).map(|node| &node.step)
    }

    /// Takes a step out of the trail. The steps after it then stand on what it stood on: undoing them later does
    /// not bring back what was withdrawn here.
    pub(super) fn withdraw(&mut self, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) -> Option<Undone> {
        if !self.holds(of, is_kind) {
            return None;
        }
        let mut later: Vec<Step> = Vec::new();
        let step = loop {
            let node = self.0.take()?;
            self.0.clone_from(&node.below.0);
            if is_named(&node.step, of, is_kind) {
                break node.step.clone();
            }
            later.push(node.step.clone());
        };
        let status_is_current = later.is_empty();
        if let Some(next) = later.last_mut() {
            next.status = step.status;
        }
        let next_of_kind = later.iter_mut().rev().find(|other| other.touched.is_same_kind(&step.touched));
        let value_is_current = next_of_kind.is_none();
        if let Some(next) = next_of_kind {
            next.touched = step.touched;
        }
        later.into_iter().rev().for_each(|step| self.push(step));
        Some(Undone { step, status_is_current, value_is_current })
    }
}

fn is_named(step: &Step, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) -> bool {
    is_kind(&step.touched) && of.is_none_or(|id| step.id == *id)
}

/// One by one: dropping a long list from its top would otherwise go as deep as the list is long.
impl Drop for UndoTrail {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.below.0.take();
        }
    }
}

impl PartialEq for UndoTrail {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for UndoTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// As a list from the newest down.
impl Serialize for UndoTrail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for UndoTrail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let steps = Vec::<Step>::deserialize(deserializer)?;
        let mut trail = Self::default();
        steps.into_iter().rev().for_each(|step| trail.push(step));
        Ok(trail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_very_long_trail_is_cloned_compared_kept_and_dropped() {
        let mut trail = UndoTrail::default();
        for number in 0..200_000 {
            let id = EventId::new(&number.to_string());
            trail.push(Step { id, status: None, touched: Touched::Status });
        }
        let text = serde_json::to_string(&trail).expect("serialised");
        let again: UndoTrail = serde_json::from_str(&text).expect("read back");
        assert!(again == trail.clone());
        assert!(format!("{trail:?}").len() > 200_000);
    }
}
